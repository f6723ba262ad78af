// One entry of a list of patterns: the rule it stands for, or everything that is wrong with it.

import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  compileOrigins,
  compilePolicy,
  ConfigError,
  type ConfigIssue,
  type ConfigIssueCode,
} from "@wsgate/wsgate";
import { isScheme } from "../../src/origin/origin.ts";
import type { HostRule, Rule } from "../../src/pattern/rule.ts";
import { isCanonicalHost } from "../../src/origin/authority.ts";
import { diagnoseHostPattern, diagnosePattern } from "../../src/pattern/diagnosis.ts";
import { parseHostPattern, parsePattern } from "../../src/pattern/pattern.ts";
import { assertGrowth, CONSTANT, LINEAR, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { assertFix, entriesNamedIn, keyOf, randomEntry } from "./entries.ts";

const words = wordsOf(import.meta.url);

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

/** The fixes of these issues, which are of one entry and have these codes. */
function fixesOf(
  issues: readonly ConfigIssue[],
  codes: readonly ConfigIssueCode[],
  field: string,
  index: number,
  value: unknown,
): string[] {
  assertEquals(issues, codes.map((code, i) => ({ code, field, index, value, fix: issues[i]?.fix ?? "" })));
  return issues.map(({ fix }) => fix);
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
  ["https2:*", null, "https2", HOST, null],
  ["https://undefined.example.com", "https", "undefined.example.com", HOST, 443],
  ["api.undefined.", null, "api.undefined.", HOST, null],
  ["app://.", "app", ".", HOST, 0],
  ["app://-", "app", "-", HOST, 0],
  ["app://127.1:80", "app", "127.1", HOST, 80],
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

/** Refused wherever it is written; and what its fix names to be written instead, or is about. */
const WRONG: readonly (readonly [entry: unknown, code: ConfigIssueCode, ...named: string[]])[] = [
  // not a string
  [undefined, "not-a-string"],
  [null, "not-a-string"],
  [8080, "not-a-string"],
  [true, "not-a-string"],
  [Symbol("https://example.com"), "not-a-string"],
  [10n, "not-a-string"],
  [["https://example.com"], "not-a-string"],
  [{ origin: "https://example.com" }, "not-a-string"],
  [new String("https://example.com"), "not-a-string"],
  [/example\.com/, "not-a-string"],
  [new URL("https://example.com"), "not-a-string"],
  [() => true, "not-a-string"],

  // empty, or nothing but white space
  ["", "empty"],
  [" ", "white-space"],
  ["\t\n", "white-space"],
  ["\0", "white-space"],
  ["\xa0", "white-space"],

  // longer than anything that could be an entry
  ["a".repeat(1025), "entry-too-long"],
  ["*://".repeat(100_000), "entry-too-long"],
  ["a".repeat(1024), "label-too-long"],
  [" ".repeat(2000), "entry-too-long"],

  // white space
  ["https://example.com ", "white-space", "https://example.com"],
  [" example.com", "white-space", "example.com"],
  ["example.com\n", "white-space", "example.com"],
  ["example.com\r\n", "white-space", "example.com"],
  ["\ufeffhttps://example.com", "white-space", "https://example.com"],
  ["example.com\x85", "white-space", "example.com"],
  ["https://a.example https://b.example", "white-space", "https://a.example", "https://b.example"],
  ["a.example\n\tb.example  c.example", "white-space", "a.example", "b.example", "c.example"],
  ["exam\0ple.com", "white-space", "exam", "ple.com"],
  ["a.example b.example/", "white-space"],
  ["https://example.com/ ", "white-space"],

  // keywords, misspelt or out of place
  ["'self'", "keyword"],
  ["self", "keyword"],
  ["SELF", "keyword"],
  ["'SELF'", "keyword"],
  ['"self"', "keyword"],
  ["`self`", "keyword"],
  ["none", "keyword"],
  ["'none'", "keyword"],
  ["same-origin", "keyword"],
  ["'same-origin'", "keyword"],
  ["Same-Site", "keyword"],
  ["“self”", "keyword"],
  ["«self»", "keyword"],
  ["''self''", "keyword"],
  ["undefined", "keyword"],
  ["Undefined", "keyword"],
  ['"undefined"', "keyword"],
  ["true", "keyword"],
  ["false", "keyword"],
  ["https://undefined", "keyword"],
  ["https://undefined:443", "keyword"],
  [".undefined", "keyword"],
  ["https://null", "keyword"],
  ["https://NaN:8443", "keyword"],
  ["NaN", "keyword"],
  ["[object Object]", "keyword"],
  ["[object URL]", "keyword"],
  ["'null'", "keyword"],
  ["NULL", "keyword"],
  ["Null", "keyword"],
  ['"NULL"', "keyword"],

  // other systems' spellings
  ["//example.com", "foreign-spelling", "example.com"],
  ["//example.com:8080", "foreign-spelling", "example.com:8080"],
  ["//example.com/", "foreign-spelling", "example.com"],
  ["//1.example", "foreign-spelling", "1.example"],
  ["//.example.com", "foreign-spelling", ".example.com"],
  ["//[::1]:80", "foreign-spelling", "[::1]:80"],
  ["%{HTTP_HOST}", "foreign-spelling"],
  ["${HOST}", "foreign-spelling"],
  ["https://${HOST}:8443", "foreign-spelling"],
  ["https://example.com:%{PORT}", "foreign-spelling"],
  ["example.com:[8080,8081]", "foreign-spelling", "example.com:8080", "example.com:8081"],
  ["http://a.example:[80, 81]", "foreign-spelling", "http://a.example:80", "http://a.example:81"],
  ["https://example.com:[*]", "foreign-spelling", "https://example.com:*"],
  ["example.com:[8080-8090]", "foreign-spelling"],
  ["example.com:[]", "foreign-spelling"],
  ["a.example}", "foreign-spelling"],
  ["{a,b}.example.com", "foreign-spelling", "a.example.com", "b.example.com"],
  ["https://example.{com,org}:81", "foreign-spelling", "https://example.com:81", "https://example.org:81"],
  ["https://{a,b}.{c,d}.example", "foreign-spelling"],
  ["{a,*.com}.example", "foreign-spelling", "a.example", "*.com.example"],
  ["{a.b,*}.example", "foreign-spelling", "a.b.example", "*.example"],
  ["{a,b/c}.example", "foreign-spelling"],
  ["https?://example.com", "regular-expression", "https://example.com", "http://example.com"],
  ["http*://*.example.com:81", "regular-expression", "https://*.example.com:81", "http://*.example.com:81"],
  ["https?://exa*mple.com", "regular-expression"],
  ["ex?mple.com", "wildcard-malformed"],
  ["https://???.example.com", "wildcard-malformed"],
  ["https://{a}.example.com", "foreign-spelling"],
  ['"https://example.com"', "foreign-spelling", "https://example.com"],
  ["'example.com'", "foreign-spelling", "example.com"],
  ["“https://example.com”", "foreign-spelling", "https://example.com"],
  ["«example.com»", "foreign-spelling", "example.com"],
  ["`example.com`", "foreign-spelling", "example.com"],
  ['"example.com', "foreign-spelling", "example.com"],
  ['"example.com!"', "foreign-spelling"],

  // what each of these systems documents: Phoenix, Rails, Express, Spring, coder/websocket, Next, nginx
  ["//*.example.com", "foreign-spelling", "*.example.com"],
  ['%{host: "example.com", port: 8443}', "foreign-spelling"],
  ["/https:\\/\\/example\\.com/", "regular-expression"],
  ["%r{https?://example\\.com}", "regular-expression"],
  ["/\\.example\\.com$/i", "regular-expression"],
  [
    "https://*.example.com:[8080,8081]",
    "foreign-spelling",
    "https://*.example.com:8080",
    "https://*.example.com:8081",
  ],
  ["https://*.example.com:[*]", "foreign-spelling", "https://*.example.com:*"],
  ["ex[ab]mple.com", "regular-expression"],
  ["https://[a-z]*.example.com", "regular-expression"],
  ["~^https://example", "regular-expression"],

  // regular expressions
  ["^https://example\\.com$", "regular-expression"],
  ["^example.com", "regular-expression"],
  ["example.com$", "regular-expression"],
  ["/example.com/", "regular-expression"],
  ["/example\\.com/i", "regular-expression"],
  ["https://example\\.com", "regular-expression"],
  ["https://example.com\\", "regular-expression"],
  ["(a|b).example.com", "regular-expression"],
  ["a.example|b.example", "several-entries", "a.example", "b.example"],
  ["https://(.*)example.com", "regular-expression"],

  // several in one string
  ["a.example,b.example", "several-entries", "a.example", "b.example"],
  ["https://a.example, https://b.example", "several-entries", "https://a.example", "https://b.example"],
  ["a.example;b.example", "several-entries", "a.example", "b.example"],
  ["a,b", "several-entries", "a", "b"],
  // an entry of them that is wrong itself is not named
  ["https://example.com,", "several-entries"],
  ["a.example,https://b.example/", "several-entries"],
  ["a.example,*.co.uk", "several-entries"],

  // schemes
  ["https:example.com", "scheme-malformed", "https://example.com"],
  ["https//example.com", "scheme-malformed", "https://example.com"],
  ["https:/example.com", "scheme-malformed", "https://example.com"],
  ["ws:localhost:8080", "scheme-malformed", "ws://localhost:8080"],
  ["HTTP:/example.com", "scheme-malformed", "HTTP://example.com"],
  ["https:example.com/", "scheme-malformed", "https://example.com"],
  // a host that can be called so, and was hardly meant
  ["https:self", "scheme-malformed"],
  ["*://example.com", "scheme-malformed", "example.com"],
  ["*://*.example.com", "scheme-malformed", "*.example.com"],
  ["*://*", "scheme-malformed"],
  ["*://example.com/*", "scheme-malformed", "example.com"],
  ["://example.com", "scheme-malformed"],
  ["1https://example.com", "scheme-malformed"],
  ["ht_tps://example.com", "scheme-malformed"],
  ["http*://example.com", "regular-expression", "https://example.com", "http://example.com"],
  ["héttps://example.com", "scheme-malformed"],
  [`${"a".repeat(65)}://example.com`, "scheme-malformed"],
  ["file:///", "scheme-not-allowed"],
  ["https:*", "port-malformed"],
  ["vscode-webview:*", "port-malformed", "vscode-webview://*"],
  ["FILE:///srv/page.html", "scheme-not-allowed"],
  ["data:text/html", "scheme-not-allowed"],
  ["blob:https://example.com", "scheme-not-allowed"],
  ["about:blank", "scheme-not-allowed"],
  ["javascript:void", "scheme-not-allowed"],

  // more than an origin
  ["https://example.com/", "path", "https://example.com"],
  ["https://example.com/chat", "path", "https://example.com"],
  ["https://example.com/*", "path", "https://example.com"],
  ["https://example.com//", "path", "https://example.com"],
  ["example.com/", "path", "example.com"],
  [".example.com:80/", "path", ".example.com:80"],
  ["HTTPS://Example.com/", "path", "https://Example.com"],
  ["https://example.com/a?b#c", "path", "https://example.com"],
  ["https://example.com/@user", "path", "https://example.com"],
  ["moz-extension://*/", "path", "moz-extension://*"],
  ["[::1]/", "path", "[::1]"],
  ["http://self/", "path"],
  ["https://none/", "path"],
  ["example.com/24", "path", "example.com"],
  ["127.0.0.1/", "path", "127.0.0.1"],
  ["127.0.0.1/1234", "path", "127.0.0.1"],
  ["https://example.com?a=b", "query", "https://example.com"],
  ["example.com?", "query", "example.com"],
  ["https://example.com?/", "query", "https://example.com"],
  ["https://example.com#top", "fragment", "https://example.com"],
  ["example.com#", "fragment", "example.com"],
  ["https://user@example.com", "userinfo", "https://example.com"],
  ["https://user:password@example.com:8443", "userinfo", "https://example.com:8443"],
  ["https://@example.com", "userinfo", "https://example.com"],
  ["user@example.com", "userinfo", "example.com"],
  ["https://a@b@example.com", "userinfo", "https://example.com"],

  // ranges and zones
  ["10.0.0.0/8", "cidr"],
  ["http://192.168.0.0/16", "cidr"],
  ["[2001:db8::]/32", "cidr"],
  ["http://[fe80::]/128", "cidr"],
  ["[fe80::1%eth0]", "zone-id"],
  ["http://[fe80::1%25eth0]:8080", "zone-id"],
  ["fe80::1%eth0", "zone-id"],

  // ports
  ["https://example.com:", "port-malformed"],
  ["example.com:", "port-malformed"],
  ["https://example.com:0", "port-malformed"],
  ["https://example.com:00", "port-malformed"],
  ["https://example.com:65536", "port-malformed"],
  ["example.com:99999", "port-malformed"],
  ["example.com:123456", "port-malformed"],
  ["https://example.com:-1", "port-malformed"],
  ["https://example.com:+80", "port-malformed"],
  ["https://example.com:0x50", "port-malformed"],
  ["https://example.com:https", "port-malformed"],
  ["https://example.com:80-90", "port-malformed"],
  ["https://example.com:8*", "port-malformed"],
  ["https://example.com:**", "port-malformed"],
  ["https://example.com:٤٤٣", "port-malformed"],
  ["[::1]:x", "port-malformed"],
  ["https:", "port-malformed"],
  ["WS:", "port-malformed"],
  ["moz-extension:", "port-malformed"],
  ["capacitor:", "port-malformed"],
  ["https://example.com:0443", "port-malformed", ":443"],
  ["example.com:00080", "port-malformed", ":80"],

  // hosts
  ["https://", "host-missing"],
  ["https://:443", "host-missing"],
  [":443", "host-missing"],
  ["a..example", "label-empty"],
  [".", "label-empty"],
  ["*.", "label-empty"],
  ["https://*.", "label-empty"],
  ["..example.com", "label-empty"],
  ["*..example.com", "label-empty"],
  ["example.com..", "label-empty"],
  [".:80", "label-empty"],
  [`${"a".repeat(64)}.example`, "label-too-long"],
  [`https://${"a".repeat(64)}`, "label-too-long"],
  ["ü".repeat(60) + ".example", "label-too-long"],
  [hostOf(256), "host-too-long"],
  ["." + hostOf(256), "host-too-long"],
  [hostOf(255) + ".", "host-too-long"],
  ["example!.com", "host-malformed", "!"],
  ["https://a<b.example", "host-malformed", "<"],
  ["$HOST", "host-malformed", "$"],
  ["a+b.example", "host-malformed", "+"],
  ["a]b", "host-malformed", "]"],
  ["ex%61mple.com", "percent-sign"],
  ["https://%65xample.com", "percent-sign"],
  ["%.example", "percent-sign"],
  ["https://xn--a.example", "unicode-malformed"],
  ["a\u202e.example", "unicode-malformed"],
  ["exam\u00adple.com", "unicode-malformed"],
  ["*.ex\u200bample.com", "unicode-malformed"],
  ["bücher\u2060.example", "unicode-malformed"],
  ["https://é＆.example", "unicode-malformed"],
  ["\ud800.example", "unicode-malformed"],
  ["https://℀.example", "unicode-malformed"],
  ["ｅxample.com", "unicode-maps-to-ascii", "example.com"],
  ["\u212aelvin.example", "unicode-maps-to-ascii", "kelvin.example"],
  ["*.ｅxample.com", "unicode-maps-to-ascii", "example.com"],
  ["a＆b.example", "unicode-maps-to-ascii"],
  ["example。com", "unicode-maps-to-ascii", "example.com"],

  // addresses
  ["256.0.0.1", "ip-malformed"],
  ["1.2.3.4.5", "ip-malformed"],
  ["example.1", "ip-malformed"],
  ["127.1", "ip-malformed"],
  ["2130706433", "ip-malformed"],
  ["0177.0.0.1", "ip-malformed"],
  ["0x7f000001", "ip-malformed"],
  ["127.0.0.1.", "ip-malformed"],
  ["[::g]", "ip-malformed"],
  ["http://[::1", "ip-malformed"],
  ["[::1]]", "ip-malformed"],
  ["[]", "ip-malformed"],
  ["[::1]:80]", "ip-malformed"],
  ["[::1]x", "ip-malformed"],
  ["[1:2:3:4:5:6:7:8:9]", "ip-malformed"],
  ["https://example.com:443:443", "ip-malformed"],
  ["::1", "ip-malformed"],
  ["http://::1:8080", "ip-malformed"],
  // The URL parser would take the first port for itself.
  ["[::1]:80:90", "ip-malformed"],
  ["http://[::1]:8443:443", "ip-malformed"],
  ["[::1]:80:*", "ip-malformed"],
  ["2001:DB8::1", "ip-malformed"],

  // wildcards
  ["**.example.com", "wildcard-malformed", "*.example.com"],
  ["*example.com", "wildcard-malformed", "*.example.com"],
  ["https://*example.com", "wildcard-malformed", "https://*.example.com"],
  ["pr-*.example.com", "wildcard-malformed"],
  ["https://pr-*.example.com", "wildcard-malformed"],
  ["a.*.example.com", "wildcard-malformed"],
  ["*.*.example.com", "wildcard-malformed", "*.example.com"],
  [".*.example.com", "wildcard-malformed", "*.example.com"],
  ["example.*", "wildcard-malformed"],
  ["192.168.*.*", "wildcard-malformed"],
  ["http://192.168.1.*", "wildcard-malformed"],
  ["*.127.0.0.1", "wildcard-over-address"],
  [".127.0.0.1", "wildcard-over-address"],
  ["https://*.127.0.0.1:8080", "wildcard-over-address"],
  ["*.[::1]", "wildcard-over-address"],
  [".[::1]:80", "wildcard-over-address"],
  ["*.example.1", "wildcard-over-address"],
  ["*.1", "wildcard-over-address"],
  [".0x", "wildcard-over-address"],
];

/** Several things wrong with one entry, in the order in which they stand in it. */
const SEVERAL: readonly (readonly [
  entry: string,
  ...faults: (readonly [code: ConfigIssueCode, ...named: string[]])[],
])[] = [
  ["https://user@example.com/", ["userinfo", "https://example.com"], ["path", "https://example.com"]],
  ["https://user@", ["userinfo"], ["host-missing"]],
  ["@", ["userinfo"], ["host-missing"]],
  ["https:///chat", ["host-missing"], ["path"]],
  ["/chat", ["host-missing"], ["path"]],
  ["?a", ["host-missing"], ["query"]],
  ["#a", ["host-missing"], ["fragment"]],
  ["1://a..b:0/", ["scheme-malformed"], ["label-empty"], ["port-malformed"], ["path"]],
  ["https://127.1:080#x", ["ip-malformed"], ["port-malformed", ":80"], ["fragment"]],
  ["*.1.2.3.4/8", ["wildcard-over-address"], ["cidr"]],
  ["https://u:p@[fe80::1%1]:x?", ["userinfo"], ["zone-id"], ["port-malformed"], ["query"]],
];

/** Well-formed, and refused unless it stands in `dangerouslyAllow`. */
const UNSAFE: readonly (readonly [entry: string, code: ConfigIssueCode, ...named: string[]])[] = [
  ["null", "unsafe-null"],
  ["http://*", "unsafe-any-host"],
  ["moz-extension://", "host-missing", "moz-extension://*"],
  ["exp://", "host-missing", "exp://*:*"],
  ["file://", "scheme-not-allowed"],
  ["https://*", "unsafe-any-host"],
  ["HTTPS://*", "unsafe-any-host"],
  ["https://*:8443", "unsafe-any-host"],
  ["http://*:*", "unsafe-any-host"],
  ["*.com", "unsafe-single-label", "com"],
  [".com", "unsafe-single-label", "com"],
  ["https://*.com", "unsafe-single-label", "com"],
  ["https://.com:8443", "unsafe-single-label", "com"],
  ["*.COM", "unsafe-single-label", "com"],
  ["*.com.", "unsafe-single-label", "com."],
  ["*.рф", "unsafe-single-label", "xn--p1ai"],
  [".intranet", "unsafe-single-label", "intranet"],
  ["chrome-extension://*.abc", "unsafe-single-label", "abc"],
  ["*.local", "unsafe-single-label", "local"],
  ["*.onion", "unsafe-single-label", "onion"],
  ["*.alt", "unsafe-single-label", "alt"],
  ["*.arpa", "unsafe-single-label", "arpa"],
  ["*.home", "unsafe-single-label", "home"],
  ["*.localhosts", "unsafe-single-label", "localhosts"],
  ["*.co.uk", "unsafe-shared-suffix", "co.uk"],
  [".co.uk", "unsafe-shared-suffix", "co.uk"],
  [".CO.uk:443", "unsafe-shared-suffix", "co.uk"],
  ["*.co.uk.", "unsafe-shared-suffix", "co.uk."],
  ["*.github.io", "unsafe-shared-suffix", "github.io"],
  ["https://*.vercel.app", "unsafe-shared-suffix", "vercel.app"],
  ["https://.vercel.app:*", "unsafe-shared-suffix", "vercel.app"],
  ["*.amazonaws.com", "unsafe-shared-suffix", "amazonaws.com"],
  ["*.s3.amazonaws.com", "unsafe-shared-suffix", "s3.amazonaws.com"],
  ["*.nip.io", "unsafe-shared-suffix", "nip.io"],
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
  test("is refused with the code that the table says, and the fix says what to write", () => {
    eachRow(WRONG, ([entry, code, ...named]) => {
      const [fix, ...more] = fixesOf(issuesOf(["https://example.com", entry]), [code], "origins", 1, entry);
      assertEquals(more, []);
      assertFix(words, keyOf(entry), fix!, named);
    });
  });

  test("is not excused by dangerouslyAllow", () => {
    eachRow(WRONG, ([entry, code]) => {
      const [fix] = fixesOf(issuesOf([], [entry]), [code], "dangerouslyAllow", 0, entry);
      assertFix(words, keyOf(entry), fix!);
    });
  });

  test("is told everything that is wrong with it", () => {
    eachRow(SEVERAL, ([entry, ...faults]) => {
      const fixes = fixesOf(issuesOf([entry]), faults.map(([code]) => code), "origins", 0, entry);
      faults.forEach(([code, ...named], i) => assertFix(words, `${entry} (${code})`, fixes[i]!, named));
    });
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
    assertStringIncludes(error.message.split("\n")[0]!, `(${entries.length} problems)`);
  });

  test("with a star alone is not taken for an address", () => {
    for (const entry of ["*:8443", "**", "*.*", "http://**:80"]) {
      const [issue] = issuesOf([entry]);
      assertEquals(issue?.code, "wildcard-malformed", entry);
      assertNotEquals(issue!.fix, issuesOf(["192.168.*.*"])[0]!.fix, entry);
      words.assert(entry, issue!.fix);
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
    const [fix] = fixesOf(issuesOf(holes), ["not-a-string"], "origins", 1, undefined);
    assertFix(words, keyOf(undefined), fix!);
  });
});

describe("an unsafe entry", () => {
  test("is refused with the code that the table says, and the fix names what others can register below", () => {
    eachRow(UNSAFE, ([entry, code, ...named]) => {
      const [fix] = fixesOf(issuesOf(["https://example.com", entry]), [code], "origins", 1, entry);
      assertFix(words, keyOf(entry), fix!, named);
    });
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
    const codes = [...unsafe].filter((code) => code.startsWith("unsafe-"));
    assertEquals(codes.sort(), [...UNSAFE_CODES].sort());
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
      for (const written of issuesOf([entry]).flatMap(entriesNamedIn)) {
        assertEquals(issuesOf([written]), [], `${entry} is told to write ${JSON.stringify(written)}`);
      }
    }
  });

  test("name no entry in a fix that could not be written", () => {
    let named = 0;
    for (const [entry] of [...WRONG, ...UNSAFE, ...SEVERAL]) {
      for (const written of issuesOf([entry]).flatMap(entriesNamedIn)) {
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
          for (const written of entriesNamedIn({ code, fix })) {
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
      const isOpaque = rule.reach === "host" && rule.scheme !== null &&
        !/^(?:https?|wss?)$/.test(rule.scheme);
      assert(
        rule.host === "" ? rule.reach === "subdomains" || isOpaque : isOpaque || isCanonicalHost(rule.host),
        says,
      );
      assert(rule.port === null || rule.port >= 0 && rule.port <= 65535, says);
      // An origin made of the rule's own parts. A silent pattern would be found out on the day it is needed.
      const host = rule.host === "" && rule.reach === "subdomains"
        ? "x.example"
        : rule.reach === "subdomains"
        ? `sub.${rule.host}`
        : rule.host;
      const origin = `${rule.scheme ?? "https"}://${host}${rule.port ? `:${rule.port}` : ""}`;
      assert(test(origin), `${origin} by ${says}`);
      // An opaque host is compared as it is.
      if (isOpaque && rule.host !== rule.host.toLowerCase()) continue;
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
  const middle = host === "" && reach === "subdomains"
    ? "*"
    : { host: "", subdomains: "*.", "host-and-subdomains": "." }[reach] + host;
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
      // An opaque host is compared as it is.
      if (lower?.rule.kind === "host" && !isCanonicalHost(lower.rule.host)) continue;
      if (upper?.rule.kind === "host" && !isCanonicalHost(upper.rule.host)) continue;
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
    const start = (scheme === null ? "" : `${scheme}://`) +
      (host === "" && reach === "subdomains" ? "*" : prefix + host);
    const all = start + (port === 0 ? "" : `:${port ?? "*"}`);
    // `file` is a name, and `file:*` every host of a scheme, as others write it.
    return parsePattern(all) === null ? start : all;
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
      ..."https://null https://nan:80 null:80 https://undefined *.undefined all auto https:* app:*".split(
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
      "self:80 https://none true. http://null.a *.undefineds a.undefined filed://a file:80 x.file https:80 é.example 「a」.example";
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

words.end();
