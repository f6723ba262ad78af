// The grammar of hosts and ports. The URL parser of the platform is the oracle for what is canonical: exactly what it
// gives back unchanged.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  defaultPort,
  endsInNumber,
  isCanonicalHost,
  lowerAscii,
  MAX_AUTHORITY_LENGTH,
  MAX_HOST_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_PORT_LENGTH,
  parseAuthority,
  parseHost,
  parsePort,
} from "../../src/origin/authority.ts";
import { assertGrowth, CONSTANT, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow } from "../rows.ts";

/** A name of exactly this length, in labels of 60 characters and the rest. */
function nameOf(length: number): string {
  return "a".repeat(length).replace(/(a{60})a(?=a)/g, "$1.");
}

/** The text that the URL parser makes of a host, or null. */
function whatwg(host: string): string | null {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

/** The URL Standard admits empty labels and a handful of punctuation marks; DNS and browsers' users know neither. */
function isName(host: string): boolean {
  return /^[a-z0-9_.-]+$/.test(host) && !/^\.|\.\./.test(host);
}

describe("the limits", () => {
  test("are those of DNS, and sums of their parts", () => {
    assertEquals(MAX_HOST_LENGTH, 255);
    assertEquals(MAX_LABEL_LENGTH, 63);
    assertEquals(MAX_PORT_LENGTH, ":65535".length);
    assertEquals(MAX_AUTHORITY_LENGTH, 261);
  });
});

describe("isCanonicalHost", () => {
  const NAMES: Readonly<Record<"accepts" | "rejects", readonly string[]>> = {
    accepts: [
      "a",
      "localhost",
      "example.com",
      "a.b.c.d.e.f.g",
      "xn--bcher-kva.example",
      "my_app.example",
      "_dmarc.example.com",
      "-.example",
      "-a-.example",
      "a--b.example",
      "1.example",
      "9to5.test",
      "127.0.0.1.example",
      "1e3",
      "0xg",
      "0x1.example",
      "a0x1",
      "1a",
      // a trailing dot is another host
      "example.com.",
      "a.",
      // the limits
      "a".repeat(63),
      `${"a".repeat(63)}.${"b".repeat(63)}`,
      nameOf(254),
      nameOf(255),
      nameOf(254) + ".",
    ],
    rejects: [
      "",
      ".",
      "..",
      "a..",
      "a..b",
      ".a",
      ".example.com",
      "example.com..",
      "a".repeat(64),
      `${"a".repeat(64)}.example`,
      `example.${"a".repeat(64)}`,
      nameOf(256),
      nameOf(255) + ".",
      "a.".repeat(128),
      "Example.com",
      "example.COM",
      "bücher.example",
      "ｅxample.com",
      "\u212aelvin.example",
      "ex%61mple.com",
      "%",
      "*",
      "*.example.com",
      "user@example.com",
      "example.com:443",
      "example.com/",
      "example.com?",
      "example.com#",
      "example.com\\",
      "example com",
      " example.com",
      "example.com ",
      "example.com\n",
      "example.com\t",
      "example.com\0",
      "example.com,",
      "a,b",
      "a;b",
      "a+b",
      "a~b",
      "a'b",
      "a!b",
      "a=b",
      "a(b)",
      "a`b",
      "a^b",
      "a|b",
      "a{b",
      "a\x7fb",
      "a\xadb",
      "a\u200bb",
      "a。b",
    ],
  };

  test("knows the names", () => {
    eachRow(NAMES.accepts, (host) => assert(isCanonicalHost(host)));
    eachRow(NAMES.rejects, (host) => assert(!isCanonicalHost(host)));
    assertEquals([nameOf(254), nameOf(255), nameOf(256)].map((name) => name.length), [254, 255, 256]);
  });

  test("a last label that is a number makes the host an IPv4 address or nothing", () => {
    const addresses = ["0.0.0.0", "127.0.0.1", "192.168.10.99", "255.255.255.255", "1.20.100.249"];
    eachRow(addresses, (host) => assert(isCanonicalHost(host)));
    eachRow([
      "1",
      "0",
      "127.1",
      "1.2.3",
      "1.2.3.4.5",
      "256.0.0.1",
      "1.2.3.256",
      "1.2.3.1000",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.00",
      "0177.0.0.1",
      "127.0.0.1.",
      "1.2.3.",
      "1..2.3",
      "2130706433",
      "0x7f000001",
      "0x7f.0.0.1",
      "1.2.3.0x4",
      "0x",
      "0x.",
      "example.0x",
      "example.0xab",
      "example.1",
      "example.1.",
      "example.09",
      "a.1.2.3.4",
      "99999999999999999999",
    ], (host) => assert(!isCanonicalHost(host)));
  });

  test("an IPv6 address has one spelling", () => {
    const accepts = [
      "[::]",
      "[::1]",
      "[1::]",
      "[2001:db8::1]",
      "[1:2:3:4:5:6:7:8]",
      "[fe80::1:2:3:4]",
      "[::ffff:7f00:1]",
      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
      // a single zero stays, the first of two equal runs goes, the longer one goes
      "[1:0:3:4:5:6:7:8]",
      "[0:2:3:4:5:6:7:8]",
      "[1:2:3:4:5:6:7:0]",
      "[1:0:3:0:5:0:7:0]",
      "[1::4:0:0:7:8]",
      "[1:0:0:4::8]",
      "[0:2:3:4:5:6::]",
    ];
    const rejects = [
      "[]",
      "[",
      "]",
      "[:]",
      "[:::]",
      "[1]",
      "::1",
      "[::1",
      "::1]",
      "[[::1]]",
      "[::1]]",
      "[::1].",
      "[::1]a",
      "a[::1]",
      "[::1 ]",
      "[0:0:0:0:0:0:0:1]",
      "[0::1]",
      "[::0]",
      "[::01]",
      "[::0001]",
      "[1::0:1]",
      "[2001:DB8::1]",
      "[2001:0db8::1]",
      "[::127.0.0.1]",
      "[::ffff:127.0.0.1]",
      "[1:2:3:4:5:6:7]",
      "[1:2:3:4:5:6:7:8:9]",
      "[1:2:3:4:5:6:7::]",
      "[::2:3:4:5:6:7:8]",
      "[1::3:4:5:6:7:8]",
      "[1:2:3:4::5:6:7:8]",
      "[1::2::3]",
      "[1:2:3:4::5:6:7:8::]",
      "[1:2:3:4::5:6:7:8::9]",
      "[::1:2:3:4:5:6:7:8::]",
      "[1:2:3:4:5:6:7:8::9::]",
      "[1:0:0:4:5:6:7:8]",
      "[1:0:0:0:5::8]",
      "[1:0:0:4::7:8]",
      "[12345::1]",
      "[::g]",
      "[::-1]",
      "[::1%eth0]",
      "[fe80::1%25eth0]",
      "[::1/64]",
      "[:1:2:3:4:5:6:7:8]",
      "[1:2:3:4:5:6:7:8:]",
      "[:1::]",
      "[v1.x]",
      `[${"0:".repeat(10_000)}:]`,
    ];
    eachRow(accepts, (host) => assert(isCanonicalHost(host)));
    eachRow(rejects, (host) => assert(!isCanonicalHost(host)));
    // The table itself is checked by the oracle.
    eachRow(accepts, (host) => assertEquals(whatwg(host), host));
    eachRow(rejects, (host) => assert(whatwg(host) !== host));
  });

  test("of IPv6 addresses in random spellings, those that the URL parser gives back unchanged", () => {
    const random = new Random();
    let canonical = 0;
    let repaired = 0;
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const host = `[${spelledIPv6(random)}]`;
      const meant = whatwg(host);
      if (meant === host) canonical++;
      else if (meant === null) refused++;
      else repaired++;
      assertEquals(isCanonicalHost(host), meant === host, `${host} (seed ${seed})`);
      if (meant !== null) assert(isCanonicalHost(meant), `${meant} (seed ${seed})`);
    }
    assertGreater(canonical, 2000);
    assertGreater(repaired, 5000);
    assertGreater(refused, 2000);
  });

  test("of IPv4 addresses in random spellings, those that the URL parser gives back unchanged", () => {
    const random = new Random();
    let canonical = 0;
    let repaired = 0;
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const host = spelledIPv4(random);
      const meant = whatwg(host);
      if (meant === host) canonical++;
      else if (meant === null) refused++;
      else repaired++;
      assertEquals(isCanonicalHost(host), meant === host && isName(host), `${host} (seed ${seed})`);
    }
    assertGreater(canonical, 2000);
    assertGreater(repaired, 5000);
    assertGreater(refused, 2000);
  });

  test("of random names, those that the URL parser gives back unchanged", () => {
    const random = new Random();
    let canonical = 0;
    let other = 0;
    for (let i = 0; i < 30_000; i++) {
      const units = [
        "a",
        "f",
        "z",
        "0",
        "1",
        "9",
        "x",
        "0x",
        "-",
        "_",
        ".",
        ".",
        "A",
        "%61",
        "~",
        "\t",
        "é",
        ":",
        "/",
      ];
      const host = Array.from(
        { length: 1 + random.below(8) },
        () => random.pick(random.oneIn(8) ? units : units.slice(0, 12)),
      ).join("");
      const expected = whatwg(host) === host && isName(host);
      if (expected) canonical++;
      else other++;
      assertEquals(isCanonicalHost(host), expected, `${JSON.stringify(host)} (seed ${seed})`);
    }
    assertGreater(canonical, 5000);
    assertGreater(other, 5000);
  });
});

