/**
 * Rules into a packed trie over the characters of their hosts, walked from the right end of an origin.
 *
 *     patterns   0: .example.com   1: https://api.example.com   2: *.example.org   …
 *
 *     letters of a node        m ─ o ─ c ─ . ─ …          one slot each: the letter, and where it leads
 *     a bucket of a few rules      elpmaxe   0   ""       what they share, then each rule with its rest, reversed
 *                                            1   ".ipa"
 *
 * A node is a base in one array of slots: the letter c of the node at base b has slot b + c, and is there if that
 * slot says c. No two nodes have one base, so no node takes another's slot for its own (a double array, J. Aoe, 1989).
 * Hosts that only few rules share go into a bucket of bytes: it is read from one end to the other, in one or two
 * lines of the cache. So a look-up costs one pass over the host, whatever the number of patterns, and allocates
 * nothing; a pattern costs some twenty bytes.
 *
 * Label boundaries decide, never the edges of the trie: a rule counts only where the host that was read so far starts,
 * or has a dot before it. A trie that split inside a label and forgot this has already once admitted `barfoo.com` for
 * a list of `foo.com` and `bar.com` (GHSA-vhxv-fg4m-p2w8).
 */

import { areLabels, hostEnd, isHost, MAX_HOST_LENGTH, portAfter } from "./authority.ts";
import { hostStart, MAX_ORIGIN_LENGTH, MIN_ORIGIN_LENGTH } from "./origin.ts";
import {
  ANY_PORT,
  ANY_SCHEME,
  BELOW,
  ENTRY_HEAD,
  HERE,
  NODE_FOLLOWS,
  NONE,
  pack,
  PORT_SHIFT,
  type RuleSet,
  SCHEME_SHIFT,
  SCHEMES,
  SET,
} from "./packing.ts";
import type { HostRule } from "./pattern.ts";

const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;

/** By number, as {@linkcode SCHEMES} are. */
const DEFAULT_PORTS = [0, 80, 443, 80, 443];
const HTTP = 1;
const HTTPS = 2;
/** In place of a scheme: it is read where a rule asks for it, and with it where the host starts. */
const UNREAD = -1;

/** Hosts, each with the places of the rules that admit it. Immutable once built. */
export class HostTrie {
  readonly #slots: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #demands: Int32Array;
  readonly #sets: readonly RuleSet[];
  /** Where a look-up starts: the base of a node, or the complement of a bucket's first byte. */
  readonly #root: number;
  /** Rules for every host there is. */
  readonly #everyHost: RuleSet | null;
  /** Schemes beyond those of the web, looked up like hosts. */
  readonly #schemes: HostTrie | null;

