// One timer for all: how often it comes, and that it goes.

import { afterEach, test } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Swept } from "../../src/socket/sweep.ts";
import { eventually, pause } from "./peer.ts";

// A copy of its own: under Bun the files of a run share the timer with their sockets.
const { dropSwept, keepSwept, lastSweep, sweepInterval }: typeof import("../../src/socket/sweep.ts") =
  await import(
    `../../src/socket/sweep.ts${"?sweep_test"}`
  );

const kept: Swept[] = [];
function sweeper(limitMs: number): { times: number[] } & Swept {
  const times: number[] = [];
  const it = { times, sweep: (now: number) => void times.push(now) };
  kept.push(it);
  keepSwept(it, limitMs);
  return it;
}
afterEach(() => kept.splice(0).forEach(dropSwept));

test("comes as often as a quarter of the shortest limit asks, to all", async () => {
  assertEquals([0, 0.001, 200, 2000, 86_400_000].map(sweepInterval), [1000, 20, 50, 500, 1000]);
  const slow = sweeper(0);
  const quick = sweeper(200);
  await eventually("some sweeps", () => quick.times.length >= 3);
  assertEquals(slow.times, quick.times);
  assertEquals(lastSweep(), quick.times.at(-1));
  for (const [index, time] of quick.times.entries()) {
    if (index > 0) assertGreaterOrEqual(time, quick.times[index - 1]!);
  }
});

test("who is dropped is not swept, and with nobody left the timer is gone", async () => {
  const one = sweeper(100);
  const other = sweeper(100);
  await eventually("a sweep", () => one.times.length > 0);
  dropSwept(one);
  const before = one.times.length;
  await eventually("more sweeps", () => other.times.length > before + 1);
  assertEquals(one.times.length, before);
  dropSwept(other);
  const last = lastSweep();
  await pause(120);
  assertEquals(lastSweep(), last);
  // From the start again, and by its own limit alone.
  const next = sweeper(2000);
  assert(lastSweep() > last);
  await pause(250);
  assertEquals(next.times, []);
  await eventually("a sweep", () => next.times.length > 0);
});

test("one that drops itself and another while it is swept does no harm", async () => {
  const victim: Swept = { sweep() {} };
  let calls = 0;
  const killer: Swept = {
    sweep() {
      calls++;
      dropSwept(victim);
      dropSwept(killer);
    },
  };
  kept.push(victim, killer);
  keepSwept(killer, 100);
  keepSwept(victim, 100);
  await pause(120);
  assertEquals(calls, 1);
});
