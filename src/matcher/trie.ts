/**
 * Rules into a packed trie over the characters of their hosts, walked from the right end of an origin.
 *
 *     patterns   0: shop.test   1: *.workshop.test   2: https://pop.test
 *
 *     t─s─e─t─.─p─o─┬─h─s─ bucket: rule 0, nothing left ─k─ bucket: rule 1, "row" left
 *                   └─p─── bucket: rule 2, nothing left
 *
 * A node is the letters with which hosts go on: a base in one array of slots. The letter c of the node at base b has slot
 * b + c, and is there if that slot says c. No two nodes have one base, so no node takes another's slot for its own (a
 * double array, J. Aoe, 1989). A bucket is where few rules are left: each is compared by itself, with what the nodes have
 * not read. So a look-up costs one pass over the host, whatever the number of patterns, and allocates nothing; a pattern
 * costs some twenty bytes.
 *
 * Label boundaries decide, never the edges of the trie: a rule counts only where the host that was read so far starts,
 * or has a dot before it. A trie that split inside a label and forgot this has already once admitted `barfoo.com` for
 * a list of `foo.com` and `bar.com` (GHSA-vhxv-fg4m-p2w8).
 */

import { areLabels, defaultPort, hostEnd, MAX_HOST_LENGTH, portAfter } from "../origin/authority.ts";
import { hostStart, kindOf, MAX_ORIGIN_LENGTH, MIN_ORIGIN_LENGTH } from "../origin/origin.ts";
import type { HostRule } from "../pattern/rule.ts";
import { pack } from "./trie_builder.ts";
import * as layout from "./trie_layout.ts";

// Constants of this module: what is imported one of the engines reads from memory each time, and a look-up takes a
// twentieth longer. One by one: what is taken out of a namespace at once no bundler drops.
const ANY_PORT = layout.ANY_PORT;
const ANY_SCHEME = layout.ANY_SCHEME;
const BELOW = layout.BELOW;
const HEADER = layout.HEADER;
const IN_SET = layout.IN_SET;
const ITSELF = layout.ITSELF;
const LENGTH = layout.LENGTH;
const LETTERS = layout.LETTERS;
const MAX_CONDITIONS = layout.MAX_CONDITIONS;
const NODE_FOLLOWS = layout.NODE_FOLLOWS;
const NONE = layout.NONE;
const NOTHING = layout.NOTHING;
const PLACE = layout.PLACE;
const PORT_SHIFT = layout.PORT_SHIFT;
const RECORD_FOLLOWS = layout.RECORD_FOLLOWS;
const SCHEME_SHIFT = layout.SCHEME_SHIFT;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;

/** By number. */
const DEFAULT_PORTS = /* @__PURE__ */ layout.SCHEMES.map(defaultPort);
const HTTP = 1;
const HTTPS = 2;
/** In place of a scheme: it is read where a rule would admit its host, and with it where the host starts. */
const UNREAD = -1;

/** Hosts, each with the places of the rules that admit it. Immutable once built. */
export class HostTrie {
  readonly #packed: layout.Packed;
  /** Schemes beyond those of the web, looked up like hosts. */
  readonly #schemes: HostTrie | null;

