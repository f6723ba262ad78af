// socket.io: `io.engine.use` is asked for every upgrade, `allowRequest` is not. Polling asks for no WebSocket, and no gate
// judges it: it stays off, here and in the client.

import { createServer } from "node:http";
import process from "node:process";
import { createNodeGate } from "@wsgate/wsgate/node";
import { Server } from "socket.io";

const gate = createNodeGate({ origins: ["https://example.com"] });

const server = createServer((_request, response) => response.end("the site"));
const io = new Server(server, { transports: ["websocket"] });
io.engine.use((request, _response, next) => next(gate(request) ? undefined : new Error("refused")));
io.on("connection", (socket) => socket.on("message", (text) => socket.send(text)));

server.listen(process.env.PORT ?? 3000);
