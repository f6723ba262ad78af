// Our own sockets, on Deno and on Bun: give `live` to the auth layer and to the handler.

import {
  authMiddlewareStack,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { findSession, live, origins, site } from "./sessions.ts";

const auth = authMiddlewareStack({ user: findSession, required: true, session: ({ id }) => ({ id }), live });
const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) }, { live });

const fetch = protocolTypeRouter({ http: site, websocket: originValidator(auth(echo), origins) });
export default { fetch, websocket };
