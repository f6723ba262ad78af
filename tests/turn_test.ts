// Letting the event loop come round. What it is for is seen on real servers, in `socket/resets_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { afterRounds, clientStays, needsTurn, wasJustSeen } from "../src/turn.ts";
import { runtime } from "./runtime.ts";

/** A request whose client may leave. */
function requestWith(signal: AbortSignal): Request {
  return new Request("http://site.test/", { signal });
}

test("a turn is needed on Deno alone", () => assertEquals(needsTurn, runtime === "deno"));

describe("clientStays", () => {
  test("is true for one who stays, and said to be so until the event loop comes round", async () => {
    const { signal } = new AbortController();
    const request = requestWith(signal);
    assertEquals(wasJustSeen(request), false);
    assertEquals(await clientStays(request, signal), true);
    assertEquals(wasJustSeen(request), true);
    assertEquals(wasJustSeen(requestWith(signal)), false, "another request is another one");
    // What is awaited and there already is the same round.
    await Promise.resolve();
    assertEquals(wasJustSeen(request), true);
    await new Promise<void>((resolve) => afterRounds(1, resolve));
    assertEquals(wasJustSeen(request), false);
  });

  test("is false for one who had left, or leaves in the next two rounds", async () => {
    const before = new AbortController();
    before.abort();
    assertEquals(await clientStays(requestWith(before.signal), before.signal), false);
    if (!needsTurn) return;
    for (const rounds of [1, 2]) {
      const client = new AbortController();
      afterRounds(rounds, () => client.abort());
      const request = requestWith(client.signal);
      assertEquals(await clientStays(request, client.signal), false, `after ${rounds}`);
      assertEquals(wasJustSeen(request), false);
    }
  });

  test("waits for longer where many wait, and not for ever", { skip: !needsTurn }, async () => {
    const { signal } = new AbortController();
    let rounds = 0;
    let isDone = false;
    const count = () => {
      rounds++;
      if (!isDone) afterRounds(1, count);
    };
    afterRounds(1, count);
    await clientStays(requestWith(signal), signal);
    const alone = rounds;
    assert(alone <= 4, `${alone}`);
    rounds = 0;
    const all = Array.from({ length: 1000 }, () => clientStays(requestWith(signal), signal));
    assertEquals(new Set(await Promise.all(all)), new Set([true]));
    isDone = true;
    // Ten a round while a thousand wait, nine while nine hundred do: 100 / 10 + 100 / 9 + … + 100 / 1, and two at the start.
    assert(rounds > 200 && rounds <= 300, `${rounds}`);
  });
});

test("where immediates are forgotten, or there are none, a round comes by time", async () => {
  const global = globalThis as { setImmediate?: unknown };
  const { setImmediate } = global;
  const { signal } = new AbortController();
  try {
    for (const lost of [() => {}, undefined]) {
      global.setImmediate = lost;
      let called = 0;
      afterRounds(1, () => void called++);
      assertEquals(await clientStays(requestWith(signal), signal), true);
      await new Promise<void>((resolve) => afterRounds(1, resolve));
      assertEquals(called, 1);
    }
  } finally {
    global.setImmediate = setImmediate;
  }
});

test("afterRounds() calls back in the order of rounds, once", async () => {
  const called: string[] = [];
  afterRounds(3, () => called.push("three"));
  afterRounds(1, () => {
    called.push("one");
    afterRounds(1, () => called.push("one more"));
  });
  afterRounds(2, () => called.push("two"));
  await new Promise<void>((resolve) => afterRounds(5, resolve));
  assertEquals(called, ["one", "two", "one more", "three"]);
});
