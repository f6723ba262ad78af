/**
 * The lab in real browsers, served by both runtimes: what it claims, it shows, and what it labels as measured is
 * measured here again.
 *
 *     WSGATE_PICTURE=.github/lab.png deno test -A tests/browser/lab_test.ts     takes the picture of the README
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compilePolicy, type ConfigError } from "@wsgate/wsgate";
import type { Page } from "puppeteer-core";
import { attackers } from "../../examples/lab/attackers.ts";
import { inTime } from "../in_time.ts";
import { run } from "../programs.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { keep, tabInto, text, until, write } from "./acting.ts";
import { axe, browsers, type RunningBrowser, screenshot } from "./browser.ts";

const WIDTHS = [390, 820, 1280];
const COOKIES = ["Strict", "Lax", "None"] as const;

/** A lab in a process of its own, as `deno task lab` starts it. */
async function startLab(name: "deno" | "bun") {
  const child = await run(name, new URL("../../examples/lab.ts", import.meta.url), [
    // The picture of the README shows the ports that a reader will see.
    process.env.WSGATE_PICTURE === undefined ? "0" : "4400",
  ]);
  let printed = "";
  child.stderr!.on("data", (chunk) => printed += chunk);
  const ports = await inTime(
    "the lab prints its addresses",
    new Promise<{ site: number; attacker: number }>((resolve, reject) => {
      child.on("exit", () => reject(new Error(`The lab ended: ${printed}`)));
      child.stdout!.on("data", (chunk) => {
        printed += chunk;
        const [, site, attacker] =
          /the good site .*?localhost:(\d+)[^]*the attacker .*?localhost:(\d+)/.exec(printed) ?? [];
        if (attacker !== undefined) resolve({ site: Number(site), attacker: Number(attacker) });
      });
    }),
    () => printed,
  );
  return { ports, stop: () => void child.kill("SIGKILL") };
}

/** Of the page that is open; nothing where nobody is logged in. */
async function logOut(page: Page): Promise<void> {
  await until(page, "document.querySelector('.lead:not([hidden])') !== null");
  if (await page.evaluate("document.querySelector('[data-when=in]').hidden")) return;
  const form = "document.querySelector('[action=\"/logout\"]')";
  await Promise.all([page.waitForNavigation(), page.evaluate(`${form}.requestSubmit()`)]);
  await until(page, "document.querySelector('[data-when=out]').hidden === false");
}

async function logIn(page: Page, origin: string, cookie: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.evaluate(`document.querySelector("select[name=samesite]").value = "${cookie}"`);
  await Promise.all([
    page.waitForNavigation(),
    page.evaluate("document.querySelector('form').requestSubmit()"),
  ]);
  await until(page, "document.querySelector('#note-state').textContent.startsWith('Connected')", "the note");
  await until(page, "!document.querySelector('#policy').inert", "the policy");
}

/** Both outcomes stand on a phone's first screen; what arrived is one press away, and there at once on a wide one. */
async function onAPhone(page: Page, address: string): Promise<void> {
  await page.setViewport({ width: 390, height: 664 });
  await page.goto(address);
  await until(page, `${settled("bare", "stolen")} && ${settled("guarded", "refused")}`);
  const lowest = await page.evaluate(
    `Math.max(...["#bare .state", "#bare blockquote", "#guarded .state", "#guarded .verdict"]
    .map((selector) => document.querySelector(selector).getBoundingClientRect().bottom))`,
  );
  assert(Number(lowest) > 0 && Number(lowest) <= 664, String(lowest));
  const visible = () => page.evaluate("document.querySelector('#guarded .handshake').checkVisibility()");
  assertEquals(await visible(), false);
  await page.evaluate("document.querySelector('#guarded summary').click()");
  assertEquals(await visible(), true);
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(address);
  await until(page, settled("guarded", "refused"));
  assertEquals(await visible(), true);
}

const settled = (socket: string, outcome: string) =>
  `document.querySelector("#${socket}").dataset.outcome === "${outcome}"`;

