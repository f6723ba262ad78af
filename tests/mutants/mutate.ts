/**
 * Tests the tests: puts small faults into copies of the checkout, one at a time, and runs the tests that have to see
 * each. Needs Deno.
 *
 * A red run proves something only where the tests are green without the fault and the faulty file is sound TypeScript:
 * of a file that cannot be loaded every test is red. So both are looked at first.
 *
 * @module
 */

import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** One small fault, and the tests that have to see it. */
export interface Mutant {
  /** What goes wrong, in words. */
  readonly fault: string;
  /** The file that it is put into, from the root. */
  readonly file: string;
  /** What is replaced. It has to be there exactly once, so that no change of the sources drops a fault unseen. */
  readonly from: string;
  readonly to: string;
  /** The few files of which one at least has to turn red, from the root. */
  readonly tests: readonly string[];
  readonly runtime: "deno" | "bun";
}

/** How many were seen, and how many were not or could not be tried. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** One for each core of a small machine. Real servers are slow to answer where more tests run beside them. */
const AT_ONCE = 2;
/** Seconds for one run of tests. A run that takes longer shows nothing. */
const LIMIT = 300;

/**
 * Tries each mutant in a copy of the checkout at `root`, and says a line of each.
 *
 * What fails: a mutant that its tests do not see, whose text is gone or there twice, that is no sound TypeScript, or whose
 * tests are red without it, or cannot be run.
 */
