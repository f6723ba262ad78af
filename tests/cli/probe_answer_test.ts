// What a server says, read in pieces of any size: the answer that is known, and the bounds that a hostile one meets.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  answerOf,
  AnswerReader,
  MAX_HEAD_BYTES,
  MAX_OPEN_BYTES,
  type ServerAnswer,
} from "../../src/cli/probe_answer.ts";
import { eachRow } from "../rows.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const UPGRADED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
const open = answerOf("open", 101);
const closed = (code: number, reason = "") => answerOf("closed", 101, code, reason);
/** A close frame of a server. */
const close = (payload: string) => "\x88" + String.fromCharCode(payload.length) + payload;

/** What comes of this text, given in pieces of so many bytes; then the connection ends, or the time. */
function read(text: string, then: "ended" | "late", size: number): ServerAnswer {
  const reader = new AnswerReader();
  const bytes = bytesOf(text);
  for (let at = 0; at < bytes.length; at += size) {
    const answer = reader.push(bytes.subarray(at, at + size));
    if (answer !== null) return answer;
  }
  return reader.finish(then);
}

/** Text → what it is if the connection ends then, and what if the time does; one alone: it was known before. */
const TABLE: Readonly<Record<string, readonly [ended: ServerAnswer, late?: ServerAnswer]>> = {
  // heads
  "": [answerOf("hung-up"), answerOf("silent")],
  "HTTP/1.1 403": [answerOf("hung-up"), answerOf("silent")],
  "HTTP/1.1 403 Forbidden\r\nA: b\r\n": [answerOf("hung-up"), answerOf("silent")],
  "HTTP/1.1 403 Forbidden\r\n\r\n": [answerOf("status", 403, null, "Forbidden")],
  "HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nrest": [answerOf("status", 403, null, "Forbidden")],
  "HTTP/1.0 400 Bad Request\n\n": [answerOf("status", 400, null, "Bad Request")],
  "HTTP/1.1 403\r\n\r\n": [answerOf("status", 403)],
  "HTTP/1.1 403 \r\n\r\n": [answerOf("status", 403)],
  "HTTP/1.1 200 \x1b[2J\xff\r\n\r\n": [answerOf("status", 200, null, "\x1b[2J\xff")],
  "HTTP/1.1 999 x\r\n\r\n": [answerOf("status", 999, null, "x")],
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n": [
    answerOf("status", 403, null, "Forbidden"),
  ],
  "HTTP/1.1 100 Continue\r\n\r\n": [answerOf("hung-up"), answerOf("silent")],
  // no HTTP
  "SSH-2.0-OpenSSH_9.2\r\n": [answerOf("garbage")],
  "\r\n\r\n": [answerOf("garbage")],
  "HTTP/2 101 x\r\n\r\n": [answerOf("garbage")],
  "HTTP/1.1 10 x\r\n\r\n": [answerOf("garbage")],
  "HTTP/1.1 1010 x\r\n\r\n": [answerOf("garbage")],
  "HTTP/1.x 101 x\r\n\r\n": [answerOf("garbage")],
  "HTTP/1.1 101\r\n\r\n": [closed(1006), open],
  "\0\x01\xff": [answerOf("garbage")],
  "http/1.1 101 x\r\n\r\n": [answerOf("garbage")],
  // frames
  [UPGRADED]: [closed(1006), open],
  [UPGRADED + "\x81\x05hello"]: [closed(1006), open],
  [UPGRADED + "\x81\x05hello" + close("\x11\x33origin-not-allowed")]: [closed(4403, "origin-not-allowed")],
  [UPGRADED + close("\x03\xe8") + "rest"]: [closed(1000)],
  [UPGRADED + close("")]: [closed(1005)],
  [UPGRADED + close("\x03")]: [closed(1005)],
  [UPGRADED + close("\x0f\xa0" + "r".repeat(123))]: [closed(4000, "r".repeat(123))],
  [UPGRADED + close("\x0f\xa0\x1b[2J\xe2\x80\xae\xff")]: [closed(4000, "\x1b[2J\u202e\ufffd")],
  // begun, and never ended
  [UPGRADED + "\x88\x7d\x11\x33half"]: [closed(4403, "half"), closed(4403, "half")],
  [UPGRADED + "\x88\x02"]: [closed(1005), closed(1005)],
  [UPGRADED + "\x88"]: [closed(1006), open],
  // longer than a control frame may be: what comes after 125 bytes is not waited for
  [UPGRADED + "\x88\x7f\x7f" + "\xff".repeat(7) + "\x11\x33" + "x".repeat(200)]: [
    closed(4403, "x".repeat(123)),
  ],
  // lengths of each kind, and a close inside a message
  [UPGRADED + "\x82\x7e\x00\x83" + "\x88".repeat(0x83) + close("\x11\x33")]: [closed(4403)],
  [UPGRADED + "\x82\x7f" + "\0".repeat(6) + "\x01\x00" + "\x88".repeat(256) + close("\x11\x33")]: [
    closed(4403),
  ],
  [UPGRADED + "\x01\x02ab" + "\x89\x01p" + close("\x11\x33")]: [closed(4403)],
  [UPGRADED + "\x81\x00" + close("\x11\x33")]: [closed(4403)],
  // announced, and never sent
  [UPGRADED + "\x82\x7f" + "\xff".repeat(8) + close("\x11\x33")]: [closed(1006), open],
  // what no server may send: the client is in all the same
  [UPGRADED + "\xc1\x02ab" + close("\x11\x33")]: [closed(1006), open],
  [UPGRADED + "\x81\x82\0\0\0\0ab" + close("\x11\x33")]: [closed(1006), open],
  [UPGRADED + "\x88\x82\0\0\0\0\x11\x33"]: [closed(1006), open],
  [UPGRADED + "hello, this is no frame" + close("\x11\x33")]: [closed(1006), open],
};

