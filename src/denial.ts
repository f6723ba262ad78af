/**
 * Denials: one frozen decision for each reason, and the response that answers it.
 */

import type { Denied, DenyReason } from "./handler.ts";

const STATUSES: Readonly<Record<DenyReason, Denied["status"]>> = {
  "not-a-handshake": 426,
  "method-not-allowed": 405,
  "connect-not-supported": 405,
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
  "session-ended": 401,
  "user-lookup-failed": 503,
  "policy-unavailable": 503,
  "too-many-sockets": 503,
  "sessions-unavailable": 503,
  "not-found": 404,
};

/** One frozen decision for each reason. */
export const denials: Readonly<Record<DenyReason, Denied>> = /* @__PURE__ */ denialsOf(STATUSES);

function denialsOf(statuses: typeof STATUSES): Readonly<Record<DenyReason, Denied>> {
  const made = Object.entries(statuses).map(([reason, status]) => [
    reason,
    Object.freeze({ allowed: false, status, reason }),
  ]);
  return Object.freeze(Object.fromEntries(made));
}

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

/** What a denial is answered with, where there is no Response to put it in. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The answer to a denial, in its parts. */
export function answerOf({ status }: Denied): Answer {
  const statusText = TEXTS[status];
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    ...DEMANDED[status],
  };
  return { status, statusText, headers, text: `${statusText}\n` };
}

/**
 * The response for a denial.
 *
 * Neutral text, `Cache-Control: no-store`, and what the status demands: 401 `WWW-Authenticate`, 405 `Allow`, 426
 * `Upgrade` and `Sec-WebSocket-Version`.
 *
 * **Security.** It says nothing of the reason, nor of what would have been allowed: that is the operator's to know.
 *
 * @category Verdicts
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
  const { text, ...parts } = answerOf(denied);
  return new Response(text, parts);
}

/**
 * No denial: what is answered to nobody, since the client has left. nginx's status for it, so that a log that shows it
 * says what happened.
 */
export function clientLeft(): Response {
  return new Response(null, { status: 499, statusText: "Client Closed Request" });
}

/**
 * Thrown by a look-up of users that has found a credential and refuses it: 401 `unauthenticated`. Null would let the
 * request pass as nobody's, and any other error is a failure, 503.
 */
export class Unauthenticated extends Error {
  override readonly name = "Unauthenticated";
  /** Why, for a program. */
  readonly reason: string;
  readonly #mark = true;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }

  /** Asks nothing of what was thrown, which may be anything: `instanceof` can throw. */
  static is(thrown: unknown): thrown is Unauthenticated {
    return typeof thrown === "object" && thrown !== null && #mark in thrown;
  }
}
