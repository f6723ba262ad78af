// RFC 6455 §4.2.1 by table, and the choice of a subprotocol. Everything here is pure: what the runtimes make of such
// values is asked of real servers in `guard/hostile_bytes_test.ts` and `socket/traps_test.ts`.

import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import type { DenyReason } from "@wsgate/wsgate";
import {
  checkOpeningHandshake,
  chooseProtocol,
  connectionUpgrade,
  isCredential,
  isToken,
  offeredProtocols,
  pathOf,
  requestedUpgrade,
} from "../src/handshake.ts";
import { denials } from "../src/denial.ts";
import { handshakeOf, type Parts, requestOf } from "./doubles.ts";
import { assertGrowth, runsOf } from "./growth.ts";
import { Random, seed } from "./random.ts";
import { eachRow } from "./rows.ts";
import { handshakes, judgeAll } from "./vectors.ts";

/** RFC 6455 §1.3's own. */

// ---- Upgrade and Connection --------------------------------------------------------------------------------------------

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
    eachRow(TABLE, ([value, expected]) => assertEquals(asked(value), expected));
  });

  test("reads a real Request, whose header names have no case", () => {
    eachRow(["upgrade", "Upgrade", "UPGRADE"], (name) => {
      const headers = new Headers([[name, "WebSocket"]]);
      assertEquals(requestedUpgrade({ method: "GET", url: "/", headers }), "websocket");
    });
    const url = "http://server.example/";
    assertEquals(requestedUpgrade(new Request(url)), "none");
    assertEquals(requestedUpgrade(new Request(url, { headers: { upgrade: "h2c, websocket" } })), "malformed");
    const twice = new Headers([["Upgrade", "websocket"], ["Upgrade", "websocket"]]);
    assertEquals(requestedUpgrade({ method: "GET", url, headers: twice }), "malformed");
  });

  test("depends on nothing but the Upgrade field", () => {
    eachRow(["GET", "POST", "get", ""], (method) => {
      const headers = { get: (name: string) => /^upgrade$/i.test(name) ? "websocket" : "keep-alive" };
      assertEquals(requestedUpgrade({ method, url: "", headers }), "websocket");
    });
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
    const seen: Record<Asked, number> = { none: 0, connect: 0, websocket: 0, malformed: 0 };
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
    eachRow(["", "!", ",websocket"], (suffix) => assertGrowth(asked, runsOf({ suffix, units })));
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
    eachRow(TABLE, ([value, expected]) => assertEquals(optionOf(value), expected));
    eachRow(["connection", "Connection"], (name) => {
      const headers = new Headers([[name, "keep-alive"], [name, "Upgrade"]]);
      assertEquals(connectionUpgrade({ method: "GET", url: "/", headers }), "upgrade");
    });
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
    eachRow(Object.values(seen), (times) => assertGreater(times, 3000));
  });

  test("takes one pass, whatever the value", () => {
    const units = ["upgrade", "upgrade ", "upgrade,", ",upgrad", " upgrade\t;", ", \t", "u"];
    eachRow(["!", ",upgrade"], (suffix) => assertGrowth(optionOf, runsOf({ suffix, units })));
    assertGrowth(optionOf, runsOf({ prefix: "upgrade", suffix: "!", units }));
  });
});

// ---- the whole of it ---------------------------------------------------------------------------------------------------

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

const GOOD = {
  host: "site.test",
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": KEY,
};

/** What is said of a handshake that differs from a good one only as given. */
function verdict({ headers, ...parts }: Parts): DenyReason | "good" {
  return checkOpeningHandshake(handshakeOf({ ...parts, headers: { ...GOOD, ...headers } }))?.reason ?? "good";
}

/** One header field (or the method): what passes, and what is refused with which reason. */
interface Row {
  readonly field: string;
  readonly accepts: readonly string[];
  readonly rejects: Readonly<Partial<Record<DenyReason, readonly (string | null)[]>>>;
}

