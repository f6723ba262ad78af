/**
 * The public surface as a Bun program uses it, against Bun's own types. What an application writes must
 * compile, and each mistake marked below must not. `types_test.ts` runs the compiler: `deno check` has no Bun
 * in it, so deno.json leaves this file out there. Nothing here is meant to run.
 *
 * Every marked mistake names the compiler's own error first, so that a line can't pass for another fault than
 * the one it is about; `types_test.ts` compares.
 *
 * @module
 */

import {
  allowedHostsOriginValidator,
  authMiddlewareStack,
  check,
  compilePolicy,
  deny,
  getCookies,
  guard,
  type Handler,
  hostValidator,
  originValidator,
  type Policy,
  protocolTypeRouter,
  refuseVisibly,
  routeParams,
  type Socket,
  upgradeHandler,
  urlRouter,
  websocket as ourWebsocket,
  type Wrapped,
} from "@wsgate/wsgate";

interface User {
  readonly id: number;
  readonly name: string;
}

/** What this application keeps beside each socket. */
interface Seat {
  readonly room: string;
}

type Server = Bun.Server<undefined>;

/** Two types are the same, not merely assignable to each other: `any` fits everything and equals nothing. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const policy: Policy;
declare const request: Request;
declare const server: Server;
declare const socket: Socket;

/** What an application on Bun writes by itself: undefined means "upgraded". */
function native(request: Request, server: Server): Response | undefined {
  return server.upgrade(request) ? undefined : new Response("Upgrade failed", { status: 400 });
}

/** The same for a handler that looks at the request alone. */
function plain(request: Request): Response {
  return new Response(request.url);
}

function findUser(request: Request): User | null {
  return getCookies(request).has("session") ? { id: 1, name: "ada" } : null;
}

const websocket: Bun.WebSocketHandler<undefined> = {
  message(socket, message) {
    socket.send(message);
  },
};

/** What `Bun.serve` takes as `fetch` beside a `websocket`. */
type Fetch = (request: Request, server: Server) => Response | undefined | Promise<Response | undefined>;

// ------------------------------------------------------------------------------------- what must compile

/** The program of the documentation, with a native upgrade at its heart. */
export function theWholeNesting(): void {
  const auth = authMiddlewareStack({ user: findUser });
  const chat = (request: Request, server: Server): Response | undefined => {
    const user: User | null = auth.scope(request).user;
    const room: string | undefined = routeParams(request).room;
    return user === null || room === undefined ? plain(request) : native(request, server);
  };
  const fetch = protocolTypeRouter({
    http: plain,
    websocket: originValidator(
      auth(urlRouter([["/chat/:room", chat], ["/about", plain]])),
      [".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"],
    ),
  });
  Bun.serve({ fetch, websocket });
  Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, websocket });
  Bun.serve({ unix: "/run/site.sock", fetch, websocket });
  Bun.serve({ routes: { "/chat/:room": fetch, "/about": plain }, websocket });
  Bun.serve({ routes: { "/chat/:room": { GET: fetch, POST: plain } }, fetch, websocket });
}

/** The same program with the library's own handler at its heart: one file for both runtimes. */
export function theWholeProgram(): void {
  const auth = authMiddlewareStack({ user: findUser });
  const chat = upgradeHandler({
    message(socket, data) {
      const user: User | null = auth.scope(socket.request).user;
      const room: string | undefined = routeParams(socket.request).room;
      socket.send(typeof data === "string" ? `${user?.name} in ${room}: ${data}` : data);
    },
  });
  const fetch = protocolTypeRouter({
    http: plain,
    websocket: originValidator(
      auth(urlRouter([["/chat/:room", chat]])),
      [".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"],
    ),
  });
  Bun.serve({ fetch, websocket: ourWebsocket });
  Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { cert: "…", key: "…" }, fetch, websocket: ourWebsocket });
  Bun.serve({ unix: "/run/site.sock", fetch, websocket: ourWebsocket });
  Bun.serve({ routes: { "/chat/:room": fetch, "/about": plain }, websocket: ourWebsocket });
  ({ fetch, websocket: ourWebsocket }) satisfies Bun.Serve.Options<undefined>;
  const same: Same<typeof fetch, Wrapped<unknown, Response>> = true;
  void same;
}

/** The library's handler beside native ones: Bun knows one `websocket` a server, so each has a server of its own. */
export function besideNative(): void {
  const ours = urlRouter([["/chat", upgradeHandler({})], ["/about", plain]]);
  Bun.serve({ fetch: originValidator(ours, ["https://goodsite.com"]), websocket: ourWebsocket });
  Bun.serve({ fetch: originValidator(native, ["https://goodsite.com"]), websocket });
}

