// The chat in real browsers: who logs out in one tab is out in the others too, sockets and all.

import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { text, until, write } from "./acting.ts";
import { browsers, type RunningBrowser } from "./browser.ts";

const PATIENCE_MS = 60_000;

/** Keeps how sockets closed where a reload of the page leaves it: the chat's page reloads. */
const REMEMBER_CLOSES = `{
  const Native = WebSocket;
  globalThis.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("close", ({ code, reason }) => {
        const closes = JSON.parse(sessionStorage.getItem("closes") ?? "[]");
        sessionStorage.setItem("closes", JSON.stringify([...closes, [code, reason]]));
      });
    }
  };
}`;

for (const { name, skip, launch } of browsers()) {
  for (const runtime of ["deno", "bun"] as const) {
    describe(`the chat: ${name}, a server on ${runtime}`, { skip }, () => {
      let server: ServedProgram;
      let browser: RunningBrowser;
      let site: string;
      before(async () => {
        server = await serveProgram(new URL("../../examples/chat.ts", import.meta.url), { on: runtime });
        site = `http://localhost:${server.port}/`;
        browser = await launch();
      }, { timeout: 2 * PATIENCE_MS });
      after(async () => {
        await browser?.close();
        await server?.stop();
      });

      /** Presses the button of a form, which brings another page. */
      const submit = (tab: Page, form: string) =>
        Promise.all([
          tab.waitForNavigation(),
          tab.evaluate(`document.querySelector("${form} button").click()`),
        ]);

      it("logging out in one tab closes the socket of another with 4401", {
        timeout: 2 * PATIENCE_MS,
      }, async () => {
        const first = await browser.newPage();
        await first.evaluateOnNewDocument(REMEMBER_CLOSES);
        await first.goto(site);
        await write(first, "input[name=name]", "ada");
        await submit(first, "form[action='/login']");
        await until(first, 'document.querySelector("#status").className === "open"');
        assertEquals(await text(first, "#status"), "ada");
        await first.evaluate("sessionStorage.clear()");

        const second = await browser.newPage();
        await second.goto(site);
        // The same profile, so nobody has to log in again.
        assertEquals(await text(second, ".name"), "ada");
        // The first tab's page has an answer to the close: it shows again, to nobody.
        await Promise.all([first.waitForNavigation(), submit(second, "form[action='/logout']")]);
        const closes = JSON.parse(await first.evaluate('sessionStorage.getItem("closes")') as string);
        assertEquals(closes[0], [4401, "session-ended"]);
        assertEquals(await first.evaluate('document.querySelector(".name")'), null);
        // With the cookie that is just being taken away it is refused, and tries again.
        await until(first, 'document.querySelector("#status").className === "open"');
        assertEquals(await text(first, "#status"), "Nobody is logged in yet");
        // The second tab's socket was closed as well, and has not broken off what it asked for: the cookie is gone.
        assertEquals((await first.cookies()).map(({ name }) => name), []);
      });
    });
  }
}