const ROWS: readonly Row[] = [
  {
    field: "upgrade",
    accepts: ["websocket", "WebSocket", "WEBSOCKET", "wEBsOCKET"],
    rejects: {
      "not-a-handshake": [
        null,
        "",
        " ",
        ",",
        "h2c",
        "TLS/1.0",
        "web socket",
        "web,socket",
        "websocke",
        "ebsocket",
      ],
      // Wherever the word is, a runtime may find it.
      "upgrade-malformed": [
        "websocket,websocket",
        "h2c, websocket",
        "websocket, h2c",
        ",websocket",
        "websocket,",
        "WebSocket\t,\tTLS/1.0",
        " websocket", // a runtime has trimmed it; whatever has not been trimmed is not what browsers send
        "websocket ",
        "websockets",
        "xwebsocket",
        "websocket/13",
        "foo websocket",
        '"websocket"',
        "\xa0websocket",
        "websocket\x0b",
      ],
    },
  },
  {
    field: "host",
    accepts: [
      "site.test",
      "SITE.test",
      "site.test:8080",
      "127.0.0.1",
      "[::1]:8443",
      "localhost",
      "site.test.",
    ],
    rejects: {
      "host-absent": [null],
      "host-malformed": [
        "",
        " ",
        "site.test, site.test",
        "site.test:",
        "site.test:99999",
        "user@site.test",
        "site.test/path",
        "http://site.test",
        "127.1",
        "::1",
        "[::1%25eth0]",
        "\xa0site.test",
      ],
    },
  },
  {
    field: "connection",
    accepts: [
      "Upgrade",
      "upgrade",
      "UPGRADE",
      "uPgRaDe",
      "keep-alive, Upgrade", // Firefox
      "Upgrade, keep-alive",
      "Upgrade,keep-alive,TE",
      "keep-alive,Upgrade",
      "keep-alive ,\tUpgrade\t , TE",
      " Upgrade ",
      ",Upgrade",
      "Upgrade,",
      ", ,, upgrade ,",
      "Upgrade, Upgrade",
    ],
    rejects: {
      "connection-malformed": [
        null,
        "",
        " ",
        ",",
        "keep-alive",
        "close",
        "Upgraded",
        "XUpgrade",
        "x-upgrade",
        "upgrade-insecure-requests",
        "keep-alive Upgrade",
        "Upgrade keep-alive",
        "Upgrade;keep-alive",
        "Upgrade; q=1",
        "Upgrade=1",
        '"Upgrade"',
        "up grade",
        "\xa0Upgrade",
        "keep-alive,\x0bUpgrade",
        "Upgrade\n",
        "websocket",
      ],
    },
  },
  {
    field: "sec-websocket-version",
    accepts: ["13"],
    rejects: {
      "version-unsupported": [
        null,
        "",
        "8",
        "7",
        "0",
        "1",
        "14",
        "113",
        "013",
        "13.0",
        "+13",
        "0xd",
        "1 3",
        " 13",
        "13 ",
        "13\n",
        "13, 13", // repeated
        "13, 8",
        "8, 13",
        "13,13",
        "\x31\xb3",
      ],
    },
  },
  {
    field: "sec-websocket-key",
    accepts: [
      KEY,
      "AAAAAAAAAAAAAAAAAAAAAA==",
      "AAAAAAAAAAAAAAAAAAAAAQ==",
      "AAAAAAAAAAAAAAAAAAAAAg==",
      "AAAAAAAAAAAAAAAAAAAAAw==",
      "/////////////////////w==",
      "+/+/+/+/+/+/+/+/+/+/+w==",
    ],
    rejects: {
      "key-malformed": [
        null,
        "",
        " ",
        "==",
        "=",
        KEY.slice(0, -1),
        KEY.slice(0, -2),
        KEY + "=",
        " " + KEY,
        KEY + " ",
        KEY + "\n",
        `${KEY}, ${KEY}`, // repeated
        `${KEY},${KEY}`,
        KEY.replace("Z", "-"), // base64url
        KEY.replace("Z", "_"),
        KEY.replace("Z", " "),
        KEY.replace("Z", "\xe9"),
        KEY.replace("Z", "="),
        KEY.replace("Q==", "R=="), // bits that sixteen bytes do not have
        KEY.replace("Q==", "a=="),
        KEY.replace("Q==", "/=="),
        Buffer.from("fifteen bytes..").toString("base64"),
        Buffer.from("seventeen bytes..").toString("base64"),
        Buffer.from("eighteen bytes....").toString("base64"),
        "not base64 at all!!!!!!!",
        KEY.repeat(3000),
      ],
    },
  },
];

