// One script for each thing that can happen to a socket, from the handshake to the end of the connection. What the
// handlers were called with and what went over the wire are compared with one log, written here, on both runtimes: so the
// runtimes are compared with each other too. Where one of them has to differ, the table says how and why.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { runtime } from "../runtime.ts";
import { sleep, type SocketServer, startSocketServer } from "./child_server.ts";
import {
  chop,
  close,
  fragments,
  frame,
  join,
  line,
  more,
  OPCODES,
  RawClient,
  type RawClientOptions,
  resetIsEnd,
  text,
} from "./frames.ts";

/** What both sides noted. */
interface Logs {
  readonly server: readonly string[];
  readonly client: readonly string[];
}

interface Session extends Logs {
  readonly name: string;
  /** Where the client goes; what is there is said in `server.ts`. */
  readonly path: string;
  readonly options?: RawClientOptions;
  /** The answer to the handshake; see {@linkcode opening}. Default "101". */
  readonly opening?: string;
  /** What the client does. Afterwards the connection has to end. */
  readonly script?: Script;
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

type Script = (client: RawClient, server: ServerView) => void | Promise<void>;

/** The other side, for a client that has to wait for it. */
interface ServerView {
  log(): Promise<string[]>;
  /** Waits until `count` lines of the server's log match. */
  says(wanted: RegExp, count?: number): Promise<void>;
}

const ping = (payload = "") => frame(OPCODES.ping, payload);
const pong = (payload = "") => frame(OPCODES.pong, payload);
const binary = (payload: Uint8Array, parts = {}) => frame(OPCODES.binary, payload, parts);
const a = (count: number) => "a".repeat(count);
const zeros = (count: number) => new Uint8Array(count);

/** Sends, waits for the answer that matters, and closes as it is done. */
function exchange(frames: readonly Uint8Array[], last: RegExp, count = 1): Script {
  return async (client) => {
    client.send(...frames);
    await client.until(last, count);
    client.send(close(1000));
  };
}
/** Sends, and leaves everything else to the server. */
const sends = (...frames: readonly Uint8Array[]): Script => (client) => client.send(...frames);

/** How an honest goodbye looks to a client, and to the handlers. */
const GOODBYE = ['close 1000 ""', "end"];
const TOO_BIG = 'close 1009 "Received too big message"';
const honest: RawClientOptions = { answersClose: true };

const LOST_CLOSE =
  "Deno drops the connection on a data frame that comes after close(), the close frame unsent";
const LINGERS = "Deno cannot end a connection: it waits for the client's close frame, without limit";

const SESSIONS: readonly Session[] = [
  // ---- messages
  {
    name: "opens and closes",
    path: "/echo",
    script: sends(close(1000)),
    server: ["open", 'close 1000 ""'],
    client: GOODBYE,
  },
  {
    name: "text",
    path: "/echo",
    script: exchange([text("hello"), text("grüße 👋"), text("a\u0000b\ufeff")], /text/, 3),
    server: ["open", 'text "hello"', 'text "grüße 👋"', line("text", "a\0b\ufeff"), 'close 1000 ""'],
    client: ['text "hello"', 'text "grüße 👋"', line("text", "a\0b\ufeff"), ...GOODBYE],
  },
  {
    name: "binary, as a Uint8Array and no other class",
    path: "/echo",
    script: exchange([binary(Uint8Array.of(0, 127, 128, 255))], /binary/),
    server: ["open", "binary [00 7f 80 ff]", 'close 1000 ""'],
    client: ["binary [00 7f 80 ff]", ...GOODBYE],
  },
  {
    name: "empty messages, which are sent and count as sent",
    path: "/echo",
    script: exchange([text(""), binary(zeros(0)), text("last")], /last/),
    server: ["open", 'text ""', "binary []", 'text "last"', 'close 1000 ""'],
    client: ['text ""', "binary []", 'text "last"', ...GOODBYE],
  },
  {
    name: "a message in fragments, with a ping and a pong between them",
    path: "/echo",
    async script(client) {
      const parts = [
        text("a", { fin: false }),
        ping("between"),
        more("b", { fin: false }),
        pong(),
        more("c"),
      ];
      await client.sendEach(parts, 5);
      await client.until('text "abc"');
      client.send(close(1000));
    },
    server: ["open", 'text "abc"', 'close 1000 ""'],
    client: ['pong "between"', 'text "abc"', ...GOODBYE],
  },
  {
    name: "pings are answered, pongs are not, neither is a message",
    path: "/echo",
    script: exchange([ping(), ping("one"), pong("unasked"), pong(), ping(a(125))], /125 bytes/),
    server: ["open", 'close 1000 ""'],
    client: ['pong ""', 'pong "one"', line("pong", a(125)), ...GOODBYE],
  },
  {
    name: "byte by byte",
    path: "/echo",
    async script(client) {
      await client.sendEach(chop(join(text("hello"), ping("p"))));
      await client.until(/pong/);
      client.send(close(1000));
    },
    server: ["open", 'text "hello"', 'close 1000 ""'],
    client: ['text "hello"', 'pong "p"', ...GOODBYE],
  },
  {
    name: "many messages in one packet, in order",
    path: "/echo",
    script: exchange(Array.from({ length: 500 }, (_, i) => text(`${i}`)), /"499"/),
    server: ["open", ...Array.from({ length: 500 }, (_, i) => `text "${i}"`), 'close 1000 ""'],
    client: [...Array.from({ length: 500 }, (_, i) => `text "${i}"`), ...GOODBYE],
  },
  {
    name: "messages and a close in one packet: the messages first",
    path: "/echo",
    script: sends(text("one"), text("two"), close(4000, "done")),
    server: ["open", 'text "one"', 'text "two"', 'close 4000 "done"'],
    client: ['text "one"', 'text "two"', 'close 4000 "done"', "end"],
  },
  {
    name: "a message in the packet of the handshake, after `open`",
    path: "/echo",
    options: { first: join(text("early"), ping("p")) },
    async script(client) {
      await client.until(/early/);
      client.send(close(1000));
    },
    server: ["open", 'text "early"', 'close 1000 ""'],
    client: ['text "early"', 'pong "p"', ...GOODBYE],
  },
  {
    name: "a close in the packet of the handshake",
    path: "/echo",
    options: { first: close(4000, "early") },
    server: ["open", 'close 4000 "early"'],
    client: ['close 4000 "early"', "end"],
  },
  {
    name: "the same where a look-up was awaited",
    path: "/guarded",
    options: { headers: [["Origin", "https://good.example"], ["Cookie", "user=ada"]], first: text("early") },
    async script(client) {
      await Promise.race([client.until(/early/), client.ended]);
      client.send(close(1000));
    },
    server: ["open", 'text "early"', 'close 1000 ""'],
    client: ['text "early"', ...GOODBYE],
    differs: {
      bun: {
        opening: "400",
        server: [],
        client: ["end"],
        because:
          "Bun reads on while a handler waits, and takes a frame for a bad request; RFC 6455 §4.1 lets no client " +
          "send one before it has the answer",
      },
    },
  },
  {
    name: "the first of the server's subprotocols that is offered",
    path: "/chat",
    options: { headers: [["Sec-WebSocket-Protocol", "bearer.t0ken, chat.v1,chat.v2"]] },
    opening: "101 chat.v2",
    script: exchange([text("x")], /text/),
    server: ["open chat.v2", 'text "x"', 'close 1000 ""'],
    client: ['text "x"', ...GOODBYE],
  },
  {
    name: "no subprotocol, and no extension, but what the server speaks",
    path: "/chat",
    options: {
      headers: [
        ["Sec-WebSocket-Protocol", "bearer.t0ken"],
        ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
      ],
    },
    script: exchange([text("x")], /text/),
    server: ["open", 'text "x"', 'close 1000 ""'],
    client: ['text "x"', ...GOODBYE],
  },

  // ---- maxMessageBytes
  {
    name: "messages of exactly the limit",
    path: "/limit",
    script: exchange(
      [
        text(a(1000)),
        text("ü".repeat(500)),
        binary(zeros(1000)),
        ...fragments(OPCODES.text, [a(400), a(600)]),
      ],
      /1000 bytes/,
      4,
    ),
    server: [
      "open",
      line("text", a(1000)),
      line("text", "ü".repeat(500)),
      line("binary", zeros(1000)),
      line("text", a(1000)),
      'close 1000 ""',
    ],
    client: [
      line("text", a(1000)),
      line("text", "ü".repeat(500)),
      line("binary", zeros(1000)),
      line("text", a(1000)),
      ...GOODBYE,
    ],
  },
  ...([
    ["text", "/limit", [text(a(1001))]],
    ["text that has fewer characters than the limit has bytes", "/limit", [text("€".repeat(334))]],
    ["binary", "/limit", [binary(zeros(1001))]],
    ["fragments", "/limit", fragments(OPCODES.text, [a(600), a(401)])],
    ["text, by the limit of the server", "/large", [text(a(2 ** 20 + 1))]],
    ["binary, by the limit of the server", "/large", [binary(zeros(2 ** 20 + 1))]],
    [
      "fragments, by the limit of the server",
      "/large",
      fragments(OPCODES.binary, [zeros(2 ** 20), zeros(1)]),
    ],
  ] as const).map(([what, path, frames]): Session => ({
    name: `one byte over the limit: ${what}`,
    path,
    options: honest,
    script: sends(...frames),
    server: ["open", TOO_BIG],
    client: [TOO_BIG, "end"],
  })),
  {
    name: "exactly the limit of the server",
    path: "/large",
    async script(client) {
      client.send(text(a(2 ** 20)));
      await client.until(/text/);
      client.send(binary(zeros(2 ** 20)));
      await client.until(/binary/);
      client.send(close(1000));
    },
    server: ["open", line("text", a(2 ** 20)), line("binary", zeros(2 ** 20)), 'close 1000 ""'],
    client: [line("text", a(2 ** 20)), line("binary", zeros(2 ** 20)), ...GOODBYE],
  },
  {
    name: "over the limit, more behind it",
    path: "/limit",
    options: honest,
    script: sends(text(a(1001)), text("more"), ping("more")),
    server: ["open", TOO_BIG],
    client: [TOO_BIG, "end"],
    differs: { deno: { client: ["end"], because: LOST_CLOSE } },
  },
  {
    name: "over the limit by what the frame claims, nothing behind it",
    path: "/large",
    async script(client) {
      client.send(frame(OPCODES.binary, "", { length: 2 ** 20 + 1 }));
      await Promise.race([client.ended, sleep(300)]);
      client.end();
    },
    server: ["open", TOO_BIG],
    client: [TOO_BIG, "end"],
    differs: {
      deno: {
        server: ["open", 'close 1006 ""'],
        client: ["end"],
        because:
          "Deno has a limit of 64 MiB of its own: what is under it is buffered, and measured when it is whole",
      },
    },
  },
  {
    name: "over every limit in fragments, and never the last of them",
    path: "/limit",
    isTimed: true,
    async script(client) {
      const size = 512 * 1024;
      await client.sendEach([binary(zeros(size), { fin: false })]);
      // 72 MiB in all: more than the limit of this handler, of its server, and of a frame on Deno.
      for (let sent = size; sent < 72 * 2 ** 20 && client.log.length === 0; sent += size) {
        await client.sendEach([more(zeros(size), { fin: false })]);
      }
      await Promise.race([client.ended, sleep(300)]);
      client.end();
    },
    server: ["open", TOO_BIG],
    client: [TOO_BIG, "end"],
    differs: {
      deno: {
        server: ["open", 'close 1006 ""'],
        client: ["end"],
        because:
          "Deno gathers the fragments of a message without a limit; nobody above hears of them before the last",
      },
    },
  },

  // ---- how a peer goes
  ...([
    [1000, ""],
    [1000, "bye"],
    [1001, "going away"],
    [1013, ""],
    [3000, "x"],
    [4999, "grüße"],
    [4000, a(123)],
  ] as const).map(([code, reason]): Session => ({
    name: `the peer closes with ${code} and ${reason.length} characters`,
    path: "/echo",
    script: sends(close(code, reason)),
    server: ["open", `close ${code} "${reason}"`],
    client: [`close ${code} "${reason}"`, "end"],
  })),
  {
    name: "the peer closes without a code",
    path: "/echo",
    script: sends(close()),
    server: ["open", 'close 1005 ""'],
    client: ["close", "end"],
  },
  ...([1005, 1006, 1015, 999, 5000] as const).map((code): Session => ({
    name: `the peer closes with ${code}, which may not be sent`,
    path: "/echo",
    script: sends(close(code)),
    server: ["open", 'close 1006 ""'],
    client: ['close 1002 "Received invalid close code"', "end"],
    differs: { deno: { client: ['close 1002 ""', "end"], because: "Deno says the same without words" } },
  })),
  {
    name: "the peer closes with a reason that is too long for a control frame",
    path: "/echo",
    script: sends(close(4000, a(124))),
    server: ["open", 'close 1006 ""'],
    client: ['close 1002 "Received too big control frame"', "end"],
    differs: {
      deno: {
        server: ["open", `close 4000 "${a(124)}"`],
        client: [`close 4000 "${a(124)}"`, "end"],
        because: "Deno does not look at the length of a close frame",
      },
    },
  },
  {
    name: "the peer says more after its close",
    path: "/echo",
    script: sends(close(4000, "x"), text("late"), ping("late"), close(4001, "again")),
    server: ["open", 'close 4000 "x"'],
    client: ['close 4000 "x"', "end"],
  },
  {
    name: "the peer closes in the middle of a message",
    path: "/echo",
    script: sends(text("half", { fin: false }), close(4000, "x")),
    server: ["open", 'close 4000 "x"'],
    client: ['close 4000 "x"', "end"],
  },
  {
    name: "the peer ends the connection without a close frame",
    path: "/echo",
    async script(client) {
      client.send(text("x"));
      await client.until(/text/);
      client.end();
    },
    server: ["open", 'text "x"', 'close 1006 ""'],
    client: ['text "x"', "end"],
  },
  {
    name: "the peer ends the connection in the middle of a frame",
    path: "/echo",
    script(client) {
      client.send(text("hello").subarray(0, 8));
      client.end();
    },
    server: ["open", 'close 1006 ""'],
    client: ["end"],
  },
  {
    name: "the peer tears the connection down",
    path: "/echo",
    async script(client) {
      client.send(text("x"));
      await client.until(/text/);
      client.reset();
    },
    server: ["open", 'text "x"', 'close 1006 ""'],
    client: ['text "x"'],
  },
  {
    name: "the peer is gone as soon as it is upgraded",
    path: "/echo",
    script: (client) => client.reset(),
    server: ["open", 'close 1006 ""'],
    client: [],
  },

  // ---- how this side closes
  {
    name: "own close, answered",
    path: "/echo",
    options: honest,
    script: sends(text("!close 4000 bye")),
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
  },
  {
    name: "own close by default is 1000",
    path: "/echo",
    options: honest,
    script: sends(text("!close")),
    server: ["open", 'text "!close"', 'close 1000 ""'],
    client: ['close 1000 ""', "end"],
  },
  {
    name: "own close with the longest reason",
    path: "/echo",
    options: honest,
    script: sends(text(`!close 4999 ${a(123)}`)),
    server: ["open", line("text", `!close 4999 ${a(123)}`), `close 4999 "${a(123)}"`],
    client: [`close 4999 "${a(123)}"`, "end"],
  },
  {
    name: "own close, answered with another code: the own one is reported",
    path: "/echo",
    async script(client) {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
      client.send(close(1000, "other"));
      client.end();
    },
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
  },
  {
    name: "own close, and the peer just ends",
    path: "/echo",
    async script(client) {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
      client.end();
    },
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
  },
  {
    name: "own close, and the peer tears the connection down",
    path: "/echo",
    async script(client) {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
      client.reset();
    },
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"'],
  },
  {
    name: "own close, and the peer keeps silent: `close` is called all the same",
    path: "/echo",
    async script(client, server) {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
      await server.says(/^close/);
      client.destroy();
    },
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
    differs: { deno: { client: ['close 4000 "bye"'], because: LINGERS } },
  },
  {
    name: "own close, and the peer had already said more",
    path: "/echo",
    options: honest,
    script: sends(text("!close 4000 bye"), text("late"), ping("late")),
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
    differs: { deno: { client: ["end"], because: LOST_CLOSE } },
  },
  {
    name: "own close, and the peer says more afterwards",
    path: "/echo",
    async script(client) {
      client.send(text("!close 4000 bye"));
      await client.until(/close/);
      client.send(text("late"));
      await sleep(50);
      client.send(close(4000, "bye"));
      client.end();
    },
    server: ["open", 'text "!close 4000 bye"', 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
  },
  {
    name: "both sides close at once: the own code is reported",
    path: "/echo",
    script: sends(text("!close 4000 mine"), close(4001, "yours")),
    server: ["open", 'text "!close 4000 mine"', 'close 4000 "mine"'],
    client: ['close 4000 "mine"', "end"],
    differs: {
      deno: {
        client: ['close 4001 "yours"', "end"],
        because: "Deno answers a close frame that is there already, and never sends its own",
      },
    },
  },
  {
    name: "what was sent before the close arrives before it",
    path: "/echo",
    options: honest,
    script: sends(text("!say one two three")),
    server: ["open", 'text "!say one two three"', 'close 4000 "said"'],
    client: ['text "one"', 'text "two"', 'text "three"', 'close 4000 "said"', "end"],
  },
  {
    name: "only the first close counts, and nothing is sent after it",
    path: "/echo",
    options: honest,
    script: sends(text("!twice")),
    server: ["open", 'text "!twice"', "send false", 'close 4000 "first"'],
    client: ['close 4000 "first"', "end"],
  },
  {
    name: "closing in `open`",
    path: "/goodbye",
    options: honest,
    server: ["open", 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
  },
  {
    name: "sending and closing in `open`",
    path: "/farewell",
    options: honest,
    server: ["open", 'close 4000 "said"'],
    client: ['text "one"', 'text "two"', 'text "three"', 'close 4000 "said"', "end"],
  },
  {
    name: "closing in `open`, and the handshake's packet held a message, which is not delivered",
    path: "/goodbye",
    options: { ...honest, first: text("early") },
    server: ["open", 'close 4000 "bye"'],
    client: ['close 4000 "bye"', "end"],
    differs: { deno: { client: ["end"], because: LOST_CLOSE } },
  },
  ...([
    ["a reason over 123 bytes", `4000 ${a(124)}`, "A close reason has at most 123 bytes"],
    ["code 1005", "1005", "A close frame cannot carry code 1005"],
    ["code 1006", "1006", "A close frame cannot carry code 1006"],
    ["code 5000", "5000", "A close frame cannot carry code 5000"],
  ] as const).map(([what, order, message]): Session => ({
    name: `own close with ${what} throws`,
    path: "/echo",
    options: honest,
    script: sends(text(`!close ${order}`)),
    server: ["open", line("text", `!close ${order}`), `error RangeError: ${message}`, 'close 1011 ""'],
    client: ['close 1011 ""', "end"],
  })),

  // ---- handlers that fail
  ...["throws", "rejects"].flatMap((how): Session[] => [
    {
      name: `open ${how}`,
      path: `/throws/open/${how}`,
      options: honest,
      server: ["open", `error Error: open ${how}`, 'close 1011 ""'],
      client: ['close 1011 ""', "end"],
    },
    {
      name: `message ${how}`,
      path: `/throws/message/${how}`,
      options: honest,
      script: sends(text("x")),
      server: ["open", `error Error: message ${how}`, 'close 1011 ""'],
      client: ['close 1011 ""', "end"],
    },
    {
      name: `close ${how}`,
      path: `/throws/close/${how}`,
      script: sends(close(4000, "x")),
      server: ["open", 'close 4000 "x"', `error Error: close ${how}`],
      client: ['close 4000 "x"', "end"],
    },
    {
      name: `error ${how}`,
      path: `/throws/error/${how}`,
      options: honest,
      script: sends(text("x")),
      server: ["open", `error Error: error ${how}`, 'close 1011 ""'],
      client: ['close 1011 ""', "end"],
    },
  ]),
  {
    name: "a message handler rejects when its peer is gone",
    path: "/echo",
    script: sends(text("!reject later"), close(4000, "x")),
    isTimed: true,
    server: ["open", 'text "!reject later"', 'close 4000 "x"', "error Error: rejected"],
    client: ['close 4000 "x"', "end"],
  },

  // ---- idleTimeoutSeconds: 3 here
  {
    name: "a silent peer is pinged, then given up",
    path: "/impatient",
    isTimed: true,
    options: honest,
    server: ["open", 'close 1001 "No response from ping frame."'],
    client: ['ping ""', 'close 1001 "No response from ping frame."', "end"],
  },
  {
    name: "a silent peer that does not answer the close either",
    path: "/impatient",
    isTimed: true,
    server: ["open", 'close 1001 "No response from ping frame."'],
    client: ['ping ""', 'close 1001 "No response from ping frame."', "end"],
  },
  {
    name: "a peer that answers pings is not idle",
    path: "/impatient",
    isTimed: true,
    async script(client) {
      for (const count of [1, 2, 3]) {
        await client.until(/ping/, count);
        client.send(pong());
      }
      client.send(text("still here"));
      await client.until(/text/);
      client.send(close(1000));
    },
    server: ["open", 'text "still here"', 'close 1000 ""'],
    client: ['ping ""', 'ping ""', 'ping ""', 'text "still here"', ...GOODBYE],
  },
  {
    name: "a peer that speaks is not idle, and is not pinged",
    path: "/impatient",
    isTimed: true,
    async script(client) {
      for (const word of ["1", "2", "3", "4", "5", "6", "7", "8"]) {
        client.send(text(word));
        await sleep(600);
      }
      client.send(close(1000));
    },
    server: [
      "open",
      ...["1", "2", "3", "4", "5", "6", "7", "8"].map((word) => `text "${word}"`),
      'close 1000 ""',
    ],
    client: [...["1", "2", "3", "4", "5", "6", "7", "8"].map((word) => `text "${word}"`), ...GOODBYE],
  },
  {
    name: "a peer that does nothing but ping is idle",
    path: "/impatient",
    isTimed: true,
    options: honest,
    async script(client) {
      let isOver = false;
      client.ended.then(() => isOver = true);
      while (!isOver) {
        client.send(ping("p"));
        await sleep(400);
      }
    },
    reduce: (log) => log.filter((entry) => entry !== 'pong "p"'),
    server: ["open", 'close 1001 "No response from ping frame."'],
    client: ['ping ""', 'close 1001 "No response from ping frame."', "end"],
  },
  {
    name: "0 turns it off",
    path: "/patient",
    isTimed: true,
    async script(client) {
      await sleep(4000);
      client.send(close(1000));
    },
    server: ["open", 'close 1000 ""'],
    client: GOODBYE,
  },

  // ---- maxBufferedBytes
  {
    name: "a peer that does not read: send returns false, and true again once it has read",
    path: "/echo",
    async script(client, server) {
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
      client.send(close(1000));
      console.log(
        `sessions[${runtime}] a peer that does not read: ${
          queued.join(", ")
        } chunks of 16 KiB were taken, then ${again}`,
      );
    },
    reduce: (log) => [...new Set(log.map((entry) => entry.replace(/^queued [1-9]\d*$/, "queued some")))],
    server: ["open", 'text "!flood"', "queued some", "queued 0", 'text "done"', 'close 1000 ""'],
    client: [line("binary", zeros(16 * 1024)), 'text "done"', ...GOODBYE],
  },
  {
    name: "a peer that does not read, and vanishes",
    path: "/echo",
    async script(client, server) {
      client.reads(false);
      client.send(text("!flood"));
      await server.says(/^queued/);
      client.reset();
    },
    reduce: (log) => log.map((entry) => entry.replace(/^queued [1-9]\d*$/, "queued some")),
    server: ["open", 'text "!flood"', "queued some", 'close 1006 ""'],
    client: [],
  },
];

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
  const { name, path, options, script, reduce = (log) => log } = session;
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
    await script?.(client, view);
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
    assertEquals(seen.size, SESSIONS.length);
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
    const printed = child.output().split("\n").filter((entry) => entry.startsWith("wsgate"));
    assertEquals(printed.length, 1);
    // Of one that throws and one that rejects, whichever came first.
    assertMatch(
      printed[0]!,
      /^wsgate: a socket's handler failed: "Error: error (throws|rejects)" \(not reported again\)$/,
    );
  });
});
