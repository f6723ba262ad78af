/**
 * The public surface as any program uses it. What an application writes must compile, and each mistake marked
 * below must not, with both runtimes' own types: `deno.ts` and `bun.ts` say what a native handler is there, and
 * add what is theirs alone. Nothing here is meant to run; wrappers are made inside functions that nobody calls.
 *
 * Every marked mistake names the compiler's own error first, so that a line can't pass for another fault than
 * the one it is about; `types_test.ts` compares.
 *
 * @module
 */

import {
  type AllowedHostsOptions,
  allowedHostsOriginValidator,
  type Auth,
  authMiddlewareStack,
  type BunWebSocketHandler,
  check,
  compileOrigins,
  compilePolicy,
  ConfigError,
  type ConfigIssue,
  createGate,
  deny,
  getCookies,
  guard,
  type GuardOptions,
  type Handler,
  type Handshake,
  hostValidator,
  type OriginMatcher,
  originValidator,
  Policy,
  type PolicyOptions,
  protocolTypeRouter,
  refuseVisibly,
  routeParams,
  type SessionRef,
  type Socket,
  type SocketHandlers,
  type SocketOptions,
  upgradeHandler,
  urlRouter,
  websocket,
  type Wrapped,
} from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { assertDenied, assertWithstands, attacksOn, pageHandshake, type Site } from "@wsgate/wsgate/testing";

export interface User {
  readonly id: number;
  readonly name: string;
}

/** Two types are the same, not merely assignable to each other: `any` fits everything and equals nothing. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export declare const policy: Policy;
export declare const request: Request;
declare const context: NativeContext;
declare const socket: Socket;

/** What an application writes by itself; the context is part of what it needs. */
declare function native(request: Request, context: NativeContext): NativeAnswer;

/** What the runtime takes as `fetch`. */
export type Fetch = (request: Request, context: NativeContext) => NativeAnswer | Promise<NativeAnswer>;

/** A handler that looks at the request alone. */
export function plain(request: Request): Response {
  return new Response(request.url);
}

export function findUser(request: Request): User | null {
  return getCookies(request).has("session") ? { id: 1, name: "ada" } : null;
}

// ------------------------------------------------------------------------------------- what must compile

/** The program of the documentation, with a native upgrade at its heart. */
export function theWholeNesting() {
  const auth = authMiddlewareStack({ user: findUser });
  const chat = (request: Request, context: NativeContext): NativeAnswer => {
    const user: User | null = auth.scope(request).user;
    const room: string | undefined = routeParams(request).room;
    return user === null || room === undefined ? plain(request) : native(request, context);
  };
  return protocolTypeRouter({
    http: plain,
    websocket: originValidator(
      auth(urlRouter([["/chat/:room", chat], ["/about", plain]])),
      [".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"],
    ),
  });
}

/** The same program with the library's own handler at its heart: one file for both runtimes. */
export function theWholeProgram() {
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
  const same: Same<typeof fetch, Wrapped<[], Response>> = true;
  void same;
  return { fetch, websocket };
}

