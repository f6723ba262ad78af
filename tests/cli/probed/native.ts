/**
 * A server in a process of its own, `bare` or `guarded`, whose end can be seen from outside.
 *
 * @module
 */

import process from "node:process";
import { originValidator } from "@wsgate/wsgate";
import { nativeUpgrade, serve } from "../../runtime.ts";

const handler = nativeUpgrade();
const untold = { onDecision: () => {} };
const { port } = serve(
  process.argv[2] === "bare"
    ? handler
    : originValidator(handler as never, ["https://app.example.com"], untold) as typeof handler,
);
console.log(JSON.stringify({ port }));
process.stdin.on("end", () => process.exit()).resume();
