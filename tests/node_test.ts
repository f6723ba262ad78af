// The package as npm has it, on Node: it loads on every version that is served, and its gate holds in front of Node's own
// server. The gate itself is tested in `guard/node_gate_test.ts`, frameworks of Node's in `examples`.

import { execFile, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { packInto } from "./packed.ts";
import { eachRowInTurn } from "./rows.ts";
import { handshakeBytes, handshakeHeaders, runtime, sendRaw } from "./runtime.ts";

/** The Node that is at hand, and others by npm where they are asked for: `WSGATE_NODES="20.0.0 24"`. */
const VERSIONS = ["", ...(process.env.WSGATE_NODES ?? "").split(" ").filter((version) => version !== "")];
const asked = { skip: runtime === "deno" ? false : "was asked under Deno", timeout: 300_000 };
const root = fileURLToPath(new URL("../", import.meta.url));
const run = promisify(execFile);

const from = (origin: string, more: readonly [string, string][] = [], version = "1.1") =>
  handshakeBytes("/chat", [...handshakeHeaders("site.test"), ["Origin", origin], ...more])
    .replace("HTTP/1.1", `HTTP/${version}`);
const GOOD = from("https://good.test");
const EVIL = from("https://evil.test");

describe("the packed package", asked, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-node-"));
    await packInto(folder);
    await copyFile(join(root, "tests/node_server.mjs"), join(folder, "server.mjs"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Where a version of Node is; "": the one that is at hand. */
  async function nodeOf(version: string): Promise<string> {
    if (version === "") return "node";
    const asks = ["-y", `node@${version}`, "-p", "process.execPath"];
    return (await run("npx", asks, { cwd: folder })).stdout.trim();
  }

  async function serving(
    node: string,
    act: (port: number, log: () => string) => Promise<void>,
  ): Promise<void> {
    const child = spawn(node, ["server.mjs"], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stderr.on("data", (chunk) => stderr += chunk);
    try {
      for await (const chunk of child.stdout) {
        stdout += chunk;
        if (stdout.includes("\n")) break;
      }
      assert(stdout !== "", stderr);
      await act(JSON.parse(stdout).port, () => stderr);
      assertEquals(child.exitCode, null);
    } finally {
      child.kill("SIGKILL");
    }
  }

  for (const version of VERSIONS) {
    const name = version === "" ? "the Node that is at hand" : `Node ${version}`;

    it(`on ${name} loads, lets the good page in, and refuses and tells of the others`, async () => {
      await serving(await nodeOf(version), async (port, log) => {
        assertEquals((await sendRaw(port, GOOD)).status, 101);
        const refused: [bytes: string, status: number][] = [
          [EVIL, 403],
          [from("null"), 403],
          [GOOD.replace(/Origin: .*\r\n/, ""), 403],
          [from("https://good.test", [["Upgrade", "websocket"]]), 400],
          [from("https://good.test", [["Host", "site.test"]]), 400],
          [from("https://good.test", [], "1.0"), 400],
        ];
        await eachRowInTurn(refused, async ([bytes, status]) => {
          const answer = await sendRaw(port, bytes);
          assertEquals(answer.status, status, bytes);
          assertMatch(answer.text, /\r\nconnection: close\r\n/i);
        });
        assertStringIncludes(log(), "wsgate refused (403 origin-not-allowed): Origin https://evil.test");
      });
    });
  }

  it("a handler of ours says that this runtime is none it can upgrade on", async () => {
    await serving("node", async (port, log) => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      assertEquals(await response.text(), "500");
      assertStringIncludes(log(), "upgradeHandler() needs Deno or Bun");
    });
  });

  it("clients that reset, and refused ones that stay, neither end nor fill the process", async () => {
    await serving("node", async (port) => {
      const descriptors = async () =>
        Number(await (await fetch(`http://127.0.0.1:${port}/descriptors`)).text());
      const start = await descriptors();
      const open = (bytes: string) =>
        new Promise<Socket>((resolve) => {
          const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
          socket.on("error", () => {});
          socket.on("connect", () => socket.write(bytes, "latin1", () => resolve(socket)));
        });
      for (let i = 0; i < 100; i++) (await open(i % 2 ? GOOD : EVIL)).resetAndDestroy();
      const staying = await Promise.all(Array.from({ length: 200 }, () => open(EVIL)));
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert(await descriptors() - start <= 5, `${await descriptors() - start}`);
      for (const socket of staying) socket.destroy();
      assertEquals((await sendRaw(port, GOOD)).status, 101);
    });
  });
});
