/**
 * One-time tickets: how a page or program without the site's cookie proves, in one handshake, who it is.
 */

import {
  checkChoice,
  checkNumber,
  type ConfigIssue,
  type Options,
  readOptions,
  throwIfAny,
} from "../config.ts";
import { Unauthenticated } from "../denial.ts";
import type { Handshake } from "../handler.ts";
import { pathOf, trimWhiteSpace } from "../handshake.ts";
import { defaultPort } from "../origin/authority.ts";
import { parseOrigin } from "../origin/origin.ts";
import { checkName, readSession, type SessionRef } from "./session.ts";
import type { Store } from "./store.ts";

/**
 * What a ticket is good for.
 *
 * @category Sessions
 */
export interface TicketGrant {
  /** The user it is for. */
  readonly subject: string;
  /** The log-in that it was minted in; a ticket opens nothing once that has ended. null: no log-out ends its sockets. */
  readonly session: SessionRef | null;
  /**
   * The one origin whose page may use it, as the browser sends it: without the scheme's default port and without a slash at
   * the end. null: a client that sends none. "null", which every sandboxed frame sends, is refused.
   */
  readonly origin: string | null;
  /** The one path that it opens, as it is in the URL, without a query. Left out: any. */
  readonly path?: string;
}

/**
 * Why a ticket is refused. Stable: safe to compare.
 *
 * - `"ticket-absent"`: the handshake has none.
 * - `"ticket-unknown"`: expired, used before, made up, or one of two.
 * - `"ticket-origin"`, `"ticket-path"`: good for another origin, another path. It is used up.
 *
 * @category Sessions
 */
export type TicketDenyReason = "ticket-absent" | "ticket-unknown" | "ticket-origin" | "ticket-path";

/**
 * Mints tickets, and takes them from handshakes.
 *
 * @category Sessions
 */
export interface Tickets {
  /**
   * A new ticket, for the answer to an authenticated request: `ticket.` and 43 characters. Rejects with a TypeError where the
   * grant cannot be one, and where the store fails.
   */
  mint(grant: TicketGrant): Promise<string>;
  /**
   * Takes the ticket of a handshake from Sec-WebSocket-Protocol, or, with `query: true`, from `?ticket=` where none is
   * offered there. Once for each request object, whoever asks; call it first before the upgrade. A wrong origin or path
   * uses the ticket up. Of two tickets none is taken. Rejects where the store fails.
   */
  redeem(
    request: Handshake,
  ): Promise<{ readonly grant: TicketGrant } | { readonly denied: TicketDenyReason }>;
  /** What `redeem` has found for this request object, at once; null: nothing, or not yet. */
  grant(request: Handshake): TicketGrant | null;
  /**
   * For `authMiddlewareStack({ user })`: `load` finds the user of a grant. A request without a ticket is nobody's, null.
   *
   * A ticket that is refused never passes as nobody, nor does one whose user `load` does not find: that is 401
   * `unauthenticated`, and the hook's `cause` is an Error whose `reason` is the {@linkcode TicketDenyReason}. Where the store
   * fails, 503 `user-lookup-failed`.
   *
   * @typeParam U A user.
   */
  user<U extends object>(
    load: (grant: TicketGrant) => U | null | Promise<U | null>,
  ): (request: Request) => Promise<U | null>;
}

/**
 * Where tickets are kept and how long, and where handshakes may carry them.
 *
 * @category Sessions
 */
export interface TicketOptions {
  /** Shared by those who mint and those who redeem. */
  readonly store: Store;
  /** How long a ticket can be used after it was minted, in seconds, 1 to 300. Default 30. */
  readonly lifetimeSeconds?: number;
  /**
   * Whether a ticket is taken from `?ticket=` too, for clients that can offer no subprotocol. Default false.
   *
   * **Security.** A URL is logged by every proxy on its way; a ticket in it is worth something until it is used.
   */
  readonly query?: boolean;
}

const RANDOM_BYTES = 32;
/** The last of 43 characters carries four bits, the rest of it is zero (RFC 4648 §5). */
const TICKET = /^ticket\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** What somebody meant for a ticket. In any case of letters, or one that was changed on its way would pass as none. */
const TICKET_LIKE = /^ticket\./i;

