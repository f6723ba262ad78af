// deno-fmt-ignore-file
/**
 * What people write in `Bun.serve`, without an annotation of their own where none is needed. Beside `bun.ts`, which
 * holds each type to the letter, this holds what inference makes of whole compositions.
 *
 * @module
 */

import { allowedHostsOriginValidator, authMiddlewareStack, compilePolicy, createGate, guard, hostValidator, originValidator, protocolTypeRouter, upgradeHandler, urlRouter, websocket as ours } from "@wsgate/wsgate";

interface Data { readonly user: string }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const list = ["https://example.com"];
const policy = compilePolicy({ origins: list });
const plain = (request: Request) => new Response(request.url);
const websocket = { message() {} };
const seats: Bun.WebSocketHandler<Data> = { message(ws) { ws.data.user satisfies string; } };
const auth = authMiddlewareStack({ user: () => ({ id: 1 }) });

// Inline, in `fetch`: both spellings of Bun's own pages.
Bun.serve({ fetch: originValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), list), websocket });
Bun.serve({ fetch: originValidator((req, server) => { if (server.upgrade(req)) return; return new Response("no"); }, list), websocket });
Bun.serve({ fetch: guard(async (req, server) => { await 0; return server.upgrade(req) ? undefined : new Response("no"); }, policy), websocket });
Bun.serve({ fetch: allowedHostsOriginValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), { allowedHosts: ["example.com"] }), websocket });
Bun.serve({ websocket: { data: {} as Data, message() {} }, fetch: originValidator((req, server) => server.upgrade(req, { data: { user: "a" } }) ? undefined : new Response("no"), list) });
Bun.serve({ websocket, fetch: protocolTypeRouter({ http: plain, websocket: originValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), list) }) });
({ port: 0, fetch: originValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), list), websocket }) satisfies Bun.Serve.Options<undefined>;

// Where the server says what its sockets carry, `server` is that server.
Bun.serve<Data>({ websocket: seats, fetch: originValidator((req, server) => {
  const same: Same<typeof server, Bun.Server<Data>> = true;
  return same && server.upgrade(req, { data: { user: "a" } }) ? undefined : new Response("no");
}, list) });
Bun.serve<Data>({ websocket: seats, fetch: guard(auth((req, server) => {
  // @ts-expect-error TS2322: no number
  return server.upgrade(req, { data: { user: 1 } }) ? undefined : new Response("no");
}), policy) });
// Through every layer.
Bun.serve<Data>({ websocket: seats, fetch: protocolTypeRouter({ http: plain, websocket: originValidator(auth((req, server) => {
  const same: Same<typeof server, Bun.Server<Data>> = true;
  return same && server.upgrade(req, { data: { user: "a" } }) ? undefined : new Response("no");
}), list) }) });
Bun.serve<Data>({ websocket: seats, fetch: originValidator(auth(urlRouter([["/a", (req, server) => {
  const same: Same<typeof server, Bun.Server<Data>> = true;
  return same && server.upgrade(req, { data: { user: "a" } }) ? undefined : new Response("no");
}], ["/b", plain]])), list) });
// @ts-expect-error TS2554: and it has to be given
Bun.serve<Data>({ websocket: seats, fetch: originValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), list) });

// Bun's routes: `params` by the path.
Bun.serve({ websocket, routes: { "/ws/:room": originValidator((req, server) => server.upgrade(req) ? undefined : new Response(req.params.room), list) } });
Bun.serve({ websocket, routes: { "/ws/:room": originValidator((req, server) => {
  // @ts-expect-error TS2339: no such parameter
  req.params.rum;
  return server.upgrade(req) ? undefined : new Response("no");
}, list) } });
Bun.serve({ websocket, routes: { "/ws/:room": originValidator((req: Bun.BunRequest<"/ws/:room">, server: Bun.Server<undefined>) => server.upgrade(req) ? undefined : new Response(req.params.room), list), "/about": plain, "/x": { GET: guard(plain, policy) } }, fetch: hostValidator(originValidator(plain, list, { requests: "all" }), { allowedHosts: ["example.com"] }) });
Bun.serve<Data, "/ws/:room">({ websocket: seats, routes: { "/ws/:room": guard(auth((req, server) => server.upgrade(req, { data: { user: req.params.room } }) ? undefined : new Response("no")), policy) } });
const room = protocolTypeRouter({ http: plain, websocket: originValidator((req: Bun.BunRequest<"/ws/:room">, server: Bun.Server<undefined>) => server.upgrade(req) ? undefined : new Response(req.params.room), list) });
Bun.serve({ websocket, routes: { "/ws/:room": room } });

// Explicit annotation, as before.
const native = (request: Request, server: Bun.Server<Data>) => server.upgrade(request, { data: { user: "a" } }) ? undefined : new Response("no");
const wrapped = originValidator(auth(urlRouter([["/chat/:room", native], ["/about", plain]])), list);
const keeps: Same<typeof wrapped, (request: Request, context: Bun.Server<Data>) => Response | undefined | Promise<Response | undefined>> = true;
Bun.serve({ fetch: wrapped, websocket: seats });
// @ts-expect-error TS2345: undefined stays in the return type, and is an answer only beside a `websocket`
Bun.serve({ fetch: originValidator((req: Request) => req.url === "" ? undefined : new Response(), list) });
const both: Same<ReturnType<typeof native>, Response | undefined> = true;

// The context may be left out where nothing inside needs one, and has to be given where something does.
const free = guard(plain, { origins: list });
free(new Request("http://a/")); free(new Request("http://a/"), { any: "thing" });
const optional: Same<typeof free, (request: Request, context?: unknown) => Response | Promise<Response>> = true;
// @ts-expect-error TS2554
originValidator(native, list)(new Request("http://a/"));
// @ts-expect-error TS2554
originValidator((req, server) => server.upgrade(req) ? undefined : new Response("no"), list)(new Request("http://a/"));
Bun.serve({ fetch: protocolTypeRouter({ http: plain, websocket: originValidator(auth(urlRouter([["/chat/:room", upgradeHandler({})]])), list) }), websocket: ours });

// One policy for each site, at once.
const tenants = new Map([["a.example", policy]]);
guard(native, ({ host, path }) => path === "" ? null : tenants.get(host) ?? null);
const gate = createGate(({ host }) => tenants.get(host) ?? null);
const answer: Response | undefined = gate(new Request("http://a/"));
// @ts-expect-error TS2769: a policy or null: Map.get gives undefined
createGate(({ host }) => tenants.get(host));
// @ts-expect-error TS2769: not a promise
guard(native, async () => policy);
void [keeps, both, optional, answer];
