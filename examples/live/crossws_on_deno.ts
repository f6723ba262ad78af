// crossws on Deno: the auth layer stands around `handleUpgrade`, and the hook `upgrade` hands the request on to `open`.

import { authMiddlewareStack, originValidator, protocolTypeRouter } from "@wsgate/wsgate";
import crossws from "crossws/adapters/deno";
import { findSession, live, origins, site } from "./sessions.ts";

const auth = authMiddlewareStack({ user: findSession, required: true, session: ({ id }) => ({ id }), live });
const { handleUpgrade } = crossws({
  hooks: {
    // `peer.request` is another object.
    upgrade: (request) => ({ context: { request } }),
    open: (peer) => void (peer.context.release = live.track(peer.context.request as Request, peer)),
    message: (peer, message) => void peer.send(message.text()),
    close: (peer) => (peer.context.release as (() => void) | undefined)?.(),
  },
});

Deno.serve(protocolTypeRouter({ http: site, websocket: originValidator(auth(handleUpgrade), origins) }));
