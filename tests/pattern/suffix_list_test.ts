// The packed list itself, over lists small enough to be read; `public_suffixes_test.ts` has the real one.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { ConfigError, type ConfigIssue, readOptions } from "../../src/config.ts";
import { compileOrigins } from "@wsgate/wsgate";
import {
  ancestors,
  isOnOrAbove,
  isOwnOrAbove,
  makeSuffixList,
  readSuffixes,
  SuffixList,
} from "../../src/pattern/suffix_list.ts";
import { untyped } from "../doubles.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { NaiveSuffixes } from "../naive_suffixes.ts";
import { pack } from "../pack_public_suffixes.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";
import { takeSeed } from "../matcher/generator.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const RULES = ["com", "uk", "co.uk", "*.ck", "!www.ck"];
const DATE = "2026-11-25";
const small = makeSuffixList(pack(RULES), DATE);

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
    const deep = makeSuffixList(pack(["a.b.c.d", "*.x.y.z"]), DATE);
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
      const packed = makeSuffixList(pack(random.shuffle([...rules])), DATE);
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
    eachRow([small, small.with([]), small.with(["corp.example"])], (list) => {
      assert(Object.isFrozen(list));
      assertEquals(Object.keys(list), []);
    });
    const Made = SuffixList as unknown as new (...args: unknown[]) => SuffixList;
    words.assert("new SuffixList()", assertThrows(() => new Made("EcomC"), TypeError).message);
    assertThrows(() => new Made("EcomC", Symbol()), TypeError);
  });
});

/** What is wrong with a configuration, if anything is. */
function issuesOf(configure: () => unknown): readonly ConfigIssue[] {
  try {
    configure();
    return [];
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.issues;
  }
}

