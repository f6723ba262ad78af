/**
 * The runtimes that there are.
 */

import { bunRuntime } from "./bun.ts";
import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./session.ts";

const RUNTIMES: readonly Runtime[] = [denoRuntime, bunRuntime];

/** The runtime that a request came from with this context. Throws where none owns it: it was not handed on. */
export function runtimeOf(context: unknown): Runtime {
  const found = RUNTIMES.find((runtime) => runtime.owns(context));
  if (found === undefined) throw new TypeError("no server: pass the second argument on (in Hono, `c.env`)");
  return found;
}
