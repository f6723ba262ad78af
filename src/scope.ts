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

/** What is known of a request whose Origin was judged and let in. */
interface Judged {
  /** What Connection said. */
  readonly connection: "upgrade" | "none";
  /** Guards whose handlers are running; more than one where guards stand inside each other. */
  running: number;
  /** A gate has no handler: what it lets in is judged for as long as the request lives. */
  forGood: boolean;
}

const judged = /* @__PURE__ */ new WeakMap<Request, Judged>();

/** Remembers that a gate let this very Request in by a verdict that included its Origin, and what Connection said. */
export function markJudged(request: Request, connection: Judged["connection"]): void {
  const mark = judged.get(request);
  if (mark === undefined) judged.set(request, { connection, running: 0, forGood: true });
  else mark.forGood = true;
}

/**
 * Calls the handler of a guard that let this very Request in, which counts as judged until the handler has answered. Not
 * longer: what one guard lets in to a handler that answers 404 must not be let in by that to the handler of the next.
 */
export function whileJudged<T>(request: Request, connection: Judged["connection"], handler: () => T): T {
  const mark = judged.get(request) ?? { connection, running: 0, forGood: false };
  judged.set(request, mark);
  mark.running++;
  return whileRunning(handler, () => void mark.running--);
}

/**
 * What Connection said of a handshake that a guard or a gate let in; undefined: none has. Whatever was let in has the one
 * token in Upgrade and a well-formed Host, so nothing else has to be remembered of what was read.
 */
export function judgedConnection(request: Request): Judged["connection"] | undefined {
  const mark = judged.get(request);
  return mark !== undefined && (mark.forGood || mark.running > 0) ? mark.connection : undefined;
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
