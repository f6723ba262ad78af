/**
 * The wire to Deno: a web WebSocket with events, made by `Deno.upgradeWebSocket`.
 *
 * Its response has to be returned, or the listener stops: nothing here can fail once it is made, and the caller's
 * last act is to return it.
 */

import { afterRounds } from "../turn.ts";
import { Outbox, type OutboxOwner } from "./outbox.ts";
import type { Runtime, Session, Wire } from "./session.ts";

/** The members of Deno that are used. */
interface DenoLike {
  upgradeWebSocket(
    request: Request,
    options: { readonly idleTimeout: number },
  ): { readonly socket: DenoSocket; readonly response: Response };
}

interface DenoSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  addEventListener(
    type: "open" | "message" | "close",
    listener: { handleEvent(event: DenoEvent): void },
  ): void;
  send(data: string | Uint8Array): void;
  close(code: number, reason: string): void;
}

/** An event of a socket; which members there are its type says. */
interface DenoEvent {
  readonly type: string;
  readonly data: string | ArrayBuffer;
  readonly code: number;
  readonly reason: string;
}

/** The web's number for a socket that is open. */
const OPEN = 1;

const deno = /* @__PURE__ */ (() => (globalThis as unknown as { readonly Deno?: Partial<DenoLike> }).Deno)();

/**
 * Sockets that were accepted to show a denial and are not yet gone, at most. A client that ignores the close keeps its
 * connection, about 30 KB and a descriptor each, and nothing here can end it.
 */
const MAX_SHOWN = 256;
let shown = 0;

/** Deno's answer to what is needed of a runtime. The context is its info, for the client's address alone. */
export const denoRuntime: Runtime = {
  mayDecline: false,
  owns: () => typeof deno?.upgradeWebSocket === "function",
  upgrade: (request, context, session, headers) => upgrade(request, context, session, headers, false),
  show(request, context, session) {
    if (shown >= MAX_SHOWN) return null;
    try {
      const response = upgrade(request, context, session, new Headers(), true);
      shown++;
      return response;
    } catch {
      return null;
    }
  },
};

/** Throws what Deno throws, before anything is upgraded. */
function upgrade(
  request: Request,
  context: unknown,
  session: Session,
  headers: Headers,
  isShown: boolean,
): Response {
  // Not the `protocol` option: it splits the offer at ", " exactly and throws for what the npm client `ws` sends. Nor
  // a `headers` option: it is ignored.
  const idleTimeout = session.kind.limits.idleTimeoutSeconds;
  // Before: afterwards Deno's info throws, like the headers.
  const address = addressOf(context);
  const { socket, response } = (deno as DenoLike).upgradeWebSocket(request, { idleTimeout });
  new DenoWire(socket, session, address, isShown);
  for (const [name, value] of headers) response.headers.append(name, value);
  if (session.protocol !== "") response.headers.set("sec-websocket-protocol", session.protocol);
  return response;
}

/** Deno's info names the client, unless it came over a unix socket. */
function addressOf(context: unknown): string | null {
  const info = context as { readonly remoteAddr?: { readonly hostname?: unknown } } | null | undefined;
  const address = info?.remoteAddr?.hostname;
  return typeof address === "string" ? address : null;
}

/** One socket of Deno's: takes its events, and one object does for all of them. */
class DenoWire implements Wire, OutboxOwner {
  readonly remoteAddress: string | null;
  readonly #socket: DenoSocket;
  readonly #session: Session;
  /** Counted among those that show a denial, until its connection is gone. */
  #isShown: boolean;
  #outbox: Outbox | undefined;
  #closing: { readonly code: number; readonly reason: string } | undefined;
  /** Deno was told to close it, or has said that it is closed. */
  #isClosed = false;

  constructor(socket: DenoSocket, session: Session, remoteAddress: string | null, isShown: boolean) {
    this.#socket = socket;
    this.#session = session;
    this.remoteAddress = remoteAddress;
    this.#isShown = isShown;
    socket.binaryType = "arraybuffer";
    // No "error": it is always followed by a close, and on its own it says nothing that a handler could use.
    for (const type of ["open", "message", "close"] as const) socket.addEventListener(type, this);
    session.connecting();
  }

  handleEvent({ type, data, code, reason }: DenoEvent): void {
    if (type === "message") {
      this.#session.received(typeof data === "string" ? data : new Uint8Array(data));
    } else if (type === "open") {
      // Before this send() throws and close() is lost: the session hears of the socket only now.
      this.#session.opened(this);
    } else {
      // Once: of an idle peer Deno makes two closes, and one can come late.
      if (this.#isShown) shown--;
      this.#isShown = false;
      this.#isClosed = true;
      this.#session.closed(code, reason);
    }
  }

  bufferedBytes(): number {
    return this.#outbox?.bytes ?? 0;
  }

  send(data: string | Uint8Array, maxBufferedBytes: number): boolean {
    // Before Deno says that it is closed, it swallows what is sent and says that nothing waits: who sends until
    // something does would never end.
    if (this.#socket.readyState > OPEN) return false;
    this.#outbox ??= new Outbox(this.#socket, this);
    // Deno refuses memory that another thread may write to, Bun sends it: a copy is the same on both.
    const message = typeof data === "string" || data.buffer instanceof ArrayBuffer
      ? data
      : new Uint8Array(data);
    return this.#outbox.send(message, maxBufferedBytes);
  }

  end(code: number, reason: string): void {
    this.#closing = { code, reason };
    if (this.#outbox === undefined) this.emptied();
    else this.#outbox.watch();
  }

  abandon(code: number, reason: string): void {
    this.#outbox?.drop();
    // It may be that the peer reads on one day: then it should learn that nobody is there.
    this.#close(code, reason);
  }

  isStuck(now: number, limitMs: number): boolean {
    return this.#outbox?.isStuck(now, limitMs) ?? false;
  }

  emptied(): void {
    if (this.#closing === undefined) return this.#session.drained();
    const { code, reason } = this.#closing;
    // What the peer has sent is here already: Deno that closes before it has been read ends the connection without the
    // close frame, and a page would read 1006.
    afterRounds(2, () => this.#close(code, reason));
  }

  #close(code: number, reason: string): void {
    if (!this.#isClosed) this.#socket.close(code, reason);
    this.#isClosed = true;
  }
}
