// The shapes that every layer speaks are types; what can be wrong with them at run time is what their documentation says.

import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { STATUSES } from "./denials.ts";

describe("DenyReason", () => {
  test("is documented with the status that it has", () => {
    const source = readFileSync(new URL("../src/handler.ts", import.meta.url), "utf8").replace(
      /\n \* /g,
      " ",
    );
    const documented: Record<string, number> = {};
    for (const [, status, reasons] of source.matchAll(/(\d{3}): ((?:`[a-z-]+`(?:, )?)+)/g)) {
      for (const [, reason] of reasons!.matchAll(/`([a-z-]+)`/g)) documented[reason!] = Number(status);
    }
    assertEquals(documented, STATUSES as Record<string, number>);
  });
});
