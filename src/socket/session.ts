/**
 * The state of one open socket, the same on both runtimes.
 *
 *     opened ──▶ open ──close()──▶ closing ──closed──▶ closed
 *                  └────────────closed────────────────────┘
 *
 * A runtime's wire tells what happened (`opened`, `received`, `heard`, `closed`), in whatever order and as often as
 * it likes; a session tells the user's handlers what that means: `open` once and first, `close` once and last, with a
 * code that says who closed and why.
 */

import { catchRejection } from "../settle.ts";

/**
 * One open WebSocket, the same on Deno and on Bun.
 *
 * @example A server that says goodbye
 * ```ts
 * import { type Socket, upgradeHandler } from "@wsgate/wsgate";
 *
 * const greet = (socket: Socket) => {
 *   if (!socket.send("hello")) console.log("not sent: closed, or too much is waiting");
 *   socket.close(1000, "that was all");
 * };
 * const fetch = upgradeHandler({ open: greet });
 * export default { fetch };
 * ```
 */
export interface Socket {
  /**
   * The handshake, as the key for the readers of other layers (`auth.scope(socket.request)`). On Deno its headers are
   * gone by now.
   */
  readonly request: Request;
  /** The subprotocol chosen from the server's list, or "". */
  readonly protocol: string;
  /**
   * Queues a message: text for a string, binary for bytes, which must not be changed until they are sent.
   *
   * Returns false where it was not queued: the socket is closed or closing, or with it more than `maxBufferedBytes`
   * would be waiting. Throws a TypeError for anything but a string and a Uint8Array.
   */
  send(data: string | Uint8Array): boolean;
  /**
   * Starts the closing handshake; code 1000 and no reason by default. Does nothing where the socket is closed or
   * closing.
   *
   * Throws a RangeError for a code that cannot be sent (RFC 6455 §7.4: 1000 to 1003, 1007 to 1014 and 3000 to 4999
   * can) and for a reason of more than 123 bytes.
   */
  close(code?: number, reason?: string): void;
}

/** What is done with an open socket. What one of these throws or rejects with goes to `error`. */
export interface SocketHandlers {
  /** The socket is open. Called once, before every other. */
  open?(socket: Socket): void | Promise<void>;
  /** A message arrived: a string for text, bytes for binary. Not called once the socket is closing. */
  message?(socket: Socket, data: string | Uint8Array): void | Promise<void>;
  /**
   * The socket is closed. Called once, after every other. The code and reason are those of whoever closed first;
   * 1006: the connection ended without a close frame; 1005: the close frame had no code.
   */
  close?(socket: Socket, code: number, reason: string): void | Promise<void>;
  /** A handler above threw or rejected; the socket is then closed with 1011. Default: reported to the console once. */
  error?(socket: Socket, error: unknown): void | Promise<void>;
}

/** Limits of one handler's sockets, as checked numbers. */
export interface Limits {
  /** 0: none. */
  readonly idleTimeoutSeconds: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
}

/** What a session needs of a runtime's socket. */
export interface Wire {
  send(data: string | Uint8Array): void;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
  /** Sends a ping. Left out: the runtime watches for idle peers by itself. */
  ping?(): void;
}

/** What is needed of a runtime. Each one's answer is a file of its own, and `runtime.ts` lists them. */
export interface Runtime {
  /** Reports whether a request that came with this context is this runtime's to answer. */
  owns(context: unknown): boolean;
  /**
   * Upgrades a handshake that has passed every check, and wires its socket to the session. Null: the runtime found it no
   * handshake. Throws before anything is upgraded, never after.
   */
  upgrade(request: Request, context: unknown, session: Session, headers: Headers): Response | null;
  /**
   * Upgrades in order to show a denial: the session closes as soon as it is open. Null: not now. Throws what the operator
   * has to set right before any can be shown.
   */
  show(request: Request, context: unknown, session: Session): Response | null;
}

/**
 * How long a peer has to answer a close frame before its session is given up, in seconds. The application's state
 * is then free; whether the connection is too is up to the runtime: Bun has ended it at once, Deno has no way to.
 */
export const CLOSE_TIMEOUT_SECONDS = 10;

/** The reason that goes with 1009; Bun's own words, so that a client reads the same from both runtimes. */
export const TOO_BIG = "Received too big message";

/** RFC 6455 §5.5: a control frame carries 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

/** One socket. Its wire calls the methods below the line, its user those of {@linkcode Socket}. */
export class Session implements Socket {
  readonly request: Request;
  readonly protocol: string;
  readonly limits: Limits;
  readonly #handlers: SocketHandlers;
  readonly #report: (error: unknown) => void;
  #wire: Wire | undefined;
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Set by whatever closes on this side. state "closing" => set. */
  #own: { readonly code: number; readonly reason: string } | undefined;
  /** The `open` handler is still to be called. */
  #openPending = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastHeard = 0;
  /** The peer was pinged since it was last heard. */
  #pinged = false;

