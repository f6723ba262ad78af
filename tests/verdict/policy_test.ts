// Every fault of a policy's options, and what a policy shows and keeps of them.

import { describe, test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  allowedHostsOriginValidator,
  check,
  compileAllowedHosts,
  compilePolicy,
  guard,
  Policy,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { assertAllowed, assertDenied, assertWithstands, pageHandshake } from "@wsgate/wsgate/testing";
import type { ConfigIssue } from "../../src/config.ts";
import { NONE } from "../../src/matcher/trie_layout.ts";
import { readHosts, readPatterns } from "../../src/pattern/list.ts";
import { compiledOf, entryAt, isPolicy, readPolicy, webOrigins } from "../../src/verdict/policy.ts";
import { outcome } from "../denials.ts";
import { faultsOf, handshakeOf, untyped } from "../doubles.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const GOOD = "https://good.test";

/** Options by accessors of a class. */
class Policies {
  get origins() {
    return [GOOD];
  }
}

describe("compilePolicy(): faults", () => {
  const rows: readonly (readonly [name: string, options: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "wrong-type options -1"],
    ["null", null, "wrong-type options -1"],
    ["a list", [GOOD], "wrong-type options -1"],
    ["a string", GOOD, "wrong-type options -1"],
    ["a function", () => ({ origins: [] }), "wrong-type options -1"],
    ["no plain object", new Policies(), "wrong-type options -1"],
    ["one that inherits", Object.create({ origins: [GOOD] }), "wrong-type options -1"],
    ["no origins", {}, "not-a-list origins -1"],
    ["origins: undefined", { origins: undefined }, "not-a-list origins -1"],
    ["origins: a string", { origins: GOOD }, "not-a-list origins -1"],
    ["origins: a Set", { origins: new Set([GOOD]) }, "not-a-list origins -1"],
    [
      "entries",
      { origins: [GOOD, "", undefined, "https://a.test/"] },
      "empty origins 1",
      "not-a-string origins 2",
      "path origins 3",
    ],
    ["an unsafe entry", { origins: ["null"] }, "unsafe-null origins 0"],
    ["an unknown key", { origins: [], orgins: [] }, "unknown-option orgins -1"],
    [
      "an unknown key of undefined",
      { origins: [], allowedHosts: undefined },
      "unknown-option allowedHosts -1",
    ],
    [
      "__proto__ as a key",
      JSON.parse('{"origins":[],"__proto__":{"debug":true}}'),
      "unknown-option __proto__ -1",
    ],
    ["hosts: undefined", { origins: ["*"], hosts: undefined }, "not-a-list hosts -1"],
    ["hosts: null", { origins: ["*"], hosts: null }, "not-a-list hosts -1"],
    ["hosts: a string", { origins: ["*"], hosts: "site.test" }, "not-a-list hosts -1"],
    ["hosts: '*'", { origins: ["*"], hosts: ["*"] }, "wildcard-malformed hosts 0"],
    ["hosts: 'self'", { origins: ["*"], hosts: ["a.test", "'self'"] }, "keyword hosts 1"],
    ["hosts: a URL", { origins: ["*"], hosts: ["https://site.test"] }, "scheme-not-allowed hosts 0"],
    ["hosts: a shared suffix", { origins: ["*"], hosts: [".github.io"] }, "unsafe-shared-suffix hosts 0"],
    [
      "dangerouslyAllow: a string",
      { origins: [], dangerouslyAllow: "null" },
      "not-a-list dangerouslyAllow -1",
    ],
    ["dangerouslyAllow: null", { origins: [], dangerouslyAllow: null }, "not-a-list dangerouslyAllow -1"],
    [
      "dangerouslyAllow: a wrong entry",
      { origins: [], dangerouslyAllow: ["null", "/"] },
      "host-missing dangerouslyAllow 1",
      "path dangerouslyAllow 1",
    ],
    [
      "'self' in dangerouslyAllow",
      { origins: [], hosts: ["a.test"], dangerouslyAllow: ["'self'"] },
      "keyword dangerouslyAllow 0",
    ],
    ["absent: a word of its own", { origins: [], absent: "permit" }, "wrong-type absent -1"],
    ["absent: true", { origins: [], absent: true }, "wrong-type absent -1"],
    ["absent: null", { origins: [], absent: null }, "wrong-type absent -1"],
    ["scheme: wss", { origins: [], scheme: "wss" }, "wrong-type scheme -1"],
    ["scheme: HTTPS", { origins: [], scheme: "HTTPS" }, "wrong-type scheme -1"],
    ["scheme: https:", { origins: [], scheme: "https:" }, "wrong-type scheme -1"],
    ["debug: 'false'", { origins: [], debug: "false" }, "wrong-type debug -1"],
    ["debug: 'true'", { origins: [], debug: "true" }, "wrong-type debug -1"],
    ["debug: 0", { origins: [], debug: 0 }, "wrong-type debug -1"],
    ["debug: null", { origins: [], debug: null }, "wrong-type debug -1"],
    ["'self' without hosts", { origins: [GOOD, "'self'"] }, "self-without-hosts origins 1"],
    [
      "'self' with an empty list of hosts",
      { origins: ["'self'"], hosts: [] },
      "self-without-hosts origins 0",
    ],
    ["'self' with debug only", { origins: ["'self'"], debug: true }, "self-without-hosts origins 0"],
    [
      "'self' with debug and an empty list",
      { origins: ["'self'"], hosts: [], debug: true },
      "self-without-hosts origins 0",
    ],
    ["'self' misspelt", { origins: ["self"], hosts: ["a.test"] }, "keyword origins 0"],
    [
      "everything at once, in the order of the options",
      {
        nobody: 1,
        origins: ["'self'", "a b", "*.co.uk"],
        dangerouslyAllow: [7],
        hosts: [],
        absent: "no",
        scheme: "ftp",
        debug: 1,
      },
      "unknown-option nobody -1",
      "white-space origins 1",
      "unsafe-shared-suffix origins 2",
      "not-a-string dangerouslyAllow 0",
      "self-without-hosts origins 0",
      "wrong-type absent -1",
      "wrong-type scheme -1",
      "wrong-type debug -1",
    ],
  ];
  for (const [name, options, ...expected] of rows) {
    test(name, () => {
      const faults = faultsOf(() => compilePolicy(untyped(options)), (fault, fix) => {
        words.assert(`${name}: ${fault}`, fix);
      });
      assertEquals(faults, expected);
    });
  }

  test("options left out by undefined are left out, hosts excepted", () => {
    const options = untyped({
      origins: [GOOD],
      dangerouslyAllow: undefined,
      absent: undefined,
      scheme: undefined,
      debug: undefined,
    });
    const policy = compilePolicy(options);
    assertEquals([policy.absent, policy.scheme, policy.debug, policy.hosts], [
      "deny",
      undefined,
      false,
      undefined,
    ]);
  });

  test("an object without prototype will do", () => {
    assertEquals(compilePolicy(Object.assign(Object.create(null), { origins: [GOOD] })).origins, [GOOD]);
  });

  test("each option is read once", () => {
    const reads: string[] = [];
    const lists: Record<string, unknown> = {
      origins: [GOOD],
      hosts: ["site.test"],
      absent: "deny",
      debug: false,
    };
    const options = Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(lists).map(([name, value]) => [name, {
          enumerable: true,
          // Checked by one answer, and used by another: that must not be.
          get: () => reads.push(name) && reads.filter((read) => read === name).length === 1 ? value : ["*"],
        }]),
      ),
    );
    const policy = compilePolicy(untyped(options));
    assertEquals(reads, Object.keys(lists));
    assertEquals([policy.origins, policy.hosts, policy.absent], [[GOOD], ["site.test"], "deny"]);
  });

  test("what somebody hung on every object is no option", () => {
    const polluted = Object.prototype as Record<string, unknown>;
    Object.assign(polluted, { debug: true, absent: "allow", hosts: ["evil.test"], scheme: "https" });
    try {
      const policy = compilePolicy({ origins: [GOOD] });
      assertEquals([policy.debug, policy.absent, policy.hosts, policy.scheme], [
        false,
        "deny",
        undefined,
        undefined,
      ]);
    } finally {
      for (const name of ["debug", "absent", "hosts", "scheme"]) delete polluted[name];
    }
  });

  test("readPolicy() adds its faults to those there are, and returns no policy beside them", () => {
    const issues: ConfigIssue[] = [];
    assert(isPolicy(readPolicy({ origins: [GOOD] }, issues)));
    assertEquals(issues, []);
    assertEquals(readPolicy({ origins: 1 }, issues), null);
    assertEquals(issues.length, 1);
    assertEquals(readPolicy({ origins: [GOOD] }, issues), null);
    assertEquals(issues.length, 1);
  });
});

