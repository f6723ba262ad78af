/**
 * Who imports one name ships what that name needs: a bundler drops the rest, because nothing in `src` does anything when
 * it is loaded. Bun's bundler is asked, the strictest of the common ones in what it takes for free of side effects.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { executableOf } from "./programs.ts";
import { runtime } from "./runtime.ts";

const asked = { skip: runtime === "deno" ? false : "was asked under Deno", timeout: 120_000 };
const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const entry = pathOf("mod.ts");
const suffixes = pathOf("src/public_suffixes.ts");
const kit = pathOf("src/testing.ts");
const live = pathOf("src/live.ts");

/** Bytes of a minified bundle, at most. */
const ROWS: readonly (readonly [names: string, most: number, from?: string])[] = [
  ["getCookies", 1_000],
  ["authMiddlewareStack", 22_700],
  ["upgradeHandler", 33_900],
  ["check, compilePolicy", 40_000],
  // the program of README.md for both runtimes
  ["originValidator, protocolTypeRouter, upgradeHandler, websocket", 102_600],
  ["publicSuffixes", 92_000, suffixes],
  ["pageHandshake", 12_500, kit],
  ["createLiveSockets", 21_700, live],
  ["memoryStore", 4_000, live],
  ["sqliteStore", 4_000, live],
  ["redisStore", 4_000, live],
  ["createTickets", 10_200, live],
];

describe("a bundle", asked, () => {
  let folder: string;
  let bun: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-bundle-"));
    bun = await executableOf("bun");
  });
  after(() => rm(folder, { recursive: true }));

  async function bundleOf(names: string, from: string = entry): Promise<string> {
    const file = join(folder, "entry.ts");
    await writeFile(
      file,
      names === "" ? `import ${JSON.stringify(from)};` : `export { ${names} } from ${JSON.stringify(from)};`,
    );
    const { stdout } = await promisify(execFile)(bun, ["build", file, "--minify"], { maxBuffer: 1 << 24 });
    return stdout;
  }

  for (const [names, most, from] of ROWS) {
    it(`of ${names} has ${most} bytes at most`, async () => {
      const bundle = await bundleOf(names, from);
      for (const name of names.split(", ")) assert(bundle.includes(name), name);
      assertLessOrEqual(new TextEncoder().encode(bundle).length, most);
    });
  }

  it("of no name at all is empty: loading the package does nothing", async () => {
    assertEquals((await bundleOf("")).trim().slice(0, 200), "");
    assertEquals((await bundleOf("", suffixes)).trim().slice(0, 200), "");
    assertEquals((await bundleOf("", kit)).trim().slice(0, 200), "");
    assertEquals((await bundleOf("", live)).trim().slice(0, 200), "");
  });
});
