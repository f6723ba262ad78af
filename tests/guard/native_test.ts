// Native handlers in guards, on a real server of this runtime: what the wrappers promise holds where it counts, on the
// wire, with the runtime's own upgrade inside.

import { after, describe, test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  check,
  compilePolicy,
  type DenyReason,
  getCookies,
  guard,
  hostValidator,
  originValidator,
  type Policy,
  protocolTypeRouter,
  routeParams,
  urlRouter,
} from "@wsgate/wsgate";
import { recorder } from "../recorder.ts";
import { eachRowInTurn } from "../rows.ts";
import {
  clientFrame,
  connectRaw,
  handshakeBytes,
  handshakeHeaders,
  type NativeHandler,
  nativeUpgrade,
  runtime,
  sendRaw,
  serve,
  serverFrame,
} from "../runtime.ts";

type HeaderLines = readonly (readonly [name: string, value: string])[];

/** A native handler that notes when it was called. */
function counted(handler: NativeHandler = nativeUpgrade()): { calls: number; handler: NativeHandler } {
  const counter = {
    calls: 0,
    handler: (request: Request, context: unknown) => {
      counter.calls++;
      return handler(request, context);
    },
  };
  return counter;
}

function handshake(
  origin: string | null,
  host = "server.example",
  more: HeaderLines = [],
  path = "/ws",
): string {
  const lines = origin === null ? [] : [["Origin", origin] as const];
  return handshakeBytes(path, [...handshakeHeaders(host), ...lines, ...more]);
}

/** The status of one handshake. */
async function statusOf(port: number, bytes: string): Promise<number> {
  const answer = await sendRaw(port, bytes);
  assertEquals(answer.end, "answered");
  return answer.status;
}

/** Sees one handshake through to its socket: the 101, then `greeting`, then an echo. */
async function assertGreets(port: number, bytes: string, greeting: string): Promise<void> {
  const connection = connectRaw(port);
  try {
    connection.write(bytes);
    const received = await connection.until("\r\n\r\n" + serverFrame(greeting));
    assertStringIncludes(received, "HTTP/1.1 101 ");
    connection.write(clientFrame("echo"));
    await connection.until(serverFrame(greeting) + serverFrame("echo"));
  } finally {
    connection.destroy();
  }
}

