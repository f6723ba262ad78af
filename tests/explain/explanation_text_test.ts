// Explanations in words, in every form, and what hostile headers make of them: nothing but printable ASCII.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compilePolicy, explain, formatExplanation, guard, type PolicyOptions } from "@wsgate/wsgate";
import { whyInOneLine, wrap } from "../../src/explain/explanation_text.ts";
import { handshakeOf, handshakeRequest, printed } from "../doubles.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

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
  const table: [name: string, explanation: ReturnType<typeof explained>, ...values: string[]][] = [
    [
      "allowed",
      explained({}, { origin: SITE }),
      "https://a.test",
      '"ws.test"',
      '"https://a.test" (origins[0])',
    ],
    ["allowed without Origin", explained({ absent: "allow" }, {}), "absent", '"ws.test"', '"allow"'],
    [
      "a port",
      explained({}, { origin: `${SITE}:8443` }),
      "403",
      "origin-not-allowed",
      '"https://a.test:8443"',
    ],
    ["danger", explained({}, { origin: "null" }), "403", "origin-null", '"null"'],
    ["an option", explained({}, {}), "403", "origin-absent", '"allow-without-credentials"'],
    [
      "the scheme, said once",
      explained(
        { origins: ["'self'"], hosts: ["ws.test"] },
        { origin: "https://ws.test" },
        "http://ws.test/",
      ),
      ...["403", "origin-not-allowed", "https://ws.test", '"https"'],
    ],
    [
      "a Host, and what would be next",
      explained({ hosts: ["ws.test:1"] }, { origin: "https://evil.test", host: "WS.test:2" }),
      ...["403", "host-not-allowed", "https://evil.test", '"WS.test:2"', '"ws.test:1"', "origin-not-allowed"],
    ],
    [
      "malformed headers",
      explained({}, { origin: "x\x1b", host: "\u202e" }),
      ...["400", "host-malformed", String.raw`"x\u001b"`, String.raw`"\u202e"`],
    ],
    ["no Host", explained({}, { host: null }), "400", "host-absent", "absent"],
  ];
  for (const [name, explanation, ...values] of table) {
    test(name, () => {
      const line = formatExplanation(explanation, "line");
      assertEquals(formatExplanation(explanation), line, "the default");
      assert(line.endsWith(whyInOneLine(explanation)));
      eachRow(values, (value) => assertStringIncludes(line, value));
      words.assert(name, line);
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
      const explanation = explained({ origins: [SITE, "https://apple.test"], hosts: ["ws.test"] }, headers);
      const { next, nearest: [miss] } = explanation;
      const line = whyInOneLine(explanation);
      assert(next === null ? line === miss!.text : line.startsWith(`${miss!.text}. `), line);
      words.assert(`in passing: ${Object.values(headers)}`, line);
    });
  });
});

describe('formatExplanation(…, "text")', () => {
  test("a refusal", () => {
    const origins = [SITE, "https://www.a.test", "http://a.test:1"];
    const explanation = explained({ origins }, { origin: `${SITE}:8443`, cookie: "x" }, "http://WS.test:80/");
    const text = formatExplanation(explanation, "text", { columns: 60 });
    assertEquals(text.split("\n").slice(-2), ["", `      "https://a.test:8443"`]);
    words.assert("text of 60 columns: a refusal", text);
  });
  test("danger, and a Host that was refused first", () => {
    const danger = formatExplanation(
      explained({ hosts: ["b.test"] }, { host: "server.test", origin: SITE }),
      "text",
    );
    assertStringIncludes(danger, `\n\n      "server.test"\n\n`);
    words.assert("text: danger", danger);
    const explanation = explained({ hosts: ["b.test"] }, { host: "server.test", origin: "null" });
    const text = formatExplanation(explanation, "text");
    assertStringIncludes(text, "origin-null");
    words.assert("text: a Host that was refused first", text);
  });
  test("an option, and an allowed one", () => {
    const option = formatExplanation(explained({}, {}), "text");
    assertStringIncludes(option, `\n\n      "allow-without-credentials"`);
    words.assert("text: an option", option);
    const allowed = formatExplanation(explained({}, { origin: SITE }), "text");
    assertStringIncludes(allowed, `"https://a.test" (origins[0])`);
    words.assert("text: allowed", allowed);
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

words.end();
