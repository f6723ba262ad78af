/**
 * Explanations as programs read them, and what they show of a request: how they come about is the desk's.
 */

import type { Decision, DenyReason } from "./handler.ts";
import { defaultPort, lowerAscii, parseHost } from "./origin/authority.ts";
import { parseOrigin, type TupleOrigin } from "./origin/origin.ts";
import { shownPart } from "./origin/shown.ts";
import { quote } from "./quote.ts";

/** An `Origin` header, read. */
export type ExplainedOrigin =
  | {
    /** Not a tuple of scheme, host and port. */
    readonly kind: "absent" | "empty" | "null" | "malformed";
    /** The header as JSON-escaped ASCII in quotes, 80 characters at most; `absent` where there is none. */
    readonly shown: string;
  }
  | {
    /** A tuple of scheme, host and port. */
    readonly kind: "tuple";
    /** As browsers write it, without a default port. */
    readonly shown: string;
    /** Such as `https`. */
    readonly scheme: string;
    /** Canonical, an IPv6 address in its brackets. */
    readonly host: string;
    /** Effective, 1 to 65535; null: none is written and the scheme has none. */
    readonly port: number | null;
  };

/** A `Host` header, read. */
export type ExplainedHost =
  | {
    /** Not a host. */
    readonly kind: "absent" | "malformed";
    /** The header as JSON-escaped ASCII in quotes, 80 characters at most; `absent` where there is none. */
    readonly shown: string;
  }
  | {
    /** A host by its name, or by its address. */
    readonly kind: "name" | "ipv4" | "ipv6";
    /** The header as it is, which is printable ASCII. */
    readonly shown: string;
    /** Canonical, an IPv6 address in its brackets. */
    readonly host: string;
    /** As written, 1 to 65535; null: none is. */
    readonly port: number | null;
  };

/** Why a handshake was let in or refused. Frozen, plain, and the same after `JSON.parse(JSON.stringify(…))`. */
export interface Explanation {
  /** The verdict of {@linkcode check}. */
  readonly decision: Decision;
  /** What arrived in `Origin`. */
  readonly origin: ExplainedOrigin;
  /** What arrived in `Host`. */
  readonly host: ExplainedHost;
  /** The authority that `request.url` names, in lower case, escaped like the headers if it is none; null: it names none. */
  readonly authority: string | null;
  /** Whether a Cookie or Authorization rode along. */
  readonly credentials: boolean;
  /** The entry or option that decided; null: no entry fits, or the Host was refused by its grammar. */
  readonly rule: ListedEntry | null;
  /**
   * For a denial what came near, the nearest first, 5 at most, never empty. Of what is let in, what a proxy took out of
   * the handshake, without which nothing can upgrade it; else empty.
   */
  readonly nearest: readonly NearMiss[];
  /** What would refuse the handshake next, once its Host were let in; null: nothing, or the Host is not what was refused. */
  readonly next: DenyReason | null;
}

/** An entry of a list, as it stands there. */
export interface ListedEntry {
  /** The option: `"debug"` for what that adds, `"absent"` for that option's own word. */
  readonly list: "origins" | "dangerouslyAllow" | "debug" | "hosts" | "allowedHosts" | "absent";
  /** Its place in the list, from 0; -1: the option itself. */
  readonly index: number;
  /** As written. Not escaped: an operator's text. */
  readonly pattern: string;
}

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
 *
 * Of nobody, where a user is required: `cookie-unknown`, `cookie-absent`, `cookie-of-another-host`,
 * `cookie-of-another-site`, `cookie-needs-https`.
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
  | "host-not-listed"
  | "cookie-unknown"
  | "cookie-absent"
  | "cookie-of-another-host"
  | "cookie-of-another-site"
  | "cookie-needs-https";

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

/** A near miss in short, where there is no list. */
export type Miss = Pick<NearMiss, "code" | "text">;

/** What would let one handshake in: one entry more in a list, or one option set. */
export interface Suggestion {
  /** The option to change. */
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "allowedHosts" | "absent" | "scheme" | "debug";
  /** The entry to add to that list, or the option's value: printable ASCII. */
  readonly entry: string;
  /** Who else can connect with it, or what it gives up, as one sentence; null: nobody and nothing. */
  readonly danger: string | null;
}

/** Reads an `Origin` header for an operator; null: there was none. */
export function readOrigin(value: string | null): ExplainedOrigin {
  const origin = parseOrigin(value);
  if (origin.kind !== "tuple") {
    return { kind: origin.kind, shown: value === null ? "absent" : quote(shownPart(value)) };
  }
  const { scheme, host, port } = origin;
  return { kind: "tuple", shown: serialize(origin), scheme, host, port: port || null };
}

/** Reads a `Host` header for an operator; null: there was none. */
export function readHost(value: string | null): ExplainedHost {
  const authority = parseHost(value ?? "");
  if (value === null) return { kind: "absent", shown: "absent" };
  if (authority === null) return { kind: "malformed", shown: quote(shownPart(value)) };
  const { host, port } = authority;
  const kind = host.startsWith("[") ? "ipv6" : /^[\d.]+$/.test(host) ? "ipv4" : "name";
  return { kind, shown: value, host, port: port || null };
}

/** The authority that a URL names, as an explanation shows it; null: it names none. */
export function authorityOf(url: string): string | null {
  const written = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (written === undefined) return null;
  return parseHost(written) === null ? quote(shownPart(written)) : lowerAscii(written);
}

/** An origin as browsers write it. */
export function serialize({ scheme, host, port }: TupleOrigin): string {
  return `${scheme}://${host}${port === defaultPort(scheme) ? "" : `:${port}`}`;
}