type Redeemed = Awaited<ReturnType<Tickets["redeem"]>>;

/**
 * Makes one-time tickets, for clients that have no cookie of the site: pages on another site, native applications.
 *
 * An authenticated request mints one, and the page offers it as a subprotocol, behind one that the server speaks:
 * `new WebSocket(url, ["chat.v1", ticket])`. The server has to list that one in `protocols`, or Chromium closes the
 * connection; and the ticket comes last, since some servers select the first offer, and what is selected is sent back.
 *
 * **Security.** A ticket replaces no guard: the origin that it is bound to stands in the guard's list as well. The request
 * that mints needs protection of its own against other sites (a guard with `requests: "all"`). The ticket itself is
 * nowhere but in that answer and in the handshake: the store has its SHA-256, and no event, log line or response has
 * it. One atomic step of the store takes it, so of any number of handshakes with one ticket one is let in.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `store` | required | where tickets are until they are taken |
 * | `lifetimeSeconds` | 30 | how long a ticket can be used |
 * | `query` | `false` | whether one is taken from `?ticket=` too |
 *
 * In full under {@linkcode TicketOptions}.
 *
 * @param options The store, and how long and where a ticket is taken.
 * @returns What mints and redeems.
 * @throws {ConfigError} All faults of the options at once.
 * @category Sessions
 *
 * @example A ticket opens one socket
 * ```ts
 * import { authMiddlewareStack, originValidator, upgradeHandler } from "@wsgate/wsgate";
 * import { createTickets, memoryStore } from "@wsgate/wsgate/live";
 *
 * const tickets = createTickets({ store: memoryStore() });
 * const page = "https://partner.example";
 *
 * // Behind the log-in and a guard of the site that has it:
 * const mint = async (user: { id: string }) =>
 *   new Response(await tickets.mint({ subject: user.id, session: null, origin: page, path: "/chat" }));
 *
 * // In the page: new WebSocket("wss://chat.example/chat", ["chat.v1", ticket])
 * const auth = authMiddlewareStack({ user: tickets.user(({ subject }) => ({ id: subject })), required: true });
 * const chat = upgradeHandler({ open: (socket) => void socket.send("welcome") }, { protocols: ["chat.v1"] });
 * const fetch = originValidator(auth(chat), [page]);
 * console.log(typeof fetch, (await (await mint({ id: "ada" })).text()).length); // function 50
 * ```
 */
export function createTickets(options: TicketOptions): Tickets {
  const { store, lifetimeSeconds, query } = readTicketOptions(options);
  const redeemed = new WeakMap<Handshake, Promise<Redeemed>>();
  const grants = new WeakMap<Handshake, TicketGrant>();

  async function take(request: Handshake): Promise<Redeemed> {
    // All of it before anything is awaited: after the upgrade Deno throws at every header.
    const origin = request.headers.get("origin") ?? null;
    const path = pathOf(request.url);
    const [ticket, another] = ticketsOf(request, query);
    if (ticket === undefined) return denied("ticket-absent");
    if (another !== undefined || !TICKET.test(ticket)) return denied("ticket-unknown");
    // Taken, and then compared: whoever has a ticket tries it once.
    const kept = await store.take(await keyOf(ticket));
    if (kept === null) return denied("ticket-unknown");
    const grant = grantFrom(kept);
    if (grant.origin !== origin) return denied("ticket-origin");
    if (grant.path !== undefined && grant.path !== path) return denied("ticket-path");
    grants.set(request, grant);
    return Object.freeze({ grant });
  }

  function redeem(request: Handshake): Promise<Redeemed> {
    const earlier = redeemed.get(request);
    if (earlier !== undefined) return earlier;
    const taken = take(request);
    redeemed.set(request, taken);
    return taken;
  }

  return Object.freeze({
    async mint(grant: TicketGrant): Promise<string> {
      const value = JSON.stringify(checkedGrant(grant));
      const ticket = `ticket.${base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)))}`;
      await store.put(await keyOf(ticket), value, lifetimeSeconds);
      return ticket;
    },
    redeem,
    grant: (request: Handshake) => grants.get(request) ?? null,
    user<U extends object>(load: (grant: TicketGrant) => U | null | Promise<U | null>) {
      return async (request: Request): Promise<U | null> => {
        const found = await redeem(request);
        if ("grant" in found) return await load(found.grant) ?? refuse("ticket-unknown", NO_USER);
        return found.denied === "ticket-absent" ? null : refuse(found.denied, WHY[found.denied]);
      };
    },
  });
}

