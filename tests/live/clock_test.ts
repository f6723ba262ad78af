import { describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertRejects } from "@std/assert";
import { machineClock, within } from "../../src/live/clock.ts";
import { FakeClock, settled } from "./fake_clock.ts";

describe("the machine's clock", () => {
  it("is the time of day, and one that never goes back", () => {
    assertLess(Math.abs(machineClock.now() - Date.now()), 1000);
    const before = machineClock.steady();
    assertGreaterOrEqual(machineClock.steady(), before);
  });

  it("calls back in time, in the background too, and not where that was taken back", async () => {
    const calls: string[] = [];
    await new Promise<void>((resolve) => {
      machineClock.after(1, () => calls.push("background"), true);
      machineClock.after(1, () => calls.push("never"))();
      machineClock.after(20, resolve);
    });
    assertEquals(calls, ["background"]);
  });
});

describe("within()", () => {
  const late = () => new Error("late");

  it("does what is called, and leaves no timer", async () => {
    const clock = new FakeClock();
    assertEquals(await within(clock, 5, () => 7, late), 7);
    assertEquals(await within(clock, 5, () => Promise.resolve(8), late), 8);
    await assertRejects(() => within(clock, 5, () => Promise.reject(new Error("mine")), late), Error, "mine");
    const thrower = () => {
      throw new Error("thrown");
    };
    await assertRejects(() => within(clock, 5, thrower, late), Error, "thrown");
    let isLate = false;
    await clock.advance(10);
    assert(!isLate);
    isLate = true;
  });

  it("rejects after so many seconds, and ignores what comes then", async () => {
    const clock = new FakeClock();
    let fail = (_: Error) => {};
    const promise = within(clock, 5, () => new Promise<void>((_, reject) => fail = reject), late);
    promise.catch(() => {});
    await clock.advance(5);
    await assertRejects(() => promise, Error, "late");
    fail(new Error("too late"));
    await settled();
  });
});
