/**
 * A table inside one test: every row is checked, and one error tells of all that are wrong. A plain loop ends at the
 * first, and what the rest would have said of the fault is not seen.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { AssertionError } from "@std/assert";

/** Checks each row. A table without rows fails, for it would hold nothing. */
export function eachRow<const Row>(rows: Iterable<Row>, check: (row: Row) => void): void {
  const report = new Report();
  for (const row of rows) {
    let result: unknown;
    try {
      result = check(row);
    } catch (error) {
      report.wrong(row, error);
    }
    // Nobody would wait for it, and the row would pass whatever becomes of it.
    if (result instanceof Promise) throw new TypeError("this check is async: await eachRowInTurn()");
    report.checked++;
  }
  report.end();
}

/** The same for checks that take time, one after the other: rows may share a server. */
export async function eachRowInTurn<const Row>(
  rows: Iterable<Row>,
  check: (row: Row) => Promise<unknown>,
): Promise<void> {
  const report = new Report();
  for (const row of rows) {
    try {
      await check(row);
    } catch (error) {
      report.wrong(row, error);
    }
    report.checked++;
  }
  report.end();
}

/** Every way to take one of each list, as rows; the last list runs fastest. */
export function product<const Lists extends readonly (readonly unknown[])[]>(
  ...lists: Lists
): { readonly [Place in keyof Lists]: Lists[Place][number] }[] {
  const rows = lists.reduce<unknown[][]>(
    (begun, list) => begun.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );
  return rows as { readonly [Place in keyof Lists]: Lists[Place][number] }[];
}

class Report {
  checked = 0;
  readonly #wrong: string[] = [];

  wrong(row: unknown, error: unknown): void {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : `threw ${inspect(error)}`;
    const told = `row ${this.checked}, ${nameOf(row)}\n${what}${placeOf(error)}`;
    this.#wrong.push(told.replaceAll(/\n(?:[ \t]*\n)*/g, "\n    "));
  }

  end(): void {
    if (this.checked === 0) throw new AssertionError("a table without rows");
    if (this.#wrong.length === 0) return;
    throw new AssertionError(
      [`${this.#wrong.length} of ${this.checked} rows wrong`, ...this.#wrong].join("\n\n"),
    );
  }
}

/** The row on one line, as it would be written, as far as it tells rows apart. */
function nameOf(row: unknown): string {
  let text;
  try {
    text = inspect(row, { breakLength: Infinity, compact: true, maxStringLength: 200 });
  } catch {
    // Some tables hold values that throw whatever is asked of them.
    return "which cannot be shown";
  }
  return (text.length > 400 ? `${text.slice(0, 400)}…` : text).replaceAll(/\s*\n\s*/g, " ");
}

const here = fileURLToPath(import.meta.url);
const folder = fileURLToPath(new URL("./", import.meta.url));

/** Where in the tests an error was thrown: a check may hold several assertions. */
function placeOf(error: unknown): string {
  const frames = error instanceof Error ? error.stack?.split("\n") : undefined;
  const place = frames?.find((line) => /^ *at /.test(line) && line.includes(folder) && !line.includes(here));
  return place === undefined ? "" : `\n${place.trim()}`;
}
