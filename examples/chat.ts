/**
 * A chat in the composition of Django Channels' security page: a protocol router, a validator of origins, the user's
 * session, a router of paths, and a handler that upgrades.
 *
 *     deno serve --node-modules-dir=none --port 8000 examples/chat.ts
 *     PORT=8000 bun run examples/chat.ts
 *
 * Then open http://localhost:8000 in two windows. Without the flag Deno looks for its packages in `node_modules`, where
 * `deno install` puts them together with those of the tests.
 *
 * @module
 */

import { hostValidator, originValidator, protocolTypeRouter, urlRouter, websocket } from "@wsgate/wsgate";
import { auth, chat, hosts, logIn, logOut, page } from "./chat_room.ts";

const site = urlRouter([["/", page], ["/login", logIn], ["/logout", logOut]]);

/** The whole application. */
export const fetch = protocolTypeRouter({
  http: hostValidator(site, { allowedHosts: hosts }),
  websocket: originValidator(
    auth(urlRouter([["/chat/:room", chat]])),
    ["'self'"],
    { hosts },
  ),
});

export default { fetch, websocket };
