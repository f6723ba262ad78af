/**
 * Operators' text into rules: what one entry of a list lets in, or null.
 *
 *     pattern = "*" / "null" / [ scheme "://" ] reach [ ":" ( port / "*" ) ]
 *     reach   = host / "." host / "*." host / "*"        ; "*" alone only after a scheme
 *             / opaque / ""                              ; after a scheme that is not the web's; "" after `file` too
 *
 * Two grammars, on purpose. An attacker's text is canonical or malformed, with no second chance; an operator's
 * is normalized (upper case, Unicode, long IPv6) or refused, because a list that silently matches nothing is found out
 * on the day it is needed.
 *
 * Nothing here is said in words. What is wrong with an entry is looked for afterwards, in `diagnosis.ts`, which finds
 * faults and nothing else: who gets in is decided here.
 */

import type { ConfigIssueCode } from "../config.ts";
import { defaultPort, isOpaqueHost, lowerAscii, parsePort } from "../origin/authority.ts";
import { isScheme } from "../origin/origin.ts";
import { normalizeHost, UNSET } from "./normalize.ts";
import { type HostRule, reachesBelow, type Rule } from "./rule.ts";
import type { SuffixList } from "./suffix_list.ts";
import { whyShared } from "./suffixes.ts";

/** Why a well-formed entry needs `dangerouslyAllow`; `host-missing`: all there is of it is a scheme. */
export type UnsafeCode = Extract<ConfigIssueCode, `unsafe-${string}` | "host-missing">;

/** A well-formed entry; `unsafe` null: it is safe. */
export interface Parsed {
  readonly rule: Rule;
  readonly unsafe: UnsafeCode | null;
}

/** Longer than any entry that could be well-formed, with room for Unicode; beyond it nothing is looked at. */
export const MAX_ENTRY_LENGTH = 1024;

/*
 * What nearly every entry of a long list looks like, and needs no normalizing: a scheme of the web or none, a name of
 * letters, digits and hyphens under a top-level domain of letters, or the one name of a single label that everyone
 * has. The way below comes to the same rule in ten times the time. Names in punycode are left to it, and what begins or
 * ends with a hyphen.
 */
const PLAIN =
  /^(?:(https?):\/\/)?(\*?\.)?((?:(?!-|xn--)[a-z0-9-]{1,63}(?<!-)\.){1,3}[a-z]{2,63}|localhost)(?::([1-9][0-9]{0,3}))?$/;

/** The parts of any other entry: scheme, what stands in front of the host, host, port. None of them is looked into yet. */
const PARTS = /^(?:([^:]*):\/\/)?(\*?\.)?(\[.*\]|[^:]+)(?::(\*|[0-9]+))?$/;
/** All there is of an entry is its scheme: what `file://` pages send, and Android's WebView for a scheme of an app's own. */
const SCHEME_ALONE = /^([^:]*):\/\/$/;

/** Entries that could be names of hosts, and are words of other systems. With a scheme or a port they are hosts. */
const WORD = /^(?:self|none|same-origin|same-site|true|false|all|auto)$/i;
/** Their pages send Origin "null", or their creator's. */
const SCHEMES_WITHOUT_ORIGIN = /* @__PURE__ */ new Set(["file", "data", "blob", "about", "javascript"]);
const WEB_SCHEMES = /* @__PURE__ */ new Set(["http", "https", "ws", "wss"]);
/** `https:*` is how others write every host of a scheme; as a host with any port nobody means it. */
const SCHEME_IN_PLACE_OF_HOST =
  /^(?:https?|wss?|file|app|tauri|capacitor|ionic|exp|[a-z0-9+.-]+-(?:extension|webview)):\*$/i;
