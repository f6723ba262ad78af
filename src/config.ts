/**
 * What an operator wrote: options read once, and what is wrong with them collected and thrown once, each fault with its
 * fix.
 */

import { escapeNonAscii, quote } from "./quote.ts";
import { didYouMean } from "./spelling.ts";

/**
 * What is wrong with an option or an entry of a list. Stable: safe to compare. What to write instead is in each
 * issue's `fix`.
 *
 * | code | an option that has it |
 * | --- | --- |
 * | `not-a-list` | anything but an array, where a list is expected |
 * | `unknown-option` | one that is not known, or misspelt |
 * | `wrong-type` | a value of another type, or none of the words that are expected |
 * | `missing-option` | `protocolTypeRouter` without any handler |
 * | `route-invalid` | a route that is not a path and a handler |
 * | `route-duplicate` | a route whose requests an earlier one takes |
 * | `self-without-hosts` | `'self'` on the list, and no `hosts` |
 * | `out-of-range` | a number outside of its limits, or too many entries |
 * | `protocol-malformed` | a subprotocol that is not a token, or is listed twice |
 * | `protocol-reserved` | a subprotocol that begins with `ticket.` or `bearer.`, as credentials do |
 * | `server-started` | limits that are larger than those a Bun server has started with |
 *
 * | code | an entry that has it |
 * | --- | --- |
 * | `not-a-string` | `undefined`: a variable is not set |
 * | `empty` | `""` |
 * | `entry-too-long` | more than 1,024 characters |
 * | `foreign-spelling` | `"//example.com"`, `"https://example.com:[8080,8081]"` |
 * | `regular-expression` | `"^https://.*[.]example[.]com$"` |
 * | `several-entries` | `"https://example.com,https://example.org"` |
 * | `white-space` | `"https://exam ple.com"` |
 * | `keyword` | `"self"`, `"none"` |
 * | `scheme-malformed` | `"my_app://example.com"` |
 * | `scheme-not-allowed` | `"data://example.com"` |
 * | `userinfo` | `"https://user@example.com"` |
 * | `percent-sign` | `"https://%65xample.com"` |
 * | `path` | `"https://example.com/"` |
 * | `query` | `"https://example.com?room=1"` |
 * | `fragment` | `"https://example.com#room"` |
 * | `cidr` | `"10.0.0.0/8"` |
 * | `zone-id` | `"[fe80::1%eth0]"` |
 * | `port-malformed` | `"https://example.com:65536"` |
 * | `host-missing` | `"https://"` |
 * | `host-malformed` | `"https://exa$mple.com"` |
 * | `host-too-long` | a host of more than 255 characters |
 * | `label-empty` | `"https://www..example.com"` |
 * | `label-too-long` | more than 63 characters between two dots |
 * | `ip-malformed` | `"127.1"`, `"::1"` |
 * | `wildcard-malformed` | `"https://pr-*.example.com"` |
 * | `wildcard-over-address` | `"*.127.0.0.1"` |
 * | `unicode-malformed` | `"https://\u00ad.example"` |
 * | `unicode-maps-to-ascii` | `"https://\uff45xample.com"` |
 * | `unsafe-shared-suffix` | `"https://*.github.io"`; compiles in `dangerouslyAllow` |
 * | `unsafe-single-label` | `"*.intranet"`; the same |
 * | `unsafe-any-host` | `"https://*"`; the same |
 * | `unsafe-null` | `"null"`; the same |
 *
 * @category Policies
 */
export type ConfigIssueCode =
  // options
  | "not-a-list"
  | "unknown-option"
  | "wrong-type"
  | "missing-option"
  | "route-invalid"
  | "route-duplicate"
  | "self-without-hosts"
  | "out-of-range"
  | "protocol-malformed"
  | "protocol-reserved"
  | "server-started"
  // entries that are wrong
  | "not-a-string"
  | "empty"
  | "entry-too-long"
  | "foreign-spelling"
  | "regular-expression"
  | "several-entries"
  | "white-space"
  | "keyword"
  | "scheme-malformed"
  | "scheme-not-allowed"
  | "userinfo"
  | "percent-sign"
  | "path"
  | "query"
  | "fragment"
  | "cidr"
  | "zone-id"
  | "port-malformed"
  | "host-missing"
  | "host-malformed"
  | "host-too-long"
  | "label-empty"
  | "label-too-long"
  | "ip-malformed"
  | "wildcard-malformed"
  | "wildcard-over-address"
  | "unicode-malformed"
  | "unicode-maps-to-ascii"
  // entries that are well-formed and unsafe
  | "unsafe-shared-suffix"
  | "unsafe-single-label"
  | "unsafe-any-host"
  | "unsafe-null";

/**
 * One fault of a configuration, for a program to read.
 *
 * @category Policies
 */
export interface ConfigIssue {
  /** What kind of fault. */
  readonly code: ConfigIssueCode;
  /** The option at fault: `"origins"`, `"hosts"`, `"allowedHosts"`, `"dangerouslyAllow"`, `"absent"`, … */
  readonly field: string;
  /** The entry's index in that list, from 0; -1: the option itself. */
  readonly index: number;
  /** The value at fault, as given. */
  readonly value: unknown;
  /** What to write instead, as one sentence. */
  readonly fix: string;
}

