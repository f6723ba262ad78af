/**
 * The shapes that every layer speaks: handlers, handshakes, decisions.
 */

/** What a runtime passes after the request. */
// `any`, not `unknown`: it is a constraint, and what TypeScript takes for a parameter of which it can infer nothing.
// deno-lint-ignore no-explicit-any
export type Rest = readonly any[];

/**
 * A web-standard request handler.
 *
 * `context` is what the runtime passes as second argument: Deno's `info`, Bun's `server`. `undefined` is
 * returned only around a native Bun upgrade, where the runtime has taken the connection over.
 *
 * @typeParam C What the handler needs as its second argument; `unknown` where it needs nothing.
 * @typeParam R What it answers.
 * @typeParam Q The request, where a runtime passes more than a `Request`: Bun's routes, with their `params`.
 */
export type Handler<
  C = unknown,
  R extends Response | undefined = Response,
  Q extends Request = Request,
> = (request: Q, context: C) => R | Promise<R>;

/**
 * What a wrapper takes: a handler with whatever else the runtime passes, as one tuple, which is handed on as it came. So
 * a handler of one parameter is seen to be one, and Workers' third argument arrives.
 *
 * @typeParam A What comes after the request.
 * @typeParam R What the handler answers.
 * @typeParam Q The request.
 */
export type Takes<A extends Rest, R, Q extends Request = Request> = (
  request: Q,
  ...rest: A
) => R | Promise<R>;

/** The second argument of a handler that {@linkcode Takes} describes; `unknown` where it needs none. */
export type ContextOf<A extends Rest> = A extends readonly [infer C, ...unknown[]] ? C : unknown;

/**
 * What a wrapper returns: a handler whose `context` may be left out when nothing inside needs one.
 *
 * @typeParam A What the wrapped handler needs after the request.
 * @typeParam R What the wrapper answers: what the handler does, or a denial.
 * @typeParam Q The request.
 * @typeParam D What a hook beside the handler needs as its context.
 */
export type Wrapped<
  A extends Rest,
  R extends Response | undefined,
  Q extends Request = Request,
  D = unknown,
> = (
  request: Q,
  ...rest: unknown extends D ? A extends readonly [] ? [context?: unknown] : A
    : A extends readonly [infer C, ...infer X] ? [context: C & D, ...X]
    : [context: D]
) => R | Promise<R>;

/**
 * What a router returns. Its handlers differ in what they need, so one context and one third argument are inferred for
 * all of them.
 *
 * @typeParam C What the handlers need as their second argument.
 * @typeParam R What the router answers: what a handler does, or a denial.
 * @typeParam Q The request.
 * @typeParam X What the handlers need as their third argument.
 */
export type Routed<
  C,
  R extends Response | undefined,
  Q extends Request = Request,
  X = unknown,
> = Wrapped<unknown extends X ? unknown extends C ? [] : [context: C] : [context: C, more?: X], R, Q>;

/**
 * A third argument in a router. One that is not known yet is `never` while TypeScript infers, and would keep it from
 * inferring the second.
 */
// deno-lint-ignore no-explicit-any
export type Third<X> = [X] extends [never] ? any : X;

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
 * `host-mismatch`. 401: `unauthenticated`, `session-ended`. 403: `host-not-allowed`, `origin-absent`, `origin-empty`,
 * `origin-null`, `origin-malformed`, `origin-not-allowed`, `origin-unchecked`. 404: `not-found`.
 * 405: `method-not-allowed`, `connect-not-supported`. 426: `not-a-handshake`, `version-unsupported`. 503: `user-lookup-failed`,
 * `policy-unavailable`, `too-many-sockets`, `sessions-unavailable`.
 */
export type DenyReason =
  | "not-a-handshake"
  | "method-not-allowed"
  | "connect-not-supported"
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
  | "session-ended"
  | "user-lookup-failed"
  | "policy-unavailable"
  | "too-many-sockets"
  | "sessions-unavailable"
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
