/**
 * The wire to Bun: one handler object for all sockets of a server, each socket with its session as `data`.
 */

import { type Limits, type Runtime, Session, TOO_BIG } from "./session.ts";

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

/** What the handlers made so far need of a server that takes {@linkcode websocket}. */
const needed = { maxMessageBytes: 64 * 1024, maxBufferedBytes: 1024 * 1024 };
/** What a server has read. */
const served = { maxMessageBytes: Infinity, maxBufferedBytes: Infinity };
/** Servers whose `websocket` is this module's: one of their sockets has opened here. */
const proven = /* @__PURE__ */ new WeakSet<object>();

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
export const websocket: BunWebSocketHandler = /* @__PURE__ */ Object.freeze({
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
    return served.maxMessageBytes = needed.maxMessageBytes;
  },
  idleTimeout: 0,
  get backpressureLimit(): number {
    return 2 * (served.maxBufferedBytes = needed.maxBufferedBytes);
  },
});

/**
 * Takes note of what a new handler needs of its server. False: a server has already read less, and Bun reads it once.
 */
export function askServer({ maxMessageBytes, maxBufferedBytes }: Limits): boolean {
  if (maxMessageBytes > served.maxMessageBytes || maxBufferedBytes > served.maxBufferedBytes) return false;
  needed.maxMessageBytes = Math.max(needed.maxMessageBytes, maxMessageBytes);
  needed.maxBufferedBytes = Math.max(needed.maxBufferedBytes, maxBufferedBytes);
  return true;
}

/** Bun's answer to what is needed of a runtime: its server is the context. */
export const bunRuntime: Runtime = {
  owns: isBunServer,
  upgrade(request, context, session, headers) {
    const result = upgrade(context as BunServer, request, session, headers);
    if (result === "elsewhere") throw new TypeError("Bun.serve() has to be given this library's `websocket`");
    // Bun ignores what is returned for a socket; undefined would trip the frameworks in between.
    return result === "upgraded" ? new Response(null) : null;
  },
  show(request, context, session) {
    const server = context as BunServer;
    // Not to be found out by trying: a socket of another `websocket` would be handed to the application.
    if (!proven.has(server)) {
      throw new TypeError(
        "on Bun a refusal can be shown once a socket of this server was opened by `websocket`",
      );
    }
    // The connection ends with the close frame: nothing is left to count.
    const result = upgrade(server, request, session, new Headers());
    return result === "upgraded" ? new Response(null) : null;
  },
};

function isBunServer(context: unknown): context is BunServer {
  return typeof context === "object" && context !== null && "upgrade" in context &&
    typeof context.upgrade === "function";
}

/** `"refused"`: Bun did not upgrade it; `"elsewhere"`: the server has no `websocket`, or another, which has the socket now. */
function upgrade(
  server: BunServer,
  request: Request,
  session: Session,
  headers: Headers,
): "upgraded" | "refused" | "elsewhere" {
  // Always set: left to itself Bun echoes the first offer, be it a bearer token.
  headers.set("sec-websocket-protocol", session.protocol);
  try {
    if (!server.upgrade(request, { headers, data: session })) return "refused";
  } catch {
    return "elsewhere";
  }
  // Bun calls `open` inside of upgrade(), so a session that is still closed here went to somebody else's.
  if (!session.wasOpened) return "elsewhere";
  proven.add(server);
  return "upgraded";
}
