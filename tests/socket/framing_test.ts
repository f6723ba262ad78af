// RFC 6455 from the first bit of a frame to the last close code: what comes in at an `upgradeHandler` as bytes, and what
// the handlers and the client see of it. Framing is the runtimes' work, not ours, but they do it in our name: this is
// where it is known what they do. Each case says what the RFC asks for; where a runtime does otherwise its row says so.
//
// The numbers are those of the Autobahn test suite, by which WebSocket implementations are compared; 0.x are more.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { runtime } from "../runtime.ts";
import { sleep, type SocketServer, startSocketServer } from "./child_server.ts";
import {
  binary,
  chop,
  close,
  closeLine,
  fragments,
  frame,
  join,
  line,
  more,
  OPCODES,
  ping,
  pong,
  RawClient,
  resetIsEnd,
  text,
} from "./frames.ts";

/** How a case ends. */
interface Outcome {
  /** What the client gets to see. */
  readonly client: readonly string[];
  /** The code that the `close` handler is called with. */
  readonly code: number;
  /** The connection is sound: it is the client that closes it, once it has everything. */
  readonly isSound: boolean;
}

/** All is well: these lines come back, and a closing handshake works. */
function echoes(...lines: readonly string[]): Outcome {
  return { client: [...lines, closeLine(1000), "end"], code: 1000, isSound: true };
}
/** RFC 6455 §7.1.7, as it should be: a close frame with this code, and the end. */
function fails(code: number, ...lines: readonly string[]): Outcome {
  return { client: [...lines, `close ${code}`, "end"], code: code === 1009 ? 1009 : 1006, isSound: false };
}
/** §7.1.7, as little as it must be: the end. */
function drops(...lines: readonly string[]): Outcome {
  return { client: [...lines, "end"], code: 1006, isSound: false };
}
/** The client's close frame is answered in kind. */
function closes(code?: number, reason = "", ...lines: readonly string[]): Outcome {
  return { client: [...lines, closeLine(code, reason), "end"], code: code ?? 1005, isSound: false };
}

/** What one runtime does instead, and what there is to say about it. */
type Difference = readonly [outcome: Outcome, because: string];

interface Case {
  readonly name: string;
  /** What the client sends, in a packet for each of these. */
  readonly packets: readonly Uint8Array[];
  /** What the RFC asks for. */
  readonly expected: Outcome;
  readonly differs: { readonly [R in "deno" | "bun"]?: Difference };
  /** Sent when the connection has lived on for a while; the log then says "late". */
  readonly late?: Uint8Array;
}

const hex = (digits: string) =>
  Uint8Array.from(digits.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const part = { fin: false };
const said = (payload: string | Uint8Array) => line("text", payload);
const ponged = (payload: string | Uint8Array) => line("pong", payload);
/** Bytes of every value, the same each time. */
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => i * 167 + (i >> 8));
const star = (length: number) => "*".repeat(length);

/** RFC 6455 §7.1.7: the endpoint SHOULD send a close frame, and the server MUST end the connection. */
const NO_CLOSE_FRAME = "no close frame, the connection just ends";
const NOT_MINIMAL = "taken; the RFC forbids it to the sender, and does not say what a receiver does";
const LATE = "noticed only when the message is whole";

const CASES: Case[] = [];

function add(
  name: string,
  packets: Uint8Array | readonly Uint8Array[],
  expected: Outcome,
  { late, ...differs }: { readonly late?: Uint8Array } & Case["differs"] = {},
): void {
  // What Deno finds wrong it answers with nothing. Only the exceptions are told one by one.
  const lines = expected.client.slice(0, -2);
  const isFailure = !expected.isSound && expected.code === 1006;
  CASES.push({
    name,
    packets: packets instanceof Uint8Array ? [packets] : packets,
    expected,
    differs: isFailure ? { deno: [drops(...lines), NO_CLOSE_FRAME], ...differs } : differs,
    ...late === undefined ? {} : { late },
  });
}
/** For `differs`: both runtimes do the same. */
function both(outcome: Outcome, because: string): Case["differs"] {
  return { deno: [outcome, because], bun: [outcome, because] };
}
/** For `differs`: Deno sends a close frame here, as it should. */
function likeTheRfc(outcome: Outcome): Case["differs"] {
  return { deno: [outcome, ""] };
}

