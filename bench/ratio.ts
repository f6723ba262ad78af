/**
 * How long a test of origins takes, as a ratio to a bare loop that adds up the character codes of the same strings, or
 * to another test.
 *
 *     round    decode 2,048 strings, twice · scan one copy · test the other   (every second round: test, then scan)
 *     ratio    median round of the test / median round of the scan
 *
 * A machine's clock speed, its neighbours and its mood are in both halves of every round, so they leave the ratio.
 * mitata has the clock, and the sink that keeps compilers from leaving out what nobody reads. It has no rounds in
 * turns: it measures one function to the end and then the next, and on a busy machine their ratio is the machine's.
 *
 * @module
 */

import { do_not_optimize, now } from "mitata/src/lib.mjs";
import type { Test } from "./contenders.ts";

/** How much is measured. */
export interface Effort {
  /** Rounds that do not count: compilers compile in them. */
  readonly warmup: number;
  readonly rounds: number;
}

/** What numbers worth quoting are measured with. */
export const FULL: Effort = { warmup: 80, rounds: 161 };
/** Enough to see that everything works. */
export const QUICK: Effort = { warmup: 3, rounds: 9 };

const CALLS = 2048;
/** No round takes longer; of what is slow it has fewer calls, and that is told. */
const ROUND_MS = 4;

/** A test beside the scan. */
export interface Compared {
  readonly ratio: number;
  /** Of the ratios of single rounds: how steady the machine was. */
  readonly quartiles: readonly [number, number];
  /** Of one call. */
  readonly ns: number;
  /** Of one scan. */
  readonly scanNs: number;
  /** Of the test, in each round. */
  readonly calls: number;
}

type Round = (strings: readonly string[]) => number | Promise<number>;

/** Measures `test` over what `next` gives: strings that nothing else has touched, or the same ones over and over. */
export async function compareWithScan(
  test: Test,
  next: (index: number) => string,
  effort: Effort,
): Promise<Compared> {
  const round = roundOf(test, next(0));
  const calls = await fitting(round, next);
  // A scan is always of a whole round: of a few strings it is too short for the clock.
  const { ratio, quartiles, ns, otherNs } = await inTurns(
    { round, calls },
    { round: scanRound, calls: CALLS },
    next,
    effort,
  );
  return { ratio, quartiles, ns, scanNs: otherNs, calls };
}

/** One thing beside another. */
export interface Beside {
  readonly ratio: number;
  /** Of the ratios of single rounds: how steady the machine was. */
  readonly quartiles: readonly [number, number];
  /** Of one call, and of one of the other. */
  readonly ns: number;
  readonly otherNs: number;
}

/** Measures `test` beside `other` over the same strings, each with a copy of its own that nothing else has touched. */
export function compareTests(
  test: Test,
  other: Test,
  next: (index: number) => string,
  effort: Effort,
): Promise<Beside> {
  return inTurns(
    { round: roundOf(test, next(0)), calls: CALLS },
    { round: roundOf(other, next(0)), calls: CALLS },
    next,
    effort,
  );
}

interface Side {
  readonly round: Round;
  /** Of each round. */
  readonly calls: number;
}

async function inTurns(
  one: Side,
  other: Side,
  next: (index: number) => string,
  { warmup, rounds }: Effort,
): Promise<Beside> {
  const ones: number[] = [];
  const others: number[] = [];
  for (let turn = 0; turn < warmup + rounds; turn++) {
    // Both are there before a clock starts.
    const otherStrings = take(next, turn * one.calls, other.calls);
    const strings = take(next, turn * one.calls, one.calls);
    const otherFirst = turn % 2 === 0;
    let otherNs = otherFirst ? await time(other.round, otherStrings) : 0;
    const ns = await time(one.round, strings);
    if (!otherFirst) otherNs = await time(other.round, otherStrings);
    if (turn < warmup) continue;
    ones.push(ns / one.calls);
    others.push(otherNs / other.calls);
  }
  return besideOf(ones, others);
}

/** Times of one call each, as they were taken in turns. */
export function besideOf(ones: readonly number[], others: readonly number[]): Beside {
  const pairs = ones.map((ns, index) => ns / others[index]!);
  return {
    ratio: median(ones) / median(others),
    quartiles: [quantile(pairs, 0.25), quantile(pairs, 0.75)],
    ns: median(ones),
    otherNs: median(others),
  };
}

/** Waits for each verdict only where there is something to wait for. */
function roundOf(test: Test, origin: string): Round {
  if (test(origin) instanceof Promise) {
    return async (strings) => {
      let admitted = 0;
      for (let i = 0; i < strings.length; i++) if (await test(strings[i]!)) admitted++;
      return admitted;
    };
  }
  return (strings) => {
    let admitted = 0;
    for (let i = 0; i < strings.length; i++) if (test(strings[i]!)) admitted++;
    return admitted;
  };
}

/** The floor: whoever judges a string has to look at it. */
function scanRound(strings: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < strings.length; i++) {
    const text = strings[i]!;
    for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
  }
  return sum;
}

function take(next: (index: number) => string, from: number, count: number): string[] {
  const strings: string[] = [];
  for (let index = from; index < from + count; index++) strings.push(next(index));
  return strings;
}

/** Waits only where there is something to wait for: a turn of the event loop is no part of a round. */
async function time(round: Round, strings: readonly string[]): Promise<number> {
  const start = now();
  const admitted = round(strings);
  do_not_optimize(typeof admitted === "number" ? admitted : await admitted);
  return now() - start;
}

/** How many calls fit into a round, once the first calls have compiled what there is to compile. */
async function fitting(round: Round, next: (index: number) => string): Promise<number> {
  for (let calls = 8; calls < CALLS; calls *= 2) {
    let taken = Infinity;
    // The best of several: whoever had to wait for another process once is not slow.
    for (let attempt = 0; attempt < 3 && taken > ROUND_MS / 2; attempt++) {
      const strings = take(next, 0, calls);
      const start = now();
      await round(strings);
      taken = Math.min(taken, (now() - start) / 1e6);
    }
    if (taken > ROUND_MS / 2) return Math.min(CALLS, Math.max(8, Math.floor(calls * ROUND_MS / taken)));
  }
  return CALLS;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What `share` of some numbers lie below, between the two nearest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at % 1);
}
