/**
 * Tables for a terminal.
 *
 * @module
 */

/**
 * Rows of cells, the first row the head. The columns in `words` stand on the left, numbers on the right.
 */
export function table(rows: readonly (readonly string[])[], words: readonly number[] = [0]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      words.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    )
      .join("  ").trimEnd()
  );
  return [lines[0], "─".repeat(Math.max(...lines.map((line) => line.length))), ...lines.slice(1)].join("\n");
}

/** `1,000` */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** Three digits that count: `0.123`, `1.23`, `12.3`, `123`, `1,230`. */
export function digits(value: number): string {
  if (value >= 100) return count(Number(value.toPrecision(3)));
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** Nanoseconds in the unit that fits. */
export function duration(ns: number): string {
  if (ns < 1e3) return `${digits(ns)} ns`;
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`;
  return ns < 1e9 ? `${digits(ns / 1e6)} ms` : `${digits(ns / 1e9)} s`;
}
