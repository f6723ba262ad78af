// Operators' lists. One of hosts is stricter than one of origins: nothing in it can be excused.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import { compileOrigins, ConfigError, type ConfigIssue, type ConfigIssueCode } from "@wsgate/wsgate";
import { MAX_ENTRIES, readHosts, readPatterns } from "../../src/pattern/list.ts";
import type { HostRule } from "../../src/pattern/rule.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { assertFix, entriesNamedIn, keyOf } from "./entries.ts";

const words = wordsOf(import.meta.url);

/** A host of exactly this length. */
function hostOf(length: number): string {
  return "a".repeat(length).replace(/(a{60})a(?=a)/g, "$1.");
}

function issuesOf(list: unknown, field = "hosts"): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const rules = readHosts(list, field, issues);
  if (issues.length > 0) return issues;
  assertEquals(rules.length, (list as unknown[]).length);
  return [];
}

function rulesOf(list: readonly string[]): readonly HostRule[] {
  const issues: ConfigIssue[] = [];
  const rules = readHosts(list, "hosts", issues);
  assertEquals(issues, []);
  return rules;
}

const HOST = "host";
const SUBS = "subdomains";
const BOTH = "host-and-subdomains";

const RULES: readonly (readonly [
  entry: string,
  host: string,
  reach: HostRule["reach"],
  port: number | null,
])[] = [
  ["example.com", "example.com", HOST, null],
  ["Example.COM", "example.com", HOST, null],
  ["example.com.", "example.com.", HOST, null],
  ["bücher.example", "xn--bcher-kva.example", HOST, null],
  [".example.com", "example.com", BOTH, null],
  ["*.example.com", "example.com", SUBS, null],
  ["localhost", "localhost", HOST, null],
  ["example.com:8443", "example.com", HOST, 8443],
  ["example.com:443", "example.com", HOST, 443],
  ["example.com:*", "example.com", HOST, null],
  [".example.com:8443", "example.com", BOTH, 8443],
  ["*.example.com:80", "example.com", SUBS, 80],
  ["127.0.0.1", "127.0.0.1", HOST, null],
  ["127.0.0.1:8080", "127.0.0.1", HOST, 8080],
  ["[::1]", "[::1]", HOST, null],
  ["[0:0::1]:8080", "[::1]", HOST, 8080],
  // a wildcard over a name that nobody else can register below
  [".localhost", "localhost", BOTH, null],
  ["*.test", "test", SUBS, null],
  ["*.internal:8080", "internal", SUBS, 8080],
  [".home.arpa", "home.arpa", BOTH, null],
  // the host itself is no wildcard
  ["com", "com", HOST, null],
  ["github.io", "github.io", HOST, null],
];

