/**
 * What a socket hangs on: a log-in, and whose it is.
 */

/** A log-in. Times are milliseconds since 1970. */
export interface AnySession {
  /**
   * What stays the same when the cookie or token is renewed: better-auth's `session.id`, an OpenID `sid`, a random id that
   * was put into the session at log-in. Not a rotating token, not a `jti`: a socket opened under the old one would outlive
   * the log-out of the new one.
   */
  readonly id: string;
  /** When it ends by itself, in milliseconds since 1970. Left out: no end of its own. */
  readonly expiresAt?: number;
}

/**
 * A log-in of a user who can have several. A subject needs a start: without it every log-in after the end of all of a
 * subject's sessions would be refused, or none.
 */
export interface UserSession extends AnySession {
  /** The user, where several sessions can be one user's. */
  readonly subject: string;
  /**
   * When the user logged in, not when the token was renewed, in milliseconds since 1970. From whole seconds: `iat * 1000`; a
   * log-in in the very second of an end is refused then.
   */
  readonly startedAt: number;
}

/** A log-in, with its user or without. */
export type SessionRef =
  | (AnySession & { readonly subject?: undefined; readonly startedAt?: number })
  | UserSession;
