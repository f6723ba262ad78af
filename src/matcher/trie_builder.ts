/**
 * Packs rules for {@linkcode HostTrie}.
 *
 * The hosts are sorted as they are packed: a group of rules whose hosts end alike is split by the next letter to the
 * left, or by the hash of the next label, until one host is left.
 */

import type { HostRule } from "../pattern/rule.ts";
import {
  ANY_PORT,
  ANY_SCHEME,
  EMPTY_SLOT,
  finishHash,
  HASH_BITS,
  hashLetter,
  indexOf,
  LETTER_BITS,
  MAX_DEMANDS,
  MAX_PROBES,
  MAX_RULES_OF_RECORD,
  MAX_SCHEMES,
  MAX_TARGET,
  NODE_FOLLOWS,
  type Packed,
  PORT_SHIFT,
  REACH,
  RULES_OF_TABLE,
  RuleSet,
  SCHEME_SHIFT,
  SCHEMES,
  SET,
  TABLE_FOLLOWS,
  tagOf,
  WIDE,
} from "./trie_layout.ts";

/** Packs at most `MAX_RULES` rules. So many that go on from one dot get a table. */
export function pack(rules: readonly HostRule[], rulesOfTable = RULES_OF_TABLE): Packed {
  for (let unitShift = 0;; unitShift++) {
    const packed = new Packing(rules, unitShift, rulesOfTable).packed();
    // How many bytes there will be is known only now. Records that no target reaches need a larger unit.
    if (packed.bytes.length <= MAX_TARGET * 2 ** unitShift) return packed;
  }
}

/**
 * How many letters the hosts of some places have in common, `depth` letters from their right ends on. It reads at most
 * four letters for each host and each letter in common, and four more: in steps, or the last host could make all others
 * be read to their ends, again at every letter.
 */
export function sharedLetters(
  letters: ArrayLike<number>,
  starts: ArrayLike<number>,
  places: ArrayLike<number>,
  depth: number,
): number {
  const first = starts[places[0]!]! + depth;
  let shared = starts[places[0]! + 1]! - first;
  let done = 0;
  for (let limit = 2; done < shared; limit *= 2) {
    for (let i = 1; i < places.length && shared > done; i++) {
      const other = starts[places[i]!]! + depth;
      const most = Math.min(shared, limit);
      const end = Math.min(most, starts[places[i]! + 1]! - other);
      let same = done;
      while (same < end && letters[first + same] === letters[other + same]) same++;
      if (same < most) shared = same;
    }
    done = limit;
  }
  return shared;
}

const DOT = 0x2e;
/** A node needs so many slots at most: letters are ASCII. */
const LETTERS = 1 << LETTER_BITS;
/** So many bases are tried for a node before the search for the next ones starts further on. */
const MAX_TRIES = 64;

class Packing {
  readonly #rules: readonly HostRule[];
  readonly #schemes = new Map(SCHEMES.map((scheme, number) => [scheme, number]));
  #everyHost: RuleSet | null = null;
  readonly #sets: RuleSet[] = [];
  /** The number of each demand, by its 32 bits. */
  readonly #demands = new Map<number, number>([[SET, 0], [WIDE, 1]]);

  /** The hosts, each from right to left, one after the other; that of place i starts at `#starts[i]`. */
  readonly #letters: Uint8Array;
  readonly #starts: Uint32Array;
  /** The places, in an order that is being sorted by host. */
  readonly #order: Uint32Array;
  readonly #sorted: Uint32Array;
  /** How many hosts of a group have this letter next; then, where the next of them goes. */
  readonly #tally = new Uint32Array(LETTERS);

