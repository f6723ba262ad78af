// What becomes of open sockets when sessions end, one sentence after another, with a clock and sockets of the test's own. Real
// ones are in `sockets_test.ts`, races in `races_test.ts`.

import { describe, it } from "node:test";
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { compilePolicy, createGate, type SessionRef } from "@wsgate/wsgate";
import { memoryStore, type Store } from "@wsgate/wsgate/live";
import { printed, requestOf, untyped } from "../doubles.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { FakeClock, FakeSocket, Process, processes, settled, someRequest, Tampered } from "./fake_clock.ts";

const words = wordsOf(import.meta.url);
const ENDED = ["4401 session-ended"];

/** A log-in of a user, so many milliseconds after the clock's time. */
function loginOf(subject: string, id: string, { clock }: Process, later = 0): SessionRef {
  return { id, subject, startedAt: clock.now() + later };
}

describe("the end of a session", () => {
  it("closes its sockets and no other, and refuses its next handshakes", async () => {
    const one = new Process();
    const sockets = [await one.open({ id: "a" }), await one.open({ id: "a" }), await one.open({ id: "b" })];
    const nobody = await one.open(null);
    assertEquals(one.live.size, 4);
    await one.end({ session: "a" });
    assertEquals([...sockets, nobody].map(({ closes }) => closes), [ENDED, ENDED, [], []]);
    assertEquals([one.live.size, await one.lets({ id: "a" }), await one.lets({ id: "b" })], [2, false, true]);
    assertEquals(await one.lets(null), true);
  });

  it("is remembered for as long as a session can last, and then forgotten", async () => {
    const store = new Tampered();
    const kept: unknown[] = [];
    store.instead = (name, args) => {
      if (name === "put" || name === "append") kept.push([name, args.at(-1)]);
      return undefined;
    };
    const one = new Process({ store, longestSessionSeconds: 7200 });
    await one.end({ session: "a" });
    await one.end({ subject: "ada" });
    await one.end({ subject: "ada", except: "b" });
    // The notice that other processes read needs to be there for an hour alone.
    assertEquals(kept, [["put", 7200], ["append", 3600], ["put", 7200], ["append", 3600], ["put", 7200], [
      "append",
      3600,
    ]]);
  });

  it("reaches other processes within pollSeconds, whoever comes there and whatever they have open", async () => {
    await eachRowInTurn([0.1, 2, 60], async (pollSeconds) => {
      const [one, other] = processes(2, { pollSeconds }) as [Process, Process];
      const socket = await other.open({ id: "a" });
      const bystander = await other.open({ id: "b" });
      await one.end({ session: "a" });
      assertEquals(await other.lets({ id: "a" }), false);
      await other.clock.advance(pollSeconds);
      assertEquals([socket.closes, bystander.closes, other.live.size], [ENDED, [], 1]);
    });
  });

  it("needs no clock", async () => {
    const clocks = [new FakeClock(), new FakeClock(1_800_000_000_000 - 30_000_000)];
    const [one, other] = processes(2, {}, clocks) as [Process, Process];
    const socket = await other.open({ id: "a" });
    await one.end({ session: "a" });
    await other.clock.advance(2);
    assertEquals([socket.closes, await other.lets({ id: "a" })], [ENDED, false]);
  });

  it("closes whatever was opened under it, whichever token its handshakes had: a rotation closes nothing", async () => {
    const one = new Process();
    const before = await one.open({ id: "a", expiresAt: one.clock.now() + 60_000 });
    const renewed = await one.open({ id: "a", expiresAt: one.clock.now() + 3_600_000 });
    await one.clock.advance(61);
    assertEquals([before.closes, renewed.closes], [[], []]);
    await one.end({ session: "a" });
    assertEquals([before.closes, renewed.closes], [ENDED, ENDED]);
  });

  it("leaves nothing of an id or a subject in the store, and nothing that two kinds share", async () => {
    const texts: string[] = [];
    const store = new Tampered();
    store.instead = (_, args) => void texts.push(JSON.stringify(args)) as undefined;
    const one = new Process({ store });
    await one.end({ session: "same-name" });
    await one.end({ subject: "same-name" });
    await one.end({ subject: "other", except: "same-name" });
    await one.lets({ id: "same-name", subject: "same-name", startedAt: one.clock.now() + 1 });
    assert(texts.length > 5);
    assertEquals(texts.filter((text) => text.includes("same-name")), []);
    const puts = texts.filter((text) => text.startsWith('["end.')).map((text) =>
      JSON.parse(text)[0] as string
    );
    const hashes = new Set(puts.map((key) => key.split(".").slice(1, 3).join(".")));
    assertEquals([...hashes].every((key) => /^(session|subject)\.[A-Za-z0-9_-]{43}$/.test(key)), true);
    const bare = (kind: string) =>
      [...hashes].filter((it) => it.startsWith(kind)).map((it) => it.split(".")[1]);
    assertEquals(bare("session").filter((hash) => bare("subject").includes(hash)), []);
  });

  it("is of an id or a subject: anything else is a mistake that it says", async () => {
    const rows: [name: string, target: unknown][] = [
      ["nothing", undefined],
      ["null", null],
      ["a text", "a"],
      ["an empty object", {}],
      ["both", { session: "a", subject: "b" }],
      ["a session and except", { session: "a", except: "b" }],
      ["another name", { session: "a", reason: "b" }],
      ["an empty id", { session: "" }],
      ["an id that is none", { session: 7 }],
      ["an id that was not found", { session: null }],
      ["an empty subject", { subject: "" }],
      ["a subject that is none", { subject: {} }],
      ["an empty except", { subject: "a", except: "" }],
      ["an except that is none", { subject: "a", except: null }],
    ];
    const one = new Process();
    await eachRowInTurn(rows, async ([name, target]) => {
      const { message } = await assertRejects(() => one.live.end(untyped(target)), TypeError);
      words.assert(`end(): ${name}`, message);
    });
  });
});

