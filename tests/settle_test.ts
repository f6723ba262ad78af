// How the operator is told and how a denial looks: hooks that cannot change an outcome, and a console that cannot be
// flooded and cannot be made to obey a client.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import type { DecisionEvent } from "@wsgate/wsgate";
import type { ConfigIssue, Options } from "../src/config.ts";
import { denials } from "../src/denial.ts";
import { assertDenied } from "./denials.ts";
import type { Details } from "../src/event.ts";
import { answerer, type DenialOptions, readDenialOptions, settler } from "../src/settle.ts";
import { handshakeRequest, type Line, printed, untyped } from "./doubles.ts";
import { isAnswered } from "../src/scope.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

// ---- the two hooks --------------------------------------------------------------------------------------------------

const request = handshakeRequest("https://evil.test");
const context = { a: "context" };
const FORBIDDEN = denials["origin-not-allowed"];

/** Things that user code throws, printable or not, and what is shown of them on the console. */
const THROWN: readonly (readonly [name: string, thrown: unknown, shown: string])[] = [
  ["an Error", new TypeError("no database"), '"TypeError: no database"'],
  ["a string", "no database", '"no database"'],
  ["undefined", undefined, '"undefined"'],
  ["null", null, '"null"'],
  ["what obeys a terminal", new Error("\x1b[2J\u202e\r\nfine"), '"Error: \\u001b[2J\\u202e\\r\\nfine"'],
  ["what cannot be printed", Object.create(null), ""],
  ["a symbol", Symbol("s"), '"Symbol(s)"'],
];

function raise(error: unknown): never {
  throw error;
}

/** A thenable that is no Promise. */
function thenable(
  then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void,
): object {
  // deno-lint-ignore no-explicit-any
  return { then } as any;
}

/** Asserts that there is one report, which names these values. */
function assertReported(lines: readonly Line[], key: string, ...values: string[]): void {
  assertEquals(lines.map(({ level }) => level), ["error"]);
  eachRow(values, (value) => assertStringIncludes(lines[0]!.text, value));
  words.assert(key, lines[0]!.text);
}

/** Refuses three times with these hooks: the responses, and what was printed. */
async function refuseThrice(options: DenialOptions<unknown>, details?: Details) {
  const settle = settler("guard", options);
  const responses: Response[] = [];
  const lines = await printed(async () => {
    for (let i = 0; i < 3; i++) responses.push(await settle(FORBIDDEN, request, context, details));
  });
  return { responses, lines };
}

describe("refuse", () => {
  const quiet = { onDecision() {} };

  test("what it returns is passed on untouched, and it gets all there is", async () => {
    const seen: unknown[][] = [];
    const mine = new Response("go away", { status: 418 });
    const settle = settler("guard", {
      ...quiet,
      refuse(...given: unknown[]) {
        seen.push(given);
        return mine;
      },
    });
    assertStrictEquals(settle(FORBIDDEN, request, context), mine);
    assertEquals(seen.length, 1);
    assertEquals(seen[0]!.length, 3);
    assertStrictEquals(seen[0]![0], FORBIDDEN);
    assertStrictEquals(seen[0]![1], request);
    assertStrictEquals(seen[0]![2], context);
    assertEquals(await printed(() => settle(FORBIDDEN, request, context)), []);
  });

  const failing: [name: string, refuse: () => unknown, shown: string][] = [
    ...THROWN.map(([name, thrown, shown]): [string, () => unknown, string] => [
      `throws ${name}`,
      () => raise(thrown),
      shown,
    ]),
    ["returns undefined", () => undefined, "TypeError"],
    ["returns null", () => null, "TypeError"],
    ["returns a text", () => "go away", "TypeError"],
    [
      "returns what looks like a Response",
      () => ({ status: 403, headers: new Headers(), body: null }),
      "TypeError",
    ],
    ["returns a promise of no Response", () => Promise.resolve("go away"), "TypeError"],
    ["returns a promise that rejects", () => Promise.reject(new Error("late")), '"Error: late"'],
    ["is async and throws", async () => raise(await new Error("late")), '"Error: late"'],
    [
      "returns a thenable that rejects",
      () => thenable((_, reject) => reject(new Error("late"))),
      '"Error: late"',
    ],
    ["returns a thenable that throws", () => thenable(() => raise(new Error("late"))), '"Error: late"'],
  ];
  for (const [name, hook, shown] of failing) {
    test(`one that ${name}: the plain refusal each time, and one report`, async () => {
      const { responses, lines } = await refuseThrice({ ...quiet, refuse: untyped(hook) });
      await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
      assertReported(lines, `refuse ${name}`, "refuse", shown);
    });
  }

  test("a promise is waited for, and what comes of it passed on untouched", async () => {
    const mine = new Response("go away", { status: 418 });
    for (const promised of [Promise.resolve(mine), thenable((resolve) => resolve(mine))]) {
      const settle = settler("guard", { ...quiet, refuse: () => untyped(promised) });
      assertStrictEquals(await settle(FORBIDDEN, request, context), mine);
    }
  });

  test("one that returns a Response that was sent before: the plain refusal instead, and one report", async () => {
    const shared = new Response("go away", { status: 418 });
    const settle = settler("guard", { ...quiet, refuse: () => shared });
    assertStrictEquals(settle(FORBIDDEN, request, context), shared);
    await shared.text();
    const responses: Response[] = [];
    const lines = await printed(async () => {
      for (let i = 0; i < 3; i++) responses.push(await settle(FORBIDDEN, request, context));
    });
    await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
    assertReported(lines, "refuse returns a Response that was sent before", "refuse", "TypeError");
  });

  test("where the answer cannot wait, what a promise comes to is too late for this request", async () => {
    const mine = new Response("go away", { status: 418 });
    const rows: [refuse: () => unknown, isLate: boolean][] = [
      [() => mine, false],
      [() => raise(new Error("mine")), false],
      [() => new Promise(() => {}), true],
      [() => Promise.reject(new Error("late")), true],
    ];
    await eachRowInTurn(rows, async ([refuse, isLate]) => {
      const one = handshakeRequest("https://evil.test");
      const answer = answerer({ refuse: untyped(refuse) }, true);
      const answers: unknown[] = [];
      await printed(async () => {
        answers.push(answer(FORBIDDEN, one, context));
        await Promise.resolve();
      });
      assert(answers[0] instanceof Response);
      assertEquals(isAnswered(one), isLate);
    });
  });

  test("each wrapper reports its own", async () => {
    const options = { ...quiet, refuse: () => raise("broken") };
    const lines = [...(await refuseThrice(options)).lines, ...(await refuseThrice(options)).lines];
    assertEquals(lines.length, 2);
  });
});

