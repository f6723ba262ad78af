// What the console is told: the first of each kind in words, then sums; by a clock that the test moves.

import { describe, test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ConfigError,
  createReporter,
  type DecisionEvent,
  type DenyReason,
  originValidator,
  type Reporter,
  type ReporterOptions,
} from "@wsgate/wsgate";
import { denials } from "../src/denial.ts";
import { type Details, eventOf } from "../src/event.ts";
import { makeReporter } from "../src/reporter.ts";
import { REASONS } from "./denials.ts";
import { faultsOf, handshakeRequest, type Parts, printed, requestOf, untyped } from "./doubles.ts";
import { Random, seed } from "./random.ts";
import { eachRow, product } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

/** What is decided of one request. */
interface Told {
  readonly reason?: DenyReason | null;
  readonly headers?: NonNullable<Parts["headers"]>;
  readonly details?: Details;
  readonly layer?: DecisionEvent["layer"];
  readonly name?: string;
  /** The report-only policy says `reason`, and nothing was refused. */
  readonly wouldDeny?: boolean;
  /** No WebSocket is asked for. */
  readonly plain?: boolean;
}

function eventFor(
  { reason = "origin-not-allowed", headers = {}, details = {}, ...more }: Told,
): DecisionEvent {
  const { layer = "guard", name = null, wouldDeny = false, plain = false } = more;
  const request = requestOf({ headers: { ...plain ? {} : { upgrade: "websocket" }, ...headers } });
  const said = reason === null ? null : denials[reason];
  const decided = {
    ...{ ...details, layer, name, handshake: request, request, context: undefined },
    denied: wouldDeny ? null : said,
    reportOnly: wouldDeny ? { denied: said } : null,
  };
  return eventOf(decided, false);
}

const evil = (site = "evil.test"): Told => ({ headers: { origin: `https://${site}`, host: "site.test" } });

/** A reporter of a minute and three kinds, on a clock of its own. */
function clocked({ maxKinds = 3 } = {}) {
  const lines: string[] = [];
  let time = 1000;
  const reporter = makeReporter(60_000, maxKinds, (line) => void lines.push(line), () => time);
  return {
    reporter,
    tell: (...told: Told[]) => told.forEach((it) => reporter(eventFor(it))),
    wait: (seconds: number) => void (time += seconds * 1000),
    /** What was written since the last time. */
    lines: () => lines.splice(0),
  };
}

/** What a terminal shows as it is, and no more of it than `max`. */
function assertPrintable(text: string, max: number): void {
  assertEquals(/[^\x20-\x7e]/.exec(text), null, text);
  assertLessOrEqual(text.length, max, text);
}

/** The longest line: its own words, an origin of the longest form, a Host and a cause. */
const MAX_LINE = 48 + 64 + "://".length + 255 + ":65535".length + ", Host ".length + 80 + ". ".length + 200;

/** Asserts that a text names these values, one after the other. */
function assertInOrder(text: string, values: readonly string[]): void {
  let at = 0;
  for (const value of values) {
    const found = text.indexOf(value, at);
    assert(found >= 0, `${text}\ndoes not name ${value}`);
    at = found + value.length;
  }
}

type Refusal = readonly [reason: DenyReason, headers: NonNullable<Parts["headers"]>, details?: Details];

/** The lines for these refusals within one interval. */
function linesFor(refusals: readonly Refusal[]): string[] {
  const { tell, lines } = clocked({ maxKinds: 20 });
  for (const [reason, headers, details] of refusals) tell({ reason, headers, ...details && { details } });
  return lines();
}

