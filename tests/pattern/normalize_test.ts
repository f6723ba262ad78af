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

const GOOD: readonly (readonly [text: string, host: string])[] = [
  ["example.com", "example.com"],
  ["EXAMPLE.Com", "example.com"],
  ["example.com.", "example.com."],
  ["LOCALHOST", "localhost"],
  ["my_app.example", "my_app.example"],
  ["-a-.example", "-a-.example"],
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

const IP = "A host that ends in a number is an IPv4 address, in four decimal parts";
const BRACKETS =
  'An IPv6 address stands in brackets, a port after them: "[2001:db8::1]", "[2001:db8::1]:8080".';
const IDN = "No browser can reach this name: it is not a valid IDN (UTS #46).";
const INVISIBLE = "There is a character in it that cannot be seen: type the name anew.";
const NOT_SENT = "No browser sends this name: it maps to characters that cannot stand in a host.";
const NO_SCRIPT =
  "What browsers make of it is no host: type the name anew, in the letters of its own script.";
const ZONE = "A zone id never leaves its machine: write the address without it.";
const ENCODED = "Write the characters themselves, not their encoding.";
const UNSET = "Is a variable unset? Leave the entry out.";
const stranger = (char: string) => `"${char}" cannot stand in a host: letters, digits, "-", "_" and "." can.`;
const sent = (ascii: string) =>
  `Browsers send the host "${ascii}" for it: write that, if it is what you mean.`;

const WRONG: readonly (readonly [text: string, code: ConfigIssueCode, fix: string])[] = [
  // what a pattern's own grammar has taken off before
  ["*", "host-malformed", stranger("*")],
  ["*.example", "host-malformed", stranger("*")],
  ["ex%61mple.com", "percent-sign", ENCODED],
  ["%C3%A9.example", "percent-sign", ENCODED],
  ["a%", "percent-sign", ENCODED],
  ["[fe80::1%eth0]", "zone-id", ZONE],
  ["fe80::1%eth0", "zone-id", ZONE],
  ["fe80::1%25eth0", "zone-id", ZONE],
  ["::1", "ip-malformed", BRACKETS],
  ["2001:DB8::0:1", "ip-malformed", BRACKETS],
  ["1:2", "ip-malformed", BRACKETS],
  ["[", "ip-malformed", BRACKETS],
  ["[]", "ip-malformed", BRACKETS],
  ["[::1", "ip-malformed", BRACKETS],
  ["[::1]]", "ip-malformed", BRACKETS],
  ["[::g]", "ip-malformed", BRACKETS],
  ["[:]", "ip-malformed", BRACKETS],
  ["[::1:]", "ip-malformed", BRACKETS],
  ["[:::]", "ip-malformed", BRACKETS],
  ["[1:2:3:4:5:6:7:8:]", "ip-malformed", BRACKETS],
  ["[2001:db8::1:0:0:]", "ip-malformed", BRACKETS],
  ["[::127.0.0.1:]", "ip-malformed", BRACKETS],
  ["[127.0.0.1]", "ip-malformed", BRACKETS],
  ["[1:2:3:4:5:6:7:8:9]", "ip-malformed", BRACKETS],
  ["127.1", "ip-malformed", `${IP}: 127.0.0.1.`],
  ["0x7f.0.0.1", "ip-malformed", `${IP}: 127.0.0.1.`],
  ["0177.0.0.1", "ip-malformed", `${IP}: 127.0.0.1.`],
  ["2130706433", "ip-malformed", `${IP}: 127.0.0.1.`],
  ["127.0.0.1.", "ip-malformed", `${IP}: 127.0.0.1.`],
  ["0x", "ip-malformed", `${IP}: 0.0.0.0.`],
  ["256.0.0.1", "ip-malformed", `${IP}.`],
  ["1.2.3.4.5", "ip-malformed", `${IP}.`],
  ["example.1", "ip-malformed", `${IP}.`],
  ["4294967296", "ip-malformed", `${IP}.`],
  ["a b", "host-malformed", stranger(" ")],
  ["a!", "host-malformed", stranger("!")],
  ["$a", "host-malformed", stranger("$")],
  ["é,", "host-malformed", stranger(",")],
  ["a\x7f", "host-malformed", stranger("\x7f")],
  ["~", "host-malformed", stranger("~")],
  ["", "label-empty", "Between two dots there is a name of at least one character."],
  [".", "label-empty", "Between two dots there is a name of at least one character."],
  ["a..b", "label-empty", "Between two dots there is a name of at least one character."],
  [".a", "label-empty", "Between two dots there is a name of at least one character."],
  ["a..", "label-empty", "Between two dots there is a name of at least one character."],
  ["a".repeat(64), "label-too-long", "Between two dots there are at most 63 characters."],
  ["a".repeat(64) + ".1", "label-too-long", "Between two dots there are at most 63 characters."],
  ["é".repeat(60), "label-too-long", "Between two dots there are at most 63 characters."],
  ["a.".repeat(128), "host-too-long", "A host has at most 255 characters."],
  [("é".repeat(10) + ".").repeat(20) + "é", "host-too-long", "A host has at most 255 characters."],
  ["undefined", "keyword", UNSET],
  ["undefined.example", "keyword", UNSET],
  ["a.undefined.example", "keyword", UNSET],
  ["example.UNDEFINED", "keyword", UNSET],
  ["null", "keyword", UNSET],
  ["NaN", "keyword", UNSET],
  ["xn--", "unicode-malformed", IDN],
  ["xn--a.example", "unicode-malformed", IDN],
  ["xn--a-ecp.example", "unicode-malformed", IDN],
  ["\u0300a.example", "unicode-malformed", IDN],
  ["a\u200db.example", "unicode-malformed", IDN],
  ["℀.example", "unicode-malformed", IDN],
  ["⒈example.com", "unicode-malformed", IDN],
  ["\u0378.example", "unicode-malformed", IDN],
  ["a\u202e.example", "unicode-malformed", INVISIBLE],
  ["exa\u00admple.com", "unicode-malformed", INVISIBLE],
  ["\ufeffexample.com", "unicode-malformed", INVISIBLE],
  ["ex\u200bample.com", "unicode-malformed", INVISIBLE],
  ["b\u00adücher.example", "unicode-malformed", INVISIBLE],
  ["bücher\u2060.example", "unicode-malformed", INVISIBLE],
  ["\u115f.example", "unicode-malformed", INVISIBLE],
  ["a\ufe0f.example", "unicode-malformed", INVISIBLE],
  ["é＆.example", "unicode-malformed", NOT_SENT],
  ["\ud800.example", "unicode-malformed", IDN],
  ["ｅxample.com", "unicode-maps-to-ascii", sent("example.com")],
  ["𝐞xample.com", "unicode-maps-to-ascii", sent("example.com")],
  ["example.ＣＯＭ", "unicode-maps-to-ascii", sent("example.com")],
  ["\u212aelvin.example", "unicode-maps-to-ascii", sent("kelvin.example")],
  ["a\u017f.example", "unicode-maps-to-ascii", sent("as.example")],
  ["ﬁ.example", "unicode-maps-to-ascii", sent("fi.example")],
  ["a。example", "unicode-maps-to-ascii", sent("a.example")],
  ["bücher。example", "unicode-maps-to-ascii", sent("xn--bcher-kva.example")],
  ["１２７.0.0.1", "unicode-maps-to-ascii", sent("127.0.0.1")],
  ["a＆b.example", "unicode-maps-to-ascii", NO_SCRIPT],
  ["①.example", "unicode-maps-to-ascii", sent("1.example")],
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
    for (const [text, code, fix] of WRONG) {
      assertEquals(normalizeHost(text, false), null, JSON.stringify(text));
      assertEquals(diagnose(text, false), { code, fix }, JSON.stringify(text));
    }
  });

  test("below a wildcard the same, except that an address has no subdomains", () => {
    const fault = {
      code: "wildcard-over-address",
      fix: "Addresses have no subdomains: write the address alone.",
    };
    for (const [text, host] of GOOD) {
      const address = host.startsWith("[") || /\.\d+$/.test(host);
      assertEquals(normalizeHost(text, true), address ? null : host, text);
      if (address) assertEquals(diagnose(text, true), fault, text);
    }
    for (
      const text of ["1", "127.1", "example.1", "256.0.0.1", "0x", "127.0.0.1.", "[::g]", "[", "::1", "1:2"]
    ) {
      assertEquals(normalizeHost(text, true), null, text);
      assertEquals(diagnose(text, true), fault, text);
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
