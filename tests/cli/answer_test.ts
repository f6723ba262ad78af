// What a copied answer says, by table: the codes are statuses and header lines, the words are recorded.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { denials } from "../../src/denial.ts";
import { notesOn } from "../../src/cli/answer.ts";
import { readHandshake } from "../../src/cli/handshake_text.ts";
import type { Decision } from "../../src/handler.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const ALLOWED: Decision = { allowed: true };
const REFUSED = denials["origin-not-allowed"];
const TAKEN = "connection: Upgrade\nupgrade: websocket\nsec-websocket-accept: x";

/** The notes on a handshake that was answered so. */
function notes(answer: string, decision: Decision, fields = ""): string[] {
  const request = `GET /ws HTTP/1.1\nHost: a.test\nUpgrade: websocket\nSec-WebSocket-Key: x\n${fields}`;
  return notesOn(readHandshake(`${request}\n${answer}`)!, decision);
}

describe("notesOn()", () => {
  const table: [name: string, answer: string, decision: Decision, count: number, fields?: string][] = [
    ["no answer", "", ALLOWED, 0],
    ["101", `HTTP/1.1 101 Switching Protocols\n${TAKEN}`, ALLOWED, 0],
    ["101, its status alone", "Status Code: 101 Switching Protocols", ALLOWED, 0],
    ["101 of what is refused", `HTTP/1.1 101 Switching Protocols\n${TAKEN}`, REFUSED, 1],
    ["101 of what is refused, its status alone", "Status Code: 101", REFUSED, 1],
    ["101 without Upgrade", "HTTP/1.1 101\nconnection: upgrade\nsec-websocket-accept: x", ALLOWED, 1],
    ["101 without anything", "HTTP/1.1 101 Switching Protocols\nserver: x", ALLOWED, 1],
    [
      "101 without a subprotocol",
      `HTTP/1.1 101\n${TAKEN}`,
      ALLOWED,
      1,
      "Sec-WebSocket-Protocol: a, ticket.secret",
    ],
    [
      "101 with a subprotocol",
      `HTTP/1.1 101\n${TAKEN}\nsec-websocket-protocol: a`,
      ALLOWED,
      0,
      "Sec-WebSocket-Protocol: a, b",
    ],
    [
      "101 with another one",
      `HTTP/1.1 101\n${TAKEN}\nsec-websocket-protocol: c`,
      ALLOWED,
      1,
      "Sec-WebSocket-Protocol: a, b",
    ],
    ["101 with one that nobody offered", `HTTP/1.1 101\n${TAKEN}\nsec-websocket-protocol: c`, ALLOWED, 1],
    ["403 of its own", "HTTP/1.1 403 Forbidden\ncache-control: no-store", REFUSED, 0],
    ["403 of its own, though it is allowed", "HTTP/1.1 403 Forbidden\ncache-control: no-store", ALLOWED, 1],
    ["403 that it never gave", "HTTP/1.1 403 Forbidden\nserver: x", ALLOWED, 1],
    ["403 that it never gave, and would have", "HTTP/1.1 403 Forbidden\nserver: x", REFUSED, 1],
    ["403, its status alone", "Status Code: 403 Forbidden", ALLOWED, 1],
    ["302", "HTTP/1.1 302 Found\nlocation: https://user:pw@login.test/x?token=secret", ALLOWED, 1],
    ["302 without an address", "HTTP/1.1 302 Found\nlocation: /login?next=secret", ALLOWED, 1],
    ["307, its status alone", "Status Code: 307", REFUSED, 1],
    ["401", "HTTP/1.1 401 Unauthorized\nserver: x", ALLOWED, 1],
    ["401 of what is refused", "HTTP/1.1 401 Unauthorized\nserver: x", REFUSED, 1],
    ["431", "HTTP/1.1 431 Request Header Fields Too Large\nserver: x", ALLOWED, 1],
    ["502", "HTTP/1.1 502 Bad Gateway\nserver: x", ALLOWED, 1],
    ["200", "HTTP/1.1 200 OK\nserver: x", ALLOWED, 1],
    ["400 of its own", "HTTP/1.1 400 Bad Request\nserver: x", denials["connection-malformed"], 0],
  ];
  for (const [name, answer, decision, count, fields] of table) {
    test(name, () => {
      const said = notes(answer, decision, fields);
      assertEquals(said.length, count, said.join("\n"));
      for (const [index, text] of said.entries()) {
        assert(/^[\x20-\x7e]+$/.test(text) && !text.includes("secret") && !text.includes("pw"), text);
        words.assert(`${name}${index === 0 ? "" : ` ${index}`}`, text);
      }
    });
  }

  test("HTTP/2", () => {
    const over2 = readHandshake(
      "> GET /ws HTTP/2\n> Host: a.test\n> Upgrade: websocket\n< HTTP/2 426\n< server: x",
    )!;
    const [upgrade, ...more] = notesOn(over2, ALLOWED);
    assertEquals(more, []);
    words.assert("an Upgrade over HTTP/2", upgrade!);
    const connect = readHandshake(
      ":method: CONNECT\n:protocol: websocket\n:authority: a.test\norigin: https://a.test",
    )!;
    const [made, ...others] = notesOn(connect, ALLOWED);
    assertEquals(others, []);
    words.assert("CONNECT", made!);
  });

  test("hostile text is escaped", () => {
    eachRow(["\x1b[2J", "\u202e", "a".repeat(10_000)], (host) => {
      const [note] = notes(`HTTP/1.1 302 Found\nlocation: //${host}/`, ALLOWED);
      assert(/^[\x20-\x7e]{0,400}$/.test(note!), note);
    });
  });
});

words.end();
