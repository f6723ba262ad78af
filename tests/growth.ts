/**
 * Growth, not time: how the run time of a function grows with the length of its input.
 *
 *     time ~ length ^ exponent     0: the length does not matter   1: one pass   2: a pass for every character
 *
 * Milliseconds differ by machine and by what else it does; the exponent does not. `growth_test.ts` shows that it
 * tells a quadratic function from a linear one.
 *
 * @module
 */

import { assertLess } from "@std/assert";

/** As long as the longest headers that both runtimes accept, and a few lengths on the way there. */
const LENGTHS: readonly number[] = [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
/** How many of the longest lengths the line is fitted through. */
const FITTED = 5;
/** A function that takes this long for one input is not asked for a longer one: it may take a minute. */
const TOO_LONG_MS = 5;
/** One sample is at least so long, so that the clock's own resolution does not count. */
const SAMPLE_MS = 0.1;
/** Samples of each length. They are taken in turns, so that a slow moment of the machine spoils one of each. */
const ROUNDS = 4;

/** At most one pass over the input, measured with noise: a second pass for every character gives about 2. */
export const LINEAR = 1.4;
/** The length is looked at, and nothing else. */
export const CONSTANT = 0.5;

/**
 * Keeps the compilers from being clever: a call whose result is used is not left out, and one whose input depends on
 * what was stored before is not moved out of the loop. (One of them does move a regular expression out.)
 */
const sink: { last: unknown; turn: 0 | 1 } = { last: undefined, turn: 0 };

/**
 * The exponent of `run`'s growth over the inputs that `make` makes.
 *
 * @param run the function under test
 * @param make an input of about this length
 */
export function growthExponent(run: (input: string) => unknown, make: (length: number) => string): number {
  const inputs: Twins[] = [];
  for (const length of LENGTHS) {
    const twins: Twins = [make(length), make(length)];
    inputs.push(twins);
    // The first calls flatten the strings and compile the regular expressions; and whoever had to wait for another
    // process once must not count as slow.
    const once = Math.min(time(run, twins, 2), time(run, twins, 2)) / 2;
    if (once > TOO_LONG_MS && inputs.length > 2) break;
  }
  const points = inputs.slice(-FITTED).map((twins) => ({ twins, ...calibrate(run, twins) }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const point of points) {
      // The best of several: whatever else the machine does can only add to a sample.
      point.each = Math.min(point.each, time(run, point.twins, point.calls) / point.calls);
    }
  }
  return slope(points.map(({ twins, each }) => [Math.log(twins[0].length), Math.log(each)]));
}

/**
 * Fails when `run` grows faster than `limit` over one of `inputs`. A measurement that looks bad is taken again: noise
 * does not come five times, a slow function does.
 */
export function assertGrowth(
  run: (input: string) => unknown,
  inputs: Readonly<Record<string, (length: number) => string>>,
  limit: number = LINEAR,
): void {
  for (const [name, make] of Object.entries(inputs)) {
    let exponent = Infinity;
    for (let attempt = 0; attempt < 5 && exponent >= limit; attempt++) {
      exponent = growthExponent(run, make);
    }
    assertLess(exponent, limit, `grows with the length to the power of ${exponent.toFixed(2)} over ${name}`);
  }
}

/** What a parser that looks back, or looks ahead, is slow on; bytes, as header values are. */
const UNITS: readonly string[] = [
  " ",
  "\t",
  ",",
  ".",
  ":",
  "[",
  "]",
  "0",
  "a",
  "-",
  "/",
  "@",
  "%",
  "\\",
  '"',
  "a.",
  "0.",
  ":0",
  "::",
  ", ",
  " ,\t",
  "://",
  "0x",
  "xn--",
  "\xff",
];

/** `unit` over and over between `prefix` and `suffix`, for each of the hostile units and those of one's own. */
export function runsOf(
  { prefix = "", suffix = "", units = [] }: {
    readonly prefix?: string;
    readonly suffix?: string;
    readonly units?: readonly string[];
  } = {},
): Record<string, (length: number) => string> {
  return Object.fromEntries(
    [...UNITS, ...units].map((unit) => [
      JSON.stringify(`${prefix}${unit}…${suffix}`),
      (length) => prefix + unit.repeat(Math.ceil(length / unit.length)) + suffix,
    ]),
  );
}

/** Two equal strings, of which every second call gets the same one. */
type Twins = readonly [string, string];

/** Calls until a sample is long enough: how many, and the time of each. */
function calibrate(run: (input: string) => unknown, twins: Twins): { calls: number; each: number } {
  for (let calls = 1;; calls *= 4) {
    const taken = Math.min(time(run, twins, calls), time(run, twins, calls));
    if (taken >= SAMPLE_MS) return { calls, each: taken / calls };
  }
}

function time(run: (input: string) => unknown, twins: Twins, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    sink.turn = sink.turn === 0 ? 1 : 0;
    sink.last = run(twins[sink.turn]);
  }
  return performance.now() - start;
}

/** The slope of the straight line that fits the points best (least squares). */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
