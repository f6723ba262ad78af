/**
 * Every denial that there is, what the client gets for it, and a verdict in one word.
 *
 * @module
 */

import { assertEquals, assertInstanceOf } from "@std/assert";
import type { Decision, Denied, DenyReason } from "@wsgate/wsgate";

/** By reason, so that a reason without a row does not compile. */
export const STATUSES: Readonly<Record<DenyReason, Denied["status"]>> = {
  "upgrade-malformed": 400,
  "connection-malformed": 400,
  "key-malformed": 400,
  "host-absent": 400,
  "host-malformed": 400,
  "host-mismatch": 400,
  "unauthenticated": 401,
  "session-ended": 401,
  "host-not-allowed": 403,
  "origin-absent": 403,
  "origin-empty": 403,
  "origin-null": 403,
  "origin-malformed": 403,
  "origin-not-allowed": 403,
  "origin-unchecked": 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "connect-not-supported": 405,
  "not-a-handshake": 426,
  "version-unsupported": 426,
  "user-lookup-failed": 503,
  "too-many-sockets": 503,
  "sessions-unavailable": 503,
  "policy-unavailable": 503,
};
/** All that there are. */
export const REASONS: readonly DenyReason[] = Object.keys(STATUSES) as DenyReason[];

const NEUTRAL = { "cache-control": "no-store", "content-type": "text/plain; charset=utf-8" };
/** Everything that goes over the wire, by status. */
export const ANSWERS: Readonly<Record<Denied["status"], { text: string; headers: Record<string, string> }>> =
  {
    400: { text: "Bad Request", headers: NEUTRAL },
    401: { text: "Unauthorized", headers: { ...NEUTRAL, "www-authenticate": 'Cookie realm="session"' } },
    403: { text: "Forbidden", headers: NEUTRAL },
    404: { text: "Not Found", headers: NEUTRAL },
    405: { text: "Method Not Allowed", headers: { ...NEUTRAL, allow: "GET" } },
    426: {
      text: "Upgrade Required",
      headers: { ...NEUTRAL, upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" },
    },
    503: { text: "Service Unavailable", headers: NEUTRAL },
  };

/** Asserts that a response is that of a denial, to the letter. */
export async function assertDenied(response: unknown, denied: Denied): Promise<void> {
  assertInstanceOf(response, Response);
  const { text, headers } = ANSWERS[denied.status];
  assertEquals(
    [response.status, response.statusText, Object.fromEntries(response.headers), await response.text()],
    [denied.status, text, headers, `${text}\n`],
  );
}

/** A verdict in one word. */
export type Outcome = DenyReason | "allowed";
export function outcome(decision: Decision): Outcome {
  return decision.allowed ? "allowed" : decision.reason;
}