  constructor(
    request: Request,
    protocol: string,
    handlers: SocketHandlers,
    limits: Limits,
    report: (error: unknown) => void,
  ) {
    this.request = request;
    this.protocol = protocol;
    this.limits = limits;
    this.#handlers = handlers;
    this.#report = report;
  }

  /** False until a wire has opened this session. */
  get wasOpened(): boolean {
    return this.#state !== "connecting";
  }

  send(data: string | Uint8Array): boolean {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("A message is a string or a Uint8Array");
    }
    if (this.#state !== "open") return false;
    const wire = this.#wire!;
    if (exceeds(data, this.limits.maxBufferedBytes - wire.bufferedBytes())) return false;
    // Deno refuses memory that another thread may write to, Bun sends it: a copy is the same on both.
    wire.send(typeof data === "string" || data.buffer instanceof ArrayBuffer ? data : new Uint8Array(data));
    return true;
  }

  close(code = 1000, reason = ""): void {
    if (!isSendableCode(code)) throw new RangeError(`A close frame cannot carry code ${String(code)}`);
    if (exceeds(String(reason), MAX_REASON_BYTES)) {
      throw new RangeError(`A close reason has at most ${MAX_REASON_BYTES} bytes`);
    }
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#own = { code, reason: String(reason) };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.closed(1006, ""), CLOSE_TIMEOUT_SECONDS * 1000);
    this.#wire!.close(code, String(reason));
  }

  // -------------------------------------------------------------- for the wire

  /** The 101 is out. */
  opened(wire: Wire): void {
    if (this.#state !== "connecting") return;
    this.#wire = wire;
    this.#state = "open";
    if (wire.ping !== undefined && this.limits.idleTimeoutSeconds > 0) {
      this.heard();
      this.#watchIdle();
    }
    // Deferred: Bun is still inside the handler's own call of upgrade().
    queueMicrotask(() => {
      this.#openPending = false;
      this.#call(() => this.#handlers.open?.(this));
    });
  }

  /** A message came in whole. */
  received(data: string | Uint8Array): void {
    this.heard();
    if (this.#state !== "open") return;
    if (exceeds(data, this.limits.maxMessageBytes)) {
      this.close(1009, TOO_BIG);
      return;
    }
    const deliver = () => {
      // The `open` handler may have closed it by now; a peer that has closed said this before.
      if (this.#own === undefined) this.#call(() => this.#handlers.message?.(this, data));
    };
    if (this.#openPending) queueMicrotask(deliver);
    else deliver();
  }

  /** The peer gave a sign of life. */
  heard(): void {
    this.#lastHeard = performance.now();
    this.#pinged = false;
  }

  /** It is over; 0 and 1006: without a close frame. Only the first call counts: Deno makes two of an idle peer. */
  closed(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const wasOpened = this.wasOpened;
    this.#state = "closed";
    clearTimeout(this.#timer);
    if (!wasOpened) return;
    const end = this.#own ?? { code: code === 0 ? 1006 : code, reason };
    queueMicrotask(() => this.#call(() => this.#handlers.close?.(this, end.code, end.reason)));
  }

  // -------------------------------------------------------------- inside

  /** Calls a handler. Whatever it throws or rejects with ends here: unhandled, both runtimes would exit. */
  #call(handler: () => unknown): void {
    try {
      catchRejection(handler(), (error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const tell = this.#handlers.error;
    try {
      if (tell === undefined) this.#report(error);
      else catchRejection(tell.call(this.#handlers, this, error), this.#report);
    } catch (second) {
      this.#report(second);
    }
    this.close(1011, "");
  }

  /** Pings a peer that was silent for half the time, closes on one that was for all of it. */
  #watchIdle(): void {
    const limit = this.limits.idleTimeoutSeconds * 1000;
    // A timer may be a little early: that must not make a second ping of it.
    const silent = performance.now() - this.#lastHeard + 1;
    if (silent >= limit) {
      this.close(1001, "No response from ping frame.");
      return;
    }
    if (silent >= limit / 2 && !this.#pinged) {
      this.#pinged = true;
      this.#wire!.ping!();
    }
    const next = this.#pinged ? limit : limit / 2;
    this.#timer = setTimeout(() => this.#watchIdle(), next - silent + 1);
  }
}

function isSendableCode(code: unknown): boolean {
  return typeof code === "number" && Number.isInteger(code) &&
    (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006) || code >= 3000 && code <= 4999);
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Reports whether a message has more than `limit` bytes; a string is encoded only where its length does not decide. */
function exceeds(data: string | Uint8Array, limit: number): boolean {
  if (typeof data !== "string") return data.byteLength > limit;
  if (data.length > limit) return true;
  return data.length * 3 > limit && encoder.encode(data).length > limit;
}
