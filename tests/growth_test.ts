// A ruler is checked before anything is measured with it: the classes of growth must come out apart, and an assertion
// that never fails would be no assertion.

import { describe, test } from "node:test";
import { assert, assertGreater, assertLess, assertThrows } from "@std/assert";
import { assertGrowth, CONSTANT, growthExponent, LINEAR, runsOf } from "./growth.ts";
import { eachRow } from "./rows.ts";

const spaces = (length: number) => " ".repeat(length) + "x";

function constant(text: string): number {
  return text.charCodeAt(0) + text.length;
}

function linear(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) | 0;
  return sum;
}

/** One pass over the text for each of its characters. */
function quadratic(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    for (let j = 0; j < text.length; j++) sum = (sum + (text.charCodeAt(j) ^ i)) | 0;
  }
  return sum;
}

/** Quadratic the way it happens: the end is looked for again from every space. */
function trimmed(text: string): string {
  return text.replace(/[ \t]+$/, "");
}

/** Would take a minute for the longest input. */
function cubic(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 16) {
    for (let j = 0; j < text.length; j += 16) sum = (sum + linear(text)) | 0;
  }
  return sum;
}

describe("growth", () => {
  test("of a constant function is near 0", () => {
    assertLess(Math.abs(median(() => growthExponent(constant, spaces))), CONSTANT);
  });

  test("of a linear function is near 1", () => {
    const exponent = median(() => growthExponent(linear, spaces));
    assertGreater(exponent, 0.7);
    assertLess(exponent, LINEAR);
  });

  test("of a quadratic function is near 2", () => {
    eachRow([quadratic, trimmed], (run) => {
      assertGreater(growthExponent(run, spaces), LINEAR + 0.2);
    });
  });

  test("of a slower function still is seen without waiting for the longest input", () => {
    const start = performance.now();
    assertGreater(growthExponent(cubic, spaces), 2.4);
    assertLess(performance.now() - start, 20_000);
  });

  test("a limit lets pass what is below it and nothing else", () => {
    assertGrowth(constant, { spaces }, CONSTANT);
    assertGrowth(linear, { spaces });
    assertThrows(() => assertGrowth(linear, { spaces }, CONSTANT), Error, "over spaces");
    assertThrows(() => assertGrowth(quadratic, { spaces }), Error, "over spaces");
    assertThrows(() => assertGrowth(trimmed, { spaces }), Error, "over spaces");
    // One bad input among many good ones is enough.
    const colonsTrimmed = (text: string) => text.replace(/:+$/, "");
    assertThrows(() => assertGrowth(colonsTrimmed, runsOf({ suffix: "x" })), Error, `over ":…x"`);
  });

  test("the inputs are as long as asked for, and what they say they are", () => {
    const inputs = Object.entries(runsOf({ prefix: "https://", suffix: "!", units: ["websocket,"] }));
    assertGreater(inputs.length, 20);
    eachRow(inputs, ([, make]) => {
      const input = make(1000);
      assert(input.startsWith("https://") && input.endsWith("!"));
      assertGreater(input.length, 1000);
      assertLess(input.length, 1030);
    });
    assert(inputs.some(([, make]) => make(20).includes("websocket,websocket,")));
  });
});

function median(measure: () => number): number {
  return [measure(), measure(), measure()].sort((a, b) => a - b)[1]!;
}
