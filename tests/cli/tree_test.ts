// Trees, drawn.

import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { compilePolicy, type PolicyOptions } from "@wsgate/wsgate";
import { drawTree, treeOf } from "../../src/cli/tree.ts";
import { compiledOf } from "../../src/verdict/policy.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

function draw(
  origins: string[],
  more: Partial<PolicyOptions> = {},
  paint = (_: string, text: string) => text,
): string[] {
  return drawTree(treeOf(compiledOf(compilePolicy({ origins, ...more })).origins), paint);
}

/** The lines without their middle column, which is in words. */
function outline(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/(?<=\S|^) {3,}\S+(?: \S+)* {3,}(?=\S+ {2}\S+$)/, "   "));
}

describe("drawTree()", () => {
  test("labels from right to left, chains in one line, wildcards on their own", () => {
    const lines = draw([
      ".goodsite.com",
      "http://.goodsite.com:80",
      "http://other.site.com",
      "https://*.api.goodsite.com:*",
      "https://bücher.example",
      "localhost:3000",
      "127.0.0.1",
      "capacitor://localhost",
    ]);
    assertEquals(outline(lines), [
      ".",
      "├─ 127.0.0.1   127.0.0.1  [6]",
      "├─ com",
      "│  ├─ goodsite   .goodsite.com  [0]",
      "│  │  │   http://.goodsite.com:80  [1]",
      "│  │  ├─ *   .goodsite.com  [0]",
      "│  │  │   http://.goodsite.com:80  [1]",
      "│  │  └─ api",
      "│  │     └─ *   https://*.api.goodsite.com:*  [3]",
      "│  └─ other.site   http://other.site.com  [2]",
      "├─ localhost   localhost:3000  [5]",
      "│   capacitor://localhost  [7]",
      `└─ xn--bcher-kva.example   "https://b\\u00fccher.example"  [4]`,
    ]);
    words.assert("a long list", lines.join("\n"));
  });
  test("what names no host stands hostless", () => {
    const lines = draw(["'self'", "https://a.test"], { hosts: ["a.test"], dangerouslyAllow: ["null"] });
    assertEquals(lines.map((line) => line.replace(/^\S.*(?= {3})/, "")), [
      "   'self'  [0]",
      "   null  dangerouslyAllow[0]",
      "",
      ".",
      "   https://a.test  [1]",
    ]);
    words.assert("'self', null and one host", lines.join("\n"));
    const [any, ...more] = draw(["*"]);
    assertEquals([any!.slice(any!.indexOf("   ")), more], ["   *  [0]", []]);
    words.assert("*", any!);
    assertEquals(draw([]), []);
  });
  test("every host of a scheme, and what debug adds", () => {
    const scheme = draw(["moz-extension://*"]);
    assertEquals(outline(scheme), [".", "└─ *   moz-extension://*  [0]"]);
    words.assert("moz-extension://*", scheme.join("\n"));
    const debug = draw([], { debug: true });
    assertEquals(outline(debug).slice(0, 4), [
      ".",
      "├─ 127.0.0.1   http://127.0.0.1:*  (debug)",
      "│   https://127.0.0.1:*  (debug)",
      "├─ [::1]   http://[::1]:*  (debug)",
    ]);
    words.assert("debug", debug.join("\n"));
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

words.end();
