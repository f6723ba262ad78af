import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inTime } from "../in_time.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { serve } from "../runtime.ts";
import { axe, browsers, screenshot } from "./browser.ts";

describe("browsers()", () => {
  for (const { name, skip, launch } of browsers()) {
    const patient = { skip, timeout: 120_000 };

    it(`${name}: pages, pictures, and what keeps people out`, patient, async () => {
      const profiles = foldersOfItsOwn();
      const asked: string[] = [];
      const server = serve((request) => {
        const { host, pathname } = new URL(request.url);
        asked.push(host);
        return new Response(pathname === "/good" ? GOOD : BAD, { headers: HTML });
      });
      try {
        const browser = await launch({ scheme: "dark", ports: { 80: server.port } });
        try {
          assertEquals(profiles.list().length, 1);
          const page = await browser.newPage();
          await page.goto("http://goodsite.test/bad");
          assertEquals(await page.evaluate("location.href"), "http://goodsite.test/bad");
          assertEquals(await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), true);
          assertEquals(await page.evaluate("Promise.resolve([1, null, 'é'])"), [1, null, "é"]);

          await eachRowInTurn([390, 1280], async (width) => {
            assertEquals(sizeOf(await screenshot(page, width)).width, width);
            assertEquals(await page.evaluate("innerWidth"), width);
          });
          assert(sizeOf(await screenshot(page, 390)).height > 2000, "the whole page, not the window");

          const found = await axe(page);
          assertEquals(
            found.map(({ id, elements }) => `${id} ${elements}`).sort(),
            [
              "button-name #silent",
              "color-contrast #pale",
              "html-has-lang html",
              "image-alt #a",
              "image-alt #b",
            ],
          );
          await page.goto("http://goodsite.test/good");
          assertEquals(await axe(page), []);
        } finally {
          await browser.close();
        }
        assertEquals(profiles.list(), []);
        assertEquals([...new Set(asked)], ["goodsite.test"]);
      } finally {
        profiles.remove();
        await server.stop();
      }
    });

    it(`${name}: nothing is left when its driver is ended by force`, patient, async () => {
      const profiles = foldersOfItsOwn();
      const running = () => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(profiles.path);
      const code = `
        import { browsers } from ${JSON.stringify(new URL("./browser.ts", import.meta.url).href)};
        const browser = await browsers().find(({ name }) => name === "${name}").launch();
        await browser.newPage();
        console.log("open");
        setInterval(() => {}, 1000);`;
      const driver = spawn(process.execPath, ["eval", code], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        await inTime("a page", new Promise((resolve) => driver.stdout.on("data", resolve)));
        assertEquals([profiles.list().length, running()], [1, true]);
        driver.kill("SIGKILL");
        for (let left = 100; left > 0 && (running() || profiles.list().length > 0); left--) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assertEquals([profiles.list(), running()], [[], false]);
      } finally {
        driver.kill("SIGKILL");
        profiles.remove();
      }
    });
  }

  it("one that is not installed is skipped, or fails where it is required", async () => {
    await eachRowInTurn(browsers({ PATH: "" }), async ({ name, skip, launch }) => {
      assert(skip);
      await assertRejects(() => launch(), Error, `${name} is not installed`);
    });
    eachRow(browsers({ PATH: "", WSGATE_REQUIRE_BROWSERS: "1" }), ({ skip }) => {
      // Under Bun nothing is driven, whatever is installed.
      if (skip) assertStringIncludes(skip, "driven from Deno");
    });
  });
});

const HTML = {
  "content-type": "text/html",
  "content-security-policy": "default-src 'self'; style-src 'unsafe-inline'",
};

const BAD = `<!doctype html><title>bad</title><main><h1>Bad</h1>
<button id="silent"></button><img id="a" src="/a.png">
<p id="pale" style="color: #ccc; background: white">can you read this?</p><p style="height: 2000px">long</p>
<iframe title="in" srcdoc="<html lang=en><title>t</title><main><h1>in</h1><img id=b src=b></main>"></iframe>
</main>`;

const GOOD =
  `<!doctype html><html lang="en"><title>good</title><main><h1>Good</h1><button>Say</button></main>`;

/** Lets temporary files be made where no other test makes any. */
function foldersOfItsOwn(): { readonly path: string; list(): string[]; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "wsgate-profiles-"));
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = path;
  return {
    path,
    list: () => readdirSync(path),
    remove() {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** PNG: its width is at byte 16. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
