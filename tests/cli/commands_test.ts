// The commands, as functions: exit status, standard output and standard error, by table.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type CommandResult, runCommand } from "../../src/cli/commands.ts";
import type { Environment } from "../../src/cli/arguments.ts";
import { eachRow, product } from "../rows.ts";

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
    columns: 80,
    colors: false,
    ...more,
  });
}

/** A text without its colors. */
function uncoloured(text: string): string {
  return text.split("\x1b").map((part, index) => index === 0 ? part : part.replace(/^\[\d+m/, "")).join("");
}

/** By arguments: one line of the output that has to be there. */
function prints(command: string, status: number, table: Readonly<Record<string, string>>): void {
  for (const [args, line] of Object.entries(table)) {
    test(`${command} ${args}`, () => {
      const result = wsgate(`${command} ${args}`.split(" "));
      assertEquals(result.status, status, JSON.stringify(result));
      assert(result.output.split("\n").some((it) => it.trim() === line), result.output + result.error);
    });
  }
}

describe("explain", () => {
  test("a wrong port is found with one command", () => {
    const args =
      "explain --origin https://app.example.com:8443 --host ws.example.com https://app.example.com";
    assertEquals(wsgate(args.split(" ")), {
      status: 1,
      output: [
        "refused  403 origin-not-allowed",
        "",
        "  Origin  https://app.example.com:8443",
        "  Host    ws.example.com",
        "",
        '  Only the port differs from "https://app.example.com" (origins[0]).',
        "",
        "  To allow it, only if this site is yours, add to origins:",
        "",
        '      "https://app.example.com:8443"',
      ].join("\n"),
      error: "",
    });
  });

  prints("explain", 0, {
    "--origin https://a.test https://b.test .a.test": 'By ".a.test" (origins[1]).',
    "--origin https://a.test https://a.test": "Host    (not given)",
    "--origin https://a.test --env ORIGINS": 'By "https://a.test" (origins[0]).',
    "--origin https://x.b.test --file list": 'By "https://*.b.test" (origins[1]).',
    "--origin https://ws.test --host ws.test --url https://ws.test/ --hosts ws.test 'self'":
      `By "'self'" (origins[0]).`,
    "--origin https://ws.test --host ws.test --scheme https --hosts ws.test 'self'":
      `By "'self'" (origins[0]).`,
    "--host ws.test --absent allow https://a.test": 'There is no Origin, and absent is "allow".',
    "-H Origin:null --dangerously-allow null https://a.test": 'By "null" (dangerouslyAllow[0]).',
    "--origin http://localhost:1 --debug https://a.test": 'By "http://localhost:*" (added by debug).',
    "--handshake - https://a.test:8443": 'By "https://a.test:8443" (origins[0]).',
    "--handshake handshake --origin https://a.test https://a.test": "with Cookie or Authorization",
    "--handshake plain --absent allow *":
      "What was copied does not ask for a WebSocket (its Upgrade is not websocket),",
  });
  prints("explain", 1, {
    "--handshake handshake https://a.test": 'Only the port differs from "https://a.test" (origins[0]).',
    "--handshake handshake --url http://other.test/ https://a.test": "refused  400 host-mismatch",
    "--handshake plain --origin https://a.test https://a.test --hosts a.test":
      "refused  403 host-not-allowed",
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
    assert(!wsgate(args).output.includes("\x1b"));
    assert(wsgate(args, { colors: true }).output.startsWith("\x1b[31mrefused\x1b[0m"));
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
    const lines = [
      'origins[0] ".goodsite.com"',
      "    any-scheme-and-port: Any scheme is let in, on any port, also http, which",
      "    whoever is on the way can write: write https://, if that is all that is",
      "    meant.",
      "",
      'origins[1] "http://.goodsite.com:80"',
      '    covered: It admits nothing that ".goodsite.com" (origins[0]) does not: leave',
      "    it out, or that one, if this is all that is meant.",
      "    cleartext: Whoever is on the way to a visitor can write a page that comes",
      "    over http: write https.",
      "",
      "3 findings in 2 entries.",
    ];
    assertEquals(wsgate(args), { status: 0, output: lines.join("\n"), error: "" });
    assertEquals(wsgate(["check", ...args.slice(1)]), { status: 1, output: lines.join("\n"), error: "" });
    const painted = wsgate(args, { colors: true }).output;
    assertEquals(uncoloured(painted), lines.join("\n"));
    assert(painted.includes("\x1b[33mcovered\x1b[0m"));
  });
  prints("lint", 0, {
    "https://a.test": "Nothing to say of 1 entry.",
    "--file list --hosts a.test --dangerously-allow null": "Nothing to say of 4 entries.",
    "http://a.test": "1 finding in 1 entry.",
    "--env ORIGINS --hosts a.test,a.test": "1 finding in 4 entries.",
  });
  prints("check", 0, {
    "http://a.test a.test --ignore cleartext,any-scheme-and-port --ignore covered":
      "Nothing to say of 2 entries.",
    "--allows https://a.test --refuses https://a.test.evil.test https://a.test": "Nothing to say of 1 entry.",
    "--host ws.test --hosts ws.test --scheme https --allows https://ws.test 'self'":
      "Nothing to say of 2 entries.",
  });
  prints("check", 1, {
    "--allows https://a.test:1 https://a.test":
      "https://a.test:1 is refused, and should be allowed. Only the port differs from",
    "--refuses https://a.test https://a.test":
      'https://a.test is allowed, and should be refused. By "https://a.test"',
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
    assertEquals(
      wsgate(["tree", "-"], { readInput: () => "" }).output,
      "The list is empty: it refuses every origin.",
    );
  });
});

describe("help, and wrong usage", () => {
  test("help", () => {
    const whole = wsgate(["-h"]);
    assertEquals([whole.status, whole.error, whole.output.split("\n")[0]], [
      0,
      "",
      "Why was my WebSocket refused?",
    ]);
    assertEquals(wsgate(["--help"]), whole);
    assertEquals(wsgate(["help"]), whole);
    assertEquals(wsgate(["help", "nonsense"]), whole);
    eachRow(["explain", "lint", "check", "tree"], (name) => {
      const { status, output } = wsgate([name, "-h"]);
      assertEquals([status, output.startsWith(`wsgate ${name} [options] PATTERN...`)], [0, true]);
      assertEquals(wsgate(["help", name]).output, output);
    });
  });

  const wrong: Readonly<Record<string, string>> = {
    "wsgate": "wsgate: which command? explain, lint, check or tree; wsgate -h says more",
    "wsgate expain":
      'wsgate: there is no command "expain": explain, lint, check or tree; wsgate -h says more',
    "wsgate constructor":
      'wsgate: there is no command "constructor": explain, lint, check or tree; wsgate -h says more',
    "wsgate explain https://a.test": "wsgate: which handshake? Give --origin, or --handshake FILE",
    "wsgate explain --origin x":
      "wsgate: which origins? Give patterns, --file FILE, --env NAME, or - for standard input",
    "wsgate explain --origin x --hosts a.test y.test":
      "wsgate: which Host? With --hosts or 'self', give --host",
    "wsgate explain --handshake - -":
      "wsgate: standard input cannot be the list and the handshake: give one of them as a file",
    "wsgate explain --handshake nothing x.test": 'wsgate: there is no header in "nothing": Name: value',
    "wsgate explain --handshake none x.test": 'wsgate: "none" cannot be read: "no such file"',
    "wsgate explain -H Origin x.test": 'wsgate: a header is "Name: value", not "Origin"',
    "wsgate check --allows x --hosts a https://a.test":
      "wsgate: which Host? With --hosts or 'self', --allows and --refuses need --host",
    "wsgate lint --nope": 'wsgate: there is no option "--nope"; wsgate lint -h lists them',
  };
  for (const [line, error] of Object.entries(wrong)) {
    test(line, () => assertEquals(wsgate(line.split(" ").slice(1)), { status: 2, output: "", error }));
  }
  test("standard input without a header", () => {
    const { error } = wsgate(["explain", "--handshake", "-", "x.test"], { readInput: () => "" });
    assertEquals(error, "wsgate: there is no header in standard input: Name: value");
  });
  test("a list that cannot be used: every fault with its fix, for every command", () => {
    eachRow([["explain", "--origin", "x"], ["lint"], ["check"], ["tree"]], (args) => {
      const { status, output, error } = wsgate([...args, "https://a.test/", "*.co.uk"]);
      assertEquals([status, output, error.split("\n").length], [2, "", 3]);
      assert(error.includes('Write "https://a.test".'), error);
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
    assertEquals(wsgate(["lint", "--env", "X"], options), {
      status: 2,
      output: "",
      error: 'wsgate: "Error: no permission"',
    });
  });
});

describe("what is wrong is never taken for a finding", () => {
  const broken = (): never => {
    throw new Error("is a directory");
  };
  const table: [args: string, error: RegExp][] = [
    [
      "check --hosts example.com --host typo.example --refuses https://evil.test https://evil.test",
      /--host "typo.example" is refused itself: host-not-allowed/,
    ],
    ["check --refuses https//evil.test https://evil.test", /"https\/\/evil.test" is no origin/],
    ["check -", /standard input cannot be read: "is a directory"/],
    ["check --file one --file other", /"origins" is given twice, by "other" too/],
    ["check --file string https://b.test", /origins .*not-a-list/],
    ["check --json --file deep", /origins\[0\] .*not-a-string/],
  ];
  for (const [args, error] of table) {
    test(args, () => {
      const files: Record<string, string> = {
        one: '{"origins":["https://a.test"]}',
        other: '{"origins":["https://b.test"]}',
        string: '{"origins":"https://a.test"}',
        deep: "[".repeat(20_000) + "]".repeat(20_000),
      };
      const result = wsgate(args.split(" "), { readInput: broken, readFile: (path) => files[path]! });
      assertEquals(result.status, 2, result.output);
      assert(error.test(result.error), result.error);
    });
  }

  test("there is no help on what every object has", () => {
    assertEquals(wsgate(["help", "constructor"]), wsgate(["help"]));
    assertEquals(wsgate(["help", "tree"]).output === wsgate(["help"]).output, false);
  });

  test("a tree of more entries than a function takes arguments", () => {
    const list = Array.from({ length: 150_000 }, (_, i) => `https://h${i}.example.com`).join("\n");
    assertEquals(wsgate(["tree", "--file", "list"], { readFile: () => list }).status, 0);
  });
});
