// The Cookie header by table, against std's reader, and whatever bytes a client puts in it.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { getCookies as getStdCookies, setCookie } from "@std/http";
import { getCookies } from "@wsgate/wsgate";
import { handshakeOf, untyped } from "../doubles.ts";
import { assertGrowth, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow } from "../rows.ts";

/** The cookies of this header, in order. */
function read(cookie: string | null): [name: string, value: string][] {
  return [...getCookies(handshakeOf({ headers: { cookie } }))];
}

/** What std makes of the same header, or "throws". */
function readByStd(cookie: string): Record<string, string> | "throws" {
  try {
    return { ...getStdCookies(untyped(handshakeOf({ headers: { cookie } }).headers)) };
  } catch {
    return "throws";
  }
}

type Row = readonly [header: string, ...cookies: (readonly [name: string, value: string])[]];

describe("getCookies()", () => {
  test("none without a header", () => {
    assertEquals(read(null), []);
  });

  const tables: Readonly<Record<string, readonly Row[]>> = {
    "pairs, in the order sent": [
      ["a=1", ["a", "1"]],
      ["a=1; b=2", ["a", "1"], ["b", "2"]],
      ["b=2; a=1", ["b", "2"], ["a", "1"]],
      ["2=b; 1=a", ["2", "b"], ["1", "a"]],
      ["theme=dark; __Host-session=4f2a", ["theme", "dark"], ["__Host-session", "4f2a"]],
    ],
    "names are of one case": [
      ["a=1; A=2", ["a", "1"], ["A", "2"]],
      ["__HOST-session=x", ["__HOST-session", "x"]],
    ],
    "spaces and tabs around are none of it": [
      ["a=1;b=2", ["a", "1"], ["b", "2"]],
      [" \t a \t = \t 1 \t ; b=2", ["a", "1"], ["b", "2"]],
      ["a=1 2", ["a", "1 2"]],
      ["a b=1", ["a b", "1"]],
      ["a= ", ["a", ""]],
    ],
    "nothing but spaces and tabs is taken off: another byte makes another name": [
      ["\u00a0__Host-session=x", ["\u00a0__Host-session", "x"]],
      ["__Host-session\u00a0=x", ["__Host-session\u00a0", "x"]],
      ["a=1;\u00a0__Host-session=x", ["a", "1"], ["\u00a0__Host-session", "x"]],
      ["\u00a0__Host-session=x; __Host-session=y", ["\u00a0__Host-session", "x"], ["__Host-session", "y"]],
      ["\0__Host-session=x", ["\0__Host-session", "x"]],
      ["\v\f\r\n\x85\ufeff\u2028\u3000a\v\f\r\n\x85\ufeff\u2028\u3000=x", [
        "\v\f\r\n\x85\ufeff\u2028\u3000a\v\f\r\n\x85\ufeff\u2028\u3000",
        "x",
      ]],
      ["a=\u00a0\n", ["a", "\u00a0\n"]],
    ],
    "the first of one name is taken": [
      ["a=1; a=2", ["a", "1"]],
      ["a=; a=2", ["a", ""]],
      ["a=1; b=2; a=3; b=4", ["a", "1"], ["b", "2"]],
      ["a =1; a=2", ["a", "1"]],
      // Not taken, so not the first.
      ["a; a=2", ["a", "2"]],
    ],
    "parts without = or without a name are passed over": [
      [""],
      [" "],
      [";"],
      ["; ;;"],
      ["a"],
      ["=a"],
      [" =a"],
      ["="],
      ["=="],
      ["__Host-session"],
      ["=__Host-session=x"],
      ["a; b=2; c", ["b", "2"]],
      [";a=1;", ["a", "1"]],
    ],
    "values are as sent": [
      ["a==", ["a", "="]],
      ["a=b=c", ["a", "b=c"]],
      ['a="1"', ["a", '"1"']],
      ['a="1; b=2"', ["a", '"1'], ["b", '2"']],
      ["a=%20%3B%zz%", ["a", "%20%3B%zz%"]],
      ["a=1, b=2", ["a", "1, b=2"]],
      ["a=1+2", ["a", "1+2"]],
      ["a=\\073", ["a", "\\073"]],
      ["a=\xe4\x80\xff", ["a", "\xe4\x80\xff"]],
      ["\x80\xff=1", ["\x80\xff", "1"]],
      ["a=\0; b\0=2", ["a", "\0"], ["b\0", "2"]],
      ["a=\ud800", ["a", "\ud800"]],
    ],
    "old attributes are cookies like others": [
      ["$Version=1; a=1; $Path=/", ["$Version", "1"], ["a", "1"], ["$Path", "/"]],
    ],
    "no name is special": [
      ["__proto__=x; constructor=y; toString=z", ["__proto__", "x"], ["constructor", "y"], ["toString", "z"]],
    ],
  };
  for (const [name, rows] of Object.entries(tables)) {
    test(name, () => {
      eachRow(rows, ([header, ...cookies]) => {
        assertEquals(read(header), cookies as [string, string][]);
      });
    });
  }

  test("it is a map of its own each time", () => {
    const handshake = handshakeOf({ headers: { cookie: "__proto__=x" } });
    const cookies = getCookies(handshake);
    assert(cookies instanceof Map);
    assertEquals(handshake.headers.reads, ["cookie"]);
    assertEquals(cookies.get("toString"), undefined);
    assertEquals(({} as Record<string, unknown>).x, undefined);
    cookies.clear();
    assertEquals(getCookies(handshake).get("__proto__"), "x");
  });

  test("of a Request, where a runtime gives a repeated header as one", () => {
    assertEquals([...getCookies(new Request("http://h/", { headers: { cookie: "a=1; b=2" } }))], [
      ["a", "1"],
      ["b", "2"],
    ]);
    assertEquals(getCookies(new Request("http://h/")).size, 0);
    // Fetch trims what surrounds a header, a no-break space not.
    const request = new Request("http://h/", { headers: { cookie: " \t\u00a0__Host-session=x \t" } });
    assertEquals([...getCookies(request)], [["\u00a0__Host-session", "x"]]);
  });
});

