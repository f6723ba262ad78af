// The layout of the packed trie, and that nothing in it can be taken for something else.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import {
  BELOW,
  EMPTY_SLOT,
  HASH_BITS,
  HERE,
  indexOf,
  LETTER_BITS,
  MAX_PROBES,
  NODE_FOLLOWS,
  NONE,
  type Packed,
  RULES,
  SCHEMES,
  SET,
  TABLE_FOLLOWS,
  tagOf,
  WIDE,
} from "../../src/matcher/trie_layout.ts";
import { pack, sharedLetters } from "../../src/matcher/trie_builder.ts";
import { HostTrie } from "../../src/matcher/trie.ts";
import { Random } from "../random.ts";
import { bytesOf, hashOf, ruleOf } from "./trie_parts.ts";

const LETTER_MASK = (1 << LETTER_BITS) - 1;
/** Record 0: no rules, no letters. */
const NOTHING = [0, 0];

describe("pack", () => {
  test("puts the letters of a host into a record, from right to left, then its rules", () => {
    const { root, bytes, slots, demands, everyHost } = pack([".a.test", "https://a.test"].map(ruleOf));
    assertEquals(root, ~2);
    assertEquals([...bytes], [
      ...NOTHING,
      ...[2, "tset.a".length, ...bytesOf("tset.a")],
      ...[2, 0, 0, 0],
      ...[3, 1, 0, 0],
    ]);
    // any scheme, any port, here and below; https, 443, here
    assertEquals([...demands], [SET, WIDE, 4 | HERE | BELOW, (2 << 19) | (443 << 3) | HERE]);
    assertEquals(slots.length, 0);
    assertEquals(everyHost, null);
  });

  test("an empty list is an empty record", () => {
    const { root, bytes, slots } = pack([]);
    assertEquals([root, ...bytes], [~0, ...NOTHING]);
    assertEquals(slots.length, 0);
  });

  test("gives each letter in which hosts differ a slot, and what they share a record before it", () => {
    const hosts = ["a.test", "b.test", "c.test"];
    const { root, bytes, slots } = pack(hosts.map(ruleOf));
    const link = NOTHING.length + 2 + "tset.".length;
    assertEquals([...bytes.slice(NOTHING.length, link)], [NODE_FOLLOWS, 5, ...bytesOf("tset.")]);
    assertEquals(root, ~2);
    const base = bytes[link]!;
    hosts.forEach((host, place) => {
      const slot = slots[base + host.charCodeAt(0)]!;
      assertEquals(slot & LETTER_MASK, host.charCodeAt(0));
      const record = ~(slot >> LETTER_BITS);
      assertEquals([...bytes.slice(record, record + 6)], [1, 0, 2, place, 0, 0]);
    });
  });

  test("leads from every other slot to a record that holds nothing", () => {
    const { slots } = pack(["a.test", "b.test"].map(ruleOf));
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
    const packed = pack([...patterns].map(ruleOf));
    const seen: Seen = { bases: new Set(), slots: new Set(), places: new Set() };
    walk(packed, packed.root, seen);
    assertGreater(seen.bases.size, 300);
    assertEquals(seen.places.size, patterns.size);
    const filled = packed.slots.filter((slot) => (slot & LETTER_MASK) !== 0).length;
    assertEquals(seen.slots.size, filled);
    // Few of them stay empty.
    assertLess(packed.slots.length, 1.5 * filled + 256);
  });

  test("gives each label below a dot with many rules a slot of a table, by its hash", () => {
    const labels = ["one", "two", "three", "four", "five"];
    const { root, bytes, slots, tables } = pack(labels.map((label) => `${label}.test`).map(ruleOf), 5);
    const [head, letters] = bytes.subarray(~root);
    assertEquals([head, letters], [TABLE_FOLLOWS, "tset.".length]);
    const at = ~root + 2 + "tset.".length;
    const [size, shift] = [8, HASH_BITS];
    assertEquals([...bytes.slice(at, at + 6)], [0, 0, 0, 0, size, shift]);
    assertEquals(slots.length, 0);
    assertEquals(tables.length, size + MAX_PROBES);
    labels.forEach((label, place) => {
      const hash = hashOf(label);
      let slot = indexOf(hash, size, shift);
      while ((tables[slot]! & LETTER_MASK) !== tagOf(hash)) slot++;
      const record = ~(tables[slot]! >> LETTER_BITS);
      const rest = [...label].reverse().join("");
      assertEquals([...bytes.slice(record, record + 2 + rest.length)], [1, rest.length, ...bytesOf(rest)]);
      assertEquals(bytes[record + 2 + rest.length + 1], place);
    });
    assertEquals(tables.filter((slot) => slot !== EMPTY_SLOT).length, labels.length);
  });

  test("makes tables as large as they have to be, and no larger", () => {
    for (const count of [2, 19, 20, 100, 1000, 5001]) {
      const { tables } = pack(Array.from({ length: count }, (_, i) => `a${i}.test`).map(ruleOf), count);
      const slots = tables.length - MAX_PROBES;
      assertGreaterOrEqual(slots, 1.6 * count);
      assertLess(slots, 1.71 * count + 2);
    }
  });

  test("tells labels of one hash apart by their letters", () => {
    const [first, second] = collision();
    assertEquals(hashOf(first), hashOf(second));
    for (const rulesOfTable of [1, 2]) {
      const [listed, other] = [`${first}.test`, `${second}.test`];
      const trie = new HostTrie([listed, "x.test", "y.test"].map(ruleOf), rulesOfTable);
      assertEquals(trie.findOrigin(`https://${listed}`), 0);
      assertEquals(trie.findOrigin(`https://${other}`), NONE);
      const both = new HostTrie([listed, other, `a.${other}`].map(ruleOf), rulesOfTable);
      assertEquals(both.findOrigin(`https://${listed}`), 0);
      assertEquals(both.findOrigin(`https://${other}`), 1);
      assertEquals(both.findOrigin(`https://a.${other}`), 2);
      assertEquals(both.findOrigin(`https://a.${listed}`), NONE);
    }
  });

  test("makes no table of labels chosen to stand in each other's way, and searches none to its end", () => {
    // The slots of a table for 300.
    const [count, size, shift] = [300, 30, HASH_BITS - 4];
    // All slots that are looked at from the first one on have the same tag; the last label has another one.
    const labels = new Map<number, string>();
    const filling: string[] = [];
    let last: string | undefined;
    for (let i = 0; labels.size < MAX_PROBES || last === undefined; i++) {
      const hash = hashOf(`l${i}`);
      const index = indexOf(hash, size, shift);
      if (index < MAX_PROBES && tagOf(hash) === 1) labels.set(index, `l${i}`);
      else if (index === 0 && tagOf(hash) === 2) last = `l${i}`;
      else if (index > MAX_PROBES && filling.length < count) filling.push(`l${i}.test`);
    }
    const chosen = [...labels.values()].map((label) => `${label}.test`);
    const ill = { hosts: [...chosen, `${last}.test`], slots: 0 };
    const well = { hosts: [...chosen, filling.pop()!], slots: (size << 4) + MAX_PROBES };
    for (const { hosts, slots } of [ill, well]) {
      const listed = [...hosts, ...filling].slice(0, count);
      assertEquals(pack(listed.map(ruleOf), count).tables.length, slots);
      const trie = new HostTrie(listed.map(ruleOf), count);
      listed.forEach((host, place) => assertEquals(trie.findOrigin(`https://${host}`), place, host));
      if (slots > 0) assertEquals(trie.findOrigin(`https://${last}.test`), NONE);
    }
  });

  test("makes no table of a few labels that have many rules", () => {
    const hosts = Array.from({ length: 100 }, (_, i) => `${"abc"[i % 3]}${i}.${"xyz"[i % 3]}.test`);
    const { tables } = pack(hosts.map(ruleOf), 50);
    assertEquals(tables.length, 0);
  });

  test("numbers the schemes beyond those of the web, in the order of the list", () => {
    const rules = ["a://h", "wss://h", "b://*", "a://*.h.test", "h"].map(ruleOf);
    assertEquals(pack(rules).otherSchemes, ["b", "a"]);
    assertEquals(SCHEMES, ["", "http", "https", "ws", "wss"]);
  });
});

