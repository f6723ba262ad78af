/**
 * Slips of the pen: what was written, and the known name that it nearly is. For messages alone; nothing is decided by it.
 */

/** No name that is looked for is longer, and the cost is that of the product of two lengths. */
const MAX_LENGTH = 64;

/** From this length on two edits are a slip too; in a shorter name they make another word. */
const LONG = 8;

/**
 * How many edits lie between two texts: a letter more, less or other, or two neighbors swapped. Infinity where one of
 * them is longer than any name.
 */
export function editsBetween(a: string, b: string): number {
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? beforeLast[column - 2]! + 1 : Infinity,
      ));
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}

/** Reports whether `written` is not `name`, but so near to it that a slip of the pen is likely. */
export function isSlipOf(written: string, name: string): boolean {
  const edits = editsBetween(written, name);
  return edits > 0 && edits <= (name.length < LONG ? 1 : 2);
}

/** ` Did you mean "name"?` of the first of `names` that is so near; "" where none is. */
export function didYouMean(written: string, names: readonly string[], prefix = ""): string {
  const meant = names.find((name) => isSlipOf(written, name));
  return meant === undefined ? "" : ` Did you mean "${prefix}${meant}"?`;
}
