/**
 * Live sockets as an application makes them.
 */

import { machineClock } from "./clock.ts";
import { type Live, type LiveOptions, readLiveOptions } from "./live_options.ts";
import { LiveSockets } from "./live_sockets.ts";

/**
 * Keeps count of open sockets, so that they close when what they hang on ends: a session, all sessions of a user, or the
 * policy that let them in.
 *
 * A WebSocket is authenticated once, in its handshake. Whoever logs out, expires or is blocked afterwards would keep his
 * open socket. Give what this returns to {@linkcode authMiddlewareStack} and {@linkcode upgradeHandler} as `live`, and call
 * `end` where the site logs somebody out. For sockets of other makers there are `admit` and `track`.
 *
 * Sockets of an ended session are closed with 4401 `session-ended`: in this process before `end` resolves, in others within
 * `pollSeconds` and a second more. Further handshakes of it are refused with 401. There is one timer for all sockets, and
 * none while none is open.
 *
 * **Security.** Several processes need a store that they share; `deno serve --parallel` and workers are several. While the
 * store does not answer, open sockets stay and handshakes with a session are refused with 503; ends are offered to it
 * again until it takes them, for as long as this process lives. Log-ins are told from ends by time: keep the
 * machines' clocks together.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `longestSessionSeconds` | required | how long an ended session is remembered |
 * | `store` | `memoryStore()` | what remembers it; several processes share one |
 * | `pollSeconds` | 2 | how often what others ended, and what has expired, is looked for |
 * | `timeoutSeconds` | 5 | how long one call of the store, or of `revalidate`, may take |
 * | `revalidate` | none | asked whether a session goes on |
 * | `revalidateSeconds` | 1,800 | how often it is asked |
 *
 * In full under {@linkcode LiveOptions}.
 *
 * @param options The store, and how long what is remembered.
 * @returns The live sockets of this process.
 * @throws {ConfigError} All faults of the options at once.
 * @category Sessions
 *
 * @example Logging out closes the socket
 * ```ts
 * import { authMiddlewareStack, getCookies, originValidator, protocolTypeRouter, upgradeHandler } from "@wsgate/wsgate";
 * import { createLiveSockets } from "@wsgate/wsgate/live";
 *
 * const sessions = new Map([["4f2a", { id: "s1", name: "ada" }]]);
 * const find = (request: Request) => sessions.get(getCookies(request).get("__Host-session") ?? "");
 *
 * using live = createLiveSockets({ longestSessionSeconds: 3600 });
 * const auth = authMiddlewareStack({ user: find, session: ({ id }) => ({ id }), live });
 * const chat = upgradeHandler({ open: (socket) => void socket.send("welcome") }, { live });
 *
 * async function logOut(request: Request): Promise<Response> {
 *   const session = find(request);
 *   if (session === undefined) return new Response("nobody is logged in", { status: 401 });
 *   sessions.delete("4f2a");
 *   await live.end({ session: session.id }); // its sockets are closed now
 *   return new Response("good bye");
 * }
 * const fetch = protocolTypeRouter({
 *   http: logOut,
 *   websocket: originValidator(auth(chat), ["https://example.com"]),
 * });
 * export default { fetch };
 * ```
 */
export function createLiveSockets(options: LiveOptions): Live {
  return new LiveSockets(readLiveOptions(options), machineClock);
}
