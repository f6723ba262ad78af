// The store in Redis, by each client that an application may bring, against a real server that is stopped, started again and
// emptied.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { redisStore, type Store } from "@wsgate/wsgate/live";
import { faultsOf, untyped } from "../doubles.ts";
import { inTime } from "../in_time.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { pause } from "../socket/peer.ts";
import { wordsOf } from "../words.ts";
import { CLIENTS, connectClient, type RedisClient } from "./redis_clients.ts";
import { type RedisServer, skipWithoutRedis as skip, startRedis } from "./redis_server.ts";
import { checkStore, readOn } from "./store_contract.ts";

const words = wordsOf(import.meta.url);

for (const name of CLIENTS) {
  describe(`redisStore() with ${name}`, { skip, timeout: 120_000 }, () => {
    let server: RedisServer;
    let client: RedisClient;
    let store: Store;
    before(async () => {
      server = await startRedis();
      client = await connectClient(name, server.port);
      store = redisStore(client.command);
    });
    after(async () => {
      client.close();
      await server.remove();
    });

    checkStore(name, () => store);

    test("while no server is there it rejects, and then it has what it had", async () => {
      const { cursor } = await store.read("restart", null);
      await store.put("restart", "kept", 60);
      await store.append("restart", "before", 60);
      await server.stop();
      const calls = [
        () => store.put("restart", "lost", 60),
        () => store.get("restart"),
        () => store.take("restart"),
        () => store.append("restart", "lost", 60),
        () => store.read("restart", null),
        () => store.read("restart", cursor),
      ];
      await eachRowInTurn(calls, async (call) => {
        const started = performance.now();
        await inTime("a rejection", assertRejects(call, Error));
        assertLess(performance.now() - started, 5000);
      });
      await server.start();
      await untilBack(store);
      assertEquals(await readOn(store, "restart", cursor), ["before"]);
      await store.append("restart", "after", 60);
      assertEquals(await readOn(store, "restart", cursor), ["before", "after"]);
      assertEquals([await store.take("restart"), await store.take("restart")], ["kept", null]);
    });

    test("emptied it has nothing, and readers go on from where they were", async () => {
      await store.put("flushed", "a", 60);
      const { cursor } = await store.read("flushed", null);
      await store.append("flushed", "read", 60);
      const seen = await store.read("flushed", cursor);
      await client.command("FLUSHALL", []);
      assertEquals(await store.get("flushed"), null);
      assertEquals(await store.read("flushed", seen.cursor), { values: [], cursor: seen.cursor });
      await store.append("flushed", "new", 60);
      assertEquals(await readOn(store, "flushed", seen.cursor), ["new"]);
      assertEquals(await readOn(store, "flushed", cursor), ["new"]);
    });

    test("a feed that begins again by a clock that is behind is read from its beginning", async () => {
      await store.append("behind", "old", 60);
      const { cursor } = await store.read("behind", null);
      await client.command("DEL", ["wsgate:feed:behind"]);
      for (const [id, value] of [["5-1", "a"], ["5-2", "b"], ["6-0", "c"]] as const) {
        await client.command("XADD", ["wsgate:feed:behind", id, "value", value]);
      }
      assertEquals(await store.read("behind", cursor), { values: ["a", "b", "c"], cursor: "6-0" });
      assertEquals(await store.read("behind", "5-2"), { values: ["c"], cursor: "6-0" });
      // Of one millisecond too.
      assertEquals(await store.read("behind", "6-1"), { values: ["a", "b", "c"], cursor: "6-0" });
      assertEquals(await store.read("behind", "6-0"), { values: [], cursor: "6-0" });
    });

    test("what it keeps ends by itself, and a feed keeps no more than is asked", async () => {
      await client.command("FLUSHALL", []);
      await store.put("ttl", "a", 60);
      await store.append("ttl", "a", 60);
      for (const key of ["wsgate:entry:ttl", "wsgate:feed:ttl"]) {
        const ttl = Number(await client.command("PTTL", [key]));
        assert(ttl > 50_000 && ttl <= 60_000, `${key} ${ttl}`);
      }
      await store.append("short", "1", 1.2);
      await pause(700);
      await store.append("short", "2", 1.2);
      await pause(700);
      await store.append("short", "3", 1.2);
      const left = Number(await client.command("XLEN", ["wsgate:feed:short"]));
      // The second as well on a machine that is busy with other work.
      assert(left === 1 || left === 2, String(left));
      await pause(1400);
      assertEquals(Number(await client.command("EXISTS", ["wsgate:feed:short"])), 0);
    });

    test("two prefixes are two stores, and nothing is outside of them", async () => {
      await client.command("FLUSHALL", []);
      const [one, two] = ["one:", "two:"].map((prefix) => redisStore(client.command, { prefix })) as [
        Store,
        Store,
      ];
      const { cursor } = await two.read("feed", null);
      await one.put("key", "a", 60);
      await one.append("feed", "a", 60);
      assertEquals([await two.get("key"), await two.take("key")], [null, null]);
      assertEquals(await readOn(two, "feed", cursor), []);
      const keys = await client.command("KEYS", ["*"]) as string[];
      assertEquals(keys.toSorted(), ["one:entry:key", "one:feed:feed"]);
    });
  });
}

