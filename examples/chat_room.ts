/**
 * What `chat.ts` and `hono_chat.ts` have in common: who is logged in, who is in which room, and what is said there.
 * Who may come in is not decided here.
 *
 * @module
 */

import {
  authMiddlewareStack,
  check,
  compilePolicy,
  deny,
  routeParams,
  type Socket,
  upgradeHandler,
} from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";
import { getIronSession, webCookies } from "iron-session";
import { chatPage } from "./chat_page.ts";

/** The names that this server answers to. */
export const hosts = ["localhost", "127.0.0.1"];

// ----------------------------------------------------------------------------------------- who is logged in

/** A user for as long as a session lasts. */
interface User {
  /** Of the session: two people may take one name. */
  readonly id: string;
  readonly name: string;
  /** When the session ends by itself, in milliseconds since 1970. */
  readonly expiresAt: number;
}

const MAX_NAME_LENGTH = 40;

const SESSION_SECONDS = 3600;

/**
 * The session is in the cookie, sealed, and nothing is kept here: logging out takes the cookie away, and without `live` a
 * copy of it would work for another hour. Over https the cookie's name starts with `__Host-`, and `secure` is left out.
 */
const SESSION = {
  cookieName: "session",
  // A real site keeps its password: with another one nobody is logged in any more.
  password: crypto.randomUUID() + crypto.randomUUID(),
  ttl: SESSION_SECONDS,
  cookieOptions: { secure: false },
};

/** The open sockets, and for as long as a copy of a cookie could open one, who has logged out. */
const live = createLiveSockets({
  // iron-session takes a seal for a minute longer, since clocks differ.
  longestSessionSeconds: SESSION_SECONDS + 60,
});

function openSession(request: Request, headers: Headers) {
  return getIronSession<User>(webCookies(request, headers), SESSION);
}

/** Looks the user up, for the page and for the sockets alike. */
export const auth = authMiddlewareStack<User>({
  async user(request) {
    const { id, name, expiresAt } = await openSession(request, new Headers());
    return id !== undefined && name !== undefined && expiresAt !== undefined ? { id, name, expiresAt } : null;
  },
  session: ({ id, expiresAt }) => ({ id, expiresAt }),
  live,
});

/** Forms of other sites must log nobody in or out: what judges handshakes judges them too. */
const ownForms = compilePolicy({ origins: ["'self'"], hosts });

/** Takes the form's word for the name; a real site asks for more. */
export async function logIn(request: Request): Promise<Response> {
  const decision = check(request, ownForms);
  if (!decision.allowed) return deny(decision);
  const form = await request.formData().catch(() => new FormData());
  const name = String(form.get("name") ?? "").trim().slice(0, MAX_NAME_LENGTH);
  if (name === "") return new Response("A name, please.\n", { status: 400 });

  const headers = new Headers({ location: "/" });
  const session = await openSession(request, headers);
  const expiresAt = Date.now() + SESSION_SECONDS * 1000;
  Object.assign(session, { id: crypto.randomUUID(), name, expiresAt } satisfies User);
  await session.save();
  return new Response(null, { status: 303, headers });
}

/** Ends the session, and the sockets that were opened with it: nothing else would. */
export async function logOut(request: Request): Promise<Response> {
  const decision = check(request, ownForms);
  if (!decision.allowed) return deny(decision);
  const headers = new Headers({ location: "/" });
  const session = await openSession(request, headers);
  // In every tab of this session, and for good: a copy of the cookie opens no socket any more.
  if (session.id !== undefined) await live.end({ session: session.id });
  session.destroy();
  return new Response(null, { status: 303, headers });
}

/**
 * The page, for whoever is logged in or nobody. The auth layer asks `live` about handshakes alone, so this asks itself: a tab
 * that reloads since its socket was closed may still send the cookie that is just being taken away.
 */
export const page = auth(async (request: Request) => {
  const { user, session } = auth.scope(request);
  const name = user !== null && await live.admit(request, session) ? user.name : null;
  return new Response(chatPage(name, MAX_NAME_LENGTH), {
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
});

// ------------------------------------------------------------------------------------------ who is in a room

const rooms = new Map<string, Set<Socket>>();

/** The sockets of the room that a socket is in. */
function membersWith(socket: Socket): Set<Socket> {
  const room = routeParams(socket.request).room!;
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members);
  return members;
}

function tell(members: Set<Socket>, news: { here: string[] } | { from: string; text: string }): void {
  const message = JSON.stringify(news);
  // False is a member who reads too slowly, and misses this one.
  for (const member of members) member.send(message);
}

function tellWhoIsHere(members: Set<Socket>): void {
  const names = [...members].map((member) => auth.scope(member.request).user?.name ?? "");
  tell(members, { here: [...new Set(names)].filter((name) => name !== "").sort() });
}

/** A room: everybody hears, users speak. */
export const chat = upgradeHandler({
  open(socket) {
    const members = membersWith(socket).add(socket);
    tellWhoIsHere(members);
  },
  message(socket, text) {
    const { user } = auth.scope(socket.request);
    if (user !== null && typeof text === "string") tell(membersWith(socket), { from: user.name, text });
  },
  close(socket) {
    const members = membersWith(socket);
    members.delete(socket);
    if (members.size === 0) rooms.delete(routeParams(socket.request).room!);
    else tellWhoIsHere(members);
  },
}, { maxMessageBytes: 4096, live });
