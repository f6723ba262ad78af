// The verdict by table: Host, then Origin. What browsers and advisories say is
// in `../vectors_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertStrictEquals, assertThrows } from "@std/assert";
import {
  check,
  compilePolicy,
  type Decision,
  type DenyReason,
  explain,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { assertWithstands, type Site } from "@wsgate/wsgate/testing";
import { checkHost, checkOrigin } from "../../src/verdict/check.ts";
import { denials } from "../../src/denial.ts";
import { type Outcome, outcome } from "../denials.ts";
import { handshakeOf, untyped } from "../doubles.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";

/** The verdict on a handshake of these header fields. */
function verdict(
  options: PolicyOptions,
  headers: Readonly<Record<string, string | null>>,
  url = "/",
): Outcome {
  return outcome(check(handshakeOf({ url, headers }), compilePolicy(options)));
}

const GOOD = "https://good.test";
/** The entries of a table, its headings left out. */
function flat<T>(table: Readonly<Record<string, readonly T[]>>): readonly T[] {
  return Object.values(table).flat();
}

const LABEL = "a".repeat(63);
/** A name of 255 characters, the longest there is. */
const LONG_NAME = `${LABEL}.${LABEL}.${LABEL}.${LABEL}`;

// ---- Host -----------------------------------------------------------------------------------------------------------

describe("check(): the Host header", () => {
  const anyHost = { origins: [GOOD] };

  test("absent", () => {
    assertEquals(verdict(anyHost, { origin: GOOD }), "host-absent");
    assertEquals(verdict({ ...anyHost, hosts: ["site.test"] }, { origin: GOOD }), "host-absent");
    // The URL is no substitute: on Deno the client chooses it.
    assertEquals(verdict(anyHost, { origin: GOOD }, "http://site.test/"), "host-absent");
    assertEquals(verdict(anyHost, { origin: GOOD }, "https://site.test/"), "host-absent");
  });

  const accepts = flat({
    "names": ["site.test", "SITE.Test", "site.test."],
    "their characters": ["a_b.site-1.test", "xn--bcher-kva.example", "localhost"],
    "ports": ["site.test:1", "site.test:65535"],
    "IPv4": ["127.0.0.1", "127.0.0.1:8080"],
    "IPv6": ["[::1]", "[::1]:8080", "[2001:DB8::A]"],
    "the longest": [LONG_NAME, `${LONG_NAME}:65535`],
  });
  const rejects = flat({
    "nothing": ["", " ", ":", ".", ":80"],
    "port": ["site.test:", "site.test:0", "site.test:080"],
    "more than a port": ["site.test:65536", "site.test:8a", "site.test:80:80"],
    "labels": [".site.test", "site..test", "*.site.test", "site.test..", `${LABEL}a.test`],
    "bytes around it": [" site.test", "site.test\t", "site.test\xa0", "site.test\0", "\ufeffsite.test"],
    "two values": ["site.test,site.test", "site.test, site.test", "site.test site.test"],
    "more of a URL": ["user@site.test", "site.test/", "site.test?"],
    "and of these": ["site.test#", "site.test\\", "http://site.test"],
    // Lower-cased carelessly, the Kelvin sign is a "k".
    "letters": ["%73ite.test", "b\xfccher.example", "\u212aing.test"],
    "IPv4": ["127.1", "127.0.0.1.", "127.0.0.01", "0x7f.0.0.1", "2130706433", "256.0.0.1", "site.1"],
    "brackets": ["::1", "[::1", "::1]", "[::1]x", "[::1]8080", "[site.test]", "[]"],
    "IPv6": ["[::1%25eth0]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[2001:db8::a::b]"],
    "too long": [`a${LONG_NAME}`, `${LONG_NAME}.`, `${LONG_NAME}:655350`, "a".repeat(1_000_000)],
  });
  test("well-formed: the origin decides", () => {
    eachRow(accepts, (host) => {
      assertEquals(verdict(anyHost, { host, origin: GOOD }), "allowed");
      assertEquals(verdict(anyHost, { host, origin: "https://evil.test" }), "origin-not-allowed");
    });
  });
  test("malformed, whatever the origin and the URL", () => {
    eachRow(product(rejects, [GOOD, null, "null"]), ([host, origin]) => {
      assertEquals(verdict({ origins: ["*"] }, { host, origin }), "host-malformed");
      assertEquals(verdict({ origins: ["*"] }, { host, origin }, `http://${host}/`), "host-malformed");
      assertEquals(verdict({ origins: ["*"], hosts: [] }, { host, origin }), "host-malformed");
    });
  });

  test("an empty list of hosts refuses every well-formed one", () => {
    eachRow(accepts, (host) => {
      const options = { origins: ["*"], hosts: [] };
      assertEquals(verdict(options, { host, origin: GOOD }), "host-not-allowed");
    });
  });

  // Read by these entries alone: the origin is never the reason.
  const listed: readonly {
    readonly hosts: readonly string[];
    readonly accepts: readonly string[];
    readonly rejects: readonly string[];
  }[] = [
    {
      hosts: ["site.test"],
      accepts: ["site.test", "SITE.test", "site.test:80", "site.test:443", "site.test:8080"],
      rejects: ["www.site.test", "evilsite.test", "site.test.evil.test", "site.test.", "test", "127.0.0.1"],
    },
    {
      hosts: [".site.test"],
      accepts: ["site.test", "www.site.test", "a.b.site.test:8443"],
      rejects: ["evilsite.test", "site.test.", "www.site.test.evil.test", "test"],
    },
    {
      hosts: ["*.site.test"],
      accepts: ["www.site.test", "a.b.site.test:8443"],
      rejects: ["site.test", "evilsite.test", "www.site.test."],
    },
    {
      hosts: ["site.test:8443", "[::1]:8443"],
      accepts: ["site.test:8443", "[::1]:8443"],
      rejects: ["site.test", "site.test:443", "site.test:8080", "[::1]", "[::2]:8443"],
    },
    {
      hosts: ["site.test:*"],
      accepts: ["site.test", "site.test:8443"],
      rejects: ["www.site.test"],
    },
    {
      hosts: ["[::1]", "127.0.0.1"],
      accepts: ["[::1]", "[::1]:8080", "127.0.0.1", "127.0.0.1:8080"],
      rejects: ["127.0.0.2", "[::2]", "localhost"],
    },
    {
      hosts: ["foo.test", "bar.test"],
      accepts: ["foo.test", "bar.test"],
      rejects: ["barfoo.test", "foobar.test", "foo.test.bar.test"],
    },
    {
      hosts: ["BÜCHER.example", "[2001:0db8:0:0::1]"],
      accepts: ["xn--bcher-kva.example", "[2001:db8::1]"],
      rejects: ["bucher.example"],
    },
  ];
  for (const { hosts, accepts, rejects } of listed) {
    test(`hosts ${JSON.stringify(hosts)}`, () => {
      eachRow(accepts, (host) => {
        assertEquals(verdict({ origins: ["*"], hosts }, { host, origin: GOOD }), "allowed");
      });
      eachRow(rejects, (host) => {
        assertEquals(verdict({ origins: ["*"], hosts }, { host, origin: GOOD }), "host-not-allowed");
      });
    });
  }

  test("a Host without port has the default one of the policy's scheme, or else of the URL's", () => {
    const rows: [hosts: string, host: string, url: string, scheme: "http" | "https" | null, Outcome][] = [
      ["site.test:443", "site.test", "https://site.test/", null, "allowed"],
      ["site.test:443", "site.test", "wss://site.test/", null, "allowed"],
      ["site.test:443", "site.test", "http://site.test/", null, "host-not-allowed"],
      ["site.test:443", "site.test", "http://site.test/", "https", "allowed"],
      ["site.test:443", "site.test", "https://site.test/", "http", "host-not-allowed"],
      ["site.test:443", "site.test:443", "http://site.test:443/", null, "allowed"],
      ["site.test:80", "site.test", "http://site.test/", null, "allowed"],
      ["site.test:80", "site.test", "ws://site.test/", null, "allowed"],
      ["site.test:80", "site.test", "http+unix://site.test/", null, "allowed"],
      ["site.test:80", "site.test", "https://site.test/", null, "host-not-allowed"],
      ["site.test:80", "site.test:80", "https://site.test:80/", null, "allowed"],
      // Bun, behind a malformed Host: nothing says, so no port is the one listed.
      ["site.test:80", "site.test", "/", null, "host-not-allowed"],
      ["site.test:443", "site.test", "/", null, "host-not-allowed"],
      ["site.test:443", "site.test", "/", "https", "allowed"],
      ["site.test", "site.test", "/", null, "allowed"],
    ];
    eachRow(rows, ([entry, host, url, scheme, expected]) => {
      const options = { origins: ["*"], hosts: [entry], ...scheme && { scheme } };
      assertEquals(verdict(options, { host, origin: GOOD }, url), expected);
    });
  });
});

describe("check(): the authority of the URL", () => {
  /** By Host. */
  const agrees: Readonly<Record<string, readonly string[]>> = {
    "site.test": flat({
      "the same": ["http://site.test/", "http://site.test", "http://site.test?q", "http://site.test#f"],
      "case": ["http://SITE.Test/p", "HTTP://site.test/"],
      "schemes": ["https://site.test/", "ws://site.test/", "wss://site.test/", "http+unix://site.test/"],
      "default ports": ["http://site.test:80/", "https://site.test:443/"],
      "of sockets": ["ws://site.test:80/", "wss://site.test:443/"],
      "on a unix socket": ["http+unix://site.test:80/"],
      "no authority": ["", "/", "/p", "*"],
      "looks like one": ["//evil.test/", "evil.test:443", "http:/evil.test/", "http:evil.test"],
      "nor here": ["/http://evil.test/", " http://evil.test/", "1http://evil.test/", "://evil.test/"],
    }),
    "SITE.test": ["http://site.test/", "http://Site.Test:80/"],
    "site.test:80": ["http://site.test/", "http://site.test:80/", "https://site.test:80/"],
    "site.test:443": ["https://site.test/", "https://site.test:443/", "http://site.test:443/"],
    "site.test:8080": ["http://site.test:8080/", "https://site.test:8080/"],
    "[::1]": ["http://[::1]/", "http://[::1]:80/"],
    "[::1]:80": ["http://[::1]/"],
    [`${LONG_NAME}:65535`]: [`http://${LONG_NAME}:65535/`],
  };
  const disagrees: Readonly<Record<string, readonly string[]>> = {
    "site.test": flat({
      "another host": ["http://evil.test/", "http://www.site.test/"],
      "another dot, another end": ["http://site.test./", "http://site.test.evil.test/"],
      "elsewhere": ["http://evil.test/site.test", "http://evil.test?site.test", "http://evil.test#site.test"],
      "port": ["http://site.test:8080/", "https://site.test:8443/"],
      "no port to speak of": ["http://site.test:/", "http://site.test:080/"],
      "another scheme's port": ["http://site.test:443/", "https://site.test:80/", "ws://site.test:443/"],
      "and of these": ["wss://site.test:80/", "http+unix://site.test:443/"],
      "userinfo": ["http://user@site.test/", "http://user:pass@site.test/", "http://@site.test/"],
      "userinfo that is a host": ["http://site.test@evil.test/"],
      "backslash": ["http://site.test\\@evil.test/", "http://evil.test\\@site.test/", "http://site.test\\/"],
      "escapes, which a parser would repair": ["http://site.test%2f/", "http://%73ite.test/"],
      "spaces, likewise": ["http://site.test /", "http:// site.test/"],
      "nobody": ["http:///site.test", "http://"],
      // Lower-cased carelessly, the first letter of these is that of the Host.
      "letters": ["http://\u017fite.test/", "http://\u0130.test/"],
      "without end": [`http://site.test${"x".repeat(1000)}/`],
      // Not schemes that a handshake can come by, although the authority is the same.
      "scheme": ["ftp://site.test/", "file://site.test/", "foo://site.test/", "httpx://site.test/"],
      "scheme of several parts": ["https+unix://site.test/", "chrome-extension://site.test/"],
    }),
    "king.test": ["http://\u212aing.test/"],
    "site.test:80": ["https://site.test/", "http://site.test:443/"],
    "site.test:443": ["http://site.test/"],
    "site.test:8080": ["http://site.test/", "http://site.test:80/"],
    "127.0.0.1": ["http://127.1/", "http://2130706433/", "http://localhost/"],
    "[::1]": ["http://[0:0:0:0:0:0:0:1]/", "http://::1/"],
    // One character beyond the longest Host: the walk along the URL must not stop where the two are still equal.
    [`${LONG_NAME}:65535`]: [
      `http://${LONG_NAME}:65535x/`,
      `http://${LONG_NAME}:655350/`,
      `http://x${LONG_NAME}:65535/`,
    ],
  };

  test("agrees: the origin decides", () => {
    eachRow(Object.entries(agrees), ([host, urls]) => {
      eachRow(urls, (url) => {
        assertEquals(verdict({ origins: [GOOD] }, { host, origin: GOOD }, url), "allowed");
      });
    });
  });
  test("disagrees: refused, whatever the lists say", () => {
    eachRow(Object.entries(disagrees), ([host, urls]) => {
      eachRow(urls, (url) => {
        assertEquals(verdict({ origins: ["*"] }, { host, origin: GOOD }, url), "host-mismatch");
        const hosts = ["nobody.test"];
        assertEquals(verdict({ origins: [], hosts }, { host, origin: null }, url), "host-mismatch");
      });
    });
  });
  test("the policy's scheme changes nothing: the URL is compared with its own", () => {
    const handshake = [{ host: "site.test", origin: GOOD }, "http://site.test:80/"] as const;
    assertEquals(verdict({ origins: [GOOD], scheme: "https" }, ...handshake), "allowed");
    const other = [{ host: "site.test", origin: GOOD }, "http://site.test:443/"] as const;
    assertEquals(verdict({ origins: [GOOD], scheme: "https" }, ...other), "host-mismatch");
  });
});

// ---- Origin ---------------------------------------------------------------------------------------------------------

/** Values of Origin by kind; tuples but the good one. */
const KINDS: readonly (readonly [reason: DenyReason, ...origins: (string | null)[]])[] = [
  ["origin-absent", null],
  ["origin-empty", ""],
  ["origin-null", "null"],
  [
    "origin-malformed",
    ...flat({
      "words": ["NULL", " null", "undefined", "*", "'self'"],
      "parts": ["good.test", "//good.test", "https:good.test", "https://"],
      "a URL": ["https://good.test/", "https://good.test/path", "https://good.test?", "https://good.test#"],
      "port": ["https://good.test:", "https://good.test:0443", "https://good.test:65536"],
      "case": ["HTTPS://good.test", "https://GOOD.test"],
      "userinfo": ["https://user@good.test", "https://evil.test\\@good.test", "https://good.test\\"],
      "two values": ["https://good.test, https://good.test", "https://good.test https://evil.test"],
      "bytes behind it": ["https://good.test\0", "https://good.test\n"],
      "around it": [" https://good.test", "https://good.test\xa0"],
      "letters": ["https://good%2etest", "https://b\xfccher.example"],
      "hosts": ["https://.good.test", "https://a..good.test", "https://127.1", "https://[::1"],
      "too long": [`https://${"a.".repeat(128)}good.test`, "x".repeat(1_000_000)],
    }),
  ],
  [
    "origin-not-allowed",
    ...flat({
      "scheme": ["http://good.test", "wss://good.test", "chrome-extension://good.test"],
      "port": ["https://good.test:8443", "https://good.test:80"],
      "host": ["https://www.good.test", "https://evilgood.test"],
      "what the host begins": ["https://good.test.evil.test", "https://good.test."],
      "address": ["https://127.0.0.1", "https://[::1]"],
      "the server's own": ["http://site.test", "https://site.test"],
    }),
  ],
];

describe("check(): the Origin header", () => {
  const allowing = (options: Partial<PolicyOptions>, origin: string | null) =>
    verdict({ origins: [GOOD], ...options }, { host: "site.test", origin }, "https://site.test/");

  test("each kind has its reason; the listed origin is let in", () => {
    eachRow(KINDS, ([reason, ...origins]) => {
      eachRow(origins, (origin) => assertEquals(allowing({}, origin), reason));
    });
    assertEquals(allowing({}, GOOD), "allowed");
    assertEquals(allowing({}, `${GOOD}:443`), "allowed");
  });

  test("an empty list refuses everybody, the server's own origin included", () => {
    eachRow(KINDS, ([reason, ...origins]) => {
      eachRow(origins, (origin) => assertEquals(allowing({ origins: [] }, origin), reason));
    });
    assertEquals(allowing({ origins: [] }, GOOD), "origin-not-allowed");
  });

  test('"*" lets every kind in', () => {
    eachRow(KINDS, ([, ...origins]) => {
      eachRow(origins, (origin) => assertEquals(allowing({ origins: ["*"] }, origin), "allowed"));
    });
  });

  test("what stands in dangerouslyAllow counts", () => {
    assertEquals(allowing({ dangerouslyAllow: ["null"] }, "null"), "allowed");
    assertEquals(allowing({ dangerouslyAllow: ["null"] }, ""), "origin-empty");
    assertEquals(allowing({ dangerouslyAllow: ["null"] }, null), "origin-absent");
    assertEquals(allowing({ dangerouslyAllow: ["https://*"] }, "https://evil.test"), "allowed");
    assertEquals(allowing({ dangerouslyAllow: ["https://*"] }, "http://evil.test"), "origin-not-allowed");
    assertEquals(allowing({ dangerouslyAllow: [".github.io"] }, "https://evil.github.io"), "allowed");
  });
});

describe("check(): a handshake without Origin", () => {
  const rows:
    readonly (readonly [options: Partial<PolicyOptions>, bare: Outcome, withCredentials: Outcome])[] = [
      [{}, "origin-absent", "origin-absent"],
      [{ absent: undefined! }, "origin-absent", "origin-absent"],
      [{ absent: "deny" }, "origin-absent", "origin-absent"],
      [{ absent: "allow" }, "allowed", "allowed"],
      [{ absent: "allow-without-credentials" }, "allowed", "origin-absent"],
      [{ origins: ["*"] }, "allowed", "allowed"],
      [{ origins: [GOOD, "*"] }, "allowed", "allowed"],
      [{ origins: ["*"], absent: "deny" }, "origin-absent", "origin-absent"],
      [{ origins: ["*"], absent: "allow-without-credentials" }, "allowed", "origin-absent"],
      // Only the list itself says "anybody".
      [{ origins: [GOOD], dangerouslyAllow: ["https://*", "null"] }, "origin-absent", "origin-absent"],
      [{ origins: [GOOD], dangerouslyAllow: ["*"] }, "origin-absent", "origin-absent"],
      [{ origins: [], debug: true }, "origin-absent", "origin-absent"],
    ];
  const credentials = [
    { cookie: "a=b" },
    { authorization: "Basic YTpi" },
    { cookie: "a=b", authorization: "Basic YTpi" },
    // Present is present, whatever it holds.
    { cookie: "" },
    { authorization: "" },
  ];
  for (const [options, bare, withCredentials] of rows) {
    test(`${JSON.stringify(options)}: ${bare}, with credentials ${withCredentials}`, () => {
      const all = { origins: [GOOD], ...options };
      assertEquals(verdict(all, { host: "site.test" }), bare);
      eachRow(credentials, (headers) => {
        assertEquals(verdict(all, { host: "site.test", ...headers }), withCredentials);
      });
      // An empty Origin is not an absent one.
      const anybody = [...options.origins ?? [], ...options.dangerouslyAllow ?? []].includes("*");
      const empty = anybody ? "allowed" : "origin-empty";
      assertEquals(verdict(all, { host: "site.test", origin: "" }), empty);
    });
  }

  test("credentials are nobody's business where there is an Origin", () => {
    const options = { origins: [GOOD], absent: "allow-without-credentials" } as const;
    eachRow(credentials, (headers) => {
      assertEquals(verdict(options, { host: "site.test", origin: GOOD, ...headers }), "allowed");
    });
  });
});

describe("check(): header fields of a framework, undefined where there is none", () => {
  const fields = (headers: Readonly<Record<string, string>>) => ({
    method: "GET",
    url: "/",
    headers: { get: (name: string): string | null => untyped(headers[name]) },
  });
  const absents = ["deny", "allow", "allow-without-credentials"] as const;
  const some: readonly Readonly<Record<string, string>>[] = [
    {},
    { origin: GOOD },
    { host: "site.test" },
    { host: "site.test", origin: GOOD },
    { host: "site.test", origin: "" },
    { host: "site.test", cookie: "" },
    { host: "site.test", authorization: "Basic YTpi" },
  ];
  test("is absent, for the verdict and for its explanation", () => {
    eachRow(product(absents, some), ([absent, headers]) => {
      const policy = compilePolicy({ origins: [GOOD], absent });
      const given = handshakeOf({ url: "/", headers });
      assertEquals(check(fields(headers), policy), check(given, policy));
      assertEquals(explain(fields(headers), policy), explain(given, policy));
    });
    assertEquals(outcome(check(fields({}), compilePolicy({ origins: [GOOD] }))), "host-absent");
  });
});

describe("check(): 'self'", () => {
  const hosts = [".site.test", "127.0.0.1", "[::1]", "localhost"];
  const self = (host: string, origin: string | null, url: string, options: Partial<PolicyOptions> = {}) =>
    verdict({ origins: ["'self'"], hosts, ...options }, { host, origin }, url);

  const accepts:
    readonly (readonly [host: string, origin: string, url: string, scheme?: "http" | "https"])[] = [
      ["site.test", "https://site.test", "https://site.test/"],
      ["site.test", "https://site.test", "wss://site.test/"],
      ["site.test", "http://site.test", "http://site.test/"],
      ["site.test", "http://site.test", "ws://site.test/"],
      ["site.test", "http://site.test", "http+unix://site.test/"],
      ["site.test", "http://site.test", "HTTP://site.test/"],
      ["SITE.test", "https://site.test", "https://site.test/"],
      ["site.test", "https://site.test:443", "https://site.test/"],
      ["site.test:443", "https://site.test", "https://site.test/"],
      ["site.test:80", "http://site.test", "http://site.test/"],
      ["site.test:8443", "https://site.test:8443", "https://site.test:8443/"],
      ["www.site.test", "https://www.site.test", "https://www.site.test/"],
      ["127.0.0.1:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000/"],
      ["[::1]:3000", "http://[::1]:3000", "http://[::1]:3000/"],
      ["site.test", "https://site.test", "http://site.test/", "https"],
      ["site.test", "http://site.test", "https://site.test/", "http"],
      ["site.test", "https://site.test", "/", "https"],
      ["site.test:8443", "https://site.test:8443", "http://site.test:8443/", "https"],
      ["site.test:443", "https://site.test", "http://site.test:443/", "https"],
    ];
  const rejects:
    readonly (readonly [host: string, origin: string, url: string, scheme?: "http" | "https"])[] = [
      // A page over http that reaches a socket behind https, with its cookies.
      ["site.test", "http://site.test", "https://site.test/"],
      ["site.test", "http://site.test", "http://site.test/", "https"],
      ["site.test", "https://site.test", "http://site.test/"],
      ["site.test", "https://site.test", "https://site.test/", "http"],
      ["site.test", "https://site.test", "http+unix://site.test/"],
      // Nothing says what the scheme is.
      ["site.test", "https://site.test", "/"],
      ["site.test", "http://site.test", "/"],
      ["site.test", "wss://site.test", "https://site.test/"],
      ["site.test", "ws://site.test", "http://site.test/"],
      ["site.test", "chrome-extension://site.test", "https://site.test/"],
      // As long as the site's.
      ["site.test", "capps://site.test", "https://site.test/"],
      ["site.test", "capp://site.test", "http://site.test/"],
      ["site.test", "https://site.test:8443", "https://site.test/"],
      ["site.test:8443", "https://site.test", "https://site.test:8443/"],
      ["site.test:8443", "https://site.test:8444", "https://site.test:8443/"],
      ["site.test:80", "https://site.test", "https://site.test:80/"],
      ["site.test:443", "http://site.test", "http://site.test:443/"],
      ["site.test", "https://www.site.test", "https://site.test/"],
      ["www.site.test", "https://site.test", "https://www.site.test/"],
      ["a.site.test", "https://b.site.test", "https://a.site.test/"],
      ["site.test", "https://evilsite.test", "https://site.test/"],
      ["site.test", "https://site.test.", "https://site.test/"],
      ["site.test", "https://evil.test", "https://site.test/"],
      ["localhost:3000", "http://localhost:8080", "http://localhost:3000/"],
      ["localhost", "http://127.0.0.1", "http://localhost/"],
    ];
  test("accepts the Host's own origin", () => {
    eachRow(accepts, ([host, origin, url, scheme]) => {
      assertEquals(self(host, origin, url, scheme && { scheme }), "allowed");
    });
  });
  test("rejects every other", () => {
    eachRow(rejects, ([host, origin, url, scheme]) => {
      assertEquals(self(host, origin, url, scheme && { scheme }), "origin-not-allowed");
    });
    // None of the accepted ones is let in without the keyword.
    eachRow(accepts, ([host, origin, url, scheme]) => {
      const options = { origins: [GOOD], ...scheme && { scheme } };
      assertEquals(self(host, origin, url, options), "origin-not-allowed");
    });
  });
  test("other kinds of origin keep their reasons", () => {
    eachRow(KINDS.slice(0, 4), ([reason, ...origins]) => {
      eachRow(origins, (origin) => assertEquals(self("site.test", origin, "https://site.test/"), reason));
    });
  });
  test("a rebinding attacker's own Host is refused before his origin is compared with it", () => {
    assertEquals(self("evil.test", "http://evil.test", "http://evil.test/"), "host-not-allowed");
    assertEquals(self("evil.test:3000", "http://evil.test:3000", "/"), "host-not-allowed");
  });
  test("it stands among other patterns, at any place", () => {
    eachRow([["'self'", GOOD], [GOOD, "'self'"]], (origins) => {
      const options = { origins };
      assertEquals(self("site.test", "https://site.test", "https://site.test/", options), "allowed");
      assertEquals(self("site.test", GOOD, "https://site.test/", options), "allowed");
      assertEquals(
        self("site.test", "https://evil.test", "https://site.test/", options),
        "origin-not-allowed",
      );
    });
  });
});

describe("check(): debug", () => {
  const local = ["localhost", "app.localhost", "a.b.localhost", "127.0.0.1", "[::1]"];
  const origins = local.flatMap((host) =>
    ["http", "https"].flatMap((scheme) => ["", ":3000"].map((port) => `${scheme}://${host}${port}`))
  );
  const strangers = [
    "ws://localhost",
    "chrome-extension://localhost",
    "http://127.0.0.2",
    "http://0.0.0.0",
    "http://[::2]",
    "http://localhost.evil.test",
    "http://evillocalhost",
    "http://localhost.",
    "http://site.test",
  ];

  test("lets the pages of this machine in on top of the list", () => {
    const options = { origins: [GOOD], debug: true };
    eachRow([...origins, GOOD], (origin) => {
      assertEquals(verdict(options, { host: "site.test", origin }), "allowed");
    });
    eachRow(strangers, (origin) => {
      assertEquals(verdict(options, { host: "site.test", origin }), "origin-not-allowed");
    });
    eachRow(origins, (origin) => {
      assertEquals(verdict({ origins: [GOOD] }, { host: "site.test", origin }), "origin-not-allowed");
      const off = { origins: [GOOD], debug: false };
      assertEquals(verdict(off, { host: "site.test", origin }), "origin-not-allowed");
    });
  });

  test("and its names as hosts, where there is a list of them", () => {
    const options = { origins: [GOOD], hosts: ["site.test"], debug: true };
    eachRow(local, (host) => {
      assertEquals(verdict(options, { host, origin: GOOD }), "allowed");
      assertEquals(verdict(options, { host: `${host}:3000`, origin: GOOD }), "allowed");
      const off = { ...options, debug: false };
      assertEquals(verdict(off, { host, origin: GOOD }), "host-not-allowed");
    });
    eachRow(["127.0.0.2", "[::2]", "evillocalhost", "localhost.evil.test", "evil.test"], (host) => {
      assertEquals(verdict(options, { host, origin: GOOD }), "host-not-allowed");
    });
    assertEquals(verdict({ origins: [GOOD], debug: true }, { host: "evil.test", origin: GOOD }), "allowed");
  });

  test("it switches nothing off", () => {
    const options = { origins: [], hosts: [], debug: true };
    const headers = { host: "localhost", origin: "http://localhost" };
    assertEquals(verdict(options, headers), "allowed");
    assertEquals(verdict(options, { ...headers, host: null }), "host-absent");
    assertEquals(verdict(options, { ...headers, host: "localhost:" }), "host-malformed");
    assertEquals(verdict(options, headers, "http://evil.test/"), "host-mismatch");
    // A port after a port is no default port.
    const twice = { ...headers, host: `${headers.host}:8443` };
    assertEquals(verdict(options, twice, `http://${twice.host}:80/`), "host-mismatch");
    assertEquals(verdict(options, { ...headers, origin: null }), "origin-absent");
    assertEquals(verdict(options, { ...headers, origin: "null" }), "origin-null");
    assertEquals(verdict(options, { ...headers, origin: "http://evil.test" }), "origin-not-allowed");
  });
});

describe("check(): what has gone wrong elsewhere", () => {
  const own = "https://app.example.com";
  const rows: readonly (readonly [options: PolicyOptions, meant?: Partial<Site>])[] = [
    [{ origins: [own] }],
    [{ origins: [own], hosts: ["ws.example.com"] }],
    [{ origins: [own, "'self'"], hosts: ["ws.example.com"] }],
    [{ origins: ["'self'"], hosts: ["app.example.com"] }, { to: "wss://app.example.com/chat" }],
    [{ origins: ["'self'"], hosts: [".example.com"], scheme: "https" }, { to: "ws://app.example.com/chat" }],
    [{ origins: [own], absent: "allow-without-credentials" }],
    [{ origins: [own], absent: "allow" }, { absent: "allow" }],
    [{ origins: [own], debug: true }, { trusts: ["localhost", "127.0.0.1"] }],
    [{ origins: [own], dangerouslyAllow: ["null"] }, { trusts: ["null"] }],
    ...[
      "https://*.example.com",
      "https://.example.com",
      "*.example.com",
      ".example.com",
      "app.example.com",
      "https://app.example.com:*",
      "app.example.com:443",
      "moz-extension://*",
      "capacitor://localhost",
    ].map((entry) => [{ origins: [own, entry] }, { trusts: [entry] }] as const),
  ];

  test("nothing gets in of it but what a list means, and the own page does", async () => {
    await eachRowInTurn(rows, ([options, meant]) => {
      const site = { origins: [own], to: "wss://ws.example.com/chat", ...meant };
      return assertWithstands(compilePolicy(options), site);
    });
  });
});

describe("check(): what it does and does not do", () => {
  test("the same outcome is the same frozen object", () => {
    const strict = { origins: [GOOD], hosts: ["site.test"] };
    const rows: [PolicyOptions, Record<string, string>, string][] = [
      [strict, { host: "site.test", origin: GOOD }, "/"],
      [strict, { host: "site.test" }, "/"],
      [strict, { host: "site.test", origin: "" }, "/"],
      [strict, { host: "site.test", origin: "null" }, "/"],
      [strict, { host: "site.test", origin: "x" }, "/"],
      [strict, { host: "site.test", origin: "https://evil.test" }, "/"],
      [strict, { host: "evil.test", origin: GOOD }, "/"],
      [strict, { host: "site.test", origin: GOOD }, "http://evil.test/"],
      [strict, { host: "", origin: GOOD }, "/"],
      [strict, {}, "/"],
    ];
    const seen = new Set<Decision>();
    eachRow(rows, ([options, headers, url]) => {
      const [one, two] = [1, 2].map(() => check(handshakeOf({ url, headers }), compilePolicy(options)));
      assertStrictEquals(one, two);
      assert(Object.isFrozen(one));
      if (!one!.allowed) assertStrictEquals(one, denials[one!.reason]);
      seen.add(one!);
    });
    assertEquals(seen.size, rows.length);
  });

  test("the method and the fields of RFC 6455 are not looked at; a Request fits", () => {
    const policy = compilePolicy({ origins: [GOOD] });
    const headers = { host: "site.test", origin: GOOD };
    assertEquals(check(handshakeOf({ method: "POST", headers }), policy), { allowed: true });
    assertEquals(check(new Request("http://site.test/", { headers }), policy), { allowed: true });
    assertEquals(
      check(new Request("http://site.test/", { headers: { host: "site.test" } }), policy),
      { allowed: false, status: 403, reason: "origin-absent" },
    );
  });

  test("each header is read once at most, Host first, and no other than these", () => {
    const policies: PolicyOptions[] = [
      { origins: [GOOD] },
      { origins: ["*"] },
      { origins: [] },
      { origins: ["'self'", GOOD], hosts: ["site.test:80"] },
      { origins: ["'self'"], hosts: ["site.test"], scheme: "https", debug: true },
      { origins: [GOOD], absent: "allow" },
      { origins: [GOOD], absent: "allow-without-credentials", dangerouslyAllow: ["null"] },
    ];
    const hosts = [null, "", "site.test", "evil.test", "localhost"];
    const origins = [
      null,
      "",
      "null",
      "x",
      GOOD,
      "http://site.test",
      "https://evil.test",
      "http://localhost",
    ];
    const credentials = [{}, { cookie: "a=b" }, { authorization: "x" }];
    const urls = ["/", "http://site.test/"];
    const read = new Set<string>();
    const rows = product(policies.map(compilePolicy), hosts, origins, credentials, urls);
    eachRow(rows, ([policy, host, origin, credentials, url]) => {
      const handshake = handshakeOf({ url, headers: { host, origin, ...credentials } });
      check(handshake, policy);
      const { reads } = handshake.headers;
      assertEquals(reads.length, new Set(reads).size, `${reads}`);
      assertEquals(reads[0], "host");
      for (const name of reads) read.add(name);
    });
    assertEquals([...read].sort(), ["authorization", "cookie", "host", "origin"]);
  });

  test("credentials are read only where they decide", () => {
    const reads = (absent: PolicyOptions["absent"], origin: string | null) => {
      const handshake = handshakeOf({
        headers: { host: "site.test", origin, cookie: "a=b", authorization: "x" },
      });
      check(handshake, compilePolicy({ origins: [GOOD], ...absent && { absent } }));
      return handshake.headers.reads;
    };
    assertEquals(reads("allow", null), ["host", "origin"]);
    assertEquals(reads("deny", null), ["host", "origin"]);
    assertEquals(reads("allow-without-credentials", GOOD), ["host", "origin"]);
    assertEquals(reads("allow-without-credentials", null), ["host", "origin", "cookie"]);
  });

  test("a copy of a policy judges nothing", () => {
    const copy = untyped({ ...compilePolicy({ origins: ["*"] }) });
    assertThrows(() => check(handshakeOf({ headers: { host: "h", origin: GOOD } }), copy), TypeError);
  });
});

describe("checkHost()", () => {
  test("it judges Host as check() does, and nothing else", () => {
    const policy = compilePolicy({ origins: [], hosts: ["site.test"] });
    const judge = (host: string | null, url = "/") => {
      const handshake = handshakeOf({ url, headers: { host, origin: "null" } });
      const decision = checkHost(handshake.headers.get("host"), handshake.url, policy);
      assertEquals(handshake.headers.reads, ["host"]);
      assert(Object.isFrozen(decision));
      return outcome(decision);
    };
    assertEquals(judge("site.test"), "allowed");
    assertEquals(judge("evil.test"), "host-not-allowed");
    assertEquals(judge(null), "host-absent");
    assertEquals(judge("a, b"), "host-malformed");
    assertEquals(judge("site.test", "http://evil.test/"), "host-mismatch");
  });
});

describe("checkOrigin()", () => {
  test("it judges Origin as check() does, whatever the Host", () => {
    const policy = compilePolicy({ origins: [GOOD, "'self'"], hosts: ["site.test"], scheme: "https" });
    const judge = (origin: string | null) => {
      const handshake = handshakeOf({ headers: { host: "evil.test", origin } });
      const decision = checkOrigin(handshake, policy, "self.test");
      assertEquals(handshake.headers.reads, ["origin"]);
      return outcome(decision);
    };
    assertEquals(judge(GOOD), "allowed");
    assertEquals(judge("https://self.test"), "allowed");
    assertEquals(judge("https://evil.test"), "origin-not-allowed");
    assertEquals(judge(null), "origin-absent");
  });
});

// ---- hostile handshakes ---------------------------------------------------------------------------------------------

/** Texts of attackers: pieces of good ones, glued together, cut and changed. */
function hostileText(random: Random, good: readonly string[]): string {
  const pieces = [
    ...good,
    "http://",
    "https://",
    "://",
    "//",
    ":",
    ":443",
    ":0",
    "@",
    ".",
    ",",
    ", ",
    "%00",
    "\\",
    "[::1]",
    "[",
    "]",
    "127.0.0.1",
    "null",
    "*",
    "'self'",
    "\0",
    "\ud800",
    "\u212a",
    "\u0130",
    "\xff",
    "\u202e",
    "__proto__",
    "a".repeat(64),
    "a.".repeat(128),
  ];
  if (random.oneIn(2)) return random.pick(good);
  let text = Array.from({ length: random.below(5) }, () => random.pick(pieces)).join("");
  if (random.oneIn(4)) text = text.toUpperCase();
  if (random.oneIn(4)) text = text.slice(random.below(4), text.length - random.below(4));
  if (random.oneIn(8)) text += String.fromCharCode(random.below(0x10000));
  return text;
}

describe("check(): hostile handshakes", () => {
  const policies = [
    { origins: [GOOD, ".good.example"] },
    { origins: ["'self'"], hosts: ["site.test"] },
    { origins: ["'self'", GOOD], hosts: [".site.test:443"], scheme: "https", absent: "allow" },
    { origins: ["*"], hosts: ["site.test"], absent: "allow-without-credentials" },
    { origins: [GOOD], dangerouslyAllow: ["null"], debug: true },
  ] as const satisfies PolicyOptions[];
  const compiled = policies.map((options) => compilePolicy(options));

  test(`20,000 of them: none throws, and only listed origins get in (seed ${seed})`, () => {
    const random = new Random();
    const counts: Record<string, number> = {};
    for (let i = 0; i < 20_000; i++) {
      const headers = {
        host: random.oneIn(20) ? null : hostileText(random, ["site.test", "www.site.test:443", "localhost"]),
        origin: random.oneIn(20)
          ? null
          : hostileText(random, [GOOD, GOOD, "https://site.test", "http://localhost:1", "null", ""]),
        cookie: random.oneIn(2) ? "a=b" : null,
      };
      const url = hostileText(random, [
        "http://site.test/",
        "https://site.test/",
        "/",
        "https://www.site.test/",
      ]);
      const place = random.below(policies.length);
      const handshake = handshakeOf({ url, headers });
      const decision = check(handshake, compiled[place]!);
      counts[outcome(decision)] = (counts[outcome(decision)] ?? 0) + 1;
      assert(decision.allowed || decision === denials[decision.reason]);
      assertStrictEquals(check(handshake, compiled[place]!), decision);
      if (!decision.allowed) continue;

      // Said once more, from the other end: what may ever get in by each of the policies.
      const row = JSON.stringify([headers, url, place]);
      const mayEnter: readonly (() => boolean)[] = [
        () =>
          /^(https:\/\/good\.test(:443)?|[a-z.+-]+:\/\/([a-z.-]+\.)?good\.example(:\d+)?)$/.test(
            headers.origin!,
          ),
        () =>
          /^site\.test(:\d+)?$/i.test(headers.host!) &&
          /^https?:\/\/site\.test(:\d+)?$/.test(headers.origin!),
        () =>
          /^([a-z0-9_.-]+\.)?site\.test(:443)?$/i.test(headers.host!) &&
          (headers.origin === null ||
            /^https:\/\/(([a-z0-9_.-]+\.)?site|good)\.test(:443)?$/.test(headers.origin)),
        () =>
          /^site\.test(:\d+)?$/i.test(headers.host!) && (headers.origin !== null || headers.cookie === null),
        () =>
          /^(https:\/\/good\.test(:443)?|null|https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)$/.test(
            headers.origin!,
          ),
      ];
      assert(mayEnter[place]!(), row);
    }
    eachRow([
      "allowed",
      "host-absent",
      "host-malformed",
      "host-mismatch",
      "host-not-allowed",
      "origin-absent",
      "origin-empty",
      "origin-null",
      "origin-malformed",
      "origin-not-allowed",
    ], (expected) => assertGreater(counts[expected] ?? 0, 20, `${expected} in ${JSON.stringify(counts)}`));
    assertEquals(Object.keys(counts).length, 10);
  });
});

describe("check(): long handshakes", () => {
  const policy = compilePolicy({
    origins: ["'self'", "*.good.test"],
    hosts: [".site.test"],
    absent: "allow-without-credentials",
  });
  const judge = (headers: Record<string, string>, url = "https://site.test/") =>
    check(handshakeOf({ url, headers: { host: "site.test", origin: GOOD, ...headers } }), policy);

  test("a header costs one pass at most, the URL's length nothing", () => {
    assertGrowth((host) => judge({ host }, "/"), { ...runsOf(), ...runsOf({ suffix: ".site.test" }) });
    assertGrowth((origin) => judge({ origin }), {
      ...runsOf(),
      ...runsOf({ prefix: "https://", suffix: ".good.test" }),
    });
    const urls = ["a", ":", "/", "//", "@", "a.", "%"];
    eachRow(["https://", "https://site.test", "https://site.test/"], (prefix) => {
      const inputs = urls.map((unit) =>
        [prefix + unit, (length: number) => prefix + unit.repeat(length)] as const
      );
      assertGrowth((url) => judge({}, url), Object.fromEntries(inputs), CONSTANT);
    });
  });
});
