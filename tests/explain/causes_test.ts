// What is told of a refusal that no entry explains: by its reason, with what would let it in.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  compileAllowedHosts,
  compilePolicy,
  explain,
  type NearMissCode,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { handshakeOf } from "../doubles.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const SITE = "https://a.test";

function told(options: Partial<PolicyOptions>, headers: Readonly<Record<string, string | null>>, url = "/") {
  const handshake = handshakeOf({ url, headers: { host: "server.test", ...headers } });
  const { nearest } = explain(handshake, compilePolicy({ origins: [SITE], ...options }));
  return nearest[0]!;
}

type Row = [
  name: string,
  miss: ReturnType<typeof told>,
  code: NearMissCode,
  suggestion?: string,
];

const rows: readonly Row[] = [
  // Host
  ["no Host", told({}, { host: null }), "host-absent"],
  ["an empty Host", told({}, { host: "" }), "host-malformed"],
  ["two Hosts", told({}, { host: "a, b" }), "host-malformed"],
  ["127.1", told({}, { host: "127.1" }), "host-malformed"],
  ["another authority", told({}, {}, "http://evil.test/"), "host-mismatch"],
  ["an authority with a user", told({}, {}, "http://u@server.test/"), "host-mismatch"],
  ["another scheme", told({}, { host: "Server.test" }, "foo://server.test/"), "host-mismatch"],
  // no Origin that names somebody
  ["no Origin", told({}, {}), "absent-origin", "absent: allow-without-credentials"],
  ["no Origin, a Cookie", told({}, { cookie: "a=b" }), "absent-with-credentials", "absent: allow"],
  [
    "no Origin, a login, and only those without get in",
    told({ absent: "allow-without-credentials" }, { authorization: "x" }),
    "absent-with-credentials",
    "absent: allow",
  ],
  ["an empty Origin", told({}, { origin: "" }), "empty-origin"],
  ["null", told({}, { origin: "null" }), "null-origin"],
  // malformed
  ["file:", told({}, { origin: "file:///" }), "file-page"],
  ["two Origins", told({}, { origin: `${SITE}, null` }), "several-origins"],
  ["a list of RFC 6454", told({}, { origin: `${SITE} http://b.test` }), "several-origins"],
  ["upper case", told({}, { origin: "https://A.test" }), "malformed-origin"],
  ["a slash", told({}, { origin: `${SITE}/` }), "malformed-origin"],
  ["a path", told({}, { origin: `${SITE}:81/x?y#z` }), "malformed-origin"],
  ["control characters", told({}, { origin: "https://a.test\x1b[2J" }), "malformed-origin"],
  ["a host alone", told({}, { origin: "a.test" }), "malformed-origin"],
  ["a user", told({}, { origin: "https://u@a.test" }), "malformed-origin"],
  ["a bad port", told({}, { origin: `${SITE}:0` }), "malformed-origin"],
  // 'self'
  [
    "'self', the scheme",
    told(
      { origins: ["'self'"], hosts: ["server.test"] },
      { origin: "https://server.test" },
      "http://server.test/",
    ),
    "scheme-behind-proxy",
    "scheme: https",
  ],
  [
    "'self', nothing says the scheme",
    told({ origins: ["'self'"], hosts: ["server.test"] }, { origin: "http://server.test" }),
    "scheme-behind-proxy",
    "scheme: http",
  ],
  [
    "'self', where saying the scheme would refuse the Host",
    told(
      { origins: ["'self'"], hosts: ["server.test:80"] },
      { origin: "https://server.test" },
      "http://server.test/",
    ),
    "scheme-behind-proxy",
    "origins: https://server.test",
  ],
  [
    "'self', an http page",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, { origin: "http://server.test" }),
    "http-page-to-tls-socket",
    "origins: http://server.test",
  ],
  [
    "'self', the site said to be http",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "http" }, { origin: "https://server.test" }),
    "scheme",
    "origins: https://server.test",
  ],
  [
    "'self', an app",
    told({ origins: ["'self'"], hosts: ["server.test"] }, {
      host: "server.test:81",
      origin: "app://server.test:81",
    }),
    "app-page",
    "origins: app://server.test:81",
  ],
  [
    "'self', another port",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, {
      origin: "https://server.test:81",
    }),
    "port-behind-proxy",
    "origins: https://server.test:81",
  ],
  [
    "'self', another port of localhost",
    told({ origins: ["'self'"], hosts: ["localhost"] }, {
      host: "localhost:1",
      origin: "http://localhost:2",
    }),
    "localhost-port",
    "origins: http://localhost:2",
  ],
  [
    "'self', another scheme and port",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, {
      origin: "http://server.test:81",
    }),
    "port-behind-proxy",
    "origins: http://server.test:81",
  ],
  [
    "the Host's own, 'self' not listed",
    told({ hosts: ["server.test"] }, { origin: "https://server.test" }),
    "self-not-listed",
    "origins: https://server.test",
  ],
  [
    "the Host's own, and no hosts",
    told({}, { origin: "https://server.test" }),
    "self-not-listed",
  ],
  [
    "the Host's own but for its scheme, by a host just below one that the list of suffixes refuses",
    told(
      { origins: ["'self'"], hosts: [".city.gov.be"], suffixes: publicSuffixes },
      { host: "city.gov.be", origin: "https://city.gov.be" },
      "http://city.gov.be/",
    ),
    "scheme-behind-proxy",
    "scheme: https",
  ],
  // strangers
  [
    "a neighbour below a name that the policy's own suffixes share",
    told(
      { origins: ["https://me.pythonanywhere.com"], suffixes: publicSuffixes },
      { origin: "https://evil.pythonanywhere.com" },
    ),
    "not-listed",
  ],
  [
    "the same below a name that is only theirs",
    told({ origins: ["https://me.pythonanywhere.com"] }, { origin: "https://evil.pythonanywhere.com" }),
    "sibling",
    "origins: https://evil.pythonanywhere.com",
  ],
  [
    "somebody below a shared name, whose own page is listed",
    told({ origins: ["https://github.io"] }, { origin: "https://evil.github.io" }),
    "missing-subdomain-wildcard",
  ],
  ["a stranger", told({}, { origin: "https://evil.com" }), "not-listed", "origins: https://evil.com"],
  ["an empty list", told({ origins: [] }, { origin: SITE }), "not-listed", `origins: ${SITE}`],
  [
    "the Host's host on another port, 'self' not listed",
    told({}, { origin: "https://server.test:1" }),
    "not-listed",
  ],
];

describe("what is told by reason", () => {
  for (const [name, { code, text, suggestion }, ...expected] of rows) {
    test(name, () => {
      const suggested: string[] = suggestion === null ? [] : [`${suggestion.field}: ${suggestion.entry}`];
      assertEquals<(string | undefined)[]>([code, ...suggested], expected);
      words.assert(name, text);
      if (suggestion !== null && suggestion.danger !== null) {
        words.assert(`${name}: danger`, suggestion.danger);
      }
    });
  }
  test("a long text is looked at only in part", () => {
    const { text } = told({}, { origin: `${SITE}/${"a/".repeat(5000)}\x1b` });
    assertEquals(text, told({}, { origin: `${SITE}/` }).text);
  });
});

test("a list of allowed hosts takes no entry of an app's scheme", () => {
  const origin = "moz-extension://5b2f8e8e-3b0a-4a8e-9d2e-1f0c9a7b6c5d";
  const handshake = handshakeOf({ url: "/", headers: { host: "a.test", origin } });
  const [miss] = explain(handshake, compileAllowedHosts({ allowedHosts: ["a.test"] })).nearest;
  assertEquals([miss!.code, miss!.suggestion], ["app-instance", null]);
});

words.end();
