// What somebody else chose, in one line of printable ASCII.

import { describe, test } from "node:test";
import { assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import { quote } from "../src/quote.ts";
import { assertGrowth, CONSTANT, runsOf } from "./growth.ts";
import { Random, seed } from "./random.ts";
import { eachRow } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

/** Whatever a careless or hostile caller may hand over. */
function strangeValues(): unknown[] {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  const { proxy: revokedFunction, revoke: revokeFunction } = Proxy.revocable(() => {}, {});
  revoke();
  revokeFunction();
  const angry = new Proxy({}, {
    get: () => {
      throw new Error("trapped");
    },
    ownKeys: () => {
      throw new Error("trapped");
    },
  });
  return [
    cyclic,
    [cyclic],
    revoked,
    revokedFunction,
    angry,
    { toJSON: () => angry },
    {
      toJSON() {
        throw new Error("no");
      },
      toString() {
        throw new Error("no");
      },
    },
    {
      get a() {
        throw new Error("no");
      },
    },
    { toJSON: "not a function" },
    { toJSON: () => undefined },
    { toJSON: () => 1n },
    { toJSON: () => "\u202e\x1b" },
    { "\u202e\x1b\n": "\ud800" },
    Object.create(null),
    { a: 1n },
    [1n],
    10n ** 500n,
    Symbol(),
    Symbol("\u202e\n"),
    Symbol.iterator,
    Object.assign(() => {}, { toString: () => "\x1b" }),
    class Évil {},
    new Date(NaN),
    new Map([["a", 1]]),
    new Error("\x1b"),
    new String("\u202e"),
    Array(100_000).fill("é"),
    Array.from({ length: 3 }),
    "\ud800",
    "\udc00\ud800",
    "😀".repeat(100),
    "a" + "😀".repeat(100),
    "\u202e".repeat(10_000),
    '"'.repeat(10_000),
    "\\".repeat(10_000),
    "\0".repeat(10_000),
    "x".repeat(10_000),
    NaN,
    -0,
    1e300,
    true,
    null,
    undefined,
  ];
}

describe("quote", () => {
  const TABLE: readonly (readonly [value: unknown, expected: string])[] = [
    ["", '""'],
    ["abc", '"abc"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["a\nb\tc\x1b", '"a\\nb\\tc\\u001b"'],
    ["\x7f\x80\xa0\xff", '"\\u007f\\u0080\\u00a0\\u00ff"'],
    ["\u2028\u2029\u202e\u2066\ufeff", '"\\u2028\\u2029\\u202e\\u2066\\ufeff"'],
    ["bücher", '"b\\u00fccher"'],
    ["😀", '"\\ud83d\\ude00"'],
    ["\ud800", '"\\ud800"'],
    ["\udc00x", '"\\udc00x"'],
    [undefined, "undefined"],
    [null, "null"],
    [true, "true"],
    [8080, "8080"],
    [NaN, "NaN"],
    [10n, "10"],
    [Symbol("é"), "Symbol(\\u00e9)"],
    [["a", 1], '["a",1]'],
    [{ a: "é" }, '{"a":"\\u00e9"}'],
    // exactly as long as it may be, and one more
    ["x".repeat(78), `"${"x".repeat(78)}"`],
    ["x".repeat(79), `"${"x".repeat(76)}...`],
    ["x".repeat(80), `"${"x".repeat(76)}...`],
    ["x".repeat(81), `"${"x".repeat(76)}...`],
    [Array(39).fill(1), `[${Array(39).fill(1)}]`.slice(0, 77) + (`[${Array(39).fill(1)}]`.slice(77))],
    [Array(40).fill(1), `[${Array(40).fill(1)}]`.slice(0, 77) + "..."],
  ];

  test("shows a value on one line", () => {
    eachRow(TABLE, ([value, expected]) => assertEquals(quote(value), expected));
  });

  test("says of what has no text what it is", () => {
    eachRow([() => 1, class A {}], (value) => words.assert("a function", quote(value)));
    eachRow([{ toJSON: () => undefined }, { a: 1n }], (value) => words.assert("an object", quote(value)));
  });

  test("never throws, never lets a character through that is not printable ASCII, and has an end", () => {
    eachRow(strangeValues(), (value) => {
      eachRow([10, 80, 200], (max) => {
        const text = quote(value, max);
        assertMatch(text, /^[\x20-\x7e]+$/);
        assertLessOrEqual(text.length, max);
      });
      assertLessOrEqual(quote(value).length, 80);
    });
  });

  test("gives a short text back unchanged to whoever reads it as JSON, and says so where it is cut", () => {
    const random = new Random();
    let whole = 0;
    let cut = 0;
    for (let i = 0; i < 20_000; i++) {
      const wide = random.oneIn(2);
      const units = Array.from({ length: random.below(60) }, () => random.below(wide ? 0x10000 : 0x80));
      const value = String.fromCharCode(...units);
      const text = quote(value);
      assertMatch(text, /^[\x20-\x7e]+$/, `${units} (seed ${seed})`);
      assertLessOrEqual(text.length, 80);
      if (text.length === 80 && text.endsWith("...")) {
        cut++;
      } else {
        whole++;
        assertEquals(JSON.parse(text), value, `${units} (seed ${seed})`);
      }
    }
    assertGreater(whole, 5000);
    assertGreater(cut, 1000);
  });

  test("costs no more for a long text than for a short one", () => {
    const units = ["\0", "\u202e", "\ud800", "😀"];
    assertGrowth((text) => quote(text), runsOf({ suffix: "\u202e", units }), CONSTANT);
    // What is no string is put into words first, in one pass.
    assertGrowth((text) => quote([text]), runsOf({ suffix: "\u202e", units }));
  });
});

words.end();
