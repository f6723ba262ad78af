/**
 * A socket that one-time tickets open, in this process or, started as a program, in one of its own.
 *
 *     deno run -A tests/live/ticket_site.ts STORE WHERE        node:sqlite FILE, ioredis PORT
 *
 * @module
 */

import process from "node:process";
import { authMiddlewareStack, originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { createTickets, redisStore, sqliteStore, type Store } from "@wsgate/wsgate/live";
import { type NativeHandler, serve } from "../runtime.ts";
import { type DatabaseKind, DATABASES, openDatabase } from "./databases.ts";
import { connectClient } from "./redis_clients.ts";

/** The page that tickets are minted for. */
export const PAGE = "https://partner.test";
/** Another that the guard lets in. */
export const OTHER_PAGE = "https://other.test";

/** The handler: it greets each user by the subject of his grant, and tells nobody's name to nobody. */
export function ticketSite(store: Store, query = false): NativeHandler {
  const tickets = createTickets({ store, query });
  const auth = authMiddlewareStack({ user: tickets.user(({ subject }) => ({ name: subject })) });
  const chat = upgradeHandler({
    open: (socket) => void socket.send(`hello ${auth.scope(socket.request).user?.name ?? "nobody"}`),
  }, { protocols: ["chat.v1"] });
  return originValidator(auth(chat), [PAGE, OTHER_PAGE], { absent: "allow" });
}

/** A store by its name: a kind of database and a file, or a Redis client and a port. */
export async function openStore(name: string, where: string): Promise<{ store: Store; close(): void }> {
  if (DATABASES.some((kind) => kind === name)) {
    const database = await openDatabase(name as DatabaseKind, where);
    return { store: sqliteStore(database), close: () => database.close() };
  }
  const client = await connectClient(name, Number(where));
  return { store: redisStore(client.command), close: () => client.close() };
}

if (import.meta.main) {
  const [name, where] = process.argv.slice(2);
  const { store } = await openStore(name!, where!);
  console.log(JSON.stringify({ main: serve(ticketSite(store), websocket).port }));
  process.stdin.resume().on("end", () => process.exit());
}
