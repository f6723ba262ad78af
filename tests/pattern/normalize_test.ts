// Operators' hosts into what browsers send. The answers are written out, not computed: both runtimes have to give the
// same ones, whatever tables their URL parsers carry.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ConfigIssueCode } from "@wsgate/wsgate";
import { isCanonicalHost } from "../../src/origin/authority.ts";
import { diagnoseHost } from "../../src/pattern/diagnosis.ts";
import { wordFault } from "../../src/pattern/misspellings.ts";
import { normalizeHost } from "../../src/pattern/normalize.ts";
import { Random, seed } from "../random.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { assertFix, keyOf } from "./entries.ts";

const words = wordsOf(import.meta.url);

const GOOD: readonly (readonly [text: string, host: string])[] = [
  ["example.com", "example.com"],
  ["EXAMPLE.Com", "example.com"],
  ["example.com.", "example.com."],
  ["LOCALHOST", "localhost"],
  ["my_app.example", "my_app.example"],
  ["a-b.example", "a-b.example"],
  ["undefined.example", "undefined.example"],
  ["a.undefined.example", "a.undefined.example"],
  ["example.UNDEFINED", "example.undefined"],
  ["undefineds.example", "undefineds.example"],
  ["null.example", "null.example"],
  ["nan.example", "nan.example"],
  ["9to5.test", "9to5.test"],
  ["a".repeat(63), "a".repeat(63)],
  // IDN, as browsers send it
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.Example", "xn--bcher-kva.example"],
  ["bu\u0308cher.example", "xn--bcher-kva.example"],
  ["bücher.example.", "xn--bcher-kva.example."],
  ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.bücher.example", "xn--bcher-kva.xn--bcher-kva.example"],
  ["faß.example", "xn--fa-hia.example"],
  ["xn--fa-hia.example", "xn--fa-hia.example"],
  ["ουτοπία.example", "xn--kxae4bafwg.example"],
  ["ς.example", "xn--3xa.example"],
  ["日本語.example", "xn--wgv71a119e.example"],
  ["россия.рф", "xn--h1alffa9f.xn--p1ai"],
  ["भारत.example", "xn--h2brj9c.example"],
  ["ישראל.example", "xn--4dbrk0ce.example"],
  ["نامه\u200cای.example", "xn--mgba3gch31f060k.example"],
  ["💩.example", "xn--ls8h.example"],
  ["☃.example", "xn--n3h.example"],
  ["ı.example", "xn--cfa.example"],
  ["_é.example", "xn--_-bga.example"],
  ["-é.example", "xn----bga.example"],
  ["é".repeat(40) + ".example", "xn--" + "9ca" + "a".repeat(39) + ".example"],
  // addresses
  ["127.0.0.1", "127.0.0.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["[::1]", "[::1]"],
  ["[0:0:0:0:0:0:0:1]", "[::1]"],
  ["[0:0::0:1]", "[::1]"],
  ["[2001:DB8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]"],
  ["[2001:0db8::0001]", "[2001:db8::1]"],
  ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
  ["[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"],
];

/** Hosts that are none; and what the fix names, or is about. */
const WRONG: readonly (readonly [text: string, code: ConfigIssueCode, ...named: string[]])[] = [
  // what a pattern's own grammar has taken off before
  ["*", "host-malformed", "*"],
  ["*.example", "host-malformed", "*"],
  ["ex%61mple.com", "percent-sign"],
  ["%C3%A9.example", "percent-sign"],
  ["a%", "percent-sign"],
  ["[fe80::1%eth0]", "zone-id"],
  ["fe80::1%eth0", "zone-id"],
  ["fe80::1%25eth0", "zone-id"],
  ["::1", "ip-malformed"],
  ["2001:DB8::0:1", "ip-malformed"],
  ["1:2", "ip-malformed"],
  ["[", "ip-malformed"],
  ["[]", "ip-malformed"],
  ["[::1", "ip-malformed"],
  ["[::1]]", "ip-malformed"],
  ["[::g]", "ip-malformed"],
  ["[:]", "ip-malformed"],
  ["[::1:]", "ip-malformed"],
  ["[:::]", "ip-malformed"],
  ["[1:2:3:4:5:6:7:8:]", "ip-malformed"],
  ["[2001:db8::1:0:0:]", "ip-malformed"],
  ["[::127.0.0.1:]", "ip-malformed"],
  ["[127.0.0.1]", "ip-malformed"],
  ["[1:2:3:4:5:6:7:8:9]", "ip-malformed"],
  ["127.1", "ip-malformed"],
  ["0x7f.0.0.1", "ip-malformed"],
  ["0177.0.0.1", "ip-malformed"],
  ["2130706433", "ip-malformed"],
  ["127.0.0.1.", "ip-malformed"],
  ["0x", "ip-malformed"],
  ["256.0.0.1", "ip-malformed"],
  ["1.2.3.4.5", "ip-malformed"],
  ["example.1", "ip-malformed"],
  ["4294967296", "ip-malformed"],
  ["a b", "host-malformed", " "],
  ["a!", "host-malformed", "!"],
  ["$a", "host-malformed", "$"],
  ["é,", "host-malformed", ","],
  ["a\x7f", "host-malformed", "\x7f"],
  ["~", "host-malformed", "~"],
  ["", "label-empty"],
  [".", "label-empty"],
  ["a..b", "label-empty"],
  [".a", "label-empty"],
  ["a..", "label-empty"],
  ["a".repeat(64), "label-too-long"],
  ["a".repeat(64) + ".1", "label-too-long"],
  ["é".repeat(60), "label-too-long"],
  ["a.".repeat(128), "host-too-long"],
  [("é".repeat(10) + ".").repeat(20) + "é", "host-too-long"],
  ["undefined", "keyword"],
  ["-a.example", "host-malformed"],
  ["a-.example", "host-malformed"],
  ["a.-", "host-malformed"],
  ["null", "keyword"],
  ["NaN", "keyword"],
  ["xn--", "unicode-malformed"],
  ["xn--a.example", "unicode-malformed"],
  ["xn--a-ecp.example", "unicode-malformed"],
  ["\u0300a.example", "unicode-malformed"],
  ["a\u200db.example", "unicode-malformed"],
  ["℀.example", "unicode-malformed"],
  ["⒈example.com", "unicode-malformed"],
  ["\u0378.example", "unicode-malformed"],
  ["a\u202e.example", "unicode-malformed"],
  ["exa\u00admple.com", "unicode-malformed"],
  ["\ufeffexample.com", "unicode-malformed"],
  ["ex\u200bample.com", "unicode-malformed"],
  ["b\u00adücher.example", "unicode-malformed"],
  ["bücher\u2060.example", "unicode-malformed"],
  ["\u115f.example", "unicode-malformed"],
  ["a\ufe0f.example", "unicode-malformed"],
  ["é＆.example", "unicode-malformed"],
  ["\ud800.example", "unicode-malformed"],
  ["ｅxample.com", "unicode-maps-to-ascii", "example.com"],
  ["𝐞xample.com", "unicode-maps-to-ascii", "example.com"],
  ["example.ＣＯＭ", "unicode-maps-to-ascii", "example.com"],
  ["\u212aelvin.example", "unicode-maps-to-ascii", "kelvin.example"],
  ["a\u017f.example", "unicode-maps-to-ascii", "as.example"],
  ["ﬁ.example", "unicode-maps-to-ascii", "fi.example"],
  ["a。example", "unicode-maps-to-ascii", "a.example"],
  ["bücher。example", "unicode-maps-to-ascii", "xn--bcher-kva.example"],
  ["１２７.0.0.1", "unicode-maps-to-ascii", "127.0.0.1"],
  ["a＆b.example", "unicode-maps-to-ascii"],
  ["①.example", "unicode-maps-to-ascii", "1.example"],
];

/** What an operator is told of a host that is none. */
const diagnose = (text: string, wildcard: boolean) => wordFault(diagnoseHost(text, wildcard), false);

describe("normalizeHost", () => {
  test("gives a host as a browser sends it", () => {
    for (const [text, host] of GOOD) {
      assertEquals(normalizeHost(text, false), host, text);
      assert(isCanonicalHost(host), host);
    }
  });

  test("gives the fault, and the host that was probably meant", () => {
    eachRow(WRONG, ([text, code, ...named]) => {
      assertEquals(normalizeHost(text, false), null);
      const fault = diagnose(text, false);
      assertEquals(fault.code, code);
      assertFix(words, keyOf(text), fault.fix, named);
    });
  });

  test("below a wildcard the same, except that an address has no subdomains", () => {
    const assertOverAddress = (text: string) => {
      const { code, fix } = diagnose(text, true);
      assertEquals(code, "wildcard-over-address", text);
      assertFix(words, `*.${text}`, fix);
    };
    for (const [text, host] of GOOD) {
      const address = host.startsWith("[") || /\.\d+$/.test(host);
      assertEquals(normalizeHost(text, true), address ? null : host, text);
      if (address) assertOverAddress(text);
    }
    for (
      const text of ["1", "127.1", "example.1", "256.0.0.1", "0x", "127.0.0.1.", "[::g]", "[", "::1", "1:2"]
    ) {
      assertEquals(normalizeHost(text, true), null, text);
      assertOverAddress(text);
    }
    // What is wrong for another reason too is told that one.
    const codes = ["a..b", "a!", "a".repeat(64), "%61", "fe80::1%1", "xn--", "a。b"].map((text) => {
      assertEquals(normalizeHost(text, true), null, text);
      return diagnose(text, true).code;
    });
    assertEquals(codes, [
      "label-empty",
      "host-malformed",
      "label-too-long",
      "percent-sign",
      "zone-id",
      "unicode-malformed",
      "unicode-maps-to-ascii",
    ]);
  });

  test("of any text makes a canonical host, the same when it is normalised again, or a fault", () => {
    const random = new Random();
    const pieces = [
      "a",
      "Z",
      "example",
      ".",
      ".",
      "xn--",
      "bcher-kva",
      "é",
      "ｅ",
      "ß",
      "1",
      "127",
      "0x7f",
      "*",
      "%61",
    ];
    const odd = [
      "[",
      "]",
      ":",
      "::",
      "::1",
      "@",
      "/",
      "\\",
      " ",
      "\u200b",
      "\u202e",
      "\ud800",
      "😀",
      "-",
      "_",
      "。",
    ];
    let hosts = 0;
    let faults = 0;
    for (let i = 0; i < 30_000; i++) {
      const text = Array.from(
        { length: random.below(7) },
        () => random.pick(random.oneIn(4) ? odd : pieces),
      ).join("");
      // The parts of a URL that an entry is split at before its host is looked at.
      if (/[@/?#\\]|\].*:/.test(text)) continue;
      const says = `${JSON.stringify(text)} (seed ${seed})`;
      const wildcard = random.oneIn(2);
      const read = normalizeHost(text, wildcard);
      if (read === null) {
        faults++;
        assert(diagnose(text, wildcard).fix.endsWith("."), says);
        continue;
      }
      hosts++;
      assert(isCanonicalHost(read), `${read} from ${says}`);
      assertEquals(normalizeHost(read, false), read, says);
    }
    assertGreater(hosts, 3000);
    assertGreater(faults, 3000);
  });
});

words.end();
