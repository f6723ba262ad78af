// The guards as wrappers: what they recognise, what they pass on untouched, whom they tell, and every fault of their
// options. The verdicts themselves are in `policy_test.ts`, real upgrades in `native_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type AllowedHostsOptions,
  allowedHostsOriginValidator,
  authMiddlewareStack,
  compilePolicy,
  type DenyReason,
  guard,
  type Handler,
  hostValidator,
  originValidator,
  type Policy,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { wasOriginJudged } from "../../src/guard/guard.ts";
import { denials } from "../../src/denial.ts";
import { faultsOf, handshakeRequest, type Parts, printed, requestOf, untyped } from "../doubles.ts";

const GOOD = "https://good.test";
const EVIL = "https://evil.test";
const POLICY = compilePolicy({ origins: [GOOD] });
const context = { a: "context" };

type AnyHandler = Handler<unknown, Response | undefined>;
/** A wrapper with nothing but its handler left open. */
type Wrap = (handler: AnyHandler, options?: object) => AnyHandler;

/** Everything that judges the Origin, set up to let `GOOD` in. */
const GUARDS: Readonly<Record<string, Wrap>> = {
  "guard()": (handler, options) => guard(handler, POLICY, options),
  "guard() of a function": (handler, options) => guard(handler, () => POLICY, options),
  "originValidator()": (handler, options) => originValidator(handler, [GOOD], options),
  "allowedHostsOriginValidator()": (handler, options) =>
    allowedHostsOriginValidator(handler, { allowedHosts: ["good.test", "site.test"], ...options }),
};
const WRAPPERS: Readonly<Record<string, Wrap>> = {
  ...GUARDS,
  "hostValidator()": (handler, options) =>
    hostValidator(handler, { allowedHosts: ["site.test"], ...options }),
};

/** A handler that records, and the reasons of refusals. */
function recorder(answer: unknown = new Response("handled")) {
  const calls: unknown[][] = [];
  const reasons: DenyReason[] = [];
  const causes: unknown[] = [];
  return {
    calls,
    reasons,
    causes,
    handler: ((...given: unknown[]) => {
      calls.push(given);
      return answer;
    }) as AnyHandler,
    options: {
      onDeny(denied: { reason: DenyReason }, _handshake: unknown, cause: unknown) {
        reasons.push(denied.reason);
        causes.push(cause);
      },
    },
  };
}

