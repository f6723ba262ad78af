/**
 * Open sockets and what each hangs on: the session that ends takes its sockets along, in every process.
 *
 *     a handshake:  position in the feed → marks looked at → upgraded → registered, which asks the ends of the last minute
 *     an end:       sockets here, and the ends of the last minute → mark → notice
 *
 * Each step stands where it stands so that, of an end and a handshake that run at the same time in whatever order, one sees
 * the other.
 */

import type { Closable, LiveRequest, SessionRef } from "../admission.ts";
import { countRecheck, recheckCount } from "../scope.ts";
import { reportOnce } from "../user_code.ts";
import type { Clock } from "./clock.ts";
import { Closer, closeSocket } from "./closer.ts";
import {
  type End,
  type EndTarget,
  isEndedBefore,
  isEndedSince,
  keysOf,
  type Looked,
  type Notice,
  orderOf,
  readMarks,
  readTarget,
  RecentEnds,
  writeEnd,
} from "./ends.ts";
import { Expiry, replaceRef } from "./expiry.ts";
import type { Live, LiveSettings } from "./live_options.ts";
import { NoticeReader } from "./notices.ts";
import { type Alike, Alikes, type CameIn, judgeAgain } from "./recheck.ts";
import { isClosed, type OpenSession, type OpenSocket, Registry, type SessionKeys } from "./registry.ts";
import { readSession } from "./session.ts";
import type { Store } from "./store.ts";
import { WatchedStore } from "./watched_store.ts";

/** The ends of so long are asked when a socket opens; whose handshake took longer is looked at again. */
const RECENT_MS = 60_000;
/** Ends that are offered to a store that has failed, at most. */
const MAX_PENDING = 10_000;
/** An end waits no longer for its clock to move on. A clock that was set back would take its time. */
const MAX_CLOCK_WAIT_MS = 1000;
/** What is looked at again is asked of the store by so many sessions at a time. */
const LOOKED_AT_ONCE = 64;
/** How often it is looked at the clock while many sockets are judged again. */
const RECHECK_STRETCH = 256;
const STRETCH_MS = 5;

/** What goes with 4401: the code and the word of `refuseVisibly`, so that a page has one way for both. */
const ENDED = [4401, "session-ended"] as const;

/** A handshake that was let in. */
interface Admission extends CameIn {
  /** null: nobody's. */
  readonly looked: (Looked & { readonly at: number }) | null;
}

/** The live sockets of one process, by a clock that is handed in. */
export class LiveSockets implements Live {
  readonly #settings: LiveSettings;
  readonly #clock: Clock;
  readonly #store: WatchedStore;
  readonly #notices: NoticeReader;
  readonly #alikes = new Alikes();
  readonly #registry = new Registry(this.#alikes);
  readonly #recent = new RecentEnds();
  readonly #closer = new Closer();
  readonly #expiry: Expiry;
  readonly #admissions = new WeakMap<LiveRequest, Admission>();
  /** What tells own notices from others'. */
  readonly #name = crypto.randomUUID();
  /** Ends that the store has not taken yet. */
  readonly #pending = new Map<End, (until: number) => void>();
  /** Of each subject that is being ended: when the last of its ends is written. */
  readonly #writing = new Map<string, Promise<void>>();
  /** Sockets of whose session an end may have been missed. */
  readonly #doubtful = new Set<OpenSocket>();
  readonly #reportUnknown = reportOnce("live.track()");
  readonly #reportRecheck = reportOnce("a policy function asked again by recheck()");
  readonly #reportLost = reportOnce("offering ends to the session store");
  /** How many handshakes have looked at the marks. */
  #handshakes = 0;
  #cameAt = -Infinity;
  #cancelTimer: (() => void) | null = null;
  #isDisposed = false;
  #isCatchingUp = false;

