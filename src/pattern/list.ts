/**
 * Operators' lists: which of their entries are rules; and then, what is wrong with the others.
 *
 * In a list of origins each entry is a pattern. In a list of hosts:
 *
 *     entry = ( host / "." host / "*." host ) [ ":" ( port / "*" ) ]     ; no port: any
 *
 * That one is stricter, and nothing in it can be excused: it is what stands between a rebinding attacker and `'self'`,
 * and `.nip.io` on it would hand him the key.
 */

import type { ConfigIssue } from "../config.ts";
import { diagnoseHostPattern, diagnosePattern, type Faults, type StarFault } from "./diagnosis.ts";
import { parseHostPattern, parsePattern } from "./pattern.ts";
import type { HostRule, Rule } from "./rule.ts";
import type { SuffixList } from "./suffix_list.ts";

/** No list has more entries: as many as the matcher can number, however long their hosts are. */
export const MAX_ENTRIES = 2_500_000;

/**
 * Reads a list that JavaScript callers may have got wrong, entry by entry. An entry that `accept` makes no rule of is
 * `diagnose`d: every fault goes to `issues` with its index.
 */
function readList<T extends Rule>(
  list: unknown,
  field: string,
  issues: ConfigIssue[],
  accept: (entry: unknown, index: number) => T | null,
  diagnose: (entry: unknown) => Faults,
): T[] {
  if (!Array.isArray(list)) {
    issues.push({ code: "not-a-list", field, index: -1, value: list, fix: whyNoList(list, field) });
    return [];
  }
  if (list.length > MAX_ENTRIES) {
    const fix = `Give at most ${MAX_ENTRIES} entries.`;
    issues.push({ code: "out-of-range", field, index: -1, value: list.length, fix });
    return [];
  }
  const rules: T[] = [];
  // By index, not by iterator: a hole in the array is an unset entry too.
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    const rule = accept(value, index);
    if (rule !== null) {
      rules.push(rule);
      continue;
    }
    for (const fault of diagnose(value)) issues.push({ ...fault, field, index, value });
  }
  return rules;
}

function whyNoList(list: unknown, field: string): string {
  if (
    field === "hosts" &&
    (list === true || typeof list === "string" && /^(?:all|any|auto|true|\*)$/i.test(list))
  ) {
    return "Remove hosts to answer to any well-formed Host.";
  }
  if (typeof list === "string") {
    const entries = list.split(",").map((entry) => JSON.stringify(entry.trim()));
    return `Write a list instead of a string: [${entries.join(", ")}].`;
  }
  if (typeof list === "function") return "Write an array of strings, not a function.";
  return `Write an array of strings.${list === undefined || list === null ? " Is a variable unset?" : ""}`;
}

/**
 * The rules of a list of origin patterns, one an entry. `self`: `'self'` may stand in it, which no origin alone
 * matches; `unsafe`: so may what is unsafe; `suffixes`: names not to be covered by a wildcard; `start`: the place of the
 * first.
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
  const accept = (entry: unknown, index: number): Rule | null => {
    const place = start + index;
    if (self && entry === "'self'") return { kind: "self", place };
    const parsed = parsePattern(entry, suffixes, place);
    return parsed !== null && (parsed.unsafe === null || unsafe) ? parsed.rule : null;
  };
  return readList(list, field, issues, accept, (entry) => diagnosePattern(entry, suffixes));
}

/**
 * The rules of a list of hosts, one an entry. `suffixes`: names not to be covered by a wildcard; `start`: the place of
 * the first; `star`: whose list it is.
 */
export function readHosts(
  list: unknown,
  field: string,
  issues: ConfigIssue[],
  { suffixes = null, start = 0, star = "hosts" }: {
    readonly suffixes?: SuffixList | null;
    readonly start?: number;
    readonly star?: StarFault;
  } = {},
): HostRule[] {
  const accept = (entry: unknown, index: number) => parseHostPattern(entry, suffixes, start + index);
  return readList(list, field, issues, accept, (entry) => diagnoseHostPattern(entry, star, suffixes));
}
