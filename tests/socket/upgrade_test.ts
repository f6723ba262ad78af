// The handler that upgrades: its options and their faults, the headers of a 101, and what it says when it cannot.

import { after, describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows, fail } from "@std/assert";
import {
  ConfigError,
  type DenyReason,
  originValidator,
  type SocketOptions,
  upgradeHandler,
} from "@wsgate/wsgate";
import { quote } from "../../src/quote.ts";
import { faultsOf, handshakeRequest, printed, untyped } from "../doubles.ts";
import { onDenied } from "../recorder.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import { eventually, knock, logging, OPCODE, type Peer, visit } from "./peer.ts";
import { openToAll, serving } from "./serving.ts";

const words = wordsOf(import.meta.url);

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A request that passes every check, and that no server has received. */
function handshake(headers: Record<string, string | null> = {}, method = "GET"): Request {
  return handshakeRequest(null, {
    method,
    headers: { connection: "Upgrade", "sec-websocket-version": "13", "sec-websocket-key": KEY, ...headers },
  });
}

describe("before the upgrade", () => {
  test(
    "a client that has left is answered with 499 and not upgraded",
    { skip: runtime === "bun" },
    async () => {
      const client = new AbortController();
      client.abort();
      const request = handshake();
      Object.defineProperty(request, "signal", { value: client.signal });
      assertEquals((await openToAll()(request)).status, 499);
    },
  );

  test("over maxSockets a handshake is refused with 503, and told; after a close there is room", async () => {
    const reasons: DenyReason[] = [];
    const options = {
      maxSockets: 1,
      onDecision: onDenied(({ reason }) => void reasons.push(reason)),
    };
    const log = logging();
    await serving(openToAll(log.handlers, options), async (port) => {
      const first = await knock(port, {});
      assertEquals(first.status, 101);
      const second = await knock(port, {});
      assertEquals([second.status, reasons], [503, ["too-many-sockets"]]);
      second.destroy();
      first.destroy();
      await eventually("it is closed", () => log.events.some((event) => event.startsWith("close")));
      const next = await knock(port, {});
      assertEquals(next.status, 101);
      next.destroy();
    });
  });
});

// ---------------------------------------------------------------------------------------------- options

