// crossws on Deno: the validator stands around `handleUpgrade`.

import { originValidator, protocolTypeRouter } from "@wsgate/wsgate";
import crossws from "crossws/adapters/deno";

const { handleUpgrade } = crossws({
  hooks: { message: (peer, message) => void peer.send(message.text()) },
});

Deno.serve(protocolTypeRouter({
  http: () => new Response("the site"),
  websocket: originValidator(handleUpgrade, ["https://example.com"]),
}));