describe("SuffixList.with()", () => {
  const own = small.with([
    "corp.example",
    "eu.corp.example",
    "Team.B\u00fccher.Example.",
    "internal",
    "www.ck",
  ]);

  test("adds the names, as browsers send them", () => {
    const table: [host: string, suffix: string | null][] = [
      ["corp.example", "corp.example"],
      ["ada.corp.example", "corp.example"],
      ["www.ada.corp.example.", "corp.example."],
      ["ada.eu.corp.example", "eu.corp.example"],
      ["eu.corp.example", "eu.corp.example"],
      ["xcorp.example", "example"],
      ["corp.example.com", "com"],
      ["ada.team.xn--bcher-kva.example", "team.xn--bcher-kva.example"],
      ["a.b.internal", "internal"],
      // Excepted by the public list, and the operator's word all the same.
      ["own.www.ck", "www.ck"],
      // What the public list says.
      ["example.co.uk", "co.uk"],
      ["own.any.ck", "any.ck"],
      ["127.0.0.1", null],
    ];
    eachRow(table, ([host, suffix]) => assertEquals(own.suffixOf(host), suffix));
  });

  test("refuses a wildcard over them and above them, and takes what is below", () => {
    const table: [name: string, isOwn: boolean][] = [
      ["corp.example", true],
      ["eu.corp.example", true],
      ["team.xn--bcher-kva.example", true],
      ["xn--bcher-kva.example", true],
      ["example", true],
      ["internal", true],
      ["www.ck", true],
      ["ada.corp.example", false],
      ["ada.eu.corp.example", false],
      ["ada.internal", false],
      ["other.example", false],
      ["xcorp.example", false],
      ["co.uk", false],
    ];
    eachRow(table, ([name, isOwn]) => {
      assertEquals(isOwnOrAbove(own, name), isOwn);
      assertEquals(isOwnOrAbove(small, name), false);
      const issues = issuesOf(() => compileOrigins([`*.${name}`, `.${name}.`], { suffixes: own }));
      assertEquals(issues.length, isOwn || name === "co.uk" ? 2 : 0, name);
    });
  });

  test("adds to what was added, and changes no list that there is", () => {
    const more = own.with(["a.test"]);
    assertEquals(more.suffixOf("x.a.test"), "a.test");
    assertEquals(more.suffixOf("x.corp.example"), "corp.example");
    assertEquals(own.suffixOf("x.a.test"), "test");
    assertEquals(small.suffixOf("x.corp.example"), "example");
    assertEquals([small, own, more].map(({ date }) => date), [DATE, DATE, DATE]);
  });

  test("keeps nothing by reference", () => {
    const names = ["a.test"];
    const list = small.with(names);
    names[0] = "b.test";
    assertEquals([list.suffixOf("x.a.test"), list.suffixOf("x.b.test")], ["a.test", "test"]);
  });

  test("reports all faults at once, each with the name that was probably meant", () => {
    const table: [name: unknown, code: string, written?: string][] = [
      ["*.corp.example", "wildcard-malformed", "corp.example"],
      [".corp.example", "wildcard-malformed", "corp.example"],
      ["https://*.corp.example:8443/", "wildcard-malformed", "corp.example"],
      ["*.", "wildcard-malformed"],
      ["*.127.0.0.1", "wildcard-malformed"],
      ["https://corp.example", "host-malformed", "corp.example"],
      ["CORP.example:8443", "host-malformed", "corp.example"],
      ["corp.example/path", "host-malformed", "corp.example"],
      ["!corp.example", "host-malformed"],
      ["a.*.example", "host-malformed"],
      ["*", "host-malformed"],
      ["", "host-malformed"],
      [".", "wildcard-malformed"],
      ["corp..example", "host-malformed"],
      ["corp example", "host-malformed"],
      ["corp.example,corp.test", "host-malformed"],
      ["127.0.0.1", "host-malformed"],
      ["[::1]", "host-malformed"],
      ["undefined", "host-malformed"],
      ["\uff45xample.test", "host-malformed"],
      [undefined, "not-a-string"],
      [null, "not-a-string"],
      [/corp/, "not-a-string"],
    ];
    const issues = issuesOf(() => small.with(untyped(["corp.example", ...table.map(([name]) => name)])));
    assertEquals(
      issues.map(({ field, index }) => [field, index]),
      table.map((_, at) => ["suffixes", at + 1]),
    );
    eachRow(table.entries(), ([at, [name, code, written]]) => {
      const issue = issues[at]!;
      assertEquals([issue.code, issue.value], [code, name]);
      assertEquals(/"(.*)"/.exec(issue.fix)?.[1], written);
      words.assert(`with: ${JSON.stringify(name) ?? String(name)}`, issue.fix);
      if (written !== undefined) small.with([written]);
    });
  });

  test("takes a list alone, without holes", () => {
    eachRow([undefined, null, "corp.example", new Set(["corp.example"]), { 0: "corp.example" }], (wrong) => {
      const [issue, ...more] = issuesOf(() => small.with(untyped(wrong)));
      assertEquals([issue?.code, issue?.field, issue?.index, more.length], ["not-a-list", "suffixes", -1, 0]);
      words.assert("with: no list", issue!.fix);
    });
    const holed = ["a.test"];
    holed[2] = "b.test";
    assertEquals(issuesOf(() => small.with(holed)).map(({ code, index }) => [code, index]), [[
      "not-a-string",
      1,
    ]]);
  });

  test("costs as much as its names are long, and no host costs more for them", () => {
    assertGrowth((name) => issuesOf(() => small.with([name])), runsOf({ units: ["a.", "*.", "://"] }));
    const long = small.with([`${"a.".repeat(120)}test`]);
    assertGrowth((host) => long.suffixOf(host), runsOf({ suffix: ".test", units: ["a."] }), CONSTANT);
  });
});

describe("ancestors()", () => {
  test("are every name above, the longest first", () => {
    assertEquals(ancestors("a.b.c"), ["b.c", "c"]);
    assertEquals(ancestors("a"), []);
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
