/**
 * Handshakes without a client, as the server sees them: a Request, and its bytes.
 */

import { type ConfigIssue, type Fault, type Options, readOptions, throwIfAny } from "../config.ts";
import { isToken } from "../handshake.ts";
import { parseHost } from "../origin/authority.ts";
import { originFault, readSocketUrl, type SocketUrl } from "./addresses.ts";

/** Where a handshake goes, and what it brings along. */
export interface HandshakeOptions {
  /** The URL of the socket, as a page's script writes it: `"wss://example.com/chat"`. */
  readonly to: string;
  /** The value of `Cookie`, such as `"session=1; theme=dark"`. Default: none is sent. */
  readonly cookies?: string;
  /** The subprotocols that are offered, in this order. Default: none. */
  readonly protocols?: readonly string[];
  /** More header fields, and others in the place of the usual ones, `Host` and `Origin` included. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Header fields in the order in which they are sent. A name may stand there several times. */
export type Fields = readonly (readonly [name: string, value: string])[];

/**
 * The handshake that a browser sends from a page, for a policy, a gate or a handler to be tested with.
 *
 * It has what the verdict reads and what RFC 6455 §4.1 demands: Host, Upgrade, Connection, Sec-WebSocket-Version and
 * -Key, Origin. The URL has the scheme of the socket, `https` for `wss:`, as where no proxy ends TLS.
 *
 * @param origin The page's origin as a browser sends it; `"null"` for a sandboxed frame.
 * @param options Where it goes, and what it brings along.
 * @returns A Request, for one use: a guard notes what it has judged.
 * @throws {ConfigError} All faults at once.
 *
 * @example A page of one's own, and one of somebody else's
 * ```ts
 * import { check, compilePolicy } from "@wsgate/wsgate";
 * import { pageHandshake } from "@wsgate/wsgate/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = compilePolicy({ origins: ["https://example.com"] });
 * const to = "wss://example.com/chat";
 * assertEquals(check(pageHandshake("https://example.com", { to }), policy).allowed, true);
 * assertEquals(check(pageHandshake("https://evil.test", { to }), policy).allowed, false);
 * ```
 */
export function pageHandshake(origin: string, options: HandshakeOptions): Request {
  const issues: ConfigIssue[] = [];
  const fault = origin === "null" ? null : originFault(origin);
  if (fault !== null) issues.push({ ...fault, field: "origin", index: -1, value: origin });
  return readHandshake([["Origin", origin]], options, issues);
}

/**
 * The handshake of a program that is no browser: the same as {@linkcode pageHandshake}, without Origin unless one is given
 * in `headers`.
 *
 * @param options Where it goes, and what it brings along.
 * @returns A Request, for one use.
 * @throws {ConfigError} All faults at once.
 *
 * @example A program with a token
 * ```ts
 * import { compilePolicy } from "@wsgate/wsgate";
 * import { assertDenied, clientHandshake } from "@wsgate/wsgate/testing";
 *
 * const policy = compilePolicy({ origins: ["https://example.com"], absent: "allow-without-credentials" });
 * const headers = { authorization: "Bearer secret" };
 * await assertDenied(policy, clientHandshake({ to: "wss://example.com/chat", headers }), "origin-absent");
 * ```
 */
export function clientHandshake(options: HandshakeOptions): Request {
  return readHandshake([], options, []);
}

function readHandshake(origin: Fields, options: unknown, issues: ConfigIssue[]): Request {
  const read = readOptions(options, ["to", "cookies", "protocols", "headers"], issues);
  const socket = read && readSocketUrl(read, issues);
  const more = read && readFields(read, issues);
  throwIfAny(issues);
  const fields = [...usualFields(socket!), ...origin];
  return requestOf("GET", socket!.path + socket!.query, override(fields, more!), socket!);
}

/** What every client sends. */
export function usualFields({ host, port }: SocketUrl): Fields {
  return [
    ["Host", host + port],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ];
}

/** Fields, with others in the place of those of the same name; null: it is left out. */
export function override(fields: Fields, others: readonly (readonly [string, string | null])[]): Fields {
  const names = others.map(([name]) => name.toLowerCase());
  return [
    ...fields.filter(([name]) => !names.includes(name.toLowerCase())),
    ...others.filter((field): field is readonly [string, string] => field[1] !== null),
  ];
}

/** A request as the runtimes show it: the URL names what Host does, where that can be in a URL. */
export function requestOf(method: string, target: string, fields: Fields, socket: SocketUrl): Request {
  const hosts = fields.filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value);
  const authority = hosts.length === 1 && parseHost(hosts[0]!) !== null
    ? hosts[0]!
    : socket.host + socket.port;
  // A target that names an authority of its own is the URL, on Deno.
  const request = new Request(target.startsWith("/") ? `${socket.site}://${authority}${target}` : target);
  // Afterwards, and one by one: Node's constructor drops some of them, and no object has a name twice.
  for (const [name, value] of fields) request.headers.append(name, value);
  // The constructors of two runtimes refuse CONNECT.
  if (method !== "GET") Object.defineProperty(request, "method", { value: method });
  return request;
}

function readFields({ cookies, protocols, headers }: Options, issues: ConfigIssue[]): [string, string][] {
  const add = (field: string, value: unknown, fault: Fault, index = -1) =>
    void issues.push({ ...fault, field, index, value });
  const fields: [string, string][] = [];
  if (isValue(cookies)) fields.push(["Cookie", cookies]);
  else if (cookies !== undefined) add("cookies", cookies, NO_COOKIE);

  if (Array.isArray(protocols)) {
    protocols.forEach((name, index) => {
      if (typeof name !== "string" || !isToken(name)) add("protocols", name, NO_PROTOCOL, index);
    });
    if (protocols.length > 0) fields.push(["Sec-WebSocket-Protocol", protocols.join(", ")]);
  } else if (protocols !== undefined) {
    add("protocols", protocols, NO_LIST);
  }

  for (const [name, value] of Object.entries(readHeaders(headers, issues))) {
    if (isToken(name) && isValue(value)) fields.push([name, value]);
    else add(`headers.${name}`, value, NO_FIELD);
  }
  return fields;
}

/** Header fields as a plain object has them, whatever they are: of a Headers nothing would be seen. */
function readHeaders(headers: unknown, issues: ConfigIssue[]): object {
  if (headers === undefined) return {};
  const isObject = typeof headers === "object" && headers !== null;
  if (isObject && [Object.prototype, null].includes(Object.getPrototypeOf(headers))) return headers;
  issues.push({ ...NO_OBJECT, field: "headers", index: -1, value: headers });
  return {};
}

/** What a header can carry, whichever runtime makes it (RFC 9110 §5.5), a character a byte. */
function isValue(value: unknown): value is string {
  return typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

const NO_COOKIE: Fault = {
  code: "wrong-type",
  fix: 'Give the header as a string, such as "session=1; theme=dark".',
};
const NO_PROTOCOL: Fault = {
  code: "protocol-malformed",
  fix: "Give a token: letters, digits, and no spaces.",
};
const NO_LIST: Fault = { code: "not-a-list", fix: "Give an array of strings." };
const NO_OBJECT: Fault = {
  code: "wrong-type",
  fix: "Give an object of strings by the names of their fields.",
};
const NO_FIELD: Fault = { code: "wrong-type", fix: "Give a field's name, and a string that HTTP can carry." };
