/**
 * What is wrong with an entry, and what to write instead. Asked only for an entry that its list has not taken.
 *
 * Nothing here decides who gets in: whatever it is asked, it answers with faults, at least one.
 */

import type { Fault } from "../config.ts";
import {
  endsInNumber,
  isCanonicalHost,
  lowerAscii,
  MAX_HOST_LENGTH,
  MAX_LABEL_LENGTH,
  parsePort,
} from "../origin/authority.ts";
import { isScheme } from "../origin/origin.ts";
import { type EntryFault, findMisspelling, type Suggest, wordFault } from "./misspellings.ts";
import { INVISIBLE, normalizeHost, toAscii, UNSET, whatwgHost } from "./normalize.ts";
import { MAX_ENTRY_LENGTH, type Parsed, parsePattern, type UnsafeCode } from "./pattern.ts";
import type { SuffixList } from "./suffix_list.ts";

/** One fault or more. */
export type Faults = readonly [Fault, ...Fault[]];

/** Where nothing is found; no entry is known that comes to it. */
const UNKNOWN: Fault = { code: "host-malformed", fix: "An entry is not written so." };

/** What is wrong with an entry of a list of origins; `suffixes`: names not to be covered by a wildcard. */
export function diagnosePattern(entry: unknown, suffixes: SuffixList | null): Faults {
  const parsed = parsePattern(entry, suffixes);
  const found = parsed === null ? findFaults(entry, suggestSafe(suffixes, false)) : whyNoOrigin(parsed);
  return atLeastOne(found.map((fault) => wordFault(fault, false)));
}

/** What is wrong with an entry of a list of hosts; `field`: the list's own name. */
export function diagnoseHostPattern(entry: unknown, field: string, suffixes: SuffixList | null): Faults {
  const parsed = parsePattern(entry, suffixes);
  const found = parsed === null ? findFaults(entry, suggestSafe(suffixes, true)) : whyNoHost(parsed, field);
  return atLeastOne(found.map((fault) => wordFault(fault, true)));
}

function atLeastOne([first = UNKNOWN, ...others]: readonly Fault[]): Faults {
  return [first, ...others];
}

/** Names safe entries; not those that were hardly meant, though hosts can be called so. */
function suggestSafe(suffixes: SuffixList | null, inHosts: boolean): Suggest {
  return (candidate, otherwise) => {
    const entry = inHosts ? candidate.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "") : candidate;
    const { rule, unsafe } = parsePattern(entry, suffixes) ?? {};
    if (unsafe !== null || rule?.kind !== "host" || /^(?:self|none)$/.test(rule.host)) return otherwise;
    return inHosts && rule.scheme !== null ? otherwise : JSON.stringify(entry);
  };
}

/** What is wrong with a well-formed entry in a list of origins; nothing, if it is safe. */
function whyNoOrigin({ rule, unsafe }: Parsed): EntryFault[] {
  if (unsafe === null) return [];
  if (rule.kind !== "host") return [{ kind: "unsafe-null" }];
  if (rule.host === "") return [{ kind: "unsafe-any-host" }];
  const orAllow = ", or write it in dangerouslyAllow if all of them may connect";
  return [strangersBelow(rule.host, unsafe, orAllow)];
}

/** The same in a list of hosts. */
function whyNoHost({ rule, unsafe }: Parsed, field: string): EntryFault[] {
  if (rule.kind === "any") {
    return [{ kind: `wildcard-malformed/${field === "allowedHosts" ? "allowed-hosts" : "hosts"}` }];
  }
  if (rule.kind !== "host") return [{ kind: "keyword/null-host" }];
  if (rule.scheme !== null) return [{ kind: "scheme-not-allowed/host" }];
  return unsafe === null ? [] : [strangersBelow(rule.host, unsafe)];
}

function strangersBelow(host: string, kind: UnsafeCode, orElse = ""): EntryFault {
  const fix = `Strangers can register names below ${
    JSON.stringify(host)
  }: name your hosts one by one${orElse}.`;
  return { kind, fix };
}

function findFaults(entry: unknown, suggest: Suggest): readonly EntryFault[] {
  if (entry === undefined || entry === null) return [{ kind: "not-a-string/unset" }];
  if (typeof entry !== "string") return [{ kind: "not-a-string" }];
  if (entry.length > MAX_ENTRY_LENGTH) return [{ kind: "entry-too-long" }];
  const misspelling = findMisspelling(entry, suggest);
  return misspelling === null ? diagnoseParts(entry, suggest) : [misspelling];
}

