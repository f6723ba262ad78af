// Handshakes as people copy them, from each place they come from.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { handshakeOf, readHandshake } from "../../src/cli/handshake_text.ts";
import { checkOpeningHandshake } from "../../src/handshake.ts";
import { assertGrowth } from "../growth.ts";
import { Random } from "../random.ts";
import { eachRow } from "../rows.ts";
import { capturedHandshake, handshakes } from "../vectors.ts";

const NAMES = ["host", "origin", "upgrade", "cookie", "authorization"] as const;

function read(text: string) {
  const handshake = readHandshake(text);
  if (handshake === null) return null;
  const { method, url, headers } = handshake;
  const fields = NAMES.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [`${name}: ${value}`];
  });
  return [`${method} ${url}`, ...fields];
}

const EXPECTED = ["host: ws.test:8443", "origin: https://a.test", "upgrade: websocket"];

describe("readHandshake()", () => {
  const table: [name: string, text: string, expected: string[] | null][] = [
    [
      "Chromium, raw",
      "GET wss://ws.test:8443/chat?x=1 HTTP/1.1\nHost: ws.test:8443\nConnection: Upgrade\nUpgrade: websocket\nOrigin: https://a.test\n",
      ["GET wss://ws.test:8443/chat?x=1", ...EXPECTED],
    ],
    [
      "Chromium, the table, with what else is in the panel",
      "Request URL:\nwss://ws.test:8443/chat\nRequest Method:\nGET\nStatus Code:\n101 Switching Protocols\n" +
      "Response Headers\nUpgrade:\nother\nOrigin:\nhttps://no.test\n" +
      "Request Headers\nHost:\nws.test:8443\nOrigin:\nhttps://a.test\nUpgrade:\nwebsocket\n",
      ["GET wss://ws.test:8443/chat", ...EXPECTED],
    ],
    [
      "Firefox, raw, with Windows' line ends",
      "GET /chat HTTP/1.1\r\nHost: ws.test:8443\r\nUser-Agent: x\r\nOrigin: https://a.test\r\nUpgrade: websocket\r\n\r\n",
      ["GET /chat", ...EXPECTED],
    ],
    [
      "Firefox, all headers: the answer's come first",
      "HTTP/1.1 403 Forbidden\nOrigin: https://no.test\nContent-Length: 9\n\n" +
      "GET /chat HTTP/1.1\nHost: ws.test:8443\nOrigin: https://a.test\nUpgrade: websocket\n",
      ["GET /chat", ...EXPECTED],
    ],
    [
      "the answer's come last",
      "GET /chat HTTP/1.1\nHost: ws.test:8443\nOrigin: https://a.test\nUpgrade: websocket\n\n" +
      "HTTP/1.1 101 Switching Protocols\nUpgrade: other\n",
      ["GET /chat", ...EXPECTED],
    ],
    [
      "curl -v over TLS",
      "* Connected to ws.test (127.0.0.1) port 8443 (#0)\n* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n" +
      "> GET /chat HTTP/1.1\n> Host: ws.test:8443\n> Upgrade: websocket\n> Origin: https://a.test\n> \n" +
      "< HTTP/1.1 403 Forbidden\n< origin: https://no.test\n{ [9 bytes data]\nForbidden: yes\n",
      ["GET https://ws.test:8443/chat", ...EXPECTED],
    ],
    [
      "curl -v in clear",
      "* Connected to ws.test (127.0.0.1) port 8443\n> GET /chat HTTP/1.1\n> Host: ws.test:8443\n> Origin: https://a.test\n> upgrade: websocket\n",
      ["GET /chat", ...EXPECTED],
    ],
    [
      "HTTP/2",
      ":method: CONNECT\n:scheme: https\n:authority: ws.test:8443\n:path: /chat\norigin: https://a.test\nupgrade: websocket\n",
      ["CONNECT https://ws.test:8443/chat", ...EXPECTED],
    ],
    [
      "copied as cURL",
      "curl 'wss://ws.test:8443/chat' \\\n  -H 'Origin: https://a.test' \\\n  -H \"Upgrade: websocket\" \\\n" +
      "  --header 'Cookie: a=b' -b 'c=d' -X GET --compressed",
      ["GET wss://ws.test:8443/chat", ...EXPECTED, "cookie: a=b, c=d"],
    ],
    [
      "copied as cURL, another method",
      "curl https://ws.test:8443/chat -X POST -H 'Host: other.test'",
      ["POST https://ws.test:8443/chat", "host: other.test"],
    ],
    [
      "a panel's other parts",
      "Request Headers\nHost: ws.test:8443\nOrigin: https://a.test\nUpgrade: websocket\nCookies\nOrigin: https://no.test\n",
      ["GET /", ...EXPECTED],
    ],
    ["tabs between", "Host\tws.test\nOrigin\tnull\n", ["GET /", "host: ws.test", "origin: null"]],
    ["a field given twice", "Host: a\nOrigin: https://a.test\nOrigin: https://b.test", [
      "GET /",
      "host: a",
      "origin: https://a.test, https://b.test",
    ]],
    ["an empty one", "Host: a\nOrigin:\n", ["GET /", "host: a", "origin: "]],
    ["a table that breaks off", "Host:\na\nOrigin:", ["GET /", "host: a", "origin: "]],
    ["one header alone", "origin: https://a.test", ["GET /", "origin: https://a.test"]],
    ["no header", "hello\n\nworld", null],
    ["nothing", "", null],
    ["a URL alone", "https://a.test/x", null],
    ["a request line alone", "GET / HTTP/1.1", null],
  ];
  for (const [name, text, expected] of table) test(name, () => assertEquals(read(text), expected));

  test("every captured handshake, written as it went over the wire, and as curl writes it", () => {
    eachRow(handshakes, (row) => {
      const lines = [
        `${row.method} ${row.path} HTTP/1.1`,
        ...row.headers.map(([name, value]) => `${name}: ${value}`),
      ];
      const expected = capturedHandshake(row);
      eachRow([lines.join("\r\n"), lines.map((line) => `> ${line}`).join("\n")], (text) => {
        const handshake = readHandshake(text)!;
        assertEquals([handshake.method, handshake.url], [row.method, row.path]);
        eachRow(NAMES, (name) => assertEquals(handshake.headers.get(name), expected.headers.get(name)));
      });
    });
  });

  test("never throws", () => {
    const random = new Random(3);
    const pieces = [
      "> ",
      "GET ",
      " HTTP/1.1",
      "\n",
      ":",
      "Host",
      "Origin:",
      "curl ",
      "'",
      '"',
      "\\",
      "-H ",
      "\t",
      "\0",
      "\ud800",
      "* ",
      "< ",
    ];
    for (let i = 0; i < 5000; i++) {
      readHandshake(Array.from({ length: random.below(12) }, () => random.pick(pieces)).join(""));
    }
  });
});

