/**
 * The server that pages ask for no WebSocket: behind a guard that judges plain requests too. It notes what arrived and how
 * it was judged.
 *
 *     deno run -A tests/browser/plain_server.ts CERTIFICATE KEY    bun run tests/browser/plain_server.ts CERTIFICATE KEY
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { getCookies, type Handler, originValidator, routeParams, urlRouter } from "@wsgate/wsgate";
import { onDenied } from "../recorder.ts";
import { serveOn } from "../runtime.ts";
import type { PlainArrival } from "./plain_requests.ts";

const arrivals = new Map<string, PlainArrival>();
const reasons = new WeakMap<object, string>();

/** Outside the guard. */
function noted(handler: Handler): Handler {
  return async (request, context) => {
    const { id } = routeParams(request);
    const { method, url } = request;
    const names = ["Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"];
    const headers = names.flatMap((name): [string, string][] => {
      const value = request.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const cookies = [...getCookies(request).keys()].sort();
    if (cookies.length > 0) headers.push(["Cookie", cookies.map((name) => `${name}=1`).join("; ")]);
    const response = await handler(request, context);
    const judged = reasons.get(request) ?? "allowed";
    arrivals.set(id!, { method, url, headers, judged, status: response!.status });
    return response;
  };
}

/** An event stream for whoever asks for one. */
const site: Handler = (request) =>
  request.headers.get("accept") === "text/event-stream"
    ? new Response("data: served\n\n", { headers: { "content-type": "text/event-stream" } })
    : new Response("served", { headers: { "content-type": "text/html" } });

const guarded = originValidator(site, ["'self'"], {
  hosts: ["goodsite.test", "localhost"],
  requests: "all",
  onDecision: onDenied(({ reason, request }) => void reasons.set(request as Request, reason)),
});

const script = readFileSync(new URL("plain_page.js", import.meta.url), "utf8");
const html = (headers: [string, string][] = []) =>
  new Response('<!doctype html><title>page</title><body><script src="/page.js"></script>', {
    headers: [["content-type", "text/html; charset=utf-8"], ...headers],
  });

/** What SameSite says is said: a browser's own default changes with the age of the cookie. */
const COOKIES = ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure"];

const fetch = urlRouter([
  ["/plain/:id", noted(guarded)],
  ["/page", () => html()],
  ["/page.js", () => new Response(script, { headers: { "content-type": "text/javascript" } })],
  ["/no-referrer", () => html([["referrer-policy", "no-referrer"]])],
  [
    "/login",
    () => html(COOKIES.map((cookie): [string, string] => ["set-cookie", `${cookie}; Max-Age=3600`])),
  ],
  // 307: the method stays.
  ["/redirect", ({ url }) => Response.redirect(new URL(url).searchParams.get("to")!, 307)],
  ["/arrivals/:id", (request) => Response.json(arrivals.get(routeParams(request)["id"]!) ?? null)],
]);

const [cert, key] = process.argv.slice(2);
const http = serveOn({}, fetch, undefined).port;
const https = serveOn({ tls: { cert: cert!, key: key! } }, fetch, undefined).port;
console.log(JSON.stringify({ http, https }));
process.stdin.resume().on("end", () => process.exit());
