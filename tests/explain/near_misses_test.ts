// Every way in which an origin or a Host comes near to an entry: which it is, in what words, and what is suggested.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, explain, type NearMissCode, type PolicyOptions } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { isLoopback, nameOf } from "../../src/explain/near_misses.ts";
import { handshakeOf } from "../doubles.ts";

/** What is told first of an origin, under a list of one entry or several. */
function first(
  origin: string,
  entries: string | readonly string[],
  more: Partial<PolicyOptions> = {},
  url = "/",
) {
  const origins = typeof entries === "string" ? [entries] : entries;
  const handshake = handshakeOf({ url, headers: { host: "server.test", origin } });
  return explain(handshake, compilePolicy({ origins, ...more })).nearest[0]!;
}

const CLEARTEXT = "whoever is on the way between it and its visitors can write an http page";
const LOCAL = "whatever runs on a visitor's own machine can serve such a page: for development alone";

describe("an origin near an entry", () => {
  /** `entry`: what is suggested; undefined: the origin as it is; null: nothing. */
  const table: [
    origin: string,
    entry: string,
    code: NearMissCode,
    differs: string,
    text: string,
    suggested?: string | null | undefined,
    danger?: string,
  ][] = [
    [
      "https://a.test:8443",
      "https://a.test",
      "port",
      "port",
      `Only the port differs from "https://a.test" (origins[0])`,
    ],
    [
      "https://a.test:443",
      "a.test:8443",
      "port",
      "port",
      `Only the port differs from "a.test:8443" (origins[0])`,
      "https://a.test",
    ],
    [
      "https://x.a.test:1",
      "https://.a.test",
      "port",
      "port",
      `Only the port differs from "https://.a.test" (origins[0])`,
    ],
    [
      "http://localhost:5173",
      "http://localhost:3000",
      "localhost-port",
      "port",
      `Only the port differs from "http://localhost:3000" (origins[0]): it is another server of the same machine`,
      undefined,
      LOCAL,
    ],
    [
      "http://a.test",
      "https://a.test",
      "scheme",
      "scheme",
      `Only the scheme differs from "https://a.test" (origins[0])`,
      undefined,
      CLEARTEXT,
    ],
    [
      "https://a.test:81",
      "http://*.a.test:81",
      "apex-left-out",
      "scheme host",
      `"http://*.a.test:81" (origins[0]) admits the subdomains and leaves the host itself out; "http://.a.test:81" is both`,
    ],
    [
      "app://a.test",
      "https://a.test:*",
      "scheme",
      "scheme",
      `Only the scheme differs from "https://a.test:*" (origins[0])`,
    ],
    [
      "https://a.test",
      "wss://a.test",
      "socket-scheme",
      "scheme",
      `"wss://a.test" (origins[0]) has the socket's scheme, which no page has: an origin is the page's, http or https`,
    ],
    [
      "https://a.test:8443",
      "ws://a.test",
      "socket-scheme",
      "scheme port",
      `"ws://a.test" (origins[0]) has the socket's scheme, which no page has: an origin is the page's, http or https`,
    ],
    [
      "http://a.test:8080",
      "https://a.test",
      "scheme-and-port",
      "scheme port",
      `The host is that of "https://a.test" (origins[0]); scheme and port differ`,
      undefined,
      CLEARTEXT,
    ],
    [
      "https://a.test.",
      "https://a.test",
      "trailing-dot",
      "host",
      `Only the dot at the end differs from "https://a.test" (origins[0]): with it, it is another host`,
    ],
    [
      "https://x.a.test",
      "*.a.test.",
      "trailing-dot",
      "host",
      `Only the dot at the end differs from "*.a.test." (origins[0]): with it, it is another host`,
    ],
    [
      "https://a.test",
      "*.a.test",
      "apex-left-out",
      "host",
      `"*.a.test" (origins[0]) admits the subdomains and leaves the host itself out; ".a.test" is both`,
    ],
    [
      "https://x.y.a.test",
      "https://a.test:*",
      "missing-subdomain-wildcard",
      "host",
      `It is below "https://a.test:*" (origins[0]), which is that host alone; "https://*.a.test:*" is every host below it`,
    ],
    [
      "http://127.0.0.1:3000",
      "http://localhost:3000",
      "loopback-name",
      "host",
      `It is this machine by another name than "http://localhost:3000" (origins[0]): localhost, 127.0.0.1 and [::1] are three hosts`,
      undefined,
      LOCAL,
    ],
    [
      "https://xn--exmple-cua.test",
      "https://example.test",
      "look-alike",
      "host",
      String.raw`It looks like "https://example.test" (origins[0]) and is another name, "ex\u00e4mple.test"`,
      null,
    ],
    [
      "https://pay.examp1e.test",
      ".example.test",
      "look-alike",
      "host",
      `It looks like ".example.test" (origins[0]) and is another name, "pay.examp1e.test"`,
      null,
    ],
    [
      "https://a.test",
      "https://www.a.test",
      "parent-of-listed",
      "host",
      `"https://www.a.test" (origins[0]) is below it: a host does not stand for its parent`,
    ],
    [
      "https://a.test.evil.com",
      "https://a.test",
      "listed-name-in-front",
      "host",
      `The name of "https://a.test" (origins[0]) stands in front of another's: the end of a name says whose it is`,
      null,
    ],
    [
      "http://127.0.0.1.nip.io",
      "http://127.0.0.1",
      "listed-name-in-front",
      "host",
      `The name of "http://127.0.0.1" (origins[0]) stands in front of another's: the end of a name says whose it is`,
      null,
    ],
    [
      "https://evila.test",
      ".a.test",
      "listed-name-glued",
      "host",
      `It is another name than ".a.test" (origins[0]), though letters of it are the same`,
      undefined,
      "names made like this one are registered to deceive",
    ],
    [
      "https://a.testing",
      "https://a.test",
      "listed-name-glued",
      "host",
      `It is another name than "https://a.test" (origins[0]), though letters of it are the same`,
      undefined,
      "names made like this one are registered to deceive",
    ],
    [
      "https://api.a.test",
      "https://www.a.test",
      "sibling",
      "host",
      `It is a sibling of "https://www.a.test" (origins[0]), below "a.test"`,
    ],
    [
      "http://evil-localhost",
      "localhost",
      "listed-name-glued",
      "host",
      `It is another name than "localhost" (origins[0]), though letters of it are the same`,
      undefined,
      "names made like this one are registered to deceive",
    ],
    ["https://apple.com", "https://app", "not-listed", "", "No entry is near apple.com"],
    // No neighbours: a shared suffix is nobody's, and addresses have none.
    ["https://evil.github.io", "https://mine.github.io", "not-listed", "", "No entry is near evil.github.io"],
    [
      "http://10.0.0.2",
      "http://10.0.0.1",
      "not-listed",
      "",
      "No entry is near 10.0.0.2",
      undefined,
      CLEARTEXT,
    ],
    ["https://evil.com", "https://a.com", "not-listed", "", "No entry is near evil.com"],
    ["https://evil.com", "moz-extension://*", "not-listed", "", "No entry is near evil.com"],
    [
      "moz-extension://x:1",
      "moz-extension://*",
      "port",
      "port",
      `Only the port differs from "moz-extension://*" (origins[0])`,
    ],
    // Danger by what the origin is.
    [
      "capacitor://localhost",
      "https://a.test",
      "not-listed",
      "",
      "No entry is near localhost",
      undefined,
      "every app made with that framework sends this origin",
    ],
    [
      "http://[::1]:1",
      "http://[::1]",
      "localhost-port",
      "port",
      `Only the port differs from "http://[::1]" (origins[0]): it is another server of the same machine`,
      undefined,
      LOCAL,
    ],
    // What no list takes cannot be suggested.
    ["https://undefined", "https://a.test", "not-listed", "", "No entry is near undefined", null],
    [
      "file://a.test",
      "https://a.test",
      "scheme",
      "scheme",
      `Only the scheme differs from "https://a.test" (origins[0])`,
      null,
    ],
    // An operator's text is escaped and cut like any other.
    [
      "https://xn--bcher-kva.test:1",
      "https://bücher.test",
      "port",
      "port",
      String.raw`Only the port differs from "https://b\u00fccher.test" (origins[0])`,
    ],
  ];
  for (const [origin, entry, code, differs, text, suggested, danger] of table) {
    test(`${origin}, listed ${entry}: ${code}`, () => {
      const miss = first(origin, entry);
      assertEquals(miss.code, code);
      assertEquals(miss.differs.join(" "), differs);
      assertEquals(miss.text, text);
      assertEquals(miss.suggestion?.entry ?? null, suggested === undefined ? origin : suggested);
      if (suggested !== null) assertEquals(miss.suggestion?.field, "origins");
      assertEquals(miss.suggestion?.danger ?? null, danger ?? null);
      assertEquals(miss.entry, differs === "" ? null : { list: "origins", index: 0, pattern: entry });
    });
  }

  test("an http page to a socket behind TLS", () => {
    const miss = first("http://a.test", "https://a.test", { scheme: "https" });
    assertEquals(miss.code, "http-page-to-tls-socket");
    assertEquals(
      miss.text,
      `Only the scheme differs from "https://a.test" (origins[0]): the page came over http, the socket is behind TLS`,
    );
    assertEquals(first("http://a.test", "https://a.test", {}, "https://server.test/").code, miss.code);
    assertEquals(first("app://a.test", "https://a.test", { scheme: "https" }).code, "scheme");
  });

  test("no wildcard is named over a name that strangers can register below, and whoever adds one is told", () => {
    const told = (more: Partial<PolicyOptions>) => {
      const { code, text, suggestion } = first("https://x.gov.be", "https://gov.be", more);
      return [code, text.slice(text.indexOf(";") + 2), suggestion?.entry, suggestion?.danger];
    };
    const code = "missing-subdomain-wildcard";
    // A guess at the registries of countries calls it one; the Public Suffix List, where it is given, knows better.
    const strangers = "strangers can register names there";
    assertEquals(told({}), [code, strangers, "https://x.gov.be", strangers]);
    assertEquals(told({ suffixes: publicSuffixes }), [
      code,
      `"https://*.gov.be" is every host below it`,
      "https://x.gov.be",
      null,
    ]);
  });

  test("the nearest comes first, whatever the order of the list", () => {
    const far = [
      "https://www.a.test",
      "https://.b.a.test",
      "*.a.test",
      "http://a.test:81",
      "wss://a.test",
      "https://a.test:81",
    ];
    for (const list of [far, far.toReversed()]) {
      assertEquals(
        explain(
          handshakeOf({ url: "/", headers: { host: "server.test", origin: "https://a.test" } }),
          compilePolicy({ origins: list }),
        )
          .nearest.map(({ code }) => code),
        ["port", "socket-scheme", "scheme-and-port", "apex-left-out", "parent-of-listed"],
      );
    }
    const { entry } = first("https://a.test", ["http://*.a.test", "https://*.a.test"]);
    assertEquals(entry?.index, 1, "of two of one kind, the one that differs in less");
  });

  test("entries of dangerouslyAllow and of debug are told as what they are", () => {
    const dangerous = first("https://x.vercel.app:8443", [], {
      dangerouslyAllow: ["null", "https://*.vercel.app"],
    });
    assertEquals(dangerous.entry, { list: "dangerouslyAllow", index: 1, pattern: "https://*.vercel.app" });
    const added = first("app://localhost", [], { debug: true });
    assertEquals([added.code, added.entry?.list], ["scheme", "debug"]);
    assert(added.text.includes('"http://localhost:*" (added by debug)'), added.text);
    assertEquals(nameOf({ list: "absent", index: -1, pattern: "deny" }), '"deny" (absent)');
  });
});

