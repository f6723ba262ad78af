/**
 * One timer for all sockets of a process: it comes by now and then, and each socket sees for itself what is due.
 *
 * A timer for each socket, set anew with each message, costs more than the messages do.
 */

/** What is swept. */
export interface Swept {
  /** Looks what is due; `now` in milliseconds, of a clock that never goes back. */
  sweep(now: number): void;
}

/** How often, in milliseconds: the shortest limits there are are kept to a quarter of them. */
const MOST = 1000;
const LEAST = 20;

const all = /* @__PURE__ */ new Set<Swept>();
let now = 0;
let interval = MOST;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time of the last sweep, in milliseconds. Who notes it for a message need ask no clock. */
export function lastSweep(): number {
  return now;
}

/**
 * How often somebody is swept at least who has to keep to so many milliseconds; 0: to nothing short. So old, then, is a
 * note of {@linkcode lastSweep} at most when he makes it.
 */
export function sweepInterval(limitMs: number): number {
  return limitMs === 0 ? MOST : Math.min(MOST, Math.max(LEAST, limitMs / 4));
}

/** Sweeps `it` from now on; `limitMs`: what it has to keep to, 0: nothing short. */
export function keepSwept(it: Swept, limitMs: number): void {
  const wanted = sweepInterval(limitMs);
  if (all.size === 0) interval = MOST;
  all.add(it);
  if (timer !== undefined && wanted >= interval) return;
  interval = Math.min(interval, wanted);
  now = performance.now();
  if (timer !== undefined) clearInterval(timer);
  timer = setInterval(sweepAll, interval);
}

/** Sweeps `it` no more. */
export function dropSwept(it: Swept): void {
  all.delete(it);
  if (all.size > 0) return;
  if (timer !== undefined) clearInterval(timer);
  timer = undefined;
}

function sweepAll(): void {
  now = performance.now();
  for (const it of all) it.sweep(now);
}
