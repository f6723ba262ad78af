/**
 * What is valid in a policy and dangerous, or may be a mistake: entries that let in more than they seem to, and entries
 * that add nothing.
 */

import type { ConfigIssue, Options } from "../config.ts";
import { isLoopback } from "../origin/inner.ts";
import { readPatterns } from "../pattern/list.ts";
import { type HostRule, reachesBelow, type Rule } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { quote } from "../quote.ts";
import {
  type AllowedHostsPolicyOptions,
  compileAllowedHosts,
  compilePolicy,
  entryAt,
  type Lists,
  type PolicyOptions,
  readAllowedLists,
  type ReadLists,
  readLists,
} from "../verdict/policy.ts";
import { hostDangers, isPublicRule, originDangers, type Surroundings } from "./dangers.ts";
import { findRepeats } from "./repeats.ts";

/**
 * What is worth a second look. Stable: safe to compare, count and ignore.
 *
 * Dangers, of an option: `debug-on`, `absent-allowed`. Of an entry: `any-origin`, `null-allowed`, `dangerous-entry` (of
 * `dangerouslyAllow`), `loopback-entry` (beside public hosts), `bind-address`, `app-origin`, `scheme-misspelt`,
 * `mixed-scripts`, `shared-suffix-host`, `rebinding-names`.
 *
 * Notes, of an entry that adds nothing: `duplicate`, `covered`, `needless-danger`. Of one that lets in more than it seems
 * to: `any-host`, `any-scheme`, `any-port`, `any-scheme-and-port`, `cleartext`. Of one that lets in nobody, or not who it
 * should: `empty-list`, `socket-scheme`, `trailing-dot`, `unset-variable`. Of an option that knows too little: `outdated-suffixes`.
 *
 * @category Troubleshooting
 */
export type LintCode =
  | "debug-on"
  | "absent-allowed"
  | "any-origin"
  | "null-allowed"
  | "dangerous-entry"
  | "loopback-entry"
  | "bind-address"
  | "app-origin"
  | "scheme-misspelt"
  | "mixed-scripts"
  | "shared-suffix-host"
  | "rebinding-names"
  | "duplicate"
  | "covered"
  | "needless-danger"
  | "any-host"
  | "any-scheme"
  | "any-port"
  | "any-scheme-and-port"
  | "cleartext"
  | "empty-list"
  | "socket-scheme"
  | "trailing-dot"
  | "unset-variable"
  | "outdated-suffixes";

/**
 * How much a finding matters.
 *
 * @category Troubleshooting
 */
export type LintLevel = "danger" | "note";

/** The level of each code. */
export const LINT_LEVELS: Readonly<Record<LintCode, LintLevel>> = {
  "debug-on": "danger",
  "absent-allowed": "danger",
  "any-origin": "danger",
  "null-allowed": "danger",
  "dangerous-entry": "danger",
  "loopback-entry": "danger",
  "bind-address": "danger",
  "app-origin": "danger",
  "scheme-misspelt": "danger",
  "mixed-scripts": "danger",
  "shared-suffix-host": "danger",
  "rebinding-names": "danger",
  "duplicate": "note",
  "covered": "note",
  "needless-danger": "note",
  "any-host": "note",
  "any-scheme": "note",
  "any-port": "note",
  "any-scheme-and-port": "note",
  "cleartext": "note",
  "empty-list": "note",
  "socket-scheme": "note",
  "trailing-dot": "note",
  "unset-variable": "note",
  "outdated-suffixes": "note",
};

/**
 * An entry of an option's list, or the option itself.
 *
 * @category Troubleshooting
 */
export interface LintedEntry {
  /** The option. */
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "allowedHosts" | "absent" | "debug" | "suffixes";
  /** The entry's place in that list, from 0; -1: the option itself. */
  readonly index: number;
  /** The entry as written, or the option's value. Not escaped: an operator's text. */
  readonly value: string | readonly string[] | true;
}

/**
 * One thing worth a second look, and where: `field`, `index` and `value` of {@linkcode LintedEntry}.
 *
 * @category Troubleshooting
 */
export interface LintFinding extends LintedEntry {
  /** What kind of thing. */
  readonly code: LintCode;
  /** A danger lets somebody in who should hardly be; a note is a likely mistake. */
  readonly level: LintLevel;
  /** What to do and what it costs, as one or two sentences of printable ASCII. */
  readonly text: string;
  /** For `duplicate` and `covered`, the entry that admits all that this one does. */
  readonly coveredBy?: LintedEntry;
}

