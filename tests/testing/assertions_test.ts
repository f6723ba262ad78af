// The assertions: what lets in, what refuses, what says neither, and what is said of it.

import { describe, test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { compilePolicy, ConfigError, createGate, type DenyReason } from "@wsgate/wsgate";
import {
  assertAllowed,
  assertDenied,
  assertWithstands,
  clientHandshake,
  pageHandshake,
  type Site,
  type Target,
} from "@wsgate/wsgate/testing";
import { untyped } from "../doubles.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { messageOf } from "./failures.ts";

const words = wordsOf(import.meta.url);

const OWN = "https://app.example.com";
const TO = "wss://ws.example.com/chat";
const SITE: Site = { origins: [OWN], to: TO };
const POLICY = compilePolicy({ origins: [OWN] });
const page = (origin = OWN) => pageHandshake(origin, { to: TO });
const answers = (status: number): Target => () =>
  Object.defineProperty(new Response("text"), "status", { value: status });

/** What both assertions make of a target: "in", "refused" or "neither". */
async function outcomeOf(target: Target): Promise<string> {
  const isIn = await messageOf(() => assertAllowed(target, page())) === "";
  const isRefused = await messageOf(() => assertDenied(target, page())) === "";
  return `${isIn ? "in" : ""}${isRefused ? "refused" : ""}` || "neither";
}

describe("assertAllowed() and assertDenied()", () => {
  test("of a policy the verdict counts", async () => {
    await assertAllowed(POLICY, page());
    await assertDenied(POLICY, page("https://evil.test"));
    await assertDenied(POLICY, page("https://evil.test"), "origin-not-allowed");
    await assertDenied(POLICY, clientHandshake({ to: TO }), "origin-absent");
    assertEquals(await outcomeOf(POLICY), "in");
    assertEquals(await outcomeOf(compilePolicy({ origins: [] })), "refused");
  });

  test("of a function the answer counts", async () => {
    const rows: [target: Target, outcome: string][] = [
      [() => undefined, "in"],
      [() => Promise.resolve(undefined), "in"],
      ...[101, 200, 204, 299].map((status): [Target, string] => [answers(status), "in"]),
      ...[400, 401, 403, 404, 426, 499, 503].map((status): [Target, string] => [answers(status), "refused"]),
      ...[100, 199, 300, 302, 399, 500, 502, 504, 600].map((status): [Target, string] => [
        answers(status),
        "neither",
      ]),
      [untyped(() => null), "neither"],
      [untyped(() => true), "neither"],
      [untyped(() => "no"), "neither"],
      [untyped(() => ({ status: "200" })), "neither"],
      [untyped(() => ({ status: 200, body: "text" })), "in"],
      [() => Promise.reject(Object.create(null)), "neither"],
      [() => Promise.reject(new Error("down")), "neither"],
      [() => Promise.reject(undefined), "neither"],
    ];
    await eachRowInTurn(rows, async ([target, outcome]) => assertEquals(await outcomeOf(target), outcome));
  });

  test("a gate and a handler get the handshake itself, and nothing else", async () => {
    const handshake = page();
    const given: unknown[][] = [];
    await assertAllowed((...all) => void given.push(all), handshake);
    assertEquals(given.length, 1);
    assertEquals(given[0]!.length, 1);
    assertStrictEquals(given[0]![0], handshake);
    await assertAllowed(createGate(POLICY), page());
  });

  test("a body that nobody reads is let go, one that somebody reads is left alone", async () => {
    let cancelled = 0;
    const body = () => new ReadableStream({ cancel: () => void cancelled++ });
    await assertAllowed(() => new Response(body()), page());
    assertEquals(cancelled, 1);
    const read = new Response(body());
    const reader = read.body!.getReader();
    await assertAllowed(() => read, page());
    await reader.cancel();
    await assertAllowed(
      () => new Response(new ReadableStream({ cancel: () => Promise.reject("no") })),
      page(),
    );
  });

  test("the failure explains", async () => {
    const rows: [name: string, assertion: () => Promise<void>][] = [
      ["kept out", () => assertAllowed(POLICY, page("https://www.example.com"))],
      ["let in", () => assertDenied(POLICY, page())],
      ["let in, of a reason", () => assertDenied(POLICY, page(), "origin-absent")],
      ["another reason", () => assertDenied(POLICY, page("null"), "origin-not-allowed")],
      ["kept out by a handler", () => assertAllowed(answers(403), page())],
      [
        "kept out by a gate, without Origin",
        () => assertAllowed(createGate(POLICY, { onDeny: () => {} }), clientHandshake({ to: TO })),
      ],
      ["let in by a gate", () => assertDenied(() => undefined, page())],
      ["a redirect", () => assertDenied(answers(302), page())],
      ["no answer", () => assertDenied(untyped(() => null), page())],
      ["a handler that fails", () => assertAllowed(answers(500), page())],
      ["a handler that throws", () =>
        assertDenied(() => {
          throw new Error("server.upgrade is not a function\u202e");
        }, page())],
      [
        "an Origin that no terminal should see",
        () => assertAllowed(answers(403), clientHandshake({ to: TO, headers: { origin: "\x80\xff\t" } })),
      ],
    ];
    await eachRowInTurn(rows, async ([name, assertion]) => words.assert(name, await messageOf(assertion)));
  });

  test("what was thrown is the cause", async () => {
    const cause = new Error("down");
    const error = await assertRejects(() => assertAllowed(() => Promise.reject(cause), page()), Error);
    assertStrictEquals(error.cause, cause);
  });

  test("a reason can be asked of a policy alone", async () => {
    await eachRowInTurn([createGate(POLICY), answers(403)], async (target) => {
      const error = await assertRejects(() => assertDenied(target, page(), "origin-absent"), TypeError);
      words.assert("a reason of a function", error.message);
    });
    const error = await assertRejects(
      () => assertDenied(POLICY, page("null"), "no-reason" as DenyReason),
      Error,
    );
    words.assert("a reason that there is not", error.message);
  });

  test("what cannot be tested", async () => {
    await eachRowInTurn([{ origins: [OWN] }, { ...POLICY }, null, undefined, OWN], async (target) => {
      const { message } = await assertRejects(() => assertAllowed(untyped(target), page()), TypeError);
      words.assert("no target", message);
      words.assert(
        "no target",
        (await assertRejects(() => assertWithstands(untyped(target), SITE), TypeError)).message,
      );
    });
    await eachRowInTurn([TO, null, undefined, {}], async (handshake) => {
      const { message } = await assertRejects(() => assertDenied(POLICY, untyped(handshake)), TypeError);
      words.assert("no handshake", message);
    });
  });
});

describe("assertWithstands()", () => {
  test("all failures at once, each with its history, its sender and the verdict", async () => {
    const policy = compilePolicy({
      origins: [".example.com"],
      dangerouslyAllow: ["null"],
      hosts: ["ws.example.com"],
    });
    const site: Site = { origins: [OWN, "https://example.org"], to: TO, trusts: ["https://.example.com"] };
    words.assert("of a policy", await messageOf(() => assertWithstands(policy, site)));
  });

  test("of a function, what it answered", async () => {
    const handler: Target = ({ headers }) => {
      const origin = headers.get("origin");
      if (origin === "null") return new Response();
      if (origin === null) throw new TypeError("origin is null");
      return new Response(null, { status: origin.startsWith("file:") ? 500 : 403 });
    };
    words.assert("of a function", await messageOf(() => assertWithstands(handler, SITE)));
  });

  test("what a program alone sends, as that", async () => {
    const message = await messageOf(() => assertWithstands(compilePolicy({ origins: ["*"] }), SITE));
    const told = message.split("\n").findIndex((line) => line.startsWith("- doubled-origin-own-first,"));
    words.assert("a program's", message.split("\n").slice(told, told + 3).join("\n"));
  });

  test("how a site says that it is meant; not of everybody, nor of 'self'", async () => {
    const last = async (policy: Target, site: Partial<Site> = {}) =>
      (await messageOf(() => assertWithstands(policy, { ...SITE, ...site }))).split("\n").at(-1)!;
    words.assert("absent", await last(compilePolicy({ origins: [OWN], absent: "allow" })));
    words.assert("debug", await last(compilePolicy({ origins: [OWN], debug: true })));
    words.assert("everybody", await last(compilePolicy({ origins: ["*"], absent: "deny" })));
    const self = compilePolicy({ origins: [OWN, "'self'"], hosts: ["blog.example.com"] });
    words.assert("'self'", await last(self, { to: "wss://blog.example.com/chat" }));
  });

  test("as it is said, it is taken", async () => {
    const policies = [
      compilePolicy({ origins: [".example.com"] }),
      compilePolicy({ origins: [OWN], absent: "allow" }),
      compilePolicy({ origins: [OWN, "moz-extension://*"], dangerouslyAllow: ["null"], debug: true }),
    ];
    await eachRowInTurn(policies, async (policy) => {
      const advice = (await messageOf(() => assertWithstands(policy, SITE))).split("\n").at(-1)!;
      const trusts = JSON.parse(/trusts: (\[.*\])/.exec(advice)?.[1] ?? "[]");
      const absent = /absent: "allow"/.test(advice) ? { absent: "allow" as const } : {};
      await assertWithstands(policy, { ...SITE, trusts, ...absent });
    });
  });

  test("asks functions for nothing that a program alone sends", async () => {
    const seen: Request[] = [];
    await assertWithstands((request) => {
      seen.push(request);
      return new Response(null, { status: request.headers.get("origin") === OWN ? 200 : 403 });
    }, SITE);
    assertEquals(seen.length, 46 + 1);
    eachRow(
      seen,
      ({ method, headers }) => assertEquals([method, headers.get("upgrade")], ["GET", "websocket"]),
    );
  });

  test("a redirect lets no attack in, and no own page", async () => {
    const redirect = (origin: string | null, status: number): Target => ({ headers }) =>
      Object.defineProperty(new Response(), "status", {
        value: headers.get("origin") === origin ? 200 : status,
      });
    await assertWithstands(redirect(OWN, 302), SITE);
    const { message } = await assertRejects(() => assertWithstands(answers(302), SITE), Error);
    words.assert("a redirect for everybody", message);
  });

  test("a wrong site is no failed assertion", async () => {
    await assertRejects(() => assertWithstands(POLICY, { origins: [], to: TO }), ConfigError);
  });
});

words.end();