describe("the end of all sessions of a subject", () => {
  it("closes those that have started before, here and elsewhere, and lets later log-ins in", async () => {
    const [one, other] = processes(2) as [Process, Process];
    const login = loginOf("ada", "a", one);
    const sockets = [
      await one.open(login),
      await other.open(login),
      await other.open(loginOf("ada", "b", one, -9)),
    ];
    const bob = await other.open(loginOf("bob", "c", one));
    await one.end({ subject: "ada" });
    assertEquals(sockets.map(({ closes }) => closes), [ENDED, [], []]);
    await one.clock.advance(2);
    assertEquals([...sockets, bob].map(({ closes }) => closes), [ENDED, ENDED, ENDED, []]);
    assertEquals([await one.lets(login), await other.lets(login)], [false, false]);
    // It resolves once its clock has moved on.
    assertEquals(await other.lets(loginOf("ada", "d", one)), true);
    assertEquals(await other.lets(loginOf("bob", "c", one, -9)), true);
  });

  it("spares the one session that is its exception, here and elsewhere", async () => {
    const [one, other] = processes(2) as [Process, Process];
    const old = loginOf("ada", "a", one);
    const kept = loginOf("ada", "b", one);
    const sockets = [
      await one.open(old),
      await one.open(kept),
      await other.open(old),
      await other.open(kept),
    ];
    await one.end({ subject: "ada", except: "b" });
    await one.clock.advance(2);
    assertEquals(sockets.map(({ closes }) => closes), [ENDED, [], ENDED, []]);
    assertEquals([await other.lets(old), await other.lets(kept), await one.lets(kept)], [false, true, true]);
  });

  it("with an exception never revives what an earlier one has ended", async () => {
    // Each row: the ends in turn; then which of the sessions a, b and c, all from before, are let in.
    const rows: [ends: (string | null)[], a: boolean, b: boolean, c: boolean][] = [
      [[null], false, false, false],
      [["a"], true, false, false],
      [["a", "a"], true, false, false],
      [["a", "b"], false, false, false],
      [["a", "b", "a"], false, false, false],
      [["b", null], false, false, false],
      [[null, "b"], false, false, false],
      [["a", null, "a"], false, false, false],
    ];
    await eachRowInTurn(rows, async ([ends, ...lets]) => {
      const [one, other] = processes(2) as [Process, Process];
      const logins = ["a", "b", "c"].map((id) => loginOf("ada", id, one));
      for (const [index, except] of ends.entries()) {
        const target = except === null ? { subject: "ada" } : { subject: "ada", except };
        await [one, other][index % 2]!.end(target);
      }
      // By the marks alone, when nobody remembers it.
      await one.clock.advance(200);
      for (const process of [one, other]) {
        assertEquals(await Promise.all(logins.map((login) => process.lets(login))), lets);
      }
      assertEquals(await one.lets(loginOf("ada", "new", one)), true);
    });
  });

  it("closes open sockets by what the store saw first, whatever the clocks say", async () => {
    await eachRowInTurn([-30_000, 0, 30_000], async (skew) => {
      const clocks = [new FakeClock(), new FakeClock(1_800_000_000_000 + skew)];
      const [one, other] = processes(2, {}, clocks) as [Process, Process];
      // Logged in by the clock of the one, ended by that of the other.
      const socket = await one.open(loginOf("ada", "a", one));
      await other.end({ subject: "ada" });
      await one.clock.advance(2);
      assertEquals(socket.closes, ENDED);
      // And who is let in knowing an end is not concerned by it, nor by one that was before.
      const later = await one.open(loginOf("ada", "b", one, 60_000));
      await one.clock.advance(2);
      assertEquals(later.closes, []);
      await other.end({ subject: "ada" });
      await one.clock.advance(2);
      assertEquals(later.closes, ENDED);
    });
  });

  it("leaves open whom it let in knowing the end, though it hears of it afterwards", async () => {
    const [one, other] = processes(2) as [Process, Process];
    // So that it reads on from before the end.
    const before = await one.open(loginOf("ada", "a", one));
    await other.end({ subject: "ada" });
    const later = await one.open(loginOf("ada", "b", one));
    await one.clock.advance(2);
    assertEquals([before.closes, later.closes], [ENDED, []]);
  });

  it("lets a log-in in that the clock of its machine has put behind it, and refuses one before, by so much", async () => {
    const clocks = [new FakeClock(), new FakeClock(1_800_000_000_000 + 30_000)];
    const [one, ahead] = processes(2, {}, clocks) as [Process, Process];
    const login = loginOf("ada", "a", ahead);
    await one.end({ subject: "ada" });
    assertEquals(await one.lets(login), true);
    await ahead.end({ subject: "ada" });
    assertEquals(await one.lets(loginOf("ada", "b", one)), false);
    await one.clock.advance(31);
    assertEquals(await one.lets(loginOf("ada", "b", one)), true);
  });

  it("is not undone by another end of it from a clock that is behind", async () => {
    const clocks = [new FakeClock(), new FakeClock(1_800_000_000_000 - 30_000)];
    const [one, behind] = processes(2, {}, clocks) as [Process, Process];
    const login = loginOf("ada", "a", one);
    await one.end({ subject: "ada" });
    await behind.end({ subject: "ada" });
    await one.clock.advance(61);
    assertEquals(await one.lets(login), false);
  });

  it("resolves once its clock has moved past it, and not much later where the clock was set back", async () => {
    const one = new Process();
    const start = one.clock.now();
    await one.end({ subject: "ada" });
    assert(one.clock.now() > start);
    assertEquals(await one.lets(loginOf("ada", "a", one)), true);
    const end = one.live.end({ subject: "ada" });
    await settled();
    one.clock.skip({ now: -3_600_000 });
    const before = one.clock.steady();
    await one.clock.finish(end);
    assertLess(one.clock.steady() - before, 1100);
  });

  it("is written by one end after another, so that none of many at once is lost", async () => {
    const store = memoryStore();
    const one = new Process({ store });
    const logins = ["a", "b", "c"].map((id) => loginOf("ada", id, one));
    await one.clock.finish(
      Promise.all(["a", "b", "a", "c"].map((except) => one.live.end({ subject: "ada", except }))),
    );
    const fresh = new Process({ store }, one.clock);
    assertEquals(await Promise.all(logins.map((login) => fresh.lets(login))), [false, false, false]);
  });
});

