/**
 * What a policy would say with one change, for those who word a verdict: nothing is judged by it.
 */

import { compileHosts, compileRules } from "../matcher/matcher.ts";
import { readHosts, readPatterns } from "../pattern/list.ts";
import { parseHostPattern, parsePattern } from "../pattern/pattern.ts";
import type { HostRule, Rule } from "../pattern/rule.ts";
import {
  compiledOf,
  LOCAL_HOSTS,
  LOCAL_ORIGINS,
  makePolicy,
  type Policy,
  webOrigins,
} from "../verdict/policy.ts";

/** One entry more in a list, or one option set. */
export interface Change {
  readonly field: "origins" | "dangerouslyAllow" | "hosts" | "allowedHosts" | "absent" | "scheme" | "debug";
  readonly entry: string;
}

/**
 * The policy with one change, for the question what it would say; null: its lists take no such entry. Only the change is
 * compiled, however long the lists are: a desk may try what it suggests.
 */
export function withChange(policy: Policy, { field, entry }: Change): Policy | null {
  const compiled = compiledOf(policy);
  const add = (origins: readonly Rule[], hosts: readonly HostRule[]): Policy => {
    const ofOrigins = compileRules(origins);
    const ofHosts = compileHosts(hosts);
    const { findOrigin, findHost } = compiled;
    return makePolicy({ ...policy }, {
      ...compiled,
      findOrigin: (origin) => Math.min(findOrigin(origin), ofOrigins(origin)),
      findHost: findHost &&
        ((text, end, port) => Math.min(findHost(text, end, port), ofHosts(text, end, port))),
    });
  };
  const { suffixes } = compiled;
  switch (field) {
    case "absent":
    case "scheme":
      return makePolicy({ ...policy, [field]: entry }, compiled);
    case "debug":
      return add(readPatterns(LOCAL_ORIGINS, "debug", {}, []), readHosts(LOCAL_HOSTS, "debug", []));
    case "hosts":
    case "allowedHosts": {
      const rule = parseHostPattern(entry, suffixes);
      return rule && add(field === "hosts" ? [] : webOrigins(rule), [rule]);
    }
  }
  const parsed = parsePattern(entry, suffixes);
  return parsed !== null && (parsed.unsafe === null || field === "dangerouslyAllow")
    ? add([parsed.rule], [])
    : null;
}
