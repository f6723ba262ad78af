/**
 * What the console is told of decisions: the first of each kind in words, then sums, so that nobody who fills the log with
 * one thing can hide another in it.
 *
 * Kinds are what an operator could act on, never a client's text: names of layers, reasons, and origins and hosts that
 * parse. Everything is bounded, and nothing runs on a timer.
 */

import { checkFunction, checkNumber, type ConfigIssue, readOptions, throwIfAny } from "./config.ts";
import { denials } from "./denial.ts";
import { type DecisionEvent, noteOf } from "./event.ts";
import { quotedHost } from "./explanation.ts";
import { quote } from "./quote.ts";
import { catchRejection, reportOnce } from "./user_code.ts";

/**
 * How much a reporter writes.
 *
 * @category Production
 */
export interface ReporterOptions {
  /**
   * In seconds, above 0 to 86,400: words are rationed by it, and sums come after 1, 2, 4, … 64 of it while something goes
   * on. Default 60.
   */
  readonly intervalSeconds?: number;
  /** How many kinds are told in words in one interval, 1 to 1,000; of what user code throws so many more. Default 20. */
  readonly maxKinds?: number;
  /**
   * Where a line goes, without a line feed. Default `console.warn`. Nothing waits for a promise. What it throws or rejects
   * with is reported on the console, once; that line is lost.
   */
  readonly write?: (line: string) => unknown;
}

/**
 * How many handshakes came out alike since the start.
 *
 * @category Production
 */
export interface ReporterCount {
  /** Which layer. */
  readonly layer: DecisionEvent["layer"];
  /** Its option `name`; null: it has none. */
  readonly name: string | null;
  /** What became of them. */
  readonly outcome: DecisionEvent["outcome"];
  /** Why; null where they were allowed. */
  readonly reason: DecisionEvent["reason"];
  /** How many. */
  readonly count: number;
}

/**
 * A console reporter: see {@linkcode createReporter}.
 *
 * @category Production
 */
export interface Reporter {
  /**
   * Takes in an event: an `onDecision` hook as it is, or called by one.
   *
   * @param event The event. Of a copy the line says less.
   */
  (event: DecisionEvent<unknown>): void;
  /**
   * Handshakes since the start, by layer, name, outcome and reason; of the rest none.
   *
   * @returns One row for each that has come.
   */
  counts(): readonly ReporterCount[];
  /**
   * The same as a whole OpenMetrics document, `wsgate_handshakes_total`; to be served as
   * `application/openmetrics-text; version=1.0.0; charset=utf-8`.
   *
   * @returns The document. Origins and hosts are never labels: a client can invent them.
   */
  openMetrics(): string;
  /** Writes what has been counted and not told yet, due or not. */
  flush(): void;
}

/**
 * Makes a console reporter, to be given to layers as `onDecision`. Without that option all of them share one.
 *
 * Of what was not allowed the first of each kind is told in words, and what follows in sums, ever more seldom. A kind is a
 * layer, its name, the outcome, the reason and the origin, for `host-…` the Host, for what user code threw its `name` and
 * `code`. After quiet a kind is told anew: a 503 after one interval, all others after sixty. `not-found` is counted and
 * never written; what asks for no WebSocket is written and never counted.
 *
 * **Security.** A flood of invented origins uses up the words of each interval that it lasts, and no longer: what comes in the
 * interval after it is told. Twenty a minute are a flood. What user code throws has words of its own, and is told meanwhile.
 * Memory is bounded whatever comes. A line is printable ASCII.
 *
 * | option | default | what it says |
 * | --- | --- | --- |
 * | `intervalSeconds` | 60 | words are rationed by it, and sums come after 1, 2, 4, … 64 of it |
 * | `maxKinds` | 20 | kinds that are told in words in one interval |
 * | `write` | `console.warn` | where a line goes |
 *
 * In full under {@linkcode ReporterOptions}.
 *
 * @param options How much is written.
 * @returns The reporter.
 * @throws {ConfigError} All faults of the options at once.
 * @category Production
 *
 * @example Counters beside the lines
 * ```ts
 * import { createReporter, originValidator, protocolTypeRouter } from "@wsgate/wsgate";
 *
 * const reporter = createReporter({ intervalSeconds: 300 });
 * const socket = originValidator(() => new Response("upgraded here"), ["https://example.com"], {
 *   onDecision: reporter,
 *   name: "chat",
 * });
 * const type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
 * const metrics = () => new Response(reporter.openMetrics(), { headers: { "content-type": type } });
 * const fetch = protocolTypeRouter({ http: metrics, websocket: socket });
 * export default { fetch };
 * ```
 */
