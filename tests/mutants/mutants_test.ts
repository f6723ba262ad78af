import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { eachRow } from "../rows.ts";
import { MUTANTS } from "./mutants.ts";

const ROOT = new URL("../../", import.meta.url);

// As `deno task mutants` asks for it, and in a moment: who changes a line of src hears of its fault with the other tests.
test("each fault replaces a text that its file has exactly once", () => {
  const texts = new Map<string, string>();
  eachRow(MUTANTS, ({ file, from, to }) => {
    if (!texts.has(file)) texts.set(file, readFileSync(new URL(file, ROOT), "utf8"));
    assertEquals(
      texts.get(file)!.split(from).length - 1,
      1,
      `times that ${file} has ${JSON.stringify(from)}`,
    );
    assertNotEquals(to, from);
  });
});

test("each fault has tests that are there, each named once", () => {
  eachRow(MUTANTS, ({ tests }) => {
    assert(tests.length > 0);
    assertEquals(new Set(tests).size, tests.length);
    assertEquals(tests.filter((test) => !existsSync(new URL(test, ROOT))), []);
  });
});
