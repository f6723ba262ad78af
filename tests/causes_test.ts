/**
 * Situations that people ran into, told by their trackers: whether the cause is named, whether what is suggested helps,
 * and whether it harms. Where a row comes from and what it may say stands in `vectors/causes.json`; its kinds `lint`,
 * `cli` and `suffix` are judged beside what they are about.
 */

import { describe, test } from "node:test";
import { assert, assertEquals, fail } from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  check,
  compileOrigins,
  compilePolicy,
  ConfigError,
  type DecisionEvent,
  explain,
  type Explanation,
  formatExplanation,
  guard,
  type Handshake,
  hostValidator,
  type Policy,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { type AuthRow, type CauseRow, causes, type ConfigRow, type ExplainRow, judgeAll } from "./vectors.ts";
import { handshakeRequest, printed, untyped } from "./doubles.ts";
import { followed } from "./suggestions.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

// ---- what a row asks for --------------------------------------------------------------------------------------------

/** The options of a row, with what JSON has not. */
function optionsOf(options: unknown): PolicyOptions {
  const read = revive(options) as Record<string, unknown>;
  return untyped({ ...read, ...(read["suffixes"] === "public" && { suffixes: publicSuffixes }) });
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if ("$regexp" in value) return new RegExp(value.$regexp as string);
  if ("$function" in value) return () => true;
  if ("$undefined" in value) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, revive(it)]));
}

function handshakeOf({ handshake }: CauseRow): Handshake {
  const { method = "GET", url, headers } = handshake;
  return { method, url, headers: { get: (name) => headers[name.toLowerCase()] ?? null } };
}

const oneSpace = (text: string) => text.toLowerCase().replace(/\s+/g, " ");

/** Whether a text has words: all in lower case, `a|b` one of them, `/…/` a regular expression. */
function has(text: string, words: string): boolean {
  const pattern = /^\/(.*)\/$/.exec(words)?.[1];
  if (pattern !== undefined) return new RegExp(pattern).test(oneSpace(text));
  return words.split("|").some((word) => oneSpace(text).includes(oneSpace(word)));
}

function lacking(what: string, text: string, words: readonly string[] = []): string[] {
  return words.filter((it) => !has(text, it)).map((it) => `${what} lacks ${it}: ${text}`);
}

function forbidden(text: string, words: readonly string[] = []): string[] {
  return words.filter((it) => has(text, it)).map((it) => `it says ${it}: ${text}`);
}

const isAscii = (text: string) => /^[\x20-\x7e\n]*$/.test(text);

// ---- explain --------------------------------------------------------------------------------------------------------

type Miss = Explanation["nearest"][number];
type Suggestion = NonNullable<Miss["suggestion"]>;

const textOf = ({ text, suggestion }: Miss) =>
  [text, suggestion?.field, suggestion?.entry, suggestion?.danger].filter((it) => typeof it === "string")
    .join("\n");

function explainProblems(row: ExplainRow): string[] {
  const options = optionsOf(row.policy);
  const policy = compilePolicy(options);
  const handshake = handshakeOf(row);
  const explanation = explain(handshake, policy);
  const { nearest, decision } = explanation;
  const [first] = nearest;
  const printedText = [formatExplanation(explanation), formatExplanation(explanation, "text")];
  const all = [...nearest.map(textOf), ...printedText].join("\n");
  words.assert(`explain ${row.id}`, formatExplanation(explanation, "text", { columns: 10_000 }));
  const { allowed = false, first: wanted = first?.code } = row;
  const codes = [wanted].flat();
  return [
    ...JSON.stringify(decision) === JSON.stringify(check(handshake, policy)) ? [] : ["another verdict"],
    ...allowed === null || decision.allowed === allowed ? [] : [`allowed is ${decision.allowed}`],
    ...(codes.length === 0 ? first === undefined : codes.includes(first?.code)) ? [] : [
      `first is ${first?.code}: ${first?.text}`,
    ],
    ...[row.notFirst ?? []].flat().includes(first?.code ?? "") ? [`first is ${first?.code}`] : [],
    ...suggestionProblems(row, nearest),
    ...first === undefined ? [] : lacking("the first", textOf(first), row.text),
    ...lacking("any", nearest.map(textOf).join("\n"), row.anyText),
    ...forbidden(all, row.never),
    ...isAscii(all) ? [] : ["not printable ASCII"],
    ...nearest.flatMap((miss) =>
      miss.suggestion === null ? [] : harms(miss.code, miss.suggestion, options, handshake)
    ),
  ];
}

function suggestionProblems({ suggestion: wanted }: ExplainRow, nearest: readonly Miss[]): string[] {
  if (wanted === undefined) return [];
  const choices = [wanted].flat();
  const fits = choices.some((choice) => {
    if (choice === null) return nearest.every(({ suggestion }) => suggestion === null);
    const got = nearest[0]?.suggestion;
    if (got?.field !== choice.field || got.entry !== choice.entry) return false;
    const { danger } = choice;
    return danger === undefined || got.danger !== null && (danger === true || has(got.danger, danger));
  });
  return fits ? [] : [`it suggests ${JSON.stringify(nearest.map(({ suggestion }) => suggestion))}`];
}

