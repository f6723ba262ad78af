// The state of one socket, driven through a wire that does whatever a runtime might do, swept by
// hand. What real runtimes do is in `traps_test.ts`.

import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  CLOSE_TIMEOUT_SECONDS,
  OPEN_TIMEOUT_SECONDS,
  Session,
  SILENT,
  TOO_BIG,
  TOO_MANY_SOCKETS,
  TOO_MANY_WAITING,
  type Wire,
} from "../../src/socket/session.ts";
import type { Limits, Socket, SocketHandlers } from "../../src/socket/socket.ts";
import { lastSweep, sweepInterval } from "../../src/socket/sweep.ts";
import { printed, untyped } from "../doubles.ts";
import { Random, seed } from "../random.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { kindOf } from "./kinds.ts";
import { type Log, logging } from "./peer.ts";

const words = wordsOf(import.meta.url);

/** A wire that writes down what it is told to do. */
class FakeWire implements Wire {
  readonly remoteAddress = "192.0.2.7";
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: string[] = [];
  pings = 0;
  /** What waits to be sent. */
  waiting = 0;
  /** Whether it has room for another message. */
  hasRoom = true;
  /** The bounds that it was told. */
  readonly bounds: number[] = [];
  abandoned: string[] = [];
  /** Runs inside end(), as Bun's close event does. */
  onEnd = () => {};
  send(data: string | Uint8Array, maxBufferedBytes: number): boolean {
    this.bounds.push(maxBufferedBytes);
    if (this.hasRoom) this.sent.push(data);
    return this.hasRoom;
  }
  bufferedBytes(): number {
    return this.waiting;
  }
  end(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
    this.onEnd();
  }
  abandon(code: number, reason: string): void {
    this.abandoned.push(`${code} ${reason}`);
  }
  sendPing(): void {
    this.pings++;
  }
}

/** One whose runtime pings by itself, and knows what is stuck. */
class SelfPingingWire implements Wire {
  readonly remoteAddress = null;
  readonly closes: string[] = [];
  /** How long something has waited, in milliseconds. */
  stuckMs = 0;
  abandoned: string[] = [];
  send(): boolean {
    return true;
  }
  bufferedBytes(): number {
    return 0;
  }
  end(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
  }
  abandon(code: number, reason: string): void {
    this.abandoned.push(`${code} ${reason}`);
  }
  isStuck(_now: number, limitMs: number): boolean {
    return this.stuckMs >= limitMs;
  }
}

interface Setup {
  readonly session: Session;
  readonly wire: FakeWire;
  readonly log: Log;
  /** What would go to the console. */
  readonly reports: unknown[];
}

/** A session that no wire has opened yet. */
function connecting(then: SocketHandlers = {}, limits: Partial<Limits> = {}): Setup {
  const log = logging(then);
  const reports: unknown[] = [];
  const report = (error: unknown) => void reports.push(error);
  const kind = kindOf(log.handlers, limits, { report, reportLimit: report });
  const session = new Session(new Request("http://site.test/"), "", kind);
  return { session, wire: new FakeWire(), log, reports };
}

/** An open session, whose `open` handler was called; that event is forgotten. */
async function opened(then: SocketHandlers = {}, limits: Partial<Limits> = {}): Promise<Setup> {
  const setup = connecting(then, limits);
  setup.session.opened(setup.wire);
  await turn();
  assertEquals(setup.log.events.splice(0), ["open"]);
  return setup;
}

/** Every microtask that is due, and those that they ask for. */
async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await null;
}

// ------------------------------------------------------------------------------------- open and close

describe("open", () => {
  test("is called once and first, after the wire's own call has returned", async () => {
    const { session, wire, log } = connecting();
    assertEquals(session.wasOpened, false);
    session.opened(wire);
    assertEquals([session.wasOpened, log.events], [true, []]);
    await turn();
    assertEquals(log.events, ["open"]);
    session.opened(new FakeWire());
    await turn();
    assertEquals(log.events, ["open"]);
    session.send("still the first wire");
    assertEquals(wire.sent, ["still the first wire"]);
  });

  test("messages that are here before it was called wait for it, in order", async () => {
    const { session, wire, log } = connecting();
    session.opened(wire);
    session.received("a");
    session.received("b");
    assertEquals(log.events, []);
    await turn();
    session.received("c");
    assertEquals(log.events, ["open", "message a", "message b", "message c"]);
  });

  test("it comes before a close that is here before it was called, and so do the messages between", async () => {
    const { session, wire, log } = connecting();
    session.opened(wire);
    session.received("a");
    session.closed(4001, "y");
    session.received("too late");
    await turn();
    assertEquals(log.events, ["open", "message a", "close 4001 y"]);
  });

  test("nothing is delivered before a wire has opened it", async () => {
    const { session, log } = connecting();
    session.received("early");
    session.heard();
    await turn();
    assertEquals(log.events, []);
  });

  test("a socket that is gone before it was open is nothing that a handler hears of", async () => {
    const { session, wire, log } = connecting();
    session.closed(0, "");
    await turn();
    session.opened(wire);
    session.received("late");
    await turn();
    assertEquals(log.events, []);
  });

  test("a message that waits for it is not delivered where it closes", async () => {
    const { session, wire, log } = connecting({ open: (socket) => socket.close(4001) });
    session.opened(wire);
    session.received("waiting");
    await turn();
    session.closed(1005, "");
    await turn();
    assertEquals(log.events, ["open", "close 4001 "]);
  });

  test("a session that is over does not open any more", async () => {
    const { session, wire, log } = await opened();
    session.closed(1000, "");
    await turn();
    session.opened(wire);
    session.received("late");
    await turn();
    assertEquals(log.events, ["close 1000 "]);
  });

  test("its socket is the session, with the request and the protocol as given", async () => {
    const request = new Request("http://site.test/");
    const sockets: Socket[] = [];
    const kind = kindOf({ open: (socket) => void sockets.push(socket) });
    const session = new Session(request, "chat", kind);
    session.opened(new FakeWire());
    await turn();
    assertStrictEquals(sockets[0], session);
    assertStrictEquals(session.request, request);
    assertEquals(session.protocol, "chat");
    assertEquals([session.remoteAddress, session.bufferedBytes, session.data], ["192.0.2.7", 0, undefined]);
  });
});

