// What `upgradeHandler` cannot make the same on both runtimes: every row of the table in src/socket, shown on this one.

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { connect as connectHttp2 } from "node:http2";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { websocket } from "@wsgate/wsgate";
import { printed } from "../doubles.ts";
import { connectRaw, handshakeBytes, handshakeHeaders, runtime, serve } from "../runtime.ts";
import { begin, FEW_FILES, IDLE_SECONDS, settled, startBurdened } from "./burden.ts";
import { eventually, frameOf, knock, logging, OPCODE, pause } from "./peer.ts";
import { openToAll, serving } from "./serving.ts";

const isDeno = runtime === "deno";
const slow = { timeout: 120_000 };

/** Rows by their first cell. */
const SHOWN: Readonly<Record<string, () => Promise<void>>> = {
  async "an absolute-form target that names another host"() {
    await printed(() =>
      serving(openToAll(), async (port) => {
        const peer = await knock(port, { path: "http://other.test/" });
        assertEquals(peer.status, isDeno ? 400 : 101);
        peer.destroy();
      })
    );
  },

  async "`socket.request.headers` in a handler"() {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      await log.has("open");
      const read = () => log.sockets[0]!.request.headers.get("host");
      let host: string | null;
      try {
        host = read();
      } catch (error) {
        host = (error as Error).name;
      }
      assertEquals(host, isDeno ? "TypeError" : `127.0.0.1:${port}`);
      peer.destroy();
    });
  },

  async "what waits to be sent"() {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const peer = await knock(port);
      await log.has("open");
      const [socket] = log.sockets;
      assert(socket!.send("x"));
      assertEquals(socket!.bufferedBytes, isDeno ? 1 + 64 : 0);
      peer.destroy();
    });
  },

  async "20,000 short messages at once, each of which is answered"() {
    let refused = 0;
    const handler = openToAll({
      message(socket, data) {
        if (!socket.send(data)) refused++;
      },
    });
    await serving(handler, async (port) => {
      const peer = await knock(port);
      peer.write(Buffer.concat(Array(20_000).fill(frameOf(OPCODE.text, "x".repeat(32)))));
      await eventually("an answer or none to each", () => peer.texts.length + refused === 20_000);
      if (isDeno) assertGreater(refused, 5000);
      else assertEquals(refused, 0);
      peer.destroy();
    });
  },

  async "a peer that has stopped reading"() {
    const server = await startBurdened();
    try {
      const { closed } = await server.counts();
      const socket = begin(server.port, { path: "/news" });
      await pause(200);
      socket.pause();
      const start = performance.now();
      while ((await server.counts()).closed === closed) {
        assertLess(performance.now() - start, 3000 * IDLE_SECONDS);
        await pause(50);
      }
      await pause(500);
      const held = await settled(() => server.descriptors());
      socket.destroy();
      await pause(500);
      assertEquals(held - await settled(() => server.descriptors()), isDeno ? 1 : 0);
    } finally {
      await server.kill();
    }
  },

  async "a connection that says nothing, or half a handshake"() {
    await serving(openToAll(), async (port) => {
      const clients = ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a.test\r\n"].map((bytes) => {
        const client = connect(port, "127.0.0.1");
        client.on("error", () => {}).write(bytes);
        return client.resume();
      });
      await pause(14_000);
      assertEquals(clients.map(({ closed }) => closed), Array(3).fill(!isDeno));
      for (const client of clients) client.destroy();
    });
  },

  async "a handshake with a body"() {
    await serving(openToAll(), async (port) => {
      const peer = await knock(port, { more: [["Content-Length", "4"]], first: Buffer.from("body") });
      assertEquals(peer.status, isDeno ? 400 : 101);
      peer.destroy();
    });
  },

  async "lines that end in LF alone"() {
    await serving(openToAll(), async (port) => {
      const client = connectRaw(port);
      client.write(handshakeBytes("/", handshakeHeaders("site.test")).replaceAll("\r\n", "\n"));
      await client.until(isDeno ? /^HTTP\/1\.1 101/ : /^HTTP\/1\.1 505/);
      client.destroy();
    });
  },

  async "headers"() {
    await serving(openToAll(), async (port) => {
      const status = async (more: [string, string][]) => {
        const peer = await knock(port, { more });
        peer.destroy();
        return peer.status;
      };
      const long = (bytes: number): [string, string][] => [["X-Long", "a".repeat(bytes)]];
      const many = (count: number) =>
        Array.from({ length: count }, (_, i): [string, string] => [`X-${i}`, "a"]);
      assertEquals(await status(long(15_000)), 101);
      assertEquals(await status(long(17_000)), isDeno ? 101 : 431);
      assertEquals(await status(long(60_000)), isDeno ? 101 : 431);
      assertEquals(await status(long(100_000)), isDeno ? 400 : 431);
      assertEquals(await status(many(120)), 101);
      assertEquals(await status(many(140)), isDeno ? 400 : 101);
    });
  },

  async "HTTP/2 without TLS"() {
    const hosts: (string | null)[] = [];
    const site = (request: Request) => {
      hosts.push(request.headers.get("host"));
      return new Response();
    };
    const server = serve(site, websocket);
    const client = connectHttp2(`http://127.0.0.1:${server.port}`);
    const outcome = await new Promise<string>((resolve) => {
      client.on("error", () => resolve("no connection"));
      const request = client.request({ ":path": "/" });
      request.on("error", () => resolve("no connection"));
      request.on("response", (headers) => resolve(`${headers[":status"]}`));
      request.end();
    });
    client.destroy();
    await server.stop();
    assertEquals([outcome, hosts], isDeno ? ["200", [null]] : ["no connection", []]);
  },

  async "no file descriptor left"() {
    const child = spawn("prlimit", [
      `--nofile=${FEW_FILES}`,
      process.execPath,
      ...(isDeno ? ["run", "-A"] : []),
      fileURLToPath(new URL("burden_server.ts", import.meta.url)),
    ], { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let exit: number | null = null;
    child.on("exit", (code) => exit = code);
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => output += chunk);
    try {
      await eventually("a port", () => output.includes('"port"'));
      const { port } = JSON.parse(output.split("\n").find((line) => line.includes('"port"'))!);
      const clients = Array.from({ length: FEW_FILES + 50 }, () => connectRaw(port));
      if (isDeno) {
        await eventually("its end", () => exit !== null);
        assertEquals(exit, 1);
        assertStringIncludes(output, "Too many open files");
        return;
      }
      await pause(2000);
      for (const client of clients) client.destroy();
      await pause(500);
      assertEquals(exit, null);
      const peer = await knock(port, { path: "/echo" });
      assertEquals(peer.status, 101);
      peer.destroy();
    } finally {
      child.kill();
    }
  },

  async "a copy of the request"() {
    const handler = openToAll();
    await printed(() =>
      serving((request, context) => handler(new Request(request), context), async (port) => {
        const peer = await knock(port);
        assertEquals(peer.status, isDeno ? 101 : 426);
        peer.destroy();
      })
    );
  },
};

