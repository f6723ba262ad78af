// What a handshake shows of how it came: read once, escaped, and nothing that is a secret.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { readEvidence } from "../../src/explain/evidence.ts";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";

const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
const whole = { ...key, upgrade: "websocket", connection: "Upgrade" };
const read = (headers: Record<string, string>) => readEvidence(handshakeOf({ headers }));

describe("readEvidence()", () => {
  test("who sent it", () => {
    eachRow([
      [{}, "nobody"],
      [whole, "program"],
      [{ ...whole, "user-agent": "node", "sec-fetch-mode": "websocket" }, "program"],
      [{ "user-agent": "Mozilla/5.0 (X11)" }, "browser"],
      [{ ...whole, "sec-fetch-site": "same-origin" }, "browser"],
      [{ ...whole, "sec-fetch-dest": "empty" }, "browser"],
    ], ([headers, sender]) => assertEquals(read(headers as Record<string, string>).sender, sender));
    assert(read({ "user-agent": "Mozilla/5.0 Electron/39.2.0" }).isElectron);
  });

  test("what was taken out of it", () => {
    eachRow([
      [whole, null],
      [key, "upgrade"],
      [{ ...key, upgrade: "websocket" }, "connection"],
      [{ ...key, upgrade: "websocket", connection: "keep-alive, Upgrade" }, null],
      [{ ...key, upgrade: "websocket", connection: "xupgrade" }, null],
      [{ upgrade: "websocket" }, null],
    ], ([headers, stripped]) => assertEquals(read(headers as Record<string, string>).stripped, stripped));
    assertEquals(readEvidence(handshakeOf({ method: "CONNECT", headers: key })).stripped, null);
  });

  test("whether something was in between", () => {
    const names =
      "x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-for x-real-ip forwarded via";
    eachRow(names.split(" "), (name) => assert(read({ [name]: "a" }).isForwarded));
    assertEquals(read({}).isForwarded, false);
    assertEquals(read({ "x-forwarded-server": "a" }).isApache, true);
  });

  test("the Host that was asked for", () => {
    eachRow([
      [{ "x-forwarded-host": "A.test:81, b.test" }, ["X-Forwarded-Host", "a.test", 81, '"A.test:81"']],
      [{ forwarded: 'for=1.2.3.4;proto=https;host="a.test"' }, ["Forwarded", "a.test", 0, '"a.test"']],
      [{ forwarded: "host=a.test:81;for=x" }, ["Forwarded", "a.test", 81, '"a.test:81"']],
      [{ "x-forwarded-host": "a.test", forwarded: "host=b.test" }, [
        "X-Forwarded-Host",
        "a.test",
        0,
        '"a.test"',
      ]],
      [{ "x-forwarded-host": "\x1b[2J" }, []],
      [{ forwarded: "nohost=a.test" }, []],
      [{}, []],
    ], ([headers, expected]) => {
      const { forwarded } = read(headers as Record<string, string>);
      assertEquals<readonly unknown[]>(Object.values(forwarded ?? {}), expected);
    });
  });

  test("reads each header as rarely as it can, and never the subprotocols", () => {
    const handshake = handshakeOf({ headers: { ...whole, "sec-websocket-protocol": "ticket.secret" } });
    assert(!JSON.stringify(readEvidence(handshake)).includes("secret"));
    assert(!handshake.headers.reads.includes("sec-websocket-protocol"));
    assert(!handshake.headers.reads.includes("cookie"));
  });
});
