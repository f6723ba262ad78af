// Lists as people keep them in variables and files, and what must stay as it is for the compiler to refuse.

import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { compilePolicy, ConfigError, parseList } from "@wsgate/wsgate";
import { untyped } from "../doubles.ts";
import { assertGrowth } from "../growth.ts";
import { Random } from "../random.ts";

const AB = ["https://a.test", "https://b.test"];

describe("parseList()", () => {
  const table: [name: string, text: string, entries: unknown[]][] = [
    ["commas", "https://a.test,https://b.test", AB],
    ["commas, spaces and a comma at the end", " https://a.test , https://b.test, ", AB],
    ["lines", "https://a.test\nhttps://b.test\n", AB],
    ["lines of Windows, after a byte order mark", "\ufeffhttps://a.test\r\nhttps://b.test\r\n", AB],
    ["comments", "# ours\nhttps://a.test # one\n\n  # two\nhttps://b.test", AB],
    ["a fragment is no comment", "https://a.test#x", ["https://a.test#x"]],
    ["JSON", '["https://a.test", "https://b.test"]', AB],
    ["JSON after a byte order mark", '\ufeff["https://a.test", "https://b.test"]', AB],
    ["JSON over several lines", '[\n  "https://a.test",\n  "https://b.test"\n]\n', AB],
    ["JSON of something else", '["https://a.test", 1, null]', ["https://a.test", 1, null]],
    ["JSON with a comma at its end", '["https://a.test", "https://b.test",]', AB],
    ["an array in single quotes", "['https://a.test', 'https://b.test']", AB],
    ["an array without quotes", "[https://a.test, https://b.test]", AB],
    ["an empty array", "[]", []],
    ["an array that does not end", '["https://a.test"', ['["https://a.test"']],
    ["IPv6 addresses", "[::1]", ["[::1]"]],
    ["more of them", "[::1], [2001:db8::1]", ["[::1]", "[2001:db8::1]"]],
    ["YAML", "- https://a.test\n- https://b.test\n", AB],
    ["YAML with quotes", "  - \"https://a.test\"\n  - 'https://b.test'\n", AB],
    ["a variable's name", "ALLOWED_ORIGINS=https://a.test,https://b.test", AB],
    ["a shell's", 'export ALLOWED="https://a.test,https://b.test"', AB],
    ["with an array", "ALLOWED = [\"https://a.test\", 'https://b.test']", AB],
    ["a whole .env: its other variables are nobody's hosts", "A=https://a.test\nDB=db.test", [
      "A=https://a.test",
      "DB=db.test",
    ]],
    ["a name that comes later", "https://a.test\nB=https://b.test", ["https://a.test", "B=https://b.test"]],
    ["a line feed of two characters", "https://a.test\\nhttps://b.test", AB],
    ["and with a carriage return", "https://a.test\\r\\nhttps://b.test\\n", AB],
    ["a regular expression", "^https:\\/\\/\\w+\\.netlify\\.app$", ["^https:\\/\\/\\w+\\.netlify\\.app$"]],
    ["a line feed among other escapes", "a\\nb\\.test", ["a\\nb\\.test"]],
    ["a backslash at the end", "https://a.test\\", ["https://a.test\\"]],
    ["quotes around the whole", '"https://a.test,https://b.test"', AB],
    ["quotes around each", "\"https://a.test\", 'https://b.test', `c.test`", [...AB, "c.test"]],
    ["'self'", "'self',https://a.test", ["'self'", "https://a.test"]],
    ["'self' alone", "'self'", ["'self'"]],
    ["'self' in an array", "['self']", ["'self'"]],
    ["'self' in quotes", "\"'self'\"", ["'self'"]],
    ["a quote that does not end", '"https://a.test', ['"https://a.test']],
    ["nothing", "", []],
    ["next to nothing", " ,\n, ", []],
  ];
  for (const [name, text, entries] of table) {
    test(name, () => assertEquals<unknown>(parseList(text), entries));
  }

  test("a variable that is not set is a fault, and no empty list", () => {
    const { issues } = assertThrows(
      () => compilePolicy({ origins: parseList(untyped(undefined)) }),
      ConfigError,
    );
    assertEquals(issues.map(({ code, index }) => [code, index]), [["not-a-string", 0]]);
  });

  test("never throws, and gives a list", () => {
    const random = new Random(7);
    const pieces = [
      "[",
      "]",
      '"',
      "'",
      "`",
      ",",
      "\n",
      "\\",
      "n",
      "-",
      " ",
      "A",
      "=",
      "#",
      ":",
      "{",
      "\ufeff",
    ];
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random.below(10) }, () => random.pick(pieces)).join("");
      assert(Array.isArray(parseList(text)), JSON.stringify(text));
    }
  });

  test("reads in one pass", () => {
    assertGrowth(parseList, {
      "lines": (length) => "https://a.test\n".repeat(length / 15),
      "spaces": (length) => `a${" ".repeat(length)}#`,
      "dashes": (length) => "- ".repeat(length / 2),
      "quotes": (length) => `"${"'".repeat(length)}`,
      "names": (length) => "a".repeat(length) + "=",
      "brackets": (length) => "[".repeat(length) + "]",
      "escapes": (length) => "\\n".repeat(length / 2),
    });
  });
});
