/**
 * A store in an SQLite database: for several processes on one machine, and for what has to survive a restart.
 */

import { checkFunction, type ConfigIssue, throwIfAny } from "../config.ts";
import type { Store } from "./store.ts";

/**
 * What is used of a statement.
 *
 * @category Sessions
 */
export interface SqliteStatement {
  /** Runs it for what it does. */
  run(...values: (string | number)[]): unknown;
  /** Its first row; undefined or null: there is none. */
  get(...values: (string | number)[]): unknown;
  /** All its rows. */
  all(...values: (string | number)[]): unknown[];
}

/**
 * What is used of a database: `DatabaseSync` of `node:sqlite`, and Bun's and better-sqlite3's `Database`, have it.
 *
 * @category Sessions
 */
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
  CREATE INDEX IF NOT EXISTS wsgate_feeds_until ON wsgate_feeds (until);`;
/** How often at most what has expired is deleted. */
const SWEEP_MS = 1000;
/** So long a call is tried while another process has the database. */
const PATIENCE_MS = 5000;

/** A row of any of the statements. */
type Row = { readonly id: number; readonly value: string } | null | undefined;

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
 * @category Sessions
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
  const issues: ConfigIssue[] = [];
  const { exec, prepare } = Object(database);
  checkFunction(exec, "database.exec", issues);
  checkFunction(prepare, "database.prepare", issues);
  throwIfAny(issues);
  const statements = new Map<string, SqliteStatement>();
  let swept = -Infinity;

  function statement(sql: string): SqliteStatement {
    if (statements.size === 0) database.exec(SCHEMA);
    const prepared = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, prepared);
    return prepared;
  }
  const newest = () =>
    (statement("SELECT seq AS id FROM sqlite_sequence WHERE name = 'wsgate_feeds'").get() as Row)?.id ?? 0;
  try {
    newest();
  } catch (error) {
    // Another process is at it: the first call sets it up.
    if (!isBusy(error)) throw error;
  }

  const write = (sql: string, name: string, value: string, ttlSeconds: number) =>
    untilFree(() => {
      const now = Date.now();
      if (Math.abs(now - swept) > SWEEP_MS) {
        statement("DELETE FROM wsgate_kept WHERE until <= ?").run(now);
        statement("DELETE FROM wsgate_feeds WHERE until <= ?").run(now);
        swept = now;
      }
      // Last of all: what is tried again must not be written twice.
      statement(sql).run(name, value, now + Math.ceil(ttlSeconds * 1000));
    });
  const find = (sql: string, key: string) =>
    untilFree(() => (statement(sql).get(key, Date.now()) as Row)?.value ?? null);
  const after = (feed: string, id: number) =>
    statement("SELECT id, value FROM wsgate_feeds WHERE feed = ? AND id > ? ORDER BY id LIMIT 1000")
      .all(feed, id) as NonNullable<Row>[];

  return Object.freeze({
    put: (key: string, value: string, ttlSeconds: number) =>
      write("INSERT OR REPLACE INTO wsgate_kept VALUES (?, ?, ?)", key, value, ttlSeconds),
    get: (key: string) => find("SELECT value FROM wsgate_kept WHERE key = ? AND until > ?", key),
    take: (key: string) => find("DELETE FROM wsgate_kept WHERE key = ? AND until > ? RETURNING value", key),
    append: (feed: string, value: string, ttlSeconds: number) =>
      write("INSERT INTO wsgate_feeds (feed, value, until) VALUES (?, ?, ?)", feed, value, ttlSeconds),
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
