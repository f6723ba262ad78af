// What guards and gates have in common: where their policy comes from, and which requests they judge by it.

import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  allowedHostsOriginValidator,
  compilePolicy,
  ConfigError,
  createGate,
  type DenyReason,
  guard,
  hostValidator,
  originValidator,
  type Policy,
  type PolicySource,
  refuseVisibly,
  type RequestedSite,
} from "@wsgate/wsgate";
import { faultsOf, handshakeRequest, type Parts, printed, requestOf, untyped } from "../doubles.ts";
import { judgedConnection } from "../../src/scope.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { context, EVIL, GOOD, outcomeOf, POLICY, type Wrap } from "./wrapping.ts";

const words = wordsOf(import.meta.url);

/** Guard and gate, by one source. */
const LAYERS: Readonly<Record<string, (source: PolicySource, more?: object) => Wrap>> = {
  "guard()": (source, more) => (handler, options) => guard(handler, source, { ...more, ...options }),
  "createGate()": (source, more) => (handler, options) => {
    const gate = createGate(source, { ...more, ...options });
    return (request, given) => gate(request, given) ?? handler(request, given);
  },
};

/** A request that asks for no WebSocket. */
const plain = (headers: Parts["headers"], url = "http://site.test/") =>
  requestOf({ url, headers: { host: "site.test", ...headers } });

for (const [name, by] of Object.entries(LAYERS)) {
  describe(`${name}: where its policy comes from`, () => {
    const list = { origins: [GOOD] };
    const sources: [what: string, source: PolicySource][] = [
      ["a compiled policy", POLICY],
      ["the options of one", list],
      ["a function of the site", () => POLICY],
    ];
    for (const [what, source] of sources) {
      test(`${what} judges`, () => {
        assertEquals(outcomeOf(by(source), handshakeRequest(GOOD)), "handled");
        assertEquals(outcomeOf(by(source), handshakeRequest(EVIL)), "origin-not-allowed");
      });
    }

    test("options are compiled when they are given, with all faults at once", () => {
      const options = { origins: ["https://a.test/", "'self'"], debgu: true, absent: "no" };
      assertEquals(faultsOf(() => by(untyped(options), { requests: "some" })(() => new Response())), [
        "unknown-option debgu -1",
        "path origins 0",
        "self-without-hosts origins 1",
        "wrong-type absent -1",
        "wrong-type requests -1",
      ]);
    });

    test("what is no source is said to be none, a copy of a policy too", () => {
      const wrong = [undefined, null, GOOD, [GOOD], 1, {}, { ...POLICY }, { hosts: ["a.test"] }, new Map()];
      eachRow(wrong, (source) => {
        assertEquals(faultsOf(() => by(untyped(source))(() => new Response())), ["wrong-type policy -1"]);
      });
      const error = assertThrows(() => by(untyped([GOOD]))(() => new Response()), ConfigError);
      words.assert("a list in place of a policy", error.message);
    });

    test("a function is given the site as the verdict reads it", () => {
      const rows: [host: string, url: string, site: RequestedSite][] = [
        ["site.test", "http://site.test/chat", { host: "site.test", port: null, path: "/chat" }],
        ["SITE.test:8080", "http://site.test:8080/", { host: "site.test", port: 8080, path: "/" }],
        ["site.test", "http://site.test?q", { host: "site.test", port: null, path: "/" }],
        ["site.test", "nonsense", { host: "site.test", port: null, path: "" }],
        ["[::1]:3000", "http://[::1]:3000/a?b=/c#d", { host: "[::1]", port: 3000, path: "/a" }],
        ["127.0.0.1", "/relative?q", { host: "127.0.0.1", port: null, path: "/relative" }],
        ["site.test.", "http://site.test./", { host: "site.test.", port: null, path: "/" }],
        // As it was spelled: what a path is has to be decided once, by whoever routes.
        ["site.test", "http://site.test/a/../%2e/B", { host: "site.test", port: null, path: "/a/../%2e/B" }],
        ["site.test:80", "http://site.test/", { host: "site.test", port: 80, path: "/" }],
      ];
      eachRow(rows, ([host, url, expected]) => {
        const given: unknown[][] = [];
        const wrap = by((...all: unknown[]) => {
          given.push(all);
          return POLICY;
        });
        assertEquals(outcomeOf(wrap, handshakeRequest(GOOD, { url, headers: { host } })), "handled");
        assertEquals(given, [[expected]]);
        assert(Object.isFrozen(given[0]![0]));
      });
    });

    test("a function is not asked where there is no site", async () => {
      const rows: [host: string | null, url: string, reason: DenyReason][] = [
        [null, "/", "host-absent"],
        ["", "/", "host-malformed"],
        ["a, b", "/", "host-malformed"],
        ["site.test:", "/", "host-malformed"],
        ["site.test", "http://other.test/", "host-mismatch"],
        ["site.test", "ftp://site.test/", "host-mismatch"],
      ];
      const asked: unknown[] = [];
      const wrap = by((site) => {
        asked.push(site);
        return POLICY;
      });
      eachRow(rows, ([host, url, reason]) => {
        assertEquals(outcomeOf(wrap, handshakeRequest(GOOD, { url, headers: { host } })), reason);
      });
      assertEquals(asked, []);
      const lines = await printed(() =>
        wrap(() => new Response())(handshakeRequest(GOOD, { headers: { host: "a, b" } }), context)
      );
      assertEquals(lines.length, 1);
      words.assert("a Host that is none, before a function is asked", lines[0]!.text);
      // No list was asked, so nothing is said of one.
      assert(!lines[0]!.text.includes("Then:"), lines[0]!.text);
    });

    test("null: there is no such site, and the operator is told so", async () => {
      const tenants = new Map<string, Policy>([["site.test", POLICY]]);
      const wrap = by(({ host }) => tenants.get(host) ?? null);
      const at = (host: string) => handshakeRequest(GOOD, { url: "/", headers: { host } });
      assertEquals(outcomeOf(wrap, at("site.test")), "handled");
      assertEquals(outcomeOf(wrap, at("other.test")), "host-not-allowed");
      const lines = await printed(() => wrap(() => new Response())(at("other.test"), context));
      assertEquals(lines.length, 1);
      words.assert("a function that returned null", lines[0]!.text);
    });

    test("CONNECT is told with its cause", async () => {
      const request = handshakeRequest(GOOD, { method: "CONNECT" });
      const lines = await printed(() => by(POLICY)(() => new Response())(request, context));
      words.assert("CONNECT", lines.map(({ text }) => text).join("\n"));
    });

    test("each tenant's page opens his own socket and nobody else's", () => {
      const tenants = new Map(
        ["a.test", "b.test"].map((host) => [host, compilePolicy({ origins: [`https://${host}`] })] as const),
      );
      const wrap = by(({ host }) => tenants.get(host) ?? null);
      // The recipe without a function, which comes to the same.
      const self = by({ origins: ["'self'"], hosts: [...tenants.keys()], scheme: "https" });
      const names = ["a.test", "b.test", "c.test"];
      eachRow(names.flatMap((page) => names.map((host) => ({ page, host }))), ({ page, host }) => {
        const request = () => handshakeRequest(`https://${page}`, { url: "/", headers: { host } });
        const expected = host === "c.test"
          ? "host-not-allowed"
          : page === host
          ? "handled"
          : "origin-not-allowed";
        assertEquals(outcomeOf(wrap, request()), expected);
        assertEquals(outcomeOf(self, request()), expected);
      });
    });
  });
}

