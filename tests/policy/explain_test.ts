// Explanations held against a naive reading: that the cause is the true one, and that what is suggested lets in what was
// refused and nothing else. The wording is in `explanation_text_test.ts`, each way of coming near in `near_misses_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import {
  check,
  compilePolicy,
  type Decision,
  type DenyReason,
  explain,
  type Explanation,
  type Handshake,
  type NearMissCode,
  type PolicyOptions,
} from "@wsgate/wsgate";
import { explainAs } from "../../src/policy/explain.ts";
import { handshakeOf, untyped } from "../doubles.ts";
import { chance, mutate, randomCandidate, randomList, takeSeed } from "../origin/generator.ts";
import { classify, naiveCheck, naiveMatcher, type NaiveOrigin } from "../origin/naive.ts";
import { Random } from "../random.ts";
import { runtime } from "../runtime.ts";
import {
  attackHandshake,
  attackOptions,
  attacks,
  captured,
  capturedHandshake,
  handshakes,
  judgeAll,
  siteScheme,
} from "../vectors.ts";

function outcome(decision: Decision): DenyReason | "allowed" {
  return decision.allowed ? "allowed" : decision.reason;
}

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
      return [
        "host-port",
        "host-trailing-dot",
        "host-apex-left-out",
        "host-missing-subdomain-wildcard",
        "host-not-listed",
      ];
    case "origin-not-allowed":
      return causesOfOrigin(classify(value) as Tuple, host, options);
    default:
      return [reason as NearMissCode];
  }
}

function causesOfOrigin(origin: Tuple, hostHeader: string, options: PolicyOptions): readonly NearMissCode[] {
  const listed = [...options.origins, ...options.dangerouslyAllow ?? []].filter((it) => it !== "'self'");
  // "Every host of a scheme" is near to that scheme alone.
  const patterns = listed.filter((it) => !/:\/\/\*(?::|$)/.test(it) || it.toLowerCase().startsWith(`${origin.scheme}://`));
  const matches = naiveMatcher(patterns);
  const schemes = [
    ...new Set([
      "http",
      "https",
      "ws",
      "wss",
      ...patterns.flatMap((it) => it.includes("://") ? [it.split("://")[0]!.toLowerCase()] : []),
    ]),
  ];
  const ports = ["", ...patterns.flatMap((it) => /:(\d+)$/.exec(it)?.[0] ?? []), ":80", ":443", ":9"];
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
  if (isHosts && options.origins.includes("'self'")) return [...SAME_HOST, "scheme-behind-proxy", "port"];
  if (anyPort(origin.scheme)) return ["port", "localhost-port"];
  const writtenPorts = [port, `:${origin.port ?? 0}`];
  if (schemes.some((scheme) => writtenPorts.some((it) => admitted(scheme, host, it)))) return SAME_HOST;
  if (somehow(host)) return ["scheme-and-port", "socket-scheme"];
  if (somehow(host.endsWith(".") ? host.slice(0, -1) : `${host}.`)) return ["trailing-dot"];
  // A name as long as names may be has none below it to try.
  const tooLong = host.length > 253 && patterns.some((it) => it.toLowerCase().includes(`*.${host}`));
  if (tooLong || somehow(`x.${host}`)) return ["apex-left-out"];
  const above = host.split(".").slice(1).map((_, index, all) => all.slice(index).join("."));
  if (above.some((name) => name !== "" && somehow(name))) return ["missing-subdomain-wildcard"];
  if (isHosts) return ["self-not-listed"];
  return [...OF_ANOTHER_HOST, "not-listed"];
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
  const possible = causes(expected, handshake, options);
  return possible.includes(first.code) ? null : `${first.code} is named, ${possible.join(" or ")} it is`;
}

// ---- suggestions ----------------------------------------------------------------------------------------------------

