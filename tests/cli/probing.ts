/**
 * What the tests of `probe` share: the command with this runtime's own connections, and servers that say what they like.
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { type CommandResult, runCommand } from "../../src/cli/commands.ts";
import { connectBy, type NodeModules } from "../../src/cli/network.ts";

/** Connections of this runtime. */
export const connect = connectBy(process.getBuiltinModule as unknown as NodeModules);

/** For commands that need no network. */
export const noNetwork = (): never => {
  throw new Error("no network");
};

export const SITE = "https://app.example.com";
/** What most runs are given. */
export const USUAL = ["--host", "ws.example.com", "--site", SITE];

/** Runs `wsgate probe`, to its end. */
export async function probe(
  args: readonly string[],
  layout = { columns: 80, colors: false },
): Promise<CommandResult> {
  const result = runCommand(["probe", ...args], {
    env: () => undefined,
    readFile: () => "",
    readInput: () => "",
    connect,
    ...layout,
  });
  return await result.later ?? result;
}

/** What `--json` says, as far as tests read it. */
export interface Json {
  readonly withstands: boolean;
  readonly host: string;
  readonly pages: readonly { readonly origin: string; readonly state: string }[];
  readonly attacks: readonly {
    readonly name: string;
    readonly sender: string;
    readonly verdict: string;
    readonly sent: readonly string[];
    readonly answer: {
      readonly kind: string;
      readonly status: number | null;
      readonly closeCode: number | null;
    };
  }[];
  readonly ender?: { readonly hasEnded: boolean };
}

/** The same with `--json`: exit status, and what was said. */
export async function probeJson(args: readonly string[]): Promise<{ status: number; json: Json }> {
  const { status, output, error } = await probe([...args, "--json"]);
  if (output === "") throw new Error(error);
  return { status, json: JSON.parse(output) };
}

/** How many attacks, of those that count and of programs', have each verdict. */
export function countsOf(
  { attacks }: Json,
): { attacks: Record<string, number>; programs: Record<string, number> } {
  const counts = { attacks: {} as Record<string, number>, programs: {} as Record<string, number> };
  for (const { sender, verdict } of attacks) {
    const of = sender === "program" ? counts.programs : counts.attacks;
    of[verdict] = (of[verdict] ?? 0) + 1;
  }
  return counts;
}

/** A server of bytes on loopback. */
export interface Listening {
  readonly port: number;
  /** So many connections were taken. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** Gives each connection to `take`. */
export async function listen(take: (socket: Socket) => void, host = "127.0.0.1"): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    connections++;
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as { port: number }).port,
    connections: () => connections,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Gives each head to `answer`, once it is whole, and writes what it says, Latin-1. Null: nothing. */
export function answering(answer: (head: string, socket: Socket) => string | null): (socket: Socket) => void {
  return (socket) => {
    let head = "";
    socket.on("data", (bytes) => {
      const wasWhole = head.includes("\r\n\r\n");
      head += bytes.toString("latin1");
      if (wasWhole || !head.includes("\r\n\r\n")) return;
      const text = answer(head, socket);
      if (text !== null) socket.write(text, "latin1");
    });
  };
}

export const UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
export const FORBIDDEN = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
/** A close frame of a server. */
export const closeFrame = (code: number, reason = "") =>
  "\x88" + String.fromCharCode(2 + reason.length, code >> 8, code & 0xff) + reason;
/** Reads Origin as an honest server does that compares it exactly. */
export const isOwn = (head: string) => /\r\nOrigin: https:\/\/app\.example\.com\r\n/.test(head);
