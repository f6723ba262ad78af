// What a server would answer: the list, and what RFC 6455 asks before and after it; the same as a real composition.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compileAllowedHosts, compilePolicy, guard, type Policy, upgradeHandler } from "@wsgate/wsgate";
import { handshakeOf } from "../../src/cli/handshake_text.ts";
import { type Extent, judgeAsServer } from "../../src/cli/judge.ts";
import { printed, requestOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const HANDSHAKE: Readonly<Record<string, string>> = {
  host: "a.test",
  origin: "https://a.test",
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A whole handshake with some of its fields changed; null: left out. */
function changed(fields: Readonly<Record<string, string | null>>, method = "GET") {
  const lines = Object.entries({ ...HANDSHAKE, ...fields })
    .flatMap(([name, value]): [string, string][] => value === null ? [] : [[name, value]]);
  return handshakeOf("http://a.test/", lines, method);
}

const LISTED = compilePolicy({ origins: ["https://a.test"] });
const WHOLE: Extent = { fields: "whole", isServersUrl: true };

function judged(handshake: ReturnType<typeof changed>, policy: Policy, extent: Extent): string {
  const judgements = judgeAsServer(handshake, policy, extent);
  assert(!judgements.dependsOnScheme);
  const { explanation: { decision }, why } = judgements.one;
  const outcome = decision.allowed ? "allowed" : `${decision.status} ${decision.reason}`;
  return why === null ? outcome : `${outcome}, not by the list`;
}

describe("judgeAsServer(): from Upgrade to key", () => {
  const table: [name: string, fields: Record<string, string | null>, outcome: string, method?: string][] = [
    ["a browser's handshake", {}, "allowed"],
    ["another origin", { origin: "https://evil.test" }, "403 origin-not-allowed"],
    ["no Upgrade", { upgrade: null }, "426 not-a-handshake, not by the list"],
    ["another protocol", { upgrade: "h2c" }, "426 not-a-handshake, not by the list"],
    ["Upgrade twice", { upgrade: "websocket, websocket" }, "400 upgrade-malformed, not by the list"],
    [
      "and another origin",
      { upgrade: "websocket, x", origin: "null" },
      "400 upgrade-malformed, not by the list",
    ],
    ["CONNECT", {}, "405 connect-not-supported, not by the list", "CONNECT"],
    ["POST", {}, "405 method-not-allowed, not by the list", "POST"],
    ["Connection closed", { connection: "close" }, "400 connection-malformed, not by the list"],
    ["the word in Connection", { connection: "xupgrade" }, "400 connection-malformed, not by the list"],
    ["no Connection", { connection: null }, "400 connection-malformed, not by the list"],
    ["Connection after the list", { connection: "close", origin: "null" }, "403 origin-null"],
    [
      "but the word before it",
      { connection: "xupgrade", origin: "null" },
      "400 connection-malformed, not by the list",
    ],
    ["version 8", { "sec-websocket-version": "8" }, "426 version-unsupported, not by the list"],
    ["a short key", { "sec-websocket-key": "x" }, "400 key-malformed, not by the list"],
    ["no key", { "sec-websocket-key": null }, "400 key-malformed, not by the list"],
    ["no Host", { host: null }, "400 host-absent"],
    ["two Hosts", { host: "a.test, b.test" }, "400 host-malformed"],
  ];
  for (const [name, fields, outcome, method] of table) {
    test(name, () => assertEquals(judged(changed(fields, method), LISTED, WHOLE), outcome));
  }

  test("is what a guard and upgradeHandler answer", async () => {
    const fetch = guard(upgradeHandler({}), LISTED);
    for (const [name, fields, outcome, method = "GET"] of table) {
      // Where a handshake is let in, there has to be a connection.
      if (outcome === "allowed") continue;
      const request = requestOf({ url: "http://a.test/", method, headers: { ...HANDSHAKE, ...fields } });
      await printed(async () => {
        const { status } = await fetch(request) as Response;
        assertEquals(String(status), outcome.slice(0, 3), name);
      });
    }
  });

  test("the words", () => {
    for (const [name, fields, , method] of table) {
      const judgements = judgeAsServer(changed(fields, method), LISTED, WHOLE);
      assert(!judgements.dependsOnScheme);
      const { why } = judgements.one;
      if (why !== null) words.assert(name, why);
    }
    const hostile = judgeAsServer(changed({ "sec-websocket-key": "\x1b[2J\u202e" }), LISTED, WHOLE);
    assert(!hostile.dependsOnScheme && /^[\x20-\x7e]+$/.test(hostile.one.why!));
  });

  test("of a few lines that were copied nothing is missing, and what is there is read", () => {
    const few = (fields: Record<string, string>) =>
      handshakeOf("/", Object.entries({ host: "a.test", origin: "https://a.test", ...fields }));
    const given: Extent = { fields: "given", isServersUrl: true };
    assertEquals(judged(few({}), LISTED, given), "allowed");
    assertEquals(judged(few({ upgrade: "websocket" }), LISTED, given), "allowed");
    assertEquals(
      judged(few({ connection: "close" }), LISTED, given),
      "400 connection-malformed, not by the list",
    );
    assertEquals(judged(few({}), LISTED, WHOLE), "426 not-a-handshake, not by the list");
    const list: Extent = { fields: "list", isServersUrl: true };
    assertEquals(judged(few({ connection: "close", upgrade: "x" }), LISTED, list), "allowed");
  });
});

describe("judgeAsServer(): the scheme of the site", () => {
  const OWN = { origins: ["'self'"], hosts: ["a.test"] };
  const list = (isServersUrl: boolean): Extent => ({ fields: "list", isServersUrl });
  const own = (url: string) => handshakeOf(url, Object.entries(HANDSHAKE));

  test("is judged both ways where nothing says it and the verdict depends on it", () => {
    eachRow(["/", "wss://a.test/", "https://a.test/"], (url) => {
      const judgements = judgeAsServer(own(url), compilePolicy(OWN), list(false));
      assert(judgements.dependsOnScheme);
      const { http, https } = judgements;
      assertEquals([http.explanation.decision.allowed, https.explanation.decision.allowed], [false, true]);
    });
  });

  test("is said by the policy, and by a URL of the server's own", () => {
    assertEquals(judged(own("/"), compilePolicy({ ...OWN, scheme: "https" }), list(false)), "allowed");
    assertEquals(judged(own("https://a.test/"), compilePolicy(OWN), list(true)), "allowed");
    assertEquals(judged(own("http://a.test/"), compilePolicy(OWN), list(true)), "403 origin-not-allowed");
    assertEquals(judged(own("wss://a.test/"), compilePolicy(OWN), list(true)), "allowed");
    // A path says nothing, whosever it is.
    assert(judgeAsServer(own("/"), compilePolicy(OWN), list(true)).dependsOnScheme);
  });

  test("does not matter where both verdicts are one", () => {
    assertEquals(judged(own("/"), compilePolicy({ origins: ["https://a.test"] }), list(false)), "allowed");
    assertEquals(judged(own("/"), compileAllowedHosts({ allowedHosts: ["a.test"] }), list(false)), "allowed");
    const evil = handshakeOf("/", [["host", "a.test"], ["origin", "https://evil.test"]]);
    assertEquals(judged(evil, compilePolicy(OWN), list(false)), "403 origin-not-allowed");
    // Without any scheme no port is the default, and neither entry fits.
    const ports = compilePolicy({ origins: ["https://a.test"], hosts: ["a.test:80", "a.test:443"] });
    assertEquals(judged(own("/"), ports, list(false)), "allowed");
  });

  test("matters for a port of a list of hosts too", () => {
    const policy = compileAllowedHosts({ allowedHosts: ["a.test:443"] });
    const judgements = judgeAsServer(own("/"), policy, list(false));
    assert(judgements.dependsOnScheme);
    assertEquals(judgements.http.explanation.decision.allowed, false);
  });

  test("does not matter where the handshake is refused before the list", () => {
    const twice = handshakeOf("/", Object.entries({ ...HANDSHAKE, upgrade: "websocket, websocket" }));
    assertEquals(
      judged(twice, compilePolicy(OWN), { fields: "whole", isServersUrl: false }),
      "400 upgrade-malformed, not by the list",
    );
  });
});

words.end();
