// JSON that a terminal may be given.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { json } from "../../src/cli/json.ts";

test("json() is ASCII, and the same when read", () => {
  const value = { "b\u00fccher\u202e": ["\x1b[2J", "\ud800", "\u{1f600}", 1, null] };
  const text = json(value);
  assertEquals(/^[\n\x20-\x7e]+$/.test(text), true, text);
  assertEquals(JSON.parse(text), value);
});

test("json() says so where there is no end of it", () => {
  const endless: unknown[] = [];
  endless.push(endless);
  assertEquals(typeof JSON.parse(json(endless)), "string");
});
