// Sessions and sockets together on real servers: auth, upgradeHandler and everybody else's sockets, on both runtimes.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  authMiddlewareStack,
  type AuthOptions,
  compilePolicy,
  getCookies,
  guard,
  originValidator,
  refuseVisibly,
  type SessionRef,
  type SocketHandlers,
  type SocketOptions,
  upgradeHandler,
} from "@wsgate/wsgate";
import { createLiveSockets, type Live, type LiveOptions, memoryStore } from "@wsgate/wsgate/live";
import { createNodeGate } from "@wsgate/wsgate/node";
import { WebSocketServer } from "ws";
import { faultsOf, printed, untyped } from "../doubles.ts";
import { type NativeHandler, runtime } from "../runtime.ts";
import { onDenied } from "../recorder.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { eventually, knock, logging, OPCODE, opening, pause, Peer } from "../socket/peer.ts";
import { serving } from "../socket/serving.ts";
import { wordsOf } from "../words.ts";
import { Tampered } from "./fake_clock.ts";

const words = wordsOf(import.meta.url);

interface User {
  readonly name: string;
}
/** The cookie is `session=ID.SUBJECT`; a cookie `broken=…` makes `session` throw. */
const findUser = (request: Request): User | null => {
  const cookie = getCookies(request).get("session");
  return cookie === undefined ? null : { name: cookie };
};
const sessionOf = ({ name }: User): SessionRef => {
  const [id, subject] = name.split(".") as [string, string | undefined];
  return subject === undefined ? { id } : { id, subject, startedAt: STARTED };
};
const STARTED = Date.now() - 1000;

/** A site with live sockets: everything that was refused, and what one handler was told. */
function siteOf(
  live: Live,
  handlers: SocketHandlers = {},
  socketOptions: SocketOptions = {},
  authOptions: Partial<AuthOptions<User>> = {},
) {
  const denials: string[] = [];
  const causes: unknown[] = [];
  const onDecision = onDenied(({ status, reason, cause }) => {
    denials.push(`${status} ${reason}`);
    causes.push(cause);
  });
  const log = logging(handlers);
  const auth = authMiddlewareStack<User>({
    user: findUser,
    session: sessionOf,
    live,
    onDecision,
    ...authOptions,
  });
  const chat = upgradeHandler(log.handlers, { live, onDecision, ...socketOptions });
  const handler = originValidator(auth(chat), ["*"], { absent: "allow", onDecision }) as NativeHandler;
  return { handler, auth, log, denials, causes };
}

/** A client with that cookie. */
const come = (port: number, session?: string, path = "/") =>
  knock(port, { path, more: session === undefined ? [] : [["Cookie", `session=${session}`]] });

const makeLive = (options: Partial<LiveOptions> = {}) =>
  createLiveSockets({ longestSessionSeconds: 3600, pollSeconds: 0.1, ...options });

const closeOf = async (peer: Peer) => {
  const { code, reason } = await peer.closeFrame();
  return `${code} ${reason}`;
};
const ENDED = "4401 session-ended";

