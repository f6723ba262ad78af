// Operators' lists of hosts, and the Host header judged by them. Stricter than a list of origins: nothing here can be
// excused.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ConfigIssue, ConfigIssueCode } from "@wsgate/wsgate";
import { MAX_AUTHORITY_LENGTH } from "../../src/origin/authority.ts";
import { compileHosts, parseHost, readHosts } from "../../src/pattern/list.ts";
import type { HostRule } from "../../src/pattern/pattern.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";

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

const UNSET = "Is a variable unset? Leave the entry out.";
const KEYWORD = "A host is written as its name; keywords belong in `origins`.";
const SCHEME = "A Host header has no scheme: write the host alone.";
const shared = (host: string) => `Strangers can register names below "${host}": name your hosts one by one.`;

const WRONG: readonly (readonly [entry: unknown, code: ConfigIssueCode, fix?: string])[] = [
  ["*", "wildcard-malformed", "Leave `hosts` out to answer to any well-formed Host."],
  ["null", "keyword", "A host is a name; no Host header is null."],
  ["'self'", "keyword", KEYWORD],
  ["self", "keyword", KEYWORD],
  ["none", "keyword", KEYWORD],
  ["NULL", "keyword", KEYWORD],
  ["${HOST}", "foreign-spelling", 'Write a host, such as "example.com".'],
  ["undefined", "keyword", UNSET],
  ["undefined.example.com", "keyword", UNSET],
  // an origin is no host
  ["https://example.com", "scheme-not-allowed", SCHEME],
  ["http://.example.com:8080", "scheme-not-allowed", SCHEME],
  ["HTTPS://*.Example.com:*", "scheme-not-allowed", SCHEME],
  ["app://localhost", "scheme-not-allowed", SCHEME],
  ["http://[::1]:8080", "scheme-not-allowed", SCHEME],
  ["https://*", "scheme-not-allowed", SCHEME],
  ["https://*.co.uk", "scheme-not-allowed", SCHEME],
  ["file:///", "scheme-not-allowed", SCHEME],
  ["https:example.com", "scheme-malformed", SCHEME],
  ["*://example.com", "scheme-malformed", SCHEME],
  ["ht_tp://example.com", "scheme-malformed", SCHEME],
  // shared, and no way round
  ["*.com", "unsafe-single-label", shared("com")],
  [".local", "unsafe-single-label", shared("local")],
  ["*.intranet:8080", "unsafe-single-label", shared("intranet")],
  [".co.uk", "unsafe-shared-suffix", shared("co.uk")],
  ["*.nip.io", "unsafe-shared-suffix", shared("nip.io")],
  [".sslip.io:80", "unsafe-shared-suffix", shared("sslip.io")],
  ["*.amazonaws.com", "unsafe-shared-suffix", shared("amazonaws.com")],
  // as in a list of origins
  [undefined, "not-a-string"],
  [80, "not-a-string"],
  ["", "empty"],
  ["example.com ", "white-space"],
  ["example.com/", "path", 'An entry has no path, a slash at its end included. Write "example.com".'],
  [
    "https://example.com/",
    "path",
    'An entry has no path, a slash at its end included. Write "example.com".',
  ],
  ["https://user@*.example.com:80", "userinfo", 'An entry names no user. Write "*.example.com:80".'],
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
];

describe("readHosts", () => {
  test("gives a rule for each entry, of any scheme, in order", () => {
    for (const [entry, host, reach, port] of RULES) {
      assertEquals(rulesOf([entry]), [{ kind: "host", scheme: null, host, reach, port }], entry);
    }
    assertEquals(
      rulesOf(RULES.map(([entry]) => entry)).map(({ host }) => host),
      RULES.map(([, host]) => host),
    );
    assertEquals(rulesOf([]), []);
  });

  test("refuses a wrong entry, and everything that is unsafe", () => {
    for (const [entry, code, fix] of WRONG) {
      const [issue, ...more] = issuesOf(["example.com", entry]);
      assertEquals(more, [], String(entry));
      assert(issue !== undefined, String(entry));
      const { field, index, value } = issue;
      assertEquals([issue.code, field, index, value], [code, "hosts", 1, entry]);
      if (fix !== undefined) assertEquals(issue.fix, fix);
    }
  });

  test("refuses all of a list at once, in its order", () => {
    const issues = issuesOf(WRONG.map(([entry]) => entry));
    assertEquals(
      issues.map(({ index, code, value }) => [index, code, value]),
      WRONG.map(([entry, code], index) => [index, code, entry]),
    );
  });

  test("names the option that the list is given as", () => {
    assertEquals(issuesOf(["*"], "allowedHosts"), [{
      code: "wildcard-malformed",
      field: "allowedHosts",
      index: 0,
      value: "*",
      fix: 'To let every host and origin in, say so openly: originValidator(handler, ["*"]).',
    }]);
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
      if (/^"." cannot stand|^A scheme is|^To let every host|"\*" for any/.test(issue!.fix)) continue;
      for (const [quoted] of issue!.fix.matchAll(/"(?:[^"\\]|\\.)*"/g)) {
        if (quoted === '"*"') continue;
        named++;
        assertEquals(issuesOf([JSON.parse(quoted)]), [], `${entry}: ${issue!.fix}`);
      }
    }
    assertGreater(named, 15);
  });
});