const NO_USER = "the ticket is good, and load() found no user for its grant";
const WHY: Readonly<Record<Exclude<TicketDenyReason, "ticket-absent">, string>> = {
  "ticket-unknown": "the ticket has expired, was used before, was never minted, or is one of two",
  "ticket-origin": "the ticket is bound to another origin, and now used up",
  "ticket-path": "the ticket is bound to another path, and now used up",
};

function refuse(reason: TicketDenyReason, why: string): never {
  throw new Unauthenticated(reason, `${reason}: ${why}`);
}

function denied(reason: TicketDenyReason): Redeemed {
  return Object.freeze({ denied: reason });
}

/** What a handshake carries in place of a ticket, well-formed or not. */
function ticketsOf({ url, headers }: Handshake, query: boolean): string[] {
  // Not by tokens alone: what a slip of the pen has made no token would pass as no ticket.
  const offers = (headers.get("sec-websocket-protocol") ?? "").split(",").map(trimWhiteSpace);
  const offered = offers.filter((offer) => TICKET_LIKE.test(offer));
  if (offered.length > 0 || !query) return offered;
  const start = url.indexOf("?");
  return start < 0 ? [] : new URLSearchParams(url.slice(start)).getAll("ticket");
}

/**
 * Under which key the store has a ticket. Looking up a hash tells nothing by its time: whoever guesses cannot choose the
 * hash of a guess.
 */
async function keyOf(ticket: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ticket));
  return `ticket:${base64url(new Uint8Array(digest))}`;
}

/** RFC 4648 §5, without padding. */
function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A grant that this module has put into the store. */
function grantFrom(value: string): TicketGrant {
  const grant: TicketGrant = JSON.parse(value);
  Object.freeze(grant.session);
  return Object.freeze(grant);
}

/** What is kept of a grant; throws where it could never be redeemed, or by more than it says. */
function checkedGrant(grant: TicketGrant): TicketGrant {
  const { subject, session, origin, path } = Object(grant) as Partial<TicketGrant>;
  checkName(subject, "subject");
  if (origin !== null && !isBrowsersOrigin(origin)) {
    throw new TypeError(
      'Give origin as the page sends it, such as "https://example.com", or null for clients that send none',
    );
  }
  if (path !== undefined && !(typeof path === "string" && /^\/[^?#]*$/.test(path))) {
    throw new TypeError('Give a path that begins with "/", without a query, or leave it out for any path');
  }
  return {
    subject,
    // What else its object has may be secret: the store is for none of that.
    session: session === null ? null : readSession(session),
    origin,
    ...path !== undefined && { path },
  };
}

/** True for the origin of a page as its browser sends it; no handshake would ever be equal to another spelling. */
function isBrowsersOrigin(value: unknown): value is string {
  const origin = parseOrigin(typeof value === "string" ? value : "");
  return origin.kind === "tuple" && !String(value).endsWith(`:${defaultPort(origin.scheme)}`);
}

function readTicketOptions(options: unknown): Required<TicketOptions> {
  const issues: ConfigIssue[] = [];
  const read: Options = readOptions(options, ["store", "lifetimeSeconds", "query"], issues) ?? {};
  const { store } = read;
  const { put, take } = Object(store);
  if (typeof put !== "function" || typeof take !== "function") {
    const fix = "Give a store: memoryStore(), sqliteStore(...) or redisStore(...).";
    issues.push({ code: "wrong-type", field: "store", index: -1, value: store, fix });
  }
  const lifetimeSeconds = checkNumber(read, "lifetimeSeconds", { least: 1, most: 300, usual: 30 }, issues);
  const query = checkChoice(read, "query", [true, false], issues) ?? false;
  throwIfAny(issues);
  return { store: store as Store, lifetimeSeconds, query };
}
