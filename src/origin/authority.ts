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

/** The 255 octets of RFC 1035 §2.3.4, taken for letters: one or two more than a name on the wire can have. */
export const MAX_HOST_LENGTH = 255;
/** RFC 1035 §2.3.4. */
export const MAX_LABEL_LENGTH = 63;
/** `":65535"`. */
export const MAX_PORT_LENGTH = 6;
/** The longest `Host` header that can be well-formed: 255 and 6. No sum, which some bundlers keep where nobody needs it. */
export const MAX_AUTHORITY_LENGTH = 261;

/*
 * Everything below reads a range of a text in place, without cutting anything out of it: a verdict allocates nothing.
 */
const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

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
  const end = hostEnd(text, 0);
  const port = portAfter(text, end);
  return port < 0 || !isHost(text, 0, end) ? null : { host: text.slice(0, end), port };
}

/** Reads a `Host` header. Letters may be in any case, all else is canonical. Null: malformed. Total. */
export function parseHost(value: string): Authority | null {
  return value.length > MAX_AUTHORITY_LENGTH ? null : parseAuthority(lowerHost(value));
}

/** A `Host` header in lower case; nearly always itself. Nothing but ASCII changes, and nothing becomes ASCII. */
export function lowerHost(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const char = value.charCodeAt(i);
    if (char >= 0x41 && char <= 0x5a) return lowerAscii(value);
  }
  return value;
}

