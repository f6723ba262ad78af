// How the package speaks to operators: what .github/CONTRIBUTING.md says of wording, as far as a program can see it.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { eachRow } from "./rows.ts";

type Texts = string | readonly string[] | { readonly [key: string]: Texts };
const golden: Texts = JSON.parse(readFileSync(new URL("vectors/words.json", import.meta.url), "utf8"));

/** Every text, with what an operator or a client wrote taken out. */
function* textsOf(texts: Texts, at = ""): Generator<readonly [at: string, text: string]> {
  if (typeof texts === "string") yield [at, texts.replaceAll(/"(?:[^"\\]|\\.)*"/g, "“”")];
  else if (Array.isArray(texts)) yield* textsOf(texts.join("\n"), at);
  else {for (const [key, more] of Object.entries(texts)) {
      yield* textsOf(more, at === "" ? key : `${at}: ${key}`);
    }}
}

const texts = [...textsOf(golden)];

/** Turns of phrase that are not the field's English, each with what is written in its place. */
const HABITS: readonly (readonly [habit: RegExp, instead: string])[] = [
  [/(?<!\bThere) is no (?!longer)/, "is not a"],
  [/(?<!\bThere) are no /, "are not"],
  [/^(?:It|What|Who|Whoever) /, "the subject by its name"],
  [/\bon the way\b/, "a proxy, a network attacker"],
  [/\blet in\b|\bkept out\b/, "allowed, refused"],
  [/\bstands? (?:for|in|alone)\b/, "is, means"],
  [/\bis meant\b|\bare meant\b/, "may, should"],
  [/nothing to say/i, "No findings"],
  [/\b(?:colour|normalise|behaviour|cancelled)/, "American spelling"],
];

describe("words.json speaks plain American English", () => {
  assert(texts.length > 1000, String(texts.length));
  for (const [habit, instead] of HABITS) {
    test(`${instead}, in place of ${habit.source}`, () => {
      assertEquals(texts.filter(([, text]) => habit.test(text)), []);
    });
  }

  test("nothing but printable ASCII, line feeds and the lines of a tree", () => {
    eachRow(texts.filter(([at]) => !/tree|cli\//.test(at)), ([at, text]) => {
      assertEquals(/[^\x20-\x7e\n“”…]/.exec(text)?.[0], undefined, at);
    });
  });
});