/** An address, or nearly one, as somebody might write it. */
function spelledIPv6(random: Random): string {
  const pieces = Array.from(
    { length: 8 },
    () => random.oneIn(2) ? 0 : random.below(0x10000) >> random.below(16),
  );
  const style = random.below(4);
  const texts = pieces.map((piece) => {
    const hex = piece.toString(16);
    if (style === 0 && random.oneIn(6)) return random.oneIn(2) ? hex.padStart(4, "0") : hex.toUpperCase();
    return hex;
  });
  if (style === 1 && random.oneIn(2)) {
    texts.splice(6, 2, Array.from({ length: 4 }, () => random.below(256)).join("."));
  }
  if (style === 2 && random.oneIn(2)) {
    if (random.oneIn(2)) texts.push("1");
    else texts.pop();
  }
  if (style === 3 && random.oneIn(3)) {
    texts[random.below(8)] = random.pick(["", "g", "10000", "00000", "-1", "%1"]);
  }
  // `::` for a run of zeros, most often the right one, sometimes a part of one or another or none.
  const runs = [...texts.join(":").matchAll(/(?<![0-9a-f])0(?::0)*(?![0-9a-f])/g)];
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0];
  const run = random.oneIn(3) ? random.pick(runs) : longest;
  const text = texts.join(":");
  if (run === undefined || random.oneIn(8)) return text;
  const cut = random.oneIn(8) ? Math.min(2, run[0].length - 1) : 0;
  const before = text.slice(0, run.index + cut);
  const after = text.slice(run.index + run[0].length);
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