/** Rejects when `promise` takes longer than that: a server that never stops is a failure, not a hanging suite. */
function within<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took over ${milliseconds} ms`)), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe("guard: a policy that is swapped while serving", () => {
  const A = compilePolicy({
    origins: ["https://a.example", "https://both.example"],
    hosts: ["a.example", "both.example"],
  });
  const B = compilePolicy({
    origins: ["https://b.example", "https://both.example"],
    hosts: ["b.example", "both.example"],
  });
  const other = (policy: Policy) => policy === A ? B : A;
  /** [origin, Host]: of one list, of the other, half of each, and of both. */
  const pairs = [
    ["https://a.example", "a.example"],
    ["https://b.example", "b.example"],
    ["https://a.example", "b.example"],
    ["https://b.example", "a.example"],
    ["https://both.example", "both.example"],
  ] as const;
  const verdict = (policy: Policy, [origin, host]: readonly [string, string]) =>
    check({
      method: "GET",
      url: `http://${host}/ws`,
      headers: new Headers({ host, origin }),
    }, policy).allowed;

  test("the pairs tell the policies apart", () => {
    assertEquals(pairs.map((pair) => verdict(A, pair)), [true, false, false, false, true]);
    assertEquals(pairs.map((pair) => verdict(B, pair)), [false, true, false, false, true]);
  });

  test("each handshake is judged by one of the policies in force during its flight", async () => {
    let current = A;
    let swaps = 0;
    let judged = 0;
    const server = serve(guard(nativeUpgrade(), () => {
      judged++;
      return current;
    }, { onDecision() {} }));
    try {
      const problems: string[] = [];
      let settled = 0;
      let crossed = 0;
      const one = async (pair: readonly [string, string], swapping: boolean) => {
        const [policyBefore, swapsBefore] = [current, swaps];
        const allowed = await statusOf(server.port, handshake(pair[0], pair[1])) === 101;
        const possible = swaps === swapsBefore
          ? [verdict(policyBefore, pair)]
          : [verdict(A, pair), verdict(B, pair)];
        swaps === swapsBefore ? settled++ : crossed++;
        if (!possible.includes(allowed)) problems.push(`${pair.join(" at ")}: ${allowed}`);
        if (swapping) {
          current = other(current);
          swaps++;
        }
      };
      // By rounds, not by the clock: in every other round each answer swaps the lists under those still in flight.
      for (let round = 0; round < 40; round++) {
        await Promise.all([...pairs, ...pairs, ...pairs].map((pair) => one(pair, round % 2 === 1)));
      }
      assertEquals(problems, []);
      assertEquals(judged, 40 * 15, "the policy is asked for once a handshake");
      assertEquals([settled, crossed], [20 * 15 + 20, 20 * 14]);
    } finally {
      await server.stop();
    }
  });

  test("no handshake is judged by half of each, though every look sees another policy", async () => {
    let current = A;
    const looked: Policy[] = [];
    const server = serve(guard(nativeUpgrade(), () => {
      looked.push(current);
      current = other(current);
      return looked.at(-1)!;
    }, { onDecision() {} }));
    try {
      // An odd number of pairs, so that each of them meets each policy.
      for (let index = 0; index < 4 * pairs.length; index++) {
        const pair = pairs[index % pairs.length]!;
        const allowed = await statusOf(server.port, handshake(pair[0], pair[1])) === 101;
        assertEquals(looked.length, index + 1);
        assertEquals(allowed, verdict(looked.at(-1)!, pair), pair.join(" at "));
      }
    } finally {
      await server.stop();
    }
  });

  test("a policy function that fails refuses everybody, until it works again", async () => {
    const failure = new Error("the file with the list is gone");
    const told = recorder();
    const inner = counted();
    let give: () => Policy = () => A;
    const server = serve(guard(inner.handler, () => give(), { onDecision: told.onDecision }));
    const good = handshake("https://a.example", "a.example");
    try {
      assertEquals(await statusOf(server.port, good), 101);
      await eachRowInTurn([
        () => {
          throw failure;
        },
        () => undefined,
        () => ({ ...A }),
        () => ({ origins: ["https://a.example"] }),
        () => Promise.resolve(A),
      ], async (broken) => {
        give = broken as () => Policy;
        assertEquals(await statusOf(server.port, good), 503);
      });
      assertEquals(told.reasons, Array(5).fill("policy-unavailable"));
      assertEquals(told.causes[0], failure);
      assertEquals(inner.calls, 1);
      give = () => A;
      assertEquals(await statusOf(server.port, good), 101);
    } finally {
      await server.stop();
    }
  });
});

