// A tool on this machine, with a page of its own and programs that talk to it, on Deno and Bun. No other page gets in, on
// another port, rebound or sandboxed, and no browser without Origin: a program has no cookies. `origins: []`: no page.

import { guard, upgradeHandler, websocket } from "@wsgate/wsgate";

const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
const fetch = guard(echo, {
  origins: ["'self'"],
  hosts: ["localhost", "127.0.0.1", "[::1]"],
  absent: "allow-without-credentials",
}, { requests: "all" });

const server = { hostname: "127.0.0.1", fetch, websocket };
export default server;
