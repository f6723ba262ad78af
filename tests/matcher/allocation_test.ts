// Nothing is allocated to judge an origin or a handshake. Each subject runs in a process of its own, in which no garbage
// is collected: so whatever is allocated stays, and is seen.

import { execFile } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertGreater, assertLess } from "@std/assert";
import { runtime } from "../runtime.ts";

/** More new objects than any subject could fill this with, so that V8 finds no reason to collect. */
const NO_COLLECTION = "--v8-flags=--min-semi-space-size=1024,--max-semi-space-size=1024";

interface Run {
  readonly times: number;
  /** Bytes. */
  readonly grown: number;
  /** How many different ones there were. */
  readonly outcomes: number;
}

async function run(subject: string): Promise<Run> {
  const script = fileURLToPath(new URL("allocating.ts", import.meta.url));
  const args = runtime === "deno" ? ["run", "-A", NO_COLLECTION, script, subject] : [script, subject];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, BUN_JSC_useGC: "0" },
    timeout: 100_000,
  });
  const measured: Run = JSON.parse(stdout);
  console.log(`${subject}: ${measured.grown} bytes in ${measured.times} calls`);
  return measured;
}

const MEGABYTE = 1 << 20;

describe("the heap", { timeout: 240_000 }, () => {
  for (const subject of ["test", "match", "remembered", "check"]) {
    test(
      `does not grow by a megabyte in millions of calls of ${subject}()`,
      { timeout: 120_000 },
      async () => {
        const { grown, outcomes } = await run(subject);
        assertGreater(outcomes, 1);
        assertLess(grown, MEGABYTE);
      },
    );
  }

  test(
    "would be seen to grow if a matcher cut out as little as one string",
    { timeout: 120_000 },
    async () => {
      assertGreater((await run("slicing")).grown, 100 * MEGABYTE);
    },
  );
});
