/**
 * What a command was given: its options by a table, and the lists that it is about, from arguments, files, the
 * environment or standard input.
 */

import { didYouMean } from "../spelling.ts";
import { parseList } from "../pattern/parse_list.ts";
import { publicSuffixes } from "../public_suffixes.ts";
import { quote } from "../quote.ts";
import {
  type AllowedHostsPolicyOptions,
  compileAllowedHosts,
  compilePolicy,
  type Policy,
  type PolicyOptions,
} from "../verdict/policy.ts";
import type { Connect } from "./probe_connection.ts";

/** The world around a command. */
export interface Environment {
  /** The value of an environment variable; undefined: it is not set. */
  readonly env: (name: string) => string | undefined;
  /** The text of a file. Throws what the runtime does. */
  readonly readFile: (path: string) => string;
  /** All of standard input. */
  readonly readInput: () => string;
  /** Opens a connection. */
  readonly connect: Connect;
  /** How wide the terminal is; 80 where there is none. */
  readonly columns: number;
  /** Whether standard output understands colors and wants them. */
  readonly colors: boolean;
}

/** A command that cannot be understood; the message is the one line that says why. */
export class UsageError extends Error {}

/** How an option is given: alone, once with a value, or any number of times. */
export type OptionKind = "flag" | "once" | "many";

/** The options of a command, by their long name. */
export type OptionTable = Readonly<Record<string, OptionKind>>;

/** The options that every command with a list has. */
export const LIST_OPTIONS = {
  file: "many",
  env: "many",
  hosts: "many",
  "allowed-hosts": "many",
  "dangerously-allow": "many",
  absent: "once",
  scheme: "once",
  debug: "flag",
  "public-suffixes": "flag",
  json: "flag",
  help: "flag",
} as const satisfies OptionTable;

/** What was given, sorted. */
export interface Given {
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What is no option, in order; `-` included. */
  readonly operands: readonly string[];
}

const SHORT: Readonly<Record<string, string>> = { "-h": "help", "-H": "header", "-f": "file" };

/** Sorts arguments by a table of options. Throws {@linkcode UsageError}. */
export function sortArguments(args: readonly string[], command: string, table: OptionTable): Given {
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      operands.push(arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const written = equals < 0 ? arg : arg.slice(0, equals);
    const name = SHORT[written] ?? (written.startsWith("--") ? written.slice(2) : "");
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) {
      const meant = didYouMean(name, Object.keys(table), "--");
      throw new UsageError(`unknown option ${quote(written)}.${meant} ${command} -h lists the options`);
    }
    const before = values.get(name) ?? [];
    if (kind !== "many" && before.length > 0) throw new UsageError(`--${name} is given twice`);
    if (kind === "flag") {
      if (equals >= 0) throw new UsageError(`--${name} takes no value`);
      values.set(name, [""]);
      continue;
    }
    const value = equals < 0 ? args[++index] : arg.slice(equals + 1);
    if (value === undefined) throw new UsageError(`--${name} needs a value`);
    values.set(name, [...before, value]);
  }
  return { values, operands };
}

/** What the lists and options of a command come to. */
export type ListOptions = PolicyOptions | AllowedHostsPolicyOptions;

/** Compiles either kind. Throws ConfigError. */
export function policyOf(options: ListOptions): Policy {
  return isOfHosts(options) ? compileAllowedHosts(options) : compilePolicy(options);
}

/** Reports whether one list of hosts is given in place of origins and hosts. */
export function isOfHosts(options: ListOptions): options is AllowedHostsPolicyOptions {
  return "allowedHosts" in options;
}

