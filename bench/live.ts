/**
 * What does it cost to let a socket end with its session, and how soon does it end?
 *
 *     deno run -A bench/live.ts [--quick]      bun bench/live.ts [--quick]
 *
 *     handshake    CPU time of the server for one that is opened and closed, by whose it is: nobody's, a user's, and a user's
 *                  whose sockets are kept count of, with the store in memory
 *     delay        from the call of end() to the last close frame at the clients: in the process that ends, and in another one
 *                  that shares an SQLite file with it, or a Redis where that is installed, beside the bound that is stated
 *     memory       of a socket that is kept count of, where a hundred share a session and where each has its own
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { authMiddlewareStack, originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { createLiveSockets, memoryStore, redisStore, sqliteStore, type Store } from "@wsgate/wsgate/live";
import { startChild } from "../tests/child.ts";
import { connectClient } from "../tests/live/redis_clients.ts";
import { skipWithoutRedis, startRedis } from "../tests/live/redis_server.ts";
import { Random } from "../tests/random.ts";
import { type NativeHandler, serve } from "../tests/runtime.ts";
import { knock, pause } from "../tests/socket/peer.ts";
import { conclude, quick, runtimeName } from "./process.ts";
import { median, quantile } from "./ratio.ts";
import { cpuMicroseconds, handshake } from "./server.ts";
import { count, digits, table } from "./table.ts";

const ORIGIN = "https://example.com";
const POLL_SECONDS = 0.5;
const NAMES = ["nobody's", "a user's", "a user's, kept count of"] as const;
type Name = typeof NAMES[number];
const BLOCK = 100;
const ROUNDS = quick ? 2 : 40;
const WARMUP = quick ? 1 : 8;
const DELAYS = quick ? 3 : 40;
const SOCKETS = quick ? 5 : 50;
const KEPT = quick ? 1000 : 50_000;

/** What this file measures. */
export interface LiveResult {
  /** Microseconds of CPU time a handshake, medians of blocks. */
  readonly microseconds: Readonly<Record<Name, number>>;
  /** Milliseconds: median, and the worst of all. */
  readonly within: readonly [median: number, worst: number];
  readonly across: readonly [median: number, worst: number];
  /** The same by way of a Redis on this machine; null: none is installed. */
  readonly acrossRedis: readonly [median: number, worst: number] | null;
  readonly boundMs: number;
  /** Bytes of the heap for one socket. */
  readonly shared: number;
  readonly single: number;
}

const cookieOf = (request: Request) => request.headers.get("cookie")?.split("=")[1] ?? "";

/** By way of an SQLite file, or of the Redis at a port. */
async function storeAt(place: string): Promise<Store> {
  if (!/^\d+$/.test(place)) return sqliteStore(new (databaseClass())(place));
  return redisStore((await connectClient("redis", Number(place))).command);
}

/** Serves the three handlers in turns, and ends what it is asked to. */
async function serveSite(place: string): Promise<void> {
  const store = await storeAt(place);
  const live = createLiveSockets({ store, longestSessionSeconds: 3600, pollSeconds: POLL_SECONDS });
  const inMemory = createLiveSockets({ store: memoryStore(), longestSessionSeconds: 3600 });
  const user = (request: Request) => ({ id: cookieOf(request) });
  const session = ({ id }: { id: string }) => ({ id, subject: "ada", startedAt: 1.7e12 });
  const guarded = (handler: Parameters<typeof originValidator>[0]) =>
    originValidator(handler, [ORIGIN]) as NativeHandler;
  const nobody = authMiddlewareStack({ user: () => null });
  const known = authMiddlewareStack({ user });
  const counted = authMiddlewareStack({ user, session, live: inMemory });
  const shared = authMiddlewareStack({ user, session, live });
  const handlers: Record<string, NativeHandler> = {
    "nobody's": guarded(nobody(upgradeHandler({}))),
    "a user's": guarded(known(upgradeHandler({}))),
    "a user's, kept count of": guarded(counted(upgradeHandler({}, { live: inMemory }))),
    "shared": guarded(shared(upgradeHandler({}, { live }))),
  };
  let handler = handlers["nobody's"]!;
  const { port } = serve(async (request, context) => {
    if (request.headers.get("upgrade") !== null) return handler(request, context);
    const what = decodeURIComponent(new URL(request.url).search.slice(1));
    if (what in handlers) handler = handlers[what]!;
    else await live.end({ session: what });
    return Response.json(what in handlers ? cpuMicroseconds() : live.size);
  }, websocket);
  process.stdin.on("end", () => process.exit(0)).resume();
  console.log(JSON.stringify({ port }));
}

/** Both runtimes have it; loaded only where a file is served. */
function databaseClass(): new (file: string) => Parameters<typeof sqliteStore>[0] {
  return (process.getBuiltinModule("node:sqlite") as unknown as {
    DatabaseSync: new (file: string) => Parameters<typeof sqliteStore>[0];
  }).DatabaseSync;
}

