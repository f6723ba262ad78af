import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import type { Store } from "@wsgate/wsgate/live";
import { NoticeReader } from "../../src/live/notices.ts";
import { WatchedStore } from "../../src/live/watched_store.ts";
import { printed } from "../doubles.ts";
import { FakeClock, settled, Tampered } from "./fake_clock.ts";

const notice = (key: string) =>
  JSON.stringify({ kind: "session", key, except: null, time: 1, order: 0, by: "another" });

/** A reader of a store, and what it has read. */
function readerOf(store: Store) {
  const clock = new FakeClock();
  const read: string[] = [];
  let missed = 0;
  const watched = new WatchedStore(store, clock, 5);
  const reader = new NoticeReader(watched, clock, {
    apply: ({ key }) => void read.push(key),
    missed: () => void missed++,
  });
  return { reader, watched, clock, read, missed: () => missed };
}

describe("a reader of notices", () => {
  it("takes a position once, and reads on from it", async () => {
    const store = new Tampered();
    const { reader, read } = readerOf(store);
    await store.append("ends", notice("before"), 60);
    store.calls.length = 0;
    await reader.position();
    await reader.position();
    assertEquals([store.calls, read], [["read"], []]);
    await store.append("ends", notice("one"), 60);
    await store.append("ends", notice("two"), 60);
    await reader.read();
    await reader.read();
    assertEquals(read, ["one", "two"]);
    reader.forget();
    await store.append("ends", notice("three"), 60);
    await reader.position();
    await reader.read();
    assertEquals(read, ["one", "two"]);
  });

  it("reads once more where somebody asks while it reads: what came since is not left for the next poll", async () => {
    const store = new Tampered();
    const { reader, read } = readerOf(store);
    await reader.position();
    let goOn = () => {};
    store.instead = (name) => {
      if (name !== "read") return undefined;
      // Its answer was made before what comes now.
      return new Promise<never>((resolve) => goOn = () => resolve({ values: [], cursor: "1" } as never));
    };
    const first = reader.read();
    assertEquals(reader.isReading, true);
    await settled();
    store.fail(null);
    await store.append("ends", notice("late"), 60);
    const second = reader.read();
    goOn();
    await Promise.all([first, second]);
    assertEquals([read, reader.isReading], [["late"], false]);
  });

  it("says that notices may be lost after an hour without, by either clock, and not after less", async () => {
    const rows: [skip: { now?: number; steady?: number }, missed: number][] = [
      [{}, 0],
      [{ now: 3_500_000, steady: 3_500_000 }, 0],
      [{ now: 3_600_000 }, 1],
      [{ steady: 3_600_000 }, 1],
      [{ now: -3_600_000 }, 0],
    ];
    for (const [skip, expected] of rows) {
      const { reader, clock, missed } = readerOf(new Tampered());
      await reader.position();
      clock.skip(skip);
      await reader.read();
      assertEquals(missed(), expected);
      await reader.read();
      assertEquals(missed(), expected);
    }
  });

  it("has no position while the store is known to fail, and asks it no more", async () => {
    const store = new Tampered();
    const { reader, watched } = readerOf(store);
    store.fail("connection refused");
    await printed(async () => {
      await assertRejects(() => reader.position(), Error, "connection refused");
      store.calls.length = 0;
      await assertRejects(() => reader.position(), Error);
      assertEquals([store.calls, watched.isDown], [[], true]);
      store.fail(null);
      await reader.read();
      assertEquals(watched.isDown, false);
    });
  });
});
