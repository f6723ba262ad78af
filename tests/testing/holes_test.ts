// Policies, gates and handlers with a hole, each of which the kit names; and good ones, of which it says nothing.

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import {
  allowedHostsOriginValidator,
  compileAllowedHosts,
  compilePolicy,
  createGate,
  guard,
  originValidator,
  protocolTypeRouter,
  urlRouter,
} from "@wsgate/wsgate";
import { assertWithstands, attacksOn, type Site, type Target } from "@wsgate/wsgate/testing";
import { failuresOf } from "./failures.ts";

const OWN = "https://app.example.com";
const SITE: Site = { origins: [OWN], to: "wss://ws.example.com/chat" };
const QUIET = { onDeny: () => {} };

/** A handler that somebody has written by hand: it lets in what this says of Origin, "" where there is none. */
function byHand(lets: (origin: string, request: Request) => boolean): Target {
  return (request) => {
    const isIn = lets(request.headers.get("origin") ?? "", request);
    return new Response(null, { status: isIn ? 200 : 403 });
  };
}

/** As an expression has it: up to a colon or a slash. */
const hostOf = (origin: string) => /^[a-z-]+:\/\/([^:/]*)/.exec(origin)?.[1] ?? "";

const SUBDOMAINS = "sibling-subdomain subdomain-of-own www-twin";
const NEIGHBORS = `whole-name-as-suffix ${SUBDOMAINS}`;
const SCHEMES = "other-port cleartext-page cleartext-sibling";
const LONGER = "longer-ending hyphen-after-name underscore-after-name comma-after-name odd-character";
const PATHS = "slash-at-end path-in-capitals path-parameter";

/** `holes`: everything that gets in, "*" for all there is, and which own page is kept out; in the order of the corpus. */
type Broken = readonly [name: string, target: Target, holes: string, site?: Partial<Site>];

const POLICIES: readonly Broken[] = [
  ["the scheme ignored", compilePolicy({ origins: ["app.example.com"] }), "other-port cleartext-page"],
  [
    "any scheme and port, where https is meant",
    compilePolicy({ origins: [".example.com"] }),
    SCHEMES,
    { trusts: ["https://.example.com"] },
  ],
  ["every subdomain", compilePolicy({ origins: ["https://*.example.com"] }), NEIGHBORS],
  [
    "every subdomain, and the parent",
    compilePolicy({ origins: ["https://.example.com"] }),
    `whole-name-as-suffix parent-domain ${SUBDOMAINS}`,
  ],
  ["any port", compilePolicy({ origins: ["https://app.example.com:*"] }), "other-port"],
  ["null allowed", compilePolicy({ origins: [OWN], dangerouslyAllow: ["null"] }), "sandboxed-frame"],
  [
    "absent allowed, cookies or not",
    compilePolicy({ origins: [OWN], absent: "allow" }),
    "absent-with-cookie",
  ],
  [
    "absent allowed, where only what has no login is meant",
    compilePolicy({ origins: [OWN], absent: "allow" }),
    "absent-with-cookie",
    { absent: "allow-without-credentials" },
  ],
  [
    "debug left on",
    compilePolicy({ origins: [OWN], debug: true }),
    "loopback-page loopback-address-page",
  ],
  [
    "every extension of a browser",
    compilePolicy({ origins: [OWN, "moz-extension://*"] }),
    "firefox-extension",
  ],
  ["every app of a framework", compilePolicy({ origins: [OWN, "capacitor://localhost"] }), "app-shell"],
  [
    "a wildcard over a shared suffix",
    compilePolicy({ origins: [], dangerouslyAllow: ["https://*.github.io"] }),
    `suffix-without-dot suffix-after-hyphen look-alike other-customer ${SUBDOMAINS}`,
    { origins: ["https://me.github.io"] },
  ],
  [
    "allowed hosts, where the pages are https",
    compileAllowedHosts({ allowedHosts: ["app.example.com", "ws.example.com"] }),
    "other-port cleartext-page",
  ],
  ["the own page forgotten", compilePolicy({ origins: ["https://www.example.com"] }), `own ${OWN}`],
  ["the own host forgotten", compilePolicy({ origins: [OWN], hosts: ["app.example.com"] }), `own ${OWN}`],
  [
    "a stranger trusted, and one of two own pages forgotten",
    compilePolicy({ origins: [OWN, "http://127.0.0.1:9999"] }),
    "loopback-address-page own https://example.com",
    { origins: [OWN, "https://example.com"] },
  ],
];

