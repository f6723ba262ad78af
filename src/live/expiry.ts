/**
 * Sessions that end by themselves: those that expire, and those of which the application says that they are over.
 *
 * There is no timer for each. One pass looks at all of them, or at a part where they are many.
 */

import type { SessionRef } from "../admission.ts";
import { reportOnce } from "../user_code.ts";
import { type Clock, within } from "./clock.ts";
import type { OpenSession, Registry } from "./registry.ts";
import { readSession } from "./session.ts";

/** So many are looked at in one pass: some 5 ms. */
const PART = 50_000;
/** So many are asked about at a time. */
const ASKED_AT_ONCE = 8;
/** After a failure it is asked again then. */
const RETRY_MS = 60_000;
/** So that what was opened at once is not asked about at once for ever after. */
const SPREAD = 0.1;

/** What sessions are asked by. */
export interface ExpiryOptions {
  readonly revalidate:
    | ((session: SessionRef) => boolean | SessionRef | Promise<boolean | SessionRef>)
    | undefined;
  readonly revalidateSeconds: number;
  readonly timeoutSeconds: number;
}

/** Watches the sessions of one registry. */
export class Expiry {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #options: ExpiryOptions;
  readonly #close: (session: OpenSession) => void;
  readonly #report = reportOnce("revalidate()");
  #pass: Iterator<OpenSession> | null = null;
  readonly #expired = new Set<OpenSession>();
  readonly #due = new Set<OpenSession>();
  readonly #asking = new Set<OpenSession>();

  constructor(
    registry: Registry,
    clock: Clock,
    options: ExpiryOptions,
    close: (session: OpenSession) => void,
  ) {
    this.#registry = registry;
    this.#clock = clock;
    this.#options = options;
    this.#close = close;
  }

  /** Whether a session is over by its own word. */
  isOver({ expiresAt }: SessionRef): boolean {
    return expiresAt !== undefined && expiresAt <= this.#clock.now();
  }

  /** When the application is asked next. */
  nextAsk(): number {
    return this.#clock.steady() + this.#options.revalidateSeconds * 1000 * (1 - SPREAD * Math.random());
  }

  /** Looks at sessions, and has those asked about of which it is time. */
  pass(): void {
    this.#pass ??= this.#registry.sessions.values();
    for (let seen = 0; seen < PART; seen++) {
      const { value, done } = this.#pass.next();
      if (done) {
        this.#pass = null;
        break;
      }
      this.#look(value);
    }
    this.#askNext();
  }

  #look(session: OpenSession): void {
    const { revalidate, timeoutSeconds } = this.#options;
    const steady = this.#clock.steady();
    if (!this.isOver(session.ref)) {
      session.overSince = null;
      if (revalidate !== undefined && session.askAt <= steady) this.#due.add(session);
      return;
    }
    session.overSince ??= steady;
    if (revalidate === undefined || steady - session.overSince >= timeoutSeconds * 1000) {
      this.#close(session);
    } else {
      this.#expired.add(session);
    }
  }

  #askNext(): void {
    for (const queue of [this.#expired, this.#due]) {
      for (const session of queue) {
        if (this.#asking.size >= ASKED_AT_ONCE) return;
        if (this.#asking.has(session)) continue;
        queue.delete(session);
        if (session.sockets.size > 0) this.#ask(session);
      }
    }
  }

  #ask(session: OpenSession): void {
    const { revalidate, timeoutSeconds } = this.#options;
    const asked = session.ref;
    const wasOver = this.isOver(asked);
    this.#asking.add(session);
    const late = () => new Error(`it took more than ${timeoutSeconds} seconds (timeoutSeconds)`);
    within(this.#clock, timeoutSeconds, () => revalidate!(asked), late)
      .then((answer) => this.#answered(session, asked, answer))
      .catch((error) => {
        this.#report(error);
        session.askAt = this.#clock.steady() + RETRY_MS;
      })
      .then(() => {
        // Neither true nor a failure prolongs what is over. What has expired meanwhile is asked about once more.
        if (wasOver && this.isOver(session.ref)) this.#close(session);
        this.#asking.delete(session);
        // A pass may have put it there while it was asked about.
        this.#expired.delete(session);
        this.#due.delete(session);
        this.#askNext();
      });
  }

  #answered(session: OpenSession, asked: SessionRef, answer: unknown): void {
    session.askAt = this.nextAsk();
    if (answer === true) return;
    if (answer === false) return this.#close(session);
    const ref = readSession(answer);
    if (ref.id !== asked.id || ref.subject !== asked.subject) throw new TypeError(ANOTHER);
    // Not where a handshake has brought a newer one while the application was asked.
    if (session.ref === asked) replaceRef(session, ref);
  }
}

/** Puts what is newer in the place of what a session was. */
export function replaceRef(session: OpenSession, ref: SessionRef): void {
  session.ref = ref;
  session.overSince = null;
}

const ANOTHER =
  "Return true, false, or the same session with a later expiresAt. It returned another id or subject";