/** What becomes of a request: "handled", or the reason of the refusal. */
function outcomeOf(wrap: Wrap, request: Request): DenyReason | "handled" {
  const { handler, options, calls, reasons } = recorder();
  const response = wrap(handler, options)(request, context);
  assertEquals(calls.length + reasons.length, 1);
  if (calls.length === 1) return "handled";
  assert(response instanceof Response);
  assertEquals(response.status, denials[reasons[0]!].status);
  return reasons[0]!;
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  const isGuard = name in GUARDS;

  describe(`${name} is transparent`, () => {
    const requests: [what: string, request: () => Request][] = [
      ["a handshake that is let in", () => handshakeRequest(GOOD)],
      ["a plain request", () => handshakeRequest(null, { headers: { upgrade: null } })],
    ];
    for (const [what, make] of requests) {
      test(`${what}: the handler gets these very objects, once, and nothing more`, () => {
        const { handler, calls, options } = recorder();
        const request = make();
        wrap(handler, options)(request, context);
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
        for (const answer of answers) {
          const wrapped = wrap(untyped(() => answer));
          assertStrictEquals(wrapped(make(), context), answer);
        }
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
      const before: boolean[] = [];
      const { options } = recorder();
      const wrapped = wrap((request) => {
        before.push(wasOriginJudged(request));
        return undefined;
      }, options);
      for (const request of [plain, refused, admitted]) wrapped(request, context);
      assertEquals(before, [false, isGuard]);
      assertEquals([plain, refused, admitted].map(wasOriginJudged), [false, false, isGuard]);
      assertEquals(wasOriginJudged(new Request(admitted)), false);
    });
  });
}

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
      for (const method of ["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "get"]) {
        for (const connection of [null, "", "Upgrade", "keep-alive, upgrade", "close"]) {
          const ask = (upgrade: string | null, origin: string) =>
            outcomeOf(wrap, handshakeRequest(origin, { method, headers: { upgrade, connection } }));
          for (const upgrade of single) {
            assertEquals(ask(upgrade, GOOD), "handled");
            assertEquals(ask(upgrade, EVIL), "origin-not-allowed");
          }
          // No browser sends it, so no origin is good enough.
          for (const upgrade of malformed) assertEquals(ask(upgrade, GOOD), "upgrade-malformed", upgrade);
          for (const upgrade of none) assertEquals(ask(upgrade, EVIL), "handled", upgrade ?? "none");
        }
      }
    });

    test(`${name}: a Connection that holds upgrade other than as an option is refused, of handshakes only`, () => {
      for (
        const connection of [
          "upgrades",
          "x-upgrade",
          '"upgrade"',
          "keep-alive upgrade",
          "upgrade/1",
          "\xa0upgrade",
        ]
      ) {
        const ask = (upgrade: string | null) =>
          outcomeOf(wrap, handshakeRequest(GOOD, { headers: { upgrade, connection } }));
        for (const upgrade of single) assertEquals(ask(upgrade), "connection-malformed", connection);
        assertEquals(ask(malformed[0]!), "upgrade-malformed");
        for (const upgrade of none) assertEquals(ask(upgrade), "handled");
      }
    });

    test(`${name}: what asks for no WebSocket is not judged at all`, () => {
      for (const headers of [{ host: null }, { host: "a, b" }, { origin: "null" }, { host: "evil.test" }]) {
        const parts: Parts = { url: "http://other.test/", headers: { ...headers, upgrade: null } };
        assertEquals(outcomeOf(wrap, handshakeRequest(EVIL, parts)), "handled");
      }
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
  test("is called once for each handshake, without arguments, and for nothing else", () => {
    const given: unknown[][] = [];
    const { handler, options, reasons } = recorder();
    const wrapped = guard(handler, (...all: unknown[]) => {
      given.push(all);
      return POLICY;
    }, options);
    wrapped(handshakeRequest(GOOD), context);
    assertEquals(given, [[]]);
    wrapped(handshakeRequest(EVIL), context);
    assertEquals(given, [[], []]);
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
    assert(lines[0]!.text.includes("Only the scheme differs"), lines[0]!.text);
  });

  const returned: [name: string, policy: () => unknown, cause: RegExp][] = [
    ["throws", () => {
      throw new Error("no list");
    }, /^Error: no list$/],
    ["throws undefined", () => {
      // deno-lint-ignore no-throw-literal
      throw undefined;
    }, /^undefined$/],
    ["returns undefined", () => undefined, /returned no policy/],
    ["returns null", () => null, /returned no policy/],
    ["returns a list", () => [GOOD], /returned no policy/],
    ["returns the options", () => ({ origins: ["*"] }), /returned no policy/],
    ["returns a copy", () => ({ ...POLICY }), /returned no policy/],
    ["returns a function", () => () => POLICY, /returned no policy/],
    ["returns a promise of a policy", () => Promise.resolve(POLICY), /returned a promise: load it elsewhere/],
    ["is async", async () => await POLICY, /returned a promise: load it elsewhere/],
    [
      "returns a promise that rejects",
      () => Promise.reject(new Error("late")),
      /returned a promise: load it elsewhere/,
    ],
    ["returns a thenable that throws", () => ({
      then() {
        throw new Error("late");
      },
    }), /returned a promise: load it elsewhere/],
    ["returns what cannot be looked at", () =>
      new Proxy({}, {
        has() {
          throw new Error("no");
        },
      }), /^Error: no$/],
  ];
  for (const [name, policy, cause] of returned) {
    test(`one that ${name}: 503 each time, the cause is told, and the process lives`, async () => {
      const { handler, options, calls, reasons, causes } = recorder();
      const wrapped = guard(handler, untyped(policy), options);
      const lines = await printed(async () => {
        for (const origin of [GOOD, EVIL, null]) {
          const response = wrapped(handshakeRequest(origin), context) as Response;
          assertEquals([response.status, await response.text()], [503, "Service Unavailable\n"]);
        }
      });
      assertEquals(lines, []);
      assertEquals(calls, []);
      assertEquals(reasons, ["policy-unavailable", "policy-unavailable", "policy-unavailable"]);
      for (const told of causes) assert(cause.test(String(told)), String(told));
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
    assertEquals(lines, [{
      level: "warn",
      text:
        `wsgate refused (503 policy-unavailable): Origin ${GOOD}, Host "site.test". "Error: no list\\u001b"`,
    }]);
  });

  test("a policy of a function that recovered is used at once", () => {
    const policies: (Policy | undefined)[] = [undefined, POLICY];
    const wrap: Wrap = (handler, options) => guard(handler, untyped(() => policies.shift()), options);
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "policy-unavailable");
    assertEquals(outcomeOf(wrap, handshakeRequest(GOOD)), "handled");
  });
});

