// Events: what each layer tells of a request, that it holds no secret, and that it can be explained later.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  compilePolicy,
  createGate,
  createReporter,
  type DecisionEvent,
  explain,
  guard,
  type Handshake,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  upgradeHandler,
  urlRouter,
} from "@wsgate/wsgate";
import { createNodeGate } from "@wsgate/wsgate/node";
import { denials } from "../src/denial.ts";
import { eventOf } from "../src/event.ts";
import { faultsOf, handshakeRequest, printed, requestOf, untyped } from "./doubles.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { handshakes } from "./vectors.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

const GOOD = "https://good.test";
const EVIL = "https://evil.test";

/** The events of what `act` asks a layer that tells them. */
function told<Q = Request>(): { events: DecisionEvent<Q>[]; onDecision: (event: DecisionEvent<Q>) => void } {
  const events: DecisionEvent<Q>[] = [];
  return { events, onDecision: (event) => void events.push(event) };
}

const summary = ({ layer, outcome, reason, status, handshake }: DecisionEvent<unknown>) => [
  layer,
  outcome,
  reason,
  status,
  handshake,
];

describe("one event for each request and layer", () => {
  test("a handshake on its way through all of them", async () => {
    const { events, onDecision } = told();
    const options = { onDecision };
    const auth = authMiddlewareStack({ user: () => ({ name: "ada" }), ...options });
    const app = hostValidator(
      protocolTypeRouter({
        http: () => new Response("site"),
        websocket: originValidator(
          auth(urlRouter([["/chat", () => new Response("upgraded here")]], options)),
          [GOOD],
          options,
        ),
      }, options),
      { allowedHosts: ["site.test"], ...options },
    );
    const ask = async (parts: Parameters<typeof handshakeRequest>) => {
      events.length = 0;
      await app(handshakeRequest(...parts), undefined);
      return events.map(summary);
    };
    assertEquals(await ask([GOOD, { url: "http://site.test/chat" }]), [
      ["host", "allowed", null, null, true],
      ["guard", "allowed", null, null, true],
      ["auth", "allowed", null, null, true],
    ]);
    assertEquals(await ask([EVIL, { url: "http://site.test/chat" }]), [
      ["host", "allowed", null, null, true],
      ["guard", "denied", "origin-not-allowed", 403, true],
    ]);
    assertEquals(await ask([GOOD, { url: "http://site.test/else" }]), [
      ["host", "allowed", null, null, true],
      ["guard", "allowed", null, null, true],
      ["auth", "allowed", null, null, true],
      ["router", "denied", "not-found", 404, true],
    ]);
    // A plain request is judged by Host, and here by nobody else.
    assertEquals(await ask([null, { url: "http://site.test/", headers: { upgrade: null } }]), [
      ["host", "allowed", null, null, false],
    ]);
    assertEquals(
      await ask([null, { url: "http://site.test/", headers: { upgrade: null, "sec-websocket-key": "x" } }]),
      [["host", "allowed", null, null, true], ["router", "denied", "not-a-handshake", 426, true]],
    );
  });

  test("plain requests that a guard judges are told as such; those that it does not, not at all", () => {
    const { events, onDecision } = told();
    const plain = (origin: string | null) => handshakeRequest(origin, { headers: { upgrade: null } });
    originValidator(() => new Response(), [GOOD], { onDecision })(plain(EVIL));
    const judging = originValidator(() => new Response(), [GOOD], {
      onDecision,
      requests: "all",
      name: "all",
    });
    for (const origin of [GOOD, EVIL, null]) judging(plain(origin));
    assertEquals(events.map(({ name, ...event }) => [name, event.outcome, event.handshake]), [
      ["all", "allowed", false],
      ["all", "denied", false],
      ["all", "allowed", false],
    ]);
    assertEquals(events.map((event) => event.explain()?.decision.allowed ?? null), [null, false, null]);
  });

  test("a gate, a node gate, and the validator of hosts for both", () => {
    const { events, onDecision } = told();
    const gate = createGate({ origins: [GOOD] }, { onDecision, name: "gate" });
    const context = { server: 1 };
    for (const origin of [GOOD, EVIL]) gate(handshakeRequest(origin), context);
    allowedHostsOriginValidator(() => new Response(), { allowedHosts: ["site.test"], onDecision })(
      handshakeRequest("https://site.test"),
    );
    assertEquals(events.map(({ name, outcome }) => [name, outcome]), [
      ["gate", "allowed"],
      ["gate", "denied"],
      [null, "allowed"],
    ]);
    assertStrictEquals(events[0]!.context, context);
    const node = told<unknown>();
    const nodeGate = createNodeGate({ origins: [GOOD] }, { onDecision: node.onDecision, name: "node" });
    const fields = (
      origin: string,
    ) => ["Host", "site.test", "Upgrade", "websocket", "Connection", "upgrade", "Origin", origin];
    const request = (origin: string, httpVersion = "1.1") => ({
      ...{ method: "GET", url: "/chat?token=secret", httpVersion, rawHeaders: fields(origin), socket: {} },
    });
    nodeGate(request(GOOD));
    nodeGate(request(EVIL));
    nodeGate(request(GOOD, "1.0"));
    assertEquals(node.events.map(({ name, reason, path }) => [name, reason, path]), [
      ["node", null, "/chat"],
      ["node", "origin-not-allowed", "/chat"],
      ["node", "upgrade-malformed", "/chat"],
    ]);
  });

  test("a socket that was not judged", async () => {
    const { events, onDecision } = told();
    await upgradeHandler({}, { onDecision })(handshakeRequest(GOOD), undefined);
    assertEquals(events.map(summary), [["socket", "denied", "origin-unchecked", 403, true]]);
  });
});

