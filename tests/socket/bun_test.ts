// The wire to Bun, with a server and sockets that do what Bun's do, so that every line of it is also run under Deno.
// That they do so is seen where the same is asked of a real server: `upgrade_test.ts`, `traps_test.ts`.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";
import type { BunServer } from "../../src/socket/bun.ts";
import type { Limits, SocketHandlers } from "../../src/socket/socket.ts";
import type { SocketOptions } from "../../src/socket/upgrade.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import { kindOf, ROOMY } from "./kinds.ts";
import { logging, pause } from "./peer.ts";

// Under Deno everything is loaded as if there were none, so that the handlers take the wire to Bun. `refuseVisibly`
// reports once for each copy of its module, and under Bun the files of a run share theirs.
const deno = Object.getOwnPropertyDescriptor(globalThis, "Deno");
if (deno !== undefined) Reflect.deleteProperty(globalThis, "Deno");
const { askServer, bunRuntime, websocket } = await import("../../src/socket/bun.ts");
const { Session, TOO_BIG } = await import("../../src/socket/session.ts");
const { upgradeHandler } = await import("../../src/socket/upgrade.ts");
const { refuseVisibly }: typeof import("../../src/socket/refuse_visibly.ts") = await import(
  `../../src/socket/refuse_visibly.ts${runtime === "bun" ? "?bun_test" : ""}`
);
const { originValidator } = await import("../../src/guard/validators.ts");
const { ConfigError } = await import("../../src/config.ts");
const { denials } = await import("../../src/denial.ts");
const { handshakeRequest, printed, untyped } = await import("../doubles.ts");
if (deno !== undefined) {
  Object.defineProperty(globalThis, "Deno", deno);
  // What is said where the server was not handed on is said on Bun alone.
  Object.defineProperty(globalThis, "Bun", { value: {} });
}

const words = wordsOf(import.meta.url);

/** A socket as Bun hands it to `websocket`. */
class FakeSocket {
  binaryType = "nodebuffer";
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: string[] = [];
  readonly remoteAddress = "192.0.2.7";
  pings = 0;
  waiting = 0;
  /** What Bun's send() says: bytes, 0 for dropped, -1 for queued behind others. */
  sendResult = 1;
  constructor(readonly data: unknown) {}
  getBufferedAmount(): number {
    return this.waiting;
  }
  send(data: string | Uint8Array): number {
    this.sent.push(data);
    return this.sendResult;
  }
  /** Like Bun's: the close event comes before it returns. */
  close(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
    websocket.close(this, code, reason);
  }
  ping(): number {
    this.pings++;
    return 1;
  }
}

/** A server as Bun hands it to `fetch`. */
class FakeServer implements BunServer {
  readonly sockets: FakeSocket[] = [];
  readonly upgrades: { request: Request; headers: Headers; data: unknown }[] = [];
  /** `open`: its `websocket` is this library's; the rest is what may be otherwise. */
  constructor(readonly kind: "open" | "foreign" | "refuses" | "throws" = "open") {}
  upgrade(request: Request, { headers, data }: { headers: Headers; data: unknown }): boolean {
    if (this.kind === "throws") {
      throw new TypeError("To enable websocket support, set the `websocket` object");
    }
    if (this.kind === "refuses") return false;
    this.upgrades.push({ request, headers, data });
    const socket = new FakeSocket(data);
    this.sockets.push(socket);
    // Bun calls `open` inside of upgrade().
    if (this.kind === "open") websocket.open(socket);
    return true;
  }
}

function handshake(more: Record<string, string | null> = {}): Request {
  return handshakeRequest(null, {
    headers: {
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...more,
    },
  });
}

function sessionOf(
  protocol = "",
  handlers: SocketHandlers = {},
  limits: Partial<Limits> = {},
): InstanceType<typeof Session> {
  return new Session(handshake(), protocol, kindOf(handlers, limits));
}

/** A socket of a session that is open. */
function socketOf(session: InstanceType<typeof Session>): FakeSocket {
  const server = new FakeServer();
  bunRuntime.upgrade(session.request, server, session, new Headers());
  return server.sockets[0]!;
}

