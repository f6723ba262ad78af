/**
 * What keeps one refused handshake out, by the reason of its denial, in words and with what would let it in.
 */

import type { DenyReason, Handshake } from "../handler.ts";
import { type Authority, defaultPort, lowerAscii, parseHost } from "../origin/authority.ts";
import { parseOrigin, type TupleOrigin } from "../origin/origin.ts";
import { parsePattern } from "../pattern/pattern.ts";
import { carriesCredentials, check, siteScheme } from "../verdict/check.ts";
import {
  compiledOf,
  countOf,
  type ListedEntry,
  type Lists,
  type Policy,
  webOrigins,
  withScheme,
} from "../verdict/policy.ts";
import {
  CLEARTEXT,
  isLoopback,
  nearestHosts,
  nearestOrigins,
  type NearMiss,
  type NearMissCode,
  ranked,
  type ReadEntry,
  suggestHost,
  type Suggestion,
  suggestOrigin,
} from "./near_misses.ts";

/** A miss that is of no entry. */
function missOf(code: NearMissCode, text: string, suggestion: Suggestion | null = null): NearMiss {
  return { code, entry: null, differs: [], text, suggestion };
}

/**
 * What came near, the nearest first, never empty. `shown`: the Host header and the authority of the URL, escaped where
 * they are none.
 */
export function nearest(
  reason: DenyReason,
  handshake: Handshake,
  policy: Policy,
  searchAtMost: number,
  shown: { readonly host: string; readonly authority: string | null },
): readonly NearMiss[] {
  const value = handshake.headers.get("origin") ?? "";
  const named = parseHost(handshake.headers.get("host") ?? "");
  switch (reason) {
    case "host-absent":
      return [missOf("host-absent", "Every HTTP/1.1 request has a Host header, and this one has none")];
    case "host-malformed":
      return [missOf("host-malformed", whyHostMalformed(handshake.headers.get("host")!))];
    case "host-mismatch":
      return [missOf(
        "host-mismatch",
        `The request's URL names ${shown.authority}, its Host header ${shown.host}` +
          (shown.authority === lowerAscii(shown.host) ? ", and the URL's scheme is none of HTTP's" : ""),
      )];
    case "host-not-allowed":
      return nearHosts(
        { host: named!.host, port: named!.port || defaultPort(siteScheme(handshake.url, policy)) },
        policy,
        searchAtMost,
      );
    case "origin-absent":
      return [whyAbsent(handshake, policy)];
    case "origin-empty":
      return [missOf("empty-origin", "Origin is there and empty, which no browser sends")];
    case "origin-null":
      return [missOf(
        "null-origin",
        "A page without an origin of its own: in a sandboxed frame, from a file: or data: URL",
        {
          field: "dangerouslyAllow",
          entry: "null",
          danger: "any site can put a page in a sandboxed frame, and it sends the same",
        },
      )];
    case "origin-malformed":
      return [whyOriginMalformed(value)];
    default:
      return nearOrigins(parseOrigin(value) as TupleOrigin, named!, handshake, policy, searchAtMost);
  }
}

function whyAbsent(handshake: Handshake, policy: Policy): NearMiss {
  if (carriesCredentials(handshake)) {
    const text = policy.absent === "deny"
      ? "There is no Origin, and a Cookie or Authorization: it was no browser, or something on the way took Origin out"
      : "There is no Origin, and a Cookie or Authorization: it is let in without Origin only where it has neither";
    return missOf("absent-with-credentials", text, {
      field: "absent",
      entry: "allow",
      danger: "where something takes Origin out, every site gets in as its visitor",
    });
  }
  return missOf(
    "absent-origin",
    "There is no Origin: it was no browser, or something on the way took it out",
    {
      field: "absent",
      entry: "allow-without-credentials",
      danger: "what trusts a network, a client certificate or a token in the URL is open to every program",
    },
  );
}

function whyHostMalformed(value: string): string {
  return value === ""
    ? "The Host header is empty"
    : value.includes(",")
    ? "There are two Host headers, or a comma in one"
    : "The Host header is not a host in its one canonical form with an optional port";
}

