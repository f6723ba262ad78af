/**
 * Waiting with an end: a test that waits in vain says for what, and lets what it started be ended.
 *
 * @module
 */

/** Longer than anything takes on a machine that is busy with other work. */
const PATIENCE_MS = 30_000;

/** Waits for a promise, and fails after a while. `sofar` adds to the message what there was instead. */
export async function inTime<T>(what: string, promise: Promise<T>, sofar?: () => unknown): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const instead = sofar === undefined ? "" : `; there was ${JSON.stringify(sofar())}`;
      reject(new Error(`In vain: ${what}${instead}`));
    }, PATIENCE_MS);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