// ---- 0: what the suite does not ask
const UNMASKED = "taken: Deno does not ask for a mask";
add("0.1 a frame that is not masked", text("naked", { mask: null }), fails(1002), {
  deno: [echoes(said("naked")), UNMASKED],
});
add("0.2 a close frame that is not masked", close(1000, "", { mask: null }), fails(1002), {
  deno: [closes(1000), UNMASKED],
});
add("0.3 a ping that is not masked", ping("naked", { mask: null }), fails(1002), {
  deno: [echoes(ponged("naked")), UNMASKED],
});
add("0.4 a mask of zeros", text("zeros", { mask: new Uint8Array(4) }), echoes(said("zeros")));
for (const [n, length, lengthBytes] of [[5, 5, 2], [6, 5, 8], [7, 200, 8]] as const) {
  const name = `0.${n} a length of ${length} in ${lengthBytes} bytes`;
  const payload = star(length);
  add(name, text(payload, { lengthBytes }), fails(1002), both(echoes(said(payload)), NOT_MINIMAL));
}
add(
  "0.8 a length with its highest bit set",
  join([0x82, 0xff], hex("8000000000000001"), [1, 2, 3, 4, 5]),
  fails(1002),
  { bun: [fails(1009), "too big before it is wrong"] },
);
add("0.9 a length of 2^53", frame(OPCODES.binary, "x", { length: 2 ** 53 }), fails(1009), {
  deno: [drops(), NO_CLOSE_FRAME],
});
add("0.10 a ping of 125 bytes whose length is in two", ping(star(125), { lengthBytes: 2 }), fails(1002), {
  deno: [echoes(ponged(star(125))), NOT_MINIMAL],
});

// ---- 1: frames of every kind of length
for (const [section, kind] of [["1.1", "text"], ["1.2", "binary"]] as const) {
  const make = (length: number) => kind === "text" ? text(star(length)) : binary(noise(length));
  const back = (length: number) => line(kind, kind === "text" ? star(length) : noise(length));
  [0, 125, 126, 127, 128, 65535, 65536].forEach((length, i) =>
    add(`${section}.${i + 1} ${kind} of ${length} bytes`, make(length), echoes(back(length)))
  );
  add(`${section}.8 ${kind} of 65536 bytes in packets of 997`, chop(make(65536), 997), echoes(back(65536)));
}

// ---- 2: pings and pongs
add("2.1 a ping", ping(), echoes(ponged("")));
add("2.2 a ping with text", ping("hello"), echoes(ponged("hello")));
add(
  "2.3 a ping with bytes that are no text",
  ping(hex("00fffefdfcfb00ff")),
  echoes(ponged(hex("00fffefdfcfb00ff"))),
);
add("2.4 a ping of 125 bytes", ping(star(125)), echoes(ponged(star(125))));
add("2.5 a ping of 126 bytes", ping(star(126)), fails(1002));
add("2.6 a ping of 125 bytes, byte by byte", chop(ping(star(125))), echoes(ponged(star(125))));
add("2.7 a pong that nobody asked for", pong(), echoes());
add("2.8 the same with a payload", pong("unasked"), echoes());
add("2.9 the same, then a ping", [pong("unasked"), ping("asked")], echoes(ponged("asked")));
const tenPings = Array.from({ length: 10 }, (_, i) => ping(`payload-${i}`));
const tenPongs = Array.from({ length: 10 }, (_, i) => ponged(`payload-${i}`));
add("2.10 ten pings", tenPings, echoes(...tenPongs));
add("2.11 ten pings, byte by byte", chop(join(...tenPings)), echoes(...tenPongs));
add("2.12 a pong of 126 bytes", pong(star(126)), fails(1002), {
  deno: [echoes(), "Deno does not look at the length of a pong"],
});

