/**
 * Which protocol? The outermost layer of an application.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { denials, deny } from "../denial.ts";
import type { Rest, Routed, Takes, Third } from "../handler.ts";
import { requestedUpgrade, strippedMiss } from "../handshake.ts";
import { type DecisionHook, HOOK_OPTIONS, readHook, settler } from "../settle.ts";

/**
 * Sends handshakes to one handler and all other requests to another: the `ProtocolTypeRouter` of Django Channels.
 *
 * A protocol without a handler is answered with 404. A handshake is what {@linkcode guard} takes for one: more than either
 * runtime would upgrade. A request with Sec-WebSocket-Key and without Upgrade is a handshake that a proxy has broken:
 * nothing else on the web sends that header, so it is answered with 426.
 *
 * **Security.** It judges nothing. Give `websocket` a guard. A handler that upgrades is of no use under `http`: none of
 * the requests that get there could be upgraded.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode DecisionHook}.
 *
 * @category Routing and users
 * @typeParam C What the handlers need as their second argument.
 * @typeParam R What the handlers return.
 * @typeParam Q The request.
 * @typeParam X What the handlers need as their third argument.
 * @param protocols A handler for each protocol that is served.
 * @param options Who hears of handshakes that no handler gets.
 * @returns One handler for both.
 * @throws {ConfigError} No handler at all, an unknown protocol, an unknown option, or a handler that is no function;
 * all faults at once.
 *
 * @example A site and its sockets
 * ```ts
 * import { originValidator, protocolTypeRouter } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const fetch = protocolTypeRouter({
 *   http: () => new Response("the site"),
 *   websocket: originValidator(() => new Response("upgraded here"), ["https://example.com"]),
 * });
 * const response = await fetch(new Request("https://example.com/"));
 * assertEquals(await response.text(), "the site");
 * ```
 */
export function protocolTypeRouter<
  C,
  R extends Response | undefined,
  Q extends Request = Request,
  X = unknown,
>(
  protocols: {
    readonly http?: Takes<[context: C, more: Third<X>], R, Q>;
    readonly websocket?: Takes<[context: C, more: Third<X>], R, Q>;
  },
  options: DecisionHook = {},
): Routed<C, R | Response, Q, X> {
  const issues: ConfigIssue[] = [];
  const read = readOptions(protocols, ["http", "websocket"], issues, "protocols") ?? {};
  for (const name of ["http", "websocket"]) if (name in read) checkFunction(read[name], name, issues);
  if (issues.length === 0 && Object.keys(read).length === 0) {
    const fix = "Give a handler for `http`, for `websocket`, or for both.";
    issues.push({ code: "missing-option", field: "protocols", index: -1, value: protocols, fix });
  }
  const settle = settler("router", readHook(readOptions(options, HOOK_OPTIONS, issues) ?? {}, issues));
  throwIfAny(issues);
  const { http, websocket } = read as { readonly [protocol: string]: Takes<Rest, R, Q> };
  const routed = (request: Q, ...rest: Rest) => {
    if (requestedUpgrade(request) !== "none") {
      if (websocket !== undefined) return websocket(request, ...rest);
      return settle(denials["not-found"], request, rest[0]);
    }
    if (request.headers.get("sec-websocket-key") !== null) {
      return settle(denials["not-a-handshake"], request, rest[0], { miss: strippedMiss });
    }
    return http === undefined ? deny(denials["not-found"]) : http(request, ...rest);
  };
  return routed as Routed<C, R | Response, Q, X>;
}
