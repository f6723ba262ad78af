/** A policy as the TypeScript that makes it. */

import type { PolicyOptions } from "../../../mod.ts";

/** A list of suffixes is a module, not text. */
export type WrittenPolicy = Omit<PolicyOptions, "suffixes">;

/** In the order in which people read them; what is left out stays out. */
const OPTIONS = ["origins", "dangerouslyAllow", "hosts", "absent", "scheme", "debug"] as const;

/**
 * A module that exports the same policy. `visibly`: what uses it answers with a closed socket.
 *
 * All of it is printable ASCII: what is copied may hold characters that an editor shows as others, or not at all.
 */
export function policyCode(policy: WrittenPolicy, visibly = false): string {
  const options = OPTIONS.flatMap((name) => {
    const value = policy[name];
    return value === undefined ? [] : [`  ${name}: ${literal(value)},`];
  });
  return [
    'import { compilePolicy } from "@wsgate/wsgate";',
    "",
    visibly
      ? "// guard(handler, policy, { refuse: refuseVisibly }) judges by it."
      : "// guard(handler, policy) judges every handshake by it.",
    "export const policy = compilePolicy({",
    ...options,
    "});",
    "",
  ].join("\n");
}

/** An entry a line: that is how lists grow, and how their changes are reviewed. */
function literal(value: string | boolean | readonly string[]): string {
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value.length === 0) return "[]";
  return ["[", ...value.map((entry) => `    ${quoted(entry)},`), "  ]"].join("\n");
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
