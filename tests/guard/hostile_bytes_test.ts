// Ten thousand raw requests, most of them wrong in some way, at a guarded handler and a guarded site in a process of
// their own. Whatever the bytes: nothing answers 500, nobody whose origin is not listed is upgraded, and afterwards
// everything still works. `WSGATE_SEED=n` repeats a run.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { compilePolicy, guard } from "@wsgate/wsgate";
import { type ChildServer, startChild } from "../child.ts";
import { Random, seed } from "../random.ts";
import { onDenied } from "../recorder.ts";
import { eachRow, eachRowInTurn, product } from "../rows.ts";
import { handshakeHeaders, nativeUpgrade, type RawAnswer, runtime, sendRaw, serve } from "../runtime.ts";

const REQUESTS = 10_000;
/** How many are in flight at once. */
const WORKERS = 32;

const HOST = "server.example";
const LISTED = ["https://good.example", "http://good.example:8080"] as const;
const GOOD = LISTED[0];
const EVIL = "https://evil.example";

/** How the listed origins can be written: an explicit default port is the same tuple. */
const HONEST: ReadonlySet<string> = new Set([...LISTED, "https://good.example:443"]);

/** Origins that are none of the listed ones, however near. */
const UNLISTED = [
  EVIL,
  "https://good.example.evil.example",
  "https://evilgood.example",
  "https://www.good.example",
  "https://good.example.",
  "http://good.example",
  "https://good.example:8080",
  "https://good.example:0443",
  "https://good.example:",
  "HTTPS://good.example",
  "https://GOOD.example",
  "https://good.example/",
  "https://good.example@evil.example",
  "https://evil.example@good.example",
  "https://good.example, https://evil.example",
  "https://good.example https://evil.example",
  "https://good.example,",
  '"https://good.example"',
  "https://g\xf6\xf6d.example",
  // Trimming in a language's own sense would make these honest: HTTP trims spaces and tabs only.
  "https://good.example\xa0",
  "\x0bhttps://good.example",
  "\x85https://good.example",
  "https://[::1]",
  "https://[",
  "null",
  "",
] as const;

/** One request as it goes over the wire, and where to. */
interface RawRequest {
  readonly kind: string;
  readonly listener: "handler" | "site";
  readonly bytes: string;
}

/** The parts of a request that the tables below vary. */
interface Parts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly lines: HeaderLines;
  readonly eol?: string;
  readonly body?: string;
}
type HeaderLines = readonly (readonly [name: string, value: string])[];

function bytesOf(
  { method = "GET", target = "/ws", version = "HTTP/1.1", lines, eol = "\r\n", body = "" }: Parts,
): string {
  const head = lines.map(([name, value]) => `${name}: ${value}${eol}`).join("");
  return `${method} ${target} ${version}${eol}${head}${eol}${body}`;
}

/** The header lines of a handshake; null leaves Origin out. */
function honestLines(origin: string | null = GOOD, host = HOST): [name: string, value: string][] {
  return origin === null ? handshakeHeaders(host) : [...handshakeHeaders(host), ["Origin", origin]];
}

/** The header lines of a handshake with those of one name replaced by these values, in the place of the first. */
function replaced(lines: HeaderLines, name: string, values: readonly string[]): HeaderLines {
  const at = lines.findIndex(([other]) => other === name);
  const rest = lines.filter(([other]) => other !== name);
  const fresh = values.map((value) => [name, value] as const);
  return at === -1 ? [...rest, ...fresh] : [...rest.slice(0, at), ...fresh, ...rest.slice(at)];
}

/**
 * Whether these bytes may lead to a 101: exactly one Origin line, and it names a listed origin. Read here by a rule of
 * its own, more lenient than any server's: it is only ever used to say that a 101 is a breach.
 */
