/**
 * How long a test of origins takes, as a ratio to a bare loop that adds up the character codes of the same strings.
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
  { warmup, rounds }: Effort,
): Promise<Compared> {
  const round = roundOf(test, next(0));
  const calls = await fitting(round, next);
  const scans: number[] = [];
  const tests: number[] = [];
  for (let turn = 0; turn < warmup + rounds; turn++) {
    // Both are there before a clock starts. A scan is always of a whole round: of a few strings it is too short for
    // the clock.
    const scanned = take(next, turn * calls, CALLS);
    const tried = take(next, turn * calls, calls);
    const scanFirst = turn % 2 === 0;
    let scan = scanFirst ? time(scanRound, scanned) : 0;
    const start = now();
    const admitted = round(tried);
    do_not_optimize(typeof admitted === "number" ? admitted : await admitted);
    const tested = now() - start;
    if (!scanFirst) scan = time(scanRound, scanned);
    if (turn < warmup) continue;
    scans.push(scan / CALLS);
    tests.push(tested / calls);
  }
  const pairs = tests.map((ns, index) => ns / scans[index]!);
  return {
    ratio: median(tests) / median(scans),
    quartiles: [quantile(pairs, 0.25), quantile(pairs, 0.75)],
    ns: median(tests),
    scanNs: median(scans),
    calls,
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

function time(round: (strings: readonly string[]) => number, strings: readonly string[]): number {
  const start = now();
  do_not_optimize(round(strings));
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
