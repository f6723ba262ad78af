// Node's own server with ws: the gate first, then `admit`, then the upgrade.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";
import { createLiveSockets } from "@wsgate/wsgate/live";
import { createNodeGate } from "@wsgate/wsgate/node";
import { WebSocketServer } from "ws";

const gate = createNodeGate({ origins: ["https://example.com"] });
const live = createLiveSockets({ longestSessionSeconds: 3600 });
const sockets = new WebSocketServer({ noServer: true });

/** Sessions by their cookies: a session library is in its place. */
const sessions = new Map();
const cookieOf = (request) => /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];

const server = createServer(async (request, response) => {
  if (request.method === "POST" && request.url === "/log-in") {
    const cookie = randomUUID();
    sessions.set(cookie, { id: randomUUID() });
    response.setHeader("set-cookie", `session=${cookie}; HttpOnly; SameSite=Lax`);
  }
  const session = sessions.get(cookieOf(request));
  if (request.method === "POST" && request.url === "/log-out" && session !== undefined) {
    sessions.delete(cookieOf(request));
    await live.end({ session: session.id });
  }
  response.end("the site");
});

server.on("upgrade", async (request, socket, head) => {
  if (!gate(request, socket)) return;
  const session = sessions.get(cookieOf(request));
  let status = "401 Unauthorized";
  try {
    if (session !== undefined && await live.admit(request, session)) status = "";
  } catch {
    status = "503 Service Unavailable";
  }
  if (status !== "") {
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    live.track(request, ws);
    ws.on("message", (data) => ws.send(`${data}`));
  });
});
server.listen(process.env.PORT ?? 3000);
