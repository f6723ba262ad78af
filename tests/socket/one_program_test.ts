/**
 * One program, served in every way that the two runtimes have: what comes in is another request each time, in its URL,
 * its second argument and what carries it, and the verdict is the same.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { assertEquals } from "@std/assert";
import { makeCertificate } from "../certificate.ts";
import { startChild } from "../child.ts";
import { serveProgram } from "../programs.ts";
import { eachRowInTurn } from "../rows.ts";
import { clientFrame, handshakeBytes, handshakeHeaders, runtime, serverFrame } from "../runtime.ts";

const HOST = "www.goodsite.com";
const HONEST = `https://${HOST}`;
const FOREIGN = "https://evil.example";
const PATIENCE_MS = 30_000;
const certificate = makeCertificate();

describe("one program", () => {
  const overTcp = (port: number) => connect(port, "127.0.0.1");
  const overTls = (port: number) => connectTls({ port, host: "127.0.0.1", ca: certificate.cert });
  const { cert, key } = certificate;
  const path = unixPath();

  const table: [name: string, start: () => Promise<Server>, connect: (port: number) => Duplex][] = [
    ["Deno.serve(fetch), Bun.serve({ fetch, websocket })", () => start("plain"), overTcp],
    ["TLS", () => start("tls", cert, key), overTls],
    ["a unix socket", () => start("unix", path), () => connect(path)],
    ["Bun's routes", () => start("routes"), overTcp],
    ["Hono", () => start("hono"), overTcp],
    ["Hono, behind a middleware that adds headers", () => start("honoWithHeaders"), overTcp],
    ["deno serve, bun run", () => serveProgram(new URL("program.ts", import.meta.url)), overTcp],
  ];
  for (const [name, start, connect] of table) {
    const skip = name === "Bun's routes" && runtime === "deno" ? "Deno has none" : false;
    it(name, { skip, timeout: 4 * PATIENCE_MS }, async () => {
      const { port, stop } = await start();
      try {
        const served = { status: 101, said: ["hello ada, this is lobby", "are you there?"] };
        const refused = { status: 403, said: [] };
        assertEquals(await visit(connect(port), HONEST), served);
        assertEquals(await visit(connect(port), FOREIGN), refused);
        assertEquals(await visit(connect(port), null), refused);
        // Whoever was refused has harmed nobody.
        assertEquals(await visit(connect(port), HONEST), served);
      } finally {
        await stop();
      }
    });
  }
});

describe("'self' is the origin of the page that the same server would serve", () => {
  it("over TLS a wss: socket goes with an https: page", { timeout: 4 * PATIENCE_MS }, async () => {
    const { port, stop } = await start("echoOverTls", certificate.cert, certificate.key);
    const open = () => connectTls({ port, host: "127.0.0.1", ca: certificate.cert });
    try {
      await checkSelf(open, `localhost:${port}`, `https://localhost:${port}`, [
        `http://localhost:${port}`,
        "https://localhost",
        `https://127.0.0.1:${port}`,
        `https://evil.example:${port}`,
      ]);
    } finally {
      await stop();
    }
  });

  it(
    "on a unix socket a proxy is in front, and speaks plain HTTP",
    { timeout: 4 * PATIENCE_MS },
    async () => {
      const path = unixPath();
      const { stop } = await start("echoOnUnix", path);
      try {
        await checkSelf(() => connect(path), "localhost", "http://localhost", [
          "https://localhost",
          "http://localhost:8000",
          "http+unix://localhost",
          "http://evil.example",
        ]);
      } finally {
        await stop();
      }
    },
  );

  async function checkSelf(
    open: () => Duplex,
    host: string,
    self: string,
    others: readonly string[],
  ): Promise<void> {
    assertEquals(await visit(open(), self, host, 1), { status: 101, said: ["are you there?"] });
    await eachRowInTurn(others, async (origin) => {
      assertEquals(await visit(open(), origin, host, 1), { status: 403, said: [] });
    });
  }
});

// ------------------------------------------------------------------------------------------------- servers

interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts one of the ways of `ways.ts`. */
async function start(way: string, ...parts: readonly string[]): Promise<Server> {
  const child = await startChild(new URL("ways.ts", import.meta.url), [way, ...parts], 2 * PATIENCE_MS);
  const stop = async () => {
    await child.kill();
    for (const path of parts.filter((part) => part.endsWith(".sock"))) rmSync(path, { force: true });
  };
  return { port: child.ports.port!, stop };
}

/** Short: the path of a unix socket has to fit into 108 bytes. */
function unixPath(): string {
  return join(tmpdir(), `wsgate-${randomBytes(4).toString("hex")}.sock`);
}

// -------------------------------------------------------------------------------------------------- clients

/**
 * Sends a handshake with Ada's cookie and one message behind it, waits for so many messages, then closes by the book.
 * An origin of null: none is sent.
 */
function visit(
  connection: Duplex,
  origin: string | null,
  host = HOST,
  expected = 2,
): Promise<{ status: number; said: string[] }> {
  const question = "are you there?";
  return new Promise((resolve, reject) => {
    let text = "";
    let closing = false;
    const status = () => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
    const frames = () => text.slice(text.indexOf("\r\n\r\n") + 4);
    const finish = () => {
      clearTimeout(timer);
      connection.destroy();
      resolve({ status: status(), said: status() === 101 ? messages(frames(), expected) : [] });
    };
    const timer = setTimeout(() => {
      connection.destroy();
      reject(new Error(`The time ran out: ${JSON.stringify(text)}`));
    }, PATIENCE_MS);
    connection.on("error", reject);
    connection.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      if (status() !== 101) finish();
      else if (closing) {
        if (frames().includes("\x88")) finish();
      } else if (messages(frames(), expected).length === expected) {
        closing = true;
        connection.write("\x88\x80\0\0\0\0", "latin1");
      }
    });
    const headers = [...handshakeHeaders(host), ["Cookie", "session=4f2a"]] as [string, string][];
    if (origin !== null) headers.push(["Origin", origin]);
    connection.write(handshakeBytes("/chat/lobby", headers) + clientFrame(question), "latin1");
  });
}

/** The first so many text messages, each of them short and whole. */
function messages(frames: string, most: number): string[] {
  const found: string[] = [];
  while (found.length < most && frames.length > 1) {
    const text = frames.slice(2, 2 + frames.charCodeAt(1));
    if (!frames.startsWith(serverFrame(text)) || text.length < frames.charCodeAt(1)) break;
    found.push(text);
    frames = frames.slice(2 + text.length);
  }
  return found;
}
