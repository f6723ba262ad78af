/**
 * What a run of all benchmarks has found: whether the targets are met, and the pictures of it.
 *
 * @module
 */

import type { BesideResult } from "./beside.ts";
import type { CheckResult } from "./check.ts";
import type { CompileResult } from "./compile.ts";
import { CONTENDERS } from "./contenders.ts";
import type { HandshakeResult } from "./handshake.ts";
import type { HotResult } from "./hot.ts";
import type { Cell, MatchResult } from "./match.ts";
import type { MemoryResult } from "./memory.ts";
import { type Bar, barPlot, type Line, linePlot, type Tone } from "./plot.ts";
import type { Outcome } from "./process.ts";
import { median } from "./ratio.ts";
import { FIGURES, type SocketResult } from "./socket.ts";
import type { SwapResult } from "./swap.ts";
import { count, digits, duration, table } from "./table.ts";
import {
  BESIDE,
  BESIDE_PATTERNS,
  BYTES_A_LOOKUP,
  BYTES_A_PATTERN,
  hotTarget,
  MATCH_TO_TEST,
  REFERENCE_BYTES,
  SOCKET,
  warmTarget,
} from "./targets.ts";

/** What one runtime has measured; what is left out has failed, or was not asked. */
export interface Results {
  readonly match?: MatchResult;
  readonly hot?: HotResult;
  readonly compile?: CompileResult;
  readonly memory?: MemoryResult;
  readonly swap?: SwapResult;
  readonly check?: CheckResult;
  readonly handshake?: HandshakeResult;
  readonly socket?: SocketResult;
  readonly beside?: BesideResult;
}

/** Everything there is to know of a run. */
export interface Report {
  readonly date: string;
  /** Whether the numbers are worth quoting: a quick run sees only that everything works. */
  readonly quick: boolean;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly system: string;
    /** How many processes wanted the cores when the run began. */
    readonly load: number;
  };
  readonly peers: Readonly<Record<string, string>>;
  /** By name and version of the runtime. */
  readonly runtimes: Readonly<Record<string, Results>>;
  /** What gave no result, and why. */
  readonly failed: readonly string[];
}

/** The targets, and what was measured of each, by runtime. */
export function verdicts({ runtimes }: Report): string {
  const names = Object.keys(runtimes);
  const rows: string[][] = [["", "at most", ...names]];
  const add = (
    what: string,
    of: (results: Results, runtime: string) => [number | undefined, number | undefined],
  ) => {
    const found = names.map((name) => of(runtimes[name]!, name));
    if (found.every(([value, target]) => value === undefined || target === undefined)) return;
    const targets = [...new Set(found.map(([, target]) => target === undefined ? "–" : digits(target)))];
    rows.push([
      what,
      targets.join(" / "),
      ...found.map(([value, target]) =>
        value === undefined || target === undefined
          ? "–"
          : `${digits(value)}  ${value <= target ? "met" : "missed"}`
      ),
    ]);
  };
  for (const patterns of [3, 100, 1000, 10_000, 100_000]) {
    add(`test, warm, ${count(patterns)} patterns`, ({ match }, runtime) => [
      cellOf(match, "wsgate test", patterns)?.warm.ratio,
      warmTarget(runtime, patterns),
    ]);
  }
  add("test, one hot origin, the worst of all sizes", ({ hot }, runtime) => [
    worst(Object.values(hot?.["wsgate test"] ?? {}).map((outcome) => valueOf(outcome)?.ratio)),
    hotTarget(runtime),
  ]);
  add("match beside test, the worst of all sizes", ({ match }) => [
    worst(
      Object.keys(match?.["wsgate test"] ?? {}).map((patterns) => {
        const test = cellOf(match, "wsgate test", Number(patterns))?.warm.ratio;
        const whole = cellOf(match, "wsgate match", Number(patterns))?.warm.ratio;
        return test === undefined || whole === undefined ? undefined : whole / test;
      }),
    ),
    MATCH_TO_TEST,
  ]);
  add("bytes a pattern in typed arrays, 1,000,000 patterns", ({ memory }) => [
    valueOf(memory?.held["wsgate test"]?.[1_000_000])?.arrays,
    BYTES_A_PATTERN,
  ]);
  add("bytes a pattern in all, 1,000,000 patterns", ({ memory }) => {
    const held = valueOf(memory?.held["wsgate test"]?.[1_000_000]);
    return [held && held.arrays + held.heap, BYTES_A_PATTERN + REFERENCE_BYTES];
  });
  add(
    "bytes a look-up allocates",
    ({ memory }) => [valueOf(memory?.allocated["wsgate test"]), BYTES_A_LOOKUP],
  );
  const long = count(BESIDE_PATTERNS);
  for (const corpus of ["warm", "cold"] as const) {
    add(`test, ${corpus}, ${long} patterns, beside the other checkout`, ({ beside }) => [
      valueOf(beside?.lookUps[BESIDE_PATTERNS])?.[corpus]?.ratio,
      BESIDE[corpus],
    ]);
  }
  add(`compiling ${long}, beside the other checkout`, ({ beside }) => [
    valueOf(beside?.compilation[BESIDE_PATTERNS])?.time.ratio,
    BESIDE.compile,
  ]);
  add("guarded handshake beside a bare one", ({ handshake }) => [handshake?.guarded.ratio, handshake?.limit]);
  // A report that was written before it was measured has none.
  add("the same with a reporter beside one without", ({ handshake }) => [
    handshake?.reported?.ratio,
    handshake?.reportedLimit,
  ]);
  for (const figure of [...FIGURES, "memory"]) {
    add(`${figure} of a socket beside the runtime's own`, ({ socket }, runtime) => [
      socketRatio(socket, "wsgate, user, router", figure),
      SOCKET[runtime.split(" ")[0]!]?.[figure],
    ]);
  }
  return `targets\n${table(rows)}\n`;
}

