/**
 * What OpenTelemetry hears of decisions: a counter, and attributes of the request's span. It needs the API alone,
 * `npm:@opentelemetry/api`; what exports them is the program's affair.
 *
 * @module
 */

import { type Attributes, metrics, type Span, trace } from "@opentelemetry/api";
import type { DecisionEvent } from "@wsgate/wsgate";

/**
 * Makes the hook, for `onDecision`. Call it once, after the program has set its meter provider: of the API's own one a
 * counter counts nothing, and says so to nobody.
 */
export function tellTelemetry(): (event: DecisionEvent<unknown>) => void {
  const handshakes = metrics.getMeter("wsgate").createCounter("wsgate.handshakes", {
    description: "WebSocket handshakes by what became of them.",
    unit: "{handshake}",
  });
  return (event) => {
    if (!event.handshake) return;
    const decision = attributesOf(event);
    // No origin here: a client can invent them, and each would be a series of its own.
    handshakes.add(1, decision);
    const span = trace.getActiveSpan();
    if (span === undefined || !tells(span, event)) return;
    span.setAttributes(decision);
    const { origin } = event;
    if (origin.kind === "tuple") span.setAttribute("http.request.header.origin", [origin.shown]);
  };
}

/** `security_rule.*` are names of the semantic conventions; a refusal is no `error.type`: the server did its work. */
function attributesOf({ outcome, layer, reason, name }: DecisionEvent<unknown>): Attributes {
  return {
    "wsgate.outcome": outcome,
    "wsgate.layer": layer,
    ...reason !== null && { "security_rule.name": reason },
    ...name !== null && { "security_rule.ruleset.name": name },
  };
}

const told = new WeakMap<Span, number>();

/** A span has one decision, and a request one of each layer: the gravest stands, whatever those further in allowed. */
function tells(span: Span, { outcome }: DecisionEvent<unknown>): boolean {
  const gravity = ["allowed", "would-deny", "denied"].indexOf(outcome);
  if (gravity < (told.get(span) ?? 0)) return false;
  told.set(span, gravity);
  return true;
}
