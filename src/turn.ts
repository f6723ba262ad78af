/**
 * Letting the event loop come round before an upgrade, to see whether the client is still there.
 *
 * Deno that upgrades a connection which its client has reset keeps the descriptor and the half-made socket for good, and
 * no event ever tells. It learns of a reset when its event loop comes round: twice, before the signal of the request says
 * so. A timer would do it too and takes two milliseconds; one round leaves half of them. Bun upgrades no such connection.
 */

/** What is used of the global scope. */
interface EventLoop {
  setImmediate(callback: () => void): unknown;
  readonly Deno?: { readonly upgradeWebSocket?: unknown };
}

const loop = /* @__PURE__ */ (() => globalThis as unknown as EventLoop)();

/** Whether this runtime has to be given a turn before it upgrades. */
export const needsTurn: boolean = /* @__PURE__ */ (() => typeof loop.Deno?.upgradeWebSocket === "function")();

/** The round of the event loop in which each client was last seen. */
const seen = /* @__PURE__ */ new WeakMap<Request, number>();
let round = 0;
let isCounting = false;

/**
 * Waits for the event loop to come round, and reports whether the client of a request is still there.
 *
 * `signal` is the request's, read before anything was awaited: on Deno one that is first looked at afterwards says nothing.
 */
export async function clientStays(request: Request, signal: AbortSignal): Promise<boolean> {
  if (needsTurn) await nextTurn();
  if (signal.aborted) return false;
  seen.set(request, thisRound());
  return true;
}

/** Reports whether {@linkcode clientStays} has said so in this very round of the event loop. */
export function wasJustSeen(request: Request): boolean {
  return seen.get(request) === round;
}

/** Resolves when the event loop has come round twice. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => inTwoRounds(resolve));
}

/** Calls back when the event loop has come round twice. */
export function inTwoRounds(callback: () => void): void {
  loop.setImmediate(() => loop.setImmediate(callback));
}

/** Calls back in the next round of the event loop. */
export function inNextRound(callback: () => void): void {
  loop.setImmediate(callback);
}

function thisRound(): number {
  // One for all who ask: nothing counts rounds while nobody does.
  if (!isCounting) {
    isCounting = true;
    loop.setImmediate(() => {
      round++;
      isCounting = false;
    });
  }
  return round;
}
