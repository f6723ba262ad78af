// What asserts the words: to the letter, with both texts where they differ, and none that nobody says any more.

import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, AssertionError, assertStringIncludes, assertThrows } from "@std/assert";
import ts from "typescript";
import { eachRow } from "./rows.ts";
import { runtime } from "./runtime.ts";
import { format, readSections, record, Words, WRITES } from "./words.ts";

const tests = fileURLToPath(new URL("./", import.meta.url));
const read = (path: string) => readFileSync(tests + path, "utf8");

describe("Words", () => {
  const recorded = { one: "A sentence", two: ["Two", "lines"], "": "" };

  test("pass to the letter, in any order and as often as they are said", () => {
    const words = new Words("x", recorded, false);
    for (const round of [1, 2]) {
      words.assert("two", "Two\nlines");
      words.assert("one", "A sentence");
      words.assert("", "");
      assertEquals(words.finish(), null, `round ${round}`);
    }
  });

  test("fail with both texts", () => {
    const table: [key: string, text: string, found: string][] = [
      ["one", "A sentence.", "A sentence"],
      ["one", "a sentence", "A sentence"],
      ["one", "", "A sentence"],
      ["two", "Two,lines", "Two\nlines"],
      ["", " ", ""],
      ["three", "A sentence", "nothing of it"],
      ["toString", "A sentence", "nothing of it"],
      ["__proto__", "A sentence", "nothing of it"],
    ];
    eachRow(table, ([key, text, found]) => {
      const { message } = assertThrows(
        () => new Words("x", recorded, false).assert(key, text),
        AssertionError,
      );
      assertEquals(message, `x: ${JSON.stringify(key)} says:\n${text}\nwords.json has:\n${found}`);
    });
  });

  test("fail where two texts have one key, also in a run that writes", () => {
    eachRow([false, true], (writes) => {
      const words = new Words("x", recorded, writes);
      words.assert("one", "A sentence");
      const { message } = assertThrows(() => words.assert("one", "Another"), AssertionError);
      assertStringIncludes(message, "A sentence\nAnother");
    });
  });

  test("fail in the end where one was not said, and name it", () => {
    const words = new Words("x", recorded, false);
    words.assert("one", "A sentence");
    assertThrows(() => words.finish(), AssertionError, 'x says no more: ["two",""]');
    assertThrows(() => new Words("x", {}, false).finish(), AssertionError, "x has no words");
  });

  test("of one runtime are asserted there, and keep on the other", () => {
    const [here, there] = runtime === "deno" ? ["deno", "bun"] as const : ["bun", "deno"] as const;
    const recorded = { both: "Both", [`on ${here}: a`]: "Here", [`on ${there}: a`]: "There" };
    const say = (writes: boolean, text: string) => {
      const words = new Words("x", recorded, writes);
      words.assertOn(there, "a", "nothing of it");
      words.assertOn(here, "a", text);
      words.assert("both", "Both");
      return words.finish();
    };
    assertEquals(say(false, "Here"), null);
    assertThrows(() => say(false, "There"), AssertionError, `x: "on ${here}: a" says:`);
    const written = say(true, "Anew");
    assertEquals(written, { ...recorded, [`on ${here}: a`]: "Anew" });
    assertEquals(Object.keys(written!), ["both", "on bun: a", "on deno: a"]);
    const words = new Words("x", recorded, false);
    words.assert("both", "Both");
    assertThrows(() => words.finish(), AssertionError, `x says no more: ["on ${here}: a"]`);
  });

  test("are recorded as they are said, and pass then", () => {
    const said: [key: string, text: string][] = [
      ["z", "last first"],
      ["a", "of\n\nlines\n"],
      ["__proto__", "an own key"],
      ["\u202e", "\x1b\u2028"],
    ];
    const say = (words: Words) => {
      for (const [key, text] of said) words.assert(key, text);
      return words.finish();
    };
    const section = say(new Words("x", { gone: "" }, true));
    assertEquals(Object.keys(section!), said.map(([key]) => key));
    const again = JSON.parse(format({ x: section! }));
    assertEquals(say(new Words("x", again.x, false)), null);
  });
});

