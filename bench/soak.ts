/**
 * A soak: honest and hostile clients together for minutes, against a server in a process of its own, on both runtimes.
 * Honest clients are served all the while, and afterwards the process holds what it held.
 *
 *     deno task soak                        both runtimes; about three and a half minutes each
 *     deno task soak --bun                  Bun alone (--deno: Deno alone)
 *     deno task soak --quick                to see that it works, in half a minute each; the numbers mean nothing
 *
 * Exit status 0: all held. 1: something did not, and the last lines say what; no round begins after a fault. The same
 * clients, in another order, by `WSGATE_SEED=n`.
 *
 * @module
 */

import process from "node:process";
import { within } from "../tests/in_time.ts";
import { executableOf } from "../tests/programs.ts";
import { Random, seed } from "../tests/random.ts";
import { type Burdened, settled, startBurdened } from "../tests/socket/burden.ts";
import { pause } from "../tests/socket/peer.ts";
import { honest, OTHERS, type Visit } from "./soak_clients.ts";
import { HEAD, judge, type Round, roundLine, type Soak, summary } from "./soak_verdict.ts";

const NAMES = ["deno", "bun"] as const;
const OPTIONS = [...NAMES.map((name) => `--${name}`), "--quick"];
/** Other clients at once, and honest ones. */
const AT_ONCE = { others: 40, honest: 4 };
/** No visit takes longer on a server that answers. */
const LONGEST_SECONDS = 30;
/**
 * Rounds that fill pools and caches and let the heap find its size; rounds at most; seconds after which none begins; how
 * many of each kind of client come; seconds after the last, in which a runtime closes whoever does not answer.
 */
const FULL = { warmUp: 4, rounds: 34, seconds: 180, share: 1, goodbye: 12 };
const QUICK = { warmUp: 1, rounds: 4, seconds: 60, share: 0.1, goodbye: 3 };

const args = process.argv.slice(2);
const unknown = args.filter((arg) => !OPTIONS.includes(arg));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. There are ${OPTIONS.join(", ")}.`);
  process.exit(2);
}
if (process.platform !== "linux") {
  console.error("The soak reads what a process holds from /proc, which Linux alone has.");
  process.exit(2);
}
const plan = args.includes("--quick") ? QUICK : FULL;
const chosen = NAMES.filter((name) => args.includes(`--${name}`));
const faults: string[] = [];
for (const name of chosen.length > 0 ? chosen : NAMES) {
  const server = await startBurdened({ name, executable: await executableOf(name) });
  try {
    console.log(`\n${name}\n${HEAD}`);
    const soak = await soakOf(name, server);
    console.log(`\n${summary(soak)}`);
    faults.push(...judge(soak).map((fault) => `${name}: ${fault}`));
  } finally {
    await server.kill();
  }
}
if (faults.length > 0) console.log(`\n${faults.join("\n")}`);
console.log(`\nsoak: ${faults.length === 0 ? "all held" : `${faults.length} did not hold`}`);
process.exit(faults.length === 0 ? 0 : 1);

async function soakOf(name: Soak["name"], server: Burdened): Promise<Soak> {
  const random = new Random(seed);
  for (let i = 0; i < 20; i++) await honest(server.port, random);
  const start = await settled(() => server.descriptors());
  const rounds: Round[] = [];
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const isWell = () =>
    server.alive() && rounds.every(({ others }) => others.every(({ fault }) => fault === undefined));
  while (rounds.length < plan.rounds && seconds() < plan.seconds && isWell()) {
    const isWarmUp = rounds.length < plan.warmUp;
    const round = { isWarmUp, ...await visits(server.port, random), ...await held(server) };
    rounds.push(round);
    console.log(roundLine(rounds.length - plan.warmUp, round));
  }
  if (!server.alive()) {
    return { name, rounds, start, end: 0, last: { fault: "the server has died" }, seconds: seconds() };
  }
  await pause(1000 * plan.goodbye);
  const end = await settled(() => server.descriptors(), 1000 * plan.goodbye);
  return { name, rounds, start, end, last: await honest(server.port, random), seconds: seconds() };
}

/** A round's clients: the others in any order, and honest ones until they are through. */
async function visits(port: number, random: Random): Promise<Pick<Round, "others" | "honest">> {
  const waiting = random.shuffle(
    OTHERS.flatMap((kind) => Array.from({ length: Math.ceil(kind.count * plan.share) }, () => kind)),
  );
  const others: Visit[] = [];
  const served: Visit[] = [];
  let areThrough = false;
  const goOn = async () => {
    for (let kind; (kind = waiting.pop()) !== undefined;) {
      try {
        others.push(await within(LONGEST_SECONDS, `"${kind.name}" ends`, kind.visit(port, random)));
      } catch (error) {
        others.push({ fault: String(error) });
        // It will be no better with the next.
        waiting.length = 0;
      }
    }
  };
  const beHonest = async () => {
    while (!areThrough) {
      served.push(await honest(port, random));
      await pause(random.below(20));
    }
  };
  const honestOnes = Array.from({ length: AT_ONCE.honest }, beHonest);
  await Promise.all(Array.from({ length: AT_ONCE.others }, goOn));
  areThrough = true;
  await Promise.all(honestOnes);
  return { others, honest: served };
}

/** What the process holds when all of a round have left. */
async function held(server: Burdened): Promise<Pick<Round, "megabytes" | "descriptors">> {
  if (!server.alive()) return { megabytes: 0, descriptors: 0 };
  const descriptors = await settled(() => server.descriptors());
  return { megabytes: server.megabytes(), descriptors };
}
