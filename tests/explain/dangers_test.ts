// Who is let in by one entry: apps, programs of the visitor's own machine, names that deceive or resolve to anything.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { publicSuffixes } from "@wsgate/wsgate/public_suffixes";
import { hostDangers, isPublicRule, originDangers } from "../../src/explain/dangers.ts";
import { parsePattern } from "../../src/pattern/pattern.ts";
import type { HostRule } from "../../src/pattern/rule.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

function ruleOf(entry: string): HostRule {
  const rule = parsePattern(entry)?.rule;
  assert(rule?.kind === "host", entry);
  return rule;
}

describe("originDangers(), beside a public host", () => {
  const table: readonly (readonly [entry: string, code: string | null])[] = [
    ["https://app.acme.dev", null],
    ["https://192.168.1.2", null],
    // One's own machine.
    ["http://localhost:3000", "loopback-entry"],
    ["localhost", "loopback-entry"],
    ["https://localhost:8443", "loopback-entry"],
    ["https://localhost:*", "loopback-entry"],
    ["http://*.localhost", "loopback-entry"],
    ["http://127.0.0.2", "loopback-entry"],
    ["https://[::1]", "loopback-entry"],
    ["ws://localhost", null],
    // An address to listen on, and the apps that have it as their host.
    ["http://0.0.0.0:3000", "bind-address"],
    ["https://0.0.0.0:3000", "bind-address"],
    ["https://0.0.0.0:*", "bind-address"],
    ["0.0.0.0", "bind-address"],
    ["http://[::]", "bind-address"],
    ["https://0.0.0.0", "app-origin"],
    ["https://0.0.0.1", "app-origin"],
    ["app://0.0.0.0", "app-origin"],
    // Apps.
    ["https://localhost", "app-origin"],
    ["capacitor://localhost", "app-origin"],
    ["ionic://localhost", "app-origin"],
    ["tauri://localhost", "app-origin"],
    ["https://tauri.localhost", "app-origin"],
    ["http://tauri.localhost", "app-origin"],
    ["http://wails.localhost:34115", "app-origin"],
    ["wails://wails", "app-origin"],
    ["exp://10.0.0.29:8081", "app-origin"],
    ["app://bundle", "app-origin"],
    ["https://appassets.androidplatform.net", "app-origin"],
    ["chrome-extension://*", "app-origin"],
    ["moz-extension://*", "app-origin"],
    ["vscode-webview://*", "app-origin"],
    ["myapp://*", "app-origin"],
    // One extension, one install.
    ["chrome-extension://jbpfafjlamdkljgeihnddjaldoihhbka", null],
    ["moz-extension://9d3f6a1e-7c40-4b52-8e1d-6f5a4b3c2d1e", null],
    ["vscode-webview://1abc", null],
    ["myapp://9d3f6a1e-7c40-4b52-8e1d-6f5a4b3c2d1e", null],
    ["myapp://9d3f6a1e7c404b528e1d6f5a4b3c2d1e", null],
    ["constructor://x", "app-origin"],
    // Slips of the pen.
    ["htps://acme.dev", "scheme-misspelt"],
    ["htttp://acme.dev", "scheme-misspelt"],
    ["moz-extention://x", "scheme-misspelt"],
    ["capaciter://localhost", "scheme-misspelt"],
    ["extension://x", "scheme-misspelt"],
    ["sonic://x", "app-origin"],
    ["gtp://x", "app-origin"],
    // Names.
    ["https://b\u0430nk.acme.dev", "mixed-scripts"],
    ["https://xn--bnk-5cd.acme.dev", "mixed-scripts"],
    ["https://b\u00fccher.acme.dev", null],
    ["https://\u043f\u0440\u0438\u043c\u0435\u0440.acme.dev", null],
    ["https://\u6771\u4eacshop.acme.dev", null],
    ["https://\u6771\u4eac\u043f.acme.dev", "mixed-scripts"],
    ["https://github.io", "shared-suffix-host"],
    ["co.uk", "shared-suffix-host"],
    ["https://mine.github.io", null],
    ["https://.github.io", null],
    ["https://kiev.ua", null],
    ["https://10.0.0.1.nip.io", null],
  ];
  for (const [entry, code] of table) {
    test(entry, () => {
      const dangers = originDangers(ruleOf(entry), { isPublic: true, suffixes: null });
      assertEquals(dangers.map((danger) => danger.code as string), code === null ? [] : [code]);
      for (const { text } of dangers) {
        assert(/^[\x20-\x7e]+$/.test(text), text);
        words.assert(`origins: ${entry}`, text);
      }
    });
  }

  test("with a longer list of suffixes more of them are known, and no name above one is taken for one", () => {
    const codes = (entry: string) =>
      originDangers(ruleOf(entry), { isPublic: true, suffixes: publicSuffixes }).map(({ code }) => code);
    eachRow(["https://kiev.ua", "https://github.io"], (entry) => {
      assertEquals(codes(entry), ["shared-suffix-host"]);
    });
    eachRow(
      ["https://amazonaws.com", "https://intranet", "https://mine.github.io", "https://8.8.8.8"],
      (entry) => {
        assertEquals(codes(entry), []);
      },
    );
  });

  test("beside names of this machine alone its own are no danger", () => {
    eachRow(["http://localhost:3000", "https://localhost", "http://127.0.0.1"], (entry) => {
      assertEquals(originDangers(ruleOf(entry), { isPublic: false, suffixes: null }), []);
    });
  });
});

describe("hostDangers(), beside a public host", () => {
  const table: readonly (readonly [entry: string, code: string | null])[] = [
    ["acme.dev", null],
    [".acme.dev", null],
    ["localhost:3000", "loopback-entry"],
    ["127.0.0.1", "loopback-entry"],
    ["0.0.0.0", "bind-address"],
    ["[::]:8000", "bind-address"],
    ["10.0.0.1.nip.io", "rebinding-names"],
    [".7f000001.rbndr.us", "rebinding-names"],
    ["www.lvh.me.", "rebinding-names"],
    ["notnip.io", null],
    ["github.io", "shared-suffix-host"],
    ["b\u0430nk.acme.dev", "mixed-scripts"],
  ];
  for (const [entry, code] of table) {
    test(entry, () => {
      const dangers = hostDangers(ruleOf(entry), { isPublic: true, suffixes: null });
      assertEquals(dangers.map((danger) => danger.code as string), code === null ? [] : [code]);
      for (const { text } of dangers) words.assert(`hosts: ${entry}`, text);
    });
  }

  test("beside names of this machine alone its own are no danger", () => {
    assertEquals(hostDangers(ruleOf("localhost"), { isPublic: false, suffixes: null }), []);
  });
});

test("isPublicRule(): what strangers can reach", () => {
  eachRow(
    ["https://acme.dev", "acme.dev", ".acme.dev", "http://8.8.8.8", "https://[2001:db8::1]", "https://*"],
    (entry) => assert(isPublicRule(ruleOf(entry))),
  );
  eachRow(
    [
      "http://localhost",
      "10.0.0.1",
      "172.16.0.1",
      "172.31.0.1",
      "192.168.0.1",
      "169.254.0.1",
      "[fd00::1]",
      "[fe80::1]",
      "intranet",
      "nas.local",
      "db.internal.",
      "0.0.0.0",
      "capacitor://acme",
      "wss://acme.dev",
    ],
    (entry) => assert(!isPublicRule(ruleOf(entry))),
  );
  eachRow(["172.32.0.1", "11.0.0.1", "[f00::1]"], (entry) => assert(isPublicRule(ruleOf(entry))));
});

words.end();
