/**
 * What a soak has shown, and whether it held.
 *
 * @module
 */

import type { Visit } from "./soak_clients.ts";
import { count, digits } from "./table.ts";

/** What one round of clients came to. */
export interface Round {
  readonly isWarmUp: boolean;
  readonly honest: readonly Visit[];
  readonly others: readonly Visit[];
  /** What the process held when all had left. */
  readonly megabytes: number;
  readonly descriptors: number;
}

/** All rounds on one runtime. */
export interface Soak {
  readonly name: "deno" | "bun";
  readonly rounds: readonly Round[];
  /** Descriptors before the first round and after the last. */
  readonly start: number;
  readonly end: number;
  /** An honest client after everything. */
  readonly last: Visit;
  readonly seconds: number;
}

/** Rounds after the warm-up, at least: the first third of them is compared with the last. */
const LEAST_ROUNDS = 3;
const MOST_MEGABYTES = 30;
const MOST_DESCRIPTORS = 10;
/**
 * Of so many resets each, Deno keeps a descriptor and some 50 KB for good, at most: where the reset falls between its last
 * look at the client and the 101 on the wire.
 */
const RESETS_A_DESCRIPTOR = 8;

/** What did not hold; empty: all did. */
export function judge(soak: Soak): string[] {
  const times = new Map<string, number>();
  for (const { fault } of allVisits(soak)) {
    if (fault !== undefined) times.set(fault, (times.get(fault) ?? 0) + 1);
  }
  const faults = Array.from(times, ([fault, count]) => `${count} × ${fault}`);
  if (soak.last.fault !== undefined) faults.push(`at the end: ${soak.last.fault}`);
  if (soak.rounds.every(({ honest }) => honest.length === 0)) faults.push("no honest client came");
  const [first, last] = memoryOf(soak);
  if (first === undefined) faults.push("too few rounds to tell whether memory is flat");
  else if (last! - first > MOST_MEGABYTES) {
    faults.push(`memory grew from ${digits(first)} to ${digits(last!)} MB, by more than ${MOST_MEGABYTES}`);
  }
  const kept = soak.end - soak.start;
  if (kept > mostKept(soak)) faults.push(`${kept} descriptors stayed, where ${mostKept(soak)} may`);
  return faults;
}

/** The head of `roundLine`. */
export const HEAD: string = cells(
  ...["round", "clients", "honest", "handshake p50", "p99", "worst", "echo p99", "MB", "descriptors"],
);

/** What one round came to, as a line of a table; times in milliseconds. */
export function roundLine(
  number: number,
  { isWarmUp, honest, others, megabytes, descriptors }: Round,
): string {
  const handshakes = latencies(honest, "handshake");
  return cells(
    isWarmUp ? "warm-up" : String(number),
    count(honest.length + others.length),
    count(honest.length),
    ...[0.5, 0.99, 1].map((share) => quantile(handshakes, share)).map(digits),
    digits(quantile(latencies(honest, "echo"), 0.99)),
    megabytes.toFixed(1),
    String(descriptors),
  );
}

/** The whole in a few lines. */
export function summary(soak: Soak): string {
  const honest = soak.rounds.flatMap(({ honest }) => honest);
  const served = honest.filter(({ fault }) => fault === undefined).length;
  const handshakes = latencies(honest, "handshake");
  const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => digits(quantile(handshakes, share)));
  const [first, last] = memoryOf(soak).map((megabytes) => megabytes?.toFixed(1) ?? "-");
  return [
    `${count(allVisits(soak).length)} clients in ${Math.round(soak.seconds)} s, ${
      count(resetsOf(soak))
    } resets`,
    `honest: ${count(served)} of ${
      count(honest.length)
    } served; handshake ${p50} ms, p99 ${p99}, worst ${worst}`,
    `memory: ${first} MB after the warm-up, ${last} at the end (medians of a third of the rounds)`,
    `descriptors: ${soak.start} before, ${soak.end} after; ${mostKept(soak)} may stay`,
  ].join("\n");
}

function allVisits({ rounds }: Soak): Visit[] {
  return rounds.flatMap(({ honest, others }) => [...honest, ...others]);
}

function resetsOf(soak: Soak): number {
  return allVisits(soak).filter(({ reset }) => reset === true).length;
}

/** Megabytes in the first and in the last third of the rounds after the warm-up. */
function memoryOf({ rounds }: Soak): [first?: number, last?: number] {
  const measured = rounds.filter(({ isWarmUp }) => !isWarmUp).map(({ megabytes }) => megabytes);
  const third = Math.floor(measured.length / 3);
  if (measured.length < LEAST_ROUNDS) return [];
  return [quantile(measured.slice(0, third), 0.5), quantile(measured.slice(-third), 0.5)];
}

function mostKept(soak: Soak): number {
  return MOST_DESCRIPTORS + (soak.name === "deno" ? Math.floor(resetsOf(soak) / RESETS_A_DESCRIPTOR) : 0);
}

function latencies(visits: readonly Visit[], of: "handshake" | "echo"): number[] {
  return visits.flatMap(({ latencies }) => latencies?.[of] ?? []);
}

/** The value that this share of them does not exceed; 0 of none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function cells(...texts: readonly string[]): string {
  const widths = [7, 8, 7, 14, 7, 7, 9, 7, 12];
  return texts.map((text, column) => text.padStart(widths[column]!)).join("");
}
