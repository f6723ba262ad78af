// What `probe` is given: where it connects to, what it sends, and which arguments it refuses.

import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "@wsgate/wsgate";
import { sortArguments, UsageError } from "../../src/cli/arguments.ts";
import { type Plan, planOf, PROBE_OPTIONS } from "../../src/cli/probe_target.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { SITE } from "./probing.ts";

const words = wordsOf(import.meta.url);

const plan = (...args: string[]): Plan => planOf(sortArguments(args, "wsgate probe", PROBE_OPTIONS));
const of = (...args: string[]) => plan(...args, "--site", SITE);

describe("where it connects to", () => {
  const local = (port: number, tls: unknown = null) => [
    { host: "127.0.0.1", port, tls },
    { host: "::1", port, tls },
  ];
  const table: Readonly<Record<string, readonly unknown[]>> = {
    "ws://127.0.0.1:8000/chat": [{ host: "127.0.0.1", port: 8000, tls: null }],
    "ws://127.1": [{ host: "127.0.0.1", port: 80, tls: null }],
    "ws://127.200.3.4:1/": [{ host: "127.200.3.4", port: 1, tls: null }],
    "http://[::1]:8000/chat": [{ host: "::1", port: 8000, tls: null }],
    "ws://LOCALHOST:8000/chat": local(8000),
    // Never by a resolver.
    "ws://app.localhost/": local(80),
    "wss://localhost/": local(443, { serverName: "localhost", isChecked: false }),
    "https://127.0.0.1:8443/": [{ host: "127.0.0.1", port: 8443, tls: { serverName: "", isChecked: false } }],
    "wss://[::1]/": [{ host: "::1", port: 443, tls: { serverName: "", isChecked: false } }],
  };
  for (const [url, destinations] of Object.entries(table)) {
    test(url, () => assertEquals(of(url).destinations as unknown, destinations));
  }

  test("--host is the name that TLS is asked for", () => {
    const [to] = of("wss://127.0.0.1/", "--host", "WS.Example.com:8443").destinations;
    assertEquals(to!.tls, { serverName: "ws.example.com", isChecked: false });
  });
  test("another host than this one, only where that is said", () => {
    eachRow([
      "ws://example.com/",
      "ws://10.0.0.1/",
      "ws://0.0.0.0/",
      "ws://128.0.0.1/",
      "ws://[::2]/",
      "ws://[::ffff:127.0.0.1]/",
      "ws://localhost.example.com/",
      "ws://127.0.0.1.nip.io/",
      "ws://notlocalhost/",
      "ws://localhost./",
    ], (url) => {
      assertThrows(() => of(url), UsageError, "--other-host");
      of(url, "--other-host");
    });
    const [to, ...others] = of("wss://ws.example.com/", "--other-host").destinations;
    assertEquals([to, others], [{
      host: "ws.example.com",
      port: 443,
      tls: { serverName: "ws.example.com", isChecked: true },
    }, []]);
  });
});