/** Clients wait ever longer between tries to connect. */
async function untilBack(store: Store): Promise<void> {
  await inTime(
    "the client to be back",
    (async () => {
      for (;;) {
        try {
          await store.get("restart");
          return;
        } catch {
          await pause(50);
        }
      }
    })(),
  );
}

describe("redisStore()", () => {
  /** Notes what is sent, and replies by name. */
  function replying(replies: Readonly<Record<string, unknown>>) {
    const sent: string[] = [];
    const command = (name: string, args: string[]) => {
      sent.push([name, ...args].join(" "));
      return Promise.resolve(replies[name]);
    };
    return { sent, command };
  }

  test("each step is one command, and sends nothing else", async () => {
    const { sent, command } = replying({
      SET: "OK",
      GET: null,
      GETDEL: "a",
      XADD: "2000-3",
      XRANGE: [],
      XREVRANGE: [],
    });
    const store = redisStore(command, { prefix: "p:" });
    await store.put("k", "v", 0.0015);
    assertEquals([await store.get("k"), await store.take("k")], [null, "a"]);
    await store.read("f", null);
    await store.read("f", "1-0");
    assertEquals(sent, [
      "SET p:entry:k v PX 2",
      "GET p:entry:k",
      "GETDEL p:entry:k",
      "XREVRANGE p:feed:f + - COUNT 1",
      "XRANGE p:feed:f (1-0 + COUNT 1000",
      "XREVRANGE p:feed:f + - COUNT 1",
    ]);
  });

  test("a feed is kept from before it is added to, and trimmed by the clock of the server", async () => {
    for (const [id, least] of [["1000000-3", "940000"], ["2000-3", "0"]] as const) {
      const { sent, command } = replying({ XADD: id });
      await redisStore(command, { prefix: "p:" }).append("f", "v", 60);
      assertEquals(sent, [
        "PEXPIRE p:feed:f 60000",
        "XADD p:feed:f * value v",
        "PEXPIRE p:feed:f 60000",
        `XTRIM p:feed:f MINID ${least}`,
      ]);
    }
  });

  test("a feed whose newest id is below the cursor was lost, and is read from its beginning", async () => {
    const stream = [["5-1", ["value", "a"]], ["5-2", ["value", "b"]], ["6-0", ["value", "c"]]];
    const command = (name: string, [, start]: string[]) =>
      Promise.resolve(name === "XREVRANGE" ? stream.slice(-1) : start === "-" ? stream : []);
    const store = redisStore(command);
    for (const cursor of ["1796105378224-0", "7-0", "6-1"]) {
      assertEquals(await store.read("f", cursor), { values: ["a", "b", "c"], cursor: "6-0" });
    }
    for (const cursor of ["6-0", "5-9"]) assertEquals(await store.read("f", cursor), { values: [], cursor });
  });

  test("a reply that is none of Redis' is told, not taken for nothing", async () => {
    for (
      const reply of [undefined, 5, true, new Uint8Array([97]), {}, [5], [null], [["1-0"]], [["1-0", [
        "value",
      ]]]]
    ) {
      const store = redisStore(() => Promise.resolve(reply));
      const calls = {
        SET: () => store.put("k", "v", 1),
        GET: () => store.get("k"),
        GETDEL: () => store.take("k"),
        XADD: () => store.append("f", "v", 1),
        XREVRANGE: () => store.read("f", null),
        XRANGE: () => store.read("f", "1-0"),
      };
      for (const [name, call] of Object.entries(calls)) {
        const { message } = await assertRejects(call, TypeError);
        words.assert(`reply to ${name}`, message);
      }
    }
  });

  test("a command that throws rejects", async () => {
    const store = redisStore(() => {
      throw new Error("no");
    });
    for (const call of [store.put("k", "v", 1), store.get("k"), store.take("k"), store.read("f", null)]) {
      await assertRejects(() => call, Error, "no");
    }
  });

  test("what cannot be a command or a prefix", () => {
    const command = () => Promise.resolve(null);
    eachRow([null, undefined, {}, "GET"], (given) => {
      assertEquals(faultsOf(() => redisStore(untyped(given))), ["wrong-type command -1"]);
    });
    eachRow([null, "", 5, ["a"]], (prefix) => {
      const faults = faultsOf(
        () => redisStore(command, untyped({ prefix })),
        (fault, fix) => words.assert(fault, fix),
      );
      assertEquals(faults, ["wrong-type prefix -1"]);
    });
    assertEquals(faultsOf(() => redisStore(command, untyped({ prefx: "a" }))), ["unknown-option prefx -1"]);
    assertEquals(faultsOf(() => redisStore(command, untyped("chat:"))), ["wrong-type options -1"]);
    redisStore(command, {});
  });
});

words.end();
