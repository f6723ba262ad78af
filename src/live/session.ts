/**
 * What an application says a socket hangs on, read once.
 */

import type { SessionRef } from "../admission.ts";

export type { AnySession, SessionRef, UserSession } from "../admission.ts";

/** The spring of 1973. What is below it and meant to be of today are seconds. */
const LEAST_MS = 1e11;

/**
 * Checks what an application gave for a session and copies it: what else its object holds, a token or the user's record,
 * would be kept for as long as the socket is open. Throws a TypeError that says what is wrong.
 */
export function readSession(given: unknown): SessionRef {
  const { id, subject, startedAt, expiresAt } = Object(given) as Partial<Record<keyof SessionRef, unknown>>;
  checkName(id, "id");
  if (subject !== undefined) {
    checkName(subject, "subject");
    if (startedAt === undefined) throw new TypeError(NO_START);
  }
  if (startedAt !== undefined) checkTime(startedAt, "startedAt");
  if (expiresAt !== undefined) checkTime(expiresAt, "expiresAt");
  return Object.freeze({
    id,
    ...(subject !== undefined && { subject }),
    ...(startedAt !== undefined && { startedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  }) as SessionRef;
}

/** An id or a subject: any text but the empty one, which is what a look-up that found nothing leaves. */
export function checkName(value: unknown, name: string): asserts value is string {
  if (typeof value === "string" && value !== "") return;
  throw new TypeError(
    `Give ${name} as text that is not empty. It was ${value === "" ? "empty" : kindOf(value)}`,
  );
}

function checkTime(value: unknown, name: string): void {
  if (typeof value === "number" && value >= LEAST_MS && Number.isFinite(value)) return;
  if (typeof value === "number" && value >= 0 && value < LEAST_MS) {
    throw new TypeError(
      `Give ${name} in milliseconds since 1970 (seconds times 1000). It looks like seconds`,
    );
  }
  const fix = value instanceof Date ? `${name}.getTime()` : "a number";
  throw new TypeError(`Give ${name} in milliseconds since 1970, ${fix}. It was ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (value === null) return "null";
  return value instanceof Date ? "a Date" : `of the type ${typeof value}`;
}

const NO_START =
  "Give startedAt beside subject: when the user logged in, in milliseconds since 1970. Without it, a log-in after " +
  "end({ subject }) cannot be told from one before";
