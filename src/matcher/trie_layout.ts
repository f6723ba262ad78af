/**
 * The layout of the arrays that rules are packed into: what `trie_builder.ts` writes and `trie.ts` reads.
 */

import { type HostRule, reachesBelow, reachesHost } from "../pattern/rule.ts";

/** The place of no rule: greater than that of any. */
export const NONE = 0x7fffffff;

/** Schemes are numbers here. The first stands for any scheme in a rule, and for one that no rule names in an origin. */
export const SCHEMES = ["", "http", "https", "ws", "wss"];
export const ANY_SCHEME = 0;

/*
 * A condition is what a rule asks for besides its host, as one number:
 *
 *     scheme   port (16 bits)   any port (1)   reach (2)
 */
export const ITSELF = 1;
export const BELOW = 2;
export const ANY_PORT = 4;
export const PORT_SHIFT = 3;
export const SCHEME_SHIFT = 19;
/** With schemes of 12 bits a condition has 31. */
export const MAX_SCHEMES = 0x1000;

export function reachOf(rule: HostRule): number {
  return (reachesHost(rule) ? ITSELF : 0) | (reachesBelow(rule) ? BELOW : 0);
}

/** A port of null: any. */
export function conditionOf(scheme: number, port: number | null, reach: number): number {
  return scheme * 2 ** SCHEME_SHIFT + (port === null ? ANY_PORT : port << PORT_SHIFT) + reach;
}

/*
 * A node is a base: its letter c has slot base + c. A slot is a letter and a target, in two arrays. An empty one has the
 * letter NUL and the target NOTHING: whoever sends that letter gets nowhere. A target is the base of the next node, or
 * the complement of where a bucket starts.
 */
/** Letters are ASCII, so a node reaches over so many slots. */
export const LETTERS = 128;
/** Where no bucket starts. */
export const NOTHING = -0x80000000;

/*
 * A bucket is where few rules are left. It starts with the number of letters that lead to it (1 byte). Then come the
 * rules, each of them a record:
 *
 *     head     number of the condition (14 bits), what follows (2 bits)
 *     place    where the rule was written (3 bytes)
 *     length   number of letters (1 byte)
 *     letters  what is left of the rule's host, from right to left
 *
 * There follows another record, or the base (4 bytes) of the node that leads on to the hosts below, or nothing.
 * Conditions are few, so they stand in a table. The first one there is none: the record is of many rules of one host,
 * which stand in a {@linkcode RuleSet}, whose number it has in place of the place.
 *
 * Three bytes for places, and 31 bits for targets, are enough for lists of MAX_ENTRIES: `trie_layout_test.ts` reckons.
 */
export const PLACE = 2;
export const LENGTH = 5;
export const HEADER = 6;
export const RECORD_FOLLOWS = 0x4000;
export const NODE_FOLLOWS = 0x8000;
export const MAX_CONDITIONS = 0x4000;
export const IN_SET = 0;

/** The rules of one host that has many: even a thousand ports are four look-ups. */
export class RuleSet {
  /** By condition, each with one reach. */
  readonly #places = new Map<number, number>();

  add(rule: HostRule, scheme: number): void {
    for (const reach of [ITSELF, BELOW]) {
      if ((reachOf(rule) & reach) === 0) continue;
      const condition = conditionOf(scheme, rule.port, reach);
      this.#places.set(condition, Math.min(rule.place, this.#placeOf(condition)));
    }
  }

  /** The least place of a rule that admits this, or NONE. */
  least(reach: number, scheme: number, port: number): number {
    return Math.min(
      this.#placeOf(conditionOf(scheme, port, reach)),
      this.#placeOf(conditionOf(scheme, null, reach)),
      this.#placeOf(conditionOf(ANY_SCHEME, port, reach)),
      this.#placeOf(conditionOf(ANY_SCHEME, null, reach)),
    );
  }

  #placeOf(condition: number): number {
    return this.#places.get(condition) ?? NONE;
  }
}

/** A packed trie. */
export interface Packed {
  /** The letters of the slots, and their targets. */
  readonly letters: Uint8Array;
  readonly targets: Int32Array;
  /** One after the other. */
  readonly buckets: Uint8Array;
  /** By number. */
  readonly conditions: Int32Array;
  readonly sets: readonly RuleSet[];
  /** The target at which a look-up starts. */
  readonly root: number;
  /** Rules for every host there is, which reach below, and for none, which reach that itself. */
  readonly everyHost: RuleSet | null;
  /** The schemes that have numbers beyond those of `SCHEMES`, in order. */
  readonly otherSchemes: readonly string[];
}
