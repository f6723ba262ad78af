/**
 * Packs rules for {@linkcode HostTrie}.
 *
 * The hosts are sorted as they are packed: a group of rules whose hosts end alike is split by the next letter to the
 * left, and each part by the next one, until so few are left that they fit into a bucket.
 */

import type { HostRule } from "../pattern/rule.ts";
import {
  ANY_SCHEME,
  BELOW,
  conditionOf,
  IN_SET,
  ITSELF,
  LETTERS,
  MAX_CONDITIONS,
  MAX_SCHEMES,
  NODE_FOLLOWS,
  NOTHING,
  type Packed,
  reachOf,
  RECORD_FOLLOWS,
  RuleSet,
  SCHEMES,
} from "./trie_layout.ts";

/** In a longer list nodes lie in memory that no cache holds: to try a few rules costs less than to read one more. */
const LONG_LIST = 2 ** 16;
/** So many rules share a bucket there, in a shorter list one. So many rules of one host share one everywhere. */
const MAX_TOGETHER = 4;
/** So many bases are tried for a node before the search for the next ones starts further on. */
const MAX_TRIES = 64;

/** Packs rules, in any order. `longList`: from so many rules on a list is a long one. */
export function pack(rules: readonly HostRule[], longList = LONG_LIST): Packed {
  return new Builder(rules, rules.length < longList ? 1 : MAX_TOGETHER).pack();
}

class Builder {
  readonly #rules: readonly HostRule[];
  readonly #together: number;
  readonly #schemes = new Map(SCHEMES.map((scheme, number) => [scheme, number]));
  #everyHost: RuleSet | null = null;
  readonly #sets: RuleSet[] = [];
  /** In the order of their numbers, which start from 1. */
  readonly #conditions = new Map<number, number>();

  /** The hosts, each from right to left, one after the other; that of rule i starts at `#starts[i]`. */
  readonly #hosts: Uint8Array;
  readonly #starts: Uint32Array;
  /** Indices of rules, in an order that is being sorted by host. */
  readonly #order: Uint32Array;
  readonly #sorted: Uint32Array;
  /** Of each letter: how many hosts of a group have it next; then, where the next of them goes. */
  readonly #tally = new Uint32Array(LETTERS);

  #letters = new Uint8Array(0);
  #targets = new Int32Array(0);
  /** 1: a node has this base. */
  #isBase = new Uint8Array(0);
  #searchFrom = 0;
  #slotsEnd = 0;
  #buckets: Uint8Array;
  #bucketsEnd = 0;

  constructor(rules: readonly HostRule[], together: number) {
    this.#rules = rules;
    this.#together = together;
    this.#hosts = new Uint8Array(rules.reduce((sum, rule) => sum + rule.host.length, 0));
    this.#starts = new Uint32Array(rules.length + 1);
    this.#sorted = new Uint32Array(rules.length);
    this.#buckets = new Uint8Array(16 + 8 * rules.length);
    let count = 0;
    let end = 0;
    for (let index = 0; index < rules.length; index++) {
      this.#starts[index] = end;
      const rule = rules[index]!;
      if (rule.host === "") {
        this.#everyHost ??= new RuleSet();
        this.#everyHost.add(rule, this.#schemeOf(rule));
        continue;
      }
      for (let i = rule.host.length - 1; i >= 0; i--) this.#hosts[end++] = rule.host.charCodeAt(i);
      this.#sorted[count++] = index;
    }
    this.#starts[rules.length] = end;
    this.#order = this.#sorted.slice(0, count);
  }

