/**
 * What outlives the handshake: stores that remember, shared by all processes of a site, and one-time tickets for who has
 * no cookie.
 *
 * @module
 */

export type { AnySession, SessionRef, UserSession } from "./live/session.ts";
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
