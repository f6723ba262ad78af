/**
 * The playground in real browsers: as files under some path of a host that adds no header, as either runtime serves it,
 * and beside the lab.
 *
 *     WSGATE_PICTURES=folder deno test -A tests/browser/playground_test.ts     keeps what it looks like
 */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compilePolicy, type ConfigError, explain, formatExplanation, lint } from "@wsgate/wsgate";
import type { Page } from "puppeteer-core";
import { policyCode } from "../../examples/lab/pages/policy_code.ts";
import { handshakeOf } from "../../src/cli/handshake_text.ts";
import { inTime } from "../in_time.ts";
import { run } from "../programs.ts";
import { eachRowInTurn } from "../rows.ts";
import { serve } from "../runtime.ts";
import { keep, tabInto, text, until, write } from "./acting.ts";
import { axe, browsers, type RunningBrowser, screenshot } from "./browser.ts";

const WIDTHS = [390, 820, 1280];
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  css: "text/css",
  svg: "image/svg+xml",
  js: "text/javascript",
};

/** The files that the build command writes, on a host that knows nothing but their types, below a path. */
async function startStaticHost() {
  const folder = await mkdtemp(join(tmpdir(), "wsgate-site-"));
  const build = fileURLToPath(new URL("../../examples/playground/build.ts", import.meta.url));
  await promisify(execFile)(process.execPath, ["run", "-A", build, folder]);
  const asked = new Set<string>();
  const server = serve(async (request) => {
    const { pathname } = new URL(request.url);
    asked.add(pathname);
    const path = pathname.replace(/^\/some\/where\//, "").replace(/^$/, "index.html");
    const body = await readFile(join(folder, path)).catch(() => null);
    if (body === null || pathname.startsWith("/favicon")) return new Response("", { status: 404 });
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "";
    return new Response(new Uint8Array(body), { headers: { "content-type": type } });
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { address: `http://localhost:${server.port}/some/where/`, asked, stop };
}

/** A program of the examples, up to the first address that it prints. */
async function startProgram(name: "deno" | "bun", script: string) {
  const child = await run(name, new URL(`../../examples/${script}`, import.meta.url), ["0"]);
  let printed = "";
  child.stderr!.on("data", (chunk) => printed += chunk);
  const address = await inTime(
    "it prints its address",
    new Promise<string>((resolve, reject) => {
      child.on("exit", () => reject(new Error(`It ended: ${printed}`)));
      child.stdout!.on("data", (chunk) => {
        printed += chunk;
        const [address] = /http:\/\/localhost:\d+\//.exec(printed) ?? [];
        if (address !== undefined && printed.includes("Ctrl+C")) resolve(address);
      });
    }),
    () => printed,
  );
  return { address, stop: () => void child.kill("SIGKILL") };
}

const outcomeIs = (words: string) =>
  `document.querySelector(".outcome").textContent === ${JSON.stringify(words)}`;
const REFUSED = "Refused: 403 origin-not-allowed";
/** What it says when it has begun. */
const BEGUN = outcomeIs(REFUSED);

const press = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
const pressLabelled = (page: Page, into: string, label: string) =>
  page.evaluate(
    `[...document.querySelectorAll("${into} button")].find((it) => it.textContent === ${
      JSON.stringify(label)
    }).click()`,
  );
/** Text without the lines that it was broken into. */
const flat = (words: string) => words.replaceAll(/\s+/g, " ").trim();

for (const { name, skip, launch } of browsers()) {
  describe(`the playground in ${name}`, { skip }, () => {
    let host: Awaited<ReturnType<typeof startStaticHost>>;
    let browser: RunningBrowser;
    const complaints: string[] = [];
    const asked = new Set<string>();

    async function open(address = host.address): Promise<Page> {
      const page = await browser.newPage();
      page.on("request", (request) => asked.add(new URL(request.url()).host));
      page.on("console", (line) => complaints.push(line.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(address);
      await until(page, BEGUN, "a verdict");
      return page;
    }

    before(async () => {
      host = await startStaticHost();
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await host?.stop();
    });

    it("a list that is written is judged at once: every fault with its fix, every finding, and the tree", async () => {
      const page = await open();
      const origins = ["https://example.com/", "*.github.io", "self"];
      await write(page, "#origins", origins.join("\n"));
      await until(page, "document.querySelectorAll('.faults li').length === 3");
      let issues: ConfigError["issues"] = [];
      try {
        compilePolicy({ origins });
      } catch (error) {
        issues = (error as ConfigError).issues;
      }
      assertEquals(
        await page.evaluate("[...document.querySelectorAll('.faults li')].map((item) => item.textContent)"),
        issues.map(({ field, index, value, code, fix }) => `${field}[${index}] ${value} ${code}${fix}`),
      );
      assertEquals(
        await page.evaluate("document.querySelector('#origins').getAttribute('aria-invalid')"),
        "true",
      );
      assertEquals(await page.evaluate("document.querySelector('#copy').disabled"), true);
      assertEquals(
        await page.evaluate("[...document.querySelectorAll('.stale')].every((it) => !it.hidden)"),
        true,
      );

      const good = ["'self'", ".goodsite.com", "http://.goodsite.com:80", "http://other.site.com"];
      const policy = { origins: good, hosts: ["ws.goodsite.com"] };
      await write(page, "#origins", good.join("\n"));
      await until(page, "document.querySelector('.faults li .code')?.textContent === 'self-without-hosts'");
      assertEquals(await page.evaluate("document.querySelector('#more').open"), true, "hosts can be seen");
      await write(page, "#hosts", policy.hosts.join("\n"));
      await until(page, "document.querySelector('.in-force') !== null");
      assertEquals(
        await page.evaluate("[...document.querySelectorAll('.stale')].every((it) => it.hidden)"),
        true,
      );
      assertEquals(
        await page.evaluate("[...document.querySelectorAll('.findings li')].map((item) => item.textContent)"),
        lint(policy).map(({ field, index, value, code, text }) =>
          `${field}[${index}] ${value} ${code}${text}.`
        ),
      );
      assert(lint(policy).length > 2);
      assertEquals(
        flat(await page.evaluate("document.querySelector('#tree .sheet').innerText") as string),
        "the Host’s own 'self' [0] com goodsite any scheme, any port .goodsite.com [1] " +
          "http, port 80 http://.goodsite.com:80 [2] * any scheme, any port .goodsite.com [1] " +
          "http, port 80 http://.goodsite.com:80 [2] other.site http, port 80 http://other.site.com [3]",
      );
      await page.close();
    });

    it("an origin that is typed is explained, and what is suggested lets it in", async () => {
      const page = await open();
      const policy = { origins: ["https://app.example.com", "https://*.example.org", ".example.net"] };
      const asks = async (origin: string, status: string) => {
        await write(page, "#origin", origin);
        await until(page, outcomeIs(status));
        const handshake = handshakeOf("http://ws.example.com/", [
          ["host", "ws.example.com"],
          ...origin === "" ? [] : [["origin", origin] as const],
        ]);
        const [, ...words] = formatExplanation(explain(handshake, compilePolicy(policy)), "text").split("\n");
        // Another width breaks lines elsewhere.
        await until(
          page,
          `document.querySelector("#explanation").textContent.replaceAll(/\\s+/g, " ") === ${
            JSON.stringify(flat(words.join("\n")))
          }`,
        );
      };
      await asks("https://example.org", REFUSED);
      assertEquals(flat(await text(page, ".near")), "https, port 443 https://*.example.org [1] nearest");
      await asks("", "Refused: 403 origin-absent");
      await asks("null", "Refused: 403 origin-null");
      await asks("https://a.example.org", "Allowed");
      assertEquals(
        flat(await text(page, ".decided")),
        "https, port 443 https://*.example.org [1] lets it in",
      );
      assertEquals(await page.evaluate("document.querySelector('#suggestion').children.length"), 0);

      await asks("https://app.example.com:8443", REFUSED);
      await press(page, "#suggestion button");
      await until(page, outcomeIs("Allowed"));
      assertEquals(
        await page.evaluate("document.querySelector('#origins').value"),
        [...policy.origins, "https://app.example.com:8443"].join("\n"),
      );
      assertEquals(await page.evaluate("document.activeElement.className"), "outcome");

      // An option, and a list that was out of sight.
      await write(page, "#origin", "");
      await until(page, "document.querySelector('#suggestion button')?.textContent === 'Set absent to it'");
      await press(page, "#suggestion button");
      await until(page, outcomeIs("Allowed"));
      assertEquals(
        await page.evaluate("document.querySelector('#absent').value"),
        "allow-without-credentials",
      );
      // Nothing is suggested that every site could use.
      await write(page, "#origin", "null");
      await until(page, outcomeIs("Refused: 403 origin-null"));
      assertEquals(await page.evaluate("document.querySelector('#suggestion').children.length"), 0);
      await write(page, "#origin", "file://");
      await until(
        page,
        "document.querySelector('#suggestion button')?.textContent === 'Add it to dangerouslyAllow'",
      );
      await press(page, "#suggestion button");
      await until(page, outcomeIs("Allowed"));
      assertEquals(await page.evaluate("document.querySelector('#dangerouslyAllow').value"), "file://");
      // One's own machine.
      await write(page, "#host", "localhost:8000");
      await write(page, "#origin", "http://localhost:3000");
      await until(page, "document.querySelector('#suggestion button')?.textContent === 'Set debug'");
      await press(page, "#suggestion button");
      await until(page, outcomeIs("Allowed"));
      assertEquals(await page.evaluate("document.querySelector('#debug').checked"), true);
      await write(page, "#host", "not a host");
      await until(page, outcomeIs("Refused: 400 host-malformed"));
      await write(page, "#host", "");
      await until(page, outcomeIs("Refused: 400 host-absent"));
      await page.close();
    });

    it("a handshake that is pasted is explained, without its secrets", async () => {
      const page = await open();
      await press(page, "[value=pasted]");
      await until(page, outcomeIs("No handshake yet"));
      assertEquals(await page.evaluate("document.querySelector('#typed').hidden"), true);
      await pressLabelled(page, "#examples", "a browser’s");
      await until(page, BEGUN);
      assertStringIncludes(await text(page, "#explanation"), "with Cookie or Authorization");
      assertEquals(String(await text(page, ".answers")).includes("session="), false);
      assertEquals(await text(page, "#remark"), "");
      await pressLabelled(page, "#examples", "curl -v");
      await until(page, "document.querySelector('#explanation').textContent.includes('https://example.org')");
      await write(page, "#text", "GET / HTTP/1.1\nHost: ws.example.com\nOrigin: https://a.example.org");
      await until(page, outcomeIs("Allowed"));
      assertStringIncludes(await text(page, "#remark"), "does not ask for a WebSocket");
      await page.close();
    });

    it("hostile text is text, and a great deal of it stops nothing", async () => {
      const page = await open();
      const markup = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>`;
      const elements = () =>
        page.evaluate("document.querySelectorAll('main img, main script, main svg').length");
      await press(page, "[value=pasted]");
      await write(
        page,
        "#text",
        `Host: ${markup}\nOrigin: https://\u202egro.elpmaxe${markup}\x1b[31m\nUpgrade: websocket\n${markup}: ${markup}`,
      );
      await until(page, outcomeIs("Refused: 400 host-malformed"));
      const shown = await text(page, "#explanation");
      assertStringIncludes(shown, "<img src=x");
      assert(/^[\x20-\x7e\n]*$/.test(shown), shown);
      assertEquals(await elements(), 0);
      await write(page, "#origins", `https://${markup}\n\u202e${markup}`);
      await until(page, "document.querySelector('.not-in-force') !== null");
      assertEquals(await elements(), 0);
      // Such a link can be sent by anybody.
      const linked = encodeURIComponent(JSON.stringify({ origins: [markup], hosts: [], absent: markup }));
      await page.evaluate(`location.hash = ${JSON.stringify(linked)}`);
      await until(page, `document.querySelector("#origins").value === ${JSON.stringify(markup)}`);
      await eachRowInTurn(["%", "null", "[]", "%7B%22origins%22%3A%22x%22%7D"], async (hash) => {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await until(page, "document.querySelector('#origins').value.startsWith('https://app.example.com')");
        await page.evaluate(`document.querySelector("#origins").value = ""`);
      });
      assertEquals(await elements(), 0);
      assertEquals(await page.evaluate("window.ran ?? null"), null);

      await page.evaluate(`{
        const field = document.querySelector("#origins");
        field.value = Array.from({ length: 20000 }, (_, i) => "http://h" + i + ".example.com").join("\\n");
        field.dispatchEvent(new Event("input"));
      }`);
      await until(
        page,
        "document.querySelector('#tree > .faint').textContent === 'The first 200 of 20000 entries.'",
      );
      assertEquals(await text(page, "#findings > .faint"), "The first 200 of 20000 findings.");
      assertEquals(await page.evaluate("document.querySelectorAll('#tree .leaf').length"), 200);
      await page.evaluate(`{
        const field = document.querySelector("#text");
        field.value = "Host: ws.example.com\\nOrigin: " + "a:/".repeat(400000) + "\\n".repeat(100000) + "curl '".repeat(100000);
        field.dispatchEvent(new Event("input"));
      }`);
      await until(page, outcomeIs("Refused: 403 origin-malformed"));
      await page.close();
    });

    it("the policy is copied as TypeScript", async () => {
      const page = await open();
      await page.bringToFront();
      const policy = {
        origins: ["'self'", "https://b\u00fccher.example"],
        dangerouslyAllow: ["null"],
        hosts: ["example.com"],
        absent: "deny",
        scheme: "https",
        debug: true,
      } as const;
      await write(page, "#hosts", "example.com");
      await write(page, "#dangerouslyAllow", "null");
      await write(page, "#absent", "deny");
      await write(page, "#scheme", "https");
      await press(page, "#debug");
      await write(page, "#origins", policy.origins.join("\n"));
      await until(page, `document.querySelector("#code code").textContent.includes("cher.example")`);
      assertEquals(await text(page, "#code code"), policyCode(policy));
      await page.click("#copy");
      await until(page, "document.querySelector('#copied').textContent === 'Copied.'");
      await page.click("#origins");
      await page.keyboard.down("Control");
      await page.keyboard.press("a");
      await page.keyboard.press("v");
      await page.keyboard.up("Control");
      await until(page, `document.querySelector("#origins").value === ${JSON.stringify(policyCode(policy))}`);

      // Where the clipboard is not to be had, one key is left to press.
      await press(page, "#debug");
      await page.goto(`${host.address}?again`);
      await until(page, BEGUN);
      await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      await press(page, "#copy");
      await until(page, "document.querySelector('#copied').textContent.startsWith('Selected')");
      assertEquals(
        await page.evaluate("getSelection().toString().trim()"),
        (await text(page, "#code code")).trim(),
      );
      await page.close();
    });

    it("everything can be done with the keyboard", async () => {
      const page = await open();
      await page.bringToFront();
      await tabInto(page, "#origins");
      await page.keyboard.down("Control");
      await page.keyboard.press("End");
      await page.keyboard.up("Control");
      await page.keyboard.type("\nhttps://one.example");
      await until(page, "document.querySelector('#tree').innerText.includes('one.example')");
      await tabInto(page, "summary");
      await page.keyboard.press("Enter");
      await tabInto(page, "#hosts");
      await tabInto(page, "#debug");
      await page.keyboard.press(" ");
      await until(page, "document.querySelector('#code').innerText.includes('debug: true')");
      await tabInto(page, "[value=typed]");
      await tabInto(page, "#origin");
      await page.keyboard.press("End");
      await page.keyboard.type("1");
      await until(page, "document.querySelector('#explanation').textContent.includes('84431')");
      await tabInto(page, "#askers button");
      await page.keyboard.press("Enter");
      await until(page, outcomeIs("Allowed"));
      await write(page, "#origin", "https://app.example.com:8443");
      await until(page, "document.querySelector('#suggestion button') !== null");
      await tabInto(page, "#suggestion button");
      await page.keyboard.press("Enter");
      await until(page, outcomeIs("Allowed"));
      await tabInto(page, "#tree .sheet");
      await tabInto(page, "#copy");
      await page.keyboard.press("Enter");
      await until(page, "document.querySelector('#copied').textContent !== ''");
      await page.focus("[value=typed]");
      await page.keyboard.press("ArrowRight");
      await until(page, "!document.querySelector('#pasted').hidden");
      await page.close();
    });

    it("it asks for its own files alone, sends nothing, and runs nothing that is put into it", async () => {
      const page = await open();
      assertEquals([...asked].filter((it) => it !== ""), [new URL(host.address).host]);
      const below = [...host.asked].filter((path) => path !== "/favicon.ico");
      assertEquals(below.filter((path) => !path.startsWith("/some/where/")), []);
      assertEquals(complaints, []);
      const tries = [
        `fetch(location.href)`,
        `import("data:text/javascript,window.ran=1")`,
        `new Promise((ok, no) => { const socket = new WebSocket("ws://" + location.host); socket.onopen = ok; socket.onerror = no; })`,
        // A driver's own code may; what comes after it may not.
        `new Promise((ok, no) => setTimeout(() => { try { ok(Function("window.ran = 1")()) } catch { no() } }))`,
        `Promise.resolve().then(() => document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = 1" }))).then(() => window.ran ?? Promise.reject())`,
        `Promise.resolve().then(() => document.body.innerHTML = "<b>x</b>")`,
      ];
      await eachRowInTurn(tries, async (code) => {
        assertEquals(
          await page.evaluate(`(async () => await ${code})().then(() => "it could", () => "no")`),
          "no",
        );
      });
      assertEquals(await page.evaluate("window.ran ?? null"), null);
      await page.close();
    });

    for (const runtime of ["deno", "bun"] as const) {
      it(`it is served by ${runtime}, alone and beside the lab, with the lab's policy`, async () => {
        complaints.length = 0;
        const alone = await startProgram(runtime, "playground.ts");
        const lab = await startProgram(runtime, "lab.ts");
        try {
          await (await open(alone.address)).close();
          const page = await browser.newPage();
          page.on("pageerror", (error) => complaints.push(String(error)));
          await page.goto(lab.address);
          await until(page, "!document.querySelector('#policy').inert", "the policy");
          await write(page, "#origins", "'self'\nhttps://one.example");
          await write(page, "#absent", "allow");
          await write(page, "#refuse", "visibly");
          const policy = {
            origins: ["'self'", "https://one.example"],
            hosts: ["localhost", "app.site.localhost"],
            absent: "allow",
          } as const;
          await until(
            page,
            `document.querySelector("#code code").textContent === ${
              JSON.stringify(policyCode(policy, true))
            }`,
          );
          await page.bringToFront();
          await page.click("#code summary");
          await page.click("#copy");
          await until(page, "document.querySelector('#copied').textContent === 'Copied.'");
          const link = await page.evaluate("document.querySelector('#playground').href") as string;
          assertEquals(new URL(link).origin, new URL(lab.address).origin);
          await page.goto(link);
          await until(
            page,
            `document.querySelector("#code code")?.textContent === ${JSON.stringify(policyCode(policy))}`,
          );
          assertEquals(
            await page.evaluate("document.querySelector('#hosts').value"),
            policy.hosts.join("\n"),
          );
          await page.close();
          assertEquals(complaints, []);
        } finally {
          alone.stop();
          lab.stop();
        }
      });
    }
  });

  for (const scheme of ["light", "dark"] as const) {
    it(
      `the playground fits and can be read in ${name}, ${scheme}, at ${WIDTHS.join(", ")} pixels`,
      { skip },
      async () => {
        const host = await startStaticHost();
        const browser = await launch({ scheme });
        try {
          const page = await browser.newPage();
          const look = async (state: string) => {
            await eachRowInTurn(WIDTHS, async (width) => {
              const picture = await screenshot(page, width);
              const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
              assert(Number(over) <= 0, `${state} at ${width}: ${over} pixels too wide`);
              keep(`${name}-${scheme}-playground-${state}-${width}.png`, picture);
            });
            assertEquals(await axe(page), [], state);
          };
          await page.goto(host.address);
          await until(page, BEGUN);
          await look("refused");
          // What is decided can be seen on a phone as soon as it has been asked.
          await page.setViewport({ width: 390, height: 664 });
          const places = await page.evaluate(`["#origin", ".outcome"].map((selector) => {
          const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
          return [top, bottom];
        })`) as [[number, number], [number, number]];
          assert(places[1][1] - places[0][0] < 500, JSON.stringify(places));
          await write(page, "#origins", "'self'\nhttps://example.com/\n*.github.io\nself");
          await until(page, "document.querySelectorAll('.faults li').length === 4");
          await look("faults");
          await write(page, "#hosts", "ws.example.com");
          await write(page, "#dangerouslyAllow", "https://*.github.io");
          await write(
            page,
            "#origins",
            "'self'\n.example.net\nhttps://a.example.net\nhttp://*.b.example.net:8080\n[::1]",
          );
          await press(page, "[value=pasted]");
          await pressLabelled(page, "#examples", "a browser’s");
          await until(page, "document.querySelector('.in-force') !== null");
          await look("pasted");
        } finally {
          await browser.close();
          await host.stop();
        }
      },
    );
  }
}