describe("a socket of upgradeHandler", () => {
  it("closes with its session before end() resolves, and with no other", async () => {
    using live = makeLive();
    const { handler, log, denials } = siteOf(live);
    await serving(handler, async (port) => {
      const peers = await Promise.all(["a", "a", "b"].map((id) => come(port, id)));
      assertEquals(peers.map(({ status }) => status), [101, 101, 101]);
      await eventually("all are registered", () => live.size === 3);
      const nobody = await come(port);
      await eventually("nobody's too", () => live.size === 4);
      await live.end({ session: "a" });
      assertEquals(live.size, 2);
      assertEquals(await Promise.all(peers.slice(0, 2).map(closeOf)), [ENDED, ENDED]);
      assertEquals((await come(port, "a")).status, 401);
      assertEquals(denials, ["401 session-ended"]);
      assertEquals((await come(port, "b")).status, 101);
      // They answer no close frame.
      for (const peer of peers.slice(0, 2)) peer.destroy();
      await log.has("close 4401 session-ended");
      assertEquals(peers[2]!.ended || nobody.ended, false);
      for (const peer of [...peers, nobody]) peer.destroy();
      await eventually("all are forgotten", () => live.size <= 1);
    });
  });

  it("never passes as anonymous once its session has ended, whatever `required` says", async () => {
    await eachRowInTurn([false, true], async (required) => {
      using live = makeLive();
      const { handler, denials } = siteOf(live, {}, {}, untyped({ required }));
      await serving(handler, async (port) => {
        await live.end({ session: "a" });
        assertEquals((await come(port, "a")).status, 401);
        const nobody = await come(port);
        assertEquals(nobody.status, required ? 401 : 101);
        assertEquals(
          denials,
          required ? ["401 session-ended", "401 unauthenticated"] : ["401 session-ended"],
        );
        nobody.destroy();
      });
    });
  });

  it("acts no more once it was ended: what waits for its turn is dropped", async () => {
    using live = makeLive();
    const gate = Promise.withResolvers<void>();
    const handled: unknown[] = [];
    const { handler, log } = siteOf(live, {
      async message(_socket, data) {
        handled.push(data);
        if (data === "first") await gate.promise;
      },
    });
    await serving(handler, async (port) => {
      const peer = await come(port, "a");
      for (const text of ["first", "second", "third"]) peer.send(OPCODE.text, text);
      await eventually("the first is being handled", () => handled.length === 1);
      await pause(30);
      await live.end({ session: "a" });
      gate.resolve();
      peer.send(OPCODE.text, "fourth");
      assertEquals(await closeOf(peer), ENDED);
      await pause(20);
      peer.destroy();
      await log.has("close 4401");
      assertEquals(handled, ["first"]);
    });
  });

  it("is heard of by no handler where its session ended between the look and the opening", async () => {
    using live = makeLive();
    const { auth, log } = siteOf(live);
    const chat = upgradeHandler(log.handlers, { live });
    const handler = originValidator(
      auth(async (request: Request, context: unknown) => {
        await live.end({ session: "a" });
        return chat(request, context);
      }),
      ["*"],
      { absent: "allow" },
    );
    await serving(handler as NativeHandler, async (port) => {
      const peer = await come(port, "a");
      peer.send(OPCODE.text, "hello");
      assertEquals([peer.status, await closeOf(peer)], [101, ENDED]);
      peer.destroy();
      await pause(20);
      assertEquals([log.events, live.size], [[], 0]);
    });
  });

  it("is not opened without an auth layer with the same live, and the operator is told why", async () => {
    using live = makeLive();
    using other = makeLive();
    const rows: [name: string, options: Partial<AuthOptions<User>>][] = [
      ["none", untyped({ live: undefined })],
      ["another", { live: other }],
    ];
    await eachRowInTurn(rows, async ([name, options]) => {
      const lines = await printed(async () => {
        const { handler } = siteOf(live, {}, { onDecision: undefined } as never, options);
        await serving(handler, async (port) => assertEquals((await come(port, "a")).status, 503));
      });
      assertEquals(lines.length, 1);
      assertStringIncludes(lines[0]!.text, "503 sessions-unavailable");
      words.assert(`upgradeHandler inside of ${name}`, lines[0]!.text.replace(/127\.0\.0\.1:\d+/, "HOST"));
    });
    assertEquals(live.size, 0);
  });

  it("opens for nobody and closes for somebody over its own limit, and is counted once", async () => {
    using live = makeLive();
    const { handler } = siteOf(live, {}, { maxSockets: 1 });
    await serving(handler, async (port) => {
      const first = await come(port, "a");
      await eventually("it is registered", () => live.size === 1);
      assertEquals((await come(port, "a")).status, 503);
      assertEquals(live.size, 1);
      first.destroy();
      await eventually("it is forgotten", () => live.size === 0);
    });
  });

  it("is refused with a code that a page can read, by the same code with which it would be closed", async () => {
    using live = makeLive();
    const { handler } = siteOf(live, {}, {}, { refuse: refuseVisibly });
    await serving(handler, async (port) => {
      // On Bun a server has to have opened a socket before.
      (await come(port, "b")).destroy();
      await live.end({ session: "a" });
      const peer = await come(port, "a");
      assertEquals([peer.status, await closeOf(peer)], [101, ENDED]);
    });
  });

  it("closes when the list that let it in has changed", async () => {
    using live = makeLive();
    let origins = ["*"];
    const auth = authMiddlewareStack<User>({ user: findUser, session: sessionOf, live });
    const log = logging();
    const chat = auth(upgradeHandler(log.handlers, { live }));
    const site = guard(chat, () => compilePolicy({ origins, absent: "deny" }), { onDecision() {} });
    await serving(site as NativeHandler, async (port) => {
      const from = (origin: string) => knock(port, { more: [["Origin", origin]] });
      const peers = [await from("https://a.test"), await from("https://b.test")];
      await eventually("both are open", () => log.sockets.length === 2);
      origins = ["https://a.test"];
      assertEquals(await live.recheck(), 1);
      assertEquals(await closeOf(peers[1]!), "4403 origin-not-allowed");
      assertEquals([live.size, peers[0]!.ended], [1, false]);
      peers[0]!.destroy();
    });
  });
});

