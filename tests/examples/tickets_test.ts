// The page on one site and its socket on another: by handshakes as bytes, and in real browsers.

import { after, before, describe, it } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { until, write } from "../browser/acting.ts";
import { browsers } from "../browser/browser.ts";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { handshakeBytes, handshakeHeaders, sendRaw } from "../runtime.ts";

describe("the page of another site", { timeout: 240_000 }, () => {
  let server: ServedProgram;
  let page: string;
  before(async () => {
    server = await serveProgram(new URL("../../examples/tickets.ts", import.meta.url));
    page = `http://localhost:${server.port}`;
  });
  after(() => server.stop());

  /** Posts a form to the page's site. */
  async function post(path: string, headers: Readonly<Record<string, string>>, body = "") {
    const lines = Object.entries({
      host: `localhost:${server.port}`,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": `${body.length}`,
      connection: "close",
      ...headers,
    });
    const { status, text } = await sendRaw(server.port, handshakeBytes(path, lines, "POST") + body);
    return { status, text };
  }
  async function ticketOf(name: string): Promise<string> {
    const { status, text } = await post("/login", { origin: page }, `name=${name}`);
    assertEquals(status, 303);
    const cookie = /^set-cookie: (session=[^;]+)/im.exec(text)![1]!;
    const minted = await post("/ticket", { origin: page, cookie });
    assertEquals(minted.status, 200);
    return /ticket\.[\w-]{43}/.exec(minted.text)![0];
  }
  async function connect(protocols: string, origin = page, path = "/chat"): Promise<number> {
    const more: [string, string][] = [["Origin", origin], ["Sec-WebSocket-Protocol", protocols]];
    const own = handshakeHeaders(`127.0.0.1:${server.port}`);
    return (await sendRaw(server.port, handshakeBytes(path, [...own, ...more]))).status;
  }

  it("opens the socket by a ticket, once", async () => {
    const ticket = await ticketOf("ada");
    assertMatch(ticket, /^ticket\./);
    assertEquals(await connect(`chat.v1, ${ticket}`), 101);
    assertEquals(await connect(`chat.v1, ${ticket}`), 401);
    assertEquals(await connect("chat.v1"), 401);
    assertEquals(await connect(`chat.v1, ${await ticketOf("ada")}`, "http://localhost:1"), 401);
    assertEquals(await connect(`chat.v1, ${await ticketOf("ada")}`, "http://evil.test"), 403);
    assertEquals(await connect(`chat.v1, ${await ticketOf("ada")}`, page, "/other"), 401);
  });

  it("nobody else gets a ticket", async () => {
    assertEquals((await post("/ticket", { origin: page })).status, 401);
    assertEquals((await post("/ticket", { origin: "http://evil.test" })).status, 403);
    assertEquals((await post("/login", { origin: "http://evil.test" }, "name=eve")).status, 403);
    assertEquals((await post("/ticket", { host: "evil.test", origin: "http://evil.test" })).status, 403);
  });

  for (const { name, skip, launch } of browsers()) {
    it(`in ${name}`, { skip, timeout: 120_000 }, async () => {
      const browser = await launch();
      try {
        const tab = await browser.newPage();
        await tab.goto(`${page}/`);
        await tab.evaluate('document.querySelector("#connect").click()');
        await until(tab, '/Log in first/.test(document.querySelector("#said").textContent)');
        await write(tab, "input", "ada");
        await Promise.all([
          tab.waitForNavigation(),
          tab.evaluate('document.querySelector("form button").click()'),
        ]);
        await tab.evaluate('document.querySelector("#connect").click()');
        await until(tab, 'document.querySelector("#said").textContent === "Welcome, ada."');
      } finally {
        await browser.close();
      }
    });
  }
});
