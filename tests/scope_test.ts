// What one layer learns about a request and another reads.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { RequestScope } from "../src/scope.ts";
import { eachRow } from "./rows.ts";
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

words.end();
