/**
 * What guards and gates have in common: which policy is in force, and what it says of a request.
 */

import { checkChoice, type ConfigIssue, type Options, readOptions } from "../config.ts";
import { denials } from "../denial.ts";
import type { Details } from "../event.ts";
import { wordsOf, wordsOfHost } from "../explain/console_line.ts";
import type { Denied, Handshake } from "../handler.ts";
import { connectionUpgrade, pathOf, requestedUpgrade } from "../handshake.ts";
import { parseHost } from "../origin/authority.ts";
import type { Judge } from "../scope.ts";
import type { Tell } from "../settle.ts";
import { catchRejection, isPromiseLike } from "../user_code.ts";
import { checkHost, checkOrigin, hostFault } from "../verdict/check.ts";
import {
  compilePolicy,
  isPolicy,
  type Policy,
  POLICY_OPTIONS,
  type PolicyOptions,
  readPolicy,
} from "../verdict/policy.ts";

/**
 * Where a request goes, as the verdict reads it: what the URL and the Host header agree on. Frozen.
 *
 * @category Guards
 */
export interface RequestedSite {
  /** Canonical, in lower case, an IPv6 address in its brackets. */
  readonly host: string;
  /** 1 to 65535; null: none was written. */
  readonly port: number | null;
  /** As the client spelled it, without the query; Bun shows it normalised. */
  readonly path: string;
}

/**
 * Finds the policy in force for one site.
 *
 * null: there is no such site, and the request is refused with 403 `host-not-allowed`. What it throws, or returns
 * otherwise, a promise too, refuses with 503 `policy-unavailable`. Without a Host that can be read, or with one that is not
 * the URL's, it is not asked: that is a 400.
 *
 * **Security.** It is given the site and nothing else: what could read Origin could hand it back as allowed. Keep
 * compiled policies in a Map; who has to ask a database first fills that Map before he calls the guard.
 *
 * @category Guards
 */
export type PolicyFor = (site: RequestedSite) => Policy | null;

/**
 * What guards and gates judge by: a compiled policy, the options of one, or a function that finds it for each site.
 *
 * @category Guards
 */
export type PolicySource = Policy | PolicyOptions | PolicyFor;

/**
 * Which requests a guard judges.
 *
 * @category Guards
 */
export interface RequestsOption {
  /**
   * `"all"`: plain requests are judged too, so that what stands beside the socket (log-in, log-out, event streams, MCP)
   * has its policy: the Host as {@linkcode hostValidator} judges it, the Origin where there is one. `null` passes with
   * `Sec-Fetch-Site: same-origin`, as a browser sends a page's own form under `Referrer-Policy: no-referrer`. Default
   * `"handshakes"`.
   *
   * **Security.** Browsers send no Origin with most GETs, so it is no protection of those that change something.
   */
  readonly requests?: "handshakes" | "all";
}

/**
 * A second policy beside the one in force.
 *
 * @category Production
 */
export interface ReportOnlyOption {
  /**
   * A second policy, which refuses nothing: what it would refuse is told as `"would-deny"`. For the first days of a guard,
   * beside `["*"]`, and for every change of a list, beside the list in force. As CSP has it.
   *
   * **Security.** It protects nobody.
   */
  readonly reportOnly?: PolicySource;
}

/** A policy source whose options are compiled. */
export type Source = Policy | PolicyFor;

/** A denial, and what the operator is told of it. */
export interface Refusal {
  readonly denied: Denied;
  readonly details: Details;
}

/** What guards and gates judge by, read. */
export interface Judging {
  readonly source: Source;
  readonly reportOnly: Source | null;
  /** Plain requests are judged too. */
  readonly all: boolean;
}

/** Reads what judges beside the policy in force. `source`: that one, null where there are issues. */
export function readJudging(source: Source | null, options: Options, issues: ConfigIssue[]): Judging {
  const { reportOnly } = options;
  const found: ConfigIssue[] = [];
  const second = reportOnly === undefined ? null : readSource(reportOnly, found);
  for (const issue of found) issues.push({ ...issue, field: `reportOnly.${issue.field}` });
  return { source: source!, reportOnly: second, all: readRequests(options, issues) };
}

/** Reads a {@linkcode PolicySource}. */
export function readSource(given: unknown, issues: ConfigIssue[]): Source | null {
  if (isPolicy(given)) return given;
  if (typeof given === "function") return given as PolicyFor;
  // Of a policy's copy the list is no part, nor of its class.
  if (typeof given === "object" && given !== null && Object.keys(given).includes("origins")) {
    const options = readOptions(given, POLICY_OPTIONS, issues, "policy");
    return options && readPolicy(options, issues);
  }
  issues.push({
    code: "wrong-type",
    field: "policy",
    index: -1,
    value: given,
    fix:
      "Give what compilePolicy() returned, its options, or a function that returns the policy of a site. " +
      "A copy of a policy does not work",
  });
  return null;
}

/** Reads {@linkcode RequestsOption}: whether plain requests are judged too. */
function readRequests(options: Options, issues: ConfigIssue[]): boolean {
  return checkChoice(options, "requests", ["handshakes", "all"] as const, issues) === "all";
}

/** What becomes of a request: null where it asks for no WebSocket, what `Connection` said of a handshake, or the denial. */
export type Verdict = null | "upgrade" | "none" | Denied;

/**
 * Judges a request, and tells the operator; `given`: what the runtime or Node had it as. Never throws.
 *
 * What nobody wants to hear of costs nothing here.
 */