describe("an answer in pieces", () => {
  eachRow(Object.entries(TABLE), ([text, [ended, late = ended]]) => {
    test(JSON.stringify(text.slice(0, 90)), () => {
      eachRow([1, 2, 3, 7, text.length || 1], (size) => {
        assertEquals(read(text, "ended", size), ended);
        assertEquals(read(text, "late", size), late);
      });
    });
  });

  test("isUpgraded, from the end of the head of a 101 on", () => {
    const reader = new AnswerReader();
    eachRow(UPGRADED.split(""), (char) => {
      assert(!reader.isUpgraded);
      assertEquals(reader.push(bytesOf(char)), null);
    });
    assert(reader.isUpgraded);
  });
});

describe("a server that does not end", () => {
  /** Pushes pieces until there is an answer, and gives it with the bytes that it took. */
  function endless(start: string, piece: string): [ServerAnswer, bytes: number] {
    const reader = new AnswerReader();
    let bytes = start.length;
    let answer = reader.push(bytesOf(start));
    for (const chunk = bytesOf(piece); answer === null; bytes += chunk.length) {
      assert(bytes < 2 * MAX_OPEN_BYTES, "no end");
      answer = reader.push(chunk);
    }
    return [answer, bytes];
  }

  test("headers: garbage, after so many bytes", () => {
    eachRow(["a", "a: b\r\n", "x".repeat(1000), "HTTP/1.1 403 x\r\n"], (piece) => {
      const [answer, bytes] = endless("HTTP/1.1 403 Forbidden\r\n", piece);
      assertEquals(answer, answerOf("garbage"));
      assert(bytes > MAX_HEAD_BYTES && bytes <= MAX_HEAD_BYTES + piece.length, String(bytes));
    });
  });
  test("a status line", () => {
    assertEquals(endless("HTTP/1.1 403 ", "x")[0], answerOf("garbage"));
  });
  test("a status line of which a part is kept", () => {
    const reader = new AnswerReader();
    const answer = reader.push(bytesOf(`HTTP/1.1 403 ${"x".repeat(5000)}\r\n\r\n`));
    assertEquals(answer, answerOf("status", 403, null, "x".repeat(187)));
  });
  test("answers that are none yet", () => {
    assertEquals(
      endless("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n")[0],
      answerOf("garbage"),
    );
  });
  test("messages: in, after so many bytes", () => {
    eachRow(["\x81\x05hello", "\x89\x00".repeat(500), "\xff".repeat(4096)], (piece) => {
      const [answer, bytes] = endless(UPGRADED, piece);
      assertEquals(answer, open);
      assert(bytes > MAX_OPEN_BYTES, String(bytes));
    });
  });
});

test("a long answer costs linear time, in pieces of one byte too", () => {
  const seconds = (size: number) => {
    const text = UPGRADED + "\x81\x05hello".repeat(size / 7);
    const start = performance.now();
    assertEquals(read(text, "late", 1), open);
    return performance.now() - start;
  };
  seconds(100_000);
  // Quadratic would be 64 times.
  assert(seconds(800_000) < 32 * Math.max(seconds(100_000), 1));
});
