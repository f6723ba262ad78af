/**
 * A handler and a hook that write down what they are given.
 *
 * @module
 */

import type { DenyReason } from "@wsgate/wsgate";

export function recorder() {
  const calls: unknown[][] = [];
  const reasons: DenyReason[] = [];
  const causes: unknown[] = [];
  return {
    calls,
    reasons,
    causes,
    handler: (...given: unknown[]): Response => {
      calls.push(given);
      return new Response("handled");
    },
    onDeny(denied: { reason: DenyReason }, _handshake: unknown, cause: unknown) {
      reasons.push(denied.reason);
      causes.push(cause);
    },
  };
}
