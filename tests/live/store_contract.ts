/**
 * What has to hold of every store, whatever remembers for it.
 *
 * @module
 */

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Store } from "@wsgate/wsgate/live";
import { eachRowInTurn } from "../rows.ts";
import { pause } from "../socket/peer.ts";

/** Texts that something on the way might change: separators, quotes, line ends, what is no ASCII, nothing at all. */
const TEXTS = [
  "a",
  "",
  " ",
  "it's",
  '{"subject":"1"}',
  "a b:c*d?e",
  "\r\n+OK\r\n",
  "é𝄞\u2028",
  "__proto__",
  "null",
  "0",
  "1.50",
  "x".repeat(100_000),
];

/** Tests one store, which nothing else writes to meanwhile. */
export function checkStore(name: string, store: () => Store, skip: string | false = false): void {
  const options = { skip, timeout: 60_000 };
  let number = 0;
  /** A name that no other test has used. */
  const fresh = () => `${name} ${++number} ${Math.random()}`;

  describe(`${name}, as every store`, options, () => {
    test("what was put is got as it was, again and again, and nothing else", async () => {
      await eachRowInTurn(TEXTS, async (text) => {
        const key = fresh() + text;
        assertEquals(await store().get(key), null);
        await store().put(key, text, 60);
        assertEquals([await store().get(key), await store().get(key)], [text, text]);
        assertEquals(await store().get(`${key}.`), null);
        assertEquals(await store().get(key.slice(0, -1)), null);
      });
    });

    test("what was taken is gone", async () => {
      const key = fresh();
      assertEquals(await store().take(key), null);
      await store().put(key, "a", 60);
      assertEquals([await store().take(key), await store().take(key), await store().get(key)], [
        "a",
        null,
        null,
      ]);
      await store().put(key, "b", 60);
      assertEquals(await store().take(key), "b");
    });

    test("what is put again takes the place and the time of what was there", async () => {
      const key = fresh();
      await store().put(key, "a", 0.3);
      await store().put(key, "b", 60);
      await pause(500);
      assertEquals(await store().get(key), "b");
      await store().put(key, "c", 0.2);
      await pause(400);
      assertEquals([await store().get(key), await store().take(key)], [null, null]);
    });

    test("what has expired is neither got nor taken", async () => {
      const [short, taken, long] = [fresh(), fresh(), fresh()];
      await store().put(short, "a", 1);
      await store().put(taken, "b", 1);
      await store().put(long, "c", 60);
      assertEquals(await store().get(short), "a");
      await pause(1200);
      assertEquals([await store().get(short), await store().take(taken), await store().get(long)], [
        null,
        null,
        "c",
      ]);
    });

    test("of all who take at once one gets it", async () => {
      for (let round = 0; round < 20; round++) {
        const key = fresh();
        await store().put(key, "a", 60);
        const taken = await Promise.all(Array.from({ length: 50 }, () => store().take(key)));
        assertEquals(taken.filter((value) => value !== null), ["a"]);
      }
    });

    test("a feed is read from where one came, in its order, by each reader by itself", async () => {
      const feed = fresh();
      const nothing = await store().read(feed, null);
      assertEquals(nothing.values, []);
      assertEquals(await store().read(feed, nothing.cursor), { values: [], cursor: nothing.cursor });
      for (const text of TEXTS) await store().append(feed, text, 60);
      assertEquals(await readOn(store(), feed, nothing.cursor), TEXTS);

      const { values, cursor } = await store().read(feed, null);
      assertEquals(values, []);
      assertEquals((await store().read(feed, cursor)).values, []);
      await store().append(feed, "later", 60);
      assertEquals((await store().read(feed, cursor)).values, ["later"]);
      // Reading takes nothing away.
      assertEquals(await readOn(store(), feed, nothing.cursor), [...TEXTS, "later"]);
    });

    test("feeds and keys of one name are apart", async () => {
      const [name, other] = [fresh(), fresh()];
      const begin = (await store().read(name, null)).cursor;
      const otherBegin = (await store().read(other, null)).cursor;
      await store().put(name, "kept", 60);
      await store().append(name, "told", 60);
      await store().append(other, "other", 60);
      assertEquals(await store().get(name), "kept");
      assertEquals(await readOn(store(), name, begin), ["told"]);
      assertEquals(await readOn(store(), other, otherBegin), ["other"]);
      assertEquals(await store().take(name), "kept");
      assertEquals(await readOn(store(), name, begin), ["told"]);
    });

    test("a feed longer than one reply is read to its end", async () => {
      const feed = fresh();
      const { cursor } = await store().read(feed, null);
      const all = Array.from({ length: 2500 }, (_, index) => `${index}`);
      for (let from = 0; from < all.length; from += 100) {
        // In the order of the calls, or not: each is there once.
        await Promise.all(all.slice(from, from + 100).map((value) => store().append(feed, value, 60)));
      }
      const read = await readOn(store(), feed, cursor);
      assertEquals(read.length, 2500);
      assertEquals(new Set(read).size, 2500);
    });

    test("a reader beside writers misses nothing and hears nothing twice", async () => {
      const feed = fresh();
      const heard: string[] = [];
      let { cursor } = await store().read(feed, null);
      let writing = true;
      const reader = (async () => {
        for (let isLast = false; !isLast;) {
          isLast = !writing;
          const next = await store().read(feed, cursor);
          heard.push(...next.values);
          cursor = next.cursor;
          await pause(0);
        }
      })();
      await Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (let index = 0; index < 100; index++) await store().append(feed, `${writer} ${index}`, 60);
        }),
      );
      writing = false;
      await reader;
      assertEquals(heard.length, 400);
      for (let writer = 0; writer < 4; writer++) {
        const own = heard.filter((value) => value.startsWith(`${writer} `));
        assertEquals(own, Array.from({ length: 100 }, (_, index) => `${writer} ${index}`));
      }
    });

    test("what a feed has lost by its age holds no reader up", async () => {
      const feed = fresh();
      const { cursor } = await store().read(feed, null);
      await store().append(feed, "old", 0.2);
      const seen = await store().read(feed, cursor);
      assertEquals(seen.values, ["old"]);
      await pause(1300);
      await store().append(feed, "new", 0.2);
      assertEquals((await store().read(feed, seen.cursor)).values, ["new"]);
      const late = await readOn(store(), feed, cursor);
      assert(late.length <= 2 && late.at(-1) === "new", JSON.stringify(late));
    });
  });
}

/** Everything that came after a cursor. */
export async function readOn(store: Store, feed: string, from: string): Promise<string[]> {
  const read: string[] = [];
  for (let before = from;;) {
    const { values, cursor } = await store.read(feed, before);
    read.push(...values);
    if (cursor === before) return read;
    before = cursor;
  }
}
