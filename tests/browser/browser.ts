/**
 * Real browsers, headless: found, launched, driven and removed without a trace. Puppeteer speaks to both, to Chromium
 * by its own protocol and to Firefox by WebDriver BiDi.
 *
 * No request leaves the machine: whatever a browser asks for, loopback answers or nobody does.
 *
 * @module
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import type { Browser, LaunchOptions, Page } from "puppeteer-core";
import { runtime } from "../runtime.ts";

/** For each wait: longer than anything takes on a machine that is busy with other work. */
const PATIENCE_MS = 30_000;

/** Where the commands are looked for, what they are called, and what Debian calls the package. */
const COMMANDS = {
  chromium: { commands: ["chromium", "chromium-browser", "google-chrome"], package: "chromium" },
  firefox: { commands: ["firefox-esr", "firefox"], package: "firefox-esr" },
} as const;

/** One of the two browsers, installed or not. */
export interface BrowserProgram {
  readonly name: keyof typeof COMMANDS;
  /** Why tests with it are skipped, for the `skip` of node:test; false: they run. */
  readonly skip: string | false;
  /** @throws if it is not installed, or does not start in time */
  launch(options?: BrowserOptions): Promise<RunningBrowser>;
}

/** How a browser is set up; this can't be changed later. */
export interface BrowserOptions {
  /** What `prefers-color-scheme` says. Default "light". */
  readonly scheme?: "light" | "dark";
  /** Whether a frame or request of another site has the site's SameSite=None cookies. Default: as the browser comes. */
  readonly thirdPartyCookies?: "allow";
  /**
   * Port in URLs → port on loopback that is connected to; [::1] stays [::1]. So a page can be at the default port, and
   * an address in a test is the same in every run.
   */
  readonly ports?: Readonly<Record<number, number>>;
}

/** A browser with a fresh profile. */
export interface RunningBrowser {
  /** A new tab, as Puppeteer has it: hand it page code as strings. Every wait on it has an end. */
  newPage(): Promise<Page>;
  /** Closes it, by force if need be, and removes its profile. */
  close(): Promise<void>;
}

/**
 * Both browsers. One that is not installed is there too, and says so: a test is skipped, never left out. With
 * `WSGATE_REQUIRE_BROWSERS=1` it is not skipped, and fails.
 */
export function browsers(env: Readonly<Record<string, string | undefined>> = process.env): BrowserProgram[] {
  return (["chromium", "firefox"] as const).map((name) => {
    const { commands, package: debian } = COMMANDS[name];
    const executable = (env["PATH"] ?? "").split(delimiter)
      .flatMap((folder) => commands.map((command) => join(folder, command)))
      .find((path) => existsSync(path));
    const missing = executable === undefined ? `${name} is not installed (Debian: ${debian})` : false;
    const skip = runtime === "bun"
      ? "browsers are driven from Deno, against the servers of both runtimes"
      : env["WSGATE_REQUIRE_BROWSERS"] === "1"
      ? false
      : missing;
    const launch = (options: BrowserOptions = {}) =>
      executable === undefined
        ? Promise.reject(new Error(String(missing)))
        : launchBrowser(name, executable, options);
    return { name, skip, launch };
  });
}

/** The whole page as PNG, in a window of this width. */
export async function screenshot(page: Page, width: number): Promise<Uint8Array> {
  await page.setViewport({ width, height: 900 });
  return await page.screenshot({ fullPage: true });
}

/** Something that keeps people from using a page. */
export interface AxeViolation {
  readonly id: string;
  readonly impact: "serious" | "critical";
  readonly help: string;
  /** Selectors of the elements at fault. */
  readonly elements: readonly string[];
}

/**
 * The serious and critical violations that axe-core finds in the page and its frames. The driver evaluates axe's text
 * in the page, so a Content-Security-Policy does not stop it.
 */
export async function axe(page: Page): Promise<AxeViolation[]> {
  const { default: { source } } = await import("axe-core");
  // One frame at a time: axe would wait a minute for an answer from frames that it is not in.
  const run = `axe.run(document, { iframes: false, resultTypes: ["violations"] }).then(({ violations }) =>
    violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(
      ({ id, impact, help, nodes }) => ({ id, impact, help, elements: nodes.map(({ target }) => target.join(" ")) }),
    )
  )`;
  const found: AxeViolation[] = [];
  for (const frame of page.frames()) {
    await frame.evaluate(`${source};0`);
    found.push(...await frame.evaluate(run) as AxeViolation[]);
  }
  return found;
}

// ---------------------------------------------------------------------------------------------- launching

