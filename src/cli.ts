/**
 * The command line: why was my WebSocket refused?
 *
 * ```sh
 * deno run --allow-read --allow-env jsr:@wsgate/wsgate/cli explain --origin https://app.example.com:8443 \
 *   https://app.example.com
 * ```
 *
 * From a checkout: `deno run --allow-read --allow-env src/cli.ts` or `bun src/cli.ts`.
 * Commands: `explain` judges one handshake as a server does, typed or copied from a browser, `curl -v` or a log, and says
 * why; `lint` reports what is dangerous in a list, or may be a mistake; `check` does it for CI, by its exit status; `tree`
 * draws a list. Each has a `-h`.
 *
 * Exit status 0: allowed, no danger. 1: refused, a danger. 2: wrong usage, or a list that cannot be used.
 *
 * @module
 */

import { type CommandResult, runCommand } from "./cli/commands.ts";

/** What is used of `process`, which both runtimes have. */
interface Process {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number;
  getBuiltinModule(name: "node:fs"): { readFileSync(path: string | number, encoding: "utf8"): string };
}

/**
 * Runs one command: reads what its arguments name, prints, and sets the exit status of the process.
 *
 * **Security.** It prints printable ASCII, the lines of a tree, and on a terminal colors, never what a client sent as
 * it came.
 *
 * @param args The arguments after the program's name. Default: those of the process.
 *
 * @example The help
 * ```ts
 * import { main } from "@wsgate/wsgate/cli";
 *
 * main(["explain", "-h"]);
 * ```
 */
export function main(args?: readonly string[]): void {
  const { process } = globalThis as unknown as { readonly process: Process };
  const { env, stdout } = process;
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const terminal = stdout.isTTY === true;
  const result: CommandResult = runCommand(args ?? process.argv.slice(2), {
    env: (name) => env[name],
    readFile: (path) => readFileSync(path, "utf8"),
    readInput: () => readFileSync(0, "utf8"),
    columns: terminal && stdout.columns ? stdout.columns : 80,
    // https://no-color.org: present and not empty.
    colors: terminal && !env.NO_COLOR && env.TERM !== "dumb",
  });
  if (result.output !== "") console.log(result.output);
  // Not console.error: one runtime paints it red by its own rules.
  if (result.error !== "") process.stderr.write(`${result.error}\n`);
  process.exitCode = result.status;
}

// Both runtimes know it; the language's own types do not.
if ((import.meta as { readonly main?: boolean }).main) main();
