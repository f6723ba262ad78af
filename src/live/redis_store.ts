/**
 * A store in Redis or Valkey, through whichever client the application has: for several machines.
 */

import { checkFunction, type ConfigIssue, readOptions, throwIfAny } from "../config.ts";
import type { Store } from "./store.ts";

/**
 * Sends one command with a client and resolves with its reply, text as strings; rejects with an error reply, and where no
 * server answers.
 *
 * @category Sessions
 */
export type RedisCommand = (name: string, args: string[]) => Promise<unknown>;

/** Where a feed begins. */
const BEGINNING = "0-0";
/** Values of a feed in one reply. */
const PAGE = "1000";

/**
 * Makes a store in Redis 6.2 or newer, or Valkey, shared by any number of processes and machines.
 *
 * Commands that are sent: SET, GET, GETDEL, XADD, XRANGE, XREVRANGE, XTRIM, PEXPIRE, each with one key.
 *
 * **Security.** Two applications that share a server need two prefixes, or user 1 of one logs out user 1 of the other. A
 * command must not wait in the client while no server is there: `enableOfflineQueue: false`, in node-redis
 * `disableOfflineQueue: true`; Bun's client gives up for good after 20 tries to connect, `maxRetries: 1e6`. What the server
 * loses is forgotten: `appendonly yes`, `maxmemory-policy noeviction`, and a failover loses what was not replicated.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `prefix` | `"wsgate:"` | what all keys begin with, one for each application |
 *
 * @param command How a command is sent: Bun `(name, args) => client.send(name, args)`, node-redis
 * `client.sendCommand([name, ...args])`, ioredis and iovalkey `client.call(name, ...args)`.
 * @param options `prefix`: what all keys begin with, one for each application. Default `"wsgate:"`.
 * @returns The store.
 * @throws {ConfigError} All faults of command and options at once.
 * @category Sessions
 *
 * @example
 * ```ts
 * import { redisStore } from "@wsgate/wsgate/live";
 *
 * // node-redis; client: const client = createClient({ disableOfflineQueue: true });
 * const client = { sendCommand: (_command: string[]) => Promise.reject(new Error("no server in this example")) };
 * const store = redisStore((name, args) => client.sendCommand([name, ...args]), { prefix: "chat:" });
 * console.log(await store.get("greeting").catch(({ message }) => message)); // no server in this example
 * ```
 */
export function redisStore(command: RedisCommand, options: { readonly prefix?: string } = {}): Store {
  const prefix = readPrefix(command, options);
  const entryOf = (key: string) => `${prefix}entry:${key}`;
  const feedOf = (feed: string) => `${prefix}feed:${feed}`;

  const find = async (name: "GET" | "GETDEL", key: string) => {
    const value = await command(name, [entryOf(key)]);
    return value === null ? null : textOf(value, name);
  };
  const newest = async (key: string) =>
    (await entries(command, "XREVRANGE", [key, "+", "-", "COUNT", "1"]))[0]?.id;
  const from = (key: string, start: string) => entries(command, "XRANGE", [key, start, "+", "COUNT", PAGE]);

  return Object.freeze({
    async put(key: string, value: string, ttlSeconds: number) {
      textOf(await command("SET", [entryOf(key), value, "PX", milliseconds(ttlSeconds)]), "SET");
    },
    get: (key: string) => find("GET", key),
    take: (key: string) => find("GETDEL", key),
    async append(feed: string, value: string, ttlSeconds: number) {
      const key = feedOf(feed);
      const ttl = milliseconds(ttlSeconds);
      // Before too: a feed that ends just now would take with it what is added.
      await command("PEXPIRE", [key, ttl]);
      const id = textOf(await command("XADD", [key, "*", "value", value]), "XADD");
      await command("PEXPIRE", [key, ttl]);
      // Reckoned from the id, which is the time by the server's clock: this machine's may differ.
      await command("XTRIM", [key, "MINID", `${Math.max(timeOf(id) - Number(ttl), 0)}`]);
    },
    async read(feed: string, cursor: string | null) {
      const key = feedOf(feed);
      if (cursor === null) return { values: [], cursor: await newest(key) ?? BEGINNING };
      let found = await from(key, `(${cursor}`);
      if (found.length === 0) {
        const last = await newest(key);
        // The feed was lost and has begun again by a clock that is behind.
        if (last !== undefined && isBefore(last, cursor)) found = await from(key, "-");
      }
      return { values: found.map(({ value }) => value), cursor: found.at(-1)?.id ?? cursor };
    },
  });
}

/** The entries of a stream, which are replied as `[id, ["value", value]]`. */
async function entries(command: RedisCommand, name: string, args: string[]) {
  const reply = await command(name, args);
  if (!Array.isArray(reply)) throw unexpected(name);
  return reply.map((entry) => ({ id: textOf(entry?.[0], name), value: textOf(entry[1]?.[1], name) }));
}

/** A command whose promise is not handed on replies undefined: a ticket would be minted that nobody keeps. */
function textOf(reply: unknown, name: string): string {
  if (typeof reply === "string") return reply;
  throw unexpected(name);
}

function unexpected(name: string): Error {
  return new TypeError(
    `The reply to ${name} is none of Redis': command() has to return the client's promise, and text as strings`,
  );
}

function milliseconds(seconds: number): string {
  return `${Math.ceil(seconds * 1000)}`;
}

/** Of a stream's id, `1526919030474-55`: milliseconds since 1970, and a number among those of one of them. */
function timeOf(id: string): number {
  return Number(id.split("-", 1)[0]);
}

function isBefore(id: string, other: string): boolean {
  const byTime = timeOf(id) - timeOf(other);
  return byTime < 0 || byTime === 0 && Number(id.split("-")[1]) < Number(other.split("-")[1]);
}

function readPrefix(command: unknown, options: unknown): string {
  const issues: ConfigIssue[] = [];
  checkFunction(command, "command", issues);
  const { prefix = "wsgate:" } = readOptions(options, ["prefix"], issues) ?? {};
  if (typeof prefix !== "string" || prefix === "") {
    const fix = 'Give a name of this application that no other one on the server has, such as "chat:".';
    issues.push({ code: "wrong-type", field: "prefix", index: -1, value: prefix, fix });
  }
  throwIfAny(issues);
  return prefix as string;
}