describe("what an event says", () => {
  const event = (url: string, headers: Record<string, string | null> = {}, more: object = {}) => {
    const { events, onDecision } = told();
    originValidator(() => new Response(), [GOOD], { onDecision, ...more })(
      handshakeRequest(EVIL, { url, headers }),
    );
    return events[0]!;
  };

  test("origin and Host as parsed, the path without the query", () => {
    const it = event("http://site.test:81/a/%62?token=1", { host: "site.test:81" });
    const { origin, host, path, method, name } = it;
    assertEquals<unknown>([origin, host, path, method, name], [
      { kind: "tuple", shown: EVIL, scheme: "https", host: "evil.test", port: 443 },
      { kind: "name", shown: "site.test:81", host: "site.test", port: 81 },
      "/a/%62",
      "GET",
      null,
    ]);
    assertEquals(event("http://site.test/" + "\u00e9".repeat(500)).path.length, 200);
    assert(/^[\x20-\x7e]*$/.test(event("http://site.test/\u202e\x1b").path));
    assertEquals(event("http://site.test").path, "/");
    assertEquals(event("http://site.test/a#token=1?x").path, "/a");
    assertEquals(event("http://site.test?token=1").path, "/");
  });

  test("a method of any length is cut", () => {
    const { events, onDecision } = told();
    const request = requestOf({ headers: { upgrade: "websocket" }, method: "X".repeat(10_000) });
    createGate({ origins: [GOOD] }, { onDecision })(request);
    assertEquals(events[0]!.method, "X".repeat(40));
  });

  test("the host of a site that has no policy, or whose policy fails, is the one that was asked for", () => {
    const { events, onDecision } = told();
    // As it comes over HTTP/2, without a Host header.
    const request = handshakeRequest(null, {
      url: "https://other.test/",
      headers: { host: null, upgrade: null },
    });
    const fail = () => {
      throw new Error("no list");
    };
    for (const find of [() => null, fail]) {
      guard(() => new Response(), find, { onDecision, requests: "all" })(request);
    }
    assertEquals(events.map(({ reason, host }) => [reason, host.shown]), [
      ["host-not-allowed", "other.test"],
      ["policy-unavailable", "other.test"],
    ]);
  });

  test("it is frozen, and JSON, spread and a clone are the same data", () => {
    const it = event("http://site.test/");
    assert(Object.isFrozen(it) && Object.isFrozen(it.origin) && Object.isFrozen(it.host));
    const data = JSON.parse(JSON.stringify(it));
    assertEquals(data, { ...it });
    assertEquals(data, structuredClone(it));
    eachRow(["request", "context", "cause", "explain"], (name) => assert(!(name in data)));
  });

  test("no cookie, header or query is in it, whatever was captured", () => {
    let requests = 0;
    for (const { headers, path, method } of handshakes) {
      const { events, onDecision } = told();
      const secret = "s3cr3t";
      const lines = headers.map(([name, value]): [string, string] => [name.toLowerCase(), value]);
      const fields: Record<string, string> = {
        ...Object.fromEntries(lines),
        cookie: `sid=${secret}`,
        authorization: `Bearer ${secret}`,
        "sec-websocket-protocol": `ticket.${secret}`,
        "x-forwarded-for": secret,
        referer: `https://${secret}.test/`,
      };
      const request = requestOf({
        method,
        url: `http://site.test${path.split("?")[0]}?token=${secret}`,
        headers: fields,
      });
      originValidator(() => new Response(), [GOOD], { onDecision, requests: "all" })(request);
      requests += events.length;
      eachRow(events, (it) => assert(!JSON.stringify(it).includes(secret), JSON.stringify(it)));
      eachRow(events, (it) => assert(!JSON.stringify(it.explain()).includes(secret)));
    }
    assert(requests > 10);
  });

  test("what it keeps of a request has no secret either, and of a login only that it was there", () => {
    const headers = {
      cookie: "sid=s3cr3t",
      authorization: "Bearer s3cr3t",
      "sec-websocket-protocol": "ticket.s3cr3t",
      referer: "https://s3cr3t.test/",
    };
    const request = handshakeRequest(EVIL, { url: "http://site.test/chat?token=s3cr3t#s3cr3t", headers });
    const kept: Handshake[] = [];
    const explain = (handshake: Handshake) => {
      kept.push(handshake);
      return null;
    };
    const decided = {
      layer: "guard",
      name: null,
      denied: denials["origin-not-allowed"],
      reportOnly: null,
    } as const;
    eventOf({ ...decided, handshake: request, request, context: undefined, explain }, true).explain();
    const [it] = kept;
    assertEquals(it!.url, "http://site.test/chat");
    assertEquals(Object.keys(headers).map((name) => it!.headers.get(name)), ["...", "...", null, null]);
  });

  test("user info in an Origin is not shown", () => {
    assert(
      !JSON.stringify(event("http://site.test/", { origin: "https://ada:s3cr3t@evil.test" })).includes(
        "s3cr3t",
      ),
    );
  });

  test("explain() is what explain() of the policy says, later too", async () => {
    const policy = compilePolicy({ origins: [GOOD], hosts: ["site.test"] });
    const headers = { cookie: "a=1", "user-agent": "Mozilla/5.0", "x-forwarded-host": "site.test" };
    const table = [
      handshakeRequest("https://good.test:81", { headers }),
      handshakeRequest(null, { headers }),
      handshakeRequest("http://good.test", { headers: { ...headers, host: "other.test" } }),
      handshakeRequest(GOOD, { headers }),
    ];
    await eachRowInTurn(table, async (request) => {
      const { events, onDecision } = told();
      const now = explain(request, policy);
      let isOver = false;
      const get = (name: string) => {
        if (isOver) throw new TypeError("request closed");
        return request.headers.get(name);
      };
      const { method, url } = request;
      guard(() => new Response(), policy, { onDecision })(untyped({ method, url, headers: { get } }));
      isOver = true;
      await Promise.resolve();
      assertEquals(events[0]!.explain(), now);
    });
  });

  test("of hostValidator what its list says of the Host, and nothing of Origin", () => {
    const { events, onDecision } = told();
    hostValidator(() => new Response(), { allowedHosts: ["*.site.test"], onDecision })(
      handshakeRequest(EVIL, { headers: { host: "site.test" } }),
    );
    const { nearest, next } = events[0]!.explain()!;
    assertEquals([nearest[0]!.code, next], ["host-apex-left-out", null]);
  });

  test("of a layer without a list what came near alone, or null", async () => {
    const { events, onDecision } = told();
    const auth = authMiddlewareStack({ user: () => null, required: true, onDecision });
    const site = originValidator(auth(() => new Response()), ["*"]);
    const program = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
    await site(handshakeRequest(GOOD, { headers: { cookie: "sid=1" } }), undefined);
    await site(handshakeRequest(GOOD, { headers: program }), undefined);
    // An empty Cookie is none, later too.
    await site(handshakeRequest(GOOD, { headers: { cookie: "", "user-agent": "Mozilla/5.0" } }), undefined);
    assertEquals(events[2]!.explain()!.nearest.map(({ code }) => code), ["cookie-of-another-site"]);
    const [known, unknown] = events;
    const explanation = known!.explain()!;
    assertEquals(explanation.nearest.map(({ code }) => code), ["cookie-unknown"]);
    assertEquals(explanation.decision, { allowed: false, status: 401, reason: "unauthenticated" });
    assertEquals(explanation.credentials, true);
    const { origin, host, nearest } = explanation;
    eachRow([explanation, origin, host, nearest, nearest[0]!, nearest[0]!.differs], (part) => {
      assert(Object.isFrozen(part));
    });
    assertEquals(unknown!.explain(), null);

    const stripped = told();
    const headers = { host: null, upgrade: null, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
    await upgradeHandler({}, { onDecision: stripped.onDecision })(
      handshakeRequest(null, { url: "*", headers }),
      undefined,
    );
    const { path } = stripped.events[0]!;
    const bare = stripped.events[0]!.explain()!;
    assertEquals([path, bare.origin.kind, bare.host.kind, bare.nearest[0]!.code], [
      ...["", "absent", "absent", "upgrade-stripped"],
    ]);
  });
});

describe("reportOnly", () => {
  const make = (origins: readonly string[], reportOnly: unknown, more: object = {}) => {
    const { events, onDecision } = told();
    let calls = 0;
    const handler = () => {
      calls++;
      return new Response("in");
    };
    const guarded = originValidator(handler, origins, {
      onDecision,
      reportOnly: untyped(reportOnly),
      ...more,
    });
    return async (origin: string | null, headers = {}) => {
      events.length = calls = 0;
      const { status } = await guarded(handshakeRequest(origin, { headers }));
      const [event] = events;
      assertEquals(events.length, 1);
      return {
        status,
        calls,
        outcome: event!.outcome,
        reason: event!.reason,
        said: event!.reportOnly,
        event: event!,
      };
    };
  };

  test("it refuses nothing, and says what it would refuse", async () => {
    const ask = make(["*"], { origins: [GOOD] });
    const good = await ask(GOOD);
    assertEquals([good.status, good.calls, good.outcome, good.said], [200, 1, "allowed", {
      allowed: true,
      reason: null,
    }]);
    const evil = await ask(EVIL);
    assertEquals([evil.status, evil.calls, evil.outcome, evil.reason], [
      200,
      1,
      "would-deny",
      "origin-not-allowed",
    ]);
    assertEquals([evil.event.status, evil.said], [null, { allowed: false, reason: "origin-not-allowed" }]);
    assertEquals(evil.event.explain()?.decision.allowed, false, "the explanation is of its no");
  });

  test("what no browser sends is refused all the same, and what the policy in force refuses is denied", async () => {
    const ask = make(["*"], { origins: [GOOD] });
    const odd = await ask(GOOD, { upgrade: "websocket, websocket" });
    assertEquals([odd.status, odd.calls, odd.outcome, odd.reason], [400, 0, "denied", "upgrade-malformed"]);
    const strict = make([GOOD], { origins: [GOOD, EVIL] });
    const evil = await strict(EVIL);
    assertEquals([evil.status, evil.outcome, evil.said], [403, "denied", { allowed: true, reason: null }]);
  });

  test("of what both refuse the reason is that of the policy in force, and what the other says is told too", async () => {
    const { outcome, reason, said, event } = await make([GOOD], { origins: [GOOD], hosts: ["other.test"] })(
      EVIL,
    );
    assertEquals([outcome, reason, event.status], ["denied", "origin-not-allowed", 403]);
    assertEquals(said, { allowed: false, reason: "host-not-allowed" });
    const { decision } = event.explain()!;
    assertEquals(decision.allowed ? null : decision.reason, "origin-not-allowed");
  });

  test("a function that fails is told as policy-unavailable, and changes nothing", async () => {
    const table = [
      () => Promise.resolve(compilePolicy({ origins: [] })),
      () => {
        throw new Error("no list");
      },
      () => ({ origins: [] }),
    ];
    await eachRowInTurn(table, async (find) => {
      const { status, calls, outcome, reason } = await make([GOOD], find)(GOOD);
      assertEquals([status, calls, outcome, reason], [200, 1, "would-deny", "policy-unavailable"]);
    });
  });

  test("it is a policy, its options or a function, and its faults are named as its own", () => {
    const faults = (reportOnly: unknown) =>
      faultsOf(() => originValidator(() => new Response(), ["*"], { reportOnly: untyped(reportOnly) }));
    assertEquals(faults({ origins: ["https://a.test/x"], hostz: 1 }), [
      "unknown-option reportOnly.hostz -1",
      "path reportOnly.origins 0",
    ]);
    assertEquals(faults(true), ["wrong-type reportOnly.policy -1"]);
    eachRow([compilePolicy({ origins: [] }), { origins: [] }, () => null], (it) => {
      originValidator(() => new Response(), ["*"], { reportOnly: untyped(it) });
    });
  });

  test("without a hook the console says what it would refuse, and names the origin in full", async () => {
    const origin = `https://${"a".repeat(60)}.${"b".repeat(60)}.test`;
    const lines = await printed(() =>
      originValidator(() => new Response(), ["*"], { reportOnly: { origins: [GOOD] } })(
        handshakeRequest(origin),
      )
    );
    assertEquals(lines.length, 1);
    assert(
      lines[0]!.text.includes(`would refuse (403 origin-not-allowed): Origin ${origin}, `),
      lines[0]!.text,
    );
  });
});

describe("hooks", () => {
  test("an allowed handshake without a hook makes no event, and reads nothing more", () => {
    const reads = (options: object) => {
      const request = requestOf({
        headers: { upgrade: "websocket", host: "site.test", origin: GOOD, connection: "upgrade" },
      });
      originValidator(() => new Response(), [GOOD], options)(request);
      return untyped(request.headers).reads as string[];
    };
    assertEquals(reads({}), ["upgrade", "connection", "host", "origin"]);
    assert(reads({ onDecision() {} }).length > 10);
    // A reporter keeps no event, so nothing is copied for later.
    const forReporter = reads({ onDecision: createReporter() });
    assert(!forReporter.includes("user-agent"), forReporter.join());
  });

  test("the name that it has elsewhere is an unknown option, whose fix has this one", () => {
    let fixes = "";
    faultsOf(() => originValidator(() => new Response(), [GOOD], untyped({ onDeny() {} })), (fault, fix) => {
      words.assert(fault, fix);
      fixes += fix;
    });
    assert(fixes.includes('Did you mean "onDecision"?'), fixes);
  });

  test("a name is a text", () => {
    eachRow(["", "x".repeat(101), 1], (name) => {
      const make = () => originValidator(() => new Response(), [GOOD], untyped({ name }));
      assertEquals(faultsOf(make, (fault, fix) => words.assert(fault, fix)), ["wrong-type name -1"]);
    });
  });
});

words.end();
