// Every recorded verdict, judged by the library as pure functions: what browsers, advisories, other libraries' tests
// and the real Django Channels say. `guard/replay_test.ts` sends the captured handshakes to a real server as well.

import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  allowedHostsOriginValidator,
  check,
  compileOrigins,
  compilePolicy,
  ConfigError,
  type DecisionEvent,
  type DenyReason,
  hostValidator,
  lint,
  type Policy,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { type Outcome, outcome } from "./denials.ts";
import {
  attackHandshake,
  attackOptions,
  attacks,
  captured,
  capturedHandshake,
  capturedRows,
  channels,
  type ChannelsVector,
  type ConfigAttack,
  handshakeOf,
  handshakes,
  type HeaderLines,
  type HostAttack,
  hostAttackUrl,
  judgeAll,
  type OriginAttack,
} from "./vectors.ts";
import { runtime } from "./runtime.ts";

/** `value`, computed once for each content of `key`: many rows share one list. */
function memo<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<string, V>();
  return (key) => {
    const text = JSON.stringify(key);
    if (!made.has(text)) made.set(text, make(key));
    return made.get(text) as V;
  };
}

describe("vectors: the verdicts of Django Channels", () => {
  const matcherOf = memo((patterns: readonly string[]) => compileOrigins(patterns));
  const policyOf = memo((patterns: readonly string[]) => compilePolicy({ origins: patterns }));

  test("compileOrigins agrees with every one", async () => {
    await judgeAll("channels", channels, 1972, ([patterns, origin, verdict]) => {
      const actual = matcherOf(patterns).test(origin);
      return actual === verdict ? null : `test() is ${actual}`;
    });
  });

  test("match names a listed pattern exactly where test says yes", async () => {
    await judgeAll("channels (match)", channels, 1972, ([patterns, origin, verdict]) => {
      const match = matcherOf(patterns).match(origin);
      if (!verdict) return match === null ? null : `match() is ${JSON.stringify(match)}`;
      return match !== null && patterns.includes(match) ? null : `match() is ${JSON.stringify(match)}`;
    });
  });

  test("check agrees with every one when the Host is well-formed", async () => {
    await judgeAll("channels (check)", channels, 1972, ([patterns, origin, verdict]) => {
      const lines: [string, string][] = [["Host", "server.example"]];
      if (origin !== null) lines.push(["Origin", origin]);
      const decision = check(handshakeOf("http://server.example/ws", lines), policyOf(patterns));
      return decision.allowed === verdict ? null : outcome(decision);
    });
  });
});

/** What the origin side of a refusal may say of an origin of this kind. Which of the last two it is, the grammar says. */
function reasonsFor(attack: OriginAttack): readonly DenyReason[] {
  if (attack.origin === null) return ["origin-absent"];
  if (attack.origin === "") return ["origin-empty"];
  if (attack.origin === "null") return ["origin-null"];
  return ["origin-malformed", "origin-not-allowed"];
}

function judgeOriginAttack(attack: OriginAttack): string | null {
  const decision = check(attackHandshake(attack), compilePolicy(attackOptions(attack)));
  if (decision.allowed !== (attack.expect === "allow")) return outcome(decision);
  // A refusal for the wrong reason (the Host, say) would prove nothing about the origin.
  if (!decision.allowed && !reasonsFor(attack).includes(decision.reason)) return decision.reason;
  if (!decision.allowed && decision.status !== 403) return `status ${decision.status}`;
  return null;
}

/** The Host side of every wrapper that has one: the reason it gave, or "allowed" when the handler was called. */
type HostJudge = (attack: HostAttack) => Promise<Outcome>;

/** The handshake of a row, with an Origin that the lists below admit unless the row brings its own. */
function hostAttackLines(attack: HostAttack, upgrade: boolean): HeaderLines {
  const lines: [string, string][] = upgrade
    ? [["Connection", "Upgrade"], ["Upgrade", "websocket"], ["Sec-WebSocket-Version", "13"]]
    : [];
  if (attack.host !== null) lines.push(["Host", attack.host]);
  if (attack.forwardedHost !== undefined) lines.push(["X-Forwarded-Host", attack.forwardedHost]);
  if (attack.origin !== undefined) lines.push(["Origin", attack.origin]);
  return lines;
}

