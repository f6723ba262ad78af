// The guards as wrappers: what they recognise, what they pass on untouched, whom they tell, and every fault of their
// options. The verdicts themselves are in `policy_test.ts`, real upgrades in `native_test.ts`.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  compilePolicy,
  guard,
  hostValidator,
  originValidator,
  type Policy,
  upgradeHandler,
  urlRouter,
} from "@wsgate/wsgate";
import { assertWithstands } from "@wsgate/wsgate/testing";
import { denials } from "../../src/denial.ts";
import { judgedConnection } from "../../src/scope.ts";
import { faultsOf, handshakeRequest, type Parts, printed, requestOf, untyped } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { wordsOf } from "../words.ts";
import {
  type AnyHandler,
  context,
  EVIL,
  GOOD,
  GUARDS,
  outcomeOf,
  POLICY,
  type Wrap,
  WRAPPERS,
} from "./wrapping.ts";

const words = wordsOf(import.meta.url);

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  const isGuard = name in GUARDS;

  describe(`${name} is transparent`, () => {
    const requests: [what: string, request: () => Request][] = [
      ["a handshake that is let in", () => handshakeRequest(GOOD)],
      ["a plain request", () => handshakeRequest(null, { headers: { upgrade: null } })],
    ];
    for (const [what, make] of requests) {
      test(`${what}: the handler gets these very objects, once, and nothing more`, () => {
        const { handler, calls, onDeny } = recorder();
        const request = make();
        wrap(handler, { onDeny })(request, context);
        assertEquals(calls.length, 1);
        assertEquals(calls[0]!.length, 2);
        assertStrictEquals(calls[0]![0], request);
        assertStrictEquals(calls[0]![1], context);
      });

      test(`${what}: what the handler returns is returned, not waited for, not rebuilt`, async () => {
        const response = new Response("mine", { headers: { "x-mine": "1" } });
        const rejection = Promise.reject(new Error("mine"));
        // A sentinel for whatever a future runtime may take for an upgrade.
        const answers = [response, undefined, Promise.resolve(response), rejection, { sentinel: true }];
        eachRow(answers, (answer) => {
          const wrapped = wrap(untyped(() => answer));
          assertStrictEquals(wrapped(make(), context), answer);
        });
        await assertRejects(() => rejection, Error, "mine");
      });

      test(`${what}: what the handler throws is thrown on, and told nobody`, async () => {
        const error = new Error("mine");
        const wrapped = wrap(() => {
          throw error;
        });
        const lines = await printed(() => {
          assertStrictEquals(assertThrows(() => wrapped(make(), context)), error);
        });
        assertEquals(lines, []);
      });
    }

    test("a refusal reaches no handler, and refuse gets the context", () => {
      const { handler, calls } = recorder();
      const response = new Response("refused");
      const given: unknown[][] = [];
      const options = {
        onDeny() {},
        refuse: (...all: unknown[]) => {
          given.push(all);
          return response;
        },
      };
      const request = handshakeRequest(EVIL, { headers: { host: "a, b" } });
      assertStrictEquals(wrap(handler, options)(request, context), response);
      assertEquals(calls, []);
      assertEquals(given, [[denials["host-malformed"], request, context]]);
      assertStrictEquals(given[0]![1], request);
      assertStrictEquals(given[0]![2], context);
    });

    test(isGuard ? "its verdict marks the request" : "its verdict, without Origin, marks nothing", () => {
      const plain = handshakeRequest(GOOD, { headers: { upgrade: null } });
      const refused = handshakeRequest(EVIL, { headers: { host: "evil.test:" } });
      const admitted = handshakeRequest(GOOD);
      const before: unknown[] = [];
      const { onDeny } = recorder();
      const wrapped = wrap((request) => {
        before.push(judgedConnection(request));
        return undefined;
      }, { onDeny });
      for (const request of [plain, refused, admitted]) wrapped(request, context);
      assertEquals(before, [undefined, isGuard ? "none" : undefined]);
      // A gate has no handler after which its verdict would be over.
      const after = name === "createGate()" ? "none" : undefined;
      assertEquals([plain, refused, admitted].map(judgedConnection), [undefined, undefined, after]);
      assertEquals(judgedConnection(new Request(admitted)), undefined);
    });
  });
}

