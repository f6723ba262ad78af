/**
 * The native server and upgrade of the runtime at hand, for the examples: what an application calls by itself when
 * nothing wraps it. `Deno.upgradeWebSocket` gives a socket with events, `server.upgrade` one handler for a whole server.
 *
 * @module
 */

/** What both sockets have. */
export interface NativeSocket {
  /** Sends one text message. */
  send(text: string): void;
}

/** What is done with an open socket. */
export interface SocketEvents {
  /** The socket is open. */
  open?(socket: NativeSocket): void;
  /** A text message arrived. */
  message?(socket: NativeSocket, text: string): void;
  /** The socket is closed, whoever closed it. */
  close?(socket: NativeSocket): void;
}

/** The members of Bun's server that are needed here. */
interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { data: SocketEvents }): boolean;
  stop(closeConnections: boolean): Promise<void>;
}

/** Upgrades `request`, or answers it where the runtime would not. Returns undefined where Bun has taken over. */
export function upgrade(request: Request, context: unknown, events: SocketEvents): Response | undefined {
  if (typeof Deno === "undefined") {
    const upgraded = (context as BunServer).upgrade(request, { data: events });
    return upgraded ? undefined : new Response("This is a WebSocket.\n", { status: 426 });
  }
  let native;
  try {
    native = Deno.upgradeWebSocket(request);
  } catch {
    return new Response("This is a WebSocket.\n", { status: 426 });
  }
  const { socket, response } = native;
  socket.onopen = () => events.open?.(socket);
  socket.onmessage = ({ data }) => events.message?.(socket, String(data));
  socket.onclose = () => events.close?.(socket);
  return response;
}

/** Bun's one handler for all sockets of a server; each socket carries its own events. Unused on Deno. */
export const websocket = {
  open(socket: NativeSocket & { data: SocketEvents }) {
    socket.data.open?.(socket);
  },
  message(socket: NativeSocket & { data: SocketEvents }, data: string | Uint8Array) {
    socket.data.message?.(socket, String(data));
  },
  close(socket: NativeSocket & { data: SocketEvents }) {
    socket.data.close?.(socket);
  },
};

/** A handler as both runtimes take it; undefined only where Bun has taken the connection over. */
export type NativeHandler = (
  request: Request,
  context: unknown,
) => Response | undefined | Promise<Response | undefined>;

/** Serves on a free port of this machine alone. */
export function listen(fetch: NativeHandler): { readonly port: number; stop(): Promise<void> } {
  if (typeof Deno !== "undefined") {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, fetch as Deno.ServeHandler);
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  const { Bun } = globalThis as unknown as { Bun: { serve(options: unknown): BunServer } };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, websocket });
  return { port: server.port, stop: () => server.stop(true) };
}
