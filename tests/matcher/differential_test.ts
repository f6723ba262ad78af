import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { check, compileOrigins, compilePolicy, type Handshake, type PolicyOptions } from "@wsgate/wsgate";
import { Random } from "../random.ts";
import {
  chance,
  many,
  mutate,
  type PatternList,
  randomCandidate,
  randomList,
  randomPattern,
  Shares,
  takeSeed,
} from "./generator.ts";
import { classify, naiveCheck, naiveMatcher } from "./naive.ts";

const ORIGINS = 1_000_000;
const ORIGINS_PER_LIST = 40;
const HANDSHAKES = 60_000;
const HANDSHAKES_PER_POLICY = 20;
/** Seconds on a quiet machine; without it Bun ends a test after 5. */
const LONG_ENOUGH = { timeout: 300_000 };

test("compileOrigins() and the naive model agree", LONG_ENOUGH, () => {
  const seed = takeSeed("compileOrigins() against the naive model");
  const random = new Random(seed);
  const all = new Shares();
  // Malformed near misses are easy to come by; the others must not hide behind them.
  const wellFormed = new Shares();
  while (all.total < ORIGINS) {
    const list = randomList(random, "wsgate");
    const { patterns, dangerouslyAllow } = list;
    const { test, match } = compileOrigins(patterns, { dangerouslyAllow });
    const written = [...patterns, ...dangerouslyAllow];
    const naive = naiveMatcher(written);
    const admits = (origin: string | null) => naive(origin) >= 0;
    for (let count = 0; count < ORIGINS_PER_LIST; count++) {
      const candidate = randomCandidate(random, list, "wsgate");
      const { origin } = candidate;
      const index = naive(origin);
      const where = () => `seed ${seed}: ${JSON.stringify({ patterns, dangerouslyAllow, origin })}`;
      if (test(origin) !== index >= 0) throw new Error(`test() says ${test(origin)}, ${where()}`);
      const expected = written[index] ?? null;
      if (match(origin) !== expected) {
        throw new Error(`match() says ${match(origin)}, the naive model ${expected}, ${where()}`);
      }
      all.add(candidate, admits);
      if (classify(origin).kind === "tuple") wellFormed.add(candidate, admits);
    }
  }
  console.log(`${all}; well-formed: ${wellFormed}`);
  for (const { total, allowed, nearMisses } of [all, wellFormed]) {
    assert(allowed >= 0.3 * total, "too few allowed");
    assert(nearMisses >= 0.1 * total, "too few near misses");
  }
});

test(
  "compileOrigins() admits no less for one pattern more, nor anything else in another order",
  LONG_ENOUGH,
  () => {
    const seed = takeSeed("properties of compileOrigins()");
    const random = new Random(seed);
    for (let lists = 0; lists < 1500; lists++) {
      const list = randomList(random, "wsgate");
      const { patterns, dangerouslyAllow } = list;
      const matcher = compileOrigins(patterns, { dangerouslyAllow });
      const longer = compileOrigins([...patterns, randomPattern(random, "channels").text], {
        dangerouslyAllow,
      });
      const shuffled = compileOrigins(random.shuffle(patterns), {
        dangerouslyAllow: random.shuffle(dangerouslyAllow),
      });
      // As a second list it holds everything, dangerous or not.
      const again = compileOrigins([], { dangerouslyAllow: matcher.patterns });
      const safe = dangerouslyAllow.length === 0 ? compileOrigins(matcher.patterns) : again;
      assertEquals(matcher.patterns, [...patterns, ...dangerouslyAllow]);
      assertEquals(again.patterns, matcher.patterns);
      for (let count = 0; count < 15; count++) {
        const { origin } = randomCandidate(random, list, "wsgate");
        const verdict = matcher.test(origin);
        const where = () => `seed ${seed}: ${JSON.stringify({ list, longer: longer.patterns, origin })}`;
        if (verdict && !longer.test(origin)) throw new Error(`one pattern more takes it away, ${where()}`);
        if (shuffled.test(origin) !== verdict) throw new Error(`the order of the list decides, ${where()}`);
        for (const same of [again, safe]) {
          if (same.match(origin) !== matcher.match(origin)) {
            throw new Error(`compiled again it differs, ${where()}`);
          }
        }
      }
    }
  },
);