describe("guard: around a whole site", () => {
  const contexts: unknown[] = [];
  const told = recorder();
  const upgrade = nativeUpgrade();
  const site: NativeHandler = async (request, context) => {
    // Looked at here: on Deno the address can't be read once the request is answered.
    const { remoteAddr, upgrade: method } = context as {
      remoteAddr?: { hostname: string };
      upgrade?: unknown;
    };
    contexts.push(runtime === "deno" ? remoteAddr?.hostname : typeof method);
    if (request.headers.get("upgrade") !== null) return upgrade(request, context);
    const seen = JSON.stringify([
      request.method,
      new URL(request.url).pathname,
      request.headers.get("x-any"),
    ]);
    return new Response(await request.arrayBuffer(), {
      status: 207,
      headers: [["x-seen", seen], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    });
  };
  const server = serve(
    guard(site, compilePolicy({ origins: ["https://good.example"] }), { onDecision: told.onDecision }),
  );
  after(() => server.stop());

  test("plain HTTP passes untouched: method, path, headers, body, and the answer", async () => {
    const body = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7 % 256);
    await eachRowInTurn(["POST", "PUT", "PATCH", "DELETE"], async (method) => {
      const response = await fetch(`http://127.0.0.1:${server.port}/some/path?query`, {
        method,
        body,
        headers: { "x-any": "thing", origin: "https://evil.example" },
      });
      assertEquals(response.status, 207);
      assertEquals(response.headers.get("x-seen"), JSON.stringify([method, "/some/path", "thing"]));
      assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assertEquals(new Uint8Array(await response.arrayBuffer()), body);
    });
    const head = await fetch(`http://127.0.0.1:${server.port}/some/path`, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [207, ""]);
    assertEquals(told.reasons, []);
  });

  test("the handler gets the very Request and context, and its answer is handed on as it is", async () => {
    let given: readonly unknown[] = [];
    let answer: unknown;
    const upgrade = nativeUpgrade();
    const inner: NativeHandler = (request, context) => {
      given = [request, context];
      answer = request.headers.get("upgrade") === null ? new Response("page") : upgrade(request, context);
      return answer as Response | undefined;
    };
    const guarded = guard(inner, compilePolicy({ origins: ["https://good.example"] }));
    const identities: boolean[] = [];
    const direct = serve((request, context) => {
      const result = guarded(request, context);
      identities.push(given[0] === request && given[1] === context && result === answer);
      return result;
    });
    try {
      assertEquals(await (await fetch(`http://127.0.0.1:${direct.port}/`)).text(), "page");
      await assertGreets(direct.port, handshake("https://good.example"), "hello");
      assertEquals(identities, [true, true]);
    } finally {
      await direct.stop();
    }
  });

  test("the handler gets the runtime's own context", async () => {
    contexts.length = 0;
    await fetch(`http://127.0.0.1:${server.port}/`).then((response) => response.text());
    assertEquals(contexts, [runtime === "deno" ? "127.0.0.1" : "function"]);
  });

  test("on one connection: plain, refused, plain again, accepted", async () => {
    told.reasons.length = 0;
    const connection = connectRaw(server.port);
    const answers = (...statuses: number[]) =>
      new RegExp("^" + statuses.map((status) => `HTTP/1\\.1 ${status} [\\s\\S]*`).join(""));
    const plain = "GET /p HTTP/1.1\r\nHost: server.example\r\n\r\n";
    try {
      connection.write(plain);
      await connection.until(answers(207));
      connection.write(handshake("https://evil.example"));
      await connection.until(answers(207, 403));
      connection.write(plain);
      await connection.until(answers(207, 403, 207));
      connection.write(handshake("https://good.example"));
      await connection.until(answers(207, 403, 207, 101));
      connection.write(clientFrame("echo"));
      await connection.until(serverFrame("hello") + serverFrame("echo"));
    } finally {
      connection.destroy();
    }
    assertEquals(told.reasons, ["origin-not-allowed"]);
  });

  test("on one connection: a refused handshake behind a plain request in the same packet", async () => {
    told.reasons.length = 0;
    const connection = connectRaw(server.port);
    try {
      connection.write("GET /p HTTP/1.1\r\nHost: server.example\r\n\r\n" + handshake("https://evil.example"));
      await connection.until(/^HTTP\/1\.1 207[\s\S]*HTTP\/1\.1 403/);
    } finally {
      connection.destroy();
    }
    assertEquals(told.reasons, ["origin-not-allowed"]);
  });
});

