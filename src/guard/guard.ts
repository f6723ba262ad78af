/**
 * Guards: wrappers that judge by a policy and do something with the verdict.
 *
 * Each of them keeps to one rule of Deno's: once a WebSocket was upgraded its response has to be returned, and a
 * wrapper that throws or returns something else then stops the whole listener. So the last act of every wrapper
 * here is to return what the handler returned, untouched and not waited for, and all that can fail comes before.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { denials } from "../denial.ts";
import { whyDenied } from "../explain/console_line.ts";
import type { Handler, Wrapped } from "../handler.ts";
import { connectionUpgrade, requestedUpgrade } from "../handshake.ts";
import { markJudged } from "../scope.ts";
import {
  catchRejection,
  DENIAL_OPTIONS,
  type DenialOptions,
  isPromiseLike,
  readDenialOptions,
  type Settle,
  settler,
} from "../settle.ts";
import { check } from "../verdict/check.ts";
import { isPolicy, type Policy } from "../verdict/policy.ts";

/**
 * What becomes of a guard's denials.
 *
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface GuardOptions<C = unknown> extends DenialOptions<C> {}

/**
 * Judges every request that asks for a WebSocket; every other request passes untouched, so that a guard may wrap a
 * whole site.
 *
 * A handshake is recognised by the word `websocket` anywhere in `Upgrade`, in any case, whatever its method: more than
 * either runtime would upgrade. One whose `Upgrade` is anything but that single token is refused as
 * `upgrade-malformed`, one whose `Connection` holds `upgrade` other than as an option as `connection-malformed`: no
 * browser sends either.
 *
 * **Security.** Put it around everything that upgrades, and outside of everything that looks up a user. With a
 * function in place of the policy the list can be swapped while serving: it is called once for each handshake, which
 * is then judged by that policy alone. A function that throws, or returns anything but a policy, refuses with 503.
 *
 * @typeParam C What the handler needs as its second argument.
 * @typeParam R What the handler returns.
 * @param handler Any handler that upgrades; native ones as they are.
 * @param policy What {@linkcode compilePolicy} made, or a function that returns the one in force.
 * @param options What becomes of denials.
 * @returns A handler for `Deno.serve`, `Bun.serve`, `export default` and any framework that hands over the Request.
 * @throws {ConfigError} A handler, policy or option of the wrong type; all faults at once.
 *
 * @example A list that is swapped while serving
 * ```ts
 * import { compilePolicy, guard } from "@wsgate/wsgate";
 *
 * let policy = compilePolicy({ origins: ["https://example.com"] });
 * const fetch = guard(() => new Response("upgraded here"), () => policy);
 * policy = compilePolicy({ origins: ["https://example.com", "https://example.org"] });
 * export default { fetch };
 * ```
 */
export function guard<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  policy: Policy | (() => Policy),
  options: GuardOptions<C> = {},
): Wrapped<C, R | Response> {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  if (!isPolicy(policy) && typeof policy !== "function") {
    issues.push({
      code: "wrong-type",
      field: "policy",
      index: -1,
      value: policy,
      fix: "Give what compilePolicy() returned, or a function that returns it; a copy of a policy is none.",
    });
  }
  const read = readDenialOptions<C>(readOptions(options, DENIAL_OPTIONS, issues) ?? {}, issues);
  throwIfAny(issues);
  return guardHandshakes(handler, policy, settler(read));
}

/** A guard of options that were read. */
export function guardHandshakes<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  source: Policy | (() => Policy),
  settle: Settle<C>,
): Wrapped<C, R | Response> {
  const guarded: Handler<C, R | Response> = (request, context) => {
    const upgrade = requestedUpgrade(request);
    if (upgrade === "none") return handler(request, context);
    if (upgrade === "malformed") return settle(denials["upgrade-malformed"], request, context);
    const connection = connectionUpgrade(request);
    if (connection === "malformed") return settle(denials["connection-malformed"], request, context);

    let policy: Policy;
    try {
      policy = typeof source === "function" ? inForce(source()) : source;
    } catch (cause) {
      return settle(denials["policy-unavailable"], request, context, { cause });
    }
    const decision = check(request, policy);
    if (!decision.allowed) {
      return settle(decision, request, context, { note: () => whyDenied(request, policy) });
    }
    markJudged(request, connection);
    return handler(request, context);
  };
  return guarded as Wrapped<C, R | Response>;
}

/** What a policy function returned, if that is a policy. */
function inForce(returned: unknown): Policy {
  if (isPolicy(returned)) return returned;
  catchRejection(returned);
  const what = isPromiseLike(returned)
    ? "a promise: load it elsewhere, return the one in force"
    : "no policy";
  throw new TypeError(`the policy function returned ${what}`);
}