describe("a line in words", () => {
  test("it says status, reason, origin and Host", () => {
    const table: [reason: DenyReason, headers: NonNullable<Parts["headers"]>, shown: readonly string[]][] = [
      [
        "origin-not-allowed",
        { origin: "https://evil.test:8443", host: "site.test" },
        ["403", "https://evil.test:8443", '"site.test"'],
      ],
      ["host-absent", {}, ["400", "absent", "absent"]],
      ["origin-null", { origin: "null", host: "Site.TEST:80" }, ["403", '"null"', '"Site.TEST:80"']],
      ["origin-empty", { origin: "", host: "" }, ["403", '""', '""']],
    ];
    eachRow(table, ([reason, headers, shown]) => {
      const [line, ...more] = linesFor([[reason, headers]]);
      assertEquals(more, []);
      assertInOrder(line!, [`${shown[0]} ${reason}`, ...shown.slice(1)]);
      words.assert(`${reason} ${JSON.stringify(headers)}`, line!);
    });
  });

  test("a cause or a note ends it; of both the cause", () => {
    const headers = { origin: "https://evil.test", host: "site.test" };
    const table: [reason: DenyReason, details: Details, name: string, end: string][] = [
      ["policy-unavailable", { cause: new Error("no list") }, "an Error", '"Error: no list"'],
      ["origin-not-allowed", { note: () => "Have a look" }, "a note", "Have a look"],
      ["origin-unchecked", { note: () => "" }, "an empty note", '"site.test"'],
      ["user-lookup-failed", { cause: "a cause", note: () => "a note" }, "both", '"a cause"'],
      ["unauthenticated", { cause: Object.create(null) }, "what cannot be printed", ""],
      ["host-absent", { cause: undefined, note: () => "a note" }, "undefined", '"undefined"'],
      [
        "unauthenticated",
        { miss: () => ({ code: "cookie-absent", text: "No cookie" }) },
        "a miss",
        "No cookie",
      ],
      ["unauthenticated", { miss: () => null }, "no miss", '"site.test"'],
    ];
    eachRow(table, ([reason, details, name, end]) => {
      const [line] = linesFor([[reason, headers, details]]);
      assert(line!.endsWith(end), line!);
      words.assert(`ends with ${name}`, line!);
    });
  });

  test("it names the layer's name, and says of a would-deny that it would", () => {
    const { tell, lines } = clocked();
    tell({ ...evil(), name: "chat\x1b" }, { ...evil(), wouldDeny: true });
    const [named, would] = lines();
    assertInOrder(named!, ['wsgate "chat\\u001b" refused (403 origin-not-allowed)']);
    assertInOrder(would!, ["wsgate would refuse (403 origin-not-allowed)", "https://evil.test"]);
    words.assert("of a layer with a name", named!);
    words.assert("of a report-only policy", would!);
  });

  test("a note is made for the line only", () => {
    let notes = 0;
    const note = () => `note ${++notes}`;
    const headers = { origin: "https://evil.test", host: "site.test" };
    linesFor(Array(5).fill(["origin-not-allowed", headers, { note }]));
    assertEquals(notes, 1);
  });

  test("a copy of an event says less, and nothing wrong", () => {
    const { reporter, lines } = clocked();
    reporter({ ...eventFor({ ...evil(), details: { note: () => "why" } }) } as DecisionEvent);
    assert(lines()[0]!.endsWith('Origin https://evil.test, Host "site.test"'));
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
    test(`${name}: JSON-escaped ASCII, 80 characters at most`, () => {
      const [line] = linesFor([["origin-malformed", { origin: value, host: value }]]);
      assertInOrder(line!, ["403 origin-malformed", ` ${shown}, `, ` ${shown}`]);
      words.assert(`Origin and Host are ${name}`, line!);
      assertPrintable(line!, MAX_LINE);
    });
  }

  test("the longest line there is keeps to the bound", () => {
    const label = "a".repeat(63);
    const origin = `${"s".repeat(64)}://${label}.${label}.${label}.${label}:65535`;
    const cause = "\x1b".repeat(1000);
    const [line] = linesFor([["origin-not-allowed", { origin, host: "\x1b".repeat(999) }, { cause }]]);
    assert(line!.includes(origin));
    assertEquals(line!.length, MAX_LINE);
  });
});

describe("what is one kind", () => {
  test("the first refusal of each reason and origin is told in words", () => {
    const reasons = ["origin-not-allowed", "origin-unchecked"] as const;
    const origins = ["https://a.test", "http://a.test", "https://a.test:8443", "https://b.test"];
    const refusals = reasons.flatMap((reason) =>
      // Another Host is no other refusal.
      origins.flatMap((origin) => ["a.test", "b.test"].map((host) => [reason, { origin, host }] as const))
    );
    const lines = linesFor([...refusals, ...refusals]);
    const expected = product(reasons, origins);
    assertEquals(lines.length, expected.length);
    eachRow(expected.entries(), ([index, [reason, origin]]) => {
      assertInOrder(lines[index]!, [`403 ${reason}`, ` ${origin}, `, '"a.test"']);
    });
    words.assert("two reasons, four origins", lines.join("\n"));
  });

  test("of a Host that is refused the Host: the load balancer's line does not hide the forgotten name", () => {
    const told = ["10.0.0.7", "10.0.0.7", "www.site.test", "WWW.site.test"].map((host): Told => ({
      reason: "host-not-allowed",
      headers: { host, origin: "https://site.test" },
    }));
    const { tell, lines } = clocked({ maxKinds: 20 });
    tell(...told);
    // As it came: a Host in another case is another line, and no more than that.
    assertEquals(lines().map((line) => /Host "([^"]*)"/.exec(line)![1]), [
      "10.0.0.7",
      "www.site.test",
      "WWW.site.test",
    ]);
  });

  test("origins and Hosts that do not parse share one line for each reason", () => {
    const values = ["x", "y", "null", "", null, "https://EVIL.test", "https://a.test, https://b.test"];
    const lines = linesFor(
      (["origin-malformed", "host-malformed"] as const).flatMap((reason) =>
        values.map((origin) =>
          [reason, { origin, host: reason === "host-malformed" ? `${origin} x` : "h" }] as const
        )
      ),
    );
    assertEquals(lines.length, 2);
    assertInOrder(lines[0]!, ["403 origin-malformed", '"x"', '"h"']);
    assertInOrder(lines[1]!, ["400 host-malformed", '"x"', '"x x"']);
    words.assert("two reasons, origins that are no tuple", lines.join("\n"));
  });

  test("a failure is no matter of the origin: one line for each reason", () => {
    eachRow([["broken", '"broken"'], [undefined, '"undefined"']], ([cause, shown]) => {
      const lines = linesFor(
        ["https://a.test", "https://b.test", null].map((origin) =>
          ["policy-unavailable", { origin, host: "h" }, { cause }] as const
        ),
      );
      assertEquals(lines.length, 1);
      assertInOrder(lines[0]!, ["503 policy-unavailable", "https://a.test", '"h"', shown]);
      words.assert(`a failure: ${cause}`, lines.join("\n"));
    });
  });

  test("layers, their names and outcomes are told apart; scanners are not told of", () => {
    const { tell, lines } = clocked({ maxKinds: 20 });
    const layers = ["guard", "host", "auth", "router", "socket"] as const;
    for (let i = 0; i < 3; i++) {
      tell(...layers.map((layer) => ({ ...evil(), layer })));
      tell({ ...evil(), name: "a" }, { ...evil(), name: "b" }, { ...evil(), wouldDeny: true });
      tell({ ...evil(), reason: "not-found" }, { ...evil(), reason: null });
    }
    assertEquals(lines().length, layers.length + 3);
  });
});

