// The words of explanations, whole, and what hostile headers make of them in every form: nothing but printable ASCII.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, explain, formatExplanation, guard, type PolicyOptions } from "@wsgate/wsgate";
import { whyInOneLine, wrap } from "../../src/explain/explanation_text.ts";
import { handshakeOf, handshakeRequest, printed } from "../doubles.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";

const SITE = "https://a.test";

function explained(
  options: Partial<PolicyOptions>,
  headers: Readonly<Record<string, string | null>>,
  url = "/",
) {
  const handshake = handshakeOf({ url, headers: { host: "ws.test", ...headers } });
  return explain(handshake, compilePolicy({ origins: [SITE], ...options }));
}

describe('formatExplanation(…, "line")', () => {
  const table: [name: string, explanation: ReturnType<typeof explained>, line: string][] = [
    [
      "allowed",
      explained({}, { origin: SITE }),
      `allowed: Origin https://a.test, Host "ws.test". By "https://a.test" (origins[0])`,
    ],
    [
      "allowed without Origin",
      explained({ absent: "allow" }, {}),
      `allowed: Origin absent, Host "ws.test". There is no Origin, and absent is "allow"`,
    ],
    [
      "a port",
      explained({}, { origin: `${SITE}:8443` }),
      `refused (403 origin-not-allowed): Origin https://a.test:8443, Host "ws.test". Only the port differs from ` +
      `"https://a.test" (origins[0]); to allow it, add "https://a.test:8443" to origins, only if this site is yours`,
    ],
    [
      "danger",
      explained({}, { origin: "null" }),
      `refused (403 origin-null): Origin "null", Host "ws.test". A page without an origin of its own: in a sandboxed ` +
      `frame, from a file: or data: URL; to allow it, add "null" to dangerouslyAllow ` +
      `(any site can put a page in a sandboxed frame, and it sends the same)`,
    ],
    [
      "an option",
      explained({}, {}),
      `refused (403 origin-absent): Origin absent, Host "ws.test". There is no Origin: it was no browser, or something ` +
      `on the way took it out; to allow it, set absent to "allow-without-credentials" ` +
      `(what trusts a network, a client certificate or a token in the URL is open to every program)`,
    ],
    [
      "the scheme, said once",
      explained(
        { origins: ["'self'"], hosts: ["ws.test"] },
        { origin: "https://ws.test" },
        "http://ws.test/",
      ),
      `refused (403 origin-not-allowed): Origin https://ws.test, Host "ws.test". Only the scheme differs from 'self': ` +
      `behind a proxy that ends TLS, set the policy's scheme to "https"`,
    ],
    [
      "a Host, and what would be next",
      explained({ hosts: ["ws.test:1"] }, { origin: "https://evil.test", host: "WS.test:2" }),
      `refused (403 host-not-allowed): Origin https://evil.test, Host "WS.test:2". Only the port differs from ` +
      `"ws.test:1" (hosts[0]); to allow it, add "ws.test:2" to hosts, only if this host is yours ` +
      `(DNS rebinding: a name that others control can be made to resolve to this server). Then: origin-not-allowed`,
    ],
    [
      "malformed headers",
      explained({}, { origin: "x\x1b", host: "\u202e" }),
      `refused (400 host-malformed): Origin "x\\u001b", Host "\\u202e". ` +
      "The Host header is not a host in its one canonical form with an optional port",
    ],
    [
      "no Host",
      explained({}, { host: null }),
      "refused (400 host-absent): Origin absent, Host absent. " +
      "Every HTTP/1.1 request has a Host header, and this one has none",
    ],
  ];
  for (const [name, explanation, line] of table) {
    test(name, () => {
      assertEquals(formatExplanation(explanation, "line"), line);
      assertEquals(formatExplanation(explanation), line, "the default");
      assert(line.endsWith(whyInOneLine(explanation)));
    });
  }

  test("nobody is told in passing how to let a stranger in", () => {
    eachRow([
      { origin: "https://evil.com" },
      { origin: "https://ws.test" },
      { origin: "https://evila.test" },
      { origin: "https://a.test.evil.com" },
      { origin: "https://xn--80ak6aa92e.test" },
      { host: "evil.com" },
    ], (headers) => {
      const line = formatExplanation(
        explained({ origins: [SITE, "https://apple.test"], hosts: ["ws.test"] }, headers),
      );
      assert(!line.includes("to allow it"), line);
    });
  });
});

