import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createLiveSockets } from "@wsgate/wsgate/live";
import { eachRow } from "../rows.ts";

test("live sockets are made by one call", () => {
  using live = createLiveSockets({ longestSessionSeconds: 60 });
  assertEquals(live.size, 0);
  eachRow(["end", "admit", "isAdmitted", "track", "recheck"] as const, (name) => {
    assertEquals(typeof live[name], "function");
  });
});
