/**
 * A real Django for tests, where it is installed: the site of an example, with its own database.
 *
 * @module
 */

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert } from "@std/assert";
import { freePort, listens } from "./ports.ts";

const isRequired = process.env["WSGATE_REQUIRE_DJANGO"] === "1";

/** The first Python that has it. Debian's own comes second: a newer one often stands before it. */
const python = ["python3", "/usr/bin/python3"].find((command) =>
  spawnSync(command, ["-c", "import django"], { timeout: 30_000 }).status === 0
);

/** Why its tests are skipped; false: they are not. */
export const skipWithoutDjango: string | false = python === undefined && !isRequired
  ? "Django is not installed (Debian: python3-django)"
  : false;

/** A site on a loopback port of its own. */
export interface DjangoSite {
  readonly port: number;
  /** Runs a command of `manage.py`. */
  manage(...args: readonly string[]): Promise<string>;
  /** Starts it, again where it was stopped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its database. */
  remove(): Promise<void>;
}

/** Prepares a site with empty tables, which is not started yet; `script` is its `manage.py`. */
export async function prepareDjango(
  script: URL,
  settings: Readonly<Record<string, string>>,
): Promise<DjangoSite & { configure(more: Readonly<Record<string, string>>): void }> {
  assert(python !== undefined, "WSGATE_REQUIRE_DJANGO=1, and no Python has Django");
  const folder = await mkdtemp(join(tmpdir(), "wsgate-django-"));
  const port = await freePort();
  const env: Record<string, string | undefined> = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    DATABASE: join(folder, "site.sqlite3"),
    ...settings,
  };
  const path = fileURLToPath(script);
  let child: ChildProcess | undefined;
  const manage = async (...args: readonly string[]) =>
    (await promisify(execFile)(python, [path, ...args], { env, timeout: 60_000 })).stdout;
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child!.on("exit", resolve));
    child.kill("SIGKILL");
    await exit;
  };
  await manage("migrate", "--verbosity", "0");
  return {
    port,
    manage,
    configure: (more) => void Object.assign(env, more),
    async start() {
      child = spawn(python, [path, "runserver", "--noreload", `127.0.0.1:${port}`], {
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr!.on("data", (chunk) => said += chunk);
      for (let tries = 0; !await listens(port); tries++) {
        assert(tries < 600 && child.exitCode === null, `Django does not listen: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
