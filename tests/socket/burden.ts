/**
 * A burden for a server in a process of its own, and what the process holds meanwhile, read from outside.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type ChildServer, startChild } from "../child.ts";
import { type HandshakeParts, opening, pause } from "./peer.ts";

/** How long a peer of the server may be silent. */
export const IDLE_SECONDS = 2;
/** How long a look-up of the server may take. */
export const LOOK_UP_SECONDS = 2;
/** Descriptors of a process that is given few. */
export const FEW_FILES = 256;
/** Sockets of `/few` at once. */
export const FEW = 5;

/** A server under load. */
export interface Burdened extends ChildServer {
  readonly port: number;
  /** Megabytes that the process holds. */
  megabytes(): number;
  /** Descriptors that the process has open. */
  descriptors(): number;
  /** What the server has counted. */
  counts(): Promise<{ readonly refused: number; readonly closed: number }>;
}

/** Starts the server of `burden_server.ts`. */
export async function startBurdened(): Promise<Burdened> {
  const child = await startChild(new URL("burden_server.ts", import.meta.url), []);
  const { pid, ports: { port } } = child;
  const status = () => readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    ...child,
    port: port!,
    megabytes: () => Number(/^VmRSS:\s+(\d+)/m.exec(status())![1]) / 1024,
    descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    counts: async () => await (await fetch(`http://127.0.0.1:${port}/counts`)).json(),
  };
}

/** A connection that has sent its handshake; what ends it is of no interest. */
export function begin(
  port: number,
  parts: HandshakeParts,
  sent: (socket: Socket) => void = () => {},
): Socket {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  socket.on("connect", () => socket.write(opening(port, parts), () => sent(socket)));
  return socket;
}

/** Waits until what is counted does not go down any more; the last count. */
export async function settled(count: () => number, ms = 10_000): Promise<number> {
  const end = performance.now() + ms;
  let least = count();
  let since = performance.now();
  while (performance.now() < end && performance.now() - since < 1500) {
    await pause(50);
    if (count() >= least) continue;
    least = count();
    since = performance.now();
  }
  return count();
}

/** Writes one block over and over, as fast as it is taken, for so long or until the connection ends. */
export async function flood(socket: Socket, block: Buffer, ms: number, look: () => void): Promise<void> {
  let ended = false;
  socket.on("close", () => ended = true);
  const end = performance.now() + ms;
  while (performance.now() < end && !ended) {
    look();
    if (socket.write(block)) await pause(0);
    else await Promise.race([new Promise<void>((resolve) => socket.once("drain", resolve)), pause(100)]);
  }
}
