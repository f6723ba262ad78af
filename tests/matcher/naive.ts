/**
 * A second, naive reading of the pattern grammar and of the verdict, to hold the library against: every pattern is
 * tried in turn, every text is parsed anew by one regular expression, and `new URL()` says what an IPv6 address or
 * an internationalised name looks like when a browser sends it. It shares no line with `src`, gives no fixes, and
 * takes patterns for valid: whoever wants a fault found asks the library.
 *
 * @module
 */

import type { DenyReason, Handshake, PolicyOptions } from "@wsgate/wsgate";

/** An `Origin` header, by kind. `port` is the effective one; null: none is written and the scheme has none. */
export type NaiveOrigin =
  | { readonly kind: "absent" | "empty" | "null" | "malformed" }
  | { readonly kind: "tuple"; readonly scheme: string; readonly host: string; readonly port: number | null };

/** Says which of the five kinds an `Origin` header is; null: there was none. */
export function classify(origin: string | null): NaiveOrigin {
  if (origin === null) return { kind: "absent" };
  if (origin === "") return { kind: "empty" };
  if (origin === "null") return { kind: "null" };
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]{0,63}):\/\/(.*)$/s.exec(origin) ?? [];
  const authority = scheme === undefined || rest === undefined
    ? null
    : readAuthority(rest) ?? readOtherAuthority(scheme, rest);
  if (scheme === undefined || authority === null) return { kind: "malformed" };
  return { kind: "tuple", scheme, host: authority.host, port: authority.port ?? defaultPort(scheme) };
}

/**
 * Reads a list of patterns, `dangerouslyAllow` at its end. The function it returns gives the index of the first
 * pattern that admits an origin, or -1.
 */
export function naiveMatcher(patterns: readonly string[]): (origin: string | null) => number {
  const rules = patterns.map(readPattern);
  return (value) => {
    const origin = classify(value);
    return rules.findIndex((rule) => admits(rule, origin));
  };
}

/** What debug adds to the origins: local names under http and https, any port. */
const DEBUG_ORIGINS = ["http", "https"].flatMap((scheme) =>
  ["localhost", "*.localhost", "127.0.0.1", "[::1]"].map((host) => `${scheme}://${host}:*`)
);
/** What debug adds to a list of hosts. */
const DEBUG_HOSTS = ["localhost", "*.localhost", "127.0.0.1", "[::1]"];

/** The whole verdict: Host by its grammar, by the url, by the list; then the origin. */
export function naiveCheck({ url, headers }: Handshake, options: PolicyOptions): "allowed" | DenyReason {
  const hostHeader = headers.get("host");
  if (hostHeader === null) return "host-absent";
  const host = readAuthority(asciiLowerCase(hostHeader));
  if (host === null) return "host-malformed";
  const target = readTarget(url);
  if (target !== null && !namesTheSame(target, asciiLowerCase(hostHeader))) return "host-mismatch";
  // A page's scheme: a url may say ws (an absolute-form target on Deno), no page does.
  const pages = { http: "http", ws: "http", "http+unix": "http", https: "https", wss: "https" };
  const siteScheme = options.scheme ?? pages[target?.scheme as keyof typeof pages];
  const debug = options.debug === true;
  if (options.hosts !== undefined) {
    const entries = [...options.hosts, ...(debug ? DEBUG_HOSTS : [])].map(readPattern);
    const port = host.port ?? defaultPort(siteScheme ?? "");
    const allowed = entries.some((entry) =>
      reaches(entry, host.host) && (entry.port === undefined || entry.port === "any" || entry.port === port)
    );
    if (!allowed) return "host-not-allowed";
  }

  const origin = classify(headers.get("origin"));
  if (origin.kind === "absent") {
    const absent = options.absent ?? (options.origins.includes("*") ? "allow" : "deny");
    const credentials = headers.get("cookie") !== null || headers.get("authorization") !== null;
    const allowed = absent === "allow" || (absent === "allow-without-credentials" && !credentials);
    return allowed ? "allowed" : "origin-absent";
  }
  const patterns = [
    ...options.origins.filter((pattern) => pattern !== "'self'"),
    ...options.dangerouslyAllow ?? [],
    ...(debug ? DEBUG_ORIGINS : []),
  ];
  if (patterns.some((pattern) => admits(readPattern(pattern), origin))) return "allowed";
  if (origin.kind !== "tuple") return `origin-${origin.kind}`;
  const isSelf = origin.scheme === siteScheme && origin.host === host.host &&
    origin.port === (host.port ?? defaultPort(origin.scheme));
  return isSelf && options.origins.includes("'self'") ? "allowed" : "origin-not-allowed";
}

/** One pattern, read. */
interface Rule {
  /** `*` and `null` stand for themselves; "site" is everything else. */
  readonly kind: "everything" | "null" | "site";
  /** undefined: any. */
  readonly scheme: string | undefined;
  /** Which hosts: `host` itself, every name below it, both, or every host there is. */
  readonly reach: "itself" | "below" | "both" | "every";
  readonly host: string;
  /** undefined: none is written. */
  readonly port: number | "any" | undefined;
}

