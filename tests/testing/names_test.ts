// The names that attacks are made from.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { readSocketUrl } from "../../src/testing/addresses.ts";
import { fill, namesOf } from "../../src/testing/names.ts";
import { eachRow } from "../rows.ts";

const names = (origin: string, to = "wss://ws.example.com/chat") =>
  namesOf(origin, readSocketUrl({ to }, [])!);

describe("namesOf()", () => {
  test("an own page with a domain", () => {
    assertEquals(names("https://app.example.com:8443", "ws://ws.example.com:8000/chat?a=b"), {
      origin: "https://app.example.com:8443",
      quotedOrigin: "https%3A%2F%2Fapp.example.com%3A8443",
      scheme: "https",
      port: ":8443",
      anyPort: "8443",
      longHost: `${"a.".repeat(2000)}test`,
      host: "app.example.com",
      encodedHost: "%61pp.example.com",
      tabbedHost: "ap\tp.example.com",
      front: "app.example.com",
      name: "app.example.com",
      domain: "example.com",
      undotted: "appxexample.com",
      lookAlike: "app.xn--xample-2of.com",
      otherEnding: "app.example.test",
      customer: null,
      site: "http",
      socket: "ws.example.com:8000",
      socketName: "ws.example.com",
      socketPort: ":8000",
      path: "/chat",
      query: "?a=b",
      moreQuery: "&a=b",
      encodedPath: "/%63hat",
      otherSlash: "/chat/",
      otherCase: "/CHAT",
    });
  });

  test("domains are registrable ones, by both lists of suffixes", () => {
    const rows: [host: string, domain: string | null, customer: string | null, undotted: string | null][] = [
      ["example.com", "example.com", null, null],
      ["a.b.example.com", "example.com", null, "a.bxexample.com"],
      ["shop.example.co.uk", "example.co.uk", "attacker.co.uk", "shopxexample.co.uk"],
      ["example.co.uk", "example.co.uk", "attacker.co.uk", "examplexco.uk"],
      ["me.github.io", "me.github.io", "attacker.github.io", "mexgithub.io"],
      ["a.me.github.io", "me.github.io", "attacker.github.io", "axme.github.io"],
      // On the short list alone.
      ["1-2-3-4.nip.io", "1-2-3-4.nip.io", "attacker.nip.io", "1-2-3-4xnip.io"],
      // A country's registries, by the rule for them.
      ["shop.example.co.xy", "example.co.xy", "attacker.co.xy", "shopxexample.co.xy"],
      // It has a suffix below it, and is somebody's own.
      ["www.fastly.net", "fastly.net", null, "wwwxfastly.net"],
      ["app.internal", "app.internal", null, null],
      ["chat.app.internal", "app.internal", null, "chatxapp.internal"],
      // Suffixes themselves, single labels and addresses.
      ["github.io", null, null, null],
      ["localhost", null, null, null],
      ["intranet", null, null, null],
      ["127.0.0.1", null, null, null],
      ["[::1]", null, null, null],
    ];
    eachRow(rows, ([host, ...expected]) => {
      const { domain, customer, undotted, name } = names(`https://${host}`);
      assertEquals([domain, customer, undotted], expected);
      assertEquals(name, domain === null ? null : host);
    });
  });

  test("look-alikes change a letter of the registrable label, as a browser sends it", () => {
    const rows: [host: string, lookAlike: string | null][] = [
      ["app.example.com", "app.xn--xample-2of.com"],
      ["example.co.uk", "xn--xample-2of.co.uk"],
      ["app.site.test", "app.xn--sit-tdd.test"],
      // No letter has a twin.
      ["app.wiki.test", null],
      ["xn--bcher-kva.example", null],
      // No URL: its ending only looks like one of another alphabet.
      ["app.example.xn--0", null],
    ];
    eachRow(rows, ([host, lookAlike]) => {
      assertEquals(names(`https://${host}`).lookAlike, lookAlike);
      if (lookAlike !== null) assertEquals(new URL(`https://${lookAlike}`).hostname, lookAlike);
    });
  });

  test("what a page that is none of the web's has not", () => {
    const { scheme, port, host, front, name, encodedHost, tabbedHost } = names("capacitor://localhost");
    assertEquals([scheme, port, host, front, name, encodedHost, tabbedHost], [
      "https",
      "",
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test("addresses in brackets stand in front of nothing", () => {
    const { front, socketName, host } = names("http://[::1]:8000", "ws://[::1]:8000/");
    assertEquals([front, socketName, host], [null, null, "[::1]"]);
    assertEquals(names("http://127.0.0.1").front, "127.0.0.1");
  });

  test("other spellings of a path", () => {
    const rows: [path: string, encoded: string | null, slash: string | null, letters: string | null][] = [
      ["/chat", "/%63hat", "/chat/", "/CHAT"],
      ["/chat/", "/%63hat/", "/chat", "/CHAT/"],
      ["/CHAT", "/%43HAT", "/CHAT/", "/chat"],
      ["/1", "/%31", "/1/", null],
      ["/", null, null, null],
      ["/-", null, "/-/", null],
    ];
    eachRow(rows, ([path, ...expected]) => {
      const { encodedPath, otherSlash, otherCase } = names("https://a.test", `wss://a.test${path}`);
      assertEquals([encodedPath, otherSlash, otherCase], expected);
    });
  });
});

describe("fill()", () => {
  test("puts names in their places; null: one is missing", () => {
    const known = { a: "1", b: null, c: "{a}" };
    assertEquals(fill("x{a}y{a}", known), "x1y1");
    assertEquals(fill("{a}{b}", known), null);
    assertEquals(fill("{.{a}", known), "{.1");
    assertEquals(fill("{c}$&", known), "{a}$&");
    assertEquals(fill("", known), "");
  });
});
