/**
 * The entries of a list that a refused origin or host came near to, and what would have let it in.
 *
 * Everything here is written from parsed tuples and from the operator's own text, never from what could not be read:
 * an explanation is copied into configurations and printed on terminals.
 */

import { type Authority, defaultPort } from "../origin/authority.ts";
import type { TupleOrigin } from "../origin/origin.ts";
import { parsePattern } from "../pattern/pattern.ts";
import { type HostRule, reaches } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { whyShared } from "../pattern/suffixes.ts";
import { quote } from "../quote.ts";
import type { ListedEntry } from "../verdict/policy.ts";
import { readable, skeleton } from "./look_alike.ts";

/**
 * In what way a handshake came near. Stable: safe to compare, count and alert on.
 *
 * | code | what is so | what to do |
 * | --- | --- | --- |
 * | `port` | the host is listed with another port | list this port, if its page may connect |
 * | `localhost-port` | the same, on this machine | list the dev server's port, or set `debug` while developing |
 * | `scheme` | the host is listed with another scheme | list this scheme, if its page may connect |
 * | `http-page-to-tls-socket` | an `http` page, and a socket behind TLS | open the page over https |
 * | `socket-scheme` | the entry begins with `ws:` or `wss:` | write the page's scheme, `http` or `https` |
 * | `scheme-and-port` | the host is listed with another scheme and port | list this origin, if its page may connect |
 * | `scheme-behind-proxy` | TLS ends at a proxy, so the server sees `http` | set `scheme: "https"` |
 * | `self-not-listed` | the server's own page | list `'self'`, and this server's names in `hosts` |
 * | `trailing-dot` | only the dot at the end of the host differs | open the page without it |
 * | `apex-left-out` | `*.example.com` leaves `example.com` out | write `.example.com` for both |
 * | `missing-subdomain-wildcard` | a subdomain of a listed host | list it, or write `*.example.com` for all |
 * | `loopback-name` | `localhost`, `127.0.0.1` and `[::1]` are three hosts | open the page at the listed one, or list this one |
 * | `look-alike` | letters that look like a listed name's | nothing: it is made to deceive |
 * | `parent-of-listed` | the parent of a listed host | list it, if it is yours |
 * | `listed-name-in-front` | a listed name as the beginning of another's | nothing: its end says whose it is |
 * | `listed-name-glued` | a name that has letters in common with a listed one | nothing, unless it is yours |
 * | `sibling` | below the same domain as a listed host | list it, if it is yours |
 * | `not-listed` | nothing on the list comes near | list it, if it is yours |
 * | `absent-origin` | no Origin, no Cookie, no Authorization: a program | set `absent: "allow-without-credentials"` |
 * | `absent-with-credentials` | no Origin, and a Cookie or Authorization | find the proxy that removes Origin, or the program |
 * | `empty-origin` | an empty Origin | find the program or proxy that empties it |
 * | `null-origin` | `null`, which any site can send | serve the page from an origin of its own |
 * | `file-page` | a page opened from a file | serve it over http |
 * | `several-origins` | Origin twice | find the program or proxy that adds one |
 * | `malformed-origin` | an Origin that no browser writes so | find the program or proxy that rewrites it |
 * | `host-absent` | no Host | find the program or proxy that removes it |
 * | `host-malformed` | a Host that is not a host with an optional port | find the program or proxy that rewrites it |
 * | `host-mismatch` | a URL that names another authority than Host | have the proxy write the same name into both |
 * | `host-port` | the Host is listed with another port | list this port, or none for any |
 * | `host-trailing-dot` | only the dot at the end of Host differs | connect without it |
 * | `host-apex-left-out` | as `apex-left-out`, of Host | write `.example.com` for both |
 * | `host-missing-subdomain-wildcard` | as `missing-subdomain-wildcard`, of Host | list it, or write `*.example.com` for all |
 * | `host-not-listed` | a Host that nothing on the list comes near | list it, if it is a name of this server |
 *
 * @category Troubleshooting
 */