  /** `rules[i]` has place i; a rule of undefined takes its place and admits nothing. */
  constructor(rules: readonly (HostRule | undefined)[]) {
    const packed = pack(rules);
    this.#slots = packed.slots;
    this.#bytes = packed.bytes;
    this.#demands = packed.demands;
    this.#sets = packed.sets;
    this.#root = packed.root;
    this.#everyHost = packed.everyHost;
    const others = packed.otherSchemes;
    this.#schemes = others.length === 0 ? null : new HostTrie(
      others.map((host) => ({ kind: "host", scheme: null, host, reach: "host", port: null })),
    );
  }

  /** The bytes of its arrays. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#bytes.byteLength + this.#demands.byteLength;
  }

  /** The place of the first rule that admits this canonical host, or Infinity. A port of 0: none. */
  find(scheme: string, host: string, port: number): number {
    const place = this.findIn(host, 0, host.length, this.#numberOf(scheme, scheme.length), port);
    return place === NONE ? Infinity : place;
  }

  /** The place of the first rule that admits a tuple origin, or NONE; of a malformed one, always NONE. */
  findOrigin(origin: string): number {
    if (origin.length < MIN_ORIGIN_LENGTH || origin.length > MAX_ORIGIN_LENGTH) return NONE;
    let end = origin.length;
    let port = 0;
    if (origin.charCodeAt(end - 1) <= COLON) {
      end = hostEnd(origin, 0);
      port = portAfter(origin, end);
      if (port < 0) return NONE;
    }
    return this.findIn(origin, 0, end, UNREAD, port);
  }

  /**
   * The place of the first rule that admits the host from `start` up to `end`, which is read from its right end, or
   * NONE. A port of 0: none is written, and the scheme has none.
   *
   * Nothing that is malformed gets through: what a rule's host covers has been compared with it, and what is left of it
   * is looked at once the rule would admit it. That goes for the scheme too: most of those who are refused have no rule
   * that comes so far, and an unread scheme costs nothing.
   */
  findIn(text: string, start: number, end: number, scheme: number, port: number): number {
    let first = NONE;
    if (this.#everyHost !== null) {
      if (scheme === UNREAD) {
        start = hostStart(text);
        if (start < 0) return NONE;
        scheme = this.#numberOf(text, start - "://".length);
        if (port === 0 && scheme < DEFAULT_PORTS.length) port = DEFAULT_PORTS[scheme]!;
      }
      if (!isHost(text, start, end)) return NONE;
      first = this.#everyHost.first(BELOW, scheme, port);
    }

    const slots = this.#slots;
    const bytes = this.#bytes;
    const demands = this.#demands;
    /** Everything from here on has been read. */
    let unread = end;
    let target = this.#root;
    let leftIsValid = false;
    while (true) {
      if (target < 0) {
        let at = ~target;
        const head = bytes[at]!;
        const shared = bytes[at + 1]!;
        at += 2;
        if (shared > unread - start) return first;
        for (const sharedEnd = at + shared; at < sharedEnd; at++) {
          if (bytes[at] !== text.charCodeAt(--unread)) return first;
        }
        for (let entries = head & ~NODE_FOLLOWS; entries > 0; entries--) {
          const entry = at;
          const rest = bytes[entry]!;
          at += ENTRY_HEAD;
          const entryEnd = at + rest;
          let hostAt = unread;
          if (rest <= unread - start) {
            while (at < entryEnd && bytes[at] === text.charCodeAt(hostAt - 1)) {
              at++;
              hostAt--;
            }
            if (at === entryEnd) {
              const before = hostAt === start ? SLASH : text.charCodeAt(hostAt - 1);
              let reach = before === DOT ? BELOW : before === SLASH ? HERE : 0;
              const demand = demands[bytes[entry + 1]!]!;
              if (demand !== SET) reach &= demand;
              if (reach !== 0 && scheme === UNREAD) {
                start = webHostStart(text);
                scheme = start === "https://".length ? HTTPS : HTTP;
                if (start < 0) {
                  start = hostStart(text);
                  if (start < 0) return NONE;
                  scheme = this.#numberOf(text, start - "://".length);
                }
                if (port === 0 && scheme < DEFAULT_PORTS.length) port = DEFAULT_PORTS[scheme]!;
              }
              if (reach === BELOW || (reach === HERE && hostAt === start)) {
                let place = read32(bytes, entry + 2);
                if (demand === SET) place = this.#sets[place]!.first(reach, scheme, port);
                else if (!admits(demand, scheme, port)) place = NONE;
                if (place < first) {
                  if (reach === BELOW && !leftIsValid) {
                    if (end - start > MAX_HOST_LENGTH || !areLabels(text, start, hostAt - 1)) return NONE;
                    leftIsValid = true;
                  }
                  first = place;
                }
              }
            }
          }
          at = entryEnd;
        }
        if (head < NODE_FOLLOWS) return first;
        target = read32(bytes, at);
      }
      if (unread === start) return first;
      const char = text.charCodeAt(--unread);
      const slot = (target + (char & 0x7f)) << 1;
      if (slots[slot] !== char) return first;
      target = slots[slot + 1]!;
    }
  }

  /** The number of the scheme that a text starts with, up to `end`. */
  #numberOf(text: string, end: number): number {
    for (let number = 1; number < SCHEMES.length; number++) {
      if (SCHEMES[number]!.length === end && text.startsWith(SCHEMES[number]!)) return number;
    }
    const place = this.#schemes === null ? NONE : this.#schemes.findIn(text, 0, end, ANY_SCHEME, 0);
    return place === NONE ? ANY_SCHEME : SCHEMES.length + place;
  }
}

/** Where the host of an `http` or `https` origin starts, read letter by letter; -1: it is of another scheme, or of none. */
function webHostStart(text: string): number {
  if (text.length < "http://a".length) return -1;
  if (
    text.charCodeAt(0) !== 0x68 || text.charCodeAt(1) !== 0x74 || text.charCodeAt(2) !== 0x74 ||
    text.charCodeAt(3) !== 0x70
  ) return -1;
  const colon = text.charCodeAt(4) === 0x73 ? 5 : 4;
  return text.charCodeAt(colon) === COLON && text.charCodeAt(colon + 1) === SLASH &&
      text.charCodeAt(colon + 2) === SLASH
    ? colon + "://".length
    : -1;
}

/** Reports whether a rule that asks for this admits a scheme and a port. */
function admits(demand: number, scheme: number, port: number): boolean {
  const itsScheme = demand >>> SCHEME_SHIFT;
  return (itsScheme === ANY_SCHEME || itsScheme === scheme) &&
    ((demand & ANY_PORT) !== 0 || ((demand >>> PORT_SHIFT) & 0xffff) === port);
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
