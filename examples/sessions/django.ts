/**
 * Sockets beside a Django site: its log-in opens them, and they close when it ends. `django_site.py` is the site.
 *
 *     export INTERNAL_SECRET=…   # the same as there
 *     deno serve --allow-net --allow-env --node-modules-dir=none --port 8002 examples/sessions/django.ts
 *     PORT=8002 bun run examples/sessions/django.ts
 *
 * Then log in at http://localhost:8001. A proxy in front passes on `/chat` to here, all else to Django, and `/internal/` to
 * nobody.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import process from "node:process";
import {
  authMiddlewareStack,
  getCookies,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";

/** Where this server asks, and the origin of the pages that browsers show: behind a proxy not the same. */
const DJANGO = process.env.DJANGO ?? "http://localhost:8001";
const SITE = process.env.SITE ?? DJANGO;
const AUTHORIZATION = `Bearer ${process.env.INTERNAL_SECRET!}`;

// --------------------------------------------------------------------------------------- what Django is asked

/** Who is logged in, as Django says. */
interface Login {
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Django's own code reads the session: the key alone does not say whether it has expired, the password was changed or the
 * account was closed. What fails here refuses a handshake with 503, and leaves open sockets open.
 */
async function askDjango(key: string): Promise<Login | null> {
  const response = await globalThis.fetch(`${DJANGO}/internal/session`, {
    method: "POST",
    headers: { authorization: AUTHORIZATION },
    body: new URLSearchParams({ session: key }),
    signal: AbortSignal.timeout(4000),
  });
  if (!response.ok) throw new Error(`Django answered with ${response.status}`);
  return await response.json();
}

const live = createLiveSockets({
  // Django forgets a session at once, so this has to bridge handshakes only that are under way.
  longestSessionSeconds: 3600,
  // What Django does not tell: a closed account, a row that an administrator deleted, a message that was lost.
  async revalidate({ id }) {
    const login = await askDjango(id);
    return login !== null && { id, expiresAt: login.expiresAt };
  },
  revalidateSeconds: Number(process.env.REVALIDATE_SECONDS ?? 60),
});

// Django gives a session another key at log-in and with a new password, and tells of that too: so the key can be the id.
const auth = authMiddlewareStack<Login & { readonly id: string }>({
  async user(request) {
    const id = getCookies(request).get("sessionid");
    const login = id === undefined ? null : await askDjango(id);
    return login && { ...login, id: id! };
  },
  required: true,
  session: ({ id, expiresAt }) => ({ id, expiresAt }),
  live,
});

// ------------------------------------------------------------------------------------------- what Django tells

const digest = (text: string) => createHash("sha256").update(text).digest();

/** A session has ended. */
async function ended(request: Request): Promise<Response> {
  const given = request.headers.get("authorization") ?? "";
  if (!timingSafeEqual(digest(given), digest(AUTHORIZATION))) return new Response(null, { status: 403 });
  const key = (await request.formData()).get("session");
  await live.end({ session: String(key) }); // This is the line.
  return new Response(null, { status: 204 });
}

const chat = upgradeHandler({
  open: (socket) => void socket.send(`Welcome, ${auth.scope(socket.request).user.name}.`),
  message: (socket, text) => void socket.send(text),
}, { live });

/** The whole application. The page that connects is Django's. */
export const fetch = protocolTypeRouter({
  http: urlRouter([["/internal/ended", ended]]),
  websocket: originValidator(auth(urlRouter([["/chat", chat]])), [SITE]),
});

export default { fetch, websocket };
