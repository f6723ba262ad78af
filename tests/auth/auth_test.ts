// Who is asking: looked up only for handshakes that a guard judged, read back only from the very request, and never a
// reason to upgrade for somebody who has left.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  createGate,
  getCookies,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  urlRouter,
} from "@wsgate/wsgate";
import { denials, Unauthenticated } from "../../src/denial.ts";
import { faultsOf, handshakeRequest, printed, requestOf, settled, untyped } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import {
  connectRaw,
  handshakeBytes,
  handshakeHeaders,
  nativeUpgrade,
  runtime,
  sendRaw,
  serve,
} from "../runtime.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const GOOD = "https://good.test";
const context = { a: "context" };
const ADA = { name: "ada" };

/** A plain request: it needs no guard. */
const plain = (signal?: AbortSignal) => requestOf(signal ? { signal } : {});
/** A handshake that was let in, and stays so: a gate has no handler after which it would not be. */
function judged(signal?: AbortSignal): Request {
  const request = handshakeRequest(GOOD, signal ? { signal } : {});
  assertEquals(createGate({ origins: [GOOD] })(request), undefined);
  return request;
}
const REQUESTS = { "a plain request": plain, "a handshake": judged };

/** A thenable that is no Promise. */
function thenable(
  then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void,
): unknown {
  return { then };
}

// ---- looking up -----------------------------------------------------------------------------------------------------

class User {}
const USERS: readonly (readonly [name: string, found: unknown, user: unknown])[] = [
  ["an object", ADA, ADA],
  ["null", null, null],
  ["undefined", undefined, null],
  ...[
    new User(),
    Object.create(null),
    [],
    // Fields of a user's own, whatever their names.
    { constructor: "Lotus", __proto__: null, prototype: 1 },
    { constructor: User },
    { name: "Error", message: "none", status: 404 },
    new (class extends Map {})(),
  ].map((user) => [String(typeof user), user, user] as const),
];
/** A plain object of sessions, as a client's cookie looks it up. */
const PLAIN: Readonly<Record<string, unknown>> = {};
const NO_USERS: readonly (readonly [name: string, found: unknown])[] = [
  ["a function", () => {}],
  ["an async function", async () => await null],
  ["a class", User],
  ...["constructor", "toString", "valueOf", "hasOwnProperty", "__defineGetter__"].map((name) =>
    [`sessions.${name}`, PLAIN[name]] as const
  ),
  // What sessions.__proto__ is, but for Deno, which has taken that accessor away.
  ["Object.prototype", Object.prototype],
  ["a list's __proto__", Object.getPrototypeOf([])],
  ["a class's prototype", User.prototype],
  ["a Response", new Response()],
  ["an Error", new RangeError("no database")],
  ["a DOMException", new DOMException("no database")],
];
const PRIMITIVES = ["", "ada", 0, 1, NaN, true, false, 1n, Symbol("ada")];

