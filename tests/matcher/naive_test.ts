import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { attacks, captured, channels, handshakes, siteScheme } from "../vectors.ts";
import { classify, naiveCheck, naiveMatcher } from "./naive.ts";

/** A handshake with these headers; names in lower case, null: not sent. */
function handshake(headers: Readonly<Record<string, string | null>>, url: string) {
  return { method: "GET", url, headers: { get: (name: string) => headers[name.toLowerCase()] ?? null } };
}

test("the naive model gives every verdict of Django Channels", () => {
  assertEquals(channels.length, 1972);
  for (const [patterns, origin, verdict] of channels) {
    assertEquals(naiveMatcher(patterns)(origin) >= 0, verdict, JSON.stringify({ patterns, origin }));
  }
});

test("the naive model stops every attack on the origin", () => {
  assertEquals(attacks.origin.length, 94);
  for (const row of attacks.origin) {
    const host = row.host ?? "server.example";
    // What both runtimes make of a repeated header.
    const origin = row.origin === null ? null : [row.origin].flat().join(", ");
    const verdict = naiveCheck(handshake({ ...row.headers, host, origin }, `http://${host}/p`), {
      origins: row.allowed,
      scheme: row.secure ? "https" : "http",
      ...(row.dangerouslyAllow && { dangerouslyAllow: row.dangerouslyAllow }),
      ...(row.absent && { absent: row.absent }),
      ...(row.hosts && { hosts: row.hosts }),
    });
    assertEquals(verdict === "allowed" ? "allow" : "deny", row.expect, row.id);
    if (verdict !== "allowed") assertEquals(verdict.slice(0, "origin-".length), "origin-", row.id);
  }
});

test("the naive model stops every attack on the Host header", () => {
  assertEquals(attacks.host.length, 54);
  for (const row of attacks.host) {
    const verdict = naiveCheck(handshake({ host: row.host }, row.url ?? `http://${row.host}/p`), {
      origins: ["*"],
      hosts: row.allowedHosts,
      debug: row.debug ?? false,
    });
    assertEquals(verdict === "allowed" ? "allow" : "deny", row.expect, row.id);
    if (row.reason !== undefined) assertEquals(verdict, row.reason, row.id);
  }
});

test("the naive model judges captured handshakes rightly", () => {
  assertEquals([handshakes.length, Object.keys(captured.policies).length], [428, 4]);
  for (const [name, policy] of Object.entries(captured.policies)) {
    handshakes.forEach((row, index) => {
      const headers = new Headers(row.headers.map(([name, value]): [string, string] => [name, value]));
      const scheme = siteScheme(row);
      const url = `${scheme}://${headers.get("host")}${row.path}`;
      const verdict = naiveCheck({ method: "GET", url, headers }, { ...policy, scheme });
      assertEquals<string>(verdict, captured.verdicts[name]![index]!, `${name}, row ${index}`);
    });
  }
});

test("the naive model knows the five kinds of origin", () => {
  const tuple = (scheme: string, host: string, port: number | null) => ({
    kind: "tuple",
    scheme,
    host,
    port,
  });
  const rows: [origin: string | null, kind: unknown][] = [
    [null, { kind: "absent" }],
    ["", { kind: "empty" }],
    ["null", { kind: "null" }],
    ["NULL", { kind: "malformed" }],
    ["https://h, https://h", { kind: "malformed" }],
    ["https://h\n", { kind: "malformed" }],
    ["https://a.1", { kind: "malformed" }],
    ["https://a.0x", { kind: "malformed" }],
    ["https://127.0.0.1.", { kind: "malformed" }],
    ["https://[::1%25eth0]", { kind: "malformed" }],
    ["https://h", tuple("https", "h", 443)],
    ["https://h:443", tuple("https", "h", 443)],
    ["https://h.:1", tuple("https", "h.", 1)],
    ["tauri://localhost", tuple("tauri", "localhost", null)],
    ["http://[2001:db8::1]:65535", tuple("http", "[2001:db8::1]", 65535)],
  ];
  for (const [origin, kind] of rows) assertEquals<unknown>(classify(origin), kind, String(origin));
});

test("the naive model says which listed pattern admits an origin", () => {
  const match = naiveMatcher(["https://a.example", ".example:*", "*.example", "null", "*"]);
  assertEquals(["https://a.example", "http://a.example", "null", "x"].map(match), [0, 1, 3, 4]);
});