describe("sums", () => {
  test("they come after 1, 2, 4 … 64 intervals while it goes on", () => {
    const { tell, wait, lines } = clocked();
    tell(evil());
    assertEquals(lines().length, 1);
    const minutes: number[] = [];
    for (let minute = 0; minute < 300; minute++) {
      wait(60);
      tell(evil());
      if (lines().length > 0) minutes.push(minute);
    }
    assertEquals(minutes, [1, 3, 7, 15, 31, 63, 127, 191, 255]);
  });

  test("they name the five most frequent, and the rest as a number", () => {
    const { tell, wait, lines, reporter } = clocked({ maxKinds: 7 });
    const sites = ["a", "b", "c", "d", "e", "f", "g"];
    tell(...sites.map((site) => evil(`${site}.test`)), evil("untold.test"));
    assertEquals(lines().length, 7);
    sites.forEach((site, index) => tell(...Array<Told>(index).fill(evil(`${site}.test`))));
    wait(30);
    reporter.flush();
    const [sum, ...more] = lines();
    assertEquals(more, []);
    assertInOrder(sum!, [
      "22 more in 30 s",
      "6 refused (403 origin-not-allowed), Origin https://g.test",
      "5 ",
      "4 ",
      "3 ",
      "2 ",
    ]);
    assert(!sum!.includes("b.test"), sum);
    assert(sum!.endsWith("2 of other kinds"), sum);
    words.assert("a sum", sum!);
    reporter.flush();
    assertEquals(lines(), [], "it is told once");
  });

  test("after quiet they begin anew", () => {
    const { tell, wait, lines } = clocked();
    tell(evil(), evil());
    for (const seconds of [61, 130]) {
      wait(seconds);
      tell(evil());
    }
    lines();
    wait(100 * 60);
    tell(evil(), evil());
    wait(61);
    tell(evil());
    const told = lines();
    assertEquals(told.length, 3, told.join("\n"));
  });

  test("told long after, they say when it was", () => {
    const { tell, wait, lines, reporter } = clocked();
    tell(evil(), evil());
    wait(40);
    tell(evil());
    wait(3 * 86_400);
    tell({ ...evil(), reason: null });
    const [, late] = lines();
    assertInOrder(late!, ["2 more in 40 s, the last 72 h ago: "]);
    words.assert("a sum that is told late", late!);
    const table = [[120, "120 s"], [121, "2 min"], [120 * 60, "120 min"], [121 * 60, "2 h"]] as const;
    eachRow(table, ([seconds, shown]) => {
      wait(1e6);
      tell(evil(), evil());
      wait(seconds);
      reporter.flush();
      assertStringIncludes(lines().at(-1)!, ` ${shown}`);
    });
  });

  test("what is allowed makes one come, and is in none", () => {
    const { tell, wait, lines } = clocked();
    tell(evil(), evil());
    wait(61);
    tell({ ...evil(), reason: null });
    assertEquals(lines().length, 2);
  });
});

