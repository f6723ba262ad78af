// Gates: what they answer, and how long what they say holds. What they judge is in `judge_test.ts` and `guard_test.ts`.

import { describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import {
  authMiddlewareStack,
  createGate,
  type Denied,
  guard,
  originValidator,
  refuseVisibly,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { denials } from "../../src/denial.ts";
import { judgedConnection } from "../../src/scope.ts";
import { faultsOf, handshakeRequest, printed, requestOf, untyped } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import {
  connectRaw,
  handshakeBytes,
  handshakeHeaders,
  nativeUpgrade,
  runtime,
  sendRaw,
  serve,
  serverFrame,
} from "../runtime.ts";
import { pause } from "../socket/peer.ts";
import { serving } from "../socket/serving.ts";
import { wordsOf } from "../words.ts";
import { EVIL, GOOD, POLICY } from "./wrapping.ts";

const words = wordsOf(import.meta.url);

const from = (origin: string) =>
  handshakeBytes("/chat", [...handshakeHeaders("site.test"), ["Origin", origin]]);

describe("createGate()", () => {
  test("undefined: go on; else a fresh Response, at once", async () => {
    const gate = createGate(POLICY, { onDecision() {} });
    assertEquals(gate(handshakeRequest(GOOD)), undefined);
    assertEquals(gate(requestOf({ url: "/", headers: { origin: EVIL } })), undefined);
    const [one, other] = [gate(handshakeRequest(EVIL))!, gate(handshakeRequest(EVIL))!];
    assert(one !== other);
    await eachRowInTurn([one, other], async (response) => {
      assertEquals([response.status, await response.text()], [403, "Forbidden\n"]);
    });
  });

  test("hook and refuse get what a guard's get", () => {
    const given: unknown[][] = [];
    const response = new Response("mine");
    const context = { a: "context" };
    const { onDecision, reasons } = recorder();
    const gate = createGate(POLICY, {
      onDecision,
      refuse: (...all) => {
        given.push(all);
        return response;
      },
    });
    const request = handshakeRequest(EVIL);
    assertStrictEquals(gate(request, context), response);
    assertEquals(given, [[denials["origin-not-allowed"], request, context]]);
    assertEquals(reasons, ["origin-not-allowed"]);
  });

  test("without a hook the operator is told as by a guard", async () => {
    const gate = createGate(POLICY);
    const lines = await printed(() => void gate(handshakeRequest(EVIL)));
    const wrapped = guard(() => new Response(), POLICY);
    assertEquals(lines, await printed(() => void wrapped(handshakeRequest(EVIL))));
    assertEquals(lines.length, 1);
  });

  test("refuse that returns a promise, rejects or throws: deny answers at once, and it is reported once", async () => {
    const wrong: [what: string, refuse: () => unknown][] = [
      ["a promise", () => Promise.resolve(new Response("late"))],
      ["a promise", () => Promise.reject(new Error("late"))],
      ["no Response", () => undefined],
      ["an error", () => {
        throw new Error("mine");
      }],
    ];
    await eachRowInTurn(wrong, async ([what, refuse]) => {
      const gate = createGate(POLICY, { onDecision() {}, refuse: untyped(refuse) });
      const lines = await printed(() => {
        for (let i = 0; i < 3; i++) assertEquals(gate(handshakeRequest(EVIL))?.status, 403);
      });
      assertEquals(lines.length, 1);
      words.assert(`refuse of a gate: ${what}`, lines[0]!.text);
    });
  });

  test("what is no Request is said to be none: it cannot have been judged", () => {
    const gate = createGate(POLICY);
    const raw = handshakeRequest(GOOD);
    eachRow([undefined, null, "", {}, { raw }, { headers: { origin: GOOD } }, { request: raw }], (given) => {
      words.assert("no Request", assertThrows(() => gate(untyped(given)), TypeError).message);
    });
  });

  test("its options are checked", () => {
    assertEquals(faultsOf(() => createGate(POLICY, untyped(null))), ["wrong-type options -1"]);
    assertEquals(faultsOf(() => createGate(untyped(undefined), untyped({ refuse: 1, absent: "deny" }))), [
      "wrong-type policy -1",
      "unknown-option absent -1",
      "wrong-type refuse -1",
    ]);
  });
});

describe("the mark of a judged handshake", () => {
  const auth = () => authMiddlewareStack({ user: () => ({ name: "ada" }), onDecision() {} });
  const outcome = async (given: Response | undefined | Promise<Response | undefined>) =>
    (await given)?.status;

  test("a guard's holds while its handler runs, until the promise it returned settles", async () => {
    const request = handshakeRequest(GOOD);
    const seen: unknown[] = [];
    let finish = () => {};
    const wrapped = originValidator(async () => {
      seen.push(judgedConnection(request));
      await new Promise<void>((resolve) => finish = resolve);
      seen.push(judgedConnection(request));
      return new Response();
    }, [GOOD]);
    const answer = wrapped(request);
    assertEquals(judgedConnection(request), "none");
    finish();
    await answer;
    assertEquals(seen, ["none", "none"]);
    await Promise.resolve();
    assertEquals(judgedConnection(request), undefined);
  });

  test("a public guard that is tried first vouches for nobody else", async () => {
    const none = () => new Response(null, { status: 404 });
    const publicSite = originValidator(none, ["*"]);
    const chat = auth()(() => new Response("let in"));
    await eachRowInTurn([none, async () => await Promise.resolve(none())], async (inner) => {
      const open = originValidator(inner, ["*"]);
      const request = handshakeRequest(EVIL);
      assertEquals(await outcome(open(request)), 404);
      assertEquals(await outcome(chat(request)), 403);
    });
    // Nor does one that throws.
    const request = handshakeRequest(EVIL);
    const failing = originValidator(() => {
      throw new Error("mine");
    }, ["*"]);
    assertThrows(() => failing(request), Error, "mine");
    assertEquals(await outcome(chat(request)), 403);
    assertEquals(await outcome(publicSite(handshakeRequest(EVIL))), 404);
  });

  test("guards inside each other, beside each other, and one after the other", async () => {
    const chat = auth()(() => new Response("let in"));
    const inner = originValidator(() => new Response(null, { status: 404 }), ["*"]);
    // The inner one is done, the outer one is not.
    const outer = originValidator(async (request: Request) => {
      assertEquals(await outcome(inner(request)), 404);
      return await chat(request);
    }, [GOOD]);
    assertEquals(await outcome(outer(handshakeRequest(GOOD))), 200);

    // At the same time, the first to begin the first to end.
    const request = handshakeRequest(GOOD);
    const ends: (() => void)[] = [];
    const waiting = originValidator(() =>
      new Promise<Response>((resolve) => {
        ends.push(() => resolve(new Response()));
      }), [GOOD]);
    const [one, other] = [waiting(request), waiting(request)];
    ends[0]!();
    await one;
    assertEquals(judgedConnection(request), "none");
    ends[1]!();
    await other;
    await Promise.resolve();
    assertEquals(judgedConnection(request), undefined);
  });

  test("a gate's holds for the request", async () => {
    const gate = createGate(POLICY);
    const chat = auth()(() => new Response("let in"));
    const request = handshakeRequest(GOOD);
    assertEquals(gate(request), undefined);
    assertEquals(await outcome(originValidator(() => new Response(), [GOOD])(request)), 200);
    assertEquals(await outcome(chat(request)), 200);
    assertEquals(await outcome(chat(handshakeRequest(GOOD))), 403);
  });

  test("an answer of a gate that is dropped lets nobody in", async () => {
    const gate = createGate(POLICY, { onDecision() {} });
    const request = handshakeRequest(EVIL);
    gate(request);
    assertEquals(await outcome(auth()(() => new Response())(request)), 403);
  });
});

describe(`on ${runtime}`, () => {
  test("a gate in front of a native upgrade: the good page is greeted, the evil one refused", async () => {
    const gate = createGate(POLICY, { onDecision() {} });
    const native = nativeUpgrade();
    const server = serve((request, context) => gate(request, context) ?? native(request, context));
    try {
      const connection = connectRaw(server.port);
      connection.write(from(GOOD));
      await connection.until(serverFrame("hello"));
      connection.destroy();
      assertEquals((await sendRaw(server.port, from(EVIL))).status, 403);
    } finally {
      await server.stop();
    }
  });

  test("a gate whose answer is dropped in front of upgradeHandler: 403, and told", async () => {
    const { onDecision, reasons } = recorder();
    const gate = createGate(POLICY, { onDecision });
    const chat = upgradeHandler({ open: (socket) => void socket.send("hello") }, { onDecision });
    await serving((request, context) => {
      gate(request, context);
      return chat(request, context);
    }, async (port) => {
      assertEquals((await sendRaw(port, from(EVIL))).status, 403);
      const connection = connectRaw(port);
      connection.write(from(GOOD));
      await connection.until(serverFrame("hello"));
      connection.destroy();
    });
    assertEquals(reasons, ["origin-not-allowed", "origin-unchecked"]);
  });

  test("refuseVisibly, which may have to wait, upgrades nothing that a gate has answered", async () => {
    const refuse = untyped(refuseVisibly) as (denied: Denied, request: Request) => Response;
    // Deno says nothing of the upgrade of a request that is answered: its socket never opens, and never closes.
    const { Deno: deno } = globalThis as unknown as {
      Deno?: { upgradeWebSocket(request: Request): unknown };
    };
    const upgradeWebSocket = deno?.upgradeWebSocket;
    let upgrades = 0;
    if (deno) deno.upgradeWebSocket = (request) => [upgrades++, upgradeWebSocket!(request)][1];
    const lines = await printed(async () => {
      const gate = createGate(POLICY, { onDecision() {}, refuse });
      // Without its context, which would throw by then as well.
      await serving((request) => gate(request) ?? new Response("alive"), async (port) => {
        // They stay, and so would be upgraded.
        const clients = Array.from({ length: 5 }, () => connectRaw(port));
        await Promise.all(clients.map((client) => {
          client.write(from(EVIL));
          return client.until("Forbidden\n");
        }));
        await pause(50);
        await eachRowInTurn(clients, async (client) => {
          client.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
          assert(!(await client.until("alive")).includes(" 101 "));
          client.destroy();
        });
      }, websocket);
    });
    if (deno) deno.upgradeWebSocket = upgradeWebSocket!;
    assertEquals(upgrades, 0);
    // Bun answers at once, and cannot show a refusal before a socket of this server was opened by ours, which is reported
    // once for all the files of a run.
    if (runtime === "deno") assertEquals(lines.length, 1);
    else assert(lines.length <= 1, JSON.stringify(lines));
  });

  test("CONNECT reaches guard, gate and upgradeHandler, and is answered with 405 and Allow", async () => {
    const { onDecision, reasons } = recorder();
    const gate = createGate({ origins: ["*"] }, { onDecision });
    const site = () => new Response("a tunnel");
    const handlers = {
      guard: originValidator(site, ["*"], { onDecision }),
      gate: (request: Request) => gate(request) ?? site(),
      upgradeHandler: upgradeHandler({}, { onDecision }),
    };
    await eachRowInTurn(Object.entries(handlers), async ([_name, handler]) => {
      const server = serve(handler as Parameters<typeof serve>[0]);
      try {
        const more = [["Upgrade", "websocket"], ["Connection", "Upgrade"], ["Origin", GOOD]] as const;
        await eachRowInTurn([[], more], async (fields) => {
          const lines = [["Host", "site.test:443"], ...fields] as [string, string][];
          const answer = await sendRaw(server.port, handshakeBytes("site.test:443", lines, "CONNECT"));
          assertEquals(answer.status, 405, answer.text);
          assertMatch(answer.text.toLowerCase(), /\r\nallow: get\r\n/);
        });
      } finally {
        await server.stop();
      }
    });
    assertEquals(reasons, Array(6).fill("connect-not-supported"));
  });
});

words.end();
