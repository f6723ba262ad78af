// Explanations held against a naive reading: that the cause is the true one, and that what is suggested lets in what was
// refused and nothing else. Each way of coming near is in `near_misses_test.ts`.

import { readAllowedHosts } from "../../src/verdict/policy.ts";
import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import {
  check,
  compilePolicy,
  type DenyReason,
  explain,
  type Explanation,
  type Handshake,
  type NearMissCode,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { explainAs } from "../../src/explain/explain.ts";
import { outcome } from "../denials.ts";
import { handshakeOf, untyped } from "../doubles.ts";
import { chance, mutate, randomCandidate, randomList, takeSeed } from "../matcher/generator.ts";
import { classify, naiveCheck, naiveMatcher, type NaiveOrigin } from "../matcher/naive.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { followed } from "../suggestions.ts";
import {
  attackHandshake,
  attackOptions,
  attacks,
  capturedHandshake,
  capturedRows,
  handshakes,
  hostAttackUrl,
  judgeAll,
} from "../vectors.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

// ---- the oracle -----------------------------------------------------------------------------------------------------

type Tuple = NaiveOrigin & { readonly kind: "tuple" };

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };
const SAME_HOST: readonly NearMissCode[] = ["scheme", "http-page-to-tls-socket", "socket-scheme"];
const OF_ANOTHER_HOST: readonly NearMissCode[] = [
  "loopback-name",
  "look-alike",
  "parent-of-listed",
  "listed-name-in-front",
  "listed-name-glued",
  "sibling",
];

const OF_ITS_OWNER: readonly NearMissCode[] = ["trailing-dot", "apex-left-out", "missing-subdomain-wildcard"];

/**
 * What may be named as the cause of a refusal, found by trying: which change of the origin would have been admitted?
 * Every pattern is tried anew, with every port and scheme that stands in the list.
 */
function causes(reason: DenyReason, handshake: Handshake, options: PolicyOptions): readonly NearMissCode[] {
  const host = handshake.headers.get("host")!;
  const value = handshake.headers.get("origin")!;
  switch (reason) {
    case "origin-absent":
      return handshake.headers.get("cookie") !== null || handshake.headers.get("authorization") !== null
        ? ["absent-with-credentials"]
        : ["absent-origin"];
    case "origin-empty":
      return ["empty-origin"];
    case "origin-null":
      return ["null-origin"];
    case "origin-malformed":
      if (/^file:/i.test(value)) return ["file-page"];
      return value.split(/[, ]+/).length > 1 &&
          value.split(/[, ]+/).every((part) => ["tuple", "null"].includes(classify(part).kind))
        ? ["several-origins"]
        : ["malformed-origin"];
    case "host-not-allowed":
      return causesOfHost(host, options);
    case "origin-not-allowed":
      return [...causesOfOrigin(classify(value) as Tuple, host, options), ...ofSelf(value, host, options)];
    default:
      return [reason as NearMissCode];
  }
}

/** A list's patterns are read once for the many handshakes that are judged by it in a row. */
let lastList: { readonly key: string; readonly matches: (origin: string) => number } | undefined;