describe("what it sends", () => {
  const linesOf = (wire: string) => wire.split("\r\n");
  const attack = (name: string, ...args: string[]) => {
    const { shots, addHeaders } = of("ws://127.0.0.1:8000/chat?room=1", ...args);
    return linesOf(addHeaders(shots.find((shot) => shot.name === name)!.wire));
  };
  test("the own page, as a browser does", () => {
    const { pages: [page], addHeaders } = of("ws://127.0.0.1:8000/chat?room=1", "-H", "Cookie: a=b");
    assertEquals(linesOf(addHeaders(page!.wire)), [
      "GET /chat?room=1 HTTP/1.1",
      "Host: 127.0.0.1:8000",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Origin: https://app.example.com",
      "Cookie: a=b",
      "",
      "",
    ]);
  });
  test("attacks are the same, but for what they change", () => {
    const { pages: [page], shots } = of("ws://127.0.0.1:8000/chat", "--host", "ws.example.com");
    const { wire } = shots.find(({ name }) => name === "foreign-page")!;
    assertEquals(wire, page!.wire.replace(SITE, "https://attacker.test"));
    assert(shots.length > 60);
  });
  test("under a name of its own the socket of https pages is behind TLS", () => {
    const origin = (...args: string[]) =>
      attack("rebinding", ...args).find((line) => line.startsWith("Origin"));
    assertEquals(origin(), "Origin: http://attacker.test:8000");
    assertEquals(origin("--host", "ws.example.com"), "Origin: https://attacker.test");
    assertEquals(
      origin("--host", "ws.example.com", "--site", "http://a.test"),
      "Origin: http://attacker.test",
    );
  });
  test("--header goes with everything, a real log-in in the place of the stand-in", () => {
    const given = [
      "-H",
      "Cookie: session=real",
      "-H",
      "X-Forwarded-Host: a.test",
      "-H",
      "Sec-WebSocket-Protocol:chat",
    ];
    const headers = attack("absent-with-cookie", ...given);
    assertEquals(headers.slice(6), [
      "Cookie: session=real",
      "X-Forwarded-Host: a.test",
      "Sec-WebSocket-Protocol: chat",
      "",
      "",
    ]);
    // What an attack has of its own stays.
    assertEquals(
      attack("rebinding-by-forwarded-host", ...given).filter((line) => /^x-forwarded/i.test(line)),
      ["X-Forwarded-Host: 127.0.0.1:8000"],
    );
    assertEquals(attack("absent-with-cookie").filter((line) => /^cookie/i.test(line)), ["Cookie: session=1"]);
  });
  test("what can end a server, only where that is said", () => {
    assertEquals(of("ws://127.0.0.1:8000/").ender, null);
    const { wire, sender, why } = of("wss://127.0.0.1:8000/", "--may-end-it").ender!;
    words.assert("what can end a server", `${why}\n\n${linesOf(wire).join("\n")}`);
    assertEquals(linesOf(wire).filter((line) => /^(?:upgrade|origin)/i.test(line)), [
      "Upgrade: h2c",
      "Upgrade: websocket",
      "Origin: https://attacker.test",
    ]);
    assertEquals(sender, "program");
    assert(
      of("ws://127.0.0.1:8000/", "--may-end-it").ender!.wire.includes("Origin: http://attacker.test\r\n"),
    );
  });
  test("several sites, each once", () => {
    const { pages, shots } = plan("ws://[::1]/", "--site", SITE, "--site", "https://b.test", "--site", SITE);
    assertEquals(pages.map(({ origin }) => origin), [SITE, "https://b.test"]);
    assertEquals(new Set(shots.map(({ on }) => on)), new Set([SITE, "https://b.test"]));
  });
  test("--trusts and --absent take attacks out", () => {
    const names = (...args: string[]) =>
      new Set(of("ws://[::1]/chat", ...args).shots.map(({ name }) => name));
    const missing = (...args: string[]) => [...names().difference(names(...args))];
    assertEquals(
      missing("--trusts", "null", "--trusts", "https://*.example.com").includes("sandboxed-frame"),
      true,
    );
    assertEquals(missing("--trusts", "null"), ["sandboxed-frame"]);
    assertEquals(missing("--absent", "allow"), ["absent-with-cookie"]);
    assertEquals(missing("--absent", "allow-without-credentials"), []);
    assertEquals(missing("--absent", "deny"), []);
  });
  test("--wait", () => {
    assertEquals(of("ws://[::1]/").closeMs, 400);
    eachRow([0, 1, 10_000], (ms) => assertEquals(of("ws://[::1]/", "--wait", String(ms)).closeMs, ms));
  });
});

describe("arguments that are refused", () => {
  const URL = "ws://127.0.0.1:8000/chat";
  const eleven = Array.from({ length: 11 }, (_, index) => ["--site", `https://a${index}.test`]).flat();
  const table: Readonly<Record<string, readonly string[]>> = {
    "no URL": ["--site", SITE],
    "two URLs": [URL, URL, "--site", SITE],
    "no scheme": ["127.0.0.1:8000", "--site", SITE],
    "a name for a scheme": ["localhost:8000/chat", "--site", SITE],
    "another scheme": ["ftp://localhost/", "--site", SITE],
    "a user": ["ws://me:secret@localhost/", "--site", SITE],
    "a fragment": [`${URL}#x`, "--site", SITE],
    "an empty fragment": [`${URL}#`, "--site", SITE],
    "another host": ["ws://example.com/", "--site", SITE],
    "no site": [URL],
    "a site without a scheme": [URL, "--site", "app.example.com"],
    "a site with a path": [URL, "--site", `${SITE}/`],
    "the site null": [URL, "--site", "null"],
    "eleven sites": [URL, ...eleven],
    "a host with a path": [URL, "--site", SITE, "--host", "a.test/b"],
    "a host with a line feed": [URL, "--site", SITE, "--host", "a.test\r\nX: y"],
    "a header without a colon": [URL, "--site", SITE, "-H", "Cookie"],
    "a header without a name": [URL, "--site", SITE, "-H", ": a"],
    "a header with a space in its name": [URL, "--site", SITE, "-H", "A b: c"],
    "a header of two lines": [URL, "--site", SITE, "-H", "A: b\r\nOrigin: c"],
    "a header that every attack has": [URL, "--site", SITE, "-H", "oRigin: https://a.test"],
    "a header that makes a body": [URL, "--site", SITE, "-H", "Content-Length: 3"],
    "--wait in words": [URL, "--site", SITE, "--wait", "1s"],
    "--wait for too long": [URL, "--site", SITE, "--wait", "10001"],
    "--wait below zero": [URL, "--site", SITE, "--wait", "-1"],
    "--absent in other words": [URL, "--site", SITE, "--absent", "yes"],
  };
  for (const [name, args] of Object.entries(table)) {
    test(name, () => {
      const { message } = assertThrows(() => plan(...args), UsageError);
      assert(/^[\x20-\x7e]+$/.test(message));
      assert(!message.includes("secret"));
      words.assert(name, message);
    });
  }
  test("a pattern that cannot be used, and one that trusts everybody", () => {
    eachRow(["https://a.test/x", "*"], (pattern) => {
      assertThrows(() => plan(URL, "--site", SITE, "--trusts", pattern), ConfigError);
    });
  });
});

words.end();