// ---- 3: reserved bits
add("3.1 text with RSV3", text("hello", { rsv: 1 }), fails(1002));
const afterText = (rsv: number) => [text("hello"), text("hello", { rsv }), ping()];
add("3.2 text, text with RSV2, ping, in one packet", join(...afterText(2)), fails(1002, said("hello")));
add("3.3 text, text with RSV2 and RSV3, ping", afterText(3), fails(1002, said("hello")));
add("3.4 text, text with RSV1, ping, byte by byte", chop(join(...afterText(4))), fails(1002, said("hello")));
add("3.5 binary with RSV1 and RSV3", binary(noise(8), { rsv: 5 }), fails(1002));
add("3.6 a ping with RSV1 and RSV2", ping("hello", { rsv: 6 }), fails(1002));
add("3.7 a close with all three", close(1000, "", { rsv: 7 }), fails(1002));

// ---- 4: opcodes
for (const [section, from] of [["4.1", 3], ["4.2", 11]] as const) {
  const unknown = (i: number, payload = "") => frame(from + i - 1, payload);
  add(`${section}.1 opcode ${from}`, unknown(1), fails(1002));
  add(`${section}.2 opcode ${from + 1} with a payload`, unknown(2, "reserved"), fails(1002));
  const behind = (i: number, payload = "") => [text("hello"), unknown(i, payload), ping()];
  add(`${section}.3 text, opcode ${from + 2}, ping`, behind(3), fails(1002, said("hello")));
  add(
    `${section}.4 text, opcode ${from + 3} with a payload, ping`,
    behind(4, "x"),
    fails(1002, said("hello")),
  );
  add(
    `${section}.5 text, opcode ${from + 4}, ping, byte by byte`,
    chop(join(...behind(5, "x"))),
    fails(1002, said("hello")),
  );
}

// ---- 5: fragments
add("5.1 a ping in fragments", [ping("a", part), more("b")], fails(1002));
add("5.2 a pong in fragments", [pong("a", part), more("b")], fails(1002));
const two = fragments(OPCODES.text, ["fragment1", "fragment2"]);
add("5.3 text in two fragments, in one packet", join(...two), echoes(said("fragment1fragment2")));
add("5.4 in two packets", two, echoes(said("fragment1fragment2")));
add("5.5 byte by byte", chop(join(...two)), echoes(said("fragment1fragment2")));
const withPing = [two[0]!, ping("between"), two[1]!];
const pongFirst = echoes(ponged("between"), said("fragment1fragment2"));
add("5.6 a ping between them, in one packet", join(...withPing), pongFirst);
add("5.7 in three packets", withPing, pongFirst);
add("5.8 byte by byte", chop(join(...withPing)), pongFirst);
for (const [n, fin] of [[9, true], [12, false]] as const) {
  const nothing = [more("nothing", { fin }), text("hello")];
  const what = `a continuation ${fin ? "" : "without FIN "}of nothing`;
  add(`5.${n} ${what}, then text, in one packet`, join(...nothing), fails(1002));
  add(`5.${n + 1} in two packets`, nothing, fails(1002));
  add(`5.${n + 2} byte by byte`, chop(join(...nothing)), fails(1002));
}
add(
  "5.15 a message, a continuation without FIN of nothing, text",
  [...two, more("3", part), text("4")],
  fails(1002, said("fragment1fragment2")),
);
const again = (
  fin: boolean,
) => [more("1", { fin }), text("2", part), more("3"), more("4", { fin }), text("5", part), more("6")];
add("5.16 a continuation without FIN of nothing, a message, and again", again(false), fails(1002));
add("5.17 a continuation of nothing, a message, and again", again(true), fails(1002));
add("5.18 both fragments say text", [text("a", part), text("b")], fails(1002));
const five = fragments(OPCODES.text, ["1", "2", "3", "4", "5"]);
add("5.19 five fragments with pings after the second and the fourth", [
  five[0]!,
  five[1]!,
  ping("a"),
  five[2]!,
  five[3]!,
  ping("b"),
  five[4]!,
], echoes(ponged("a"), ponged("b"), said("12345")));
add(
  "5.20 the same in one packet",
  join(five[0]!, five[1]!, ping("a"), five[2]!, five[3]!, ping("b"), five[4]!),
  echoes(ponged("a"), ponged("b"), said("12345")),
);
add(
  "5.21 a binary message within a text message",
  [text("a", part), binary(noise(3)), more("b")],
  fails(1002),
);
add("5.22 a close within a message", [text("a", part), close(1000)], closes(1000));

