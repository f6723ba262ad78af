/**
 * The lines of `.github/PROXIES.md` as they stand there, in real proxies that end TLS in front of a real server: the
 * site's own page gets in, another one does not, and the server has the scheme right.
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectPlainly } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hostValidator, originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { onDenied } from "./recorder.ts";
import { makeCertificate } from "./certificate.ts";
import { inTime } from "./in_time.ts";
import {
  apacheAround,
  caddyAround,
  haproxyAround,
  nginxAround,
  type Proxy,
  skipWithout,
  startProxy,
} from "./proxies.ts";
import {
  clientFrame,
  handshakeBytes,
  handshakeHeaders,
  serve,
  serveOn,
  serverFrame,
  type TestServer,
} from "./runtime.ts";

/** Where a proxy listens, and what it shows. */
interface Front {
  readonly port: number;
  /** Paths in PEM: the certificate, its key, and a file that has both. */
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

/** What an operator has around the lines of the page. */
const AROUND: Readonly<Record<Proxy, (lines: string, front: Front) => string>> = {
  nginx: (lines, { port, cert, key }) =>
    nginxAround(`
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${cert};
        ssl_certificate_key ${key};
        ${lines}
      }`),
  caddy: (lines, { port, cert, key }) =>
    caddyAround(
      replaced(lines, "example.com {", `https://localhost:${port} {\n bind 127.0.0.1\n tls ${cert} ${key}`),
    ),
  apache2: (lines, { port, cert, key }) =>
    apacheAround(
      port,
      `LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
      <VirtualHost 127.0.0.1:${port}>
        SSLEngine on
        SSLCertificateFile ${cert}
        SSLCertificateKeyFile ${key}
        ${lines}
      </VirtualHost>`,
    ),
  haproxy: (lines, { port, both }) =>
    haproxyAround(
      replaced(
        lines,
        "bind :443 ssl crt /etc/haproxy/example.com.pem",
        `bind 127.0.0.1:${port} ssl crt ${both}`,
      ),
    ),
  lighttpd: (lines, { port, cert, key }) =>
    `server.document-root = "/nowhere"
    server.modules += ( "mod_openssl" )
    server.bind = "127.0.0.1"
    server.port = ${port}
    ssl.engine = "enable"
    ssl.pemfile = "${cert}"
    ssl.privkey = "${key}"
    ${lines}`,
};

/** Which block of the page is whose. */
const FENCES: Readonly<Record<Proxy, string>> = {
  nginx: "nginx",
  caddy: "caddyfile",
  apache2: "apache",
  haproxy: "haproxy",
  lighttpd: "lighttpd",
};

/** Replaces what has to be there. */
function replaced(text: string, from: string, to: string): string {
  assertStringIncludes(text, from);
  return text.replaceAll(from, to);
}

async function blocksOf(fence: string): Promise<string[]> {
  const page = await readFile(new URL("../.github/PROXIES.md", import.meta.url), "utf8");
  return Array.from(
    page.matchAll(new RegExp("^```" + fence + "\\n([^]*?)^```", "gm")),
    ([, block]) => block!,
  );
}

describe("behind a proxy that ends TLS", () => {
  const { cert, key } = makeCertificate();
  let folder: string;
  let front: Omit<Front, "port">;
  let server: TestServer;
  const reasons: string[] = [];
  const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
  const options = {
    scheme: "https",
    onDecision: onDenied(({ reason }) => void reasons.push(reason)),
  } as const;
  const guarded = originValidator(echo, ["'self'"], { ...options, hosts: ["localhost"] });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-proxies-"));
    front = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem"), both: join(folder, "both.pem") };
    await writeFile(front.cert, cert);
    await writeFile(front.key, key);
    await writeFile(front.both, cert + key);
    server = serve(guarded, websocket);
  });
  after(async () => {
    await server?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** What comes back of a handshake, and of a frame that follows it, over TLS. */
  async function ask(port: number, origin: string): Promise<string> {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: cert });
    let received = "";
    try {
      return await inTime(
        "an answer over TLS",
        new Promise<string>((resolve, reject) => {
          socket.on("error", reject);
          socket.on("close", () => resolve(received));
          socket.on("data", (chunk) => {
            const opened = received === "";
            received += chunk.toString("latin1");
            if (!received.startsWith("HTTP/1.1 101")) resolve(received);
            else if (opened) socket.write(clientFrame("hello"), "latin1");
            if (received.endsWith(serverFrame("hello"))) resolve(received);
          });
          const headers = [...handshakeHeaders(`localhost:${port}`), ["Origin", origin]] as const;
          socket.write(handshakeBytes("/", headers), "latin1");
        }),
      );
    } finally {
      socket.destroy();
    }
  }

  /** Starts a proxy with these lines, in front of the server, for as long as `act` takes. */
  async function behind(
    proxy: Proxy,
    lines: string,
    act: (port: number) => Promise<void>,
    to = server.port,
  ): Promise<void> {
    // The configuration is written anew for each port that is tried; lines that name no upstream of ours are faults.
    const changed = lines.replaceAll(/127\.0\.0\.1:(?:8000|8443)\b/g, `127.0.0.1:${to}`)
      .replaceAll('"port" => 8000', `"port" => ${to}`);
    assertStringIncludes(changed, String(to));
    const running = await startProxy(proxy, folder, (port) => AROUND[proxy](changed, { ...front, port }));
    reasons.length = 0;
    try {
      await act(running.port);
    } finally {
      await running.stop();
    }
  }

