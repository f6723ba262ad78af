/**
 * Everything that has to hold, in one command: the tests on Deno with coverage and documentation, and the same tests on
 * Bun. Each command has a time limit, its output is shown as it comes, and the last line counts.
 *
 *     deno task test
 *     deno task test channels      one folder of tests alone, on both runtimes
 *     deno task ok                 before all tests format, lint and types: the gate of every change and every release
 *
 * That every public name is documented and that the package can be published is among the tests: `publish_test.ts`.
 *
 * @module
 */

import process from "node:process";

const BUN = ["npx", "-y", "bun@1.4.5"];
const DENO = [Deno.execPath()];
const COVERAGE = await Deno.makeTempDir({ prefix: "wsgate-coverage-" });

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Seconds; then the command is ended and has failed. */
  readonly limit: number;
  /** Reads passed, failed and skipped from the output; left out: the command is one check. */
  readonly count?: (output: string) => Counts | null;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The tests of one folder, on both runtimes. */
function suites(folder: string): Step[] {
  return [
    {
      name: `${folder} on Deno`,
      command: [
        ...DENO,
        "test",
        "-A",
        "--clean",
        `--coverage=${COVERAGE}`,
        "--coverage-raw-data-only",
        folder,
      ],
      // Most of it for the browsers.
      limit: 2400,
      count: denoCounts,
    },
    {
      name: `${folder} on Bun`,
      command: [...BUN, "test", "--timeout", "120000", `./${folder}/`],
      limit: 1200,
      count: bunCounts,
    },
  ];
}

const CHECKS: readonly Step[] = [
  { name: "format", command: [...DENO, "fmt", "--check"], limit: 60 },
  { name: "lint", command: [...DENO, "lint"], limit: 60 },
  { name: "types", command: [...DENO, "check", "mod.ts", "src", "tests", "bench", "examples"], limit: 180 },
];
const TESTS: readonly Step[] = [
  ...suites("tests"),
  {
    name: "every line and branch of src is run by the tests",
    // Of this checkout alone: a test may have run a copy.
    command: [
      ...DENO,
      "coverage",
      COVERAGE,
      `--include=^${new URL("../src/", import.meta.url)}`,
      "--threshold=100",
    ],
    limit: 60,
  },
  {
    name: "documentation runs",
    command: [
      ...DENO,
      "test",
      "-A",
      "--doc",
      "README.md",
      ...["PROXIES", "SESSIONS", "TESTING"].map((page) => `.github/${page}.md`),
      "mod.ts",
      "src",
    ],
    limit: 180,
    count: denoCounts,
  },
];
const [folder] = Deno.args;
const steps = folder === undefined
  ? TESTS
  : folder === "--checks"
  ? [...CHECKS, ...TESTS]
  : suites(`tests/${folder}`);

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
for (const step of steps) {
  console.log(`\n=== ${step.name}: ${step.command.slice(1).join(" ")}`);
  const { ok, output } = await run(step);
  const one: Counts = { passed: ok ? 1 : 0, failed: 0, skipped: 0 };
  const counts = step.count === undefined ? one : step.count(output) ?? { passed: 0, failed: 1, skipped: 0 };
  // A run that failed without a failed test (it crashed, it timed out, it found no test) failed all the same.
  if (!ok && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0) failures.push(step.name);
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
}
await Deno.remove(COVERAGE, { recursive: true });

if (failures.length > 0) console.log(`\nfailed: ${failures.join("; ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = failures.length > 0 ? 1 : 0;

async function run({ command, limit }: Step): Promise<{ ok: boolean; output: string }> {
  const [program, ...args] = command;
  // `timeout` of the coreutils where there is one: it ends what the command started too.
  const limited = Deno.build.os === "linux"
    ? ["timeout", "--kill-after=10", String(limit), program!, ...args]
    : command;
  const child = new Deno.Command(limited[0]!, {
    args: limited.slice(1),
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const show = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      await Deno.stdout.write(new TextEncoder().encode(text));
    }
  };
  const [{ success, code }] = await Promise.all([child.status, show(child.stdout), show(child.stderr)]);
  if (code === 124) console.log(`\nended after ${limit} seconds`);
  return { ok: success, output };
}

/** `ok | 4 passed (1 step) | 0 failed | 2 ignored (12ms)` */
function denoCounts(output: string): Counts | null {
  const line = [...output.matchAll(/^(?:ok|FAILED) \| .*$/gm)].at(-1)?.[0];
  if (line === undefined) return null;
  // Tests and their steps: a `describe` is one test here, and each of its tests a step.
  const number = (word: string) => {
    const [, tests = 0, steps = 0] = new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`).exec(line) ?? [];
    return Number(tests) + Number(steps);
  };
  return { passed: number("passed"), failed: number("failed"), skipped: number("ignored") };
}

/** ` 1 pass`, ` 0 fail`, ` 2 skip`, each on its line */
function bunCounts(output: string): Counts | null {
  const number = (word: string) =>
    Number([...output.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1)?.[1] ?? 0);
  if (!/^ *\d+ pass$/m.test(output)) return null;
  return { passed: number("pass"), failed: number("fail"), skipped: number("skip") };
}
