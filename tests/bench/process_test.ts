/**
 * A number that cannot be taken says why, and the others are taken all the same.
 *
 * @module
 */

import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CheckResult } from "../../bench/check.ts";
import type { HandshakeResult } from "../../bench/handshake.ts";
import { describe as describeHot, type HotResult } from "../../bench/hot.ts";
import type { Cell } from "../../bench/match.ts";
import { doElsewhere } from "../../bench/process.ts";
import type { SwapResult } from "../../bench/swap.ts";
import { outputOf, run } from "../programs.ts";
import { runtime } from "../runtime.ts";

const script = (name: string) => new URL(`../../bench/${name}.ts`, import.meta.url);

describe("doElsewhere", () => {
  it("gives what a job gives", async () => {
    const job = { contender: "Set of origins", patterns: 3 };
    const outcome = await doElsewhere<Cell>(script("match").href, job, { hurry: true });
    assert("value" in outcome, JSON.stringify(outcome));
    assertEquals(outcome.value.wrong.map(({ judged }) => judged), [1000]);
    assert(outcome.value.warm.ratio > 0);
  });

  it("says why there is nothing", async () => {
    const outcome = await doElsewhere(script("match").href, {
      contender: "nobody",
      patterns: 3,
      quick: true,
    });
    assert("failed" in outcome);
    assertStringIncludes(outcome.failed, `There is no contender "nobody"`);
  });

  it("ends what takes too long", async () => {
    const job = { contender: "wsgate test", patterns: 1_000_000 };
    assertEquals(await doElsewhere(script("match").href, job, { limitMs: 200 }), {
      failed: "took more than 0.2 s",
    });
  });
});

/** What a file gives in a hurry. */
async function quickly<T>(name: string): Promise<T> {
  const json = join(tmpdir(), `wsgate-${runtime}-${process.pid}-${name}.json`);
  try {
    const output = await outputOf(await run(runtime, script(name), ["--quick", "--json", json]));
    assertStringIncludes(output, name);
    return JSON.parse(await readFile(json, "utf8"));
  } finally {
    await rm(json, { force: true });
  }
}

describe("hot", { timeout: 120_000 }, () => {
  it("each subject lets one origin in, whatever the number of patterns", async () => {
    const result = await quickly<HotResult>("hot");
    assertEquals(Object.keys(result), ["wsgate test", "Set of origins", "one RegExp", "==="]);
    for (const cells of Object.values(result)) {
      assertEquals(Object.keys(cells), ["3", "100"]);
      for (const outcome of Object.values(cells)) assert("value" in outcome, JSON.stringify(outcome));
    }
  });

  it("says whether it is met, and why something was not measured", () => {
    const compared = { ratio: 0.3, quartiles: [0.3, 0.3] as const, ns: 9, scanNs: 30, calls: 2048 };
    const result: HotResult = {
      "wsgate test": { 3: { value: compared }, 1000: { value: { ...compared, ratio: 0.6 } } },
      "one RegExp": { 3: { value: compared }, 1000: { failed: "too large" } },
    };
    assertEquals(describeHot(result, "Deno 2.9.6").match(/met|missed/g), ["met", "missed"]);
    assertEquals(describeHot(result, "Bun 1.4.5").match(/met|missed/g), ["met", "met"]);
    assertStringIncludes(describeHot(result, "Bun 1.4.5"), "one RegExp, 1,000 patterns: too large");
  });
});

describe("files that need a server", { timeout: 120_000 }, () => {
  it("handshake: four handlers, one of them the control", async () => {
    const { microseconds, guarded, twin, reported, limit, reportedLimit } = await quickly<HandshakeResult>(
      "handshake",
    );
    for (const value of Object.values(microseconds)) assert(value > 0);
    for (const { low, ratio, high } of [guarded, twin, reported]) assert(low <= ratio && ratio <= high);
    assertEquals([limit, reportedLimit], [twin.high + 0.02, twin.high + 0.03]);
  });

  it("swap: no handshake is judged by half a list", async () => {
    const { handshakes, wrong, compileMs, stallMs } = await quickly<SwapResult>("swap");
    assert(handshakes > 0);
    assertEquals(wrong, 0);
    assert(stallMs.longest >= stallMs.median && compileMs > 0);
  });

  it("check: each way to use a request", async () => {
    const { time, allocated } = await quickly<CheckResult>("check");
    assert("value" in time, JSON.stringify(time));
    assertEquals(Object.keys(time.value), Object.keys(allocated));
    for (const outcome of Object.values(allocated)) assert("value" in outcome, JSON.stringify(outcome));
  });
});
