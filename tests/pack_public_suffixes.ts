/**
 * Packs the Public Suffix List, as npm's package `tldts` has it, into the module that is published:
 *
 *     deno install
 *     deno run -A tests/pack_public_suffixes.ts
 *
 * The list itself is not on npm; that package is its copy that is renewed most often. Its data stand under an internal
 * path, so its version is pinned in `deno.json`, and the tests compare what is read here with what the package answers.
 * Where Debian's package `publicsuffix` is installed, what its older list has and this one has not is printed, and the
 * reverse.
 *
 * @module
 */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

/** A list, where it comes from and when that was published. */
export interface SourceList {
  /** ASCII; an exception begins with `!`. In no order. */
  readonly rules: readonly string[];
  /** Of the package: `7.6.0`. */
  readonly version: string;
}

/** Where the packed list goes. */
export const DATA_MODULE: URL = new URL("../src/public_suffixes_data.ts", import.meta.url);

const DEBIAN_LIST = "/usr/share/publicsuffix/public_suffix_list.dat";

/**
 * A trie of labels from the right, as `tldts` has it: node n owns the edges from `edgeStart[n]` to `edgeStart[n + 1]`,
 * the labels stand in `labelText` in the order of the edges, equal subtrees are one node.
 */
interface PackageTrie {
  /** Not 0: a rule ends here. */
  readonly nodeFlags: Uint8Array;
  readonly edgeStart: Uint16Array;
  readonly edgeLength: Uint8Array;
  readonly edgeChild: Uint16Array;
  readonly labelText: string;
  readonly rulesRoot: number;
  readonly exceptionsRoot: number;
}

/** The list in the package that is installed. */
export function readPackage(): SourceList {
  const require = createRequire(import.meta.url);
  const { version } = require("tldts/package.json") as { version: string };
  const trie = require("tldts/dist/cjs/src/data/trie.js") as PackageTrie;
  const labels: string[] = [];
  let end = 0;
  for (const length of trie.edgeLength) labels.push(trie.labelText.slice(end, end += length));

  const namesBelow = (node: number, below: string): string[] => {
    const names = trie.nodeFlags[node] === 0 ? [] : [below];
    for (let edge = trie.edgeStart[node]!; edge < trie.edgeStart[node + 1]!; edge++) {
      const name = below === "" ? labels[edge]! : `${labels[edge]}.${below}`;
      names.push(...namesBelow(trie.edgeChild[edge]!, name));
    }
    return names;
  };
  const rules = namesBelow(trie.rulesRoot, "").map(toAscii);
  const exceptions = namesBelow(trie.exceptionsRoot, "").map((name) => `!${toAscii(name)}`);
  // It has names of other scripts in both spellings.
  return { rules: [...new Set([...rules, ...exceptions])], version };
}

/** The list in Debian's package `publicsuffix`, older than the packed one; null: it is not installed. */
export function readDebian(): SourceList | null {
  const query = spawnSync("dpkg-query", ["--show", "--showformat=${Version}", "publicsuffix"], {
    encoding: "utf8",
  });
  if (query.status !== 0 || !existsSync(DEBIAN_LIST)) return null;
  const lines = readFileSync(DEBIAN_LIST, "utf8").split("\n").map((line) => line.split(/\s/)[0]!);
  const rules = lines.filter((line) => line !== "" && !line.startsWith("//")).map(toAscii);
  return { rules, version: query.stdout };
}

/**
 * Debian's list, for tests that compare with it; the reason to skip them where it is missing. With
 * `WSGATE_REQUIRE_PUBLICSUFFIX=1` that is an error.
 */
export function requireDebian(): SourceList | string {
  const installed = readDebian();
  if (installed !== null) return installed;
  const why = "Debian's package publicsuffix is not installed";
  if (process.env["WSGATE_REQUIRE_PUBLICSUFFIX"] !== "1") return why;
  throw new Error(`WSGATE_REQUIRE_PUBLICSUFFIX=1: ${why}`);
}

/** A rule as browsers send its name: Unicode as punycode. */
function toAscii(rule: string): string {
  const [, prefix = "", name = ""] = /^(!|\*\.)?(.*)$/.exec(rule)!;
  return prefix + new URL(`http://${name}/`).hostname;
}

