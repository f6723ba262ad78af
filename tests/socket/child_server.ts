/**
 * `server.ts` in a child process, and how it is asked.
 *
 * @module
 */

import { request } from "node:http";
import { startChild } from "../child.ts";

/** What the child says of itself. */
export interface Stats {
  /** Sockets whose `open` and whose `close` handler ran. */
  readonly opened: number;
  readonly closed: number;
  /** Look-ups that are not answered yet. */
  readonly waiting: number;
  /** How long stopping took, in milliseconds; null: not stopped, or not yet. */
  readonly stopped: number | null;
  /** Descriptors and memory of the process. */
  readonly fds: number;
  readonly rss: number;
}

/** The child and its two listeners. */
export interface SocketServer {
  /** The port of the listener under test. */
  readonly port: number;
  /** What the handlers of the socket with this id in its path were called with. */
  log(id: string): Promise<string[]>;
  stats(): Promise<Stats>;
  /** Polls `stats` until they are as wanted; fails with the last ones. */
  until(wanted: (stats: Stats) => boolean, what: string, timeoutMs?: number): Promise<Stats>;
  /** Gives an order that has no answer. */
  order(path: "/open-gate" | "/stop" | "/stop?force=false" | "/exit"): Promise<void>;
  /** Everything it printed. */
  output(): string;
  alive(): boolean;
  /** Waits until the process has ended by itself. */
  untilExited(timeoutMs?: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts `server.ts`. */
export async function startSocketServer(): Promise<SocketServer> {
  const child = await startChild(new URL("./server.ts", import.meta.url), []);
  const ask = async (path: string) => JSON.parse(await get(child.ports.control!, path));
  const stats = () => ask("/stats") as Promise<Stats>;
  return {
    port: child.ports.main!,
    log: (id) => ask(`/log?id=${id}`) as Promise<string[]>,
    stats,
    until: async (wanted, what, timeoutMs = 20_000) => {
      for (const end = Date.now() + timeoutMs;;) {
        const last = await stats();
        if (wanted(last)) return last;
        if (Date.now() > end) throw new Error(`The server never had ${what}: ${JSON.stringify(last)}`);
        await sleep(20);
      }
    },
    order: async (path) => void await get(child.ports.control!, path),
    output: child.output,
    alive: child.alive,
    untilExited: async (timeoutMs = 10_000) => {
      for (const end = Date.now() + timeoutMs; child.alive();) {
        if (Date.now() > end) throw new Error(`The child did not end by itself: ${child.output()}`);
        await sleep(10);
      }
    },
    kill: child.kill,
  };
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A connection for each request: a kept one would count among the child's descriptors at times, and hold it up. */
function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, path, host: "127.0.0.1", agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => body += chunk);
      response.on("end", () => resolve(body));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}