describe("close", () => {
  const codes: readonly [said: [number, string], told: string][] = [
    [[0, ""], "close 1006 "], // Deno, without a close frame
    [[1006, ""], "close 1006 "], // Bun, without a close frame
    [[1005, ""], "close 1005 "],
    [[1000, ""], "close 1000 "],
    [[1001, "going"], "close 1001 going"],
    [[1011, ""], "close 1011 "],
    [[3000, "x"], "close 3000 x"],
    [[4001, "y"], "close 4001 y"],
    [[4999, "z"], "close 4999 z"],
  ];
  for (const [[code, reason], told] of codes) {
    test(`a peer's ${code} ${JSON.stringify(reason)} is told as "${told}", and ends it`, async () => {
      const { session, wire, log } = await opened();
      session.closed(code, reason);
      assertEquals(log.events, [], "not inside the wire's own call");
      assertEquals(session.send("x"), false);
      session.close(4000);
      await turn();
      assertEquals([log.events, wire.sent, wire.closes], [[told], [], []]);
    });
  }

  test("only the first of several close events counts", async () => {
    const { session, log } = await opened();
    session.closed(1001, "No response from ping frame.");
    session.closed(1005, "");
    await turn();
    session.closed(0, "");
    await turn();
    assertEquals(log.events, ["close 1001 No response from ping frame."]);
  });

  for (const [code, reason] of [[1005, ""], [0, ""], [1006, ""], [4002, "theirs"], [1000, ""]] as const) {
    test(`after one's own close a ${code} ${JSON.stringify(reason)} from the wire is told as one's own`, async () => {
      const { session, wire, log } = await opened();
      session.close(4001, "ours");
      assertEquals(wire.closes, ["4001 ours"]);
      await turn();
      assertEquals(log.events, []);
      session.closed(code, reason);
      await turn();
      assertEquals(log.events, ["close 4001 ours"]);
    });
  }

  test("only the first own close counts", async () => {
    const { session, wire, log } = await opened();
    session.close(4001, "first");
    session.close(4002, "second");
    session.close();
    session.closed(1005, "");
    session.close(4003, "third");
    await turn();
    assertEquals([wire.closes, log.events], [["4001 first"], ["close 4001 first"]]);
  });

  test("a wire that ends it inside of close() does not call the handler there", async () => {
    const order: string[] = [];
    const { session, wire, log } = await opened({
      message(socket) {
        socket.close(4001, "y");
        order.push("returned");
      },
      close: () => void order.push("closed"),
    });
    wire.onEnd = () => session.closed(4001, "y");
    session.received("go");
    await turn();
    assertEquals([order, log.events], [["returned", "closed"], ["message go", "close 4001 y"]]);
  });

  test("in the same turn as open: open, then close, and nothing more", async () => {
    const { session, wire, log } = connecting();
    wire.onEnd = () => session.closed(1000, "");
    session.opened(wire);
    session.close();
    await turn();
    assertEquals([wire.closes, log.events], [["1000 "], ["open", "close 1000 "]]);
  });

  test("nothing is delivered after one's own close, nor is anything sent", async () => {
    const { session, wire, log } = await opened();
    session.close();
    session.received("late");
    assertEquals(session.send("late"), false);
    await turn();
    assertEquals([log.events, wire.sent], [[], []]);
  });

  test("before it is open it does nothing", async () => {
    const { session, wire, log } = connecting();
    session.close(4001, "early");
    assertEquals(session.wasOpened, false);
    session.opened(wire);
    await turn();
    session.closed(1005, "");
    await turn();
    assertEquals([wire.closes, log.events], [[], ["open", "close 1005 "]]);
  });
});

// ------------------------------------------------------------------------------------------- the limits

/** One character each, and how many bytes of UTF-8 it is. A lone surrogate is sent as U+FFFD. */
const CHARACTERS: readonly [name: string, character: string, bytes: number][] = [
  ["ASCII", "a", 1],
  ["NUL", "\0", 1],
  ["U+007F, the last of one byte", "\x7f", 1],
  ["U+0080, the first of two bytes", "\x80", 2],
  ["U+07FF, the last of two bytes", "\u07ff", 2],
  ["U+0800, the first of three bytes", "\u0800", 3],
  ["U+FFFF", "\uffff", 3],
  ["U+1F600, a pair of surrogates", "\u{1f600}", 4],
  ["U+10FFFF", "\u{10ffff}", 4],
  ["a lone high surrogate", "\ud800a".slice(0, 1), 3],
  ["a lone low surrogate", "\udc00", 3],
];

describe("maxMessageBytes", () => {
  for (const [name, character, bytes] of CHARACTERS) {
    test(`counts bytes, exactly: ${name}`, async () => {
      await eachRowInTurn([1, 2, 5, 30, 31], async (count) => {
        const text = character.repeat(count);
        assertEquals(Buffer.byteLength(text), bytes * count);
        const fits = await opened({}, { maxMessageBytes: bytes * count });
        fits.session.received(text);
        assertEquals([fits.log.events, fits.wire.closes], [[`message ${text}`], []]);
        if (bytes * count === 1) return;
        const over = await opened({}, { maxMessageBytes: bytes * count - 1 });
        over.session.received(text);
        assertEquals([over.log.events, over.wire.closes], [[], [`1009 ${TOO_BIG}`]]);
      });
    });
  }

  test("counts the bytes of bytes", async () => {
    const { session, wire, log } = await opened({}, { maxMessageBytes: 3 });
    session.received(new Uint8Array([1, 2, 3]));
    session.received(new Uint8Array(0));
    assertEquals([log.events, wire.closes], [["message [1,2,3]", "message []"], []]);
    session.received(new Uint8Array(4));
    session.received(new Uint8Array(1));
    session.closed(1005, "");
    await turn();
    assertEquals(wire.closes, [`1009 ${TOO_BIG}`]);
    assertEquals(log.events, ["message [1,2,3]", "message []", `close 1009 ${TOO_BIG}`]);
  });

  test("the empty message passes, and what is handed on is what came", async () => {
    const messages: unknown[] = [];
    const { session } = await opened({ message: (_, data) => void messages.push(data) }, {
      maxMessageBytes: 1,
    });
    const bytes = new Uint8Array([7]);
    session.received("");
    session.received(bytes);
    assertEquals(messages.length, 2);
    assertEquals(messages[0], "");
    assertStrictEquals(messages[1], bytes);
  });

  test("an over-long message before `open` was called ends it too", async () => {
    const { session, wire, log } = connecting({}, { maxMessageBytes: 1 });
    session.opened(wire);
    session.received("ab");
    await turn();
    session.closed(1005, "");
    await turn();
    assertEquals([wire.closes, log.events], [[`1009 ${TOO_BIG}`], ["open", `close 1009 ${TOO_BIG}`]]);
  });
});