function mayUpgrade(bytes: string): boolean {
  const head = bytes.split(/\r?\n\r?\n/)[0]!;
  const origins = head.split(/\r?\n/).slice(1).flatMap((line) => {
    const colon = line.indexOf(":");
    if (colon === -1 || line.slice(0, colon).trim().toLowerCase() !== "origin") return [];
    return [line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
  });
  return origins.length === 1 && HONEST.has(origins[0]!);
}

// ---- the tables -----------------------------------------------------------------------------------------------------

/** Spellings of Connection, of which only the first few are a list with `upgrade` on it. */
const CONNECTIONS = [
  "upgrade",
  "UPGRADE",
  "keep-alive, Upgrade",
  "Upgrade,\tkeep-alive",
  ", Upgrade ,",
  "upgrade, upgrade",
  "close, Upgrade",
  "Upgrade, \xff",
  "\xa0, Upgrade",
  "",
  "keep-alive",
  "close",
  "Upgrade/1",
  "Upgrade keep-alive",
  "keep-alive Upgrade",
  '"Upgrade"',
  "\xa0Upgrade",
  "Upgrades",
  "UpgradeUpgrade",
  "Upgrade Upgrade",
  "Upgrade:Upgrade",
  "upgrade;UPGRADE",
  "UpgradexUpgrade",
  "Upgrade\xffUpgrade",
  "Upgrade ;Upgrade",
  "Upgrade/Upgrade, keep-alive",
  "keep-alive, Upgrade:Upgrade",
  "Upgrade:Upgrade:Upgrade",
  "Upgrade:Upgrade, Upgrade",
] as const;

/** Spellings of Upgrade. Which of them ask for a WebSocket is for the runtime to say, see the last suite. */
const SPELLINGS = [
  "websocket",
  "WebSocket",
  "WEBSOCKET",
  " \twebsocket\t ",
  "websocket,h2c",
  "h2c, websocket",
  "h2c,\twebsocket\t,x",
  ",websocket",
  "websocket,",
  ", ,websocket,,",
  "WEBSOCKET,h2c",
  "h2c, WebSocket",
  "websocket, websocket",
  'h2c, "a,websocket,b"',
  "websocket:websocket",
  "websocket;WebSocket, h2c",
  "websocketxwebsocket",
  "websocket\xffwebsocket",
  "websocketwebsocket",
  "websocket websocket",
  '"websocket"',
  "'websocket'",
  "websocket/13",
  "websocket;q=1",
  "foo websocket",
  "websocket foo",
  "\xa0websocket",
  "websocket\xa0",
  "\x0bwebsocket",
  "websocke",
  "websockets",
  "xwebsocket",
  "web socket",
  "WEBSOC\xe2\x84\xaaET",
  "websocket\\",
  "h2c",
  "*",
  "",
] as const;

const METHODS = [
  ..."GET POST HEAD PUT DELETE OPTIONS PATCH TRACE CONNECT PROPFIND QUERY M-SEARCH".split(" "),
  // Unknown to Bun, which closes the connection.
  ..."get post BREW PRI".split(" "),
];
/** Those that Bun's parser knows, as far as they are sent here. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS.slice(0, -4));

const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", ""];

const TARGETS = [
  "/ws",
  "/",
  "/ws?x=1",
  "/ws#f",
  "/a/../b",
  "/%00%zz",
  "//evil.example/ws",
  "/w\xc3\xbc",
  "/w\xfc",
  "/w s",
  "/w\x00",
  "/" + "a".repeat(9_000),
  "http://server.example/ws",
  "HTTP://SERVER.EXAMPLE:80/ws",
  "https://server.example/ws",
  "ws://server.example/ws",
  "foo://server.example/ws",
  "http://other.example:99/ws",
  "http://u:p@server.example/ws",
  "http://server.example@evil.example/ws",
  "http://[::1/",
  "http://",
  "http:///ws",
  "server.example:443",
  "evil.example:443",
  "ws",
  "?x",
  "*",
  "",
];

/** Every Host of the runtimes' own table: what each does to `request.url` is no business of the guard's verdict. */
const HOSTS = [
  "",
  "evil.example/server.example",
  "server.example/evil.example",
  "server.example?x",
  "server.example#x",
  "evil.example@server.example",
  "u:p@server.example",
  "server.example\\evil",
  "server\texample",
  "server.example:8080",
  ":8080",
  "x:99999",
  "x:abc",
  "::1",
  "[::1",
  "[::1]",
  "[::1]:8080",
  "[0:0:0:0:0:0:0:1]",
  "server example",
  "<",
  "^",
  "|",
  "xn--",
  "SERVER.EXAMPLE",
  "server.example:80",
  "server.example:",
  "127.1",
  "0x7f.1",
  "127.0.0.1",
  "%73erver.example",
  "b\xc3\xbccher.example",
  "b\xfccher.example",
  "server.example\x7f",
  "server.example, evil.example",
  "a".repeat(64) + ".example",
  ("a".repeat(63) + ".").repeat(5) + "example",
];

/** Values for Origin, and what else a header line can be, that one of the two parsers treats specially. */
const ODD_LINES: readonly HeaderLines[] = [
  [["Origin", GOOD], ["X-Nul", "a\x00b"]],
  [["Origin", GOOD + "\x00"]],
  [["Origin", "\x01" + GOOD]],
  [["Origin", GOOD + "\x7f"]],
  [["Origin", GOOD + "\r"]],
  [["Origin", GOOD + "\r x"]],
  [["Origin", GOOD + "\r\n " + EVIL]],
  [["Origin", EVIL + "\r\n\t" + GOOD]],
  [["Origin ", GOOD]],
  [["Origin\t", GOOD]],
  [[" Origin", GOOD]],
  [["Origin\x00", GOOD]],
  [["", GOOD]],
  [["Or\xefgin", GOOD]],
  [["ORIGIN", GOOD]],
  [["origin", " \t" + GOOD + "\t "]],
  [["Origin", EVIL], ["origin", GOOD]],
  [["Origin", GOOD], ["X-Forwarded-Host", "evil.example"], ["Forwarded", "host=evil.example"]],
  [["Origin", EVIL], ["X-Forwarded-Host", "good.example"], ["Referer", GOOD], ["Sec-WebSocket-Origin", GOOD]],
  [["Origin", EVIL], ["Sec-Fetch-Site", "same-origin"], ["Sec-Fetch-Site", "none"]],
  [["Origin", GOOD], ["Content-Length", "3"]],
  [["Origin", GOOD], ["Content-Length", "3"], ["Content-Length", "4"]],
  [["Origin", GOOD], ["Transfer-Encoding", "chunked"]],
  [["Origin", GOOD], ["Transfer-Encoding", "chunked"], ["Content-Length", "3"]],
  [["Origin", GOOD], ["Expect", "100-continue"]],
  [["Origin", GOOD], ["Authorization", "Basic eDp5"], ["Cookie", "a=1"], ["Cookie", "b=2"]],
  [["Origin", GOOD], ["HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"]],
  [["Origin", GOOD], ...Array.from({ length: 120 }, (_, n) => [`X-${n}`, "1"] as const)],
  [["Origin", GOOD], ...Array.from({ length: 205 }, (_, n) => [`X-${n}`, "1"] as const)],
];

/** Each header of a handshake with a value that belongs there and one that does not. */
const HEADER_VALUES: readonly (readonly [name: string, good: string, bad: string])[] = [
  ["Host", HOST, "evil.example"],
  ["Connection", "Upgrade", "close"],
  ["Upgrade", "websocket", "h2c"],
  ["Origin", GOOD, EVIL],
  ["Sec-WebSocket-Version", "13", "8"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "AAAA"],
  ["Sec-WebSocket-Protocol", "chat", "a,b;c"],
  ["Sec-WebSocket-Extensions", "permessage-deflate", 'x; y="'],
  ["Cookie", "a=1", "a=\x80; ;=="],
];
/** About and beyond each limit of either runtime: 16 KB in all on Bun, 64 KB on Deno. */
const HUGE = [8_000, 15_000, 17_000, 60_000, 100_000];

/** The tables, crossed; each request to both listeners. */
function tabled(): Omit<RawRequest, "listener">[] {
  const out: Omit<RawRequest, "listener">[] = [];
  const add = (kind: string, parts: Parts) => out.push({ kind, bytes: bytesOf(parts) });

  for (const origin of [GOOD, EVIL]) {
    for (const [name, good, bad] of HEADER_VALUES) {
      const lines = honestLines(origin);
      const with_ = (kind: string, values: readonly string[]) =>
        add(`${name} ${kind}`, { lines: replaced(lines, name, values) });
      with_("absent", []);
      with_("empty", [""]);
      with_("bad", [bad]);
      with_("repeated", [good, bad]);
      with_("repeated", [bad, good]);
      with_("repeated", [good, good]);
      with_("repeated", [good, ""]);
      with_("repeated", ["", good]);
      for (const size of HUGE) with_("huge", [good + "a".repeat(size)]);
      with_("huge", Array.from({ length: 100 }, () => good));
    }
    for (const value of SPELLINGS) {
      for (const method of ["GET", "POST", "HEAD", "get", "CONNECT"]) {
        for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
          add("spelling", { method, version, lines: replaced(honestLines(origin), "Upgrade", [value]) });
        }
      }
    }
    for (const value of CONNECTIONS) {
      add("connection", { lines: replaced(honestLines(origin), "Connection", [value]) });
      add("connection", { lines: replaced(honestLines(origin), "Connection", [value, "keep-alive"]) });
      add("connection", { version: "HTTP/1.0", lines: replaced(honestLines(origin), "Connection", [value]) });
    }
    for (const method of METHODS) {
      for (const version of VERSIONS) add("method", { method, version, lines: honestLines(origin) });
    }
    for (const target of TARGETS) {
      for (const method of ["GET", "CONNECT", "OPTIONS", "POST"]) {
        add("target", { method, target, lines: honestLines(origin) });
      }
    }
    for (const host of HOSTS) {
      for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
        add("host", { version, lines: honestLines(origin, host) });
        add("host", { version, target: "http://server.example/ws", lines: honestLines(origin, host) });
      }
    }
    add("line ends", { lines: honestLines(origin), eol: "\n" });
    add("line ends", { lines: honestLines(origin), eol: "\r" });
    add("body", { lines: [...honestLines(origin), ["Content-Length", "3"]], body: "abc" });
    add("body", { method: "POST", lines: [...honestLines(origin), ["Content-Length", "3"]], body: "abc" });
  }
  out.push({ kind: "HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0" });
  for (const origin of [...UNLISTED, null]) add("origin", { lines: honestLines(origin) });
  for (const odd of ODD_LINES) add("odd line", { lines: [...handshakeHeaders(HOST), ...odd] });
  return out;
}

