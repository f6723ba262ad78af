/**
 * The command line: why was my WebSocket refused?
 *
 * ```sh
 * deno run --allow-read --allow-env jsr:@wsgate/wsgate/cli explain \
 *   --origin https://app.example.com:8443 https://app.example.com
 * ```
 *
 * From a checkout it is `deno run --allow-read --allow-env src/cli.ts` or `bun src/cli.ts`. Each command has a `-h`.
 *
 * | command | what it does | exit status |
 * | --- | --- | --- |
 * | `explain` | judges one handshake as a server does, and says why | 0: allowed; 1: refused |
 * | `lint` | reports what is dangerous in a list, or may be a mistake | 0 |
 * | `check` | the same for CI, and whether an origin is judged as expected | 0: no danger; 1: a danger, or not as expected |
 * | `tree` | draws a list by its names | 0 |
 * | `probe` | attacks a running server, written in anything, and says what gets in (on Deno with `--allow-net`) | 0: withstands; 1: an attack got in, or nobody can tell |
 *
 * Wrong usage, a list that cannot be used and a server that is not there are 2.
 *
 * The handshake is typed (`--origin`, `--host`) or copied (`--handshake FILE`): a browser's headers, its "copy as cURL" or
 * HAR, the output of `curl -v`, a logged Request, the console line of a guard. The list comes from arguments, `--file`,
 * `--env` or standard input:
 *
 * ```sh
 * curl -sv -m 2 -H 'Origin: https://app.example.com' wss://example.com/ws 2>&1 |
 *   deno run --allow-read --allow-env jsr:@wsgate/wsgate/cli explain \
 *   --handshake - --env ALLOWED_ORIGINS
 *
 * deno run --allow-read --allow-env jsr:@wsgate/wsgate/cli check \
 *   --env ALLOWED_ORIGINS --allows https://app.example.com \
 *   --refuses https://app.example.com.evil.test
 * ```
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
 * @category Troubleshooting
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