describe("the console line of a refusal", () => {
  const line = async (
    wrapped: (request: Request, context: unknown) => unknown,
    headers: Record<string, string>,
    url = "/",
  ) => {
    const lines = await printed(() => wrapped(handshakeRequest(null, { url, headers }), context));
    assertEquals(lines.length, 1);
    return lines[0]!.text;
  };
  const handler = () => undefined;

  test("of a list of allowed hosts speaks of that list", async () => {
    const wrapped = () => allowedHostsOriginValidator(handler, { allowedHosts: ["site.test:8443"] });
    assertEquals(
      await line(wrapped(), { host: "site.test:8443", origin: "https://site.test:81" }),
      'wsgate refused (403 origin-not-allowed): Origin https://site.test:81, Host "site.test:8443". Only the port ' +
        'differs from "site.test:8443" (allowedHosts[0]); to allow it, add "site.test:81" to allowedHosts, only if ' +
        "this host is yours (pages of that host are admitted, over http too, and the server answers to its name)",
    );
    const host = await line(wrapped(), { host: "site.test:81", origin: "https://site.test:81" });
    assert(
      host.includes('"site.test:8443" (allowedHosts[0])') && host.endsWith(". Then: origin-not-allowed"),
      host,
    );
  });
  test("of hostValidator() says nothing of Origin, which it has not judged", async () => {
    const text = await line(hostValidator(handler, { allowedHosts: ["*.site.test"] }), { host: "site.test" });
    assert(
      text.includes('"*.site.test" (allowedHosts[0]) admits the subdomains and leaves the host itself out'),
      text,
    );
    assert(!text.includes("Then:"), text);
  });
  test("of hostValidator() over HTTP/2 speaks of the authority of the URL", async () => {
    const wrapped = hostValidator(handler, { allowedHosts: ["a.test"] });
    const text = await line(wrapped, { host: null!, upgrade: null! }, "https://x.a.test/");
    assert(text.includes('It is below "a.test" (allowedHosts[0])'), text);
  });
  test("costs a long list nothing but a remark", async () => {
    const origins = Array.from({ length: 1001 }, (_, index) => `https://a${index}.test`);
    const text = await line(originValidator(handler, origins), { origin: "https://a1.test:8443" });
    assert(
      text.endsWith(". The list is too long to be searched in passing: explain() finds what is near"),
      text,
    );
    const short = await line(originValidator(handler, origins.slice(1)), { origin: "https://a1.test:8443" });
    assert(short.includes("Only the port differs"), short);
  });
});

describe("the console line of a refusal in which only the scheme differs", () => {
  const NOTE =
    `. Only the scheme differs from 'self': behind a proxy that ends TLS, set the policy's scheme to "https"`;
  const line = async (origin: string, options: object, host = "site.test") => {
    const policy = compilePolicy({ origins: ["'self'"], hosts: ["site.test"], ...options });
    const lines = await printed(() =>
      guard(() => undefined, policy)(handshakeRequest(origin, { headers: { host } }), 0)
    );
    assertEquals(lines.length, 1);
    return lines[0]!.text;
  };

  test("says what to set", async () => {
    assertEquals(
      await line("https://site.test", {}),
      `wsgate refused (403 origin-not-allowed): Origin https://site.test, Host "site.test"${NOTE}`,
    );
  });
  test("says what differs, and nothing of a proxy where none could help", async () => {
    for (
      const [origin, options] of [
        ["http://site.test", { scheme: "https" }],
        ["https://site.test", { scheme: "http" }],
        ["app://site.test:80", {}],
      ] as const
    ) {
      const host = origin.startsWith("app") ? "site.test:80" : "site.test";
      const text = await line(origin, options, host);
      assert(text.includes(". Only the scheme differs from 'self'"), text);
      assert(text.includes(`; to allow it, add "${origin}" to origins, only if this site is yours`), text);
      assert(!text.includes("proxy"), text);
    }
  });
  test("says nothing of it otherwise", async () => {
    for (
      const [origin, options, host] of [
        ["https://evil.test", {}],
        ["https://www.site.test", {}],
        ["https://site.test:8443", {}],
        ["null", {}],
        ["https://site.test", { origins: [GOOD] }],
        ["https://site.test", {}, "evil.test"],
        // His own Host and his own origin, another scheme: nothing to be set right.
        ["https://evil.test", {}, "evil.test"],
        ["https://site.test", {}, "site.test, site.test"],
      ] as const
    ) {
      assert(!(await line(origin, options, host)).includes("Only the scheme"), origin);
    }
  });
});