/** Rows that other files show on both runtimes, with the name of a test there. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, name: string]>> = {
  "a peer that never answers a close": ["sessions_test.ts", "own close, and the peer keeps silent"],
  "a message over `maxMessageBytes`": ["sessions_test.ts", "over every limit in fragments"],
  "a broken frame": ["traps_test.ts", "protocol errors: 1006 on both"],
  "a close or pong frame over 125 bytes": ["framing_test.ts", "2.12 a pong of 126 bytes"],
  "a frame that comes before the handshake is answered, while a user is looked up": [
    "sessions_test.ts",
    "the same where a look-up was awaited",
  ],
  "an unmasked frame from a client": ["traps_test.ts", "unmasked client frame"],
  "a graceful stop": ["shutdown_test.ts", "every client is told, every handler is called once"],
  "a client that is gone before the answer": ["survival_test.ts", "clients that are gone before the answer"],
  "a visible refusal, in Firefox": [
    "../browser/situations_test.ts",
    "unclean, and the opening may be lost on it",
  ],
  "a path with dot segments or backslashes": [
    "../router/url_router_test.ts",
    "the raw bytes that Bun resolves",
  ],
  "limits": ["bun_test.ts", "a handler that wants more than a server was told is a fault"],
};

/** The first cells of the table under a heading. */
function rowsUnder(heading: string, text: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section.split("\n").filter((line) => line.startsWith("| ")).map((line) =>
    line.split(" | ")[0]!.slice(2).trim()
  )
    .filter((cell) => cell !== "" && !/^-+$/.test(cell));
}

describe("the table of differences", () => {
  for (const [row, show] of Object.entries(SHOWN)) test(row, slow, show);

  test("has no row that is shown nowhere, and every row that is", async () => {
    const rows = rowsUnder(
      "Deno and Bun side by side",
      await readFile(new URL("../../src/socket/README.md", import.meta.url), "utf8"),
    );
    assertEquals(rows.toSorted(), [...Object.keys(SHOWN), ...Object.keys(ELSEWHERE)].toSorted());
    for (const [file, name] of Object.values(ELSEWHERE)) {
      assertStringIncludes(await readFile(new URL(file, import.meta.url), "utf8"), name);
    }
  });
});
