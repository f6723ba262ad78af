/**
 * A real Redis for tests, where it is installed: started, stopped, started again over what it has kept.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { assert } from "@std/assert";
import { freePort } from "../ports.ts";

const isRequired = process.env["WSGATE_REQUIRE_REDIS"] === "1";
const program = (process.env["PATH"] ?? "").split(delimiter)
  .map((folder) => join(folder, "redis-server"))
  .find((path) => existsSync(path));

/** Why its tests are skipped; false: they are not. */
export const skipWithoutRedis: string | false = program === undefined && !isRequired
  ? "redis-server is not installed (Debian: redis-server)"
  : false;

/** A server on a loopback port of its own. */
export interface RedisServer {
  readonly port: number;
  /** Starts it again where it was stopped, with what it had. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Lets it stand still, and go on: it answers nobody, and no connection breaks. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Stops it and removes what it kept. */
  remove(): Promise<void>;
}

/** Starts a server that writes down each command before it answers. */
export async function startRedis(): Promise<RedisServer> {
  assert(program !== undefined, "WSGATE_REQUIRE_REDIS=1, and redis-server is not installed");
  const folder = mkdtempSync(join(tmpdir(), "wsgate-redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    const args = [
      ["--port", `${port}`],
      ["--bind", "127.0.0.1"],
      ["--dir", folder],
      ["--appendonly", "yes"],
      ["--appendfsync", "always"],
      ["--save", ""],
      ["--maxmemory-policy", "noeviction"],
    ].flat();
    child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => said += chunk);
    for (let tries = 0; !await answers(port); tries++) {
      assert(tries < 400, `redis-server does not answer: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child!.on("exit", resolve));
    // One that stands still, too.
    child.kill("SIGKILL");
    await exit;
  };
  await start();
  return {
    port,
    start,
    stop,
    signal: (signal) => void process.kill(child!.pid!, signal),
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether somebody says PONG: while it reads its file it says something else. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.on("data", (chunk) => {
      resolve(String(chunk).startsWith("+PONG"));
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}
