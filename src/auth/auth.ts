/**
 * Who is asking: the user is looked up before the handler runs and before anything is upgraded.
 */

import { type Admissions, readLive, type SessionRef } from "../admission.ts";
import {
  checkChoice,
  checkFunction,
  checkNumber,
  type ConfigIssue,
  readOptions,
  throwIfAny,
} from "../config.ts";
import { clientLeft, denials, Unauthenticated } from "../denial.ts";
import type { DenyReason, Rest, Takes, Wrapped } from "../handler.ts";
import { requestedUpgrade } from "../handshake.ts";
import { judgedConnection, RequestScope } from "../scope.ts";
import { DENIAL_OPTIONS, type DenialOptions, readDenialOptions, settler } from "../settle.ts";
import { clientStays } from "../turn.ts";
import { isPromiseLike } from "../user_code.ts";
import { whyNobody } from "./why_nobody.ts";

/**
 * An authentication layer: wraps handlers, and reads back what it learned about a request.
 *
 * @category Routing and users
 * @typeParam S What it learns.
 */
export interface Auth<S> {
  /** Wraps a handler, for `http` and for `websocket` alike. */
  <Q extends Request, R extends Response | undefined, A extends Rest>(
    handler: Takes<A, R, Q>,
  ): Wrapped<A, R | Response, Q>;
  /**
   * What this layer learned about `request`.
   *
   * Throws an error that names the missing wrapper if this layer did not see this very Request object: a copy is
   * another one.
   */
  scope(request: Request): S;
}

/**
 * How users are found, and what is done with those who are not; `refuse` is that of {@linkcode DenialOptions}, `onDecision` and `name` that
 * of {@linkcode DecisionHook}.
 *
 * @category Routing and users
 * @typeParam U A user.
 */
export interface AuthOptions<U extends object> extends DenialOptions<unknown> {
  /**
   * Finds the user of a request, by its cookies or otherwise; null and undefined: anonymous. What it throws, rejects
   * with, or returns otherwise refuses the request with 503, and only the operator is told. A function, a Response, an
   * Error and a prototype are no user.
   *
   * **Security.** Look sessions up in a Map, or ask `Object.hasOwn` first: in a plain object every client finds
   * something under `constructor` and `__proto__`.
   */
  readonly user: (request: Request) => U | null | undefined | Promise<U | null | undefined>;
  /** Whether requests of nobody are refused, with 401. Default false. */
  readonly required?: boolean;
  /**
   * How long a look-up may take, in seconds, above 0 to 3,600. Default 10. Over it the request is refused with 503
   * `user-lookup-failed`; what comes of the look-up after that is ignored.
   */
  readonly timeoutSeconds?: number;
  /**
   * What a user's sockets hang on: the session that he is logged in by, read back as `scope(request).session`. null: nothing
   * ends them. Not asked for nobody. What it throws, and a session that cannot be one, refuses the request with 503
   * `user-lookup-failed`.
   */
  readonly session?: (user: U, request: Request) => SessionRef | null;
  /**
   * What `createLiveSockets` of `@wsgate/wsgate/live` made; needs `session`. A handshake whose session has ended or expired is
   * refused with 401 `session-ended`, whatever `required` says; while that cannot be known with 503 `sessions-unavailable`.
   */
  readonly live?: Admissions;
}

