/**
 * Holds the public types to what both runtimes' own types demand.
 *
 * - `surface.ts`, `deno.ts` and `compositions_deno.ts` by `deno check`, against the types that Deno carries within.
 * - `surface.ts`, `bun.ts`, `compositions_bun.ts`, `cannot_be_had.ts`, the examples for Bun and the published entry by one
 *   run of `tsc`, against `@types/bun`: a Bun user's compiler; `compositions_workers.ts` and the example for Workers by
 *   another, against Cloudflare's types.
 * - `mod.ts` and `src` once more by `deno check`, with a library that knows no runtime at all.
 *
 * A compiler says the same whichever runtime asks, so the runs are made under Deno, which brings one of the two
 * compilers along, and are not repeated under Bun.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertGreaterOrEqual, assertMatch, assertNotEquals } from "@std/assert";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { runtime } from "../runtime.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** How many mistakes each marks, at the least. */
const typeTests = { "surface.ts": 76, "bun.ts": 8, "deno.ts": 3 } as const;

/** A run takes seconds, on a busy machine many. */
const oneRun = {
  skip: runtime === "deno" ? false : "run under Deno: the compiler's answer would be the same",
  timeout: 120_000,
};

describe("type tests", () => {
  for (const [name, mistakes] of Object.entries(typeTests)) {
    it(`${name} marks at least ${mistakes} mistakes, each with its error and a reason`, async () => {
      const source = await readTypeTest(name);
      const directives = source.split("\n").filter((line) => line.includes("@ts-expect-error"));
      assertGreaterOrEqual(directives.length, mistakes);
      eachRow(directives, (line) => assertMatch(line, /^ *\/\/ @ts-expect-error TS\d+: \S.{10,}/));
    });
  }
});

describe("compilers", () => {
  let scratch: string;
  before(async () => void (scratch = await mkdtemp(join(tmpdir(), "wsgate-types-"))));
  after(() => rm(scratch, { recursive: true, force: true }));

  it(
    "tsc accepts mod.ts, surface.ts, bun.ts, the compositions and the examples for Bun",
    oneRun,
    async () => {
      assertEquals(await tsc(join(root, "tests/types/tsconfig.json")), accepted);
    },
  );

  it("tsc accepts the compositions and the example for Workers", oneRun, async () => {
    assertEquals(await tsc(join(root, "tests/types/workers.json")), accepted);
  });

  it("tsc accepts the scripts of the lab's pages, which know a browser and no runtime", oneRun, async () => {
    assertEquals(await tsc(join(root, "examples/lab/pages/tsconfig.json")), accepted);
  });

  it(
    "tsc accepts the playground's scripts, and the library where only a browser is known",
    oneRun,
    async () => {
      assertEquals(await tsc(join(root, "examples/playground/page/tsconfig.json")), accepted);
    },
  );

  it("tsc finds for Bun what is marked, and a mark that marks nothing", oneRun, async () => {
    const folder = await writeCopies(scratch, "bun.ts");
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tests/types/tsconfig.json"),
        // Looked for beside the configuration otherwise.
        compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
        files: ["bun.ts", "repaired.ts"],
      }),
    );
    const { status, output } = await tsc(join(folder, "tsconfig.json"));
    assertNotEquals(status, 0, output);
    const errors = [...output.matchAll(/^.*?(\w+\.ts)\((\d+),\d+\): error (TS\d+)/gm)];
    await assertMarked(errors, "bun.ts");
  });

  it("deno check accepts surface.ts, deno.ts and the compositions", oneRun, async () => {
    const files = ["tests/types/deno.ts", "tests/types/compositions_deno.ts"];
    assertEquals(await denoCheck("deno.json", ...files.map((file) => join(root, file))), accepted);
  });

  it("deno check finds for Deno what is marked, and a mark that marks nothing", oneRun, async () => {
    const folder = await writeCopies(scratch, "deno.ts");
    const files = [join(folder, "deno.ts"), join(folder, "repaired.ts")];
    const { status, output } = await denoCheck("deno.json", ...files);
    assertNotEquals(status, 0, output);
    // An error, then the lines about it, then where it is; what it refers to elsewhere is indented deeper.
    const report = /^(TS\d+) \[ERROR\].*\n(?:(?!TS\d).*\n)*? {4}at .*?(\w+\.ts):(\d+):/gm;
    const errors = [...output.matchAll(report)].map(([all, code, file, line]) => [all, file!, line!, code!]);
    await assertMarked(errors, "deno.ts");
  });

  it("mod.ts and src need no runtime's types", oneRun, async () => {
    const sources = [join(root, "mod.ts"), join(root, "src")];
    assertEquals(await denoCheck("tests/types/web.json", ...sources), accepted);
  });

  it("a runtime's type in src would be found", oneRun, async () => {
    const leaks = ["info: Deno.ServeHandlerInfo", "server: Bun.Server<unknown>"];
    await eachRowInTurn(leaks.entries(), async ([index, leak]) => {
      const file = join(scratch, `leak_${index}.ts`);
      await writeFile(file, `export declare function leak(${leak}): void;\n`);
      const { status, output } = await denoCheck("tests/types/web.json", file);
      assertNotEquals(status, 0);
      assertMatch(output, /TS2503|TS2868/);
    });
  });
});

