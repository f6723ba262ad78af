// The commands, as functions: exit status, standard output and standard error, by table.

import { describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CommandResult, runCommand } from "../../src/cli/commands.ts";
import type { Environment } from "../../src/cli/arguments.ts";
import { HELP, VERSION } from "../../src/cli/help.ts";
import { eachRow, product } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { noNetwork } from "./probing.ts";

const words = wordsOf(import.meta.url);

const FILES: Readonly<Record<string, string>> = {
  handshake:
    "GET wss://ws.test/chat HTTP/1.1\nHost: ws.test\nUpgrade: websocket\nOrigin: https://a.test:8443\nCookie: secret=1\n",
  plain: "GET / HTTP/1.1\nHost: ws.test\n",
  nothing: "hello",
  list: "https://a.test\nhttps://*.b.test\n",
};

function wsgate(args: readonly string[], more: Partial<Environment> = {}): CommandResult {
  return runCommand(args, {
    env: (name) => name === "ORIGINS" ? "https://a.test,https://b.test" : undefined,
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error("no such file");
      return text;
    },
    readInput: () => FILES.handshake!,
    connect: noNetwork,
    columns: 80,
    colors: false,
    ...more,
  });
}

/** A text without its colors. */
function uncoloured(text: string): string {
  return text.split("\x1b").map((part, index) => index === 0 ? part : part.replace(/^\[\d+m/, "")).join("");
}

/** By arguments: what the output has to name. */
function prints(command: string, status: number, table: Readonly<Record<string, string>>): void {
  for (const [args, named] of Object.entries(table)) {
    test(`${command} ${args}`, () => {
      const result = wsgate(`${command} ${args}`.split(" "));
      assertEquals(result.status, status, JSON.stringify(result));
      assertStringIncludes(result.output, named);
      words.assert(`${command} ${args}`, result.output);
    });
  }
}

describe("explain", () => {
  test("a wrong port is found with one command", () => {
    const args =
      "explain --origin https://app.example.com:8443 --host ws.example.com https://app.example.com";
    const { status, output, error } = wsgate(args.split(" "));
    assertEquals([status, error], [1, ""]);
    assertStringIncludes(output, '"https://app.example.com" (origins[0])');
    assertEquals(output.split("\n").slice(-2), ["", '      "https://app.example.com:8443"']);
    words.assert(args, output);
  });

  prints("explain", 0, {
    "--origin https://a.test https://b.test .a.test": '".a.test" (origins[1])',
    "--origin https://a.test https://a.test": '"https://a.test" (origins[0])',
    "--origin https://a.test --env ORIGINS": '"https://a.test" (origins[0])',
    "--origin https://x.b.test --file list": '"https://*.b.test" (origins[1])',
    "--origin https://ws.test --host ws.test --url https://ws.test/ --hosts ws.test 'self'":
      `"'self'" (origins[0])`,
    "--origin https://ws.test --host ws.test --scheme https --hosts ws.test 'self'": `"'self'" (origins[0])`,
    "--host ws.test --absent allow https://a.test": '"allow"',
    "-H Origin:null --dangerously-allow null https://a.test": '"null" (dangerouslyAllow[0])',
    "--origin http://localhost:1 --debug https://a.test": '"http://localhost:*"',
    "--handshake - https://a.test:8443": '"https://a.test:8443" (origins[0])',
    "--handshake handshake --origin https://a.test https://a.test": '"https://a.test" (origins[0])',
    "--handshake plain --absent allow *": '"allow"',
  });
  prints("explain", 1, {
    "--handshake handshake https://a.test": '"https://a.test" (origins[0])',
    "--handshake handshake --url http://other.test/ https://a.test": "400 host-mismatch",
    "--handshake plain --origin https://a.test https://a.test --hosts a.test": "403 host-not-allowed",
  });

  test("--json is the object, in ASCII, and never a cookie's value", () => {
    const { output, status } = wsgate([
      "explain",
      "--json",
      "--handshake",
      "handshake",
      "https://bücher.test",
    ]);
    assertEquals(status, 1);
    assert(/^[\n\x20-\x7e]*$/.test(output) && !output.includes("secret"));
    const { decision, origin, credentials } = JSON.parse(output);
    assertEquals([decision.reason, origin.port, credentials], ["origin-not-allowed", 8443, true]);
    const allowed = wsgate([
      "explain",
      "--json",
      "--origin",
      "https://xn--bcher-kva.test",
      "https://bücher.test",
    ]);
    assert(/^[\n\x20-\x7e]*$/.test(allowed.output), allowed.output);
    assertEquals(JSON.parse(allowed.output).rule.pattern, "https://bücher.test");
  });

  test("colors where they are wanted", () => {
    const args = ["explain", "--origin", "https://a.test:1", "https://a.test"];
    const plain = wsgate(args).output;
    assert(!plain.includes("\x1b"));
    const painted = wsgate(args, { colors: true }).output;
    assertEquals(uncoloured(painted), plain);
    assert(painted.startsWith(`\x1b[31m${plain.split(" ")[0]}\x1b[0m `), JSON.stringify(painted));
  });

  test("hostile text is escaped on its way out", () => {
    const hostile = ["\x1b[2J\u202e", "a".repeat(10_000), "\ud800", "https://a.test\r\nallowed"];
    const places: ((text: string) => string[])[] = [
      (text) => ["--origin", text],
      (text) => ["--host", text],
      (text) => ["--url", `http://${text}/`, "--origin", "null"],
      (text) => ["-H", `Origin: ${text}`],
    ];
    eachRow(product(hostile, places, [[], ["--json"]]), ([text, place, json]) => {
      const { output, error } = wsgate(["explain", ...place(text), ...json, "https://a.test"]);
      assertEquals(error, "");
      assert(/^[\n\x20-\x7e]+$/.test(output) && output.length < 2500, JSON.stringify(output));
    });
  });
});

describe("lint and check", () => {
  test("findings, grouped by entry and wrapped", () => {
    const args = ["lint", ".goodsite.com", "http://.goodsite.com:80"];
    const { status, output, error } = wsgate(args);
    assertEquals([status, error], [0, ""]);
    assertEquals(output.match(/^(?:\S+ ".*"$| {4}[a-z-]+(?=: ))/gm), [
      'origins[0] ".goodsite.com"',
      "    any-scheme-and-port",
      'origins[1] "http://.goodsite.com:80"',
      "    covered",
      "    cleartext",
    ]);
    words.assert(args.join(" "), output);
    assertEquals(wsgate(["check", ...args.slice(1)]), { status: 0, output, error: "" });
    assertEquals(wsgate(["check", "--strict", ...args.slice(1)]), { status: 1, output, error: "" });
    const painted = wsgate(args, { colors: true }).output;
    assertEquals(uncoloured(painted), output);
    assert(painted.includes("\x1b[33mcovered\x1b[0m"));
  });
  prints("lint", 0, {
    "https://a.test": "1",
    "--file list --hosts a.test --dangerously-allow null": "4",
    "http://a.test": "cleartext",
    "--env ORIGINS --hosts a.test,a.test": "duplicate",
  });
  prints("check", 0, {
    "http://a.test a.test --ignore cleartext,any-scheme-and-port --ignore covered": "2",
    "--allows https://a.test --refuses https://a.test.evil.test https://a.test": "1",
    "--host ws.test --hosts ws.test --scheme https --allows https://ws.test 'self'": "2",
  });
  prints("check", 1, {
    "--absent allow --debug --dangerously-allow null https://bank.com": "debug-on (danger)",
    "--strict --ignore any-scheme-and-port http://a.test a.test": "cleartext",
    "--host ws.test --hosts ws.test --allows https://ws.test 'self'": "--scheme https",
    "--host ws.test --hosts ws.test --refuses http://ws.test 'self'": "--scheme http,",
    "--allows https://a.test:1 https://a.test": "https://a.test:1 ",
    "--refuses https://a.test https://a.test": "https://a.test ",
  });
  test("check names each danger, and passes where all of them are known", () => {
    const args = ["check", "--absent", "allow", "--debug", "--dangerously-allow", "null", "https://bank.com"];
    const { output } = wsgate(args);
    assertEquals(output.match(/[a-z-]+(?= \(danger\))/g), ["null-allowed", "absent-allowed", "debug-on"]);
    const known = ["--ignore", "debug-on, absent-allowed", "--ignore=null-allowed"];
    assertEquals(wsgate([...args, ...known]), { status: 0, output: "No findings in 2 entries", error: "" });
    const painted = wsgate(args, { colors: true }).output;
    assertEquals(uncoloured(painted), output);
    assert(painted.includes("\x1b[31mdebug-on\x1b[0m"));
  });
  test("check --json where the verdict depends on the scheme", () => {
    const args = "check --json --host ws.test --hosts ws.test --allows https://ws.test 'self'".split(" ");
    const [{ dependsOn, http, https }] = JSON.parse(wsgate(args).output).surprises;
    assertEquals([dependsOn, http.decision.allowed, https.decision.allowed], ["scheme", false, true]);
  });
  test("one list of hosts, for every command", () => {
    const hosts = ["--allowed-hosts", ".a.test,0.0.0.0"];
    const explained = ["explain", "--origin", "https://x.a.test", "--host", "a.test"];
    const statuses = [explained, ["lint"], ["check"], ["tree"]].map((args) =>
      wsgate([...args, ...hosts]).status
    );
    assertEquals(statuses, [0, 0, 1, 0]);
    const { output } = wsgate(["check", ...hosts]);
    assertEquals(output.match(/[a-z-]+(?= \(danger\))/g), ["bind-address"]);
    assert(output.endsWith(" in 2 entries"));
    const ask = (origin: string) =>
      wsgate(["check", "--ignore", "bind-address", "--host", "a.test", "--refuses", origin, ...hosts]).status;
    assertEquals([ask("https://evil.test"), ask("http://x.a.test")], [0, 1]);
  });
  test("an empty list is a finding of the list itself", () => {
    assertEquals(wsgate(["lint", "-"], { readInput: () => "" }).output.split("\n")[0], "origins []");
  });
  test("--json", () => {
    assertEquals(JSON.parse(wsgate(["lint", "--json", "http://a.test"]).output)[0].code, "cleartext");
    const { findings, surprises } = JSON.parse(
      wsgate(["check", "--json", "--allows", "null", "https://a.test"]).output,
    );
    assertEquals([findings, surprises[0].decision.reason], [[], "origin-null"]);
  });
});

describe("tree", () => {
  test("a list of hosts admits http and https pages", () => {
    assertEquals(wsgate(["tree", "--allowed-hosts", ".a.test:8443"]).output.split("\n"), [
      ".",
      "└─ a.test   http, 8443    .a.test:8443  allowedHosts[0]",
      "   │        https, 8443   .a.test:8443  allowedHosts[0]",
      "   └─ *     http, 8443    .a.test:8443  allowedHosts[0]",
      "            https, 8443   .a.test:8443  allowedHosts[0]",
    ]);
  });
  test("drawn, painted, and as JSON", () => {
    const args = ["tree", "https://*.a.test", "http://b.test"];
    const { output, status } = wsgate(args);
    assertEquals(status, 0);
    assertEquals(output.split("\n"), [
      ".",
      "└─ test",
      "   ├─ a",
      "   │  └─ *   https, 443   https://*.a.test  [0]",
      "   └─ b      http, 80     http://b.test  [1]",
    ]);
    assertEquals(uncoloured(wsgate(args, { colors: true }).output), output);
    const { root } = JSON.parse(wsgate([...args, "--json"]).output);
    assertEquals(root.children[0].children[1].entries[0].pattern, "http://b.test");
  });
  test("an empty list", () => {
    words.assert("tree of an empty list", wsgate(["tree", "-"], { readInput: () => "" }).output);
  });
});

describe("help, and wrong usage", () => {
  test("help", () => {
    const whole = wsgate(["-h"]);
    assertEquals(whole, { status: 0, output: HELP[""]!.trimEnd(), error: "" });
    assertEquals(wsgate(["--help"]), whole);
    assertEquals(wsgate(["help"]), whole);
    assertEquals(wsgate(["help", "nonsense"]), whole);
    eachRow(["explain", "lint", "check", "tree"], (name) => {
      const { status, output } = wsgate([name, "-h"]);
      assertEquals([status, output], [0, HELP[name]!.trimEnd()]);
      assert(output.startsWith(`wsgate ${name} `), output);
      assertEquals(wsgate(["help", name]).output, output);
    });
  });

  test("the version", () => {
    const version = wsgate(["--version"]);
    assertEquals(version, { status: 0, output: `wsgate ${VERSION}`, error: "" });
    assertEquals(wsgate(["-V"]), version);
    assertEquals(wsgate(["version"]), version);
  });

  /** Lines, and what the error has to name. */
  const wrong: Readonly<Record<string, string>> = {
    "wsgate": "",
    "wsgate expain": '"expain"',
    "wsgate constructor": '"constructor"',
    "wsgate explain https://a.test": "--origin",
    "wsgate explain --origin x": "--file",
    "wsgate explain --origin x --hosts a.test y.test": "--host",
    "wsgate explain --handshake - -": "",
    "wsgate explain --handshake nothing x.test": '"nothing"',
    "wsgate explain --handshake none x.test": '"none"',
    "wsgate explain -H Origin x.test": '"Origin"',
    "wsgate check --allows x --hosts a https://a.test": "--host",
    "wsgate lint --nope": '"--nope"',
    "wsgate explian": '"explain"',
    "wsgate lint --dangeruosly-allow null": '"--dangerously-allow"',
    "wsgate check --ignore debugon https://a.test": '"debug-on"',
    "wsgate check --ignore , https://a.test": '""',
    "wsgate explain --origin x --allowed-hosts a.test": "--host",
    "wsgate check --allows x --allowed-hosts a.test": "--host",
    "wsgate lint --allowed-hosts a.test https://a.test": "--hosts",
    "wsgate lint --allowed-hosts a.test --hosts a.test": "--hosts",
  };
  for (const [line, named] of Object.entries(wrong)) {
    test(line, () => {
      const { error, ...rest } = wsgate(line.split(" ").slice(1));
      assertEquals(rest, { status: 2, output: "" });
      assertStringIncludes(error, named);
      words.assert(line, error);
    });
  }
  test("standard input without a header", () => {
    const { error } = wsgate(["explain", "--handshake", "-", "x.test"], { readInput: () => "" });
    words.assert("explain --handshake - of an empty input", error);
  });
  test("a list that cannot be used: every fault with its fix, for every command", () => {
    eachRow([["explain", "--origin", "x"], ["lint"], ["check"], ["tree"]], (args) => {
      const { status, output, error } = wsgate([...args, "https://a.test/", "*.co.uk"]);
      assertEquals([status, output, error.split("\n").length], [2, "", 3]);
      assertStringIncludes(error, '"https://a.test"');
      words.assert("a list that cannot be used", error);
      const { issues } = JSON.parse(wsgate([...args, "--json", "https://a.test/"]).output);
      assertEquals(issues[0].code, "path");
    });
    assertEquals(
      wsgate(["lint", "--scheme", "ftp", "--absent", "no", "https://a.test"]).error.split("\n").length,
      3,
    );
    assertEquals(wsgate(["lint", "-"], { readInput: () => '{"origin": []}' }).status, 2);
  });
  test("what the runtime throws otherwise is an error, and no finding", () => {
    const options = {
      env: () => {
        throw new Error("no permission");
      },
    };
    const { status, output, error } = wsgate(["lint", "--env", "X"], options);
    assertEquals([status, output], [2, ""]);
    assertStringIncludes(error, '"Error: no permission"');
    words.assert("lint --env X, which throws", error);
  });
});

describe("what is wrong is never taken for a finding", () => {
  const broken = (): never => {
    throw new Error("is a directory");
  };
  const table: [args: string, error: RegExp][] = [
    [
      "check --hosts example.com --host typo.example --refuses https://evil.test https://evil.test",
      /"typo.example".*host-not-allowed/,
    ],
    ["check --refuses https//evil.test https://evil.test", /"https\/\/evil.test"/],
    ["check -", /"is a directory"/],
    ["check --file one --file other", /"origins".*"other"/],
    ["check --file string https://b.test", /origins .*not-a-list/],
  ];
  for (const [args, error] of table) {
    test(args, () => {
      const files: Record<string, string> = {
        one: '{"origins":["https://a.test"]}',
        other: '{"origins":["https://b.test"]}',
        string: '{"origins":"https://a.test"}',
      };
      const result = wsgate(args.split(" "), { readInput: broken, readFile: (path) => files[path]! });
      assertEquals(result.status, 2, result.output);
      assert(error.test(result.error), result.error);
      words.assert(args, result.error);
    });
  }

  test("check --json --file deep", () => {
    eachRow([20_000, 100_000], (depth) => {
      const deep = "[".repeat(depth) + "]".repeat(depth);
      const result = wsgate(["check", "--json", "--file", "deep"], { readFile: () => deep });
      assertEquals(result.status, 2);
      // What is shown of it depends on how deep a runtime can go. To the second depth none writes JSON.
      assertMatch(result.error, /origins\[0\] .*not-a-string/);
      if (depth === 100_000) words.assert("check --json --file deep", result.output);
    });
  });

  test("there is no help on what every object has", () => {
    assertEquals(wsgate(["help", "constructor"]), wsgate(["help"]));
    assertEquals(wsgate(["help", "tree"]).output === wsgate(["help"]).output, false);
  });

  test("a tree of more entries than a function takes arguments", () => {
    const list = Array.from({ length: 150_000 }, (_, i) => `https://h${i}.example.com`).join("\n");
    assertEquals(wsgate(["tree", "--file", "list"], { readFile: () => list }).status, 0);
  });
});

words.end();