/**
 * Makes an authentication layer: the `AuthMiddlewareStack` of Django Channels.
 *
 * Call it once, wrap handlers with what it returns, and read the user back with its `scope`. Anonymous requests pass
 * with a user of null; with `required: true` they are refused with 401, and the user is never null.
 *
 * **Security.** A handshake has to have passed a guard before: put the guard outside, `originValidator(auth(h), …)`.
 * One that no guard judged is refused with 403 before anybody is looked up, so a forgotten guard and the reversed
 * order both fail closed. A request whose client left during the look-up is answered at once and not handed on:
 * upgraded, it would never open and never close on Deno.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `user` | required | finds the user of a request |
 * | `required` | `false` | `true`: requests of nobody are refused with 401 |
 * | `timeoutSeconds` | 10 | how long a look-up of `user` may take |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client: {@linkcode refuseVisibly} shows a page why |
 * | `session` | none | the session that a user is logged in by, which his sockets hang on |
 * | `live` | none | what `createLiveSockets` returned: sockets end with the session |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode AuthOptions} and {@linkcode DenialOptions}.
 *
 * @category Routing and users
 * @typeParam U A user.
 * @param options How users are found, and what becomes of denials.
 * @returns The layer.
 * @throws {ConfigError} All faults of the options at once.
 *
 * @example Sessions by cookie
 * ```ts
 * import { authMiddlewareStack, getCookies, originValidator } from "@wsgate/wsgate";
 *
 * const sessions = new Map([["4f2a", { name: "ada" }]]);
 * const auth = authMiddlewareStack({
 *   user: (request) => sessions.get(getCookies(request).get("__Host-session") ?? ""),
 *   required: true,
 * });
 * const greet = (request: Request) => new Response(`hello ${auth.scope(request).user.name}`);
 * const fetch = originValidator(auth(greet), ["https://example.com"]);
 * export default { fetch };
 * ```
 */
export function authMiddlewareStack<U extends object>(
  options: AuthOptions<U> & { readonly required: true },
): Auth<{ readonly user: U; readonly session: SessionRef | null }>;
/**
 * Makes an authentication layer that lets anonymous requests pass, with a user of null.
 *
 * @category Routing and users
 * @typeParam U A user.
 * @param options How users are found, and what becomes of denials.
 * @returns The layer.
 * @throws {ConfigError} All faults of the options at once.
 */
export function authMiddlewareStack<U extends object>(
  options: AuthOptions<U>,
): Auth<{ readonly user: U | null; readonly session: SessionRef | null }>;
export function authMiddlewareStack<U extends object>(
  options: AuthOptions<U>,
): Auth<{ readonly user: U | null; readonly session: SessionRef | null }> {
  const issues: ConfigIssue[] = [];
  const known = ["user", "required", "timeoutSeconds", "session", "live", ...DENIAL_OPTIONS];
  // As Channels nests it: AuthMiddlewareStack(URLRouter([...])).
  if (typeof options === "function") {
    const fix =
      "Configure the layer first, then wrap the handler with it: authMiddlewareStack({ user })(handler).";
    issues.push({ code: "wrong-type", field: "options", index: -1, value: options, fix });
  }
  const read = (typeof options === "function" ? null : readOptions(options, known, issues)) ?? {};
  checkFunction(read.user, "user", issues);
  const required = checkChoice(read, "required", [true, false], issues) ?? false;
  const range = { least: Number.MIN_VALUE, most: 3600, usual: 10 };
  const timeoutSeconds = checkNumber(read, "timeoutSeconds", range, issues);
  const live = readLive(read, issues);
  if (read.session !== undefined || live !== undefined) checkFunction(read.session, "session", issues);
  const denial = readDenialOptions<unknown>(read, issues);
  throwIfAny(issues);
  const findSession = read.session as typeof options.session;
  const findUser = read.user as typeof options.user;
  const scopes = new RequestScope<{ readonly user: U | null; readonly session: SessionRef | null }>(
    "This authMiddlewareStack() has not looked anybody up for this request: wrap the handler with it.",
  );

  function auth<Q extends Request, R extends Response | undefined, A extends Rest>(
    handler: Takes<A, R, Q>,
  ): Wrapped<A, R | Response, Q> {
    const issues: ConfigIssue[] = [];
    checkFunction(handler, "handler", issues);
    throwIfAny(issues);
    const settle = settler("auth", denial);

    const authenticated = (request: Q, ...rest: A): R | Response | Promise<R | Response> => {
      const context = rest[0];
      const judged = judgedConnection(request) !== undefined;
      const isHandshake = judged || requestedUpgrade(request) !== "none";
      if (isHandshake && !judged) {
        return settle(denials["origin-unchecked"], request, context, { note: () => UNCHECKED });
      }
      const failed = (cause: unknown, reason: DenyReason = "user-lookup-failed") =>
        settle(denials[Unauthenticated.is(cause) ? "unauthenticated" : reason], request, context, { cause });
      type Answer = ReturnType<typeof authenticated>;
      /** Goes on with what was waited for, as long as the client waits too. */
      const whenThere = (
        promise: PromiseLike<unknown>,
        goOn: (value: unknown) => Answer,
        failed: (cause: unknown) => Answer,
      ): Answer => {
        // Read before anything is awaited: a signal that is first looked at afterwards says nothing on Deno.
        const { signal } = request;
        // Both callbacks in one call: what the handler rejects with is not a failed look-up.
        return whileClientWaits(promise, signal, timeoutSeconds).then(
          async (value) =>
            value === LEFT || isHandshake && !await clientStays(request, signal) ? clientLeft() : goOn(value),
          failed,
        );
      };
      const proceed = (user: unknown): Answer => {
        const why = whyNoUser(user);
        if (why !== null) return failed(new TypeError(`user() found ${why}`));
        if (required && (user === null || user === undefined)) {
          return settle(denials["unauthenticated"], request, context, { miss: whyNobody });
        }
        const somebody = user as U | null ?? null;
        let session: SessionRef | null = null;
        let admitted: Promise<boolean> | undefined;
        try {
          if (somebody !== null && findSession !== undefined) session = findSession(somebody, request);
          // Plain requests are the site's own affair: it asks its session store anyway.
          if (isHandshake) admitted = live?.admit(request, session);
        } catch (cause) {
          return failed(cause);
        }
        const handOn = (isAdmitted: unknown): Answer => {
          if (!isAdmitted) return settle(denials["session-ended"], request, context);
          scopes.set(request, Object.freeze({ user: somebody, session }));
          settle.allowed(request, context);
          return handler(request, ...rest);
        };
        if (admitted === undefined) return handOn(true);
        return whenThere(admitted, handOn, (cause) => failed(cause, "sessions-unavailable"));
      };

      let found;
      let isPromise;
      try {
        found = findUser(request);
        isPromise = isPromiseLike(found);
      } catch (cause) {
        return failed(cause);
      }
      return isPromise ? whenThere(found as PromiseLike<unknown>, proceed, failed) : proceed(found);
    };
    return authenticated as Wrapped<A, R | Response, Q>;
  }

  return Object.freeze(Object.assign(auth, { scope: (request: Request) => scopes.read(request) }));
}

