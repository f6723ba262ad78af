// What `probe` prints, by what was found: the words, the width, the colors, and that nothing of a server comes out raw.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sortArguments } from "../../src/cli/arguments.ts";
import { json } from "../../src/cli/json.ts";
import { answerOf, type ServerAnswer } from "../../src/cli/probe_answer.ts";
import { answerInWords, asObject, report } from "../../src/cli/probe_report.ts";
import { type Plan, planOf, PROBE_OPTIONS, type Shot } from "../../src/cli/probe_target.ts";
import { areAlike, type Findings, stateOf, verdictOf } from "../../src/cli/probe_verdict.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { type Json, SITE, USUAL } from "./probing.ts";

const words = wordsOf(import.meta.url);

const open = answerOf("open", 101);
const status = (code: number) => answerOf("status", code);
const closed = (code: number, reason = "") => answerOf("closed", 101, code, reason);
const PLAIN = { columns: 80, colors: false };

const planWith = (...args: string[]) =>
  planOf(sortArguments(["ws://127.0.0.1:8000/chat", ...args], "wsgate probe", PROBE_OPTIONS));
const usual = planWith(...USUAL);

interface Found {
  readonly own?: ServerAnswer;
  readonly last?: ServerAnswer;
  readonly attack: (shot: Shot) => ServerAnswer;
  readonly hasEnded?: boolean;
}

/** What would be found of a server that answers so. */
function findings(plan: Plan, { own = open, last = own, attack, hasEnded }: Found): Findings {
  const attacks = plan.shots.map((shot) => {
    const answer = attack(shot);
    return { shot, answer, verdict: verdictOf(answer, own) };
  });
  return {
    attacks,
    pages: plan.pages.map((page) => ({
      page,
      first: own,
      last,
      state: stateOf(own, attacks),
      isLasting: areAlike(own, last),
    })),
    ender: hasEnded === undefined ? null : { shot: plan.ender!, answer: open, hasEnded },
  };
}

const only = (names: readonly string[], inside = open, outside = status(403)) => ({ name }: Shot) =>
  names.includes(name) ? inside : outside;
const neighbors = ({ sender }: Shot) => sender === "neighbor" ? open : status(403);

/** Each with what the last lines have to name. */
const TABLE: Readonly<Record<string, readonly [plan: Plan, found: Found, named: string]>> = {
  "everything is refused": [usual, { attack: () => status(403) }, "Withstands all 46 attacks, and 27"],
  "everything gets in": [usual, { attack: () => open }, "46 of 46 attacks got in"],
  "refused visibly": [usual, { attack: () => closed(4403, "origin-not-allowed") }, "Withstands"],
  "neighbors get in": [usual, { attack: neighbors }, "8 of 46 attacks got in"],
  "one hole": [usual, { attack: only(["absent-with-cookie"]) }, "1 of 46 attacks got in"],
  "a close that is no refusal": [usual, { attack: only(["sandboxed-frame"], closed(1000)) }, "1 of 46"],
  "programs alone get in": [usual, {
    attack: only(["backslash", "tab-in-name", "over-long", "doubled-origin-own-last"]),
  }, "Withstands all 46 attacks"],
  "some are undecided": [
    usual,
    { attack: only(["rebinding", "empty-origin"], answerOf("silent")) },
    "2 of 46 attacks are undecided",
  ],
  "no host was given": [planWith("--site", SITE), {
    own: status(403),
    attack: () => status(403),
  }, 'give --host, the name that browsers ask for. The Host header was "127.0.0.1:8000"'],
  "the own page is refused like the rest": [
    usual,
    { own: status(403), attack: () => status(403) },
    "--site and --host",
  ],
  "the own page is refused otherwise": [
    usual,
    { own: closed(4403), attack: () => status(403) },
    "was refused",
  ],
  "the own page is hung up on": [usual, { own: closed(1006), attack: () => closed(1005) }, "was refused"],
  "the server fails": [usual, { own: status(500), attack: () => status(403) }, "log of the server"],
  "the handler fails": [usual, { own: closed(1011), attack: () => status(403) }, "log of the server"],
  "a log-in comes later": [usual, { own: status(401), attack: () => status(403) }, "--header"],
  "a log-in comes first": [usual, { own: closed(4401), attack: () => closed(4401) }, "--header"],
  "the server is gone": [usual, {
    last: answerOf("unreachable", null, null, "connect ECONNREFUSED"),
    attack: only(["broken-bracket"], answerOf("hung-up")),
  }, "ended the server"],
  "a limit of connections": [usual, { last: status(429), attack: () => status(429) }, "limit of connections"],
  "the last one ends it": [planWith(...USUAL, "--may-end-it"), {
    attack: () => status(403),
    hasEnded: true,
  }, "repeated-upgrade"],
  "the last one does not": [planWith(...USUAL, "--may-end-it"), {
    attack: () => status(403),
    hasEnded: false,
  }, "Withstands"],
  "two own pages": [
    planWith(...USUAL, "--site", "https://example.com"),
    { attack: neighbors },
    "for https://",
  ],
  "a site by its address": [planWith("--site", "http://127.0.0.1:8000"), { attack: () => open }, "got in"],
  "every answer is another": [usual, {
    attack: ({ name }) => closed(4000 + name.length, name),
  }, "other answers"],
};

