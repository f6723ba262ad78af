// Sockets that Bun itself makes: `track` in `open`, with the request that was upgraded, and what it returns in `close`.

import { authMiddlewareStack, originValidator, protocolTypeRouter } from "@wsgate/wsgate";
import { findSession, live, origins, site } from "./sessions.ts";

interface Data {
  request?: Request;
  release?: () => void;
}

const auth = authMiddlewareStack({ user: findSession, required: true, session: ({ id }) => ({ id }), live });
const echo = (request: Request, server: Bun.Server<Data>) =>
  server.upgrade(request, { data: { request } }) ? undefined : new Response(null, { status: 426 });

Bun.serve<Data>({
  fetch: protocolTypeRouter({ http: site, websocket: originValidator(auth(echo), origins) }),
  websocket: {
    open(ws) {
      // Without its request afterwards: that is a kilobyte of each socket.
      ws.data = { release: live.track(ws.data.request!, ws) };
    },
    message: (ws, data) => void ws.send(data),
    // Not there where the socket was closed at once.
    close: (ws) => ws.data.release?.(),
  },
});
