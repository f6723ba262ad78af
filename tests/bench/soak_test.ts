/**
 * The soak finds what it is for, and its clients work.
 *
 * @module
 */

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Visit } from "../../bench/soak_clients.ts";
import { judge, type Round, type Soak, summary } from "../../bench/soak_verdict.ts";
import { outputOf, run } from "../programs.ts";
import { eachRow } from "../rows.ts";
import { runtime } from "../runtime.ts";

const SERVED: Visit = { latencies: { handshake: 2, echo: 1 } };
const round = (megabytes: number, more: Partial<Round> = {}): Round => ({
  ...{ isWarmUp: false, honest: [SERVED], others: [{}], megabytes, descriptors: 7 },
  ...more,
});
const soak = (more: Partial<Soak> = {}): Soak => ({
  ...{ name: "bun", rounds: [50, 60, 50, 60, 50, 60].map((it) => round(it)), start: 7, end: 7 },
  ...{ last: SERVED, seconds: 180 },
  ...more,
});
const resets = (many: number): Round => round(50, { others: Array(many).fill({ reset: true }) });

describe("judge", () => {
  it("says nothing where all held", () => {
    const warmUp = round(1, { isWarmUp: true });
    eachRow([soak(), soak({ rounds: [warmUp, ...soak().rounds] }), soak({ end: 17 })], (it) => {
      assertEquals(judge(it), []);
    });
  });

  it("finds memory that grows, and too few rounds to tell", () => {
    const growing = soak({ rounds: [50, 59, 68, 77, 86, 95].map((it) => round(it)) });
    assertMatch(judge(growing).join(), /^memory grew from 50\.0 to 86\.0 MB/);
    assertMatch(judge(soak({ rounds: [round(50), round(50)] })).join(), /^too few rounds/);
  });

  it("finds descriptors that stay; on Deno some may, of resets", () => {
    assertMatch(judge(soak({ end: 18 })).join(), /^11 descriptors stayed, where 10 may$/);
    const rounds = [...soak().rounds, resets(800)];
    eachRow(
      [["deno", 117, 0], ["deno", 118, 1], ["bun", 117, 1]] as const,
      ([name, end, faults]) => assertEquals(judge(soak({ name, rounds, end })).length, faults),
    );
  });

  it("finds who was not served, in any round and after them, and where nobody came", () => {
    const fault = "0 echoes of 3";
    const unserved = [
      round(50, { honest: [SERVED, { fault }] }),
      round(50, { others: [{ fault }] }),
      round(50),
    ];
    assertEquals(judge(soak({ rounds: unserved })), [`2 × ${fault}`]);
    assertEquals(judge(soak({ last: { fault } })), [`at the end: ${fault}`]);
    const none = soak().rounds.map((round) => ({ ...round, honest: [] }));
    assertEquals(judge(soak({ rounds: none })), ["no honest client came"]);
  });
});

it("the summary counts everything", () => {
  const text = summary(soak({ rounds: [resets(800), ...soak().rounds] }));
  assertMatch(text, /^813 clients in 180 s, 800 resets\nhonest: 7 of 7 served; handshake 2\.00 ms/);
  assertMatch(text, /\ndescriptors: 7 before, 7 after; 10 may stay$/);
});

const asked = { skip: process.platform === "linux" ? false : "asks for /proc", timeout: 240_000 };

it("a short soak of this runtime's server holds, and says so", asked, async () => {
  const script = new URL("../../bench/soak.ts", import.meta.url);
  const output = await outputOf(await run(runtime, script, ["--quick", `--${runtime}`]));
  assertMatch(output, new RegExp(`^\n${runtime}\n +round +clients`));
  assertEquals(output.match(/^ +\d+ +[\d,]+ /gm)?.length, 3, output);
  assertMatch(output, /\n\nsoak: all held\n$/);
});

it("what it does not know is wrong usage", asked, async () => {
  const child = await run(runtime, new URL("../../bench/soak.ts", import.meta.url), ["--quik"]);
  let said = "";
  child.stderr!.on("data", (chunk) => said += chunk);
  assertEquals(await new Promise((resolve) => child.on("close", resolve)), 2);
  assert(said.includes("--quik"), said);
});
