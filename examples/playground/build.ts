/**
 * Writes the playground as files, for any static host and under any path; it needs no package and no header.
 *
 *     deno task playground:build site
 *     bun run examples/playground/build.ts site
 *
 * @module
 */

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { playgroundFiles } from "./files.ts";

const [, , folder] = process.argv;
if (folder === undefined || folder.startsWith("-")) {
  console.error("Into which folder? For example: deno task playground:build site");
  process.exit(2);
}
const files = await playgroundFiles();
for (const [path, text] of files) {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
console.log(`${files.size} files in ${folder}; the page is ${join(folder, "index.html")}`);
