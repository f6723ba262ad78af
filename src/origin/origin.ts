/**
 * Attackers' text into parts: the value of an `Origin` header.
 *
 * RFC 6454 §7.1 and the Fetch Standard, "serializing a request origin":
 *
 *     origin           = "null" / serialized-origin
 *     serialized-origin = scheme "://" host [ ":" port ]
 *     scheme           = %x61-7A *63( %x61-7A / DIGIT / "+" / "." / "-" )
 *
 * RFC 6454 also allows a list of origins separated by spaces; no browser sends one, Fetch dropped it, and it is
 * malformed here. So is the `", "` into which both runtimes join a repeated header.
 */

import { type Authority, defaultPort, MAX_AUTHORITY_LENGTH, parseAuthority } from "./authority.ts";

/** Longer schemes are malformed: no registered one comes near. */
export const MAX_SCHEME_LENGTH = 64;
/** The longest `Origin` header that can be well-formed. */
export const MAX_ORIGIN_LENGTH: number = MAX_SCHEME_LENGTH + "://".length + MAX_AUTHORITY_LENGTH;

/** An origin that names somebody. */
export interface TupleOrigin extends Authority {
  readonly kind: "tuple";
  readonly scheme: string;
  /** Effective: an explicit default port is no other origin. 0: none is written and the scheme has none. */
  readonly port: number;
}

/** An `Origin` header, by kind. */
export type Origin = TupleOrigin | { readonly kind: "absent" | "empty" | "null" | "malformed" };

const ABSENT: Origin = Object.freeze({ kind: "absent" });
const EMPTY: Origin = Object.freeze({ kind: "empty" });
const OPAQUE: Origin = Object.freeze({ kind: "null" });
const MALFORMED: Origin = Object.freeze({ kind: "malformed" });

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/** Reads an `Origin` header; null: there was none. Total; the length is capped before anything else is looked at. */
export function parseOrigin(value: string | null): Origin {
  if (value === null) return ABSENT;
  if (value === "") return EMPTY;
  if (value === "null") return OPAQUE;
  if (value.length > MAX_ORIGIN_LENGTH) return MALFORMED;
  const schemeEnd = value.indexOf("://");
  if (schemeEnd < 0 || !isScheme(value.slice(0, schemeEnd))) return MALFORMED;
  const scheme = value.slice(0, schemeEnd);
  const authority = parseAuthority(value.slice(schemeEnd + "://".length));
  if (authority === null) return MALFORMED;
  return { kind: "tuple", scheme, host: authority.host, port: authority.port || defaultPort(scheme) };
}

/** True for a lower-case scheme of at most `MAX_SCHEME_LENGTH` characters (RFC 3986 §3.1). */
export function isScheme(text: string): boolean {
  return text.length <= MAX_SCHEME_LENGTH && SCHEME.test(text);
}
