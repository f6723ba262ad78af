import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { eachRow } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { type Mutant, partOf, tryMutants } from "./mutate.ts";
import { MUTANTS } from "./mutants.ts";

const DOOR = "src/door.ts";
const SOURCE = "export function admits(age: number): boolean {\n  return age >= 18 && age < 180;\n}\n";
const FILES: Readonly<Record<string, string>> = {
  "deno.json": "{}",
  [DOOR]: SOURCE,
  "tests/door_test.ts": `
    import { it } from "node:test";
    import { admits } from "../src/door.ts";
    it("nobody under age", () => { if (admits(17)) throw new Error("17"); });
    it("from that day on", () => { if (!admits(18)) throw new Error("18"); });
  `,
  "tests/lazy_test.ts": `
    import { it } from "node:test";
    import "../src/door.ts";
    it("somebody old", () => {});
  `,
  "tests/red_test.ts": `
    import { it } from "node:test";
    it("never", () => { throw new Error("never"); });
  `,
};

const OFF_BY_ONE: Mutant = {
  fault: "off by one",
  file: DOOR,
  from: "age >= 18",
  to: "age > 18",
  tests: ["tests/lazy_test.ts", "tests/door_test.ts"],
  runtime: "deno",
};

/** What differs from a mutant that is seen, and the line that is said of it. */
const ROWS: readonly [differs: Partial<Mutant>, line: RegExp][] = [
  [{}, /^seen {3}src\/door\.ts: off by one \(red: from that day on\)$/],
  [{ runtime: "bun" }, /^seen {3}src\/door\.ts: off by one \(red: from that day on\)$/],
  [{ tests: ["tests/lazy_test.ts"] }, /^FAILED .* \(tests\/lazy_test\.ts did not see it\)$/],
  [{ runtime: "bun", tests: ["tests/lazy_test.ts"] }, /^FAILED .* \(tests\/lazy_test\.ts did not see it\)$/],
  [{ to: "age >= 18" }, /^FAILED .* did not see it\)$/],
  [{ to: "18 <= age" }, /^FAILED .* did not see it\)$/],
  [{ from: "age > 21" }, /^FAILED .* \(the text is there 0 times: "age > 21"\)$/],
  [{ from: "age" }, /^FAILED .* \(the text is there 3 times: "age"\)$/],
  [{ file: "src/gone.ts" }, /^FAILED .* \(the file is gone: "age >= 18"\)$/],
  [{ to: `age > "18"` }, /^FAILED .* \(with it the file is no sound TypeScript\)$/],
  [{ to: "old(age)" }, /^FAILED .* \(with it the file is no sound TypeScript\)$/],
  [{ from: "export", to: `JSON.parse(""); export` }, /^FAILED .* \(not to be run\)$/],
  [{ tests: ["tests/red_test.ts"] }, /^FAILED .* \(without it, tests\/red_test\.ts is red: never\)$/],
  [{ tests: ["tests/gone_test.ts"] }, /^FAILED .* \(without it, tests\/gone_test\.ts is not to be run\)$/],
];

describe("tryMutants", { skip: runtime === "deno" ? false : "runs Deno" }, () => {
  let root: string;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "wsgate-mutated-"));
    for (const folder of ["src", "tests"]) await mkdir(join(root, folder));
    for (const [file, text] of Object.entries(FILES)) await writeFile(join(root, file), text);
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** The counts, and the lines in the order of the mutants. */
  async function tried(mutants: readonly Mutant[]) {
    const lines: string[] = [];
    const counts = await tryMutants(root, mutants, (line) => lines.push(line));
    return { counts, lines: mutants.map(({ fault }) => lines.find((line) => line.includes(`: ${fault} (`))) };
  }

  it("passes what is seen, and fails what is not seen or cannot be tried", async () => {
    const mutants = ROWS.map(([differs], row) => ({
      ...OFF_BY_ONE,
      fault: `off by one, row ${row}`,
      ...differs,
    }));
    const { counts, lines } = await tried(mutants);
    eachRow(ROWS.entries(), ([row, [, line]]) => assertMatch(lines[row]!.replace(`, row ${row}`, ""), line));
    assertEquals(counts, { passed: 2, failed: ROWS.length - 2 });
  });

  it("fails what cannot be parsed", async () => {
    const { counts, lines } = await tried([{ ...OFF_BY_ONE, to: "age >=" }, {
      ...OFF_BY_ONE,
      fault: "sound",
    }]);
    assertMatch(lines[0]!, /^FAILED .* \(with it the file is no sound TypeScript\)$/);
    assertMatch(lines[1]!, /^seen /);
    assertEquals(counts, { passed: 1, failed: 1 });
  });

  it("leaves the sources as they are", async () => {
    await tried([OFF_BY_ONE]);
    assertEquals(await readFile(join(root, DOOR), "utf8"), SOURCE);
  });
});

describe("the list of mutants", () => {
  it("has a fault for nearly every file that decides, each by its own name", () => {
    assertGreater(MUTANTS.length, 300);
    const names = MUTANTS.map(({ file, fault }) => `${file}: ${fault}`);
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
    const rooms = new Set(MUTANTS.map(({ file }) => file.split("/").slice(0, -1).join("/")));
    eachRow(
      [
        "src",
        ..."origin verdict matcher pattern auth router guard socket live explain cli testing".split(" "),
      ],
      (room) => assertEquals(rooms.has(room === "src" ? room : `src/${room}`), true),
    );
  });

  it("is tried in parts, which differ by commit and between them hold every mutant", () => {
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    assertEquals(partOf(numbers, 3, "0"), [0, 10, 20]);
    assertEquals(partOf(numbers, 3, "1f"), [1, 11, 21]);
    assertEquals(partOf(numbers, 4, "fb96d0389f5cd5b5b8d7f44b2ec4b0ed4d4b2f5c").length, 4);
    assertEquals(partOf(numbers, 100, "1"), [...numbers.slice(1), 0]);
    const all = numbers.flatMap((number) => partOf(numbers, 8, number.toString(16)));
    assertEquals([...new Set(all)].length, 30);
  });
});
