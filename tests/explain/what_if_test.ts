// A policy with one change more: what it would say, of which nothing is judged.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { check, compileAllowedHosts, compilePolicy, type Policy } from "@wsgate/wsgate";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { type Change, withChange } from "../../src/explain/what_if.ts";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";

const site = compilePolicy({
  origins: ["https://a.test", "'self'"],
  hosts: ["a.test"],
  suffixes: publicSuffixes,
});
const hosts = compileAllowedHosts({ allowedHosts: ["a.test"] });

/** What a policy says of a page at a Host. */
function says(policy: Policy | null, origin: string | null, host = "a.test", url = "/"): string {
  assert(policy !== null);
  const headers = { host, ...origin === null ? {} : { origin } };
  const decision = check(handshakeOf({ url, headers }), policy);
  return decision.allowed ? "allowed" : decision.reason;
}

describe("withChange()", () => {
  const table: [policy: Policy, change: Change, origin: string | null, host: string, before: string][] = [
    [site, { field: "origins", entry: "https://b.test" }, "https://b.test", "a.test", "origin-not-allowed"],
    [site, { field: "dangerouslyAllow", entry: "null" }, "null", "a.test", "origin-null"],
    [site, { field: "hosts", entry: "b.test" }, "https://a.test", "b.test", "host-not-allowed"],
    [site, { field: "absent", entry: "allow" }, null, "a.test", "origin-absent"],
    [site, { field: "debug", entry: "true" }, "http://localhost:3000", "localhost", "host-not-allowed"],
    [site, { field: "scheme", entry: "http" }, "http://a.test", "a.test", "origin-not-allowed"],
    [hosts, { field: "allowedHosts", entry: "b.test" }, "https://b.test", "b.test", "host-not-allowed"],
  ];
  eachRow(table, ([policy, change, origin, host, before]) => {
    // Nothing says the scheme in a relative URL.
    assertEquals(says(policy, origin, host), before);
    const changed = withChange(policy, change);
    assertEquals(says(changed, origin, host), "allowed");
    assertEquals(says(policy, origin, host), before, "the policy itself is as it was");
    assertEquals(says(changed, "https://evil.test", host), "origin-not-allowed");
  });

  test("no entry that the list would refuse", () => {
    const table: Change[] = [
      { field: "origins", entry: "null" },
      { field: "origins", entry: "https://*.github.io" },
      { field: "origins", entry: "not an entry" },
      { field: "hosts", entry: "a b" },
      { field: "dangerouslyAllow", entry: "" },
    ];
    eachRow(table, (change) => assertEquals(withChange(site, change), null));
  });

  test("a host is a page of http and of https where both are judged, and where one list is for both", () => {
    const changed = withChange(hosts, { field: "allowedHosts", entry: "b.test:81" });
    assertEquals(says(changed, "http://b.test:81"), "allowed");
    assertEquals(says(changed, "https://b.test:81"), "allowed");
    assertEquals(says(changed, "https://b.test"), "origin-not-allowed");
    assertEquals(
      says(withChange(site, { field: "hosts", entry: "b.test" }), "https://b.test"),
      "origin-not-allowed",
    );
  });
});
