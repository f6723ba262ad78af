/**
 * Ends of sessions: what each concerns, and how it is written down.
 *
 * An *end* leaves a *mark*, which handshakes look at for as long as a session can last, and then a *notice*, which the other
 * processes read. In this order: whoever looked before there was a mark reads the notice after.
 *
 * Two orders hold beside each other. A new log-in is told from an old one by when it started and when the end was, by the
 * clocks of whoever wrote these down. An open socket is closed by the order in which the store saw things happen, whatever the
 * clocks say: its end was not known yet when it was let in.
 */

import type { SessionRef } from "../admission.ts";
import type { SessionKeys } from "./registry.ts";
import { checkName } from "./session.ts";
import type { Store } from "./store.ts";

/** The feed of notices. */
export const FEED = "ends";
/** So long a notice is kept. Who has not read for that long looks at the marks. */
export const FEED_SECONDS = 3600;

/**
 * What to end: one session, or all of a subject that have started, but for one.
 *
 * @category Sessions
 */
export type EndTarget = { readonly session: string } | { readonly subject: string; readonly except?: string };

/** One end. Whom it concerns is named by the keys that stand for it in the store. */
export interface End {
  readonly kind: "session" | "subject";
  readonly key: string;
  /** The session that goes on. */
  readonly except: string | null;
  /** When it was, by the clock of the process that ended it. */
  readonly time: number;
}

/** The mark of an end of all sessions of a subject. Those with and without `except` are two, each the newest of its kind. */
interface Mark {
  readonly time: number;
  /** Grows with each end of the subject, as the store saw them. Of clocks that are apart the time does not. */
  readonly order: number;
  readonly except: string | null;
}

/** What the store has of one session and its subject. */
export interface Marks {
  readonly isEnded: boolean;
  readonly all: Mark | null;
  readonly others: Mark | null;
}

/** What another process has ended. */
export interface Notice extends End {
  /** Whose it is; a process passes over its own. */
  readonly by: string;
  /** As its mark has it; 0 for the end of one session, which needs none. */
  readonly order: number;
}

// ------------------------------------------------------------------------------------------------ keys

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * What stands for an id in the store: nobody who reads that learns whose sessions there are. JSON, since two texts that are
 * not well-formed Unicode would have the same bytes.
 */
async function keyOf(kind: End["kind"], name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(`${kind}:${JSON.stringify(name)}`));
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return `${kind}.${text.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}`;
}

/** The keys of a session. */
export async function keysOf({ id, subject }: SessionRef): Promise<SessionKeys> {
  const both = [keyOf("session", id), subject === undefined ? null : keyOf("subject", subject)] as const;
  const [session, subjects] = await Promise.all(both);
  return { session, subject: subjects };
}

const markOf = (key: string) => `end.${key}`;
const markOfOthers = (key: string) => `end.${key}.others`;

/** Reads what is to be ended. Rejects with a TypeError that says what is wrong. */
export async function readTarget(target: EndTarget, time: number): Promise<End> {
  const given = Object(target) as { session?: unknown; subject?: unknown; except?: unknown };
  const unknown = Object.keys(given).filter((name) => !["session", "subject", "except"].includes(name));
  if (unknown.length > 0 || (given.session === undefined) === (given.subject === undefined)) {
    throw new TypeError(WHAT_TO_END);
  }
  if (given.session !== undefined) {
    if (given.except !== undefined) throw new TypeError(WHAT_TO_END);
    checkName(given.session, "session");
    return { kind: "session", key: await keyOf("session", given.session), except: null, time };
  }
  checkName(given.subject, "subject");
  const key = await keyOf("subject", given.subject);
  if (given.except === undefined) return { kind: "subject", key, except: null, time };
  checkName(given.except, "except");
  return { kind: "subject", key, except: await keyOf("session", given.except), time };
}

const WHAT_TO_END =
  "Give end() either { session }, the id of one session, or { subject }, a user, with or without except, the id of " +
  "the session that goes on";

// ----------------------------------------------------------------------------------------------- marks

/** Looks at the marks that concern a session. */
export async function readMarks(store: Store, { session, subject }: SessionKeys): Promise<Marks> {
  const [ended, all, others] = await Promise.all([
    store.get(markOf(session)),
    subject === null ? null : store.get(markOf(subject)),
    subject === null ? null : store.get(markOfOthers(subject)),
  ]);
  return { isEnded: textOf(ended) !== null, all: markFrom(all), others: markFrom(others) };
}

/** Reports whether a log-in is one that was ended. A mark of a subject concerns what started in its own millisecond too. */
export function isEndedBefore(
  { isEnded, all, others }: Marks,
  { session }: SessionKeys,
  ref: SessionRef,
): boolean {
  const { startedAt = 0 } = ref;
  return isEnded || all !== null && startedAt <= all.time ||
    others !== null && others.except !== session && startedAt <= others.time;
}

/** Reports whether the store saw an end of a session that was not `known` when its socket was let in. */
export function isEndedSince(
  { isEnded, all, others }: Marks,
  { session }: SessionKeys,
  known: number,
): boolean {
  return isEnded || all !== null && all.order > known ||
    others !== null && others.except !== session && others.order > known;
}

/** The order of the newest of them. */
export function orderOf({ all, others }: Marks): number {
  return Math.max(all?.order ?? 0, others?.order ?? 0);
}

/**
 * Writes the mark of an end, then its notice. Of one subject one after another: each mark builds on the one before, and a store
 * has no step that does both.
 */
