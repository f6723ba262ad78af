// Plain Deno.serve: the validator stands around the handler that upgrades.

import { originValidator } from "@wsgate/wsgate";

Deno.serve(originValidator((request) => {
  if (request.headers.get("upgrade") === null) return new Response("the site");
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}, ["https://example.com"]));
