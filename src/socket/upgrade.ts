/**
 * The handler that upgrades: every check and everything that can fail first, then the runtime, then nothing.
 */

import { type Admissions, readLive } from "../admission.ts";
import { checkFunction, checkNumber, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { clientLeft, denials } from "../denial.ts";
import type { Wrapped } from "../handler.ts";
import {
  checkOpeningHandshake,
  chooseProtocol,
  isCredential,
  isToken,
  requestedUpgrade,
  strippedMiss,
} from "../handshake.ts";
import { judgedConnection } from "../scope.ts";
import { type DecisionHook, HOOK_OPTIONS, readHook, settler } from "../settle.ts";
import { clientStays, needsTurn, wasJustSeen } from "../turn.ts";
import { catchRejection, isPromiseLike, reportOnce } from "../user_code.ts";
import { askServer } from "./bun.ts";
import { runtimeOf } from "./runtime.ts";
import { Session } from "./session.ts";
import type { Limits, SocketHandlers, SocketKind } from "./socket.ts";

/**
 * How one handler's sockets are. `onDecision` and `name` are those of {@linkcode DecisionHook}.
 *
 * @category Sockets
 */
export interface SocketOptions extends DecisionHook {
  /**
   * The subprotocols spoken here, in the server's order of preference. Default none. None begins with `ticket.` or
   * `bearer.`: so clients offer credentials, and the one that is chosen is sent back. Where something is offered and nothing
   * of it is here, the console is told once.
   */
  readonly protocols?: readonly string[];
  /**
   * After how many seconds of silence a peer is given up, 0 to 86,400; after half of them it is pinged. Default 30; 0:
   * never.
   */
  readonly idleTimeoutSeconds?: number;
  /**
   * The largest message that is taken, in bytes, 1 to 67,108,863. Default 65,536. Over it the socket is closed with
   * 1009.
   *
   * **Security.** No bound on memory on Deno, which itself buffers before it hands a message on: frames of up to
   * 64 MiB, and fragments without any limit.
   */
  readonly maxMessageBytes?: number;
  /**
   * How many bytes may wait to be sent, 1 to 1,073,741,824. Default 1,048,576. Over it `send` returns false. On Deno each
   * message that waits is charged 64 bytes more.
   */
  readonly maxBufferedBytes?: number;
  /**
   * How many messages may have come in and wait for their turn, 1 to 1,000,000. Default 1,000. Over it, or over 16 times
   * `maxMessageBytes` bytes, the socket is closed with 1008, and the console is told once.
   */
  readonly maxWaitingMessages?: number;
  /**
   * How many sockets of this handler may be open at once, from 1. Default Infinity: no bound. Over it handshakes are refused with
   * 503 `too-many-sockets`; one that opens over it all the same is closed with 1013, and the console is told once.
   *
   * **Security.** A client can hold as many sockets as the process has descriptors, and Deno ends when it has none left:
   * bound them here, and connections by a proxy in front.
   */
  readonly maxSockets?: number;
  /**
   * What `createLiveSockets` of `@wsgate/wsgate/live` made: a socket closes with 4401 when its session ends, and nothing that
   * waits for its turn is handled then. Inside of an auth layer with the same object, or after its `admit`: what neither has let in
   * is refused with 503 `sessions-unavailable`.
   */
  readonly live?: Admissions;
  /**
   * More headers for the 101 of this request, such as Set-Cookie. Called before the upgrade, for every handshake that
   * is going to be upgraded. Where it throws, or names a header of the opening handshake itself, the answer is 503, and
   * the console is told once.
   */
  readonly headers?: (
    request: Request,
  ) => Headers | Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
}

/** What each limit may be; nobody's who makes no handler, hence the function. */
const LIMITS = () => ({
  idleTimeoutSeconds: { least: 0, most: 86_400, usual: 30, whole: false },
  maxMessageBytes: { least: 1, most: 64 * 1024 * 1024 - 1, usual: 64 * 1024, whole: true },
  maxBufferedBytes: { least: 1, most: 1024 * 1024 * 1024, usual: 1024 * 1024, whole: true },
  maxWaitingMessages: { least: 1, most: 1_000_000, usual: 1000, whole: true },
  maxSockets: { least: 1, most: Number.MAX_SAFE_INTEGER, usual: Infinity, whole: true },
} as const);

/** The opening handshake's own (RFC 6455 §4.2.2), and what frames a response. */
const OWN_HEADERS = /^(?:upgrade|connection|sec-websocket-.*|content-length|transfer-encoding)$/;

/**
 * Makes a handler that upgrades, on Deno and on Bun alike.
 *
 * What is no good handshake by RFC 6455 §4.2.1 is refused: 426 without `Upgrade` or with another version, 405 for
 * another method (CONNECT, which opens WebSockets over HTTP/2 and HTTP/3, too), 400 for a bad Host, Connection, key or `Upgrade`. The subprotocol is the first of `protocols` that the
 * client offers; without one the connection opens all the same, and Chromium then closes it.
 *
 * On Bun the server has to be given {@linkcode websocket}, and the handler Bun's server as its second argument: every
 * wrapper here passes it on; in Hono it is `c.env`.
 *
 * What cannot be made the same is in a table in `src/socket/README.md`. What matters most: on Deno the headers of
 * `socket.request` are gone once the socket is open, a message over `maxMessageBytes` is buffered before it is refused, and
 * a connection stays while its peer has stopped reading; on Bun the server is told the limits when it starts, so all
 * handlers are made before.
 *
 * **Security.** It judges neither Origin nor user, and opens no socket that no guard has judged: those handshakes are
 * refused with 403. Wrap it, `originValidator(handler, [...])`; a socket for every site says so, with `["*"]`.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `protocols` | `[]` | the subprotocols spoken here, the preferred one first |
 * | `idleTimeoutSeconds` | 30 | after how much silence a peer is given up; 0: never |
 * | `maxMessageBytes` | 65,536 | the largest message; over it the socket is closed with 1009 |
 * | `maxBufferedBytes` | 1,048,576 | how much may wait to be sent; over it `send` returns false |
 * | `maxWaitingMessages` | 1,000 | how many messages may wait for their turn; over it 1008 |
 * | `maxSockets` | Infinity | how many sockets may be open; over it handshakes are refused with 503 |
 * | `headers` | none | more headers for the 101 of a request, such as Set-Cookie |
 * | `live` | none | what `createLiveSockets` returned: sockets end with the session |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode SocketOptions} and {@linkcode DecisionHook}.
 *
 * @category Sockets
 * @typeParam D What the application keeps on each socket, as `socket.data`.
 * @param handlers What is done with an open socket.
 * @param options Limits, subprotocols, headers.
 * @returns A handler for both runtimes.
 * @throws {ConfigError} All faults of handlers and options at once.
 *
 * @example An echo server for both runtimes
 * ```ts
 * import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
 *
 * const echo = upgradeHandler({
 *   message: (socket, data) => void socket.send(data),
 * });
 * const fetch = originValidator(echo, ["https://example.com"]);
 * const server = { fetch, websocket };
 * export default server; // deno serve main.ts, bun run main.ts
 * ```
 */
export function upgradeHandler<D = unknown>(
  handlers: SocketHandlers<D>,
  options: SocketOptions = {},
): Wrapped<[], Response> {
  const { events, protocols, limits, headers: headersFor, hook, live } = readSocketOptions(handlers, options);
  const settle = settler("socket", hook);
  const reportHeaders = reportOnce("headers()");
  const reportUpgrade = reportOnce("an upgrade");
  const reportProtocol = reportOnce("choosing a subprotocol");
  const kind: SocketKind = {
    live,
    handlers: events,
    limits,
    report: reportOnce("a socket's handler"),
    reportLimit: reportOnce("a socket"),
    open: 0,
  };

  return (request, context) => {
    const judged = judgedConnection(request);
    if (judged === undefined) {
      const asked = requestedUpgrade(request);
      if (asked === "none") {
        return settle(denials["not-a-handshake"], request, context, { miss: strippedMiss });
      }
      if (asked === "connect") return settle(denials["connect-not-supported"], request, context);
      return settle(denials["origin-unchecked"], request, context, { note: () => UNCHECKED });
    }
    const denied = checkOpeningHandshake(request, judged);
    if (denied !== null) return settle(denied, request, context, { miss: strippedMiss });
    if (live?.isAdmitted(request) === false) {
      return settle(denials["sessions-unavailable"], request, context, { note: () => NOT_ADMITTED });
    }
    if (kind.open >= limits.maxSockets) return settle(denials["too-many-sockets"], request, context);
    const protocol = chooseProtocol(request, protocols);
    if (protocol === "" && (request.headers.get("sec-websocket-protocol") ?? "") !== "") {
      reportProtocol(NONE_CHOSEN);
    }
    const session = new Session(request, protocol, kind);
    let headers: Headers;
    try {
      headers = moreHeaders(headersFor?.(request));
    } catch (error) {
      reportHeaders(error);
      return plain(503, "Service Unavailable");
    }
    // From here on nothing but the runtime: what Deno has upgraded has to be returned.
    const upgrade = () => {
      let response: Response | null;
      try {
        const runtime = runtimeOf(context);
        if (!runtime.mayDecline) settle.allowed(request, context);
        response = runtime.upgrade(request, context, session, headers);
        if (runtime.mayDecline && response !== null) settle.allowed(request, context);
      } catch (error) {
        reportUpgrade(error);
        return plain(500, "Internal Server Error");
      }
      return response ?? settle(denials["not-a-handshake"], request, context);
    };
    if (!needsTurn || wasJustSeen(request)) return upgrade();
    return clientStays(request, request.signal).then((stays) => stays ? upgrade() : clientLeft());
  };
}

const UNCHECKED =
  "No guard judged this request: wrap this handler in one, originValidator(handler, [...]), and hand on the same " +
  'Request object, not a copy. A socket for every site is originValidator(handler, ["*"])';

/** What was offered is not said: tickets and tokens are offered too. */
const NONE_CHOSEN =
  "a handshake offered subprotocols and none of them is in `protocols`, so browsers like Chromium " +
  "close the connection: list one that the page offers";

const NOT_ADMITTED = "Put an auth layer with the same `live` around this handler";

/** A failure of ours or of the operator's: no verdict, so no denial. */
function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "cache-control": "no-store" } });
}