/** The word is there, and not as a member of the list. */
function isMalformedConnection(value: string): boolean {
  return /upgrade/i.test(value) &&
    !value.toLowerCase().split(",").some((member) => member.replace(/^[ \t]+|[ \t]+$/g, "") === "upgrade");
}

/** A request of parts picked at random, each right more often than not. */
function recombined(random: Random): RawRequest {
  const maybe = <T>(right: T, others: readonly T[]) => random.oneIn(4) ? random.pick(others) : right;
  let lines: HeaderLines = honestLines(
    random.oneIn(2) ? GOOD : random.oneIn(8) ? null : random.pick(UNLISTED),
    maybe(HOST, HOSTS),
  );
  lines = replaced(lines, "Upgrade", [maybe<string>("websocket", SPELLINGS)]);
  lines = replaced(lines, "Connection", [maybe<string>("Upgrade", CONNECTIONS)]);
  if (random.oneIn(4)) lines = [...lines, ...random.pick(ODD_LINES)];
  if (random.oneIn(6)) {
    const [name, good, bad] = random.pick(HEADER_VALUES);
    lines = replaced(lines, name, random.shuffle([good, bad, ""]).slice(random.below(3)));
  }
  if (random.oneIn(3)) lines = random.shuffle(lines);
  return {
    kind: "recombined",
    listener: random.pick(["handler", "site"]),
    bytes: bytesOf({
      method: maybe("GET", METHODS),
      target: maybe("/ws", TARGETS),
      version: random.oneIn(6) ? random.pick(VERSIONS) : "HTTP/1.1",
      lines,
    }),
  };
}

