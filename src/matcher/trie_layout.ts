/**
 * The layout of the arrays that rules are packed into: what `packing.ts` writes and `trie.ts` reads.
 */

import type { HostRule } from "../pattern/rule.ts";

/** The place of no rule: greater than that of any. */
export const NONE = 0x7fffffff;

/** Schemes are numbers here. The first stands for any scheme in a rule, and for one that no rule names in an origin. */
export const SCHEMES = ["", "http", "https", "ws", "wss"];
export const ANY_SCHEME = 0;
/*
 * What a rule asks for besides its host, in 32 bits:
 *
 *     scheme (13)   port (16)   any port (1)   reach (2)
 */
export const HERE = 1;
export const BELOW = 2;
export const REACH = { "host": HERE, "subdomains": BELOW, "host-and-subdomains": HERE | BELOW } as const;
export const ANY_PORT = 4;
export const PORT_SHIFT = 3;
export const SCHEME_SHIFT = 19;
export const MAX_SCHEMES: number = 1 << (32 - SCHEME_SHIFT);
/** No reach: the rules stand in a {@linkcode RuleSet}, whose number is in the place of the place. */
export const SET = 0;
/** No reach: what the rule asks for stands beside it, in full. */
export const WIDE = ANY_PORT;

/*
 * A slot, in 32 bits:
 *
 *     target (25, signed)   letter (7)
 *
 * The target is the base of a node, or else the complement of where a record starts, in units. An empty slot has the
 * letter NUL and leads to the first record, which holds nothing: whoever sends that letter gets nowhere.
 */
export const LETTER_BITS = 7;
export const MAX_TARGET: number = 2 ** (31 - LETTER_BITS);
export const EMPTY_SLOT: number = ~0 << LETTER_BITS;

/*
 * A table has such slots too, with seven bits of a hash in place of the letter. The slot of a label is the first with
 * its seven bits, from where the rest of its hash points to on.
 *
 * Why there are tables: where very many rules go on from a dot, the next label is five or six nodes deep, each of them
 * in memory that no cache holds; a table is one look-up. A hash decides nothing. All that share a slot are packed below
 * it as everywhere, and told apart by their letters. Whoever makes labels that collide gains nothing: the search ends
 * after so many slots, and where a label does not fit into that there is no table, only nodes.
 */
export const MAX_PROBES = 256;
/** Fewer rules than these are in the caches, where nodes are no slower and tables are larger. */
export const RULES_OF_TABLE = 5000;

/** Adds a letter to the hash of a label, which starts as 0 and is read from right to left (FNV-1 with a sum). */
export function hashLetter(hash: number, letter: number): number {
  return (Math.imul(hash, 0x01000193) + letter) | 0;
}

/** Spreads what the letters made over all 32 bits: the upper ones point into a table, the lowest are the tag. */
export function finishHash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
}

/** Of so many bits, times a size of one byte, a whole number is left. */
export const HASH_BITS = 23;

/** Where a hash points to in a table of `size << (HASH_BITS - shift)` slots. */
export function indexOf(hash: number, size: number, shift: number): number {
  return ((hash >>> (32 - HASH_BITS)) * size) >>> shift;
}

/** Never 0, which is that of an empty slot. */
export function tagOf(hash: number): number {
  return (hash & ((1 << LETTER_BITS) - 1)) || 1;
}

/*
 * A record, in bytes:
 *
 *     head      number of rules; the two top bits: a node follows, a table follows
 *     letters   how many (1), then what all hosts from here on have next, from right to left
 *     rules     of the host that ends here: number of the demand (1), place (3), the demand if it is wide (4)
 *     node      its base (4)
 *     table     its base (4), what {@linkcode indexOf} needs (2)
 */
export const RULES = 0x3f;
export const NODE_FOLLOWS = 0x40;
export const TABLE_FOLLOWS = 0x80;
/** So many rules of one host stand in its record; more in a set. */
export const MAX_RULES_OF_RECORD = 4;
/** Demands have a number of one byte; any further ones are wide. */
export const MAX_DEMANDS = 256;

/** So many rules fit into one trie: a rule needs some five slots at worst, and there are eight for each. */
export const MAX_RULES = 2 ** 21;

/** The places of rules in their list, by scheme and effective port; null: any. Of equal rules the first stays. */
type Places = Map<number, Map<number | null, number>>;

/** The rules of one host that has many: even a thousand ports are four look-ups. */
export class RuleSet {
  readonly #here: Places = new Map();
  readonly #below: Places = new Map();

  add(rule: HostRule, scheme: number): void {
    if (rule.reach !== "subdomains") add(this.#here, scheme, rule.port, rule.place);
    if (rule.reach !== "host") add(this.#below, scheme, rule.port, rule.place);
  }

  /** The place of the first rule that admits this, or NONE. */
  first(reach: number, scheme: number, port: number): number {
    const places = reach === HERE ? this.#here : this.#below;
    const own = places.get(scheme);
    const any = places.get(ANY_SCHEME);
    return Math.min(
      own?.get(port) ?? NONE,
      own?.get(null) ?? NONE,
      any?.get(port) ?? NONE,
      any?.get(null) ?? NONE,
    );
  }
}

function add(places: Places, scheme: number, port: number | null, place: number): void {
  let byPort = places.get(scheme);
  if (byPort === undefined) places.set(scheme, byPort = new Map());
  if (!byPort.has(port)) byPort.set(port, place);
}

/** A packed trie. */
export interface Packed {
  readonly slots: Int32Array;
  /** The slots of all tables, one after the other. */
  readonly tables: Int32Array;
  /** The records. */
  readonly bytes: Uint8Array;
  /** A unit of them, as a number of bits to shift by. */
  readonly unitShift: number;
  /** What rules ask for, by number. */
  readonly demands: Int32Array;
  readonly sets: readonly RuleSet[];
  /** The target at which a look-up starts. */
  readonly root: number;
  /** Rules for every host there is. */
  readonly everyHost: RuleSet | null;
  /** The schemes that have numbers beyond those of `SCHEMES`, in order. */
  readonly otherSchemes: readonly string[];
}
