/**
 * A page on one site, and on another a socket that is open to who has a ticket.
 *
 *     deno run -A tests/browser/ticket_server.ts          bun run tests/browser/ticket_server.ts
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import {
  authMiddlewareStack,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createTickets, memoryStore } from "@wsgate/wsgate/live";
import { serve } from "../runtime.ts";

const PAGE = "http://partner.test";
const tickets = createTickets({ store: memoryStore() });
const auth = authMiddlewareStack({
  user: tickets.user(({ subject }) => ({ name: subject })),
  required: true,
  onDecision() {},
});
const chat = upgradeHandler(
  { open: (socket) => void socket.send(`hello ${auth.scope(socket.request).user.name}`) },
  { protocols: ["chat.v1"] },
);
const script = readFileSync(new URL("page.js", import.meta.url), "utf8");
const text = (body: string, type: string) => new Response(body, { headers: { "content-type": type } });
const site = urlRouter([
  [
    "/page",
    () => text('<!doctype html><title>page</title><body><script src="/page.js"></script>', "text/html"),
  ],
  ["/page.js", () => text(script, "text/javascript")],
  // The test asks for it, as the site's own server does for a partner whom it knows.
  [
    "/mint",
    async () =>
      text(await tickets.mint({ subject: "ada", session: null, origin: PAGE, path: "/chat" }), "text/plain"),
  ],
]);
const fetch = protocolTypeRouter({
  http: site,
  websocket: originValidator(auth(chat), [PAGE, "http://other.test"], { onDecision() {} }),
});

console.log(JSON.stringify({ main: serve(fetch, websocket).port }));
process.stdin.resume().on("end", () => process.exit());
