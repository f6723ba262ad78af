/**
 * A chat in the composition of Django Channels' security page: a protocol router, a validator of origins, the user's
 * session, a router of paths, and a handler that upgrades.
 *
 *     deno serve -A --port 8000 examples/chat.ts
 *     PORT=8000 bun run examples/chat.ts
 *
 * Then open http://localhost:8000 in two windows.
 *
 * @module
 */

import { deleteCookie, setCookie } from "@std/http";
import {
  authMiddlewareStack,
  getCookies,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  routeParams,
  urlRouter,
} from "@wsgate/wsgate";
import { type NativeSocket, upgrade, websocket } from "./native.ts";

/** Who is logged in, by session. */
const sessions = new Map<string, { readonly name: string }>();

const auth = authMiddlewareStack({
  user: (request) => sessions.get(getCookies(request).get("session") ?? ""),
});

/** The sockets in each room. */
const rooms = new Map<string, Set<NativeSocket>>();

function chat(request: Request, context: unknown): Response | undefined {
  // Everything is read before the upgrade: afterwards the request's headers are gone on Deno.
  const { room } = routeParams(request);
  const name = auth.scope(request).user?.name ?? "someone";
  const members = rooms.get(room!) ?? new Set();
  rooms.set(room!, members);
  const say = (text: string) => members.forEach((member) => member.send(`${name}: ${text}`));
  return upgrade(request, context, {
    open(socket) {
      members.add(socket);
      say("hello");
    },
    message: (_socket, text) => say(text),
    close(socket) {
      members.delete(socket);
      if (members.size === 0) rooms.delete(room!);
    },
  });
}

async function site(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/login") {
    const name = String((await request.formData()).get("name") ?? "");
    const session = crypto.randomUUID();
    sessions.set(session, { name });
    const headers = new Headers({ location: "/" });
    // Over https: `__Host-session`, with `secure: true`.
    setCookie(headers, { name: "session", value: session, httpOnly: true, sameSite: "Lax", path: "/" });
    return new Response(null, { status: 303, headers });
  }
  if (request.method === "POST" && pathname === "/logout") {
    sessions.delete(getCookies(request).get("session") ?? "");
    const headers = new Headers({ location: "/" });
    deleteCookie(headers, "session", { path: "/" });
    return new Response(null, { status: 303, headers });
  }
  if (pathname !== "/") return new Response("Not found\n", { status: 404 });
  return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui }
  body { max-width: 36rem; margin: 2rem auto; padding: 0 1rem }
  form { display: flex; gap: .5rem; margin: .5rem 0 }
  input { flex: 1; min-width: 0 }
  input, button { font: inherit; padding: .25rem .5rem }
  ol { min-height: 12rem; padding: 0; list-style: none; border-block: 1px solid }
</style>
<h1>Lobby</h1>
<form method="post" action="/login">
  <input name="name" required maxlength="40" aria-label="Your name" placeholder="Your name">
  <button>Log in</button>
  <button formaction="/logout" formnovalidate>Log out</button>
</form>
<ol id="messages" aria-live="polite"></ol>
<form id="say">
  <input name="text" autocomplete="off" aria-label="Message" placeholder="Message">
  <button>Send</button>
</form>
<script type="module">
  const socket = new WebSocket("/chat/lobby");
  const show = (text) => {
    const item = document.createElement("li");
    item.textContent = text;
    document.querySelector("#messages").append(item);
  };
  socket.onmessage = (event) => show(event.data);
  socket.onclose = () => show("(disconnected)");
  document.querySelector("#say").onsubmit = (event) => {
    event.preventDefault();
    socket.send(event.target.text.value);
    event.target.reset();
  };
</script>
</html>
`;

const hosts = ["localhost", "127.0.0.1"];

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
