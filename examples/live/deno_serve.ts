// Sockets that Deno itself makes: `track` right after the upgrade. They tell when they have closed.

import { authMiddlewareStack, originValidator, protocolTypeRouter } from "@wsgate/wsgate";
import { findSession, live, origins, site } from "./sessions.ts";

const auth = authMiddlewareStack({ user: findSession, required: true, session: ({ id }) => ({ id }), live });

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  live.track(request, socket);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

Deno.serve(protocolTypeRouter({ http: site, websocket: originValidator(auth(echo), origins) }));
