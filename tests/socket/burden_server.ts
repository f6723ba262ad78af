/**
 * A server that is loaded from outside until something gives, in a process of its own: what it holds can be read there.
 *
 * @module
 */

import process from "node:process";
import {
  authMiddlewareStack,
  originValidator,
  protocolTypeRouter,
  refuseVisibly,
  type Socket,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { serve } from "../runtime.ts";
import { FEW, IDLE_SECONDS, LOOK_UP_SECONDS } from "./burden.ts";
import { pause } from "./peer.ts";

const quiet = { onDecision() {} };
const limits = { idleTimeoutSeconds: IDLE_SECONDS, ...quiet };
const counts: Record<string, number> = { refused: 0, closed: 0 };

/** Sends, and counts what is not taken. */
function send(socket: Socket, data: string | Uint8Array): void {
  if (!socket.send(data)) counts.refused!++;
}
function news(socket: Socket): void {
  while (socket.send("x".repeat(1000)));
}
const close = () => void counts.closed!++;

// The handler of README's program for both runtimes.
const echo = upgradeHandler({ message: send, close }, limits);
const routes = urlRouter([
  ["/echo", echo],
  ["/slow", upgradeHandler({ message: () => pause(20), close }, limits)],
  ["/few", upgradeHandler({ message: send, close }, { ...limits, maxSockets: FEW })],
  // Without an end: more than any buffer on the way takes.
  ["/news", upgradeHandler({ open: news, drain: news, close }, limits)],
  [
    "/loop",
    upgradeHandler({
      open(socket) {
        for (let i = 0; i < 16_000; i++) send(socket, "x");
      },
    }, limits),
  ],
  ["/farewell", upgradeHandler({ message: (socket) => socket.close(4403, "origin-not-allowed") }, limits)],
], quiet);
const user = authMiddlewareStack({ user: () => pause(1).then(() => ({ name: "ada" })), ...quiet });
const nobody = authMiddlewareStack({ user: () => pause(1).then(() => null), required: true, ...quiet });
const hanging = authMiddlewareStack({
  user: () => new Promise<null>(() => {}),
  timeoutSeconds: LOOK_UP_SECONDS,
  ...quiet,
});

const open = originValidator(
  urlRouter([
    ["/user/*", user(routes)],
    ["/nobody/*", nobody(routes)],
    ["/hanging/*", hanging(routes)],
    ["/*", routes],
  ], quiet),
  ["*"],
  quiet,
);
const shut = (refuse?: typeof refuseVisibly) =>
  originValidator(routes, [], refuse === undefined ? quiet : { ...quiet, refuse });
const [denied, shown] = [shut(), shut(refuseVisibly)];
const site = hanging(() => new Response("the site"));

const handler = protocolTypeRouter({
  websocket(request: Request, context: unknown) {
    const path = new URL(request.url).pathname;
    return path.startsWith("/denied/")
      ? denied(request, context)
      : path.startsWith("/shown/")
      ? shown(request, context)
      : open(request, context);
  },
  http(request: Request, context: unknown) {
    const path = new URL(request.url).pathname;
    if (path === "/counts") return Response.json(counts);
    return path === "/hanging" ? site(request, context) : new Response("here");
  },
}, quiet);

process.stdin.on("end", () => process.exit(0)).resume();
console.log(JSON.stringify({ port: serve(handler, websocket).port }));
