// Why nobody was found: by the cookie that is not there, never by a cookie's name or value.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { NearMissCode } from "@wsgate/wsgate";
import { whyNobody } from "../../src/auth/why_nobody.ts";
import { handshakeOf } from "../doubles.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);
const browser = { "user-agent": "Mozilla/5.0 (X11)" };

describe("whyNobody()", () => {
  const rows: readonly (readonly [name: string, code: NearMissCode, headers: Record<string, string>])[] = [
    ["a Cookie by which nobody was known", "cookie-unknown", { cookie: "sid=secret" }],
    ["two names of this machine", "cookie-of-another-host", {
      ...browser,
      host: "127.0.0.1:8000",
      origin: "http://localhost:3000",
    }],
    ["another host of the site", "cookie-of-another-host", {
      ...browser,
      host: "ws.a.test",
      origin: "https://app.a.test",
    }],
    ["another site", "cookie-of-another-site", {
      ...browser,
      host: "ws.b.test",
      origin: "https://a.example",
    }],
    ["two addresses", "cookie-of-another-site", { ...browser, host: "10.0.0.1", origin: "http://10.0.0.2" }],
    ["http", "cookie-needs-https", { ...browser, host: "10.0.0.1:80", origin: "http://10.0.0.1" }],
    ["https", "cookie-absent", { ...browser, host: "a.test", origin: "https://a.test" }],
    ["no Host", "cookie-absent", { ...browser, origin: "https://a.test" }],
    ["no Origin", "cookie-absent", { ...browser, host: "a.test" }],
  ];
  for (const [name, code, headers] of rows) {
    test(name, () => {
      const miss = whyNobody(handshakeOf({ headers }));
      assertEquals(miss?.code, code);
      const { text } = miss!;
      assert(!/sid|secret/.test(text), text);
      words.assert(name, text);
    });
  }
  test("addresses have no site in common, whatever they end in", () => {
    const headers = { ...browser, host: "10.1.0.1", origin: "http://10.2.0.1" };
    assertEquals(whyNobody(handshakeOf({ headers }))?.code, "cookie-of-another-site");
  });
  test("of a program without a Cookie nothing is known", () => {
    assertEquals(whyNobody(handshakeOf({ headers: { host: "a.test" } })), null);
  });
});

words.end();
