// The end of a server that still has sockets: each of them is told, each `close` handler runs once, nothing is left, and
// the process ends by itself. `shutdown()` on Deno, `stop(true)` on Bun; and what Bun's `stop()` does instead.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { eachRowInTurn } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { sleep, type SocketServer, startSocketServer } from "./child_server.ts";
import { close, RawClient, type RawClientOptions, resetIsEnd, text } from "./frames.ts";

const GOOD = ["Origin", "https://good.example"] as const;
const EVIL = ["Origin", "https://evil.example"] as const;

/** What a client is told; neither runtime waits for its answer. */
const TOLD = runtime === "deno" ? 'close 1001 "Server shutting down"' : 'close 1001 "Server closed"';
/** What a handler is told. Deno reports its own 1001 as a close without a code, which nothing tells from a peer's. */
const HEARD = runtime === "deno" ? 'close 1005 ""' : TOLD;

/** A client at the time of the end, how it behaves then, and what both sides see after the handshake and `open`. */
interface Guest {
  readonly name: string;
  readonly path: string;
  readonly options?: RawClientOptions;
  /** Before the end. */
  prepare?(client: RawClient, log: () => Promise<string[]>): Promise<void>;
  /** On the close frame. */
  onClose?(client: RawClient): void;
  readonly client: readonly string[];
  readonly server: readonly string[];
  /** How many of them there are. Default 5. */
  readonly count?: number;
}

const honest: RawClientOptions = { answersClose: true };
const GUESTS: readonly Guest[] = [
  { name: "honest", path: "/echo", options: honest, client: [TOLD, "end"], server: ["open", HEARD] },
  {
    name: "behind a guard and a look-up",
    path: "/guarded",
    options: { ...honest, headers: [GOOD, ["Cookie", "user=ada"]] },
    client: [TOLD, "end"],
    server: ["open", HEARD],
  },
  {
    name: "ends without an answer",
    path: "/echo",
    onClose: (client) => client.end(),
    client: [TOLD, "end"],
    server: ["open", HEARD],
  },
  {
    name: "tears the connection down",
    path: "/echo",
    onClose: (client) => client.reset(),
    client: [TOLD],
    server: ["open", HEARD],
  },
  { name: "keeps silent", path: "/echo", client: [TOLD, "end"], server: ["open", HEARD] },
  {
    name: "does not read",
    path: "/echo",
    prepare: async (client, log) => {
      client.reads(false);
      client.send(text("!flood"));
      while (!(await log()).some((entry) => entry.startsWith("queued"))) await sleep(20);
    },
    client: [],
    server: ["open", 'text "!flood"', "queued some", HEARD],
    count: 2,
  },
  {
    name: "has not answered an earlier close",
    path: "/echo",
    prepare: async (client) => {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
    },
    client: ['close 4000 "bye"', "end"],
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
  },
  {
    name: "holds on to a visible refusal",
    path: "/refusing",
    options: { headers: [EVIL] },
    prepare: (client) => client.until(/close/),
    client: ['close 4403 "origin-not-allowed"', "end"],
    server: [],
    count: 20,
  },
  ...["throws", "rejects"].map((how): Guest => ({
    name: `its close handler ${how}`,
    path: `/throws/close/${how}`,
    options: honest,
    client: [TOLD, "end"],
    server: ["open", HEARD, `error Error: close ${how}`],
  })),
];

