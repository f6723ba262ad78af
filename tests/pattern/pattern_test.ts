// One entry of a list of patterns: the rule it stands for, or everything that is wrong with it.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import {
  compileOrigins,
  compilePolicy,
  ConfigError,
  type ConfigIssue,
  type ConfigIssueCode,
} from "@wsgate/wsgate";
import { isCanonicalHost } from "../../src/origin/authority.ts";
import { isScheme } from "../../src/origin/origin.ts";
import type { HostRule, Rule } from "../../src/pattern/rule.ts";
import { diagnoseHostPattern, diagnosePattern } from "../../src/pattern/diagnosis.ts";
import { parseHostPattern, parsePattern } from "../../src/pattern/pattern.ts";
import { assertGrowth, CONSTANT, LINEAR, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { entriesNamedIn, randomEntry } from "./entries.ts";

/** A name of exactly this length. */
function hostOf(length: number): string {
  return "a".repeat(length).replace(/(a{60})a(?=a)/g, "$1.");
}

/** What `compileOrigins` finds wrong. */
function issuesOf(patterns: unknown, dangerouslyAllow?: unknown): readonly ConfigIssue[] {
  const options = dangerouslyAllow === undefined ? {} : { dangerouslyAllow: dangerouslyAllow as string[] };
  try {
    compileOrigins(patterns as string[], options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues;
  }
}

const HOST = "host";
const SUBS = "subdomains";
const BOTH = "host-and-subdomains";

const RULES: readonly (readonly [
  entry: string,
  scheme: string | null,
  host: string,
  reach: HostRule["reach"],
  port: number | null,
])[] = [
  // any scheme, any port
  ["example.com", null, "example.com", HOST, null],
  [".example.com", null, "example.com", BOTH, null],
  ["*.example.com", null, "example.com", SUBS, null],
  ["localhost", null, "localhost", HOST, null],
  ["example.com.", null, "example.com.", HOST, null],
  [".example.com.", null, "example.com.", BOTH, null],
  ["http", null, "http", HOST, null],
  ["file", null, "file", HOST, null],
  // one port of any scheme
  ["example.com:8443", null, "example.com", HOST, 8443],
  ["example.com:443", null, "example.com", HOST, 443],
  [".example.com:80", null, "example.com", BOTH, 80],
  ["*.example.com:1", null, "example.com", SUBS, 1],
  ["example.com:65535", null, "example.com", HOST, 65535],
  ["http:80", null, "http", HOST, 80],
  ["javascript:1", null, "javascript", HOST, 1],
  // any port, said
  ["example.com:*", null, "example.com", HOST, null],
  [".example.com:*", null, "example.com", BOTH, null],
  ["https:*", null, "https", HOST, null],
  ["https://example.com:*", "https", "example.com", HOST, null],
  ["https://*.example.com:*", "https", "example.com", SUBS, null],
  // one scheme; its default port, or none
  ["https://example.com", "https", "example.com", HOST, 443],
  ["http://example.com", "http", "example.com", HOST, 80],
  ["wss://example.com", "wss", "example.com", HOST, 443],
  ["ws://example.com", "ws", "example.com", HOST, 80],
  ["https://example.com:443", "https", "example.com", HOST, 443],
  ["https://example.com:80", "https", "example.com", HOST, 80],
  ["http://example.com:443", "http", "example.com", HOST, 443],
  ["https://.example.com", "https", "example.com", BOTH, 443],
  ["https://*.example.com", "https", "example.com", SUBS, 443],
  ["https://.example.com:8443", "https", "example.com", BOTH, 8443],
  ["https://*.example.com:8443", "https", "example.com", SUBS, 8443],
  ["http://self", "http", "self", HOST, 80],
  ["app://nulls", "app", "nulls", HOST, 0],
  ["https://none", "https", "none", HOST, 443],
  ["chrome-extension://abcdefgh", "chrome-extension", "abcdefgh", HOST, 0],
  ["capacitor://localhost", "capacitor", "localhost", HOST, 0],
  ["tauri://localhost:1430", "tauri", "localhost", HOST, 1430],
  ["tauri://.localhost", "tauri", "localhost", BOTH, 0],
  ["web+app.x-1://a", "web+app.x-1", "a", HOST, 0],
  [`${"a".repeat(64)}://b`, "a".repeat(64), "b", HOST, 0],
  // every host of a scheme
  ["moz-extension://*", "moz-extension", "", SUBS, 0],
  ["moz-extension://*:*", "moz-extension", "", SUBS, null],
  ["moz-extension://*:80", "moz-extension", "", SUBS, 80],
  ["ws://*", "ws", "", SUBS, 80],
  // addresses
  ["127.0.0.1", null, "127.0.0.1", HOST, null],
  ["127.0.0.1:8080", null, "127.0.0.1", HOST, 8080],
  ["http://127.0.0.1", "http", "127.0.0.1", HOST, 80],
  ["[::1]", null, "[::1]", HOST, null],
  ["[::1]:8080", null, "[::1]", HOST, 8080],
  ["[::1]:*", null, "[::1]", HOST, null],
  ["http://[2001:db8::1]:8080", "http", "[2001:db8::1]", HOST, 8080],
  // normalised
  ["HTTPS://Example.COM", "https", "example.com", HOST, 443],
  ["Chrome-Extension://ABC", "chrome-extension", "abc", HOST, 0],
  ["*.Bücher.Example:80", null, "xn--bcher-kva.example", SUBS, 80],
  ["https://.россия.рф", "https", "xn--h1alffa9f.xn--p1ai", BOTH, 443],
  ["http://[2001:DB8:0:0::0001]", "http", "[2001:db8::1]", HOST, 80],
  ["[::ffff:127.0.0.1]", null, "[::ffff:7f00:1]", HOST, null],
  // the limits
  ["a".repeat(63), null, "a".repeat(63), HOST, null],
  ["https://" + "[::ffff:127.0.0.1]".toUpperCase(), "https", "[::ffff:7f00:1]", HOST, 443],
  [hostOf(255), null, hostOf(255), HOST, null],
  ["." + hostOf(255), null, hostOf(255), BOTH, null],
  ["*." + hostOf(255), null, hostOf(255), SUBS, null],
];

const EMPTY = "Leave it out; is a variable set to nothing?";
const UNSET = "Give a string; is a variable unset?";
const STRING = 'Give a string such as "https://example.com".';
const SELF = `The server's own origin is written "'self'", with single quotes inside the string; ` +
  'a host of that name "http://self".';
const SELF_POLICY =
  "'self' is judged against the Host header: write it in the `origins` of a policy that has `hosts`.";
const SAME = `The server's own origin is written "'self'", in a policy that has \`hosts\`.`;
const NONE = "An empty list refuses every origin.";
const UNSET_ENTRY = "Is a variable unset? Leave the entry out.";
const OPAQUE = 'The opaque origin is written "null", in dangerouslyAllow.';
const PARTS =
  'Write the parts as one entry, such as "https://example.com:8443"; variables are not expanded here.';
const slashes = (entry: string) => `Any scheme is written without slashes: "${entry}".`;
const ports = (...entries: string[]) => `Write one entry for each port: ${list(entries)}.`;
const REGEXP = 'Patterns are not regular expressions: "*.example.com" admits the subdomains, ' +
  '".example.com" the host too.';
const MARK = "A question mark stands for nothing here: write the names out, one entry each.";
const alternatives = (...entries: string[]) =>
  `Alternatives are written as one entry each: ${entries.map((it) => `"${it}"`).join(", ")}.`;
const schemes = (...entries: string[]) =>
  `Write one entry for each scheme: ${entries.map((it) => `"${it}"`).join(", ")}.`;
const BRACES = "Alternatives are written as one entry each.";
const each = (...entries: string[]) => `Write one entry each: ${list(entries)}.`;
const spaced = (...entries: string[]) => `Write one entry each, without white space: ${list(entries)}.`;
const trimmed = (entry: string) => `Write it without white space: "${entry}".`;
const quotes = (entry: string) => `Quotes are no part of an entry: write "${entry}".`;
const colon = (entry: string) => `After the scheme comes "://": write "${entry}".`;
const NO_ORIGIN =
  `Pages of that kind send Origin "null" or their creator's: there is no entry for them alone.`;
const unschemed = (entry: string) => `Any scheme is written without one: "${entry}".`;
const SCHEME = 'A scheme is a letter, then letters, digits, "+", "." or "-", 64 at most.';
const USER = "An entry names no user.";
const PATH = "An entry has no path, a slash at its end included.";
const QUERY = "An entry has no query.";
const FRAGMENT = "An entry has no fragment.";
const CIDR = "Ranges of addresses cannot be written: list the addresses one by one.";
const ZONE = "A zone id never leaves its machine: write the address without it.";
const PORT = 'A port is a number from 1 to 65535, or "*" for any.';
const NO_PORT = "Leave the colon out, or write the port after it.";
const NO_HOSTS =
  'Every host of a scheme is written "moz-extension://*"; for http and https in dangerouslyAllow alone.';
const zeros = (port: string) => `Write ":${port}", without leading zeros.`;
const NO_HOST = 'Write a host, such as "example.com".';
const LABEL = "Between two dots there is a name of at least one character.";
const LONG_LABEL = "Between two dots there are at most 63 characters.";
const LONG_HOST = "A host has at most 255 characters.";
const IPV4 = "A host that ends in a number is an IPv4 address, in four decimal parts";
const BRACKETS =
  'An IPv6 address stands in brackets, a port after them: "[2001:db8::1]", "[2001:db8::1]:8080".';
const ADDRESSES = "Addresses have no subdomains: list them one by one.";
const ADDRESS = "Addresses have no subdomains: write the address alone.";
const IDN = "No browser can reach this name: it is not a valid IDN (UTS #46).";
const NOT_SENT = "No browser sends this name: it maps to characters that cannot stand in a host.";
const INVISIBLE = "There is a character in it that cannot be seen: type the name anew.";
const NO_SCRIPT =
  "What browsers make of it is no host: type the name anew, in the letters of its own script.";
const sent = (ascii: string) =>
  `Browsers send the host "${ascii}" for it: write that, if it is what you mean.`;
const ENCODED = "Write the characters themselves, not their encoding.";
const LONG_ENTRY = "An entry has at most 1024 characters.";
const stranger = (char: string) => `"${char}" cannot stand in a host: letters, digits, "-", "_" and "." can.`;
const star = (example: string) =>
  `"*" stands for whole labels and only in front: "*.${example}" admits the subdomains at any depth, ` +
  "with a dot alone in front the host too.";
const list = (entries: readonly string[]) => entries.map((entry) => `"${entry}"`).join(", ");
const write = (entry: string) => ` Write "${entry}".`;

/** Refused wherever it is written. */
const WRONG: readonly (readonly [entry: unknown, code: ConfigIssueCode, fix: string])[] = [
  // not a string
  [undefined, "not-a-string", UNSET],
  [null, "not-a-string", UNSET],
  [8080, "not-a-string", STRING],
  [true, "not-a-string", STRING],
  [Symbol("https://example.com"), "not-a-string", STRING],
  [10n, "not-a-string", STRING],
  [["https://example.com"], "not-a-string", STRING],
  [{ origin: "https://example.com" }, "not-a-string", STRING],
  [new String("https://example.com"), "not-a-string", STRING],
  [/example\.com/, "not-a-string", STRING],
  [new URL("https://example.com"), "not-a-string", STRING],
  [() => true, "not-a-string", STRING],

  // empty, or nothing but white space
  ["", "empty", EMPTY],
  [" ", "white-space", EMPTY],
  ["\t\n", "white-space", EMPTY],
  ["\0", "white-space", EMPTY],
  ["\xa0", "white-space", EMPTY],

  // longer than anything that could be an entry
  ["a".repeat(1025), "entry-too-long", LONG_ENTRY],
  ["*://".repeat(100_000), "entry-too-long", LONG_ENTRY],
  ["a".repeat(1024), "label-too-long", LONG_LABEL],
  [" ".repeat(2000), "entry-too-long", LONG_ENTRY],

  // white space
  ["https://example.com ", "white-space", trimmed("https://example.com")],
  [" example.com", "white-space", trimmed("example.com")],
  ["example.com\n", "white-space", trimmed("example.com")],
  ["example.com\r\n", "white-space", trimmed("example.com")],
  ["\ufeffhttps://example.com", "white-space", trimmed("https://example.com")],
  ["example.com\x85", "white-space", trimmed("example.com")],
  ["https://a.example https://b.example", "white-space", spaced("https://a.example", "https://b.example")],
  ["a.example\n\tb.example  c.example", "white-space", spaced("a.example", "b.example", "c.example")],
  ["exam\0ple.com", "white-space", spaced("exam", "ple.com")],
  ["a.example b.example/", "white-space", "Write one entry each, without white space."],
  ["https://example.com/ ", "white-space", "Write it without white space."],

  // keywords, misspelt or out of place
  ["'self'", "keyword", SELF_POLICY],
  ["self", "keyword", SELF],
  ["SELF", "keyword", SELF],
  ["'SELF'", "keyword", SELF],
  ['"self"', "keyword", SELF],
  ["`self`", "keyword", SELF],
  ["none", "keyword", NONE],
  ["'none'", "keyword", NONE],
  ["same-origin", "keyword", SAME],
  ["'same-origin'", "keyword", SAME],
  ["Same-Site", "keyword", SAME],
  ["“self”", "keyword", SELF],
  ["«self»", "keyword", SELF],
  ["''self''", "keyword", SELF],
  ["undefined", "keyword", UNSET_ENTRY],
  ["Undefined", "keyword", UNSET_ENTRY],
  ['"undefined"', "keyword", UNSET_ENTRY],
  ["true", "keyword", UNSET_ENTRY],
  ["false", "keyword", UNSET_ENTRY],
  ["https://undefined", "keyword", UNSET_ENTRY],
  ["https://undefined:443", "keyword", UNSET_ENTRY],
  ["https://undefined.example.com", "keyword", UNSET_ENTRY],
  [".undefined", "keyword", UNSET_ENTRY],
  ["api.undefined.", "keyword", UNSET_ENTRY],
  ["https://null", "keyword", UNSET_ENTRY],
  ["https://NaN:8443", "keyword", UNSET_ENTRY],
  ["NaN", "keyword", UNSET_ENTRY],
  ["[object Object]", "keyword", UNSET_ENTRY],
  ["[object URL]", "keyword", UNSET_ENTRY],
  ["'null'", "keyword", OPAQUE],
  ["NULL", "keyword", OPAQUE],
  ["Null", "keyword", OPAQUE],
  ['"NULL"', "keyword", OPAQUE],

  // other systems' spellings
  ["//example.com", "foreign-spelling", slashes("example.com")],
  ["//example.com:8080", "foreign-spelling", slashes("example.com:8080")],
  ["//example.com/", "foreign-spelling", slashes("example.com")],
  ["//1.example", "foreign-spelling", slashes("1.example")],
  ["//.example.com", "foreign-spelling", slashes(".example.com")],
  ["//[::1]:80", "foreign-spelling", slashes("[::1]:80")],
  ["%{HTTP_HOST}", "foreign-spelling", PARTS],
  ["${HOST}", "foreign-spelling", PARTS],
  ["https://${HOST}:8443", "foreign-spelling", PARTS],
  ["https://example.com:%{PORT}", "foreign-spelling", PARTS],
  ["example.com:[8080,8081]", "foreign-spelling", ports("example.com:8080", "example.com:8081")],
  ["http://a.example:[80, 81]", "foreign-spelling", ports("http://a.example:80", "http://a.example:81")],
  ["https://example.com:[*]", "foreign-spelling", ports("https://example.com:*")],
  ["example.com:[8080-8090]", "foreign-spelling", "Write one entry for each port."],
  ["example.com:[]", "foreign-spelling", "Write one entry for each port."],
  ["a.example}", "foreign-spelling", BRACES],
  ["{a,b}.example.com", "foreign-spelling", alternatives("a.example.com", "b.example.com")],
  [
    "https://example.{com,org}:81",
    "foreign-spelling",
    alternatives("https://example.com:81", "https://example.org:81"),
  ],
  ["https://{a,b}.{c,d}.example", "foreign-spelling", BRACES],
  ["{a,*.com}.example", "foreign-spelling", alternatives("a.example", "*.com.example")],
  ["{a.b,*}.example", "foreign-spelling", alternatives("a.b.example", "*.example")],
  ["{a,b/c}.example", "foreign-spelling", BRACES],
  ["https?://example.com", "regular-expression", schemes("https://example.com", "http://example.com")],
  [
    "http*://*.example.com:81",
    "regular-expression",
    schemes("https://*.example.com:81", "http://*.example.com:81"),
  ],
  ["https?://exa*mple.com", "regular-expression", "Write one entry for each scheme."],
  ["ex?mple.com", "wildcard-malformed", MARK],
  ["https://???.example.com", "wildcard-malformed", MARK],
  ["https://{a}.example.com", "foreign-spelling", BRACES],
  ['"https://example.com"', "foreign-spelling", quotes("https://example.com")],
  ["'example.com'", "foreign-spelling", quotes("example.com")],
  ["“https://example.com”", "foreign-spelling", quotes("https://example.com")],
  ["«example.com»", "foreign-spelling", quotes("example.com")],
  ["`example.com`", "foreign-spelling", quotes("example.com")],
  ['"example.com', "foreign-spelling", quotes("example.com")],
  ['"example.com!"', "foreign-spelling", "Quotes are no part of an entry: write it without them."],

  // what each of these systems documents: Phoenix, Rails, Express, Spring, coder/websocket, Next, nginx
  ["//*.example.com", "foreign-spelling", slashes("*.example.com")],
  ['%{host: "example.com", port: 8443}', "foreign-spelling", PARTS],
  ["/https:\\/\\/example\\.com/", "regular-expression", REGEXP],
  ["%r{https?://example\\.com}", "regular-expression", REGEXP],
  ["/\\.example\\.com$/i", "regular-expression", REGEXP],
  [
    "https://*.example.com:[8080,8081]",
    "foreign-spelling",
    ports("https://*.example.com:8080", "https://*.example.com:8081"),
  ],
  ["https://*.example.com:[*]", "foreign-spelling", ports("https://*.example.com:*")],
  ["ex[ab]mple.com", "regular-expression", REGEXP],
  ["https://[a-z]*.example.com", "regular-expression", REGEXP],
  ["~^https://example", "regular-expression", REGEXP],

  // regular expressions
  ["^https://example\\.com$", "regular-expression", REGEXP],
  ["^example.com", "regular-expression", REGEXP],
  ["example.com$", "regular-expression", REGEXP],
  ["/example.com/", "regular-expression", REGEXP],
  ["/example\\.com/i", "regular-expression", REGEXP],
  ["https://example\\.com", "regular-expression", REGEXP],
  ["https://example.com\\", "regular-expression", REGEXP],
  ["(a|b).example.com", "regular-expression", REGEXP],
  ["a.example|b.example", "regular-expression", REGEXP],
  ["https://(.*)example.com", "regular-expression", REGEXP],

  // several in one string
  ["a.example,b.example", "several-entries", each("a.example", "b.example")],
  ["https://a.example, https://b.example", "several-entries", each("https://a.example", "https://b.example")],
  ["a.example;b.example", "several-entries", each("a.example", "b.example")],
  ["a,b", "several-entries", each("a", "b")],
  // an entry of them that is wrong itself is not named
  ["https://example.com,", "several-entries", "Write one entry each."],
  ["a.example,https://b.example/", "several-entries", "Write one entry each."],
  ["a.example,*.co.uk", "several-entries", "Write one entry each."],

  // schemes
  ["https:example.com", "scheme-malformed", colon("https://example.com")],
  ["https//example.com", "scheme-malformed", colon("https://example.com")],
  ["https:/example.com", "scheme-malformed", colon("https://example.com")],
  ["ws:localhost:8080", "scheme-malformed", colon("ws://localhost:8080")],
  ["HTTP:/example.com", "scheme-malformed", colon("HTTP://example.com")],
  ["https:example.com/", "scheme-malformed", colon("https://example.com")],
  // a host that can be called so, and was hardly meant
  ["https:self", "scheme-malformed", colon("https://example.com")],
  ["*://example.com", "scheme-malformed", unschemed("example.com")],
  ["*://*.example.com", "scheme-malformed", unschemed("*.example.com")],
  ["*://*", "scheme-malformed", unschemed("example.com")],
  ["*://example.com/*", "scheme-malformed", unschemed("example.com")],
  ["://example.com", "scheme-malformed", SCHEME],
  ["1https://example.com", "scheme-malformed", SCHEME],
  ["ht_tps://example.com", "scheme-malformed", SCHEME],
  ["http*://example.com", "regular-expression", schemes("https://example.com", "http://example.com")],
  ["héttps://example.com", "scheme-malformed", SCHEME],
  [`${"a".repeat(65)}://example.com`, "scheme-malformed", SCHEME],
  ["file:///", "scheme-not-allowed", NO_ORIGIN],
  ["file://", "scheme-not-allowed", NO_ORIGIN],
  ["FILE:///srv/page.html", "scheme-not-allowed", NO_ORIGIN],
  ["data:text/html", "scheme-not-allowed", NO_ORIGIN],
  ["blob:https://example.com", "scheme-not-allowed", NO_ORIGIN],
  ["about:blank", "scheme-not-allowed", NO_ORIGIN],
  ["javascript:void", "scheme-not-allowed", NO_ORIGIN],

  // more than an origin
  ["https://example.com/", "path", PATH + write("https://example.com")],
  ["https://example.com/chat", "path", PATH + write("https://example.com")],
  ["https://example.com/*", "path", PATH + write("https://example.com")],
  ["https://example.com//", "path", PATH + write("https://example.com")],
  ["example.com/", "path", PATH + write("example.com")],
  [".example.com:80/", "path", PATH + write(".example.com:80")],
  ["HTTPS://Example.com/", "path", PATH + write("https://Example.com")],
  ["https://example.com/a?b#c", "path", PATH + write("https://example.com")],
  ["https://example.com/@user", "path", PATH + write("https://example.com")],
  ["moz-extension://*/", "path", PATH + write("moz-extension://*")],
  ["[::1]/", "path", PATH + write("[::1]")],
  ["http://self/", "path", PATH],
  ["https://none/", "path", PATH],
  ["example.com/24", "path", PATH + write("example.com")],
  ["127.0.0.1/", "path", PATH + write("127.0.0.1")],
  ["127.0.0.1/1234", "path", PATH + write("127.0.0.1")],
  ["https://example.com?a=b", "query", QUERY + write("https://example.com")],
  ["example.com?", "query", QUERY + write("example.com")],
  ["https://example.com?/", "query", QUERY + write("https://example.com")],
  ["https://example.com#top", "fragment", FRAGMENT + write("https://example.com")],
  ["example.com#", "fragment", FRAGMENT + write("example.com")],
  ["https://user@example.com", "userinfo", USER + write("https://example.com")],
  ["https://user:password@example.com:8443", "userinfo", USER + write("https://example.com:8443")],
  ["https://@example.com", "userinfo", USER + write("https://example.com")],
  ["user@example.com", "userinfo", USER + write("example.com")],
  ["https://a@b@example.com", "userinfo", USER + write("https://example.com")],

  // ranges and zones
  ["10.0.0.0/8", "cidr", CIDR],
  ["http://192.168.0.0/16", "cidr", CIDR],
  ["[2001:db8::]/32", "cidr", CIDR],
  ["http://[fe80::]/128", "cidr", CIDR],
  ["[fe80::1%eth0]", "zone-id", ZONE],
  ["http://[fe80::1%25eth0]:8080", "zone-id", ZONE],
  ["fe80::1%eth0", "zone-id", ZONE],

  // ports
  ["https://example.com:", "port-malformed", NO_PORT],
  ["example.com:", "port-malformed", NO_PORT],
  ["https://example.com:0", "port-malformed", PORT],
  ["https://example.com:00", "port-malformed", PORT],
  ["https://example.com:65536", "port-malformed", PORT],
  ["example.com:99999", "port-malformed", PORT],
  ["example.com:123456", "port-malformed", PORT],
  ["https://example.com:-1", "port-malformed", PORT],
  ["https://example.com:+80", "port-malformed", PORT],
  ["https://example.com:0x50", "port-malformed", PORT],
  ["https://example.com:https", "port-malformed", PORT],
  ["https://example.com:80-90", "port-malformed", PORT],
  ["https://example.com:8*", "port-malformed", PORT],
  ["https://example.com:**", "port-malformed", PORT],
  ["https://example.com:٤٤٣", "port-malformed", PORT],
  ["[::1]:x", "port-malformed", PORT],
  ["https:", "port-malformed", NO_HOSTS],
  ["WS:", "port-malformed", NO_HOSTS],
  ["moz-extension:", "port-malformed", NO_HOSTS],
  ["capacitor:", "port-malformed", NO_PORT],
  ["https://example.com:0443", "port-malformed", zeros("443")],
  ["example.com:00080", "port-malformed", zeros("80")],

  // hosts
  ["https://", "host-missing", NO_HOST],
  ["https://:443", "host-missing", NO_HOST],
  [":443", "host-missing", NO_HOST],
  ["moz-extension://", "host-missing", NO_HOST],
  ["a..example", "label-empty", LABEL],
  [".", "label-empty", LABEL],
  ["*.", "label-empty", LABEL],
  ["https://*.", "label-empty", LABEL],
  ["..example.com", "label-empty", LABEL],
  ["*..example.com", "label-empty", LABEL],
  ["example.com..", "label-empty", LABEL],
  [".:80", "label-empty", LABEL],
  [`${"a".repeat(64)}.example`, "label-too-long", LONG_LABEL],
  [`https://${"a".repeat(64)}`, "label-too-long", LONG_LABEL],
  ["ü".repeat(60) + ".example", "label-too-long", LONG_LABEL],
  [hostOf(256), "host-too-long", LONG_HOST],
  ["." + hostOf(256), "host-too-long", LONG_HOST],
  [hostOf(255) + ".", "host-too-long", LONG_HOST],
  ["example!.com", "host-malformed", stranger("!")],
  ["https://a<b.example", "host-malformed", stranger("<")],
  ["$HOST", "host-malformed", stranger("$")],
  ["a+b.example", "host-malformed", stranger("+")],
  ["a]b", "host-malformed", stranger("]")],
  ["ex%61mple.com", "percent-sign", ENCODED],
  ["https://%65xample.com", "percent-sign", ENCODED],
  ["%.example", "percent-sign", ENCODED],
  ["https://xn--a.example", "unicode-malformed", IDN],
  ["a\u202e.example", "unicode-malformed", INVISIBLE],
  ["exam\u00adple.com", "unicode-malformed", INVISIBLE],
  ["*.ex\u200bample.com", "unicode-malformed", INVISIBLE],
  ["bücher\u2060.example", "unicode-malformed", INVISIBLE],
  ["https://é＆.example", "unicode-malformed", NOT_SENT],
  ["\ud800.example", "unicode-malformed", IDN],
  ["https://℀.example", "unicode-malformed", IDN],
  ["ｅxample.com", "unicode-maps-to-ascii", sent("example.com")],
  ["\u212aelvin.example", "unicode-maps-to-ascii", sent("kelvin.example")],
  ["*.ｅxample.com", "unicode-maps-to-ascii", sent("example.com")],
  ["a＆b.example", "unicode-maps-to-ascii", NO_SCRIPT],
  ["example。com", "unicode-maps-to-ascii", sent("example.com")],

  // addresses
  ["256.0.0.1", "ip-malformed", `${IPV4}.`],
  ["1.2.3.4.5", "ip-malformed", `${IPV4}.`],
  ["example.1", "ip-malformed", `${IPV4}.`],
  ["127.1", "ip-malformed", `${IPV4}: 127.0.0.1.`],
  ["2130706433", "ip-malformed", `${IPV4}: 127.0.0.1.`],
  ["0177.0.0.1", "ip-malformed", `${IPV4}: 127.0.0.1.`],
  ["0x7f000001", "ip-malformed", `${IPV4}: 127.0.0.1.`],
  ["127.0.0.1.", "ip-malformed", `${IPV4}: 127.0.0.1.`],
  ["[::g]", "ip-malformed", BRACKETS],
  ["http://[::1", "ip-malformed", BRACKETS],
  ["[::1]]", "ip-malformed", BRACKETS],
  ["[]", "ip-malformed", BRACKETS],
  ["[::1]:80]", "ip-malformed", BRACKETS],
  ["[::1]x", "ip-malformed", BRACKETS],
  ["[1:2:3:4:5:6:7:8:9]", "ip-malformed", BRACKETS],
  ["https://example.com:443:443", "ip-malformed", BRACKETS],
  ["::1", "ip-malformed", BRACKETS],
  ["http://::1:8080", "ip-malformed", BRACKETS],
  // The URL parser would take the first port for itself.
  ["[::1]:80:90", "ip-malformed", BRACKETS],
  ["http://[::1]:8443:443", "ip-malformed", BRACKETS],
  ["[::1]:80:*", "ip-malformed", BRACKETS],
  ["2001:DB8::1", "ip-malformed", BRACKETS],

  // wildcards
  ["**.example.com", "wildcard-malformed", star("example.com")],
  ["*example.com", "wildcard-malformed", star("example.com")],
  ["https://*example.com", "wildcard-malformed", star("example.com")],
  ["pr-*.example.com", "wildcard-malformed", star("example.com")],
  ["https://pr-*.example.com", "wildcard-malformed", star("example.com")],
  ["a.*.example.com", "wildcard-malformed", star("example.com")],
  ["*.*.example.com", "wildcard-malformed", star("example.com")],
  [".*.example.com", "wildcard-malformed", star("example.com")],
  ["example.*", "wildcard-malformed", star("example.com")],
  ["192.168.*.*", "wildcard-malformed", ADDRESSES],
  ["http://192.168.1.*", "wildcard-malformed", ADDRESSES],
  ["*.127.0.0.1", "wildcard-over-address", ADDRESS],
  [".127.0.0.1", "wildcard-over-address", ADDRESS],
  ["https://*.127.0.0.1:8080", "wildcard-over-address", ADDRESS],
  ["*.[::1]", "wildcard-over-address", ADDRESS],
  [".[::1]:80", "wildcard-over-address", ADDRESS],
  ["*.example.1", "wildcard-over-address", ADDRESS],
  ["*.1", "wildcard-over-address", ADDRESS],
  [".0x", "wildcard-over-address", ADDRESS],
];

/** Several things wrong with one entry, in the order in which they stand in it. */
const SEVERAL: readonly (readonly [entry: string, ...faults: (readonly [ConfigIssueCode, string])[]])[] = [
  ["https://user@example.com/", ["userinfo", USER + write("https://example.com")], [
    "path",
    PATH + write("https://example.com"),
  ]],
  ["https://user@", ["userinfo", USER], ["host-missing", NO_HOST]],
  ["@", ["userinfo", USER], ["host-missing", NO_HOST]],
  ["https:///chat", ["host-missing", NO_HOST], ["path", PATH]],
  ["/chat", ["host-missing", NO_HOST], ["path", PATH]],
  ["?a", ["host-missing", NO_HOST], ["query", QUERY]],
  ["#a", ["host-missing", NO_HOST], ["fragment", FRAGMENT]],
  ["1://a..b:0/", ["scheme-malformed", SCHEME], ["label-empty", LABEL], ["port-malformed", PORT], [
    "path",
    PATH,
  ]],
  ["https://127.1:080#x", ["ip-malformed", `${IPV4}: 127.0.0.1.`], ["port-malformed", zeros("80")], [
    "fragment",
    FRAGMENT,
  ]],
  ["*.1.2.3.4/8", ["wildcard-over-address", ADDRESS], ["cidr", CIDR]],
  ["https://u:p@[fe80::1%1]:x?", ["userinfo", USER], ["zone-id", ZONE], ["port-malformed", PORT], [
    "query",
    QUERY,
  ]],
];

const shared = (host: string) =>
  `Strangers can register names below "${host}": name your hosts one by one, ` +
  "or write it in dangerouslyAllow if all of them may connect.";
const ANY_HOST = "Every site there is would be admitted: name the hosts, or write it in dangerouslyAllow.";
const SANDBOX =
  "A sandboxed frame of any site sends it: write it in dangerouslyAllow if all of them may connect.";

/** Well-formed, and refused unless it stands in `dangerouslyAllow`. */
const UNSAFE: readonly (readonly [entry: string, code: ConfigIssueCode, fix: string])[] = [
  ["null", "unsafe-null", SANDBOX],
  ["http://*", "unsafe-any-host", ANY_HOST],
  ["https://*", "unsafe-any-host", ANY_HOST],
  ["HTTPS://*", "unsafe-any-host", ANY_HOST],
  ["https://*:8443", "unsafe-any-host", ANY_HOST],
  ["http://*:*", "unsafe-any-host", ANY_HOST],
  ["*.com", "unsafe-single-label", shared("com")],
  [".com", "unsafe-single-label", shared("com")],
  ["https://*.com", "unsafe-single-label", shared("com")],
  ["https://.com:8443", "unsafe-single-label", shared("com")],
  ["*.COM", "unsafe-single-label", shared("com")],
  ["*.com.", "unsafe-single-label", shared("com.")],
  ["*.рф", "unsafe-single-label", shared("xn--p1ai")],
  [".intranet", "unsafe-single-label", shared("intranet")],
  ["chrome-extension://*.abc", "unsafe-single-label", shared("abc")],
  ["*.local", "unsafe-single-label", shared("local")],
  ["*.onion", "unsafe-single-label", shared("onion")],
  ["*.alt", "unsafe-single-label", shared("alt")],
  ["*.arpa", "unsafe-single-label", shared("arpa")],
  ["*.home", "unsafe-single-label", shared("home")],
  ["*.localhosts", "unsafe-single-label", shared("localhosts")],
  ["*.co.uk", "unsafe-shared-suffix", shared("co.uk")],
  [".co.uk", "unsafe-shared-suffix", shared("co.uk")],
  [".CO.uk:443", "unsafe-shared-suffix", shared("co.uk")],
  ["*.co.uk.", "unsafe-shared-suffix", shared("co.uk.")],
  ["*.github.io", "unsafe-shared-suffix", shared("github.io")],
  ["https://*.vercel.app", "unsafe-shared-suffix", shared("vercel.app")],
  ["https://.vercel.app:*", "unsafe-shared-suffix", shared("vercel.app")],
  ["*.amazonaws.com", "unsafe-shared-suffix", shared("amazonaws.com")],
  ["*.s3.amazonaws.com", "unsafe-shared-suffix", shared("s3.amazonaws.com")],
  ["*.nip.io", "unsafe-shared-suffix", shared("nip.io")],
];

/** Looks like one of the above, and is safe. */
const SAFE: readonly string[] = [
  // names that nobody else can register below
  "*.localhost",
  ".localhost:3000",
  "*.test",
  "*.example",
  "*.invalid",
  "*.internal",
  "*.home.arpa",
  ".home.arpa",
  "https://*.LOCALHOST",
  "*.localhost.",
  "*.home.arpa.",
  // the host itself, without a wildcard
  "com",
  "co.uk",
  "github.io",
  "https://vercel.app",
  "amazonaws.com",
  "local",
  // somebody's own name below a shared one, or beside it
  "*.example.co.uk",
  "*.example.github.io",
  ".example.com",
  "*.notgithub.io",
  "*.github.io.example.com",
  "*.example.s3.example",
  "*.azure.example",
  // every host of a scheme that is not the web's
  "moz-extension://*",
  "chrome-extension://*",
  "ws://*",
  // everybody, said openly
  "*",
];

/** Every code that an entry can get. */
const ENTRY_CODES = [
  "not-a-string",
  "empty",
  "entry-too-long",
  "foreign-spelling",
  "regular-expression",
  "several-entries",
  "white-space",
  "keyword",
  "scheme-malformed",
  "scheme-not-allowed",
  "userinfo",
  "percent-sign",
  "path",
  "query",
  "fragment",
  "cidr",
  "zone-id",
  "port-malformed",
  "host-missing",
  "host-malformed",
  "host-too-long",
  "label-empty",
  "label-too-long",
  "ip-malformed",
  "wildcard-malformed",
  "wildcard-over-address",
  "unicode-malformed",
  "unicode-maps-to-ascii",
] as const satisfies ConfigIssueCode[];
const UNSAFE_CODES = [
  "unsafe-shared-suffix",
  "unsafe-single-label",
  "unsafe-any-host",
  "unsafe-null",
] as const satisfies ConfigIssueCode[];
/** Those of options and routes, which no entry gets. */
type OtherCode =
  | "not-a-list"
  | "unknown-option"
  | "wrong-type"
  | "missing-option"
  | "route-invalid"
  | "route-duplicate"
  | "self-without-hosts";
/** Does not compile when a code of the union is in none of the lists. */
type Forgotten = Exclude<
  ConfigIssueCode,
  typeof ENTRY_CODES[number] | typeof UNSAFE_CODES[number] | OtherCode
>;
const FORGOTTEN: readonly Forgotten[] = [] satisfies readonly never[];

describe("a well-formed entry", () => {
  test("is the rule that the table says", () => {
    for (const [entry, scheme, host, reach, port] of RULES) {
      const parsed = parsePattern(entry);
      assertEquals(
        parsed,
        { rule: { kind: "host", place: 0, scheme, host, reach, port }, unsafe: null },
        entry,
      );
    }
    assertEquals(parsePattern("*"), { rule: { kind: "any", place: 0 }, unsafe: null });
    assertEquals(
      parsePattern("null"),
      { rule: { kind: "null", place: 0 }, unsafe: "unsafe-null" },
    );
  });

  test("is one that compileOrigins takes, and says back as it was written", () => {
    const entries = [...RULES.map(([entry]) => entry), ...SAFE];
    for (const entry of entries) assertEquals(issuesOf([entry]), [], entry);
    assertEquals(compileOrigins(entries).patterns, entries);
    assertEquals(compileOrigins([]).patterns, []);
    // What lint reports is no fault.
    assertEquals(
      issuesOf(["*", "*", "https://example.com", "example.com", ".example.com", "ws://a.example"]),
      [],
    );
    assertEquals(issuesOf([], ["https://example.com"]), []);
  });
});

describe("a wrong entry", () => {
  test("is refused with the code and the fix that the table says", () => {
    for (const [entry, code, fix] of WRONG) {
      const expected = [{ code, field: "origins", index: 1, value: entry, fix }];
      assertEquals(issuesOf(["https://example.com", entry]), expected, String(entry));
    }
  });

  test("is not excused by dangerouslyAllow", () => {
    for (const [entry, code, fix] of WRONG) {
      const expected = [{ code, field: "dangerouslyAllow", index: 0, value: entry, fix }];
      assertEquals(issuesOf([], [entry]), expected, String(entry));
    }
  });

  test("is told everything that is wrong with it", () => {
    for (const [entry, ...faults] of SEVERAL) {
      const expected = faults.map(([code, fix]) => ({ code, field: "origins", index: 0, value: entry, fix }));
      assertEquals(issuesOf([entry]), expected, entry);
    }
  });

  test("does not hide the others: a list gets all its faults at once, in its order", () => {
    const entries = [...WRONG, ...UNSAFE];
    const issues = issuesOf(entries.map(([entry]) => entry), WRONG.map(([entry]) => entry));
    assertEquals(issues.length, entries.length + WRONG.length);
    assertEquals(
      issues.map(({ field, index, code }) => [field, index, code]),
      [
        ...entries.map(([, code], index) => ["origins", index, code]),
        ...WRONG.map(([, code], index) => ["dangerouslyAllow", index, code]),
      ],
    );
    const error = assertThrows(
      () => compileOrigins(entries.map(([entry]) => entry) as string[]),
      ConfigError,
    );
    assertEquals(error.message.split("\n").length, entries.length + 1);
    assertStringIncludes(error.message, `, ${entries.length} faults:\n`);
  });

  test("with a star alone is not taken for an address", () => {
    for (const entry of ["*:8443", "**", "*.*", "http://**:80"]) {
      const [issue] = issuesOf([entry]);
      assertEquals(issue?.code, "wildcard-malformed", entry);
      assert(!issue!.fix.includes("Addresses"), `${entry}: ${issue!.fix}`);
    }
  });

  test("has one line in the message, whatever is in it", () => {
    const raw = [
      "a\nb:[80]",
      "\x1b[31mx:[80]",
      "a,\x7fb",
      "a,b\x85c",
      "a;\u2028b",
      "x\ny",
      "*\u202eb.example",
    ];
    const { message } = assertThrows(() => compileOrigins(raw), ConfigError);
    assertEquals(message.split(/[\r\n\x85\u2028]/).length, raw.length + 1, JSON.stringify(message));
    // deno-lint-ignore no-control-regex
    assertEquals(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.exec(message), null);
  });

  test("is a hole in the list, too", () => {
    // deno-lint-ignore no-sparse-arrays
    const holes = ["https://example.com", , "example.org"];
    assertEquals(issuesOf(holes), [{
      code: "not-a-string",
      field: "origins",
      index: 1,
      value: undefined,
      fix: UNSET,
    }]);
  });
});

describe("an unsafe entry", () => {
  test("is refused with the code and the fix that the table says", () => {
    for (const [entry, code, fix] of UNSAFE) {
      const expected = [{ code, field: "origins", index: 1, value: entry, fix }];
      assertEquals(issuesOf(["https://example.com", entry]), expected, entry);
    }
  });

  test("is taken under dangerouslyAllow, and so is a safe one", () => {
    for (const [entry] of UNSAFE) {
      assertEquals(compileOrigins([], { dangerouslyAllow: [entry] }).patterns, [entry], entry);
    }
    for (const entry of SAFE) assertEquals(issuesOf([], [entry]), [], entry);
  });

  test("is only excused where it is written, not elsewhere in the list", () => {
    assertEquals(issuesOf(["null"], ["null"]).map(({ field }) => field), ["origins"]);
    assertEquals(issuesOf(["*.co.uk"], ["*"]).map(({ code }) => code), ["unsafe-shared-suffix"]);
    assertEquals(issuesOf(["*", "*.co.uk"]).map(({ code }) => code), ["unsafe-shared-suffix"]);
  });
});

describe("the tables", () => {
  test("have a case for every code", () => {
    assertEquals(FORGOTTEN, []);
    const wrong = new Set(WRONG.map(([, code]) => code));
    const unsafe = new Set(UNSAFE.map(([, code]) => code));
    assertEquals([...wrong].sort(), [...ENTRY_CODES].sort());
    assertEquals([...unsafe].sort(), [...UNSAFE_CODES].sort());
    assertGreater(WRONG.length, 200);
  });

  test("name no entry in a fix that could not be written, where more is wrong than the fix is about", () => {
    for (
      const entry of [
        "https://example.com,",
        ",example.com",
        "a.example,,b.example",
        ",",
        "https://a.example/,https://b.example/",
        "*.co.uk,example.com",
        "https://example.com/ ",
        " https://example.com/chat",
        "self ",
        "example.com:[8080-8090]",
        "example.com:[]",
        "example.com:[0]",
        "example.com/:[80,81]",
        "ht_tps://example.com/",
        "ht_tps://user@example.com",
        "self/",
        "none?",
        "user@self",
        "undefined#",
        "https://*.co.uk/",
        ".com/",
        "https://user@*",
        "*.*.com",
        "*com",
        "**.co.uk",
        "*a..example",
        "*.a!.example*",
        "'.co.uk'",
        "//*.com",
        "https:*.com",
      ]
    ) {
      for (const { fix } of issuesOf([entry])) {
        for (const written of entriesNamedIn(fix)) {
          assertEquals(issuesOf([written]), [], `${entry} is told to write ${JSON.stringify(written)}`);
        }
      }
    }
  });

  test("name no entry in a fix that could not be written", () => {
    let named = 0;
    const fixes = [
      ...[...WRONG, ...UNSAFE].map(([entry, , fix]) => ({ entry, fix })),
      ...SEVERAL.flatMap(([entry, ...faults]) => faults.map(([, fix]) => ({ entry, fix }))),
    ];
    for (const { entry, fix } of fixes) {
      for (const written of entriesNamedIn(fix)) {
        named++;
        const says = `${String(entry)} is told to write ${written}`;
        if (written === "'self'") compilePolicy({ origins: [written], hosts: ["example.com"] });
        else if (written === "null") assertEquals(issuesOf([], [written]), [], says);
        else assertEquals(issuesOf([written]), [], says);
      }
    }
    assertGreater(named, 150);
  });
});

describe("any entry at all", () => {
  const pieces = [
    "https",
    "http",
    "ws",
    "file",
    "app",
    "a",
    "example",
    "com",
    "co.uk",
    "EXAMPLE",
    "self",
    "null",
  ];
  const marks = [
    "://",
    "://",
    ".",
    ".",
    "*",
    "*.",
    ":",
    ":80",
    ":443",
    ":*",
    "[::1]",
    "127.0.0.1",
    "xn--",
    "é",
  ];
  const odd = [
    "/",
    "@",
    "?",
    "#",
    "%61",
    " ",
    ",",
    "\\",
    "'",
    '"',
    "$",
    "{",
    "}",
    "|",
    "^",
    "0",
    "\0",
    "\ud800",
    "-",
  ];

  test("becomes a rule that a browser's origin can match, or faults from the list of codes", () => {
    const random = new Random();
    const codes: ReadonlySet<string> = new Set(ENTRY_CODES);
    let compiled = 0;
    let refused = 0;
    for (let i = 0; i < 60_000; i++) {
      const start = random.pick(["", "", "https://", "app://", "*.", ".", "https://*."]);
      const entry = start +
        Array.from(
          { length: random.below(6) },
          () => random.pick(random.oneIn(4) ? odd : random.oneIn(2) ? marks : pieces),
        ).join("");
      const says = `${JSON.stringify(entry)} (seed ${seed})`;
      const parsed = parsePattern(entry);
      if (parsed === null) {
        refused++;
        const faults = diagnosePattern(entry, null);
        assertGreater(faults.length, 0, says);
        for (const { code, fix } of faults) {
          assert(codes.has(code), says);
          assert(fix.endsWith(".") || fix.endsWith("?"), `${fix} for ${says}`);
          for (const written of entriesNamedIn(fix)) {
            if (written !== "'self'" && written !== "null") {
              assertEquals(issuesOf([written]), [], `${fix} for ${says}`);
            }
          }
        }
        continue;
      }
      compiled++;
      const { rule, unsafe } = parsed;
      const { test } = compileOrigins([], { dangerouslyAllow: [entry] });
      if (rule.kind === "null") assert(test("null") && unsafe !== null, says);
      if (rule.kind !== "host") continue;
      assert(rule.scheme === null || isScheme(rule.scheme), says);
      assert(rule.host === "" ? rule.reach === "subdomains" : isCanonicalHost(rule.host), says);
      assert(rule.port === null || rule.port >= 0 && rule.port <= 65535, says);
      // An origin made of the rule's own parts. A silent pattern would be found out on the day it is needed.
      const host = rule.host === ""
        ? "x.example"
        : rule.reach === "subdomains"
        ? `sub.${rule.host}`
        : rule.host;
      const origin = `${rule.scheme ?? "https"}://${host}${rule.port ? `:${rule.port}` : ""}`;
      assert(test(origin), `${origin} by ${says}`);
      // And the entry says no more than its rule does.
      assertEquals(spellings(rule).has(normalised(entry)), true, says);
    }
    assertGreater(compiled, 5000);
    assertGreater(refused, 20_000);
  });
});

/** An entry in lower case, its host as browsers send it. */
function normalised(entry: string): string {
  return entry.toLowerCase().replace(/[^./:*]*é[^./:*]*/g, (label) => new URL(`http://${label}`).hostname);
}

/** All the ways in which a rule can be written, up to upper case and IDN. */
function spellings({ scheme, host, reach, port }: HostRule): ReadonlySet<string> {
  const start = scheme === null ? "" : `${scheme}://`;
  const middle = host === "" ? "*" : { host: "", subdomains: "*.", "host-and-subdomains": "." }[reach] + host;
  const ends = port === null ? [":*"] : port === 0 ? [""] : [`:${port}`];
  const implied = scheme === null ? null : { http: 80, ws: 80, https: 443, wss: 443 }[scheme] ?? 0;
  if (port === implied) ends.push("");
  return new Set(ends.map((end) => start + middle + end));
}

describe("entries that are plain", () => {
  // In upper case an entry is not plain: it is normalised, the long way, to the very same rule.
  test("are read as the same entries in upper case are", () => {
    const random = new Random();
    const labels = "a b1 example my-shop -a a- 9to5 0 127 0x7f com undefined null nan xn--a xn--bcher-kva"
      .split(" ");
    labels.push("l".repeat(63), "l".repeat(64), "", "_a");
    const zones = "com co.uk test example localhost self none null undefined xn--p1ai c 0 0x1 c1 github.io"
      .split(" ");
    const ports = "0 1 80 443 9999 10000 65535 65536 080 * x".split(" ");
    let read = 0;
    let refused = 0;
    for (let i = 0; i < 80_000; i++) {
      const names = Array.from({ length: random.below(5) }, () => random.pick(labels));
      const entry = random.pick(["", "https://", "http://", "ws://", "app://", "https:/"]) +
        random.pick(["", "", ".", "*.", "*", ".."]) +
        [...names, random.oneIn(9) ? random.pick(labels) : random.pick(zones)].join(".") +
        (random.oneIn(2) ? "" : `:${random.pick(ports)}`);
      if (entry === "null") continue;
      const [lower, upper] = [parsePattern(entry), parsePattern(entry.toUpperCase())];
      assertEquals(lower, upper, `${entry} (seed ${seed})`);
      if (lower !== null) read++;
      else refused++;
      for (const bare of [false, true]) {
        const [lowerCodes, upperCodes] = [entry, entry.toUpperCase()].map((it) =>
          (bare ? diagnoseHostPattern(it, "hosts", null) : diagnosePattern(it, null)).map(({ code }) => code)
        );
        assertEquals(lowerCodes, upperCodes, `${entry} (seed ${seed})`);
      }
    }
    assertGreater(read, 10_000);
    assertGreater(refused, 10_000);
  });
});

describe("an entry that is taken", () => {
  /** The entry as its rule would be written by somebody who leaves nothing out. */
  const written = (rule: Rule): string => {
    if (rule.kind !== "host") return rule.kind === "any" ? "*" : "null";
    const { scheme, host, reach, port } = rule;
    const prefix = { "host": "", "subdomains": "*.", "host-and-subdomains": "." }[reach];
    return (scheme === null ? "" : `${scheme}://`) + (host === "" ? "*" : prefix + host) +
      (port === null ? ":*" : port === 0 ? "" : `:${port}`);
  };

  test("is the same rule when that is written out, in printable ASCII", () => {
    const random = new Random();
    const taken = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      const entry = randomEntry(random);
      const says = `${JSON.stringify(entry)} (seed ${seed})`;
      const parsed = parsePattern(entry);
      if (parsed === null) continue;
      const { rule, unsafe } = parsed;
      const again = written(rule);
      assert(/^[\x21-\x7e]+$/.test(again), `${again} from ${says}`);
      assertEquals(parsePattern(again), parsed, says);
      // In a list of hosts the same, unless it is none of that kind.
      const bare = unsafe === null && rule.kind === "host" && rule.scheme === null;
      assertEquals<unknown>(parseHostPattern(entry), bare ? rule : null, says);
      const kind = unsafe ?? (bare ? "host" : "origin");
      taken.set(kind, (taken.get(kind) ?? 0) + 1);
    }
    const least = {
      "host": 3000,
      "origin": 2000,
      ...Object.fromEntries(UNSAFE_CODES.map((code) => [code, 5])),
    };
    for (const [kind, count] of Object.entries(least)) assertGreater(taken.get(kind) ?? 0, count, kind);
  });

  test("costs one pass to find, and one that is too long costs nothing", () => {
    const inputs = runsOf({
      prefix: "https://",
      units: ["*.", "é", "e\u0301", "[a", "1*", "undefined.", "a-"],
    });
    const short = Object.fromEntries(
      Object.entries(inputs).map((
        [name, make],
      ) => [name, (length: number) => make(length / 64).slice(0, 1024)]),
    );
    assertGrowth((entry) => parsePattern(entry), short, LINEAR);
    assertGrowth((entry) => parsePattern(entry), inputs, CONSTANT);
  });

  test("is none that looks well-formed and is something else: the grammar has a rule of its own for each", () => {
    const spaces = [..."\t\n\v\f\r \x1c\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"];
    const quotes = [..."'\"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"];
    const invisible = [
      ..."\u00ad\u034f\u061c\u115f\u17b4\u180b\u200b\u200e\u202e\u2060\u3164\ufe0f\uffa0\u{e0100}",
    ];
    const entries = [
      // words, with nothing that makes a host of them
      ..."self none same-origin same-site true false null nan undefined".split(" ").flatMap((word) => [
        word.toUpperCase(),
        word[0]!.toUpperCase() + word.slice(1),
        ...word === "null" ? [] : [word],
      ]),
      ..."https://null https://nan:80 null:80 https://undefined a.undefined undefined.a *.undefined".split(
        " ",
      ),
      // schemes whose pages have no origin
      ...["file", "data", "blob", "about", "javascript", "FILE", "Blob"].flatMap((scheme) => [
        `${scheme}://example.com`,
        `${scheme}://*`,
        `${scheme}://.example.com:80`,
      ]),
      // characters that IDN knows what to do with, or the URL parser
      ...[...spaces, ...quotes, ...invisible].flatMap((char) => [
        `${char}example.com`,
        `ex${char}ample.com`,
        `https://é${char}.example`,
        `${char}https://example.com`,
        `example.com:80${char}`,
        `[::${char}1]`,
        `[::1${char}]:80`,
        `http://[${char}2001:db8::1]`,
      ]),
      ..."[::1%] [::%31] [fe80::1%25a] [::１] [::Ａ] [::1.2.3.٤] [::1/] [::1\\] [::1?] [::1#] [::1@] [@::1]"
        .split(" "),
      // the URL parser's own repairs
      ..."127.1 0x7f.1 017700000001 2130706433 127.0.0.1. ex%61mple.com ｅxample.com １２７.0.0.1 a。b".split(
        " ",
      ),
      ..."https:example.com https:/example.com https:\\\\example.com https://\\example.com".split(" "),
      ..."https://example.com\\ https://a@example.com https://example.com:080 https://example.com:".split(
        " ",
      ),
    ];
    for (const entry of entries) assertEquals(parsePattern(entry), null, JSON.stringify(entry));
    // And beside each stands what is well-formed.
    const beside =
      "self:80 https://none true. http://null.a *.undefineds filed://a file:80 x.file https:80 é.example 「a」.example";
    for (const entry of beside.split(" ")) assert(parsePattern(entry) !== null, entry);
  });

  test("is refused for one character that browsers do not send and the URL parser drops or repairs", () => {
    const odd = [
      ..."\t\n\r \0\x7f%\\\xad\u200b\ufeff\u2018\xab",
      "\ud800",
      "%41",
      "。",
      "ａ",
      "１",
      "\u212a",
      "ſ",
    ];
    for (const entry of ["https://example.com", ".a1.example:80", "http://[2001:db8::1]:8080", "10.0.0.1"]) {
      for (let at = 0; at <= entry.length; at++) {
        for (const char of odd) {
          const spoilt = entry.slice(0, at) + char + entry.slice(at);
          assertEquals(parsePattern(spoilt), null, JSON.stringify(spoilt));
        }
      }
    }
  });
});
