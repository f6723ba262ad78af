/**
 * What is said of an entry that was not taken, and the table of what operators write in place of a pattern: spellings
 * of other systems, and slips. With it a fix can say what is meant, where the parts of the entry could only be called
 * wrong one by one.
 *
 * It is asked after the grammar, and for words alone: an entry that is not in it is no better for that.
 */

import type { ConfigIssueCode, Fault } from "../config.ts";
import { MAX_HOST_LENGTH, MAX_LABEL_LENGTH } from "../origin/authority.ts";
import { MAX_SCHEME_LENGTH } from "../origin/origin.ts";
import { MAX_ENTRY_LENGTH } from "./pattern.ts";

/** The public code of a fault and, behind a slash, what of it. */
type Kind = ConfigIssueCode | `${ConfigIssueCode}/${string}`;

/** By kind; what has to name a part of the entry is said where the fault is found. */
const SENTENCES = /* @__PURE__ */ (() => ({
  "not-a-string": "Write each entry as a string.",
  "not-a-string/unset": "Write each entry as a string. Is a variable unset?",
  "not-a-string/function": "Write each entry as a string, not as a function.",
  "not-a-string/regular-expression":
    "Write host names as strings, not a RegExp. An asterisk in place of the first label allows all subdomains.",
  "entry-too-long": `Shorten the entry to ${MAX_ENTRY_LENGTH} characters or less.`,
  "empty": "Remove the entry. Is a variable set to nothing?",
  "white-space/alone": "Remove the entry. Is a variable set to nothing?",
  // words in place of an entry
  "keyword/quoted-self":
    "Write 'self' in the origins of a policy that has hosts. It is compared with the Host header.",
  "keyword/self":
    `Write "'self'" for the server's own origin, with single quotes inside the string, or "http://self" ` +
    "for a host of that name.",
  "keyword/same": `Write "'self'" for the server's own origin, in a policy that has hosts.`,
  "keyword/none": "Leave the list empty to refuse every origin.",
  "keyword/all": 'Write "*" to allow every origin, or name the origins one by one.',
  "keyword/null": `Write "null" under dangerouslyAllow to allow the opaque origin.`,
  "keyword/unset": "Remove the entry. Is a variable unset?",
  // other systems
  "foreign-spelling/variable": "Write the value itself. Variables are not expanded here.",
  "regular-expression": "Write host names instead of a regular expression, one entry each. " +
    "An asterisk in place of the first label allows all subdomains.",
  "wildcard-malformed/question-mark": 'Write the names one by one. "?" is not a wildcard for a character.',
  // schemes and ports
  "scheme-malformed":
    `Write a scheme of a letter, then letters, digits, "+", "." or "-", ${MAX_SCHEME_LENGTH} at most.`,
  "scheme-not-allowed":
    `Remove the entry. Pages of that kind send Origin "null", or that of the page that made them.`,
  "scheme-not-allowed/file":
    "Move the entry to dangerouslyAllow if you accept that every page opened from a file can connect.",
  "port-malformed": 'Write a port from 1 to 65535, or "*" for any.',
  "port-malformed/missing": "Remove the colon, or write a port after it.",
  // addresses
  "cidr":
    "List the addresses one by one. A range cannot be written, and an origin is the address of the page, not of its " +
    "visitor.",
  "zone-id": "Write the address without its zone. A zone means something on its own machine only.",
  "ip-malformed/brackets": "Write an IPv6 address in brackets, with a port after them.",
  "wildcard-malformed/address": "List the addresses one by one. Addresses have no subdomains.",
  "wildcard-over-address": "Write the address alone. Addresses have no subdomains.",
  // names
  "host-missing": "Write a host.",
  "host-malformed/hyphen": "Correct the name. A label neither begins nor ends with a hyphen.",
  "percent-sign": "Write the characters themselves, not their percent encoding.",
  "label-empty": "Write a label of at least one character between two dots.",
  "label-too-long": `Shorten the label between two dots to ${MAX_LABEL_LENGTH} characters or less.`,
  "host-too-long": `Shorten the host to ${MAX_HOST_LENGTH} characters or less.`,
  "unicode-malformed": "Correct the name. Browsers cannot reach it, because it is not a valid IDN (UTS #46).",
  "unicode-malformed/invisible": "Retype the name. It contains a character that cannot be seen.",
  "unicode-malformed/not-sent":
    "Correct the name. Browsers cannot reach it, because it maps to characters that a host cannot have.",
  "unicode-maps-to-ascii/no-host": "Retype the name without look-alike or invisible characters. " +
    "Browsers cannot turn it into a host name.",
  // well-formed entries, in a list that does not take them
  "unsafe-null":
    `Any site can send "null" from a sandboxed frame. If you accept that, list it under dangerouslyAllow.`,
  "unsafe-any-host":
    "Name the hosts. The entry allows every site there is; if you accept that, list it under " +
    "dangerouslyAllow.",
  "scheme-not-allowed/host": "Write the host alone. A Host header has no scheme.",
  "keyword/null-host": "Remove the entry. A Host header is a name or an address, never null.",
  "wildcard-malformed/hosts": "Remove hosts to answer to any well-formed Host.",
  "wildcard-malformed/allowed-hosts": 'To allow any site, write originValidator(handler, ["*"]).',
  "wildcard-malformed/host-validator": "To answer to any Host, remove hostValidator.",
} as const satisfies { readonly [kind in Kind]?: string }))();

