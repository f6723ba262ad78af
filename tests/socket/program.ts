/**
 * The program of the documentation, whole. `one_program_test.ts` serves this one file, unchanged, in every way that the
 * two runtimes have.
 *
 * @module
 */

import {
  authMiddlewareStack,
  getCookies,
  originValidator,
  protocolTypeRouter,
  routeParams,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";

const sessions = new Map([["4f2a", { name: "ada" }]]);

const auth = authMiddlewareStack({
  user: (request) => sessions.get(getCookies(request).get("session") ?? ""),
});

const chat = upgradeHandler({
  open(socket) {
    const name = auth.scope(socket.request).user?.name ?? "stranger";
    socket.send(`hello ${name}, this is ${routeParams(socket.request).room}`);
  },
  message(socket, data) {
    socket.send(data);
  },
});

/** The whole application. */
export const fetch = protocolTypeRouter({
  http: () => new Response("the site"),
  websocket: originValidator(
    auth(urlRouter([["/chat/:room", chat]])),
    [".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"],
  ),
});

export default { fetch, websocket };
