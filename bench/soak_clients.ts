/**
 * The clients of the soak: honest ones, and every kind of the others that a server meets. Each ends within seconds,
 * whatever the server does.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Random } from "../tests/random.ts";
import { begin, chaotic, FEW, flood, IDLE_SECONDS, passBy } from "../tests/socket/burden.ts";
import { closing, frameOf, OPCODE, opening, pause } from "../tests/socket/peer.ts";

/** A client whose answer takes longer was not served. */
export const PATIENCE_MS = 10_000;
const TEXT = "a message of an honest client";
const MESSAGES = 3;
const FLOOD_MS = 700;

/** How one client fared. */
export interface Visit {
  /** What was not as it has to be; left out: all was. */
  readonly fault?: string;
  /** Of an honest client: milliseconds from the connection to the 101, and from a message to its echo. */
  readonly latencies?: { readonly handshake: number; readonly echo: number };
  /** Whether it left by a reset. */
  readonly reset?: boolean;
}

/** One kind of client. */
export interface Kind {
  readonly name: string;
  /** Of a round. */
  readonly count: number;
  visit(port: number, random: Random): Promise<Visit>;
}

/** Reads a connection to its end: what it has said, as Latin-1, each time that there is more. */
function listen(socket: Socket, look: (said: string) => void): Promise<string> {
  let said = "";
  return new Promise((resolve) => {
    socket.on("data", (chunk) => look(said += chunk.toString("latin1")));
    socket.on("close", () => resolve(said));
  });
}

/** Opens a socket, has its messages echoed, and closes it in order. */
async function talk(port: number, path: string): Promise<Visit> {
  const start = performance.now();
  let [opened, asked, echoes, echoed] = [0, 0, 0, 0];
  const ask = () => {
    asked = performance.now();
    socket.write(frameOf(OPCODE.text, TEXT));
  };
  const socket = begin(port, { path });
  const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
  const said = await listen(socket, (said) => {
    if (opened === 0) {
      if (!said.startsWith("HTTP/1.1 101 ") || !said.includes("\r\n\r\n")) return;
      opened = performance.now();
      ask();
    } else if (said.split(TEXT).length - 1 > echoes) {
      echoes++;
      echoed += performance.now() - asked;
      if (echoes < MESSAGES) ask();
      else socket.write(frameOf(OPCODE.close, closing(1000)));
    }
  });
  clearTimeout(late);
  if (echoes < MESSAGES) {
    return { fault: `${echoes} echoes of ${MESSAGES} after "${firstLine(said)}", ${path}` };
  }
  return { latencies: { handshake: opened - start, echo: echoed / MESSAGES } };
}

/** Asks, and has to get this status; what comes after the answer is read too. */
async function expect(status: number, port: number, path: string, rest = ""): Promise<Visit> {
  const socket = begin(port, { path });
  const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
  const said = await listen(socket, (said) => {
    if (!said.includes("\r\n\r\n") || !said.includes(rest)) return;
    if (rest === "") socket.destroy();
    else socket.end(frameOf(OPCODE.close, ""));
  });
  clearTimeout(late);
  const good = said.startsWith(`HTTP/1.1 ${status} `) && said.includes(rest);
  return good
    ? {}
    : { fault: `"${firstLine(said)}" in place of ${status}${rest === "" ? "" : " and a close frame"}` };
}

/** Goes away within milliseconds of its handshake. */
function leave(port: number, path: string, random: Random): Promise<Visit> {
  const reset = random.oneIn(8);
  return new Promise((resolve) => {
    const socket = begin(port, { path }, () => {
      setTimeout(() => reset ? socket.resetAndDestroy() : socket.destroy(), random.below(8));
    });
    socket.on("close", () => resolve({ reset })).resume();
  });
}

