// The packed list itself, over lists small enough to be read; `public_suffixes_test.ts` has the real one.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { type ConfigIssue, readOptions } from "../../src/config.ts";
import { isOnOrAbove, makeSuffixList, readSuffixes, SuffixList } from "../../src/pattern/suffix_list.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { NaiveSuffixes } from "../naive_suffixes.ts";
import { pack } from "../pack_public_suffixes.ts";
import { Random } from "../random.ts";
import { takeSeed } from "../matcher/generator.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const RULES = ["com", "uk", "co.uk", "*.ck", "!www.ck"];
const small = makeSuffixList(pack(RULES));

describe("SuffixList", () => {
  test("is packed as its page draws it", () => {
    assertEquals(pack(RULES), "E ckD comB ukG *B wwwI coC".replaceAll(" ", ""));
  });

  const suffixes: [host: unknown, suffix: string | null][] = [
    ["com", "com"],
    ["example.com", "com"],
    ["www.example.com", "com"],
    ["co.uk", "co.uk"],
    ["example.co.uk", "co.uk"],
    ["a.b.example.co.uk", "co.uk"],
    ["example.uk", "uk"],
    ["xco.uk", "uk"],
    ["co.uk.com", "com"],
    // a wildcard, and what is excepted from it
    ["ck", "ck"],
    ["any.ck", "any.ck"],
    ["own.any.ck", "any.ck"],
    ["www.ck", "ck"],
    ["own.www.ck", "ck"],
    ["xwww.ck", "xwww.ck"],
    // no rule
    ["example", "example"],
    ["www.example", "example"],
    ["a_b.example", "example"],
    // before, between and after the names of a row
    ["a", "a"],
    ["cn", "cn"],
    ["zz", "zz"],
    ["x.a", "a"],
    // a dot at its end
    ["com.", "com."],
    ["example.co.uk.", "co.uk."],
    ["www.ck.", "ck."],
    // what is no name as browsers send it
    ...[
      "",
      ".",
      ".com",
      "a..com",
      "Example.com",
      "b\u00fccher.com",
      "a b.com",
      "*.com",
      "com..",
      "-".repeat(64),
    ],
    ...["127.0.0.1", "127.1", "a.1", "[::1]", "[", "a.0x7f", "https://example.com", "example.com:80"],
    ...[null, undefined, 1, {}, ["example.com"], `${"a.".repeat(127)}com`],
  ].map((row) => Array.isArray(row) && row.length === 2 ? row : [row, null]) as [unknown, string | null][];

  for (const [host, suffix] of suffixes) {
    test(`suffixOf(${JSON.stringify(host)?.slice(0, 40)}) is ${JSON.stringify(suffix)}`, () => {
      assertEquals(small.suffixOf(host as string), suffix);
    });
  }

  const covered: [name: string, isShared: boolean][] = [
    ["co.uk", true],
    ["example.co.uk", false],
    ["example.uk", false],
    ["any.ck", true],
    ["own.any.ck", false],
    ["www.ck", false],
    ["own.www.ck", false],
    ["co.com", false],
    ["co.uk.com", false],
    ["example.example", false],
  ];
  for (const [name, isShared] of covered) {
    test(`${name} is ${isShared ? "" : "not "}on it or above`, () => {
      assertEquals(isOnOrAbove(small, name), isShared);
    });
  }

  test("knows the names above its own, at any depth, though they are on no list", () => {
    const deep = makeSuffixList(pack(["a.b.c.d", "*.x.y.z"]));
    for (const name of ["b.c.d", "c.d", "x.y.z", "y.z", "any.x.y.z", "a.b.c.d"]) {
      assert(isOnOrAbove(deep, name), name);
    }
    for (const name of ["x.c.d", "x.d", "b.c", "x.z", "own.any.x.y.z", "own.a.b.c.d"]) {
      assert(!isOnOrAbove(deep, name), name);
    }
    assertEquals(deep.suffixOf("b.c.d"), "d");
  });

  test("agrees with a naive reading of random lists", () => {
    const seed = takeSeed("SuffixList over random lists");
    const random = new Random(seed);
    // Labels of which some begin others, and some sort before the asterisk's neighbours.
    const label = () => random.pick(["a", "aa", "ab", "b", "-", "0", "z", "xn--p1ai"]);
    const name = (labels: number): string => Array.from({ length: labels }, label).join(".");
    let shared = 0;
    let excepted = 0;
    for (let list = 0; list < 300; list++) {
      const bases = Array.from({ length: random.below(6) }, () => name(1 + random.below(2)));
      const rules = new Set([
        ...Array.from({ length: random.below(30) }, () => name(1 + random.below(4))),
        ...bases.map((base) => `*.${base}`),
      ]);
      for (const base of bases) {
        const exception = `${label()}.${base}`;
        const isFree = [...rules].every((rule) => rule !== exception && !rule.endsWith(`.${exception}`));
        if (isFree) rules.add(`!${exception}`);
      }
      const naive = new NaiveSuffixes([...rules]);
      const packed = makeSuffixList(pack(random.shuffle([...rules])));
      for (let i = 0; i < 100; i++) {
        const near = random.pick([...rules])?.replace("!", "").replace("*", label());
        const asked = near === undefined || random.oneIn(2) ? name(1 + random.below(5)) : near;
        if (/(?:^|\.)0$/.test(asked)) continue;
        const where = `seed ${seed}: ${asked} with ${[...rules].join(" ")}`;
        assertEquals(packed.suffixOf(asked), naive.suffixOf(asked), where);
        if (!asked.includes(".")) continue;
        assertEquals(isOnOrAbove(packed, asked), naive.isShared(asked), where);
        if (naive.isShared(asked)) shared++;
        if (rules.has(`!${asked}`)) excepted++;
      }
    }
    assertGreater(shared, 3000);
    assertGreater(excepted, 100);
  });

  test("costs no more than the length of a host allows", () => {
    assertGrowth((host) => small.suffixOf(host), runsOf({ suffix: ".co.uk", units: ["a."] }), CONSTANT);
  });

  test("is frozen, and nobody else can make one", () => {
    assert(Object.isFrozen(small));
    assertEquals(Object.keys(small), []);
    const Made = SuffixList as unknown as new (...args: unknown[]) => SuffixList;
    words.assert("new SuffixList()", assertThrows(() => new Made("EcomC"), TypeError).message);
    assertThrows(() => new Made("EcomC", Symbol()), TypeError);
  });
});

