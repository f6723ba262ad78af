/**
 * The README's lines for nginx and for Caddy, in front of a real server: what they pass on is what `'self'` needs.
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { makeCertificate } from "../certificate.ts";
import { inTime } from "../in_time.ts";
import { caddyAround, nginxAround, skipWithout, startProxy as start } from "../proxies.ts";
import { onDenied } from "../recorder.ts";
import {
  clientFrame,
  handshakeBytes,
  handshakeHeaders,
  serve,
  serverFrame,
  type TestServer,
} from "../runtime.ts";

/** A proxy's configuration around the README's lines; `tls` are the paths of a certificate and its key. */
const PROXIES = {
  nginx: {
    fence: "nginx",
    configuration: (lines: string, port: number, tls: { cert: string; key: string }) =>
      nginxAround(`
        server {
          listen 127.0.0.1:${port} ssl;
          ssl_certificate ${tls.cert};
          ssl_certificate_key ${tls.key};
          ${lines}
        }`),
  },
  caddy: {
    fence: "caddyfile",
    configuration: (lines: string, port: number, tls: { cert: string; key: string }) =>
      caddyAround(lines.replace(
        "example.com {",
        `https://localhost:${port} {\n bind 127.0.0.1\n tls ${tls.cert} ${tls.key}`,
      )),
  },
} as const;

describe("behind a proxy that ends TLS", () => {
  for (const name of ["nginx", "caddy"] as const) {
    const { fence, configuration } = PROXIES[name];

    describe(name, { skip: skipWithout(name) }, () => {
      const { cert, key } = makeCertificate();
      let folder: string;
      let server: TestServer;
      let proxy: { port: number; stop(): Promise<void> };
      const reasons: string[] = [];

      /** Starts the proxy with the README's lines, or with these in their place. */
      async function startProxy(change = (lines: string) => lines): Promise<typeof proxy> {
        const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
        const lines = new RegExp("```" + fence + "\\n([^]*?)```").exec(readme)?.[1] ?? "";
        assertStringIncludes(lines, "127.0.0.1:8000");
        const tls = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
        const changed = change(lines).replaceAll("8000", String(server.port));
        return start(name, folder, (port) => configuration(changed, port, tls));
      }

      /** What comes back of a handshake, and of a frame that follows it, over TLS. */
      async function ask(port: number, origin: string, host = `localhost:${port}`): Promise<string> {
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
              socket.write(handshakeBytes("/", [...handshakeHeaders(host), ["Origin", origin]]), "latin1");
            }),
          );
        } finally {
          socket.destroy();
        }
      }

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), "wsgate-proxy-"));
        await writeFile(join(folder, "cert.pem"), cert);
        await writeFile(join(folder, "key.pem"), key);
        const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
        const guarded = originValidator(echo, ["'self'"], {
          hosts: ["localhost"],
          scheme: "https",
          onDecision: onDenied(({ reason }) => void reasons.push(reason)),
        });
        server = serve(guarded, websocket);
        proxy = await startProxy();
      });
      after(async () => {
        await proxy?.stop();
        await server?.stop();
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      });

      it("the site's own page gets in, and a frame comes back", async () => {
        const answer = await ask(proxy.port, `https://localhost:${proxy.port}`);
        assertStringIncludes(answer, "HTTP/1.1 101");
        assert(answer.endsWith(serverFrame("hello")), answer);
      });

      for (
        const [what, origin] of [
          ["another site", () => "https://evil.test"],
          ["another port", () => "https://localhost"],
          ["the site's name over http", () => `http://localhost:${proxy.port}`],
        ] as const
      ) {
        it(`${what} does not`, async () => {
          reasons.length = 0;
          assertStringIncludes(await ask(proxy.port, origin()), "403");
          assertEquals(reasons, ["origin-not-allowed"]);
        });
      }

      if (name === "nginx") {
        it("without the line for Host it names its upstream, and nobody gets in", async () => {
          const other = await startProxy((lines) => lines.replace(/^.*proxy_set_header Host.*$/m, ""));
          try {
            reasons.length = 0;
            assertStringIncludes(await ask(other.port, `https://localhost:${other.port}`), "403");
            assertEquals(reasons, ["host-not-allowed"]);
          } finally {
            await other.stop();
          }
        });
      }
    });
  }
});
