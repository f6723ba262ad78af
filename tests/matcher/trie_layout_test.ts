// What packing and walk share: the rules of one host, and the hashes of labels.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { BELOW, HASH_BITS, HERE, indexOf, NONE, RuleSet, tagOf } from "../../src/matcher/trie_layout.ts";
import { Random } from "../random.ts";
import { hashOf, ruleOf } from "./trie_parts.ts";

describe("RuleSet", () => {
  test("gives the place of the first rule, whichever way it admits", () => {
    const rules = ["https://h:1", "https://h:*", "h:1", "h", "https://*.h.test", ".h.test:2"].map(ruleOf);
    const set = new RuleSet();
    for (const rule of rules) set.add(rule, rule.scheme === "https" ? 2 : 0);
    set.add({ ...rules[0]!, place: 9 }, 2);
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

describe("the hash of a label", () => {
  const random = new Random();
  const COUNT = 10_000;
  const letters = (count: number) =>
    Array.from({ length: count }, () => random.pick([..."abcdefghijklmnopqrstuvwxyz0123456789-"])).join("");
  const kinds: Readonly<Record<string, (index: number) => string>> = {
    "numbers": (index) => `${index}`,
    "a name and a number": (index) => `tenant-${index}`,
    "a number and a name": (index) => `${index}-customer`,
    "random letters": () => letters(12),
    "a long name and three letters": () => `${"a".repeat(40)}${letters(3)}`,
  };

  for (const [kind, make] of Object.entries(kinds)) {
    test(`spreads over all of a table: ${kind}`, () => {
      const labels = new Set<string>();
      for (let index = 0; labels.size < COUNT; index++) labels.add(make(index));
      for (
        const [size, shift] of [[17, HASH_BITS - 10], [31, HASH_BITS - 9], [20, HASH_BITS - 10]] as const
      ) {
        const slots = size << (HASH_BITS - shift);
        const used = new Set<number>();
        const tags = new Set<number>();
        for (const label of labels) {
          const index = indexOf(hashOf(label), size, shift);
          assert(index >= 0 && index < slots, label);
          used.add(index);
          tags.add(tagOf(hashOf(label)));
        }
        // As many as if each label had thrown a die.
        const expected = slots * (1 - (1 - 1 / slots) ** COUNT);
        assertGreater(used.size, 0.95 * expected);
        assertLess(used.size, 1.1 * expected);
        assertEquals(tags.size, 127);
        assert(!tags.has(0) && Math.max(...tags) === 127);
      }
    });
  }
});
