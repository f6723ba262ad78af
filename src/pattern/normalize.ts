/**
 * Operators' hosts as a browser sends them: lower case, Unicode as punycode, IPv6 in its one canonical form.
 *
 * The platform's own URL parser does the converting here, and only here. It repairs what it is given: it drops tabs,
 * takes `127.1` for an address and a full-width letter for the plain one. So it is asked for text that was looked over
 * first, and of what it answers only that is taken which an operator reads in what he wrote.
 */

import { endsInNumber, isCanonicalHost, lowerAscii } from "../origin/authority.ts";

/**
 * What no name is written with. Of ASCII, all but letters, digits, `.`, `_` and `-`; of the rest, white space, control
 * characters, and quotation marks, which are valid IDN.
 */
const STRANGER = /(?![a-z0-9._-])\p{ASCII}|[\s\p{Cc}\u2018-\u201f\u00ab\u00bb\u2039\u203a]/u;
/** Some of it is dropped by the mapping and some is not, by one runtime and not by the other. */
export const INVISIBLE: RegExp = /(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/u;
/** What a variable without a value leaves in place of a name. As a label it may be somebody's: `undefined.io` is. */
export const UNSET: RegExp = /^(?:undefined|null|nan)$/;

/** Origins may have such a label; nobody can register one, so in an entry it is a slip. */
export const HYPHEN_AT_END: RegExp = /(?:^|\.)-|-(?:\.|$)/;

/** The host as a browser sends it; null: it is none. `wildcard`: something stands for its subdomains. */
export function normalizeHost(text: string, wildcard: boolean): string | null {
  const host = text.startsWith("[") ? shortenIPv6(text) : normalizeName(lowerAscii(text));
  // Mapping may leave characters that no browser sends: such an entry would compile and never match.
  if (host === null || !isCanonicalHost(host) || HYPHEN_AT_END.test(host)) return null;
  const isAddress = host.startsWith("[") || endsInNumber(host);
  return wildcard && isAddress ? null : host;
}

function shortenIPv6(text: string): string | null {
  // Not ending in a colon alone: one of the runtimes' parsers drops it.
  return /^\[[0-9a-f:.]*(?:[0-9a-f]|::)\]$/i.test(text) ? whatwgHost(text) : null;
}

function normalizeName(name: string): string | null {
  return STRANGER.test(name) || INVISIBLE.test(name) || UNSET.test(name) ? null : toAscii(name);
}

/**
 * IDN to punycode, as browsers send it (UTS #46 by way of the URL Standard). Null: it is not valid, or not faithful: a
 * look-alike letter that becomes an ASCII one, a full stop of another script, an invisible character. What the operator
 * reads and what is compared would be two names.
 */
export function toAscii(name: string): string | null {
  if (isAscii(name) && !/(?:^|\.)xn--/.test(name)) return name;
  const ascii = whatwgHost(name);
  if (ascii === null) return null;
  const given = name.split(".");
  const mapped = ascii.split(".");
  const isFaithful = given.length === mapped.length &&
    given.every((label, index) =>
      label === mapped[index] || !isAscii(label) && mapped[index]!.startsWith("xn--")
    );
  return isFaithful ? ascii : null;
}

/** The host of a URL by the platform's own parser; null: there is none. For operators' text only. */
export function whatwgHost(host: string): string | null {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}
