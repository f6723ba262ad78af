/**
 * What the matcher is held to, as ratios to a bare scan; the report says of each whether it was met.
 *
 * @module
 */

/** By runtime, then by number of patterns: many origins, as many as fit into the processor's caches. */
const WARM: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  Deno: { 3: 1.5, 100: 1.75, 1000: 1.8, 10_000: 2.1, 100_000: 2.6 },
  Bun: { 3: 2.1, 100: 2.6, 1000: 2.8, 10_000: 3.2, 100_000: 4.2 },
};
/** By runtime: one origin over and over, whatever the number of patterns. */
const HOT: Readonly<Record<string, number>> = { Deno: 0.35, Bun: 0.65 };

/** The highest ratio that is good enough, where there is one; `runtime` may have its version behind it. */
export function warmTarget(runtime: string, patterns: number): number | undefined {
  return WARM[nameOf(runtime)]?.[patterns];
}

/** The same of one origin. */
export function hotTarget(runtime: string): number | undefined {
  return HOT[nameOf(runtime)];
}

const nameOf = (runtime: string): string => runtime.split(" ")[0]!;

/** `match` costs at most so many times what `test` costs. */
export const MATCH_TO_TEST = 2;
/** Bytes a pattern in typed arrays, at a million. */
export const BYTES_A_PATTERN = 17;
/** Beside them, one reference to the pattern as written. */
export const REFERENCE_BYTES = 8;
/** Bytes a look-up allocates: a megabyte in ten million look-ups is the noise of counting. */
export const BYTES_A_LOOKUP = 0.1;
/** What a guard may add to a handshake, above the control's bound. */
export const GUARD_SHARE = 0.02;
/** The same for a reporter as a guard's hook, beside a guard without a hook. */
export const REPORTER_SHARE = 0.03;

/** A list so long is held to what it cost in another checkout: see `beside.ts`. */
export const BESIDE_PATTERNS = 1_000_000;
/** Its look-ups, warm and of as many origins as patterns, and its compilation, as ratios. */
export const BESIDE = { warm: 1.15, cold: 1.6, compile: 1.6 } as const;
/** Sockets behind a guard, an asynchronous look-up and a router, as ratios to the runtime's own; by runtime. */
export const SOCKET: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Deno: { memory: 1.5, handshake: 2.35, latency: 2, "echo of 32 B": 1.2, "echo of 16 kB": 1.2 },
  Bun: { memory: 3.3, handshake: 2.2, "echo of 32 B": 1.25, "echo of 16 kB": 1.35 },
};
