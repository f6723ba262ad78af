// One script for each thing that can happen to a socket, from the handshake to the end of the connection. What the
// handlers were called with and what went over the wire are compared with one log, written here, on both runtimes: so the
// runtimes are compared with each other too. Where one of them has to differ, the table says how and why.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { runtime } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import { sleep, type SocketServer, startSocketServer } from "./child_server.ts";
import {
  binary,
  chop,
  close,
  fragments,
  frame,
  join,
  line,
  more,
  OPCODES,
  ping,
  pong,
  RawClient,
  type RawClientOptions,
  resetIsEnd,
  text,
} from "./frames.ts";

const words = wordsOf(import.meta.url);

/** What both sides noted. */
interface Logs {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

/** What a session has beyond what is done and what the handlers are told. */
interface Special {
  /** What the client sees, where it is not {@linkcode mirrored}. */
  readonly client?: readonly string[];
  readonly options?: RawClientOptions;
  /** The answer to the handshake; see {@linkcode opening}. Default "101". */
  readonly opening?: string;
  /** It is about time: played when all the others are over, so that they do not take it away. */
  readonly isTimed?: boolean;
  /** Reduces logs that depend on how much the kernel buffers. */
  readonly reduce?: (log: readonly string[]) => readonly string[];
  /** What is otherwise on one runtime, and why. */
  readonly differs?: { readonly [R in "deno" | "bun"]?: Difference };
}

interface Difference extends Partial<Logs> {
  readonly opening?: string;
  readonly because: string;
}

/** What the client does, afterwards the connection has to end; and what the handlers are told after `open`. */
type Row = readonly [steps: readonly Step[], server: readonly string[], special?: Special];

interface Session extends Logs, Special {
  readonly name: string;
  /** Where the client goes; what is there is said in `server.ts`. */
  readonly path: string;
  readonly steps: readonly Step[];
  readonly client: readonly string[];
}

/** Bytes are sent, those that stand side by side in one write; everything else is done. */
type Step = Uint8Array | Act;
type Act = (client: RawClient, server: ServerView) => unknown;

/** The other side, for a client that has to wait for it. */
interface ServerView {
  log(): Promise<string[]>;
  /** Waits until `count` lines of the server's log match. */
  says(wanted: RegExp, count?: number): Promise<void>;
}

const a = (count: number) => "a".repeat(count);
const zeros = (count: number) => new Uint8Array(count);

const until = (wanted: string | RegExp, count?: number): Act => (client) => client.until(wanted, count);
const sendsEach = (pieces: readonly Uint8Array[], pauseMs?: number): Act => (client) =>
  client.sendEach(pieces, pauseMs);
const pauses = (ms: number): Act => () => sleep(ms);
const endsItself: Act = (client) => Promise.race([client.ended, sleep(300)]);
const ends: Act = (client) => client.end();
const resets: Act = (client) => client.reset();

/** How an honest goodbye looks to the handlers, and how a connection that ends without one. */
const GOODBYE = 'close 1000 ""';
const LOST = 'close 1006 ""';
const TOO_BIG = 'close 1009 "Received too big message"';
const SILENT = 'close 1001 "No response from ping frame."';
const honest: RawClientOptions = { answersClose: true };
/** An order to the server, and what it notes of it. */
const OWN_CLOSE = text("!close 4000 bye");
const OWN_CLOSED = ['text "!close 4000 bye"', 'close 4000 "bye"'];

const STILL_PONGS =
  "Deno answers pings until the close frame is out, which is as soon as it has read what is there";
const LINGERS = "Deno cannot end a connection: it waits for the client's close frame, without limit";

const NUMBERS = Array.from({ length: 500 }, (_, i) => String(i));
const EIGHT = ["1", "2", "3", "4", "5", "6", "7", "8"];
/** The same on both sides, for each of these texts. */
const texts = (words: readonly string[]) => words.map((word) => line("text", word));

/** The sessions of one path. Each can have what all of them have. */
function sessions(path: string, all: Special, rows: Readonly<Record<string, Row>>): Session[] {
  return Object.entries(rows).map(([name, [steps, server, special]]) => {
    const { opening = "101", ...more } = { ...all, ...special };
    // The subprotocol, where there is one, is told to the handlers too.
    const told = [`open${opening.slice(3)}`, ...server];
    return { name, path, steps, opening, server: told, client: mirrored(server), ...more };
  });
}

/** What comes back where the server echoes and closes: the messages that are no orders, the close, the end. */
function mirrored(server: readonly string[]): string[] {
  const frames = server.filter((entry) => /^(?:text|binary|close) /.test(entry) && !/^text "!/.test(entry));
  return [...frames, "end"];
}

const SESSIONS: readonly Session[] = [
  // ---- messages
  ...sessions("/echo", {}, {
    "opens and closes": [[close(1000)], [GOODBYE]],
    "text": [
      [text("hello"), text("grüße 👋"), text("a\u0000b\ufeff"), until(/text/, 3), close(1000)],
      ['text "hello"', 'text "grüße 👋"', line("text", "a\0b\ufeff"), GOODBYE],
    ],
    "binary, as a Uint8Array and no other class": [
      [binary(Uint8Array.of(0, 127, 128, 255)), until(/binary/), close(1000)],
      ["binary [00 7f 80 ff]", GOODBYE],
    ],
    "empty messages, which are sent and count as sent": [
      [text(""), binary(zeros(0)), text("last"), until(/last/), close(1000)],
      ['text ""', "binary []", 'text "last"', GOODBYE],
    ],
    "a message in fragments, with a ping and a pong between them": [
      [
        sendsEach(
          [text("a", { fin: false }), ping("between"), more("b", { fin: false }), pong(), more("c")],
          5,
        ),
        until('text "abc"'),
        close(1000),
      ],
      ['text "abc"', GOODBYE],
      { client: ['pong "between"', 'text "abc"', GOODBYE, "end"] },
    ],
    "pings are answered, pongs are not, neither is a message": [
      [ping(), ping("one"), pong("unasked"), pong(), ping(a(125)), until(/125 bytes/), close(1000)],
      [GOODBYE],
      { client: ['pong ""', 'pong "one"', line("pong", a(125)), GOODBYE, "end"] },
    ],
    "byte by byte": [
      [sendsEach(chop(join(text("hello"), ping("p")))), until(/pong/), close(1000)],
      ['text "hello"', GOODBYE],
      { client: ['text "hello"', 'pong "p"', GOODBYE, "end"] },
    ],
    "many messages in one packet, in order": [
      [...NUMBERS.map((word) => text(word)), until(/"499"/), close(1000)],
      [...texts(NUMBERS), GOODBYE],
    ],
    "messages and a close in one packet: the messages first": [
      [text("one"), text("two"), close(4000, "done")],
      ['text "one"', 'text "two"', 'close 4000 "done"'],
    ],
    "a message in the packet of the handshake, after `open`": [
      [until(/early/), close(1000)],
      ['text "early"', GOODBYE],
      {
        options: { first: join(text("early"), ping("p")) },
        client: ['text "early"', 'pong "p"', GOODBYE, "end"],
      },
    ],
    "a close in the packet of the handshake": [
      [],
      ['close 4000 "early"'],
      { options: { first: close(4000, "early") } },
    ],
  }),
  ...sessions("/guarded", {}, {
    "the same where a look-up was awaited": [
      [(client) => Promise.race([client.until(/early/), client.ended]), close(1000)],
      ['text "early"', GOODBYE],
      {
        options: {
          headers: [["Origin", "https://good.example"], ["Cookie", "user=ada"]],
          first: text("early"),
        },
        differs: {
          bun: {
            opening: "400",
            server: [],
            client: ["end"],
            because:
              "Bun reads on while a handler waits, and takes a frame for a bad request; RFC 6455 §4.1 lets no " +
              "client send one before it has the answer",
          },
        },
      },
    ],
  }),
  ...sessions("/chat", {}, {
    "the first of the server's subprotocols that is offered": [
      [text("x"), until(/text/), close(1000)],
      ['text "x"', GOODBYE],
      {
        options: { headers: [["Sec-WebSocket-Protocol", "bearer.t0ken, chat.v1,chat.v2"]] },
        opening: "101 chat.v2",
      },
    ],
    "no subprotocol, and no extension, but what the server speaks": [
      [text("x"), until(/text/), close(1000)],
      ['text "x"', GOODBYE],
      {
        options: {
          headers: [
            ["Sec-WebSocket-Protocol", "bearer.t0ken"],
            ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
          ],
        },
      },
    ],
  }),

  // ---- maxMessageBytes
  ...sessions("/limit", {}, {
    "messages of exactly the limit": [
      [
        text(a(1000)),
        text("ü".repeat(500)),
        binary(zeros(1000)),
        ...fragments(OPCODES.text, [a(400), a(600)]),
        until(/1000 bytes/, 4),
        close(1000),
      ],
      [...texts([a(1000), "ü".repeat(500)]), line("binary", zeros(1000)), ...texts([a(1000)]), GOODBYE],
    ],
    "over every limit in fragments, and never the last of them": [
      [
        async (client) => {
          const size = 512 * 1024;
          await client.sendEach([binary(zeros(size), { fin: false })]);
          // 72 MiB in all: more than the limit of this handler, of its server, and of a frame on Deno.
          for (let sent = size; sent < 72 * 2 ** 20 && client.log.length === 0; sent += size) {
            await client.sendEach([more(zeros(size), { fin: false })]);
          }
        },
        endsItself,
        ends,
      ],
      [TOO_BIG],
      {
        isTimed: true,
        differs: {
          deno: {
            server: ["open", LOST],
            client: ["end"],
            because:
              "Deno gathers the fragments of a message without a limit; nobody above hears of them before the last",
          },
        },
      },
    ],
  }),
  ...sessions("/limit", { options: honest }, {
    ...overTheLimit("text", [text(a(1001))]),
    ...overTheLimit("text that has fewer characters than the limit has bytes", [text("€".repeat(334))]),
    ...overTheLimit("binary", [binary(zeros(1001))]),
    ...overTheLimit("fragments", fragments(OPCODES.text, [a(600), a(401)])),
    "over the limit, more behind it": [
      [text(a(1001)), text("more"), ping("more")],
      [TOO_BIG],
      { differs: { deno: { client: ['pong "more"', TOO_BIG, "end"], because: STILL_PONGS } } },
    ],
  }),
  ...sessions("/large", { options: honest }, {
    ...overTheLimit("text, by the limit of the server", [text(a(2 ** 20 + 1))]),
    ...overTheLimit("binary, by the limit of the server", [binary(zeros(2 ** 20 + 1))]),
    ...overTheLimit(
      "fragments, by the limit of the server",
      fragments(OPCODES.binary, [zeros(2 ** 20), zeros(1)]),
    ),
  }),
  ...sessions("/large", {}, {
    "exactly the limit of the server": [
      [text(a(2 ** 20)), until(/text/), binary(zeros(2 ** 20)), until(/binary/), close(1000)],
      [line("text", a(2 ** 20)), line("binary", zeros(2 ** 20)), GOODBYE],
    ],
    "over the limit by what the frame claims, nothing behind it": [
      [frame(OPCODES.binary, "", { length: 2 ** 20 + 1 }), endsItself, ends],
      [TOO_BIG],
      {
        differs: {
          deno: {
            server: ["open", LOST],
            client: ["end"],
            because:
              "Deno has a limit of 64 MiB of its own: what is under it is buffered, and measured when it is whole",
          },
        },
      },
    ],
  }),

  // ---- how a peer goes
  ...sessions("/echo", {}, {
    ...peerCloses(1000, ""),
    ...peerCloses(1000, "bye"),
    ...peerCloses(1001, "going away"),
    ...peerCloses(1013, ""),
    ...peerCloses(3000, "x"),
    ...peerCloses(4999, "grüße"),
    ...peerCloses(4000, a(123)),
    "the peer closes without a code": [[close()], ['close 1005 ""'], { client: ["close", "end"] }],
    ...peerMayNotClose(1005),
    ...peerMayNotClose(1006),
    ...peerMayNotClose(1015),
    ...peerMayNotClose(999),
    ...peerMayNotClose(5000),
    "the peer closes with a reason that is too long for a control frame": [
      [close(4000, a(124))],
      [LOST],
      {
        client: ['close 1002 "Received too big control frame"', "end"],
        differs: {
          deno: {
            server: ["open", `close 4000 "${a(124)}"`],
            client: [`close 4000 "${a(124)}"`, "end"],
            because: "Deno does not look at the length of a close frame",
          },
        },
      },
    ],
    "the peer says more after its close": [
      [close(4000, "x"), text("late"), ping("late"), close(4001, "again")],
      ['close 4000 "x"'],
    ],
    "the peer closes in the middle of a message": [
      [text("half", { fin: false }), close(4000, "x")],
      ['close 4000 "x"'],
    ],
    "the peer ends the connection without a close frame": [
      [text("x"), until(/text/), ends],
      ['text "x"', LOST],
      { client: ['text "x"', "end"] },
    ],
    "the peer ends the connection in the middle of a frame": [
      [text("hello").subarray(0, 8), ends],
      [LOST],
      { client: ["end"] },
    ],
    "the peer tears the connection down": [
      [text("x"), until(/text/), resets],
      ['text "x"', LOST],
      { client: ['text "x"'] },
    ],
    "the peer is gone as soon as it is upgraded": [[resets], [LOST], { client: [] }],
  }),

  // ---- how this side closes
  ...sessions("/echo", { options: honest }, {
    "own close, answered": [[OWN_CLOSE], OWN_CLOSED],
    "own close by default is 1000": [[text("!close")], ['text "!close"', GOODBYE]],
    "own close with the longest reason": [
      [text(`!close 4999 ${a(123)}`)],
      [line("text", `!close 4999 ${a(123)}`), `close 4999 "${a(123)}"`],
      { client: [`close 4999 "${a(123)}"`, "end"] },
    ],
    "own close, and the peer had already said more": [
      [OWN_CLOSE, text("late"), ping("late")],
      OWN_CLOSED,
      { differs: { deno: { client: ['pong "late"', 'close 4000 "bye"', "end"], because: STILL_PONGS } } },
    ],
    "what was sent before the close arrives before it": [
      [text("!say one two three")],
      ['text "!say one two three"', 'close 4000 "said"'],
      { client: [...texts(["one", "two", "three"]), 'close 4000 "said"', "end"] },
    ],
    "only the first close counts, and nothing is sent after it": [
      [text("!twice")],
      ['text "!twice"', "send false", 'close 4000 "first"'],
    ],
    ...ownCloseThrows("a reason over 123 bytes", `4000 ${a(124)}`, "123"),
    ...ownCloseThrows("code 1005", "1005", "1005"),
    ...ownCloseThrows("code 1006", "1006", "1006"),
    ...ownCloseThrows("code 5000", "5000", "5000"),
  }),
  ...sessions("/echo", {}, {
    "own close, answered with another code: the own one is reported": [
      [OWN_CLOSE, until(/close/), close(1000, "other"), ends],
      OWN_CLOSED,
    ],
    "own close, and the peer just ends": [[OWN_CLOSE, until(/close/), ends], OWN_CLOSED],
    "own close, and the peer tears the connection down": [
      [OWN_CLOSE, until(/close/), resets],
      OWN_CLOSED,
      { client: ['close 4000 "bye"'] },
    ],
    "own close, and the peer keeps silent: `close` is called all the same": [
      [OWN_CLOSE, until(/close/), (_, server) => server.says(/^close/), (client) => client.destroy()],
      OWN_CLOSED,
      { differs: { deno: { client: ['close 4000 "bye"'], because: LINGERS } } },
    ],
    "own close, and the peer says more afterwards": [
      [OWN_CLOSE, until(/close/), text("late"), pauses(50), close(4000, "bye"), ends],
      OWN_CLOSED,
    ],
    "both sides close at once: the own code is reported": [
      [text("!close 4000 mine"), close(4001, "yours")],
      ['text "!close 4000 mine"', 'close 4000 "mine"'],
      {
        differs: {
          deno: {
            client: ['close 4001 "yours"', "end"],
            because: "Deno answers a close frame that is there already, and never sends its own",
          },
        },
      },
    ],
  }),
  ...sessions("/goodbye", { options: honest }, {
    "closing in `open`": [[], ['close 4000 "bye"']],
    "closing in `open`, and the handshake's packet held a message, which is not delivered": [
      [],
      ['close 4000 "bye"'],
      { options: { ...honest, first: text("early") } },
    ],
  }),
  ...sessions("/farewell", { options: honest }, {
    "sending and closing in `open`": [
      [],
      ['close 4000 "said"'],
      { client: [...texts(["one", "two", "three"]), 'close 4000 "said"', "end"] },
    ],
  }),

  // ---- handlers that fail
  ...["throws", "rejects"].flatMap((how) => [
    ...sessions(`/throws/open/${how}`, { options: honest }, {
      [`open ${how}`]: [[], [`error Error: open ${how}`, 'close 1011 ""']],
    }),
    ...sessions(`/throws/message/${how}`, { options: honest }, {
      [`message ${how}`]: [[text("x")], [`error Error: message ${how}`, 'close 1011 ""']],
    }),
    ...sessions(`/throws/close/${how}`, {}, {
      [`close ${how}`]: [[close(4000, "x")], ['close 4000 "x"', `error Error: close ${how}`]],
    }),
    ...sessions(`/throws/error/${how}`, { options: honest }, {
      [`error ${how}`]: [[text("x")], [`error Error: error ${how}`, 'close 1011 ""']],
    }),
  ]),
  ...sessions("/echo", { isTimed: true }, {
    "a message handler rejects when its peer is gone: `close` has waited for it": [
      [text("!reject later"), close(4000, "x")],
      ['text "!reject later"', "error Error: rejected", 'close 4000 "x"'],
    ],
  }),

  // ---- idleTimeoutSeconds: 3 here
  ...sessions("/impatient", { isTimed: true }, {
    "a silent peer is pinged, then given up": [
      [],
      [SILENT],
      { options: honest, client: ['ping ""', SILENT, "end"] },
    ],
    "a silent peer that does not answer the close either": [
      [],
      [SILENT],
      { client: ['ping ""', SILENT, "end"] },
    ],
    "a peer that answers pings is not idle": [
      [
        ...[1, 2, 3].flatMap((count) => [until(/ping/, count), pong(), pauses(0)]),
        text("still here"),
        until(/text/),
        close(1000),
      ],
      ['text "still here"', GOODBYE],
      { client: ['ping ""', 'ping ""', 'ping ""', 'text "still here"', GOODBYE, "end"] },
    ],
    "a peer that speaks is not idle, and is not pinged": [
      [...EIGHT.flatMap((word) => [text(word), pauses(600)]), close(1000)],
      [...texts(EIGHT), GOODBYE],
    ],
    "a peer that does nothing but ping is idle": [
      [async (client) => {
        let isOver = false;
        client.ended.then(() => isOver = true);
        while (!isOver) {
          client.send(ping("p"));
          await sleep(400);
        }
      }],
      [SILENT],
      {
        options: honest,
        reduce: (log) => log.filter((entry) => entry !== 'pong "p"'),
        client: ['ping ""', SILENT, "end"],
      },
    ],
  }),
  ...sessions("/patient", { isTimed: true }, {
    "0 turns it off": [[pauses(4000), close(1000)], [GOODBYE]],
  }),

  // ---- maxBufferedBytes
  ...sessions("/echo", {}, {
    "a peer that does not read: send returns false, and true again once it has read": [
      [readsLate, close(1000)],
      ["drain", 'text "!flood"', "queued some", "queued 0", 'text "done"', GOODBYE],
      {
        // When it drains depends on how much the kernel buffers too.
        reduce: (log) => {
          const [first, ...rest] = withoutDrain(new Set(log.map(someQueued)));
          return [first!, ...log.includes("drain") ? ["drain"] : [], ...rest];
        },
        client: [line("binary", zeros(16 * 1024)), 'text "done"', GOODBYE, "end"],
      },
    ],
    "a peer that does not read, and vanishes": [
      [(client) => client.reads(false), text("!flood"), (_, server) => server.says(/^queued/), resets],
      ['text "!flood"', "queued some", LOST],
      { reduce: (log) => withoutDrain(log.map(someQueued)), client: [] },
    ],
  }),
];

function overTheLimit(what: string, frames: readonly Uint8Array[]): Record<string, Row> {
  return { [`one byte over the limit: ${what}`]: [frames, [TOO_BIG]] };
}

function peerCloses(code: number, reason: string): Record<string, Row> {
  const name = `the peer closes with ${code} and ${reason.length} characters`;
  return { [name]: [[close(code, reason)], [`close ${code} "${reason}"`]] };
}

function peerMayNotClose(code: number): Record<string, Row> {
  return {
    [`the peer closes with ${code}, which may not be sent`]: [[close(code)], [LOST], {
      client: ['close 1002 "Received invalid close code"', "end"],
      differs: { deno: { client: ['close 1002 ""', "end"], because: "Deno says the same without words" } },
    }],
  };
}

/** `named`: the number that the error names. */
function ownCloseThrows(what: string, order: string, named: string): Record<string, Row> {
  return {
    [`own close with ${what} throws`]: [[text(`!close ${order}`)], [
      line("text", `!close ${order}`),
      `error RangeError: ${named}`,
      'close 1011 ""',
    ], {
      client: ['close 1011 ""', "end"],
      reduce: (log) => log.map((entry) => entry.replace(/^(error RangeError: )\D*(\d+)\D*$/, "$1$2")),
    }],
  };
}

/** Lets the server flood it until that says that it will take no more, then reads, and has it flood once more. */
async function readsLate(client: RawClient, server: ServerView): Promise<void> {
  client.reads(false);
  const queued: number[] = [];
  // The kernel takes some megabytes before anything waits in the server: flooded until it takes no more.
  while (queued.at(-1) !== 0 && queued.length < 50) {
    client.send(text("!flood"));
    await server.says(/^queued/, queued.length + 1);
    queued.push(lastQueued(await server.log()));
    await sleep(100);
  }
  assertEquals(queued.at(-1), 0);
  client.reads(true);
  const sent = queued.reduce((sum, chunks) => sum + chunks, 0);
  await client.until(/^binary/, sent);

  client.send(text("!flood"));
  await server.says(/^queued/, queued.length + 1);
  const again = lastQueued(await server.log());
  assert(again > 0, "send never returned true again");
  await client.until(/^binary/, sent + again);
  client.send(text("done"));
  await client.until('text "done"');
  // Not one is missing, and not one came twice.
  assertEquals(client.log.filter((entry) => entry.startsWith("binary")).length, sent + again);
  const taken = queued.join(", ");
  console.log(
    `sessions[${runtime}] a peer that does not read: ${taken} chunks of 16 KiB were taken, then ${again}`,
  );
}

function withoutDrain(log: Iterable<string>): string[] {
  return [...log].filter((entry) => entry !== "drain");
}

function someQueued(entry: string): string {
  return entry.replace(/^queued [1-9]\d*$/, "queued some");
}

function lastQueued(log: readonly string[]): number {
  return Number(log.findLast((entry) => entry.startsWith("queued"))!.split(" ")[1]);
}

/** The answer to a handshake, with everything in it that was negotiated: `101 chat.v2`. */
function opening({ head, status }: RawClient): string {
  const negotiated = head.split("\r\n").filter((entry) => /^sec-websocket-(?!accept:)/i.test(entry));
  return [status, ...negotiated.map((entry) => entry.replace(/^sec-websocket-protocol: /i, ""))].join(" ");
}

let child: SocketServer;
/** What was seen, by the session's name. */
const seen = new Map<string, Logs & { readonly opening: string; readonly failure: unknown }>();

before(async () => {
  child = await startSocketServer();
  const numbered = SESSIONS.map((session, i) => ({ session, id: `session${i}` }));
  const isTimed = ({ session }: typeof numbered[number]) => session.isTimed === true;
  // All at once: most of them wait for something.
  for (const wave of [numbered.filter((one) => !isTimed(one)), numbered.filter(isTimed)]) {
    await Promise.all(wave.map(({ session, id }) => play(session, id)));
  }
}, { timeout: 110_000 });
after(() => child.kill());

async function play(session: Session, id: string): Promise<void> {
  const { name, path, options, steps, reduce = (log) => log } = session;
  const server = session.differs?.[runtime]?.server ?? session.server;
  const client = await RawClient.open(child.port, { ...options, path: `${path}/${id}` });
  const view: ServerView = {
    log: () => child.log(id),
    says: async (wanted, count = 1) => {
      for (const end = Date.now() + 30_000; Date.now() < end; await sleep(25)) {
        if ((await child.log(id)).filter((entry) => wanted.test(entry)).length >= count) return;
      }
      throw new Error(`The server never noted ${wanted}: ${(await child.log(id)).slice(-20).join(", ")}`);
    },
  };
  let failure: unknown;
  try {
    await act(steps, client, view);
    await client.untilEnded();
    const last = server.at(-1)?.split(" ")[0];
    if (last !== undefined) await view.says(new RegExp(`^${last} `));
    // Whatever comes after the last one would be one too many.
    await sleep(500);
  } catch (error) {
    failure = error;
    client.destroy();
  }
  const log = reduce(await view.log());
  seen.set(name, { opening: opening(client), server: log, client: reduce(resetIsEnd(client.log)), failure });
}

async function act(steps: readonly Step[], client: RawClient, server: ServerView): Promise<void> {
  const unsent: Uint8Array[] = [];
  const send = () => {
    if (unsent.length > 0) client.send(...unsent.splice(0));
  };
  for (const step of steps) {
    if (step instanceof Uint8Array) unsent.push(step);
    else {
      send();
      await step(client, server);
    }
  }
  send();
}

describe("sessions", () => {
  for (const session of SESSIONS) {
    const { name, opening = "101", server, client, differs } = session;
    const difference = differs?.[runtime];
    test(difference === undefined ? name : `${name} (differs: ${difference.because})`, () => {
      const what = seen.get(name)!;
      const common = { server, client };
      const expected = {
        server: difference?.server ?? server,
        client: difference?.client ?? client,
      };
      // A difference that is none any more has to leave the table.
      if (difference !== undefined) assertNotEquals(expected, common);
      if (what.failure !== undefined) throw what.failure;
      assertEquals({ server: what.server, client: what.client }, expected);
      assertEquals(what.opening, difference?.opening ?? opening);
    });
  }

  test("each has a name of its own, and the server has lost none", async () => {
    assertEquals([seen.size, SESSIONS.length], [82, 82]);
    const { opened, closed } = await child.stats();
    const refused = SESSIONS.filter(({ differs }) => differs?.[runtime]?.server?.length === 0).length;
    assertEquals([opened, closed], [SESSIONS.length - refused, SESSIONS.length - refused]);
    assert(child.alive());
    const different = SESSIONS.filter(({ differs }) => differs?.[runtime] !== undefined).length;
    console.log(
      `sessions[${runtime}] ${SESSIONS.length} sessions, ${different} of them with a difference that is written down`,
    );
  });

  test("what a handler's `error` threw was reported, once", () => {
    const lines = child.output().split("\n").filter((entry) => entry.startsWith("wsgate"));
    // Beside it, that a session has offered no subprotocol that is spoken here.
    const printed = lines.filter((line) => !line.includes("choosing a subprotocol"));
    assertEquals([printed.length, lines.length], [1, 2]);
    // Of one that throws and one that rejects, whichever came first.
    assertMatch(printed[0]!, /"Error: error (throws|rejects)"/);
    words.assert("`error` fails", printed[0]!.replace(/error (throws|rejects)/, "error fails"));
  });
});

words.end();
