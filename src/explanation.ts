/**
 * Explanations as programs read them, and what they show of a request: how they come about is the desk's.
 */

import type { Decision, DenyReason } from "./handler.ts";
import { defaultPort, lowerAscii, parseHost } from "./origin/authority.ts";
import { parseOrigin, type TupleOrigin } from "./origin/origin.ts";
import { shownPart } from "./origin/shown.ts";
import { quote } from "./quote.ts";

/**
 * An `Origin` header, read.
 *
 * @category Troubleshooting
 */
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

/**
 * A `Host` header, read.
 *
 * @category Troubleshooting
 */
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

/**
 * Why a handshake was let in or refused. Frozen, plain, and the same after `JSON.parse(JSON.stringify(…))`.
 *
 * @category Troubleshooting
 */
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

/**
 * An entry of a list, as it stands there.
 *
 * @category Troubleshooting
 */
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
 * | code | what is so | what to do |
 * | --- | --- | --- |
 * | `upgrade-stripped` | Sec-WebSocket-Key arrived without Upgrade | have the proxy forward Upgrade and Connection |
 * | `connection-stripped` | Upgrade arrived, and not in Connection | have the proxy forward Connection |
 * | `origin-behind-proxy` | a proxy wrote an inner address into Origin | have the proxy leave Origin as it is |
 * | `host-behind-proxy` | a proxy wrote its own Host | have the proxy pass Host on, or list the page's origin and leave `hosts` out |
 * | `port-behind-proxy` | a proxy took the port out of Host | have the proxy keep it (nginx: `$http_host`) |
 * | `scheme-behind-proxy` | TLS ends at a proxy, so the server sees `http` | set `scheme: "https"` |
 * | `port` | the host is listed with another port | list this port, if its page may connect |
 * | `localhost-port` | the same, on this machine | list the dev server's port, or set `debug` while developing |
 * | `app-page` | a page that an app brings along | list the origin that its framework sends |
 * | `app-instance` | the same, and its host is new in each install or window | list the scheme: `moz-extension://*` |
 * | `loopback-name` | `localhost`, `127.0.0.1` and `[::1]` are three hosts | open the page at the listed one, or list this one |
 * | `local-page` | a page of the visitor's own machine | set `debug` while developing |
 * | `origin-stripped` | a browser sent it, and browsers send Origin | find the proxy or app that removes Origin |
 * | `native-client` | a program sent an Origin that no page has | have it send a listed page's, or none and set `absent` |
 * | `file-page` | a page opened from a file | serve it over http |
 * | `absent-origin` | no Origin, no Cookie, no Authorization: a program | set `absent: "allow-without-credentials"` |
 * | `absent-with-credentials` | no Origin, and a Cookie or Authorization | find the proxy that removes Origin, or the program |
 * | `empty-origin` | an empty Origin | find the program or proxy that empties it |
 * | `null-origin` | `null`, which any site can send | serve the page from an origin of its own |
 * | `several-origins` | Origin twice | find the program or proxy that adds one |
 * | `malformed-origin` | an Origin that no browser writes so | find the program or proxy that rewrites it |
 * | `trailing-dot` | only the dot at the end of the host differs | open the page without it |
 * | `apex-left-out` | `*.example.com` leaves `example.com` out | write `.example.com` for both |
 * | `missing-subdomain-wildcard` | a subdomain of a listed host | list it, or write `*.example.com` for all |
 * | `host-port` | the Host is listed with another port | list this port, or none for any |
 * | `host-trailing-dot` | only the dot at the end of Host differs | connect without it |
 * | `host-apex-left-out` | as `apex-left-out`, of Host | write `.example.com` for both |
 * | `host-missing-subdomain-wildcard` | as `missing-subdomain-wildcard`, of Host | list it, or write `*.example.com` for all |
 * | `look-alike` | letters that look like a listed name's | nothing: it is made to deceive |
 * | `parent-of-listed` | the parent of a listed host | list it, if it is yours |
 * | `listed-name-in-front` | a listed name as the beginning of another's | nothing: its end says whose it is |
 * | `listed-name-glued` | a name that has letters in common with a listed one | nothing, unless it is yours |
 * | `misspelt` | a name or scheme that differs from a listed one by a letter | correct the entry, unless the name is made to deceive |
 * | `scheme` | the host is listed with another scheme | list this scheme, if its page may connect |
 * | `http-page-to-tls-socket` | an `http` page, and a socket behind TLS | open the page over https |
 * | `socket-scheme` | the entry begins with `ws:` or `wss:` | write the page's scheme, `http` or `https` |
 * | `scheme-and-port` | the host is listed with another scheme and port | list this origin, if its page may connect |
 * | `self-not-listed` | the server's own page | list `'self'`, and this server's names in `hosts` |
 * | `sibling` | below the same domain as a listed host | list it, if it is yours |
 * | `not-listed` | nothing on the list comes near | list it, if it is yours |
 * | `host-absent` | no Host | find the program or proxy that removes it |
 * | `host-malformed` | a Host that is not a host with an optional port | find the program or proxy that rewrites it |
 * | `host-mismatch` | a URL that names another authority than Host | have the proxy write the same name into both |
 * | `host-not-listed` | a Host that nothing on the list comes near | list it, if it is a name of this server |
 * | `cookie-unknown` | a Cookie by which `user` knew nobody | log in again, or look at the session store |
 * | `cookie-absent` | a browser without a Cookie | log in, or look at the cookie's Path |
 * | `cookie-of-another-host` | a cookie of the page's host does not go to this one | open both at one host, or set the cookie's Domain |
 * | `cookie-of-another-site` | page and socket are two sites | open the socket on the page's own site |
 * | `cookie-needs-https` | a Secure cookie does not go over http | open the page over https |
 *
 * @category Troubleshooting
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

/**
 * One way in which a refused handshake came near to being let in.
 *
 * @category Troubleshooting
 */
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

/**
 * What would let one handshake in: one entry more in a list, or one option set.
 *
 * @category Troubleshooting
 */
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

/** Freezes a value with all that it holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/** A Host as a sentence has it: in quotes, whole; what is malformed has them already. */
export function quotedHost(host: ExplainedHost): string {
  return "host" in host ? quote(host.shown, MAX_HOST) : host.shown;
}

/** More than the longest Host in quotes. */
const MAX_HOST = 400;
