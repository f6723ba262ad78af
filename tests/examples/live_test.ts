// The examples of `live/` on the runtimes that they are for: who logs out loses his sockets, and nobody else does.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { runtime } from "../runtime.ts";
import { eventually, knock, OPCODE, type Peer } from "../socket/peer.ts";
import { type Platform, prepareNode, serveExample } from "./served.ts";

const asked = { skip: runtime === "deno" ? false : "starts all runtimes under Deno", timeout: 120_000 };
const ORIGIN = "https://example.com";

const EXAMPLES: Readonly<Record<string, readonly Platform[]>> = {
  "bun_serve.ts": ["bun"],
  "crossws_on_bun.ts": ["bun"],
  "crossws_on_deno.ts": ["deno"],
  "deno_serve.ts": ["deno"],
  "hono_on_bun.ts": ["bun"],
  "hono_on_deno.ts": ["deno"],
  "node_ws.mjs": ["node"],
  "upgrade_handler.ts": ["deno", "bun"],
};

describe("examples/live", asked, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-live-examples-"));
    await prepareNode(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("has no file but those that are served here, and what they share", async () => {
    const files = await readdir(fileURLToPath(new URL("../../examples/live/", import.meta.url)));
    assertEquals(files.sort(), [...Object.keys(EXAMPLES), "sessions.ts"].sort());
  });

  for (const [file, platforms] of Object.entries(EXAMPLES)) {
    for (const platform of platforms) {
      it(
        `${file} on ${platform}: logging out closes the sockets of that session, and no other`,
        asked,
        async () => {
          const server = await serveExample(`live/${file}`, platform, folder);
          try {
            await holds(server.port);
            assert(server.alive(), server.output());
          } finally {
            await server.stop();
          }
        },
      );
    }
  }
});

async function holds(port: number): Promise<void> {
  const site = `http://127.0.0.1:${port}`;
  const logIn = async () => {
    const response = await fetch(`${site}/log-in`, { method: "POST" });
    await response.text();
    return response.headers.get("set-cookie")!.split(";")[0]!;
  };
  const come = (cookie: string | null, origin = ORIGIN): Promise<Peer> =>
    knock(port, {
      path: "/ws",
      more: [["Origin", origin], ...cookie === null ? [] : [["Cookie", cookie] as const]],
    });

  const [ada, bob] = [await logIn(), await logIn()];
  const peers = [await come(ada), await come(ada), await come(bob)];
  assertEquals(peers.map(({ status }) => status), [101, 101, 101]);
  for (const peer of peers) {
    peer.send(OPCODE.text, "hello");
    await eventually("an echo", () => peer.texts.includes("hello"));
  }
  assertEquals([(await come(null)).status, (await come(ada, "https://evil.test")).status], [401, 403]);

  const response = await fetch(`${site}/log-out`, { method: "POST", headers: { cookie: ada } });
  await response.text();
  for (const peer of peers.slice(0, 2)) {
    const { code, reason } = await peer.closeFrame();
    assertEquals([code, reason], [4401, "session-ended"]);
  }
  assertEquals((await come(ada)).status, 401);
  peers[2]!.send(OPCODE.text, "still here");
  await eventually("an echo", () => peers[2]!.texts.includes("still here"));
  for (const peer of peers) peer.destroy();
}
