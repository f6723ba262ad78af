// The layout of the packed trie, and that nothing in it can be taken for something else.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  BELOW,
  ENTRY_HEAD,
  HERE,
  NODE_FOLLOWS,
  NONE,
  pack,
  type Packed,
  RuleSet,
  SCHEMES,
  SET,
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

describe("pack", () => {
  test("puts a few rules into one bucket: what their hosts share, then each with its rest, from right to left", () => {
    const { root, bytes, slots, demands, everyHost } = pack(rulesOf([".a.test", "https://bc.a.test"]));
    assertEquals(root, ~0);
    assertEquals([...bytes], [
      ...[2, "tset.a".length, ...bytesOf("tset.a")],
      ...[0, 1, 0, 0, 0, 0],
      ...[".cb".length, 2, 1, 0, 0, 0, ...bytesOf(".cb")],
    ]);
    assertEquals(ENTRY_HEAD, 6);
    // any scheme, any port, here and below; https, 443, here
    assertEquals([...demands], [SET, 4 | HERE | BELOW, (2 << 19) | (443 << 3) | HERE]);
    assertEquals(slots.length, 0);
    assertEquals(everyHost, null);
  });

  test("an empty list is an empty bucket", () => {
    for (const rules of [[], [undefined]]) {
      const { root, bytes, slots } = pack(rules);
      assertEquals([root, ...bytes], [~0, 0, 0]);
      assertEquals(slots.length, 0);
    }
  });

  test("puts many rules below nodes, one slot a letter", () => {
    const hosts = ["a.test", "b.test", "c.test", "d.test", "e.test"];
    const { root, bytes, slots } = pack(rulesOf(hosts));
    const node = "tset.".length + 2;
    assertEquals([...bytes.slice(0, node)], [NODE_FOLLOWS, 5, ...bytesOf("tset.")]);
    assertEquals(root, ~0);
    const base = bytes[node]!;
    hosts.forEach((host, place) => {
      const slot = 2 * (base + host.charCodeAt(0));
      assertEquals(slots[slot], host.charCodeAt(0));
      assertEquals([...bytes.slice(~slots[slot + 1]!, ~slots[slot + 1]! + 6)], [1, 0, 0, 1, place, 0]);
    });
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
    const filled = packed.slots.filter((letter, i) => i % 2 === 0 && letter !== -1).length;
    assertEquals(seen.slots.size, filled);
    // Few of them stay empty.
    assertLess(packed.slots.length / 2, 1.5 * filled + 256);
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
    for (let entries = head & ~NODE_FOLLOWS; entries > 0; entries--) {
      const place = new DataView(bytes.buffer).getInt32(at + 2, true);
      assert(!seen.places.has(place), "a rule in two places");
      seen.places.add(place);
      at += ENTRY_HEAD + bytes[at]!;
    }
    if (head < NODE_FOLLOWS) return;
    target = new DataView(bytes.buffer).getInt32(at, true);
  }
  assert(!seen.bases.has(target), "a base of two nodes");
  seen.bases.add(target);
  for (let letter = 0; letter < 0x80; letter++) {
    const slot = target + letter;
    if (slots[2 * slot] !== letter) continue;
    assert(!seen.slots.has(slot), "a slot of two nodes");
    seen.slots.add(slot);
    walk(packed, slots[2 * slot + 1]!, seen);
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
