/**
 * The opening handshake, RFC 6455 §4.2.1: does a request ask for a WebSocket, and does it ask rightly?
 *
 * Each runtime leaves another part of it unchecked. Deno upgrades a POST, an empty key and any version; Bun does not look
 * at Connection; both take a repeated Upgrade for a good one. So nothing is left to them.
 */

import { denials } from "./denial.ts";
import type { Miss } from "./explanation.ts";
import type { Denied, Handshake } from "./handler.ts";
import { parseHost } from "./origin/authority.ts";

/*
 * RFC 9110 §7.8:  Upgrade  = #protocol
 *                 protocol = protocol-name ["/" protocol-version]
 *
 * Wider than that grammar, on purpose. What each runtime takes for the token is its own affair, and more than a list
 * of tokens should allow: both split inside quotes, Deno finds the word behind other text. A handshake that the
 * runtime recognises and this does not would pass unjudged; one that only this recognises is refused, and no honest
 * client sends it.
 */
const WEBSOCKET = /websocket/i;

/**
 * Tells what a request asks for, by its method and its `Upgrade`.
 *
 * - `"none"`: no WebSocket; neither runtime would upgrade it.
 * - `"connect"`: the method CONNECT, which opens WebSockets over HTTP/2 and HTTP/3 (RFC 8441, RFC 9220). No runtime upgrades
 *   it yet, and a handler that answers it with 200 has opened a tunnel.
 * - `"websocket"`: exactly the one token that every browser and client sends.
 * - `"malformed"`: the word among other things. A runtime may upgrade it, no honest client sends it, and a repeated
 *   field looks like this too, so it is recognised as a handshake in order to be refused as one.
 */
export function requestedUpgrade(handshake: Handshake): "none" | "connect" | "websocket" | "malformed" {
  if (handshake.method === "CONNECT") return "connect";
  const value = handshake.headers.get("upgrade");
  if (value === null) return "none";
  if (value === "websocket") return "websocket";
  if (!WEBSOCKET.test(value)) return "none";
  return value.length === "websocket".length ? "websocket" : "malformed";
}

/*
 * RFC 9110 §7.6.1:  Connection        = #connection-option
 *                   connection-option = token
 *
 * Linear: no run of white space is scanned more than twice.
 */
const UPGRADE_OPTION = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;

/**
 * Tells whether a request's `Connection` has the option `upgrade`.
 *
 * `"malformed"`: the word is there, and not as an option. Parts of a runtime that disagree over it upgrade a connection
 * that was never meant to be; an honest client sends nothing like it.
 */
export function connectionUpgrade(handshake: Handshake): "none" | "upgrade" | "malformed" {
  const value = handshake.headers.get("connection") ?? "";
  if (UPGRADE_OPTION.test(value)) return "upgrade";
  return /upgrade/i.test(value) ? "malformed" : "none";
}

/** The headers that proxies add. */
export const FORWARDING: readonly string[] = [
  ...["x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-for", "x-forwarded-server"],
  ...["x-real-ip", "forwarded", "via"],
];

/** Who sent a handshake, by the marks that it carries. Any client can write them: they name a cause and decide nothing. */
export type Sender = "browser" | "program" | "nobody";

/**
 * `"browser"`: the marks of one. `"program"`: a whole handshake without them. `"nobody"`: what an operator typed, to ask
 * about it.
 *
 * Not by Sec-Fetch-Mode and Accept-Language, which Node sends too.
 */
export function senderOf({ headers }: Handshake): Sender {
  const isBrowser = /^Mozilla\/5\.0/.test(headers.get("user-agent") ?? "") ||
    (headers.get("sec-fetch-site") ?? headers.get("sec-fetch-dest") ?? null) !== null;
  if (isBrowser) return "browser";
  return (headers.get("sec-websocket-key") ?? null) === null ? "nobody" : "program";
}

/** Reports whether a login may ride along. */
export function carriesCredentials({ headers }: Handshake): boolean {
  return (headers.get("cookie") ?? headers.get("authorization") ?? null) !== null;
}

