// The walk over the packed trie. Which origins a list of patterns admits is in `matcher_test.ts`, in all their spellings;
// `exhaustive_test.ts` and `differential_test.ts` hold the same against the naive model.

import { describe, test } from "node:test";
import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { areLabels } from "../../src/origin/authority.ts";
import { NONE } from "../../src/matcher/trie_layout.ts";
import { HostTrie } from "../../src/matcher/trie.ts";
import { assertGrowth, growthExponent, LINEAR } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { naiveMatcher } from "./naive.ts";
import { ruleOf } from "./trie_parts.ts";

/** Names that look like those of a long list. */
function names(count: number): string[] {
  const random = new Random(seed);
  const found = new Set<string>();
  const syllables = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za shop app my the".split(" ");
  const zones = "com com com net org de io dev co.uk fr".split(" ");
  while (found.size < count) {
    let name = "";
    for (let i = 3 + random.below(4); i > 0; i--) name += random.pick(syllables);
    found.add(`${name}.${random.pick(zones)}`);
  }
  return [...found];
}

/** A third of each: one origin, the subdomains of a host, a host with its subdomains. */
function patternsOf(sites: readonly string[]): string[] {
  return sites.map((site, i) => ["https://", "https://*.", "."][i % 3]! + site);
}

/** From so many rules on some share a bucket: as it is, and always. */
const LONG_LISTS = [undefined, 0];

