/**
 * What people would take instead, each at its own best: compiled once where it can be, in the spelling its
 * documentation gives, one entry a pattern. What a contender cannot say of a list it leaves out, never more: its table
 * then tells what it refuses wrongly.
 *
 * @module
 */

import { matchPattern, type RemotePattern } from "@astrojs/internal-helpers/remote";
import { compileOrigins } from "@wsgate/wsgate";
import { betterAuth } from "better-auth/minimal";
import cors from "cors";
import { isCorsOriginAllowed } from "h3";
import { cors as honoCors } from "hono/cors";
import { csrf as honoCsrf } from "hono/csrf";
import picomatch from "picomatch";
import { parse as parseDomain } from "tldts";
import { naiveMatcher } from "../tests/matcher/naive.ts";
import type { Corpus, Kind } from "./corpus.ts";

/** Whether an origin is admitted. */
export type Test = (origin: string) => boolean | Promise<boolean>;

/** A way to judge origins by a list. */
export interface Contender {
  readonly name: string;
  /** Whether it tries the patterns one after another. */
  readonly linear: boolean;
  /** What one has to know of how it is measured. */
  readonly note?: string;
  /** The kinds of origins that it refuses or admits wrongly, some of them or all; left out: none. */
  readonly wrong?: { readonly refuses?: readonly Kind[]; readonly admits?: readonly Kind[] };
  compile(patterns: readonly string[]): Test | Promise<Test>;
}

/** A pattern in parts. */
interface Parts {
  readonly form: "exact" | "below" | "any";
  readonly host: string;
}

/** Of the three forms of patterns in a list, which this is. */
function partsOf(pattern: string): Parts {
  if (pattern.startsWith(".")) return { form: "any", host: pattern.slice(1) };
  const host = pattern.slice("https://".length);
  return host.startsWith("*.") ? { form: "below", host: host.slice(2) } : { form: "exact", host };
}

/** `map` of each pattern's parts, in one list. */
function spelled<T>(patterns: readonly string[], map: (parts: Parts) => readonly T[]): T[] {
  return patterns.flatMap((pattern) => map(partsOf(pattern)));
}

const escape = (host: string) => host.replaceAll(".", "\\.");

/** What a list says where only whole origins can be listed. */
const asExact = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => {
    const { form, host } = partsOf(pattern);
    if (form === "below") return [];
    return form === "exact" ? [pattern] : [`https://${host}`, `http://${host}`];
  });

/** What a list says where an entry is an origin or a regular expression. */
const asStringsAndRegExps = (patterns: readonly string[]): (string | RegExp)[] =>
  spelled<string | RegExp>(patterns, ({ form, host }) => {
    if (form === "exact") return [`https://${host}`];
    return form === "below"
      ? [new RegExp(`^https://[a-z0-9_.-]+\\.${escape(host)}$`)]
      : [new RegExp(`^[a-z][a-z0-9+.-]*://(?:[a-z0-9_.-]+\\.)?${escape(host)}(?::\\d+)?$`)];
  });

/** An origin in parts, or null; by the index of what separates them, which is the cheapest there is in strings. */
function split(origin: string): { scheme: string; host: string; port: number } | null {
  const schemeEnd = origin.indexOf("://");
  if (schemeEnd < 0) return null;
  const scheme = origin.slice(0, schemeEnd);
  const colon = origin.indexOf(":", schemeEnd + 3);
  const host = origin.slice(schemeEnd + 3, colon < 0 ? undefined : colon);
  const port = colon < 0
    ? scheme === "https" ? 443 : scheme === "http" ? 80 : 0
    : Number(origin.slice(colon + 1));
  return { scheme, host, port };
}

/** A pattern as the linear scans keep it: `.host` where subdomains count. */
interface LinearRule {
  readonly form: Parts["form"];
  readonly host: string;
  readonly dotted: string;
}

const linearRule = (pattern: string): LinearRule => {
  const { form, host } = partsOf(pattern);
  return { form, host, dotted: "." + host };
};