describe("onDecision", () => {
  test("it is called before the response is made, once for each refusal, with what there is", async () => {
    const order: unknown[] = [];
    const cause = new Error("why");
    const settle = settler("guard", {
      onDecision: (event) => void order.push(event),
      refuse: () => {
        order.push("refuse");
        return new Response();
      },
    });
    const lines = await printed(() => {
      settle(FORBIDDEN, request, context);
      settle(denials["user-lookup-failed"], request, context, { cause, note: () => raise("never printed") });
    });
    assertEquals(order.length, 4);
    assertEquals([order[1], order[3]], ["refuse", "refuse"]);
    const [first, second] = [order[0] as DecisionEvent, order[2] as DecisionEvent];
    assertEquals([first.outcome, first.reason, first.status], ["denied", "origin-not-allowed", 403]);
    assertStrictEquals(first.request, request);
    assertStrictEquals(first.context, context);
    assertStrictEquals(first.cause, undefined);
    assertEquals([second.reason, second.status], ["user-lookup-failed", 503]);
    assertStrictEquals(second.cause, cause);
    // Instead of the console line.
    assertEquals(lines, []);
  });

  const failing: [name: string, onDecision: () => unknown, shown: string][] = [
    ...THROWN.flatMap(([name, thrown, shown]): [string, () => unknown, string][] => [
      [`throws ${name}`, () => raise(thrown), shown],
      [`rejects with ${name}`, () => Promise.reject(thrown), shown],
    ]),
    ["is async and throws later", async () => raise(await "late"), '"late"'],
    ["returns a thenable that rejects", () => thenable((_, reject) => reject("late")), '"late"'],
    ["returns a thenable that throws", () => thenable(() => raise("late")), '"late"'],
    [
      "returns a promise that cannot be looked at",
      () => Object.defineProperty(Promise.resolve(), "constructor", { get: () => raise("no") }),
      '"no"',
    ],
  ];
  for (const [name, hook, shown] of failing) {
    test(`one that ${name}: the refusal stands, and one report`, async () => {
      const { responses, lines } = await refuseThrice({ onDecision: untyped(hook) });
      await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
      assertReported(lines, `onDecision ${name}`, "onDecision", shown);
    });
  }

  const harmless: [name: string, onDecision: () => unknown][] = [
    ["never settles", () => new Promise(() => {})],
    ["resolves", () => Promise.resolve(1)],
    ["returns null", () => null],
    ["returns a number", () => 42],
    ["returns an object", () => ({})],
    ["returns false", () => false],
  ];
  for (const [name, hook] of harmless) {
    test(`one that ${name} is not waited for and not reported`, async () => {
      const { responses, lines } = await refuseThrice({ onDecision: untyped(hook) });
      await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
      assertEquals(lines, []);
    });
  }

  test("each hook has a report of its own, and the other is still called", async () => {
    let calls = 0;
    const { responses, lines } = await refuseThrice({
      onDecision: () => raise("told nobody"),
      refuse: () => {
        calls++;
        return raise("made nothing");
      },
    });
    await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
    assertEquals(calls, 3);
    const [hook, answer] = lines;
    assertReported([hook!], "onDecision throws, and so does refuse", "onDecision", '"told nobody"');
    assertReported([answer!], "refuse throws, and so did onDecision", "refuse", '"made nothing"');
    assertEquals(lines.length, 2);
  });

  test("a report is printable ASCII of bounded length, whatever was thrown", async () => {
    const { lines } = await refuseThrice({ onDecision: () => raise(new Error("\x1b\u202e".repeat(5000))) });
    assertEquals(lines.length, 1);
    assertEquals(/[^\x20-\x7e]/.exec(lines[0]!.text), null);
    assertLessOrEqual(lines[0]!.text.length, 300);
  });
});

describe("readDenialOptions()", () => {
  const faults = (options: Options) => {
    const issues: ConfigIssue[] = [];
    readDenialOptions(options, issues);
    return issues.map(({ code, field, index, value }) => [code, field, index, value]);
  };

  test("hooks are functions or left out", () => {
    assertEquals(faults({}), []);
    assertEquals(faults({ refuse: undefined, onDecision: undefined }), []);
    assertEquals(faults({ refuse() {}, onDecision() {} }), []);
    assertEquals(faults({ refuse: null, onDecision: "console" }), [
      ["wrong-type", "refuse", -1, null],
      ["wrong-type", "onDecision", -1, "console"],
    ]);
  });
});

words.end();
