/**
 * The state of one open socket, the same on both runtimes.
 *
 *     opened ──▶ open ──close()──▶ closing ──closed──▶ closed
 *                  └────────────closed────────────────────┘
 *
 * A runtime's wire tells what happened (`opened`, `received`, `heard`, `drained`, `closed`), in whatever order and as
 * often as it likes; a session tells the user's handlers what that means: `open` once and first, then one message after
 * another, `close` once and last, with a code that says who closed and why.
 *
 *     wire:       opened  received a  received b        closed 1000
 *     handlers:   open ─ awaited ─▶ message a ─ awaited ─▶ message b ─▶ close
 */

import { catchRejection, isPromiseLike, reportOnce } from "../user_code.ts";
import type { Socket, SocketHandlers, SocketKind } from "./socket.ts";
import { dropSwept, keepSwept, lastSweep, sweepInterval, type Swept } from "./sweep.ts";

/** What a session needs of a runtime's socket. */
export interface Wire {
  /** The peer's IP address; null: not known. */
  readonly remoteAddress: string | null;
  /** Bytes that wait to be sent, as this runtime counts them. */
  bufferedBytes(): number;
  /** Sends a message, unless with it more than so many bytes would be waiting: false. */
  send(data: string | Uint8Array, maxBufferedBytes: number): boolean;
  /** Closes once all that was sent before is on its way. */
  end(code: number, reason: string): void;
  /** Gives up what waits to be sent, which nobody reads, and closes as far as the runtime can. */
  abandon(code: number, reason: string): void;
  /** Left out: the runtime pings idle peers by itself. */
  sendPing?(): void;
  /** Reports whether something has waited to be sent and no part of it left for so long. Left out: the runtime knows. */
  isStuck?(now: number, limitMs: number): boolean;
}

/** What is needed of a runtime. Each one's answer is a file of its own, and `runtime.ts` lists them. */
export interface Runtime {
  /** Reports whether a request that came with this context is this runtime's to answer. */
  owns(context: unknown): boolean;
  /** Whether `upgrade` may return null. Where it may not, nothing of the request is to be read after it. */
  readonly mayDecline: boolean;
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
 * How long a peer has to answer a close frame before its session is given up, and how long handlers have after the end
 * of a connection before `close` is called all the same, in seconds. The application's state is then free; whether the
 * connection is too is up to the runtime: Bun has ended it at once, Deno has no way to.
 */
export const CLOSE_TIMEOUT_SECONDS = 10;
/** After how many seconds a socket that does not open is given up. */
export const OPEN_TIMEOUT_SECONDS = 10;

/** The reason that goes with 1009; Bun's own words, so that a client reads the same from both runtimes. */
export const TOO_BIG = "Received too big message";
/** The reason that goes with 1001; Deno's own words. */
export const SILENT = "No response from ping frame.";
/** The reason that goes with 1008. */
export const TOO_MANY_WAITING = "Too many messages waiting";
/** The reason that goes with 1013. */
export const TOO_MANY_SOCKETS = "Too many sockets";

/** Of what waits for its turn, so many times the largest message: bytes alone, however many messages they are. */
const WAITING_MESSAGES_OF_BYTES = 16;

/** RFC 6455 §5.5: a control frame carries 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

/** So many handled messages are taken from the front of what waits at once: one by one would take the square. */
const COMPACT_AT = 256;

/** How a socket ended: who closed first, and why. */
interface End {
  readonly code: number;
  readonly reason: string;
}

/** Messages that have come in and wait for their turn; made when the first one has to. */
interface Waiting {
  readonly messages: (string | Uint8Array)[];
  /** How many of them are gone from the front. */
  handled: number;
  bytes: number;
}

/** One socket. Its wire calls the methods below the line, its user those of {@linkcode Socket}. */
export class Session implements Socket, Swept {
  readonly request: Request;
  readonly protocol: string;
  data: unknown = undefined;
  readonly kind: SocketKind;
  #wire: Wire | undefined;
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Of whatever closes on this side. state "closing" => set. */
  #own: End | undefined;
  /** The connection is gone, and `close` is still to be called. */
  #end: End | undefined;
  /** A handler's promise has not settled, or `open` is still to be called. */
  #isBusy = false;
  /** `close` was called, or never will be. */
  #isFinished = false;
  /** False: it opened over a limit, and no handler ever hears of it. */
  #isSeen = true;
  #waiting: Waiting | undefined;
  /** `send` has returned false since nothing was waiting. */
  #isFull = false;
  /** The sweep before the peer was last heard; while closing or connecting, the one before that began. */
  #since = 0;
  /** The peer was pinged since it was last heard. */
  #pinged = false;
  /** Tells that it has closed. */
  #release: (() => void) | undefined;