function moreHeaders(given: ReturnType<NonNullable<SocketOptions["headers"]>> | undefined): Headers {
  if (isPromiseLike(given)) {
    catchRejection(given);
    throw new TypeError("it returned a promise: nothing may be waited for once a handshake was judged");
  }
  const headers = new Headers(given as ConstructorParameters<typeof Headers>[0]);
  for (const name of headers.keys()) {
    if (OWN_HEADERS.test(name)) throw new TypeError(`The header ${name} is the opening handshake's own`);
  }
  return headers;
}

interface Checked {
  readonly events: SocketHandlers;
  readonly protocols: readonly string[];
  readonly limits: Limits;
  readonly headers: SocketOptions["headers"];
  readonly hook: DecisionHook;
  readonly live: Admissions | undefined;
}

function readSocketOptions(handlers: unknown, options: unknown): Checked {
  const issues: ConfigIssue[] = [];
  const events = ["open", "message", "drain", "close", "error"];
  const read = readOptions(handlers, events, issues, "handlers") ?? {};
  for (const event of events) if (read[event] !== undefined) checkFunction(read[event], event, issues);

  const known = Object.entries(LIMITS());
  const names = [...known.map(([field]) => field), "protocols", "headers", "live", ...HOOK_OPTIONS];
  const given = readOptions(options, names, issues) ?? {};
  const limits: Record<string, number> = {};
  for (const [field, range] of known) limits[field] = checkNumber(given, field, range, issues);
  const protocols = readProtocols(given.protocols, issues);
  if (given.headers !== undefined) checkFunction(given.headers, "headers", issues);
  const live = readLive(given, issues);
  const hook = readHook<Request>(given, issues);
  const checked = {
    events: read,
    protocols,
    limits,
    headers: given.headers,
    hook,
    live,
  } as unknown as Checked;
  if (issues.length === 0 && !askServer(checked.limits)) {
    const fix =
      "A Bun server that takes `websocket` has started with smaller limits: make all handlers before.";
    const field = askServer({ ...checked.limits, maxBufferedBytes: 0 })
      ? "maxBufferedBytes"
      : "maxMessageBytes";
    issues.push({ code: "server-started", field, index: -1, value: checked.limits[field], fix });
  }
  throwIfAny(issues);
  return checked;
}

function readProtocols(list: unknown, issues: ConfigIssue[]): readonly string[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    issues.push({
      code: "not-a-list",
      field: "protocols",
      index: -1,
      value: list,
      fix: "Give an array of names.",
    });
    return [];
  }
  list.forEach((value, index) => {
    const at = { field: "protocols", index, value };
    if (typeof value !== "string" || !isToken(value)) {
      issues.push({
        code: "protocol-malformed",
        ...at,
        fix: "A subprotocol is a token: letters, digits and !#$%&'*+-.^_`|~.",
      });
    } else if (isCredential(value)) {
      const fix =
        "Name what is spoken. A name that begins with `ticket.` or `bearer.` is a credential, which would be sent back.";
      issues.push({ code: "protocol-reserved", ...at, fix });
    } else if (list.indexOf(value) !== index) {
      issues.push({ code: "protocol-malformed", ...at, fix: "Remove one. The list has this name twice." });
    }
  });
  return Object.freeze([...list]);
}
