/**
 * Two checkouts are measured in turns, and what is no checkout is refused.
 *
 * @module
 */

import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type BesideResult, describe as describeResult } from "../../bench/beside.ts";
import type { Beside } from "../../bench/ratio.ts";
import { outputOf, run } from "../programs.ts";
import { runtime } from "../runtime.ts";

const script = new URL("../../bench/beside.ts", import.meta.url);
const here = fileURLToPath(new URL("../../", import.meta.url));

describe("beside", { timeout: 120_000 }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-beside-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("measures this checkout and another one", async () => {
    const dir = join(folder, "checkout");
    for (const name of ["src", "mod.ts"]) await cp(join(here, name), join(dir, name), { recursive: true });
    const json = join(folder, "result.json");
    const output = await outputOf(await run(runtime, script, [dir, "--quick", "--json", json]));
    assertStringIncludes(output, "the one in checkout");
    const { other, lookUps, compilation }: BesideResult = JSON.parse(await readFile(json, "utf8"));
    assertEquals(other, "checkout");
    const found = Object.entries(lookUps).map(([patterns, outcome]) => {
      assert("value" in outcome, JSON.stringify(outcome));
      return [patterns, Object.keys(outcome.value)];
    });
    assertEquals(found, [["3", ["warm"]], ["1000", ["warm", "cold"]]]);
    const compiled = compilation[1000]!;
    assert("value" in compiled, JSON.stringify(compiled));
    const { ratio, quartiles: [low, high], ns, otherNs } = compiled.value.time;
    // The same code twice; what a quick run says of it is not much.
    assert(ratio > 0.02 && ratio < 50 && low <= high && ns > 0 && otherNs > 0, `${ratio}`);
  });

  it("refuses what is no checkout of this project, before anything is measured", async () => {
    for (const args of [[], ["--quick"]]) {
      await assertRejects(
        async () => await outputOf(await run(runtime, script, args)),
        Error,
        "with 2: Give the directory",
      );
    }
    for (const dir of [folder, join(folder, "nowhere"), fileURLToPath(new URL(".", import.meta.url))]) {
      const refused = async () => await outputOf(await run(runtime, script, [dir]));
      await assertRejects(refused, Error, `with 2: There is no checkout of this project in ${dir}`);
    }
  });

  it("says of a million whether it is met, and of nothing else", () => {
    const beside = (ratio: number): Beside => ({
      ratio,
      quartiles: [ratio, ratio],
      ns: 100 * ratio,
      otherNs: 100,
    });
    const result = (warm: number, cold: number, compile: number): BesideResult => ({
      other: "before",
      lookUps: {
        1000: { value: { warm: beside(9), cold: beside(9) } },
        100_000: { failed: "took more than 300 s" },
        1_000_000: { value: { warm: beside(warm), cold: beside(cold) } },
      },
      compilation: { 1_000_000: { value: { time: beside(compile), arrays: [16, 21.5] } } },
    });
    const lines = (text: string) => text.split("\n").filter((line) => /met|missed/.test(line));
    const met = lines(describeResult(result(1.15, 1.6, 1.6), "Deno"));
    assertEquals(met.map((line) => line.replace(/ {2,}.*/, "")), [
      "warm, 1,000,000 patterns",
      "cold, 1,000,000 patterns",
      "compiling 1,000,000",
    ]);
    assertEquals(met.map((line) => line.endsWith("met")), [true, true, true]);
    const missed = lines(describeResult(result(1.16, 1.61, 1.61), "Bun"));
    assertEquals(missed.map((line) => line.endsWith("missed")), [true, true, true]);
    assertStringIncludes(describeResult(result(1, 1, 1), "Bun"), "100,000 patterns: took more than 300 s");
    const failed = { ...result(1, 1, 1), compilation: { 1_000_000: { failed: "out of memory" } } };
    assertStringIncludes(describeResult(failed, "Bun"), "compiling 1,000,000: out of memory");
  });
});
