// Handshakes as programs print them: JSON, HAR, console.log of three runtimes, and a guard's own line.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Draft, readObject } from "../../src/cli/copied_object.ts";
import { assertGrowth } from "../growth.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";

function draft(): Draft {
  return { method: "GET", target: "", version: "", isServers: false, lines: [], answer: null };
}

/** What is read, as lines; null: it is no object. */
function read(text: string): string[] | null {
  const into = draft();
  if (!readObject(text, into)) return null;
  const { method, target, version, isServers, lines, answer } = into;
  return [
    `${method} ${target}${version === "" ? "" : ` ${version}`}${isServers ? " (the server's)" : ""}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    ...answer === null
      ? []
      : [`< ${answer.status}`, ...answer.lines.map(([name, value]) => `< ${name}: ${value}`)],
  ];
}

const FIELDS = { host: "a.test", origin: "https://a.test", "sec-websocket-key": "x==" };
const LINES = ["host: a.test", "origin: https://a.test", "sec-websocket-key: x=="];
const PAIRS = Object.entries(FIELDS);
const NAMED = PAIRS.map(([name, value]) => ({ name, value }));

describe("readObject(): JSON", () => {
  const table: [name: string, value: unknown, expected: string[]][] = [
    ["an object of fields", FIELDS, ["GET ", ...LINES]],
    ["a repeated field", { host: ["a", "b"], n: 1, u: null }, ["GET ", "host: a", "host: b"]],
    ["pairs", PAIRS, ["GET ", ...LINES]],
    ["names and values in turn, as Node's rawHeaders", PAIRS.flat(), ["GET ", ...LINES]],
    ["an odd number of them", ["host"], ["GET "]],
    ["names and values by name", NAMED, ["GET ", ...LINES]],
    ["neither", [1, [2, "x"], { name: 1 }, null], ["GET "]],
    ["a request", { method: "POST", url: "/x", headers: FIELDS }, ["POST /x", ...LINES]],
    ["a request of nothing", { method: 1, url: 2, headers: {} }, ["GET "]],
    ["one that is captured", {
      request: { method: "GET", url: "wss://a.test/", httpVersion: "h2", headers: NAMED },
    }, [
      "GET wss://a.test/ h2",
      ...LINES,
    ]],
    ["with its answer", {
      request: { headers: NAMED },
      response: { status: 403, headers: [{ name: "server", value: "x" }] },
    }, ["GET ", ...LINES, "< 403", "< server: x"]],
    ["with none", { request: { headers: NAMED }, response: { status: 0 } }, ["GET ", ...LINES]],
    ["HAR: the one that is a handshake", {
      log: {
        entries: [
          null,
          { request: 1 },
          { request: { url: "https://a.test/", headers: [] } },
          { request: { url: "https://a.test/ws", headers: NAMED } },
        ],
      },
    }, ["GET https://a.test/ws", ...LINES]],
    ["HAR: by its URL", { log: { entries: [{ request: { url: "wss://a.test/ws", headers: PAIRS } }] } }, [
      "GET wss://a.test/ws",
      ...LINES,
    ]],
    ["HAR: none is", { log: { entries: [{ request: { url: "https://a.test/" } }] } }, ["GET "]],
    ["Firefox", { "Request Headers (533 B)": { headers: NAMED } }, ["GET ", ...LINES]],
    ["nothing", null, ["GET "]],
  ];
  for (const [name, value, expected] of table) {
    // What is no object is none that could be printed; an array around it is.
    const text = JSON.stringify(value === null ? [] : value, null, 2);
    test(name, () => assertEquals(read(text), expected));
  }
});

describe("readObject(): console.log", () => {
  const table: [name: string, text: string, expected: string[] | null][] = [
    [
      "Deno's headers",
      'Headers {\n  host: "a.test",\n  origin: "https://a.test",\n  "sec-websocket-key": "x=="\n}\n',
      ["GET ", ...LINES],
    ],
    [
      "Bun's",
      'Headers {\n  "host": "a.test",\n  "origin": "https://a.test",\n  "sec-websocket-key": "x==",\n}\n',
      ["GET ", ...LINES],
    ],
    [
      "Node's",
      "{\n  host: 'a.test',\n  origin: 'https://a.test',\n  'sec-websocket-key': 'x=='\n}\n",
      ["GET ", ...LINES],
    ],
    ["on one line", "Headers { host: 'a.test', origin: 'null' }", ["GET ", "host: a.test", "origin: null"]],
    ["after a time", '2026-07-04T10:00:00Z INFO Headers { host: "a.test" }', ["GET ", "host: a.test"]],
    ["with a word in front", 'headers: Headers { host: "a.test" }', ["GET ", "host: a.test"]],
    [
      "Deno's request",
      'Request {\n  bodyUsed: false,\n  headers: Headers {\n    host: "a.test"\n  },\n  method: "GET",\n  redirect: "follow",\n  url: "http://a.test/ws"\n}',
      ["GET http://a.test/ws (the server's)", "host: a.test", "redirect: follow"],
    ],
    [
      "Bun's request",
      'Request (0 KB) {\n  method: "POST",\n  url: "http://a.test/ws",\n  headers: Headers {\n    "host": "a.test",\n  }\n}',
      ["POST http://a.test/ws (the server's)", "host: a.test"],
    ],
    ["a field of that name is none of the request's", 'Headers { url: "x", method: "y" }', [
      "GET ",
      "url: x",
      "method: y",
    ]],
    ["pairs", '[\n  [ "host", "a.test" ], [ "origin", "null" ]\n]', ["GET ", "host: a.test", "origin: null"]],
    ["a map", "Map(2) {\n  'host' => 'a.test',\n  'origin' => 'null'\n}", [
      "GET ",
      "host: a.test",
      "origin: null",
    ]],
    ["quotes in a value", `{ a: \`it's "q"\`, b: 'it\\'s', c: "\\"c\\"" }`, [
      "GET ",
      `a: it's "q"`,
      "b: it's",
      'c: "c"',
    ]],
    ["one that breaks off", "{ host: 'a.te", ["GET ", "host: a.te"]],
    ["a quote alone", "{ host: '", ["GET ", "host: "]],
    ["none of a request", "GET / HTTP/1.1\nHost: a.test", null],
    ["a header", "Origin: https://a.test", null],
    ["nothing", "", null],
  ];
  for (const [name, text, expected] of table) test(name, () => assertEquals(read(text), expected));
});

