/**
 * A socket as its user has it, and what all sockets of one handler share.
 */

import type { Admissions } from "../admission.ts";

/**
 * One open WebSocket, the same on Deno and on Bun.
 *
 * @category Sockets
 * @typeParam D What the application keeps on it.
 *
 * @example A server that says goodbye
 * ```ts
 * import { originValidator, type Socket, upgradeHandler } from "@wsgate/wsgate";
 *
 * const greet = (socket: Socket) => {
 *   if (!socket.send("hello")) console.log("not sent: closed, or too much is waiting");
 *   socket.close(1000, "that was all");
 * };
 * const fetch = originValidator(upgradeHandler({ open: greet }), ["https://example.com"]);
 * export default { fetch };
 * ```
 */
export interface Socket<D = unknown> {
  /**
   * The handshake, as the key for the readers of other layers (`auth.scope(socket.request)`). On Deno its headers are
   * gone by now: read them before, in `user` of an auth layer or in a handler around.
   */
  readonly request: Request;
  /** The subprotocol chosen from the server's list, or "". */
  readonly protocol: string;
  /** The application's own, for as long as the socket lives; undefined until it is set. */
  data: D | undefined;
  /** The peer's IP address as the runtime saw it: a proxy's, where there is one. null: not known (a unix socket). */
  readonly remoteAddress: string | null;
  /** Bytes that wait to be sent, and on Deno 64 more for each message. */
  readonly bufferedBytes: number;
  /**
   * Queues a message: text for a string, binary for bytes, which must not be changed until they are sent.
   *
   * Returns false where it was not queued: the socket is closed or closing, or with it more than `maxBufferedBytes`
   * would be waiting; `drain` tells when nothing waits any more. Throws a TypeError for anything but a string and a
   * Uint8Array.
   */
  send(data: string | Uint8Array): boolean;
  /**
   * Starts the closing handshake; code 1000 and no reason by default. What waits to be sent goes out before; of what has
   * come in nothing is handled any more. Does nothing where the socket is closed or closing.
   *
   * Throws a RangeError for a code that cannot be sent (RFC 6455 §7.4: 1000 to 1003, 1007 to 1014 and 3000 to 4999
   * can) and for a reason of more than 123 bytes.
   */
  close(code?: number, reason?: string): void;
}

/**
 * What is done with an open socket. What one of these throws or rejects with goes to `error`.
 *
 * `open` and `message` of one socket run one after another: the next starts when the promise of the one before has
 * settled. Who wants messages side by side returns no promise. Sockets do not wait for each other.
 *
 * @category Sockets
 * @typeParam D What the application keeps on a socket.
 */
export interface SocketHandlers<D = unknown> {
  /** The socket is open. Called once, before every other. */
  open?(socket: Socket<D>): void | Promise<void>;
  /** A message arrived: a string for text, bytes for binary. Not called once this side has closed. */
  message?(socket: Socket<D>, data: string | Uint8Array): void | Promise<void>;
  /** Nothing waits to be sent any more, after `send` had returned false. Not waited for by others. */
  drain?(socket: Socket<D>): void | Promise<void>;
  /**
   * The socket is closed. Called once, after every other; 10 seconds after the end at most, even while another one has not
   * settled. The code and reason are those of whoever closed first; 1006: the connection ended without a close frame;
   * 1005: the close frame had no code.
   */
  close?(socket: Socket<D>, code: number, reason: string): void | Promise<void>;
  /** A handler above threw or rejected; the socket is then closed with 1011. Default: reported to the console once. */
  error?(socket: Socket<D>, error: unknown): void | Promise<void>;
}

/** Limits of one handler's sockets, as checked numbers. */
export interface Limits {
  /** 0: none. */
  readonly idleTimeoutSeconds: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxWaitingMessages: number;
  readonly maxSockets: number;
}

/** What all sockets of one handler share. */
export interface SocketKind {
  /** Keeps count of them. */
  readonly live?: Admissions | undefined;
  readonly handlers: SocketHandlers;
  readonly limits: Limits;
  /** Takes what a handler threw, where no `error` handler does. */
  readonly report: (error: unknown) => void;
  /** Takes what closed a socket over a limit. */
  readonly reportLimit: (error: unknown) => void;
  /** How many of its sockets are open. */
  open: number;
}
