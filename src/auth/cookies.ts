/**
 * The `Cookie` header, read.
 */

import type { Handshake } from "../handler.ts";
import { trimWhiteSpace } from "../handshake.ts";

/**
 * The cookies of a request, by name.
 *
 *     cookie-header = "Cookie:" SP cookie-string
 *     cookie-string = cookie-pair *( ";" SP cookie-pair )
 *     cookie-pair   = cookie-name "=" cookie-value            (RFC 6265 §4.2.1)
 *
 * Values are as sent: percent signs are not decoded and quotes not taken off, since neither is part of the
 * grammar's meaning. Parts without `=` or without a name are passed over. Of two cookies with one name the first is
 * taken: browsers send the one with the longer path first, and of equal ones the older (RFC 6265 §5.4).
 *
 * **Security.** A cookie does not say who set it. Any subdomain, and any page over plain `http`, can set one for the
 * whole site under a name of its choice, with a longer path, so that it comes first (*cookie tossing*): the user is
 * then logged in as somebody else. Give the session cookie a name that starts with `__Host-`: a browser takes such
 * a cookie only from the host itself, over `https`, for the path `/`, and without `Domain`, so there is none to
 * toss. And look the session up: a value that is merely well-formed proves nothing.
 *
 * @category Routing and users
 * @param handshake A Request, or a snapshot of one.
 * @returns The cookies, in the order sent; none where there is no Cookie header. Never throws; linear in the header.
 *
 * @example The session's cookie
 * ```ts
 * import { getCookies } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Request("https://example.com/", { headers: { cookie: "theme=dark; __Host-session=4f2a" } });
 * assertEquals(getCookies(request).get("__Host-session"), "4f2a");
 * ```
 */
export function getCookies(handshake: Pick<Handshake, "headers">): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of handshake.headers.get("cookie")?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    // Not trim(): a cookie that any subdomain may set as `\u00a0__Host-session` would be read as the host's own.
    const name = trimWhiteSpace(pair.slice(0, equals));
    if (name !== "" && !cookies.has(name)) cookies.set(name, trimWhiteSpace(pair.slice(equals + 1)));
  }
  return cookies;
}
