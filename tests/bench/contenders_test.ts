/**
 * Every contender judges as its table says: right, or wrong about the kinds of origins that are named.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { contender, CONTENDERS, findWrong, naiveOver } from "../../bench/contenders.ts";
import { corpus, KINDS, patternList } from "../../bench/corpus.ts";
import { naiveMatcher } from "../matcher/naive.ts";

const inOrder = (counts: Readonly<Record<string, number>>) => KINDS.filter((kind) => kind in counts);

describe("contenders", () => {
  for (const { name, compile, wrong } of CONTENDERS) {
    it(`${name} is right, or wrong as it says`, async () => {
      for (const size of [3, 90]) {
        const patterns = patternList(size);
        const found = await findWrong(await compile(patterns), patterns, corpus(size, 900));
        assertEquals(found.judged, 900);
        assertEquals([inOrder(found.refuses), inOrder(found.admits)], [
          wrong?.refuses ?? [],
          wrong?.admits ?? [],
        ]);
      }
    });
  }

  it("one that is wrong is found out", async () => {
    const patterns = patternList(9);
    const origins = corpus(9, 900);
    const everybody = await findWrong(() => true, patterns, origins);
    assertEquals(everybody.refuses, {});
    assertEquals(everybody.admits["a stranger"], 100);
    const nobody = await findWrong(() => Promise.resolve(false), patterns, origins);
    assertEquals(nobody.admits, {});
    assertEquals(inOrder(nobody.refuses).includes("two labels below"), true);
  });

  it("of many origins every nth is judged", async () => {
    const patterns = patternList(900);
    const { judged, admits } = await findWrong(() => true, patterns, corpus(900, 900), 100);
    assertEquals(judged, 100);
    assertEquals(Object.values(admits).reduce((a, b) => a + b, 0) > 50, true);
  });

  it("what they are compared with is the naive matcher", () => {
    const patterns = patternList(60);
    const origins = corpus(60, 900);
    const naive = naiveMatcher(patterns);
    const all = Array.from({ length: origins.length }, (_, index) => origins.decode(index));
    const near = naiveOver(patterns, all);
    for (const origin of all) assertEquals([origin, near(origin)], [origin, naive(origin) >= 0]);
  });

  it("have each their own name", () => {
    assertEquals(new Set(CONTENDERS.map(({ name }) => name)).size, CONTENDERS.length);
    assertThrows(() => contender("nobody"), Error, "nobody");
  });
});