  #slots = new Int32Array(0);
  /** 1: a node has this base. */
  #isBase = new Uint8Array(0);
  #searchFrom = 0;
  #slotsEnd = 0;
  #tables = new Int32Array(0);
  #tablesEnd = 0;
  readonly #rulesOfTable: number;
  readonly #unitShift: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(rules: readonly HostRule[], unitShift: number, rulesOfTable: number) {
    this.#rules = rules;
    this.#unitShift = unitShift;
    this.#rulesOfTable = rulesOfTable;
    this.#letters = new Uint8Array(rules.reduce((sum, rule) => sum + rule.host.length, 0));
    this.#starts = new Uint32Array(rules.length + 1);
    this.#sorted = new Uint32Array(rules.length);
    this.#bytes = new Uint8Array(16 + this.#letters.length);
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
      for (let i = rule.host.length - 1; i >= 0; i--) this.#letters[end++] = rule.host.charCodeAt(i);
      this.#sorted[count++] = index;
    }
    this.#starts[rules.length] = end;
    this.#order = this.#sorted.slice(0, count);
  }

  packed(): Packed {
    const nothing = this.#record(0, 0, 0, 0);
    const root = this.#order.length === 0 ? nothing : this.#group(0, this.#order.length, 0);
    return {
      root,
      slots: this.#slots.slice(0, this.#slotsEnd),
      tables: this.#tables.slice(0, this.#tablesEnd),
      bytes: this.#bytes.slice(0, this.#length),
      unitShift: this.#unitShift,
      demands: Int32Array.from(this.#demands.keys()),
      sets: this.#sets,
      everyHost: this.#everyHost,
      otherSchemes: [...this.#schemes.keys()].slice(SCHEMES.length),
    };
  }

  /**
   * Packs the rules from `from` up to `to`, whose hosts have `depth` letters in common. The target for them.
   * `inTable`: they have a slot of a table, so they need none once more.
   */
  #group(from: number, to: number, depth: number, inTable = false): number {
    const first = this.#order[from]!;
    if (to - from === 1) return this.#record(from, 1, depth, this.#rules[first]!.host.length);
    const next = depth + sharedLetters(this.#letters, this.#starts, this.#order.subarray(from, to), depth);
    if (to - from >= this.#rulesOfTable && !(inTable && next === depth) && this.#isAfterDot(first, next)) {
      const record = this.#recordAndTable(from, to, depth, next);
      if (record !== null) return record;
    }
    const { ended, letters, sizes } = this.#split(from, to, next);
    if (ended === 0 && next === depth) return this.#node(letters, sizes, from, next);
    const record = this.#record(from, ended, depth, next);
    if (letters.length > 0) {
      const link = this.#link(record, NODE_FOLLOWS);
      this.#set32(link, this.#node(letters, sizes, from + ended, next));
    }
    return record;
  }

  /** True where a label ends `depth` places from the right end of a host. */
  #isAfterDot(place: number, depth: number): boolean {
    return depth > 0 && this.#letters[this.#starts[place]! + depth - 1] === DOT;
  }

  /** Sorts by the next letter: those without one first, then letter by letter, each group in the order of the list. */
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
    let end = from + ended;
    for (const letter of letters) {
      const size = tally[letter]!;
      tally[letter] = end;
      end += size;
    }
    let endedAt = from;
    for (let i = from; i < to; i++) {
      const place = this.#order[i]!;
      const letter = this.#letterAt(place, depth);
      this.#sorted[letter < 0 ? endedAt++ : tally[letter]!++] = place;
    }
    this.#order.set(this.#sorted.subarray(from, to), from);
    for (const letter of letters) tally[letter] = 0;
    return { ended, letters, sizes };
  }

  /** The letter `depth` places from the right end of a host; -1: it has no more. */
  #letterAt(place: number, depth: number): number {
    const at = this.#starts[place]! + depth;
    return at === this.#starts[place + 1]! ? -1 : this.#letters[at]!;
  }

  /** A node with these letters, below each of which so many rules from `from` on are packed. Its base. */
  #node(letters: readonly number[], sizes: readonly number[], from: number, depth: number): number {
    const base = this.#freeBase(letters);
    for (const letter of letters) this.#slots[base + letter] = letter;
    let start = from;
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i]!;
      const end = start + sizes[i]!;
      const target = this.#group(start, end, depth + 1);
      // Only now: the slots may have moved.
      this.#slots[base + letter] = (target << LETTER_BITS) | letter;
      start = end;
    }
    return base;
  }

  /** The base of a node whose slots are all free. */
  #freeBase(letters: readonly number[]): number {
    const start = this.#searchFrom;
    for (let base = start;; base++) {
      if (base + LETTERS > this.#isBase.length) this.#growSlots(base + LETTERS);
      if (base - start >= MAX_TRIES) this.#searchFrom = base;
      if (this.#isBase[base] === 1 || letters.some((letter) => this.#slots[base + letter] !== EMPTY_SLOT)) {
        continue;
      }
      this.#isBase[base] = 1;
      this.#slotsEnd = Math.max(this.#slotsEnd, base + LETTERS);
      return base;
    }
  }

  #growSlots(needed: number): void {
    const size = Math.max(needed, Math.ceil(1.5 * this.#isBase.length));
    const slots = new Int32Array(size).fill(EMPTY_SLOT);
    slots.set(this.#slots);
    const isBase = new Uint8Array(size);
    isBase.set(this.#isBase);
    [this.#slots, this.#isBase] = [slots, isBase];
  }

  /** A record of the letters before a label, and a table of the labels that stand there; null: they are few, or do not fit. */
  #recordAndTable(from: number, to: number, depth: number, next: number): number | null {
    // At most two of three slots are used; as a power of two, most tables would be too large.
    let shift = HASH_BITS;
    let size = Math.ceil(1.6 * (to - from));
    for (; size > 31; shift--) size = Math.ceil(size / 2);
    const slots = (size << (HASH_BITS - shift)) + MAX_PROBES;
    const tags = new Uint8Array(slots);
    /** How many have this slot; then, where in their order the last of them ends; then, where the first starts. */
    const bounds = new Uint32Array(slots + 1);
    const slotOf = new Uint32Array(to - from);
    let used = 0;
    for (let i = from; i < to; i++) {
      const hash = this.#hashOfLabel(this.#order[i]!, next);
      const tag = tagOf(hash);
      let slot = indexOf(hash, size, shift);
      const end = slot + MAX_PROBES;
      while (slot < end && tags[slot] !== 0 && tags[slot] !== tag) slot++;
      if (slot === end) return null;
      if (tags[slot] === 0) used++;
      tags[slot] = tag;
      bounds[slot]!++;
      slotOf[i - from] = slot;
    }
    if (used < (to - from) / 8) return null;
    for (let slot = 1; slot <= slots; slot++) bounds[slot]! += bounds[slot - 1]!;
    for (let i = to - 1; i >= from; i--) this.#sorted[from + --bounds[slotOf[i - from]!]!] = this.#order[i]!;
    this.#order.set(this.#sorted.subarray(from, to), from);

    const record = this.#record(from, 0, depth, next);
    const link = this.#link(record, TABLE_FOLLOWS);
    this.#write(size, 1);
    this.#write(shift, 1);
    const base = this.#freeTable(slots);
    this.#set32(link, base);
    for (let slot = 0; slot < slots; slot++) {
      if (tags[slot] === 0) continue;
      const target = this.#group(from + bounds[slot]!, from + bounds[slot + 1]!, next, true);
      // Only now: the tables may have moved.
      this.#tables[base + slot] = (target << LETTER_BITS) | tags[slot]!;
    }
    return record;
  }

  /** The hash of the label that goes on `depth` places from the right end of a host. */
  #hashOfLabel(place: number, depth: number): number {
    let hash = 0;
    const end = this.#starts[place + 1]!;
    for (let at = this.#starts[place]! + depth; at < end && this.#letters[at] !== DOT; at++) {
      hash = hashLetter(hash, this.#letters[at]!);
    }
    return finishHash(hash);
  }

  #freeTable(size: number): number {
    const base = this.#tablesEnd;
    this.#tablesEnd += size;
    if (this.#tablesEnd > this.#tables.length) {
      const tables = new Int32Array(Math.ceil(1.5 * this.#tablesEnd)).fill(EMPTY_SLOT);
      tables.set(this.#tables);
      this.#tables = tables;
    }
    return base;
  }

  /** Room at the end of the record that was last written for where it leads on. Where that goes. */
  #link(record: number, kind: number): number {
    this.#bytes[(~record << this.#unitShift) >>> 0]! |= kind;
    this.#write(0, 4);
    return this.#length - 4;
  }

  /** A record: the letters from `depth` up to `next`, and the rules of the host that ends there. Its target. */
  #record(from: number, rules: number, depth: number, next: number): number {
    const unit = 1 << this.#unitShift;
    this.#length = Math.ceil(this.#length / unit) * unit;
    const target = ~(this.#length >>> this.#unitShift);
    const isMany = rules > MAX_RULES_OF_RECORD;
    this.#reserve(2 + next - depth);
    this.#bytes[this.#length++] = isMany ? 1 : rules;
    this.#bytes[this.#length++] = next - depth;
    const start = this.#starts[this.#order[from] ?? 0]!;
    for (let i = depth; i < next; i++) this.#bytes[this.#length++] = this.#letters[start + i]!;
    if (isMany) this.#set(this.#order.subarray(from, from + rules));
    else for (let i = from; i < from + rules; i++) this.#rule(this.#order[i]!);
    return target;
  }

  #rule(index: number): void {
    const rule = this.#rules[index]!;
    const scheme = this.#schemeOf(rule);
    if (scheme >= MAX_SCHEMES) return this.#set([index]);
    const port = rule.port === null ? ANY_PORT : rule.port << PORT_SHIFT;
    const demand = (scheme << SCHEME_SHIFT) | port | REACH[rule.reach];
    let number = this.#demands.get(demand);
    if (number === undefined && this.#demands.size < MAX_DEMANDS) {
      this.#demands.set(demand, number = this.#demands.size);
    }
    this.#numbered(number ?? 1, rule.place);
    if (number === undefined) this.#write(demand, 4);
  }

  /** One for all the rules of a host. */
  #set(indices: Iterable<number>): void {
    const set = new RuleSet();
    for (const index of indices) set.add(this.#rules[index]!, this.#schemeOf(this.#rules[index]!));
    this.#numbered(SET, this.#sets.push(set) - 1);
  }

  #numbered(demand: number, place: number): void {
    this.#write(demand, 1);
    this.#write(place, 3);
  }

  #schemeOf(rule: HostRule): number {
    if (rule.scheme === null) return ANY_SCHEME;
    let number = this.#schemes.get(rule.scheme);
    if (number === undefined) this.#schemes.set(rule.scheme, number = this.#schemes.size);
    return number;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const more = new Uint8Array(Math.ceil(1.5 * (this.#length + bytes)));
    more.set(this.#bytes);
    this.#bytes = more;
  }

  #write(value: number, bytes: number): void {
    this.#reserve(bytes);
    for (let i = 0; i < bytes; i++) this.#bytes[this.#length++] = value >>> (8 * i);
  }

  #set32(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = value >>> (8 * i);
  }
}
