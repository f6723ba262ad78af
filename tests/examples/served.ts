/**
 * The examples of `with/` and `live/` as servers, each in a process of its own on the runtime that it is for. Asked under Deno alone,
 * which packs the package for Node.
 *
 * @module
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packInto } from "../packed.ts";
import { executableOf } from "../programs.ts";

/** What an example is for. */
export type Platform = "deno" | "bun" | "node" | "workerd";

/** An example that is being served. */
export interface ServedExample {
  readonly port: number;
  /** Everything that it printed. */
  output(): string;
  alive(): boolean;
  stop(): Promise<void>;
}

/** What the examples for Node import, apart from our own package. */
const PACKAGES = [
  "@fastify/websocket",
  "@hono/node-server",
  "crossws",
  "express",
  "fastify",
  "h3",
  "hono",
  "socket.io",
  "ws",
];
const PATIENCE_MS = 60_000;
const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples");

/** Makes a folder into a project of Node's that has what the examples import. */
export async function prepareNode(folder: string): Promise<void> {
  await packInto(folder);
  for (const name of PACKAGES) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link);
  }
}

/** Serves an example on loopback, by its path below `examples/`. `folder` is what {@linkcode prepareNode} has prepared. */
export async function serveExample(
  file: string,
  platform: Platform,
  folder: string,
): Promise<ServedExample> {
  const port = await freePort();
  const [executable, args] = await commands[platform](file, port, folder);
  // A child would count its own coverage, too.
  const { DENO_COVERAGE_DIR: _, ...env } = process.env;
  const child = spawn(executable, args, {
    // Where Deno looks for its configuration.
    cwd: root,
    env: { ...env, PORT: `${port}`, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await untilListening(child, port);
}

/** How a user starts it. */
const commands: Record<
  Platform,
  (file: string, port: number, folder: string) => Promise<[executable: string, args: string[]]>
> = {
  async deno(file, port) {
    const path = join(examples, file);
    const exported = (await readFile(path, "utf8")).includes("export default");
    const args = exported
      ? ["serve", "--host", "127.0.0.1", "--port", `${port}`, path]
      : ["run", "--allow-net", "--allow-env", path];
    return [await executableOf("deno"), args];
  },
  async bun(file) {
    return [await executableOf("bun"), ["run", join(examples, file)]];
  },
  async node(file, _port, folder) {
    // One that is for other runtimes too has no types in it.
    const script = join(folder, basename(file).replace(/\.ts$/, ".mjs"));
    await copyFile(join(examples, file), script);
    return ["node", [script]];
  },
  async workerd(file, port, folder) {
    const bundle = [
      "build",
      join(examples, file),
      "--target=browser",
      "--outfile",
      join(folder, "worker.js"),
    ];
    await promisify(execFile)(await executableOf("bun"), bundle);
    const config = join(folder, "worker.capnp");
    await writeFile(config, workerConfig(port));
    // The package is a module that knows where its binary for this machine is.
    return [createRequire(import.meta.url)("workerd").default, ["serve", config]];
  },
};

function workerConfig(port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-11-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;
}

/** Nobody else's, for the moment: most of these servers do not say on which port they listen. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function untilListening(child: ChildProcess, port: number): Promise<ServedExample> {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => output += chunk);
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    child.on("error", (error) => output += error).on("close", () => {
      ended = true;
      resolve();
    });
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await exit;
  };
  for (const end = performance.now() + PATIENCE_MS; !await listens(port);) {
    if (ended || performance.now() > end) {
      await stop();
      throw new Error(`It does not listen: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, output: () => output, alive: () => !ended, stop };
}

/** Whether anybody listens there. Nothing is sent, lest the example prints something about it. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => finish(true)).on("error", () => finish(false));
  });
}
