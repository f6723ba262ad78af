// The data module is what the pinned package holds, and the packer reads that package as it reads itself.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { DATE, PACKED } from "../src/public_suffixes_data.ts";
import {
  DATA_MODULE,
  dataModule,
  missingIn,
  readPackage,
  requireDebian,
  type SourceList,
} from "./pack_public_suffixes.ts";
import { eachRow } from "./rows.ts";

const committed = readFileSync(DATA_MODULE, "utf8");
const list = readPackage();

describe("the packed Public Suffix List", () => {
  test("is what the pinned package's list is packed into, byte for byte", () => {
    // Not assertEquals: its report of a difference in a line of 85 kB takes minutes.
    assert(dataModule(list, DATE) === committed, "it is not: deno run -A tests/pack_public_suffixes.ts");
    assertStringIncludes(committed, ` ${list.rules.length} rules`);
    const { imports } = JSON.parse(readFileSync(new URL("../deno.json", import.meta.url), "utf8"));
    assertEquals(imports.tldts, `npm:tldts@${list.version}`);
  });

  test("names its licence, its source, its date and how to make it anew", () => {
    const header = committed.slice(0, committed.indexOf("/**"));
    eachRow([
      "subject to the terms of the Mozilla Public\n// License, v. 2.0.",
      "https://mozilla.org/MPL/2.0/",
      "https://publicsuffix.org/list/public_suffix_list.dat",
      `tldts ${list.version} of ${DATE}.`,
      "`deno run -A tests/pack_public_suffixes.ts`",
    ], (part) => assertStringIncludes(header, part));
    assertMatch(header, /, both its sections: \d{5} rules/);
    assertEquals(new Date(DATE).toISOString(), `${DATE}T00:00:00.000Z`);
  });

  test("holds labels and marks alone, and stays small", () => {
    assertMatch(PACKED, /^E(?:(?:[a-z0-9-]{1,63}|\*)[A-O])+$/);
    assert(PACKED.length < 90_000, String(PACKED.length));
  });
});

describe("the older list of Debian", () => {
  const debian = requireDebian();
  const skip = typeof debian === "string" ? debian : false;

  test("differs by what was added since and taken off", { skip }, () => {
    const older = debian as SourceList;
    const gone = missingIn(older, list);
    const added = missingIn(list, older);
    const counts = { rules: older.rules.length, gone: gone.length, added: added.length };
    console.log(`Debian's ${older.version} and tldts ${list.version}: ${JSON.stringify(counts)}`);
    assertGreater(added.length, gone.length);
    if (older.version !== "20230209.2326-1") return;
    assertEquals(counts, { rules: 9506, gone: 997, added: 2289 });
    // Most of what is gone stood below one name, and below the names of one service.
    const others = gone.filter((rule) => !/\.museum$|^blogspot\./.test(rule));
    assertEquals([gone.length - others.length, others.length], [619, 378]);
    eachRow(["deta.app", "glitch.me", "*.kh", "co.pw"], (rule) => assert(others.includes(rule)));
    eachRow(["kh", "com.kh", "surge.sh", "hf.space", "v0.build"], (rule) => assert(added.includes(rule)));
  });
});
