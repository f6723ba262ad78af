// What becomes of a session that the application is asked about.

import { describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { SessionRef } from "@wsgate/wsgate";
import type { LiveOptions } from "@wsgate/wsgate/live";
import { printed, untyped } from "../doubles.ts";
import { eachRowInTurn } from "../rows.ts";
import { eventually } from "../socket/peer.ts";
import { wordsOf } from "../words.ts";
import { FakeSocket, Process, someRequest } from "./fake_clock.ts";

const words = wordsOf(import.meta.url);
const ENDED = ["4401 session-ended"];
const HOUR = 3_600_000;

/** A process that asks, and what it asked. */
function asking(
  answer: (session: SessionRef, process: Process) => unknown,
  options: Partial<LiveOptions> = {},
): Process & { readonly asked: SessionRef[] } {
  const asked: SessionRef[] = [];
  const one: Process = new Process({
    revalidate: (session) => {
      asked.push(session);
      return untyped(answer(session, one));
    },
    ...options,
  });
  return Object.assign(one, { asked });
}

describe("revalidate", () => {
  it("is asked every revalidateSeconds, up to a tenth sooner, about each session once, however many its sockets", async () => {
    const one = asking(() => true);
    await one.open({ id: "a" });
    await one.open({ id: "a" });
    await one.open({ id: "b" });
    const start = one.clock.steady();
    const times: number[] = [];
    while (one.clock.steady() - start < 3 * 1800 * 1000) {
      const before = one.asked.length;
      await one.clock.advance(20);
      for (let i = before; i < one.asked.length; i++) times.push((one.clock.steady() - start) / 1000);
    }
    assertGreaterOrEqual(times[0]!, 1620);
    assertLessOrEqual(times[1]!, 1822);
    assert(one.asked.length >= 4 && one.asked.length <= 6, `${one.asked.length}`);
    assertEquals(one.live.size, 3);
  });

  it("closes the session's sockets in this process where it says false, and ends it nowhere", async () => {
    await eachRowInTurn([false, Promise.resolve(false)], async (answer) => {
      const one = asking(({ id }) => id === "a" ? answer : true, { revalidateSeconds: 60 });
      const sockets = [await one.open({ id: "a" }), await one.open({ id: "a" }), await one.open({ id: "b" })];
      await one.clock.advance(64);
      assertEquals(sockets.map(({ closes }) => closes), [ENDED, ENDED, []]);
      assertEquals(await one.lets({ id: "a" }), true);
    });
  });

  it("puts a session in the place of the one before, which then goes by the new time", async () => {
    const one = asking(({ id }, { clock }) => ({ id, expiresAt: clock.now() + 30_000 }), {
      revalidateSeconds: 60,
    });
    const socket = await one.open({ id: "a" });
    await one.clock.advance(62);
    assertEquals([socket.closes, one.asked.length], [[], 1]);
    assertEquals(one.asked[0]!.expiresAt, undefined);
    await one.clock.advance(32);
    assertEquals([socket.closes, one.asked.length], [[], 2]);
    assertEquals(typeof one.asked[1]!.expiresAt, "number");
  });

  it("is asked when a session expires, which goes on only with a later time", async () => {
    const rows: [name: string, answer: (now: number) => unknown, isClosed: boolean][] = [
      ["true", () => true, true],
      ["false", () => false, true],
      ["the same time", (now) => ({ id: "a", expiresAt: now - 1 }), true],
      ["a later time", (now) => ({ id: "a", expiresAt: now + HOUR }), false],
      ["no end any more", () => ({ id: "a" }), false],
      ["a failure", () => Promise.reject(new Error("no database")), true],
      ["nothing at all", () => new Promise(() => {}), true],
    ];
    await eachRowInTurn(rows, async ([, answer, isClosed]) => {
      const one = asking((_, { clock }) => answer(clock.now()));
      await printed(async () => {
        const socket = await one.open({ id: "a", expiresAt: one.clock.now() + 10_000 });
        await one.clock.advance(9);
        assertEquals([one.asked.length, socket.closes], [0, []]);
        // A poll, and what a call may take.
        await one.clock.advance(3 + 5 + 2);
        assertEquals([one.asked.length, socket.closes], [1, isClosed ? ENDED : []]);
      });
    });
  });

  it("that answers late, fails or says something else keeps what has not expired; told once, asked again in a minute", async () => {
    const rows: [name: string, answer: () => unknown][] = [
      ["never", () => new Promise(() => {})],
      ["a failure", () => Promise.reject(new Error("no database"))],
      ["a throw", () => {
        throw new Error("no database");
      }],
      ["undefined", () => undefined],
      ["a text", () => "yes"],
      ["another session", () => ({ id: "b" })],
      ["another user's", () => ({ id: "a", subject: "bob", startedAt: 1.8e12 })],
      ["seconds", () => ({ id: "a", expiresAt: 1.8e9 })],
    ];
    await eachRowInTurn(rows, async ([name, answer]) => {
      const one = asking(answer, { revalidateSeconds: 600 });
      const lines = await printed(async () => {
        const socket = await one.open({ id: "a", expiresAt: one.clock.now() + HOUR });
        while (one.asked.length === 0) await one.clock.advance(2);
        await one.clock.advance(58);
        assertEquals([one.asked.length, socket.closes], [1, []]);
        await one.clock.advance(10);
        assertEquals([one.asked.length, socket.closes], [2, []]);
      });
      assertEquals(lines.length, 1);
      words.assert(`revalidate: ${name}`, lines[0]!.text);
    });
  });

  it("is asked 8 times at once at most, about expired ones first, and none of these outlives a slow answer", async () => {
    let running = 0;
    let most = 0;
    const order: string[] = [];
    const one = asking(({ id }) => {
      order.push(id);
      most = Math.max(most, ++running);
      return new Promise((resolve) =>
        one.clock.after(4000, () => {
          running--;
          resolve(true);
        })
      );
    }, { revalidateSeconds: 10, longestSessionSeconds: 60 });
    const lasting = await Promise.all(Array.from({ length: 30 }, (_, i) => one.open({ id: `lasting ${i}` })));
    const expiring = await Promise.all(
      Array.from(
        { length: 30 },
        (_, i) => one.open({ id: `expiring ${i}`, expiresAt: one.clock.now() + 10_000 }),
      ),
    );
    await one.clock.advance(10 + 2 + 5 + 2);
    assertEquals(expiring.every(({ closes }) => closes.length === 1), true);
    assertEquals(lasting.every(({ closes }) => closes.length === 0), true);
    assertEquals(most, 8);
    const first = order.findIndex((id) => id.startsWith("expiring"));
    const after = order.slice(first);
    assert(after.slice(0, 8).every((id) => id.startsWith("expiring")), order.join());
    await one.clock.advance(120);
    assert(order.filter((id) => id.startsWith("lasting")).length >= 30);
  });

  it("goes by a handshake that has come while it was asked", async () => {
    let answer = (_: unknown) => {};
    const one = asking(() => new Promise((resolve) => answer = resolve));
    const old = await one.open({ id: "a", expiresAt: one.clock.now() + 10_000 });
    await one.clock.advance(12);
    assertEquals(one.asked.length, 1);
    const request = someRequest();
    await one.live.admit(request, { id: "a", expiresAt: one.clock.now() + HOUR });
    const socket = new FakeSocket();
    one.live.track(request, socket);
    answer({ id: "a", expiresAt: one.clock.now() + 1000 });
    await one.clock.advance(600);
    assertEquals([old.closes, socket.closes], [[], []]);
  });

  it("is asked anew about a session that expires again, before the time of the first time counts", async () => {
    const one = asking(({ id }, { clock }) => ({ id, expiresAt: clock.now() + 1500 }), { timeoutSeconds: 3 });
    const socket = await one.open({ id: "a", expiresAt: one.clock.now() + 1000 });
    // Over at each pass, and gone on with each time.
    await one.clock.advance(21);
    assertEquals([socket.closes, one.asked.length], [[], 10]);
  });

  it("is asked once more about what has expired while it was asked", async () => {
    const one = asking(
      ({ id }, { clock }) =>
        new Promise((resolve) =>
          clock.after(
            3000,
            () => resolve(one.asked.length === 1 ? true : { id, expiresAt: clock.now() + HOUR }),
          )
        ),
      { revalidateSeconds: 10 },
    );
    const socket = await one.open({ id: "a", expiresAt: one.clock.now() + 11_000 });
    await one.clock.advance(17);
    assertEquals([one.asked.length, socket.closes], [2, []]);
  });

  it("is not asked about what has closed meanwhile, and what it says of it closes nothing", async () => {
    let answer = (_: unknown) => {};
    const one = asking(() => new Promise((resolve) => answer = resolve), { revalidateSeconds: 10 });
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, i) => one.open({ id: `${i}` })));
    await one.clock.advance(12);
    const asked = one.asked.length;
    assertEquals(asked, 8);
    for (const socket of sockets) socket.release();
    answer(false);
    await printed(() => one.clock.advance(20));
    assertEquals([one.asked.length, sockets.flatMap(({ closes }) => closes)], [8, []]);
  });
});

describe("a pass over very many sessions", () => {
  it("is made in parts, so that an expired one closes within so many polls", async () => {
    const one = new Process({ longestSessionSeconds: 60 });
    const count = 60_000;
    const sockets: FakeSocket[] = [];
    for (let i = 0; i < count; i += 1000) {
      const some = Array.from(
        { length: 1000 },
        (_, j) => one.open({ id: `${i + j}`, expiresAt: one.clock.now() + 1000 }),
      );
      sockets.push(...await Promise.all(some));
    }
    const closed = () => sockets.filter(({ closes }) => closes.length > 0).length;
    await one.clock.advance(2);
    assertEquals(one.live.size, count - 50_000);
    await eventually("the first part has closed", () => closed() === 50_000);
    await one.clock.advance(2);
    assertEquals(one.live.size, 0);
    await eventually("the rest has closed", () => closed() === count);
  });
});

words.end();
