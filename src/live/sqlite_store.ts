/**
 * A store in an SQLite database: for several processes on one machine, and for what has to survive a restart.
 */

import { type ConfigIssue, throwIfAny } from "../config.ts";
import type { Store } from "./store.ts";

/** What is used of a statement. */
export interface SqliteStatement {
  /** Runs it for what it does. */
  run(...values: (string | number)[]): unknown;
  /** Its first row; undefined or null: there is none. */
  get(...values: (string | number)[]): unknown;
  /** All its rows. */
  all(...values: (string | number)[]): unknown[];
}

/** What is used of a database: `DatabaseSync` of `node:sqlite`, and Bun's and better-sqlite3's `Database`, have it. */
export interface SqliteDatabase {
  /** Runs several statements. */
  exec(sql: string): unknown;
  /** Reads one. */
  prepare(sql: string): SqliteStatement;
}

/*
 * AUTOINCREMENT: other rows' numbers start again at 1 once all are trimmed, and readers would wait for what they have
 * passed. Writers take turns, so a number is never smaller than one that can already be read.
 */
const SCHEMA = `
  PRAGMA busy_timeout = 50;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS wsgate_kept (key TEXT PRIMARY KEY, value TEXT NOT NULL, until INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS wsgate_kept_until ON wsgate_kept (until);
  CREATE TABLE IF NOT EXISTS wsgate_feeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, value TEXT NOT NULL, until INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS wsgate_feeds_feed ON wsgate_feeds (feed, id);
  CREATE INDEX IF NOT EXISTS wsgate_feeds_until ON wsgate_feeds (until);`;
/** How often at most what has expired is deleted. */
const SWEEP_MS = 1000;
/** So long a call is tried while another process has the database. */
const PATIENCE_MS = 5000;

/** A row of any of the statements. */
interface Row {
  readonly id: number;
  readonly value: string;
}

/**
 * Makes a store in an SQLite database, shared by the processes of one machine; what it holds survives them.
 *
 * The database is set to WAL and to wait 50 ms for others, and gets the tables `wsgate_kept` and `wsgate_feeds`. A call
 * that finds it busy is tried again for five seconds, off the event loop. SQLite 3.35 or newer, on a file system of this
 * machine.
 *
 * **Security.** Give it a connection of its own: inside a transaction of the application's, an end or a used ticket would
 * be undone with it. Time is this machine's time of day: set forward, it forgets what was to be remembered. Nobody else
 * should be able to write the file.
 *
 * @param database `DatabaseSync` of `node:sqlite`, or the `Database` of `bun:sqlite` or better-sqlite3.
 * @returns The store. Closing the database is the caller's.
 * @throws {ConfigError} Where it is no database; what SQLite throws where it cannot be written.
 *
 * @example
 * ```ts
 * import { sqliteStore } from "@wsgate/wsgate/live";
 * import { DatabaseSync } from "node:sqlite"; // or: import { Database } from "bun:sqlite"
 *
 * using database = new DatabaseSync(":memory:"); // a site has a file: "/var/lib/site/sockets.db"
 * const store = sqliteStore(database);
 * await store.put("greeting", "hello", 30);
 * console.log(await store.take("greeting"), await store.take("greeting")); // hello null
 * ```
 */
export function sqliteStore(database: SqliteDatabase): Store {
  checkDatabase(database);
  let statements: ReturnType<typeof setUp> | null = null;
  let swept = -Infinity;
  const ready = () => statements ??= setUp(database);
  try {
    ready();
  } catch (error) {
    // Another process is at it: the first call comes back to this.
    if (!isBusy(error)) throw error;
  }

  function sweep(now: number): void {
    if (now - swept < SWEEP_MS) return;
    swept = now;
    ready().sweepKept.run(now);
    ready().sweepFeeds.run(now);
  }
  /** Writes last of all: what is tried again must not be written twice. */
  const write = (statement: "put" | "append", name: string, value: string, ttlSeconds: number) =>
    untilFree(() => {
      const now = Date.now();
      sweep(now);
      ready()[statement].run(name, value, now + Math.ceil(ttlSeconds * 1000));
    });
  const find = (statement: "get" | "take", key: string) =>
    untilFree(() => (ready()[statement].get(key, Date.now()) as Row | null | undefined)?.value ?? null);
  const after = (feed: string, id: number) => ready().after.all(feed, id) as Row[];
  const newest = () => (ready().newest.get() as Row | null | undefined)?.id ?? 0;

  return Object.freeze({
    put: (key: string, value: string, ttlSeconds: number) => write("put", key, value, ttlSeconds),
    get: (key: string) => find("get", key),
    take: (key: string) => find("take", key),
    append: (feed: string, value: string, ttlSeconds: number) => write("append", feed, value, ttlSeconds),
    read: (feed: string, cursor: string | null) =>
      untilFree(() => {
        if (cursor === null) return { values: [], cursor: String(newest()) };
        let rows = after(feed, Number(cursor));
        // A cursor that is ahead is of another file: this one begins with what it has.
        if (rows.length === 0 && newest() < Number(cursor)) rows = after(feed, 0);
        return { values: rows.map(({ value }) => value), cursor: String(rows.at(-1)?.id ?? cursor) };
      }),
  });
}

function setUp(database: SqliteDatabase) {
  database.exec(SCHEMA);
  const statement = (sql: string) => database.prepare(sql);
  return {
    put: statement("INSERT OR REPLACE INTO wsgate_kept (key, value, until) VALUES (?, ?, ?)"),
    get: statement("SELECT value FROM wsgate_kept WHERE key = ? AND until > ?"),
    take: statement("DELETE FROM wsgate_kept WHERE key = ? AND until > ? RETURNING value"),
    append: statement("INSERT INTO wsgate_feeds (feed, value, until) VALUES (?, ?, ?)"),
    after: statement("SELECT id, value FROM wsgate_feeds WHERE feed = ? AND id > ? ORDER BY id LIMIT 1000"),
    newest: statement("SELECT seq AS id FROM sqlite_sequence WHERE name = 'wsgate_feeds'"),
    sweepKept: statement("DELETE FROM wsgate_kept WHERE until <= ?"),
    sweepFeeds: statement("DELETE FROM wsgate_feeds WHERE until <= ?"),
  };
}

/** Waits between tries, so that the event loop goes on: a connection that waits by itself stops it. */
async function untilFree<T>(call: () => T): Promise<T> {
  for (const end = performance.now() + PATIENCE_MS;;) {
    try {
      return call();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 20));
  }
}

/** By SQLite's own words for SQLITE_BUSY: drivers have its code under three names, and Deno's `exec` under none. */
function isBusy(error: unknown): boolean {
  return String(Object(error).message).includes("database is locked");
}

function checkDatabase(database: unknown): void {
  const { exec, prepare } = Object(database);
  if (typeof exec === "function" && typeof prepare === "function") return;
  const fix = "Give an open database of node:sqlite, bun:sqlite or better-sqlite3.";
  const issues: ConfigIssue[] = [{ code: "wrong-type", field: "database", index: -1, value: database, fix }];
  throwIfAny(issues);
}
