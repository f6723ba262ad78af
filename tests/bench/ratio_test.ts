/**
 * The way of measuring tells what is slow from what is not: the floor beside itself is one, and who scans a string
 * twenty times is far from it.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { corpus, WARM } from "../../bench/corpus.ts";
import { besideOf, compareTests, compareWithScan, median, quantile } from "../../bench/ratio.ts";

const origins = corpus(100, WARM);
const next = (index: number) => origins.decode(index);
const effort = { warmup: 40, rounds: 21 };

function scan(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
  return sum;
}

function scanTwentyTimes(text: string): boolean {
  let sum = 0;
  // Each turn depends on the last, or a compiler would scan once.
  for (let turn = 0; turn < 20; turn++) sum = (sum ^ scan(text)) + turn;
  return sum > 0;
}

describe("compareWithScan", () => {
  it("gives one for the floor itself", async () => {
    // Noise of the machine does not come five times.
    let ratio = Infinity;
    for (let attempt = 0; attempt < 5 && !(ratio > 0.6 && ratio < 1.6); attempt++) {
      ({ ratio } = await compareWithScan((origin) => scan(origin) > 0, next, effort));
    }
    assert(ratio > 0.6 && ratio < 1.6, `${ratio}`);
  });

  it("gives much more for what is slow, awaited or not", async () => {
    for (const test of [scanTwentyTimes, (origin: string) => Promise.resolve(scanTwentyTimes(origin))]) {
      const { ratio, ns, scanNs, quartiles: [low, high] } = await compareWithScan(test, next, effort);
      assertGreater(ratio, 5);
      assertGreater(ns, scanNs);
      assert(low <= high);
    }
  });

  it("makes fewer calls of what is very slow", async () => {
    const wait = () => {
      for (const start = performance.now(); performance.now() - start < 1;);
      return true;
    };
    const { calls } = await compareWithScan(wait, next, { warmup: 0, rounds: 1 });
    assert(calls < 40, `${calls}`);
  });

  it("gives every round strings of its own", async () => {
    const given: string[] = [];
    const asked: number[] = [];
    await compareWithScan(
      (origin) => given.push(origin) > 0,
      (index) => {
        asked.push(index);
        return String(index);
      },
      { warmup: 0, rounds: 2 },
    );
    // Two copies of each round's strings, and of the second round others than of the first.
    assertEquals(asked.filter((index) => index === 2049).length, 2);
    assertEquals(given.slice(-2048), Array.from({ length: 2048 }, (_, index) => String(2048 + index)));
  });
});

describe("compareTests", () => {
  it("gives much more for what is slow beside what is not, and much less the other way round", async () => {
    const quick = (origin: string) => scan(origin) > 0;
    const slow = await compareTests(scanTwentyTimes, quick, next, effort);
    assertGreater(slow.ratio, 5);
    assertGreater(slow.ns, slow.otherNs);
    assertGreater(1 / 5, (await compareTests(quick, scanTwentyTimes, next, effort)).ratio);
  });

  it("asks both about the same strings, each in a round of its own", async () => {
    const given: [string[], string[]] = [[], []];
    const [one, other] = given.map((strings) => (origin: string) => strings.push(origin) > 0);
    await compareTests(one!, other!, String, { warmup: 0, rounds: 2 });
    // After the one call that tells whether there is something to wait for.
    const expected = ["0", ...Array.from({ length: 2 * 2048 }, (_, index) => String(index))];
    assertEquals(given, [expected, expected]);
  });

  it("takes the ratio of the medians, and the quartiles of the ratios", () => {
    assertEquals(besideOf([2, 4, 30], [1, 4, 10]), { ratio: 1, quartiles: [1.5, 2.5], ns: 4, otherNs: 4 });
  });
});

describe("quantile", () => {
  it("lies between the two nearest", () => {
    assertEquals(median([3, 1, 2]), 2);
    assertEquals(median([4, 1, 2, 3]), 2.5);
    assertEquals([0, 0.25, 1].map((share) => quantile([10, 30, 20, 40, 50], share)), [10, 20, 50]);
  });
});
