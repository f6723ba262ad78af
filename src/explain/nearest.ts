/**
 * What came near in a refused handshake: one handshake in, the rows of one table out.
 *
 * Everything is written from parsed tuples and from the operator's own text, or is escaped: an explanation is copied into
 * configurations and printed on terminals.
 */

import type { NearMiss } from "../explanation.ts";
import type { DenyReason, Handshake } from "../handler.ts";
import type { Policy } from "../verdict/policy.ts";
import { type Case, type Cause, readCase } from "./case.ts";
import { CAUSES } from "./causes.ts";
import type { Near } from "./nearness.ts";
import { chooseSuggestion } from "./suggestions.ts";

/** As many as an operator reads. */
const MAX_NEAREST = 5;

/** A row that fits, with the entry that it is about. */
type Found = readonly [Cause, Near | null];

/**
 * What came near, the nearest first; of a refusal never empty. `reason`: null where nothing was refused; `shown`: see
 * {@linkcode Case}.
 */
export function nearest(
  reason: DenyReason | null,
  handshake: Handshake,
  policy: Policy,
  inPassing: { readonly searchAtMost: number } | undefined,
  shown: Case["shown"],
): readonly NearMiss[] {
  const c = readCase(reason, handshake, policy, inPassing, shown);
  const found: Found[] = [];
  for (const cause of CAUSES) {
    if (cause.isLast === undefined || found.length === 0) found.push(...fitting(c, cause));
  }
  return found.slice(0, MAX_NEAREST).map((it, index) => tell(c, it, index === 0));
}

function fitting(c: Case, cause: Cause): Found[] {
  const { code, test } = cause;
  if (test !== "entries") return test(c) ? [[cause, null]] : [];
  const near = c.near.get(code) ?? [];
  return near.toSorted((a, b) => a.differs.length - b.differs.length).map((it) => [cause, it]);
}

function tell(c: Case, [cause, near]: Found, isNearest: boolean): NearMiss {
  // A row that is of no entry does not look at one.
  const it = near as Near;
  const more = c.inPassing ? "" : cause.more?.(c, it) ?? "";
  return {
    code: cause.code,
    entry: near === null ? null : near.entry,
    differs: near === null ? [] : near.differs,
    text: cause.text(c, it) + (more === "" ? "" : `. ${more}`),
    suggestion: isNearest ? chooseSuggestion(c, cause.offer?.(c, it) ?? []) : null,
  };
}