/** What something in front of the server took out of a handshake; null: nothing. Nothing else sends Sec-WebSocket-Key. */
export function strippedFrom(handshake: Handshake): "upgrade" | "connection" | null {
  if ((handshake.headers.get("sec-websocket-key") ?? null) === null) return null;
  const upgrade = handshake.headers.get("upgrade") ?? null;
  if (upgrade === null) return handshake.method === "CONNECT" ? null : "upgrade";
  return requestedUpgrade(handshake) === "websocket" && connectionUpgrade(handshake) === "none"
    ? "connection"
    : null;
}

/** What to do about {@linkcode strippedFrom}. */
export const STRIPPED = {
  upgrade:
    "Have the proxy forward Upgrade and Connection (nginx: proxy_http_version 1.1; proxy_set_header Upgrade " +
    '$http_upgrade; proxy_set_header Connection "upgrade"). Sec-WebSocket-Key arrived without Upgrade',
  connection:
    'Have the proxy forward Connection (nginx: proxy_set_header Connection "upgrade"). Upgrade arrived, but ' +
    'Connection does not have "upgrade"',
} as const;

/** What is told of it, as a near miss; null: nothing was taken out. */
export function strippedMiss(handshake: Handshake): Miss | null {
  const what = strippedFrom(handshake);
  return what && { code: `${what}-stripped`, text: STRIPPED[what] };
}

/** The path of a request as it was sent, without the query; null: the URL names none. A URL parser would repair what has to be refused. */
export function pathOf(url: string): string | null {
  const afterAuthority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(afterAuthority).split("?", 1)[0]!;
  // The authority is the client's text on Deno, absent on Bun at times.
  if (afterAuthority === 0 && !path.startsWith("/")) return null;
  return path || "/";
}

/** Takes HTTP's white space (RFC 9110 §5.6.3) off both ends: spaces and tabs alone, where trim() takes a score more. */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === " " || text[start] === "\t")) start++;
  while (end > start && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return text.slice(start, end);
}

/** Sixteen bytes in base64 (RFC 4648 §4): the last of 22 characters carries two bits, the rest of it is zero. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** RFC 9110 §5.6.2, what a subprotocol's name consists of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The first requirement of RFC 6455 §4.2.1 that a request does not meet; null: it meets them all. `judged`: what
 * Connection said to a guard that let the handshake in, which has read Upgrade and Host too; on Bun reading a header costs
 * microseconds.
 */
export function checkOpeningHandshake(handshake: Handshake, judged?: "upgrade" | "none"): Denied | null {
  const { method, headers } = handshake;
  if (judged === undefined) {
    const upgrade = requestedUpgrade(handshake);
    if (upgrade === "none") return denials["not-a-handshake"];
    if (upgrade === "connect") return denials["connect-not-supported"];
    if (upgrade === "malformed") return denials["upgrade-malformed"];
  }
  if (method !== "GET") return denials["method-not-allowed"];
  if (judged === undefined) {
    const host = headers.get("host");
    if (host === null) return denials["host-absent"];
    if (parseHost(host) === null) return denials["host-malformed"];
  }
  if ((judged ?? connectionUpgrade(handshake)) !== "upgrade") return denials["connection-malformed"];
  if (headers.get("sec-websocket-version") !== "13") return denials["version-unsupported"];
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) return denials["key-malformed"];
  return null;
}

/**
 * The subprotocols that a handshake offers, in its order.
 *
 * Split at the comma alone: `a,b` comes from the npm client `ws`, `a, b` from browsers. What is no token is passed
 * over, since nothing could be chosen by that name.
 */
export function offeredProtocols(handshake: Handshake): string[] {
  const offer = handshake.headers.get("sec-websocket-protocol") ?? "";
  return offer.split(",").map(trimWhiteSpace).filter(isToken);
}

/** The first of the server's subprotocols that is offered, or "". The client's order does not count, nor its wishes. */
export function chooseProtocol(handshake: Handshake, protocols: readonly string[]): string {
  if (protocols.length === 0) return "";
  const offered = new Set(offeredProtocols(handshake));
  return protocols.find((name) => offered.has(name)) ?? "";
}

/** True for an offer by which a client carries a credential: it is never chosen, since what is chosen is sent back. */
export function isCredential(offer: string): boolean {
  return /^(?:ticket|bearer)\./i.test(offer);
}

/** True for a name that a header can carry as one token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
