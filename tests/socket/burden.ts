/**
 * A burden for a server in a process of its own, and what the process holds meanwhile, read from outside.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type ChildServer, type Runtime, startChild } from "../child.ts";
import type { Random } from "../random.ts";
import { frameOf, type HandshakeParts, OPCODE, opening, pause } from "./peer.ts";

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

/** Starts the server of `burden_server.ts`, on the runtime of the suite if no other is named. */
export async function startBurdened(on?: Runtime): Promise<Burdened> {
  const child = await startChild(new URL("burden_server.ts", import.meta.url), [], undefined, on);
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

/** One handshake, whatever becomes of it, to its end. */
export function passBy(port: number, path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = begin(port, { path });
    const late = setTimeout(() => socket.destroy(), 3000);
    socket.on("close", () => {
      clearTimeout(late);
      resolve();
    });
    socket.once("data", (chunk) => {
      if (chunk.toString("latin1").startsWith("HTTP/1.1 101")) socket.write(frameOf(OPCODE.close, ""));
      else socket.destroy();
    });
  });
}

/** Up to five frames, lawful ones and others. */
function someFrames(random: Random): Buffer {
  return Buffer.concat(Array.from({ length: random.below(6) }, () => {
    const opcode = random.pick([0, 1, 1, 2, 2, 8, 9, 10, 3, 15]);
    const parts = {
      final: random.below(5) > 0,
      masked: random.below(9) > 0,
      reserved: random.below(9) === 0,
    };
    return frameOf(opcode, "x".repeat(random.pick([0, 1, 100, 130, 3000])), parts);
  }));
}

/** One client that keeps no rule and leaves within milliseconds: a handshake, whole or cut, and any frames. How it left. */
export function chaotic(
  port: number,
  path: string,
  random: Random,
): Promise<"reset" | "destroyed" | "ended"> {
  return new Promise((resolve) => {
    const whole = opening(port, {
      path,
      first: random.below(3) === 0 ? someFrames(random) : Buffer.alloc(0),
    });
    const bytes = random.below(6) === 0 ? whole.subarray(0, random.below(whole.length)) : whole;
    const end = random.pick(["reset", "destroyed", "ended", "ended"] as const);
    const socket = begin(port, {});
    socket.removeAllListeners("connect");
    socket.on("connect", () => {
      socket.write(bytes);
      if (random.below(2) === 0) socket.write(someFrames(random));
      setTimeout(() => {
        if (end === "reset") socket.resetAndDestroy();
        else if (end === "destroyed") socket.destroy();
        else socket.end(frameOf(OPCODE.close, ""));
        setTimeout(() => socket.destroy(), 50);
      }, random.below(8));
    });
    socket.on("close", () => resolve(end)).resume();
  });
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