// ---- the validators -------------------------------------------------------------------------------------------------

describe("originValidator()", () => {
  test("takes the rest of a policy as options", () => {
    const ask = (allowed: readonly string[], options: object, request: Request) =>
      outcomeOf((handler, more) => originValidator(handler, allowed, { ...options, ...more }), request);
    const absent = handshakeRequest(null);
    assertEquals(ask([GOOD], {}, absent), "origin-absent");
    assertEquals(ask(["*"], {}, absent), "handled");
    assertEquals(ask(["*"], { absent: "deny" }, absent), "origin-absent");
    assertEquals(ask([GOOD], { absent: "allow" }, absent), "handled");
    const credentials = handshakeRequest(null, { headers: { cookie: "a=b" } });
    assertEquals(ask([GOOD], { absent: "allow-without-credentials" }, credentials), "origin-absent");
    assertEquals(ask([], {}, handshakeRequest(GOOD)), "origin-not-allowed");
    assertEquals(ask([], { dangerouslyAllow: ["null"] }, handshakeRequest("null")), "handled");
    assertEquals(ask([GOOD], { hosts: ["other.test"] }, handshakeRequest(GOOD)), "host-not-allowed");
    const self = { hosts: ["site.test"] };
    assertEquals(ask(["'self'"], self, handshakeRequest("https://site.test")), "origin-not-allowed");
    assertEquals(
      ask(["'self'"], { ...self, scheme: "https" }, handshakeRequest("https://site.test")),
      "handled",
    );
    assertEquals(ask([], { debug: true }, handshakeRequest("http://localhost:3000")), "handled");
    assertEquals(ask([], {}, handshakeRequest("http://localhost:3000")), "origin-not-allowed");
  });

  test("keeps nothing of the list it was given", () => {
    const allowed = [GOOD];
    const { handler, options, reasons } = recorder();
    const wrapped = originValidator(handler, allowed, options);
    allowed.push("*");
    wrapped(handshakeRequest(EVIL), context);
    assertEquals(reasons, ["origin-not-allowed"]);
  });
});

describe("allowedHostsOriginValidator()", () => {
  const ask = (
    options: AllowedHostsOptions & Omit<PolicyOptions, "origins" | "hosts">,
    host: string | null,
    origin: string | null,
    url = "/",
  ) =>
    outcomeOf(
      (handler, more) => allowedHostsOriginValidator(handler, { ...options, ...more }),
      handshakeRequest(origin, { url, headers: { host } }),
    );

  test("http and https origins of these hosts, at any port; Host by the same list", () => {
    const options = { allowedHosts: [".site.test", "[::1]"] };
    for (const host of ["site.test", "www.site.test:8443", "[::1]:3000"]) {
      for (
        const origin of [
          "https://site.test",
          "http://a.b.site.test:3000",
          "http://[::1]",
          "https://[::1]:8443",
        ]
      ) {
        assertEquals(ask(options, host, origin), "handled", `${host} ${origin}`);
      }
      for (
        const origin of [
          "https://evilsite.test",
          "https://site.test.evil.test",
          "ws://site.test",
          "app://site.test",
        ]
      ) {
        assertEquals(ask(options, host, origin), "origin-not-allowed", `${host} ${origin}`);
      }
      assertEquals(ask(options, host, null), "origin-absent");
      assertEquals(ask(options, host, "null"), "origin-null");
    }
    for (const host of ["evil.test", "evilsite.test", "127.0.0.1", "localhost"]) {
      assertEquals(ask(options, host, "https://site.test"), "host-not-allowed", host);
    }
    assertEquals(ask(options, null, "https://site.test"), "host-absent");
    assertEquals(ask(options, "site.test:", "https://site.test"), "host-malformed");
    assertEquals(ask(options, "site.test", "https://site.test", "http://evil.test/"), "host-mismatch");
  });

  test("an entry's port binds Host and origin alike", () => {
    const options = { allowedHosts: ["site.test:8443", "other.test:443"] };
    assertEquals(ask(options, "site.test:8443", "https://site.test:8443"), "handled");
    assertEquals(ask(options, "site.test:8443", "http://site.test:8443"), "handled");
    assertEquals(ask(options, "site.test:8443", "https://site.test"), "origin-not-allowed");
    assertEquals(ask(options, "site.test:8443", "https://site.test:8080"), "origin-not-allowed");
    assertEquals(ask(options, "site.test", "https://site.test:8443"), "host-not-allowed");
    // Each entry by its own: hosts of one list may call each other.
    assertEquals(ask(options, "site.test:8443", "https://other.test"), "handled");
    assertEquals(ask(options, "other.test", "https://other.test", "https://other.test/"), "handled");
    assertEquals(ask({ ...options, scheme: "https" }, "other.test", "https://other.test"), "handled");
    assertEquals(ask({ allowedHosts: ["site.test:*"] }, "site.test:1", "https://site.test:2"), "handled");
  });

  test("an empty list refuses everybody; debug lets this machine in", () => {
    assertEquals(ask({ allowedHosts: [] }, "site.test", "https://site.test"), "host-not-allowed");
    assertEquals(ask({ allowedHosts: [] }, "localhost", "http://localhost"), "host-not-allowed");
    const options = { allowedHosts: [], debug: true };
    for (const host of ["localhost", "app.localhost", "127.0.0.1", "[::1]"]) {
      assertEquals(ask(options, `${host}:3000`, `http://${host}:3000`), "handled", host);
      assertEquals(ask(options, `${host}:3000`, "https://site.test"), "origin-not-allowed", host);
    }
    assertEquals(ask(options, "site.test", "http://localhost"), "host-not-allowed");
    const both = { allowedHosts: ["site.test"], debug: true };
    assertEquals(ask(both, "site.test", "http://localhost:3000"), "handled");
    assertEquals(ask(both, "localhost:3000", "https://site.test"), "handled");
  });

  test("the rest of a policy counts", () => {
    const options = { allowedHosts: ["site.test"] };
    assertEquals(ask({ ...options, absent: "allow" }, "site.test", null), "handled");
    assertEquals(ask({ ...options, dangerouslyAllow: ["null"] }, "site.test", "null"), "handled");
  });
});

