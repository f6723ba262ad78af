/**
 * Spellings of other systems, and slips: what an operator wrote in place of a pattern, so that the fix can say what is
 * meant where the grammar could only say that it is wrong.
 */

import type { ConfigIssueCode, Fault } from "../config.ts";

/** What a fix may name: `candidate` in quotes if it would compile where the entry stands, else `otherwise`. */
export type Suggest = (candidate: string, otherwise: string) => string;

/** A quotation mark, straight or typographic, or none. */
const QUOTE = "['\"`\\u2018-\\u201f\\u00ab\\u00bb\\u2039\\u203a]";
const keyword = (words: string) => new RegExp(`^${QUOTE}*(?:${words})${QUOTE}*$`, "iu");

const UNSET = "Is a variable unset? Leave the entry out.";

/** Recognised in this order, before the grammar. */
const MISSPELLINGS: readonly {
  readonly form: RegExp;
  readonly code: ConfigIssueCode;
  readonly fix: string | ((entry: string, suggest: Suggest) => string);
}[] = [
  { form: /^$/, code: "empty", fix: "Leave it out; is a variable set to nothing?" },
  {
    form: /^'self'$/,
    code: "keyword",
    fix: "'self' is judged against the Host header: write it in the `origins` of a policy that has `hosts`.",
  },
  {
    form: keyword("self"),
    code: "keyword",
    fix: `The server's own origin is written "'self'", with single quotes inside the string; ` +
      `a host of that name "http://self".`,
  },
  {
    form: keyword("same-origin|same-site"),
    code: "keyword",
    fix: `The server's own origin is written "'self'", in a policy that has \`hosts\`.`,
  },
  { form: keyword("none"), code: "keyword", fix: "An empty list refuses every origin." },
  { form: keyword("undefined|nan|true|false|\\[object .*\\]"), code: "keyword", fix: UNSET },
  {
    form: keyword("null"),
    code: "keyword",
    fix: `The opaque origin is written "null", in dangerouslyAllow.`,
  },
  // Other systems' maps (`%{host: …}`) and variables that nothing expands here (`${HOST}`).
  {
    form: /[$%]\{/,
    code: "foreign-spelling",
    fix: `Write the parts as one entry, such as "https://example.com:8443"; variables are not expanded here.`,
  },
  {
    form: /^\/\/[^/]/,
    code: "foreign-spelling",
    fix: (entry, suggest) =>
      `Any scheme is written without slashes: ${suggest(entry.slice(2), '"example.com"')}.`,
  },
  {
    form: /:\[[\d,\s*-]*\]$/,
    code: "foreign-spelling",
    fix: (entry, suggest) => {
      const [base, ports] = entry.slice(0, -1).split(":[") as [string, string];
      return `Write one entry for each port${each(ports.split(","), (port) => `${base}:${port}`, suggest)}.`;
    },
  },
  {
    form: /^https?[?*]:\/\//i,
    code: "regular-expression",
    fix: (entry, suggest) => {
      const rest = entry.slice(entry.indexOf("://"));
      return `Write one entry for each scheme${each(["https", "http"], (scheme) => scheme + rest, suggest)}.`;
    },
  },
  {
    // Not the brackets of an IPv6 address, which come first or after "://" and have a colon in them.
    form: /^~?\^|\$$|^\/.*\/[a-z]*$|\\|[(|]|[\w*-]\[|\[[^\]:]*\][\w.*+?-]/,
    code: "regular-expression",
    fix:
      `Patterns are not regular expressions: "*.example.com" admits the subdomains, ".example.com" the host too.`,
  },
  {
    form: /[{}]/,
    code: "foreign-spelling",
    fix: (entry, suggest) => {
      const [, before, choices, after] = /^([^{},;]*)\{([^{}]*)\}([^{},;]*)$/.exec(entry) ?? [];
      const entries = each(choices?.split(",") ?? [], (choice) => before + choice + after, suggest);
      return `Alternatives are written as one entry each${choices?.includes(",") ? entries : ""}.`;
    },
  },
  {
    // `ex?mple.com`: of a query, what stands before the mark would be a whole host, and the wrong one.
    form: /^(?:[a-z]+:\/\/)?[^/?#]*\?[^/=&]*\.[a-z]/i,
    code: "wildcard-malformed",
    fix: "A question mark stands for nothing here: write the names out, one entry each.",
  },
  {
    form: /[,;]/,
    code: "several-entries",
    fix: (entry, suggest) => `Write one entry each${each(entry.split(/[,;]/), (part) => part, suggest)}.`,
  },
  {
    form: /[\s\p{Cc}]/u,
    code: "white-space",
    fix: (entry, suggest) => {
      const parts = entry.split(/[\s\p{Cc}]+/u).filter((part) => part !== "");
      if (parts.length === 0) return "Leave it out; is a variable set to nothing?";
      const what = parts.length > 1
        ? "Write one entry each, without white space"
        : "Write it without white space";
      return `${what}${each(parts, (part) => part, suggest)}.`;
    },
  },
  {
    form: new RegExp(QUOTE, "u"),
    code: "foreign-spelling",
    fix: (entry, suggest) =>
      `Quotes are no part of an entry: write ${
        suggest(entry.replace(new RegExp(QUOTE, "gu"), ""), "it without them")
      }.`,
  },
  {
    form: /^(?:https?|wss?)(?::(?!\/\/|[\d*]+$)\/?|\/\/)./i,
    code: "scheme-malformed",
    fix: (entry, suggest) =>
      `After the scheme comes "://": write ${
        suggest(entry.replace(/^([a-z]+)(?::\/?|\/\/)/i, "$1://"), '"https://example.com"')
      }.`,
  },
  {
    form: /^(?:file|data|blob|about|javascript):(?![\d*]+$)/i,
    code: "scheme-not-allowed",
    fix: `Pages of that kind send Origin "null" or their creator's: there is no entry for them alone.`,
  },
  {
    form: /^(?:https?|wss?|[a-z]+-extension):$/i,
    code: "port-malformed",
    fix:
      'Every host of a scheme is written "moz-extension://*"; for http and https in dangerouslyAllow alone.',
  },
  {
    form: /^\*:\/\//,
    code: "scheme-malformed",
    fix: (entry, suggest) =>
      `Any scheme is written without one: ${suggest(entry.slice(4), '"example.com"')}.`,
  },
];

/** `: "a", "b"` where every one of them would compile, else nothing. */
function each(parts: readonly string[], entryOf: (part: string) => string, suggest: Suggest): string {
  const entries = parts.map((part) => suggest(entryOf(part.trim()), ""));
  return entries.includes("") ? "" : `: ${entries.join(", ")}`;
}

/** The misspelling that an entry is, with its fix; null: it is none that is known. */
export function findMisspelling(entry: string, suggest: Suggest): Fault | null {
  for (const { form, code, fix } of MISSPELLINGS) {
    if (form.test(entry)) return { code, fix: typeof fix === "string" ? fix : fix(entry, suggest) };
  }
  return null;
}
