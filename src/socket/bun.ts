/**
 * The wire to Bun: one handler object for all sockets of a server, each socket with its wire as `data`.
 */

import { reportOnce } from "../user_code.ts";
import { exceeds, type Runtime, type Session, TOO_BIG, type Wire } from "./session.ts";
import type { Limits } from "./socket.ts";

/** The members of Bun's server that are used. */
export interface BunServer {
  upgrade(request: Request, options: { readonly headers: Headers; readonly data: unknown }): boolean;
}

/** The members of Bun's socket that are used. */
interface BunSocket {
  readonly data: unknown;
  readonly remoteAddress: string;
  binaryType: string;
  getBufferedAmount(): number;
  send(data: string | Uint8Array): number;
  close(code: number, reason: string): void;
  ping(): number;
}

/**
 * What goes into `Bun.serve({ fetch, websocket })`.
 *
 * @category Sockets
 */
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
 * @category Sockets
 *
 * @example One program for both runtimes
 * ```ts
 * import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
 *
 * const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
 * const fetch = originValidator(echo, ["https://example.com"]);
 * const server = { fetch, websocket };
 * export default server; // deno serve main.ts, bun run main.ts
 * ```
 */
export const websocket: BunWebSocketHandler = /* @__PURE__ */ Object.freeze({
  open(ws: unknown): void {
    const wire = wireOf(ws);
    if (wire !== null) return wire.open(ws as BunSocket);
    // Upgraded by somebody else: a socket that nobody answers would be left behind a 101.
    reportStranger(new TypeError("server.upgrade() was called by another handler than upgradeHandler()'s"));
    (ws as BunSocket).close(1011, "");
  },
  message(ws: unknown, data: string | Uint8Array): void {
    wireOf(ws)?.message(ws, data);
  },
  close(ws: unknown, code: number, reason: string): void {
    wireOf(ws)?.close(ws, code, reason);
  },
  drain(ws: unknown): void {
    wireOf(ws)?.drain();
  },
  pong(ws: unknown): void {
    wireOf(ws)?.pong();
  },
  get maxPayloadLength(): number {
    return served.maxMessageBytes = needed.maxMessageBytes;
  },
  idleTimeout: 0,
  get backpressureLimit(): number {
    return 2 * (served.maxBufferedBytes = needed.maxBufferedBytes);
  },
});

const reportStranger = /* @__PURE__ */ reportOnce("a socket of a server that takes `websocket`");

function wireOf(ws: unknown): BunWire | null {
  const { data } = ws as BunSocket;
  return data instanceof BunWire ? data : null;
}

/**
 * One socket of Bun's. It stands in the socket's `data`, where frameworks with a `websocket` of their own call it by the
 * names of Bun's events, with the socket first: so a handler of ours works in a route of theirs.
 */
class BunWire implements Wire {
  readonly #session: Session;
  #ws: BunSocket | undefined;
  /** Something waits to be sent: asked no more often than Bun says so. */
  #isPressed = false;

  constructor(session: Session) {
    this.#session = session;
  }

  // -------------------------------------------------------------- Bun's events

  open(ws: BunSocket): void {
    this.#ws = ws;
    ws.binaryType = "uint8array";
    this.#session.opened(this);
  }

  message(_ws: unknown, data: string | Uint8Array): void {
    this.#session.received(data);
  }

  drain(): void {
    if (this.#ws!.getBufferedAmount() > 0) return;
    this.#isPressed = false;
    this.#session.drained();
  }

  ping(): void {
    this.#session.heard();
  }

  pong(): void {
    this.#session.heard();
  }

  close(_ws: unknown, code: number, reason: string): void {
    // 1006 comes with a text of Bun's for the reason. One of them means a limit that is the handler's own.
    if (code === 1006 && reason === TOO_BIG) this.#session.closed(1009, TOO_BIG);
    else this.#session.closed(code, code === 1006 ? "" : reason);
  }

  // -------------------------------------------------------------- for the session

  get remoteAddress(): string | null {
    return this.#ws?.remoteAddress || null;
  }

  bufferedBytes(): number {
    return this.#ws!.getBufferedAmount();
  }

  send(data: string | Uint8Array, maxBufferedBytes: number): boolean {
    const ws = this.#ws!;
    if (exceeds(data, this.#isPressed ? maxBufferedBytes - ws.getBufferedAmount() : maxBufferedBytes)) {
      return false;
    }
    // -1: it waits. Never dropped: Bun's own bound is twice the largest of ours.
    if (ws.send(data) < 0) this.#isPressed = true;
    return true;
  }

  end(code: number, reason: string): void {
    this.#ws!.close(code, reason);
  }

  sendPing(): void {
    this.#ws!.ping();
  }

  /** Bun has ended the connection by itself. */
  abandon(): void {}
}

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
  mayDecline: true,
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

/** Whether this is Bun at all, whatever a handler was given. */
export function isBun(): boolean {
  return (globalThis as { readonly Bun?: unknown }).Bun !== undefined;
}

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
    if (!server.upgrade(request, { headers, data: new BunWire(session) })) return "refused";
  } catch {
    return "elsewhere";
  }
  // Bun calls `open` inside of upgrade(), so a session that is still closed here went to somebody else's.
  if (!session.wasOpened) return "elsewhere";
  proven.add(server);
  return "upgraded";
}
