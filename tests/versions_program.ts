/**
 * A server and three clients of it, run by `versions_test.ts` on versions of the runtimes that the suite does not run on.
 * It imports by path, for it is run without configuration, and nothing that old versions may not have.
 *
 * @module
 */

import { connect } from "node:net";
import process from "node:process";
import { authMiddlewareStack, originValidator, upgradeHandler, urlRouter, websocket } from "../mod.ts";

interface Served {
  readonly addr: { readonly port: number };
}
interface Runtimes {
  readonly Deno?: { serve(options: object, handler: unknown): Served };
  readonly Bun?: { serve(options: object): { readonly port: number } };
}
const { Deno: deno, Bun: bun } = globalThis as unknown as Runtimes;

const auth = authMiddlewareStack({ user: () => Promise.resolve({ name: "ada" }) });
const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
const fetch = originValidator(auth(urlRouter([["/chat/:room", echo]])), ["https://*.good.test"], {
  onDecision() {},
});
const port = deno !== undefined
  ? deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, fetch).addr.port
  : bun!.serve({ port: 0, hostname: "127.0.0.1", fetch, websocket }).port;

/** The status of a handshake, and for one that is let in whether a frame comes back. */
function knock(origin: string, upgrade: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1");
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    setTimeout(() => end(`nothing after ${JSON.stringify(text.slice(0, 20))}`), 5000);
    socket.on("error", () => end("an error"));
    socket.on("data", (chunk) => {
      const isFirst = text === "";
      text += chunk.toString("latin1");
      const status = text.slice(9, 12);
      if (status !== "101") end(status);
      else if (isFirst) socket.write("\x81\x82\0\0\0\0hi", "latin1");
      if (text.endsWith("\x81\x02hi")) end("101 hi");
    });
    const lines = [
      "GET /chat/blue HTTP/1.1",
      "Host: site.test",
      `Upgrade: ${upgrade}`,
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      `Origin: ${origin}`,
    ];
    socket.on("connect", () => socket.write([...lines, "", ""].join("\r\n")));
  });
}

const answers = [
  await knock("https://a.good.test", "websocket"),
  await knock("https://evil.test", "websocket"),
  await knock("https://a.good.test", "websocket, websocket"),
];
console.log(answers.join(", "));
process.exit(0);
