// Paths to handlers: one path is one path however a runtime shows it, and nothing a client writes into it throws or
// reaches an object that is not its own.

import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { routeParams, urlRouter } from "@wsgate/wsgate";
import { faultsOf, printed, requestOf, untyped } from "../doubles.ts";
import { assertGrowth, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { runtime, sendRaw, serve } from "../runtime.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

type Routes = Parameters<typeof urlRouter<unknown, Response>>[0];

/** Answers with the route that it stands at and the parameters it finds. */
function at(route: string): (request: Request) => Response {
  return (request) => Response.json([route, { ...routeParams(request) }]);
}

/** Routes that answer with themselves. */
function routesOf(...paths: string[]): Routes {
  return paths.map((path) => [path, at(path)]);
}

/** `[route, parameters]`, or 404. */
async function route(routes: Routes, url: string): Promise<unknown> {
  const response = await urlRouter(routes)(requestOf({ url }));
  if (response.status === 404) {
    assertEquals(await response.text(), "Not Found\n");
    return 404;
  }
  return response.json();
}

describe("urlRouter(): which route", () => {
  const rows: readonly {
    readonly path: string;
    readonly accepts: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly rejects: readonly string[];
  }[] = [
    {
      path: "/",
      accepts: { "/": {}, "/?q": {}, "/?#f": {}, "/?\\..\\a": {} },
      rejects: ["//", "/a", "/%20", "/./a", "/#f", "/.", "/a/.."],
    },
    {
      path: "/chat",
      accepts: { "/chat": {}, "/chat?a=/b": {}, "/chat?a=%61/../b c": {} },
      rejects: [
        "/",
        "/chat/",
        "//chat",
        "/chat/x",
        "/Chat",
        "/chats",
        "/cha",
        "/chat%2f",
        "/chat%00",
        "/chat%20",
        "/chat#/b",
        "/ch%61t",
        "/%63%68%61%74",
      ],
    },
    {
      path: "/chat/",
      accepts: { "/chat/": {} },
      rejects: ["/chat", "/chat//", "/chat/x", "/chat%2f", "/chat/.", "/chat/x/.."],
    },
    {
      path: "/chat/:room",
      accepts: {
        "/chat/7": { room: "7" },
        "/chat/a%20b": { room: "a b" },
        "/chat/caf%C3%A9": { room: "café" },
        "/chat/caf\u00e9": { room: "café" },
        "/chat/%2F": { room: "/" },
        "/chat/a%2fb": { room: "a/b" },
        "/chat/..%5Ca": { room: "..\\a" },
        "/chat/..%252F": { room: "..%2F" },
        "/chat/...": { room: "..." },
        "/chat/.a": { room: ".a" },
        "/chat/a..%2F..b": { room: "a../..b" },
        "/chat/%252e": { room: "%2e" },
        "/chat/%7E~%40@": { room: "~~@@" },
        '/chat/{x}|^"<>`': { room: '{x}|^"<>`' },
        "/chat/+": { room: "+" },
        "/chat/:room": { room: ":room" },
        "/chat/*": { room: "*" },
        "/chat/__proto__": { room: "__proto__" },
        "/chat/constructor": { room: "constructor" },
        "/chat/%00": { room: "\0" },
      },
      rejects: [
        "/chat",
        "/chat/",
        "/chat//",
        "/chat//7",
        "//chat/7",
        "/chat/7/",
        "/chat/7/8",
        "/chat/.",
        "/chat/..",
        // A proxy may decode %2F before it resolves dots.
        "/chat/..%2F",
        "/chat/..%2fa",
        "/chat/a%2F..",
        "/chat/a%2f.%2Fb",
        "/chat/a b",
        "/chat/a#b",
        "/chat/a\\b",
        "/chat/a\x85b",
      ],
    },
    {
      path: "/:team/rooms/:room",
      accepts: {
        "/red/rooms/7": { team: "red", room: "7" },
        "/rooms/rooms/rooms": { team: "rooms", room: "rooms" },
      },
      rejects: ["/red/room/7", "//rooms/7", "/red/rooms/", "/red/rooms"],
    },
    {
      path: "/chat/*",
      accepts: {
        "/chat/": { "*": "" },
        "/chat/a": { "*": "a" },
        "/chat/a/b": { "*": "a/b" },
        "/chat/a/": { "*": "a/" },
        "/chat//": { "*": "/" },
        "/chat//a": { "*": "/a" },
        // A decoded slash would look like one that separates.
        "/chat/a%2fb/c%20d": { "*": "a%2fb/c%20d" },
        // Written as the URL Standard does, however it was sent.
        '/chat/caf\u00e9/{x}^"': { "*": "caf%C3%A9/%7Bx%7D%5E%22" },
        "/chat/%": { "*": "%" },
      },
      rejects: [
        "/chat",
        "/",
        "/chats/",
        "/chat/../b",
        "/chat/%2E%2E/b",
        "/chat/..",
        "//chat/a",
        "/chat/a/../b",
        "/chat/%2e%2e/chat/b",
        "/chat/a/%62",
      ],
    },
    {
      path: "/*",
      accepts: { "/": { "*": "" }, "/a": { "*": "a" }, "//evil/x": { "*": "/evil/x" } },
      rejects: ["/a/..", "", "*", "evil.test:443", "a"],
    },
    {
      path: "/:a/*",
      accepts: { "/x/": { a: "x", "*": "" }, "/x/y/z": { a: "x", "*": "y/z" } },
      rejects: ["/", "/x", "//y"],
    },
    {
      path: "/a//b",
      accepts: { "/a//b": {} },
      rejects: ["/a/b", "/a///b", "/a/x/b", "/a//./b", "/a//c/../b"],
    },
    {
      path: "/caf\u00e9/a b/100%25",
      accepts: { "/caf%C3%A9/a%20b/100%25": {} },
      rejects: [
        "/caf%c3%a9/a%20b/100%25",
        "/caf\u00e9/a%20b/100%25",
        "/caf%C3%A9/a b/100%25",
        "/caf%C3%A9/a%20b/100%",
        "/cafe/a%20b/100%25",
        "/cafe%CC%81/a%20b/100%25",
        "/caf%C3%A9/a+b/100%25",
      ],
    },
    {
      path: "/@me/~ann",
      accepts: { "/@me/~ann": {} },
      rejects: ["/%40me/~ann", "/@me/%7Eann", "/@%6de/~ann"],
    },
    { path: "/%40me/%7Eann", accepts: { "/%40me/%7Eann": {} }, rejects: ["/@me/%7Eann", "/%40me/~ann"] },
    {
      // Letters that a regular expression would read.
      path: "/a.b+c(d)[e]^$",
      accepts: { "/a.b+c(d)[e]%5E$": {} },
      rejects: ["/a.b+c(d)[e]^$", "/aXb+c(d)[e]%5E$", "/a.bbc(d)[e]%5E$", "/"],
    },
    {
      path: "/:__proto__",
      accepts: { "/x": untyped(JSON.parse('{"__proto__":"x"}')) },
      rejects: ["/", "/x/"],
    },
    { path: "/:constructor", accepts: { "/x": untyped({ constructor: "x" }) }, rejects: ["/"] },
    { path: "/__proto__", accepts: { "/__proto__": {} }, rejects: ["/", "/x", "/__prot%6f__"] },
  ];
  // Every row as both runtimes show it: with an authority, which is the client's word, and without.
  const bases = [
    "",
    "http://h",
    "https://h:8443",
    "HTTP://H",
    "ws://h",
    "http+unix://h",
    "http://user@h",
    "http://a, b",
  ];
  for (const { path, accepts, rejects } of rows) {
    test(path, async () => {
      await eachRowInTurn(bases, async (base) => {
        await eachRowInTurn(Object.entries(accepts), async ([target, params]) => {
          assertEquals(await route(routesOf(path), base + target), [path, params]);
        });
        await eachRowInTurn(rejects, async (target) => {
          if (base !== "" && !target.startsWith("/")) return;
          assertEquals(await route(routesOf(path), base + target), 404);
        });
      });
    });
  }

  test("what a URL parser would make another path of has no route, whatever the routes", async () => {
    const other = [
      "/a/../b",
      "/./b",
      "/../b",
      "/%2e/b",
      "/%2e%2e/b",
      "/%2E%2e/b",
      "/.%2e/b",
      "/%2e./b",
      "/a/b/../../b",
      "/a/%2e%2E/b",
      "\\b",
      "\\a\\..\\b",
      "/a\\../b",
      "/a/..\\b",
      "/\tb",
      "/\nb",
      "/b\0",
      "/b ",
      "/b#",
      "/%62",
      "/%42",
      "/b%2d",
      "/b%5F",
      "/b%30",
      "/b%39",
      "/b%41",
      "/b%4F",
      "/b%50",
      "/b%5a",
      "/b%6f",
      "/b%70",
      "/b%7A",
    ];
    await eachRowInTurn(other, async (target) => {
      await eachRowInTurn(["", "http://h"], async (base) => {
        assertEquals(await route(routesOf("/b", "/:x", "/*"), base + target), 404);
      });
    });
    // The neighbors of those characters, escaped, are a parameter's own.
    const kept = "%2C%2F%3A%40%5B%5E%60%7B%7E";
    assertEquals(await route(routesOf("/:x"), `/${kept}`), ["/:x", { x: decodeURIComponent(kept) }]);
    // Encoded once more they are text.
    assertEquals(await route(routesOf("/:a/b"), "/%252e%252e/b"), ["/:a/b", { a: "%2e%2e" }]);
    assertEquals(await route(routesOf("/b", "/:x"), "/a%252f..%252fb"), ["/:x", { x: "a%2f..%2fb" }]);
    assertEquals(await route(routesOf("/b", "/:x"), "/%5cb"), ["/:x", { x: "\\b" }]);
  });

  test("a path that looks like an authority is a path", async () => {
    const routes = routesOf("/x", "//evil/x", "/:a/x", "/*");
    await eachRowInTurn(["", "http://h"], async (base) => {
      assertEquals(await route(routes, `${base}//evil/x`), ["//evil/x", {}]);
      assertEquals(await route(routes, `${base}//evil.test:443/x`), ["/*", { "*": "/evil.test:443/x" }]);
      assertEquals(await route(routes, `${base}/http://evil/x`), ["/*", { "*": "http://evil/x" }]);
      assertEquals(await route(routes, `${base}///x`), ["/*", { "*": "//x" }]);
    });
    assertEquals(await route(routes, "http://evil/x"), ["/x", {}]);
    assertEquals(await route(routes, "http://good@evil\\x"), 404);
    assertEquals(await route(routes, "http:///x"), ["/x", {}]);
  });

  test("the target of an absolute form, as Deno shows it and as Bun does", async () => {
    const targets = ["http://GOODSITE.TEST:80/b", "http://goodsite.test/b", "HTTP://u@goodsite.test/b", "/b"];
    await eachRowInTurn(targets, async (url) => {
      assertEquals(await route(routesOf("/:x"), url), ["/:x", { x: "b" }]);
    });
    assertEquals(await route(routesOf("/"), "http://goodsite.test"), ["/", {}]);
    assertEquals(await route(routesOf("/"), "http://goodsite.test?a/b"), ["/", {}]);
    assertEquals(await route(routesOf("/"), "http://goodsite.test#a/b"), 404);
  });

  test("bad percent sequences are taken as they stand, by the segment", async () => {
    const bad = ["%", "%f", "%zz", "%ff", "%E0%A4%A", "%c3", "%C3%28", "%ED%A0%80", "a%", "%%40", "%u0041"];
    await eachRowInTurn(bad, async (segment) => {
      assertEquals(await route(routesOf("/:a/:b"), `/${segment}/%40`), ["/:a/:b", { a: segment, b: "@" }]);
      assertEquals(await route(routesOf(`/${segment}/x`), `/${segment}/x`), [`/${segment}/x`, {}]);
      assertEquals(await route(routesOf("/x"), `/${segment}`), 404);
    });
  });

  test("a handshake without a route is told to the hook and to no console; a plain request to nobody", async () => {
    const told: unknown[][] = [];
    const fetch = urlRouter([["/a", () => new Response()]], {
      onDecision: ({ reason, request, status }) => void told.push([reason, request, status]),
    });
    const quiet = urlRouter([["/a", () => new Response()]]);
    const asking = { upgrade: "websocket" };
    const handshakes = ["/b", "no path", "/a"].map((url) => requestOf({ url, headers: asking }));
    const lines = await printed(() => {
      for (const request of [...handshakes, requestOf({ url: "/b" })]) {
        fetch(request);
        quiet(request);
      }
    });
    assertEquals(told, handshakes.slice(0, 2).map((request) => ["not-found", request, 404]));
    assertEquals(lines, []);
  });

  test("a spelling that has no route is told in words that name it, of handshakes alone", async () => {
    const causes: unknown[] = [];
    const fetch = urlRouter([
      ["/@me/:id", at("me")],
      ["/caf\u00e9/*", urlRouter([["/~ann", at("ann")], ["/100%/x", at("x")]])],
    ], { onDecision: ({ cause }) => void causes.push(cause) });
    /** With what has to be named in what is said; null: nothing is. */
    const rows: readonly (readonly [target: string, named: string | null])[] = [
      ["/chat/../@me/7", '"/../"'],
      ["http://h/@me/..", '"/.."'],
      ["/@me/a%2F.%2fb", '"%2F.%2f"'],
      ["/@%6de/7?%61", '"%6d"'],
      ["/@me\\7", '"\\\\"'],
      ["/@me/7#", '"#"'],
      ["/@me/\x1b[2J", '"\\u001b"'],
      ["/@me/\x85", '"\\u0085"'],
      ["/%40me/7", '"/@me/:id"'],
      ["/caf%c3%a9/~ann", '"/caf%C3%A9/*"'],
      ["/caf\u00e9/", '"/caf%C3%A9/*"'],
      ["/%40me/7/8", null],
      ["/%40me/", null],
      ["/%/%ff", null],
      ["/you/7", null],
      ["no path/../", null],
    ];
    await eachRowInTurn(rows, async ([url, named]) => {
      const response = await fetch(requestOf({ url, headers: { upgrade: "websocket" } }));
      assertEquals([response.status, await response.text()], [404, "Not Found\n"]);
      const [cause] = causes.splice(0);
      if (named === null) assertEquals(cause, undefined);
      else {
        assertInstanceOf(cause, Error);
        assertStringIncludes(cause.message, named);
        words.assert(`not found: ${url}`, cause.message);
      }
      await fetch(requestOf({ url }));
      assertEquals(causes, []);
    });
    // An inner router tells by itself.
    const inner = urlRouter([["/~ann", at("ann")]], {
      onDecision: ({ cause }) => void causes.push(cause),
    });
    const outer = urlRouter([["/a/*", inner], ["/b", (request: Request) => inner(request)]]);
    for (const url of ["/a/%7Eann", "/b"]) outer(requestOf({ url, headers: { upgrade: "websocket" } }));
    const [misspelled, another] = causes;
    assertStringIncludes(String(misspelled), '"/~ann"');
    assertEquals(another, undefined);
  });

  test("a URL that cannot be read is a 404, whatever the routes", async () => {
    const unreadable = [
      "",
      "*",
      "evil.test:443",
      "x/y",
      "?a",
      "#a",
      "\\b",
      " /b",
      "http:/b",
      "http:b",
      "://b",
      "1:///b",
    ];
    await eachRowInTurn(unreadable, async (url) => {
      assertEquals(await route(routesOf("/*", "/b", "/"), url), 404);
    });
  });

  test("the first route that matches wins, the others are not asked", async () => {
    const target = "/chat/new";
    assertEquals(await route(routesOf("/chat/new", "/chat/:room", "/*"), target), ["/chat/new", {}]);
    assertEquals(await route(routesOf("/chat/:room", "/chat/new", "/*"), target), ["/chat/:room", {
      room: "new",
    }]);
    assertEquals(await route(routesOf("/*", "/chat/new", "/chat/:room"), target), ["/*", {
      "*": "chat/new",
    }]);
    assertEquals(await route(routesOf("/a/:b", "/:a/b", "/:a/:c"), "/x/b"), ["/:a/b", { a: "x" }]);
    // What an earlier route began to read is forgotten.
    assertEquals(await route(routesOf("/:left/x", "/:right/y"), "/a/y"), ["/:right/y", { right: "a" }]);
    assertEquals(await route([], "/"), 404);
  });

  test("passes on the very objects, and what the handler returns, rejects with and throws", async () => {
    const context = { a: "context" };
    const error = new Error("mine");
    const rejection = Promise.reject(error);
    eachRow([new Response(), undefined, Promise.resolve(new Response()), rejection], (answer) => {
      const given: unknown[][] = [];
      const fetch = urlRouter([[
        "/a/*",
        urlRouter([["/b", (...all: unknown[]) => {
          given.push(all);
          return untyped(answer);
        }]]),
      ]]);
      const request = requestOf({ url: "/a/b" });
      assertStrictEquals(untyped(fetch)(request, context), answer);
      assertEquals([given.length, given[0]!.length], [1, 2]);
      assertStrictEquals(given[0]![0], request);
      assertStrictEquals(given[0]![1], context);
    });
    await assertRejects(() => rejection);
    const fetch = urlRouter([["/", (): Response => {
      throw error;
    }]]);
    assertStrictEquals(assertThrows(() => fetch(requestOf({ url: "/" }))), error);
  });

  test("a refusal is fresh each time", async () => {
    const fetch = urlRouter(routesOf());
    await eachRowInTurn(["/", "/", "*", "*"], async (url) => {
      const response = await fetch(requestOf({ url }));
      assertEquals([response.status, await response.text()], [404, "Not Found\n"]);
    });
  });

  test("keeps nothing of the list it was given", async () => {
    const pair: [string, (request: Request) => Response] = ["/a", at("/a")];
    const routes = [pair];
    const fetch = urlRouter(routes);
    pair[0] = "/b";
    routes.length = 0;
    assertEquals(await (await fetch(requestOf({ url: "/a" }))).json(), ["/a", {}]);
  });

  test("every request is read anew", async () => {
    const fetch = urlRouter(routesOf("/:a"));
    assertEquals(await (await fetch(requestOf({ url: "/1" }))).json(), ["/:a", { a: "1" }]);
    assertEquals(await (await fetch(requestOf({ url: "/2" }))).json(), ["/:a", { a: "2" }]);
  });
});

describe("urlRouter(): routers inside routers", () => {
  const three = urlRouter([
    [
      "/teams/:team/*",
      urlRouter([
        [
          "/rooms/:room/*",
          urlRouter([
            ["/", at("root")],
            ["/seats/:seat", at("seat")],
            ["/files/*", at("files")],
            ["/same/:team", at("same")],
          ]),
        ],
        ["/", at("team")],
        ["/*", at("rest")],
      ]),
    ],
    ["/*", at("outside")],
  ]);
  const rows: readonly (readonly [target: string, ...expected: unknown[]])[] = [
    ["/teams/red/rooms/7/seats/3", "seat", { team: "red", room: "7", seat: "3" }],
    ["/teams/red/rooms/7/", "root", { team: "red", room: "7" }],
    // An own `*` is the handler's to read, that of an outer router is not.
    ["/teams/red/rooms/7/files/a/b%2fc", "files", { team: "red", room: "7", "*": "a/b%2fc" }],
    ["/teams/red/rooms/7/files/", "files", { team: "red", room: "7", "*": "" }],
    // The inner one wins.
    ["/teams/red/rooms/7/same/blue", "same", { team: "blue", room: "7" }],
    ["/teams/red/", "team", { team: "red" }],
    ["/teams/red/other/x", "rest", { team: "red", "*": "other/x" }],
    ["/teams/red/rooms/7", "rest", { team: "red", "*": "rooms/7" }],
    ["/teams/red", "outside", { "*": "teams/red" }],
    ["/teams/..%5C/rooms/a%2fb/seats/%ff", "seat", { team: "..\\", room: "a/b", seat: "%ff" }],
    ["/teams//rooms/7/", "outside", { "*": "teams//rooms/7/" }],
  ];
  for (const [target, ...expected] of rows) {
    test(target, async () => {
      await eachRowInTurn(["", "http://h"], async (base) => {
        assertEquals(await (await three(requestOf({ url: base + target }))).json(), expected);
      });
    });
  }

  test("the spelling is looked at once, on the whole path", async () => {
    const targets = [
      "/teams/red/rooms/7/../../../x",
      "/teams/red/rooms/7/%2e%2e/8/seats/%2e/3",
      "/teams/%2e%2e%2f/rooms/a/seats/b",
      "/teams/red/rooms/7/files/%61",
    ];
    await eachRowInTurn(targets, async (url) => assertEquals((await three(requestOf({ url }))).status, 404));
  });

  test("an inner router that has no route refuses; the outer one tries no other", async () => {
    const fetch = urlRouter([["/a/*", urlRouter(routesOf("/b"))], ["/*", at("/*")]]);
    assertEquals((await fetch(requestOf({ url: "/a/c" }))).status, 404);
    assertEquals((await fetch(requestOf({ url: "/a/b/" }))).status, 404);
    assertEquals(await (await fetch(requestOf({ url: "/a/b" }))).json(), ["/b", {}]);
  });

  test("behind a route that ends with the path nothing is left to route", async () => {
    await eachRowInTurn(["/", "/a", "/*", "/:x"], async (inner) => {
      const router = urlRouter(routesOf(inner));
      const faults = faultsOf(() => urlRouter([["/a", router]]), (_, fix) => {
        words.assert("a router below a path without rest", fix);
      });
      assertEquals(faults, ["route-invalid routes 0"]);
      const fetch = urlRouter([["/a", (request: Request) => router(request)]]);
      assertEquals((await fetch(requestOf({ url: "/a" }))).status, 404);
    });
  });

  test("names of all kinds stand side by side", async () => {
    const fetch = urlRouter([
      ["/:__proto__/*", urlRouter([["/:constructor/*", urlRouter([["/:toString", at("x")]])]])],
    ]);
    const expected = JSON.parse('["x",{"__proto__":"a","constructor":"b","toString":"c"}]');
    assertEquals(await (await fetch(requestOf({ url: "/a/b/c" }))).json(), expected);
    assertEquals(({} as Record<string, unknown>).a, undefined);
  });
});

describe("routeParams()", () => {
  test("is frozen, without prototype, and the same each time", () => {
    let seen: Readonly<Record<string, string>>[] = [];
    const fetch = urlRouter([["/:a/*", (request: Request) => {
      seen = [routeParams(request), routeParams(request)];
      return new Response();
    }]]);
    fetch(requestOf({ url: "/x/y" }));
    const [params, again] = seen;
    assertStrictEquals(params, again);
    assert(Object.isFrozen(params));
    assertEquals(Object.getPrototypeOf(params), null);
    assertEquals(Object.keys(params!), ["a", "*"]);
    assertEquals("toString" in params!, false);
    assertThrows(() => untyped(params).a = "z", TypeError);
  });

  test("throws where no router has matched this very request, and says what to do", () => {
    const request = new Request("http://h/");
    const error = assertThrows(() => routeParams(request), Error, "urlRouter");
    assertStringIncludes(error.message, "c.req.raw");
    words.assert("routeParams() of a request that no router has matched", error.message);
    urlRouter(routesOf("/other"))(request);
    assertThrows(() => routeParams(request), Error, "urlRouter");
    urlRouter(routesOf("/"))(request);
    assertEquals({ ...routeParams(request) }, {});
    assertThrows(() => routeParams(new Request(request)), Error, "urlRouter");
  });
});

describe("urlRouter(): whatever a client writes", () => {
  /** What a route answers to a target, sent byte for byte; null: 404. */
  async function bodyOf(port: number, target: string, host: string): Promise<unknown> {
    const { status, text } = await sendRaw(
      port,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    if (status === 404) return null;
    assertEquals(status, 200);
    return JSON.parse(Buffer.from(/\[.*\]/.exec(text)![0], "latin1").toString());
  }

  test(`20,000 URLs: none throws, parameters are those of the route (seed ${seed})`, async () => {
    const random = new Random();
    const pieces = [
      "/",
      "/",
      "/",
      "a",
      "b",
      "..",
      ".",
      "%2e",
      "%2f",
      "%",
      "%ff",
      "%C3%A9",
      "\\",
      "?",
      "#",
      ":",
      "@",
      "*",
    ];
    const rare = ["__proto__", "\0", "\ud800", "\t", "http://", "//", "é", " ", "%00", ";"];
    const fetch = urlRouter([
      ["/a/:x", at("x")],
      ["/a/:y/*", urlRouter([["/b", at("b")], ["/:z", at("z")]])],
      ["/*", at("*")],
    ]);
    const names: Record<string, string[]> = { x: ["x"], b: ["y"], z: ["y", "z"], "*": ["*"] };
    const counts: Record<string, number> = {};
    for (let i = 0; i < 20_000; i++) {
      let url = random.pick(["", "/", "/a", "/a/", "http://h", "http://h/a/", "https://h:1/a/b/", "/a/x/b"]);
      for (let left = random.below(7); left > 0; left--) url += random.pick(random.oneIn(6) ? rare : pieces);
      const response = await fetch(requestOf({ url }));
      const [reached, params] = response.status === 404 ? ["404", null] : await response.json();
      counts[reached] = (counts[reached] ?? 0) + 1;
      if (params !== null) assertEquals(Object.keys(params), names[reached]!, url);
    }
    eachRow(["404", ...Object.keys(names)], (reached) => {
      assertGreater(counts[reached] ?? 0, 100, `${reached} in ${JSON.stringify(counts)}`);
    });
  });

  test("a URL takes the time of its length", () => {
    const fetch = urlRouter([["/a/:b", at("b")], ["/a/*", urlRouter([["/:x/*", () => new Response()]])]]);
    const run = (url: string) => void fetch(requestOf({ url }));
    eachRow(["", "/a/", "http://"], (prefix) => {
      assertGrowth(
        run,
        runsOf({ prefix, units: ["../", "%2e%2e/", "%", "%C3%A9", "%ff/", "%2F.", "a/", "\\", "\t"] }),
      );
    });
  });

  test("escapes that do not decode cost what others do", () => {
    const fetch = urlRouter([["/a/:b", at("b")], ["/:x/y/*", at("*")], [
      "/z/*",
      urlRouter([["/:x/y", at("y")]]),
    ]], {
      onDecision() {},
    });
    eachRow(["/", "/z/"], (prefix) => {
      eachRow([{}, { upgrade: "websocket" }], (headers) => {
        const best = { "%ff/": Infinity, "%20/": Infinity };
        for (let round = 0; round < 20; round++) {
          for (const unit of ["%ff/", "%20/"] as const) {
            const request = requestOf({ url: prefix + unit.repeat(14_000), headers });
            const start = performance.now();
            fetch(request);
            best[unit] = Math.min(best[unit], performance.now() - start);
          }
        }
        // Decoded each by itself they cost six to thirty times as much.
        assertLess(best["%ff/"] / best["%20/"], 3);
      });
    });
  });

  test("both runtimes route the raw bytes alike", async () => {
    const fetch = urlRouter([
      ["/b", at("b")],
      ["/chat/:room", at("room")],
      ["/nested/*", urlRouter([["/:x/y", at("xy")], ["/*", at("rest")]])],
      ["//evil/x", at("two slashes")],
      ["/*", at("else")],
    ]);
    const server = serve((request) => fetch(request));
    try {
      const rows: readonly (readonly [target: string, host: string, ...expected: unknown[]])[] = [
        ["/b", "h", "b", {}],
        ["http://GOODSITE.TEST:80/b", "goodsite.test", "b", {}],
        ["http://goodsite.test", "goodsite.test", "else", { "*": "" }],
        ["http://goodsite.test?/b", "goodsite.test", "else", { "*": "" }],
        ["//evil/x", "h", "two slashes", {}],
        ["/chat/..%5c", "h", "room", { room: "..\\" }],
        ["/chat/%", "h", "room", { room: "%" }],
        ["/chat/%ff", "h", "room", { room: "%ff" }],
        ["/chat/__proto__", "h", "room", { room: "__proto__" }],
        ["/nested/c/y?q", "h", "xy", { x: "c" }],
        ["/nested/", "h", "rest", { "*": "" }],
        // Bun shows a relative URL behind a Host that is none, Deno one that does not parse.
        ["/b", "a, b", "b", {}],
        ["/chat/7", "", "room", { room: "7" }],
        ["/chat/7", "user@h:99999", "room", { room: "7" }],
      ];
      await eachRowInTurn(rows, async ([target, host, ...expected]) => {
        assertEquals(await bodyOf(server.port, target, host), expected);
      });
    } finally {
      await server.stop();
    }
  });

  test("the raw bytes that Bun resolves or escapes have no route on Deno", async () => {
    const server = serve(urlRouter([["/b", at("b")], ["/caf\u00e9", at("caf\u00e9")], ["/*", at("else")]]));
    try {
      const targets = ["/a/../b", "/%2e%2e/b", "/a\\..\\b", "http://goodsite.test/a/../b"];
      // Behind a Host that is none Bun shows them as they were sent.
      await eachRowInTurn(product(targets, ["goodsite.test", "a, b"]), async ([target, host]) => {
        const resolves = runtime === "bun" && host === "goodsite.test";
        assertEquals(await bodyOf(server.port, target, host), resolves ? ["b", {}] : null);
      });
      const raw = await bodyOf(server.port, "/caf\xc3\xa9", "goodsite.test");
      assertEquals(raw, runtime === "bun" ? ["caf\u00e9", {}] : ["else", { "*": "caf%C3%A9" }]);
    } finally {
      await server.stop();
    }
  });
});

describe("urlRouter(): faults", () => {
  const handler = () => new Response();
  const rows: readonly (readonly [name: string, routes: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "not-a-list routes -1"],
    ["an object", { "/": handler }, "not-a-list routes -1"],
    ["a Map", new Map([["/", handler]]), "not-a-list routes -1"],
    ["a route that is a path", ["/"], "wrong-type routes 0"],
    ["a route of undefined", [["/", handler], undefined], "wrong-type routes 1"],
    ["a hole", [, ["/", handler]], "wrong-type routes 0"],
    ["a route that is no array", [new Set(["/", handler])], "wrong-type routes 0"],
    ["no handler", [["/"]], "wrong-type routes 0"],
    ["a handler that is none", [["/", new Response()]], "wrong-type routes 0"],
    ["a path that is no string", [[/^\/$/, handler]], "wrong-type routes 0"],
    ["handler and path", [[handler, "/"]], "wrong-type routes 0"],
    ...[
      "",
      "chat",
      "*",
      "http://h/chat",
      " /chat",
      "/chat?q",
      "/chat#f",
      "/a\\b",
      "/a\nb",
      "/a\tb",
      "/a\0",
      "/a\x7f",
      "/a\x85",
      "/.",
      "/..",
      "/./a",
      "/a/../b",
      "/a/%2e/b",
      "/a/.%2E/b",
      "/a/..%2Fb",
      "/ch%61t",
      "/a%2db",
      "/:",
      "/:/a",
      "/:room?",
      "/:room+",
      "/:room(\\d+)",
      "/:room.json",
      "/:room:id",
      "/:1st",
      "/:rööm",
      "/:a b",
      "/:*",
      "/:a/:a",
      "/:a/b/:a",
      "/*/a",
      "/a*",
      "/*.js",
      "/**",
      "/a/**",
      "/*/*",
      "/a/*/",
    ].map((path) => [JSON.stringify(path), [[path, handler]], "route-invalid routes 0"] as const),
    ["a path twice", [["/a", handler], ["/a", handler]], "route-duplicate routes 1"],
    ["two names for one parameter", [["/:a", handler], ["/:b", handler]], "route-duplicate routes 1"],
    [
      "two spellings of one path",
      [["/caf\u00e9", handler], ["/caf%C3%A9", handler]],
      "route-duplicate routes 1",
    ],
    ["one rest twice", [["/a/*", handler], ["/b", handler], ["/a/*", handler]], "route-duplicate routes 2"],
    [
      "everything at once",
      [["/a", handler], "/b", ["c", handler], ["/a", handler], ["/:x/:x", handler], ["/a", handler]],
      "wrong-type routes 1",
      "route-invalid routes 2",
      "route-duplicate routes 3",
      "route-invalid routes 4",
      "route-duplicate routes 5",
    ],
  ];
  for (const [name, routes, ...expected] of rows) {
    test(name, () => {
      const faults = faultsOf(() => urlRouter(untyped(routes)), (fault, fix) => {
        words.assert(`${name}: ${fault}`, fix);
      });
      assertEquals(faults, expected);
    });
  }
  test("in the options too, all at once", () => {
    const configure = () => urlRouter(untyped(["/a"]), untyped({ onDecision: 1, prefix: "/a" }));
    assertEquals(faultsOf(configure), [
      "wrong-type routes 0",
      "unknown-option prefix -1",
      "wrong-type onDecision -1",
    ]);
    assertEquals(faultsOf(() => urlRouter([["/a", handler]], untyped(handler))), ["wrong-type options -1"]);
  });

  test("none of these is one", async () => {
    const paths = [
      "/a",
      "/a/",
      "/a/*",
      "/:a",
      "/:a/",
      "/:a/*",
      "/*",
      "/",
      "/A",
      "/a:b",
      "/...",
      "/.a",
      "/a.",
      "/_",
      "/:_1",
    ];
    urlRouter(routesOf(...paths.slice(0, -1)));
    urlRouter(routesOf("/:_1"));
    assertEquals(await route(routesOf("/a:b", "/..."), "/a:b"), ["/a:b", {}]);
    assertEquals(await route(routesOf("/a:b", "/..."), "/..."), ["/...", {}]);
    assertInstanceOf(urlRouter([])(requestOf({ url: "/" })), Response);
  });
});

describe("urlRouter(): what an application tries after a 404", () => {
  /** The first answer that is no 404. */
  async function first(request: Request, ...handlers: ((request: Request) => unknown)[]): Promise<unknown> {
    for (const handler of handlers) {
      const response = await handler(request) as Response;
      if (response.status !== 404) return response.json();
    }
    return 404;
  }
  const api = urlRouter([["/:tenant/*", urlRouter([["/ws", at("/ws")]])]]);
  const site = urlRouter([["/admin/*", at("/admin/*")], ["/*", at("/*")]]);

  test("sees the path from its start", async () => {
    const request = requestOf({ url: "http://h/admin/keys" });
    assertEquals(await first(request, api, site), ["/admin/*", { "*": "keys" }]);
    assertEquals(await first(requestOf({ url: "http://h/admin/ws" }), api, site), ["/ws", {
      tenant: "admin",
    }]);
  });

  test("sees, between two routers, the rest that the outer one left", async () => {
    const inner = urlRouter([["/b/*", urlRouter([["/never", at("/never")]])]]);
    const fallback = urlRouter([["/b/:last", at("/b/:last")]]);
    const outer = urlRouter([["/:first/*", async (request: Request) => {
      const found = await first(request, inner, fallback);
      return Response.json(found);
    }]]);
    assertEquals(await first(requestOf({ url: "http://h/a/b/c" }), outer), [
      "/b/:last",
      { first: "a", last: "c" },
    ]);
  });

  test("sees, in a handler that tries one router after the other, the same rest", async () => {
    const a = urlRouter([["/a", at("/a")]]);
    const b = urlRouter([["/b", at("/b")]]);
    const outer = urlRouter([[
      "/:api/*",
      async (request: Request) => Response.json([await first(request, a, b), { ...routeParams(request) }]),
    ]]);
    assertEquals(await first(requestOf({ url: "http://h/v1/b" }), outer), [
      ["/b", { api: "v1" }],
      { api: "v1" },
    ]);
    assertEquals(await first(requestOf({ url: "http://h/v1/c" }), outer), [404, { api: "v1", "*": "c" }]);
  });

  test("sees the path from its start, however deep the routers led", async () => {
    const deep = urlRouter([["/x/*", urlRouter([["/y/*", urlRouter([["/z", at("/z")]])]])]]);
    const next = urlRouter([["/x/y/w", at("/x/y/w")], ["/y/w", at("/y/w")]]);
    assertEquals(await first(requestOf({ url: "http://h/x/y/w" }), deep, next), ["/x/y/w", {}]);
  });

  test("sees it from its start behind a layer in between, and after a handler's own 404", async () => {
    const layer = (inner: (request: Request) => unknown) => async (request: Request) => {
      await Promise.resolve();
      return await inner(request) as Response;
    };
    const wrapped = urlRouter([["/admin/*", layer(urlRouter([["/never", at("/never")]]))]]);
    const own = urlRouter([["/a/*", () => new Response(null, { status: 404 })]]);
    const next = urlRouter([["/keys", at("wrong")], ["/x", at("wrong")], ["/admin/keys", at("right")], [
      "/a/x",
      at("right"),
    ]]);
    assertEquals(await first(requestOf({ url: "http://h/admin/keys" }), wrapped, next), ["right", {}]);
    assertEquals(await first(requestOf({ url: "http://h/a/x" }), own, next), ["right", {}]);
  });

  test("sees it from its start after a handler that threw or rejected", async () => {
    const request = requestOf({ url: "http://h/a/x" });
    const failing = urlRouter([["/a/*", () => {
      throw new Error("sync");
    }]]);
    const rejecting = urlRouter([["/a/*", () => Promise.reject(new Error("async"))]]);
    assertThrows(() => failing(request), Error, "sync");
    await assertRejects(() => rejecting(request) as Promise<Response>, Error, "async");
    assertEquals(await first(request, urlRouter([["/a/x", at("right")], ["/x", at("wrong")]])), [
      "right",
      {},
    ]);
  });

  test("the same router on the same request gives the same answer, each time", async () => {
    const request = requestOf({ url: "http://h/a/x" });
    const router = urlRouter([["/a/*", urlRouter([["/:id", at("/:id")]])]]);
    for (let times = 0; times < 3; times++) assertEquals(await first(request, router), ["/:id", { id: "x" }]);
  });

  test("what a handler returned is handed on as it is", () => {
    const promise = Promise.resolve(new Response());
    const router = urlRouter([["/*", () => promise]]);
    assertStrictEquals(router(requestOf({ url: "http://h/a" })), promise);
  });
});

describe("urlRouter(): other systems' routes", () => {
  const handler = () => new Response();
  for (const path of ["/chat/<str:room>/", "/ws/{id}", "/chat/:room?", "/a b ", "/a\t"]) {
    test(`${JSON.stringify(path)} is refused, and the fix says how it is written here`, () => {
      const faults = faultsOf(() => urlRouter([[path, handler]]), (_, fix) => {
        if (/[<{?]/.test(path)) assertStringIncludes(fix, '"/chat/:room"');
        words.assert(path, fix);
      });
      assertEquals(faults, ["route-invalid routes 0"]);
    });
  }
});

words.end();