/** And what the fix names to be written instead, or is about. */
const WRONG: readonly (readonly [entry: unknown, code: ConfigIssueCode, ...named: string[]])[] = [
  ["*", "wildcard-malformed"],
  ["null", "keyword"],
  ["'self'", "keyword"],
  ["self", "keyword"],
  ["none", "keyword"],
  ["NULL", "keyword"],
  ["${HOST}", "foreign-spelling"],
  ["undefined", "keyword"],
  // an origin is no host
  ["https://example.com", "scheme-not-allowed"],
  ["http://.example.com:8080", "scheme-not-allowed"],
  ["HTTPS://*.Example.com:*", "scheme-not-allowed"],
  ["app://localhost", "scheme-not-allowed"],
  ["http://[::1]:8080", "scheme-not-allowed"],
  ["https://*", "scheme-not-allowed"],
  ["https://*.co.uk", "scheme-not-allowed"],
  ["file:///", "scheme-not-allowed"],
  ["https:example.com", "scheme-malformed"],
  ["*://example.com", "scheme-malformed"],
  ["ht_tp://example.com", "scheme-malformed"],
  // shared, and no way round
  ["*.com", "unsafe-single-label", "com"],
  [".local", "unsafe-single-label", "local"],
  ["*.intranet:8080", "unsafe-single-label", "intranet"],
  [".co.uk", "unsafe-shared-suffix", "co.uk"],
  ["*.nip.io", "unsafe-shared-suffix", "nip.io"],
  [".sslip.io:80", "unsafe-shared-suffix", "sslip.io"],
  ["*.amazonaws.com", "unsafe-shared-suffix", "amazonaws.com"],
  // as in a list of origins
  [undefined, "not-a-string"],
  [80, "not-a-string"],
  ["", "empty"],
  ["example.com ", "white-space"],
  ["example.com/", "path", "example.com"],
  ["https://example.com/", "path", "example.com"],
  ["https://user@*.example.com:80", "userinfo", "*.example.com:80"],
  ["example.com?", "query"],
  ["example.com#", "fragment"],
  ["user@example.com", "userinfo"],
  ["example.com:", "port-malformed"],
  ["example.com:0", "port-malformed"],
  ["example.com:65536", "port-malformed"],
  [":80", "host-missing"],
  ["a..b", "label-empty"],
  ["a!b", "host-malformed"],
  ["a%62", "percent-sign"],
  [`${"a".repeat(64)}.example`, "label-too-long"],
  [hostOf(256), "host-too-long"],
  ["127.1", "ip-malformed"],
  ["::1", "ip-malformed"],
  ["[fe80::1%eth0]", "zone-id"],
  ["10.0.0.0/8", "cidr"],
  ["**.example.com", "wildcard-malformed"],
  ["*example.com", "wildcard-malformed"],
  ["*.127.0.0.1", "wildcard-over-address"],
  ["ｅxample.com", "unicode-maps-to-ascii"],
  ["xn--a.example", "unicode-malformed"],
  ["^example\\.com$", "regular-expression"],
  ["a.example,b.example", "several-entries"],
  ["{a,b}.example", "foreign-spelling"],
  ["example.com:[80,81]", "foreign-spelling"],
  // what would be left of it without a scheme has another
  ["//a://b://c", "foreign-spelling"],
  ["https:unset.example", "scheme-malformed"],
];

describe("readHosts", () => {
  test("gives a rule for each entry, of any scheme, in order", () => {
    for (const [entry, host, reach, port] of RULES) {
      assertEquals(rulesOf([entry]), [{ kind: "host", place: 0, scheme: null, host, reach, port }], entry);
    }
    assertEquals(
      rulesOf(RULES.map(([entry]) => entry)).map(({ host }) => host),
      RULES.map(([, host]) => host),
    );
    assertEquals(rulesOf([]), []);
  });

  test("refuses a wrong entry, and everything that is unsafe", () => {
    eachRow(WRONG, ([entry, code, ...named]) => {
      const [issue, ...more] = issuesOf(["example.com", entry]);
      assertEquals(more, []);
      assert(issue !== undefined);
      const { field, index, value } = issue;
      assertEquals([issue.code, field, index, value], [code, "hosts", 1, entry]);
      assertFix(words, keyOf(entry), issue.fix, named);
    });
  });

  test("refuses all of a list at once, in its order", () => {
    const issues = issuesOf(WRONG.map(([entry]) => entry));
    assertEquals(
      issues.map(({ index, code, value }) => [index, code, value]),
      WRONG.map(([entry, code], index) => [index, code, entry]),
    );
  });

  test("names the option that the list is given as", () => {
    const [any, ...more] = issuesOf(["*"], "allowedHosts");
    assertEquals(more, []);
    const { fix, ...fault } = any!;
    assertEquals(fault, { code: "wildcard-malformed", field: "allowedHosts", index: 0, value: "*" });
    words.assert("* in allowedHosts", fix);
    assertEquals(issuesOf([":80"], "allowedHosts").map(({ field }) => field), ["allowedHosts"]);
    for (const value of ["example.com", undefined, null, {}, new Set(["example.com"])]) {
      const [issue] = issuesOf(value, "allowedHosts");
      assertEquals([issue!.code, issue!.field, issue!.index, issue!.value], [
        "not-a-list",
        "allowedHosts",
        -1,
        value,
      ]);
    }
  });

  test("tells to write nothing that is refused in its turn", () => {
    let named = 0;
    for (const [entry] of WRONG) {
      const [issue] = issuesOf([entry]);
      for (const written of entriesNamedIn(issue!)) {
        named++;
        assertEquals(issuesOf([written]), [], `${entry}: ${issue!.fix}`);
      }
    }
    assertGreater(named, 15);
  });
});

/** The faults of a list of origins, thrown once. */
function originIssues(patterns: unknown, dangerouslyAllow?: unknown): readonly ConfigIssue[] {
  const options = dangerouslyAllow === undefined ? {} : { dangerouslyAllow };
  return assertThrows(() => compileOrigins(patterns as string[], options as object), ConfigError).issues;
}