describe("a handshake and an end at the same time", () => {
  it("that looked before the end and opens after it is turned away: the session's end, and the subject's", async () => {
    const targets = [{ session: "a" }, { subject: "ada" }, { subject: "ada", except: "b" }];
    await eachRowInTurn(targets, async (target) => {
      for (const isElsewhere of [false, true]) {
        const [one, other] = processes(2) as [Process, Process];
        const request = someRequest();
        assertEquals(await one.live.admit(request, loginOf("ada", "a", one)), true);
        await (isElsewhere ? other : one).end(target);
        if (isElsewhere) {
          await one.open(null);
          await one.clock.advance(2);
        }
        const socket = new FakeSocket();
        one.live.track(request, socket);
        assertEquals([socket.closes, one.live.size], [ENDED, isElsewhere ? 1 : 0]);
      }
    });
  });

  it("opens where the end is another's, or spares it, or was known when it looked", async () => {
    const one = new Process();
    const request = someRequest();
    await one.end({ subject: "ada" });
    await one.live.admit(request, loginOf("ada", "a", one));
    await one.end({ session: "b" });
    await one.end({ subject: "bob" });
    await one.end({ subject: "ada", except: "a" });
    const socket = new FakeSocket();
    one.live.track(request, socket);
    assertEquals([socket.closes, one.live.size], [[], 1]);
  });

  it("whose marks are being looked at while the end is written is turned away", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    await one.open({ id: "other" });
    let goOn = () => {};
    const request = someRequest();
    // The mark was read as absent, and its answer takes its time.
    store.instead = (name) => {
      if (name !== "get") return undefined;
      return new Promise<never>((resolve) => goOn = () => resolve(null as never));
    };
    const admitted = one.live.admit(request, { id: "a" });
    await settled();
    await new Promise((resolve) => setTimeout(resolve, 5));
    store.fail(null);
    await one.end({ session: "a" });
    goOn();
    assertEquals(await admitted, false);
    assertEquals(one.live.isAdmitted(request), false);
  });

  it("that takes longer than recent ends are kept is looked at again with the next poll", async () => {
    const rows: [target: { session: string } | { subject: string; except?: string }, closes: string[]][] = [
      [{ session: "a" }, ENDED],
      [{ session: "b" }, []],
      [{ subject: "ada" }, ENDED],
      [{ subject: "ada", except: "a" }, []],
      [{ subject: "ada", except: "b" }, ENDED],
    ];
    await eachRowInTurn(rows, async ([target, closes]) => {
      const [one, other] = processes(2) as [Process, Process];
      const request = someRequest();
      await one.live.admit(request, loginOf("ada", "a", one));
      // Nobody comes for a minute: it does not even read any more.
      await one.clock.advance(64);
      assertEquals(one.clock.background, 0);
      await other.end(target);
      const socket = new FakeSocket();
      one.live.track(request, socket);
      assertEquals([socket.closes, one.live.size], [[], 1]);
      await one.clock.advance(2);
      assertEquals(socket.closes, closes);
    });
  });

  it("and closed meanwhile is not looked at", async () => {
    const one = new Process();
    const request = someRequest();
    await one.live.admit(request, { id: "a" });
    await one.clock.advance(61);
    const socket = new FakeSocket();
    const release = one.live.track(request, socket);
    await one.end({ session: "b" });
    release();
    await one.clock.advance(2);
    assertEquals(socket.closes, []);
  });
});

