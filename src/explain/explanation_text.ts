/**
 * Explanations in words: one line for a log, several for a terminal.
 */

import {
  type Explanation,
  type ListedEntry,
  type NearMiss,
  type NearMissCode,
  quotedHost,
  type Suggestion,
} from "../explanation.ts";
import { quote } from "../quote.ts";
import { proxyLinesFor } from "./proxies.ts";

/**
 * How an explanation of several lines is laid out.
 *
 * @category Troubleshooting
 */
export interface ExplanationLayout {
  /** How wide a line may be, in columns; only what cannot be broken is wider. Default 80. */
  readonly columns?: number;
  /** Whether to write colors, as a terminal understands them (ECMA-48). Default false. */
  readonly colors?: boolean;
}

/**
 * Writes an explanation for a reader.
 *
 * `"line"`: one line for a log, what a guard prints on the console. `"text"`: several lines for a terminal,
 * with every near miss and the dangers. For a program take the object itself, or its JSON.
 *
 * **Security.** Printable ASCII and, in `"text"`, line feeds and the colors asked for: nothing a client sends can
 * command a terminal or forge a line of a log.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `columns` | 80 | how wide a line may be |
 * | `colors` | `false` | whether to write the colors of a terminal |
 *
 * In full under {@linkcode ExplanationLayout}.
 *
 * @category Troubleshooting
 * @param explanation What {@linkcode explain} returned.
 * @param form One line, or several. Default `"line"`.
 * @param layout How several lines are laid out.
 * @returns The text, without a line feed at its end.
 *
 * @example One line for a log
 * ```ts
 * import { compilePolicy, explain, formatExplanation } from "@wsgate/wsgate";
 *
 * const policy = compilePolicy({ origins: ["https://*.example.com"] });
 * const handshake = {
 *   method: "GET",
 *   url: "https://example.com/chat",
 *   headers: new Headers({ host: "example.com", origin: "https://example.com" }),
 * };
 * console.log(formatExplanation(explain(handshake, policy)));
 * // refused (403 origin-not-allowed): Origin https://example.com, Host "example.com". "https://*.example.com" …
 * ```
 */
export function formatExplanation(
  explanation: Explanation,
  form: "line" | "text" = "line",
  layout: ExplanationLayout = {},
): string {
  return form === "line"
    ? `${headOf(explanation)}: ${whatArrived(explanation)}. ${whyInOneLine(explanation)}`
    : inSeveralLines(explanation, layout);
}

function headOf({ decision }: Explanation): string {
  return decision.allowed ? "allowed" : `refused (${decision.status} ${decision.reason})`;
}

function whatArrived({ origin, host }: Explanation): string {
  return `Origin ${origin.shown}, Host ${quotedHost(host)}`;
}

/** An origin or a Host in quotes, whole. */
const MAX_ENTRY = 400;

/** The reason alone: what a guard says after the Origin and the Host on its console line. */
export function whyInOneLine({ rule, nearest: [miss], next }: Explanation): string {
  if (miss === undefined) return allowedBy(rule!);
  const help = inPassing(miss);
  return miss.text + (help === "" ? "" : `; ${help}`) + (next === null ? "" : `. Then: ${next}`);
}

function allowedBy(rule: NonNullable<Explanation["rule"]>): string {
  return rule.list === "absent"
    ? `There is no Origin, and absent is ${quote(rule.pattern)}`
    : `By ${nameOf(rule)}`;
}

/** Nobody should read in a log, for each attack, how to let the attacker in. */
const NOT_IN_PASSING: readonly NearMissCode[] = [
  "not-listed",
  "host-not-listed",
  // So does a rebinding attacker's, whose name is made to resolve to this server.
  "self-not-listed",
  "listed-name-glued",
];

function inPassing({ code, suggestion }: NearMiss): string {
  if (suggestion === null || NOT_IN_PASSING.includes(code)) return "";
  // The sentence says it already.
  if (suggestion.field === "scheme") return "";
  const danger = suggestion.danger === null ? "" : ` (${suggestion.danger})`;
  return `${howTo(suggestion)}${danger}`;
}

/** Whose it has to be; and of options that are no list of names, nothing. */
const ONLY_IF: { readonly [field in Suggestion["field"]]?: string } = {
  origins: ", only if this site is yours",
  allowedHosts: ", only if this host is yours",
  hosts: ", only if this host is yours",
};

/** An option with one value, not a list. */
function isOption(field: Suggestion["field"]): boolean {
  return field === "absent" || field === "scheme" || field === "debug";
}

function howTo({ field, entry }: Suggestion): string {
  const what = isOption(field)
    ? `set ${field} to ${field === "debug" ? entry : quote(entry)}`
    : `add ${quote(entry, MAX_ENTRY)} to ${field}`;
  return `to allow it, ${what}${ONLY_IF[field] ?? ""}`;
}

function inSeveralLines(
  explanation: Explanation,
  { columns = 80, colors = false }: ExplanationLayout,
): string {
  const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const { decision, origin, host, authority, credentials, rule, nearest, next } = explanation;
  const lines = [
    decision.allowed
      ? paint(32, "allowed")
      : `${paint(31, "refused")}  ${decision.status} ${decision.reason}`,
    "",
    `  Origin  ${origin.kind === "null" ? "null" : origin.shown}`,
    `  Host    ${host.shown}`,
  ];
  if (authority !== null && authority !== host.shown) lines.push(`  URL     ${authority}`);
  if (credentials) lines.push("  with Cookie or Authorization");
  const say = (text: string) => lines.push("", ...wrap(text, 2, columns));
  if (rule !== null && decision.allowed) say(`${allowedBy(rule)}.`);
  nearest.forEach((miss, index) => {
    if (index === 0) return say(`${miss.text}.`);
    if (index === 1) say("Also near:");
    lines.push(...wrap(`- ${miss.text}.`, 2, columns));
  });
  const proxies = nearest[0] === undefined ? null : proxyLinesFor(nearest[0].code);
  if (proxies !== null) {
    say("By proxy:");
    for (const [name, line] of Object.entries(proxies)) lines.push(...wrap(`- ${name}: ${line}`, 2, columns));
  }
  if (next !== null) say(`With another Host the Origin would be refused: ${next}.`);
  const suggestion = nearest.find(({ suggestion }) => suggestion !== null)?.suggestion;
  if (suggestion) {
    const { field, entry, danger } = suggestion;
    say(`To allow it${ONLY_IF[field] ?? ""}, ${isOption(field) ? `set ${field} to` : `add to ${field}`}:`);
    lines.push("", `      ${paint(36, field === "debug" ? entry : quote(entry, MAX_ENTRY))}`);
    if (danger !== null) say(`Danger: ${danger}.`);
  }
  return lines.join("\n");
}

/** Breaks `text` at its spaces into lines that begin with `indent` spaces; what follows a dash hangs under it. */
export function wrap(text: string, indent: number, columns: number): string[] {
  const hang = " ".repeat(text.startsWith("- ") ? indent + 2 : indent);
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > columns) {
      lines.push(line);
      [line, empty] = [hang, true];
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** An entry as a sentence names it. */
export function nameOf({ pattern, list, index }: ListedEntry): string {
  const place = list === "debug" ? "added by debug" : index < 0 ? list : `${list}[${index}]`;
  return `${quote(pattern)} (${place})`;
}
