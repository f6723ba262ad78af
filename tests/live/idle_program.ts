/**
 * A program that has an open socket and nothing else to do: it ends by itself. Run by `processes_test.ts`.
 *
 * @module
 */

import { createLiveSockets } from "@wsgate/wsgate/live";

const live = createLiveSockets({ longestSessionSeconds: 60 });
const request = { rawHeaders: [] };
await live.admit(request, { id: "a" });
live.track(request, { close() {} });
console.log(live.size);
