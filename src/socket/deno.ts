/**
 * The wire to Deno: a web WebSocket with events, made by `Deno.upgradeWebSocket`.
 *
 * Its response has to be returned, or the listener stops: nothing here can fail once it is made, and the caller's
 * last act is to return it.
 */

import { reportOnce } from "../settle.ts";
import type { Runtime, Session } from "./session.ts";

/** The members of Deno that are used. */
interface DenoLike {
  upgradeWebSocket(
    request: Request,
    options: { readonly idleTimeout: number },
  ): { readonly socket: DenoSocket; readonly response: Response };
}

interface DenoSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: string | Uint8Array): void;
  close(code: number, reason: string): void;
}

const deno = /* @__PURE__ */ (() => (globalThis as { readonly Deno?: Partial<DenoLike> }).Deno)();

/** After how many seconds a socket that does not open is given up. */
const OPEN_TIMEOUT_SECONDS = 10;

const reportUnopened = /* @__PURE__ */ reportOnce("a socket");

/**
 * Sockets that were accepted to show a denial and are not yet gone, at most. A client that ignores the close keeps its
 * connection, about 30 KB and a descriptor each, and nothing here can end it.
 */
const MAX_SHOWN = 256;
let shown = 0;

/** Deno's answer to what is needed of a runtime. The context does not count: everything here comes from Deno. */
export const denoRuntime: Runtime = {
  owns: () => typeof deno?.upgradeWebSocket === "function",
  upgrade: (request, _context, session, headers) => upgrade(request, session, headers, () => {}),
  show(request, _context, session) {
    if (shown >= MAX_SHOWN) return null;
    shown++;
    const released = () => void shown--;
    try {
      return upgrade(request, session, new Headers(), released);
    } catch {
      released();
      return null;
    }
  },
};

/** `released` is called when the connection is gone. Throws what Deno throws, before anything is upgraded. */
function upgrade(request: Request, session: Session, headers: Headers, released: () => void): Response {
  // Not the `protocol` option: it splits the offer at ", " exactly and throws for what the npm client `ws` sends. Nor
  // a `headers` option: it is ignored.
  const idleTimeout = session.limits.idleTimeoutSeconds;
  const { socket, response } = (deno as DenoLike).upgradeWebSocket(request, { idleTimeout });
  socket.binaryType = "arraybuffer";
  // Once: of an idle peer Deno makes two closes, and one can come late.
  let gone = false;
  const release = () => {
    if (!gone) released();
    gone = true;
  };
  // A copy of a request is upgraded too, to a socket that has no event ever; a client that left can look the same.
  const unopened = setTimeout(() => {
    reportUnopened(
      new Error(
        `it did not open within ${OPEN_TIMEOUT_SECONDS} seconds: ` +
          "its client left, or the handler was given a copy of the request (in Hono pass `c.req.raw`)",
      ),
    );
    // Not released: where its client has left by a reset, Deno keeps the descriptor for good.
  }, OPEN_TIMEOUT_SECONDS * 1000);
  // Before the socket is open send() throws and close() is lost: the session hears of it only now.
  socket.onopen = () => {
    clearTimeout(unopened);
    session.opened({
      send: (data) => socket.send(data),
      bufferedBytes: () => socket.bufferedAmount,
      close: (code, reason) => socket.close(code, reason),
    });
  };
  socket.onmessage = ({ data }) => session.received(typeof data === "string" ? data : new Uint8Array(data));
  // No onerror: an error is always followed by a close, and on its own it says nothing that a handler could use.
  socket.onclose = ({ code, reason }) => {
    clearTimeout(unopened);
    session.closed(code, reason);
    release();
  };
  for (const [name, value] of headers) response.headers.append(name, value);
  if (session.protocol !== "") response.headers.set("sec-websocket-protocol", session.protocol);
  return response;
}
