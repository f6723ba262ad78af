// How near an entry comes, where the tables of near misses do not show it: names that are no names, and slips of the pen.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { nearnessOfHost, nearnessOfOrigin, nearnessOfSelf } from "../../src/explain/nearness.ts";
import type { HostRule } from "../../src/pattern/rule.ts";
import { parseOrigin, type TupleOrigin } from "../../src/origin/origin.ts";
import { parsePattern } from "../../src/pattern/pattern.ts";
import { eachRow } from "../rows.ts";

const tuple = (origin: string) => parseOrigin(origin) as TupleOrigin;
const nearness = (origin: string, pattern: string) =>
  nearnessOfOrigin(
    tuple(origin),
    { list: "origins", index: 0, pattern },
    parsePattern(pattern)!.rule as HostRule,
    null,
    false,
  )?.code ?? null;

describe("nearnessOfOrigin()", () => {
  test("a slip of the pen: one edit, two in a long name, another public ending", () => {
    eachRow([
      ["https://exmaple.com", "https://example.com", "misspelt"],
      ["https://exmpale.com", "https://example.com", "misspelt"],
      ["https://example.org", "https://example.com", "misspelt"],
      ["https://example.co.uk", "https://example.com", "misspelt"],
      ["https://www.exmaple.com", "https://*.example.com", "misspelt"],
      ["https://abc.de", "https://abd.de", "misspelt"],
      ["https://xyc.de", "https://abc.de", null],
      ["http://10.0.0.2", "http://10.0.0.1", null],
      ["https://example.com", "htps://example.com", "misspelt"],
      ["https://example.com", "https://example.com:81", "port"],
      ["https://example.com:81", "htps://example.com", "scheme-and-port"],
      ["http://example.com", "https://example.com", "scheme"],
    ], ([origin, pattern, code]) => assertEquals(nearness(origin!, pattern!), code));
  });
  test("an opaque host is near to itself alone", () => {
    eachRow([
      ["app://.", "app://.:80", "port"],
      ["app://..example.com", ".example.com", null],
      ["app://A.example.com", "app://example.com", null],
      ["app://", "app://x", null],
    ], ([origin, pattern, code]) => assertEquals(nearness(origin!, pattern!), code));
  });
});

describe("nearnessOfHost()", () => {
  test("is the same without what deceives", () => {
    const host = (name: string) =>
      nearnessOfHost(
        { host: name, port: 80 },
        { list: "hosts", index: 0, pattern: "example.com" },
        parsePattern("example.com")!.rule as HostRule,
        null,
      )?.code ?? null;
    eachRow([
      ["example.com.", "host-trailing-dot"],
      ["www.example.com", "host-missing-subdomain-wildcard"],
      ["exmaple.com", "misspelt"],
      ["evilexample.com", null],
      ["example.com.evil.test", null],
    ], ([name, code]) => assertEquals(host(name!), code));
  });
});

describe("nearnessOfSelf()", () => {
  test("what keeps 'self' from admitting an origin", () => {
    const self = (origin: string, host: string, port: number, site: "http" | "https" | "", isSet = true) =>
      nearnessOfSelf(tuple(origin), { host, port }, 0, site, isSet)?.code ?? null;
    assertEquals(self("https://a.test", "b.test", 0, "https"), null);
    assertEquals(self("http://localhost:1", "127.0.0.1", 1, "http"), "loopback-name");
    assertEquals(self("https://a.test:1", "a.test", 0, "https"), "port");
    assertEquals(self("http://localhost:2", "localhost", 1, "http"), "localhost-port");
    assertEquals(self("http://a.test:1", "a.test", 0, "https"), "scheme-and-port");
    assertEquals(self("http://a.test", "a.test", 0, "https"), "http-page-to-tls-socket");
    assertEquals(self("https://a.test", "a.test", 0, "http", false), "scheme-behind-proxy");
    assertEquals(self("https://a.test", "a.test", 0, "http"), "scheme");
  });
});