describe("compileHosts", () => {
  /** Each list with what it admits and what it does not; `host port`, a port of 0 where there is none. */
  const TABLE: readonly (readonly [
    list: readonly string[],
    accepts: readonly string[],
    rejects: readonly string[],
  ])[] = [
    [[], [], ["example.com 443", "localhost 80"]],
    [
      ["example.com"],
      ["example.com 80", "example.com 443", "example.com 8443", "example.com 0"],
      [
        "sub.example.com 443",
        "evilexample.com 443",
        "example.com.evil.test 443",
        "example.com. 443",
        "com 443",
        "xample.com 443",
        "example.co 443",
        "examplexcom 443",
      ],
    ],
    [
      [".example.com"],
      ["example.com 80", "sub.example.com 443", "a.b.example.com 8443"],
      ["evilexample.com 443", "sub.evilexample.com 443", "example.com.evil.test 443", "sub.example.com. 443"],
    ],
    [
      ["*.example.com"],
      ["sub.example.com 443", "a.b.example.com 0"],
      ["example.com 443", "evilexample.com 443", "com 443"],
    ],
    [
      ["example.com:8443"],
      ["example.com 8443"],
      ["example.com 443", "example.com 0", "example.com 8444", "sub.example.com 8443"],
    ],
    [
      [".example.com:443"],
      ["example.com 443", "sub.example.com 443"],
      ["example.com 80", "sub.example.com 8443", "sub.example.com 0"],
    ],
    [["example.com:*"], ["example.com 1", "example.com 0"], ["example.org 1"]],
    [["example.com."], ["example.com. 80"], ["example.com 80"]],
    [["127.0.0.1", "[::1]:80"], ["127.0.0.1 8080", "[::1] 80"], [
      "[::1] 8080",
      "127.0.0.2 80",
      "127.0.0.11 80",
    ]],
    [["foo.com", "bar.com"], ["foo.com 80", "bar.com 80"], ["barfoo.com 80", "foobar.com 80"]],
    [
      ["example.com:80", "example.com:81", "*.example.com:82"],
      ["example.com 80", "example.com 81", "sub.example.com 82"],
      ["example.com 82", "sub.example.com 80"],
    ],
  ];

  test("admits the hosts of its entries, whole labels only", () => {
    for (const [list, accepts, rejects] of TABLE) {
      const admits = compileHosts(rulesOf(list));
      for (const [texts, expected] of [[accepts, true], [rejects, false]] as const) {
        for (const text of texts) {
          const [host, port] = text.split(" ") as [string, string];
          assertEquals(admits(host, host.length, Number(port)), expected, `${list.join(" ")}: ${text}`);
        }
      }
    }
  });

  test("keeps no reference to the list of rules", () => {
    const rules = [...rulesOf(["example.com"])];
    const admits = compileHosts(rules);
    rules.push(...rulesOf(["example.org"]));
    assert(!admits("example.org", "example.org".length, 443));
    rules.length = 0;
    assert(admits("example.com", "example.com".length, 443));
  });
});

