/**
 * Which path? Routes are tried in order, on the path as the URL Standard normalises it, whatever the runtime shows.
 */

import { type ConfigIssue, throwIfAny } from "../config.ts";
import { denials, deny } from "../denial.ts";
import type { Handler, Wrapped } from "../handler.ts";
import { requestedUpgrade } from "../handshake.ts";
import { RequestScope } from "../scope.ts";
import { type DenialHook, readDenialHook, settler } from "../settle.ts";

/** A route's path, compiled: literal segments, `{ name }` for a parameter. */
interface Route<H> {
  readonly segments: readonly (string | { readonly name: string })[];
  /** The path ends in `*`: whatever follows belongs to it. */
  readonly open: boolean;
  readonly handler: H;
}

/** What the routers around a handler have found, for a router in it to go on from. */
interface Matched {
  readonly params: Readonly<Record<string, string>>;
  /** What a trailing `*` stands for, still encoded; null: the route ended with the path. */
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
 * The path is normalised by the URL Standard before it is matched, so that `/a/../b`, `/%2e%2e/b` and `/b` are one on
 * both runtimes; then percent signs are decoded, segment by segment. A segment that does not decode to UTF-8 is
 * taken as it stands.
 *
 * **Security.** A parameter is the client's word, and may hold anything, a decoded `/` or `..` included. Routes are
 * no access control: judge with a guard, decide with a user.
 *
 * @typeParam C What the handlers need as their second argument.
 * @typeParam R What the handlers return.
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
export function urlRouter<C, R extends Response | undefined>(
  routes: readonly (readonly [path: string, handler: Handler<C, R>])[],
  options: DenialHook = {},
): Wrapped<C, R | Response> {
  const issues: ConfigIssue[] = [];
  const compiled = compileRoutes<Handler<C, R>>(routes, issues);
  const settle = settler<C>(readDenialHook(options, issues));
  throwIfAny(issues);
  // Of scanners, who try every path there is, only those are told of who ask for a socket.
  const notFound = (request: Request, context: C) =>
    requestedUpgrade(request) === "none"
      ? deny(denials["not-found"])
      : settle(denials["not-found"], request, context);
  const routed: Handler<C, R | Response> = (request, context) => {
    const outer = running.get(request);
    const path = outer === undefined ? pathSegments(request.url) : outer.rest;
    if (path === null) return notFound(request, context);
    // Decoded here, once: each route would do it again.
    const decoded = path.map(decode);
    for (const { segments, open, handler } of compiled) {
      const params = matchSegments(segments, open, decoded);
      if (params === null) continue;
      const rest = open ? path.slice(segments.length) : null;
      // An outer `*` is this router's business now; an own one is for the handler to read.
      const { "*": _, ...inherited } = outer?.params ?? {};
      const all = Object.assign(Object.create(null), inherited, params, rest && { "*": rest.join("/") });
      found.set(request, Object.freeze(all));
      return whileRunning(request, outer, { params: all, rest }, () => handler(request, context));
    }
    return notFound(request, context);
  };
  routers.add(routed);
  return routed as Wrapped<C, R | Response>;
}

/**
 * The parameters that the routers on the way found in a request's path.
 *
 * Names and values are as in the routes, decoded; those of an inner router win over those of an outer one. `"*"` holds
 * what a trailing `*` stands for, normalised and still percent-encoded, because a decoded slash would look like one
 * that separates.
 *
 * **Security.** A value is the client's word: see {@linkcode urlRouter}.
 *
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
 * Calls a route's handler, and takes back what its router found when it is done.
 *
 * The one place where something comes after a handler. It cannot fail, and what the handler returned is handed on
 * untouched and not waited for: a promise is only told to call back.
 */
function whileRunning<T>(request: Request, outer: Matched | undefined, inner: Matched, handler: () => T): T {
  running.set(request, inner);
  const done = () => void (outer === undefined ? running.delete(request) : running.set(request, outer));
  let result;
  try {
    result = handler();
  } catch (error) {
    done();
    throw error;
  }
  if (result instanceof Promise) result.then(done, done);
  else done();
  return result;
}

/** The path's segments as the URL Standard normalises them, still encoded; null: the URL names no path. */
function pathSegments(url: string): readonly string[] | null {
  // Only the path goes through the URL parser: the authority is the client's text on Deno, absent on Bun at times.
  const afterAuthority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(afterAuthority);
  if (afterAuthority === 0 && !path.startsWith("/")) return null;
  return new URL(`http://host${path}`).pathname.slice(1).split("/");
}

function matchSegments(
  segments: Route<unknown>["segments"],
  open: boolean,
  path: readonly string[],
): Record<string, string> | null {
  if (open ? path.length <= segments.length : path.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = path[index]!;
    if (typeof segment !== "string") {
      if (value === "") return null;
      // Not `params[name] = value`: a parameter may be called __proto__.
      Object.defineProperty(params, segment.name, { value, enumerable: true });
    } else if (segment !== value) return null;
  }
  return params;
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
      const parts = pathSegments(path)!;
      const segments = (open ? parts.slice(0, -1) : parts).map((part) =>
        part.startsWith(":") ? { name: part.slice(1) } : decode(part)
      );
      const shape = JSON.stringify([segments.map((part) => typeof part === "string" ? part : 0), open]);
      if (seen.has(shape)) {
        issues.push({ code: "route-duplicate", ...at, fix: "An earlier route takes all of its requests." });
      }
      seen.add(shape);
      compiled.push({ segments, open, handler: handler as H });
    }
  }
  return compiled;
}

/** What is wrong with a route's path, or null. */
function whyNoRoute(path: string): string | null {
  if (!path.startsWith("/")) return 'A path starts with "/".';
  // Converters of Django and of others, optional parts, regular expressions: each would compile, and match nothing.
  if (/[<>{}?]/.test(path)) {
    return 'There are no converters, optional parts or regular expressions: write "/chat/:room", and check it there.';
  }
  if (/[#\\\p{Cc}]|\s$/u.test(path)) {
    return "A path has no fragment, no backslash, no control character and no white space at its end.";
  }
  const segments = path.slice(1).split("/");
  const names = segments.filter((segment) => segment.startsWith(":"));
  if (segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    return "Dots are resolved before routes are matched.";
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
    return '"*" stands alone as the last segment: "/chat/*".';
  }
  return null;
}
