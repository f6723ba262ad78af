// Every way in which an origin or a Host comes near to an entry: which it is, and what is suggested.

import { nameOf } from "../../src/explain/explanation_text.ts";
import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { compilePolicy, explain, type NearMiss, type NearMissCode, type PolicyOptions } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { quote } from "../../src/quote.ts";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

/** What is said of a miss: its text, and the danger of what is suggested. */
function assertMiss(key: string, { text, suggestion }: NearMiss): void {
  words.assert(key, text);
  if (suggestion !== null && suggestion.danger !== null) words.assert(`${key}: danger`, suggestion.danger);
}

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

interface Suggestion {
  /** What is suggested instead of the origin as it is; null: nothing. */
  readonly suggests?: string | null;
  /** Whether it is dangerous, and that is told. */
  readonly danger?: boolean;
}
interface Kind extends Suggestion {
  readonly code: NearMissCode;
  readonly differs: string;
  /** What the text names besides the entry. */
  readonly names?: string;
  readonly rows: readonly (readonly [origin: string, entry: string, special?: Suggestion])[];
}

describe("an origin near an entry", () => {
  const kinds: readonly Kind[] = [
    {
      code: "port",
      differs: "port",
      rows: [
        ["https://a.test:8443", "https://a.test"],
        ["https://a.test:443", "a.test:8443", { suggests: "https://a.test" }],
        ["https://x.a.test:1", "https://.a.test"],
        ["moz-extension://x:1", "moz-extension://*"],
        // An operator's text is escaped and cut like any other.
        ["https://xn--bcher-kva.test:1", "https://bücher.test"],
      ],
    },
    {
      code: "localhost-port",
      differs: "port",
      danger: true,
      rows: [["http://localhost:5173", "http://localhost:3000"], ["http://[::1]:1", "http://[::1]"]],
    },
    {
      code: "scheme",
      differs: "scheme",
      rows: [
        ["http://a.test", "https://a.test", { danger: true }],
        ["https://a.test", "web+app://a.test:*"],
      ],
    },
    { code: "socket-scheme", differs: "scheme", rows: [["https://a.test", "wss://a.test"]] },
    { code: "socket-scheme", differs: "scheme port", rows: [["https://a.test:8443", "ws://a.test"]] },
    {
      code: "scheme-and-port",
      differs: "scheme port",
      danger: true,
      rows: [["http://a.test:8080", "https://a.test"]],
    },
    {
      code: "trailing-dot",
      differs: "host",
      rows: [["https://a.test.", "https://a.test"], ["https://x.a.test", "*.a.test."]],
    },
    { code: "apex-left-out", differs: "host", names: ".a.test", rows: [["https://a.test", "*.a.test"]] },
    {
      code: "apex-left-out",
      differs: "scheme host",
      names: "http://.a.test:81",
      rows: [["https://a.test:81", "http://*.a.test:81"]],
    },
    {
      code: "missing-subdomain-wildcard",
      differs: "host",
      names: "https://*.a.test:*",
      rows: [["https://x.y.a.test", "https://a.test:*"]],
    },
    {
      code: "loopback-name",
      differs: "host",
      danger: true,
      rows: [["http://127.0.0.1:3000", "http://localhost:3000"]],
    },
    {
      code: "look-alike",
      differs: "host",
      names: "exämple.test",
      suggests: null,
      rows: [["https://xn--exmple-cua.test", "https://example.test"]],
    },
    {
      code: "look-alike",
      differs: "host",
      names: "pay.examp1e.test",
      suggests: null,
      rows: [["https://pay.examp1e.test", ".example.test"]],
    },
    { code: "parent-of-listed", differs: "host", rows: [["https://a.test", "https://www.a.test"]] },
    {
      code: "listed-name-in-front",
      differs: "host",
      suggests: null,
      rows: [["https://a.test.evil.com", "https://a.test"], ["http://127.0.0.1.nip.io", "http://127.0.0.1"]],
    },
    {
      code: "listed-name-glued",
      differs: "host",
      suggests: null,
      rows: [
        ["https://evila.test", ".a.test"],
        ["https://a.testing", "https://a.test"],
        ["http://evil-localhost", "localhost"],
      ],
    },
    {
      code: "sibling",
      differs: "host",
      names: "a.test",
      rows: [["https://api.a.test", "https://www.a.test"]],
    },
    {
      code: "not-listed",
      differs: "",
      rows: [
        ["https://apple.com", "https://app"],
        // No neighbours: a shared suffix is nobody's, and addresses have none.
        ["https://evil.github.io", "https://mine.github.io", { suggests: null }],
        ["http://10.0.0.2", "http://10.0.0.1", { danger: true }],
        ["https://evil.com", "https://a.com"],
        ["https://evil.com", "moz-extension://*"],
        // What no list takes cannot be suggested.
        ["https://undefined", "https://a.test", { suggests: null }],
      ],
    },
  ];
  for (const { rows, ...kind } of kinds) {
    for (const [origin, entry, special] of rows) {
      const { code, differs, names, suggests, danger } = {
        suggests: origin,
        danger: false,
        names: undefined,
        ...kind,
        ...special,
      };
      const name = `${origin}, listed ${entry}`;
      test(`${name}: ${code}`, () => {
        const miss = first(origin, entry);
        assertEquals(miss.code, code);
        assertEquals(miss.differs.join(" "), differs);
        assertEquals(miss.suggestion?.entry ?? null, suggests);
        if (suggests !== null) assertEquals(miss.suggestion?.field, "origins");
        assertEquals((miss.suggestion?.danger ?? null) !== null, danger);
        assertEquals(miss.entry, differs === "" ? null : { list: "origins", index: 0, pattern: entry });
        if (miss.entry !== null) assertStringIncludes(miss.text, `${quote(entry)} (origins[0])`);
        if (names !== undefined) assertStringIncludes(miss.text, quote(names));
        assertMiss(name, miss);
      });
    }
  }

  test("an http page to a socket behind TLS", () => {
    const miss = first("http://a.test", "https://a.test", { scheme: "https" });
    assertEquals(miss.code, "http-page-to-tls-socket");
    assertMiss("http://a.test, listed https://a.test, behind TLS", miss);
    assertEquals(first("http://a.test", "https://a.test", {}, "https://server.test/").code, miss.code);
    assertEquals(first("app://a.test", "https://a.test", { scheme: "https" }).code, "app-page");
  });

  test("neither a wildcard nor an entry is named where strangers can register below", () => {
    const isNamed = (name: string, more: Partial<PolicyOptions>, list: string) => {
      const miss = first(`https://x.${name}`, `https://${name}`, more);
      assertMiss(`https://x.${name}, listed https://${name}, by ${list}`, miss);
      const { code, text, suggestion } = miss;
      assertEquals(code, "missing-subdomain-wildcard");
      const entry = suggestion?.danger === null ? suggestion.entry : null;
      return [text.includes(`"https://*.${name}"`), entry === `https://x.${name}`];
    };
    const table: [name: string, byTheShortList: boolean, byTheFullOne: boolean][] = [
      ["a.test", true, true],
      ["readthedocs.io", true, false],
      // A guess at the registries of countries, which the full list does not take back.
      ["gov.be", false, false],
    ];
    eachRow(table, ([name, byTheShortList, byTheFullOne]) => {
      assertEquals(isNamed(name, {}, "the short list of suffixes"), [byTheShortList, byTheShortList]);
      const full = isNamed(name, { suffixes: publicSuffixes }, "the Public Suffix List");
      assertEquals(full, [byTheFullOne, byTheFullOne]);
    });
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
        ["port", "apex-left-out", "parent-of-listed", "parent-of-listed", "socket-scheme"],
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
    const added = first("ws://localhost", ["https://a.test"], { debug: true });
    const { nearest } = explain(
      handshakeOf({ url: "/", headers: { host: "server.test", origin: "ws://localhost" } }),
      compilePolicy({ origins: [], debug: true }),
    );
    assertEquals([added.code, nearest[1]?.entry?.list], ["native-client", "debug"]);
    assertMiss("https://x.vercel.app:8443, listed in dangerouslyAllow", dangerous);
    assertMiss("ws://localhost, by debug", nearest[1]!);
    assertEquals(nameOf({ list: "absent", index: -1, pattern: "deny" }), '"deny" (absent)');
  });
});

