// URLs of sockets and origins of pages, as somebody writes them in a test.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import type { ConfigIssue } from "../../src/config.ts";
import { originFault, readSocketUrl } from "../../src/testing/addresses.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

describe("readSocketUrl()", () => {
  test("the parts of a URL, as a browser reads it", () => {
    const rows: [to: string, ...parts: string[]][] = [
      ["wss://ws.example.com/chat", "https", "ws.example.com", "", "/chat", ""],
      ["ws://localhost:8000", "http", "localhost", ":8000", "/", ""],
      ["wss://example.com:443/a/b?room=1&x", "https", "example.com", "", "/a/b", "?room=1&x"],
      ["ws://example.com:443/", "http", "example.com", ":443", "/", ""],
      ["WSS://B\u00fccher.example/%20", "https", "xn--bcher-kva.example", "", "/%20", ""],
      ["ws://[0:0::1]:8000/", "http", "[::1]", ":8000", "/", ""],
      ["ws://127.1/", "http", "127.0.0.1", "", "/", ""],
    ];
    eachRow(rows, ([to, site, host, port, path, query]) => {
      const issues: ConfigIssue[] = [];
      assertEquals<unknown>(readSocketUrl({ to }, issues), { site, host, port, path, query });
      assertEquals(issues, []);
    });
  });

  test("faults", () => {
    const rows: [to: unknown, code: string][] = [
      [undefined, "missing-option"],
      [null, "wrong-type"],
      [7, "wrong-type"],
      ["", "wrong-type"],
      ["/chat", "wrong-type"],
      ["wss://", "wrong-type"],
      ["ws://example.com:99999/", "wrong-type"],
      [new URL("wss://example.com/"), "wrong-type"],
      ["http://example.com/chat?a", "scheme-not-allowed"],
      ["https://example.com:8443", "scheme-not-allowed"],
      ["example.com:8000", "scheme-not-allowed"],
      ["ftp://example.com/", "scheme-not-allowed"],
      ["wss://ada@example.com/", "userinfo"],
      ["wss://:secret@example.com/", "userinfo"],
      ["wss://example.com/chat#top", "fragment"],
      ["wss://*.example.com/", "host-malformed"],
    ];
    eachRow(rows, ([to, code]) => {
      const issues: ConfigIssue[] = [];
      assertEquals(readSocketUrl(to === undefined ? {} : { to }, issues), null);
      assertEquals(issues.map(({ code, field, index, value }) => [code, field, index, value]), [
        [code, "to", -1, to],
      ]);
      words.assert(`to: ${String(to)}`, issues[0]!.fix);
    });
  });
});

describe("originFault()", () => {
  test("origins as browsers send them", () => {
    const rows = [
      "https://example.com",
      "http://[::1]:8000",
      "capacitor://localhost",
      "https://a_b.test:443",
    ];
    eachRow(rows, (origin) => assertEquals(originFault(origin), null));
  });

  test("faults", () => {
    const rows: [origin: unknown, code: string][] = [
      [undefined, "not-a-string"],
      [new URL("https://example.com"), "not-a-string"],
      ["", "wrong-type"],
      ["null", "wrong-type"],
      ["example.com", "wrong-type"],
      [".example.com", "wrong-type"],
      ["https://*.example.com", "wrong-type"],
      ["https://.example.com", "wrong-type"],
      ["https://example.com/", "wrong-type"],
      ["HTTPS://B\u00fccher.example", "wrong-type"],
      ["https://example.com, https://example.com", "wrong-type"],
    ];
    eachRow(rows, ([origin, code]) => {
      const fault = originFault(origin)!;
      assertEquals(fault.code, code);
      words.assert(`origin: ${typeof origin} ${origin}`, fault.fix);
    });
  });
});

words.end();
