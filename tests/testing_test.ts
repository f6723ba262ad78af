// The kit's entry: what it exports.

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import * as kit from "@wsgate/wsgate/testing";

test("the kit's own names, and no others", () => {
  assertEquals(Object.keys(kit).sort(), [
    "assertAllowed",
    "assertDenied",
    "assertWithstands",
    "attacksOn",
    "clientHandshake",
    "pageHandshake",
  ]);
});
