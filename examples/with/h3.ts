// h3 with the plugin of crossws, on Deno, Bun and Node: the gate is the hook `upgrade` of the socket. A middleware of h3 or
// srvx is no place for it.

import { createGate } from "@wsgate/wsgate";
import { plugin as sockets } from "crossws/server";
import { defineWebSocketHandler, H3, serve } from "h3";

const gate = createGate({ origins: ["https://example.com"] });

const app = new H3();
app.get(
  "/ws",
  defineWebSocketHandler({
    upgrade: (request) => gate(request),
    message: (peer, message) => void peer.send(message.text()),
  }),
);

serve(app, { plugins: [sockets({})] });