function linearAdmits({ form, host, dotted }: LinearRule, origin: NonNullable<ReturnType<typeof split>>) {
  if (form !== "any" && (origin.scheme !== "https" || origin.port !== 443)) return false;
  return (form !== "below" && origin.host === host) || (form !== "exact" && origin.host.endsWith(dotted));
}

const FORM_BITS = { exact: 1, below: 2, any: 4 };

/** Whether what was found for a host admits an origin; `itself`: it was found for the whole host. */
function bitsAdmit(bits: number, itself: boolean, https443: boolean): boolean {
  return (bits & FORM_BITS.any) !== 0 ||
    (https443 && (bits & (itself ? FORM_BITS.exact : FORM_BITS.below)) !== 0);
}

function hostBits(patterns: readonly string[]): Map<string, number> {
  const bits = new Map<string, number>();
  for (const pattern of patterns) {
    const { form, host } = partsOf(pattern);
    bits.set(host, (bits.get(host) ?? 0) | FORM_BITS[form]);
  }
  return bits;
}

interface LabelNode {
  readonly children: Map<string, LabelNode>;
  bits: number;
}

/** What the verdict of Hono's two middlewares is read from: the few members of its context that they touch. */
class HonoContext {
  origin = "";
  allowed = false;
  readonly req: { readonly method: string; header(name: string): string | undefined };
  readonly res = {
    headers: {
      set: (name: string) => void (this.allowed ||= name === "Access-Control-Allow-Origin"),
      append: () => {},
      delete: () => {},
    },
  };
  readonly header = (): void => {};

  constructor(method: string) {
    this.req = { method, header: (name) => name === "origin" ? this.origin : undefined };
  }
}

const SUBDOMAINS = ["one label below", "two labels below"] as const;
/** What is refused wrongly where only whole origins can be listed. */
const EXACT_ONLY = { refuses: [...SUBDOMAINS, "another port"] } as const;

