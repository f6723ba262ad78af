/**
 * A server for as long as a test needs one. Not in `peer.ts`: it loads the library, which looks for its runtime when it
 * is loaded, and some tests make one up before.
 *
 * @module
 */

import {
  originValidator,
  type SocketHandlers,
  type SocketOptions,
  upgradeHandler,
  websocket,
  type Wrapped,
} from "@wsgate/wsgate";
import { within } from "../in_time.ts";
import { type NativeHandler, serve } from "../runtime.ts";

/** A handler that upgrades for the pages of every site. */
export function openToAll(
  handlers: SocketHandlers = {},
  options: SocketOptions = {},
): Wrapped<[], Response> {
  const { onDecision } = options;
  return originValidator(
    upgradeHandler(handlers, options),
    ["*"],
    onDecision === undefined ? {} : { onDecision },
  );
}

/** Runs `act` against a server of `handler`, whose last act is that it stops. */
export async function serving(
  handler: NativeHandler,
  act: (port: number) => Promise<void>,
  bunWebsocket: unknown = websocket,
): Promise<void> {
  const server = serve(handler, bunWebsocket);
  try {
    await act(server.port);
  } finally {
    await within(20, "the server stops", server.stop());
  }
}
