// A server under attack, in a process of its own: ten thousand hostile requests and streams of frames, handlers that fail
// wherever they can, clients that vanish while their user is looked up, clients that will not let go. Afterwards it still
// answers, still lives, holds no more than before, and ends when it is told to. `WSGATE_SEED=n` repeats a run.

import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { Random, seed } from "../random.ts";
import { eachRow } from "../rows.ts";
import { handshakeBytes, handshakeHeaders, runtime, sendRaw } from "../runtime.ts";
import { sleep, type SocketServer, startSocketServer, type Stats } from "./child_server.ts";
import { close, frame, join, OPCODES, RawClient, text } from "./frames.ts";

const ATTACKS = 10_000;
/** How many are in flight at once. */
const WORKERS = 48;

const GOOD: readonly [string, string] = ["Origin", "https://good.example"];
const EVIL: readonly [string, string] = ["Origin", "https://evil.example"];
const user = (name: string): readonly [string, string] => ["Cookie", `user=${name}`];

/** How far descriptors may be from where they started: the connection that asks, and what the runtime opens late. */
const SPARE_DESCRIPTORS = 6;
/**
 * How much a process may have grown without a leak. Collectors give nothing back in a hurry, and Deno holds a socket that
 * went without a close for the 15 seconds of its idle check: under attack these are thousands.
 */
const SPARE_MEGABYTES = 96;

// ---- what is sent

/** Bytes for one connection, and how it goes. */
interface Attack {
  readonly kind: "request" | "frames";
  readonly handshake: Uint8Array;
  /** Goes out with the handshake. */
  readonly early: Uint8Array;
  /** Each in a packet of its own, after the answer. */
  readonly packets: readonly Uint8Array[];
  readonly leave: "end" | "reset" | "drop";
}

/** Where frames are thrown at; nothing is noted there. */
const PATHS = [
  "/echo/mute",
  "/limit/mute",
  "/large/mute",
  "/chat/mute",
  "/goodbye/mute",
  "/farewell/mute",
  "/patient/mute",
  "/guarded/mute",
  "/throws/open/throws/mute",
  "/throws/message/rejects/mute",
  "/throws/close/throws/mute",
] as const;

const METHODS = ["GET", "POST", "HEAD", "OPTIONS", "get", "BREW", ""];
const HEADERS: readonly (readonly [name: string, ...values: string[]])[] = [
  ["Host", "server.example", "", "a, b", "[::1", "x:99999", "evil@server.example", "a".repeat(300)],
  ["Connection", "Upgrade", "close", "", "keep-alive, Upgrade", "upgradex", "Upgrade, Upgrade"],
  ["Upgrade", "websocket", "WEBSOCKET", "h2c", "", "websocket, h2c", "websocket/13", "websocket, websocket"],
  ["Sec-WebSocket-Version", "13", "8", "", "13, 8", "013", "+13", "13.0"],
  [
    "Sec-WebSocket-Key",
    "dGhlIHNhbXBsZSBub25jZQ==",
    "",
    "AAAA",
    "dGhlIHNhbXBsZSBub25jZR==",
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    "A".repeat(9000),
  ],
  ["Sec-WebSocket-Protocol", "chat.v1", "", ",,,", "a b", "chat.v1\x7f", "x,".repeat(4000)],
  [
    "Sec-WebSocket-Extensions",
    "permessage-deflate",
    'x; y="',
    "permessage-deflate; client_max_window_bits=99",
  ],
  ["Content-Length", "0", "5", "-1", "99999999999999999999"],
  ["Transfer-Encoding", "chunked", "chunked, chunked", "identity"],
  ["Expect", "100-continue"],
  ["Origin", "https://good.example", "null", ""],
];

