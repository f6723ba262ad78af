// What a request's Upgrade asks for, and whether its Connection goes with it. What the runtimes make of such values is
// asked of live servers in `policy/hostile_bytes_test.ts`; here are also those that no `Headers` would take.

import { describe, test } from "node:test";
import { assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { connectionUpgrade, requestedUpgrade } from "../src/handler.ts";
import { assertGrowth, runsOf } from "./growth.ts";
import { Random, seed } from "./random.ts";

type Asked = ReturnType<typeof requestedUpgrade>;

function asked(value: string | null): Asked {
  return requestedUpgrade({
    method: "GET",
    url: "http://server.example/",
    headers: { get: (name) => name.toLowerCase() === "upgrade" ? value : null },
  });
}

const TABLE: readonly (readonly [value: string | null, expected: Asked])[] = [
  [null, "none"],
  ["", "none"],
  ["h2c", "none"],
  ["TLS/1.0, h2c", "none"],
  ["*", "none"],

  // one token, in any case
  ["websocket", "websocket"],
  ["WebSocket", "websocket"],
  ["WEBSOCKET", "websocket"],
  ["wEBSOCKEt", "websocket"],

  // the token among other things: both runtimes upgrade
  ["websocket, websocket", "malformed"],
  ["websocket,websocket", "malformed"],
  ["h2c, websocket", "malformed"],
  ["h2c,websocket", "malformed"],
  ["websocket, h2c", "malformed"],
  ["websocket,h2c", "malformed"],
  ["h2c, WebSocket, foo", "malformed"],
  ["h2c ,\tWEBSOCKET \t, foo", "malformed"],
  [",websocket", "malformed"],
  ["websocket,", "malformed"],
  [",,,websocket,,,", "malformed"],
  ["\xa0,websocket", "malformed"],
  ["websocket/13, websocket", "malformed"],
  // spaces and tabs around it, which a runtime trims before a handler sees them, and a framework may not
  [" websocket", "malformed"],
  ["websocket ", "malformed"],
  ["\twebsocket\t", "malformed"],
  // quotes do not protect: both runtimes split at commas first
  ['h2c, "a,websocket,b"', "malformed"],
  ['",websocket', "malformed"],

  // the word where no token is: a runtime may see one in it, now or one day, and no honest client sends it
  ["\xa0websocket", "malformed"],
  ["websocket\xa0,foo", "malformed"],
  ["h2c,\xa0websocket", "malformed"],
  ["\x0bwebsocket", "malformed"],
  ["websocket\x0c", "malformed"],
  ["\x85websocket", "malformed"],
  ["\ufeffwebsocket", "malformed"],
  ["\u2003websocket", "malformed"],
  ["websocket\n", "malformed"],
  ["h2c\nwebsocket", "malformed"],
  ["h2c\r\n,websocket\r\n,", "malformed"],
  ["websocket\0", "malformed"],
  ["websockets", "malformed"],
  ["xwebsocket", "malformed"],
  ["websocket/13", "malformed"],
  ["websocket; q=1", "malformed"],
  ["websocket;", "malformed"],
  ["foo websocket", "malformed"],
  ["websocket foo", "malformed"],
  ["websocket websocket", "malformed"],
  ['"websocket"', "malformed"],
  ["'websocket'", "malformed"],
  ["(websocket)", "malformed"],

  // the word in pieces, or nearly
  ["websocke", "none"],
  ["ebsocket", "none"],
  ["web socket", "none"],
  ["web\tsocket", "none"],
  ["web,socket", "none"],
  ["web-socket", "none"],
  ["web\0socket", "none"],
  ["web\xadsocket", "none"],
  // letters that are another letter's other case in some alphabets
  ["web\u017focket", "none"],
  ["webso\u212aet", "none"],
  ["h2c, webso\u212aet", "none"],
  ["ｗebsocket", "none"],
];

describe("requestedUpgrade", () => {
  test("tells a handshake from other requests, and an honest one from others", () => {
    for (const [value, expected] of TABLE) {
      assertEquals(asked(value), expected, JSON.stringify(value));
    }
  });

  test("reads a real Request, whose header names have no case", () => {
    for (const name of ["upgrade", "Upgrade", "UPGRADE"]) {
      const headers = new Headers([[name, "WebSocket"]]);
      assertEquals(requestedUpgrade({ method: "GET", url: "/", headers }), "websocket");
    }
    const url = "http://server.example/";
    assertEquals(requestedUpgrade(new Request(url)), "none");
    assertEquals(requestedUpgrade(new Request(url, { headers: { upgrade: "h2c, websocket" } })), "malformed");
    const twice = new Headers([["Upgrade", "websocket"], ["Upgrade", "websocket"]]);
    assertEquals(requestedUpgrade({ method: "GET", url, headers: twice }), "malformed");
  });

  test("depends on nothing but the Upgrade field", () => {
    for (const method of ["GET", "POST", "get", ""]) {
      const headers = { get: (name: string) => /^upgrade$/i.test(name) ? "websocket" : "keep-alive" };
      assertEquals(requestedUpgrade({ method, url: "", headers }), "websocket", method);
    }
    assertEquals(
      requestedUpgrade({
        method: "GET",
        url: "/websocket",
        headers: { get: (name) => /^upgrade$/i.test(name) ? null : "websocket" },
      }),
      "none",
    );
  });

  test("never says none to what a runtime upgrades", () => {
    const random = new Random();
    const pieces = [
      "websocket",
      "WebSocket",
      "websocket",
      ",",
      ",",
      ",",
      " ",
      "\t",
      "h2c",
      '"',
      "\xa0",
      "/13",
    ];
    const seen: Record<Asked, number> = { none: 0, websocket: 0, malformed: 0 };
    let upgraded = 0;
    for (let i = 0; i < 30_000; i++) {
      const value = Array.from({ length: random.below(7) }, () => random.pick(pieces)).join("");
      const says = `${JSON.stringify(value)} (seed ${seed})`;
      const answer = asked(value);
      seen[answer]++;
      // Both runtimes: a comma-separated member that is `websocket` in any case, spaces and tabs around it taken off.
      const members = value.split(",").map((member) => member.replace(/^[ \t]*|[ \t]*$/g, "").toLowerCase());
      if (members.includes("websocket")) {
        upgraded++;
        assertNotEquals(answer, "none", says);
      }
      assertEquals(answer === "websocket", value.toLowerCase() === "websocket", says);
      assertEquals(answer === "none", !value.toLowerCase().includes("websocket"), says);
    }
    assertGreater(upgraded, 5000);
    assertGreater(seen.none, 5000);
    assertGreater(seen.websocket, 500);
    assertGreater(seen.malformed, 10_000);
  });

  test("takes one pass, whatever the value", () => {
    const units = ["websocket", "websocket,", ",websocke", "websoc", "w", "we", ", \t"];
    for (const suffix of ["", "!", ",websocket"]) assertGrowth(asked, runsOf({ suffix, units }));
  });
});

describe("connectionUpgrade", () => {
  type Option = ReturnType<typeof connectionUpgrade>;

  function optionOf(value: string | null): Option {
    return connectionUpgrade({
      method: "GET",
      url: "http://server.example/",
      headers: { get: (name) => name.toLowerCase() === "connection" ? value : null },
    });
  }

  const TABLE: readonly (readonly [value: string | null, expected: Option])[] = [
    [null, "none"],
    ["", "none"],
    ["close", "none"],
    ["keep-alive", "none"],
    ["keep-alive, http2-settings", "none"],

    // what browsers and clients send
    ["Upgrade", "upgrade"],
    ["upgrade", "upgrade"],
    ["UPGRADE", "upgrade"],
    ["keep-alive, Upgrade", "upgrade"],
    ["Upgrade, keep-alive", "upgrade"],
    ["keep-alive,upgrade", "upgrade"],
    ["Upgrade, HTTP2-Settings", "upgrade"],
    ["close ,\tUPGRADE \t, foo", "upgrade"],
    [" upgrade", "upgrade"],
    ["upgrade\t", "upgrade"],
    [",upgrade,", "upgrade"],
    ["upgrade, upgrade", "upgrade"],
    ["upgrades, upgrade", "upgrade"],

    // the word, and no option of that name
    ["upgrades", "malformed"],
    ["x-upgrade", "malformed"],
    ["keep-alive upgrade", "malformed"],
    ["keep-alive, x-Upgrade", "malformed"],
    ['"upgrade"', "malformed"],
    ["upgrade/1", "malformed"],
    ["upgrade;q=1", "malformed"],
    ["upgrade upgrade", "malformed"],
    ["\xa0upgrade", "malformed"],
    ["upgrade\x0b", "malformed"],
    ["keep-alive\nupgrade", "malformed"],
    ["upgrade\n", "malformed"],
    ["upgrade\0,x", "malformed"],

    // the word in pieces, or nearly
    ["upgrad", "none"],
    ["pgrade", "none"],
    ["up grade", "none"],
    ["up,grade", "none"],
    ["up\tgrade", "none"],
    ["ｕpgrade", "none"],
  ];

  test("finds the option, and the word where it is none", () => {
    for (const [value, expected] of TABLE) assertEquals(optionOf(value), expected, JSON.stringify(value));
    for (const name of ["connection", "Connection"]) {
      const headers = new Headers([[name, "keep-alive"], [name, "Upgrade"]]);
      assertEquals(connectionUpgrade({ method: "GET", url: "/", headers }), "upgrade");
    }
  });

  test("agrees with the rule written as it is said", () => {
    const random = new Random();
    const pieces = ["upgrade", "Upgrade", "upgrade", ",", ",", ",", " ", "\t", "close", '"', "\xa0", "/1"];
    const seen: Record<Option, number> = { none: 0, upgrade: 0, malformed: 0 };
    for (let i = 0; i < 30_000; i++) {
      const value = Array.from({ length: random.below(7) }, () => random.pick(pieces)).join("").toLowerCase();
      const options = value.split(",").map((option) => option.replace(/^[ \t]*|[ \t]*$/g, ""));
      const expected = options.includes("upgrade")
        ? "upgrade"
        : value.includes("upgrade")
        ? "malformed"
        : "none";
      seen[expected]++;
      assertEquals(optionOf(value), expected, `${JSON.stringify(value)} (seed ${seed})`);
    }
    for (const times of Object.values(seen)) assertGreater(times, 3000);
  });

  test("takes one pass, whatever the value", () => {
    const units = ["upgrade", "upgrade ", "upgrade,", ",upgrad", " upgrade\t;", ", \t", "u"];
    for (const suffix of ["!", ",upgrade"]) assertGrowth(optionOf, runsOf({ suffix, units }));
    assertGrowth(optionOf, runsOf({ prefix: "upgrade", suffix: "!", units }));
  });
});