/** Calls a wrapper as a server would. The Request is a stand-in: a real one takes no such Host. */
async function judgedBy(
  wrap: (handler: () => Response, onDecision: (event: DecisionEvent) => void) => (
    request: Request,
  ) => Response | Promise<Response>,
  attack: HostAttack,
  upgrade: boolean,
): Promise<Outcome> {
  let reason: DenyReason | undefined;
  let calls = 0;
  const handler = wrap(() => {
    calls++;
    return new Response("served");
  }, (event) => {
    reason = event.reason ?? undefined;
  });
  const request = handshakeOf(hostAttackUrl(attack), hostAttackLines(attack, upgrade)) as unknown as Request;
  const response = await handler(request);
  assertEquals(calls, reason === undefined ? 1 : 0, "the handler is called exactly when nothing was denied");
  assertEquals(await response.text() === "served", reason === undefined);
  return reason ?? "allowed";
}

/** `debug`, where a row has it: `exactOptionalPropertyTypes` tells absent from undefined. */
function debugOf(attack: HostAttack): { debug?: boolean } {
  return attack.debug === undefined ? {} : { debug: attack.debug };
}

function judgedByHost(attack: HostAttack, upgrade: boolean): Promise<Outcome> {
  const { allowedHosts } = attack;
  return judgedBy(
    (handler, onDecision) => hostValidator(handler, { allowedHosts, ...debugOf(attack), onDecision }),
    attack,
    upgrade,
  );
}

const hostJudges: readonly (readonly [name: string, judge: HostJudge])[] = [
  ["hostValidator, plain GET", (attack) => judgedByHost(attack, false)],
  ["hostValidator, handshake", (attack) => judgedByHost(attack, true)],
  // Without an Origin, and with `absent: "allow"`, only Host is left to judge.
  ["allowedHostsOriginValidator", (attack) =>
    judgedBy(
      (handler, onDecision) =>
        allowedHostsOriginValidator(handler, {
          allowedHosts: attack.allowedHosts,
          absent: "allow",
          ...debugOf(attack),
          onDecision,
        }),
      attack,
      true,
    )],
  ["hosts of a policy", (attack) => {
    const policy = compilePolicy({ origins: ["*"], hosts: attack.allowedHosts, ...debugOf(attack) });
    const handshake = handshakeOf(hostAttackUrl(attack), hostAttackLines(attack, true));
    return Promise.resolve(outcome(check(handshake, policy)));
  }],
];

/** The issues of a refusal; undefined where nothing was thrown. Anything thrown but a ConfigError is thrown on. */
function issuesOf(compile: () => unknown): ConfigError["issues"] | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

/** What every issue must say: which rule, where, what was written, and what to write instead. */
function faultyIssue(issues: ConfigError["issues"], patterns: unknown): string | null {
  if (issues.length === 0) return "a ConfigError without issues";
  for (const issue of issues) {
    if (typeof issue.code !== "string" || (issue.code as string) === "") return "an issue without code";
    if (issue.field !== "origins") return `field ${JSON.stringify(issue.field)}`;
    if (typeof issue.fix !== "string" || issue.fix.trim() === "") return "an issue without fix";
    const at = issue.index === -1 ? patterns : Array.isArray(patterns) ? patterns[issue.index] : undefined;
    if (!("value" in issue) || issue.value !== at) {
      return `index ${issue.index} does not hold ${JSON.stringify(issue.value)}`;
    }
  }
  return null;
}

/** What the recorded `lint` column says of lists that compile: something has to be found. */
function judgeLint({ patterns, expect, lint: expected }: ConfigAttack): string | null {
  const given = patterns as readonly string[];
  if (expect === "refuse") {
    const [linted, compiled] = [() => lint({ origins: given }), () => compilePolicy({ origins: given })].map(
      issuesOf,
    );
    return JSON.stringify(linted) === JSON.stringify(compiled)
      ? null
      : "lint() does not throw what compiling throws";
  }
  const findings = lint({ origins: given });
  return expected !== true || findings.length > 0 ? null : "nothing is found";
}