describe("options", () => {
  /** A Bun server that has started with less is no fault of the value: the suite's own servers are among them. */
  const faultsOfValue = (options: SocketOptions): string[] => {
    try {
      upgradeHandler({}, options);
      return [];
    } catch (error) {
      assert(error instanceof ConfigError);
      const faults = error.issues.filter(({ code }) => runtime === "deno" || code !== "server-started");
      return faults.map(({ code, field, index }) => `${code} ${field} ${index}`);
    }
  };

  /** For every limit: what is taken, and what is not. */
  const limits: Readonly<Record<string, { accepts: readonly number[]; rejects: readonly unknown[] }>> = {
    idleTimeoutSeconds: {
      accepts: [0, -0, 0.001, 0.5, 1, 7, 8, 30, 960, 961, 86_399.5, 86_400],
      rejects: [-1, -0.001, 86_400.001, 86_401],
    },
    maxMessageBytes: {
      accepts: [1, 2, 125, 65_535, 65_536, 65_537, 16 * 1024 * 1024, 64 * 1024 * 1024 - 1],
      rejects: [0, -1, 0.5, 1.5, 65_536.5, 64 * 1024 * 1024, 2 ** 31, 2 ** 32 + 1],
    },
    maxBufferedBytes: {
      accepts: [1, 2, 1024 * 1024, 16 * 1024 * 1024 + 1, 1024 * 1024 * 1024],
      rejects: [0, -1, 0.5, 1.5, 1024 * 1024 * 1024 + 1, 2 ** 31, 2 ** 32 + 1],
    },
    maxWaitingMessages: { accepts: [1, 2, 1000, 1_000_000], rejects: [0, -1, 0.5, 1.5, 1_000_001, 2 ** 31] },
    maxSockets: {
      accepts: [1, 2, 65_536, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Infinity],
      rejects: [0, -1, 0.5, 1.5, 2 ** 53],
    },
  };
  const noNumbers: readonly unknown[] = [
    null,
    NaN,
    Infinity,
    -Infinity,
    "",
    "30",
    "1",
    true,
    false,
    [1],
    {},
    Object(30),
    { valueOf: () => 30 },
    () => 30,
    30n,
  ];
  for (const [field, { accepts, rejects }] of Object.entries(limits)) {
    test(`${field}: the edges`, () => {
      eachRow(accepts, (value) => assertEquals(faultsOfValue({ [field]: value }), []));
      eachRow([...rejects, ...noNumbers.filter((value) => !accepts.includes(value as number))], (value) => {
        const faults = faultsOf(() => upgradeHandler({}, untyped({ [field]: value })));
        assertEquals(faults, [`out-of-range ${field} -1`]);
      });
      assertEquals(faultsOfValue(untyped({ [field]: undefined })), []);
    });
  }

  test("protocols: a list of tokens, each once", () => {
    const lists: readonly [list: unknown, faults: readonly string[]][] = [
      [undefined, []],
      [[], []],
      [["chat"], []],
      [["chat.v2", "chat.v1", "CHAT.v1", "!#$%&'*+-.^_`|~"], []],
      [["__proto__", "constructor"], []],
      ["chat", ["not-a-list protocols -1"]],
      [null, ["not-a-list protocols -1"]],
      [{ 0: "chat", length: 1 }, ["not-a-list protocols -1"]],
      [new Set(["chat"]), ["not-a-list protocols -1"]],
      [5, ["not-a-list protocols -1"]],
      [[""], ["protocol-malformed protocols 0"]],
      [["a", "b c", "d,e", "f"], ["protocol-malformed protocols 1", "protocol-malformed protocols 2"]],
      [["a/1", "(b)", '"c"', "é", "a\r\nb"], [0, 1, 2, 3, 4].map((i) => `protocol-malformed protocols ${i}`)],
      [
        [undefined, null, 5, ["a"], Object("a")],
        [0, 1, 2, 3, 4].map((i) => `protocol-malformed protocols ${i}`),
      ],
      [["a", "b", "a", "a"], ["protocol-malformed protocols 2", "protocol-malformed protocols 3"]],
      [["ticket", "bearer", "tickets.v1", "x.ticket.a"], []],
      [
        ["chat", "ticket.", "ticket.v1", "Bearer.a", "bearer."],
        [1, 2, 3, 4].map((i) => `protocol-reserved protocols ${i}`),
      ],
    ];
    eachRow(lists, ([protocols, faults]) => {
      const configure = () => upgradeHandler({}, untyped({ protocols }));
      if (faults.length === 0) return void configure();
      const told = faultsOf(configure, (_, fix) => words.assert(`protocols: ${quote(protocols)}`, fix));
      assertEquals(told, [...faults]);
    });
  });

  test("offers of which none is spoken here are told once, and what was offered is not", async () => {
    const offers = ["ticket.4f2a-secret", "chat.v9, ticket.4f2a-secret", "not a token"];
    for (const protocols of [[], ["chat"]]) {
      for (const offer of offers) {
        const lines = await printed(async () => {
          await serving(openToAll({}, { protocols }), async (port) => {
            for (let times = 0; times < 3; times++) {
              const peer = await knock(port, { more: [["Sec-WebSocket-Protocol", offer]] });
              assertEquals([peer.status, peer.values("sec-websocket-protocol")], [101, []]);
              peer.destroy();
            }
          });
        });
        assertEquals(lines.map(({ level }) => level), ["error"], offer);
        assertEquals(/secret|v9|token/.exec(lines[0]!.text), null);
        words.assert("none of the offers", lines[0]!.text);
      }
    }
    const silent = await printed(async () => {
      await serving(openToAll({}, { protocols: ["chat"] }), async (port) => {
        for (
          const more of [[], [["Sec-WebSocket-Protocol", ""]], [["Sec-WebSocket-Protocol", "x, chat"]]] as [
            string,
            string,
          ][][]
        ) {
          const peer = await knock(port, { more });
          assertEquals(peer.status, 101);
          peer.destroy();
        }
      });
    });
    assertEquals(silent, []);
  });

  test("a list that is changed afterwards changes nothing", async () => {
    const protocols = ["a"];
    const handler = openToAll({}, { protocols });
    protocols[0] = "b";
    await serving(handler, async (port) => {
      const peer = await knock(port, { more: [["Sec-WebSocket-Protocol", "b, a"]] });
      assertEquals(peer.values("sec-websocket-protocol"), ["a"]);
      peer.destroy();
    });
  });

  test("headers: a function", () => {
    eachRow([null, {}, [], new Headers(), "x-a: b", 5, Promise.resolve({})], (headers) => {
      const faults = faultsOf(() => upgradeHandler({}, untyped({ headers })));
      assertEquals(faults, ["wrong-type headers -1"]);
    });
    upgradeHandler({}, { headers: () => ({}) });
    upgradeHandler({}, untyped({ headers: undefined }));
  });

  test("what there is no such option for", () => {
    const typos = [
      "idleTimeout",
      "maxMessageBites",
      "protocol",
      "maxPayloadLength",
      "Protocols",
      "perMessageDeflate",
    ];
    eachRow(typos, (typo) => {
      assertEquals(faultsOf(() => upgradeHandler({}, untyped({ [typo]: 1 }))), [`unknown-option ${typo} -1`]);
    });
  });

  test("no object at all", () => {
    eachRow([null, 5, "chat", true, [], ["chat"], () => ({})], (options) => {
      assertEquals(faultsOf(() => upgradeHandler({}, untyped(options))), ["wrong-type options -1"]);
      assertEquals(faultsOf(() => upgradeHandler(untyped(options))), ["wrong-type handlers -1"]);
    });
    assertEquals(faultsOf(() => upgradeHandler(untyped(undefined))), ["wrong-type handlers -1"]);
    upgradeHandler({}, untyped(undefined));
    upgradeHandler({}, {});
  });

  test("handlers: functions, under the names there are", () => {
    const handlers = ["open", "message", "drain", "close", "error"];
    eachRow(handlers, (name) => {
      upgradeHandler(untyped({ [name]: undefined }));
      eachRow([null, 5, "f", {}, [], true], (value) => {
        assertEquals(faultsOf(() => upgradeHandler(untyped({ [name]: value }))), [`wrong-type ${name} -1`]);
      });
    });
    const typos = ["onmessage", "onopen", "onclose", "onerror", "onMessage", "onDrain", "ping", "Message"];
    eachRow(typos, (typo) => {
      assertEquals(faultsOf(() => upgradeHandler(untyped({ [typo]() {} }))), [`unknown-option ${typo} -1`]);
    });
  });

  test("handlers and options are plain objects: nothing of them is inherited", () => {
    class Room {
      open() {}
      message() {}
    }
    assertEquals(faultsOf(() => upgradeHandler(new Room())), ["wrong-type handlers -1"]);
    assertEquals(faultsOf(() => upgradeHandler({}, Object.create({ protocols: ["a"] }))), [
      "wrong-type options -1",
    ]);
    upgradeHandler(untyped({ __proto__: null, open() {} }), untyped({ __proto__: null, protocols: ["a"] }));
  });

  test("handlers and options that are changed afterwards change nothing", async () => {
    const log = logging();
    const handlers = { ...log.handlers };
    const options = { maxMessageBytes: 5, headers: () => ({ "x-a": "b" }) };
    const handler = openToAll(handlers, options);
    Object.assign(handlers, { open: () => fail("opened"), message: 5 });
    Object.assign(options, { maxMessageBytes: 1, headers: () => fail("asked for headers") });
    await serving(handler, async (port) => {
      const peer = await knock(port);
      assertEquals([peer.status, peer.values("x-a")], [101, ["b"]]);
      peer.send(OPCODE.text, "12345");
      await log.has("message 12345");
      peer.destroy();
    });
  });

  test("all faults at once, each with its fix", () => {
    const configure = () =>
      upgradeHandler(
        untyped({ open: 5, onmessage() {} }),
        untyped({
          idleTimeoutSeconds: -1,
          maxMessageBytes: 1.5,
          maxBufferedBytes: "1",
          maxWaitingMessages: 0,
          maxSockets: 0,
          protocols: ["a b", "c", "c"],
          headers: {},
          idleTimeout: 30,
          onDecision: true,
        }),
      );
    assertEquals(faultsOf(configure, (fault, fix) => words.assert(fault, fix)), [
      "unknown-option onmessage -1",
      "wrong-type open -1",
      "unknown-option idleTimeout -1",
      "out-of-range idleTimeoutSeconds -1",
      "out-of-range maxMessageBytes -1",
      "out-of-range maxBufferedBytes -1",
      "out-of-range maxWaitingMessages -1",
      "out-of-range maxSockets -1",
      "protocol-malformed protocols 0",
      "protocol-malformed protocols 2",
      "wrong-type headers -1",
      "wrong-type onDecision -1",
    ]);
    const { issues } = assertThrows(configure, ConfigError);
    const fixes = issues.map(({ fix }) => fix);
    assertStringIncludes(fixes[0]!, "open, message, drain, close, error");
    assertStringIncludes(
      fixes[2]!,
      "idleTimeoutSeconds, maxMessageBytes, maxBufferedBytes, maxWaitingMessages, maxSockets, protocols, headers, live, onDecision",
    );
    assertEquals(issues.map(({ value }) => value).slice(3, 10), [-1, 1.5, "1", 0, 0, "a b", "c"]);
  });
});