describe("every guard withstands the attacks on its site", () => {
  for (const [name, wrap] of Object.entries(GUARDS)) {
    test(name, async () => {
      const { handler, reasons, calls, onDeny } = recorder();
      // By hosts it trusts more: other schemes and ports of theirs.
      const trusts = ["good.test", "site.test"];
      await assertWithstands(wrap(handler, { onDeny }), {
        origins: [GOOD],
        to: "wss://site.test/chat",
        trusts,
      });
      assertEquals(calls.length, 1);
      assertGreater(reasons.length, 35);
    });
  }
});

describe("handshakes are recognised", () => {
  const single = ["websocket", "WebSocket", "WEBSOCKET"];
  const malformed = [
    "websocket, websocket",
    "websocket,",
    ",websocket",
    "h2c, websocket",
    "WebSocket , h2c",
    "h2c,\tWEBSOCKET\t,x",
    " websocket",
    "websocket\t",
    // Not all of these are tokens of their own; what a runtime makes of them is its own affair.
    "websockets",
    "xwebsocket",
    "websocket/13",
    "websocket;q=1",
    '"websocket"',
    "h2c websocket",
    "\xa0websocket",
  ];
  const none = [null, "", "h2c", "web socket", "websocke", "ebsocket", "web-socket", "WEBSOC\u212aET", "*"];

  for (const [name, wrap] of Object.entries(GUARDS)) {
    test(`${name}: by Upgrade alone, whatever the method and Connection`, () => {
      const methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "get", "connect"];
      const connections = [null, "", "Upgrade", "keep-alive, upgrade", "close"];
      eachRow(product(methods, connections), ([method, connection]) => {
        const ask = (upgrade: string | null, origin: string) =>
          outcomeOf(wrap, handshakeRequest(origin, { method, headers: { upgrade, connection } }));
        eachRow(single, (upgrade) => {
          assertEquals(ask(upgrade, GOOD), "handled");
          assertEquals(ask(upgrade, EVIL), "origin-not-allowed");
        });
        // No browser sends it, so no origin is good enough.
        eachRow(malformed, (upgrade) => assertEquals(ask(upgrade, GOOD), "upgrade-malformed"));
        eachRow(none, (upgrade) => assertEquals(ask(upgrade, EVIL), "handled"));
      });
    });

    test(`${name}: CONNECT asks for a WebSocket, whatever else it says, and gets none`, () => {
      const upgrades = [null, "", "h2c", "websocket", "websocket, websocket"];
      eachRow(product(upgrades, [GOOD, EVIL, null]), ([upgrade, origin]) => {
        const request = handshakeRequest(origin, { method: "CONNECT", headers: { upgrade } });
        assertEquals(outcomeOf(wrap, request), "connect-not-supported");
      });
    });

    test(`${name}: a Connection that holds upgrade other than as an option is refused, of handshakes only`, () => {
      const odd = ["upgrades", "x-upgrade", '"upgrade"', "keep-alive upgrade", "upgrade/1", "\xa0upgrade"];
      eachRow(odd, (connection) => {
        const ask = (upgrade: string | null) =>
          outcomeOf(wrap, handshakeRequest(GOOD, { headers: { upgrade, connection } }));
        eachRow(single, (upgrade) => assertEquals(ask(upgrade), "connection-malformed"));
        assertEquals(ask(malformed[0]!), "upgrade-malformed");
        eachRow(none, (upgrade) => assertEquals(ask(upgrade), "handled"));
      });
    });

    test(`${name}: what asks for no WebSocket is not judged at all`, () => {
      eachRow([{ host: null }, { host: "a, b" }, { origin: "null" }, { host: "evil.test" }], (headers) => {
        const parts: Parts = { url: "http://other.test/", headers: { ...headers, upgrade: null } };
        assertEquals(outcomeOf(wrap, handshakeRequest(EVIL, parts)), "handled");
      });
    });
  }

  test("what no browser sends is refused before anything else is read", () => {
    const request = (headers: Parts["headers"]) =>
      handshakeRequest(EVIL, { headers: { host: "a, b", connection: "upgrades", ...headers } });
    const upgrade = request({ upgrade: "websocket, h2c" });
    assertEquals(outcomeOf(GUARDS["guard()"]!, upgrade), "upgrade-malformed");
    assertEquals(untyped(upgrade.headers).reads, ["upgrade"]);
    const connection = request({});
    assertEquals(outcomeOf(GUARDS["guard()"]!, connection), "connection-malformed");
    assertEquals(untyped(connection.headers).reads, ["upgrade", "connection"]);
  });

  test("a handshake that is let in costs one look at Upgrade, Connection, Host and Origin each", () => {
    const request = handshakeRequest(GOOD);
    assertEquals(outcomeOf(GUARDS["guard()"]!, request), "handled");
    assertEquals(untyped(request.headers).reads, ["upgrade", "connection", "host", "origin"]);
  });
});

