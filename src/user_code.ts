/**
 * Calling code that is not ours: hooks, handlers, look-ups. A client decides how often they run, so what they throw or
 * reject with must end neither a request nor the process, nor fill the log.
 */

import { quoteCause } from "./quote.ts";

/**
 * Reports the first failure of some user code on the console, and no further one: clients can repeat it at will. Never
 * throws, though a console may: an application that replaces it, or a pipe that nobody reads.
 */
export function reportOnce(what: string): (error: unknown) => void {
  let reported = false;
  return (error) => {
    if (reported) return;
    reported = true;
    try {
      console.error(`wsgate: ${what} failed: ${quoteCause(error)} (not reported again)`);
    } catch {
      // There is nobody left to tell.
    }
  };
}

/**
 * Takes care of a promise that nobody waits for: unhandled, its rejection would end the process on both runtimes.
 */
export function catchRejection(value: unknown, onRejected: (error: unknown) => void = () => {}): void {
  if (isPromiseLike(value)) Promise.resolve(value).then(undefined, onRejected);
}

/** Reports whether user code returned something that `await` would wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