/** The same for IPv4: octal, hexadecimal, too few parts, too many, too large. */
function spelledIPv4(random: Random): string {
  const number = () => {
    const value = random.oneIn(10) ? random.below(70_000) : random.below(256);
    switch (random.below(12)) {
      case 0:
        return "0" + value.toString(8);
      case 1:
        return "0x" + value.toString(16);
      case 2:
        return random.pick(["", "0x", "00", "08", "256", "4294967296", "a", "0xg"]);
      default:
        return String(value);
    }
  };
  const parts = Array.from({ length: random.oneIn(3) ? 1 + random.below(5) : 4 }, number);
  return parts.join(".") + (random.oneIn(10) ? "." : "");
}

describe("endsInNumber", () => {
  test("looks at the last label alone, good or bad", () => {
    eachRow([
      "1",
      "127.0.0.1",
      "a.1",
      "a.1.",
      "1.2.3.4.5",
      "999",
      "0x",
      "a.0x",
      "a.0xff",
      "a.0xff.",
      "0",
    ], (host) => assert(endsInNumber(host)));
    eachRow(
      ["", "a", "a1", "1a", "1.a", "1.a.", "0xg", "a.x0", "a0x1", "1.2.3.4a", "1-", "1..", "-1"],
      (host) => assert(!endsInNumber(host)),
    );
  });
});

describe("parsePort", () => {
  test("reads 1 to 65535 without leading zeros, and gives 0 for anything else", () => {
    eachRow([["1", 1], ["9", 9], ["80", 80], ["8443", 8443], ["65535", 65535]], ([digits, port]) => {
      assertEquals(parsePort(digits), port);
    });
    eachRow([
      "",
      "0",
      "00",
      "01",
      "080",
      "65536",
      "65540",
      "70000",
      "99999",
      "100000",
      "4294967297",
      "-1",
      "+80",
      " 80",
      "80 ",
      "80\n",
      "8 0",
      "8_0",
      "80.0",
      "8e1",
      "0x50",
      "http",
      "*",
      "٣",
      "８０",
    ], (digits) => assertEquals(parsePort(digits), 0));
    const ports = Array.from({ length: 676 }, (_, index) => 1 + 97 * index);
    eachRow(ports, (port) => assertEquals(parsePort(String(port)), port));
  });
});

