/**
 * Closing many sockets without stopping everybody else: ten thousand in one piece take a third of a second.
 */

import type { Closable } from "../admission.ts";

/** After so long other work has its turn. */
const STRETCH_MS = 5;
/**
 * And after so many: with Deno the better part of the work is done later, for all of a stretch at once, where no clock is
 * looked at.
 */
const STRETCH_SOCKETS = 256;

/** The web's number for a socket that is not open yet. */
const CONNECTING = 0;

interface Closing {
  readonly socket: Closable;
  readonly code: number;
  readonly reason: string;
}

/** Closes a socket. Never throws: what cannot be closed is closed already, or a user's own object. */
export function closeSocket(socket: Closable, code: number, reason: string): void {
  try {
    // On Deno a close before the socket is open is lost.
    if (socket.readyState === CONNECTING && typeof socket.addEventListener === "function") {
      socket.addEventListener("open", () => closeSocket(opened(socket), code, reason));
    } else {
      socket.close(code, reason);
    }
  } catch {
    // There is nobody to tell: the application itself has given up this socket.
  }
}

/** One that has said that it is open, whatever its `readyState` says. */
function opened(socket: Closable): Closable {
  return { close: (code, reason) => socket.close(code, reason) };
}

/** Closes sockets in the order in which it is told, a stretch at a time. */
export class Closer {
  #queue: Closing[] = [];
  #done: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  /** Resolves once all of them were closed. The first stretch has been when it returns. */
  close(sockets: Iterable<Closable>, code: number, reason: string): Promise<void> {
    for (const socket of sockets) this.#queue.push({ socket, code, reason });
    if (this.#done !== null) return this.#done.promise;
    let resolve!: () => void;
    const promise = new Promise<void>((done) => resolve = done);
    // Before the first one is closed: Bun calls the application from inside of close(), which may come back to this.
    this.#done = { promise, resolve };
    this.#stretch(0);
    return promise;
  }

  #stretch(from: number): void {
    const start = performance.now();
    let next = from;
    while (
      next < this.#queue.length && next - from < STRETCH_SOCKETS && performance.now() - start < STRETCH_MS
    ) {
      const { socket, code, reason } = this.#queue[next++]!;
      closeSocket(socket, code, reason);
    }
    if (next < this.#queue.length) {
      setTimeout(() => this.#stretch(next), 0);
      return;
    }
    this.#queue = [];
    const { resolve } = this.#done!;
    this.#done = null;
    resolve();
  }
}