describe("reading what others have ended", () => {
  it("passes over what it cannot read, says so once, and applies what comes after", async () => {
    const store = memoryStore();
    const [one, other] = processes(2, { store }) as [Process, Process];
    const socket = await one.open({ id: "a" });
    const strange = ["{}", "", "null", "7", '{"kind":"session"}', '{"kind":"user","key":"x"}'];
    for (const value of strange) await store.append("ends", value, 3600);
    await other.end({ session: "a" });
    const lines = await printed(() => one.clock.advance(2));
    assertEquals([socket.closes, lines.length], [ENDED, 1]);
    words.assert("a notice that cannot be read", lines[0]!.text);
  });

  it("takes no position before what came with it was applied", async () => {
    const store = new Tampered();
    const [one, other] = processes(2, { store }) as [Process, Process];
    const sockets = [await one.open({ id: "a" }), await one.open({ id: "b" })];
    await other.end({ session: "a" });
    await other.end({ session: "b" });
    // The first answer is lost on its way: it has to be asked for again.
    let isFirst = true;
    store.instead = (name) => {
      if (name !== "read" || !isFirst) return undefined;
      isFirst = false;
      return Promise.reject(new Error("connection lost"));
    };
    await printed(() => one.clock.advance(4));
    assertEquals(sockets.map(({ closes }) => closes), [ENDED, ENDED]);
  });

  it("keeps one timer while something is open or somebody came in the last minute, and none else", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    assertEquals(one.clock.background, 0);
    const socket = await one.open({ id: "a" });
    await one.open({ id: "b" }).then(({ release }) => release());
    assertEquals(one.clock.background, 1);
    await one.clock.advance(600);
    assertEquals(one.clock.background, 1);
    socket.release();
    await one.clock.advance(3);
    assertEquals([one.live.size, one.clock.background], [0, 0]);

    await one.lets({ id: "a" });
    await one.clock.advance(59);
    assertEquals(one.clock.background, 1);
    await one.clock.advance(4);
    assertEquals(one.clock.background, 0);
    // A position is taken before the marks are looked at.
    store.calls.length = 0;
    await one.lets({ id: "a" });
    assertEquals(store.calls, ["read", "get"]);
    await one.lets({ id: "a" });
    assertEquals(store.calls, ["read", "get", "get"]);
  });

  it("reads all there is, however many pages", async () => {
    const pages = ["a", "b", "c"];
    const notices = new Map<string, string>();
    const writer = new Process({
      store: {
        ...memoryStore(),
        append: (_feed, value) => {
          notices.set(`${notices.size}`, value);
          return Promise.resolve();
        },
      },
    });
    const store: Store = {
      ...memoryStore(),
      read: (_feed, cursor) => {
        const at = Number(cursor ?? 0);
        const value = cursor === null ? undefined : notices.get(`${at}`);
        return Promise.resolve({
          values: value === undefined ? [] : [value],
          cursor: `${value === undefined ? at : at + 1}`,
        });
      },
    };
    const one = new Process({ store });
    const sockets = await Promise.all(pages.map((id) => one.open({ id })));
    for (const id of pages) await writer.end({ session: id });
    await one.clock.advance(2);
    assertEquals(sockets.map(({ closes }) => closes), [ENDED, ENDED, ENDED]);
  });

  it("after an hour without any, by either clock, looks at the marks of every open session", async () => {
    const rows: { now?: number; steady?: number }[] = [{ now: 3_600_000 }, { steady: 3_600_000 }, {
      now: 3_600_000,
      steady: 3_600_000,
    }];
    await eachRowInTurn([...rows, {}], async (slept) => {
      const kept = memoryStore();
      // The notices are gone.
      const store: Store = { ...kept, read: () => Promise.resolve({ values: [], cursor: "0" }) };
      const clocks = [new FakeClock(), new FakeClock()];
      const [one, other] = processes(2, { store }, clocks) as [Process, Process];
      const logins = Array.from({ length: 150 }, (_, i) => loginOf(`user ${i}`, `${i}`, one));
      const sockets = await Promise.all(logins.map((login) => one.open(login)));
      const nobody = await one.open(null);
      await other.end({ session: "7" });
      await other.end({ subject: "user 8" });
      await other.end({ subject: "user 9", except: "9" });
      await other.end({ subject: "user 10", except: "9" });
      one.clock.skip(slept);
      await one.clock.advance(2);
      const closed = sockets.flatMap(({ closes }, i) => closes.length > 0 ? [i] : []);
      assertEquals(closed, Object.keys(slept).length === 0 ? [] : [7, 8, 10]);
      assertEquals(nobody.closes, []);
    });
  });
});

