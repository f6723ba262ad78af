/**
 * Assertions over what decides: a policy, a gate, or a whole handler.
 */

import { explain } from "../explain/explain.ts";
import { formatExplanation } from "../explain/explanation_text.ts";
import type { DenyReason } from "../handler.ts";
import { quote } from "../quote.ts";
import { check } from "../verdict/check.ts";
import type { ListedEntry } from "../explanation.ts";
import { isPolicy, type Policy } from "../verdict/policy.ts";
import { type Attack, attacksOnRead, readSite, type Site } from "./attacks.ts";
import { pageHandshake } from "./handshakes.ts";

/**
 * What is put to the test: a policy, a gate, or a handler that answers without upgrading.
 *
 * Of a Policy its verdict counts. A gate's undefined lets in, and so do 101 and every status of 2xx; 4xx and 503 refuse.
 * Anything else, a redirect or what was thrown, says neither. What comes after the request a target does not get: for a
 * handler that upgrades test its gate, or its guard around `() => new Response()`.
 *
 * @category Testing
 */
export type Target =
  | Policy
  // `any`: what a handler needs beside the request is its own affair.
  // deno-lint-ignore no-explicit-any
  | ((request: Request, ...rest: any[]) => Response | undefined | Promise<Response | undefined>);

/** What a target made of a handshake. */
interface Answer {
  readonly outcome: "allowed" | "refused" | "redirected" | "neither allowed nor refused";
  /** Of a policy alone. */
  readonly reason?: DenyReason;
  /** Of a policy alone: the entry that let it in. */
  readonly rule?: ListedEntry;
  /** In words: in one line, or, for what stands by itself, in as many as it takes. */
  says(form: "line" | "text"): string;
  /** What was thrown. */
  readonly cause?: unknown;
}

/**
 * Asserts that a target lets a handshake in.
 *
 * @param target A policy, a gate, or a handler that answers without upgrading.
 * @param handshake One that it has not seen yet: {@linkcode pageHandshake}, {@linkcode clientHandshake}, or a Request of
 * one's own.
 * @returns A promise that resolves where it was let in.
 * @throws {Error} It was not. The message explains the verdict where there is a policy.
 * @throws {TypeError} `target` or `handshake` is nothing that could be tested.
 * @category Testing
 *
 * @example A page that has to get in
 * ```ts
 * import { compilePolicy } from "@wsgate/wsgate";
 * import { assertAllowed, pageHandshake } from "@wsgate/wsgate/testing";
 *
 * const policy = compilePolicy({ origins: ["https://*.example.com"] });
 * await assertAllowed(policy, pageHandshake("https://app.example.com", { to: "wss://example.com/chat" }));
 * ```
 */
export async function assertAllowed(target: Target, handshake: Request): Promise<void> {
  const answer = await ask(target, handshake);
  if (answer.outcome !== "allowed") {
    fail(`The handshake should have been allowed, and was ${answer.outcome}`, answer);
  }
}

/**
 * Asserts that a target refuses a handshake, and for which reason.
 *
 * @param target A policy, a gate, or a handler that answers without upgrading.
 * @param handshake One that it has not seen yet: {@linkcode pageHandshake}, {@linkcode clientHandshake}, or a Request of
 * one's own.
 * @param reason Why it has to be refused. With a policy only: a Response does not show it. Default: any.
 * @returns A promise that resolves where it was refused.
 * @throws {Error} It was not, or for another reason. The message explains the verdict where there is a policy.
 * @throws {TypeError} `target` or `handshake` is nothing that could be tested, or a reason is asked of a function.
 * @category Testing
 *
 * @example The hole of a suffix without its dot
 * ```ts
 * import { compilePolicy, createGate } from "@wsgate/wsgate";
 * import { assertDenied, pageHandshake } from "@wsgate/wsgate/testing";
 *
 * const policy = compilePolicy({ origins: ["https://.example.com"] });
 * const evil = () => pageHandshake("https://evilexample.com", { to: "wss://example.com/chat" });
 * await assertDenied(policy, evil(), "origin-not-allowed");
 * await assertDenied(createGate(policy, { onDecision: () => {} }), evil());
 * ```
 */
