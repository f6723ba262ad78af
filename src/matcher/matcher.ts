/**
 * A list of patterns, compiled: the public face of the trie, and the patterns that name no host.
 */

import { type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { MAX_ORIGIN_LENGTH } from "../origin/origin.ts";
import { readPatterns } from "../pattern/list.ts";
import type { HostRule, Rule } from "../pattern/rule.ts";
import { readSuffixes, type SuffixList } from "../pattern/suffix_list.ts";
import { HostTrie } from "./trie.ts";
import { NONE } from "./trie_layout.ts";

/**
 * More patterns than a list may hold by itself, and what decides which those are.
 *
 * @category Policies
 */
export interface PatternOptions {
  /**
   * More patterns, of the kinds that the list refuses as unsafe; never of the kinds that are wrong. Matched after
   * the list.
   *
   * **Security.** Each of them lets people in whom nobody chose: whoever signs up at a hosting service
   * (`*.github.io`), every page that puts itself in a sandbox (`null`), every site there is (`https://*`).
   */
  readonly dangerouslyAllow?: readonly string[];
  /**
   * The names under which strangers can register, over which no wildcard may stand: `publicSuffixes` of
   * `@wsgate/wsgate/public_suffixes`, the whole Public Suffix List, beside the short list that is built in: what that one
   * refuses stays refused. Names of your own are added by `publicSuffixes.with(["corp.example"])`.
   *
   * **Security.** The short list cannot know every registry and every hosting service. Where patterns come from others
   * (customers, a table of tenants), give the whole one.
   */
  readonly suffixes?: SuffixList;
}

/**
 * An immutable, compiled list of patterns.
 *
 * @category Policies
 *
 * @example One compiled list, many origins
 * ```ts
 * import { compileOrigins, type OriginMatcher } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const matcher: OriginMatcher = compileOrigins(["https://example.com", ".example.org"]);
 * assertEquals(matcher.test("https://example.com"), true);
 * assertEquals(matcher.match("https://eu.example.org:8443"), ".example.org");
 * assertEquals(matcher.match("https://example.com.evil.test"), null);
 * ```
 */
export interface OriginMatcher {
  /** The patterns as written, those of `dangerouslyAllow` last. Frozen. */
  readonly patterns: readonly string[];
  /** Reports whether a pattern admits the value of an `Origin` header; null: there was none. Never throws. */
  test(origin: string | null): boolean;
  /** The first listed pattern that admits `origin`, as written, or null. Never throws. */
  match(origin: string | null): string | null;
}

/**
 * Compiles a list of patterns into an immutable matcher.
 *
 * | pattern | allows | does not allow |
 * | --- | --- | --- |
 * | `https://example.com` | `https://example.com` | `http://example.com`, `https://a.example.com` |
 * | `https://example.com:8443` | `https://example.com:8443` | `https://example.com` |
 * | `https://example.com:*` | `https://example.com`, `https://example.com:8443` | `http://example.com` |
 * | `https://*.example.com` | `https://a.example.com`, `https://a.b.example.com` | `https://example.com` |
 * | `https://.example.com` | `https://example.com`, `https://a.example.com` | `https://evilexample.com` |
 * | `https://*.example.com:8443` | `https://a.example.com:8443` | `https://a.example.com` |
 * | `example.com` | `https://example.com`, `http://example.com:8080` | `https://a.example.com` |
 * | `.example.com` | `https://example.com`, `http://a.example.com:8080` | `https://example.com.evil` |
 * | `*.example.com` | `https://a.example.com`, `http://a.b.example.com` | `https://example.com` |
 * | `example.com:8443` | `https://example.com:8443`, `http://example.com:8443` | `https://example.com` |
 * | `.example.com:8443` | `https://a.example.com:8443` | `https://a.example.com` |
 * | `http://localhost:3000` | `http://localhost:3000` | `http://localhost:5173`, `http://127.0.0.1:3000` |
 * | `127.0.0.1` | `http://127.0.0.1:8080` | `http://localhost:8080` |
 * | `[::1]` | `http://[::1]:8080` | `http://127.0.0.1:8080` |
 * | `http://[2001:DB8:0::1]` | `http://[2001:db8::1]` | `http://[2001:db8::2]` |
 * | `https://Bücher.example` | `https://xn--bcher-kva.example` | `https://bucher.example` |
 * | `capacitor://localhost` | `capacitor://localhost` | `https://localhost` |
 * | `moz-extension://*` | `moz-extension://8f7d1a52` | `chrome-extension://8f7d` |
 * | `*` | `https://example.com`, `null` | nothing |
 *
 * A default port is the same origin, written or left out. These only compile in `dangerouslyAllow`:
 *
 * | pattern | allows | does not allow |
 * | --- | --- | --- |
 * | `null` | `null` | `https://example.com` |
 * | `https://*` | `https://evil.test` | `http://evil.test` |
 * | `https://*.github.io` | `https://evil.github.io` | `https://github.io` |
 * | `.co.uk` | `https://evil.co.uk`, `https://co.uk` | `https://evil.uk` |
 * | `*.intranet` | `http://wiki.intranet` | `http://intranet` |
 *
 * **Security.** The list is complete: what it does not name is refused. Entries that would admit strangers
 * (a wildcard over a suffix that anyone can register under, `null`, `https://*`) are refused unless they stand in
 * `dangerouslyAllow`. `'self'` needs the Host header and is part of a policy: see {@linkcode compilePolicy}.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `dangerouslyAllow` | `[]` | more patterns, of the kinds that are refused elsewhere as unsafe |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 *
 * In full under {@linkcode PatternOptions}.
 *
 * Origins are compared by RFC 6454 §5 over the serialisation of the Fetch Standard; any other text is malformed,
 * and only `*` admits it. A look-up costs one pass over the origin, whatever the number of patterns.
 *
 * @category Policies
 * @param patterns The allowed origins. An empty list refuses every origin.
 * @param options More patterns, unsafe ones; the suffixes that make them so.
 * @returns A matcher that keeps no reference to the list.
 * @throws {ConfigError} All faults of the list at once.
 *
 * @example The grammar in one list
 * ```ts
 * import { compileOrigins } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const { test } = compileOrigins([
 *   "https://example.com",
 *   "*.bücher.example",
 *   "localhost:3000",
 * ]);
 * assertEquals(test("https://example.com:443"), true);
 * assertEquals(test("http://example.com"), false);
 * assertEquals(test("https://shop.xn--bcher-kva.example"), true);
 * assertEquals(test("http://localhost:3000"), true);
 * assertEquals(test(null), false);
 * ```
 */
export function compileOrigins(patterns: readonly string[], options: PatternOptions = {}): OriginMatcher {
  const ofList: ConfigIssue[] = [];
  const ofOptions: ConfigIssue[] = [];
  const read = readOptions(options, ["dangerouslyAllow", "suffixes"], ofOptions) ?? {};
  const { dangerouslyAllow = [] } = read;
  const listed = readPatterns(patterns, "origins", { suffixes: readSuffixes(read, ofOptions) }, ofList);
  const start = listed.length;
  const dangerous = readPatterns(dangerouslyAllow, "dangerouslyAllow", { unsafe: true, start }, ofOptions);
  throwIfAny([...ofList, ...ofOptions]);
  return matcherOf(compileRules([...listed, ...dangerous]), [
    ...patterns,
    ...dangerouslyAllow as readonly string[],
  ]);
}

/** Apart from the function that reads the lists, whose rules would be kept for as long as the matcher is. */
function matcherOf(find: OriginFinder, patterns: readonly string[]): OriginMatcher {
  let frozen: readonly string[] | undefined;
  return Object.freeze({
    // Not at once: one of the runtimes takes a second to freeze a million, and reads them slowly ever after.
    get patterns(): readonly string[] {
      return frozen ??= Object.freeze([...patterns]);
    },
    test: (origin: string | null): boolean => find(origin) !== NONE,
    match: (origin: string | null): string | null => {
      const place = find(origin);
      return place === NONE ? null : patterns[place]!;
    },
  });
}

/** Compiled rules: the place of the first that admits the value of an `Origin` header; null: there was none. */
export type OriginFinder = (origin: string | null) => number;

/**
 * Compiles rules, which are not kept. Where none admits an origin its place is NONE.
 *
 * Most servers hear the same origin all day, so the last one that was let in is remembered and compared first: one
 * string, and no longer than an origin can be, whatever `*` has let in. One that was refused is never remembered, or a
 * stranger could push out the one that the site's own pages send. No answer depends on it: what a list says of an origin
 * never changes.
 */
export function compileRules(rules: readonly Rule[]): OriginFinder {
  const anyPlace = placeOf("any", rules);
  const nullPlace = placeOf("null", rules);
  const hosts = new HostTrie(rules.filter((rule) => rule.kind === "host"));
  const namesHostsAlone = anyPlace === NONE && nullPlace === NONE;
  // At first the empty one, of which nothing but `*` says anything.
  let remembered = "";
  let itsPlace = anyPlace;
  return (origin) => {
    if (origin === remembered) return itsPlace;
    // Where no compiler looks, an absent header is undefined.
    if (typeof origin !== "string") return anyPlace;
    let place = hosts.findOrigin(origin);
    // Most lists do, and what they do not ask for should cost nothing.
    if (!namesHostsAlone) place = Math.min(place, anyPlace, origin === "null" ? nullPlace : NONE);
    if (place !== NONE && origin.length <= MAX_ORIGIN_LENGTH) {
      remembered = origin;
      itsPlace = place;
    }
    return place;
  };
}

/** Apart from the matcher, whose functions would keep all rules for as long as they are there. */
function placeOf(kind: Rule["kind"], rules: readonly Rule[]): number {
  return rules.find((rule) => rule.kind === kind)?.place ?? NONE;
}

/**
 * A compiled list of hosts: the place of the first entry that admits the canonical host that is the text up to `end`, or
 * NONE; `port` is effective, by the scheme the request came with.
 */
export type HostFinder = (text: string, end: number, port: number) => number;

/** Compiles a list of hosts. */
export function compileHosts(rules: readonly HostRule[]): HostFinder {
  const trie = new HostTrie(rules);
  return (text, end, port) => trie.findStart(text, end, port);
}
