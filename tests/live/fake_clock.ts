/**
 * Time that passes when a test says so, sockets that only remember what was done to them, and live sockets made with these.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Closable, SessionRef } from "@wsgate/wsgate";
import { type Live, type LiveOptions, memoryStore, type Store } from "@wsgate/wsgate/live";
import type { Clock } from "../../src/live/clock.ts";
import { readLiveOptions } from "../../src/live/live_options.ts";
import { LiveSockets } from "../../src/live/live_sockets.ts";

/** Digests are made by other threads, which take their time on a busy machine. */
let digesting = 0;
const digest = crypto.subtle.digest.bind(crypto.subtle);
Object.defineProperty(crypto.subtle, "digest", {
  configurable: true,
  value: (...args: Parameters<typeof digest>) => {
    digesting++;
    return digest(...args).finally(() => digesting--);
  },
});

/** After everything that is due by now. */
export async function settled(): Promise<void> {
  const rounds = () =>
    new Promise<void>((resolve) => void setImmediate(() => void setImmediate(() => resolve())));
  await rounds();
  while (digesting > 0) await rounds();
  await rounds();
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
  readonly isBackground: boolean;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #steady = 5000;
  #timers: Timer[] = [];

  /** `now`: the time of day at the start. */
  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  steady(): number {
    return this.#steady;
  }

  after(ms: number, callback: () => void, isBackground = false): () => void {
    const timer = { due: this.#steady + ms, callback, isBackground };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((it) => it !== timer));
  }

  /** Timers that nobody waits for. */
  get background(): number {
    return this.#timers.filter(({ isBackground }) => isBackground).length;
  }

  /** Sets the time of day alone. */
  set(now: number): void {
    this.#now = now;
  }

  /** Lets time pass by one clock alone: a machine that slept, or a process that stood still. */
  skip({ now = 0, steady = 0 }: { readonly now?: number; readonly steady?: number }): void {
    this.#now += now;
    this.#steady += steady;
  }

  /** Lets time pass, timers and what hangs on them included. */
  async advance(seconds: number): Promise<void> {
    await settled();
    const end = this.#steady + seconds * 1000;
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#goTo(next.due);
      next.callback();
      await settled();
    }
    this.#goTo(end);
    await settled();
  }

  #goTo(steady: number): void {
    if (steady <= this.#steady) return;
    this.#now += steady - this.#steady;
    this.#steady = steady;
  }

  /** Waits for something that needs a few milliseconds of this clock. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => void (isOver = true);
    promise.then(over, over);
    while (!isOver) await this.advance(0.001);
    return await promise;
  }
}

/** A socket that remembers how it was closed. */
export class FakeSocket implements Closable {
  readonly closes: string[] = [];
  close(code?: number, reason?: string): void {
    this.closes.push(`${code} ${reason}`);
  }
}

/** The request of a handshake that has nothing but its identity. */
export function someRequest(): { readonly rawHeaders: readonly string[] } {
  return { rawHeaders: [] };
}

/** Live sockets of one process, by a clock and a store of the test's own. */
export class Process {
  readonly clock: FakeClock;
  readonly live: Live;

  constructor(
    options: Partial<LiveOptions> & { readonly store?: Store } = {},
    clock: FakeClock = new FakeClock(),
  ) {
    this.clock = clock;
    this.live = new LiveSockets(readLiveOptions({ longestSessionSeconds: 3600, ...options }), clock);
  }

  /** Whether a handshake is let in. */
  async lets(session: SessionRef | null): Promise<boolean> {
    return await this.live.admit(someRequest(), session);
  }

  /** A handshake that is let in, and its socket. */
  async open(session: SessionRef | null): Promise<FakeSocket & { readonly release: () => void }> {
    const request = someRequest();
    if (!await this.live.admit(request, session)) throw new Error("it was not let in");
    const socket = new FakeSocket();
    const release = this.live.track(request, socket);
    return Object.assign(socket, { release });
  }

  /** Ends a session or a user's. */
  end(target: Parameters<Live["end"]>[0]): Promise<void> {
    return this.clock.finish(this.live.end(target));
  }
}

/** Processes that share a store. Each may have a clock of its own. */
export function processes(
  count: number,
  options: Partial<LiveOptions> = {},
  clocks: readonly FakeClock[] = [new FakeClock()],
): Process[] {
  const store = options.store ?? memoryStore();
  return Array.from(
    { length: count },
    (_, index) => new Process({ ...options, store }, clocks[index % clocks.length]!),
  );
}

/** A store that fails, hangs or is passed over when a test says so. */
export class Tampered implements Store {
  readonly calls: string[] = [];
  /** What a call does instead; undefined: the call itself. */
  instead: (name: keyof Store, args: readonly unknown[]) => Promise<never> | undefined = () => undefined;
  readonly #store: Store = memoryStore();

  #call<T>(name: keyof Store, args: readonly unknown[]): Promise<T> {
    this.calls.push(name);
    const other = this.instead(name, args);
    // deno-lint-ignore no-explicit-any
    return other ?? (this.#store[name] as any)(...args);
  }

  put(...args: Parameters<Store["put"]>): Promise<void> {
    return this.#call("put", args);
  }
  get(...args: Parameters<Store["get"]>): Promise<string | null> {
    return this.#call("get", args);
  }
  take(...args: Parameters<Store["take"]>): Promise<string | null> {
    return this.#call("take", args);
  }
  append(...args: Parameters<Store["append"]>): Promise<void> {
    return this.#call("append", args);
  }
  read(...args: Parameters<Store["read"]>): ReturnType<Store["read"]> {
    return this.#call("read", args);
  }

  /** From now on every call fails; null: none does. */
  fail(why: string | null): void {
    this.instead = why === null ? () => undefined : () => Promise.reject(new Error(why));
  }
}
