// Routes of Bun's, which never reach `fetch`: each that upgrades has its own validator.

import { originValidator } from "@wsgate/wsgate";

Bun.serve({
  routes: {
    "/": () => new Response("the site"),
    "/ws": originValidator(
      (request, server) => server.upgrade(request) ? undefined : new Response(null, { status: 426 }),
      ["https://example.com"],
    ),
  },
  websocket: { message: (ws, data) => void ws.send(data) },
});
