// The rows of what a victim's browser sends, as rows; what becomes of them is in `attacks_test.ts` and `holes_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BROWSER_ATTACKS, FOREIGN } from "../../src/testing/corpus.ts";
import { readSocketUrl } from "../../src/testing/addresses.ts";
import { PROGRAM_ATTACKS } from "../../src/testing/hygiene.ts";
import { namesOf } from "../../src/testing/names.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

describe("the rows", () => {
  const rows = [...BROWSER_ATTACKS, ...PROGRAM_ATTACKS];

  test("are told apart by who can send them", () => {
    const senders = (table: typeof rows) => [...new Set(table.map(([, sender]) => sender))].sort();
    assertEquals(senders(BROWSER_ATTACKS as typeof rows), ["neighbor", "network", "page", "proxy"]);
    assertEquals(senders(PROGRAM_ATTACKS as typeof rows), ["program"]);
  });

  test("have names that a command line can take, each once, and a history in a sentence", () => {
    assertEquals(new Set(rows.map(([name]) => name)).size, rows.length);
    eachRow(rows, ([name, , why]) => {
      words.assert(name, why);
      assertMatch(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      assertMatch(why, /^\S[\x20-\x7e]{15,}[^.]$/);
    });
  });

  test("keep places for names that there are", () => {
    const known = Object.keys(namesOf("https://app.example.com", readSocketUrl({ to: "wss://a.test" }, [])!));
    const wanted = Array.from(JSON.stringify([rows, FOREIGN]).matchAll(/\{(\w+)\}/g), ([, name]) => name!);
    assert(wanted.length > 60);
    assertEquals([...new Set(wanted)].filter((name) => !known.includes(name)), []);
    // And none is found for nothing.
    assertEquals(known.filter((name) => !wanted.includes(name)), []);
  });
});

words.end();