async function launchBrowser(
  name: BrowserProgram["name"],
  executablePath: string,
  options: BrowserOptions,
): Promise<RunningBrowser> {
  // Home, temporary files and profile in one place, which goes at the end.
  const home = mkdtempSync(join(tmpdir(), "wsgate-browser-"));
  const profile = join(home, "profile");
  mkdirSync(profile);
  const warden = startWarden(home);
  let browser: Browser | undefined;
  const close = async () => {
    await bounded(browser?.close());
    warden.stdin.end();
    await new Promise((resolve) => warden.exitCode === null ? warden.once("exit", resolve) : resolve(0));
  };

  try {
    const { default: puppeteer } = await import("puppeteer-core");
    browser = await puppeteer.launch({
      executablePath,
      userDataDir: profile,
      timeout: 2 * PATIENCE_MS,
      protocolTimeout: PATIENCE_MS,
      acceptInsecureCerts: true,
      // Whoever is ended by a signal ends; the warden does the rest.
      handleSIGHUP: false,
      handleSIGINT: false,
      handleSIGTERM: false,
      env: { ...process.env, HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
      ...(name === "chromium" ? chromium(profile, options) : firefox(options)),
    });
    warden.stdin.write(`${browser.process()!.pid}\n`);
  } catch (error) {
    await close();
    throw error;
  }
  const running = browser;
  return {
    close,
    async newPage() {
      const page = await running.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      if (name === "chromium") {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: options.scheme ?? "light" }]);
      }
      return page;
    },
  };
}

/**
 * A process that outlives this one, however that ends: once its stdin does, it ends the browser whose process group it
 * read there, and removes the folder.
 */
function startWarden(home: string): ChildProcessByStdio<Writable, null, null> {
  const script = 'while read -r group; do kept=$group; done; [ -n "$kept" ] && kill -s KILL -- "-$kept"; ' +
    'for _ in 1 2 3 4 5; do rm -rf "$0" && exit; sleep 0.2; done';
  return spawn("sh", ["-c", script, home], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
}

function chromium(profile: string, { thirdPartyCookies, ports = {} }: BrowserOptions): LaunchOptions {
  const pairs = Object.entries(ports);
  const rules = [
    // The first that fits a host, or a host and port, is taken.
    ...pairs.map(([from, to]) => `MAP [::1]:${from} [::1]:${to}`),
    ...pairs.flatMap(([from, to]) => LOCAL_NAMES.map((name) => `MAP ${name}:${from} 127.0.0.1:${to}`)),
    "MAP [::1] [::1]",
    ...LOCAL_NAMES.map((name) => `MAP ${name} 127.0.0.1`),
    "MAP * ~NOTFOUND",
  ];
  if (thirdPartyCookies === "allow") {
    mkdirSync(join(profile, "Default"));
    writeFileSync(
      join(profile, "Default", "Preferences"),
      JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }),
    );
  }
  return {
    browser: "chrome",
    pipe: true,
    args: [
      "--no-sandbox", // as root there is none
      "--disable-gpu",
      "--disable-quic",
      "--disable-component-update",
      "--ignore-certificate-errors", // workers have connections of their own
      `--host-resolver-rules=${rules.join(",")}`,
    ],
  };
}

/** All that Chromium connects to; a dot at the end of a name stays there. */
const LOCAL_NAMES = ["127.*", "localhost", "*.localhost", "*.test", "*.test."];

function firefox({ scheme = "light", thirdPartyCookies, ports = {} }: BrowserOptions): LaunchOptions {
  return {
    browser: "firefox",
    extraPrefsFirefox: {
      // Every name is 127.0.0.1. An address stays what it is, which network.dns.forceResolve would not let it.
      "network.dns.native-is-localhost": true,
      // It would still ask a name server, how long that is true and for HTTPS records.
      "network.dns.get-ttl": false,
      "network.dns.native_https_query": false,
      "network.socket.forcePort": Object.entries(ports).map((pair) => pair.join("=")).join(";"),
      // What it asks the network for by itself.
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "network.trr.mode": 5,
      "browser.region.network.url": "",
      "dom.push.connection.enabled": false,
      // Over the page, not beside it, as in Chromium without a head.
      "ui.useOverlayScrollbars": 1,
      "layout.css.prefers-color-scheme.content-override": scheme === "dark" ? 0 : 1,
      // Puppeteer loosens what follows; here it is as the browser comes.
      "security.fileuri.strict_origin_policy": true,
      "network.cookie.cookieBehavior": thirdPartyCookies === "allow" ? 0 : 5,
      "browser.contentblocking.category": "custom",
    },
  };
}

/** Waits, but not for ever, and takes a failure for an end. */
async function bounded(promise: Promise<unknown> | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE_MS / 3));
  await Promise.race([promise?.catch(() => {}), late]).finally(() => clearTimeout(timer));
}