describe("guard(): a function in place of the policy", () => {
  test("is called once for each handshake, with its site, and for nothing else", () => {
    const given: unknown[][] = [];
    const { handler, onDeny, reasons } = recorder();
    const wrapped = guard(handler, (...all: unknown[]) => {
      given.push(all);
      return POLICY;
    }, { onDeny });
    wrapped(handshakeRequest(GOOD), context);
    const site = { host: "site.test", port: null, path: "/" };
    assertEquals(given, [[site]]);
    assert(Object.isFrozen(given[0]![0]));
    wrapped(handshakeRequest(EVIL), context);
    assertEquals(given, [[site], [site]]);
    wrapped(handshakeRequest(GOOD, { headers: { upgrade: null } }), context);
    wrapped(handshakeRequest(GOOD, { headers: { upgrade: "h2c, websocket" } }), context);
    wrapped(handshakeRequest(GOOD, { headers: { connection: "upgrades" } }), context);
    assertEquals(given.length, 2);
    assertEquals(reasons, ["origin-not-allowed", "upgrade-malformed", "connection-malformed"]);
  });

  test("the list can be swapped while serving; each handshake is judged by one of them", () => {
    let policy = compilePolicy({ origins: [GOOD] });
    const wrap: Wrap = (handler, options) => guard(handler, () => policy, options);
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "handled");
    assertEquals(outcomeOf(wrap, handshakeRequest(EVIL)), "origin-not-allowed");
    policy = compilePolicy({ origins: [EVIL], hosts: ["site.test"] });
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "origin-not-allowed");
    assertEquals(outcomeOf(wrap, handshakeRequest(EVIL)), "handled");

    // Alternately: a verdict that asked twice would mix the two.
    let calls = 0;
    const one = compilePolicy({ origins: [GOOD], hosts: ["a.test"] });
    const two = compilePolicy({ origins: [EVIL], hosts: ["b.test"] });
    const mixing: Wrap = (handler, options) => guard(handler, () => calls++ % 2 === 0 ? one : two, options);
    const ask = (host: string, origin: string) =>
      outcomeOf(mixing, handshakeRequest(origin, { url: "/", headers: { host } }));
    assertEquals([ask("a.test", GOOD), ask("b.test", EVIL)], ["handled", "handled"]);
    assertEquals([ask("a.test", EVIL), ask("b.test", GOOD)], ["origin-not-allowed", "origin-not-allowed"]);
    assertEquals(calls, 4);
  });

  test("the note on the scheme is about the policy that refused", async () => {
    const site = { origins: ["'self'"], hosts: ["site.test"] };
    const policies = [compilePolicy(site), compilePolicy({ origins: [] })];
    const wrapped = guard(() => undefined, () => policies.shift()!);
    const lines = await printed(() => wrapped(handshakeRequest("https://site.test"), context));
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!.text, "'self'");
    words.assert("a policy of a function", lines[0]!.text);
  });

  const returned: [name: string, policy: () => unknown, thrown?: string][] = [
    ["throws", () => {
      throw new Error("no list");
    }, "Error: no list"],
    ["throws undefined", () => {
      // deno-lint-ignore no-throw-literal
      throw undefined;
    }, "undefined"],
    ["returns undefined", () => undefined],
    ["returns a list", () => [GOOD]],
    ["returns the options", () => ({ origins: ["*"] })],
    ["returns a copy", () => ({ ...POLICY })],
    ["returns a function", () => () => POLICY],
    ["returns a promise of a policy", () => Promise.resolve(POLICY)],
    ["is async", async () => await POLICY],
    [
      "returns a promise that rejects",
      () => Promise.reject(new Error("late")),
    ],
    ["returns a thenable that throws", () => ({
      then() {
        throw new Error("late");
      },
    })],
    ["returns what cannot be looked at", () =>
      new Proxy({}, {
        has() {
          throw new Error("no");
        },
      }), "Error: no"],
  ];
  for (const [name, policy, thrown] of returned) {
    test(`one that ${name}: 503 each time, the cause is told, and the process lives`, async () => {
      const { handler, onDeny, calls, reasons, causes } = recorder();
      const wrapped = guard(handler, untyped(policy), { onDeny });
      const lines = await printed(async () => {
        await eachRowInTurn([GOOD, EVIL, null], async (origin) => {
          const response = wrapped(handshakeRequest(origin), context) as Response;
          assertEquals([response.status, await response.text()], [503, "Service Unavailable\n"]);
        });
      });
      assertEquals(lines, []);
      assertEquals(calls, []);
      assertEquals(reasons, ["policy-unavailable", "policy-unavailable", "policy-unavailable"]);
      assertEquals(causes.length, 3);
      eachRow(causes, (told) => {
        if (thrown !== undefined) return assertEquals(String(told), thrown);
        assertInstanceOf(told, TypeError);
        words.assert(`a policy function that ${name}`, told.message);
      });
      // Every other request of a whole site is served as ever.
      wrapped(handshakeRequest(EVIL, { headers: { upgrade: null } }), context);
      assertEquals(calls.length, 1);
    });
  }

  test("without onDeny the cause is on the console, once", async () => {
    const wrapped = guard(() => undefined, () => {
      throw new Error("no list\x1b");
    });
    const lines = await printed(() => {
      for (const origin of [GOOD, EVIL, null]) wrapped(handshakeRequest(origin), context);
    });
    assertEquals(lines.map(({ level }) => level), ["warn"]);
    for (const value of ["503 policy-unavailable", GOOD, '"site.test"', '"Error: no list\\u001b"']) {
      assertStringIncludes(lines[0]!.text, value);
    }
    words.assert("a policy function that throws", lines[0]!.text);
  });

  test("a policy of a function that recovered is used at once", () => {
    const policies: (Policy | undefined)[] = [undefined, POLICY];
    const wrap: Wrap = (handler, options) => guard(handler, untyped(() => policies.shift()), options);
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "policy-unavailable");
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "handled");
  });
});