describe("an auth layer with live", () => {
  it("has the session in its scope, of plain requests too, and asks nobody about these", async () => {
    const store = new Tampered();
    using live = makeLive({ store });
    const { auth } = siteOf(live);
    const seen: unknown[] = [];
    const site = auth((request) => {
      seen.push(auth.scope(request).session);
      return new Response("site");
    });
    const request = (cookie?: string) =>
      new Request("http://site.test/", cookie === undefined ? {} : { headers: { cookie } });
    await site(request("session=a.ada"));
    await site(request());
    assertEquals(seen, [{ id: "a", subject: "ada", startedAt: STARTED }, null]);
    await live.end({ session: "a" });
    store.calls.length = 0;
    assertEquals((await site(request("session=a.ada"))).status, 200);
    assertEquals(store.calls, []);
  });

  it("has the session in its scope without live too", async () => {
    const auth = authMiddlewareStack<User>({ user: findUser, session: sessionOf });
    const request = new Request("http://site.test/", { headers: { cookie: "session=a" } });
    await auth(() => new Response())(request);
    assertEquals(auth.scope(request), { user: { name: "a" }, session: { id: "a" } });
  });

  it("takes a session that cannot be one for a failure of the look-up, and says what is wrong", async () => {
    const rows: [name: string, session: () => unknown][] = [
      ["a throw", () => {
        throw new Error("no session store");
      }],
      ["undefined", () => undefined],
      ["a promise", () => Promise.resolve({ id: "a" })],
      ["an empty id", () => ({ id: "" })],
      ["a subject without a start", () => ({ id: "a", subject: "ada" })],
      ["a start in seconds", () => ({ id: "a", subject: "ada", startedAt: 1.8e9 })],
    ];
    await eachRowInTurn(rows, async ([name, session]) => {
      using live = makeLive();
      const { handler, denials, causes } = siteOf(live, {}, {}, untyped({ session }));
      await serving(handler, async (port) => {
        assertEquals((await come(port, "a")).status, 503);
        assertEquals(denials, ["503 user-lookup-failed"]);
        words.assert(`session(): ${name}`, String(causes[0]));
        const nobody = await come(port);
        assertEquals(nobody.status, 101);
        nobody.destroy();
      });
    });
  });

  it("answers 503 to a session while the store fails, lets nobody in as before, and leaves open what is", async () => {
    const store = new Tampered();
    using live = makeLive({ store });
    const { handler, denials } = siteOf(live);
    await serving(handler, async (port) => {
      const open = await come(port, "a");
      await eventually("it is registered", () => live.size === 1);
      store.fail("connection refused");
      const lines = await printed(async () => {
        assertEquals((await come(port, "a")).status, 503);
        assertEquals((await come(port, "b")).status, 503);
        const nobody = await come(port);
        assertEquals(nobody.status, 101);
        nobody.destroy();
        await pause(300);
      });
      assertEquals(denials, ["503 sessions-unavailable", "503 sessions-unavailable"]);
      assertEquals([lines.length, open.ended], [1, false]);
      store.fail(null);
      await printed(async () => {
        let status = 503;
        for (let i = 0; i < 100 && status === 503; i++) {
          await pause(20);
          const peer = await come(port, "a");
          status = peer.status;
          peer.destroy();
        }
        assertEquals(status, 101);
      });
      open.destroy();
    });
  });

  it("upgrades nobody who has left while the store was asked", async () => {
    const store = new Tampered();
    using live = makeLive({ store });
    const { handler, log, denials } = siteOf(live);
    await serving(handler, async (port) => {
      let isAsked = false;
      store.instead = (name) => {
        if (name !== "get") return undefined;
        isAsked = true;
        return new Promise<never>((resolve) => setTimeout(() => resolve(null as never), 100));
      };
      const leaving = come(port, "a");
      leaving.catch(() => {});
      await eventually("the store is asked", () => isAsked);
      const leaver = new Peer(port);
      leaver.write(opening(port, { more: [["Cookie", "session=b"]] }));
      await pause(20);
      leaver.reset();
      (await leaving).destroy();
      await pause(200);
      assertEquals([log.sockets.length, denials], [1, []]);
    });
  });

  it("is made with a session and with live sockets that are some", () => {
    using live = makeLive();
    const rows: [name: string, make: () => unknown, fault: string][] = [
      [
        "live without session",
        () => authMiddlewareStack(untyped({ user: findUser, live })),
        "wrong-type session -1",
      ],
      [
        "a session that is no function",
        () => authMiddlewareStack(untyped({ user: findUser, session: {} })),
        "wrong-type session -1",
      ],
      [
        "live that is none",
        () => authMiddlewareStack(untyped({ user: findUser, session: sessionOf, live: {} })),
        "wrong-type live.admit -1",
      ],
      [
        "live of a handler that is none",
        () => upgradeHandler({}, untyped({ live: null })),
        "wrong-type live.admit -1",
      ],
    ];
    eachRow(rows, ([name, make, fault]) => {
      assertEquals(faultsOf(make, (_, fix) => words.assert(name, fix)), [fault]);
    });
  });
});