export async function writeEnd(
  store: Store,
  end: End,
  by: string,
  now: number,
  ttlSeconds: number,
): Promise<void> {
  const order = end.kind === "session" ? 0 : await writeSubject(store, end, now, ttlSeconds);
  if (end.kind === "session") await store.put(markOf(end.key), "ended", ttlSeconds);
  await store.append(FEED, JSON.stringify({ ...end, by, order } satisfies Notice), FEED_SECONDS);
}

async function writeSubject(store: Store, end: End, now: number, ttlSeconds: number): Promise<number> {
  const { key, except, time } = end;
  const put = (place: string, mark: Mark) => store.put(place, JSON.stringify(mark), ttlSeconds);
  const all = markFrom(await store.get(markOf(key)));
  const others = markFrom(await store.get(markOfOthers(key)));
  // Of the time of day where nothing is known, so that it goes on growing after the marks are forgotten.
  const order = Math.max(now, orderOf({ isEnded: false, all, others }) + 1);
  if (except === null) {
    await put(markOf(key), { time: Math.max(time, all?.time ?? 0), order, except });
    return order;
  }
  if (others !== null && others.except !== except) {
    // The mark that is going to be overwritten ended this one's exception, and this one ends its.
    const both = {
      time: Math.max(others.time, all?.time ?? 0),
      order: Math.max(others.order, all?.order ?? 0),
    };
    await put(markOf(key), { ...both, except: null });
  }
  await put(markOfOthers(key), {
    time: Math.max(time, others?.except === except ? others.time : 0),
    order,
    except,
  });
  return order;
}

function textOf(value: unknown): string | null {
  if (typeof value === "string" || value === null) return value;
  throw new TypeError("The store's get() has to resolve with a string or null");
}

/** Reads a mark. What cannot be read fails, and with it the handshake: it may be the end of this very session. */
function markFrom(value: unknown): Mark | null {
  const text = textOf(value);
  if (text === null) return null;
  const { time, order, except } = JSON.parse(text) as Record<keyof Mark, unknown>;
  if (typeof time === "number" && typeof order === "number" && isKeyOrNull(except)) {
    return { time, order, except };
  }
  throw new TypeError("The store has something else than the mark of an end");
}

/** Reads a notice. Throws where it is none. */
export function readNotice(value: string): Notice {
  const { kind, key, except, time, order, by } = JSON.parse(value) as Record<keyof Notice, unknown>;
  if (
    (kind === "session" || kind === "subject") && typeof key === "string" && isKeyOrNull(except) &&
    typeof time === "number" && typeof order === "number" && typeof by === "string"
  ) {
    return { kind, key, except, time, order, by };
  }
  throw new TypeError("it is not the notice of an end");
}

function isKeyOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

// ---------------------------------------------------------------------------------------------- recent

/** An end that this process has heard of a short while ago. */
interface Recent {
  readonly end: End;
  /** As the store saw it; null: it is this process's own. */
  readonly order: number | null;
  /** How many handshakes had looked at the marks before. */
  readonly handshake: number;
  /** Kept until then, by the clock that never goes back; an own one that is not written yet until it is. */
  until: number;
}

/** A handshake that has looked at the marks. */
export interface Looked {
  readonly keys: SessionKeys;
  readonly ref: SessionRef;
  /** Its number among those of this process. */
  readonly handshake: number;
  /** The order of the newest end of its subject that it knew. */
  readonly known: number;
}

/**
 * The ends of the last minute, own and read: asked once more when a socket opens, which is the only thing that closes
 * "looked, then ended, then opened".
 */
export class RecentEnds {
  readonly #ends = new Map<string, Recent[]>();
  #pruneAt = 0;

  /** Takes note of one; returns what sets until when it is kept. */
  add(end: End, order: number | null, handshake: number, until: number): (until: number) => void {
    const recent: Recent = { end, order, handshake, until };
    const others = this.#ends.get(end.key);
    if (others === undefined) this.#ends.set(end.key, [recent]);
    else others.push(recent);
    return (later) => void (recent.until = later);
  }

  /** Forgets those of which it is time. Cheap where it was just done. */
  prune(now: number): void {
    if (now < this.#pruneAt) return;
    this.#pruneAt = now + 1000;
    for (const [key, ends] of this.#ends) {
      const kept = ends.filter(({ until }) => until > now);
      if (kept.length > 0) this.#ends.set(key, kept);
      else this.#ends.delete(key);
    }
  }

  /** Of a handshake that has just looked: whether its log-in is one that was ended. */
  haveEnded(keys: SessionKeys, ref: SessionRef): boolean {
    return this.#of(keys).some(({ end }) =>
      end.kind === "session" || end.except !== keys.session && ref.startedAt! <= end.time
    );
  }

  /** The order of the newest that it knows of by now. */
  orderFor(keys: SessionKeys): number {
    return Math.max(0, ...this.#of(keys).map(({ order }) => order ?? 0));
  }

  /** Of a socket that opens: whether its session was ended since the marks were looked at for it. */
  haveEndedSince({ keys, handshake, known }: Looked): boolean {
    return this.#of(keys).some(({ end, order, handshake: before }) =>
      end.kind === "session" ||
      end.except !== keys.session && (order === null ? handshake <= before : order > known)
    );
  }

  #of({ session, subject }: SessionKeys): readonly Recent[] {
    const ofSession = this.#ends.get(session) ?? [];
    const ofSubject = subject === null ? undefined : this.#ends.get(subject);
    return ofSubject === undefined ? ofSession : [...ofSession, ...ofSubject];
  }
}
