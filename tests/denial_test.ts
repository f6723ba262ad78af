// Denials: what the client gets, which says nothing.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { check, compilePolicy, deny, type DenyReason, guard } from "@wsgate/wsgate";
import { denials, Unauthenticated } from "../src/denial.ts";
import { ANSWERS, assertDenied, REASONS, STATUSES } from "./denials.ts";
import { handshakeOf, handshakeRequest } from "./doubles.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { connectRaw, serve } from "./runtime.ts";

describe("denials", () => {
  test("there is one frozen decision for each reason", () => {
    assertEquals(Object.keys(denials).sort(), [...REASONS].sort());
    assert(Object.isFrozen(denials));
    eachRow(REASONS, (reason) => {
      assert(Object.isFrozen(denials[reason]));
      assertEquals(denials[reason], { allowed: false, status: STATUSES[reason], reason });
    });
  });
});

describe("deny()", () => {
  for (const reason of REASONS) {
    test(`${reason}: status, neutral text, no-store, what the status demands, and nothing else`, async () => {
      await assertDenied(deny(denials[reason]), denials[reason]);
    });
  }

  test("it makes a fresh response each time, which can be read each time", async () => {
    await eachRowInTurn(REASONS, async (reason) => {
      const [first, second] = [deny(denials[reason]), deny(denials[reason])];
      assert(first !== second && first.headers !== second.headers);
      first.headers.set("cache-control", "public");
      assertEquals(await first.text(), await second.text());
      await assertDenied(deny(denials[reason]), denials[reason]);
    });
  });

  test("it takes a decision of check()", async () => {
    const decision = check(handshakeOf({}), compilePolicy({ origins: [] }));
    assert(!decision.allowed);
    await assertDenied(deny(decision), denials["host-absent"]);
  });

  test("neither the reason, nor the list, nor what the client said is in it", async () => {
    const origins = ["https://listed.test", ".partner.test"];
    const options = { origins, hosts: ["site.test", "other.test"] };
    const judged = guard(() => new Response("upgraded here"), compilePolicy(options), { onDecision() {} });
    const requests = [null, "", "null", "https://evil.test", "listed.test"].map((origin) =>
      handshakeRequest(origin)
    );
    requests.push(handshakeRequest("https://evil.test", { url: "/", headers: { host: "evil.test" } }));
    await eachRowInTurn(requests, async (request) => {
      const response = await judged(request);
      const wire = `${response.statusText}\n${JSON.stringify([...response.headers])}\n${await response
        .text()}`;
      assertEquals(response.status, 403);
      assertEquals(/listed|partner|site\.test|other|evil|origin|host|null/i.exec(wire), null, wire);
    });
  });
});

describe("deny(): on a real server", () => {
  test("it arrives whole, and the connection serves on", async () => {
    const server = serve((request) => deny(denials[new URL(request.url).pathname.slice(1) as DenyReason]));
    const client = connectRaw(server.port);
    let answered = "";
    try {
      await eachRowInTurn(REASONS, async (reason) => {
        client.write(`GET /${reason} HTTP/1.1\r\nHost: h\r\n\r\n`);
        const { text, headers } = ANSWERS[STATUSES[reason]];
        const all = await client.until(new RegExp(`^[^]{${answered.length}}HTTP/1.1 [^]*\r\n\r\n${text}\n$`));
        const answer = all.slice(answered.length);
        answered = all;
        assertEquals(answer.slice(0, answer.indexOf("\r\n")), `HTTP/1.1 ${STATUSES[reason]} ${text}`);
        const lines = answer.toLowerCase().split("\r\n");
        eachRow(Object.entries(headers), ([name, value]) => {
          assert(lines.includes(`${name}: ${value}`.toLowerCase()), `${name} in ${answer}`);
        });
      });
    } finally {
      client.destroy();
      await server.stop();
    }
  });
});

describe("Unauthenticated", () => {
  test("says why, for a program and for people", () => {
    const error = new Unauthenticated("token-expired", "the token has expired");
    assert(error instanceof Error);
    assertEquals([error.reason, String(error)], ["token-expired", "Unauthenticated: the token has expired"]);
    assert(Unauthenticated.is(error));
  });

  test("is nothing else that may be thrown, and asks nothing of it", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const others = [
      undefined,
      null,
      5,
      "",
      new Error("x"),
      {},
      Object.create(Unauthenticated.prototype),
      () => {},
    ];
    eachRow(others, (thrown) => assertEquals(Unauthenticated.is(thrown), false));
    assertEquals(Unauthenticated.is(proxy), false);
  });
});
