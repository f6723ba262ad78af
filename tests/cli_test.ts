// The command line as a program of this runtime: in a pipe, in a pseudo-terminal, with files, variables and standard
// input as a user has them. What each command says is in `cli/`.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../src/cli.ts";
import { eachRow, product } from "./rows.ts";
import { answering, FORBIDDEN, isOwn, listen, SITE, UPGRADED, USUAL } from "./cli/probing.ts";
import { runtime } from "./runtime.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const COMMAND = [
  process.execPath,
  ...runtime === "deno" ? ["run", "--allow-read", "--allow-env", "--no-prompt", CLI] : [CLI],
];
/** Starting a runtime takes a while on a busy machine. */
const TIMEOUT = { timeout: 60_000 };

const folder = mkdtempSync(join(tmpdir(), "wsgate-cli-"));
after(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Whatever the tests' own surroundings say of colors. Empty, not left out: one runtime passes its own on. */
function environment(env: Run["env"]): Record<string, string | undefined> {
  return { ...process.env, NO_COLOR: "", FORCE_COLOR: "", TERM: "xterm", ...env };
}

/** Runs the program in a pipe. */
function wsgate(args: readonly string[], { input = "", env }: Run = {}) {
  const { status, stdout, stderr } = spawnSync(COMMAND[0]!, [...COMMAND.slice(1), ...args], {
    input,
    env: environment(env),
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs the program in a terminal of this many columns. */
function inTerminal(args: readonly string[], env?: Run["env"], columns = 80) {
  const command = `stty cols ${columns}; ${[...COMMAND, ...args].map(quoted).join(" ")}`;
  const { status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    input: "",
    env: environment(env),
    encoding: "utf8",
  });
  return { status, stdout: stdout.replaceAll("\r\n", "\n") };
}

const WRONG_PORT =
  "explain --origin https://app.example.com:8443 --host ws.example.com https://app.example.com".split(" ");

describe("the command line, in a pipe", () => {
  test("a wrong port in the list is found with one command", TIMEOUT, () => {
    const { status, stdout, stderr } = wsgate(WRONG_PORT);
    assertEquals([status, stderr], [1, ""]);
    assertStringIncludes(stdout, '"https://app.example.com" (origins[0])');
    assertStringIncludes(stdout, '\n\n      "https://app.example.com:8443"\n');
    words.assert(WRONG_PORT.join(" "), stdout);
  });
  test("an allowed origin: exit 0, and the pattern that let it in", TIMEOUT, () => {
    const { status, stdout, stderr } = wsgate([
      "explain",
      "--origin",
      "https://app.example.com",
      "https://app.example.com",
    ]);
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(stdout, '"https://app.example.com" (origins[0])');
    words.assert("explain an allowed origin", stdout);
  });
  test("lists from files, variables and standard input at once", TIMEOUT, () => {
    const file = join(folder, "list");
    writeFileSync(file, "# ours\nhttps://a.test\n");
    const args = ["tree", "--file", file, "--env", "ORIGINS", "-", "https://d.test"];
    const { status, stdout } = wsgate(args, {
      input: "https://c.test\n",
      env: { ORIGINS: "https://b.test" },
    });
    assertEquals(status, 0);
    assertEquals(
      [...stdout.matchAll(/https:\/\/\S+/g)].map(([it]) => it),
      "abcd".split("").map((it) => `https://${it}.test`),
    );
  });
  test("a copied handshake on standard input, and from a file", TIMEOUT, () => {
    const text = "> GET /ws HTTP/1.1\n> Host: ws.test\n> Origin: https://a.test\n> Upgrade: websocket\n>\n";
    const file = join(folder, "handshake");
    writeFileSync(file, text);
    eachRow([["-", text], [file, ""]], ([from, input]) => {
      assertEquals(wsgate(["explain", "--handshake", from, "https://a.test"], { input }).status, 0);
      assertEquals(wsgate(["explain", "--handshake", from, "https://b.test"], { input }).status, 1);
    });
  });
  test("check: its exit status is for CI", TIMEOUT, () => {
    assertEquals(wsgate(["check", "https://a.test"]).status, 0);
    assertEquals(wsgate(["check", "http://a.test"]).status, 0);
    assertEquals(wsgate(["check", "--strict", "http://a.test"]).status, 1);
    assertEquals(wsgate(["check", "--debug", "https://a.test"]).status, 1);
    assertEquals(wsgate(["check", "http://a.test/"]).status, 2);
  });
  test("a reader that leaves early", TIMEOUT, () => {
    const command = `${[...COMMAND, "tree", "-"].map(quoted).join(" ")} | head -n 1`;
    const input = Array.from({ length: 5000 }, (_, index) => `https://a${index}.test`).join("\n");
    const { stdout, stderr } = spawnSync("sh", ["-c", command], {
      input,
      env: environment({}),
      encoding: "utf8",
    });
    assertEquals([stdout, stderr], [".\n", ""]);
  });
  test("wrong usage: one line on standard error, exit 2", TIMEOUT, () => {
    const wrong = [
      [],
      ["explain"],
      ["explain", "--nope"],
      ["lint", "--file", join(folder, "none")],
      ["lint", "--env", "WSGATE_UNSET"],
    ];
    eachRow(wrong, (args) => {
      const { status, stdout, stderr } = wsgate(args);
      assertEquals([status, stdout], [2, ""]);
      assert(/^wsgate: [\x20-\x7e]+\n$/.test(stderr), stderr);
    });
  });
  test("--json can be read, and no colors come with it", TIMEOUT, () => {
    const { stdout } = wsgate([...WRONG_PORT, "--json"], { env: { FORCE_COLOR: "1" } });
    assertEquals(JSON.parse(stdout).nearest[0].suggestion.entry, "https://app.example.com:8443");
    assert(!wsgate(WRONG_PORT).stdout.includes("\x1b"));
  });
  test("hostile text comes out as printable ASCII, on both streams", TIMEOUT, () => {
    const hostile = "\x1b[2J\x1b]0;x\x07\u202emoc\u2066";
    eachRow([
      ["explain", "--origin", hostile, "https://a.test"],
      ["explain", "--origin", "x", hostile],
      [hostile],
      ["lint", `--${hostile}`],
    ], (args) => {
      const { stdout, stderr } = wsgate(args);
      assert(/^[\n\x20-\x7e]+$/.test(stdout + stderr), JSON.stringify(stdout + stderr));
    });
  });
});

describe("probe, as a program", () => {
  /** The server is in this process, which must not stop meanwhile. */
  async function run(port: number, more: readonly string[] = []) {
    const [program, ...args] = [...COMMAND, "probe", `ws://127.0.0.1:${port}/chat`, ...USUAL, ...more];
    // Deno's permissions stand before the script.
    const permitted = runtime === "deno" && !more.includes("--no-net")
      ? args.toSpliced(1, 0, "--allow-net")
      : args;
    const child = spawn(program!, permitted.filter((arg) => arg !== "--no-net"), { env: environment({}) });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk) => text[name] += chunk);
    }
    const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { status, ...text };
  }
  async function against(
    answer: (head: string) => string,
    act: (port: number) => Promise<void>,
  ): Promise<void> {
    const server = await listen(answering(answer));
    try {
      await act(server.port);
    } finally {
      await server.stop();
    }
  }

  test("exit 0 and 1, what got in by name", TIMEOUT, async () => {
    await against((head) => isOwn(head) ? UPGRADED : FORBIDDEN, async (port) => {
      const { status, stdout, stderr } = await run(port);
      assertEquals([status, stderr], [0, ""]);
      assertStringIncludes(stdout, "\nWithstands all");
    });
    // One that never hangs up: it does not keep the program.
    await against(() => UPGRADED, async (port) => {
      const { status, stdout } = await run(port, ["--wait", "20"]);
      assertEquals(status, 1);
      assertStringIncludes(stdout, "\n  foreign-page ");
      const { attacks } = JSON.parse((await run(port, ["--wait", "20", "--json"])).stdout);
      assert(attacks.length > 60);
    });
  });
  test("exit 2 where nobody listens", TIMEOUT, async () => {
    const { port, stop } = await listen(() => {});
    await stop();
    const { status, stdout, stderr } = await run(port);
    assertEquals([status, stdout], [2, ""]);
    assert(/^wsgate: no WebSocket at [\x20-\x7e]+\n$/.test(stderr), stderr);
  });
  test("on Deno it says which permission it needs", {
    ...TIMEOUT,
    skip: runtime === "deno" ? false : "Bun asks for none",
  }, async () => {
    const { status, stderr } = await run(1, ["--no-net"]);
    assertEquals(status, 2);
    assertStringIncludes(stderr, "--allow-net");
  });
  test("main() in a process of another's resolves when it has ended", async () => {
    const before = process.exitCode;
    const logs: string[] = [];
    const { log } = console;
    await against((head) => isOwn(head) ? UPGRADED : FORBIDDEN, async (port) => {
      try {
        console.log = (text: string) => void logs.push(text);
        await main(["probe", `ws://127.0.0.1:${port}/`, "--site", SITE, "--wait", "0"]);
        assertEquals([logs.length, process.exitCode], [1, 0]);
      } finally {
        console.log = log;
        process.exitCode = before ?? 0;
      }
    });
  });
});

