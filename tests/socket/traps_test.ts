// The traps of the two runtimes that this room closes, one test for each, on real servers; then what else is known of
// their upgrades and sockets, row by row, as far as it touches us. Each test holds on both runtimes: where a trap is one
// runtime's alone, it says what the other does instead.

import { Buffer } from "node:buffer";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows, fail } from "@std/assert";
import {
  authMiddlewareStack,
  compilePolicy,
  guard,
  originValidator,
  refuseVisibly,
  type Socket,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { TOO_BIG } from "../../src/socket/session.ts";
import { type ChildServer, startChild } from "../child.ts";
import { printed, untyped } from "../doubles.ts";
import { within } from "../in_time.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { type NativeHandler, nativeUpgrade, runtime, serve, serveRoutes } from "../runtime.ts";
import {
  closing,
  eventually,
  frameOf,
  type HandshakeParts,
  knock,
  logging,
  OPCODE,
  opening,
  pause,
  Peer,
  visit,
} from "./peer.ts";
import { openToAll, serving } from "./serving.ts";

const isDeno = runtime === "deno";

type Runtimes = "both" | "deno" | "bun";
const traps: { number: number; of: Runtimes }[] = [];
const rows: string[] = [];

/** The test of one trap. `of`: whose it is. */
function trap(number: number, of: Runtimes, what: string, run: () => Promise<void>): void {
  traps.push({ number, of });
  test(`trap ${number}: ${what}`, run);
}

/** The test of one row of what is known. */
function row(what: string, run: () => Promise<void>): void {
  rows.push(what);
  test(`row: ${what}`, run);
}

/** Answers with a 101 on a new connection: the listener is not deaf. */
async function assertServes(port: number, parts?: HandshakeParts): Promise<void> {
  const peer = await knock(port, parts);
  assertEquals(peer.status, 101);
  peer.destroy();
}

/** Each of these breaks a connection, which is a close and no handler's failure. */
async function assertBreaks(
  port: number,
  log: ReturnType<typeof logging>,
  ways: readonly ((peer: Peer) => void)[],
): Promise<void> {
  await eachRowInTurn(ways, async (breakIt) => {
    log.events.length = 0;
    const peer = await knock(port);
    await log.has("open");
    breakIt(peer);
    await log.has("close");
    assertEquals(log.events, ["open", "close 1006 "]);
    peer.destroy();
  });
}

/** The last part of the path. */
function nameOf(request: Request): string {
  return /([^/]*)$/.exec(request.url)?.[1] ?? "";
}

let child: ChildServer;
before(async () => {
  child = await startChild(new URL("./trap_server.ts", import.meta.url), [], 60_000);
});
after(() => child.kill());

describe("the twenty traps", () => {
  trap(1, "deno", "whatever can fail has failed before the upgrade, and the listener lives on", async () => {
    let broken = true;
    const log = logging();
    const handler = openToAll(log.handlers, { headers: () => broken ? fail("theirs") : { "x-a": "b" } });
    await serving(handler, async (port) => {
      const lines = await printed(async () => {
        const peer = await knock(port);
        // After Deno's upgrade any other answer stops the listener. Bun would have sent the 101 by itself.
        assertEquals(peer.status, 503);
        peer.destroy();
        await pause(50);
      });
      assertEquals(lines.length, 1);
      broken = false;
      await assertServes(port);
      await log.has("open");
    });
  });

  trap(2, "deno", "headers are read before the upgrade, and the very request is upgraded", async () => {
    const requests: Request[] = [];
    const log = logging();
    const headers = (request: Request) => ({ "x-you-said": request.headers.get("x-say") ?? "nothing" });
    const handler = openToAll(log.handlers, { headers, protocols: ["chat"] });
    await serving((request, context) => {
      requests.push(request);
      return handler(request, context);
    }, async (port) => {
      const peer = await knock(port, { more: [["X-Say", "hi"], ["Sec-WebSocket-Protocol", "chat"]] });
      assertEquals([peer.values("x-you-said"), peer.values("sec-websocket-protocol")], [["hi"], ["chat"]]);
      await log.has("open"); // never, had a copy been upgraded on Deno
      assert(log.sockets[0]!.request === requests[0]);
      let gone = false;
      try {
        gone = requests[0]!.headers.get("x-say") === null;
      } catch {
        gone = true;
      }
      assertEquals(gone, isDeno, "Bun keeps the headers");
      peer.destroy();
    });
  });

  trap(3, "both", "what a runtime does not check of a handshake is checked here", async () => {
    const faults: Readonly<Record<string, { parts: HandshakeParts; native: number[]; ours: number }>> = {
      // What each runtime says by itself: on Deno, on Bun.
      "a POST": { parts: { method: "POST" }, native: [101, 400], ours: 405 },
      "no version": { parts: { replaced: { "Sec-WebSocket-Version": null } }, native: [101, 426], ours: 426 },
      "version 8": { parts: { replaced: { "Sec-WebSocket-Version": "8" } }, native: [101, 426], ours: 426 },
      "an empty key": { parts: { replaced: { "Sec-WebSocket-Key": "" } }, native: [101, 400], ours: 400 },
      "a short key": { parts: { replaced: { "Sec-WebSocket-Key": "AAAA" } }, native: [101, 400], ours: 400 },
      "a key twice": {
        parts: { more: [["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="]] },
        native: [101, 400],
        ours: 400,
      },
      "no Connection": { parts: { replaced: { Connection: null } }, native: [400, 101], ours: 400 },
      "Connection: close": { parts: { replaced: { Connection: "close" } }, native: [400, 101], ours: 400 },
    };
    const log = logging();
    await serving(nativeUpgrade(), (native) =>
      serving(openToAll(log.handlers), async (ours) => {
        await eachRowInTurn(Object.entries(faults), async ([, expected]) => {
          const statuses = [];
          for (const port of [native, ours]) {
            const peer = await knock(port, expected.parts);
            statuses.push(peer.status);
            peer.destroy();
          }
          assertEquals(statuses, [expected.native[isDeno ? 0 : 1], expected.ours]);
        });
        assertEquals(log.events, []);
        await assertServes(ours);
      }), undefined);
  });

  trap(
    4,
    "both",
    "an offer without spaces is understood, and a token in an offer is never echoed",
    async () => {
      const offers: readonly [offer: string, chosen: string[]][] = [
        ["x,chat", ["chat"]], // Deno's own option splits at ", " and throws for this
        ["x, chat", ["chat"]],
        ["bearer.secret", []], // Bun by itself echoes the first offer
        ["bearer.secret, ticket.1", []],
        ["x", []],
      ];
      await serving(openToAll({}, { protocols: ["chat"] }), async (port) => {
        await eachRowInTurn(offers, async ([offer, chosen]) => {
          const peer = await knock(port, { more: [["Sec-WebSocket-Protocol", offer]] });
          assertEquals([peer.status, peer.values("sec-websocket-protocol")], [101, chosen]);
          peer.destroy();
        });
        const page = visit(port, { protocols: ["x", "chat"] });
        await eventually("open", () => page.events.includes("open"));
        assertEquals(page.socket.protocol, "chat");
        page.socket.close();
      });
    },
  );

  trap(5, "both", "a socket knows its subprotocol, which no runtime reports", async () => {
    const log = logging({ open: (socket) => void socket.send(`protocol ${socket.protocol}`) });
    await serving(openToAll(log.handlers, { protocols: ["b", "a"] }), async (port) => {
      await eachRowInTurn([["a, b", "b"], ["a", "a"], ["c", ""]], async ([offer, protocol]) => {
        const peer = await knock(port, { more: [["Sec-WebSocket-Protocol", offer]] });
        assertEquals((await peer.frame(0)).payload.toString(), `protocol ${protocol}`);
        peer.destroy();
      });
      assertEquals(log.sockets.map(({ protocol }) => protocol), ["b", "a", ""]);
    });
  });

  trap(6, "both", "more headers are on the 101, several Set-Cookie among them", async () => {
    const headers = () => [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-more", "c"]] as const;
    await serving(openToAll({}, { headers }), async (port) => {
      const peer = await knock(port);
      const more = [peer.values("set-cookie"), peer.values("x-more")];
      assertEquals([peer.status, more], [101, [["a=1", "b=2"], ["c"]]]);
      peer.destroy();
    });
  });

  trap(7, "bun", "no handler runs inside the upgrade, nor inside a close()", async () => {
    const order: string[] = [];
    const handler = openToAll({
      open: () => void order.push("open"),
      message(socket) {
        order.push("before close()");
        socket.close(4001, "y");
        order.push("after close()");
      },
      close: () => void order.push("close"),
    });
    await serving((request, context) => {
      order.push("before the upgrade");
      const response = handler(request, context);
      order.push("after the upgrade");
      return response;
    }, async (port) => {
      const peer = await knock(port);
      peer.send(OPCODE.text, "go");
      await peer.closeFrame();
      peer.send(OPCODE.close, closing(4001));
      await eventually("close", () => order.includes("close"));
      assertEquals(order, [
        "before the upgrade",
        "after the upgrade",
        "open",
        "before close()",
        "after close()",
        "close",
      ]);
    });
  });

  trap(8, "deno", "a close in the first moment reaches the peer", async () => {
    const log = logging({ open: (socket) => socket.close(4001, "at once") });
    await serving(openToAll(log.handlers), async (port) => {
      const { events, closed } = visit(port);
      assertEquals(await closed, { code: 4001, reason: "at once", wasClean: true });
      assertEquals(events, ["open", "close 4001 at once"]);
      await log.has("close 4001 at once");
    });
  });

  trap(9, "both", "close codes and reasons are checked here, where both runtimes take anything", async () => {
    const wrong: unknown[] = [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 66_536, 1000.5, "abc"];
    const log = logging({
      message(socket) {
        eachRow(wrong, (code) => assertThrows(() => socket.close(untyped(code)), RangeError));
        assertThrows(() => socket.close(4000, "é".repeat(62)), RangeError);
        assertEquals(socket.send("still open"), true);
        socket.close(4999, "é".repeat(61) + "x");
      },
    });
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      peer.send(OPCODE.text, "go");
      assertEquals(await peer.closeFrame(), { code: 4999, reason: "é".repeat(61) + "x" });
      assertEquals(peer.texts, ["still open"]);
      peer.destroy();
      await log.has("close 4999");
      assertEquals(log.events.filter((event) => event.startsWith("error")), []);
    });
  });

  trap(10, "both", "who closed and why is told once, in the same words", async () => {
    const log = logging({ message: (socket) => socket.close(4403, "no") });
    /** What the handlers are told after `act`. */
    const after = async (port: number, act: (peer: Peer) => unknown) => {
      log.events.length = 0;
      const peer = await knock(port);
      await log.has("open");
      await act(peer);
      await log.has("close");
      await pause(30); // for a second one
      peer.destroy();
      return log.events.filter((event) => event.startsWith("close"));
    };
    const ownClose = async (peer: Peer) => {
      peer.send(OPCODE.text, "go");
      await peer.closeFrame();
    };
    await serving(openToAll(log.handlers, { idleTimeoutSeconds: 5 }), async (port) => {
      // Without a close frame: 0 on Deno, 1006 on Bun.
      assertEquals(await after(port, (peer) => peer.destroy()), ["close 1006 "]);
      // With words of Bun's own for it.
      assertEquals(await after(port, (peer) => peer.send(OPCODE.text, Buffer.from([0xff]))), ["close 1006 "]);
      assertEquals(await after(port, (peer) => peer.send(OPCODE.close, closing(4001, "y"))), [
        "close 4001 y",
      ]);
      assertEquals(await after(port, (peer) => peer.send(OPCODE.close)), ["close 1005 "]);
      // One's own close, whatever the peer says to it.
      await eachRowInTurn([closing(4403), closing(4001, "y"), Buffer.alloc(0)], async (answer) => {
        const told = await after(port, async (peer) => {
          await ownClose(peer);
          peer.send(OPCODE.close, answer);
        });
        assertEquals(told, ["close 4403 no"]);
      });
      const told = await after(port, async (peer) => {
        await ownClose(peer);
        peer.end();
      });
      assertEquals(told, ["close 4403 no"]);
    });
    // An idle peer: Deno has two close events for it.
    const idle = logging();
    await serving(openToAll(idle.handlers, { idleTimeoutSeconds: 0.3 }), async (port) => {
      const peer = await knock(port);
      assertEquals(await peer.closeFrame(), { code: 1001, reason: "No response from ping frame." });
      peer.send(OPCODE.close);
      await idle.has("close");
      await pause(50);
      assertEquals(idle.events, ["open", "close 1001 No response from ping frame."]);
      peer.destroy();
    });
  });

  trap(
    11,
    "deno",
    "`error` is for what a handler threw, then 1011; a broken connection is a close",
    async () => {
      const log = logging({
        message(_, data) {
          if (data === "throw") throw new Error("theirs");
        },
      });
      await serving(openToAll(log.handlers), async (port) => {
        const broken: readonly ((peer: Peer) => void)[] = [
          (peer) => peer.destroy(),
          (peer) => peer.send(OPCODE.text, "x", { reserved: true }),
          (peer) => peer.send(5, "x"),
        ];
        await assertBreaks(port, log, broken);
        log.events.length = 0;
        const peer = await knock(port);
        peer.send(OPCODE.text, "throw");
        assertEquals(await peer.closeFrame(), { code: 1011, reason: "" });
        peer.send(OPCODE.close, closing(1011));
        await log.has("close");
        assertEquals(log.events, ["open", "message throw", "error Error: theirs", "close 1011 "]);
        peer.destroy();
      });
    },
  );

  trap(
    12,
    "both",
    "whatever a handler throws or rejects with, the process lives, and says it once",
    async () => {
      const { main } = child.ports;
      const failures = product(["open", "message", "close", "error"], ["throws", "rejects", "rejects-later"]);
      await eachRowInTurn(failures, async ([event, how]) => {
        const path = `/${event}-${how}`;
        const before = child.output().length;
        for (let i = 0; i < 2; i++) {
          const peer = await knock(main!, { path });
          assertEquals(peer.status, 101);
          // Not to `open`: on Deno the close frame is lost where data comes before it.
          if (event !== "open") peer.send(OPCODE.text, "x");
          if (event === "close") peer.send(OPCODE.close, closing(1000));
          // The socket of a handler that failed is closed with 1011.
          assertEquals((await peer.closeFrame()).code, event === "close" ? 1000 : 1011);
          peer.destroy();
        }
        const said = () => child.output().slice(before);
        const reports = () => said().match(/^wsgate: .*"Error: (?:thrown|rejected|rejected later)"/gm) ?? [];
        await eventually(`a report of ${path}: ${said()}`, () => reports().length > 0);
        await pause(30);
        assert(child.alive(), `the process ended: ${said()}`);
        assertEquals(reports().length, 1, said());
      });
      await assertServes(main!, { path: "/narrow" });
    },
  );

  trap(
    13,
    "both",
    "there is no drain to wait for: send() says yes again once the peer has read",
    async () => {
      const sockets: Socket[] = [];
      const handler = openToAll({ open: (socket) => void sockets.push(socket) }, {
        maxBufferedBytes: 100_000,
      });
      await serving(handler, async (port) => {
        const peer = await knock(port);
        await eventually("open", () => sockets.length === 1);
        const [socket] = sockets as [Socket];
        const message = "x".repeat(10_000);
        let sent = 0;
        for (let round = 0; round < 3; round++) {
          peer.pause();
          const before = sent;
          while (socket.send(message)) assertLessOrEqual(++sent, 10_000);
          assertGreater(sent, before);
          peer.resume();
          await eventually("all of it", () => peer.frames.length === sent);
          await eventually("room", () => socket.send("") && socket.send(message));
          sent = peer.frames.length;
          await pause(20);
          sent = peer.frames.length;
        }
        peer.destroy();
      });
    },
  );

  trap(14, "both", "there is a limit to what waits, and nothing is dropped that was taken", async () => {
    const sockets: Socket[] = [];
    const limit = 300_000;
    const handler = openToAll({ open: (socket) => void sockets.push(socket) }, {
      maxBufferedBytes: limit,
    });
    await serving(handler, async (port) => {
      const peer = await knock(port);
      await eventually("open", () => sockets.length === 1);
      peer.pause();
      // The kernel takes some megabytes before anything waits in the process.
      const message = (n: number) => `${n} `.padEnd(50_000, "x");
      let taken = 0;
      let refused = 0;
      for (let n = 0; n < 800; n++) {
        if (sockets[0]!.send(message(taken))) taken++;
        else refused++;
        if (n % 20 === 0) await pause(0);
      }
      assertGreater(taken, limit / 50_000 - 1);
      assertGreater(refused, 100);
      peer.resume();
      await eventually("all that was taken", () => peer.frames.length >= taken);
      assertEquals(peer.texts.map((text) => parseInt(text)), Array.from({ length: taken }, (_, n) => n));
      peer.destroy();
    });
  });

  trap(15, "both", "a message over the handler's own limit ends its socket with 1009", async () => {
    const { main } = child.ports;
    const ask = async (path: string, size: number) => {
      const peer = await knock(main!, { path });
      peer.send(OPCODE.binary, new Uint8Array(size));
      await eventually("an answer", () => peer.frames.length > 0 || peer.ended);
      const { opcode } = await peer.frame(0);
      const answer = opcode === OPCODE.close ? (await peer.closeFrame()).code : peer.texts[0];
      peer.destroy();
      return answer;
    };
    // The server takes 17 MiB, because one of its handlers does.
    assertEquals([await ask("/narrow", 1024), await ask("/narrow", 1025)], ["1024", 1009]);
    assertEquals(await ask("/narrow", 70_000), 1009);
    // More than Bun takes by itself (16 MiB), and less than Deno does (64 MiB, fixed).
    const most = 17 * 1024 * 1024;
    assertEquals([await ask("/roomy", most), await ask("/roomy", most + 1)], [String(most), 1009]);

    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      peer.send(OPCODE.text, "a".repeat(40_000), { final: false });
      peer.send(OPCODE.continuation, "a".repeat(40_000));
      assertEquals(await peer.closeFrame(), { code: 1009, reason: TOO_BIG });
      peer.send(OPCODE.close, closing(1009));
      await log.has("close");
      assertEquals(log.events, ["open", `close 1009 ${TOO_BIG}`]);
      peer.destroy();
    });
  });

  trap(
    16,
    "both",
    "idle peers go after any number of seconds, and a peer that ignores a close is given up",
    async () => {
      const log = logging();
      await serving(openToAll(log.handlers, { idleTimeoutSeconds: 1 }), async (port) => {
        const page = visit(port);
        const start = performance.now();
        const peer = await knock(port);
        assertEquals(await peer.closeFrame(), { code: 1001, reason: "No response from ping frame." });
        const seconds = (performance.now() - start) / 1000;
        assert(seconds > 0.9 && seconds < 7, `${seconds}: Bun's own watch has 8 for the least`);
        assertEquals(peer.frames[0]!.opcode, OPCODE.ping);
        await pause(500);
        assertEquals(page.events, ["open"], "a page answers pings, and stays");
        page.socket.close();
        peer.destroy();
        await page.closed;
      });

      const ignored = logging({ open: (socket) => socket.close(4001, "bye") });
      const server = serve(openToAll(ignored.handlers), websocket);
      const peer = await knock(server.port);
      await peer.closeFrame();
      // On Deno nothing but the sweep would end its session.
      await ignored.has("close 4001 bye");
      if (isDeno) {
        await pause(50);
        assertEquals(peer.ended, false, "Deno has no way to end the connection");
      } else await eventually("the connection's end", () => peer.ended);
      peer.destroy();
      await server.stop();
    },
  );

  trap(
    17,
    "bun",
    "one `websocket` serves every handler of a server, each socket its own; without it 500",
    async () => {
      const handlers: Record<string, NativeHandler> = {};
      for (const name of ["a", "b"]) {
        handlers[name] = openToAll({
          open: (socket) => void socket.send(`open ${name}`),
          message: (socket, data) => void socket.send(`${name} ${data}`),
        });
      }
      const handler: NativeHandler = (request, context) => handlers[nameOf(request)]!(request, context);
      await serving(handler, async (port) => {
        const peers = await Promise.all(["a", "b", "a"].map((name) => knock(port, { path: `/${name}` })));
        peers.forEach((peer, index) => peer.send(OPCODE.text, String(index)));
        await eachRowInTurn(["a", "b", "a"].entries(), async ([index, name]) => {
          await peers[index]!.frame(1);
          assertEquals(peers[index]!.texts, [`open ${name}`, `${name} ${index}`]);
          peers[index]!.destroy();
        });
      });
      const lines = await printed(() =>
        serving(handler, async (port) => {
          const peer = await knock(port, { path: "/a" });
          assertEquals(peer.status, isDeno ? 101 : 500);
          peer.destroy();
        }, null)
      );
      assertEquals(lines.map(({ text }) => text.includes("`websocket`")), isDeno ? [] : [true]);
    },
  );

  trap(18, "deno", "Upgrade repeated", async () => {
    const { main } = child.ports;
    const twice: HandshakeParts = { more: [["Upgrade", "websocket"]] };
    const answers = { "/narrow": 400, "/refused": 403 };
    await eachRowInTurn(Object.entries(answers), async ([path, status]) => {
      const peer = await knock(main!, { path, ...twice });
      assertEquals(peer.status, status);
      peer.destroy();
      await pause(100);
      assert(child.alive(), child.output());
      await assertServes(main!, { path: "/narrow" });
    });
  });

  trap(
    19,
    "deno",
    "who left while a user was looked up is not upgraded, and the server can stop",
    async () => {
      const log = logging();
      let asked = 0;
      let answer = () => {};
      const auth = authMiddlewareStack({
        user: () => {
          asked++;
          return new Promise<null>((resolve) => answer = () => resolve(null));
        },
      });
      const handler = originValidator(auth(upgradeHandler(log.handlers)), ["https://good.test"]);
      const server = serve(handler, websocket);
      const lines = await printed(async () => {
        const peer = new Peer(server.port);
        peer.write(opening(server.port, { more: [["Origin", "https://good.test"]] }));
        await eventually("a look-up", () => asked === 1);
        peer.destroy();
        await pause(300);
        answer();
        await pause(100);
      });
      assertEquals([log.events, lines.filter(({ text }) => text.startsWith("wsgate"))], [[], []]);
      // On Deno it would wait for a socket that never opens and never closes.
      await within(10, "the server stops", server.stop());
    },
  );

  trap(
    20,
    "both",
    "visible refusals pin no more than so many connections, and never reach a native application",
    async () => {
      const evil: HandshakeParts = { more: [["Origin", "https://evil.test"]] };
      const echo = openToAll({});
      const refusing = guard(echo, compilePolicy({ origins: ["https://good.test"] }), {
        refuse: refuseVisibly,
        onDecision() {},
      });
      const peers: Peer[] = [];
      await serving(refusing, async (port) => {
        await assertServes(port, { more: [["Origin", "https://good.test"]] });
        const statuses: number[] = [];
        for (let i = 0; i < 258; i++) {
          const peer = await knock(port, evil); // which ignores the close
          peers.push(peer);
          statuses.push(peer.status);
        }
        const shown = statuses.filter((status) => status === 101).length;
        // Bun ends the connection with the close frame, so that nothing is pinned.
        assertEquals([shown, statuses.at(-1)], isDeno ? [256, 403] : [258, 101]);
        if (!isDeno) await eventually("all are ended", () => peers.every(({ ended }) => ended));
        for (const peer of peers) peer.destroy();
        // They have made room by now, or will have soon.
        await within(
          20,
          "room",
          (async () => {
            for (let status = 0; status !== 101;) {
              const peer = await knock(port, evil);
              ({ status } = peer);
              peer.destroy();
            }
          })(),
        );
      });

      let heard = 0;
      const native = { open: () => heard++, message: () => heard++ };
      const lines = await printed(() =>
        serving(refusing, async (port) => {
          const peer = await knock(port, { ...evil, first: frameOf(OPCODE.text, "to the application") });
          assertEquals(peer.status, isDeno ? 101 : 403);
          await pause(50);
          peer.destroy();
        }, native)
      );
      assertEquals([heard, lines.length], [0, isDeno ? 0 : 1]);
    },
  );
});

