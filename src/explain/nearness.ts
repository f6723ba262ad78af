/**
 * How near an entry of a list comes to a refused origin or Host, and in what way.
 */

import type { ListedEntry, NearMissCode } from "../explanation.ts";
import { type Authority, defaultPort, isCanonicalHost } from "../origin/authority.ts";
import { isAddress, isLoopback } from "../origin/inner.ts";
import type { TupleOrigin } from "../origin/origin.ts";
import { type HostRule, reaches, reachesBelow } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { whyShared } from "../pattern/suffixes.ts";
import { isWithinEdits } from "../spelling.ts";
import { skeleton } from "./look_alike.ts";

/** An entry that came near. */
export interface Near {
  readonly code: NearMissCode;
  readonly entry: ListedEntry;
  readonly rule: HostRule;
  /** Which parts are not the entry's. */
  readonly differs: readonly ("scheme" | "host" | "port")[];
}

/** In what way an entry came near to an origin; null: in none. `overTls`: the site's pages are https. */
export function nearnessOfOrigin(
  origin: TupleOrigin,
  entry: ListedEntry,
  rule: HostRule,
  suffixes: SuffixList | null,
  overTls: boolean,
): Near | null {
  const relation = relate(origin.host, rule, suffixes);
  const sameScheme = rule.scheme === null || rule.scheme === origin.scheme;
  if (relation === null || rule.host === "" && !sameScheme) return null;
  const differs: Near["differs"][number][] = [];
  if (!sameScheme) differs.push("scheme");
  if (relation !== "same") differs.push("host");
  if (!samePort(origin, rule)) differs.push("port");
  const code = relation === "same" ? codeOf(origin, rule, differs, overTls) : relation;
  return { code, entry, rule, differs };
}

/** In what way `'self'`, at its place in the list, came near to an origin at a Host; null: in none. */
export function nearnessOfSelf(
  origin: TupleOrigin,
  host: Authority,
  place: number,
  site: "http" | "https" | "",
  isSchemeSet: boolean,
): Near | null {
  const { scheme } = origin;
  const entry: ListedEntry = { list: "origins", index: place, pattern: "'self'" };
  const rule: HostRule = {
    ...{ kind: "host", reach: "host", place, scheme: site || null, host: host.host },
    port: host.port || null,
  };
  if (origin.host !== host.host) {
    const isAlias = isLoopback(origin.host) && isLoopback(host.host);
    return isAlias ? { code: "loopback-name", entry, rule, differs: ["host"] } : null;
  }
  if (origin.port !== (host.port || defaultPort(scheme))) {
    if (site !== "" && site !== scheme) {
      return { code: "scheme-and-port", entry, rule, differs: ["scheme", "port"] };
    }
    return { code: isLoopback(origin.host) ? "localhost-port" : "port", entry, rule, differs: ["port"] };
  }
  const isUnsaid = !isSchemeSet && (scheme === "http" || scheme === "https");
  const code = site === "https" && scheme === "http"
    ? "http-page-to-tls-socket"
    : isUnsaid
    ? "scheme-behind-proxy"
    : "scheme";
  return { code, entry, rule, differs: ["scheme"] };
}

/** In what way an entry came near to a Host; null: in none. Not a word on what deceives: nobody types a Host. */
export function nearnessOfHost(
  { host }: Authority,
  entry: ListedEntry,
  rule: HostRule,
  suffixes: SuffixList | null,
): Near | null {
  const relation = relate(host, rule, suffixes);
  const code = HOST_CODES[relation ?? ""];
  return code === undefined
    ? null
    : { code, entry, rule, differs: relation === "same" ? ["port"] : ["host"] };
}

type Relation =
  | "same"
  | "trailing-dot"
  | "apex-left-out"
  | "missing-subdomain-wildcard"
  | "loopback-name"
  | "look-alike"
  | "parent-of-listed"
  | "listed-name-in-front"
  | "listed-name-glued"
  | "misspelt"
  | "sibling";

const HOST_CODES: { readonly [relation in string]?: NearMissCode } = {
  "same": "host-port",
  "trailing-dot": "host-trailing-dot",
  "apex-left-out": "host-apex-left-out",
  "missing-subdomain-wildcard": "host-missing-subdomain-wildcard",
  "loopback-name": "loopback-name",
  "misspelt": "misspelt",
};

