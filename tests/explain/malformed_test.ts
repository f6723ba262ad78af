// What is wrong with a header that is no Host, or no origin.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { areSeveralOrigins, whyHostMalformed, whyOriginMalformed } from "../../src/explain/malformed.ts";
import { assertGrowth, LINEAR, runsOf } from "../growth.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

describe("malformed headers", () => {
  test("a Host", () => {
    eachRow(["", "a, b", "[fe80::1%eth0]:80", "fe80::1", "127.1", "a b"], (value) => {
      words.assert(`Host ${JSON.stringify(value)}`, whyHostMalformed(value, JSON.stringify(value)));
    });
  });
  test("an Origin", () => {
    eachRow([
      "https://A.test",
      "https://a.test/",
      "https://a.test?b",
      "https://a\u202e",
      "a.test",
      "x://u@h",
      "x://:1",
    ], (value) => {
      words.assert(`Origin ${JSON.stringify(value)}`, whyOriginMalformed(value));
    });
  });
  test("several origins", () => {
    eachRow([
      ["https://a.test, https://b.test", true],
      ["https://a.test null", true],
      ["https://a.test", false],
      ["https://a.test, x", false],
    ], ([value, several]) => assertEquals(areSeveralOrigins(value as string), several));
  });
  test("costs no more than one pass", () => {
    assertGrowth(
      whyOriginMalformed,
      runsOf({ prefix: "https://", units: ["a", "/", "?", "a,", "@"] }),
      LINEAR,
    );
  });
});

words.end();
