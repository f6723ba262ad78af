/**
 * What a handshake is judged by: an operator's options, read and compiled.
 */

import { checkChoice, type ConfigIssue, type Options, readOptions, throwIfAny } from "../config.ts";
import type { ListedEntry } from "../explanation.ts";
import {
  compileHosts,
  compileRules,
  type HostFinder,
  type OriginFinder,
  type PatternOptions,
} from "../matcher/matcher.ts";
import { readHosts, readPatterns } from "../pattern/list.ts";
import type { HostRule, Rule } from "../pattern/rule.ts";
import { readSuffixes, type SuffixList } from "../pattern/suffix_list.ts";

/**
 * What a policy judges by; with it go `dangerouslyAllow` and `suffixes` of {@linkcode PatternOptions}.
 *
 * @category Policies
 */
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

/**
 * What a policy of one list of hosts judges by: that list, `absent`, `scheme` and `debug` of {@linkcode PolicyOptions},
 * `dangerouslyAllow` and `suffixes` of {@linkcode PatternOptions}.
 *
 * @category Policies
 */
export interface AllowedHostsPolicyOptions extends Omit<PolicyOptions, "origins" | "hosts"> {
  /**
   * The hosts of this site, for Host and Origin alike: `example.com`, `.example.com` with its subdomains,
   * `*.example.com` without the host itself, an address, each with an optional `:port`. Django's `ALLOWED_HOSTS`.
   */
  readonly allowedHosts: readonly string[];
}

/** The names of {@linkcode AllowedHostsPolicyOptions}. */
export const ALLOWED_HOSTS_OPTIONS: readonly string[] = /* @__PURE__ */ [
  "allowedHosts",
  ...POLICY_OPTIONS,
].filter((name) => name !== "origins" && name !== "hosts");

const ABSENT = ["deny", "allow", "allow-without-credentials"] as const;
export const LOCAL_HOSTS = ["localhost", "*.localhost", "127.0.0.1", "[::1]"];
export const LOCAL_ORIGINS = /* @__PURE__ */ LOCAL_HOSTS.flatMap((
  host,
) => [`http://${host}:*`, `https://${host}:*`]);

/** Lists that are compiled together, in the order in which they are matched: an entry's place counts through them all. */
export type Lists = readonly { readonly list: ListedEntry["list"]; readonly entries: readonly string[] }[];

/** The entry that stands at a place. */
export function entryAt(lists: Lists, place: number): ListedEntry {
  let index = place;
  for (const { list, entries } of lists) {
    if (index < entries.length) return { list, index, pattern: entries[index]! };
    index -= entries.length;
  }
  throw new RangeError(`no entry stands at ${place}`);
}

/** Lists as written, each with the rules that its entries were read as. */
export interface ReadLists {
  /** Not frozen: one of the runtimes takes a second to freeze a million, while handshakes wait. */
  readonly origins: Lists;
  readonly originRules: Rule[];
  readonly hosts: Lists;
  /** Null: any host. */
  readonly hostRules: HostRule[] | null;
  readonly suffixes: SuffixList | null;
}

/** What judges, and what explains it. */
export interface Compiled extends Pick<ReadLists, "origins" | "hosts" | "suffixes"> {
  readonly findOrigin: OriginFinder;
  /** Null: any host. */
  readonly findHost: HostFinder | null;
  /** Where `'self'` stands; null: nowhere. Not null: there are hosts. */
  readonly selfPlace: number | null;
}

const policies = /* @__PURE__ */ new WeakMap<Policy, Compiled>();

/**
 * Everything a handshake is judged by, compiled and frozen. Only {@linkcode compilePolicy} makes one; a copy by spread
 * is none, by type and at run time.
 *
 * @category Policies
 */
export class Policy {
  /** The names this server answers to, as written, frozen; undefined: any. */
  declare readonly hosts: readonly string[] | undefined;
  /** What becomes of a handshake without Origin. */
  declare readonly absent: "deny" | "allow" | "allow-without-credentials";
  /** The scheme of the site's pages; undefined: that of each request's URL. */
  declare readonly scheme: "http" | "https" | undefined;
  /** Whether local names are let through on top of the lists. */
  declare readonly debug: boolean;

  private constructor() {
    // `private` is a word of the type checker's: at run time anybody can call this.
    throw new TypeError("Only compilePolicy() makes a Policy");
  }

