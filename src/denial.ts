/**
 * Refusals: the decisions, the responses, and how the operator is told before the client is.
 */

import { checkFunction, type ConfigIssue, type Options } from "./config.ts";
import type { Denied, DenyReason, Handshake } from "./handler.ts";
import { parseOrigin } from "./origin/origin.ts";
import { quote } from "./quote.ts";

const STATUSES: Readonly<Record<DenyReason, Denied["status"]>> = {
  "not-a-handshake": 426,
  "method-not-allowed": 405,
  "version-unsupported": 426,
  "upgrade-malformed": 400,
  "connection-malformed": 400,
  "key-malformed": 400,
  "host-absent": 400,
  "host-malformed": 400,
  "host-mismatch": 400,
  "host-not-allowed": 403,
  "origin-absent": 403,
  "origin-empty": 403,
  "origin-null": 403,
  "origin-malformed": 403,
  "origin-not-allowed": 403,
  "origin-unchecked": 403,
  "unauthenticated": 401,
  "user-lookup-failed": 503,
  "policy-unavailable": 503,
  "not-found": 404,
};

/** One frozen decision for each reason. */
export const denials: Readonly<Record<DenyReason, Denied>> = Object.freeze(
  Object.fromEntries(
    Object.entries(STATUSES).map(([reason, status]) => [
      reason,
      Object.freeze({ allowed: false, status, reason }),
    ]),
  ) as Record<DenyReason, Denied>,
);

/** What the client reads: the status in words, nothing of the reason. */
const TEXTS: Readonly<Record<Denied["status"], string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  503: "Service Unavailable",
};

/** What a status demands of its response: RFC 9110 §15.5.2, §15.5.6, §15.5.22 with §7.8, RFC 6455 §4.4. */
const DEMANDED: { readonly [S in Denied["status"]]?: Readonly<Record<string, string>> } = {
  // A scheme that no browser knows: none of them opens a password prompt for it.
  401: { "www-authenticate": 'Cookie realm="session"' },
  405: { allow: "GET" },
  426: { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" },
};

/**
 * The response for a refusal.
 *
 * Neutral text, `Cache-Control: no-store`, and what the status demands: 401 `WWW-Authenticate`, 405 `Allow`, 426
 * `Upgrade` and `Sec-WebSocket-Version`.
 *
 * **Security.** It says nothing of the reason, nor of what would have been allowed: that is the operator's to know.
 *
 * @param denied What {@linkcode check} or a guard decided.
 * @returns A fresh response each time; one that was sent before cannot be sent again.
 *
 * @example A guard of one's own
 * ```ts
 * import { check, compilePolicy, deny } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compilePolicy({ origins: ["https://example.com"] });
 * function answer(request: Request): Response {
 *   const decision = check(request, policy);
 *   return decision.allowed ? new Response("welcome") : deny(decision);
 * }
 * assertEquals(answer(new Request("https://example.com/")).status, 400); // no Host header
 * ```
 */
export function deny(denied: Denied): Response {
  const text = TEXTS[denied.status];
  return new Response(`${text}\n`, {
    status: denied.status,
    statusText: text,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...DEMANDED[denied.status],
    },
  });
}

/**
 * What is done with a refusal, for everything that refuses.
 *
 * A hook that fails never changes the verdict: the refusal stands, and the failure is reported on the console, once
 * for each wrapper and hook.
 *
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface RefusalOptions<C> {
  /**
   * How a refusal looks. Default {@linkcode deny}, which also answers where this throws or returns no Response.
   */
  readonly refuse?: (denied: Denied, request: Request, context: C) => Response;
  /**
   * Called with every refusal before its Response is made, instead of the console line. `cause` is what user code
   * threw, where that is why. A promise that it returns is not waited for.
   *
   * **Security.** Whatever the handshake says is the client's word: escape it before it reaches a log or a terminal.
   */
  readonly onDeny?: (denied: Denied, handshake: Handshake, cause?: unknown) => void | Promise<void>;
}

