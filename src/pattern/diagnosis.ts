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
import { HYPHEN_AT_END, INVISIBLE, normalizeHost, toAscii, UNSET, whatwgHost } from "./normalize.ts";
import { MAX_ENTRY_LENGTH, type Parsed, parsePattern, type UnsafeCode } from "./pattern.ts";
import type { SuffixList } from "./suffix_list.ts";

/** One fault or more. */
export type Faults = readonly [Fault, ...Fault[]];

/** Where nothing is found; no entry is known that comes to it. */
const UNKNOWN: Fault = { code: "host-malformed", fix: "Correct the entry. It is not a host." };

/** What is wrong with an entry of a list of origins; `suffixes`: names not to be covered by a wildcard. */
export function diagnosePattern(entry: unknown, suffixes: SuffixList | null): Faults {
  const parsed = parsePattern(entry, suffixes);
  const found = parsed === null ? findFaults(entry, suggestSafe(suffixes, false)) : whyNoOrigin(parsed);
  return atLeastOne(found.map((fault) => wordFault(fault, false)));
}

/** The kind of fault that `"*"` is in a list of hosts, by what has the list. */
export type StarFault = "hosts" | "allowed-hosts" | "host-validator";

/** What is wrong with an entry of a list of hosts; `star`: whose list it is. */
export function diagnoseHostPattern(entry: unknown, star: StarFault, suffixes: SuffixList | null): Faults {
  const parsed = parsePattern(entry, suffixes);
  const found = parsed === null ? findFaults(entry, suggestSafe(suffixes, true)) : whyNoHost(parsed, star);
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
  if (unsafe === "host-missing") return [whyNoHostAtAll(rule.scheme!)];
  if (rule.host === "") return [{ kind: "unsafe-any-host" }];
  const orAllow = ", or list the entry under dangerouslyAllow if all of them may connect";
  return [strangersBelow(rule.host, unsafe, orAllow)];
}

/** A scheme is all there is. */
function whyNoHostAtAll(scheme: string): EntryFault {
  if (scheme === "file") return { kind: "scheme-not-allowed/file" };
  // Expo's pages have the port of a developer's machine.
  const every = JSON.stringify(`${scheme}://*${scheme === "exp" ? ":*" : ""}`);
  const fix = `Write a host after the scheme, or ${every} for every host. ` +
    "The scheme alone is sent by Android's WebView, and can be listed under dangerouslyAllow.";
  return { kind: "host-missing", fix };
}

/** The same in a list of hosts. */
function whyNoHost({ rule, unsafe }: Parsed, star: StarFault): EntryFault[] {
  if (rule.kind === "any") return [{ kind: `wildcard-malformed/${star}` }];
  if (rule.kind !== "host") return [{ kind: "keyword/null-host" }];
  if (rule.scheme !== null) return [{ kind: "scheme-not-allowed/host" }];
  return unsafe === null ? [] : [strangersBelow(rule.host, unsafe)];
}

function strangersBelow(host: string, kind: UnsafeCode, orElse = ""): EntryFault {
  const fix = `Name your hosts one by one${orElse}. Strangers can register names below ${
    JSON.stringify(host)
  }.`;
  return { kind, fix };
}

function findFaults(entry: unknown, suggest: Suggest): readonly EntryFault[] {
  if (entry === undefined || entry === null) return [{ kind: "not-a-string/unset" }];
  if (isRegExp(entry)) return [{ kind: "not-a-string/regular-expression" }];
  if (typeof entry === "function") return [{ kind: "not-a-string/function" }];
  if (typeof entry !== "string") return [{ kind: "not-a-string" }];
  if (entry.length > MAX_ENTRY_LENGTH) return [{ kind: "entry-too-long" }];
  const misspelling = findMisspelling(entry, suggest);
  return misspelling === null ? diagnoseParts(entry, suggest) : [misspelling];
}

