import type { Denied, Handshake } from "./handler.ts";

/**
 * What one layer learns about a request and another reads: kept beside the `Request` object, never in it.
 *
 * A copy of a request (`new Request(r)`, `r.clone()`, a framework's mount) is another key on purpose: neither
 * runtime can upgrade a copy, so whatever a layer said about the original must not carry over to it.
 */
export class RequestScope<T extends object> {
  readonly #values = new WeakMap<Request, T>();
  readonly #missing: string;

  /** `missing`: one sentence that names the wrapper, for a reader that finds nothing. */
  constructor(missing: string) {
    this.#missing = missing;
  }

  /** Remembers `value` for this very Request object. */
  set(request: Request, value: T): void {
    this.#values.set(request, value);
  }

  /** The value; throws an error that names the missing wrapper where no layer set one. */
  read(request: Request): T {
    const value = this.#values.get(request);
    if (value === undefined) {
      throw new Error(
        `${this.#missing} Read with the Request object that the wrapper was called with: ` +
          "a copy or a clone is another one (in Hono pass `c.req.raw`).",
      );
    }
    return value;
  }
}

/**
 * What a guard or a gate answers when it is asked again about a handshake that it let in: would it now? Null: it would.
 * Throws what its policy function threw.
 */
export type Judge = (handshake: Handshake) => Denied | null;

/** What is known of a request whose Origin was judged and let in. */
interface Judged {
  /** What Connection said. */
  readonly connection: "upgrade" | "none";
  /** What was judged: the request itself, or what a gate read of one that is not the web's. */
  readonly handshake: Handshake;
  /** Of all guards and gates that let it in. */
  judges: readonly Judge[];
  /** What {@linkcode recheckCount} said when the first of them did. */
  readonly rechecks: number;
  /** Guards whose handlers are running; more than one where guards stand inside each other. */
  running: number;
  /** A gate has no handler: what it lets in is judged for as long as the request lives. */
  forGood: boolean;
}

const judged = /* @__PURE__ */ new WeakMap<object, Judged>();

let rechecks = 0;

/** How often open sockets were judged again by policies that may have changed since. */
export function recheckCount(): number {
  return rechecks;
}

/** Counts one more: from now on whoever was judged before and is not yet known has to be judged once more. */
export function countRecheck(): void {
  rechecks++;
}

/**
 * Remembers that a gate let this very request in by a verdict that included its Origin, and what Connection said. `judges`:
 * the gate's own, one array for all its requests.
 */
export function markJudged(
  request: object,
  connection: Judged["connection"],
  judges: readonly Judge[],
  handshake: Handshake,
): void {
  markOf(request, connection, judges, handshake).forGood = true;
}

/**
 * Calls the handler of a guard that let this very Request in, which counts as judged until the handler has answered. Not
 * longer: what one guard lets in to a handler that answers 404 must not be let in by that to the handler of the next.
 */
export function whileJudged<T>(
  request: Request,
  connection: Judged["connection"],
  judges: readonly Judge[],
  handler: () => T,
): T {
  const mark = markOf(request, connection, judges, request);
  mark.running++;
  return whileRunning(handler, () => void mark.running--);
}

function markOf(
  request: object,
  connection: Judged["connection"],
  judges: readonly Judge[],
  handshake: Handshake,
): Judged {
  const before = judgmentOf(request);
  if (before === undefined) {
    const mark = { connection, handshake, judges, rechecks, running: 0, forGood: false };
    judged.set(request, mark);
    return mark;
  }
  before.judges = [...before.judges, ...judges];
  return before;
}

/** How a request was judged that guards or gates let in; undefined: none has, or its handler has answered. */
export function judgmentOf(request: object): Judged | undefined {
  const mark = judged.get(request);
  return mark !== undefined && (mark.forGood || mark.running > 0) ? mark : undefined;
}

/**
 * What Connection said of a handshake that a guard or a gate let in; undefined: none has. Whatever was let in has the one
 * token in Upgrade and a well-formed Host, so nothing else has to be remembered of what was read.
 */
export function judgedConnection(request: Request): Judged["connection"] | undefined {
  return judgmentOf(request)?.connection;
}

/**
 * Calls a handler, and `done` when it has answered.
 *
 * The one place where something comes after a handler. It cannot fail, and what the handler returned is handed on
 * untouched and not waited for: a promise is only told to call back.
 */
export function whileRunning<T>(handler: () => T, done: () => void): T {
  let result;
  try {
    result = handler();
  } catch (error) {
    done();
    throw error;
  }
  if (result instanceof Promise) result.then(done, done);
  else done();
  return result;
}

/** Requests that are answered, whatever the code that was to answer them still does. */
const answered = /* @__PURE__ */ new WeakSet<Request>();

/** Remembers that a gate has answered this request without waiting for what was to answer it. */
export function markAnswered(request: Request): void {
  answered.add(request);
}

/** Reports whether {@linkcode markAnswered} was called for this request: nothing may be upgraded for it any more. */
export function isAnswered(request: Request): boolean {
  return answered.has(request);
}
