// What is found in lists that compile, by table; what covers what, held against a naive reading; and the cost.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type AllowedHostsPolicyOptions,
  compilePolicy,
  ConfigError,
  lint,
  type LintFinding,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { LINT_LEVELS, lintOn } from "../../src/explain/lint.ts";
import { makeSuffixList } from "../../src/pattern/suffix_list.ts";
import { faultsOf, untyped } from "../doubles.ts";
import { assertGrowth } from "../growth.ts";
import { many, randomList, randomPattern, takeSeed } from "../matcher/generator.ts";
import { naiveMatcher } from "../matcher/naive.ts";
import { Random } from "../random.ts";
import { eachRow, product } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

/** Findings as `field[index] code`, `< field[index]` where another entry covers. */
function found(options: Partial<PolicyOptions>): string[] {
  return lint({ origins: ["https://other.test"], ...options }).map(brief);
}

function brief({ field, index, code, coveredBy }: LintFinding): string {
  const by = coveredBy === undefined ? "" : ` < ${coveredBy.field}[${coveredBy.index}]`;
  return `${field}[${index}] ${code}${by}`;
}

describe("lint()", () => {
  const table: [origins: string[], findings: string[]][] = [
    [["https://a.test"], []],
    [
      ["https://a.test", "https://*.b.test", "https://bücher.test:8443", "capacitor://localhost", "'self'"],
      ["origins[3] app-origin"],
    ],
    [["http://localhost:3000", "http://app.localhost", "http://127.0.0.1", "http://[::1]:1"], [
      // Beside hosts: ["site.test"].
      "origins[0] loopback-entry",
      "origins[1] loopback-entry",
      "origins[2] loopback-entry",
      "origins[3] loopback-entry",
    ]],
    [["https://undefined-app.a.test", "https://pr-undefined.b.test", "https://undefinedly.test"], [
      "origins[0] unset-variable",
      "origins[1] unset-variable",
    ]],
    [[], ["origins[-1] empty-list"]],
    [["*"], ["origins[0] any-origin"]],
    [["https://a.test", "*", "'self'"], [
      "origins[0] covered < origins[1]",
      "origins[1] any-origin",
      "origins[2] covered < origins[1]",
    ]],
    [["a.test"], ["origins[0] any-scheme-and-port"]],
    [["a.test:443"], ["origins[0] any-scheme"]],
    [["https://a.test:*"], ["origins[0] any-port"]],
    [["http://a.test"], ["origins[0] cleartext"]],
    [["ws://a.test", "wss://a.test"], ["origins[0] socket-scheme", "origins[1] socket-scheme"]],
    [["https://a.test."], ["origins[0] trailing-dot"]],
    [["moz-extension://*", "wss://*"], [
      "origins[0] app-origin",
      "origins[0] any-host",
      "origins[1] socket-scheme",
    ]],
    [["https://a.test", "HTTPS://A.test:443"], ["origins[1] duplicate < origins[0]"]],
    [["'self'", "'self'"], ["origins[1] duplicate < origins[0]"]],
    // The list in Channels' documentation.
    [[".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"], [
      "origins[0] any-scheme-and-port",
      "origins[1] covered < origins[0]",
      "origins[1] cleartext",
      "origins[2] cleartext",
    ]],
    // What covers what.
    [["https://x.a.test", "https://*.a.test"], ["origins[0] covered < origins[1]"]],
    [["https://a.test", "https://*.a.test"], []],
    [["https://a.test", "https://.a.test"], ["origins[0] covered < origins[1]"]],
    [["https://*.a.test", "https://.a.test"], ["origins[0] covered < origins[1]"]],
    [["https://.a.test", "https://*.a.test"], ["origins[1] covered < origins[0]"]],
    [["https://.x.a.test", "https://*.a.test"], ["origins[0] covered < origins[1]"]],
    [["https://x.a.test:8443", "https://*.a.test"], []],
    [["https://x.a.test:8443", "https://*.a.test:*"], [
      "origins[0] covered < origins[1]",
      "origins[1] any-port",
    ]],
    [["https://a.test", "a.test:443"], ["origins[0] covered < origins[1]", "origins[1] any-scheme"]],
    [["a.test:443", "https://a.test:*"], ["origins[0] any-scheme", "origins[1] any-port"]],
    [["moz-extension://x", "moz-extension://*"], [
      "origins[0] covered < origins[1]",
      "origins[1] app-origin",
      "origins[1] any-host",
    ]],
    [["moz-extension://x:1", "moz-extension://*"], ["origins[1] app-origin", "origins[1] any-host"]],
    [["https://evila.test", "https://*.a.test", "https://a.test.evil.test"], []],
  ];
  for (const [origins, findings] of table) {
    test(JSON.stringify(origins), () => assertEquals(found({ origins, hosts: ["site.test"] }), findings));
  }

  test("entries of dangerouslyAllow: needless ones, and what they cover", () => {
    assertEquals(
      found({
        origins: ["https://mine.vercel.app", "null.test:1"],
        dangerouslyAllow: [
          "https://*.vercel.app",
          "https://a.test",
          "null",
          "http://*",
          "http://*",
          "*.co.uk.",
        ],
      }),
      [
        "origins[0] covered < dangerouslyAllow[0]",
        "origins[1] any-scheme",
        "dangerouslyAllow[0] dangerous-entry",
        "dangerouslyAllow[1] needless-danger",
        "dangerouslyAllow[2] null-allowed",
        "dangerouslyAllow[3] any-host",
        "dangerouslyAllow[3] cleartext",
        "dangerouslyAllow[3] dangerous-entry",
        "dangerouslyAllow[4] duplicate < dangerouslyAllow[3]",
        "dangerouslyAllow[4] any-host",
        "dangerouslyAllow[4] cleartext",
        "dangerouslyAllow[4] dangerous-entry",
        "dangerouslyAllow[5] any-scheme-and-port",
        "dangerouslyAllow[5] trailing-dot",
        "dangerouslyAllow[5] dangerous-entry",
      ],
    );
    assertEquals(found({ origins: [], dangerouslyAllow: ["null"] }), ["dangerouslyAllow[0] null-allowed"]);
    assertEquals(found({ origins: [], dangerouslyAllow: ["*"] }), ["dangerouslyAllow[0] any-origin"]);
    assertEquals(found({ origins: ["*"], dangerouslyAllow: ["null"] }), [
      "origins[0] any-origin",
      "dangerouslyAllow[0] covered < origins[0]",
      "dangerouslyAllow[0] null-allowed",
    ]);
  });

  test("hosts: what is listed twice, covered, or has a dot at its end", () => {
    assertEquals(found({ hosts: ["a.test", "A.test", ".a.test", "b.test:1", "b.test", "c.test."] }), [
      "hosts[0] covered < hosts[2]",
      "hosts[1] duplicate < hosts[0]",
      "hosts[3] covered < hosts[4]",
      "hosts[5] trailing-dot",
    ]);
    assertEquals(found({ hosts: [] }), ["hosts[-1] empty-list"]);
    assertEquals(found({ hosts: [], debug: true }), ["hosts[-1] empty-list", "debug[-1] debug-on"]);
  });

  test("hosts: the dangers of their names", () => {
    assertEquals(found({ hosts: ["a.test", "localhost", "0.0.0.0", "10.0.0.1.nip.io"] }), [
      "hosts[1] loopback-entry",
      "hosts[2] bind-address",
      "hosts[3] rebinding-names",
    ]);
  });

  test("options that let in more than the lists", () => {
    assertEquals(found({ absent: "allow", debug: true }), [
      "absent[-1] absent-allowed",
      "debug[-1] debug-on",
    ]);
    assertEquals(found({ absent: "allow-without-credentials", debug: false }), []);
    const [absent, debug] = lint({ origins: ["https://a.test"], absent: "allow", debug: true });
    assertEquals([absent?.value, debug?.value], ["allow", true]);
  });

  test("a list of allowedHosts is one list, and named so", () => {
    const of = (allowedHosts: string[], more: Partial<AllowedHostsPolicyOptions> = {}) =>
      lint({ allowedHosts, ...more }).map(brief);
    assertEquals(of(["localhost"]), []);
    assertEquals(of([".a.test", "x.a.test", "0.0.0.0", "undefined-app.a.test"]), [
      "allowedHosts[-1] cleartext",
      "allowedHosts[1] covered < allowedHosts[0]",
      "allowedHosts[2] bind-address",
      "allowedHosts[3] covered < allowedHosts[0]",
      "allowedHosts[3] unset-variable",
    ]);
    assertEquals(of([], { debug: true }), ["allowedHosts[-1] empty-list", "debug[-1] debug-on"]);
    assertEquals(
      of(["localhost", "a.test"], { dangerouslyAllow: ["null", "https://b.test"], absent: "allow" }),
      [
        "dangerouslyAllow[0] null-allowed",
        "dangerouslyAllow[1] needless-danger",
        "allowedHosts[-1] cleartext",
        "allowedHosts[0] loopback-entry",
        "absent[-1] absent-allowed",
      ],
    );
    // What debug adds is nobody's entry.
    assertEquals(of(["a.test"], { debug: true }), ["allowedHosts[-1] cleartext", "debug[-1] debug-on"]);
    assertEquals(faultsOf(() => lint({ allowedHosts: ["https://a.test"] })), [
      "scheme-not-allowed allowedHosts 0",
    ]);
    assertEquals(faultsOf(() => lint(untyped({ allowedHosts: ["a.test"], origins: [] }))), [
      "unknown-option allowedHosts -1",
    ]);
  });

  test("a level for each code, and for each finding its code's", () => {
    const findings = lint({
      origins: ["*", "http://a.test", "https://b.test", "http://localhost"],
      hosts: [],
      dangerouslyAllow: ["null"],
      debug: true,
    });
    assertEquals(findings.filter(({ level }) => level === "danger").map(({ code }) => code), [
      "any-origin",
      "loopback-entry",
      "null-allowed",
      "debug-on",
    ]);
    assert(findings.every(({ code, level }) => LINT_LEVELS[code] === level));
    assertEquals(new Set(Object.values(LINT_LEVELS)), new Set(["danger", "note"]));
  });

  test("the words", () => {
    eachRow<Partial<PolicyOptions> | AllowedHostsPolicyOptions>([
      { origins: [".goodsite.com", "http://.goodsite.com:80", "HTTP://.goodsite.com"] },
      { origins: ["localhost", "127.0.0.1:80", "ws://a.test", "wss://b.test"] },
      { origins: [] },
      { origins: ["https://a.test"], hosts: [] },
      { origins: ["*"] },
      { origins: ["app://*"] },
      { origins: ["https://a.test:*", "https://a.test."] },
      { origins: [], dangerouslyAllow: ["https://a.test", "null", "http://*", "*.vercel.app"] },
      { origins: ["https://undefined-app.a.test"], absent: "allow", debug: true },
      { allowedHosts: ["a.test"] },
    ], (options) => {
      for (const finding of lint("allowedHosts" in options ? options : { origins: [], ...options })) {
        words.assert(`${JSON.stringify(options)}: ${brief(finding)}`, finding.text);
        // What covers it is named as it stands there.
        const { text, coveredBy } = finding;
        if (coveredBy === undefined) continue;
        const { field, index, value } = coveredBy;
        assertStringIncludes(text, `"${value}" (${field}[${index}])`);
      }
    });
  });

  test("a list of suffixes that is older than a year, on the given day", () => {
    const suffixes = makeSuffixList("EcomC", "2024-02-29");
    const others = { origins: ["a.test", "https://a.test"], hosts: ["b.test."] };
    const before = lint(others).map(brief);
    const table: [today: string, isOld: boolean][] = [
      ["1970-01-01", false],
      ["2024-02-29", false],
      ["2025-02-28", false],
      // A year after a day that is in every fourth.
      ["2025-03-01T00:00:00.000Z", false],
      ["2025-03-01T00:00:00.001Z", true],
      ["2100-01-01", true],
    ];
    eachRow(product(table, [suffixes, suffixes.with(["corp.test"])]), ([[today, isOld], given]) => {
      const findings = lintOn({ ...others, suffixes: given }, new Date(today));
      assertEquals(findings.map(brief), [...before, ...isOld ? ["suffixes[-1] outdated-suffixes"] : []]);
      assert(Object.isFrozen(findings) && findings.every((it) => Object.isFrozen(it)));
      if (!isOld) return;
      assertEquals(findings.at(-1)?.value, "2024-02-29");
      words.assert("suffixes", findings.at(-1)!.text);
    });
    const { origins } = others;
    const withoutHosts = lintOn({ origins, suffixes }, new Date("2026-01-01")).map(brief);
    assertEquals(withoutHosts.at(-1), "suffixes[-1] outdated-suffixes");
    assertEquals(lintOn(others, new Date("2100-01-01")).map(brief), before);
  });

  test("of today, where no day is given", () => {
    const lists = (date: Date) => makeSuffixList("EcomC", date.toISOString().slice(0, "YYYY-MM-DD".length));
    assertEquals(found({ suffixes: lists(new Date()) }), []);
    assertEquals(found({ suffixes: lists(new Date(0)) }), ["suffixes[-1] outdated-suffixes"]);
  });

  test("an operator's text is escaped in words, and whole beside them", () => {
    const [finding] = lint({ origins: ["https://.bücher.test", "https://x.bücher.test"] });
    assertEquals(finding?.value, "https://x.bücher.test");
    assertEquals(finding?.coveredBy, { field: "origins", index: 0, value: "https://.bücher.test" });
    assert(/^[\x20-\x7e]+$/.test(finding!.text), finding!.text);
  });

  test("frozen, and the same after JSON", () => {
    const findings = lint({ origins: ["*", "a.test"], hosts: [] });
    assert(Object.isFrozen(findings) && findings.every((it) => Object.isFrozen(it)));
    assert(
      findings.every(({ coveredBy, value }) =>
        Object.isFrozen(coveredBy ?? findings) && Object.isFrozen(value)
      ),
    );
    assertEquals(JSON.parse(JSON.stringify(findings)), findings);
  });

  test("wrong options are thrown as compilePolicy throws them", () => {
    const several = { origins: ["https://a.test/"], hosts: [1], x: 1 };
    eachRow([{}, null, { origins: "a.test" }, several, { origins: ["null"] }], (options) => {
      const thrown = assertThrows(() => lint(untyped(options)), ConfigError);
      const expected = assertThrows(() => compilePolicy(untyped(options)), ConfigError);
      assertEquals(thrown.issues, expected.issues);
    });
    assertEquals(faultsOf(() => lint(untyped({ origins: [""] }))).length, 1);
  });
});