/** A handshake, honest or not, with a few of its bytes changed, taken out, put in, or moved. */
function mutated(random: Random): RawRequest {
  let bytes = bytesOf({ lines: honestLines(random.oneIn(3) ? EVIL : GOOD) });
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(bytes.length);
    const until = Math.min(bytes.length, at + 1 + random.below(12));
    const [before, slice, rest] = [bytes.slice(0, at), bytes.slice(at, until), bytes.slice(until)];
    switch (random.below(6)) {
      case 0:
        bytes = before + String.fromCharCode(random.below(256)) + bytes.slice(at + 1);
        break;
      case 1:
        bytes = before + String.fromCharCode(bytes.charCodeAt(at) ^ (1 << random.below(8))) +
          bytes.slice(at + 1);
        break;
      case 2:
        bytes = before + rest;
        break;
      case 3:
        bytes = before + slice + slice + rest;
        break;
      case 4:
        bytes = before + random.pick(["\r\n", "\n", "\0", " ", "\t", ",", ":", "\xff"]) + bytes.slice(at);
        break;
      case 5: {
        const lines = bytes.split("\r\n");
        bytes = [lines[0], ...random.shuffle(lines.slice(1, -2)), "", ""].join("\r\n");
        break;
      }
    }
  }
  return { kind: "mutated", listener: random.pick(["handler", "site"]), bytes };
}