export function createReporter(options: ReporterOptions = {}): Reporter {
  const issues: ConfigIssue[] = [];
  const read = readOptions(options, ["intervalSeconds", "maxKinds", "write"], issues) ?? {};
  const seconds = { least: Number.MIN_VALUE, most: 86_400, usual: 60 };
  const interval = checkNumber(read, "intervalSeconds", seconds, issues);
  const kinds = { least: 1, most: 1000, usual: 20, whole: true };
  const maxKinds = checkNumber(read, "maxKinds", kinds, issues);
  if (read.write !== undefined) checkFunction(read.write, "write", issues);
  throwIfAny(issues);
  // By its name at the time, so that who replaces console.warn gets the lines.
  const { write = (line: string) => console.warn(line) } = options;
  const writeFailed = reportOnce(options.write === undefined ? "the console" : "a reporter's write");
  const say = (line: string) => {
    try {
      catchRejection(write(line), writeFailed);
    } catch (error) {
      writeFailed(error);
    }
  };
  return makeReporter(interval * 1000, maxKinds, say, () => performance.now());
}

/** What a reporter does with what was allowed: of that it needs no event, which costs more than the verdict. */
export type CountAllowed = (layer: DecisionEvent["layer"], name: string | null, isHandshake: boolean) => void;

const reporters = /* @__PURE__ */ new WeakMap<object, CountAllowed>();

/** Where a hook is a reporter, what it does with what was allowed; undefined: it is none. A reporter keeps no event. */
export function countAllowedOf(hook: object): CountAllowed | undefined {
  return reporters.get(hook);
}

/** The one of all layers without a hook; in an object, so that a test can begin with a fresh one. */
export const shared: { reporter: Reporter } = { reporter: /* @__PURE__ */ createReporter() };

/** A kind that was told in words. */
interface Kind {
  /** What a sum calls it. */
  readonly label: string;
  /** In milliseconds: so long it has to be quiet to be told in words again. */
  readonly forgetAfter: number;
  lastSeen: number;
  /** How often since the last sum. */
  more: number;
}

/** Quiet that makes news of a kind, in intervals: of failures the words say what was thrown, which may be another thing. */
const FORGET = { failure: 1, other: 60 };
/** As many intervals between two sums, at most. */
const MAX_PACE = 64;
/** Kinds that are remembered, in rations: as many as come before the oldest is forgotten anyway. */
const REMEMBERED = 64;
/** Kinds that a sum names. */
const NAMED = 5;