describe('requests: "all"', () => {
  const options = { requests: "all" } as const;
  const by: Readonly<Record<string, Wrap>> = {
    "guard()": LAYERS["guard()"]!({ origins: [GOOD], hosts: ["site.test"] }, options),
    "guard() of a function": LAYERS["guard()"]!(
      ({ host }) => host === "site.test" ? POLICY : null,
      options,
    ),
    "createGate()": LAYERS["createGate()"]!({ origins: [GOOD], hosts: ["site.test"] }, options),
    "originValidator()": (handler, more) =>
      originValidator(handler, [GOOD], { hosts: ["site.test"], ...options, ...more }),
    "allowedHostsOriginValidator()": (handler, more) =>
      allowedHostsOriginValidator(handler, { allowedHosts: ["good.test", "site.test"], ...options, ...more }),
  };
  const rows: [what: string, request: () => Request, outcome: DenyReason | "handled"][] = [
    ["no Origin", () => plain({}), "handled"],
    ["an allowed Origin", () => plain({ origin: GOOD }), "handled"],
    ["an evil Origin", () => plain({ origin: EVIL }), "origin-not-allowed"],
    ["an empty Origin", () => plain({ origin: "" }), "origin-empty"],
    ["two Origins", () => plain({ origin: `${GOOD}, ${GOOD}` }), "origin-malformed"],
    ["null", () => plain({ origin: "null" }), "origin-null"],
    ["null of another site", () => plain({ origin: "null", "sec-fetch-site": "cross-site" }), "origin-null"],
    ["null of a sibling", () => plain({ origin: "null", "sec-fetch-site": "same-site" }), "origin-null"],
    ["null, typed in", () => plain({ origin: "null", "sec-fetch-site": "none" }), "origin-null"],
    ["null, twice", () => plain({ origin: "null", "sec-fetch-site": "same-origin, x" }), "origin-null"],
    ["null of its own form", () => plain({ origin: "null", "sec-fetch-site": "same-origin" }), "handled"],
    [
      "an evil Origin that says same-origin",
      () => plain({ origin: EVIL, "sec-fetch-site": "same-origin" }),
      "origin-not-allowed",
    ],
    ["another Host", () => plain({ host: "evil.test" }, "/"), "host-not-allowed"],
    ["no Host", () => plain({ host: null }), "host-absent"],
    ["a malformed Host", () => plain({ host: "a, b" }), "host-malformed"],
    ["another authority", () => plain({}, "http://other.test/"), "host-mismatch"],
    ["no Host over HTTP/2", () => plain({ host: null }, "https://site.test/x"), "handled"],
    ["another site over HTTP/2", () => plain({ host: null }, "https://evil.test/x"), "host-not-allowed"],
    [
      "an evil Origin over HTTP/2",
      () => plain({ host: null, origin: EVIL }, "https://site.test/x"),
      "origin-not-allowed",
    ],
    // A handshake is what it was.
    ["a handshake without Origin", () => handshakeRequest(null), "origin-absent"],
    [
      "a handshake with null that says same-origin",
      () => handshakeRequest("null", { headers: { "sec-fetch-site": "same-origin" } }),
      "origin-null",
    ],
    [
      "a handshake without Host over HTTP/2",
      () => handshakeRequest(GOOD, { url: "https://site.test/", headers: { host: null } }),
      "host-absent",
    ],
  ];
  for (const [name, wrap] of Object.entries(by)) {
    for (const [what, request, outcome] of rows) {
      test(`${name}, ${what}: ${outcome}`, () => assertEquals(outcomeOf(wrap, request()), outcome));
    }
  }

  test("any method is judged alike", () => {
    eachRow(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"], (method) => {
      const request = (origin: string) =>
        requestOf({ method, url: "/", headers: { host: "site.test", origin } });
      assertEquals(outcomeOf(by["guard()"]!, request(EVIL)), "origin-not-allowed");
      assertEquals(outcomeOf(by["guard()"]!, request(GOOD)), "handled");
    });
  });

  test("'self' is judged of plain requests too, over HTTP/2 by the authority of the URL", () => {
    const wrap = LAYERS["guard()"]!({ origins: ["'self'"], hosts: ["site.test"] }, options);
    const over2 = (origin: string) => plain({ host: null, origin }, "https://site.test/x");
    assertEquals(outcomeOf(wrap, over2("https://site.test")), "handled");
    assertEquals(outcomeOf(wrap, over2("http://site.test")), "origin-not-allowed");
    assertEquals(outcomeOf(wrap, plain({ origin: "http://site.test" })), "handled");
    assertEquals(outcomeOf(wrap, plain({ origin: GOOD })), "origin-not-allowed");
  });

  test("`absent` is about handshakes: a plain request without Origin passes whatever it says", () => {
    const wrap = LAYERS["guard()"]!({ origins: [GOOD], absent: "deny" }, options);
    assertEquals(outcomeOf(wrap, plain({ cookie: "s=1" })), "handled");
  });

  test("a refusal is told with its cause, and without what only a handshake needs", async () => {
    const site = guard(() => new Response(), { origins: [GOOD], hosts: ["site.test"] }, options);
    const lines = await printed(() => {
      site(plain({ origin: EVIL }));
      site(plain({ host: "evil.test" }, "/"));
    });
    assertEquals(lines.length, 2);
    words.assert("a plain request's Origin", lines[0]!.text);
    words.assert("a plain request's Host", lines[1]!.text);
    assert(!lines[1]!.text.includes("Then:"), lines[1]!.text);
  });

  test("refuseVisibly answers a plain request as deny does", async () => {
    const site = guard(() => new Response(), POLICY, { ...options, refuse: refuseVisibly, onDecision() {} });
    const response = await site(plain({ origin: EVIL }));
    assertEquals([response.status, await response.text()], [403, "Forbidden\n"]);
  });

  test("what passes is not marked: only a handshake can be", () => {
    const request = plain({ origin: GOOD });
    guard(() => new Response(), POLICY, options)(request);
    assertEquals(judgedConnection(request), undefined);
  });

  test("left out or handshakes: plain requests are not judged", () => {
    eachRow([{}, { requests: "handshakes" }, { requests: undefined }], (more) => {
      const wrap = LAYERS["guard()"]!(POLICY, more);
      assertEquals(outcomeOf(wrap, plain({ host: "a, b", origin: EVIL })), "handled");
    });
  });

  test("hostValidator has it not: it judges all requests, by their Host", () => {
    const make = () => hostValidator(() => new Response(), untyped({ allowedHosts: ["a.test"], ...options }));
    assertEquals(faultsOf(make), ["unknown-option requests -1"]);
  });
});

words.end();
