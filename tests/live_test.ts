// What the sub-path has, and that its parts work together as an application imports them.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import * as live from "@wsgate/wsgate/live";

describe("@wsgate/wsgate/live", () => {
  test("has these names, and no other", () => {
    assertEquals(Object.keys(live).sort(), [
      "createLiveSockets",
      "createTickets",
      "memoryStore",
      "redisStore",
      "sqliteStore",
    ]);
  });
});
