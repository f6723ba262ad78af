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

import type { Fault } from "../config.ts";
import type { Rule } from "./rule.ts";
import type { ConfigIssue, ConfigIssueCode } from "../config.ts";
import { parsePattern } from "./pattern.ts";
import type { HostRule } from "./rule.ts";
import type { SuffixList } from "./suffix_list.ts";

/**
 * Reads a list that JavaScript callers may have got wrong, entry by entry; every fault goes to `issues` with its
 * index. `judge` makes a rule of an entry, or finds its faults; the first entry has the place `start`.
 */
export function readList<T>(
  list: unknown,
  field: string,
  issues: ConfigIssue[],
  start: number,
  judge: (entry: unknown, place: number) => T | readonly Fault[],
): T[] {
  if (!Array.isArray(list)) {
    const entries = typeof list === "string"
      ? list.split(",").map((entry) => JSON.stringify(entry.trim()))
      : [];
    const fix = entries.length > 0
      ? `A string is not a list: write [${entries.join(", ")}].`
      : "Give an array of strings.";
    issues.push({ code: "not-a-list", field, index: -1, value: list, fix });
    return [];
  }
  const rules: T[] = [];
  // By index, not by iterator: a hole in the array is an unset entry too.
  for (let index = 0; index < list.length; index++) {
    const judged = judge(list[index], start + index);
    if (!Array.isArray(judged)) rules.push(judged as T);
    else for (const fault of judged) issues.push({ ...fault, field, index, value: list[index] });
  }
  return rules;
}

/**
 * The rules of a list of origin patterns, one an entry. `self`: `'self'` may stand in it, which no origin alone
 * matches; `unsafe`: so may what is unsafe; `suffixes`: names not to be covered by a wildcard; `start`: the place of the first.
 */
export function readPatterns(
  list: unknown,
  field: string,
  { self = false, unsafe = false, suffixes = null, start = 0 }: {
    readonly self?: boolean;
    readonly unsafe?: boolean;
    readonly suffixes?: SuffixList | null;
    readonly start?: number;
  },
  issues: ConfigIssue[],
): Rule[] {
  return readList<Rule>(list, field, issues, start, (entry, place) => {
    if (self && entry === "'self'") return { kind: "self", place };
    const parsed = parsePattern(entry, false, suffixes, place);
    if ("faults" in parsed) return parsed.faults;
    return parsed.unsafe === null || unsafe ? parsed.rule : [parsed.unsafe];
  });
}

/** What to say of entries that mean an origin, or anything but a name. */
const OTHERWISE: { readonly [code in ConfigIssueCode]?: string } = {
  "keyword": "A host is written as its name; keywords belong in `origins`.",
  "scheme-malformed": "A Host header has no scheme: write the host alone.",
  "scheme-not-allowed": "A Host header has no scheme: write the host alone.",
};

/**
 * Reads a list of hosts; every fault goes to `issues`. The list's rules are those of its entries, in order. `suffixes`:
 * names not to be covered by a wildcard; `start`: the place of the first.
 */
export function readHosts(
  list: unknown,
  field: string,
  issues: ConfigIssue[],
  { suffixes = null, start = 0 }: { readonly suffixes?: SuffixList | null; readonly start?: number } = {},
): HostRule[] {
  return readList<HostRule>(list, field, issues, start, (entry, place) => {
    const parsed = parsePattern(entry, true, suffixes, place);
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
