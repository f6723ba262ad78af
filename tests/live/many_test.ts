// Very many sockets: what closes is exactly what was ended, others have their turn meanwhile, and nothing is left behind.

import process from "node:process";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { authMiddlewareStack, getCookies, originValidator, upgradeHandler } from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";
import type { NativeHandler } from "../runtime.ts";
import { eventually, knock, pause, type Peer } from "../socket/peer.ts";
import { serving } from "../socket/serving.ts";
import { FakeSocket, someRequest } from "./fake_clock.ts";

/** As work a socket takes to close: some 20 µs, as on Bun. */
class SlowSocket extends FakeSocket {
  override close(code?: number, reason?: string): void {
    const end = performance.now() + 0.02;
    while (performance.now() < end) { /* closing */ }
    super.close(code, reason);
  }
}

/** The collector of this runtime, which Deno hands out on demand alone. */
function collector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(isForced: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

/** Bytes of the heap that are in use, after what nobody holds is gone. */
async function heap(): Promise<number> {
  const collect = collector();
  for (let i = 0; i < 4; i++) {
    collect();
    await pause(10);
  }
  return process.memoryUsage().heapUsed;
}

describe("10,000 sockets of 100 sessions", () => {
  it("lose exactly the 100 of the one that is ended", async () => {
    using live = createLiveSockets({ longestSessionSeconds: 3600 });
    const sockets = await openMany(live, 10_000, (i) => ({ id: `${i % 100}` }));
    assertEquals(live.size, 10_000);
    await live.end({ session: "42" });
    const closed = sockets.flatMap(({ closes }, i) => closes.length > 0 ? [i] : []);
    assertEquals(closed, Array.from({ length: 100 }, (_, i) => 42 + 100 * i));
    assertEquals(live.size, 9900);
  });

  it("of one user all close, while other work runs in between", async () => {
    using live = createLiveSockets({ longestSessionSeconds: 3600 });
    const startedAt = Date.now() - 1000;
    const sockets = await openMany(
      live,
      10_000,
      (i) => ({ id: `${i % 100}`, subject: "ada", startedAt }),
      SlowSocket,
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const start = performance.now();
    await live.end({ subject: "ada", except: "42" });
    const took = performance.now() - start;
    clearInterval(timer);
    assertEquals(sockets.filter(({ closes }) => closes.length > 0).length, 9900);
    // 200 ms of work, in stretches of 5 ms.
    assertGreater(took, 190);
    assertGreater(turns, 20);
  });

  it("on a real server too: exactly those of the session that is ended close", async () => {
    // As many as descriptors allow for both ends of each.
    const count = 400;
    using live = createLiveSockets({ longestSessionSeconds: 3600 });
    const auth = authMiddlewareStack({
      user: (request) => ({ id: getCookies(request).get("session")! }),
      session: ({ id }) => ({ id }),
      live,
    });
    const handler = originValidator(auth(upgradeHandler({}, { live })), ["*"], { absent: "allow" });
    await serving(handler as NativeHandler, async (port) => {
      const peers: Peer[] = [];
      for (let i = 0; i < count; i += 50) {
        const some = Array.from(
          { length: 50 },
          (_, j) => knock(port, { more: [["Cookie", `session=${(i + j) % 8}`]] }),
        );
        peers.push(...await Promise.all(some));
      }
      await eventually("all are registered", () => live.size === count);
      await live.end({ session: "3" });
      await eventually(
        "its sockets got a close frame",
        () => peers.filter(({ frames }) => frames.length > 0).length === count / 8,
      );
      await pause(50);
      assertEquals(
        peers.flatMap(({ frames }, i) => frames.length > 0 ? [i % 8] : []).every((i) => i === 3),
        true,
      );
      for (const peer of peers) peer.destroy();
      await eventually("all are forgotten", () => live.size === 0);
    });
  });
});

describe("100,000 sockets that open and close", () => {
  it("leave nothing behind", async () => {
    using live = createLiveSockets({ longestSessionSeconds: 3600 });
    const round = async (from: number) => {
      for (let i = 0; i < 20_000; i += 1000) {
        const requests = Array.from({ length: 1000 }, someRequest);
        await Promise.all(
          requests.map((request, j) =>
            live.admit(request, {
              id: `${from + i + j}`,
              subject: `user ${from + i + j}`,
              startedAt: Date.now(),
            })
          ),
        );
        const releases = requests.map((request) => live.track(request, new FakeSocket()));
        assertEquals(live.size, 1000);
        for (const release of releases) release();
      }
    };
    await round(0);
    const before = await heap();
    for (let i = 1; i < 5; i++) await round(20_000 * i);
    assertEquals(live.size, 0);
    const grown = await heap() - before;
    // 80,000 of them: a hundred bytes of each would be 8 MB.
    assertLess(grown, 4_000_000);
  });
});

type Session = { id: string; subject?: undefined } | { id: string; subject: string; startedAt: number };

async function openMany(
  live: ReturnType<typeof createLiveSockets>,
  count: number,
  session: (index: number) => Session,
  Kind: new () => FakeSocket = FakeSocket,
): Promise<FakeSocket[]> {
  const sockets: FakeSocket[] = [];
  for (let i = 0; i < count; i += 1000) {
    const requests = Array.from({ length: 1000 }, someRequest);
    await Promise.all(requests.map((request, j) => live.admit(request, session(i + j))));
    for (const request of requests) {
      const socket = new Kind();
      live.track(request, socket);
      sockets.push(socket);
    }
  }
  return sockets;
}