for (const [what, make] of Object.entries(REQUESTS)) {
  describe(`authMiddlewareStack(): ${what}`, () => {
    for (const [name, found, user] of USERS) {
      test(`user() returns ${name}: the handler runs at once, and its result is returned untouched`, () => {
        const given: unknown[][] = [];
        const auth = authMiddlewareStack({
          user: (...all: unknown[]): object => {
            given.push(all);
            return untyped(found);
          },
        });
        const rejection = Promise.reject(new Error("mine"));
        rejection.catch(() => {});
        eachRow([new Response(), undefined, Promise.resolve(new Response()), rejection], (answer) => {
          const request = make();
          const calls: unknown[][] = [];
          const wrapped = auth(untyped((...all: unknown[]) => {
            calls.push([...all, auth.scope(request).user]);
            return answer;
          }));
          assertStrictEquals(untyped(wrapped)(request, context), answer);
          assertEquals(calls.length, 1);
          assertEquals(calls[0]!.length, 3);
          assertStrictEquals(calls[0]![0], request);
          assertStrictEquals(calls[0]![1], context);
          assertStrictEquals(calls[0]![2], user);
          const [lookup] = given.splice(0);
          assertEquals(lookup!.length, 1);
          assertStrictEquals(lookup![0], request);
        });
      });

      test(`user() promises ${name}: the handler runs afterwards, and its result is passed on`, async () => {
        const promises = [
          Promise.resolve(found),
          (async () => {
            await settled();
            return found;
          })(),
          thenable((resolve) => resolve(found)),
          thenable((resolve) => setTimeout(resolve, 1, found)),
        ];
        await eachRowInTurn(promises, async (promise) => {
          const auth = authMiddlewareStack({ user: () => untyped(promise) });
          const request = make();
          const response = new Response();
          const calls: unknown[][] = [];
          const wrapped = auth((...all: unknown[]) => {
            calls.push([...all, auth.scope(request).user]);
            return response;
          });
          const result = wrapped(request, context);
          assertInstanceOf(result, Promise);
          assertEquals(calls, []);
          assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
          assertStrictEquals(await result, response);
          assertEquals(calls.length, 1);
          assertStrictEquals(calls[0]![0], request);
          assertStrictEquals(calls[0]![1], context);
          assertStrictEquals(calls[0]![2], user);
        });
      });
    }

    test("a user with a field called then is a user", async () => {
      const user = { then: "later" };
      const auth = authMiddlewareStack({ user: () => untyped(user) });
      const request = make();
      await auth(() => new Response())(request);
      assertStrictEquals(auth.scope(request).user, user);
    });

    /** With what is thrown; undefined: an error of this library's. */
    const failing: [name: string, user: () => unknown, thrown?: string][] = [
      ["throws", () => {
        throw new Error("no database");
      }, "Error: no database"],
      ["rejects", () => Promise.reject(new Error("no database")), "Error: no database"],
      ["is async and throws", async () => {
        await settled();
        throw new Error("no database");
      }, "Error: no database"],
      ["rejects with undefined", () => Promise.reject(undefined), "undefined"],
      [
        "returns a thenable that rejects",
        () => thenable((_, reject) => reject("no database")),
        "no database",
      ],
      [
        "returns a thenable that throws",
        () =>
          thenable(() => {
            throw new Error("no database");
          }),
        "Error: no database",
      ],
      ...PRIMITIVES.flatMap((value): [string, () => unknown][] => {
        const name = `a ${typeof value} (${String(value)})`;
        return [[`returns ${name}`, () => value], [`promises ${name}`, () => Promise.resolve(value)]];
      }),
      ...NO_USERS.flatMap(([name, value]): [string, () => unknown][] => [
        [`returns ${name}`, () => value],
        [`promises ${name}`, () => Promise.resolve(value)],
        [`returns a thenable of ${name}`, () => thenable((resolve) => resolve(value))],
      ]),
    ];
    for (const [name, user, thrown] of failing) {
      test(`user() that ${name}: 503, and the operator gets the cause`, async () => {
        await eachRowInTurn([false, true], async (required) => {
          const { handler, onDecision, calls, reasons, causes } = recorder();
          const auth = authMiddlewareStack({ user: untyped(user), required, onDecision });
          const request = make();
          const lines = await printed(async () => {
            const response = await auth(handler)(request);
            assertEquals([response.status, await response.text()], [503, "Service Unavailable\n"]);
          });
          assertEquals([calls, lines, reasons], [[], [], ["user-lookup-failed"]]);
          if (thrown !== undefined) assertEquals(String(causes[0]), thrown);
          else {
            assertInstanceOf(causes[0], TypeError);
            words.assert(`user() ${name}`, causes[0].message);
          }
          assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
        });
      });
    }

    test("required: nobody is refused with 401, somebody is not", async () => {
      await eachRowInTurn(USERS, async ([, found, user]) => {
        await eachRowInTurn([found, Promise.resolve(found)], async (result) => {
          const { handler, onDecision, calls, reasons } = recorder();
          const auth = authMiddlewareStack({ user: () => untyped(result), required: true, onDecision });
          const request = make();
          const response = await auth(handler)(request);
          if (user === null) {
            assertEquals([response.status, reasons, calls.length], [401, ["unauthenticated"], 0]);
            assertEquals(response.headers.get("www-authenticate"), 'Cookie realm="session"');
            assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
          } else {
            assertEquals([response.status, reasons, calls.length], [200, [], 1]);
            assertStrictEquals(auth.scope(request).user, untyped(user));
          }
        });
      });
    });

    test("a credential that user() refuses is 401, never nobody, and the operator gets the cause", async () => {
      const cause = new Unauthenticated("token-expired", "the token has expired");
      const users = [
        () => {
          throw cause;
        },
        () => Promise.reject(cause),
      ];
      await eachRowInTurn(product(users, [false, true]), async ([user, required]) => {
        const { handler, onDecision, calls, reasons, causes } = recorder();
        const auth = authMiddlewareStack<object>({ user, required, onDecision });
        const request = make();
        const response = await auth(handler)(request);
        assertEquals([response.status, reasons, calls.length], [401, ["unauthenticated"], 0]);
        assertStrictEquals(causes[0], cause);
        assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
      });
    });

    test("what the handler throws or rejects with is its own: no failed look-up, no report", async () => {
      const error = new Error("mine");
      const throwing = (): Response => {
        throw error;
      };
      const rejecting = () => Promise.reject(error);
      const found = [() => ADA, () => Promise.resolve(ADA)];
      await eachRowInTurn(product([throwing, rejecting], found), async ([handler, user]) => {
        const { onDecision, reasons } = recorder();
        const wrapped = authMiddlewareStack<object>({ user, onDecision })(handler);
        const lines = await printed(async () => {
          assertStrictEquals(await assertRejects(async () => await wrapped(make())), error);
        });
        assertEquals([reasons, lines], [[], []]);
      });
      const wrapped = authMiddlewareStack({ user: () => ADA })(throwing);
      assertStrictEquals(assertThrows(() => wrapped(make())), error);
    });

    test("refuse and onDecision get this request and its context", async () => {
      const given: unknown[][] = [];
      const mine = new Response("mine");
      await eachRowInTurn([() => null, () => Promise.resolve(null)], async (user) => {
        const request = make();
        const wrapped = authMiddlewareStack({
          user,
          required: true,
          onDecision: (event) => void given.push(["onDecision", event.reason, event.request, event.context]),
          refuse: (...all: unknown[]) => {
            given.push(["refuse", ...all]);
            return mine;
          },
        })(() => new Response());
        assertStrictEquals(await untyped(wrapped)(request, context), mine);
        const [told, refused] = given.splice(0);
        assertEquals([told![0], refused![0]], ["onDecision", "refuse"]);
        assertEquals(told![1], "unauthenticated");
        assertStrictEquals(told![2], request);
        assertStrictEquals(told![3], context);
        assertStrictEquals(refused![1], denials["unauthenticated"]);
        assertStrictEquals(refused![2], request);
        assertStrictEquals(refused![3], context);
      });
    });
  });
}

