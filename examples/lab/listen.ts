/**
 * A server on this machine alone, on either runtime.
 *
 * @module
 */

import { websocket, type Wrapped } from "@wsgate/wsgate";

/** What is served. */
export type Application = Wrapped<[], Response>;

/** Serves on this machine alone, on another port where the one asked for is taken; returns the port. */
export function listen(port: number, fetch: Application): number {
  try {
    return serve(port, fetch);
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    return serve(0, fetch);
  }
}

function serve(port: number, fetch: Application): number {
  const options = { port, hostname: "127.0.0.1" };
  if (typeof Deno !== "undefined") return Deno.serve({ ...options, onListen() {} }, fetch).addr.port;
  const { Bun } = globalThis as unknown as { Bun: { serve(options: unknown): { port: number } } };
  return Bun.serve({ ...options, fetch, websocket }).port;
}