describe("report()", () => {
  for (const [name, [plan, found, named]] of Object.entries(TABLE)) {
    test(name, () => {
      const text = report(plan, findings(plan, found), PLAIN).join("\n");
      assertStringIncludes(text.replaceAll("\n", " "), named);
      assert(/^[\n\x20-\x7e]*$/.test(text));
      words.assert(name, text);
    });
  }

  test("as wide as the terminal, but for what cannot be broken", () => {
    eachRow([40, 80, 160], (columns) => {
      const lines = report(usual, findings(usual, { attack: () => open }), { columns, colors: false });
      // A URL, an origin, a row of the table, what an attack sends.
      const unbreakable =
        /^ws:|^own page|^ {2}(?:any page|an? |attacks)|^ {2}\S* +(?:Origin|Host|GET|Cookie|no Origin)/;
      assertEquals(lines.filter((line) => line.length > columns && !unbreakable.test(line)), []);
    });
  });

  test("colors: what got in is red, what was refused green, and the text is the same", () => {
    const painted = report(usual, findings(usual, { attack: neighbors }), { columns: 80, colors: true }).join(
      "\n",
    );
    assertStringIncludes(painted, "\x1b[31msibling-subdomain");
    assertStringIncludes(painted, "\x1b[32mallowed\x1b[0m");
    assertStringIncludes(painted, "\x1b[31m8 of 46 attacks got in.");
    const plain = report(usual, findings(usual, { attack: neighbors }), PLAIN).join("\n");
    assertEquals(
      painted.split("\x1b").map((part, index) => index === 0 ? part : part.replace(/^\[\d+m/, "")).join(""),
      plain,
    );
  });

  test("nothing of a server comes out raw, and not much of it", () => {
    const hostile = "\x1b[2J\x1b]0;x\x07\u202e\n\r".repeat(1000);
    eachRow(["status", "closed", "unreachable", "open", "hung-up", "garbage", "silent"] as const, (kind) => {
      const answer = answerOf(kind, 403, 4403, hostile);
      assert(/^[\x20-\x7e]{1,160}$/.test(answerInWords(answer)));
      const found = findings(usual, { own: answer, attack: () => answer });
      assert(/^[\n\x20-\x7e]*$/.test(report(usual, found, PLAIN).join("\n")));
      assert(/^[\n\x20-\x7e]*$/.test(json(asObject(usual, found))));
    });
  });

  test("a query may be a token, and is not shown", () => {
    const plan = planOf(
      sortArguments(["ws://127.0.0.1/chat?token=s3cret", ...USUAL], "wsgate probe", PROBE_OPTIONS),
    );
    const found = findings(plan, { attack: () => open });
    const text = report(plan, found, PLAIN).join("\n") + json(asObject(plan, found));
    assert(!text.includes("s3cret"));
    assertStringIncludes(text, "GET /%63hat?...");
  });
});

test("asObject(): everything, for a program", () => {
  const plan = planWith(...USUAL, "--may-end-it");
  const object = asObject(plan, findings(plan, { attack: neighbors, hasEnded: false })) as Json;
  assertEquals([object.withstands, object.host, object.attacks.length], [false, "ws.example.com", 73]);
  assertEquals(object.pages.map(({ origin, state }) => [origin, state]), [[SITE, "allowed"]]);
  assertEquals(object.attacks.find(({ name }) => name === "rebinding"), {
    on: SITE,
    name: "rebinding",
    sender: "page",
    why: object.attacks.find(({ name }) => name === "rebinding")!["why" as never],
    sent: ["Host: attacker.test", "Origin: https://attacker.test"],
    verdict: "refused",
    answer: status(403),
  } as unknown);
  assertEquals(object.ender!.hasEnded, false);
  assertEquals((asObject(usual, findings(usual, { attack: neighbors })) as Json).ender, undefined);
});

words.end();