/** Everybody, wsgate first and the baseline second. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: "wsgate test",
    linear: false,
    compile: (patterns) => compileOrigins(patterns).test,
  },
  {
    name: "linear, parsed per check",
    linear: true,
    note: "the algorithm of Channels",
    compile: (patterns) => (value) => {
      const origin = split(value);
      return origin !== null && patterns.some((pattern) => linearAdmits(linearRule(pattern), origin));
    },
  },
  {
    name: "linear, parsed once",
    linear: true,
    compile: (patterns) => {
      const rules = patterns.map(linearRule);
      return (value) => {
        const origin = split(value);
        return origin !== null && rules.some((rule) => linearAdmits(rule, origin));
      };
    },
  },
  {
    name: "wsgate match",
    linear: false,
    note: "says which pattern",
    compile: (patterns) => {
      const { match } = compileOrigins(patterns);
      return (origin) => match(origin) !== null;
    },
  },
  {
    name: "Set of origins",
    linear: false,
    wrong: EXACT_ONLY,
    compile: (patterns) => {
      const origins = new Set(asExact(patterns));
      return (origin) => origins.has(origin);
    },
  },
  {
    name: "Map of suffixes",
    linear: false,
    note: "takes any text for a host",
    compile: (patterns) => {
      const hosts = hostBits(patterns);
      return (value) => {
        const origin = split(value);
        if (origin === null) return false;
        const https443 = origin.scheme === "https" && origin.port === 443;
        const bits = hosts.get(origin.host);
        if (bits !== undefined && bitsAdmit(bits, true, https443)) return true;
        for (let dot = origin.host.indexOf("."); dot >= 0; dot = origin.host.indexOf(".", dot + 1)) {
          const above = hosts.get(origin.host.slice(dot + 1));
          if (above !== undefined && bitsAdmit(above, false, https443)) return true;
        }
        return false;
      };
    },
  },
  {
    name: "Map of labels",
    linear: false,
    note: "takes any text for a host",
    compile: (patterns) => {
      const root: LabelNode = { children: new Map(), bits: 0 };
      for (const pattern of patterns) {
        const { form, host } = partsOf(pattern);
        let node = root;
        for (const label of host.split(".").reverse()) {
          let child = node.children.get(label);
          if (child === undefined) node.children.set(label, child = { children: new Map(), bits: 0 });
          node = child;
        }
        node.bits |= FORM_BITS[form];
      }
      return (value) => {
        const origin = split(value);
        if (origin === null) return false;
        const https443 = origin.scheme === "https" && origin.port === 443;
        let node = root;
        for (let end = origin.host.length; end >= 0;) {
          const dot = origin.host.lastIndexOf(".", end - 1);
          const child = node.children.get(origin.host.slice(dot + 1, end));
          if (child === undefined) return false;
          if (child.bits !== 0 && bitsAdmit(child.bits, dot < 0, https443)) return true;
          node = child;
          end = dot;
        }
        return false;
      };
    },
  },
  {
    name: "one RegExp",
    // Both engines make a tree of the alternatives, as far as they can.
    linear: false,
    compile: (patterns) => {
      const hosts = (form: Parts["form"]) =>
        spelled(patterns, (parts) => parts.form === form ? [escape(parts.host)] : []).join("|") || "(?!)";
      const expression = new RegExp(
        `^(?:https://(?:${hosts("exact")}|[a-z0-9_.-]+\\.(?:${hosts("below")}))|` +
          `[a-z][a-z0-9+.-]*://(?:[a-z0-9_.-]+\\.)?(?:${hosts("any")})(?::\\d+)?)$`,
      );
      return (origin) => expression.test(origin);
    },
  },
  {
    name: "URLPattern list",
    linear: true,
    compile: (patterns) => {
      const list = patterns.map((pattern) => {
        const { form, host } = partsOf(pattern);
        return form === "any"
          ? new URLPattern({ hostname: `{*.}?${host}`, port: "*" })
          : new URLPattern({ protocol: "https", hostname: form === "exact" ? host : `*.${host}`, port: "" });
      });
      return (origin) => list.some((pattern) => pattern.test(origin));
    },
  },
  {
    name: "npm cors",
    linear: true,
    note: "the whole middleware: its test of an origin is not exported",
    compile: (patterns) => {
      const middleware = cors({ origin: asStringsAndRegExps(patterns) });
      const request = { method: "GET", headers: { origin: "" } };
      let allowed = false;
      const response = {
        getHeader: () => undefined,
        setHeader: (name: string) => void (allowed ||= name === "Access-Control-Allow-Origin"),
      };
      const next = () => {};
      return (origin) => {
        allowed = false;
        request.headers.origin = origin;
        middleware(request, response, next);
        return allowed;
      };
    },
  },
  {
    name: "hono cors",
    linear: true,
    note: "the whole middleware, awaited: its test of an origin is not exported",
    wrong: EXACT_ONLY,
    compile: (patterns) => {
      const middleware = honoCors({ origin: asExact(patterns) });
      const context = new HonoContext("GET");
      const next = () => Promise.resolve();
      return async (origin) => {
        context.allowed = false;
        context.origin = origin;
        await middleware(context as never, next);
        return context.allowed;
      };
    },
  },
  {
    name: "hono csrf",
    linear: true,
    note:
      "the whole middleware on a POST, awaited: its test of an origin is not exported, and lets every GET pass",
    wrong: EXACT_ONLY,
    compile: (patterns) => {
      const middleware = honoCsrf({ origin: asExact(patterns), secFetchSite: [] });
      const context = new HonoContext("POST");
      const next = () => {
        context.allowed = true;
        return Promise.resolve();
      };
      return async (origin) => {
        context.allowed = false;
        context.origin = origin;
        try {
          await middleware(context as never, next);
        } catch {
          // Its way to refuse.
        }
        return context.allowed;
      };
    },
  },
  {
    name: "h3 isCorsOriginAllowed",
    linear: true,
    compile: (patterns) => {
      const options = { origin: asStringsAndRegExps(patterns) };
      return (origin) => isCorsOriginAllowed(origin, options);
    },
  },
  {
    name: "better-auth isTrustedOrigin",
    linear: true,
    note: "calls matchesOriginPattern, which is not exported, for each pattern",
    compile: async (patterns) => {
      const trustedOrigins = spelled(patterns, ({ form, host }) => {
        if (form !== "any") return [`https://${form === "exact" ? "" : "*."}${host}`];
        return [`*://${host}`, `*://${host}:*`, `*://*.${host}`, `*://*.${host}:*`];
      });
      // It also trusts its own origin, one pattern more.
      const auth = betterAuth({
        baseURL: "https://auth.invalid",
        secret: "0123456789abcdef0123456789abcdef",
        trustedOrigins,
        logger: { disabled: true },
        telemetry: { enabled: false },
      });
      const context = await auth.$context;
      return (origin) => context.isTrustedOrigin(origin);
    },
  },
  {
    name: "astro matchPattern",
    linear: true,
    note: "the URL is parsed once per check; it has no way to say the default port",
    wrong: { admits: ["another port"] },
    compile: (patterns) => {
      const list = spelled<RemotePattern>(patterns, ({ form, host }) => {
        if (form === "exact") return [{ protocol: "https", hostname: host }];
        if (form === "below") return [{ protocol: "https", hostname: `**.${host}` }];
        return [{ hostname: host }, { hostname: `**.${host}` }];
      });
      return (origin) => {
        const url = URL.parse(origin);
        return url !== null && list.some((pattern) => matchPattern(url, pattern));
      };
    },
  },
  {
    name: "picomatch",
    linear: true,
    compile: (patterns) =>
      picomatch(spelled(patterns, ({ form, host }) => {
        if (form !== "any") return [`https://${form === "exact" ? "" : "*."}${host}`];
        return [`*://{,*.}${host}{,:*}`];
      })),
  },
  {
    name: "tldts, then a Map",
    linear: false,
    note: "holds where every site is a registrable domain, as here",
    compile: (patterns) => {
      const domains = hostBits(patterns);
      return (value) => {
        const { domain, hostname } = parseDomain(value, { detectIp: false, validateHostname: false });
        const bits = domain === null ? undefined : domains.get(domain);
        if (bits === undefined) return false;
        // The default port is never written, so an origin that ends with its host has it.
        const https443 = value.startsWith("https://") && value.endsWith(hostname!);
        return bitsAdmit(bits, hostname === domain, https443);
      };
    },
  },
];

/** The contender of this name. */
export function contender(name: string): Contender {
  const found = CONTENDERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no contender "${name}"`);
  return found;
}

/** How many origins of each kind were judged wrongly. */
export interface Wrong {
  readonly judged: number;
  readonly refuses: Readonly<Partial<Record<Kind, number>>>;
  readonly admits: Readonly<Partial<Record<Kind, number>>>;
}

/** Compares the verdicts over `origins` with the naive matcher's; of more than `most` every nth. */
export async function findWrong(
  test: Test,
  patterns: readonly string[],
  origins: Corpus,
  most = 50_000,
): Promise<Wrong> {
  const step = Math.ceil(origins.length / most);
  const judged = Array.from(
    { length: Math.ceil(origins.length / step) },
    (_, at) => origins.decode(at * step),
  );
  const expected = naiveOver(patterns, judged);
  const wrong = { judged: judged.length, refuses: {}, admits: {} } satisfies Wrong;
  for (const [at, origin] of judged.entries()) {
    const admitted = await test(origin);
    if (admitted === expected(origin)) continue;
    const kinds: Partial<Record<Kind, number>> = admitted ? wrong.admits : wrong.refuses;
    const kind = origins.kinds[at * step]!;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return wrong;
}

/**
 * The naive matcher over a list of any length, for these origins. It tries every pattern, which a million of them do
 * not allow; so it is given those alone whose host the origin's own host ends with, as no other can admit it.
 */
export function naiveOver(
  patterns: readonly string[],
  origins: readonly string[],
): (origin: string) => boolean {
  const byHost = new Map<string, string[]>();
  for (const origin of origins) for (const host of hostsOver(origin)) byHost.set(host, []);
  for (const pattern of patterns) byHost.get(partsOf(pattern).host)?.push(pattern);
  return (origin) => naiveMatcher(hostsOver(origin).flatMap((host) => byHost.get(host)!))(origin) >= 0;
}

/** The host of an origin and all that it ends with, label by label. */
function hostsOver(origin: string): string[] {
  const labels = /^(?:[^:]*:\/\/)?([^:]*)/.exec(origin)![1]!.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}
