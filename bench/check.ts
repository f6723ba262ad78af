/**
 * What does a whole check cost on a request of a real server, beside reading its headers alone?
 *
 *     deno run -A bench/check.ts [--quick]      bun bench/check.ts [--quick]
 *
 * A request's headers are made into strings when they are first read, once, so each request can be used once, and only
 * while it is answered. So a round is a few hundred requests that wait for their answers at the same time; one half
 * of them is checked, the other only read, in runs of 16 that take turns.
 *
 * @module
 */

import { connect } from "node:net";
import { check, compilePolicy } from "@wsgate/wsgate";
import { do_not_optimize, now } from "mitata/src/lib.mjs";
import { serve } from "../tests/runtime.ts";
import { corpus, patternList, WARM } from "./corpus.ts";
import {
  allocatedBytes,
  collect,
  conclude,
  doElsewhere,
  finish,
  jobOf,
  type Outcome,
  quick,
  runtimeName,
} from "./process.ts";
import { median, quantile } from "./ratio.ts";
import { count, digits, duration, table } from "./table.ts";

const PATTERNS = 1000;
const CONNECTIONS = 256;
const RUN = 16;
const ROUNDS = quick ? 6 : 200;
const WARMUP = quick ? 2 : 80;

const policy = compilePolicy({ origins: patternList(PATTERNS), hosts: ["example.com"] });

/** What is done with a request; what is read is read in the order of a check. */
const SUBJECTS = {
  "check": (request: Request) => check(request, policy).allowed,
  "read Host, url and Origin": (request: Request) =>
    (request.headers.get("host")?.length ?? 0) + request.url.length +
    (request.headers.get("origin")?.length ?? 0),
  "read Host and Origin": (request: Request) =>
    (request.headers.get("host")?.length ?? 0) + (request.headers.get("origin")?.length ?? 0),
  "nothing": () => 0,
} satisfies Record<string, (request: Request) => unknown>;
type Subject = keyof typeof SUBJECTS;
const NAMES = Object.keys(SUBJECTS) as Subject[];

type Job = { readonly measure: "time" } | { readonly measure: "allocation"; readonly subject: Subject };

/** What this file measures. */
export interface CheckResult {
  readonly patterns: number;
  /** Nanoseconds a request, median of the runs, and its quartiles. */
  readonly time: Outcome<Readonly<Record<Subject, readonly [ns: number, low: number, high: number]>>>;
  /** Bytes a request, without a collection in between. */
  readonly allocated: Readonly<Record<Subject, Outcome<number>>>;
}

/** Requests of a real server that wait for their answers, `CONNECTIONS` at a time. */
async function withWaiting(
  rounds: number,
  use: (waiting: readonly Request[], round: number) => void,
): Promise<void> {
  let waiting: { request: Request; answer: (response: Response) => void }[] = [];
  let complete = () => {};
  const server = serve((request) =>
    new Promise((resolve) => {
      waiting.push({ request, answer: resolve });
      if (waiting.length === CONNECTIONS) complete();
    })
  );
  const origins = corpus(PATTERNS, WARM);
  const sockets = Array.from(
    { length: CONNECTIONS },
    () => connect(server.port, "127.0.0.1").on("error", () => {}),
  );
  for (const socket of sockets) socket.resume();
  for (let round = 0; round < rounds; round++) {
    const all = new Promise<void>((resolve) => complete = resolve);
    sockets.forEach((socket, index) =>
      socket.write(
        `GET /chat HTTP/1.1\r\nHost: example.com\r\nAccept-Language: en-US,en;q=0.5\r\n` +
          `Cookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${
            origins.decode(round * CONNECTIONS + index)
          }\r\n\r\n`,
      )
    );
    await all;
    const requests = waiting.map(({ request }) => request);
    use(requests, round);
    const answered = waiting;
    waiting = [];
    for (const { answer } of answered) answer(new Response(null, { status: 204 }));
  }
  // Whoever asked ends the process: a server that is stopped waits for every connection first.
}

async function measureTime(): Promise<Record<Subject, [number, number, number]>> {
  const samples = Object.fromEntries(NAMES.map((name) => [name, [] as number[]])) as Record<
    Subject,
    number[]
  >;
  await withWaiting(WARMUP + ROUNDS, (requests, round) => {
    for (let run = 0; run < requests.length / RUN; run++) {
      // Who begins moves on by one with each round.
      const name = NAMES[(run + round) % NAMES.length]!;
      const ns = time(SUBJECTS[name], requests, run * RUN, (run + 1) * RUN) / RUN;
      if (round >= WARMUP) samples[name].push(ns);
    }
  });
  return Object.fromEntries(
    NAMES.map((
      name,
    ) => [name, [median(samples[name]), quantile(samples[name], 0.25), quantile(samples[name], 0.75)]]),
  ) as Record<Subject, [number, number, number]>;
}

function time(
  use: (request: Request) => unknown,
  requests: readonly Request[],
  from: number,
  to: number,
): number {
  const start = now();
  for (let index = from; index < to; index++) do_not_optimize(use(requests[index]!));
  return now() - start;
}

async function measureAllocation(subject: Subject): Promise<number> {
  const use = SUBJECTS[subject];
  const samples: number[] = [];
  await withWaiting(WARMUP + (quick ? 6 : 60), (requests, round) => {
    if (round === WARMUP) collect();
    const before = allocatedBytes();
    for (const request of requests) do_not_optimize(use(request));
    const allocated = (allocatedBytes() - before) / requests.length;
    // The heap shrinks where a collection came after all. The mean of the others, as Bun claims whole blocks.
    if (round >= WARMUP && allocated >= 0) samples.push(allocated);
  });
  return samples.reduce((sum, bytes) => sum + bytes, 0) / samples.length;
}

async function measureAll(): Promise<CheckResult> {
  const job: Job = { measure: "time" };
  const time = await doElsewhere<Record<Subject, [number, number, number]>>(import.meta.url, job);
  const allocated: Partial<Record<Subject, Outcome<number>>> = {};
  for (const subject of NAMES) {
    const job: Job = { measure: "allocation", subject };
    allocated[subject] = await doElsewhere<number>(import.meta.url, job, { nursery: true });
  }
  return { patterns: PATTERNS, time, allocated: allocated as CheckResult["allocated"] };
}

/** The table of a result. */
export function describe({ patterns, time, allocated }: CheckResult, name: string): string {
  const head = `check · on requests of a real server, ${count(patterns)} patterns · ${name}\n`;
  if ("failed" in time) return `${head}${time.failed}\n`;
  const [checked] = time.value.check;
  return head + table([
    ["", "time", "quartiles", "check is times", "bytes allocated"],
    ...NAMES.map((subject) => {
      const [ns, low, high] = time.value[subject];
      const bytes = allocated[subject];
      return [
        subject,
        duration(ns),
        `${duration(low)} – ${duration(high)}`,
        subject === "nothing" ? "" : digits(checked / ns),
        "failed" in bytes ? bytes.failed : count(Math.round(bytes.value)),
      ];
    }),
  ]) + "\n";
}

if (import.meta.main) {
  const job = jobOf<Job>();
  if (job !== undefined) {
    await finish(job.measure === "time" ? await measureTime() : await measureAllocation(job.subject));
  }
  const result = await measureAll();
  await conclude(result, describe(result, runtimeName));
}