export type NearMissCode =
  | "port"
  | "localhost-port"
  | "scheme"
  | "http-page-to-tls-socket"
  | "socket-scheme"
  | "scheme-and-port"
  | "scheme-behind-proxy"
  | "self-not-listed"
  | "trailing-dot"
  | "apex-left-out"
  | "missing-subdomain-wildcard"
  | "loopback-name"
  | "look-alike"
  | "parent-of-listed"
  | "listed-name-in-front"
  | "listed-name-glued"
  | "sibling"
  | "not-listed"
  | "absent-origin"
  | "absent-with-credentials"
  | "empty-origin"
  | "null-origin"
  | "file-page"
  | "several-origins"
  | "malformed-origin"
  | "host-absent"
  | "host-malformed"
  | "host-mismatch"
  | "host-port"
  | "host-trailing-dot"
  | "host-apex-left-out"
  | "host-missing-subdomain-wildcard"
  | "host-not-listed";

/**
 * What would let one handshake in: one entry more in a list, or one option set.
 *
 * @category Troubleshooting
 */
export interface Suggestion {
  /** The option to change. */
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "allowedHosts" | "absent" | "scheme";
  /** The entry to add to that list, or the option's value: printable ASCII. */
  readonly entry: string;
  /** Who else gets in with it, or what it gives up, as one sentence; null: nobody and nothing. */
  readonly danger: string | null;
}

/**
 * One way in which a refused handshake came near to being let in.
 *
 * @category Troubleshooting
 */
export interface NearMiss {
  /** In what way. */
  readonly code: NearMissCode;
  /** The entry that it came near to; null: none. */
  readonly entry: ListedEntry | null;
  /** Which parts are not the entry's. Empty where there is no entry. */
  readonly differs: readonly ("scheme" | "host" | "port")[];
  /** The same in words: printable ASCII, no full stop at its end. */
  readonly text: string;
  /**
   * What would let this handshake in, and, of origins, no other origin with it; null: nothing does, or nothing should.
   *
   * **Security.** Only if that site is yours: an attacker's handshake is explained too.
   */
  readonly suggestion: Suggestion | null;
}

/** An entry with what it was read as. */
export interface ReadEntry {
  readonly entry: ListedEntry;
  readonly rule: HostRule;
}

/** As many as an operator reads. */
const MAX_NEAREST = 5;

export const CLEARTEXT = "whoever is on the way between it and its visitors can write an http page";
const LOCAL = "whatever runs on a visitor's own machine can serve such a page: for development alone";
const EVERY_APP = "every app made with that framework sends this origin";
const STRANGERS = "strangers can register names there";
const DECEPTIVE = "names made like this one are registered to deceive";

/** The entries that a well-formed origin came near to, in their order; `suffixes`: the policy's own. */
export function nearestOrigins(
  origin: TupleOrigin,
  entries: readonly ReadEntry[],
  suffixes: SuffixList | null,
  overTls: boolean,
  field: "origins" | "allowedHosts",
): NearMiss[] {
  const suggestion = suggestOrigin(origin, field);
  return entries.flatMap(({ entry, rule }) => {
    const relation = relate(origin.host, rule, suffixes);
    const sameScheme = rule.scheme === null || rule.scheme === origin.scheme;
    if (relation === null || rule.host === "" && !sameScheme) return [];
    const differs: NearMiss["differs"][number][] = [];
    if (!sameScheme) differs.push("scheme");
    if (relation !== "same") differs.push("host");
    if (!samePort(origin, rule)) differs.push("port");
    const code = relation === "same" ? codeOf(origin, rule, differs, overTls) : relation;
    const shared = code === "missing-subdomain-wildcard" && whyShared(rule.host, suffixes) !== null;
    const miss = { code, entry, differs, text: describe(code, entry, origin, rule, shared) };
    return [{ ...miss, suggestion: suggestion && warned(code, suggestion, shared) }];
  });
}

