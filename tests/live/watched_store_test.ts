import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { WatchedStore } from "../../src/live/watched_store.ts";
import { printed } from "../doubles.ts";
import { FakeClock, Tampered } from "./fake_clock.ts";

describe("a watched store", () => {
  const make = () => {
    const [store, clock] = [new Tampered(), new FakeClock()];
    return { store, clock, watched: new WatchedStore(store, clock, 5) };
  };
  const failing = () => Promise.reject(new Error("connection refused"));

  it("hands on what the store says", async () => {
    const { watched, store } = make();
    await store.put("key", "value", 60);
    assertEquals(await watched.ask((store) => store.get("key")), "value");
    assertEquals(watched.isDown, false);
  });

  it("is told of once while it fails, and once when it is back", async () => {
    const { watched } = make();
    const lines = await printed(async () => {
      for (let i = 0; i < 3; i++) {
        await assertRejects(() => watched.ask(failing), Error, "connection refused");
      }
      assertEquals(watched.isDown, true);
      watched.answered();
      watched.answered();
      assertEquals(watched.isDown, false);
      await assertRejects(() => watched.ask(failing), Error);
    });
    assertEquals(lines.map(({ level }) => level), ["error", "warn", "error"]);
  });

  it("is not known to fail by what was known to, nor any more once nobody has asked for a while", async () => {
    const { watched } = make();
    const lines = await printed(async () => {
      await assertRejects(() => watched.ask(failing, true), Error);
      assertEquals(watched.isDown, false);
      await assertRejects(() => watched.ask(failing), Error);
      watched.forget();
      assertEquals(watched.isDown, false);
    });
    assertEquals(lines.length, 1);
  });

  it("fails where it takes too long", async () => {
    const { watched, clock } = make();
    await printed(async () => {
      const promise = watched.ask(() => new Promise(() => {}));
      promise.catch(() => {});
      await clock.advance(4.9);
      assertEquals(watched.isDown, false);
      await clock.advance(0.2);
      await assertRejects(() => promise, Error, "5 seconds");
      assertEquals(watched.isDown, true);
    });
  });
});
