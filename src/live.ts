/**
 * What outlives the handshake: stores that remember, shared by all processes of a site, and one-time tickets for who has
 * no cookie.
 *
 * @module
 */

export type { AnySession, SessionRef, UserSession } from "./live/session.ts";
export { memoryStore, type Store } from "./live/store.ts";
