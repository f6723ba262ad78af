/**
 * The commands: arguments in, text and an exit status out. Nothing here knows a runtime.
 */

import { ConfigError } from "../config.ts";
import { whyInOneLine, wrap } from "../explain/explanation_text.ts";
import { lint, LINT_LEVELS, type LintFinding } from "../explain/lint.ts";
import { didYouMean } from "../spelling.ts";
import { quote } from "../quote.ts";
import { compiledOf, type Policy } from "../verdict/policy.ts";
import {
  type Environment,
  type Given,
  isOfHosts,
  LIST_OPTIONS,
  type ListOptions,
  type OptionTable,
  policyOf,
  policyOptions,
  sortArguments,
  UsageError,
} from "./arguments.ts";
import { ANY_HOST, needsHost, runExplain, WHICH_SCHEME } from "./explain_command.ts";
import { handshakeOf } from "./handshake_text.ts";
import { HELP, VERSION } from "./help.ts";
import { json } from "./json.ts";
import { judgeAsServer, type Judgements } from "./judge.ts";
import { runProbe } from "./probe.ts";
import { PROBE_OPTIONS } from "./probe_target.ts";
import { drawTree, treeOf } from "./tree.ts";

/** What a command ends with. */
export interface CommandResult {
  /** 0: allowed, or no danger. 1: refused, or a danger. 2: the question is wrong. Of a command that waits, 2 so far. */
  readonly status: 0 | 1 | 2;
  /** What belongs on standard output, without a line feed at its end. */
  readonly output: string;
  /** What belongs on standard error; "": nothing. */
  readonly error: string;
  /** Where a command has to wait for others: what it ends with in place of this. Never rejects. */
  readonly later?: Promise<CommandResult>;
}

type Ending = Pick<CommandResult, "status" | "output">;
type Command = (given: Given, environment: Environment) => Ending | Promise<Ending>;

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
    options: {
      ...LIST_OPTIONS,
      ignore: "many",
      strict: "flag",
      allows: "many",
      refuses: "many",
      host: "once",
    },
    run: runCheck,
  },
  tree: { options: LIST_OPTIONS, run: runTree },
  probe: { options: PROBE_OPTIONS, run: runProbe },
};

/** Runs a command. Never throws, whatever it is given. */
export function runCommand(args: readonly string[], environment: Environment): CommandResult {
  const [name = "", ...rest] = args;
  try {
    if (["-h", "--help", "help"].includes(name)) {
      const [topic = ""] = rest;
      return said(HELP[Object.hasOwn(HELP, topic) ? topic : ""]!);
    }
    if (["-V", "--version", "version"].includes(name)) return said(`wsgate ${VERSION}`);
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      const what = name === ""
        ? "which command?"
        : `unknown command ${quote(name)}.${didYouMean(name, Object.keys(COMMANDS))}`;
      throw new UsageError(`${what} Commands: ${Object.keys(COMMANDS).join(", ")}. wsgate -h says more`);
    }
    const given = sortArguments(rest, `wsgate ${name}`, command.options);
    if (given.values.has("help")) return said(HELP[name]!);
    const ending = command.run(given, environment);
    if (!(ending instanceof Promise)) return { ...ending, error: "" };
    const later = ending.then((it) => ({ ...it, error: "" }), (error) => failed(error, args));
    return { status: 2, output: "", error: "", later };
  } catch (error) {
    return failed(error, args);
  }
}

