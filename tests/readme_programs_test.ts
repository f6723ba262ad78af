/**
 * README's programs and commands, as a newcomer types them: each program is started on its runtime and asked by README's
 * `curl`, and the command line prints what README shows.
 *
 * @module
 */

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { compilePolicy, originValidator } from "@wsgate/wsgate";
import { assertWithstands } from "@wsgate/wsgate/testing";
import { type NativeHandler, nativeUpgrade, runtime, serve } from "./runtime.ts";
import { freePort, listens } from "./ports.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const PATIENCE_MS = 60_000;
const withCurl = {
  skip: spawnSync("curl", ["--version"]).status === 0 ? false : "curl is not installed",
  timeout: 2 * PATIENCE_MS,
};

/** The blocks of a language in a section. */
async function blocks(heading: string, fence: string, page = "README.md"): Promise<string[]> {
  const text = await readFile(join(root, page), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert(section !== undefined, heading);
  return Array.from(
    section.matchAll(new RegExp("^```" + fence + "\\b.*\\n([^]*?)^```", "gm")),
    ([, block]) => block!,
  );
}

/** A folder with a program, which knows the package by its name, as README has it for a checkout. */
async function project(program: string, by = runtime): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wsgate-readme-"));
  const mod = join(root, "mod.ts");
  const compilerOptions = {
    paths: { "@wsgate/wsgate": [mod] },
    typeRoots: [join(root, "node_modules/@types")],
  };
  const [name, configuration] = by === "deno"
    ? ["deno.json", { imports: { "@wsgate/wsgate": mod } }]
    : ["tsconfig.json", {
      extends: join(root, "tests/types/tsconfig.json"),
      compilerOptions,
      files: ["main.ts"],
    }];
  await writeFile(join(folder, name), JSON.stringify(configuration));
  await writeFile(join(folder, "main.ts"), program);
  return folder;
}

/** Starts a program in its folder, acts once it listens, and ends it; resolves with what it printed. */
async function whileServed(
  folder: string,
  args: readonly string[],
  port: number,
  act: () => Promise<void>,
): Promise<string> {
  const { DENO_COVERAGE_DIR: _, ...env } = process.env;
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => output += chunk);
  const closed = new Promise((resolve) => child.on("close", resolve));
  try {
    const end = Date.now() + PATIENCE_MS;
    while (!await listens(port)) {
      assert(child.exitCode === null && Date.now() < end, `it does not listen: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await act();
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
  return output;
}

/** What a shell prints of a command. It may end as it likes: `curl` times out on a socket that stays open. */
function shell(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      "sh",
      ["-c", command],
      { timeout: PATIENCE_MS },
      (_, stdout, stderr) => resolve(stdout || stderr),
    );
  });
}

function run(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const { DENO_COVERAGE_DIR: _, ...env } = process.env;
  const options = { cwd, env: { ...env, NO_COLOR: "1" }, timeout: 2 * PATIENCE_MS };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr });
    });
  });
}

/** The program of README for each runtime, and how it is started. */
const PROGRAMS: Readonly<
  Record<typeof runtime, readonly (readonly [at: number, args: (port: number) => string[]])[]>
> = {
  deno: [
    [0, () => ["run", "--allow-net", "main.ts"]],
    [2, (port) => ["serve", "--port", String(port), "main.ts"]],
  ],
  bun: [[1, () => ["run", "main.ts"]], [2, () => ["run", "main.ts"]]],
};

/** A program that listens on this port; Deno's first one says none, and that is 8000. */
const onPort = (program: string, port: number) =>
  program.includes("8000,")
    ? program.replaceAll("8000", String(port))
    : program.replace("Deno.serve(", `Deno.serve({ port: ${port} }, `).replaceAll("8000", String(port));

describe("README's first programs", () => {
  let folder: string | undefined;
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const [at, args] of PROGRAMS[runtime]) {
    it(
      `program ${at + 1} lets its own page in, and refuses another as README's curl shows`,
      withCurl,
      async () => {
        const [program, ...more] = (await blocks("The first program", "ts")).slice(at);
        assertEquals(more.length, 2 - at);
        const [curl] = await blocks("See it refuse", "sh");
        const port = await freePort();
        folder = await project(onPort(program!, port));
        const command = curl!.replace("8000", String(port));
        const output = await whileServed(folder, args(port), port, async () => {
          assertMatch(await shell(command), /^HTTP\/1\.1 403 Forbidden\r\n/);
          const own = command.replace("https://evil.test", `http://localhost:${port}`);
          assertMatch(await shell(own), /^HTTP\/1\.1 101 Switching Protocols\r\n/);
          assertStringIncludes(await shell(`curl -s http://localhost:${port}/`), "the site");
        });
        assertStringIncludes(output, "wsgate refused (403 origin-not-allowed): Origin https://evil.test");
        await rm(folder, { recursive: true, force: true });
      },
    );
  }
});