/** A handshake with something wrong in it, or in how it is written. */
function badRequest(random: Random): Attack {
  // Never to a route that waits for something: see the last suite for what Deno makes of those.
  const path = random.pick([
    "/echo/mute",
    "/limit/mute",
    "/chat/mute",
    "/nowhere",
    "/refusing/mute",
    "//",
    "*",
    "/%zz",
  ]);
  let lines: (readonly [string, string])[] = handshakeHeaders("server.example");
  for (let times = 1 + random.below(2); times > 0; times--) {
    const [name, ...values] = random.pick(HEADERS);
    const value = random.pick(values);
    const isThere = lines.some(([other]) => other === name);
    if (random.oneIn(4)) lines = lines.filter(([other]) => other !== name);
    else if (isThere && !random.oneIn(4)) {
      lines = lines.map((line) => line[0] === name ? [name, value] as const : line);
    } else lines = [...lines, [name, value]];
  }
  let bytes = handshakeBytes(path, lines, random.oneIn(6) ? random.pick(METHODS) : "GET");
  if (random.oneIn(5)) bytes = mutated(bytes, random);
  if (random.oneIn(12)) bytes = bytes.slice(0, random.below(bytes.length));
  const raw = Uint8Array.from(bytes, (char) => char.charCodeAt(0));
  const early = random.oneIn(5) ? frames(random) : new Uint8Array(0);
  return { kind: "request", handshake: raw, early, packets: [], leave: "end" };
}

function mutated(bytes: string, random: Random): string {
  const at = random.below(bytes.length);
  const [head, tail] = [bytes.slice(0, at), bytes.slice(at + random.below(4))];
  return head + random.pick(["", "\0", "\r", "\n", "\r\n", " ", ":", "\xff", bytes.slice(at, at + 20)]) +
    tail;
}

/** An honest handshake, and then whatever a frame can have wrong. */
function badFrames(random: Random): Attack {
  const path = random.pick(PATHS);
  const lines = [...handshakeHeaders("server.example"), GOOD, user("mallory")];
  return {
    kind: "frames",
    handshake: Uint8Array.from(handshakeBytes(path, lines), (char) => char.charCodeAt(0)),
    // Bun takes for another request what comes before it has upgraded, where something is awaited first.
    early: path !== "/guarded/mute" && random.oneIn(3) ? frames(random) : new Uint8Array(0),
    packets: Array.from({ length: random.below(4) }, () => frames(random)),
    leave: random.pick(["end", "end", "reset", "drop"]),
  };
}

/** What the handlers of the child obey, as long as it does not send megabytes. */
const ORDERS = [
  "!close",
  "!close 4000 bye",
  "!close 99999",
  "!close 1005",
  "!twice",
  "!throw",
  "!reject",
  "!nonsense",
];

function frames(random: Random): Uint8Array {
  const list: Uint8Array[] = [];
  for (let times = 1 + random.below(4); times > 0; times--) list.push(oneFrame(random));
  let bytes = join(...list);
  if (random.oneIn(4)) {
    bytes = bytes.slice();
    for (let times = 1 + random.below(4); times > 0 && bytes.length > 0; times--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
  }
  return random.oneIn(10) ? bytes.slice(0, random.below(bytes.length)) : bytes;
}

function oneFrame(random: Random): Uint8Array {
  const noise = (length: number) => Uint8Array.from({ length }, () => random.below(256));
  switch (random.below(9)) {
    case 0:
      return text(random.pick(ORDERS));
    case 1:
      return text("a".repeat(random.below(3000)));
    case 2:
      return text(noise(1 + random.below(40)));
    case 3:
      return frame(OPCODES.binary, noise(random.below(200)), { fin: !random.oneIn(3) });
    case 4:
      return frame(OPCODES.continuation, noise(random.below(40)), { fin: random.oneIn(2) });
    case 5:
      return frame(random.pick([OPCODES.ping, OPCODES.pong]), noise(random.below(140)));
    case 6:
      return close(random.below(70_000) % 65_536, noise(random.below(130)));
    case 7:
      return frame(random.below(16), noise(random.below(20)), {
        fin: random.oneIn(2),
        rsv: random.below(8),
        mask: random.oneIn(2) ? null : noise(4),
        lengthBytes: random.pick([2, 8]),
        length: random.pick([0, 5, 125, 70_000, 2 ** 31, 2 ** 40, 2 ** 53]),
      });
    default:
      return noise(1 + random.below(60));
  }
}

/** Does it to a server; resolves to the status of the answer, 0 without one. */
function attack(port: number, { kind, handshake, early, packets, leave }: Attack): Promise<number> {
  return new Promise((resolve) => {
    let head = "";
    let isAnswered = () => {};
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.setNoDelay(true);
    const ended = new Promise<void>((resolve) => {
      socket.on("end", resolve);
      socket.on("error", () => resolve());
      socket.on("close", () => resolve());
    });
    socket.on("data", (chunk) => {
      if (head.length < 12) head += chunk.toString("latin1").slice(0, 12);
      isAnswered();
    });
    socket.on("connect", async () => {
      const answered = new Promise<void>((resolve) => isAnswered = resolve);
      socket.write(join(handshake, early));
      // A bad request may be one that the server waits to hear the rest of. An honest handshake is always answered, and
      // nobody leaves before that: see the last suite.
      await Promise.race([answered, ended, sleep(kind === "request" ? 150 : 20_000)]);
      for (const packet of packets) {
        if (!socket.destroyed) socket.write(packet);
        await Promise.race([ended, sleep(1)]);
      }
      if (leave === "reset") socket.resetAndDestroy();
      else if (leave === "end") {
        socket.end();
        await Promise.race([ended, sleep(1000)]);
      }
      socket.destroy();
      resolve(Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0));
    });
  });
}