describe("the upgrade", () => {
  row("options: each handler has its own, on one server", async () => {
    const small = logging();
    const large = logging();
    const handlers: Record<string, NativeHandler> = {
      small: openToAll(small.handlers, { maxMessageBytes: 10, protocols: ["a"] }),
      large: openToAll(large.handlers, { maxMessageBytes: 100, headers: () => ({ "x-large": "1" }) }),
    };
    await serving((request, context) => handlers[nameOf(request)]!(request, context), async (port) => {
      const more = [["Sec-WebSocket-Protocol", "a"]] as const;
      const [one, other] = [
        await knock(port, { path: "/small", more }),
        await knock(port, { path: "/large", more }),
      ];
      assertEquals([one.values("sec-websocket-protocol"), one.values("x-large")], [["a"], []]);
      assertEquals([other.values("sec-websocket-protocol"), other.values("x-large")], [[], ["1"]]);
      for (const peer of [one, other]) peer.send(OPCODE.text, "x".repeat(50));
      await large.has("message");
      assertEquals((await one.closeFrame()).code, 1009);
      for (const peer of [one, other]) peer.destroy();
    });
  });

  row("returns: a Response in every case, and undefined in none", async () => {
    const types: string[] = [];
    const handler = openToAll({});
    await serving(async (request, context) => {
      const response = await handler(request, context);
      types.push(`${response instanceof Response} ${response.status === 200 && response.body === null}`);
      return response;
    }, async (port) => {
      for (const parts of [{}, { replaced: { Upgrade: null } }, { replaced: { Host: "a b" } }]) {
        (await knock(port, parts)).destroy();
      }
      assertEquals(types, [`true ${!isDeno}`, "true false", "true false"]);
    });
  });

  row("not an upgrade: 426, where Deno throws and Bun says false", async () => {
    await serving(openToAll({ open: () => fail("opened") }), async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      assertEquals([response.status, await response.text()], [426, "Upgrade Required\n"]);
      const post = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "x".repeat(100_000) });
      assertEquals([post.status, await post.text()], [426, "Upgrade Required\n"]);
    });
  });

  row("checks: HTTP/1.0 is nothing that a Request shows, and is upgraded by both", async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port, { version: "HTTP/1.0" });
      assertEquals(peer.status, 101);
      await log.has("open");
      peer.destroy();
      const noHost = await knock(port, { version: "HTTP/1.0", replaced: { Host: null } });
      assertEquals(noHost.status, 400);
      noHost.destroy();
    });
  });

  row("body on the GET: Deno's parser refuses it, on Bun it is passed over", async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port, { more: [["Content-Length", "3"]], first: Buffer.from("abc") });
      assertEquals(peer.status, isDeno ? 400 : 101);
      peer.destroy();
      await assertServes(port);
    });
  });

  row("Set-Cookie and other headers on the 101: its own headers cannot be overridden", async () => {
    const names = ["Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"];
    await eachRowInTurn(names, async (name) => {
      const handler = openToAll({}, { headers: () => ({ [name]: "permessage-deflate" }) });
      await printed(() =>
        serving(handler, async (port) => {
          const peer = await knock(port);
          assertEquals(peer.status, 503);
          peer.destroy();
        })
      );
    });
  });

  row("protocol selection: the server's order, from what is offered and nothing else", async () => {
    await serving(openToAll({}, { protocols: ["v2", "v1"] }), async (port) => {
      const offers = [["v1,v2", "v2"], ["v1", "v1"], ["V2, v1", "v1"], ["v3"]] as const;
      await eachRowInTurn(offers, async ([offer, ...chosen]) => {
        const peer = await knock(port, { more: [["Sec-WebSocket-Protocol", offer]] });
        assertEquals<readonly string[]>(peer.values("sec-websocket-protocol"), chosen);
        peer.destroy();
      });
    });
  });

  row("no protocol chosen: the header is left out, where Bun by itself echoes the first offer", async () => {
    const more = [["Sec-WebSocket-Protocol", "bearer.secret, chat"]] as const;
    await serving(nativeUpgrade(), async (port) => {
      const peer = await knock(port, { more });
      assertEquals(peer.values("sec-websocket-protocol"), isDeno ? [] : ["bearer.secret"]);
      peer.destroy();
    }, undefined);
    await serving(openToAll({}), async (port) => {
      const peer = await knock(port, { more });
      assertEquals([peer.status, peer.values("sec-websocket-protocol")], [101, []]);
      peer.destroy();
    });
  });

  row("server-side socket.protocol: ours, in every handler", async () => {
    const seen: string[] = [];
    const see = (socket: Socket) => void seen.push(socket.protocol);
    await serving(
      openToAll({ open: see, message: see, close: see }, { protocols: ["chat"] }),
      async (port) => {
        const page = visit(port, { protocols: ["chat"] });
        await eventually("open", () => page.events.includes("open"));
        page.socket.send("x");
        await eventually("message", () => seen.length === 2);
        page.socket.close();
        await eventually("close", () => seen.length === 3);
        assertEquals(seen, ["chat", "chat", "chat"]);
      },
    );
  });

  // What Deno tells of it after ten seconds is in `deno_test.ts`.
  row("new Request(req), req.clone(): a copy never opens; Bun says so with a status", async () => {
    const log = logging();
    await printed(async () => {
      const copies = [
        (request: Request) => new Request(request),
        (request: Request) => request.clone(),
      ];
      await eachRowInTurn(copies, async (copy) => {
        const handler = openToAll(log.handlers);
        await serving((request, context) => handler(copy(request), context), async (port) => {
          const peer = await knock(port);
          assertEquals(peer.status, isDeno ? 101 : 426);
          await pause(200);
          assertEquals(log.events, []);
          peer.destroy();
        });
      });
    });
  });

  row("Proxy: works on Deno, is refused with one report on Bun", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    const proxied = (request: Request) =>
      new Proxy(request, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    const lines = await printed(() =>
      serving((request, context) => handler(proxied(request), context), async (port) => {
        const peer = await knock(port);
        assertEquals(peer.status, isDeno ? 101 : 500);
        if (isDeno) await log.has("open");
        peer.destroy();
      })
    );
    assertEquals(lines.length, isDeno ? 0 : 1);
  });

  row("original after cloning it: works", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    await serving((request, context) => {
      request.clone();
      return handler(request, context);
    }, async (port) => {
      const peer = await knock(port);
      assertEquals(peer.status, 101);
      await log.has("open");
      peer.destroy();
    });
  });

  row("upgraded but response not returned: Deno's listener stops, Bun's socket stays", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    const server = serve(async (request, context) => {
      await handler(request, context);
      return new Response("another", { status: 403 });
    }, websocket);
    const peer = new Peer(server.port);
    peer.write(opening(server.port));
    if (isDeno) {
      // This is what the rule is for that every wrapper's last act is to return what it got.
      let deaf = false;
      await eventually("a deaf listener", () => {
        new Peer(server.port).answered().then(({ status, ended }) => deaf ||= status === 0 && ended);
        return deaf;
      });
      assertEquals(peer.status, 0);
    } else {
      assertEquals((await peer.answered()).status, 101);
      await log.has("open");
      await assertServes(server.port);
    }
    peer.destroy();
    await within(10, "the server stops", server.stop());
  });

  row("upgrade twice: the first stays", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    const second: number[] = [];
    await serving((request, context) => {
      const responses = [handler(request, context), handler(request, context)];
      Promise.resolve(responses[1]).then((response) => second.push(response!.status));
      return responses[0];
    }, async (port) => {
      const peer = await knock(port);
      assertEquals(peer.status, 101);
      await log.has("open");
      assertEquals([second, log.sockets.length], [[isDeno ? 500 : 426], 1]);
      peer.send(OPCODE.text, "x");
      await log.has("message x");
      peer.destroy();
      await log.has("close");
    });
  });

  row("after an await: works, and who has left is no harm", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    await serving(async (request, context) => {
      await pause(20);
      return handler(request, context);
    }, async (port) => {
      // What comes before the answer Bun takes for a further request; no honest client sends it.
      const early = await knock(port, { first: frameOf(OPCODE.text, "early") });
      assertEquals(early.status, isDeno ? 101 : 400);
      early.destroy();
      const peer = await knock(port);
      assertEquals(peer.status, 101);
      peer.send(OPCODE.text, "in time");
      await log.has("message in time");
      peer.destroy();
      await log.has("close 1006");
    });
  });

  row("return undefined without upgrading: never, or Bun would answer 200", async () => {
    await serving(openToAll({}), async (port) => {
      const faulty: readonly HandshakeParts[] = [
        { method: "POST" },
        { replaced: { Upgrade: null } },
        { replaced: { Upgrade: "h2c" } },
        { replaced: { Connection: null } },
        { replaced: { "Sec-WebSocket-Key": null } },
        { replaced: { "Sec-WebSocket-Version": "12" } },
        { replaced: { Host: "" } },
      ];
      await eachRowInTurn(faulty, async (parts) => {
        const peer = await knock(port, parts);
        assert(peer.status >= 400 && peer.status < 500, `${peer.status} ${JSON.stringify(parts)}`);
        peer.destroy();
      });
    });
  });

  row("no `websocket` member: 500 and one report on Bun, nothing missing on Deno", async () => {
    const handler = openToAll({});
    const lines = await printed(() =>
      serving(handler, async (port) => {
        for (let i = 0; i < 2; i++) {
          const peer = await knock(port);
          assertEquals(peer.status, isDeno ? 101 : 500);
          peer.destroy();
        }
      }, null)
    );
    assertEquals(lines.length, isDeno ? 0 : 1);
  });

  row("when `open` runs: after the handler has returned", async () => {
    let returned = false;
    const seen: boolean[] = [];
    const handler = openToAll({ open: () => void seen.push(returned) });
    await serving((request, context) => {
      const response = handler(request, context);
      returned = true;
      return response;
    }, async (port) => {
      const peer = await knock(port);
      await eventually("open", () => seen.length === 1);
      assertEquals(seen, [true]);
      peer.destroy();
    });
  });

  row("send/close before open: in `open` both are in time", async () => {
    const handler = openToAll({
      open(socket) {
        socket.send("hello");
        socket.close(4001, "bye");
      },
    });
    await serving(handler, async (port) => {
      const { events, closed } = visit(port);
      await closed;
      assertEquals(events, ["open", "message hello", "close 4001 bye"]);
    });
  });

  row("handlers attached late: none is, so that no frame is lost", async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      for (let i = 0; i < 20; i++) peer.send(OPCODE.text, String(i));
      await log.has("message 19");
      assertEquals(log.events, ["open", ...Array.from({ length: 20 }, (_, i) => `message ${i}`)]);
      peer.destroy();
    });
  });

  row("frame in the same packet as the handshake: delivered, after `open`", async () => {
    const log = logging({
      open: (socket) => void socket.send("hello"),
      message: (socket) => void socket.send("echo"),
    });
    await serving(openToAll(log.handlers), async (port) => {
      const first = Buffer.concat([frameOf(OPCODE.text, "a"), frameOf(OPCODE.binary, "b")]);
      const peer = await knock(port, { first });
      await peer.frame(2);
      assertEquals(log.events, ["open", "message a", "message [98]"]);
      assertEquals(peer.texts, ["hello", "echo", "echo"]);
      peer.destroy();
    });
  });

  row("permessage-deflate: never negotiated", async () => {
    await serving(openToAll({}), async (port) => {
      const peer = await knock(port, {
        more: [["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"]],
      });
      assertEquals([peer.status, peer.values("sec-websocket-extensions")], [101, []]);
      peer.destroy();
    });
  });

  row("after a 403: the connection lives on, for a handshake too, pipelined or not", async () => {
    const handler = guard(upgradeHandler({}), compilePolicy({ origins: ["https://good.test"] }), {
      onDecision() {},
    });
    await serving(handler, async (port) => {
      const peer = new Peer(port);
      for (let i = 0; i < 2; i++) {
        peer.write(opening(port, { more: [["Origin", "https://evil.test"]] }));
        assertEquals((await peer.answered()).status, 403);
        await eventually("the body", () => peer.body === "Forbidden\n");
        peer.again();
      }
      peer.write(opening(port, { more: [["Origin", "https://good.test"]] }));
      assertEquals((await peer.answered()).status, 101);
      peer.destroy();

      const pipelined = new Peer(port);
      pipelined.write(Buffer.concat([
        opening(port, { more: [["Origin", "https://evil.test"]] }),
        opening(port, { more: [["Origin", "https://good.test"]] }),
      ]));
      assertEquals((await pipelined.answered()).status, 403);
      await eventually("the second answer", () => pipelined.body.includes("HTTP/1.1 101"));
      pipelined.destroy();
    });
  });

  row("spellings of Upgrade that neither upgrades: refused all the same", async () => {
    const spellings = { "\xa0websocket": 400, "websocket/13": 400, "foo websocket": 400, "h2c": 426 };
    await serving(nativeUpgrade(), (native) =>
      serving(openToAll({}), async (ours) => {
        await eachRowInTurn(Object.entries(spellings), async ([spelling, status]) => {
          const statuses = [];
          for (const port of [native, ours]) {
            const peer = await knock(port, { replaced: { Upgrade: spelling } });
            statuses.push(peer.status);
            peer.destroy();
          }
          assertEquals(statuses, [400, status]);
        });
      }), undefined);
  });

  row("routes: Bun's own hand over the same server", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    const server = isDeno ? serve(handler) : serveRoutes({ "/room/:name": handler }, websocket);
    try {
      const peer = await knock(server.port, { path: "/room/lobby" });
      assertEquals(peer.status, 101);
      await log.has("open");
      peer.destroy();
      // A handshake that no route takes is Bun's own to answer.
      if (!isDeno) assertEquals((await knock(server.port, { path: "/elsewhere" })).status, 403);
    } finally {
      await server.stop();
    }
  });

  row(
    "graceful stop: the peer is told 1001, and the handlers, on Deno as far as the peer repeats it",
    async () => {
      const log = logging();
      const server = serve(openToAll(log.handlers), websocket);
      const page = visit(server.port);
      await log.has("open");
      await within(20, "the server stops", server.stop());
      const { code } = await page.closed;
      await log.has("close");
      assertEquals(code, 1001);
      // Deno does not say that it was itself that closed.
      assertEquals(log.events, ["open", isDeno ? "close 1005 " : "close 1001 Server closed"]);
    },
  );
});

