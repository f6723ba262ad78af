/**
 * Real proxies in front of a server under test, where they are installed.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { assert } from "@std/assert";
import { freePort, listens } from "./ports.ts";

const isRequired = process.env["WSGATE_REQUIRE_PROXIES"] === "1";

const ARGUMENTS = {
  nginx: (file: string, folder: string) => ["-c", file, "-p", folder, "-g", "daemon off;"],
  caddy: (file: string) => ["run", "--config", file, "--adapter", "caddyfile"],
  haproxy: (file: string) => ["-db", "-f", file],
  apache2: (file: string, folder: string) => ["-X", "-d", folder, "-f", file],
  lighttpd: (file: string) => ["-D", "-f", file],
} as const;

/** A proxy that tests start. */
export type Proxy = keyof typeof ARGUMENTS;

/** Why its tests are skipped; false: they are not. */
export function skipWithout(proxy: Proxy): string | false {
  return programOf(proxy) === undefined && !isRequired
    ? `${proxy} is not installed (Debian: ${proxy})`
    : false;
}

/** Starts a proxy whose files are in `folder`; it listens when this resolves. */
export async function startProxy(
  proxy: Proxy,
  folder: string,
  configuration: (port: number) => string,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const program = programOf(proxy);
  assert(program !== undefined, `WSGATE_REQUIRE_PROXIES=1, and ${proxy} is not installed`);
  const port = await freePort();
  const file = join(folder, `${proxy}-${port}.conf`);
  await writeFile(file, configuration(port));
  const child = spawn(program, ARGUMENTS[proxy](file, folder), {
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = () => end(child);
  let said = "";
  child.stderr.on("data", (chunk) => said += chunk);
  for (let tries = 0; !await listens(port); tries++) {
    if (tries > 200) {
      await stop();
      throw new Error(`${proxy} does not listen: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, stop };
}

/** What nginx's configuration needs around a `server`, to run beside others and write nothing outside its folder. */
export function nginxAround(server: string): string {
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    error_log stderr;
    pid nginx.pid;
    events {}
    http {
      access_log off;
      ${folders.map((name) => `${name}_temp_path ${name};`).join(" ")}
      ${server}
    }`;
}

/** The same for HAProxy's sections. */
export function haproxyAround(sections: string): string {
  return `defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n${sections}`;
}

/** The same for Apache's directives. */
export function apacheAround(port: number, directives: string): string {
  const modules = ["mpm_event", "authz_core", "proxy", "proxy_http", "proxy_wstunnel", "headers", "rewrite"];
  return [
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `Listen 127.0.0.1:${port}`,
    "ServerName site.test",
    `PidFile httpd-${port}.pid`,
    `Mutex file:. default`,
    // Not /dev/stderr, which is a socket under one of the runtimes, and Apache opens it by its name.
    `ErrorLog error-${port}.log`,
    directives,
  ].join("\n") + "\n";
}

/** The same for Caddy's sites. */
export function caddyAround(sites: string): string {
  return `{\n admin off\n auto_https disable_redirects\n}\n${sites}`;
}

function programOf(proxy: Proxy): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, proxy)).find((path) => existsSync(path));
}

/** Ends a proxy and waits for it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exit;
  clearTimeout(late);
}