export async function assertDenied(target: Target, handshake: Request, reason?: DenyReason): Promise<void> {
  if (reason !== undefined && !isPolicy(target)) throw new TypeError(NO_REASON);
  const answer = await ask(target, handshake);
  if (answer.outcome !== "refused") {
    fail(`The handshake should have been refused, and was ${answer.outcome}`, answer);
  }
  if (reason !== undefined && answer.reason !== reason) {
    fail(`The handshake should have been refused as ${reason}, not as ${answer.reason}`, answer);
  }
}

/**
 * Asserts that a target refuses every attack on a site and lets the site's own pages in.
 *
 * Of what a program alone sends only a Policy is asked: nobody's login comes along, and a handler may as well take it. An
 * attack that is redirected has not got in: the WebSocket of a browser does not follow.
 *
 * **Security.** It asks what has gone wrong elsewhere; see {@linkcode attacksOn}. A handler is asked by itself: what a
 * proxy in front of it adds or takes away is tested from outside, by the command `probe`.
 *
 * @param target A policy, a gate, or a handler that answers without upgrading.
 * @param site The own pages, the socket, and what more is meant to get in.
 * @returns A promise that resolves where it withstands.
 * @throws {Error} All failures at once: each attack that was not refused, by name, with whose history it is, who can send it
 * and the explanation of the verdict where there is a policy; each own page that was not let in.
 * @throws {ConfigError} The site is wrong; all faults at once.
 * @throws {TypeError} `target` is nothing that could be tested.
 * @category Testing
 *
 * @example A policy, in any test runner
 * ```ts
 * import { compilePolicy } from "@wsgate/wsgate";
 * import { assertWithstands } from "@wsgate/wsgate/testing";
 *
 * const policy = compilePolicy({ origins: ["https://app.example.com"], hosts: ["ws.example.com"] });
 * await assertWithstands(policy, { origins: ["https://app.example.com"], to: "wss://ws.example.com/chat" });
 * ```
 *
 * @example A list that means more than the own pages
 * ```ts
 * import { guard } from "@wsgate/wsgate";
 * import { assertWithstands } from "@wsgate/wsgate/testing";
 *
 * const handler = guard(() => new Response(), { origins: ["https://.example.com"] }, { onDecision: () => {} });
 * await assertWithstands(handler, {
 *   origins: ["https://app.example.com"],
 *   to: "wss://ws.example.com/chat",
 *   trusts: ["https://.example.com"],
 * });
 * ```
 */
export async function assertWithstands(target: Target, site: Site): Promise<void> {
  const read = readSite(site);
  const attacks = attacksOnRead(read).filter(({ sender }) => isPolicy(target) || sender !== "program");
  const taken: string[] = [];
  const rules: ListedEntry[] = [];
  for (const attack of attacks) {
    const answer = await ask(target, attack.request);
    if (answer.outcome === "refused" || answer.outcome === "redirected") continue;
    taken.push(`- ${nameOf(attack)}: ${answer.outcome}.\n  ${attack.why}.\n  ${answer.says("line")}`);
    if (answer.rule !== undefined) rules.push(answer.rule);
  }
  const kept: string[] = [];
  for (const origin of read.origins) {
    const answer = await ask(target, pageHandshake(origin, { to: site.to }));
    if (answer.outcome !== "allowed") {
      kept.push(`- The own page ${origin}: ${answer.outcome}.\n  ${answer.says("line")}`);
    }
  }
  if (taken.length + kept.length === 0) return;
  const head =
    `The target does not withstand: ${taken.length} of ${attacks.length} attacks are not refused, ` +
    `${kept.length} of ${read.origins.length} own pages are not allowed.`;
  throw new Error([head, ...taken, ...kept, ...whereMeant(rules)].join("\n"));
}