/** An upgrade handler for every site, on whatever server. */
function upgrader(handlers: SocketHandlers = {}, options: SocketOptions = {}) {
  const guarded = originValidator(upgradeHandler(handlers, options), ["*"]);
  return async (request: Request, server: unknown) => await guarded(request, server);
}

/** What became of an upgrade, and whether a denial can be shown on that server now. */
function upgraded(server: BunServer, session = sessionOf(), headers = new Headers()): string {
  try {
    return bunRuntime.upgrade(session.request, server, session, headers) === null ? "refused" : "upgraded";
  } catch (error) {
    assertInstanceOf(error, TypeError);
    return "elsewhere";
  }
}

/** Whether a denial is shown on a server; one that never can is the operator's to set right. */
function shows(server: BunServer): boolean | "never" {
  const session = sessionOf();
  try {
    return bunRuntime.show(session.request, server, session) !== null;
  } catch (error) {
    assertInstanceOf(error, TypeError);
    return "never";
  }
}

describe("bunRuntime", () => {
  test("hands over the very request, the headers, and what leads to the session", () => {
    const server = new FakeServer();
    const session = sessionOf();
    const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-more", "y"]]);
    assertEquals(upgraded(server, session, headers), "upgraded");
    assertEquals(server.upgrades.length, 1);
    const upgrade = server.upgrades[0]!;
    assertStrictEquals(upgrade.request, session.request);
    websocket.close(server.sockets[0], 1000, "");
    assertEquals(session.send("x"), false);
    assertEquals(upgrade.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(upgrade.headers.get("x-more"), "y");
    assert(session.wasOpened);
  });

  test("always says which subprotocol, or Bun would echo the first offer", () => {
    eachRow(["", "chat"], (protocol) => {
      const server = new FakeServer();
      const session = sessionOf(protocol);
      upgraded(server, session);
      assertEquals([...server.upgrades[0]!.headers], [["sec-websocket-protocol", protocol]]);
    });
  });

  const outcomes: readonly [FakeServer["kind"], outcome: string, ours: boolean][] = [
    ["open", "upgraded", true],
    ["refuses", "refused", false],
    ["throws", "elsewhere", false],
    ["foreign", "elsewhere", false],
  ];
  for (const [kind, outcome, ours] of outcomes) {
    test(`of a server that ${kind}: ${outcome}`, () => {
      const server = new FakeServer(kind);
      assertEquals([shows(server), server.upgrades.length], ["never", 0]);
      const session = sessionOf();
      assertEquals(upgraded(server, session), outcome);
      assertEquals([shows(server), session.wasOpened], [ours || "never", ours]);
      assertEquals(shows(new FakeServer(kind)), "never", "another server is another one");
    });
  }

  test("one bad handshake does not make a server a stranger", () => {
    let refuses = false;
    const server = new FakeServer();
    const wavering = {
      upgrade: (...args: Parameters<FakeServer["upgrade"]>) => !refuses && server.upgrade(...args),
    };
    assertEquals(upgraded(wavering), "upgraded");
    refuses = true;
    assertEquals([upgraded(wavering), shows(wavering)], ["refused", false]);
    refuses = false;
    assertEquals(shows(wavering), true);
  });
});

test("a server is known by its upgrade()", () => {
  const servers = [new FakeServer(), { upgrade() {} }, Object.create({ upgrade: () => true })];
  eachRow(servers, (server) => assertEquals(bunRuntime.owns(server), true));
  const info = {
    remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    completed: Promise.resolve(),
  };
  const others = [
    undefined,
    null,
    5,
    "upgrade",
    Symbol("x"),
    {},
    [],
    { upgrade: true },
    { upgrade: null },
    info,
  ];
  eachRow([...others, () => {}], (other) => assertEquals(bunRuntime.owns(other), false));
});

describe("websocket", () => {
  /** An open session with its socket, and what its handlers were told. */
  async function opened(limits: Partial<Limits> = {}) {
    const log = logging();
    const session = sessionOf("", log.handlers, limits);
    const socket = socketOf(session);
    await pause(0);
    assertEquals(log.events.splice(0), ["open"]);
    return { session, socket, log };
  }

  test("bytes come as a Uint8Array, as on Deno", async () => {
    const { socket, log } = await opened();
    assertEquals(socket.binaryType, "uint8array");
    websocket.message(socket, "text");
    websocket.message(socket, new Uint8Array([1, 2]));
    assertEquals(log.events, ["message text", "message [1,2]"]);
  });

  test("send() is the socket's: what Bun queues is sent too", async () => {
    const { session, socket } = await opened();
    const bytes = new Uint8Array([1, 2]);
    const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2);
    eachRow([4, 0, -1], (result) => {
      socket.sendResult = result;
      assertEquals(session.send("text"), true);
    });
    assertEquals([session.send(bytes), session.send(shared)], [true, true]);
    assertEquals(socket.sent, ["text", "text", "text", bytes, shared]);
    assertStrictEquals(socket.sent[4], shared);
  });

  for (
    const [character, bytes] of [["a", 1], ["é", 2], ["\u0800", 3], ["\u{1f600}", 4], ["\ud800", 3]] as const
  ) {
    test(`no more than maxBufferedBytes wait, exactly: characters of ${bytes} bytes, ${JSON.stringify(character)}`, async () => {
      await eachRowInTurn(product([1, 2, 30, 31], [0, 1, 7]), async ([count, waiting]) => {
        const text = character.repeat(count);
        const { session, socket } = await opened({ maxBufferedBytes: bytes * count + waiting });
        // Bun says so itself when anything starts to wait.
        socket.sendResult = -1;
        session.send("");
        socket.waiting = waiting;
        assertEquals(session.send(text), true);
        socket.waiting = waiting + 1;
        assertEquals([session.send(text), session.bufferedBytes], [false, waiting + 1]);
        assertEquals(socket.sent, ["", text]);
      });
    });
  }

  test("where nothing waits Bun is not asked what does", async () => {
    const { session, socket } = await opened({ maxBufferedBytes: 10 });
    let asked = 0;
    socket.getBufferedAmount = () => ++asked && socket.waiting;
    for (let i = 0; i < 10; i++) assert(session.send("0123456789"));
    assertEquals(asked, 0);
    socket.sendResult = -1;
    session.send("x");
    session.send("x");
    assertEquals(asked, 1);
  });

  test("Bun's drain is the session's, once nothing waits", async () => {
    const { session, socket, log } = await opened({ maxBufferedBytes: 10 });
    socket.sendResult = -1;
    session.send("x");
    socket.waiting = 10;
    assertEquals(session.send("y"), false);
    websocket.drain(socket);
    assertEquals(log.events, []);
    socket.waiting = 0;
    websocket.drain(socket);
    websocket.drain(socket);
    assertEquals(log.events, ["drain"]);
  });

  test("the peer's address is the socket's", async () => {
    const { session } = await opened();
    assertEquals(session.remoteAddress, "192.0.2.7");
  });

  test("a unix socket's peer has none", async () => {
    const { session, socket } = await opened();
    Object.assign(socket, { remoteAddress: "" });
    assertEquals(session.remoteAddress, null);
  });

  test("close() is the socket's; the close event inside of it is told afterwards, with code and reason", async () => {
    const { session, socket, log } = await opened();
    session.close(4001, "y");
    assertEquals([socket.closes, log.events], [["4001 y"], []]);
    await pause(0);
    assertEquals(log.events, ["close 4001 y"]);
  });

  test("a pong is a sign of life", async () => {
    const { session, socket } = await opened();
    let signs = 0;
    session.heard = () => void signs++;
    websocket.pong(socket, new Uint8Array());
    assertEquals(signs, 1);
  });

  test("an idle peer is pinged, and then closed", async () => {
    const { socket, log } = await opened({ idleTimeoutSeconds: 0.1 });
    await log.has("close");
    assert(socket.pings > 0);
    assertEquals(socket.closes, ["1001 No response from ping frame."]);
    assertEquals(log.events, ["close 1001 No response from ping frame."]);
  });

  const closes: readonly [said: [number, string], told: string][] = [
    [[1000, ""], "close 1000 "],
    [[1000, TOO_BIG], `close 1000 ${TOO_BIG}`],
    [[1005, ""], "close 1005 "],
    [[4001, "y"], "close 4001 y"],
    // Bun's own words for the end without a close frame are no reason that anybody gave.
    [[1006, ""], "close 1006 "],
    [[1006, "WebSocket timed out from inactivity"], "close 1006 "],
    [[1006, "Received invalid UTF-8"], "close 1006 "],
    [[1006, "Received too big message or frame"], "close 1006 "],
    // All but these: there Bun has sent 1009 by itself.
    [[1006, TOO_BIG], `close 1009 ${TOO_BIG}`],
  ];
  for (const [[code, reason], told] of closes) {
    test(`Bun's ${code} ${JSON.stringify(reason)} is told as "${told}"`, async () => {
      const { socket, log } = await opened();
      websocket.close(socket, code, reason);
      await pause(0);
      assertEquals(log.events, [told]);
    });
  }

  test("a socket that somebody else has upgraded is closed with 1011, and told once", async () => {
    // It is told once for each copy of the module, and the other files of a run may have had it told.
    const { websocket }: typeof import("../../src/socket/bun.ts") = await import(
      `../../src/socket/bun.ts${runtime === "bun" ? "?bun_test" : ""}`
    );
    const session = { opened: fail, received: fail, closed: fail, heard: fail };
    const lines = await printed(() => {
      eachRow([undefined, null, "text", {}, session], (data) => {
        const socket = new FakeSocket(data);
        websocket.open(socket);
        websocket.message(socket, "text");
        websocket.drain(socket);
        websocket.pong(socket, new Uint8Array());
        assertEquals([socket.binaryType, socket.sent, socket.closes], ["nodebuffer", [], ["1011 "]]);
      });
    });
    assertEquals(lines.map(({ level }) => level), ["error"]);
    words.assert("a socket that somebody else has upgraded", lines[0]!.text);
  });

  test("what stands in `data` is called as frameworks call it, by Bun's names, the socket first", async () => {
    const log = logging();
    const server = new FakeServer("foreign");
    bunRuntime.owns(server);
    let [signs, session] = [0, sessionOf("", log.handlers)];
    try {
      bunRuntime.upgrade(session.request, server, session, new Headers());
    } catch (error) {
      // Not inside of upgrade(), as Bun would: so this server is somebody else's, until it has opened.
      assertInstanceOf(error, TypeError);
    }
    const data = untyped(server.upgrades[0]!.data);
    const socket = new FakeSocket(data);
    data.open(socket);
    await pause(0);
    session.heard = () => void signs++;
    data.message(socket, "x");
    data.drain(socket);
    data.ping(socket, new Uint8Array());
    data.pong(socket, new Uint8Array());
    data.close(socket, 4001, "y");
    await pause(0);
    assertEquals(log.events, ["open", "message x", "close 4001 y"]);
    assertEquals(signs, 3);
  });

  test("nothing of it can be changed, and idle peers are no business of Bun's", () => {
    assert(Object.isFrozen(websocket));
    assertEquals(websocket.idleTimeout, 0);
    const members = [
      "backpressureLimit",
      "close",
      "drain",
      "idleTimeout",
      "maxPayloadLength",
      "message",
      "open",
      "pong",
    ];
    assertEquals(Object.keys(websocket).toSorted(), members);
  });

  test("works when its members are taken out of it", async () => {
    const { open, message, close } = websocket;
    const log = logging();
    const socket = socketOf(sessionOf("", log.handlers));
    open(socket);
    await pause(0);
    message(socket, "x");
    close(socket, 1000, "");
    await pause(0);
    assertEquals(log.events, ["open", "message x", "close 1000 "]);
  });
});