/** How the host of a rule and another are related; null: not at all. */
function relate(host: string, rule: HostRule, suffixes: SuffixList | null): Relation | null {
  const listed = rule.host;
  // An opaque host is below nothing, and has no labels to compare.
  if (!isCanonicalHost(host) && listed !== "") return host === listed ? "same" : null;
  if (reaches(rule, host)) return "same";
  if (listed === "") return null;
  if (withoutDot(host) !== host || withoutDot(listed) !== listed) {
    if (reaches({ ...rule, host: withoutDot(listed) }, withoutDot(host))) return "trailing-dot";
  }
  if (host === listed) return "apex-left-out";
  if (host.endsWith("." + listed)) return "missing-subdomain-wildcard";
  if (isLoopback(host) && isLoopback(listed)) return "loopback-name";
  if (looksLike(host, rule)) return "look-alike";
  if (listed.endsWith("." + host) && host.includes(".")) return "parent-of-listed";
  if (host.startsWith(listed + ".") || host.includes(`.${listed}.`)) return "listed-name-in-front";
  // Of a word alone, many names have the letters by chance.
  const telling = listed.includes(".") || isLoopback(listed);
  if (telling && (host.endsWith(listed) || host.startsWith(listed) || host.includes("." + listed))) {
    return "listed-name-glued";
  }
  if (isSlip(host, rule, suffixes)) return "misspelt";
  return areSiblings(host, listed, suffixes) ? "sibling" : null;
}

function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/** What a look-alike is made with; without any of it a name looks like itself alone. */
const DECEIVING = /xn--|[01]|rn|vv/;

function looksLike(host: string, rule: HostRule): boolean {
  if (host.startsWith("[") || !DECEIVING.test(host) && !DECEIVING.test(rule.host)) return false;
  // Reach "host-and-subdomains": what looks like a subdomain's or the host's own name deceives alike.
  return reaches({ ...rule, host: skeleton(rule.host), reach: "host-and-subdomains" }, skeleton(host));
}

/** One edit from what an entry names, two in a long name, or the same name under another public ending. */
function isSlip(host: string, rule: HostRule, suffixes: SuffixList | null): boolean {
  const listed = rule.host;
  if (isAddress(host) || isAddress(listed)) return false;
  const labels = listed.split(".").length;
  // Below an entry with a wildcard are names that nobody wrote.
  const tail = reachesBelow(rule) ? host.split(".").slice(-labels).join(".") : host;
  const most = Math.min(host.length, listed.length) >= LONG_NAME ? 2 : 1;
  if (isWithinEdits(tail, listed, most)) return true;
  // Looking endings up takes long, and most names differ in their first label.
  if (!tail.startsWith(listed.slice(0, listed.indexOf(".") + 1) || listed)) return false;
  const name = withoutEnding(listed, suffixes);
  return name !== "" && name === withoutEnding(tail, suffixes);
}

/** In a name of so many characters two edits are a slip too. */
const LONG_NAME = 8;

/** A name without its public ending; "": it is one. */
function withoutEnding(name: string, suffixes: SuffixList | null): string {
  const labels = name.split(".");
  for (let from = 1; from < labels.length; from++) {
    if (whyShared(labels.slice(from).join("."), suffixes) !== null) return labels.slice(0, from).join(".");
  }
  // Of names that nobody else can register, no list has the ending.
  return labels.slice(0, -1).join(".");
}

function areSiblings(a: string, b: string, suffixes: SuffixList | null): boolean {
  const parent = a.slice(a.indexOf(".") + 1);
  return a !== parent && parent === b.slice(b.indexOf(".") + 1) && parent.includes(".") &&
    !/\d$/.test(parent) && whyShared(parent, suffixes) === null;
}

/** A default port is the same port under another scheme: who writes neither means neither. */
function samePort(origin: TupleOrigin, { scheme, port }: HostRule): boolean {
  if (port === null || port === origin.port) return true;
  return scheme !== null && scheme !== origin.scheme &&
    port === defaultPort(scheme) && origin.port === defaultPort(origin.scheme);
}

const KNOWN_SCHEMES = ["http", "https", "ws", "wss"];

function codeOf(
  origin: TupleOrigin,
  rule: HostRule,
  differs: readonly string[],
  overTls: boolean,
): NearMissCode {
  if (!differs.includes("scheme")) return isLoopback(origin.host) ? "localhost-port" : "port";
  const { scheme } = rule;
  if (scheme === "ws" || scheme === "wss") return "socket-scheme";
  if (differs.includes("port")) return "scheme-and-port";
  const most = origin.scheme.length >= LONG_NAME ? 2 : 1;
  if (!KNOWN_SCHEMES.includes(scheme!) && isWithinEdits(scheme!, origin.scheme, most)) return "misspelt";
  return overTls && origin.scheme === "http" ? "http-page-to-tls-socket" : "scheme";
}
