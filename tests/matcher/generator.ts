/**
 * Seeded random patterns, and origins made from what they admit: by themselves, random origins match nothing, and
 * a comparison of two matchers that both say no to everything proves nothing.
 *
 * @module
 */

import process from "node:process";
import type { Random } from "../random.ts";

/**
 * A seed: `WSGATE_SEED`, or else a fresh one, for what is compared here is endless, and each run should see more of
 * it. Printed, so that a failure can be had again.
 */
export function takeSeed(what: string): number {
  const given = process.env["WSGATE_SEED"];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`WSGATE_SEED is not an integer: ${given}`);
  console.log(`${what}: WSGATE_SEED=${seed}`);
  return seed;
}

/** True in so many of a hundred cases. */
export function chance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}

/** A list of `count` things, each made anew. */
export function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

/** A pattern as an operator may write it, and what it admits, known from how it was made. */
export interface Pattern {
  readonly text: string;
  /** Goes into `dangerouslyAllow`: the list refuses it. */
  readonly dangerous: boolean;
  /** Some origin that it admits. */
  admitted(random: Random): string;
}

/**
 * Which patterns: every kind there is, or those that Django Channels documents. Its page knows neither `*.host`,
 * nor `:*`, nor a port without a scheme, nor names in Unicode, nor a wildcard in place of the host.
 */
export type Dialect = "wsgate" | "channels";

const LONG = "l".repeat(63);
/** Many share their beginning, their end or both: what a tree over characters could confuse. */
const LABELS = [
  ..."a b ab ba aab foo bar barfoo foobar evil good good-site site goodsite www api com k".split(" "),
  ..."my_app -x x- _ 0x 0 12 9to5 x1 ab--c xn--bcher-kva".split(" "),
  LONG,
];
/** Origins may have labels that begin or end with a hyphen; no entry may. */
const WRITABLE = LABELS.filter((label) => !/^-|-$/.test(label));
/** Labels that one who writes a list would own: no host of a shared suffix among them. */
const OWN = "goodsite good-site site foo bar barfoo my_app 9to5 kiosk xn--bcher-kva".split(" ");
const TOP = "com org net dev de test example internal localhost co.uk xn--p1ai".split(" ");
/** What a wildcard may stand before though it is one label, or a suffix: nobody else can register below. */
const RESERVED = "localhost test example invalid internal home.arpa".split(" ");
/** Names under which strangers register. */
const SHARED = "com local onion co.uk github.io vercel.app amazonaws.com azure.com nip.io".split(" ");
const ADDRESSES = [
  ..."127.0.0.1 10.0.0.7 192.168.1.20 255.255.255.255 0.0.0.0 1.2.3.4".split(" "),
  ..."[::1] [::] [2001:db8::1] [::ffff:7f00:1] [fe80::a:b:c:d] [1:2:3:4:5:6:7:8]".split(" "),
  ..."[1:0:0:2::3] [1::2:0:0:3:4]".split(" "),
];
/** Not one of the two forms that count: dotted decimal, and the canonical one in brackets. */
const MALFORMED_ADDRESSES = [
  ..."127.1 2130706433 0x7f.1 0x7f000001 0177.0.0.1 127.0.0.01 127.0.0.1. 256.0.0.1 1.2.3.4.5".split(" "),
  ..."[::1 ::1 [::1]x [::1]] [] [:] [:::] [::1::] [::01] [::00] [::0:1] [g::1] [2001:DB8::1]".split(" "),
  ..."[::127.0.0.1] [::ffff:127.0.0.1] [::1%25eth0] [fe80::1%eth0] [goodsite.com]".split(" "),
  ..."[0:0:0:0:0:0:0:1] [1:0:0:2:0:0:0:3] [1::2:0:0:0:3] [1:0:0:2::3:4]".split(" "),
  ..."[1:2:3:4:5:6:7] [1:2:3:4:5:6:7::] [1:2:3:4:5:6:7:8:9]".split(" "),
];
/** Spellings that a pattern may have and an origin never has. */
const UNICODE_LABELS = new Map([
  ["bücher", "xn--bcher-kva"],
  ["BÜCHER", "xn--bcher-kva"],
  ["bu\u0308cher", "xn--bcher-kva"],
  ["münchen", "xn--mnchen-3ya"],
  ["例え", "xn--r8jz45g"],
  ["пример", "xn--e1afmkfd"],
]);
const LONG_ADDRESSES = new Map([
  ["[2001:DB8:0:0::1]", "[2001:db8::1]"],
  ["[0:0:0:0:0:0:0:1]", "[::1]"],
  ["[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"],
]);
const SCHEMES = ["http", "https", "ws", "wss"];
const CUSTOM_SCHEMES = ["app", "capacitor", "chrome-extension", "moz-extension", "tauri"];
const ODD_SCHEMES = ["a", "httpss", "web+app", "x.y-z1", "s".repeat(64)];
const PORTS = [1, 80, 443, 3000, 8080, 8443, 65535];
const MALFORMED_PORTS = [
  ..."0 080 00443 65536 99999 4294967376 443443443443 -1 +80 8080x abc * 1e3 0x50 ８０".split(" "),
  ...["", " 80", "80 ", "80\n"],
];
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };

/** A pattern of some kind, seldom `*`: beside it the others would not count. */
export function randomPattern(random: Random, dialect: Dialect): Pattern {
  const wide = dialect === "wsgate";
  if (chance(random, 1)) {
    return { text: "*", dangerous: false, admitted: (random) => strangeOrigin(random, dialect) };
  }
  if (wide && chance(random, 1)) return { text: "null", dangerous: true, admitted: () => "null" };

  const scheme = chance(random, 50) ? randomScheme(random, dialect) : undefined;
  let reach = random.pick(wide ? ["", "", ".", "*."] : ["", "", "."]);
  let written: string;
  let dangerous = false;
  if (wide && scheme !== undefined && chance(random, 6)) {
    [reach, written] = ["*", ""];
    dangerous = scheme === "http" || scheme === "https";
  } else if (wide && reach !== "" && chance(random, 6)) {
    [written, dangerous] = [random.pick(SHARED), true];
  } else if (reach !== "" && chance(random, 10)) {
    written = random.pick(RESERVED);
  } else if (chance(random, 12)) {
    [reach, written] = ["", random.pick(ADDRESSES)];
    if (wide && chance(random, 20)) written = random.pick([...LONG_ADDRESSES.keys()]);
  } else if (reach === "" && chance(random, 6)) {
    // Of one label; below it there may be strangers.
    written = random.pick(["localhost", "callback", "intranet"]);
  } else {
    written = randomName(random);
    if (wide && written.length < 200 && chance(random, 8)) {
      written = `${random.pick([...UNICODE_LABELS.keys()])}.${written}`;
    }
    if (wide && written.length < 255 && chance(random, 3)) written += ".";
  }
  const host = LONG_ADDRESSES.get(written) ??
    written.split(".").map((label) => UNICODE_LABELS.get(label) ?? label).join(".");
  const port = scheme === undefined && !wide
    ? undefined
    : random.pick([undefined, undefined, undefined, random.pick(PORTS), ...(wide ? ["*" as const] : [])]);

  let text = (scheme === undefined ? "" : scheme + "://") + reach + written +
    (port === undefined ? "" : ":" + port);
  if (chance(random, 10)) {
    text = text.replace(/[a-z]/g, (letter) => chance(random, 30) ? letter.toUpperCase() : letter);
  }
  return {
    text,
    dangerous,
    admitted(random) {
      const originScheme = scheme ?? randomScheme(random, dialect);
      const below = reach === "*." || (reach === "." && chance(random, 60));
      const originHost = reach === "*"
        ? randomHost(random)
        : (below ? many(1 + random.below(3), () => random.pick(LABELS)).join(".") + "." : "") + host;
      return `${originScheme}://${originHost}${randomPort(random, originScheme, port, scheme === undefined)}`;
    },
  };
}