test("a cookie cannot name what a plain object of sessions inherits", async () => {
  const sessions: Record<string, typeof ADA> = { "4f2a": ADA };
  const { onDecision, reasons, causes } = recorder();
  const auth = authMiddlewareStack({
    user: (request) => sessions[getCookies(request).get("s") ?? ""],
    required: true,
    onDecision,
  });
  const greet = (request: Request) =>
    new Response(null, { headers: { "x-user": auth.scope(request).user.name } });
  const server = serve(originValidator(auth(greet), [GOOD]));
  try {
    const rows: readonly (readonly [cookie: string, status: number, ...reasons: string[]])[] = [
      ["4f2a", 200],
      ["4f2b", 401, "unauthenticated"],
      ...Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== "__proto__")
        .map((name) => [name, 503, "user-lookup-failed"] as const),
      // Deno has taken this accessor away.
      runtime === "deno" ? ["__proto__", 401, "unauthenticated"] : ["__proto__", 503, "user-lookup-failed"],
    ];
    assert(rows.length > 12);
    await eachRowInTurn(rows, async ([cookie, status, ...expected]) => {
      const lines: [string, string][] = [["Origin", GOOD], ["Cookie", `s=${cookie}`]];
      const bytes = handshakeBytes("/", [...handshakeHeaders("site.test"), ...lines]);
      const answer = await sendRaw(server.port, bytes);
      assertEquals([answer.status, reasons.splice(0)], [status, expected]);
    });
    assertEquals(
      new Set(causes.map((cause) => /Map|undefined/.exec(String(cause))?.[0])),
      new Set(["undefined", "Map"]),
    );
  } finally {
    await server.stop();
  }
});

