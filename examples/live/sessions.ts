// The log-in that the examples of this folder share: who posts to `/log-in` gets a cookie, and `/log-out` ends its session. A
// real site has a password, and its session library in place of the Map.

import { getCookies } from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";

export const origins = ["https://example.com"];

/** A session, by its cookie. The id stays with it: a library that renews tokens has one that stays too. */
const sessions = new Map<string, { id: string }>();

export const live = createLiveSockets({ longestSessionSeconds: 3600 });

export function findSession(request: Request): { id: string } | null {
  return sessions.get(getCookies(request).get("session") ?? "") ?? null;
}

/** The site beside the socket. */
export async function site(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/log-in") {
    const cookie = crypto.randomUUID();
    sessions.set(cookie, { id: crypto.randomUUID() });
    return new Response("logged in", {
      headers: { "set-cookie": `session=${cookie}; HttpOnly; SameSite=Lax` },
    });
  }
  const session = findSession(request);
  if (request.method === "POST" && pathname === "/log-out" && session !== null) {
    sessions.delete(getCookies(request).get("session")!);
    // Its sockets are closed when this resolves.
    await live.end({ session: session.id });
    return new Response("logged out");
  }
  return new Response("the site");
}