/** A refusal that a page can read fits wherever refusals are made, and can be made by hand. */
export const visible: readonly Fetch[] = [
  guard(native, policy, { refuse: refuseVisibly }),
  originValidator(upgradeHandler({}), ["https://goodsite.com"], { refuse: refuseVisibly }),
  authMiddlewareStack({ user: findUser, required: true, refuse: refuseVisibly })(upgradeHandler({})),
  guard(native, policy, {
    refuse: (denied, request, server) =>
      denied.reason === "unauthenticated" ? refuseVisibly(denied, request, server) : deny(denied),
  }),
];

/** Each wrapper takes the native handler as it is, and gives back what `Bun.serve` takes. */
export const wrappers: readonly Fetch[] = [
  guard(native, policy),
  guard(native, () => policy),
  originValidator(native, ["https://goodsite.com"]),
  allowedHostsOriginValidator(native, { allowedHosts: [".goodsite.com"], debug: true }),
  hostValidator(native, { allowedHosts: [".goodsite.com"] }),
  authMiddlewareStack({ user: findUser })(native),
  urlRouter([["/chat", native]]),
  protocolTypeRouter({ websocket: native }),
  protocolTypeRouter({ http: plain, websocket: native }),
  protocolTypeRouter({ http: native, websocket: plain }),
  guard(hostValidator(guard(native, policy), { allowedHosts: ["goodsite.com"] }), policy),
];

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

/** Handlers may be asynchronous, and so may what looks the user up. */
export const asynchronous: readonly Fetch[] = [
  guard(async (request: Request, server: Server) => {
    await Promise.resolve();
    return native(request, server);
  }, policy),
  urlRouter([["/a", plain], ["/b", (request) => Promise.resolve(plain(request))], ["/c", native]]),
  authMiddlewareStack({ user: (request) => Promise.resolve(findUser(request)) })(native),
  authMiddlewareStack<User>({ user: () => undefined, dangerouslySkipOriginCheck: true })(native),
];

/** Where nothing inside needs the context it may be left out, and no `websocket` is asked for. */
export function contextMayBeMissing(): void {
  const guarded = guard(plain, policy);
  guarded(request);
  guarded(request, server);
  originValidator(plain, ["*"])(request);
  hostValidator(plain, { allowedHosts: ["goodsite.com"] })(request);
  authMiddlewareStack({ user: findUser })(plain)(request);
  urlRouter([["/a/*", urlRouter([["/b", plain]])]])(request);
  Bun.serve({ fetch: guarded });
  Bun.serve({ fetch: protocolTypeRouter({ http: plain, websocket: plain }) });
  const same: Same<typeof guarded, Wrapped<unknown, Response>> = true;
  void same;
}

/** One set of options, declared once and spread into both sides of a site. */
export function bothSides(): Fetch {
  const site = { allowedHosts: [".goodsite.com", "127.0.0.1"], debug: false } as const;
  return protocolTypeRouter({
    http: hostValidator(plain, site),
    websocket: allowedHostsOriginValidator(native, { ...site, absent: "allow-without-credentials" }),
  });
}

/** `required: true` takes null out of the scope; every other spelling leaves it in. */
export function scopes(): void {
  const required = authMiddlewareStack({ user: findUser, required: true });
  const optional = authMiddlewareStack({ user: findUser });
  const same: [
    Same<ReturnType<typeof required.scope>, { readonly user: User }>,
    Same<ReturnType<typeof optional.scope>, { readonly user: User | null }>,
  ] = [true, true];
  void same;
}

/** The hooks see what they are promised, with the context of the handler they stand beside. */
export const hooks: readonly Fetch[] = [
  guard(native, policy, {
    refuse: (denied, request, server) => {
      const peer = server.requestIP(request)?.address ?? "local";
      return denied.status === 403 ? new Response(`${denied.reason} ${peer}`, { status: 403 }) : deny(denied);
    },
    onDeny: async (denied, handshake, cause) => {
      await Promise.resolve(console.log(denied.reason, handshake.headers.get("host"), cause));
    },
  }),
  originValidator(native, ["https://goodsite.com"], { refuse: deny, scheme: "https" }),
];

/** The pure functions under the wrappers judge Bun's Request as it is. */
export function pureParts(request: Bun.BunRequest<"/chat/:room">): Response {
  const decision = check(request, compilePolicy({ origins: ["https://goodsite.com"] }));
  return decision.allowed ? new Response(request.params.room) : deny(decision);
}

/** A library may pass wrappers on without knowing the runtime. */
export function generic<C>(handler: Handler<C, Response | undefined>): Handler<C, Response | undefined> {
  return guard(handler, policy) as Handler<C, Response | undefined>;
}

