/**
 * What one entry of a list admits. Nobody else interprets how far a rule reaches.
 */

/** What one entry admits, compiled. */
export type Rule = HostRule | { readonly kind: "any" | "null" | "self"; readonly place: number };

/** An entry that names hosts. */
export interface HostRule {
  readonly kind: "host";
  /** Where it was written: its entry's place among all entries of the lists that are compiled together, from 0. */
  readonly place: number;
  /** Null: any scheme. */
  readonly scheme: string | null;
  /** Canonical; "" with reach "subdomains": every host there is; "" with reach "host": none, as in `file://`. */
  readonly host: string;
  readonly reach: "host" | "subdomains" | "host-and-subdomains";
  /** Effective port; null: any; 0: none written, for a scheme that has no default. */
  readonly port: number | null;
}

/** Reports whether a rule admits its own host. */
export function reachesHost({ reach }: Pick<HostRule, "reach">): boolean {
  return reach !== "subdomains";
}

/** Reports whether a rule admits what is below its host. */
export function reachesBelow({ reach }: Pick<HostRule, "reach">): boolean {
  return reach !== "host";
}

/** Reports whether a rule admits this host, on its own scheme and port. */
export function reaches(rule: Pick<HostRule, "host" | "reach">, name: string): boolean {
  const { host } = rule;
  if (reachesHost(rule) && name === host) return true;
  return reachesBelow(rule) && (host === "" ? name !== "" : name.endsWith("." + host));
}

/** Every rule of `host`, which is that of `rule` or one above it, that admits whatever `rule` does; not `rule` itself. */
export function widerThan(rule: HostRule, host: string): HostRule[] {
  const own = host === rule.host;
  const wider = (["host", "subdomains", "host-and-subdomains"] as const).filter((reach) =>
    reach === "host-and-subdomains" || (own ? reach === rule.reach : reach === "subdomains")
  );
  return wider.flatMap((reach) =>
    [rule.scheme, null].flatMap((scheme) =>
      [rule.port, null].map((port): HostRule => ({ ...rule, host, reach, scheme, port }))
    )
  ).filter(({ reach, scheme, port }) =>
    !own || reach !== rule.reach || scheme !== rule.scheme || port !== rule.port
  );
}
