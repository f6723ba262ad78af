/** What the playground and the lab give to copy: it compiles, and judges as the policy that it was made of. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { check, compilePolicy, type Handshake, type Policy } from "@wsgate/wsgate";
import { policyCode, type WrittenPolicy } from "../../examples/lab/pages/policy_code.ts";
import { handshakeOf } from "../../src/cli/handshake_text.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { runtime } from "../runtime.ts";

const mod = new URL("../../mod.ts", import.meta.url).href;

const POLICIES: readonly WrittenPolicy[] = [
  { origins: [] },
  { origins: ["*"] },
  { origins: ["https://app.example.com", ".example.org", "https://bücher.example"] },
  {
    origins: ["'self'", "http://localhost:*"],
    dangerouslyAllow: ["null", "*.github.io"],
    hosts: ["example.com", "[::1]:8080"],
    absent: "allow-without-credentials",
    scheme: "https",
    debug: true,
  },
  {
    origins: [
      "capacitor://localhost",
      "moz-extension://*",
      "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ],
  },
  { origins: ["https://example.com"], hosts: [], absent: "allow", scheme: "http", debug: false },
];

const HANDSHAKES: readonly Handshake[] = ["example.com", "[::1]:8080", "evil.test", "localhost"].flatMap((
  host,
) =>
  [
    "https://app.example.com",
    "https://a.example.org",
    "https://xn--bcher-kva.example",
    "https://example.com",
    "http://example.com",
    "http://localhost:5173",
    "https://me.github.io",
    "https://evil.test",
    "capacitor://localhost",
    "moz-extension://any",
    "null",
    "",
    undefined,
  ].map((origin) =>
    handshakeOf("/", [["host", host], ...origin === undefined ? [] : [["origin", origin] as const]])
  )
);

describe("policyCode()", () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "wsgate-code-"))));
  after(() => rm(folder, { recursive: true, force: true }));

  it("is a module whose policy judges as the one that it was made of", async () => {
    let allowed = 0;
    await eachRowInTurn([...POLICIES.entries()], async ([row, written]) => {
      const file = join(folder, `policy${row}.ts`);
      const code = policyCode(written);
      assertEquals(code.match(/@wsgate\/wsgate/g)?.length, 1);
      await writeFile(file, code.replace("@wsgate/wsgate", mod));
      const { policy: copied }: { policy: Policy } = await import(pathToFileURL(file).href);
      const policy = compilePolicy(written);
      eachRow(HANDSHAKES, (handshake) => {
        const decision = check(handshake, policy);
        if (decision.allowed) allowed++;
        assertEquals(check(handshake, copied), decision);
      });
      const lists = (
        { origins, hosts, absent, scheme, debug }: Policy,
      ) => [origins, hosts, absent, scheme, debug];
      assertEquals(lists(copied), lists(policy));
    });
    assertEquals(allowed > 60, true, String(allowed));
  });

  it("passes the type checker and the formatter", {
    skip: runtime === "deno" ? false : "asks Deno's own tools",
    timeout: 120_000,
  }, async () => {
    const config = join(folder, "deno.json");
    await writeFile(config, JSON.stringify({ imports: { "@wsgate/wsgate": mod } }));
    const files = await Promise.all(
      POLICIES.flatMap((written) => [policyCode(written), policyCode(written, true)]).map(
        async (code, index) => {
          const file = join(folder, `checked${index}.ts`);
          await writeFile(file, code);
          return file;
        },
      ),
    );
    await eachRowInTurn(["check", "fmt --check"], async (command) => {
      await promisify(execFile)(process.execPath, [...command.split(" "), "--config", config, ...files]);
    });
  });

  it("is printable ASCII, whatever a list holds", () => {
    const code = policyCode({
      origins: ["\u202egro.elpmaxe\u2066", "\u2028", 'a"\\', "\ud800"],
      hosts: ["\n\x1b"],
    });
    assertMatch(code, /^[\x20-\x7e\n]*$/);
    assertStringIncludes(code, String.raw`"\u202egro.elpmaxe\u2066",`);
    assertStringIncludes(code, String.raw`"a\"\\",`);
    assertStringIncludes(code, String.raw`"\n\u001b",`);
  });

  it("leaves out what is left out, and says how a refusal looks", () => {
    assertEquals(
      policyCode({ origins: ["https://example.com"] }),
      `import { compilePolicy } from "@wsgate/wsgate";

// guard(handler, policy) judges every handshake by it.
export const policy = compilePolicy({
  origins: [
    "https://example.com",
  ],
});
`,
    );
    assertStringIncludes(
      policyCode({ origins: [] }, true),
      "guard(handler, policy, { refuse: refuseVisibly })",
    );
  });
});