describe("what a handshake is let in by", () => {
  it("is a session that can be one: anything else is a mistake that it says at once", async () => {
    const one = new Process();
    assertThrows(() => one.live.admit(someRequest(), untyped({})), TypeError);
    eachRow([undefined, null, "a"], (request) => {
      const { message } = assertThrows(() => one.live.admit(untyped(request), null), TypeError);
      words.assert("admit() of no request", message);
    });
    assertThrows(() => one.live.admit(someRequest(), untyped(undefined)), TypeError);
    const request = someRequest();
    assertEquals(await one.live.admit(request, { id: "a" }), true);
    assertThrows(() => one.live.admit(request, { id: "" }), TypeError);
    assertEquals(one.live.isAdmitted(request), false);
  });

  it("is not one that has expired", async () => {
    const one = new Process();
    const at = (later: number) => ({ id: "a", expiresAt: one.clock.now() + later });
    assertEquals([await one.lets(at(-1)), await one.lets(at(0)), await one.lets(at(1))], [
      false,
      false,
      true,
    ]);
  });

  it("that expires before its socket opens opens none", async () => {
    const one = new Process();
    const request = someRequest();
    await one.live.admit(request, { id: "a", expiresAt: one.clock.now() + 1000 });
    await one.clock.advance(1);
    const socket = new FakeSocket();
    one.live.track(request, socket);
    assertEquals([socket.closes, one.live.size], [ENDED, 0]);
  });
});

describe("a session that becomes another user's", () => {
  it("takes the sockets of the one before along, and those that come late", async () => {
    const one = new Process();
    const late = someRequest();
    await one.live.admit(late, loginOf("ada", "a", one));
    const ada = await one.open(loginOf("ada", "a", one));
    const bob = await one.open(loginOf("bob", "a", one));
    const socket = new FakeSocket();
    one.live.track(late, socket);
    assertEquals([ada.closes, socket.closes, bob.closes, one.live.size], [ENDED, ENDED, [], 1]);
    await one.end({ subject: "ada" });
    assertEquals(bob.closes, []);
    await one.end({ subject: "bob" });
    assertEquals(bob.closes, ENDED);
  });
});

describe("a session that expires", () => {
  it("closes within pollSeconds, in sixty days too, and not a moment before", async () => {
    const one = new Process({ pollSeconds: 60 });
    const day = 86_400;
    const socket = await one.open({ id: "a", expiresAt: one.clock.now() + 60 * day * 1000 });
    const other = await one.open({ id: "b" });
    for (let days = 0; days < 59; days++) one.clock.skip({ now: day * 1000, steady: day * 1000 });
    await one.clock.advance(day - 1);
    assertEquals(socket.closes, []);
    await one.clock.advance(61);
    assertEquals([socket.closes, other.closes], [ENDED, []]);
    assertEquals(one.live.size, 1);
  });

  it("goes on by a later handshake's time, earlier or later, for all its sockets", async () => {
    const one = new Process();
    const until = (seconds: number) => ({ id: "a", expiresAt: one.clock.now() + seconds * 1000 });
    const first = await one.open(until(10));
    const second = await one.open(until(100));
    await one.clock.advance(20);
    assertEquals([first.closes, second.closes], [[], []]);
    const third = await one.open(until(10));
    await one.clock.advance(12);
    assertEquals([first, second, third].map(({ closes }) => closes), [ENDED, ENDED, ENDED]);
  });

  it("goes by the newest handshake, in whatever order they open", async () => {
    const one = new Process();
    const [old, recent] = [someRequest(), someRequest()];
    await one.live.admit(old, { id: "a", expiresAt: one.clock.now() + 10_000 });
    await one.live.admit(recent, { id: "a", expiresAt: one.clock.now() + 100_000 });
    const sockets = [new FakeSocket(), new FakeSocket()] as const;
    one.live.track(recent, sockets[0]);
    one.live.track(old, sockets[1]);
    await one.clock.advance(20);
    assertEquals(sockets.map(({ closes }) => closes), [[], []]);
  });
});

