/**
 * What operators write, right and wrong, at random: entries put together from the pieces at which a reader of theirs
 * could go astray, and what a fix says to write instead.
 *
 * @module
 */

import { assertStringIncludes } from "@std/assert";
import type { ConfigIssueCode } from "@wsgate/wsgate";
import type { Fault } from "../../src/config.ts";
import type { Random } from "../random.ts";
import type { Words } from "../words.ts";

const SCHEMES = [
  ..."https http ws wss HTTPS Http file data blob about javascript app moz-extension chrome-extension".split(
    " ",
  ),
  ...[
    "web+app.x-1",
    "h_t",
    "1a",
    "héttps",
    "ſcheme",
    "",
    "*",
    "http*",
    "https?",
    "a".repeat(64),
    "a".repeat(65),
  ],
];
const SEPARATORS = ["://", "://", "://", ":", ":/", "//", "///", ""];
const LABELS = [
  ..."a b1 example my-shop EXAMPLE -a a- 0 127 0x7f com co uk io github nip localhost _a null.".split(" "),
  ..."xn-- xn--a xn--bcher-kva XN--BCHER-KVA xn--p1ai bücher bu\u0308cher россия рф 日本語".split(" "),
  ..."ｅxample ＣＯＭ １２７ \u212a ı İ ß ς ☃ 💩 ﬁ ① ℀ ⒈ é＆ \u0300a \u0378 a\u200db نامه\u200cای".split(" "),
  ...["l".repeat(63), "l".repeat(64), "é".repeat(40), "é".repeat(60), ""],
];
const WORDS = [
  ..."self none null true false undefined nan NaN same-origin same-site SELF NULL Undefined".split(" "),
  ..."'self' ſelf falſe * [object\xa0Object]".split(" "),
  "[object Object]",
];
const ADDRESSES = [
  ..."127.0.0.1 127.1 0x7f.0.0.1 0177.0.0.1 2130706433 127.0.0.1. 256.0.0.1 1.2.3.4.5 192.168.*.* 0x".split(
    " ",
  ),
  ..."[::1] [2001:DB8:0:0::0001] [::ffff:127.0.0.1] [1:2:3:4:5:6:7::] [::1 [] [:] [::g] [[::1]]".split(" "),
  ..."[fe80::1%eth0] fe80::1%1 2001:db8::1 [::١] [::Ａ] [::1\\] [80,81] :[80,81] :[*] [a-z]".split(" "),
  ...["[2001:db8:\t:1]", "[2001:db8:\n:1]", "[\r::1]"],
];
const LONG = [255, 256].map((length) => "l".repeat(length).replace(/(l{60})l(?=l)/g, "$1."));
const SHARED = "co.uk github.io nip.io amazonaws.com com рф local home.arpa test vercel.app co.uk.".split(
  " ",
);
const PORTS = [
  ...":80 :443 :* : :0 :00 :080 :65535 :65536 :123456 :-1 :8* :** :x :٤٤٣ :１ :443:443 :80,81 :0x50".split(
    " ",
  ),
  ...[":80 ", ":8\t0"],
];
const PREFIXES = ["", "", "", ".", "*.", "**.", "*", "..", "*..", ".*.", "pr-*.", "?", "??."];
const TAILS = "/ // /chat /* /8 /128 /1234 ? ?a=b ?a.b # #a /a?b#c /i \\ $".split(" ");
const USERS = "user@ u:p@ @ a@b@".split(" ");
const ODD = [
  // white space and control characters
  ..."\t\n\r \v\f\0\x1b\x7f\x85\x9f\xa0\u1680\u2009\u2028\u202f\u205f\u3000\ufeff",
  // what cannot be seen
  ..."\u00ad\u034f\u115f\u180e\u200b\u200c\u200d\u202e\u2060\u3164\ufe0f\u{e0100}\ud800\ufffd",
  // quotation marks
  ..."'\"`‘’‚‛“”„‟«»‹›「＂´",
  // marks, and their look-alikes
  ..."%@/?#\\,;{}$^|()+!~<>=&*-_.。．｡·／？＃＠：％［",
  ..."%61 %2e {a,b} ${HOST} %{HOST} (.*) ~^ ^https:// \\. [ab] [^.] .* ?: \\d".split(" "),
];
const PIECES = [SCHEMES, SEPARATORS, LABELS, WORDS, ADDRESSES, SHARED, PORTS, PREFIXES, TAILS, USERS, ODD];

/** An entry that is nearly right, or quite; or a heap of pieces. */
export function randomEntry(random: Random): string {
  if (random.oneIn(5)) {
    return Array.from({ length: random.below(7) }, () => random.pick(random.pick(PIECES))).join("");
  }
  let entry =
    (random.oneIn(2) ? "" : random.oneIn(3) ? random.pick(SCHEMES) + random.pick(SEPARATORS) : "https://") +
    (random.oneIn(20) ? random.pick(USERS) : "") + random.pick(PREFIXES) + randomHost(random) +
    (random.oneIn(3) ? random.pick(PORTS) : "") + (random.oneIn(9) ? random.pick(TAILS) : "");
  if (random.oneIn(4)) {
    const at = random.below(entry.length + 1);
    entry = entry.slice(0, at) + random.pick(ODD) + entry.slice(at);
  }
  if (random.oneIn(25)) entry += random.pick([",", ", ", ";", " "]) + randomEntry(random);
  return random.oneIn(20) ? entry.toUpperCase() : entry;
}

function randomHost(random: Random): string {
  if (random.oneIn(3)) return random.pick(random.pick([ADDRESSES, ADDRESSES, SHARED, WORDS, LONG]));
  return Array.from(
    { length: 1 + random.below(4) },
    () => random.oneIn(3) ? random.pick(LABELS) : random.pick(["a", "example", "com", "test"]),
  ).join(".");
}

/** These are about the characters of an entry, and quote single ones. */
const ABOUT_CHARACTERS: readonly ConfigIssueCode[] = [
  ...["host-malformed", "scheme-malformed", "port-malformed", "wildcard-malformed"] as const,
];

/** What stands in double quotes in a fix, except the characters that a sentence is about. */
export function entriesNamedIn({ code, fix }: Fault): string[] {
  return [...fix.matchAll(/"(?:[^"\\]|\\.)*"/g)]
    .map(([quoted]) => JSON.parse(quoted) as string)
    .filter((text) => !ABOUT_CHARACTERS.includes(code) || /[\p{L}\p{N}]/u.test(text))
    .map((text) => text.startsWith(":") ? "example.com" + text : text);
}

/** An entry, cut if it is long; of what is no string the type. */
export function keyOf(entry: unknown): string {
  if (entry instanceof RegExp) return "(RegExp)";
  if (typeof entry !== "string") return entry === null ? "(null)" : `(${typeof entry})`;
  return entry.length <= 80 ? entry : `${entry.slice(0, 40)}... (${entry.length} characters)`;
}

/** The fix that is told of an entry: its words, and the entries that it names to be written instead. */
export function assertFix(words: Words, key: string, fix: string, named: readonly string[] = []): void {
  for (const entry of named) assertStringIncludes(fix, JSON.stringify(entry), key);
  words.assert(key, fix);
}