describe("README's programs", () => {
  const folders: string[] = [];
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  const compilers = {
    skip: runtime === "deno" ? false : "the compilers say the same whoever asks",
    timeout: 2 * PATIENCE_MS,
  };
  /** By the compiler of a Deno user, or by that of a Bun user. */
  async function assertTypes(program: string, by: typeof runtime): Promise<void> {
    const folder = await project(program, by);
    folders.push(folder);
    const tsc = join(root, "node_modules/typescript/lib/tsc.js");
    const args = by === "deno"
      ? ["check", "--quiet", "main.ts"]
      : ["run", "--quiet", "-A", tsc, "--project", folder, "--pretty", "false"];
    assertEquals(await run(args, folder), { code: 0, output: "" });
  }

  it("have the types of their runtime", compilers, async () => {
    const [deno, bun, both] = await blocks("The first program", "ts");
    await assertTypes(deno!, "deno");
    await assertTypes(both!, "deno");
    for (const program of [bun!, both!, ...(await fromBun()).slice(1)]) await assertTypes(program, "bun");
  });

  it("the check of Bun's docs and what takes its place say the same", {
    ...withCurl,
    skip: runtime === "bun" ? withCurl.skip : "programs of Bun's",
  }, async () => {
    for (const program of await fromBun()) {
      const port = await freePort();
      const folder = await project(program.replace("Bun.serve({", `Bun.serve({ port: ${port},`));
      folders.push(folder);
      await whileServed(folder, ["run", "main.ts"], port, async () => {
        const [curl] = await blocks("See it refuse", "sh");
        const command = curl!.replace("8000", String(port));
        for (
          const [origin, status] of [
            ["https://my-app.example", 101],
            ["https://my-app.example.evil.test", 403],
            ["", 403],
          ]
        ) {
          const answer = await shell(command.replace("https://evil.test", String(origin)));
          assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        }
      });
    }
  });
});

/** Both sides of the difference in "From the check in Bun's docs". */
async function fromBun(): Promise<string[]> {
  const [diff] = await blocks("From the check in Bun's docs", "diff");
  const side = (sign: string) =>
    diff!.split("\n").filter((line) => line === "" || line.startsWith(" ") || line.startsWith(sign)).map((
      line,
    ) => line.slice(1)).join("\n");
  return [side("-"), side("+")];
}

it("the command line prints what README shows", { timeout: PATIENCE_MS }, async () => {
  const [shown] = await blocks("A socket was refused", "console");
  const [, args, expected] = /^\$ deno run (.*?) jsr:@wsgate\/wsgate\/cli .*\n([^]*)$/.exec(shown!)!;
  const [, typed] = /\/cli (.*)\n/.exec(shown!)!;
  const prefix = runtime === "deno" ? ["run", ...args!.split(" "), "--no-prompt"] : [];
  const { code, output } = await run([...prefix, join(root, "src/cli.ts"), ...typed!.split(" ")], root);
  assertEquals({ code, output: output.trim() }, { code: 1, output: expected!.trim() });
});

describe("the list that the page on tests shows as a hole", () => {
  const PAGE = ".github/TESTING.md";
  const list = ["app.example.com"];
  const asked = { timeout: PATIENCE_MS };

  it("fails the assertion in these words", asked, async () => {
    const [shown] = await blocks("In your tests", "text", PAGE);
    const site = { origins: ["https://app.example.com"], to: "wss://ws.example.com/chat" };
    const { message } = await assertRejects(
      async () => await assertWithstands(compilePolicy({ origins: list }), site),
      Error,
    );
    assertEquals(message.trim(), shown!.trim());
  });

  const onDeno = { ...asked, skip: runtime === "deno" ? false : "the page shows a server on Deno" };
  it("is probed with this outcome", onDeno, async () => {
    const [shown] = await blocks("Over the network", "console", PAGE);
    const [, args, typed, expected] = /^\$ deno run (.*?) jsr:@wsgate\/wsgate\/cli (.*)\n([^]*)$/.exec(
      shown!,
    )!;
    const options = { hosts: ["ws.example.com"], onDecision: () => {} };
    const guarded = originValidator(nativeUpgrade(), list, options) as NativeHandler;
    const server = serve(guarded);
    try {
      const prefix = ["run", ...args!.split(" "), "--no-prompt"];
      const words = typed!.replace("8000", String(server.port)).split(" ");
      const { code, output } = await run([...prefix, join(root, "src/cli.ts"), ...words], root);
      assertEquals({ code, output: output.trim().replace(String(server.port), "8000") }, {
        code: 1,
        output: expected!.trim(),
      });
    } finally {
      await server.stop();
    }
  });
});
