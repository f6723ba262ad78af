/**
 * A gate for Node's own servers, whose sockets are upgraded from the `upgrade` event and never come by as a Request.
 *
 * Nothing of Node is imported: what is used of its objects is described here.
 */

import { type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import { answerOf, denials } from "../denial.ts";
import type { Denied, Handshake } from "../handler.ts";
import { requestedUpgrade } from "../handshake.ts";
import { lowerAscii } from "../origin/authority.ts";
import { markJudged } from "../scope.ts";
import { type DecisionHook, readHook, type Tell, teller } from "../settle.ts";
import {
  judgeAndTell,
  judgesOf,
  type Judging,
  type PolicySource,
  readJudging,
  readSource,
  type ReportOnlyOption,
  type Verdict,
} from "./judge.ts";

/**
 * What is used of Node's `IncomingMessage`.
 *
 * @category Guards
 */
export interface NodeRequest {
  /** The request method. */
  readonly method?: string | undefined;
  /** The request's target, as it came. */
  readonly url?: string | undefined;
  /** Such as `1.1`. */
  readonly httpVersion?: string | undefined;
  /** Names and values in turn, as they came; `headers` drops repeated fields. */
  readonly rawHeaders: readonly string[];
  /** The connection. */
  readonly socket: {
    /** Whether TLS ends here. */
    readonly encrypted?: boolean | undefined;
    /** Not read: without it no type of Node's would fit. */
    readonly remoteAddress?: string | undefined;
  };
}

/**
 * What is used of the raw socket of Node's `upgrade` event.
 *
 * @category Guards
 */
export interface NodeSocket {
  /** Writes a last text. */
  end(text: string): unknown;
  /** Lets go of the connection. */
  destroy(): unknown;
  /** Listens to an event. */
  on(event: "error" | "finish", listener: () => void): unknown;
}

/**
 * Who hears of a node gate's decisions, and what it judges by beside its policy: `onDecision` and `name` of
 * {@linkcode DecisionHook}, `reportOnly` of {@linkcode ReportOnlyOption}.
 *
 * @category Guards
 */
export interface NodeGateOptions extends DecisionHook<NodeRequest>, ReportOnlyOption {}

/**
 * A gate for Node's own servers: see {@linkcode createNodeGate}.
 *
 * @category Guards
 */
export interface NodeGate {
  /**
   * Judges a request.
   *
   * @param request Node's `IncomingMessage`.
   * @param socket The raw socket of the `upgrade` event, to be answered on.
   * @returns true where the request may go on; false where it was refused, and answered where a socket was given.
   */
  (request: NodeRequest, socket?: NodeSocket): boolean;
}

/**
 * Makes a gate for `server.on("upgrade", …)` of Node's own servers, and so for ws, Express, Fastify and socket.io.
 *
 * With the raw socket a refusal is answered on it, and the connection is let go. Without one (`verifyClient` of ws,
 * `io.engine.use` of socket.io) the answer is left to who asked. A request that asks for no WebSocket may always go on.
 *
 * **Security.** First in the `upgrade` listener: request middleware never sees an upgrade. HTTP/1.0, in which there is no
 * upgrade (RFC 9110 §7.8), is refused here; the other runtimes do not show the version. The gate sets an `error` listener on the
 * socket before anything else: without one a client that resets ends the process.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `reportOnly` | none | a second policy, which refuses nothing and is told of |
 * | `onDecision` | the console | called with every decision, to log or to count it |
 * | `name` | none | the layer's name in events, lines and counters |
 *
 * In full under {@linkcode DecisionHook}; those of a policy under {@linkcode compilePolicy}.
 *
 * @category Guards
 * @param policy What {@linkcode compilePolicy} made, the options for it, or a function that finds it for each site.
 * @param options Who hears of decisions, and a report-only policy.
 * @returns The gate.
 * @throws {ConfigError} A policy or option of the wrong type, or a wrong list; all faults at once.
 *
 * @example A server of Node's with ws
 * ```ts
 * import { createServer } from "node:http";
 * import { createNodeGate } from "@wsgate/wsgate/node";
 *
 * const gate = createNodeGate({ origins: ["https://example.com"] });
 * const server = createServer();
 * server.on("upgrade", (request, socket, head) => {
 *   if (!gate(request, socket)) return;
 *   console.log(head); // sockets.handleUpgrade(request, socket, head, …)
 * });
 * ```
 */
export function createNodeGate(policy: PolicySource, options: NodeGateOptions = {}): NodeGate {
  const issues: ConfigIssue[] = [];
  const source = readSource(policy, issues);
  const read = readOptions(options, ["reportOnly", "onDecision", "name"], issues) ?? {};
  const judging = readJudging(source, read, issues);
  const tell = teller("guard", readHook<NodeRequest>(read, issues));
  throwIfAny(issues);
  const judges = judgesOf(source!);
  return (request, socket) => {
    // Before anything else, and of a request that goes on too: whoever upgrades it may listen too late.
    socket?.on("error", () => {});
    const handshake = nodeHandshake(request);
    const verdict = judgeOfNode(handshake, request, judging, tell);
    if (verdict === null) return true;
    if (typeof verdict === "string") {
      markJudged(request, verdict, judges, handshake);
      return true;
    }
    if (socket !== undefined) answer(socket, verdict);
    return false;
  };
}

/**
 * What {@linkcode check} and {@linkcode explain} read of a request of Node's.
 *
 * @category Verdicts
 * @param request Node's `IncomingMessage`.
 * @returns A snapshot: repeated fields are joined by `", "`, and the URL has the scheme of the connection.
 * @throws {TypeError} It is no request of Node's.
 *
 * @example What a log says
 * ```ts
 * import { compilePolicy, explain, formatExplanation } from "@wsgate/wsgate";
 * import { nodeHandshake, type NodeRequest } from "@wsgate/wsgate/node";
 *
 * const policy = compilePolicy({ origins: ["https://example.com"] });
 * function why(request: NodeRequest): string {
 *   return formatExplanation(explain(nodeHandshake(request), policy));
 * }
 * console.log(typeof why);
 * ```
 */
export function nodeHandshake(request: NodeRequest): Handshake {
  const { method = "GET", url: target = "/", rawHeaders, socket } = request;
  if (!Array.isArray(rawHeaders)) throw new TypeError(NO_REQUEST);
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = lowerAscii(rawHeaders[i]!);
    const before = fields.get(name);
    fields.set(name, before === undefined ? rawHeaders[i + 1]! : `${before}, ${rawHeaders[i + 1]!}`);
  }
  const get = (name: string) => fields.get(lowerAscii(name)) ?? null;
  const host = get("host");
  // A target that names an authority of its own stays as it is: it has to be compared with Host.
  const isPath = target.startsWith("/") && host !== null;
  const scheme = socket?.encrypted ? "https" : "http";
  return { method, url: isPath ? `${scheme}://${host}${target}` : target, headers: { get } };
}

function judgeOfNode(
  handshake: Handshake,
  request: NodeRequest,
  judging: Judging,
  tell: Tell<NodeRequest>,
): Verdict {
  const { httpVersion } = request;
  if ((httpVersion === "1.0" || httpVersion === "0.9") && requestedUpgrade(handshake) !== "none") {
    const denied = denials["upgrade-malformed"];
    tell({ denied, reportOnly: null, handshake, request, context: undefined, note: () => TOO_OLD });
    return denied;
  }
  return judgeAndTell(handshake, request, undefined, judging, tell);
}

/** Answers, and lets go: a client that stays would keep its descriptor. */
function answer(socket: NodeSocket, denied: Denied): void {
  const { status, statusText, headers, text } = answerOf(denied);
  const fields = { ...headers, connection: "close", "content-length": String(text.length) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("finish", () => void socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}\r\n${text}`);
}

const TOO_OLD = "Have the proxy in front speak HTTP/1.1 to this server. HTTP/1.0 has no upgrades";
const NO_REQUEST =
  "Pass Node's own request, the first argument of the upgrade event. For a Request use createGate() of " +
  "@wsgate/wsgate";