describe("HostTrie", () => {
  test("gives the place of the first rule that admits an origin, or NONE", () => {
    const rules = ["https://a.example", "a.example", ".example", "https://a.example"];
    for (const longList of LONG_LISTS) {
      const trie = new HostTrie(rules.map((pattern, index) => ruleOf(pattern, index + 1)), longList);
      assertEquals(trie.findOrigin("https://a.example:443"), 1);
      assertEquals(trie.findOrigin("https://a.example:444"), 2);
      assertEquals(trie.findOrigin("http://b.example"), 3);
      assertEquals(trie.findOrigin("http://example"), 3);
      assertEquals(trie.findOrigin("http://test"), NONE);
      assertEquals(trie.findOrigin("http://"), NONE);
      assertEquals(trie.findOrigin("x://a.example"), 2);
      assertEquals(new HostTrie([], longList).findOrigin("https://a.example"), NONE);
    }
  });

  test("gives the least place of equal rules, and of rules that have one place that one", () => {
    const places = [7, 3, 5, 3, 9];
    for (const longList of LONG_LISTS) {
      // Some in buckets, some in a set.
      for (const count of [2, 5]) {
        const rules = ["http://a.example", "https://a.example"].flatMap((pattern) =>
          places.slice(0, count).map((place) => ruleOf(pattern, place))
        );
        const trie = new HostTrie(rules, longList);
        assertEquals(trie.findOrigin("https://a.example"), 3);
        assertEquals(trie.findOrigin("http://a.example"), 3);
        assertEquals(trie.findOrigin("ws://a.example"), NONE);
      }
    }
  });

  test("gives the place of the first rule for a host that a text starts with", () => {
    const trie = new HostTrie(["a.example:1", "a.example", "*.example"].map(ruleOf));
    assertEquals(trie.findStart("a.example:1", "a.example".length, 1), 0);
    assertEquals(trie.findStart("a.example:2", "a.example".length, 2), 1);
    assertEquals(trie.findStart("b.example", "b.example".length, 443), 2);
    assertEquals(trie.findStart("example", "example".length, 443), NONE);
    assertEquals(trie.findStart("", 0, 443), NONE);
  });

  test("admits no host that is malformed left of what a rule covers", () => {
    const trie = new HostTrie([ruleOf(".example.com")]);
    assertEquals(trie.findOrigin("https://a-b.c_d.example.com"), 0);
    const labels = ["", "a.", ".a", "a..b", "A", "a b", "é", "a/b", "a:1", "[", "*", "a".repeat(64)];
    for (const label of labels) {
      assertEquals(trie.findOrigin(`https://${label}.example.com`), NONE, label);
      const host = `${label}.example.com`;
      assertEquals(trie.findStart(host, host.length, 443), NONE, label);
    }
    const padded = (length: number) =>
      "a.".repeat(127).slice(-(length - "example.com".length)) + "example.com";
    assertEquals(padded(255).length, 255);
    assertEquals(trie.findOrigin(`https://${padded(255)}`), 0);
    assertEquals(trie.findOrigin(`https://${padded(257)}`), NONE);
  });

  test("finds every one of many rules by what it admits, and nothing beside them", () => {
    const sites = names(20_000);
    for (const longList of LONG_LISTS) {
      const trie = new HostTrie(patternsOf(sites).map(ruleOf), longList);
      sites.forEach((site, i) => {
        const [apex, below] = [[i, NONE], [NONE, i], [i, i]][i % 3]!;
        assertEquals(trie.findOrigin(`https://${site}`), apex, site);
        assertEquals(trie.findOrigin(`https://www.${site}`), below, site);
        assertEquals(trie.findOrigin(`https://x${site}`), NONE, site);
        assertEquals(trie.findOrigin(`https://www-${site}`), NONE, site);
        assertEquals(trie.findOrigin(`https://${site}.`), NONE, site);
      });
    }
  });

  test("keeps apart the rules of one host, however many: by scheme, port and reach", () => {
    const patterns: string[] = [];
    for (const reach of ["", "*.", "."]) {
      for (const scheme of ["", "http://", "https://", "ws://", "wss://", "app://", "x://"]) {
        for (const port of ["", ":80", ":443", ":8080", ":*"]) {
          patterns.push(`${scheme}${reach}a.example${port}`);
        }
      }
    }
    const few = patterns.filter((pattern) => pattern.includes("https://"));
    const lists = [patterns, patterns.toReversed(), few].flatMap((list) =>
      LONG_LISTS.map((longList) => [list, longList] as const)
    );
    for (const [list, longList] of lists) {
      const trie = new HostTrie(list.map(ruleOf), longList);
      const alone = list.map((pattern) => new HostTrie([ruleOf(pattern)]));
      for (const scheme of ["http", "https", "ws", "wss", "app", "x", "y"]) {
        for (const host of ["a.example", "b.a.example", "example", "ba.example"]) {
          for (const port of ["", ":80", ":443", ":8080", ":1"]) {
            const origin = `${scheme}://${host}${port}`;
            const first = alone.findIndex((trie) => trie.findOrigin(origin) === 0);
            assertEquals(trie.findOrigin(origin), first < 0 ? NONE : first, origin);
          }
        }
      }
    }
  });

  test("knows more ports and more schemes than have a number of their own", () => {
    const ports = Array.from({ length: 20_000 }, (_, i) => `https://h${i}.example:${1 + i}`);
    const schemes = Array.from({ length: 9000 }, (_, i) => `s${i}://s${i}.example`);
    for (const longList of LONG_LISTS) {
      const trie = new HostTrie([...ports, ...schemes].map(ruleOf), longList);
      for (let i = 0; i < 20_000; i++) {
        assertEquals(trie.findOrigin(`https://h${i}.example:${1 + i}`), i);
        assertEquals(trie.findOrigin(`https://h${i}.example:${2 + i}`), NONE);
      }
      for (let i = 0; i < 9000; i++) {
        assertEquals(trie.findOrigin(`s${i}://s${i}.example`), 20_000 + i);
        assertEquals(trie.findOrigin(`s${i + 1}://s${i}.example`), NONE);
      }
    }
  });

  test("follows no character that stands in no host, in a node neither", () => {
    for (const longList of LONG_LISTS) {
      const trie = new HostTrie(names(500).map((name) => ruleOf(`.${name}`)), longList);
      const [name] = names(1);
      assertEquals(trie.findOrigin(`https://a.${name}`), 0);
      for (let code = 0; code < 0x200; code++) {
        const char = String.fromCharCode(code);
        for (let at = 0; at <= name!.length; at++) {
          const origin = `https://a.${name!.slice(0, at)}${char}${name!.slice(at)}`;
          if (/[a-z0-9_.-]/.test(char)) continue;
          assertEquals(trie.findOrigin(origin), NONE, JSON.stringify(origin));
          const replaced = `https://a.${name!.slice(0, at)}${char}${name!.slice(at + 1)}`;
          assertEquals(trie.findOrigin(replaced), NONE, JSON.stringify(replaced));
        }
      }
    }
  });

  test("reads every letter of a scheme", () => {
    for (const pattern of ["https://a.test", "http://a.test", "a.test", "ws://a.test"]) {
      const trie = new HostTrie([ruleOf(pattern)]);
      const naive = naiveMatcher([pattern]);
      for (const origin of ["https://a.test", "http://a.test", "https://a.test:443", "http://a.test:80"]) {
        for (let at = 0; at <= origin.indexOf("//") + 2; at++) {
          for (let code = 0; code < 0x180; code++) {
            for (const cut of [0, 1]) {
              const other = origin.slice(0, at) + String.fromCharCode(code) + origin.slice(at + cut);
              const expected = naive(other) < 0 ? NONE : 0;
              assertEquals(trie.findOrigin(other), expected, `${JSON.stringify(other)} of ${pattern}`);
            }
          }
        }
      }
    }
  });

  test("finds as many hosts, as long as they may be", { timeout: 60_000 }, () => {
    const random = new Random(seed);
    const label = () => Array.from({ length: 60 }, () => random.pick([..."abcdefghij"])).join("");
    const hosts = Array.from({ length: 80_000 }, () => `${label()}.${label()}.${label()}.${label()}.test`);
    const trie = new HostTrie(hosts.map((host, place) => ({ ...ruleOf("a.test", place), host })));
    // More than any number of three bytes.
    assertGreater(trie.byteLength, 2 ** 24);
    hosts.forEach((host, place) => {
      assertEquals(trie.findOrigin(`https://${host}`), place);
      assertEquals(trie.findOrigin(`https://a${host.slice(0, 59)}`), NONE);
    });
  });

  test("finds with rules that share a bucket what it finds without", () => {
    const random = new Random(seed);
    const label = () => Array.from({ length: 1 + random.below(3) }, () => random.pick([..."ab-"])).join("");
    const host = () => Array.from({ length: 1 + random.below(4) }, label).join(".");
    const isCanonical = (host: string) => !/(^|\.)-|-(\.|$)/.test(host);
    let admitted = 0;
    for (let round = 0; round < 60; round++) {
      const hosts = Array.from({ length: 1 + random.below(200) }, host).filter(isCanonical);
      const rules = hosts.map((host, place) =>
        ruleOf(random.pick(["", ".", "*.", "https://"]) + host, place)
      );
      const [alone, together] = [new HostTrie(rules, Infinity), new HostTrie(rules, 0)];
      for (let i = 0; i < 2000; i++) {
        const near = random.pick([...hosts, "a"]);
        const origin = `https://${random.pick([near, `${label()}.${near}`, label() + near, host()])}`;
        const place = alone.findOrigin(origin);
        if (place !== NONE) admitted++;
        assertEquals(together.findOrigin(origin), place, `${origin} of ${hosts}`);
      }
    }
    assertGreater(admitted, 10_000);
  });

  test("counts the bytes of all its arrays, those of the schemes too", () => {
    const own = Array.from({ length: 500 }, (_, i) => `https://${i}.test`);
    const app = Array.from({ length: 500 }, (_, i) => `app://${i}.test`);
    const apps = Array.from({ length: 500 }, (_, i) => `app${i}://${i}.test`);
    const bytes = (patterns: readonly string[]) => new HostTrie(patterns.map(ruleOf)).byteLength;
    assertLess(bytes(app) - bytes(own), 100);
    // What each asks for takes four bytes more, and each name some ten.
    assertGreater(bytes(apps) - bytes(own), 500 * 10);
  });

  test("takes a million patterns, each for at most 17 bytes", { timeout: 240_000 }, () => {
    const sites = names(1_000_000);
    const trie = new HostTrie(patternsOf(sites).map(ruleOf));
    const each = trie.byteLength / sites.length;
    console.log(`${each.toFixed(1)} bytes a pattern`);
    assertLessOrEqual(each, 17);
    for (let i = 0; i < sites.length; i += 997) {
      assertEquals(trie.findOrigin(`https://${["", "www.", ""][i % 3]}${sites[i]}`), i);
    }
  });
});

