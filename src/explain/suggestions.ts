/**
 * What would let one refused handshake in, and who else could connect then.
 *
 * A suggestion is copied into a configuration. So it is written from parsed tuples alone, tried before it is made, and
 * withheld where an attacker's handshake would look the same.
 */

import { serialize, type Suggestion } from "../explanation.ts";
import { type Authority, defaultPort } from "../origin/authority.ts";
import { isAddress, isInner, isLoopback } from "../origin/inner.ts";
import { whyShared } from "../pattern/suffixes.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { check } from "../verdict/check.ts";
import type { Case } from "./case.ts";
import { withChange } from "./what_if.ts";

const CLEARTEXT = "a network attacker can forge http pages of this host";
const DEVELOPMENT = "for development only: every program on a visitor's own machine can serve such a page";
const NETWORK = "whoever has this address in a visitor's network can serve such a page";

/** The first of some suggestions that lets the handshake in; null: none does, or none may be made. */
export function chooseSuggestion(c: Case, candidates: readonly Suggestion[]): Suggestion | null {
  if (isWithheld(c)) return null;
  // Nobody should read in a log how to open the socket wider.
  const may = candidates.filter(({ field }) =>
    !c.inPassing || !["debug", "absent", "dangerouslyAllow"].includes(field)
  );
  return may.find((candidate) => {
    const changed = withChange(c.policy, candidate);
    return changed !== null && check(c.handshake, changed).allowed;
  }) ?? null;
}

/** Reports whether an attacker's handshake looks the same, whatever would let this one in. */
function isWithheld(c: Case): boolean {
  const { tuple, host, evidence } = c;
  if (tuple === null || tuple.scheme !== "http" && tuple.scheme !== "https") return false;
  // What a proxy wrote into Origin it writes for every page there is.
  if (evidence.isForwarded && isInner(tuple.host) && c.app === null) return true;
  const isOwn = c.isHostListed && tuple.host === host?.host;
  if (c.reason === "origin-not-allowed" && !isOwn && isStrangersName(c, tuple.host)) return true;
  // DNS rebinding: the attacker's page is at the attacker's name, which resolves to this server.
  return tuple.host === host?.host && !isAddress(host.host) && !isLoopback(host.host) && c.near.size === 0 &&
    !c.isHostListed;
}

/** Reports whether a host is one that anybody can get, and no entry names it or something above it. */
function isStrangersName(c: Case, host: string): boolean {
  const own = registrable(host, c.suffixes);
  if (own === null) return false;
  if (own === "") return true;
  return !c.rules.some(({ rule }) => rule.host === own || rule.host.endsWith(`.${own}`));
}

/** The name that somebody got below a shared suffix of several labels; "": it is one; null: there is none above it. */
function registrable(host: string, suffixes: SuffixList | null): string | null {
  const labels = host.split(".");
  if (isAddress(host)) return null;
  for (let from = 0; from < labels.length - 1; from++) {
    const name = labels.slice(from).join(".");
    if (whyShared(name, suffixes) === null) continue;
    return from === 0 ? "" : labels.slice(from - 1).join(".");
  }
  return null;
}

/** The entry that admits this origin and no other. */
export function itself(c: Case): Suggestion[] {
  const { field } = c;
  // Of what names nobody there is no entry to offer, and no row does.
  const tuple = c.tuple!;
  const { scheme, host } = tuple;
  if (field === "allowedHosts") {
    const isWeb = scheme === "http" || scheme === "https";
    return isWeb ? theHost(tuple, field, tuple.port !== defaultPort(scheme)) : [];
  }
  return [{ field, entry: serialize(tuple), danger: c.app === null ? dangerOf(scheme, host) : c.app.danger }];
}

function dangerOf(scheme: string, host: string): string | null {
  if (scheme !== "http" && scheme !== "https") return null;
  if (isLoopback(host)) return DEVELOPMENT;
  if (isInner(host)) return NETWORK;
  return scheme === "http" ? CLEARTEXT : null;
}

/** The entry that admits this Host, and the port it names if that counts. */
export function theHost(
  { host, port }: Authority,
  field: "hosts" | "allowedHosts",
  withPort: boolean,
): Suggestion[] {
  const danger = field === "hosts"
    ? "if others control this name, their pages can reach this server by DNS rebinding"
    : "every page of this host can connect, over http too, and the server answers to its name";
  return [{ field, entry: withPort && port !== 0 ? `${host}:${port}` : host, danger }];
}

/** The entry that admits what was refused, and nothing else. */
export function theEntry(c: Case): readonly Suggestion[] {
  if (c.reason !== "host-not-allowed") return itself(c);
  return theHost(c.host!, hostsField(c), (c.near.get("host-port") ?? []).length > 0);
}

/** The list that hosts belong on. */
export function hostsField(c: Case): "hosts" | "allowedHosts" {
  return c.field === "allowedHosts" ? "allowedHosts" : "hosts";
}

/** While developing: for a page of this machine at a server of this network, with nothing in between. */
export function debug({ host, evidence }: Case): Suggestion[] {
  return host !== null && isInner(host.host) && !evidence.isForwarded
    ? [{ field: "debug", entry: "true", danger: DEVELOPMENT }]
    : [];
}

/** The scheme of the site's pages. */
export function theScheme(scheme: "http" | "https"): Suggestion[] {
  const danger = scheme === "https"
    ? "the site's own pages are refused where they come over http"
    : CLEARTEXT;
  return [{ field: "scheme", entry: scheme, danger }];
}

/** What is done with handshakes that have no Origin. */
export function absent(entry: "allow" | "allow-without-credentials"): Suggestion[] {
  const danger = entry === "allow"
    ? "if a proxy removes Origin, any site can connect as the user who visits it"
    : "any program can connect. A private network, a client certificate or a token in the URL no longer protects " +
      "the socket";
  return [{ field: "absent", entry, danger }];
}