/** Cuts an entry up as it was probably meant, and looks at its parts in the order in which they stand in it. */
function diagnoseParts(entry: string, suggest: Suggest): EntryFault[] {
  const schemeEnd = entry.indexOf("://");
  const scheme = schemeEnd < 0 ? null : lowerAscii(entry.slice(0, schemeEnd));
  const rest = schemeEnd < 0 ? entry : entry.slice(schemeEnd + "://".length);
  const tailStart = rest.search(/[/?#]|$/);
  const beforeTail = rest.slice(0, tailStart);
  const authority = beforeTail.slice(beforeTail.lastIndexOf("@") + 1);
  const { hostText, portText } = splitPort(authority);
  const clean = suggest(scheme === null ? authority : `${scheme}://${authority}`, "");
  const write = clean === "" ? "" : ` Write ${clean}.`;
  const found: (EntryFault | null)[] = [
    scheme === null || isScheme(scheme) ? null : { kind: "scheme-malformed" },
    authority === beforeTail ? null : { kind: "userinfo", fix: `An entry names no user.${write}` },
    hostText === "*" && scheme !== null ? null : diagnoseReach(hostText, suggest),
    portText === undefined ? null : diagnosePort(portText),
    diagnoseTail(rest.slice(tailStart), hostText, write),
  ];
  return found.filter((fault) => fault !== null);
}

/** `host [ ":" port ]`; a port of undefined: there is no colon. */
function splitPort(authority: string): { readonly hostText: string; readonly portText?: string } {
  const bracket = authority.lastIndexOf("]");
  const colon = authority.lastIndexOf(":");
  // Two colons outside brackets are an IPv6 address that lost its brackets, not a port.
  const isBare = bracket < 0 && authority.indexOf(":") !== colon;
  if (colon < 0 || colon < bracket || isBare) return { hostText: authority };
  return { hostText: authority.slice(0, colon), portText: authority.slice(colon + 1) };
}

function diagnosePort(text: string): EntryFault | null {
  if (text === "*" || parsePort(text) !== 0) return null;
  if (text === "") return { kind: "port-malformed/missing" };
  const meant = text.replace(/^0+/, "");
  if (parsePort(meant) === 0) return { kind: "port-malformed" };
  return { kind: "port-malformed", fix: `Write ":${meant}", without leading zeros.` };
}

function diagnoseTail(tail: string, hostText: string, write: string): EntryFault | null {
  if (tail === "") return null;
  const isAddress = /^\[|:.*:/.test(hostText) || endsInNumber(hostText);
  if (isAddress && /^\/\d{1,3}$/.test(tail)) return { kind: "cidr" };
  if (tail.startsWith("/")) {
    return { kind: "path", fix: `An entry has no path, a slash at its end included.${write}` };
  }
  if (tail.startsWith("?")) return { kind: "query", fix: `An entry has no query.${write}` };
  return { kind: "fragment", fix: `An entry has no fragment.${write}` };
}

function diagnoseReach(text: string, suggest: Suggest): EntryFault | null {
  if (text === "") return { kind: "host-missing" };
  const host = text.replace(/^\*?\./, "");
  if (host.includes("*")) return misplacedStar(text, suggest);
  const wildcard = host !== text;
  return normalizeHost(host, wildcard) === null ? diagnoseHost(host, wildcard) : null;
}

function misplacedStar(text: string, suggest: Suggest): EntryFault {
  const name = text.replace(/^[*.]+/, "");
  if (endsInNumber(name) || /\d/.test(text) && /^[\d.*]+$/.test(text)) {
    return { kind: "wildcard-malformed/address" };
  }
  const fix = '"*" stands for whole labels and only in front: ' +
    `${suggest(`*.${name}`, '"*.example.com"')} admits the subdomains at any depth, ` +
    "with a dot alone in front the host too.";
  return { kind: "wildcard-malformed", fix };
}

/** What is wrong with a host that cannot be normalized, and the one that was probably meant. */
export function diagnoseHost(text: string, wildcard: boolean): EntryFault {
  const isIPv6 = text.startsWith("[") || text.includes(":");
  if (text.includes("%")) return isIPv6 ? { kind: "zone-id" } : { kind: "percent-sign" };
  if (isIPv6) return wildcard ? { kind: "wildcard-over-address" } : { kind: "ip-malformed/brackets" };

  const name = lowerAscii(text);
  const [stranger] = /(?![a-z0-9._-])\p{ASCII}/u.exec(name) ?? [];
  if (stranger !== undefined) {
    const fix = `${JSON.stringify(stranger)} cannot stand in a host: letters, digits, "-", "_" and "." can.`;
    return { kind: "host-malformed", fix };
  }
  if (INVISIBLE.test(name)) return { kind: "unicode-malformed/invisible" };
  if (UNSET.test(name)) return { kind: "keyword/unset" };

  const host = toAscii(name);
  if (host === null) return diagnoseIdn(name);
  const labels = host.replace(/\.$/, "").split(".");
  if (labels.includes("")) return { kind: "label-empty" };
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH)) return { kind: "label-too-long" };
  if (host.length > MAX_HOST_LENGTH) return { kind: "host-too-long" };
  if (!endsInNumber(host)) return { kind: "unicode-malformed/not-sent" };
  if (wildcard) return { kind: "wildcard-over-address" };
  const meant = whatwgHost(host);
  const address = meant !== null && isCanonicalHost(meant) ? `: ${meant}` : "";
  const fix = `A host that ends in a number is an IPv4 address, in four decimal parts${address}.`;
  return { kind: "ip-malformed", fix };
}

function diagnoseIdn(name: string): EntryFault {
  const sent = whatwgHost(name);
  if (sent === null) return { kind: "unicode-malformed" };
  if (!isCanonicalHost(sent)) return { kind: "unicode-maps-to-ascii/no-host" };
  const fix = `Browsers send the host ${JSON.stringify(sent)} for it: write that, if it is what you mean.`;
  return { kind: "unicode-maps-to-ascii", fix };
}