describe("guard: Host and request.url, as this runtime shows them", () => {
  const told = recorder();
  const inner = counted();
  const server = serve(guard(
    inner.handler,
    compilePolicy({ origins: ["https://good.example"], hosts: ["server.example"] }),
    { onDecision: told.onDecision },
  ));
  after(() => server.stop());

  /** `400` and the like: the runtime answers by itself, no handler sees the request. */
  type Outcome = "allowed" | DenyReason | "400 unseen";
  /** Where the runtimes differ there are two outcomes. */
  type Row = [name: string, target: string, hosts: readonly string[], deno: Outcome, bun?: Outcome];
  const rows: readonly Row[] = [
    ["origin-form", "/ws", ["server.example"], "allowed"],
    ["any case", "/ws", ["Server.EXAMPLE"], "allowed"],
    ["default port", "/ws", ["server.example:80"], "allowed"],
    ["another port", "/ws", ["server.example:8080"], "allowed"],
    ["another name", "/ws", ["evil.example"], "host-not-allowed"],
    ["empty", "/ws", [""], "host-malformed"],
    ["empty port", "/ws", ["server.example:"], "host-malformed"],
    // Deno knows no difference between an HTTP/1.1 request without Host and one of HTTP/1.0; Bun does.
    ["absent", "/ws", [], "host-absent", "400 unseen"],
    ["absent, HTTP/1.0", "/ws", [], "host-absent"],
    // Deno refuses the second line itself, Bun joins the two.
    ["twice", "/ws", ["server.example", "server.example"], "400 unseen", "host-malformed"],
    ["slash", "/ws", ["server.example/x"], "host-malformed"],
    // Trimmed in a language's own sense this would be the listed name.
    ["no-break space behind", "/ws", ["server.example\xa0"], "host-malformed"],
    ["userinfo", "/ws", ["u@server.example"], "host-malformed"],
    ["UTF-8", "/ws", ["s\xc3\xa9rver.example"], "host-malformed"],
    ["the same authority", "http://server.example/ws", ["server.example"], "allowed"],
    ["the same authority, written otherwise", "http://SERVER.example:80/ws", ["server.example"], "allowed"],
    // Bun takes no notice of the target's authority or scheme, Deno builds `request.url` from it: so the same bytes
    // pass on Bun, where nothing downstream can see another host than the one that was judged.
    ["another authority", "http://other.example:99/ws", ["server.example"], "host-mismatch", "allowed"],
    [
      "another authority that is listed, under a Host that is not",
      "http://server.example/ws",
      ["evil.example"],
      "host-mismatch",
      "host-not-allowed",
    ],
    [
      "userinfo in the target",
      "http://u:p@server.example/ws",
      ["server.example"],
      "host-mismatch",
      "allowed",
    ],
    ["another scheme", "foo://server.example/ws", ["server.example"], "host-mismatch", "400 unseen"],
    // A path that begins like an authority is a path.
    ["two slashes", "//evil.example/ws", ["server.example"], "allowed"],
  ];
  for (const [name, target, hosts, onDeno, onBun = onDeno] of rows) {
    const expected = runtime === "deno" ? onDeno : onBun;
    const lines: HeaderLines = [
      ...hosts.map((value) => ["Host", value] as const),
      ...handshakeHeaders("").slice(1),
      ["Origin", "https://good.example"],
    ];
    const bytes = handshakeBytes(target, lines).replace("1.1", name.endsWith("HTTP/1.0") ? "1.0" : "1.1");
    test(`${name}: ${expected}`, async () => {
      told.reasons.length = 0;
      inner.calls = 0;
      const { status } = await sendRaw(server.port, bytes);
      const outcome = told.reasons[0] ?? (inner.calls === 1 ? "allowed" : `${status} unseen`);
      assertEquals(outcome, expected);
      const statuses: Partial<Record<Outcome, number>> = { "allowed": 101, "host-not-allowed": 403 };
      assertEquals(status, statuses[expected] ?? 400);
      assertEquals(inner.calls + told.reasons.length, expected === "400 unseen" ? 0 : 1);
    });
  }
});