describe("the socket", () => {
  /** A server whose handlers write down what they are told and do `then`, and one peer. */
  async function talking(
    then: Parameters<typeof logging>[0],
    act: (peer: Peer, log: ReturnType<typeof logging>, port: number) => Promise<void>,
  ): Promise<void> {
    const log = logging(then);
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      await log.has("open");
      await act(peer, log, port);
      peer.destroy();
    });
  }

  row("shape: one object a socket, the same in every handler", async () => {
    const seen = new Set<Socket>();
    const see = (socket: Socket) => void seen.add(socket);
    await talking({ open: see, message: see, close: see }, async (peer, log) => {
      peer.send(OPCODE.text, "x");
      await log.has("message");
      peer.send(OPCODE.close, closing(1000));
      await log.has("close 1000");
      assertEquals([seen.size, seen.has(log.sockets[0]!)], [1, true]);
    });
  });

  row("events: pings, pongs and errors are no event here", async () => {
    await talking({}, async (peer, log) => {
      peer.send(OPCODE.ping, "x");
      peer.send(OPCODE.pong, "unasked");
      peer.send(OPCODE.text, "x");
      await log.has("message");
      peer.destroy();
      await log.has("close");
      assertEquals(log.events, ["open", "message x", "close 1006 "]);
    });
  });

  row("binary default: a Uint8Array of one's own, on both", async () => {
    const messages: unknown[] = [];
    await talking({ message: (_, data) => void messages.push(data) }, async (peer) => {
      peer.send(OPCODE.binary, new Uint8Array([1, 2, 3]));
      peer.send(OPCODE.binary, "");
      peer.send(OPCODE.text, "é");
      await eventually("three", () => messages.length === 3);
      assertEquals(messages, [new Uint8Array([1, 2, 3]), new Uint8Array(0), "é"]);
      assert(Object.getPrototypeOf(messages[0]) === Uint8Array.prototype);
    });
  });

  row("send() result: whether it was queued, the empty message too", async () => {
    const results: boolean[] = [];
    const send = (socket: Socket) => {
      for (const data of ["a", "", new Uint8Array([7]), new Uint8Array(0)]) results.push(socket.send(data));
      socket.close();
      results.push(socket.send("late"));
    };
    await talking(
      { message: send, close: (socket) => void results.push(socket.send("late")) },
      async (peer, log) => {
        peer.send(OPCODE.text, "go");
        await peer.closeFrame();
        peer.send(OPCODE.close, closing(1000));
        await log.has("close");
        assertEquals(results, [true, true, true, true, false, false]);
        const frames = peer.frames.map(({ opcode, payload }) => `${opcode} ${payload.toString("hex")}`);
        assertEquals(frames, ["1 61", "1 ", "2 07", "2 ", "8 03e8"]);
      },
    );
  });

  row("send oddities: shared memory is sent, anything but text and bytes is a TypeError", async () => {
    const errors: string[] = [];
    const send = (socket: Socket) => {
      const shared = new Uint8Array(new SharedArrayBuffer(2));
      shared.set([5, 6]);
      socket.send(shared);
      for (const data of [5, {}, undefined, null, new ArrayBuffer(2)]) {
        try {
          socket.send(untyped(data));
        } catch (error) {
          errors.push((error as Error).name);
        }
      }
      socket.send(new Uint8Array(new ArrayBuffer(8), 2, 3).fill(9));
    };
    await talking({ message: send }, async (peer) => {
      peer.send(OPCODE.text, "go");
      await peer.frame(1);
      assertEquals(peer.frames.map(({ payload }) => [...payload]), [[5, 6], [9, 9, 9]]);
      assertEquals(errors, Array(5).fill("TypeError"));
    });
  });

  row("bufferedAmount: one message over the limit is refused whole, one at the limit goes", async () => {
    const results: boolean[] = [];
    const log = logging({
      open(socket) {
        results.push(socket.send("x".repeat(2001)), socket.send("x".repeat(2000)));
      },
    });
    await serving(openToAll(log.handlers, { maxBufferedBytes: 2000 }), async (port) => {
      const peer = await knock(port);
      const { payload } = await peer.frame(0);
      assertEquals([payload.length, results], [2000, [false, true]]);
      peer.destroy();
    });
  });

  row("drain: what is refused now is taken later", async () => {
    const sockets: Socket[] = [];
    const handler = openToAll({ open: (socket) => void sockets.push(socket) }, {
      maxBufferedBytes: 1000,
    });
    await serving(handler, async (port) => {
      const peer = await knock(port);
      await eventually("open", () => sockets.length === 1);
      for (let i = 0; i < 20; i++) {
        await eventually("room", () => sockets[0]!.send("x".repeat(1000)));
      }
      await peer.frame(19);
      peer.destroy();
    });
  });

  row("max message: fragments count as one message", async () => {
    const log = logging();
    await serving(openToAll(log.handlers, { maxMessageBytes: 1000 }), async (port) => {
      await eachRowInTurn([[1000, "message"], [1001, `close 1009 ${TOO_BIG}`]], async ([size, outcome]) => {
        log.events.length = 0;
        const peer = await knock(port);
        peer.send(OPCODE.text, "x".repeat(600), { final: false });
        peer.send(OPCODE.ping, "between");
        peer.send(OPCODE.continuation, "x".repeat(size - 600));
        if (size > 1000) peer.send(OPCODE.close, closing(1009));
        await log.has(outcome);
        peer.destroy();
        await log.has("close");
      });
    });
  });

  row("idle: 0 turns it off, whatever is usual", async () => {
    const log = logging();
    await serving(openToAll(log.handlers, { idleTimeoutSeconds: 0 }), async (port) => {
      const peer = await knock(port);
      await pause(400);
      assertEquals([log.events, peer.frames], [["open"], []]);
      peer.destroy();
    });
  });

  row("ping API: none here; a peer's pings are answered by the runtime", async () => {
    await talking({}, async (peer, log) => {
      peer.send(OPCODE.ping, "are you there");
      const { opcode, payload } = await peer.frame(0);
      assertEquals([opcode, payload.toString()], [OPCODE.pong, "are you there"]);
      assertEquals(log.events, ["open"]);
    });
  });

  row("close(code): every code that can be sent arrives as it was given", async () => {
    let next: readonly [code?: number, reason?: string] = [];
    const log = logging({ message: (socket) => socket.close(...next) });
    await serving(openToAll(log.handlers), async (port) => {
      const bare = [[], [1000], [1003], [1007], [1014], [3000]] as const;
      const worded = [[1001, "a"], [1011, "b"], [4999, "c"]] as const;
      await eachRowInTurn([...bare, ...worded], async (close) => {
        next = close;
        const peer = await knock(port);
        peer.send(OPCODE.text, "go");
        assertEquals(await peer.closeFrame(), { code: close[0] ?? 1000, reason: close[1] ?? "" });
        peer.destroy();
      });
    });
  });

  row("readyState after close(): closed to everything at once", async () => {
    const seen: unknown[] = [];
    const close = (socket: Socket) => {
      socket.close(4001);
      seen.push(socket.send("x"));
      socket.close(4002);
    };
    await talking({ message: close }, async (peer, log) => {
      peer.send(OPCODE.text, "go");
      assertEquals((await peer.closeFrame()).code, 4001);
      peer.send(OPCODE.close, closing(4001));
      await log.has("close 4001");
      assertEquals([seen, peer.texts], [[false], []]);
    });
  });

  row("data after own close(): not delivered, and the code stays one's own", async () => {
    await talking({ message: (socket) => socket.close(4001, "enough") }, async (peer, log) => {
      peer.send(OPCODE.text, "go");
      await peer.closeFrame();
      for (let i = 0; i < 3; i++) peer.send(OPCODE.text, "late");
      await log.has("close");
      assertEquals(log.events, ["open", "message go", "close 4001 enough"]);
    });
  });

  row("close event after own close(4403, no): 4403 no", async () => {
    await talking({ message: (socket) => socket.close(4403, "no") }, async (peer, log) => {
      peer.send(OPCODE.text, "go");
      await peer.closeFrame();
      peer.end();
      await log.has("close");
      assertEquals(log.events.at(-1), "close 4403 no");
    });
  });

  row("peer closes 4001 y: 4001 y, and is answered in kind", async () => {
    await talking({}, async (peer, log) => {
      peer.send(OPCODE.close, closing(4001, "y"));
      await log.has("close");
      assertEquals(log.events, ["open", "close 4001 y"]);
      assertEquals((await peer.closeFrame()).code, 4001);
    });
  });

  row("peer vanishes, RST, FIN: 1006 without a reason", async () => {
    await eachRowInTurn(["destroy", "reset", "end"], async (vanish) => {
      await talking({}, async (peer, log) => {
        peer[vanish]();
        await log.has("close");
        assertEquals(log.events, ["open", "close 1006 "]);
      });
    });
  });

  row("protocol errors: 1006 on both, and no handler fails", async () => {
    const errors: readonly ((peer: Peer) => void)[] = [
      (peer) => peer.send(OPCODE.text, Buffer.from([0xc3])),
      (peer) => peer.send(OPCODE.text, "x", { reserved: true }),
      (peer) => peer.send(3, "x"),
      (peer) => peer.send(OPCODE.ping, "x".repeat(126)),
      (peer) => peer.send(OPCODE.ping, "x", { final: false }),
      (peer) => peer.send(OPCODE.continuation, "x"),
      (peer) => peer.send(OPCODE.close, "x"),
      (peer) => peer.send(OPCODE.close, closing(1005)),
      (peer) => peer.send(OPCODE.close, closing(999)),
      (peer) => peer.send(OPCODE.close, Buffer.concat([closing(1000), Buffer.from([0xff])])),
    ];
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      await assertBreaks(port, log, errors);
      await assertServes(port);
    });
  });

  row("unmasked client frame: Deno takes it, Bun ends the connection", async () => {
    await talking({}, async (peer, log) => {
      peer.send(OPCODE.text, "bare", { masked: false });
      await log.has(isDeno ? "message bare" : "close");
      assertEquals(log.events, ["open", isDeno ? "message bare" : "close 1006 "]);
    });
  });

  row("throw in a handler: the others' sockets live on", async () => {
    const log = logging({
      message(_, data) {
        if (data === "throw") throw new Error("theirs");
      },
    });
    await serving(openToAll(log.handlers), async (port) => {
      const [one, other] = [await knock(port), await knock(port)];
      one.send(OPCODE.text, "throw");
      assertEquals((await one.closeFrame()).code, 1011);
      other.send(OPCODE.text, "still here");
      await log.has("message still here");
      for (const peer of [one, other]) peer.destroy();
    });
  });
});

test("every trap is here once, and every row that touches us", () => {
  const numbers = traps.map(({ number }) => number);
  assertEquals(numbers.toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
  const own = traps.filter(({ of }) => of === "both" || of === runtime).map(({ number }) => number);
  const other = numbers.filter((number) => !own.includes(number));
  console.log(`traps[${runtime}] closed here: ${own.join(" ")}; asked all the same: ${other.join(" ")}`);
  // By the name before the colon. Not here: HTTP/2, where neither upgrades; remote address, terminate and publish,
  // which a Socket does not have.
  const names = rows.map((name) => name.split(":")[0]!);
  assertEquals(new Set(names).size, names.length);
  assertEquals([names.indexOf("options"), names.indexOf("graceful stop"), names.indexOf("shape")], [
    0,
    25,
    26,
  ]);
  assertEquals(names.length, 45);
});