/** {@linkcode createReporter}, of options that were read; times in milliseconds. `write` never throws. */
export function makeReporter(
  interval: number,
  maxKinds: number,
  write: (line: string) => void,
  now: () => number,
): Reporter {
  const totals = new Map<string, ReporterCount & { count: number }>();
  /** The least recently seen first. */
  const kinds = new Map<string, Kind>();
  const rations = { failures: { start: -Infinity, told: 0 }, rest: { start: -Infinity, told: 0 } };
  /** What came over the ration since the last sum. */
  let untold = 0;
  let sum = { since: 0, last: 0, due: Infinity, pace: 1 };

  function report(event: DecisionEvent<unknown>): void {
    if (event.handshake) count(event);
    const time = writeWhatIsDue();
    if (event.outcome === "allowed" || event.reason === "not-found") return;
    const key = keyOf(event);
    const known = kinds.get(key);
    kinds.delete(key);
    const isNews = known === undefined || time - known.lastSeen > known.forgetAfter;
    // Of failures clients cannot invent any number: a flood of invented origins must not hide a database that is gone.
    const ration = isFailure(event) ? rations.failures : rations.rest;
    if (time - ration.start >= interval) Object.assign(ration, { start: time, told: 0 });
    if (isNews && ration.told >= maxKinds) {
      // Not remembered: it is news until it was told.
      untold += 1 + (known?.more ?? 0);
      expectSum(time);
      return;
    }
    const kind = known ?? {
      label: labelOf(event),
      forgetAfter: interval * (statusOf(event) === 503 ? FORGET.failure : FORGET.other),
      lastSeen: time,
      more: 0,
    };
    kind.lastSeen = time;
    kinds.set(key, kind);
    if (kinds.size > REMEMBERED * maxKinds) forgetOldest();
    if (!isNews) {
      kind.more++;
      expectSum(time);
      return;
    }
    ration.told++;
    write(lineOf(event));
  }

  function countAllowed(layer: DecisionEvent["layer"], name: string | null, isHandshake: boolean): void {
    if (isHandshake) count({ layer, name, outcome: "allowed", reason: null });
    writeWhatIsDue();
  }

  /** The time. */
  function writeWhatIsDue(): number {
    const time = now();
    if (time >= sum.due) writeSum(time);
    return time;
  }

  function count({ layer, name, outcome, reason }: Omit<ReporterCount, "count">): void {
    // The name comes last, and may hold anything but be empty.
    const key = `${layer} ${outcome} ${reason} ${name ?? ""}`;
    const total = totals.get(key);
    if (total === undefined) totals.set(key, { layer, name, outcome, reason, count: 1 });
    else total.count++;
  }

  function forgetOldest(): void {
    const [key, { more }] = kinds.entries().next().value!;
    kinds.delete(key);
    untold += more;
  }

  /** There is something to sum up: when, unless that is known. */
  function expectSum(time: number): void {
    sum.last = time;
    if (sum.due < Infinity) return;
    // Quiet since the last one for longer than the next would have waited: a new story.
    const pace = time - sum.since > sum.pace * interval ? 1 : sum.pace;
    sum = { since: time, last: time, due: time + pace * interval, pace };
  }

  function writeSum(time: number): void {
    const often = [...kinds.values()].filter(({ more }) => more > 0).sort((a, b) => b.more - a.more);
    const named = often.slice(0, NAMED);
    const rest = often.slice(NAMED).reduce((all, { more }) => all + more, untold);
    const total = named.reduce((all, { more }) => all + more, rest);
    const parts = named.map(({ label, more }) => `${more} ${label}`);
    if (rest > 0) parts.push(`${rest} of other kinds`);
    for (const kind of often) kind.more = 0;
    untold = 0;
    // Long overdue: nothing has come by for a while.
    const goesOn = time - sum.due <= sum.pace * interval;
    // Told now, they would else seem to have come just now.
    const when = goesOn
      ? durationOf(time - sum.since)
      : `${durationOf(sum.last - sum.since)}, the last ${durationOf(time - sum.last)} ago`;
    sum = { since: time, last: time, due: Infinity, pace: goesOn ? Math.min(2 * sum.pace, MAX_PACE) : 1 };
    write(`wsgate: ${total} more in ${when}: ${parts.join("; ")}`);
  }

  reporters.set(report, countAllowed);
  return Object.freeze(Object.assign(report, {
    counts: () => [...totals.values()].map((total) => ({ ...total })),
    openMetrics: () => openMetricsOf([...totals.values()]),
    flush: () => {
      if (sum.due < Infinity) writeSum(now());
    },
  }));
}

