/**
 * What has to be remembered of sessions and tickets, and the store that needs nothing: this process's memory.
 */

import { checkNumber, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";

/**
 * What remembers: entries under a key, each for a time, and feeds that are only added to.
 *
 * {@linkcode memoryStore} is one, for a single process; {@linkcode sqliteStore} and {@linkcode redisStore} are shared by
 * all processes that serve the site. Every method rejects where the store fails.
 *
 * **Security.** Everything here has to be atomic and linearizable: no replica is ever read. Keys and values hold hashes
 * of tickets, session ids and subjects, and what a ticket grants, which nobody else should be able to write.
 *
 * @category Sessions
 */
export interface Store {
  /** Remembers `value` under `key` in place of what was there, for `ttlSeconds`, above 0, by the store's clock. */
  put(key: string, value: string, ttlSeconds: number): Promise<void>;
  /** What is remembered under `key`; null: nothing, or no longer. */
  get(key: string): Promise<string | null>;
  /** The same, and forgets it in the same step: of all who take at once, in however many processes, one gets it. */
  take(key: string): Promise<string | null>;
  /**
   * Adds `value` to a feed, where it is kept for at least `ttlSeconds`, above 0, by the store's clock. One feed has one
   * `ttlSeconds`.
   */
  append(feed: string, value: string, ttlSeconds: number): Promise<void>;
  /**
   * What came after `cursor`, oldest first, perhaps not all of it: ask until the cursor stays. null: nothing yet, and a
   * cursor to go on from. A cursor never passes an append that is still under way (a sequence of a database with several
   * writers does), and stays good after the feed was lost and begun again.
   */
  read(
    feed: string,
    cursor: string | null,
  ): Promise<{ readonly values: readonly string[]; readonly cursor: string }>;
}

/** A value, and the time by the store's clock until which it is remembered. */
interface Entry {
  readonly value: string;
  readonly until: number;
}

/** Values in the order in which they came; the first has the number `first`, and so on without a gap. */
interface Feed {
  first: number;
  entries: Entry[];
}

/** How often at most what has expired is looked for: each look reads all there is. */
const SWEEP_MS = 1000;

/**
 * Makes a store in the memory of this process, for a site that one process serves.
 *
 * `deno serve --parallel`, workers and `reusePort` make several of one program, each with a memory of its own: they need
 * {@linkcode sqliteStore} or {@linkcode redisStore}.
 *
 * **Security.** It is bounded: over `maxEntries`, entries and what is in feeds together, it rejects rather than forget,
 * since what is forgotten is a session that was ended. Give tickets a store of their own, or whoever has many of them
 * minted makes log-outs fail.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `maxEntries` | 100,000 | how much is remembered at once |
 *
 * @param options `maxEntries`: how much is remembered at once, a whole number from 1. Default 100,000, which take 15 to 30 MB.
 * @returns The store. It is gone with the process.
 * @throws {ConfigError} Where `maxEntries` is no such number.
 * @category Sessions
 *
 * @example
 * ```ts
 * import { memoryStore } from "@wsgate/wsgate/live";
 *
 * const store = memoryStore({ maxEntries: 1000 });
 * await store.put("greeting", "hello", 30);
 * console.log(await store.take("greeting"), await store.take("greeting")); // hello null
 * ```
 */
export function memoryStore(
  options: {
    /** How much is remembered at once, a whole number from 1. Default 100,000. */
    readonly maxEntries?: number;
  } = {},
): Store {
  const maxEntries = readMaxEntries(options);
  const kept = new Map<string, Entry>();
  const feeds = new Map<string, Feed>();
  let inFeeds = 0;
  let swept = -Infinity;

  function sweep(now: number): void {
    for (const [key, { until }] of kept) if (until <= now) kept.delete(key);
    for (const feed of feeds.values()) {
      const alive = feed.entries.findIndex(({ until }) => until > now);
      const gone = feed.entries.splice(0, alive < 0 ? feed.entries.length : alive).length;
      feed.first += gone;
      inFeeds -= gone;
    }
  }

  /** When what is added now ends; throws where there is no room for it. */
  function endOfNew(ttlSeconds: number, isReplaced: boolean): number {
    // Not the time of day: set forward, it would forget sessions that were ended.
    const now = performance.now();
    if (now - swept > SWEEP_MS) sweep(swept = now);
    if (isReplaced || kept.size + inFeeds < maxEntries) return now + ttlSeconds * 1000;
    throw new Error(`The memory store is full: it holds ${maxEntries} entries (maxEntries)`);
  }

  function alive(key: string): string | null {
    const entry = kept.get(key);
    return entry !== undefined && entry.until > performance.now() ? entry.value : null;
  }

  // Async, so that what throws rejects, as it does in every other store.
  // deno-lint-ignore require-await
  const put = async (key: string, value: string, ttlSeconds: number) => {
    kept.set(key, { value, until: endOfNew(ttlSeconds, kept.has(key)) });
  };
  // deno-lint-ignore require-await
  const take = async (key: string) => {
    const value = alive(key);
    kept.delete(key);
    return value;
  };
  // deno-lint-ignore require-await
  const append = async (name: string, value: string, ttlSeconds: number) => {
    const until = endOfNew(ttlSeconds, false);
    const feed: Feed = feeds.get(name) ?? { first: 1, entries: [] };
    feed.entries.push({ value, until });
    feeds.set(name, feed);
    inFeeds++;
  };
  // deno-lint-ignore require-await
  const read = async (name: string, cursor: string | null) => {
    const { first, entries } = feeds.get(name) ?? { first: 1, entries: [] };
    const next = first + entries.length;
    const from = cursor === null ? next : Number(cursor);
    // A cursor that is ahead is another feed's, of which this one knows nothing.
    const unread = from > next ? entries : entries.slice(Math.max(from - first, 0));
    return { values: unread.map(({ value }) => value), cursor: String(next) };
  };
  return Object.freeze({ put, get: (key: string) => Promise.resolve(alive(key)), take, append, read });
}

function readMaxEntries(options: unknown): number {
  const issues: ConfigIssue[] = [];
  const read = readOptions(options, ["maxEntries"], issues) ?? {};
  const range = { least: 1, most: Number.MAX_SAFE_INTEGER, usual: 100_000, whole: true };
  const maxEntries = checkNumber(read, "maxEntries", range, issues);
  throwIfAny(issues);
  return maxEntries;
}