describe("the wrappers' options", () => {
  const handler = () => new Response();
  const call = (wrapper: (...given: never[]) => unknown, ...given: unknown[]) => (name: string) =>
    faultsOf(() => untyped(wrapper)(...given), (fault, fix) => words.assert(`${name}: ${fault}`, fix));

  const rows: [name: string, faults: () => (name: string) => string[], ...expected: string[]][] = [
    ["guard(): nothing", () => call(guard), "wrong-type handler -1", "wrong-type policy -1"],
    [
      "guard(): everything",
      () => call(guard, "handler", [GOOD], { onDeny: true, refuse: null, absent: "allow" }),
      "wrong-type handler -1",
      "wrong-type policy -1",
      "unknown-option absent -1",
      "wrong-type refuse -1",
      "wrong-type onDeny -1",
    ],
    ["guard(): options of null", () => call(guard, handler, POLICY, null), "wrong-type options -1"],
    ["guard(): options of a function", () => call(guard, handler, POLICY, handler), "wrong-type options -1"],
    [
      "originValidator(): nothing",
      () => call(originValidator),
      "wrong-type handler -1",
      "not-a-list origins -1",
    ],
    ["originValidator(): a string", () => call(originValidator, handler, GOOD), "not-a-list origins -1"],
    [
      "originValidator(): everything",
      () =>
        call(originValidator, undefined, ["'self'", "a b"], {
          origins: ["*"],
          allowedHosts: [],
          dangerouslyAllow: [""],
          absent: "no",
          scheme: "ws",
          debug: "false",
          refuse: 1,
          onDeny: 2,
        }),
      "wrong-type handler -1",
      "unknown-option origins -1",
      "unknown-option allowedHosts -1",
      "white-space origins 1",
      "empty dangerouslyAllow 0",
      "self-without-hosts origins 0",
      "wrong-type absent -1",
      "wrong-type scheme -1",
      "wrong-type debug -1",
      "wrong-type refuse -1",
      "wrong-type onDeny -1",
    ],
    [
      "originValidator(): hosts of a variable that is not set",
      () => call(originValidator, handler, ["*"], { hosts: undefined }),
      "not-a-list hosts -1",
    ],
    [
      "originValidator(): options of null",
      () => call(originValidator, handler, [GOOD], null),
      "wrong-type options -1",
    ],
    [
      "allowedHostsOriginValidator(): nothing",
      () => call(allowedHostsOriginValidator),
      "wrong-type handler -1",
      "wrong-type options -1",
      "not-a-list allowedHosts -1",
    ],
    [
      "allowedHostsOriginValidator(): no list",
      () => call(allowedHostsOriginValidator, handler, {}),
      "not-a-list allowedHosts -1",
    ],
    [
      "allowedHostsOriginValidator(): a string",
      () => call(allowedHostsOriginValidator, handler, { allowedHosts: "site.test" }),
      "not-a-list allowedHosts -1",
    ],
    [
      "allowedHostsOriginValidator(): everything",
      () =>
        call(allowedHostsOriginValidator, {}, {
          allowedHosts: [
            "ok.test",
            "*",
            ".github.io",
            "https://a.test",
            "'self'",
            "null",
            undefined,
            "a.test/",
          ],
          origins: ["*"],
          hosts: undefined,
          dangerouslyAllow: ["a b"],
          absent: 1,
          scheme: 1,
          debug: 1,
          onDeny: 1,
        }),
      "wrong-type handler -1",
      "unknown-option origins -1",
      "unknown-option hosts -1",
      "wildcard-malformed allowedHosts 1",
      "unsafe-shared-suffix allowedHosts 2",
      "scheme-not-allowed allowedHosts 3",
      "keyword allowedHosts 4",
      "keyword allowedHosts 5",
      "not-a-string allowedHosts 6",
      "path allowedHosts 7",
      "white-space dangerouslyAllow 0",
      "wrong-type absent -1",
      "wrong-type scheme -1",
      "wrong-type debug -1",
      "wrong-type onDeny -1",
    ],
    [
      "hostValidator(): nothing",
      () => call(hostValidator),
      "wrong-type handler -1",
      "wrong-type options -1",
      "not-a-list allowedHosts -1",
    ],
    ["hostValidator(): no list", () => call(hostValidator, handler, {}), "not-a-list allowedHosts -1"],
    [
      "hostValidator(): everything",
      () =>
        call(hostValidator, null, {
          allowedHosts: ["*", "ok.test"],
          hosts: [],
          scheme: "ws",
          debug: "true",
          refuse: "x",
          onDeny: "y",
        }),
      "wrong-type handler -1",
      "unknown-option hosts -1",
      "wildcard-malformed allowedHosts 0",
      "wrong-type scheme -1",
      "wrong-type debug -1",
      "wrong-type refuse -1",
      "wrong-type onDeny -1",
    ],
    [
      "hostValidator(): what only the sockets have",
      () => call(hostValidator, handler, { allowedHosts: ["a.test"], absent: "allow", dangerouslyAllow: [] }),
      "unknown-option absent -1",
      "unknown-option dangerouslyAllow -1",
    ],
  ];
  for (const [name, faults, ...expected] of rows) {
    test(name, () => assertEquals(faults()(name), expected));
  }

  test("each option of a validator is read once: what was checked is what is used", () => {
    const answering = <T extends object>(first: T, then: T): T => {
      const reads = new Set<string>();
      const accessors = Object.keys(first).map((name) => [name, {
        enumerable: true,
        get: () => untyped(reads.has(name) ? then : (reads.add(name), first))[name],
      }]);
      return Object.defineProperties({}, Object.fromEntries(accessors)) as T;
    };
    const { onDeny } = recorder();
    const hosts = answering({ allowedHosts: ["site.test"], onDeny }, {
      allowedHosts: ["*"],
      onDeny: untyped(1),
    });
    const request = requestOf({ headers: { host: "evil.test" } });
    assertEquals((hostValidator(() => new Response(), hosts)(request) as Response).status, 403);
    const rest = answering({ absent: "deny", onDeny }, { absent: untyped("allow"), onDeny: untyped(1) });
    const refused = originValidator(() => new Response(), [GOOD], untyped(rest))(handshakeRequest(null));
    assertEquals((refused as Response).status, 403);
  });

  test("what somebody hung on every object is no option of a validator", () => {
    const polluted = Object.prototype as Record<string, unknown>;
    const options = { absent: "allow", dangerouslyAllow: ["null"], debug: true, scheme: "https" };
    Object.assign(polluted, options);
    try {
      const guards = {
        originValidator: (handler: AnyHandler) => originValidator(handler, [GOOD], { onDeny() {} }),
        allowedHostsOriginValidator: (handler: AnyHandler) =>
          allowedHostsOriginValidator(handler, { allowedHosts: ["good.test", "site.test:80"], onDeny() {} }),
      };
      eachRow(Object.entries(guards), ([, wrap]) => {
        const { handler, calls } = recorder();
        const wrapped = wrap(handler);
        eachRow([null, "null", "http://localhost"], (origin) => {
          assertEquals((wrapped(handshakeRequest(origin), context) as Response).status, 403);
        });
        wrapped(handshakeRequest(GOOD), context);
        assertEquals(calls.length, 1);
      });
    } finally {
      for (const name of Object.keys(options)) delete polluted[name];
    }
  });
});