function causesOfOrigin(origin: Tuple, hostHeader: string, options: PolicyOptions): readonly NearMissCode[] {
  const listed = [...options.origins, ...options.dangerouslyAllow ?? []].filter((it) => it !== "'self'");
  // "Every host of a scheme" is near to that scheme alone.
  const patterns = listed.filter((it) =>
    !/:\/\/\*(?::|$)/.test(it) || it.toLowerCase().startsWith(`${origin.scheme}://`)
  );
  const key = JSON.stringify(patterns);
  if (lastList?.key !== key) lastList = { key, matches: naiveMatcher(patterns) };
  const { matches } = lastList;
  const schemes = [
    ...new Set([
      "http",
      "https",
      "ws",
      "wss",
      ...patterns.flatMap((it) => it.includes("://") ? [it.split("://")[0]!.toLowerCase()] : []),
    ]),
  ];
  const ports = [
    ...new Set(["", ...patterns.flatMap((it) => /:(\d+)$/.exec(it)?.[0] ?? []), ":80", ":443", ":9"]),
  ];
  const admitted = (scheme: string, host: string, port: string) => matches(`${scheme}://${host}${port}`) >= 0;
  const { host } = origin;
  const port = origin.port === null || origin.port === DEFAULT_PORTS[origin.scheme] ? "" : `:${origin.port}`;
  const anyPort = (scheme: string, name = host) => ports.some((it) => admitted(scheme, name, it));
  const somehow = (name: string) => schemes.some((scheme) => anyPort(scheme, name));

  const [, hostName, hostPort] = /^(.*?)(?::(\d+))?$/.exec(hostHeader.toLowerCase())!;
  const isHosts = hostName === host &&
    (hostPort === undefined
      ? origin.port === (DEFAULT_PORTS[origin.scheme] ?? null)
      : Number(hostPort) === origin.port);
  if (isHosts && options.origins.includes("'self'")) {
    return [...SAME_HOST, "scheme-behind-proxy", "port", ...OF_ANOTHER_HOST, ...OF_ITS_OWNER];
  }
  if (anyPort(origin.scheme)) return ["port", "localhost-port"];
  const writtenPorts = [port, `:${origin.port ?? 0}`];
  // A name that deceives comes before the same name under another scheme, and so does one of the same owner.
  const first = [...OF_ANOTHER_HOST, ...OF_ITS_OWNER];
  const earlier = first.filter((code) => code !== "sibling");
  if (schemes.some((scheme) => writtenPorts.some((it) => admitted(scheme, host, it)))) {
    return [...SAME_HOST, ...earlier];
  }
  if (somehow(host)) return ["scheme-and-port", "socket-scheme", ...earlier];
  if (somehow(host.endsWith(".") ? host.slice(0, -1) : `${host}.`)) return ["trailing-dot"];
  // A name as long as names may be has none below it to try.
  const tooLong = host.length > 253 &&
    patterns.some((it) => it.toLowerCase().replace(/:(?:\d+|\*)$/, "").endsWith(`*.${host}`));
  if (tooLong || somehow(`x.${host}`)) return ["apex-left-out"];
  const above = host.split(".").slice(1).map((_, index, all) => all.slice(index).join("."));
  if (above.some((name) => name !== "" && somehow(name))) return ["missing-subdomain-wildcard"];
  if (isHosts) return ["self-not-listed", ...OF_ANOTHER_HOST.filter((code) => code !== "sibling")];
  return [...OF_ANOTHER_HOST, "not-listed"];
}

/** The Host's own host on another port is near to 'self'. */
function ofSelf(value: string, host: string, { origins }: PolicyOptions): readonly NearMissCode[] {
  const origin = classify(value) as Tuple;
  const near = origins.includes("'self'") && origin.host === host.toLowerCase().replace(/:\d+$/, "");
  return near ? ["port", "localhost-port", "scheme-and-port"] : [];
}

function causesOfHost(host: string, { hosts = [], debug }: PolicyOptions): readonly NearMissCode[] {
  const entries = [...hosts, ...debug ? ["localhost", "*.localhost", "127.0.0.1", "[::1]"] : []];
  const matches = naiveMatcher(entries);
  const ports = ["", ...entries.flatMap((it) => /:(\d+)$/.exec(it)?.[0] ?? [])];
  const somehow = (name: string) => ports.some((port) => matches(`http://${name}${port}`) >= 0);
  const name = host.toLowerCase().replace(/:\d+$/, "");
  if (somehow(name)) return ["host-port"];
  if (somehow(name.endsWith(".") ? name.slice(0, -1) : `${name}.`)) return ["host-trailing-dot"];
  if (somehow(`x.${name}`)) return ["host-apex-left-out"];
  const above = name.split(".").slice(1).map((_, index, all) => all.slice(index).join("."));
  return above.some((it) => it !== "" && somehow(it))
    ? ["host-missing-subdomain-wildcard"]
    : ["host-not-listed"];
}

