// Elysia on Bun: `beforeHandle` of the socket is asked before the upgrade.

import process from "node:process";
import { createGate } from "@wsgate/wsgate";
import { Elysia } from "elysia";

const gate = createGate({ origins: ["https://example.com"] });

new Elysia()
  .ws("/ws", {
    beforeHandle: ({ request, server }) => gate(request, server),
    message: (ws, data) => void ws.send(data),
  })
  .listen(process.env.PORT ?? 3000);
