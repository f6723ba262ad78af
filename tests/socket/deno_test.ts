// The wire to Deno, with a Deno made up for it, so that each line is seen by itself and under Bun too. Whether there is
// a Deno is decided when the module is loaded, so a copy of it is loaded for each. The real one is asked in
// `traps_test.ts`.

import { describe, test } from "node:test";
import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { originValidator, upgradeHandler } from "@wsgate/wsgate";
import { denoRuntime } from "../../src/socket/deno.ts";
import { Session } from "../../src/socket/session.ts";
import { lastSweep } from "../../src/socket/sweep.ts";
import { printed } from "../doubles.ts";
import { eachRowInTurn } from "../rows.ts";
import { connectRaw, handshakeBytes, handshakeHeaders, runtime, serve } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import { kindOf } from "./kinds.ts";
import { eventually, logging, pause } from "./peer.ts";

const words = wordsOf(import.meta.url);

type Wire = typeof import("../../src/socket/deno.ts");
/** What a socket of Deno's has, where a test looks at it or calls it. */
class FakeSocket {
  binaryType = "blob";
  readyState = 1;
  /** Bytes that the peer has not read. */
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];
  readonly #listeners = new Map<string, { handleEvent(event: unknown): void }>();
  get types(): string[] {
    return [...this.#listeners.keys()];
  }
  addEventListener(type: string, listener: { handleEvent(event: unknown): void }): void {
    assertEquals(this.#listeners.has(type), false);
    this.#listeners.set(type, listener);
  }
  emit(type: string, members: Record<string, unknown> = {}): void {
    this.#listeners.get(type)!.handleEvent({ type, ...members });
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(...args: unknown[]): void {
    this.closes.push(args);
  }
}

let copies = 0;
/** Loads the wire with `fake` for Deno. */
async function load(fake: unknown): Promise<Wire> {
  const real = Object.getOwnPropertyDescriptor(globalThis, "Deno");
  Object.defineProperty(globalThis, "Deno", { value: fake, configurable: true });
  try {
    return await import(`../../src/socket/deno.ts?copy=${copies++}`);
  } finally {
    if (real === undefined) Reflect.deleteProperty(globalThis, "Deno");
    else Object.defineProperty(globalThis, "Deno", real);
  }
}

/** One upgrade, and all that it left behind. */
async function upgraded(
  {
    protocol = "",
    idleTimeoutSeconds = 30,
    headers = new Headers(),
    context = undefined as unknown,
  } = {},
) {
  const socket = new FakeSocket();
  const response = new Response(null, {
    headers: { "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
  });
  const calls: unknown[][] = [];
  const { denoRuntime } = await load({
    upgradeWebSocket(...args: unknown[]) {
      calls.push(args);
      return { socket, response };
    },
  });
  const log = logging();
  const kind = kindOf(log.handlers, { idleTimeoutSeconds, maxMessageBytes: 100, maxBufferedBytes: 300 });
  const session = new Session(new Request("http://site.test/"), protocol, kind);
  const returned = denoRuntime.upgrade(session.request, context, session, headers)!;
  return { socket, session, log, calls, response, returned };
}

// First: the sockets made up below do not all open, and are reported too.
test("a copy of a request is not upgraded in silence", { timeout: 60_000 }, async () => {
  const handler = originValidator(upgradeHandler({}), ["*"]);
  const server = serve((request, context) => handler(new Request(request), context));
  const all = await printed(async () => {
    const bytes = handshakeBytes("/", handshakeHeaders("site.test"));
    const held = [connectRaw(server.port), connectRaw(server.port)];
    for (const client of held) client.write(bytes);
    for (const client of held) await client.until(runtime === "deno" ? "HTTP/1.1 101" : "HTTP/1.1 426");
    // Deno never opens it: after ten seconds, and two rounds of the sweep, the operator has been told, once.
    if (runtime === "deno") await pause(13_000);
    for (const client of held) client.destroy();
  });
  // Deno has a word of its own to say when a request is copied.
  const lines = all.filter(({ text }) => text.startsWith("wsgate"));
  assertEquals(lines.length, 1);
  if (runtime === "bun") assertStringIncludes(lines[0]!.text, "426 not-a-handshake");
  if (runtime === "deno") {
    assertEquals(lines[0]!.level, "error");
    assertStringIncludes(lines[0]!.text, "c.req.raw");
  }
  words.assertOn(runtime, "a copy of a request", lines[0]!.text);
  // On Deno it does not end while such a socket is there, so it is not waited for.
  const stopped = server.stop();
  if (runtime === "bun") await stopped;
});

test("Deno is known by what it upgrades with", async () => {
  assertEquals(denoRuntime.owns(undefined), runtime === "deno");
  assertEquals((await load({ upgradeWebSocket: () => {} })).denoRuntime.owns(undefined), true);
  const others = [undefined, null, {}, { upgradeWebSocket: true }, { version: { deno: "1.0.0" } }];
  await eachRowInTurn(others, async (other) => {
    assertEquals((await load(other)).denoRuntime.owns(undefined), false);
  });
});

describe("denoRuntime", () => {
  test("passes the very request and the idle time, and none of the options that do not work", async () => {
    await eachRowInTurn([0, 0.5, 30, 86_400], async (idleTimeoutSeconds) => {
      const { calls, session } = await upgraded({ idleTimeoutSeconds, protocol: "chat" });
      assertEquals(calls.length, 1);
      assertStrictEquals(calls[0]![0], session.request);
      assertEquals(calls[0]!.slice(1), [{ idleTimeout: idleTimeoutSeconds }]);
    });
  });

  test("returns Deno's own response, with more headers", async () => {
    const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-more", "y"]]);
    const { response, returned } = await upgraded({ headers });
    assertStrictEquals(returned, response);
    assertEquals(returned.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(returned.headers.get("x-more"), "y");
    assertEquals(returned.headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertEquals(returned.headers.get("sec-websocket-protocol"), null);
  });

  test("names the subprotocol that was chosen, whatever the headers say", async () => {
    const { returned } = await upgraded({ protocol: "chat" });
    assertEquals([...returned.headers.keys()], ["sec-websocket-accept", "sec-websocket-protocol"]);
    assertEquals(returned.headers.get("sec-websocket-protocol"), "chat");
  });

  test("the session hears of the socket once that is open, not before", async () => {
    const { socket, session, log } = await upgraded();
    await pause(0);
    assertEquals([session.wasOpened, log.events], [false, []]);
    socket.emit("open");
    await pause(0);
    assertEquals([session.wasOpened, log.events], [true, ["open"]]);
  });

  test("every event has its listener before it returns: nothing that comes early is lost", async () => {
    const { socket } = await upgraded();
    assertEquals(socket.types, ["open", "message", "close"]);
  });

  test("send, what is waiting, and close are the socket's; 64 bytes are charged for each message", async () => {
    const { socket, session, log } = await upgraded();
    socket.emit("open");
    await pause(0);
    const bytes = new Uint8Array([1]);
    assertEquals([session.send("text"), session.send(bytes)], [true, true]);
    assertEquals(socket.sent, ["text", bytes]);
    assertStrictEquals(socket.sent[1], bytes);
    socket.bufferedAmount = 5;
    assertEquals(session.bufferedBytes, 4 + 64 + 1 + 64);
    assertEquals([session.send("x".repeat(168)), session.send("x".repeat(167))], [false, true]);
    socket.bufferedAmount = 0;
    await log.has("drain");
    assertEquals([log.events, session.bufferedBytes], [["open", "drain"], 0]);
    session.close(4001, "y");
    socket.emit("close", { code: 4001, reason: "" });
    await pause(0);
  });

  test("nothing is sent between the end of a socket and the event that tells of it", async () => {
    const { socket, session } = await upgraded();
    socket.emit("open");
    assertEquals(session.send("x"), true);
    for (const ended of [2, 3]) {
      socket.readyState = ended;
      assertEquals(session.send("y"), false);
    }
    assertEquals(socket.sent, ["x"]);
  });

  test("memory that another thread may write to is copied: Deno would refuse it", async () => {
    const { socket, session } = await upgraded();
    socket.emit("open");
    const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2);
    shared.set([5, 6]);
    assertEquals(session.send(shared), true);
    shared.fill(0);
    const [sent] = socket.sent as [Uint8Array];
    assertEquals([[...sent], sent.buffer instanceof ArrayBuffer], [[5, 6], true]);
  });

  test("closes when all has left, and when Deno has read what is here already", async () => {
    const { socket, session } = await upgraded();
    socket.emit("open");
    session.close(4001, "y");
    assertEquals(
      socket.closes,
      [],
      "a message that is here already would end the connection without the close frame",
    );
    await eventually("the close", () => socket.closes.length > 0);
    const other = await upgraded();
    other.socket.emit("open");
    other.session.send("before");
    other.socket.bufferedAmount = 6;
    other.session.close(4002, "z");
    await pause(100);
    assertEquals(other.socket.closes, []);
    other.socket.bufferedAmount = 0;
    await eventually("the close", () => other.socket.closes.length > 0);
    assertEquals([socket.closes, other.socket.closes], [[[4001, "y"]], [[4002, "z"]]]);
  });

  test("a peer that does not read is closed all the same, when its session is given up", async () => {
    const { socket, session, log } = await upgraded();
    socket.emit("open");
    await pause(0);
    session.send("never read");
    socket.bufferedAmount = 10;
    session.close(4001, "y");
    for (let i = 0; i < 100; i++) session.sweep(lastSweep() + 60_000);
    assertEquals(socket.closes, [[4001, "y"]]);
    await pause(0);
    assertEquals(log.events, ["open", "close 4001 y"]);
  });

  test("one that reads nothing any more is told, should it read on one day", async () => {
    const { socket, session, log } = await upgraded({ idleTimeoutSeconds: 2 });
    socket.emit("open");
    await pause(0);
    session.send("never read");
    socket.bufferedAmount = 10;
    session.sweep(lastSweep() + 60_000);
    assertEquals(socket.closes, [[1001, "No response from ping frame."]]);
    socket.emit("message", { data: "reads on" });
    socket.emit("close", { code: 1001, reason: "" });
    session.close();
    await pause(0);
    assertEquals(socket.closes.length, 1);
    assertEquals(log.events, ["open", "close 1001 No response from ping frame."]);
  });

  const addresses: readonly [context: unknown, address: string | null][] = [
    [{ remoteAddr: { transport: "tcp", hostname: "192.0.2.7", port: 5 } }, "192.0.2.7"],
    [{ remoteAddr: { transport: "unix", path: "/run/it.sock" } }, null],
    [{ remoteAddr: null }, null],
    [{}, null],
    [null, null],
    [undefined, null],
  ];
  for (const [context, address] of addresses) {
    test(`of ${JSON.stringify(context)} the peer's address is ${address}`, async () => {
      const { socket, session } = await upgraded({ context });
      assertEquals(session.remoteAddress, null);
      socket.emit("open");
      assertEquals(session.remoteAddress, address);
      socket.emit("close", { code: 1000, reason: "" });
      await pause(0);
      assertEquals(session.remoteAddress, address, "in `close` too");
    });
  }

  test("text comes as a string and bytes as a Uint8Array, never as a Blob", async () => {
    const messages: unknown[] = [];
    const { socket, session } = await upgraded();
    assertEquals(socket.binaryType, "arraybuffer");
    session.received = (data) => void messages.push(data);
    socket.emit("message", { data: "text" });
    socket.emit("message", { data: "" });
    socket.emit("message", { data: new Uint8Array([1, 2]).buffer });
    assertEquals(messages, ["text", "", new Uint8Array([1, 2])]);
  });

  test("an error is nothing that a handler hears of: a close follows, with the code of no close frame", async () => {
    const { socket, log } = await upgraded();
    socket.emit("open");
    await pause(0);
    assertEquals(log.events, ["open"]);
    socket.emit("close", { code: 0, reason: "" });
    await pause(0);
    assertEquals(log.events, ["open", "close 1006 "]);
  });

  test("an idle peer's two close events are one", async () => {
    const { socket, log } = await upgraded();
    socket.emit("open");
    socket.emit("close", { code: 1001, reason: "No response from ping frame." });
    socket.emit("close", { code: 1005, reason: "" });
    await pause(0);
    assertEquals(log.events, ["open", "close 1001 No response from ping frame."]);
  });

  test("the idle time is Deno's to watch: there is no ping to send", async () => {
    const { socket, log } = await upgraded({ idleTimeoutSeconds: 0.02 });
    socket.emit("open");
    await pause(60);
    assertEquals([log.events, socket.sent, socket.closes], [["open"], [], []]);
    socket.emit("close", { code: 1000, reason: "" });
    await pause(0);
  });

  test("shows 256 denials at once: one is over when its connection is gone, not when this side has closed", async () => {
    const sockets: FakeSocket[] = [];
    let throws = false;
    const { denoRuntime } = await load({
      upgradeWebSocket() {
        if (throws) throw new TypeError("Http: Already upgraded");
        sockets.push(new FakeSocket());
        return { socket: sockets.at(-1), response: new Response(null) };
      },
    });
    const show = () => {
      const kind = kindOf({ open: (socket) => socket.close(4403, "origin-not-allowed") });
      const session = new Session(new Request("http://site.test/"), "", kind);
      return denoRuntime.show(session.request, undefined, session) !== null;
    };
    throws = true;
    for (let i = 0; i < 300; i++) assertEquals(show(), false);
    throws = false;
    for (let i = 0; i < 256; i++) assertEquals(show(), true);
    assertEquals(show(), false);
    sockets[0]!.emit("open");
    await eventually("it is closed", () => sockets[0]!.closes.length > 0);
    assertEquals(sockets[0]!.closes, [[4403, "origin-not-allowed"]]);
    assertEquals(show(), false);
    sockets[0]!.emit("close", { code: 1005, reason: "" });
    assertEquals([show(), show()], [true, false]);
    // Of an idle peer Deno makes two.
    sockets[0]!.emit("close", { code: 1005, reason: "" });
    assertEquals(show(), false);
    for (const socket of sockets.slice(1)) socket.emit("close", { code: 1006, reason: "" });
    await pause(0);
  });

  test("what Deno throws is thrown, before anything is touched", async () => {
    const { denoRuntime } = await load({
      upgradeWebSocket() {
        throw new TypeError("Http: Already upgraded");
      },
    });
    const log = logging();
    const session = new Session(new Request("http://site.test/"), "", kindOf(log.handlers));
    const upgrade = () => denoRuntime.upgrade(session.request, undefined, session, new Headers());
    assertThrows(upgrade, TypeError, "Already upgraded");
    await pause(0);
    assertEquals([session.wasOpened, log.events], [false, []]);
  });
});

words.end();
