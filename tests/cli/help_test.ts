// What -h says: there is one for each command, it fits a terminal, and names every option there is.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { runCommand } from "../../src/cli/commands.ts";
import { HELP } from "../../src/cli/help.ts";
import { eachRow } from "../rows.ts";

describe("HELP", () => {
  test("one for each command, and one of the whole that names them all", () => {
    assertEquals(Object.keys(HELP), ["", "explain", "lint", "check", "tree"]);
    eachRow(Object.keys(HELP), (name) => assert(HELP[""]!.includes(`wsgate ${name}`)));
  });
  for (const [name, text] of Object.entries(HELP)) {
    test(`${name || "the whole"}: 80 columns`, () => {
      eachRow(text.split("\n"), (line) => assert(line.length <= 80));
    });
  }
  test("every option that is named exists, and takes what is said of it", () => {
    const environment = {
      env: () => "https://a.test",
      readFile: () => "https://a.test",
      readInput: () => "",
      columns: 80,
      colors: false,
    };
    eachRow(Object.entries(HELP).slice(1), ([name, text]) => {
      const named = [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)( ?\S*)/gm)].map(([, option, value]) =>
        [option!, value!.trim()] as const
      );
      assert(named.length >= 9);
      eachRow(named, ([option, value]) => {
        const { error } = runCommand([name, option, ...value === "" ? [] : ["x"]], environment);
        assert(!error.includes("no option") && !error.includes("takes no value"), error);
      });
    });
  });
});
