// The validators of Django Channels: what they make of their lists and options. What they share with every guard is in
// `guard_test.ts`.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  type AllowedHostsOptions,
  allowedHostsOriginValidator,
  authMiddlewareStack,
  hostValidator,
  originValidator,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { handshakeRequest, type Parts, requestOf } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow, product } from "../rows.ts";
import { context, EVIL, GOOD, outcomeOf } from "./wrapping.ts";

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
    const { handler, onDecision, reasons } = recorder();
    const wrapped = originValidator(handler, allowed, { onDecision });
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
    const ours = ["https://site.test", "http://a.b.site.test:3000", "http://[::1]", "https://[::1]:8443"];
    const strangers = [
      "https://evilsite.test",
      "https://site.test.evil.test",
      "ws://site.test",
      "app://site.test",
    ];
    eachRow(["site.test", "www.site.test:8443", "[::1]:3000"], (host) => {
      eachRow(ours, (origin) => assertEquals(ask(options, host, origin), "handled"));
      eachRow(strangers, (origin) => assertEquals(ask(options, host, origin), "origin-not-allowed"));
      assertEquals(ask(options, host, null), "origin-absent");
      assertEquals(ask(options, host, "null"), "origin-null");
    });
    eachRow(["evil.test", "evilsite.test", "127.0.0.1", "localhost"], (host) => {
      assertEquals(ask(options, host, "https://site.test"), "host-not-allowed");
    });
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
    eachRow(["localhost", "app.localhost", "127.0.0.1", "[::1]"], (host) => {
      assertEquals(ask(options, `${host}:3000`, `http://${host}:3000`), "handled");
      assertEquals(ask(options, `${host}:3000`, "https://site.test"), "origin-not-allowed");
    });
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
    const upgrades = [null, "websocket", "h2c, websocket", "h2c"];
    const origins = [null, "null", EVIL, "x"];
    eachRow(product(upgrades, origins, ["GET", "POST", "CONNECT"]), ([upgrade, origin, method]) => {
      const at = (host: string | null, url = "/") => ask({ method, url, headers: { host, origin, upgrade } });
      assertEquals(at("site.test"), "handled");
      assertEquals(at("WWW.site.test:8443"), "handled");
      assertEquals(at("evil.test"), "host-not-allowed");
      assertEquals(at("localhost"), "host-not-allowed");
      assertEquals(at("site.test, evil.test"), "host-malformed");
      assertEquals(at("site.test", "http://evil.test/"), "host-mismatch");
      assertEquals(at(null), "host-absent");
    });
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
    eachRow(["websocket", "h2c, websocket"], (upgrade) => {
      assertEquals(ask({ url: "https://site.test/", headers: { upgrade } }), "host-absent");
    });
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
    const { reasons, onDecision } = recorder();
    const auth = authMiddlewareStack({ user: () => ({}), onDecision });
    const site = hostValidator(auth(() => new Response()), { allowedHosts: ["site.test"] });
    site(handshakeRequest("http://site.test"), context);
    assertEquals(reasons, ["origin-unchecked"]);
  });

  test("one object serves the site and the sockets", () => {
    const hosts = {
      allowedHosts: ["site.test"],
      scheme: "https" as const,
      debug: true,
      onDecision() {},
      refuse: () => new Response(),
    };
    hostValidator(() => new Response(), hosts);
    allowedHostsOriginValidator(() => new Response(), hosts);
  });
});

// ---- faults ---------------------------------------------------------------------------------------------------------
