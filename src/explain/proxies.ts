/**
 * What proxies do to a handshake, how it is known, and the line to change.
 *
 * Said of the proxies of Debian 12, of Caddy 2.11 and of IIS with Application Request Routing 3.
 */

import { type NearMissCode, serialize } from "../explanation.ts";
import { defaultPort } from "../origin/authority.ts";
import { isInner, isLoopback } from "../origin/inner.ts";
import { NONE } from "../matcher/trie_layout.ts";
import { type Case, isRefusedByList } from "./case.ts";

/** What to change, by proxy. */
export interface ProxyLines {
  readonly nginx: string;
  readonly Apache: string;
  readonly HAProxy: string;
  readonly Caddy: string;
  readonly IIS: string;
}

const HOST: ProxyLines = {
  // Repeated for each location: one that has a proxy_set_header of its own inherits none.
  nginx:
    "proxy_set_header Host $http_host; in the location itself, which inherits none once it has one of its own",
  Apache: "ProxyPreserveHost On",
  HAProxy: 'remove "http-request set-header Host"',
  // From 2.11 on it writes the upstream's name where that is https.
  Caddy: "header_up Host {hostport}",
  IIS: 'preserveHostHeader="true"',
};
/** The same, where the name came through and its port did not. */
// Not with `...`, which bundlers take for something done.
const HOST_AND_PORT: ProxyLines = /* @__PURE__ */ Object.assign({}, HOST, {
  nginx: "proxy_set_header Host $http_host; not $host, which has no port",
});
const FORWARD_UPGRADE: ProxyLines = {
  nginx:
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  Apache: "ProxyPass / http://127.0.0.1:8000/ upgrade=websocket",
  HAProxy: 'remove "http-request del-header Upgrade" and the same for Connection',
  Caddy: 'remove "header_up -Upgrade" and the same for Connection',
  IIS: "install the WebSocket Protocol feature",
};
const KEEP_ORIGIN: ProxyLines = {
  nginx: 'remove "proxy_set_header Origin"',
  Apache: 'remove "RequestHeader" lines for Origin',
  HAProxy: 'remove "http-request" lines for Origin',
  Caddy: 'remove "header_up" lines for Origin',
  IIS: "remove HTTP_ORIGIN from the server variables of the rewrite rule",
};

/** By the cause that they do away with. */
const LINES: { readonly [code in NearMissCode]?: ProxyLines } = {
  "host-behind-proxy": HOST,
  "port-behind-proxy": HOST_AND_PORT,
  "origin-behind-proxy": KEEP_ORIGIN,
  "origin-stripped": KEEP_ORIGIN,
  "upgrade-stripped": FORWARD_UPGRADE,
  "connection-stripped": FORWARD_UPGRADE,
};

/** What to change against a cause, proxy by proxy; null: no proxy is one. */
export function proxyLinesFor(code: NearMissCode): ProxyLines | null {
  return LINES[code] ?? null;
}

/** The same in passing: nginx's, or Apache's where it has left its mark. */
function inShort({ evidence }: Case, lines: ProxyLines): string {
  return evidence.isApache ? `Apache: ${lines.Apache}` : `nginx: ${lines.nginx.split(";")[0]!}`;
}

/** Who could have written a header that no browser writes so. */
function writer({ evidence }: Case): string {
  return evidence.sender === "browser" ? "a proxy" : "a client or a proxy";
}

/** X-Forwarded-Host names this very Host, so it was passed on. */
function isHostPassedOn({ host, evidence }: Case): boolean {
  return evidence.forwarded?.header === "X-Forwarded-Host" && evidence.forwarded.host === host?.host;
}

/**
 * Whether a proxy has written an inner address into Origin. A page of the visitor's own machine looks the same; so does,
 * at an inner Host, the page of the server itself.
 */
export function isOriginBehindProxy(c: Case): boolean {
  const { tuple, host, evidence, app } = c;
  if (!isRefusedByList(c) || tuple === null || host === null || app !== null || !evidence.isForwarded) {
    return false;
  }
  if (tuple.scheme !== "http" && tuple.scheme !== "https" || !isInner(tuple.host)) return false;
  return tuple.host === host.host ? !isHostPassedOn(c) : !isInner(host.host);
}