async function measureLive(): Promise<LiveResult> {
  const folder = await mkdtemp(join(tmpdir(), "wsgate-bench-live-"));
  try {
    const { microseconds, within, across } = await serving(
      join(folder, "sockets.db"),
      async (ports) => {
        const microseconds = await handshakes(ports[0]!);
        const [within, across] = await delays(ports);
        return { microseconds, within, across };
      },
    );
    return {
      microseconds,
      within,
      across,
      acrossRedis: await delayByRedis(),
      boundMs: (POLL_SECONDS + 1) * 1000,
      shared: await memory((i) => ({ id: `${i % (KEPT / 100)}` })),
      single: await memory((i) => ({ id: `${i}`, subject: `user ${i}`, startedAt: 1.7e12 })),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Lets two processes share a store while something is measured. */
async function serving<T>(place: string, act: (ports: readonly number[]) => Promise<T>): Promise<T> {
  const sites = await Promise.all([1, 2].map(() => startChild(new URL(import.meta.url), ["--serve", place])));
  try {
    return await act(sites.map((site) => site.ports.port!));
  } finally {
    for (const site of sites) await site.kill();
  }
}

async function delayByRedis(): Promise<LiveResult["acrossRedis"]> {
  if (skipWithoutRedis !== false) return null;
  const redis = await startRedis();
  try {
    return await serving(String(redis.port), async (ports) => (await delays(ports))[1]);
  } finally {
    await redis.remove();
  }
}

const ask = async (port: number, what: string): Promise<number> =>
  await (await fetch(`http://127.0.0.1:${port}/?${encodeURIComponent(what)}`)).json();

async function handshakes(port: number): Promise<Record<Name, number>> {
  const random = new Random(1);
  const blocks = Object.fromEntries(NAMES.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -WARMUP; round < ROUNDS; round++) {
    for (const name of random.shuffle(NAMES)) {
      const before = await ask(port, name);
      let left = BLOCK;
      await Promise.all(Array.from({ length: 4 }, async () => {
        while (left-- > 0) {
          const status = await handshake(port, ORIGIN);
          if (status !== 101) throw new Error(`A handshake was answered with ${status}`);
        }
      }));
      const used = await ask(port, name) - before;
      if (round >= 0) blocks[name].push(used / BLOCK);
    }
  }
  return Object.fromEntries(NAMES.map((name) => [name, median(blocks[name])])) as Record<Name, number>;
}

/** Of one session with sockets in both processes, ended in the first. */
async function delays(
  ports: readonly number[],
): Promise<[within: [number, number], across: [number, number]]> {
  const random = new Random(2);
  const took: [number[], number[]] = [[], []];
  for (const port of ports) await ask(port, "shared");
  for (let round = 0; round < DELAYS; round++) {
    const headers = [["Origin", ORIGIN], ["Cookie", `session=s${round}`]] as const;
    const peers = await Promise.all(
      ports.map((port) => Promise.all(Array.from({ length: SOCKETS }, () => knock(port, { more: headers })))),
    );
    // Anywhere between two polls of the other one.
    await pause(random.below(POLL_SECONDS * 1000));
    const start = performance.now();
    const closed = peers.map(async (some, index) => {
      await Promise.all(some.map((peer) => peer.closeFrame()));
      took[index]!.push(performance.now() - start);
    });
    await ask(ports[0]!, `s${round}`);
    await Promise.all(closed);
    for (const peer of peers.flat()) peer.destroy();
  }
  return took.map((all) => [median(all), quantile(all, 1)]) as [[number, number], [number, number]];
}

/** What the heap holds more for each socket. */
async function memory(
  session: (index: number) => { id: string } | { id: string; subject: string; startedAt: number },
): Promise<number> {
  using live = createLiveSockets({ longestSessionSeconds: 3600 });
  const sockets = Array.from({ length: KEPT }, () => ({ close() {} }));
  const before = await heap();
  for (let i = 0; i < KEPT; i += 1000) {
    await Promise.all(
      sockets.slice(i, i + 1000).map(async (socket, j) => {
        const request = { rawHeaders: [] };
        await live.admit(request, session(i + j));
        live.track(request, socket);
      }),
    );
  }
  return (await heap() - before) / KEPT;
}

async function heap(): Promise<number> {
  const { Bun: bun } = globalThis as { Bun?: { gc(isForced: boolean): void } };
  setFlagsFromString("--expose-gc");
  const collect = bun === undefined ? runInNewContext("gc") : () => bun.gc(true);
  for (let i = 0; i < 4; i++) {
    collect();
    await pause(20);
  }
  return process.memoryUsage().heapUsed;
}

/** The tables of a result. */
export function describe(result: LiveResult, name: string): string {
  const { microseconds, within, across, acrossRedis, boundMs, shared, single } = result;
  const least = microseconds["nobody's"];
  return `live · CPU time of the server, ${count(ROUNDS * BLOCK)} handshakes each · ${name}\n` + table([
    ["handshake", "µs", "ratio"],
    ...NAMES.map((it) => [it, digits(microseconds[it]), (microseconds[it] / least).toFixed(2)]),
  ]) + `\nlive · from end() to the last of ${SOCKETS} close frames, ${DELAYS} times · ${name}\n` + table([
    ["", "median ms", "worst ms", "bound ms"],
    ["in the process that ends", digits(within[0]), digits(within[1]), ""],
    [`in another, pollSeconds ${POLL_SECONDS}`, digits(across[0]), digits(across[1]), count(boundMs)],
    ...acrossRedis === null
      ? []
      : [["the same, by Redis", digits(acrossRedis[0]), digits(acrossRedis[1]), count(boundMs)]],
  ]) + `\nlive · heap of a socket that is kept count of, of ${count(KEPT)} · ${name}\n` + table([
    ["", "bytes"],
    ["100 of a session", digits(shared)],
    ["each with its own session and user", digits(single)],
  ]);
}

if (import.meta.main) {
  const served = process.argv.indexOf("--serve");
  if (served >= 0) await serveSite(process.argv[served + 1]!);
  else {
    const result = await measureLive();
    await conclude(result, describe(result, runtimeName));
  }
}
