// A server of Node's own behind a node gate, run by `node_test.ts` with the packed package beside it. Plain JavaScript: the
// oldest Node that is served knows no other. Its first line names its port; it ends when its stdin does.

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { originValidator, upgradeHandler } from "@wsgate/wsgate";
import { createNodeGate } from "@wsgate/wsgate/node";
import "@wsgate/wsgate/cli";
import "@wsgate/wsgate/testing";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";

const gate = createNodeGate({ origins: ["https://good.test"], suffixes: publicSuffixes });
const site = originValidator(upgradeHandler({}), ["https://good.test"]);

const server = createServer(async ({ url }, response) => {
  if (url === "/descriptors") return response.end(`${readdirSync("/proc/self/fd").length}`);
  // What a handler of ours says where nothing can be upgraded: a Request that this server has made.
  const headers = {
    host: "site.test",
    origin: "https://good.test",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  // Node's own Request drops none of them only when they are set afterwards.
  const request = new Request("http://site.test/");
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  response.end(`${(await site(request)).status}`);
});
server.on("upgrade", (request, socket) => {
  if (!gate(request, socket)) return;
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  socket.on("data", (chunk) => socket.write(chunk));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on("end", () => process.exit());
