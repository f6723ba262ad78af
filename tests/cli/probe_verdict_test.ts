// What answers mean, beside that of the own page: by table.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { answerOf, type ServerAnswer } from "../../src/cli/probe_answer.ts";
import type { Shot } from "../../src/cli/probe_target.ts";
import {
  areAlike,
  asksForLogIn,
  type AttackFinding,
  type Findings,
  isIn,
  isNoSocket,
  type PageFinding,
  stateOf,
  verdictOf,
  withstands,
} from "../../src/cli/probe_verdict.ts";
import { eachRow, product } from "../rows.ts";

const status = (code: number) => answerOf("status", code);
const closed = (code: number, reason = "") => answerOf("closed", 101, code, reason);
const open = answerOf("open", 101);
const silent = answerOf("silent");
const hungUp = answerOf("hung-up");
const unreachable = answerOf("unreachable");
const garbage = answerOf("garbage");
const EVERY: readonly ServerAnswer[] = [
  open,
  closed(1000),
  closed(1001),
  closed(1005),
  closed(1006),
  closed(3000),
  closed(4401),
  closed(4403),
  status(200),
  status(400),
  status(401),
  status(403),
  status(503),
  hungUp,
  garbage,
  silent,
  unreachable,
];

function finding(answer: ServerAnswer, own: ServerAnswer, sender: Shot["sender"] = "page"): AttackFinding {
  return {
    shot: { on: "https://a.test", name: "x", sender, why: "", wire: "" },
    answer,
    verdict: verdictOf(answer, own),
  };
}

test("in: 101 and no close, or one that is no refusal", () => {
  assertEquals(EVERY.filter(isIn), [open, closed(1000), closed(1001)]);
});

test("alike: by kind, status and close code, not by words", () => {
  eachRow(product(EVERY, EVERY), ([a, b]) => assertEquals(areAlike(a, b), a === b || isIn(a) && isIn(b)));
  assertEquals(areAlike(closed(4403, "a"), closed(4403, "b")), true);
});

describe("verdictOf()", () => {
  test("beside an own page that is allowed: any answer but 101 is a refusal", () => {
    eachRow(product(EVERY, [open, closed(1000)]), ([answer, own]) => {
      const expected = isIn(answer)
        ? "in"
        : answer === silent || answer === unreachable
        ? "undecided"
        : "refused";
      assertEquals(verdictOf(answer, own), expected);
    });
  });
  test("beside one that is not: the same answer says nothing", () => {
    eachRow([status(403), status(401), closed(4403), closed(1006), hungUp], (own) => {
      assertEquals(verdictOf(own, own), "undecided");
      assertEquals(verdictOf(status(400), own), "refused");
      assertEquals(verdictOf(open, own), "in");
    });
  });
});

describe("stateOf()", () => {
  test("allowed, whatever becomes of attacks", () => {
    eachRow([open, closed(1000), closed(1001)], (own) => {
      assertEquals(stateOf(own, [finding(open, own), finding(status(403), own)]), "allowed");
    });
  });
  test("401, 4401 and 3000 for the own page alone: a log-in comes later", () => {
    const logIn = EVERY.filter(asksForLogIn);
    assertEquals(logIn, [closed(3000), closed(4401), status(401)]);
    eachRow(logIn, (own) => {
      assertEquals(stateOf(own, [finding(status(403), own)]), "asked-to-log-in");
      assertEquals(stateOf(own, [finding(status(403), own), finding(own, own)]), "refused");
      // A program's garbled Origin may well be none to the server.
      assertEquals(
        stateOf(own, [finding(status(403), own), finding(own, own, "program")]),
        "asked-to-log-in",
      );
    });
  });
  test("refused, whatever becomes of attacks", () => {
    eachRow([status(403), closed(4403), closed(1006), closed(1005), status(500), hungUp], (own) => {
      assertEquals(stateOf(own, []), "refused");
      assertEquals(stateOf(own, [finding(status(400), own)]), "refused");
    });
  });
});

describe("withstands()", () => {
  const page = (state: PageFinding["state"], isLasting = true): PageFinding => ({
    page: { origin: "https://a.test", wire: "" },
    first: open,
    last: open,
    state,
    isLasting,
  });
  const good: Findings = { pages: [page("allowed")], attacks: [finding(status(403), open)], ender: null };
  const shot = finding(open, open).shot;
  test("every attack refused, every own page allowed, to the end", () => {
    eachRow([
      good,
      { ...good, pages: [page("asked-to-log-in")] },
      {
        ...good,
        attacks: [...good.attacks, finding(open, open, "program"), finding(silent, open, "program")],
      },
      { ...good, ender: { shot, answer: hungUp, hasEnded: false } },
    ], (findings) => assertEquals(withstands(findings), true));
  });
  test("else not", () => {
    eachRow([
      { ...good, pages: [page("refused")] },
      { ...good, pages: [page("allowed"), page("allowed", false)] },
      ...["page", "neighbor", "network", "proxy"].flatMap((sender) => [
        { ...good, attacks: [...good.attacks, finding(open, open, sender as Shot["sender"])] },
        { ...good, attacks: [...good.attacks, finding(silent, open, sender as Shot["sender"])] },
      ]),
      { ...good, ender: { shot, answer: hungUp, hasEnded: true } },
    ], (findings) => assertEquals(withstands(findings), false));
  });
});

test("no socket: nobody there, another protocol, another route; a refusal is a socket's", () => {
  eachRow([
    unreachable,
    silent,
    hungUp,
    garbage,
    ...[200, 204, 302, 307, 404, 405, 410, 426, 501, 502, 504].map(status),
  ], (answer) => assertEquals(isNoSocket(answer), true));
  eachRow(
    [open, closed(1000), closed(4403), closed(1006), ...[400, 401, 403, 429, 500, 503].map(status)],
    (answer) => assertEquals(isNoSocket(answer), false),
  );
});