// ---- 6: UTF-8
const word = hex("cebae1bdb9cf83cebcceb5"); // κόσμε
const bad = join(word, hex("eda080"), "edited");
add("6.1.1 empty text", text(""), echoes(said("")));
add("6.1.2 three empty fragments", fragments(OPCODES.text, ["", "", ""]), echoes(said("")));
add(
  "6.1.3 an empty fragment on both sides",
  fragments(OPCODES.text, ["", "middle", ""]),
  echoes(said("middle")),
);
const umlauts = "Hello-µ@ßöäüàá-UTF-8!!";
add("6.2.1 valid text in one frame", text(umlauts), echoes(said(umlauts)));
add(
  "6.2.2 in two fragments, between two characters",
  fragments(OPCODES.text, ["Hello-µ@ßöä", "üàá-UTF-8!!"]),
  echoes(said(umlauts)),
);
add("6.2.3 in fragments of one byte", fragments(OPCODES.text, chop(join(umlauts))), echoes(said(umlauts)));
add(
  "6.2.4 letters of two and three bytes, in fragments of one",
  fragments(OPCODES.text, chop(word)),
  echoes(said(word)),
);
add(
  "6.2.5 a character of four bytes over four fragments",
  fragments(OPCODES.text, chop(join("👋"))),
  echoes(said("👋")),
);
add(
  "6.2.6 a ping within a character",
  [text(hex("e282"), part), ping("p"), more(hex("ac"))],
  echoes(ponged("p"), said("€")),
);
add("6.3.1 invalid UTF-8 in one frame", text(bad), fails(1007));
add("6.3.2 in fragments of one byte", fragments(OPCODES.text, chop(bad)), fails(1007));
// F4 90: above U+10FFFF, whatever follows.
const [beginning, tooHigh, rest] = [join(word, [0xf4]), hex("90"), join(hex("8080"), "edited")];
const whole = text(join(beginning, tooHigh, rest));
const cut = whole.length - rest.length;
add(
  "6.4.1 invalid from the second of three fragments on",
  [text(word, part), more(hex("f4908080"), part)],
  fails(1007),
  { late: more("edited"), bun: [fails(1007, "late"), LATE] },
);
add("6.4.2 the same within a character", [text(beginning, part), more(tooHigh, part)], fails(1007), {
  late: more(rest),
  bun: [fails(1007, "late"), LATE],
});
add(
  "6.4.3 invalid from the second of three packets of a frame on",
  [whole.subarray(0, cut - 2), whole.subarray(cut - 2, cut + 2)],
  fails(1007),
  {
    late: whole.subarray(cut + 2),
    deno: [drops("late"), `${LATE}; ${NO_CLOSE_FRAME}`],
    bun: [fails(1007, "late"), LATE],
  },
);
add(
  "6.4.4 the same within a character",
  [whole.subarray(0, cut - 1), whole.subarray(cut - 1, cut)],
  fails(1007),
  {
    late: whole.subarray(cut),
    deno: [drops("late"), `${LATE}; ${NO_CLOSE_FRAME}`],
    bun: [fails(1007, "late"), LATE],
  },
);

