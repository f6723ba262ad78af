/**
 * What a socket hangs on, and what auth and sockets ask of what keeps count of them. They know nothing else of live
 * sockets, so a program that has none ships nothing of them.
 */

import { checkFunction, type ConfigIssue, type Options } from "./config.ts";

/**
 * A log-in. Times are milliseconds since 1970.
 *
 * @category Sessions
 */
export interface AnySession {
  /**
   * What stays the same when the cookie or token is renewed: better-auth's `session.id`, an OpenID `sid`, a random id that
   * was put into the session at log-in. Not a rotating token, not a `jti`: a socket opened under the old one would outlive
   * the log-out of the new one.
   */
  readonly id: string;
  /** When it ends by itself, in milliseconds since 1970. Left out: no end of its own. */
  readonly expiresAt?: number;
}

/**
 * A log-in of a user who can have several. A subject needs a start: without it every log-in after the end of all of a
 * subject's sessions would be refused, or none. `id` and `expiresAt` are those of {@linkcode AnySession}.
 *
 * @category Sessions
 */
export interface UserSession extends AnySession {
  /**
   * The user, where several sessions can be one user's. A session has one: where a later handshake brings another, sockets
   * that were opened under the one before are closed.
   */
  readonly subject: string;
  /**
   * When the user logged in, not when the token was renewed, in milliseconds since 1970. From whole seconds: `iat * 1000`; a
   * log-in in the very second of an end is refused then.
   */
  readonly startedAt: number;
}

/**
 * A log-in, with its user or without.
 *
 * @category Sessions
 */
export type SessionRef =
  | (AnySession & { readonly subject?: undefined; readonly startedAt?: number })
  | UserSession;

/**
 * A request that is going to be upgraded: the web's `Request`, or Node's `IncomingMessage` behind a gate for it.
 *
 * @category Sessions
 */
export type LiveRequest = Request | { readonly rawHeaders: readonly string[] };

/**
 * What is used of a socket. Deno's and the web's `WebSocket` have it, Bun's `ServerWebSocket`, the sockets of `ws`, Hono's
 * `WSContext`, the peers of crossws, and {@linkcode Socket}.
 *
 * @category Sessions
 */
export interface Closable {
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Read where there is one: a close waits while it is 0, and a socket is forgotten once it is 3. */
  readonly readyState?: number;
  /** Used where there is one, so that nothing has to be called when the socket has closed. */
  addEventListener?(type: "open" | "close", listener: () => void): void;
}

/**
 * What auth layers and {@linkcode upgradeHandler} use of `createLiveSockets` of `@wsgate/wsgate/live`.
 *
 * @category Sessions
 */
export interface Admissions {
  /** Whether a session may open a socket; remembers for this request object that it may. */
  admit(request: LiveRequest, session: SessionRef | null): Promise<boolean>;
  /** Whether `admit` has let this request object in. */
  isAdmitted(request: LiveRequest): boolean;
  /** Keeps count of an open socket, until what it returns is called. */
  track(request: LiveRequest, socket: Closable): () => void;
}

/** Reads the option `live`. By one of its members: whoever gives it does so once for a whole program. */
export function readLive(options: Options, issues: ConfigIssue[]): Admissions | undefined {
  const live = options.live as Admissions | null | undefined;
  if (live === undefined) return undefined;
  checkFunction(live?.admit, "live.admit", issues);
  return live!;
}
