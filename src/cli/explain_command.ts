/**
 * `explain`: judges one handshake, typed or copied, as a server would, and says why.
 */

import type { Explanation } from "../explanation.ts";
import { formatExplanation, wrap } from "../explain/explanation_text.ts";
import type { Handshake } from "../handler.ts";
import { quote } from "../quote.ts";
import { notesOn } from "./answer.ts";
import {
  type Environment,
  type Given,
  isOfHosts,
  type ListOptions,
  policyOf,
  policyOptions,
  readFile,
  readInput,
  UsageError,
} from "./arguments.ts";
import { type CopiedHandshake, handshakeOf, readHandshake } from "./handshake_text.ts";
import { judgeAsServer, type Judgement, type Judgements } from "./judge.ts";
import { json } from "./json.ts";

/** For where it does not matter: no name, and nobody's. */
export const ANY_HOST = "host.invalid";

/** Reports whether the verdict depends on Host. */
export function needsHost(options: ListOptions): boolean {
  return isOfHosts(options) || options.hosts !== undefined || options.origins.includes("'self'");
}

/** What to say where the verdict depends on the scheme. */
export const WHICH_SCHEME =
  "Give --scheme, the scheme of the site's pages: the verdict depends on it. A server without " +
  "the option scheme takes that of request.url, which is http behind a proxy that ends TLS";

/** Runs `explain`. */
export function runExplain(given: Given, environment: Environment): { status: 0 | 1; output: string } {
  const from = given.values.get("handshake")?.[0];
  if (from === "-" && given.operands.includes("-")) {
    throw new UsageError("standard input cannot be the list and the handshake: give one of them as a file");
  }
  if (from === undefined && !["origin", "host", "header"].some((name) => given.values.has(name))) {
    throw new UsageError("which handshake? Give --origin, or --handshake FILE");
  }
  const options = policyOptions(given, environment);
  const policy = policyOf(options);
  const copied = from === undefined ? null : readCopied(from, environment);
  const handshake = withGiven(copied ?? handshakeOf("/", []), given);
  const isHostGiven = handshake.headers.get("host") !== null || copied !== null;
  if (!isHostGiven && needsHost(options)) {
    throw new UsageError("which Host? With a list of hosts or 'self', give --host");
  }
  const judged = isHostGiven ? handshake : withHost(handshake, ANY_HOST);
  const judgements = judgeAsServer(judged, policy, {
    fields: copied === null ? "list" : copied.isWhole ? "whole" : "given",
    isServersUrl: given.values.has("url") || copied?.isServersUrl === true,
  });
  const all = judgements.dependsOnScheme ? [judgements.http, judgements.https] : [judgements.one];
  const status = all.every(({ explanation }) => explanation.decision.allowed) ? 0 : 1;
  const notes = copied === null
    ? []
    : notesOn({ ...copied, ...handshake }, likeliest(all, copied).explanation.decision);
  // Of a few lines that were copied the rest is not known to be missing.
  const isPlain = copied !== null && !copied.isWhole && copied.headers.get("upgrade") === null;
  const shown = (explanation: Explanation): Explanation =>
    isHostGiven ? explanation : { ...explanation, host: { kind: "absent", shown: "(not given)" } };
  if (given.values.has("json")) return { status, output: json(asObject(judgements, notes, shown)) };
  const { columns } = environment;
  const lines = judgements.dependsOnScheme
    ? underEachScheme(judgements, shown, environment)
    : inWords(judgements.one, shown, environment);
  for (const note of isPlain ? [...notes, NO_HANDSHAKE] : notes) {
    lines.push("", ...wrap(`${note}.`, 2, columns));
  }
  return { status, output: lines.join("\n") };
}

/** Of two judgements the one that the answer agrees with: what it says otherwise is not against the list. */
function likeliest(judgements: readonly Judgement[], { answer }: CopiedHandshake): Judgement {
  const isTaken = answer?.status === 101;
  return judgements.find(({ explanation }) => explanation.decision.allowed === isTaken) ?? judgements[0]!;
}

const NO_HANDSHAKE =
  "Copy the headers of the handshake. These lines have no Upgrade: a guard passes such a request on, and " +
  "browsers leave Origin out of a plain GET";

function asObject(
  judgements: Judgements,
  notes: readonly string[],
  shown: (explanation: Explanation) => Explanation,
): unknown {
  const of = ({ explanation, why }: Judgement) => ({
    ...shown(explanation),
    ...why !== null && { why },
    ...notes.length > 0 && { notes },
  });
  return judgements.dependsOnScheme
    ? { dependsOn: "scheme", http: of(judgements.http), https: of(judgements.https) }
    : of(judgements.one);
}

type Shown = (explanation: Explanation) => Explanation;

function underEachScheme(
  { http, https }: Extract<Judgements, { dependsOnScheme: true }>,
  shown: Shown,
  environment: Environment,
): string[] {
  return [
    ...wrap(`${WHICH_SCHEME}.`, 0, environment.columns),
    ...([["https", https], ["http", http]] as const).flatMap(([scheme, judgement]) => [
      "",
      `--scheme ${scheme}`,
      ...inWords(judgement, shown, environment),
    ]),
  ];
}

function inWords({ explanation, why }: Judgement, shown: Shown, { columns, colors }: Environment): string[] {
  const text = formatExplanation(shown(explanation), "text", { columns, colors });
  return why === null ? [text] : [text, "", ...wrap(`${why}.`, 2, columns)];
}

// ---- the handshake --------------------------------------------------------------------------------------------------

function readCopied(from: string, environment: Environment): CopiedHandshake {
  const read = readHandshake(from === "-" ? readInput(environment) : readFile(from, environment));
  if (read === null) {
    throw new UsageError(
      `no handshake in ${from === "-" ? "standard input" : quote(from)}: give its headers, Name: value`,
    );
  }
  return read;
}

/** The handshake with what was given beside it in place of its own. */
function withGiven({ method, url, headers }: Handshake, { values }: Given): Handshake {
  const fields = (values.get("header") ?? []).map((text): [string, string] => {
    const colon = text.indexOf(":");
    if (colon <= 0) throw new UsageError(`a header is "Name: value", not ${quote(text)}`);
    return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  for (const name of ["origin", "host"]) {
    const value = values.get(name)?.[0];
    if (value !== undefined) fields.push([name, value]);
  }
  const own = handshakeOf("", fields).headers;
  return {
    method,
    url: values.get("url")?.[0] ?? url,
    headers: { get: (name) => own.get(name) ?? headers.get(name) },
  };
}

function withHost({ method, url, headers }: Handshake, host: string): Handshake {
  return { method, url, headers: { get: (name) => name === "host" ? host : headers.get(name) } };
}