  constructor(settings: LiveSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#store = new WatchedStore(settings.store, clock, settings.timeoutSeconds);
    this.#notices = new NoticeReader(this.#store, clock, {
      apply: (notice) => this.#heard(notice),
      missed: () => this.#registry.sockets.forEach((socket) => void this.#doubtful.add(socket)),
    });
    this.#expiry = new Expiry(
      this.#registry,
      clock,
      settings,
      ({ sockets }) => void this.#close(sockets, ...ENDED),
    );
  }

  get size(): number {
    return this.#registry.sockets.size;
  }

  // ---------------------------------------------------------------------------------------- handshakes

  admit(request: LiveRequest, session: SessionRef | null): Promise<boolean> {
    if (typeof request !== "object" || request === null) throw new TypeError(NO_REQUEST);
    this.#admissions.delete(request);
    if (this.#isDisposed) return Promise.reject(new Error("These live sockets were disposed of"));
    const cameIn = this.#alikes.of(request);
    if (session !== null) return this.#look(request, cameIn, readSession(session));
    this.#admissions.set(request, { ...cameIn, looked: null });
    return Promise.resolve(true);
  }

  async #look(request: LiveRequest, cameIn: CameIn, ref: SessionRef): Promise<boolean> {
    if (this.#expiry.isOver(ref)) return false;
    const keys = await keysOf(ref);
    this.#cameAt = this.#clock.steady();
    this.#keepTime();
    await this.#notices.position();
    const handshake = ++this.#handshakes;
    // From here on the feed is read for as long as recent ends are kept.
    const at = this.#cameAt = this.#clock.steady();
    const marks = await this.#store.ask((store) => readMarks(store, keys));
    if (isEndedBefore(marks, keys, ref) || this.#recent.haveEnded(keys, ref)) return false;
    const known = Math.max(orderOf(marks), this.#recent.orderFor(keys));
    this.#admissions.set(request, { ...cameIn, looked: { keys, ref, handshake, known, at } });
    return true;
  }

  isAdmitted(request: LiveRequest): boolean {
    return !this.#isDisposed && this.#admissions.has(request);
  }

  track(request: LiveRequest, socket: Closable): () => void {
    try {
      return this.#register(request, socket);
    } catch (error) {
      return this.#turnAway(socket, error);
    }
  }

  #turnAway(socket: Closable, error: unknown): () => void {
    this.#reportUnknown(error);
    closeSocket(socket, 1011, "");
    return () => {};
  }

  #register(request: LiveRequest, socket: Closable): () => void {
    const admission = this.#isDisposed ? undefined : this.#admissions.get(request);
    if (admission === undefined) return this.#turnAway(socket, new Error(UNKNOWN));
    const denied = this.#whyNoMore(admission);
    if (denied !== null) closeSocket(socket, ...denied);
    if (denied !== null || isClosed(socket)) return () => {};
    let open: OpenSocket | null = null;
    const release = () => void (open !== null && this.#registry.drop(open));
    // Before it is kept count of: where this throws it is not.
    socket.addEventListener?.("close", release);
    const { looked, alike } = admission;
    const session = looked && this.#openSession(looked);
    open = this.#registry.add(socket, session, looked?.known ?? 0, alike);
    if (looked !== null && this.#clock.steady() - looked.at >= RECENT_MS) this.#doubtful.add(open);
    this.#keepTime();
    return release;
  }

  /** Why a handshake that was let in opens no socket any more; null: it does. */
  #whyNoMore({ looked, alike, rechecks }: Admission): readonly [code: number, reason: string] | null {
    if (looked !== null) {
      const { ref, keys, handshake } = looked;
      if (this.#expiry.isOver(ref) || this.#recent.haveEndedSince(looked)) return ENDED;
      const open = this.#anothers(keys);
      if (open !== undefined && open.handshake > handshake) return ENDED;
    }
    const denied = alike !== null && rechecks !== recheckCount() && this.#judgeAgain(alike);
    return denied ? [4403, denied.reason] : null;
  }

  /** The same session as some other subject's: who is logged in by it has changed. */
  #anothers({ session, subject }: SessionKeys): OpenSession | undefined {
    const open = this.#registry.sessions.get(session);
    return open?.keys.subject === subject ? undefined : open;
  }

  #openSession({ keys, ref, handshake }: Looked): OpenSession {
    const anothers = this.#anothers(keys);
    if (anothers !== undefined) this.#close(anothers.sockets, ...ENDED);
    const session = this.#registry.open(keys, ref, handshake, this.#expiry.nextAsk());
    if (handshake > session.handshake) {
      session.handshake = handshake;
      replaceRef(session, ref);
    }
    return session;
  }

  // ---------------------------------------------------------------------------------------------- ends

  async end(target: EndTarget): Promise<void> {
    const end = await readTarget(target, this.#clock.now());
    const keep = this.#recent.add(end, null, this.#handshakes, Infinity);
    const closing = this.#closeOf(end, () => true);
    try {
      await this.#write(end);
      keep(this.#clock.steady() + RECENT_MS);
    } catch (error) {
      this.#offerLater(end, keep);
      throw error;
    } finally {
      await closing;
    }
    await this.#movePast(end.time);
  }

  /** Writes an end down; those of one subject one after another. */
  async #write(end: End, isRetry = false): Promise<void> {
    const { longestSessionSeconds } = this.#settings;
    const run = (store: Store) => writeEnd(store, end, this.#name, this.#clock.now(), longestSessionSeconds);
    const write = () => this.#store.ask(run, isRetry);
    const before = this.#writing.get(end.key);
    const written = before === undefined ? write() : before.then(write, write);
    this.#writing.set(end.key, written);
    try {
      await written;
    } finally {
      if (this.#writing.get(end.key) === written) this.#writing.delete(end.key);
    }
  }

  /** Who logs in once an end is over has to have started after it, by this same clock. */
  async #movePast(time: number): Promise<void> {
    const start = this.#clock.steady();
    while (this.#clock.now() <= time && this.#clock.steady() - start < MAX_CLOCK_WAIT_MS) {
      await new Promise<void>((resolve) => this.#clock.after(1, resolve));
    }
  }

  /** Another process has ended something. */
  #heard(notice: Notice): void {
    if (notice.by === this.#name) return;
    this.#recent.add(notice, notice.order, this.#handshakes, this.#clock.steady() + RECENT_MS);
    this.#closeOf(notice, ({ known }) => notice.kind === "session" || notice.order > known);
  }

  #closeOf({ kind, key, except }: End, concerns: (socket: OpenSocket) => boolean): Promise<void> {
    const all = kind === "session" ? this.#registry.ofSession(key) : this.#registry.ofSubject(key);
    const sockets = [...all].filter((socket) => socket.session!.keys.session !== except && concerns(socket));
    return this.#close(sockets, ...ENDED);
  }

  /** Forgets sockets at once, and closes them. */
  #close(open: Iterable<OpenSocket>, code: number, reason: string): Promise<void> {
    const sockets = [...open];
    for (const socket of sockets) this.#registry.drop(socket);
    return this.#closer.close(sockets.map(({ socket }) => socket), code, reason);
  }

  #offerLater(end: End, keep: (until: number) => void): void {
    if (this.#pending.size < MAX_PENDING && !this.#isDisposed) {
      this.#pending.set(end, keep);
      this.#keepTime();
    } else {
      this.#reportLost(new Error(`more than ${MAX_PENDING} wait for it, so some are lost`));
      keep(this.#clock.steady() + RECENT_MS);
    }
  }

  /** Offers what the store has not taken, as far as it takes it. */
  async #offer(): Promise<void> {
    for (const [end, keep] of this.#pending) {
      await this.#write(end, true);
      this.#pending.delete(end);
      keep(this.#clock.steady() + RECENT_MS);
    }
  }

  // ------------------------------------------------------------------------------------------- recheck

  async recheck(): Promise<number> {
    countRecheck();
    const said = new Map<Alike, ReturnType<typeof judgeAgain>>();
    const refused = new Map<string, OpenSocket[]>();
    let start = performance.now();
    let seen = 0;
    for (const open of this.#registry.sockets) {
      if (++seen % RECHECK_STRETCH === 0 && performance.now() - start > STRETCH_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        start = performance.now();
      }
      const { alike } = open;
      if (alike === null) continue;
      const denied = said.has(alike) ? said.get(alike)! : this.#judgeAgain(alike);
      said.set(alike, denied);
      if (denied === null) continue;
      const others = refused.get(denied.reason);
      if (others === undefined) refused.set(denied.reason, [open]);
      else others.push(open);
    }
    let closed = 0;
    const closing = Array.from(refused, ([reason, sockets]) => {
      const open = sockets.filter((socket) => this.#registry.sockets.has(socket));
      closed += open.length;
      return this.#close(open, 4403, reason);
    });
    await Promise.all(closing);
    return closed;
  }

  /** A policy that fails closes nothing: it has not said no. */
  #judgeAgain(alike: Alike): ReturnType<typeof judgeAgain> {
    try {
      return judgeAgain(alike);
    } catch (error) {
      this.#reportRecheck(error);
      return null;
    }
  }

  // ----------------------------------------------------------------------------------------- the timer

  /** Has the one timer run, as long as there is something to look at. */
  #keepTime(): void {
    if (this.#cancelTimer !== null || this.#isDisposed) return;
    this.#cancelTimer = this.#clock.after(this.#settings.pollSeconds * 1000, () => this.#tick(), true);
  }

  #tick(): void {
    this.#cancelTimer = null;
    const now = this.#clock.steady();
    this.#recent.prune(now);
    this.#registry.forgetClosed();
    this.#expiry.pass();
    const isIdle = this.size === 0 && this.#pending.size === 0 && now - this.#cameAt >= RECENT_MS;
    if (isIdle && !this.#notices.isReading) {
      this.#notices.forget();
      this.#store.forget();
      return;
    }
    this.#keepTime();
    // What fails is told by the store, and is tried again next time.
    this.#poll().catch(() => {});
  }

  async #poll(): Promise<void> {
    await this.#notices.read();
    // Where the store is slow, several polls have waited for one reading.
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    try {
      await this.#lookAgain();
      await this.#offer();
    } finally {
      this.#isCatchingUp = false;
    }
  }

  /** Looks at the marks of those of whom an end may have been missed. */
  async #lookAgain(): Promise<void> {
    while (this.#doubtful.size > 0) {
      const some: OpenSocket[] = [];
      for (const open of this.#doubtful) if (some.push(open) === LOOKED_AT_ONCE) break;
      await this.#store.ask((store) => Promise.all(some.map((open) => this.#lookAt(store, open))));
      for (const open of some) this.#doubtful.delete(open);
    }
  }

  async #lookAt(store: Store, open: OpenSocket): Promise<void> {
    const { session, known } = open;
    if (session === null || !this.#registry.sockets.has(open)) return;
    const marks = await readMarks(store, session.keys);
    if (isEndedSince(marks, session.keys, known)) this.#close([open], ...ENDED);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const open of this.#registry.sockets) this.#registry.drop(open);
  }
}

const NO_REQUEST =
  "Pass the request that is going to be upgraded: in Hono c.req.raw, in Node the IncomingMessage";
const UNKNOWN =
  "Await live.admit(request, session) before the upgrade, or wrap the handler in an auth layer with this live. " +
  "A socket was closed (1011): its request (in Hono c.req.raw) is unknown";
