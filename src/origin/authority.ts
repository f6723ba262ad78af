/**
 * The grammar of hosts and ports as they stand in an `Origin` and a `Host` header: canonical or malformed.
 *
 *     host      = name / IPv4 / "[" IPv6 "]"
 *     name      = label *( "." label ) [ "." ]          ; 255 characters at most
 *     label     = 1*63( %x61-7A / DIGIT / "_" / "-" )   ; the last one is not a number (that is an address)
 *     IPv4      = octet 3( "." octet )                  ; decimal, no leading zeros
 *     IPv6      = the one serialisation of the WHATWG URL Standard, "host serializing", no zone
 *     port      = 1*5DIGIT                              ; 1 to 65535, no leading zeros
 *
 * Why not `new URL()`: it repairs. `127.1`, `0x7f.1`, `%31`, full-width digits and a tab in the middle all come
 * out of it as a clean host, so two different texts are taken for one host, and whoever compares the text with a
 * list and whoever connects disagree. Browsers serialise an origin before they send it (Fetch, "origin-header"),
 * so what is not canonical does not come from one. It also throws, allocates, and costs 1 µs.
 */

/** RFC 1035 §2.3.4, with the trailing dot that may stand for the root. */
export const MAX_HOST_LENGTH = 255;
/** RFC 1035 §2.3.4. */
export const MAX_LABEL_LENGTH = 63;
/** `":65535"`. */
export const MAX_PORT_LENGTH = 6;
/** The longest `Host` header that can be well-formed. */
export const MAX_AUTHORITY_LENGTH: number = MAX_HOST_LENGTH + MAX_PORT_LENGTH;

const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/;
/** WHATWG URL, "ends in a number": such a host is an IPv4 address or nothing. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;
const OCTET = "(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_PIECE = /^(?:0|[1-9a-f][0-9a-f]{0,3})$/;

/** A host and what follows it, lower case. */
export interface Authority {
  /** Canonical, an IPv6 address in its brackets. */
  readonly host: string;
  /** 1 to 65535; 0 where none is written. */
  readonly port: number;
}

/** The default port of a scheme (RFC 6454 §4 by way of the URL Standard's special schemes); 0: it has none. */
export function defaultPort(scheme: string): number {
  return scheme === "https" || scheme === "wss" ? 443 : scheme === "http" || scheme === "ws" ? 80 : 0;
}

/** Reads `host [ ":" port ]`, lower case. Null: malformed. Total; linear, over at most `MAX_AUTHORITY_LENGTH`. */
export function parseAuthority(text: string): Authority | null {
  if (text.length > MAX_AUTHORITY_LENGTH) return null;
  // A name has no colon, so the first one ends it; only brackets may hold more.
  const hostEnd = text.startsWith("[") ? text.indexOf("]") + 1 : text.indexOf(":");
  const host = hostEnd <= 0 ? text : text.slice(0, hostEnd);
  if (!isCanonicalHost(host)) return null;
  if (host.length === text.length) return { host, port: 0 };
  const port = text[host.length] === ":" ? parsePort(text.slice(host.length + 1)) : 0;
  return port === 0 ? null : { host, port };
}

/** True for a canonical host of any of the three kinds. */
export function isCanonicalHost(host: string): boolean {
  if (host.length > MAX_HOST_LENGTH) return false;
  if (host.startsWith("[")) return host.endsWith("]") && isCanonicalIPv6(host.slice(1, -1));
  return NAME.test(host) && (!ENDS_IN_NUMBER.test(host) || IPV4.test(host));
}

/** True where the last label makes the host an address, whether or not it is a good one. */
export function endsInNumber(host: string): boolean {
  return ENDS_IN_NUMBER.test(host);
}

/** The port, or 0 for anything but 1 to 65535 without leading zeros. */
export function parsePort(digits: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(digits)) return 0;
  const port = Number(digits);
  return port <= 65535 ? port : 0;
}

/**
 * True for the one text that the URL Standard writes for an IPv6 address: eight pieces in lower-case hexadecimal,
 * the first longest run of at least two zero pieces written `::`.
 *
 *     1:0:0:2:0:0:0:3   →   1:0:0:2::3      (not 1::2:0:0:0:3, a shorter run; not 1:0:0:2:0::3, half of one)
 */
function isCanonicalIPv6(text: string): boolean {
  if (text.length < 2 || text.length > 39) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const [before, after = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const omitted = halves.length === 2 ? 8 - before!.length - after.length : 0;
  const pieces = [...before!, ...Array<string>(Math.max(omitted, 0)).fill("0"), ...after];
  if (pieces.length !== 8 || !pieces.every((piece) => IPV6_PIECE.test(piece))) return false;
  let runStart = 0;
  let runLength = 0;
  let start = 0;
  pieces.forEach((piece, index) => {
    if (piece !== "0") start = index + 1;
    else if (index + 1 - start > runLength) [runStart, runLength] = [start, index + 1 - start];
  });
  return halves.length === 2
    ? omitted >= 2 && runStart === before!.length && runLength === omitted
    : runLength < 2;
}
