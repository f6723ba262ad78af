// A tool on this machine, on Deno (`deno serve --host 127.0.0.1`) and Bun: its own page gets in, and programs. No other
// page does, on another port, rebound or sandboxed, and nothing with a cookie and no Origin. `origins: []`: no page at all.

import { guard, upgradeHandler, websocket } from "@wsgate/wsgate";

const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
const fetch = guard(echo, {
  origins: ["'self'"],
  hosts: ["localhost", "127.0.0.1", "[::1]"],
  absent: "allow-without-credentials",
}, { requests: "all" });

const server = { hostname: "127.0.0.1", fetch, websocket };
export default server;
