// Which origins a list of patterns admits. The refusals are made by machine out of the admissions: every accepted
// origin is changed in every way of `MUTATIONS`, and has to be refused unless its row says that the pattern admits
// that change too. Nothing is skipped: what is listed as admitted is asserted to be.

import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  compileOrigins,
  compilePolicy,
  ConfigError,
  type ConfigIssue,
  type OriginMatcher,
} from "@wsgate/wsgate";
import { compileHosts, compileRules } from "../../src/matcher/matcher.ts";
import { parsePattern } from "../../src/pattern/pattern.ts";
import { NONE } from "../../src/matcher/trie_layout.ts";
import { naiveMatcher } from "./naive.ts";
import { readHosts } from "../../src/pattern/list.ts";
import type { HostRule, Rule } from "../../src/pattern/rule.ts";
import { assertGrowth, CONSTANT, growthExponent, runsOf } from "../growth.ts";
import { Random, seed } from "../random.ts";

/** An accepted origin in its parts; `port` is ":8443" or "". `base` is the host that the pattern names. */
interface Parts {
  readonly origin: string;
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly base: string;
}

/** Returns the changed origin; null, or the origin itself, where the change is none. */
type Mutation = (parts: Parts) => string | null;

/** Another host in the place of the accepted one. */
function withHost(make: (parts: Parts) => string | null | undefined): Mutation {
  return (parts) => {
    const host = make(parts) ?? null;
    return host === null ? null : `${parts.scheme}://${host}${parts.port}`;
  };
}

/** A host made of the one that the pattern names, and not that one. */
function withOtherBase(make: (base: string) => string | undefined): Mutation {
  return withHost(({ base }) => make(base) === base ? null : make(base));
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  http: ":80",
  ws: ":80",
  https: ":443",
  wss: ":443",
};
const OTHER_SCHEME: Readonly<Record<string, string>> = { http: "https", https: "http", ws: "wss", wss: "ws" };

/** `name` without its first label; undefined: it has only one. */
function zoneOf(name: string): string | undefined {
  return /^[^.]*\.(.+)$/.exec(name)?.[1];
}

/** `name` with labels in front of it, `length` characters in all. */
function padded(name: string, length: number): string {
  return "a".repeat(length - name.length - 1).replace(/(a{60})a(?=a)/g, "$1.") + "." + name;
}

