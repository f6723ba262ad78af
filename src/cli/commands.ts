/**
 * The commands: arguments in, text and an exit status out. Nothing here knows a runtime.
 */

import { ConfigError } from "../config.ts";
import { explain } from "../explain/explain.ts";
import { formatExplanation, whyInOneLine, wrap } from "../explain/explanation_text.ts";
import { lint, type LintFinding } from "../explain/lint.ts";
import type { Handshake } from "../handler.ts";
import { requestedUpgrade } from "../handshake.ts";
import { quote } from "../quote.ts";
import { compiledOf, compilePolicy, type PolicyOptions } from "../verdict/policy.ts";
import {
  type Environment,
  type Given,
  LIST_OPTIONS,
  type OptionTable,
  policyOptions,
  readFile,
  readInput,
  sortArguments,
  UsageError,
} from "./arguments.ts";
import { handshakeOf, readHandshake } from "./handshake_text.ts";
import { HELP } from "./help.ts";
import { drawTree, treeOf } from "./tree.ts";

/** What a command ends with. */
export interface CommandResult {
  /** 0: allowed, or nothing found. 1: refused, or something found. 2: the question is wrong. */
  readonly status: 0 | 1 | 2;
  /** What belongs on standard output, without a line feed at its end. */
  readonly output: string;
  /** What belongs on standard error; "": nothing. */
  readonly error: string;
}

type Command = (given: Given, environment: Environment) => Pick<CommandResult, "status" | "output">;

const COMMANDS: Readonly<Record<string, { readonly options: OptionTable; readonly run: Command }>> = {
  explain: {
    options: {
      ...LIST_OPTIONS,
      origin: "once",
      host: "once",
      url: "once",
      header: "many",
      handshake: "once",
    },
    run: runExplain,
  },
  lint: { options: LIST_OPTIONS, run: runLint },
  check: {
    options: { ...LIST_OPTIONS, ignore: "many", allows: "many", refuses: "many", host: "once" },
    run: runCheck,
  },
  tree: { options: LIST_OPTIONS, run: runTree },
};

/** Runs a command. Never throws, whatever it is given. */
export function runCommand(args: readonly string[], environment: Environment): CommandResult {
  const [name = "", ...rest] = args;
  try {
    if (["-h", "--help", "help"].includes(name)) {
      const [topic = ""] = rest;
      return said(HELP[Object.hasOwn(HELP, topic) ? topic : ""]!);
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      const what = name === "" ? "which command?" : `there is no command ${quote(name)}:`;
      throw new UsageError(`${what} explain, lint, check or tree; wsgate -h says more`);
    }
    const given = sortArguments(rest, `wsgate ${name}`, command.options);
    if (given.values.has("help")) return said(HELP[name]!);
    return { ...command.run(given, environment), error: "" };
  } catch (error) {
    if (error instanceof UsageError) return { status: 2, output: "", error: `wsgate: ${error.message}` };
    if (error instanceof ConfigError) {
      return {
        status: 2,
        output: args.includes("--json") ? json({ issues: error.issues }) : "",
        error: error.message,
      };
    }
    // Nothing else is expected; 1 would say that something was found.
    return { status: 2, output: "", error: `wsgate: ${quote(String(error), 200)}` };
  }
}

function said(help: string): CommandResult {
  return { status: 0, output: help.trimEnd(), error: "" };
}