/** Causes that no entry is about: of apps, of this machine, of programs, of what stands in front; and slips of the pen. */
function causesOfOthers(
  reason: DenyReason,
  { url, headers }: Handshake,
  options: PolicyOptions,
): readonly NearMissCode[] {
  const isBrowser = /^Mozilla/.test(headers.get("user-agent") ?? "") ||
    headers.get("sec-fetch-site") !== null ||
    headers.get("sec-fetch-dest") !== null;
  const isProgram = !isBrowser && headers.get("sec-websocket-key") !== null;
  if (reason === "origin-absent") return isBrowser ? ["origin-stripped"] : [];
  if (reason === "origin-malformed") return isProgram ? ["native-client"] : [];
  if (reason !== "origin-not-allowed" && reason !== "host-not-allowed") return [];
  const origin = classify(headers.get("origin"));
  const { origins, hosts = [], debug = false, scheme } = options;
  const [, name, port] = /^(.*?)(?::(\d+))?$/.exec(headers.get("host")!.toLowerCase())!;
  const entries = [...reason === "host-not-allowed" ? hosts : origins, ...options.dangerouslyAllow ?? []];
  const found: NearMissCode[] = [];
  if (isSlipOf(reason === "host-not-allowed" ? name! : origin.kind === "tuple" ? origin.host : "", entries)) {
    found.push("misspelt");
  }
  const isLocal = (host: string) => /^(?:(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
  const localEntries = [...origins, ...options.dangerouslyAllow ?? [], ...hosts].some((it) =>
    isLocal(
      it.toLowerCase().replace(/^.*:\/\//, "").replace(/^\[[0:]+:0*1\]/, "[::1]").replace(/:[^:\]]*$/, "")
        .replace(/^\*?\./, ""),
    )
  );
  if (isLocal(name!) && (localEntries || debug)) found.push("loopback-name");
  if (origin.kind !== "tuple") return found;
  const { scheme: itsScheme, host } = origin;
  const isWeb = itsScheme === "http" || itsScheme === "https";
  const isSocket = itsScheme === "ws" || itsScheme === "wss";
  if (isSocket || isProgram) found.push("native-client");
  if (itsScheme === "file") found.push("file-page");
  if (!isWeb && !isSocket && itsScheme !== "file") found.push("app-page", "app-instance");
  if (
    /^https?:\/\/(?:localhost|tauri\.localhost|wails\.localhost|0\.0\.0\.[01])$/.test(
      `${itsScheme}://${host}`,
    )
  ) {
    found.push("app-page");
  }
  if (itsScheme === "https" && /^[^.]{32}/.test(host)) found.push("app-instance");
  if (isWeb && (isLocal(host) || host === "0.0.0.0" || host === "[::]")) found.push("local-page");
  if (isLocal(host) && (localEntries || origins.includes("'self'"))) found.push("loopback-name");
  const canHaveProxy = origins.includes("'self'") || reason === "host-not-allowed";
  if (canHaveProxy && name === host && port === undefined) found.push("port-behind-proxy");
  if (
    canHaveProxy && name !== host &&
    ([80, 443, origin.port].some((it) => naiveMatcher(hosts)(`http://${host}:${it}`) >= 0) ||
      /^[^.]+$|\.(?:internal|local)\.?$|^(?:10|192\.168|169\.254)\.|^\[f[cde]/.test(name!) || isLocal(name!))
  ) {
    found.push("host-behind-proxy");
  }
  if (reason === "host-not-allowed" && scheme === undefined && !url.startsWith("https:") && name === host) {
    found.push("scheme-behind-proxy");
  }
  return found;
}

/** Whether a name is nearly that of an entry, by the whole table of edits. */
function isSlipOf(name: string, entries: readonly string[]): boolean {
  return entries.some((entry) => {
    const listed = entry.toLowerCase().replace(/^.*:\/\//, "").replace(/:[^:\]]*$/, "").replace(/^\*?\./, "");
    const ascii = /\P{ASCII}/u.test(listed) ? new URL(`http://${listed}`).hostname : listed;
    const tail = name.split(".").slice(-ascii.split(".").length).join(".");
    const before = (text: string) => text.split(".")[0]!;
    return [name, tail].some((it) => edits(it, ascii) <= 2 || before(it) === before(ascii));
  }) || entries.some((entry) => /^[a-z0-9+.-]+:\/\//i.test(entry) && !/^(?:https?|wss?):/i.test(entry));
}

function edits(a: string, b: string): number {
  const rows = Array.from(
    { length: a.length + 1 },
    (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      rows[i]![j] = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + Number(a[i - 1] !== b[j - 1]),
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? rows[i - 2]![j - 2]! + 1
          : Infinity,
      );
    }
  }
  return rows[a.length]![b.length]!;
}

/** What is wrong with an explanation of a refusal; null: nothing. */
function falseCause(explanation: Explanation, handshake: Handshake, options: PolicyOptions): string | null {
  const expected = naiveCheck(handshake, options);
  if (outcome(explanation.decision) !== expected) return `the verdict is ${expected}`;
  if (expected === "allowed") {
    return explanation.nearest.length === 0 ? null : "something came near, and it is allowed";
  }
  const [first] = explanation.nearest;
  if (first === undefined) return "no cause is named";
  const possible = [...causes(expected, handshake, options), ...causesOfOthers(expected, handshake, options)];
  return possible.includes(first.code) ? null : `${first.code} is named, ${possible.join(" or ")} it is`;
}

// ---- suggestions ----------------------------------------------------------------------------------------------------

/** Two origins that are one: scheme, host and effective port. */
function sameOrigin(a: string | null, b: string | null): boolean {
  const [one, other] = [classify(a), classify(b)];
  return a === b || one.kind === "tuple" && JSON.stringify(one) === JSON.stringify(other);
}

/** What is wrong with what an explanation suggests, over other handshakes too; null: nothing. */
function falseSuggestion(
  explanation: Explanation,
  handshake: Handshake,
  options: PolicyOptions,
  corpus: readonly Handshake[],
): string | null {
  const before = compilePolicy(options);
  const tried = new Set<string>();
  for (const { suggestion } of explanation.nearest) {
    if (suggestion === null || tried.has(suggestion.field + suggestion.entry)) continue;
    const { field, entry } = suggestion;
    tried.add(field + entry);
    const after = compilePolicy(followed(options, suggestion));
    const now = check(handshake, after);
    if (!now.allowed) return `${entry} in ${field}: still ${outcome(now)}`;
    if (naiveCheck(handshake, followed(options, suggestion)) !== outcome(now)) {
      return "the naive verdict differs";
    }
    if (field === "scheme" || field === "absent" || field === "debug") continue;
    // What else such an entry admits is said as its danger.
    if (entry.includes("://*")) {
      if (suggestion.danger === null) return `${entry} without a danger`;
      continue;
    }
    for (const other of corpus) {
      const newly = check(other, after).allowed && !check(other, before).allowed;
      const same = field === "hosts"
        ? other.headers.get("host")!.toLowerCase().startsWith(entry.replace(/:\d+$/, ""))
        : sameOrigin(other.headers.get("origin"), handshake.headers.get("origin"));
      if (newly && !same) return `${entry} in ${field} lets in ${other.headers.get("origin")} as well`;
      const due = field !== "hosts" && same && check(other, before).allowed === false &&
        !outcome(check(other, before)).startsWith("host-");
      if (due && !newly) return `${entry} in ${field} does not let in ${other.headers.get("origin")}`;
    }
  }
  return null;
}

// ---- the recorded cases ---------------------------------------------------------------------------------------------

const capturedCorpus = handshakes.map(capturedHandshake);
const attackCorpus = attacks.origin.map(attackHandshake);
const corpus: readonly Handshake[] = [...capturedCorpus, ...attackCorpus];

describe("explain(): the recorded cases", () => {
  test("attacks on the origin: the true cause, and suggestions that let in nothing else", async () => {
    await judgeAll("explained attacks.origin", attacks.origin, 94, (attack) => {
      const options = attackOptions(attack);
      const handshake = attackHandshake(attack);
      const explanation = explain(handshake, compilePolicy(options));
      return falseCause(explanation, handshake, options) ??
        falseSuggestion(explanation, handshake, options, corpus);
    });
  });

  test("attacks on the Host: the true cause", async () => {
    await judgeAll("explained attacks.host", attacks.host, 54, (attack) => {
      const options = { origins: ["*"], hosts: attack.allowedHosts, debug: attack.debug === true };
      const handshake = handshakeOf({
        url: hostAttackUrl(attack),
        headers: { host: attack.host },
      });
      const explanation = explain(handshake, compilePolicy(options));
      return falseCause(explanation, handshake, options) ??
        falseSuggestion(explanation, handshake, options, []);
    });
  });

  test("captured handshakes: the true cause, and suggestions that let in nothing else", async () => {
    const tried = new Set<string>();
    await judgeAll("explained handshakes", capturedRows, 428 * 4, ({ policy, options, handshake: row }) => {
      const handshake = capturedHandshake(row);
      const explanation = explain(handshake, compilePolicy(options));
      // The same suggestion for the same list needs its walk over the corpus once.
      const key = JSON.stringify([policy, options.scheme, explanation.nearest]);
      const others = tried.has(key) ? [] : corpus;
      tried.add(key);
      return falseCause(explanation, handshake, options) ??
        falseSuggestion(explanation, handshake, options, others);
    });
  });
});

describe("explain(): random refusals", () => {
  const seed = takeSeed("explain");
  const named = new Map<NearMissCode, number>();
  let refused = 0;

  // In parts, each far below the time that a test may take on a busy machine.
  for (const part of [1, 2, 3, 4, 5]) {
    test(`the true cause, and suggestions that let in nothing else: part ${part} of 5`, () => {
      explainSome(new Random(seed + part), part * 20_000);
    });
  }
  test("there were 100,000, and every kind of them", () => {
    const counts = [...named].map(([code, count]) => `${count} ${code}`);
    console.log(`explain[${runtime}] ${refused} refusals: ${counts.join(", ")}`);
    assert(refused >= 100_000);
    assert(named.size > 24, String(named.size));
  });

  function explainSome(random: Random, until: number): void {
    while (refused < until) {
      const list = randomList(random, "wsgate");
      const self = chance(random, 20);
      const hosts = ["site.test", ".goodsite.com", "localhost:3000"];
      const options: PolicyOptions = {
        origins: [...list.patterns, ...self ? ["'self'"] : []],
        dangerouslyAllow: list.dangerouslyAllow,
        ...self || chance(random, 20) ? { hosts } : {},
        ...random.pick([{}, { scheme: "http" }, { scheme: "https" }] as const),
        ...random.pick([{}, { absent: "deny" }, { absent: "allow-without-credentials" }] as const),
      };
      const policy = compilePolicy(options);
      for (let tries = list.made.length > 20 ? 5 : 20; tries > 0; tries--) {
        const origin = self && chance(random, 10)
          ? random.pick(["https://site.test", "http://site.test", "https://site.test:8443"])
          : randomCandidate(random, list, "wsgate").origin;
        const tuple = classify(origin);
        const own = tuple.kind === "tuple" && chance(random, 20)
          ? `${tuple.host}${tuple.port === null || chance(random, 50) ? "" : `:${tuple.port}`}`
          : random.pick([
            "site.test",
            "site.test",
            "site.test:8443",
            "a.goodsite.com",
            "localhost",
            "site.test.",
          ]);
        const handshake = handshakeOf({
          url: random.pick(["/", `http://${own}/`, `https://${own}/`]),
          headers: { host: own, origin, cookie: chance(random, 10) ? "a=b" : null },
        });
        if (check(handshake, policy).allowed) continue;
        refused++;
        const explanation = explain(handshake, policy);
        const { code } = explanation.nearest[0]!;
        named.set(code, (named.get(code) ?? 0) + 1);
        const others = origin === null ? [] : [
          origin,
          mutate(random, origin, "well-formed"),
          mutate(random, origin, "well-formed"),
          mutate(random, origin, "malformed"),
        ].map((other) => handshakeOf({ url: "/", headers: { host: own, origin: other } }));
        const wrong = falseCause(explanation, handshake, options) ??
          falseSuggestion(explanation, handshake, options, others);
        if (wrong !== null) {
          fail(`${wrong}\n${JSON.stringify({ options, origin, own, explanation }, null, 1)}`);
        }
      }
    }
  }
});

// ---- what arrived, and what decided ---------------------------------------------------------------------------------

const POLICY = {
  origins: ["https://a.test", ".b.test", "https://a.test", "'self'"],
  dangerouslyAllow: ["null", "https://*.vercel.app"],
  hosts: ["self.test", ".c.test"],
  debug: true,
  absent: "allow-without-credentials",
} as const;

/** An explanation under the policy above. */
function explained(
  headers: Readonly<Record<string, string | null>>,
  url = "/",
  options: PolicyOptions = POLICY,
) {
  return explain(handshakeOf({ url, headers: { host: "self.test", ...headers } }), compilePolicy(options));
}

describe("explain(): what arrived", () => {
  const origins: [origin: string | null, expected: Explanation["origin"]][] = [
    [null, { kind: "absent", shown: "absent" }],
    ["", { kind: "empty", shown: '""' }],
    ["null", { kind: "null", shown: '"null"' }],
    ["https://A.test", { kind: "malformed", shown: '"https://A.test"' }],
    ["https://a.test:443", {
      kind: "tuple",
      shown: "https://a.test",
      scheme: "https",
      host: "a.test",
      port: 443,
    }],
    ["http://[::1]:81", { kind: "tuple", shown: "http://[::1]:81", scheme: "http", host: "[::1]", port: 81 }],
    ["app://x", { kind: "tuple", shown: "app://x", scheme: "app", host: "x", port: null }],
  ];
  for (const [origin, expected] of origins) {
    test(`Origin ${JSON.stringify(origin)}`, () => assertEquals(explained({ origin }).origin, expected));
  }
  const hosts: [host: string | null, expected: Explanation["host"]][] = [
    [null, { kind: "absent", shown: "absent" }],
    ["", { kind: "malformed", shown: '""' }],
    ["a, b", { kind: "malformed", shown: '"a, b"' }],
    ["Self.test", { kind: "name", shown: "Self.test", host: "self.test", port: null }],
    ["127.0.0.1:80", { kind: "ipv4", shown: "127.0.0.1:80", host: "127.0.0.1", port: 80 }],
    ["[::1]", { kind: "ipv6", shown: "[::1]", host: "[::1]", port: null }],
  ];
  for (const [host, expected] of hosts) {
    test(`Host ${JSON.stringify(host)}`, () => assertEquals(explained({ host }).host, expected));
  }
  const urls: [url: string, authority: string | null][] = [
    ["/chat", null],
    ["http://Self.test:80/", "self.test:80"],
    ["WS://self.test?x", "self.test"],
    ["http://u:p@self.test/", '"..."'],
    ["http://\x1b[31m/", '"\\u001b[31m"'],
    ["foo:///", '""'],
    ["//self.test/", null],
  ];
  for (const [url, authority] of urls) {
    test(`URL ${JSON.stringify(url)}`, () => assertEquals(explained({}, url).authority, authority));
  }
  test("credentials are told of, never shown", () => {
    eachRow(["cookie", "authorization"], (name) => {
      const explanation = explained({ origin: "https://a.test", [name]: "secret" });
      assertEquals(explanation.credentials, true);
      assert(!JSON.stringify(explanation).includes("secret"));
    });
    assertEquals(explained({ origin: "https://a.test" }).credentials, false);
  });
});

describe("explain(): what decided", () => {
  const table: [headers: Record<string, string | null>, rule: Explanation["rule"]][] = [
    [{ origin: "https://a.test" }, { list: "origins", index: 0, pattern: "https://a.test" }],
    [{ origin: "http://x.b.test:1" }, { list: "origins", index: 1, pattern: ".b.test" }],
    [{ origin: "http://self.test" }, { list: "origins", index: 3, pattern: "'self'" }],
    [{ origin: "null" }, { list: "dangerouslyAllow", index: 0, pattern: "null" }],
    [{ origin: "https://x.vercel.app" }, {
      list: "dangerouslyAllow",
      index: 1,
      pattern: "https://*.vercel.app",
    }],
    [{ origin: "http://127.0.0.1:3000" }, { list: "debug", index: 4, pattern: "http://127.0.0.1:*" }],
    [{}, { list: "absent", index: -1, pattern: "allow-without-credentials" }],
    [{ cookie: "a=b" }, { list: "absent", index: -1, pattern: "allow-without-credentials" }],
    [{ origin: "https://evil.test" }, null],
    [{ origin: "" }, null],
    [{ host: "evil.test" }, null],
    [{ host: "evil.test", origin: "https://a.test" }, null],
  ];
  for (const [headers, rule] of table) {
    test(JSON.stringify(headers), () => assertEquals(explained(headers, "http://self.test/").rule, rule));
  }

  test("a refused Host comes with what would be refused next", () => {
    const next = (headers: Record<string, string | null>, url?: string) => explained(headers, url).next;
    assertEquals(next({ host: "evil.test", origin: "https://a.test" }), null);
    assertEquals(next({ host: "evil.test", origin: "https://evil.test" }), "origin-not-allowed");
    assertEquals(next({ host: "evil.test", origin: "" }), "origin-empty");
    assertEquals(next({ origin: "x" }, "http://evil.test/"), "origin-malformed");
    assertEquals(next({ host: "a, b", origin: "x" }), null, "what would the Host be?");
    assertEquals(next({ origin: "x" }), null, "the Origin is what was refused");
  });
});

describe("explain(): the object", () => {
  const samples = [
    explained({ origin: "https://a.test" }),
    explained({ origin: "https://a.test:8443" }),
    explained({ origin: "\u202e\x1b[2J" }),
    explained({ host: "x.self.test", origin: "https://evil.test" }),
    explained({ host: null }),
  ];

  test("survives JSON", () => {
    eachRow(samples, (sample) => assertEquals(JSON.parse(JSON.stringify(sample)), sample));
  });
  test("is frozen in every part", () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null ||
      Object.isFrozen(value) && Object.values(value).every(frozen);
    eachRow(samples, (sample) => assert(frozen(sample)));
  });
  test("the verdict is that of check(), the same object", () => {
    const policy = compilePolicy(POLICY);
    const handshake = handshakeOf({ url: "/", headers: { host: "self.test", origin: "x" } });
    assert(explain(handshake, policy).decision === check(handshake, policy));
  });
  test("a copy of a policy is none", () => {
    assertThrows(() => explain(handshakeOf({}), untyped({ ...compilePolicy(POLICY) })), TypeError);
  });
  test("at most five come near", () => {
    const origins = Array.from({ length: 50 }, (_, index) => `https://a.test:${index + 1000}`);
    const { nearest } = explained({ origin: "https://a.test" }, "/", { origins });
    assertEquals(nearest.map(({ entry }) => entry?.index), [0, 1, 2, 3, 4]);
  });
});

describe("explainAs(): for a guard", () => {
  const hosts = ["a.test:8443", "b.test"];
  const policy = readAllowedHosts({ allowedHosts: hosts }, [], true)!;
  const told = (headers: Record<string, string>) =>
    explainAs(handshakeOf({ url: "/", headers: { host: "b.test", ...headers } }), policy);

  test("of allowedHosts, names the hosts that the operator wrote", () => {
    assertEquals(told({ origin: "https://b.test" }).rule, {
      list: "allowedHosts",
      index: 1,
      pattern: "b.test",
    });
    assertEquals(told({ origin: "http://a.test:8443" }).rule?.index, 0);
    const table: [headers: Record<string, string>, code: NearMissCode, entry: string | undefined][] = [
      [{ origin: "https://a.test" }, "port", "a.test"],
      [{ origin: "https://a.test:9" }, "port", "a.test:9"],
      [{ origin: "http://x.b.test" }, "missing-subdomain-wildcard", "x.b.test"],
      [{ origin: "app://b.test" }, "app-page", undefined],
      [{ host: "a.test:9", origin: "https://b.test" }, "host-behind-proxy", undefined],
      [{ host: "a.test:9", origin: "https://a.test:8443" }, "host-port", "a.test:9"],
      [{ host: "c.test", origin: "https://b.test" }, "host-behind-proxy", undefined],
      [{ host: "other.example", origin: "https://other.example" }, "host-not-listed", undefined],
    ];
    eachRow(table, ([headers, code, entry]) => {
      const { nearest } = told(headers);
      assertEquals([nearest[0]?.code, nearest[0]?.suggestion?.entry], [code, entry]);
      const places = nearest.flatMap(({ entry }) => entry?.index ?? []);
      assertEquals(new Set(places).size, places.length, "each entry once");
      eachRow(nearest, ({ suggestion }) => {
        if (suggestion !== null) assertEquals(suggestion.field, "allowedHosts");
      });
    });
  });

  test("a list that is too long is not searched", () => {
    const origins = Array.from({ length: 11 }, (_, index) => `https://a${index}.test`);
    const long = compilePolicy({ origins, hosts: origins.map((origin) => origin.slice(8)) });
    const near = (headers: Record<string, string>, searchAtMost: number) =>
      explainAs(handshakeOf({ url: "/", headers: { host: "a1.test", ...headers } }), long, { searchAtMost })
        .nearest[0]!;
    assertEquals(near({ origin: "https://a2.test:8443" }, 11).code, "port");
    const { code, text } = near({ origin: "https://a2.test:8443" }, 10);
    assertEquals(code, "not-listed");
    words.assert("a list that is too long", text);
    assertEquals(near({ host: "x.a1.test" }, 11).code, "host-missing-subdomain-wildcard");
    assertEquals(near({ host: "x.a1.test" }, 10).code, "host-not-listed");
  });
});

words.end();