  constructor(request: Request, protocol: string, kind: SocketKind) {
    this.request = request;
    this.protocol = protocol;
    this.kind = kind;
  }

  /** False until a wire has opened this session. */
  get wasOpened(): boolean {
    return this.#state !== "connecting";
  }

  get remoteAddress(): string | null {
    return this.#wire?.remoteAddress ?? null;
  }

  get bufferedBytes(): number {
    return this.#wire?.bufferedBytes() ?? 0;
  }

  send(data: string | Uint8Array): boolean {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("A message is a string or a Uint8Array");
    }
    if (this.#state !== "open") return false;
    if (this.#wire!.send(data, this.kind.limits.maxBufferedBytes)) return true;
    this.#isFull = this.#wire!.bufferedBytes() > 0;
    return false;
  }

  close(code = 1000, reason = ""): void {
    if (!isSendableCode(code)) throw new RangeError(`A close frame cannot carry code ${String(code)}`);
    if (exceeds(String(reason), MAX_REASON_BYTES)) {
      throw new RangeError(`A close reason has at most ${MAX_REASON_BYTES} bytes`);
    }
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#own = { code, reason: String(reason) };
    this.#waiting = undefined;
    this.#since = lastSweep();
    this.#wire!.end(code, String(reason));
  }

  // -------------------------------------------------------------- for the wire

  /** The request is upgraded, and the socket has not opened yet. */
  connecting(): void {
    keepSwept(this, 0);
    this.#since = lastSweep();
  }

  /** The 101 is out. */
  opened(wire: Wire): void {
    if (this.#state !== "connecting") return;
    this.#wire = wire;
    this.#state = "open";
    const { kind } = this;
    keepSwept(this, kind.limits.idleTimeoutSeconds * 1000);
    this.#since = lastSweep();
    if (++kind.open > kind.limits.maxSockets) {
      kind.reportLimit(new Error(`more than ${kind.limits.maxSockets} sockets would be open (maxSockets)`));
      this.#isSeen = false;
      this.close(1013, TOO_MANY_SOCKETS);
      return;
    }
    this.#release = kind.live?.track(this.request, this);
    // Its session was ended since the handshake: it was closed, and no handler hears of it.
    if ((this.#state as string) !== "open") {
      this.#isSeen = false;
      return;
    }
    this.#isBusy = true;
    // Deferred: Bun is still inside the handler's own call of upgrade().
    queueMicrotask(() => {
      this.#isBusy = false;
      this.#call("open");
      this.#next();
    });
  }

  /** A message came in whole. */
  received(data: string | Uint8Array): void {
    if (this.#state !== "open") return;
    this.heard();
    const { limits } = this.kind;
    if (exceeds(data, limits.maxMessageBytes)) {
      this.close(1009, TOO_BIG);
      return;
    }
    if (!this.#isBusy) {
      this.#call("message", data);
      return;
    }
    const waiting = this.#waiting ??= { messages: [], handled: 0, bytes: 0 };
    waiting.messages.push(data);
    waiting.bytes += data.length;
    if (
      waiting.messages.length - waiting.handled > limits.maxWaitingMessages ||
      waiting.bytes > WAITING_MESSAGES_OF_BYTES * limits.maxMessageBytes
    ) {
      this.kind.reportLimit(new Error("messages came in faster than they were handled (maxWaitingMessages)"));
      this.close(1008, TOO_MANY_WAITING);
    }
  }

  /** The peer gave a sign of life. */
  heard(): void {
    if (this.#state !== "open") return;
    this.#since = lastSweep();
    this.#pinged = false;
  }

  /** Nothing waits to be sent any more. */
  drained(): void {
    if (!this.#isFull || this.#state !== "open") return;
    this.#isFull = false;
    // Beside the others: nothing that comes in has to wait for it.
    try {
      catchRejection(this.kind.handlers.drain?.(this), (error) => this.#failed(error, "drain"));
    } catch (error) {
      this.#failed(error, "drain");
    }
  }

  /** It is over; 0 and 1006: without a close frame. Only the first call counts: Deno makes two of an idle peer. */
  closed(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const wasOpened = this.wasOpened;
    this.#state = "closed";
    if (!wasOpened) {
      dropSwept(this);
      return;
    }
    this.kind.open--;
    this.#release?.();
    // An own close has begun to count the time for what still runs.
    if (this.#own === undefined) this.#since = lastSweep();
    this.#end = this.#own ?? { code: code === 0 ? 1006 : code, reason };
    this.#wire!.abandon(this.#end.code, this.#end.reason);
    queueMicrotask(() => this.#next());
  }

  // -------------------------------------------------------------- for the sweep

  sweep(now: number): void {
    const limit = this.kind.limits.idleTimeoutSeconds * 1000;
    // What was noted may have happened a whole interval later, and the next sweep comes an interval from now.
    const interval = sweepInterval(this.#state === "connecting" ? 0 : limit);
    const elapsed = now - this.#since - interval;
    const elapsedNext = now - this.#since + interval;
    switch (this.#state) {
      case "connecting":
        if (elapsed < OPEN_TIMEOUT_SECONDS * 1000) break;
        reportUnopened(new Error(UNOPENED));
        // Not closed: where its client has left by a reset, Deno keeps the descriptor for good.
        dropSwept(this);
        break;
      case "open":
        if (limit > 0) this.#watchIdle(now, elapsed, limit);
        break;
      default:
        // No later than it is said.
        if (elapsedNext <= CLOSE_TIMEOUT_SECONDS * 1000) break;
        this.closed(1006, "");
        this.#finish();
    }
  }

  /** Pings a peer that was silent for half the time, closes on one that was for all of it or reads nothing any more. */
  #watchIdle(now: number, silent: number, limit: number): void {
    const wire = this.#wire!;
    if (wire.sendPing === undefined) {
      // Not by close(): a peer that reads nothing would not see it either, and its end would come ten seconds later.
      if (silent >= limit && wire.isStuck!(now, limit)) this.closed(1001, SILENT);
    } else if (silent >= limit) {
      this.close(1001, SILENT);
    } else if (silent >= limit / 2 && !this.#pinged) {
      this.#pinged = true;
      wire.sendPing();
    }
  }

  // -------------------------------------------------------------- inside

  /** Calls a handler. Whatever it throws or rejects with ends here: unhandled, both runtimes would exit. */
  #call(name: "open" | "message" | "close", data: string | Uint8Array = ""): void {
    const { handlers } = this.kind;
    let returned: unknown;
    try {
      if (name === "message") returned = handlers.message?.(this, data);
      else if (name === "open") returned = handlers.open?.(this);
      else returned = handlers.close?.(this, this.#end!.code, this.#end!.reason);
      if (returned === undefined || !isPromiseLike(returned)) return;
    } catch (error) {
      this.#failed(error, name);
      return;
    }
    this.#isBusy = true;
    const settled = () => {
      this.#isBusy = false;
      this.#next();
    };
    Promise.resolve(returned).then(settled, (error) => {
      this.#failed(error, name);
      settled();
    });
  }

  /** Goes on with what has waited for a handler to settle: messages, then the end. */
  #next(): void {
    while (!this.#isBusy && this.#waiting !== undefined) {
      const waiting = this.#waiting;
      const data = waiting.messages[waiting.handled++]!;
      waiting.bytes -= data.length;
      if (waiting.handled === waiting.messages.length) this.#waiting = undefined;
      else if (waiting.handled === COMPACT_AT) {
        waiting.messages.splice(0, COMPACT_AT);
        waiting.handled = 0;
      }
      this.#call("message", data);
    }
    if (!this.#isBusy && this.#end !== undefined) this.#finish();
  }

  /** Calls `close`, the last of all. */
  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#waiting = undefined;
    dropSwept(this);
    if (this.#isSeen) this.#call("close");
  }

  #failed(error: unknown, handler: keyof SocketHandlers): void {
    const { handlers, report } = this.kind;
    // Nothing is called after `close`, but for what that itself has thrown.
    const isLate = this.#isFinished && handler !== "close";
    try {
      if (handlers.error === undefined || isLate) report(error);
      else catchRejection(handlers.error(this, error), report);
    } catch (second) {
      report(second);
    }
    this.#waiting = undefined;
    this.close(1011, "");
  }
}

const reportUnopened = /* @__PURE__ */ reportOnce("a socket");
const UNOPENED =
  "it did not open within 10 seconds: its client left, or the handler was given a copy of the request " +
  "(in Hono pass `c.req.raw`)";

function isSendableCode(code: unknown): boolean {
  return typeof code === "number" && Number.isInteger(code) &&
    (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006) || code >= 3000 && code <= 4999);
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Reports whether a message has more than `limit` bytes; a string is encoded only where its length does not decide. */
export function exceeds(data: string | Uint8Array, limit: number): boolean {
  if (typeof data !== "string") return data.byteLength > limit;
  if (data.length > limit) return true;
  return data.length * 3 > limit && encoder.encode(data).length > limit;
}