/** An opaque host may have them; in an entry they are quotes, lists, wildcards, or the spellings of other systems. */
const NOT_IN_ENTRIES = /[*,;'"`$%(){}]|^\.+[^.]/;

/**
 * Reads one entry of a list of origins; null: it is malformed. `suffixes`: names not to be covered by a wildcard;
 * `place`: where it is written. Never throws, whatever it is given.
 */
export function parsePattern(entry: unknown, suffixes: SuffixList | null = null, place = 0): Parsed | null {
  if (typeof entry !== "string" || entry.length > MAX_ENTRY_LENGTH) return null;
  if (entry === "*") return { rule: { kind: "any", place }, unsafe: null };
  if (entry === "null") return { rule: { kind: "null", place }, unsafe: "unsafe-null" };
  const rule = parsePlain(entry, place) ?? parseParts(entry, place);
  return rule === null ? null : { rule, unsafe: whyUnsafe(rule, suffixes) };
}

/** Reads one entry of a list of hosts, in the same way: it has no scheme, and nothing excuses what is unsafe. */
export function parseHostPattern(
  entry: unknown,
  suffixes: SuffixList | null = null,
  place = 0,
): HostRule | null {
  const parsed = parsePattern(entry, suffixes, place);
  if (parsed === null || parsed.unsafe !== null || parsed.rule.kind !== "host") return null;
  return parsed.rule.scheme === null ? parsed.rule : null;
}

function parsePlain(entry: string, place: number): HostRule | null {
  const parts = PLAIN.exec(entry);
  if (parts === null) return null;
  // A constant, not the text that was found: a million equal texts would be hashed one by one.
  const scheme = parts[1] === undefined ? null : parts[1] === "https" ? "https" : "http";
  return {
    kind: "host",
    place,
    scheme,
    host: parts[3]!,
    reach: reachOf(parts[2]),
    port: parts[4] === undefined ? impliedPort(scheme) : Number(parts[4]),
  };
}

function parseParts(entry: string, place: number): HostRule | null {
  const alone = SCHEME_ALONE.exec(entry)?.[1];
  if (alone !== undefined) return parseSchemeAlone(lowerAscii(alone), place);
  const [, schemeText, prefix, hostText, portText] = PARTS.exec(entry) ?? [];
  if (hostText === undefined || WORD.test(entry) || SCHEME_IN_PLACE_OF_HOST.test(entry)) return null;

  const scheme = schemeText === undefined ? null : lowerAscii(schemeText);
  if (scheme !== null && (!isScheme(scheme) || SCHEMES_WITHOUT_ORIGIN.has(scheme))) return null;

  const port = portText === undefined
    ? impliedPort(scheme)
    : portText === "*"
    ? null
    : parsePort(portText) || undefined;
  if (port === undefined) return null;

  if (hostText === "*" && prefix === undefined && scheme !== null) {
    return { kind: "host", place, scheme, host: "", reach: "subdomains", port };
  }
  const host = normalizeHost(hostText, prefix !== undefined);
  if (host !== null) return { kind: "host", place, scheme, host, reach: reachOf(prefix), port };
  const opaque = scheme === null || WEB_SCHEMES.has(scheme) ? null : readOpaque(`${prefix ?? ""}${hostText}`);
  return opaque === null ? null : { kind: "host", place, scheme, host: opaque, reach: "host", port };
}

/** What is no name and can be sent all the same, below a scheme that is not the web's. */
function readOpaque(text: string): string | null {
  return isOpaqueHost(text, 0, text.length) && !NOT_IN_ENTRIES.test(text) && !UNSET.test(lowerAscii(text))
    ? text
    : null;
}

function parseSchemeAlone(scheme: string, place: number): HostRule | null {
  if (!isScheme(scheme) || WEB_SCHEMES.has(scheme)) return null;
  if (scheme !== "file" && SCHEMES_WITHOUT_ORIGIN.has(scheme)) return null;
  return { kind: "host", place, scheme, host: "", reach: "host", port: 0 };
}

function reachOf(prefix: string | undefined): HostRule["reach"] {
  return prefix === undefined ? "host" : prefix === "." ? "host-and-subdomains" : "subdomains";
}

/** The effective port of an entry that writes none; null: any. */
function impliedPort(scheme: string | null): number | null {
  return scheme === null ? null : defaultPort(scheme);
}

function whyUnsafe(rule: HostRule, suffixes: SuffixList | null): UnsafeCode | null {
  if (rule.host === "" && !reachesBelow(rule)) return "host-missing";
  if (rule.host === "") return rule.scheme === "http" || rule.scheme === "https" ? "unsafe-any-host" : null;
  switch (reachesBelow(rule) ? whyShared(rule.host, suffixes) : null) {
    case "single-label":
      return "unsafe-single-label";
    case "shared-suffix":
      return "unsafe-shared-suffix";
    case null:
      return null;
  }
}
