/**
 * Handshakes that no policy of a site may let in, made from the site's own names.
 */

import { checkChoice, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { compileRules, type OriginFinder } from "../matcher/matcher.ts";
import { NONE } from "../matcher/trie_layout.ts";
import { parseOrigin, type TupleOrigin } from "../origin/origin.ts";
import { readPatterns } from "../pattern/list.ts";
import { originFault, readSocketUrl, type SocketUrl } from "./addresses.ts";
import { BROWSER_ATTACKS, FOREIGN, type Row } from "./corpus.ts";
import { type Fields, override, requestOf, usualFields } from "./handshakes.ts";
import { PROGRAM_ATTACKS } from "./hygiene.ts";
import { fill, type Names, namesOf } from "./names.ts";

/**
 * A handshake that a site has to refuse.
 *
 * @category Testing
 */
export interface Attack {
  /** The own origin that it is made from; with `name` its key. */
  readonly on: string;
  /** Stable, such as `"sibling-subdomain"`, `"rebinding"`, `"suffix-without-dot"`. */
  readonly name: string;
  /** Whose history it is, in a sentence: where servers let it in. */
  readonly why: string;
  /**
   * Who can make it arrive: any page in a victim's browser, a page of a neighbor (a sibling's, the parent's, another
   * port's), whoever is on the way and writes `http` pages, a mistake of a proxy, or a program alone. The first four bring a
   * victim's login along; to refuse what a program alone sends is hygiene.
   */
  readonly sender: "page" | "neighbor" | "network" | "proxy" | "program";
  /** The handshake as the runtimes show it. For one use: a guard notes what it has judged. */
  readonly request: Request;
  /** The same as the bytes of an HTTP/1.1 request head, a character a byte, its empty line included. */
  readonly wire: string;
}

/**
 * A site, by the names that attacks on it are made from, and what it means to let in.
 *
 * @category Testing
 */
export interface Site {
  /** The origins of the site's own pages, as a browser sends them. At least one; none of them is ever an attack. */
  readonly origins: readonly string[];
  /** The URL of the socket, as a page's script writes it: `"wss://ws.example.com/chat"`. */
  readonly to: string;
  /**
   * What more is meant to get in, as patterns, those of {@linkcode compileOrigins} and of `dangerouslyAllow`:
   * `"https://.example.com"`, `"capacitor://localhost"`, `"null"`. What they admit is no attack. Not `"*"`: nothing would be
   * left.
   */
  readonly trusts?: readonly string[];
  /**
   * What is meant to get in without Origin; left out, nothing. The one attack without Origin carries a login, and is none only
   * where that is `"allow"`.
   */
  readonly absent?: "allow" | "allow-without-credentials";
}

/** A site that was read. */
export interface ReadSite {
  readonly origins: readonly string[];
  readonly socket: SocketUrl;
  /** Whether a handshake with this Origin is meant to get in; null: it has none. */
  readonly means: (origin: string | null) => boolean;
}

/**
 * The handshakes that no policy of a site may let in: more than sixty for a site with a domain, made from its own names, each
 * with whose history it is and who can send it.
 *
 * Siblings and look-alikes are made from the registrable domain by the Public Suffix List. A site by an address or a name of
 * one label has fewer. The same site gives the same attacks; a later version may add some.
 *
 * **Security.** They are what has gone wrong elsewhere, and no proof that nothing else can.
 *
 * @param site The site, and what it means to let in.
 * @returns New attacks, in a stable order.
 * @throws {ConfigError} No origins, no URL of a socket, a wrong pattern; all faults at once.
 * @category Testing
 *
 * @example The attacks that any page on the internet can make
 * ```ts
 * import { attacksOn } from "@wsgate/wsgate/testing";
 * import { assert } from "@std/assert";
 *
 * const attacks = attacksOn({ origins: ["https://app.example.com"], to: "wss://ws.example.com/chat" });
 * assert(attacks.length >= 60);
 * for (const { name, request, why } of attacks.filter(({ sender }) => sender === "page")) {
 *   console.log(name, request.headers.get("origin"), why);
 * }
 * ```
 */
export function attacksOn(site: Site): readonly Attack[] {
  return attacksOnRead(readSite(site));
}

/** Reads a site that somebody may have got wrong. */
export function readSite(site: unknown): ReadSite {
  const issues: ConfigIssue[] = [];
  const read = readOptions(site, ["origins", "to", "trusts", "absent"], issues, "site");
  if (read === null) throwIfAny(issues);
  const { origins, trusts = [] } = read!;
  readOrigins(origins, issues);
  const socket = readSocketUrl(read!, issues);
  const finds = readTrusts(trusts, issues);
  const absent = checkChoice(read!, "absent", ["allow", "allow-without-credentials"] as const, issues);
  throwIfAny(issues);
  const own = new Set((origins as string[]).map(tupleOf));
  // The one attack without Origin has a login.
  const means = (origin: string | null) =>
    origin === null ? absent === "allow" : own.has(tupleOf(origin)) || finds(origin) !== NONE;
  return { origins: origins as string[], socket: socket!, means };
}

/** {@linkcode attacksOn}, of a site that was read. */
export function attacksOnRead({ origins, socket, means }: ReadSite): readonly Attack[] {
  const attacks: Attack[] = [];
  const known = new Set<string>();
  for (const on of origins) {
    const names = namesOf(on, socket);
    for (const row of [...BROWSER_ATTACKS, ...PROGRAM_ATTACKS]) {
      const attack = makeAttack(on, row, names, socket);
      // Several own origins have attacks in common, and so have the rows where the own page is the domain's.
      if (attack === null || known.has(attack.wire) || means(attack.request.headers.get("origin"))) continue;
      known.add(attack.wire);
      attacks.push(attack);
    }
  }
  return attacks;
}

/** Makes an attack of a row; null: it needs a name that the site has not. */
function makeAttack(
  on: string,
  [name, sender, why, changes]: Row,
  names: Names,
  socket: SocketUrl,
): Attack | null {
  const { origin = FOREIGN, host = "{socket}", target = "{path}{query}", method = "GET", fields = {} } =
    changes;
  const several = (header: string, values: string | readonly string[] | null) =>
    [values ?? []].flat().map((value) => [header, value] as const);
  const templates = [...several("Host", host), ...usualFields(socket).slice(1), ...several("Origin", origin)];
  const filled = override(templates, Object.entries(fields)).map((
    [field, value],
  ) => [field, fill(value, names)]);
  const filledTarget = fill(target, names);
  if (filledTarget === null || filled.some(([, value]) => value === null)) return null;
  const head = filled as unknown as Fields;
  const request = requestOf(method, filledTarget, head, socket);
  const lines = [`${method} ${filledTarget} HTTP/1.1`, ...head.map(([field, value]) => `${field}: ${value}`)];
  return { on, name, sender, why, request, wire: `${lines.join("\r\n")}\r\n\r\n` };
}

function readOrigins(origins: unknown, issues: ConfigIssue[]): void {
  const field = "origins";
  if (!Array.isArray(origins) || origins.length === 0) {
    const code = origins === undefined ? "missing-option" : Array.isArray(origins) ? "empty" : "not-a-list";
    const fix = 'Give the origins of the own pages, at least one: ["https://example.com"].';
    issues.push({ code, field, index: -1, value: origins, fix });
    return;
  }
  for (let index = 0; index < origins.length; index++) {
    const fault = originFault(origins[index]);
    if (fault !== null) issues.push({ ...fault, field, index, value: origins[index] });
  }
}

function readTrusts(trusts: unknown, issues: ConfigIssue[]): OriginFinder {
  const rules = readPatterns(trusts, "trusts", { unsafe: true }, issues);
  for (const { kind, place } of rules) {
    if (kind !== "any") continue;
    const fix = 'Name the sites whose pages may connect. With "*" nothing would be an attack.';
    issues.push({ code: "unsafe-any-host", field: "trusts", index: place, value: "*", fix });
  }
  return compileRules(rules);
}

/** An origin with its port, default or written, so that two spellings of one compare equal; of no tuple, itself. */
function tupleOf(origin: string): string {
  const parsed = parseOrigin(origin);
  if (parsed.kind !== "tuple") return origin;
  const { scheme, host, port } = parsed as TupleOrigin;
  return `${scheme}://${host}:${port}`;
}