describe("a list", () => {
  test("is an array", () => {
    const table: [value: unknown, ...named: string[]][] = [
      ["*", "*"],
      ["https://a.example,https://b.example", "https://a.example", "https://b.example"],
      ["", ""],
      ...[undefined, null, {}, { length: 1, 0: "*" }, new Set(["*"]), /./, () => ["*"], true]
        .map((value): [unknown] => [value]),
    ];
    eachRow(table, ([value, ...named]) => {
      const assertNoList = (field: string, [issue, ...more]: readonly ConfigIssue[]) => {
        const { fix, ...fault } = issue!;
        assertEquals([fault, ...more], [{ code: "not-a-list", field, index: -1, value }]);
        assertFix(words, `a list that is ${keyOf(value)}`, fix, named);
      };
      assertNoList("origins", originIssues(value));
      // Left out, there is no list to be wrong.
      if (value !== undefined) assertNoList("dangerouslyAllow", originIssues([], value));
    });
  });

  test("has so many entries at most, and of a longer one none is read", () => {
    // Nothing is in it, so whoever read one of them would find a fault with it.
    const longer: readonly string[] = Array(MAX_ENTRIES + 1);
    const lists = {
      origins: originIssues(longer),
      dangerouslyAllow: originIssues([], longer),
      allowedHosts: issuesOf(longer, "allowedHosts"),
    };
    eachRow(Object.entries(lists), ([field, [issue, ...more]]) => {
      const { fix, ...fault } = issue!;
      assertEquals([fault, ...more], [{ code: "out-of-range", field, index: -1, value: 2_500_001 }]);
      assertStringIncludes(fix, "2500000");
      words.assert("a list with one entry too many", fix);
    });
    const issues: ConfigIssue[] = [];
    const rules = readHosts(Array(MAX_ENTRIES).fill("localhost"), "hosts", issues);
    assertEquals([rules.length, rules.at(-1)?.place, issues.length], [2_500_000, 2_499_999, 0]);
  });

  test("and its options are checked together", () => {
    const options = { dangerouslyAllow: "null", dangerous: true } as unknown as Record<string, string[]>;
    const { issues } = assertThrows(
      () => compileOrigins(undefined as unknown as string[], options),
      ConfigError,
    );
    assertEquals(issues.map(({ code, field }) => [code, field]), [
      ["not-a-list", "origins"],
      ["unknown-option", "dangerous"],
      ["not-a-list", "dangerouslyAllow"],
    ]);
    for (const value of [null, 7, "*", ["*"], () => {}]) {
      const { issues } = assertThrows(() => compileOrigins([], value as unknown as object), ConfigError);
      assertEquals(issues.map(({ code, field }) => [code, field]), [["wrong-type", "options"]]);
    }
  });

  test("may hold what is unsafe only where that is said", () => {
    const unsafe = ["null", "https://*", "*.co.uk", ".com", "*.github.io"];
    const refused: ConfigIssue[] = [];
    assertEquals(readPatterns([...unsafe, "example.com"], "origins", {}, refused).map(({ place }) => place), [
      5,
    ]);
    assertEquals(refused.map(({ code, index }) => [code, index]), [
      ["unsafe-null", 0],
      ["unsafe-any-host", 1],
      ["unsafe-shared-suffix", 2],
      ["unsafe-single-label", 3],
      ["unsafe-shared-suffix", 4],
    ]);
    const issues: ConfigIssue[] = [];
    assertEquals(readPatterns(unsafe, "dangerouslyAllow", { unsafe: true }, issues).length, unsafe.length);
    assertEquals(issues, []);
  });

  test("may hold 'self' only where a Host is judged too", () => {
    const issues: ConfigIssue[] = [];
    const rules = readPatterns(["'self'", "example.com"], "origins", { self: true }, issues);
    assertEquals(issues, []);
    assertEquals(rules[0], { kind: "self", place: 0 });
    assertEquals(rules[1]?.place, 1);
    assertEquals(readPatterns(["self"], "origins", { self: true }, issues), []);
    assertEquals(issues.map(({ code }) => code), ["keyword"]);
    assertEquals(originIssues([], ["'self'"]).map(({ code }) => code), ["keyword"]);
  });
});

words.end();