/** The port of an origin that a pattern with this one admits, ":" included; a default port mostly goes unsaid. */
function randomPort(
  random: Random,
  scheme: string,
  port: number | "*" | undefined,
  anyScheme: boolean,
): string {
  const free = port === "*" || (port === undefined && anyScheme);
  const wanted = free ? random.pick([undefined, random.pick(PORTS)]) : port ?? DEFAULT_PORTS[scheme];
  return wanted === undefined || (wanted === DEFAULT_PORTS[scheme] && chance(random, 70)) ? "" : `:${wanted}`;
}

function randomScheme(random: Random, dialect: Dialect): string {
  if (chance(random, 75)) return random.pick(["https", "http"]);
  return random.pick([...SCHEMES, ...CUSTOM_SCHEMES, ...(dialect === "wsgate" ? ODD_SCHEMES : [])]);
}

function randomName(random: Random, labels = WRITABLE): string {
  // Four labels of 63 and their dots are the 255 characters a name may have.
  if (chance(random, 1)) return Array(4).fill(LONG).join(".");
  const depth = random.pick([0, 0, 0, 1, 1, 2, 3]);
  return [...many(depth, () => random.pick(labels)), random.pick(OWN), random.pick(TOP)].join(".");
}

function randomHost(random: Random): string {
  return chance(random, 15) ? random.pick(ADDRESSES) : randomName(random, LABELS);
}

/** An origin that owes nothing to a pattern, well-formed for the most part. */
export function strangeOrigin(random: Random, dialect: Dialect): string {
  const scheme = randomScheme(random, dialect);
  const origin = `${scheme}://${randomHost(random)}${randomPort(random, scheme, "*", false)}`;
  return dialect === "wsgate" && chance(random, 15) ? mutate(random, origin, "malformed") : origin;
}

interface Parts {
  readonly scheme: string;
  readonly host: string;
  /** With its ":"; or "". */
  readonly port: string;
}
type Mutation = (parts: Parts, random: Random) => Partial<Parts> | string;

/** One change each, after which an origin is mostly still one: another scheme, host or port. */
const WELL_FORMED: readonly Mutation[] = [
  ({ scheme }) => ({ scheme: { http: "https", https: "http", ws: "wss", wss: "ws" }[scheme] ?? "https" }),
  (_, random) => ({ scheme: random.pick(CUSTOM_SCHEMES) }),
  ({ scheme }, random) => ({ scheme: random.pick([scheme + "s", scheme.slice(0, -1) || "z", "x" + scheme]) }),
  (_, random) => ({ port: ":" + random.pick(PORTS) }),
  ({ port }) => ({ port: port === "" ? ":81" : "" }),
  ({ port }) => ({ port: port === "" ? ":444" : port.slice(0, -1) + "1" }),
  // A label more, a label less: apex and subdomain, a twin under "www", a name below an address.
  ({ host }, random) => ({ host: `${random.pick(LABELS)}.${host}` }),
  ({ host }) => ({ host: host.replace(/^[^.]*\./, "") }),
  ({ host }) => ({ host: host.replace(/\.[^.]*$/, "") }),
  // Glued on where no label ends: evilgoodsite.com, evil-goodsite.com, goodsite.community, barfoo.com.
  ({ host }, random) => ({ host: random.pick(LABELS) + host }),
  ({ host }, random) => ({ host: `${random.pick(["evil", "not", "x"])}-${host}` }),
  ({ host }, random) => ({ host: host + random.pick(["munity", "evil", "x", "-a", "_"]) }),
  ({ host }) => ({ host: host.slice(1) }),
  ({ host }) => ({ host: host.slice(0, -1) }),
  // The allowed name in front of the attacker's.
  ({ host }, random) => ({ host: `${host}.${random.pick(["evil.com", "evil", "nip.io", "com", "dev"])}` }),
  ({ host }) => ({ host: host + "." }),
  // A dot that a regular expression forgot to escape, and other single characters.
  ({ host }, random) => ({ host: host.replace(/\./, random.pick(["x", "-", "_"])) }),
  ({ host }, random) => ({ host: replaceAt(host, random, random.pick(["a", "z", "0", "-", "_", "."])) }),
  ({ host }, random) => ({ host: replaceAt(host, random, "") }),
  (_, random) => ({ host: random.pick(ADDRESSES) }),
  (_, random) => ({ host: randomName(random) }),
];