function whyOriginMalformed(value: string): NearMiss {
  if (/^file:/i.test(value)) {
    return missOf(
      "file-page",
      "A page opened from a file has no origin that a list could name: serve it over http",
    );
  }
  const text = value.slice(0, 1000);
  const names = (origin: string) => ["tuple", "null"].includes(parseOrigin(origin).kind);
  const parts = text.split(/[, ]+/);
  if (parts.length > 1 && parts.every(names)) {
    return missOf(
      "several-origins",
      "There are several origins: a handshake has one Origin header, with one in it",
    );
  }
  const why = names(lowerAscii(text))
    ? "no browser sends an origin in upper case"
    : names(text.replace(/(?<=[^/:])[/?#].*$/s, ""))
    ? "an origin ends with its host or port, without so much as a slash after it"
    : /[^\x21-\x7e]/.test(text)
    ? "there are characters in it that no browser sends"
    : !text.includes("://")
    ? "an origin is a scheme, ://, a host and perhaps a port"
    : text.includes("@")
    ? "an origin names no user"
    : "its scheme, host or port is not in the form that browsers send";
  return missOf("malformed-origin", `It is no origin: ${why}`);
}

function nearHosts(host: Authority, policy: Policy, searchAtMost: number): readonly NearMiss[] {
  const { hosts, suffixes } = compiledOf(policy);
  const { list, entries } = hosts[0]!;
  const field = list as "hosts" | "allowedHosts";
  const read = countOf(hosts) > searchAtMost ? [] : readEntries(hosts);
  const found = ranked(nearestHosts(host, read, suffixes, field));
  if (found.length > 0) return found;
  const text = entries.length === 0
    ? `The list of ${field} is empty`
    : `No entry of ${field} is near this Host`;
  return [missOf("host-not-listed", text, suggestHost(host, field, false))];
}

function nearOrigins(
  origin: TupleOrigin,
  host: Authority,
  handshake: Handshake,
  policy: Policy,
  searchAtMost: number,
): readonly NearMiss[] {
  const { origins, suffixes } = compiledOf(policy);
  const field = origins[0]!.list as "origins" | "allowedHosts";
  const overTls = siteScheme(handshake.url, policy) === "https";
  const count = countOf(origins);
  const searched = count <= searchAtMost;
  const entries = searched ? readEntries(origins) : [];
  const found = ranked([
    ...field === "origins" ? whyNotSelf(origin, host, handshake, policy) : [],
    ...nearestOrigins(origin, entries.map(asOrigin), suffixes, overTls, field),
  ]);
  if (found.length > 0) return found;
  const text = count === 0
    ? "The list is empty: it refuses every origin"
    : searched
    ? `No entry is near ${origin.host}`
    : "The list is too long to be searched in passing: explain() finds what is near";
  return [missOf("not-listed", text, suggestOrigin(origin, field))];

  /** A host stands for an http and an https origin, and is told of once. */
  function asOrigin({ entry, rule }: ReadEntry): ReadEntry {
    if (entry.list !== "allowedHosts") return { entry, rule };
    const [http, https] = webOrigins(rule);
    return { entry, rule: origin.scheme === "http" ? http : https };
  }
}

/** The entries that name hosts. */
function readEntries(lists: Lists): ReadEntry[] {
  return lists.flatMap(({ list, entries }) =>
    entries.flatMap((pattern, index) => {
      const rule = parsePattern(pattern)?.rule;
      return rule?.kind === "host" ? [{ entry: { list, index, pattern }, rule }] : [];
    })
  );
}

/** What keeps `'self'` from admitting an origin whose host is the Host's. */
function whyNotSelf(origin: TupleOrigin, host: Authority, handshake: Handshake, policy: Policy): NearMiss[] {
  if (origin.host !== host.host) return [];
  const { scheme } = origin;
  const suggestion = suggestOrigin(origin, "origins");
  const { selfPlace } = compiledOf(policy);
  const own = origin.port === (host.port || defaultPort(scheme));
  if (selfPlace === null) {
    const needs = policy.hosts?.length ? "" : ", which needs `hosts`";
    const text = `It is the Host's own origin, as React Native sends it, and 'self' is not listed${needs}`;
    return own ? [missOf("self-not-listed", text, suggestion)] : [];
  }
  const entry: ListedEntry = { list: "origins", index: selfPlace, pattern: "'self'" };
  const site = siteScheme(handshake.url, policy);
  if (!own) {
    const both = site !== "" && site !== scheme;
    return [{
      code: both ? "scheme-and-port" : isLoopback(origin.host) ? "localhost-port" : "port",
      entry,
      differs: both ? ["scheme", "port"] : ["port"],
      text: both
        ? "The host is that of 'self'; scheme and port differ"
        : "Only the port differs from 'self', which has that of the Host header",
      suggestion,
    }];
  }
  const miss = { entry, differs: ["scheme"] as const, suggestion };
  const text = "Only the scheme differs from 'self'";
  if (site === "https" && scheme === "http") {
    const why = ": the page came over http, the socket is behind TLS";
    return [{ ...miss, code: "http-page-to-tls-socket", text: text + why }];
  }
  if (policy.scheme !== undefined || scheme !== "http" && scheme !== "https") {
    return [{ ...miss, code: "scheme", text }];
  }
  const why = site === ""
    ? `, and nothing says which the site has: set the policy's scheme to "${scheme}"`
    : `: behind a proxy that ends TLS, set the policy's scheme to "https"`;
  return [{
    ...miss,
    code: "scheme-behind-proxy",
    text: text + why,
    suggestion: suggestScheme(scheme, handshake, policy) ?? suggestion,
  }];
}

/** Saying the site's scheme changes the default port of Host as well, so whether it helps is tried. */
function suggestScheme(scheme: "http" | "https", handshake: Handshake, policy: Policy): Suggestion | null {
  if (!check(handshake, withScheme(policy, scheme)).allowed) return null;
  const danger = scheme === "https"
    ? "the site's own pages are refused where they come over http"
    : CLEARTEXT;
  return { field: "scheme", entry: scheme, danger };
}
