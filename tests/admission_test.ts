import { test } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { readLive } from "../src/admission.ts";
import type { ConfigIssue } from "../src/config.ts";
import { eachRow } from "./rows.ts";

test("the option `live` is what has admit(), or left out", () => {
  const live = { admit: () => Promise.resolve(true), isAdmitted: () => true, track: () => () => {} };
  eachRow([live, undefined], (given) => {
    const issues: ConfigIssue[] = [];
    assertStrictEquals(readLive({ live: given }, issues), given);
    assertEquals(issues, []);
  });
  eachRow([null, {}, true, "live", { admit: true }], (given) => {
    const issues: ConfigIssue[] = [];
    readLive({ live: given }, issues);
    assertEquals(issues.map(({ code, field }) => `${code} ${field}`), ["wrong-type live.admit"]);
  });
});
