// The value of an Origin header into its kind and its parts: attackers' text, canonical or malformed.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { MAX_AUTHORITY_LENGTH } from "../../src/origin/authority.ts";
import {
  isScheme,
  MAX_ORIGIN_LENGTH,
  MAX_SCHEME_LENGTH,
  type Origin,
  parseOrigin,
} from "../../src/origin/origin.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow, product } from "../rows.ts";

/** A host of exactly this length. */
function hostOf(length: number): string {
  return "a".repeat(length).replace(/(a{60})a(?=a)/g, "$1.");
}

const TUPLES: readonly (readonly [value: string, scheme: string, host: string, port: number])[] = [
  ["https://example.com", "https", "example.com", 443],
  ["http://example.com", "http", "example.com", 80],
  ["wss://example.com", "wss", "example.com", 443],
  ["ws://example.com", "ws", "example.com", 80],
  // an explicit default port is the same tuple
  ["https://example.com:443", "https", "example.com", 443],
  ["http://example.com:80", "http", "example.com", 80],
  ["wss://example.com:443", "wss", "example.com", 443],
  ["ws://example.com:80", "ws", "example.com", 80],
  // and the other one's default is another port
  ["https://example.com:80", "https", "example.com", 80],
  ["http://example.com:443", "http", "example.com", 443],
  ["https://example.com:8443", "https", "example.com", 8443],
  ["https://example.com:1", "https", "example.com", 1],
  ["https://example.com:65535", "https", "example.com", 65535],
  ["https://example.com.", "https", "example.com.", 443],
  ["https://example.com.:8443", "https", "example.com.", 8443],
  ["http://localhost:3000", "http", "localhost", 3000],
  ["http://127.0.0.1:8080", "http", "127.0.0.1", 8080],
  ["http://[::1]", "http", "[::1]", 80],
  ["http://[2001:db8::1]:8080", "http", "[2001:db8::1]", 8080],
  ["https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", 443],
  ["https://my_app.example", "https", "my_app.example", 443],
  // a scheme without a default port: none is written, there is none
  ["chrome-extension://abcdefghijklmnop", "chrome-extension", "abcdefghijklmnop", 0],
  [
    "moz-extension://3c1b9a4e-0000-4000-8000-000000000000",
    "moz-extension",
    "3c1b9a4e-0000-4000-8000-000000000000",
    0,
  ],
  ["capacitor://localhost", "capacitor", "localhost", 0],
  ["tauri://localhost:1430", "tauri", "localhost", 1430],
  ["a://b", "a", "b", 0],
  ["web+app.x-1://b", "web+app.x-1", "b", 0],
  ["null://null", "null", "null", 0],
  ["https://null", "https", "null", 443],
  // of a scheme that is not the web's: none, or an opaque host as it is
  ["file://", "file", "", 0],
  ["capacitor://", "capacitor", "", 0],
  ["a://", "a", "", 0],
  ["app://.", "app", ".", 0],
  ["app://-", "app", "-", 0],
  ["app://..:81", "app", "..", 81],
  ["app://Obsidian.MD", "app", "Obsidian.MD", 0],
  ["app://%61,*{}", "app", "%61,*{}", 0],
  ["app://127.1", "app", "127.1", 0],
  [`app://${"*".repeat(255)}`, "app", "*".repeat(255), 0],
  // the limits
  [`${"a".repeat(64)}://b`, "a".repeat(64), "b", 0],
  [`https://${"a".repeat(63)}`, "https", "a".repeat(63), 443],
  [`https://${hostOf(255)}`, "https", hostOf(255), 443],
  [`${"a".repeat(64)}://${hostOf(255)}:65535`, "a".repeat(64), hostOf(255), 65535],
];

