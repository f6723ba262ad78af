/**
 * Why nobody was found, as far as a handshake shows it: nearly always a cookie that stayed at home.
 *
 * From evidence, which is the client's word and decides nothing. Neither a cookie's name nor its value is ever shown.
 */

import type { Miss } from "../explanation.ts";
import type { Handshake } from "../handler.ts";
import { senderOf } from "../handshake.ts";
import { parseHost } from "../origin/authority.ts";
import { isAddress, isLoopback } from "../origin/inner.ts";
import { parseOrigin } from "../origin/origin.ts";

/** What an operator is told of a request by nobody; null: nothing is known. */
export function whyNobody(handshake: Handshake): Miss | null {
  const { headers } = handshake;
  if (headers.get("cookie")) return { code: "cookie-unknown", text: UNKNOWN };
  if (senderOf(handshake) !== "browser") return null;
  const origin = parseOrigin(headers.get("origin") ?? null);
  const host = parseHost(headers.get("host") ?? "");
  if (origin.kind !== "tuple" || host === null) return NO_COOKIE;
  const [from, to] = [origin.host, host.host];
  if (from === to) {
    return origin.scheme !== "http" ? NO_COOKIE : {
      code: "cookie-needs-https",
      text:
        `Open the page over https. The browser sent no Cookie, and a cookie with Secure does not go to http://${to}`,
    };
  }
  if (isLoopback(from) && isLoopback(to)) {
    return {
      code: "cookie-of-another-host",
      text: `Open the page at ${to}, or the socket at ${from}. The browser sent no Cookie, and a cookie of ` +
        `${from} does not go to ${to}, though both are the same machine`,
    };
  }
  return areOneSite(from, to)
    ? {
      code: "cookie-of-another-host",
      text:
        `Set the cookie's Domain to the site that both are below. The browser sent no Cookie, and one of ` +
        `${from} does not go to ${to} without it`,
    }
    : {
      code: "cookie-of-another-site",
      text:
        `Open the socket on the page's own site. The browser sent no Cookie, and ${from} and ${to} are two ` +
        "sites: SameSite and the blocking of third-party cookies keep it at home",
    };
}

const UNKNOWN =
  "A Cookie arrived, but user() found nobody by it: the session has ended, or belongs to another store";
const NO_COOKIE: Miss = {
  code: "cookie-absent",
  text: "The browser sent no Cookie: nobody has logged in there, or its Path is another",
};

/** As near as it can be told without a list of suffixes: the words do not decide. */
function areOneSite(a: string, b: string): boolean {
  const site = (host: string) => host.split(".").slice(-2).join(".");
  return !isAddress(a) && !isAddress(b) && site(a) === site(b) && site(a).includes(".");
}
