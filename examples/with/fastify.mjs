// Fastify with @fastify/websocket, which runs the hooks of the route before it upgrades. They are given no raw socket to
// answer on, so the gate only judges.

import process from "node:process";
import websocket from "@fastify/websocket";
import { createNodeGate } from "@wsgate/wsgate/node";
import Fastify from "fastify";

const gate = createNodeGate({ origins: ["https://example.com"] });
const preValidation = (request, reply, done) => {
  if (gate(request.raw)) return done();
  reply.code(403).send();
};

const app = Fastify();
await app.register(websocket);
app.get("/ws", { websocket: true, preValidation }, (socket) => {
  socket.on("message", (data) => socket.send(`${data}`));
});
await app.listen({ port: Number(process.env.PORT ?? 3000) });
