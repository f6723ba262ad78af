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
  asksForLogIn,
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
  program: {
    label: "a program alone",
    danger: "Programs can also connect with these, which browsers never send",
  },
};

/** The findings in lines. */
export function report(plan: Plan, findings: Findings, layout: Layout): string[] {
  const { attacks } = findings;
  const isOpen = attacks.some(({ shot, verdict }) => shot.name === "foreign-page" && verdict === "in");
  return [
    ...headLines(plan, layout),
    "",
    ...pageLines(findings, layout),
    "",
    ...tableLines(attacks, layout),
    ...gotInLines(plan, attacks, isOpen, layout),
    ...undecidedLines(plan, attacks, layout),
    ...answerLines(attacks),
    ...verdictLines(plan, findings, isOpen, layout),
  ];
}

function headLines({ url, host }: Plan, layout: Layout): string[] {
  const at = `${url.protocol}//${url.host}${url.pathname}`;
  return [`${paint(layout, 36, at)}${host === url.host ? "" : `, Host: ${host}`}`];
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
const COLUMN = 11;

/** How many of whom got in. */
function tableLines(attacks: readonly AttackFinding[], layout: Layout): string[] {
  const shown = VERDICTS.filter((it) => it !== "undecided" || attacks.some(({ verdict }) => verdict === it));
  const labelWidth = Math.max(...Object.values(SENDERS).map(({ label }) => label.length)) + 4;
  const headings = ["sent", ...shown.map((verdict) => verdict === "in" ? "got in" : verdict)];
  const line = (label: string, cells: readonly string[]) =>
    `  ${label.padEnd(labelWidth)}${cells.join("")}`.trimEnd();
  const lines = [line("attacks from", headings.map((text) => text.padStart(COLUMN)))];
  for (const [sender, { label }] of Object.entries(SENDERS)) {
    const sent = attacks.filter(({ shot }) => shot.sender === sender);
    if (sent.length === 0) continue;
    const cell = (count: number, color: number) => {
      const text = String(count).padStart(COLUMN);
      return count > 0 ? paint(layout, color, text) : text;
    };
    const counts = shown.map((verdict) =>
      cell(
        sent.filter((finding) => finding.verdict === verdict).length,
        verdict === "refused" ? 32 : verdict === "in" && sender !== "program" ? 31 : 33,
      )
    );
    lines.push(line(label, [String(sent.length).padStart(COLUMN), ...counts]));
  }
  return lines;
}

// ---- what got in ----------------------------------------------------------------------------------------------------

/** What got in, by who sends it. Where everybody does, it needs no history, and what programs send says nothing more. */
function gotInLines(
  plan: Plan,
  attacks: readonly AttackFinding[],
  isOpen: boolean,
  layout: Layout,
): string[] {
  return (Object.keys(SENDERS) as Sender[]).flatMap((sender) => {
    const found = attacks.filter(({ shot, verdict }) => shot.sender === sender && verdict === "in");
    const counts = sender !== "program";
    if (found.length === 0 || isOpen && !counts) return [];
    const rows = found.flatMap((finding) => [
      ...attackLines(plan, finding, counts ? 31 : 33, layout),
      ...isOpen ? [] : wrap(finding.shot.why, 6, layout.columns),
    ]);
    return ["", ...wrap(`${SENDERS[sender].danger}:`, 0, layout.columns), ...rows];
  });
}

/** Where more are undecided, it is their common answer that matters, and that of the own page. */
const MAX_UNDECIDED = 8;

function undecidedLines(plan: Plan, attacks: readonly AttackFinding[], layout: Layout): string[] {
  const found = attacks.filter((finding) => finding.verdict === "undecided" && isAttack(finding));
  if (found.length === 0 || found.length > MAX_UNDECIDED) return [];
  return ["", "Undecided:", ...found.flatMap((finding) => attackLines(plan, finding, 33, layout))];
}

/** As long as the longest name. */
const NAME_WIDTH = 28;

function attackLines(
  plan: Plan,
  { shot, answer }: AttackFinding,
  color: number,
  layout: Layout,
): string[] {
  const parts = differences(plan, shot).map(escapeNonAscii);
  // Why one got in that was closed, or is undecided.
  if (answer.kind !== "open") parts.push(`got ${answerInWords(answer)}`);
  if (plan.pages.length > 1) parts.push(`for ${shot.on}`);
  const inOne = parts.join(", ");
  const shown = NAME_WIDTH + 2 + inOne.length <= layout.columns ? [inOne] : parts;
  return shown.map((text, index) => {
    const name = index === 0 ? paint(layout, color, shot.name.padEnd(NAME_WIDTH)) : "".padEnd(NAME_WIDTH);
    return `  ${name}${text}`;
  });
}

/** Longer values are there to be long. */
const MAX_VALUE = 60;

/** What an attack sends otherwise than the own page does. */
function differences({ pages, url }: Plan, { on, wire }: Shot): string[] {
  const own = fieldsOf(pages.find(({ origin }) => origin === on)!.wire);
  const fields = fieldsOf(wire);
  const parts = [...fields].filter(([name, value]) => own.get(name) !== value).map(([name, value]) => {
    // What stands in a query may be a token.
    const text = url.search === "" ? value : value.replace(url.search.slice(1), "...");
    const cut = text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}...` : text;
    return name === "" ? cut : `${name}: ${cut}`;
  });
  return fields.has("Origin") ? parts : ["no Origin", ...parts];
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
    attacks.some(({ verdict }) => verdict === "in") ? "The others see:" : "An attacker sees:",
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
  const paragraph = (text: string, color: number | null) => {
    const [first, ...rest] = wrap(text, 0, layout.columns);
    return ["", color === null ? first! : paint(layout, color, first!), ...rest];
  };
  const faults = [
    ...findings.pages.flatMap((finding) => pageFaults(plan, finding)),
    ...attackFaults(findings, isOpen),
    ...enderFaults(findings),
  ];
  return [
    ...withstands(findings)
      ? paragraph(praise(findings), 32)
      : faults.flatMap((fault) => paragraph(fault, 31)),
    ...findings.pages.some(({ state }) => state === "asked-to-log-in") ? paragraph(LOG_IN_NOTE, null) : [],
  ];
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
  const of = (wanted: AttackFinding["verdict"]) => counted.filter(({ verdict }) => verdict === wanted);
  const [gotIn, undecided] = [of("in"), of("undecided")];
  const all = `of ${counted.length} attacks`;
  return [
    ...gotIn.length > 0 ? [`${gotIn.length} ${all} got in. ${howToRefuse(gotIn, isOpen)}`] : [],
    ...undecided.length > 0
      ? [`${undecided.length} ${all} are undecided. They got the same answer as the own page, or none`]
      : [],
  ];
}

function howToRefuse(gotIn: readonly AttackFinding[], isOpen: boolean): string {
  if (isOpen) return "Check Origin before the socket opens, and refuse every origin but the site's own";
  if (gotIn.every(({ shot }) => shot.sender === "proxy")) return "Refuse handshakes without an origin";
  return "Refuse these origins. If you trust some of these pages on purpose, give --trusts with a pattern for them";
}

function pageFaults(plan: Plan, { page, first, last, state, isLasting }: PageFinding): string[] {
  const faults: string[] = [];
  if (state === "refused") {
    faults.push(
      `The own page ${page.origin} was refused (${answerInWords(first)}). ${whatToDo(plan, first)}`,
    );
  }
  if (!isLasting) {
    faults.push(
      `After the attacks the own page ${page.origin} got another answer (${
        answerInWords(last)
      }). Either an attack ended the ` +
        "server, or a limit of connections refused the attacks",
    );
  }
  return faults;
}

/** About an own page that was refused. */
function whatToDo({ host, isHostGiven }: Plan, answer: ServerAnswer): string {
  if (asksForLogIn(answer)) {
    return 'Give the log-in of a test user: --header "Cookie: ...". The attacks were asked to log in too';
  }
  if (answer.status! >= 500 || answer.closeCode === 1011) return "Look at the log of the server";
  return isHostGiven
    ? "Compare --site and --host with the lists of the server"
    : `Compare --site with the list of the server, or give --host, the name that browsers ask for. The Host header was ` +
      quote(host, 300);
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
  const described = (shot: Shot) => {
    const { wire: _tooLong, ...rest } = shot;
    return { ...rest, sent: differences(plan, shot) };
  };
  return {
    url: `${plan.url.protocol}//${plan.url.host}${plan.url.pathname}`,
    host: plan.host,
    withstands: withstands(findings),
    pages: pages.map(({ page, state, first, last }) => ({ origin: page.origin, state, first, last })),
    attacks: attacks.map(({ shot, verdict, answer }) => ({ ...described(shot), verdict, answer })),
    ...ender !== null && {
      ender: { ...described(ender.shot), hasEnded: ender.hasEnded, answer: ender.answer },
    },
  };
}

function paint({ colors }: Layout, code: number, text: string): string {
  return colors ? `\x1b[${code}m${text}\x1b[0m` : text;
}
