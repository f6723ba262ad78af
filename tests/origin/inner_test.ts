// Hosts that mean another machine to everyone who says them.

import { describe, test } from "node:test";
import { assert } from "@std/assert";
import { isAddress, isInner, isLoopback } from "../../src/origin/inner.ts";
import { eachRow } from "../rows.ts";

describe("isLoopback()", () => {
  test("names and addresses of the browser's own machine", () => {
    eachRow(["localhost", "app.localhost", "127.0.0.1", "127.255.0.9", "[::1]"], (host) => {
      assert(isLoopback(host));
    });
    const others = ["localhost.test", "evil-localhost", "128.0.0.1", "127.0.0.1.nip.io", "[::]", "10.0.0.1"];
    eachRow(others, (host) => assert(!isLoopback(host)));
  });
});

describe("isInner()", () => {
  test("this machine, a network's own addresses, and names that the public DNS has not", () => {
    const inner = [
      ..."localhost app.localhost 127.0.0.1 [::1] 10.0.0.1 172.16.0.1 172.31.255.9 192.168.1.2 169.254.1.1"
        .split(" "),
      ..."[fc00::1] [fd12:3456::1] [fe80::1] [febf::1] web nas.local web.internal web.internal.".split(" "),
    ];
    eachRow(inner, (host) => assert(isInner(host)));
    const others = [
      ..."example.com 172.15.0.1 172.32.0.1 11.0.0.1 192.169.0.1 0.0.0.0 [::] [2001:db8::1] [fbff::1]".split(
        " ",
      ),
      ..."local.example 10.0.0.1.nip.io web.local.example 169.254.evil.test [fec0::1]".split(" "),
    ];
    eachRow(others, (host) => assert(!isInner(host)));
  });
});

describe("isAddress()", () => {
  test("canonical addresses of both kinds", () => {
    eachRow(["127.0.0.1", "[::1]", "8.8.8.8"], (host) => assert(isAddress(host)));
    eachRow(["a.test", "127.0.0.1.nip.io", "localhost", ""], (host) => assert(!isAddress(host)));
  });
});
