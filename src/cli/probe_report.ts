/**
 * What `probe` prints. Servers chose the words of their answers, so nothing of them is printed unescaped.
 */

import { wrap } from "../explain/explanation_text.ts";
import { escapeNonAscii, quote } from "../quote.ts";
import type { Attack } from "../testing/attacks.ts";
import type { Environment } from "./arguments.ts";
import type { ServerAnswer } from "./probe_answer.ts";
import { linesOf, type Plan, type Shot } from "./probe_target.ts";
import {
  type AttackFinding,
  type Findings,
  isAttack,
  type PageFinding,
  withstands,
} from "./probe_verdict.ts";

type Layout = Pick<Environment, "columns" | "colors">;
type Sender = Attack["sender"];

const SENDERS: Readonly<Record<Sender, { readonly label: string; readonly danger: string }>> = {
  page: { label: "any page", danger: "Any site can connect as the user who visits it" },
  neighbor: {
    label: "a neighbor's page",
    danger: "Sibling sites, and other programs on the same machine, can connect as the user who visits them",
  },
  network: {
    label: "a network attacker",
    danger: "A network attacker can forge an http page and connect as the user",
  },
  proxy: {
    label: "any page, proxied",
    danger: "If a proxy removes or empties Origin, any site can connect as the user who visits it",
  },
  program: { label: "a program alone", danger: "Programs can connect; browsers never send these" },
};

/** The findings in lines. */
export function report(plan: Plan, findings: Findings, layout: Layout): string[] {
  const { attacks } = findings;
  // Where everybody gets in, whose history each attack is says nothing more.
  const isOpen = attacks.some(({ shot, verdict }) => shot.name === "foreign-page" && verdict === "in");
  return [
    ...headLines(plan, layout),
    "",
    ...pageLines(findings, layout),
    "",
    ...tableLines(attacks, layout),
    ...(Object.keys(SENDERS) as Sender[]).flatMap((sender) =>
      gotInLines(
        plan,
        attacks.filter(({ shot, verdict }) => shot.sender === sender && verdict === "in"),
        isOpen,
        layout,
      )
    ),
    ...undecidedLines(plan, attacks, layout),
    ...answerLines(attacks),
    "",
    ...verdictLines(plan, findings, isOpen, layout),
  ];
}

function headLines({ url, host }: Plan, layout: Layout): string[] {
  const at = `${url.protocol}//${url.host}${url.pathname}`;
  return [`${paint(layout, 36, at)}${host === url.host ? "" : `, asked for as ${quote(host, 300)}`}`];
}

const STATES: Readonly<Record<PageFinding["state"], readonly [label: string, color: number]>> = {
  "allowed": ["allowed", 32],
  "asked-to-log-in": ["asked to log in", 33],
  "refused": ["refused", 31],
};

function pageLines({ pages }: Findings, layout: Layout): string[] {
  return pages.map(({ page, first, state }) => {
    const [label, color] = STATES[state];
    return `own page ${page.origin}: ${paint(layout, color, label)} (${answerInWords(first)})`;
  });
}

// ---- the table ------------------------------------------------------------------------------------------------------

const VERDICTS = ["in", "refused", "undecided"] as const;
const COLUMN = 9;

/** How many of whom got in. */
function tableLines(attacks: readonly AttackFinding[], layout: Layout): string[] {
  const shown = VERDICTS.filter((it) => it !== "undecided" || attacks.some(({ verdict }) => verdict === it));
  const labelWidth = Math.max(...Object.values(SENDERS).map(({ label }) => label.length)) + 4;
  const headings = ["sent", ...shown.map((verdict) => verdict === "in" ? "got in" : verdict)];
  const line = (label: string, cells: readonly string[]) =>
    `  ${label.padEnd(labelWidth)}${cells.join("")}`.trimEnd();
  const lines = [line("attacks from", headings.map((text) => text.padStart(COLUMN + 1)))];
  for (const [sender, { label }] of Object.entries(SENDERS)) {
    const sent = attacks.filter(({ shot }) => shot.sender === sender);
    if (sent.length === 0) continue;
    const cell = (count: number, color: number) => {
      const text = String(count).padStart(COLUMN + 1);
      return count > 0 ? paint(layout, color, text) : text;
    };
    const counts = shown.map((verdict) =>
      cell(
        sent.filter((finding) => finding.verdict === verdict).length,
        verdict === "refused" ? 32 : verdict === "in" && sender !== "program" ? 31 : 33,
      )
    );
    lines.push(line(label, [String(sent.length).padStart(COLUMN + 1), ...counts]));
  }
  return lines;
}

