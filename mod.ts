/**
 * WebSocket handshake security for Deno and Bun: one verdict over Host, Origin and scheme, around any handler that
 * upgrades.
 *
 * A WebSocket starts as an HTTP request that carries the user's cookies, and any page on the internet can make a
 * browser send it. Neither CORS nor SameSite cookies nor CSRF middleware stop it; judging its Origin does.
 *
 * ```ts
 * import { originValidator, protocolTypeRouter, upgradeHandler, websocket } from "@wsgate/wsgate";
 *
 * const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
 *
 * const fetch = protocolTypeRouter({
 *   http: () => new Response("the site"),
 *   websocket: originValidator(echo, ["https://example.com", ".example.org"]),
 * });
 * const server = { fetch, websocket };
 * export default server; // deno serve main.ts, bun run main.ts
 * ```
 *
 * - {@linkcode originValidator}, {@linkcode allowedHostsOriginValidator}, {@linkcode hostValidator},
 *   {@linkcode guard}: wrappers that judge.
 * - {@linkcode upgradeHandler}, {@linkcode websocket}, {@linkcode refuseVisibly}: the socket, the same on both runtimes.
 * - {@linkcode protocolTypeRouter}, {@linkcode urlRouter}, {@linkcode authMiddlewareStack}: the rest of the
 *   composition, as in Django Channels.
 * - {@linkcode compileOrigins}, {@linkcode compilePolicy}, {@linkcode compileAllowedHosts}, {@linkcode check},
 *   {@linkcode getCookies}, {@linkcode deny}: the pure functions under them, to be called alone.
 * - {@linkcode parseList}: a list out of an environment variable.
 * - {@linkcode explain}, {@linkcode formatExplanation}, {@linkcode lint}: why a handshake was refused and what would let
 *   it in; what is dangerous in a list, or may be a mistake.
 *
 * @module
 */

export type {
  Admissions,
  AnySession,
  Closable,
  LiveRequest,
  SessionRef,
  UserSession,
} from "./src/admission.ts";
export { type Auth, authMiddlewareStack, type AuthOptions } from "./src/auth/auth.ts";
export { getCookies } from "./src/auth/cookies.ts";
export { ConfigError, type ConfigIssue, type ConfigIssueCode } from "./src/config.ts";
export { deny } from "./src/denial.ts";
export {
  explain,
  type ExplainedHost,
  type ExplainedOrigin,
  type Explanation,
} from "./src/explain/explain.ts";
export { type ExplanationLayout, formatExplanation } from "./src/explain/explanation_text.ts";
export {
  lint,
  type LintCode,
  type LintedEntry,
  type LintFinding,
  type LintLevel,
} from "./src/explain/lint.ts";
export type { NearMiss, NearMissCode, Suggestion } from "./src/explain/near_misses.ts";
export { createGate, type Gate, type GateOptions } from "./src/guard/gate.ts";
export { guard, type GuardOptions } from "./src/guard/guard.ts";
export type { PolicyFor, PolicySource, RequestedSite, RequestsOption } from "./src/guard/judge.ts";
export {
  type AllowedHostsOptions,
  allowedHostsOriginValidator,
  hostValidator,
  originValidator,
} from "./src/guard/validators.ts";
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
export { compileOrigins, type OriginMatcher, type PatternOptions } from "./src/matcher/matcher.ts";
export { parseList } from "./src/pattern/parse_list.ts";
export type { SuffixList } from "./src/pattern/suffix_list.ts";
export { protocolTypeRouter } from "./src/router/protocol_type_router.ts";
export { routeParams, urlRouter } from "./src/router/url_router.ts";
export type { DenialHook, DenialOptions } from "./src/settle.ts";
export { type BunWebSocketHandler, websocket } from "./src/socket/bun.ts";
export { refuseVisibly } from "./src/socket/refuse_visibly.ts";
export type { Socket, SocketHandlers } from "./src/socket/socket.ts";
export { type SocketOptions, upgradeHandler } from "./src/socket/upgrade.ts";
export { check } from "./src/verdict/check.ts";
export {
  type AllowedHostsPolicyOptions,
  compileAllowedHosts,
  compilePolicy,
  type ListedEntry,
  Policy,
  type PolicyOptions,
} from "./src/verdict/policy.ts";