describe("originValidator", () => {
  const told = recorder();
  const inner = counted();
  const list = [".goodsite.example", "http://.goodsite.example:80", "http://other.site.example"];
  const server = serve(originValidator(inner.handler, list, { onDecision: told.onDecision }));
  after(() => server.stop());

  const rows: readonly (readonly [origin: string | null, outcome: "allowed" | DenyReason])[] = [
    ["https://goodsite.example", "allowed"],
    ["http://www.goodsite.example:8080", "allowed"],
    ["http://other.site.example", "allowed"],
    ["https://other.site.example", "origin-not-allowed"],
    ["http://www.other.site.example", "origin-not-allowed"],
    ["https://evilgoodsite.example", "origin-not-allowed"],
    ["https://goodsite.example.evil.example", "origin-not-allowed"],
    // Nothing is allowed that the list does not name, the server's own origin included.
    ["http://server.example", "origin-not-allowed"],
    ["https://goodsite.example/", "origin-malformed"],
    ["null", "origin-null"],
    ["", "origin-empty"],
    [null, "origin-absent"],
  ];
  for (const [origin, expected] of rows) {
    test(`${JSON.stringify(origin)}: ${expected}`, async () => {
      told.reasons.length = 0;
      inner.calls = 0;
      const answer = await sendRaw(server.port, handshake(origin));
      assertEquals(told.reasons, expected === "allowed" ? [] : [expected]);
      assertEquals([answer.status, inner.calls], expected === "allowed" ? [101, 1] : [403, 0]);
    });
  }

  test("a refusal is neutral, and nobody's to keep", async () => {
    const { text } = await sendRaw(server.port, handshake("https://evil.example"));
    assertEquals(/cache-control: *no-store/i.test(text), true);
    assertEquals(/goodsite|other\.site|origin|evil/i.exec(text), null);
  });

  test("a socket that was let in works", async () => {
    const connection = connectRaw(server.port);
    try {
      connection.write(handshake("https://goodsite.example") + clientFrame("in the same packet"));
      await connection.until(serverFrame("hello") + serverFrame("in the same packet"));
    } finally {
      connection.destroy();
    }
  });

  test("without Origin: only those who bring no credentials, where that is asked for", async () => {
    const native = serve(
      originValidator(nativeUpgrade(), list, { absent: "allow-without-credentials", onDecision() {} }),
    );
    try {
      assertEquals(await statusOf(native.port, handshake(null)), 101);
      assertEquals(await statusOf(native.port, handshake(null, undefined, [["Cookie", "a=1"]])), 403);
      assertEquals(await statusOf(native.port, handshake(null, undefined, [["Cookie", ""]])), 403);
      assertEquals(
        await statusOf(native.port, handshake(null, undefined, [["Authorization", "Basic eDp5"]])),
        403,
      );
    } finally {
      await native.stop();
    }
  });
});

