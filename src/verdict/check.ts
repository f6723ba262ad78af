/**
 * The verdict: one pure function over Host, Origin and scheme, and the policy it judges by.
 */

import { denials } from "../denial.ts";
import type { Decision, DenyReason, Handshake } from "../handler.ts";
import { carriesCredentials } from "../handshake.ts";
import type { HostFinder } from "../matcher/matcher.ts";
import { NONE } from "../matcher/trie_layout.ts";
import {
  defaultPort,
  hostEnd,
  isHost,
  lowerAscii,
  lowerHost,
  MAX_AUTHORITY_LENGTH,
  portAfter,
} from "../origin/authority.ts";
import { hostStart, kindOf } from "../origin/origin.ts";
import { compiledOf, type Policy } from "./policy.ts";

const ALLOWED: Decision = /* @__PURE__ */ Object.freeze({ allowed: true });

/**
 * Judges a handshake: Host first, then Origin.
 *
 * Pure and total: nothing a client sends makes it throw, and each header is read once. It does not look at the method
 * nor at the fields of RFC 6455, and it is for handshakes: browsers leave Origin out of a plain GET, for which it
 * says `origin-absent`.
 *
 * **Security.** The Host header decides, never `request.url`, which on Deno takes the authority of an absolute-form
 * target; where the two disagree the handshake is refused (RFC 9112 §3.2.2). `Sec-Fetch-Site` is not looked at:
 * Chromium sends none on a handshake, and where Firefox sends it it adds nothing to Host and Origin.
 *
 * @category Verdicts
 * @param handshake A Request, or a snapshot of one.
 * @param policy What {@linkcode compilePolicy} made.
 * @returns A frozen decision; the same object each time for the same outcome.
 * @throws {TypeError} `policy` is none that {@linkcode compilePolicy} made.
 *
 * @example Another site's page
 * ```ts
 * import { check, compilePolicy } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compilePolicy({ origins: ["https://example.com"] });
 * const request = new Request("https://example.com/chat", {
 *   headers: { host: "example.com", origin: "https://evil.test" },
 * });
 * assertEquals(check(request, policy), { allowed: false, status: 403, reason: "origin-not-allowed" });
 * ```
 */
export function check(handshake: Handshake, policy: Policy): Decision {
  // A runtime makes a new string of a header each time it is asked; all that follows reads these in place.
  // Undefined, as some frameworks' fields are, is absent here and below.
  const host = handshake.headers.get("host") ?? null;
  const denied = whyHostDenied(host, handshake.url, compiledOf(policy).findHost, policy);
  return denied === null ? checkOrigin(handshake, policy, host!) : denials[denied];
}

/** Judges a handshake by its Origin alone: the other half of {@linkcode check}. `host`: a Host header that was let in. */
export function checkOrigin(handshake: Handshake, policy: Policy, host: string): Decision {
  const origin = handshake.headers.get("origin") ?? null;
  if (origin === null) {
    switch (policy.absent) {
      case "allow":
        return ALLOWED;
      case "allow-without-credentials":
        return carriesCredentials(handshake) ? denials["origin-absent"] : ALLOWED;
      default:
        return denials["origin-absent"];
    }
  }
  const { findOrigin, selfPlace } = compiledOf(policy);
  if (findOrigin(origin) !== NONE) return ALLOWED;
  switch (kindOf(origin)) {
    case "empty":
      return denials["origin-empty"];
    case "null":
      return denials["origin-null"];
    case "malformed":
      return denials["origin-malformed"];
  }
  const isOwn = selfPlace !== null && isSelf(origin, host, siteScheme(handshake.url, policy));
  return isOwn ? ALLOWED : denials["origin-not-allowed"];
}

/** Judges a Host header and the URL it came with: the half of {@linkcode check} that plain HTTP needs too. */
export function checkHost(host: string | null, url: string, policy: Policy): Decision {
  const denied = whyHostDenied(host, url, compiledOf(policy).findHost, policy);
  return denied === null ? ALLOWED : denials[denied];
}

/** Why a Host header is refused whatever the policy says: it is none, or not what the URL names. Null: it is not. */
export function hostFault(header: string | null, url: string): DenyReason | null {
  return whyHostDenied(header, url, null);
}

/** Why a Host header is refused; null: it is not. `findHost`: the list, which `policy` has the scheme for; null: any host. */
function whyHostDenied(
  header: string | null,
  url: string,
  findHost: HostFinder | null,
  policy?: Policy,
): DenyReason | null {
  if (header === null) return "host-absent";
  if (header.length > MAX_AUTHORITY_LENGTH) return "host-malformed";
  const host = lowerHost(header);
  const end = hostEnd(host, 0);
  const port = portAfter(host, end);
  if (port < 0 || !isHost(host, 0, end)) return "host-malformed";
  if (!namesHost(url, host)) return "host-mismatch";
  if (findHost === null) return null;
  const effective = port || defaultPort(siteScheme(url, policy!));
  return findHost(host, end, effective) === NONE ? "host-not-allowed" : null;
}

const HTTP_SCHEMES = ["http", "https", "ws", "wss", "http+unix"];

/**
 * Reports whether a request's URL names the authority of its Host header, both in lower case and without the default
 * port of the URL's scheme. A URL that names none agrees with any. Strings are compared, not URLs: a parser that
 * repairs one side makes equal what is not.
 */
function namesHost(url: string, host: string): boolean {
  // As nearly every request is; all else goes the long way.
  const plain = url.startsWith("http://") ? 7 : url.startsWith("https://") ? 8 : 0;
  if (plain > 0 && url.startsWith(host, plain) && "/?#".includes(url.charAt(plain + host.length))) {
    return true;
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return true;
  if (!HTTP_SCHEMES.includes(scheme)) return false;
  const start = scheme.length + "://".length;
  let end = start;
  // No authority is longer than a Host that was well-formed, so neither is the walk.
  while (end < url.length && end - start <= MAX_AUTHORITY_LENGTH && !"/?#".includes(url[end]!)) end++;
  const suffix = `:${defaultPort(scheme === "http+unix" ? "http" : scheme)}`;
  const named = lowerAscii(url.slice(start, end));
  return named === host || named + suffix === host ||
    (hostEnd(host, 0) === host.length && named === host + suffix);
}

/** The scheme of the site's pages; "": nothing says. */
export function siteScheme(url: string, policy: Policy): string {
  if (policy.scheme !== undefined) return policy.scheme;
  if (url.startsWith("http://")) return "http";
  const scheme = /^(https?|wss?|http\+unix):\/\//i.exec(url)?.[1]?.toLowerCase();
  return scheme === "https" || scheme === "wss" ? "https" : scheme === undefined ? "" : "http";
}

/**
 * Reports whether a tuple origin has this scheme and names the host and port of a well-formed Host header; each port
 * defaults by the scheme.
 */
function isSelf(origin: string, hostHeader: string, scheme: string): boolean {
  const start = hostStart(origin);
  if (start !== scheme.length + "://".length || !origin.startsWith(scheme)) return false;
  const host = lowerHost(hostHeader);
  const end = hostEnd(host, 0);
  const originEnd = hostEnd(origin, start);
  if (originEnd - start !== end) return false;
  for (let i = 0; i < end; i++) {
    if (origin.charCodeAt(start + i) !== host.charCodeAt(i)) return false;
  }
  const ownPort = defaultPort(scheme);
  return (portAfter(origin, originEnd) || ownPort) === (portAfter(host, end) || ownPort);
}
