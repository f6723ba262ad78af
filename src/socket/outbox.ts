/**
 * What waits to be sent on Deno, whose sockets take everything and say little.
 *
 * A message that waits inside Deno costs a kilobyte besides its bytes, however small it is, and nothing bounds how many do:
 * a client that sends and never reads fills the memory of a server that answers. So Deno is handed a batch at a time, and
 * the rest waits here, for 64 bytes each. `bufferedAmount` tells when a batch has left: it counts bytes, and falls by
 * whole messages.
 *
 *     here: c c c … ──▶ handed to Deno: b b b ──▶ the kernel ──▶ the peer
 *           bounded       64 messages, 64 KiB
 *
 * Of an empty message it says nothing. Whether one has left can be known from a later one alone that is not empty; where
 * none follows, empty messages go out so many at a time, with pauses that grow.
 */

import { afterRounds } from "../turn.ts";
import { lastSweep } from "./sweep.ts";

/** The members of Deno's socket that are used here. */
export interface Outlet {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array): void;
}

/** What one batch has at most. */
const BATCH_MESSAGES = 64;
const BATCH_BYTES = 64 * 1024;
/** What a message that waits here is charged besides its bytes. */
const MESSAGE_COST = 64;
/** After so many rounds of the event loop without progress a socket is looked at by time. */
const QUICK_ROUNDS = 8;
const SLOW_MS = 20;
/** So many empty messages are taken for sent without a sign of it before there is a pause after each batch, in looks by time. */
const EMPTY_CREDIT = 16_384;
const PAUSE = 32;
/** So many messages are taken from the front of what waits at once: one by one would take the square. */
const COMPACT_AT = 256;

/** Messages that wait here, in their order; made when the first one has to. */
interface Queue {
  readonly messages: (string | Uint8Array)[];
  readonly sizes: number[];
  /** How many are gone from the front. */
  taken: number;
}

/** What waits to be sent on one socket. */
export class Outbox {
  readonly #outlet: Outlet;
  readonly #owner: OutboxOwner;
  /** With Deno: the batch that has not left yet, in messages and in what they are charged. */
  #handed = 0;
  #handedBytes = 0;
  /** Of the batch, the empty messages after the last that was not: nothing tells when they have left. */
  #unseen = 0;
  /** Empty messages that were taken for sent since the last sign that anything was. */
  #credited = 0;
  /** Looks that are left of a pause of empty messages. */
  #pause = 0;
  #queue: Queue | undefined;
  #queuedBytes = 0;
  /** `bufferedAmount` as it was last seen, with what was handed over since, and when it had last gone down. */
  #amount = 0;
  #movedAt: number;
  /** Looks since anything moved. */
  #rounds = 0;

  constructor(outlet: Outlet, owner: OutboxOwner) {
    this.#outlet = outlet;
    this.#owner = owner;
    this.#movedAt = lastSweep();
  }

  /** What waits, with Deno and here, in bytes and 64 for each message. */
  get bytes(): number {
    this.#look();
    return this.#handedBytes + this.#queuedBytes;
  }

  /** Sends a message, unless with it more than so many bytes would be waiting: false. */
  send(data: string | Uint8Array, maxBufferedBytes: number): boolean {
    if (data.length > maxBufferedBytes) return false;
    const size = sizeOf(data);
    const most = maxBufferedBytes - size;
    // Deno is asked only where it matters: a question costs as much as counting the bytes.
    if (this.#handedBytes + this.#queuedBytes > most && this.bytes > most) {
      watch(this);
      return false;
    }
    if (this.#queue === undefined && !this.#hasRoom()) this.#look();
    if (this.#queue === undefined && this.#hasRoom()) {
      this.#hand(data, size);
      return true;
    }
    this.#queue ??= { messages: [], sizes: [], taken: 0 };
    this.#queue.messages.push(data);
    this.#queue.sizes.push(size);
    this.#queuedBytes += size + MESSAGE_COST;
    watch(this);
    return true;
  }

  /** Tells the owner when nothing waits any more, at once in the next round. */
  watch(): void {
    watch(this);
  }

  /** Gives up what waits here; what Deno has it keeps. */
  drop(): void {
    this.#queue = undefined;
    this.#queuedBytes = 0;
    forget(this);
  }

  /** Reports whether something has waited so long, and no part of it has left. */
  isStuck(now: number, limitMs: number): boolean {
    this.#look();
    return this.#amount > 0 && now - this.#movedAt >= limitMs;
  }

  /** Hands on what there is room for. "done": nothing waits; "stuck": nothing has moved for some looks. */
  advance(isSlow: boolean): "done" | "moving" | "stuck" {
    const before = this.#amount + this.#queuedBytes;
    const handed = this.#handed;
    if (isSlow) this.#creditEmpty();
    this.#handOn();
    const hasMoved = this.#amount + this.#queuedBytes < before || this.#handed !== handed;
    if (this.#queue === undefined && this.#handed === this.#unseen) return "done";
    this.#rounds = hasMoved ? 0 : this.#rounds + 1;
    return this.#rounds > QUICK_ROUNDS ? "stuck" : "moving";
  }

  /** Tells the owner that nothing waits any more. */
  tell(): void {
    this.#owner.emptied();
  }

  /** Hands Deno what there is room for. */
  #handOn(): void {
    this.#look();
    while (this.#queue !== undefined && this.#hasRoom()) this.#handNext(this.#queue);
  }

  #handNext(queue: Queue): void {
    const index = queue.taken++;
    const size = queue.sizes[index]!;
    this.#queuedBytes -= size + MESSAGE_COST;
    this.#hand(queue.messages[index]!, size);
    if (queue.taken === queue.messages.length) this.#queue = undefined;
    else if (queue.taken === COMPACT_AT) {
      queue.messages.splice(0, COMPACT_AT);
      queue.sizes.splice(0, COMPACT_AT);
      queue.taken = 0;
    }
  }

  #hasRoom(): boolean {
    return this.#handed < BATCH_MESSAGES && this.#handedBytes < BATCH_BYTES;
  }

