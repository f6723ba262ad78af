/**
 * What attacks are made from: the parts of an own origin and of the socket's URL, and what looks like them.
 */

import { defaultPort } from "../origin/authority.ts";
import { parseOrigin, type TupleOrigin } from "../origin/origin.ts";
import { ancestors } from "../pattern/suffix_list.ts";
import { whyShared } from "../pattern/suffixes.ts";
import { publicSuffixes } from "../public_suffixes.ts";
import type { SocketUrl } from "./addresses.ts";

/** Names by what stands for them in a row; null: this site has none. */
export type Names = Readonly<Record<string, string | null>>;

/** The names of one own origin, which is a tuple, and of the socket. */
export function namesOf(origin: string, socket: SocketUrl): Names {
  return { ...namesOfPage(origin), ...namesOfSocket(socket), quotedOrigin: encodeURIComponent(origin) };
}

/** Puts names in the places of a text that are kept for them; null: one of them is missing. */
export function fill(text: string, names: Names): string | null {
  const wanted = Array.from(text.matchAll(PLACE), ([, name]) => names[name!]);
  if (wanted.some((name) => name === null)) return null;
  return text.replaceAll(PLACE, (_, name: string) => names[name]!);
}

const PLACE = /\{(\w+)\}/g;

function namesOfPage(origin: string): Names {
  const { scheme, host, port } = parseOrigin(origin) as TupleOrigin;
  const isWeb = scheme === "http" || scheme === "https";
  const written = isWeb && port !== defaultPort(scheme) ? `:${port}` : "";
  return {
    origin,
    // Where the own pages are an app's, the attacker's are the web's all the same.
    scheme: isWeb ? scheme : "https",
    port: written,
    anyPort: String(port),
    longHost: `${"a.".repeat(2_000)}test`,
    host: isWeb ? host : null,
    encodedHost: isWeb ? `%${hex(host)}${host.slice(1)}` : null,
    tabbedHost: isWeb ? `${host.slice(0, 2)}\t${host.slice(2)}` : null,
    // In front of another name stands anything but brackets.
    front: isWeb && !host.startsWith("[") ? host : null,
    ...namesOfHost(isWeb ? host : ""),
  };
}

/** What a name with a domain has; an address and a single label have nothing beside or above them. */
function namesOfHost(host: string): Names {
  const domain = domainOf(host);
  if (domain === null) {
    return {
      name: null,
      domain: null,
      undotted: null,
      lookAlike: null,
      otherEnding: null,
      customer: null,
    };
  }
  const above = host.slice(0, -domain.length);
  const [label, suffix] = cut(domain);
  return {
    name: host,
    domain,
    // The dot whose loss makes it somebody else's: that of the own subdomain still ends in the own domain.
    undotted: above !== ""
      ? `${above.slice(0, -1)}x${domain}`
      : suffix.includes(".")
      ? `${label}x${suffix}`
      : null,
    lookAlike: lookAlikeOf(above, label, suffix),
    otherEnding: `${above}${label}.test`,
    customer: suffix.includes(".") ? `attacker.${suffix}` : null,
  };
}

/**
 * The registrable domain of a name: one label more than the longest suffix below which strangers can register. Null: it
 * is an address, or such a suffix itself.
 *
 * Not the last two labels, which make a sibling of everybody in `co.uk` and in `github.io`.
 */
function domainOf(host: string): string | null {
  const suffix = publicSuffixes.suffixOf(host);
  if (suffix === null) return null;
  const tails = [host, ...ancestors(host)];
  // And the short list, which has names that no public list has.
  const shared = tails.findIndex((tail) => tail === suffix || whyShared(tail) !== null);
  return tails[shared - 1] ?? null;
}

/** A domain whose label has one letter of another alphabet, as a browser sends it; null: no letter of it has a twin. */
function lookAlikeOf(above: string, label: string, suffix: string): string | null {
  const at = label.search(/[aceopxy]/);
  if (at < 0 || label.startsWith("xn--")) return null;
  const twin = TWINS["aceopxy".indexOf(label[at]!)]!;
  const url = `https://${above}${label.slice(0, at)}${twin}${label.slice(at + 1)}.${suffix}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}

/** Cyrillic letters that look like a, c, e, o, p, x and y. Escaped: nobody could tell. */
const TWINS = "\u0430\u0441\u0435\u043e\u0440\u0445\u0443";

function namesOfSocket({ site, host, port, path, query }: SocketUrl): Names {
  const isAddressInBrackets = host.startsWith("[");
  return {
    site,
    socket: host + port,
    socketName: isAddressInBrackets ? null : host,
    socketPort: port,
    path,
    query,
    moreQuery: query.replace("?", "&"),
    encodedPath: otherThan(path, path.replace(/(?<=\/)[a-z0-9]/i, (char) => `%${hex(char)}`)),
    otherSlash: otherThan("", path.endsWith("/") ? path.slice(0, -1) : `${path}/`),
    otherCase: otherThan(path, path.toUpperCase()) ?? otherThan(path, path.toLowerCase()),
  };
}

function otherThan(text: string, changed: string): string | null {
  return changed === text ? null : changed;
}

/** The code of a text's first character, as percent-encoding writes it. */
function hex(text: string): string {
  return text.charCodeAt(0).toString(16);
}

/** A name before and after its first dot. */
function cut(name: string): [string, string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}