/** All requests of a run, in random order. Every tenth that the tables leave room for is an honest one. */
function requests(random: Random): readonly RawRequest[] {
  const all: RawRequest[] = tabled().flatMap((request) => [
    { ...request, listener: "handler" as const },
    { ...request, listener: "site" as const },
  ]);
  assertLess(all.length, REQUESTS * 0.6, "the tables leave too little room for chance");
  while (all.length < REQUESTS) {
    const honest: RawRequest = {
      kind: "honest",
      listener: random.pick(["handler", "site"]),
      bytes: bytesOf({ lines: honestLines(random.pick([...HONEST])) }),
    };
    all.push(random.oneIn(10) ? honest : random.oneIn(2) ? recombined(random) : mutated(random));
  }
  return random.shuffle(all);
}

// ---- no answer ------------------------------------------------------------------------------------------------------

/** Why a server may leave these bytes without an answer, or null when it may not. */
function silenceExplained(bytes: string, answer: RawAnswer): string | null {
  const head = /^[\s\S]*?\r?\n\r?\n/.exec(bytes)?.[0];
  if (head === undefined) return "the head never ends";
  if (runtime === "deno" && head.startsWith("PRI * HTTP/2.0\r\n\r\n")) return "Deno goes on in HTTP/2";
  const [method, target] = head.split(" ");
  if (runtime === "bun" && answer.end !== "timeout") {
    if (!KNOWN_METHODS.has(method!)) return "a method unknown to Bun";
    if (method === "CONNECT" && (target === "" || target!.startsWith("?"))) return "no authority in CONNECT";
  }
  return null;
}

