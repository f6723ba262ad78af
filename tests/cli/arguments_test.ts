// Options by their table, and lists as people keep them.

import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { check } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import {
  type Environment,
  isOfHosts,
  LIST_OPTIONS,
  type ListOptions,
  policyOf,
  policyOptions,
  readFile,
  sortArguments,
  UsageError,
} from "../../src/cli/arguments.ts";
import { quote } from "../../src/quote.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { noNetwork } from "./probing.ts";

const words = wordsOf(import.meta.url);

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
    connect: noNetwork,
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
  const wrong: [args: string[], named: string][] = [
    [["--orign", "x"], '"--orign"'],
    [["--toString"], '"--toString"'],
    [["-x"], '"-x"'],
    [["--\x1b[2J=1"], String.raw`"--\u001b[2J"`],
    [["--origin"], "--origin"],
    [["--origin", "a", "--origin", "b"], "--origin"],
    [["--debug", "--debug"], "--debug"],
    [["--debug=true"], "--debug"],
  ];
  for (const [args, named] of wrong) {
    test(JSON.stringify(args), () => {
      const message = usage(() => given(...args));
      assertStringIncludes(message, named);
      words.assert(args.join(" "), message);
    });
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
    comma: '{ "origins": ["https://a.test",] }',
    nearly: "['https://a.test', 'https://b.test',]",
    hosts: '\ufeff{ "allowedHosts": ["a.test"] }',
    both: '{ "allowedHosts": ["a.test"], "origins": [] }',
    "origins of .env": "ORIGINS=https://a.test",
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
    [["--file", "nearly"], { origins: ["https://a.test", "https://b.test"] }],
    [["--file", "origins of .env"], { origins: ["https://a.test"] }],
    [["--file", "hosts"], { allowedHosts: ["a.test"] }],
    [["--allowed-hosts", "a.test, .b.test", "--debug"], { allowedHosts: ["a.test", ".b.test"], debug: true }],
    [["--public-suffixes", "x"], { origins: ["x"], suffixes: publicSuffixes }],
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

  const wrong: [args: string[], ...named: string[]][] = [
    [[]],
    [["--hosts", "a"]],
    [["--allowed-hosts", "a", "x"], "--hosts"],
    [["--file", "hosts", "--hosts", "a"], "--hosts"],
    [["--file", "both"], "--hosts"],
    [["--file", "comma"], '"comma"', "comma before"],
    [["--env", "UNSET"], '"UNSET"'],
    [["--file", "none"], '"none"', String.raw`"no such file: none\u001b"`],
  ];
  for (const [args, ...named] of wrong) {
    test(JSON.stringify(args), () => {
      const message = usage(() => options(...args));
      for (const it of named) assertStringIncludes(message, it);
      words.assert(args.join(" "), message);
    });
  }
  test("broken JSON", () => {
    const message = usage(() => options("--file", "broken"));
    const cause = quote(assertThrows(() => JSON.parse(files.broken), SyntaxError).message, 200);
    assertStringIncludes(message, cause);
    words.assert("--file broken", message.replace(cause, "(what the runtime says)"));
  });
  test("a long list", () => {
    const text = Array.from({ length: 300_000 }, (_, index) => `https://a${index}.test`).join("\n");
    const read = policyOptions(given("--file", "long"), environment({ long: text }));
    assertEquals("origins" in read && read.origins.length, 300_000);
  });
});

test("policyOf() compiles either kind", () => {
  const headers = new Headers({ host: "a.test", origin: "https://a.test" });
  const handshake = { method: "GET", url: "/", headers };
  eachRow<ListOptions>([{ origins: ["https://a.test"] }, { allowedHosts: ["a.test"] }], (options) => {
    assertEquals(check(handshake, policyOf(options)).allowed, true);
    assertEquals(isOfHosts(options), "allowedHosts" in options);
  });
});

test("readFile() gives the text", () => assertEquals(readFile("a", environment({ a: "b" })), "b"));

words.end();