// ---- the honest ones

/** A listener that answers, a guard that lets the right ones in, a socket that works. */
async function assertHealthy(child: SocketServer): Promise<void> {
  assert(child.alive(), child.output());
  const page = await sendRaw(
    child.port,
    "GET / HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\n\r\n",
    20_000,
  );
  assertEquals(page.status, 200);
  const client = await RawClient.open(child.port, { path: "/guarded/mute", headers: [GOOD, user("ada")] });
  assertEquals(client.status, 101);
  client.send(text("hello"));
  await client.until('text "hello"');
  client.send(close(1000));
  await client.untilEnded();
  assertEquals(client.log, ['text "hello"', 'close 1000 ""', "end"]);
  const denied = await RawClient.open(child.port, { path: "/guarded/mute", headers: [EVIL, user("ada")] });
  assertEquals(denied.status, 403);
  denied.destroy();
}

/** Waits until nothing is open any more, and says what that takes. */
function settled(child: SocketServer, start: Stats): Promise<Stats> {
  return child.until(
    ({ opened, closed, fds, waiting }) =>
      opened === closed && waiting === 0 && fds <= start.fds + SPARE_DESCRIPTORS,
    "closed everything",
    40_000,
  );
}

function megabytes({ rss }: Stats): number {
  return Math.round(rss / 1e6);
}

function says(what: string): void {
  console.log(`survival[${runtime}] ${what}`);
}