describe("defaultPort", () => {
  test("is that of http, https, ws and wss; nothing else has one", () => {
    assertEquals(["http", "https", "ws", "wss"].map(defaultPort), [80, 443, 80, 443]);
    eachRow(
      ["", "ftp", "file", "HTTP", "httpss", "chrome-extension", "capacitor", "constructor"],
      (scheme) => assertEquals(defaultPort(scheme), 0),
    );
  });
});

describe("parseAuthority", () => {
  const TABLE: readonly (readonly [text: string, host: string, port: number])[] = [
    ["example.com", "example.com", 0],
    ["example.com:1", "example.com", 1],
    ["example.com:443", "example.com", 443],
    ["example.com:65535", "example.com", 65535],
    ["example.com.", "example.com.", 0],
    ["example.com.:80", "example.com.", 80],
    ["localhost:3000", "localhost", 3000],
    ["127.0.0.1", "127.0.0.1", 0],
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["[::1]", "[::1]", 0],
    ["[::1]:8080", "[::1]", 8080],
    ["[1:2:3:4:5:6:7:8]:9", "[1:2:3:4:5:6:7:8]", 9],
    [`${nameOf(255)}:65535`, nameOf(255), 65535],
  ];

  test("splits a host and a port", () => {
    eachRow(TABLE, ([text, host, port]) => assertEquals(parseAuthority(text), { host, port }));
  });

  test("gives null for what is malformed", () => {
    eachRow([
      "",
      ":",
      ":80",
      "::",
      "example.com:",
      "example.com:0",
      "example.com:65536",
      "example.com:080",
      "example.com::80",
      "example.com:80:80",
      "example.com:80:",
      "example.com: 80",
      "example.com :80",
      "example.com:80 ",
      "example.com:x",
      "example.com:*",
      "example.com:80/",
      "example.com/",
      "example.com/:80",
      "user@example.com",
      "user:80@example.com",
      "example.com:80@evil.test",
      "Example.com",
      "example.com,evil.test",
      "127.1:80",
      "127.0.0.1.:80",
      "::1",
      "::1:80",
      "[::1",
      "[::1]80",
      "[::1]:",
      "[::1]:0",
      "[::1]:80:90",
      "[::1]]:80",
      "[::1][::1]",
      "[::1]x",
      "[::1].:80",
      "[::1%1]:80",
      "[]:80",
      "[:80",
      "]:80",
      "a]:80",
      `${nameOf(256)}:65535`,
      `${nameOf(255)}:065535`,
      `${"a".repeat(64)}:80`,
      "a".repeat(100_000),
      "[".repeat(100_000),
    ], (text) => assertEquals(parseAuthority(text), null));
  });

  test("does not look at what is too long", () => {
    eachRow(["", ":80"], (suffix) => assertGrowth(parseAuthority, runsOf({ suffix }), CONSTANT));
    assertGrowth(parseAuthority, runsOf({ prefix: "[" }), CONSTANT);
  });
});

