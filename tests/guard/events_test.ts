// Events on real servers: what they say still holds when the request is gone, a hook of any kind changes nothing, and
// each layer tells of a request once.

import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals } from "@std/assert";
import {
  authMiddlewareStack,
  compilePolicy,
  type DecisionEvent,
  explain,
  type Explanation,
  guard,
  type Handler,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { printed, untyped } from "../doubles.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { handshakeBytes, handshakeHeaders, type NativeHandler, runtime, sendRaw, serve } from "../runtime.ts";
import { pause } from "../socket/peer.ts";

const GOOD = "https://good.test";
const EVIL = "https://evil.test";
const SECRET = "s3cr3t";
const policy = compilePolicy({ origins: [GOOD], hosts: ["site.test"] });

/** A handshake with a secret wherever there is room for one. */
function handshake(origin: string, path = "/chat", host = "site.test"): string {
  return handshakeBytes(`${path}?ticket=${SECRET}`, [
    ...handshakeHeaders(host),
    ["Origin", origin],
    ["Cookie", `sid=${SECRET}`],
    ["Authorization", `Bearer ${SECRET}`],
    ["Sec-WebSocket-Protocol", `chat, ticket.${SECRET}`],
    ["User-Agent", "Mozilla/5.0"],
    ["X-Forwarded-Host", "www.site.test"],
  ]);
}

/** Every layer that tells, one inside the other. */
function site(onDecision: (event: DecisionEvent) => unknown): NativeHandler {
  const options = { onDecision: untyped(onDecision) };
  const auth = authMiddlewareStack({
    user: ({ url }: Request) => url.includes("/nobody") ? null : Promise.resolve({ name: "ada" }),
    required: true,
    ...options,
  });
  const socket = upgradeHandler({}, { protocols: ["chat"], ...options });
  const routes = urlRouter([["/chat", socket], ["/nobody", socket]], options);
  const http = () => new Response("site");
  return protocolTypeRouter(
    { http, websocket: guard(auth(routes), policy, options) },
    options,
  ) as NativeHandler;
}

async function serving(handler: NativeHandler, act: (port: number) => Promise<void>, native?: unknown) {
  const server = serve(handler, native ?? websocket);
  try {
    await act(server.port);
  } finally {
    await server.stop();
  }
}

/** Each with its status, and what the layers tell of it. */
const REQUESTS: readonly (readonly [bytes: string, status: number, told: readonly string[]])[] = [
  [handshake(GOOD), 101, ["guard allowed", "auth allowed", "socket allowed"]],
  [handshake(EVIL), 403, ["guard denied origin-not-allowed"]],
  [handshake(GOOD, "/chat", "other.test"), 403, ["guard denied host-not-allowed"]],
  [handshake(GOOD, "/nobody"), 401, ["guard allowed", "auth denied unauthenticated"]],
  [handshake(GOOD, "/nowhere"), 404, ["guard allowed", "auth allowed", "router denied not-found"]],
];

const summary = ({ layer, outcome, reason }: DecisionEvent) =>
  [layer, outcome, reason].filter((it) => it !== null).join(" ");

describe("events on a server", { timeout: 60_000 }, () => {
  test("each layer tells of each request once", async () => {
    const events: DecisionEvent[] = [];
    await serving(site((event) => events.push(event)), async (port) => {
      await eachRowInTurn(REQUESTS, async ([bytes, status, told]) => {
        events.length = 0;
        assertEquals((await sendRaw(port, bytes)).status, status);
        assertEquals(events.map(summary), told);
      });
    });
  });

  test("long after the answer they say and explain the same, and hold no secret", async () => {
    const told: { event: DecisionEvent; data: string; now: Explanation | null; inForce: Explanation }[] = [];
    const hear = (event: DecisionEvent) => {
      const { method, url, headers } = event.request;
      const inForce = explain({ method, url, headers }, policy);
      told.push({ event, data: JSON.stringify(event), now: event.explain(), inForce });
    };
    await serving(site(hear), async (port) => {
      for (const [bytes] of REQUESTS) await sendRaw(port, bytes);
      await pause(50);
    });
    assertEquals(told.map(({ event }) => summary(event)), REQUESTS.flatMap(([, , told]) => told));
    eachRow(told, ({ event, data, now, inForce }) => {
      assertEquals(JSON.stringify(event), data);
      const { path, origin, host } = event;
      assert(path.startsWith("/") && origin.kind === "tuple" && host.kind === "name", data);
      const later = event.explain();
      assertEquals(later, now);
      if (event.layer === "guard") assertEquals(later!.decision, inForce.decision);
      if (event.outcome === "denied" && event.layer === "guard") {
        assertEquals(later!.nearest.map(({ code }) => code), inForce.nearest.map(({ code }) => code));
      }
      for (const text of [data, inspect(event), JSON.stringify(later), JSON.stringify({ ...event })]) {
        assert(!text.includes(SECRET), text);
      }
    });
    // What it is there for: the request itself has nothing left to explain.
    if (runtime === "deno") {
      const { request } = told.find(({ event }) => event.outcome === "denied")!.event;
      let failed = false;
      try {
        request.headers.get("origin");
      } catch {
        failed = true;
      }
      assert(failed, "Deno still reads headers after the answer");
    }
  });

  const hooks: readonly (readonly [name: string, hook: () => unknown, reports: number])[] = [
    ["throws", () => {
      throw new Error("mine");
    }, 1],
    ["rejects", () => Promise.reject(new Error("mine")), 1],
    ["rejects later", async () => {
      await pause(20);
      throw new Error("mine");
    }, 1],
    ["hangs", () => new Promise(() => {}), 0],
    ["returns a Response", () => new Response("mine"), 0],
  ];
  for (const [name, hook, reports] of hooks) {
    test(`a hook that ${name} changes nothing, and is reported once by each layer`, async () => {
      const lines = await printed(() =>
        serving(site(hook), async (port) => {
          // Twice: what failed once must not be worse the second time.
          for (const [bytes, status] of [...REQUESTS, ...REQUESTS]) {
            assertEquals((await sendRaw(port, bytes)).status, status);
          }
          await pause(50);
        })
      );
      // guard, auth, router, socket
      assertEquals(lines.length, 4 * reports, lines.map(({ text }) => text).join("\n"));
      for (const { text } of lines) assert(text.startsWith('wsgate: onDecision failed: "Error: mine"'), text);
    });
  }

  test("what Bun declines to upgrade is told once, as denied", {
    skip: runtime === "bun" ? false : "Deno does not decline",
  }, async () => {
    const events: DecisionEvent[] = [];
    const options = { onDecision: (event: DecisionEvent) => void events.push(event) };
    const ours = upgradeHandler({}, { protocols: ["chat"], ...options });
    // Somebody else was first: Bun upgrades a request once, and says no to whoever comes after.
    const handler: Handler = (request, server) => {
      untyped(server).upgrade(request);
      return ours(request, server);
    };
    await serving(guard(handler, policy, options) as NativeHandler, async (port) => {
      await sendRaw(port, handshake(GOOD));
    }, { message() {} });
    assertEquals(events.map(summary), ["guard allowed", "socket denied not-a-handshake"]);
  });
});
