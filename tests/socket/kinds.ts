/**
 * What a session needs besides a runtime's socket: what it shares with the other sockets of its handler.
 *
 * @module
 */

import type { Limits, SocketHandlers, SocketKind } from "../../src/socket/socket.ts";

/** Limits that are in nobody's way. */
export const ROOMY: Limits = {
  idleTimeoutSeconds: 0,
  maxMessageBytes: 1000,
  maxBufferedBytes: 1000,
  maxWaitingMessages: 100,
  maxSockets: Infinity,
};

/** In place of the console: nothing may go there unless a test says so. */
function throwOn(error: unknown): never {
  throw error;
}

/** The kind of one session, or of those that are given it. */
export function kindOf(
  handlers: SocketHandlers = {},
  limits: Partial<Limits> = {},
  { report = throwOn, reportLimit = throwOn }: Partial<Pick<SocketKind, "report" | "reportLimit">> = {},
): SocketKind {
  return { handlers, limits: { ...ROOMY, ...limits }, report, reportLimit, open: 0 };
}
