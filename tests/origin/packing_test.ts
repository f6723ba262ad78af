// The layout of the packed trie, and that nothing in it can be taken for something else.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  BELOW,
  HERE,
  LETTER_BITS,
  NODE_FOLLOWS,
  NONE,
  pack,
  type Packed,
  RuleSet,
  SCHEMES,
  SET,
  WIDE,
} from "../../src/origin/packing.ts";
import { type HostRule, parsePattern } from "../../src/origin/pattern.ts";
import { Random } from "../random.ts";

function rulesOf(patterns: readonly string[]): HostRule[] {
  return patterns.map((pattern) => {
    const parsed = parsePattern(pattern);
    assert("rule" in parsed && parsed.rule.kind === "host", pattern);
    return parsed.rule;
  });
}

const bytesOf = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

const LETTER_MASK = (1 << LETTER_BITS) - 1;
/** Record 0: no rules, no letters. */
const NOTHING = [0, 0];

describe("pack", () => {
  test("puts the letters of a host into a record, from right to left, then its rules", () => {
    const { root, bytes, slots, demands, everyHost } = pack(rulesOf([".a.test", "https://a.test"]));
    assertEquals(root, ~2);
    assertEquals([...bytes], [
      ...NOTHING,
      ...[2, "tset.a".length, ...bytesOf("tset.a")],
      ...[2, 0, 0, 0, 0],
      ...[3, 1, 0, 0, 0],
    ]);
    // any scheme, any port, here and below; https, 443, here
    assertEquals([...demands], [SET, WIDE, 4 | HERE | BELOW, (2 << 19) | (443 << 3) | HERE]);
    assertEquals(slots.length, 0);
    assertEquals(everyHost, null);
  });

  test("an empty list is an empty record", () => {
    for (const rules of [[], [undefined]]) {
      const { root, bytes, slots } = pack(rules);
      assertEquals([root, ...bytes], [~0, ...NOTHING]);
      assertEquals(slots.length, 0);
    }
  });

  test("gives each letter in which hosts differ a slot, and what they share a record before it", () => {
    const hosts = ["a.test", "b.test", "c.test"];
    const { root, bytes, slots } = pack(rulesOf(hosts));
    const link = NOTHING.length + 2 + "tset.".length;
    assertEquals([...bytes.slice(NOTHING.length, link)], [NODE_FOLLOWS, 5, ...bytesOf("tset.")]);
    assertEquals(root, ~2);
    const base = bytes[link]!;
    hosts.forEach((host, place) => {
      const slot = slots[base + host.charCodeAt(0)]!;
      assertEquals(slot & LETTER_MASK, host.charCodeAt(0));
      const record = ~(slot >> LETTER_BITS);
      assertEquals([...bytes.slice(record, record + 7)], [1, 0, 2, place, 0, 0, 0]);
    });
  });

  test("leads from every other slot to a record that holds nothing", () => {
    const { slots } = pack(rulesOf(["a.test", "b.test"]));
    const used = slots.filter((slot) => (slot & LETTER_MASK) !== 0);
    assertEquals(used.length, 2);
    assertEquals(new Set(slots.filter((slot) => (slot & LETTER_MASK) === 0)), new Set([~0 << LETTER_BITS]));
  });

  test("gives no two nodes the same base, and no slot to two", () => {
    const random = new Random();
    const patterns = new Set<string>();
    while (patterns.size < 5000) {
      let host = "";
      for (let i = 2 + random.below(9); i > 0; i--) host += random.pick([..."abcdefgh01-"]);
      if (!/^-|-$/.test(host)) {
        patterns.add(`${random.pick(["", "https://"])}${host}.${random.pick(["com", "net"])}`);
      }
    }
    const packed = pack(rulesOf([...patterns]));
    const seen: Seen = { bases: new Set(), slots: new Set(), places: new Set() };
    walk(packed, packed.root, seen);
    assertGreater(seen.bases.size, 300);
    assertEquals(seen.places.size, patterns.size);
    const filled = packed.slots.filter((slot) => (slot & LETTER_MASK) !== 0).length;
    assertEquals(seen.slots.size, filled);
    // Few of them stay empty.
    assertLess(packed.slots.length, 1.5 * filled + 256);
  });

  test("numbers the schemes beyond those of the web, in the order of the list", () => {
    const rules = rulesOf(["a://h", "wss://h", "b://*", "a://*.h.test", "h"]);
    assertEquals(pack(rules).otherSchemes, ["b", "a"]);
    assertEquals(SCHEMES, ["", "http", "https", "ws", "wss"]);
  });
});

interface Seen {
  readonly bases: Set<number>;
  readonly slots: Set<number>;
  readonly places: Set<number>;
}

/** Visits everything that a look-up can come to. */
function walk(packed: Packed, target: number, seen: Seen): void {
  const { slots, bytes } = packed;
  if (target < 0) {
    let at = ~target;
    const head = bytes[at]!;
    at += 2 + bytes[at + 1]!;
    for (let rules = head & ~NODE_FOLLOWS; rules > 0; rules--, at += 5) {
      const place = new DataView(bytes.buffer).getInt32(at + 1, true);
      assert(!seen.places.has(place), "a rule in two places");
      seen.places.add(place);
    }
    if (head < NODE_FOLLOWS) return;
    target = new DataView(bytes.buffer).getInt32(at, true);
  }
  assert(!seen.bases.has(target), "a base of two nodes");
  seen.bases.add(target);
  for (let letter = 1; letter <= LETTER_MASK; letter++) {
    const slot = target + letter;
    if ((slots[slot]! & LETTER_MASK) !== letter) continue;
    assert(!seen.slots.has(slot), "a slot of two nodes");
    seen.slots.add(slot);
    walk(packed, slots[slot]! >> LETTER_BITS, seen);
  }
}

describe("RuleSet", () => {
  test("gives the place of the first rule, whichever way it admits", () => {
    const rules = rulesOf(["https://h:1", "https://h:*", "h:1", "h", "https://*.h.test", ".h.test:2"]);
    const set = new RuleSet();
    rules.forEach((rule, place) => set.add(rule, rule.scheme === "https" ? 2 : 0, place));
    set.add(rules[0]!, 2, 9);
    const table: readonly (readonly [reach: number, scheme: number, port: number, place: number])[] = [
      [HERE, 2, 1, 0],
      [HERE, 2, 3, 1],
      [HERE, 1, 1, 2],
      [HERE, 1, 2, 3],
      [BELOW, 2, 443, 4],
      [BELOW, 1, 2, 5],
      [BELOW, 1, 3, NONE],
    ];
    for (const [reach, scheme, port, place] of table) assertEquals(set.first(reach, scheme, port), place);
    assertEquals(new RuleSet().first(HERE, 2, 443), NONE);
  });
});