// --------------------------------------------------------------------------------------------- refusals

describe("what no guard has judged", () => {
  const silent = { open: () => fail("opened") };

  test("is refused with 403, and the operator is told what to write; the headers are not asked for", async () => {
    const handler = upgradeHandler(silent, { headers: () => fail("asked for headers") });
    const evil = handshake({ origin: "https://evil.test" });
    const lines = await printed(async () => {
      await eachRowInTurn([evil, evil], async (request) => {
        const response = await handler(request, undefined);
        assertEquals([response.status, await response.text()], [403, "Forbidden\n"]);
      });
    });
    assertEquals(lines.length, 1);
    eachRow(["403 origin-unchecked", "https://evil.test", 'originValidator(handler, ["*"])'], (value) => {
      assertStringIncludes(lines[0]!.text, value);
    });
    words.assert("what no guard has judged", lines[0]!.text);
  });

  test("nor is a copy of what a guard has let in", async () => {
    const handler = upgradeHandler(silent);
    const copying = (request: Request, context: unknown) => handler(new Request(request), context);
    await serving(originValidator(copying, ["*"]), async (port) => {
      const lines = await printed(async () => assertEquals((await knock(port)).status, 403));
      assertEquals(lines.filter(({ text }) => text.includes("403 origin-unchecked")).length, 1);
    });
  });

  test("on a real server: an evil page gets no socket, and with a guard for every site it does", async () => {
    const log = logging();
    const handler = upgradeHandler(log.handlers);
    const more = [["Origin", "https://evil.test"]] as const;
    await serving(handler, async (port) => {
      await printed(async () => assertEquals((await knock(port, { more })).status, 403));
    });
    await serving(originValidator(handler, ["*"]), async (port) => {
      const peer = await knock(port, { more });
      assertEquals(peer.status, 101);
      await log.has("open");
      peer.destroy();
    });
  });
});

