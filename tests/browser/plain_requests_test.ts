/**
 * What browsers send when a page asks for no WebSocket is what `tests/vectors/plain_requests.json` says, and a guard with
 * `requests: "all"` on each runtime does with it what it has to. One driver, on Deno.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { type CapturedRequest, plainRequests, plainVerdict } from "../vectors.ts";
import { type BrowserProgram, browsers } from "./browser.ts";
import {
  arrivalOf,
  ask,
  ELSEWHERE,
  type Place,
  PLACES,
  type PlainArrival,
  type PlainSession,
  startPlain,
  waysOf,
} from "./plain_requests.ts";

const PATIENCE_MS = 60_000;

for (const browser of browsers()) {
  for (const runtime of ["deno", "bun"] as const) suite(browser, runtime);
}

function suite(browser: BrowserProgram, runtime: "deno" | "bun"): void {
  const title = `${browser.name} asks a server on ${runtime} for no WebSocket`;
  if (browser.skip) {
    it(`${title}: ${PLACES.length} pages`, { skip: browser.skip }, () => {});
    return;
  }
  describe(title, () => {
    let session: PlainSession | undefined;
    let number = 0;
    before(async () => {
      session = await startPlain(browser, runtime);
    }, { timeout: 2 * PATIENCE_MS });
    after(() => session?.close());

    for (const place of PLACES) {
      it(`${place.target}, ${place.name}`, { timeout: 3 * PATIENCE_MS }, async () => {
        const { page, port } = session!;
        const found = [];
        for (const way of waysOf(place)) {
          const id = String(++number);
          const saw = await ask(page, place, way, id);
          const { url, ...arrived } = await arrivalOf(port, id);
          assertEquals(url, `${place.target}/plain/${id}`);
          found.push({ way, ...arrived, saw });
        }
        const expected = capturedFrom(browser, place).map((request) => expectedOf(request, place, runtime));
        assertEquals(found, expected);
      });
    }
  });
}

function capturedFrom({ name }: BrowserProgram, place: Place): CapturedRequest[] {
  return plainRequests.requests.filter(({ browser, page, url }) =>
    browser === name && page === place.name && url === `${place.target}/plain`
  );
}

/** What arrives, what the guard says, and what the page sees. */
function expectedOf(request: CapturedRequest, place: Place, runtime: "deno" | "bun") {
  const judged = plainVerdict(request);
  // Deno speaks HTTP/2 over TLS, which has no Host: the URL alone says which site is asked for.
  const hasHost = runtime === "bun" || !place.target.startsWith("https:");
  return {
    way: request.way,
    method: request.method,
    headers: request.headers.filter(([name]) => hasHost || name !== "Host"),
    judged,
    status: judged === "allowed" ? 200 : 403,
    saw: seen(place, request.way, judged),
  } satisfies Omit<PlainArrival, "url"> & { way: string; saw: string };
}

function seen(place: Place, way: string, judged: string): string {
  const text = judged === "allowed" ? "served" : "Forbidden";
  if (/^(?:link|form|typed)/.test(way)) return place.sandboxed ? "navigated" : text;
  if (way === "EventSource") return judged === "allowed" ? text : "error";
  const isReadable = place.page!.startsWith(`${place.target}/`) && !place.sandboxed &&
    !way.includes(ELSEWHERE);
  if (isReadable) return text;
  // The guard adds no CORS headers, so no page of another origin reads what it lets pass.
  return way.startsWith("no-cors") ? "opaque" : "TypeError";
}
