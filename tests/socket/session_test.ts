// The state of one socket, driven through a wire that does whatever a runtime might do, on a clock that is turned by
// hand. What real runtimes do is in `traps_test.ts`.

import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CLOSE_TIMEOUT_SECONDS,
  Session,
  type Socket,
  type SocketHandlers,
  TOO_BIG,
  type Wire,
} from "../../src/socket/session.ts";
import { untyped } from "../doubles.ts";
import { Random, seed } from "../random.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { type Log, logging } from "./peer.ts";

const ROOMY = { idleTimeoutSeconds: 0, maxMessageBytes: 1000, maxBufferedBytes: 1000 };

/** A wire that writes down what it is told to do. */
class FakeWire implements Wire {
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: string[] = [];
  pings = 0;
  /** What a runtime says is waiting. */
  waiting = 0;
  /** Runs inside close(), as Bun's close event does. */
  onClose = () => {};
  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }
  bufferedBytes(): number {
    return this.waiting;
  }
  close(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
    this.onClose();
  }
  ping(): void {
    this.pings++;
  }
}

/** The same without ping(), as on Deno. */
function wireWithoutPing(): Wire & { readonly closes: string[] } {
  const wire = new FakeWire();
  return {
    closes: wire.closes,
    send: (data) => wire.send(data),
    bufferedBytes: () => wire.bufferedBytes(),
    close: (code, reason) => wire.close(code, reason),
  };
}

interface Setup {
  readonly session: Session;
  readonly wire: FakeWire;
  readonly log: Log;
  /** What would go to the console. */
  readonly reports: unknown[];
}

/** A session that no wire has opened yet. */
function connecting(then: SocketHandlers = {}, limits: Partial<typeof ROOMY> = {}): Setup {
  const log = logging(then);
  const reports: unknown[] = [];
  const report = (error: unknown) => void reports.push(error);
  const session = new Session(
    new Request("http://site.test/"),
    "",
    log.handlers,
    { ...ROOMY, ...limits },
    report,
  );
  return { session, wire: new FakeWire(), log, reports };
}