describe("what handlers ask of a server", () => {
  const KIB = 1024;
  const ask = (maxMessageBytes: number, maxBufferedBytes: number): Limits => ({
    ...ROOMY,
    maxMessageBytes,
    maxBufferedBytes,
  });
  /** The module as a program that has just started has it: what a server was told is told for good. */
  let copies = 0;
  const load = (): Promise<typeof import("../../src/socket/bun.ts")> =>
    import(`../../src/socket/bun.ts?copy=${copies++}`);

  test("before any handler: 64 KiB a message, 1 MiB waiting, and twice that before Bun drops anything", async () => {
    const { websocket } = await load();
    assertEquals([websocket.maxPayloadLength, websocket.backpressureLimit], [64 * KIB, 2 * KIB * KIB]);
  });

  test("the largest of what was asked, each by itself, and never less than before any", async () => {
    const { askServer, websocket } = await load();
    eachRow([ask(1, 1), ask(100 * KIB, 1), ask(80 * KIB, 3 * KIB * KIB), ask(5, 2 * KIB * KIB)], (limits) => {
      assertEquals(askServer(limits), true);
    });
    assertEquals([websocket.maxPayloadLength, websocket.backpressureLimit], [100 * KIB, 6 * KIB * KIB]);
  });

  test("once a server was told, more is refused and changes nothing, less and as much is not", async () => {
    const { askServer, websocket } = await load();
    askServer(ask(100 * KIB, 2 * KIB * KIB));
    const said = [websocket.maxPayloadLength, websocket.backpressureLimit];
    assertEquals(said, [100 * KIB, 4 * KIB * KIB]);
    assertEquals(askServer(ask(100 * KIB + 1, 1)), false);
    assertEquals(askServer(ask(1, 2 * KIB * KIB + 1)), false);
    assertEquals(askServer(ask(100 * KIB + 1, 2 * KIB * KIB + 1)), false);
    assertEquals(askServer(ask(100 * KIB, 2 * KIB * KIB)), true);
    assertEquals(askServer(ask(1, 1)), true);
    assertEquals([websocket.maxPayloadLength, websocket.backpressureLimit], said);
  });

  test("each limit is told when it is read: what was not read may still grow", async () => {
    const { askServer, websocket } = await load();
    assertEquals(websocket.maxPayloadLength, 64 * KIB);
    assertEquals(askServer(ask(65 * KIB, 1)), false);
    assertEquals(askServer(ask(64 * KIB, 5 * KIB * KIB)), true);
    assertEquals(websocket.backpressureLimit, 10 * KIB * KIB);
    assertEquals(askServer(ask(64 * KIB, 6 * KIB * KIB)), false);
  });

  test("askServer() takes what is the usual", () => {
    assertEquals(askServer(ask(64 * KIB, KIB * KIB)), true);
    // For the coverage of this module's own copy.
    assert(websocket.maxPayloadLength >= 64 * KIB && websocket.backpressureLimit >= 2 * KIB * KIB);
  });
});