for (const runtime of ["deno", "bun"] as const) {
  for (const { name, skip, launch } of browsers()) {
    describe(`the lab on ${runtime}, in ${name}`, { skip }, () => {
      let lab: Awaited<ReturnType<typeof startLab>>;
      let browser: RunningBrowser;
      let site: string;
      let attacker: string;
      const asked = new Set<string>();
      const complaints: string[] = [];

      async function newPage(): Promise<Page> {
        const page = await browser.newPage();
        page.on("request", (request) => asked.add(new URL(request.url()).hostname));
        page.on("console", (line) => {
          if (/content.security.policy|trusted/i.test(line.text())) complaints.push(line.text());
        });
        return page;
      }

      before(async () => {
        lab = await startLab(runtime);
        browser = await launch();
        site = `http://localhost:${lab.ports.site}`;
        attacker = `http://localhost:${lab.ports.attacker}`;
      });
      after(async () => {
        await browser?.close();
        lab?.stop();
      });

      it("the attacker reads and overwrites the note by the bare socket, and gets nothing by the guarded one", async () => {
        const page = await newPage();
        await page.goto(`${attacker}/`);
        await until(page, `${settled("bare", "open")} && ${settled("guarded", "refused")}`);
        assertStringIncludes(await text(page, "#headline"), "Nobody is logged in");

        const good = await newPage();
        await logIn(good, site, "Strict");
        await write(good, "#note", "The blue door, twice.");
        await page.goto(`${attacker}/`);
        await until(page, `${settled("bare", "stolen")} && ${settled("guarded", "refused")}`);
        assertEquals(await text(page, "#headline"), "This page has read Ada’s private note");
        assertEquals(await text(page, "#bare blockquote"), "The blue door, twice.");
        assertEquals(await text(page, "#guarded .state"), "refused 403");
        assertEquals(await page.evaluate("document.querySelector('#guarded blockquote')"), null);
        assertStringIncludes(await text(page, "#guarded .loot"), "origin-not-allowed");
        assertStringIncludes(await text(page, "#guarded .loot"), "close code 1006");

        // The handshakes as they arrived: the same, but for the verdict.
        const arrived = [["bare", "nobody looked at it"], ["guarded", "decided: origin-not-allowed"]];
        await eachRowInTurn(arrived, async ([socket, said]) => {
          assertEquals(
            await page.evaluate(
              `[...document.querySelectorAll("#${socket} .marked")].map((line) => line.innerText)`,
            ),
            [
              `origin: ${attacker}\n${said}`,
              await page.evaluate(`document.querySelector("#${socket} .marked.cookie").innerText`),
            ],
          );
          const cookie = await text(page, `#${socket} .marked.cookie`);
          assert(/^cookie: wsgate-lab=[0-9a-f]{4}…Ada’s login came along$/.test(cookie), cookie);
          const shown = await text(page, `#${socket} .handshake`);
          assertStringIncludes(shown, `GET /${socket} HTTP/1.1host: localhost:${lab.ports.site}`);
        });

        // Live, both ways.
        await write(good, "#note", "Moved: under the fourth pot.");
        await until(
          page,
          "document.querySelector('#bare blockquote').textContent === 'Moved: under the fourth pot.'",
        );
        await page.evaluate("document.querySelector('#bare .danger').click()");
        await until(
          good,
          `document.querySelector("#note").value === "localhost:${lab.ports.attacker} was here."`,
        );
        await good.close();
        await page.close();
      });

      it("the policy is edited in the good site's page: every fault with its fix, and each verdict at once", async () => {
        const good = await newPage();
        await logIn(good, site, "Strict");
        const page = await newPage();
        await page.goto(`${attacker}/`);
        await until(page, `${settled("bare", "stolen")} && ${settled("guarded", "refused")}`);

        const verdicts = () =>
          good.evaluate(
            "[...document.querySelectorAll('#verdicts .chip-state')].map((chip) => chip.textContent)",
          );
        const refused = Array(7).fill("refused 403");
        assertEquals(await verdicts(), refused);

        const wrong = ["'self'", "https://example.com/", "*.github.io", "self"];
        await write(good, "#origins", wrong.join("\n"));
        await until(good, "document.querySelector('.not-in-force') !== null");
        let issues: ConfigError["issues"] = [];
        try {
          compilePolicy({ origins: wrong, hosts: ["localhost"] });
        } catch (error) {
          issues = (error as ConfigError).issues;
        }
        assertEquals(
          await good.evaluate(
            "[...document.querySelectorAll('.faults li')].map((item) => item.textContent)",
          ),
          issues.map(({ field, index, value, code, fix }) => `${field}[${index}] ${value} ${code}${fix}`),
        );
        assertEquals(issues.length, 3);
        assertEquals(
          await good.evaluate("document.querySelector('#origins').getAttribute('aria-invalid')"),
          "true",
        );
        assertEquals(await verdicts(), refused);

        await write(good, "#origins", `'self'\n${attacker}`);
        await until(good, "document.querySelector('.in-force') !== null");
        assertEquals(await verdicts(), ["let in", ...refused.slice(1)]);
        await until(
          page,
          "document.querySelector('#headline').textContent === 'Both sockets gave Ada’s note away'",
        );

        await write(good, "#hosts", "localhost\napp.site.localhost\nrebound.test");
        await write(good, "#absent", "allow");
        await until(
          good,
          "document.querySelectorAll('#verdicts .open').length === 3",
          "rebinding is the origin's now",
        );
        assertEquals(await verdicts(), [
          "let in",
          ...Array(4).fill("refused 403"),
          "let in",
          "let in",
        ], "'self' with a rebound name on the list of hosts admits it: its Origin and Host agree");

        await good.evaluate("document.querySelector('#reset').click()");
        await until(
          good,
          "document.querySelectorAll('#verdicts .open').length === 0",
          "the first policy again",
        );
        await until(page, settled("guarded", "refused"));

        await write(good, "#refuse", "visibly");
        await until(
          page,
          "document.querySelector('#guarded .loot').textContent.includes('close code 4403 and the reason: origin-not-allowed.')",
        );
        await good.evaluate("document.querySelector('#reset').click()");
        await until(page, "document.querySelector('#guarded .loot').textContent.includes('1006')");
        await good.close();
        await page.close();
      });

      it("the attacker's page can neither change the policy nor log anybody in or out", async () => {
        const good = await newPage();
        await logIn(good, site, "Strict");
        const page = await newPage();
        // One without the lab's own policy, which would let it connect nowhere: an attacker writes his page himself.
        await page.goto(`${attacker}/nothing`);
        const control = await page.evaluate(`new Promise((resolve) => {
          const socket = new WebSocket("ws://localhost:${lab.ports.site}/control");
          socket.onopen = () => socket.send(JSON.stringify({ origins: ["*"], hosts: ["localhost"], absent: "allow", refuse: "status" }));
          socket.onmessage = ({ data }) => resolve(data);
          socket.onclose = ({ code }) => resolve(code);
        })`);
        assertEquals(control, 1006);
        for (const path of ["login", "logout"]) {
          // No answer can be read; what counts is what it does.
          await page.evaluate(`fetch("${site}/${path}", {
            method: "POST", mode: "no-cors", credentials: "include",
            headers: { "content-type": "application/x-www-form-urlencoded" }, body: "name=Mallory",
          }).then(() => "sent")`);
        }
        await good.reload();
        await until(good, "document.querySelector('#verdicts').children.length === 7");
        assertEquals(await text(good, "#user"), "Ada");
        assertEquals(await good.evaluate("document.querySelectorAll('#verdicts .open').length"), 0);
        assertEquals(await good.evaluate("document.querySelector('#origins').value"), "'self'");
        await good.close();
        await page.close();
      });

      it("everything can be done with the keyboard", async () => {
        const page = await newPage();
        await page.goto(`${site}/`);
        await logOut(page);
        const tabTo = (selector: string) => tabInto(page, selector);
        await tabTo("[name=name]");
        await page.keyboard.type("Grace");
        await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
        await until(page, "document.querySelector('#note-state').textContent.startsWith('Connected')");
        assertStringIncludes(await text(page, "#user"), "Grace");
        await tabTo("#note");
        await tabTo("#go");
        await tabTo("#origins");
        await page.keyboard.press("End");
        await page.keyboard.type("\n*.github.io");
        await until(page, "document.querySelector('.not-in-force') !== null");
        await tabTo("#reset");
        await page.keyboard.press("Enter");
        await until(page, "document.querySelector('.in-force') !== null");
        await page.goto(`${attacker}/`);
        await until(page, settled("bare", "stolen"));
        await tabTo("#bare .danger");
        await page.keyboard.press("Enter");
        await until(page, "document.querySelector('#bare blockquote').textContent.endsWith('was here.')");
        // What the servers say meanwhile takes the focus from nobody.
        assertEquals(await page.evaluate("document.activeElement.matches('#bare .danger')"), true);
        await tabTo("#guarded .handshake");
        await tabTo("#attackers .button");
        await page.close();
      });

      it("nothing was asked of another host, and no page broke its policy", async () => {
        assert(asked.size > 0);
        const foreign = [...asked].filter((host) => !/(?:^|\.)localhost$|^127\.0\.0\.1$|^$/.test(host));
        assertEquals(foreign, []);
        assertEquals(complaints, []);
        await eachRowInTurn([site, attacker], async (address) => {
          const response = await fetch(`${address}/`);
          await response.body?.cancel();
          const policy = response.headers.get("content-security-policy") ?? "";
          const directives = [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "base-uri 'none'",
          ];
          eachRow(directives, (directive) => assertStringIncludes(policy, directive));
          assert(!/unsafe|\*|https:/.test(policy), policy);
        });
        // And it is in force: what is injected into a page does not run.
        const page = await browser.newPage();
        await page.goto(`${site}/`);
        await page.evaluate(
          `document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }))`,
        )
          .catch(() => {}); // Trusted Types throw already
        assertEquals(await page.evaluate("window.ran ?? null"), null);
        await page.close();
      });
    });

    // What a browser sends does not depend on who listens.
    if (runtime === "bun") continue;
    for (const thirdPartyCookies of [undefined, "allow"] as const) {
      it(
        `the cookies that come along in ${name} are those on the labels, ${
          thirdPartyCookies === undefined ? "by default" : "where third-party cookies are allowed"
        }`,
        { skip },
        async () => {
          const lab = await startLab(runtime);
          const browser = await launch(thirdPartyCookies === undefined ? {} : { thirdPartyCookies });
          try {
            const inPages = attackers(lab.ports).filter(({ by }) => by === "page");
            assertEquals(inPages.length, 4);
            await eachRowInTurn(COOKIES, async (kind) => {
              const page = await browser.newPage();
              for (const host of ["localhost", "app.site.localhost"]) {
                await page.goto(`http://${host}:${lab.ports.site}/`);
                await logOut(page);
                await logIn(page, `http://${host}:${lab.ports.site}`, kind);
              }
              const rides = (expected: "yes" | "no" | "third-party") =>
                expected === "yes" || expected === "third-party" && thirdPartyCookies === "allow";
              await eachRowInTurn(inPages, async ({ id, page: address, cookies }) => {
                await page.goto(address!);
                await until(page, `${settled("bare", "stolen")} || ${settled("bare", "open")}`);
                const outcome = rides(cookies![name][kind]) ? "stolen" : "open";
                assertEquals(await page.evaluate("document.querySelector('#bare').dataset.outcome"), outcome);
                if (id !== "other-port") return;
                const sandbox = attackers(lab.ports).find((one) => one.id === "sandbox")!;
                const result =
                  "[...document.querySelectorAll('#attackers > li')].find((item) => item.innerText.startsWith('A sandboxed')).querySelector('.results li').textContent";
                const said = rides(sandbox.cookies![name][kind])
                  ? "bare: open, as Ada"
                  : "bare: open, as nobody";
                await until(page, `${result} === "${said}"`, `sandbox ${kind}: ${said}`);
              });
              await page.close();
            });
          } finally {
            await browser.close();
            lab.stop();
          }
        },
      );
    }

    for (const scheme of ["light", "dark"] as const) {
      it(
        `the pages fit and can be read in ${name}, ${scheme}, at ${WIDTHS.join(", ")} pixels`,
        { skip },
        async () => {
          const lab = await startLab(runtime);
          const browser = await launch({ scheme });
          try {
            const good = await browser.newPage();
            const page = await browser.newPage();
            const site = `http://localhost:${lab.ports.site}`;
            const attacker = `http://localhost:${lab.ports.attacker}`;
            const look = async (one: Page, state: string) => {
              await one.bringToFront();
              await eachRowInTurn(WIDTHS, async (width) => {
                const picture = await screenshot(one, width);
                const over = await one.evaluate("document.documentElement.scrollWidth - innerWidth");
                assert(Number(over) <= 0, `${state} at ${width}: ${over} pixels too wide`);
                keep(`${name}-${scheme}-${state}-${width}.png`, picture);
              });
              assertEquals(await axe(one), [], state);
            };
            await good.goto(`${site}/`);
            await until(good, "document.querySelector('#verdicts').children.length === 7");
            await look(good, "site-logged-out");
            await page.goto(`${attacker}/`);
            await until(page, settled("guarded", "refused"));
            await look(page, "attacker-nobody");
            await logIn(good, site, "Strict");
            await write(good, "#origins", "'self'\nhttps://example.com/\n*.github.io");
            await until(good, "document.querySelector('.not-in-force') !== null");
            await look(good, "site-faults");
            await page.goto(`${attacker}/`);
            await until(page, `${settled("bare", "stolen")} && ${settled("guarded", "refused")}`);
            await until(
              page,
              "document.querySelectorAll('#attackers .shut').length >= 4",
              "the programs' results",
            );
            await look(page, "attacker-stolen");
            await onAPhone(page, `${attacker}/`);
            if (name === "chromium" && scheme === "light" && process.env.WSGATE_PICTURE !== undefined) {
              await page.setViewport({ width: 1120, height: 800, deviceScaleFactor: 1.5 });
              writeFileSync(process.env.WSGATE_PICTURE, await page.screenshot());
            }
          } finally {
            await browser.close();
            lab.stop();
          }
        },
      );
    }
  }
}
