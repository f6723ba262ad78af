/**
 * Two processes behind nginx, with one Redis: whoever logs out at one of them loses his sockets at both.
 *
 *     redis-server --appendonly yes --maxmemory-policy noeviction
 *     export SESSION_PASSWORD=$(openssl rand -hex 32)
 *     deno serve --allow-net --allow-env --node-modules-dir=none --port 8001 examples/sessions/redis.ts
 *     deno serve --allow-net --allow-env --node-modules-dir=none --port 8002 examples/sessions/redis.ts
 *
 * With Bun `PORT=8001 bun run examples/sessions/redis.ts`. `nginx.conf` beside this file goes into `/etc/nginx/conf.d/`.
 *
 * @module
 */

import process from "node:process";
import {
  authMiddlewareStack,
  guard,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createLiveSockets, redisStore } from "@wsgate/wsgate/live";
import { getIronSession, webCookies } from "iron-session";
import { createClient } from "redis";

// --------------------------------------------------------------------------------- what the processes share

// A command must fail while Redis is away: one that waits in the client would let nobody in, and say nothing.
const redis = createClient({
  url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379",
  disableOfflineQueue: true,
});
redis.on("error", ({ message }) => console.error(`Redis: ${message}`));
await redis.connect();

/** A session is valid for so long. iron-session takes its seal for a minute longer, since clocks differ. */
const SESSION_SECONDS = 3600;

const live = createLiveSockets({
  // This is the line. Without it each process would end only what is open in itself.
  store: redisStore((name, args) => redis.sendCommand([name, ...args]), { prefix: "chat:" }),
  longestSessionSeconds: SESSION_SECONDS + 60,
  // The other process closes its sockets within these 2 seconds, the default, and one more.
  pollSeconds: 2,
});

// ------------------------------------------------------------------------------------------ who is logged in

interface User {
  readonly id: string;
  readonly name: string;
  readonly expiresAt: number;
}

/** The session is in the cookie, so that every process can read it; they share the password. */
function openSession(request: Request, headers = new Headers()) {
  return getIronSession<User>(webCookies(request, headers), {
    cookieName: "session",
    password: process.env.SESSION_PASSWORD!,
    ttl: SESSION_SECONDS,
    // Behind TLS: `__Host-session`, and without the next line.
    cookieOptions: { secure: false },
  });
}

const auth = authMiddlewareStack({
  async user(request) {
    const { id, name, expiresAt } = await openSession(request);
    return id && name && expiresAt ? { id, name, expiresAt } : null;
  },
  required: true,
  session: ({ id, expiresAt }) => ({ id, expiresAt }),
  live,
});

/** Takes the form's word for the name; a real site asks for more. */
async function logIn(request: Request): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const name = String(form.get("name") ?? "").trim().slice(0, 40);
  if (name === "") return new Response("A name, please.\n", { status: 400 });
  const headers = new Headers();
  const session = await openSession(request, headers);
  const expiresAt = Date.now() + SESSION_SECONDS * 1000;
  Object.assign(session, { id: crypto.randomUUID(), name, expiresAt });
  await session.save();
  return new Response("logged in\n", { headers });
}

async function logOut(request: Request): Promise<Response> {
  const headers = new Headers();
  const session = await openSession(request, headers);
  // Where Redis is away it rejects, has closed what is open here, and tells the others once Redis is back.
  if (session.id) await live.end({ session: session.id }).catch(() => {});
  session.destroy();
  return new Response("logged out\n", { headers });
}

// ------------------------------------------------------------------------------------------- the application

const chat = upgradeHandler({
  open(socket) {
    socket.send(`Welcome, ${auth.scope(socket.request).user.name}. This is process ${process.pid}.`);
  },
  message: (socket, text) => void socket.send(text),
}, { live });

// nginx passes on what the browser wrote into Host, so that `'self'` is the site's name and not the upstream's.
const hosts = ["localhost", "127.0.0.1"];
const ownPages = { origins: ["'self'"], hosts };

/** The whole application, the same in every process. */
export const fetch = protocolTypeRouter({
  http: hostValidator(
    urlRouter([
      ["/log-in", guard(logIn, ownPages, { requests: "all" })],
      ["/log-out", guard(logOut, ownPages, { requests: "all" })],
    ]),
    { allowedHosts: hosts },
  ),
  websocket: originValidator(auth(urlRouter([["/chat", chat]])), ["'self'"], { hosts }),
});

export default { fetch, websocket };