describe("send()", () => {
  test("true: queued, and handed to the wire as it is", async () => {
    const { session, wire } = await opened();
    const bytes = new Uint8Array([1, 2]);
    const buffer = Buffer.from("x");
    const part = new Uint8Array(new ArrayBuffer(8), 2, 3);
    eachRow(["", "text", bytes, buffer, part, new Uint8Array(0)], (data) => {
      assertEquals(session.send(data), true);
    });
    assertEquals(wire.sent.length, 6);
    assertEquals(wire.sent.slice(0, 2), ["", "text"]);
    assertStrictEquals(wire.sent[2], bytes);
    assertStrictEquals(wire.sent[3], buffer);
    assertStrictEquals(wire.sent[4], part);
  });

  test("in the `open` handler it is sent, and from within any other", async () => {
    const { session, wire } = connecting({
      open: (socket) => void socket.send("hello"),
      message: (socket) => void socket.send("echo"),
      close: (socket) => assertEquals(socket.send("gone"), false),
    });
    session.opened(wire);
    session.received("x");
    await turn();
    session.closed(1000, "");
    await turn();
    assertEquals(wire.sent, ["hello", "echo"]);
  });

  test("false before it is open, while it is closing, and when it is closed", async () => {
    const { session, wire } = connecting();
    assertEquals(session.send("x"), false);
    session.opened(wire);
    await turn();
    assertEquals(session.send("x"), true);
    session.close();
    assertEquals(session.send("x"), false);
    session.closed(1005, "");
    assertEquals(session.send("x"), false);
    await turn();
    assertEquals(session.send("x"), false);
    assertEquals(wire.sent, ["x"]);
  });

  test("a TypeError for whatever is neither a string nor a Uint8Array, in every state", async () => {
    const { session, wire } = connecting();
    const wrong: unknown[] = [
      undefined,
      null,
      0,
      5,
      5n,
      true,
      Symbol("x"),
      {},
      [],
      [1, 2],
      () => "x",
      Object("text"),
      new ArrayBuffer(2),
      new DataView(new ArrayBuffer(2)),
      new Uint16Array(2),
      new Int8Array(2),
      new Uint8ClampedArray(2),
      new Blob(["x"]),
      new Date(),
    ];
    const assertAllThrow = () => {
      eachRow(wrong, (data) => {
        const { message } = assertThrows(() => session.send(untyped(data)), TypeError);
        words.assert("send() of what is no message", message);
      });
    };
    assertAllThrow();
    session.opened(wire);
    await turn();
    assertAllThrow();
    session.close();
    assertAllThrow();
    session.closed(1005, "");
    assertAllThrow();
    assertEquals(wire.sent, []);
  });
});

describe("maxBufferedBytes", () => {
  test("is the wire's to keep to, and what the wire says of it is said", async () => {
    const { session, wire } = await opened({}, { maxBufferedBytes: 7 });
    assertEquals(session.send("a"), true);
    wire.hasRoom = false;
    assertEquals([session.send("b"), session.send(new Uint8Array(1))], [false, false]);
    wire.hasRoom = true;
    assertEquals(session.send("c"), true);
    assertEquals([wire.sent, wire.bounds, wire.closes], [["a", "c"], [7, 7, 7, 7], []]);
  });

  test("`bufferedBytes` is what the wire says, and 0 before it opens", async () => {
    const { session, wire } = connecting();
    wire.waiting = 5;
    assertEquals(session.bufferedBytes, 0);
    session.opened(wire);
    await turn();
    assertEquals(session.bufferedBytes, 5);
  });
});

describe("drain", () => {
  test("is called once nothing waits, where a message had found no room", async () => {
    const { session, wire, log } = await opened();
    session.drained();
    assertEquals(log.events, [], "nothing was refused");
    wire.hasRoom = false;
    wire.waiting = 5;
    session.send("no room");
    session.send("no room");
    assertEquals(log.events, []);
    session.drained();
    session.drained();
    assertEquals(log.events, ["drain"]);
    session.send("no room");
    session.drained();
    assertEquals(log.events, ["drain", "drain"]);
  });

  test("not for a message that no empty buffer would take: there is nothing to wait for", async () => {
    const { session, wire, log } = await opened();
    wire.hasRoom = false;
    assertEquals(session.send("too long for any buffer"), false);
    session.drained();
    assertEquals(log.events, []);
  });

  test("waits for no other handler, and none waits for it", async () => {
    const { session, wire, log } = await opened({
      message: () => new Promise(() => {}),
      drain: () => new Promise(() => {}),
    });
    wire.hasRoom = false;
    wire.waiting = 5;
    session.send("no room");
    session.received("hangs");
    session.drained();
    assertEquals(log.events, ["message hangs", "drain"]);
    const other = await opened({ drain: () => new Promise(() => {}) });
    other.wire.hasRoom = false;
    other.wire.waiting = 5;
    other.session.send("no room");
    other.session.drained();
    other.session.received("x");
    assertEquals(other.log.events, ["drain", "message x"]);
  });

  test("never after a close, of either side", async () => {
    for (
      const end of [(session: Session) => session.close(), (session: Session) => session.closed(1000, "")]
    ) {
      const { session, wire, log } = await opened();
      wire.hasRoom = false;
      wire.waiting = 5;
      session.send("no room");
      end(session);
      session.drained();
      await turn();
      assertEquals(log.events.filter((event) => event === "drain"), []);
    }
  });

  test("that fails is told to `error`, and closes with 1011", async () => {
    for (const failWith of Object.values(FAILURES)) {
      const { session, wire, log } = await opened({ drain: () => untyped(failWith(new Error("theirs"))) });
      wire.hasRoom = false;
      wire.waiting = 5;
      session.send("no room");
      session.drained();
      await turn();
      assertEquals([log.events, wire.closes], [["drain", "error Error: theirs"], ["1011 "]]);
    }
  });
});

