/**
 * How long does a list take to compile, and how long does a process take to its first list?
 *
 *     deno run -A bench/compile.ts [--quick]      bun bench/compile.ts [--quick]
 *
 * A list of a million is compared with what nobody can do without: a `Set` of the same strings, and one look at each,
 * either by the position of its separators, which finds no fault, or by `new URL()`, which finds some.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import process from "node:process";
import { do_not_optimize, measure } from "mitata";
import { runtime } from "../tests/runtime.ts";
import { contender } from "./contenders.ts";
import { patternList } from "./corpus.ts";
import { conclude, doElsewhere, finish, jobOf, type Outcome, quick, runtimeName } from "./process.ts";
import { median } from "./ratio.ts";
import { count, digits, duration, table } from "./table.ts";

const SIZES: readonly number[] = quick ? [3, 1000] : [3, 100, 1000, 10_000, 100_000, 1_000_000];
const BY_URL = "Set, and new URL() of each";
const BY_POSITION = "Set, and each cut at its separators";

const SUBJECTS: Readonly<Record<string, (patterns: readonly string[]) => unknown>> = {
  "wsgate": contender("wsgate test").compile,
  [BY_URL]: (patterns) => [
    new Set(patterns),
    patterns.map((pattern) => new URL(pattern.startsWith(".") ? `https://${pattern.slice(1)}` : pattern)),
  ],
  [BY_POSITION]: (patterns) => [
    new Set(patterns),
    patterns.map((pattern) => {
      const schemeEnd = pattern.indexOf("://");
      const hostStart = schemeEnd < 0 ? 0 : schemeEnd + 3;
      const colon = pattern.indexOf(":", hostStart);
      return {
        scheme: schemeEnd < 0 ? null : pattern.slice(0, schemeEnd),
        host: pattern.slice(hostStart, colon < 0 ? undefined : colon),
        port: colon < 0 ? null : Number(pattern.slice(colon + 1)),
      };
    }),
  ],
  "Map of labels": contender("Map of labels").compile,
};

interface Job {
  readonly subject: string;
  readonly patterns: number;
}

/** Nanoseconds of one compilation. */
interface Compiled {
  readonly ns: number;
  readonly quartiles: readonly [number, number];
}

/** A start of a process, in milliseconds and beside a start of an empty one. */
interface ColdStart {
  readonly ratio: number;
  readonly processMs: number;
  readonly emptyMs: number;
  /** Within the process. */
  readonly importMs: number;
  readonly compileMs: number;
}

/** What this file measures. */
export interface CompileResult {
  readonly lists: Readonly<Record<string, Readonly<Record<number, Outcome<Compiled>>>>>;
  readonly coldStart: ColdStart;
}

async function measureCompile({ subject, patterns }: Job): Promise<Compiled> {
  const list = patternList(patterns);
  const compile = SUBJECTS[subject]!;
  const { p50, p25, p75 } = await measure(() => do_not_optimize(compile(list)), {
    min_samples: patterns > 300_000 ? 3 : 7,
    min_cpu_time: quick ? 5e7 : 2e8,
  });
  return { ns: p50, quartiles: [p25, p75] };
}

async function measureLists(): Promise<CompileResult["lists"]> {
  const lists: Record<string, Record<number, Outcome<Compiled>>> = {};
  for (const subject of Object.keys(SUBJECTS)) {
    const cells: Record<number, Outcome<Compiled>> = lists[subject] = {};
    for (const patterns of SIZES) {
      const job: Job = { subject, patterns };
      const outcome = await doElsewhere<Compiled>(import.meta.url, job, { limitMs: 180_000 });
      cells[patterns] = outcome;
      if ("failed" in outcome) break;
    }
  }
  return lists;
}

/** Starts both processes in turns. */
function measureColdStart(): ColdStart {
  const start = (name: string) => {
    const path = new URL(`start/${name}.ts`, import.meta.url).pathname;
    const args = runtime === "deno" ? ["run", path] : [path];
    const from = performance.now();
    const output = execFileSync(process.execPath, args, { encoding: "utf8" });
    return { ms: performance.now() - from, output };
  };
  const samples: Omit<ColdStart, "ratio">[] = [];
  // The first starts fill the caches of the disk and of the runtime's own compiler.
  for (let turn = -2; turn < (quick ? 2 : 20); turn++) {
    const emptyMs = start("empty").ms;
    const { ms: processMs, output } = start("wsgate");
    if (turn >= 0) samples.push({ emptyMs, processMs, ...JSON.parse(output) });
  }
  const of = (key: keyof typeof samples[number]) => median(samples.map((sample) => sample[key]));
  return {
    ratio: of("processMs") / of("emptyMs"),
    processMs: of("processMs"),
    emptyMs: of("emptyMs"),
    importMs: of("importMs"),
    compileMs: of("compileMs"),
  };
}

/** The tables of a result. */
export function describe({ lists, coldStart }: CompileResult, name: string): string {
  const sizes = Object.keys(lists["wsgate"] ?? {}).map(Number);
  const nsOf = (subject: string, patterns: number) => {
    const outcome = lists[subject]?.[patterns];
    return outcome === undefined || "failed" in outcome ? undefined : outcome.value.ns;
  };
  const show = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? "–" : format(value);
  const ratio = (subject: string, patterns: number) => {
    const ours = nsOf("wsgate", patterns);
    const theirs = nsOf(subject, patterns);
    return ours === undefined || theirs === undefined ? undefined : ours / theirs;
  };
  return [
    `compile · patterns across, time of one list · ${name}\n` + table([
      ["", ...sizes.map(count)],
      ...Object.keys(lists).map((subject) => [
        subject,
        ...sizes.map((patterns) => show(nsOf(subject, patterns), duration)),
      ]),
    ]),
    "wsgate as a ratio to each\n" + table([
      ["", ...sizes.map(count)],
      ...Object.keys(lists).map((subject) => [
        subject,
        ...sizes.map((patterns) => show(ratio(subject, patterns), digits)),
      ]),
    ]),
    "cold start: a process that imports wsgate and compiles three patterns, beside an empty one\n" + table([
      ["ratio", "process", "empty process", "import", "first list"],
      [
        digits(coldStart.ratio),
        coldStart.processMs,
        coldStart.emptyMs,
        coldStart.importMs,
        coldStart.compileMs,
      ]
        .map((value) => typeof value === "number" ? duration(value * 1e6) : value),
    ]),
  ].join("\n\n") + "\n";
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) await finish(await measureCompile(job));
  const result: CompileResult = { lists: await measureLists(), coldStart: measureColdStart() };
  await conclude(result, describe(result, runtimeName));
}
