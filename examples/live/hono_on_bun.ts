// Hono on Bun: the middleware admits, `onOpen` tracks.

import { createGate } from "@wsgate/wsgate";
import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";
import { findSession, live, origins, site } from "./sessions.ts";

const gate = createGate({ origins });

const app = new Hono();
app.get(
  "/ws",
  async (c, next) => {
    const refused = gate(c.req.raw, c.env);
    if (refused) return refused;
    const session = findSession(c.req.raw);
    if (session === null || !await live.admit(c.req.raw, session)) return c.text("Log in", 401);
    return await next();
  },
  upgradeWebSocket((c) => {
    let release = () => {};
    return {
      onOpen: (_event, ws) => void (release = live.track(c.req.raw, ws)),
      onMessage: (event, ws) => ws.send(String(event.data)),
      onClose: () => release(),
    };
  }),
);
app.all("*", (c) => site(c.req.raw));

export default { fetch: app.fetch, websocket };
