// One path, one spelling: no target reaches a private route that a guard by path in front did not see it reach,
// whatever way the guard reads a path, and what clients send reaches its route all the same.

import { Buffer } from "node:buffer";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { routeParams, urlRouter } from "@wsgate/wsgate";
import { Hono } from "hono";
import { caddyAround, nginxAround, skipWithout, startProxy } from "../proxies.ts";
import { eachRowInTurn } from "../rows.ts";
import { runtime, sendRaw, serve, type TestServer } from "../runtime.ts";
import { capturedTargets, targets } from "../vectors.ts";

const isDeno = runtime === "deno";

/** The private routes; as a guard reads them once it has decoded the path. */
const PRIVATE = ["/admin/", "/@root/", "/café/", "/~ann/"];
/** The same as they are sent. */
const SENT = ["/admin/", "/@root/", "/caf%C3%A9/", "/~ann/"];

/** Answers with what it stands for, in headers. */
function at(route: string): (request: Request) => Response {
  return (request) =>
    new Response(null, {
      headers: { "x-route": route, "x-params": encodeURIComponent(JSON.stringify(routeParams(request))) },
    });
}
const router = urlRouter([
  ["/chat/:room", at("chat")],
  ["/files/*", at("files")],
  ...PRIVATE.map((path) => [`${path}:what`, at("private")] as const),
]);
const everywhere = urlRouter([["/*", at("anywhere")]]);

const refusal = () => new Response(null, { status: 403 });
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
/** A guard that reads the path in its way, around the router. */
function guardedBy(path: (request: Request) => string, prefixes: readonly string[]) {
  return (request: Request) =>
    prefixes.some((prefix) => path(request).startsWith(prefix)) ? refusal() : router(request);
}
const app = new Hono();
for (const path of PRIVATE) app.use(`${path}*`, async () => await Promise.resolve(refusal()));
app.all("*", (c) => router(c.req.raw));

type Site = (request: Request) => Response | Promise<Response>;
const GUARDS: Readonly<Record<string, Site>> = {
  Hono: (request) => app.fetch(request),
  parsed: guardedBy((request) => new URL(request.url).pathname, SENT),
  decoded: guardedBy((request) => decoded(new URL(request.url).pathname), PRIVATE),
  raw: guardedBy((request) => request.url.replace(/^[a-z]+:\/\/[^/]*/i, ""), SENT),
};
const SITES: Readonly<Record<string, Site>> = { ...GUARDS, none: router, everywhere };

let server: TestServer;
before(() => {
  server = serve((request) => SITES[request.headers.get("x-site")!]!(request));
});
after(() => server.stop());

