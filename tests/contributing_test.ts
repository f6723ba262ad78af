/**
 * The two ways through the code in `.github/CONTRIBUTING.md` are those that imports take.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";

const root = fileURLToPath(new URL("../", import.meta.url));

/** A file that a reader starts at, and those that it asks, in order. */
interface Stop {
  readonly file: string;
  readonly asks: readonly string[];
}

async function walk(heading: string): Promise<Stop[]> {
  const text = await readFile(join(root, ".github/CONTRIBUTING.md"), "utf8");
  const section = text.split(/^## /m).find((it) => it.startsWith(`${heading}\n`));
  assert(section !== undefined, heading);
  const stops: { file: string; asks: string[] }[] = [];
  for (const [, indent, file] of section.matchAll(/^( *)(?:-|\d+\.) `(src\/[^`]+)`/gm)) {
    if (indent === "") stops.push({ file: file!, asks: [] });
    else stops.at(-1)!.asks.push(file!);
  }
  return stops;
}

/** The files that a file imports, types included. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(root, file), "utf8");
  return Array.from(
    text.matchAll(/^(?:import|export)\s(?:[^"';]*\sfrom\s)?"(\.[^"]+)"/gm),
    ([, specifier]) => join(dirname(file), specifier!),
  );
}

for (const heading of ["The way of a request", "The way of a pattern"]) {
  describe(heading, () => {
    it("starts where the package does, and each file is asked by one before it", async () => {
      const stops = await walk(heading);
      assert(stops.length > 0);
      const exported = await importsOf("mod.ts");
      const strangers: string[] = [];
      for (const { file, asks } of stops) {
        if (!exported.includes(file)) strangers.push(file);
        const reached = new Set(await importsOf(file));
        for (const asked of asks) {
          // What a user calls by himself stands beside the layer that it is for.
          if (!reached.has(asked) && !exported.includes(asked)) strangers.push(asked);
          for (const next of await importsOf(asked)) reached.add(next);
        }
      }
      assertEquals(strangers, []);
    });
  });
}

it("together they name every file of the rooms that decide", async () => {
  const stops = [...await walk("The way of a request"), ...await walk("The way of a pattern")];
  const named = new Set(stops.flatMap(({ file, asks }) => [file, ...asks]));
  const decides =
    /^src\/(?:guard\/guard|verdict\/|matcher\/|pattern\/|origin\/|handshake|scope|denial|settle|config)/;
  const graph = new Set(["src/guard/guard.ts"]);
  // A Set is walked as it grows.
  for (const file of graph) for (const next of await importsOf(file)) graph.add(next);
  assert(graph.size > 20);
  assertEquals([...graph].filter((file) => decides.test(file) && !named.has(file)), []);
});
