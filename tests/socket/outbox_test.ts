// What waits to be sent on Deno, against an outlet that says as little as Deno's: bytes, and those by whole messages.

import { describe, test } from "node:test";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Outbox } from "../../src/socket/outbox.ts";
import { lastSweep } from "../../src/socket/sweep.ts";
import { Random, seed } from "../random.ts";
import { eventually, pause } from "./peer.ts";

const MANY = 1024 * 1024;

/** A peer that reads when it is told to. */
class FakeOutlet {
  readonly waiting: (string | Uint8Array)[] = [];
  readonly read: (string | Uint8Array)[] = [];
  looks = 0;
  /** Reads all that comes, in the next round. */
  isReading = false;
  get bufferedAmount(): number {
    this.looks++;
    return this.waiting.reduce((sum, data) => sum + new TextEncoder().encode(String(data)).length, 0);
  }
  send(data: string | Uint8Array): void {
    this.waiting.push(data);
    if (this.isReading) queueMicrotask(() => this.take(1));
  }
  take(count: number): void {
    this.read.push(...this.waiting.splice(0, count));
  }
}

function boxed(isReading = false) {
  const outlet = new FakeOutlet();
  outlet.isReading = isReading;
  let emptied = 0;
  const outbox = new Outbox(outlet, { emptied: () => void emptied++ });
  return { outlet, outbox, emptied: () => emptied };
}

describe("Outbox", () => {
  test("hands over 64 messages or 64 KiB at most, and keeps the rest in order", async () => {
    for (const [size, batch] of [[1, 64], [100, 64], [2000, 32], [70_000, 1]] as const) {
      const { outlet, outbox } = boxed();
      const messages = Array.from({ length: 200 }, (_, index) => `${index}`.padEnd(size, "-"));
      for (const message of messages) assert(outbox.send(message, 1e9));
      assertEquals(outlet.waiting.length, batch, `${size}`);
      outlet.isReading = true;
      while (outlet.read.length < messages.length) {
        outlet.take(1000);
        await pause(0);
      }
      assertEquals(outlet.read, messages);
      outbox.drop();
    }
  });

  test("counts bytes of UTF-8, and 64 for each message that waits", () => {
    const { outbox } = boxed();
    const sizes = [["a", 1], ["ü€", 5], ["x".repeat(3000), 3000], ["é".repeat(3000), 6000], ["", 0]] as const;
    let bytes = 0;
    for (const [message, size] of sizes) {
      assert(outbox.send(message, MANY));
      assertEquals(outbox.bytes, bytes += size + 64);
    }
    assert(outbox.send(new Uint8Array(10), MANY));
    assertEquals(outbox.bytes, bytes + 74);
    outbox.drop();
  });

  test("of many that wait counts each by its own size, to the last", async () => {
    const { outlet, outbox } = boxed();
    // Longer and longer: one that is taken for another leaves a rest.
    const messages = Array.from({ length: 1000 }, (_, index) => "x".repeat(index));
    for (const message of messages) assert(outbox.send(message, MANY));
    assertEquals(outbox.bytes, messages.reduce((sum, { length }) => sum + length + 64, 0));
    await eventually("all is read", () => {
      outlet.take(1000);
      return outlet.read.length === messages.length;
    });
    assertEquals(outlet.read, messages);
    assertEquals(outbox.bytes, 0);
  });

  test("takes no message with which more than the limit would wait", () => {
    const { outlet, outbox } = boxed();
    assertEquals([outbox.send("x".repeat(101), 100), outbox.send("é".repeat(51), 100)], [false, false]);
    assertEquals(outlet.waiting, []);
    // One that is as large as the limit passes where nothing waits: what is charged besides is for those that wait.
    assert(outbox.send("x".repeat(100), 100));
    assertEquals(outbox.send("", 100), false);
    outlet.take(1);
    assert(outbox.send("", 100));
    outbox.drop();
  });

  test("16,000 messages of one byte pass at the default limit, and an end there is", () => {
    const { outbox } = boxed();
    let sent = 0;
    while (outbox.send("x", MANY)) sent++;
    assert(sent >= 16_000 && sent < 16_200, `${sent}`);
    outbox.drop();
  });

  test("tells when nothing waits any more, once for each time that somebody waited", async () => {
    const { outlet, outbox, emptied } = boxed();
    for (let i = 0; i < 300; i++) outbox.send("message", MANY);
    await pause(5);
    assertEquals(emptied(), 0);
    outlet.isReading = true;
    outlet.take(64);
    await eventually("all is read", () => outlet.read.length === 300);
    await eventually("it is told", () => emptied() === 1);
    await pause(30);
    assertEquals(emptied(), 1);
    assertEquals(outbox.bytes, 0);
    outbox.watch();
    await eventually("asked, it tells at once", () => emptied() === 2);
  });

  test("an owner that sends as soon as it is told is told again", async () => {
    const outlet = new FakeOutlet();
    outlet.isReading = true;
    let left = 5;
    const outbox: Outbox = new Outbox(outlet, {
      emptied() {
        if (left-- > 0) { for (let i = 0; i < 100; i++) outbox.send("message", MANY); }
      },
    });
    for (let i = 0; i < 100; i++) outbox.send("message", MANY);
    await eventually("all is read", () => outlet.read.length === 600);
    await eventually("it is told the last time", () => left === -1);
  });

  test("of a peer that does not read it asks seldom, and goes on when it reads", async () => {
    const { outlet, outbox, emptied } = boxed();
    for (let i = 0; i < 1000; i++) outbox.send("message", MANY);
    await pause(50);
    outlet.looks = 0;
    await pause(400);
    assertLessOrEqual(outlet.looks, 40);
    assertEquals(outlet.waiting.length, 64);
    outlet.isReading = true;
    outlet.take(64);
    await eventually("all is read", () => outlet.read.length === 1000 && emptied() === 1);
  });

  test("gives up what waits here, and keeps no timer", async () => {
    const { outlet, outbox, emptied } = boxed();
    for (let i = 0; i < 1000; i++) outbox.send("message", MANY);
    await pause(50);
    outbox.drop();
    outlet.take(64);
    outlet.looks = 0;
    await pause(60);
    assertEquals([outlet.looks, outlet.waiting.length, emptied()], [0, 0, 0]);
  });

  test("of two that are looked at by time the one that goes on is not forgotten with the other", async () => {
    const [one, other] = [boxed(), boxed()];
    for (const { outbox } of [one, other]) for (let i = 0; i < 200; i++) outbox.send("message", MANY);
    await pause(100);
    one.outbox.drop();
    other.outlet.isReading = true;
    other.outlet.take(64);
    await eventually("all is read", () => other.outlet.read.length === 200 && other.emptied() === 1);
  });

  test("is stuck when something waits and nothing of it has left for so long", () => {
    const { outlet, outbox } = boxed();
    assertEquals(outbox.isStuck(1e9, 1000), false);
    for (let i = 0; i < 10; i++) outbox.send("message", MANY);
    // The clock of the sweeps, which stands still while nobody is swept, however long a busy machine takes.
    const now = lastSweep();
    assertEquals(outbox.isStuck(now + 2999, 3000), false);
    assertEquals(outbox.isStuck(now + 3000, 3000), true);
    outlet.take(10);
    assertEquals(outbox.isStuck(now + 3000, 3000), false);
  });
});

