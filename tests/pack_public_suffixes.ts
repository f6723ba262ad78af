/**
 * Packs the Public Suffix List, as Debian's package `publicsuffix` has it, into the module that is published:
 *
 *     apt-get install publicsuffix
 *     deno run -A tests/pack_public_suffixes.ts
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

/** The list and its version, where Debian's package is installed. */
export interface InstalledList {
  readonly text: string;
  /** Of the package: `20230209.2326-1`. */
  readonly version: string;
}

/** Where the packed list goes. */
export const DATA_MODULE: URL = new URL("../src/public_suffixes_data.ts", import.meta.url);

const LIST = "/usr/share/publicsuffix/public_suffix_list.dat";

/** Null: Debian's package is not installed. */
export function readInstalled(): InstalledList | null {
  const query = spawnSync("dpkg-query", ["--show", "--showformat=${Version}", "publicsuffix"], {
    encoding: "utf8",
  });
  if (query.status !== 0 || !existsSync(LIST)) return null;
  return { text: readFileSync(LIST, "utf8"), version: query.stdout };
}

/**
 * The installed list, for tests that compare with it; the reason to skip them where it is missing, or another than the
 * one that was packed. With `WSGATE_REQUIRE_PUBLICSUFFIX=1` that is an error.
 */
export function readPackedList(): InstalledList | string {
  const packed = /publicsuffix (\S+)\.$/m.exec(readFileSync(DATA_MODULE, "utf8"))?.[1];
  const installed = readInstalled();
  if (installed !== null && installed.version === packed) return installed;
  const why = `Debian's publicsuffix ${packed} was packed, and ${installed?.version ?? "none"} is installed`;
  if (process.env["WSGATE_REQUIRE_PUBLICSUFFIX"] !== "1") return why;
  throw new Error(
    `WSGATE_REQUIRE_PUBLICSUFFIX=1: ${why}; deno run -A tests/pack_public_suffixes.ts packs it anew`,
  );
}

/** The rules of a list as they stand in it: no comments, nothing after white space. */
export function rulesOf(text: string): string[] {
  return text.split("\n").map((line) => line.split(/\s/)[0]!).filter((line) =>
    line !== "" && !/^\/\//.test(line)
  );
}

/** A rule as browsers send its name: Unicode as punycode. */
export function toAscii(rule: string): string {
  const [, prefix = "", name = ""] = /^(!|\*\.)?(.*)$/.exec(rule)!;
  return prefix + new URL(`http://${name}/`).hostname;
}

/** Text of the data module. */
export function dataModule({ text, version }: InstalledList): string {
  const rules = rulesOf(text).map(toAscii);
  const date = version.replace(/^(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3");
  const comment = `\
// This Source Code Form is subject to the terms of the Mozilla Public
// License, v. 2.0. If a copy of the MPL was not distributed with this
// file, You can obtain one at https://mozilla.org/MPL/2.0/.
//
// The Public Suffix List (https://publicsuffix.org/) of ${date}, both its sections: ${rules.length} rules, packed as
// src/pattern/suffix_list.ts says. Unlike the rest of this package it is under the licence above. The list it is made
// from is https://publicsuffix.org/list/public_suffix_list.dat, here as Debian has it: publicsuffix ${version}.
//
// Not to be edited: \`deno run -A tests/pack_public_suffixes.ts\` writes it.
`;
  return `${comment}
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

if (import.meta.main) {
  const installed = readInstalled();
  if (installed === null) throw new Error("Debian's package publicsuffix is not installed");
  writeFileSync(DATA_MODULE, dataModule(installed));
}
