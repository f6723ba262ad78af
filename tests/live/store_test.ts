// The store in memory: as every store, and what it does when it is full.

import { describe, test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { memoryStore } from "@wsgate/wsgate/live";
import { faultsOf, untyped } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { pause } from "../socket/peer.ts";
import { wordsOf } from "../words.ts";
import { checkStore, readOn } from "./store_contract.ts";

const words = wordsOf(import.meta.url);

const store = memoryStore();
checkStore("memory", () => store);

describe("memoryStore()", () => {
  test("over its bound it rejects rather than forget, and goes on when something has expired", async () => {
    const store = memoryStore({ maxEntries: 3 });
    await store.put("a", "1", 60);
    await store.put("b", "2", 0.1);
    await store.append("feed", "3", 60);
    const { message } = await assertRejects(() => store.put("c", "4", 60), Error);
    words.assert("full", message);
    await assertRejects(() => store.append("feed", "4", 60), Error);
    // What is there already may change.
    await store.put("a", "5", 60);
    assertEquals([await store.get("a"), await store.get("b"), await store.get("c")], ["5", "2", null]);
    await pause(1200);
    await store.put("c", "6", 60);
    assertEquals(await store.get("c"), "6");
    await assertRejects(() => store.append("feed", "7", 60), Error);
    // Whoever takes makes room.
    await store.take("c");
    await store.append("feed", "8", 60);
    assertEquals(await readOn(store, "feed", "1"), ["3", "8"]);
  });

  test("what a feed loses by its age makes room, from its beginning on", async () => {
    const store = memoryStore({ maxEntries: 3 });
    await store.append("feed", "1", 0.1);
    await store.append("feed", "2", 60);
    await store.append("feed", "3", 0.1);
    await pause(1200);
    await store.append("feed", "4", 60);
    // The third stands behind the second, which is kept: at least so long, it says.
    assertEquals(await readOn(store, "feed", "1"), ["2", "3", "4"]);
    await assertRejects(() => store.append("feed", "5", 60), Error);
  });

  test("a cursor that it never gave reads from the beginning", async () => {
    const store = memoryStore();
    await store.append("feed", "1", 60);
    await store.append("feed", "2", 60);
    for (const cursor of ["99", "1-0", "", "-5"]) {
      assertEquals(await store.read("feed", cursor), { values: ["1", "2"], cursor: "3" });
    }
    assertEquals((await store.read("another", "99")).values, []);
  });

  test("what was taken or has expired takes no memory", async () => {
    const store = memoryStore({ maxEntries: 1000 });
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 1000; index++) await store.put(`${round} ${index}`, "x", 0.5);
      await assertRejects(() => store.put("one more", "x", 60), Error);
      await pause(1600);
    }
    for (let index = 0; index < 5000; index++) {
      await store.put("again", "x", 60);
      assertEquals(await store.take("again"), "x");
    }
  });

  test("options that cannot be", () => {
    eachRow([0, -1, 1.5, NaN, Infinity, "9", null], (maxEntries) => {
      const faults = faultsOf(
        () => memoryStore(untyped({ maxEntries })),
        (fault, fix) => words.assert(fault, fix),
      );
      assertEquals(faults, ["out-of-range maxEntries -1"]);
    });
    assertEquals(faultsOf(() => memoryStore(untyped({ max: 1 }))), ["unknown-option max -1"]);
    assertEquals(faultsOf(() => memoryStore(untyped(5))), ["wrong-type options -1"]);
    memoryStore({ maxEntries: 1 });
    memoryStore({});
  });
});

words.end();
