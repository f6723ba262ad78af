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
 * draws a list; `probe` attacks a running server, written in anything, and says what gets in (on Deno with `--allow-net`).
 * Each has a `-h`.
 *
 * Exit status 0: allowed, no danger, withstands. 1: refused, a danger, an attack got in. 2: wrong usage, a list that cannot
 * be used, no server.
 *
 * @module
 */

import { type CommandResult, runCommand } from "./cli/commands.ts";
import { connectBy, type NodeModules } from "./cli/network.ts";

/** What is used of `process`, which both runtimes have. */
interface Process {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number;
  readonly getBuiltinModule: NodeModules & {
    (name: "node:fs"): { readFileSync(path: string | number, encoding: "utf8"): string };
  };
}

/**
 * Runs one command: reads what its arguments name, prints, and sets the exit status of the process.
 *
 * `probe` waits for the server that it attacks; every other command has ended when this returns.
 *
 * **Security.** It prints printable ASCII, the lines of a tree, and on a terminal colors, never what a client sent as
 * it came.
 *
 * @param args The arguments after the program's name. Default: those of the process.
 * @returns When all is printed and the exit status is set.
 *
 * @example The help
 * ```ts
 * import { main } from "@wsgate/wsgate/cli";
 *
 * await main(["explain", "-h"]);
 * ```
 */
export async function main(args?: readonly string[]): Promise<void> {
  const { process } = globalThis as unknown as { readonly process: Process };
  const { env, stdout, getBuiltinModule } = process;
  const { readFileSync } = getBuiltinModule("node:fs");
  const terminal = stdout.isTTY === true;
  const result: CommandResult = runCommand(args ?? process.argv.slice(2), {
    env: (name) => env[name],
    readFile: (path) => readFileSync(path, "utf8"),
    readInput: () => readFileSync(0, "utf8"),
    connect: connectBy(getBuiltinModule),
    columns: terminal && stdout.columns ? stdout.columns : 80,
    // https://no-color.org: present and not empty.
    colors: terminal && !env.NO_COLOR && env.TERM !== "dumb",
  });
  // What has nothing to wait for is done when this returns.
  end(process, result.later === undefined ? result : await result.later);
}

function end(process: Process, { status, output, error }: CommandResult): void {
  if (output !== "") console.log(output);
  // Not console.error: one runtime paints it red by its own rules.
  if (error !== "") process.stderr.write(`${error}\n`);
  process.exitCode = status;
}

// Both runtimes know it; the language's own types do not.
if ((import.meta as { readonly main?: boolean }).main) main();
