// The outermost layer: handshakes to one handler, everything else to the other, nothing in between.

import { describe, test } from "node:test";
import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { type DecisionEvent, protocolTypeRouter } from "@wsgate/wsgate";
import { faultsOf, handshakeRequest, type Parts, printed, requestOf, untyped } from "../doubles.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

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
    const rows = product(UPGRADES, ["GET", "POST", "HEAD"], [null, "Upgrade", "close"]);
    eachRow(rows, ([[upgrade, to], method, connection]) => {
      fetch(requestOf({ method, headers: { upgrade, connection } }));
      assertEquals(calls.splice(0), [to]);
    });
    // CONNECT asks for one whatever else it says, so that the guard there can refuse it.
    eachRow(UPGRADES, ([upgrade]) => {
      fetch(requestOf({ method: "CONNECT", headers: { upgrade } }));
      assertEquals(calls.splice(0), ["websocket"]);
    });
  });

  test("passes on the very objects, and what the handler returns, rejects with and throws", async () => {
    const error = new Error("mine");
    const rejection = Promise.reject(error);
    const answers = [new Response(), undefined, Promise.resolve(new Response()), rejection];
    eachRow(UPGRADES, ([upgrade]) => {
      const request = requestOf({ headers: { upgrade } });
      eachRow(answers, (answer) => {
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
      });
      const raise = (): Response => {
        throw error;
      };
      const fetch = protocolTypeRouter({ http: raise, websocket: raise });
      assertStrictEquals(assertThrows(() => fetch(request)), error);
    });
    assertStrictEquals(await assertRejects(() => rejection), error);
  });

  test("a protocol without handler is a 404, fresh each time", async () => {
    const only = {
      http: protocolTypeRouter({ http: () => new Response("the site") }),
      websocket: protocolTypeRouter({ websocket: () => new Response("upgraded here") }),
    };
    await eachRowInTurn(UPGRADES, async ([upgrade, to]) => {
      const request = requestOf({ headers: { upgrade } });
      await eachRowInTurn(["http", "websocket"], async (served) => {
        const response = only[served](request);
        assertInstanceOf(response, Response);
        const expected = served !== to
          ? [404, "Not Found\n"]
          : [200, served === "http" ? "the site" : "upgraded here"];
        assertEquals([response.status, await response.text()], expected);
      });
    });
  });

  test("a handshake without a handler is told to the hook and to no console; a plain request to nobody", async () => {
    const told: unknown[][] = [];
    const onDecision = ({ reason, request, status }: DecisionEvent) =>
      void told.push([reason, request, status]);
    const handler = () => new Response("handled");
    const handshake = handshakeRequest(null);
    const lines = await printed(() => {
      protocolTypeRouter({ http: handler }, { onDecision })(handshake);
      protocolTypeRouter({ websocket: handler }, { onDecision })(requestOf({}));
      protocolTypeRouter({ http: handler })(handshake);
    });
    assertEquals(told, [["not-found", handshake, 404]]);
    assertEquals(lines, []);
  });

  test("Sec-WebSocket-Key without Upgrade is a handshake that a proxy has broken: 426, and told", async () => {
    const rows: readonly (readonly [headers: Parts["headers"], status: number])[] = [
      [{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }, 426],
      [{ "sec-websocket-key": "" }, 426],
      [{ "sec-websocket-key": "x", "connection": "Upgrade", "upgrade": "h2c" }, 426],
      [{ "sec-websocket-key": "x", "upgrade": "websocket" }, 200],
      [{ "sec-websocket-version": "13" }, 200],
      [{}, 200],
    ];
    const handler = () => new Response("handled");
    const sides = [{ http: handler, websocket: handler }, { websocket: handler }];
    await eachRowInTurn(product(sides, rows), async ([protocols, [headers, status]]) => {
      const told: unknown[] = [];
      const onDecision = ({ reason }: DecisionEvent) => void told.push(reason);
      const response = await protocolTypeRouter(protocols, { onDecision })(requestOf({ headers: headers! }));
      const isPlain = status === 200 && headers!.upgrade === undefined;
      assertEquals(response.status, isPlain && !("http" in protocols) ? 404 : status);
      assertEquals(told, status === 426 ? ["not-a-handshake"] : []);
    });
    const wrapped = protocolTypeRouter({ http: handler });
    const origin = (name: string) => requestOf({ headers: { "sec-websocket-key": "x", origin: name } });
    const lines = await printed(() => ["https://a.test", "https://b.test"].map((it) => wrapped(origin(it))));
    assertEquals(lines.length, 1);
    words.assert("Sec-WebSocket-Key without Upgrade", lines[0]!.text);
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
  test("of the options too, all at once", () => {
    const configure = () =>
      protocolTypeRouter(untyped({ ws: handler }), untyped({ onDecision: 1, refuse: handler }));
    assertEquals(faultsOf(configure), [
      "unknown-option ws -1",
      "unknown-option refuse -1",
      "wrong-type onDecision -1",
    ]);
    assertEquals(faultsOf(() => protocolTypeRouter({ http: handler }, untyped(handler))), [
      "wrong-type options -1",
    ]);
  });
  for (const [name, protocols, ...expected] of rows) {
    test(name, () => {
      const faults = faultsOf(() => protocolTypeRouter(untyped(protocols)), (fault, fix) => {
        words.assert(`${name}: ${fault}`, fix);
      });
      assertEquals(faults, expected);
    });
  }
});

words.end();