describe("a look-up", () => {
  // The ruler's lengths are those of headers; a host has at most 255 characters.
  const hostLength = (text: string) => (text.length * 240) >> 16;

  const deep = Array.from({ length: 120 }, (_, i) => ruleOf(`*.${"a.".repeat(i)}a.test`));
  const hosts: Readonly<Record<string, (length: number) => string>> = {
    "labels of one letter": (length) => "a.".repeat(length >> 1) + "a.test",
    "labels of 63": (length) => `${"b".repeat(63)}.`.repeat(4).slice(-length) + ".a.test",
    "a label too long": (length) => "c".repeat(length) + ".a.test",
    "empty labels": (length) => ".".repeat(length) + "a.test",
  };

  /** Looks the origin up whose host grows with `text`, up to 240 characters before the rule's own. */
  function over(
    make: (length: number) => string,
    run: (origin: string) => unknown,
  ): (text: string) => unknown {
    const origins = Array.from({ length: 241 }, (_, length) => `https://${make(length)}`);
    return (text) => run(origins[hostLength(text)]!);
  }

  test("costs at most one pass over the host", () => {
    // In one order the first rule that admits is the first that is met, in the other the last.
    const orders = [deep, deep.toReversed()];
    for (
      const trie of orders.flatMap((rules) => LONG_LISTS.map((longList) => new HostTrie(rules, longList)))
    ) {
      for (const [name, make] of Object.entries(hosts)) {
        const run = over(make, (origin) => trie.findOrigin(origin));
        assertGrowth(run, { [name]: (length) => "x".repeat(length) });
      }
    }
  });

  test("that validated the rest of a host at every label would be seen", () => {
    const quadratic = (origin: string) => {
      let valid = 0;
      for (let i = origin.length; i > 8; i--) if (areLabels(origin, 8, i)) valid++;
      return valid;
    };
    const run = over(hosts["labels of one letter"]!, quadratic);
    assertGreater(growthExponent(run, (length) => "x".repeat(length)), LINEAR);
  });
});
