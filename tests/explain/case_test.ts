// A handshake and its policy, read once.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { compilePolicy, type PolicyOptions } from "@wsgate/wsgate";
import { isListeningAddress, isLocalPage, isNativeClient, readCase } from "../../src/explain/case.ts";
import type { DenyReason } from "../../src/handler.ts";
import { handshakeOf } from "../doubles.ts";

const read = (
  reason: DenyReason,
  headers: Record<string, string>,
  options: PolicyOptions = { origins: ["https://a.test"] },
  inPassing?: { searchAtMost: number },
) =>
  readCase(reason, handshakeOf({ headers }), compilePolicy(options), inPassing, {
    host: "",
    authority: null,
  });

describe("readCase()", () => {
  test("searches the list that refused, unless it is too long", () => {
    const headers = { host: "s.test", origin: "https://a.test:81" };
    const all = read("origin-not-allowed", headers);
    assertEquals([all.rules.length, all.near.get("port")?.length, all.inPassing], [1, 1, false]);
    const none = read("origin-not-allowed", headers, undefined, { searchAtMost: 0 });
    assertEquals([none.rules.length, none.near.size, none.isSearched, none.hasLocal], [0, 0, false, true]);
  });
  test("knows whether the list is for this machine too", () => {
    const headers = { host: "s.test", origin: "http://localhost:1" };
    assert(isLocalPage(read("origin-not-allowed", headers)));
    assert(!isLocalPage(read("origin-not-allowed", headers, { origins: ["http://localhost:2"] })));
    assert(!isLocalPage(read("origin-not-allowed", headers, { origins: ["https://a.test"], debug: true })));
  });
  test("an address to listen on, and a program's", () => {
    assert(isListeningAddress(read("origin-not-allowed", { host: "s.test", origin: "http://0.0.0.0:1" })));
    assert(!isListeningAddress(read("origin-not-allowed", { host: "s.test", origin: "https://0.0.0.0" })));
    assert(isNativeClient(read("origin-not-allowed", { host: "s.test", origin: "ws://s.test" })));
    assert(
      !isNativeClient(read("host-not-allowed", { host: "s.test", origin: "ws://s.test" }, {
        origins: [],
        hosts: ["a.test"],
      })),
    );
  });
});
