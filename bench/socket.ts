/**
 * What does a socket cost, beside the runtime's own and beside others? Servers in processes of their own, loaded in turns
 * from this one on loopback.
 *
 *     deno run -A bench/socket.ts [--quick]      bun bench/socket.ts [--quick]
 *
 *     memory       of an idle socket: what a process holds more when so many are open, after collections
 *     handshake    CPU time of the server for one that is opened, and closed by the client
 *     latency      from the first byte of a handshake to its 101
 *     echo         CPU time of the server for one message and its echo, on one socket that has so many under way
 *
 * Every figure is a median over rounds in which all servers take turns, and quoted as a ratio to the native one of the same
 * run.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import process from "node:process";
import { type ChildServer, startChild } from "../tests/child.ts";
import { Random } from "../tests/random.ts";
import { frameOf, OPCODE, opening } from "../tests/socket/peer.ts";
import { conclude, quick, runtimeName } from "./process.ts";
import { median } from "./ratio.ts";
import { ORIGIN, SERVERS } from "./socket_servers.ts";
import { count, digits, table } from "./table.ts";
import { SOCKET } from "./targets.ts";

const ROUNDS = quick ? 2 : 15;
const WARMUP = quick ? 1 : 3;
const HANDSHAKES = quick ? 20 : 200;
const CONCURRENCY = 4;
const ECHOES = quick ? 100 : 10_000;
const LARGE_ECHOES = quick ? 20 : 600;
/** Messages under way. */
const WINDOW = 32;
const IDLE: readonly number[] = quick ? [50] : [2000, 10_000];

/** What is measured of each server. */
export const FIGURES = ["handshake", "latency", "echo of 32 B", "echo of 16 kB"] as const;
type Figure = typeof FIGURES[number];

/** Nanoseconds by figure, and bytes of an idle socket by their number. */
export interface SocketCost {
  readonly ns: Readonly<Record<Figure, number>>;
  readonly bytes: Readonly<Record<number, number>>;
}

/** What this file measures, by server. */
export type SocketResult = Readonly<Record<string, SocketCost>>;

interface Server {
  readonly name: string;
  readonly child: ChildServer;
  readonly port: number;
  ask(what: "cpu" | "collect"): Promise<number>;
}

async function start(name: string): Promise<Server | null> {
  const child = await startChild(new URL("socket_servers.ts", import.meta.url), [name]);
  const { port, control } = child.ports;
  if (port === undefined) {
    await child.kill();
    return null;
  }
  const ask = async (what: string) => await (await fetch(`http://127.0.0.1:${control}/${what}`)).json();
  return { name, child, port, ask };
}

/** A socket that is open, and how long that took. */
function open(port: number): Promise<{ socket: Socket; ns: number }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 seconds")));
    socket.on("error", reject);
    let start = 0;
    socket.on("connect", () => {
      start = performance.now();
      socket.write(opening(port, { path: "/chat/red", more: [["Origin", ORIGIN]] }));
    });
    let head = "";
    socket.on("data", function answer(chunk) {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const ns = (performance.now() - start) * 1e6;
      socket.off("data", answer);
      socket.setTimeout(0);
      if (head.startsWith("HTTP/1.1 101")) resolve({ socket, ns });
      else reject(new Error(head.split("\r\n")[0]));
    });
  });
}

/** Closes by the book: the server answers and hangs up. */
function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve()).resume();
    socket.end(frameOf(OPCODE.close, new Uint8Array()));
    setTimeout(() => socket.destroy(), 2000).unref();
  });
}

/** So many handshakes, each opened and closed: the median of their latencies. */
async function handshakes(port: number): Promise<number> {
  let left = HANDSHAKES;
  const latencies: number[] = [];
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (left-- > 0) {
      const { socket, ns } = await open(port);
      latencies.push(ns);
      await close(socket);
    }
  }));
  return median(latencies);
}

/** So many echoes on one socket. */
async function echoes(port: number, size: number, messages: number): Promise<void> {
  const { socket } = await open(port);
  const frame = frameOf(OPCODE.binary, new Uint8Array(size));
  // An answer is not masked, and its header has two bytes or four.
  const answer = size + (size < 126 ? 2 : 4);
  let received = 0;
  let sent = 0;
  await new Promise<void>((resolve, reject) => {
    socket.setTimeout(10_000, () => reject(new Error("no echo within 10 seconds")));
    const send = () => {
      const frames = [];
      while (sent < messages && sent - Math.floor(received / answer) < WINDOW) {
        frames.push(frame);
        sent++;
      }
      if (frames.length > 0) socket.write(Buffer.concat(frames));
    };
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received >= messages * answer) resolve();
      // Half a window at once: a client that answers each echo by itself measures itself.
      else if (sent - Math.floor(received / answer) <= WINDOW / 2) send();
    });
    send();
  });
  await close(socket);
}

async function measureRound({ port, ask }: Server): Promise<Record<Figure, number>> {
  let before = await ask("cpu");
  const used = async (each: number) => {
    const after = await ask("cpu");
    const ns = (after - before) / each;
    before = after;
    return ns;
  };
  const latency = await handshakes(port);
  const handshake = await used(HANDSHAKES);
  await echoes(port, 32, ECHOES);
  const small = await used(ECHOES);
  await echoes(port, 16 * 1024, LARGE_ECHOES);
  return { handshake, latency, "echo of 32 B": small, "echo of 16 kB": await used(LARGE_ECHOES) };
}

/**
 * Bytes that an idle socket holds, of so many. In a process of its own, warm and collected: what a busier one has claimed
 * before would be taken for nothing.
 */
async function measureIdle(name: string, sockets: number): Promise<number> {
  const { child, port, ask } = (await start(name))!;
  await handshakes(port);
  const before = await ask("collect");
  const idle: Socket[] = [];
  while (idle.length < sockets) {
    const batch = Array.from({ length: Math.min(50, sockets - idle.length) }, () => open(port));
    for (const { socket } of await Promise.all(batch)) idle.push(socket);
  }
  const after = await ask("collect");
  for (const socket of idle) socket.destroy();
  await child.kill();
  return (after - before) / sockets;
}

async function measureSockets(): Promise<SocketResult> {
  const servers: Server[] = [];
  const random = new Random(1);
  try {
    for (const name of Object.keys(SERVERS)) {
      const server = await start(name);
      if (server !== null) servers.push(server);
    }
    const rounds = new Map(servers.map(({ name }) => [name, [] as Record<Figure, number>[]]));
    for (let round = -WARMUP; round < ROUNDS; round++) {
      for (const server of random.shuffle(servers)) {
        const measured = await measureRound(server);
        if (round >= 0) rounds.get(server.name)!.push(measured);
      }
    }
    const result: Record<string, SocketCost> = {};
    for (const server of servers) {
      const bytes: Record<number, number> = {};
      for (const sockets of IDLE) bytes[sockets] = await measureIdle(server.name, sockets);
      const all = rounds.get(server.name)!;
      const ns = Object.fromEntries(
        FIGURES.map((figure) => [figure, median(all.map((it) => it[figure]))]),
      ) as Record<Figure, number>;
      result[server.name] = { ns, bytes };
    }
    return result;
  } finally {
    for (const { child } of servers) await child.kill();
  }
}

/** The table of a result: ratios to the native server, whose own figures stand first. */
export function describe(result: SocketResult, name: string): string {
  const native = result["native"]!;
  const idle = Object.keys(native.bytes).map(Number);
  const targets = SOCKET[name.split(" ")[0]!];
  const rows = [["", ...FIGURES, ...idle.map((sockets) => `memory, ${count(sockets)}`)]];
  rows.push([
    "native",
    ...FIGURES.map((figure) => `${digits(native.ns[figure] / 1000)} µs`),
    ...idle.map((sockets) => `${digits(native.bytes[sockets]! / 1024)} KiB`),
  ]);
  for (const [server, { ns, bytes }] of Object.entries(result)) {
    if (server === "native") continue;
    rows.push([
      server,
      ...FIGURES.map((figure) => digits(ns[figure] / native.ns[figure])),
      ...idle.map((sockets) => digits(bytes[sockets]! / native.bytes[sockets]!)),
    ]);
    if (server !== "wsgate, user, router" || targets === undefined) continue;
    rows.push([
      "  at most",
      ...FIGURES.map((figure) => met(ns[figure] / native.ns[figure], targets[figure])),
      ...idle.map((sockets) => met(bytes[sockets]! / native.bytes[sockets]!, targets.memory)),
    ]);
  }
  return `socket · ratio to the runtime's own, medians of ${ROUNDS} rounds in turns · ${name}\n${
    table(rows)
  }\n`;
}

function met(ratio: number, target: number | undefined): string {
  return target === undefined ? "–" : `${target} ${ratio <= target ? "met" : "missed"}`;
}

if (import.meta.main) {
  const result = await measureSockets();
  await conclude(result, describe(result, runtimeName));
  process.exit(0);
}
