// The gate for Node's own servers, by the objects that Node hands over. Real Node servers are in `tests/examples`.

import { describe, test } from "node:test";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { check, compilePolicy, type DecisionEvent, explain } from "@wsgate/wsgate";
import { createNodeGate, nodeHandshake, type NodeRequest } from "@wsgate/wsgate/node";
import { denials } from "../../src/denial.ts";
import { faultsOf, printed, untyped } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { EVIL, GOOD, POLICY } from "./wrapping.ts";

const words = wordsOf(import.meta.url);

type Fields = Readonly<Record<string, string | readonly string[] | null>>;

/** A handshake as Node reads one; null: without that field, a list: so often. */
function nodeRequest(
  fields: Fields = {},
  { encrypted, ...parts }: Partial<NodeRequest> & { encrypted?: boolean } = {},
): NodeRequest {
  const all: Fields = {
    Host: "site.test",
    Connection: "Upgrade",
    Upgrade: "websocket",
    Origin: GOOD,
    ...fields,
  };
  const rawHeaders = Object.entries(all).flatMap(([name, values]) =>
    values === null ? [] : [values].flat().flatMap((value) => [name, value])
  );
  return { method: "GET", url: "/chat", httpVersion: "1.1", rawHeaders, socket: { encrypted }, ...parts };
}

/** The raw socket of an `upgrade` event, and what became of it. */
function rawSocket() {
  const events: string[] = [];
  const listeners: Record<string, () => void> = {};
  return {
    events,
    listeners,
    on(event: "error" | "finish", listener: () => void) {
      events.push(`on ${event}`);
      listeners[event] = listener;
    },
    end: (text: string) => void events.push(text),
    destroy: () => void events.push("destroyed"),
  };
}

