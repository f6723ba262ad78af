/**
 * WebSocket handshake security for Deno and Bun: one verdict over Host, Origin and scheme, around any handler that
 * upgrades.
 *
 * A WebSocket starts as an HTTP request that carries the user's cookies, and any page on the internet can make a
 * browser send it. Neither CORS nor SameSite cookies nor CSRF middleware stop it; judging its Origin does.
 *
 * ```ts
 * import { originValidator, protocolTypeRouter } from "@wsgate/wsgate";
 * import { upgradeHandler, websocket } from "@wsgate/wsgate";
 *
 * const echo = upgradeHandler({
 *   message(socket, data) {
 *     socket.send(data);
 *   },
 * });
 * const fetch = protocolTypeRouter({
 *   http: () => new Response("the site"),
 *   websocket: originValidator(echo, ["https://example.com", ".example.org"]),
 * });
 * const server = { fetch, websocket };
 * export default server; // deno serve main.ts, bun run main.ts
 * ```
 *
 * ## Guards
 *
 * | to | use |
 * | --- | --- |
 * | guard a handler by a list of origins | {@linkcode originValidator} |
 * | guard it by the names of the site, as Django does | {@linkcode allowedHostsOriginValidator}, {@linkcode hostValidator} |
 * | give each site a policy of its own, or swap it while serving | {@linkcode guard} |
 * | judge where a framework upgrades | {@linkcode createGate}; on Node `@wsgate/wsgate/node` |
 *
 * Types: {@linkcode AllowedHostsOptions}, {@linkcode GuardOptions}, {@linkcode RequestsOption}, {@linkcode GateOptions},
 * {@linkcode Gate}, {@linkcode PolicySource}, {@linkcode PolicyFor}, {@linkcode RequestedSite}.
 *
 * ## Policies
 *
 * | to | use |
 * | --- | --- |
 * | see what a pattern allows; match origins alone | {@linkcode compileOrigins} |
 * | compile a list and the rest of a policy once | {@linkcode compilePolicy}, {@linkcode compileAllowedHosts} |
 * | read a list from an environment variable | {@linkcode parseList} |
 * | learn what is wrong with a list, in a program | {@linkcode ConfigError} |
 * | refuse wildcards by the whole Public Suffix List | `@wsgate/wsgate/public_suffixes` |
 *
 * Types: {@linkcode PolicyOptions}, {@linkcode PatternOptions}, {@linkcode AllowedHostsPolicyOptions}, {@linkcode Policy},
 * {@linkcode OriginMatcher}, {@linkcode SuffixList}, {@linkcode ConfigIssue}, {@linkcode ConfigIssueCode}.
 *
 * ## Sockets
 *
 * | to | use |
 * | --- | --- |
 * | open sockets, the same on Deno and Bun | {@linkcode upgradeHandler}, {@linkcode websocket} |
 * | tell a page why it was refused | {@linkcode refuseVisibly} |
 *
 * Types: {@linkcode SocketHandlers}, {@linkcode SocketOptions}, {@linkcode Socket}, {@linkcode BunWebSocketHandler}.
 *
 * ## Routing and users
 *
 * | to | use |
 * | --- | --- |
 * | send sockets and pages to handlers of their own | {@linkcode protocolTypeRouter} |
 * | choose a handler by the path | {@linkcode urlRouter}, {@linkcode routeParams} |
 * | know who is asking | {@linkcode authMiddlewareStack}, {@linkcode getCookies} |
 *
 * Types: {@linkcode Auth}, {@linkcode AuthOptions}.
 *
 * ## Sessions
 *
 * `@wsgate/wsgate/live` closes sockets when their session ends, and has stores and one-time tickets.
 *
 * Types: {@linkcode SessionRef}, {@linkcode AnySession}, {@linkcode UserSession}, {@linkcode Admissions},
 * {@linkcode LiveRequest}, {@linkcode Closable}.
 *
 * ## Production
 *
 * | to | use |
 * | --- | --- |
 * | hear of every decision, to log or to count it | {@linkcode DecisionHook}, {@linkcode DecisionEvent} |
 * | say how much the console is told, and serve counters | {@linkcode createReporter} |
 * | try a list before it refuses anybody | {@linkcode ReportOnlyOption} |
 *
 * Types: {@linkcode Reporter}, {@linkcode ReporterOptions}, {@linkcode ReporterCount}.
 *
 * ## Testing
 *
 * `@wsgate/wsgate/testing` makes handshakes and attacks from a site's own names, and asserts what becomes of them.
 *
 * ## Troubleshooting
 *
 * | to | use |
 * | --- | --- |
 * | find out why a handshake was refused | {@linkcode explain}, {@linkcode formatExplanation}; in a shell `@wsgate/wsgate/cli` |
 * | know what each near miss means | {@linkcode NearMissCode} |
 * | look a list over before it serves | {@linkcode lint}, {@linkcode LintCode} |
 *
 * Types: {@linkcode Explanation}, {@linkcode ExplainedOrigin}, {@linkcode ExplainedHost}, {@linkcode ExplanationLayout},
 * {@linkcode ListedEntry}, {@linkcode NearMiss}, {@linkcode Suggestion}, {@linkcode LintFinding}, {@linkcode LintedEntry},
 * {@linkcode LintLevel}.
 *
 * ## Verdicts
 *
 * | to | use |
 * | --- | --- |
 * | know what each reason means | {@linkcode DenyReason} |
 * | judge without a server, as in a test | {@linkcode check} |
 * | answer as a guard does | {@linkcode deny} |
 * | answer refusals otherwise | {@linkcode DenialOptions} |
 *
 * Types: {@linkcode Handshake}, {@linkcode Decision}, {@linkcode Denied}.
 *
 * ## Wrapper types
 *
 * For those who write wrappers of their own: {@linkcode Handler}, {@linkcode Takes}, {@linkcode ContextOf},
 * {@linkcode Wrapped}, {@linkcode Routed}, {@linkcode Third}, {@linkcode Rest}.
 *
 * @module
 */

