/**
 * How sockets came in, so that they can be judged again when the request is long gone.
 *
 * Never the Request itself, which on Bun would be 1.4 KB of each socket. What came in alike shares one object, and is judged
 * once.
 */

import type { Denied, Handshake } from "../handler.ts";
import { type Judge, judgmentOf, recheckCount } from "../scope.ts";

/** What sockets that came in alike have in common. */
export interface Alike {
  /** Its key among all others. */
  readonly key: string;
  /** What all guards and gates that let them in answer now. */
  readonly judges: readonly Judge[];
  /** How many of them are open. */
  sockets: number;
}

/** How one request was judged. */
export interface CameIn {
  readonly alike: Alike | null;
  /** What {@linkcode recheckCount} said then. */
  readonly rechecks: number;
}

/** What is kept of a handshake; nothing else is read by a verdict. */
type Kept = readonly [
  judges: readonly number[],
  url: string,
  host: string | null,
  origin: string | null,
  cookie: "" | null,
  authorization: "" | null,
];

/** Finds, for what is alike, the one object. */
export class Alikes {
  readonly #open = new Map<string, Alike>();
  readonly #numbers = new WeakMap<Judge, number>();
  #judges = 0;

  /** Reads how a request was let in. Before the upgrade: on Deno its headers cannot be read any more after it. */
  of(request: object): CameIn {
    const judgment = judgmentOf(request);
    if (judgment === undefined) return { alike: null, rechecks: recheckCount() };
    const { judges, handshake: { url, headers }, rechecks } = judgment;
    const isThere = (name: string) => (headers.get(name) ?? null) === null ? null : "";
    const kept: Kept = [
      judges.map((judge) => this.#numberOf(judge)),
      url.split("?", 1)[0]!,
      headers.get("host"),
      headers.get("origin"),
      isThere("cookie"),
      isThere("authorization"),
    ];
    // A text of its own: a piece cut out of the url would keep the whole, and with it what the query holds.
    const key = JSON.stringify(kept);
    return { alike: this.#open.get(key) ?? { key, judges, sockets: 0 }, rechecks };
  }

  /** Counts a socket that came in so, and returns the one object of all that are alike. */
  open(alike: Alike): Alike {
    const shared = this.#open.get(alike.key) ?? alike;
    this.#open.set(shared.key, shared);
    shared.sockets++;
    return shared;
  }

  /** Counts one that has closed. */
  close(alike: Alike): void {
    if (--alike.sockets === 0) this.#open.delete(alike.key);
  }

  #numberOf(judge: Judge): number {
    const number = this.#numbers.get(judge) ?? ++this.#judges;
    this.#numbers.set(judge, number);
    return number;
  }
}

/** What the guards and gates that let it in say now: one no is enough. Null: they would again. Throws what one of them throws. */
export function judgeAgain({ key, judges }: Alike): Denied | null {
  const [, url, host, origin, cookie, authorization] = JSON.parse(key) as Kept;
  const fields = new Map(Object.entries({ host, origin, cookie, authorization, ...UPGRADE }));
  const handshake: Handshake = { method: "GET", url, headers: { get: (name) => fields.get(name) ?? null } };
  for (const judge of judges) {
    const denied = judge(handshake);
    if (denied !== null) return denied;
  }
  return null;
}

/** It was well-formed when it came. */
const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };
