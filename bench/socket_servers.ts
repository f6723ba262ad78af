/**
 * Echo servers, each in a process of its own: the runtime's own sockets, ours in two compositions, and what others would
 * take.
 *
 *     deno run -A bench/socket_servers.ts NAME      bun bench/socket_servers.ts NAME
 *
 * A server prints its port, and that of a second one, which is asked what the process costs: `GET /collect` collects its
 * garbage and answers with the bytes that it holds, `GET /cpu` with the CPU time that it has used. It ends when its
 * standard input does.
 *
 * @module
 */

import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { authMiddlewareStack, originValidator, upgradeHandler, urlRouter, websocket } from "@wsgate/wsgate";
import { runtime } from "../tests/runtime.ts";

type Handler = (request: Request, context: unknown) => Response | undefined | Promise<Response | undefined>;

/** What a server is made of, or its port where it makes itself. */
type Served = { readonly fetch: Handler; readonly websocket?: unknown } | { readonly port: number };

interface DenoLike {
  serve(options: unknown, handler: unknown): { readonly addr: { readonly port: number } };
  upgradeWebSocket(request: Request): { readonly socket: WebSocket; readonly response: Response };
}
interface BunLike {
  serve(options: unknown): { readonly port: number };
  gc(synchronous: boolean): void;
}
const { Deno: deno, Bun: bun } = globalThis as unknown as { readonly Deno: DenoLike; readonly Bun: BunLike };

/** The origin that the guarded ones let in. */
export const ORIGIN = "https://app.example.com";

/** Without types: those of some draw in Bun's, which would then hold for every file that is checked with this one. */
// deno-lint-ignore no-explicit-any
const untyped = (specifier: string): Promise<any> => import(specifier);

/** By name; what has no such server on a runtime gives null. */
export const SERVERS: Readonly<Record<string, () => Promise<Served | null>>> = {
  // deno-lint-ignore require-await
  async native() {
    if (runtime === "bun") {
      return {
        fetch: (request, server) =>
          (server as { upgrade(request: Request): boolean }).upgrade(request)
            ? undefined
            : new Response(null, { status: 400 }),
        websocket: { message: (ws: { send(data: unknown): void }, data: unknown) => ws.send(data) },
      };
    }
    return {
      fetch(request) {
        const { socket, response } = deno.upgradeWebSocket(request);
        socket.onmessage = ({ data }) => socket.send(data);
        return response;
      },
    };
  },
  // deno-lint-ignore require-await
  async wsgate() {
    return { fetch: originValidator(echo(), [ORIGIN]), websocket };
  },
  // deno-lint-ignore require-await
  async "wsgate, user, router"() {
    const auth = authMiddlewareStack({ user: () => Promise.resolve({ name: "ada" }) });
    return { fetch: originValidator(auth(urlRouter([["/chat/:room", echo()]])), [ORIGIN]), websocket };
  },
  async hono() {
    const { Hono } = await import("hono");
    const app = new Hono();
    const adapter = await untyped(`hono/${runtime}`);
    const events = {
      onMessage: ({ data }: { data: unknown }, ws: { send(data: unknown): void }) => ws.send(data),
    };
    app.get("/chat/:room", adapter.upgradeWebSocket(() => events));
    return {
      fetch: (request, context) => app.fetch(request, context as object),
      websocket: adapter.websocket,
    };
  },
  async crossws() {
    const hooks = {
      message(peer: { send(data: unknown): void }, message: { rawData: unknown }) {
        peer.send(message.rawData);
      },
    };
    const { default: adapter } = await untyped(`crossws/adapters/${runtime}`);
    const ws = adapter({ hooks });
    return { fetch: (request, context) => ws.handleUpgrade(request, context), websocket: ws.websocket };
  },
  async elysia() {
    if (runtime === "deno") return null;
    const { Elysia } = await untyped("elysia");
    const app = new Elysia().ws("/chat/:room", {
      message: (ws: { send(data: unknown): void }, data: unknown) => ws.send(data),
    });
    app.listen({ port: 0, hostname: "127.0.0.1" });
    return { port: app.server.port };
  },
};

function echo() {
  return upgradeHandler({ message: (socket, data) => void socket.send(data) });
}

/** Nanoseconds of CPU time of all threads of this process, from the kernel: finer than its clock ticks. */
async function cpuNs(): Promise<number> {
  const tasks = await readdir("/proc/self/task");
  const texts = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/schedstat`, "utf8")));
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
}

async function rss(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
}

function serve(fetch: Handler, websocket?: unknown): number {
  const address = { port: 0, hostname: "127.0.0.1" };
  return runtime === "deno"
    ? deno.serve({ ...address, onListen() {} }, fetch).addr.port
    : bun.serve({ ...address, fetch, websocket }).port;
}

/** Collects everything that nobody holds. */
const collect: () => void = runtime === "deno" ? collector() : () => bun.gc(true);

/** The engine's own, without a flag on the command line. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

async function control({ url }: Request): Promise<Response> {
  if (url.endsWith("/cpu")) return Response.json(await cpuNs());
  // Twice: what the first finds dead can hold more.
  collect();
  collect();
  return Response.json(await rss());
}

if (import.meta.main) {
  const served = await SERVERS[process.argv[2]!]!();
  process.stdin.on("end", () => process.exit(0)).resume();
  const port = served === null
    ? null
    : "port" in served
    ? served.port
    : serve(served.fetch, served.websocket);
  console.log(JSON.stringify(port === null ? {} : { port, control: serve(control) }));
}