export function originBehindProxy(c: Case): string {
  return `Have the proxy leave Origin as it is (${inShort(c, KEEP_ORIGIN)}). ` +
    `Origin ${serialize(c.tuple!)} is an inner address: ${
      writer(c)
    } wrote it, or it is a page of the visitor's own machine`;
}

/** What shows that a proxy has written its own Host; null: nothing does. */
function lostHost(c: Case): string | null {
  const { tuple, host, evidence: { forwarded }, findHost } = c;
  if (host === null || tuple?.host === host.host || isHostPassedOn(c)) return null;
  if (c.reason !== "host-not-allowed" && !(c.reason === "origin-not-allowed" && c.selfPlace !== null)) {
    return null;
  }
  if (tuple !== null && isLoopback(tuple.host) && isLoopback(host.host)) return null;
  if (tuple !== null && isOnHosts(c, tuple.host, tuple.port)) {
    return `the page's origin ${serialize(tuple)} is in hosts`;
  }
  if (forwarded !== null && findHost !== null && isOnHosts(c, forwarded.host, forwarded.port)) {
    return `${forwarded.header} ${forwarded.shown} is in hosts`;
  }
  if (!isInner(host.host) || tuple === null) return null;
  if (c.reason === "host-not-allowed" && c.findOrigin(c.value) !== NONE) {
    return `the page's origin ${serialize(tuple)} is allowed`;
  }
  return isTunnel(c) ? `${forwarded!.header} and the page's origin say ${tuple.host}` : null;
}

function isOnHosts({ findHost }: Case, host: string, port: number): boolean {
  // Its own port, or that of a site without one.
  return [port, 443, 80].some((it) => findHost !== null && findHost(host, host.length, it) !== NONE);
}

/** A tunnel from a public name to an inner one, which anybody can open. */
function isTunnel({ tuple, host, evidence: { forwarded } }: Case): boolean {
  return host !== null && isInner(host.host) && forwarded?.header === "X-Forwarded-Host" &&
    forwarded.host === tuple?.host;
}

export function isHostBehindProxy(c: Case): boolean {
  return lostHost(c) !== null;
}

export function hostBehindProxy(c: Case): string {
  const what = isTunnel(c) ? "proxy or tunnel" : "proxy";
  return `Have the ${what} pass Host on (${inShort(c, HOST)}). Host is ${c.shown.host}, but ${lostHost(c)!}`;
}

/** For a Host that is let in, 'self' is what fails, and a name in its place does not need Host. */
export function mayListInstead(c: Case): boolean {
  return c.reason === "origin-not-allowed" && !isTunnel(c);
}

/** The port that Host has lost on the way; null: none. */
function lostPort(c: Case): number | null {
  const { tuple, host, reason, selfPlace, findHost } = c;
  if (host === null || host.port !== 0 || !isRefusedByList(c)) return null;
  if (tuple !== null) {
    if (tuple.host !== host.host || tuple.port === defaultPort(tuple.scheme)) return null;
    const helps = reason === "host-not-allowed"
      ? findHost!(host.host, host.host.length, tuple.port) !== NONE
      : selfPlace !== null;
    return helps ? tuple.port : null;
  }
  if (reason !== "host-not-allowed" || c.value !== null || !c.evidence.isForwarded) return null;
  const near = c.near.get("host-port") ?? [];
  return near.map(({ rule }) => rule.port).find((port) => port !== null && port !== 80 && port !== 443) ??
    null;
}

export function isPortBehindProxy(c: Case): boolean {
  return lostPort(c) !== null;
}

export function portBehindProxy(c: Case): string {
  const where = c.tuple === null ? "hosts has the port" : "The page is on port";
  return `Have the proxy keep the port (nginx: proxy_set_header Host $http_host, not $host). ` +
    `${where} ${lostPort(c)}, but Host is ${c.shown.host}`;
}
