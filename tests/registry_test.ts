/**
 * The package as it comes from a registry, on both runtimes: JSR's own protocol for Deno, its npm layer for Bun. A
 * registry on loopback serves what would be published. A project elsewhere adds it, has its types checked, and runs it.
 *
 * It is made with Deno's own tools, so under Bun there is nothing to ask that was not asked.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

/** What a user writes first, with every sub-path, and a mistake that the types have to find. */
const PROGRAM = (name: string) => `
  import { compileOrigins, type DenyReason, originValidator } from "${name}";
  import { main } from "${name}/cli";
  import { createNodeGate } from "${name}/node";
  import { publicSuffixes } from "${name}/public_suffixes";
  const reasons: DenyReason[] = [];
  const guarded = originValidator(() => new Response("in"), ["https://example.com"], {
    onDecision: ({ reason }) => void (reason === null || reasons.push(reason)),
  });
  const headers = { host: "example.com", upgrade: "websocket", connection: "upgrade", origin: "https://evil.test" };
  const { status } = await guarded(new Request("http://example.com/", { headers }));
  let refused = 0;
  try {
    compileOrigins(["*.readthedocs.io"], { suffixes: publicSuffixes });
  } catch {
    refused++;
  }
  const gate: (request: never) => boolean = createNodeGate({ origins: ["https://example.com"] });
  console.log(status, reasons.join(), refused, typeof gate, typeof main);
  // @ts-expect-error A list is an array.
  export const mistake = () => compileOrigins("https://example.com");
`;
const SAYS = "403 origin-not-allowed 1 function function\n";
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

    const env = { JSR_URL: registry, DENO_DIR: join(folder, "cache") };
    const project = join(folder, "deno");
    await mkdir(project);
    await writeFile(join(project, "deno.json"), "{}");
    const added = await run(process.execPath, ["add", "jsr:@wsgate/wsgate"], env, project);
    assertEquals(added.status, 0, added.output);
    const { imports } = JSON.parse(await readFile(join(project, "deno.json"), "utf8"));
    assertEquals(imports, { "@wsgate/wsgate": `jsr:@wsgate/wsgate@^${version}` });
    await writeFile(join(project, "main.ts"), PROGRAM("@wsgate/wsgate"));
    const checked = await run(process.execPath, ["run", "--quiet", "--check=all", "main.ts"], env, project);
    assertEquals(checked, { status: 0, output: SAYS });
    // Without a project, by the line that the documentation of the command line begins with.
    const explained = await run(process.execPath, [
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
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

    // What `bunx jsr add @wsgate/wsgate` writes and calls; it knows JSR's own registry alone.
    const project = join(folder, "bun");
    await mkdir(project);
    await writeFile(join(project, ".npmrc"), `@jsr:registry=${registry}\n`);
    await writeFile(join(project, "package.json"), '{"type":"module"}');
    const env = { BUN_INSTALL_CACHE_DIR: join(folder, "bun-cache") };
    const installed = await run(bun, ["add", `@wsgate/wsgate@npm:${name}`], env, project);
    assertEquals(installed.status, 0, installed.output);
    await writeFile(join(project, "main.ts"), PROGRAM("@wsgate/wsgate"));
    assertEquals(await run(bun, ["run", "main.ts"], {}, project), { status: 0, output: SAYS });
    // With no types but those of the platform, and none of the package passed over.
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: "esnext",
      module: "preserve",
      lib: ["esnext", "dom"],
      types: [],
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
    const tsc = [
      "run",
      "--quiet",
      "-A",
      join(root, "node_modules/typescript/lib/tsc.js"),
      "--project",
      project,
    ];
    assertEquals(await run(process.execPath, tsc), { status: 0, output: "" });
    await writeFile(join(project, "cli.ts"), 'import { main } from "@wsgate/wsgate/cli";\nmain();\n');
    const explained = await run(bun, ["run", "cli.ts", ...EXPLAIN], {}, project);
    assertEquals(explained.status, 1, explained.output);
    assertStringIncludes(explained.output, '"https://app.example.com" (origins[0])');
  });
});
