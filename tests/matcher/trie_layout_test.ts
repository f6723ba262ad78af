// What builder and walk share: conditions, the rules of one host, and how far the numbers in the arrays reach.

import { describe, test } from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  ANY_PORT,
  ANY_SCHEME,
  BELOW,
  conditionOf,
  HEADER,
  IN_SET,
  ITSELF,
  LENGTH,
  LETTERS,
  MAX_CONDITIONS,
  MAX_SCHEMES,
  NODE_FOLLOWS,
  NONE,
  NOTHING,
  PLACE,
  RECORD_FOLLOWS,
  RuleSet,
  SCHEMES,
} from "../../src/matcher/trie_layout.ts";
import { MAX_HOST_LENGTH } from "../../src/origin/authority.ts";
import { MAX_ENTRIES } from "../../src/pattern/list.ts";
import { ruleOf } from "./trie_parts.ts";

describe("conditionOf", () => {
  test("gives every scheme, port and reach a number of its own, in 31 bits", () => {
    const seen = new Set<number>();
    const ports = [null, 0, 1, 80, 443, 32768, 65535];
    for (const scheme of [ANY_SCHEME, 1, 2, SCHEMES.length, MAX_SCHEMES - 1]) {
      for (const port of ports) {
        for (const reach of [ITSELF, BELOW, ITSELF | BELOW]) {
          const condition = conditionOf(scheme, port, reach);
          assertEquals(condition, condition | 0);
          assert(condition > 0 && (condition & 3) === reach);
          assertEquals((condition & ANY_PORT) !== 0, port === null);
          seen.add(condition);
        }
      }
    }
    assertEquals(seen.size, 5 * ports.length * 3);
  });

  test("goes on beyond the schemes that fit into 31 bits", () => {
    const beyond = [MAX_SCHEMES, MAX_SCHEMES + 1, 3 * MAX_ENTRIES].map((scheme) =>
      conditionOf(scheme, 80, 1)
    );
    assertEquals(new Set([...beyond, conditionOf(0, 80, 1), conditionOf(1, 80, 1)]).size, 5);
    assert(beyond.every((condition) => Number.isSafeInteger(condition) && condition >= 2 ** 31));
  });
});

describe("RuleSet", () => {
  test("gives the place of the first rule, whichever way it admits", () => {
    const rules = ["https://h:1", "https://h:*", "h:1", "h", "https://*.h.test", ".h.test:2"].map(ruleOf);
    const table: readonly (readonly [reach: number, scheme: number, port: number, place: number])[] = [
      [ITSELF, 2, 1, 0],
      [ITSELF, 2, 3, 1],
      [ITSELF, 1, 1, 2],
      [ITSELF, 1, 2, 3],
      [BELOW, 2, 443, 4],
      [BELOW, 1, 2, 5],
      [BELOW, 1, 3, NONE],
    ];
    // Of equal rules the least place counts, in whatever order they come.
    const all = [{ ...rules[0]!, place: 9 }, ...rules];
    for (const order of [all, all.toReversed()]) {
      const set = new RuleSet();
      for (const rule of order) set.add(rule, rule.scheme === "https" ? 2 : ANY_SCHEME);
      for (const [reach, scheme, port, place] of table) assertEquals(set.least(reach, scheme, port), place);
    }
    assertEquals(new RuleSet().least(ITSELF, 2, 443), NONE);
  });
});

describe("the layout", () => {
  test("keeps apart what stands in one number", () => {
    assertEquals([MAX_CONDITIONS - 1, RECORD_FOLLOWS, NODE_FOLLOWS].map((bits) => bits.toString(16)), [
      "3fff",
      "4000",
      "8000",
    ]);
    assertEquals([PLACE, LENGTH, HEADER, IN_SET, LETTERS], [2, 2 + 3, 2 + 3 + 1, 0, 128]);
    assert(NONE > 2 ** 24 && ~NOTHING === 2 ** 31 - 1);
  });

  test("has numbers for lists as long as may be, whatever their hosts are", () => {
    // Origins and dangerouslyAllow, and what debug adds.
    const entries = 2 * MAX_ENTRIES + 16;
    // An allowed host stands for two origins.
    const rules = 3 * MAX_ENTRIES + 16;
    // Places, and numbers of sets; one a rule, if every scheme is another one.
    assertLess(Math.max(entries, rules), 2 ** 24);
    // Each letter has a slot, or stands in a bucket; at most a third of the slots stays empty. A bucket has at least one
    // rule; at most it has a depth, a whole host and a base besides.
    const slots = 1.5 * entries * MAX_HOST_LENGTH + LETTERS;
    const buckets = rules * (1 + HEADER + MAX_HOST_LENGTH + 4);
    assertLess(Math.max(slots, buckets), ~NOTHING);
  });
});
