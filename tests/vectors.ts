/**
 * The recorded facts that the library is judged by, typed, and the count that shows none was left out.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { assertEquals, fail } from "@std/assert";
import type { DenyReason, Handshake, PolicyOptions } from "@wsgate/wsgate";
import { runtime } from "./runtime.ts";

/** A list of patterns, an origin (null: absent), and what the real Django Channels says of it. */
export type ChannelsVector = readonly [patterns: readonly string[], origin: string | null, verdict: boolean];

/** An attack on the origin side: an advisory, a bug report or another library's test. */
export interface OriginAttack {
  readonly id: string;
  readonly why: string;
  readonly allowed: readonly string[];
  readonly dangerouslyAllow?: readonly string[];
  readonly absent?: "deny" | "allow" | "allow-without-credentials";
  /** A list: the header repeated. null: absent. */
  readonly origin: string | readonly string[] | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly hosts?: readonly string[];
  /** The site's pages are https. */
  readonly secure?: boolean;
  readonly expect: "allow" | "deny";
}

/** An attack on the Host header, judged by the Host side alone. */
export interface HostAttack {
  readonly id: string;
  readonly why: string;
  readonly allowedHosts: readonly string[];
  readonly host: string | null;
  /** What `request.url` says. Default `http://HOST/p`. */
  readonly url?: string;
  readonly debug?: boolean;
  readonly origin?: string;
  readonly forwardedHost?: string;
  readonly expect: "allow" | "deny";
  readonly reason?: string;
}

/** A list of patterns that must compile or be refused. */
export interface ConfigAttack {
  readonly id: string;
  readonly why: string;
  /** Not always a list of strings: that is what some of them are about. */
  readonly patterns: unknown;
  readonly expect: "accept" | "refuse";
  /** Accepted, and lint must say something. */
  readonly lint?: boolean;
}

/** A handshake as it was captured on the wire. */
export interface CapturedHandshake {
  readonly client: string;
  readonly situation: string;
  readonly target: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The options of a policy that the captured handshakes are judged by; the scheme is that of the row's target. */
export interface CapturedPolicy {
  readonly origins: readonly string[];
  readonly hosts?: readonly string[];
  readonly absent?: "deny" | "allow" | "allow-without-credentials";
}

/** A request that asks for no WebSocket, as a browser sent it. */
export interface CapturedRequest {
  readonly browser: "chromium" | "firefox";
  /** What kind of page asked, in words. */
  readonly page: string;
  /** null: typed into the address bar. */
  readonly page_url: string | null;
  /** How it asked, in words. */
  readonly way: string;
  readonly method: string;
  readonly url: string;
  /** Those that say where it comes from; the cookies are named after their SameSite. */
  readonly headers: HeaderLines;
}

/** Reads one of the files in `vectors/`. */
function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), "utf8"));
}

export const channels = load("channels") as readonly ChannelsVector[];
export const attacks = load("attacks") as {
  readonly origin: readonly OriginAttack[];
  readonly host: readonly HostAttack[];
  readonly config: readonly ConfigAttack[];
};
export const handshakes = load("handshakes") as readonly CapturedHandshake[];
export const captured = load("handshake_verdicts") as {
  readonly policies: Readonly<Record<string, CapturedPolicy>>;
  /** For each policy: `allowed` or the reason, one for each handshake in order. */
  readonly verdicts: Readonly<Record<string, readonly string[]>>;
};
export const plainRequests = load("plain_requests") as {
  readonly about: string;
  readonly browsers: Readonly<Record<string, string>>;
  readonly requests: readonly CapturedRequest[];
};

/** Request targets: what is told of a router behind a guard by path. */
export const targets = load("targets") as {
  /** None of them reaches a private route, whatever way the guard reads a path. */
  readonly hostile: readonly string[];
  /** What clients send, and the parameter that `/chat/:room` gives. */
  readonly honest: Readonly<Record<string, string>>;
};
/** What each client sent of the addresses that were typed into it, byte for byte as Latin-1. */
export const capturedTargets = load("captured_targets") as {
  readonly typed: readonly string[];
  readonly sent: Readonly<Record<string, readonly string[]>>;
};