/** One text frame for each of these byte sequences, valid or not. */
function sequences(
  section: number,
  what: string,
  list: readonly Uint8Array[],
  isValid: (i: number) => boolean,
): void {
  list.forEach((bytes, i) =>
    add(
      `6.${section}.${i + 1} ${what}: ${hexOf(bytes).slice(0, 24)}${bytes.length > 12 ? "…" : ""}`,
      text(bytes),
      isValid(i) ? echoes(said(bytes)) : fails(1007),
    )
  );
}
const list = (digits: string) => digits.split(" ").map(hex);
const valid = () => true;
const invalid = () => false;
/** What a generic encoder makes of a code point in that many bytes, allowed or not. */
function encoded(codePoint: number, length: number): Uint8Array {
  const lead = (0xff00 >> length) & 0xff;
  return Uint8Array.from({ length }, (_, i) => {
    const bits = Math.floor(codePoint / 64 ** (length - 1 - i)) % 64;
    return i === 0 ? lead | bits : 0x80 | bits;
  });
}
const lengths = [2, 3, 4, 5, 6];

sequences(
  5,
  "valid text",
  ["hello$world", "hello¢world", "hello€world", "hello𤭢world", "κόσμε"].map((s) => join(s)),
  valid,
);
const boundaries = new Set([2, 5, 7, 9, 11]);
sequences(
  6,
  "a prefix of valid text",
  chop(word).map((_, i) => word.subarray(0, i + 1)),
  (i) => boundaries.has(i + 1),
);
sequences(
  7,
  "the first of its length",
  [hex("00"), encoded(0x80, 2), encoded(0x800, 3), encoded(0x10000, 4)],
  valid,
);
sequences(8, "the first of its length, out of range", [encoded(0x200000, 5), encoded(0x4000000, 6)], invalid);
sequences(9, "the last of its length", [
  hex("7f"),
  encoded(0x7ff, 2),
  encoded(0xffff, 3),
  encoded(0x10ffff, 4),
], valid);
sequences(10, "the last of its length, out of range", [
  encoded(0x1fffff, 4),
  encoded(0x3ffffff, 5),
  encoded(0x7fffffff, 6),
], invalid);
sequences(11, "at a boundary", [
  encoded(0xd7ff, 3),
  encoded(0xe000, 3),
  encoded(0xfffd, 3),
  encoded(0x10ffff, 4),
  encoded(0x110000, 4),
], (i) => i < 4);
sequences(12, "continuation bytes alone", [
  ...list("80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf"),
  Uint8Array.from({ length: 63 }, (_, i) => 0x80 + i),
], invalid);
sequences(
  13,
  "first bytes alone",
  ([[0xc0, 0xdf], [0xe0, 0xef], [0xf0, 0xf7], [0xf8, 0xfb], [0xfc, 0xfd]] as const).map(([from, to]) =>
    join(...Array.from({ length: to - from + 1 }, (_, i) => [from + i, 0x20]))
  ),
  invalid,
);
const cutShort = [
  ...lengths.map((n) => encoded(0, n)),
  ...[0x7ff, 0xffff, 0x1fffff, 0x3ffffff, 0x7fffffff].map((top, i) => encoded(top, i + 2)),
].map((bytes) => bytes.subarray(0, -1));
sequences(14, "without its last byte", cutShort, invalid);
sequences(15, "all of these", [join(...cutShort)], invalid);
sequences(16, "impossible bytes", list("fe ff fefeffff"), invalid);
sequences(17, "an overlong slash", lengths.map((n) => encoded(0x2f, n)), invalid);
sequences(
  18,
  "the last overlong",
  [0x7f, 0x7ff, 0xffff, 0x1fffff, 0x3ffffff].map((top, i) => encoded(top, i + 2)),
  invalid,
);
sequences(19, "an overlong NUL", lengths.map((n) => encoded(0, n)), invalid);
sequences(
  20,
  "a surrogate",
  [0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff].map((point) => encoded(point, 3)),
  invalid,
);
sequences(
  21,
  "a pair of surrogates",
  [0xd800, 0xdb7f, 0xdb80, 0xdbff].flatMap((high) =>
    [0xdc00, 0xdfff].map((low) => join(encoded(high, 3), encoded(low, 3)))
  ),
  invalid,
);
sequences(
  22,
  "a code point that is no character",
  Array.from({ length: 34 }, (_, i) => (i >> 1) * 0x10000 + 0xfffe + i % 2).map((point) =>
    encoded(point, point > 0xffff ? 4 : 3)
  ),
  valid,
);
sequences(
  23,
  "a special",
  [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map((point) => encoded(point, 3)),
  valid,
);

// ---- 7: closing
add("7.1.1 a message, then a close", [text("hello"), close(1000)], closes(1000, "", said("hello")));
add("7.1.2 two closes", [close(1000), close(1000)], closes(1000));
add("7.1.3 a ping after the close", [close(1000), ping()], closes(1000));
add("7.1.4 text after the close", [close(1000), text("late")], closes(1000));
add("7.1.5 the second fragment after the close", [text("a", part), close(1000), more("b")], closes(1000));
add(
  "7.1.6 256 KiB, then a close and a ping",
  [text(star(2 ** 18)), join(close(1000), ping())],
  closes(1000, "", said(star(2 ** 18))),
);
add("7.3.1 a close with nothing in it", close(), closes());
add("7.3.2 a close with one byte", frame(OPCODES.close, hex("03")), fails(1002));
add("7.3.3 a close with a code", close(1000), closes(1000));
add("7.3.4 a close with a code and a reason", close(1000, "hello"), closes(1000, "hello"));
add("7.3.5 a close with 123 bytes of reason", close(1000, star(123)), closes(1000, star(123)));
add("7.3.6 a close with 124 bytes of reason", close(1000, star(124)), fails(1002), {
  deno: [closes(1000, star(124)), "Deno does not look at the length of a close frame"],
});
add("7.3.7 a close in fragments", [frame(OPCODES.close, hex("03e8"), part), more("x")], fails(1002));
add("7.5.1 a close whose reason is no UTF-8", close(1000, bad), fails(1007));
[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].forEach((
  code,
  i,
) =>
  add(
    `7.7.${i + 1} a close with ${code}`,
    close(code),
    closes(code),
    code === 1014 ? { deno: [fails(1002), "registered after the RFC, and unknown to Deno"] } : {},
  )
);
[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].forEach((code, i) =>
  add(`7.9.${i + 1} a close with ${code}`, close(code), fails(1002), likeTheRfc(fails(1002)))
);
add("7.13.1 a close with 5000", close(5000), fails(1002), likeTheRfc(fails(1002)));
add("7.13.2 a close with 65535", close(65535), fails(1002), likeTheRfc(fails(1002)));

// ---- 9 and 10: sizes, up to the limit of this handler and one beyond
for (const [section, kind] of [["9.1", "text"], ["9.2", "binary"]] as const) {
  const payload = (length: number) => kind === "text" ? join(star(length)) : noise(length);
  const opcode = OPCODES[kind];
  [2 ** 16, 2 ** 18, 2 ** 20].forEach((length, i) =>
    add(
      `${section}.${i + 1} ${kind} of ${length / 1024} KiB`,
      frame(opcode, payload(length)),
      echoes(line(kind, payload(length))),
    )
  );
  add(`${section}.4 ${kind} of 1 MiB and a byte`, frame(opcode, payload(2 ** 20 + 1)), fails(1009));
  const n = section === "9.1" ? "9.3" : "9.4";
  [64, 1024, 65536].forEach((size, i) =>
    add(
      `${n}.${i + 1} ${kind} of 256 KiB in fragments of ${size}`,
      join(...fragments(opcode, chop(payload(2 ** 18), size))),
      echoes(line(kind, payload(2 ** 18))),
    )
  );
  add(
    `${n}.4 ${kind} of 1 MiB and a byte in fragments of 64 KiB`,
    fragments(opcode, chop(payload(2 ** 20 + 1), 65536)),
    fails(1009),
  );
  const m = section === "9.1" ? "9.5" : "9.6";
  [128, 1024].forEach((size, i) =>
    add(
      `${m}.${i + 1} ${kind} of 64 KiB in packets of ${size}`,
      chop(frame(opcode, payload(2 ** 16)), size),
      echoes(line(kind, payload(2 ** 16))),
    )
  );
}
add(
  "9.7.1 a thousand short texts",
  join(...Array.from({ length: 1000 }, () => text("x"))),
  echoes(...Array.from({ length: 1000 }, () => said("x"))),
);
add(
  "10.1.1 64 KiB of text in fragments of 1300",
  fragments(OPCODES.text, chop(join(star(65536)), 1300)),
  echoes(said(star(65536))),
);

let child: SocketServer;
const seen = new Map<Case, { readonly client: readonly string[]; readonly server: readonly string[] }>();
let seconds = 0;

/** How many run at once: enough that waiting costs nothing, few enough that nobody waits long. */
const WORKERS = 16;

before(async () => {
  child = await startSocketServer();
  const started = performance.now();
  const queue = CASES.entries();
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    for (const [i, one] of queue) await play(one, `case${i}`);
  }));
  seconds = (performance.now() - started) / 1000;
}, { timeout: 120_000 });
after(() => child.kill());

