/**
 * The validators of Django Channels: guards that compile a list themselves, and Django's check of the Host header.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { wordsOfHost } from "../explain/console_line.ts";
import type { ContextOf, Rest, Takes, Wrapped } from "../handler.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { answerer, DENIAL_OPTIONS, type DenialOptions, readDenialOptions, teller } from "../settle.ts";
import { checkHost } from "../verdict/check.ts";
import {
  ALLOWED_HOSTS_OPTIONS,
  type Policy,
  POLICY_OPTIONS,
  type PolicyOptions,
  readAllowedHosts,
  readPolicy,
} from "../verdict/policy.ts";
import { GUARD_OPTIONS, type GuardOptions, guardRequests } from "./guard.ts";
import { authorityOf, type Judging, readJudging } from "./judge.ts";

/**
 * Lets handshakes in whose Origin is on a list: the `OriginValidator` of Django Channels.
 *
 * Short for {@linkcode guard} with {@linkcode compilePolicy}, from one list and one options object.
 *
 * **Security.** The list is complete: the server's own origin is not on it unless it is written there, by name or as
 * `'self'`. A handshake without Origin is refused unless the list holds `"*"` or `absent` says otherwise.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `hosts` | any Host | the names that this server answers to: stops DNS rebinding, and `'self'` needs it |
 * | `absent` | `"deny"`; with `"*"` listed `"allow"` | handshakes without Origin: `"allow-without-credentials"` admits programs |
 * | `scheme` | that of `request.url` | the scheme of the site's pages: `"https"` behind a proxy that ends TLS |
 * | `debug` | `false` | for development: also admits pages and names of this machine |
 * | `dangerouslyAllow` | `[]` | more patterns, of the kinds that are refused elsewhere as unsafe |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 * | `requests` | `"handshakes"` | `"all"`: plain requests are judged too |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client: {@linkcode refuseVisibly} shows a page why |
 * | `reportOnly` | none | a second policy, which refuses nothing and is told of |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode PolicyOptions}, {@linkcode PatternOptions}, {@linkcode RequestsOption} and {@linkcode DenialOptions}.
 *
 * @category Guards
 * @typeParam Q The request.
 * @typeParam R What the handler returns.
 * @typeParam A What the handler needs after the request.
 * @typeParam D What `refuse` needs as its context.
 * @param handler Any handler that upgrades.
 * @param allowed The allowed origins: the patterns of {@linkcode compileOrigins}, and `'self'`.
 * @param options The rest of the policy, and what becomes of denials.
 * @returns A handler that judges every handshake and passes every other request through.
 * @throws {ConfigError} All faults of the list and the options at once.
 *
 * @example Channels' own list
 * ```ts
 * import { originValidator } from "@wsgate/wsgate";
 *
 * const application = () => new Response("upgraded here");
 * const fetch = originValidator(application, [
 *   ".goodsite.com",
 *   "http://.goodsite.com:80",
 *   "http://other.site.com",
 * ]);
 * export default { fetch };
 * ```
 */
export function originValidator<
  Q extends Request,
  R extends Response | undefined,
  A extends Rest,
  D = unknown,
>(
  handler: Takes<A, R, Q>,
  allowed: readonly string[],
  options: Omit<PolicyOptions, "origins"> & GuardOptions<ContextOf<A> & D> = {},
): Wrapped<A, R | Response, Q, NoInfer<D>> {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  const known = [...POLICY_OPTIONS.filter((name) => name !== "origins"), ...GUARD_OPTIONS];
  const read = readOptions(options, known, issues) ?? {};
  const policy = readPolicy({ __proto__: null, ...read, origins: allowed }, issues);
  const judging = readJudging(policy, read, issues);
  const denial = readDenialOptions<unknown>(read, issues);
  throwIfAny(issues);
  return guardRequests(handler, judging, denial) as Wrapped<A, R | Response, Q, NoInfer<D>>;
}

