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
import { hostStart, isSchemeIn, MAX_ORIGIN_LENGTH } from "./origin.ts";
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

/** By number, as {@linkcode SCHEMES} are. */
const DEFAULT_PORTS = [0, 80, 443, 80, 443];
const HTTP = 1;
const HTTPS = 2;
/** The scheme was not yet looked at: it is the text before the host. */
const UNREAD = -1;
const MALFORMED = -2;

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
    const number = this.#schemeIn(scheme, scheme.length);
    const place = this.#walk(host, 0, host.length, number === MALFORMED ? ANY_SCHEME : number, port);
    return place === NONE ? Infinity : place;
  }

  /** {@linkcode HostTrie.find} for the host that starts a text, whatever the scheme; NONE in place of Infinity. */
  findHost(text: string, end: number, port: number): number {
    return this.#walk(text, 0, end, ANY_SCHEME, port);
  }

  /** The place of the first rule that admits a tuple origin, or NONE; of a malformed one, always NONE. */
  findOrigin(origin: string): number {
    if (origin.length > MAX_ORIGIN_LENGTH) return NONE;
    const start = hostStart(origin);
    if (start < 0) return NONE;
    const end = hostEnd(origin, start);
    const port = portAfter(origin, end);
    return port < 0 ? NONE : this.#walk(origin, start, end, UNREAD, port);
  }

  /**
   * Reads the host from its right end. Nothing that is malformed gets through: what a rule's host covers has been
   * compared with it, what is left of it is looked at once a rule would admit it, and so is the scheme.
   */
  #walk(text: string, start: number, end: number, scheme: number, port: number): number {
    let first = NONE;
    if (this.#everyHost !== null) {
      if (scheme === UNREAD) {
        scheme = this.#schemeIn(text, start - "://".length);
        if (scheme === MALFORMED) return NONE;
        if (port === 0) port = defaultPortOf(scheme);
      }
      if (!isHost(text, start, end)) return NONE;
      first = this.#everyHost.first(BELOW, scheme, port);
    }

    const slots = this.#slots;
    const bytes = this.#bytes;
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
              const reach = hostAt === start ? HERE : text.charCodeAt(hostAt - 1) === DOT ? BELOW : 0;
              if (reach !== 0) {
                if (scheme === UNREAD) {
                  scheme = this.#schemeIn(text, start - "://".length);
                  if (scheme === MALFORMED) return NONE;
                  if (port === 0) port = defaultPortOf(scheme);
                }
                const place = this.#admitting(entry, reach, scheme, port);
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
        target = this.#read32(at);
      }
      if (unread === start) return first;
      const char = text.charCodeAt(--unread);
      const slot = (target + (char & 0x7f)) << 1;
      if (slots[slot] !== char) return first;
      target = slots[slot + 1]!;
    }
  }

  /** The place of an entry's rule if it admits this, or NONE. */
  #admitting(entry: number, reach: number, scheme: number, port: number): number {
    const demand = this.#demands[this.#bytes[entry + 1]!]!;
    const place = this.#read32(entry + 2);
    if (demand === SET) return this.#sets[place]!.first(reach, scheme, port);
    const itsScheme = demand >>> SCHEME_SHIFT;
    const admits = (demand & reach) !== 0 && (itsScheme === ANY_SCHEME || itsScheme === scheme) &&
      ((demand & ANY_PORT) !== 0 || ((demand >>> PORT_SHIFT) & 0xffff) === port);
    return admits ? place : NONE;
  }

  /** The number of the scheme that is the text up to `end`; MALFORMED: it is none. */
  #schemeIn(text: string, end: number): number {
    if (isHttp(text, end)) return HTTP;
    if (isHttp(text, end - 1) && text.charCodeAt(4) === 0x73) return HTTPS;
    if (!isSchemeIn(text, end)) return MALFORMED;
    if (text.charCodeAt(0) === 0x77 && text.charCodeAt(1) === 0x73) {
      if (end === 2) return 3;
      if (end === 3 && text.charCodeAt(2) === 0x73) return 4;
    }
    const place = this.#schemes === null ? NONE : this.#schemes.findHost(text, end, 0);
    return place === NONE ? ANY_SCHEME : SCHEMES.length + place;
  }

  #read32(at: number): number {
    const bytes = this.#bytes;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
}

function isHttp(text: string, end: number): boolean {
  return end === 4 && text.charCodeAt(0) === 0x68 && text.charCodeAt(1) === 0x74 &&
    text.charCodeAt(2) === 0x74 && text.charCodeAt(3) === 0x70;
}

function defaultPortOf(scheme: number): number {
  return scheme < DEFAULT_PORTS.length ? DEFAULT_PORTS[scheme]! : 0;
}
