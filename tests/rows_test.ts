// A table tells of every row that is wrong, by name, and of nothing when all are right.

import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, AssertionError, assertRejects, assertThrows } from "@std/assert";
import { settled, untyped } from "./doubles.ts";
import { eachRow, eachRowInTurn, product } from "./rows.ts";

/** Value and what it should be; the second and the fourth are wrong. */
const TABLE = [["one", 1], ["two", 3], ["three", 3], ["four", 5]] as const;
const VALUES: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4 };

/** The first line of a report, and the name of each row in it. */
function told(error: Error): string[] {
  return error.message.split("\n").filter((line) => /^\S/.test(line));
}

const WRONG = ["2 of 4 rows wrong", "row 1, [ 'two', 3 ]", "row 3, [ 'four', 5 ]"];

describe("eachRow()", () => {
  test("checks all rows in order, and is content when all are right", () => {
    const seen: string[] = [];
    eachRow(["a", "b", "c"], (row) => {
      seen.push(row);
    });
    assertEquals(seen, ["a", "b", "c"]);
  });

  test("throws one error with every wrong row, its name, and what was wrong where", () => {
    const error = assertThrows(
      () => eachRow(TABLE, ([name, value]) => assertEquals(VALUES[name], value, `this is ${name}`)),
      AssertionError,
    );
    assertEquals(told(error), WRONG);
    assertEquals(error.message.match(/this is \w+/g), ["this is two", "this is four"]);
    assertEquals(error.message.match(/rows_test\.ts:\d+/g)?.length, 2);
  });

  test("one wrong row is enough, wherever it stands", () => {
    for (const wrong of [0, 1, 2]) {
      const error = assertThrows(() => eachRow([0, 1, 2], (row) => assert(row !== wrong)), AssertionError);
      assertEquals(told(error), ["1 of 3 rows wrong", `row ${wrong}, ${wrong}`]);
    }
  });

  test("tells of whatever a check throws", () => {
    const thrown: unknown[] = [new TypeError("broken"), "text", undefined];
    const { message } = assertThrows(
      () =>
        eachRow(thrown, (row) => {
          throw row;
        }),
      AssertionError,
    );
    assertEquals(message.match(/^ {4}(?!at ).*$/gm), [
      "    TypeError: broken",
      "    threw 'text'",
      "    threw undefined",
    ]);
  });

  test("a name is one line of a bearable length", () => {
    const long = [{ list: Array(50).fill("x".repeat(50)) }, "a\nb", "y".repeat(100_000), new Error("a\nb")];
    const error = assertThrows(() => eachRow(long, () => assert(false)), AssertionError);
    const lines = told(error);
    assertEquals(lines.length, 1 + long.length);
    for (const line of lines) assert(line.length < 450, line);
  });

  test("a row that cannot be shown is told of all the same", () => {
    const hostile = {
      [inspect.custom]() {
        throw new Error("no");
      },
    };
    const error = assertThrows(() => eachRow([hostile], () => assert(false)), AssertionError);
    assertEquals(told(error), ["1 of 1 rows wrong", "row 0, which cannot be shown"]);
  });

  test("a table in a table tells of both", () => {
    const { message } = assertThrows(
      () => eachRow(["a", "b"], (name) => eachRow([1, 2], (n) => assert(`${name}${n}` !== "b2"))),
      AssertionError,
    );
    assertEquals(message.match(/row .*/g), ["row 1, 'b'", "row 1, 2"]);
  });

  test("fails when there are no rows", () => {
    assertThrows(() => eachRow([], () => {}), AssertionError, "without rows");
    assertThrows(() => eachRow(new Set(), () => {}), AssertionError, "without rows");
  });

  test("takes no check that would have to be waited for", () => {
    assertThrows(() => eachRow([1], async () => await settled()), TypeError, "eachRowInTurn");
  });
});

describe("eachRowInTurn()", () => {
  test("waits for one row before the next, and is content when all are right", async () => {
    const seen: string[] = [];
    await eachRowInTurn(["a", "b"], async (row) => {
      seen.push(`${row} begins`);
      await settled();
      seen.push(`${row} ends`);
    });
    assertEquals(seen, ["a begins", "a ends", "b begins", "b ends"]);
  });

  test("rejects once with every wrong row, whether its check threw or rejected", async () => {
    const checks = [
      async ([name, value]: readonly [string, number]) => {
        await settled();
        assertEquals(VALUES[name], value);
      },
      untyped(([name, value]: readonly [string, number]) => assertEquals(VALUES[name], value)),
    ];
    for (const check of checks) {
      assertEquals(told(await assertRejects(() => eachRowInTurn(TABLE, check), AssertionError)), WRONG);
    }
  });

  test("fails when there are no rows", async () => {
    await assertRejects(() => eachRowInTurn([], async () => {}), AssertionError, "without rows");
  });
});

describe("product()", () => {
  test("is every combination, in order, and none where a list is empty", () => {
    assertEquals<unknown>(product(["a", "b"], [1, 2, 3]), [
      ...[["a", 1], ["a", 2], ["a", 3]],
      ...[["b", 1], ["b", 2], ["b", 3]],
    ]);
    assertEquals(
      product([0, 1], [0, 1], [0, 1]).map((row) => row.join("")).join(" "),
      "000 001 010 011 100 101 110 111",
    );
    assertEquals(product(["a"], [], [1]), []);
  });
});
