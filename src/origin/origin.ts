/**
 * Attackers' text into parts: the value of an `Origin` header.
 *
 * RFC 6454 §7.1 and the Fetch Standard, "serializing a request origin":
 *
 *     origin           = "null" / serialized-origin
 *     serialized-origin = scheme "://" host [ ":" port ]
 *     scheme           = %x61-7A *63( %x61-7A / DIGIT / "+" / "." / "-" )
 *
 * Of the schemes of the web the host is that of `authority.ts`. Of any other it may also be an opaque host of the URL
 * Standard, as it stands (`app://.`), or missing (`capacitor://`), and `file://` has none.
 *
 * RFC 6454 also allows a list of origins separated by spaces; no browser sends one, Fetch dropped it, and it is
 * malformed here. So is the `", "` into which both runtimes join a repeated header.
 */

import { type Authority, defaultPort, hostEnd, isHost, isOpaqueHost, portAfter } from "./authority.ts";

/** Longer schemes are malformed: no registered one comes near. */
export const MAX_SCHEME_LENGTH = 64;
/** The longest `Origin` header that can be well-formed: 64, `://` and 261. */
export const MAX_ORIGIN_LENGTH = 328;
/** One character for a scheme, and no host. */
export const MIN_ORIGIN_LENGTH = 4;

/** An origin that names somebody. */
export interface TupleOrigin extends Authority {
  readonly kind: "tuple";
  readonly scheme: string;
  /** Canonical, an IPv6 address in its brackets; an opaque host as it is; "" where there is none. */
  readonly host: string;
  /** Effective: an explicit default port is no other origin. 0: none is written and the scheme has none. */
  readonly port: number;
}

/** An `Origin` header, by kind. */
export type Origin = TupleOrigin | { readonly kind: "absent" | "empty" | "null" | "malformed" };

const ABSENT: Origin = /* @__PURE__ */ Object.freeze({ kind: "absent" });
const EMPTY: Origin = /* @__PURE__ */ Object.freeze({ kind: "empty" });
const OPAQUE: Origin = /* @__PURE__ */ Object.freeze({ kind: "null" });
const MALFORMED: Origin = /* @__PURE__ */ Object.freeze({ kind: "malformed" });

const COLON = 0x3a;
const SLASH = 0x2f;

/** Reads an `Origin` header; null: there was none. Total; the length is capped before anything else is looked at. */
export function parseOrigin(value: string | null): Origin {
  if (value === null) return ABSENT;
  switch (kindOf(value)) {
    case "empty":
      return EMPTY;
    case "null":
      return OPAQUE;
    case "malformed":
      return MALFORMED;
  }
  const start = hostStart(value);
  const end = hostEnd(value, start);
  const scheme = value.slice(0, start - "://".length);
  return {
    kind: "tuple",
    scheme,
    host: value.slice(start, end),
    port: portAfter(value, end) || defaultPort(scheme),
  };
}

/** The kind of an `Origin` header that is there, without its parts. Allocates nothing. */
export function kindOf(value: string): "empty" | "null" | "malformed" | "tuple" {
  if (value === "") return "empty";
  if (value === "null") return "null";
  if (value.length > MAX_ORIGIN_LENGTH) return "malformed";
  const start = hostStart(value);
  if (start < 0) return "malformed";
  const end = hostEnd(value, start);
  if (portAfter(value, end) < 0) return "malformed";
  return isHost(value, start, end) || isOtherHost(value, start, end) ? "tuple" : "malformed";
}

/** What is a host only below a scheme that is not the web's: none at all, or an opaque one. */
function isOtherHost(value: string, start: number, end: number): boolean {
  if (/^(?:https?|wss?):/.test(value)) return false;
  return start === value.length || !value.startsWith("file:") && isOpaqueHost(value, start, end);
}

/** Where the host of an origin starts: after a scheme and `"://"`. -1: nothing starts so. */
export function hostStart(text: string): number {
  const end = schemeEnd(text);
  const isTuple = end > 0 && end <= MAX_SCHEME_LENGTH && text.length > end + 2 &&
    text.charCodeAt(end) === COLON && text.charCodeAt(end + 1) === SLASH &&
    text.charCodeAt(end + 2) === SLASH;
  return isTuple ? end + "://".length : -1;
}

/** True for a lower-case scheme of at most `MAX_SCHEME_LENGTH` characters (RFC 3986 §3.1). */
export function isScheme(text: string): boolean {
  return text.length > 0 && text.length <= MAX_SCHEME_LENGTH && schemeEnd(text) === text.length;
}

/** Where the scheme ends that a text starts with, however long it is; 0: it starts with none. */
function schemeEnd(text: string): number {
  let end = 0;
  while (end < text.length) {
    const char = text.charCodeAt(end);
    const isLetter = char >= 0x61 && char <= 0x7a;
    const isOther = (char >= 0x30 && char <= 0x39) || char === 0x2b || char === 0x2d || char === 0x2e;
    if (!isLetter && (end === 0 || !isOther)) break;
    end++;
  }
  return end;
}
