/**
 * Gates for Node's own servers: `server.on("upgrade", …)`, and with it ws, Express, Fastify and socket.io.
 *
 * ```ts
 * import { createNodeGate } from "@wsgate/wsgate/node";
 *
 * const gate = createNodeGate({ origins: ["https://example.com"] });
 * // server.on("upgrade", (request, socket, head) => {
 * //   if (!gate(request, socket)) return;
 * //   sockets.handleUpgrade(request, socket, head, (ws) => { … });
 * // });
 * console.log(typeof gate);
 * ```
 *
 * @module
 */

export {
  createNodeGate,
  type NodeGate,
  nodeHandshake,
  type NodeRequest,
  type NodeSocket,
} from "./guard/node_gate.ts";
