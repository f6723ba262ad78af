/**
 * The package as it comes from a registry, on both runtimes: JSR's own protocol for Deno, its npm layer for Bun. A
 * registry on loopback serves what would be published.
 *
 * It is made with Deno's own tools, so under Bun there is nothing to ask that was not asked.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { executableOf } from "./programs.ts";
import { runtime } from "./runtime.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const asked = { skip: runtime === "deno" ? false : "asks Deno's own tools", timeout: 120_000 };

/** What a user writes first, and with a sub-path. */
const PROGRAM = (name: string) => `
  import { compileOrigins, originValidator } from "${name}";
  import { publicSuffixes } from "${name}/public_suffixes";
  const guarded = originValidator(() => new Response("in"), ["https://example.com"], { onDecision() {} });
  const headers = { host: "example.com", upgrade: "websocket", connection: "upgrade", origin: "https://evil.test" };
  const { status } = await guarded(new Request("http://example.com/", { headers }));
  let refused = 0;
  try {
    compileOrigins(["*.readthedocs.io"], { suffixes: publicSuffixes });
  } catch {
    refused++;
  }
  console.log(status, refused);
`;
const EXPLAIN = ["explain", "--origin", "https://app.example.com:8443", "https://app.example.com"];

describe("from a registry", asked, () => {
  let folder: string;
  let server: Server;
  let registry: string;
  let version: string;
  let exports: unknown;
  const files = new Map<string, { type: string; body: Uint8Array | string }>();

  function run(program: string, args: readonly string[], env: Record<string, string> = {}, cwd = folder) {
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 90_000 };
    return new Promise<{ status: unknown; output: string }>((resolve) => {
      execFile(program, [...args], options, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : error.code, output: stdout + stderr });
      });
    });
  }

  before(async () => {
    ({ version, exports } = JSON.parse(await readFile(`${root}deno.json`, "utf8")));
    folder = await mkdtemp(join(tmpdir(), "wsgate-registry-"));
    server = createServer((request, response) => {
      const file = files.get(decodeURIComponent(request.url!));
      response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.type ?? "text/plain" });
      response.end(file?.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    registry = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  after(async () => {
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("Deno imports it, and runs its command line", asked, async () => {
    const { output } = await run(process.execPath, ["publish", "--dry-run", "--allow-dirty"], {}, root);
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for (const [url] of output.matchAll(/(?<=^ *)file:\S+/gm)) {
      const body = await readFile(new URL(url!));
      const path = `/${fileURLToPath(url!).slice(root.length)}`;
      manifest[path] = {
        size: body.length,
        checksum: `sha256-${createHash("sha256").update(body).digest("hex")}`,
      };
      files.set(`/@wsgate/wsgate/${version}${path}`, { type: "text/typescript", body });
    }
    const json = (value: unknown) => ({ type: "application/json", body: JSON.stringify(value) });
    files.set(
      "/@wsgate/wsgate/meta.json",
      json({ scope: "wsgate", name: "wsgate", latest: version, versions: { [version]: {} } }),
    );
    files.set(`/@wsgate/wsgate/${version}_meta.json`, json({ manifest, exports }));

    await writeFile(join(folder, "main.ts"), PROGRAM(`jsr:@wsgate/wsgate@${version}`));
    const env = { JSR_URL: registry, DENO_DIR: join(folder, "cache") };
    const options = ["run", "--quiet", "--no-config", "--no-lock"];
    assertEquals(await run(process.execPath, [...options, "main.ts"], env), { status: 0, output: "403 1\n" });
    const explained = await run(process.execPath, [
      ...options,
      "--allow-read",
      "--allow-env",
      "--no-prompt",
      `jsr:@wsgate/wsgate@${version}/cli`,
      ...EXPLAIN,
    ], env);
    assertEquals(explained.status, 1, explained.output);
    assertStringIncludes(explained.output, '"https://app.example.com" (origins[0])');
  });

  it("Bun installs it from the npm layer, imports it, and runs its command line", asked, async () => {
    const bun = await executableOf("bun");
    const tarball = join(folder, "wsgate.tgz");
    const packed = await run(process.execPath, ["pack", "--quiet", "--allow-dirty", "-o", tarball], {}, root);
    assertEquals(packed.status, 0, packed.output);
    const body = await readFile(tarball);
    const name = "@jsr/wsgate__wsgate";
    const dist = {
      tarball: `${registry}/wsgate.tgz`,
      integrity: `sha512-${createHash("sha512").update(body).digest("base64")}`,
    };
    files.set("/wsgate.tgz", { type: "application/octet-stream", body });
    files.set(`/${name}`, {
      type: "application/json",
      body: JSON.stringify({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { name, version, dist } },
      }),
    });

    await writeFile(join(folder, ".npmrc"), `@jsr:registry=${registry}\n`);
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    const installed = await run(bun, ["add", `@wsgate/wsgate@npm:${name}`], {
      BUN_INSTALL_CACHE_DIR: join(folder, "bun"),
    });
    assertEquals(installed.status, 0, installed.output);
    await writeFile(join(folder, "main.ts"), PROGRAM("@wsgate/wsgate"));
    assertEquals(await run(bun, ["run", "main.ts"]), { status: 0, output: "403 1\n" });
    await writeFile(join(folder, "cli.ts"), 'import { main } from "@wsgate/wsgate/cli";\nmain();\n');
    const explained = await run(bun, ["run", "cli.ts", ...EXPLAIN]);
    assertEquals(explained.status, 1, explained.output);
    assertStringIncludes(explained.output, '"https://app.example.com" (origins[0])');
  });
});
