// Node's own server with ws: the gate comes first in the `upgrade` listener.

import { createServer } from "node:http";
import process from "node:process";
import { createNodeGate } from "@wsgate/wsgate/node";
import { WebSocketServer } from "ws";

const gate = createNodeGate({ origins: ["https://example.com"] });
const sockets = new WebSocketServer({ noServer: true });
sockets.on("connection", (ws) => ws.on("message", (data) => ws.send(`${data}`)));

const server = createServer((_request, response) => response.end("the site"));
server.on("upgrade", (request, socket, head) => {
  if (!gate(request, socket)) return;
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit("connection", ws, request));
});
server.listen(process.env.PORT ?? 3000);