describe("a store that fails", () => {
  it("leaves open sockets alone and refuses handshakes with a session, with one report; nobody waits for it", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    const socket = await one.open({ id: "a" });
    store.fail("connection refused");
    const lines = await printed(async () => {
      await one.clock.advance(20);
      for (let i = 0; i < 3; i++) await assertRejects(() => one.lets({ id: "b" }), Error);
      assertEquals([await one.lets(null), socket.closes], [true, []]);
    });
    assertEquals(lines.map(({ level }) => level), ["error"]);
    words.assert("the store fails", lines[0]!.text);
    store.fail(null);
    const back = await printed(() => one.clock.advance(2));
    assertEquals(back.map(({ level }) => level), ["warn"]);
    words.assert("the store answers again", back[0]!.text);
    assertEquals(await one.lets({ id: "b" }), true);
    assertEquals(await printed(() => one.clock.advance(20)), []);
  });

  it("refuses at once until it was read, however long a call of it takes", async () => {
    const store = new Tampered();
    const one = new Process({ store, timeoutSeconds: 5 });
    await one.open({ id: "a" });
    store.instead = () => new Promise(() => {});
    const lines = await printed(async () => {
      const first = one.lets({ id: "b" });
      first.catch(() => {});
      await one.clock.advance(6);
      const { message } = await assertRejects(() => first, Error);
      words.assert("the store hangs", message);
      store.calls.length = 0;
      const { message: known } = await assertRejects(() => one.lets({ id: "b" }), Error);
      words.assert("the store has hung before", known);
      assertEquals(store.calls.filter((name) => name === "get"), []);
    });
    assertEquals(lines.length, 1);
  });

  it("is asked again by the first who comes after a while", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    store.fail("connection refused");
    await printed(async () => {
      await assertRejects(() => one.lets({ id: "a" }), Error);
      await one.clock.advance(70);
    });
    assertEquals(one.clock.background, 0);
    store.fail(null);
    assertEquals(await one.lets({ id: "a" }), true);
  });

  it("is offered what was ended meanwhile until it takes it; nothing of it is lost, and here it holds at once", async () => {
    const store = new Tampered();
    const [one, other] = processes(2, { store }) as [Process, Process];
    const logins = [loginOf("ada", "a", one), loginOf("bob", "b", one)];
    const here = await Promise.all(logins.map((login) => one.open(login)));
    const there = await Promise.all(logins.map((login) => other.open(login)));
    store.fail("connection refused");
    await printed(async () => {
      await assertRejects(() => one.end({ session: "a" }), Error, "connection refused");
      await assertRejects(() => one.end({ subject: "bob" }), Error, "connection refused");
      assertEquals(here.map(({ closes }) => closes), [ENDED, ENDED]);
      // It can be read again, and takes nothing yet: for longer than recent ends are kept.
      store.instead = (name) => name === "put" ? Promise.reject(new Error("read only")) : undefined;
      await one.clock.advance(120);
      assertEquals(await Promise.all(logins.map((login) => one.lets(login))), [false, false]);
      assertEquals(there.map(({ closes }) => closes), [[], []]);
      store.fail(null);
      await one.clock.advance(4);
    });
    assertEquals(there.map(({ closes }) => closes), [ENDED, ENDED]);
    assertEquals(await Promise.all(logins.map((login) => other.lets(login))), [false, false]);
    await one.clock.advance(120);
    assertEquals(one.clock.background, 0);
  });

  it("that is slow is offered each end once, however many polls wait for it", async () => {
    const store = new Tampered();
    const one = new Process({ store, timeoutSeconds: 30 });
    await one.open({ id: "b" });
    store.fail("connection refused");
    await printed(async () => {
      await assertRejects(() => one.end({ session: "a" }), Error);
      store.fail(null);
      let goOn = () => {};
      store.instead = (name) =>
        name === "append"
          ? new Promise<never>((resolve) => goOn = () => resolve(undefined as never))
          : undefined;
      store.calls.length = 0;
      await one.clock.advance(20);
      goOn();
      await one.clock.advance(20);
    });
    assertEquals(store.calls.filter((name) => name === "append").length, 1);
  });

  it("is offered ten thousand ends at most, and the console is told once", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    store.fail("connection refused");
    const lines = await printed(async () => {
      const ends = Array.from({ length: 10_002 }, (_, i) => one.live.end({ session: `${i}` }));
      const results = await Promise.allSettled(ends);
      assertEquals(results.every(({ status }) => status === "rejected"), true);
    });
    assertEquals(lines.length, 2);
    words.assert("more ends than are offered again", lines[1]!.text);
    store.fail(null);
    store.calls.length = 0;
    await printed(() => one.clock.advance(2));
    assertEquals(store.calls.filter((name) => name === "append").length, 10_000);
  });

  it("that answers something else than a store does has failed", async () => {
    const strange: [name: string, store: Partial<Record<keyof Store, () => unknown>>][] = [
      ["no page", { read: () => Promise.resolve(undefined) }],
      ["a page without values", { read: () => Promise.resolve({ cursor: "1" }) }],
      ["a page without cursor", { read: () => Promise.resolve({ values: [] }) }],
      ["a mark that is undefined", { get: () => Promise.resolve(undefined) }],
      ["a mark that is none", { get: () => Promise.resolve("{}") }],
      ["no promise, but a failure", {
        get: () => {
          throw new Error("no client");
        },
      }],
    ];
    await eachRowInTurn(strange, async ([name, parts]) => {
      const one = new Process({ store: untyped({ ...memoryStore(), ...parts }) });
      await printed(async () => {
        const session = { id: "a", subject: "ada", startedAt: one.clock.now() };
        const { message } = await assertRejects(() => one.lets(session), Error);
        words.assert(`the store answers ${name}`, message);
      });
    });
  });
});