/** What one list has and another has not, in the order of the alphabet. */
export function missingIn(list: SourceList, other: SourceList): string[] {
  const had = new Set(other.rules);
  return list.rules.filter((rule) => !had.has(rule)).sort();
}

/** Text of the data module; `date`: when the package was published, `YYYY-MM-DD`. */
export function dataModule({ rules, version }: SourceList, date: string): string {
  const comment = `\
// This Source Code Form is subject to the terms of the Mozilla Public
// License, v. 2.0. If a copy of the MPL was not distributed with this
// file, You can obtain one at https://mozilla.org/MPL/2.0/.
//
// The Public Suffix List (https://publicsuffix.org/), both its sections: ${rules.length} rules, packed as
// src/pattern/suffix_list.ts says. Unlike the rest of this package it is under the licence above. The list it is made
// from is https://publicsuffix.org/list/public_suffix_list.dat, here as npm has it: tldts ${version} of ${date}.
//
// Not to be edited: \`deno run -A tests/pack_public_suffixes.ts\` writes it.
`;
  return `${comment}
/** When the list was published. */
export const DATE: string = "${date}";

/** The packed list. */
export const PACKED: string =
  "${pack(rules)}";
`;
}

/** What a node's last character says, as bits above `@`; see src/pattern/suffix_list.ts. */
const MARK = 0x40;
const [LAST_OF_ROW, RULE, PARENT, EXCEPTION] = [1, 2, 4, 8];

interface Node {
  readonly children: Map<string, Node>;
  kind: number;
}

/** Packs rules: the trie of their labels from the right, breadth first. */
export function pack(rules: readonly string[]): string {
  const root: Node = { children: new Map(), kind: 0 };
  for (const rule of rules) {
    // What the reader of the packed form relies on.
    if (!/^(?:!|\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(rule)) {
      throw new Error(`Cannot pack the rule ${rule}`);
    }
    if (rule.startsWith("!") && !rules.includes(rule.replace(/^![^.]+/, "*"))) {
      throw new Error(`Cannot pack the rule ${rule}: there is nothing to except from`);
    }
    let node = root;
    for (const label of rule.replace("!", "").split(".").reverse()) {
      if (node.kind & EXCEPTION) throw new Error(`Cannot pack the rule ${rule}: it is below an exception`);
      let child = node.children.get(label);
      if (child === undefined) node.children.set(label, child = { children: new Map(), kind: 0 });
      node = child;
    }
    if (rule.startsWith("!") && node.children.size > 0) {
      throw new Error(`Cannot pack ${rule}: rules are below it`);
    }
    node.kind |= rule.startsWith("!") ? EXCEPTION : RULE;
  }

  const mark = ({ kind, children }: Node, isLast: boolean) =>
    String.fromCharCode(MARK + kind + (children.size > 0 ? PARENT : 0) + (isLast ? LAST_OF_ROW : 0));
  let packed = mark(root, true);
  const parents = [root];
  // It grows while it is walked: breadth first.
  for (const { children } of parents) {
    const row = [...children].sort(([a], [b]) => a < b ? -1 : 1);
    row.forEach(([label, node], index) => {
      packed += label + mark(node, index === row.length - 1);
      if (node.children.size > 0) parents.push(node);
    });
  }
  return packed;
}

/** The day on which a version of the package was published, as npm has it. */
function publishedOn(version: string): string {
  const times = execFileSync("npm", ["view", "tldts", "time", "--json"], { encoding: "utf8" });
  return (JSON.parse(times) as Record<string, string>)[version]!.slice(0, "YYYY-MM-DD".length);
}

if (import.meta.main) {
  const list = readPackage();
  const debian = readDebian();
  if (debian !== null) {
    for (const rule of missingIn(debian, list)) console.log(`- ${rule}`);
    for (const rule of missingIn(list, debian)) console.log(`+ ${rule}`);
    console.log(`- is in Debian's ${debian.version} alone, + in tldts ${list.version} alone`);
  }
  writeFileSync(DATA_MODULE, dataModule(list, publishedOn(list.version)));
}
