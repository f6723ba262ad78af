/**
 * What live sockets are made with, and what they can do.
 */

import type { Admissions, Closable, LiveRequest, SessionRef } from "../admission.ts";
import {
  checkFunction,
  checkNumber,
  type ConfigIssue,
  type NumberRange,
  readOptions,
  throwIfAny,
} from "../config.ts";
import type { EndTarget } from "./ends.ts";
import type { ExpiryOptions } from "./expiry.ts";
import { memoryStore, type Store } from "./store.ts";

/**
 * Where live sockets remember what was ended, and how often they look.
 *
 * @category Sessions
 */
export interface LiveOptions {
  /**
   * What all processes of the site share. Default {@linkcode memoryStore}, for a site that one isolate serves: `deno serve
   * --parallel`, workers and `reusePort` make several.
   */
  readonly store?: Store;
  /**
   * How long an ended session is remembered, in seconds, 1 to 315,360,000: at least as long as what a client holds can go on
   * being accepted by `user` after the end, which is the life of a signed token. Where every look-up asks a session store
   * that forgets at once, an hour is plenty.
   */
  readonly longestSessionSeconds: number;
  /** How often other processes' ends and expiries are looked for, in seconds, 0.1 to 60. Default 2. */
  readonly pollSeconds?: number;
  /**
   * How long one look into the store, or one call of `revalidate`, may take, in seconds, above 0 to 60. Default 5. Clients
   * of Redis queue what they are asked while they are offline.
   */
  readonly timeoutSeconds?: number;
  /**
   * Asked whether a session goes on: when it expires, and every `revalidateSeconds` while it has an open socket; 8 at a
   * time, expired ones first. false closes its sockets in this process. A session takes the place of the one before; it has
   * the same id and subject. An expired one goes on only with a later `expiresAt`. What it throws, or a call that takes too long,
   * keeps what has not expired, is reported once, and is asked again after a minute.
   */
  readonly revalidate?: (session: SessionRef) => boolean | SessionRef | Promise<boolean | SessionRef>;
  /** How often `revalidate` is asked about a session, in seconds, 1 to 86,400. Default 1,800. */
  readonly revalidateSeconds?: number;
}

/**
 * The open sockets of this process; see {@linkcode createLiveSockets}.
 *
 * @category Sessions
 */
export interface Live extends Admissions {
  /**
   * Ends a session, or all sessions of a subject that have started before now, but for `except`.
   *
   * Its sockets in this process are closed with 4401 `session-ended` before the promise resolves, those of other processes
   * within `pollSeconds` and a second; its handshakes are refused with 401 from now on. What waits for its turn to be
   * handled is dropped. For a new password make the new session first, and give its id as `except`.
   *
   * Rejects where the store fails: what is open here is closed all the same, and the end is offered to the store again until it
   * takes it. Rejects with a TypeError where an id or a subject is no text or is empty.
   *
   * **Security.** End only what the session store has just found, or a log-out route lets anybody fill the store.
   */
  end(target: EndTarget): Promise<void>;
  /**
   * Whether a session may open a socket, for those who look users up themselves: before the upgrade, behind a guard or gate.
   *
   * False: it was ended or has expired; answer 401. Rejects where the store does not answer; answer 503. null is nobody's
   * socket: it is let in at once, and closes by `recheck` alone. Auth layers that have `live` do it by themselves.
   *
   * @throws {TypeError} At once, where the session cannot be one, or the request is upgraded already.
   */
  admit(request: LiveRequest, session: SessionRef | null): Promise<boolean>;
  /** Whether `admit`, or an auth layer with this object, has let this request object in. */
  isAdmitted(request: LiveRequest): boolean;
  /**
   * Keeps count of a socket that some other handler than {@linkcode upgradeHandler} has made.
   *
   * Returns what has to be called when it has closed; needless where it has `addEventListener`. Never throws, since on Deno
   * nothing may once a request is upgraded: a socket whose request was not let in is closed with 1011, and the console is told
   * once. One whose session was ended meanwhile is closed with 4401.
   */
  track(request: LiveRequest, socket: Closable): () => void;
  /**
   * Judges every socket of this process again, by the policies that the guards and gates which let it in have now, and closes
   * with 4403 and the reason what one of them would refuse. Resolves with how many.
   *
   * For policies that change: a policy function is asked again. Handshakes that were judged before and open after are
   * judged once more. Where a policy function throws its sockets stay open, and the console is told once; null closes.
   */
  recheck(): Promise<number>;
  /** How many sockets are kept count of and not closing. */
  readonly size: number;
  /** Stops looking. Open sockets stay open; nobody is let in any more. */
  [Symbol.dispose](): void;
}

/** {@linkcode LiveOptions}, read. */
export interface LiveSettings extends ExpiryOptions {
  readonly store: Store;
  readonly longestSessionSeconds: number;
  readonly pollSeconds: number;
}

/** Nobody's who makes no live sockets, hence the function. */
const RANGES = (): Readonly<Record<string, NumberRange>> => ({
  longestSessionSeconds: { least: 1, most: 315_360_000 },
  pollSeconds: { least: 0.1, most: 60, usual: 2 },
  timeoutSeconds: { least: Number.MIN_VALUE, most: 60, usual: 5 },
  revalidateSeconds: { least: 1, most: 86_400, usual: 1800 },
});

/** Reads the options of {@linkcode createLiveSockets}. */
export function readLiveOptions(options: unknown): LiveSettings {
  const issues: ConfigIssue[] = [];
  const ranges = Object.entries(RANGES());
  const known = ["store", "revalidate", ...ranges.map(([field]) => field)];
  const read = readOptions(options, known, issues) ?? {};
  const { store, revalidate } = read;
  if (store !== undefined) checkStore(store, issues);
  if (revalidate !== undefined) checkFunction(revalidate, "revalidate", issues);
  else if (read.revalidateSeconds !== undefined) {
    const fix = "Give revalidate too, or leave this out. Nobody is asked without it.";
    issues.push({
      code: "missing-option",
      field: "revalidate",
      index: -1,
      value: revalidate,
      fix,
    });
  }
  const numbers = Object.fromEntries(
    ranges.map(([field, range]) => [field, checkNumber(read, field, range, issues)]),
  );
  throwIfAny(issues);
  return { ...numbers, store: store ?? memoryStore(), revalidate } as unknown as LiveSettings;
}

function checkStore(store: unknown, issues: ConfigIssue[]): void {
  const given = Object(store) as Record<string, unknown>;
  if (["put", "get", "append", "read"].every((name) => typeof given[name] === "function")) return;
  const fix =
    "Give what memoryStore(), sqliteStore() or redisStore() returned, or an object with the same functions.";
  issues.push({ code: "wrong-type", field: "store", index: -1, value: store, fix });
}
