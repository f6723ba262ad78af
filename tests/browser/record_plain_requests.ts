/**
 * Writes `tests/vectors/plain_requests.json` anew, from the browsers that are installed:
 *
 *     deno run -A tests/browser/record_plain_requests.ts
 *
 * The server is Bun's, which speaks HTTP/1.1 over TLS too, so that each request has its Host. `plain_requests_test.ts`
 * asks for all of it again and compares.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import type { CapturedRequest } from "../vectors.ts";
import { browsers } from "./browser.ts";
import { arrivalOf, ask, PLACES, startPlain, waysOf } from "./plain_requests.ts";

const versions: Record<string, string> = {};
const requests: CapturedRequest[] = [];
for (const program of browsers()) {
  const { page, port, version, close } = await startPlain(program, "bun");
  versions[program.name] = version;
  for (const place of PLACES) {
    for (const way of waysOf(place)) {
      const id = String(requests.length);
      const saw = await ask(page, place, way, id);
      const { method, headers, judged, status } = await arrivalOf(port, id);
      console.log(program.name, place.target, place.name, way, method, judged, status, JSON.stringify(saw));
      requests.push({
        browser: program.name,
        page: place.name,
        page_url: place.page,
        way,
        method,
        url: `${place.target}/plain`,
        headers,
      });
    }
  }
  await close();
}

const ABOUT =
  "What browsers send when a page asks for no WebSocket: each way to ask, from each kind of page. Of the headers those " +
  "that say where a request comes from; the cookies are named after their SameSite. Written by " +
  "tests/browser/record_plain_requests.ts.";
const lines = requests.map((request) => JSON.stringify(request)).join(",\n");
writeFileSync(
  new URL("../vectors/plain_requests.json", import.meta.url),
  `{"about": ${JSON.stringify(ABOUT)},\n"browsers": ${
    JSON.stringify(versions)
  },\n"requests": [\n${lines}\n]}\n`,
);
