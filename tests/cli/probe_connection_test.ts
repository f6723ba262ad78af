// One handshake against servers that say anything, or nothing, for as long as they like: an answer in time, each time, and
// no connection left.

import { createServer } from "node:net";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { answerOf } from "../../src/cli/probe_answer.ts";
import { type Connect, type ConnectionEvents, sendHandshake } from "../../src/cli/probe_connection.ts";
import { inTime } from "../in_time.ts";
import { wordsOf } from "../words.ts";
import { answering, closeFrame, connect, FORBIDDEN, listen, UPGRADED } from "./probing.ts";

const words = wordsOf(import.meta.url);

type Socket = Parameters<Parameters<typeof listen>[0]>[0];

const WIRE = "GET / HTTP/1.1\r\nHost: a.test\r\nOrigin: https://\xff.test\r\n\r\n";
const PATIENCE = { answerMs: 1500, closeMs: 150 };
const open = answerOf("open", 101);

const send = (port: number, by: Connect = connect) =>
  sendHandshake(WIRE, { host: "127.0.0.1", port, tls: null }, by, PATIENCE);

/** Writes this again and again, until the other side is gone. */
function flood(socket: Socket, start: string, piece: string, everyMs: number): void {
  socket.write(start, "latin1");
  const timer = setInterval(() => socket.writableNeedDrain || socket.write(piece, "latin1"), everyMs);
  socket.on("close", () => clearInterval(timer));
}

const TABLE: readonly (readonly [name: string, serve: (socket: Socket) => void, answer: unknown])[] = [
  ["an answer", answering(() => FORBIDDEN), answerOf("status", 403, null, "Forbidden")],
  ["101, and nothing", answering(() => UPGRADED), open],
  [
    "101, and a close at once",
    answering(() => UPGRADED + closeFrame(4403, "no")),
    answerOf("closed", 101, 4403, "no"),
  ],
  [
    "101, and a close a little later",
    answering((_head, socket) => {
      setTimeout(() => socket.write(closeFrame(4403, "no"), "latin1"), 40);
      return UPGRADED;
    }),
    answerOf("closed", 101, 4403, "no"),
  ],
  [
    "101, and a close too late",
    answering((_head, socket) => {
      setTimeout(() => socket.write(closeFrame(4403, "no"), "latin1"), 600);
      return UPGRADED;
    }),
    open,
  ],
  [
    "101, and the end",
    answering((_head, socket) => {
      setTimeout(() => socket.end(), 20);
      return UPGRADED;
    }),
    answerOf("closed", 101, 1006),
  ],
  ["nothing", () => {}, answerOf("silent")],
  ["the end", (socket) => void socket.end(), answerOf("hung-up")],
  [
    "a reset",
    answering((_head, socket) => {
      socket.resetAndDestroy?.() ?? socket.destroy();
      return null;
    }),
    answerOf("hung-up"),
  ],
  ["a greeting of another protocol", (socket) => void socket.write("SSH-2.0-x\r\n"), answerOf("garbage")],
  ["a slow drip of headers", (socket) => flood(socket, "HTTP/1.1 403 x\r\n", "a", 20), answerOf("silent")],
  [
    "headers without end",
    (socket) => flood(socket, "HTTP/1.1 403 x\r\n", "a: b\r\n".repeat(10_000), 1),
    answerOf("garbage"),
  ],
  [
    "a slow drip of messages",
    answering((_head, socket) => {
      flood(socket, UPGRADED, "\x81\x01a", 10);
      return null;
    }),
    open,
  ],
  [
    "messages without end",
    answering((_head, socket) => {
      flood(socket, UPGRADED, "\x81\x7e\xff\xff".padEnd(65_539, "a"), 0);
      return null;
    }),
    open,
  ],
  [
    "the head in pieces of one byte",
    answering((_head, socket) => {
      const bytes = (UPGRADED + closeFrame(4403)).split("");
      const timer = setInterval(
        () => bytes.length > 0 ? socket.write(bytes.shift()!, "latin1") : clearInterval(timer),
        1,
      );
      return null;
    }),
    answerOf("closed", 101, 4403),
  ],
];

describe("sendHandshake()", () => {
  for (const [name, serve, answer] of TABLE) {
    test(name, async () => {
      const server = await listen(serve);
      try {
        const start = performance.now();
        assertEquals(await inTime(name, send(server.port)), answer);
        assert(performance.now() - start < 5000);
        assertEquals(server.connections(), 1);
      } finally {
        await server.stop();
      }
    });
  }

  test("nobody listens", async () => {
    const { port, stop } = await listen(() => {});
    await stop();
    const { kind, text } = await send(port);
    assertEquals(kind, "unreachable");
    assert(text.includes("ECONNREFUSED"), text);
  });

  test("it sends the bytes of the wire, a character a byte", async () => {
    let got = "";
    const server = await listen(answering((head) => {
      got = head;
      return FORBIDDEN;
    }));
    await send(server.port);
    await server.stop();
    assertEquals(got, WIRE);
  });

  test("it leaves an open socket with a close frame, and everything else without", async () => {
    const left = (answer: string) =>
      new Promise<string>((resolve) => {
        const server = createServer((socket) => {
          let text = "";
          socket.on("data", (bytes) => {
            text += bytes.toString("latin1");
            if (text === WIRE) socket.write(answer, "latin1");
          });
          socket.on("error", () => {});
          socket.on("close", () => {
            resolve(text.slice(WIRE.length));
            server.close();
          });
        });
        server.listen(0, "127.0.0.1", () => send((server.address() as { port: number }).port));
      });
    assertEquals(await inTime("leaving", left(UPGRADED)), "\x88\x82\0\0\0\0\x03\xe8");
    assertEquals(await inTime("leaving", left(FORBIDDEN)), "");
    assertEquals(await inTime("leaving", left(UPGRADED + closeFrame(4403))), "");
  });

  describe("whatever a runtime does", () => {
    const to = (act: (events: ConnectionEvents) => void): Connect => (_to, events) => {
      queueMicrotask(() => act(events));
      return { write: () => {}, leave: () => {} };
    };
    test("a connect that throws", async () => {
      const answer = await send(1, () => {
        throw new TypeError("no network");
      });
      assertEquals(answer, answerOf("unreachable", null, null, "TypeError: no network"));
    });
    test("a connect that fails before it returns is left", async () => {
      const left: string[] = [];
      const answer = await send(1, (_to, events) => {
        events.failed("at once");
        return { write: () => {}, leave: (text) => void left.push(text) };
      });
      assertEquals([answer, left], [answerOf("unreachable", null, null, "at once"), [""]]);
    });
    test("no connection in time, which comes later all the same", async () => {
      let connected = () => {};
      const written: string[] = [];
      const answer = await send(1, (_to, events) => {
        connected = events.connected;
        return { write: (text) => void written.push(text), leave: () => {} };
      });
      connected();
      assertEquals([answer.kind, written], ["unreachable", []]);
      words.assert("no connection in time", answer.text);
    });
    test("what is told after the end says nothing", async () => {
      const answer = await send(
        1,
        to(({ connected, received, ended, failed }) => {
          connected();
          received(new TextEncoder().encode(FORBIDDEN));
          received(new TextEncoder().encode(UPGRADED));
          ended();
          failed("late");
        }),
      );
      assertEquals(answer, answerOf("status", 403, null, "Forbidden"));
    });
  });
});

words.end();
