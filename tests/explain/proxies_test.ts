// What proxies do to a handshake: named from evidence alone, and the line to change.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, explain, formatExplanation, type PolicyOptions } from "@wsgate/wsgate";
import { proxyLinesFor } from "../../src/explain/proxies.ts";
import { handshakeOf } from "../doubles.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const SITE: PolicyOptions = { origins: ["'self'"], hosts: ["a.test"], scheme: "https" };
const told = (headers: Record<string, string>, options: PolicyOptions = SITE) =>
  explain(handshakeOf({ url: "/", headers }), compilePolicy(options));
const browser = { "user-agent": "Mozilla/5.0 (X11)" };

describe("proxies", () => {
  const rows: readonly (readonly [string, Record<string, string>, string, PolicyOptions?])[] = [
    ["Host, by its Origin", { host: "127.0.0.1:8000", origin: "https://a.test" }, "host-behind-proxy"],
    [
      "Host, by X-Forwarded-Host",
      { host: "web", origin: "https://b.test", "x-forwarded-host": "a.test" },
      "host-behind-proxy",
    ],
    [
      "Host, at Apache",
      { host: "web", origin: "https://a.test", "x-forwarded-server": "a" },
      "host-behind-proxy",
    ],
    [
      "Host, passed on",
      { host: "web", origin: "https://a.test", "x-forwarded-host": "web" },
      "host-not-listed",
    ],
    ["Host, no proxy", { host: "b.test:1", origin: "https://c.example" }, "misspelt"],
    ["a port", { host: "a.test", origin: "https://a.test:3001" }, "port-behind-proxy"],
    [
      "Origin",
      { host: "a.test", origin: "https://127.0.0.1:1", via: "x", ...browser },
      "origin-behind-proxy",
    ],
    [
      "Origin, of nobody known",
      { host: "a.test", origin: "https://127.0.0.1:1", via: "x" },
      "origin-behind-proxy",
    ],
    ["Origin, nothing between", { host: "a.test", origin: "https://127.0.0.1:1" }, "local-page"],
    ["Origin, taken out", { host: "a.test", ...browser }, "origin-stripped"],
  ];
  for (const [name, headers, code, options] of rows) {
    test(name, () => {
      const explanation = told(headers, options);
      assertEquals(explanation.nearest[0]?.code, code);
      words.assert(name, formatExplanation(explanation));
    });
  }
  test("the line of each proxy stands in the long form", () => {
    const text = formatExplanation(told({ host: "web", origin: "https://a.test" }), "text", { columns: 120 });
    for (const [name, line] of Object.entries(proxyLinesFor("host-behind-proxy")!)) {
      assert(text.replace(/\s+/g, " ").includes(`${name}: ${line}`), name);
    }
    assertEquals(proxyLinesFor("port"), null);
    words.assert("in the long form", text);
  });
});

words.end();
