/**
 * How long is one look-up, for how many patterns? Ratios to a bare scan of the same freshly decoded string.
 *
 *     deno run -A bench/match.ts [--quick]      bun bench/match.ts [--quick]
 *
 * @module
 */

import { type Contender, contender, CONTENDERS, findWrong, type Wrong } from "./contenders.ts";
import { corpus, patternList, WARM } from "./corpus.ts";
import { conclude, doElsewhere, finish, jobOf, type Outcome, quick, runtimeName } from "./process.ts";
import { type Compared, compareWithScan, FULL, QUICK } from "./ratio.ts";
import { count, digits, duration, table } from "./table.ts";
import { warmTarget } from "./targets.ts";

/** From here on a corpus of as many origins as patterns is another than the warm one. */
const COLD_FROM = 1000;
const SIZES: readonly number[] = quick ? [3, 100] : [3, 100, 1000, 10_000, 100_000, 1_000_000];
/** Enough patterns to see how interned strings flatter. */
const INTERNED_AT: number = quick ? 100 : 1000;
/** A look-up that takes longer is not asked of ten times as many patterns. */
const TOO_SLOW_NS = 150_000;

interface Job {
  readonly contender: string;
  readonly patterns: number;
}

/** One contender on one list. */
export interface Cell {
  readonly warm: Compared;
  /** Of as many origins as patterns. */
  readonly cold?: Compared;
  /** The warm corpus as strings that are made and hashed once and used over and over, at one size. It flatters. */
  readonly interned?: Compared;
  /** Over both corpora. */
  readonly wrong: readonly Wrong[];
}

/** What this file measures: by contender, then by number of patterns. */
export type MatchResult = Readonly<Record<string, Readonly<Record<number, Outcome<Cell>>>>>;

async function measureCell(job: Job): Promise<Cell> {
  const one = contender(job.contender);
  const patterns = patternList(job.patterns);
  const test = await one.compile(patterns);
  const effort = quick ? QUICK : FULL;
  const warm = corpus(job.patterns, WARM);
  const wrong = [await findWrong(test, patterns, warm)];
  const measured = await compareWithScan(test, (index) => warm.decode(index), effort);
  let cold: Compared | undefined;
  if (!one.linear && job.patterns >= COLD_FROM) {
    const origins = corpus(job.patterns, job.patterns);
    wrong.push(await findWrong(test, patterns, origins));
    cold = await compareWithScan(test, (index) => origins.decode(index), effort);
  }
  let interned: Compared | undefined;
  if (job.patterns === INTERNED_AT) {
    const strings = Array.from({ length: WARM }, (_, index) => warm.decode(index));
    // Hashes every one of them.
    new Set(strings);
    interned = await compareWithScan(test, (index) => strings[index % WARM]!, effort);
  }
  return { warm: measured, ...cold && { cold }, ...interned && { interned }, wrong };
}

async function measureAll(): Promise<MatchResult> {
  const result: Record<string, Record<number, Outcome<Cell>>> = {};
  for (const { name } of CONTENDERS) {
    const cells: Record<number, Outcome<Cell>> = result[name] = {};
    let last: Outcome<Cell> | undefined;
    for (const patterns of SIZES) {
      if (last !== undefined && ("failed" in last || last.value.warm.ns > TOO_SLOW_NS)) break;
      const job: Job = { contender: name, patterns };
      last = cells[patterns] = await doElsewhere<Cell>(import.meta.url, job, { limitMs: 180_000 });
    }
  }
  return result;
}

/** The tables of a result. */
export function describe(result: MatchResult, runtime: string): string {
  const sizes = Object.keys(result["wsgate test"] ?? {}).map(Number);
  const cellOf = (name: string, patterns: number) => {
    const outcome = result[name]?.[patterns];
    return outcome === undefined || "failed" in outcome ? undefined : outcome.value;
  };
  const ratios = (kind: "warm" | "cold" | "interned", columns: readonly number[]) => {
    const rows = [["", ...columns.map(count)]];
    for (const { name } of CONTENDERS) {
      const cells = columns.map((patterns) => cellOf(name, patterns)?.[kind]);
      if (cells.every((cell) => cell === undefined)) continue;
      rows.push([
        name,
        ...cells.map((cell) =>
          cell === undefined ? "–" : `${digits(cell.ratio)}  ${duration(cell.ns).padStart(7)}`
        ),
      ]);
      if (name !== "wsgate test" || kind !== "warm") continue;
      const targets = columns.map((patterns) => warmTarget(runtime, patterns));
      rows.push([
        "  at most",
        ...targets.map((target, index) => {
          const cell = cells[index];
          if (target === undefined || cell === undefined) return "–";
          return `${target}  ${(cell.ratio <= target ? "met" : "missed").padStart(7)}`;
        }),
      ]);
    }
    return rows;
  };
  const cold = sizes.filter((patterns) => patterns >= COLD_FROM);
  const parts = [
    `match · patterns across, ratio to a bare scan of the same fresh string and time of one call · ${runtime}`,
    `warm: ${count(WARM)} origins\n${table(ratios("warm", sizes))}`,
  ];
  if (cold.length > 0) parts.push(`cold: as many origins as patterns\n${table(ratios("cold", cold))}`);
  parts.push(
    "the warm corpus as interned strings, which no header is: it flatters whoever hashes\n" +
      table(ratios("interned", sizes.filter((patterns) => patterns === INTERNED_AT))),
    `times as fast as the linear algorithm of Channels, warm\n${table(timesBaseline())}`,
    `wrong verdicts, of ${count(WARM)} warm origins\n${table(wrongVerdicts(), [0, 2])}`,
  );
  return parts.join("\n\n") + "\n";

  function timesBaseline(): string[][] {
    const baseline = "linear, parsed per check";
    const columns = sizes.filter((patterns) => cellOf(baseline, patterns) !== undefined);
    return [
      ["", ...columns.map(count)],
      ...CONTENDERS.map(({ name }) => [
        name,
        ...columns.map((patterns) => {
          const cell = cellOf(name, patterns);
          return cell === undefined ? "–" : digits(cellOf(baseline, patterns)!.warm.ratio / cell.warm.ratio);
        }),
      ]),
    ];
  }

  function wrongVerdicts(): string[][] {
    const rows = CONTENDERS.map((one) => {
      const last = sizes.map((patterns) => cellOf(one.name, patterns)).findLast((cell) => cell !== undefined);
      const wrong = last?.wrong[0];
      const sum = (counts: Wrong["admits"]) => Object.values(counts).reduce((a, b) => a + b, 0);
      const number = wrong === undefined ? "–" : String(sum(wrong.refuses) + sum(wrong.admits));
      return [one.name, number, [...claims(one), ...stops(one.name)].join("; ")];
    });
    return [["", "wrong", "which, and what else to know"], ...rows];
  }

  function stops(name: string): string[] {
    return Object.entries(result[name] ?? {}).flatMap(([patterns, outcome]) =>
      "failed" in outcome ? [`${count(Number(patterns))} patterns: ${outcome.failed}`] : []
    );
  }
}

/** What a contender gets wrong, in words, and how it is measured. */
export function claims({ wrong, note }: Contender): string[] {
  const words = [];
  if (wrong?.refuses !== undefined) words.push(`refuses ${wrong.refuses.join(", ")}`);
  if (wrong?.admits !== undefined) words.push(`admits ${wrong.admits.join(", ")}`);
  return note === undefined ? words : [...words, note];
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) await finish(await measureCell(job));
  const result = await measureAll();
  await conclude(result, describe(result, runtimeName));
}
