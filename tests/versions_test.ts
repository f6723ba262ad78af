// The lowest versions of the runtimes that are said to do, and some between them and the one that runs the suite: a
// handshake with a look-up is let in and echoed, a foreign one refused, and the process lives.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals } from "@std/assert";
import { runtime } from "./runtime.ts";

/** By npm, where they are asked for: `WSGATE_RUNTIMES="deno@2.0.0 bun@1.1.30"`; else the one that runs the suite. */
const asked = (process.env.WSGATE_RUNTIMES ?? "").split(" ").filter((version) => version !== "");
const program = fileURLToPath(new URL("versions_program.ts", import.meta.url));
const run = promisify(execFile);
const DENO = ["run", "-A", "--no-check", "--no-config", "--quiet", program];

describe("versions", { skip: runtime === "deno" ? false : "were asked under Deno", timeout: 600_000 }, () => {
  let cache: string;
  before(async () => cache = await mkdtemp(join(tmpdir(), "wsgate-versions-")));
  after(() => rm(cache, { recursive: true }));

  async function says(file: string, args: readonly string[]): Promise<void> {
    // Of the suite's own cache they would replace what it has transpiled, and coverage is read by that.
    const env = { ...process.env, DENO_DIR: cache };
    // Elsewhere: npx would take the version that this checkout has installed.
    const { stdout } = await run(file, [...args], { cwd: tmpdir(), env });
    assertEquals(stdout.trim().split("\n").at(-1), "101 hi, 403, 400");
  }

  it("this one", () => says(process.execPath, DENO));
  for (const version of asked) {
    it(
      version,
      () => says("npx", ["-y", version, ...(version.startsWith("deno") ? DENO : ["run", program])]),
    );
  }
});