// ---- what got in ----------------------------------------------------------------------------------------------------

function gotInLines(plan: Plan, found: readonly AttackFinding[], isOpen: boolean, layout: Layout): string[] {
  const [first] = found;
  if (first === undefined) return [];
  const { danger } = SENDERS[first.shot.sender];
  const rows = found.flatMap(({ shot }) => [
    attackLine(plan, shot, isAttack(first) ? 31 : 33, layout),
    ...isOpen || !isAttack(first) ? [] : wrap(shot.why, 6, layout.columns),
  ]);
  return ["", ...wrap(danger, 0, layout.columns), ...rows];
}

function undecidedLines(plan: Plan, attacks: readonly AttackFinding[], layout: Layout): string[] {
  const found = attacks.filter((finding) => finding.verdict === "undecided" && isAttack(finding));
  if (found.length === 0) return [];
  // Where it is all of them, their answer is what matters.
  if (found.length > MAX_UNDECIDED) return [];
  return ["", "Undecided", ...found.map(({ shot }) => attackLine(plan, shot, 33, layout))];
}

const MAX_UNDECIDED = 8;
const NAME_WIDTH = 27;

function attackLine(plan: Plan, shot: Shot, color: number, layout: Layout): string {
  const name = paint(layout, color, shot.name.padEnd(NAME_WIDTH));
  const on = plan.pages.length > 1 ? ` (for ${shot.on})` : "";
  return `  ${name} ${sentInWords(plan, shot)}${on}`;
}

/** Longer values are there to be long. */
const MAX_SENT = 100;

/** What an attack sends otherwise than the own page does. */
export function sentInWords({ pages, url }: Plan, { on, wire }: Shot): string {
  const own = fieldsOf(pages.find(({ origin }) => origin === on)!.wire);
  const fields = fieldsOf(wire);
  const parts = [...fields].filter(([name, value]) => own.get(name) !== value).map(([name, value]) =>
    name === "" ? value : `${name}: ${value}`
  );
  if (!fields.has("Origin")) parts.unshift("no Origin");
  // What stands in a query may be a token.
  const text = parts.join(", ").replaceAll(url.search === "" ? "?" : url.search, "?");
  const cut = text.length > MAX_SENT ? `${text.slice(0, MAX_SENT)}...` : text;
  return escapeNonAscii(cut);
}

