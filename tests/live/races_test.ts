// A user read, the session ended, the socket registered: in whatever order, in one process and in two, no socket of an ended
// session stays open. Each step is a point at which the other one may come in between.

import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { SessionRef } from "@wsgate/wsgate";
import { createLiveSockets, type Live, memoryStore, type Store } from "@wsgate/wsgate/live";
import { authMiddlewareStack, getCookies, originValidator, upgradeHandler } from "@wsgate/wsgate";
import { Random } from "../random.ts";
import type { NativeHandler } from "../runtime.ts";
import { eventually, knock, pause } from "../socket/peer.ts";
import { serving } from "../socket/serving.ts";
import { FakeSocket, someRequest } from "./fake_clock.ts";

const POLL_SECONDS = 0.1;
const RACES = 1000;

/** A store whose every call takes a random while, and has its effect somewhere in it. */
function slow(store: Store, wait: () => Promise<void>): Store {
  const slowly =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
      await wait();
      const result = await call(...args);
      await wait();
      return result;
    };
  return {
    put: slowly(store.put),
    get: slowly(store.get),
    take: slowly(store.take),
    append: slowly(store.append),
    read: slowly(store.read),
  };
}

describe("1,000 races", () => {
  for (const count of [1, 2]) {
    it(`leave no socket of an ended session open, with ${count} ${count === 1 ? "process" : "processes"}`, async () => {
      const source = new Random();
      const draw = (bound: number) => source.below(bound);
      // Milliseconds, or one turn of the queue: what is ended and what is opened meet everywhere.
      const wait = () => draw(3) === 0 ? Promise.resolve() : pause(draw(12));
      const shared = memoryStore();
      const lives: Live[] = Array.from({ length: count }, () =>
        createLiveSockets({
          longestSessionSeconds: 3600,
          pollSeconds: POLL_SECONDS,
          store: slow(shared, wait),
        }));
      const [here, elsewhere = here] = lives as [Live, Live?];
      let late = 0;
      let refused = 0;
      try {
        await Promise.all(Array.from({ length: RACES }, async (_, index) => {
          // The users of the site: who logs out is not found any more.
          const users = new Set(["logged in"]);
          const session: SessionRef = index % 2 === 0
            ? { id: `${index}` }
            : { id: `${index}`, subject: `user ${index}`, startedAt: Date.now() - 1000 };
          const end = async () => {
            await pause(15 + draw(60));
            users.clear();
            await wait();
            const [target, except] = [
              { subject: `user ${index}` },
              draw(2) === 0 ? {} : { except: "another" },
            ];
            await elsewhere.end(index % 2 === 0 ? { session: session.id } : { ...target, ...except });
            return performance.now();
          };
          const socket = new FakeSocket();
          const handshake = async () => {
            await pause(draw(45));
            const isUser = users.size > 0;
            await wait();
            const request = someRequest();
            if (!isUser || !await here.admit(request, session)) return refused++;
            await wait();
            here.track(request, socket);
          };
          await Promise.all([end(), handshake()]);
          if (socket.closes.length === 0) late++;
        }));
        // Some were registered after the end was over here, and their notice is still to be read.
        await eventually(
          "every socket that was opened is closed",
          () => here.size === 0,
          (POLL_SECONDS + 1) * 1000,
        );
      } finally {
        for (const live of lives) live[Symbol.dispose]();
      }
      // The races were some.
      assert(refused > RACES / 10 && refused < RACES * 0.9, `${refused} refused`);
      if (count === 2) assertGreater(late, 20);
    });
  }
});

describe("1,000 races of real sockets", () => {
  it("leave none of an ended session open", async () => {
    const store = memoryStore();
    using here = createLiveSockets({ longestSessionSeconds: 3600, pollSeconds: POLL_SECONDS, store });
    using elsewhere = createLiveSockets({ longestSessionSeconds: 3600, pollSeconds: POLL_SECONDS, store });
    const source = new Random();
    const draw = (bound: number) => source.below(bound);
    const users = new Map<string, { id: string }>();
    const auth = authMiddlewareStack<{ id: string }>({
      user: async (request) => {
        const user = users.get(getCookies(request).get("session") ?? "") ?? null;
        await pause(draw(3));
        return user;
      },
      required: true,
      session: ({ id }) => ({ id }),
      live: here,
      onDecision() {},
    });
    const chat = upgradeHandler({}, { live: here });
    const handler = originValidator(auth(chat), ["*"], { absent: "allow" }) as NativeHandler;
    let opened = 0;
    await serving(handler, async (port) => {
      for (let round = 0; round < RACES / 50; round++) {
        await Promise.all(Array.from({ length: 50 }, async (_, index) => {
          const id = `${round}.${index}`;
          users.set(id, { id });
          const end = async () => {
            await pause(draw(40));
            users.delete(id);
            await (index % 2 === 0 ? here : elsewhere).end({ session: id });
          };
          const [peer] = await Promise.all([
            pause(draw(20)).then(() => knock(port, { more: [["Cookie", `session=${id}`]] })),
            end(),
          ]);
          if (peer.status === 101) {
            opened++;
            const { code } = await peer.closeFrame();
            assertEquals(code, 4401);
          } else assertEquals(peer.status, 401);
          peer.destroy();
        }));
      }
      await eventually("every socket is closed", () => here.size === 0, (POLL_SECONDS + 1) * 1000);
    });
    assert(opened > RACES / 20 && opened < RACES, `${opened} opened`);
  });
});
