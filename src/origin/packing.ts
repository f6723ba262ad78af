/**
 * Packs rules for {@linkcode HostTrie}: the layout of its arrays, and how they are filled.
 *
 * The hosts are sorted as they are packed: a group of rules whose hosts end alike is split by the next letter to the
 * left, until one host is left.
 */

import type { HostRule } from "./pattern.ts";

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
const REACH = { "host": HERE, "subdomains": BELOW, "host-and-subdomains": HERE | BELOW } as const;
export const ANY_PORT = 4;
export const PORT_SHIFT = 3;
export const SCHEME_SHIFT = 19;
const MAX_SCHEMES = 1 << (32 - SCHEME_SHIFT);
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
const MAX_TARGET = 2 ** (31 - LETTER_BITS);
const EMPTY_SLOT = ~0 << LETTER_BITS;

/*
 * A record, in bytes:
 *
 *     head      number of rules; the top bit: a node follows
 *     letters   how many (1), then what all hosts from here on have next, from right to left
 *     rules     of the host that ends here: number of the demand (1), place (4), the demand if it is wide (4)
 *     node      its base (4)
 */
export const NODE_FOLLOWS = 0x80;
/** So many rules of one host stand in its record; more in a set. */
const MAX_RULES_OF_RECORD = 4;
/** Demands have a number of one byte; any further ones are wide. */
const MAX_DEMANDS = 256;

/** So many rules fit into one trie: a rule makes two slots at most, and of the slots there are four for each. */
export const MAX_RULES = 2 ** 21;

/** The places of rules in their list, by scheme and effective port; null: any. Of equal rules the first stays. */
type Places = Map<number, Map<number | null, number>>;

/** The rules of one host that has many: even a thousand ports are four look-ups. */
export class RuleSet {
  readonly #here: Places = new Map();
  readonly #below: Places = new Map();

  add(rule: HostRule, scheme: number, place: number): void {
    if (rule.reach !== "subdomains") add(this.#here, scheme, rule.port, place);
    if (rule.reach !== "host") add(this.#below, scheme, rule.port, place);
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

/** Packs at most `MAX_RULES` rules; `rules[i]` has place i. */
export function pack(rules: readonly (HostRule | undefined)[]): Packed {
  for (let unitShift = 0;; unitShift++) {
    const packed = new Packing(rules, unitShift).packed();
    // How many bytes there will be is known only now. Records that no target reaches need a larger unit.
    if (packed.bytes.length <= MAX_TARGET * 2 ** unitShift) return packed;
  }
}

/** A node needs so many slots at most: letters are ASCII. */
const LETTERS = 1 << LETTER_BITS;
/** So many bases are tried for a node before the search for the next ones starts further on. */
const MAX_TRIES = 64;

class Packing {
  readonly #rules: readonly (HostRule | undefined)[];
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
  readonly #unitShift: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(rules: readonly (HostRule | undefined)[], unitShift: number) {
    this.#rules = rules;
    this.#unitShift = unitShift;
    this.#letters = new Uint8Array(rules.reduce((sum, rule) => sum + (rule?.host.length ?? 0), 0));
    this.#starts = new Uint32Array(rules.length + 1);
    this.#sorted = new Uint32Array(rules.length);
    this.#bytes = new Uint8Array(16 + this.#letters.length);
    let count = 0;
    let end = 0;
    for (let place = 0; place < rules.length; place++) {
      this.#starts[place] = end;
      const rule = rules[place];
      if (rule === undefined) continue;
      if (rule.host === "") {
        this.#everyHost ??= new RuleSet();
        this.#everyHost.add(rule, this.#schemeOf(rule), place);
        continue;
      }
      for (let i = rule.host.length - 1; i >= 0; i--) this.#letters[end++] = rule.host.charCodeAt(i);
      this.#sorted[count++] = place;
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
      bytes: this.#bytes.slice(0, this.#length),
      unitShift: this.#unitShift,
      demands: Int32Array.from(this.#demands.keys()),
      sets: this.#sets,
      everyHost: this.#everyHost,
      otherSchemes: [...this.#schemes.keys()].slice(SCHEMES.length),
    };
  }

  /** Packs the rules from `from` up to `to`, whose hosts have `depth` letters in common. The target for them. */
  #group(from: number, to: number, depth: number): number {
    const next = depth + this.#sharedLetters(from, to, depth);
    const { ended, letters, sizes } = this.#split(from, to, next);
    if (ended === 0 && next === depth) return this.#node(letters, sizes, from, next);
    const record = this.#record(from, ended, depth, next);
    if (letters.length > 0) {
      const head = (~record << this.#unitShift) >>> 0;
      const link = this.#length;
      this.#write32(0);
      this.#bytes[head]! |= NODE_FOLLOWS;
      this.#set32(link, this.#node(letters, sizes, from + ended, next));
    }
    return record;
  }

  #sharedLetters(from: number, to: number, depth: number): number {
    const first = this.#starts[this.#order[from]!]! + depth;
    let shared = this.#starts[this.#order[from]! + 1]! - first;
    for (let i = from + 1; i < to && shared > 0; i++) {
      const place = this.#order[i]!;
      const other = this.#starts[place]! + depth;
      const most = Math.min(shared, this.#starts[place + 1]! - other);
      shared = 0;
      while (shared < most && this.#letters[first + shared] === this.#letters[other + shared]) shared++;
    }
    return shared;
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

  #rule(place: number): void {
    const rule = this.#rules[place]!;
    const scheme = this.#schemeOf(rule);
    if (scheme >= MAX_SCHEMES) return this.#set([place]);
    const port = rule.port === null ? ANY_PORT : rule.port << PORT_SHIFT;
    const demand = (scheme << SCHEME_SHIFT) | port | REACH[rule.reach];
    let number = this.#demands.get(demand);
    if (number === undefined && this.#demands.size < MAX_DEMANDS) {
      this.#demands.set(demand, number = this.#demands.size);
    }
    this.#numbered(number ?? 1, place);
    if (number === undefined) this.#write32(demand);
  }

  /** One for all the rules of a host. */
  #set(places: Iterable<number>): void {
    const set = new RuleSet();
    for (const place of places) set.add(this.#rules[place]!, this.#schemeOf(this.#rules[place]!), place);
    this.#numbered(SET, this.#sets.push(set) - 1);
  }

  #numbered(demand: number, place: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = demand;
    this.#write32(place);
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

  #write32(value: number): void {
    this.#reserve(4);
    this.#set32(this.#length, value);
    this.#length += 4;
  }

  #set32(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = value >>> (8 * i);
  }
}
