/**
 * The time, and waiting for it. Handed in, so that tests need not wait for what takes a minute or an hour.
 */

export interface Clock {
  /** Milliseconds since 1970, by the machine's time of day. */
  now(): number;
  /** Milliseconds of a clock that never goes back. It may stand still while the machine sleeps. */
  steady(): number;
  /**
   * Calls back once that much time has passed, unless what it returns is called before. `isBackground`: nobody waits for
   * it, and a process that has nothing else to do may end.
   */
  after(ms: number, callback: () => void, isBackground?: boolean): () => void;
}

/** The machine's own. */
export const machineClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(ms, callback, isBackground = false) {
    const timer = setTimeout(callback, ms);
    // Both runtimes' timers have it, which the web's do not know.
    if (isBackground) (timer as { unref?(): void }).unref?.();
    return () => clearTimeout(timer);
  },
};

/** Calls what may never answer, and rejects with what `late` makes if it has not after so many seconds. */
export function within<T>(
  clock: Clock,
  seconds: number,
  call: () => T | PromiseLike<T>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(seconds * 1000, () => reject(late()));
    const answer = new Promise<T>((answered) => answered(call()));
    answer.then(resolve, reject).then(cancel);
  });
}
