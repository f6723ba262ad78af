import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { ConfigIssueCode } from "@wsgate/wsgate";
import { findMisspelling, type Suggest, wordFault } from "../../src/pattern/misspellings.ts";
import { wordsOf } from "../words.ts";
import { assertFix } from "./entries.ts";

const words = wordsOf(import.meta.url);

const tell = (entry: string, suggest: Suggest) => wordFault(findMisspelling(entry, suggest)!, false);

/** Names every candidate: what a list does that takes it. */
const quoted = (candidate: string) => JSON.stringify(candidate);
/** Names none: what a list does that takes no candidate. */
const otherwise = (_: string, otherwise: string) => otherwise;

// entry, code, what the fix names
const MISSPELT: readonly (readonly [entry: string, code: ConfigIssueCode, ...named: string[]])[] = [
  ["", "empty"],
  ["self", "keyword", "'self'"],
  ["“self”", "keyword", "'self'"],
  ["'none'", "keyword"],
  ["all", "keyword", "*"],
  ["undefined", "keyword"],
  ["[object Object]", "keyword"],
  ['%{host: "example.com"}', "foreign-spelling"],
  ["//shop.example", "foreign-spelling", "shop.example"],
  [
    "https://example.com:[80,8080]",
    "foreign-spelling",
    "https://example.com:80",
    "https://example.com:8080",
  ],
  ["^https://example\\.com$", "regular-expression"],
  ["a.example,b.example", "several-entries", "a.example", "b.example"],
  [" example.com", "white-space", "example.com"],
  ["'example.com'", "foreign-spelling", "example.com"],
  ["https:/example.com", "scheme-malformed", "https://example.com"],
  ["file:///", "scheme-not-allowed"],
  ["*://example.com", "scheme-malformed", "example.com"],
];

describe("findMisspelling()", () => {
  for (const [entry, code, ...named] of MISSPELT) {
    test(`${JSON.stringify(entry)} is ${code}`, () => {
      const fault = tell(entry, quoted);
      assertEquals(fault.code, code);
      assertFix(words, entry, fault.fix, named);
    });
  }

  test("a fix names nothing that its list would not take", () => {
    for (
      const entry of [
        "//shop.example",
        "https:/shop.example",
        "'shop.example'",
        "*://shop.example",
        "shop.example,x",
      ]
    ) {
      const { fix } = tell(entry, otherwise);
      assert(!fix.includes("shop.example"), fix);
      assertFix(words, `${entry}, of a list that takes nothing`, fix);
    }
  });

  test("patterns are none", () => {
    for (
      const entry of [
        "*",
        "example.com",
        ".example.com",
        "https://*.example.com:*",
        "[::1]",
        "moz-extension://*",
      ]
    ) {
      assertEquals(findMisspelling(entry, quoted), null, entry);
    }
  });
});

words.end();
