/**
 * What is right in a policy's lists, and perhaps not meant: entries that add nothing, and entries that let in more than
 * they seem to.
 */

import type { ConfigIssue, Options } from "../config.ts";
import { readPatterns } from "../pattern/list.ts";
import { type Rule, widerThan } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { quote } from "../quote.ts";
import { compilePolicy, entryAt, type Lists, type PolicyOptions, readLists } from "../verdict/policy.ts";
import { isLoopback } from "./near_misses.ts";

/**
 * What is worth a second look. Stable: safe to compare, count and leave out.
 *
 * Adds nothing: `duplicate`, `covered`, `needless-danger`. Lets in more than it seems: `any-origin`, `any-host`,
 * `any-scheme`, `any-port`, `any-scheme-and-port`, `cleartext`. Lets in nobody, or nobody who is meant: `empty-list`,
 * `socket-scheme`, `trailing-dot`. Knows too little: `outdated-suffixes`.
 */
export type LintCode =
  | "duplicate"
  | "covered"
  | "needless-danger"
  | "any-origin"
  | "any-host"
  | "any-scheme"
  | "any-port"
  | "any-scheme-and-port"
  | "cleartext"
  | "empty-list"
  | "socket-scheme"
  | "trailing-dot"
  | "outdated-suffixes";

/** An entry of an option's list. */
export interface LintedEntry {
  /** The option that it stands in. */
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "suffixes";
  /** Its place in that list, from 0; -1: the option itself. */
  readonly index: number;
  /** The entry as written, or the list; of `suffixes` its date. Not escaped: an operator's text. */
  readonly value: string | readonly string[];
}

/** One thing worth a second look. */
export interface LintFinding extends LintedEntry {
  /** What kind of thing. */
  readonly code: LintCode;
  /** What it costs and what to write instead, as one sentence of printable ASCII. */
  readonly text: string;
  /** For `duplicate` and `covered`, the entry that admits all that this one does. */
  readonly coveredBy?: LintedEntry;
}

/**
 * Looks a policy's lists over for what compiles and is perhaps not meant.
 *
 * Costs as much as compiling them: linear in the lists. What is wrong is not for it to say: that is thrown, as
 * {@linkcode compilePolicy} throws it. What `debug` adds is not looked at. A list of `suffixes` is reported when it is
 * older than a year, so on another day there may be one finding more.
 *
 * **Security.** Nothing that it reports is refused, and a list without findings may still name a site that should not be
 * on it.
 *
 * @param options What {@linkcode compilePolicy} takes.
 * @returns The findings in the order of the lists, frozen; empty where there is nothing to say.
 * @throws {ConfigError} All faults at once.
 *
 * @example The list in the documentation of Django Channels
 * ```ts
 * import { lint } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const findings = lint({ origins: [".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"] });
 * assertEquals(findings.map(({ index, code }) => [index, code]), [
 *   [0, "any-scheme-and-port"],
 *   [1, "covered"],
 *   [1, "cleartext"],
 *   [2, "cleartext"],
 * ]);
 * assertEquals(findings[1]?.coveredBy?.value, ".goodsite.com");
 * ```
 */
export function lint(options: PolicyOptions): readonly LintFinding[] {
  return lintOn(options, new Date());
}

/** The same, on a given day: what was published long ago depends on it. */
export function lintOn(options: PolicyOptions, today: Date): readonly LintFinding[] {
  compilePolicy(options);
  const lists = readLists(options as unknown as Options, []);
  const origins = lists.originRules.map((rule) => linted(lists.origins, rule));
  const { dangerouslyAllow = [] } = options;
  const issues: ConfigIssue[] = [];
  readPatterns(dangerouslyAllow, "dangerouslyAllow", { suffixes: lists.suffixes }, issues);
  const unsafe = new Set(issues.map(({ index }) => index));
  const findings = [
    ...origins.length === 0 ? [emptyList("origins")] : [],
    ...origins.flatMap(repeats(origins)),
    ...origins.flatMap(lookAtOrigin),
    ...origins.filter(({ field, index }) => field === "dangerouslyAllow" && !unsafe.has(index)).map((read) =>
      finding(read, "needless-danger", "There is no danger in it: it can stand in origins")
    ),
  ].sort(inOrder);
  const suffixes = lists.suffixes === null ? [] : lookAtSuffixes(lists.suffixes, today);
  if (lists.hostRules === null) return freezeAll([...findings, ...suffixes]);
  const hosts = lists.hostRules.map((rule) => linted(lists.hosts, rule));
  return freezeAll([
    ...findings,
    ...hosts.length === 0 ? [emptyList("hosts")] : [],
    ...[...hosts.flatMap(repeats(hosts)), ...hosts.flatMap(trailingDot)].sort(inOrder),
    ...suffixes,
  ]);
}

function lookAtSuffixes({ date }: SuffixList, today: Date): LintFinding[] {
  const aYearLater = new Date(date);
  aYearLater.setUTCFullYear(aYearLater.getUTCFullYear() + 1);
  if (today <= aYearLater) return [];
  const text =
    `Update wsgate. Its Public Suffix List is of ${date}, and services that opened since then are not on it`;
  return [finding({ field: "suffixes", index: -1, value: date }, "outdated-suffixes", text)];
}

/** An entry, with what it means. */
interface ReadEntry extends LintedEntry {
  readonly value: string;
  readonly rule: Rule;
}

function linted(lists: Lists, rule: Rule): ReadEntry {
  const { list, index, pattern } = entryAt(lists, rule.place);
  return { field: list as LintedEntry["field"], index, value: pattern, rule };
}