/** The options with a suggestion followed. */
function followed(
  options: PolicyOptions,
  { field, entry }: NonNullable<Explanation["nearest"][0]["suggestion"]>,
) {
  const list = { ...options }[field as "origins"];
  return {
    ...options,
    [field]: field === "absent" || field === "scheme" ? entry : [...list ?? [], entry],
  } as PolicyOptions;
}

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
    if (field === "hosts") {
      // The Host was refused first; what its Origin is worth is told as `next`.
      if (outcome(now) !== (explanation.next ?? "allowed")) return `${entry} in hosts: ${outcome(now)}`;
    } else if (!now.allowed) return `${entry} in ${field}: still ${outcome(now)}`;
    if (naiveCheck(handshake, followed(options, suggestion)) !== outcome(now)) {
      return "the naive verdict differs";
    }
    if (field === "scheme" || field === "absent") continue;
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
        url: attack.url ?? `http://${attack.host ?? "localhost:8000"}/p`,
        headers: { host: attack.host },
      });
      const explanation = explain(handshake, compilePolicy(options));
      return falseCause(explanation, handshake, options) ??
        falseSuggestion(explanation, handshake, options, []);
    });
  });

  test("captured handshakes: the true cause, and suggestions that let in nothing else", async () => {
    const rows = Object.entries(captured.policies).flatMap(([name, policy]) =>
      handshakes.map((handshake, index) => ({ name, policy, handshake, index }))
    );
    const tried = new Set<string>();
    await judgeAll("explained handshakes", rows, 428 * 4, ({ policy, name, handshake: row }) => {
      const options = { ...policy, scheme: siteScheme(row) };
      const handshake = capturedHandshake(row);
      const explanation = explain(handshake, compilePolicy(options));
      // The same suggestion for the same list needs its walk over the corpus once.
      const key = JSON.stringify([name, options.scheme, explanation.nearest]);
      const others = tried.has(key) ? [] : corpus;
      tried.add(key);
      return falseCause(explanation, handshake, options) ??
        falseSuggestion(explanation, handshake, options, others);
    });
  });
});

describe("explain(): random refusals", () => {
  test(
    "100,000 of them: the true cause, and suggestions that let in nothing else",
    { timeout: 110_000 },
    () => {
      const random = new Random(takeSeed("explain"));
      const named = new Map<NearMissCode, number>();
      let refused = 0;
      while (refused < 100_000) {
        const list = randomList(random, "wsgate");
        const self = chance(random, 20);
        const hosts = self || chance(random, 20)
          ? { hosts: ["site.test", ".goodsite.com", "localhost:3000"] }
          : {};
        const options: PolicyOptions = {
          origins: [...list.patterns, ...self ? ["'self'"] : []],
          dangerouslyAllow: list.dangerouslyAllow,
          ...hosts,
          ...random.pick([{}, { scheme: "http" }, { scheme: "https" }] as const),
          ...random.pick([{}, { absent: "deny" }, { absent: "allow-without-credentials" }] as const),
        };
        const policy = compilePolicy(options);
        for (let tries = list.made.length > 20 ? 5 : 20; tries > 0; tries--) {
          const { origin } = randomCandidate(random, list, "wsgate");
          const tuple = classify(origin);
          const own = tuple.kind === "tuple" && chance(random, 20)
            ? `${tuple.host}${tuple.port === null || chance(random, 50) ? "" : `:${tuple.port}`}`
            : random.pick([
              "site.test",
              "site.test:8443",
              "www.goodsite.com",
              "localhost",
              "server.example",
              "site.test.",
            ]);
          const handshake = handshakeOf({
            url: random.pick(["/", `http://${own}/`, `https://${own}/`]),
            headers: { host: own, origin, cookie: chance(random, 10) ? "a=b" : null },
          });
          if (check(handshake, policy).allowed) continue;
          refused++;
          const explanation = explain(handshake, policy);
          const code = explanation.nearest[0]!.code;
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
            fail(
              `${wrong}\n${
                JSON.stringify({ options, origin, own, url: handshake.url, explanation }, null, 1)
              }`,
            );
          }
        }
      }
      console.log(
        `explain[${runtime}] ${refused} refusals: ${
          [...named].map(([code, n]) => `${n} ${code}`).join(", ")
        }`,
      );
      assert(named.size > 20, "every kind of refusal has to come up");
    },
  );
});
