/**
 * Decisions as an operator's programs hear of them: one event for each request and layer.
 */

import {
  authorityOf,
  deepFreeze,
  type ExplainedHost,
  type ExplainedOrigin,
  type Explanation,
  type Miss,
  readHost,
  readOrigin,
} from "./explanation.ts";
import type { Denied, DenyReason, Handshake } from "./handler.ts";
import { carriesCredentials, FORWARDING, pathOf, requestedUpgrade } from "./handshake.ts";
import { escapeNonAscii, quoteCause } from "./quote.ts";

/**
 * One decision of one layer, frozen.
 *
 * What it says is own, enumerable data: `JSON.stringify`, spread and `structuredClone` give the same. `request`, `context`,
 * `cause` and `explain` are no data, and are not in them.
 *
 * **Security.** The data hold no cookie, no value of a header or a query, and no user info; `origin` and `host` hold what
 * {@linkcode explain} shows of them. A secret that an application puts into the path is in `path`.
 *
 * @typeParam Q The request: a `Request`, or Node's at a node gate.
 * @category Production
 */
export interface DecisionEvent<Q = Request> {
  /** `"denied"`: answered. `"would-deny"`: went on, and the report-only policy says no. `"allowed"`: went on. */
  readonly outcome: "allowed" | "denied" | "would-deny";
  /** Which layer: a guard or gate, `hostValidator`, `authMiddlewareStack`, a router, `upgradeHandler`. */
  readonly layer: "guard" | "host" | "auth" | "router" | "socket";
  /** Why; of `"would-deny"` the report-only policy's reason; null where it was allowed. */
  readonly reason: DenyReason | null;
  /** The decision's own status, whatever `refuse` makes of it; null where the request goes on. */
  readonly status: Denied["status"] | null;
  /** What the report-only policy said; null: there is none. One that fails says `policy-unavailable`. */
  readonly reportOnly: { readonly allowed: boolean; readonly reason: DenyReason | null } | null;
  /** Whether a WebSocket was asked for, by `Sec-WebSocket-Key` alone too. */
  readonly handshake: boolean;
  /** The layer's option `name`; null: it has none. */
  readonly name: string | null;
  /** The request method, the first 40 characters of it: on Deno a client may invent one of any length. */
  readonly method: string;
  /**
   * As the client spelled it, without query and fragment: printable ASCII, 200 characters at most; "" where there is
   * none.
   */
  readonly path: string;
  /** What arrived in `Origin`. */
  readonly origin: ExplainedOrigin;
  /** What arrived in `Host`, or in the URL of an HTTP/2 request that asks for no WebSocket. */
  readonly host: ExplainedHost;
  /**
   * The request, to be read before the hook's first await: afterwards Deno throws at every header. Who keeps events keeps
   * their requests: keep a copy, `{ ...event }`.
   */
  readonly request: Q;
  /** What the runtime passed beside it: Deno's info or Bun's server, for the client's address. */
  readonly context: unknown;
  /** What user code threw, or an Error that says more than the reason does; undefined: nothing. */
  readonly cause?: unknown;
  /**
   * Why, as {@linkcode explain} has it, from what was copied when the event was made: it works later too. Of auth, routers
   * and sockets what came near alone; null where that is nothing, and where a guard asked no list.
   */
  explain(): Explanation | null;
}

/** What a layer knows of a decision. */
export interface Details {
  /** What user code threw. */
  readonly cause?: unknown;
  /** More for the console line, as one sentence; made where it is printed, of what is left of the handshake by then. */
  readonly note?: (handshake: Handshake) => string;
  readonly explain?: (handshake: Handshake) => Explanation | null;
  /** What came near, where no list was asked: in place of both. */
  readonly miss?: (handshake: Handshake) => Miss | null;
  /** What was judged in place of Host; undefined: the header itself. */
  readonly host?: string | null;
}

/** What the layer is, and what it decided. */
export interface Decided<Q> extends Details {
  readonly layer: DecisionEvent["layer"];
  readonly name: string | null;
  /** Null: it goes on. */
  readonly denied: Denied | null;
  /** What the report-only policy said; null: there is none. */
  readonly reportOnly: { readonly denied: Denied | null } | null;
  readonly handshake: Handshake;
  readonly request: Q;
  readonly context: unknown;
}

/** What is left of a handshake in an event: all that an explanation reads. Of logins only that they are there. */
const KEPT = /* @__PURE__ */ FORWARDING.concat(
  [
    "host",
    "origin",
    "upgrade",
    "connection",
    "sec-websocket-key",
    "user-agent",
    "sec-fetch-site",
    "sec-fetch-dest",
  ],
);
const LOGINS = ["cookie", "authorization"];