describe("createNodeGate()", () => {
  test("lets the pages of the list in, and listens to the errors of their sockets", () => {
    const gate = createNodeGate(POLICY, { onDecision() {} });
    const socket = rawSocket();
    assertEquals(gate(nodeRequest(), socket), true);
    assertEquals(socket.events, ["on error"]);
    socket.listeners.error!();
    assertEquals(gate(nodeRequest()), true);
  });

  test("answers the others on their socket, and lets go of it", () => {
    const { onDecision, reasons } = recorder();
    const gate = createNodeGate(POLICY, { onDecision });
    const socket = rawSocket();
    assertEquals(gate(nodeRequest({ Origin: EVIL }), socket), false);
    assertEquals(reasons, ["origin-not-allowed"]);
    assertEquals(socket.events, [
      "on error",
      "on finish",
      "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\n" +
      "connection: close\r\ncontent-length: 10\r\n\r\nForbidden\n",
    ]);
    socket.listeners.finish!();
    assertEquals(socket.events.at(-1), "destroyed");
  });

  test("without a socket the answer is left to who asked", () => {
    assertEquals(createNodeGate(POLICY, { onDecision() {} })(nodeRequest({ Origin: EVIL })), false);
  });

  const rows: [what: string, request: NodeRequest, outcome: string][] = [
    ["no WebSocket", nodeRequest({ Upgrade: null, Origin: EVIL }), "goes on"],
    ["another protocol", nodeRequest({ Upgrade: "h2c", Origin: EVIL }), "goes on"],
    ["upper case", nodeRequest({ Upgrade: "WebSocket" }), "goes on"],
    ["two Upgrades", nodeRequest({ Upgrade: ["websocket", "websocket"] }), "upgrade-malformed"],
    ["an odd Connection", nodeRequest({ Connection: "upgrades" }), "connection-malformed"],
    ["no Host", nodeRequest({ Host: null }), "host-absent"],
    ["two Hosts", nodeRequest({ Host: ["site.test", "site.test"] }), "host-malformed"],
    ["an empty Host", nodeRequest({ Host: "" }), "host-malformed"],
    ["a Host with a path", nodeRequest({ Host: "site.test/x" }), "host-malformed"],
    ["no Origin", nodeRequest({ Origin: null }), "origin-absent"],
    ["two Origins", nodeRequest({ Origin: [GOOD, GOOD] }), "origin-malformed"],
    ["null", nodeRequest({ Origin: "null" }), "origin-null"],
    ["HTTP/1.0", nodeRequest({}, { httpVersion: "1.0" }), "upgrade-malformed"],
    ["HTTP/1.0, no WebSocket", nodeRequest({ Upgrade: null }, { httpVersion: "1.0" }), "goes on"],
    ["another authority", nodeRequest({}, { url: "http://evil.test/chat" }), "host-mismatch"],
    ["its own authority", nodeRequest({}, { url: "http://site.test/chat" }), "goes on"],
    ["a target with user info", nodeRequest({}, { url: "http://a@site.test/" }), "host-mismatch"],
    ["two slashes", nodeRequest({}, { url: "//evil.test/chat" }), "goes on"],
    [
      "CONNECT",
      nodeRequest({ Upgrade: null }, { method: "CONNECT", url: "site.test:80" }),
      "connect-not-supported",
    ],
    ["nothing at all", { rawHeaders: [], socket: {} }, "goes on"],
    ["a name without a value", { rawHeaders: ["Upgrade"], socket: {} }, "goes on"],
  ];
  for (const [what, request, outcome] of rows) {
    test(`${what}: ${outcome}`, () => {
      const { onDecision, reasons } = recorder();
      const went = createNodeGate(POLICY, { onDecision })(request);
      assertEquals(went ? "goes on" : reasons[0], outcome);
      assertEquals(reasons.length, went ? 0 : 1);
    });
  }

  test("the scheme of the site is that of the connection", () => {
    const gate = createNodeGate({ origins: ["'self'"], hosts: ["site.test"] }, { onDecision() {} });
    const from = (origin: string, encrypted: boolean) => gate(nodeRequest({ Origin: origin }, { encrypted }));
    assertEquals([from("http://site.test", false), from("https://site.test", false)], [true, false]);
    assertEquals([from("http://site.test", true), from("https://site.test", true)], [false, true]);
  });

  test("a function is asked for the policy of the site", () => {
    const asked: unknown[] = [];
    const gate = createNodeGate((site) => {
      asked.push(site);
      return POLICY;
    });
    assertEquals(gate(nodeRequest({}, { url: "/chat?room=1" })), true);
    assertEquals(gate(nodeRequest({ Host: "SITE.test:81" }, { url: "http://site.test:81/x" })), true);
    assertEquals(asked, [
      { host: "site.test", port: null, path: "/chat" },
      { host: "site.test", port: 81, path: "/x" },
    ]);
  });

  test("without a hook the operator is told as by a guard, of HTTP/1.0 with its cause", async () => {
    const gate = createNodeGate(POLICY);
    const lines = await printed(() => {
      gate(nodeRequest({ Origin: EVIL }));
      gate(nodeRequest({}, { httpVersion: "1.0" }));
    });
    assertEquals(lines.length, 2);
    words.assert("a foreign page", lines[0]!.text);
    words.assert("HTTP/1.0", lines[1]!.text);
  });

  test("a hook gets the denial and what check and explain read", () => {
    const events: DecisionEvent<NodeRequest>[] = [];
    const onDecision = (event: DecisionEvent<NodeRequest>) => void events.push(event);
    const request = nodeRequest({ Origin: EVIL });
    createNodeGate(POLICY, { onDecision })(request);
    const [event] = events;
    assertEquals([event!.reason, event!.status, event!.path], ["origin-not-allowed", 403, "/chat"]);
    assertStrictEquals(event!.request, request);
    assertEquals(event!.explain(), explain(nodeHandshake(request), POLICY));
  });

  test("its options are checked, and it has neither refuse nor requests", () => {
    const make = () =>
      createNodeGate(untyped([GOOD]), untyped({ refuse() {}, requests: "all", onDecision: 1 }));
    assertEquals(faultsOf(make), [
      "wrong-type policy -1",
      "unknown-option refuse -1",
      "unknown-option requests -1",
      "wrong-type onDecision -1",
    ]);
  });

  test("options that are no object are a fault", () => {
    assertEquals(faultsOf(() => createNodeGate(POLICY, untyped(null))), ["wrong-type options -1"]);
  });

  test("what is no request of Node's is said to be none", () => {
    const gate = createNodeGate(POLICY);
    eachRow([new Request("http://site.test/"), { headers: {} }, {}], (request) => {
      words.assert("no request of Node's", assertThrows(() => gate(untyped(request)), TypeError).message);
    });
  });
});

describe("nodeHandshake()", () => {
  test("joins repeated fields, whatever their case, and finds them in any", () => {
    const { headers } = nodeHandshake({
      rawHeaders: ["X-A", "1", "x-b", "", "x-a", "2", "X-a", ""],
      socket: {},
    });
    assertEquals(["x-a", "X-A", "x-b", "x-c"].map((name) => headers.get(name)), [
      "1, 2, ",
      "1, 2, ",
      "",
      null,
    ]);
  });

  test("fits check()", () => {
    const policy = compilePolicy({ origins: [GOOD] });
    assertEquals(check(nodeHandshake(nodeRequest()), policy), { allowed: true });
    assertEquals(check(nodeHandshake(nodeRequest({ Origin: EVIL })), policy), denials["origin-not-allowed"]);
  });
});

words.end();