describe("upgradeHandler() on Bun", () => {
  test("upgraded: a response that Bun ignores, and the handlers are called", async () => {
    const log = logging();
    const server = new FakeServer();
    const request = handshake({ "sec-websocket-protocol": "x, chat" });
    const headers = () => [["set-cookie", "a=1"], ["set-cookie", "b=2"]] as const;
    const response = await upgrader(log.handlers, { protocols: ["chat"], headers })(request, server);
    assert(response instanceof Response);
    assertEquals([response.status, response.body], [200, null]);
    const [socket] = server.sockets;
    websocket.message(socket, "hi");
    websocket.close(socket, 1000, "");
    await pause(0);
    assertEquals(log.events, ["open", "message hi", "close 1000 "]);
    assertEquals(log.sockets[0]!.protocol, "chat");
    assertStrictEquals(log.sockets[0]!.request, request);
    assertEquals(server.upgrades[0]!.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(server.upgrades[0]!.headers.get("sec-websocket-protocol"), "chat");
  });

  test("refused by Bun: 426, and the operator is told", async () => {
    const lines = await printed(async () => {
      const response = await upgrader()(handshake(), new FakeServer("refuses"));
      assertEquals([response.status, await response.text()], [426, "Upgrade Required\n"]);
    });
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!.text, "426 not-a-handshake");
    words.assert("refused by Bun", lines[0]!.text);
  });

  const mistakes: readonly [name: string, context: unknown][] = [
    ["without a server", undefined],
    ["with null", null],
    ["with Deno's info", { remoteAddr: {} }],
    ["without `websocket`", new FakeServer("throws")],
    ["with a foreign one", new FakeServer("foreign")],
  ];
  for (const [name, context] of mistakes) {
    test(`${name}: 500 each time, and one report`, async () => {
      const handler = upgrader({ open: () => fail("opened") });
      const lines = await printed(async () => {
        for (let i = 0; i < 3; i++) {
          const response = await handler(handshake(), context);
          assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
          assertEquals(response.headers.get("cache-control"), "no-store");
        }
      });
      assertEquals(lines.map(({ level }) => level), ["error"]);
      words.assert(name, lines[0]!.text);
    });
  }
});