describe("checkOpeningHandshake()", () => {
  test("an ordinary handshake passes", () => {
    assertEquals(checkOpeningHandshake(handshakeOf({ headers: GOOD })), null);
    assertEquals(checkOpeningHandshake(requestOf({ headers: GOOD })), null);
  });

  test("the method is GET, in upper case", () => {
    assertEquals(verdict({ method: "GET" }), "good");
    const others = [
      "get",
      "Get",
      "POST",
      "PUT",
      "HEAD",
      "DELETE",
      "OPTIONS",
      "PATCH",
      "TRACE",
      "",
      "GET ",
    ];
    eachRow(others, (method) => assertEquals(verdict({ method }), "method-not-allowed"));
    // That one asks for a WebSocket by itself, and for a way of opening it that no runtime has.
    assertEquals(verdict({ method: "CONNECT" }), "connect-not-supported");
  });

  for (const { field, accepts, rejects } of ROWS) {
    test(`${field}: what passes`, () => {
      eachRow(accepts, (value) => assertEquals(verdict({ headers: { [field]: value } }), "good"));
    });
    for (const [reason, values] of Object.entries(rejects)) {
      test(`${field}: ${reason}`, () => {
        eachRow(values, (value) => {
          assertEquals(verdict({ headers: { [field]: value } }), reason as DenyReason);
        });
      });
    }
  }

  test("every key of sixteen bytes passes, and none of another length", () => {
    const random = new Random();
    for (let i = 0; i < 2000; i++) {
      const length = 14 + random.below(5);
      const key = Buffer.from(Array.from({ length }, () => random.below(256))).toString("base64");
      const expected = length === 16 ? "good" : "key-malformed";
      assertEquals(verdict({ headers: { "sec-websocket-key": key } }), expected, `${key}, seed ${seed}`);
    }
  });

  test("a key passes exactly where decoding and encoding give it back and sixteen bytes lie between", () => {
    const random = new Random();
    const alphabet = "ABQZagqwz0159+/==-_ \n";
    let passed = 0;
    for (let i = 0; i < 20_000; i++) {
      const end = random.pick(["==", "==", "==", "=", "", "A=", "===", " =="]);
      const key = Array.from({ length: 22 }, () =>
        random.oneIn(60) ? random.pick([...alphabet]) : "w").join("") + end;
      const bytes = Buffer.from(key, "base64");
      const good = bytes.length === 16 && bytes.toString("base64") === key;
      if (good) passed++;
      const says = `${JSON.stringify(key)}, seed ${seed}`;
      assertEquals(verdict({ headers: { "sec-websocket-key": key } }), good ? "good" : "key-malformed", says);
    }
    assertGreater(passed, 2000);
  });

  test("the first fault is the one that is told, in the order of the way of a request", () => {
    const faults: readonly [DenyReason, Parts][] = [
      ["key-malformed", { headers: { "sec-websocket-key": null } }],
      ["version-unsupported", { headers: { "sec-websocket-version": "8" } }],
      ["connection-malformed", { headers: { connection: "close" } }],
      ["host-malformed", { headers: { host: "a b" } }],
      ["host-absent", { headers: { host: null } }],
      ["method-not-allowed", { method: "POST" }],
      ["upgrade-malformed", { headers: { upgrade: "h2c, websocket" } }],
      ["not-a-handshake", { headers: { upgrade: "h2c" } }],
    ];
    let all: Parts = {};
    eachRow(faults, ([reason, parts]) => {
      all = { ...all, ...parts, headers: { ...all.headers, ...parts.headers } };
      assertEquals(verdict(all), reason);
    });
  });

  test("it returns the frozen decision of each reason", () => {
    assert(checkOpeningHandshake(handshakeOf({})) === denials["not-a-handshake"]);
    assert(
      checkOpeningHandshake(handshakeOf({ headers: { ...GOOD, connection: null } })) ===
        denials["connection-malformed"],
    );
  });

  test("each header is read once", () => {
    const handshake = handshakeOf({ headers: GOOD });
    checkOpeningHandshake(handshake);
    assertEquals(handshake.headers.reads.toSorted(), Object.keys(GOOD).toSorted());
  });

  test("every captured handshake of browsers and clients passes, but for one whose Host is no ASCII", async () => {
    await judgeAll("RFC 6455 §4.2.1", handshakes, 428, ({ method, path, headers }) => {
      const fields = new Headers(headers as [string, string][]);
      // One client of the 428 sends an international name in UTF-8 instead of punycode.
      const expected = /[^\x20-\x7e]/.test(fields.get("host")!) ? "host-malformed" : null;
      const reason = checkOpeningHandshake({ method, url: path, headers: fields })?.reason ?? null;
      return reason === expected ? null : `${reason} instead of ${expected}`;
    });
  });

  test("whatever the bytes, it answers, and lets through what has every part and nothing else", () => {
    const random = new Random();
    const pieces = [
      "websocket",
      "Upgrade",
      "13",
      KEY,
      "site.test",
      ",",
      ", ",
      " ",
      "\t",
      "=",
      "a",
      "\xa0",
      "\xff",
      "",
    ];
    let good = 0;
    for (let i = 0; i < 5000; i++) {
      const headers: Record<string, string | null> = {};
      for (const [name, value] of Object.entries(GOOD)) {
        const noise = () => Array.from({ length: random.below(4) }, () => random.pick(pieces)).join("");
        if (random.oneIn(8)) headers[name] = random.oneIn(4) ? null : noise();
        else if (random.oneIn(20)) headers[name] = noise() + value + noise();
      }
      const reason = verdict({ headers });
      assert(reason === "good" || reason in denials, `${JSON.stringify(headers)}, seed ${seed}`);
      if (reason === "good") good++;
      if (Object.keys(headers).length === 0) assertEquals(reason, "good");
    }
    assertGreater(good, 500);
    assertGreater(5000 - good, 500);
  });

  test("no header costs more than one pass", () => {
    eachRow(Object.keys(GOOD), (field) => {
      const run = (value: string) =>
        checkOpeningHandshake(handshakeOf({ headers: { ...GOOD, [field]: value } }));
      assertGrowth(
        run,
        runsOf({ units: ["upgrade", "upgrade,", "websocket", "websocket,", " \t", "upgrade "] }),
      );
    });
  });
});