export function judgeAndTell<Q>(
  request: Handshake,
  given: Q,
  context: unknown,
  { source, reportOnly, all }: Judging,
  tell: Tell<Q>,
): Verdict {
  const found: Found | null = tell.all || reportOnly !== null ? { details: {} } : null;
  const verdict = judge(request, source, all, found);
  // It was not judged, so there is nothing to tell.
  if (verdict === null && !all) return null;
  const refusal = refusalOf(verdict);
  const second = reportOnly && refusalOf(judge(request, reportOnly, all, null));
  if (refusal !== null || second !== null || tell.all) {
    tell({
      ...(refusal ?? second)?.details ?? found?.details,
      denied: refusal && refusal.denied,
      reportOnly: reportOnly && { denied: second && second.denied },
      handshake: request,
      request: given,
      context,
    });
  }
  return refusal === null ? verdict as Verdict : refusal.denied;
}

function refusalOf(verdict: ReturnType<typeof judge>): Refusal | null {
  return typeof verdict === "object" ? verdict : null;
}

/** What there is to tell of a verdict that lets a request go on. */
interface Found {
  details: Details;
}

function judge(
  request: Handshake,
  source: Source,
  all: boolean,
  found: Found | null,
): null | "upgrade" | "none" | Refusal {
  let connection: ReturnType<typeof connectionUpgrade> | null = null;
  switch (requestedUpgrade(request)) {
    case "none":
      if (!all) return null;
      break;
    case "connect":
      return refusal("connect-not-supported", { note: () => CONNECT });
    case "malformed":
      return refusal("upgrade-malformed");
    case "websocket":
      connection = connectionUpgrade(request);
      if (connection === "malformed") return refusal("connection-malformed");
  }
  const isPlain = connection === null;
  // Read once: a runtime makes a new string of a header each time it is asked.
  const host = isPlain ? authorityOf(request) : request.headers.get("host");
  const policy = typeof source === "function" ? policyFor(source, request, host) : source;
  if ("denied" in policy) return policy;
  const byHost = checkHost(host, request.url, policy);
  if (!byHost.allowed) {
    return { denied: byHost, details: { host, ...isPlain ? wordsOfHost(policy) : wordsOf(policy) } };
  }
  // A plain request without Origin is let in, which is not what an explanation would say of it.
  if (found !== null) found.details = { host, ...isPlain ? {} : wordsOf(policy) };
  if (isPlain && needsNoOrigin(request)) return null;
  const byOrigin = checkOrigin(request, policy, host!);
  return byOrigin.allowed ? connection : { denied: byOrigin, details: { host, ...wordsOf(policy) } };
}

/** What a guard answers when it is asked again; see {@linkcode Judge}. In an array, as the mark of a request has it. */
export function judgesOf(source: Source): readonly Judge[] {
  return [(handshake) => {
    const verdict = judge(handshake, source, false, null);
    if (verdict === null || typeof verdict === "string") return null;
    if (verdict.denied.reason === "policy-unavailable") throw verdict.details.cause;
    return verdict.denied;
  }];
}

/** Of plain requests most have no Origin, and under some referrer policies a page's own form has `null`. */
function needsNoOrigin({ headers }: Handshake): boolean {
  const origin = headers.get("origin");
  // No page can write the second header, and no other page's request has it so.
  return origin === null || origin === "null" && headers.get("sec-fetch-site") === "same-origin";
}

/**
 * The authority of a request: its Host header, or, where no handshake is asked for, what its `https` URL names. HTTP/2 has
 * `:authority` in place of Host, and Deno shows that in the URL only. What has no Host at all is no browser's, so it
 * opens no rebinding.
 */
export function authorityOf(request: Handshake): string | null {
  const host = request.headers.get("host");
  // CONNECT comes over HTTP/2 too.
  if (host !== null || ["websocket", "malformed"].includes(requestedUpgrade(request))) return host;
  return /^https:\/\/([^/?#]*)/.exec(request.url)?.[1] ?? null;
}

/** What a policy function has for a request, or why it has nothing. */
function policyFor(find: PolicyFor, request: Handshake, host: string | null): Policy | Refusal {
  const fault = hostFault(host, request.url);
  if (fault !== null) {
    // Of the Host alone: no list was asked.
    return refusal(fault, { host, ...wordsOfHost(NO_LIST()) });
  }
  try {
    const found: unknown = find(siteOf(host!, request.url));
    if (isPolicy(found)) return found;
    if (found === null) return refusal("host-not-allowed", { host, note: () => NO_SITE });
    catchRejection(found);
    const fix = isPromiseLike(found)
      ? "Await the policy before you call the guard. The policy function returned a promise"
      : "Return what compilePolicy() made, or null for an unknown site. The policy function returned neither";
    throw new TypeError(fix);
  } catch (cause) {
    return refusal("policy-unavailable", { host, cause });
  }
}

/** `host`: a Host header that is one. */
function siteOf(host: string, url: string): RequestedSite {
  const authority = parseHost(host)!;
  return Object.freeze({ host: authority.host, port: authority.port || null, path: pathOf(url) ?? "" });
}

const NO_LIST = () => compilePolicy({ origins: [] });

function refusal(reason: Denied["reason"], details: Details = {}): Refusal {
  return { denied: denials[reason], details };
}

const CONNECT =
  "Have the proxy in front speak HTTP/1.1 to this server. CONNECT opens WebSockets over HTTP/2 and HTTP/3, which no " +
  "runtime upgrades";
const NO_SITE = "Return a policy for this site, if it is yours. The policy function returned null";