const MALFORMED: readonly string[] = [
  // no origin at all
  " ",
  "\t",
  "*",
  "NULL",
  "Null",
  " null",
  "null ",
  "null,",
  "undefined",
  "file",
  "about:blank",
  "data:text/html,x",
  "blob:https://example.com",
  "javascript:alert(1)",
  "'self'",
  // parts that are missing
  "example.com",
  "//example.com",
  "://example.com",
  "://",
  "https://",
  "https://:443",
  "https:",
  "https:example.com",
  "https:/example.com",
  "https:///example.com",
  "https:\\\\example.com",
  "https;//example.com",
  "file:///",
  "file://:80",
  "file://.",
  "app://:80",
  "app://a b",
  "app://a, https://b.test",
  "app://a@b",
  "app://a/b",
  "app://a?b",
  "app://a\\b",
  "app://é",
  "app://a\x7f",
  "app://[::1",
  `app://${"*".repeat(256)}`,
  "https://.",
  "ws://",
  "wss://%61",
  // schemes
  "HTTPS://example.com",
  "Https://example.com",
  "1https://example.com",
  "+https://example.com",
  "-://example.com",
  "ht_tps://example.com",
  "ht tps://example.com",
  "hţtps://example.com",
  " https://example.com",
  "https ://example.com",
  "\nhttps://example.com",
  "https://https://example.com",
  "view-source:https://example.com",
  // hosts
  "https://Example.com",
  "https://example.COM",
  "https://bücher.example",
  "https://ex%61mple.com",
  "https://example%2ecom",
  "https://example%00.com",
  "https://example..com",
  "https://.example.com",
  "https://*.example.com",
  "https://*",
  "https://example.com..",
  "https://127.1",
  "https://127.0.0.1.",
  "https://2130706433",
  "https://0x7f000001",
  "https://::1",
  "https://[::1",
  "https://[::01]",
  "https://[::ffff:127.0.0.1]",
  "https://[fe80::1%25eth0]",
  "https://[example.com]",
  // ports
  "https://example.com:",
  "https://example.com:0",
  "https://example.com:0443",
  "https://example.com:65536",
  "https://example.com:-443",
  "https://example.com:+443",
  "https://example.com: 443",
  "https://example.com:443:443",
  "https://example.com:https",
  "https://example.com:*",
  "https://[::1]:",
  "https://[::1]443",
  // more than an origin
  "https://example.com/",
  "https://example.com/chat",
  "https://example.com?",
  "https://example.com?a=b",
  "https://example.com#",
  "https://example.com\\",
  "https://example.com:443/",
  "https://user@example.com",
  "https://user:password@example.com",
  "https://@example.com",
  "https://example.com@evil.test",
  "https://example.com:443@evil.test",
  "https://evil.test\\@example.com",
  // white space and controls, at every place
  "https://example.com ",
  "https://example.com\t",
  "https://example.com\n",
  "https://example.com\r\n",
  "https://example.com\0",
  "https://example.com\xa0",
  "https://example.com\u2028",
  "https:// example.com",
  "https://exam\tple.com",
  "https://exam\nple.com",
  "https://exam\0ple.com",
  "https://exam\xadple.com",
  "\ufeffhttps://example.com",
  // two values, as both runtimes join them, and a list as RFC 6454 once allowed
  "https://example.com, https://example.com",
  "https://example.com,https://example.com",
  "https://example.com https://example.com",
  "https://example.com, null",
  "null, null",
  "null null",
  "https://example.com,",
  ", https://example.com",
  // too long
  `${"a".repeat(65)}://b`,
  `https://${"a".repeat(64)}`,
  `https://${hostOf(256)}`,
  `https://${hostOf(255)}.`,
  `https://${hostOf(255)}:065535`,
  `https://${"sub.".repeat(10_000)}example.com`,
  `https://example.com:${"4".repeat(10_000)}`,
  "a".repeat(100_000),
];

