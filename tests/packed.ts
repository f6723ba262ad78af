/**
 * The package as npm has it, for programs on Node. Deno packs it, so it is asked under Deno alone.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Puts the packed package into the `node_modules` of a folder. */
export async function packInto(folder: string): Promise<void> {
  const home = join(folder, "node_modules/@wsgate/wsgate");
  await mkdir(home, { recursive: true });
  const tarball = join(folder, "wsgate.tgz");
  const root = fileURLToPath(new URL("../", import.meta.url));
  await run(process.execPath, ["pack", "--quiet", "--allow-dirty", "-o", tarball], { cwd: root });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", home]);
}
