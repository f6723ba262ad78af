// What a user has of a socket, on real servers: the same on both runtimes, and where it is not, the row says so.

import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { authMiddlewareStack, originValidator, type Socket, upgradeHandler, websocket } from "@wsgate/wsgate";
import { runtime, serveOn } from "../runtime.ts";
import { eventually, frameOf, knock, logging, OPCODE, opening, pause, Peer } from "./peer.ts";
import { openToAll, serving } from "./serving.ts";

const isDeno = runtime === "deno";

describe("data", () => {
  interface Seat {
    readonly number: number;
    words: number;
  }

  test("is the application's own: of each socket, in every handler, and undefined until it is set", async () => {
    const left: (Seat | undefined)[] = [];
    let seats = 0;
    const handler = upgradeHandler<Seat>({
      open(socket) {
        assertEquals(socket.data, undefined);
        socket.data = { number: seats++, words: 0 };
      },
      message(socket) {
        socket.data!.words++;
        socket.send(`${socket.data!.number}`);
      },
      close: (socket) => void left.push(socket.data),
    });
    await serving(originValidator(handler, ["*"]), async (port) => {
      const peers = [await knock(port), await knock(port)];
      for (const peer of [peers[0]!, peers[1]!, peers[0]!]) peer.send(OPCODE.text, "a word");
      await eventually("the answers", () => peers[0]!.texts.length === 2 && peers[1]!.texts.length === 1);
      assertEquals(peers.map(({ texts }) => texts), [["0", "0"], ["1"]]);
      for (const [index, peer] of peers.entries()) {
        peer.destroy();
        await eventually("it has left", () => left.length === index + 1);
      }
    });
    assertEquals(left, [{ number: 0, words: 2 }, { number: 1, words: 1 }]);
  });

  test("is not the request's, nor what Bun keeps: two sockets of one user share nothing", async () => {
    const log = logging({ open: (socket) => void (socket.data = log.sockets.length) });
    await serving(openToAll(log.handlers), async (port) => {
      const peers = [await knock(port), await knock(port)];
      await eventually("both are open", () => log.sockets.length === 2);
      assertEquals(log.sockets.map(({ data }) => data), [1, 2]);
      for (const peer of peers) peer.destroy();
    });
  });
});

describe("remoteAddress", () => {
  test("is the peer's, from `open` to `close`", async () => {
    const seen: unknown[] = [];
    const see = (socket: Socket) => void seen.push(socket.remoteAddress);
    await serving(openToAll({ open: see, message: see, close: see }), async (port) => {
      const peer = await knock(port);
      peer.send(OPCODE.text, "x");
      await eventually("a message", () => seen.length === 2);
      peer.destroy();
      await eventually("a close", () => seen.length === 3);
    });
    assertEquals(seen, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });

  test("is null over a unix socket", async () => {
    const unix = join(tmpdir(), `wsgate-${crypto.randomUUID()}.sock`);
    const log = logging();
    const server = serveOn({ unix }, openToAll(log.handlers), websocket);
    const client = connect(unix);
    try {
      client.write(opening(80));
      await log.has("open");
      assertEquals(log.sockets[0]!.remoteAddress, null);
    } finally {
      client.destroy();
      await server.stop();
      await rm(unix, { force: true });
    }
  });
});

describe("bufferedBytes and drain", () => {
  const KIB = "x".repeat(1024);

  /** Sends until no more is taken, and none later; how many were. The kernel takes some megabytes by itself. */
  async function fill(socket: Socket, message: string): Promise<number> {
    let sent = 0;
    for (let quiet = 0; quiet < 3 && sent < 50_000;) {
      const before = sent;
      while (socket.send(message)) sent++;
      quiet = sent === before ? quiet + 1 : 0;
      await pause(50);
    }
    return sent;
  }

  test("what waits is shown, is bounded, and goes; who was told false is told when it has", async () => {
    const limit = 512 * 1024;
    const log = logging();
    await serving(openToAll(log.handlers, { maxBufferedBytes: limit }), async (port) => {
      const peer = await knock(port);
      await log.has("open");
      const [socket] = log.sockets as [Socket];
      assertEquals(socket.bufferedBytes, 0);
      peer.pause();
      const sent = await fill(socket, KIB);
      assertEquals(socket.send(KIB), false);
      const waiting = socket.bufferedBytes;
      assertLessOrEqual(waiting, limit);
      assertGreater(waiting, limit - 2 * 1024);
      log.events.length = 0;
      peer.resume();
      await eventually("all has arrived", () => peer.texts.length === sent);
      await log.has("drain");
      assertEquals([log.events, socket.bufferedBytes], [["drain"], 0]);
      assertEquals(socket.send(KIB), true);
      await eventually("one more", () => peer.texts.length === sent + 1);
      await pause(50);
      assertEquals(log.events, ["drain"], "nobody was told false since");
      peer.destroy();
    });
  });

  const onDeno = { skip: isDeno ? false : "on Bun what waits is Bun's, and Bun counts it" };
  test("a message that waits is charged its bytes and 64 more", onDeno, async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      await log.has("open");
      const [socket] = log.sockets as [Socket];
      peer.pause();
      await fill(socket, "x".repeat(16 * 1024));
      const before = socket.bufferedBytes;
      for (let i = 0; i < 10; i++) assert(socket.send("é"));
      assertEquals(socket.bufferedBytes - before, 10 * (2 + 64));
      peer.destroy();
    });
  });

  test("one who sends on `drain` sends everything, however little may wait", async () => {
    const total = 3000;
    let sent = 0;
    const go = (socket: Socket) => {
      while (sent < total && socket.send(`${sent}`.padEnd(100))) sent++;
    };
    await serving(openToAll({ open: go, drain: go }, { maxBufferedBytes: 1000 }), async (port) => {
      const peer = await knock(port);
      await eventually("everything", () => peer.texts.length === total);
      assertEquals(peer.texts.map((text) => Number(text)), Array.from({ length: total }, (_, i) => i));
      peer.destroy();
    });
  });
});