  pack(): Packed {
    return {
      root: this.#order.length === 0 ? NOTHING : this.#group(0, this.#order.length, 0),
      letters: this.#letters.slice(0, this.#slotsEnd),
      targets: this.#targets.slice(0, this.#slotsEnd),
      buckets: this.#buckets.slice(0, this.#bucketsEnd),
      // Of rules in a set it is known only there what they ask for.
      conditions: Int32Array.from([ITSELF | BELOW, ...this.#conditions.keys()]),
      sets: this.#sets,
      everyHost: this.#everyHost,
      otherSchemes: [...this.#schemes.keys()].slice(SCHEMES.length),
    };
  }

  /** Packs the rules from `from` up to `to`, whose hosts have their last `depth` letters in common. The target for them. */
  #group(from: number, to: number, depth: number): number {
    if (to - from <= this.#together) return this.#bucket(from, to, depth, null);
    const { ended, letters, sizes } = this.#split(from, to, depth);
    if (letters.length === 0) return this.#bucket(from, to, depth, null);
    const base = this.#takeBase(letters);
    let start = from + ended;
    const target = ended === 0 ? base : this.#bucket(from, start, depth, base);
    for (let i = 0; i < letters.length; i++) {
      const end = start + sizes[i]!;
      const next = this.#group(start, end, depth + 1);
      // Only now: the slots may have moved.
      this.#targets[base + letters[i]!] = next;
      start = end;
    }
    return target;
  }

  /**
   * Sorts a group by the letter that comes next, `depth` letters from the right ends of the hosts; those that end there
   * come first. It counts, then it knows where each part starts, then it moves each rule there:
   *
   *     the group, at depth 5      no.test   me.test   go.test
   *     next letter                o         e         o
   *     tally, counted             o: 2   e: 1
   *     tally, as starts           o: 0   e: 2
   *     sorted                     no.test   go.test | me.test
   *
   * So each letter of each host is read twice at most, whatever the hosts and their order are.
   */
  #split(from: number, to: number, depth: number): { ended: number; letters: number[]; sizes: number[] } {
    const tally = this.#tally;
    const letters: number[] = [];
    let ended = 0;
    for (let i = from; i < to; i++) {
      const letter = this.#letterAt(this.#order[i]!, depth);
      if (letter < 0) ended++;
      else if (tally[letter]!++ === 0) letters.push(letter);
    }
    const sizes = letters.map((letter) => tally[letter]!);
    let endedEnd = from;
    let end = from + ended;
    letters.forEach((letter, i) => {
      tally[letter] = end;
      end += sizes[i]!;
    });
    for (let i = from; i < to; i++) {
      const index = this.#order[i]!;
      const letter = this.#letterAt(index, depth);
      this.#sorted[letter < 0 ? endedEnd++ : tally[letter]!++] = index;
    }
    this.#order.set(this.#sorted.subarray(from, to), from);
    for (const letter of letters) tally[letter] = 0;
    return { ended, letters, sizes };
  }

  /** The letter of a rule's host, `depth` letters from its right end; -1: it has no more. */
  #letterAt(index: number, depth: number): number {
    const at = this.#starts[index]! + depth;
    return at === this.#starts[index + 1]! ? -1 : this.#hosts[at]!;
  }

  /** A base at which the slots of these letters are empty; they are taken from now on. */
  #takeBase(letters: readonly number[]): number {
    const start = this.#searchFrom;
    for (let base = start;; base++) {
      if (base + LETTERS > this.#isBase.length) this.#growSlots(base + LETTERS);
      if (base - start >= MAX_TRIES) this.#searchFrom = base;
      if (this.#isBase[base] === 1 || letters.some((letter) => this.#letters[base + letter] !== 0)) continue;
      this.#isBase[base] = 1;
      for (const letter of letters) this.#letters[base + letter] = letter;
      this.#slotsEnd = Math.max(this.#slotsEnd, base + LETTERS);
      return base;
    }
  }

  #growSlots(needed: number): void {
    const size = Math.max(needed, Math.ceil(1.5 * this.#isBase.length));
    this.#letters = grown(this.#letters, size);
    this.#isBase = grown(this.#isBase, size);
    const targets = new Int32Array(size).fill(NOTHING);
    targets.set(this.#targets);
    this.#targets = targets;
  }

  /** A bucket of the rules from `from` up to `to`, and of the node that follows, if there is one. Its target. */
  #bucket(from: number, to: number, depth: number, base: number | null): number {
    const target = ~this.#bucketsEnd;
    const last = base === null ? 0 : NODE_FOLLOWS;
    this.#write(depth, 1);
    if (to - from > MAX_TOGETHER) this.#set(this.#order.subarray(from, to), depth, last);
    else {
      for (let i = from; i < to; i++) {
        this.#rule(this.#order[i]!, depth, i === to - 1 ? last : RECORD_FOLLOWS);
      }
    }
    if (base !== null) this.#write(base, 4);
    return target;
  }

  #rule(index: number, depth: number, follows: number): void {
    const rule = this.#rules[index]!;
    const scheme = this.#schemeOf(rule);
    const condition = conditionOf(scheme, rule.port, reachOf(rule));
    let number = this.#conditions.get(condition);
    if (number === undefined) {
      number = this.#conditions.size + 1;
      if (number === MAX_CONDITIONS || scheme >= MAX_SCHEMES) return this.#set([index], depth, follows);
      this.#conditions.set(condition, number);
    }
    this.#record(index, depth, number | follows, rule.place);
  }

  /** One record for all these rules, which have one host. */
  #set(indices: ArrayLike<number>, depth: number, follows: number): void {
    const set = new RuleSet();
    for (let i = 0; i < indices.length; i++) {
      const rule = this.#rules[indices[i]!]!;
      set.add(rule, this.#schemeOf(rule));
    }
    this.#record(indices[0]!, depth, IN_SET | follows, this.#sets.push(set) - 1);
  }

  #record(index: number, depth: number, head: number, place: number): void {
    const start = this.#starts[index]! + depth;
    const end = this.#starts[index + 1]!;
    this.#write(head, 2);
    this.#write(place, 3);
    this.#write(end - start, 1);
    for (let at = start; at < end; at++) this.#write(this.#hosts[at]!, 1);
  }

  #schemeOf(rule: HostRule): number {
    if (rule.scheme === null) return ANY_SCHEME;
    let number = this.#schemes.get(rule.scheme);
    if (number === undefined) this.#schemes.set(rule.scheme, number = this.#schemes.size);
    return number;
  }

  #write(value: number, bytes: number): void {
    const end = this.#bucketsEnd + bytes;
    if (end > this.#buckets.length) this.#buckets = grown(this.#buckets, 2 * end);
    for (let i = 0; i < bytes; i++) this.#buckets[this.#bucketsEnd++] = value >>> (8 * i);
  }
}

/** The same bytes, and room for more. */
function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(size);
  more.set(bytes);
  return more;
}
