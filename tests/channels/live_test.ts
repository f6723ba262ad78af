import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { compileOrigins } from "@wsgate/wsgate";
import {
  type Candidate,
  many,
  type PatternList,
  randomCandidate,
  randomList,
  Shares,
  takeSeed,
} from "../matcher/generator.ts";
import { parseHost } from "../../src/origin/authority.ts";
import { parseOrigin } from "../../src/origin/origin.ts";
import { classify } from "../matcher/naive.ts";
import { Random } from "../random.ts";

const ORIGINS = 50_000;
const ORIGINS_PER_LIST = 20;
const LISTS_PER_PROCESS = 500;

/** The first Python that has Django Channels. Debian's own comes second: a newer one often stands before it. */
const python = ["python3", "/usr/bin/python3"].find((command) =>
  spawnSync(command, ["-c", "import channels.security.websocket"], { timeout: 30_000 }).status === 0
);
const isRequired = process.env["WSGATE_REQUIRE_CHANNELS"] === "1";
const skip = python === undefined && !isRequired
  ? "Django Channels is not installed (Debian: python3-django-channels)"
  : false;

test(
  "compileOrigins() gives the verdict of the installed Django Channels",
  { skip, timeout: 120_000 },
  () => {
    assert(python !== undefined, "WSGATE_REQUIRE_CHANNELS=1, and no Python has Django Channels");
    const seed = takeSeed("compileOrigins() against Django Channels");
    const random = new Random(seed);
    const shares = new Shares();
    while (shares.total < ORIGINS) {
      const cases = many(LISTS_PER_PROCESS, () => {
        const list = randomList(random, "channels");
        const candidates = many(ORIGINS_PER_LIST, () => wellFormedCandidate(random, list));
        return { patterns: list.patterns, candidates };
      });
      const verdicts = askChannels(python, cases);
      assertEquals(verdicts.length, cases.length);
      cases.forEach(({ patterns, candidates }, index) => {
        const matcher = compileOrigins(patterns);
        candidates.forEach((candidate, place) => {
          const { origin } = candidate;
          if (matcher.test(origin) !== verdicts[index]![place]) {
            const where = `seed ${seed}: ${JSON.stringify({ patterns, origin })}`;
            throw new Error(`test() says ${matcher.test(origin)}, Channels does not, ${where}`);
          }
          shares.add(candidate, matcher.test);
        });
      });
    }
    console.log(String(shares));
    assert(shares.allowed >= 0.3 * shares.total, "too few allowed");
    assert(shares.nearMisses >= 0.1 * shares.total, "too few near misses");
  },
);

/**
 * What Channels says about malformed origins is not what we say: it raises, or trims, or lets them in. Nor is it of hosts
 * that only a scheme of an app can have (`app://.`): here no domain has them for a subdomain.
 */
function wellFormedCandidate(random: Random, list: PatternList): Candidate {
  while (true) {
    const candidate = randomCandidate(random, list, "channels");
    const { origin } = candidate;
    if (classify(origin).kind === "malformed") continue;
    const parsed = parseOrigin(origin);
    if (parsed.kind !== "tuple" || parseHost(parsed.host) !== null) return candidate;
  }
}

function askChannels(
  python: string,
  cases: readonly { patterns: readonly string[]; candidates: readonly Candidate[] }[],
): boolean[][] {
  const lines = cases.map(({ patterns, candidates }) =>
    JSON.stringify({ patterns, origins: candidates.map(({ origin }) => origin) })
  );
  const oracle = fileURLToPath(new URL("./oracle.py", import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [oracle], {
    input: lines.join("\n"),
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 2 ** 26,
  });
  assertEquals(status, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}