test("a handler that wants more than a server was told is a fault: Bun reads its limits once", () => {
  const message = websocket.maxPayloadLength;
  const buffered = websocket.backpressureLimit / 2;
  upgradeHandler({}, { maxMessageBytes: message, maxBufferedBytes: buffered });
  eachRow([{ maxMessageBytes: message + 1 }, { maxBufferedBytes: buffered + 1 }], (options) => {
    const { issues } = assertThrows(() => upgradeHandler({}, options), ConfigError);
    // Under Bun the files of a run share this: one of them may have asked for all there is.
    const most = message === 64 * 1024 * 1024 - 1;
    assertEquals(issues.map(({ code }) => code), [most ? "out-of-range" : "server-started"]);
    assertEquals(issues[0]!.field, Object.keys(options)[0]);
    if (!most) words.assertOn("deno", "a handler that wants more than a server was told", issues[0]!.fix);
  });
});

describe("refuseVisibly() on Bun", () => {
  const refuse = (server: unknown, more: Record<string, string> = {}) =>
    refuseVisibly(denials["origin-not-allowed"], handshake(more), server);

  test("before a socket of this server has opened: deny each time, and one report in all", async () => {
    const unproven = new FakeServer();
    const contexts = [unproven, new FakeServer("foreign"), undefined, {}];
    const lines = await printed(async () => {
      await eachRowInTurn([...contexts, ...contexts], async (context) => {
        const response = await refuse(context);
        assertEquals([response.status, await response.text()], [403, "Forbidden\n"]);
      });
    });
    assertEquals(unproven.upgrades, [], "a native application must not get the refused socket");
    assertEquals(lines.map(({ level }) => level), ["error"]);
    words.assert("refuseVisibly() before a socket of this server has opened", lines[0]!.text);
  });

  test("afterwards: accepted, and closed at once with code and reason; there is no limit to leak", async () => {
    const server = new FakeServer();
    await upgrader()(handshake(), server);
    for (let i = 0; i < 300; i++) {
      const more = { "sec-websocket-protocol": "bearer.secret, ticket.1, chat" };
      const response = await refuse(server, i === 0 ? more : {});
      assertEquals([response.status, response.body], [200, null]);
    }
    await pause(0);
    assertEquals(server.upgrades[1]!.headers.get("sec-websocket-protocol"), "chat");
    assertEquals(server.sockets.length, 301);
    eachRow(server.sockets.slice(1), (socket) => assertEquals(socket.closes, ["4403 origin-not-allowed"]));
    const unauthenticated = await refuseVisibly(denials["unauthenticated"], handshake(), server);
    await pause(0);
    assertEquals([unauthenticated.status, server.sockets.at(-1)!.closes], [200, ["4401 unauthenticated"]]);
  });

  test("where Bun refuses all the same: deny", async () => {
    let refuses = false;
    const server = new FakeServer();
    const wavering = {
      upgrade: (...args: Parameters<FakeServer["upgrade"]>) => !refuses && server.upgrade(...args),
    };
    await upgrader()(handshake(), wavering);
    refuses = true;
    assertEquals((await refuse(wavering)).status, 403);
  });

  test("what is no good handshake is denied, on a server of ours too", async () => {
    const server = new FakeServer();
    await upgrader()(handshake(), server);
    const response = await refuseVisibly(
      denials["unauthenticated"],
      handshake({ connection: null }),
      untyped(server),
    );
    assertEquals([response.status, server.upgrades.length], [401, 1]);
  });
});

words.end();
