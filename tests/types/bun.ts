/**
 * What a Bun program has beyond `surface.ts`, against Bun's own types; the marks are as they are there.
 * `types_test.ts` runs the compiler: `deno check` has no Bun in it, so deno.json leaves this file out there.
 *
 * @module
 */

import {
  allowedHostsOriginValidator,
  check,
  compilePolicy,
  deny,
  guard,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  routeParams,
  upgradeHandler,
  urlRouter,
  websocket as ourWebsocket,
} from "@wsgate/wsgate";
import { redisStore, sqliteStore } from "@wsgate/wsgate/live";
import { Database } from "bun:sqlite";
import { DatabaseSync } from "node:sqlite";
import { plain, policy, request, type Same, theWholeNesting, theWholeProgram, wrappers } from "./surface.ts";

/** What this application keeps beside each socket. */
interface Seat {
  readonly room: string;
}

type Server = Bun.Server<undefined>;

declare global {
  /** What a native handler is given on Bun, and what it answers beside a `websocket`: undefined means "upgraded". */
  type NativeContext = Bun.Server<undefined>;
  type NativeAnswer = Response | undefined;
}

/** What an application on Bun writes by itself: undefined means "upgraded". */
function native(request: Request, server: Server): Response | undefined {
  return server.upgrade(request) ? undefined : new Response("Upgrade failed", { status: 400 });
}

const websocket: Bun.WebSocketHandler<undefined> = {
  message(socket, message) {
    socket.send(message);
  },
};

/** What `Bun.serve` takes as `fetch` beside a `websocket`. */
type Fetch = (request: Request, server: Server) => Response | undefined | Promise<Response | undefined>;

// ------------------------------------------------------------------------------------- what must compile

export function nativeNesting(): void {
  const fetch = theWholeNesting();
  Bun.serve({ fetch, websocket });
  Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, websocket });
  Bun.serve({ unix: "/run/site.sock", fetch, websocket });
  Bun.serve({ routes: { "/chat/:room": fetch, "/about": plain }, websocket });
  Bun.serve({ routes: { "/chat/:room": { GET: fetch, POST: plain } }, fetch, websocket });
}

export function ownHandler(): void {
  const { fetch, websocket } = theWholeProgram();
  Bun.serve({ fetch, websocket });
  Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { cert: "…", key: "…" }, fetch, websocket });
  Bun.serve({ unix: "/run/site.sock", fetch, websocket });
  Bun.serve({ routes: { "/chat/:room": fetch, "/about": plain }, websocket });
  ({ fetch, websocket }) satisfies Bun.Serve.Options<undefined>;
}

/** The library's handler beside native ones: Bun knows one `websocket` a server, so each has a server of its own. */
export function besideNative(): void {
  const ours = urlRouter([["/chat", upgradeHandler({})], ["/about", plain]]);
  Bun.serve({ fetch: originValidator(ours, ["https://goodsite.com"]), websocket: ourWebsocket });
  Bun.serve({ fetch: originValidator(native, ["https://goodsite.com"]), websocket });
}

/** What the wrappers give back is what `Bun.serve` takes. */
export const handlers: readonly Fetch[] = [...wrappers, guard(native, policy)];

/** Made where they are served, in the spellings that Bun's own pages use. */
export function inPlace(): void {
  Bun.serve({
    websocket,
    fetch: guard((request, server: Server) => {
      if (server.upgrade(request)) return;
      return plain(request);
    }, policy),
  });
  Bun.serve({
    websocket,
    fetch: originValidator(native, ["'self'"], { hosts: ["goodsite.com"] }),
  });
  const guarded = guard(native, policy);
  Bun.serve({
    websocket,
    async fetch(request, server) {
      await Promise.resolve();
      return guarded(request, server);
    },
  });
}

