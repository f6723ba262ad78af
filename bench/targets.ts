/**
 * What the matcher is held to, as ratios to a bare scan; the report says of each whether it was met.
 *
 * @module
 */

/** By runtime and corpus, then by number of patterns. */
const MATCH: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "Deno warm": { 3: 1.5, 100: 1.8, 1000: 2, 10_000: 2.3, 100_000: 3, 1_000_000: 4 },
  "Bun warm": { 3: 2.2, 100: 2.6, 1000: 2.9, 10_000: 3.3, 100_000: 4.5, 1_000_000: 6 },
  "Deno cold": { 1000: 2.7, 10_000: 4.5, 100_000: 8, 1_000_000: 11 },
  "Bun cold": { 1000: 3.8, 10_000: 5.7, 100_000: 12, 1_000_000: 19 },
};

/** The highest ratio that is good enough; `runtime` may have its version behind it. */
export function targetOf(runtime: string, corpus: "warm" | "cold", patterns: number): number | undefined {
  return MATCH[`${runtime.split(" ")[0]} ${corpus}`]?.[patterns];
}

/** `match` costs at most so many times what `test` costs. */
export const MATCH_TO_TEST = 2;
/** Bytes a pattern in typed arrays, at a million. */
export const BYTES_A_PATTERN = 24;
/** Beside them, one reference to the pattern as written. */
export const REFERENCE_BYTES = 8;
/** Bytes a look-up allocates: a megabyte in ten million look-ups is the noise of counting. */
export const BYTES_A_LOOKUP = 0.1;
/** Compiling a million, as a ratio to building a `Set` of the same strings and parsing them. */
export const COMPILE_TO_SET = 3;
/** What a guard may add to a handshake, above the control's bound. */
export const GUARD_SHARE = 0.02;

/** A list so long is held to what it cost in another checkout: see `beside.ts`. */
export const BESIDE_PATTERNS = 1_000_000;
/** Its look-ups, warm and of as many origins as patterns, and its compilation, as ratios. */
export const BESIDE = { warm: 1.15, cold: 1.6, compile: 1.6 } as const;
