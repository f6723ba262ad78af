// Handshakes in one line: what they hold, and what is said of options that are wrong.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, createGate } from "@wsgate/wsgate";
import { clientHandshake, type HandshakeOptions, pageHandshake } from "@wsgate/wsgate/testing";
import { checkOpeningHandshake } from "../../src/handshake.ts";
import { readSocketUrl } from "../../src/testing/addresses.ts";
import { override, requestOf } from "../../src/testing/handshakes.ts";
import { faultsOf, untyped } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const TO = "wss://ws.example.com/chat?room=1";
const OWN = "https://app.example.com";
const USUAL: Readonly<Record<string, string>> = {
  "connection": "Upgrade",
  "host": "ws.example.com",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
  "upgrade": "websocket",
};

/** Everything but what a runtime adds by itself. */
function partsOf({ method, url, headers }: Request): unknown {
  return [method, url, Object.fromEntries(headers)];
}

describe("pageHandshake()", () => {
  test("is what RFC 6455 demands, and Origin", () => {
    const handshake = pageHandshake(OWN, { to: TO });
    assert(handshake instanceof Request);
    assertEquals(partsOf(handshake), ["GET", "https://ws.example.com/chat?room=1", {
      ...USUAL,
      origin: OWN,
    }]);
    assertEquals(checkOpeningHandshake(handshake), null);
  });

  test("brings along what it is given", () => {
    const handshake = pageHandshake("null", {
      to: "ws://localhost:8000",
      cookies: "session=1; theme=dark",
      protocols: ["chat", "ticket.1"],
      headers: { "User-Agent": "Mozilla/5.0" },
    });
    assertEquals(partsOf(handshake), ["GET", "http://localhost:8000/", {
      ...USUAL,
      "host": "localhost:8000",
      "origin": "null",
      "cookie": "session=1; theme=dark",
      "sec-websocket-protocol": "chat, ticket.1",
      "user-agent": "Mozilla/5.0",
    }]);
  });

  test("given fields take the place of the usual ones, whatever their case", () => {
    const headers = { HOST: "other.test:8443", Origin: "https://other.test", Upgrade: "h2c" };
    assertEquals(partsOf(pageHandshake(OWN, { to: TO, cookies: "a=b", headers })), [
      "GET",
      // The runtimes put the URL together from Host.
      "https://other.test:8443/chat?room=1",
      { ...USUAL, host: "other.test:8443", origin: "https://other.test", upgrade: "h2c", cookie: "a=b" },
    ]);
  });

  test("a Host that no URL can have leaves the socket's in the URL", () => {
    eachRow(["ada@ws.example.com", "a b", ""], (host) => {
      const { url, headers } = pageHandshake(OWN, { to: TO, headers: { host } });
      assertEquals([url, headers.get("host")], ["https://ws.example.com/chat?room=1", host]);
    });
  });

  test("is for one use: a gate notes that it was judged", () => {
    const gate = createGate(compilePolicy({ origins: [OWN] }));
    assertEquals(gate(pageHandshake(OWN, { to: TO })), undefined);
    assert(pageHandshake(OWN, { to: TO }) !== pageHandshake(OWN, { to: TO }));
  });
});

describe("clientHandshake()", () => {
  test("has no Origin unless one is given", () => {
    assertEquals(partsOf(clientHandshake({ to: TO })), ["GET", "https://ws.example.com/chat?room=1", USUAL]);
    const headers = { origin: OWN, authorization: "Bearer a" };
    assertEquals(partsOf(clientHandshake({ to: TO, headers })), [
      "GET",
      "https://ws.example.com/chat?room=1",
      { ...USUAL, ...headers },
    ]);
  });
});

