/**
 * Why a handshake was let in or refused: one object for the log, the terminal, the test and the program.
 *
 * Made only when it is asked for, from the lists as they were written: a policy keeps nothing for it.
 */

import {
  authorityOf,
  deepFreeze,
  type Explanation,
  type ListedEntry,
  quotedHost,
  readHost,
  readOrigin,
} from "../explanation.ts";
import type { Decision, DenyReason, Handshake } from "../handler.ts";
import { carriesCredentials } from "../handshake.ts";
import { NONE } from "../matcher/trie_layout.ts";
import { parseHost } from "../origin/authority.ts";
import { check, checkOrigin } from "../verdict/check.ts";
import { compiledOf, entryAt, type Policy } from "../verdict/policy.ts";
import { nearest } from "./nearest.ts";

/**
 * Explains the verdict of {@linkcode check}: what arrived, which rule decided, and for a denial what came near, with
 * the entry that would let it in.
 *
 * Nothing is kept for it while handshakes are judged: it reads the lists of the policy anew, and costs as much as they
 * are long. Print it with {@linkcode formatExplanation}.
 *
 * **Security.** Attackers' handshakes are explained too: add what it suggests only if that site is yours. Suggestions
 * are written from parsed origins (RFC 6454) alone; what could not be parsed appears as JSON-escaped ASCII of at most
 * 80 characters, so that an explanation may be logged as it is. Values of Cookie and Authorization are no part of it.
 * It is for the operator: do not send it to the client.
 *
 * @category Troubleshooting
 * @param handshake A Request, or a snapshot of one. On Deno before it was upgraded: after that its headers are gone.
 * @param policy What {@linkcode compilePolicy} made.
 * @returns A frozen object that survives JSON.
 * @throws {TypeError} `policy` is none that {@linkcode compilePolicy} made.
 *
 * @example A port that is not on the list
 * ```ts
 * import { compilePolicy, explain } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compilePolicy({ origins: ["https://app.example.com"] });
 * const handshake = {
 *   method: "GET",
 *   url: "https://ws.example.com/chat",
 *   headers: new Headers({ host: "ws.example.com", origin: "https://app.example.com:8443" }),
 * };
 * const [nearest] = explain(handshake, policy).nearest;
 * assertEquals(nearest?.code, "port");
 * assertEquals(nearest?.suggestion?.entry, "https://app.example.com:8443");
 * ```
 */
export function explain(handshake: Handshake, policy: Policy): Explanation {
  return explainAs(handshake, policy);
}

/** For the console line of a guard. */
export interface InPassing {
  /** It has not much time: longer lists are not searched for what came near. */
  readonly searchAtMost: number;
}

/** {@linkcode explain}, for a guard too, whose line recommends nothing that opens the socket wider. */
export function explainAs(handshake: Handshake, policy: Policy, inPassing?: InPassing): Explanation {
  const decision = check(handshake, policy);
  const { headers } = handshake;
  const host = readHost(headers.get("host") ?? null);
  const authority = authorityOf(handshake.url);
  return deepFreeze({
    decision,
    origin: readOrigin(headers.get("origin") ?? null),
    host,
    authority,
    credentials: carriesCredentials(handshake),
    rule: decidingRule(handshake, policy, decision),
    nearest: nearest(decision.allowed ? null : decision.reason, handshake, policy, inPassing, {
      host: quotedHost(host),
      authority,
    }),
    next: decision.allowed ? null : deniedNext(decision.reason, handshake, policy),
  });
}

function decidingRule({ headers }: Handshake, policy: Policy, decision: Decision): ListedEntry | null {
  const origin = headers.get("origin") ?? null;
  if (origin === null) {
    return decision.allowed || decision.reason === "origin-absent"
      ? { list: "absent", index: -1, pattern: policy.absent }
      : null;
  }
  if (!decision.allowed) return null;
  const { origins, findOrigin, selfPlace } = compiledOf(policy);
  const place = findOrigin(origin);
  return entryAt(origins, place === NONE ? selfPlace! : place);
}

function deniedNext(reason: DenyReason, handshake: Handshake, policy: Policy): DenyReason | null {
  const host = handshake.headers.get("host") ?? "";
  if (!reason.startsWith("host-") || parseHost(host) === null) return null;
  const decision = checkOrigin(handshake, policy, host);
  return decision.allowed ? null : decision.reason;
}