/** The entries of a list of hosts that a well-formed Host came near to, in their order; `suffixes`: the policy's own. */
export function nearestHosts(
  host: Authority,
  entries: readonly ReadEntry[],
  suffixes: SuffixList | null,
  field: "hosts" | "allowedHosts",
): NearMiss[] {
  return entries.flatMap(({ entry, rule }) => {
    const relation = relate(host.host, rule, suffixes);
    const code = relation === "same" ? "host-port" : HOST_CODES[relation ?? ""];
    if (code === undefined) return [];
    const differs = relation === "same" ? ["port" as const] : ["host" as const];
    const shared = code === "host-missing-subdomain-wildcard" && whyShared(rule.host, suffixes) !== null;
    const text = describe(code, entry, host, rule, shared);
    return [{ code, entry, differs, text, suggestion: suggestHost(host, field, relation === "same") }];
  });
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
  | "sibling";

const HOST_CODES: { readonly [relation in string]?: NearMissCode } = {
  "trailing-dot": "host-trailing-dot",
  "apex-left-out": "host-apex-left-out",
  "missing-subdomain-wildcard": "host-missing-subdomain-wildcard",
};

/** The nearest first. What is told of the same host is likelier meant than what is told of another. */
const ORDER: readonly NearMissCode[] = [
  "scheme-behind-proxy",
  "port",
  "localhost-port",
  "scheme",
  "http-page-to-tls-socket",
  "socket-scheme",
  "scheme-and-port",
  "trailing-dot",
  "apex-left-out",
  "missing-subdomain-wildcard",
  "self-not-listed",
  "loopback-name",
  "look-alike",
  "parent-of-listed",
  "listed-name-in-front",
  "listed-name-glued",
  "sibling",
  "host-port",
  "host-trailing-dot",
  "host-apex-left-out",
  "host-missing-subdomain-wildcard",
];

/** The nearest first, and no more of them than are read. */
export function ranked(misses: readonly NearMiss[]): NearMiss[] {
  const rank = ({ code, differs }: NearMiss) => ORDER.indexOf(code) + differs.length / 10;
  return misses.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_NEAREST);
}

/** How the host of a rule and another are related; null: not at all. */
function relate(host: string, rule: HostRule, suffixes: SuffixList | null): Relation | null {
  if (reaches(rule, host)) return "same";
  const listed = rule.host;
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
  return areSiblings(host, listed, suffixes) ? "sibling" : null;
}

function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/** Names of the machine that a browser runs on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** What a look-alike is made with; without any of it a name looks like itself alone. */
const DECEIVING = /xn--|[01]|rn|vv/;