describe("track()", () => {
  it("closes with 1011 what nobody let in, says so once, and never throws", async () => {
    const one = new Process();
    const sockets = [new FakeSocket(), new FakeSocket()];
    const lines = await printed(() => {
      for (const socket of sockets) one.live.track(someRequest(), socket)();
      one.live.track(untyped(undefined), sockets[0]!)();
      one.live.track(untyped(7), untyped(null))();
    });
    assertEquals(sockets.map(({ closes }) => closes), [["1011 ", "1011 "], ["1011 "]]);
    assertEquals([lines.length, one.live.size], [1, 0]);
    words.assert("track() of a request that was not let in", lines[0]!.text);
  });

  it("takes any object that can be closed, and never throws for one that cannot", async () => {
    const one = new Process();
    const failing = {
      close() {
        throw new Error("gone");
      },
      get readyState(): number {
        throw new Error("gone");
      },
      addEventListener() {
        throw new Error("gone");
      },
    };
    const lines = await printed(async () => {
      const request = someRequest();
      await one.live.admit(request, { id: "a" });
      one.live.track(request, failing)();
      assertEquals(one.live.size, 0);
    });
    assertEquals(lines.length, 1);
  });

  it("waits with a close until the socket is open, and forgets one that has closed", async () => {
    const one = new Process();
    const listeners: Record<string, (() => void)[]> = { open: [], close: [] };
    const socket = Object.assign(new FakeSocket(), {
      readyState: 0,
      addEventListener: (type: "open" | "close", listener: () => void) =>
        void listeners[type]!.push(listener),
    });
    const request = someRequest();
    await one.live.admit(request, { id: "a" });
    one.live.track(request, socket);
    assertEquals(one.live.size, 1);
    await one.end({ session: "a" });
    assertEquals([socket.closes, one.live.size], [[], 0]);
    listeners.open!.forEach((listener) => listener());
    assertEquals(socket.closes, ENDED);

    const another = someRequest();
    await one.live.admit(another, { id: "b" });
    one.live.track(another, Object.assign(socket, { readyState: 1 }));
    assertEquals(one.live.size, 1);
    listeners.close!.forEach((listener) => listener());
    assertEquals(one.live.size, 0);
    one.live.track(another, Object.assign(socket, { readyState: 3 }));
    assertEquals(one.live.size, 0);
  });

  it("forgets with the next poll what says of itself that it is closed, and at once what it is told of", async () => {
    const one = new Process();
    const request = someRequest();
    await one.live.admit(request, { id: "a" });
    const socket = Object.assign(new FakeSocket(), { readyState: 1 });
    const release = one.live.track(request, socket);
    const told = await one.open({ id: "a" });
    socket.readyState = 3;
    assertEquals(one.live.size, 2);
    told.release();
    told.release();
    assertEquals(one.live.size, 1);
    await one.clock.advance(2);
    assertEquals(one.live.size, 0);
    release();
    assertEquals(one.live.size, 0);
  });
});

