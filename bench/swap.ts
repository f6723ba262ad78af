/**
 * How long does a server stand still while it takes a new list of 100,000 patterns, and is any handshake judged by
 * half a list?
 *
 *     deno run -A bench/swap.ts [--quick]      bun bench/swap.ts [--quick]
 *
 * The server's policy is a function. Two clients in another process ask without a pause: one with an origin of the old
 * list alone, one with an origin of the new list alone. The server compiles the new list between two requests, as
 * compiling is synchronous, so the event loop waits for as long; a timer that should run every millisecond tells how
 * long.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { compilePolicy, guard } from "@wsgate/wsgate";
import { do_not_optimize } from "mitata";
import { startChild } from "../tests/child.ts";
import { patternList } from "./corpus.ts";
import { conclude, quick, runtimeName } from "./process.ts";
import { median } from "./ratio.ts";
import { handshake, serveForParent, upgrade } from "./server.ts";
import { count, digits, table } from "./table.ts";

const PATTERNS = quick ? 1000 : 100_000;
const SWAPS = quick ? 2 : 9;
const PAUSE_MS = quick ? 20 : 200;
const OLD = "https://old.example";
const NEW = "https://new.example";

/** What this file measures. */
export interface SwapResult {
  readonly patterns: number;
  readonly swaps: number;
  readonly handshakes: number;
  /** Handshakes that were answered as neither list says at that time. */
  readonly wrong: number;
  /** Longest pause of the event loop around a swap, median and longest of the swaps. */
  readonly stallMs: { readonly median: number; readonly longest: number };
  /** The same without a swap, as load makes them. */
  readonly quietMs: { readonly median: number; readonly longest: number };
  /** What one compilation took, median. */
  readonly compileMs: number;
  /** What a `Set` of the same strings takes in the same process, median. */
  readonly setMs: number;
}

interface Report {
  readonly stallMs: number;
  readonly compileMs: number;
  readonly setMs: number;
}

async function measureSwaps(): Promise<SwapResult> {
  const server = await startChild(new URL(import.meta.url), ["--serve", ...quick ? ["--quick"] : []]);
  const port = server.ports.port!;
  const control = async (name: string): Promise<Report> => {
    const response = await fetch(`http://127.0.0.1:${port}/control?${name}`);
    return await response.json();
  };
  const reports: Report[] = [];
  const quiet: number[] = [];
  let handshakes = 0;
  let wrong = 0;
  try {
    await control("guarded");
    for (let swap = 0; swap < SWAPS; swap++) {
      await control("back");
      await sleep(PAUSE_MS);
      // What came before is not counted.
      await control("stall");
      let swapped = false;
      let over = false;
      // The old list's origin is admitted until the swap, the new one's after it, and never the other way round.
      const ask = async (origin: string, before: number, after: number) => {
        let sawAfter = false;
        while (!over) {
          const certainlyAfter = swapped;
          const status = await handshake(port, origin);
          handshakes++;
          if (status === after) sawAfter = true;
          else if (status !== before || sawAfter || certainlyAfter) wrong++;
        }
      };
      const clients = [ask(OLD, 101, 403), ask(NEW, 403, 101)];
      await sleep(PAUSE_MS);
      quiet.push((await control("stall")).stallMs);
      await control("swap");
      swapped = true;
      await sleep(PAUSE_MS);
      reports.push(await control("stall"));
      over = true;
      await Promise.all(clients);
    }
  } finally {
    await server.kill();
  }
  const stalls = reports.map(({ stallMs }) => stallMs);
  return {
    patterns: PATTERNS,
    swaps: SWAPS,
    handshakes,
    wrong,
    stallMs: { median: median(stalls), longest: Math.max(...stalls) },
    quietMs: { median: median(quiet), longest: Math.max(...quiet) },
    compileMs: median(reports.map(({ compileMs }) => compileMs)),
    setMs: median(reports.map(({ setMs }) => setMs)),
  };
}

function serveSwaps(): void {
  const list = patternList(PATTERNS - 1);
  const old = compilePolicy({ origins: [OLD] });
  let policy = old;
  let last = performance.now();
  let stallMs = 0;
  let compileMs = 0;
  let setMs = 0;
  setInterval(() => {
    const time = performance.now();
    stallMs = Math.max(stallMs, time - last);
    last = time;
  }, 1);
  const controls: Readonly<Record<string, () => void>> = {
    back: () => {
      policy = old;
      // Of strings that nobody has hashed, as those of a list that has just arrived are.
      const arrived: string[] = JSON.parse(JSON.stringify(list));
      const start = performance.now();
      do_not_optimize(new Set(arrived));
      setMs = performance.now() - start;
    },
    swap: () => {
      const origins: string[] = JSON.parse(JSON.stringify([...list, NEW]));
      const start = performance.now();
      policy = compilePolicy({ origins });
      compileMs = performance.now() - start;
    },
  };
  serveForParent({ guarded: guard(upgrade, () => policy) }, (name): Report => {
    const report = { stallMs, compileMs, setMs };
    stallMs = 0;
    controls[name]?.();
    return report;
  });
}

/** The table of a result. */
export function describe(result: SwapResult, name: string): string {
  const ms = (value: number) => `${digits(value)} ms`;
  return `swap · ${count(result.patterns)} patterns taken ${result.swaps} times under load, ` +
    `${count(result.handshakes)} handshakes, ${
      count(result.wrong)
    } of them judged by neither list · ${name}\n` +
    table([
      ["", "median", "longest"],
      ["the event loop stands still, with a swap", ms(result.stallMs.median), ms(result.stallMs.longest)],
      ["the event loop stands still, without", ms(result.quietMs.median), ms(result.quietMs.longest)],
      ["compiling the policy", ms(result.compileMs), ""],
      ["a Set of the same strings", ms(result.setMs), ""],
    ]) + "\n";
}

if (import.meta.main) {
  if (process.argv.includes("--serve")) serveSwaps();
  else {
    const result = await measureSwaps();
    await conclude(result, describe(result, runtimeName));
  }
}
