// Cloudflare Workers: the validator stands around `fetch`, and hands all three arguments on.

import { originValidator } from "@wsgate/wsgate";

export default {
  fetch: originValidator(() => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(data));
    return new Response(null, { status: 101, webSocket: client });
  }, ["https://example.com"]),
} satisfies ExportedHandler;
