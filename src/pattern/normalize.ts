/**
 * Operators' hosts as a browser sends them: lower case, Unicode as punycode, IPv6 in its one canonical form; or the
 * fault, with the host that was probably meant.
 *
 * The platform's own URL parser does the converting here, and only here: it repairs, which is what an operator
 * wants to be told of and an attacker must not be granted.
 */

import type { Fault } from "../config.ts";
import {
  endsInNumber,
  isCanonicalHost,
  lowerAscii,
  MAX_HOST_LENGTH,
  MAX_LABEL_LENGTH,
} from "../origin/authority.ts";

const WILDCARD_OVER_ADDRESS: Fault = {
  code: "wildcard-over-address",
  fix: "Addresses have no subdomains: write the address alone.",
};

/** The host as a browser sends it, or what is wrong with it; `wildcard`: something stands for its subdomains. */
export function normaliseHost(text: string, wildcard: boolean): string | Fault {
  if (text.includes("%")) {
    return text.startsWith("[") || text.includes(":")
      ? { code: "zone-id", fix: "A zone id never leaves its machine: write the address without it." }
      : { code: "percent-sign", fix: "Write the characters themselves, not their encoding." };
  }
  if (text.startsWith("[") || text.includes(":")) return canonicalIPv6(text, wildcard);

  let host = lowerAscii(text);
  const stranger = /[^a-z0-9._-]/.exec(host.replace(/\P{ASCII}/gu, ""));
  if (stranger !== null) {
    return {
      code: "host-malformed",
      fix: `${JSON.stringify(stranger[0])} cannot stand in a host: letters, digits, "-", "_" and "." can.`,
    };
  }
  if (/[\p{Default_Ignorable_Code_Point}--[\u200c\u200d]]/v.test(host)) {
    // Some are dropped by the mapping below and some are not, by one runtime and not by the other.
    return {
      code: "unicode-malformed",
      fix: "There is a character in it that cannot be seen: type the name anew.",
    };
  }
  if (/(?:^|\.)undefined(?:\.|$)|^(?:null|nan)$/.test(host)) {
    return { code: "keyword", fix: "Is a variable unset? Leave the entry out." };
  }
  if (!isAscii(host) || /(?:^|\.)xn--/.test(host)) {
    const ascii = toAscii(host);
    if (typeof ascii !== "string") return ascii;
    host = ascii;
  }
  const labels = (host.endsWith(".") ? host.slice(0, -1) : host).split(".");
  if (labels.includes("")) {
    return { code: "label-empty", fix: "Between two dots there is a name of at least one character." };
  }
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH)) {
    return {
      code: "label-too-long",
      fix: `Between two dots there are at most ${MAX_LABEL_LENGTH} characters.`,
    };
  }
  if (host.length > MAX_HOST_LENGTH) {
    return { code: "host-too-long", fix: `A host has at most ${MAX_HOST_LENGTH} characters.` };
  }
  if (endsInNumber(host)) {
    if (wildcard) return WILDCARD_OVER_ADDRESS;
    if (!isCanonicalHost(host)) {
      const meant = whatwgHost(host);
      const address = meant !== null && isCanonicalHost(meant) ? `: ${meant}` : "";
      const fix = `A host that ends in a number is an IPv4 address, in four decimal parts${address}.`;
      return { code: "ip-malformed", fix };
    }
  }
  // Mapping may leave characters that no browser sends: such an entry would compile and never match.
  return isCanonicalHost(host) ? host : {
    code: "unicode-malformed",
    fix: "No browser sends this name: it maps to characters that cannot stand in a host.",
  };
}

function canonicalIPv6(text: string, wildcard: boolean): string | Fault {
  if (wildcard) return WILDCARD_OVER_ADDRESS;
  const address = /^\[[^\[\]]*\]$/.test(text) ? whatwgHost(text) : null;
  return address ?? {
    code: "ip-malformed",
    fix: 'An IPv6 address stands in brackets, a port after them: "[2001:db8::1]", "[2001:db8::1]:8080".',
  };
}

/** IDN to punycode, as browsers send it (UTS #46 by way of the URL Standard). */
function toAscii(host: string): string | Fault {
  const ascii = whatwgHost(host);
  if (ascii === null) {
    return {
      code: "unicode-malformed",
      fix: "No browser can reach this name: it is not a valid IDN (UTS #46).",
    };
  }
  const given = host.split(".");
  const mapped = ascii.split(".");
  // A look-alike letter that becomes an ASCII one, a full stop of another script, an invisible character: what
  // the operator reads and what is compared would be two names.
  const faithful = given.length === mapped.length &&
    given.every((label, index) =>
      label === mapped[index] || !isAscii(label) && mapped[index]!.startsWith("xn--")
    );
  return faithful ? ascii : {
    code: "unicode-maps-to-ascii",
    fix: isCanonicalHost(ascii)
      ? `Browsers send the host ${JSON.stringify(ascii)} for it: write that, if it is what you mean.`
      : "What browsers make of it is no host: type the name anew, in the letters of its own script.",
  };
}

/** The host of a URL by the platform's own parser; null: there is none. For operators' text only. */
function whatwgHost(host: string): string | null {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}