/** What a figure of one server's sockets is beside the runtime's own; of memory where the sockets are most. */
function socketRatio(socket: SocketResult | undefined, name: string, figure: string): number | undefined {
  const [ours, native] = [socket?.[name], socket?.["native"]];
  if (ours === undefined || native === undefined) return undefined;
  const most = Math.max(...Object.keys(native.bytes).map(Number));
  return figure === "memory"
    ? ours.bytes[most]! / native.bytes[most]!
    : ours.ns[figure as keyof typeof ours.ns] / native.ns[figure as keyof typeof ours.ns];
}

function worst(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function valueOf<T>(outcome: Outcome<T> | undefined): T | undefined {
  return outcome === undefined || "failed" in outcome ? undefined : outcome.value;
}

function cellOf(match: MatchResult | undefined, name: string, patterns: number): Cell | undefined {
  return valueOf(match?.[name]?.[patterns]);
}

/** The pictures, by file name; those that nothing is known for are left out. */
export function plots(report: Report): Record<string, string> {
  const { cores, processor } = report.machine;
  const where = `${cores} × ${processor} · ${report.date.slice(0, 10)}`;
  const found: Record<string, string> = {};
  for (const [name, { match }] of Object.entries(report.runtimes)) {
    if (match === undefined) continue;
    const lines = matchLines(match);
    if (lines.length === 0) continue;
    found[`bench-match-${name.split(" ")[0]!.toLowerCase()}.svg`] = linePlot([{ title: "", lines }], {
      title: `Time of one look-up on ${name}`,
      caption: `warm corpus, a fresh string each time, both axes logarithmic · ${where}`,
      key: KEY,
      xLabel: "patterns",
      yTick: (ns) => duration(ns).replace(/\.0+(?= )/, ""),
      height: 640,
    });
  }
  const memory = Object.entries(report.runtimes).flatMap(([title, results]) => {
    const lines = results.memory === undefined ? [] : memoryLines(results.memory);
    return lines.length === 0 ? [] : [{ title, lines }];
  });
  if (memory.length > 0) {
    found["bench-memory.svg"] = linePlot(memory, {
      title: "Bytes a pattern of a compiled list",
      caption: `without the strings of the list itself, both axes logarithmic · ${where}`,
      key: KEY,
      xLabel: "patterns",
      yTick: (bytes) => `${count(bytes)} B`,
      height: 340,
    });
  }
  const handshakes = Object.entries(report.runtimes).flatMap(([title, { handshake }]) =>
    handshake === undefined ? [] : [{ title, bars: handshakeBars(handshake) }]
  );
  if (handshakes.length > 0) {
    found["bench-handshake.svg"] = barPlot(handshakes, {
      title: "CPU time of the server for one handshake",
      caption:
        `beside a server that only reads Origin, with 95 % bounds; the control is the same server again · ${where}`,
    });
  }
  const sockets = Object.entries(report.runtimes).flatMap(([title, { socket }]) =>
    socket === undefined ? [] : ["handshake", "echo of 32 B", "memory"].map((figure) => ({
      title: `${title} · ${SOCKET_TITLES[figure]}`,
      bars: socketBars(socket, figure),
    }))
  );
  if (sockets.length > 0) {
    found["bench-socket.svg"] = barPlot(sockets, {
      title: "What a socket costs beside the runtime's own",
      caption:
        `ratios of medians, all servers in turns; CPU time of the server, memory after a collection · ${where}`,
    });
  }
  return found;
}

const SOCKET_TITLES: Readonly<Record<string, string>> = {
  handshake: "CPU time of a handshake, opened and closed",
  "echo of 32 B": "CPU time of a message of 32 B and its echo",
  memory: "memory of an idle socket",
};

function socketBars(socket: SocketResult, figure: string): Bar[] {
  return Object.keys(socket).map((name): Bar => {
    const value = socketRatio(socket, name, figure)!;
    return {
      name: name === "wsgate"
        ? "wsgate, a guard around it"
        : name === "wsgate, user, router"
        ? "wsgate, and a user and a router"
        : name,
      value,
      label: name === "native" ? "1" : `× ${value.toFixed(2)}`,
      tone: name === "native" ? "floor" : name.startsWith("wsgate") ? "ours" : "once",
    };
  });
}

const KEY = { ours: "wsgate", once: "one look-up", each: "one pattern after another" };
const LABELS: Readonly<Record<string, string>> = {
  "linear, parsed per check": "Channels' linear scan",
};

/**
 * Nanoseconds as ratios say them, each times the one median of all scans: what the machine did beside it is in the
 * nanoseconds of a moment, and not in its ratio.
 */
function matchLines(match: MatchResult): Line[] {
  const scans = Object.values(match).flatMap((cells) =>
    Object.values(cells).flatMap((outcome) => valueOf(outcome)?.warm.scanNs ?? [])
  );
  if (scans.length === 0) return [];
  const scanNs = median(scans);
  const lines = CONTENDERS.map(({ name, linear }): Line => ({
    name: LABELS[name] ?? name,
    tone: name.startsWith("wsgate") ? "ours" : linear ? "each" : "once",
    points: pointsOf(match[name], (cell) => cell.warm.ratio * scanNs),
  }));
  const floor: Line = {
    name: "bare scan (floor)",
    tone: "floor",
    points: pointsOf(match["wsgate test"], () => scanNs),
  };
  return [floor, ...lines].filter(({ points }) => points.length > 0);
}

function memoryLines(memory: MemoryResult): Line[] {
  return Object.entries(memory.held).map(([name, sizes]): Line => {
    const tone: Tone = name.startsWith("wsgate") ? "ours" : name.startsWith("linear") ? "each" : "once";
    return {
      name: name === "wsgate test" ? "wsgate" : name,
      tone,
      points: pointsOf(sizes, ({ heap, arrays }) => heap + arrays),
    };
  }).filter(({ points }) => points.length > 0);
}

/** Of what was measured, and can stand on a logarithmic axis. */
function pointsOf<T>(
  sizes: Readonly<Record<number, Outcome<T>>> | undefined,
  value: (one: T) => number,
): [number, number][] {
  return Object.entries(sizes ?? {}).flatMap(([patterns, outcome]): [number, number][] => {
    const one = valueOf(outcome);
    const y = one === undefined ? 0 : value(one);
    return y > 0 ? [[Number(patterns), y]] : [];
  });
}

function handshakeBars({ microseconds, twin, guarded }: HandshakeResult): Bar[] {
  const beside = (name: string, value: number, { ratio, low, high }: typeof twin, tone: Tone): Bar => ({
    name,
    value,
    label: `${digits(value)} µs · × ${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
    tone,
    bounds: [low * microseconds.bare, high * microseconds.bare],
  });
  const { bare } = microseconds;
  return [
    { name: "reads Origin only", value: bare, label: `${digits(bare)} µs`, tone: "floor" },
    beside("the same again", microseconds.twin, twin, "floor"),
    beside("guarded by wsgate", microseconds.guarded, guarded, "ours"),
  ];
}