/** One change each, after which no browser would have sent it. */
const MALFORMED: readonly Mutation[] = [
  ({ host }, random) => ({ host: flipCase(host, random) }),
  ({ scheme }, random) => ({ scheme: flipCase(scheme, random) }),
  ({ host }, random) => ({
    host: random.pick(["user@", "user:pass@", "evil.com@", "@", "evil.com\\@", "evil.com#@"]) + host,
  }),
  ({ host }, random) => ({
    host: host + random.pick(["@evil.com", "/", "/x", "?", "?q", "#", "#f", "\\", ";", ","]),
  }),
  ({ port }, random) => ({
    port: port + random.pick(["/", "/path", "/@evil.com", "?q", "#f", "\\", ".evil.com", ":1"]),
  }),
  (_, random) => ({ port: ":" + random.pick(MALFORMED_PORTS) }),
  // Two headers, as both runtimes join them, and as RFC 6454 once allowed.
  (parts, random) =>
    join(parts) + random.pick([", ", ",", " "]) + random.pick([join(parts), "https://evil.com", "null", ""]),
  (parts, random) =>
    random.pick(["https://evil.com", "null", "", "http://localhost"]) + random.pick([", ", " "]) +
    join(parts),
  (parts, random) =>
    random.pick([" ", "\t", "\n", "\0", "\ufeff", "view-source:", "blob:", "//", "-", "1"]) + join(parts),
  (parts, random) => join(parts) + random.pick([" ", "\t", "\n", "\r\n", "\0", "\u2028", "\x7f"]),
  (parts, random) =>
    replaceAt(
      join(parts),
      random,
      random.pick([" ", "\t", "\n", "\0", "%", "%2e", "`", "'", "{", "!", "*", "é"]),
    ),
  // What lower-casing, normalising or cutting to one byte would turn into the real thing.
  ({ host }) => ({
    host: host.replace(
      /[ksi]|$/,
      (letter) => ({ k: "\u212a", s: "\u017f", i: "\u0130" })[letter] ?? "\u212a",
    ),
  }),
  ({ host }) => ({
    host: host.replace(/[a-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
  }),
  ({ host }, random) => ({
    host: host.replace(/\./, random.pick(["。", "．", "｡", "\u012e", "%2e", "..", ":"])),
  }),
  ({ host }, random) => ({
    host: replaceAt(host, random, (character) => String.fromCharCode(character.charCodeAt(0) + 0x100)),
  }),
  ({ host }, random) => ({
    host: replaceAt(host, random, (character) => "%" + character.charCodeAt(0).toString(16)),
  }),
  // Labels that are empty or too long, hosts and schemes that are too long.
  ({ host }, random) => ({
    host: random.pick([".", "..", "*.", "l".repeat(64) + ".", `${LONG}.`.repeat(4), "a.".repeat(5000)]) +
      host,
  }),
  ({ host }, random) => ({ host: host + random.pick(["..", ".*", "*"]) }),
  ({ scheme }) => ({ scheme: "s".repeat(65 - Math.min(scheme.length, 64)) + scheme }),
  ({ scheme }, random) => ({ scheme: random.pick(["1", "+", "_", "é"]) + scheme }),
  ({ scheme }, random) => ({ scheme: scheme + random.pick(["_", ":", "/", " ", "é"]) }),
  () => ({ scheme: "" }),
  // A number at the end: an address that is none, or not in the one form that counts.
  ({ host }, random) => ({ host: `${host}.${random.pick(["1", "0", "0x", "0x7f", "256", "0.0.1"])}` }),
  (_, random) => ({ host: random.pick(MALFORMED_ADDRESSES) }),
  (parts, random) =>
    random.pick([
      parts.host + parts.port,
      `//${parts.host}`,
      `${parts.scheme}:${parts.host}`,
      `${parts.scheme}:/${parts.host}`,
    ]),
  (parts) => `${parts.scheme}:///${parts.host}${parts.port}`,
  (parts) => `${parts.scheme}://`,
];

/** `origin` with exactly one change. An origin that is no tuple loses, gains or changes a character. */
export function mutate(random: Random, origin: string, kind: "well-formed" | "malformed"): string {
  const [, scheme, host, port] = /^([^:]+):\/\/(\[[^\]]*\]|[^:]*)(:.*)?$/s.exec(origin) ?? [];
  if (scheme === undefined || host === undefined) {
    return random.pick([
      origin + "x",
      origin.slice(1),
      origin.toUpperCase(),
      ` ${origin}`,
      `${origin}, ${origin}`,
    ]);
  }
  const parts: Parts = { scheme, host, port: port ?? "" };
  const changed = random.pick(kind === "well-formed" ? WELL_FORMED : MALFORMED)(parts, random);
  return typeof changed === "string" ? changed : join({ ...parts, ...changed });
}

function join({ scheme, host, port }: Parts): string {
  return `${scheme}://${host}${port}`;
}

function replaceAt(text: string, random: Random, by: string | ((character: string) => string)): string {
  const at = random.below(text.length);
  return text.slice(0, at) + (typeof by === "string" ? by : by(text[at] ?? "")) + text.slice(at + 1);
}

function flipCase(text: string, random: Random): string {
  const letters = [...text.matchAll(/[a-z]/g)].map(({ index }) => index);
  const at = letters.length === 0 ? -1 : random.pick(letters);
  return at < 0 ? text : text.slice(0, at) + text[at]!.toUpperCase() + text.slice(at + 1);
}

/** A list as an operator gives it. */
export interface PatternList {
  readonly patterns: readonly string[];
  readonly dangerouslyAllow: readonly string[];
  /** What both lists hold, in the order in which they are matched. */
  readonly made: readonly Pattern[];
}

/** Mostly a handful of patterns, now and then enough of them to fill a tree. */
export function randomList(random: Random, dialect: Dialect): PatternList {
  const length = chance(random, 3) ? 150 : random.pick([0, 1, 1, 1, 2, 2, 3, 5, 8, 13]);
  const made = many(length, () => randomPattern(random, dialect));
  const safe = made.filter(({ dangerous }) => !dangerous);
  // A dangerous list may hold harmless entries too.
  const dangerous = made.filter(({ dangerous }) => dangerous);
  if (dangerous.length > 0 && safe.length > 0 && chance(random, 30)) dangerous.push(safe.pop()!);
  return {
    patterns: safe.map(({ text }) => text),
    dangerouslyAllow: dangerous.map(({ text }) => text),
    made: [...safe, ...dangerous],
  };
}

/** An origin to judge. */
export interface Candidate {
  readonly origin: string | null;
  /** The origin, meant to be admitted, of which this is one mutation; undefined: it is none. */
  readonly from: string | undefined;
}

/** An origin that one of the patterns admits, or one mutation of such an origin, or, seldom, something else. */
export function randomCandidate(random: Random, { made }: PatternList, dialect: Dialect): Candidate {
  const dice = random.below(100);
  if (dice < 4) return { origin: random.pick([null, null, "", "null"]), from: undefined };
  if (dice < 10 || made.length === 0) return { origin: strangeOrigin(random, dialect), from: undefined };
  const admitted = random.pick(made).admitted(random);
  if (dice < 50) return { origin: admitted, from: undefined };
  const kind = dialect === "wsgate" && chance(random, 35) ? "malformed" : "well-formed";
  return { origin: mutate(random, admitted, kind), from: admitted };
}

/**
 * Counts what a run was made of. A near miss is a denied origin that one mutation made of an origin which the same
 * list admits.
 */
export class Shares {
  total = 0;
  allowed = 0;
  nearMisses = 0;

  add({ origin, from }: Candidate, admits: (origin: string | null) => boolean): void {
    const allowed = admits(origin);
    this.total++;
    if (allowed) this.allowed++;
    else if (from !== undefined && admits(from)) this.nearMisses++;
  }

  toString(): string {
    const share = (count: number) => `${(100 * count / this.total).toFixed(1)} %`;
    return `${this.total} origins, ${share(this.allowed)} allowed, ${share(this.nearMisses)} near misses`;
  }
}