function isRegExp(entry: unknown): boolean {
  try {
    return entry instanceof RegExp;
  } catch {
    // A proxy may throw, whatever it is asked.
    return false;
  }
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
  const write = clean === "" ? "" : `: ${clean}`;
  const found: (EntryFault | null)[] = [
    scheme === null || isScheme(scheme) ? null : { kind: "scheme-malformed" },
    authority === beforeTail ? null : { kind: "userinfo", fix: `Remove the user name${write}.` },
    hostText === "*" && scheme !== null ? null : diagnoseReach(hostText, scheme, portText, suggest),
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
  return { kind: "port-malformed", fix: `Remove the zeros in front: ":${meant}".` };
}

function diagnoseTail(tail: string, hostText: string, write: string): EntryFault | null {
  if (tail === "") return null;
  const isAddress = /^\[|:.*:/.test(hostText) || endsInNumber(hostText);
  if (isAddress && /^\/\d{1,3}(?::\d*)?$/.test(tail)) return { kind: "cidr" };
  if (tail.startsWith("/")) {
    return { kind: "path", fix: `Remove ${tail === "/" ? "the slash at the end" : "the path"}${write}.` };
  }
  if (tail.startsWith("?")) return { kind: "query", fix: `Remove the query${write}.` };
  return { kind: "fragment", fix: `Remove the fragment${write}.` };
}

function diagnoseReach(
  text: string,
  scheme: string | null,
  portText: string | undefined,
  suggest: Suggest,
): EntryFault | null {
  if (text === "") return { kind: "host-missing" };
  const host = text.replace(/^\*?\./, "");
  if (host.includes("*")) {
    const around = (name: string) =>
      (scheme === null ? "" : `${scheme}://`) + name + (portText === undefined ? "" : `:${portText}`);
    return misplacedStar(text, (name) => suggest(around(name), ""));
  }
  const wildcard = host !== text;
  return normalizeHost(host, wildcard) === null ? diagnoseHost(host, wildcard) : null;
}

/** `suggest`: the same entry with another host in it; "": no list would take it. */
function misplacedStar(text: string, suggest: (name: string) => string): EntryFault {
  const name = text.replace(/^[*.]+/, "");
  if (endsInNumber(name) || /\d/.test(text) && /^[\d.*]+$/.test(text)) {
    return { kind: "wildcard-malformed/address" };
  }
  const labels = text.split(".");
  const last = labels.findLastIndex((label) => label.includes("*"));
  const below = ["*", ...labels.slice(last + 1)].join(".");
  const wider = suggest(below) || suggest(text.replace(/^\*(?=[^*.-])/, "*."));
  if (wider !== "") {
    return {
      kind: "wildcard-malformed",
      fix: `Use "*" as the first label only: ${wider} allows all subdomains.`,
    };
  }
  const isPartly = labels.some((label) => /\*/.test(label) && /[^*]/.test(label));
  const fix = 'Use "*" in place of the whole first label.' +
    (isPartly
      ? " For previews, list each one, give them a domain of your own, or add each to the list when it is deployed."
      : "");
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
    const fix = `Remove ${JSON.stringify(stranger)}. A host has letters, digits, "-", "_" and "." only.`;
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
  if (HYPHEN_AT_END.test(host)) return { kind: "host-malformed/hyphen" };
  if (!endsInNumber(host)) return { kind: "unicode-malformed/not-sent" };
  if (wildcard) return { kind: "wildcard-over-address" };
  const meant = whatwgHost(host);
  const address = meant !== null && isCanonicalHost(meant) ? `: ${meant}` : "";
  const fix =
    `Write an IPv4 address in four decimal parts${address}. Browsers take a host that ends in a number for one.`;
  return { kind: "ip-malformed", fix };
}

function diagnoseIdn(name: string): EntryFault {
  const sent = whatwgHost(name);
  if (sent === null) return { kind: "unicode-malformed" };
  if (!isCanonicalHost(sent)) return { kind: "unicode-maps-to-ascii/no-host" };
  const fix = `Write ${JSON.stringify(sent)} if that is the name. Browsers send it for what is written here.`;
  return { kind: "unicode-maps-to-ascii", fix };
}