test("what it says of a user that is none stands on the console in full", async () => {
  const auth = authMiddlewareStack({ user: () => Object.prototype });
  const [line] = await printed(() => auth(() => new Response())(judged()));
  assert(line!.text.endsWith('Look users up in a Map, or by Object.hasOwn"'), line!.text);
});

test("without onDecision a failed look-up is on the console, once for all layers", async () => {
  const auth = authMiddlewareStack({
    user: () => {
      throw new Error("no database");
    },
  });
  const wrapped = [auth(() => new Response()), auth(() => new Response())];
  const lines = await printed(async () => {
    for (const handler of [...wrapped, ...wrapped]) await handler(judged());
  });
  assertEquals(lines.map(({ level }) => level), ["warn"]);
  eachRow(lines, ({ text }) => {
    eachRow(["503 user-lookup-failed", GOOD, '"site.test"', '"Error: no database"'], (value) => {
      assertStringIncludes(text, value);
    });
    words.assert("user() throws, on the console", text);
  });
});

// ---- scope ----------------------------------------------------------------------------------------------------------

describe("auth.scope()", () => {
  const user = (request: Request) => getCookies(request).has("session") ? ADA : null;

  test("is frozen, and the same each time", async () => {
    const auth = authMiddlewareStack({ user });
    const request = requestOf({ headers: { cookie: "session=1" } });
    await auth(() => new Response())(request);
    const scope = auth.scope(request);
    assertEquals(scope, { user: ADA, session: null });
    assert(Object.isFrozen(scope));
    assertStrictEquals(auth.scope(request), scope);
  });

  test("throws for a request that this layer did not see, copies included, and says what to do", async () => {
    const auth = authMiddlewareStack({ user });
    const request = new Request("http://site.test/");
    const fails = (given: Request) => {
      const { message } = assertThrows(() => auth.scope(given), Error, "authMiddlewareStack");
      assertStringIncludes(message, "c.req.raw");
      words.assert("scope() of a request that this layer did not see", message);
    };
    fails(request);
    await auth(() => new Response())(request);
    assertEquals(auth.scope(request), { user: null, session: null });
    fails(new Request(request));
    fails(request.clone());
    fails(new Request("http://site.test/"));
  });

  test("two layers know nothing of each other, nested or not", async () => {
    const people = authMiddlewareStack({ user: () => ADA });
    const robots = authMiddlewareStack({ user: () => Promise.resolve({ id: 7 }), required: true });
    const seen: unknown[] = [];
    const handler = (request: Request) => {
      seen.push(people.scope(request).user, robots.scope(request).user);
      return new Response();
    };
    for (const wrapped of [people(robots(handler)), robots(people(handler))]) {
      await wrapped(judged());
      await wrapped(plain());
    }
    assertEquals(seen, Array(4).fill([ADA, { id: 7 }]).flat());
    const request = plain();
    await people(() => new Response())(request);
    assertThrows(() => robots.scope(request), Error, "authMiddlewareStack");
  });

  test("a layer wraps many handlers; it cannot be changed", async () => {
    const auth = authMiddlewareStack({ user: () => ADA });
    const greet = (word: string) => (request: Request) =>
      new Response(`${word} ${auth.scope(request).user!.name}`);
    assertEquals(await (await auth(greet("hello"))(plain())).text(), "hello ada");
    assertEquals(await (await auth(greet("goodbye"))(judged())).text(), "goodbye ada");
    assert(Object.isFrozen(auth));
    assertThrows(() => untyped(auth).scope = () => ({ user: ADA }), TypeError);
  });

  test("options are read once: the object they were given in may change", async () => {
    const options = { user: () => null as typeof ADA | null, required: true, onDecision() {} };
    const auth = authMiddlewareStack<typeof ADA>(options);
    options.user = () => ADA;
    options.required = false;
    assertEquals((await auth(() => new Response())(plain())).status, 401);
  });
});