describe("each header is read once", () => {
  /** The header fields that were asked for while a request was judged, in order. */
  function readsOf(wrap: Wrap, headers: Parts["headers"]): string[] {
    const request = requestOf({ url: "http://site.test/", headers: headers ?? {} });
    const { handler, onDeny } = recorder();
    wrap(handler, { onDeny })(request, context);
    return (request.headers as unknown as { reads: string[] }).reads;
  }
  const handshake = { host: "site.test", upgrade: "websocket", connection: "Upgrade", origin: GOOD };

  test("by every wrapper, and none that the verdict does not need", () => {
    eachRow(Object.entries(WRAPPERS), ([name, wrap]) => {
      const reads = readsOf(wrap, handshake);
      assertEquals(reads, name in GUARDS ? ["upgrade", "connection", "host", "origin"] : ["host"]);
      assertEquals(readsOf(wrap, { ...handshake, origin: EVIL }).slice(0, reads.length), reads);
    });
  });

  test("by a guard and all that stands behind it: what it has read, nobody reads again", async () => {
    const request = requestOf({
      url: "http://site.test/chat/red",
      headers: {
        ...handshake,
        "sec-websocket-version": "13",
        // Found wanting by its last field: what is good goes on to the runtime, which reads for itself.
        "sec-websocket-key": "",
      },
    });
    const auth = authMiddlewareStack({
      user: (request) => ({ name: request.headers.get("cookie") ?? "nobody" }),
    });
    const chat = upgradeHandler({}, { onDeny() {} });
    const site = originValidator(auth(urlRouter([["/chat/:room", chat]])), [GOOD]);
    await site(request, context);
    const { reads } = request.headers as unknown as { reads: string[] };
    assertEquals(reads, [
      ...["upgrade", "connection", "host", "origin"],
      "cookie",
      ...["sec-websocket-version", "sec-websocket-key"],
    ]);
  });

  test("Cookie and Authorization only where Origin is absent and they count", () => {
    const wrap: Wrap = (handler, options) =>
      originValidator(handler, [GOOD], { absent: "allow-without-credentials", ...options });
    assertEquals(readsOf(wrap, handshake), ["upgrade", "connection", "host", "origin"]);
    assertEquals(readsOf(wrap, { ...handshake, origin: null }).slice(4), ["cookie", "authorization"]);
  });
});

words.end();
