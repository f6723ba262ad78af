/**
 * What real proxies do to a handshake, each in front of a real server, and what the console says of it.
 *
 * nginx passes neither Host nor Upgrade on unless it is told to, and a location with a `proxy_set_header` of its own
 * inherits none from its server.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assert, assertStringIncludes } from "@std/assert";
import { originValidator, protocolTypeRouter, upgradeHandler, websocket } from "@wsgate/wsgate";
import { printed } from "../doubles.ts";
import { inTime } from "../in_time.ts";
import {
  apacheAround,
  caddyAround,
  haproxyAround,
  nginxAround,
  type Proxy,
  skipWithout,
  startProxy,
} from "../proxies.ts";
import { handshakeBytes, handshakeHeaders, serve, type TestServer } from "../runtime.ts";

const BROWSER = ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"] as const;

/** What stands in a site's configuration, by what it does. */
const LINES: Readonly<Record<Proxy, Readonly<Record<string, string>>>> = {
  nginx: {
    forward:
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
    host: "proxy_set_header Host $http_host;",
    hostWithoutPort: "proxy_set_header Host $host;",
    noConnection:
      "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection keep-alive;",
    inner: "proxy_set_header Origin http://127.0.0.1:1; proxy_set_header X-Forwarded-For $remote_addr;",
    noOrigin: 'proxy_set_header Origin "";',
  },
  caddy: {
    forward: "",
    host: "",
    otherHost: "header_up Host {upstream_hostport}",
    hostWithoutPort: "header_up Host site.test",
    noUpgrade: "header_up -Upgrade",
    inner: "header_up Origin http://127.0.0.1:1",
    noOrigin: "header_up -Origin",
  },
  haproxy: {
    otherHost: "http-request set-header Host 127.0.0.1",
    hostWithoutPort: "http-request set-header Host site.test",
    noUpgrade: "http-request del-header Upgrade",
    noConnection: "http-request del-header Connection",
    inner: "http-request set-header Origin http://127.0.0.1:1\n option forwardfor",
    noOrigin: "http-request del-header Origin",
  },
  apache2: {
    forward: "upgrade=websocket",
    keepHost: "\nProxyPreserveHost On",
    hostWithoutPort: "\nProxyPreserveHost On\nRequestHeader set Host site.test",
    inner: "\nRequestHeader set Origin http://127.0.0.1:1",
    noOrigin: "\nRequestHeader unset Origin",
  },
  lighttpd: {
    forward: 'proxy.header += ( "upgrade" => "enable" )',
    otherHost: 'proxy.header += ( "map-host-request" => ( "-" => "127.0.0.1" ) )',
    hostWithoutPort: 'proxy.header += ( "map-host-request" => ( "-" => "site.test" ) )',
    inner: 'setenv.set-request-header = ( "Origin" => "http://127.0.0.1:1" )',
    noOrigin: 'setenv.set-request-header = ( "Origin" => "" )',
  },
};

const around: Readonly<Record<Proxy, (lines: string, port: number, to: number) => string>> = {
  nginx: (lines, port, to) =>
    nginxAround(
      `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${to}; ${lines} } }`,
    ),
  caddy: (lines, port, to) =>
    caddyAround(`http://:${port} {\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:${to} {\n ${lines}\n }\n}`),
  haproxy: (lines, port, to) =>
    haproxyAround(
      `frontend f\n bind 127.0.0.1:${port}\n ${lines}\n default_backend b\nbackend b\n server s 127.0.0.1:${to}\n`,
    ),
  apache2: (lines, port, to) => apacheAround(port, `ProxyPass / http://127.0.0.1:${to}/ ${lines}`),
  lighttpd: (lines, port, to) =>
    `server.modules = ( "mod_proxy", "mod_setenv" )\nserver.document-root = "/tmp"\nserver.bind = "127.0.0.1"\n` +
    `server.port = ${port}\nproxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${to} )) )\n` +
    `proxy.header = ( "https-remap" => "disable" )\n${
      lines.replaceAll(" proxy.header", "\nproxy.header").replaceAll(" setenv", "\nsetenv")
    }\n`,
};

type Row = readonly [
  proxy: Proxy,
  what: string,
  lines: readonly string[],
  reason: string,
  says: string,
  isHttps?: boolean,
];

/** What each has to have for a handshake to arrive. */
const WHOLE: Readonly<Record<Proxy, readonly string[]>> = {
  nginx: ["forward", "host"],
  caddy: [],
  haproxy: [],
  apache2: ["forward", "keepHost"],
  lighttpd: ["forward"],
};

