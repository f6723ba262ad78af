/**
 * Guards: wrappers that judge by a policy and do something with the verdict.
 *
 * Each of them keeps to one rule of Deno's: once a WebSocket was upgraded its response has to be returned, and a
 * wrapper that throws or returns something else then stops the whole listener. So the last act of every wrapper
 * here is to return what the handler returned, untouched and not waited for, and all that can fail comes before.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import type { ContextOf, Rest, Takes, Wrapped } from "../handler.ts";
import { whileJudged } from "../scope.ts";
import { answerer, type DenialOptions, readDenialOptions, teller } from "../settle.ts";
import {
  judgeAndTell,
  judgesOf,
  type Judging,
  type PolicySource,
  readJudging,
  readSource,
  type ReportOnlyOption,
  type RequestsOption,
} from "./judge.ts";

/**
 * Which requests a guard judges, who hears of it, and what becomes of its denials: `requests` of
 * {@linkcode RequestsOption}, `reportOnly` of {@linkcode ReportOnlyOption}, `refuse` of {@linkcode DenialOptions},
 * `onDecision` and `name` of {@linkcode DecisionHook}.
 *
 * @category Guards
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface GuardOptions<C = unknown> extends DenialOptions<C>, RequestsOption, ReportOnlyOption {}

/** The names of {@linkcode GuardOptions}. Not with `...`, which bundlers take for something done. */
export const GUARD_OPTIONS = ["requests", "reportOnly", "refuse", "onDecision", "name"] as const;

/**
 * Judges every request that asks for a WebSocket; every other request passes untouched, unless `requests` is `"all"`.
 *
 * A handshake is recognised by the word `websocket` anywhere in `Upgrade`, in any case, whatever its method: more than
 * either runtime would upgrade. One whose `Upgrade` is anything but that single token is refused as
 * `upgrade-malformed`, one whose `Connection` holds `upgrade` other than as an option as `connection-malformed`: no
 * browser sends either. CONNECT, which asks for a WebSocket over HTTP/2 and HTTP/3, is refused with 405.
 *
 * With a function in place of the policy each site has its own, and it can be swapped while serving: it is called once for
 * each request that is judged, which is then judged by that policy alone.
 *
 * **Security.** Put it around everything that upgrades, and outside of everything that looks up a user. It may wrap a
 * whole site where the upgrade happens inside of the handler; where a framework upgrades elsewhere, a gate goes there: see
 * {@linkcode createGate}. What it lets in counts as judged while the handler runs, until the promise that it returned
 * settles.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `requests` | `"handshakes"` | `"all"`: plain requests are judged too |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client: {@linkcode refuseVisibly} shows a page why |
 * | `reportOnly` | none | a second policy, which refuses nothing and is told of |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode RequestsOption} and {@linkcode DenialOptions}; those of a policy under
 * {@linkcode compilePolicy}.
 *
 * @category Guards
 * @typeParam Q The request.
 * @typeParam R What the handler returns.
 * @typeParam A What the handler needs after the request.
 * @typeParam D What `refuse` needs as its context.
 * @param handler Any handler that upgrades; native ones as they are.
 * @param policy What {@linkcode compilePolicy} made, the options for it, or a function that finds it for each site.
 * @param options Which requests are judged, and what becomes of denials.
 * @returns A handler for `Deno.serve`, `Bun.serve`, `export default` and any framework that hands over the Request.
 * @throws {ConfigError} A handler, policy or option of the wrong type, or a wrong list; all faults at once.
 *
 * @example A policy for each tenant
 * ```ts
 * import { compilePolicy, guard, type Policy } from "@wsgate/wsgate";
 *
 * const tenants = new Map<string, Policy>();
 * for (const host of ["ada.example", "bob.example"]) {
 *   tenants.set(host, compilePolicy({ origins: [`https://${host}`] }));
 * }
 * const fetch = guard(() => new Response("upgraded here"), ({ host }) => tenants.get(host) ?? null);
 * export default { fetch };
 * ```
 */
export function guard<Q extends Request, R extends Response | undefined, A extends Rest, D = unknown>(
  handler: Takes<A, R, Q>,
  policy: PolicySource,
  options: GuardOptions<ContextOf<A> & D> = {},
): Wrapped<A, R | Response, Q, NoInfer<D>> {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  const source = readSource(policy, issues);
  const read = readOptions(options, GUARD_OPTIONS, issues) ?? {};
  const judging = readJudging(source, read, issues);
  const denial = readDenialOptions<unknown>(read, issues);
  throwIfAny(issues);
  return guardRequests(handler, judging, denial) as Wrapped<A, R | Response, Q, NoInfer<D>>;
}

/** A guard of options that were read. */
export function guardRequests<Q extends Request, R extends Response | undefined>(
  handler: Takes<Rest, R, Q>,
  judging: Judging,
  denial: DenialOptions<unknown>,
): Takes<Rest, R | Response, Q> {
  const tell = teller("guard", denial);
  const answer = answerer(denial);
  const judges = judgesOf(judging.source);
  return (request, ...rest) => {
    const verdict = judgeAndTell<Request>(request, request, rest[0], judging, tell);
    if (verdict === null) return handler(request, ...rest);
    if (typeof verdict === "string") {
      return whileJudged(request, verdict, judges, () => handler(request, ...rest));
    }
    return answer(verdict, request, rest[0]);
  };
}