/** JSON in ASCII: what an operator wrote may hold characters that a terminal obeys or turns around. */
function json(value: unknown): string {
  let text;
  try {
    text = JSON.stringify(value, null, 2);
  } catch {
    text = '"nested too deeply to be written"';
  }
  return text.replace(/[^\n\x20-\x7e]/g, (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"));
}

function one(given: Given, name: string): string | undefined {
  return given.values.get(name)?.[0];
}

function needsHost(options: PolicyOptions): boolean {
  return options.hosts !== undefined || options.origins.includes("'self'");
}

/** For where it does not matter: no name, and nobody's. */
const ANY_HOST = "host.invalid";

// ---- explain --------------------------------------------------------------------------------------------------------

function runExplain(given: Given, environment: Environment): Pick<CommandResult, "status" | "output"> {
  const copied = one(given, "handshake");
  if (copied === "-" && given.operands.includes("-")) {
    throw new UsageError("standard input cannot be the list and the handshake: give one of them as a file");
  }
  if (copied === undefined && !["origin", "host", "header"].some((name) => given.values.has(name))) {
    throw new UsageError("which handshake? Give --origin, or --handshake FILE");
  }
  const options = policyOptions(given, environment);
  const policy = compilePolicy(options);
  const handshake = handshakeFrom(given, environment, copied);
  const hostGiven = handshake.headers.get("host") !== null || copied !== undefined;
  if (!hostGiven && needsHost(options)) {
    throw new UsageError("which Host? With --hosts or 'self', give --host");
  }
  const judged: Handshake = hostGiven ? handshake : withHost(handshake, ANY_HOST);
  const explanation = explain(judged, policy);
  const status = explanation.decision.allowed ? 0 : 1;
  const shown = hostGiven
    ? explanation
    : { ...explanation, host: { kind: "absent", shown: "(not given)" } as const };
  if (given.values.has("json")) return { status, output: json(shown) };
  const { columns, colors } = environment;
  const lines = [formatExplanation(shown, "text", { columns, colors })];
  if (copied !== undefined && requestedUpgrade(handshake) !== "websocket") {
    lines.push("", ...wrap(NO_HANDSHAKE, 2, columns));
  }
  return { status, output: lines.join("\n") };
}

const NO_HANDSHAKE =
  "What was copied does not ask for a WebSocket (its Upgrade is not websocket), so a guard passes " +
  "it on or refuses it for that alone; and browsers leave Origin out of a plain GET.";

/** The copied handshake, if there is one, with what was given beside it in place of its own. */
function handshakeFrom(given: Given, environment: Environment, copied: string | undefined): Handshake {
  let handshake: Handshake = handshakeOf(one(given, "url") ?? "/", []);
  if (copied !== undefined) {
    const read = readHandshake(copied === "-" ? readInput(environment) : readFile(copied, environment));
    if (read === null) {
      throw new UsageError(
        `there is no header in ${copied === "-" ? "standard input" : quote(copied)}: Name: value`,
      );
    }
    handshake = { ...read, url: one(given, "url") ?? read.url };
  }
  const fields = (given.values.get("header") ?? []).map((text): [string, string] => {
    const colon = text.indexOf(":");
    if (colon <= 0) throw new UsageError(`a header is "Name: value", not ${quote(text)}`);
    return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  for (const name of ["origin", "host"]) {
    const value = one(given, name);
    if (value !== undefined) fields.push([name, value]);
  }
  const own = handshakeOf("", fields).headers;
  const { headers } = handshake;
  return { ...handshake, headers: { get: (name) => own.get(name) ?? headers.get(name) } };
}

function withHost(handshake: Handshake, host: string): Handshake {
  const { headers } = handshake;
  return { ...handshake, headers: { get: (name) => name === "host" ? host : headers.get(name) } };
}

// ---- lint and check -------------------------------------------------------------------------------------------------

function runLint(given: Given, environment: Environment): Pick<CommandResult, "status" | "output"> {
  const options = policyOptions(given, environment);
  const findings = lint(options);
  if (given.values.has("json")) return { status: 0, output: json(findings) };
  return { status: 0, output: findingsText(findings, countOf(options), environment).join("\n") };
}

function runCheck(given: Given, environment: Environment): Pick<CommandResult, "status" | "output"> {
  const options = policyOptions(given, environment);
  const policy = compilePolicy(options);
  const ignored = (given.values.get("ignore") ?? []).flatMap((codes) => codes.split(",")).map((code) =>
    code.trim()
  );
  const findings = lint(options).filter(({ code }) => !ignored.includes(code));
  const host = one(given, "host");
  const expected = [
    ...(given.values.get("allows") ?? []).map((origin) => ({ origin, allowed: true })),
    ...(given.values.get("refuses") ?? []).map((origin) => ({ origin, allowed: false })),
  ];
  if (expected.length > 0 && host === undefined && needsHost(options)) {
    throw new UsageError("which Host? With --hosts or 'self', --allows and --refuses need --host");
  }
  const surprises = expected.flatMap(({ origin, allowed }) => {
    const handshake = handshakeOf("/", [["host", host ?? ANY_HOST], ["origin", origin]]);
    const explanation = explain(handshake, policy);
    const { decision } = explanation;
    // What is refused for another reason than its origin says nothing of the list.
    if (!decision.allowed && decision.reason.startsWith("host-")) {
      throw new UsageError(`--host ${quote(host!)} is refused itself: ${decision.reason}`);
    }
    if (explanation.origin.kind === "malformed") throw new UsageError(`${quote(origin)} is no origin`);
    return decision.allowed === allowed ? [] : [explanation];
  });
  const status = findings.length + surprises.length === 0 ? 0 : 1;
  if (given.values.has("json")) return { status, output: json({ findings, surprises }) };
  const lines = findingsText(findings, countOf(options), environment);
  for (const explanation of surprises) {
    const { decision, origin } = explanation;
    const is = decision.allowed ? "allowed, and should be refused" : "refused, and should be allowed";
    lines.push(
      "",
      ...wrap(`${origin.shown} is ${is}. ${whyInOneLine(explanation)}.`, 0, environment.columns),
    );
  }
  return { status, output: lines.join("\n") };
}

function countOf({ origins, dangerouslyAllow, hosts }: PolicyOptions): number {
  return origins.length + (dangerouslyAllow?.length ?? 0) + (hosts?.length ?? 0);
}

function findingsText(findings: readonly LintFinding[], entries: number, environment: Environment): string[] {
  const of = `${entries} ${entries === 1 ? "entry" : "entries"}`;
  if (findings.length === 0) return [`Nothing to say of ${of}.`];
  const lines: string[] = [];
  let last = "";
  for (const { code, field, index, value, text } of findings) {
    const place = index < 0 ? field : `${field}[${index}]`;
    if (place !== last) {
      if (last !== "") lines.push("");
      lines.push(`${place} ${paint(environment, 36, quote(value))}`);
    }
    last = place;
    const [first, ...rest] = wrap(`${code}: ${text}.`, 4, environment.columns);
    lines.push(first!.replace(code, paint(environment, 33, code)), ...rest);
  }
  return [...lines, "", `${findings.length} ${findings.length === 1 ? "finding" : "findings"} in ${of}.`];
}

function paint({ colors }: Environment, code: number, text: string): string {
  return colors ? `\x1b[${code}m${text}\x1b[0m` : text;
}

// ---- tree -----------------------------------------------------------------------------------------------------------

function runTree(given: Given, environment: Environment): Pick<CommandResult, "status" | "output"> {
  const options = policyOptions(given, environment);
  const tree = treeOf(compiledOf(compilePolicy(options)).origins);
  if (given.values.has("json")) return { status: 0, output: json(tree) };
  const colors = { dim: 2, entry: 36, wild: 33 };
  const lines = drawTree(tree, (color, text) => paint(environment, colors[color], text));
  return {
    status: 0,
    output: lines.length === 0 ? "The list is empty: it refuses every origin." : lines.join("\n"),
  };
}
