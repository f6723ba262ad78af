/**
 * Which sockets are open, and what each hangs on.
 */

import type { Closable, SessionRef } from "../admission.ts";
import type { Alike, Alikes } from "./recheck.ts";

/** A session and, where it has one, its subject, by the keys that stand for them in the store. */
export interface SessionKeys {
  readonly session: string;
  readonly subject: string | null;
}

/** A session with open sockets. */
export interface OpenSession {
  readonly keys: SessionKeys;
  /** As the newest handshake had it, or `revalidate`. */
  ref: SessionRef;
  /** The number of that handshake. */
  handshake: number;
  readonly sockets: Set<OpenSocket>;
  /** When the application is asked whether it goes on; by the clock that never goes back. */
  askAt: number;
  /** When it was found to be over, and the application was still to be asked. */
  overSince: number | null;
}

/** A socket that is open, or about to be. */
export interface OpenSocket {
  readonly socket: Closable;
  /** null: nobody's. */
  readonly session: OpenSession | null;
  /** The order of the newest end of its subject that was known when it was let in; see `ends.ts`. */
  readonly known: number;
  /** How it came in, with all that came in alike; null: no guard judged it. */
  readonly alike: Alike | null;
}

/** The web's number for a socket that is closed. */
const CLOSED = 3;
/** So many sockets are looked at in one pass. */
const PART = 50_000;

/** Sockets by session, sessions by subject. */
export class Registry {
  readonly sockets: Set<OpenSocket> = new Set();
  readonly sessions: Map<string, OpenSession> = new Map();
  readonly #subjects = new Map<string, Set<OpenSession>>();
  readonly #alikes: Alikes;
  #pass: Iterator<OpenSocket> | null = null;

  constructor(alikes: Alikes) {
    this.#alikes = alikes;
  }

  /** The session of these keys, which is open from now on. `askAt`: see {@linkcode OpenSession}. */
  open(keys: SessionKeys, ref: SessionRef, handshake: number, askAt: number): OpenSession {
    const before = this.sessions.get(keys.session);
    if (before !== undefined) return before;
    const session = { keys, ref, handshake, sockets: new Set<OpenSocket>(), askAt, overSince: null };
    this.sessions.set(keys.session, session);
    if (keys.subject !== null) {
      const others = this.#subjects.get(keys.subject);
      if (others === undefined) this.#subjects.set(keys.subject, new Set([session]));
      else others.add(session);
    }
    return session;
  }

  add(socket: Closable, session: OpenSession | null, known: number, alike: Alike | null): OpenSocket {
    const added = { socket, session, known, alike: alike && this.#alikes.open(alike) };
    this.sockets.add(added);
    session?.sockets.add(added);
    return added;
  }

  /** Forgets a socket; as often as it is called. Its session goes with the last one. */
  drop(socket: OpenSocket): void {
    if (!this.sockets.delete(socket)) return;
    if (socket.alike !== null) this.#alikes.close(socket.alike);
    const { session } = socket;
    if (session === null) return;
    session.sockets.delete(socket);
    if (session.sockets.size > 0) return;
    const { keys } = session;
    this.sessions.delete(keys.session);
    if (keys.subject === null) return;
    const others = this.#subjects.get(keys.subject)!;
    others.delete(session);
    if (others.size === 0) this.#subjects.delete(keys.subject);
  }

  /** The open sockets of a session. */
  ofSession(key: string): Iterable<OpenSocket> {
    return this.sessions.get(key)?.sockets ?? [];
  }

  /** The open sockets of all sessions of a subject. */
  *ofSubject(key: string): Iterable<OpenSocket> {
    for (const { sockets } of this.#subjects.get(key) ?? []) yield* sockets;
  }

  /** Forgets sockets that have closed and cannot tell: those of Bun's and Hono's. A part of them, where they are many. */
  forgetClosed(): void {
    this.#pass ??= this.sockets.values();
    for (let seen = 0; seen < PART; seen++) {
      const { value, done } = this.#pass.next();
      if (done) {
        this.#pass = null;
        return;
      }
      if (isClosed(value.socket)) this.drop(value);
    }
  }
}

/** Reports whether a socket says of itself that it has closed. */
export function isClosed(socket: Closable): boolean {
  try {
    return socket.readyState === CLOSED;
  } catch {
    return false;
  }
}
