/**
 * `probe`: attacks a running server with real handshakes, and says what got in.
 *
 * The own page comes first, and each attack is judged beside its answer: a server that refuses everybody withstands nothing.
 * It comes once more at the end, since a server that is gone refuses everybody too.
 */

import type { Environment, Given } from "./arguments.ts";
import { UsageError } from "./arguments.ts";
import { json } from "./json.ts";
import type { ServerAnswer } from "./probe_answer.ts";
import { type Destination, sendHandshake } from "./probe_connection.ts";
import { answerInWords, asObject, report } from "./probe_report.ts";
import { type OwnPage, type Plan, planOf, type Shot } from "./probe_target.ts";
import {
  areAlike,
  type AttackFinding,
  type Findings,
  isNoSocket,
  type PageFinding,
  stateOf,
  verdictOf,
  withstands,
} from "./probe_verdict.ts";

/** For connection and answer. */
const ANSWER_MS = 5000;
/** So many connections at a time. */
const AT_A_TIME = 8;

/** Runs `probe`. What is wrong with its arguments is thrown at once. */
export function runProbe(given: Given, environment: Environment): Promise<{ status: 0 | 1; output: string }> {
  const plan = planOf(given);
  return attack(plan, environment).then((findings) => ({
    status: withstands(findings) ? 0 : 1,
    output: given.values.has("json")
      ? json(asObject(plan, findings))
      : report(plan, findings, environment).join("\n"),
  }));
}

/** Sends everything. Rejects with a {@linkcode UsageError} where there is no socket. */
async function attack(plan: Plan, { connect }: Environment): Promise<Findings> {
  const sender = (to: Destination) => ({ wire }: OwnPage | Shot): Promise<ServerAnswer> =>
    sendHandshake(plan.addHeaders(wire), to, connect, { answerMs: ANSWER_MS, closeMs: plan.closeMs });
  const { to, first } = await firstToAnswer(plan, sender);
  const send = sender(to);
  const firsts = [first, ...await inTurns(plan.pages.slice(1), send)];
  firsts.forEach((answer, index) => {
    if (isNoSocket(answer)) throw new UsageError(noSocketAt(plan, plan.pages[index]!, answer));
  });

  const ownAnswer = new Map(plan.pages.map(({ origin }, index) => [origin, firsts[index]!]));
  const answers = await inTurns(plan.shots, send);
  const attacks = plan.shots.map((shot, index): AttackFinding => {
    const answer = answers[index]!;
    return { shot, answer, verdict: verdictOf(answer, ownAnswer.get(shot.on)!) };
  });
  const lasts = await inTurns(plan.pages, send);
  const pages = plan.pages.map((page, index): PageFinding => {
    const [first, last] = [firsts[index]!, lasts[index]!];
    const ofPage = attacks.filter(({ shot }) => shot.on === page.origin);
    return { page, first, last, state: stateOf(first, ofPage), isLasting: areAlike(first, last) };
  });
  return { pages, attacks, ender: await endServer(plan, pages, send) };
}

type Sender = (to: Destination) => (one: OwnPage | Shot) => Promise<ServerAnswer>;

/** A name of this machine has two addresses, and a server may be at either. */
async function firstToAnswer(plan: Plan, sender: Sender): Promise<{ to: Destination; first: ServerAnswer }> {
  const [to, ...others] = plan.destinations as [Destination, ...Destination[]];
  let found = { to, first: await sender(to)(plan.pages[0]!) };
  for (const other of others) {
    if (found.first.kind === "unreachable") found = { to: other, first: await sender(other)(plan.pages[0]!) };
  }
  return found;
}

/** All of them, some at a time; the answers in their order. */
async function inTurns<T>(
  all: readonly T[],
  send: (one: T) => Promise<ServerAnswer>,
): Promise<ServerAnswer[]> {
  const answers: ServerAnswer[] = [];
  let next = 0;
  const worker = async () => {
    while (next < all.length) {
      const index = next++;
      answers[index] = await send(all[index]!);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return answers;
}

/** Sends what can end the server, if that is wanted and there is still a server to be ended. */
async function endServer(
  { ender }: Plan,
  pages: readonly PageFinding[],
  send: (one: OwnPage | Shot) => Promise<ServerAnswer>,
): Promise<Findings["ender"]> {
  if (ender === null || !pages.every(({ isLasting }) => isLasting)) return null;
  const answer = await send(ender);
  const [{ page, last }] = pages as [PageFinding];
  return { shot: ender, answer, hasEnded: !areAlike(last, await send(page)) };
}

function noSocketAt({ url, pages }: Plan, { origin }: OwnPage, answer: ServerAnswer): string {
  const what = pages.length > 1 ? ` for a page of ${origin}` : "";
  const at = `${url.protocol}//${url.host}${url.pathname}`;
  return `no WebSocket at ${at}${what}: ${answerInWords(answer)}${whatToTry(answer)}`;
}

function whatToTry({ kind, status }: ServerAnswer): string {
  // The runtime's own words say what is wrong: nobody listens, or Deno was not given --allow-net.
  if (kind === "unreachable") return "";
  if (kind !== "status") return ". Check the port, and whether it is ws:// or wss://";
  if (status! >= 502) return ". Look at the log of the proxy in front";
  if (status! >= 300 && status! < 400) return '. Check the path, or give a log-in: --header "Cookie: ..."';
  return ". Check the path";
}