/** By name, repeated fields joined; under `""`, method and target. */
function fieldsOf(wire: string): Map<string, string> {
  const [start = "", ...lines] = linesOf(wire);
  const fields = new Map([["", start.replace(/ HTTP\/1\.1$/, "")]]);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before} + ${value}`);
  }
  return fields;
}

// ---- what an attacker sees ------------------------------------------------------------------------------------------

/** A server can give each attack an answer of its own. */
const MAX_ANSWERS = 8;

function answerLines(attacks: readonly AttackFinding[]): string[] {
  const counts = new Map<string, number>();
  for (const { verdict, answer } of attacks) {
    const words = answerInWords(answer);
    if (verdict !== "in") counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const rest = sorted.slice(MAX_ANSWERS).reduce((sum, [, count]) => sum + count, 0);
  return [
    "",
    "The others see",
    ...sorted.slice(0, MAX_ANSWERS).map(([words, count]) => `  ${String(count).padStart(4)} x ${words}`),
    ...rest > 0 ? [`  ${String(rest).padStart(4)} x other answers`] : [],
  ];
}

/** An answer, for a line of text: printable ASCII. */
export function answerInWords({ kind, status, closeCode, text }: ServerAnswer): string {
  switch (kind) {
    case "open":
      return "101";
    case "closed":
      if (closeCode === 1006) return "101, then the end of the connection";
      if (closeCode === 1005) return "101, then a close without a code";
      return `101, then close ${closeCode}${text === "" ? "" : ` ${quote(text, 60)}`}`;
    case "status":
      return String(status);
    case "hung-up":
      return "the end of the connection";
    case "garbage":
      return "an answer that is not HTTP/1.1";
    case "silent":
      return "no answer in time";
    default:
      return `no connection, ${quote(text, 120)}`;
  }
}

// ---- the verdict ----------------------------------------------------------------------------------------------------

function verdictLines(plan: Plan, findings: Findings, isOpen: boolean, layout: Layout): string[] {
  const faults = [
    ...attackFaults(findings, isOpen),
    ...findings.pages.flatMap((finding) => pageFaults(plan, finding)),
    ...enderFaults(findings),
  ];
  const good = withstands(findings);
  const notes = findings.pages.some(({ state }) => state === "asked-to-log-in") ? [LOG_IN_NOTE] : [];
  const lines = good ? [praise(findings)] : faults;
  return [...lines, ...notes].flatMap((text, index) => {
    const [first, ...rest] = wrap(text, 0, layout.columns);
    return [index < lines.length ? paint(layout, good ? 32 : 31, first!) : first!, ...rest];
  });
}

function praise({ attacks }: Findings): string {
  const counted = attacks.filter(isAttack).length;
  const more = attacks.length - counted;
  const isWhole = attacks.every(({ verdict }) => verdict === "refused");
  return `Withstands all ${counted} attacks` +
    (isWhole && more > 0 ? `, and ${more} handshakes that browsers never send` : "");
}

const LOG_IN_NOTE =
  "The own page was asked to log in, so the socket behind the log-in was not reached. To reach it, give the log-in " +
  'of a test user: --header "Cookie: ..."';

function attackFaults({ attacks }: Findings, isOpen: boolean): string[] {
  const counted = attacks.filter(isAttack);
  const count = (wanted: AttackFinding["verdict"]) =>
    counted.filter(({ verdict }) => verdict === wanted).length;
  const faults: string[] = [];
  if (count("in") > 0) {
    faults.push(
      `${count("in")} of ${counted.length} attacks got in. ` +
        (isOpen
          ? "Check Origin before the socket opens, and refuse every origin but the site's own"
          : "Refuse these origins. If you trust some of these pages on purpose, give --trusts with a pattern for them"),
    );
  }
  if (count("undecided") > 0) {
    faults.push(
      `${
        count("undecided")
      } of ${counted.length} attacks are undecided: the own page was answered alike, or they got no answer`,
    );
  }
  return faults;
}

function pageFaults(
  { host, isHostGiven }: Plan,
  { page, first, last, state, isLasting }: PageFinding,
): string[] {
  const faults: string[] = [];
  const isLogIn = first.status === 401 || first.closeCode === 4401 || first.closeCode === 3000;
  if (state === "refused") {
    const advice = isLogIn
      ? 'Give the log-in of a test user: --header "Cookie: ...". Attacks are asked to log in too'
      : isHostGiven
      ? "Compare --site and --host with the lists of the server"
      : `Give --host, the name that browsers ask for. The Host header was ${quote(host, 300)}`;
    faults.push(`The own page ${page.origin} was refused (${answerInWords(first)}). ${advice}`);
  }
  if (!isLasting) {
    faults.push(
      `After the attacks the own page ${page.origin} was answered otherwise: ${
        answerInWords(last)
      }. Either an attack ended ` +
        "the server, or a limit of connections refused the attacks",
    );
  }
  return faults;
}

function enderFaults({ ender }: Findings): string[] {
  return ender?.hasEnded === true
    ? [
      `The last handshake, ${ender.shot.name}, ended the server. Any program can send it. Refuse Upgrade headers other than the one word websocket`,
    ]
    : [];
}

// ---- for a program --------------------------------------------------------------------------------------------------

/** The findings for `--json`. */
export function asObject(plan: Plan, findings: Findings): unknown {
  const { pages, attacks, ender } = findings;
  const described = ({ on, name, sender, why }: Shot, shot: Shot) => ({
    on,
    name,
    sender,
    why,
    sent: sentInWords(plan, shot),
  });
  return {
    url: `${plan.url.protocol}//${plan.url.host}${plan.url.pathname}`,
    host: plan.host,
    withstands: withstands(findings),
    pages: pages.map(({ page, state, first, last }) => ({ origin: page.origin, state, first, last })),
    attacks: attacks.map(({ shot, verdict, answer }) => ({ ...described(shot, shot), verdict, answer })),
    ...ender !== null && {
      ender: { ...described(ender.shot, ender.shot), hasEnded: ender.hasEnded, answer: ender.answer },
    },
  };
}

function paint({ colors }: Layout, code: number, text: string): string {
  return colors ? `\x1b[${code}m${text}\x1b[0m` : text;
}