describe("hostValidator()", () => {
  const ask = (parts: Parts, options: Partial<AllowedHostsOptions> = {}) =>
    outcomeOf(
      (handler, more) => hostValidator(handler, { allowedHosts: [".site.test"], ...options, ...more }),
      requestOf(parts),
    );

  test("judges every request by Host, handshakes included, and by nothing else", () => {
    for (const upgrade of [null, "websocket", "h2c, websocket", "h2c"]) {
      for (const origin of [null, "null", EVIL, "x"]) {
        for (const method of ["GET", "POST"]) {
          const at = (host: string | null, url = "/") =>
            ask({ method, url, headers: { host, origin, upgrade } });
          assertEquals(at("site.test"), "handled");
          assertEquals(at("WWW.site.test:8443"), "handled");
          assertEquals(at("evil.test"), "host-not-allowed");
          assertEquals(at("localhost"), "host-not-allowed");
          assertEquals(at("site.test, evil.test"), "host-malformed");
          assertEquals(at("site.test", "http://evil.test/"), "host-mismatch");
          assertEquals(at(null), "host-absent");
        }
      }
    }
  });

  test("HTTP/2: where Host is absent, the authority of an https URL is judged, but for handshakes", () => {
    assertEquals(ask({ url: "https://site.test/" }), "handled");
    assertEquals(ask({ url: "https://www.site.test:8443/p?q" }), "handled");
    assertEquals(ask({ url: "https://site.test" }), "handled");
    assertEquals(ask({ url: "https://site.test?q" }), "handled");
    assertEquals(ask({ url: "https://evil.test/" }), "host-not-allowed");
    assertEquals(ask({ url: "https://evil.test#.site.test" }), "host-not-allowed");
    assertEquals(ask({ url: "https://evil.test/.site.test" }), "host-not-allowed");
    assertEquals(ask({ url: "https://user@site.test/" }), "host-malformed");
    assertEquals(ask({ url: "https://site.test:/" }), "host-malformed");
    assertEquals(ask({ url: "https:///" }), "host-malformed");
    // Deno makes up an authority for an http request without Host: it is the server's own, not the client's word.
    assertEquals(ask({ url: "http://site.test/" }), "host-absent");
    assertEquals(ask({ url: "wss://site.test/" }), "host-absent");
    assertEquals(ask({ url: "/https://site.test/" }), "host-absent");
    assertEquals(ask({ url: "" }), "host-absent");
    for (const upgrade of ["websocket", "h2c, websocket"]) {
      assertEquals(ask({ url: "https://site.test/", headers: { upgrade } }), "host-absent");
    }
    assertEquals(ask({ url: "https://site.test/", headers: { upgrade: "h2c" } }), "handled");
    // An empty Host is one.
    assertEquals(ask({ url: "https://site.test/", headers: { host: "" } }), "host-malformed");
  });

  test("ports and debug are those of the sockets' list", () => {
    const port = { allowedHosts: ["site.test:443"] };
    assertEquals(ask({ url: "https://site.test/" }, port), "handled");
    assertEquals(ask({ url: "https://site.test/", headers: { host: "site.test" } }, port), "handled");
    assertEquals(ask({ url: "http://site.test/", headers: { host: "site.test" } }, port), "host-not-allowed");
    const https = { ...port, scheme: "https" } as const;
    assertEquals(ask({ url: "http://site.test/", headers: { host: "site.test" } }, https), "handled");
    assertEquals(ask({ headers: { host: "localhost:3000" } }, { debug: true }), "handled");
    assertEquals(ask({ headers: { host: "evil.test" } }, { debug: true }), "host-not-allowed");
    assertEquals(ask({ headers: { host: "site.test" } }, { allowedHosts: [] }), "host-not-allowed");
  });

  test("what it let in is no handshake that a guard judged", () => {
    const reasons: DenyReason[] = [];
    const onDeny = (denied: { reason: DenyReason }) => void reasons.push(denied.reason);
    const auth = authMiddlewareStack({ user: () => ({}), onDeny });
    const site = hostValidator(auth(() => new Response()), { allowedHosts: ["site.test"] });
    site(handshakeRequest("http://site.test"), context);
    assertEquals(reasons, ["origin-unchecked"]);
  });

  test("one object serves the site and the sockets", () => {
    const hosts = {
      allowedHosts: ["site.test"],
      scheme: "https" as const,
      debug: true,
      onDeny() {},
      refuse: () => new Response(),
    };
    hostValidator(() => new Response(), hosts);
    allowedHostsOriginValidator(() => new Response(), hosts);
  });
});

