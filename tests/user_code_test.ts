// Calling code that is not ours: what it throws ends neither a request nor the process, and is told once.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { catchRejection, reportOnce } from "../src/user_code.ts";
import { printed, untyped } from "./doubles.ts";
import { eachRow } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

describe("reportOnce()", () => {
  test("the first failure, and no further one", async () => {
    const report = reportOnce("a hook");
    const lines = await printed(() => [new Error("first"), new Error("second")].forEach(report));
    assertEquals(lines.map(({ level }) => level), ["error"]);
    words.assert("the first", lines[0]!.text);
  });

  test("a console that throws changes nothing, and is not asked again", () => {
    const { error } = console;
    let calls = 0;
    console.error = () => {
      calls++;
      throw new Error("EPIPE");
    };
    try {
      const report = reportOnce("a hook");
      report(new Error("first"));
      report(new Error("second"));
    } finally {
      console.error = error;
    }
    assertEquals(calls, 1);
  });
});

describe("catchRejection()", () => {
  test("it waits for thenables, and for nothing else", async () => {
    const errors: unknown[] = [];
    const note = (error: unknown) => void errors.push(error);
    eachRow([undefined, null, 0, "then", {}, [], () => {}], (value) => catchRejection(value, note));
    catchRejection(Promise.resolve(1), note);
    catchRejection(Promise.reject("a"), note);
    catchRejection(untyped({ then: (_: unknown, reject: (error: string) => void) => reject("b") }), note);
    assertEquals(await printed(() => {}), []);
    assertEquals(errors.sort(), ["a", "b"]);
  });
});

words.end();