function inOrder(a: LintFinding, b: LintFinding): number {
  return a.field === b.field ? a.index - b.index : a.field === "origins" ? -1 : 1;
}

function freezeAll(findings: readonly LintFinding[]): readonly LintFinding[] {
  for (const found of findings) Object.freeze(Object.freeze(found).coveredBy);
  return Object.freeze(findings);
}

function finding({ field, index, value }: LintedEntry, code: LintCode, text: string): LintFinding {
  return { code, field, index, value, text };
}

function emptyList(field: "origins" | "hosts"): LintFinding {
  const what = field === "origins" ? "every origin" : "every Host";
  return finding(
    { field, index: -1, value: Object.freeze([]) },
    "empty-list",
    `An empty list refuses ${what}`,
  );
}

/**
 * Finds what is listed twice, and what another entry covers. An entry is looked up where all stand that could cover it:
 * at its own host and those above, with its scheme and port and with any. So the cost is that of the list's labels.
 */
function repeats(entries: readonly ReadEntry[]): (entry: ReadEntry) => LintFinding[] {
  const places = new Map<string, Map<string, number>>();
  const entryPlaces = new Map<ReadEntry, number>();
  entries.forEach((entry, place) => {
    entryPlaces.set(entry, place);
    const host = hostOf(entry.rule);
    let here = places.get(host);
    if (here === undefined) places.set(host, here = new Map());
    const key = keyOf(entry.rule);
    if (!here.has(key)) here.set(key, place);
  });
  const anyPlace = places.get("any")?.get("any") ?? Infinity;
  return (entry) => {
    const { rule } = entry;
    const place = entryPlaces.get(entry)!;
    const same = places.get(hostOf(rule))!.get(keyOf(rule))!;
    if (same !== place) return [repeated(entry, "duplicate", entries[same]!)];
    let by = rule.kind === "any" ? Infinity : anyPlace;
    if (rule.kind === "host") {
      // Above all names of a scheme stands its "every host".
      for (let host: string | null = rule.host; host !== null; host = parentOf(host)) {
        const here = places.get(`/${host}`);
        if (here === undefined) continue;
        for (const wider of widerThan(rule, host)) by = Math.min(by, here.get(keyOf(wider)) ?? Infinity);
      }
    }
    return by === Infinity ? [] : [repeated(entry, "covered", entries[by]!)];
  };
}

/** With a character that no host has, so that no host is mistaken for a word. */
function hostOf(rule: Rule): string {
  return rule.kind === "host" ? `/${rule.host}` : rule.kind;
}

function keyOf(rule: Rule): string {
  return rule.kind === "host" ? `${rule.reach} ${rule.scheme} ${rule.port}` : rule.kind;
}

/** The name above; "" above those of one label; null above that. */
function parentOf(host: string): string | null {
  return host === "" ? null : host.includes(".") ? host.slice(host.indexOf(".") + 1) : "";
}

function repeated(entry: ReadEntry, code: "duplicate" | "covered", by: ReadEntry): LintFinding {
  const { field, index, value } = by;
  const name = `${quote(value)} (${field}[${index}])`;
  const text = code === "duplicate"
    ? `It says the same as ${name}: leave one of them out`
    : `It admits nothing that ${name} does not: leave it out, or that one, if this is all that is meant`;
  return { ...finding(entry, code, text), coveredBy: { field, index, value } };
}

/** What one entry of a list of origins lets in that may not be meant. */
function lookAtOrigin(entry: ReadEntry): LintFinding[] {
  const { rule } = entry;
  if (rule.kind === "any") {
    return [
      finding(entry, "any-origin", "Every page of every site is let in: nothing is judged but the Host"),
    ];
  }
  if (rule.kind !== "host") return [];
  const found: LintFinding[] = [];
  const report = (code: LintCode, text: string) => found.push(finding(entry, code, text));
  const local = isLoopback(rule.host);
  if (rule.scheme === "ws" || rule.scheme === "wss") {
    const scheme = rule.scheme === "ws" ? "http" : "https";
    report("socket-scheme", `No browser sends it: an origin is the page's, and its scheme ${scheme}`);
  } else if (rule.host === "") {
    report(
      "any-host",
      `Every page of the scheme ${rule.scheme} is let in: name the hosts, if they are known`,
    );
  }
  if (rule.scheme === "http" && !local) {
    report(
      "cleartext",
      "Whoever is on the way to a visitor can write a page that comes over http: write https",
    );
  }
  if (rule.scheme === null) {
    const custom = rule.host === "localhost"
      ? ", such as capacitor://localhost, every app made with Capacitor"
      : "";
    const also = local ? `schemes of apps${custom}` : "http, which whoever is on the way can write";
    report(
      rule.port === null ? "any-scheme-and-port" : "any-scheme",
      `Any scheme is let in${rule.port === null ? ", on any port" : ""}, also ${also}: ` +
        `write ${local ? "http" : "https"}://, if that is all that is meant`,
    );
  } else if (rule.port === null) {
    report("any-port", "Any port is let in, whoever serves it: name the port, if it is known");
  }
  return [...found, ...trailingDot(entry)];
}

function trailingDot(entry: ReadEntry): LintFinding[] {
  return entry.rule.kind === "host" && entry.rule.host.endsWith(".")
    ? [
      finding(
        entry,
        "trailing-dot",
        "With a dot at its end it is another host, which hardly a page has: leave it out",
      ),
    ]
    : [];
}
