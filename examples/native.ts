/**
 * The bare server and upgrade of the runtime at hand, which the demonstration attacks: what an application calls by
 * itself when nothing wraps it. `Deno.upgradeWebSocket` gives a socket with events, `server.upgrade` one handler for a
 * whole server.
 *
 * @module
 */

/** What both sockets have. */
export interface NativeSocket {
  /** Sends one text message. */
  send(text: string): void;
}

/** Called with each socket that is open. */
export type Opened = (socket: NativeSocket) => void;

/** The members of Bun's server that are needed here. */
interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { data: Opened }): boolean;
  stop(closeConnections: boolean): Promise<void>;
}

/** Upgrades `request`, or answers it where the runtime would not. Returns undefined where Bun has taken over. */
export function upgrade(request: Request, context: unknown, opened: Opened): Response | undefined {
  if (typeof Deno === "undefined") {
    const upgraded = (context as BunServer).upgrade(request, { data: opened });
    return upgraded ? undefined : new Response("This is a WebSocket.\n", { status: 426 });
  }
  let native;
  try {
    native = Deno.upgradeWebSocket(request);
  } catch {
    return new Response("This is a WebSocket.\n", { status: 426 });
  }
  const { socket, response } = native;
  socket.onopen = () => opened(socket);
  return response;
}

/** Bun's one handler for all sockets of a server; each socket carries its own. */
const websocket = {
  open(socket: NativeSocket & { data: Opened }) {
    socket.data(socket);
  },
  message() {},
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
