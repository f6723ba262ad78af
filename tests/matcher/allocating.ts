/**
 * A program that judges, with the garbage collector held off, and prints by how many bytes the heap has grown.
 *
 * @module
 */

import process from "node:process";
import { check, compileOrigins, compilePolicy, type Handshake } from "@wsgate/wsgate";

const matcher = compileOrigins(["https://example.com", ".example.org", "*.example.net", "app://localhost"], {
  dangerouslyAllow: ["moz-extension://*"],
});
const ORIGINS = [
  ...["https://example.com", "https://a.example.org", "https://x.y.example.net:8443", "app://localhost"],
  ...[
    "null",
    "https://evil.test",
    "https://example.com.evil.test",
    "http://[::1]:8080",
    "moz-extension://a-b",
  ],
  ...[
    "moz-extension://[2001:db8::1]",
    "moz-extension://127.0.0.1",
    `https://${"a.".repeat(2500)}example.org`,
  ],
];

/** One origin over and over, each time in another string, and one that is refused. */
const HOT = ["https://a.example.org", ["https://a", "example.org"].join("."), "https://evil.test"];

const policy = compilePolicy({
  origins: ["'self'", "https://example.com", ".example.org"],
  hosts: ["example.com", "*.example.net"],
});
const HANDSHAKES: Handshake[] = ORIGINS.flatMap((origin) =>
  ["example.com", "a.example.net:8443", "evil.test", "127.0.0.1"].map((host) => ({
    method: "GET",
    url: `http://${host}/chat`,
    headers: { get: (name: string) => name === "host" ? host : name === "origin" ? origin : null },
  }))
);

const SUBJECTS: Readonly<Record<string, readonly [times: number, run: (i: number) => unknown]>> = {
  test: [10_000_000, (i) => matcher.test(ORIGINS[i % ORIGINS.length]!)],
  match: [10_000_000, (i) => matcher.match(ORIGINS[i % ORIGINS.length]!)],
  remembered: [10_000_000, (i) => matcher.match(HOT[i % HOT.length]!)],
  check: [2_000_000, (i) => check(HANDSHAKES[i % HANDSHAKES.length]!, policy)],
  // What a matcher does that cuts out the host: it has to be seen.
  slicing: [10_000_000, (i) => matcher.test(ORIGINS[i % ORIGINS.length]!.slice(0, -1))],
};

const [times, run] = SUBJECTS[process.argv[2]!]!;
const counts = new Map<unknown, number>();
const outcomes: unknown[] = [];
function repeat(count: number): void {
  for (let i = 0; i < count; i++) outcomes[i & 63] = run(i);
}
for (let i = 0; i < 64; i++) outcomes.push(null);
repeat(times / 5);
// Once for itself: what the measuring allocates is not counted.
process.memoryUsage();
const before = process.memoryUsage().heapUsed;
repeat(times);
const grown = process.memoryUsage().heapUsed - before;
for (const outcome of outcomes) counts.set(outcome, 1 + (counts.get(outcome) ?? 0));
console.log(JSON.stringify({ times, grown, outcomes: counts.size }));