/**
 * What {@linkcode allowedHostsOriginValidator} and {@linkcode hostValidator} share: declared once, spread into both.
 *
 * @category Guards
 */
export interface AllowedHostsOptions {
  /**
   * The hosts of this site: `example.com`, `.example.com` with its subdomains, `*.example.com` without the host
   * itself, an address, each with an optional `:port`. Django's `ALLOWED_HOSTS`.
   */
  readonly allowedHosts: readonly string[];
  /** The names under which strangers can register; see {@linkcode PatternOptions}. Default: a short list. */
  readonly suffixes?: SuffixList;
  /**
   * The scheme of the site's pages, for the default port of Host. Default: that of `request.url`, which is `http` behind
   * a proxy that ends TLS.
   */
  readonly scheme?: "http" | "https";
  /** Lets the names of this machine through on top of the list; see {@linkcode PolicyOptions}. Default false. */
  readonly debug?: boolean;
}

/**
 * Lets handshakes in from the pages of the site's own hosts: the `AllowedHostsOriginValidator` of Django Channels.
 *
 * Admits `http` and `https` origins whose host is on the list, and checks the Host header by the same list, as
 * Django does for HTTP. An entry's port binds both; without one any port is admitted.
 *
 * **Security.** Any scheme of a listed host is admitted: a page that an attacker in the network serves over `http`
 * as one of these hosts reaches a socket behind `https`, with its cookies. Where all pages are `https`, use
 * {@linkcode originValidator} with `["https://example.com"]` or `["'self'"]`.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `allowedHosts` | required | the names of this site, as in Django's `ALLOWED_HOSTS` |
 * | `absent` | `"deny"`; with `"*"` listed `"allow"` | handshakes without Origin: `"allow-without-credentials"` admits programs |
 * | `scheme` | that of `request.url` | the scheme of the site's pages: `"https"` behind a proxy that ends TLS |
 * | `debug` | `false` | for development: also admits pages and names of this machine |
 * | `dangerouslyAllow` | `[]` | more patterns, of the kinds that are refused elsewhere as unsafe |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 * | `requests` | `"handshakes"` | `"all"`: plain requests are judged too |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client: {@linkcode refuseVisibly} shows a page why |
 * | `reportOnly` | none | a second policy, which refuses nothing and is told of |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode AllowedHostsOptions}, {@linkcode PolicyOptions}, {@linkcode PatternOptions},
 * {@linkcode RequestsOption} and {@linkcode DenialOptions}.
 *
 * @category Guards
 * @typeParam Q The request.
 * @typeParam R What the handler returns.
 * @typeParam A What the handler needs after the request.
 * @typeParam D What `refuse` needs as its context.
 * @param handler Any handler that upgrades.
 * @param options The hosts, the rest of the policy, and what becomes of denials.
 * @returns A handler that judges every handshake and passes every other request through.
 * @throws {ConfigError} All faults at once.
 *
 * @example One object for the sockets and for the site
 * ```ts
 * import { allowedHostsOriginValidator, hostValidator, protocolTypeRouter } from "@wsgate/wsgate";
 *
 * const hosts = { allowedHosts: [".example.com"], debug: true };
 * const site = () => new Response("hello");
 * const application = () => new Response("upgraded here");
 * const fetch = protocolTypeRouter({
 *   http: hostValidator(site, hosts),
 *   websocket: allowedHostsOriginValidator(application, hosts),
 * });
 * export default { fetch };
 * ```
 */
export function allowedHostsOriginValidator<
  Q extends Request,
  R extends Response | undefined,
  A extends Rest,
  D = unknown,
