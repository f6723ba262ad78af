// What adds nothing to a list, by place. How it is reported, and that it agrees with origins tried one by one, is in
// lint_test.ts.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { findRepeats } from "../../src/explain/repeats.ts";
import { readPatterns } from "../../src/pattern/list.ts";

describe("findRepeats()", () => {
  const table: [origins: string[], repeats: string[]][] = [
    [[], []],
    [["https://a.test", "https://b.test"], []],
    [["https://a.test", "https://a.test", "https://a.test"], ["1 duplicate of 0", "2 duplicate of 0"]],
    [["https://x.a.test", "https://.a.test", "a.test"], ["0 covered by 1"]],
    [["https://x.a.test", "https://*.x.a.test", "*.a.test", ".a.test"], [
      "0 covered by 2",
      "1 covered by 2",
      "2 covered by 3",
    ]],
    [["'self'", "*", "*"], ["0 covered by 1", "2 duplicate of 1"]],
    // A host that is called as a kind of rule is.
    [["any", "self.test", "*"], ["0 covered by 2", "1 covered by 2"]],
    [["app://x", "app://*"], ["0 covered by 1"]],
  ];
  for (const [origins, repeats] of table) {
    test(JSON.stringify(origins), () => {
      const found = findRepeats(readPatterns(origins, "origins", { self: true }, []));
      assertEquals(
        found.map(({ code, place, by }) => `${place} ${code} ${code === "covered" ? "by" : "of"} ${by}`),
        repeats,
      );
    });
  }
});
