/**
 * A server in a process of its own, of the runtime that runs the suite if no other is named: whether a process survives
 * can only be seen from outside.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { runtime } from "./runtime.ts";

/** A runtime and where it is. */
export interface Runtime {
  readonly name: "deno" | "bun";
  readonly executable: string;
}

/** A child that has said that it listens. */
export interface ChildServer {
  /** What the first line it printed said, as JSON. */
  readonly ports: Readonly<Record<string, number>>;
  readonly pid: number;
  /** Everything it printed after that, on both streams. */
  output(): string;
  /** Whether the process lives. */
  alive(): boolean;
  /** Ends it, at once and in any state. */
  kill(): Promise<void>;
}

/** Runs `script` and waits for its first line, which names its ports. The script ends when its stdin does. */
export function startChild(
  script: URL,
  args: readonly string[],
  timeoutMs = 30_000,
  on: Runtime = { name: runtime, executable: process.execPath },
): Promise<ChildServer> {
  const command = on.name === "deno" ? ["run", "-A", script.href] : [script.pathname];
  const child: ChildProcess = spawn(on.executable, [...command, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    child.on("exit", () => {
      ended = true;
      resolve();
    });
  });
  const kill = async () => {
    if (!ended) child.kill("SIGKILL");
    await exit;
  };

  return new Promise((resolve, reject) => {
    let first = "";
    let ports: Record<string, number> | undefined;
    let rest = "";
    const timer = setTimeout(() => {
      kill();
      reject(new Error(`The child did not name its ports in time: ${first}${rest}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("exit", () => {
      clearTimeout(timer);
      // After it has been started this says nothing: a promise settles once.
      reject(new Error(`The child ended before it listened: ${first}${rest}`));
    });
    child.stderr!.on("data", (chunk) => rest += chunk.toString("latin1"));
    child.stdout!.on("data", (chunk) => {
      if (ports !== undefined) {
        rest += chunk.toString("latin1");
        return;
      }
      first += chunk.toString("latin1");
      const end = first.indexOf("\n");
      if (end === -1) return;
      clearTimeout(timer);
      rest += first.slice(end + 1);
      ports = JSON.parse(first.slice(0, end));
      resolve({ ports: ports!, pid: child.pid!, output: () => rest, alive: () => !ended, kill });
    });
  });
}
