// What may be shown of a header that is no origin: never a login, never a token.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { shownPart } from "../../src/origin/shown.ts";
import { eachRow } from "../rows.ts";

describe("shownPart()", () => {
  const table: readonly (readonly [value: string, shown: string])[] = [
    ["", ""],
    ["https://A.test", "https://A.test"],
    ["https://a.test/x", "https://a.test/x"],
    ["wss://h/cable?token=secret", "wss://h/cable"],
    ["wss://h#secret", "wss://h"],
    ["?secret", ""],
    ["https://ada:secret@a.test", "https://..."],
    ["https://a.test/?to=@b", "https://..."],
    ["ada:secret@a.test", "..."],
    ["a b://ada:secret@a.test", "..."],
    [`${"a".repeat(65)}://u@h`, "..."],
    ["https://a.test, https://b.test?x", "https://a.test, https://b.test"],
  ];
  test("ends before a query and a fragment, and names nobody", () => {
    eachRow(table, ([value, shown]) => assertEquals(shownPart(value), shown));
  });
});