/** What was not parsed is one kind: a client can vary it without end. */
function keyOf(event: DecisionEvent<unknown>): string {
  const { name, layer, outcome, reason } = event;
  return JSON.stringify([name, layer, outcome, reason, about(event)]);
}

/** In one of three units, so that no figure is long. */
function durationOf(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds <= 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes <= 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** What user code threw, whatever the page. */
function isFailure({ reason }: DecisionEvent<unknown>): boolean {
  return reason === "user-lookup-failed" || reason === "policy-unavailable" ||
    reason === "sessions-unavailable";
}

/** What tells refusals of one reason apart; "": nothing that parses. */
function about(event: DecisionEvent<unknown>): string {
  const { reason, origin, host } = event;
  // Of a failure, and of what is no handshake, the page says nothing.
  if (reason === "not-a-handshake") return "";
  if (isFailure(event)) return failureOf(event.cause);
  const byHost = reason?.startsWith("host-");
  const ofHost = "host" in host ? `Host ${host.shown}` : "";
  const ofOrigin = origin.kind === "tuple" ? `Origin ${origin.shown}` : "";
  // Which cookies come along depends on both.
  if (reason === "unauthenticated") return [ofOrigin, ofHost].filter((it) => it !== "").join(", ");
  return byHost ? ofHost : ofOrigin;
}

/**
 * What kind of failure it is, such as `Error ECONNREFUSED`, by what the thrower's own code says and no client: one that a
 * client provokes all day, with a cookie that does not parse, must not hide the database that is gone.
 */
function failureOf(cause: unknown): string {
  try {
    const { name, code } = cause as { readonly name?: unknown; readonly code?: unknown };
    const words = [name, code].filter((it) => typeof it === "string" && it !== "");
    return words.length === 0 ? "" : quote(words.join(" "), MAX_FAILURE);
  } catch {
    // Undefined or null was thrown, or what cannot be read.
    return "";
  }
}

const MAX_FAILURE = 60;

const VERBS = { allowed: "allowed", denied: "refused", "would-deny": "would refuse" } as const;

/** Of a would-deny the status that it would have. */
function statusOf({ reason }: DecisionEvent<unknown>): number {
  return denials[reason!].status;
}

/** Such as `"chat" would refuse (403 origin-not-allowed)`. */
function whatHappened(event: DecisionEvent<unknown>): string {
  const { name, outcome, reason } = event;
  return `${name === null ? "" : `${quote(name)} `}${VERBS[outcome]} (${statusOf(event)} ${reason})`;
}

function lineOf(event: DecisionEvent<unknown>): string {
  const { origin, host } = event;
  const why = noteOf(event);
  return `wsgate ${whatHappened(event)}: Origin ${origin.shown}, Host ${quotedHost(host)}${
    why === "" ? "" : `. ${why}`
  }`;
}

function labelOf(event: DecisionEvent<unknown>): string {
  const of = about(event);
  return `${whatHappened(event)}${of === "" ? "" : `, ${of}`}`;
}

/** https://prometheus.io/docs/specs/om/open_metrics_spec/: a counter's samples end in `_total`, the document in `# EOF`. */
function openMetricsOf(totals: readonly ReporterCount[]): string {
  const label = (text: string | null) =>
    `"${(text ?? "").replace(/[\\"\n]/g, (char) => char === "\n" ? "\\n" : `\\${char}`)}"`;
  const samples = totals.map(({ layer, name, outcome, reason, count }) =>
    `wsgate_handshakes_total{layer=${label(layer)},name=${label(name)},outcome=${label(outcome)},reason=${
      label(reason)
    }} ${count}\n`
  );
  return "# TYPE wsgate_handshakes counter\n# HELP wsgate_handshakes Handshakes by what became of them.\n" +
    samples.join("") + "# EOF\n";
}
