/**
 * What is wrong with a header that is no Host, or no origin.
 */

import { lowerAscii } from "../origin/authority.ts";
import { parseOrigin } from "../origin/origin.ts";
import type { Case } from "./case.ts";

/** As much of a header is looked at as any that is well-formed is long, and some more. */
const LOOKED_AT = 1000;

/** Why a Host header is malformed; `shown`: as it may be shown. */
export function whyHostMalformed(value: string, shown: string): string {
  const text = value.slice(0, LOOKED_AT);
  if (text === "") return "The Host header is empty. Every browser sends the host that it connects to";
  if (text.includes(",")) return `The Host header is ${shown}. A client or a proxy sent it twice`;
  if (/^\[[^\]]*%/.test(text)) {
    return "Have the client leave the zone out of Host (after the percent sign). A zone means something on its own machine only";
  }
  if (/^[0-9a-f]*:[0-9a-f]*:/i.test(text)) {
    return `Have the client write the IPv6 address in brackets. The Host header is ${shown}`;
  }
  return `The Host header is ${shown}, not a host in canonical form with an optional port`;
}

/** How the Host header and the URL disagree. */
export function whyHostMismatch({ shown: { host, authority }, handshake }: Case): string {
  return `The request's URL names ${authority}, but its Host header is ${host}` +
    (authority === lowerAscii(handshake.headers.get("host")!)
      ? ", and the URL's scheme is not one of HTTP"
      : "");
}

const names = (text: string) => ["tuple", "null"].includes(parseOrigin(text).kind);

/** Reports whether an Origin header is several origins, as both runtimes join a repeated one. */
export function areSeveralOrigins(value: string): boolean {
  const parts = value.slice(0, LOOKED_AT).split(/[, ]+/);
  return parts.length > 1 && parts.every(names);
}

/** What is wrong with an Origin header that is none. */
export function whyOriginMalformed(value: string): string {
  const text = value.slice(0, LOOKED_AT);
  const what = names(lowerAscii(text))
    ? "has upper case letters"
    : names(text.replace(/(?<=[^/:])[/?#].*$/s, ""))
    ? "has a path or a query after the host"
    : /[^\x21-\x7e]/.test(text)
    ? "has characters that no browser sends"
    : !text.includes("://")
    ? "has no scheme"
    : text.includes("@")
    ? "has a user name"
    : "has a scheme, host or port in another form";
  return `The Origin header ${what}. Browsers send scheme://host[:port]`;
}
