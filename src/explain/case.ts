/**
 * A handshake and the policy that judged it, read once for an explanation.
 */

import type { ListedEntry, NearMissCode, Suggestion } from "../explanation.ts";
import type { DenyReason, Handshake } from "../handler.ts";
import { NONE } from "../matcher/trie_layout.ts";
import { type Authority, defaultPort, parseHost } from "../origin/authority.ts";
import { isLoopback } from "../origin/inner.ts";
import { parseOrigin, type TupleOrigin } from "../origin/origin.ts";
import { parsePattern } from "../pattern/pattern.ts";
import type { HostRule } from "../pattern/rule.ts";
import type { SuffixList } from "../pattern/suffix_list.ts";
import { siteScheme } from "../verdict/check.ts";
import {
  type Compiled,
  compiledOf,
  countOf,
  type Lists,
  type Policy,
  webOrigins,
} from "../verdict/policy.ts";
import { type App, appOf } from "./apps.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import { type Near, nearnessOfHost, nearnessOfOrigin, nearnessOfSelf } from "./nearness.ts";

/** A handshake, read for an explanation. */
export interface Case {
  /** Why it was refused; null: it was let in. */
  readonly reason: DenyReason | null;
  readonly handshake: Handshake;
  readonly policy: Policy;
  /** For the console line of a guard, which has little time and recommends nothing that opens the socket wider. */
  readonly inPassing: boolean;
  /** The Origin header; null: there is none. */
  readonly value: string | null;
  /** The Origin, where it names somebody. */
  readonly tuple: TupleOrigin | null;
  readonly host: Authority | null;
  /** The Host header and the authority of the URL, escaped where they are none. */
  readonly shown: { readonly host: string; readonly authority: string | null };
  readonly evidence: Evidence;
  /** Whose app sends the Origin; null: nobody's. */
  readonly app: App | null;
  readonly site: "http" | "https" | "";
  readonly selfPlace: number | null;
  /** The list that origins belong on. */
  readonly field: "origins" | "allowedHosts";
  readonly suffixes: SuffixList | null;
  /** The list of hosts as the policy judges by it; null: any host. */
  readonly findHost: Compiled["findHost"];
  readonly findOrigin: Compiled["findOrigin"];
  /** How many entries the list that refused has. */
  readonly count: number;
  /** Its entries that name hosts; none, where it is too long to be searched. */
  readonly rules: readonly ReadEntry[];
  readonly isSearched: boolean;
  /** There is a list of hosts, and it has let the Host in. */
  readonly isHostListed: boolean;
  /** A list of origins names hosts of this machine, or is too long to know. */
  readonly hasLocal: boolean;
  /** The entries of the list that refused, by the way in which they came near. */
  readonly near: ReadonlyMap<NearMissCode, readonly Near[]>;
}

/** An entry with what it was read as. */
export interface ReadEntry {
  readonly entry: ListedEntry;
  readonly rule: HostRule;
}

/** Reads one. `inPassing`: longer lists are not searched; `shown`: see {@linkcode Case}. */
export function readCase(
  reason: DenyReason | null,
  handshake: Handshake,
  policy: Policy,
  inPassing: { readonly searchAtMost: number } | undefined,
  shown: Case["shown"],
): Case {
  const value = handshake.headers.get("origin") ?? null;
  const origin = parseOrigin(value);
  const tuple = origin.kind === "tuple" ? origin : null;
  const host = parseHost(handshake.headers.get("host") ?? "");
  const { origins, hosts, suffixes, selfPlace, findHost, findOrigin } = compiledOf(policy);
  const byHost = reason === "host-not-allowed";
  const byOrigin = reason === "origin-not-allowed";
  const refusing = byHost ? hosts : byOrigin ? origins : [];
  const count = countOf(refusing);
  const isSearched = count <= (inPassing?.searchAtMost ?? Infinity);
  const rules = isSearched ? readEntries(refusing) : [];
  const originRules = byHost && countOf(origins) <= (inPassing?.searchAtMost ?? Infinity)
    ? readEntries(origins)
    : rules;
  const hasLocal = !isSearched || originRules.some(({ rule }) => isLoopback(rule.host));
  const app = byOrigin || byHost ? tuple && appOf(tuple, hasLocal) : null;
  const site = siteScheme(handshake.url, policy) as Case["site"];
  const field = origins[0]!.list as Case["field"];
  const near = byHost
    ? rules.map(({ entry, rule }) => nearnessOfHost(host!, entry, rule, suffixes))
    : byOrigin
    ? [
      selfPlace === null ? null : nearnessOfSelf(tuple!, host!, selfPlace, site, policy.scheme !== undefined),
      ...rules.map(asOrigin).map(({ entry, rule }) =>
        nearnessOfOrigin(tuple!, entry, rule, suffixes, site === "https")
      ),
    ]
    : [];
  return {
    ...{ reason, handshake, policy, value, tuple, host, shown, site, selfPlace, field, suffixes },
    ...{ findHost, findOrigin, count, rules, isSearched, hasLocal },
    inPassing: inPassing !== undefined,
    evidence: readEvidence(handshake),
    app,
    isHostListed: findHost !== null && !reason?.startsWith("host-"),
    near: byCode(near.filter((it) => it !== null).filter(isTelling)),
  };

  /** Not what an app's page has in common with a developer's, nor a slip where the name is one of this server's. */
  function isTelling({ code, entry, differs }: Near): boolean {
    if (app !== null && entry.list === "debug") return false;
    // No page has it, by whatever name of this machine.
    if (code === "loopback-name" && (tuple?.scheme === "ws" || tuple?.scheme === "wss")) return false;
    return code !== "misspelt" || !differs.includes("host") || tuple === null || findHost === null ||
      byHost ||
      findHost(tuple.host, tuple.host.length, tuple.port) === NONE;
  }

  /** A host stands for an http and an https origin, and is told of once. */
  function asOrigin({ entry, rule }: ReadEntry): ReadEntry {
    if (entry.list !== "allowedHosts") return { entry, rule };
    const [http, https] = webOrigins(rule);
    return { entry, rule: tuple!.scheme === "http" ? http : https };
  }
}