describe("allowedHostsOriginValidator and hostValidator, from one object", () => {
  const hosts = { allowedHosts: ["good.example", ".wide.example", "bound.example:8443", "web.example:80"] };
  const rows: readonly (readonly [
    origin: string,
    host: string,
    plain: "allowed" | DenyReason,
    debug: "allowed" | DenyReason,
  ])[] = [
    ["https://good.example", "good.example", "allowed", "allowed"],
    ["http://good.example:3000", "good.example:8000", "allowed", "allowed"],
    ["https://a.b.wide.example", "wide.example", "allowed", "allowed"],
    ["https://bound.example:8443", "bound.example:8443", "allowed", "allowed"],
    // A port that is not written is the default one, in the Host as in the Origin.
    ["http://web.example", "web.example", "allowed", "allowed"],
    ["http://web.example:80", "web.example:80", "allowed", "allowed"],
    ["https://web.example", "web.example", "origin-not-allowed", "origin-not-allowed"],
    ["http://web.example", "web.example:8080", "host-not-allowed", "host-not-allowed"],
    ["https://bound.example", "good.example", "origin-not-allowed", "origin-not-allowed"],
    ["https://good.example", "bound.example", "host-not-allowed", "host-not-allowed"],
    ["https://evil.example", "good.example", "origin-not-allowed", "origin-not-allowed"],
    ["https://good.example", "evil.example", "host-not-allowed", "host-not-allowed"],
    // Only http and https pages have a host that DNS vouches for.
    ["chrome-extension://good.example", "good.example", "origin-not-allowed", "origin-not-allowed"],
    ["http://localhost:3000", "good.example", "origin-not-allowed", "allowed"],
    ["http://localhost:3000", "localhost:8000", "host-not-allowed", "allowed"],
    ["https://app.localhost", "127.0.0.1:8000", "host-not-allowed", "allowed"],
    ["http://[::1]:3000", "[::1]:8000", "host-not-allowed", "allowed"],
    // debug adds local names; it switches nothing off.
    ["http://localhost:3000", "evil.example", "host-not-allowed", "host-not-allowed"],
    ["https://evil.example", "localhost:8000", "host-not-allowed", "origin-not-allowed"],
    ["null", "localhost:8000", "host-not-allowed", "origin-null"],
  ];

  for (const debug of [false, true]) {
    const told = recorder();
    const options = { ...hosts, debug, onDecision: told.onDecision };
    // One object for the sockets and for the site, as it is meant to be used.
    const server = serve(protocolTypeRouter({
      http: hostValidator(() => new Response("page"), options),
      websocket: allowedHostsOriginValidator(nativeUpgrade(), options),
    }));
    after(() => server.stop());

    for (const [origin, host, whenPlain, whenDebug] of rows) {
      const expected = debug ? whenDebug : whenPlain;
      test(`debug ${debug}, ${origin} at ${host}: ${expected}`, async () => {
        told.reasons.length = 0;
        assertEquals(
          await statusOf(server.port, handshake(origin, host)),
          expected === "allowed" ? 101 : 403,
        );
        assertEquals(told.reasons, expected === "allowed" ? [] : [expected]);

        // The page at that Host is served exactly where the handshake's Host was in order, whatever its Origin.
        told.reasons.length = 0;
        const page = await sendRaw(
          server.port,
          `GET / HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`,
        );
        const hostDenied = expected === "host-not-allowed";
        assertEquals(page.status, hostDenied ? 403 : 200);
        assertEquals(told.reasons, hostDenied ? [expected] : []);
      });
    }
  }

  test("hostValidator judges handshakes too, by Host alone, and counts as no guard", async () => {
    const told = recorder();
    const auth = authMiddlewareStack({ user: () => null, onDecision: told.onDecision });
    const both = counted();
    const bare = serve(hostValidator(both.handler, { ...hosts, onDecision: told.onDecision }));
    const authed = serve(hostValidator(auth(both.handler), { ...hosts, onDecision: told.onDecision }));
    try {
      assertEquals(await statusOf(bare.port, handshake("https://evil.example", "good.example")), 101);
      assertEquals(await statusOf(bare.port, handshake("https://good.example", "evil.example")), 403);
      assertEquals(await statusOf(authed.port, handshake("https://good.example", "good.example")), 403);
      assertEquals(told.reasons, ["host-not-allowed", "origin-unchecked"]);
      assertEquals(both.calls, 1);
    } finally {
      await Promise.all([bare.stop(), authed.stop()]);
    }
  });
});

