/**
 * Waiting with an end: a test that waits in vain says for what, and lets what it started be ended.
 *
 * @module
 */

/** Longer than anything takes on a machine that is busy with other work. */
const PATIENCE_SECONDS = 30;

/** Waits for a promise, and fails after a while. `sofar` adds to the message what there was instead. */
export function inTime<T>(what: string, promise: Promise<T>, sofar?: () => unknown): Promise<T> {
  return within(PATIENCE_SECONDS, what, promise, sofar);
}

/** The same, where how long it takes is what is asked. */
export async function within<T>(
  seconds: number,
  what: string,
  promise: Promise<T>,
  sofar?: () => unknown,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const instead = sofar === undefined ? "" : `; there was ${JSON.stringify(sofar())}`;
      reject(new Error(`In vain: ${what}${instead}`));
    }, seconds * 1000);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
