/**
 * What a guard's console line says after the Origin and the Host: the one way by which the desk is asked while handshakes
 * are judged. It words a verdict that has been given, and can change none.
 */

import type { Handshake } from "../handler.ts";
import type { Policy } from "../verdict/policy.ts";
import { explainAs } from "./explain.ts";
import { whyInOneLine } from "./explanation_text.ts";

/** Entries that a line may cost the reading of while handshakes wait: a few milliseconds, 20 times at most. */
const SEARCH_AT_MOST = 1000;

/** Why a policy denied a handshake. */
export function whyDenied(handshake: Handshake, policy: Policy): string {
  return whyInOneLine(explainAs(handshake, policy, { searchAtMost: SEARCH_AT_MOST }));
}

/** Why a request was denied by its Host alone: nothing was said of Origin, so nothing is. */
export function whyDeniedByHost(handshake: Handshake, policy: Policy): string {
  return whyInOneLine({ ...explainAs(handshake, policy, { searchAtMost: SEARCH_AT_MOST }), next: null });
}
