/**
 * What `probe` was given: the server, the site, and the handshakes to be sent.
 */

import { parseHost } from "../origin/authority.ts";
import { parseOrigin } from "../origin/origin.ts";
import { isToken, trimWhiteSpace } from "../handshake.ts";
import { quote } from "../quote.ts";
import { type Attack, attacksOn, type Site } from "../testing/attacks.ts";
import { type Given, type OptionTable, UsageError } from "./arguments.ts";
import type { Destination } from "./probe_connection.ts";

/** The options of `probe`. */
export const PROBE_OPTIONS = {
  site: "many",
  host: "once",
  header: "many",
  trusts: "many",
  absent: "once",
  wait: "once",
  "other-host": "flag",
  "may-end-it": "flag",
  json: "flag",
  help: "flag",
} as const satisfies OptionTable;

/** One handshake to be sent. */
export interface Shot extends Pick<Attack, "on" | "name" | "sender" | "why"> {
  /** As the corpus has it, without what `--header` adds. */
  readonly wire: string;
}

/** An own page, whose handshake has to be allowed. */
export interface OwnPage {
  readonly origin: string;
  readonly wire: string;
}

/** All that is to be done. */
export interface Plan {
  /** The socket's URL, as it is connected to. */
  readonly url: URL;
  /** What the Host header says. */
  readonly host: string;
  /** Whether Host was given, and is not only what the URL says. */
  readonly isHostGiven: boolean;
  /** Where to connect to: the first that answers. */
  readonly destinations: readonly Destination[];
  readonly pages: readonly OwnPage[];
  readonly shots: readonly Shot[];
  /** What can end a server, and is sent last; null: it is not sent. */
  readonly ender: Shot | null;
  /** Puts in what `--header` says. */
  readonly addHeaders: (wire: string) => string;
  /** How long a close is waited for, in milliseconds. */
  readonly closeMs: number;
}

/** More would be a list for another tool; each is some seventy connections. */
const MAX_SITES = 10;
/** A refusal that comes later than this has let the client act. */
const MAX_WAIT_MS = 10_000;
const DEFAULT_WAIT_MS = 400;

/** Reads the arguments of `probe`. Throws {@linkcode UsageError}, and ConfigError for a pattern that cannot be used. */
export function planOf({ values, operands }: Given): Plan {
  const url = readUrl(operands, values.has("other-host"));
  const given = values.get("host")?.[0];
  if (given !== undefined && parseHost(given) === null) {
    throw new UsageError(`--host is a name or an address, with a port or without, not ${quote(given)}`);
  }
  const host = given?.toLowerCase() ?? url.host;
  const origins = readSites(values.get("site") ?? []);
  const trusts = values.get("trusts");
  const absent = readAbsent(values.get("absent")?.[0]);
  const site: Site = {
    origins,
    to: `${schemeOf(url, given, origins)}//${host}${url.pathname}${url.search}`,
    ...trusts !== undefined && { trusts },
    ...absent !== undefined && { absent },
  };
  const shots = attacksOn(site).map(({ on, name, sender, why, wire }) => ({ on, name, sender, why, wire }));
  const target = url.pathname + url.search;
  return {
    url,
    host,
    isHostGiven: given !== undefined,
    destinations: destinationsOf(url, host),
    pages: origins.map((origin) => ({ origin, wire: wireOf(target, host, origin) })),
    shots,
    ender: values.has("may-end-it") ? enderOf(origins[0]!, target, host, url) : null,
    addHeaders: headerWriter(values.get("header") ?? []),
    closeMs: readWait(values.get("wait")?.[0]),
  };
}

// ---- the server -----------------------------------------------------------------------------------------------------

const SCHEMES: { readonly [scheme in string]?: string } = {
  "ws:": "ws:",
  "wss:": "wss:",
  "http:": "ws:",
  "https:": "wss:",
};

