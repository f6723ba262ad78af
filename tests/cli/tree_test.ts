// Trees, drawn.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { compilePolicy, type PolicyOptions } from "@wsgate/wsgate";
import { drawTree, treeOf } from "../../src/cli/tree.ts";
import { compiledOf } from "../../src/verdict/policy.ts";

function draw(
  origins: string[],
  more: Partial<PolicyOptions> = {},
  paint = (_: string, text: string) => text,
): string[] {
  return drawTree(treeOf(compiledOf(compilePolicy({ origins, ...more })).origins), paint);
}

describe("drawTree()", () => {
  test("labels from right to left, chains in one line, wildcards on their own", () => {
    assertEquals(
      draw([
        ".goodsite.com",
        "http://.goodsite.com:80",
        "http://other.site.com",
        "https://*.api.goodsite.com:*",
        "https://bücher.example",
        "localhost:3000",
        "127.0.0.1",
        "capacitor://localhost",
      ]),
      [
        ".",
        "├─ 127.0.0.1               any scheme, any port   127.0.0.1  [6]",
        "├─ com",
        "│  ├─ goodsite             any scheme, any port   .goodsite.com  [0]",
        "│  │  │                    http, 80               http://.goodsite.com:80  [1]",
        "│  │  ├─ *                 any scheme, any port   .goodsite.com  [0]",
        "│  │  │                    http, 80               http://.goodsite.com:80  [1]",
        "│  │  └─ api",
        "│  │     └─ *              https, any port        https://*.api.goodsite.com:*  [3]",
        "│  └─ other.site           http, 80               http://other.site.com  [2]",
        "├─ localhost               any scheme, 3000       localhost:3000  [5]",
        "│                          capacitor, no port     capacitor://localhost  [7]",
        `└─ xn--bcher-kva.example   https, 443             "https://b\\u00fccher.example"  [4]`,
      ],
    );
  });
  test("what names no host stands hostless", () => {
    assertEquals(
      draw(["'self'", "https://a.test"], { hosts: ["a.test"], dangerouslyAllow: ["null"] }),
      [
        "the Host's own   'self'  [0]",
        "no origin   null  dangerouslyAllow[0]",
        "",
        ".",
        "└─ test.a   https, 443   https://a.test  [1]",
      ].map((line) => line.replace("test.a", "a.test")),
    );
    assertEquals(draw(["*"]), ["anybody   *  [0]"]);
    assertEquals(draw([]), []);
  });
  test("every host of a scheme, and what debug adds", () => {
    assertEquals(draw(["moz-extension://*"]), [
      ".",
      "└─ *   moz-extension, no port   moz-extension://*  [0]",
    ]);
    assertEquals(draw([], { debug: true }).slice(0, 4), [
      ".",
      "├─ 127.0.0.1   http, any port    http://127.0.0.1:*  (debug)",
      "│              https, any port   https://127.0.0.1:*  (debug)",
      "├─ [::1]       http, any port    http://[::1]:*  (debug)",
    ]);
  });
  test("in one order, whatever that of the list", () => {
    const origins = ["https://b.test", "https://*.test", "https://a.test", "https://c.test"];
    const labels = (list: string[]) => draw(list).map((line) => line.replace(/ {3}https.*/, ""));
    assertEquals(labels(origins), [".", "└─ test", "   ├─ *", "   ├─ a", "   ├─ b", "   └─ c"]);
    assertEquals(labels(origins.toReversed()), labels(origins));
    assertEquals(labels([...origins.slice(1), origins[0]!]), labels(origins));
  });
  test("paint is asked for all that has a color, and moves nothing", () => {
    const origins = ["*.a.test", "https://b.test"];
    const painted = draw(origins, {}, (color, text) => `<${color}>${text}</>`);
    assertEquals(painted.map((line) => line.replace(/<[a-z/]*>/g, "")), draw(origins));
    assertEquals(painted.some((line) => line.includes("<wild>*</>")), true);
  });
});
