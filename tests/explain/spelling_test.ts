// Slips of the pen: edits, counted, and what is near enough to be asked about.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { didYouMean, isSlipOf, isWithinEdits } from "../../src/explain/spelling.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";

describe("isWithinEdits()", () => {
  const table: [a: string, b: string, edits: number][] = [
    ["", "", 0],
    ["origin", "origin", 0],
    ["orign", "origin", 1],
    ["originn", "origin", 1],
    ["oripin", "origin", 1],
    ["oirgin", "origin", 1],
    ["explian", "explain", 1],
    ["", "abc", 3],
    ["abcd", "badc", 2],
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, edits] of table) {
    test(`${a} ${b}`, () => {
      eachRow([0, 1, 2, 3, 4], (most) => {
        assertEquals([isWithinEdits(a, b, most), isWithinEdits(b, a, most)], [edits <= most, edits <= most]);
      });
    });
  }

  test("counts no more than the edits that were made", () => {
    const random = new Random(11);
    for (let round = 0; round < 2000; round++) {
      const word = Array.from({ length: 1 + random.below(12) }, () => random.pick([..."abc"])).join("");
      let text = word;
      const edits = random.below(3);
      for (let edit = 0; edit < edits; edit++) {
        const at = random.below(text.length + 1);
        const letter = random.pick([..."abc"]);
        text = random.pick([
          text.slice(0, at) + letter + text.slice(at),
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + letter + text.slice(at + 1),
        ]);
      }
      assert(isWithinEdits(word, text, edits), `${word} ${text}`);
    }
  });
});

test("isSlipOf(): one edit, two from eight letters on", () => {
  eachRow([["htps", "https"], ["hosst", "hosts"], ["dangeruosly-alow", "dangerously-allow"]], ([a, b]) => {
    assert(isSlipOf(a!, b!));
  });
  eachRow([["https", "https"], ["hts", "https"], ["x", "https"], ["completely", "different"]], ([a, b]) => {
    assert(!isSlipOf(a!, b!));
  });
});

test("didYouMean(): the first that is near, or nothing", () => {
  assertEquals(didYouMean("explian", ["lint", "explain"]), ' Did you mean "explain"?');
  assertEquals(didYouMean("orign", ["origin"], "--"), ' Did you mean "--origin"?');
  assertEquals(didYouMean("nonsense", ["lint", "explain"]), "");
  assertEquals(didYouMean("lint", ["lint"]), "");
});
