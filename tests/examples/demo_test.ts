import { test } from "node:test";
import { execFile } from "node:child_process";
import process from "node:process";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runtime } from "../runtime.ts";

/** Runs the program as a user does; resolves with its exit code and what it printed. */
function runDemo(environment: Record<string, string>): Promise<{ code: number; output: string }> {
  const script = new URL("../../examples/demo.ts", import.meta.url).pathname;
  const args = runtime === "deno" ? ["run", "-A", script] : ["run", script];
  const options = { env: { ...process.env, ...environment }, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout) => {
      resolve({ code: child.exitCode ?? -1, output: stdout });
    });
  });
}

test("the demo steals from the bare server, and the guarded one keeps what it has", async () => {
  const { code, output } = await runDemo({});
  assertEquals(code, 0);
  assertStringIncludes(output, runtime === "deno" ? "on Deno 2" : "on Bun 1");
  assertStringIncludes(
    output,
    "3 attacks: the bare server gave the mail away 3 times, the guarded one kept it 3 times.",
  );
  // The site's own page is served by both: a server that refuses everybody would keep its mail too.
  assertEquals(output.match(/^ {3}(?:bare|guarded) +served {3}"Ada, your mail/gm)?.length, 2);
  assertEquals(output.match(/^ {3}bare +stolen {3}"Ada, your mail/gm)?.length, 3);
  assertEquals(output.match(/^ {3}guarded +refused {2}403 Forbidden, origin-not-allowed$/gm)?.length, 3);
  // In a pipe, no colors.
  assertEquals(output.includes("\x1b"), false);
});
