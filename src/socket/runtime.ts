/**
 * The runtimes that there are.
 */

import { bunRuntime, isBun } from "./bun.ts";
import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./session.ts";

const RUNTIMES: readonly Runtime[] = [denoRuntime, bunRuntime];

/** The runtime that a request came from with this context. Throws where none owns it, with what has to be done. */
export function runtimeOf(context: unknown): Runtime {
  const found = RUNTIMES.find((runtime) => runtime.owns(context));
  if (found === undefined) throw new TypeError(isBun() ? NO_SERVER : NO_RUNTIME);
  return found;
}

const NO_SERVER = "no server: pass the second argument on (in Hono, `c.env`)";
const NO_RUNTIME =
  "Upgrade with this runtime's own sockets, behind a guard or a gate (on Node createNodeGate() of " +
  "@wsgate/wsgate/node). upgradeHandler() needs Deno or Bun";
