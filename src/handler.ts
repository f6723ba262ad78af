/**
 * The shapes that every layer speaks: handlers, handshakes, decisions.
 */

/**
 * A web-standard request handler.
 *
 * `context` is what the runtime passes as second argument: Deno's `info`, Bun's `server`. `undefined` is
 * returned only around a native Bun upgrade, where the runtime has taken the connection over.
 *
 * @typeParam C What the handler needs as its second argument; `unknown` where it needs nothing.
 * @typeParam R What it answers.
 */
export type Handler<C = unknown, R extends Response | undefined = Response> = (
  request: Request,
  context: C,
) => R | Promise<R>;

/**
 * What a wrapper returns: a handler whose `context` may be left out when nothing inside needs one.
 *
 * @typeParam C What the wrapped handler needs as its second argument.
 * @typeParam R What the wrapper answers: what the handler does, or a denial.
 */
export type Wrapped<C, R extends Response | undefined> = unknown extends C
  ? (request: Request, context?: unknown) => R | Promise<R>
  : (request: Request, context: C) => R | Promise<R>;

/**
 * What a verdict reads of an HTTP request. A `Request` fits, and so does a snapshot of one.
 *
 * @example A handshake without a server
 * ```ts
 * import { check, compilePolicy } from "@wsgate/wsgate";
 *
 * const handshake = {
 *   method: "GET",
 *   url: "https://chat.example/socket",
 *   headers: new Headers({ host: "chat.example", origin: "https://chat.example" }),
 * };
 * console.log(check(handshake, compilePolicy({ origins: ["https://chat.example"] })).allowed); // true
 * ```
 */
export interface Handshake {
  /** The request method, `GET` for every handshake that can succeed. */
  readonly method: string;
  /** The request's URL as the runtime gives it: raw on Deno, normalised and perhaps relative on Bun. */
  readonly url: string;
  /** The header fields; a repeated field reads as its values joined by `", "`, as in the Fetch standard. */
  readonly headers: {
    /** The field's value, or null where there is none; undefined is taken for null. Names are case-insensitive. */
    get(name: string): string | null;
  };
}

/**
 * Why a request was refused. Stable: safe to compare, count and alert on.
 *
 * Status 400: `upgrade-malformed`, `connection-malformed`, `key-malformed`, `host-absent`, `host-malformed`,
 * `host-mismatch`. 401: `unauthenticated`. 403: `host-not-allowed`, `origin-absent`, `origin-empty`,
 * `origin-null`, `origin-malformed`, `origin-not-allowed`, `origin-unchecked`. 404: `not-found`.
 * 405: `method-not-allowed`. 426: `not-a-handshake`, `version-unsupported`. 503: `user-lookup-failed`,
 * `policy-unavailable`, `too-many-sockets`.
 */
export type DenyReason =
  | "not-a-handshake"
  | "method-not-allowed"
  | "version-unsupported"
  | "upgrade-malformed"
  | "connection-malformed"
  | "key-malformed"
  | "host-absent"
  | "host-malformed"
  | "host-mismatch"
  | "host-not-allowed"
  | "origin-absent"
  | "origin-empty"
  | "origin-null"
  | "origin-malformed"
  | "origin-not-allowed"
  | "origin-unchecked"
  | "unauthenticated"
  | "user-lookup-failed"
  | "policy-unavailable"
  | "too-many-sockets"
  | "not-found";

/** A denial: the HTTP status that the client gets and the reason that the operator gets. */
export interface Denied {
  /** Always false. */
  readonly allowed: false;
  /** The HTTP status of the response. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 426 | 503;
  /** Why; never told to the client. */
  readonly reason: DenyReason;
}

/** The outcome of a check, frozen: allowed, or denied with a status and a reason. */
export type Decision = { readonly allowed: true } | Denied;
