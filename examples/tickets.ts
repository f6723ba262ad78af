/**
 * A page on one site, its socket on another: the log-in's cookie does not reach the socket, a one-time ticket does.
 *
 *     deno serve --node-modules-dir=none --port 8000 examples/tickets.ts
 *     PORT=8000 bun run examples/tickets.ts
 *
 * Then open http://localhost:8000. To a browser `localhost` is one site, with the log-in and the page, and `127.0.0.1`
 * another, with the socket. Two programs would be the same: what they share is the store.
 *
 * @module
 */

import {
  authMiddlewareStack,
  getCookies,
  guard,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createTickets, memoryStore } from "@wsgate/wsgate/live";

// For more than one process: sqliteStore() or redisStore().
const tickets = createTickets({ store: memoryStore() });

// ----------------------------------------------------------------------- the site with the log-in and the page

const users = new Map<string, { readonly name: string }>();
const byCookie = authMiddlewareStack({
  user: (request) => users.get(getCookies(request).get("session") ?? ""),
  required: true,
});

/** Takes the form's word for the name; a real site asks for more. */
async function logIn(request: Request): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const id = crypto.randomUUID();
  users.set(id, { name: String(form.get("name") ?? "").slice(0, 40) });
  const cookie = `session=${id}; HttpOnly; SameSite=Lax; Path=/`;
  return new Response(null, { status: 303, headers: { location: "/", "set-cookie": cookie } });
}

/** For the page that asks, and for this one socket. */
const mint = byCookie(async (request: Request) => {
  const ticket = await tickets.mint({
    subject: byCookie.scope(request).user.name,
    session: null,
    origin: request.headers.get("origin"),
    path: "/chat",
  });
  return new Response(ticket, { headers: { "cache-control": "no-store" } });
});

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tickets</title>
<form method="post" action="/login"><label>Name <input name="name" required></label> <button>Log in</button></form>
<button id="connect">Connect</button> <output id="said"></output>
<script>
  document.querySelector("#connect").onclick = async () => {
    const said = document.querySelector("#said");
    const answer = await fetch("/ticket", { method: "POST" });
    if (!answer.ok) return said.textContent = "Log in first.";
    // The ticket comes last: some servers select the first that is offered.
    const socket = new WebSocket("ws://127.0.0.1:" + location.port + "/chat", ["chat.v1", await answer.text()]);
    socket.onmessage = ({ data }) => said.textContent = data;
    socket.onclose = () => said.textContent = "closed";
  };
</script>`;

// Forms and scripts of other sites log nobody in, and get no ticket.
const ownPages = { origins: ["'self'"], hosts: ["localhost"] };
const site = hostValidator(
  urlRouter([
    ["/", () => new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } })],
    ["/login", guard(logIn, ownPages, { requests: "all" })],
    ["/ticket", guard(mint, ownPages, { requests: "all" })],
  ]),
  { allowedHosts: ["localhost"] },
);

// ---------------------------------------------------------------------------------- the site with the socket

const byTicket = authMiddlewareStack({
  user: tickets.user(({ subject }) => ({ name: subject })),
  required: true,
});
const chat = upgradeHandler({
  open: (socket) => void socket.send(`Welcome, ${byTicket.scope(socket.request).user.name}.`),
  message: (socket, text) => void socket.send(text),
}, { protocols: ["chat.v1"] });

/** Both sites. A ticket replaces no guard: the page's origin is listed too. */
export const fetch = protocolTypeRouter({
  http: site,
  websocket: originValidator(byTicket(urlRouter([["/chat", chat]])), ["http://localhost:*"], {
    hosts: ["127.0.0.1"],
  }),
});

export default { fetch, websocket };
