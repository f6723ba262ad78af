// What -h says: there is one for each command, it fits a terminal, and names every option there is.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { runCommand } from "../../src/cli/commands.ts";
import { HELP, VERSION } from "../../src/cli/help.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { noNetwork } from "./probing.ts";

const words = wordsOf(import.meta.url);

test("VERSION is that of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../deno.json", import.meta.url), "utf8"));
  assertEquals(VERSION, version);
});

describe("HELP", () => {
  test("one for each command, and one of the whole that names them all", () => {
    assertEquals(Object.keys(HELP), ["", "explain", "lint", "check", "tree", "probe"]);
    eachRow(Object.keys(HELP), (name) => assert(HELP[""]!.includes(`wsgate ${name}`)));
  });
  for (const [name, text] of Object.entries(HELP)) {
    test(`${name || "the whole"}: 80 columns`, () => {
      eachRow(text.split("\n"), (line) => assert(line.length <= 80));
      words.assert(`wsgate ${name}`.trim(), text);
    });
  }
  test("every option that is named exists, and takes what is said of it", () => {
    const environment = {
      env: () => "https://a.test",
      readFile: () => "https://a.test",
      readInput: () => "",
      connect: noNetwork,
      columns: 80,
      colors: false,
    };
    const errorOf = (...args: string[]) => runCommand(args, environment).error;
    eachRow(Object.entries(HELP).slice(1), ([name, text]) => {
      const named = [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)( ?\S*)/gm)].map(([, option, value]) =>
        [option!, value!.trim()] as const
      );
      assert(named.length >= 9);
      const unknown = errorOf(name, "--nope");
      // One that takes a value.
      const known = name === "probe" ? "--host" : "--file";
      const withoutValue = errorOf(name, known);
      const withValue = errorOf(name, "--json=x");
      assertEquals(new Set([unknown, withoutValue, withValue, ""]).size, 4);
      eachRow(named, ([option, value]) => {
        const [given, expected, named] = value === ""
          ? [`${option}=x`, withValue, "--json"]
          : [option, withoutValue, known];
        assertEquals(errorOf(name, given), expected.replaceAll(named, option));
      });
    });
  });
});

words.end();