/** An open session, whose `open` handler was called; that event is forgotten. */
async function opened(then: SocketHandlers = {}, limits: Partial<typeof ROOMY> = {}): Promise<Setup> {
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
    const session = new Session(
      request,
      "chat",
      { open: (socket) => void sockets.push(socket) },
      ROOMY,
      () => {},
    );
    session.opened(new FakeWire());
    await turn();
    assertStrictEquals(sockets[0], session);
    assertStrictEquals(session.request, request);
    assertEquals(session.protocol, "chat");
    assertEquals(session.limits, ROOMY);
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
    wire.onClose = () => session.closed(4001, "y");
    session.received("go");
    await turn();
    assertEquals([order, log.events], [["returned", "closed"], ["message go", "close 4001 y"]]);
  });

  test("in the same turn as open: open, then close, and nothing more", async () => {
    const { session, wire, log } = connecting();
    wire.onClose = () => session.closed(1000, "");
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

  test("memory that another thread may write to is copied", async () => {
    const { session, wire } = await opened();
    const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 2);
    shared.set([5, 6]);
    assertEquals(session.send(shared), true);
    const [sent] = wire.sent as [Uint8Array];
    shared.fill(0);
    assertEquals([...sent], [5, 6]);
    assert(sent.buffer instanceof ArrayBuffer);
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
      eachRow(wrong, (data) => assertThrows(() => session.send(untyped(data)), TypeError, "A message is"));
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
  for (const [name, character, bytes] of CHARACTERS) {
    test(`counts bytes on top of what is waiting, exactly: ${name}`, async () => {
      await eachRowInTurn(product([1, 2, 30, 31], [0, 1, 7]), async ([count, waiting]) => {
        const { session, wire } = await opened({}, { maxBufferedBytes: bytes * count + waiting });
        const text = character.repeat(count);
        wire.waiting = waiting;
        assertEquals(session.send(text), true);
        wire.waiting = waiting + 1;
        assertEquals(session.send(text), false);
        assertEquals(wire.sent, [text]);
      });
    });
  }

  test("counts the bytes of bytes, and asks the wire each time", async () => {
    const { session, wire, log } = await opened({}, { maxBufferedBytes: 10 });
    assertEquals(session.send(new Uint8Array(11)), false);
    assertEquals(session.send(new Uint8Array(10)), true);
    wire.waiting = 10;
    assertEquals(session.send(new Uint8Array(1)), false);
    assertEquals(session.send(new Uint8Array(0)), true, "nothing more would be waiting");
    wire.waiting = 11;
    assertEquals([session.send(new Uint8Array(0)), session.send("")], [false, false]);
    wire.waiting = 0;
    assertEquals(session.send("0123456789"), true);
    assertEquals([wire.sent.length, wire.closes, log.events], [3, [], []], "a full buffer closes nothing");
  });
});

test("the limits count like an encoder, for any text", async () => {
  const random = new Random();
  const characters = CHARACTERS.map(([, character]) => character);
  let fitted = 0;
  for (let i = 0; i < 1000; i++) {
    const text = Array.from({ length: random.below(12) }, () => random.pick(characters)).join("");
    const size = Buffer.byteLength(text);
    const limit = Math.max(1, size + random.below(7) - 3);
    const { session, wire, log } = await opened({}, { maxMessageBytes: limit, maxBufferedBytes: limit });
    const says = `${JSON.stringify(text)}, limit ${limit}, seed ${seed}`;
    assertEquals(session.send(text), size <= limit, says);
    session.received(text);
    assertEquals([log.events.length, wire.closes.length], size <= limit ? [1, 0] : [0, 1], says);
    if (size <= limit) fitted++;
  }
  assertGreater(fitted, 200);
  assertGreater(1000 - fitted, 200);
});

// ------------------------------------------------------------------------------------- close's arguments

describe("close()", () => {
  test("takes exactly the codes that a close frame can carry (RFC 6455 §7.4)", async () => {
    await eachRowInTurn(Array.from({ length: 5202 }, (_, i) => i - 2), async (code) => {
      const sendable = code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 ||
        code >= 3000 && code <= 4999;
      const { session, wire } = await opened();
      if (sendable) session.close(code);
      else assertThrows(() => session.close(code), RangeError, `cannot carry code ${code}`);
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
      assertThrows(() => session.close(untyped(code)), RangeError, "A close frame cannot carry code");
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
        assertThrows(() => session.close(4000, over), RangeError, "at most 123 bytes");
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

// -------------------------------------------------------------------------------------------- the clock

/** A clock that is turned by hand, in place of the runtime's. */
class Clock {
  #now = 0;
  /** Seconds. */
  wallClockIsOff = 0;
  #timers: { at: number; run: () => void }[] = [];

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Turns it, timer by timer, each with the microtasks that it asks for. */
  async turn(seconds: number): Promise<void> {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.run();
      await turn();
    }
    this.#now = end;
  }

  /** Runs `act` with this clock as the only one. */
  static async during(act: (clock: Clock) => Promise<void>): Promise<void> {
    const { setTimeout, clearTimeout } = globalThis;
    const wallClock = Date.now;
    const monotonic = performance.now;
    const clock = new Clock();
    globalThis.setTimeout = untyped((run: () => void, ms: number) => {
      const timer = { at: clock.#now + ms, run };
      clock.#timers.push(timer);
      return timer;
    });
    globalThis.clearTimeout = untyped((timer: unknown) => {
      clock.#timers = clock.#timers.filter((other) => other !== timer);
    });
    Date.now = () => clock.#now + clock.wallClockIsOff * 1000 + 1e12;
    performance.now = () => clock.#now;
    try {
      await act(clock);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = wallClock;
      performance.now = monotonic;
    }
  }
}

describe("idleTimeoutSeconds", () => {
  test("a silent peer is pinged after half of it and closed after all of it", async () => {
    await Clock.during(async (clock) => {
      const { session, wire, log } = await opened({}, { idleTimeoutSeconds: 10 });
      await clock.turn(4.999);
      assertEquals(wire.pings, 0);
      await clock.turn(0.001);
      assertEquals(wire.pings, 1);
      await clock.turn(4.999);
      assertEquals([wire.pings, wire.closes], [1, []]);
      await clock.turn(0.001);
      assertEquals([wire.pings, wire.closes], [1, ["1001 No response from ping frame."]]);
      session.closed(1006, "");
      await turn();
      assertEquals(log.events, ["close 1001 No response from ping frame."]);
      assertEquals(clock.pending, 0);
    });
  });

  const signs: readonly [what: string, give: (session: Session) => void][] = [
    ["a pong", (session) => session.heard()],
    ["a text", (session) => session.received("x")],
    ["an empty message", (session) => session.received("")],
    ["bytes", (session) => session.received(new Uint8Array(2))],
  ];
  for (const [what, give] of signs) {
    test(`${what} counts as a sign of life, from then on`, async () => {
      await Clock.during(async (clock) => {
        const { session, wire } = await opened({}, { idleTimeoutSeconds: 10 });
        await clock.turn(7); // pinged at 5
        give(session);
        await clock.turn(4.999);
        assertEquals([wire.pings, wire.closes], [1, []]);
        await clock.turn(0.001);
        assertEquals(wire.pings, 2, "pinged again 5 seconds after the sign");
        await clock.turn(4.999);
        assertEquals(wire.closes, []);
        await clock.turn(0.001);
        assertEquals(wire.closes, ["1001 No response from ping frame."]);
      });
    });
  }

  test("a peer that answers every ping stays, and is asked no more often than needed", async () => {
    await Clock.during(async (clock) => {
      const { session, wire } = await opened({}, { idleTimeoutSeconds: 10 });
      for (let i = 0; i < 1000; i++) {
        await clock.turn(1);
        if (wire.pings > i / 5) session.heard();
      }
      assertEquals(wire.closes, []);
      assert(wire.pings > 150 && wire.pings <= 200, String(wire.pings));
      assertEquals(clock.pending, 1);
    });
  });

  test("a peer that talks all the time is never pinged", async () => {
    await Clock.during(async (clock) => {
      const { session, wire } = await opened({}, { idleTimeoutSeconds: 2 });
      for (let i = 0; i < 100; i++) {
        await clock.turn(0.9);
        session.received("x");
      }
      assertEquals([wire.pings, wire.closes], [0, []]);
    });
  });

  test("fractions of a second count, and so does a day", async () => {
    await eachRowInTurn([0.01, 0.5, 1.5, 86_400], async (idleTimeoutSeconds) => {
      await Clock.during(async (clock) => {
        const { wire } = await opened({}, { idleTimeoutSeconds });
        await clock.turn(idleTimeoutSeconds * 0.99);
        assertEquals([wire.pings, wire.closes], [1, []]);
        await clock.turn(idleTimeoutSeconds * 0.01 + 0.001);
        assertEquals(wire.closes.length, 1);
      });
    });
  });

  test("0 turns it off, and so does a wire that watches by itself", async () => {
    await Clock.during(async (clock) => {
      const { wire } = await opened({}, { idleTimeoutSeconds: 0 });
      const { session } = connecting({}, { idleTimeoutSeconds: 10 });
      const other = wireWithoutPing();
      session.opened(other);
      await turn();
      assertEquals(clock.pending, 0);
      await clock.turn(1000);
      assertEquals([wire.pings, wire.closes, other.closes], [0, [], []]);
    });
  });

  test("a wall clock that is set anew is no silence", async () => {
    await Clock.during(async (clock) => {
      const { wire } = await opened({}, { idleTimeoutSeconds: 10 });
      clock.wallClockIsOff = 3600;
      await clock.turn(5);
      assertEquals([wire.pings, wire.closes], [1, []]);
      clock.wallClockIsOff = -3600;
      await clock.turn(5);
      assertEquals(wire.closes.length, 1);
    });
  });

  test("it ends with the socket, whoever closes it", async () => {
    await Clock.during(async (clock) => {
      const { session, wire } = await opened({}, { idleTimeoutSeconds: 10 });
      await clock.turn(6);
      session.closed(1000, "");
      assertEquals(clock.pending, 0);
      const own = await opened({}, { idleTimeoutSeconds: 100 });
      own.session.close();
      assertEquals(clock.pending, 1, "only that for the close");
      await clock.turn(200);
      assertEquals([wire.pings, wire.closes, own.wire.pings, clock.pending], [1, [], 0, 0]);
    });
  });
});

describe("a peer that does not answer a close frame", () => {
  test("is given up after some time, with the code of whoever closed", async () => {
    await Clock.during(async (clock) => {
      const { session, log } = await opened();
      session.close(4001, "ours");
      await clock.turn(CLOSE_TIMEOUT_SECONDS - 0.001);
      assertEquals(log.events, []);
      await clock.turn(0.001);
      assertEquals(log.events, ["close 4001 ours"]);
      session.closed(0, "");
      await clock.turn(100);
      assertEquals([log.events, clock.pending], [["close 4001 ours"], 0]);
    });
  });

  test("one that answers is not, and leaves no timer", async () => {
    await Clock.during(async (clock) => {
      const { session, log } = await opened({}, { idleTimeoutSeconds: 30 });
      session.close(4001, "ours");
      assertEquals(clock.pending, 1);
      await clock.turn(CLOSE_TIMEOUT_SECONDS / 2);
      session.closed(4001, "");
      assertEquals(clock.pending, 0);
      await clock.turn(100);
      assertEquals(log.events, ["close 4001 ours"]);
    });
  });

  test("a wire that ends it at once leaves no timer either", async () => {
    await Clock.during(async (clock) => {
      const { session, wire } = await opened();
      wire.onClose = () => session.closed(1000, "");
      session.close();
      assertEquals(clock.pending, 0);
      await turn();
    });
  });

  test("a second close does not put it off", async () => {
    await Clock.during(async (clock) => {
      const { session, log } = await opened();
      session.close(4001);
      await clock.turn(CLOSE_TIMEOUT_SECONDS - 1);
      session.close(4002);
      await clock.turn(1);
      assertEquals(log.events, ["close 4001 "]);
    });
  });
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
    const session = new Session(new Request("http://site.test/"), "", handlers, ROOMY, report);
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

  test("a rejection that comes after the end goes to `error` all the same", async () => {
    let reject = (_error: unknown) => {};
    const { session, log, wire } = await opened({ message: () => new Promise((_, no) => reject = no) });
    session.received("x");
    session.closed(1000, "");
    await turn();
    reject(new Error("late"));
    await turn();
    assertEquals(log.events, ["message x", "close 1000 ", "error Error: late"]);
    assertEquals(wire.closes, []);
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
  const session = new Session(new Request("http://site.test/"), "", room, ROOMY, () => {});
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
    if (random.oneIn(2)) wire.onClose = () => session.closed(1006, "");
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
