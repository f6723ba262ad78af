// Hono on Node, by @hono/node-server 2: the gate stands on the route of the socket, before the upgrade.

import process from "node:process";
import { serve, upgradeWebSocket } from "@hono/node-server";
import { createGate } from "@wsgate/wsgate";
import { Hono } from "hono";
import { WebSocketServer } from "ws";

const gate = createGate({ origins: ["https://example.com"] });

const app = new Hono();
app.get(
  "/ws",
  async (c, next) => gate(c.req.raw, c.env) ?? await next(),
  upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(event.data) })),
);

const websocket = { server: new WebSocketServer({ noServer: true }) };
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), websocket });