describe("pathOf()", () => {
  const table: readonly [url: string, path: string | null][] = [
    ["http://server.example/chat", "/chat"],
    ["http://server.example", "/"],
    ["http://server.example?room=1", "/"],
    ["http://server.example/chat?room=1", "/chat"],
    ["http://server.example/chat?next=/admin?x", "/chat"],
    ["/chat?next=http://evil.test/admin", "/chat"],
    ["WSS://user@server.example:8443/chat/", "/chat/"],
    // As it was sent: whoever repairs it reads another path than somebody in front.
    ["http://server.example/chat/../admin", "/chat/../admin"],
    ["http://server.example\\admin", "\\admin"],
    ["/chat#part", "/chat#part"],
    ["//server.example/chat", "//server.example/chat"],
    ["/%63hat", "/%63hat"],
    ["*", null],
    ["server.example:443", null],
    ["?room=1", null],
    ["", null],
  ];

  test("is the path as it was sent, without the query", () => {
    eachRow(table, ([url, path]) => assertEquals(pathOf(url), path));
  });
});

describe("checkOpeningHandshake() behind a guard", () => {
  const asked = (judged: "upgrade" | "none" | undefined, headers: Parts["headers"] = {}, method = "GET") => {
    const handshake = handshakeOf({ method, headers: { ...GOOD, ...headers } });
    return [checkOpeningHandshake(handshake, judged)?.reason ?? "good", handshake.headers.reads];
  };

  test("reads what the guard has not, and judges that as ever", () => {
    const left = ["sec-websocket-version", "sec-websocket-key"];
    assertEquals(asked("upgrade"), ["good", left]);
    assertEquals(asked("upgrade", {}, "POST"), ["method-not-allowed", []]);
    assertEquals(asked("none"), ["connection-malformed", []]);
    assertEquals(asked("upgrade", { "sec-websocket-version": "8" }), [
      "version-unsupported",
      left.slice(0, 1),
    ]);
    assertEquals(asked("upgrade", { "sec-websocket-key": "x" }), ["key-malformed", left]);
    assertEquals(asked(undefined), ["good", ["upgrade", "host", "connection", ...left]]);
  });
});

