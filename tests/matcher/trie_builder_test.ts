// The layout of the packed trie, and that nothing in it can be taken for something else.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  BELOW,
  HEADER,
  IN_SET,
  ITSELF,
  LENGTH,
  LETTERS,
  MAX_CONDITIONS,
  NODE_FOLLOWS,
  NONE,
  NOTHING,
  type Packed,
  PLACE,
  RECORD_FOLLOWS,
  SCHEMES,
} from "../../src/matcher/trie_layout.ts";
import { pack } from "../../src/matcher/trie_builder.ts";
import { assertGrowth } from "../growth.ts";
import { Random } from "../random.ts";
import { bytesOf, ruleOf } from "./trie_parts.ts";

/** A bucket after so many letters. */
const bucket = (depth: number, ...records: number[][]) => [depth, ...records.flat()];
/** A record of a condition's number and what follows, a place, and what is left of a host. */
const record = (head: number, place: number, left: string) => [
  ...[head & 0xff, head >> 8, place & 0xff, place >> 8, 0],
  ...[left.length, ...bytesOf(left)],
];

describe("pack", () => {
  test("puts the letters of a host into a bucket, from right to left, with its rule", () => {
    const { root, buckets, letters, targets, conditions, everyHost } = pack([
      ruleOf("https://a.test", 0x102),
    ]);
    assertEquals(root, ~0);
    assertEquals([...buckets], bucket(0, record(1, 0x102, "tset.a")));
    // any rule of a set; https, 443, the host itself
    assertEquals([...conditions], [ITSELF | BELOW, (2 << 19) | (443 << 3) | ITSELF]);
    assertEquals([letters.length, targets.length], [0, 0]);
    assertEquals(everyHost, null);
  });

  test("an empty list is nothing", () => {
    const { root, buckets, letters, targets } = pack([]);
    assertEquals([root, ...buckets, ...letters, ...targets], [NOTHING]);
  });

  test("gives each letter up to the one in which hosts differ a slot, and the others a bucket", () => {
    const hosts = ["a.test", "xb.test", "yyc.test"];
    const packed = pack(hosts.map(ruleOf));
    const { root, buckets, letters, targets } = packed;
    const node = follow(packed, root, "tset.");
    hosts.forEach((host, place) => {
      const slot = node + host.charCodeAt(place);
      assertEquals(letters[slot], host.charCodeAt(place));
      const at = ~targets[slot]!;
      const expected = bucket("a.test".length, record(1, place, host.slice(0, place)));
      assertEquals([...buckets.slice(at, at + expected.length)], expected);
    });
    assertEquals(letters.filter((letter) => letter !== 0).length, "tset.".length + hosts.length);
  });

  test("leads from every other slot to nothing", () => {
    const { letters, targets } = pack(["a.test", "b.test"].map(ruleOf));
    assertEquals(letters.length, targets.length);
    targets.forEach((target, slot) => assertEquals(target === NOTHING, letters[slot] === 0));
    assertEquals(letters.filter((letter) => letter !== 0).length, "tset.ab".length);
  });

  test("goes on from the bucket of a host to those below it", () => {
    const packed = pack(["https://test", "a.test", "b.test", "http://test"].map(ruleOf));
    const at = ~follow(packed, packed.root, "tset");
    const expected = bucket(4, record(1 | RECORD_FOLLOWS, 0, ""), record(2 | NODE_FOLLOWS, 3, ""));
    assertEquals([...packed.buckets.slice(at, at + expected.length)], expected);
    const dot = new DataView(packed.buckets.buffer).getInt32(at + expected.length, true);
    const [a, b] = ["a", "b"].map((letter) => ~follow(packed, dot, `.${letter}`));
    assertEquals([...packed.buckets.slice(a, a! + 7)], bucket(6, record(3, 1, "")));
    assertEquals([...packed.buckets.slice(b, b! + 7)], bucket(6, record(3, 2, "")));
  });

  test("puts up to four rules of one host into a bucket, and more into a set", () => {
    const ports = (count: number) => Array.from({ length: count }, (_, i) => ruleOf(`h.test:${1 + i}`, i));
    const four = pack(ports(4));
    const records = [0, 1, 2, 3].map((i) => record(1 + i + (i < 3 ? RECORD_FOLLOWS : 0), i, ""));
    assertEquals([...four.buckets], bucket("h.test".length, ...records));
    assertEquals(four.sets, []);
    const five = pack(ports(5));
    assertEquals([...five.buckets], bucket("h.test".length, record(IN_SET, 0, "")));
    assertEquals(five.sets.map((set) => set.least(ITSELF, 0, 5)), [4]);
  });

  test("lets up to four rules share a bucket where a list is long", () => {
    const hosts = ["a.test", "bb.test", "a.test", "test", "c"];
    const short = pack(hosts.map(ruleOf), hosts.length + 1);
    assert(follow(short, short.root, "t") >= 0);
    const long = pack(hosts.map(ruleOf), hosts.length);
    const at = ~follow(long, long.root, "t");
    const expected = bucket(
      1,
      ...["tset.a", "tset.bb", "tset.a"].map((left, place) =>
        record(1 | RECORD_FOLLOWS, place, left.slice(1))
      ),
      record(1, 3, "set"),
    );
    assertEquals([...long.buckets.slice(at, at + expected.length)], expected);
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
    for (const longList of [0, Infinity]) {
      const packed = pack([...patterns].map(ruleOf), longList);
      const seen: Seen = { bases: new Set(), slots: new Set(), places: new Set() };
      walk(packed, packed.root, seen);
      assertGreater(seen.bases.size, 300);
      assertEquals(seen.places.size, patterns.size);
      const filled = packed.letters.filter((letter) => letter !== 0).length;
      assertEquals(seen.slots.size, filled);
      // Few of them stay empty.
      assertLess(packed.letters.length, 1.5 * filled + 256);
    }
  });

  test("numbers the schemes beyond those of the web, in the order of the list", () => {
    const rules = ["a://h", "wss://h", "b://*", "a://*.h.test", "h"].map(ruleOf);
    assertEquals(pack(rules).otherSchemes, ["b", "a"]);
    assertEquals(SCHEMES, ["", "http", "https", "ws", "wss"]);
  });

  test("takes as many conditions as have a number, and puts rules with any more into sets", () => {
    const rules = Array.from({ length: MAX_CONDITIONS + 9 }, (_, i) => ruleOf(`h${i}.test:${1 + i}`, i));
    const { conditions, sets } = pack(rules);
    assertEquals(conditions.length, MAX_CONDITIONS);
    assertEquals(sets.length, 10);
    for (const set of sets) {
      const found = rules.map((_, place) => set.least(ITSELF, 1, 1 + place)).filter((place) =>
        place !== NONE
      );
      assertEquals(found.length, 1);
    }
  });

  test("costs as much as there are letters, whatever the hosts and their order are", () => {
    const name = "abc".repeat(20);
    const lists: Readonly<Record<string, (index: number, count: number) => string>> = {
      "hosts that have all but their first letters in common": (index) => `${index}.${name}.test`,
      "one host": () => `${name}.test`,
      "pairs of hosts": (index) => `${index & 1}.${name}.${index >> 1}.test`,
      // By steps of 37, so that few of them have as many letters each as many have.
      "hosts below each other": (index) => `${"a.".repeat(index * 37 % 100)}${index % 7}.test`,
      "one host that is the odd one, at the end": (index, count) =>
        `${index === count - 1 ? "odd" : name}.test`,
    };
    for (const [kind, host] of Object.entries(lists)) {
      const rules = new Map<number, ReturnType<typeof ruleOf>[]>();
      const make = (length: number) => {
        const count = length >> 5;
        rules.set(
          length,
          Array.from({ length: count }, (_, i) => ({ ...ruleOf("x", i), host: host(i, count) })),
        );
        return "x".repeat(length);
      };
      assertGrowth((text) => pack(rules.get(text.length)!), { [kind]: make });
    }
  });
});

