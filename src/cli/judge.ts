/**
 * What a server would answer: the verdict of the list, and before and after it what RFC 6455 asks of a handshake; under
 * each scheme that the site may have, where nothing says which it is.
 */

import type { Explanation } from "../explanation.ts";
import { explain } from "../explain/explain.ts";
import type { Denied, DenyReason, Handshake } from "../handler.ts";
import { checkOpeningHandshake, connectionUpgrade } from "../handshake.ts";
import { quote } from "../quote.ts";
import type { Policy } from "../verdict/policy.ts";
import { withChange } from "../explain/what_if.ts";

/** What a server would answer. */
export interface Judgement {
  /** With the decision of the server, which may be about another part of the handshake than the list. */
  readonly explanation: Explanation;
  /** Why, where it is not the list that refuses; null: it is, or nothing is refused. */
  readonly why: string | null;
}

/** One judgement, or one for each scheme of the site's pages where they differ. */
export type Judgements =
  | { readonly dependsOnScheme: false; readonly one: Judgement }
  | { readonly dependsOnScheme: true; readonly http: Judgement; readonly https: Judgement };

/** How much of a handshake is there to be judged. */
export interface Extent {
  /**
   * `"list"`: Host and Origin alone. `"given"`: the fields of RFC 6455 too, where they are there. `"whole"`: those that are
   * missing count as missing.
   */
  readonly fields: "list" | "given" | "whole";
  /** The URL is the server's, so its scheme counts. */
  readonly isServersUrl: boolean;
}

/** Judges a handshake as a server with this policy would. */
export function judgeAsServer(handshake: Handshake, policy: Policy, extent: Extent): Judgements {
  const judge = (by: Policy) => judgeOnce(handshake, by, extent.fields);
  const one = judge(policy);
  const isSchemeKnown = policy.scheme !== undefined ||
    extent.isServersUrl && /^(?:https?|wss?|http\+unix):/i.test(handshake.url);
  if (isSchemeKnown) return { dependsOnScheme: false, one };
  const by = (entry: "http" | "https") => judge(withChange(policy, { field: "scheme", entry })!);
  const [http, https] = [by("http"), by("https")];
  if (!areSame(http, https)) return { dependsOnScheme: true, http, https };
  // What explains without a scheme explains best; but a list of hosts may depend on there being one.
  return { dependsOnScheme: false, one: areSame(one, https) ? one : https };
}

function areSame(
  { explanation: { decision: a } }: Judgement,
  { explanation: { decision: b } }: Judgement,
): boolean {
  return a.allowed ? b.allowed : !b.allowed && a.reason === b.reason;
}

function judgeOnce(handshake: Handshake, policy: Policy, fields: Extent["fields"]): Judgement {
  const explanation = explain(handshake, policy);
  if (fields === "list") return { explanation, why: null };
  const judged = fields === "whole" ? handshake : withMissing(handshake);
  const fault = checkOpeningHandshake(judged);
  if (fault === null) return { explanation, why: null };
  const isFirst = BEFORE_THE_LIST.includes(fault.reason) || connectionUpgrade(judged) === "malformed";
  if (!isFirst && !explanation.decision.allowed) return { explanation, why: null };
  const allowed = explanation.decision.allowed ? ". The list itself allows this handshake" : "";
  return {
    explanation: { ...explanation, decision: fault, rule: null },
    why: whyOf(fault, handshake) + allowed,
  };
}

/** What a guard, or the handler behind it, says before the list is asked. */
const BEFORE_THE_LIST: readonly DenyReason[] = [
  "not-a-handshake",
  "connect-not-supported",
  "upgrade-malformed",
];

/** What a browser sends, for fields that were not copied. */
const USUAL: Readonly<Record<string, string>> = {
  "upgrade": "websocket",
  "connection": "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

function withMissing({ method, url, headers }: Handshake): Handshake {
  return { method, url, headers: { get: (name) => headers.get(name) ?? USUAL[name] ?? null } };
}

function whyOf({ reason }: Denied, { method, headers }: Handshake): string {
  const shown = (name: string) => {
    const value = headers.get(name);
    return value === null ? "is missing" : `is ${quote(value)}`;
  };
  switch (reason) {
    case "not-a-handshake":
      return `Send Upgrade: websocket. The Upgrade header ${
        shown("upgrade")
      }, so a server sees a plain request`;
    case "upgrade-malformed":
      return `Send Upgrade once, as the word websocket alone. The Upgrade header ${shown("upgrade")}`;
    case "connect-not-supported":
      return "Have the proxy in front speak HTTP/1.1 to this server. No runtime upgrades a CONNECT request";
    case "method-not-allowed":
      return `Send GET. The method is ${quote(method)}`;
    case "connection-malformed":
      return `Send Connection: Upgrade. The Connection header ${shown("connection")}`;
    case "version-unsupported":
      return `Send Sec-WebSocket-Version: 13. That header ${shown("sec-websocket-version")}`;
    default:
      return `Send a Sec-WebSocket-Key of 16 bytes in base64. That header ${shown("sec-websocket-key")}`;
  }
}
