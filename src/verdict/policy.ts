/**
 * The verdict: one pure function over Host, Origin and scheme, and the policy it judges by.
 */

import { checkChoice, type ConfigIssue, type Options, readOptions, throwIfAny } from "../config.ts";
import { denials } from "../denial.ts";
import type { Decision, DenyReason, Handshake } from "../handler.ts";
import {
  buildMatcher,
  compileHosts,
  type HostList,
  type OriginMatcher,
  type PatternOptions,
} from "../matcher/matcher.ts";
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
import { readHosts, readPatterns } from "../pattern/list.ts";
import { parsePattern } from "../pattern/pattern.ts";
import type { HostRule, Rule } from "../pattern/rule.ts";
import { readSuffixes, type SuffixList } from "../pattern/suffix_list.ts";

/** What a policy judges by, as an operator writes it. */
export interface PolicyOptions extends PatternOptions {
  /**
   * The origins whose pages may connect: the patterns of {@linkcode compileOrigins}, and `'self'` for the server's
   * own origin. The list is complete: what it does not name is refused, and an empty one refuses every origin.
   */
  readonly origins: readonly string[];
  /**
   * The names this server answers to, as they stand in a Host header: `example.com`, `.example.com` with its
   * subdomains, `*.example.com` without the host itself, `[::1]`, each with an optional `:port`. Left out: any
   * well-formed Host.
   *
   * **Security.** Without it a page whose own name is made to resolve to this server (DNS rebinding) is stopped by
   * its Origin alone; with it, by both. `'self'` cannot be judged without it.
   */
  readonly hosts?: readonly string[];
  /**
   * What to do with a handshake without Origin. Every browser sends one, other programs may. Default `"allow"`
   * where `origins` holds `"*"`, else `"deny"`. `"allow-without-credentials"` lets it in when it carries neither
   * Cookie nor Authorization.
   *
   * **Security.** It cannot see a trust by network, client certificate or token in the query, nor a proxy that
   * strips Origin from what browsers sent.
   */
  readonly absent?: "deny" | "allow" | "allow-without-credentials";
  /**
   * The scheme of the site's pages, for `'self'` and for the default port of Host. Default: that of `request.url`,
   * which is `http` behind a proxy that ends TLS; say `"https"` there.
   */
  readonly scheme?: "http" | "https";
  /**
   * Lets the names of this machine through on top of the lists: `localhost`, `*.localhost`, `127.0.0.1` and `[::1]`,
   * http and https, any port, as origins and, where `hosts` is given, as hosts. It switches nothing off. Default
   * false.
   */
  readonly debug?: boolean;
}

/** The names of {@linkcode PolicyOptions}, for those who check options of their own beside them. */
export const POLICY_OPTIONS = [
  "origins",
  "dangerouslyAllow",
  "suffixes",
  "hosts",
  "absent",
  "scheme",
  "debug",
] as const;

const ABSENT = ["deny", "allow", "allow-without-credentials"] as const;
const LOCAL_HOSTS = ["localhost", "*.localhost", "127.0.0.1", "[::1]"];
const ALLOWED: Decision = Object.freeze({ allowed: true });

interface Compiled {
  readonly matcher: OriginMatcher;
  /** The lists as written, not frozen: one of the runtimes takes a second to freeze a million, while handshakes wait. */
  readonly origins: readonly string[];
  readonly dangerouslyAllow: readonly string[];
  readonly suffixes: SuffixList | null;
  /** `origins` holds `'self'`. Implies hosts. */
  readonly self: boolean;
  readonly hosts: HostList | null;
}

const KEY = Symbol();
// These are set while the class below is evaluated: only this module can make a Policy or look into one.
let makePolicy: (options: PolicyFields, compiled: Compiled) => Policy;
let compiledOf: (policy: Policy) => Compiled;
let isCompiled: (value: unknown) => value is Policy;

type PolicyFields = { readonly [K in "hosts" | "absent" | "scheme" | "debug"]: Policy[K] };

/**
 * Everything a handshake is judged by, compiled and frozen. Only {@linkcode compilePolicy} makes one; a copy by spread
 * is none, by type and at run time.
 */
export class Policy {
  readonly #compiled: Compiled;
  /** The names this server answers to, as written, frozen; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  /** What becomes of a handshake without Origin. */
  readonly absent: "deny" | "allow" | "allow-without-credentials";
  /** The scheme of the site's pages; undefined: that of each request's URL. */
  readonly scheme: "http" | "https" | undefined;
  /** Whether local names are let through on top of the lists. */
  readonly debug: boolean;