  #hand(data: string | Uint8Array, size: number): void {
    this.#handed++;
    this.#handedBytes += size + MESSAGE_COST;
    this.#unseen = size === 0 ? this.#unseen + 1 : 0;
    this.#amount += size;
    this.#outlet.send(data);
  }

  /** Asks Deno what has left. */
  #look(): void {
    const amount = this.#outlet.bufferedAmount;
    if (amount < this.#amount || amount === 0) this.#movedAt = lastSweep();
    this.#amount = amount;
    if (amount > 0 || this.#handed === this.#unseen) return;
    // All has left but the empty ones after the last that was not.
    this.#handed = this.#unseen;
    this.#handedBytes = this.#unseen * MESSAGE_COST;
    this.#credited = this.#pause = 0;
  }

  /** Takes empty messages for sent, of which there is no sign; after very many, with a pause between them. */
  #creditEmpty(): void {
    if (this.#unseen < this.#handed || this.#pause-- > 0) return;
    this.#credited += this.#unseen;
    this.#pause = this.#credited > EMPTY_CREDIT ? PAUSE : 0;
    this.#handed = this.#handedBytes = this.#unseen = 0;
  }
}

/** Whose messages they are. */
export interface OutboxOwner {
  /** Nothing waits any more. */
  emptied(): void;
}

/** Looked at in each round of the event loop, and, where nothing moves, by time. */
const quick = /* @__PURE__ */ new Set<Outbox>();
const slow = /* @__PURE__ */ new Set<Outbox>();
let isComing = false;
let timer: ReturnType<typeof setInterval> | undefined;

function watch(outbox: Outbox): void {
  if (quick.has(outbox) || slow.has(outbox)) return;
  quick.add(outbox);
  comeBack();
}

function forget(outbox: Outbox): void {
  quick.delete(outbox);
  slow.delete(outbox);
  if (slow.size > 0) return;
  if (timer !== undefined) clearInterval(timer);
  timer = undefined;
}

function comeBack(): void {
  if (isComing || quick.size === 0) return;
  isComing = true;
  afterRounds(1, lookQuick);
}

function lookQuick(): void {
  isComing = false;
  for (const outbox of [...quick]) {
    const state = outbox.advance(false);
    if (state === "moving") continue;
    quick.delete(outbox);
    // Whoever is told may send, and is watched anew.
    if (state === "done") outbox.tell();
    else {
      slow.add(outbox);
      timer ??= setInterval(lookSlow, SLOW_MS);
    }
  }
  comeBack();
}

function lookSlow(): void {
  for (const outbox of [...slow]) {
    const state = outbox.advance(true);
    if (state === "stuck") continue;
    forget(outbox);
    if (state === "moving") watch(outbox);
    else outbox.tell();
  }
}

const encoder = /* @__PURE__ */ new TextEncoder();
const scratch = /* @__PURE__ */ new Uint8Array(4096);

/** How many bytes a message has. */
function sizeOf(data: string | Uint8Array): number {
  if (typeof data !== "string") return data.byteLength;
  // Into memory that is there: what is counted is not kept.
  return data.length * 3 <= scratch.length
    ? encoder.encodeInto(data, scratch).written
    : encoder.encode(data).length;
}
