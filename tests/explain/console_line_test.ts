// What a guard's console line says after the Origin and the Host.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  allowedHostsOriginValidator,
  compilePolicy,
  guard,
  hostValidator,
  originValidator,
} from "@wsgate/wsgate";
import { handshakeRequest, printed } from "../doubles.ts";
import { eachRowInTurn } from "../rows.ts";

const GOOD = "https://good.test";
const context = { a: "context" };

describe("the console line of a refusal", () => {
  const line = async (
    wrapped: (request: Request, context: unknown) => unknown,
    headers: Record<string, string>,
    url = "/",
  ) => {
    const lines = await printed(() => wrapped(handshakeRequest(null, { url, headers }), context));
    assertEquals(lines.length, 1);
    return lines[0]!.text;
  };
  const handler = () => undefined;

  test("of a list of allowed hosts speaks of that list", async () => {
    const wrapped = () => allowedHostsOriginValidator(handler, { allowedHosts: ["site.test:8443"] });
    assertEquals(
      await line(wrapped(), { host: "site.test:8443", origin: "https://site.test:81" }),
      'wsgate refused (403 origin-not-allowed): Origin https://site.test:81, Host "site.test:8443". Only the port ' +
        'differs from "site.test:8443" (allowedHosts[0]); to allow it, add "site.test:81" to allowedHosts, only if ' +
        "this host is yours (pages of that host are admitted, over http too, and the server answers to its name)",
    );
    const host = await line(wrapped(), { host: "site.test:81", origin: "https://site.test:81" });
    assert(
      host.includes('"site.test:8443" (allowedHosts[0])') && host.endsWith(". Then: origin-not-allowed"),
      host,
    );
  });
  test("of hostValidator() says nothing of Origin, which it has not judged", async () => {
    const text = await line(hostValidator(handler, { allowedHosts: ["*.site.test"] }), { host: "site.test" });
    assert(
      text.includes('"*.site.test" (allowedHosts[0]) admits the subdomains and leaves the host itself out'),
      text,
    );
    assert(!text.includes("Then:"), text);
  });
  test("of hostValidator() over HTTP/2 speaks of the authority of the URL", async () => {
    const wrapped = hostValidator(handler, { allowedHosts: ["a.test"] });
    const text = await line(wrapped, { host: null!, upgrade: null! }, "https://x.a.test/");
    assert(text.includes('It is below "a.test" (allowedHosts[0])'), text);
  });
  test("costs a long list nothing but a remark", async () => {
    const origins = Array.from({ length: 1001 }, (_, index) => `https://a${index}.test`);
    const text = await line(originValidator(handler, origins), { origin: "https://a1.test:8443" });
    assert(
      text.endsWith(". The list is too long to be searched in passing: explain() finds what is near"),
      text,
    );
    const short = await line(originValidator(handler, origins.slice(1)), { origin: "https://a1.test:8443" });
    assert(short.includes("Only the port differs"), short);
  });
});

describe("the console line of a refusal in which only the scheme differs", () => {
  const NOTE =
    `. Only the scheme differs from 'self': behind a proxy that ends TLS, set the policy's scheme to "https"`;
  const line = async (origin: string, options: object, host = "site.test") => {
    const policy = compilePolicy({ origins: ["'self'"], hosts: ["site.test"], ...options });
    const lines = await printed(() =>
      guard(() => undefined, policy)(handshakeRequest(origin, { headers: { host } }), 0)
    );
    assertEquals(lines.length, 1);
    return lines[0]!.text;
  };

  test("says what to set", async () => {
    assertEquals(
      await line("https://site.test", {}),
      `wsgate refused (403 origin-not-allowed): Origin https://site.test, Host "site.test"${NOTE}`,
    );
  });
  test("says what differs, and nothing of a proxy where none could help", async () => {
    await eachRowInTurn([
      ["http://site.test", { scheme: "https" }],
      ["https://site.test", { scheme: "http" }],
      ["app://site.test:80", {}],
    ], async ([origin, options]) => {
      const host = origin.startsWith("app") ? "site.test:80" : "site.test";
      const text = await line(origin, options, host);
      assert(text.includes(". Only the scheme differs from 'self'"), text);
      assert(text.includes(`; to allow it, add "${origin}" to origins, only if this site is yours`), text);
      assert(!text.includes("proxy"), text);
    });
  });
  test("says nothing of it otherwise", async () => {
    await eachRowInTurn([
      ["https://evil.test", {}],
      ["https://www.site.test", {}],
      ["https://site.test:8443", {}],
      ["null", {}],
      ["https://site.test", { origins: [GOOD] }],
      ["https://site.test", {}, "evil.test"],
      // His own Host and his own origin, another scheme: nothing to be set right.
      ["https://evil.test", {}, "evil.test"],
      ["https://site.test", {}, "site.test, site.test"],
    ], async ([origin, options, host]) => {
      assert(!(await line(origin, options, host)).includes("Only the scheme"));
    });
  });
});