  private constructor(fields: PolicyFields, compiled: Compiled, key: symbol) {
    // `private` is a word of the type checker's: at run time anybody can call this.
    if (key !== KEY) throw new TypeError("Only compilePolicy() makes a Policy");
    this.#compiled = compiled;
    this.hosts = fields.hosts && Object.freeze([...fields.hosts]);
    this.absent = fields.absent;
    this.scheme = fields.scheme;
    this.debug = fields.debug;
    Object.freeze(this);
  }

  /** The allowed origins, as written. Frozen. */
  get origins(): readonly string[] {
    return Object.freeze(this.#compiled.origins);
  }

  static {
    makePolicy = (fields, compiled) => new Policy(fields, compiled, KEY);
    compiledOf = (policy) => {
      if (isCompiled(policy)) return policy.#compiled;
      throw new TypeError("A policy is what compilePolicy() returned; a copy of one is none");
    };
    isCompiled = (value): value is Policy =>
      typeof value === "object" && value !== null && #compiled in value;
  }
}

/** Reports whether `value` is a Policy that {@linkcode compilePolicy} made. */
export function isPolicy(value: unknown): value is Policy {
  return isCompiled(value);
}

/**
 * Compiles everything a handshake is judged by.
 *
 * Options are checked at run time too: an unknown key, `debug: "false"` or a misspelt `absent` is a fault like a
 * wrong pattern, and all faults are reported at once.
 *
 * **Security.** `'self'` compares the Origin with the Host header, which a rebinding attacker chooses: it is
 * refused without a list of `hosts`. What `debug` adds does not count as one.
 *
 * @param options The lists and settings; nothing of it is kept by reference.
 * @returns A frozen policy, for {@linkcode check} and {@linkcode guard}.
 * @throws {ConfigError} All faults at once.
 *
 * @example A site and its subdomains, behind a proxy that ends TLS
 * ```ts
 * import { check, compilePolicy } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compilePolicy({
 *   origins: ["'self'", "https://*.example.com"],
 *   hosts: ["example.com"],
 *   scheme: "https",
 * });
 * const headers = new Headers({ host: "example.com", origin: "https://example.com" });
 * const handshake = { method: "GET", url: "http://example.com/chat", headers };
 * assertEquals(check(handshake, policy), { allowed: true });
 * ```
 */
export function compilePolicy(options: PolicyOptions): Policy {
  const issues: ConfigIssue[] = [];
  const read = readOptions(options, POLICY_OPTIONS, issues);
  const policy = read && readPolicy(read, issues);
  throwIfAny(issues);
  return policy!;
}

/** The policy of options whose keys are known; null where there are issues. */
export function readPolicy(options: Options, issues: ConfigIssue[]): Policy | null {
  const origins: readonly string[] = Array.isArray(options.origins) ? [...options.origins] : [];
  const { dangerouslyAllow = [] } = options;
  const suffixes = readSuffixes(options, issues);
  const listed = readPatterns(options.origins, "origins", { self: true, suffixes }, issues);
  const dangerous = readPatterns(dangerouslyAllow, "dangerouslyAllow", { unsafe: true }, issues);
  const rules = [...listed, ...dangerous];
  const alsoAllowed: readonly string[] = Array.isArray(dangerouslyAllow) ? [...dangerouslyAllow] : [];
  const written = [...origins, ...alsoAllowed];

  // Not `hosts !== undefined`: a variable that is not set must not mean "any Host".
  const hostRules = "hosts" in options ? readHosts(options.hosts, "hosts", issues, suffixes) : null;
  const hosts = hostRules === null || !Array.isArray(options.hosts) ? undefined : [...options.hosts];
  const self = rules.some((rule) => rule.kind === "self");
  if (self && (hosts === undefined || hosts.length === 0)) {
    issues.push({
      code: "self-without-hosts",
      field: "origins",
      index: origins.indexOf("'self'"),
      value: "'self'",
      fix: "'self' is judged against the Host header: name this server's own hosts in `hosts`.",
    });
  }
  const absent = checkChoice(options, "absent", ABSENT, issues);
  const scheme = checkChoice(options, "scheme", ["http", "https"] as const, issues);
  const debug = checkChoice(options, "debug", [true, false], issues) ?? false;
  if (issues.length > 0) return null;

  if (debug) {
    for (const host of LOCAL_HOSTS) {
      for (const pattern of webOrigins(host)) {
        rules.push(parsed(pattern));
        written.push(pattern);
      }
      hostRules?.push(parsed(host) as HostRule);
    }
  }
  const matcher = buildMatcher(rules, written);
  const compiledHosts = hostRules && compileHosts(hostRules);
  return makePolicy(
    { hosts, absent: absent ?? (origins.includes("*") ? "allow" : "deny"), scheme, debug },
    { matcher, origins, dangerouslyAllow: alsoAllowed, suffixes, self, hosts: compiledHosts },
  );
}

/** The same lists, and another scheme of the site's pages. */
export function withScheme(policy: Policy, scheme: "http" | "https"): Policy {
  return makePolicy({ ...policy, scheme }, compiledOf(policy));
}

/** The patterns of the pages of one host entry: http and https, its port or any. */
export function webOrigins(host: string): [http: string, https: string] {
  const withPort = /:(?:\d+|\*)$/.test(host) ? host : `${host}:*`;
  return [`http://${withPort}`, `https://${withPort}`];
}

function parsed(pattern: string): Rule {
  return (parsePattern(pattern) as { rule: Rule }).rule;
}

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
  const host = handshake.headers.get("host");
  const denied = whyHostDenied(host, handshake.url, policy);
  return denied === null ? checkOrigin(handshake, policy, host!) : denials[denied];
}

