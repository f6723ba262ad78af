// Lists that real people wrote, and what lint has to report of them: the rows of the kind `lint` in causes.json.

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assert } from "@std/assert";
import { ConfigError, lint, type LintFinding, type PolicyOptions } from "@wsgate/wsgate";
import { judgeAll } from "../vectors.ts";

/** `code`, `code@field[index]`, or several of them with `|` between. */
type Wanted = string;

interface Row {
  readonly id: string;
  readonly options: PolicyOptions;
  /** Each of them has to be found. */
  readonly codes: readonly Wanted[];
  /** None of them may be. */
  readonly not?: readonly string[];
  /** An `unsafe-…` fault will do as well. */
  readonly orRefused?: true;
}

const { lint: rows } = JSON.parse(
  readFileSync(new URL("../vectors/causes.json", import.meta.url), "utf8"),
) as { readonly lint: readonly Row[] };

test("lint() reports what the rows name", async () => {
  await judgeAll("causes, lint", rows, 24, ({ options, codes, not = [], orRefused }) => {
    let findings;
    try {
      findings = lint(options);
    } catch (error) {
      assert(error instanceof ConfigError);
      const isUnsafe = error.issues.every(({ code }) => code.startsWith("unsafe-"));
      return orRefused === true && isUnsafe ? null : error.message;
    }
    const found = new Set(findings.flatMap(({ code, field, index }) => [code, `${code}@${field}[${index}]`]));
    const missing = codes.filter((wanted) => !wanted.split("|").some((it) => found.has(it)));
    const extra = not.filter((code) => found.has(code));
    const unprintable = findings.filter(({ text }) => !/^[\x20-\x7e]+$/.test(text));
    return missing.length + extra.length + unprintable.length === 0 ? null : describe(findings);
  });
});

function describe(findings: readonly LintFinding[]): string {
  return `finds ${findings.map(({ code, field, index }) => `${code}@${field}[${index}]`).join(", ")}`;
}