describe("faults", () => {
  const rows: readonly (readonly [name: string, options: unknown, ...faults: string[]])[] = [
    ["nothing", undefined, "wrong-type options -1"],
    ["a URL alone", TO, "wrong-type options -1"],
    ["no URL", {}, "missing-option to -1"],
    ["an http URL", { to: "http://localhost:8000/chat" }, "scheme-not-allowed to -1"],
    ["an unknown option", { to: TO, cookie: "a=b" }, "unknown-option cookie -1"],
    ["cookies: an object", { to: TO, cookies: { a: "b" } }, "wrong-type cookies -1"],
    ["cookies: two lines", { to: TO, cookies: "a=b\r\nOrigin: x" }, "wrong-type cookies -1"],
    ["protocols: a string", { to: TO, protocols: "chat" }, "not-a-list protocols -1"],
    [
      "protocols: no tokens",
      { to: TO, protocols: ["chat", "a b", 7, ""] },
      "protocol-malformed protocols 1",
      "protocol-malformed protocols 2",
      "protocol-malformed protocols 3",
    ],
    ["headers: a list", { to: TO, headers: [["a", "b"]] }, "wrong-type headers -1"],
    ["headers: Headers", { to: TO, headers: new Headers({ a: "b" }) }, "wrong-type headers -1"],
    ["headers: a string", { to: TO, headers: "a: b" }, "wrong-type headers -1"],
    ["headers: null", { to: TO, headers: null }, "wrong-type headers -1"],
    [
      "headers: no fields",
      { to: TO, headers: { "a b": "c", ok: "d", "n": 7, "s": "snow \u2603" } },
      "wrong-type headers.a b -1",
      "wrong-type headers.n -1",
      "wrong-type headers.s -1",
    ],
    [
      "everything at once",
      { to: "/chat", cookies: 1, protocols: 2, headers: 3, cookie: 4 },
      "unknown-option cookie -1",
      "wrong-type to -1",
      "wrong-type cookies -1",
      "not-a-list protocols -1",
      "wrong-type headers -1",
    ],
  ];
  for (const [name, options, ...expected] of rows) {
    test(name, () => {
      const found = faultsOf(() => clientHandshake(options as HandshakeOptions), (fault, fix) => {
        words.assert(`${name}: ${fault}`, fix);
      });
      assertEquals(found, expected);
    });
  }

  test("of the origin of a page, first", () => {
    eachRow(["https://example.com/", "*", undefined], (origin) => {
      const code = origin === undefined ? "not-a-string" : "wrong-type";
      assertEquals(faultsOf(() => pageHandshake(untyped(origin), untyped({}))), [
        `${code} origin -1`,
        "missing-option to -1",
      ]);
    });
  });

  test("an empty list of protocols offers none", () => {
    assertEquals(clientHandshake({ to: TO, protocols: [] }).headers.has("sec-websocket-protocol"), false);
  });
});

describe("requestOf()", () => {
  const socket = readSocketUrl({ to: TO }, [])!;

  test("a target with an authority of its own is the URL", () => {
    const { url } = requestOf("GET", "https://ws.example.com/chat", [["Host", "attacker.test"]], socket);
    assertEquals(url, "https://ws.example.com/chat");
  });

  test("a repeated field is joined, as the runtimes join it", () => {
    const request = requestOf("GET", "/", [["Host", "a.test"], ["Host", "b.test"]], socket);
    assertEquals([request.url, request.headers.get("host")], ["https://ws.example.com/", "a.test, b.test"]);
  });

  test("CONNECT, which not every constructor takes", () => {
    assertEquals(requestOf("CONNECT", "/", [], socket).method, "CONNECT");
  });
});

describe("override()", () => {
  test("takes the place of every field of the name, or takes it out", () => {
    const fields = [["Host", "a"], ["host", "b"], ["Upgrade", "c"]] as const;
    assertEquals<unknown>(override(fields, [["HOST", "d"]]), [["Upgrade", "c"], ["HOST", "d"]]);
    assertEquals<unknown>(override(fields, [["upgrade", null]]), [["Host", "a"], ["host", "b"]]);
    assertEquals<unknown>(override(fields, []), fields);
  });
});

words.end();
