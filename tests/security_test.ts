// The guarantees of SECURITY.md: each names files of tests, which exist, run with the suite, and assert something.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { eachRow } from "./rows.ts";

const root = new URL("../", import.meta.url);
const text = readFileSync(new URL(".github/SECURITY.md", root), "utf8");

/** The rows of the table below a heading, in cells. */
function rowsBelow(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading));
  assert(section !== undefined, heading);
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => row.slice(1, -1).split("|").map((cell) => cell.trim()));
}

describe("SECURITY.md", () => {
  const guarantees = rowsBelow("What is guaranteed");
  const files = guarantees.flatMap(([_, tests]) => tests!.match(/`[^`]+`/g) ?? []).map((name) =>
    name.slice(1, -1)
  );

  test("names tests for each guarantee, which run with the suite and assert something", () => {
    assertGreater(guarantees.length, 12);
    eachRow(guarantees, ([_, tests]) => assertMatch(tests!, /^(?:`tests\/[\w/]+_test\.ts`(?:, )?)+$/));
    eachRow(files, (name) => {
      const source = readFileSync(new URL(name, root), "utf8");
      assertMatch(source, /from "node:test"/);
      assertMatch(source, /\bassert\w*\(/);
      // Skipped as a whole it would hold nothing.
      assertEquals(/\b(?:test|it|describe)\.skip\(/.test(source), false);
    });
  });

  test("names files that exist, wherever it names one", () => {
    const named = text.match(/`(?:src|tests|examples)\/[^`]+`/g) ?? [];
    assertGreater(named.length, files.length);
    eachRow(named, (name) => assert(existsSync(fileURLToPath(new URL(name.slice(1, -1), root)))));
  });

  test("is right that what decides asks for words in one place, and never the program or the kit", () => {
    const asides = /^(?:explain|cli|testing)\/|^(?:cli|testing)\.ts$/;
    const files = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => name.endsWith(".ts") && !asides.test(name));
    assertGreater(files.length, 60);
    const asked = files.flatMap((file) =>
      Array.from(
        readFileSync(new URL(`src/${file}`, root), "utf8").matchAll(/\bfrom "(\.[^"]+)"/g),
        ([, path]) =>
          new URL(path!, new URL(`src/${file}`, root)).href.slice(root.href.length + "src/".length),
      ).filter((path) => asides.test(path)).map((path) => `${file} asks ${path}`)
    );
    assertEquals(asked.sort(), [
      "guard/judge.ts asks explain/console_line.ts",
      "guard/validators.ts asks explain/console_line.ts",
    ]);
  });

  test("says of each version what the other files say", () => {
    const ci = readFileSync(new URL(".ci/run", root), "utf8");
    const lowest = (pattern: RegExp) => pattern.exec(ci)![1]!;
    const rows = Object.fromEntries(rowsBelow("Supported versions").map(([what, said]) => [what, said!]));
    assert(rows.Node!.startsWith(`${lowest(/WSGATE_NODES="([\d.]+)/)} `));
    assert(rows.Deno!.startsWith(`${lowest(/WSGATE_RUNTIMES="deno@([\d.]+)/)} `));
    assert(rows.Bun!.startsWith(`${lowest(/ bun@([\d.]+)/)} `));
  });
});