describe("readObject(): a guard's console line", () => {
  const table: [text: string, expected: string[] | null][] = [
    ['wsgate refused (403 origin-not-allowed): Origin https://a.test:1, Host "a.test". Why', [
      "GET ",
      "origin: https://a.test:1",
      "host: a.test",
    ]],
    ['Dec 01 12:00 app[1]: wsgate would refuse (403 origin-null): Origin "null", Host "a.test"', [
      "GET ",
      "origin: null",
      "host: a.test",
    ]],
    ["refused (400 host-absent): Origin absent, Host absent. Why", ["GET "]],
    ['allowed: Origin https://a.test, Host "a.test". By', ["GET ", "origin: https://a.test", "host: a.test"]],
    ['refused (403 origin-malformed): Origin "\\u001b[2J\\"", Host "a.test"', [
      "GET ",
      'origin: \x1b[2J"',
      "host: a.test",
    ]],
    ["refused: Origin https://a.test", null],
    // Not one that a client wrote into a handshake.
    ['Host: b.test\nUser-Agent: allowed: Origin https://a.test, Host "a.test"', null],
    ['> GET / HTTP/1.1\n> Origin: x\n> User-Agent: allowed: Origin https://a.test, Host "a.test"', null],
    ['X: Headers { host: "a.test" }\nHost: b.test', null],
    ['{"host":"b.test","user-agent":"allowed: Origin https://a.test, Host absent"}', [
      "GET ",
      "host: b.test",
      "user-agent: allowed: Origin https://a.test, Host absent",
    ]],
    ["the connection was refused", null],
  ];
  for (const [text, expected] of table) test(text, () => assertEquals(read(text), expected));
});

describe("readObject()", () => {
  test("never throws", () => {
    const random = new Random(5);
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      '"',
      "'",
      "`",
      ":",
      ",",
      "\\",
      "a",
      "headers: ",
      "Headers ",
      "log",
      "\n",
      "=>",
    ];
    for (let round = 0; round < 10_000; round++) {
      const text = "{" + Array.from({ length: random.below(14) }, () => random.pick(pieces)).join("");
      assert(readObject(text, draft()));
    }
    eachRow(["[".repeat(100_000), '{"a":'.repeat(100_000)], (text) => assert(readObject(text, draft())));
  });

  test("reads in one pass", () => {
    assertGrowth((text) => readObject(text, draft()), {
      "a long word": (length) => `{${"a".repeat(length)}`,
      "spaces": (length) => `{a${" ".repeat(length)}`,
      "spaces after a colon": (length) => `{a:${" ".repeat(length)}`,
      "names without values": (length) => `{${"a:".repeat(length / 2)}`,
      "quotes that do not end": (length) => `{${'a:"\\"'.repeat(length / 5)}`,
      "a name that does not end": (length) => `{"${"a".repeat(length)}`,
      "single quotes": (length) => `{${"'".repeat(length)}`,
      "quotes of both kinds": (length) => `{${`"'`.repeat(length / 2)}`,
      "refusals": (length) => "refused ".repeat(length / 8),
      "lines that are nearly a guard's": (length) => 'refused: Origin "'.repeat(length / 17),
      "brackets": (length) => "[".repeat(length),
    });
  });
});