describe("the whole nesting, with the runtime's own upgrade inside", () => {
  interface User {
    readonly name: string;
  }
  const told = recorder();
  const events: string[] = [];
  const auth = authMiddlewareStack({
    user: async (request): Promise<User | null> => {
      const session = getCookies(request).get("session");
      events.push(`lookup ${session}`);
      await sleep(20);
      if (session === "broken") throw new Error("the store is down");
      events.push(`found ${session}`);
      return session === undefined ? null : { name: session };
    },
    onDecision: told.onDecision,
  });
  const chat: NativeHandler = (request, context) => {
    const name = auth.scope(request).user?.name ?? "nobody";
    events.push(`handler ${name}`);
    return nativeUpgrade(`${name} in ${routeParams(request).room}`)(request, context);
  };
  const list = ["https://good.example"];
  const server = serve(protocolTypeRouter({
    http: () => new Response("page"),
    websocket: originValidator(auth(urlRouter([["/chat/:room", chat]])), list, {
      onDecision: told.onDecision,
    }),
  }));
  after(() => server.stop());

  const join = (path: string, cookie?: string, origin: string | null = "https://good.example") =>
    handshake(origin, undefined, cookie === undefined ? [] : [["Cookie", cookie]], path);
  const reset = () => {
    events.length = 0;
    told.reasons.length = 0;
    told.causes.length = 0;
  };

  test("the user is known before the upgrade, the room is read from the path", async () => {
    reset();
    await assertGreets(server.port, join("/chat/blue", "a=1; session=ada"), "ada in blue");
    assertEquals(events, ["lookup ada", "found ada", "handler ada"]);
    await assertGreets(server.port, join("/chat/red"), "nobody in red");
    assertEquals(told.reasons, []);
  });

  test("handshakes at once do not see each other's user or room", async () => {
    reset();
    const names = Array.from({ length: 40 }, (_, index) => `user${index}`);
    await Promise.all(
      names.map((name, index) =>
        assertGreets(server.port, join(`/chat/room${index}`, `session=${name}`), `${name} in room${index}`)
      ),
    );
  });

  test("plain HTTP goes to its own handler, with nobody asked who it is", async () => {
    reset();
    const response = await fetch(`http://127.0.0.1:${server.port}/chat/blue`);
    assertEquals([response.status, await response.text()], [200, "page"]);
    assertEquals(events, []);
  });

  test("an origin that is not listed is refused before anything is looked up or found", async () => {
    reset();
    assertEquals(await statusOf(server.port, join("/chat/blue", "session=ada", "https://evil.example")), 403);
    assertEquals(await statusOf(server.port, join("/nowhere", "session=ada", "https://evil.example")), 403);
    assertEquals([events, told.reasons], [[], ["origin-not-allowed", "origin-not-allowed"]]);
  });

  test("an unknown path is a 404 for those who may ask", async () => {
    reset();
    await eachRowInTurn(["/", "/chat", "/chat/", "/chat/a/b", "/CHAT/a", "/chatter/a"], async (path) => {
      assertEquals(await statusOf(server.port, join(path, "session=ada")), 404);
    });
    assertEquals(events.filter((event) => event.startsWith("handler")), []);
    // Bun has resolved the dots before anybody sees them.
    const hostile = join("/x/../chat/blue", "session=ada");
    if (runtime === "bun") await assertGreets(server.port, hostile, "ada in blue");
    else assertEquals(await statusOf(server.port, hostile), 404);
  });

  test("a protocol that nobody serves is a 404", async () => {
    const httpOnly = serve(protocolTypeRouter({ http: () => new Response("page") }));
    const socketOnly = serve(protocolTypeRouter({ websocket: originValidator(nativeUpgrade(), list) }));
    try {
      assertEquals(await statusOf(httpOnly.port, join("/")), 404);
      assertEquals((await fetch(`http://127.0.0.1:${httpOnly.port}/`)).status, 200);
      assertEquals(await statusOf(socketOnly.port, join("/")), 101);
      const plain = await fetch(`http://127.0.0.1:${socketOnly.port}/`);
      await plain.text();
      assertEquals(plain.status, 404);
    } finally {
      await Promise.all([httpOnly.stop(), socketOnly.stop()]);
    }
  });

  test("a lookup that fails is a 503, and the operator gets what it threw", async () => {
    reset();
    assertEquals(await statusOf(server.port, join("/chat/blue", "session=broken")), 503);
    assertEquals(told.reasons, ["user-lookup-failed"]);
    assertEquals((told.causes[0] as Error).message, "the store is down");
    assertEquals(events, ["lookup broken"]);
    await assertGreets(server.port, join("/chat/blue", "session=ada"), "ada in blue");
  });

  test("where a user is required, an anonymous handshake is a 401", async () => {
    const inner = counted();
    const denied = recorder();
    const required = authMiddlewareStack({
      required: true,
      user: (request) => getCookies(request).has("session") ? { name: "ada" } : null,
      onDecision: denied.onDecision,
    });
    const strict = serve(originValidator(required(inner.handler), list));
    try {
      const anonymous = await sendRaw(strict.port, join("/"));
      assertEquals([anonymous.status, inner.calls, denied.reasons], [401, 0, ["unauthenticated"]]);
      assertEquals(/www-authenticate: *\S/i.test(anonymous.text), true);
      assertEquals(await statusOf(strict.port, join("/", "session=x")), 101);
    } finally {
      await strict.stop();
    }
  });
});