const MUTATIONS = {
  // scheme and port
  "the default port written": (p) => p.port === "" ? p.origin + (DEFAULT_PORTS[p.scheme] ?? "") : null,
  "the default port left out": (p) => p.port === DEFAULT_PORTS[p.scheme] ? `${p.scheme}://${p.host}` : null,
  "another scheme": (p) => `x-${p.scheme}://${p.host}${p.port}`,
  "http for https": (p) =>
    p.scheme in OTHER_SCHEME ? p.origin.replace(p.scheme, OTHER_SCHEME[p.scheme]!) : null,
  "ws for http": (p) => p.scheme.startsWith("http") ? p.origin.replace("http", "ws") : null,
  "upper-case scheme": (p) => p.origin.replace(p.scheme, p.scheme.toUpperCase()),
  "another port": (p) => `${p.scheme}://${p.host}:${p.port === ":8444" ? 8445 : 8444}`,
  "no port": (p) => p.port === DEFAULT_PORTS[p.scheme] ? null : `${p.scheme}://${p.host}`,
  "port 0": (p) => `${p.scheme}://${p.host}:0`,
  "port 65536 more": (p) => `${p.scheme}://${p.host}:${65536 + Number(p.port.slice(1) || 443)}`,
  "a port with a leading zero": (p) => `${p.scheme}://${p.host}:0${p.port.slice(1) || 443}`,
  "an empty port": (p) => `${p.scheme}://${p.host}:`,
  "a second port": (p) => `${p.scheme}://${p.host}${p.port || ":443"}:80`,

  // another host
  "a subdomain": withHost((p) => `sub.${p.host}`),
  "a subdomain far below": withHost((p) => `a.b-1.c_2.d.${p.host}`),
  "the apex": withHost((p) => p.base),
  "the zone above": withOtherBase((base) => zoneOf(base)),
  "the first label alone": withOtherBase((base) => base.split(".")[0]),
  "another first label": withOtherBase((base) => zoneOf(base) && `other.${zoneOf(base)}`),
  "another last label": withHost((p) => p.host.replace(/\.[a-z]+$/, ".test")),
  // the suffix without its dot
  "a name that ends like it": withOtherBase((base) => `evil${base}`),
  "a subdomain of such a name": withOtherBase((base) => `sub.evil${base}`),
  "a hyphen in place of the dot": withOtherBase((base) => `evil-${base}`),
  "a letter less": withOtherBase((base) => base.slice(1)),
  "a letter less at the end": withOtherBase((base) => base.slice(0, -1)),
  "a letter more at the end": withOtherBase((base) => `${base}m`),
  // what an unescaped dot of a regular expression lets through
  "a letter for the dot": withOtherBase((base) => base.replace(/\.([^.]+\.?)$/, "x$1")),
  "no dot": withOtherBase((base) => base.replaceAll(".", "")),
  "itself twice": withOtherBase((base) => base + base),
  "itself twice with a dot": withOtherBase((base) => `${base}.${base}`),
  // the suffix as prefix
  "a prefix of a stranger's name": withHost((p) => `${p.host}.evil.test`),
  "a prefix of a stranger's label": withHost((p) => `${p.host}evil.test`),
  "a first label of a stranger's": withOtherBase((base) => `${base.replaceAll(".", "-")}.evil.test`),
  "a trailing dot": withHost((p) => `${p.host}.`),
  "two trailing dots": withHost((p) => `${p.host}..`),
  "a leading dot": withHost((p) => `.${p.host}`),
  "an empty label": withHost((p) => p.host.replace(".", "..")),
  "the wildcard itself": withOtherBase((base) => `*.${base}`),
  "a star": withHost(() => "*"),
  "no host": withHost(() => ""),
  "the longest host": withHost((p) => padded(p.host, 255)),
  "a host longer than that": withHost((p) => padded(p.host, 256)),
  "a value longer than any": withHost((p) => padded(p.host, 65_536)),
  "a label longer than any": withHost((p) => `${"a".repeat(64)}.${p.host}`),
  "a port longer than any": (p) => `${p.scheme}://${p.host}:${"8".repeat(65_536)}`,
  "a scheme longer than any": (p) => `${"a".repeat(65)}://${p.host}${p.port}`,

  // the same host in another spelling
  "upper case": withHost((p) => p.host.toUpperCase()),
  "one upper-case letter": withHost((p) =>
    p.host.replace(/[a-z](?=[^a-z]*$)/, (letter) => letter.toUpperCase())
  ),
  "a percent-encoded letter": withHost((p) =>
    p.host.replace(/[a-z0-9]/, (char) => `%${char.charCodeAt(0).toString(16)}`)
  ),
  "a percent-encoded dot": withHost((p) => p.host.replace(".", "%2e")),
  "a full-width letter": withHost((p) =>
    p.host.replace(/[a-z0-9]/, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
  ),
  "an ideographic full stop": withHost((p) => p.host.replace(".", "。")),
  "a look-alike letter": withHost((p) =>
    p.host.replace(/[aeo]/, (char) => ({ a: "а", e: "е", o: "о" })[char]!)
  ),
  "a soft hyphen": withHost((p) => p.host.slice(0, 1) + "\u00ad" + p.host.slice(1)),
  "a decimal address": withHost((p) => p.host === "127.0.0.1" ? "2130706433" : null),
  "a short address": withHost((p) => p.host === "127.0.0.1" ? "127.1" : null),
  "an octal address": withHost((p) => p.host === "127.0.0.1" ? "0177.0.0.1" : null),
  "a long address": withHost((p) => p.host.startsWith("[") ? p.host.replace("::", ":0:0:0:0:") : null),
  "an address without brackets": withHost((p) => p.host.startsWith("[") ? p.host.slice(1, -1) : null),
  "a zone id": withHost((p) => p.host.startsWith("[") ? p.host.replace("]", "%25eth0]") : null),
  "an address in an address": withHost((p) =>
    p.host === "127.0.0.1" ? "[::ffff:7f00:1]" : p.host === "[::1]" ? "127.0.0.1" : null
  ),

  // more than an origin
  "a slash": (p) => `${p.origin}/`,
  "a path": (p) => `${p.origin}/chat`,
  "a query": (p) => `${p.origin}?a=b`,
  "a fragment": (p) => `${p.origin}#a`,
  "a backslash": (p) => `${p.origin}\\`,
  "a user": (p) => `${p.scheme}://user@${p.host}${p.port}`,
  "a user and a password": (p) => `${p.scheme}://user:443@${p.host}${p.port}`,
  "an empty user": (p) => `${p.scheme}://@${p.host}${p.port}`,
  "itself as the user": (p) => `${p.origin}@evil.test`,
  "a stranger as the user": (p) => `${p.scheme}://evil.test@${p.host}${p.port}`,
  "itself as a stranger's path": (p) => `${p.scheme}://evil.test/${p.origin}`,
  "itself as a stranger's query": (p) => `${p.scheme}://evil.test?${p.host}`,
  "itself as a stranger's fragment": (p) => `${p.scheme}://evil.test#.${p.host}`,
  "a backslash of a stranger's": (p) => `${p.scheme}://evil.test\\.${p.host}`,
  "a blob": (p) => `blob:${p.origin}`,

  // less than an origin
  "no scheme": (p) => `${p.host}${p.port}`,
  "slashes without a scheme": (p) => `//${p.host}${p.port}`,
  "an empty scheme": (p) => `://${p.host}${p.port}`,
  "no slashes": (p) => `${p.scheme}:${p.host}${p.port}`,
  "one slash": (p) => `${p.scheme}:/${p.host}${p.port}`,
  "three slashes": (p) => `${p.scheme}:///${p.host}${p.port}`,
  "backslashes for slashes": (p) => `${p.scheme}:\\\\${p.host}${p.port}`,
  "the scheme twice": (p) => `${p.scheme}://${p.origin}`,

  // white space, controls, quotes
  "a space before": (p) => ` ${p.origin}`,
  "a space after": (p) => `${p.origin} `,
  "a tab after": (p) => `${p.origin}\t`,
  "a line feed after": (p) => `${p.origin}\n`,
  "a line of its own": (p) => `https://evil.test\n${p.origin}`,
  "a carriage return after": (p) => `${p.origin}\r\n`,
  "a NUL after": (p) => `${p.origin}\0`,
  "a NUL before a stranger's name": (p) => `${p.scheme}://evil.test\0.${p.host}`,
  "a no-break space after": (p) => `${p.origin}\xa0`,
  "a byte order mark before": (p) => `\ufeff${p.origin}`,
  "a tab inside": withHost((p) => p.host.slice(0, 1) + "\t" + p.host.slice(1)),
  "a space inside": withHost((p) => `${p.host} evil.test`),
  "quotes": (p) => `"${p.origin}"`,

  // more than one value
  "itself twice, joined": (p) => `${p.origin}, ${p.origin}`,
  "itself before a stranger": (p) => `${p.origin}, https://evil.test`,
  "itself after a stranger": (p) => `https://evil.test, ${p.origin}`,
  "itself after null": (p) => `null, ${p.origin}`,
  "itself before a stranger, no space": (p) => `${p.origin},https://evil.test`,
  "a list of origins": (p) => `https://evil.test ${p.origin}`,
  "a comma after": (p) => `${p.origin},`,
} satisfies Record<string, Mutation>;

type MutationName = keyof typeof MUTATIONS;
const NAMES = Object.keys(MUTATIONS) as MutationName[];

/** Not made of an accepted origin, and refused by whatever names hosts. */
const OTHER_VALUES: readonly (string | null)[] = [
  null,
  "",
  "null",
  "NULL",
  "null ",
  " null",
  "null,",
  "null, null",
  "*",
  ",",
  " ",
  "undefined",
  "'self'",
  "://",
  "https://",
  "file://",
];

/** The same tuple in another spelling: admitted with the origin, always. */
const SAME: readonly MutationName[] = ["the default port written", "the default port left out"];

/** What an entry without a scheme, without a port, with subdomains admits besides. */
const SCHEMES = ["another scheme", "http for https", "ws for http"] as const;
const PORTS = ["another port", "no port"] as const;
const BELOW = [
  "a subdomain",
  "a subdomain far below",
  "the longest host",
  "itself twice with a dot",
] as const;
/** What makes a good host of a good host: admitted where every host of a scheme is. */
const HOSTS = [
  ...BELOW,
  "the zone above",
  "the first label alone",
  "another first label",
  "another last label",
  "a name that ends like it",
  "a subdomain of such a name",
  "a hyphen in place of the dot",
  "a letter less",
  "a letter less at the end",
  "a letter more at the end",
  "a letter for the dot",
  "no dot",
  "itself twice",
  "a prefix of a stranger's name",
  "a prefix of a stranger's label",
  "a first label of a stranger's",
  "a trailing dot",
] as const;

/** What makes an opaque host of it: admitted where every host of a scheme is that is not the web's. */
const OPAQUE = [
  ...HOSTS,
  "a label longer than any",
  "a leading dot",
  "a percent-encoded dot",
  "a percent-encoded letter",
  "a star",
  "an empty label",
  "one upper-case letter",
  "the wildcard itself",
  "two trailing dots",
  "upper case",
] as const;

/** A list of patterns, the origins that it admits, and the mutations of each of them that it admits as well. */
type Row = readonly [
  patterns: readonly string[],
  accepts: readonly string[],
  admits: readonly MutationName[],
];

const TABLE: readonly Row[] = [
  // host: any scheme, any port
  [["example.com"], ["https://example.com", "http://example.com:8080", "app://example.com"], [
    ...SCHEMES,
    ...PORTS,
  ]],
  [["example.com"], ["ws://example.com", "https://example.com:1", "app://example.com:65535"], [
    ...SCHEMES,
    ...PORTS,
  ]],
  [["localhost"], ["http://localhost:3000", "capacitor://localhost"], [...SCHEMES, ...PORTS]],
  [["sub.example.com"], ["https://sub.example.com:8443"], [...SCHEMES, ...PORTS]],
  [["example.com."], ["https://example.com.", "https://example.com.:8443"], [...SCHEMES, ...PORTS]],
  [["com"], ["https://com:8443"], [...SCHEMES, ...PORTS]],

  // .host: that host and everything below it
  [[".example.com"], ["https://example.com", "http://example.com:8080"], [...SCHEMES, ...PORTS, ...BELOW]],
  [
    [".example.com"],
    ["https://sub.example.com", "https://a.b.c.example.com:1", "http://xn--bcher-kva.example.com"],
    [...SCHEMES, ...PORTS, ...BELOW, "the apex"],
  ],
  [[".example.com"], ["app://_-.example.com:1"], ["another scheme", ...PORTS, ...BELOW, "the apex"]],
  [[".localhost"], ["http://app.localhost:3000"], [...SCHEMES, ...PORTS, ...BELOW, "the apex"]],
  // the dot that ends the name is there already: "twice" puts one name below the other, "with a dot" an empty label
  [[".example.com."], ["https://sub.example.com.:8443"], [
    ...SCHEMES,
    ...PORTS,
    ...BELOW.filter((name) => name !== "itself twice with a dot"),
    "itself twice",
    "the apex",
  ]],

  // *.host: what is below it, not the host
  [["*.example.com"], ["https://sub.example.com:8443", "https://a.b.c.example.com:1"], [
    ...SCHEMES,
    ...PORTS,
    ...BELOW,
  ]],
  [["*.eu.example.com"], ["https://a.eu.example.com:8443"], [...SCHEMES, ...PORTS, ...BELOW]],

  // scheme://host: equal, with the scheme's default port
  [["https://example.com"], ["https://example.com", "https://example.com:443"], []],
  [["https://example.com:443"], ["https://example.com", "https://example.com:443"], []],
  [["http://example.com"], ["http://example.com", "http://example.com:80"], []],
  [["http://example.com:80"], ["http://example.com"], []],
  [["wss://example.com"], ["wss://example.com", "wss://example.com:443"], []],
  [["ws://example.com"], ["ws://example.com", "ws://example.com:80"], []],
  [["https://example.com:8443"], ["https://example.com:8443"], []],
  [["https://example.com:80"], ["https://example.com:80"], []],
  [["http://localhost:3000"], ["http://localhost:3000"], []],
  [["https://sub.example.com."], ["https://sub.example.com."], []],

  // scheme://.host[:port], scheme://*.host[:port]
  [["https://.example.com"], ["https://example.com"], [...BELOW]],
  [["https://.example.com"], ["https://sub.example.com", "https://a.b.example.com"], [...BELOW, "the apex"]],
  [["https://*.example.com"], ["https://sub.example.com", "https://a.b.example.com"], [...BELOW]],
  [["https://.example.com:8443"], ["https://example.com:8443"], [...BELOW]],
  [["https://.example.com:8443"], ["https://sub.example.com:8443"], [...BELOW, "the apex"]],
  [["http://*.example.com:8080"], ["http://sub.example.com:8080"], [...BELOW]],

  // host:port, .host:port, *.host:port: any scheme, that effective port
  [["example.com:8443"], ["https://example.com:8443"], [...SCHEMES]],
  [["example.com:8443"], ["app://example.com:8443"], ["another scheme"]],
  [["example.com:443"], ["https://example.com:443"], [...SCHEMES]],
  [["example.com:443"], ["https://example.com"], ["ws for http"]],
  [["example.com:80"], ["http://example.com:80", "https://example.com:80"], [...SCHEMES]],
  [["localhost:3000"], ["http://localhost:3000"], [...SCHEMES]],
  [[".example.com:8443"], ["https://example.com:8443"], [...SCHEMES, ...BELOW]],
  [[".example.com:8443"], ["https://sub.example.com:8443"], [...SCHEMES, ...BELOW, "the apex"]],
  [["*.example.com:8443"], ["https://sub.example.com:8443"], [...SCHEMES, ...BELOW]],

  // …:*: any port, the default one included
  [["https://example.com:*"], ["https://example.com", "https://example.com:8443"], [...PORTS]],
  [["https://*.example.com:*"], ["https://sub.example.com", "https://sub.example.com:1"], [
    ...PORTS,
    ...BELOW,
  ]],
  [["https://.example.com:*"], ["https://example.com:8443"], [...PORTS, ...BELOW]],
  [["example.com:*"], ["https://example.com:8443"], [...SCHEMES, ...PORTS]],
  [["app://example.com:*"], ["app://example.com", "app://example.com:80"], [...PORTS]],

  // scheme://*: every host of that scheme
  [["moz-extension://*"], ["moz-extension://3c1b9a4e.a"], [...OPAQUE, "a comma after"]],
  [["moz-extension://*:8443"], ["moz-extension://3c1b9a4e.a:8443"], [...OPAQUE]],
  [["moz-extension://*:*"], ["moz-extension://3c1b9a4e.a"], [
    ...PORTS.filter((name) => name !== "no port"),
    ...OPAQUE,
    "a comma after",
  ]],
  [["moz-extension://*:*"], ["moz-extension://3c1b9a4e.a:1"], [...PORTS, ...OPAQUE]],

  // custom schemes: by scheme and host; no port unless one is written
  [["chrome-extension://abcdefghij"], ["chrome-extension://abcdefghij"], []],
  [["capacitor://localhost"], ["capacitor://localhost"], []],
  [["tauri://localhost:1430"], ["tauri://localhost:1430"], []],
  [["app://.example.com"], ["app://sub.example.com"], [...BELOW, "the apex"]],

  // addresses
  [["127.0.0.1"], ["http://127.0.0.1", "https://127.0.0.1:8080"], [...SCHEMES, ...PORTS]],
  [["http://127.0.0.1:8080"], ["http://127.0.0.1:8080"], []],
  [["[::1]"], ["http://[::1]", "https://[::1]:8080"], [...SCHEMES, ...PORTS]],
  [["[::1]:8080"], ["https://[::1]:8080"], [...SCHEMES]],
  [["https://[::1]"], ["https://[::1]"], []],
  [["http://[2001:db8::1]:8080"], ["http://[2001:db8::1]:8080"], []],

  // normalised
  [["HTTPS://Example.COM"], ["https://example.com"], []],
  [["*.BÜCHER.example"], ["https://shop.xn--bcher-kva.example:1"], [...SCHEMES, ...PORTS, ...BELOW]],
  [["http://[2001:DB8:0:0::0001]:8080"], ["http://[2001:db8::1]:8080"], []],

  // several: each its own, and nothing between them
  [["https://example.com", "https://example.org", "http://example.net:8080"], ["https://example.com"], []],
  [["https://example.com", "https://sub.example.com"], ["https://example.com"], ["a subdomain"]],
  [["example.com", "*.example.com"], ["https://example.com:8443"], [...SCHEMES, ...PORTS, ...BELOW]],
];

/** The same with patterns that have to stand in `dangerouslyAllow`. */
const DANGEROUS: readonly Row[] = [
  [["https://*"], ["https://sub.example.com"], [...HOSTS]],
  [["http://*:*"], ["http://sub.example.com", "http://sub.example.com:8080"], [...PORTS, ...HOSTS]],
  [["*.co.uk"], ["https://example.co.uk:8443"], [...SCHEMES, ...PORTS, ...BELOW]],
  [["https://.com"], ["https://com"], [...BELOW]],
];

function partsOf(pattern: string, origin: string): Parts {
  const [, scheme, host, port] = /^([^:]+):\/\/(\[.*\]|[^:]*)(:\d+)?$/.exec(origin)!;
  const named = pattern.replace(/^[^:[]+:\/\//, "").replace(/:(?:\d+|\*)$/, "").replace(/^\*?\.|^\*$/, "");
  // As browsers send it, if it is not written so.
  const base = named === "" ? host! : new URL(`http://${named}`).hostname;
  return { origin, scheme: scheme!, host: host!, port: port ?? "", base };
}

describe("hosts of schemes that are not the web's", () => {
  const OTHERS = [
    ...["app://.", "app://x", "app://..", "app://x.", "app://-x..", "app://a.x.test", "app://x.test"],
    ...["app://A.b.x.test.", "app://%61.x.test", "app://A.x.test", "app://..x.test"],
  ];
  const table: readonly (readonly [patterns: readonly string[], admits: readonly string[]])[] = [
    [["file://"], ["file://"]],
    [["capacitor://"], ["capacitor://"]],
    [["app://."], ["app://."]],
    [["app://-x.."], ["app://-x.."]],
    [["app://*"], OTHERS],
    [["app://*:*"], [...OTHERS, "app://.:80"]],
    [["app://", "app://.:80"], ["app://", "app://.:80"]],
    [[".x.test"], ["app://a.x.test", "app://x.test"]],
    [["app://*.x.test"], ["app://a.x.test"]],
  ];
  const all = new Set([
    ...table.flatMap(([, admits]) => admits),
    ...["file://host", "file:///", "my-app://.", "my-app://", "null", "https://x.example"],
  ]);
  for (const [patterns, admits] of table) {
    test(patterns.join(" "), () => {
      const matcher = compileOrigins([], { dangerouslyAllow: patterns });
      assertEquals([...all].filter(matcher.test).sort(), [...admits].sort());
      const naive = naiveMatcher(patterns);
      for (const origin of all) assertEquals(naive(origin) >= 0, matcher.test(origin), origin);
    });
  }
});

describe("every row of the pattern table", () => {
  const refused = new Map<string, number>();
  let admitted = 0;

  for (const [rows, dangerous] of [[TABLE, false], [DANGEROUS, true]] as const) {
    for (const [patterns, accepts, admits] of rows) {
      test(`${patterns.join(" ")} admits ${accepts.join(" ")}, and of its mutations ${admits.length}`, () => {
        const { test, match } = dangerous
          ? compileOrigins([], { dangerouslyAllow: patterns })
          : compileOrigins(patterns);
        const unused = new Set<MutationName>(admits);
        for (const origin of accepts) {
          assert(test(origin), origin);
          const parts = partsOf(patterns[0]!, origin);
          for (const name of NAMES) {
            const mutant = MUTATIONS[name](parts);
            if (mutant === null || mutant === origin) continue;
            const expected = SAME.includes(name) || admits.includes(name);
            const says = `${name}: ${JSON.stringify(mutant.slice(0, 100))}`;
            assertEquals(test(mutant), expected, says);
            assertEquals(match(mutant) !== null, expected, says);
            unused.delete(name);
            if (expected) admitted++;
            else refused.set(name, (refused.get(name) ?? 0) + 1);
          }
        }
        assertEquals([...unused], [], "listed as admitted, and made from none of the origins");
        for (const value of OTHER_VALUES) assert(!test(value), JSON.stringify(value));
      });
    }
  }

  test("was asked of every mutation", () => {
    const never = NAMES.filter((name) => !refused.has(name) && !SAME.includes(name));
    assertEquals(never, [], "never refused");
    assertGreater([...refused.values()].reduce((a, b) => a + b), 5000);
    assertGreater(admitted, 400);
  });
});

describe("*", () => {
  test("admits every kind of origin: tuples, null, malformed, empty and absent", () => {
    const { test: admits, match } = compileOrigins(["*"]);
    const parts = partsOf("*", "https://sub.example.com:8443");
    const mutants = NAMES.map((name) => MUTATIONS[name](parts)).filter((mutant) => mutant !== null);
    assertGreater(mutants.length, 80);
    for (const origin of [...mutants, ...OTHER_VALUES]) {
      assert(admits(origin), JSON.stringify(origin));
      assertEquals(match(origin), "*");
    }
  });
});

describe("an origin that is no string, where no compiler looks", () => {
  test("is an absent one", () => {
    for (const list of [["a.test"], ["*"], ["*", "a.test"]]) {
      const { test: admits, match } = compileOrigins(list);
      for (const origin of [undefined, 5, {}, Symbol("a")] as never[]) {
        assertEquals(admits(origin), admits(null));
        assertEquals(match(origin), match(null));
      }
    }
  });
});

describe("a port", () => {
  const ports = [1, 80, 443, 8080, 32_768, 65_535];

  test("is compared in every bit", () => {
    for (const port of ports) {
      const { test: admits } = compileOrigins([`https://example.com:${port}`, `.example.org:${port}`]);
      for (let bit = 1; bit < 65_536; bit *= 2) {
        const other = port ^ bit;
        if (other === 0) continue;
        assert(!admits(`https://example.com:${other}`), `${other} for ${port}`);
        assert(!admits(`https://sub.example.org:${other}`), `${other} for ${port}`);
      }
      assert(admits(`https://example.com:${port}`), String(port));
      assert(admits(`https://sub.example.org:${port}`), String(port));
    }
  });
});

describe("null", () => {
  const { test: admits, match } = compileOrigins(["https://example.com"], { dangerouslyAllow: ["null"] });

  test("admits the opaque origin, and no other value that looks like it", () => {
    assert(admits("null"));
    assertEquals(match("null"), "null");
    for (const value of OTHER_VALUES.filter((value) => value !== "null")) {
      assert(!admits(value), JSON.stringify(value));
    }
    for (
      const value of ["Null", "null\0", "null/", '"null"', "null://null", "https://null", "null.example.com"]
    ) {
      assert(!admits(value), value);
    }
    assert(admits("https://example.com"));
  });

  test("is neither an absent origin nor an empty one", () => {
    assert(!admits(null));
    assert(!admits(""));
    assertEquals(match(null), null);
  });

  test("is not admitted by the patterns that admit every host", () => {
    const everyHost = compileOrigins([], {
      dangerouslyAllow: ["https://*", "http://*:*", "null-extension://*"],
    });
    assert(!everyHost.test("null"));
    assert(!compileOrigins(["app://nulls", "*.null.example", "localhost"]).test("null"));
  });
});

describe("two patterns", () => {
  test("never admit a host that is put together of both", () => {
    // GHSA-vhxv-fg4m-p2w8: a tree that split inside a label admitted barfoo.com for a list of foo.com and bar.com.
    const { test: admits } = compileOrigins(["https://foo.com", "https://bar.com"]);
    assert(admits("https://foo.com") && admits("https://bar.com"));
    for (
      const host of ["barfoo.com", "foobar.com", "fbar.com", "bfoo.com", "foo.combar.com", "com", "oo.com"]
    ) {
      assert(!admits(`https://${host}`), host);
    }
  });

  test("nor any splice of their names", () => {
    const names = [
      "foo.com",
      "bar.com",
      "kin.org",
      "akin.org",
      "pumpkin.org",
      "a.b.test",
      "b.test",
      "ab.test",
    ];
    let spliced = 0;
    for (const prefix of ["", "*.", "."]) {
      const { test: admits } = compileOrigins(names.map((name) => `https://${prefix}${name}`));
      for (const left of names) {
        for (const right of names) {
          for (let i = 0; i <= left.length; i++) {
            for (let j = 0; j < right.length; j++) {
              const host = left.slice(0, i) + right.slice(j);
              if (/^\.|\.\.|\.$/.test(host)) continue;
              const listed = prefix !== "*." && names.includes(host);
              const below = prefix !== "" && names.some((name) => host.endsWith(`.${name}`));
              assertEquals(admits(`https://${host}`), listed || below, `${prefix} ${host}`);
              spliced++;
            }
          }
        }
      }
    }
    assertGreater(spliced, 10_000);
  });

  test("with a scheme each do not lend it to each other, nor their ports", () => {
    const { test: admits } = compileOrigins([
      "https://a.example",
      "http://b.example:8080",
      "app://c.example",
      "d.example:9000",
    ]);
    const listed = [
      "https://a.example",
      "http://b.example:8080",
      "app://c.example",
      "https://d.example:9000",
      "http://d.example:9000",
      "app://d.example:9000",
    ];
    for (const scheme of ["https", "http", "app"]) {
      for (const host of ["a.example", "b.example", "c.example", "d.example"]) {
        for (const port of ["", ":8080", ":9000"]) {
          const origin = `${scheme}://${host}${port}`;
          assertEquals(admits(origin), listed.includes(origin), origin);
        }
      }
    }
  });
});

describe("match", () => {
  const TABLE: readonly (readonly [
    patterns: readonly string[],
    dangerouslyAllow: readonly string[],
    origin: string | null,
    expected: string | null,
  ])[] = [
    // as written, not as normalised
    [["HTTPS://Example.COM:443"], [], "https://example.com", "HTTPS://Example.COM:443"],
    [[".bücher.example"], [], "https://xn--bcher-kva.example", ".bücher.example"],
    // the first listed, however exact a later one is
    [[".example.com", "https://example.com"], [], "https://example.com", ".example.com"],
    [["https://example.com", ".example.com"], [], "https://example.com", "https://example.com"],
    [["https://example.com", ".example.com"], [], "http://example.com", ".example.com"],
    [
      ["*.example.com", ".api.example.com", "*.api.example.com"],
      [],
      "https://v1.api.example.com",
      "*.example.com",
    ],
    [["*.api.example.com", "*.example.com"], [], "https://v1.api.example.com", "*.api.example.com"],
    [["*.api.example.com", "*.example.com"], [], "https://api.example.com", "*.example.com"],
    [["example.com:443", "https://example.com", "example.com"], [], "https://example.com", "example.com:443"],
    [["example.com", "example.com:443", "https://example.com"], [], "https://example.com", "example.com"],
    [["https://example.com:*", "https://example.com"], [], "https://example.com", "https://example.com:*"],
    [["https://example.com", "https://example.com:*"], [], "https://example.com", "https://example.com"],
    [["https://example.com", "https://example.com:*"], [], "https://example.com:1", "https://example.com:*"],
    [["app://*", "app://a"], [], "app://a", "app://*"],
    [["app://a", "app://*"], [], "app://a", "app://a"],
    [["app://a", "app://*"], [], "app://b", "app://*"],
    // of equal ones the first
    [["example.com", "EXAMPLE.com", "example.com:*"], [], "https://example.com", "example.com"],
    [
      ["https://example.com:443", "https://example.com"],
      [],
      "https://example.com",
      "https://example.com:443",
    ],
    // `*` has a place like any other
    [["*", "https://example.com"], [], "https://example.com", "*"],
    [["https://example.com", "*"], [], "https://example.com", "https://example.com"],
    [["https://example.com", "*"], [], "https://example.org", "*"],
    [["https://example.com", "*"], [], null, "*"],
    [["https://example.com", "*", "*"], [], "malformed", "*"],
    [["*", "https://example.com", "*"], [], "https://example.com", "*"],
    // dangerouslyAllow comes last
    [["https://example.com"], ["https://*"], "https://example.com", "https://example.com"],
    [["https://example.com"], ["https://*"], "https://example.org", "https://*"],
    [[".example.com"], ["https://example.com"], "https://example.com", ".example.com"],
    [["*"], ["null"], "null", "*"],
    [[], ["null", "*"], "null", "null"],
    [[], ["*", "null"], "null", "*"],
    [[], ["null", "*", "null"], "null", "null"],
    [["https://example.com"], ["null"], "null", "null"],
    // nothing
    [[], [], "https://example.com", null],
    [["https://example.com"], [], "https://example.org", null],
    [["https://example.com"], [], null, null],
    [["https://example.com"], [], "", null],
    [["https://example.com"], [], "https://example.com/", null],
  ];

  test("gives the first listed pattern that admits the origin, as it was written", () => {
    for (const [patterns, dangerouslyAllow, origin, expected] of TABLE) {
      const matcher = compileOrigins(patterns, { dangerouslyAllow });
      assertEquals(matcher.match(origin), expected, `${patterns} + ${dangerouslyAllow}: ${origin}`);
      assertEquals(matcher.test(origin), expected !== null);
      assertEquals(matcher.patterns, [...patterns, ...dangerouslyAllow]);
    }
  });

  test("of a long list is the first of those whose patterns admit the origin alone", () => {
    const random = new Random();
    const patterns = [
      ...[
        "example.com",
        ".example.com",
        "*.example.com",
        "*.api.example.com",
        "api.example.com",
        ".com.example",
      ],
      ...["https://example.com", "https://.example.com", "http://*.example.com", "https://*.example.com:*"],
      ...[
        "example.com:443",
        ".example.com:80",
        "*.example.com:8443",
        "app://example.com",
        "app://*",
        "app://*:*",
      ],
      ...[
        "https://api.example.com:8443",
        "https://api.example.com",
        "[::1]",
        "127.0.0.1:80",
        "https://example.com.",
      ],
    ];
    const alone = new Map<string, OriginMatcher>(
      patterns.map((pattern) => [pattern, compileOrigins([pattern])]),
    );
    const names = ["", "api.", "v1.api.", "x."].map((name) => `${name}example.com`);
    names.push("com", "com.example", "a.com.example", "[::1]", "127.0.0.1", "example.com.");
    const matched = new Map<string | null, number>();
    for (let i = 0; i < 20_000; i++) {
      const list = random.shuffle(patterns).slice(0, 1 + random.below(8));
      const { match } = compileOrigins(list);
      const origin = random.pick(["https", "http", "app"]) + "://" + random.pick(names) +
        random.pick(["", "", ":443", ":80", ":8443"]);
      const expected = list.find((pattern) => alone.get(pattern)!.test(origin)) ?? null;
      matched.set(expected, (matched.get(expected) ?? 0) + 1);
      assertEquals(match(origin), expected, `${origin} by ${list.join(" ")} (seed ${seed})`);
    }
    // Every pattern was the first one some of the time.
    assertEquals([...matched.keys()].sort(), [...patterns, null].sort());
    assertGreater(20_000 - matched.get(null)!, 5000);
  });
});

describe("a compiled list", () => {
  test("is frozen, its patterns too", () => {
    const matcher = compileOrigins(["https://example.com"], { dangerouslyAllow: ["null"] });
    assert(Object.isFrozen(matcher));
    assert(Object.isFrozen(matcher.patterns));
    assertThrows(() => (matcher.patterns as string[]).push("*"), TypeError);
    assertThrows(() => Object.assign(matcher, { test: () => true }), TypeError);
    assertEquals(Object.keys(matcher).sort(), ["match", "patterns", "test"]);
  });

  test("keeps no reference to what it was made of", () => {
    const patterns = ["https://example.com"];
    const dangerouslyAllow = ["null"];
    const options = { dangerouslyAllow };
    const matcher = compileOrigins(patterns, options);
    patterns[0] = "*";
    patterns.push("*");
    dangerouslyAllow.push("*");
    options.dangerouslyAllow = ["*"];
    assert(!matcher.test("https://evil.test"));
    assertEquals(matcher.match("https://example.com"), "https://example.com");
    assertEquals(matcher.patterns, ["https://example.com", "null"]);
    patterns.length = 0;
    assert(matcher.test("https://example.com"));
    // And what was given may be frozen.
    assert(
      compileOrigins(Object.freeze(["*"]), Object.freeze({ dangerouslyAllow: Object.freeze([]) })).test(""),
    );
  });

  test("works without its object", () => {
    const { test: admits, match } = compileOrigins(["https://example.com"]);
    assert(admits("https://example.com"));
    assertEquals(match("https://example.com"), "https://example.com");
    assertEquals(["https://example.com", "null", null].map(admits), [true, false, false]);
  });

  test("made of the patterns of another is equal to it", () => {
    const matcher = compileOrigins(["https://example.com", "*.EXAMPLE.org", "*"]);
    const again = compileOrigins(matcher.patterns);
    assertEquals(again.patterns, matcher.patterns);
    for (const origin of ["https://example.com", "https://a.example.org", "null", null]) {
      assertEquals(again.match(origin), matcher.match(origin));
    }
  });

  test("with an empty list, or without options, refuses every origin", () => {
    for (
      const matcher of [
        compileOrigins([]),
        compileOrigins([], {}),
        compileOrigins([], { dangerouslyAllow: [] }),
      ]
    ) {
      assertEquals(matcher.patterns, []);
      for (const origin of ["https://example.com", ...OTHER_VALUES]) assert(!matcher.test(origin));
    }
  });

  test("does not exist when a pattern is wrong", () => {
    assertThrows(() => compileOrigins(["https://example.com", "https://example.org/"]), ConfigError);
    assertThrows(() => compileOrigins(["'self'"]), ConfigError);
  });
});

describe("an origin that was let in, and is remembered", () => {
  /** Another string of the same characters. */
  const copyOf = (origin: string | null): string | null => JSON.parse(JSON.stringify(origin));

  test("is let in again, by the same pattern, and nothing that looks like it is", () => {
    const patterns = [".example.com", "https://example.org:8443"];
    const origins = ["https://www.example.com", "https://example.org:8443"];
    const used = compileOrigins(patterns);
    origins.forEach((origin, index) => {
      const parts = partsOf(patterns[index]!, origin);
      for (const name of NAMES) {
        assertEquals(used.match(origin), patterns[index]);
        const mutant = MUTATIONS[name](parts);
        assertEquals(used.match(mutant), compileOrigins(patterns).match(mutant), name);
        assertEquals(used.match(copyOf(origin)), patterns[index]);
        assert(used.test(copyOf(origin)));
      }
    });
  });

  test("changes no answer about what is absent, empty, null or malformed", () => {
    const values = [
      null,
      "",
      "null",
      "https://a.test",
      "malformed",
      "x".repeat(5000),
      undefined,
      5,
    ] as never[];
    for (
      const list of [[], ["null"], ["*"], ["null", "*"], ["*", "null"], ["a.test"], [
        "a.test",
        "null",
      ]] as const
    ) {
      const used = compileOrigins([], { dangerouslyAllow: list });
      // Each after each.
      for (const first of values) {
        for (const second of values) {
          used.test(first);
          const fresh = compileOrigins([], { dangerouslyAllow: list });
          assertEquals(used.match(second), fresh.match(second), `${list}: ${first}, ${second}`);
          assertEquals(used.test(second), fresh.match(second) !== null);
        }
      }
    }
  });

  test("is remembered by the list that let it in alone", () => {
    const [one, other] = [compileOrigins(["https://a.test"]), compileOrigins(["https://b.test"])];
    for (let turn = 0; turn < 3; turn++) {
      assertEquals([one, other].map(({ test }) => test("https://a.test")), [true, false]);
      assertEquals([one, other].map(({ test }) => test("https://b.test")), [false, true]);
    }
  });
});

describe("look-ups", () => {
  /** A host's rule as `parsePattern` makes it. */
  const ruleOf = (pattern: string, place: number): Rule => {
    const parsed = parsePattern(pattern, null, place);
    assert(parsed !== null, pattern);
    return parsed.rule;
  };

  test("of a rule that no origin alone matches: its place stays, and admits nothing", () => {
    const self = { kind: "self", place: 0 } as const;
    const find = compileRules([self, ruleOf("https://example.com", 1), ruleOf("null", 2)]);
    assertEquals(find("https://example.com"), 1);
    assertEquals(find("null"), 2);
    assertEquals(find("https://server.example"), NONE);
    assertEquals(find(null), NONE);
    assertEquals(compileRules([self])("https://server.example"), NONE);
  });

  test("do not look at a value that is too long", () => {
    const { test: admits } = compileOrigins(["https://example.com", ".example.org", "app://*", "[::1]:8080"]);
    assertGrowth(admits, runsOf({ units: ["example.org."] }), CONSTANT);
    assertGrowth(admits, runsOf({ prefix: "https://", suffix: ".example.org" }), CONSTANT);
    assertGrowth(admits, runsOf({ prefix: "app://", suffix: ":8080" }), CONSTANT);
  });

  test("do not compare a value that is too long with the last one, and `*` admits it all the same", () => {
    // The ruler has two copies of each text, and they take turns: whoever remembered one would read all of the other.
    assertGrowth(compileOrigins(["*"]).test, runsOf({ units: ["example.org."] }), CONSTANT);
  });

  test("cost the same whatever the number of patterns", () => {
    const origin = "https://sub.h7.example.com:8007";
    const other = "https://sub.h7.example.com:8006";
    const lists: Readonly<Record<string, (i: number) => string>> = {
      "hosts of one zone": (i) => `https://*.h${i}.example.com:*`,
      "ports of one host": (i) => `https://sub.h7.example.com:${8000 + i}`,
      "schemes of one host": (i) => `s${i}://sub.h7.example.com:*`,
      "zones of one name": (i) => `.h7.example.com.z${i}.example`,
    };
    for (const [name, pattern] of Object.entries(lists)) {
      const matchers = new Map<number, OriginMatcher>();
      const matcherOf = ({ length }: string) => {
        const patterns = Array.from({ length: length >> 4 }, (_, i) => pattern(i));
        if (!matchers.has(length)) matchers.set(length, compileOrigins(patterns));
        return matchers.get(length)!;
      };
      // Look-ups in a list of `length / 16` patterns; two, or the one that was let in would be remembered.
      const run = (text: string) => {
        const { match } = matchers.get(text.length)!;
        return [match(origin), match(other)];
      };
      const make = (length: number) => {
        const text = "x".repeat(length);
        for (const one of [origin, other]) {
          const found = matcherOf(text).match(one);
          assertEquals(found !== null, name === "hosts of one zone" || name === "ports of one host", name);
        }
        return text;
      };
      assertGrowth(run, { [name]: make }, CONSTANT);
    }
  });

  test("that tried one pattern after the other would be seen", () => {
    const lists = new Map<number, OriginMatcher[]>();
    const run = (text: string) => lists.get(text.length)!.some(({ test }) => test("https://evil.test"));
    const make = (length: number) => {
      lists.set(
        length,
        Array.from({ length: length >> 6 }, (_, i) => compileOrigins([`https://*.h${i}.example`])),
      );
      return "x".repeat(length);
    };
    assertGreater(growthExponent(run, make), CONSTANT);
  });
});

test("a list may be long, the dangerous one too", { timeout: 60_000 }, () => {
  const dangerouslyAllow = Array.from({ length: 200_000 }, (_, index) => `h${index}.example`);
  const matcher = compileOrigins(dangerouslyAllow, { dangerouslyAllow });
  assertEquals(matcher.match("https://h199999.example"), "h199999.example");
  assertEquals(compilePolicy({ origins: [], dangerouslyAllow }).origins, []);
});

function hostRules(list: readonly string[]): readonly HostRule[] {
  const issues: ConfigIssue[] = [];
  const rules = readHosts(list, "hosts", issues);
  assertEquals(issues, []);
  return rules;
}

describe("compileHosts", () => {
  /** Each list with what it admits and what it does not; `host port`, a port of 0 where there is none. */
  const TABLE: readonly (readonly [
    list: readonly string[],
    accepts: readonly string[],
    rejects: readonly string[],
  ])[] = [
    [[], [], ["example.com 443", "localhost 80"]],
    [
      ["example.com"],
      ["example.com 80", "example.com 443", "example.com 8443", "example.com 0"],
      [
        "sub.example.com 443",
        "evilexample.com 443",
        "example.com.evil.test 443",
        "example.com. 443",
        "com 443",
        "xample.com 443",
        "example.co 443",
        "examplexcom 443",
      ],
    ],
    [
      [".example.com"],
      ["example.com 80", "sub.example.com 443", "a.b.example.com 8443"],
      ["evilexample.com 443", "sub.evilexample.com 443", "example.com.evil.test 443", "sub.example.com. 443"],
    ],
    [
      ["*.example.com"],
      ["sub.example.com 443", "a.b.example.com 0"],
      ["example.com 443", "evilexample.com 443", "com 443"],
    ],
    [
      ["example.com:8443"],
      ["example.com 8443"],
      ["example.com 443", "example.com 0", "example.com 8444", "sub.example.com 8443"],
    ],
    [
      [".example.com:443"],
      ["example.com 443", "sub.example.com 443"],
      ["example.com 80", "sub.example.com 8443", "sub.example.com 0"],
    ],
    [["example.com:*"], ["example.com 1", "example.com 0"], ["example.org 1"]],
    [["example.com."], ["example.com. 80"], ["example.com 80"]],
    [["127.0.0.1", "[::1]:80"], ["127.0.0.1 8080", "[::1] 80"], [
      "[::1] 8080",
      "127.0.0.2 80",
      "127.0.0.11 80",
    ]],
    [["foo.com", "bar.com"], ["foo.com 80", "bar.com 80"], ["barfoo.com 80", "foobar.com 80"]],
    [
      ["example.com:80", "example.com:81", "*.example.com:82"],
      ["example.com 80", "example.com 81", "sub.example.com 82"],
      ["example.com 82", "sub.example.com 80"],
    ],
  ];

  test("admits the hosts of its entries, whole labels only", () => {
    for (const [list, accepts, rejects] of TABLE) {
      const find = compileHosts(hostRules(list));
      for (const [texts, expected] of [[accepts, true], [rejects, false]] as const) {
        for (const text of texts) {
          const [host, port] = text.split(" ") as [string, string];
          assertEquals(
            find(host, host.length, Number(port)) !== NONE,
            expected,
            `${list.join(" ")}: ${text}`,
          );
        }
      }
    }
  });

  test("keeps no reference to the list of rules", () => {
    const rules = [...hostRules(["example.com"])];
    const find = compileHosts(rules);
    rules.push(...hostRules(["example.org"]));
    assertEquals(find("example.org", "example.org".length, 443), NONE);
    rules.length = 0;
    assertEquals(find("example.com", "example.com".length, 443), 0);
  });
});