/** A fault before it is known in which option and at which place it stands. */
export interface Fault {
  readonly code: ConfigIssueCode;
  readonly fix: string;
}

/**
 * A configuration that cannot be used, thrown when it is given, with every fault in it at once.
 *
 * @category Policies
 *
 * @example All faults, each with its fix
 * ```ts
 * import { compileOrigins, ConfigError } from "@wsgate/wsgate";
 *
 * try {
 *   compileOrigins(["https://example.com/", "*.co.uk"]);
 * } catch (error) {
 *   if (!(error instanceof ConfigError)) throw error;
 *   for (const issue of error.issues) console.log(issue.field, issue.index, issue.code);
 *   // origins 0 path
 *   // origins 1 unsafe-shared-suffix
 * }
 * ```
 */
export class ConfigError extends Error {
  /** `"ConfigError"`. */
  override readonly name: string = "ConfigError";
  /** Every fault, in the order of the options and the lists. Frozen. */
  readonly issues: readonly ConfigIssue[];

  /**
   * Collects faults into one error; the message has a line for each.
   *
   * @param issues The faults, at least one.
   */
  constructor(issues: readonly ConfigIssue[]) {
    super(describe(issues));
    this.issues = Object.freeze(issues.map((issue) => Object.freeze({ ...issue })));
  }
}

function describe(issues: readonly ConfigIssue[]): string {
  const lines = issues.map(({ code, field, index, value, fix }) =>
    escapeNonAscii(`  ${index < 0 ? field : `${field}[${index}]`} ${quote(value)} (${code}): ${fix}`)
  );
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  return `Invalid wsgate configuration (${count}):\n${lines.join("\n")}`;
}

/** Throws the collected faults, if there are any. */
export function throwIfAny(issues: readonly ConfigIssue[]): void {
  if (issues.length > 0) throw new ConfigError(issues);
}

/** Options as they were given, each read once; without a prototype, so that nothing is inherited. */
export type Options = Readonly<Record<string, unknown>>;

/**
 * Reads an options object that JavaScript callers may have got wrong: unknown keys are faults, not silence. Null where
 * there is nothing to read.
 *
 * A plain object it has to be: of a class's instance the accessors would be passed over in silence, and with them
 * perhaps the list that keeps strangers out.
 */
export function readOptions(
  options: unknown,
  known: readonly string[],
  issues: ConfigIssue[],
  field = "options",
): Options | null {
  const prototype = typeof options === "object" && options !== null
    ? Object.getPrototypeOf(options)
    : undefined;
  if (prototype !== null && prototype !== Object.prototype) {
    const fix = `Give a plain object with any of ${known.join(", ")}.`;
    issues.push({ code: "wrong-type", field, index: -1, value: options, fix });
    return null;
  }
  const read: Options = Object.assign(Object.create(null), options);
  for (const [name, value] of Object.entries(read)) {
    if (known.includes(name)) continue;
    // What the hook of guards is called elsewhere.
    const meant = name === "onDeny" && known.includes("onDecision")
      ? ' Did you mean "onDecision"?'
      : didYouMean(name, known);
    const fix = `Unknown option.${meant} Options: ${known.join(", ")}.`;
    issues.push({ code: "unknown-option", field: name, index: -1, value, fix });
  }
  return read;
}

/** An option that has to be one of a few values, or left out. */
export function checkChoice<T>(
  options: Options,
  field: string,
  choices: readonly T[],
  issues: ConfigIssue[],
): T | undefined {
  const value = options[field];
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  issues.push({
    code: "wrong-type",
    field,
    index: -1,
    value,
    fix: `Give ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}, or leave it out.`,
  });
  return undefined;
}

/** A value that has to be a function. */
export function checkFunction(value: unknown, field: string, issues: ConfigIssue[]): void {
  if (typeof value === "function") return;
  issues.push({ code: "wrong-type", field, index: -1, value, fix: "Give a function." });
}

/** What a number may be. One of an option whose name ends in `Seconds` is called seconds. */
export interface NumberRange {
  /** `Number.MIN_VALUE`: anything above 0. */
  readonly least: number;
  readonly most: number;
  /** Where the option is left out, and allowed whatever the range is; undefined: it has to be given. */
  readonly usual?: number;
  readonly whole?: boolean;
}

/** A number in a range, or left out. */
export function checkNumber(
  options: Options,
  field: string,
  { least, most, usual, whole }: NumberRange,
  issues: ConfigIssue[],
): number {
  const { [field]: value = usual } = options;
  const isGood = typeof value === "number" &&
    (value === usual || value >= least && value <= most && (!whole || Number.isInteger(value)));
  if (!isGood) {
    const what = `${whole ? "whole " : ""}number${field.endsWith("Seconds") ? " of seconds" : ""}`;
    const from = least === Number.MIN_VALUE ? "above 0" : `from ${least}`;
    issues.push({ code: "out-of-range", field, index: -1, value, fix: `Give a ${what} ${from} to ${most}.` });
  }
  return value as number;
}
