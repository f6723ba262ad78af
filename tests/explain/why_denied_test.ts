// What is told of a refusal that no entry explains: by its reason, in words, with what would let it in.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { compilePolicy, explain, type NearMissCode, type PolicyOptions } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { handshakeOf } from "../doubles.ts";

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
  text: string,
  suggestion?: string,
];

const rows: readonly Row[] = [
  // Host
  [
    "no Host",
    told({}, { host: null }),
    "host-absent",
    "Every HTTP/1.1 request has a Host header, and this one has none",
  ],
  ["an empty Host", told({}, { host: "" }), "host-malformed", "The Host header is empty"],
  [
    "two Hosts",
    told({}, { host: "a, b" }),
    "host-malformed",
    "There are two Host headers, or a comma in one",
  ],
  [
    "127.1",
    told({}, { host: "127.1" }),
    "host-malformed",
    "The Host header is not a host in its one canonical form with an optional port",
  ],
  [
    "another authority",
    told({}, {}, "http://evil.test/"),
    "host-mismatch",
    "The request's URL names evil.test, its Host header server.test",
  ],
  [
    "an authority with a user",
    told({}, {}, "http://u@server.test/"),
    "host-mismatch",
    `The request's URL names "u@server.test", its Host header server.test`,
  ],
  [
    "another scheme",
    told({}, { host: "Server.test" }, "foo://server.test/"),
    "host-mismatch",
    "The request's URL names server.test, its Host header Server.test, and the URL's scheme is none of HTTP's",
  ],
  // no Origin that names somebody
  [
    "no Origin",
    told({}, {}),
    "absent-origin",
    "There is no Origin: it was no browser, or something on the way took it out",
    "absent: allow-without-credentials",
  ],
  [
    "no Origin, a Cookie",
    told({}, { cookie: "a=b" }),
    "absent-with-credentials",
    "There is no Origin, and a Cookie or Authorization: it was no browser, or something on the way took Origin out",
    "absent: allow",
  ],
  [
    "no Origin, a login, and only those without get in",
    told({ absent: "allow-without-credentials" }, { authorization: "x" }),
    "absent-with-credentials",
    "There is no Origin, and a Cookie or Authorization: it is let in without Origin only where it has neither",
    "absent: allow",
  ],
  [
    "an empty Origin",
    told({}, { origin: "" }),
    "empty-origin",
    "Origin is there and empty, which no browser sends",
  ],
  [
    "null",
    told({}, { origin: "null" }),
    "null-origin",
    "A page without an origin of its own: in a sandboxed frame, from a file: or data: URL",
    "dangerouslyAllow: null",
  ],
  // malformed
  [
    "file:",
    told({}, { origin: "file:///" }),
    "file-page",
    "A page opened from a file has no origin that a list could name: serve it over http",
  ],
  [
    "two Origins",
    told({}, { origin: `${SITE}, null` }),
    "several-origins",
    "There are several origins: a handshake has one Origin header, with one in it",
  ],
  [
    "a list of RFC 6454",
    told({}, { origin: `${SITE} http://b.test` }),
    "several-origins",
    "There are several origins: a handshake has one Origin header, with one in it",
  ],
  [
    "upper case",
    told({}, { origin: "https://A.test" }),
    "malformed-origin",
    "It is no origin: no browser sends an origin in upper case",
  ],
  [
    "a slash",
    told({}, { origin: `${SITE}/` }),
    "malformed-origin",
    "It is no origin: an origin ends with its host or port, without so much as a slash after it",
  ],
  [
    "a path",
    told({}, { origin: `${SITE}:81/x?y#z` }),
    "malformed-origin",
    "It is no origin: an origin ends with its host or port, without so much as a slash after it",
  ],
  [
    "control characters",
    told({}, { origin: "https://a.test\x1b[2J" }),
    "malformed-origin",
    "It is no origin: there are characters in it that no browser sends",
  ],
  [
    "a host alone",
    told({}, { origin: "a.test" }),
    "malformed-origin",
    "It is no origin: an origin is a scheme, ://, a host and perhaps a port",
  ],
  [
    "a user",
    told({}, { origin: "https://u@a.test" }),
    "malformed-origin",
    "It is no origin: an origin names no user",
  ],
  [
    "a bad port",
    told({}, { origin: `${SITE}:0` }),
    "malformed-origin",
    "It is no origin: its scheme, host or port is not in the form that browsers send",
  ],
  // 'self'
  [
    "'self', the scheme",
    told(
      { origins: ["'self'"], hosts: ["server.test"] },
      { origin: "https://server.test" },
      "http://server.test/",
    ),
    "scheme-behind-proxy",
    `Only the scheme differs from 'self': behind a proxy that ends TLS, set the policy's scheme to "https"`,
    "scheme: https",
  ],
  [
    "'self', nothing says the scheme",
    told({ origins: ["'self'"], hosts: ["server.test"] }, { origin: "http://server.test" }),
    "scheme-behind-proxy",
    `Only the scheme differs from 'self', and nothing says which the site has: set the policy's scheme to "http"`,
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
    `Only the scheme differs from 'self': behind a proxy that ends TLS, set the policy's scheme to "https"`,
    "origins: https://server.test",
  ],
  [
    "'self', an http page",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, { origin: "http://server.test" }),
    "http-page-to-tls-socket",
    "Only the scheme differs from 'self': the page came over http, the socket is behind TLS",
    "origins: http://server.test",
  ],
  [
    "'self', the site said to be http",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "http" }, { origin: "https://server.test" }),
    "scheme",
    "Only the scheme differs from 'self'",
    "origins: https://server.test",
  ],
  [
    "'self', an app",
    told({ origins: ["'self'"], hosts: ["server.test"] }, {
      host: "server.test:81",
      origin: "app://server.test:81",
    }),
    "scheme",
    "Only the scheme differs from 'self'",
    "origins: app://server.test:81",
  ],
  [
    "'self', another port",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, {
      origin: "https://server.test:81",
    }),
    "port",
    "Only the port differs from 'self', which has that of the Host header",
    "origins: https://server.test:81",
  ],
  [
    "'self', another port of localhost",
    told({ origins: ["'self'"], hosts: ["localhost"] }, {
      host: "localhost:1",
      origin: "http://localhost:2",
    }),
    "localhost-port",
    "Only the port differs from 'self', which has that of the Host header",
    "origins: http://localhost:2",
  ],
  [
    "'self', another scheme and port",
    told({ origins: ["'self'"], hosts: ["server.test"], scheme: "https" }, {
      origin: "http://server.test:81",
    }),
    "scheme-and-port",
    "The host is that of 'self'; scheme and port differ",
    "origins: http://server.test:81",
  ],
  [
    "the Host's own, 'self' not listed",
    told({ hosts: ["server.test"] }, { origin: "https://server.test" }),
    "self-not-listed",
    "It is the Host's own origin, as React Native sends it, and 'self' is not listed",
    "origins: https://server.test",
  ],
  [
    "the Host's own, and no hosts",
    told({}, { origin: "https://server.test" }),
    "self-not-listed",
    "It is the Host's own origin, as React Native sends it, and 'self' is not listed, which needs `hosts`",
    "origins: https://server.test",
  ],
  [
    "the Host's own but for its scheme, by a host that the short list of suffixes refuses",
    told(
      { origins: ["'self'"], hosts: [".gov.be"], suffixes: publicSuffixes },
      { host: "city.gov.be", origin: "https://city.gov.be" },
      "http://city.gov.be/",
    ),
    "scheme-behind-proxy",
    "Only the scheme differs from 'self': behind a proxy that ends TLS, set the policy's scheme to \"https\"",
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
    "No entry is near evil.pythonanywhere.com",
    "origins: https://evil.pythonanywhere.com",
  ],
  [
    "the same below a name that is only theirs",
    told({ origins: ["https://me.pythonanywhere.com"] }, { origin: "https://evil.pythonanywhere.com" }),
    "sibling",
    'It is a sibling of "https://me.pythonanywhere.com" (origins[0]), below "pythonanywhere.com"',
    "origins: https://evil.pythonanywhere.com",
  ],
  [
    "somebody below a shared name, whose own page is listed",
    told({ origins: ["https://github.io"] }, { origin: "https://evil.github.io" }),
    "missing-subdomain-wildcard",
    'It is below "https://github.io" (origins[0]), which is that host alone; strangers can register names there',
    "origins: https://evil.github.io",
  ],
  [
    "a stranger",
    told({}, { origin: "https://evil.com" }),
    "not-listed",
    "No entry is near evil.com",
    "origins: https://evil.com",
  ],
  [
    "an empty list",
    told({ origins: [] }, { origin: SITE }),
    "not-listed",
    "The list is empty: it refuses every origin",
    `origins: ${SITE}`,
  ],
  [
    "the Host's host on another port, 'self' not listed",
    told({}, { origin: "https://server.test:1" }),
    "not-listed",
    "No entry is near server.test",
    "origins: https://server.test:1",
  ],
];

describe("what is told by reason", () => {
  for (const [name, { code, text, suggestion }, ...expected] of rows) {
    test(name, () => {
      const suggested: string[] = suggestion === null ? [] : [`${suggestion.field}: ${suggestion.entry}`];
      assertEquals<(string | undefined)[]>([code, text, ...suggested], expected);
    });
  }
  test("a long text is looked at only in part", () => {
    const { text } = told({}, { origin: `${SITE}/${"a/".repeat(5000)}\x1b` });
    assertEquals(
      text,
      "It is no origin: an origin ends with its host or port, without so much as a slash after it",
    );
  });
});