describe("sockets of other makers", () => {
  it("that the runtime itself makes close with their session, and are forgotten when they close", async () => {
    using live = makeLive();
    const auth = authMiddlewareStack<User>({ user: findUser, session: sessionOf, live, onDecision() {} });
    await servingNative(auth, live, async (port) => {
      const peers = await Promise.all(["a", "a", "b", "c"].map((id) => come(port, id)));
      assertEquals(peers.map(({ status }) => status), [101, 101, 101, 101]);
      await eventually("all are registered", () => live.size === 4);
      await live.end({ session: "a" });
      assertEquals(live.size, 2);
      assertEquals(await Promise.all(peers.slice(0, 2).map(closeOf)), [ENDED, ENDED]);
      assertEquals((await come(port, "a")).status, 401);
      peers[2]!.send(OPCODE.text, "hello");
      await eventually("an echo", () => peers[2]!.texts.includes("hello"));
      for (const peer of peers) peer.destroy();
      await eventually("all are forgotten", () => live.size === 0);
    });
  });

  it("that was not let in is closed with 1011", async () => {
    using live = makeLive();
    const lines = await printed(() =>
      servingNative(null, live, async (port) => {
        const peer = await come(port, "a");
        assertEquals([peer.status, await closeOf(peer)], [101, "1011 "]);
      })
    );
    assertEquals(lines.length, 1);
  });

  it("of ws behind a gate for Node close with their session, and with the list", async () => {
    using live = makeLive();
    let origins = ["https://a.test"];
    const gate = createNodeGate(() => compilePolicy({ origins, absent: "allow" }));
    const sockets = new WebSocketServer({ noServer: true });
    const server = createServer((_, response) => void response.end());
    server.on("upgrade", async (request, socket, head) => {
      if (!gate(request, socket)) return;
      const cookie = /session=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
      let answer = "503 Service Unavailable";
      try {
        if (await live.admit(request, cookie === undefined ? null : { id: cookie })) answer = "";
        else answer = "401 Unauthorized";
      } catch { /* 503 */ }
      if (answer !== "") return void socket.end(`HTTP/1.1 ${answer}\r\ncontent-length: 0\r\n\r\n`);
      sockets.handleUpgrade(request, socket, head, (ws: { on(type: string, listener: () => void): void }) => {
        live.track(request, untyped(ws));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const peers = [await come(port, "a"), await come(port, "b"), await come(port)];
      await eventually("all are registered", () => live.size === 3);
      await live.end({ session: "a" });
      assertEquals([await closeOf(peers[0]!), live.size], [ENDED, 2]);
      assertEquals((await come(port, "a")).status, 401);
      const page = await knock(port, { more: [["Origin", "https://a.test"]] });
      await eventually("it is registered", () => live.size === 3);
      origins = [];
      assertEquals(await live.recheck(), 1);
      assertEquals(await closeOf(page), "4403 origin-not-allowed");
      for (const peer of [...peers, page]) peer.destroy();
      await eventually("all are forgotten", () => live.size === 0);
    } finally {
      for (const ws of sockets.clients) ws.terminate();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  });

  it("of two processes with one store close within pollSeconds and a second", async () => {
    const store = memoryStore();
    using here = makeLive({ store, pollSeconds: 0.5 });
    using there = makeLive({ store, pollSeconds: 0.5 });
    const site = siteOf(there);
    await serving(site.handler, async (port) => {
      for (const target of [{ session: "a" }, { subject: "ada" }]) {
        const peer = await come(port, target.session === undefined ? "b.ada" : "a");
        await eventually("it is registered", () => there.size === 1);
        const start = performance.now();
        await here.end(target as { session: string });
        assertEquals(await closeOf(peer), ENDED);
        assertLess(performance.now() - start, 1500);
      }
    });
  });
});

interface DenoLike {
  upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
}
interface BunServerLike {
  upgrade(request: Request, options: unknown): boolean;
}
interface BunSocketLike {
  data: { request: Request; release?: () => void };
  readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** A server whose sockets the runtime itself makes, as an application writes it, with or without an auth layer. */
async function servingNative(
  auth: ReturnType<typeof siteOf>["auth"] | null,
  live: Live,
  act: (port: number) => Promise<void>,
): Promise<void> {
  const native: NativeHandler = (request, context) => {
    if (runtime === "deno") {
      const deno = (globalThis as unknown as { Deno: DenoLike }).Deno;
      const { socket, response } = deno.upgradeWebSocket(request);
      live.track(request, socket);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    }
    const upgraded = (context as BunServerLike).upgrade(request, { data: { request } });
    return upgraded ? undefined : new Response(null, { status: 426 });
  };
  const websocket = {
    open: (ws: BunSocketLike) => void (ws.data.release = live.track(ws.data.request, ws)),
    message: (ws: BunSocketLike, data: string) => ws.send(data),
    close: (ws: BunSocketLike) => ws.data.release?.(),
  };
  const inner = auth === null ? native : auth(untyped(native));
  const handler = originValidator(untyped(inner), ["*"], { absent: "allow" });
  await serving(handler as NativeHandler, act, websocket);
  assert(live.size === 0, String(live.size));
}

words.end();