describe(`ten thousand raw requests (seed ${seed})`, () => {
  let child: ChildServer;
  before(async () => {
    child = await startChild(new URL("./hostile_server.ts", import.meta.url), [JSON.stringify(LISTED)]);
  });
  after(() => child?.kill());
  const ports = () => [child.ports.handler!, child.ports.site!];

  /** What must hold whatever has happened: both listeners serve the honest, and only them. */
  async function assertHealthy(): Promise<void> {
    assert(child.alive(), `the process ended: ${child.output()}`);
    await eachRowInTurn(ports(), async (port) => {
      const honest = await sendRaw(port, bytesOf({ lines: honestLines() }));
      assertEquals(honest.status, 101, `an honest handshake: ${honest.end}`);
      const evil = await sendRaw(port, bytesOf({ lines: honestLines(EVIL) }));
      assertEquals(evil.status, 403, `a handshake from elsewhere: ${evil.end}`);
    });
    const site = `http://127.0.0.1:${child.ports.site}/path`;
    const plain = await fetch(site, { headers: { origin: EVIL } });
    assertEquals([plain.status, plain.headers.get("x-method"), await plain.text()], [200, "GET", ""]);
    const posted = await fetch(site, { method: "POST", body: "a body", headers: { origin: EVIL } });
    assertEquals([posted.status, posted.headers.get("x-method"), await posted.text()], [
      200,
      "POST",
      "a body",
    ]);
    const noUpgrade = await fetch(`http://127.0.0.1:${child.ports.handler}/`);
    assertEquals([noUpgrade.status, await noUpgrade.text()], [400, "not an upgrade"]);
  }

  test("a 101 counts as a breach unless one Origin line names a listed origin", () => {
    eachRow(HONEST, (origin) => assert(mayUpgrade(bytesOf({ lines: honestLines(origin) }))));
    eachRow([...UNLISTED, null], (origin) => assert(!mayUpgrade(bytesOf({ lines: honestLines(origin) }))));
    assert(!mayUpgrade(bytesOf({ lines: replaced(honestLines(), "Origin", [GOOD, GOOD]) })));
    assert(!mayUpgrade(bytesOf({ lines: honestLines(EVIL), body: `Origin: ${GOOD}\r\n` })));
  });

  test("no 500, no upgrade for an origin that is not listed, and everything works afterwards", {
    timeout: 120_000,
  }, async () => {
    await assertHealthy();
    // Before all others, so that these are what the console shows of their reasons: bytes that a terminal obeys.
    const obeyed = [honestLines("https://\x9b31m\xff.example"), honestLines(GOOD, "\x9b31m.example")];
    await eachRowInTurn(product(ports(), obeyed), async ([port, lines]) => {
      assertGreater((await sendRaw(port, bytesOf({ lines }))).status, 399);
    });
    const all = requests(new Random(seed));
    assertEquals(all.length, REQUESTS);

    const statuses = new Map<string, number>();
    const silences = new Map<string, number>();
    const problems: string[] = [];
    let honest = 0;
    let upgraded = 0;

    const inFlight = new Set<string>();
    let suspects: string[] | undefined;

    const send = async ({ kind, listener, bytes }: RawRequest) => {
      const port = child.ports[listener]!;
      let answer = await sendRaw(port, bytes, 1000);
      let why: string | null = null;
      if (answer.end !== "answered") {
        why = silenceExplained(bytes, answer);
        // On a busy machine a second may be too short, and a reset may overtake the answer that came before it.
        for (
          let tries = 0;
          why === null && tries < 3 && child.alive() && answer.end !== "answered";
          tries++
        ) {
          answer = await sendRaw(port, bytes, 5000);
        }
      }
      const answered = answer.end === "answered";
      count(statuses, answered ? String(answer.status) : "no answer");
      if (!answered) count(silences, `${answer.end}: ${why ?? "UNEXPLAINED"} (${kind})`);

      const problem = (what: string) =>
        problems.push(`${what}: ${kind} to ${listener}: ${JSON.stringify(bytes)}`);
      if (!answered && why === null) problem(`no answer (${answer.end})`);
      // 501 and 505 are the parsers' own words for a method or a version.
      if (answer.status >= 500 && answer.status !== 501 && answer.status !== 505) problem(`${answer.status}`);
      if (/^HTTP\/1\.[01] 101 /m.test(answer.text)) {
        upgraded++;
        if (!mayUpgrade(bytes)) problem("BREACH");
      }
      if (kind === "honest") {
        honest++;
        if (answer.status !== 101) problem(`an honest handshake got ${answer.status}`);
      }
    };
    const queue = all[Symbol.iterator]();
    await Promise.all(Array.from({ length: WORKERS }, async () => {
      for (const request of queue) {
        if (suspects !== undefined) return;
        inFlight.add(request.bytes);
        await send(request);
        // Nothing more to learn from a process that is gone, but which requests it may have died of.
        if (!child.alive()) suspects ??= [...inFlight];
        inFlight.delete(request.bytes);
      }
    }));

    console.log(`hostile[${runtime}] ${all.length} requests, seed ${seed}: ${histogram(statuses)}`);
    console.log(`hostile[${runtime}] no answer: ${histogram(silences)}`);
    assertEquals(
      suspects,
      undefined,
      `the process ended:\n${suspects?.map((bytes) => JSON.stringify(bytes)).join("\n")}`,
    );
    assertEquals(problems.slice(0, 10).map((text) => text.slice(0, 600)), []);
    // Nothing above means anything unless the honest ones came through, and others were turned away.
    assertGreater(honest, 200);
    assertGreater(upgraded, honest);
    assertGreater(statuses.get("403") ?? 0, 500);
    assertGreater(statuses.get("400") ?? 0, 500);
    assertGreater(statuses.get("200") ?? 0, 100);
    await assertHealthy();
  });

  test("Upgrade repeated", { timeout: 30_000 }, async () => {
    const repeated = [["websocket", "h2c"], ["h2c", "websocket"], ["websocket", "websocket"]];
    await eachRowInTurn(product([GOOD, EVIL], repeated, ports()), async ([origin, values, port]) => {
      const bytes = bytesOf({ lines: replaced(honestLines(origin), "Upgrade", values) });
      assertEquals((await sendRaw(port, bytes)).status, 400);
      assert(child.alive());
    });
    await assertHealthy();
  });

  test("Connection malformed", { timeout: 30_000 }, async () => {
    const malformed = CONNECTIONS.filter(isMalformedConnection)
      .flatMap((value) => [[value], [value, "keep-alive"], ["keep-alive", value]]);
    await eachRowInTurn(product([GOOD, EVIL], malformed, ports()), async ([origin, values, port]) => {
      const bytes = bytesOf({ lines: replaced(honestLines(origin), "Connection", values) });
      const { status, end } = await sendRaw(port, bytes);
      assertEquals([child.alive(), status], [true, 400], end);
    });
    await assertHealthy();
  });

  test("the console stayed short, and showed no byte of the attackers' own", () => {
    const printed = child.output();
    assertEquals(/[^\x20-\x7e\n]/.exec(printed), null);
    assertStringIncludes(printed, "\\u009b31m");
    // Two guards, each with its 20 refusals and one line that says that more are not shown; the runtime's own few.
    assertLess(printed.split("\n").length, 60, printed.slice(0, 4000));
  });
});