/**
 * Reports what is valid in a policy and dangerous, or may be a mistake.
 *
 * Costs as much as compiling the policy: linear in its lists. What is wrong is not reported but thrown, as
 * {@linkcode compilePolicy} and {@linkcode compileAllowedHosts} throw it. The entries that `debug` adds are not looked at.
 * A list of `suffixes` is reported when it is older than a year, so another day may bring one more finding.
 *
 * **Security.** Nothing that it reports is refused, and a list without findings may still name a site that should not be
 * on it.
 *
 * @category Troubleshooting
 * @param options What {@linkcode compilePolicy} or {@linkcode compileAllowedHosts} takes.
 * @returns The findings in the order of the lists, those of `absent` and `debug` last; frozen.
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
 *
 * @example Switches of development that were left on
 * ```ts
 * import { lint } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const findings = lint({ origins: ["https://example.com", "http://localhost:3000"], debug: true });
 * const dangers = findings.filter(({ level }) => level === "danger");
 * assertEquals(dangers.map(({ code }) => code), ["loopback-entry", "debug-on"]);
 * ```
 */
export function lint(options: PolicyOptions | AllowedHostsPolicyOptions): readonly LintFinding[] {
  return lintOn(options, new Date());
}

/** The same, on a given day: what was published long ago depends on it. */
export function lintOn(
  options: PolicyOptions | AllowedHostsPolicyOptions,
  today: Date,
): readonly LintFinding[] {
  const lists = compiledLists(options);
  const hosts = (lists.hostRules ?? []).map((rule) => linted(lists.hosts, rule));
  // Of a list of hosts the origins are those of its pages: looked at once, as hosts.
  const isOfHosts = lists.origins[0]!.list === "allowedHosts";
  const rules = isOfHosts ? lists.originRules.slice(2 * hosts.length) : lists.originRules;
  const origins = rules.map((rule) => linted(lists.origins, rule));
  const around: Surroundings = {
    isPublic: [...rules, ...lists.hostRules ?? []].some((rule) => rule.kind === "host" && isPublicRule(rule)),
    suffixes: lists.suffixes,
  };
  return freezeAll([
    ...origins.length === 0 && !isOfHosts ? [optionFinding("origins", [], "empty-list", NO_ORIGINS)] : [],
    ...[
      ...repeats(origins),
      ...origins.flatMap((entry) => lookAtOrigin(entry, around)),
      ...origins.flatMap(lookAtDangerous(options, lists)),
    ].sort(inOrder),
    ...lists.hostRules !== null && hosts.length === 0
      ? [optionFinding(isOfHosts ? "allowedHosts" : "hosts", [], "empty-list", NO_HOSTS)]
      : [],
    ...isOfHosts && around.isPublic
      ? [optionFinding("allowedHosts", lists.hosts[0]!.entries, "cleartext", CLEARTEXT_HOSTS)]
      : [],
    ...[...repeats(hosts), ...hosts.flatMap((entry) => lookAtHost(entry, around))].sort(
      inOrder,
    ),
    ...options.absent === "allow" ? [optionFinding("absent", "allow", "absent-allowed", ABSENT_ALLOWED)] : [],
    ...options.debug === true ? [optionFinding("debug", true, "debug-on", DEBUG_ON)] : [],
    ...lists.suffixes === null ? [] : lookAtSuffixes(lists.suffixes, today),
  ]);
}

function lookAtSuffixes({ date }: SuffixList, today: Date): LintFinding[] {
  const aYearLater = new Date(date);
  aYearLater.setUTCFullYear(aYearLater.getUTCFullYear() + 1);
  if (today <= aYearLater) return [];
  const text =
    `Update wsgate. Its Public Suffix List is of ${date}, and services that opened since then are not on it`;
  return [optionFinding("suffixes", date, "outdated-suffixes", text)];
}

const NO_ORIGINS = "The list is empty, so every origin is refused";
const NO_HOSTS = "The list is empty, so every Host is refused";
const CLEARTEXT_HOSTS =
  "If all pages use https, list their origins with originValidator instead. A network attacker can " +
  "forge http pages of these hosts";
const ABSENT_ALLOWED =
  'Use "allow-without-credentials", or deny. If a proxy removes Origin, any site can connect as the ' +
  "user who visits it";
const DEBUG_ON =
  "Turn debug off in production. Any program on a visitor's own machine can serve a page that connects";

/** The lists of a policy that compiles. */
function compiledLists(options: PolicyOptions | AllowedHostsPolicyOptions): ReadLists {
  if (
    typeof options === "object" && options !== null && !("origins" in options) && "allowedHosts" in options
  ) {
    compileAllowedHosts(options);
    return readAllowedLists(options as unknown as Options, [], true);
  }
  compilePolicy(options as PolicyOptions);
  return readLists(options as unknown as Options, []);
}

/** An entry, with what it means. */
interface ReadEntry<R = Rule> extends LintedEntry {
  readonly value: string;
  readonly rule: R;
}

function linted<R extends Rule>(lists: Lists, rule: R): ReadEntry<R> {
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
  return { code, level: LINT_LEVELS[code], field, index, value, text };
}

/** A finding of an option as a whole. */
function optionFinding(
  field: LintedEntry["field"],
  value: LintedEntry["value"],
  code: LintCode,
  text: string,
): LintFinding {
  const copy = Array.isArray(value) ? Object.freeze([...value]) : value;
  return finding({ field, index: -1, value: copy }, code, text);
}