describe("a server under attack", () => {
  let child: SocketServer;
  let start: Stats;
  before(async () => {
    child = await startSocketServer();
    await assertHealthy(child);
    start = await child.stats();
  }, { timeout: 60_000 });
  after(() => child.kill());

  test(`${ATTACKS} hostile requests and streams of frames`, { timeout: 300_000 }, async () => {
    const random = new Random(seed);
    const all = Array.from(
      { length: ATTACKS },
      () => random.oneIn(3) ? badRequest(random) : badFrames(random),
    );
    const statuses = new Map<number, number>();
    let upgraded = 0;
    const problems: string[] = [];
    const started = performance.now();
    const run = async (attacks: readonly Attack[]) => {
      const queue = attacks.values();
      await Promise.all(Array.from({ length: WORKERS }, async () => {
        for (const one of queue) {
          const status = await attack(child.port, one);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 101) upgraded++;
          // 501 and 505 are the parsers' own, for a method or a version.
          if (status === 500 || status === 503) {
            problems.push(`${status}: ${JSON.stringify(latin1(one.handshake))}`);
          }
          if (one.kind === "frames" && status !== 101) problems.push(`an honest handshake got ${status}`);
        }
      }));
      return await settled(child, start);
    };
    // Twice the same number: what the first half makes a process grow is its size, what the second adds is a leak.
    const half = await run(all.slice(0, ATTACKS / 2));
    const whole = await run(all.slice(ATTACKS / 2));

    const histogram = [...statuses].sort(([a], [b]) => a - b).map(([status, times]) =>
      `${status || "none"} × ${times}`
    );
    says(
      `${ATTACKS} attacks, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(1)} s: ${
        histogram.join(", ")
      }`,
    );
    says(
      `sockets opened ${whole.opened}; descriptors ${start.fds}, ${half.fds}, ${whole.fds}; ` +
        `memory ${megabytes(start)}, ${megabytes(half)}, ${
          megabytes(whole)
        } MB at the start, half-way, at the end`,
    );
    assertEquals(problems.slice(0, 5), []);
    // Nothing of this means anything unless sockets were opened and requests turned away.
    assertGreater(upgraded, ATTACKS / 2);
    assertGreater(statuses.get(400) ?? 0, ATTACKS / 20);
    assertGreater(whole.opened, ATTACKS / 2);
    assertLess(megabytes(whole) - megabytes(half), SPARE_MEGABYTES);
    await assertHealthy(child);
  });

  test("100 sockets whose handlers throw and reject", { timeout: 120_000 }, async () => {
    const places = ["open", "message", "close", "error"];
    const paths = places.flatMap((where) => [`/throws/${where}/throws`, `/throws/${where}/rejects`]);
    const routes = [...paths, "/unhandled"];
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const path = routes[i % routes.length]!;
      const closesFirst = path.includes("/close/");
      const client = await RawClient.open(child.port, { path: `${path}/mute`, answersClose: !closesFirst });
      assertEquals(client.status, 101);
      if (closesFirst) client.send(close(4000));
      else if (!path.includes("/open/")) client.send(text("x"));
      await client.untilEnded();
      assertEquals(client.log, [closesFirst ? 'close 4000 ""' : 'close 1011 ""', "end"], path);
    }));
    await settled(child, start);
    await assertHealthy(child);
  });

  test("1,000 clients that vanish while their user is looked up", { timeout: 120_000 }, async () => {
    const { opened } = await settled(child, start);
    // In turns: more descriptors than most shells allow are not needed for this.
    for (let round = 0; round < 4; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 250 }, () => knock(child.port, "/guarded/mute", "slow")),
      );
      await child.until(({ waiting }) => waiting === 250, "all of them waiting");
      for (const [i, socket] of sockets.entries()) {
        if (i % 2 === 0) socket.destroy();
        else socket.resetAndDestroy();
      }
      // As long as a slow look-up may take: the runtime has to see that they are gone.
      await sleep(500);
      await child.order("/open-gate");
      await child.until(({ waiting }) => waiting === 0, "no one waiting");
    }
    const now = await settled(child, start);
    says(
      `1,000 vanished during the look-up: ${
        now.opened - opened
      } were upgraded, descriptors ${start.fds}, ${now.fds}`,
    );
    assertEquals(now.opened, opened);
    await assertHealthy(child);
  });

  test("500 visible refusals that nobody acknowledges", { timeout: 120_000 }, async () => {
    const { fds } = await settled(child, start);
    const clients = await Promise.all(Array.from({ length: 500 }, async () => {
      const client = await RawClient.open(child.port, { path: "/refusing/mute", headers: [EVIL] });
      // The close frame is read, and not answered.
      if (client.status === 101) await client.until(/^close/);
      return client;
    }));
    const refused = clients.filter(({ status }) => status === 101);
    eachRow(refused, ({ log }) => assertEquals(log[0], 'close 4403 "origin-not-allowed"'));
    assertEquals(clients.filter(({ status }) => status === 403).length, 500 - refused.length);
    for (const client of clients) if (client.status !== 101) client.destroy();

    // Deno: these connections cannot be ended, so there are at most 256 of them. Bun ends each with its close frame.
    const pinnable = runtime === "deno" ? 256 : 0;
    if (runtime === "bun") await Promise.all(refused.map((client) => client.untilEnded()));
    const pinned = await child.until(
      (stats) => stats.fds <= fds + pinnable + SPARE_DESCRIPTORS,
      "given up what it could",
    );
    assertEquals(refused.length, runtime === "deno" ? 256 : 500);
    if (runtime === "deno") assertGreater(pinned.fds, fds + 200);
    await assertHealthy(child);

    for (const client of refused) client.destroy();
    const free = await settled(child, start);
    says(
      `500 refusals whose close nobody answers: ${refused.length} visible, ${
        500 - refused.length
      } by status; ` +
        `descriptors ${fds}, ${pinned.fds} while the clients held on, ${free.fds} afterwards`,
    );
    // Their places are free again.
    const next = await RawClient.open(child.port, {
      path: "/refusing/mute",
      headers: [EVIL],
      answersClose: true,
    });
    assertEquals(next.status, 101);
    await next.untilEnded();
    await assertHealthy(child);
  });

  test("what all this left behind", async () => {
    const end = await settled(child, start);
    says(
      `in all: descriptors ${start.fds}, ${end.fds}; memory ${megabytes(start)}, ${megabytes(end)} MB; ` +
        `${end.opened} sockets opened and closed`,
    );
    assertLess(megabytes(end) - megabytes(start), 3 * SPARE_MEGABYTES);
    // Clients can repeat a failure at will: each kind was reported once.
    const printed = child.output().split("\n").filter((entry) => entry !== "");
    assertLess(printed.length, 12, child.output().slice(0, 3000));
    const reports = printed.filter((entry) =>
      /^wsgate: .*"Error: (?:rejected|\w+ (?:throws|rejects))"/.test(entry)
    );
    assertEquals(reports.length, 2);
  });

  test("it stops, and its process ends by itself", { timeout: 60_000 }, async () => {
    await child.order("/stop");
    const { stopped } = await child.until((stats) => stats.stopped !== null, "stopped");
    says(`stopped in ${stopped!.toFixed(1)} ms`);
    const asked = performance.now();
    await child.order("/exit");
    // Deno keeps the timer of its idle check, half of idleTimeoutSeconds, for every client that went without a close.
    await child.untilExited(runtime === "deno" ? 30_000 : 5_000);
    says(`the process ended ${((performance.now() - asked) / 1000).toFixed(1)} s later`);
    assertStringIncludes(child.output(), "exit 0");
  });
});