/** Sends a handshake piece by piece; whole, it has to be answered. */
async function dribble(port: number, whole: boolean): Promise<Visit> {
  const socket = begin(port, {});
  socket.removeAllListeners("connect");
  const said = listen(socket, (said) => said.includes("\r\n\r\n") && socket.destroy());
  const bytes = opening(port, { path: "/echo" });
  const end = whole ? bytes.length : bytes.length - 2;
  for (let at = 0; at < end; at += 20) {
    socket.write(bytes.subarray(at, Math.min(at + 20, end)));
    await pause(40);
  }
  setTimeout(() => socket.destroy(), whole ? PATIENCE_MS : 200);
  const answer = firstLine(await said);
  return whole === answer.startsWith("HTTP/1.1 101 ") ? {} : { fault: `a slow sender: "${answer}"` };
}

/** Asks for news without an end and reads none. */
async function stopReading(port: number): Promise<Visit> {
  const socket = begin(port, { path: "/news" });
  socket.pause();
  await pause(1000 * 2 * IDLE_SECONDS);
  socket.destroy();
  return {};
}

/** Sends messages as fast as they are taken. */
async function pour(port: number, path: string, bytes: number, isRead: boolean): Promise<Visit> {
  const socket = begin(port, { path });
  if (isRead) socket.resume();
  else socket.pause();
  const block = Buffer.concat(Array(2000).fill(frameOf(OPCODE.text, "x".repeat(bytes))));
  await flood(socket, block, FLOOD_MS, () => {});
  socket.destroy();
  return {};
}

/** More at once than a handler takes: no more than so many stay. */
async function crowd(port: number): Promise<Visit> {
  let inside = 0;
  await Promise.all(Array.from({ length: 6 * FEW }, async () => {
    const socket = begin(port, { path: "/few" });
    let closed = false;
    const over = listen(socket, (said) => {
      // 503, or 101 and then a close frame with 1013.
      if (said.startsWith("HTTP/1.1 503") || said.includes("\x03\xf5Too many sockets")) closed = true;
    });
    await pause(1500);
    if (!closed && !socket.destroyed) inside++;
    socket.destroy();
    await over;
  }));
  return inside <= FEW ? {} : { fault: `${inside} sockets where ${FEW} may be open` };
}

function firstLine(said: string): string {
  return said.split("\r\n")[0]!;
}

/** An honest client, with a look-up before its socket or without. */
export function honest(port: number, random: Random): Promise<Visit> {
  return talk(port, random.pick(["/echo", "/user/echo"]));
}

/** All the others. */
export const OTHERS: readonly Kind[] = [
  { name: "refused: 403", count: 400, visit: (port) => expect(403, port, "/denied/echo") },
  { name: "refused after a look-up: 401", count: 200, visit: (port) => expect(401, port, "/nobody/echo") },
  { name: "no such path: 404", count: 100, visit: (port) => expect(404, port, "/nowhere") },
  {
    name: "refused visibly: 4403",
    count: 300,
    visit: (port) => expect(101, port, "/shown/echo", "\x11\x33origin-absent"),
  },
  {
    name: "look-up without an end: 503",
    count: 30,
    visit: (port) => expect(503, port, "/hanging/echo"),
  },
  {
    name: "gone during a look-up",
    count: 300,
    visit: (port, random) => leave(port, "/hanging/echo", random),
  },
  {
    name: "gone after the handshake",
    count: 500,
    visit: (port, random) => leave(port, random.pick(["/echo", "/user/echo", "/shown/echo"]), random),
  },
  { name: "closed at once", count: 300, visit: (port) => passBy(port, "/echo").then(() => ({})) },
  {
    name: "cut handshakes and broken frames",
    count: 600,
    visit: async (port, random) => {
      const path = random.pick(["/echo", "/user/echo", "/slow", "/denied/echo", "/farewell", "/nowhere"]);
      return { reset: await chaotic(port, path, random) === "reset" };
    },
  },
  { name: "slow senders", count: 40, visit: (port) => dribble(port, true) },
  { name: "slow senders that never end", count: 40, visit: (port) => dribble(port, false) },
  { name: "stopped readers", count: 12, visit: stopReading },
  { name: "floods whose echoes nobody reads", count: 2, visit: (port) => pour(port, "/echo", 100, false) },
  { name: "floods faster than the handler", count: 2, visit: (port) => pour(port, "/slow", 1, true) },
  { name: "crowds", count: 1, visit: crowd },
];
