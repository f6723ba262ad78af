/**
 * Every number is taken in a process of its own: what another contender made the compilers believe, and what it left
 * on the heap, is no part of it; and one that takes too long, or all the memory, costs its own number and no other.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import { runtime } from "../tests/runtime.ts";

/** What a job gave, or why it gave nothing. */
export type Outcome<T> = { readonly value: T } | { readonly failed: string };

/** Collections at call, and a nursery so large that none comes uncalled while allocations are counted. */
const V8_FLAGS = "--v8-flags=--expose-gc";
const NURSERY = ",--min-semi-space-size=256,--max-semi-space-size=512";

/** Runs `script` once more, in a process of its own, to do `job`; there `jobOf()` gives the job. `hurry`: quickly. */
export async function doElsewhere<T>(
  script: string,
  job: unknown,
  { limitMs = 120_000, nursery = false, hurry = quick }: {
    readonly limitMs?: number;
    readonly nursery?: boolean;
    readonly hurry?: boolean;
  } = {},
): Promise<Outcome<T>> {
  const path = new URL(script).pathname;
  const command = runtime === "deno"
    ? ["run", "-A", V8_FLAGS + (nursery ? NURSERY : ""), path]
    : ["run", path];
  try {
    const args = [...command, "--job", JSON.stringify(job), ...hurry ? ["--quick"] : []];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 26,
      env: { ...process.env, NO_COLOR: "1" },
    });
    return { value: JSON.parse(stdout) };
  } catch (error) {
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string };
    if (killed) return { failed: `took more than ${limitMs / 1000} s` };
    // The line that says what was thrown, or that there is no memory left; a stack is of no use in a table.
    const line =
      /^(?:error: |[A-Za-z]*Error: |.*out of memory|# Fatal JavaScript).*$/m.exec(stderr ?? "")?.[0] ??
        message;
    return { failed: line.trim().slice(0, 200) };
  }
}

/** The job this process was started for, if any. */
export function jobOf<T>(): T | undefined {
  const at = process.argv.indexOf("--job");
  return at < 0 ? undefined : JSON.parse(process.argv[at + 1]!);
}

/** Says what the job gave, and ends the process, whatever it still has open. */
export async function finish(value: unknown): Promise<never> {
  await new Promise<void>((resolve) => process.stdout.write(JSON.stringify(value) + "\n", () => resolve()));
  process.exit(0);
}

/** How much to measure: `--quick` sees that everything works. */
export const quick: boolean = process.argv.includes("--quick");

/** Prints the result of a file of this folder, and writes it to the file that `--json` names. */
export async function conclude(result: unknown, text: string): Promise<void> {
  console.log(text);
  const at = process.argv.indexOf("--json");
  if (at > 0) await writeFile(process.argv[at + 1]!, JSON.stringify(result));
}

/** "Deno 2.9.6" or "Bun 1.4.5". */
export const runtimeName: string = runtime === "deno"
  ? `Deno ${process.versions.deno}`
  : `Bun ${process.versions.bun}`;

interface Collector {
  readonly gc?: () => void;
  readonly Bun?: { gc(synchronous: boolean): void };
}

/** Collects everything that nobody holds. */
export function collect(): void {
  const { gc, Bun } = globalThis as unknown as Collector;
  if (Bun !== undefined) Bun.gc(true);
  else gc!();
}

/** Bytes that are held, after a collection: on the heap, and beside it in typed arrays and strings. */
export function heldBytes(): { heap: number; arrays: number } {
  // Twice: what the first finds dead can hold more.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  // Bun counts what lies beside the heap to the heap too.
  return { heap: runtime === "deno" ? heapUsed : heapUsed - external, arrays: external };
}

/** Bytes taken by allocations so far, where no collection has come between. */
export function allocatedBytes(): number {
  const { heapUsed, heapTotal } = process.memoryUsage();
  // Bun counts what is used when it collects, and by then it is gone; what it has claimed grows at once.
  return runtime === "deno" ? heapUsed : heapTotal;
}