/** `text` with A to Z in lower case. */
export function lowerAscii(text: string): string {
  // Not toLowerCase() on all of it: that turns the Kelvin sign into "k" before anyone has seen it.
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Where the host ends that starts at `start`: at the colon before the digits that end the text, or with the text. */
export function hostEnd(text: string, start: number): number {
  let at = text.length;
  while (at > start && isDigit(text.charCodeAt(at - 1))) at--;
  return at > start && text.charCodeAt(at - 1) === COLON ? at - 1 : text.length;
}

/** The port after a host that ends where {@linkcode hostEnd} says. 0: none is written; -1: it is malformed. */
export function portAfter(text: string, end: number): number {
  if (end === text.length) return 0;
  const digits = text.length - (end + 1);
  if (digits === 0 || digits > 5 || text.charCodeAt(end + 1) === ZERO) return -1;
  let port = 0;
  for (let i = end + 1; i < text.length; i++) port = port * 10 + text.charCodeAt(i) - ZERO;
  return port <= 65535 ? port : -1;
}

/** True for a canonical host of any of the three kinds. */
export function isCanonicalHost(host: string): boolean {
  return isHost(host, 0, host.length);
}

/** True where the text from `start` up to `end` is a canonical host. */
export function isHost(text: string, start: number, end: number): boolean {
  if (start === end || end - start > MAX_HOST_LENGTH) return false;
  if (text.charCodeAt(start) === OPENING_BRACKET) {
    return text.charCodeAt(end - 1) === CLOSING_BRACKET && isIPv6(text, start + 1, end - 1);
  }
  const nameEnd = withoutTrailingDot(text, end);
  if (!areLabels(text, start, nameEnd)) return false;
  return !isNumber(text, lastLabel(text, start, nameEnd), nameEnd) ||
    (nameEnd === end && isIPv4(text, start, end));
}

/**
 * True where the text from `start` up to `end` is an opaque host (URL Standard, "opaque-host parser"), which has neither
 * labels nor a canonical form: printable ASCII without what ends a host, or begins something else in a URL.
 */
export function isOpaqueHost(text: string, start: number, end: number): boolean {
  return end - start <= MAX_HOST_LENGTH &&
    /^(?:(?![#/:<>?@[\\\]^|])[!-~])+$/.test(text.slice(start, end));
}

/** True for one or more labels with dots between them. What the last one makes of the host is not looked at. */
export function areLabels(text: string, start: number, end: number): boolean {
  let labelStart = start;
  for (let i = start; i < end; i++) {
    const char = text.charCodeAt(i);
    if (isLetter(char)) continue;
    if (char === DOT) {
      if (i === labelStart || i - labelStart > MAX_LABEL_LENGTH) return false;
      labelStart = i + 1;
    } else if (!isDigit(char) && char !== 0x2d && char !== 0x5f) {
      return false;
    }
  }
  return end > labelStart && end - labelStart <= MAX_LABEL_LENGTH;
}

/** True where the last label makes the host an address, whether or not it is a good one. */
export function endsInNumber(host: string): boolean {
  const end = withoutTrailingDot(host, host.length);
  return isNumber(host, lastLabel(host, 0, end), end);
}

/** The port, or 0 for anything but 1 to 65535 without leading zeros. */
export function parsePort(digits: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(digits)) return 0;
  const port = Number(digits);
  return port <= 65535 ? port : 0;
}

function withoutTrailingDot(text: string, end: number): number {
  return text.charCodeAt(end - 1) === DOT ? end - 1 : end;
}

/** Where the last label starts. */
function lastLabel(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) !== DOT) at--;
  return at;
}

/** WHATWG URL, "ends in a number": digits, or `0x` and hexadecimal digits. Such a host is an IPv4 address or nothing. */
function isNumber(text: string, start: number, end: number): boolean {
  const isHex = text.charCodeAt(start) === ZERO && text.charCodeAt(start + 1) === 0x78 && start + 1 < end;
  for (let i = isHex ? start + 2 : start; i < end; i++) {
    const char = text.charCodeAt(i);
    if (!isDigit(char) && !(isHex && isHexLetter(char))) return false;
  }
  return start < end;
}

/** Four decimal octets without leading zeros. */
function isIPv4(text: string, start: number, end: number): boolean {
  let octets = 0;
  for (let at = start; at < end; at++) {
    const octetStart = at;
    let octet = 0;
    for (; at < end && text.charCodeAt(at) !== DOT; at++) {
      // A number as last label says nothing of the others, which may be names.
      if (!isDigit(text.charCodeAt(at))) return false;
      octet = octet * 10 + text.charCodeAt(at) - ZERO;
    }
    const digits = at - octetStart;
    if (octet > 255 || (digits > 1 && text.charCodeAt(octetStart) === ZERO)) return false;
    octets++;
  }
  return octets === 4;
}

/**
 * True for the one text that the URL Standard writes for an IPv6 address: eight pieces in lower-case hexadecimal,
 * the first longest run of at least two zero pieces written `::`.
 *
 *     1:0:0:2:0:0:0:3   →   1:0:0:2::3      (not 1::2:0:0:0:3, a shorter run; not 1:0:0:2:0::3, half of one)
 */
function isIPv6(text: string, start: number, end: number): boolean {
  let pieces = 0;
  /** Bit i: piece i, of those that are written, is zero. */
  let zeros = 0;
  /** How many pieces stand before the `::`; -1: there is none. */
  let gap = -1;
  let at = start;
  if (text.charCodeAt(at) === COLON && text.charCodeAt(at + 1) === COLON) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    const pieceStart = at;
    while (at < end && isHexDigit(text.charCodeAt(at))) at++;
    const digits = at - pieceStart;
    const leadingZero = text.charCodeAt(pieceStart) === ZERO;
    if (digits === 0 || digits > 4 || (leadingZero && digits > 1) || pieces === 8) return false;
    if (leadingZero) zeros |= 1 << pieces;
    pieces++;
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON || at + 1 === end) return false;
    at++;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false;
      gap = pieces;
      at++;
    }
  }
  const omitted = 8 - pieces;
  if (gap < 0 ? omitted !== 0 : omitted < 2) return false;

  const all = gap < 0
    ? zeros
    : (zeros & ((1 << gap) - 1)) | (((1 << omitted) - 1) << gap) | ((zeros >> gap) << (gap + omitted));
  let longest = 0;
  let longestEnd = 0;
  let run = 0;
  for (let piece = 0; piece < 8; piece++) {
    run = (all & (1 << piece)) === 0 ? 0 : run + 1;
    if (run > longest) {
      longest = run;
      longestEnd = piece + 1;
    }
  }
  return gap < 0 ? longest < 2 : longest === omitted && longestEnd === gap + omitted;
}

function isLetter(char: number): boolean {
  return char >= 0x61 && char <= 0x7a;
}

function isDigit(char: number): boolean {
  return char >= ZERO && char <= 0x39;
}

function isHexLetter(char: number): boolean {
  return char >= 0x61 && char <= 0x66;
}

function isHexDigit(char: number): boolean {
  return isDigit(char) || isHexLetter(char);
}
