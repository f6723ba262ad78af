/**
 * What a newcomer types first, on a copy of this checkout in which nothing is installed, with an empty cache: it gets
 * nothing of what tests and benchmarks import, and prints nothing but its own lines.
 *
 * These are Deno's cache and Deno's tasks, so under Bun there is nothing to ask.
 *
 * @module
 */

import { spawn, type SpawnOptions } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { inTime, within } from "./in_time.ts";
import { runtime } from "./runtime.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const asked = { skip: runtime === "deno" ? false : "asks for Deno's cache", timeout: 120_000 };

/** What is made beside the checkout itself, the cache above all; the packages of the tests alone are more than ten times as much. */
const MOST_BYTES = 8_400_000;

describe("on a fresh checkout", () => {
  let folder: string;
  let checkout: string;
  let copied: number;
  let started: Started | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-fresh-"));
    checkout = join(folder, "checkout");
    await cp(root, checkout, {
      recursive: true,
      filter: (path) => ![".git", "node_modules", "coverage"].includes(basename(path)),
    });
    copied = await bytesBelow(checkout);
  });
  afterEach(async () => {
    await started?.kill();
    started = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts `deno` in the copy, with an empty cache if no other is named. */
  function deno(
    args: readonly string[],
    cache: Record<string, string> = { DENO_DIR: join(folder, "cache") },
  ) {
    // A child would count its own coverage, too.
    const { DENO_COVERAGE_DIR: _, ...env } = process.env;
    return started = start(args, { cwd: checkout, env: { ...env, ...cache, NO_COLOR: "1" } });
  }

  async function assertNothingInstalled() {
    assertEquals((await readdir(checkout)).includes("node_modules"), false);
    assertLess(await bytesBelow(folder) - copied, MOST_BYTES);
  }

  it("the README's first command starts the lab, and nothing else", asked, async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const command = /^npx -y deno@\S+ (.*)$/m.exec(readme)?.[1];
    assertEquals(command, "task lab");
    // On free ports.
    const lab = deno([...command!.split(" "), "0"]);
    await lab.prints(/Ctrl\+C ends it/);
    for (const [, port] of lab.stdout().matchAll(/http:\/\/localhost:(\d+)/g)) {
      const response = await fetch(`http://localhost:${port}/`);
      assertMatch(await response.text(), /^<!doctype html>/i);
    }
    await lab.kill();

    assertEquals(lab.stderr(), "Task lab deno run -A examples/lab.ts '0'\n");
    // A dot is no end of a line: there are no lines but these.
    assertMatch(
      lab.stdout(),
      /^\n {2}The wsgate lab on Deno .*\n\n {2}1 .*\n {2}2 .*\n\s+The note .*\n {2}Nothing .* Ctrl\+C ends it\.\n\n$/,
    );
    await assertNothingInstalled();
  });

  it("the playground is served with nothing installed, and so it is written", asked, async () => {
    const playground = deno(["task", "playground", "0"]);
    await playground.prints(/Ctrl\+C ends it/);
    const [address] = /http:\/\/localhost:\d+\//.exec(playground.stdout())!;
    const response = await fetch(`${address}examples/playground/page/playground.js`);
    assertEquals(response.status, 200);
    await response.body?.cancel();
    await playground.kill();
    assertEquals(playground.stderr(), "Task playground deno run -A examples/playground.ts '0'\n");
    assertMatch(
      playground.stdout(),
      /^\n {2}The wsgate playground: http:.*\n\n {2}What .* Ctrl\+C ends it\.\n\n$/,
    );

    const build = deno(["task", "playground:build", "site"]);
    assertEquals(await build.ended(), 0);
    assertEquals(build.stderr(), "Task playground:build deno run -A examples/playground/build.ts 'site'\n");
    assertMatch(build.stdout(), /^\d+ files in site; the page is site\/index\.html\n$/);
    await assertNothingInstalled();
  });

  it("the demo runs to its end, and nothing else", asked, async () => {
    const demo = deno(["task", "demo"]);
    assertEquals(await demo.ended(), 0);
    assertEquals(demo.stderr(), "Task demo deno run -A examples/demo.ts\n");
    assertMatch(demo.stdout(), /^\nTwo WebSocket servers [^]*\n3 attacks: .*\n\n$/);
    await assertNothingInstalled();
  });

  for (const name of ["echo", "chat", "hono_chat"]) {
    it(`${name} is served by the command at its top, with its own packages`, asked, async () => {
      const text = await readFile(join(root, `examples/${name}.ts`), "utf8");
      const command = /^ \* {5}deno (serve(?: .*)?) --port 8000 (\S+)$/m.exec(text);
      assert(command !== null);
      const server = deno([...command[1]!.split(" "), "--host", "127.0.0.1", "--port", "0", command[2]!]);
      await server.prints(/Listening on /);
      await server.kill();
      await assertNothingInstalled();
    });
  }

  for (const task of ["test", "bench", "bench:report", "soak"]) {
    it(`the task ${task} first gets what it imports`, asked, async () => {
      // There is no such folder of tests, and no such benchmark. The packages come from the cache of this suite.
      const child = deno(["task", task, "nothing"], {});
      await child.ended();
      const installed = await readdir(join(checkout, "node_modules"));
      assertEquals(["deno-std", "mitata"].filter((name) => !installed.includes(name)), [], child.stderr());
    });
  }
});

/** A program that was started, and what it printed so far. */
interface Started {
  stdout(): string;
  stderr(): string;
  /** Waits until it has printed this on either stream. */
  prints(wanted: RegExp): Promise<void>;
  /** Waits for its end; resolves with its exit code. */
  ended(): Promise<number | null>;
  /** Ends it and what it started. */
  kill(): Promise<void>;
}

function start(args: readonly string[], options: SpawnOptions): Started {
  // A task is a process of its own under `deno task`: as a group both are ended, as Ctrl+C does.
  const child = spawn(process.execPath, [...args], {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = { stdout: "", stderr: "" };
  let look = () => {};
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text) => {
      printed[name] += text;
      look();
    });
  }
  // It comes when nobody holds the streams any more.
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const sofar = () => printed;
  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    prints: (wanted) => {
      const found = new Promise<void>((resolve, reject) => {
        look = () => {
          if (wanted.test(printed.stdout + printed.stderr)) resolve();
        };
        look();
        closed.then(() => reject(new Error(`It ended: ${JSON.stringify(printed)}`)));
      });
      return inTime(`it prints ${wanted}`, found, sofar);
    },
    ended: () => within(90, "it ends", closed, sofar),
    kill: async () => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await inTime("its streams close", closed, sofar);
    },
  };
}

/** What the files in a folder and below hold together. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