describe("readHandshake(): the answer, and what else is known", () => {
  const answerOf = (text: string) => {
    const { answer } = readHandshake(text)!;
    return answer && [answer.status, answer.headers?.get("server") ?? null, answer.headers === null];
  };
  const table: [name: string, text: string, expected: [number, string | null, boolean] | null][] = [
    ["none", "Host: a", null],
    ["curl's", "> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 403 Forbidden\n< server: x\n<", [403, "x", false]],
    [
      "the last of curl's",
      "> GET / HTTP/1.1\n> Host: a\n< HTTP/1.1 302 Found\n< server: x\n< HTTP/1.1 200 OK\n",
      [
        200,
        null,
        true,
      ],
    ],
    ["a panel's, before the request's", "HTTP/2 403 \nserver: x\n\nGET / HTTP/1.1\nHost: a", [
      403,
      "x",
      false,
    ]],
    ["and after it", "GET / HTTP/1.1\nHost: a\n\nHTTP/1.1 101 Switching Protocols\nserver: x", [
      101,
      "x",
      false,
    ]],
    [
      "Chromium's table",
      "Status Code:\n403 Forbidden\nResponse Headers\nserver:\nx\nRequest Headers\nhost:\na",
      [
        403,
        "x",
        false,
      ],
    ],
    ["a status alone", "Request URL: wss://a/\nStatus Code: 431\nRequest Headers\nHost: a", [
      431,
      null,
      true,
    ]],
    ["a status that is none", "Status Code: pending\nHost: a", null],
    ["a HAR's", '{"request":{"headers":[{"name":"host","value":"a"}]},"response":{"status":403}}', [
      403,
      null,
      true,
    ]],
  ];
  for (const [name, text, expected] of table) test(name, () => assertEquals(answerOf(text), expected));

  test("CONNECT with the protocol websocket is the handshake that a proxy makes of it", () => {
    const { method, url, headers, http2, isWhole } = readHandshake(
      ":authority: a.test\n:method: CONNECT\n:path: /ws\n:protocol: websocket\n:scheme: https\n" +
        "origin: https://a.test\nsec-websocket-version: 13\n",
    )!;
    assertEquals([method, url, http2, isWhole], ["GET", "https://a.test/ws", "connect", true]);
    const asked = checkOpeningHandshake({ method, url, headers });
    assertEquals(asked, null);
  });

  test("an Upgrade over HTTP/2 is known as one", () => {
    const over = (version: string) =>
      readHandshake(`> GET /ws ${version}\n> Host: a\n> Upgrade: websocket`)!.http2;
    assertEquals([over("HTTP/2"), over("HTTP/1.1")], ["upgrade", null]);
    assertEquals(readHandshake("GET / HTTP/2\nHost: a")!.http2, null);
  });

  test("a handshake is whole by its key or its version", () => {
    const isWhole = (text: string) => readHandshake(text)!.isWhole;
    assertEquals(isWhole("Host: a\nUpgrade: websocket\nConnection: Upgrade"), false);
    assertEquals(isWhole("Host: a\nSec-WebSocket-Key: x"), true);
    assertEquals(isWhole("Host: a\nSec-WebSocket-Version: 13"), true);
  });

  test("only what a server printed has the server's URL", () => {
    assertEquals(readHandshake("GET wss://a/ HTTP/1.1\nHost: a")!.isServersUrl, false);
    assertEquals(
      readHandshake('Request {\n  headers: Headers { host: "a" },\n  url: "http://a/"\n}')!.isServersUrl,
      true,
    );
  });
});

test("handshakeOf() joins what is repeated", () => {
  const { headers } = handshakeOf("/", [["A", "1"], ["a", "2"]]);
  assertEquals([headers.get("a"), headers.get("b")], ["1, 2", null]);
});

test("readHandshake() reads in one pass", () => {
  assertGrowth(readHandshake, {
    "a name and tabs": (length) => `a${"\t".repeat(length)}\u2028x\nHost: ws.test`,
    "a quotation that does not end": (length) => `curl 'wss://ws.test' -H "${'\\"'.repeat(length / 2)}`,
    "single quotes that do not end": (length) => `curl 'wss://ws.test' -H '${"\\'".repeat(length / 2)}`,
    "lines": (length) => "a: b\n".repeat(length / 5),
  });
});