function readUrl([text, ...more]: readonly string[], mayBeElsewhere: boolean): URL {
  if (text === undefined) {
    throw new UsageError("which server? Give the URL of its socket: ws://localhost:8000/chat");
  }
  if (more.length > 0) throw new UsageError(`one URL at a time. Remove ${quote(more[0])}`);
  let url;
  try {
    url = new URL(text);
  } catch {
    url = null;
  }
  const scheme = url === null ? undefined : SCHEMES[url.protocol];
  if (url === null || scheme === undefined) {
    throw new UsageError(`the URL of a socket begins with ws:// or wss://, unlike ${quote(text)}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("remove the user name from the URL. Give --header for a log-in");
  }
  if (text.includes("#")) {
    throw new UsageError("remove the # from the URL. Browsers do not send what follows it");
  }
  url.protocol = scheme;
  if (!mayBeElsewhere && !isLoopback(url.hostname)) {
    throw new UsageError(
      `${quote(url.hostname)} is not this machine. If you may attack that server, give --other-host`,
    );
  }
  return url;
}

/** By name or address alone: what a resolver says of other names is not asked for. */
function isLoopback(hostname: string): boolean {
  return isLocalName(hostname) || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

/** RFC 6761 §6.3. */
function isLocalName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost");
}

function destinationsOf(url: URL, hostHeader: string): Destination[] {
  const { hostname, port, protocol } = url;
  const isTls = protocol === "wss:";
  const name = parseHost(hostHeader)!.host;
  const tls = isTls
    // On this machine a certificate proves nothing, and those of development are signed by nobody.
    ? { serverName: /^\[|^[\d.]+$/.test(name) ? "" : name, isChecked: !isLoopback(hostname) }
    : null;
  // Not by a resolver, which may know such a name otherwise (RFC 6761 §6.3).
  const hosts = isLocalName(hostname) ? ["127.0.0.1", "::1"] : [hostname.replace(/^\[|\]$/g, "")];
  return hosts.map((host) => ({ host, port: Number(port) || (isTls ? 443 : 80), tls }));
}

// ---- the site -------------------------------------------------------------------------------------------------------

function readSites(sites: readonly string[]): readonly string[] {
  if (sites.length === 0) {
    throw new UsageError("which site? Give --site, the origin of its pages: --site https://app.example.com");
  }
  if (sites.length > MAX_SITES) throw new UsageError(`--site can be given ${MAX_SITES} times`);
  for (const site of sites) {
    if (parseOrigin(site).kind !== "tuple") {
      throw new UsageError(
        `--site is an origin as browsers send it, scheme://host[:port], not ${quote(site)}`,
      );
    }
  }
  return [...new Set(sites)];
}

function readAbsent(word: string | undefined): Site["absent"] {
  if (word === undefined || word === "deny") return undefined;
  if (word === "allow" || word === "allow-without-credentials") return word;
  throw new UsageError(`--absent is deny, allow or allow-without-credentials, not ${quote(word)}`);
}

function readWait(text: string | undefined): number {
  if (text === undefined) return DEFAULT_WAIT_MS;
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_WAIT_MS) {
    throw new UsageError(`--wait is a number of milliseconds, ${MAX_WAIT_MS} at most, not ${quote(text)}`);
  }
  return Number(text);
}

/** As browsers ask for the socket. */
function schemeOf({ protocol }: URL, hostGiven: string | undefined, origins: readonly string[]): string {
  // Under a name of its own and without TLS here, TLS ends in front: a page of https may ask for nothing else.
  const isBehindTls = hostGiven !== undefined && origins.every((origin) => origin.startsWith("https:"));
  return isBehindTls ? "wss:" : protocol;
}

// ---- the handshakes -------------------------------------------------------------------------------------------------

/** Made by every handshake itself, or what the attacks are about. */
const NOT_FREE: readonly string[] = [
  "host",
  "origin",
  "upgrade",
  "connection",
  "sec-websocket-key",
  "sec-websocket-version",
  "content-length",
  "transfer-encoding",
];

function headerWriter(headers: readonly string[]): (wire: string) => string {
  const fields = headers.map((text) => {
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(colon, 0));
    const value = trimWhiteSpace(text.slice(colon + 1));
    if (!isToken(name)) throw new UsageError(`a header is "Name: value", not ${quote(text)}`);
    if (!/^[\t\x20-\x7e]*$/.test(value)) throw new UsageError(`--header ${name}: write printable ASCII`);
    if (NOT_FREE.includes(name.toLowerCase())) {
      throw new UsageError(`--header cannot set ${name}. Every handshake has its own`);
    }
    return { name: name.toLowerCase(), line: `${name}: ${value}` };
  });
  return (wire) => {
    const lines = linesOf(wire);
    const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
    // A real log-in in the place of the stand-in; any other field of an attack is what the attack is.
    const isGiven = (name: string) => fields.some((field) => field.name === name);
    const kept = isGiven("cookie") ? lines.filter((line) => !/^cookie:/i.test(line)) : lines;
    const added = fields.filter(({ name }) => name === "cookie" || !has(name)).map(({ line }) => line);
    return [...kept, ...added, "", ""].join("\r\n");
  };
}

/** The lines of a head, the request line first. */
export function linesOf(wire: string): string[] {
  return wire.split("\r\n").filter((line) => line !== "");
}

/** What a browser sends; the key is RFC 6455's own. */
function wireOf(target: string, host: string, origin: string, upgrade = ["Upgrade: websocket"]): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...upgrade,
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Origin: ${origin}`,
    "",
    "",
  ].join("\r\n");
}

function enderOf(on: string, target: string, host: string, { protocol }: URL): Shot {
  const origin = `${protocol === "wss:" ? "https" : "http"}://attacker.test`;
  return {
    on,
    name: "repeated-upgrade",
    sender: "program",
    why: "Two Upgrade headers, the first one without websocket, end a Deno process that upgrades them",
    wire: wireOf(target, host, origin, ["Upgrade: h2c", "Upgrade: websocket"]),
  };
}
