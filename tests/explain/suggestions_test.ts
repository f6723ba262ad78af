// What is suggested, pasted back: it lets in the handshake that it was made for, and no attack that a page or a neighbor
// of the site can send, unless its danger says who else gets in.

import { describe, test } from "node:test";
import { assert, assertEquals, fail } from "@std/assert";
import {
  check,
  compilePolicy,
  explain,
  formatExplanation,
  type Handshake,
  type Policy,
  type PolicyOptions,
  type Suggestion,
} from "@wsgate/wsgate";
import { wordsOf as wordsOfPolicy } from "../../src/explain/console_line.ts";
import { handshakeOf } from "../doubles.ts";
import { randomCandidate, randomList, takeSeed } from "../matcher/generator.ts";
import { Random } from "../random.ts";
import { runtime } from "../runtime.ts";
import { followed } from "../suggestions.ts";
import {
  attackHandshake,
  attackOptions,
  attacks,
  capturedHandshake,
  capturedRows,
  causes,
} from "../vectors.ts";

/** What a page, or a neighbor of the site, makes a visitor's browser send to `wss://ws.example.com/chat`. */
const ATTACKS: readonly (readonly [name: string, origin: string, host?: string])[] = [
  ["foreign-page", "https://attacker.test"],
  ["suffix-without-dot", "https://evilexample.com"],
  ["suffix-after-hyphen", "https://evil-example.com"],
  ["whole-name-as-suffix", "https://evilapp.example.com"],
  ["name-in-front", "https://app.example.com.attacker.test"],
  ["domain-in-front", "https://example.com.attacker.test"],
  ["name-in-the-middle", "https://www.app.example.com.attacker.test"],
  ["longer-ending", "https://app.example.comedy"],
  ["hyphen-after-name", "https://app.example.com-attacker.test"],
  ["underscore-after-name", "https://app.example.com_.attacker.test"],
  ["comma-after-name", "https://app.example.com,.attacker.test"],
  ["odd-character", "https://app.example.com{.attacker.test"],
  ["unescaped-dot", "https://appxexample.com"],
  ["look-alike", "https://app.xn--xample-2of.com"],
  ["other-ending", "https://app.example.test"],
  ["parent-domain", "https://example.com"],
  ["sibling-subdomain", "https://blog.example.com"],
  ["subdomain-of-own", "https://evil.app.example.com"],
  ["www-twin", "https://www.app.example.com"],
  ["other-port", "https://app.example.com:9999"],
  ["sandboxed-frame", "null"],
  ["other-extension", "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["firefox-extension", "moz-extension://7b1e1f0c-0000-4000-8000-000000000000"],
  ["app-shell", "capacitor://localhost"],
  ["loopback-page", "http://localhost:9999"],
  ["loopback-address-page", "http://127.0.0.1:9999"],
  ["address-page", "http://198.51.100.7"],
  ["ipv6-address-page", "http://[2001:db8::1]"],
  ["name-like-an-address", "http://127.0.0.1.attacker.test"],
  ["localhost-in-name", "http://localhost.attacker.test"],
  ["file-page", "file://"],
  ["rebinding", "https://attacker.test", "attacker.test"],
  ["rebinding-name-in-front", "https://ws.example.com.attacker.test", "ws.example.com.attacker.test"],
  ["rebinding-name-of-address", "https://127.0.0.1.nip.io", "127.0.0.1.nip.io"],
  ["any-address", "https://0.0.0.0", "0.0.0.0"],
];
const attackHandshakes = ATTACKS.map(([name, origin, host = "ws.example.com"]) => ({
  name,
  handshake: handshakeOf({ url: "/chat", headers: { host, origin, cookie: "session=1" } }),
}));

/** Sites that are well guarded. */
const GOOD: readonly PolicyOptions[] = [
  { origins: ["https://app.example.com"] },
  { origins: ["https://app.example.com"], hosts: ["ws.example.com"] },
  { origins: ["'self'", "https://app.example.com"], hosts: ["ws.example.com"], scheme: "https" },
  { origins: ["https://*.example.com"] },
  { origins: [".example.com"] },
  { origins: ["https://app.example.com:*"] },
  { origins: ["https://app.example.com"], absent: "allow-without-credentials" },
  { origins: ["https://app.example.com"], debug: true },
  { origins: ["https://app.example.com", "capacitor://localhost"] },
  { origins: [] },
];

/** The suggestion of every near miss, once. */
function suggestionsOf(handshake: Handshake, policy: Policy): readonly Suggestion[] {
  return explain(handshake, policy).nearest.flatMap(({ suggestion }) => suggestion ?? []);
}

// An attacker's handshake looks just like each of these.
describe("nothing is suggested for", () => {
  const SITE = { origins: ["https://app.example.com"] };
  const SELF = { origins: ["'self'"], hosts: ["ws.example.com"], scheme: "https" } as const;
  const local = { host: "localhost:8000", origin: "http://localhost:5173" };
  const rows: readonly (readonly [name: string, PolicyOptions, Record<string, string>])[] = [
    ["a page at the Host itself, which DNS rebinding makes", SITE, {
      host: "attacker.test",
      origin: "https://attacker.test:8443",
    }],
    ["a name below a shared suffix", SITE, { host: "ws.example.com", origin: "https://evil.github.io" }],
    ["a neighbor below a shared suffix", { origins: ["https://mine.github.io"] }, {
      host: "ws.example.com",
      origin: "https://evil.github.io",
    }],
    ["a shared suffix itself", SITE, { host: "ws.example.com", origin: "https://github.io" }],
    ["an inner Origin that came through a proxy", SELF, {
      host: "ws.example.com",
      origin: "http://10.0.0.5:8000",
      via: "1.1 proxy",
    }],
    ["the same at an inner Host", SITE, {
      host: "backend",
      origin: "http://10.0.0.5:8000",
      via: "1.1 proxy",
    }],
    ["a page of this machine that came through a proxy", SITE, { ...local, "x-forwarded-for": "192.0.2.7" }],
    ["null", SITE, { host: "ws.example.com", origin: "null" }],
    ["a look-alike", SITE, { host: "ws.example.com", origin: "https://app.examp1e.com" }],
    ["a name that no list takes", SITE, { host: "ws.example.com", origin: "https://undefined" }],
  ];
  for (const [name, options, headers] of rows) {
    test(name, () => {
      const handshake = handshakeOf({ url: "/", headers });
      const policy = compilePolicy(options);
      const { decision, nearest } = explain(handshake, policy);
      assertEquals(decision.allowed, false);
      assertEquals(nearest.map(({ suggestion }) => suggestion), nearest.map(() => null));
      const line = wordsOfPolicy(policy).note!(handshake);
      assert(!line.includes("to allow it"), line);
      for (const { text } of nearest) assert(!/\bdebug\b/.test(text), text);
    });
  }
});

let pasted = 0;

/** Pastes back every suggestion for a refusal; what is wrong with one. */
function harm(handshake: Handshake, options: PolicyOptions): string | null {
  const before = compilePolicy(options);
  for (const suggestion of suggestionsOf(handshake, before)) {
    pasted++;
    const { field, entry, danger } = suggestion;
    const after = compilePolicy(followed(options, suggestion));
    if (!check(handshake, after).allowed) return `${entry} in ${field} does not let it in`;
    if (danger !== null) continue;
    const own = handshake.headers.get("origin");
    const let_in = attackHandshakes.find(({ handshake: attack }) =>
      attack.headers.get("origin") !== own && check(attack, after).allowed && !check(attack, before).allowed
    );
    if (let_in !== undefined) return `${entry} in ${field} lets in ${let_in.name}`;
  }
  return null;
}

function assertHarmless(handshake: Handshake, options: PolicyOptions): void {
  const wrong = harm(handshake, options);
  if (wrong !== null) {
    fail(`${wrong}\n${JSON.stringify({ options, headers: String(handshake.headers.get("origin")) })}`);
  }
}

describe("a suggestion, pasted back, lets in its handshake and no attack", () => {
  test("over the recorded cases", () => {
    for (const row of attacks.origin) assertHarmless(attackHandshake(row), attackOptions(row));
    for (const { options, handshake } of capturedRows) assertHarmless(capturedHandshake(handshake), options);
    for (const { policy, handshake } of causes.explain) {
      const { suffixes: _suffixes, ...options } = policy as PolicyOptions & { readonly suffixes?: unknown };
      const { url, headers } = handshake;
      assertHarmless(handshakeOf({ url, headers }), options as PolicyOptions);
    }
  });

  test("over the attacks themselves, at sites that are well guarded", () => {
    for (const options of GOOD) {
      for (const { handshake } of attackHandshakes) {
        assertHarmless(handshake, options);
        const { headers } = handshake;
        for (const forwarded of ["x-forwarded-for", "via"]) {
          const through = { get: (name: string) => name === forwarded ? "192.0.2.7" : headers.get(name) };
          assertHarmless({ ...handshake, headers: through }, options);
        }
      }
    }
  });

  const seed = takeSeed("suggestions");
  for (const part of [1, 2, 3, 4, 5]) {
    test(`over 100,000 random refusals: part ${part} of 5`, () => {
      const random = new Random(seed + part);
      for (let refused = 0; refused < 20_000;) {
        const list = randomList(random, "wsgate");
        const options: PolicyOptions = {
          origins: [...list.patterns, ...random.oneIn(4) ? ["https://app.example.com"] : []],
          dangerouslyAllow: list.dangerouslyAllow,
          ...random.oneIn(3) ? { hosts: ["ws.example.com", "localhost:3000", "127.0.0.1"] } : {},
          ...random.pick([{}, { scheme: "http" }, { scheme: "https" }] as const),
          ...random.pick([{}, { absent: "deny" }, { absent: "allow-without-credentials" }] as const),
        };
        const policy = compilePolicy(options);
        for (let tries = list.made.length > 20 ? 5 : 20; tries > 0; tries--) {
          const origin = random.oneIn(3)
            ? random.pick(ATTACKS)[1]
            : randomCandidate(random, list, "wsgate").origin;
          const headers = {
            origin,
            host: random.pick([
              "ws.example.com",
              "localhost:3000",
              "127.0.0.1:8000",
              "backend",
              "attacker.test",
            ]),
            cookie: random.oneIn(5) ? "a=b" : null,
            "user-agent": random.oneIn(2) ? "Mozilla/5.0 (X11)" : null,
            "sec-websocket-key": random.oneIn(2) ? "dGhlIHNhbXBsZSBub25jZQ==" : null,
            upgrade: "websocket",
            connection: "Upgrade",
            "x-forwarded-host": random.oneIn(6) ? random.pick(["ws.example.com", "attacker.test"]) : null,
            "x-forwarded-for": random.oneIn(4) ? "192.0.2.7" : null,
          };
          const handshake = handshakeOf({ url: "/", headers });
          if (check(handshake, policy).allowed) continue;
          refused++;
          assertHarmless(handshake, options);
        }
      }
    });
  }

  test("there were many", () => {
    console.log(`suggestions[${runtime}] ${pasted} pasted back, 0 attacks let in`);
    assert(pasted > 10_000, String(pasted));
  });
});

describe("a line on the console recommends nothing that opens the socket wider", () => {
  const LOOSER = /\bdebug\b|\babsent\b|dangerouslyAllow|leave hosts out|omit hosts/;

  test("over the recorded cases, and the attacks", () => {
    const rows: (readonly [Handshake, PolicyOptions])[] = [
      ...attacks.origin.map((row) => [attackHandshake(row), attackOptions(row)] as const),
      ...capturedRows.map(({ options, handshake }) => [capturedHandshake(handshake), options] as const),
      ...GOOD.flatMap((options) => attackHandshakes.map(({ handshake }) => [handshake, options] as const)),
      ...causes.explain.map(({ policy, handshake: { url, headers } }) =>
        [handshakeOf({ url, headers }), { ...policy as PolicyOptions, suffixes: undefined }] as const
      ).map(([handshake, { suffixes: _suffixes, ...options }]) =>
        [handshake, options as PolicyOptions] as const
      ),
    ];
    for (const [handshake, options] of rows) {
      const policy = compilePolicy(options);
      if (check(handshake, policy).allowed) continue;
      const line = wordsOfPolicy(policy).note!(handshake);
      // The name of an entry that debug added is no recommendation.
      assert(!LOOSER.test(line.replaceAll(/\(added by debug\)|Then: origin-absent$/g, "")), line);
    }
  });

  test("and explain() does, where it is one's own machine", () => {
    const policy = compilePolicy({ origins: ["https://a.test"] });
    const local = { host: "localhost:8000", origin: "http://localhost:5173" };
    const explanation = explain(handshakeOf({ url: "/", headers: local }), policy);
    assertEquals(explanation.nearest[0]?.suggestion?.field, "debug");
    assert(/set debug to true/.test(formatExplanation(explanation)));
    const through = handshakeOf({ url: "/", headers: { ...local, via: "1.1 x" } });
    assertEquals(suggestionsOf(through, policy), []);
  });
});
