/**
 * Where every layer that refuses ends: the operator is told, then the response is made.
 *
 * Hooks are user code, and a client decides how often they run. What one throws or rejects with never changes an outcome:
 * it is reported once, since both runtimes would end otherwise.
 */

import { checkFunction, type ConfigIssue, type Options } from "./config.ts";
import { deny } from "./denial.ts";
import { asksForWebSocket, type Decided, type DecisionEvent, type Details, eventOf } from "./event.ts";
import type { Denied } from "./handler.ts";
import { countAllowedOf, shared } from "./reporter.ts";
import { markAnswered } from "./scope.ts";
import { catchRejection, isPromiseLike, reportOnce } from "./user_code.ts";

/**
 * Where the operator's programs hear of decisions: what every layer takes.
 *
 * @category Production
 * @typeParam Q The request: a `Request`, or Node's at a node gate.
 */
export interface DecisionHook<Q = Request> {
  /**
   * Told of every decision, before `refuse` is asked and before the handler runs. Default: one console reporter for all
   * layers, see {@linkcode createReporter}. Nothing waits for it; what it throws or rejects with changes nothing, and is
   * reported on the console, once for each layer.
   *
   * **Security.** An event holds no cookie, no header's value and no query. `event.request` has all of them, and is the
   * client's word: escape it before it reaches a log or a terminal.
   */
  readonly onDecision?: (event: DecisionEvent<Q>) => unknown;
  /** A name of this layer's own, for events, lines and counters; 1 to 100 characters. Default none. */
  readonly name?: string;
}

/**
 * How the operator is told, by `onDecision` and `name` of {@linkcode DecisionHook}, and how a denial looks to the client.
 *
 * @category Verdicts
 * @typeParam C What the wrapped handler gets as its second argument.
 */
export interface DenialOptions<C> extends DecisionHook {
  /**
   * How a denial looks. Default {@linkcode deny}, which also answers where this throws, rejects or returns no fresh
   * Response; that is reported on the console, once for each wrapper. What a promise has to wait for is its own affair:
   * nothing here bounds how many wait.
   */
  readonly refuse?: (denied: Denied, request: Request, context: C) => Response | Promise<Response>;
}

/** The names of {@linkcode DecisionHook}. */
export const HOOK_OPTIONS = ["onDecision", "name"] as const;
/** The names of {@linkcode DenialOptions}. Not with `...`, which bundlers take for something done. */
export const DENIAL_OPTIONS = ["refuse", "onDecision", "name"] as const;

/** The part of a wrapper's options that says what becomes of decisions. */
export function readDenialOptions<C>(options: Options, issues: ConfigIssue[]): DenialOptions<C> {
  if (options.refuse !== undefined) checkFunction(options.refuse, "refuse", issues);
  readHook(options, issues);
  return options;
}

/** The part of a wrapper's options that says who hears of decisions. */
export function readHook<Q>(options: Options, issues: ConfigIssue[]): DecisionHook<Q> {
  const { onDecision, name } = options;
  if (onDecision !== undefined) checkFunction(onDecision, "onDecision", issues);
  if (name !== undefined && (typeof name !== "string" || name === "" || name.length > 100)) {
    issues.push({
      code: "wrong-type",
      field: "name",
      index: -1,
      value: name,
      fix: "Give a text of 1 to 100 characters.",
    });
  }
  return options;
}

/** What a layer has decided, and of what. */
export type Told<Q> = Omit<Decided<Q>, "layer" | "name">;

/** Tells the operator of decisions. Never throws. */
export interface Tell<Q> {
  (decision: Told<Q>): void;
  /** Somebody wants to hear of what was allowed. */
  readonly all: boolean;
}

/** One for each wrapper, by its hook or on the console. */
export function teller<Q>(layer: DecisionEvent["layer"], { onDecision, name = null }: Named<Q>): Tell<Q> {
  const hookFailed = reportOnce(onDecision === undefined ? "the console" : "onDecision");
  const isOurs = onDecision === undefined;
  const countAllowed = onDecision && countAllowedOf(onDecision);
  // Whoever is not ours may keep it, and ask when the request is gone.
  const keeps = !isOurs && countAllowed === undefined;
  const hear = onDecision ?? ((event: DecisionEvent<Q>) => shared.reporter(event));
  const tell = (decision: Told<Q>) => {
    try {
      const isAllowed = decision.denied === null && !decision.reportOnly?.denied;
      if (isAllowed && countAllowed !== undefined) {
        countAllowed(layer, name, asksForWebSocket(decision.handshake));
        return;
      }
      catchRejection(hear(eventOf({ ...decision, layer, name }, keeps)), hookFailed);
    } catch (error) {
      hookFailed(error);
    }
  };
  return Object.assign(tell, { all: !isOurs });
}

type Named<Q> = Omit<DecisionHook<Q>, "name"> & { readonly name?: string | null };

/** Makes the response of a denial. Never throws. */
export type Answer<C> = (denied: Denied, request: Request, context: C) => Response | Promise<Response>;

/**
 * One for each wrapper: what it has reported before is its own. `atOnce`: nobody waits for the answer, so that a promise
 * is none.
 */
export function answerer<C>({ refuse = deny }: DenialOptions<C>, atOnce = false): Answer<C> {
  const answerFailed = reportOnce("refuse");
  return (denied, request, context) => {
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

/** What a layer does with what it has decided. Never throws. */
export interface Settle {
  /** Tells the operator of a denial, then makes the response. */
  (denied: Denied, request: Request, context: unknown, details?: Details): Response | Promise<Response>;
  /** Tells of what goes on, where somebody wants to hear of it. */
  allowed(request: Request, context: unknown): void;
}

/** One for each wrapper that judges by no policy. */
export function settler(layer: DecisionEvent["layer"], options: DenialOptions<unknown>): Settle {
  const tell = teller<Request>(layer, options);
  const answer = answerer(options);
  const say = (denied: Denied | null, request: Request, context: unknown, details: Details) =>
    tell({ ...details, denied, reportOnly: null, handshake: request, request, context });
  return Object.assign(
    (denied: Denied, request: Request, context: unknown, details: Details = {}) => {
      say(denied, request, context, details);
      return answer(denied, request, context);
    },
    {
      allowed: (request: Request, context: unknown) => {
        if (tell.all) say(null, request, context, {});
      },
    },
  );
}
