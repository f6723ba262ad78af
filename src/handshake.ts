/**
 * RFC 6455 §4.2.1, the whole of it: each runtime leaves another part unchecked.
 *
 * Deno upgrades a POST, an empty key and any version; Bun does not look at Connection; both take a repeated Upgrade
 * for a good one. So nothing is left to them.
 */

import { denials } from "./denial.ts";
import {
  connectionUpgrade,
  type Denied,
  type Handshake,
  requestedUpgrade,
  trimWhiteSpace,
} from "./handler.ts";
import { parseHost } from "./origin/authority.ts";

/** Sixteen bytes in base64 (RFC 4648 §4): the last of 22 characters carries two bits, the rest of it is zero. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/** RFC 9110 §5.6.2, what a subprotocol's name consists of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The first requirement of RFC 6455 §4.2.1 that a request does not meet; null: it meets them all. */
export function checkOpeningHandshake(handshake: Handshake): Denied | null {
  const { method, headers } = handshake;
  const upgrade = requestedUpgrade(handshake);
  if (upgrade === "none") return denials["not-a-handshake"];
  if (upgrade === "malformed") return denials["upgrade-malformed"];
  if (method !== "GET") return denials["method-not-allowed"];
  const host = headers.get("host");
  if (host === null) return denials["host-absent"];
  if (parseHost(host) === null) return denials["host-malformed"];
  if (connectionUpgrade(handshake) !== "upgrade") return denials["connection-malformed"];
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

/** True for a name that a header can carry as one token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}