// ---- the guard has to be there --------------------------------------------------------------------------------------

describe("authMiddlewareStack(): handshakes that no guard judged", () => {
  let lookups = 0;
  const user = () => {
    lookups++;
    return ADA;
  };
  const make = (options: object = {}) => {
    const { handler, onDecision, calls, reasons } = recorder();
    return { handler, calls, reasons, auth: authMiddlewareStack({ user, onDecision, ...options }) };
  };

  test("are refused before anybody is looked up, whatever Upgrade they send", async () => {
    lookups = 0;
    const upgrades = ["websocket", "WebSocket", "h2c, websocket", "websocket, websocket"];
    const others = [{}, { required: true }];
    await eachRowInTurn(product(upgrades, ["GET", "POST"], others), async ([upgrade, method, options]) => {
      const { auth, handler, calls, reasons } = make(options);
      const response = await auth(handler)(handshakeRequest(GOOD, { method, headers: { upgrade } }));
      assertEquals([response.status, await response.text()], [403, "Forbidden\n"]);
      assertEquals([calls.length, lookups, reasons], [0, 0, ["origin-unchecked"]]);
    });
  });

  test("the reversed order is refused for everybody", async () => {
    lookups = 0;
    const { auth, handler, calls, reasons } = make();
    const reversed = auth(originValidator(handler, [GOOD, "*"]));
    assertEquals((await reversed(handshakeRequest(GOOD))).status, 403);
    assertEquals([calls.length, lookups, reasons], [0, 0, ["origin-unchecked"]]);
  });

  test("hostValidator does not count", async () => {
    lookups = 0;
    const { auth, handler, calls, reasons } = make();
    const site = hostValidator(auth(handler), { allowedHosts: ["site.test"] });
    assertEquals((await site(handshakeRequest("http://site.test"))).status, 403);
    assertEquals([calls.length, lookups, reasons], [0, 0, ["origin-unchecked"]]);
  });

  test("a copy of a judged one is another one", async () => {
    lookups = 0;
    const { auth, handler, reasons } = make();
    const headers = { host: "site.test", origin: GOOD, upgrade: "websocket" };
    const mount = originValidator((request: Request) => auth(handler)(new Request(request)), [GOOD]);
    assertEquals((await mount(new Request("http://site.test/", { headers }))).status, 403);
    assertEquals([lookups, reasons], [0, ["origin-unchecked"]]);
  });

  test("every guard's word counts, however far outside", async () => {
    const guarded: ((auth: ReturnType<typeof make>) => (request: Request) => Response | Promise<Response>)[] =
      [
        ({ auth, handler }) => originValidator(auth(handler), [GOOD]),
        ({ auth, handler }) => originValidator(auth(handler), ["*"]),
        ({ auth, handler }) =>
          allowedHostsOriginValidator(auth(handler), { allowedHosts: ["good.test", "site.test"] }),
        ({ auth, handler }) => {
          const protocols = { http: auth(handler), websocket: urlRouter([["/*", auth(handler)]]) };
          return originValidator(protocolTypeRouter(protocols), [GOOD]);
        },
      ];
    await eachRowInTurn(guarded, async (wrap) => {
      lookups = 0;
      const parts = make();
      const fetch = wrap(parts);
      assertEquals(await (await fetch(handshakeRequest(GOOD))).text(), "handled");
      assertEquals([parts.calls.length, lookups, parts.reasons], [1, 1, []]);
    });
  });

  test("a request that asks for no WebSocket needs none", async () => {
    await eachRowInTurn([null, "", "h2c", "web socket"], async (upgrade) => {
      const { auth, handler, calls } = make();
      await auth(handler)(requestOf({ headers: { upgrade } }));
      assertEquals(calls.length, 1);
    });
  });

  test("the console says what is missing", async () => {
    const auth = authMiddlewareStack({ user: () => null });
    const lines = await printed(() => auth(() => new Response())(handshakeRequest(GOOD)));
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!.text, "originValidator(auth(handler), [");
    words.assert("a handshake that no guard judged", lines[0]!.text);
  });
});