describe("the command line, in a terminal", {
  skip: process.platform === "linux" ? false : "needs `script` of util-linux",
}, () => {
  test("colors, and the exit status", TIMEOUT, () => {
    const { status, stdout } = inTerminal(WRONG_PORT);
    assertEquals(status, 1);
    const [verdict] = wsgate(WRONG_PORT).stdout.split(" ");
    assertStringIncludes(stdout, `\x1b[31m${verdict}\x1b[0m`);
  });
  test("never against NO_COLOR, nor on a terminal that has none", TIMEOUT, () => {
    const commands = [WRONG_PORT, ["tree", "*.a.test"], ["lint", "http://a.test"]];
    eachRow(product([{ NO_COLOR: "1" }, { TERM: "dumb" }], commands), ([env, args]) => {
      assert(!inTerminal(args, env).stdout.includes("\x1b"));
    });
    assert(
      inTerminal(WRONG_PORT, { NO_COLOR: "" }).stdout.includes("\x1b"),
      "an empty NO_COLOR says nothing",
    );
  });
  test("lines as wide as the terminal", TIMEOUT, () => {
    const args = ["explain", "--origin", "null", "https://a.test"];
    const widest = (columns: number) =>
      Math.max(...inTerminal(args, { NO_COLOR: "1" }, columns).stdout.split("\n").map((line) => line.length));
    assert(widest(40) <= 40);
    assert(widest(120) > 80);
  });
});

test("main() in a process of another's: prints, and sets its exit status alone", () => {
  const before = process.exitCode;
  const logs: unknown[] = [];
  const errors: unknown[] = [];
  const { log } = console;
  const { write } = process.stderr;
  try {
    console.log = (text: unknown) => void logs.push(text);
    process.stderr.write = (text: unknown) => Boolean(errors.push(text));
    main(["explain", "--origin", "https://a.test", "https://a.test"]);
    assertEquals([logs.length, errors, process.exitCode], [1, [], 0]);
    main(["nonsense"]);
    assertEquals([logs.length, errors.length, process.exitCode], [1, 1, 2]);
  } finally {
    console.log = log;
    process.stderr.write = write;
    process.exitCode = before ?? 0;
  }
});

words.end();
