// Hono on Bun: the gate stands on the route of the socket, before the upgrade.

import { createGate } from "@wsgate/wsgate";
import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";

const gate = createGate({ origins: ["https://example.com"] });

const app = new Hono();
app.get(
  "/ws",
  async (c, next) => gate(c.req.raw, c.env) ?? await next(),
  upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(String(event.data)) })),
);

export default { fetch: app.fetch, websocket };