test("the headers of the handshake answer in `open` on Bun, and throw on Deno: read before they are there for both", async () => {
  const seen: unknown[] = [];
  const auth = authMiddlewareStack({ user: ({ headers }) => ({ language: headers.get("accept-language") }) });
  const handler = auth(upgradeHandler({
    open(socket) {
      seen.push(auth.scope(socket.request).user?.language);
      try {
        seen.push(socket.request.headers.get("accept-language"));
      } catch (error) {
        seen.push((error as Error).name);
      }
    },
  }));
  await serving(originValidator(handler, ["*"]), async (port) => {
    const peer = await knock(port, { more: [["Accept-Language", "de"]] });
    await eventually("open", () => seen.length === 2);
    assertEquals(seen, ["de", isDeno ? "TypeError" : "de"]);
    peer.destroy();
  });
});

describe("messages in order", () => {
  test("`open` settles before the first message, each message before the next, and `close` is last", async () => {
    const order: string[] = [];
    const slowly = async (what: string) => {
      order.push(`${what} begins`);
      await pause(what.endsWith("a") ? 30 : 5);
      order.push(`${what} ends`);
    };
    const handler = openToAll({
      open: () => slowly("open"),
      message: (_, data) => slowly(`message ${data}`),
      close: () => slowly("close"),
    });
    await serving(handler, async (port) => {
      const words = [..."abc"].map((word) => frameOf(OPCODE.text, word));
      const peer = new Peer(port);
      peer.write(opening(port));
      await peer.answered();
      for (const word of words) peer.write(word);
      peer.send(OPCODE.close);
      await eventually("close", () => order.includes("close ends"));
      peer.destroy();
    });
    const calls = ["open", "message a", "message b", "message c", "close"];
    assertEquals(order, calls.flatMap((call) => [`${call} begins`, `${call} ends`]));
  });

  test("answers of a handler that takes its time come in the order of the questions", async () => {
    const handler = openToAll({
      async message(socket, data) {
        // The later the question, the quicker the answer.
        await pause(20 - Number(data));
        socket.send(data);
      },
    });
    await serving(handler, async (port) => {
      const peer = await knock(port);
      for (let i = 0; i < 20; i++) peer.send(OPCODE.text, `${i}`);
      await eventually("twenty answers", () => peer.texts.length === 20);
      assertEquals(peer.texts, Array.from({ length: 20 }, (_, i) => `${i}`));
      peer.destroy();
    });
  });

  test("one socket's slow handler holds up no other", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => release = resolve);
    const handler = openToAll({
      async message(socket, data) {
        if (data === "hold") await held;
        socket.send(data);
      },
    });
    await serving(handler, async (port) => {
      const [slow, quick] = [await knock(port), await knock(port)];
      slow.send(OPCODE.text, "hold");
      slow.send(OPCODE.text, "then");
      quick.send(OPCODE.text, "hello");
      await eventually("the other's answer", () => quick.texts.length === 1);
      assertEquals(slow.texts, []);
      release();
      await eventually("both", () => slow.texts.length === 2);
      assertEquals(slow.texts, ["hold", "then"]);
      for (const peer of [slow, quick]) peer.destroy();
    });
  });

  test(
    "`close` is called ten seconds after the end at most, even while a handler hangs",
    { timeout: 60_000 },
    async () => {
      const log = logging({ message: () => new Promise(() => {}) });
      await serving(openToAll(log.handlers), async (port) => {
        const [ended, closed] = [await knock(port), await knock(port)];
        for (const peer of [ended, closed]) peer.send(OPCODE.text, "x");
        await eventually("both hang", () => log.events.filter((event) => event === "message x").length === 2);
        const start = performance.now();
        ended.destroy();
        log.sockets[1]!.close(4001, "enough");
        await log.has("close 1006");
        await log.has("close 4001 enough");
        const seconds = (performance.now() - start) / 1000;
        assert(seconds > 7 && seconds <= 10.2, `${seconds}`);
        closed.destroy();
      });
    },
  );
});