function judgeConfigAttack({ patterns, expect }: ConfigAttack): string | null {
  // Neither runtime checks types, so a string or null can stand where a list should: that is what is tried here.
  const given = patterns as readonly string[];
  for (const compile of [() => compileOrigins(given), () => compilePolicy({ origins: given })]) {
    const issues = issuesOf(compile);
    if (expect === "accept" && issues !== undefined) return `refused: ${JSON.stringify(issues)}`;
    if (expect === "refuse" && issues === undefined) return "accepted";
    const faulty = issues === undefined ? null : faultyIssue(issues, patterns);
    if (faulty !== null) return faulty;
  }
  return null;
}

describe("vectors: attacks", () => {
  test("on the origin", async () => {
    await judgeAll("attacks.origin", attacks.origin, 94, judgeOriginAttack);
  });

  for (const [name, judge] of hostJudges) {
    test(`on the Host header, judged by ${name}`, async () => {
      await judgeAll(`attacks.host (${name})`, attacks.host, 54, async (attack) => {
        const reason = await judge(attack);
        if ((reason === "allowed") !== (attack.expect === "allow")) return reason;
        if (reason !== "allowed" && !reason.startsWith("host-")) return reason;
        return attack.reason === undefined || attack.reason === reason ? null : reason;
      });
    });
  }

  test("on the operator's list", async () => {
    await judgeAll("attacks.config", attacks.config, 48, judgeConfigAttack);
  });

  test("on the operator's list, looked over by lint", async () => {
    await judgeAll("attacks.config (lint)", attacks.config, 48, judgeLint);
    assertEquals(attacks.config.filter((row) => row.lint === true).length, 8);
  });

  test("every fault of a list is named at once", () => {
    const faults = attacks.config.filter((row) => row.expect === "refuse" && Array.isArray(row.patterns))
      .flatMap((row) => (row.patterns as unknown[]).length === 1 ? row.patterns as string[] : []);
    assert(faults.length > 20, "too few faults to prove anything");
    const error = assertThrows(() => compileOrigins(["https://good.example", ...faults]), ConfigError);
    const named = new Set(error.issues.map((issue) => issue.index));
    assertEquals([...named].sort((a, b) => a - b), faults.map((_, index) => index + 1));
  });
});

describe("vectors: captured handshakes", () => {
  const policyOf = memo((options: PolicyOptions): Policy => compilePolicy(options));

  test("check agrees with every verdict under every policy", async () => {
    assertEquals(handshakes.length, 428);
    assertEquals(Object.keys(captured.verdicts), Object.keys(captured.policies));
    await judgeAll("handshakes", capturedRows, 428 * 4, ({ handshake, options, expected }) => {
      const actual = outcome(check(capturedHandshake(handshake), policyOf(options)));
      return actual === expected ? null : `${actual} instead of ${expected}`;
    });
  });
});

describe("vectors: the count itself", () => {
  const rows = [1, 2, 3];
  /** The counts printed here are not of vectors: they stay out of the log. */
  const count = async <T>(of: readonly T[], expected: number, disagreement: (row: T) => string | null) => {
    const lines: string[] = [];
    try {
      await judgeAll("self-test", of, expected, disagreement, (line) => lines.push(line));
    } finally {
      assertEquals(lines.length, 1, "the count is printed, whatever it is");
    }
    return lines[0];
  };

  test("passes when every row is there and right", async () => {
    assertEquals(await count(rows, 3, () => null), `vectors[${runtime}] self-test 3/3`);
  });

  test("fails when a row is missing or too many", async () => {
    await assertRejects(() => count(rows.slice(1), 3, () => null), Error, "number of rows");
    await assertRejects(() => count(channels.slice(1), 1972, () => null), Error, "number of rows");
    await assertRejects(
      () => count([...channels, ...channels.slice(0, 1)], 1972, () => null),
      Error,
      "number of rows",
    );
  });

  test("fails when a verdict is wrong, and names the row", async () => {
    await assertRejects(() => count(rows, 3, (row) => row === 2 ? "wrong" : null), Error, "#1 2: wrong");
  });

  test("sees one flipped verdict among all of Channels'", async () => {
    const flipped = channels.map((row, index) => index === 1000 ? [row[0], row[1], !row[2]] as const : row);
    const judge = ([patterns, origin, verdict]: ChannelsVector) =>
      compileOrigins(patterns).test(origin) === verdict ? null : "flipped";
    await assertRejects(() => count(flipped, 1972, judge), Error, "1 of 1972 disagree");
  });
});