describe("a Host near an entry", () => {
  const table: [host: string, hosts: readonly string[], code: NearMissCode, entry: string | null][] = [
    ["a.test:81", ["a.test:80"], "host-port", "a.test:81"],
    ["a.test", ["a.test:81"], "host-port", "a.test"],
    ["a.test.", ["a.test"], "host-trailing-dot", "a.test."],
    ["a.test", ["*.a.test:1"], "host-apex-left-out", "a.test"],
    ["WS.a.test:1", ["a.test"], "host-missing-subdomain-wildcard", "ws.a.test"],
    ["evil.com", ["a.test"], "host-not-listed", "evil.com"],
    // Not a word on what deceives: nobody types a Host.
    ["evila.test", ["a.test"], "host-not-listed", "evila.test"],
    ["a.test", [], "host-not-listed", "a.test"],
    ["undefined", ["a.test"], "host-not-listed", null],
  ];
  for (const [host, hosts, code, entry] of table) {
    const name = `${host}, listed ${JSON.stringify(hosts)}`;
    test(`${name}: ${code}`, () => {
      const policy = compilePolicy({ origins: ["*"], hosts });
      const miss = explain(handshakeOf({ url: "/", headers: { host } }), policy).nearest[0]!;
      assertEquals(miss.code, code);
      const { danger, ...suggestion } = miss.suggestion ?? { danger: null };
      assertEquals<unknown>(suggestion, entry === null ? {} : { field: "hosts", entry });
      assertEquals(danger === null, entry === null);
      if (miss.entry !== null) assertStringIncludes(miss.text, `"${hosts[0]}" (hosts[0])`);
      assertMiss(name, miss);
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

words.end();