>(
  handler: Takes<A, R, Q>,
  options:
    & AllowedHostsOptions
    & Omit<PolicyOptions, "origins" | "hosts">
    & GuardOptions<ContextOf<A> & D>,
): Wrapped<A, R | Response, Q, NoInfer<D>> {
  const known = [...ALLOWED_HOSTS_OPTIONS, ...GUARD_OPTIONS];
  const { judging, denial } = readHostOptions(handler, options, known, true);
  return guardRequests(handler, judging, denial) as Wrapped<A, R | Response, Q, NoInfer<D>>;
}

/**
 * Judges every request by its Host header: Django's check of `ALLOWED_HOSTS`, for the plain HTTP side.
 *
 * Handshakes are judged too, by Host alone. Where a request has no Host header but an `https` URL names its authority
 * (HTTP/2), and no WebSocket is asked for, that authority is judged.
 *
 * **Security.** Without it a page whose name was made to resolve to this server (DNS rebinding) reads the site as
 * its own. It says nothing of Origin, so it does not count as a guard: {@linkcode authMiddlewareStack} still
 * refuses handshakes that only it has seen.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `allowedHosts` | required | the names of this site, as in Django's `ALLOWED_HOSTS` |
 * | `scheme` | that of `request.url` | the scheme of the site's pages: `"https"` behind a proxy that ends TLS |
 * | `debug` | `false` | for development: also admits pages and names of this machine |
 * | `suffixes` | a short list | the names under which strangers can register: `publicSuffixes` |
 * | `refuse` | {@linkcode deny} | how a denial looks to the client: {@linkcode refuseVisibly} shows a page why |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode AllowedHostsOptions} and {@linkcode DenialOptions}.
 *
 * @category Guards
 * @typeParam Q The request.
 * @typeParam R What the handler returns.
 * @typeParam A What the handler needs after the request.
 * @typeParam D What `refuse` needs as its context.
 * @param handler The site.
 * @param options The hosts, and what becomes of denials.
 * @returns A handler that judges every request.
 * @throws {ConfigError} All faults at once.
 *
 * @example A rebinding attacker's name
 * ```ts
 * import { hostValidator } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const site = hostValidator(() => new Response("private"), { allowedHosts: ["example.com"] });
 * const request = new Request("http://evil.test/", { headers: { host: "evil.test" } });
 * assertEquals((await site(request)).status, 403);
 * ```
 */
export function hostValidator<
  Q extends Request,
  R extends Response | undefined,
  A extends Rest,
  D = unknown,
>(
  handler: Takes<A, R, Q>,
  options: AllowedHostsOptions & Omit<GuardOptions<ContextOf<A> & D>, "requests" | "reportOnly">,
): Wrapped<A, R | Response, Q, NoInfer<D>> {
  const known = ["allowedHosts", "suffixes", "scheme", "debug", ...DENIAL_OPTIONS];
  const { policy, denial } = readHostOptions(handler, options, known, false);
  const tell = teller("host", denial);
  const answer = answerer(denial);
  const guarded: Takes<Rest, R | Response, Q> = (request, ...rest) => {
    const host = authorityOf(request);
    const decision = checkHost(host, request.url, policy);
    const denied = decision.allowed ? null : decision;
    if (denied !== null || tell.all) {
      const words = denied === null ? {} : wordsOfHost(policy);
      tell({ ...words, host, denied, reportOnly: null, handshake: request, request, context: rest[0] });
    }
    return denied === null ? handler(request, ...rest as unknown as A) : answer(denied, request, rest[0]);
  };
  return guarded as Wrapped<A, R | Response, Q, NoInfer<D>>;
}

function readHostOptions(
  handler: unknown,
  options: unknown,
  known: readonly string[],
  withOrigins: boolean,
): { policy: Policy; judging: Judging; denial: DenialOptions<unknown> } {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  const read = readOptions(options, known, issues) ?? {};
  const policy = readAllowedHosts(read, issues, withOrigins);
  const judging = readJudging(policy, read, issues);
  const denial = readDenialOptions<unknown>(read, issues);
  throwIfAny(issues);
  return { policy: policy!, judging, denial };
}
