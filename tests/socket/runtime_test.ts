// Which runtime a request came from.

import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { bunRuntime } from "../../src/socket/bun.ts";
import { denoRuntime } from "../../src/socket/deno.ts";
import { runtimeOf } from "../../src/socket/runtime.ts";
import { eachRow } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

test("a request's runtime is the one that runs, and on Bun its server has to be handed on", () => {
  const server = { upgrade: () => true };
  const own = runtime === "deno" ? denoRuntime : bunRuntime;
  assertEquals(runtimeOf(server), own);
  eachRow([undefined, {}], (context) => {
    if (runtime === "deno") assertEquals(runtimeOf(context), own);
    else words.assertOn("bun", "no server", assertThrows(() => runtimeOf(context), TypeError).message);
  });
});

test("where neither of them runs, that is said", { skip: runtime === "bun" }, () => {
  const { owns } = denoRuntime;
  try {
    // As it answers on Node, where there is no Bun either.
    Object.assign(denoRuntime, { owns: () => false });
    words.assertOn("deno", "no runtime", assertThrows(() => runtimeOf({}), TypeError).message);
  } finally {
    Object.assign(denoRuntime, { owns });
  }
});

words.end();
