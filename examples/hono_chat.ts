/**
 * The chat of `chat.ts` inside a Hono application: Hono has the paths, wsgate has the last word on who gets a socket.
 *
 *     deno serve --node-modules-dir=none --port 8000 examples/hono_chat.ts
 *     PORT=8000 bun run examples/hono_chat.ts
 *
 * The flag is the one of `chat.ts`.
 *
 * @module
 */

import { hostValidator, originValidator, urlRouter, websocket } from "@wsgate/wsgate";
import { Hono } from "hono";
import { auth, chat, hosts, logIn, logOut, page } from "./chat_room.ts";

const sockets = originValidator(
  auth(urlRouter([["/chat/:room", chat]])),
  ["'self'"],
  { hosts },
);

// `c.req.raw` is the Request of the runtime, the only one that can be upgraded; `c.env` is what the runtime passed
// along with it: on Bun the server, which upgrades.
const app = new Hono()
  .get("/", (c) => page(c.req.raw))
  .post("/login", (c) => logIn(c.req.raw))
  .post("/logout", (c) => logOut(c.req.raw))
  .get("/chat/*", (c) => sockets(c.req.raw, c.env));

/** The whole application. */
export const fetch = hostValidator(app.fetch, { allowedHosts: hosts });

export default { fetch, websocket };
