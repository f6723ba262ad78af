// The store in SQLite, by each module that a runtime has: as every store, over restarts, and while others have the file.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { sqliteStore, type Store } from "@wsgate/wsgate/live";
import { faultsOf, untyped } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { pause } from "../socket/peer.ts";
import { type Database, DATABASES, folderOfDatabases, openDatabase } from "./databases.ts";
import { checkStore, readOn } from "./store_contract.ts";

for (const kind of DATABASES) {
  describe(`sqliteStore() with ${kind}`, { timeout: 120_000 }, () => {
    const { file, remove } = folderOfDatabases();
    const open = () => openDatabase(kind, file);
    let database: Database;
    let store: Store;
    before(async () => {
      database = await open();
      store = sqliteStore(database);
    });
    after(() => {
      database.close();
      remove();
    });

    checkStore(kind, () => store);

    test("writes ahead, and waits for others for a moment alone", () => {
      assertEquals(valueOf(database, "PRAGMA journal_mode"), "wal");
      assertEquals(valueOf(database, "PRAGMA busy_timeout"), 50);
    });

    test("what was put and told is there after a restart", async () => {
      const { cursor } = await store.read("restart", null);
      await store.put("restart", "kept", 60);
      await store.append("restart", "before", 60);
      database.close();
      database = await open();
      store = sqliteStore(database);
      assertEquals(await readOn(store, "restart", cursor), ["before"]);
      await store.append("restart", "after", 60);
      assertEquals(await readOn(store, "restart", cursor), ["before", "after"]);
      assertEquals([await store.take("restart"), await store.take("restart")], ["kept", null]);
    });

    test("two connections are one store", async () => {
      const other = await open();
      const second = sqliteStore(other);
      const { cursor } = await store.read("shared", null);
      await second.put("shared", "a", 60);
      await second.append("shared", "b", 60);
      assertEquals([await store.get("shared"), await readOn(store, "shared", cursor)], ["a", ["b"]]);
      assertEquals([await store.take("shared"), await second.take("shared")], ["a", null]);
      other.close();
    });

    test("numbers go on when all is trimmed, and a cursor stays good", async () => {
      const { cursor } = await store.read("trimmed", null);
      await store.append("trimmed", "old", 60);
      const seen = await store.read("trimmed", cursor);
      database.exec("DELETE FROM wsgate_feeds");
      assertEquals(await store.read("trimmed", seen.cursor), { values: [], cursor: seen.cursor });
      await store.append("trimmed", "new", 60);
      assertEquals((await store.read("trimmed", seen.cursor)).values, ["new"]);
    });

    test("what has expired is deleted with the next write, a second later at most", async () => {
      await store.put("swept", "a", 0.1);
      await store.append("swept", "a", 0.1);
      await pause(1200);
      await store.put("sweeping", "a", 60);
      assertEquals(valueOf(database, "SELECT count(*) FROM wsgate_kept WHERE key = 'swept'"), 0);
      assertEquals(valueOf(database, "SELECT count(*) FROM wsgate_feeds WHERE feed = 'swept'"), 0);
    });

    test("and while writes never stop", async () => {
      const started = performance.now();
      await store.put("swept", "a", 0.1);
      while (performance.now() - started < 1700) {
        await store.put("sweeping", "a", 60);
        await pause(50);
      }
      assertEquals(valueOf(database, "SELECT count(*) FROM wsgate_kept WHERE key = 'swept'"), 0);
    });

    test("a file that begins again with smaller numbers is read from its beginning", async () => {
      const another = folderOfDatabases();
      const younger = await openDatabase(kind, another.file);
      const begun = sqliteStore(younger);
      // As a reader that outlives the file has it.
      assertEquals(await begun.read("feed", "1000"), { values: [], cursor: "1000" });
      await begun.append("feed", "1", 60);
      await begun.append("feed", "2", 60);
      assertEquals(await begun.read("feed", "1000"), { values: ["1", "2"], cursor: "2" });
      younger.close();
      another.remove();
    });

    test("while another writes, calls wait off the event loop, and each is done once", async () => {
      const other = await open();
      const { cursor } = await store.read("busy", null);
      await store.put("busy", "a", 60);
      other.exec("BEGIN IMMEDIATE");
      let longest = 0;
      let last = performance.now();
      const look = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 5);
      const calls = Promise.all([
        store.put("busy too", "b", 60),
        store.take("busy"),
        store.append("busy", "c", 60),
        store.append("busy", "d", 60),
      ]);
      // Who only reads waits for nobody.
      assertEquals(await store.get("busy"), "a");
      await pause(900);
      other.exec("COMMIT");
      const [, taken] = await calls;
      clearInterval(look);
      assertEquals([taken, await store.get("busy too")], ["a", "b"]);
      assertEquals((await readOn(store, "busy", cursor)).toSorted(), ["c", "d"]);
      // Four that wait 50 ms each, one behind the other, and a machine that is busy with other work.
      assertLess(longest, 600);
      other.close();
    });

    test("a database that stays busy rejects in the end", { timeout: 30_000 }, async () => {
      const other = await open();
      other.exec("BEGIN IMMEDIATE");
      const started = performance.now();
      await assertRejects(() => store.put("stuck", "a", 60), Error);
      const took = performance.now() - started;
      assert(took > 4500 && took < 20_000, String(took));
      other.exec("ROLLBACK");
      await store.put("stuck", "b", 60);
      assertEquals(await store.get("stuck"), "b");
      other.close();
    });

    test("one that is busy when the store is made is set up with the first call", async () => {
      const another = folderOfDatabases();
      const [first, second] = [
        await openDatabase(kind, another.file),
        await openDatabase(kind, another.file),
      ];
      first.exec("CREATE TABLE t (a); BEGIN EXCLUSIVE");
      const late = sqliteStore(second);
      const putting = late.put("a", "b", 60);
      await pause(200);
      first.exec("COMMIT");
      await putting;
      assertEquals(await late.get("a"), "b");
      first.close();
      second.close();
      another.remove();
    });

    test("one that cannot be written is told when the store is made", async () => {
      const another = folderOfDatabases();
      const closed = await openDatabase(kind, another.file);
      closed.close();
      assertThrows(() => sqliteStore(closed), Error);
      another.remove();
    });
  });
}