/** The names of {@linkcode RefusalOptions}. */
export const REFUSAL_OPTIONS = ["refuse", "onDeny"] as const;

/** More about one refusal: what user code threw, and a sentence for the operator, made only where it is printed. */
export interface Details {
  readonly cause?: unknown;
  readonly note?: () => string;
}

/** Tells the operator, then makes the response. Never throws. */
export type Refuse<C> = (denied: Denied, request: Request, context: C, details?: Details) => Response;

/** The refusal's part of a wrapper's options. */
export function readRefusalOptions<C>(options: Options, issues: ConfigIssue[]): RefusalOptions<C> {
  for (const field of REFUSAL_OPTIONS) {
    if (options[field] !== undefined) checkFunction(options[field], field, issues);
  }
  return options;
}

/** One for each wrapper: what it has reported before is its own. */
export function refuser<C>({ refuse = deny, onDeny }: RefusalOptions<C>): Refuse<C> {
  const tell: Tell = onDeny === undefined
    ? consoleTeller()
    : (denied, request, { cause }) => onDeny(denied, request, cause);
  const tellFailed = reportOnce("onDeny");
  const refuseFailed = reportOnce("refuse");

  return (denied, request, context, details = {}) => {
    try {
      handleRejection(tell(denied, request, details), tellFailed);
    } catch (error) {
      tellFailed(error);
    }
    try {
      const response: unknown = refuse(denied, request, context);
      // One that was sent before cannot be sent again: the runtime would answer 500, and say so each time.
      if (response instanceof Response && !response.bodyUsed) return response;
      handleRejection(response, () => {});
      refuseFailed(new TypeError("it did not return a fresh Response"));
    } catch (error) {
      refuseFailed(error);
    }
    return deny(denied);
  };
}

type Tell = (denied: Denied, request: Request, details: Details) => unknown;

/** Lines of one wrapper's console output: enough to see what is wrong, too few to be flooded with. */
const MAX_LINES = 20;

/**
 * One line for the first refusal of each reason and origin. Only a well-formed origin is a key or is printed as it is:
 * anything else a client can vary without end, and can fill with what a terminal obeys.
 */
function consoleTeller(): Tell {
  const seen = new Set<string>();
  return ({ reason, status }, { headers }, details) => {
    if (seen.size > MAX_LINES) return;
    const value = headers.get("origin");
    const origin = parseOrigin(value).kind === "tuple" ? value : null;
    const failed = "cause" in details;
    const key = !failed && origin !== null ? `${reason} ${origin}` : reason;
    if (seen.has(key)) return;
    seen.add(key);
    if (seen.size > MAX_LINES) {
      console.warn("wsgate: further refusals not shown; `onDeny` gets them all");
      return;
    }
    const from = origin ?? (value === null ? "absent" : quote(value));
    const host = headers.get("host");
    const at = host === null ? "absent" : quote(host);
    const why = failed ? describeCause(details.cause) : details.note?.() ?? "";
    console.warn(
      `wsgate refused (${status} ${reason}): Origin ${from}, Host ${at}${why === "" ? "" : ". " + why}`,
    );
  };
}

/** Reports the first failure of some user code on the console, and no further one: clients can repeat it at will. */
export function reportOnce(what: string): (error: unknown) => void {
  let reported = false;
  return (error) => {
    if (!reported) console.error(`wsgate: ${what} failed: ${describeCause(error)} (not reported again)`);
    reported = true;
  };
}

function describeCause(cause: unknown): string {
  try {
    return quote(String(cause), 200);
  } catch {
    return "(what was thrown cannot be printed)";
  }
}

/** Takes care of a promise that nobody waits for: unhandled, its rejection would end the process on both runtimes. */
export function handleRejection(value: unknown, onRejected: (error: unknown) => void): void {
  if (isPromiseLike(value)) Promise.resolve(value).then(undefined, onRejected);
}

/** Reports whether user code returned something that `await` would wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
