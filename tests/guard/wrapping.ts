/**
 * Every wrapper that judges, with nothing but its handler left open.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  allowedHostsOriginValidator,
  compilePolicy,
  createGate,
  type DenyReason,
  guard,
  type Handler,
  hostValidator,
  originValidator,
} from "@wsgate/wsgate";
import { denials } from "../../src/denial.ts";
import { recorder } from "../recorder.ts";

export const GOOD = "https://good.test";
export const EVIL = "https://evil.test";
export const POLICY = compilePolicy({ origins: [GOOD] });
export const context = { a: "context" };

export type AnyHandler = Handler<unknown, Response | undefined>;
/** A wrapper with nothing but its handler left open. */
export type Wrap = (handler: AnyHandler, options?: object) => AnyHandler;

/** Everything that judges the Origin, set up to let `GOOD` in. */
export const GUARDS: Readonly<Record<string, Wrap>> = {
  "guard()": (handler, options) => guard(handler, POLICY, options),
  "guard() of a function": (handler, options) => guard(handler, () => POLICY, options),
  "originValidator()": (handler, options) => originValidator(handler, [GOOD], options),
  "allowedHostsOriginValidator()": (handler, options) =>
    allowedHostsOriginValidator(handler, { allowedHosts: ["good.test", "site.test"], ...options }),
  "createGate()": (handler, options) => {
    const gate = createGate(POLICY, options);
    return (request, given) => gate(request, given) ?? handler(request, given);
  },
};
export const WRAPPERS: Readonly<Record<string, Wrap>> = {
  ...GUARDS,
  "hostValidator()": (handler, options) =>
    hostValidator(handler, { allowedHosts: ["site.test"], ...options }),
};

/** What becomes of a request: "handled", or the reason of the refusal. */
export function outcomeOf(wrap: Wrap, request: Request): DenyReason | "handled" {
  const { handler, onDecision, calls, reasons } = recorder();
  const response = wrap(handler, { onDecision })(request, context);
  assertEquals(calls.length + reasons.length, 1);
  if (calls.length === 1) return "handled";
  assert(response instanceof Response);
  assertEquals(response.status, denials[reasons[0]!].status);
  return reasons[0]!;
}