test("maxMessageBytes counts like an encoder, for any text", async () => {
  const random = new Random();
  const characters = CHARACTERS.map(([, character]) => character);
  let fitted = 0;
  for (let i = 0; i < 1000; i++) {
    const text = Array.from({ length: random.below(12) }, () => random.pick(characters)).join("");
    const size = Buffer.byteLength(text);
    const limit = Math.max(1, size + random.below(7) - 3);
    const { session, wire, log } = await opened({}, { maxMessageBytes: limit });
    const says = `${JSON.stringify(text)}, limit ${limit}, seed ${seed}`;
    session.received(text);
    assertEquals([log.events.length, wire.closes.length], size <= limit ? [1, 0] : [0, 1], says);
    if (size <= limit) fitted++;
  }
  assertGreater(fitted, 200);
  assertGreater(1000 - fitted, 200);
});

// ------------------------------------------------------------------------------------------ one by one

/** A handler whose promises are settled by hand. */
function slow(): { readonly message: () => Promise<void>; readonly settle: () => Promise<void> } {
  const waiting: (() => void)[] = [];
  return {
    message: () => new Promise<void>((resolve) => waiting.push(resolve)),
    async settle() {
      waiting.shift()!();
      await turn();
    },
  };
}

describe("handlers of one socket", () => {
  test("wait for each other: `open` settles before the first message, each message before the next", async () => {
    const { message, settle } = slow();
    const { session, wire, log } = connecting({ open: message, message });
    session.opened(wire);
    session.received("a");
    await turn();
    session.received("b");
    assertEquals(log.events, ["open"]);
    await settle();
    assertEquals(log.events, ["open", "message a"]);
    await settle();
    assertEquals(log.events, ["open", "message a", "message b"]);
    session.closed(1000, "");
    await turn();
    assertEquals(log.events, ["open", "message a", "message b"]);
    await settle();
    assertEquals(log.events, ["open", "message a", "message b", "close 1000 "]);
  });

  test("one that returns no promise runs at once, inside of the wire's own call", async () => {
    const { session, log } = await opened();
    for (let i = 0; i < 3; i++) {
      session.received(`${i}`);
      assertEquals(log.events.length, i + 1);
    }
  });

  test("what came in before the peer's close is handled before `close`", async () => {
    const { message, settle } = slow();
    const { session, wire, log } = await opened({ message });
    session.received("a");
    session.received("b");
    session.received("c");
    session.closed(4002, "theirs");
    await settle();
    await settle();
    assertEquals(log.events, ["message a", "message b", "message c"]);
    assertEquals([session.send("too late"), wire.sent], [false, []]);
    await settle();
    assertEquals(log.events, ["message a", "message b", "message c", "close 4002 theirs"]);
  });

  for (
    const [how, end] of [
      ["close()", (session: Session) => session.close(4001, "ours")],
      ["1009", (session: Session) => session.received("x".repeat(1001))],
      ["1008", (session: Session) => {
        for (let i = 0; i < 101; i++) session.received("y");
      }],
    ] as const
  ) {
    test(`what waits when this side closes (${how}) is not handled any more`, async () => {
      const { message, settle } = slow();
      const { session, wire, log } = await opened({ message });
      session.received("a");
      session.received("b");
      end(session);
      session.received("late");
      await settle();
      assertEquals(log.events, ["message a"]);
      session.closed(1005, "");
      await turn();
      assertEquals(log.events, ["message a", `close ${wire.closes[0]}`]);
    });
  }

  test("what waits when one fails is not handled any more", async () => {
    let reject = (_error: unknown) => {};
    const { session, wire, log } = await opened({ message: () => new Promise((_, no) => reject = no) });
    session.received("a");
    session.received("b");
    reject(new Error("theirs"));
    await turn();
    assertEquals([log.events, wire.closes], [["message a", "error Error: theirs"], ["1011 "]]);
  });

  test("a slow handler of one socket holds up no other", async () => {
    const log = logging({ message: (socket) => socket.data === "slow" ? new Promise(() => {}) : undefined });
    const kind = kindOf(log.handlers);
    const [slow, quick] = [0, 1].map(() => new Session(new Request("http://site.test/"), "", kind));
    for (const session of [slow!, quick!]) session.opened(new FakeWire());
    slow!.data = "slow";
    await turn();
    for (const session of [slow!, quick!]) session.received("a");
    for (const session of [slow!, quick!]) session.received("b");
    assertEquals(log.events, ["open", "open", "message a", "message a", "message b"]);
  });

  test("many that wait are handled in their order, each once", async () => {
    const heard: string[] = [];
    const { session } = await opened({
      message: async (_, data) => {
        heard.push(String(data));
        await null;
      },
    }, { maxWaitingMessages: 10_000 });
    const sent = Array.from({ length: 3000 }, (_, index) => `${index}`);
    for (const text of sent.slice(0, 2000)) session.received(text);
    while (heard.length < 1000) await turn();
    for (const text of sent.slice(2000)) session.received(text);
    for (let i = 0; heard.length < 3000 && i < 10_000; i++) await turn();
    assertEquals(heard, sent);
  });
});