describe("Outbox: empty messages, of which nothing is seen", () => {
  test("64 of them go at once; the next when a later one has left, or after a while", async () => {
    const { outlet, outbox } = boxed();
    for (let i = 0; i < 200; i++) assert(outbox.send("", MANY));
    assertEquals(outlet.waiting.length, 64);
    // Nothing tells whether the peer reads: they go by time.
    await eventually("all of them", () => outlet.waiting.length === 200, 2000);
    assert(outbox.send("seen", MANY));
    outlet.take(201);
    assert(outbox.send("", MANY));
    assertEquals(outbox.bytes, 64);
    outbox.drop();
  });

  test("after very many without a sign there is a pause after each batch, and a sign ends it", () => {
    const { outlet, outbox } = boxed();
    /** How many looks by time until a batch goes. */
    const looks = () => {
      const before = outlet.waiting.length;
      for (let count = 1; count < 1000; count++) {
        while (outbox.send("", MANY));
        outbox.advance(true);
        if (outlet.waiting.length > before) return count;
      }
    };
    let batches = 0;
    while (looks() === 1) batches++;
    assertEquals(batches, 16_384 / 64 + 1);
    assertEquals([looks(), looks()], [33, 33]);
    outbox.drop();
    for (let i = 0; i < 40; i++) outbox.advance(true);
    outbox.send("seen", MANY);
    outlet.take(outlet.waiting.length);
    assertEquals(outbox.bytes, 0);
    assertEquals(looks(), 1);
    outbox.drop();
  });

  test("where none follows that could be seen, few go in a second", { timeout: 20_000 }, async () => {
    const { outlet, outbox } = boxed();
    let most = 0;
    const end = performance.now() + 6000;
    while (performance.now() < end) {
      while (outbox.send("", MANY));
      most = Math.max(most, outbox.bytes);
      await pause(10);
    }
    assertLessOrEqual(outlet.waiting.length, 20_000);
    assertLessOrEqual(most, MANY + 64);
    outbox.drop();
  });
});

test(
  `random messages arrive whole and in order, within the limit (seed ${seed})`,
  { timeout: 60_000 },
  async () => {
    const random = new Random(seed);
    for (let turn = 0; turn < 20; turn++) {
      const { outlet, outbox } = boxed();
      const limit = random.pick([1000, 10_000, MANY]);
      const sent: string[] = [];
      for (let i = 0; i < 2000; i++) {
        const message = random.pick(["", "a", "é", "x".repeat(random.below(3000))]);
        if (outbox.send(message, limit)) sent.push(message);
        assertLessOrEqual(outbox.bytes, limit + 64);
        if (random.below(4) === 0) outlet.take(random.below(40));
        if (random.below(50) === 0) await pause(0);
      }
      outlet.isReading = true;
      await eventually("all is read", () => {
        outlet.take(1000);
        return outlet.read.length === sent.length;
      });
      assertEquals(outlet.read, sent);
      outbox.drop();
    }
  },
);