// ---- clients that left ----------------------------------------------------------------------------------------------

describe("authMiddlewareStack(): a client that left during the look-up", () => {
  /** Runs one look-up, at whose end the client has left. */
  async function leave(make: (signal: AbortSignal) => Request, found: () => unknown, required = false) {
    const { handler, onDecision, calls, reasons } = recorder();
    const client = new AbortController();
    const auth = authMiddlewareStack({
      user: async () => {
        await settled();
        client.abort();
        return await untyped(found());
      },
      required,
      onDecision,
    });
    const request = make(client.signal);
    const lines: unknown[] = [];
    let response!: Response;
    lines.push(
      ...await printed(async () => {
        response = await auth(handler)(request);
      }),
    );
    return { response, calls, reasons, lines, request, auth };
  }

  test("a handshake is not handed on; nobody is told", async () => {
    await eachRowInTurn(product([false, true], [() => ADA, () => null]), async ([required, found]) => {
      const { response, calls, reasons, lines, request, auth } = await leave(judged, found, required);
      assertEquals([response.status, await response.text()], [499, ""]);
      assertEquals([calls, reasons, lines], [[], [], []]);
      assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
    });
  });

  test("nor where the runtime sees only after a short look-up that the client has left", async () => {
    const { handler, calls } = recorder();
    const client = new AbortController();
    const { port1, port2 } = new MessageChannel();
    const auth = authMiddlewareStack({
      user: () => {
        // What the runtime notices on its event loop's next round: the look-up is over before that.
        port1.onmessage = () => {
          client.abort();
          port1.close();
        };
        port2.postMessage(null);
        return Promise.resolve(ADA);
      },
    });
    const response = await auth(handler)(judged(client.signal));
    // Bun upgrades nobody who has left, so that there is nothing to wait for.
    assertEquals([response.status, calls.length], runtime === "deno" ? [499, 0] : [200, 1]);
  });

  test("what comes of the look-up afterwards is nobody's any more, its failure too", async () => {
    const { response, calls, reasons, lines } = await leave(judged, () => Promise.reject(new Error("late")));
    assertEquals([response.status, calls, reasons, lines], [499, [], [], []]);
  });

  test("a plain request is not handed on either: nobody reads its response", async () => {
    const { response, calls } = await leave(plain, () => ADA);
    assertEquals([response.status, calls], [499, []]);
  });

  test("a look-up that hangs is left at once", async () => {
    await eachRowInTurn([plain, judged], async (make) => {
      const { handler, calls } = recorder();
      const client = new AbortController();
      const auth = authMiddlewareStack({ user: () => new Promise<object>(() => {}) });
      const response = auth(handler)(make(client.signal));
      await settled();
      client.abort();
      assertEquals([(await response).status, calls], [499, []]);
      const before = new AbortController();
      before.abort();
      assertEquals((await auth(handler)(make(before.signal))).status, 499);
    });
  });

  test("a handshake whose client stayed is handed on", async () => {
    const client = new AbortController();
    const { handler, calls } = recorder();
    const auth = authMiddlewareStack({ user: () => Promise.resolve(ADA) });
    await auth(handler)(judged(client.signal));
    client.abort();
    assertEquals(calls.length, 1);
  });

  test("the signal is looked at before anything is awaited, and only where something is", async () => {
    const order: string[] = [];
    const watched = (request: Request) => {
      const { signal } = request;
      const get = () => {
        order.push("signal");
        return signal;
      };
      return Object.defineProperty(request, "signal", { get });
    };
    const handler = () => {
      order.push("handler");
      return new Response();
    };
    const later = authMiddlewareStack({
      user: async () => {
        order.push("user");
        await settled();
        order.push("found");
        return ADA;
      },
    })(handler);
    await later(watched(judged()));
    assertEquals(order.splice(0), ["user", "signal", "found", "handler"]);
    await later(watched(plain()));
    assertEquals(order.splice(0), ["user", "signal", "found", "handler"]);
    const atOnce = authMiddlewareStack({ user: () => ADA })(handler);
    await atOnce(watched(judged()));
    assertEquals(order, ["handler"]);
  });

  test("on a real server: gone before the user was found, never upgraded, and the server shuts down", async () => {
    let left = () => {};
    const gone = new Promise<void>((resolve) => left = resolve);
    let begun = () => {};
    const began = new Promise<void>((resolve) => begun = resolve);
    const upgrade = nativeUpgrade();
    const paths: string[] = [];
    const auth = authMiddlewareStack({
      user: async (request) => {
        if (!request.url.endsWith("/slow")) return ADA;
        begun();
        await gone;
        // As long as it takes the runtime to see it, and no longer.
        for (let wait = 0; wait < 200 && !request.signal.aborted; wait++) await settled();
        return ADA;
      },
    });
    const guarded = originValidator(
      auth((request, context: unknown) => {
        paths.push(new URL(request.url).pathname);
        return upgrade(request, context);
      }),
      [GOOD],
    );
    const server = serve(guarded);
    const headers: [string, string][] = [...handshakeHeaders("site.test"), ["Origin", GOOD]];
    const slow = connectRaw(server.port);
    slow.write(handshakeBytes("/slow", headers));
    await began;
    slow.destroy();
    left();
    const next = connectRaw(server.port);
    next.write(handshakeBytes("/next", headers));
    await next.until(/^HTTP\/1\.1 101 [^]*hello/);
    next.destroy();
    assertEquals(paths, ["/next"]);
    // A socket that was upgraded for nobody holds it up for ever.
    const late = new Promise((resolve) => setTimeout(resolve, 5000, "late"));
    assertEquals(await Promise.race([server.stop().then(() => "stopped"), late]), "stopped");
  });
});

