/**
 * How many bytes does a compiled list hold, and how many does one look-up allocate?
 *
 *     deno run -A bench/memory.ts [--quick]      bun bench/memory.ts [--quick]
 *
 * The list as written stays with whoever wrote it, so its strings are not counted where a contender keeps them by
 * reference; the strings it makes of them are.
 *
 * @module
 */

import { contender } from "./contenders.ts";
import { corpus, patternList, WARM } from "./corpus.ts";
import {
  allocatedBytes,
  collect,
  conclude,
  doElsewhere,
  finish,
  heldBytes,
  jobOf,
  type Outcome,
  quick,
  runtimeName,
} from "./process.ts";
import { count, digits, table } from "./table.ts";
import { BYTES_A_PATTERN } from "./targets.ts";

const SIZES: readonly number[] = quick ? [10_000] : [10_000, 100_000, 1_000_000];
const HOLDERS = ["wsgate test", "Map of labels", "Map of suffixes", "Set of origins", "linear, parsed once"];
const ALLOCATORS = [
  "wsgate test",
  "wsgate match",
  "linear, parsed per check",
  "linear, parsed once",
  "Map of labels",
  "Map of suffixes",
  "Set of origins",
  "one RegExp",
  "h3 isCorsOriginAllowed",
  "tldts, then a Map",
];
/** Few enough that no collection comes between even where each of them allocates ten kilobytes. */
const CALLS = 20_000;
/** Of what seems to allocate nothing: the count itself, and compilers, take some kilobytes. */
const MANY_CALLS = quick ? CALLS : 10_000_000;
const ALLOCATOR_PATTERNS = 100;

type Job = { readonly holder: string; readonly patterns: number } | { readonly allocator: string };

/** Bytes a pattern. */
interface Held {
  readonly heap: number;
  /** Beside the heap, in typed arrays. */
  readonly arrays: number;
}

/** What this file measures. */
export interface MemoryResult {
  readonly held: Readonly<Record<string, Readonly<Record<number, Outcome<Held>>>>>;
  /** Bytes a look-up. */
  readonly allocated: Readonly<Record<string, Outcome<number>>>;
}

/**
 * A list as read from a file: strings that were put together change their size when first looked at. A function of its
 * own, or its registers would hold what it has made on the way until after the first count.
 */
export function wholeStrings(count: number): string[] {
  return JSON.parse(JSON.stringify(patternList(count)));
}

async function measureHeld(name: string, patterns: number): Promise<Held> {
  const one = contender(name);
  // The first compilation leaves code and caches behind.
  await one.compile(patternList(300));
  const list = wholeStrings(patterns);
  const before = heldBytes();
  const test = await one.compile(list);
  const after = heldBytes();
  // Both are still held here.
  await test(list[0]!);
  return { heap: (after.heap - before.heap) / patterns, arrays: (after.arrays - before.arrays) / patterns };
}

async function measureAllocated(name: string): Promise<number> {
  const test = await contender(name).compile(patternList(ALLOCATOR_PATTERNS));
  const origins = corpus(ALLOCATOR_PATTERNS, WARM);
  const strings = Array.from({ length: WARM }, (_, index) => origins.decode(index));
  const look = (calls: number) => {
    let admitted = 0;
    for (let call = 0; call < calls; call++) if (test(strings[call % WARM]!) === true) admitted++;
    return admitted;
  };
  // Compiled code allocates less than interpreted code.
  for (let turn = 0; turn < 10; turn++) look(CALLS);
  const bytes = (calls: number) => {
    collect();
    const before = allocatedBytes();
    look(calls);
    return (allocatedBytes() - before) / calls;
  };
  const few = bytes(CALLS);
  return few < 4 ? bytes(MANY_CALLS) : few;
}

async function measureAll(): Promise<MemoryResult> {
  const held: Record<string, Record<number, Outcome<Held>>> = {};
  for (const holder of HOLDERS) {
    const cells: Record<number, Outcome<Held>> = held[holder] = {};
    for (const patterns of SIZES) {
      const job: Job = { holder, patterns };
      cells[patterns] = await doElsewhere<Held>(import.meta.url, job);
    }
  }
  const allocated: Record<string, Outcome<number>> = {};
  for (const allocator of ALLOCATORS) {
    const job: Job = { allocator };
    allocated[allocator] = await doElsewhere<number>(import.meta.url, job, { nursery: true });
  }
  return { held, allocated };
}

/** The tables of a result. */
export function describe({ held, allocated }: MemoryResult, name: string): string {
  const sizes = Object.keys(held["wsgate test"] ?? {}).map(Number);
  const bytes = (outcome: Outcome<Held> | undefined) => {
    if (outcome === undefined || "failed" in outcome) return "–";
    const { heap, arrays } = outcome.value;
    return `${digits(heap + arrays)} (${digits(arrays)})`;
  };
  return [
    `memory · patterns across, bytes a pattern, of them in typed arrays (target: at most ${BYTES_A_PATTERN} at a ` +
    `million) · ${name}\n` + table([
      ["", ...sizes.map(count)],
      ...Object.keys(held).map((
        holder,
      ) => [holder, ...sizes.map((patterns) => bytes(held[holder]?.[patterns]))]),
    ]),
    `bytes that a look-up allocates, ${ALLOCATOR_PATTERNS} patterns\n` + table([
      ["", "bytes"],
      ...Object.entries(allocated).map(([allocator, outcome]) => [
        allocator,
        "failed" in outcome ? outcome.failed : outcome.value.toFixed(3),
      ]),
    ]),
  ].join("\n\n") + "\n";
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) {
    await finish(
      "holder" in job ? await measureHeld(job.holder, job.patterns) : await measureAllocated(job.allocator),
    );
  }
  const result = await measureAll();
  await conclude(result, describe(result, runtimeName));
}
