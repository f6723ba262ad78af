/**
 * How guards ask the desk: the one way by which it is reached while handshakes are judged. It words a verdict that has been
 * given, and can change none.
 */

import type { Details } from "../event.ts";
import type { Policy } from "../verdict/policy.ts";
import { explain, explainAs } from "./explain.ts";
import { whyInOneLine } from "./explanation_text.ts";

/** Entries that a line may cost the reading of while handshakes wait: a few milliseconds, 20 times in a minute at most. */
const SEARCH_AT_MOST = 1000;

/** What is said of a policy's verdict over a handshake. */
export function wordsOf(policy: Policy): Details {
  return {
    note: (handshake) => whyInOneLine(explainAs(handshake, policy, { searchAtMost: SEARCH_AT_MOST })),
    explain: (handshake) => explain(handshake, policy),
  };
}

/** The same, where the Host alone was judged: nothing was said of Origin, so nothing is. */
export function wordsOfHost(policy: Policy): Details {
  return {
    note: (handshake) =>
      whyInOneLine({ ...explainAs(handshake, policy, { searchAtMost: SEARCH_AT_MOST }), next: null }),
    explain: (handshake) => Object.freeze({ ...explain(handshake, policy), next: null }),
  };
}