// ---- look-ups that take too long -------------------------------------------------------------------------------------

describe("authMiddlewareStack(): timeoutSeconds", () => {
  test("over it: 503, the operator is told, and what comes of it later is ignored", async () => {
    await eachRowInTurn([plain, judged], async (make) => {
      const { handler, onDecision, calls, reasons } = recorder();
      const causes: unknown[] = [];
      let fail = (_error: Error) => {};
      const auth = authMiddlewareStack({
        user: () => new Promise<object>((_, reject) => fail = reject),
        timeoutSeconds: 0.05,
        onDecision: (event) => {
          causes.push(event.cause);
          onDecision(event);
        },
      });
      const request = make();
      const start = performance.now();
      const response = await auth(handler)(request);
      const seconds = (performance.now() - start) / 1000;
      assert(seconds > 0.045 && seconds < 5, `${seconds}`);
      assertEquals([response.status, await response.text()], [503, "Service Unavailable\n"]);
      assertEquals(reasons, ["user-lookup-failed"]);
      assertEquals(causes.length, 1);
      assertInstanceOf(causes[0], Error);
      assertStringIncludes(causes[0].message, "0.05 seconds (timeoutSeconds)");
      words.assert("user() takes too long", causes[0].message);
      // Unhandled it would fail this test on both runtimes.
      fail(new Error("late"));
      await settled();
      assertEquals([calls, reasons.length], [[], 1]);
      assertThrows(() => auth.scope(request), Error, "authMiddlewareStack");
    });
  });

  test("in time: no timer is left, nor is anybody listening to the client", async () => {
    const timers = new Set<unknown>();
    const { setTimeout, clearTimeout } = globalThis;
    globalThis.setTimeout = untyped((run: () => void, ms: number) => {
      const timer = setTimeout(run, ms);
      if (ms === 10_000) timers.add(timer);
      return timer;
    });
    globalThis.clearTimeout = untyped((timer: number) => {
      timers.delete(timer);
      clearTimeout(timer);
    });
    let set = 0;
    try {
      const auth = authMiddlewareStack({ user: () => Promise.resolve(ADA) });
      const request = judged();
      let listeners = 0;
      const { signal } = request;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...all: unknown[]) => {
        listeners++;
        untyped(addEventListener).apply(signal, all);
      };
      signal.removeEventListener = (...all: unknown[]) => {
        listeners--;
        untyped(removeEventListener).apply(signal, all);
      };
      const response = auth(() => new Response())(request);
      set = timers.size;
      assertEquals(listeners, 1);
      assertEquals((await response).status, 200);
      assertEquals([listeners, timers.size], [0, 0]);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
    assertEquals(set, 1);
  });
});

