/**
 * The smallest server: it sends back what it is sent, and only pages of its own origin get to it.
 *
 *     deno serve --port 8000 examples/echo.ts
 *     PORT=8000 bun run examples/echo.ts
 *
 * Then open http://localhost:8000, where there is nothing to see, and type into the browser's console:
 *
 *     const socket = new WebSocket("/");
 *     socket.onmessage = ({ data }) => console.log(data);
 *     socket.onopen = () => socket.send("hello");
 *
 * In the console of any other site `new WebSocket("ws://localhost:8000/")` is refused.
 *
 * @module
 */

import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";

const echo = upgradeHandler({
  message(socket, data) {
    socket.send(data);
  },
});

/** The whole application. */
export const fetch = originValidator(echo, ["'self'"], { hosts: ["localhost", "127.0.0.1"] });

export default { fetch, websocket };
