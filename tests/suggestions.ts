/**
 * What becomes of a policy when a suggestion is taken, as an operator takes it: one entry more, or one option set.
 *
 * @module
 */

import type { PolicyOptions, Suggestion } from "@wsgate/wsgate";

/** The options with a suggestion followed. */
export function followed(options: PolicyOptions, { field, entry }: Suggestion): PolicyOptions {
  switch (field as string) {
    case "absent":
    case "scheme":
      return { ...options, [field]: entry };
    case "debug":
      return { ...options, debug: entry === "true" };
  }
  const list = { ...options }[field as "origins"] ?? [];
  return { ...options, [field]: [...list, entry] };
}