// What `bun run` serves: the module's default export.
export default {
  port: 0,
  fetch: protocolTypeRouter({ http: plain, websocket: guard(native, policy) }),
  websocket,
} satisfies Bun.Serve.Options<undefined>;

// --------------------------------------------------------------------------------- what must not compile

export function handlerMistakes(): void {
  // @ts-expect-error TS2554: what is wrapped needs the server.
  guard(native, policy)(request);
  // @ts-expect-error TS2353: not any context, but Bun's.
  guard(native, policy)(request, { remoteAddr: "127.0.0.1" });
  // @ts-expect-error TS2554: one side of a router needs it, so the router does.
  protocolTypeRouter({ http: plain, websocket: native })(request);
  // @ts-expect-error TS2322: a handler answers with a Response, or with undefined after an upgrade.
  guard(() => "hello", policy);
  // @ts-expect-error TS2345: undefined is an answer only beside a `websocket`.
  Bun.serve({ fetch: guard(native, policy) });
  // @ts-expect-error TS2322: the handler wants a server whose sockets carry a seat; this one's carry nothing.
  Bun.serve<undefined>({ fetch: guard((request, _: Bun.Server<Seat>) => plain(request), policy), websocket });
}

export function socketMistakes(): void {
  // @ts-expect-error TS2322: what a handler returns is nothing, or a promise of it; Bun's own `send` returns a number.
  upgradeHandler({ message: (socket, data) => socket.send(data) });
  // @ts-expect-error TS2353: Bun's event for a server's socket; here `send` says when too much is waiting.
  upgradeHandler({ drain: () => {} });
  // @ts-expect-error TS2353: Bun's option, in Bun's unit.
  upgradeHandler({}, { idleTimeout: 120 });
  // @ts-expect-error TS2339: what Bun keeps in `data` is kept by the layers, under the request.
  socket.data;
  // @ts-expect-error TS2339: nor is there any of Bun's channels.
  socket.publish("room", "hello");
  // @ts-expect-error TS2345: undefined is an answer only beside a `websocket`, and a native handler may be in the router.
  Bun.serve({ fetch: urlRouter([["/ours", upgradeHandler({})], ["/native", native]]) });
  // @ts-expect-error TS2540: each handler has its own limits; the server's follow from them.
  ourWebsocket.maxPayloadLength = 1024;
  // @ts-expect-error TS2554: the server is in the context: without it nothing could be shown.
  refuseVisibly({ allowed: false, status: 403, reason: "origin-null" }, request);
}

export function contextMistakes(): void {
  // @ts-expect-error TS2554: a wrapper hides nothing of what `upgrade` asks for.
  guard((request, server: Bun.Server<Seat>) => server.upgrade(request) ? undefined : plain(request), policy);
  // @ts-expect-error TS2339: and the hooks beside it see the same server, not Deno's info.
  guard(native, policy, { refuse: (_denied, _request, server) => new Response(server.remoteAddr) });
}

export function listMistakes(): void {
  // @ts-expect-error TS2345: one pattern instead of a list of them, which would be taken letter by letter.
  originValidator(native, "https://goodsite.com");
  // @ts-expect-error TS2322: a variable of the environment may be unset.
  originValidator(native, [process.env.ALLOWED_ORIGIN]);
  // @ts-expect-error TS2322: the same in Django's setting.
  allowedHostsOriginValidator(native, { allowedHosts: Bun.env.ALLOWED_HOSTS });
}

export function policyMistakes(): void {
  // @ts-expect-error TS2345: a copy of a policy is none; its compiled lists do not come along.
  guard(native, { ...policy });
  // @ts-expect-error TS2345: a verdict is not waited for, so the policy can't be.
  guard(native, () => Promise.resolve(policy));
}

export function optionMistakes(): void {
  // @ts-expect-error TS2353: an option nobody knows, here a plausible one.
  originValidator(native, ["https://goodsite.com"], { allowNull: true });
  // @ts-expect-error TS2322: text from the environment; "false" is true.
  originValidator(native, ["https://goodsite.com"], { debug: "false" });
  // @ts-expect-error TS2322: a refusal is given at once; waiting would hold the handshake open.
  guard(native, policy, { refuse: (denied) => Promise.resolve(deny(denied)) });
  // @ts-expect-error TS2322: a refusal that answers nothing would be Bun's own welcome page.
  guard(native, policy, { refuse: () => undefined });
}

export function authMistakes(): void {
  const auth = authMiddlewareStack({ user: findUser });
  // @ts-expect-error TS2554: a scope is a request's.
  auth.scope();
  // @ts-expect-error TS2345: and a request's only, not its server's.
  auth.scope(server);
  // @ts-expect-error TS2531: without `required` nobody may be there.
  auth.scope(request).user.name;
}
