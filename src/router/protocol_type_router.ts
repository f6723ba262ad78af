/**
 * Which protocol? The outermost layer of an application.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { type Guarded, type Handler, requestedUpgrade } from "../handler.ts";
import { denials, deny } from "../denial.ts";

/**
 * Sends handshakes to one handler and all other requests to another: the `ProtocolTypeRouter` of Django Channels.
 *
 * A protocol without a handler is answered with 404. A handshake is what {@linkcode guard} takes for one: more than either
 * runtime would upgrade.
 *
 * **Security.** It judges nothing. Give `websocket` a guard. A handler that upgrades is of no use under `http`: none of
 * the requests that get there could be upgraded.
 *
 * @typeParam C What the handlers need as their second argument.
 * @typeParam R What the handlers return.
 * @param protocols A handler for each protocol that is served.
 * @returns One handler for both.
 * @throws {ConfigError} No handler at all, an unknown protocol, or a handler that is no function; all faults at once.
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
export function protocolTypeRouter<C, R extends Response | undefined>(
  protocols: { readonly http?: Handler<C, R>; readonly websocket?: Handler<C, R> },
): Guarded<C, R | Response> {
  const issues: ConfigIssue[] = [];
  const read = readOptions(protocols, ["http", "websocket"], issues, "protocols") ?? {};
  for (const name of ["http", "websocket"]) if (name in read) checkFunction(read[name], name, issues);
  if (issues.length === 0 && Object.keys(read).length === 0) {
    const fix = "Give a handler for `http`, for `websocket`, or for both.";
    issues.push({ code: "missing-option", field: "protocols", index: -1, value: protocols, fix });
  }
  throwIfAny(issues);
  const { http, websocket } = read as typeof protocols;
  const routed: Handler<C, R | Response> = (request, context) => {
    const handler = requestedUpgrade(request) === "none" ? http : websocket;
    return handler === undefined ? deny(denials["not-found"]) : handler(request, context);
  };
  return routed as Guarded<C, R | Response>;
}
