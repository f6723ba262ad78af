// What a guard's console line says after the Origin and the Host.

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  allowedHostsOriginValidator,
  compilePolicy,
  explain,
  guard,
  hostValidator,
  originValidator,
} from "@wsgate/wsgate";
import { handshakeRequest, printed } from "../doubles.ts";
import { eachRowInTurn } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

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
    const origin = await line(wrapped(), { host: "site.test:8443", origin: "https://site.test:81" });
    assertStringIncludes(origin, '"site.test:8443" (allowedHosts[0])');
    assertStringIncludes(origin, '"site.test:81"');
    words.assert("allowedHosts: Origin on another port", origin);
    const host = await line(wrapped(), { host: "site.test:81", origin: "https://site.test:81" });
    assertStringIncludes(host, '"site.test:8443" (allowedHosts[0])');
    assertStringIncludes(host, "origin-not-allowed");
    words.assert("allowedHosts: Host on another port", host);
  });
  test("of hostValidator() says nothing of Origin, which it has not judged", async () => {
    const text = await line(hostValidator(handler, { allowedHosts: ["*.site.test"] }), { host: "site.test" });
    assertStringIncludes(text, '"*.site.test" (allowedHosts[0])');
    assert(!text.includes("origin-"), text);
    words.assert("hostValidator()", text);
  });
  test("of hostValidator() over HTTP/2 speaks of the authority of the URL", async () => {
    const wrapped = hostValidator(handler, { allowedHosts: ["a.test"] });
    const text = await line(wrapped, { host: null!, upgrade: null! }, "https://x.a.test/");
    assertStringIncludes(text, '"a.test" (allowedHosts[0])');
    words.assert("hostValidator() over HTTP/2", text);
  });
  test("costs a long list nothing but a remark", async () => {
    const origins = Array.from({ length: 1001 }, (_, index) => `https://a${index}.test`);
    const text = await line(originValidator(handler, origins), { origin: "https://a1.test:8443" });
    assert(!text.includes("origins["), text);
    words.assert("a list of 1001", text);
    const short = await line(originValidator(handler, origins.slice(1)), { origin: "https://a1.test:8443" });
    assertStringIncludes(short, '"https://a1.test" (origins[0])');
    words.assert("a list of 1000", short);
  });
});

describe("the console line of a refusal in which only the scheme differs", () => {
  const line = async (origin: string, options: object, host = "site.test") => {
    const policy = compilePolicy({ origins: ["'self'"], hosts: ["site.test"], ...options });
    const request = handshakeRequest(origin, { headers: { host } });
    const lines = await printed(() => guard(() => undefined, policy)(request, 0));
    assertEquals(lines.length, 1);
    const { text } = lines[0]!;
    words.assert(`${origin} at ${host}, ${JSON.stringify(options)}`, text);
    return { text, code: explain(request, policy).nearest[0]!.code };
  };

  test("says what to set", async () => {
    const { text, code } = await line("https://site.test", {});
    assertEquals(code, "scheme-behind-proxy");
    assertStringIncludes(text, '"https"');
  });
  test("says what differs, and nothing of a proxy where none could help", async () => {
    await eachRowInTurn([
      ["http://site.test", { scheme: "https" }, "http-page-to-tls-socket"],
      ["https://site.test", { scheme: "http" }, "scheme"],
      ["app://site.test:80", {}, "app-page"],
    ], async ([origin, options, expected]) => {
      const host = origin.startsWith("app") ? "site.test:80" : "site.test";
      const { text, code } = await line(origin, options, host);
      assertEquals(code, expected);
      assertStringIncludes(text, `"${origin}"`);
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
      const { code } = await line(origin, options, host);
      assert(!["scheme", "scheme-behind-proxy", "http-page-to-tls-socket"].includes(code), code);
    });
  });
});

words.end();