describe("Policy", () => {
  test("shows what it judges by, as written", () => {
    const policy = compilePolicy({
      origins: ["'self'", "HTTPS://Good.test"],
      hosts: ["Site.test", "[::1]"],
      absent: "allow-without-credentials",
      scheme: "https",
      debug: true,
    });
    assertEquals(policy.origins, ["'self'", "HTTPS://Good.test"]);
    assertEquals(policy.hosts, ["Site.test", "[::1]"]);
    assertEquals([policy.absent, policy.scheme, policy.debug], ["allow-without-credentials", "https", true]);
    assertEquals(compilePolicy({ origins: ["*"] }).absent, "allow");
    assertEquals(compilePolicy({ origins: [] }).absent, "deny");
  });

  test("is frozen, lists included", () => {
    const policy = untyped(compilePolicy({ origins: [GOOD], hosts: ["site.test"] }));
    assert(Object.isFrozen(policy));
    assertThrows(() => policy.origins.push("*"), TypeError);
    assertThrows(() => policy.hosts.push("evil.test"), TypeError);
    assertThrows(() => policy.absent = "allow", TypeError);
    assertThrows(() => policy.extra = 1, TypeError);
  });

  test("keeps nothing of what it was given", () => {
    const options = {
      origins: [GOOD],
      dangerouslyAllow: ["null"],
      hosts: ["site.test"],
      absent: "deny" as PolicyOptions["absent"] & string,
    };
    const policy = compilePolicy(options);
    options.origins.push("*");
    options.origins[0] = "https://evil.test";
    options.dangerouslyAllow.length = 0;
    options.hosts.push("evil.test");
    options.absent = "allow";
    const judge = (headers: Record<string, string>) => outcome(check(handshakeOf({ headers }), policy));
    assertEquals(policy.origins, [GOOD]);
    assertEquals(policy.hosts, ["site.test"]);
    assertEquals(judge({ host: "site.test", origin: GOOD }), "allowed");
    assertEquals(judge({ host: "site.test", origin: "null" }), "allowed");
    assertEquals(judge({ host: "site.test", origin: "https://evil.test" }), "origin-not-allowed");
    assertEquals(judge({ host: "evil.test", origin: GOOD }), "host-not-allowed");
    assertEquals(judge({ host: "site.test" }), "origin-absent");
    assertNotEquals(policy.origins, options.origins);
  });

  test("nobody else can make one: the class is there for its type", () => {
    const compiled = { matcher: { test: () => true }, self: false, hosts: null };
    const options = { origins: [] };
    eachRow([[], [{ origins: ["*"] }], [options, compiled], [options, compiled, Symbol()]], (given) => {
      words.assert("new Policy()", assertThrows(() => new (untyped(Policy))(...given), TypeError).message);
    });
  });

  test("only the one that was compiled is one: guard() takes no copy and nothing that looks like it", () => {
    const policy = compilePolicy({ origins: [GOOD] });
    assert(policy instanceof Policy);
    assert(isPolicy(policy));
    const handler = () => new Response();
    guard(handler, policy);
    const others: [name: string, value: unknown][] = [
      ["a spread", { ...policy }],
      ["a spread with a change", { ...policy, absent: "allow" }],
      ["one that inherits", Object.create(policy)],
      ["one of its class by prototype", Object.assign(Object.create(Policy.prototype), { ...policy })],
      ["a clone", structuredClone({ ...policy })],
      ["a proxy", new Proxy(policy, {})],
      ["options without a list", { hosts: ["good.test"] }],
      ["the class", Policy.prototype],
      ["a list", [GOOD]],
      ["a string", "https://good.test"],
      ["null", null],
      ["undefined", undefined],
    ];
    eachRow(others, ([, value]) => {
      assertEquals(isPolicy(value), false);
      assertEquals(faultsOf(() => guard(handler, untyped(value))), ["wrong-type policy -1"]);
      const { message } = assertThrows(() => compiledOf(untyped(value)), TypeError);
      words.assert("what is no policy", message);
    });
  });
});