function readPattern(pattern: string): Rule {
  const kind = pattern === "*" ? "everything" : pattern === "null" ? "null" : "site";
  const [, scheme, reach, name, port] =
    /^(?:([^:]+):\/\/)?(\*\.|\.(?=[^.:])|\*(?=$|:)|)(\[[^\]]*\]|[^:]*)(?::(.+))?$/.exec(pattern)!;
  // What is no name that somebody can have is compared as it is; without a scheme no list takes it.
  const isOpaque = reach === "" && (!isHost(asciiLowerCase(name!)) || /(?:^|\.)-|-(?:\.|$)/.test(name!));
  // The URL parser only where nothing else will do: it would also repair what should be compared as it is.
  const rewritten = /^\[|\P{ASCII}/u.test(name!);
  return {
    kind,
    scheme: scheme === undefined ? undefined : asciiLowerCase(scheme),
    reach: ({ "": "itself", "*.": "below", ".": "both", "*": "every" } as const)[reach!]!,
    host: rewritten ? new URL(`http://${name}`).hostname : isOpaque ? name! : asciiLowerCase(name!),
    port: port === undefined ? undefined : port === "*" ? "any" : Number(port),
  };
}

function admits(rule: Rule, origin: NaiveOrigin): boolean {
  if (rule.kind === "everything") return true;
  if (rule.kind === "null") return origin.kind === "null";
  if (origin.kind !== "tuple") return false;
  if (rule.scheme !== undefined && rule.scheme !== origin.scheme) return false;
  if (!reaches(rule, origin.host)) return false;
  if (rule.port === "any") return true;
  if (rule.port !== undefined) return rule.port === origin.port;
  // No port: any where the scheme is any, else the one the scheme implies.
  return rule.scheme === undefined || origin.port === defaultPort(rule.scheme);
}

function reaches(rule: Rule, host: string): boolean {
  const isItself = host === rule.host;
  // Below a name are names: an opaque host is below nothing.
  const isBelow = host.endsWith("." + rule.host) && isHost(host);
  return { itself: isItself, below: isBelow, both: isItself || isBelow, every: host !== "" }[rule.reach];
}

/** Reads `host [ ":" port ]`; null: malformed. */
function readAuthority(text: string): { host: string; port: number | null } | null {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::([1-9][0-9]{0,4}))?$/.exec(text) ?? [];
  if (host === undefined || !isHost(host) || Number(port ?? 1) > 65535) return null;
  return { host, port: port === undefined ? null : Number(port) };
}

/** What may stand below a scheme that is not the web's: an opaque host of the URL Standard, or none at all. */
function readOtherAuthority(scheme: string, text: string): { host: string; port: number | null } | null {
  if (["http", "https", "ws", "wss"].includes(scheme)) return null;
  if (text === "") return { host: "", port: null };
  const [, host, port] = /^([^\0-\x20#/:<>?@[\\\]^|\x7f-\uffff]{1,255})(?::([1-9][0-9]{0,4}))?$/.exec(text) ??
    [];
  if (scheme === "file" || host === undefined || Number(port ?? 1) > 65535) return null;
  return { host, port: port === undefined ? null : Number(port) };
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) {
    if (!/^\[[0-9a-f:]+\]$/.test(host) || !URL.canParse(`http://${host}`)) return false;
    return new URL(`http://${host}`).hostname === host;
  }
  if (host.length > 255) return false;
  const labels = (host.endsWith(".") ? host.slice(0, -1) : host).split(".");
  if (!labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return false;
  const endsInNumber = /^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1)!);
  if (!endsInNumber) return true;
  const isOctet = (label: string) => /^(0|[1-9][0-9]{0,2})$/.test(label) && Number(label) <= 255;
  return labels.length === 4 && labels.every(isOctet) && !host.endsWith(".");
}

function defaultPort(scheme: string): number | null {
  return { http: 80, ws: 80, https: 443, wss: 443 }[scheme] ?? null;
}

/** Scheme and authority of a url, as text; null where it names no authority. */
function readTarget(url: string): { scheme: string; authority: string } | null {
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) return null;
  return { scheme: asciiLowerCase(scheme), authority: asciiLowerCase(authority) };
}

function namesTheSame({ scheme, authority }: { scheme: string; authority: string }, host: string): boolean {
  if (!["http", "https", "ws", "wss", "http+unix"].includes(scheme)) return false;
  const port = `:${defaultPort(scheme === "http+unix" ? "http" : scheme)}`;
  const withoutPort = (text: string) => text.endsWith(port) ? text.slice(0, -port.length) : text;
  return withoutPort(authority) === withoutPort(host);
}

/** Not `toLowerCase`: that makes a `k` of the Kelvin sign, and a name that nobody owns one that somebody does. */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
