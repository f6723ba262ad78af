/**
 * Handshakes that no policy of a site may let in, made from the site's own names.
 */

import type { Sender } from "./corpus.ts";

/** A handshake that has to be refused. */
export interface Attack {
  /** Which own origin it is made from; with `name` its key. */
  readonly on: string;
  /** Stable, such as "sibling-subdomain", "rebinding", "suffix-without-dot". */
  readonly name: string;
  /** Whose history it is, in a sentence. */
  readonly why: string;
  /** Who can make it arrive: any page, a neighbor's page, a network attacker, a proxy's mistake, or a program alone. */
  readonly sender: Sender;
  /** The handshake as a runtime shows it. */
  readonly request: Request;
  /** The same as bytes of an HTTP/1.1 request head, a character a byte. */
  readonly wire: string;
}

/** A site, by the names that attacks on it are made from. */
export interface Site {
  /** The origins of the site's own pages. */
  readonly origins: readonly string[];
  /** The socket's URL. */
  readonly to: string;
  /** What more is meant to get in, as patterns. */
  readonly trusts?: readonly string[];
  /** What is meant to become of a handshake without Origin. Left out: it is refused. */
  readonly absent?: "allow" | "allow-without-credentials";
}

/** Attacks on a site. */
export function attacksOn(site: Site): readonly Attack[] {
  const { host, pathname, search, protocol } = new URL(site.to);
  const scheme = protocol === "wss:" ? "https" : "http";
  const target = pathname + search;
  return site.origins.map((on): Attack => {
    const headers: [string, string][] = [
      ["Host", host],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Origin", `${scheme}://attacker.test`],
    ];
    const request = new Request(`${scheme}://${host}${target}`);
    for (const [name, value] of headers) request.headers.append(name, value);
    const lines = [`GET ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    return {
      on,
      name: "foreign-page",
      why: "No check at all: Uptime Kuma CVE-2023-49805 and a score more",
      sender: "page",
      request,
      wire: `${lines.join("\r\n")}\r\n\r\n`,
    };
  });
}