/** A connection that has sent an honest handshake and waits for nothing. */
function knock(port: number, path: string, name: string): Promise<ReturnType<typeof connect>> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const lines = [...handshakeHeaders("server.example"), GOOD, user(name)];
    socket.on("error", reject);
    socket.on("connect", () => {
      socket.write(handshakeBytes(path, lines), "latin1", () => {
        socket.removeListener("error", reject);
        socket.on("error", () => {});
        resolve(socket);
      });
    });
  });
}

describe("clients that are gone before the answer", () => {
  const CLIENTS = 200;
  // Deno 2.9.6 loses track of a connection that dies after its handler was called and before the 101 is out: its socket
  // never opens and never closes, its descriptor is never freed, and neither shutdown() nor the end of the program comes.
  // Nothing above Deno can free it. So the event loop comes round before each upgrade, and shows most of those who have
  // left; those of the last moment, between the look and the 101, are lost still.
  const ways = [
    { how: "ended", path: "/echo/mute", leave: "destroy", deno: "a few" },
    { how: "ended during a short look-up", path: "/guarded/mute", leave: "destroy", deno: "a few" },
    { how: "torn down", path: "/echo/mute", leave: "resetAndDestroy", deno: "a few" },
    {
      how: "torn down during a short look-up",
      path: "/guarded/mute",
      leave: "resetAndDestroy",
      deno: "a few",
    },
    // When this fails Deno has learned it, and what is said of the others is to be measured again.
    { how: "torn down, and no library there", path: "/native/mute", leave: "resetAndDestroy", deno: "most" },
  ] as const;
  for (const { how, path, leave, deno } of ways) {
    const lost = runtime === "deno" ? deno : "none";
    const name = lost === "none" ? how : `${how} (differs: Deno loses ${lost} of them)`;
    test(name, { timeout: 90_000 }, async () => {
      // Another process of a busy machine can hold the server up at the moment that counts: the best of three.
      for (let attempt = 1;; attempt++) {
        const held = await lose(path, leave, lost);
        says(`${CLIENTS} clients gone before the answer, ${how}: ${held} descriptors not freed`);
        if (lost === "most") assertGreater(held, CLIENTS / 2);
        if (lost !== "a few" || held < CLIENTS / 8) return;
        // Without a look before the upgrade it is a third of them, or nearly all.
        if (attempt === 3) assertLess(held, CLIENTS / 8);
      }
    });
  }

  /** How many descriptors clients that leave so take with them. */
  async function lose(path: string, leave: "destroy" | "resetAndDestroy", lost: string): Promise<number> {
    const child = await startSocketServer();
    try {
      await assertHealthy(child);
      const { fds } = await child.stats();
      for (let turn = 0; turn < CLIENTS; turn += 20) {
        const clients = Array.from({ length: 20 }, () => knock(child.port, path, "ada"));
        await Promise.all(clients.map(async (client) => (await client)[leave]()));
      }
      if (lost === "none") await settled(child, { ...await child.stats(), fds });
      else await sleep(1000);
      const held = Math.max(0, (await child.stats()).fds - fds);
      await assertHealthy(child);

      await child.order("/stop");
      if (lost === "none") await child.until(({ stopped }) => stopped !== null, "stopped");
      if (lost === "most") {
        await sleep(500);
        assertEquals((await child.stats()).stopped, null);
      }
      return held;
    } finally {
      await child.kill();
    }
  }
});

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 400), (byte) => String.fromCharCode(byte)).join("");
}
