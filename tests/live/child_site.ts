/**
 * One of several processes of a site that share an SQLite file: sockets by cookie, and `/end?…` to end sessions. Started by
 * `processes_test.ts` with the file as its argument.
 *
 * @module
 */

import process from "node:process";
import {
  authMiddlewareStack,
  getCookies,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { createLiveSockets, sqliteStore } from "@wsgate/wsgate/live";
import { type NativeHandler, serve } from "../runtime.ts";

const { DatabaseSync } = await import("node:sqlite");
const live = createLiveSockets({
  store: sqliteStore(new DatabaseSync(process.argv[2]!)),
  longestSessionSeconds: 3600,
  pollSeconds: 0.5,
});
const auth = authMiddlewareStack<{ id: string; subject: string | undefined }>({
  user(request) {
    const [id, subject] = getCookies(request).get("session")?.split(".") ?? [];
    return id === undefined ? null : { id, subject };
  },
  session: ({ id, subject }) => subject === undefined ? { id } : { id, subject, startedAt: 1.7e12 },
  live,
});

async function http(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url, "http://site.test");
  if (pathname === "/size") return new Response(`${live.size}`);
  await live.end(Object.fromEntries(searchParams) as { session: string });
  return new Response("ended");
}

const handler = protocolTypeRouter({
  http,
  websocket: originValidator(auth(upgradeHandler({}, { live })), ["*"], { absent: "allow" }),
});
const server = serve(handler as NativeHandler, websocket);
console.log(JSON.stringify({ site: server.port }));
process.stdin.on("end", () => process.exit()).resume();