/** What this runtime is to do. */
function outcomeHere({ expected, differs }: Case): Outcome {
  return differs[runtime]?.[0] ?? expected;
}

async function play(one: Case, id: string): Promise<void> {
  const { client: lines, isSound, code } = outcomeHere(one);
  // 1009 is our own close, not the runtime's: the client has its part in it.
  const client = await RawClient.open(child.port, { path: `/large/${id}`, answersClose: code === 1009 });
  try {
    await client.sendEach(one.packets);
    if (one.late !== undefined) {
      await Promise.race([client.ended, sleep(500)]);
      if (!/^(end|reset)$/.test(client.log.at(-1) ?? "")) {
        client.log.push("late");
        client.send(one.late);
      }
    }
    if (isSound) {
      if (lines.length > 2) await client.until(/^(text|binary|pong)/, lines.length - 2);
      client.send(close(1000));
    }
    await client.untilEnded(10_000);
  } catch (error) {
    // Shown in the log where the case fails.
    client.log.push(`${error}`.slice(0, 80));
    client.destroy();
  }
  let server: string[] = [];
  for (
    const end = Date.now() + 10_000;
    Date.now() < end && !server.at(-1)?.startsWith("close");
    await sleep(10)
  ) {
    server = await child.log(id);
  }
  seen.set(one, { client: resetIsEnd(client.log).map(unworded), server });
}

