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
import type { DenyReason } from "@wsgate/wsgate";
import type { ConfigIssue, Options } from "../src/config.ts";
import { denials } from "../src/denial.ts";
import { assertDenied, REASONS } from "./denials.ts";
import {
  catchRejection,
  type DenialOptions,
  type Details,
  readDenialOptions,
  settler,
} from "../src/settle.ts";
import { handshakeRequest, type Line, type Parts, printed, requestOf, untyped } from "./doubles.ts";
import { isAnswered } from "../src/scope.ts";
import { Random, seed } from "./random.ts";
import { eachRow, eachRowInTurn, product } from "./rows.ts";
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
  const settle = settler(options);
  const responses: Response[] = [];
  const lines = await printed(async () => {
    for (let i = 0; i < 3; i++) responses.push(await settle(FORBIDDEN, request, context, details));
  });
  return { responses, lines };
}

describe("refuse", () => {
  const quiet = { onDeny() {} };

  test("what it returns is passed on untouched, and it gets all there is", async () => {
    const seen: unknown[][] = [];
    const mine = new Response("go away", { status: 418 });
    const settle = settler<typeof context>({
      ...quiet,
      refuse(...given) {
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
      const settle = settler({ ...quiet, refuse: () => untyped(promised) });
      assertStrictEquals(await settle(FORBIDDEN, request, context), mine);
    }
  });

  test("one that returns a Response that was sent before: the plain refusal instead, and one report", async () => {
    const shared = new Response("go away", { status: 418 });
    const settle = settler({ ...quiet, refuse: () => shared });
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
      const settle = settler({ ...quiet, refuse: untyped(refuse) }, true);
      const answers: unknown[] = [];
      await printed(async () => {
        answers.push(settle(FORBIDDEN, one, context));
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

describe("onDeny", () => {
  test("it is called before the response is made, once for each refusal, with what there is", async () => {
    const order: unknown[] = [];
    const cause = new Error("why");
    const settle = settler<typeof context>({
      onDeny: (...given) => void order.push(given),
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
    const [first, second] = [order[0] as unknown[], order[2] as unknown[]];
    assertStrictEquals(first[0], FORBIDDEN);
    assertStrictEquals(first[1], request);
    assertStrictEquals(first[2], undefined);
    assertStrictEquals(second[0], denials["user-lookup-failed"]);
    assertStrictEquals(second[2], cause);
    // Instead of the console line.
    assertEquals(lines, []);
  });

  const failing: [name: string, onDeny: () => unknown, shown: string][] = [
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
      const { responses, lines } = await refuseThrice({ onDeny: untyped(hook) });
      await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
      assertReported(lines, `onDeny ${name}`, "onDeny", shown);
    });
  }

  const harmless: [name: string, onDeny: () => unknown][] = [
    ["never settles", () => new Promise(() => {})],
    ["resolves", () => Promise.resolve(1)],
    ["returns null", () => null],
    ["returns a number", () => 42],
    ["returns an object", () => ({})],
    ["returns false", () => false],
  ];
  for (const [name, hook] of harmless) {
    test(`one that ${name} is not waited for and not reported`, async () => {
      const { responses, lines } = await refuseThrice({ onDeny: untyped(hook) });
      await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
      assertEquals(lines, []);
    });
  }

  test("each hook has a report of its own, and the other is still called", async () => {
    let calls = 0;
    const { responses, lines } = await refuseThrice({
      onDeny: () => raise("told nobody"),
      refuse: () => {
        calls++;
        return raise("made nothing");
      },
    });
    await eachRowInTurn(responses, (response) => assertDenied(response, FORBIDDEN));
    assertEquals(calls, 3);
    const [hook, answer] = lines;
    assertReported([hook!], "onDeny throws, and so does refuse", "onDeny", '"told nobody"');
    assertReported([answer!], "refuse throws, and so did onDeny", "refuse", '"made nothing"');
    assertEquals(lines.length, 2);
  });

  test("a report is printable ASCII of bounded length, whatever was thrown", async () => {
    const { lines } = await refuseThrice({ onDeny: () => raise(new Error("\x1b\u202e".repeat(5000))) });
    assertEquals(lines.length, 1);
    assertPrintable(lines[0]!.text, 300);
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
    assertEquals(faults({ refuse: undefined, onDeny: undefined }), []);
    assertEquals(faults({ refuse() {}, onDeny() {} }), []);
    assertEquals(faults({ refuse: null, onDeny: "console" }), [
      ["wrong-type", "refuse", -1, null],
      ["wrong-type", "onDeny", -1, "console"],
    ]);
  });
});

describe("catchRejection()", () => {
  test("it waits for thenables, and for nothing else", async () => {
    const errors: unknown[] = [];
    const note = (error: unknown) => void errors.push(error);
    eachRow([undefined, null, 0, "then", {}, [], () => {}], (value) => catchRejection(value, note));
    catchRejection(Promise.resolve(1), note);
    catchRejection(Promise.reject("a"), note);
    catchRejection(thenable((_, reject) => reject("b")), note);
    assertEquals(await printed(() => {}), []);
    assertEquals(errors.sort(), ["a", "b"]);
  });
});

// ---- the console ----------------------------------------------------------------------------------------------------

/** What a terminal shows as it is, and no more of it than `max`. */
function assertPrintable(text: string, max: number): void {
  assertEquals(/[^\x20-\x7e]/.exec(text), null, text);
  assertLessOrEqual(text.length, max, text);
}

/** The longest line: its own words, an origin of the longest form, a Host and a cause. */
const MAX_LINE = 48 + 64 + "://".length + 255 + ":65535".length + ", Host ".length + 80 + ". ".length + 200;

type Refusal = readonly [reason: DenyReason, headers: NonNullable<Parts["headers"]>, details?: Details];

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join("\n");
}

/** Asserts that a text names these values, one after the other. */
function assertInOrder(text: string, values: readonly string[]): void {
  let at = 0;
  for (const value of values) {
    const found = text.indexOf(value, at);
    assert(found >= 0, `${text}\ndoes not name ${value}`);
    at = found + value.length;
  }
}

/** The lines for these refusals by one wrapper. */
function linesFor(refusals: readonly Refusal[]) {
  const settle = settler({});
  return printed(() => {
    for (const [reason, headers, details] of refusals) {
      settle(denials[reason], requestOf({ headers }), context, details);
    }
  });
}

describe("the console line", () => {
  test("it says status, reason, origin and Host", async () => {
    const table: [
      reason: DenyReason,
      headers: NonNullable<Parts["headers"]>,
      shown: readonly string[],
    ][] = [
      [
        "origin-not-allowed",
        { origin: "https://evil.test:8443", host: "site.test" },
        ["403", "https://evil.test:8443", '"site.test"'],
      ],
      ["host-absent", {}, ["400", "absent", "absent"]],
      ["origin-null", { origin: "null", host: "Site.TEST:80" }, ["403", '"null"', '"Site.TEST:80"']],
      ["origin-empty", { origin: "", host: "" }, ["403", '""', '""']],
    ];
    await eachRowInTurn(table, async ([reason, headers, shown]) => {
      const [line, ...more] = await linesFor([[reason, headers]]);
      assertEquals([line!.level, more], ["warn", []]);
      assertInOrder(line!.text, [`${shown[0]} ${reason}`, ...shown.slice(1)]);
      words.assert(`${reason} ${JSON.stringify(headers)}`, line!.text);
    });
  });

  test("a cause or a note ends it; of both the cause", async () => {
    const headers = { origin: "https://evil.test", host: "site.test" };
    const table: [reason: DenyReason, details: Details, name: string, end: string][] = [
      ["policy-unavailable", { cause: new Error("no list") }, "an Error", '"Error: no list"'],
      ["origin-not-allowed", { note: () => "Have a look" }, "a note", "Have a look"],
      ["origin-unchecked", { note: () => "" }, "an empty note", '"site.test"'],
      ["user-lookup-failed", { cause: "a cause", note: () => "a note" }, "both", '"a cause"'],
      ["unauthenticated", { cause: Object.create(null) }, "what cannot be printed", ""],
      ["host-absent", { cause: undefined, note: () => "a note" }, "undefined", '"undefined"'],
    ];
    await eachRowInTurn(table, async ([reason, details, name, end]) => {
      const [line] = await linesFor([[reason, headers, details]]);
      assert(line!.text.endsWith(end), line!.text);
      words.assert(`ends with ${name}`, line!.text);
    });
  });

  test("a note is made for the line only", async () => {
    let notes = 0;
    const note = () => `note ${++notes}`;
    const headers = { origin: "https://evil.test", host: "site.test" };
    await linesFor(Array(5).fill(["origin-not-allowed", headers, { note }]));
    assertEquals(notes, 1);
  });

  test("one for the first refusal of each reason and origin", async () => {
    const reasons = ["origin-not-allowed", "origin-unchecked"] as const;
    const origins = ["https://a.test", "http://a.test", "https://a.test:8443", "https://b.test"];
    const refusals = reasons.flatMap((reason) =>
      // Another Host is no other refusal.
      origins.flatMap((origin) => ["a.test", "b.test"].map((host) => [reason, { origin, host }] as const))
    );
    const lines = await linesFor([...refusals, ...refusals]);
    const expected = product(reasons, origins);
    assertEquals(lines.length, expected.length);
    eachRow(expected.entries(), ([index, [reason, origin]]) => {
      assertInOrder(lines[index]!.text, [`403 ${reason}`, ` ${origin}, `, '"a.test"']);
    });
    words.assert("two reasons, four origins", textOf(lines));
  });

  test("origins that are no tuple share one line for each reason", async () => {
    const values = ["x", "y", "null", "", null, "https://EVIL.test", "https://a.test, https://b.test"];
    const lines = await linesFor(
      (["origin-malformed", "host-malformed"] as const).flatMap((reason) =>
        values.map((origin) => [reason, { origin, host: "h" }] as const)
      ),
    );
    assertEquals(lines.length, 2);
    assertInOrder(lines[0]!.text, ["403 origin-malformed", '"x"', '"h"']);
    assertInOrder(lines[1]!.text, ["400 host-malformed", '"x"', '"h"']);
    words.assert("two reasons, origins that are no tuple", textOf(lines));
  });

  test("a failure is no matter of the origin: one line for each reason", async () => {
    await eachRowInTurn([["broken", '"broken"'], [undefined, '"undefined"']], async ([cause, shown]) => {
      const lines = await linesFor(
        ["https://a.test", "https://b.test", null].map((origin) =>
          ["policy-unavailable", { origin, host: "h" }, { cause }] as const
        ),
      );
      assertEquals(lines.length, 1);
      assertInOrder(lines[0]!.text, ["503 policy-unavailable", "https://a.test", '"h"', shown]);
      words.assert(`a failure: ${cause}`, textOf(lines));
    });
  });

  test("twenty lines, one that says so, then silence", async () => {
    const refusals = Array.from({ length: 60 }, (_, index) =>
      // Each twice: what was shown before takes none of the twenty.
      ["origin-not-allowed", { origin: `https://a${index >> 1}.test`, host: "h" }] as const);
    const lines = await linesFor([...refusals, ["host-absent", {}], ...refusals]);
    assertEquals(lines.length, 21);
    eachRow(lines.slice(0, 20).entries(), ([index, { level, text }]) => {
      assertEquals(level, "warn");
      assertInOrder(text, ["403 origin-not-allowed", `https://a${index}.test`, '"h"']);
    });
    assertEquals(lines[20]!.level, "warn");
    words.assert("more than twenty lines", textOf(lines));
  });

  test("each wrapper has its own twenty", async () => {
    const refusals = Array.from(
      { length: 30 },
      (_, index) => ["origin-not-allowed", { origin: `https://a${index}.test`, host: "h" }] as const,
    );
    assertEquals((await linesFor(refusals)).length, 21);
    assertEquals((await linesFor(refusals)).length, 21);
  });

  const hostile: readonly (readonly [name: string, value: string, shown: string])[] = [
    ["an escape sequence", "\x1b[2J\x1b]0;owned\x07", '"\\u001b[2J\\u001b]0;owned\\u0007"'],
    ["an eight-bit control sequence", "\x9b2J", '"\\u009b2J"'],
    ["a bidirectional override", "https://\u202etset.live", '"https://\\u202etset.live"'],
    [
      "a line of its own",
      "https://a.test\r\nwsgate refused (200 fine)",
      '"https://a.test\\r\\nwsgate refused (200 fine)"',
    ],
    ["quotes and backslashes", '"\\', '"\\"\\\\"'],
    ["NUL and delete", "\0\x7f", '"\\u0000\\u007f"'],
    ["bytes of UTF-8 read as Latin-1", "https://\xe2\x80\xae", '"https://\\u00e2\\u0080\\u00ae"'],
    ["a surrogate on its own", "\ud800", '"\\ud800"'],
    ["ten kilobytes", "x".repeat(10_240), `"${"x".repeat(76)}...`],
    ["ten kilobytes of escapes", "\x1b".repeat(10_240), `"${"\\u001b".repeat(12)}\\u00...`],
  ];
  for (const [name, value, shown] of hostile) {
    test(`${name}: JSON-escaped ASCII, 80 characters at most`, async () => {
      const [line] = await linesFor([["origin-malformed", { origin: value, host: value }]]);
      assertInOrder(line!.text, ["403 origin-malformed", ` ${shown}, `, ` ${shown}`]);
      words.assert(`Origin and Host are ${name}`, line!.text);
      assertPrintable(line!.text, MAX_LINE);
    });
  }

  test(`whatever clients send, 21 printable lines of bounded length are the most (seed ${seed})`, async () => {
    const random = new Random();
    const pieces = [
      "https://",
      "a",
      "evil.test",
      ".",
      ":8443",
      "\x1b[",
      "\u202e",
      "\0",
      "\n",
      "null",
      "x".repeat(300),
    ];
    const text = () => Array.from({ length: random.below(6) }, () => random.pick(pieces)).join("");
    for (let round = 0; round < 50; round++) {
      const lines = await linesFor(Array.from({ length: 200 }, () =>
        [
          random.pick(REASONS),
          { origin: random.oneIn(2) ? `https://a${random.below(100)}.test` : text(), host: text() },
          random.oneIn(3) ? { cause: text() } : {},
        ] as const));
      assertEquals(lines.length, 21);
      eachRow(lines, (line) => assertPrintable(line.text, MAX_LINE));
    }
  });

  test("the longest line there is keeps to the bound", async () => {
    const label = "a".repeat(63);
    const origin = `${"s".repeat(64)}://${label}.${label}.${label}.${label}:65535`;
    const cause = "\x1b".repeat(1000);
    const [line] = await linesFor([["origin-not-allowed", { origin, host: "\x1b".repeat(999) }, { cause }]]);
    assert(line!.text.includes(origin));
    assertEquals(line!.text.length, MAX_LINE);
  });
});

words.end();