/** Has a target judge a handshake. */
async function ask(target: Target, handshake: Request): Promise<Answer> {
  if (typeof handshake?.headers?.get !== "function") throw new TypeError(NO_HANDSHAKE);
  if (isPolicy(target)) return askPolicy(target, handshake);
  if (typeof target !== "function") throw new TypeError(NO_TARGET);
  const arrived = ["Origin", "Host"]
    .map((name) => `${name} ${handshake.headers.has(name) ? quote(handshake.headers.get(name)) : "absent"}`)
    .join(", ");
  try {
    const response = await target(handshake);
    const outcome = outcomeOf(response);
    const answered = quote(typeof response?.status === "number" ? response.status : response);
    await letGo(response);
    const advice = outcome === "neither allowed nor refused" ? `. ${ADVICE}` : "";
    return { outcome, says: () => `The target answered ${answered} to ${arrived}${advice}` };
  } catch (cause) {
    const says = () =>
      `The target threw ${
        quote(cause instanceof Error ? String(cause) : cause, 400)
      } at ${arrived}. ${ADVICE}`;
    return { outcome: "neither allowed nor refused", says, cause };
  }
}

function askPolicy(policy: Policy, handshake: Request): Answer {
  const decision = check(handshake, policy);
  const explanation = () => explain(handshake, policy);
  const says = (form: "line" | "text") => formatExplanation(explanation(), form);
  return decision.allowed
    ? { outcome: "allowed", rule: explanation().rule!, says }
    : { outcome: "refused", reason: decision.reason, says };
}

/** A body that nobody reads may hold a file open, which a test runner finds left over. */
async function letGo(response: Response | undefined): Promise<void> {
  try {
    await response?.body?.cancel();
  } catch {
    // Somebody reads it, or it is no Response.
  }
}

function outcomeOf(response: Response | undefined): Answer["outcome"] {
  if (response === undefined) return "allowed";
  // Whoever writes JavaScript may answer anything.
  const status: unknown = response?.status;
  if (typeof status !== "number") return "neither allowed nor refused";
  if (status === 101 || (status >= 200 && status <= 299)) return "allowed";
  if (status === 503 || (status >= 400 && status <= 499)) return "refused";
  return status >= 300 && status <= 399 ? "redirected" : "neither allowed nor refused";
}

function fail(what: string, { says, cause }: Answer): never {
  throw new Error(`${what}.\n\n${says("text")}`, { cause });
}

const SENDERS: { readonly [sender in Attack["sender"]]: string } = {
  page: "which any page can send",
  neighbor: "which a neighbor's page can send",
  network: "which a network attacker can send",
  proxy: "which a proxy can make of any page's handshake",
  program: "which only a program can send",
};

function nameOf({ name, on, sender }: Attack): string {
  return `${name}, made from ${on}, ${SENDERS[sender]}`;
}

/** How a site says that what these entries let in is meant to get in; of everybody, and of 'self', it cannot. */
function whereMeant(rules: readonly ListedEntry[]): string[] {
  const entries = rules.filter(({ list }) => list !== "absent").map(({ pattern }) => pattern);
  const trusts = [...new Set(entries)].filter((entry) => entry !== "*" && entry !== "'self'");
  const says = [];
  if (trusts.length > 0) says.push(`trusts: [${trusts.map((entry) => JSON.stringify(entry)).join(", ")}]`);
  if (entries.length < rules.length) says.push('absent: "allow"');
  return says.length > 0 ? [`If you trust all of that, say so in the site: ${says.join(", ")}.`] : [];
}

const ADVICE = "Test the gate of a handler that upgrades, or its guard around () => new Response()";
const NO_HANDSHAKE = "Give a Request as the handshake: what pageHandshake() or clientHandshake() returns";
const NO_REASON =
  "Only a policy says why it refuses, a Response does not show it: give what compilePolicy() returned, or no reason";
const NO_TARGET = "Give what compilePolicy() returned, a gate, or a handler";
