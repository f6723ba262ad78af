// One handshake in, the rows of the table out, in its order.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, explain } from "@wsgate/wsgate";
import { CAUSES } from "../../src/explain/causes.ts";
import { nearest } from "../../src/explain/nearest.ts";
import { handshakeOf } from "../doubles.ts";

describe("nearest()", () => {
  const policy = compilePolicy({ origins: ["https://a.test", "https://a.test:81", "http://a.test"] });
  const handshake = handshakeOf({ url: "/", headers: { host: "s.test", origin: "https://a.test:82" } });

  test("the order is the table's, and the nearest alone has a suggestion", () => {
    const { nearest: found } = explain(handshake, policy);
    const places = found.map(({ code }) => CAUSES.findIndex((cause) => cause.code === code));
    assertEquals(places, places.toSorted((a, b) => a - b));
    assertEquals(found.map(({ suggestion }) => suggestion !== null), [true, false, false]);
  });
  test("says less in passing", () => {
    const shown = { host: '"s.test"', authority: null };
    const local = handshakeOf({ url: "/", headers: { host: "localhost", origin: "http://localhost:1" } });
    const [all] = nearest("origin-not-allowed", local, policy, undefined, shown);
    const [less] = nearest("origin-not-allowed", local, policy, { searchAtMost: 9 }, shown);
    assert(all!.text.startsWith(less!.text) && all!.text.length > less!.text.length);
    assertEquals([all!.suggestion?.field, less!.suggestion], ["debug", null]);
  });
  test("of what is let in, only what a proxy took out", () => {
    assertEquals(nearest(null, handshake, policy, undefined, { host: "", authority: null }), []);
  });
});