  /** `longList`: from so many rules on, some share a bucket. */
  constructor(rules: readonly HostRule[], longList?: number) {
    this.#packed = pack(rules, longList);
    const others = this.#packed.otherSchemes;
    this.#schemes = others.length === 0 ? null : new HostTrie(
      others.map((host, place) => ({ kind: "host", place, scheme: null, host, reach: "host", port: null })),
    );
  }

  /** The bytes of its arrays. */
  get byteLength(): number {
    const { letters, targets, buckets, conditions } = this.#packed;
    const arrays = [letters, targets, buckets, conditions];
    return arrays.reduce((sum, array) => sum + array.byteLength, this.#schemes?.byteLength ?? 0);
  }

  /** The place of the first rule of any scheme that admits the canonical host which is the text up to `end`, or NONE. */
  findStart(text: string, end: number, port: number): number {
    return this.#walk(text, 0, end, ANY_SCHEME, port);
  }

  /** The place of the first rule that admits a tuple origin, or NONE; of a malformed one, always NONE. */
  findOrigin(origin: string): number {
    if (origin.length < MIN_ORIGIN_LENGTH || origin.length > MAX_ORIGIN_LENGTH) return NONE;
    // A port ends in a digit, and so does a host only seldom.
    const place = origin.charCodeAt(origin.length - 1) <= COLON
      ? this.#walkBeforePort(origin)
      : this.#walk(origin, 0, origin.length, UNREAD, 0);
    const { everyHost } = this.#packed;
    return everyHost === null ? place : Math.min(place, this.#findEveryHost(origin, everyHost));
  }

  #walkBeforePort(origin: string): number {
    const end = hostEnd(origin, 0);
    const port = portAfter(origin, end);
    return port < 0 ? NONE : this.#walk(origin, 0, end, UNREAD, port);
  }

  #findEveryHost(origin: string, rules: layout.RuleSet): number {
    if (kindOf(origin) !== "tuple") return NONE;
    const start = hostStart(origin);
    const scheme = this.#numberOf(origin, start - "://".length);
    const reach = start === origin.length ? ITSELF : BELOW;
    return rules.least(reach, scheme, portAfter(origin, hostEnd(origin, start)) || defaultPortOf(scheme));
  }

  /**
   * Reads the host from `start` up to `end` from its right end. A port of 0: none is written.
   *
   *     https://my.workshop.test
   *     https://my.work|          "tset.pohs" leads to a bucket. Rule 0 has nothing left; but "k" is no boundary
   *     https://my.wor|           "k" leads on to the next. Rule 1 has "row" left, as the host has
   *     https://my.|              and there is a boundary: the host is below that of rule 1, which counts
   *
   * Nothing that is malformed gets through. What a rule's host covers has been compared with it; what is left of it, and
   * the scheme, are looked at once the rule would admit them: most of those who are refused have no rule that comes so
   * far. Until then `start` is that of the text, which stops nothing too late: no rule's host has a slash.
   */
  #walk(text: string, start: number, end: number, scheme: number, port: number): number {
    const { letters, targets, buckets, conditions, sets, root } = this.#packed;
    /** The least place of a rule that admits this. */
    let least = NONE;
    let leftIsRead = false;
    /** Once it is not, it is not for a rule that leaves less of it either: what that covers is labels. */
    let leftIsValid = false;
    let target = root;
    /** Everything from here on has been read. */
    let unread = end;
    while (true) {
      target = descend(letters, targets, target, text, start, unread);
      if (target === NOTHING) return least;
      let at = ~target;
      unread = end - buckets[at++]!;
      let head: number;
      do {
        const record = at;
        head = buckets[record]! | (buckets[record + 1]! << 8);
        const length = buckets[record + LENGTH]!;
        at = record + HEADER + length;
        /** Where what the rule's host covers starts. */
        const covered = unread - length;
        if (covered < start || !sameLetters(buckets, record + HEADER, at, text, unread)) continue;
        const before = covered === start ? SLASH : text.charCodeAt(covered - 1);
        const reach = before === DOT ? BELOW : before === SLASH ? ITSELF : 0;
        const condition = conditions[head & (MAX_CONDITIONS - 1)]!;
        if ((condition & reach) === 0) continue;
        if (scheme === UNREAD) {
          scheme = webScheme(text);
          start = scheme === HTTPS ? "https://".length : scheme === HTTP ? "http://".length : hostStart(text);
          if (start < 0) return NONE;
          if (scheme === ANY_SCHEME) scheme = this.#numberOf(text, start - "://".length);
          if (port === 0) port = defaultPortOf(scheme);
        }
        if (reach === ITSELF && covered !== start) return NONE;
        let place = buckets[record + PLACE]! | (buckets[record + PLACE + 1]! << 8) |
          (buckets[record + PLACE + 2]! << 16);
        if ((head & (MAX_CONDITIONS - 1)) === IN_SET) place = sets[place]!.least(reach, scheme, port);
        else if (!admits(condition, scheme, port)) continue;
        if (place >= least) continue;
        if (reach === BELOW) {
          if (!leftIsRead) {
            leftIsValid = end - start <= MAX_HOST_LENGTH && areLabels(text, start, covered - 1);
          }
          leftIsRead = true;
          // Not NONE: further left a rule may name all of it as an opaque host.
          if (!leftIsValid) continue;
        }
        least = place;
      } while ((head & RECORD_FOLLOWS) !== 0);
      if ((head & NODE_FOLLOWS) === 0) return least;
      target = read32(buckets, at);
    }
  }

  /** The number of the scheme that a text starts with, up to `end`. */
  #numberOf(text: string, end: number): number {
    for (let number = 1; number < layout.SCHEMES.length; number++) {
      if (layout.SCHEMES[number]!.length === end && text.startsWith(layout.SCHEMES[number]!)) return number;
    }
    const place = this.#schemes === null ? NONE : this.#schemes.findStart(text, end, 0);
    return place === NONE ? ANY_SCHEME : layout.SCHEMES.length + place;
  }
}

