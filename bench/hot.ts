/**
 * How long is one look-up on a server whose visitors come from one page? Ratios to a bare scan of the same freshly
 * decoded string.
 *
 *     deno run -A bench/hot.ts [--quick]      bun bench/hot.ts [--quick]
 *
 * Most servers hear one origin, or two, all day. Each time it is another string of the same characters, as a header is:
 * a `Set` has to hash it again, and `===` has to read it again. Many origins in turns are measured by `match.ts`.
 *
 * @module
 */

import { contender, type Test } from "./contenders.ts";
import { Corpus, patternList } from "./corpus.ts";
import { conclude, doElsewhere, finish, jobOf, type Outcome, quick, runtimeName } from "./process.ts";
import { type Compared, compareWithScan, FULL, QUICK } from "./ratio.ts";
import { count, digits, duration, table } from "./table.ts";
import { hotTarget } from "./targets.ts";

const ORIGIN = "https://chat.example.com";
const STRANGER = "https://chat.example.org";
const SIZES: readonly number[] = quick ? [3, 100] : [3, 1000, 1_000_000];

/** By name, what makes a test of a list that the origin is the first of. */
const SUBJECTS: Readonly<Record<string, (patterns: readonly string[]) => Test | Promise<Test>>> = {
  ...Object.fromEntries(
    ["wsgate test", "Set of origins", "one RegExp"].map((name) => [name, contender(name).compile]),
  ),
  // It knows one pattern of the list, so it is no contender; nobody can be faster.
  "===": ([first]) => (origin) => origin === first,
};

interface Job {
  readonly subject: string;
  readonly patterns: number;
}

/** What this file measures: by subject, then by number of patterns. */
export type HotResult = Readonly<Record<string, Readonly<Record<number, Outcome<Compared>>>>>;

async function measureHot({ subject, patterns }: Job): Promise<Compared> {
  const test = await SUBJECTS[subject]!([ORIGIN, ...patternList(patterns - 1)]);
  if (!await test(ORIGIN) || await test(STRANGER)) throw new Error(`${subject} does not judge`);
  const corpus = new Corpus([{ kind: "the site", origin: ORIGIN }]);
  return compareWithScan(test, (index) => corpus.decode(index), quick ? QUICK : FULL);
}

async function measureAll(): Promise<HotResult> {
  const result: Record<string, Record<number, Outcome<Compared>>> = {};
  for (const subject of Object.keys(SUBJECTS)) {
    const cells: Record<number, Outcome<Compared>> = result[subject] = {};
    for (const patterns of SIZES) {
      const job: Job = { subject, patterns };
      cells[patterns] = await doElsewhere<Compared>(import.meta.url, job, { limitMs: 180_000 });
    }
  }
  return result;
}

/** The table of a result. */
export function describe(result: HotResult, runtime: string): string {
  const sizes = Object.keys(result["wsgate test"] ?? {}).map(Number);
  const rows = [["", ...sizes.map(count)]];
  const notes: string[] = [];
  for (const [subject, cells] of Object.entries(result)) {
    const found = sizes.map((patterns) => {
      const outcome = cells[patterns]!;
      if ("value" in outcome) return outcome.value;
      notes.push(`${subject}, ${count(patterns)} patterns: ${outcome.failed}`);
      return undefined;
    });
    const show = ({ ratio, ns }: Compared) => `${digits(ratio)}  ${duration(ns).padStart(7)}`;
    rows.push([subject, ...found.map((compared) => compared === undefined ? "–" : show(compared))]);
    if (subject !== "wsgate test") continue;
    const target = hotTarget(runtime);
    const verdicts = found.map((compared) => {
      if (target === undefined || compared === undefined) return "–";
      return `${target}  ${(compared.ratio <= target ? "met" : "missed").padStart(7)}`;
    });
    rows.push(["  at most", ...verdicts]);
  }
  const head =
    `hot · one origin, patterns across, ratio to a bare scan of the same fresh string · ${runtime}`;
  return [`${head}\n${table(rows)}`, ...notes].join("\n") + "\n";
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) await finish(await measureHot(job));
  const result = await measureAll();
  await conclude(result, describe(result, runtimeName));
}