describe("webOrigins()", () => {
  test("http and https, the entry's port or any", () => {
    const rows: [host: string, http: string, https: string][] = [
      ["site.test", "http://site.test:*", "https://site.test:*"],
      [".site.test", "http://.site.test:*", "https://.site.test:*"],
      ["*.site.test", "http://*.site.test:*", "https://*.site.test:*"],
      ["site.test:8443", "http://site.test:8443", "https://site.test:8443"],
      ["site.test:*", "http://site.test:*", "https://site.test:*"],
      ["[::1]", "http://[::1]:*", "https://[::1]:*"],
      ["[::1]:80", "http://[::1]:80", "https://[::1]:80"],
      ["127.0.0.1", "http://127.0.0.1:*", "https://127.0.0.1:*"],
    ];
    eachRow(rows, ([host, ...patterns]) => {
      const [rule] = readHosts([host], "allowedHosts", []);
      const expected = patterns.map((pattern) => readPatterns([pattern], "origins", {}, [])[0]);
      assertEquals<unknown>(webOrigins(rule!), expected);
    });
  });
});

describe("compiledOf()", () => {
  const options = {
    origins: ["'self'", GOOD],
    dangerouslyAllow: ["null"],
    hosts: ["site.test"],
  };

  test("the lists as written, what debug adds apart", () => {
    const written = [
      { list: "origins" as const, entries: options.origins },
      { list: "dangerouslyAllow" as const, entries: ["null"] },
    ];
    const named = { list: "hosts" as const, entries: ["site.test"] };
    const plain = compiledOf(compilePolicy(options));
    assertEquals([plain.origins, plain.hosts], [written, [named]]);
    const { origins, hosts } = compiledOf(compilePolicy({ ...options, debug: true }));
    assertEquals(origins.slice(0, 2), written);
    assertEquals([origins[2]?.list, origins[2]?.entries.length], ["debug", 8]);
    assertEquals(origins[2]?.entries.slice(0, 2), ["http://localhost:*", "https://localhost:*"]);
    const local = ["localhost", "*.localhost", "127.0.0.1", "[::1]"];
    assertEquals(hosts, [named, { list: "debug", entries: local }]);
    assertEquals(compiledOf(compilePolicy({ origins: [] })).findHost, null);
  });

  test("finds the place of the entry that admits an origin or a Host, 'self' left out", () => {
    const { origins, hosts, findOrigin, findHost, selfPlace } = compiledOf(
      compilePolicy({ ...options, debug: true }),
    );
    const found = (origin: string) => entryAt(origins, findOrigin(origin));
    assertEquals(found(GOOD), { list: "origins", index: options.origins.indexOf(GOOD), pattern: GOOD });
    assertEquals(found("null"), { list: "dangerouslyAllow", index: 0, pattern: "null" });
    assertEquals(found("http://[::1]:3000"), { list: "debug", index: 6, pattern: "http://[::1]:*" });
    assertEquals(findOrigin("https://site.test"), NONE);
    assertEquals(selfPlace, options.origins.indexOf("'self'"));
    const named = (host: string) => entryAt(hosts, findHost!(host, host.length, 443));
    assertEquals(named("site.test"), { list: "hosts", index: 0, pattern: "site.test" });
    assertEquals(named("a.localhost"), { list: "debug", index: 1, pattern: "*.localhost" });
    words.assert("no entry at a place", assertThrows(() => entryAt(hosts, NONE), RangeError).message);
  });
});