describe("maxWaitingMessages", () => {
  test("so many may wait, besides the one that is being handled; over it 1008, and the operator is told", async () => {
    const { message } = slow();
    const { session, wire, log, reports } = await opened({ message }, { maxWaitingMessages: 3 });
    for (const text of ["a", "b", "c", "d"]) session.received(text);
    assertEquals([log.events, wire.closes, reports], [["message a"], [], []]);
    session.received("e");
    assertEquals([wire.closes, reports.length], [[`1008 ${TOO_MANY_WAITING}`], 1]);
    assertStringIncludes(String(reports[0]), "maxWaitingMessages");
    words.assert("too many messages wait", String(reports[0]));
    session.received("f");
    assertEquals([log.events, reports.length], [["message a"], 1]);
  });

  test("those that were handled are not counted", async () => {
    const { message, settle } = slow();
    const { session, wire, log } = await opened({ message }, { maxWaitingMessages: 2 });
    session.received("0");
    for (let i = 1; i < 1000; i++) {
      session.received(`${i}`);
      await settle();
    }
    assertEquals([log.events.length, wire.closes], [1000, []]);
  });

  test("nor may what waits have more than 16 times the bytes of the largest message", async () => {
    const { message } = slow();
    const { session, wire } = await opened({ message }, { maxMessageBytes: 10 });
    session.received("0123456789");
    for (let i = 0; i < 16; i++) session.received(i % 2 ? "0123456789" : new Uint8Array(10));
    session.received("");
    assertEquals(wire.closes, []);
    session.received("1");
    assertEquals(wire.closes, [`1008 ${TOO_MANY_WAITING}`]);
  });
});

describe("maxSockets", () => {
  test("one too many is closed with 1013 and never heard of; with one less there is room again", async () => {
    const log = logging();
    const reports: unknown[] = [];
    const reportLimit = (error: unknown) => void reports.push(error);
    const kind = kindOf(log.handlers, { maxSockets: 2 }, { reportLimit });
    const enter = async () => {
      const session = new Session(new Request("http://site.test/"), "", kind);
      const wire = new FakeWire();
      session.opened(wire);
      await turn();
      return { session, wire };
    };
    const [first] = [await enter(), await enter()];
    const third = await enter();
    assertEquals([log.events, third.wire.closes], [["open", "open"], [`1013 ${TOO_MANY_SOCKETS}`]]);
    assertStringIncludes(String(reports[0]), "maxSockets");
    words.assert("too many sockets", String(reports[0]));
    third.session.received("x");
    third.session.closed(1005, "");
    await turn();
    assertEquals(log.events, ["open", "open"]);
    assertEquals(kind.open, 2);
    first.session.closed(1000, "");
    await turn();
    assertEquals(log.events, ["open", "open", "close 1000 "]);
    await enter();
    assertEquals([log.events.at(-1), kind.open], ["open", 2]);
  });
});

// ------------------------------------------------------------------------------------- close's arguments

describe("close()", () => {
  const assertCarriesNoCode = (session: Session, code: unknown) => {
    const { message } = assertThrows(() => session.close(untyped(code)), RangeError);
    const at = message.lastIndexOf(String(code));
    assert(at >= 0, message);
    const text = `${message.slice(0, at)}CODE${message.slice(at + String(code).length)}`;
    words.assert("close() with a code that no frame can carry", text);
  };

  test("takes exactly the codes that a close frame can carry (RFC 6455 §7.4)", async () => {
    await eachRowInTurn(Array.from({ length: 5202 }, (_, i) => i - 2), async (code) => {
      const sendable = code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 ||
        code >= 3000 && code <= 4999;
      const { session, wire } = await opened();
      if (sendable) session.close(code);
      else assertCarriesNoCode(session, code);
      assertEquals(wire.closes, sendable ? [`${code} `] : []);
    });
  });

  const wrong: readonly unknown[] = [
    65_536,
    65_536 + 1000,
    2 ** 32 + 1000,
    1000.5,
    4000.000001,
    -1000,
    NaN,
    Infinity,
    -Infinity,
    null,
    "",
    "1000",
    "abc",
    true,
    1000n,
    Symbol("1000"),
    [1000],
    Object(1000),
    { valueOf: () => 1000 },
    () => 1000,
  ];
  for (const code of wrong) {
    test(`throws a RangeError for ${String(typeof code)} ${String(code)}, and leaves the socket open`, async () => {
      const { session, wire, log } = await opened();
      assertCarriesNoCode(session, code);
      assertEquals([session.send("still"), wire.closes], [true, []]);
      session.close(4000, "now");
      session.closed(1005, "");
      await turn();
      assertEquals([wire.closes, log.events], [["4000 now"], ["close 4000 now"]]);
    });
  }

  test("is 1000 without a reason by default", async () => {
    const nothing: [(number | undefined)?, (string | undefined)?][] = [
      [],
      [undefined],
      [undefined, undefined],
      [1000],
      [1000, ""],
    ];
    await eachRowInTurn(nothing, async (args) => {
      const { session, wire } = await opened();
      session.close(...args);
      assertEquals(wire.closes, ["1000 "]);
    });
  });

  for (const [name, character, bytes] of CHARACTERS) {
    test(`takes 123 bytes of reason, and a RangeError for more: ${name}`, async () => {
      const whole = Math.floor(123 / bytes);
      const fits = character.repeat(whole) + "a".repeat(123 - whole * bytes);
      assertEquals(Buffer.byteLength(fits), 123);
      const { session, wire } = await opened();
      const tooLong = ["a" + fits, fits + "a", character + fits, character.repeat(124), fits.repeat(1000)];
      eachRow(tooLong, (over) => {
        const { message } = assertThrows(() => session.close(4000, over), RangeError);
        words.assert("close() with a longer reason", message);
      });
      assertEquals([session.send("still"), wire.closes], [true, []]);
      session.close(4000, fits);
      assertEquals(wire.closes, [`4000 ${fits}`]);
    });
  }

  test("makes a string of any other reason, as the web's WebSocket does", async () => {
    const reasons = [[5, "5"], [null, "null"], [true, "true"], [{}, "[object Object]"]];
    await eachRowInTurn(reasons, async ([reason, text]) => {
      const { session, wire, log } = await opened();
      session.close(4000, untyped(reason));
      session.closed(1005, "");
      await turn();
      assertEquals([wire.closes, log.events], [[`4000 ${text}`], [`close 4000 ${text}`]]);
    });
    const { session, wire } = await opened();
    const hostile = { toString: () => fail("no string") };
    assertThrows(() => session.close(4000, untyped(hostile)), Error, "no string");
    assertThrows(() => session.close(4000, untyped(Object.create(null))), TypeError);
    assertEquals([session.send("still"), wire.closes], [true, []]);
  });

  test("tells a wrong argument in every state", async () => {
    const { session, wire } = connecting();
    const assertBothThrow = () => {
      assertThrows(() => session.close(1005), RangeError);
      assertThrows(() => session.close(1000, "a".repeat(124)), RangeError);
    };
    assertBothThrow();
    session.opened(wire);
    session.close();
    assertBothThrow();
    session.closed(1005, "");
    assertBothThrow();
    await turn();
  });
});

