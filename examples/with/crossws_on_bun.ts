// crossws on Bun: the validator stands around `handleUpgrade`.

import { originValidator, protocolTypeRouter } from "@wsgate/wsgate";
import crossws from "crossws/adapters/bun";

const { handleUpgrade, websocket } = crossws({
  hooks: { message: (peer, message) => void peer.send(message.text()) },
});

Bun.serve({
  fetch: protocolTypeRouter({
    http: () => new Response("the site"),
    websocket: originValidator(handleUpgrade, ["https://example.com"]),
  }),
  websocket,
});
