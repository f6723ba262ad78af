/**
 * A denial that a page can read: accepted, then closed with a code and a reason.
 */

import { clientLeft, deny } from "../denial.ts";
import type { Denied } from "../handler.ts";
import { checkOpeningHandshake, isCredential, offeredProtocols } from "../handshake.ts";
import { isAnswered } from "../scope.ts";
import { clientStays, needsTurn, wasJustSeen } from "../turn.ts";
import { reportOnce } from "../user_code.ts";
import { runtimeOf } from "./runtime.ts";
import { Session } from "./session.ts";
import type { Limits, SocketKind } from "./socket.ts";

const reportFailed = /* @__PURE__ */ reportOnce("refuseVisibly");
const LIMITS: Limits = {
  idleTimeoutSeconds: 0,
  maxMessageBytes: 1,
  maxBufferedBytes: 1024,
  maxWaitingMessages: 1,
  maxSockets: Infinity,
};

/**
 * Refuses so that a page can read why: accepts the handshake and closes it at once, before any application code sees
 * the socket, with 4401 or 4403 and the reason. For `refuse` of guards and of {@linkcode authMiddlewareStack}.
 *
 * A page that is refused by a status learns nothing but 1006, the same as for a dead network, and Firefox lets the
 * next attempts wait for longer and longer.
 *
 * Only a 401 or 403 of a handshake that RFC 6455 has nothing against is refused this way; everything else, and
 * everything while 256 such sockets are not yet gone, is left to {@linkcode deny}. The first offered subprotocol that
 * does not start with `ticket.` or `bearer.` is selected: Chromium would not show the reason otherwise. On Bun the
 * server has to be known to use {@linkcode websocket}, which it is from its first upgrade on; until then `deny`.
 *
 * **Security.** It tells a foreign page that a service is here, and which kind of denial it got. On Deno a client
 * that ignores the close holds its connection, and one that is gone before the answer may leave a descriptor that
 * the runtime never frees (a native upgrade has the same fault): 256 of these, and denials are shown no more until a
 * restart.
 *
 * @category Sockets
 * @param denied What was decided.
 * @param request The handshake.
 * @param context What the runtime passed to the handler.
 * @returns The 101, or what {@linkcode deny} makes; on Deno a promise of it.
 *
 * @example A page that can tell "log in" from "the network is down"
 * ```ts
 * import { originValidator, refuseVisibly, upgradeHandler } from "@wsgate/wsgate";
 *
 * const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
 * const fetch = originValidator(echo, ["https://example.com"], { refuse: refuseVisibly });
 * export default { fetch };
 * ```
 */
export function refuseVisibly(
  denied: Denied,
  request: Request,
  context: unknown,
): Response | Promise<Response> {
  if (denied.status !== 401 && denied.status !== 403) return deny(denied);
  if (checkOpeningHandshake(request) !== null) return deny(denied);
  const protocol = offeredProtocols(request).find((name) => !isCredential(name)) ?? "";
  const kind: SocketKind = {
    handlers: { open: (socket) => socket.close(4000 + denied.status, denied.reason) },
    limits: LIMITS,
    report: reportFailed,
    reportLimit: reportFailed,
    open: 0,
  };
  const session = new Session(request, protocol, kind);
  const show = () => {
    try {
      return runtimeOf(context).show(request, context, session) ?? deny(denied);
    } catch (error) {
      reportFailed(error);
      return deny(denied);
    }
  };
  if (!needsTurn || wasJustSeen(request)) return show();
  return clientStays(request, request.signal)
    .then((stays) => stays && !isAnswered(request) ? show() : clientLeft());
}
