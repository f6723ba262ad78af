// Sockets where the server, or its `websocket`, is somebody else's. On Deno there is no such thing: each upgrade is its own.

import { describe, test } from "node:test";
import { assertEquals, fail } from "@std/assert";
import { websocket } from "@wsgate/wsgate";
import { printed } from "../doubles.ts";
import { nativeUpgrade, runtime, serve } from "../runtime.ts";
import { eventually, knock, logging, OPCODE } from "./peer.ts";
import { openToAll } from "./serving.ts";

const onBun = { skip: runtime === "bun" ? false : "Deno has no `websocket` to share" };

/** Without its types: they draw in Bun's, which would then hold for every file that is checked with this one. */
// deno-lint-ignore no-explicit-any
const untyped = (specifier: string): Promise<any> => import(specifier);

describe("an upgradeHandler in a route of Elysia's", onBun, () => {
  test("works, beside its own sockets, and neither hears of the other's", async () => {
    const { Elysia } = await untyped("elysia");
    const log = logging({ message: (socket, data) => void socket.send(data) });
    const ours = openToAll(log.handlers, { idleTimeoutSeconds: 1 });
    const theirs: unknown[] = [];
    const app = new Elysia()
      .get("/ours", ({ request, server }: { request: Request; server: unknown }) => ours(request, server))
      .ws("/theirs", {
        message(ws: { send(data: unknown): void }, data: unknown) {
          theirs.push(data);
          ws.send(data);
        },
      })
      .listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = app.server;
    try {
      const own = await knock(port, { path: "/ours" });
      const other = await knock(port, { path: "/theirs" });
      assertEquals([own.status, other.status], [101, 101]);
      for (const peer of [own, other]) peer.send(OPCODE.text, "hello");
      await eventually("two echoes", () => own.texts.length === 1 && other.texts.length === 1);
      assertEquals([log.events, theirs], [["open", "message hello"], ["hello"]]);
      // Each event of Bun's reaches our socket by way of Elysia's.
      own.send(OPCODE.ping, "p");
      await eventually("a ping of ours", () => own.frames.some(({ opcode }) => opcode === OPCODE.ping));
      own.send(OPCODE.pong);
      own.send(OPCODE.close);
      await log.has("close 1005");
      other.destroy();
      const next = await knock(port, { path: "/ours" });
      assertEquals(next.status, 101);
      next.destroy();
    } finally {
      await app.stop(true);
    }
  });
});

describe("a native upgrade on a server with our `websocket`", onBun, () => {
  test("is closed with 1011 and told, not left open behind its 101", async () => {
    const log = logging();
    const ours = openToAll(log.handlers);
    const native = nativeUpgrade();
    const handler = (request: Request, server: unknown) =>
      request.url.endsWith("/native") ? native(request, server) : ours(request, server);
    const server = serve(handler, websocket);
    try {
      const lines = await printed(async () => {
        for (let i = 0; i < 3; i++) {
          const peer = await knock(server.port, { path: "/native" });
          assertEquals(peer.status, 101);
          assertEquals(await peer.closeFrame(), { code: 1011, reason: "" });
          await eventually("the end", () => peer.ended);
        }
      });
      // Once in a program: another file may have heard it.
      if (lines.length > 1) fail(JSON.stringify(lines));
      const peer = await knock(server.port, { path: "/ours" });
      assertEquals(peer.status, 101);
      await log.has("open");
      peer.destroy();
    } finally {
      await server.stop();
    }
  });
});
