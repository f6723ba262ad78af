/**
 * What the tests of the trie's parts share.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { HostRule } from "../../src/pattern/rule.ts";
import { parsePattern } from "../../src/pattern/pattern.ts";

/** The rule of a good pattern that names hosts, at its place: an index, where patterns are mapped. */
export function ruleOf(pattern: string, place = 0): HostRule {
  const rule = parsePattern(pattern, null, place)?.rule;
  assert(rule?.kind === "host", pattern);
  return rule;
}

/** The letters of a text, as bytes. */
export const bytesOf = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
