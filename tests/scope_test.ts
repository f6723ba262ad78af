// What one layer learns about a request and another reads.

import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  countRecheck,
  isAnswered,
  type Judge,
  judgedConnection,
  judgmentOf,
  markAnswered,
  markJudged,
  recheckCount,
  RequestScope,
  whileJudged,
  whileRunning,
} from "../src/scope.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { wordsOf } from "./words.ts";

const words = wordsOf(import.meta.url);

const request = () => new Request("http://server.example/chat");

describe("RequestScope", () => {
  test("gives back the very value that was set on a request", () => {
    const scope = new RequestScope<{ readonly name: string }>("Nobody looked.");
    const [one, other] = [request(), request()];
    const ann = { name: "ann" };
    const bob = { name: "bob" };
    scope.set(one, ann);
    scope.set(other, bob);
    assertStrictEquals(scope.read(one), ann);
    assertStrictEquals(scope.read(other), bob);
    scope.set(one, bob);
    assertStrictEquals(scope.read(one), bob);
  });

  test("throws where nothing was set, and names what is missing", () => {
    const scope = new RequestScope("Wrap the handler in auth().");
    const error = assertThrows(() => scope.read(request()), Error);
    assertEquals(error.message.indexOf("Wrap the handler in auth(). "), 0);
    words.assert("nothing was set", error.message);
  });

  test("a copy of a request is another request", () => {
    const scope = new RequestScope("Nobody looked.");
    const original = request();
    scope.set(original, {});
    eachRow([original.clone(), new Request(original), new Request(original.url)], (copy) => {
      assert(copy !== original);
      assertThrows(() => scope.read(copy), Error, "Nobody looked.");
    });
    scope.read(original);
  });

  test("two scopes do not see each other's values", () => {
    const users = new RequestScope("No user.");
    const routes = new RequestScope("No route.");
    const one = request();
    users.set(one, { name: "ann" });
    assertThrows(() => routes.read(one), Error, "No route.");
  });

  test("leaves no trace on the request", () => {
    const scope = new RequestScope("Nobody looked.");
    const [one, untouched] = [request(), request()];
    const keys = () => Reflect.ownKeys(one).map(String).sort();
    const before = keys();
    scope.set(Object.freeze(one), {});
    assertEquals(keys(), before);
    assertEquals(keys(), Reflect.ownKeys(untouched).map(String).sort());
    assertEquals([...one.headers], []);
  });
});

/** Ends a handler that waits. */
type End = (resolve: (value: string) => void, reject: (error: unknown) => void) => void;

const ENDS: readonly (readonly [name: string, end: End])[] = [
  ["resolves", (resolve) => resolve("answered")],
  ["rejects", (_, reject) => reject(new Error("mine"))],
];

describe("whileRunning", () => {
  test("calls back when a handler has returned, and hands on what it returned", () => {
    const steps: string[] = [];
    const returned = whileRunning(() => (steps.push("handler"), "answered"), () => steps.push("done"));
    assertEquals([returned, ...steps], ["answered", "handler", "done"]);
  });

  test("calls back when it has thrown, and throws the same", () => {
    let calls = 0;
    const failing = () => {
      throw new Error("mine");
    };
    assertThrows(() => whileRunning(failing, () => calls++), Error, "mine");
    assertEquals(calls, 1);
  });

  test("calls back when its promise has settled, once, and hands that very promise on", async () => {
    await eachRowInTurn(ENDS, async ([, end]) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      let calls = 0;
      assertStrictEquals(whileRunning(() => promise, () => calls++), promise);
      await Promise.resolve();
      assertEquals(calls, 0);
      end(resolve, reject);
      await promise.catch(() => {});
      await Promise.resolve();
      assertEquals(calls, 1);
    });
  });
});

describe("the mark of a judged request", () => {
  test("lasts as long as its handler runs, however that ends", async () => {
    const returning = request();
    assertEquals(whileJudged(returning, "none", [], () => judgedConnection(returning)), "none");
    assertEquals(judgedConnection(returning), undefined);

    const throwing = request();
    const failing = () => {
      assertEquals(judgedConnection(throwing), "upgrade");
      throw new Error("mine");
    };
    assertThrows(() => whileJudged(throwing, "upgrade", [], failing), Error, "mine");
    assertEquals(judgedConnection(throwing), undefined);

    await eachRowInTurn(ENDS, async ([, end]) => {
      const waiting = request();
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const answer = whileJudged(waiting, "upgrade", [], () => promise);
      assertEquals(judgedConnection(waiting), "upgrade");
      end(resolve, reject);
      await answer.catch(() => {});
      await Promise.resolve();
      assertEquals(judgedConnection(waiting), undefined);
    });
  });

  test("is gone only when every handler around it is", async () => {
    const one = request();
    await whileJudged(one, "upgrade", [], async () => {
      await assertRejects(() => whileJudged(one, "upgrade", [], () => Promise.reject(new Error("inner"))));
      assertEquals(judgedConnection(one), "upgrade");
    });
    await Promise.resolve();
    assertEquals(judgedConnection(one), undefined);
  });

  test("is a gate's for good, and of that request alone", () => {
    eachRow([false, true], (isWithin) => {
      const one = request();
      if (isWithin) whileJudged(one, "none", [], () => markJudged(one, "none", [], one));
      else markJudged(one, "none", [], one);
      assertEquals(judgedConnection(one), "none");
      whileJudged(one, "none", [], () => {});
      assertEquals(judgedConnection(one), "none");
      assertEquals(judgedConnection(one.clone()), undefined);
    });
  });
});

describe("what is kept of a verdict", () => {
  const judge = (name: string): Judge => Object.assign(() => null, { judge: name });
  const [outer, inner, gate] = ["outer", "inner", "gate"].map(judge) as [Judge, Judge, Judge];

  test("are all guards and gates that let a request in, what they judged, and the count of rechecks then", () => {
    const one = request();
    const before = recheckCount();
    whileJudged(one, "upgrade", [outer], () => {
      assertEquals(judgmentOf(one)!.judges, [outer]);
      countRecheck();
      whileJudged(one, "upgrade", [inner], () => markJudged(one, "upgrade", [gate], one));
      const { judges, handshake, rechecks, connection } = judgmentOf(one)!;
      assertEquals(judges, [outer, inner, gate]);
      assertStrictEquals(handshake, one);
      assertEquals([rechecks, recheckCount(), connection], [before, before + 1, "upgrade"]);
    });
  });

  test("is nothing of a guard whose handler has answered", () => {
    const one = request();
    whileJudged(one, "none", [outer], () => {});
    assertEquals(judgmentOf(one), undefined);
    whileJudged(one, "upgrade", [inner], () => {
      assertEquals([judgmentOf(one)!.judges, judgmentOf(one)!.connection], [[inner], "upgrade"]);
    });
  });

  test("is, of a request that is not the web's, what its gate read of it", () => {
    const one = { rawHeaders: [] };
    const read = request();
    markJudged(one, "upgrade", [gate], read);
    assertStrictEquals(judgmentOf(one)!.handshake, read);
  });
});

test("a request is answered from when that was said, and no other one with it", () => {
  const [one, other] = [request(), request()];
  assertEquals(isAnswered(one), false);
  markAnswered(one);
  assertEquals([isAnswered(one), isAnswered(other), isAnswered(one.clone())], [true, false, false]);
});

words.end();