// ---- faults ---------------------------------------------------------------------------------------------------------

describe("authMiddlewareStack(): faults", () => {
  const user = () => null;
  const rows: readonly (readonly [name: string, options: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "wrong-type options -1", "wrong-type user -1"],
    ["null", null, "wrong-type options -1", "wrong-type user -1"],
    ["a function", user, "wrong-type options -1", "wrong-type user -1"],
    ["no user", {}, "wrong-type user -1"],
    ["a user that is none", { user: ADA }, "wrong-type user -1"],
    ["required: 'false'", { user, required: "false" }, "wrong-type required -1"],
    ["required: null", { user, required: null }, "wrong-type required -1"],
    ...[0, -1, NaN, Infinity, 3600.1, "10", null, true, 10n].map((timeoutSeconds) =>
      [
        `timeoutSeconds: ${typeof timeoutSeconds} ${timeoutSeconds}`,
        { user, timeoutSeconds },
        "out-of-range timeoutSeconds -1",
      ] as const
    ),
    ["an unknown key", { user, optional: true }, "unknown-option optional -1"],
    [
      "everything at once",
      { lookup: user, user: null, required: 1, timeoutSeconds: 0, refuse: "no", onDecision: {} },
      "unknown-option lookup -1",
      "wrong-type user -1",
      "wrong-type required -1",
      "out-of-range timeoutSeconds -1",
      "wrong-type refuse -1",
      "wrong-type onDecision -1",
    ],
  ];
  for (const [name, options, ...expected] of rows) {
    test(name, () => {
      const faults = faultsOf(() => authMiddlewareStack(untyped(options)), (fault, fix) => {
        words.assert(`${name}: ${fault}`, fix);
      });
      assertEquals(faults, expected);
    });
  }

  test("a handler that is none", () => {
    const auth = authMiddlewareStack({ user });
    eachRow([undefined, null, "handler", new Response(), {}], (handler) => {
      assertEquals(faultsOf(() => auth(untyped(handler))), ["wrong-type handler -1"]);
    });
  });

  test("options left out by undefined are left out", async () => {
    const options = untyped({
      user,
      required: undefined,
      timeoutSeconds: undefined,
      onDecision: undefined,
    });
    const auth = authMiddlewareStack(options);
    assertEquals((await auth(() => new Response())(plain())).status, 200);
  });
});

words.end();
