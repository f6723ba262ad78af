// Options by their table, and lists as people keep them.

import { describe, test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import {
  type Environment,
  LIST_OPTIONS,
  policyOptions,
  readFile,
  sortArguments,
  UsageError,
} from "../../src/cli/arguments.ts";

const TABLE = { ...LIST_OPTIONS, header: "many", origin: "once" } as const;

function given(...args: string[]) {
  return sortArguments(args, "wsgate x", TABLE);
}

/** A world of these files and variables. */
function environment(
  files: Record<string, string> = {},
  env: Record<string, string> = {},
  input = "",
): Environment {
  return {
    env: (name) => env[name],
    readFile: (path) => {
      if (files[path] === undefined) throw new Error(`no such file: ${path}\x1b`);
      return files[path];
    },
    readInput: () => input,
    columns: 80,
    colors: false,
  };
}

function usage(act: () => unknown): string {
  return assertThrows(act, UsageError).message;
}

describe("sortArguments()", () => {
  test("values, repeated values, flags, operands", () => {
    const { values, operands } = given(
      "a",
      "--file",
      "f",
      "--file=g=h",
      "-f",
      "i",
      "--debug",
      "-",
      "-H",
      "A: b",
      "--",
      "-c",
      "--d",
    );
    assertEquals([...values], [["file", ["f", "g=h", "i"]], ["debug", [""]], ["header", ["A: b"]]]);
    assertEquals(operands, ["a", "-", "-c", "--d"]);
  });
  test("a value may look like an option", () =>
    assertEquals(given("--origin", "-x").values.get("origin"), ["-x"]));
  const wrong: [args: string[], message: string][] = [
    [["--orign", "x"], `there is no option "--orign"; wsgate x -h lists them`],
    [["--toString"], `there is no option "--toString"; wsgate x -h lists them`],
    [["-x"], `there is no option "-x"; wsgate x -h lists them`],
    [["--\x1b[2J=1"], String.raw`there is no option "--\u001b[2J"; wsgate x -h lists them`],
    [["--origin"], "--origin needs a value"],
    [["--origin", "a", "--origin", "b"], "--origin is given twice"],
    [["--debug", "--debug"], "--debug is given twice"],
    [["--debug=true"], "--debug takes no value"],
  ];
  for (const [args, message] of wrong) {
    test(JSON.stringify(args), () => assertEquals(usage(() => given(...args)), message));
  }
});

describe("policyOptions()", () => {
  const files = {
    lines: "# ours\nhttps://a.test\n\n  https://b.test , https://c.test  # two of them\r\n'self'\n",
    list: '["https://a.test", "*.b.test"]',
    options: '{ "origins": ["https://a.test"], "hosts": ["a.test"], "debug": true }',
    address: "[::1]\nhttp://[::1]:3000",
    broken: '["https://a.test"',
    hash: "https://a.test#x",
  };
  const env = { ORIGINS: "https://e.test,https://f.test", EMPTY: "" };
  const options = (...args: string[]) =>
    policyOptions(given(...args), environment(files, env, "https://in.test\n"));

  const table: [args: string[], options: Record<string, unknown>][] = [
    [["https://a.test", "*"], { origins: ["https://a.test", "*"] }],
    [["--file", "lines"], { origins: ["https://a.test", "https://b.test", "https://c.test", "'self'"] }],
    [["--file", "list", "x"], { origins: ["https://a.test", "*.b.test", "x"] }],
    [["--file", "options"], { origins: ["https://a.test"], hosts: ["a.test"], debug: true }],
    [["--file", "options", "x"], { origins: ["https://a.test", "x"], hosts: ["a.test"], debug: true }],
    [["--file", "address"], { origins: ["[::1]", "http://[::1]:3000"] }],
    [["--file", "hash"], { origins: ["https://a.test#x"] }],
    [["--env", "ORIGINS"], { origins: ["https://e.test", "https://f.test"] }],
    [["--env", "EMPTY"], { origins: [] }],
    [["-", "x"], { origins: ["https://in.test", "x"] }],
    [[
      "x",
      "--hosts",
      "a, b",
      "--hosts=c",
      "--scheme",
      "https",
      "--absent",
      "allow",
      "--debug",
      "--dangerously-allow",
      "null",
    ], {
      origins: ["x"],
      hosts: ["a", "b", "c"],
      dangerouslyAllow: ["null"],
      absent: "allow",
      scheme: "https",
      debug: true,
    }],
  ];
  for (const [args, expected] of table) {
    test(args.join(" "), () => assertEquals<unknown>(options(...args), expected));
  }

  const wrong: [args: string[], message: string][] = [
    [[], "which origins? Give patterns, --file FILE, --env NAME, or - for standard input"],
    [["--hosts", "a"], "which origins? Give patterns, --file FILE, --env NAME, or - for standard input"],
    [["--env", "UNSET"], 'the environment variable "UNSET" is not set'],
    [["--file", "none"], String.raw`"none" cannot be read: "no such file: none\u001b"`],
  ];
  for (const [args, message] of wrong) {
    test(JSON.stringify(args), () => assertEquals(usage(() => options(...args)), message));
  }
  test("broken JSON", () => {
    assertEquals(
      usage(() => options("--file", "broken")).split(":")[0],
      '"broken" begins like JSON and is none',
    );
  });
  test("a long list", () => {
    const text = Array.from({ length: 300_000 }, (_, index) => `https://a${index}.test`).join("\n");
    const read = policyOptions(given("--file", "long"), environment({ long: text }));
    assertEquals(read.origins.length, 300_000);
  });
});

test("readFile() gives the text", () => assertEquals(readFile("a", environment({ a: "b" })), "b"));