describe("compileAllowedHosts()", () => {
  test("judges Host and Origin by one list, as allowedHostsOriginValidator does", async () => {
    const options = { allowedHosts: [".site.test", "other.test:8443"] };
    const policy = compileAllowedHosts(options);
    const fetch = allowedHostsOriginValidator(() => new Response("in"), { ...options, onDeny() {} });
    const table: [host: string, origin: string, allowed: boolean][] = [
      ["site.test", "https://a.site.test", true],
      ["a.site.test:1", "http://site.test:2", true],
      ["site.test", "https://other.test:8443", true],
      ["site.test", "https://other.test", false],
      ["site.test", "capacitor://site.test", false],
      ["evil.test", "https://site.test", false],
    ];
    await eachRowInTurn(table, async ([host, origin, allowed]) => {
      const assert = allowed ? assertAllowed : assertDenied;
      const page = () => pageHandshake(origin, { to: `ws://${host}/` });
      await assert(policy, page());
      await assert(fetch, page());
    });
    const site = { origins: ["https://a.site.test"], to: "wss://site.test/", trusts: options.allowedHosts };
    await assertWithstands(policy, site);
    await assertWithstands(fetch, site);
  });

  test("takes the rest of the options, and no other", () => {
    const policy = compileAllowedHosts({
      allowedHosts: ["a.test"],
      debug: true,
      absent: "allow",
      scheme: "https",
    });
    assertEquals([policy.hosts, policy.debug, policy.absent, policy.scheme], [
      ["a.test"],
      true,
      "allow",
      "https",
    ]);
    assert(isPolicy(policy));
    assertEquals(faultsOf(() => compileAllowedHosts(untyped({ allowedHosts: ["*"], hosts: ["a.test"] }))), [
      "unknown-option hosts -1",
      "wildcard-malformed allowedHosts 0",
    ]);
    assertEquals(faultsOf(() => compileAllowedHosts(untyped(null))), ["wrong-type options -1"]);
    assertEquals(faultsOf(() => compileAllowedHosts(untyped({}))), ["not-a-list allowedHosts -1"]);
  });
});

words.end();