/** Handlers and options of a socket, made where they are used or declared apart. */
export function sockets(greet: (socket: Socket) => void): readonly Fetch[] {
  const handlers: SocketHandlers = {
    open: greet,
    message: async (socket, data) => {
      const same: Same<typeof data, string | Uint8Array> = true;
      if (same) await Promise.resolve(socket.send(data));
    },
    close(_socket, code: number, reason: string) {
      console.log(code, reason);
    },
    error: (socket, error) => console.error(socket.request.url, error satisfies unknown),
  };
  const options: SocketOptions = {
    protocols: ["v2.chat", "v1.chat"] as const,
    idleTimeoutSeconds: 0.5,
    maxMessageBytes: 1024,
    maxBufferedBytes: 4096,
    maxWaitingMessages: 100,
    maxSockets: 10_000,
    headers: (request) => ({ "x-path": request.url }),
  };
  return [
    upgradeHandler({}),
    upgradeHandler(handlers),
    upgradeHandler(handlers, options),
    upgradeHandler(handlers, { headers: () => new Headers() }),
    upgradeHandler(handlers, { headers: () => [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
    originValidator(upgradeHandler(handlers), ["https://goodsite.com"]),
    // What is kept on a socket has the type that is said once.
    upgradeHandler<User>({
      open: (socket) => void (socket.data = { id: 1, name: socket.remoteAddress ?? "" }),
      message: (socket) => void socket.send(`${socket.data?.name} ${socket.bufferedBytes satisfies number}`),
      drain: async (socket) => {
        const same: Same<typeof socket, Socket<User>> = true;
        await Promise.resolve(same);
      },
    }),
    // One router for a handler of the library and a native one, which needs the context.
    urlRouter([["/ours", upgradeHandler(handlers)], ["/native", native]]),
  ];
}

/** What can be done with an open socket. */
export function openSocket(): boolean {
  const protocol: string = socket.protocol;
  socket.close();
  socket.close(1000);
  socket.close(4000, "enough");
  return socket.send(protocol) && socket.send(new Uint8Array(2)) && socket.request === request;
}

/** The context may be left out: on Deno nothing needs it. */
export const upgraded: Response | Promise<Response> = upgradeHandler({})(request);

/** A refusal that a page can read fits wherever refusals are made, and can be made by hand. */
export const visible: readonly Fetch[] = [
  guard(native, policy, { refuse: refuseVisibly }),
  originValidator(upgradeHandler({}), ["https://goodsite.com"], { refuse: refuseVisibly }),
  allowedHostsOriginValidator(native, { allowedHosts: ["goodsite.com"], refuse: refuseVisibly }),
  authMiddlewareStack({ user: findUser, required: true, refuse: refuseVisibly })(upgradeHandler({})),
  guard(native, policy, {
    refuse: (denied, request, context) =>
      denied.reason === "unauthenticated" ? refuseVisibly(denied, request, context) : deny(denied),
  }),
];

/** Bun's part of a program has a type by itself. */
export const bunsPart: BunWebSocketHandler = websocket;

/** Each wrapper takes the native handler as it is, and gives back what the runtime takes. */
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

/** Handlers may be asynchronous, and so may what looks the user up. */
export const asynchronous: readonly Fetch[] = [
  guard(async (request: Request, context: NativeContext) => {
    await Promise.resolve();
    return native(request, context);
  }, policy),
  urlRouter([["/a", plain], ["/b", (request) => Promise.resolve(plain(request))], ["/c", native]]),
  protocolTypeRouter({ http: (request) => Promise.resolve(plain(request)), websocket: native }),
  authMiddlewareStack({ user: (request) => Promise.resolve(findUser(request)) })(native),
  authMiddlewareStack<User>({ user: () => undefined, timeoutSeconds: 2.5 })(native),
  guard(plain, policy, { refuse: (denied) => Promise.resolve(deny(denied)) }),
  guard(native, policy, { refuse: (denied) => Promise.resolve(deny(denied)) }),
];

/** Where nothing inside needs the context it may be left out, and anything may be passed: other runtimes do. */
export function contextMayBeMissing(): void {
  const guarded = guard(plain, policy);
  guarded(request);
  guarded(request, context);
  guarded(request, { any: "thing" });
  originValidator(plain, ["*"])(request);
  allowedHostsOriginValidator(plain, { allowedHosts: ["goodsite.com"] })(request);
  hostValidator(plain, { allowedHosts: ["goodsite.com"] })(request);
  authMiddlewareStack({ user: findUser })(plain)(request);
  urlRouter([["/a/*", urlRouter([["/b", plain]])]])(request);
  protocolTypeRouter({ http: plain, websocket: plain })(request);
  const same: Same<typeof guarded, Wrapped<[], Response>> = true;
  void same;
}

/** A framework's `fetch` has parameters of its own kind, which it can do without. */
export function framework(app: {
  fetch(
    request: Request,
    env?: unknown,
    context?: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response>;
}): Fetch {
  return protocolTypeRouter({
    http: app.fetch,
    websocket: originValidator(native, ["https://goodsite.com"]),
  });
}

/** Handlers, routes and options may be declared apart, under the exported names. */
export function declaredApart(): Fetch {
  const handler: Handler<NativeContext, NativeAnswer> = native;
  const routes: (readonly [string, Fetch])[] = [["/chat", handler], ["/about", plain]];
  const refusals: GuardOptions<NativeContext> = { refuse: (denied) => deny(denied) };
  const hosts: AllowedHostsOptions = { allowedHosts: ["goodsite.com"] };
  const options: PolicyOptions = { origins: ["https://goodsite.com"] };
  const auth: Auth<{ readonly user: User | null }> = authMiddlewareStack({ user: findUser });
  return allowedHostsOriginValidator(guard(auth(urlRouter(routes)), compilePolicy(options), refusals), hosts);
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
export function scopes(maybe: boolean): void {
  const required = authMiddlewareStack({ user: findUser, required: true });
  const optional = authMiddlewareStack({ user: findUser, required: false });
  const unsaid = authMiddlewareStack({ user: findUser });
  const either = authMiddlewareStack({ user: findUser, required: maybe });
  const same: [
    Same<ReturnType<typeof required.scope>, { readonly user: User; readonly session: SessionRef | null }>,
    Same<
      ReturnType<typeof optional.scope>,
      { readonly user: User | null; readonly session: SessionRef | null }
    >,
    Same<
      ReturnType<typeof unsaid.scope>,
      { readonly user: User | null; readonly session: SessionRef | null }
    >,
    Same<
      ReturnType<typeof either.scope>,
      { readonly user: User | null; readonly session: SessionRef | null }
    >,
  ] = [true, true, true, true];
  void same;
  required.scope(request).user.name.toUpperCase();
  optional.scope(request).user?.name.toUpperCase();
}

/** The hooks see what they are promised. */
export const hooks: readonly Fetch[] = [
  guard(native, policy, {
    refuse: (denied, request, given) => {
      const status: 400 | 401 | 403 | 404 | 405 | 426 | 503 = denied.status;
      const same: Same<typeof given, NativeContext> = true;
      return status === 403 && same && request.method === "GET"
        ? new Response(denied.reason, { status })
        : deny(denied);
    },
    onDecision: ({ outcome, reason, request, cause }) => {
      const host: string | null = request.headers.get("host");
      const same: Same<typeof cause, unknown> = true;
      if (outcome === "denied" && reason === "origin-not-allowed" && host !== null && same) {
        console.log(cause);
      }
    },
  }),
  originValidator(native, ["'self'", "https://goodsite.com"], {
    hosts: ["goodsite.com"],
    scheme: "https",
    absent: "deny",
    dangerouslyAllow: ["null"],
    onDecision: async ({ reason }) => await Promise.resolve(console.log(reason)),
    name: "site",
    reportOnly: ({ host }) => host === "goodsite.com" ? policy : null,
    refuse: deny,
  }),
  authMiddlewareStack({ user: findUser, refuse: (denied) => deny(denied) })(native),
];

/** Lists that are read-only, tuples or made at run time are lists all the same. */
export function lists(fromFile: readonly string[]): OriginMatcher[] {
  const fixed = ["https://goodsite.com", "null"] as const;
  return [compileOrigins(fromFile), compileOrigins(fixed), compileOrigins([], { dangerouslyAllow: fixed })];
}

/** The pure functions under the wrappers, called alone. */
export function pureParts(handshake: Handshake): Response {
  const compiled = compilePolicy({
    origins: ["https://goodsite.com"],
    hosts: ["goodsite.com"],
    debug: false,
  });
  const decision = check(handshake, compiled);
  const cookies: ReadonlyMap<string, string> = getCookies(handshake);
  if (!decision.allowed) return deny(decision);
  return new Response([...compiled.origins, ...cookies.keys()].join(" "));
}

/** A verdict needs no Request: a snapshot of one will do, or what a command line was given. */
export const snapshot: Response = pureParts({ method: "GET", url: "/", headers: { get: () => null } });

/** Faults are read by program. */
export function faults(): string[] {
  try {
    compilePolicy({ origins: ["*.co.uk"] });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map(({ code, field, index, value, fix }) =>
      `${code} ${field}[${index}] ${value}: ${fix}`
    );
  }
  return [];
}

/** A library may pass wrappers on without knowing the runtime. */
export function generic<C>(handler: Handler<C, NativeAnswer>): Handler<C, NativeAnswer> {
  return guard(handler, policy) as Handler<C, NativeAnswer>;
}

// --------------------------------------------------------------------------------- what must not compile

export function listMistakes(): void {
  // @ts-expect-error TS2345: one pattern instead of a list of them, which would be taken letter by letter.
  originValidator(plain, "https://goodsite.com");
  // @ts-expect-error TS2345: the same around a native handler.
  originValidator(native, "https://goodsite.com");
  // @ts-expect-error TS2345: the same without a wrapper.
  compileOrigins("https://goodsite.com");
  // @ts-expect-error TS2322: the same in a policy.
  compilePolicy({ origins: "https://goodsite.com" });
  // @ts-expect-error TS2322: the same in Django's setting.
  hostValidator(plain, { allowedHosts: "goodsite.com" });
  // @ts-expect-error TS2322: patterns are text; there are no regular expressions among them.
  originValidator(plain, [/\.goodsite\.com$/]);
  // @ts-expect-error TS2345: the list was forgotten.
  compilePolicy({ hosts: ["goodsite.com"] });
  // @ts-expect-error TS2339: a compiled list is not added to.
  compileOrigins(["goodsite.com"]).patterns.push("evil.test");
}

export function suffixMistakes(): void {
  compileOrigins([], { suffixes: publicSuffixes });
  originValidator(plain, [], { suffixes: publicSuffixes });
  // @ts-expect-error TS2739: names in a list are no list of suffixes.
  compileOrigins([], { suffixes: ["co.uk"] });
  // @ts-expect-error TS2739: a copy is none; what is packed does not come along.
  originValidator(plain, [], { suffixes: { ...publicSuffixes } });
  compileOrigins([], { suffixes: publicSuffixes.with(["corp.example"]).with([]) });
  // @ts-expect-error TS2345: a name is not a list.
  publicSuffixes.with("corp.example");
}

export function policyMistakes(): void {
  // @ts-expect-error TS2345: a copy of a policy is none; its compiled lists do not come along.
  guard(plain, { ...policy });
  // @ts-expect-error TS2345: nor around a native handler.
  guard(native, { ...policy });
  // @ts-expect-error TS2345: options without a list are no policy's.
  guard(plain, { hosts: ["goodsite.com"] });
  // @ts-expect-error TS2345: a verdict is not waited for, so the policy can't be.
  guard(plain, () => Promise.resolve(policy));
  // @ts-expect-error TS2345: nor around a native handler.
  guard(native, () => Promise.resolve(policy));
  // @ts-expect-error TS2345: nor may the function leave it out.
  guard(plain, () => undefined);
  // @ts-expect-error TS2673: only `compilePolicy` makes one.
  new Policy();
  // @ts-expect-error TS2540: a policy is frozen.
  policy.absent = "allow";
}

export function optionMistakes(): void {
  // @ts-expect-error TS2353: an option nobody knows, here a plausible one.
  originValidator(plain, ["https://goodsite.com"], { allowNull: true });
  // @ts-expect-error TS2353: the same around a native handler.
  originValidator(native, ["https://goodsite.com"], { allowNull: true });
  // @ts-expect-error TS2322: text from the environment; "false" is true.
  originValidator(plain, ["https://goodsite.com"], { debug: "false" });
  // @ts-expect-error TS2322: the same around a native handler.
  originValidator(native, ["https://goodsite.com"], { debug: "false" });
  // @ts-expect-error TS2322: a word that `absent` does not know.
  compilePolicy({ origins: ["https://goodsite.com"], absent: "ignore" });
  // @ts-expect-error TS2353: Django's setting is `allowedHosts` here; `hosts` belongs to the policy.
  allowedHostsOriginValidator(plain, { allowedHosts: ["goodsite.com"], hosts: ["goodsite.com"] });
  // @ts-expect-error TS2353: the Host check knows no origins.
  hostValidator(plain, { allowedHosts: ["goodsite.com"], absent: "allow" });
  // @ts-expect-error TS2353: Channels' type of protocol is called "websocket".
  protocolTypeRouter({ http: plain, ws: plain });
  // @ts-expect-error TS2322: two lists side by side are no pairs.
  urlRouter([["/a", "/b"]]);
}

export function handlerMistakes(): void {
  // @ts-expect-error TS2554: what is wrapped needs the context.
  guard(native, policy)(request);
  // @ts-expect-error TS2554: one side of a router needs it, so the router does.
  protocolTypeRouter({ http: plain, websocket: native })(request);
  // @ts-expect-error TS2322: a handler answers with a Response.
  guard(() => "hello", policy);
}

export function hookMistakes(): void {
  // @ts-expect-error TS2322: a refusal is a Response.
  guard(plain, policy, { refuse: (denied) => denied.status });
  // @ts-expect-error TS2322: one that answers nothing would be Bun's own welcome page.
  guard(native, policy, { refuse: () => undefined });
  // @ts-expect-error TS2769: auth wraps handlers of any context, so its hook can't count on the runtime's.
  authMiddlewareStack({ user: findUser, refuse: (denied, _, _context: NativeContext) => deny(denied) });
  // @ts-expect-error TS2367: a reason that is none of the documented ones.
  guard(plain, policy, { onDecision: ({ reason }) => void (reason === "origin-missing") });
}

export function authMistakes(maybe: boolean): void {
  const required = authMiddlewareStack({ user: findUser, required: true });
  const optional = authMiddlewareStack({ user: findUser });
  // @ts-expect-error TS2554: a scope is a request's.
  required.scope();
  // @ts-expect-error TS2345: and a request's only, not its context's.
  optional.scope(context);
  // @ts-expect-error TS2531: without `required` nobody may be there.
  optional.scope(request).user.name;
  // @ts-expect-error TS2322: `required` is a literal, or null comes back into the scope.
  const sure: { readonly user: User } = authMiddlewareStack({ user: findUser, required: maybe }).scope(
    request,
  );
  void sure;
  // @ts-expect-error TS2540: what a layer learned is read, not written.
  required.scope(request).user = { id: 2, name: "eve" };
  // @ts-expect-error TS2769: a user is an object; an id alone can't be told from "nobody".
  authMiddlewareStack({ user: () => 7 });
  // @ts-expect-error TS2769: the lookup was forgotten.
  authMiddlewareStack({ required: true });
}

export function socketMistakes(): void {
  // @ts-expect-error TS2561: the events are called as Bun calls them, not as the web does.
  upgradeHandler({ onmessage: () => {} });
  // @ts-expect-error TS2322: what a handler returns is nothing, or a promise of it; Bun's own `send` returns a number.
  upgradeHandler({ message: (socket, data) => socket.send(data) });
  // @ts-expect-error TS2339: a message may be bytes.
  upgradeHandler({ message: (_socket, data) => void data.toUpperCase() });
  // @ts-expect-error TS2353: Bun's event for what it does by itself; here the sweep answers for it.
  upgradeHandler({ ping: () => {} });
  // @ts-expect-error TS2353: objects are made into text before.
  socket.send({ hello: "world" });
  // @ts-expect-error TS2345: a buffer is sent through a view of it.
  socket.send(new ArrayBuffer(2));
  // @ts-expect-error TS2345: the code comes first.
  socket.close("enough");
  // @ts-expect-error TS2540: the subprotocol was chosen in the handshake.
  socket.protocol = "v2.chat";
  // @ts-expect-error TS18046: what is kept on a socket has no type until it is said.
  socket.data.name;
  // @ts-expect-error TS2322: and then it is of that type.
  upgradeHandler<User>({ open: (socket) => void (socket.data = 7) });
  // @ts-expect-error TS18048: and may not have been set yet.
  upgradeHandler<User>({ message: (socket) => void socket.data.name });
  // @ts-expect-error TS2339: nor is there any of Bun's channels.
  socket.publish("room", "hello");
  // @ts-expect-error TS2554: the handlers were forgotten.
  upgradeHandler();
}

export function socketOptionMistakes(): void {
  // @ts-expect-error TS2322: one subprotocol instead of a list of them.
  upgradeHandler({}, { protocols: "v2.chat" });
  // @ts-expect-error TS2322: text from the environment is no number.
  upgradeHandler({}, { maxMessageBytes: "1024" });
  // @ts-expect-error TS2353: Bun's name for the limit, which is a server's there.
  upgradeHandler({}, { maxPayloadLength: 1024 });
  // @ts-expect-error TS2353: Bun's option, in Bun's unit.
  upgradeHandler({}, { idleTimeout: 120 });
  // @ts-expect-error TS2322: nothing is waited for once a handshake was judged.
  upgradeHandler({}, { headers: () => Promise.resolve(new Headers()) });
  // @ts-expect-error TS2540: each handler has its own limits; the server's follow from them.
  websocket.idleTimeout = 30;
  // @ts-expect-error TS2540: the other one as well.
  websocket.maxPayloadLength = 1024;
}

export function visibleMistakes(): void {
  const decision = check(request, policy);
  // @ts-expect-error TS2345: only a denial can be shown.
  refuseVisibly(decision, request, context);
  // @ts-expect-error TS2554: on Bun the server is in the context: without it nothing could be shown there.
  refuseVisibly({ allowed: false, status: 403, reason: "origin-null" }, request);
  // @ts-expect-error TS2322: it is what refuses, not what hears of a refusal.
  guard(plain, policy, { onDecision: refuseVisibly });
}

export function verdictMistakes(handshake: Handshake, issue: ConfigIssue): void {
  // @ts-expect-error TS2367: a code that is none of the documented ones.
  void (issue.code === "bad-pattern");
  const decision = check(handshake, policy);
  // @ts-expect-error TS2345: only a denial can be turned into a Response.
  deny(decision);
  // @ts-expect-error TS2339: an allowed handshake has no status.
  decision.status;
  // @ts-expect-error TS2339: the cookies are a view.
  getCookies(handshake).set("session", "stolen");
  // @ts-expect-error TS2532: a parameter may not be there.
  routeParams(request).room.length;
}

/** Whatever decides can be put to the test, whatever it needs beside the request. */
export async function targets(site: Site, handler: (request: Request, context: NativeContext) => Response) {
  await assertWithstands(policy, site);
  await assertWithstands(createGate(policy), site);
  await assertWithstands(guard(handler, policy), site);
  await assertWithstands((request: Request, env?: unknown) => env ? undefined : later(request), site);
  await assertWithstands(handler, site);
}

declare function later(request: Request): Promise<Response>;

export async function testingMistakes(site: Site): Promise<void> {
  // @ts-expect-error TS2345: options are none: what is tested is what was compiled of them.
  await assertWithstands({ origins: site.origins }, site);
  // @ts-expect-error TS2345: a verdict is no answer.
  await assertWithstands((request: Request) => check(request, policy), site);
  // @ts-expect-error TS2345: a reason that there is not.
  await assertDenied(policy, request, "origin-denied");
  // @ts-expect-error TS2345: a handshake goes somewhere.
  pageHandshake("https://example.com", {});
  // @ts-expect-error TS2322: nothing is an attack without an own page.
  attacksOn({ origins: "https://example.com", to: site.to });
  // @ts-expect-error TS2322: to refuse what has no Origin is what a site means that says nothing.
  attacksOn({ ...site, absent: "deny" });
  // @ts-expect-error TS2540: attacks are there to be sent.
  attacksOn(site)[0]!.name = "mine";
}
