// deno-fmt-ignore-file
/**
 * What people write on Cloudflare's Workers, whose handlers have a third argument.
 *
 * @module
 */

import { authMiddlewareStack, compilePolicy, guard, originValidator, protocolTypeRouter, urlRouter } from "@wsgate/wsgate";

interface Env { readonly NAME: string }
const list = ["https://example.com"];
const auth = authMiddlewareStack({ user: () => ({ id: 1 }) });
const plain = (request: Request) => new Response(request.url);
export default {
  fetch: originValidator((request, env, ctx) => {
    ctx.waitUntil(Promise.resolve());
    // @ts-expect-error TS2551: it is Workers' own
    ctx.waitUntill;
    const { 0: client } = new WebSocketPair();
    return new Response(env.NAME + request.cf?.colo, { status: 101, webSocket: client });
  }, list),
} satisfies ExportedHandler<Env>;
const native = (_request: Request, env: Env, ctx: ExecutionContext) => { ctx.waitUntil(Promise.resolve()); return new Response(env.NAME); };
({ fetch: originValidator(native, list) }) satisfies ExportedHandler<Env>;
({ fetch: guard(auth(native), compilePolicy({ origins: list })) }) satisfies ExportedHandler<Env>;
({ fetch: protocolTypeRouter({ http: plain, websocket: originValidator(auth(urlRouter([["/a", native], ["/b", plain]])), list) }) }) satisfies ExportedHandler<Env>;
// @ts-expect-error TS2554: what is wrapped needs all three
originValidator(native, list)(new Request("http://a/"));
