import { describe, it } from "node:test";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { memoryStore } from "@wsgate/wsgate/live";
import {
  type End,
  isEndedBefore,
  isEndedSince,
  keysOf,
  orderOf,
  readMarks,
  readNotice,
  readTarget,
  RecentEnds,
  writeEnd,
} from "../../src/live/ends.ts";
import { Random } from "../random.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";

const NOW = 1.8e12;
const sessionOf = (id: string, startedAt = NOW) => ({ id, subject: "ada", startedAt });

describe("keys", () => {
  it("are one for each id and kind, also for what is no well-formed Unicode", async () => {
    const ids = ["a", "b", "A", "", "\ud800", "\ud801", "\ufffd", "a\0", '"a"', "session:a", "ä", "a\u0308"];
    const sessions = await Promise.all(ids.map((id) => keysOf({ id })));
    const subjects = await Promise.all(ids.map((subject) => keysOf({ id: "x", subject, startedAt: NOW })));
    const all = [...sessions.map(({ session }) => session), ...subjects.map(({ subject }) => subject)];
    assertEquals(new Set(all).size, 2 * ids.length);
    assertEquals(sessions.every(({ subject }) => subject === null), true);
    eachRow(all, (key) => assert(/^(session|subject)\.[A-Za-z0-9_-]{43}$/.test(key!)));
    assertEquals(await keysOf({ id: "a" }), await keysOf({ id: "a" }));
    assertNotEquals(sessions[0]!.session.split(".")[1], subjects[0]!.subject!.split(".")[1]);
  });
});

describe("marks", () => {
  it("of ends in any order say what a model of them says", async () => {
    const source = new Random();
    const ids = ["a", "b", "c"];
    for (let round = 0; round < 300; round++) {
      const store = memoryStore();
      const ended: { time: number; except: string | null }[] = [];
      const known: number[] = [0];
      let clock = NOW;
      for (let i = 0; i <= source.below(5); i++) {
        // Clocks of several processes, some of them apart.
        clock += 1 + source.below(10);
        const time = clock - source.below(2) * 1000;
        const except = source.oneIn(2) ? null : source.pick(ids);
        const end = await readTarget(except === null ? { subject: "ada" } : { subject: "ada", except }, time);
        await writeEnd(store, end, "me", time, 3600);
        ended.push({ time, except });
        known.push(orderOf(await readMarks(store, await keysOf(sessionOf("a")))));
      }
      assertEquals(known, [...new Set(known)].sort((a, b) => a - b), "the order grows with each end");
      for (const id of ids) {
        for (const startedAt of [NOW - 2000, NOW + 5, clock, clock + 1]) {
          const ref = sessionOf(id, startedAt);
          const keys = await keysOf(ref);
          const marks = await readMarks(store, keys);
          const isEnded = ended.some(({ time, except }) => except !== id && startedAt <= time);
          // What was ended stays ended. More is refused only where clocks are apart, and nobody after the last of them.
          if (isEnded) assert(isEndedBefore(marks, keys, ref), JSON.stringify([ended, ref]));
          else if (startedAt > clock) assert(!isEndedBefore(marks, keys, ref), JSON.stringify([ended, ref]));
          for (const [index, order] of known.entries()) {
            const isSince = ended.slice(index).some(({ except }) => except !== id);
            const says = isEndedSince(marks, keys, order);
            if (isSince) assert(says, JSON.stringify([ended, id, index]));
            else if (index === ended.length) assert(!says, JSON.stringify([ended, id, index]));
          }
        }
      }
    }
  });

  it("that something else has written are no marks", async () => {
    const keys = await keysOf(sessionOf("a"));
    await eachRowInTurn(["{}", '{"time":1}', '{"time":1,"order":1,"except":7}', "[]", "x"], async (text) => {
      const store = memoryStore();
      await store.put(`end.${keys.subject}`, text, 60);
      await assertRejects(() => readMarks(store, keys), Error);
    });
  });
});

describe("notices", () => {
  it("are read as they were written", async () => {
    const store = memoryStore();
    const { cursor } = await store.read("ends", null);
    const ends: End[] = [
      await readTarget({ session: "a" }, NOW),
      await readTarget({ subject: "ada" }, NOW),
      await readTarget({ subject: "ada", except: "a" }, NOW),
    ];
    for (const end of ends) await writeEnd(store, end, "me", NOW + 7, 60);
    const { values } = await store.read("ends", cursor);
    assertEquals(values.map(readNotice), [
      { ...ends[0]!, by: "me", order: 0 },
      { ...ends[1]!, by: "me", order: NOW + 7 },
      { ...ends[2]!, by: "me", order: NOW + 8 },
    ]);
  });

  it("that are none throw", () => {
    const good = { kind: "session", key: "k", except: null, time: 1, order: 0, by: "me" };
    readNotice(JSON.stringify(good));
    const bad = [
      { kind: "user" },
      { key: 7 },
      { except: 7 },
      { time: "1" },
      { order: null },
      { by: undefined },
    ];
    eachRow(bad, (part) => assertThrows(() => readNotice(JSON.stringify({ ...good, ...part })), TypeError));
  });
});

describe("recent ends", () => {
  it("are kept as long as is said, or until that is known", async () => {
    const recent = new RecentEnds();
    const keys = await keysOf(sessionOf("a"));
    const looked = { keys, ref: sessionOf("a"), handshake: 1, known: 0 };
    const [one, two] = [await readTarget({ session: "a" }, NOW), await readTarget({ subject: "ada" }, NOW)];
    const keep = recent.add(one, null, 1, Infinity);
    recent.add(two, 5, 1, 100);
    recent.add(two, 9, 1, 5000);
    assertEquals(recent.orderFor(keys), 9);
    recent.prune(1000);
    assertEquals([recent.haveEndedSince(looked), recent.orderFor(keys)], [true, 9]);
    recent.prune(6000);
    assertEquals([recent.haveEnded(keys, looked.ref), recent.orderFor(keys)], [true, 0]);
    keep(7000);
    recent.prune(6500);
    assert(recent.haveEnded(keys, looked.ref), "not looked at so soon");
    recent.prune(8000);
    assertEquals([recent.haveEnded(keys, looked.ref), recent.haveEndedSince(looked)], [false, false]);
  });
});