/** Judges a handshake by its Origin alone: the other half of {@linkcode check}. `host`: a Host header that was let in. */
export function checkOrigin(handshake: Handshake, policy: Policy, host: string): Decision {
  const origin = handshake.headers.get("origin");
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
  const { matcher, self } = compiledOf(policy);
  if (matcher.test(origin)) return ALLOWED;
  switch (kindOf(origin)) {
    case "empty":
      return denials["origin-empty"];
    case "null":
      return denials["origin-null"];
    case "malformed":
      return denials["origin-malformed"];
  }
  const isOwn = self && isSelf(origin, host, siteScheme(handshake.url, policy));
  return isOwn ? ALLOWED : denials["origin-not-allowed"];
}

/** Judges a Host header and the URL it came with: the half of {@linkcode check} that plain HTTP needs too. */
export function checkHost(host: string | null, url: string, policy: Policy): Decision {
  const denied = whyHostDenied(host, url, policy);
  return denied === null ? ALLOWED : denials[denied];
}

/** The lists of a policy as written, each by the option that it stands in, in the order in which they are matched. */
export interface PolicyLists {
  readonly origins: readonly string[];
  readonly dangerouslyAllow: readonly string[];
  /** What `debug` adds to them. */
  readonly debug: readonly string[];
  /** With what `debug` adds, last. Null: any host. */
  readonly hosts: readonly string[] | null;
}

/** What {@linkcode compilePolicy} was given, for those who explain a verdict. */
export function listsOf(policy: Policy): PolicyLists {
  const { origins, dangerouslyAllow } = compiledOf(policy);
  const local = policy.debug ? LOCAL_HOSTS : [];
  const hosts = policy.hosts === undefined ? null : [...policy.hosts, ...local];
  return { origins, dangerouslyAllow, debug: local.flatMap(webOrigins), hosts };
}

/** The suffixes that {@linkcode compilePolicy} was given; null: the short list. */
export function suffixesOf(policy: Policy): SuffixList | null {
  return compiledOf(policy).suffixes;
}

/** The first pattern that admits an origin, as written, what `debug` adds included; `'self'` left out. */
export function matchOrigin(origin: string | null, policy: Policy): string | null {
  return compiledOf(policy).matcher.match(origin);
}

/** Why a Host header is refused; null: it is not. */
function whyHostDenied(header: string | null, url: string, policy: Policy): DenyReason | null {
  // First: what is no policy judges nothing.
  const { hosts } = compiledOf(policy);
  if (header === null) return "host-absent";
  if (header.length > MAX_AUTHORITY_LENGTH) return "host-malformed";
  const host = lowerHost(header);
  const end = hostEnd(host, 0);
  const port = portAfter(host, end);
  if (port < 0 || !isHost(host, 0, end)) return "host-malformed";
  if (!agrees(url, host)) return "host-mismatch";
  if (hosts === null || hosts(host, end, port || defaultPort(siteScheme(url, policy)))) {
    return null;
  }
  return "host-not-allowed";
}

const HTTP_SCHEMES = ["http", "https", "ws", "wss", "http+unix"];

/**
 * Reports whether a request's URL names the authority of its Host header, both in lower case and without the default
 * port of the URL's scheme. A URL that names none agrees with any. Strings are compared, not URLs: a parser that
 * repairs one side makes equal what is not.
 */
function agrees(url: string, host: string): boolean {
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

/** Reports whether a login may ride along. */
export function carriesCredentials({ headers }: Handshake): boolean {
  return headers.get("cookie") !== null || headers.get("authorization") !== null;
}
