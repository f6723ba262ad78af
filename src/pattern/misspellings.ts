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
  "not-a-string": 'Give a string such as "https://example.com".',
  "not-a-string/unset": "Give a string; is a variable unset?",
  "entry-too-long": `An entry has at most ${MAX_ENTRY_LENGTH} characters.`,
  "empty": "Leave it out; is a variable set to nothing?",
  "white-space/alone": "Leave it out; is a variable set to nothing?",
  // words in place of an entry
  "keyword/quoted-self":
    "'self' is judged against the Host header: write it in the `origins` of a policy that has `hosts`.",
  "keyword/self": `The server's own origin is written "'self'", with single quotes inside the string; ` +
    `a host of that name "http://self".`,
  "keyword/same": `The server's own origin is written "'self'", in a policy that has \`hosts\`.`,
  "keyword/none": "An empty list refuses every origin.",
  "keyword/null": `The opaque origin is written "null", in dangerouslyAllow.`,
  "keyword/unset": "Is a variable unset? Leave the entry out.",
  // other systems
  "foreign-spelling/variable":
    `Write the parts as one entry, such as "https://example.com:8443"; variables are not expanded here.`,
  "regular-expression":
    `Patterns are not regular expressions: "*.example.com" admits the subdomains, ".example.com" the host too.`,
  "wildcard-malformed/question-mark":
    "A question mark stands for nothing here: write the names out, one entry each.",
  // schemes and ports
  "scheme-malformed":
    `A scheme is a letter, then letters, digits, "+", "." or "-", ${MAX_SCHEME_LENGTH} at most.`,
  "scheme-not-allowed":
    `Pages of that kind send Origin "null" or their creator's: there is no entry for them alone.`,
  "port-malformed": 'A port is a number from 1 to 65535, or "*" for any.',
  "port-malformed/missing": "Leave the colon out, or write the port after it.",
  "port-malformed/scheme":
    'Every host of a scheme is written "moz-extension://*"; for http and https in dangerouslyAllow alone.',
  // addresses
  "cidr": "Ranges of addresses cannot be written: list the addresses one by one.",
  "zone-id": "A zone id never leaves its machine: write the address without it.",
  "ip-malformed/brackets":
    'An IPv6 address stands in brackets, a port after them: "[2001:db8::1]", "[2001:db8::1]:8080".',
  "wildcard-malformed/address": "Addresses have no subdomains: list them one by one.",
  "wildcard-over-address": "Addresses have no subdomains: write the address alone.",
  // names
  "host-missing": 'Write a host, such as "example.com".',
  "percent-sign": "Write the characters themselves, not their encoding.",
  "label-empty": "Between two dots there is a name of at least one character.",
  "label-too-long": `Between two dots there are at most ${MAX_LABEL_LENGTH} characters.`,
  "host-too-long": `A host has at most ${MAX_HOST_LENGTH} characters.`,
  "unicode-malformed": "No browser can reach this name: it is not a valid IDN (UTS #46).",
  "unicode-malformed/invisible": "There is a character in it that cannot be seen: type the name anew.",
  "unicode-malformed/not-sent":
    "No browser sends this name: it maps to characters that cannot stand in a host.",
  "unicode-maps-to-ascii/no-host":
    "What browsers make of it is no host: type the name anew, in the letters of its own script.",
  // well-formed entries, in a list that does not take them
  "unsafe-null":
    "A sandboxed frame of any site sends it: write it in dangerouslyAllow if all of them may connect.",
  "unsafe-any-host":
    "Every site there is would be admitted: name the hosts, or write it in dangerouslyAllow.",
  "scheme-not-allowed/host": "A Host header has no scheme: write the host alone.",
  "keyword/null-host": "A host is a name; no Host header is null.",
  "wildcard-malformed/hosts": "Leave `hosts` out to answer to any well-formed Host.",
  "wildcard-malformed/allowed-hosts":
    'To let every host and origin in, say so openly: originValidator(handler, ["*"]).',
} as const satisfies { readonly [kind in Kind]?: string }))();

const NO_KEYWORD = "A host is written as its name; keywords belong in `origins`.";

/** What a list of hosts says instead. */
const IN_HOSTS: { readonly [kind in Kind]?: string } = /* @__PURE__ */ (() => ({
  "not-a-string": 'Give a string such as "example.com".',
  "keyword/quoted-self": NO_KEYWORD,
  "keyword/self": NO_KEYWORD,
  "keyword/same": NO_KEYWORD,
  "keyword/none": NO_KEYWORD,
  "keyword/null": NO_KEYWORD,
  "scheme-malformed": SENTENCES["scheme-not-allowed/host"],
  "scheme-not-allowed": SENTENCES["scheme-not-allowed/host"],
  "foreign-spelling/variable": SENTENCES["host-missing"],
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

const EXAMPLE = '"example.com"';

/** A quotation mark, straight or typographic. */
const QUOTE = "['\"`\\u2018-\\u201f\\u00ab\\u00bb\\u2039\\u203a]";
const word = (words: string) => new RegExp(`^${QUOTE}*(?:${words})${QUOTE}*$`, "iu");

type Misspelling = { readonly form: RegExp } & Said<(entry: string, suggest: Suggest) => string>;

/** The first that fits is told. */
const MISSPELLINGS: readonly Misspelling[] = /* @__PURE__ */ (() => [
  { form: /^$/, kind: "empty" },
  { form: /^'self'$/, kind: "keyword/quoted-self" },
  { form: word("self"), kind: "keyword/self" },
  { form: word("same-origin|same-site"), kind: "keyword/same" },
  { form: word("none"), kind: "keyword/none" },
  { form: word("null"), kind: "keyword/null" },
  { form: word("undefined|nan|true|false|\\[object .*\\]"), kind: "keyword/unset" },
  // Other systems' maps (`%{host: …}`) and variables that nothing expands here (`${HOST}`).
  { form: /[$%]\{/, kind: "foreign-spelling/variable" },
  {
    form: /^\/\/[^/]/,
    kind: "foreign-spelling",
    fix: (entry, suggest) => `Any scheme is written without slashes: ${suggest(entry.slice(2), EXAMPLE)}.`,
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
      return `Alternatives are written as one entry each${entries}.`;
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
      const what = parts.length > 1 ? "one entry each," : "it";
      return `Write ${what} without white space${each(parts, suggest)}.`;
    },
  },
  {
    form: new RegExp(QUOTE, "u"),
    kind: "foreign-spelling",
    fix: (entry, suggest) => {
      const bare = entry.replace(new RegExp(QUOTE, "gu"), "");
      return `Quotes are no part of an entry: write ${suggest(bare, "it without them")}.`;
    },
  },
  {
    form: /^(?:https?|wss?)(?::(?!\/\/|[\d*]+$)\/?|\/\/)./i,
    kind: "scheme-malformed",
    fix: (entry, suggest) => {
      const meant = entry.replace(/^([a-z]+)(?::\/?|\/\/)/i, "$1://");
      return `After the scheme comes "://": write ${suggest(meant, '"https://example.com"')}.`;
    },
  },
  { form: /^(?:file|data|blob|about|javascript):(?![\d*]+$)/i, kind: "scheme-not-allowed" },
  { form: /^(?:https?|wss?|[a-z]+-extension):$/i, kind: "port-malformed/scheme" },
  {
    form: /^\*:\/\//,
    kind: "scheme-malformed",
    fix: (entry, suggest) => `Any scheme is written without one: ${suggest(entry.slice(4), EXAMPLE)}.`,
  },
])();

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
