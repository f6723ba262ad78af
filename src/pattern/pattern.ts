/**
 * Operators' text into rules: one entry of a list of allowed origins, or everything that is wrong with it.
 *
 *     pattern = "*" / "null" / [ scheme "://" ] reach [ ":" ( port / "*" ) ]
 *     reach   = host / "." host / "*." host / "*"        ; "*" alone only after a scheme
 *
 * Two grammars, on purpose. An attacker's text is canonical or malformed, with no second chance; an operator's
 * is normalised (upper case, Unicode, long IPv6) or refused with the entry that was probably meant, because a
 * list that silently matches nothing is found out on the day it is needed.
 */

import type { HostRule } from "./rule.ts";
import type { Rule } from "./rule.ts";
import type { Fault } from "../config.ts";
import { defaultPort, endsInNumber, lowerAscii, parsePort } from "../origin/authority.ts";
import { isScheme, MAX_SCHEME_LENGTH } from "../origin/origin.ts";
import { findMisspelling, type Suggest } from "./misspellings.ts";
import { normaliseHost } from "./normalize.ts";
import type { SuffixList } from "./suffix_list.ts";
import { whyShared } from "./suffixes.ts";

/** A well-formed entry, and why it needs `dangerouslyAllow` if it does; or the faults of a wrong one. */
export type Parsed =
  | { readonly rule: Rule; readonly unsafe: Fault | null }
  | { readonly faults: readonly Fault[] };

/** Longer than any entry that could be well-formed, with room for Unicode; beyond it nothing is looked at. */
const MAX_ENTRY_LENGTH = 1024;

/*
 * What nearly every entry of a long list looks like, and needs no normalising: a scheme of the web or none, a name of
 * letters, digits and hyphens under a top-level domain of letters, or the one name of a single label that everyone
 * has. The way below comes to the same rule in ten times the time. Names in punycode are left to it, and those that a
 * variable without a value has left its mark in.
 */
const PLAIN =
  /^(?:(https?):\/\/)?(\*?\.)?((?:[a-z0-9-]{1,63}\.){1,3}[a-z]{2,63}|localhost)(?::([1-9][0-9]{0,3}))?$/;
const NOT_PLAIN = /xn--|undefined/;

function parsePlain(entry: string, place: number): HostRule | null {
  const parts = PLAIN.exec(entry);
  if (parts === null || NOT_PLAIN.test(entry)) return null;
  // A constant, not the text that was found: a million equal texts would be hashed one by one.
  const scheme = parts[1] === undefined ? null : parts[1] === "https" ? "https" : "http";
  const prefix = parts[2];
  return {
    kind: "host",
    place,
    scheme,
    host: parts[3]!,
    reach: prefix === undefined ? "host" : prefix === "." ? "host-and-subdomains" : "subdomains",
    port: parts[4] !== undefined ? Number(parts[4]) : scheme === null ? null : defaultPort(scheme),
  };
}

/**
 * Reads one entry; `bare`: of a list whose entries have no scheme; `suffixes`: names not to be covered by a wildcard;
 * `place`: where it is written. Never throws, whatever it is given.
 */
export function parsePattern(
  entry: unknown,
  bare = false,
  suffixes: SuffixList | null = null,
  place = 0,
): Parsed {
  if (typeof entry !== "string") {
    const fix = entry === undefined || entry === null
      ? "Give a string; is a variable unset?"
      : `Give a string such as "${bare ? "" : "https://"}example.com".`;
    return { faults: [{ code: "not-a-string", fix }] };
  }
  if (entry.length > MAX_ENTRY_LENGTH) {
    return {
      faults: [{ code: "entry-too-long", fix: `An entry has at most ${MAX_ENTRY_LENGTH} characters.` }],
    };
  }
  const plain = parsePlain(entry, place);
  if (plain !== null) return { rule: plain, unsafe: whyUnsafe(plain, suffixes) };
  if (entry === "*") return { rule: { kind: "any", place }, unsafe: null };
  if (entry === "null") return { rule: { kind: "null", place }, unsafe: UNSAFE_NULL };
  const suggest: Suggest = (candidate, otherwise) => {
    const named = bare ? candidate.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "") : candidate;
    // A candidate is an entry with something taken out, or the number of colons grown to the right: this ends.
    const parsed = named === entry ? null : parsePattern(named, bare, suffixes);
    const good = parsed !== null && "rule" in parsed && parsed.unsafe === null &&
      parsed.rule.kind === "host" &&
      !/^(?:self|none|null)$/.test(parsed.rule.host);
    return good ? JSON.stringify(named) : otherwise;
  };
  const misspelling = findMisspelling(entry, suggest);
  if (misspelling !== null) return { faults: [misspelling] };
  return parseParts(entry, suggest, suffixes, place);
}

