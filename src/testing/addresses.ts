/**
 * Where sockets and pages are, as somebody writes it in a test.
 */

import type { ConfigIssue, ConfigIssueCode, Fault, Options } from "../config.ts";
import { isCanonicalHost } from "../origin/authority.ts";
import { parseOrigin } from "../origin/origin.ts";

/** Where handshakes go. */
export interface SocketUrl {
  /** The scheme of requests to it. */
  readonly site: "http" | "https";
  /** Canonical, an IPv6 address in its brackets, without the port. */
  readonly host: string;
  /** As it stands in a Host header: `":8000"`; "" for the default one. */
  readonly port: string;
  /** As a browser writes it, beginning with a slash. */
  readonly path: string;
  /** With its question mark; "" where there is none. */
  readonly query: string;
}

/** The option `to`; null: it is none, which goes to `issues`. */
export function readSocketUrl({ to }: Options, issues: ConfigIssue[]): SocketUrl | null {
  const url = typeof to === "string" && URL.canParse(to) ? new URL(to) : null;
  const fault = urlFault(to, url);
  if (fault !== null) {
    issues.push({ ...fault, field: "to", index: -1, value: to });
    return null;
  }
  const { protocol, hostname, port, pathname, search } = url!;
  return {
    site: protocol === "wss:" ? "https" : "http",
    host: hostname,
    port: port && `:${port}`,
    path: pathname,
    query: search,
  };
}

function urlFault(to: unknown, url: URL | null): Fault | null {
  const fault = (code: ConfigIssueCode, fix: string): Fault => ({ code, fix });
  if (to === undefined) return fault("missing-option", `Say where the socket is, ${SOCKET}.`);
  if (url === null) return fault("wrong-type", `Give the whole URL of the socket, ${SOCKET}.`);
  if (/^https?:$/.test(url.protocol)) {
    const socket = JSON.stringify(url.href.replace("http", "ws"));
    return fault("scheme-not-allowed", `Write the URL as the page's script does: ${socket}.`);
  }
  if (!/^wss?:$/.test(url.protocol)) {
    return fault("scheme-not-allowed", `The URL of a socket begins with ws:// or wss://, ${SOCKET}.`);
  }
  if (url.username !== "" || url.password !== "") {
    return fault("userinfo", "Leave out the user and the password: no page's script may write them.");
  }
  if (url.hash !== "") {
    return fault("fragment", "Leave out the number sign and what follows: it is not sent.");
  }
  return isCanonicalHost(url.hostname)
    ? null
    : fault("host-malformed", `Name one host, without a wildcard, ${SOCKET}.`);
}

const SOCKET = 'such as "wss://example.com/chat"';

/** What is wrong with the origin of a page, which is a scheme, a host and perhaps a port; null: nothing. */
export function originFault(value: unknown): Fault | null {
  if (typeof value !== "string") {
    return { code: "not-a-string", fix: `Give each origin as a string, ${PAGE}.` };
  }
  if (isTuple(value)) return null;
  const repaired = URL.canParse(value) ? new URL(value).origin : "";
  return isTuple(repaired)
    ? { code: "wrong-type", fix: `Write it as a browser sends it: ${JSON.stringify(repaired)}.` }
    : {
      code: "wrong-type",
      fix: `Give one origin as a browser sends it, ${PAGE}.`,
    };
}

function isTuple(origin: string): boolean {
  return parseOrigin(origin).kind === "tuple";
}

const PAGE = 'such as "https://example.com"';
