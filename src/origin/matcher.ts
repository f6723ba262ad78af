/**
 * Rules into a suffix trie over whole labels, walked from the right end of a host.
 *
 *     patterns   0: .example.com   1: https://api.example.com   2: *.api.example.com
 *
 *     root ─ com ─ example  here {0}, below {0}
 *                  └─ api   here {1}, below {2}
 *
 *     https://v1.api.example.com    com, example (below {0}), api (below {2}), v1: nothing more; first is 0
 *
 * Label boundaries decide, never bytes: a trie that splits inside a label has already once admitted `barfoo.com`
 * for a list of `foo.com` and `bar.com` (GHSA-vhxv-fg4m-p2w8). The cost of a look-up is that of its host's labels,
 * whatever the number of patterns: a node holds its rules by scheme and port, so that even a thousand ports of one
 * host are four look-ups.
 */

import { type ConfigIssue, readOptions, throwIfAny } from "../errors.ts";
import { parseOrigin } from "./origin.ts";
import { type HostRule, readPatterns, type Rule } from "./pattern.ts";
import { readSuffixes, type SuffixList } from "./suffix_list.ts";

/** Nothing matched. */
const NONE = Infinity;

/** The places of rules in their list, by scheme and effective port; null: any. Of equal rules the first stays. */
type Places = Map<string | null, Map<number | null, number>>;

interface TrieNode {
  readonly children: Map<string, TrieNode>;
  /** Rules for the very host that ends here. */
  readonly here: Places;
  /** Rules for every host that goes on to the left. */
  readonly below: Places;
}

/** Hosts, each with the places of the rules that admit it. Immutable once built. */
export class HostTrie {
  readonly #root: TrieNode = newNode();

  /** `rules[i]` has place i; a rule of undefined takes its place and admits nothing. */
  constructor(rules: readonly (HostRule | undefined)[]) {
    rules.forEach((rule, place) => {
      if (rule === undefined) return;
      let node = this.#root;
      for (const label of rule.host === "" ? [] : rule.host.split(".").reverse()) {
        let child = node.children.get(label);
        if (child === undefined) node.children.set(label, child = newNode());
        node = child;
      }
      if (rule.reach !== "subdomains") add(node.here, rule, place);
      if (rule.reach !== "host") add(node.below, rule, place);
    });
  }

  /** The place of the first rule that admits this canonical host, or Infinity. A port of 0: none. */
  find(scheme: string, host: string, port: number): number {
    let node = this.#root;
    let first = firstOf(node.below, scheme, port);
    let end = host.length;
    while (true) {
      const dot = host.lastIndexOf(".", end - 1);
      const child = node.children.get(host.slice(dot + 1, end));
      if (child === undefined) return first;
      if (dot < 0) return Math.min(first, firstOf(child.here, scheme, port));
      first = Math.min(first, firstOf(child.below, scheme, port));
      node = child;
      end = dot;
    }
  }
}

function newNode(): TrieNode {
  return { children: new Map(), here: new Map(), below: new Map() };
}

function add(places: Places, rule: HostRule, place: number): void {
  let byPort = places.get(rule.scheme);
  if (byPort === undefined) places.set(rule.scheme, byPort = new Map());
  if (!byPort.has(rule.port)) byPort.set(rule.port, place);
}

function firstOf(places: Places, scheme: string, port: number): number {
  let first = NONE;
  for (const byPort of [places.get(scheme), places.get(null)]) {
    first = Math.min(first, byPort?.get(port) ?? NONE, byPort?.get(null) ?? NONE);
  }
  return first;
}

/** More patterns than a list may hold by itself, and what decides which those are. */
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
   * `@wsgate/wsgate/public_suffixes`, the whole Public Suffix List, in place of the short list that is built in. The
   * names on the short list stay refused; its guess at the registries of countries does not.
   *
   * **Security.** The short list cannot know every registry and every hosting service. Where patterns come from others
   * (customers, a table of tenants), give the whole one.
   */
  readonly suffixes?: SuffixList;
}

/**
 * An immutable, compiled list of patterns.
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
 * `example.com` admits that host, `.example.com` the host and every subdomain, `*.example.com` the subdomains
 * alone, each with any scheme and port; `https://example.com` exactly that origin, the default port left out or
 * written; `:8443` one port, `:*` any; `moz-extension://*` every host of a scheme; `*` everybody. Upper case,
 * Unicode names and long IPv6 addresses are normalised to what browsers send.
 *
 * **Security.** The list is complete: what it does not name is refused. Entries that would admit strangers
 * (a wildcard over a suffix that anyone can register under, `null`, `https://*`) are refused unless they stand in
 * `dangerouslyAllow`. `'self'` needs the Host header and is part of a policy: see {@linkcode compilePolicy}.
 *
 * Origins are compared by RFC 6454 §5 over the serialisation of the Fetch Standard; any other text is malformed,
 * and only `*` admits it. A look-up costs one pass over the origin, whatever the number of patterns.
 *
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
 * const { test } = compileOrigins(["https://example.com", "*.bücher.example", "localhost:3000"]);
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
  const dangerous = readPatterns(dangerouslyAllow, "dangerouslyAllow", { unsafe: true }, ofOptions);
  throwIfAny([...ofList, ...ofOptions]);
  return buildMatcher([...listed, ...dangerous], [...patterns, ...dangerouslyAllow as readonly string[]]);
}

/** The matcher of checked rules; `written[i]` is what `rules[i]` was read from. */
export function buildMatcher(rules: readonly Rule[], written: readonly string[]): OriginMatcher {
  const place = (kind: Rule["kind"]) => {
    const index = rules.findIndex((rule) => rule.kind === kind);
    return index < 0 ? NONE : index;
  };
  const anyPlace = place("any");
  const nullPlace = place("null");
  const hosts = new HostTrie(rules.map((rule) => rule.kind === "host" ? rule : undefined));
  const find = (value: string | null): number => {
    const origin = parseOrigin(value);
    switch (origin.kind) {
      case "tuple":
        return Math.min(anyPlace, hosts.find(origin.scheme, origin.host, origin.port));
      case "null":
        return Math.min(anyPlace, nullPlace);
      default:
        return anyPlace;
    }
  };
  const patterns = Object.freeze([...written]);
  return Object.freeze({
    patterns,
    test: (origin: string | null): boolean => find(origin) !== NONE,
    match: (origin: string | null): string | null => patterns[find(origin)] ?? null,
  });
}