/** A snapshot of what an explanation may read. After its answer Deno throws at every header, and Bun empties the URL. */
function snapshotOf({ method, url, headers }: Handshake): Handshake {
  const kept = new Map<string, string>();
  for (const name of KEPT) {
    const value = headers.get(name) ?? null;
    if (value !== null) kept.set(name, value);
  }
  // An empty one is no login, and is told apart.
  for (const name of LOGINS) {
    const value = headers.get(name) ?? null;
    if (value !== null) kept.set(name, value && "...");
  }
  // Without the query, in which tokens travel.
  return {
    method,
    url: url.split("?", 1)[0]!,
    headers: { get: (name) => kept.get(name.toLowerCase()) ?? null },
  };
}

/** The one implementation of {@linkcode DecisionEvent}: data in fields, the rest in accessors, which JSON passes over. */
class EventOfDecision<Q> implements DecisionEvent<Q> {
  readonly outcome: DecisionEvent["outcome"];
  readonly layer: DecisionEvent["layer"];
  readonly reason: DenyReason | null;
  readonly status: Denied["status"] | null;
  readonly reportOnly: DecisionEvent["reportOnly"];
  readonly handshake: boolean;
  readonly name: string | null;
  readonly method: string;
  readonly path: string;
  readonly origin: ExplainedOrigin;
  readonly host: ExplainedHost;
  readonly #decided: Decided<Q>;

  constructor(decided: Decided<Q>) {
    const { denied, reportOnly, layer, name, handshake } = decided;
    const { method, url, headers } = handshake;
    const told = denied ?? reportOnly?.denied ?? null;
    this.outcome = denied !== null ? "denied" : told !== null ? "would-deny" : "allowed";
    this.layer = layer;
    this.reason = told?.reason ?? null;
    this.status = denied?.status ?? null;
    this.reportOnly = reportOnly && Object.freeze({
      allowed: reportOnly.denied === null,
      reason: reportOnly.denied?.reason ?? null,
    });
    this.handshake = asksForWebSocket(handshake);
    this.name = name;
    this.method = method.slice(0, MAX_METHOD);
    // No browser sends a fragment; what does may have a token in it.
    const path = (pathOf(url) ?? "").split("#", 1)[0]!;
    this.path = escapeNonAscii(path.slice(0, MAX_PATH)).slice(0, MAX_PATH);
    this.origin = Object.freeze(readOrigin(headers.get("origin") ?? null));
    this.host = Object.freeze(readHost(headers.get("host") ?? null));
    this.#decided = decided;
    Object.freeze(this);
  }

  get request(): Q {
    return this.#decided.request;
  }

  get context(): unknown {
    return this.#decided.context;
  }

  get cause(): unknown {
    return this.#decided.cause;
  }

  explain(): Explanation | null {
    const { explain, miss, handshake, denied } = this.#decided;
    if (explain !== undefined) return explain(handshake);
    const near = miss?.(handshake) ?? null;
    return near && explanationOf(near, denied!, handshake);
  }

  /** What the console line says after the Origin and the Host; "": nothing, or it is a copy of an event. */
  static noteOf(event: object): string {
    if (!(#decided in event)) return "";
    const { note, miss, handshake, ...decided } = (event as EventOfDecision<unknown>).#decided;
    // `in`: undefined can be thrown too.
    return "cause" in decided
      ? quoteCause(decided.cause)
      : note?.(handshake) ?? miss?.(handshake)?.text ?? "";
  }
}

const MAX_METHOD = 40;
const MAX_PATH = 200;

/** Reports whether a WebSocket is asked for, by `Sec-WebSocket-Key` alone too: a proxy may have taken the rest. */
export function asksForWebSocket(handshake: Handshake): boolean {
  return requestedUpgrade(handshake) !== "none" ||
    (handshake.headers.get("sec-websocket-key") ?? null) !== null;
}

/** Makes an event. `keeps`: whoever hears of it may ask for its explanation later. */
export function eventOf<Q>(decided: Decided<Q>, keeps: boolean): DecisionEvent<Q> {
  const judged = decided.host === undefined ? decided.handshake : withHost(decided.handshake, decided.host);
  return new EventOfDecision({ ...decided, handshake: keeps ? snapshotOf(judged) : judged });
}

/** The same, with what was judged in place of Host. */
function withHost({ method, url, headers }: Handshake, host: string | null): Handshake {
  return { method, url, headers: { get: (name) => name === "host" ? host : headers.get(name) } };
}

/** What the console line of an event says after the Origin and the Host; "": nothing, or it is a copy, which does not know. */
export function noteOf(event: DecisionEvent<unknown>): string {
  return EventOfDecision.noteOf(event);
}

/** The explanation of a refusal that no list has to do with. */
function explanationOf(miss: Miss, denied: Denied, handshake: Handshake): Explanation {
  const { url, headers } = handshake;
  return deepFreeze({
    decision: denied,
    origin: readOrigin(headers.get("origin") ?? null),
    host: readHost(headers.get("host") ?? null),
    authority: authorityOf(url),
    credentials: carriesCredentials(handshake),
    rule: null,
    nearest: [{ ...miss, entry: null, differs: [], suggestion: null }],
    next: null,
  });
}