const WEB = /^https?:\/\/([^/:]+|\[[^\]]*\])/;
const THIS_MACHINE = /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** What is wrong with a suggestion that is taken. */
function harms(code: string, suggestion: Suggestion, options: PolicyOptions, handshake: Handshake): string[] {
  const { field, entry, danger } = suggestion;
  let after: Policy;
  try {
    after = compilePolicy(followed(options, suggestion));
  } catch (error) {
    return [`${entry} in ${field} does not compile: ${error}`];
  }
  const before = compilePolicy(options);
  const origin = handshake.headers.get("origin");
  const host = handshake.headers.get("host") ?? "";
  const name = host.replace(/:\d+$/, "");
  const others = [
    ...["https://evil.test", "http://evil.test", `https://${name}.evil.test`, "null", "file://"],
    ...["https://example.net", "http://10.9.8.7", "https://a.example.com", "evilapp://localhost", "app://x"],
    ...["http://localhost:9", "http://127.0.0.1:9", "moz-extension://7b1e1f0c-0000-4000-8000-000000000000"],
  ];
  const newly = others.filter((other) => {
    const asked = (headers: Handshake["headers"]) => ({ ...handshake, headers });
    const tried = asked({ get: (it) => it.toLowerCase() === "origin" ? other : handshake.headers.get(it) });
    return other !== origin && check(tried, after).allowed && !check(tried, before).allowed;
  });
  const strangers = newly.filter((other) =>
    /evil\.test/.test(other) ||
    danger === null ||
    field === "origins" && code !== "app-instance" && WEB.test(other) &&
      !THIS_MACHINE.test(WEB.exec(other)![1]!)
  );
  return [
    ...check(handshake, after).allowed ? [] : [`${entry} in ${field} does not let it in`],
    ...strangers.map((other) => `${entry} in ${field} lets in ${other}`),
  ];
}

test("an event keeps all that its explanation reads, after the request is gone", () => {
  let told = 0;
  for (const row of causes.explain) {
    const policy = compilePolicy(optionsOf(row.policy));
    const handshake = handshakeOf(row);
    const now = explain(handshake, policy);
    let isOver = false;
    const get = (name: string) => isOver ? fail("it is gone") : handshake.headers.get(name);
    const events: DecisionEvent[] = [];
    guard(() => new Response(), policy, { onDecision: (event) => void events.push(event) })(
      untyped({ ...handshake, headers: { get } }),
    );
    isOver = true;
    for (const event of events) {
      // A handshake that is none in itself was asked no list.
      if (event.reason !== "host-not-allowed" && !event.reason?.startsWith("origin-")) continue;
      assertEquals(event.explain(), now, row.id);
      told++;
    }
  }
  assert(told > 50, String(told));
});

// ---- config ---------------------------------------------------------------------------------------------------------

function configProblems(row: ConfigRow): string[] {
  const options = row.list === undefined ? optionsOf(row.options) : { origins: revive(row.list) };
  const error = configError(untyped(options), row.via);
  const codes = error?.issues.map(({ code }) => code as string) ?? [];
  const wrongCodes = row.codes.filter((code) => !code.split("|").some((it) => codes.includes(it)));
  if (row.codes.length === 0) {
    if (error !== null) return [error.message];
    const { test } = compileOrigins((options as PolicyOptions).origins, {
      dangerouslyAllow: (options as PolicyOptions).dangerouslyAllow ?? [],
    });
    return [
      ...(row.admits ?? []).filter((origin) => !test(origin)).map((origin) => `it refuses ${origin}`),
      ...(row.refuses ?? []).filter(test).map((origin) => `it admits ${origin}`),
    ];
  }
  if (error === null) return ["it compiles"];
  const fixes = error.issues.map(({ fix }) => fix);
  const all = fixes.join("\n");
  words.assert(`config ${row.id}`, all);
  const quoted = fixes.flatMap(quotedIn);
  const candidates = quoted.filter((it) => isCandidate(it));
  const { message } = row;
  return [
    ...wrongCodes.length === 0 ? [] : [`the codes are ${codes}`],
    ...fixProblems(row, fixes, quoted, candidates),
    ...lacking("the fixes", all, row.text),
    ...forbidden(all, row.never),
    ...message === undefined ? [] : [
      ...lacking("the message", error.message, message.has),
      ...forbidden(error.message, message.never),
    ],
    ...isAscii(error.message) ? [] : ["not printable ASCII"],
    ...error.issues.flatMap(({ fix, value }) => candidateProblems(row, fix, value)),
  ];
}

