/**
 * What is told of a handshake that came near, as programs read it.
 */

import { quote } from "../quote.ts";
import type { ListedEntry } from "../verdict/policy.ts";

/**
 * In what way a handshake came near. Stable: safe to compare, count and alert on.
 *
 * Of something in front of the server: `upgrade-stripped`, `connection-stripped`, `origin-behind-proxy`,
 * `host-behind-proxy`, `port-behind-proxy`, `scheme-behind-proxy`, `origin-stripped`. Of pages that are no site's:
 * `app-page`, `app-instance` (its host is made anew for each install or window), `file-page`, `native-client`. Of one's own
 * machine: `loopback-name`, `local-page`.
 *
 * Of an origin whose host is on the list: `port`, `localhost-port`, `scheme`, `http-page-to-tls-socket`,
 * `socket-scheme` (the entry has `ws:` or `wss:`, which no page has), `scheme-and-port`. Of the site's own:
 * `self-not-listed`. Of another host: `trailing-dot`, `apex-left-out`, `missing-subdomain-wildcard`, `look-alike`,
 * `parent-of-listed`, `listed-name-in-front`, `listed-name-glued`, `misspelt`, `sibling`; `not-listed` where none of
 * these fits.
 *
 * Of an origin that names nobody: `absent-origin`, `absent-with-credentials`, `empty-origin`, `null-origin`,
 * `several-origins`, `malformed-origin`.
 *
 * Of a Host header: `host-absent`, `host-malformed`, `host-mismatch`, and, where it is not on the list, `host-port`,
 * `host-trailing-dot`, `host-apex-left-out`, `host-missing-subdomain-wildcard`, `misspelt`, `host-not-listed`.
 */
export type NearMissCode =
  | "upgrade-stripped"
  | "connection-stripped"
  | "origin-behind-proxy"
  | "host-behind-proxy"
  | "port-behind-proxy"
  | "scheme-behind-proxy"
  | "port"
  | "localhost-port"
  | "app-page"
  | "app-instance"
  | "loopback-name"
  | "local-page"
  | "origin-stripped"
  | "native-client"
  | "file-page"
  | "absent-origin"
  | "absent-with-credentials"
  | "empty-origin"
  | "null-origin"
  | "several-origins"
  | "malformed-origin"
  | "trailing-dot"
  | "apex-left-out"
  | "missing-subdomain-wildcard"
  | "host-port"
  | "host-trailing-dot"
  | "host-apex-left-out"
  | "host-missing-subdomain-wildcard"
  | "look-alike"
  | "parent-of-listed"
  | "listed-name-in-front"
  | "listed-name-glued"
  | "misspelt"
  | "scheme"
  | "http-page-to-tls-socket"
  | "socket-scheme"
  | "scheme-and-port"
  | "self-not-listed"
  | "sibling"
  | "not-listed"
  | "host-absent"
  | "host-malformed"
  | "host-mismatch"
  | "host-not-listed";

/** One way in which a refused handshake came near to being let in. */
export interface NearMiss {
  /** In what way. */
  readonly code: NearMissCode;
  /** The entry that it came near to; null: none. */
  readonly entry: ListedEntry | null;
  /** Which parts are not the entry's. Empty where there is no entry. */
  readonly differs: readonly ("scheme" | "host" | "port")[];
  /** The same in words: printable ASCII, no full stop at its end. */
  readonly text: string;
  /**
   * What would let this handshake in; null: nothing does, or nothing should. The nearest miss alone has one.
   *
   * **Security.** Only if that site is yours: an attacker's handshake is explained too.
   */
  readonly suggestion: Suggestion | null;
}

/** What would let one handshake in: one entry more in a list, or one option set. */
export interface Suggestion {
  /** The option to change. */
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "allowedHosts" | "absent" | "scheme" | "debug";
  /** The entry to add to that list, or the option's value: printable ASCII. */
  readonly entry: string;
  /** Who else can connect with it, or what it gives up, as one sentence; null: nobody and nothing. */
  readonly danger: string | null;
}

/** An entry as a sentence names it. */
export function nameOf({ pattern, list, index }: ListedEntry): string {
  const place = list === "debug" ? "added by debug" : index < 0 ? list : `${list}[${index}]`;
  return `${quote(pattern)} (${place})`;
}
