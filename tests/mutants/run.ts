/**
 * Puts small faults into copies of the sources and shows that tests turn red.
 *
 *     deno task mutants                   all of them
 *     deno task mutants cookies socket    those whose file or fault has one of these words in it
 *     deno task mutants --part 8 HASH     eight of them, chosen by a commit's hash
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { partOf, tryMutants } from "./mutate.ts";
import { MUTANTS } from "./mutants.ts";

const [option, ...rest] = Deno.args;
const chosen = option === undefined
  ? MUTANTS
  : option === "--part"
  ? partOf(MUTANTS, Number(rest[0]), rest[1]!)
  : MUTANTS.filter(({ file, fault }) => Deno.args.some((word) => `${file} ${fault}`.includes(word)));

const start = performance.now();
const { passed, failed } = await tryMutants(
  fileURLToPath(new URL("../../", import.meta.url)),
  chosen,
  (line) => console.log(line),
);
console.log(
  `\n${chosen.length} of ${MUTANTS.length} in ${Math.round((performance.now() - start) / 1000)} seconds`,
);
console.log(`${passed} passed, ${failed} failed`);
// No mutant at all: a misspelt word has to be seen.
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
