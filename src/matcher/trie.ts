/**
 * Rules into a packed trie over the characters of their hosts, walked from the right end of an origin.
 *
 *     patterns   0: .example.com   1: https://api.example.com   2: *.example.org
 *
 *     node      m, g                     the first letters from the right: one slot each, and where it leads
 *     record    "oc.elpmaxe"  0          what all hosts from here on have next, and the rules of the host that it ends
 *     record    ".ipa"        1
 *     record    "ro.elpmaxe"  2
 *
 * A node is a base in one array of slots: the letter c of the node at base b has slot b + c, and is there if that
 * slot says c. No two nodes have one base, so no node takes another's slot for its own (a double array, J. Aoe, 1989).
 * Where very many rules go on from a dot there is a table in place of a node: one slot for each label, by its hash.
 * So a look-up costs one pass over the host, whatever the number of patterns, and allocates nothing; a pattern costs
 * some twenty bytes.
 *
 * Label boundaries decide, never the edges of the trie: a rule counts only where the host that was read so far starts,
 * or has a dot before it. A trie that split inside a label and forgot this has already once admitted `barfoo.com` for
 * a list of `foo.com` and `bar.com` (GHSA-vhxv-fg4m-p2w8).
 */

import { areLabels, defaultPort, hostEnd, MAX_HOST_LENGTH, portAfter } from "../origin/authority.ts";
import { hostStart, kindOf, MAX_ORIGIN_LENGTH, MIN_ORIGIN_LENGTH } from "../origin/origin.ts";
import type { HostRule } from "../pattern/rule.ts";
import { pack } from "./trie_builder.ts";
import {
  ANY_PORT,
  ANY_SCHEME,
  BELOW,
  EMPTY_SLOT,
  finishHash,
  hashLetter,
  HERE,
  indexOf,
  LETTER_BITS,
  MAX_PROBES,
  MAX_RULES,
  NODE_FOLLOWS,
  NONE,
  PORT_SHIFT,
  RULES,
  type RuleSet,
  SCHEME_SHIFT,
  SCHEMES,
  SET,
  TABLE_FOLLOWS,
  tagOf,
  WIDE,
} from "./trie_layout.ts";

const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;

/** By number, as {@linkcode SCHEMES} are. */
const DEFAULT_PORTS = SCHEMES.map(defaultPort);
const HTTP = 1;
const HTTPS = 2;
/** In place of a scheme: it is read where a rule would admit its host, and with it where the host starts. */
const UNREAD = -1;
const LETTER_MASK = (1 << LETTER_BITS) - 1;

/** Hosts, each with the places of the rules that admit it. Immutable once built. */
export class HostTrie {
  readonly #slots: Int32Array;
  readonly #tables: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #unitShift: number;
  readonly #demands: Int32Array;
  readonly #sets: readonly RuleSet[];
  readonly #root: number;
  /** Rules for every host there is. */
  readonly #everyHost: RuleSet | null;
  /** Schemes beyond those of the web, looked up like hosts. */
  readonly #schemes: HostTrie | null;
  /** The rules that are too many for this one. */
  readonly #further: HostTrie | null;

