/**
 * What the answers of a server mean: each attack's beside that of the page which it pretends to be.
 */

import type { ServerAnswer } from "./probe_answer.ts";
import type { OwnPage, Shot } from "./probe_target.ts";

/**
 * What became of an attack. `"undecided"`: the own page was refused alike, or there was no answer, so nobody knows whether
 * it was refused for what it is.
 */
export type Verdict = "in" | "refused" | "undecided";

/** One attack, and what came of it. */
export interface AttackFinding {
  readonly shot: Shot;
  readonly answer: ServerAnswer;
  readonly verdict: Verdict;
}

/** One own page, and what came of it, before the attacks and after. */
export interface PageFinding {
  readonly page: OwnPage;
  readonly first: ServerAnswer;
  readonly last: ServerAnswer;
  /** `"asked-to-log-in"`: its Origin was allowed, since attacks are refused otherwise. */
  readonly state: "allowed" | "asked-to-log-in" | "refused";
  /** Whether it was answered after the attacks as it was before. */
  readonly isLasting: boolean;
}

/** All that was found. */
export interface Findings {
  readonly pages: readonly PageFinding[];
  readonly attacks: readonly AttackFinding[];
  /** Of what can end a server; null: it was not sent. */
  readonly ender: { readonly shot: Shot; readonly answer: ServerAnswer; readonly hasEnded: boolean } | null;
}

/**
 * Whether an answer lets the client in. A close with 1000 or 1001 is no refusal: so a server closes that has done its work,
 * or goes away.
 */
export function isIn({ kind, closeCode }: ServerAnswer): boolean {
  return kind === "open" || kind === "closed" && (closeCode === 1000 || closeCode === 1001);
}

/** Whether two answers are the same to whoever gets them. The words of a refusal do not count, its number does. */
export function areAlike(a: ServerAnswer, b: ServerAnswer): boolean {
  if (isIn(a) && isIn(b)) return true;
  return a.kind === b.kind && a.status === b.status && a.closeCode === b.closeCode;
}

/** The verdict on an attack, beside the answer to the own page. */
export function verdictOf(attack: ServerAnswer, own: ServerAnswer): Verdict {
  if (isIn(attack)) return "in";
  // Slow, or lost: the next one may get in.
  if (attack.kind === "silent" || attack.kind === "unreachable") return "undecided";
  return areAlike(attack, own) ? "undecided" : "refused";
}

/** What became of an own page, beside the attacks made from its origin. */
export function stateOf(own: ServerAnswer, attacks: readonly AttackFinding[]): PageFinding["state"] {
  if (isIn(own)) return "allowed";
  // Where attacks get the same, the log-in is asked for before Origin is looked at, or without.
  const isAlone = attacks.every((finding) => !isAttack(finding) || !areAlike(finding.answer, own));
  return asksForLogIn(own) && isAlone ? "asked-to-log-in" : "refused";
}

/** 401, and in a close 3000, which is registered for it, and 4401. */
export function asksForLogIn({ status, closeCode }: ServerAnswer): boolean {
  return status === 401 || closeCode === 4401 || closeCode === 3000;
}

/** Of these, who counts: what a program alone sends is hygiene, since nobody's login comes along. */
export function isAttack({ shot: { sender } }: AttackFinding): boolean {
  return sender !== "program";
}

/** Whether the site withstands: all that the exit status is about. */
export function withstands({ pages, attacks, ender }: Findings): boolean {
  return pages.every(({ state, isLasting }) => state !== "refused" && isLasting) &&
    attacks.every((finding) => finding.verdict === "refused" || !isAttack(finding)) &&
    ender?.hasEnded !== true;
}

/**
 * Whether the answer to an own page is not that of a socket, so that attacks would say nothing. A refusal is a socket's, and
 * so is whatever a broken handler answers.
 */
export function isNoSocket({ kind, status }: ServerAnswer): boolean {
  if (kind === "open" || kind === "closed") return false;
  return kind !== "status" || status! < 400 || NO_SOCKET.includes(status!);
}

/** Not found, the wrong method, gone, "upgrade" to one that does, not implemented, a gateway without a server. */
const NO_SOCKET: readonly number[] = [404, 405, 410, 426, 501, 502, 504];
