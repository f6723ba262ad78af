/**
 * What a list says more than once: entries that are listed twice, and those that admit nothing that another does not.
 */

import { type Rule, widerThan } from "../pattern/rule.ts";

/** An entry that adds nothing, by the places of both among the rules that were given. */
export interface Repeat {
  readonly code: "duplicate" | "covered";
  readonly place: number;
  /** The first entry that admits all that this one does. */
  readonly by: number;
}

/**
 * Finds the rules that add nothing, in their order. Each is looked up where all stand that could cover it: at its own host
 * and those above, with its scheme and port and with any. So the cost is that of the list's labels.
 */
export function findRepeats(rules: readonly Rule[]): Repeat[] {
  const places = new Map<string, Map<string, number>>();
  rules.forEach((rule, place) => {
    const host = hostOf(rule);
    let here = places.get(host);
    if (here === undefined) places.set(host, here = new Map());
    const key = keyOf(rule);
    if (!here.has(key)) here.set(key, place);
  });
  const anyPlace = places.get("any")?.get("any") ?? Infinity;
  return rules.flatMap((rule, place): Repeat[] => {
    const same = places.get(hostOf(rule))!.get(keyOf(rule))!;
    if (same !== place) return [{ code: "duplicate", place, by: same }];
    let by = rule.kind === "any" ? Infinity : anyPlace;
    if (rule.kind === "host") {
      // Above all names of a scheme stands its "every host".
      for (let host: string | null = rule.host; host !== null; host = parentOf(host)) {
        const here = places.get(`/${host}`);
        if (here === undefined) continue;
        for (const wider of widerThan(rule, host)) by = Math.min(by, here.get(keyOf(wider)) ?? Infinity);
      }
    }
    return by === Infinity ? [] : [{ code: "covered", place, by }];
  });
}

/** With a character that no host has, so that no host is mistaken for a word. */
function hostOf(rule: Rule): string {
  return rule.kind === "host" ? `/${rule.host}` : rule.kind;
}

function keyOf(rule: Rule): string {
  return rule.kind === "host" ? `${rule.reach} ${rule.scheme} ${rule.port}` : rule.kind;
}

/** The name above; "" above those of one label; null above that. */
function parentOf(host: string): string | null {
  return host === "" ? null : host.includes(".") ? host.slice(host.indexOf(".") + 1) : "";
}
