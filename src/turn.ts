/**
 * Letting the event loop come round before an upgrade, to see whether the client is still there.
 *
 * Deno that upgrades a connection which its client has reset keeps the descriptor and the half-made socket for good, and
 * no event ever tells. It learns of a reset when its event loop comes round: twice, before the signal of the request says
 * so. A timer would do it too and takes two milliseconds; one round leaves half of them. What is left is the time between
 * the look and the 101 on the wire, and so they go on one a round: of three hundred the last would be answered
 * thirty milliseconds after it was looked at. Bun upgrades no such connection.
 */

/** What is used of the global scope. */
interface EventLoop {
  /** Deno has it since 2.4. */
  setImmediate?(callback: () => void): unknown;
  readonly Deno?: { readonly upgradeWebSocket?: unknown };
}

const loop = /* @__PURE__ */ (() => globalThis as unknown as EventLoop)();

/** Whether this runtime has to be given a turn before it upgrades. */
export const needsTurn: boolean = /* @__PURE__ */ (() => typeof loop.Deno?.upgradeWebSocket === "function")();

/** After so long a round has come, whatever the runtime says. */
const FALLBACK_MS = 2;
/** Rounds that each client waits for. */
const ROUNDS = 2;
/** Of so many clients that wait, one goes on in each round: where they are more, so do more. */
const CLIENTS_FOR_EACH = 100;

/** Clients that wait, in the order in which they came, each with the round in which it may go on. */
const clients: { readonly due: number; readonly goOn: () => void }[] = [];
/** What else waits for the event loop to come round. */
let callbacks: { readonly due: number; readonly callback: () => void }[] = [];
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
    await new Promise<void>((goOn) => {
      clients.push({ due: round + ROUNDS, goOn });
      comeRound();
    });
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
  callbacks.push({ due: round + rounds, callback });
  comeRound();
}

/** One round for all who wait. */
function comeRound(): void {
  if (isComing) return;
  isComing = true;
  nextRound(() => {
    isComing = false;
    round++;
    const due = callbacks.filter((it) => it.due <= round);
    if (due.length > 0) callbacks = callbacks.filter((it) => it.due > round);
    for (const { callback } of due) callback();
    let going = 0;
    while (going < clients.length / CLIENTS_FOR_EACH && clients[going]!.due <= round) going++;
    // At once: one by one would take the square of a long queue.
    for (const { goOn } of clients.splice(0, going)) goOn();
    if (callbacks.length > 0 || clients.length > 0) comeRound();
  });
}

/**
 * Deno 2.6 to 2.8 forget an immediate that another one has asked for until something else happens, and older ones have none:
 * so a timer comes by too, and whichever is there first is the round.
 */
function nextRound(callback: () => void): void {
  let isOver = false;
  const once = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    callback();
  };
  const timer = setTimeout(once, FALLBACK_MS);
  loop.setImmediate?.(once);
}