/** A situation of the field: a handshake that is judged by a policy. */
export interface CauseRow {
  readonly id: string;
  readonly policy: unknown;
  readonly handshake: {
    readonly url: string;
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** What a row wants suggested; null: nothing, by no near miss. */
type WantedSuggestion =
  | { readonly field: string; readonly entry: string; readonly danger?: string | true }
  | null;

/** What `explain` has to say of one. Words are in lower case; `a|b` is one of them, `/…/` a regular expression. */
export interface ExplainRow extends CauseRow {
  /** The code that comes first, or one of these; `[]`: nothing is near. */
  readonly first?: string | readonly string[];
  readonly notFirst?: string | readonly string[];
  readonly suggestion?: WantedSuggestion | readonly WantedSuggestion[];
  readonly text?: readonly string[];
  readonly anyText?: readonly string[];
  readonly never?: readonly string[];
  /** Default false; null: either. */
  readonly allowed?: boolean | null;
}

type WantedFix = string | readonly string[] | null;

/** What is said of a configuration. */
export interface ConfigRow {
  readonly id: string;
  readonly list?: readonly unknown[];
  readonly options?: unknown;
  readonly via?: "hostValidator";
  readonly codes: readonly string[];
  readonly fix?: WantedFix | { readonly any: readonly WantedFix[] };
  readonly fixAdmits?: readonly string[];
  readonly fixRefuses?: readonly string[];
  readonly text?: readonly string[];
  readonly never?: readonly string[];
  readonly message?: { readonly has?: readonly string[]; readonly never?: readonly string[] };
  readonly admits?: readonly string[];
  readonly refuses?: readonly string[];
}

/** What the console line of a 401 has to say of one. */
export interface AuthRow extends CauseRow {
  readonly line: readonly string[];
  readonly never?: readonly string[];
}

/** Situations of the field, by what has to name their cause. */
export const causes = load("causes") as {
  readonly about: string;
  readonly explain: readonly ExplainRow[];
  readonly config: readonly ConfigRow[];
  readonly lint: readonly unknown[];
  readonly cli: readonly unknown[];
  readonly suffix: readonly unknown[];
  readonly auth: readonly AuthRow[];
};

/** The scheme of the site that a captured handshake was sent to. */
export function siteScheme(handshake: CapturedHandshake): "http" | "https" {
  return handshake.target.startsWith("wss:") ? "https" : "http";
}

export type HeaderLines = readonly (readonly [name: string, value: string])[];

/**
 * A handshake of these header lines. Not a real Request: most of the values below are such that no `Headers` would
 * take them, or would trim them. Header lines of one name are joined by ", ", as both runtimes do.
 */
export function handshakeOf(url: string, lines: HeaderLines, method = "GET"): Handshake {
  const headers = new Map<string, string>();
  for (const [name, value] of lines) {
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return { method, url, headers: { get: (name) => headers.get(name.toLowerCase()) ?? null } };
}

/** The policy that an attack on the origin side is judged by. */
export function attackOptions(attack: OriginAttack): PolicyOptions {
  return {
    origins: attack.allowed,
    scheme: attack.secure === true ? "https" : "http",
    ...(attack.dangerouslyAllow !== undefined && { dangerouslyAllow: attack.dangerouslyAllow }),
    ...(attack.absent !== undefined && { absent: attack.absent }),
    ...(attack.hosts !== undefined && { hosts: attack.hosts }),
  };
}

/** The handshake of an attack on the origin side. */
export function attackHandshake(attack: OriginAttack): Handshake {
  const host = attack.host ?? "server.example";
  const origins = attack.origin === null ? [] : [attack.origin].flat();
  return handshakeOf(`http://${host}/ws`, [
    ["Host", host],
    ...origins.map((origin) => ["Origin", origin] as const),
    ...Object.entries(attack.headers ?? {}),
  ]);
}

/** What `request.url` says; on Deno a request without Host is at `localhost`, which a list may well hold. */
export function hostAttackUrl(attack: HostAttack): string {
  return attack.url ?? `http://${attack.host ?? "localhost:8000"}/p`;
}

/** What a runtime would show of a captured handshake. */
export function capturedHandshake({ method, path, headers }: CapturedHandshake): Handshake {
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  return handshakeOf(`http://${host}${path}`, headers, method);
}

/** Whether a page of the requested site asked, and asked it straight away. */
export function isOwnRequest({ page, way }: CapturedRequest): boolean {
  return (page === "typed" || /^its own page/.test(page)) && !way.includes(" by way of ");
}

/** What has to become of it where the requested site's own origin is allowed and nothing else. */
export function plainVerdict(request: CapturedRequest): DenyReason | "allowed" {
  if (request.page === "a name that leads here") return "host-not-allowed";
  const origin = request.headers.find(([name]) => name === "Origin")?.[1];
  if (origin === undefined) return "allowed";
  const { protocol, hostname } = new URL(request.url);
  // No browser says to a site without TLS where a request comes from, so `null` there is anybody's.
  const isTold = protocol === "https:" || hostname === "localhost";
  if (isOwnRequest(request) && (origin !== "null" || isTold)) return "allowed";
  return origin === "null" ? "origin-null" : "origin-not-allowed";
}

/** Every captured handshake under every policy, and the verdict on record. */
export const capturedRows = Object.entries(captured.policies).flatMap(([policy, options]) =>
  handshakes.map((handshake, index) => ({
    policy,
    handshake,
    options: { ...options, scheme: siteScheme(handshake) },
    expected: captured.verdicts[policy]![index]!,
  }))
);

/**
 * Judges every row, prints how many came out right, and fails when one did not or when there are not exactly
 * `expected` of them. The number stands in the test as a literal: a file that lost a row must not pass.
 *
 * @param disagreement returns what is wrong with the verdict on a row, or null
 * @param print where the count goes
 */
export async function judgeAll<T>(
  name: string,
  rows: readonly T[],
  expected: number,
  disagreement: (row: T, index: number) => string | null | Promise<string | null>,
  print: (line: string) => void = console.log,
): Promise<void> {
  const wrong: string[] = [];
  for (const [index, row] of rows.entries()) {
    const problem = await disagreement(row, index);
    if (problem !== null) wrong.push(`#${index} ${JSON.stringify(row).slice(0, 300)}: ${problem}`);
  }
  print(`vectors[${runtime}] ${name} ${rows.length - wrong.length}/${expected}`);
  if (wrong.length > 0) {
    fail(`${name}: ${wrong.length} of ${rows.length} disagree\n${wrong.slice(0, 20).join("\n")}`);
  }
  assertEquals(rows.length, expected, `${name}: the number of rows`);
}