  /** So many rules that go on from one dot get a table. */
  constructor(rules: readonly HostRule[], rulesOfTable?: number) {
    const packed = pack(rules.length > MAX_RULES ? rules.slice(0, MAX_RULES) : rules, rulesOfTable);
    this.#slots = packed.slots;
    this.#tables = packed.tables;
    this.#bytes = packed.bytes;
    this.#unitShift = packed.unitShift;
    this.#demands = packed.demands;
    this.#sets = packed.sets;
    this.#root = packed.root;
    this.#everyHost = packed.everyHost;
    const others = packed.otherSchemes;
    this.#schemes = others.length === 0 ? null : new HostTrie(
      others.map((host, place) => ({ kind: "host", place, scheme: null, host, reach: "host", port: null })),
    );
    this.#further = rules.length > MAX_RULES ? new HostTrie(rules.slice(MAX_RULES), rulesOfTable) : null;
  }

  /** The bytes of its arrays. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#tables.byteLength + this.#bytes.byteLength +
      this.#demands.byteLength +
      (this.#schemes?.byteLength ?? 0) + (this.#further?.byteLength ?? 0);
  }

  /** The place of the first rule of any scheme that admits the canonical host which is the text up to `end`, or NONE. */
  findStart(text: string, end: number, port: number): number {
    const place = this.#walk(text, 0, end, ANY_SCHEME, port);
    return place === NONE && this.#further !== null ? this.#further.findStart(text, end, port) : place;
  }

  /** The place of the first rule that admits a tuple origin, or NONE; of a malformed one, always NONE. */
  findOrigin(origin: string): number {
    if (origin.length < MIN_ORIGIN_LENGTH || origin.length > MAX_ORIGIN_LENGTH) return NONE;
    // A port ends in a digit, and so does a host only seldom.
    let place = origin.charCodeAt(origin.length - 1) <= COLON
      ? this.#walkBeforePort(origin)
      : this.#walk(origin, 0, origin.length, UNREAD, 0);
    if (this.#everyHost !== null) place = Math.min(place, this.#findEveryHost(origin, this.#everyHost));
    return place === NONE && this.#further !== null ? this.#further.findOrigin(origin) : place;
  }

  #walkBeforePort(origin: string): number {
    const end = hostEnd(origin, 0);
    const port = portAfter(origin, end);
    return port < 0 ? NONE : this.#walk(origin, 0, end, UNREAD, port);
  }

  #findEveryHost(origin: string, rules: RuleSet): number {
    if (kindOf(origin) !== "tuple") return NONE;
    const start = hostStart(origin);
    const scheme = this.#numberOf(origin, start - "://".length);
    return rules.first(BELOW, scheme, portAfter(origin, hostEnd(origin, start)) || defaultPortOf(scheme));
  }

  /**
   * Reads the host from `start` up to `end` from its right end. A port of 0: none is written.
   *
   * Nothing that is malformed gets through. What a rule's host covers has been compared with it; what is left of it, and
   * the scheme, are looked at once the rule would admit them: most of those who are refused have no rule that comes so
   * far. Until then `start` is that of the text, which stops nothing too late: no rule's host has a slash.
   */
  #walk(text: string, start: number, end: number, scheme: number, port: number): number {
    const slots = this.#slots;
    const bytes = this.#bytes;
    let first = NONE;
    /** Everything from here on has been read. */
    let unread = end;
    let target = this.#root;
    let leftIsValid = false;
    while (true) {
      if (target < 0) {
        let at = ~target << this.#unitShift;
        const head = bytes[at]!;
        const letters = bytes[at + 1]!;
        if (letters > unread - start) return first;
        at += 2;
        const lettersEnd = at + letters;
        // Four at a time: a processor foresees the end of a short loop seldom, and each time it does not costs it as
        // much as ten letters.
        for (; at + 4 <= lettersEnd; at += 4) {
          unread -= 4;
          const differ = (bytes[at]! ^ text.charCodeAt(unread + 3)) |
            (bytes[at + 1]! ^ text.charCodeAt(unread + 2)) |
            (bytes[at + 2]! ^ text.charCodeAt(unread + 1)) |
            (bytes[at + 3]! ^ text.charCodeAt(unread));
          if (differ !== 0) return first;
        }
        for (; at < lettersEnd; at++) {
          if (bytes[at] !== text.charCodeAt(--unread)) return first;
        }
        const before = unread === start ? SLASH : text.charCodeAt(unread - 1);
        const reach = before === DOT ? BELOW : before === SLASH ? HERE : 0;
        if (reach === 0 && head < NODE_FOLLOWS) return first;
        for (let rules = head & RULES; rules > 0; rules--) {
          let demand = this.#demands[bytes[at]!]!;
          let place = read24(bytes, at + 1);
          at += 4;
          if (demand === WIDE) {
            demand = read32(bytes, at);
            at += 4;
          }
          if (demand === SET ? reach === 0 : (demand & reach) === 0) continue;
          if (scheme === UNREAD) {
            scheme = webScheme(text);
            start = scheme === HTTPS
              ? "https://".length
              : scheme === HTTP
              ? "http://".length
              : hostStart(text);
            if (start < 0) return NONE;
            if (scheme === ANY_SCHEME) scheme = this.#numberOf(text, start - "://".length);
            if (port === 0) port = defaultPortOf(scheme);
          }
          if (reach === HERE && unread !== start) return NONE;
          if (demand === SET) place = this.#sets[place]!.first(reach, scheme, port);
          else if (!admits(demand, scheme, port)) continue;
          if (place >= first) continue;
          if (reach === BELOW && !leftIsValid) {
            if (end - start > MAX_HOST_LENGTH || !areLabels(text, start, unread - 1)) return NONE;
            leftIsValid = true;
          }
          first = place;
        }
        if (head < NODE_FOLLOWS) return first;
        target = read32(bytes, at);
        if (head >= TABLE_FOLLOWS) {
          target = this.#targetOfLabel(text, start, unread, target, bytes[at + 4]!, bytes[at + 5]!);
          continue;
        }
      }
      if (unread === start) return first;
      const char = text.charCodeAt(--unread);
      const slot = slots[target + (char & LETTER_MASK)]!;
      if ((slot & LETTER_MASK) !== char) return first;
      target = slot >> LETTER_BITS;
    }
  }

  /** Where the table at `base` leads for the label that ends at `end`: if it is not there, to the empty record. */
  #targetOfLabel(
    text: string,
    start: number,
    end: number,
    base: number,
    size: number,
    shift: number,
  ): number {
    let hash = 0;
    for (let i = end - 1; i >= start; i--) {
      const char = text.charCodeAt(i);
      if (char === DOT || char === SLASH) break;
      hash = hashLetter(hash, char);
    }
    hash = finishHash(hash);
    const tag = tagOf(hash);
    const first = base + indexOf(hash, size, shift);
    for (let index = first; index < first + MAX_PROBES; index++) {
      const slot = this.#tables[index]!;
      if ((slot & LETTER_MASK) === tag) return slot >> LETTER_BITS;
      if (slot === EMPTY_SLOT) break;
    }
    return EMPTY_SLOT >> LETTER_BITS;
  }

  /** The number of the scheme that a text starts with, up to `end`. */
  #numberOf(text: string, end: number): number {
    for (let number = 1; number < SCHEMES.length; number++) {
      if (SCHEMES[number]!.length === end && text.startsWith(SCHEMES[number]!)) return number;
    }
    const place = this.#schemes === null ? NONE : this.#schemes.findStart(text, end, 0);
    return place === NONE ? ANY_SCHEME : SCHEMES.length + place;
  }
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
function admits(demand: number, scheme: number, port: number): boolean {
  const itsScheme = demand >>> SCHEME_SHIFT;
  return (itsScheme === ANY_SCHEME || itsScheme === scheme) &&
    ((demand & ANY_PORT) !== 0 || ((demand >>> PORT_SHIFT) & 0xffff) === port);
}

function read24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