describe("lint(): what covers what", () => {
  test("agrees with origins tried one by one, over random lists", () => {
    const random = new Random(takeSeed("lint"));
    let covered = 0;
    for (let round = 0; round < 3000; round++) {
      const list = randomList(random, "wsgate");
      // Pairs that have to do with one another: by themselves, random entries hardly do.
      const more = many(3, () => randomPattern(random, "wsgate")).filter(({ dangerous }) => !dangerous);
      const wider = more.map(({ text }) =>
        text.replace(/:\d+$/, ":*").replace(/^(\w+:\/\/)?(?=[a-z])/i, "$1.")
      );
      const origins = [...list.patterns, ...more.map(({ text }) => text), ...wider].filter(compiles);
      const options = { origins, dangerouslyAllow: list.dangerouslyAllow };
      const entries = [...origins, ...list.dangerouslyAllow];
      const findings = lint(options).filter(({ coveredBy }) => coveredBy !== undefined);
      covered += findings.length;
      const made = [...list.made, ...more];
      for (const { value, coveredBy } of findings) {
        const pattern = made.find(({ text }) => text === value);
        if (pattern === undefined) continue;
        for (let tries = 0; tries < 5; tries++) {
          const origin = pattern.admitted(random);
          // A name that grew too long is nobody's.
          if (naiveMatcher([value as string])(origin) < 0) continue;
          const by = coveredBy!.value as string;
          assertEquals(naiveMatcher([by])(origin), 0, `${value} < ${by}: ${origin}`);
        }
      }
      // The other way round: what is not covered admits something that no single other entry admits whole.
      const told = new Set(findings.map(({ value }) => value));
      for (const { text } of made.filter(({ text }) => !told.has(text)).slice(0, 5)) {
        for (const other of entries.filter((it) => it !== text)) {
          const covers = coversForSure(other, text) && !coversForSure(text, other);
          assert(!covers, `${other} covers ${text}, and nothing is said`);
        }
      }
    }
    assert(covered > 3000, `${covered} covered: too few to prove anything`);
  });

  function compiles(entry: string): boolean {
    try {
      compilePolicy({ origins: [entry] });
      return true;
    } catch {
      return false;
    }
  }

  /** Another spelling of the rule, from the texts alone, for the commonest forms. */
  function coversForSure(wide: string, narrow: string): boolean {
    if (wide === "*") return true;
    const read = (text: string) => /^(?:([a-z]+):\/\/)?(\*\.|\.)?([a-z0-9._-]+?)(?::(\d+|\*))?$/.exec(text);
    const [w, n] = [read(wide), read(narrow)];
    if (w === null || n === null || w[3]!.endsWith(".") || n[3]!.endsWith(".")) return false;
    const port = (it: RegExpExecArray) => it[4] ?? (it[1] === undefined ? "*" : `default of ${it[1]}`);
    const below = n[3]!.endsWith(`.${w[3]}`);
    const reach = w[2] === undefined
      ? n[2] === undefined && n[3] === w[3]
      : w[2] === "*."
      ? below || n[2] === "*." && n[3] === w[3]
      : below || n[3] === w[3];
    return reach && (w[1] === undefined || w[1] === n[1]) && (port(w) === "*" || port(w) === port(n));
  }

  test("linear in the list", () => {
    // The length of a list, written as a text of that length: a letter for each entry.
    const lists = new Map<number, readonly string[]>();
    const entriesFor = (letters: string) => {
      let list = lists.get(letters.length);
      if (list === undefined) {
        list = Array.from(
          { length: letters.length },
          (_, index) => `https://${index % 2 ? "*." : ""}a.b.s${index >> 1}.test`,
        );
        lists.set(letters.length, list);
      }
      return list;
    };
    const make = (letter: string) => (length: number) => letter.repeat(length);
    assertGrowth((letters) => lint({ origins: entriesFor(letters) }), { entries: make("a") });
  });
});

words.end();
