/**
 * What browsers send when a page asks for no WebSocket: every place that a page can be in, every way to ask from there,
 * and how a browser is made to do it. `plain_server.ts` notes what arrives.
 *
 * @module
 */

import type { Page } from "puppeteer-core";
import { makeCertificate } from "../certificate.ts";
import { startChild } from "../child.ts";
import { executableOf } from "../programs.ts";
import type { HeaderLines } from "../vectors.ts";
import type { BrowserProgram, RunningBrowser } from "./browser.ts";

/** For each wait: longer than anything takes on a machine that is busy with other work. */
const PATIENCE_MS = 20_000;

/** A page, and the site that it asks. */
export interface Place {
  /** In words. */
  readonly name: string;
  /** The origin that is asked. */
  readonly target: string;
  /** The address of the page; null: the request is typed into the address bar. */
  readonly page: string | null;
  /** The request is made in a sandboxed frame of that page, which has the same address. */
  readonly sandboxed?: true;
}

/** What arrived at the server, and what came of it. */
export interface PlainArrival {
  readonly method: string;
  /** As the runtime says it. */
  readonly url: string;
  /** Those that say where a request comes from; of Cookie the names, in alphabetical order. */
  readonly headers: HeaderLines;
  /** "allowed", or the reason of the refusal. */
  readonly judged: string;
  readonly status: number;
}

/** Those of `plain_page.js`. The last two go to another site first, which sends them on. */
const WAYS = [
  "fetch GET",
  "fetch POST",
  "fetch POST of JSON",
  "no-cors GET",
  "no-cors POST",
  "EventSource",
  "link",
  "form POST",
  "no-cors POST by way of another site",
  "form POST by way of another site",
] as const;

/** What follows is where the request goes first. */
export const ELSEWHERE = " by way of ";

/** Pages whose server sets a cookie of each kind. */
const LOGINS = ["http://goodsite.test:8080", "https://goodsite.test:8443", "http://localhost:8080"]
  .map((origin) => `${origin}/login`);

/** Three sites, one of them without TLS and one on this machine, and whatever pages there are around each. */
export const PLACES: readonly Place[] = [
  ...placesAround("http://goodsite.test:8080", {
    another: "http://evil.test:8080",
    sibling: "http://app.goodsite.test:8080",
    port: "http://goodsite.test:8081",
  }),
  { name: "a name that leads here", target: "http://evil.test:8080", page: "http://evil.test:8080/page" },
  ...placesAround("https://goodsite.test:8443", {
    another: "https://evil.test:8443",
    sibling: "https://app.goodsite.test:8443",
    port: "https://goodsite.test:8444",
  }),
  { name: "a name that leads here", target: "https://evil.test:8443", page: "https://evil.test:8443/page" },
  {
    name: "the same name without TLS",
    target: "https://goodsite.test:8443",
    page: "http://goodsite.test:8080/page",
  },
  ...placesAround("http://localhost:8080", {
    another: "http://evil.test:8080",
    sibling: "http://app.localhost:8080",
    port: "http://localhost:8081",
  }),
];

function placesAround(
  target: string,
  { another, sibling, port }: Readonly<Record<"another" | "sibling" | "port", string>>,
): Place[] {
  const origins = { "its own page": target, "another site": another, "a sibling name": sibling };
  return [
    { name: "typed", target, page: null },
    ...Object.entries({ ...origins, "another port": port }).flatMap(([name, origin]) => [
      { name, target, page: `${origin}/page` },
      { name: `${name} under no-referrer`, target, page: `${origin}/no-referrer` },
    ]),
    { name: "a sandboxed frame in its own page", target, page: `${target}/page`, sandboxed: true },
    { name: "a sandboxed frame in another site", target, page: `${another}/page`, sandboxed: true },
  ];
}

/** The ways to ask from there. The site of a name that leads here is the other site itself. */
export function waysOf({ name, page }: Place): readonly string[] {
  if (page === null) return ["typed"];
  return name === "a name that leads here" ? WAYS.filter((way) => !way.includes(ELSEWHERE)) : WAYS;
}

/** A browser that is logged in at a server of its own. */
export interface PlainSession {
  readonly page: Page;
  /** The server's, without TLS. */
  readonly port: number;
  /** The browser's. */
  readonly version: string;
  close(): Promise<void>;
}

/** Starts both, and logs in. */
export async function startPlain({ launch }: BrowserProgram, runtime: "deno" | "bun"): Promise<PlainSession> {
  const { cert, key } = makeCertificate();
  const executable = await executableOf(runtime);
  const script = new URL("plain_server.ts", import.meta.url);
  const server = await startChild(script, [cert, key], 3 * PATIENCE_MS, { name: runtime, executable });
  let browser: RunningBrowser | undefined;
  const close = async () => {
    await browser?.close();
    await server.kill();
  };
  try {
    const { http, https } = server.ports as { http: number; https: number };
    browser = await launch({ ports: { 8080: http, 8081: http, 8443: https, 8444: https } });
    const page = await browser.newPage();
    for (const login of LOGINS) await page.goto(login);
    return { page, port: http, version: await page.browser().version(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the browser ask, and tells what the page saw of the answer: its text, or "navigated" where a frame went on. */
export async function ask(page: Page, place: Place, way: string, id: string): Promise<string> {
  const url = `${place.target}/plain/${id}`;
  if (place.page === null) {
    await page.goto("about:blank");
    await page.goto(url);
    return await textOf(page);
  }
  await page.goto(place.page);
  const [inPage, elsewhere] = way.split(ELSEWHERE);
  // From localhost too by TLS: Firefox asks its user before a form leaves a trustworthy page for one that is not.
  const another = place.target === "http://goodsite.test:8080"
    ? "http://evil.test:8080"
    : "https://evil.test:8443";
  const first = elsewhere === undefined ? url : `${another}/redirect?to=${encodeURIComponent(url)}`;
  const asking = `ask(${JSON.stringify([inPage, first, place.sandboxed === true])})`;
  if (place.sandboxed || !/^(?:link|form)/.test(way)) return await page.evaluate(asking) as string;
  await Promise.all([page.waitForNavigation({ timeout: PATIENCE_MS }), page.evaluate(asking)]);
  return await textOf(page);
}

async function textOf(page: Page): Promise<string> {
  return await page.evaluate("document.body.textContent.trim()") as string;
}

/** What `plain_server.ts` noted under this number, once it has. */
export async function arrivalOf(port: number, id: string): Promise<PlainArrival> {
  for (let waited = 0; waited < PATIENCE_MS; waited += 20) {
    const arrival = await (await fetch(`http://127.0.0.1:${port}/arrivals/${id}`)).json();
    if (arrival !== null) return arrival;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing arrived as ${id}`);
}
