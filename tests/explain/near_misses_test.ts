// Every way in which an origin or a Host comes near to an entry: which it is, in what words, and what is suggested.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, explain, type NearMissCode, type PolicyOptions } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { isLoopback, nameOf } from "../../src/explain/near_misses.ts";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";

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
const DECEIT = "names made like this one are registered to deceive";
const FRAMEWORK = "every app made with that framework sends this origin";

interface Suggestion {
  /** What is suggested instead of the origin as it is; null: nothing. */
  readonly suggests?: string | null;
  /** What is told of it. */
  readonly danger?: string;
}
interface Kind extends Suggestion {
  readonly code: NearMissCode;
  readonly differs: string;
  /** ENTRY stands for the quoted entry and its place, HOST for that of the origin. */
  readonly text: string;
  readonly rows: readonly (readonly [origin: string, entry: string, special?: Suggestion])[];
}

describe("an origin near an entry", () => {
  const kinds: readonly Kind[] = [
    {
      code: "port",
      differs: "port",
      text: "Only the port differs from ENTRY",
      rows: [
        ["https://a.test:8443", "https://a.test"],
        ["https://a.test:443", "a.test:8443", { suggests: "https://a.test" }],
        ["https://x.a.test:1", "https://.a.test"],
        ["moz-extension://x:1", "moz-extension://*"],
      ],
    },
    {
      code: "port",
      differs: "port",
      // An operator's text is escaped and cut like any other.
      text: String.raw`Only the port differs from "https://b\u00fccher.test" (origins[0])`,
      rows: [["https://xn--bcher-kva.test:1", "https://bücher.test"]],
    },
    {
      code: "localhost-port",
      differs: "port",
      text: "Only the port differs from ENTRY: it is another server of the same machine",
      danger: LOCAL,
      rows: [["http://localhost:5173", "http://localhost:3000"], ["http://[::1]:1", "http://[::1]"]],
    },
    {
      code: "scheme",
      differs: "scheme",
      text: "Only the scheme differs from ENTRY",
      rows: [
        ["http://a.test", "https://a.test", { danger: CLEARTEXT }],
        ["app://a.test", "https://a.test:*"],
        // What no list takes cannot be suggested.
        ["file://a.test", "https://a.test", { suggests: null }],
      ],
    },
    {
      code: "socket-scheme",
      differs: "scheme",
      text: "ENTRY has the socket's scheme, which no page has: an origin is the page's, http or https",
      rows: [["https://a.test", "wss://a.test"]],
    },
    {
      code: "socket-scheme",
      differs: "scheme port",
      text: "ENTRY has the socket's scheme, which no page has: an origin is the page's, http or https",
      rows: [["https://a.test:8443", "ws://a.test"]],
    },
    {
      code: "scheme-and-port",
      differs: "scheme port",
      text: "The host is that of ENTRY; scheme and port differ",
      danger: CLEARTEXT,
      rows: [["http://a.test:8080", "https://a.test"]],
    },
    {
      code: "trailing-dot",
      differs: "host",
      text: "Only the dot at the end differs from ENTRY: with it, it is another host",
      rows: [["https://a.test.", "https://a.test"], ["https://x.a.test", "*.a.test."]],
    },
    {
      code: "apex-left-out",
      differs: "host",
      text: 'ENTRY admits the subdomains and leaves the host itself out; ".a.test" is both',
      rows: [["https://a.test", "*.a.test"]],
    },
    {
      code: "apex-left-out",
      differs: "scheme host",
      text: 'ENTRY admits the subdomains and leaves the host itself out; "http://.a.test:81" is both',
      rows: [["https://a.test:81", "http://*.a.test:81"]],
    },
    {
      code: "missing-subdomain-wildcard",
      differs: "host",
      text: 'It is below ENTRY, which is that host alone; "https://*.a.test:*" is every host below it',
      rows: [["https://x.y.a.test", "https://a.test:*"]],
    },
    {
      code: "loopback-name",
      differs: "host",
      text: "It is this machine by another name than ENTRY: localhost, 127.0.0.1 and [::1] are three hosts",
      danger: LOCAL,
      rows: [["http://127.0.0.1:3000", "http://localhost:3000"]],
    },
    {
      code: "look-alike",
      differs: "host",
      text: String.raw`It looks like ENTRY and is another name, "ex\u00e4mple.test"`,
      suggests: null,
      rows: [["https://xn--exmple-cua.test", "https://example.test"]],
    },
    {
      code: "look-alike",
      differs: "host",
      text: 'It looks like ENTRY and is another name, "HOST"',
      suggests: null,
      rows: [["https://pay.examp1e.test", ".example.test"]],
    },
    {
      code: "parent-of-listed",
      differs: "host",
      text: "ENTRY is below it: a host does not stand for its parent",
      rows: [["https://a.test", "https://www.a.test"]],
    },
    {
      code: "listed-name-in-front",
      differs: "host",
      text: "The name of ENTRY stands in front of another's: the end of a name says whose it is",
      suggests: null,
      rows: [["https://a.test.evil.com", "https://a.test"], ["http://127.0.0.1.nip.io", "http://127.0.0.1"]],
    },
    {
      code: "listed-name-glued",
      differs: "host",
      text: "It is another name than ENTRY, though letters of it are the same",
      danger: DECEIT,
      rows: [
        ["https://evila.test", ".a.test"],
        ["https://a.testing", "https://a.test"],
        ["http://evil-localhost", "localhost"],
      ],
    },
    {
      code: "sibling",
      differs: "host",
      text: 'It is a sibling of ENTRY, below "a.test"',
      rows: [["https://api.a.test", "https://www.a.test"]],
    },
    {
      code: "not-listed",
      differs: "",
      text: "No entry is near HOST",
      rows: [
        ["https://apple.com", "https://app"],
        // No neighbours: a shared suffix is nobody's, and addresses have none.
        ["https://evil.github.io", "https://mine.github.io"],
        ["http://10.0.0.2", "http://10.0.0.1", { danger: CLEARTEXT }],
        ["https://evil.com", "https://a.com"],
        ["https://evil.com", "moz-extension://*"],
        // Danger by what the origin is.
        ["capacitor://localhost", "https://a.test", { danger: FRAMEWORK }],
        // What no list takes cannot be suggested.
        ["https://undefined", "https://a.test", { suggests: null }],
      ],
    },
  ];
  for (const { rows, ...kind } of kinds) {
    for (const [origin, entry, special] of rows) {
      const { code, differs, suggests, danger } = { suggests: origin, danger: null, ...kind, ...special };
      const text = kind.text.replace("ENTRY", `"${entry}" (origins[0])`)
        .replace("HOST", origin.slice(origin.indexOf("//") + 2));
      test(`${origin}, listed ${entry}: ${code}`, () => {
        const miss = first(origin, entry);
        assertEquals(miss.code, code);
        assertEquals(miss.differs.join(" "), differs);
        assertEquals(miss.text, text);
        assertEquals(miss.suggestion?.entry ?? null, suggests);
        if (suggests !== null) assertEquals(miss.suggestion?.field, "origins");
        assertEquals(miss.suggestion?.danger ?? null, danger);
        assertEquals(miss.entry, differs === "" ? null : { list: "origins", index: 0, pattern: entry });
      });
    }
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
    eachRow([far, far.toReversed()], (list) => {
      assertEquals(
        explain(
          handshakeOf({ url: "/", headers: { host: "server.test", origin: "https://a.test" } }),
          compilePolicy({ origins: list }),
        )
          .nearest.map(({ code }) => code),
        ["port", "socket-scheme", "scheme-and-port", "apex-left-out", "parent-of-listed"],
      );
    });
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
    eachRow(["localhost", "app.localhost", "127.0.0.1", "127.255.0.9", "[::1]"], (host) => {
      assert(isLoopback(host));
    });
    const others = ["localhost.test", "evil-localhost", "128.0.0.1", "127.0.0.1.nip.io", "[::]", "10.0.0.1"];
    eachRow(others, (host) => assert(!isLoopback(host)));
  });
});