function parseParts(entry: string, suggest: Suggest, suffixes: SuffixList | null, place: number): Parsed {
  const faults: Fault[] = [];
  const schemeEnd = entry.indexOf("://");
  const scheme = schemeEnd < 0 ? null : lowerAscii(entry.slice(0, schemeEnd));
  const rest = schemeEnd < 0 ? entry : entry.slice(schemeEnd + "://".length);
  if (scheme !== null && !isScheme(scheme)) {
    faults.push({
      code: "scheme-malformed",
      fix: `A scheme is a letter, then letters, digits, "+", "." or "-", ${MAX_SCHEME_LENGTH} at most.`,
    });
  }

  const tailStart = rest.search(/[/?#]/);
  const tail = tailStart < 0 ? "" : rest.slice(tailStart);
  const beforeTail = tailStart < 0 ? rest : rest.slice(0, tailStart);
  const authority = beforeTail.slice(beforeTail.lastIndexOf("@") + 1);
  const { hostText, portText } = splitPort(authority);
  const host = parseReach(hostText, scheme, suggest);
  const port = parsePatternPort(portText, scheme);
  const write = () => {
    const clean = suggest(`${scheme === null ? "" : scheme + "://"}${authority}`, "");
    return clean === "" ? "" : ` Write ${clean}.`;
  };

  if (authority !== beforeTail) {
    faults.push({ code: "userinfo", fix: `An entry names no user.${write()}` });
  }
  if (isFault(host)) faults.push(host);
  if (isFault(port)) faults.push(port);
  if (/^\/\d{1,3}$/.test(tail) && (/^\[|:.*:/.test(hostText) || endsInNumber(hostText))) {
    faults.push({
      code: "cidr",
      fix: "Ranges of addresses cannot be written: list the addresses one by one.",
    });
  } else if (tail.startsWith("/")) {
    faults.push({ code: "path", fix: `An entry has no path, a slash at its end included.${write()}` });
  } else if (tail.startsWith("?")) {
    faults.push({ code: "query", fix: `An entry has no query.${write()}` });
  } else if (tail.startsWith("#")) {
    faults.push({ code: "fragment", fix: `An entry has no fragment.${write()}` });
  }
  if (faults.length > 0 || isFault(host) || isFault(port)) return { faults };
  const rule: HostRule = { kind: "host", place, scheme, ...host, port };
  return { rule, unsafe: whyUnsafe(rule, suffixes) };
}

/** `host [ ":" port ]` of an entry; a port of undefined: there is no colon. */
function splitPort(authority: string): { hostText: string; portText: string | undefined } {
  const bracket = authority.lastIndexOf("]");
  const colon = authority.lastIndexOf(":");
  // Two colons outside brackets are an IPv6 address that lost its brackets, not a port.
  const bare = bracket < 0 && authority.indexOf(":") !== colon;
  if (colon < 0 || colon < bracket || bare) return { hostText: authority, portText: undefined };
  return { hostText: authority.slice(0, colon), portText: authority.slice(colon + 1) };
}

/** The effective port of an entry; null: any. Without a scheme, no port is any port. */
function parsePatternPort(text: string | undefined, scheme: string | null): number | null | Fault {
  if (text === "*") return null;
  if (text === undefined) return scheme === null ? null : defaultPort(scheme);
  const port = parsePort(text);
  if (port !== 0) return port;
  const meant = /^0*([1-9]\d*)$/.exec(text)?.[1] ?? "";
  const fix = text === ""
    ? "Leave the colon out, or write the port after it."
    : parsePort(meant) !== 0
    ? `Write ":${meant}", without leading zeros.`
    : 'A port is a number from 1 to 65535, or "*" for any.';
  return { code: "port-malformed", fix };
}

type Reach = Pick<HostRule, "host" | "reach">;

function parseReach(text: string, scheme: string | null, suggest: Suggest): Reach | Fault {
  if (text === "") {
    return { code: "host-missing", fix: 'Write a host, such as "example.com".' };
  }
  if (text === "*" && scheme !== null) return { host: "", reach: "subdomains" };
  if (text.replace(/^\*\./, "").includes("*")) return misplacedWildcard(text, suggest);
  const prefix = text.startsWith("*.") ? "*." : text.startsWith(".") ? "." : "";
  const host = normaliseHost(text.slice(prefix.length), prefix !== "");
  if (typeof host !== "string") return host;
  return { host, reach: prefix === "*." ? "subdomains" : prefix === "." ? "host-and-subdomains" : "host" };
}

function isFault<T>(read: T | Fault): read is Fault {
  return typeof read === "object" && read !== null && "fix" in read;
}

function misplacedWildcard(text: string, suggest: Suggest): Fault {
  const name = text.replace(/^[*.]+/, "");
  const fix = endsInNumber(name) || /^[\d.*]*\d[\d.*]*$/.test(text)
    ? "Addresses have no subdomains: list them one by one."
    : '"*" stands for whole labels and only in front: ' +
      `${suggest(`*.${name}`, '"*.example.com"')} admits the subdomains at any depth, ` +
      "with a dot alone in front the host too.";
  return { code: "wildcard-malformed", fix };
}

const UNSAFE_NULL: Fault = {
  code: "unsafe-null",
  fix: "A sandboxed frame of any site sends it: write it in dangerouslyAllow if all of them may connect.",
};

function whyUnsafe(rule: HostRule, suffixes: SuffixList | null): Fault | null {
  if (rule.host === "") {
    return rule.scheme !== "http" && rule.scheme !== "https" ? null : {
      code: "unsafe-any-host",
      fix: "Every site there is would be admitted: name the hosts, or write it in dangerouslyAllow.",
    };
  }
  const shared = rule.reach === "host" ? null : whyShared(rule.host, suffixes);
  if (shared === null) return null;
  return {
    code: shared === "single-label" ? "unsafe-single-label" : "unsafe-shared-suffix",
    fix: `Strangers can register names below ${JSON.stringify(rule.host)}: name your hosts one by one, ` +
      "or write it in dangerouslyAllow if all of them may connect.",
  };
}
