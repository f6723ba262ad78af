// The wire to Deno, with a Deno made up for it, so that each line is seen by itself and under Bun too. Whether there is
// a Deno is decided when the module is loaded, so a copy of it is loaded for each. The real one is asked in
// `traps_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Socket, upgradeHandler } from "@wsgate/wsgate";
import { denoRuntime } from "../../src/socket/deno.ts";
import { Session } from "../../src/socket/session.ts";
import { printed } from "../doubles.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { connectRaw, handshakeBytes, handshakeHeaders, runtime, serve } from "../runtime.ts";
import { logging, pause } from "./peer.ts";

/** In place of the console: nothing may go there. */
function throwOn(error: unknown): never {
  throw error;
}

type Wire = typeof import("../../src/socket/deno.ts");
/** What a socket of Deno's has, where a test looks at it or calls it. */
class FakeSocket {
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: unknown = null;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];
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
  const limits = { idleTimeoutSeconds, maxMessageBytes: 100, maxBufferedBytes: 100 };
  const session = new Session(new Request("http://site.test/"), protocol, log.handlers, limits, throwOn);
  const returned = denoRuntime.upgrade(session.request, undefined, session, headers)!;
  return { socket, session, log, calls, response, returned };
}

// First: the sockets made up below do not all open, and are reported too.
test("a copy of a request is not upgraded in silence", { timeout: 60_000 }, async () => {
  const handler = upgradeHandler({});
  const server = serve((request, context) => handler(new Request(request), context));
  const all = await printed(async () => {
    const bytes = handshakeBytes("/", handshakeHeaders("site.test"));
    const held = [connectRaw(server.port), connectRaw(server.port)];
    for (const client of held) client.write(bytes);
    for (const client of held) await client.until(runtime === "deno" ? "HTTP/1.1 101" : "HTTP/1.1 426");
    // Deno never opens it: after ten seconds the operator is told, once.
    if (runtime === "deno") await pause(11_000);
    for (const client of held) client.destroy();
  });
  // Deno has a word of its own to say when a request is copied.
  const lines = all.filter(({ text }) => text.startsWith("wsgate"));
  assertEquals(lines.length, 1);
  if (runtime === "bun") assertStringIncludes(lines[0]!.text, "wsgate refused (426 not-a-handshake)");
  if (runtime === "deno") {
    assertEquals(lines[0]!.level, "error");
    assertStringIncludes(
      lines[0]!.text,
      'wsgate: a socket failed: "Error: it did not open within 10 seconds',
    );
    assertStringIncludes(lines[0]!.text, "a copy of the request (in Hono pass `c.req.raw`)");
  }
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
    socket.onopen!();
    await pause(0);
    assertEquals([session.wasOpened, log.events], [true, ["open"]]);
  });

  test("every event has its listener before it returns: nothing that comes early is lost", async () => {
    const { socket } = await upgraded();
    eachRow(["onopen", "onmessage", "onclose"], (name) => assert(socket[name] !== null));
  });

  test("send, what is waiting, and close are the socket's", async () => {
    const { socket, session } = await upgraded();
    socket.onopen!();
    await pause(0);
    const bytes = new Uint8Array([1]);
    assertEquals([session.send("text"), session.send(bytes)], [true, true]);
    socket.bufferedAmount = 99;
    assertEquals([session.send("xx"), session.send("x")], [false, true]);
    socket.bufferedAmount = 0;
    assertEquals(session.send("xx"), true);
    assertEquals(socket.sent, ["text", bytes, "x", "xx"]);
    assertStrictEquals(socket.sent[1], bytes);
    session.close(4001, "y");
    assertEquals(socket.closes, [[4001, "y"]]);
    socket.onclose!({ code: 4001, reason: "" });
    await pause(0);
  });

  test("text comes as a string and bytes as a Uint8Array, never as a Blob", async () => {
    const messages: unknown[] = [];
    const { socket, session } = await upgraded();
    assertEquals(socket.binaryType, "arraybuffer");
    session.received = (data) => void messages.push(data);
    socket.onmessage!({ data: "text" });
    socket.onmessage!({ data: "" });
    socket.onmessage!({ data: new Uint8Array([1, 2]).buffer });
    assertEquals(messages, ["text", "", new Uint8Array([1, 2])]);
  });

  test("an error is nothing that a handler hears of: a close follows, with the code of no close frame", async () => {
    const { socket, log } = await upgraded();
    socket.onopen!();
    await pause(0);
    assertEquals([socket.onerror, log.events], [null, ["open"]]);
    socket.onclose!({ code: 0, reason: "" });
    await pause(0);
    assertEquals(log.events, ["open", "close 1006 "]);
  });

  test("an idle peer's two close events are one", async () => {
    const { socket, log } = await upgraded();
    socket.onopen!();
    socket.onclose!({ code: 1001, reason: "No response from ping frame." });
    socket.onclose!({ code: 1005, reason: "" });
    await pause(0);
    assertEquals(log.events, ["open", "close 1001 No response from ping frame."]);
  });

  test("the idle time is Deno's to watch: there is no ping to send", async () => {
    const { socket, log } = await upgraded({ idleTimeoutSeconds: 0.02 });
    socket.onopen!();
    await pause(60);
    assertEquals([log.events, socket.sent, socket.closes], [["open"], [], []]);
    socket.onclose!({ code: 1000, reason: "" });
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
    const limits = { idleTimeoutSeconds: 0, maxMessageBytes: 1, maxBufferedBytes: 1 };
    const show = () => {
      const handlers = { open: (socket: Socket) => socket.close(4403, "origin-not-allowed") };
      const session = new Session(new Request("http://site.test/"), "", handlers, limits, throwOn);
      return denoRuntime.show(session.request, undefined, session) !== null;
    };
    throws = true;
    for (let i = 0; i < 300; i++) assertEquals(show(), false);
    throws = false;
    for (let i = 0; i < 256; i++) assertEquals(show(), true);
    assertEquals(show(), false);
    sockets[0]!.onopen!();
    await pause(0);
    assertEquals(sockets[0]!.closes, [[4403, "origin-not-allowed"]]);
    assertEquals(show(), false);
    sockets[0]!.onclose!({ code: 1005, reason: "" });
    assertEquals([show(), show()], [true, false]);
    // Of an idle peer Deno makes two.
    sockets[0]!.onclose!({ code: 1005, reason: "" });
    assertEquals(show(), false);
    for (const { onclose } of sockets.slice(1)) onclose!({ code: 1006, reason: "" });
    await pause(0);
  });

  test("what Deno throws is thrown, before anything is touched", async () => {
    const { denoRuntime } = await load({
      upgradeWebSocket() {
        throw new TypeError("Http: Already upgraded");
      },
    });
    const log = logging();
    const limits = { idleTimeoutSeconds: 0, maxMessageBytes: 1, maxBufferedBytes: 1 };
    const session = new Session(new Request("http://site.test/"), "", log.handlers, limits, throwOn);
    const upgrade = () => denoRuntime.upgrade(session.request, undefined, session, new Headers());
    assertThrows(upgrade, TypeError, "Already upgraded");
    await pause(0);
    assertEquals([session.wasOpened, log.events], [false, []]);
  });
});