  /** The own page gets in, and nobody else: by site, by port, and by scheme. */
  async function holds(port: number): Promise<void> {
    const own = await ask(port, `https://localhost:${port}`);
    assertStringIncludes(own, "HTTP/1.1 101");
    assert(own.endsWith(serverFrame("hello")), own);
    assertEquals(reasons, []);
    const others = ["https://evil.test", "https://localhost", `http://localhost:${port}`];
    for (const origin of others) assertStringIncludes(await ask(port, origin), " 403 ");
    assertEquals(reasons, others.map(() => "origin-not-allowed"));
  }

  for (const proxy of Object.keys(AROUND) as Proxy[]) {
    it(`${proxy}: the page's lines let the own page in, and nobody else`, {
      skip: skipWithout(proxy),
    }, async () => {
      const [lines] = await blocksOf(FENCES[proxy]);
      await behind(proxy, lines!, holds);
    });
  }

  it("caddy: the page's lines for an upstream with TLS, too", { skip: skipWithout("caddy") }, async () => {
    const [, lines, ...more] = await blocksOf("caddyfile");
    assertEquals(more, []);
    // The certificate is nobody's that Caddy trusts.
    const trusting = replaced(
      lines!,
      "header_up",
      "transport http {\n tls_insecure_skip_verify\n }\n header_up",
    );
    const own = serveOn({ tls: { cert, key } }, guarded, websocket);
    try {
      await behind("caddy", trusting, holds, own.port);
    } finally {
      await own.stop();
    }
  });

  const nginx = { skip: skipWithout("nginx") };

  it("nginx: without the line for Host nobody gets in, nor without its port", nginx, async () => {
    const [lines] = await blocksOf("nginx");
    for (
      const [line, reason] of [["", "host-not-allowed"], [
        "proxy_set_header Host $host;",
        "origin-not-allowed",
      ]] as const
    ) {
      await behind("nginx", replaced(lines!, "proxy_set_header Host $http_host;", line), async (port) => {
        assertStringIncludes(await ask(port, `https://localhost:${port}`), " 403 ");
        assertEquals(reasons, [reason]);
      });
    }
  });

  it("nginx: a location with a header of its own inherits none", nginx, async () => {
    const [lines] = await blocksOf("nginx");
    const headers = lines!.match(/^ +proxy_set_header .*$/gm)!;
    assertEquals(headers.length, 3);
    const bare = headers.reduce((text, line) => replaced(text, line, ""), lines!);
    await behind("nginx", `${headers.join("\n")}\n${bare}`, holds);
    const own = replaced(bare, "proxy_http_version", "proxy_set_header X-Own 1;\n proxy_http_version");
    await behind("nginx", `${headers.join("\n")}\n${own}`, async (port) => {
      // Without Upgrade it is a plain request, which goes on to the handler.
      assertStringIncludes(await ask(port, `https://localhost:${port}`), " 426 ");
    });
  });

  it("nginx: one that sets Origin makes every site look like one's own", nginx, async () => {
    const [lines] = await blocksOf("nginx");
    const line = "proxy_set_header Host $http_host;";
    const setting = replaced(lines!, line, `${line} proxy_set_header Origin https://$http_host;`);
    await behind("nginx", setting, async (port) => {
      assertStringIncludes(await ask(port, "https://evil.test"), "HTTP/1.1 101");
    });
  });

  it("nginx: one that has to rewrite Host needs the page's origin, and no hosts", nginx, async () => {
    const [lines] = await blocksOf("nginx");
    const rewriting = replaced(lines!, "Host $http_host", "Host inner.test");
    const listed = serve(originValidator(echo, ["https://localhost:*"], options), websocket);
    try {
      await behind("nginx", rewriting, async (port) => {
        assertStringIncludes(await ask(port, `https://localhost:${port}`), "HTTP/1.1 101");
        assertStringIncludes(await ask(port, "https://evil.test"), " 403 ");
      }, listed.port);
    } finally {
      await listed.stop();
    }
  });
});

it("a health check without a Host is answered before hostValidator", async () => {
  const [block] = await blocksOf("ts");
  const expression = /\(request: Request\) => (.*);\n/.exec(block!)![1]!;
  const site = hostValidator(() => new Response("the site"), {
    allowedHosts: ["example.com"],
    onDecision() {},
  });
  const fetch = new Function("site", "request", `return ${expression};`);
  const server = serve((request) => fetch(site, request), websocket);
  try {
    for (
      const [target, version, status, body] of [
        ["/health", "1.0", 200, "ok"],
        ["/", "1.0", 400, ""],
        ["/", "1.1\r\nHost: 10.0.0.1", 403, ""],
        ["/health", "1.1\r\nHost: 10.0.0.1", 200, "ok"],
        ["/", "1.1\r\nHost: example.com", 200, "the site"],
      ] as const
    ) {
      const answer = await plain(server.port, `GET ${target} HTTP/${version}\r\nConnection: close\r\n\r\n`);
      assertEquals(Number(answer.split(" ")[1]), status, answer);
      assertStringIncludes(answer, body);
    }
  } finally {
    await server.stop();
  }
});

/** Everything that comes back of a request. */
function plain(port: number, request: string): Promise<string> {
  const socket = connectPlainly({ port, host: "127.0.0.1" });
  let received = "";
  const answer = new Promise<string>((resolve, reject) => {
    socket.on("error", reject).on("close", () => resolve(received)).on(
      "data",
      (chunk) => received += chunk.toString("latin1"),
    );
    socket.write(request);
  });
  return inTime("an answer", answer);
}
