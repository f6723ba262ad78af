/**
 * Holds the layout: rooms by concern, imports down the table only, nothing from outside, no runtime's global
 * where it does not belong, a test beside every source file.
 *
 * It reads the text of the sources, so that it runs on both runtimes; where Deno is at hand its own parser is
 * asked whether the reading is right.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { eachRow } from "./rows.ts";
import { runtime } from "./runtime.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * The table. A room is one file, several, or a folder; a file may import its own room and every lower layer.
 * Rooms of one layer do not see each other.
 */
const rooms: readonly { readonly layer: number; readonly holds: readonly string[] }[] = [
  { layer: 0, holds: ["src/origin/"] },
  {
    layer: 1,
    holds: [
      "src/admission.ts",
      "src/handler.ts",
      "src/config.ts",
      "src/quote.ts",
      "src/reporter.ts",
      "src/spelling.ts",
      "src/scope.ts",
      "src/denial.ts",
      "src/event.ts",
      "src/explanation.ts",
      "src/handshake.ts",
      "src/settle.ts",
      "src/turn.ts",
      "src/user_code.ts",
    ],
  },
  { layer: 2, holds: ["src/pattern/"] },
  { layer: 2, holds: ["src/router/"] },
  { layer: 2, holds: ["src/socket/"] },
  { layer: 2, holds: ["src/auth/"] },
  { layer: 2, holds: ["src/live/"] },
  { layer: 3, holds: ["src/matcher/"] },
  { layer: 3, holds: ["src/public_suffixes.ts", "src/public_suffixes_data.ts"] },
  { layer: 4, holds: ["src/verdict/"] },
  { layer: 5, holds: ["src/explain/"] },
  { layer: 6, holds: ["src/guard/"] },
  { layer: 6, holds: ["src/testing/"] },
  { layer: 7, holds: ["src/cli.ts", "src/cli/"] },
  { layer: 7, holds: ["src/live.ts"] },
  { layer: 7, holds: ["src/node.ts"] },
  { layer: 7, holds: ["src/testing.ts"] },
  { layer: 8, holds: ["mod.ts"] },
];

/** The two thin wires, what one of them needs a turn for, and the program: the only files that know a runtime. */
const knowARuntime: readonly string[] = [
  "src/socket/deno.ts",
  "src/socket/bun.ts",
  "src/turn.ts",
  "src/cli.ts",
];

const topLevel: readonly string[] = [
  "LICENSE",
  "README.md",
  "bench",
  "deno.json",
  "deno.lock",
  "examples",
  "mod.ts",
  "src",
  "tests",
];

/** Made by tools, and not in the repository. */
const generated: readonly string[] = ["coverage", "node_modules"];

describe("layers", () => {
  it("every source file is in a room, and imports go down the table", async () => {
    assertEquals(faults(importGraph(await readSources())), []);
  });

  it("no source file names a runtime's global", async () => {
    eachRow(await readSources(), ([file, text]) => {
      if (!knowARuntime.includes(file)) assertEquals(runtimeGlobals(text), []);
    });
  });

  it("what has an export of its own is not shipped with mod.ts", async () => {
    const graph = importGraph(await readSources());
    const reached = [...reachedFrom(graph, "mod.ts")];
    assert(reached.length > 20, String(reached.length));
    const apart = [...(await entries()).filter((file) => file !== "mod.ts"), "src/public_suffixes_data.ts"];
    eachRow(apart, (file) => assert(graph.has(file)));
    assertEquals(reached.filter((file) => apart.includes(file)), []);
  });

  it("mod.ts re-exports by name and does nothing else", async () => {
    const text = (await readSources()).get("mod.ts")!;
    const rest = blank(text).replaceAll(/export (?:type )?\{[^{}*]*\} from +"[^"]*";/g, "").trim();
    assertEquals(rest.split("\n")[0], "");
  });

  it("every source file has a test file of its name", async () => {
    const present = await filesBelow("tests");
    const expected = (await sourceFiles())
      .map((file) => file.replace(/^src\//, "tests/").replace(/\.ts$/, "_test.ts"));
    assertEquals(expected.filter((file) => !present.includes(file)), []);
  });

  it("no file is called utils.ts or types.ts", async () => {
    const files = (await Promise.all(["src", "tests", "bench", "examples"].map(filesBelow))).flat();
    assertEquals(files.filter((file) => /(?:^|\/)_?(?:utils?|types?|helpers?)\.[jt]s$/.test(file)), []);
  });

  it("the top level holds nothing new", async () => {
    const names = (await readdir(root)).filter((name) => !name.startsWith(".") && !generated.includes(name));
    assertEquals(names.filter((name) => !topLevel.includes(name)), []);
  });

  it("Deno's parser finds the same imports", {
    skip: runtime === "deno" ? false : "asks Deno's own parser",
  }, async () => {
    const graph = importGraph(await readSources());
    const seen = new Set<string>();
    eachRow(await entries(), (entry) => {
      const args = ["info", "--no-config", "--json", entry];
      const info: DenoInfo = JSON.parse(
        execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }),
      );
      eachRow(info.modules, ({ specifier, dependencies = [] }) => {
        const file = relative(specifier);
        seen.add(file);
        // A type import alone has `type`, a value import `code`; both count here.
        const found = new Set(dependencies.map(({ code, type }) => relative((code ?? type)!.specifier)));
        assertEquals([...new Set(graph.get(file))].sort(), [...found].sort(), file);
      });
    });
    // No file that no export leads to.
    assertEquals([...seen].sort(), [...graph.keys()].sort());
  });
});

