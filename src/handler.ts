/**
 * The shapes that every layer speaks: handlers, handshakes, decisions.
 */

/**
 * What a runtime passes after the request.
 *
 * @category Wrapper types
 */
// `any`, not `unknown`: it is a constraint, and what TypeScript takes for a parameter of which it can infer nothing.
// deno-lint-ignore no-explicit-any
export type Rest = readonly any[];

/**
 * A web-standard request handler.
 *
 * `context` is what the runtime passes as second argument: Deno's `info`, Bun's `server`. `undefined` is
 * returned only around a native Bun upgrade, where the runtime has taken the connection over.
 *
 * @category Wrapper types
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
 * @category Wrapper types
 * @typeParam A What comes after the request.
 * @typeParam R What the handler answers.
 * @typeParam Q The request.
 */
export type Takes<A extends Rest, R, Q extends Request = Request> = (
  request: Q,
  ...rest: A
) => R | Promise<R>;

/**
 * The second argument of a handler that {@linkcode Takes} describes; `unknown` where it needs none.
 *
 * @category Wrapper types
 */
export type ContextOf<A extends Rest> = A extends readonly [infer C, ...unknown[]] ? C : unknown;

/**
 * What a wrapper returns: a handler whose `context` may be left out when nothing inside needs one.
 *
 * @category Wrapper types
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
 * @category Wrapper types
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
 *
 * @category Wrapper types
 */
// deno-lint-ignore no-explicit-any
export type Third<X> = [X] extends [never] ? any : X;

/**
 * What a verdict reads of an HTTP request. A `Request` fits, and so does a snapshot of one.
 *
 * @category Verdicts
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
 * The client gets the status alone. The operator gets the reason, by `onDecision` or on the console.
 *
 * | reason | status | what arrived | what to do |
 * | --- | --- | --- | --- |
 * | `origin-not-allowed` | 403 | an origin that no entry allows | if the site is yours, list it; {@linkcode explain} says what comes near |
 * | `origin-absent` | 403 | no Origin: a program, or a proxy removed it | to accept programs, set `absent` |
 * | `origin-null` | 403 | `null`: a sandboxed frame, a `data:` or `file:` page | serve the page from an origin of its own |
 * | `origin-empty` | 403 | an empty Origin, which no browser sends | find the program or proxy that empties it |
 * | `origin-malformed` | 403 | an Origin that no browser writes so, or two of them | find the program or proxy that rewrites it |
 * | `origin-unchecked` | 403 | a handshake that reached a socket or an auth layer and no guard | wrap it in a guard; hand on the same Request |
 * | `host-not-allowed` | 403 | a Host that is not listed, or a site without a policy | have the proxy pass Host on; list the names of this server |
 * | `host-absent` | 400 | no Host, which every HTTP/1.1 request has | find the program or proxy that removes it |
 * | `host-malformed` | 400 | a Host that is not a host with an optional port, or two | find the program or proxy that rewrites it |
 * | `host-mismatch` | 400 | a URL that names another authority than Host | have the proxy write the same name into both |
 * | `upgrade-malformed` | 400 | more than the one word `websocket` in Upgrade | have the proxy send one Upgrade header |
 * | `connection-malformed` | 400 | no `upgrade` in Connection, or out of its place | have the proxy send `Connection: Upgrade` |
 * | `key-malformed` | 400 | a Sec-WebSocket-Key that is not 16 bytes in base64 | correct the client |
 * | `version-unsupported` | 426 | a Sec-WebSocket-Version other than 13 | update the client |
 * | `not-a-handshake` | 426 | a request for no WebSocket, where there is nothing else | have the proxy forward Upgrade, or route it elsewhere |
 * | `method-not-allowed` | 405 | a handshake whose method is not GET | correct the client |
 * | `connect-not-supported` | 405 | CONNECT, which opens WebSockets over HTTP/2 and HTTP/3 | have the proxy speak HTTP/1.1 to this server |
 * | `unauthenticated` | 401 | nobody was found, and `required` is set | log in; look at the cookie's Domain, Path and SameSite |
 * | `user-lookup-failed` | 503 | `user` threw, took too long, or found what is not a user | read `cause` in `onDecision` |
 * | `policy-unavailable` | 503 | the policy function threw, or returned no policy | read `cause` in `onDecision` |
 * | `too-many-sockets` | 503 | `maxSockets` are open | raise it, or bound connections in front |
 * | `session-ended` | 401 | a session that was ended, or has expired | log in again |
 * | `sessions-unavailable` | 503 | the store of sessions failed, or no auth layer with that `live` stands around the socket | read `cause` in `onDecision`; put the auth layer around |
 * | `not-found` | 404 | a path without a route, a protocol without a handler | add the route; `cause` says where its spelling is the reason |
 *
 * @category Verdicts
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

/**
 * A denial: the HTTP status that the client gets and the reason that the operator gets.
 *
 * @category Verdicts
 */
export interface Denied {
  /** Always false. */
  readonly allowed: false;
  /** The HTTP status of the response. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 426 | 503;
  /** Why; never told to the client. */
  readonly reason: DenyReason;
}

/**
 * The outcome of a check, frozen: allowed, or denied with a status and a reason.
 *
 * @category Verdicts
 */
export type Decision = { readonly allowed: true } | Denied;