  /** The allowed origins, as written. Frozen. */
  get origins(): readonly string[] {
    return Object.freeze(compiledOf(this).origins[0]!.entries);
  }
}

type PolicyFields = { readonly [K in "hosts" | "absent" | "scheme" | "debug"]: Policy[K] };

/** The one way in which a policy comes to be, for compilePolicy() and for what it would say with one change. */
export function makePolicy(fields: PolicyFields, compiled: Compiled): Policy {
  const policy: Policy = Object.freeze(Object.assign(Object.create(Policy.prototype), fields));
  policies.set(policy, compiled);
  return policy;
}

/** Reports whether `value` is a Policy that {@linkcode compilePolicy} made. */
export function isPolicy(value: unknown): value is Policy {
  return policies.has(value as Policy);
}

/** What a policy was compiled to. */
export function compiledOf(policy: Policy): Compiled {
  const compiled = policies.get(policy);
  if (compiled === undefined) {
    throw new TypeError("A policy is what compilePolicy() returned; a copy of one is none");
  }
  return compiled;
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
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `origins` | required | the origins whose pages may connect: patterns, and `'self'` |
 * | `hosts` | any Host | the names that this server answers to: stops DNS rebinding, and `'self'` needs it |
 * | `absent` | `"deny"`; with `"*"` listed `"allow"` | handshakes without Origin: `"allow-without-credentials"` admits programs |
 * | `scheme` | that of `request.url` | the scheme of the site's pages: `"https"` behind a proxy that ends TLS |
 * | `debug` | `false` | for development: also admits pages and names of this machine |
 * | `dangerouslyAllow` | `[]` | more patterns, of the kinds that are refused elsewhere as unsafe |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 *
 * @category Policies
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

/**
 * Compiles what {@linkcode allowedHostsOriginValidator} judges by, for {@linkcode check}, {@linkcode explain},
 * {@linkcode guard} and {@linkcode createGate}.
 *
 * **Security.** It admits `http` and `https` pages of the listed hosts. Where all pages are `https`, list their
 * origins with {@linkcode compilePolicy} instead.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `allowedHosts` | required | the names of this site, as in Django's `ALLOWED_HOSTS` |
 * | `absent` | `"deny"`; with `"*"` listed `"allow"` | handshakes without Origin: `"allow-without-credentials"` admits programs |
 * | `scheme` | that of `request.url` | the scheme of the site's pages: `"https"` behind a proxy that ends TLS |
 * | `debug` | `false` | for development: also admits pages and names of this machine |
 * | `dangerouslyAllow` | `[]` | more patterns, of the kinds that are refused elsewhere as unsafe |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 *
 * @category Policies
 * @param options The hosts and the rest of the policy; nothing of it is kept by reference.
 * @returns A frozen policy.
 * @throws {ConfigError} All faults at once.
 *
 * @example One list for Host and Origin
 * ```ts
 * import { check, compileAllowedHosts } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compileAllowedHosts({ allowedHosts: [".example.com"] });
 * const headers = new Headers({ host: "ws.example.com", origin: "https://app.example.com" });
 * assertEquals(check({ method: "GET", url: "/chat", headers }, policy), { allowed: true });
 * ```
 */
export function compileAllowedHosts(options: AllowedHostsPolicyOptions): Policy {
  const issues: ConfigIssue[] = [];
  const read = readOptions(options, ALLOWED_HOSTS_OPTIONS, issues);
  const policy = read && readAllowedHosts(read, issues, true);
  throwIfAny(issues);
  return policy!;
}

/** The policy of options whose keys are known; null where there are issues. */
export function readPolicy(options: Options, issues: ConfigIssue[]): Policy | null {
  return compile(readLists(options, issues), options, issues);
}

/** The lists of {@linkcode PolicyOptions}. */
export function readLists(options: Options, issues: ConfigIssue[]): ReadLists {
  const suffixes = readSuffixes(options, issues);
  const listed = readPatterns(options.origins, "origins", { self: true, suffixes }, issues);
  const entries = copyOf(options.origins);
  const { dangerouslyAllow = [] } = options;
  const also = { unsafe: true, start: entries.length };
  const dangerous = readPatterns(dangerouslyAllow, "dangerouslyAllow", also, issues);
  // Not `hosts !== undefined`: a variable that is not set must not mean "any Host".
  const hostRules = "hosts" in options ? readHosts(options.hosts, "hosts", issues, { suffixes }) : null;
  const hosts = copyOf(options.hosts);
  const self = listed.find((rule) => rule.kind === "self");
  if (self !== undefined && hosts.length === 0) {
    issues.push({
      code: "self-without-hosts",
      field: "origins",
      index: self.place,
      value: "'self'",
      fix: "Name this server's own hosts in hosts. 'self' is compared with the Host header.",
    });
  }
  return {
    origins: [{ list: "origins", entries }, { list: "dangerouslyAllow", entries: copyOf(dangerouslyAllow) }],
    originRules: [...listed, ...dangerous],
    hosts: [{ list: "hosts", entries: hosts }],
    hostRules,
    suffixes,
  };
}

/**
 * The policy of one list of hosts, for Host and, with `judgesOrigin`, for the pages of these hosts; null where there are
 * issues.
 */
export function readAllowedHosts(
  options: Options,
  issues: ConfigIssue[],
  judgesOrigin: boolean,
): Policy | null {
  return compile(readAllowedLists(options, issues, judgesOrigin), options, issues);
}

/** The lists of {@linkcode AllowedHostsPolicyOptions}; `judgesOrigin`: one of them is for Origin too. */
export function readAllowedLists(options: Options, issues: ConfigIssue[], judgesOrigin: boolean): ReadLists {
  const suffixes = readSuffixes(options, issues);
  const star = judgesOrigin ? "allowed-hosts" : "host-validator";
  const hostRules = readHosts(options.allowedHosts, "allowedHosts", issues, { suffixes, star });
  const hosts = copyOf(options.allowedHosts);
  const entries = judgesOrigin ? hosts : [];
  const { dangerouslyAllow = [] } = options;
  const also = { unsafe: true, start: entries.length };
  const dangerous = readPatterns(dangerouslyAllow, "dangerouslyAllow", also, issues);
  return {
    origins: [{ list: "allowedHosts", entries }, {
      list: "dangerouslyAllow",
      entries: copyOf(dangerouslyAllow),
    }],
    originRules: [...judgesOrigin ? hostRules.flatMap(webOrigins) : [], ...dangerous],
    hosts: [{ list: "allowedHosts", entries: hosts }],
    hostRules,
    suffixes,
  };
}

function compile(read: ReadLists, options: Options, issues: ConfigIssue[]): Policy | null {
  const absent = checkChoice(options, "absent", ABSENT, issues);
  const scheme = checkChoice(options, "scheme", ["http", "https"] as const, issues);
  const debug = checkChoice(options, "debug", [true, false], issues) ?? false;
  if (issues.length > 0) return null;

  const { origins, hosts, suffixes } = debug ? withLocal(read) : read;
  const written = read.hostRules && hosts[0]!.entries;
  const compiled: Compiled = {
    origins,
    hosts,
    suffixes,
    findOrigin: compileRules(read.originRules),
    findHost: read.hostRules && compileHosts(read.hostRules),
    selfPlace: read.originRules.find((rule) => rule.kind === "self")?.place ?? null,
  };
  return makePolicy({
    hosts: written === null ? undefined : Object.freeze([...written]),
    absent: absent ?? (origins[0]!.entries.includes("*") ? "allow" : "deny"),
    scheme,
    debug,
  }, compiled);
}

/** Adds the names of this machine to the rules that there are. */
function withLocal(read: ReadLists): Pick<ReadLists, "origins" | "hosts" | "suffixes"> {
  read.originRules.push(...readPatterns(LOCAL_ORIGINS, "debug", { start: countOf(read.origins) }, []));
  read.hostRules?.push(...readHosts(LOCAL_HOSTS, "debug", [], { start: countOf(read.hosts) }));
  return {
    origins: [...read.origins, { list: "debug", entries: LOCAL_ORIGINS }],
    hosts: [...read.hosts, { list: "debug", entries: LOCAL_HOSTS }],
    suffixes: read.suffixes,
  };
}

/** How many entries there are. */
export function countOf(lists: Lists): number {
  return lists.reduce((sum, { entries }) => sum + entries.length, 0);
}

function copyOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? [...list] : [];
}

/** The pages of one host entry: http and https, its port or any. */
export function webOrigins(rule: HostRule): [http: HostRule, https: HostRule] {
  return [{ ...rule, scheme: "http" }, { ...rule, scheme: "https" }];
}