describe("recheck()", () => {
  const handshake = (origin: string, path = "/chat", more: Record<string, string> = {}) =>
    requestOf({
      url: `http://site.test${path}`,
      headers: { host: "site.test", upgrade: "websocket", connection: "Upgrade", origin, ...more },
    });

  /** A gate whose list can be changed, and sockets that it let in. */
  async function open(one: Process, request: Request, gates: ReturnType<typeof createGate>[]) {
    for (const gate of gates) assertEquals(gate(request), undefined);
    assertEquals(await one.live.admit(request, { id: "a" }), true);
    const socket = new FakeSocket();
    one.live.track(request, socket);
    return socket;
  }

  it("closes with 4403 and the reason what a policy in force would refuse now, and says how many", async () => {
    const one = new Process();
    let origins: readonly string[] = ["https://a.test", "https://b.test"];
    const gate = createGate(() => origins.length === 0 ? null : compilePolicy({ origins }));
    const sockets = [
      await open(one, handshake("https://a.test", "/chat?token=1"), [gate]),
      await open(one, handshake("https://b.test"), [gate]),
      await open(one, handshake("https://b.test"), [gate]),
    ];
    const unjudged = await one.open(null);
    assertEquals(await one.live.recheck(), 0);
    origins = ["https://a.test"];
    assertEquals(await one.live.recheck(), 2);
    const refused = ["4403 origin-not-allowed"];
    assertEquals(sockets.map(({ closes }) => closes), [[], refused, refused]);
    origins = [];
    assertEquals(await one.live.recheck(), 1);
    assertEquals([sockets[0]!.closes, unjudged.closes, one.live.size], [["4403 host-not-allowed"], [], 1]);
  });

  it("asks all guards and gates that let a socket in: one no is enough", async () => {
    const one = new Process();
    const all = compilePolicy({ origins: ["*"] });
    const none = compilePolicy({ origins: [] });
    const policies = [all, all];
    const gates = policies.map((_, index) => createGate(() => policies[index]!));
    const socket = await open(one, handshake("https://a.test"), gates);
    assertEquals(await one.live.recheck(), 0);
    policies[1] = none;
    assertEquals(await one.live.recheck(), 1);
    assertEquals(socket.closes, ["4403 origin-not-allowed"]);
  });

  it("keeps in mind whether there were credentials, and shows the policy function no query", async () => {
    const one = new Process();
    const seen = new Set<string>();
    let absent: "allow" | "allow-without-credentials" = "allow";
    const gate = createGate(({ host, path }) => {
      seen.add(`${host}${path}`);
      return compilePolicy({ origins: ["https://a.test"], absent });
    });
    const parts = [{}, { cookie: "a=b" }, { authorization: "Basic x" }];
    const sockets = [];
    for (const more of parts) {
      const request = requestOf({
        url: "http://site.test/chat?ticket=secret",
        headers: { host: "site.test", upgrade: "websocket", connection: "Upgrade", ...more },
      });
      sockets.push(await open(one, request, [gate]));
    }
    absent = "allow-without-credentials";
    assertEquals(await one.live.recheck(), 2);
    const refused = ["4403 origin-absent"];
    assertEquals(sockets.map(({ closes }) => closes), [[], refused, refused]);
    assertEquals([...seen], ["site.test/chat"]);
  });

  it("judges once what came in alike", async () => {
    const one = new Process();
    let asked = 0;
    const policy = compilePolicy({ origins: ["*"] });
    const gate = createGate(() => {
      asked++;
      return policy;
    });
    for (let i = 0; i < 50; i++) await open(one, handshake(`https://${i % 5}.test`, `/chat?${i}`), [gate]);
    asked = 0;
    await one.live.recheck();
    assertEquals(asked, 5);
  });

  it("lets others have their turn while it judges many, and counts nobody who has left meanwhile", async () => {
    const one = new Process();
    let origins = ["*"];
    let asked = 0;
    const gate = createGate(() => {
      asked++;
      // As one that looks something up: 2,000 of them take 100 ms.
      for (const end = performance.now() + 0.05; performance.now() < end;);
      return compilePolicy({ origins });
    });
    const releases: (() => void)[] = [];
    for (let i = 0; i < 2000; i++) {
      const request = handshake(`https://${i}.test`);
      gate(request);
      await one.live.admit(request, { id: "a" });
      releases.push(one.live.track(request, new FakeSocket()));
    }
    origins = [];
    asked = 0;
    const rechecked = one.live.recheck();
    assert(asked < 1000, `${asked}`);
    releases[0]!();
    assertEquals(await rechecked, 1999);
    assertEquals([asked, one.live.size], [2000, 0]);
  });

  it("judges once more what was judged before it and opens after it", async () => {
    await eachRowInTurn([true, false], async (isRechecked) => {
      const one = new Process();
      let origins = ["*"];
      const gate = createGate(() => compilePolicy({ origins }));
      const request = handshake("https://a.test");
      assertEquals(gate(request), undefined);
      origins = [];
      if (isRechecked) assertEquals(await one.live.recheck(), 0);
      await one.live.admit(request, { id: "a" });
      const socket = new FakeSocket();
      one.live.track(request, socket);
      assertEquals(socket.closes, isRechecked ? ["4403 origin-not-allowed"] : []);
    });
  });

  it("leaves open what a failing policy function says nothing of, and tells once", async () => {
    const one = new Process();
    let fails = false;
    const gate = createGate(() => {
      if (fails) throw new Error("no database");
      return compilePolicy({ origins: ["*"] });
    });
    const socket = await open(one, handshake("https://a.test"), [gate]);
    fails = true;
    const lines = await printed(async () => {
      assertEquals([await one.live.recheck(), await one.live.recheck()], [0, 0]);
    });
    assertEquals([socket.closes, lines.length], [[], 1]);
    words.assert("a policy function fails when asked again", lines[0]!.text);
  });
});

describe("live sockets that are disposed of", () => {
  it("leave sockets open, let nobody in any more, and keep no timer", async () => {
    const one = new Process();
    const request = someRequest();
    const socket = await one.open({ id: "a" });
    await one.live.admit(request, null);
    one.live[Symbol.dispose]();
    assertEquals([one.clock.background, one.live.size, one.live.isAdmitted(request)], [0, 0, false]);
    const late = new FakeSocket();
    await printed(() => one.live.track(request, late));
    assertEquals([socket.closes, late.closes], [[], ["1011 "]]);
    const { message } = await assertRejects(() => one.lets({ id: "a" }), Error);
    words.assert("admit() after they were disposed of", message);
    await assertRejects(() => one.lets(null), Error);
    await one.end({ session: "a" });
    await one.clock.advance(10);
    assertEquals(one.clock.background, 0);
  });

  it("offer no end to a store that has failed", async () => {
    const store = new Tampered();
    const one = new Process({ store });
    one.live[Symbol.dispose]();
    store.fail("connection refused");
    await printed(() => assertRejects(() => one.end({ session: "a" }), Error, "connection refused"));
    assertEquals(one.clock.background, 0);
  });
});

words.end();
