/**
 * What a Deno program has beyond `surface.ts`, against Deno's own types. `deno check` is the test of both; the
 * marks are as they are there.
 *
 * @module
 */

import { allowedHostsOriginValidator, deny, guard, type Handler, originValidator } from "@wsgate/wsgate";
import { plain, policy, request, type Same, theWholeNesting, theWholeProgram, wrappers } from "./surface.ts";

declare global {
  /** What a native handler is given on Deno, and what it answers. */
  type NativeContext = Deno.ServeHandlerInfo;
  type NativeAnswer = Response;
}

/** What an application on Deno writes by itself; the context is part of what it needs. */
function native(request: Request, info: Deno.ServeHandlerInfo): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  const peer = info.remoteAddr.transport === "tcp" ? info.remoteAddr.hostname : "local";
  socket.onopen = () => socket.send(peer);
  return response;
}

// ------------------------------------------------------------------------------------- what must compile

export function nativeNesting(): void {
  const fetch = theWholeNesting();
  Deno.serve(fetch);
  Deno.serve({ port: 0, hostname: "127.0.0.1" }, fetch);
  Deno.serve({ port: 0, cert: "…", key: "…" }, fetch);
  Deno.serve({ path: "/run/site.sock" }, fetch);
  Deno.serve({ port: 0, handler: fetch });
  ({ fetch }) satisfies Deno.ServeDefaultExport;
}

export function ownHandler(): void {
  const program = theWholeProgram();
  Deno.serve(program.fetch);
  Deno.serve({ port: 0, cert: "…", key: "…" }, program.fetch);
  program satisfies Deno.ServeDefaultExport;
}

/** What the wrappers give back is what `Deno.serve` takes. */
export const handlers: readonly Deno.ServeHandler[] = [...wrappers, guard(native, policy)];

/** A handler that wants a TCP peer keeps its narrower context through a wrapper. */
export function contextKeepsItsType(): void {
  const handler = guard((request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
    return info.remoteAddr.port > 1024 ? native(request, info) : plain(request);
  }, policy);
  Deno.serve({ port: 0 }, handler);
  const same: Same<
    typeof handler,
    (request: Request, context: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>
  > = true;
  void same;
}

/** The hooks see the context of the handler they stand beside. */
export const hooks: readonly Deno.ServeHandler[] = [
  guard(native, policy, {
    refuse: (denied, _request, info) => {
      const peer: Deno.Addr = info.remoteAddr;
      return peer.transport === "tcp" ? new Response(peer.hostname) : deny(denied);
    },
  }),
  allowedHostsOriginValidator(native, {
    allowedHosts: ["goodsite.com"],
    refuse: (denied, _request, info) => new Response(info.remoteAddr.transport, { status: denied.status }),
  }),
];

/** A hook may be what needs the context, though the handler does not: then the wrapped handler needs it. */
export const contextForTheHook: (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | Promise<Response> = guard(plain, policy, {
  refuse: (denied, _request, info: Deno.ServeHandlerInfo) => {
    return new Response(info.remoteAddr.transport, { status: denied.status });
  },
});

/** A handler answers with a Response, where its type says nothing else. */
export function generic<C>(handler: Handler<C>): Handler<C> {
  return guard(handler, policy) as Handler<C>;
}

// --------------------------------------------------------------------------------- what must not compile

export function mistakes(): void {
  // @ts-expect-error TS2322: a variable of the environment may be unset.
  originValidator(plain, [Deno.env.get("ALLOWED_ORIGIN")]);
  // @ts-expect-error TS2353: not any context, but Deno's.
  guard(native, policy)(request, { upgrade: () => true });
  // @ts-expect-error TS2769: Deno takes no handler that may answer nothing.
  Deno.serve(guard((request: Request) => request.url === "/" ? undefined : plain(request), policy));
}
