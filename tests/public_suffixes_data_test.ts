import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { PACKED } from "../src/public_suffixes_data.ts";
import {
  DATA_MODULE,
  dataModule,
  type InstalledList,
  readPackedList,
  rulesOf,
} from "./pack_public_suffixes.ts";
import { eachRow } from "./rows.ts";

const committed = readFileSync(DATA_MODULE, "utf8");
const list = readPackedList();
const skip = typeof list === "string" ? list : false;

describe("the packed Public Suffix List", () => {
  test("is what the installed list is packed into, byte for byte", { skip }, () => {
    const installed = list as InstalledList;
    // Not assertEquals: its report of a difference in a line of 70 kB takes minutes.
    assert(dataModule(installed) === committed, "it is not: deno run -A tests/pack_public_suffixes.ts");
    assertStringIncludes(committed, ` ${rulesOf(installed.text).length} rules`);
  });

  test("names its licence, its source, its date and how to make it anew", () => {
    const header = committed.slice(0, committed.indexOf("/**"));
    eachRow([
      "subject to the terms of the Mozilla Public\n// License, v. 2.0.",
      "https://mozilla.org/MPL/2.0/",
      "https://publicsuffix.org/list/public_suffix_list.dat",
      "`deno run -A tests/pack_public_suffixes.ts`",
    ], (part) => assertStringIncludes(header, part));
    assertMatch(header, / of \d{4}-\d\d-\d\d, both its sections: \d{4,5} rules/);
  });

  test("holds labels and marks alone, and stays small", () => {
    assertMatch(PACKED, /^E(?:(?:[a-z0-9-]{1,63}|\*)[A-O])+$/);
    assert(PACKED.length < 100_000, String(PACKED.length));
  });
});
