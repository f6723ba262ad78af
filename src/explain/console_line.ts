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

/** Why a request was denied by its Host alone; `host`: what was judged. Nothing was said of Origin, so nothing is. */
export function whyDeniedByHost(
  { method, url, headers }: Handshake,
  host: string | null,
  policy: Policy,
): string {
  const judged = {
    method,
    url,
    headers: { get: (name: string) => name === "host" ? host : headers.get(name) },
  };
  return whyInOneLine({ ...explainAs(judged, policy, { searchAtMost: SEARCH_AT_MOST }), next: null });
}