describe("pack", () => {
  const table: [fault: string, rules: string[]][] = [
    ["is no name", ["Com"]],
    ["is no name", ["a.*.com"]],
    ["is no name", ["com."]],
    ["is no name", [""]],
    ["has nothing to except from", ["ck", "!www.ck"]],
    ["is below an exception", ["*.ck", "!www.ck", "a.www.ck"]],
    ["is above a rule", ["*.ck", "a.www.ck", "!www.ck"]],
  ];
  for (const [fault, rules] of table) {
    test(`refuses a rule that ${fault}: ${JSON.stringify(rules)}`, () => {
      assertThrows(() => pack(rules), Error, "Cannot pack");
    });
  }
});

describe("readSuffixes", () => {
  const read = (options: unknown): [SuffixList | null, ConfigIssue[]] => {
    const issues: ConfigIssue[] = [];
    return [readSuffixes(readOptions(options, ["suffixes"], issues)!, issues), issues];
  };

  test("takes a list, and none", () => {
    assertEquals(read({}), [null, []]);
    const [list, issues] = read({ suffixes: small });
    assert(list === small);
    assertEquals(issues, []);
  });

  const wrong: [what: string, value: unknown][] = [
    ["a variable that is not set", undefined],
    ["null", null],
    ["a string", "co.uk"],
    ["a list of names", ["co.uk", "com"]],
    ["a set of names", new Set(["co.uk"])],
    ["a function", () => small],
    ["true", true],
    ["a copy", { ...small }],
    ["a look-alike", { suffixOf: () => "com" }],
    ["an heir", Object.create(small)],
    ["a child of the class", Object.create(SuffixList.prototype)],
    ["a module", { publicSuffixes: small }],
  ];
  for (const [what, value] of wrong) {
    test(`refuses ${what}`, () => {
      const [list, [issue, ...more]] = read({ suffixes: value });
      assertEquals([list, more], [null, []]);
      assertEquals([issue?.code, issue?.field, issue?.index], ["wrong-type", "suffixes", -1]);
      assert(issue!.value === value);
      words.assert(`suffixes: ${what}`, issue!.fix);
    });
  }
});

words.end();
