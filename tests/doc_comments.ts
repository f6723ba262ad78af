/**
 * The documentation of public names, as it stands above them in the sources, for tests that hold it to what the code does.
 *
 * Read as text, not by `deno doc`: so both runtimes are asked.
 *
 * @module
 */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** The text of each source file. */
export const sources: readonly string[] = await Promise.all(
  (await readdir(`${root}src`, { recursive: true })).filter((name) => name.endsWith(".ts"))
    .map((name) => readFile(`${root}src/${name}`, "utf8")),
);

/** A doc comment, comments of a line that may follow, and what is exported. Of an overload each has its own. */
const DOCUMENTED =
  /^( *)\/\*\*((?:(?!\*\/)[^])*)\*\/\n(?:\1\/\/.*\n)*\1export (?:async function|function|interface|type|class|const) (\w+)\b/gm;

const docs = new Map<string, string[]>();
for (const source of sources) {
  for (const [, , doc, name] of source.matchAll(DOCUMENTED)) {
    const text = doc!.split("\n").map((line) => line.replace(/^ *\* ?/, "").trimEnd()).join("\n").trim();
    docs.set(name!, [...docs.get(name!) ?? [], text]);
  }
}

/** The doc comments of an exported name: one, and of overloads more. */
export function docsOf(name: string): readonly string[] {
  const found = docs.get(name);
  if (found === undefined) throw new Error(`no documentation of ${name}`);
  return found;
}

/** The names that an entry point exports. */
export async function exportedBy(entry: string): Promise<string[]> {
  const text = await readFile(`${root}${entry}`, "utf8");
  const listed = Array.from(
    text.matchAll(/^export (?:type )?\{([^}]*)\}/gm),
    ([, names]) =>
      names!.split(",").map((name) => name.replace(/\btype\b/, "").trim()).filter((name) => name !== ""),
  );
  const declared = Array.from(text.matchAll(/^export (?:function|const) (\w+)/gm), ([, name]) => name!);
  return [...listed.flat(), ...declared];
}

/** An interface: what it extends, and what stands in it. */
const INTERFACE = /^export interface (\w+)(?:<.*?>)?(?: extends (.*?))? \{(?:\}|\n((?: .*\n|\n)*)\})/gm;
const interfaces = new Map(
  sources.flatMap((source) =>
    Array.from(source.matchAll(INTERFACE), ([, name, parents = "", body = ""]) => [name!, {
      parents,
      own: Array.from(body.matchAll(/^ {2}readonly (\w+)/gm), ([, property]) => property!),
    }])
  ),
);

/** The properties that an interface has of those that it extends, and not anew; none where it is not an interface. */
export function inheritedBy(name: string): string[] {
  const { parents, own } = interfaces.get(name) ?? { parents: "", own: [] };
  const inherited = Array.from(parents.matchAll(/([A-Z]\w+)(?:<\w+>)?(?:, ((?:"\w+"(?: \| )?)+)>)?/g))
    // `Omit<Parent, "left" | "out">`
    .flatMap(([, parent, left = ""]) =>
      [...inheritedBy(parent!), ...interfaces.get(parent!)?.own ?? []].filter((it) =>
        !left.includes(`"${it}"`)
      )
    );
  return inherited.filter((property) => !own.includes(property));
}

/** The members of an exported union of strings. */
export function membersOf(union: string): string[] {
  const declared = new RegExp(`^export type ${union} =\\n((?: +(?:\\| ".*"|//.*);?\\n)+)`, "m");
  for (const source of sources) {
    const [, members] = declared.exec(source) ?? [];
    if (members !== undefined) return Array.from(members.matchAll(/\| "(.*)"/g), ([, member]) => member!);
  }
  throw new Error(`no union ${union}`);
}

/** A table of Markdown: each row by the names of its columns. */
export type Table = readonly Readonly<Record<string, string>>[];

/** The tables of a doc comment that have these columns. */
export function tablesOf(doc: string, columns: readonly string[]): Table[] {
  const tables = doc.matchAll(/^\| (.*) \|\n\|(?: --- \|)+\n((?:\|.*\|\n?)+)/gm);
  return Array.from(tables, ([, head, body]) => ({ names: head!.split(" | "), body: body! }))
    .filter(({ names }) => names.join() === columns.join())
    .map(({ names, body }) =>
      body.trim().split("\n").map((line) => {
        const cells = line.slice(1, -1).split("|").map((cell) => cell.trim());
        if (cells.length !== names.length) throw new Error(`${cells.length} cells: ${line}`);
        return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
      })
    );
}

/** What is set as code in a cell. */
export function codesIn(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!);
}
