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

/** What Connection said of the handshakes whose Origin a guard has judged and let in. */
const judged = /* @__PURE__ */ new WeakMap<Request, "upgrade" | "none">();

/** Remembers that a guard let this very Request in by a verdict that included its Origin, and what Connection said. */
export function markJudged(request: Request, connection: "upgrade" | "none"): void {
  judged.set(request, connection);
}

/**
 * What Connection said of a handshake that a guard let in; undefined: none has. Whatever was let in has the one token in
 * Upgrade and a well-formed Host, so nothing else has to be remembered of what the guard read.
 */
export function judgedConnection(request: Request): "upgrade" | "none" | undefined {
  return judged.get(request);
}
