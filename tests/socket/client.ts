/**
 * What a client goes through with the server of `clients_test.ts`, acted out with anything that has the interface of the
 * web's WebSocket. Run as a program, it takes the runtime's own and prints what it has seen.
 *
 *     deno run -A tests/socket/client.ts PORT          bun run tests/socket/client.ts PORT
 *
 * @module
 */

import process from "node:process";
import { inTime } from "../in_time.ts";

/** An origin that the server allows, and one that it does not. */
export const ORIGINS = { honest: "https://goodsite.com", foreign: "https://evil.example" } as const;

/** What one client has seen. `python_client.py` prints the same. */
export interface Story {
  /** The subprotocol chosen of "v1" and "v2". */
  readonly protocol: string;
  /** What came back for a text, a binary and two empty messages, and the length of a long one. */
  readonly echoes: readonly string[];
  /** How a socket ended that the client closed with 4001 "bye". */
  readonly closedHere: string;
  /** How one ended that the server closed. */
  readonly closedThere: string;
  /** The subprotocol where none was offered. */
  readonly unoffered: string;
  /** The status of a refusal, or 0 where this client does not show it, and how the socket ended. */
  readonly refused: readonly [status: number, end: string];
}

/** Opens a socket with one implementation. */
export type Open = (url: string, protocols: readonly string[], origin: string) => WebSocket;

/** Acts out the whole story. Fails after a while. */
export async function actOut(open: Open, port: number): Promise<Story> {
  const url = `ws://127.0.0.1:${port}`;
  const talker = await join(open(`${url}/talker`, ["v1", "v2"], ORIGINS.honest));
  const echoes = [
    await talker.ask("grüß dich 😀"),
    await talker.ask(Uint8Array.of(0, 0x80, 0xff)),
    await talker.ask(""),
    await talker.ask(new Uint8Array()),
    String((await talker.ask("x".repeat(60_000))).length),
  ];
  talker.socket.close(4001, "bye");
  const closedHere = await talker.closed;

  const guest = await join(open(`${url}/guest`, [], ORIGINS.honest));
  guest.socket.send("please close");
  const closedThere = await guest.closed;

  const stranger = open(`${url}/stranger`, [], ORIGINS.foreign);
  let status = 0;
  // The standard keeps it from pages; some implementations put it into the event's text.
  stranger.onerror = (event) => {
    status ||= Number(/\b[45]\d\d\b/.exec((event as ErrorEvent).message)?.[0] ?? 0);
  };
  const end = await inTime(
    "a refusal",
    new Promise<string>((resolve) => {
      stranger.onopen = () => resolve("open");
      stranger.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
    }),
  );

  return {
    protocol: talker.socket.protocol,
    echoes,
    closedHere,
    closedThere,
    unoffered: guest.socket.protocol,
    refused: [status, end],
  };
}

interface Joined {
  readonly socket: WebSocket;
  /** How it ended: code and reason. */
  readonly closed: Promise<string>;
  /** Sends a message; resolves with the next one that comes in. */
  ask(message: string | Uint8Array<ArrayBuffer>): Promise<string>;
}

async function join(socket: WebSocket): Promise<Joined> {
  socket.binaryType = "arraybuffer";
  let heard: (message: string) => void = () => {};
  socket.onmessage = ({ data }) => {
    heard(typeof data === "string" ? data : `bytes ${[...new Uint8Array(data)]}`);
  };
  const closed = new Promise<string>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
  });
  await inTime(
    "an open socket",
    new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
    }),
  );
  socket.onerror = null;
  return {
    socket,
    closed: inTime("the end of a socket", closed),
    ask(message) {
      const answer = new Promise<string>((resolve) => heard = resolve);
      socket.send(message);
      return inTime("an answer", answer);
    },
  };
}

/** The runtime's own. Its second argument takes headers on both, which the web's does not know. */
export const openOwn: Open = (url, protocols, origin) =>
  new WebSocket(url, { protocols, headers: { origin } } as unknown as string[]);

if (import.meta.main) {
  console.log(JSON.stringify(await actOut(openOwn, Number(process.argv[2]))));
  process.exit();
}
