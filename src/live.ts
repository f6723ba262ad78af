/**
 * What outlives the handshake: sockets that close when the session ends that they hang on, stores that remember it, shared by
 * all processes of a site, and one-time tickets for who has no cookie.
 *
 * @module
 */

export type { Admissions, AnySession, Closable, LiveRequest, SessionRef, UserSession } from "./admission.ts";
export type { EndTarget } from "./live/ends.ts";
export type { Live, LiveOptions } from "./live/live_options.ts";
export { createLiveSockets } from "./live/create_live_sockets.ts";
export { type RedisCommand, redisStore } from "./live/redis_store.ts";
export { type SqliteDatabase, type SqliteStatement, sqliteStore } from "./live/sqlite_store.ts";
export { memoryStore, type Store } from "./live/store.ts";
export {
  createTickets,
  type TicketDenyReason,
  type TicketGrant,
  type TicketOptions,
  type Tickets,
} from "./live/tickets.ts";
