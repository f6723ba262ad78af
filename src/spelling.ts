/**
 * How near two words are that an operator may have taken for one another.
 */

/**
 * Reports whether one text becomes another by so many edits at most: a letter more, less or other, or two neighbors
 * swapped (optimal string alignment). Linear: what differs more in length is not compared, and of the table only a band is
 * looked at.
 */
export function isWithinEdits(a: string, b: string, most: number): boolean {
  if (Math.abs(a.length - b.length) > most) return false;
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = Array<number>(b.length + 1).fill(most + 1);
    if (i <= most) row[0] = i;
    for (let j = Math.max(1, i - most); j <= Math.min(b.length, i + most); j++) {
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row[j] = least;
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]! <= most;
}

/** From this length on two edits are a slip of the pen too; in a shorter name they make another word. */
const LONG = 8;

/** Reports whether `written` is not `name`, but so near to it that a slip of the pen is likely. */
export function isSlipOf(written: string, name: string): boolean {
  return written !== name && isWithinSlip(written, name);
}

function isWithinSlip(written: string, name: string): boolean {
  return isWithinEdits(written, name, name.length < LONG ? 1 : 2);
}

/** ` Did you mean "name"?` of the first of `names` that is so near, in any case, with a prefix; "" where none is. */
export function didYouMean(written: string, names: readonly string[], prefix = ""): string {
  const meant = names.find((name) =>
    written !== name && isWithinSlip(written.toLowerCase(), name.toLowerCase())
  );
  return meant === undefined ? "" : ` Did you mean "${prefix}${meant}"?`;
}
