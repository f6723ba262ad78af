/**
 * Log-ins by better-auth: sockets close when it deletes their session, whoever asked for that.
 *
 *     deno serve --allow-env --node-modules-dir=none --port 8000 examples/sessions/better_auth.ts
 *     PORT=8000 bun run examples/sessions/better_auth.ts
 *
 * @module
 */

import {
  authMiddlewareStack,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";
import { memoryAdapter } from "better-auth/adapters/memory";
import { betterAuth } from "better-auth/minimal";

const hosts = ["localhost", "127.0.0.1"];

// better-auth looks a session up each time, in a store that forgets at once: an hour is plenty. With its `cookieCache` a
// copied cookie is good until `maxAge`, and this has to be longer.
const live = createLiveSockets({ longestSessionSeconds: 3600 });

const logins = betterAuth({
  baseURL: { allowedHosts: hosts.map((host) => `${host}:*`), protocol: "http" },
  // A real site keeps its secret, and has a database.
  secret: crypto.randomUUID() + crypto.randomUUID(),
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true },
  databaseHooks: {
    session: {
      // This is the line: it is asked on sign-out, on `/revoke-sessions` and with a new password, for each session.
      delete: { after: ({ id }) => live.end({ session: id }) },
    },
  },
});

const auth = authMiddlewareStack({
  user: (request) => logins.api.getSession({ headers: request.headers }),
  required: true,
  session: ({ session }) => ({
    // Not `session.token`, which is the secret in the cookie.
    id: session.id,
    subject: session.userId,
    startedAt: session.createdAt.getTime(),
    // Moves on with use: a page that connects again brings the later one.
    expiresAt: session.expiresAt.getTime(),
  }),
  live,
});

const chat = upgradeHandler({
  open: (socket) => void socket.send(`Welcome, ${auth.scope(socket.request).user.user.name}.`),
  message: (socket, text) => void socket.send(text),
}, { live });

/** The whole application: all of better-auth's own paths, and the socket. */
export const fetch = protocolTypeRouter({
  http: logins.handler,
  websocket: originValidator(auth(urlRouter([["/chat", chat]])), ["'self'"], { hosts }),
});

export default { fetch, websocket };
