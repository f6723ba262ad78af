/**
 * Every situation in every browser against a server on each runtime. One driver, on Deno: what it is about is the
 * browsers and the servers.
 *
 * @module
 */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";
import { makeCertificate } from "../certificate.ts";
import { type ChildServer, startChild } from "../child.ts";
import { executableOf } from "../programs.ts";
import { type BrowserProgram, browsers, type RunningBrowser } from "./browser.ts";
import { LOGINS, type Situation, SITUATIONS, THIRD_PARTY } from "./situations.ts";

const PATIENCE_MS = 60_000;
const { cert, key } = makeCertificate();

for (const browser of browsers()) {
  for (const runtime of ["deno", "bun"] as const) {
    suite(SITUATIONS, browser, runtime);
    suite(THIRD_PARTY, browser, runtime, "allow");
  }
}

function suite(
  table: readonly Situation[],
  { name, skip, launch }: BrowserProgram,
  runtime: "deno" | "bun",
  thirdPartyCookies?: "allow",
): void {
  const title = `${name}${
    thirdPartyCookies ? " that lets third-party cookies be" : ""
  }, a server on ${runtime}`;
  if (skip) {
    it(`${title}: ${table.length} situations`, { skip }, () => {});
    return;
  }
  describe(title, () => {
    let server: ChildServer | undefined;
    let browser: RunningBrowser | undefined;
    let page: Page;
    let folder = "";
    let number = 0;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "wsgate-pages-"));
      copyFileSync(new URL("page.js", import.meta.url), join(folder, "page.js"));
      writeFileSync(join(folder, "page.html"), '<!doctype html><body><script src="page.js"></script>');
      const script = new URL("server.ts", import.meta.url);
      const executable = await executableOf(runtime);
      server = await startChild(script, [cert, key], PATIENCE_MS, { name: runtime, executable });
      const { http, https } = server.ports as { http: number; https: number };
      browser = await launch({
        // So every address in the table is what the browser says it is.
        ports: { 80: http, 8080: http, 8081: http, 443: https, 8443: https, 8444: https },
        ...(thirdPartyCookies && { thirdPartyCookies }),
      });
      page = await browser.newPage();
      for (const login of LOGINS) await page.goto(login);
    }, { timeout: 2 * PATIENCE_MS });

    after(async () => {
      await browser?.close();
      await server?.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    for (const situation of table) {
      it(situation.name, { timeout: PATIENCE_MS }, async () => {
        const id = String(++number);
        if (situation.first !== undefined) await page.goto(situation.first);
        await page.goto(situation.page.replace("file://", pathToFileURL(folder).href));
        const socket = situation.socket.replace(/#?$/, `/${id}$&`);
        const call = [situation.from ?? "the page", socket, situation.protocols ?? [], situation.frame];
        const saw = await page.evaluate(`look(...${JSON.stringify(call)})`) as string[];
        const answer = await fetch(`http://127.0.0.1:${server!.ports["http"]}/arrivals/${id}`);
        const { sees, arrives } = expected(situation, name);
        assertEquals({ arrives: await answer.json(), sees: told(saw, sees) }, { arrives, sees });
      });
    }

    /**
     * Bun ends the connection with its close frame, and does not wait for the browser's. Firefox then calls the close
     * unclean, and the opening may be lost on it; the code and the reason never are.
     */
    function told(saw: readonly string[], sees: readonly string[]): readonly string[] {
      if (name !== "firefox" || runtime !== "bun" || !/^close 44/.test(sees[1] ?? "")) return saw;
      const closed = saw.at(-1)?.replace("unclean", "clean") ?? "";
      return saw.length === 1 ? [sees[0]!, closed] : [...saw.slice(0, -1), closed];
    }
  });
}

/** What the row says of this browser, in the server's words. */
function expected({ arrives, sees }: Situation, name: BrowserProgram["name"]) {
  const arrival = arrives[name];
  if (arrival === null) return { arrives: null, sees: sees[name] };
  const [judged, origin, host, site, cookies] = arrival;
  return {
    arrives: { judged, origin, host, site: name === "chromium" ? null : site, cookies: cookies.toSorted() },
    sees: sees[name],
  };
}
