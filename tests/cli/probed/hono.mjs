// Hono on Deno and on Bun: `bare`, or `guarded` by a gate on the route. It says its port, and ends when its stdin does.

import process from "node:process";
import { createGate } from "@wsgate/wsgate";
import { Hono } from "hono";

const isBare = process.argv.at(-1) === "bare";
const { Deno, Bun } = globalThis;
const { upgradeWebSocket, websocket } = Deno === undefined
  ? await import("hono/bun")
  : await import("hono/deno");
const gate = createGate({ origins: ["https://app.example.com"] }, { onDecision: () => {} });

const app = new Hono();
app.get(
  "/chat",
  async (c, next) => (isBare ? undefined : gate(c.req.raw, c.env)) ?? await next(),
  upgradeWebSocket(() => ({ onMessage: (event, socket) => socket.send(String(event.data)) })),
);
const where = { hostname: "127.0.0.1", port: 0 };
const port = Deno === undefined
  ? Bun.serve({ ...where, fetch: app.fetch, websocket }).port
  : Deno.serve({ ...where, onListen() {} }, app.fetch).addr.port;
console.log(JSON.stringify({ port }));
process.stdin.on("end", () => process.exit()).resume();