test(
  "compileOrigins() gives the answers of a fresh matcher, whatever it was asked before",
  LONG_ENOUGH,
  () => {
    const seed = takeSeed("the memory of compileOrigins()");
    const random = new Random(seed);
    let repeated = 0;
    for (let lists = 0; lists < 400; lists++) {
      const list = randomList(random, "wsgate");
      const compile = () => compileOrigins(list.patterns, { dangerouslyAllow: list.dangerouslyAllow });
      const used = compile();
      const origins = many(12, () => randomCandidate(random, list, "wsgate").origin);
      let last: string | null = "";
      for (let count = 0; count < 60; count++) {
        // As often as not what was asked last, as a string of its own.
        const again = chance(random, 50);
        const origin: string | null = again ? JSON.parse(JSON.stringify(last)) : random.pick(origins);
        const fresh = compile();
        const matched = fresh.match(origin);
        const where = () => `seed ${seed}: ${JSON.stringify({ list, origin, last })}`;
        // In either order: both look at what is remembered.
        const answers = chance(random, 50)
          ? [used.test(origin), used.match(origin)]
          : [used.match(origin), used.test(origin)].reverse();
        if (
          answers[0] !== (matched !== null) || answers[1] !== matched || compile().test(origin) !== answers[0]
        ) {
          throw new Error(`it says ${answers}, a fresh one ${matched}, ${where()}`);
        }
        if (origin === last && matched !== null) repeated++;
        last = origin;
      }
    }
    assert(repeated >= 3000, `too few were let in twice: ${repeated}`);
  },
);

test("check() and the naive model agree, for every reason there is", LONG_ENOUGH, () => {
  const seed = takeSeed("check() against the naive model");
  const random = new Random(seed);
  const reasons = new Map<string, number>();
  for (let total = 0; total < HANDSHAKES; total += HANDSHAKES_PER_POLICY) {
    const made = randomPolicy(random);
    const { options } = made;
    const policy = compilePolicy(options);
    for (let count = 0; count < HANDSHAKES_PER_POLICY; count++) {
      const { url, headers } = randomHandshake(random, made);
      const get = (name: string) => headers[name.toLowerCase() as keyof typeof headers] ?? null;
      const handshake: Handshake = { method: "GET", url, headers: { get } };
      const expected = naiveCheck(handshake, options);
      const decision = check(handshake, policy);
      const verdict = decision.allowed ? "allowed" : decision.reason;
      if (verdict !== expected) {
        const where = `seed ${seed}: ${JSON.stringify({ options, url, headers })}`;
        throw new Error(`check() says ${verdict}, the naive model ${expected}, ${where}`);
      }
      if (!decision.allowed) {
        const isBadRequest = /^host-(absent|malformed|mismatch)$/.test(decision.reason);
        assertEquals(decision.status, isBadRequest ? 400 : 403);
      }
      reasons.set(verdict, (reasons.get(verdict) ?? 0) + 1);
    }
  }
  console.log(`${HANDSHAKES} handshakes, in percent:`, shareOfEach(reasons));
  assert(reasons.get("allowed")! >= 0.3 * HANDSHAKES, "too few allowed");
  for (const reason of REASONS) {
    assert((reasons.get(reason) ?? 0) >= 0.01 * HANDSHAKES, `too few of ${reason}`);
  }
  assertEquals(reasons.size, 1 + REASONS.length);
});

const REASONS = [
  ...["host-absent", "host-malformed", "host-mismatch", "host-not-allowed"],
  ...["origin-absent", "origin-empty", "origin-null", "origin-malformed", "origin-not-allowed"],
];

function shareOfEach(counts: ReadonlyMap<string, number>): Record<string, number> {
  const shares = [...counts].map(([name, count]) =>
    [name, Math.round(1000 * count / HANDSHAKES) / 10] as const
  );
  return Object.fromEntries(shares.sort(([, a], [, b]) => b - a));
}

/** An entry of a list of hosts, and the hosts (of a Host header) that it admits. */
interface HostEntry {
  readonly text: string;
  admitted(random: Random): string;
}

/** Made of a pattern, whose hosts are the same; what a list of hosts refuses of it is left out. */
function randomHostEntry(random: Random): HostEntry {
  while (true) {
    const pattern = randomPattern(random, "wsgate");
    if (pattern.dangerous || pattern.text === "*" || pattern.text.includes("://*")) continue;
    return {
      text: withoutScheme(pattern.text),
      admitted: (random) => withoutScheme(pattern.admitted(random)),
    };
  }
}

interface MadePolicy {
  readonly options: PolicyOptions;
  /** What both were made of. */
  readonly hosts: readonly HostEntry[] | undefined;
  readonly list: PatternList;
}