function configError(options: PolicyOptions & { allowedHosts?: string[] }, via?: string): ConfigError | null {
  try {
    if (via === "hostValidator") hostValidator(() => new Response(), untyped(options));
    else if ("allowedHosts" in options) allowedHostsOriginValidator(() => new Response(), untyped(options));
    else compilePolicy(options);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function quotedIn(fix: string): string[] {
  return [...fix.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => JSON.parse(text) as string);
}

/** What is offered to be written: a text with a dot or a colon that a list takes. */
function isCandidate(text: string): boolean {
  if (!/[.:]/.test(text)) return false;
  try {
    return compileOrigins([], { dangerouslyAllow: [text] }) !== null;
  } catch {
    return false;
  }
}

function fixProblems(
  { fix: wanted, fixAdmits = [], fixRefuses = [] }: ConfigRow,
  fixes: readonly string[],
  quoted: readonly string[],
  candidates: readonly string[],
): string[] {
  if (wanted === undefined) return [];
  const choices = wanted !== null && typeof wanted === "object" && "any" in wanted ? wanted.any : [wanted];
  const chosen = choices.find((choice) =>
    choice === null ? candidates.length === 0 : [choice].flat().every((it) => quoted.includes(it))
  );
  if (chosen === undefined) return [`the fix is ${fixes.join(" / ")}`];
  if (chosen === null) return [];
  const { test } = compileOrigins([chosen].flat());
  return [
    ...fixAdmits.filter((origin) => !test(origin)).map((origin) => `the fix refuses ${origin}`),
    ...fixRefuses.filter(test).map((origin) => `the fix admits ${origin}`),
  ];
}

/** A candidate keeps what the entry says, and is a name that somebody can have. */
function candidateProblems(row: ConfigRow, fix: string, value: unknown): string[] {
  const named = JSON.stringify(row.fix ?? "");
  const [, scheme, , port] = typeof value === "string"
    ? /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*?)(?::(\d+|\*))?(?:[/?#].*)?$/.exec(value) ?? []
    : [];
  return quotedIn(fix).filter((it) => isCandidate(it) && !named.includes(JSON.stringify(it))).flatMap((
    it,
  ) => [
    ...scheme === undefined || it.startsWith(`${scheme}://`) ? [] : [`${it} has another scheme`],
    ...port === undefined || it.endsWith(`:${port}`) ? [] : [`${it} has another port`],
    ...it.replace(/^.*:\/\//, "").replace(/:[^:]*$/, "").split(".").some((label) => /^-|-$/.test(label))
      ? [`${it} is nobody's name`]
      : [],
  ]);
}

// ---- auth -----------------------------------------------------------------------------------------------------------

async function authProblems(row: AuthRow): Promise<string[]> {
  const layer = authMiddlewareStack({ user: () => null, required: true });
  const wrapped = guard(layer(() => new Response()), optionsOf(row.policy));
  const { url, headers } = row.handshake;
  const lines = await printed(() => wrapped(handshakeRequest(null, { url, headers })));
  if (lines.length !== 1) return [`${lines.length} lines`];
  const { text } = lines[0]!;
  words.assert(`auth ${row.id}`, text);
  return [...lacking("the line", text, row.line), ...forbidden(text, row.never)];
}

// ---- counted --------------------------------------------------------------------------------------------------------

/** Rows that are wrong in our judgement, with the reason: they fail, and it is known. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {};

function report(row: { readonly id: string }, judge: () => readonly string[]): string | null {
  return told(row.id, tried(judge));
}

/** What a row throws is one of its problems: the others are still counted. */
function tried(judge: () => readonly string[]): readonly string[] {
  try {
    return judge();
  } catch (error) {
    return [String(error)];
  }
}

function told(id: string, problems: readonly string[]): string | null {
  const known = Object.hasOwn(KNOWN_DIFFERENCES, id);
  if (known && problems.length === 0) fail(`${id} is right: it is no difference any more`);
  return problems.length === 0 || known ? null : problems.join("; ");
}

describe("causes", () => {
  test("explain names them", async () => {
    await judgeAll("causes explain", causes.explain, 82, (row) => report(row, () => explainProblems(row)));
  });
  test("the fixes of a configuration", async () => {
    await judgeAll("causes config", causes.config, 38, (row) => report(row, () => configProblems(row)));
  });
  test("a 401 has one too", async () => {
    await judgeAll("causes auth", causes.auth, 2, async (row) => told(row.id, await authProblems(row)));
  });
  // What `lint` finds, what the command line says, and the lists of suffixes: judged by tests of their own.
  test("every row is of a kind that is known", () => {
    const { about: _about, ...kinds } = causes;
    const count = Object.values(kinds).reduce((sum, rows) => sum + rows.length, 0);
    assertEquals([count, Object.keys(kinds)], [207, ["explain", "config", "lint", "cli", "suffix", "auth"]]);
  });
});

words.end();
