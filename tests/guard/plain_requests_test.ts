// What browsers sent when a page asked for no WebSocket, sent again to a real server of this runtime behind a validator
// with `requests: "all"`: which of the site's own requests pass, and which of other pages'.

import { after, describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { type DenyReason, originValidator } from "@wsgate/wsgate";
import { onDenied } from "../recorder.ts";
import { handshakeBytes, sendRaw, serve } from "../runtime.ts";
import { type CapturedRequest, isOwnRequest, judgeAll, plainRequests, plainVerdict } from "../vectors.ts";

const { requests } = plainRequests;
const headerOf = ({ headers }: CapturedRequest, wanted: string) =>
  headers.find(([name]) => name === wanted)?.[1];

describe("the captured plain requests, replayed to a server that judges them", () => {
  let reasons: DenyReason[] = [];
  let calls = 0;
  const siteFor = (origin: string) => {
    const { protocol, hostname } = new URL(origin);
    const [scheme] = protocol.split(":");
    return originValidator(
      () => {
        calls++;
        return new Response("served");
      },
      [origin],
      {
        hosts: [hostname],
        scheme: scheme as "http" | "https",
        requests: "all",
        onDecision: onDenied(({ reason }) => void reasons.push(reason)),
      },
    );
  };
  const goodsite = siteFor("https://goodsite.test:8443");
  const sites = new Map([
    ["https://goodsite.test:8443", goodsite],
    ["http://goodsite.test:8080", siteFor("http://goodsite.test:8080")],
    ["http://localhost:8080", siteFor("http://localhost:8080")],
  ]);
  // One at a time: a name that leads here gets a site that is not its own.
  let site = goodsite;
  const server = serve((request) => site(request));
  after(() => server.stop());

  async function replay(request: CapturedRequest): Promise<string | null> {
    site = sites.get(new URL(request.url).origin) ?? goodsite;
    reasons = [];
    calls = 0;
    const bytes = handshakeBytes("/plain", [...request.headers, ["Content-Length", "0"]], request.method);
    const { status } = await sendRaw(server.port, bytes, 10_000);
    if (calls + reasons.length !== 1) {
      return `${calls} calls, refused as ${JSON.stringify(reasons)}, ${status}`;
    }
    const expected = plainVerdict(request);
    const actual = reasons[0] ?? "allowed";
    if (actual !== expected) return `${actual} instead of ${expected}`;
    return status === (expected === "allowed" ? 200 : 403) ? null : `status ${status} for ${expected}`;
  }

  test("each gets the verdict that it has to get", { timeout: 60_000 }, async () => {
    await judgeAll("plain requests replayed", requests, 658, replay);
  });
});

/** The distinct ones, as one line each, and how many requests stand behind them. */
function told(given: readonly CapturedRequest[], line: (request: CapturedRequest) => string) {
  return { count: given.length, lines: [...new Set(given.map(line))].sort() };
}

describe("what those verdicts come to", () => {
  const own = requests.filter(isOwnRequest);
  const foreign = requests.filter((request) => !isOwnRequest(request));
  const passes = (request: CapturedRequest) => plainVerdict(request) === "allowed";

  test("everything is there: both browsers, three sites, and each way from each page", () => {
    const per = (browser: string) =>
      requests.filter((request) => request.browser === browser).map(({ page, way, url }) => [page, way, url]);
    assertEquals(per("chromium"), per("firefox"));
    assertEquals(Object.keys(plainRequests.browsers), ["chromium", "firefox"]);
    assertEquals([own.length, foreign.length, requests.length], [102, 556, 658]);
  });

  test("the site's own pass, but for `null` where nothing says whose it is", () => {
    const refused = own.filter((request) => !passes(request));
    assertEquals(
      told(refused, ({ browser, page, way, url }) => `${browser}: ${way}, ${page}, ${url}`),
      {
        count: 3,
        lines: [
          "chromium: form POST, its own page under no-referrer, http://goodsite.test:8080/plain",
          "firefox: form POST, its own page under no-referrer, http://goodsite.test:8080/plain",
          "firefox: no-cors POST, its own page under no-referrer, http://goodsite.test:8080/plain",
        ],
      },
    );
  });

  test("its own form under no-referrer, which says `null`, passes over TLS and on this machine", () => {
    const forms = own.filter((request) => headerOf(request, "Origin") === "null" && passes(request));
    assertEquals(
      told(forms, ({ browser, page, way, url }) => `${browser}: ${way}, ${page}, ${url}`),
      {
        count: 6,
        lines: [
          "chromium: form POST, its own page under no-referrer, http://localhost:8080/plain",
          "chromium: form POST, its own page under no-referrer, https://goodsite.test:8443/plain",
          "firefox: form POST, its own page under no-referrer, http://localhost:8080/plain",
          "firefox: form POST, its own page under no-referrer, https://goodsite.test:8443/plain",
          "firefox: no-cors POST, its own page under no-referrer, http://localhost:8080/plain",
          "firefox: no-cors POST, its own page under no-referrer, https://goodsite.test:8443/plain",
        ],
      },
    );
  });

  test("no other page's `null` says same-origin", () => {
    const others = foreign.filter((request) => headerOf(request, "Origin") === "null");
    assertEquals(
      told(others, (request) => headerOf(request, "Sec-Fetch-Site") ?? "nothing"),
      { count: 224, lines: ["cross-site", "nothing", "same-site"] },
    );
  });

  test("of other pages' all that have an Origin are refused", () => {
    const withOrigin = foreign.filter((request) => headerOf(request, "Origin") !== undefined);
    assertEquals(told(withOrigin, plainVerdict), {
      count: 445,
      lines: ["host-not-allowed", "origin-not-allowed", "origin-null"],
    });
  });

  test("and none pass but GETs without one: links, and what a page may load without asking", () => {
    const passing = foreign.filter(passes);
    assertEquals(passing.filter((request) => headerOf(request, "Origin") !== undefined), []);
    assertEquals(
      told(passing, ({ method, way }) => `${method} ${way}`),
      { count: 95, lines: ["GET link", "GET no-cors GET"] },
    );
  });
});
