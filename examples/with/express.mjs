// Express with ws: no middleware sees an upgrade, so the gate comes first in the `upgrade` listener.

import process from "node:process";
import { createNodeGate } from "@wsgate/wsgate/node";
import express from "express";
import { WebSocketServer } from "ws";

const gate = createNodeGate({ origins: ["https://example.com"] });
const sockets = new WebSocketServer({ noServer: true });
sockets.on("connection", (ws) => ws.on("message", (data) => ws.send(`${data}`)));

const app = express();
app.get("/", (_request, response) => response.send("the site"));
const server = app.listen(process.env.PORT ?? 3000);
server.on("upgrade", (request, socket, head) => {
  if (!gate(request, socket)) return;
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit("connection", ws, request));
});
