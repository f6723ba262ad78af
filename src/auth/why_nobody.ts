/**
 * Why nobody was found, as far as a handshake shows it: nearly always a cookie that stayed at home.
 *
 * From evidence, which is the client's word and decides nothing. Neither a cookie's name nor its value is ever shown.
 */

import type { Handshake } from "../handler.ts";
import { senderOf } from "../handshake.ts";
import { parseHost } from "../origin/authority.ts";
import { isAddress, isLoopback } from "../origin/inner.ts";
import { parseOrigin } from "../origin/origin.ts";

/** What an operator is told of a request by nobody; "": nothing is known. */
export function whyNobody(handshake: Handshake): string {
  const { headers } = handshake;
  if (headers.get("cookie")) {
    return "A Cookie arrived, but user() found nobody by it: the session has ended, or belongs to another store";
  }
  if (senderOf(handshake) !== "browser") return "";
  const origin = parseOrigin(headers.get("origin") ?? null);
  const host = parseHost(headers.get("host") ?? "");
  if (origin.kind !== "tuple" || host === null) return NO_COOKIE;
  if (origin.host !== host.host) {
    return isLoopback(origin.host) && isLoopback(host.host)
      ? `Open the page at ${host.host}, or the socket at ${origin.host}. The browser sent no Cookie, and a cookie of ` +
        `${origin.host} does not go to ${host.host}, though both are the same machine`
      : areOneSite(origin.host, host.host)
      ? `Set the cookie's Domain to the site that both are below. The browser sent no Cookie, and one of ` +
        `${origin.host} does not go to ${host.host} without it`
      : `Open the socket on the page's own site. The browser sent no Cookie, and ${origin.host} and ${host.host} are two ` +
        "sites: SameSite and the blocking of third-party cookies keep it at home";
  }
  return origin.scheme === "http"
    ? `Open the page over https. The browser sent no Cookie, and a cookie with Secure does not go to http://${host.host}`
    : NO_COOKIE;
}

const NO_COOKIE = "The browser sent no Cookie: nobody has logged in there, or its Path is another";

/** As near as it can be told without a list of suffixes: the words do not decide. */
function areOneSite(a: string, b: string): boolean {
  const site = (host: string) => host.split(".").slice(-2).join(".");
  return !isAddress(a) && !isAddress(b) && site(a) === site(b) && site(a).includes(".");
}
