/**
 * Operators' lists of the names that a server answers to, and the `Host` header judged by them.
 *
 *     entry = ( host / "." host / "*." host ) [ ":" ( port / "*" ) ]     ; no port: any
 *
 * RFC 9112 §3.2: Host = uri-host [ ":" port ]
 *
 * Stricter than the list of origins: nothing here can be excused. A list of hosts is what stands between a
 * rebinding attacker and `'self'`, and `.nip.io` on it would hand him the key.
 */

import type { ConfigIssue, ConfigIssueCode } from "../config.ts";
import { type Authority, MAX_AUTHORITY_LENGTH, parseAuthority } from "../origin/authority.ts";
import { NONE } from "../matcher/trie_layout.ts";
import { lowerAscii } from "./normalize.ts";
import { type HostRule, parsePattern, readList } from "./pattern.ts";
import type { SuffixList } from "./suffix_list.ts";
import { HostTrie } from "../matcher/trie.ts";

/** What to say of entries that mean an origin, or anything but a name. */
const OTHERWISE: { readonly [code in ConfigIssueCode]?: string } = {
  "keyword": "A host is written as its name; keywords belong in `origins`.",
  "scheme-malformed": "A Host header has no scheme: write the host alone.",
  "scheme-not-allowed": "A Host header has no scheme: write the host alone.",
};

/**
 * Reads a list of hosts; every fault goes to `issues`. The list's rules are those of its entries, in order. `suffixes`:
 * names not to be covered by a wildcard.
 */
export function readHosts(
  list: unknown,
  field: string,
  issues: ConfigIssue[],
  suffixes: SuffixList | null = null,
): HostRule[] {
  return readList<HostRule>(list, field, issues, (entry) => {
    const parsed = parsePattern(entry, true, suffixes);
    if ("faults" in parsed) {
      return parsed.faults.map(({ code, fix }) => ({
        code,
        fix: fix.includes("unset")
          ? fix
          : OTHERWISE[code] ?? (fix.includes("://") ? 'Write a host, such as "example.com".' : fix),
      }));
    }
    const { rule, unsafe } = parsed;
    if (rule.kind === "any") {
      const fix = field === "allowedHosts"
        ? 'To let every host and origin in, say so openly: originValidator(handler, ["*"]).'
        : "Leave `hosts` out to answer to any well-formed Host.";
      return [{ code: "wildcard-malformed", fix }];
    }
    if (rule.kind !== "host") return [{ code: "keyword", fix: "A host is a name; no Host header is null." }];
    if (rule.scheme !== null) {
      return [{ code: "scheme-not-allowed", fix: "A Host header has no scheme: write the host alone." }];
    }
    if (unsafe === null) return rule;
    const fix = `Strangers can register names below ${
      JSON.stringify(rule.host)
    }: name your hosts one by one.`;
    return [{ code: unsafe.code, fix }];
  });
}

/**
 * A compiled list of hosts: reports whether an entry admits the canonical host that is the text up to `end`; `port` is
 * effective, by the scheme the request came with.
 */
export type HostList = (text: string, end: number, port: number) => boolean;

/** Compiles rules that {@linkcode readHosts} made. */
export function compileHosts(rules: readonly HostRule[]): HostList {
  const trie = new HostTrie(rules);
  return (text, end, port) => trie.findStart(text, end, port) !== NONE;
}

/** Reads a `Host` header. Letters may be in any case, all else is canonical. Null: malformed. Total. */
export function parseHost(value: string): Authority | null {
  return value.length > MAX_AUTHORITY_LENGTH ? null : parseAuthority(lowerHost(value));
}

/** A `Host` header in lower case; nearly always itself. Nothing but ASCII changes, and nothing becomes ASCII. */
export function lowerHost(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const char = value.charCodeAt(i);
    if (char >= 0x41 && char <= 0x5a) return lowerAscii(value);
  }
  return value;
}
