// Every origin over a small alphabet up to a length, against every list of up to three small patterns, each list alone
// and among patterns that have nothing to do with it: a trie has another shape there.

import { test } from "node:test";
import { assertEquals, assertGreater } from "@std/assert";
import { compileOrigins } from "@wsgate/wsgate";
import { naiveMatcher } from "./naive.ts";

/** Every boundary there is: of labels, of the port, of an address; and a character that stands in no host. */
const ALPHABET = [..."ab.1:A"];
const LENGTH = 5;
const PREFIXES = ["http://", "x://"];

const PATTERNS = [
  ...["a", ".a", "*.a", "b.a", ".b.a", "ab", "a.b", "a."],
  ...["http://a", "http://.b.a", "x://a:1", "a:80", "1.a", "http://*", "x://*:11", "null"],
];
/** Between hosts of the alphabet, so that every letter of it becomes one of a node. */
const FILLING = ["c.a", "c.b", "ac", "bc", "c1.a", "ca", "cb", "c.ab", "c.b.a", "c.a.b", "http://c.a", "c."];

test(
  "every short origin gets the first pattern of every short list that admits it",
  { timeout: 300_000 },
  () => {
    const origins: (string | null)[] = [
      null,
      "",
      "null",
      "http:/a",
      "http//a",
      "httpx://a",
      "ttp://a",
      "HTTP://a",
      "X://a",
    ];
    let hosts = [""];
    for (let length = 0; length <= LENGTH; length++) {
      for (const host of hosts) for (const prefix of PREFIXES) origins.push(prefix + host);
      hosts = hosts.flatMap((host) => ALPHABET.map((letter) => host + letter));
    }
    // The naive model of a list is the first of its patterns that admits; so each pattern is asked once.
    const admitted = PATTERNS.map((pattern) => {
      const naive = naiveMatcher([pattern]);
      return Uint8Array.from(origins, (origin) => naive(origin) + 1);
    });
    const isFilled = naiveMatcher(FILLING);
    for (const origin of origins) assertEquals(isFilled(origin), -1);

    const indices = PATTERNS.keys().toArray();
    const pairs = [[], ...indices.map((a) => [a]), ...indices.flatMap((a) => indices.map((b) => [a, b]))];
    const triples = indices.flatMap((a) =>
      indices.flatMap((b) => indices.map((c) => [a, b, c])).filter((list) => new Set(list).size === 3)
    );
    const isSorted = ([a = 0, b = 0, c = 0]: readonly number[]) => a <= b && b <= c;
    let judged = 0;
    let hits = 0;
    for (const list of [...pairs, ...triples]) {
      const patterns = list.map((index) => PATTERNS[index]!);
      // Among others one order of each will do.
      const shapes = isSorted(list) ? [patterns, [...FILLING, ...patterns]] : [patterns];
      for (const dangerouslyAllow of shapes) {
        const { test, match } = compileOrigins([], { dangerouslyAllow });
        for (let i = 0; i < origins.length; i++) {
          const first = list.find((index) => admitted[index]![i] === 1);
          const expected = first === undefined ? null : PATTERNS[first]!;
          const origin = origins[i]!;
          if (match(origin) !== expected || test(origin) !== (expected !== null)) {
            throw new Error(`${JSON.stringify({ dangerouslyAllow, origin, expected })}: ${match(origin)}`);
          }
          judged++;
          if (first !== undefined) hits++;
        }
      }
    }
    const lists = pairs.length + triples.length;
    console.log(`${lists} lists, ${origins.length} origins, ${judged} verdicts, ${hits} admitted`);
    assertEquals(lists, 1 + 16 + 16 ** 2 + 16 * 15 * 14);
    assertGreater(judged, 60_000_000);
    assertGreater(hits, 500_000);
  },
);