describe("format()", () => {
  test("a sentence a line, sections in the order of the alphabet, nothing that an editor hides", () => {
    const sections = {
      b: { z: "One", y: ["Two", "lines"] },
      a: { "\u202e\x85 é 日本 └─": "x\u200b\u0301\u{e0100}" },
    };
    assertEquals(format(sections).split("\n"), [
      "{",
      '  "a": {',
      '    "\\u202e\\u0085 é 日本 └─": "x\\u200b\\u0301\\udb40\\udd00"',
      "  },",
      '  "b": {',
      '    "z": "One",',
      '    "y": [',
      '      "Two",',
      '      "lines"',
      "    ]",
      "  }",
      "}",
      "",
    ]);
    assertEquals(JSON.parse(format(sections)), sections);
  });
});

describe("words.json", () => {
  /** The test files that have words. */
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) =>
      file.endsWith("_test.ts") && /^const words = wordsOf\(import\.meta\.url\);$/m.test(read(file))
    );

  test("has a section for each test file with words, and no other", async () => {
    const gone = Object.keys(readSections()).filter((section) => !files.includes(section));
    if (WRITES) { for (const section of gone) await record(section, null); }
    else assertEquals([Object.keys(readSections()), gone], [files.sort(), []]);
  });

  test("each of them ends with the test that all its words were said", () => {
    eachRow(files, (file) => assert(read(file).endsWith("\nwords.end();\n")));
  });

  test("is as it is written", () => assertEquals(read("vectors/words.json"), format(readSections())));

  test("has every sentence of the sources", { skip: WRITES ? "it is being written" : false }, () => {
    const said = Object.values(readSections()).flatMap((section) => Object.values(section))
      .map((text) => [text].flat().join(" ").replaceAll(/\s+/g, " "));
    const missing = sentences().filter(({ pieces }) => {
      const form = new RegExp(pieces.map((piece) => RegExp.escape(piece)).join(".*"));
      return !said.some((text) => form.test(text));
    });
    const told = missing.map(({ file, pieces }) => `${file}: ${pieces.join("…")}`);
    assertEquals(told.sort(), [...NO_SENTENCES].sort());
  });
});

/** Texts of the sources that no operator reads: what a client gets, a form, what another program says. */
const NO_SENTENCES: readonly string[] = [
  ...[
    "Bad Request",
    "Client Closed Request",
    "Method Not Allowed",
    "Not Found",
    "Service Unavailable",
    "Upgrade Required",
  ].map((text) => `denial.ts: ${text}`),
  // By which SQLite's own error is known.
  "live/sqlite_store.ts: database is locked",
  'denial.ts: Cookie realm="session"',
  "denial.ts: text/plain; charset=utf-8",
  "pattern/misspellings.ts: undefined|nan|true|false|\\[object .*\\]",
  ...[
    "No response from ping frame.",
    "Received too big message",
    "Too many messages waiting",
    "Too many sockets",
  ].map((text) => `socket/session.ts: ${text}`),
  "socket/upgrade.ts: Internal Server Error",
  "socket/upgrade.ts: Service Unavailable",
  "testing/hygiene.ts: websocket, h2c",
];

/** The texts of the sources that have a space beside a letter, as the pieces between what is put into them. */
function sentences(): { readonly file: string; readonly pieces: readonly string[] }[] {
  const found: { file: string; pieces: string[] }[] = [];
  for (const file of readdirSync(`${tests}../src`, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || DATA.includes(file)) continue;
    const source = ts.createSourceFile(file, read(`../src/${file}`), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const texts = ts.isTemplateExpression(node)
        ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
        : ts.isStringLiteralLike(node)
        ? [node.text]
        : [];
      if (texts.some((text) => /[a-z] | [a-z]/i.test(text))) {
        const pieces = texts.map((text) => text.replaceAll(/\s+/g, " ").trim()).filter((text) => text !== "");
        if (!SQL.test(pieces.join(" "))) found.push({ file, pieces });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** A statement, which a database reads and nobody else. */
const SQL = /^(?:PRAGMA|SELECT|INSERT|DELETE) [^]*\bwsgate_/;

/** Names, and letters. */
const DATA = ["public_suffixes_data.ts", "pattern/suffixes.ts", "explain/look_alike.ts"];