/** What was found, where it is no user, and what to do about it; null: it is one, or nobody. */
function whyNoUser(found: unknown): string | null {
  if (found === null || found === undefined) return null;
  if (typeof found === "function") return `a function: ${INHERITED}`;
  if (typeof found !== "object") return `a ${typeof found}: a user is an object, nobody is null`;
  if (isPrototype(found)) return `a prototype: ${INHERITED}`;
  if (found instanceof Response) return "a Response: nobody is null, and required: true refuses nobody";
  if (found instanceof Error) return "an Error: throw it instead";
  return null;
}

const INHERITED =
  'plain objects inherit "constructor" and "__proto__". Look users up in a Map, or by Object.hasOwn';

/** Reports whether it is the prototype of a class or built-in, as `sessions["__proto__"]` is. */
function isPrototype(found: object): boolean {
  const maker: unknown = Object.getOwnPropertyDescriptor(found, "constructor")?.value;
  return typeof maker === "function" && maker.prototype === found;
}

const UNCHECKED =
  "No guard judged this request: wrap this layer in one, originValidator(auth(handler), [...]), and hand " +
  "on the same Request object, not a copy";

/** In place of a user: the client has left. */
const LEFT = /* @__PURE__ */ Symbol("left");

/**
 * Resolves and rejects as the look-up does, as long as its client waits for it: while a handler has not answered, Deno
 * keeps the descriptor of a client that has left.
 */
function whileClientWaits(
  found: PromiseLike<unknown>,
  signal: AbortSignal,
  seconds: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const left = () => end(resolve, LEFT);
    const timer = setTimeout(() => {
      end(reject, new Error(`the look-up took more than ${seconds} seconds (timeoutSeconds)`));
    }, seconds * 1000);
    function end(settle: (value: unknown) => void, value: unknown): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", left);
      settle(value);
    }
    signal.addEventListener("abort", left);
    if (signal.aborted) left();
    Promise.resolve(found).then((user) => end(resolve, user), (error) => end(reject, error));
  });
}