/** Follows the letters left of `unread` from node to node: the bucket they lead to, or NOTHING. */
function descend(
  letters: Uint8Array,
  targets: Int32Array,
  target: number,
  text: string,
  start: number,
  unread: number,
): number {
  while (target >= 0) {
    if (unread === start) return NOTHING;
    const char = text.charCodeAt(--unread);
    const slot = target + (char & (LETTERS - 1));
    if (letters[slot] !== char) return NOTHING;
    target = targets[slot]!;
  }
  return target;
}

/** True where the letters from `at` up to `end` stand left of `unread`, which so many letters do. */
function sameLetters(buckets: Uint8Array, at: number, end: number, text: string, unread: number): boolean {
  // Four at a time: a processor foresees the end of a short loop seldom, and each time it does not costs it as much as
  // ten letters.
  for (; at + 4 <= end; at += 4) {
    unread -= 4;
    const differ = (buckets[at]! ^ text.charCodeAt(unread + 3)) |
      (buckets[at + 1]! ^ text.charCodeAt(unread + 2)) |
      (buckets[at + 2]! ^ text.charCodeAt(unread + 1)) |
      (buckets[at + 3]! ^ text.charCodeAt(unread));
    if (differ !== 0) return false;
  }
  for (; at < end; at++) if (buckets[at] !== text.charCodeAt(--unread)) return false;
  return true;
}

/** By the number of a scheme; 0: it has none. */
function defaultPortOf(scheme: number): number {
  return scheme < DEFAULT_PORTS.length ? DEFAULT_PORTS[scheme]! : 0;
}

/** The number of an origin's scheme if that is `https` or `http`, as nearly all are. */
function webScheme(text: string): number {
  if (text.length < "https://".length) return ANY_SCHEME;
  // All letters at once: nearly always they are there.
  const http = (text.charCodeAt(0) ^ 0x68) | (text.charCodeAt(1) ^ 0x74) | (text.charCodeAt(2) ^ 0x74) |
    (text.charCodeAt(3) ^ 0x70);
  const fifth = text.charCodeAt(4);
  const sixth = text.charCodeAt(5);
  const seventh = text.charCodeAt(6);
  if ((http | (fifth ^ 0x73) | (sixth ^ COLON) | (seventh ^ SLASH) | (text.charCodeAt(7) ^ SLASH)) === 0) {
    return HTTPS;
  }
  return (http | (fifth ^ COLON) | (sixth ^ SLASH) | (seventh ^ SLASH)) === 0 ? HTTP : ANY_SCHEME;
}

/** Reports whether a rule that asks for this admits a scheme and a port. */
function admits(condition: number, scheme: number, port: number): boolean {
  const itsScheme = condition >>> SCHEME_SHIFT;
  return (itsScheme === ANY_SCHEME || itsScheme === scheme) &&
    ((condition & ANY_PORT) !== 0 || ((condition >>> PORT_SHIFT) & 0xffff) === port);
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
