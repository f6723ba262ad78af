// Names that deceive readers, and the punycode under them: decoded as RFC 3492 and the platform do, by table.

import { describe, test } from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readable, skeleton } from "../../src/explain/look_alike.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";

describe("readable()", () => {
  const table: [host: string, expected: string][] = [
    ["example.com", "example.com"],
    ["xn--mnchen-3ya.de", "münchen.de"],
    ["shop.xn--bcher-kva.xn--p1ai", "shop.bücher.рф"],
    ["xn--80ak6aa92e.com", "аррӏе.com"],
    ["xn--r8jz45g.xn--zckzah", "例え.テスト"],
    // RFC 3492 §7.1 (B), (L): Chinese, and a mixture with digits and hyphens.
    ["xn--ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"],
    ["xn--3B-ww4c5e180e575a65lsy2b".toLowerCase(), "3年b組金八先生"],
    ["xn--n3h.test", "☃.test"],
    // What is no punycode stays as it is.
    ["xn--", "xn--"],
    ["xn--a", "\x80"],
    ["xn--999999999", "xn--999999999"],
    [
      "xn--99999999999999999999999999999999999999999999999999999999999",
      "xn--99999999999999999999999999999999999999999999999999999999999",
    ],
    ["xn--a_b.test", "xn--a_b.test"],
    ["[::1]", "[::1]"],
  ];
  for (const [host, expected] of table) test(host, () => assertEquals(readable(host), expected));

  test("names that the platform writes in punycode come back", () => {
    const random = new Random(1);
    const letters = Array.from("aäbßcçdéeêπωжщяあ漢字한글ابج0-");
    let compared = 0;
    while (compared < 2000) {
      const name = Array.from({ length: 1 + random.below(12) }, () => random.pick(letters)).join("");
      const url = `http://${name}.test/`;
      if (!URL.canParse(url)) continue;
      const { hostname } = new URL(url);
      const label = hostname.slice(0, -".test".length);
      if (!label.startsWith("xn--")) continue;
      compared++;
      // Mapping is the platform's affair: what is decoded has to be written alike again.
      assertEquals(new URL(`http://${readable(hostname)}/`).hostname, hostname);
    }
  });

  test("never throws, and grows by no more than it reads", () => {
    const random = new Random(2);
    for (let i = 0; i < 20_000; i++) {
      const length = random.below(60);
      const text = Array.from({ length }, () => random.pick([..."abcxyz0129-_"])).join("");
      assert(Array.from(readable(`xn--${text}`)).length <= text.length + 4);
    }
  });
});

describe("skeleton()", () => {
  const alike: [a: string, b: string][] = [
    ["xn--80ak6aa92e.com", "apple.com"],
    ["xn--exmple-cua.com", "example.com"],
    ["g00dsite.test", "goodsite.test"],
    ["paypa1.com", "paypal.com"],
    ["rnodern.example", "modern.example"],
    ["vvorld.example", "world.example"],
    ["xn--bcher-kva.example", "bucher.example"],
  ];
  for (const [a, b] of alike) {
    test(`${a} looks like ${b}`, () => {
      assertEquals(skeleton(a), skeleton(b));
      assertEquals(skeleton(skeleton(a)), skeleton(a));
    });
  }
  test("other names do not", () => {
    eachRow([["example.com", "example.org"], ["goodsite.test", "goodslte.test"], ["a.b", "ab"]], ([a, b]) => {
      assertNotEquals(skeleton(a), skeleton(b));
    });
  });
});