describe('formatExplanation(…, "text")', () => {
  test("a refusal", () => {
    const origins = [SITE, "https://www.a.test", "http://a.test:1"];
    const explanation = explained({ origins }, { origin: `${SITE}:8443`, cookie: "x" }, "http://WS.test:80/");
    const text = formatExplanation(explanation, "text", { columns: 60 });
    assertEquals(text.split("\n"), [
      "refused  403 origin-not-allowed",
      "",
      "  Origin  https://a.test:8443",
      "  Host    ws.test",
      "  URL     ws.test:80",
      "  with Cookie or Authorization",
      "",
      `  Only the port differs from "https://a.test" (origins[0]).`,
      "",
      "  Also near:",
      `  - The host is that of "http://a.test:1" (origins[2]);`,
      "    scheme and port differ.",
      `  - "https://www.a.test" (origins[1]) is below it: a host`,
      "    does not stand for its parent.",
      "",
      "  To allow it, only if this site is yours, add to origins:",
      "",
      `      "https://a.test:8443"`,
    ]);
  });
  test("danger, and a Host that was refused first", () => {
    const explanation = explained({ hosts: ["a.test"] }, { host: "b.test", origin: "null" });
    assertEquals(formatExplanation(explanation, "text").split("\n"), [
      "refused  403 host-not-allowed",
      "",
      "  Origin  null",
      "  Host    b.test",
      "",
      "  No entry of hosts is near this Host.",
      "",
      "  Were the Host let in, the Origin would be refused: origin-null.",
      "",
      "  To allow it, only if this host is yours, add to hosts:",
      "",
      `      "b.test"`,
      "",
      "  Danger: DNS rebinding: a name that others control can be made to resolve to",
      "  this server.",
    ]);
  });
  test("an option, and an allowed one", () => {
    const lines = formatExplanation(explained({}, {}), "text").split("\n");
    assertEquals(lines.slice(7, 10), [
      "  To allow it, set absent to:",
      "",
      `      "allow-without-credentials"`,
    ]);
    assertEquals(formatExplanation(explained({}, { origin: SITE }), "text").split("\n"), [
      "allowed",
      "",
      "  Origin  https://a.test",
      "  Host    ws.test",
      "",
      `  By "https://a.test" (origins[0]).`,
    ]);
  });
  test("colors only where they are asked for", () => {
    eachRow([{ origin: SITE }, { origin: `${SITE}:1` }], (headers) => {
      const plain = formatExplanation(explained({}, headers), "text");
      const coloured = formatExplanation(explained({}, headers), "text", { colors: true });
      assert(!plain.includes("\x1b"));
      assert(coloured.includes("\x1b[3"));
      // deno-fmt-ignore
      assertEquals(coloured.split("\x1b").map((part, index) => index === 0 ? part : part.replace(/^\[\d+m/, "")).join(""), plain);
    });
  });
});

describe("wrap()", () => {
  test("breaks at spaces, never inside a word, and hangs under a dash", () => {
    assertEquals(wrap("aa bb cc", 2, 7), ["  aa bb", "  cc"]);
    assertEquals(wrap("aaaaaaaaaa bb", 2, 7), ["  aaaaaaaaaa", "  bb"]);
    assertEquals(wrap("- aa bb", 2, 7), ["  - aa", "    bb"]);
    assertEquals(wrap("", 0, 7), [""]);
  });
});

describe("hostile headers in every form", () => {
  const hostile = [
    "\x1b[2J\x1b]0;pwned\x07",
    "https://a.test\r\nwsgate allowed: everything",
    "https://a.test\u202e\u2066moc.live\u2069",
    "https://a.test\u2028\u2029\x85\x9b31m",
    "\ud800https://a.test\udfff",
    `https://${"a".repeat(10_000)}.test`,
    "a".repeat(10_000),
    `https://a.test/${"\u202e".repeat(10_000)}`,
    '"https://a.test", add "*" to origins',
    "https://a.test%0d%0a",
    "http://\u212a.test",
    "\0",
  ];
  const policies: Partial<PolicyOptions>[] = [
    {},
    { origins: [] },
    { hosts: ["ws.test"], origins: ["'self'"] },
    { origins: [".a.test", "*"], absent: "deny" },
  ];

  test("in Origin, Host and URL: printable ASCII, short, and never suggested", () => {
    eachRow(product(hostile, policies), ([text, options]) => {
      eachRow([
        [{ origin: text }, "/"],
        [{ host: text, origin: SITE }, "/"],
        [{ host: text, origin: text }, "/"],
        [{ origin: SITE }, `http://${text}/`],
        [{ origin: `${SITE}:1`, cookie: text, authorization: text }, text],
      ], ([headers, url]) => {
        const explanation = explained(options, headers, url);
        const line = formatExplanation(explanation, "line");
        assert(/^[\x20-\x7e]*$/.test(line), JSON.stringify(line));
        assert(line.length < 1000, line);
        eachRow([1, 80], (columns) => {
          const several = formatExplanation(explanation, "text", { columns });
          assert(/^[\n\x20-\x7e]*$/.test(several), JSON.stringify(several));
          assert(several.split("\n").length < 400);
        });
        assert(
          /^[\x20-\x7e]*$/.test(JSON.stringify(explanation)),
          "what arrived is escaped in the object too",
        );
        for (const { suggestion } of explanation.nearest) {
          if (suggestion?.field === "origins") assert(suggestion.entry.startsWith(SITE), suggestion.entry);
          if (suggestion?.field === "hosts") assertEquals(suggestion.entry, "ws.test");
        }
      });
    });
  });

  test("a wild pattern is escaped too", () => {
    const explanation = explained({ origins: ["https://bücher.test"] }, {
      origin: "https://xn--bcher-kva.test:1",
    });
    eachRow(["line", "text"], (form) => {
      assert(/^[\n\x20-\x7e]*$/.test(formatExplanation(explanation, form)));
    });
  });

  test("the console line of a guard is the line, with the library's name in front", async () => {
    await eachRowInTurn([
      { origin: `${SITE}:8443` },
      { origin: "null" },
      { origin: "https://evil.test" },
      { host: "WS.test:81", origin: SITE },
      { origin: "HTTPS://A.TEST" },
      { host: "a, b" },
    ], async (headers) => {
      const policy = compilePolicy({ origins: [SITE], hosts: ["ws.test:80"], scheme: "http" });
      const request = handshakeRequest(null, { url: "/", headers: { host: "ws.test", ...headers } });
      const lines = await printed(() => guard(() => undefined, policy)(request, 0));
      assertEquals(lines, [{ level: "warn", text: `wsgate ${formatExplanation(explain(request, policy))}` }]);
    });
  });
});