/** What user code throws. */
function fail(message: string): never {
  throw new Error(message);
}

// ------------------------------------------------------------------------------------------- the sweep

/** Sweeps as it is done once in a while, this long after the last thing that happened. */
async function sweepAfter(session: Session, seconds: number): Promise<void> {
  // A little more: with a clock's fractions the sum may come out a little less.
  session.sweep(lastSweep() + seconds * 1000 + 0.001);
  await turn();
}

/** How late anything is seen to have happened, in seconds. */
const LATE = sweepInterval(10_000) / 1000;

describe("idleTimeoutSeconds", () => {
  test("a silent peer is pinged after half of it and closed after all of it", async () => {
    const { session, wire, log } = await opened({}, { idleTimeoutSeconds: 10 });
    await sweepAfter(session, 4.9 + LATE);
    assertEquals(wire.pings, 0);
    await sweepAfter(session, 5 + LATE);
    await sweepAfter(session, 6 + LATE);
    assertEquals([wire.pings, wire.closes], [1, []]);
    await sweepAfter(session, 9.9 + LATE);
    assertEquals([wire.pings, wire.closes], [1, []]);
    await sweepAfter(session, 10 + LATE);
    assertEquals([wire.pings, wire.closes], [1, ["1001 No response from ping frame."]]);
    session.closed(1006, "");
    await turn();
    assertEquals(log.events, ["close 1001 No response from ping frame."]);
  });

  const signs: readonly [what: string, give: (session: Session) => void][] = [
    ["a pong", (session) => session.heard()],
    ["a text", (session) => session.received("x")],
    ["an empty message", (session) => session.received("")],
    ["bytes", (session) => session.received(new Uint8Array(2))],
  ];
  for (const [what, give] of signs) {
    test(`${what} counts as a sign of life, from then on`, async () => {
      const { session, wire } = await opened({}, { idleTimeoutSeconds: 10 });
      await sweepAfter(session, 9 + LATE);
      assertEquals(wire.pings, 1);
      give(session);
      await sweepAfter(session, 4.9 + LATE);
      assertEquals(wire.pings, 1);
      await sweepAfter(session, 5 + LATE);
      assertEquals(wire.pings, 2, "pinged again 5 seconds after the sign");
      await sweepAfter(session, 10 + LATE);
      assertEquals(wire.closes, ["1001 No response from ping frame."]);
    });
  }

  test("0 turns it off", async () => {
    const { session, wire } = await opened({}, { idleTimeoutSeconds: 0 });
    await sweepAfter(session, 1e6);
    assertEquals([wire.pings, wire.closes], [0, []]);
  });

  test("where the runtime pings by itself, who is silent stays, and who reads nothing is given up", async () => {
    const { session, log } = connecting({}, { idleTimeoutSeconds: 10 });
    const wire = new SelfPingingWire();
    session.opened(wire);
    await turn();
    await sweepAfter(session, 1000);
    wire.stuckMs = 9_999;
    await sweepAfter(session, 1000);
    assertEquals([log.events, wire.abandoned], [["open"], []]);
    wire.stuckMs = 10_000;
    await sweepAfter(session, 9.9 + LATE);
    assertEquals(log.events, ["open"], "it was heard since");
    await sweepAfter(session, 10 + LATE);
    assertEquals([log.events, wire.abandoned], [["open", `close 1001 ${SILENT}`], [`1001 ${SILENT}`]]);
  });
});

describe("a peer that does not answer a close frame", () => {
  test("is given up no later than said, with the code of whoever closed", async () => {
    const { session, log } = await opened();
    session.close(4001, "ours");
    await sweepAfter(session, CLOSE_TIMEOUT_SECONDS - 2 * LATE);
    assertEquals(log.events, []);
    await sweepAfter(session, CLOSE_TIMEOUT_SECONDS - LATE + 0.001);
    assertEquals(log.events, ["close 4001 ours"]);
    session.closed(0, "");
    await sweepAfter(session, 1000);
    assertEquals(log.events, ["close 4001 ours"]);
  });

  test("one that answers is told of at once, and only then", async () => {
    const { session, log } = await opened({}, { idleTimeoutSeconds: 30 });
    session.close(4001, "ours");
    await sweepAfter(session, 1);
    session.closed(4001, "");
    await turn();
    await sweepAfter(session, 1000);
    assertEquals(log.events, ["close 4001 ours"]);
  });
});