const NO_KEYWORD = "Write the name of a host. Keywords belong in origins.";

/** What a list of hosts says instead. */
const IN_HOSTS: { readonly [kind in Kind]?: string } = /* @__PURE__ */ (() => ({
  "keyword/quoted-self": NO_KEYWORD,
  "keyword/self": NO_KEYWORD,
  "keyword/same": NO_KEYWORD,
  "keyword/none": NO_KEYWORD,
  "keyword/all": "Remove hosts to answer to any well-formed Host.",
  "keyword/null": NO_KEYWORD,
  "cidr": "List the addresses one by one. A range cannot be written.",
  "scheme-malformed": SENTENCES["scheme-not-allowed/host"],
  "scheme-not-allowed": SENTENCES["scheme-not-allowed/host"],
  "port-malformed/scheme": SENTENCES["host-missing"],
}))();

/** Of a kind that has a sentence, or with one of its own. */
type Said<Fix> =
  | { readonly kind: keyof typeof SENTENCES; readonly fix?: never }
  | { readonly kind: Kind; readonly fix: Fix };

/** A fault of an entry, before it is known in what list. */
export type EntryFault = Said<string>;

/** The fault as an operator is told of it. */
export function wordFault(fault: EntryFault, inHosts: boolean): Fault {
  const code = fault.kind.split("/")[0] as ConfigIssueCode;
  const usual = fault.fix === undefined ? SENTENCES[fault.kind] : fault.fix;
  return { code, fix: inHosts ? IN_HOSTS[fault.kind] ?? usual : usual };
}

/** What a fix may name: `candidate` in quotes if it would compile where the entry stands, else `otherwise`. */
export type Suggest = (candidate: string, otherwise: string) => string;

/** A quotation mark, straight or typographic. */
const QUOTE = "['\"`\\u2018-\\u201f\\u00ab\\u00bb\\u2039\\u203a]";
const word = (words: string) => new RegExp(`^${QUOTE}*(?:${words})${QUOTE}*$`, "iu");

type Misspelling = { readonly form: RegExp } & Said<(entry: string, suggest: Suggest) => string>;

/** What others write for every host of a scheme. */
const SCHEME_ALONE =
  /^(?:https?|wss?|file|app|tauri|capacitor|ionic|exp|[a-z0-9+.-]+-(?:extension|webview)):\*?$/i;

