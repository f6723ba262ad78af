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
import { type DenialOptions, readDenialOptions, type Settle, settler } from "../settle.ts";
import {
  judge,
  judgesOf,
  type PolicySource,
  readRequests,
  readSource,
  type RequestsOption,
  type Source,
} from "./judge.ts";

/**
 * Which requests a guard judges, and what becomes of its denials.
 *
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface GuardOptions<C = unknown> extends DenialOptions<C>, RequestsOption {}

/** The names of {@linkcode GuardOptions}. Not with `...`, which bundlers take for something done. */
export const GUARD_OPTIONS = ["requests", "refuse", "onDeny"] as const;

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
  const all = readRequests(read, issues);
  const denial = readDenialOptions<unknown>(read, issues);
  throwIfAny(issues);
  return guardRequests(handler, source!, all, settler(denial)) as Wrapped<A, R | Response, Q, NoInfer<D>>;
}

/** A guard of options that were read. */
export function guardRequests<Q extends Request, R extends Response | undefined>(
  handler: Takes<Rest, R, Q>,
  source: Source,
  all: boolean,
  settle: Settle<unknown>,
): Takes<Rest, R | Response, Q> {
  const judges = judgesOf(source);
  return (request, ...rest) => {
    const verdict = judge(request, source, all);
    if (verdict === null) return handler(request, ...rest);
    if (typeof verdict === "string") {
      return whileJudged(request, verdict, judges, () => handler(request, ...rest));
    }
    return settle(verdict.denied, request, rest[0], verdict.details);
  };
}
