/**
 * Guards: wrappers that judge by a policy and do something with the verdict.
 *
 * Each of them keeps to one rule of Deno's: once a WebSocket was upgraded its response has to be returned, and a
 * wrapper that throws or returns something else then stops the whole listener. So the last act of every wrapper
 * here is to return what the handler returned, untouched and not waited for, and all that can fail comes before.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import {
  denials,
  handleRejection,
  isPromiseLike,
  readRefusalOptions,
  REFUSAL_OPTIONS,
  type RefusalOptions,
  type Refuse,
  refuser,
} from "../denial.ts";
import { explainAs } from "../explain/explain.ts";
import { whyInOneLine } from "../explain/explanation_text.ts";
import {
  connectionUpgrade,
  type Guarded,
  type Handler,
  type Handshake,
  requestedUpgrade,
} from "../handler.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { check, checkHost } from "../verdict/check.ts";
import {
  isPolicy,
  type Policy,
  POLICY_OPTIONS,
  type PolicyOptions,
  readAllowedHosts,
  readPolicy,
} from "../verdict/policy.ts";

/** Handshakes whose Origin a guard judged and let in. */
const judged = new WeakSet<Request>();

/** Reports whether a guard let this very Request in by a verdict that included its Origin. */
export function wasOriginJudged(request: Request): boolean {
  return judged.has(request);
}

/**
 * Judges every request that asks for a WebSocket; every other request passes untouched, so that a guard may wrap a
 * whole site.
 *
 * A handshake is recognised by the word `websocket` anywhere in `Upgrade`, in any case, whatever its method: more than
 * either runtime would upgrade. One whose `Upgrade` is anything but that single token is refused as
 * `upgrade-malformed`, one whose `Connection` holds `upgrade` other than as an option as `connection-malformed`: no
 * browser sends either.
 *
 * **Security.** Put it around everything that upgrades, and outside of everything that looks up a user. With a
 * function in place of the policy the list can be swapped while serving: it is called once for each handshake, which
 * is then judged by that policy alone. A function that throws, or returns anything but a policy, refuses with 503.
 *
 * @typeParam C What the handler needs as its second argument.
 * @typeParam R What the handler returns.
 * @param handler Any handler that upgrades; native ones as they are.
 * @param policy What {@linkcode compilePolicy} made, or a function that returns the one in force.
 * @param options What is done with refusals.
 * @returns A handler for `Deno.serve`, `Bun.serve`, `export default` and any framework that hands over the Request.
 * @throws {ConfigError} A handler, policy or option of the wrong type; all faults at once.
 *
 * @example A list that is swapped while serving
 * ```ts
 * import { compilePolicy, guard } from "@wsgate/wsgate";
 *
 * let policy = compilePolicy({ origins: ["https://example.com"] });
 * const fetch = guard(() => new Response("upgraded here"), () => policy);
 * policy = compilePolicy({ origins: ["https://example.com", "https://example.org"] });
 * export default { fetch };
 * ```
 */
export function guard<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  policy: Policy | (() => Policy),
  options: RefusalOptions<C> = {},
): Guarded<C, R | Response> {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  if (!isPolicy(policy) && typeof policy !== "function") {
    issues.push({
      code: "wrong-type",
      field: "policy",
      index: -1,
      value: policy,
      fix: "Give what compilePolicy() returned, or a function that returns it; a copy of a policy is none.",
    });
  }
  const refusal = readRefusalOptions<C>(readOptions(options, REFUSAL_OPTIONS, issues) ?? {}, issues);
  throwIfAny(issues);
  return guardHandshakes(handler, policy, refuser(refusal));
}

/** Entries that a console line may cost the reading of while handshakes wait: a few milliseconds, 20 times at most. */
const SEARCH_AT_MOST = 1000;

function guardHandshakes<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  source: Policy | (() => Policy),
  refuse: Refuse<C>,
): Guarded<C, R | Response> {
  const guarded: Handler<C, R | Response> = (request, context) => {
    const upgrade = requestedUpgrade(request);
    if (upgrade === "none") return handler(request, context);
    if (upgrade === "malformed") return refuse(denials["upgrade-malformed"], request, context);
    if (connectionUpgrade(request) === "malformed") {
      return refuse(denials["connection-malformed"], request, context);
    }

    let policy: unknown = source;
    if (typeof source === "function") {
      try {
        policy = source();
        if (!isPolicy(policy)) {
          handleRejection(policy, () => {});
          const what = isPromiseLike(policy)
            ? "a promise: load it elsewhere, return the one in force"
            : "no policy";
          throw new TypeError(`the policy function returned ${what}`);
        }
      } catch (cause) {
        return refuse(denials["policy-unavailable"], request, context, { cause });
      }
    }
    const inForce = policy as Policy;
    const decision = check(request, inForce);
    if (!decision.allowed) {
      const note = () => whyInOneLine(explainAs(request, inForce, SEARCH_AT_MOST));
      return refuse(decision, request, context, { note });
    }
    judged.add(request);
    return handler(request, context);
  };
  return guarded as Guarded<C, R | Response>;
}

