/**
 * What has a change cost? This checkout beside another one of this project, in turns, in one process for each size.
 *
 *     git worktree add /tmp/before d0f2f69
 *     deno run -A bench/beside.ts /tmp/before [--quick]      bun bench/beside.ts /tmp/before [--quick]
 *
 * Two runs on two days compare two days of a machine. Here both checkouts are asked about the same fresh strings, a
 * round each, so the machine is in both halves of every ratio. A list of a million is held to what it cost before, and
 * not to a scan: most of its look-ups' time goes into memory that no cache holds, and says little of the matcher.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { do_not_optimize, now } from "mitata/src/lib.mjs";
import type { Test } from "./contenders.ts";
import { corpus, patternList, WARM } from "./corpus.ts";
import { wholeStrings } from "./memory.ts";
import {
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
import { type Beside, besideOf, compareTests, FULL, QUICK } from "./ratio.ts";
import { count, digits, duration, table } from "./table.ts";
import { BESIDE, BESIDE_PATTERNS } from "./targets.ts";

/** From here on a corpus of as many origins as patterns is another than the warm one. */
const COLD_FROM = 1000;
const SIZES: readonly number[] = quick ? [3, 1000] : [3, 100, 1000, 10_000, 100_000, 1_000_000];
const COMPILED: number = quick ? 1000 : 1_000_000;
const COMPILATIONS = quick ? 2 : 9;

type Job = { readonly dir: string } & ({ readonly patterns: number } | { readonly compiled: number });

/** The look-ups in one list. */
export interface LookUps {
  readonly warm: Beside;
  /** Of as many origins as patterns. */
  readonly cold?: Beside;
}

/** One list, compiled by both. */
export interface Compilation {
  readonly time: Beside;
  /** Bytes a pattern in typed arrays, here and there. */
  readonly arrays: readonly [here: number, there: number];
}

/** What this file measures, by number of patterns. */
export interface BesideResult {
  /** The name of the other checkout's folder. */
  readonly other: string;
  readonly lookUps: Readonly<Record<number, Outcome<LookUps>>>;
  readonly compilation: Readonly<Record<number, Outcome<Compilation>>>;
}

/** What a checkout exports, of all that it does. */
interface Checkout {
  compileOrigins(patterns: readonly string[]): { readonly test: Test };
}

/** The module of a checkout; throws where there is none. */
async function checkoutAt(dir: string): Promise<Checkout> {
  const file = join(resolve(dir), "mod.ts");
  const module = existsSync(file) ? await import(pathToFileURL(file).href) : {};
  if (typeof module.compileOrigins === "function") return module;
  throw new Error(`There is no checkout of this project in ${dir}: no mod.ts that exports compileOrigins`);
}

/** The directory of a checkout, as given on the command line; ends the process where there is none. */
export async function givenCheckout(dir: string | undefined): Promise<string> {
  try {
    if (dir === undefined || dir.startsWith("--")) throw new Error("Give the directory of another checkout");
    await checkoutAt(dir);
    return dir;
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

/** This checkout and the other one. */
async function both(dir: string): Promise<readonly [here: Checkout, there: Checkout]> {
  return [await checkoutAt(fileURLToPath(new URL("../", import.meta.url))), await checkoutAt(dir)];
}

async function measureLookUps(dir: string, patterns: number): Promise<LookUps> {
  const list = patternList(patterns);
  const [here, there] = (await both(dir)).map(({ compileOrigins }) => compileOrigins(list).test);
  const compare = (size: number) => {
    const origins = corpus(patterns, size);
    return compareTests(here!, there!, (index) => origins.decode(index), quick ? QUICK : FULL);
  };
  const warm = await compare(WARM);
  return patterns < COLD_FROM ? { warm } : { warm, cold: await compare(patterns) };
}

async function measureCompilation(dir: string, patterns: number): Promise<Compilation> {
  const checkouts = await both(dir);
  // The first compilation leaves code and caches behind.
  for (const { compileOrigins } of checkouts) compileOrigins(patternList(300));
  const list = wholeStrings(patterns);
  // Until then one of the runtimes holds what a function that has returned had on the stack.
  await sleep(0);
  const held = [heldBytes().arrays];
  const matchers = [];
  for (const { compileOrigins } of checkouts) {
    matchers.push(compileOrigins(list));
    held.push(heldBytes().arrays);
  }
  do_not_optimize(matchers);
  const arrays = [(held[1]! - held[0]!) / patterns, (held[2]! - held[1]!) / patterns] as const;
  matchers.length = 0;
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < COMPILATIONS; turn++) {
    for (const which of turn % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
      collect();
      const start = now();
      do_not_optimize(checkouts[which].compileOrigins(list));
      times[which].push(now() - start);
    }
  }
  return { time: besideOf(...times), arrays };
}

async function measureAll(dir: string): Promise<BesideResult> {
  const elsewhere = <T>(job: Job) => doElsewhere<T>(import.meta.url, job, { limitMs: 300_000 });
  const lookUps: Record<number, Outcome<LookUps>> = {};
  for (const patterns of SIZES) lookUps[patterns] = await elsewhere<LookUps>({ dir, patterns });
  const compilation = { [COMPILED]: await elsewhere<Compilation>({ dir, compiled: COMPILED }) };
  return { other: basename(resolve(dir)), lookUps, compilation };
}

/** The tables of a result. */
export function describe({ other, lookUps, compilation }: BesideResult, runtime: string): string {
  const rows = [["", "here", "there", "ratio", "quartiles of the rounds", "at most"]];
  const add = (what: string, beside: Beside | undefined, target: number | undefined) => {
    if (beside === undefined) return;
    const { ratio, quartiles: [low, high], ns, otherNs } = beside;
    const verdict = target === undefined
      ? ""
      : `${target}  ${(ratio <= target ? "met" : "missed").padStart(6)}`;
    rows.push([
      what,
      duration(ns),
      duration(otherNs),
      digits(ratio),
      `${digits(low)} – ${digits(high)}`,
      verdict,
    ]);
  };
  const sizes = Object.keys(lookUps).map(Number);
  const notes: string[] = [];
  for (const patterns of sizes) {
    const outcome = lookUps[patterns]!;
    const isHeld = patterns === BESIDE_PATTERNS;
    if ("failed" in outcome) notes.push(`${count(patterns)} patterns: ${outcome.failed}`);
    else {
      for (const kind of ["warm", "cold"] as const) {
        add(`${kind}, ${count(patterns)} patterns`, outcome.value[kind], isHeld ? BESIDE[kind] : undefined);
      }
    }
  }
  for (const [size, outcome] of Object.entries(compilation)) {
    const patterns = Number(size);
    const what = `compiling ${count(patterns)}`;
    if ("failed" in outcome) notes.push(`${what}: ${outcome.failed}`);
    else {
      const [here, there] = outcome.value.arrays;
      add(what, outcome.value.time, patterns === BESIDE_PATTERNS ? BESIDE.compile : undefined);
      notes.push(
        `bytes a pattern in typed arrays, ${count(patterns)} patterns: ${digits(here)} and ${digits(there)}`,
      );
    }
  }
  const head = `beside · this checkout, and there the one in ${other}, asked in turns · ${runtime}`;
  return [`${head}\n${table(rows)}`, ...notes].join("\n") + "\n";
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) {
    await finish(
      "compiled" in job
        ? await measureCompilation(job.dir, job.compiled)
        : await measureLookUps(job.dir, job.patterns),
    );
  }
  const dir = await givenCheckout(process.argv[2]);
  const result = await measureAll(dir);
  await conclude(result, describe(result, runtimeName));
}
