/**
 * Gates for Node's own servers: `server.on("upgrade", …)`, and with it ws, Express, Fastify and socket.io.
 *
 * Node hands a WebSocket's request to the `upgrade` event, and no middleware sees it. So the gate comes first in that
 * listener. What it refuses it answers on the socket itself:
 *
 * ```ts
 * import { createServer } from "node:http";
 * import { createNodeGate } from "@wsgate/wsgate/node";
 * import { WebSocketServer } from "ws";
 *
 * const gate = createNodeGate({ origins: ["https://example.com"] });
 * const sockets = new WebSocketServer({ noServer: true });
 * const server = createServer((_, response) => response.end("the site"));
 * server.on("upgrade", (request, socket, head) => {
 *   if (!gate(request, socket)) return;
 *   sockets.handleUpgrade(request, socket, head, (ws: unknown) => {
 *     sockets.emit("connection", ws, request);
 *   });
 * });
 * // server.listen(3000);
 * ```
 *
 * | with | the line |
 * | --- | --- |
 * | `node:http`, Express, ws | `if (!gate(request, socket)) return;` first in `server.on("upgrade", …)` |
 * | @fastify/websocket | `gate(request.raw)` in `preValidation` of the route |
 * | socket.io | `gate(request)` in `io.engine.use(…)`, with `transports: ["websocket"]` |
 *
 * Where a framework hands over a web-standard `Request`, as Hono does, use `createGate` of `@wsgate/wsgate`. A policy is made
 * by its `compilePolicy`, and takes the same options.
 *
 * @module
 */

export {
  createNodeGate,
  type NodeGate,
  type NodeGateOptions,
  nodeHandshake,
  type NodeRequest,
  type NodeSocket,
} from "./guard/node_gate.ts";