// ---- faults ---------------------------------------------------------------------------------------------------------

describe("the wrappers' options", () => {
  const handler = () => new Response();
  const call = (wrapper: (...given: never[]) => unknown, ...given: unknown[]) =>
    faultsOf(() => untyped(wrapper)(...given));

  const rows: [name: string, faults: () => string[], ...expected: string[]][] = [
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
    test(name, () => assertEquals(faults(), expected));
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
    const { onDeny } = recorder().options;
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
      for (const [name, wrap] of Object.entries(guards)) {
        const { handler, calls } = recorder();
        const wrapped = wrap(handler);
        for (const origin of [null, "null", "http://localhost"]) {
          assertEquals(
            (wrapped(handshakeRequest(origin), context) as Response).status,
            403,
            `${name} ${origin}`,
          );
        }
        wrapped(handshakeRequest(GOOD), context);
        assertEquals(calls.length, 1, name);
      }
    } finally {
      for (const name of Object.keys(options)) delete polluted[name];
    }
  });
});

describe("each header is read once", () => {
  /** The header fields that were asked for while a request was judged, in order. */
  function readsOf(wrap: Wrap, headers: Parts["headers"]): string[] {
    const request = requestOf({ url: "http://site.test/", headers: headers ?? {} });
    wrap(recorder().handler, recorder().options)(request, context);
    return (request.headers as unknown as { reads: string[] }).reads;
  }
  const handshake = { host: "site.test", upgrade: "websocket", connection: "Upgrade", origin: GOOD };

  test("by every wrapper, and none that the verdict does not need", () => {
    for (const [name, wrap] of Object.entries(WRAPPERS)) {
      const reads = readsOf(wrap, handshake);
      assertEquals(reads, name in GUARDS ? ["upgrade", "connection", "host", "origin"] : ["host"], name);
      assertEquals(readsOf(wrap, { ...handshake, origin: EVIL }).slice(0, reads.length), reads, name);
    }
  });

  test("Cookie and Authorization only where Origin is absent and they count", () => {
    const wrap: Wrap = (handler, options) =>
      originValidator(handler, [GOOD], { absent: "allow-without-credentials", ...options });
    assertEquals(readsOf(wrap, handshake), ["upgrade", "connection", "host", "origin"]);
    assertEquals(readsOf(wrap, { ...handshake, origin: null }).slice(4), ["cookie", "authorization"]);
  });
});
