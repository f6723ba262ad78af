/**
 * Try the library without a server: a page that runs it in the browser.
 *
 *     deno task playground
 *     bun run examples/playground.ts
 *     deno task playground 8000          on port 8000; 0: on any that is free
 *
 * Then open the address that it prints. What it serves is what `examples/playground/build.ts` writes for a static host.
 *
 * @module
 */

import process from "node:process";
import { routeParams, urlRouter } from "@wsgate/wsgate";
import { listen } from "./lab/listen.ts";
import { playgroundFile } from "./playground/files.ts";

const wanted = Number(process.argv[2] ?? 4410);
if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535) {
  console.error(`The playground's port is a number from 0 to 65535, not ${JSON.stringify(process.argv[2])}`);
  process.exit(2);
}
const pages = urlRouter([["/*", (request: Request) => playgroundFile(routeParams(request)["*"]!)]]);
const port = listen(wanted, pages);
console.log(`
  The wsgate playground: http://localhost:${port}/

  What you write there stays in the page. Ctrl+C ends it.
`);