describe("a handler that hangs", () => {
  test("puts `close` off no longer than said, whoever closed", async () => {
    for (const close of [(it: Session) => it.close(4001, "y"), (it: Session) => it.closed(4001, "y")]) {
      const { message, settle } = slow();
      const { session, log } = await opened({ message });
      session.received("hangs");
      session.received("waits");
      close(session);
      await sweepAfter(session, CLOSE_TIMEOUT_SECONDS - 2 * LATE);
      assertEquals(log.events, ["message hangs"]);
      await sweepAfter(session, CLOSE_TIMEOUT_SECONDS - LATE + 0.001);
      assertEquals(log.events, ["message hangs", "close 4001 y"]);
      await settle();
      assertEquals(log.events, ["message hangs", "close 4001 y"], "nothing after `close`");
    }
  });

  test("in `open` lets no message through, and `close` is called all the same", async () => {
    const { session, wire, log } = connecting({ open: () => new Promise(() => {}) });
    session.opened(wire);
    await turn();
    session.received("waits");
    session.closed(1000, "");
    await sweepAfter(session, CLOSE_TIMEOUT_SECONDS);
    assertEquals(log.events, ["open", "close 1000 "]);
  });
});

test("a session that does not open is reported and given up, but not closed", async () => {
  const { session, log } = connecting();
  const lines = await printed(async () => {
    session.connecting();
    await sweepAfter(session, OPEN_TIMEOUT_SECONDS - 0.001 + LATE);
    assertEquals(log.events, []);
    await sweepAfter(session, OPEN_TIMEOUT_SECONDS + LATE);
  });
  // Once in a program, so another file may have heard it before.
  assert(lines.length <= 1);
  for (const { text } of lines) assertStringIncludes(text, "c.req.raw");
  assertEquals(log.events, []);
});

// ------------------------------------------------------------------------------------- what handlers throw

/** Ways in which user code fails with `error`. */
const FAILURES: Readonly<Record<string, (error: unknown) => unknown>> = {
  "throws": (error) => {
    throw error;
  },
  "rejects": (error) => Promise.reject(error),
  "rejects later": async (error) => {
    await null;
    throw error;
  },
  "returns a thenable that rejects": (error) => ({
    then: (_: unknown, reject: (error: unknown) => void) => reject(error),
  }),
  "returns a thenable that throws": (error) => ({
    then: () => {
      throw error;
    },
  }),
  "returns what throws when it is asked for `then`": (error) =>
    Object.defineProperty({}, "then", {
      get: () => {
        throw error;
      },
    }),
  "returns what throws when it is looked at": (error) =>
    new Proxy({}, {
      has: () => {
        throw error;
      },
    }),
};

/** How each handler is made to run; by then the socket is open, or closed. */
const EVENTS: Readonly<Record<"open" | "message" | "close", (session: Session, wire: FakeWire) => unknown>> =
  {
    open: (session, wire) => session.opened(wire),
    message: (session, wire) => {
      session.opened(wire);
      return turn().then(() => session.received("x"));
    },
    close: (session, wire) => {
      session.opened(wire);
      return turn().then(() => session.closed(1000, ""));
    },
  };

// That nothing is unhandled needs no assertion: an unhandled rejection fails the running test on both runtimes.
describe("a handler that fails", () => {
  const bare = (handlers: SocketHandlers) => {
    const reports: unknown[] = [];
    const report = (error: unknown) => void reports.push(error);
    const session = new Session(new Request("http://site.test/"), "", kindOf(handlers, {}, { report }));
    return { session, wire: new FakeWire(), reports };
  };

  for (const [event, raise] of Object.entries(EVENTS)) {
    for (const [how, failWith] of Object.entries(FAILURES)) {
      const closes = event === "close" ? [] : ["1011 "];

      test(`${event} ${how}: \`error\` gets it, the console does not, 1011`, async () => {
        const problem = new Error("theirs");
        const told: unknown[] = [];
        const handlers = {
          [event]: () => untyped(failWith(problem)),
          error: (...args: unknown[]) => void told.push(...args),
        };
        const { session, wire, reports } = bare(handlers);
        await raise(session, wire);
        await turn();
        assertEquals([told.length, reports, wire.closes], [2, [], closes]);
        assertStrictEquals(told[0], session);
        assertStrictEquals(told[1], problem);
      });

      test(`${event} ${how}, without \`error\`: the console gets it, 1011`, async () => {
        const problem = new Error("theirs");
        const { session, wire, reports } = bare({ [event]: () => untyped(failWith(problem)) });
        await raise(session, wire);
        await turn();
        assertEquals([reports.length, wire.closes], [1, closes]);
        assertStrictEquals(reports[0], problem);
      });

      test(`${event} throws and then \`error\` ${how}: the console gets the second, 1011`, async () => {
        const [first, second] = [new Error("first"), new Error("second")];
        const { session, wire, reports } = bare({
          [event]: () => {
            throw first;
          },
          error: () => untyped(failWith(second)),
        });
        await raise(session, wire);
        await turn();
        assertEquals([reports.length, wire.closes], [1, closes]);
        assertStrictEquals(reports[0], second);
      });
    }
  }

  test("whatever is thrown, undefined included", async () => {
    const problems = [undefined, null, 0, "", "text", Symbol("x"), {}, Object.create(null)];
    await eachRowInTurn(product(problems, Object.values(FAILURES)), async ([problem, failWith]) => {
      const { session, wire, reports } = bare({ message: () => untyped(failWith(problem)) });
      session.opened(wire);
      await turn();
      session.received("x");
      await turn();
      assertEquals([reports.length, wire.closes], [1, ["1011 "]]);
      assertStrictEquals(reports[0], problem);
    });
  });

  test("is told by `close` with 1011, once the peer has answered", async () => {
    const { session, log, reports } = await opened({ message: () => fail("theirs") });
    session.received("x");
    session.closed(1005, "");
    await turn();
    assertEquals(log.events, ["message x", "error Error: theirs", "close 1011 "]);
    assertEquals(reports, []);
  });

  test("`open` that fails lets no message through any more", async () => {
    const { session, wire, log } = connecting({ open: () => fail("theirs") });
    session.opened(wire);
    await turn();
    session.received("late");
    session.closed(1005, "");
    await turn();
    assertEquals(log.events, ["open", "error Error: theirs", "close 1011 "]);
  });

  test("after one's own close the code stays one's own", async () => {
    const { session, wire, log } = await opened({
      message(socket) {
        socket.close(4001, "mine");
        throw new Error("theirs");
      },
    });
    session.received("x");
    session.closed(1005, "");
    await turn();
    assertEquals(wire.closes, ["4001 mine"]);
    assertEquals(log.events, ["message x", "error Error: theirs", "close 4001 mine"]);
  });

  test("`error` may close with a code of its own", async () => {
    const { session, wire, log } = await opened({
      message: () => fail("theirs"),
      error: (socket) => socket.close(4500, "sorry"),
    });
    session.received("x");
    session.closed(1005, "");
    await turn();
    assertEquals([wire.closes, log.events.at(-1)], [["4500 sorry"], "close 4500 sorry"]);
  });

  test("one that rejects after the peer's close is told before `close`, which waits for it", async () => {
    let reject = (_error: unknown) => {};
    const { session, log, wire } = await opened({ message: () => new Promise((_, no) => reject = no) });
    session.received("x");
    session.closed(1000, "");
    await turn();
    reject(new Error("late"));
    await turn();
    assertEquals(log.events, ["message x", "error Error: late", "close 1000 "]);
    assertEquals(wire.closes, []);
  });

  test("one that rejects after `close` is told to the console alone", async () => {
    let reject = (_error: unknown) => {};
    const { session, log, reports } = await opened({ message: () => new Promise((_, no) => reject = no) });
    session.received("x");
    session.closed(1000, "");
    await sweepAfter(session, CLOSE_TIMEOUT_SECONDS);
    reject(new Error("late"));
    await turn();
    assertEquals([log.events, reports.map(String)], [["message x", "close 1000 "], ["Error: late"]]);
  });

  test("a wrong argument to send() or close() is such a failure", async () => {
    await eachRowInTurn([
      (socket: Socket) => socket.close(1006),
      (socket: Socket) => void socket.send(untyped(5)),
    ], async (wrong) => {
      const { session, wire, log } = await opened({ message: wrong });
      session.received("x");
      assertEquals([log.events.length, wire.closes], [2, ["1011 "]]);
    });
  });

  test("handlers that return something are left alone, and none at all is fine", async () => {
    const { session, wire, reports } = bare({});
    session.opened(wire);
    await turn();
    session.received("x");
    session.closed(1000, "");
    await turn();
    const values = [5, "x", null, {}, () => {}, Promise.resolve(5), { then: (done: () => void) => done() }];
    await eachRowInTurn(values, async (value) => {
      const other = bare({
        open: () => untyped(value),
        message: () => untyped(value),
        close: () => untyped(value),
      });
      other.session.opened(other.wire);
      await turn();
      other.session.received("x");
      other.session.closed(1000, "");
      await turn();
      assertEquals([other.reports, other.wire.closes], [[], []]);
    });
    assertEquals([reports, wire.closes], [[], []]);
  });
});