/** The one value of the one row. */
function valueOf(database: Database, sql: string): unknown {
  return Object.values(database.prepare(sql).get() as object)[0];
}

describe("sqliteStore()", () => {
  /** A database whose statements fail so often, once the store is made. */
  function failing(error: unknown, times: number) {
    let calls = 0;
    const run = () => {
      if (calls++ > 0 && times-- > 0) throw error;
    };
    return { exec() {}, prepare: () => ({ run, get: run, all: () => [] }) };
  }

  test("what is not busy is told at once", async () => {
    // Extended codes, such as BUSY_SNAPSHOT, have the same words.
    const busy = new Error("database is locked");
    assertEquals(await sqliteStore(failing(busy, 2)).get("a"), null);
    for (
      const message of ["database table is locked", "attempt to write a readonly database", "disk I/O error"]
    ) {
      const error = new Error(message);
      assertEquals(await assertRejects(() => sqliteStore(failing(error, 1)).get("a")), error);
    }
    // What is no object is thrown on as it is.
    await sqliteStore(failing(undefined, 1)).get("a").then(
      () => assert(false),
      (error) => assertEquals(error, undefined),
    );
  });

  test("what is no database", () => {
    eachRow([null, undefined, "file.db", {}, { exec() {} }, { prepare() {} }], (database) => {
      const missing = ["exec", "prepare"].filter((name) => !(name in Object(database)));
      const faults = missing.map((name) => `wrong-type database.${name} -1`);
      assertEquals(faultsOf(() => sqliteStore(untyped(database))), faults);
    });
  });
});