describe("nobody is blinded", () => {
  test("a flood of invented origins hides one's own for no longer than it lasts and one interval", () => {
    const { tell, wait, lines } = clocked();
    for (let minute = 0; minute < 30; minute++) {
      for (let i = 0; i < 100; i++) tell(evil(`a${minute}-${i}.test`));
      tell(evil("mine.test"));
      wait(60);
    }
    assert(!lines().some((line) => line.includes("Origin https://mine.test, Host")));
    tell(evil("mine.test"));
    assert(lines().some((line) => line.includes("Origin https://mine.test, Host")));
  });

  test("a second outage is told again, after one quiet interval; another origin's after sixty", () => {
    const { tell, wait, lines } = clocked();
    const outage: Told = { reason: "user-lookup-failed", details: { cause: new Error("database is gone") } };
    tell(outage, evil());
    wait(50);
    tell(outage);
    assertEquals(lines().length, 2);
    wait(61);
    tell(outage, evil());
    assertEquals(lines().filter((line) => line.includes("database")).length, 1);
    wait(60 * 59);
    tell(evil());
    assertEquals(lines().filter((line) => line.includes("Origin https://evil.test, Host")).length, 0);
    wait(60 * 60 + 1);
    tell(evil());
    assertEquals(lines().filter((line) => line.includes("Origin https://evil.test, Host")).length, 1);
  });

  test("a flood of invented origins does not hide an outage", () => {
    const { tell, wait, lines } = clocked();
    for (let i = 0; i < 100; i++) tell(evil(`a${i}.test`));
    wait(1);
    tell({ reason: "user-lookup-failed", details: { cause: new Error("database is gone") } });
    const told = lines();
    assertEquals(told.length, 4);
    assertStringIncludes(told[3]!, "database is gone");
  });

  test("a failure that a client provokes all day does not hide another", () => {
    const { tell, wait, lines, reporter } = clocked();
    const failure = (cause: unknown): Told => ({ reason: "user-lookup-failed", details: { cause } });
    for (let minute = 0; minute < 100; minute++) {
      tell(failure(new SyntaxError(`a cookie that does not parse: ${minute}`)));
      wait(50);
    }
    assertEquals(lines().filter((line) => line.includes("Host")).length, 1);
    tell(failure(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })));
    const [outage, ...more] = lines().filter((line) => line.includes("Host"));
    assert(outage!.includes("Error: connect"));
    assertEquals(more, []);
    tell(failure(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })));
    reporter.flush();
    assertInOrder(lines().join(), ['1 refused (503 user-lookup-failed), "Error ECONNREFUSED"']);
  });

  test("a name that cannot be read is none, and a long one is cut", () => {
    const unreadable = Object.defineProperty(new Error("x"), "name", {
      get: () => {
        throw new Error("no");
      },
    });
    const { tell, lines, reporter } = clocked({ maxKinds: 20 });
    const causes = [
      unreadable,
      undefined,
      null,
      7,
      {},
      { name: "x\x1b".repeat(99), code: 3 },
      new Error("y"),
    ];
    for (const cause of causes) {
      tell({ reason: "policy-unavailable", details: { cause } });
      tell({ reason: "policy-unavailable", details: { cause } });
    }
    reporter.flush();
    const told = lines();
    assertEquals(told.filter((line) => line.includes("Host")).length, 3, told.join("\n"));
    eachRow(told, (line) => assertPrintable(line, MAX_LINE));
  });

  test("what was over the ration is told in words when there is one again", () => {
    const { tell, wait, lines } = clocked({ maxKinds: 1 });
    tell(evil("a.test"), evil("b.test"), evil("b.test"));
    assertEquals(lines().length, 1);
    wait(60);
    tell(evil("b.test"));
    const told = lines();
    assert(told.some((line) => line.includes("Origin https://b.test, Host")), told.join("\n"));
    assert(told.some((line) => line.includes("2 more in 60 s: 2 of other kinds")), told.join("\n"));
  });

  test("what was told long ago and has no ration now is in the sum, with what was not told of it", () => {
    const { tell, wait, lines, reporter } = clocked({ maxKinds: 1 });
    tell(evil("old.test"), evil("old.test"));
    wait(60 * 61);
    lines();
    // It takes the ration.
    tell(evil("new.test"), evil("old.test"));
    const told = lines();
    assert(!told.some((line) => line.includes("Origin https://old.test, Host")), told.join("\n"));
    reporter.flush();
    assertStringIncludes([...told, ...lines()].join(), "1 of other kinds");
    wait(60);
    tell(evil("old.test"));
    assert(lines().some((line) => line.includes("Origin https://old.test, Host")));
  });

  test("100,000 origins in one interval: the sums are right, and next to nothing is kept", () => {
    const { tell, wait, lines, reporter } = clocked({ maxKinds: 20 });
    const collect = (globalThis as { gc?: () => void }).gc;
    const flood = (round: number) => {
      for (let i = 0; i < 100_000; i++) tell(evil(`a${round}-${i}.test`));
    };
    flood(0);
    collect?.();
    const before = process.memoryUsage().heapUsed;
    flood(1);
    collect?.();
    const grown = process.memoryUsage().heapUsed - before;
    wait(60);
    reporter.flush();
    const told = lines();
    assertEquals(told.length, 21);
    assertStringIncludes(told[20]!, "199980 more in 60 s: 199980 of other kinds");
    assertEquals(reporter.counts().map(({ count }) => count), [200_000]);
    // Without a collector at hand what is garbage counts too.
    if (collect !== undefined) assertLessOrEqual(grown, 2_000_000);
  });

  test("who keeps all kinds alive keeps no more than are remembered", () => {
    const { tell, wait, lines } = clocked({ maxKinds: 1 });
    for (let minute = 0; minute < 200; minute++) {
      // All that were told before, and a new one.
      for (let i = minute; i >= 0; i--) tell(evil(`a${i}.test`));
      wait(60);
    }
    const inWords = lines().filter((line) => line.includes(", Host "));
    assertEquals(inWords.length, 200);
    assert(inWords.filter((line) => line.includes("https://a0.test")).length >= 1);
    // 64 are remembered: every other is told again when there is a ration for it.
    tell(evil("a100.test"), evil("a0.test"));
    const again = lines().filter((line) => line.includes(", Host "));
    assertEquals(again.length, 1);
    assertStringIncludes(again[0]!, "Origin https://a100.test, ");
  });

  describe("64 kinds are remembered for each in a ration", () => {
    /** One that has told 64 kinds, in so many intervals, keeps them alive, and has nothing to sum up. */
    const full = () => {
      const { tell, wait, lines, reporter } = clocked({ maxKinds: 1 });
      for (let minute = 0; minute < 64; minute++) {
        for (let i = 0; i <= minute; i++) tell(evil(`a${i}.test`));
        wait(60);
      }
      reporter.flush();
      const isToldInWords = (site: string) => {
        lines();
        tell(evil(site));
        return lines().some((line) => line.includes(`Origin https://${site}, Host`));
      };
      return { tell, wait, lines, reporter, isToldInWords };
    };

    test("and of one more the one that was seen longest ago is forgotten", () => {
      const { tell, wait, isToldInWords } = full();
      tell(evil("a0.test"));
      assert(isToldInWords("more.test"));
      wait(60);
      assert(!isToldInWords("a0.test"), "it came before");
      assert(!isToldInWords("a2.test"), "it is remembered");
      assert(isToldInWords("a1.test"), "it is forgotten");
    });

    test("what came of one that is forgotten is in the sum", () => {
      const { tell, lines, reporter } = full();
      lines();
      for (let i = 0; i < 64; i++) tell(evil(`a${i}.test`));
      // a0 goes, with one that nobody has heard of.
      tell(evil("more.test"));
      reporter.flush();
      const [more, sum, ...others] = lines();
      assertEquals(others, []);
      assertStringIncludes(more!, "Origin https://more.test, Host");
      assertStringIncludes(sum!, "64 more in ");
    });
  });

  test("what came of a kind is in the sum though there are no words for it when it is news again", () => {
    const { tell, wait, lines, reporter } = clocked({ maxKinds: 1 });
    const outage: Told = { reason: "user-lookup-failed" };
    tell(outage);
    // It goes on for so long that sums are rare.
    for (let minute = 0; minute < 5; minute++) {
      wait(60);
      tell(outage);
    }
    lines();
    wait(90);
    // Another failure has the words of this interval.
    tell({ reason: "policy-unavailable" }, outage);
    reporter.flush();
    const [inWords, sum, ...others] = lines();
    assertEquals(others, []);
    assertStringIncludes(inWords!, "503 policy-unavailable");
    assertStringIncludes(sum!, "3 more in ");
  });

  test(`whatever clients send, lines are printable and of bounded length (seed ${seed})`, () => {
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
      const { tell, wait, lines } = clocked({ maxKinds: 20 });
      for (let i = 0; i < 200; i++) {
        tell({
          reason: random.pick(REASONS),
          headers: { origin: random.oneIn(2) ? `https://a${random.below(100)}.test` : text(), host: text() },
          details: random.oneIn(3) ? { cause: text() } : {},
        });
      }
      wait(61);
      tell(evil());
      const told = lines();
      const sums = told.filter((line) => line.includes(" more in "));
      // Two of them are failures, which no client can invent.
      assertEquals([told.length - sums.length, sums.length], [24, 1]);
      eachRow(told, (line) => assertPrintable(line, line.includes(" more in ") ? 5 * 500 : MAX_LINE));
    }
  });
});

