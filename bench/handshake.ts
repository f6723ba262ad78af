/**
 * What does a guard cost in a real handshake? CPU time of the server process, load from a second one on loopback.
 *
 *     deno run -A bench/handshake.ts [--quick]      bun bench/handshake.ts [--quick]
 *
 * One server has four handlers that upgrade in the same way: one only reads the Origin header, one is its twin, two
 * are guarded. They take turns in an order that is drawn anew each time, a block of handshakes each. What the twin
 * costs beside the first is how well this can be measured; a guard is held to that, and 2 %. The second guard has a
 * reporter for its hook, which hears of each handshake, and is held to that and 3 % beside the guard without one.
 *
 * @module
 */

import process from "node:process";
import { compilePolicy, createReporter, guard } from "@wsgate/wsgate";
import { startChild } from "../tests/child.ts";
import { Random } from "../tests/random.ts";
import type { NativeHandler } from "../tests/runtime.ts";
import { patternList } from "./corpus.ts";
import { conclude, quick, runtimeName } from "./process.ts";
import { median, quantile } from "./ratio.ts";
import { cpuMicroseconds, handshake, serveForParent, upgrade } from "./server.ts";
import { count, digits, table } from "./table.ts";
import { GUARD_SHARE, REPORTER_SHARE } from "./targets.ts";

const PATTERNS = 1000;
const BLOCK = 100;
const ROUNDS = quick ? 4 : 80;
const WARMUP = quick ? 1 : 12;
const CONCURRENCY = 4;
const NAMES = ["bare", "twin", "guarded", "reported"] as const;
type Name = typeof NAMES[number];

/** What this file measures. */
export interface HandshakeResult {
  readonly patterns: number;
  /** Of each handler. */
  readonly handshakes: number;
  /** Microseconds of CPU time a handshake, median of the blocks. */
  readonly microseconds: Readonly<Record<Name, number>>;
  /** Beside the bare one: the ratio of medians, and between what bounds 95 % of resampled runs have it. */
  readonly twin: Interval;
  readonly guarded: Interval;
  /** A guard with a reporter beside one without. */
  readonly reported: Interval;
  /** What the guarded ratio is held to, and what the other. */
  readonly limit: number;
  readonly reportedLimit: number;
}

interface Interval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

async function measureHandshakes(): Promise<HandshakeResult> {
  const server = await startChild(new URL(import.meta.url), ["--serve"]);
  const port = server.ports.port!;
  const origin = patternList(1)[0]!;
  const random = new Random(1);
  const blocks: Record<Name, number[]> = { bare: [], twin: [], guarded: [], reported: [] };
  try {
    for (let round = -WARMUP; round < ROUNDS; round++) {
      for (const name of random.shuffle(NAMES)) {
        const before = await control(port, name);
        await load(port, origin, BLOCK);
        const used = await control(port, name) - before;
        if (round >= 0) blocks[name].push(used / BLOCK);
      }
    }
  } finally {
    await server.kill();
  }
  const twin = interval(blocks.twin, blocks.bare);
  return {
    patterns: PATTERNS,
    handshakes: ROUNDS * BLOCK,
    microseconds: {
      bare: median(blocks.bare),
      twin: median(blocks.twin),
      guarded: median(blocks.guarded),
      reported: median(blocks.reported),
    },
    twin,
    guarded: interval(blocks.guarded, blocks.bare),
    reported: interval(blocks.reported, blocks.guarded),
    limit: twin.high + GUARD_SHARE,
    reportedLimit: twin.high + REPORTER_SHARE,
  };
}

/** Switches the server to a handler, and gives its CPU time so far. */
async function control(port: number, name: Name): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/control?${name}`);
  return await response.json();
}

async function load(port: number, origin: string, handshakes: number): Promise<void> {
  let left = handshakes;
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (left-- > 0) {
      const status = await handshake(port, origin);
      if (status !== 101) throw new Error(`A handshake was answered with ${status}`);
    }
  }));
}

/** The ratio of the medians, and the bounds of 95 % of such ratios over blocks drawn with replacement. */
function interval(over: readonly number[], under: readonly number[]): Interval {
  const random = new Random(2);
  const resampled = Array.from({ length: 2000 }, () => {
    // One draw for both: blocks of one round share a moment of the machine.
    const drawn = over.map(() => random.below(over.length));
    return median(drawn.map((index) => over[index]!)) / median(drawn.map((index) => under[index]!));
  });
  return {
    ratio: median(over) / median(under),
    low: quantile(resampled, 0.025),
    high: quantile(resampled, 0.975),
  };
}

function serveHandshakes(): void {
  const bare: NativeHandler = (request, context) => {
    origins += request.headers.get("origin") === null ? 0 : 1;
    return upgrade(request, context);
  };
  let origins = 0;
  const policy = compilePolicy({ origins: patternList(PATTERNS) });
  const guarded = guard(upgrade, policy);
  const reported = guard(upgrade, policy, { onDecision: createReporter(), name: "chat" });
  const twin: NativeHandler = (request, context) => bare(request, context);
  serveForParent({ bare, twin, guarded, reported }, cpuMicroseconds);
}

function held({ ratio }: Interval, limit: number, share: number): string {
  const verdict = ratio <= limit ? "met" : "missed";
  return `at most the control's bound and ${100 * share} %: ${limit.toFixed(3)}, ${verdict}`;
}

/** The table of a result. */
export function describe(result: HandshakeResult, name: string): string {
  const { microseconds, twin, guarded, reported, limit, reportedLimit } = result;
  const share = ({ ratio, low, high }: Interval) => [ratio, low, high].map((value) => value.toFixed(3));
  return `handshake · CPU time of the server, ${count(result.patterns)} patterns, ${
    count(result.handshakes)
  } ` +
    `handshakes each · ${name}\n` + table([
      ["", "µs", "ratio", "95 % from", "to"],
      ["reads Origin only", digits(microseconds.bare), "1.000", "", ""],
      ["the same again (control)", digits(microseconds.twin), ...share(twin)],
      ["guarded", digits(microseconds.guarded), ...share(guarded)],
      ["with a reporter, beside guarded", digits(microseconds.reported), ...share(reported)],
    ]) +
    `\nguarded: ${held(guarded, limit, GUARD_SHARE)}` +
    `\nwith a reporter: ${held(reported, reportedLimit, REPORTER_SHARE)}\n`;
}

if (import.meta.main) {
  if (process.argv.includes("--serve")) serveHandshakes();
  else {
    const result = await measureHandshakes();
    await conclude(result, describe(result, runtimeName));
  }
}
