// deno-fmt-ignore-file
/**
 * What inference cannot give on Bun, each with what is there instead. Where one of these begins to work, its line fails.
 *
 * @module
 */

import { originValidator, protocolTypeRouter, urlRouter } from "@wsgate/wsgate";
interface Data { readonly user: string }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const list = ["https://example.com"];
const websocket = { message() {} };

// 1. The type of `server` where Bun.serve has itself still to infer what its sockets carry: TypeScript resolves the call
//    inside before it has inferred the type arguments of the call outside. It is any. Bun.serve<Data> makes it exact.
Bun.serve({ websocket, fetch: originValidator((req, server) => {
  const any: Same<typeof server, any> = true;
  return any && server.upgrade(req) ? undefined : new Response("no");
}, list) });
Bun.serve<undefined>({ websocket, fetch: originValidator((req, server) => {
  const exact: Same<typeof server, Bun.Server<undefined>> = true;
  return exact && server.upgrade(req) ? undefined : new Response("no");
}, list) });

// 2. Some type arguments and not the others.
// @ts-expect-error TS2558
originValidator<Bun.Server<Data>>((req, server) => server.upgrade(req, { data: { user: "a" } }) ? undefined : new Response(), list);

// 3. A handler that needs `params` refused as `fetch`: Bun declares that one as a method, whose parameters are bivariant.
Bun.serve({ websocket, fetch: originValidator((req: Bun.BunRequest<"/ws/:room">, server: Bun.Server<undefined>) => server.upgrade(req) ? undefined : new Response(req.params.room), list) });

// 4. An inline handler in a router on Bun: routes of different needs share one context, for which nothing stands in.
Bun.serve({ websocket, fetch: urlRouter([["/ws", (req, server) => {
  // @ts-expect-error TS18046: unknown, as today; Bun.serve<undefined> or an annotation makes it Bun's
  return server.upgrade(req) ? undefined : new Response("no");
}]]) });
Bun.serve<undefined>({ websocket, fetch: urlRouter([["/ws", (req, server) => server.upgrade(req) ? undefined : new Response("no")]]) });

// 5. A third argument that a router demands: it may be left out of a call, or routes without one would not fit.
const routed = urlRouter([["/a", (_request: Request, _env: Data, ctx: { waitUntil(p: Promise<unknown>): void }) => { ctx.waitUntil(Promise.resolve()); return new Response(); }]]);
routed(new Request("http://a/"), { user: "a" });

// 6. `params` of an inline handler in a route, in a router beside a handler that takes any Request. (In a wrapper alone
//    they are there.) Annotate the request.
const plain = (request: Request) => new Response(request.url);
Bun.serve<undefined, "/ws/:room">({ websocket, routes: { "/ws/:room": urlRouter([["/ws/a", plain], ["/ws/*", (req) => {
  // @ts-expect-error TS2339
  return new Response(req.params.room);
}]]) } });
Bun.serve<undefined, "/ws/:room">({ websocket, routes: { "/ws/:room": protocolTypeRouter({ http: plain, websocket: originValidator((req) => {
  // @ts-expect-error TS2339
  return new Response(req.params.room);
}, list) }) } });