describe("counts() and openMetrics()", () => {
  test("handshakes by layer, name, outcome and reason; what asks for no WebSocket is written and not counted", () => {
    const { tell, reporter, lines } = clocked({ maxKinds: 20 });
    assertEquals(reporter.counts(), []);
    tell(evil(), evil("b.test"), { ...evil(), reason: null }, {
      ...evil(),
      wouldDeny: true,
      name: 'a"\\\nb',
    });
    tell({ ...evil(), reason: "not-found", layer: "router" }, { ...evil(), plain: true, layer: "host" });
    assertEquals(lines().length, 4);
    const row = { layer: "guard", name: null, outcome: "denied", reason: "origin-not-allowed", count: 2 };
    assertEquals<unknown>(reporter.counts(), [
      row,
      { ...row, outcome: "allowed", reason: null, count: 1 },
      { ...row, name: 'a"\\\nb', outcome: "would-deny", count: 1 },
      { ...row, layer: "router", reason: "not-found", count: 1 },
    ]);
    assertEquals(
      reporter.openMetrics(),
      [
        "# TYPE wsgate_handshakes counter",
        "# HELP wsgate_handshakes Handshakes by what became of them.",
        'wsgate_handshakes_total{layer="guard",name="",outcome="denied",reason="origin-not-allowed"} 2',
        'wsgate_handshakes_total{layer="guard",name="",outcome="allowed",reason=""} 1',
        'wsgate_handshakes_total{layer="guard",name="a\\"\\\\\\nb",outcome="would-deny",reason="origin-not-allowed"} 1',
        'wsgate_handshakes_total{layer="router",name="",outcome="denied",reason="not-found"} 1',
        "# EOF\n",
      ].join("\n"),
    );
  });

  test("the document begins and ends as the standard has it", () => {
    words.assert("an empty document", clocked().reporter.openMetrics());
  });

  test("what counts() returns is the caller's own", () => {
    const { tell, reporter } = clocked();
    tell(evil());
    untyped(reporter.counts()[0]).count = 9;
    assertEquals(reporter.counts()[0]!.count, 1);
  });
});

