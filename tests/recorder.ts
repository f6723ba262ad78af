/**
 * A handler and a hook that write down what they are given.
 *
 * @module
 */

import type { DecisionEvent, DenyReason } from "@wsgate/wsgate";

/** An event of a denial. */
export interface DeniedEvent extends DecisionEvent<unknown> {
  readonly reason: DenyReason;
}

/** A hook that hears of denials alone. */
export function onDenied(hear: (event: DeniedEvent) => unknown): (event: DecisionEvent<unknown>) => unknown {
  return (event) => event.outcome === "denied" ? hear(event as DeniedEvent) : undefined;
}

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
    onDecision: onDenied(({ reason, cause }) => {
      reasons.push(reason);
      causes.push(cause);
    }),
  };
}
