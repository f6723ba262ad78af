// The server that `traps_test.ts` sets its heaviest traps for, in a process of its own: whether a process survives can
// only be seen from outside, and a Bun server is told its limits once in the life of a process. It ends when its stdin
// does.

import process from "node:process";
import { refuseVisibly, type Socket, type SocketHandlers, websocket } from "@wsgate/wsgate";
import { denials } from "../../src/denial.ts";
import { type NativeHandler, serve } from "../runtime.ts";
import { openToAll } from "./serving.ts";

/** Ways in which user code fails. */
const failures: Readonly<Record<string, () => unknown>> = {
  throws() {
    throw new Error("thrown");
  },
  rejects: () => Promise.reject(new Error("rejected")),
  async "rejects-later"() {
    await new Promise((resolve) => setTimeout(resolve, 10));
    throw new Error("rejected later");
  },
};

/** `/open-throws`, `/message-rejects`, …: the handler named first fails in the way named second. */
const failing = new Map<string, NativeHandler>();
for (const [how, failWith] of Object.entries(failures)) {
  const fail = () => failWith() as void;
  const events: Record<string, SocketHandlers> = {
    open: { open: fail },
    message: { message: fail },
    close: { close: fail },
    error: { message: failures.throws as () => void, error: fail },
  };
  for (const [event, handlers] of Object.entries(events)) {
    failing.set(`${event}-${how}`, openToAll(handlers));
  }
}

const tell = (socket: Socket, data: string | Uint8Array) => void socket.send(`${data.length}`);
/** More than Bun takes where nobody has said anything, and less than any server takes where one handler wants more. */
const roomy = openToAll({ message: tell }, { maxMessageBytes: 17 * 1024 * 1024 });
const narrow = openToAll({ message: tell }, { maxMessageBytes: 1024 });

const server = serve((request, context) => {
  const name = /([^/]*)$/.exec(request.url)?.[1] ?? "";
  if (name === "roomy") return roomy(request, context);
  if (name === "narrow") return narrow(request, context);
  if (name === "refused") return refuseVisibly(denials["origin-not-allowed"], request, context);
  return failing.get(name)?.(request, context) ?? new Response("alive");
}, websocket);

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
console.log(JSON.stringify({ main: server.port }));