function looksLike(host: string, rule: HostRule): boolean {
  if (host.startsWith("[") || !DECEIVING.test(host) && !DECEIVING.test(rule.host)) return false;
  // Reach "host-and-subdomains": what looks like a subdomain's or the host's own name deceives alike.
  return reaches({ ...rule, host: skeleton(rule.host), reach: "host-and-subdomains" }, skeleton(host));
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

function codeOf(
  origin: TupleOrigin,
  rule: HostRule,
  differs: readonly string[],
  overTls: boolean,
): NearMissCode {
  if (!differs.includes("scheme")) return isLoopback(origin.host) ? "localhost-port" : "port";
  if (rule.scheme === "ws" || rule.scheme === "wss") return "socket-scheme";
  if (differs.includes("port")) return "scheme-and-port";
  return overTls && origin.scheme === "http" ? "http-page-to-tls-socket" : "scheme";
}

/** An entry as a sentence names it. */
export function nameOf({ pattern, list, index }: ListedEntry): string {
  const place = list === "debug" ? "added by debug" : index < 0 ? list : `${list}[${index}]`;
  return `${quote(pattern)} (${place})`;
}

/** `shared`: strangers can register names below the entry's, so its wildcard would be refused. */
function describe(
  code: NearMissCode,
  entry: ListedEntry,
  { host }: Authority,
  rule: HostRule,
  shared: boolean,
): string {
  const name = nameOf(entry);
  const wildcard = (prefix: string) =>
    quote(entry.pattern.replace(/^([^:/]*:\/\/)?(?:\*\.)?/, `$1${prefix}`));
  switch (code) {
    case "port":
    case "host-port":
      return `Only the port differs from ${name}`;
    case "localhost-port":
      return `Only the port differs from ${name}: it is another server of the same machine`;
    case "scheme":
      return `Only the scheme differs from ${name}`;
    case "http-page-to-tls-socket":
      return `Only the scheme differs from ${name}: the page came over http, the socket is behind TLS`;
    case "socket-scheme":
      return `${name} has the socket's scheme, which no page has: an origin is the page's, http or https`;
    case "scheme-and-port":
      return `The host is that of ${name}; scheme and port differ`;
    case "trailing-dot":
    case "host-trailing-dot":
      return `Only the dot at the end differs from ${name}: with it, it is another host`;
    case "apex-left-out":
    case "host-apex-left-out":
      return `${name} admits the subdomains and leaves the host itself out; ${wildcard(".")} is both`;
    case "missing-subdomain-wildcard":
    case "host-missing-subdomain-wildcard":
      return `It is below ${name}, which is that host alone; ` +
        (shared ? STRANGERS : `${wildcard("*.")} is every host below it`);
    case "loopback-name":
      return `It is this machine by another name than ${name}: localhost, 127.0.0.1 and [::1] are three hosts`;
    case "look-alike":
      return `It looks like ${name} and is another name, ${quote(readable(host))}`;
    case "parent-of-listed":
      return `${name} is below it: a host does not stand for its parent`;
    case "listed-name-in-front":
      return `The name of ${name} stands in front of another's: the end of a name says whose it is`;
    case "listed-name-glued":
      return `It is another name than ${name}, though letters of it are the same`;
    default:
      return `It is a sibling of ${name}, below ${quote(rule.host.slice(rule.host.indexOf(".") + 1))}`;
  }
}

/** An origin as browsers write it. */
export function serialize({ scheme, host, port }: TupleOrigin): string {
  return `${scheme}://${host}${port === defaultPort(scheme) ? "" : `:${port}`}`;
}

/** The entry that admits this origin and no other; null: it cannot be written. */
export function suggestOrigin(origin: TupleOrigin, field: "origins" | "allowedHosts"): Suggestion | null {
  const { scheme, host, port } = origin;
  if (field === "allowedHosts") {
    const web = scheme === "http" || scheme === "https";
    return web ? suggestHost(origin, field, port !== defaultPort(scheme)) : null;
  }
  const entry = serialize(origin);
  if (parsePattern(entry)?.rule.kind !== "host") return null;
  const danger = scheme !== "http" && scheme !== "https" && host === "localhost"
    ? EVERY_APP
    : isLoopback(host)
    ? LOCAL
    : scheme === "http"
    ? CLEARTEXT
    : null;
  return { field, entry, danger };
}

/** What an operator must know before he adds an origin that came near in this way; null: he must not add it. */
function warned(code: NearMissCode, suggestion: Suggestion, shared: boolean): Suggestion | null {
  if (code === "look-alike" || code === "listed-name-in-front") return null;
  if (shared) return { ...suggestion, danger: STRANGERS };
  return code === "listed-name-glued" ? { ...suggestion, danger: DECEPTIVE } : suggestion;
}

/** The entry that admits this Host, and the port it names if that counts; null: it cannot be written. */
export function suggestHost(
  { host, port }: Authority,
  field: "hosts" | "allowedHosts",
  withPort: boolean,
): Suggestion | null {
  const entry = withPort && port !== 0 ? `${host}:${port}` : host;
  if (parsePattern(entry)?.rule.kind !== "host") return null;
  const danger = field === "hosts"
    ? "DNS rebinding: a name that others control can be made to resolve to this server"
    : "pages of that host are admitted, over http too, and the server answers to its name";
  return { field, entry, danger };
}
