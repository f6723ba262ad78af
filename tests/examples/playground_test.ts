/** The playground without a browser: what is served and what is written, on this runtime. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { inTime } from "../in_time.ts";
import { eachRowInTurn } from "../rows.ts";
import { runtime, sendRaw } from "../runtime.ts";

const commandOf = (script: string) => {
  const path = fileURLToPath(new URL(`../../examples/${script}`, import.meta.url));
  return runtime === "deno" ? ["run", "-A", path] : ["run", path];
};

describe("the playground", () => {
  let child: ChildProcess;
  let port: number;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-playground-"));
    child = spawn(process.execPath, [...commandOf("playground.ts"), "0"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => printed += chunk);
    while (!/localhost:\d+\/[^]*Ctrl\+C/.test(printed)) {
      assertEquals(child.exitCode, null, printed);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    port = Number(/localhost:(\d+)/.exec(printed)![1]);
  });
  after(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const response = await fetch(`http://localhost:${port}/${path}`);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it("is a page that may ask for its own files and reach nothing else", async () => {
    const { status, headers, text } = await get("");
    assertEquals(status, 200);
    assertMatch(headers.get("content-type")!, /^text\/html/);
    assertEquals(headers.get("content-security-policy"), "frame-ancestors 'none'");
    assert(!/<script(?![^>]*src=)|<style|style=| on\w+=/i.test(text), "nothing is inline");
    assertEquals(
      /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(text)?.[1],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    // It stands before what it is about, and no address begins at a host or at its root.
    assert(text.indexOf("http-equiv") < text.indexOf("<link"));
    const addresses = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address!);
    assertGreater(addresses.length, 40);
    assertEquals(addresses.filter((address) => !/^[a-z]+[a-z/_]*\.(?:js|css|svg)$/.test(address)), []);
  });

  it("has the library's own modules, as JavaScript, each asked for at once", async () => {
    const preloaded = [...(await get("")).text.matchAll(/rel="modulepreload" href="([^"]*)"/g)].map((
      [, it],
    ) => it!);
    assert(preloaded.includes("mod.js") && preloaded.includes("src/verdict/check.js"));
    await eachRowInTurn(preloaded, async (path) => {
      const { status, headers, text } = await get(path);
      assertEquals(status, 200);
      assertMatch(headers.get("content-type")!, /^text\/javascript/);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport) "(\.[^"]*)"/g)) {
        const { pathname } = new URL(specifier!, `http://localhost/${path}`);
        assert(preloaded.includes(pathname.slice(1)), specifier);
      }
    });
  });

  it("serves nothing that the page does not ask for", async () => {
    const targets = [
      "/deno.json",
      "/mod.ts",
      "/src/cli.js",
      "/examples/playground/files.js",
      "/../deno.json",
      "/nothing",
    ];
    await eachRowInTurn(targets, async (target) => {
      const answer = await sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      assertEquals(answer.status, 404);
    });
  });

  it("is written for a static host as it is served", async () => {
    const site = join(folder, "site");
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...commandOf("playground/build.ts"),
      site,
    ]);
    assertStringIncludes(stdout, join(site, "index.html"));
    const entries = await readdir(site, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
      join(parentPath, name).slice(site.length + 1)
    );
    assertEquals(stdout.startsWith(`${files.length} files in `), true, stdout);
    await eachRowInTurn(files, async (path) => {
      assertEquals(await readFile(join(site, path), "utf8"), (await get(path)).text);
    });
  });

  it("says what is wrong with a port that is none, and with a folder that is not named", async () => {
    const wrong = [
      ["playground.ts", ["x"], 'a number from 0 to 65535, not "x"'],
      ["playground.ts", ["65536"], "a number from 0 to 65535"],
      ["playground/build.ts", [], "Into which folder?"],
      ["playground/build.ts", ["--help"], "Into which folder?"],
    ] as const;
    await eachRowInTurn(wrong, async ([script, args, words]) => {
      const { code, stderr } = await inTime(
        "it ends",
        new Promise<{ code: unknown; stderr: string }>((resolve) => {
          execFile(
            process.execPath,
            [...commandOf(script), ...args],
            (error, _, stderr) => resolve({ code: error?.code, stderr }),
          );
        }),
      );
      assertEquals(code, 2);
      assertStringIncludes(stderr, words);
    });
  });
});