/** The first that fits is told. */
const MISSPELLINGS: readonly Misspelling[] = /* @__PURE__ */ (() => [
  { form: /^$/, kind: "empty" },
  { form: /^'self'$/, kind: "keyword/quoted-self" },
  { form: word("self"), kind: "keyword/self" },
  { form: word("same-origin|same-site"), kind: "keyword/same" },
  { form: word("none"), kind: "keyword/none" },
  { form: word("all|auto"), kind: "keyword/all" },
  { form: new RegExp(`^${QUOTE}*null(?::.*)?${QUOTE}*$`, "isu"), kind: "keyword/null" },
  { form: word("undefined|nan|true|false|\\[object .*\\]"), kind: "keyword/unset" },
  // Other systems' maps (`%{host: …}`) and variables that nothing expands here (`${HOST}`).
  { form: /[$%]\{/, kind: "foreign-spelling/variable" },
  {
    form: /^\/\/[^/]/,
    kind: "foreign-spelling",
    fix: (entry, suggest) =>
      `Remove the slashes to allow any scheme${after(suggest(withoutPath(entry.slice(2)), ""))}.`,
  },
  {
    form: /^-\s+/,
    kind: "foreign-spelling",
    fix: (entry, suggest) => `Remove the dash${each([entry.replace(/^-\s+/, "")], suggest)}.`,
  },
  {
    form: /^[A-Z_][A-Z0-9_]*=/i,
    kind: "foreign-spelling",
    fix: (entry, suggest) => {
      const values = entry.slice(entry.indexOf("=") + 1).split(",");
      return `Write the value without the name of the variable${each(values, suggest)}.`;
    },
  },
  {
    form: /\\[nrt]/,
    kind: "several-entries",
    fix: (entry, suggest) => {
      const parts = entry.split(/(?:\\[nrt])+/).filter((part) => part.trim() !== "");
      return `Write one entry each. A backslash and a letter are not a line break here${
        each(parts, suggest)
      }.`;
    },
  },
  {
    form: new RegExp(`\\\\${QUOTE}`, "u"),
    kind: "foreign-spelling",
    fix: (entry, suggest) => {
      const bare = entry.replace(new RegExp(`\\\\?${QUOTE}`, "gu"), "");
      return `Remove the backslashes and quotes${each([bare], suggest)}.`;
    },
  },
  {
    // Escaped for a shell, with nothing else of a regular expression.
    form: /^(?!\.)[^\\^$()[\]|+?]*\\\*[^\\^$()[\]|+?]*$/,
    kind: "foreign-spelling",
    fix: (entry, suggest) => `Remove the backslash${each([entry.replaceAll("\\", "")], suggest)}.`,
  },
  {
    form: /^[^\\^$()[\]]+\|[^\\^$()[\]]+$/,
    kind: "several-entries",
    fix: (entry, suggest) => `Write one entry each${each(entry.split("|"), suggest)}.`,
  },
  {
    form: /:\[[\d,\s*-]*\]$/,
    kind: "foreign-spelling",
    fix: (entry, suggest) => {
      const [base, ports] = entry.slice(0, -1).split(":[") as [string, string];
      return `Write one entry for each port${each(ports.split(","), suggest, `${base}:`)}.`;
    },
  },
  {
    form: /:(?=\d*\?)[\d?]+$/,
    kind: "port-malformed",
    fix: (entry, suggest) =>
      `Write one port, or "*" for any${after(suggest(entry.replace(/:[\d?]+$/, ":*"), ""))}.`,
  },
  {
    form: /^https?[?*]:\/\//i,
    kind: "regular-expression",
    fix: (entry, suggest) => {
      const rest = entry.slice(entry.indexOf("://"));
      return `Write one entry for each scheme${each(["https", "http"], suggest, "", rest)}.`;
    },
  },
  {
    // Not the brackets of an IPv6 address, which come first or after "://" and have a colon in them.
    form: /^~?\^|\$$|^\/.*\/[a-z]*$|\\|[(|]|[\w*-]\[|\[[^\[\]:]*\][\w.*+?-]/,
    kind: "regular-expression",
  },
  {
    form: /[{}]/,
    kind: "foreign-spelling",
    fix: (entry, suggest) => {
      const [, before, choices = "", after] = /^([^{},;]*)\{([^{}]*)\}([^{},;]*)$/.exec(entry) ?? [];
      const entries = choices.includes(",") ? each(choices.split(","), suggest, before, after) : "";
      return `Write one entry for each alternative${entries}.`;
    },
  },
  // `ex?mple.com`: of a query, what stands before the mark would be a whole host, and the wrong one.
  { form: /^(?:[a-z]+:\/\/)?[^/?#]*\?[^/=&]*\.[a-z]/i, kind: "wildcard-malformed/question-mark" },
  {
    form: /[,;]/,
    kind: "several-entries",
    fix: (entry, suggest) => `Write one entry each${each(entry.split(/[,;]/), suggest)}.`,
  },
  { form: /^[\s\p{Cc}]+$/u, kind: "white-space/alone" },
  {
    form: /[\s\p{Cc}]/u,
    kind: "white-space",
    fix: (entry, suggest) => {
      const parts = entry.split(/[\s\p{Cc}]+/u).filter((part) => part !== "");
      return `Remove the white space${parts.length > 1 ? ", and write one entry each" : ""}${
        each(parts, suggest)
      }.`;
    },
  },
  {
    form: new RegExp(QUOTE, "u"),
    kind: "foreign-spelling",
    fix: (entry, suggest) =>
      `Remove the quotes${each([entry.replace(new RegExp(QUOTE, "gu"), "")], suggest)}.`,
  },
  {
    form: SCHEME_ALONE,
    kind: "port-malformed/scheme",
    fix: (entry, suggest) => {
      const scheme = entry.slice(0, entry.indexOf(":")).toLowerCase();
      const found = suggest(`${scheme}://*`, "");
      return found === ""
        ? `Name the hosts. Every host of ${scheme} can be listed under dangerouslyAllow only.`
        : `Write ${found} for every host of the scheme.`;
    },
  },
  {
    form: /^(?:https?|wss?)(?::(?!\/\/|[\d*]+$)\/?|\/\/)./i,
    kind: "scheme-malformed",
    fix: (entry, suggest) => {
      const meant = withoutPath(entry.replace(/^([a-z]+)(?::\/?|\/\/)/i, "$1://"));
      return `Write "://" after the scheme${after(suggest(meant, ""))}.`;
    },
  },
  { form: /^(?:file|data|blob|about|javascript):(?![\d*]+$)/i, kind: "scheme-not-allowed" },
  {
    form: /^\*:\/\//,
    kind: "scheme-malformed",
    fix: (entry, suggest) => {
      return `Leave the scheme out to allow any${
        after(suggest(withoutPath(entry.slice("*://".length)), ""))
      }.`;
    },
  },
])();

/** An entry without the slash at its end, or the path of everything that other systems want there. */
function withoutPath(entry: string): string {
  return entry.replace(/(?<=[^/:])\/\*?$/, "");
}

/** `: "a"` of what is suggested, if anything is. */
function after(suggested: string): string {
  return suggested === "" ? "" : `: ${suggested}`;
}

/** `: "a", "b"` of the parts, each between `before` and `after`, where every one of them would compile; else nothing. */
function each(parts: readonly string[], suggest: Suggest, before = "", after = ""): string {
  const entries = parts.map((part) => suggest(before + part.trim() + after, ""));
  return entries.includes("") ? "" : `: ${entries.join(", ")}`;
}

/** The misspelling that an entry is, with its fix; null: it is none that is known. */
export function findMisspelling(entry: string, suggest: Suggest): EntryFault | null {
  for (const { form, kind, fix } of MISSPELLINGS) {
    if (form.test(entry)) return fix === undefined ? { kind } : { kind, fix: fix(entry, suggest) };
  }
  return null;
}
