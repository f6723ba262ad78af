// A server of the official MCP SDK, whose transport judges neither Origin nor Host unless something in front does, and the
// SDK's own client. The specification: "Servers MUST validate the Origin header on all incoming connections", with 403.

import { after, beforeEach, describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { originValidator } from "@wsgate/wsgate";
import { recorder } from "../recorder.ts";
import { eachRowInTurn } from "../rows.ts";
import { handshakeBytes, sendRaw, serve } from "../runtime.ts";

/** Without their types, which the package names in a way that Deno does not find. */
// deno-lint-ignore no-explicit-any
const sdk = (path: string): Promise<any> => import(`@modelcontextprotocol/sdk/${path}`);
const { Client } = await sdk("client/index.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");
const { McpServer } = await sdk("server/mcp.js");
const { WebStandardStreamableHTTPServerTransport } = await sdk("server/webStandardStreamableHttp.js");

const EVIL = "https://evil.test";
const INSPECTOR = "http://localhost:6274";

/** Everything that reached the server, as `METHOD`. */
const reached: string[] = [];

/** An MCP server with a transport for each session, as the SDK's examples have it. */
function mcpHandler(): (request: Request) => Promise<Response> {
  const sessions = new Map<string, { handleRequest(request: Request): Promise<Response> }>();
  return async (request) => {
    reached.push(request.method);
    const known = sessions.get(request.headers.get("mcp-session-id") ?? "");
    if (known !== undefined) return await known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id: string) => void sessions.set(id, transport),
    });
    const server = new McpServer({ name: "notes", version: "1.0.0" });
    server.registerTool("read_note", { description: "Reads the private note" }, () => ({
      content: [{ type: "text", text: "the private note" }],
    }));
    await server.connect(transport);
    return await transport.handleRequest(request);
  };
}

/** Initializes, lists the tools, calls one and ends the session, by the SDK's own client. */
async function readNote(port: number, headers: Record<string, string> = {}): Promise<unknown> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), {
    requestInit: { headers },
  });
  try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    const { content } = await client.callTool({ name: tools[0]!.name });
    await transport.terminateSession();
    return [tools.map(({ name }: { name: string }) => name), content];
  } finally {
    await client.close();
  }
}

const NOTE = [["read_note"], [{ type: "text", text: "the private note" }]];

/** The first request of a client, with whatever Host and Origin. */
function initialize(host: string, origin?: string): string {
  const message = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "page", version: "1" } },
  };
  const body = JSON.stringify(message);
  const lines: [string, string][] = [
    ["Host", host],
    ...(origin === undefined ? [] : [["Origin", origin] as [string, string]]),
    ["Accept", "application/json, text/event-stream"],
    ["Content-Type", "application/json"],
    ["Content-Length", String(body.length)],
  ];
  return handshakeBytes("/mcp", lines, "POST") + body;
}

describe("an MCP server behind originValidator", () => {
  const { onDecision, reasons } = recorder();
  const bare = serve(mcpHandler());
  const guarded = serve(
    originValidator(mcpHandler(), ["'self'", INSPECTOR], {
      hosts: ["127.0.0.1"],
      requests: "all",
      onDecision,
    }),
  );
  after(() => Promise.all([bare.stop(), guarded.stop()]).then(() => {}));
  beforeEach(() => {
    reached.length = 0;
    reasons.length = 0;
  });

  test("serves the SDK's client, without Origin and with an allowed one: POST, GET and DELETE", async () => {
    const self = `http://127.0.0.1:${guarded.port}`;
    await eachRowInTurn([undefined, self, INSPECTOR], async (origin) => {
      reached.length = 0;
      assertEquals(await readNote(guarded.port, origin === undefined ? {} : { origin }), NOTE);
      assertEquals([...new Set(reached)].sort(), ["DELETE", "GET", "POST"]);
    });
    assertEquals(reasons, []);
  });

  test("refuses another Origin with 403, and the server never hears of it", async () => {
    const others = [EVIL, "null", "http://127.0.0.1:1", `https://127.0.0.1:${guarded.port}`];
    await eachRowInTurn(others, async (origin) => {
      assertEquals(await readNote(guarded.port, { origin }).catch(({ code }) => code), 403);
    });
    assertEquals(reasons, [
      "origin-not-allowed",
      "origin-null",
      "origin-not-allowed",
      "origin-not-allowed",
    ]);
    assertEquals(reached, []);
  });

  test("refuses it of every method, in a session that is open too", async () => {
    const first = await sendRaw(guarded.port, initialize(`127.0.0.1:${guarded.port}`));
    const session = /^mcp-session-id: (.*)$/im.exec(first.text)?.[1]?.trim();
    assert(session !== undefined, first.text);
    reached.length = 0;
    await eachRowInTurn(["GET", "POST", "DELETE", "OPTIONS"], async (method) => {
      const lines: [string, string][] = [
        ["Host", `127.0.0.1:${guarded.port}`],
        ["Origin", EVIL],
        ["Mcp-Session-Id", session],
        ["Accept", "application/json, text/event-stream"],
        ["Content-Length", "0"],
      ];
      const { status } = await sendRaw(guarded.port, handshakeBytes("/mcp", lines, method));
      assertEquals(status, 403);
    });
    assertEquals([reasons.length, reached], [4, []]);
  });

  test("refuses a name that leads here with 403, whose page says its own Origin or none", async () => {
    const host = `evil.test:${guarded.port}`;
    await eachRowInTurn([`http://${host}`, undefined], async (origin) => {
      const { status } = await sendRaw(guarded.port, initialize(host, origin));
      assertEquals(status, 403);
    });
    assertEquals([reasons, reached], [["host-not-allowed", "host-not-allowed"], []]);
  });

  test("without it the same server reads the note to anybody", async () => {
    assertEquals(await readNote(bare.port, { origin: EVIL }), NOTE);
    const host = `evil.test:${bare.port}`;
    const { status, text } = await sendRaw(bare.port, initialize(host, `http://${host}`));
    assertEquals([status, text.includes("mcp-session-id")], [200, true]);
  });
});