/** What is listed twice in a list, or covered by another of its entries. */
function repeats(entries: readonly ReadEntry[]): LintFinding[] {
  return findRepeats(entries.map(({ rule }) => rule)).map(({ code, place, by }) => {
    const { field, index, value } = entries[by]!;
    const name = `${quote(value)} (${field}[${index}])`;
    const text = code === "duplicate"
      ? `Remove this entry. It repeats ${name}`
      : `Remove this entry; ${name} already covers it. If you only need this one, remove the wider entry`;
    return { ...finding(entries[place]!, code, text), coveredBy: { field, index, value } };
  });
}

/** What one entry of a list of origins lets in. */
function lookAtOrigin(entry: ReadEntry, around: Surroundings): LintFinding[] {
  const { rule } = entry;
  if (rule.kind === "any") {
    return [finding(entry, "any-origin", "Any site can connect. Only the Host header is checked")];
  }
  if (rule.kind === "null") {
    return [finding(entry, "null-allowed", 'Remove "null". Any site can send it from a sandboxed frame')];
  }
  if (rule.kind !== "host") return [];
  return [
    ...originDangers(rule, around).map(({ code, text }) => finding(entry, code, text)),
    ...notesOnOrigin(rule).map(([code, text]) => finding(entry, code, text)),
    ...notesOnName(rule).map(([code, text]) => finding(entry, code, text)),
  ];
}

/** What one entry of a list of hosts lets in. */
function lookAtHost(entry: ReadEntry<HostRule>, around: Surroundings): LintFinding[] {
  return [
    ...hostDangers(entry.rule, around).map(({ code, text }) => finding(entry, code, text)),
    ...notesOnName(entry.rule).map(([code, text]) => finding(entry, code, text)),
  ];
}

type Note = readonly [code: LintCode, text: string];

function notesOnOrigin(rule: HostRule): Note[] {
  const { scheme, host, port } = rule;
  const notes: Note[] = [];
  const isLocal = isLoopback(host);
  if (scheme === "ws" || scheme === "wss") {
    const page = scheme === "ws" ? "http" : "https";
    notes.push(["socket-scheme", `Use ${page}. Browsers send the origin of the page, not of the socket`]);
  } else if (host === "" && reachesBelow(rule)) {
    notes.push([
      "any-host",
      `Name the hosts, if they are known. Every page of the scheme ${quote(scheme)} is allowed`,
    ]);
  }
  if (scheme === "http" && !isLocal) {
    notes.push(["cleartext", "Use https. A network attacker can forge http pages"]);
  }
  if (scheme === null) {
    const page = isLocal ? "http" : "https";
    const also = host === "localhost"
      ? "capacitor://localhost, which every app built with Capacitor sends"
      : isLocal
      ? "the schemes of apps"
      : "http, whose pages a network attacker can forge";
    const ports = port === null ? " on any port" : "";
    notes.push([
      port === null ? "any-scheme-and-port" : "any-scheme",
      `Write ${page}:// in front. Any scheme${ports} is allowed, including ${also}`,
    ]);
  } else if (port === null) {
    notes.push(["any-port", "Name the port. Any port is allowed, including other servers on the same host"]);
  }
  return notes;
}

/** What a variable without a value leaves in a name that is built from it. */
const UNSET_LABEL = /(?:^|[.-])undefined(?:[.-]|$)/;

function notesOnName({ host }: HostRule): Note[] {
  const notes: Note[] = [];
  if (host.endsWith(".")) {
    notes.push([
      "trailing-dot",
      "Remove the dot at the end. With it, browsers treat the name as a different host",
    ]);
  }
  if (UNSET_LABEL.test(host)) {
    notes.push(["unset-variable", "Check the variable that this name was built from. It seems to be unset"]);
  }
  return notes;
}

/** What is under `dangerouslyAllow`, and whether it has to be. `"*"` and `"null"` are told of in any case. */
function lookAtDangerous(
  { dangerouslyAllow = [] }: PolicyOptions | AllowedHostsPolicyOptions,
  { suffixes }: ReadLists,
): (entry: ReadEntry) => LintFinding[] {
  const issues: ConfigIssue[] = [];
  readPatterns(dangerouslyAllow, "dangerouslyAllow", { suffixes }, issues);
  const unsafe = new Set(issues.map(({ index }) => index));
  return (entry) => {
    const { field, index, rule } = entry;
    if (field !== "dangerouslyAllow" || rule.kind !== "host") return [];
    if (!unsafe.has(index)) {
      return [finding(entry, "needless-danger", "Move this entry to origins. It is not a dangerous one")];
    }
    const text = rule.host === ""
      ? `Remove this entry. Every page of the scheme ${quote(rule.scheme)} can connect`
      : `Name the hosts. Anyone who registers a name below ${quote(rule.host)} can connect`;
    return [finding(entry, "dangerous-entry", text)];
  };
}