export {
  type AllowedHostsOptions,
  allowedHostsOriginValidator,
  hostValidator,
  originValidator,
} from "./src/guard/validators.ts";
export { guard, type GuardOptions } from "./src/guard/guard.ts";
export { createGate, type Gate, type GateOptions } from "./src/guard/gate.ts";
export type {
  PolicyFor,
  PolicySource,
  ReportOnlyOption,
  RequestedSite,
  RequestsOption,
} from "./src/guard/judge.ts";
export { compileOrigins, type OriginMatcher, type PatternOptions } from "./src/matcher/matcher.ts";
export {
  type AllowedHostsPolicyOptions,
  compileAllowedHosts,
  compilePolicy,
  Policy,
  type PolicyOptions,
} from "./src/verdict/policy.ts";
export { parseList } from "./src/pattern/parse_list.ts";
export type { SuffixList } from "./src/pattern/suffix_list.ts";
export { ConfigError, type ConfigIssue, type ConfigIssueCode } from "./src/config.ts";
export { type SocketOptions, upgradeHandler } from "./src/socket/upgrade.ts";
export { type BunWebSocketHandler, websocket } from "./src/socket/bun.ts";
export { refuseVisibly } from "./src/socket/refuse_visibly.ts";
export type { Socket, SocketHandlers } from "./src/socket/socket.ts";
export { protocolTypeRouter } from "./src/router/protocol_type_router.ts";
export { routeParams, urlRouter } from "./src/router/url_router.ts";
export { type Auth, authMiddlewareStack, type AuthOptions } from "./src/auth/auth.ts";
export { getCookies } from "./src/auth/cookies.ts";
export type {
  Admissions,
  AnySession,
  Closable,
  LiveRequest,
  SessionRef,
  UserSession,
} from "./src/admission.ts";
export { explain } from "./src/explain/explain.ts";
export { type ExplanationLayout, formatExplanation } from "./src/explain/explanation_text.ts";
export type {
  ExplainedHost,
  ExplainedOrigin,
  Explanation,
  ListedEntry,
  NearMiss,
  NearMissCode,
  Suggestion,
} from "./src/explanation.ts";
export {
  lint,
  type LintCode,
  type LintedEntry,
  type LintFinding,
  type LintLevel,
} from "./src/explain/lint.ts";
export { check } from "./src/verdict/check.ts";
export { deny } from "./src/denial.ts";
export type { DecisionHook, DenialOptions } from "./src/settle.ts";
export type { DecisionEvent } from "./src/event.ts";
export { createReporter, type Reporter, type ReporterCount, type ReporterOptions } from "./src/reporter.ts";
export type {
  ContextOf,
  Decision,
  Denied,
  DenyReason,
  Handler,
  Handshake,
  Rest,
  Routed,
  Takes,
  Third,
  Wrapped,
} from "./src/handler.ts";
