/**
 * A guard without a handler: for middleware, and for hooks that are asked before a framework upgrades.
 */

import { type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import type { Denied } from "../handler.ts";
import { markJudged } from "../scope.ts";
import { answerer, readDenialOptions, teller } from "../settle.ts";
import { GUARD_OPTIONS, type GuardOptions } from "./guard.ts";
import { judgeAndTell, judgesOf, type PolicySource, readJudging, readSource } from "./judge.ts";

/**
 * Which requests a gate judges, who hears of it, and what becomes of its denials: beside what is here `requests` of
 * {@linkcode RequestsOption}, `reportOnly` of {@linkcode ReportOnlyOption}, `onDecision` and `name` of
 * {@linkcode DecisionHook}.
 *
 * @category Guards
 */
export interface GateOptions extends Omit<GuardOptions, "refuse"> {
  /**
   * How a denial looks. Default {@linkcode deny}, which also answers where this throws, or returns a promise or no fresh
   * Response; that is reported on the console, once for each gate.
   */
  readonly refuse?: (denied: Denied, request: Request, context: unknown) => Response;
}

/**
 * A guard without a handler: see {@linkcode createGate}.
 *
 * @category Guards
 */
export interface Gate {
  /**
   * Judges a request.
   *
   * @param request The Request that is going to be upgraded, not a copy.
   * @param context What the runtime passed beside it, for `refuse`.
   * @returns undefined where the request may go on, else the Response to answer with.
   * @throws {TypeError} It was given no Request.
   */
  (request: Request, context?: unknown): Response | undefined;
}

/**
 * Makes a guard without a handler, for frameworks that have middleware or ask a hook before they upgrade.
 *
 * `const refused = gate(request); if (refused) return refused;` is all there is to it. A request that asks for no WebSocket
 * may always go on, unless `requests` is `"all"`.
 *
 * **Security.** It goes where the upgrade happens, on the route of the socket: what it lets in counts as judged for as
 * long as the request lives, for every other handler too that gets to see it. An answer that is not returned lets nobody in: what
 * it refuses stays unjudged, and {@linkcode upgradeHandler} and {@linkcode authMiddlewareStack} refuse that.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `requests` | `"handshakes"` | `"all"`: plain requests are judged too |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client; made at once |
 * | `reportOnly` | none | a second policy, which refuses nothing and is told of |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode RequestsOption} and {@linkcode GateOptions}; those of a policy under {@linkcode compilePolicy}.
 *
 * @category Guards
 * @param policy What {@linkcode compilePolicy} made, the options for it, or a function that finds it for each site.
 * @param options Which requests are judged, and what becomes of denials.
 * @returns The gate.
 * @throws {ConfigError} A policy or option of the wrong type, or a wrong list; all faults at once.
 *
 * @example A hook that is asked before the upgrade
 * ```ts
 * import { createGate } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = createGate({ origins: ["https://example.com"] });
 * function beforeUpgrade(request: Request): Response | undefined {
 *   const refused = gate(request);
 *   if (refused) return refused;
 * }
 * const headers = { upgrade: "websocket", host: "example.com", origin: "https://evil.test" };
 * assertEquals(beforeUpgrade(new Request("https://example.com/chat", { headers }))?.status, 403);
 * ```
 */
export function createGate(policy: PolicySource, options: GateOptions = {}): Gate {
  const issues: ConfigIssue[] = [];
  const source = readSource(policy, issues);
  const read = readOptions(options, GUARD_OPTIONS, issues) ?? {};
  const judging = readJudging(source, read, issues);
  const denial = readDenialOptions<unknown>(read, issues);
  const tell = teller("guard", denial);
  const answer = answerer(denial, true);
  throwIfAny(issues);
  const judges = judgesOf(source!);
  return (request, context) => {
    if (typeof request?.headers?.get !== "function") throw new TypeError(NO_REQUEST);
    const verdict = judgeAndTell<Request>(request, request, context, judging, tell);
    if (verdict === null) return undefined;
    // At once, and no promise: so `answerer` was told.
    if (typeof verdict !== "string") return answer(verdict, request, context) as Response;
    markJudged(request, verdict, judges, request);
    return undefined;
  };
}

const NO_REQUEST =
  "Pass the Request to the gate: in Hono c.req.raw, in Elysia context.request, in h3 event.req. In Node's own servers use " +
  "createNodeGate() of @wsgate/wsgate/node";