describe("what is no good handshake", () => {
  const answers: readonly [
    DenyReason,
    status: number,
    headers: Record<string, string | null>,
    method?: string,
  ][] = [
    ["method-not-allowed", 405, {}, "POST"],
    ["connection-malformed", 400, { connection: "close" }],
    ["version-unsupported", 426, { "sec-websocket-version": "8" }],
    ["key-malformed", 400, { "sec-websocket-key": "" }],
  ];
  for (const [reason, status, headers, method] of answers) {
    test(`${reason}: ${status}, which the client is told nothing more of, and the operator once`, async () => {
      const told: unknown[][] = [];
      const request = handshake(headers, method);
      await eachRowInTurn(
        [undefined, onDenied(({ reason, request }) => void told.push([reason, request]))],
        async (onDecision) => {
          const handler = openToAll({ open: () => fail("opened") }, {
            headers: () => fail("asked for headers"),
            ...onDecision && { onDecision },
          });
          const lines = await printed(async () => {
            const response = await handler(request, undefined);
            assertEquals(response?.status, status);
            const text = await response!.text();
            assert(!text.includes(reason) && text.length < 30, text);
            if (status === 426) assertEquals(response!.headers.get("sec-websocket-version"), "13");
            if (status === 405) assertEquals(response!.headers.get("allow"), "GET");
          });
          assertEquals(lines.length, onDecision === undefined ? 1 : 0);
          for (const { text } of lines) {
            assertStringIncludes(text, `${status} ${reason}`);
            words.assert(reason, text);
          }
        },
      );
      assertEquals(told, [[reason, request]]);
    });
  }

  test("a plain request: 426, and one line a handler, whichever page it comes from", async () => {
    const handler = upgradeHandler({});
    const lines = await printed(async () => {
      await eachRowInTurn(["https://a.test", "https://b.test", null], async (origin) => {
        assertEquals((await handler(handshake({ upgrade: null, origin }), undefined)).status, 426);
      });
    });
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!.text, "426 not-a-handshake");
  });
});

// ---------------------------------------------------------------------------------------------- headers