describe("a Host near an entry", () => {
  const DANGER = "DNS rebinding: a name that others control can be made to resolve to this server";
  const table: [
    host: string,
    hosts: readonly string[],
    code: NearMissCode,
    text: string,
    entry: string | null,
  ][] = [
    [
      "a.test:81",
      ["a.test:80"],
      "host-port",
      `Only the port differs from "a.test:80" (hosts[0])`,
      "a.test:81",
    ],
    ["a.test", ["a.test:81"], "host-port", `Only the port differs from "a.test:81" (hosts[0])`, "a.test"],
    [
      "a.test.",
      ["a.test"],
      "host-trailing-dot",
      `Only the dot at the end differs from "a.test" (hosts[0]): with it, it is another host`,
      "a.test.",
    ],
    [
      "a.test",
      ["*.a.test:1"],
      "host-apex-left-out",
      `"*.a.test:1" (hosts[0]) admits the subdomains and leaves the host itself out; ".a.test:1" is both`,
      "a.test",
    ],
    [
      "WS.a.test:1",
      ["a.test"],
      "host-missing-subdomain-wildcard",
      `It is below "a.test" (hosts[0]), which is that host alone; "*.a.test" is every host below it`,
      "ws.a.test",
    ],
    ["evil.com", ["a.test"], "host-not-listed", "No entry of hosts is near this Host", "evil.com"],
    // Not a word on what deceives: nobody types a Host.
    ["evila.test", ["a.test"], "host-not-listed", "No entry of hosts is near this Host", "evila.test"],
    ["a.test", [], "host-not-listed", "The list of hosts is empty", "a.test"],
    ["undefined", ["a.test"], "host-not-listed", "No entry of hosts is near this Host", null],
  ];
  for (const [host, hosts, code, text, entry] of table) {
    test(`${host}, listed ${JSON.stringify(hosts)}: ${code}`, () => {
      const policy = compilePolicy({ origins: ["*"], hosts });
      const [miss] = explain(handshakeOf({ url: "/", headers: { host } }), policy).nearest;
      assertEquals([miss?.code, miss?.text], [code, text]);
      assertEquals(miss?.suggestion, entry === null ? null : { field: "hosts", entry, danger: DANGER });
    });
  }
  test("what debug adds is told as such", () => {
    const policy = compilePolicy({ origins: ["*"], hosts: ["a.test"], debug: true });
    const [miss] = explain(handshakeOf({ url: "/", headers: { host: "localhost." } }), policy).nearest;
    assertEquals([miss?.code, miss?.entry], ["host-trailing-dot", {
      list: "debug",
      index: 0,
      pattern: "localhost",
    }]);
  });
});

describe("isLoopback()", () => {
  test("names and addresses of the browser's own machine", () => {
    for (const host of ["localhost", "app.localhost", "127.0.0.1", "127.255.0.9", "[::1]"]) {
      assert(isLoopback(host), host);
    }
    for (
      const host of ["localhost.test", "evil-localhost", "128.0.0.1", "127.0.0.1.nip.io", "[::]", "10.0.0.1"]
    ) {
      assert(!isLoopback(host), host);
    }
  });
});