test("handlers are called as methods of their object, a class's instance included", async () => {
  class Room {
    readonly #heard: string[] = [];
    get heard(): readonly string[] {
      return this.#heard;
    }
    open() {
      this.#heard.push("open");
    }
    message(_: Socket, data: string | Uint8Array) {
      this.#heard.push(String(data));
      throw new Error("theirs");
    }
    close() {
      this.#heard.push("close");
    }
    error() {
      this.#heard.push("error");
    }
  }
  const room = new Room();
  const session = new Session(new Request("http://site.test/"), "", kindOf(room));
  session.opened(new FakeWire());
  await turn();
  session.received("x");
  session.closed(1005, "");
  await turn();
  assertEquals([...room.heard], ["open", "x", "error", "close"]);
});

// --------------------------------------------------------------------------------------- any order at all

test("whatever a wire and a user do in whatever order, open is first and close is last, each at most once", async () => {
  const random = new Random();
  let [opens, messages, closes] = [0, 0, 0];
  for (let i = 0; i < 2000; i++) {
    const { session, wire, log, reports } = connecting({
      message: (socket) => {
        if (random.oneIn(6)) socket.close(4001, "from a handler");
        if (random.oneIn(6)) throw new Error("theirs");
      },
    }, { maxMessageBytes: 3 });
    if (random.oneIn(2)) wire.onEnd = () => session.closed(1006, "");
    const steps: readonly (() => unknown)[] = [
      () => session.received(random.pick(["x", "yy", "too long"])),
      () => session.closed(random.pick([0, 1005, 1006, 4002]), ""),
      () => session.close(random.pick([1000, 4003])),
      () => session.send("x"),
      () => session.heard(),
      () => session.opened(new FakeWire()),
    ];
    const path: string[] = [];
    if (random.oneIn(10)) session.received("early");
    session.opened(wire);
    await turn();
    for (let step = random.below(8); step > 0; step--) {
      const index = random.oneIn(2) ? 0 : random.below(steps.length);
      path.push(String(index));
      // Closing is forgotten once it has begun: what comes then must not be delivered.
      const before = log.events.length;
      const wasOver = session.send("") === false;
      steps[index]!();
      await turn();
      if (wasOver) {
        assert(log.events.slice(before).every((event) => event.startsWith("close")), `${path}, seed ${seed}`);
      }
    }
    session.closed(1005, "");
    await turn();
    const says = `${log.events.join()} after ${path}, seed ${seed}`;
    assertEquals(log.events.indexOf("open"), 0, says);
    assertEquals(log.events.lastIndexOf("open"), 0, says);
    assertEquals(log.events.findIndex((event) => event.startsWith("close")), log.events.length - 1, says);
    assertEquals([wire.closes.length <= 1, reports], [true, []], says);
    opens++;
    messages += log.events.filter((event) => event.startsWith("message")).length;
    closes += wire.closes.length;
  }
  assertEquals(opens, 2000);
  assertGreater(messages, 1000);
  assertGreater(closes, 300);
});

words.end();