describe("createReporter()", () => {
  test("it is a hook, and writes on the console by default", async () => {
    const reporter = createReporter();
    const lines = await printed(() => {
      const guarded = originValidator(() => new Response(), ["https://good.test"], { onDecision: reporter });
      guarded(handshakeRequest("https://evil.test"));
      guarded(handshakeRequest("https://good.test"));
    });
    assertEquals(lines.map(({ level }) => level), ["warn"]);
    assertEquals(reporter.counts().map(({ outcome }) => outcome), ["denied", "allowed"]);
  });

  test("as a hook it counts and tells what it does where a hook calls it", async () => {
    const direct: string[] = [];
    const called: string[] = [];
    const options = { intervalSeconds: 0.05 };
    const reporter = createReporter({ ...options, write: (line) => void direct.push(line) });
    const other = createReporter({ ...options, write: (line) => void called.push(line) });
    const hooks = [reporter, (event: DecisionEvent) => other(event)];
    const reportOnly = { origins: ["https://good.test"] };
    for (const onDecision of hooks) {
      const guarded = originValidator(() => new Response(), ["https://good.test", "https://new.test"], {
        ...{ onDecision, reportOnly, requests: "all", name: "x" },
      });
      for (const site of ["good", "evil", "evil", "new", "new", "good"]) {
        await guarded(handshakeRequest(`https://${site}.test`));
      }
      await guarded(handshakeRequest("https://evil.test"));
      // A plain request that is let in makes a sum come, and is in no counter.
      await new Promise((resolve) => setTimeout(resolve, 70));
      await guarded(handshakeRequest("https://good.test", { headers: { upgrade: null } }));
    }
    assertEquals(reporter.counts(), other.counts());
    assertEquals(reporter.counts().map(({ outcome, count }) => [outcome, count]), [
      ["allowed", 2],
      ["denied", 3],
      ["would-deny", 2],
    ]);
    eachRow([direct, called], (lines) => {
      assertStringIncludes(lines[0]!, '"x" refused (403 origin-not-allowed): Origin https://evil.test');
      assertStringIncludes(lines.at(-1)!, " more in ");
    });
  });

  test("layers without a hook share one", async () => {
    const lines = await printed(() => {
      for (let i = 0; i < 3; i++) {
        originValidator(() => new Response(), ["https://good.test"])(handshakeRequest("https://evil.test"));
      }
    });
    assertEquals(lines.length, 1);
  });

  test("a `write` of one's own gets the lines; one that throws or rejects is reported once", async () => {
    const own: string[] = [];
    const use = (reporter: Reporter) => {
      const guarded = originValidator(() => new Response(), ["https://good.test"], { onDecision: reporter });
      return guarded(handshakeRequest("https://evil.test"));
    };
    const quiet = await printed(() => use(createReporter({ write: (line) => void own.push(line) })));
    assertEquals([quiet.length, own.length], [0, 1]);
    const failing: (() => unknown)[] = [
      () => {
        throw new Error("disk full");
      },
      () => Promise.reject(new Error("disk full")),
    ];
    for (const write of failing) {
      let calls = 0;
      const reporter = createReporter({ write: () => (calls++, write()) });
      const lines = await printed(async () => {
        assertEquals((await use(reporter)).status, 403);
        reporter(eventFor(evil("another.test")));
        // Unhandled, a rejection would end the process by now.
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
      assertEquals(calls, 2);
      assertEquals(lines.map(({ level }) => level), ["error"]);
      words.assert("a write that throws", lines[0]!.text);
    }
  });

  test("a write that fails on a sum does not lose what the event says", async () => {
    let fails = false;
    const lines: string[] = [];
    const reporter = createReporter({
      intervalSeconds: 0.01,
      write: (line) => {
        if (fails && line.includes(" more in ")) throw new Error("disk full");
        lines.push(line);
      },
    });
    await printed(async () => {
      reporter(eventFor(evil()));
      reporter(eventFor(evil()));
      await new Promise((resolve) => setTimeout(resolve, 20));
      fails = true;
      reporter(eventFor(evil("another.test")));
    });
    assertEquals(lines.length, 2);
    assertStringIncludes(lines[1]!, "https://another.test");
  });

  test("all faults of its options at once", () => {
    const make = (options: unknown) => () => createReporter(untyped(options));
    assertEquals(
      faultsOf(
        make({ intervalSeconds: 0, maxKinds: 1.5, write: "console", interval: 1 }),
        (fault, fix) => words.assert(fault, fix),
      ),
      [
        "unknown-option interval -1",
        "out-of-range intervalSeconds -1",
        "out-of-range maxKinds -1",
        "wrong-type write -1",
      ],
    );
    assertThrows(make("console"), ConfigError);
    const table: ReporterOptions[] = [{ intervalSeconds: 86_401 }, { maxKinds: 0 }, { maxKinds: 1001 }, {
      intervalSeconds: NaN,
    }];
    eachRow(table, (options) => assertThrows(make(options), ConfigError));
    eachRow(
      [{}, { intervalSeconds: 0.1, maxKinds: 1 }, { intervalSeconds: 86_400, maxKinds: 1000 }],
      (options) => {
        make(options)();
      },
    );
  });
});

words.end();