/** Two labels with one hash. Of some 80,000 two have one, as of 23 people two have one birthday. */
function collision(): [string, string] {
  const random = new Random();
  const labels = new Map<number, string>();
  while (true) {
    const label = Array.from({ length: 12 }, () => random.pick([..."abcdefghijklmnop"])).join("");
    const hash = hashOf(label);
    const other = labels.get(hash);
    if (other !== undefined && other !== label) return [other, label];
    labels.set(hash, label);
  }
}

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
    for (let rules = head & RULES; rules > 0; rules--, at += 4) {
      const place = new DataView(bytes.buffer).getUint32(at, true) >>> 8;
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

describe("sharedLetters", () => {
  /** Hosts as they are packed: from right to left, one after the other. */
  function packed(hosts: readonly string[]) {
    const starts = [0];
    for (const host of hosts) starts.push(starts.at(-1)! + host.length);
    return { letters: hosts.flatMap((host) => bytesOf(host).reverse()), starts };
  }

  test("says how many letters all hosts have in common", () => {
    const random = new Random();
    const host = () => Array.from({ length: 1 + random.below(20) }, () => random.pick([..."aab"])).join("");
    for (let round = 0; round < 3000; round++) {
      const hosts = Array.from({ length: 1 + random.below(5) }, host);
      const ending = random.pick(["", "aaab", "abaabbaabaab"]);
      const ended = hosts.map((host) => host + ending);
      const { letters, starts } = packed(ended);
      const places = random.shuffle([...ended.keys()]);
      for (let depth = 0; depth <= ending.length; depth++) {
        let shared = 0;
        const rests = ended.map((host) => host.slice(0, host.length - depth));
        while (rests.every((rest) => shared < rest.length && rest.at(~shared) === rests[0]!.at(~shared))) {
          shared++;
        }
        assertEquals(sharedLetters(letters, starts, places, depth), shared, `${ended}`);
      }
    }
  });

  test("reads four letters at most for each host and letter, whichever host is the odd one", () => {
    const count = 100;
    for (let shared = 0; shared < 200; shared++) {
      const alike = Array<string>(count).fill("a".repeat(200));
      const odd = "b" + "a".repeat(shared);
      for (const hosts of [[odd, ...alike], [...alike, odd]]) {
        const { letters, starts } = packed(hosts);
        let reads = 0;
        const counted = new Proxy(letters, {
          get(target, key) {
            if (key !== "length") reads++;
            return Reflect.get(target, key);
          },
        });
        assertEquals(sharedLetters(counted, starts, [...hosts.keys()], 0), shared);
        assertLessOrEqual(reads, 4 * hosts.length * (shared + 1));
        assertGreater(reads, 0);
      }
    }
  });
});
