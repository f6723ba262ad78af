/**
 * The server of `clients_test.ts`: echoes, closes when asked to, and prints what its handlers are told.
 *
 * @module
 */

import process from "node:process";
import { originValidator, type Socket, upgradeHandler, websocket } from "@wsgate/wsgate";
import { serve } from "../runtime.ts";
import { ORIGINS } from "./client.ts";

function note(socket: Socket, what: string): void {
  console.log(`${new URL(socket.request.url).pathname} ${what}`);
}

const talk = upgradeHandler({
  open: (socket) => note(socket, `opens ${socket.protocol}`),
  message(socket, data) {
    if (data === "please close") socket.close(4000, "as you wish");
    else socket.send(data);
  },
  close: (socket, code, reason) => note(socket, `closes ${code} ${reason}`),
}, { protocols: ["v2", "v1"] });

const { port } = serve(originValidator(talk, [ORIGINS.honest], { onDecision() {} }), websocket);
console.log(JSON.stringify({ port }));
process.stdin.resume().on("end", () => process.exit());