/**
 * Lets handshakes in whose Origin is on a list: the `OriginValidator` of Django Channels.
 *
 * Short for {@linkcode guard} with {@linkcode compilePolicy}, from one list and one options object.
 *
 * **Security.** The list is complete: the server's own origin is not on it unless it is written there, by name or as
 * `'self'`. A handshake without Origin is refused unless the list holds `"*"` or `absent` says otherwise.
 *
 * @typeParam C What the handler needs as its second argument.
 * @typeParam R What the handler returns.
 * @param handler Any handler that upgrades.
 * @param allowed The allowed origins: the patterns of {@linkcode compileOrigins}, and `'self'`.
 * @param options The rest of the policy, and what is done with refusals.
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
export function originValidator<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  allowed: readonly string[],
  options: Omit<PolicyOptions, "origins"> & RefusalOptions<C> = {},
): Guarded<C, R | Response> {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  const known = [...POLICY_OPTIONS.filter((name) => name !== "origins"), ...REFUSAL_OPTIONS];
  const read = readOptions(options, known, issues) ?? {};
  const policy = readPolicy({ __proto__: null, ...read, origins: allowed }, issues);
  const refusal = readRefusalOptions<C>(read, issues);
  throwIfAny(issues);
  return guardHandshakes(handler, policy!, refuser(refusal));
}

/** What {@linkcode allowedHostsOriginValidator} and {@linkcode hostValidator} share: declared once, spread into both. */
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
 * @typeParam C What the handler needs as its second argument.
 * @typeParam R What the handler returns.
 * @param handler Any handler that upgrades.
 * @param options The hosts, the rest of the policy, and what is done with refusals.
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
export function allowedHostsOriginValidator<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  options: AllowedHostsOptions & Omit<PolicyOptions, "origins" | "hosts"> & RefusalOptions<C>,
): Guarded<C, R | Response> {
  const known = [
    "allowedHosts",
    ...POLICY_OPTIONS.filter((name) => name !== "origins" && name !== "hosts"),
    ...REFUSAL_OPTIONS,
  ];
  const { policy, refuse } = readHostOptions<C>(handler, options, known, true);
  return guardHandshakes(handler, policy, refuse);
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
 * @typeParam C What the handler needs as its second argument.
 * @typeParam R What the handler returns.
 * @param handler The site.
 * @param options The hosts, and what is done with refusals.
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
export function hostValidator<C, R extends Response | undefined>(
  handler: Handler<C, R>,
  options: AllowedHostsOptions & RefusalOptions<C>,
): Guarded<C, R | Response> {
  const known = ["allowedHosts", "suffixes", "scheme", "debug", ...REFUSAL_OPTIONS];
  const { policy, refuse } = readHostOptions<C>(handler, options, known, false);
  const guarded: Handler<C, R | Response> = (request, context) => {
    const host = hostOf(request);
    const decision = checkHost(host, request.url, policy);
    if (decision.allowed) return handler(request, context);
    const note = () => {
      const { method, url, headers } = request;
      const judged: Handshake = {
        method,
        url,
        headers: { get: (name) => name === "host" ? host : headers.get(name) },
      };
      // Nothing was said of Origin, so nothing is.
      return whyInOneLine({ ...explainAs(judged, policy, SEARCH_AT_MOST), next: null });
    };
    return refuse(decision, request, context, { note });
  };
  return guarded as Guarded<C, R | Response>;
}

/** HTTP/2 has `:authority` in place of Host, and Deno shows it in the URL only. */
function hostOf(request: Request): string | null {
  const host = request.headers.get("host");
  if (host !== null || requestedUpgrade(request) !== "none") return host;
  return /^https:\/\/([^/?#]*)/.exec(request.url)?.[1] ?? null;
}

function readHostOptions<C>(
  handler: unknown,
  options: unknown,
  known: readonly string[],
  withOrigins: boolean,
): { policy: Policy; refuse: Refuse<C> } {
  const issues: ConfigIssue[] = [];
  checkFunction(handler, "handler", issues);
  const read = readOptions(options, known, issues) ?? {};
  const policy = readAllowedHosts(read, issues, withOrigins);
  const refusal = readRefusalOptions<C>(read, issues);
  throwIfAny(issues);
  return { policy: policy!, refuse: refuser(refusal) };
}