describe("parseOrigin", () => {
  test("tells the five kinds apart", () => {
    assertEquals(parseOrigin(null), { kind: "absent" });
    assertEquals(parseOrigin(""), { kind: "empty" });
    assertEquals(parseOrigin("null"), { kind: "null" });
    assertEquals(parseOrigin("https://example.com/"), { kind: "malformed" });
    assertEquals(parseOrigin("https://example.com").kind, "tuple");
  });

  test("reads scheme, host and effective port of a tuple", () => {
    eachRow(TUPLES, ([value, scheme, host, port]) => {
      assertEquals(parseOrigin(value), { kind: "tuple", scheme, host, port });
    });
  });

  test("everything else is malformed, and nothing is repaired", () => {
    eachRow(MALFORMED, (value) => assertEquals(parseOrigin(value), { kind: "malformed" }));
  });

  test("any other character anywhere in a good origin makes it malformed", () => {
    const good = "https://a-b.example:8443";
    const strangers = [
      ..." \t\n\r\0\x0b\x0c\x7f\x80\x85\xa0\xad\xff",
      ..."ABCXYZ",
      ..."!\"#$%&'()*+,/;<=>?@[\\]^`{|}~",
    ];
    strangers.push("é", "\u212a", "\u017f", "ｅ", "。", "\u200b", "\u202e", "\ud800", "😀");
    const places = Array.from({ length: good.length + 1 }, (_, at) => at);
    eachRow(product(strangers, places), ([stranger, at]) => {
      const value = good.slice(0, at) + stranger + good.slice(at);
      // `+` may stand in a scheme.
      if (stranger === "+" && at > 0 && at <= "https".length) return;
      assertEquals(parseOrigin(value).kind, "malformed", JSON.stringify(value));
    });
  });

  test("the longest origin is a tuple, and nothing longer is", () => {
    assertEquals(MAX_SCHEME_LENGTH, 64);
    assertEquals(MAX_ORIGIN_LENGTH, 64 + 3 + 255 + 6);
    assertEquals(MAX_ORIGIN_LENGTH, MAX_SCHEME_LENGTH + "://".length + MAX_AUTHORITY_LENGTH);
    const longest = `${"a".repeat(64)}://${hostOf(255)}:65535`;
    assertEquals(longest.length, MAX_ORIGIN_LENGTH);
    assertEquals(parseOrigin(longest).kind, "tuple");
    assertEquals(parseOrigin("a" + longest).kind, "malformed");
    assertEquals(parseOrigin(longest + "0").kind, "malformed");
    assertEquals(parseOrigin("a".repeat(64) + "://" + hostOf(256) + ":65535").kind, "malformed");
  });

  test("the kinds without parts are shared, and frozen", () => {
    eachRow([null, "", "null", "malformed"], (value) => {
      assertStrictEquals(parseOrigin(value), parseOrigin(value));
      assert(Object.isFrozen(parseOrigin(value)));
    });
  });

  test("a tuple says the whole text: written back, it is the origin that came in", () => {
    const random = new Random();
    const seen: Record<Origin["kind"], number> = { absent: 0, empty: 0, null: 0, malformed: 0, tuple: 0 };
    const pieces = [
      "https",
      "http",
      "a",
      "://",
      "://",
      "example",
      ".",
      ".com",
      ":",
      "443",
      "80",
      "8",
      "0",
      "[::1]",
    ];
    const odd = ["/", "@", " ", ",", "A", "%61", "é", "null", "[", "]", "-", "_"];
    for (let i = 0; i < 40_000; i++) {
      const start = random.pick(["https://", "http://", "a://", ""]);
      const value = start +
        Array.from({ length: random.below(5) }, () => random.pick(random.oneIn(8) ? odd : pieces)).join("");
      const origin = parseOrigin(value);
      seen[origin.kind]++;
      if (origin.kind !== "tuple") continue;
      const { scheme, host, port } = origin;
      const implied = `${scheme}://${host}`;
      assert(value === implied || value === `${implied}:${port}`, `${value} (seed ${seed})`);
      if (scheme !== "http" && scheme !== "https") continue;
      // What the URL parser gives back unchanged needed no repair; only a default port does it leave out.
      const serialised = new URL(value).origin;
      assert(
        value === serialised || value === `${serialised}:${scheme === "http" ? 80 : 443}`,
        `${value} (seed ${seed})`,
      );
    }
    assertGreater(seen.tuple, 3000);
    assertGreater(seen.malformed, 3000);
  });

  test("does not look at what is too long", () => {
    assertGrowth(parseOrigin, runsOf(), CONSTANT);
    assertGrowth(parseOrigin, runsOf({ prefix: "https://", suffix: ":443" }), CONSTANT);
    assertGrowth(parseOrigin, runsOf({ prefix: "https://[" }), CONSTANT);
  });
});

describe("isScheme", () => {
  test("is a letter, then letters, digits, plus, full stop and hyphen, 64 at most", () => {
    eachRow(["a", "https", "a1", "a+b", "a.b", "a-b", "a+", "chrome-extension", "z".repeat(64)], (scheme) => {
      assert(isScheme(scheme));
    });
    eachRow([
      "",
      "1",
      "1a",
      "+a",
      ".a",
      "-a",
      "A",
      "hTtp",
      "a_b",
      "a b",
      "a:",
      "a/",
      "é",
      "a\n",
      "z".repeat(65),
    ], (scheme) => assert(!isScheme(scheme)));
  });
});