describe("parseHost", () => {
  const GOOD: readonly (readonly [value: string, host: string, port: number])[] = [
    ["example.com", "example.com", 0],
    ["example.com:80", "example.com", 80],
    ["example.com:65535", "example.com", 65535],
    ["localhost:3000", "localhost", 3000],
    ["example.com.", "example.com.", 0],
    ["example.com.:443", "example.com.", 443],
    // letters in any case: a Host header is not serialised by a browser alone
    ["EXAMPLE.com", "example.com", 0],
    ["Example.Com:8443", "example.com", 8443],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example", 0],
    ["[2001:DB8::A]", "[2001:db8::a]", 0],
    ["my_app.example", "my_app.example", 0],
    ["127.0.0.1", "127.0.0.1", 0],
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["[::1]", "[::1]", 0],
    ["[::1]:8080", "[::1]", 8080],
    ["a", "a", 0],
    ["A".repeat(63), "a".repeat(63), 0],
    [`${hostOf(255)}:65535`, hostOf(255), 65535],
  ];
  const MALFORMED: readonly string[] = [
    "",
    " ",
    "example.com ",
    " example.com",
    "example.com\t",
    "exam ple.com",
    "example.com\0",
    "example.com\n",
    "example.com\r\nX-Evil: 1",
    "example.com\xa0",
    "example.com\x7f",
    "example.com:",
    "example.com:0",
    "example.com:080",
    "example.com:65536",
    "example.com:-1",
    "example.com: 80",
    "example.com:80:80",
    "example.com:http",
    "example.com:*",
    ":80",
    ":",
    "*",
    "*.example.com",
    ".example.com",
    "example..com",
    "example.com..",
    "example.com,evil.test",
    "example.com, evil.test",
    "evil.test, example.com",
    "user@example.com",
    "example.com@evil.test",
    "example.com:80@evil.test",
    "example.com/",
    "example.com/@evil.test",
    "example.com?",
    "example.com#",
    "example.com\\",
    "http://example.com",
    "//example.com",
    "example%2ecom",
    "%65xample.com",
    "null:0",
    // addresses in every spelling but one
    "127.1",
    "127.0.0.1.",
    "127.0.0.256",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "0",
    "1.2.3.4.5",
    "::1",
    "[::1",
    "::1]",
    "[::1]80",
    "[::1]:",
    "[::0001]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[]",
    "[example.com]",
    // letters that are lower-cased into ASCII by a careless reader
    "\u212aelvin.example",
    "loca\u017fhost",
    "bücher.example",
    "BÜCHER.example",
    "ｅxample.com",
    "example。com",
    "exa\u00admple.com",
    "\u202eexample.com",
    "\ufeffexample.com",
    "İ.example",
    // too long
    "a".repeat(64),
    hostOf(256),
    `${hostOf(255)}.`,
    `${hostOf(255)}:065535`,
    "a.".repeat(50_000),
    `example.com:${"8".repeat(50_000)}`,
  ];

  test("reads a host and a port", () => {
    for (const [value, host, port] of GOOD) assertEquals(parseHost(value), { host, port }, value);
    assertEquals(`${hostOf(255)}:65535`.length, MAX_AUTHORITY_LENGTH);
  });

  test("gives null for what is malformed", () => {
    for (const value of MALFORMED) assertEquals(parseHost(value), null, JSON.stringify(value.slice(0, 80)));
  });

  test("refuses any other character, wherever it stands", () => {
    for (let code = 0; code < 0x180; code++) {
      const char = String.fromCharCode(code);
      if (/[A-Za-z0-9._-]/.test(char)) continue;
      for (const value of [`${char}example.com`, `exa${char}mple.com`, `example.com${char}`]) {
        assertEquals(parseHost(value), null, JSON.stringify(value));
      }
    }
  });

  test("of what it reads, lower case written back is what came in", () => {
    const random = new Random();
    const pieces = [
      "a",
      "B",
      "example",
      ".",
      ".",
      ":",
      "80",
      "1",
      "0",
      "[::1]",
      "[::A]",
      "-",
      "_",
      "é",
      "@",
      "/",
      " ",
    ];
    let read = 0;
    for (let i = 0; i < 30_000; i++) {
      const value = Array.from(
        { length: 1 + random.below(6) },
        () => random.pick(random.oneIn(8) ? pieces : pieces.slice(0, 13)),
      ).join("");
      const authority = parseHost(value);
      if (authority === null) continue;
      read++;
      const { host, port } = authority;
      assertEquals(port === 0 ? host : `${host}:${port}`, value.toLowerCase(), `${value} (seed ${seed})`);
      assertEquals(parseHost(host), { host, port: 0 });
    }
    assertGreater(read, 3000);
  });

  test("does not look at what is too long", () => {
    assertGrowth(parseHost, runsOf(), CONSTANT);
    assertGrowth(parseHost, runsOf({ prefix: "[", suffix: "]:80" }), CONSTANT);
    assertGrowth(parseHost, runsOf({ suffix: "\xff" }), CONSTANT);
  });
});
