/**
 * The Redis clients that an application may bring, each set up as the documentation says.
 *
 * @module
 */

import { Redis } from "ioredis";
import { Redis as Valkey } from "iovalkey";
import { createClient } from "redis";
import type { RedisCommand } from "@wsgate/wsgate/live";
import { runtime } from "../runtime.ts";

/** A connection and how it is ended. */
export interface RedisClient {
  readonly command: RedisCommand;
  close(): void;
}

/** What is used of Bun's client. */
interface BunClient {
  connect(): Promise<unknown>;
  send(name: string, args: string[]): Promise<unknown>;
  close(): void;
}
const { Bun } = globalThis as unknown as {
  Bun?: { RedisClient: new (url: string, options: object) => BunClient };
};

/** How each of them connects to a port of loopback. */
const CONNECT: Readonly<Record<string, (port: number) => Promise<RedisClient>>> = {
  async redis(port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, disableOfflineQueue: true });
    client.on("error", () => {});
    await client.connect();
    return {
      command: (name, args) => client.sendCommand([name, ...args]),
      close: () => client.destroy(),
    };
  },
  ioredis: (port) =>
    ofIoredis(new Redis(port, "127.0.0.1", { enableOfflineQueue: false, maxRetriesPerRequest: 1 })),
  iovalkey: (port) =>
    ofIoredis(new Valkey(port, "127.0.0.1", { enableOfflineQueue: false, maxRetriesPerRequest: 1 })),
  async bun(port) {
    const client = new Bun!.RedisClient(`redis://127.0.0.1:${port}`, {
      enableOfflineQueue: false,
      maxRetries: 1e6,
    });
    await client.connect();
    return { command: (name, args) => client.send(name, args), close: () => client.close() };
  },
};

async function ofIoredis(client: Redis | Valkey): Promise<RedisClient> {
  client.on("error", () => {});
  await new Promise<void>((resolve) => client.once("ready", () => resolve()));
  return {
    command: (name, args) => client.call(name, ...args),
    close: () => client.disconnect(),
  };
}

/** The names of those that this runtime has. */
export const CLIENTS: readonly string[] = Object.keys(CONNECT).filter((name) =>
  name !== "bun" || runtime === "bun"
);

/** Connects one of them. */
export function connectClient(name: string, port: number): Promise<RedisClient> {
  return CONNECT[name]!(port);
}