describe("offeredProtocols()", () => {
  const table: readonly [offer: string | null, names: readonly string[]][] = [
    [null, []],
    ["", []],
    [" ", []],
    [",", []],
    [" , ,, ", []],
    ["a", ["a"]],
    ["a,b", ["a", "b"]], // the npm client `ws`
    ["a, b", ["a", "b"]], // browsers
    ["a ,\tb\t,  c", ["a", "b", "c"]],
    [",a,,b,", ["a", "b"]],
    ["b, a", ["b", "a"]],
    ["a, a", ["a", "a"]],
    ["chat.v2, graphql-transport-ws, v12.stomp", ["chat.v2", "graphql-transport-ws", "v12.stomp"]],
    ["A, a", ["A", "a"]], // names are compared with their case
    ["bearer.eyJh.b-_, ticket.1", ["bearer.eyJh.b-_", "ticket.1"]],
    ["!#$%&'*+-.^_`|~", ["!#$%&'*+-.^_`|~"]],
    // No token: could not be chosen, and is passed over.
    ["a b, c", ["c"]],
    ["a/1, (x), <y>, b@c, d:e, f;g, h=i, k?l, [m], {n}, \\o", []],
    ["\xa0a, b\xa0, \x0bc, d\x0c, e", ["e"]], // HTTP trims spaces and tabs only
    ['"a, b", c', ["c"]], // no quoted strings in a list of tokens
    ["a\x00, \x7f, \x80, \xff, é, \u0131, c", ["c"]],
    ["constructor, __proto__, toString", ["constructor", "__proto__", "toString"]],
  ];
  for (const [offer, names] of table) {
    test(`of ${JSON.stringify(offer)}`, () => {
      assertEquals(offeredProtocols(handshakeOf({ headers: { "sec-websocket-protocol": offer } })), [
        ...names,
      ]);
    });
  }

  test("a repeated header reads as one list", () => {
    const headers = new Headers([["sec-websocket-protocol", "a"], ["sec-websocket-protocol", "b,c"]]);
    assertEquals(offeredProtocols({ method: "GET", url: "/", headers }), ["a", "b", "c"]);
  });

  test("it costs one pass", () => {
    const run = (offer: string) =>
      offeredProtocols(handshakeOf({ headers: { "sec-websocket-protocol": offer } }));
    assertGrowth(run, runsOf({ units: ["a,", "a, ", " a", "a \t"] }));
  });
});

describe("chooseProtocol()", () => {
  const table: readonly [ours: readonly string[], offer: string | null, chosen: string][] = [
    [[], null, ""],
    [[], "a", ""],
    [[], "", ""],
    [["a"], null, ""],
    [["a"], "", ""],
    [["a"], "a", "a"],
    [["a"], "b", ""],
    [["a"], "A", ""],
    [["A"], "a", ""],
    [["a"], "aa", ""],
    [["aa"], "a", ""],
    [["a", "b"], "a,b", "a"],
    [["a", "b"], "b,a", "a"], // the server's order
    [["b", "a"], "a, b", "b"],
    [["a", "b"], "b", "b"],
    [["a", "b", "c"], "x, c, y,b", "b"],
    [["a"], "bearer.secret, a", "a"],
    [["a"], "bearer.secret", ""],
    [["a"], "a b", ""], // no token, so no offer of either
    [["b"], "a b", ""],
    [["a"], '"a"', ""],
    [["constructor"], "a", ""],
    [["a"], "constructor, __proto__", ""],
    [["__proto__"], "__proto__", "__proto__"],
  ];
  for (const [ours, offer, chosen] of table) {
    test(`${JSON.stringify(ours)} of ${JSON.stringify(offer)}`, () => {
      assertEquals(
        chooseProtocol(handshakeOf({ headers: { "sec-websocket-protocol": offer } }), ours),
        chosen,
      );
    });
  }

  test("without subprotocols of its own a server does not read the offer", () => {
    const handshake = handshakeOf({ headers: { "sec-websocket-protocol": "a" } });
    chooseProtocol(handshake, []);
    assertEquals(handshake.headers.reads, []);
  });

  test("it costs one pass, however many are offered", () => {
    const ours = Array.from({ length: 50 }, (_, i) => `proto${i}`);
    const run = (offer: string) =>
      chooseProtocol(handshakeOf({ headers: { "sec-websocket-protocol": offer } }), ours);
    let count = 0;
    const distinct = (length: number) =>
      Array.from(
        { length: Math.ceil(length / 8) },
        () => `p${(count++ % 100_000).toString().padStart(6, "0")}`,
      ).join();
    assertGrowth(run, { ...runsOf({ units: ["a,", "proto1,"] }), "distinct names": distinct });
  });
});

test("isToken() is RFC 9110's token, for every character there is up to U+0200", () => {
  // RFC 9110 §5.6.2: tchar
  const allowed = new Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  const characters = Array.from({ length: 0x200 }, (_, code) => String.fromCharCode(code));
  eachRow(characters, (char) => {
    eachRow([char, `a${char}`, `${char}a`], (text) => assertEquals(isToken(text), allowed.has(char)));
  });
  assertEquals(isToken(""), false);
  assertEquals(isToken("a\n"), false);
  assertEquals(isToken("a".repeat(10_000)), true);
});

test("isCredential() is what begins with ticket. or bearer., in any case", () => {
  eachRow(
    ["ticket.", "ticket.a", "TICKET.a", "bearer.a.b", "Bearer."],
    (offer) => assert(isCredential(offer)),
  );
  eachRow(["", "ticket", "bearer", "tickets.a", "aticket.a", " ticket.a", "chat.ticket.a"], (offer) => {
    assertEquals(isCredential(offer), false);
  });
});