describe("headers", () => {
  const cookies = ["session=1; Path=/; HttpOnly", "seen=2"] as const;
  const forms: Readonly<Record<string, () => ReturnType<NonNullable<SocketOptions["headers"]>>>> = {
    "as Headers": () =>
      new Headers([["Set-Cookie", cookies[0]], ["set-cookie", cookies[1]], ["X-More", "yes"]]),
    "as pairs": () => [["Set-Cookie", cookies[0]], ["set-cookie", cookies[1]], ["X-More", "yes"]],
  };
  for (const [name, headers] of Object.entries(forms)) {
    test(`${name}: all of them are on the 101, several Set-Cookie as several`, async () => {
      await serving(openToAll({}, { headers }), async (port) => {
        const peer = await knock(port);
        assertEquals(peer.status, 101);
        assertEquals(peer.values("set-cookie"), [...cookies]);
        assertEquals(peer.values("x-more"), ["yes"]);
        assertEquals(peer.values("upgrade"), ["websocket"]);
        assertEquals(peer.values("sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
        assertEquals(peer.values("sec-websocket-protocol"), []);
        peer.destroy();
      });
    });
  }

  test("as a record", async () => {
    const headers = () => ({ "Set-Cookie": cookies[0], "X-More": "\xe9" });
    await serving(openToAll({}, { headers }), async (port) => {
      const peer = await knock(port);
      assertEquals([peer.status, peer.values("set-cookie")], [101, [cookies[0]]]);
      assertEquals(peer.values("x-more").length, 1);
      peer.destroy();
    });
  });

  test("none at all: an empty record, no pairs, nothing", async () => {
    await eachRowInTurn([{}, [], new Headers(), undefined], async (given) => {
      await serving(openToAll({}, { headers: () => untyped(given) }), async (port) => {
        const peer = await knock(port);
        assertEquals(peer.status, 101);
        peer.destroy();
      });
    });
  });

  test("a page gets through with them, and with a subprotocol beside them", async () => {
    const handler = openToAll({}, { protocols: ["chat"], headers: forms["as pairs"]! });
    await serving(handler, async (port) => {
      const { socket, events } = visit(port, { protocols: ["x", "chat"] });
      await eventually("open", () => events.includes("open"));
      assertEquals(socket.protocol, "chat");
      socket.close();
    });
  });

  test("it is called once for each upgrade, with the request, whose headers can still be read", async () => {
    const seen: string[] = [];
    const requests: Request[] = [];
    const log = logging();
    const handler = openToAll(log.handlers, {
      headers(request) {
        requests.push(request);
        seen.push(request.headers.get("x-who") ?? "nobody");
        return {};
      },
    });
    await serving(handler, async (port) => {
      await eachRowInTurn(["ada", "bob"], async (name) => {
        const peer = await knock(port, { more: [["X-Who", name]] });
        assertEquals(peer.status, 101);
        await eventually("open", () => log.sockets.length === seen.length);
        assert(log.sockets.at(-1)!.request === requests.at(-1));
        peer.destroy();
      });
      assertEquals((await knock(port, { replaced: { Connection: "close" } })).status, 400);
      assertEquals(seen, ["ada", "bob"]);
    });
  });

  /** Whatever is wrong with it: what the report names, where it is in a runtime's own words. */
  const mistakes: Record<string, { readonly given: () => unknown; readonly says?: RegExp }> = {
    "that throws": { given: () => fail("theirs") },
    "that throws what cannot be printed": {
      given: () => {
        throw Object.create(null);
      },
    },
    "that returns a promise": { given: () => Promise.resolve({}) },
    "that rejects": { given: () => Promise.reject(new Error("theirs")) },
    "that is async": {
      given: async () => {
        await null;
        throw new Error("theirs");
      },
    },
    "that returns a thenable": { given: () => ({ then() {} }) },
    "that returns null": { given: () => null, says: /TypeError/ },
    "that returns text": { given: () => "x-a: b", says: /TypeError/ },
    "that returns a number": { given: () => 5, says: /TypeError/ },
    "whose pair is no pair": { given: () => [["x-a"]], says: /TypeError/ },
    "with a name that is no token": { given: () => ({ "x a": "b" }), says: /TypeError/ },
    "with an empty name": { given: () => [["", "b"]], says: /TypeError/ },
    "with CR and LF in a value": { given: () => ({ "x-a": "b\r\nSet-Cookie: c=d" }), says: /TypeError/ },
    "with LF in a value": { given: () => ({ "x-a": "b\nc" }), says: /TypeError/ },
    "with CR in a value": { given: () => ({ "x-a": "b\rc" }), says: /TypeError/ },
    "with CR and LF in a name": { given: () => ({ "x-a\r\nx-b": "c" }), says: /TypeError/ },
    "with NUL in a value": { given: () => ({ "x-a": "b\0c" }), says: /TypeError/ },
    "with a character that is no byte": { given: () => ({ "x-a": "€" }), says: /TypeError/ },
  };
  const own = [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Key",
    "sec-websocket-anything",
    "Content-Length",
    "Transfer-Encoding",
    "TRANSFER-ENCODING",
  ];
  for (const name of own) {
    mistakes[`with ${name}`] = { given: () => new Headers([["x-a", "b"], [name, "0"]]) };
  }

  for (const [name, { given, says }] of Object.entries(mistakes)) {
    test(`${name}: 503 each time, one report, and the server lives on`, async () => {
      let broken = true;
      const log = logging();
      const handler = openToAll(log.handlers, {
        headers: () => broken ? untyped(given()) : { "x-a": "b" },
      });
      await serving(handler, async (port) => {
        const lines = await printed(async () => {
          for (let i = 0; i < 2; i++) {
            const peer = await knock(port);
            assertEquals([peer.status, peer.values("cache-control")], [503, ["no-store"]]);
            await eventually("a body", () => peer.body === "Service Unavailable\n");
            peer.destroy();
          }
        });
        assertEquals(lines.length, 1, JSON.stringify(lines));
        assertEquals(lines[0]!.level, "error");
        assertStringIncludes(lines[0]!.text, "headers()");
        if (says === undefined) words.assert(`headers ${name}`, lines[0]!.text);
        else assert(says.test(lines[0]!.text), lines[0]!.text);
        assert(!lines[0]!.text.includes("\n"));
        broken = false;
        const peer = await knock(port);
        assertEquals([peer.status, peer.values("x-a")], [101, ["b"]]);
        await log.has("open");
        peer.destroy();
      });
    });
  }

  test("names that only look like the handshake's own pass", async () => {
    const headers = () => ({
      "x-upgrade": "1",
      "connection-x": "2",
      "sec-websocket": "3",
      "x-sec-websocket-a": "4",
    });
    await serving(openToAll({}, { headers }), async (port) => {
      const peer = await knock(port);
      const more = ["x-upgrade", "connection-x", "sec-websocket", "x-sec-websocket-a"].map((name) =>
        peer.values(name)
      );
      assertEquals([peer.status, more], [101, [["1"], ["2"], ["3"], ["4"]]]);
      peer.destroy();
    });
  });
});

// ------------------------------------------------------------------------------------- a server that cannot

describe("the second argument", () => {
  const open: Peer[] = [];
  after(() => open.forEach((peer) => peer.destroy()));

  test("without it: on Deno nothing is missing, on Bun 500 and one report", async () => {
    const log = logging();
    const handler = openToAll(log.handlers);
    await serving((request) => handler(request, undefined), async (port) => {
      const lines = await printed(async () => {
        for (let i = 0; i < 2; i++) {
          const peer = await knock(port);
          assertEquals(peer.status, runtime === "deno" ? 101 : 500);
          open.push(peer);
        }
      });
      if (runtime === "deno") {
        assertEquals(lines, []);
        await log.has("open");
      } else {
        assertEquals(lines.length, 1);
        words.assertOn("bun", "without the second argument", lines[0]!.text);
        assertEquals(log.events, []);
      }
    });
  });

  test("a server without `websocket`: on Deno there is none to give, on Bun 500 and one report", async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const lines = await printed(async () => {
        for (let i = 0; i < 2; i++) {
          const peer = await knock(port);
          assertEquals(peer.status, runtime === "deno" ? 101 : 500);
          open.push(peer);
        }
      });
      assertEquals(lines.length, runtime === "deno" ? 0 : 1);
      for (const { text } of lines) words.assertOn("bun", "a server without `websocket`", text);
    }, null);
  });

  test("a server with a foreign `websocket`: on Bun it has the socket now, our handlers never see it, one report", async () => {
    const log = logging();
    await serving(openToAll(log.handlers), async (port) => {
      const lines = await printed(async () => {
        for (let i = 0; i < 2; i++) {
          const peer = await knock(port);
          assertEquals(peer.status, 101);
          open.push(peer);
        }
      });
      assertEquals(lines.length, runtime === "deno" ? 0 : 1);
      if (runtime === "deno") await log.has("open");
      else assertEquals(log.events, []);
    }, { message() {} });
  });
});

words.end();
