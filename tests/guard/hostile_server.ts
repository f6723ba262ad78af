// The server that `hostile_bytes_test.ts` throws bytes at: one guarded handler and one guarded site, on two ports.
// Its only argument is the list of origins, as JSON. It ends when its stdin does.

import process from "node:process";
import { compilePolicy, guard } from "@wsgate/wsgate";
import { type NativeHandler, nativeUpgrade, serve } from "../runtime.ts";

const policy = compilePolicy({ origins: JSON.parse(process.argv.at(-1)!) });
const upgrade = nativeUpgrade();

/**
 * A site that upgrades whatever the runtime lets it upgrade, and serves the rest: what the guard takes for an
 * ordinary request is offered to the runtime as a handshake all the same, so an oversight of the guard shows as a 101.
 */
const site: NativeHandler = async (request, context) => {
  const response = await upgrade(request, context);
  if (response === undefined || response.status !== 400) return response;
  return new Response(request.body, { headers: { "x-method": request.method } });
};

const handler = serve(guard(upgrade, policy));
const whole = serve(guard(site, policy));

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
console.log(JSON.stringify({ handler: handler.port, site: whole.port }));
