/**
 * Which path? Routes are tried in order, on the path as it was sent: one that two readers may read differently has none.
 */

import { type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { denials, deny } from "../denial.ts";
import type { Rest, Routed, Takes, Third } from "../handler.ts";
import { pathOf, requestedUpgrade } from "../handshake.ts";
import { quote } from "../quote.ts";
import { RequestScope, whileRunning } from "../scope.ts";
import { type DecisionHook, HOOK_OPTIONS, readHook, settler } from "../settle.ts";

/** Of a route's path: a literal, or `{ name }` for a parameter. */
type Segment = string | { readonly name: string };

/** A route, compiled. */
interface Route<H> {
  /** In the one spelling that matches. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** The path ends in `*`: whatever follows belongs to it. */
  readonly open: boolean;
  readonly handler: H;
}

/** What the routers around a handler have found, for a router in it to go on from. */
interface Matched {
  readonly params: Readonly<Record<string, string>>;
  /** What a trailing `*` stands for, as it was sent; null: the route ended with the path. */
  readonly rest: readonly string[] | null;
}

/** While a route's handler runs. After that the request may be tried on another router, from the start of its path. */
const running = /* @__PURE__ */ new WeakMap<Request, Matched>();
/** For good: a socket's handlers read them long after the routers have returned. */
const found = /* @__PURE__ */ new RequestScope<Readonly<Record<string, string>>>(
  "No urlRouter has matched this request.",
);
/** Every handler that is a urlRouter. */
const routers = /* @__PURE__ */ new WeakSet<object>();

/**
 * Sends a request to the first route whose path matches: the `URLRouter` of Django Channels.
 *
 * `/chat/:room` has a parameter, which stands for one non-empty segment and is read with {@linkcode routeParams}.
 * A trailing `*` (`/chat/*`) stands for whatever follows the slash, nothing included; a `urlRouter` inside, called while
 * the route's handler runs, sees that rest alone. Slashes count: `/chat` is not `/chat/`. No route: 404, as for a URL that cannot be read.
 *
 * A path matches in one spelling alone, that of the URL Standard: `/café` in a route is `/caf%C3%A9`, and `/@me` is
 * not `/%40me`. A parameter's percent signs are decoded; one that does not decode to UTF-8 is taken as it was sent. No
 * route has a path with a dot segment (`%2F` counts as a slash there), a backslash, a raw `#`, space or control
 * character, or an escaped letter, digit, `-`, `.` or `_`. Otherwise a middleware or a proxy in front that judges by
 * path could read another path than this router: `/chat/../admin` and `/%61dmin` are both `/admin` to one of them.
 *
 * Of a handshake that is refused for its spelling `onDecision` gets an Error as `cause`, which names what to change.
 *
 * **Bun** resolves dot segments and backslashes and escapes other characters before anybody in the process sees them:
 * `/chat/../admin` is `/admin` there, for a middleware and for this router alike, and a 404 on Deno. A proxy in front
 * of Bun that judges by path and passes backslashes on (nginx does) has to refuse them itself.
 *
 * **Security.** A parameter is the client's word, and may hold anything, a decoded `/` or `\` included. Routes are
 * no access control: judge with a guard, decide with a user.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode DecisionHook}.
 *
 * @category Routing and users
 * @typeParam C What the handlers need as their second argument.
 * @typeParam R What the handlers return.
 * @typeParam Q The request.
 * @typeParam X What the handlers need as their third argument.
 * @param routes Paths and their handlers, the first match wins.
 * @param options How the operator is told of handshakes that no route takes.
 * @returns One handler for all routes.
 * @throws {ConfigError} Paths that are none, doubled, or without handler, an unknown option; all faults at once.
 *
 * @example A chat room by name
 * ```ts
 * import { routeParams, urlRouter } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const fetch = urlRouter([
 *   ["/chat/:room", (request: Request) => new Response(routeParams(request).room)],
 * ]);
 * assertEquals(await (await fetch(new Request("https://example.com/chat/caf%C3%A9"))).text(), "café");
 * assertEquals((await fetch(new Request("https://example.com/chat/"))).status, 404);
 * ```
 */
export function urlRouter<C, R extends Response | undefined, Q extends Request = Request, X = unknown>(
  routes: readonly (readonly [path: string, handler: Takes<[context: C, more: Third<X>], R, Q>])[],
  options: DecisionHook = {},
): Routed<C, R | Response, Q, X> {
  const issues: ConfigIssue[] = [];
  const compiled = compileRoutes<Takes<Rest, R, Q>>(routes, issues);
  const settle = settler("router", readHook(readOptions(options, HOOK_OPTIONS, issues) ?? {}, issues));
  throwIfAny(issues);
  const notFound = (request: Request, context: unknown, path: readonly string[] | null) => {
    // Of scanners, who try every path there is, only those are told of who ask for a socket.
    if (requestedUpgrade(request) === "none") return deny(denials["not-found"]);
    const why = whyMisspelled(request.url, path, compiled);
    return settle(denials["not-found"], request, context, why === null ? {} : { cause: new Error(why) });
  };
  const routed = (request: Q, ...more: Rest) => {
    const outer = running.get(request);
    const path = outer === undefined ? readPath(request.url) : outer.rest;
    const route = path === null
      ? undefined
      : compiled.find(({ segments, open }) => matches(segments, open, path));
    if (path === null || route === undefined) return notFound(request, more[0], path);
    const { segments, open, handler } = route;
    const rest = open ? path.slice(segments.length) : null;
    // An outer `*` is this router's business now; an own one is for the handler to read.
    const { "*": _, ...inherited } = outer?.params ?? {};
    const own = rest && { "*": spelled(`/${rest.join("/")}`).slice(1) };
    const all = Object.assign(Object.create(null), inherited, paramsOf(segments, path), own);
    found.set(request, Object.freeze(all));
    running.set(request, { params: all, rest });
    const done = () => void (outer === undefined ? running.delete(request) : running.set(request, outer));
    return whileRunning(() => handler(request, ...more), done);
  };
  routers.add(routed);
  return routed as Routed<C, R | Response, Q, X>;
}

/**
 * The parameters that the routers on the way found in a request's path.
 *
 * Names and values are as in the routes, decoded; those of an inner router win over those of an outer one. `"*"` holds
 * what a trailing `*` stands for, percent-encoded as the URL Standard does and not decoded, because a decoded slash
 * would look like one that separates.
 *
 * **Security.** A value is the client's word: see {@linkcode urlRouter}.
 *
 * @category Routing and users
 * @param request The Request object that the router was called with; a copy has no parameters.
 * @returns A frozen object without prototype.
 * @throws {Error} No router has matched this very request.
 *
 * @example Two parameters
 * ```ts
 * import { routeParams, urlRouter } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const fetch = urlRouter([["/:team/rooms/:room", (request: Request) => {
 *   const { team, room } = routeParams(request);
 *   return new Response(`${room} of ${team}`);
 * }]]);
 * assertEquals(await (await fetch(new Request("https://example.com/red/rooms/7"))).text(), "7 of red");
 * ```
 */
export function routeParams(request: Request): Readonly<Record<string, string>> {
  return found.read(request);
}

/**
 * What no route's path has, because somebody in front reads another path: URL parsers resolve dot segments, take a
 * backslash for a slash, drop a `#` and what follows it and some control characters; frameworks decode before they
 * compare; nginx and Caddy decode %2F too before they resolve dots.
 */
const UNROUTABLE = /[\\#\p{Cc} ]|%(?:2[DE]|3\d|[46][1-9A-F]|[57][\dA]|5F)|(?:\/|%2F)\.{1,2}(?:\/|%2F|$)/iu;

/** The path's segments as they were sent; null: the URL names no path, or one that no route has. */
function readPath(url: string): readonly string[] | null {
  const path = pathOf(url);
  return path === null || UNROUTABLE.test(path) ? null : path.slice(1).split("/");
}

/** A path as the URL Standard writes it. Deno's parser leaves the "^" that the standard and browsers escape. */
function spelled(path: string): string {
  return new URL(`http://host${path}`).pathname.replaceAll("^", "%5E");
}

function matches(segments: readonly Segment[], open: boolean, path: readonly string[]): boolean {
  if (open ? path.length <= segments.length : path.length !== segments.length) return false;
  return segments.every((segment, index) =>
    typeof segment === "string" ? segment === path[index] : path[index] !== ""
  );
}

/**
 * The parameters of a path that matches. Nothing is decoded before it does: each segment that does not decode costs an
 * exception, and a client can send thousands.
 */
function paramsOf(segments: readonly Segment[], path: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (typeof segment === "string") continue;
    // Not `params[name] = value`: a parameter may be called __proto__.
    Object.defineProperty(params, segment.name, { value: decode(path[index]!), enumerable: true });
  }
  return params;
}

/** Why the spelling of a path kept it from every route; null: it did not. `path`: what is left of it for these routes. */
function whyMisspelled(
  url: string,
  path: readonly string[] | null,
  routes: readonly Route<unknown>[],
): string | null {
  if (path === null) {
    const found = UNROUTABLE.exec(pathOf(url) ?? "");
    return found &&
      `Write the path without ${quote(found[0])}. No route has it, because it can be read as another path`;
  }
  // No more segments than tell the routes apart: each that does not decode costs an exception.
  const deepest = routes.reduce((most, { segments }) => Math.max(most, segments.length), 0);
  const decoded = path.slice(0, deepest + 1).map(decode);
  const near = routes.find(({ segments, open }) => {
    const literals = segments.map((segment) => typeof segment === "string" ? decode(segment) : segment);
    return matches(literals, open, decoded);
  });
  return near === undefined
    ? null
    : `Write the escapes of the path as in ${quote(near.path)}. Only they differ`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function compileRoutes<H>(routes: unknown, issues: ConfigIssue[]): Route<H>[] {
  const compiled: Route<H>[] = [];
  const seen = new Set<string>();
  if (!Array.isArray(routes)) {
    const fix = 'Give an array of [path, handler], such as [["/chat/:room", chat]].';
    issues.push({ code: "not-a-list", field: "routes", index: -1, value: routes, fix });
  } else {
    for (const [index, route] of routes.entries()) {
      const [path, handler] = Array.isArray(route) ? route : [];
      const at = { field: "routes", index, value: Array.isArray(route) ? path : route };
      if (typeof path !== "string" || typeof handler !== "function") {
        issues.push({ code: "wrong-type", ...at, fix: "Give [path, handler], a string and a function." });
        continue;
      }
      const fix = whyNoRoute(path);
      if (fix !== null) {
        issues.push({ code: "route-invalid", ...at, fix });
        continue;
      }
      const open = path.endsWith("/*");
      if (!open && routers.has(handler)) {
        const fix = 'A router inside sees the rest alone, and here is none: end the path in "/*".';
        issues.push({ code: "route-invalid", ...at, fix });
        continue;
      }
      const spelling = spelled(path);
      const parts = spelling.slice(1).split("/");
      const segments = (open ? parts.slice(0, -1) : parts).map((part) =>
        part.startsWith(":") ? { name: part.slice(1) } : part
      );
      const shape = JSON.stringify([segments.map((part) => typeof part === "string" ? part : 0), open]);
      if (seen.has(shape)) {
        issues.push({ code: "route-duplicate", ...at, fix: "An earlier route takes all of its requests." });
      }
      seen.add(shape);
      compiled.push({ path: spelling, segments, open, handler: handler as H });
    }
  }
  return compiled;
}

/** What is wrong with a route's path, or null. */
function whyNoRoute(path: string): string | null {
  if (!path.startsWith("/")) return 'A path starts with "/".';
  // Converters of Django and of others, optional parts, regular expressions: each would compile, and match nothing.
  if (/[<>{}?]/.test(path)) {
    return 'Write "/chat/:room", and check the value in the handler. Converters, optional parts and regular expressions are not supported.';
  }
  if (/[#\\\p{Cc}]|\s$/u.test(path)) {
    return "Remove fragments, backslashes, control characters and white space at the end. A path is a list of names between slashes.";
  }
  const segments = path.slice(1).split("/");
  const names = segments.filter((segment) => segment.startsWith(":"));
  if (UNROUTABLE.test(path.replaceAll(" ", "%20"))) {
    return 'Write letters, digits, "-", "." and "_" without escapes, and no segment "." or "..": no request matches them.';
  }
  if (names.some((name) => !/^:[A-Za-z_][A-Za-z0-9_]*$/.test(name))) {
    return 'A parameter is ":" and a name of letters, digits and "_", alone in its segment.';
  }
  if (new Set(names).size !== names.length) return "Two parameters of a path cannot have one name.";
  if (
    segments.some((segment, index) =>
      segment.includes("*") && !(segment === "*" && index === segments.length - 1)
    )
  ) {
    return 'Use "*" as the whole last segment only: "/chat/*".';
  }
  return null;
}
