/**
 * The store, with an eye on whether it answers: clients of Redis queue what is asked of them for as long as they are offline.
 */

import { quoteCause } from "../quote.ts";
import { type Clock, within } from "./clock.ts";
import type { Store } from "./store.ts";

/** A store that is asked within bounds, and of which the operator hears when it fails and when it is back. */
export class WatchedStore {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #timeoutSeconds: number;
  #isDown = false;

  constructor(store: Store, clock: Clock, timeoutSeconds: number) {
    this.#store = store;
    this.#clock = clock;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /** The last call has failed, and it has not been read since. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /**
   * Runs what asks the store. Rejects as it does, and where that takes too long. `isRetry`: that it fails is known, and says
   * nothing of what else the store does: one that is full can be read.
   */
  async ask<T>(run: (store: Store) => Promise<T>, isRetry = false): Promise<T> {
    const late = () => new Error(`The store took more than ${this.#timeoutSeconds} seconds (timeoutSeconds)`);
    try {
      return await within(this.#clock, this.#timeoutSeconds, () => run(this.#store), late);
    } catch (error) {
      if (!isRetry) this.#failed(error);
      throw error;
    }
  }

  #failed(error: unknown): void {
    if (!this.#isDown) {
      console.error(`wsgate: the session store failed: ${quoteCause(error)}. ${WHILE_DOWN}`);
    }
    this.#isDown = true;
  }

  /** Nobody has asked it for a while: what it did before says nothing. */
  forget(): void {
    this.#isDown = false;
  }

  /** It was read: it answers. */
  answered(): void {
    if (this.#isDown) console.warn("wsgate: the session store answers again");
    this.#isDown = false;
  }
}

const WHILE_DOWN =
  "Until it answers, handshakes with a session are refused (503 sessions-unavailable) and open sockets stay";