describe("the check of layers itself", () => {
  const sound: Graph = new Map([
    ["src/config.ts", []],
    ["src/scope.ts", ["src/config.ts"]],
    ["src/pattern/pattern.ts", ["src/config.ts"]],
    ["src/denial.ts", ["src/scope.ts"]],
    ["src/verdict/policy.ts", ["src/denial.ts", "src/pattern/pattern.ts"]],
    ["src/guard/guard.ts", ["src/verdict/policy.ts", "src/scope.ts"]],
    ["src/explain/lint.ts", ["src/verdict/policy.ts"]],
    ["src/auth/auth.ts", ["src/scope.ts"]],
    ["src/cli.ts", ["src/cli/tree.ts"]],
    ["src/cli/tree.ts", ["src/verdict/policy.ts"]],
    ["mod.ts", ["src/auth/auth.ts", "src/guard/guard.ts"]],
  ]);
  const table: [fault: string, file: string, imports: string[]][] = [
    ["src/lonely.ts is in no room", "src/lonely.ts", []],
    ["src/pattern/pattern.ts (2) imports src/verdict/policy.ts (4)", "src/pattern/pattern.ts", [
      "src/verdict/policy.ts",
    ]],
    ["src/auth/auth.ts (2) imports src/guard/guard.ts (6)", "src/auth/auth.ts", ["src/guard/guard.ts"]],
    ["src/verdict/policy.ts (4) imports src/explain/lint.ts (5)", "src/verdict/policy.ts", [
      "src/explain/lint.ts",
    ]],
    ["src/router/url.ts (2) imports src/pattern/pattern.ts (2)", "src/router/url.ts", [
      "src/pattern/pattern.ts",
    ]],
    ["src/denial.ts (1) imports src/pattern/pattern.ts (2)", "src/denial.ts", ["src/pattern/pattern.ts"]],
    ["src/verdict/policy.ts (4) imports src/cli/tree.ts (7)", "src/verdict/policy.ts", ["src/cli/tree.ts"]],
    ["src/auth/auth.ts (2) imports mod.ts (8)", "src/auth/auth.ts", ["mod.ts"]],
    ["src/config.ts → src/scope.ts → src/config.ts", "src/config.ts", ["src/scope.ts"]],
    [
      "src/guard/guard.ts → src/verdict/policy.ts → src/guard/guard.ts",
      "src/verdict/policy.ts",
      ["src/guard/guard.ts"],
    ],
    ["src/scope.ts imports npm:left-pad", "src/scope.ts", ["npm:left-pad"]],
    ["src/scope.ts imports node:net", "src/scope.ts", ["node:net"]],
    ["src/scope.ts imports @std/assert", "src/scope.ts", ["@std/assert"]],
    ["src/scope.ts imports tests/runtime.ts", "src/scope.ts", ["tests/runtime.ts"]],
    ["src/scope.ts imports src/gone.ts", "src/scope.ts", ["src/gone.ts"]],
  ];

  it("passes a sound graph", () => assertEquals(faults(sound), []));
  for (const [fault, file, imports] of table) {
    it(`finds: ${fault}`, () => {
      const found = faults(new Map([...sound, [file, imports]]));
      assert(found.includes(fault), JSON.stringify(found));
    });
  }

  it("reads every form of import, and none in comments and strings", () => {
    const text = [
      `import { a } from "./a.ts";`,
      `import type { B } from './b.ts';`,
      'import {\n  c, // from "./not_c.ts"\n} from "./c.ts";',
      `import d, * as all from "./d.ts";`,
      `import "../e.ts"; import f from "node:f";`,
      `export { g } from "./g.ts"; export * from "./h.ts"; export type { I } from "npm:i@1";`,
      "const j = await import(`./j.ts`);",
      `let k: import("./k.ts").K; /* import "./not_k.ts" */`,
      `const l = "import \\"./not_l.ts\\""; // export * from "./not_l.ts";`,
      "const m = `${await import('./m.ts')} import './not_m.ts'`;",
      `const n = /[/*"]/.test(x) ? y / 2 : require("./n.ts"); // "`,
      `import o from "./o.json" with { type: "json" };`,
      `await import(variable);`,
      `/// <reference types="p" />`,
    ].join("\n");
    assertEquals(importsOf("src/verdict/x.ts", text), [
      ..."abcd".split("").map((name) => `src/verdict/${name}.ts`),
      "src/e.ts",
      "node:f",
      ..."gh".split("").map((name) => `src/verdict/${name}.ts`),
      "npm:i@1",
      ..."jkmn".split("").map((name) => `src/verdict/${name}.ts`),
      "src/verdict/o.json",
      "something computed",
      "p",
    ]);
  });

  it("sees a runtime's global in code, not in comments and prose", () => {
    const table: [text: string, found: string[]][] = [
      [`const a = Deno.version; typeof Bun;`, ["Deno", "Bun"]],
      [`globalThis["Deno"], globalThis.process.env`, ["Deno", "process"]],
      ["`on ${Bun.version}`", ["Bun"]],
      [`// Deno\n/* Bun */ const s = "on Deno and Bun";`, []],
      ["`Deno ${1} Bun`; class DenoLike {}", []],
      [`x = /Deno"/; y = Deno`, ["Deno"]],
    ];
    eachRow(table, ([text, found]) => assertEquals(runtimeGlobals(text), found));
  });
});