/** Not Map.groupBy, which Node has from 21 on. */
function byCode(near: readonly Near[]): Map<NearMissCode, Near[]> {
  const groups = new Map<NearMissCode, Near[]>();
  for (const it of near) {
    const group = groups.get(it.code);
    if (group === undefined) groups.set(it.code, [it]);
    else group.push(it);
  }
  return groups;
}

/** The entries that name hosts. */
function readEntries(lists: Lists): ReadEntry[] {
  return lists.flatMap(({ list, entries }) =>
    entries.flatMap((pattern, index) => {
      const rule = parsePattern(pattern)?.rule;
      return rule?.kind === "host" ? [{ entry: { list, index, pattern }, rule }] : [];
    })
  );
}

/** Whether a list refused the handshake: nothing is malformed then. */
export function isRefusedByList({ reason }: Case): boolean {
  return reason === "origin-not-allowed" || reason === "host-not-allowed";
}

/** Whether a page of a machine that is no server came, and no entry is for such pages. */
export function isLocalPage(c: Case): boolean {
  const { tuple } = c;
  return isRefusedByList(c) && tuple !== null && (tuple.scheme === "http" || tuple.scheme === "https") &&
    isLoopback(tuple.host) && c.app === null && !c.policy.debug && !c.hasLocal;
}

/** Whether a page was opened at an address that means any of the server's own. */
export function isListeningAddress(c: Case): boolean {
  return isRefusedByList(c) && c.app === null &&
    (c.tuple?.scheme === "http" || c.tuple?.scheme === "https") &&
    (c.tuple.host === "0.0.0.0" || c.tuple.host === "[::]");
}

/** Whether a program wrote Origin, and no browser would have written it so. */
export function isNativeClient(c: Case): boolean {
  const { tuple, reason, evidence: { sender }, site } = c;
  if (reason === "origin-malformed") return sender === "program";
  if (reason !== "origin-not-allowed") return false;
  if (tuple!.scheme === "ws" || tuple!.scheme === "wss") return true;
  return sender === "program" &&
    (tuple!.scheme === "file" || tuple!.scheme === "http" && site === "https");
}

/** Whether the Origin is that of the Host, and `'self'` is not listed. */
export function isOwnOrigin({ reason, tuple, host, selfPlace }: Case): boolean {
  return reason === "origin-not-allowed" && selfPlace === null && tuple!.host === host!.host &&
    tuple!.port === (host!.port || defaultPort(tuple!.scheme));
}

/** Saying the scheme would let a refused Host in too: the default port that it counts with is another one. */
export function isHostPortOfScheme({ reason, policy, site, host, tuple, findHost }: Case): boolean {
  return reason === "host-not-allowed" && policy.scheme === undefined && site !== "https" &&
    host!.port === 0 &&
    tuple?.scheme === "https" && tuple.host === host!.host &&
    findHost!(host!.host, host!.host.length, 443) !== NONE;
}

/** One row of the table of causes. */
export interface Cause {
  readonly code: NearMissCode;
  /** Whether it is so; `"entries"`: as `nearness.ts` finds it of entries. */
  readonly test: "entries" | ((c: Case) => boolean);
  /** What is said, in a line on the console too. */
  readonly text: (c: Case, near: Near) => string;
  /** What to try, the best first. */
  readonly offer?: (c: Case, near: Near) => readonly Suggestion[];
  /** What is said beside the text where there is room, and where it may open the socket wider. */
  readonly more?: (c: Case, near: Near) => string;
  /** Told where nothing else is. */
  readonly isLast?: true;
}
