/**
 * Requests as no constructor makes them, what is printed while they are judged, and the faults of a configuration.
 *
 * @module
 */

import { fail } from "@std/assert";
import { ConfigError, createReporter, type Handshake } from "@wsgate/wsgate";
import { shared } from "../src/reporter.ts";

/** What a test says of a request; the rest is an ordinary handshake's. */
export interface Parts {
  readonly method?: string;
  readonly url?: string;
  /** Header fields by lower-case name; null or undefined: absent. Values stand as they are, whatever their bytes. */
  readonly headers?: Readonly<Record<string, string | null | undefined>>;
  readonly signal?: AbortSignal;
}

/** Header fields that remember what was asked of them. They can do nothing but `get`. */
export class Fields {
  /** The names asked for, in order. */
  readonly reads: string[] = [];
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: Parts["headers"] = {}) {
    this.#values = new Map(
      Object.entries(values).filter((field): field is [string, string] => typeof field[1] === "string"),
    );
  }

  get(name: string): string | null {
    this.reads.push(name.toLowerCase());
    return this.#values.get(name.toLowerCase()) ?? null;
  }
}

/** A snapshot of a request, for the pure functions. */
export function handshakeOf(parts: Parts): Handshake & { readonly headers: Fields } {
  return { method: parts.method ?? "GET", url: parts.url ?? "/", headers: new Fields(parts.headers) };
}

/**
 * A real Request whose method, URL and header fields are replaced: what a server hands over may be none that
 * `new Request()` would take (a relative URL, `http://h/a/../b` as it stands, bytes that `Headers` refuses or trims).
 */
export function requestOf(parts: Parts): Request {
  const request = new Request("http://unread.test/", parts.signal ? { signal: parts.signal } : {});
  for (const [name, value] of Object.entries(handshakeOf(parts))) {
    Object.defineProperty(request, name, { value });
  }
  return request;
}

/** A handshake from a page at `origin`; null: without Origin. */
export function handshakeRequest(origin: string | null, { headers, ...parts }: Parts = {}): Request {
  const fields = { host: "site.test", upgrade: "websocket", origin, ...headers };
  return requestOf({ url: "http://site.test/", ...parts, headers: fields });
}

/** One line on the console. */
export interface Line {
  readonly level: "warn" | "error" | "log";
  readonly text: string;
}

/**
 * Runs `act` and returns what it printed. It waits until a promise that `act` left behind had its turn: one that
 * rejects unhandled fails the running test on both runtimes.
 */
export async function printed(act: () => unknown): Promise<Line[]> {
  const lines: Line[] = [];
  const levels = ["warn", "error", "log"] as const;
  const originals = levels.map((level) => console[level]);
  for (const level of levels) {
    console[level] = (...values: unknown[]) => void lines.push({ level, text: values.map(String).join(" ") });
  }
  // What was told before would not be told again.
  shared.reporter = createReporter();
  try {
    await act();
    await settled();
  } finally {
    levels.forEach((level, index) => console[level] = originals[index]!);
  }
  return lines;
}

/** After everything that is due by now, unhandled rejections included. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** The faults of a configuration as `"code field index"`, in order; `words` gets the fix of each. */
export function faultsOf(configure: () => unknown, words?: (fault: string, fix: string) => void): string[] {
  try {
    configure();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues.map(({ code, field, index, fix }) => {
      const fault = `${code} ${field} ${index}`;
      words?.(fault, fix);
      return fault;
    });
  }
  return fail("this configuration was taken");
}

/** A value that TypeScript would not let through, as a caller of the other language writes it. */
// deno-lint-ignore no-explicit-any
export function untyped(value: unknown): any {
  return value;
}
