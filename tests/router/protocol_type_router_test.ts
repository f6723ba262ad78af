// The outermost layer: handshakes to one handler, everything else to the other, nothing in between.

import { describe, test } from "node:test";
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { protocolTypeRouter } from "@wsgate/wsgate";
import { faultsOf, handshakeRequest, requestOf, untyped } from "../doubles.ts";

const context = { a: "context" };
const UPGRADES: readonly (readonly [upgrade: string | null, to: "http" | "websocket"])[] = [
  ["websocket", "websocket"],
  ["WebSocket", "websocket"],
  // Recognised as handshakes, so that the guard there can refuse them.
  ["h2c, websocket", "websocket"],
  ["websocket, websocket", "websocket"],
  [null, "http"],
  ["", "http"],
  ["h2c", "http"],
  ["websockets", "websocket"],
  ["websocket/13", "websocket"],
  ["web socket", "http"],
];

describe("protocolTypeRouter()", () => {
  test("sends each request to the handler of its protocol, whatever the method", () => {
    const calls: string[] = [];
    const fetch = protocolTypeRouter({
      http: () => void calls.push("http") as undefined,
      websocket: () => void calls.push("websocket") as undefined,
    });
    for (const [upgrade, to] of UPGRADES) {
      for (const method of ["GET", "POST", "HEAD"]) {
        for (const connection of [null, "Upgrade", "close"]) {
          fetch(requestOf({ method, headers: { upgrade, connection } }));
          assertEquals(calls.splice(0), [to], `${upgrade}`);
        }
      }
    }
  });

  test("passes on the very objects, and what the handler returns, rejects with and throws", async () => {
    const error = new Error("mine");
    const rejection = Promise.reject(error);
    const answers = [new Response(), undefined, Promise.resolve(new Response()), rejection];
    for (const [upgrade] of UPGRADES) {
      const request = requestOf({ headers: { upgrade } });
      for (const answer of answers) {
        const given: unknown[][] = [];
        const handler = (...all: unknown[]) => {
          given.push(all);
          return answer;
        };
        const fetch = protocolTypeRouter(untyped({ http: handler, websocket: handler }));
        assertStrictEquals(untyped(fetch)(request, context), answer);
        assertEquals(given.length, 1);
        assertEquals(given[0]!.length, 2);
        assertStrictEquals(given[0]![0], request);
        assertStrictEquals(given[0]![1], context);
      }
      const raise = (): Response => {
        throw error;
      };
      const fetch = protocolTypeRouter({ http: raise, websocket: raise });
      assertStrictEquals(assertThrows(() => fetch(request)), error);
    }
    assertStrictEquals(await assertRejects(() => rejection), error);
  });

  test("a protocol without handler is a 404, fresh each time", async () => {
    const only = {
      http: protocolTypeRouter({ http: () => new Response("the site") }),
      websocket: protocolTypeRouter({ websocket: () => new Response("upgraded here") }),
    };
    for (const [upgrade, to] of UPGRADES) {
      const request = requestOf({ headers: { upgrade } });
      for (const served of ["http", "websocket"] as const) {
        const response = only[served](request);
        assertInstanceOf(response, Response);
        const expected = served !== to
          ? [404, "Not Found\n"]
          : [200, served === "http" ? "the site" : "upgraded here"];
        assertEquals([response.status, await response.text()], expected);
      }
    }
  });

  test("reads its handlers once: the object it was given may change", async () => {
    const protocols = { http: () => new Response("the site") };
    const fetch = protocolTypeRouter(protocols);
    protocols.http = () => new Response("another site");
    assertEquals(await (await fetch(requestOf({}))).text(), "the site");
  });

  test("routers nest", async () => {
    const inner = protocolTypeRouter({ websocket: () => new Response("upgraded here") });
    const fetch = protocolTypeRouter({ http: inner, websocket: inner });
    assertEquals(await (await fetch(handshakeRequest(null))).text(), "upgraded here");
    assertEquals((await fetch(requestOf({}))).status, 404);
  });
});

describe("protocolTypeRouter(): faults", () => {
  const handler = () => new Response();
  const rows: readonly (readonly [name: string, protocols: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "wrong-type protocols -1"],
    ["null", null, "wrong-type protocols -1"],
    ["a handler", handler, "wrong-type protocols -1"],
    ["a list", [handler], "wrong-type protocols -1"],
    ["no handler at all", {}, "missing-option protocols -1"],
    ["a handler of undefined", { http: handler, websocket: undefined }, "wrong-type websocket -1"],
    ["a Response", { http: new Response() }, "wrong-type http -1"],
    ["an unknown protocol", { http: handler, lifespan: handler }, "unknown-option lifespan -1"],
    [
      "an unknown protocol of undefined",
      { http: handler, lifespan: undefined },
      "unknown-option lifespan -1",
    ],
    [
      "everything at once",
      { ws: handler, http: null, websocket: "chat" },
      "unknown-option ws -1",
      "wrong-type http -1",
      "wrong-type websocket -1",
    ],
  ];
  for (const [name, protocols, ...expected] of rows) {
    test(name, () => assertEquals(faultsOf(() => protocolTypeRouter(untyped(protocols))), expected));
  }
});