// ----------------------------------------------------------------------------------------- the sources

/** Path from the root → text, of mod.ts and everything below src. */
async function readSources(): Promise<Map<string, string>> {
  const files = ["mod.ts", ...(await sourceFiles())];
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(root + file, "utf8")] as const)),
  );
}

/** Everything below src but its pages for people. */
async function sourceFiles(): Promise<string[]> {
  return (await filesBelow("src")).filter((file) => !file.endsWith(".md"));
}

/** Paths from the root, with "/" on every system. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(root + folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => relative(pathToFileURL(`${entry.parentPath}/${entry.name}`).href))
    .sort();
}

/** The files that the package's exports name, as paths from the root. */
async function entries(): Promise<string[]> {
  const { exports }: { exports: Record<string, string> } = JSON.parse(
    await readFile(`${root}deno.json`, "utf8"),
  );
  return Object.values(exports).map((entry) => entry.replace(/^\.\//, ""));
}

/** A file's path from the root; any other specifier as it is. */
function relative(specifier: string): string {
  const base = pathToFileURL(root).href;
  return specifier.startsWith(base) ? decodeURIComponent(specifier.slice(base.length)) : specifier;
}

/** What is read of the answer of `deno info --json`. */
interface DenoInfo {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier: string };
      readonly type?: { readonly specifier: string };
    }[];
  }[];
}

// ------------------------------------------------------------------------------------------- the graph

/** File → what it imports: paths from the root, or a specifier as written where it leads elsewhere. */
type Graph = ReadonlyMap<string, readonly string[]>;

function importGraph(sources: ReadonlyMap<string, string>): Graph {
  return new Map([...sources].map(([file, text]) => [file, importsOf(file, text)]));
}

/** A file, and every file that it imports, and so on. */
function reachedFrom(graph: Graph, file: string, reached: Set<string> = new Set()): Set<string> {
  if (!graph.has(file) || reached.has(file)) return reached;
  reached.add(file);
  for (const target of graph.get(file)!) reachedFrom(graph, target, reached);
  return reached;
}

/** Everything wrong with a graph, in words. */
function faults(graph: Graph): string[] {
  const found: string[] = [];
  for (const [file, imports] of graph) {
    const room = roomOf(file);
    if (room === undefined) found.push(`${file} is in no room`);
    for (const target of imports) {
      const other = roomOf(target);
      if (other === undefined || !graph.has(target)) found.push(`${file} imports ${target}`);
      else if (room !== undefined && room !== other && room.layer <= other.layer) {
        found.push(`${file} (${room.layer}) imports ${target} (${other.layer})`);
      }
    }
  }
  return [...found, ...cycles(graph)];
}

