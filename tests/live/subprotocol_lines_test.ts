// The lines of `.github/SESSIONS.md` for servers that are not ours: with them the subprotocol is selected and not the
// ticket, wherever that stands. Without them some select the first offer, hence "the ticket comes last".

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Hono } from "hono";
import { WebSocketServer } from "ws";
import {
  connectRaw,
  handshakeBytes,
  handshakeHeaders,
  type NativeHandler,
  runtime,
  serve,
} from "../runtime.ts";

const TICKET = `ticket.${"A".repeat(43)}`;
/** What is offered: the ticket behind the subprotocol, and before it. */
const OFFERS = [`chat.v1, ${TICKET}`, `${TICKET}, chat.v1`];

interface Upgrades {
  upgradeWebSocket(
    request: Request,
    options?: { readonly protocol: string },
  ): { readonly response: Response };
  upgrade(request: Request, options?: { readonly headers: Readonly<Record<string, string>> }): boolean;
}
const { Deno: deno } = globalThis as unknown as { readonly Deno?: Upgrades };

/** What Bun's server asks for. */
const SILENT = { message() {} };

/** What is selected of each of the offers; "": nothing. */
async function selectedBy(port: number): Promise<string[]> {
  const selected: string[] = [];
  for (const offer of OFFERS) {
    const connection = connectRaw(port);
    connection.write(
      handshakeBytes("/", [...handshakeHeaders("localhost"), ["Sec-WebSocket-Protocol", offer]]),
    );
    const head = await connection.until("\r\n\r\n");
    connection.destroy();
    assertStringIncludes(head, "HTTP/1.1 101 ");
    selected.push(/^sec-websocket-protocol: (.*)\r$/im.exec(head)?.[1] ?? "");
  }
  return selected;
}

async function selectedByServed(handler: NativeHandler, websocket: unknown = SILENT): Promise<string[]> {
  const server = serve(handler, websocket);
  try {
    return await selectedBy(server.port);
  } finally {
    await server.stop();
  }
}

/** The line of the page's table for a server, which has to be what is tried here. */
async function assertOnPage(server: string, line: string): Promise<void> {
  const page = await readFile(new URL("../../.github/SESSIONS.md", import.meta.url), "utf8");
  const row = page.split("\n").find((it) => it.startsWith(`| ${server} `));
  assertStringIncludes(row ?? "", line);
}

const SPOKEN = ["chat.v1", "chat.v1"];
const FIRST_OFFERED = ["chat.v1", TICKET];
const onDeno = { skip: runtime === "deno" ? false : "a server of Deno's" };
const onBun = { skip: runtime === "bun" ? false : "a server of Bun's" };

describe("the subprotocol beside a ticket", () => {
  it("of Deno.upgradeWebSocket is none but the named one", onDeno, async () => {
    await assertOnPage("`Deno.upgradeWebSocket`", `Deno.upgradeWebSocket(request, { protocol: "chat.v1" })`);
    const upgrade = (options?: { protocol: string }) => (request: Request) =>
      deno!.upgradeWebSocket(request, options).response;
    assertEquals(await selectedByServed(upgrade()), ["", ""]);
    assertEquals(await selectedByServed(upgrade({ protocol: "chat.v1" })), SPOKEN);
  });

  it("of server.upgrade is the first offer, or the named one", onBun, async () => {
    const headers = { "sec-websocket-protocol": "chat.v1" };
    await assertOnPage("Bun's `server.upgrade`", `{ headers: { "sec-websocket-protocol": "chat.v1" } }`);
    const upgrade = (options?: { headers: typeof headers }) => (request: Request, server: unknown) => {
      (server as Upgrades).upgrade(request, options);
      return undefined;
    };
    assertEquals(await selectedByServed(upgrade()), FIRST_OFFERED);
    assertEquals(await selectedByServed(upgrade({ headers })), SPOKEN);
  });

  // Under Bun the name stands for something of Bun's own.
  it("of ws is the first offer, or what handleProtocols() says", onDeno, async () => {
    await assertOnPage("ws", `{ noServer: true, handleProtocols: () => "chat.v1" }`);
    for (
      const [options, expected] of [[{}, FIRST_OFFERED], [
        { handleProtocols: () => "chat.v1" },
        SPOKEN,
      ]] as const
    ) {
      const sockets = new WebSocketServer({ noServer: true, ...options });
      const server = createServer();
      server.on("upgrade", (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => {}));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        assertEquals(await selectedBy((server.address() as AddressInfo).port), expected);
      } finally {
        for (const ws of sockets.clients) ws.terminate();
        await new Promise((resolve) => server.close(resolve));
      }
    }
  });

  it("of Hono on Deno is the first offer, or the named one", onDeno, async () => {
    await assertOnPage("Hono on Deno", `upgradeWebSocket(handler, { protocol: "chat.v1" })`);
    const { upgradeWebSocket } = await import("hono/deno");
    const served = (options?: { protocol: string }) => {
      const app = new Hono().get("/", upgradeWebSocket(() => ({}), options));
      return selectedByServed((request) => app.fetch(request));
    };
    assertEquals(await served(), FIRST_OFFERED);
    assertEquals(await served({ protocol: "chat.v1" }), SPOKEN);
  });

  it("of Hono on Bun is the first offer", onBun, async () => {
    await assertOnPage("Hono on Bun", "the ticket has to be last");
    const { upgradeWebSocket, websocket } = await import("hono/bun");
    const app = new Hono().get("/", upgradeWebSocket(() => ({})));
    const handler = (request: Request, server: unknown) => app.fetch(request, server as object);
    assertEquals(await selectedByServed(handler as NativeHandler, websocket), FIRST_OFFERED);
  });
});
