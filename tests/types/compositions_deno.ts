// deno-fmt-ignore-file
/**
 * What people write in `Deno.serve`, without an annotation of their own where none is needed. Beside `deno.ts`, which
 * holds each type to the letter, this holds what inference makes of whole compositions.
 *
 * @module
 */

import { authMiddlewareStack, compilePolicy, createGate, guard, hostValidator, originValidator, protocolTypeRouter, urlRouter } from "@wsgate/wsgate";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const list = ["https://example.com"];
const policy = compilePolicy({ origins: list });
const plain = (request: Request) => new Response(request.url);
const auth = authMiddlewareStack({ user: () => ({ id: 1 }) });
const open = (req: Request) => Deno.upgradeWebSocket(req).response;

Deno.serve(originValidator((req, info) => info.remoteAddr.hostname === "" ? open(req) : plain(req), list));
Deno.serve({ port: 0 }, originValidator((req, info) => info.remoteAddr.port ? open(req) : plain(req), list));
Deno.serve({ path: "/run/s" }, originValidator((req, info) => info.remoteAddr.path ? open(req) : plain(req), list));
({ fetch: originValidator((_req, info) => new Response(info.remoteAddr.transport), list) }) satisfies Deno.ServeDefaultExport;
Deno.serve(guard(async (req, info) => { await info.completed; return open(req); }, policy));
// Through every layer.
Deno.serve(urlRouter([["/a", (_req, info) => new Response(info.remoteAddr.hostname)], ["/b", plain]]));
Deno.serve(originValidator(auth(urlRouter([["/a", (_req, info) => new Response(info.remoteAddr.hostname)], ["/b", plain]])), list));
Deno.serve(protocolTypeRouter({ http: (_req, info) => new Response(info.remoteAddr.hostname), websocket: originValidator((req, info) => info.remoteAddr.port ? open(req) : plain(req), list) }));
Deno.serve(protocolTypeRouter({ http: plain, websocket: originValidator(auth((_req, info) => new Response(info.remoteAddr.hostname)), list) }));
// It is Deno's info, not anything.
Deno.serve(originValidator((_req, info) => {
  // @ts-expect-error TS2339
  info.upgrade;
  return new Response();
}, list));
Deno.serve(originValidator(auth((_req, info) => {
  // @ts-expect-error TS2339
  info.upgrade;
  return new Response();
}), list));
Deno.serve(protocolTypeRouter({ http: plain, websocket: originValidator((_req, info) => {
  // @ts-expect-error TS2339
  info.upgrade;
  return new Response();
}, list) }));
Deno.serve(protocolTypeRouter({ http: plain, websocket: originValidator(auth((_req, info) => {
  // @ts-expect-error TS2339
  info.upgrade;
  return new Response();
}), list) }));
Deno.serve(originValidator(auth(urlRouter([["/a", (_req, info) => {
  // @ts-expect-error TS2339
  info.upgrade;
  return new Response();
}], ["/b", plain]])), list));
// @ts-expect-error TS2769: a native Bun handler does not fit
Deno.serve(originValidator((req: Request, server: { upgrade(r: Request): boolean }) => server.upgrade(req) ? undefined : new Response(), list));
// @ts-expect-error TS2769: Deno takes no handler that may answer nothing
Deno.serve(originValidator((req: Request) => req.url === "/" ? undefined : plain(req), list));
const maybe = originValidator((req: Request) => req.url === "/" ? undefined : plain(req), list);
const kept: Same<Awaited<ReturnType<typeof maybe>>, Response | undefined> = true;

// Explicit annotation.
const info = (_req: Request, i: Deno.ServeHandlerInfo) => new Response(i.remoteAddr.transport);
const wrapped = originValidator(auth(urlRouter([["/a", info], ["/b", plain]])), list);
const exact: Same<typeof wrapped, (request: Request, context: Deno.ServeHandlerInfo) => Response | Promise<Response>> = true;
Deno.serve(wrapped);
// @ts-expect-error TS2554: it cannot be called without
wrapped(new Request("http://a/"));
guard(plain, policy)(new Request("http://a/"));
protocolTypeRouter({ http: plain, websocket: guard(plain, policy) })(new Request("http://a/"));
originValidator(plain, list, { hosts: ["example.com"], requests: "all" })(new Request("http://a/"));

// A framework's fetch, with parameters of its own kind that it can do without.
declare const app: { fetch: (request: Request, env?: unknown, context?: { waitUntil(work: Promise<unknown>): void }) => Response | Promise<Response> };
Deno.serve(originValidator(app.fetch, list));
Deno.serve(protocolTypeRouter({ http: app.fetch, websocket: originValidator(info, list) }));
originValidator(app.fetch, list)(new Request("http://a/"));

// A hook may be what needs the context.
const hooked: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response> = guard(plain, policy, { refuse: (denied, _request, i: Deno.ServeHandlerInfo) => new Response(i.remoteAddr.transport, { status: denied.status }) });
guard(info, policy, { refuse: (denied, _request, i) => new Response(i.remoteAddr.transport, { status: denied.status }) });

const tenants = new Map([["a.example", policy]]);
guard(plain, ({ host }) => tenants.get(host) ?? null);
guard(plain, policy, { refuse: async (denied) => new Response(null, { status: denied.status }) });
const gate = createGate({ origins: list }, { refuse: (denied) => new Response(null, { status: denied.status }) });
const answer: Response | undefined = gate(new Request("http://a/"));
createGate(({ host }) => tenants.get(host) ?? null)(new Request("http://a/"));
// @ts-expect-error TS2769: a gate answers at once
createGate(policy, { refuse: async () => new Response() });
// @ts-expect-error TS2769: and so does a policy function
guard(plain, async () => policy);
// @ts-expect-error TS2345: a copy of a policy is none
guard(plain, { ...policy });
void [kept, exact, hooked, answer];
