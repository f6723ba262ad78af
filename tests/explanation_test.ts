// What an explanation shows of Origin, Host and URL.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { authorityOf, readHost, readOrigin, serialize } from "../src/explanation.ts";
import { parseOrigin } from "../src/origin/origin.ts";
import { eachRow } from "./rows.ts";

describe("readOrigin()", () => {
  const table: [value: string | null, kind: string, shown: string][] = [
    [null, "absent", "absent"],
    ["", "empty", '""'],
    ["null", "null", '"null"'],
    ["https://A.test", "malformed", '"https://A.test"'],
    ["https://ada:s3cret@a.test", "malformed", '"https://..."'],
    ["https://a.test:443", "tuple", "https://a.test"],
    ["app://-", "tuple", "app://-"],
  ];
  eachRow(table, ([value, kind, shown]) => {
    const read = readOrigin(value);
    assertEquals([read.kind, read.shown], [kind, shown]);
  });
  test("a port is the effective one, or null", () => {
    eachRow(
      [["https://a.test", 443], ["http://a.test:81", 81], ["app://a", null]] as const,
      ([value, port]) => {
        const read = readOrigin(value);
        assertEquals(read.kind === "tuple" && read.port, port);
      },
    );
  });
});

test("readHost()", () => {
  const table: [value: string | null, kind: string, shown: string, port: number | null | undefined][] = [
    [null, "absent", "absent", undefined],
    ["a b", "malformed", '"a b"', undefined],
    ["ada:s3cret@a.test", "malformed", '"..."', undefined],
    ["A.test:81", "name", "A.test:81", 81],
    ["10.0.0.1", "ipv4", "10.0.0.1", null],
    ["[::1]", "ipv6", "[::1]", null],
  ];
  eachRow(table, ([value, kind, shown, port]) => {
    const read = readHost(value);
    assertEquals([read.kind, read.shown, "port" in read ? read.port : undefined], [kind, shown, port]);
  });
});

test("authorityOf(): in lower case, escaped where it is none, null where there is none", () => {
  eachRow(
    [
      ["http://A.test:80/x", "a.test:80"],
      ["/x", null],
      ["http://a b/", '"a b"'],
      ["http://ada:s3cret@a.test/", '"..."'],
    ] as const,
    ([url, expected]) => assertEquals(authorityOf(url), expected),
  );
});

test("serialize(): as browsers write it", () => {
  eachRow(["https://a.test", "http://a.test:81", "app://-"], (text) => {
    const origin = parseOrigin(text);
    if (origin.kind === "tuple") assertEquals(serialize(origin), text);
    else throw new Error(text);
  });
});