describe("the end of a server with open sockets", () => {
  let child: SocketServer;
  before(async () => child = await startSocketServer(), { timeout: 60_000 });
  after(() => child.kill());

  test(
    "every client is told, every handler is called once, nothing is left",
    { timeout: 90_000 },
    async () => {
      // The first one shows the server to be ours: on Bun a refusal is visible only then.
      const [first] = GUESTS;
      const all: { readonly guest: Guest; readonly client: RawClient; readonly id: string }[] = [];
      for (const guest of [first!, ...GUESTS]) {
        const { path, options, prepare, count = 5 } = guest;
        await Promise.all(
          Array.from({ length: guest === first && all.length === 0 ? 1 : count }, async (_, i) => {
            const id = `guest${all.length + i}`;
            const client = await RawClient.open(child.port, { ...options, path: `${path}/${id}` });
            assertEquals(client.status, 101);
            await prepare?.(client, () => child.log(id));
            return { guest, client, id };
          }),
        ).then((more) => all.push(...more));
      }
      for (const { guest, client } of all) {
        // On Bun a refused or closed connection is over by now: nobody has to wait for that.
        if (guest.onClose !== undefined) client.until(/^close/).then(() => guest.onClose!(client), () => {});
      }
      // One more waits for its user when the end comes.
      const late = RawClient.open(child.port, {
        path: "/guarded/late",
        headers: [GOOD, ["Cookie", "user=slow"]],
        ...honest,
      });
      const lateEnd = late.then(async (client) => {
        await client.untilEnded();
        return [client.status, ...resetIsEnd(client.log)];
      });
      await child.until(({ waiting }) => waiting === 1, "somebody waiting");

      const { opened, closed } = await child.stats();
      await child.order("/stop");
      await eachRowInTurn(all, async ({ guest, client }) => {
        if (guest.name === "does not read") return;
        await client.untilEnded();
        assertEquals(resetIsEnd(client.log), guest.client);
      });
      await sleep(100);
      const told = await child.stats();
      // Deno lets what it has begun come to its end, and only then is done; Bun drops it.
      assertEquals(told.stopped === null, runtime === "deno");
      await child.order("/open-gate");
      const { stopped } = await child.until((stats) => stats.stopped !== null, "stopped");
      assertEquals(await lateEnd, runtime === "deno" ? [101, TOLD, "end"] : [0, "end"]);
      assertEquals(await child.log("late"), runtime === "deno" ? ["open", HEARD] : []);

      // Once each, and the same for all: whatever comes twice comes within this time.
      await sleep(300);
      await eachRowInTurn(all, async ({ guest, id }) => {
        const log = (await child.log(id)).map((entry) => entry.replace(/^queued [1-9]\d*$/, "queued some"));
        // Whether the kernel takes it all is its own affair.
        assertEquals(log.filter((entry) => entry !== "drain"), guest.server);
      });
      const end = await child.stats();
      assertEquals(end.opened, end.closed);
      console.log(
        `shutdown[${runtime}] ${all.length} sockets, ${
          opened - closed
        } of them open: each told and closed once; ` +
          `stopped after ${stopped!.toFixed(0)} ms, one look-up that took longer included`,
      );

      for (const { client } of all) client.destroy();
      await assertEndsByItself(child, `shutdown[${runtime}]`);
    },
  );
});

describe("a server that is stopped gently", () => {
  let child: SocketServer;
  before(async () => child = await startSocketServer(), { timeout: 60_000 });
  after(() => child.kill());

  // differs: Deno's shutdown() is the gentle way and tells the sockets at once. Bun's stop() tells them nothing: they go
  // on as if nothing had happened, and it is done when the last of them has gone.
  test("what becomes of its sockets", { timeout: 60_000 }, async () => {
    const client = await RawClient.open(child.port, { path: "/echo/gentle", answersClose: true });
    const late = RawClient.open(child.port, {
      path: "/guarded/late",
      headers: [GOOD, ["Cookie", "user=slow"]],
      answersClose: true,
    });
    await child.until(({ waiting }) => waiting === 1, "somebody waiting");
    await child.order("/stop?force=false");
    await sleep(300);
    await child.order("/open-gate");
    const second = await late;
    assertEquals(second.status, 101);

    if (runtime === "deno") {
      await Promise.all([client.untilEnded(), second.untilEnded()]);
      assertEquals([client, second].map(({ log }) => resetIsEnd(log)), [[TOLD, "end"], [TOLD, "end"]]);
    } else {
      for (const socket of [client, second]) {
        socket.send(text("still here"));
        await socket.until('text "still here"');
      }
      assertEquals((await child.stats()).stopped, null);
      client.send(close(1000));
      await client.untilEnded();
      await sleep(100);
      assertEquals((await child.stats()).stopped, null);
      second.send(close(1000));
      await second.untilEnded();
    }
    const { stopped, opened, closed } = await child.until((stats) => stats.stopped !== null, "stopped");
    assertGreater(stopped!, 200);
    assertEquals(opened, closed);
    // Whoever comes now comes too late.
    const newcomer = await RawClient.open(child.port).catch(() => null);
    assertEquals(newcomer?.status ?? 0, 0);
    await assertEndsByItself(child, `shutdown[${runtime}] gently`);
  });
});

async function assertEndsByItself(child: SocketServer, what: string): Promise<void> {
  const asked = performance.now();
  await child.order("/exit");
  await child.untilExited();
  const took = performance.now() - asked;
  console.log(
    `${what}: the process ended by itself ${took.toFixed(0)} ms after its last listener was told to`,
  );
  assert(!child.alive());
  assertStringIncludes(child.output(), "exit 0");
  // No timer, none of the ten seconds that a peer has to answer a close, is waited for.
  assertLess(took, 5000);
}
