// The examples of `with/` on the runtimes that they are for: whoever copies one has a socket that opens for his own pages,
// and for nobody else.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { runtime, sendRaw } from "../runtime.ts";
import { eventually, type HandshakeParts, knock, OPCODE, opening } from "../socket/peer.ts";
import { type Platform, prepareNode, type ServedExample, serveExample } from "./served.ts";

const asked = { skip: runtime === "deno" ? false : "starts all runtimes under Deno", timeout: 120_000 };
const folderOfExamples = fileURLToPath(new URL("../../examples/with/", import.meta.url));

/** What the frameworks make different. */
interface Example {
  readonly on: readonly Platform[];
  readonly path?: string;
  /** What a page sends, and what it gets then. */
  readonly says?: readonly [sent: string, got: RegExp][];
  /** A status in place of the gate's 403. */
  readonly refusal?: number;
  /** The answer to an `Upgrade` that is there twice; 0: none, the client waits. */
  readonly doubled?: number;
  /** The framework keeps it from the gate. */
  readonly doubledUntold?: true;
  /** The Host header, and the origin of the page that is let in. */
  readonly host?: (port: number) => string;
  readonly origin?: (port: number) => string;
  /** A program without Origin is let in. */
  readonly programs?: true;
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  "bun_routes.ts": { on: ["bun"] },
  "crossws_on_bun.ts": { on: ["bun"] },
  "crossws_on_deno.ts": { on: ["deno"] },
  "deno_serve.ts": { on: ["deno"] },
  // To Elysia that is no WebSocket, and it has no other route there.
  "elysia.ts": { on: ["bun"], doubled: 404, doubledUntold: true },
  "express.mjs": { on: ["node"] },
  // The hook answers 403 to whatever the gate refuses.
  "fastify.mjs": { on: ["node"], doubled: 403 },
  "h3.ts": { on: ["deno", "bun", "node"] },
  "hono_on_bun.ts": { on: ["bun"] },
  "hono_on_deno.ts": { on: ["deno"] },
  // @hono/node-server neither answers nor ends what asks for anything but `websocket`.
  "hono_on_node.mjs": { on: ["node"], doubled: 0, doubledUntold: true },
  "local_tool.ts": {
    on: ["deno", "bun"],
    host: (port) => `localhost:${port}`,
    origin: (port) => `http://localhost:${port}`,
    programs: true,
  },
  "node_http.mjs": { on: ["node"] },
  // Engine.IO answers 400 to whatever a middleware refuses. Its sockets have a protocol of their own.
  "socket_io.mjs": {
    on: ["node"],
    path: "/socket.io/?EIO=4&transport=websocket",
    says: [["40", /^40\{"sid":/], ['42["message","hello"]', /^42\["message","hello"\]$/]],
    refusal: 400,
  },
  "tenants.ts": { on: ["deno", "bun"], host: () => "two.example", origin: () => "https://two.example" },
  "workers.ts": { on: ["workerd"] },
};

/** To h3's plugin on Deno and Bun an `Upgrade` that is there twice is no WebSocket: its handler asks for one. */
const doubledOf = (example: Example, file: string, platform: Platform) =>
  file === "h3.ts" && platform !== "node"
    ? { status: 426, told: false }
    : { status: example.doubled ?? example.refusal ?? 400, told: !example.doubledUntold };

describe("examples/with", asked, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-with-"));
    await prepareNode(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function serving(
    file: string,
    platform: Platform,
    act: (server: ServedExample) => Promise<void>,
  ): Promise<void> {
    const server = await serveExample(`with/${file}`, platform, folder);
    try {
      await act(server);
      assert(server.alive(), server.output());
    } finally {
      await server.stop();
    }
  }

  it("has no file but those that are served here", async () => {
    assertEquals((await readdir(folderOfExamples)).sort(), Object.keys(EXAMPLES));
  });

  it("each has 20 lines at most, and the README leads to it", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const files = await Promise.all(
      Object.keys(EXAMPLES).map(async (file) =>
        [file, await readFile(join(folderOfExamples, file), "utf8")] as const
      ),
    );
    eachRow(files, ([file, text]) => {
      assertLessOrEqual(text.trimEnd().split("\n").length, 20);
      assert(readme.includes(`](examples/with/${file})`));
    });
  });

  for (const [file, example] of Object.entries(EXAMPLES)) {
    for (const platform of example.on) {
      it(`${file} on ${platform} opens for its own page, and for nobody else`, asked, async () => {
        await serving(file, platform, (server) => holds(server, example, doubledOf(example, file, platform)));
      });
    }
  }

  for (const platform of EXAMPLES["local_tool.ts"]!.on) {
    it(`the local tool on ${platform} keeps out other pages, rebinding and cookies`, asked, async () => {
      await serving("local_tool.ts", platform, async ({ port }) => {
        const own = `localhost:${port}`;
        const rows: [host: string, headers: Record<string, string>, status: number][] = [
          [`127.0.0.1:${port}`, { Origin: `http://127.0.0.1:${port}` }, 101],
          [`[::1]:${port}`, { Origin: `http://[::1]:${port}` }, 101],
          [own, {}, 101],
          [own, { Origin: `http://localhost:${port}`, Cookie: "a=b" }, 101],
          [own, { Cookie: "a=b" }, 403],
          [own, { Authorization: "Basic YTpi" }, 403],
          [own, { Origin: "http://localhost:3000" }, 403],
          [own, { Origin: `http://127.0.0.1:${port}` }, 403],
          [own, { Origin: `https://localhost:${port}` }, 403],
          [own, { Origin: "null" }, 403],
          [`evil.test:${port}`, { Origin: `http://evil.test:${port}` }, 403],
          [`evil.test:${port}`, {}, 403],
        ];
        await eachRowInTurn(rows, async ([host, headers, status]) => {
          const parts = { replaced: { Host: host }, more: Object.entries(headers) };
          assertEquals(await statusOf(port, parts), status);
        });
        // What stands beside the socket has the same policy: 426 is what the handler itself answers.
        const plain: [host: string, origin: string | null, status: number][] = [
          [own, null, 426],
          [own, `http://localhost:${port}`, 426],
          [own, "https://evil.test", 403],
          [`evil.test:${port}`, null, 403],
        ];
        await eachRowInTurn(plain, async ([host, origin, status]) => {
          const line = origin === null ? "" : `Origin: ${origin}\r\n`;
          const answer = await sendRaw(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n${line}\r\n`);
          assertEquals(answer.status, status);
        });
      });
    });
  }

  it("a tenant's page gets in at no other tenant, and an unknown site has none", asked, async () => {
    await serving("tenants.ts", "deno", async ({ port, output }) => {
      const rows: [host: string, origin: string, status: number][] = [
        ["one.example", "https://one.example", 101],
        ["one.example", "https://two.example", 403],
        ["two.example", "https://one.example", 403],
        ["three.example", "https://three.example", 403],
      ];
      await eachRowInTurn(rows, async ([host, origin, status]) => {
        assertEquals(await statusOf(port, { replaced: { Host: host }, more: [["Origin", origin]] }), status);
      });
      assertStringIncludes(output(), "wsgate refused (403 host-not-allowed)");
    });
  });

  it("socket.io polls for nobody, and asks the gate whatever session is named", asked, async () => {
    await serving("socket_io.mjs", "node", async ({ port, output }) => {
      const polling = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n";
      assertEquals((await sendRaw(port, polling)).status, 400);
      const path = `${EXAMPLES["socket_io.mjs"]!.path}&sid=AAAAAAAAAAAAAAAAAAAA`;
      assertEquals(await statusOf(port, { path, more: [["Origin", "https://evil.test"]] }), 400);
      assertStringIncludes(output(), "wsgate refused (403 origin-not-allowed): Origin https://evil.test");
    });
  });
});

type Headers = NonNullable<HandshakeParts["more"]>;

/** What each of them has to hold. */
async function holds(
  { port, output }: ServedExample,
  example: Example,
  doubled: { readonly status: number; readonly told: boolean },
): Promise<void> {
  const { path = "/ws", refusal = 403, says = [["hello", /^hello$/]] } = example;
  const replaced = { Host: example.host?.(port) ?? `127.0.0.1:${port}` };
  const own = ["Origin", example.origin?.(port) ?? "https://example.com"] as const;
  const opens = async (headers: Headers) => {
    const peer = await knock(port, { path, replaced, more: headers });
    assertEquals(peer.status, 101);
    for (const [sent, got] of says) {
      peer.send(OPCODE.text, sent);
      await eventually(`${got} after ${peer.texts}`, () => peer.texts.some((text) => got.test(text)));
    }
    peer.destroy();
  };
  const refused = async (headers: Headers, status: number) =>
    assertEquals(await statusOf(port, { path, replaced, more: headers }), status);

  await opens([own]);
  await refused([["Origin", "https://evil.test"]], refusal);
  if (example.programs) await opens([]);
  await refused(example.programs ? [["Cookie", "a=b"]] : [], refusal);
  await refused([own, ["Upgrade", "websocket"]], doubled.status);
  await opens([own]);

  const told = ["403 origin-not-allowed): Origin https://evil.test", "403 origin-absent): Origin absent"];
  if (doubled.told) told.push("400 upgrade-malformed): Origin");
  eachRow(told, (line) => assertStringIncludes(output(), `wsgate refused (${line}`));
  assertEquals(output().match(/^wsgate refused/gm)?.length, told.length, output());
}

/** The status of the answer; 0: there is none. */
async function statusOf(port: number, parts: HandshakeParts): Promise<number> {
  const { status, end } = await sendRaw(port, opening(port, parts).toString("latin1"));
  assert(end === "answered" || end === "timeout", end);
  return status;
}