/** The reason that goes with a code for failure is free. */
function unworded(entry: string): string {
  return entry.replace(/^(close 10(?:02|07|09)) .+$/, "$1");
}

describe("framing", () => {
  for (const one of CASES) {
    const difference = one.differs[runtime];
    const outcome = outcomeHere(one);
    const isDifferent = outcome !== one.expected && outcome.client.join() !== one.expected.client.join();
    test(isDifferent ? `${one.name} (differs: ${difference![1]})` : one.name, () => {
      const { client, server } = seen.get(one)!;
      assertEquals(client, outcome.client.map(unworded));
      // The handlers see what came back as an echo, between `open` and `close`, and nothing else.
      const messages = client.filter((entry) => /^(text|binary) /.test(entry));
      assertEquals(server.slice(0, -1), ["open", ...messages]);
      assertEquals(server.at(-1)!.split(" ").slice(0, 2), ["close", String(outcome.code)]);
    });
  }

  test("each case has a name of its own, and the server lives", () => {
    assertEquals(new Set(CASES.map(({ name }) => name)).size, CASES.length);
    assert(child.alive());
    assertEquals(child.output(), "");
  });

  test("how many behave as RFC 6455 says", () => {
    const different = CASES.filter((one) => {
      const { client } = outcomeHere(one);
      return client.join() !== one.expected.client.join();
    });
    const because = (one: Case) => one.differs[runtime]![1];
    const frameless = different.filter((one) => because(one) === NO_CLOSE_FRAME);
    console.log(
      `framing[${runtime}] ${CASES.length} cases in ${seconds.toFixed(1)} s: ${
        CASES.length - different.length
      } as RFC 6455 says, ${different.length} otherwise, of which ${frameless.length} only send no close frame`,
    );
    for (const one of different) {
      if (!frameless.includes(one)) console.log(`framing[${runtime}] ${one.name}: differs: ${because(one)}`);
    }
  });
});
