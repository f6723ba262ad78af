// Elysia on Bun: `bare`, or `guarded` by a gate in front of every route. It says its port, and ends when its stdin does.

import process from "node:process";
import { createGate } from "@wsgate/wsgate";
import { Elysia } from "elysia";

const isBare = process.argv.at(-1) === "bare";
const gate = createGate({ origins: ["https://app.example.com"] }, { onDecision: () => {} });

const app = new Elysia()
  .onRequest(({ request, server }) => isBare ? undefined : gate(request, server))
  .ws("/chat", { message: (socket, data) => void socket.send(data) })
  .listen({ hostname: "127.0.0.1", port: 0 });
console.log(JSON.stringify({ port: app.server.port }));
process.stdin.on("end", () => process.exit()).resume();