/** `data` keeps the type that the server was told. */
export function typedData(): void {
  const chat = (request: Request, server: Bun.Server<Seat>): Response | undefined => {
    const room = routeParams(request).room ?? "lobby";
    return server.upgrade(request, { data: { room } }) ? undefined : plain(request);
  };
  const fetch = guard(urlRouter([["/chat/:room", chat]]), policy);
  const seats: Bun.WebSocketHandler<Seat> = {
    message(socket, message) {
      socket.publish(socket.data.room, message);
    },
  };
  Bun.serve<Seat>({ fetch, websocket: seats });
  Bun.serve<Seat, "/chat/:room">({ routes: { "/chat/:room": fetch }, websocket: seats });
  const same: Same<
    typeof fetch,
    (request: Request, context: Bun.Server<Seat>) => Response | undefined | Promise<Response | undefined>
  > = true;
  void same;
}

/** What Bun itself found in the path is read outside of the wrapper, whose handler takes any Request. */
export function bunRoutes(): void {
  const chat = guard(native, policy);
  Bun.serve({
    websocket,
    routes: {
      "/plain": guard(plain, policy),
      "/chat/:room": (request, server) => {
        const room: string = request.params.room;
        return room === "" ? plain(request) : chat(request, server);
      },
    },
    fetch: hostValidator(plain, { allowedHosts: ["goodsite.com"] }),
  });
}

/** Where nothing inside needs the server, no `websocket` is asked for. */
export function noWebsocket(): void {
  const guarded = guard(plain, policy);
  Bun.serve({ fetch: guarded });
  Bun.serve({ fetch: protocolTypeRouter({ http: plain, websocket: plain }) });
}

/** The hooks see the server of the handler they stand beside. */
export const hooks: readonly Fetch[] = [
  guard(native, policy, {
    refuse: (denied, request, server) => {
      const peer = server.requestIP(request)?.address ?? "local";
      return denied.status === 403 ? new Response(`${denied.reason} ${peer}`, { status: 403 }) : deny(denied);
    },
    onDecision: async ({ reason, request, cause }) => {
      await Promise.resolve(console.log(reason, request.headers.get("host"), cause));
    },
  }),
];

/** The pure functions under the wrappers judge Bun's Request as it is. */
export function pureParts(request: Bun.BunRequest<"/chat/:room">): Response {
  const decision = check(request, compilePolicy({ origins: ["https://goodsite.com"] }));
  return decision.allowed ? new Response(request.params.room) : deny(decision);
}

/** Stores take Bun's own database and client as they are, and Node's. */
export const stores = [
  sqliteStore(new Database("sockets.db")),
  sqliteStore(new DatabaseSync("sockets.db")),
  redisStore((name, args) => new Bun.RedisClient().send(name, args), { prefix: "chat:" }),
];

// What `bun run` serves: the module's default export.
export default {
  port: 0,
  fetch: protocolTypeRouter({ http: plain, websocket: guard(native, policy) }),
  websocket,
} satisfies Bun.Serve.Options<undefined>;

// --------------------------------------------------------------------------------- what must not compile

export function mistakes(): void {
  // @ts-expect-error TS2322: a variable of the environment may be unset.
  originValidator(native, [process.env.ALLOWED_ORIGIN]);
  // @ts-expect-error TS2322: the same in Django's setting.
  allowedHostsOriginValidator(native, { allowedHosts: Bun.env.ALLOWED_HOSTS });
  // @ts-expect-error TS2353: not any context, but Bun's.
  guard(native, policy)(request, { remoteAddr: "127.0.0.1" });
  // @ts-expect-error TS2345: undefined is an answer only beside a `websocket`.
  Bun.serve({ fetch: guard(native, policy) });
  // @ts-expect-error TS2345: and a native handler may be in the router.
  Bun.serve({ fetch: urlRouter([["/ours", upgradeHandler({})], ["/native", native]]) });
}

export function contextMistakes(): void {
  // @ts-expect-error TS2322: the handler wants a server whose sockets carry a seat; this one's carry nothing.
  Bun.serve<undefined>({ fetch: guard((request, _: Bun.Server<Seat>) => plain(request), policy), websocket });
  // @ts-expect-error TS2554: a wrapper hides nothing of what `upgrade` asks for.
  guard((request, server: Bun.Server<Seat>) => server.upgrade(request) ? undefined : plain(request), policy);
  // @ts-expect-error TS2339: and the hooks beside it see the same server, not Deno's info.
  guard(native, policy, { refuse: (_denied, _request, server) => new Response(server.remoteAddr) });
}