/** The policy that the lists and options of a command make. Throws {@linkcode UsageError}. */
export function policyOptions({ values, operands }: Given, environment: Environment): ListOptions {
  const options: Record<string, unknown> = {};
  const origins: unknown[] = [];
  let given = false;
  const take = (text: string, from: string) => {
    given = true;
    const read = readList(text, from);
    // Not push(...): that has a limit of some hundred thousand.
    if (Array.isArray(read)) return read.forEach((entry) => origins.push(entry));
    for (const [key, value] of Object.entries(read)) {
      if (Object.hasOwn(options, key)) {
        throw new UsageError(`${quote(key)} is given twice, by ${quote(from)} too`);
      }
      options[key] = value;
    }
  };
  for (const path of values.get("file") ?? []) take(readFile(path, environment), path);
  for (const name of values.get("env") ?? []) {
    const text = environment.env(name);
    if (text === undefined) throw new UsageError(`the environment variable ${quote(name)} is not set`);
    take(text, name);
  }
  for (const operand of operands) {
    if (operand === "-") take(readInput(environment), "standard input");
    else {
      given = true;
      origins.push(operand);
    }
  }
  const hosts = commaSeparated(values.get("hosts"));
  if (hosts !== undefined) options.hosts = hosts;
  const allowedHosts = commaSeparated(values.get("allowed-hosts"));
  if (allowedHosts !== undefined) options.allowedHosts = allowedHosts;
  if (Object.hasOwn(options, "allowedHosts")) {
    if (origins.length > 0 || Object.hasOwn(options, "origins") || Object.hasOwn(options, "hosts")) {
      throw new UsageError(
        "give allowed hosts, or origins and --hosts: allowed hosts take the place of both",
      );
    }
  } else if (!given) {
    throw new UsageError(
      "which origins? Give patterns, --file FILE, --env NAME, --allowed-hosts, or - for standard input",
    );
  } else if (options.origins === undefined) options.origins = origins;
  // What is no list stays, to be told of.
  else if (Array.isArray(options.origins)) options.origins = [...options.origins, ...origins];
  const dangerous = values.get("dangerously-allow");
  if (dangerous !== undefined) options.dangerouslyAllow = dangerous;
  for (const name of ["absent", "scheme"]) {
    const value = values.get(name);
    if (value !== undefined) options[name] = value[0];
  }
  if (values.has("debug")) options.debug = true;
  if (values.has("public-suffixes")) options.suffixes = publicSuffixes;
  // Whatever it is: compiling says what is wrong with it, and how to write it.
  return options as unknown as ListOptions;
}

function commaSeparated(values: readonly string[] | undefined): string[] | undefined {
  return values?.flatMap((value) => value.split(",")).map((entry) => entry.trim());
}

/** A file's text. Throws {@linkcode UsageError}. */
export function readFile(path: string, environment: Environment): string {
  try {
    return environment.readFile(path);
  } catch (error) {
    throw new UsageError(`${quote(path)} cannot be read: ${quote((error as Error).message, 200)}`);
  }
}

/** Standard input. Throws {@linkcode UsageError}. */
export function readInput(environment: Environment): string {
  try {
    return environment.readInput();
  } catch (error) {
    throw new UsageError(`standard input cannot be read: ${quote((error as Error).message, 200)}`);
  }
}

/** A list as {@linkcode parseList} reads it, or a JSON object with the options of a policy. */
function readList(text: string, from: string): unknown[] | Record<string, unknown> {
  const plain = text.replace(/^\ufeff/, "").trim();
  const isObject = plain.startsWith("{");
  // An array that does not end was cut off: what is left of it is not the list. One that is not quite JSON is read.
  const isCut = plain.startsWith("[") && !plain.endsWith("]") && !/^\[[\da-f:]/i.test(plain);
  if (!isObject && !isCut) return parseList(text);
  try {
    return JSON.parse(plain);
  } catch (error) {
    const why = /,\s*[\]}]/.test(plain)
      ? "remove the comma before the ] or } that closes it"
      : quote((error as Error).message, 200);
    throw new UsageError(`${quote(from)} begins like JSON, but cannot be read: ${why}`);
  }
}