function roomOf(file: string): typeof rooms[number] | undefined {
  return rooms.find(({ holds }) => holds.some((it) => it.endsWith("/") ? file.startsWith(it) : file === it));
}

/** Each cycle once, written from its first file in alphabetical order. */
function cycles(graph: Graph): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const cycle = path.slice(start);
      const first = cycle.indexOf(cycle.toSorted()[0]!);
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      found.add([...turned, turned[0]].join(" → "));
    } else if (!done.has(file)) {
      for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return [...found];
}

// -------------------------------------------------------------------------------------------- the text

/** What `text`, the source of `file`, imports, in the order of its lines. */
function importsOf(file: string, text: string): string[] {
  const found: string[] = [];
  // A specifier is quoted, so the words are looked for where strings are blank, and read where they are not.
  const words = /\bfrom\s*(?=["'])|\bimport\s*(?=["'])|\b(?:import|require)\s*\(\s*/g;
  const code = blank(text);
  for (const { 0: word, index } of code.matchAll(words)) {
    const specifier = /^(["'`])([^"'`$\\]*)\1/.exec(text.slice(index + word.length))?.[2];
    found.push(specifier === undefined ? "something computed" : resolve(file, specifier));
  }
  for (const match of text.matchAll(/^\/\/\/ *<reference [a-z]+="([^"]*)"/gm)) found.push(match[1]!);
  return found;
}

function resolve(file: string, specifier: string): string {
  return /^\.{0,2}\//.test(specifier)
    ? relative(new URL(specifier, pathToFileURL(root + file)).href)
    : specifier;
}

/** Names in code that only a runtime, or Node, gives a meaning to; a string that is such a name counts. */
function runtimeGlobals(text: string): string[] {
  const names = /\b(?:Deno|Bun|process|Buffer|require|setImmediate|__dirname|__filename)\b/g;
  const quoted = text.replaceAll(/(["'`])(Deno|Bun|process|Buffer)\1/g, " $2 ");
  return [...blank(quoted).matchAll(names)].map(([name]) => name);
}

/**
 * The same text with comments, strings and regular expressions made of spaces; quotes stay, and so do the
 * expressions inside a template. Not a parser: it tells a regular expression from a division by what stands
 * before it, which is enough for formatted code.
 */
function blank(text: string): string {
  const pieces = new RegExp(
    [
      String.raw`\/\/.*`, // a comment to the end of the line
      String.raw`\/\*[^]*?\*\/`, // a comment in between
      String.raw`"(?:\\.|[^"\\\n])*"`, // strings
      String.raw`'(?:\\.|[^'\\\n])*'`,
      // A regular expression, where a value is about to begin.
      String
        .raw`(?<=(?:^|[=(,:;!&|?{}[+*%~^<>-]|\breturn|\btypeof|\bcase)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\/[a-z]*`,
      "[`{}]", // the marks that templates nest by
    ].join("|"),
    "g",
  );
  const spaces = (piece: string) => piece.replaceAll(/[^\n]/g, " ");
  /** What each open brace or template is, the innermost last. */
  const open: ("`" | "{" | "${")[] = [];
  let blanked = "";
  let at = 0;
  while (at < text.length) {
    if (open.at(-1) === "`") {
      // In a template's text: up to its end, or to the expression inside.
      const part = /(?:\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{|$)/y;
      part.lastIndex = at;
      const [piece, end = ""] = part.exec(text)!;
      blanked += spaces(piece.slice(0, piece.length - end.length)) + end;
      if (end === "${") open.push("${");
      else open.pop();
      at += Math.max(piece.length, 1);
      continue;
    }
    pieces.lastIndex = at;
    const match = pieces.exec(text);
    if (match === null) return blanked + text.slice(at);
    const [piece] = match;
    blanked += text.slice(at, match.index);
    at = match.index + piece.length;
    if (piece === "`" || piece === "{") open.push(piece);
    else if (piece === "}") open.pop();
    if (piece.length === 1) blanked += piece;
    else if (/^["']/.test(piece)) blanked += piece[0] + spaces(piece.slice(1, -1)) + piece.at(-1);
    else blanked += spaces(piece);
  }
  return blanked;
}
