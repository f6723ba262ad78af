// Tickets in real browsers: a page of another site opens the socket by one, wherever it stands among its subprotocols.

import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";
import { type ChildServer, startChild } from "../child.ts";
import { executableOf } from "../programs.ts";
import { browsers, type RunningBrowser } from "./browser.ts";

const PATIENCE_MS = 60_000;
const OPENED = ["open chat.v1", "hello ada", "close 1000 thanks clean"];
const REFUSED = ["error", "close 1006 unclean"];

for (const { name, skip, launch } of browsers()) {
  for (const runtime of ["deno", "bun"] as const) {
    describe(`tickets: ${name}, a server on ${runtime}`, { skip }, () => {
      let server: ChildServer;
      let browser: RunningBrowser;
      let page: Page;
      before(async () => {
        const executable = await executableOf(runtime);
        const script = new URL("ticket_server.ts", import.meta.url);
        server = await startChild(script, [], PATIENCE_MS, { name: runtime, executable });
        browser = await launch({ ports: { 80: server.ports["main"]! } });
        page = await browser.newPage();
      }, { timeout: 2 * PATIENCE_MS });
      after(async () => {
        await browser?.close();
        await server?.kill();
      });

      const mint = async () => (await fetch(`http://127.0.0.1:${server.ports["main"]}/mint`)).text();
      async function look(site: string, path: string, protocols: readonly string[]): Promise<unknown> {
        await page.goto(`http://${site}/page`);
        const call = ["the page", `ws://chat.test${path}`, protocols];
        return await page.evaluate(`look(...${JSON.stringify(call)})`);
      }

      it(
        "before or behind the subprotocol that is spoken, it opens, and once",
        { timeout: PATIENCE_MS },
        async () => {
          for (const order of [(t: string) => ["chat.v1", t], (t: string) => [t, "chat.v1"]]) {
            const ticket = await mint();
            assertEquals(await look("partner.test", "/chat", order(ticket)), OPENED);
            assertEquals(await look("partner.test", "/chat", order(ticket)), REFUSED);
          }
        },
      );

      it("not for another page, on another path, or without one", { timeout: PATIENCE_MS }, async () => {
        assertEquals(await look("other.test", "/chat", ["chat.v1", await mint()]), REFUSED);
        assertEquals(await look("partner.test", "/other", ["chat.v1", await mint()]), REFUSED);
        assertEquals(await look("partner.test", "/chat", ["chat.v1"]), REFUSED);
      });

      it(
        "alone it is used up: Chromium closes what no subprotocol was chosen for",
        { timeout: PATIENCE_MS },
        async () => {
          const ticket = await mint();
          const seen = await look("partner.test", "/chat", [ticket]);
          assertEquals(seen, name === "chromium" ? REFUSED : ["open", ...OPENED.slice(1)]);
          assertEquals(await look("partner.test", "/chat", ["chat.v1", ticket]), REFUSED);
        },
      );
    });
  }
}
