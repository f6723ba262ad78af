/**
 * Where every layer that refuses ends: the operator is told, then the response is made.
 *
 * Hooks are user code, and a client decides how often they run. What one throws or rejects with never changes an outcome:
 * it is reported once, since both runtimes would end otherwise.
 */

import { checkFunction, type ConfigIssue, type Options, readOptions } from "./config.ts";
import { deny } from "./denial.ts";
import type { Denied, Handshake } from "./handler.ts";
import { parseOrigin } from "./origin/origin.ts";
import { quote } from "./quote.ts";
import { markAnswered } from "./scope.ts";

/** How the operator is told of denials: what every layer that refuses takes. */
export interface DenialHook {
  /**
   * Called with every denial before its Response is made, instead of the console line. `cause` is what user code threw,
   * where that is why, or an Error that says more than the reason does. A promise that it returns is not waited for. What
   * it throws or rejects with changes nothing, and is reported on the console, once for each wrapper.
   *
   * **Security.** Whatever the handshake says is the client's word: escape it before it reaches a log or a terminal.
   */
  readonly onDeny?: (denied: Denied, handshake: Handshake, cause?: unknown) => void | Promise<void>;
}

/**
 * How the operator is told, and how a denial looks to the client.
 *
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface DenialOptions<C> extends DenialHook {
  /**
   * How a denial looks. Default {@linkcode deny}, which also answers where this throws, rejects or returns no fresh
   * Response; that is reported on the console, once for each wrapper. What a promise has to wait for is its own affair:
   * nothing here bounds how many wait.
   */
  readonly refuse?: (denied: Denied, request: Request, context: C) => Response | Promise<Response>;
}

/** The names of {@linkcode DenialOptions}. */
export const DENIAL_OPTIONS = ["refuse", "onDeny"] as const;

/** The part of a wrapper's options that says what becomes of denials. */
export function readDenialOptions<C>(options: Options, issues: ConfigIssue[]): DenialOptions<C> {
  for (const field of DENIAL_OPTIONS) {
    if (options[field] !== undefined) checkFunction(options[field], field, issues);
  }
  return options;
}

/** {@linkcode DenialHook}, where a layer takes nothing else. */
export function readDenialHook(options: unknown, issues: ConfigIssue[]): DenialHook {
  const read = readOptions(options, ["onDeny"], issues) ?? {};
  return readDenialOptions(read, issues);
}

/** More about one denial: what user code threw, and a sentence for the operator, made only where it is printed. */
export interface Details {
  readonly cause?: unknown;
  readonly note?: () => string;
}

/** Tells the operator, then makes the response. Never throws. */
export type Settle<C> = (
  denied: Denied,
  request: Request,
  context: C,
  details?: Details,
) => Response | Promise<Response>;

/**
 * One for each wrapper: what it has reported before is its own. `atOnce`: nobody waits for the answer, so that a promise
 * is none.
 */
export function settler<C>(options: DenialOptions<C>, atOnce = false): Settle<C> {
  const { refuse = deny } = options;
  const tell = teller(options);
  const answerFailed = reportOnce("refuse");

  return (denied, request, context, details = {}) => {
    tell(denied, request, details);
    const answer = (response: unknown): Response => {
      // One that was sent before cannot be sent again: the runtime would answer 500, and say so each time.
      if (response instanceof Response && !response.bodyUsed) return response;
      answerFailed(new TypeError("it did not return a fresh Response"));
      return deny(denied);
    };
    const failed = (error: unknown): Response => {
      answerFailed(error);
      return deny(denied);
    };
    try {
      const response: unknown = refuse(denied, request, context);
      if (!isPromiseLike(response)) return answer(response);
      if (!atOnce) return Promise.resolve(response).then(answer, failed);
      catchRejection(response);
      markAnswered(request);
      return failed(new TypeError("A gate answers at once, but refuse returned a promise"));
    } catch (error) {
      return failed(error);
    }
  };
}

/** Tells the operator of a denial. Never throws. */
export type Tell = (denied: Denied, handshake: Handshake, details?: Details) => void;

/** One for each wrapper, by its hook or on the console. */
export function teller({ onDeny }: DenialHook): Tell {
  const write = consoleTeller();
  const hookFailed = reportOnce("onDeny");
  return (denied, handshake, details = {}) => {
    try {
      if (onDeny === undefined) write(denied, handshake, details);
      else catchRejection(onDeny(denied, handshake, details.cause), hookFailed);
    } catch (error) {
      hookFailed(error);
    }
  };
}

/** Lines of one wrapper's console output: enough to see what is wrong, too few to be flooded with. */
const MAX_LINES = 20;

/**
 * One line for the first denial of each reason and origin. Only a well-formed origin is a key or is printed as it is:
 * anything else a client can vary without end, and can fill with what a terminal obeys.
 */
function consoleTeller(): (denied: Denied, handshake: Handshake, details: Details) => void {
  const seen = new Set<string>();
  return ({ reason, status }, { headers }, details) => {
    // Scanners try every path there is.
    if (reason === "not-found" || seen.size > MAX_LINES) return;
    const value = headers.get("origin");
    const origin = parseOrigin(value).kind === "tuple" ? value : null;
    const failed = "cause" in details;
    // Of a failure and of what is no handshake the page says nothing.
    const isKeyed = !failed && reason !== "not-a-handshake" && origin !== null;
    const key = isKeyed ? `${reason} ${origin}` : reason;
    if (seen.has(key)) return;
    seen.add(key);
    if (seen.size > MAX_LINES) {
      console.warn("wsgate: further refusals not shown; `onDeny` gets them all");
      return;
    }
    const from = origin ?? (value === null ? "absent" : quote(value));
    const host = headers.get("host");
    const at = host === null ? "absent" : quote(host);
    const why = failed ? describeCause(details.cause) : details.note?.() ?? "";
    console.warn(
      `wsgate refused (${status} ${reason}): Origin ${from}, Host ${at}${why === "" ? "" : ". " + why}`,
    );
  };
}

/** Reports the first failure of some user code on the console, and no further one: clients can repeat it at will. */
export function reportOnce(what: string): (error: unknown) => void {
  let reported = false;
  return (error) => {
    if (!reported) console.error(`wsgate: ${what} failed: ${describeCause(error)} (not reported again)`);
    reported = true;
  };
}

/** What was thrown, for one line of a log. Never throws. */
export function describeCause(cause: unknown): string {
  try {
    return quote(String(cause), 200);
  } catch {
    return "(what was thrown cannot be printed)";
  }
}

/**
 * Takes care of a promise that nobody waits for: unhandled, its rejection would end the process on both runtimes.
 */
export function catchRejection(value: unknown, onRejected: (error: unknown) => void = () => {}): void {
  if (isPromiseLike(value)) Promise.resolve(value).then(undefined, onRejected);
}

/** Reports whether user code returned something that `await` would wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
