// Two sockets for each of a thousand tickets, at once, in two processes where the store is theirs together: one of the two
// opens, always.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { websocket } from "@wsgate/wsgate";
import { createTickets, memoryStore, type Store } from "@wsgate/wsgate/live";
import { startChild } from "../child.ts";
import { handshakeBytes, handshakeHeaders, sendRaw, serve } from "../runtime.ts";
import { DATABASES, folderOfDatabases } from "./databases.ts";
import { CLIENTS } from "./redis_clients.ts";
import { skipWithoutRedis, startRedis } from "./redis_server.ts";
import { openStore, PAGE, ticketSite } from "./ticket_site.ts";

const TICKETS = 1000;
/** Tickets that race beside each other. */
const AT_ONCE = 20;

describe("1,000 tickets with two sockets each", { timeout: 240_000 }, () => {
  test("memory", { timeout: 120_000 }, async () => {
    const store = memoryStore();
    const server = serve(ticketSite(store), websocket);
    await race(store, [server.port, server.port]);
    await server.stop();
  });

  for (const kind of DATABASES) {
    test(`${kind}, two processes`, { timeout: 120_000 }, async () => {
      const { file, remove } = folderOfDatabases();
      await raceInProcesses(kind, file);
      remove();
    });
  }

  for (const client of CLIENTS) {
    test(`${client}, two processes`, { skip: skipWithoutRedis, timeout: 120_000 }, async () => {
      const server = await startRedis();
      await raceInProcesses(client, `${server.port}`);
      await server.remove();
    });
  }
});

async function raceInProcesses(name: string, where: string): Promise<void> {
  const script = new URL("./ticket_site.ts", import.meta.url);
  const { store, close } = await openStore(name, where);
  const children = await Promise.all([0, 1].map(() => startChild(script, [name, where], 60_000)));
  try {
    await race(store, children.map(({ ports }) => ports.main!));
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    close();
  }
  // It says why it refused, of what, and no ticket.
  for (const child of children) assert(!/ticket\.[\w-]/.test(child.output()), child.output());
}

async function race(store: Store, ports: readonly number[]): Promise<void> {
  const tickets = createTickets({ store });
  let opened = 0;
  for (let done = 0; done < TICKETS; done += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const ticket = await tickets.mint({ subject: "ada", session: null, origin: PAGE });
        const answers = await Promise.all(ports.map((port) => sendRaw(port, opening(ticket), 20_000)));
        assertEquals(answers.map(({ status }) => status).sort(), [101, 401]);
        for (const { text } of answers) assert(!text.includes(ticket.slice(7)), text);
        opened += answers.filter(({ status }) => status === 101).length;
      }),
    );
  }
  assertEquals(opened, TICKETS);
}

function opening(ticket: string): string {
  const more: [string, string][] = [["Origin", PAGE], ["Sec-WebSocket-Protocol", `chat.v1, ${ticket}`]];
  return handshakeBytes("/chat", [...handshakeHeaders("site.test"), ...more]);
}