// ---------------------------------------------------------------------------------------- the compilers

interface Outcome {
  readonly status: number;
  readonly output: string;
}

/** What a compiler that has nothing to say leaves behind. */
const accepted: Outcome = { status: 0, output: "" };

async function tsc(project: string): Promise<Outcome> {
  // Deno's binary runs it, for the machine need not have another: `deno install` has put it there.
  const compiler = join(root, "node_modules/typescript/lib/tsc.js");
  return await run(["run", "--quiet", "-A", compiler, "--project", project, "--pretty", "false"]);
}

async function denoCheck(config: string, ...files: string[]): Promise<Outcome> {
  return await run(["check", "--quiet", "--config", join(root, config), ...files]);
}

function run(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    // A child would count its own coverage, too: the compiler's, in twice the time.
    const { DENO_COVERAGE_DIR: _, ...env } = process.env;
    const options = { cwd: root, env: { ...env, NO_COLOR: "1" }, maxBuffer: 1 << 24 };
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, output: (stdout + stderr).trim() });
    });
  });
}

// ------------------------------------------------------------------------------------------- the copies

function readTypeTest(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), "utf8");
}

/**
 * Copies of `surface.ts` and a runtime's own file in which nothing is expected any more, and `repaired.ts`, in which
 * everything is, but where the first mistake had a string there is a list: its mark is left with nothing to mark.
 */
async function writeCopies(scratch: string, own: "bun.ts" | "deno.ts"): Promise<string> {
  const folder = await mkdtemp(join(scratch, "copies-"));
  for (const name of ["surface.ts", own]) {
    const bare = (await readTypeTest(name)).replaceAll("@ts-expect-error", "not expected:");
    await writeFile(join(folder, name), bare);
  }
  const mistake = 'originValidator(plain, "https://goodsite.com");';
  const surface = await readTypeTest("surface.ts");
  assertEquals(surface.split(mistake).length, 2, `${mistake} once`);
  const repaired = surface.replace(mistake, 'originValidator(plain, ["https://goodsite.com"]);');
  await writeFile(join(folder, "repaired.ts"), repaired);
  return folder;
}

/** The compiler found in the copies what the marks say, and the mark that is left over. */
async function assertMarked(
  errors: readonly (readonly string[])[],
  own: "bun.ts" | "deno.ts",
): Promise<void> {
  await eachRowInTurn(["surface.ts", own], async (name) => {
    assertEquals(positions(errors, name), marks(await readTypeTest(name)));
  });
  assertEquals([...positions(errors, "repaired.ts").values()], ["TS2578"]);
}

/** Line of the mistake → the error its mark names. */
function marks(source: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const [index, line] of source.split("\n").entries()) {
    const code = /@ts-expect-error (TS\d+)/.exec(line)?.[1];
    // A mark is about the line below it, and lines are counted from one.
    if (code !== undefined) found.set(index + 2, code);
  }
  return found;
}

/** Line → error, of one file, from `[all, file, line, code]`. */
function positions(errors: readonly (readonly string[])[], file: string): Map<number, string> {
  return new Map(errors.filter((error) => error[1] === file).map((error) => [Number(error[2]), error[3]!]));
}