interface Answer {
  readonly status: number;
  readonly route: string | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** What comes back of a target, sent byte for byte. */
async function ask(target: string, site: string, port = server.port): Promise<Answer> {
  const host = "Host: good.test\r\nConnection: close\r\n";
  const { status, text } = await sendRaw(port, `GET ${target} HTTP/1.1\r\n${host}X-Site: ${site}\r\n\r\n`);
  const params = /^x-params: (\S+)/im.exec(text)?.[1] ?? "%7B%7D";
  return {
    status,
    route: /^x-route: (\S+)/im.exec(text)?.[1],
    params: JSON.parse(decodeURIComponent(params)),
  };
}

/** What must not get through: the vectors, what clients sent, and some of a proxy's own. */
const HOSTILE = [
  ...new Set([
    ...targets.hostile,
    ...Object.values(capturedTargets.sent).flat(),
    ...[
      "/admin/..%2Fx",
      "/admin/..%2fchat%2fa",
      "/admin/x%2F..%2F..%2Fchat%2Fa",
      "/@root/..%2F..%2Fx",
      "/caf\xc3\xa9/x",
      "/caf\xe9/x",
      "/admin/..",
      "/admin/.",
      "HTTP://good.test/chat/../admin/x",
      "http://good.test?/../admin/x",
      "http://good.test#/../admin/x",
      "http://good.test\\admin/x",
    ],
  ]),
];

/** The hostile targets that a private route answers. */
async function through(site: string, port?: number): Promise<string[]> {
  const found: string[] = [];
  for (const target of HOSTILE) {
    if ((await ask(target, site, port)).route === "private") found.push(target);
  }
  return found;
}

/** Every honest target reaches its route, with the parameter on record. */
async function assertHonest(site: string, port?: number): Promise<void> {
  assertEquals(Object.keys(targets.honest).length, 20);
  await eachRowInTurn(Object.entries(targets.honest), async ([target, room]) => {
    assertEquals(await ask(target, site, port), { status: 200, route: "chat", params: { room } });
  });
}

test("without a guard every private route answers in its one spelling", async () => {
  await eachRowInTurn(SENT, async (path) => {
    assertEquals(await ask(`${path}x`, "none"), { status: 200, route: "private", params: { what: "x" } });
  });
  await eachRowInTurn(["/%40root/x", "/caf%c3%a9/x", "/caf\xc3\xa9/x", "/%7Eann/x"], async (target) => {
    // Bun escapes what is raw before anybody sees it.
    const answers = !isDeno && target === "/caf\xc3\xa9/x";
    assertEquals((await ask(target, "none")).status, answers ? 200 : 404);
  });
});

for (const site of Object.keys(GUARDS)) {
  describe(`behind a guard by path: ${site}`, () => {
    test("the guard refuses the private routes", async () => {
      await eachRowInTurn(SENT, async (path) => assertEquals((await ask(`${path}x`, site)).status, 403));
    });
    test("nothing hostile gets through", async () => {
      assertEquals(targets.hostile.length, 34);
      assertEquals(await through(site), []);
    });
    test("nothing honest is lost", () => assertHonest(site));
  });
}

const CONFIGURATIONS = {
  nginx(port: number, guarded: boolean): string {
    const refusals = guarded ? PRIVATE.map((path) => `location ${path} { return 403; }`) : [];
    return nginxAround(`
      server {
        listen 127.0.0.1:${port};
        merge_slashes on;
        ${refusals.join("\n")}
        location / {
          proxy_pass http://127.0.0.1:${server.port};
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
        }
      }`);
  },
  caddy(port: number, guarded: boolean): string {
    const refusals = guarded ? PRIVATE.map((path) => `handle ${path}* {\n respond 403\n }\n`) : [];
    return caddyAround(
      `http://:${port} {\n bind 127.0.0.1\n ${refusals.join("")} handle {\n` +
        `  reverse_proxy 127.0.0.1:${server.port}\n }\n}`,
    );
  },
} as const;

for (const name of Object.keys(CONFIGURATIONS) as (keyof typeof CONFIGURATIONS)[]) {
  describe(`behind ${name}`, { skip: skipWithout(name) }, () => {
    type Started = Awaited<ReturnType<typeof startProxy>>;
    let folders: string[];
    let passing: Started;
    let guarding: Started;
    before(async () => {
      const started: Started[] = [];
      folders = [];
      for (const guarded of [false, true]) {
        const folder = await mkdtemp(join(tmpdir(), "wsgate-targets-"));
        folders.push(folder);
        started.push(await startProxy(name, folder, (port) => CONFIGURATIONS[name](port, guarded)));
      }
      [passing, guarding] = started as [Started, Started];
    });
    after(async () => {
      await Promise.all([passing?.stop(), guarding?.stop()]);
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    });

    for (const site of Object.keys(GUARDS)) {
      test(`and a guard by path: ${site}`, async () => {
        await eachRowInTurn(SENT, async (path) => {
          assertEquals((await ask(`${path}x`, site, passing.port)).status, 403);
        });
        assertEquals(await through(site, passing.port), []);
        await assertHonest(site, passing.port);
      });
    }

    test("that is the guard", async () => {
      await eachRowInTurn(SENT, async (path) => {
        assertEquals((await ask(`${path}x`, "none", guarding.port)).status, 403);
      });
      // nginx takes a backslash for a letter and passes it on; Bun takes it for a slash before anybody sees it.
      const known = !isDeno && name === "nginx" ? ["/chat\\..\\admin\\x"] : [];
      assertEquals(await through("none", guarding.port), known);
      await assertHonest("none", guarding.port);
    });
  });
}

describe("what clients sent", () => {
  /** No route has these. */
  const refused = [
    "/%61dmin/x",
    "/chat/%2e%2e/admin/x",
    "/chat/../admin/x",
    "/chat/./a",
    "/chat/..\\admin",
    "/chat\\a",
    "/chat/a b",
  ];
  const lost = isDeno ? refused : ["/%61dmin/x", "/chat/a b"];
  for (const [client, sent] of Object.entries(capturedTargets.sent)) {
    test(client, async () => {
      await eachRowInTurn(sent, async (target) => {
        const { route } = await ask(target, "everywhere");
        assertEquals(route, lost.includes(target) ? undefined : "anywhere");
        const room = /^\/chat\/([^/?]+)$/.exec(target)?.[1];
        if (room === undefined || refused.includes(target)) return;
        const params = { room: decoded(Buffer.from(room, "latin1").toString()) };
        assertEquals(await ask(target, "none"), { status: 200, route: "chat", params });
      });
      // Browsers and most programs lose an address that nobody types but to see what happens.
      const careful = ["chromium", "firefox", "ws", "deno", "bun", "aiohttp"].includes(client);
      const typed = sent.filter((target) => refused.includes(target));
      if (careful) assertEquals(typed, client === "aiohttp" ? [] : ["/%61dmin/x"]);
    });
  }
  test("are all on record", () => {
    const { typed, sent } = capturedTargets;
    assertEquals([typed.length, Object.keys(sent).length, Object.values(sent).flat().length], [37, 11, 354]);
  });
});