function randomPolicy(random: Random): MadePolicy {
  const list = randomList(random, "wsgate");
  const hosts = chance(random, 70) ? many(1 + random.below(4), () => randomHostEntry(random)) : undefined;
  const origins = [...list.patterns];
  if (hosts !== undefined && chance(random, 60)) {
    origins.splice(random.below(origins.length + 1), 0, "'self'");
  }
  const absent = random.pick([undefined, "deny", "allow", "allow-without-credentials"] as const);
  const scheme = random.pick([undefined, "http", "https"] as const);
  const options = {
    origins,
    ...(list.dangerouslyAllow.length > 0 && { dangerouslyAllow: list.dangerouslyAllow }),
    ...(hosts && { hosts: hosts.map(({ text }) => text) }),
    ...(absent && { absent }),
    ...(scheme && { scheme }),
    ...(chance(random, 50) && { debug: chance(random, 50) }),
  };
  return { options, hosts, list };
}

interface Snapshot {
  readonly url: string;
  readonly headers: Readonly<Record<"host" | "origin" | "cookie" | "authorization", string | null>>;
}

/** A handshake that the policy admits as often as not, with at most a few things wrong. */
function randomHandshake(random: Random, { options, hosts, list }: MadePolicy): Snapshot {
  const host = randomHostHeader(random, hosts, options.debug === true);
  const scheme = chance(random, 90)
    ? random.pick(["http", "https"])
    : random.pick(["ws", "wss", "http+unix", "HTTPS"]);
  let url = `${scheme}://${chance(random, 10) ? withOrWithoutPort(host) : host}/chat?a=b`;
  if (chance(random, 8)) url = randomTarget(random, scheme, host);

  let origin = randomCandidate(random, list, "wsgate").origin;
  if (chance(random, options.origins.includes("'self'") ? 45 : 5)) {
    const self = `${
      chance(random, 75) ? options.scheme ?? scheme : random.pick(["http", "https"])
    }://${host}`;
    origin = random.pick([self, self, withOrWithoutPort(self), mutate(random, self, "well-formed")]);
  } else if (chance(random, options.debug ? 30 : 3)) {
    origin = `${random.pick(["http", "https", "ws"])}://${random.pick(LOCAL)}`;
  }
  if (chance(random, 10)) origin = random.pick([null, null, "", "null"]);
  const headers = {
    host: chance(random, 3) ? null : host,
    origin,
    cookie: chance(random, 25) ? random.pick(["a=1", ""]) : null,
    authorization: chance(random, 15) ? "Basic eDp5" : null,
  };
  return { url, headers };
}

const LOCAL = "localhost a.localhost x.y.localhost 127.0.0.1 [::1] localhost:3000 [::1]:8080".split(" ");

function randomHostHeader(random: Random, hosts: MadePolicy["hosts"], debug: boolean): string {
  const entry = hosts === undefined || chance(random, 5) ? randomHostEntry(random) : random.pick(hosts);
  let host = chance(random, debug ? 15 : 3) ? random.pick(LOCAL) : entry.admitted(random);
  if (chance(random, 8)) {
    host = withoutScheme(mutate(random, `http://${host}`, random.pick(["malformed", "well-formed"])));
  }
  return chance(random, 5) ? host.toUpperCase() : host;
}

/** What a request line may claim instead of the Host header, or in words that hide that it claims the same. */
function randomTarget(random: Random, scheme: string, host: string): string {
  const namesNobody =
    "/chat * //evil.com/chat chat?to=http://evil.com/ evil.com:443 http:chat 1http://evil.com/";
  const namesTheSame = [
    `${host}`,
    `${host}?q`,
    `${host}#f`,
    `${host.toUpperCase()}/`,
    `${host}/?to=http://evil.com/`,
  ];
  const namesAnother = [
    "evil.com",
    `evil.com/${host}`,
    `user@${host}/`,
    `${host}@evil.com/`,
    `evil.com\\@${host}/`,
  ];
  const looksTheSame = [`${host}:81/`, `${host}./`, `${host}.evil.com/`, `${host}\\x`, `/${host}/`, "/chat"];
  const almost = [
    host.replace(/k/i, "\u212a"),
    mutate(random, `a://${host}`, "malformed").replace("a://", ""),
  ];
  return random.pick([
    ...["", ...namesNobody.split(" ")],
    ...[...namesTheSame, ...namesAnother, ...looksTheSame, ...almost].map((rest) => `${scheme}://${rest}`),
    ...["foo", "ftp", "file", "x" + scheme, scheme.toUpperCase()].map((other) => `${other}://${host}/chat`),
  ]);
}

/** With a default port written out, or without the one that is. */
function withOrWithoutPort(text: string): string {
  if (/:\d+$/.test(text)) return text.replace(/:(80|443)$/, "");
  return text + (text.startsWith("https:") ? ":443" : ":80");
}

function withoutScheme(text: string): string {
  return text.replace(/^.*:\/\//, "");
}