/** The target to which letters lead from a node, none of them through a bucket. */
function follow({ letters, targets }: Packed, base: number, path: string): number {
  let target = base;
  for (const letter of bytesOf(path)) {
    assert(target >= 0 && letters[target + letter] === letter, path);
    target = targets[target + letter]!;
  }
  return target;
}

interface Seen {
  readonly bases: Set<number>;
  readonly slots: Set<number>;
  readonly places: Set<number>;
}

/** Visits everything that a look-up can come to. */
function walk(packed: Packed, target: number, seen: Seen, depth = 0): void {
  const { letters, targets, buckets } = packed;
  if (target < 0) {
    const view = new DataView(buckets.buffer);
    let at = ~target;
    assertEquals(buckets[at++], depth);
    let head: number;
    do {
      head = view.getUint16(at, true);
      const place = view.getUint16(at + PLACE, true);
      assert(!seen.places.has(place), "a rule in two places");
      seen.places.add(place);
      at += HEADER + buckets[at + LENGTH]!;
    } while ((head & RECORD_FOLLOWS) !== 0);
    if ((head & NODE_FOLLOWS) === 0) return;
    target = view.getInt32(at, true);
  }
  assert(!seen.bases.has(target), "a base of two nodes");
  seen.bases.add(target);
  for (let letter = 1; letter < LETTERS; letter++) {
    const slot = target + letter;
    if (letters[slot] !== letter) continue;
    assert(!seen.slots.has(slot), "a slot of two nodes");
    seen.slots.add(slot);
    walk(packed, targets[slot]!, seen, depth + 1);
  }
}