describe("getCookies() and std's", () => {
  test("read alike what browsers send", () => {
    const headers = [
      "a=1",
      "a=1; b=2; c=3",
      "theme=dark; __Host-session=4f2a",
      'a="1"',
      "a=b=c; d==",
      "a=%20",
      "__proto__=x",
      "a=",
    ];
    eachRow(headers, (header) => {
      assertEquals(Object.fromEntries(read(header)), readByStd(header) as Record<string, string>);
    });
  });

  test("what setCookie() writes comes back as it was", () => {
    const cookies = [
      { name: "__Host-session", value: "4f2a" },
      { name: "a", value: "" },
      { name: "b", value: "x=y" },
      { name: "c!#$%&'*+-.^_`|~", value: "!#$%&'()*+-./:<=>?@[]^_`{|}~" },
      { name: "__proto__", value: "z" },
    ];
    const headers = new Headers();
    for (const cookie of cookies) setCookie(headers, cookie);
    // What a browser keeps of Set-Cookie and sends.
    const sent = headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    assertEquals(read(sent), cookies.map(({ name, value }) => [name, value]));
    assertEquals(readByStd(sent), Object.fromEntries(cookies.map(({ name, value }) => [name, value])));
  });

  const differences:
    readonly (readonly [why: string, header: string, ours: object, std: object | "throws"])[] = [
      ["a no-break space is no white space", "\u00a0__Host-s=evil", { "\u00a0__Host-s": "evil" }, {
        "__Host-s": "evil",
      }],
      ["the first of one name is taken", "a=1; a=2", { a: "1" }, { a: "2" }],
      ["a missing name is no error", "=x", {}, "throws"],
      ["nor is a semicolon at the end, or two", "a=1;;b=2;", { a: "1", b: "2" }, "throws"],
      ["no = is no cookie", "a", {}, { a: "" }],
      ["white space is no name", " =x", {}, { "": "x" }],
      ["values are trimmed", "a= 1 ; b=2", { a: "1", b: "2" }, { a: " 1 ", b: "2" }],
    ];
  for (const [why, header, ours, std] of differences) {
    test(`differ: ${why}`, () => {
      assertEquals(Object.fromEntries(read(header)), ours as Record<string, string>);
      assertEquals(readByStd(header), std as Record<string, string>);
    });
  }
});

describe("getCookies(): whatever a client sends", () => {
  /** The grammar once more, as one expression for each part. Slow, and short enough to be seen to be right. */
  function model(header: string): [string, string][] {
    const cookies = new Map<string, string>();
    for (const part of header.split(";")) {
      const [, name = "", value = ""] = /^[ \t]*([^=]*?)[ \t]*=[ \t]*([^]*?)[ \t]*$/.exec(part) ?? [];
      if (name !== "" && !cookies.has(name)) cookies.set(name, value);
    }
    return [...cookies];
  }

  test(`20,000 headers: none throws, all as by the model (seed ${seed})`, () => {
    const random = new Random();
    const names = ["a", "b", "c", "__Host-s", "\u00a0__Host-s", "__proto__", "", " ", "\0", "a b", '"'];
    const values = ["", "1", '"1"', "=", "%3B", " x ", "\u00a0", "\xff", "\n", ","];
    const sizes = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      let header = "";
      for (let left = random.below(6); left > 0; left--) {
        header += random.pick(names) + random.pick(["=", "=", " =\t", ""]) + random.pick(values);
        if (random.oneIn(8)) header += String.fromCharCode(random.below(0x10000));
        header += random.pick([";", "; ", " ;\t", ";;", ""]);
      }
      const cookies = read(header);
      assertEquals(cookies, model(header), JSON.stringify(header));
      sizes[Math.min(cookies.length, 3)]!++;
    }
    eachRow(sizes, (size) => assertGreater(size, 100, `${sizes}`));
  });

  test("a header takes the time of its length", () => {
    const units = [";", "=", "; ", " ;", "a=1; ", "a; ", "=;", "\u00a0"];
    eachRow([["", ""], ["a=", ";"], ["a=x", "x"], ["a", "=1"]], ([prefix, suffix]) => {
      assertGrowth(read, runsOf({ prefix, suffix, units }));
    });
  });
});
