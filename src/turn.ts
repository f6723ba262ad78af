/**
 * Letting the event loop come round before an upgrade, to see whether the client is still there.
 *
 * Deno that upgrades a connection which its client has reset keeps the descriptor and the half-made socket for good, and
 * no event ever tells. It learns of a reset when its event loop comes round: twice, before the signal of the request says
 * so; and where very many connections wait for it, more often, since each round looks after a part of them. A timer would
 * do it too and takes two milliseconds; one round leaves half of them. Bun upgrades no such connection.
 */

/** What is used of the global scope. */
interface EventLoop {
  setImmediate(callback: () => void): unknown;
  readonly Deno?: { readonly upgradeWebSocket?: unknown };
}

const loop = /* @__PURE__ */ (() => globalThis as unknown as EventLoop)();

/** Whether this runtime has to be given a turn before it upgrades. */
export const needsTurn: boolean = /* @__PURE__ */ (() => typeof loop.Deno?.upgradeWebSocket === "function")();

const LEAST_ROUNDS = 2;
const MOST_ROUNDS = 32;
/** One round more for so many who wait beside. */
const WAITING_A_ROUND = 4;

/** Who waits for the event loop to come round, and how often. */
let waiting: { rounds: number; readonly callback: () => void }[] = [];
/** How often it has come round while somebody waited. */
let round = 0;
let isComing = false;
/** The round in which each client was last seen. */
const seen = /* @__PURE__ */ new WeakMap<Request, number>();

/**
 * Waits for the event loop to come round, and reports whether the client of a request is still there.
 *
 * `signal` is the request's, read before anything was awaited: on Deno one that is first looked at afterwards says nothing.
 */
export async function clientStays(request: Request, signal: AbortSignal): Promise<boolean> {
  if (needsTurn) {
    const rounds = Math.min(MOST_ROUNDS, LEAST_ROUNDS + Math.floor(waiting.length / WAITING_A_ROUND));
    await new Promise<void>((resolve) => afterRounds(rounds, resolve));
  }
  if (signal.aborted) return false;
  comeRound();
  seen.set(request, round);
  return true;
}

/** Reports whether {@linkcode clientStays} has said so in this very round of the event loop. */
export function wasJustSeen(request: Request): boolean {
  return seen.get(request) === round;
}

/** Calls back when the event loop has come round so often. */
export function afterRounds(rounds: number, callback: () => void): void {
  waiting.push({ rounds, callback });
  comeRound();
}

/** One round for all who wait. */
function comeRound(): void {
  if (isComing) return;
  isComing = true;
  loop.setImmediate(() => {
    isComing = false;
    round++;
    const due = waiting.filter((it) => --it.rounds <= 0);
    if (due.length > 0) waiting = waiting.filter((it) => it.rounds > 0);
    if (waiting.length > 0) comeRound();
    for (const { callback } of due) callback();
  });
}
