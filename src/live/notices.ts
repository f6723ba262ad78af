/**
 * Reading what other processes have ended.
 *
 * A position in the feed is taken before the first handshake looks at the marks: what is ended between the two is heard of then.
 */

import { reportOnce } from "../user_code.ts";
import type { Clock } from "./clock.ts";
import { FEED, type Notice, readNotice } from "./ends.ts";
import type { WatchedStore } from "./watched_store.ts";

/** A minute less than notices are kept: a store drops them by its own clock. */
const LONGEST_GAP_MS = 3_540_000;

/** What reading does. */
export interface Reading {
  /** Told of each notice, in order. */
  readonly apply: (notice: Notice) => void;
  /** Told that notices may have been lost: nothing was read for as long as they are kept. */
  readonly missed: () => void;
}

/** The reader of one process. */
export class NoticeReader {
  readonly #store: WatchedStore;
  readonly #clock: Clock;
  readonly #reading: Reading;
  readonly #report = reportOnce("reading the notice of an end");
  #cursor: string | null = null;
  #running: Promise<void> | null = null;
  /** Something may have come since the running read began. */
  #isAskedAgain = false;
  /** When it was last read, by both clocks: one may stand still while the machine sleeps, the other may be set. */
  #readAt = { now: 0, steady: 0 };

  constructor(store: WatchedStore, clock: Clock, reading: Reading) {
    this.#store = store;
    this.#clock = clock;
    this.#reading = reading;
  }

  /** Somebody waits for the store. */
  get isReading(): boolean {
    return this.#running !== null;
  }

  /** Makes sure that there is a position to read on from. Rejects where the store does not answer, at once where that is known. */
  async position(): Promise<void> {
    if (this.#store.isDown) throw new Error("The session store has failed and has not answered since");
    if (this.#cursor === null) await this.read();
  }

  /** Gives the position up: the next handshake takes a new one. */
  forget(): void {
    this.#cursor = null;
  }

  /** Reads all there is. Rejects where the store does not answer. */
  read(): Promise<void> {
    this.#isAskedAgain = true;
    return this.#running ??= this.#read().finally(() => this.#running = null);
  }

  async #read(): Promise<void> {
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      if (this.#cursor === null) {
        this.#cursor = (await this.#page(null)).cursor;
        this.#noteTime();
      } else {
        await this.#readOn(this.#cursor);
      }
    }
    this.#store.answered();
  }

  async #readOn(from: string): Promise<void> {
    const { now, steady } = this.#readAt;
    const gap = Math.max(this.#clock.now() - now, this.#clock.steady() - steady);
    for (let position = from;;) {
      const { values, cursor } = await this.#page(position);
      for (const value of values) this.#apply(value);
      // Only now: what was not applied has to be read again.
      this.#cursor = cursor;
      if (cursor === position) break;
      position = cursor;
    }
    this.#noteTime();
    if (gap > LONGEST_GAP_MS) this.#reading.missed();
  }

  #noteTime(): void {
    this.#readAt = { now: this.#clock.now(), steady: this.#clock.steady() };
  }

  #page(from: string | null): Promise<{ readonly values: readonly string[]; readonly cursor: string }> {
    return this.#store.ask(async (store) => {
      const page = await store.read(FEED, from);
      if (Array.isArray(page?.values) && typeof page.cursor === "string") return page;
      throw new TypeError("The store's read() has to resolve with values and a cursor");
    });
  }

  /** One that cannot be read must not hold up those after it. */
  #apply(value: string): void {
    try {
      this.#reading.apply(readNotice(value));
    } catch (error) {
      this.#report(error);
    }
  }
}