function failed(error: unknown, args: readonly string[]): CommandResult {
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

function said(help: string): CommandResult {
  return { status: 0, output: help.trimEnd(), error: "" };
}

function one(given: Given, name: string): string | undefined {
  return given.values.get(name)?.[0];
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
  const policy = policyOf(options);
  const ignored = ignoredCodes(given);
  const findings = lint(options).filter(({ code }) => !ignored.includes(code));
  const surprises = surprisesOf(given, options, policy);
  const failing = given.values.has("strict") ? findings : findings.filter(({ level }) => level === "danger");
  const status = failing.length + surprises.length === 0 ? 0 : 1;
  if (given.values.has("json")) {
    return { status, output: json({ findings, surprises: surprises.map(({ object }) => object) }) };
  }
  const lines = findingsText(findings, countOf(options), environment);
  for (const { text } of surprises) lines.push("", ...wrap(text, 0, environment.columns));
  return { status, output: lines.join("\n") };
}

function ignoredCodes(given: Given): readonly string[] {
  const codes = (given.values.get("ignore") ?? []).flatMap((value) => value.split(",")).map((code) =>
    code.trim()
  );
  for (const code of codes) {
    // What is ignored by a wrong name is not ignored, or one day another finding.
    if (!Object.hasOwn(LINT_LEVELS, code)) {
      throw new UsageError(
        `--ignore: unknown code ${quote(code)}.${didYouMean(code, Object.keys(LINT_LEVELS))}`,
      );
    }
  }
  return codes;
}

/** What --allows and --refuses expect and the list does not do. */
interface Surprise {
  readonly text: string;
  /** For a program. */
  readonly object: unknown;
}

function surprisesOf(given: Given, options: ListOptions, policy: Policy): Surprise[] {
  const host = one(given, "host");
  const expected = [
    ...(given.values.get("allows") ?? []).map((origin) => ({ origin, allowed: true })),
    ...(given.values.get("refuses") ?? []).map((origin) => ({ origin, allowed: false })),
  ];
  if (expected.length > 0 && host === undefined && needsHost(options)) {
    throw new UsageError("which Host? With a list of hosts or 'self', --allows and --refuses need --host");
  }
  return expected.flatMap(({ origin, allowed }) => {
    const handshake = handshakeOf("/", [["host", host ?? ANY_HOST], ["origin", origin]]);
    const judgements = judgeAsServer(handshake, policy, { fields: "list", isServersUrl: false });
    return surprise(judgements, origin, allowed, host);
  });
}

function surprise(
  judgements: Judgements,
  given: string,
  allowed: boolean,
  host: string | undefined,
): Surprise[] {
  if (judgements.dependsOnScheme) {
    const { http, https } = judgements;
    const [yes, no] = https.explanation.decision.allowed ? ["https", "http"] : ["http", "https"];
    const { shown } = http.explanation.origin;
    return [{
      text: `${shown} is allowed with --scheme ${yes}, and refused with --scheme ${no}. ${WHICH_SCHEME}`,
      object: { dependsOn: "scheme", http: http.explanation, https: https.explanation },
    }];
  }
  const { explanation } = judgements.one;
  const { decision, origin } = explanation;
  // What is refused for another reason than its origin says nothing of the list.
  if (!decision.allowed && decision.reason.startsWith("host-")) {
    throw new UsageError(`--host ${quote(host!)} is refused itself: ${decision.reason}`);
  }
  if (origin.kind === "malformed") throw new UsageError(`${quote(given)} is not an origin`);
  if (decision.allowed === allowed) return [];
  const is = decision.allowed ? "allowed, and should be refused" : "refused, and should be allowed";
  return [{ text: `${origin.shown} is ${is}. ${whyInOneLine(explanation)}`, object: explanation }];
}

function countOf(options: ListOptions): number {
  const lists = isOfHosts(options) ? [options.allowedHosts] : [options.origins, options.hosts ?? []];
  return [...lists, options.dangerouslyAllow ?? []].reduce((sum, { length }) => sum + length, 0);
}

function findingsText(findings: readonly LintFinding[], entries: number, environment: Environment): string[] {
  const of = counted(entries, "entry", "entries");
  if (findings.length === 0) return [`No findings in ${of}`];
  const lines: string[] = [];
  let last = "";
  for (const { code, level, field, index, value, text } of findings) {
    const place = index < 0 ? field : `${field}[${index}]`;
    if (place !== last) {
      if (last !== "") lines.push("");
      lines.push(`${place} ${paint(environment, 36, quote(value))}`);
    }
    last = place;
    const isDanger = level === "danger";
    const [first, ...rest] = wrap(`${code}${isDanger ? " (danger)" : ""}: ${text}`, 4, environment.columns);
    lines.push(first!.replace(code, paint(environment, isDanger ? 31 : 33, code)), ...rest);
  }
  const dangers = findings.filter(({ level }) => level === "danger").length;
  const parts = [
    ...dangers > 0 ? [counted(dangers, "danger", "dangers")] : [],
    ...findings.length > dangers ? [counted(findings.length - dangers, "note", "notes")] : [],
  ];
  return [...lines, "", `${parts.join(" and ")} in ${of}`];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function paint({ colors }: Environment, code: number, text: string): string {
  return colors ? `\x1b[${code}m${text}\x1b[0m` : text;
}

// ---- tree -----------------------------------------------------------------------------------------------------------

function runTree(given: Given, environment: Environment): Pick<CommandResult, "status" | "output"> {
  const options = policyOptions(given, environment);
  const tree = treeOf(compiledOf(policyOf(options)).origins);
  if (given.values.has("json")) return { status: 0, output: json(tree) };
  const colors = { dim: 2, entry: 36, wild: 33 };
  const lines = drawTree(tree, (color, text) => paint(environment, colors[color], text));
  return {
    status: 0,
    output: lines.length === 0 ? "The list is empty, so every origin is refused" : lines.join("\n"),
  };
}