const ROWS: readonly Row[] = [
  ["nginx", "Host is not passed on", ["forward"], "host-not-allowed", "proxy_set_header Host $http_host"],
  ["nginx", "the port of Host is lost", ["forward", "hostWithoutPort"], "origin-not-allowed", "not $host"],
  ["nginx", "Upgrade is lost", ["host"], "not-a-handshake", "arrived without Upgrade"],
  ["nginx", "Connection is lost", ["host", "noConnection"], "connection-malformed", 'have "upgrade"'],
  ["nginx", "Origin is set", ["forward", "host", "inner"], "origin-not-allowed", "is an inner address"],
  [
    "nginx",
    "Origin is removed",
    ["forward", "host", "noOrigin"],
    "origin-absent",
    "Find what removes Origin",
  ],
  ["caddy", "Host is set", ["otherHost"], "host-not-allowed", "Have the proxy"],
  ["caddy", "Origin is set", ["inner"], "origin-not-allowed", "is an inner address"],
  ["caddy", "Origin is removed", ["noOrigin"], "origin-absent", "Find what removes Origin"],
  ["haproxy", "Host is set", ["otherHost"], "host-not-allowed", "Have the proxy pass Host on"],
  ["haproxy", "Origin is set", ["inner"], "origin-not-allowed", "is an inner address"],
  ["haproxy", "Origin is removed", ["noOrigin"], "origin-absent", "Find what removes Origin"],
  ["apache2", "Host is not passed on", ["forward"], "host-not-allowed", "Apache: ProxyPreserveHost On"],
  ["apache2", "Upgrade is lost", ["keepHost"], "not-a-handshake", "arrived without Upgrade"],
  ["apache2", "Origin is set", ["forward", "keepHost", "inner"], "origin-not-allowed", "is an inner address"],
  [
    "apache2",
    "Origin is removed",
    ["forward", "keepHost", "noOrigin"],
    "origin-absent",
    "Find what removes Origin",
  ],
  ["caddy", "the port of Host is lost", ["hostWithoutPort"], "origin-not-allowed", "keep the port"],
  ["caddy", "Upgrade is lost", ["noUpgrade"], "not-a-handshake", "arrived without Upgrade"],
  ["haproxy", "the port of Host is lost", ["hostWithoutPort"], "origin-not-allowed", "keep the port"],
  ["haproxy", "Upgrade is lost", ["noUpgrade"], "not-a-handshake", "arrived without Upgrade"],
  ["haproxy", "Connection is lost", ["noConnection"], "connection-malformed", 'have "upgrade"'],
  [
    "apache2",
    "the port of Host is lost",
    ["forward", "hostWithoutPort"],
    "origin-not-allowed",
    "keep the port",
  ],
  ["lighttpd", "Host is set", ["forward", "otherHost"], "host-not-allowed", "Have the proxy"],
  [
    "lighttpd",
    "the port of Host is lost",
    ["forward", "hostWithoutPort"],
    "origin-not-allowed",
    "keep the port",
  ],
  ["lighttpd", "Upgrade is lost", [], "not-a-handshake", "arrived without Upgrade"],
  ["lighttpd", "Origin is set", ["forward", "inner"], "origin-not-allowed", "is an inner address"],
  ["lighttpd", "Origin is removed", ["forward", "noOrigin"], "origin-absent", "Find what removes Origin"],
  ...Object.entries(WHOLE).map(([proxy, lines]): Row => [
    proxy as Proxy,
    "the scheme is lost, since TLS ends there",
    lines,
    "origin-not-allowed",
    'Set the policy\'s scheme to "https"',
    true,
  ]),
];

describe("what a proxy does to a handshake", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-causes-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [proxy, what, names, reason, says, isHttps = false] of ROWS) {
    it(`${proxy}: ${what}`, { skip: skipWithout(proxy) }, async () => {
      const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
      const guarded = protocolTypeRouter({
        http: () => new Response("the site"),
        websocket: originValidator(echo, ["'self'"], { hosts: ["site.test"] }),
      });
      const server: TestServer = serve(guarded, websocket);
      const running = await startProxy(
        proxy,
        folder,
        (port) => around[proxy](names.map((name) => LINES[proxy][name]).join(" "), port, server.port),
      );
      try {
        const host = `site.test:${running.port}`;
        const lines = await printed(() => ask(running.port, host, `http${isHttps ? "s" : ""}://${host}`));
        const line = lines.map(({ text }) => text).find((text) => text.startsWith("wsgate"));
        assert(line !== undefined, `nothing was told: ${JSON.stringify(lines)}`);
        assertStringIncludes(line, ` ${reason})`);
        assertStringIncludes(line, says);
        assert(!/\bdebug\b|set absent|dangerouslyAllow/.test(line), line);
        // What a proxy wrote stands there for every page, an evil one's too.
        if (what === "Origin is set") assert(!line.includes("to allow it"), line);
      } finally {
        await running.stop();
        await server.stop();
      }
    });
  }
});

/** Sends a browser's handshake, and waits for the head of the answer. */
function ask(port: number, host: string, origin: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  const answer = new Promise<string>((resolve, reject) => {
    let received = "";
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes("\r\n\r\n")) resolve(received);
    });
    const headers = [...handshakeHeaders(host), ["Origin", origin], BROWSER] as const;
    socket.write(handshakeBytes("/", headers), "latin1");
  });
  return inTime("an answer", answer).finally(() => socket.destroy());
}
