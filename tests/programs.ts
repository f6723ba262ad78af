/**
 * Programs in processes of their own, started as a user starts them, on either runtime.
 *
 * @module
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runtime } from "./runtime.ts";

const PATIENCE_MS = 60_000;

/** Where npm has the runtime that does not run this suite, and how to ask it for its own path. */
const FROM_NPM = {
  deno: ["deno@2.9.6", "eval", "console.log(Deno.execPath())"],
  bun: ["bun@1.4.5", "-e", "console.log(process.execPath)"],
} as const;

/** The path of a runtime; the one that is not at hand comes from npm. */
export async function executableOf(name: "deno" | "bun"): Promise<string> {
  if (name === runtime) return process.execPath;
  const { stdout } = await promisify(execFile)("npx", ["-y", ...FROM_NPM[name]], {
    timeout: 2 * PATIENCE_MS,
  });
  return stdout.trim();
}

/** Runs a script of this repository on a runtime; its stdin, stdout and stderr are pipes. */
export async function run(name: "deno" | "bun", script: URL, args: readonly string[]): Promise<ChildProcess> {
  const path = fileURLToPath(script);
  const command = name === "deno" ? ["run", "-A", path] : ["run", path];
  return spawn(await executableOf(name), [...command, ...args]);
}

/** What a program prints, once it has ended well. */
export async function outputOf(child: ChildProcess): Promise<string> {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (chunk) => text[name] += chunk);
  }
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`It ended with ${code}: ${text.stderr}`);
  return text.stdout;
}

/** A server in a process of its own. */
export interface ServedProgram {
  readonly port: number;
  /** Everything that it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** What a program is started with. */
export interface Started {
  /** Default: the runtime that runs this suite. */
  readonly on?: "deno" | "bun";
  /** Permissions of Deno's, beside that to listen. */
  readonly permissions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Serves a file that says `export default { fetch, … }` by a runtime's own command for it. Deno gives it no
 * permission but to listen and those named. Bun listens on every address: it can be told otherwise only in the file.
 */
export async function serveProgram(
  script: URL,
  { on = runtime, permissions = [], env = {} }: Started = {},
): Promise<ServedProgram> {
  const path = fileURLToPath(script);
  const args = on === "deno"
    ? ["serve", "--host", "127.0.0.1", "--port", "0", ...permissions, path]
    : ["run", path];
  const child = spawn(await executableOf(on), args, {
    env: { ...process.env, PORT: "0", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  let output = "";
  const listening = new Promise<number>((resolve, reject) => {
    const fail = () => reject(new Error(`It does not listen: ${output}`));
    const timer = setTimeout(fail, PATIENCE_MS);
    exit.then(() => {
      clearTimeout(timer);
      fail();
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        // The whole line, or the port may be cut short.
        const port = /http:\/\/(?:localhost|127\.0\.0\.1):(\d+)\/?\s*\n/.exec(output)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    }
  });
  try {
    return { port: await listening, output: () => output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