/** What was published of others, as a handler with the same hole. */
const PUBLISHED: readonly Broken[] = [
  ["Uptime Kuma CVE-2023-49805: no check", byHand(() => true), "*"],
  [
    "Phoenix CVE-2022-42975: a suffix without its dot",
    byHand((origin) => hostOf(origin).endsWith("example.com")),
    "suffix-without-dot suffix-after-hyphen whole-name-as-suffix unescaped-dot parent-domain " +
    `${SUBDOMAINS} ${SCHEMES}`,
  ],
  [
    "jupyter_server CVE-2026-40110: an expression without its end",
    byHand((origin) => /^https:\/\/app\.example\.com/.test(origin)),
    `name-in-front ${LONGER} other-port`,
  ],
  [
    "Bokeh CVE-2026-21883: labels compared as far as the shorter name goes",
    byHand((origin) => ["app", "example", "com"].every((label, i) => hostOf(origin).split(".")[i] === label)),
    "name-in-front other-port cleartext-page",
  ],
  [
    "gin-contrib/cors CVE-2019-25211: the host of a pattern with a wildcard taken for a prefix",
    byHand((origin) => origin.startsWith("https://app.example.com:*".slice(0, -2))),
    `name-in-front ${LONGER} other-port`,
  ],
  [
    "nginx-ui CVE-2026-34403: whatever ends in the own host, of either scheme",
    byHand((origin) => /(?:^|\.)app\.example\.com$/.test(hostOf(origin))),
    "subdomain-of-own www-twin other-port cleartext-page",
  ],
  [
    "Dozzle CVE-2026-44985: left to SameSite, which the same site passes",
    byHand((origin) => /(?:^|\.)example\.com$/.test(hostOf(origin))),
    `whole-name-as-suffix parent-domain ${SUBDOMAINS} ${SCHEMES}`,
  ],
  [
    "MCP CVE-2025-66414: Origin compared with a Host that nobody checks",
    byHand((origin, { headers }) => origin === OWN || hostOf(origin) === headers.get("host")),
    "rebinding rebinding-name-in-front rebinding-name-of-address any-address",
  ],
  [
    "MCP Inspector CVE-2025-49596: 0.0.0.0 taken for this machine",
    byHand((origin) => origin === OWN || hostOf(origin) === "0.0.0.0"),
    "any-address",
  ],
  [
    "webpack-dev-server CVE-2025-30360: addresses let in wholesale",
    byHand((origin) => origin === OWN || /^(?:\d+(?:\.\d+){3}|\[.*)$/.test(hostOf(origin))),
    "loopback-address-page address-page ipv6-address-page any-address",
  ],
  [
    "Next CVE-2026-27977: null let in",
    byHand((origin) => origin === OWN || origin === "null"),
    "sandboxed-frame",
  ],
  [
    "Mailpit GHSA-8r62-w5wh-fc5m: a guard by the path as it is sent",
    byHand((origin, { url }) => origin === OWN || new URL(url).pathname !== "/chat"),
    `encoded-path doubled-slash ${PATHS}`,
  ],
];

/** What somebody writes in an afternoon. */
const BY_HAND: readonly Broken[] = [
  [
    "an absent Origin let in, as gorilla does",
    byHand((origin, { headers }) => origin === OWN || !headers.has("origin")),
    "absent-with-cookie",
  ],
  [
    "an empty Origin taken for an absent one",
    byHand((origin) => origin === OWN || origin === ""),
    "absent-with-cookie empty-origin",
  ],
  [
    "an expression without anchors",
    byHand((origin) => /app\.example\.com/.test(origin)),
    `whole-name-as-suffix name-in-front name-in-the-middle ${LONGER} ` +
    "subdomain-of-own www-twin other-port cleartext-page",
  ],
  [
    "a dot that stands for any letter",
    byHand((origin) => /^https:\/\/app.example.com$/.test(origin)),
    "unescaped-dot",
  ],
  [
    "the parent's name in front",
    byHand((origin) => origin === OWN || origin.startsWith("https://example.com")),
    "domain-in-front parent-domain",
  ],
  ["a list split at its commas", byHand((origin) => origin.split(",").includes(OWN)), "comma-after-name"],
  [
    "letters folded before they are compared",
    byHand((origin) => origin.replace("xn--xample-2of", "example") === OWN),
    "look-alike",
  ],
  [
    "any ending",
    byHand((origin) => hostOf(origin).startsWith("app.example.")),
    `name-in-front ${LONGER} other-ending other-port cleartext-page`,
  ],
  ["www taken for the same", byHand((origin) => origin.replace("www.", "") === OWN), "www-twin"],
  [
    "http for any sibling",
    byHand((origin) => origin === OWN || /^http:\/\/\w+\.example\.com$/.test(origin)),
    "cleartext-page cleartext-sibling",
  ],
  [
    "every app and extension",
    byHand((origin) => origin === OWN || !origin.startsWith("http")),
    "sandboxed-frame other-extension firefox-extension app-shell file-page absent-with-cookie empty-origin",
  ],
  [
    "this machine anywhere in the name",
    byHand((origin) => origin === OWN || /localhost|127\.0\.0\.1/.test(origin)),
    "app-shell loopback-page loopback-address-page name-like-an-address localhost-in-name " +
    "rebinding-name-of-address",
  ],
  [
    "the origin of the query before that of the header",
    byHand((origin, { url }) => (new URL(url).searchParams.get("origin") ?? origin) === OWN),
    "own-origin-in-query",
  ],
  [
    "the whole target compared",
    byHand((origin, { url }) => origin === OWN || !url.endsWith("/chat")),
    `encoded-path ${PATHS} forgotten-query own-origin-in-query`,
  ],
  ["a gate that lets everybody in", createGate({ origins: ["*"] }, QUIET), "*"],
  ["a handler without its guard", () => new Response("upgraded"), "*"],
  ["a handler that fails", () => new Response(null, { status: 500 }), `* own ${OWN}`],
  [
    "a parser that throws",
    byHand((origin) => new URL(origin).origin === OWN),
    "sandboxed-frame absent-with-cookie empty-origin",
  ],
];

/** Those of a victim's browser, which count for every target. */
const ASKED = attacksOn(SITE).filter(({ sender }) => sender !== "program").map(({ name }) => name);

describe("a hole is named, and nothing else", () => {
  for (const [name, target, holes, more] of [...POLICIES, ...PUBLISHED, ...BY_HAND]) {
    it(name, async () => {
      const found = await failuresOf(target, { ...SITE, ...more });
      assertEquals(found.join(" "), holes.replace("*", ASKED.join(" ")));
    });
  }

  it("there is no attack that only a handler without any check would let in", () => {
    const told = [...POLICIES, ...PUBLISHED, ...BY_HAND].flatMap(([, , holes]) => holes.split(" "));
    // `foreign-page` is just that.
    assertEquals(ASKED.filter((name) => !told.includes(name)), ["foreign-page"]);
  });

  it("what a program alone sends counts for policies", async () => {
    const found = await failuresOf(compilePolicy({ origins: ["*"] }), SITE);
    assertEquals(
      attacksOn(SITE).map(({ name }) => name).filter((name) => !found.includes(name)),
      // Its Host is refused whatever the list says.
      ["doubled-host", "host-with-userinfo", "absolute-form"],
    );
  });
});

type Right = readonly [name: string, target: Target, site?: Partial<Site>];

const upgraded = () => Object.defineProperty(new Response(), "status", { value: 101 });
const chat = urlRouter([["/chat", () => upgraded()]], QUIET);

const RIGHT: readonly Right[] = [
  ["the own pages", compilePolicy({ origins: [OWN] })],
  ["the own pages and hosts", compilePolicy({ origins: [OWN], hosts: ["ws.example.com"] })],
  [
    "'self', whose page is the host of the socket",
    compilePolicy({ origins: ["'self'", OWN], hosts: ["ws.example.com"] }),
    { origins: [OWN, "https://ws.example.com"] },
  ],
  [
    "three own pages of one domain",
    compilePolicy({ origins: [OWN, "https://example.com", "https://www.example.com"] }),
    { origins: [OWN, "https://example.com", "https://www.example.com"] },
  ],
  [
    "subdomains, which are trusted",
    compilePolicy({ origins: ["https://.example.com"] }),
    { trusts: ["https://.example.com"] },
  ],
  [
    "less than is trusted",
    compilePolicy({ origins: ["https://*.example.com"] }),
    { trusts: [".example.com"] },
  ],
  [
    "allowed hosts, which are trusted",
    compileAllowedHosts({ allowedHosts: [".example.com"] }),
    { trusts: [".example.com"] },
  ],
  [
    "any port of the own host, which is trusted",
    compilePolicy({ origins: ["https://app.example.com:*"] }),
    { trusts: ["https://app.example.com:*"] },
  ],
  ["programs without a login", compilePolicy({ origins: [OWN], absent: "allow-without-credentials" })],
  ["programs, where that is meant", compilePolicy({ origins: [OWN], absent: "allow" }), { absent: "allow" }],
  [
    "debug, where local programs are trusted",
    compilePolicy({ origins: [OWN], debug: true }),
    { trusts: ["localhost", "127.0.0.1"] },
  ],
  [
    "sandboxed frames, apps and extensions, which are trusted",
    compilePolicy({
      origins: [OWN, "capacitor://localhost", "moz-extension://*"],
      dangerouslyAllow: ["null"],
    }),
    { trusts: ["capacitor://localhost", "moz-extension://*", "null"] },
  ],
  [
    "a name below a shared suffix",
    compilePolicy({ origins: ["https://*.me.github.io", "https://me.github.io"] }),
    { origins: ["https://me.github.io"], trusts: ["https://.me.github.io"] },
  ],
  [
    "pages on this machine",
    compilePolicy({ origins: ["http://localhost:3000"], hosts: ["localhost", "127.0.0.1"] }),
    { origins: ["http://localhost:3000"], to: "ws://127.0.0.1:8000/" },
  ],
  [
    "pages by an address",
    compilePolicy({ origins: ["http://[::1]:8000"], hosts: ["[::1]"] }),
    { origins: ["http://[::1]:8000"], to: "ws://[::1]:8000/chat" },
  ],
  [
    "an app alone",
    compilePolicy({ origins: ["capacitor://localhost"] }),
    { origins: ["capacitor://localhost"] },
  ],
  ["a gate", createGate({ origins: [OWN] }, QUIET)],
  ["a gate with a policy for each site", createGate(() => compilePolicy({ origins: [OWN] }), QUIET)],
  ["a guard", guard(() => new Response(), { origins: [OWN], hosts: ["ws.example.com"] }, QUIET)],
  [
    "a guard that waits before it answers",
    guard(
      async () => {
        await Promise.resolve();
        return new Response("in");
      },
      { origins: [OWN] },
      QUIET,
    ),
  ],
  ["originValidator()", originValidator(() => upgraded(), [OWN], QUIET)],
  [
    "allowedHostsOriginValidator()",
    allowedHostsOriginValidator(() => upgraded(), { allowedHosts: [".example.com"], ...QUIET }),
    { trusts: [".example.com"] },
  ],
  [
    "a whole site",
    protocolTypeRouter({
      http: () => new Response("the site"),
      websocket: originValidator(chat, [OWN], QUIET),
    }, QUIET),
  ],
  ["an exact comparison by hand", byHand((origin) => origin === OWN)],
  [
    "one behind a router that leads other spellings back to the path",
    (request) => {
      if (new URL(request.url).pathname !== "/chat") return Response.redirect("https://ws.example.com/chat");
      return new Response(null, { status: request.headers.get("origin") === OWN ? 200 : 403 });
    },
  ],
  [
    "one that is too busy for strangers",
    (request) => new Response(null, { status: request.headers.get("origin") === OWN ? 204 : 503 }),
  ],
];

describe("nothing is said of", () => {
  for (const [name, target, more] of RIGHT) {
    it(name, () => assertWithstands(target, { ...SITE, ...more }));
  }
});