describe("auth without a verdict on Origin", () => {
  const list = ["https://good.example"];

  /** What becomes of an honest handshake, and whether anything was looked up or upgraded. */
  async function tried(
    build: (auth: ReturnType<typeof authMiddlewareStack>, handler: NativeHandler) => NativeHandler,
  ): Promise<[status: number, reasons: DenyReason[], lookups: number, calls: number]> {
    let lookups = 0;
    const told = recorder();
    const inner = counted();
    const auth = authMiddlewareStack({
      user: () => {
        lookups++;
        return { name: "ada" };
      },
      onDecision: told.onDecision,
    });
    const server = serve(build(auth, inner.handler));
    try {
      const status = await statusOf(server.port, handshake("https://good.example"));
      return [status, told.reasons, lookups, inner.calls];
    } finally {
      await server.stop();
    }
  }

  test("the right order works", async () => {
    assertEquals(await tried((auth, handler) => originValidator(auth(handler), list)), [101, [], 1, 1]);
  });

  test("the forgotten validator fails closed", async () => {
    assertEquals(await tried((auth, handler) => auth(handler)), [403, ["origin-unchecked"], 0, 0]);
  });

  test("the reversed order fails closed", async () => {
    assertEquals(await tried((auth, handler) => auth(originValidator(handler, list))), [
      403,
      ["origin-unchecked"],
      0,
      0,
    ]);
  });

  test("any guard's verdict counts, one that lets everybody in too", async () => {
    assertEquals(await tried((auth, handler) => originValidator(auth(handler), ["*"])), [101, [], 1, 1]);
    assertEquals(
      await tried((auth, handler) => guard(auth(handler), () => compilePolicy({ origins: list }))),
      [101, [], 1, 1],
    );
  });

  test("a guard that refused has not vouched for the request, whoever is asked next", async () => {
    await eachRowInTurn([["https://other.example"], []], async (origins) => {
      assertEquals(
        await tried((auth, handler) => {
          const first = originValidator(handler, origins, { onDecision() {} });
          const second = auth(handler);
          return async (request, context) => {
            const response = await first(request, context);
            return response?.status === 403 ? second(request, context) : response;
          };
        }),
        [403, ["origin-unchecked"], 0, 0],
      );
    });
  });
});

describe("a client that leaves while its user is looked up", () => {
  test("is not upgraded, and leaves a server that works and stops", async () => {
    const inner = counted();
    const waiting: (() => void)[] = [];
    let hold = true;
    const auth = authMiddlewareStack({
      // The lookup does not touch `request.signal`: to have looked at it in time is the layer's business.
      user: () =>
        hold
          ? new Promise<{ name: string }>((resolve) => waiting.push(() => resolve({ name: "ada" })))
          : { name: "ada" },
      onDecision() {},
    });
    const server = serve(originValidator(auth(inner.handler), ["https://good.example"]));
    const gone = Array.from({ length: 5 }, () => connectRaw(server.port));
    for (const connection of gone) connection.write(handshake("https://good.example"));
    await within(
      (async () => {
        while (waiting.length < gone.length) await sleep(5);
      })(),
      5000,
      "five lookups",
    );
    for (const connection of gone) connection.destroy();
    // In small steps: the server lives in this process, and must get to see that they left.
    for (let step = 0; step < 10; step++) await sleep(30);
    for (const release of waiting) release();
    await sleep(100);
    assertEquals(inner.calls, 0, "the handler is not called for somebody who left");

    // One who stays is served, after a lookup that took as long.
    const patient = connectRaw(server.port);
    patient.write(handshake("https://good.example"));
    while (waiting.length < gone.length + 1) await sleep(5);
    await sleep(300);
    waiting.at(-1)!();
    await patient.until(serverFrame("hello"));
    patient.destroy();
    hold = false;
    assertEquals(await statusOf(server.port, handshake("https://good.example")), 101);
    assertEquals(inner.calls, 2);

    await within(server.stop(), 5000, "stopping");
    await assertRejects(() => connectRaw(server.port).until(/HTTP/, 2000), Error, "ended");
  });

  test("a client that leaves without an await does no harm", async () => {
    const server = serve(originValidator(nativeUpgrade(), ["https://good.example"]));
    for (let times = 0; times < 20; times++) {
      const connection = connectRaw(server.port);
      connection.write(handshake("https://good.example"));
      await sleep(1);
      connection.destroy();
    }
    assertEquals(await statusOf(server.port, handshake("https://good.example")), 101);
    await within(server.stop(), 5000, "stopping");
  });
});
