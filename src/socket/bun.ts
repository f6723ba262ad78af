/**
 * The wire to Bun: one handler object for all sockets of a server, each socket with its session as `data`.
 */

import { type Limits, Session, TOO_BIG } from "./session.ts";

/** The members of Bun's server that are used. */
export interface BunServer {
  upgrade(request: Request, options: { readonly headers: Headers; readonly data: unknown }): boolean;
}

/** The members of Bun's socket that are used. */
interface BunSocket {
  readonly data: unknown;
  binaryType: string;
  getBufferedAmount(): number;
  send(data: string | Uint8Array): number;
  close(code: number, reason: string): void;
  ping(): number;
}

/** What goes into `Bun.serve({ fetch, websocket })`. */
export interface BunWebSocketHandler {
  /** Bun's event: a socket is open. */
  open(ws: unknown): void;
  /** Bun's event: a message came in. */
  message(ws: unknown, data: string | Uint8Array): void;
  /** Bun's event: a socket is closed. */
  close(ws: unknown, code: number, reason: string): void;
  /** Bun's event: what was waiting has been sent. */
  drain(ws: unknown): void;
  /** Bun's event: a peer answered a ping. */
  pong(ws: unknown, data: Uint8Array): void;
  /** The largest `maxMessageBytes` of the handlers made so far; each of them holds its own sockets to its own limit. */
  readonly maxPayloadLength: number;
  /** 0: every socket's own handler watches for idle peers. */
  readonly idleTimeout: number;
  /** Twice the largest `maxBufferedBytes` of the handlers made so far, so that Bun itself never drops a message. */
  readonly backpressureLimit: number;
}

/** What the handlers made so far ask of a server that takes {@linkcode websocket}. */
const asked = { maxMessageBytes: 64 * 1024, maxBufferedBytes: 1024 * 1024 };
/** What a server was told. */
const told = { maxMessageBytes: Infinity, maxBufferedBytes: Infinity };
/** Servers whose `websocket` is this module's: one of their sockets has opened here. */
const ours = new WeakSet<object>();

/**
 * Goes into `Bun.serve({ fetch, websocket })`, or beside `fetch` in `export default`; unused on Deno.
 *
 * Make the handlers first: Bun reads the limits once, when it starts to serve.
 *
 * @example One program for both runtimes
 * ```ts
 * import { upgradeHandler, websocket } from "@wsgate/wsgate";
 *
 * const fetch = upgradeHandler({ message: (socket, data) => void socket.send(data) });
 * const server = { fetch, websocket };
 * export default server; // deno serve main.ts, bun run main.ts
 * ```
 */
export const websocket: BunWebSocketHandler = Object.freeze({
  open(ws: unknown): void {
    const socket = ws as BunSocket;
    if (!(socket.data instanceof Session)) return;
    socket.binaryType = "uint8array";
    socket.data.opened({
      send: (data) => void socket.send(data),
      bufferedBytes: () => socket.getBufferedAmount(),
      close: (code, reason) => socket.close(code, reason),
      ping: () => void socket.ping(),
    });
  },
  message(ws: unknown, data: string | Uint8Array): void {
    const { data: session } = ws as BunSocket;
    if (session instanceof Session) session.received(data);
  },
  close(ws: unknown, code: number, reason: string): void {
    const { data: session } = ws as BunSocket;
    if (!(session instanceof Session)) return;
    // 1006 comes with a text of Bun's for the reason. One of them means a limit that is the handler's own.
    if (code === 1006 && reason === TOO_BIG) session.closed(1009, TOO_BIG);
    else session.closed(code, code === 1006 ? "" : reason);
  },
  drain(): void {},
  pong(ws: unknown): void {
    const { data: session } = ws as BunSocket;
    if (session instanceof Session) session.heard();
  },
  get maxPayloadLength(): number {
    return told.maxMessageBytes = asked.maxMessageBytes;
  },
  idleTimeout: 0,
  get backpressureLimit(): number {
    return 2 * (told.maxBufferedBytes = asked.maxBufferedBytes);
  },
});

/**
 * Takes note of what a new handler asks of its server. False: a server was already told less, and Bun cannot be told
 * again.
 */
export function askServer({ maxMessageBytes, maxBufferedBytes }: Limits): boolean {
  if (maxMessageBytes > told.maxMessageBytes || maxBufferedBytes > told.maxBufferedBytes) return false;
  asked.maxMessageBytes = Math.max(asked.maxMessageBytes, maxMessageBytes);
  asked.maxBufferedBytes = Math.max(asked.maxBufferedBytes, maxBufferedBytes);
  return true;
}

/** Reports whether a handler's context is a Bun server. */
export function isBunServer(context: unknown): context is BunServer {
  return typeof context === "object" && context !== null && "upgrade" in context &&
    typeof context.upgrade === "function";
}

/** Reports whether sockets of this server are known to open here. */
export function isOurs(server: BunServer): boolean {
  return ours.has(server);
}

/**
 * Upgrades a handshake that has passed every check. `"refused"`: Bun did not upgrade it; `"not-ours"`: the server has
 * no `websocket`, or another one, which now has the socket.
 */
export function upgradeOnBun(
  server: BunServer,
  request: Request,
  session: Session,
  headers: Headers,
): "upgraded" | "refused" | "not-ours" {
  // Always set: left to itself Bun echoes the first offer, be it a bearer token.
  headers.set("sec-websocket-protocol", session.protocol);
  try {
    if (!server.upgrade(request, { headers, data: session })) return "refused";
  } catch {
    return "not-ours";
  }
  // Bun calls `open` inside of upgrade(), so a session that is still closed here went to somebody else's.
  if (!session.wasOpened) return "not-ours";
  ours.add(server);
  return "upgraded";
}