describe("what asks for a WebSocket", () => {
  // The guard must recognise a handshake wherever the runtime would upgrade: less is a hole. So the runtime is asked,
  // without a guard, and then the guard.
  const upgrade = nativeUpgrade();
  const site = async (request: Request, context: unknown) => {
    const response = await upgrade(request, context);
    return response?.status === 400 ? new Response("served") : response;
  };
  const bare = serve(site);
  const denied: string[] = [];
  const guarded = serve(guard(site, compilePolicy({ origins: LISTED }), {
    onDecision: onDenied(({ reason }) => {
      denied.push(reason);
    }),
  }));
  after(() => Promise.all([bare.stop(), guarded.stop()]));

  test("the guard judges every spelling of Upgrade that the runtime upgrades", async () => {
    let upgrades = 0;
    let passes = 0;
    await eachRowInTurn(SPELLINGS, async (spelling) => {
      const bytes = bytesOf({ lines: replaced(honestLines(EVIL), "Upgrade", [spelling]) });
      const unguarded = await sendRaw(bare.port, bytes);
      denied.length = 0;
      const { status } = await sendRaw(guarded.port, bytes);
      const says = `Upgrade: ${JSON.stringify(spelling)}, unguarded ${unguarded.status}`;
      if (unguarded.status === 101) upgrades++;
      if (/^[ \t]*websocket[ \t]*$/i.test(spelling)) {
        assertEquals([unguarded.status, status, denied], [101, 403, ["origin-not-allowed"]], says);
      } else if (unguarded.status === 101 || denied.length > 0) {
        // What the guard takes for a handshake and the runtime would not is no honest client's, and no other request's.
        assertEquals([status, denied], [400, ["upgrade-malformed"]], says);
        assert(/websocket/i.test(spelling), says);
      } else {
        passes++;
        // Not always 200: a control character is refused by both parsers.
        assertEquals(status, unguarded.status, says);
      }
    });
    assertGreater(upgrades, 8);
    assertGreater(passes, 5);
  });

  test("the guard judges whatever the method, with or without Connection", async () => {
    // On Deno any method upgrades, on Bun no Connection is asked for: neither runtime would do the guard's work.
    const odd: readonly RawRequest["bytes"][] = [
      ...METHODS.filter((method) => KNOWN_METHODS.has(method) && method !== "CONNECT").map((method) =>
        bytesOf({ method, lines: honestLines(EVIL) })
      ),
      bytesOf({ lines: replaced(honestLines(EVIL), "Connection", []) }),
      bytesOf({ lines: replaced(honestLines(EVIL), "Connection", ["keep-alive"]) }),
      bytesOf({ version: "HTTP/1.0", lines: honestLines(EVIL) }),
    ];
    await eachRowInTurn(odd, async (bytes) => {
      denied.length = 0;
      const { status } = await sendRaw(guarded.port, bytes);
      assertEquals([status, denied], [403, ["origin-not-allowed"]]);
    });
  });

  test("the guard takes Connection for malformed where the word is no member of the list", async () => {
    await eachRowInTurn(CONNECTIONS, async (value) => {
      denied.length = 0;
      const { status } = await sendRaw(
        guarded.port,
        bytesOf({ lines: replaced(honestLines(EVIL), "Connection", [value]) }),
      );
      const expected = isMalformedConnection(value)
        ? [400, ["connection-malformed"]]
        : [403, ["origin-not-allowed"]];
      assertEquals([status, denied], expected);
    });
  });

  test("an honest handshake may spell the one token in any case", async () => {
    await eachRowInTurn(["websocket", "WebSocket", "WEBSOCKET", " \twebsocket\t "], async (spelling) => {
      const bytes = bytesOf({ lines: replaced(honestLines(), "Upgrade", [spelling]) });
      assertEquals((await sendRaw(guarded.port, bytes)).status, 101);
    });
  });
});

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function histogram(map: ReadonlyMap<string, number>): string {
  return [...map].sort(([a], [b]) => a < b ? -1 : 1).map(([key, times]) => `${key} × ${times}`).join(", ") ||
    "none";
}