describe("parseHost", () => {
  const GOOD: readonly (readonly [value: string, host: string, port: number])[] = [
    ["example.com", "example.com", 0],
    ["example.com:80", "example.com", 80],
    ["example.com:65535", "example.com", 65535],
    ["localhost:3000", "localhost", 3000],
    ["example.com.", "example.com.", 0],
    ["example.com.:443", "example.com.", 443],
    // letters in any case: a Host header is not serialised by a browser alone
    ["EXAMPLE.com", "example.com", 0],
    ["Example.Com:8443", "example.com", 8443],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example", 0],
    ["[2001:DB8::A]", "[2001:db8::a]", 0],
    ["my_app.example", "my_app.example", 0],
    ["127.0.0.1", "127.0.0.1", 0],
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["[::1]", "[::1]", 0],
    ["[::1]:8080", "[::1]", 8080],
    ["a", "a", 0],
    ["A".repeat(63), "a".repeat(63), 0],
    [`${nameOf(255)}:65535`, nameOf(255), 65535],
  ];
  const MALFORMED: readonly string[] = [
    "",
    " ",
    "example.com ",
    " example.com",
    "example.com\t",
    "exam ple.com",
    "example.com\0",
    "example.com\n",
    "example.com\r\nX-Evil: 1",
    "example.com\xa0",
    "example.com\x7f",
    "example.com:",
    "example.com:0",
    "example.com:080",
    "example.com:65536",
    "example.com:-1",
    "example.com: 80",
    "example.com:80:80",
    "example.com:http",
    "example.com:*",
    ":80",
    ":",
    "*",
    "*.example.com",
    ".example.com",
    "example..com",
    "example.com..",
    "example.com,evil.test",
    "example.com, evil.test",
    "evil.test, example.com",
    "user@example.com",
    "example.com@evil.test",
    "example.com:80@evil.test",
    "example.com/",
    "example.com/@evil.test",
    "example.com?",
    "example.com#",
    "example.com\\",
    "http://example.com",
    "//example.com",
    "example%2ecom",
    "%65xample.com",
    "null:0",
    // addresses in every spelling but one
    "127.1",
    "127.0.0.1.",
    "127.0.0.256",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "0",
    "1.2.3.4.5",
    "::1",
    "[::1",
    "::1]",
    "[::1]80",
    "[::1]:",
    "[::0001]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[]",
    "[example.com]",
    // letters that are lower-cased into ASCII by a careless reader
    "\u212aelvin.example",
    "loca\u017fhost",
    "bücher.example",
    "BÜCHER.example",
    "ｅxample.com",
    "example。com",
    "exa\u00admple.com",
    "\u202eexample.com",
    "\ufeffexample.com",
    "İ.example",
    // too long
    "a".repeat(64),
    nameOf(256),
    `${nameOf(255)}.`,
    `${nameOf(255)}:065535`,
    "a.".repeat(50_000),
    `example.com:${"8".repeat(50_000)}`,
  ];

  test("reads a host and a port", () => {
    eachRow(GOOD, ([value, host, port]) => assertEquals(parseHost(value), { host, port }));
    assertEquals(`${nameOf(255)}:65535`.length, MAX_AUTHORITY_LENGTH);
  });

  test("gives null for what is malformed", () => {
    eachRow(MALFORMED, (value) => assertEquals(parseHost(value), null));
  });

  test("refuses any other character, wherever it stands", () => {
    const others = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
      .filter((char) => !/[A-Za-z0-9._-]/.test(char));
    const values = others.flatMap((
      char,
    ) => [`${char}example.com`, `exa${char}mple.com`, `example.com${char}`]);
    eachRow(values, (value) => assertEquals(parseHost(value), null));
  });

  test("of what it reads, lower case written back is what came in", () => {
    const random = new Random();
    const pieces = [
      "a",
      "B",
      "example",
      ".",
      ".",
      ":",
      "80",
      "1",
      "0",
      "[::1]",
      "[::A]",
      "-",
      "_",
      "é",
      "@",
      "/",
      " ",
    ];
    let read = 0;
    for (let i = 0; i < 30_000; i++) {
      const value = Array.from(
        { length: 1 + random.below(6) },
        () => random.pick(random.oneIn(8) ? pieces : pieces.slice(0, 13)),
      ).join("");
      const authority = parseHost(value);
      if (authority === null) continue;
      read++;
      const { host, port } = authority;
      assertEquals(port === 0 ? host : `${host}:${port}`, value.toLowerCase(), `${value} (seed ${seed})`);
      assertEquals(parseHost(host), { host, port: 0 });
    }
    assertGreater(read, 3000);
  });

  test("does not look at what is too long", () => {
    assertGrowth(parseHost, runsOf(), CONSTANT);
    assertGrowth(parseHost, runsOf({ prefix: "[", suffix: "]:80" }), CONSTANT);
    assertGrowth(parseHost, runsOf({ suffix: "\xff" }), CONSTANT);
  });
});

describe("lowerAscii", () => {
  test("lowers A to Z, and no letter that another alphabet has in two cases", () => {
    assertEquals(lowerAscii("ABCXYZabc019-._"), "abcxyzabc019-._");
    assertEquals(lowerAscii("ÄÖÜ\u212a\u0130Σ"), "ÄÖÜ\u212a\u0130Σ");
    assertEquals(lowerAscii(""), "");
  });
});