export async function tryMutants(
  root: string,
  mutants: readonly Mutant[],
  say: (line: string) => void,
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "wsgate-mutants-"));
  try {
    const copies = Array.from({ length: AT_ONCE }, (_, number) => join(folder, `copy${number}`));
    for (const copy of copies) await copyCheckout(root, copy);

    const bad = await unusable(copies[0]!, mutants);
    const sound = mutants.filter((mutant) => !bad.has(mutant));
    const runs = new Set(sound.flatMap(({ runtime, tests }) => tests.map((test) => runName(runtime, test))));
    const red = new Map<string, string>();
    await shareOut(copies, [...runs], async (copy, run) => {
      const [runtime, test] = run.split(" ") as [Mutant["runtime"], string];
      const outcome = await runTests(copy, runtime, [test]);
      if (outcome.color !== "green") red.set(run, `without it, ${test} is ${outcome.told}`);
    });

    let passed = 0;
    await shareOut(copies, mutants, async (copy, mutant) => {
      const { fault, file, runtime, tests } = mutant;
      const redRun = tests.map((test) => red.get(runName(runtime, test))).find((why) => why !== undefined);
      const why = bad.get(mutant) ?? redRun;
      const outcome = why === undefined ? await tryMutant(copy, mutant) : null;
      const isSeen = outcome?.color === "red";
      if (isSeen) passed++;
      const told = why ??
        (outcome!.color === "green" ? `${tests.join(" and ")} did not see it` : outcome!.told);
      say(`${isSeen ? "seen  " : "FAILED"} ${file}: ${fault} (${told})`);
    });
    return { passed, failed: mutants.length - passed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Every so-many-th of them, `count` in all, from one that a commit's hash names: so each room has its turn in each part,
 * and each mutant in the course of the commits.
 */
export function partOf<T>(all: readonly T[], count: number, hash: string): T[] {
  const few = Math.min(count, all.length);
  const first = Number(BigInt(`0x${hash}`) % BigInt(all.length));
  return Array.from({ length: few }, (_, i) => all[(first + Math.floor(i * all.length / few)) % all.length]!);
}

/** What is installed is not copied: it is large, and no fault is put into it. */
async function copyCheckout(root: string, copy: string): Promise<void> {
  const left = [".git", "node_modules", "coverage"];
  await cp(root, copy, {
    recursive: true,
    filter: (path) => path === root || !left.includes(basename(path)),
  });
  const installed = join(root, "node_modules");
  if (await stat(installed).catch(() => null) !== null) await symlink(installed, join(copy, "node_modules"));
}

function runName(runtime: Mutant["runtime"], test: string): string {
  return `${runtime} ${test}`;
}

/** Mutants that cannot be tried, and why. */
async function unusable(copy: string, mutants: readonly Mutant[]): Promise<Map<Mutant, string>> {
  const bad = new Map<Mutant, string>();
  const beside = new Map<string, Mutant>();
  for (const [number, mutant] of mutants.entries()) {
    const text = await readFile(join(copy, mutant.file), "utf8").catch(() => null);
    const times = text === null ? 0 : text.split(mutant.from).length - 1;
    if (times !== 1) {
      const where = text === null ? "the file is gone" : `the text is there ${times} times`;
      bad.set(mutant, `${where}: ${JSON.stringify(mutant.from)}`);
      continue;
    }
    // Beside the file itself, where its imports lead to the same: so one run of the type checker does for all.
    const name = mutant.file.replace(/\.ts$/, `.mutant${number}.ts`);
    await writeFile(join(copy, name), faulty(text!, mutant));
    beside.set(name, mutant);
  }
  if (beside.size === 0) return bad;
  const { code, output } = await run(copy, [Deno.execPath(), "check", ...beside.keys()]);
  const unsound = [...beside].filter(([name]) => output.includes(`/${name}:`));
  if (code !== 0 && unsound.length === 0) throw new Error(`deno check failed:\n${output}`);
  for (const [, mutant] of unsound) bad.set(mutant, "with it the file is no sound TypeScript");
  for (const name of beside.keys()) await rm(join(copy, name));
  return bad;
}

function faulty(text: string, { from, to }: Mutant): string {
  // Not replace(from, to): a "$" of the source would be read as a pattern's.
  const at = text.indexOf(from);
  return text.slice(0, at) + to + text.slice(at + from.length);
}

async function tryMutant(copy: string, mutant: Mutant): Promise<Outcome> {
  const path = join(copy, mutant.file);
  const sound = await readFile(path, "utf8");
  await writeFile(path, faulty(sound, mutant));
  const outcome = await runTests(copy, mutant.runtime, mutant.tests);
  await writeFile(path, sound);
  return outcome;
}

/** How tests ended: all passed, one failed, or neither can be said. */
interface Outcome {
  readonly color: "green" | "red" | "none";
  /** Of a red run, the first test that failed. */
  readonly told: string;
}

async function runTests(
  copy: string,
  runtime: Mutant["runtime"],
  tests: readonly string[],
): Promise<Outcome> {
  const command = runtime === "deno"
    ? [Deno.execPath(), "test", "-A", "--no-check", "--fail-fast", ...tests]
    : [await bun(), "test", "--bail", "--timeout", "120000", ...tests.map((test) => `./${test}`)];
  const { code, output } = await run(copy, command);
  if (code === 0) return { color: "green", told: "green" };
  if (code === 124) return { color: "none", told: `not done in ${LIMIT} seconds` };
  // A test by its name. What fails outside of every test (a file that throws while it is loaded) says nothing.
  const failed = runtime === "deno" ? /^ FAILURES \n\n(.+?) => /m : /^\(fail\) (.+?)(?: \[[\d.]+ms\])?$/m;
  const name = failed.exec(output)?.[1];
  return name === undefined
    ? { color: "none", told: "not to be run" }
    : { color: "red", told: `red: ${name.replaceAll(" ... ", " > ")}` };
}

let bunPath: Promise<string> | undefined;

/** Bun itself, without what fetches it: that takes longer than many tests do. */
function bun(): Promise<string> {
  return bunPath ??= run(".", ["npx", "-y", "bun@1.4.5", "-e", "console.log(process.execPath)"])
    .then(({ output }) => output.trim());
}

async function run(cwd: string, command: readonly string[]): Promise<{ code: number; output: string }> {
  // `timeout` of the coreutils, where there is one, ends what the command started too, and exits with 124.
  const [program, ...args] = Deno.build.os === "linux"
    ? ["timeout", "--kill-after=10", String(LIMIT), ...command]
    : command;
  const { DENO_COVERAGE_DIR: _, ...env } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd,
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Does each job once, in as many copies at once as there are. */
async function shareOut<T>(
  copies: readonly string[],
  jobs: Iterable<T>,
  work: (copy: string, job: T) => Promise<void>,
): Promise<void> {
  const left = jobs[Symbol.iterator]();
  await Promise.all(copies.map(async (copy) => {
    for (let next = left.next(); !next.done; next = left.next()) await work(copy, next.value);
  }));
}
