// What a rule reaches, and which rules reach further. The model of both is a list of names.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type HostRule, reaches, reachesBelow, reachesHost, widerThan } from "../../src/pattern/rule.ts";

const NAMES = [
  "example.com",
  "www.example.com",
  "a.www.example.com",
  "com",
  "evilexample.com",
  "example.com.",
];

function rule(
  host: string,
  reach: HostRule["reach"],
  scheme: string | null = null,
  port: number | null = null,
) {
  return { kind: "host", place: 0, host, reach, scheme, port } as const;
}

describe("reaches", () => {
  const TABLE: readonly (readonly [host: string, reach: HostRule["reach"], reached: readonly string[]])[] = [
    ["example.com", "host", ["example.com"]],
    ["example.com", "subdomains", ["www.example.com", "a.www.example.com"]],
    ["example.com", "host-and-subdomains", ["example.com", "www.example.com", "a.www.example.com"]],
    ["www.example.com", "subdomains", ["a.www.example.com"]],
    ["com", "subdomains", ["example.com", "www.example.com", "a.www.example.com", "evilexample.com"]],
    ["example.com.", "host-and-subdomains", ["example.com."]],
    ["", "subdomains", NAMES],
  ];
  for (const [host, reach, reached] of TABLE) {
    test(`${host === "" ? "every host" : host}, ${reach}`, () => {
      assertEquals(NAMES.filter((name) => reaches(rule(host, reach), name)), reached);
      if (host !== "") assertEquals(reachesHost(rule(host, reach)), reached.includes(host));
      assertEquals(reachesBelow(rule(host, reach)), reaches(rule(host, reach), `below.${host}`));
    });
  }
});

describe("widerThan", () => {
  const HOSTS = ["a.example.com", "example.com", "com", ""];
  const REACHES = ["host", "subdomains", "host-and-subdomains"] as const;
  const rules = HOSTS.flatMap((host) =>
    REACHES.flatMap((reach) =>
      [null, "https"].flatMap((scheme) => [null, 443].map((port) => rule(host, reach, scheme, port)))
    )
    // Every host there is: there is no name that stands for them.
  ).filter(({ host, reach }) => host !== "" || reach === "subdomains");

  /** By trial: everything that `narrow` admits, of names around it, is admitted by `wide`. */
  function covers(wide: HostRule, narrow: HostRule): boolean {
    const names = [
      "com",
      "example.com",
      "a.example.com",
      "b.example.com",
      "b.a.example.com",
      "test",
      "b.com",
    ];
    return (wide.scheme === null || wide.scheme === narrow.scheme) &&
      (wide.port === null || wide.port === narrow.port) &&
      names.every((name) => !reaches(narrow, name) || reaches(wide, name));
  }

  test("names every rule of a host that admits all of another, and no other", () => {
    let found = 0;
    for (const narrow of rules) {
      for (const host of HOSTS) {
        // Only a host at or above the rule's own can hold one.
        if (host !== narrow.host && host !== "" && !narrow.host.endsWith("." + host)) continue;
        const expected = rules.filter((wide) =>
          wide !== narrow && wide.host === host && covers(wide, narrow)
        );
        const key = ({ reach, scheme, port }: HostRule) => `${reach} ${scheme} ${port}`;
        const wider = widerThan(narrow, host).filter((it) => host !== "" || it.reach === "subdomains");
        assertEquals(new Set(wider.map(key)), new Set(expected.map(key)), `${key(narrow)} at ${host}`);
        assert(wider.every((it) => it.host === host));
        found += expected.length;
      }
    }
    assert(found > 300, String(found));
  });
});
