// The kit as somebody else has it: a packed copy in a project of its own, in the test runners of Deno, Bun and Node. A policy
// with a hole fails there, and says which.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { packInto } from "../packed.ts";
import { executableOf } from "../programs.ts";
import { runtime } from "../runtime.ts";

const asked = { skip: runtime === "deno" ? false : "was asked under Deno", timeout: 300_000 };

interface Runner {
  readonly name: string;
  /** How its test is imported, or nothing. */
  readonly test: string;
  readonly extension: "ts" | "mjs";
  command(file: string): Promise<readonly string[]>;
}

const RUNNERS: readonly Runner[] = [
  {
    name: "Deno.test",
    test: "const test = Deno.test;",
    extension: "ts",
    // With its types, which the package declares.
    command: async (file) => [await executableOf("deno"), "test", "--no-lock", file],
  },
  {
    name: "bun:test",
    test: 'import { test } from "bun:test";',
    extension: "ts",
    command: async (file) => [await executableOf("bun"), "test", `./${file}`],
  },
  {
    name: "node:test",
    test: 'import { test } from "node:test";',
    extension: "mjs",
    command: (file) => Promise.resolve(["node", "--test", file]),
  },
];

/** A project's test of a policy, and of a gate with the same. */
const program = (test: string, entry: string) =>
  `${test}
import { compilePolicy, createGate } from "@wsgate/wsgate";
import { assertAllowed, assertDenied, assertWithstands, attacksOn, pageHandshake } from "@wsgate/wsgate/testing";

const policy = compilePolicy({ origins: [${JSON.stringify(entry)}] });
const site = { origins: ["https://app.example.com"], to: "wss://ws.example.com/chat" };
// @ts-expect-error: the package declares its types
test("an option that there is not", () => void (() => attacksOn({ ...site, trust: [] })));
test("the own page", () => assertAllowed(policy, pageHandshake(site.origins[0], { to: site.to })));
test("a stranger", () => assertDenied(policy, pageHandshake("https://evil.test", { to: site.to }), "origin-not-allowed"));
test("the policy withstands " + attacksOn(site).length, () => assertWithstands(policy, site));
test("so does its gate", () => assertWithstands(createGate(policy, { onDecision: () => {} }), site));
`;

describe("the packed kit", asked, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-kit-"));
    await packInto(folder);
    const project = { type: "module", dependencies: { "@wsgate/wsgate": "*" } };
    await writeFile(join(folder, "package.json"), JSON.stringify(project));
    await writeFile(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs a test of a policy with one entry, in the project. */
  async function run(
    runner: Runner,
    entry: string,
  ): Promise<{ readonly status: number; readonly output: string }> {
    const file = `policy.test.${runner.extension}`;
    await writeFile(join(folder, file), program(runner.test, entry));
    const [command, ...args] = await runner.command(file);
    const env = { ...process.env, NO_COLOR: "1" };
    return await new Promise((resolve) => {
      execFile(command!, args, { cwd: folder, env }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ status, output: stdout + stderr });
      });
    });
  }

  for (const runner of RUNNERS) {
    it(`in ${runner.name} lets a good policy be`, async () => {
      const { status, output } = await run(runner, "https://app.example.com");
      assertEquals(status, 0, output);
      assertMatch(output, /the policy withstands 73/);
    });

    it(`in ${runner.name} names the hole of another, and says who can send it and which entry it is`, async () => {
      const { status, output } = await run(runner, "app.example.com");
      assertEquals(status, 1, output);
      assertStringIncludes(output, "2 of 73 attacks are not refused, 0 of 1 own pages are not allowed.");
      assertStringIncludes(output, "2 of 46 attacks are not refused");
      assertStringIncludes(
        output,
        "- cleartext-page, made from https://app.example.com, which a network attacker can send: allowed.",
      );
      assertStringIncludes(output, "nginx-ui CVE-2026-34403");
      assertStringIncludes(output, 'By "app.example.com" (origins[0])');
      assertStringIncludes(output, 'trusts: ["app.example.com"]');
    });
  }
});
