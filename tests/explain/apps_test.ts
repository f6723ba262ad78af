// Whose pages are no web page's, and which entry lasts.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { appOf, dangerOfInstances, instanceEntry } from "../../src/explain/apps.ts";
import { parseOrigin, type TupleOrigin } from "../../src/origin/origin.ts";
import { compilePolicy, explain, formatExplanation } from "@wsgate/wsgate";
import { handshakeOf } from "../doubles.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";

const words = wordsOf(import.meta.url);

const tuple = (origin: string) => parseOrigin(origin) as TupleOrigin;
const UUID = "0b7a2c66-5f1d-4e86-9a34-1c2d3e4f5a6b";

describe("appOf()", () => {
  test("apps by their origin", () => {
    const apps = [
      ..."https://localhost capacitor://localhost ionic://localhost tauri://localhost https://tauri.localhost"
        .split(" "),
      ..."http://wails.localhost wails://wails https://appassets.androidplatform.net https://0.0.0.0".split(
        " ",
      ),
      ..."https://0.0.0.1 app://. exp://10.0.0.1:8081 vscode-file://vscode-app my-app:// chrome-extension://a"
        .split(" "),
    ];
    eachRow(apps, (origin) => assert(appOf(tuple(origin), false) !== null));
    const none = [
      ..."https://a.test http://localhost http://localhost:3000 https://localhost:8443 https://0.0.0.0:81"
        .split(" "),
      ..."ws://localhost file:// moz-extension://a vscode-webview://b http://0.0.0.0".split(" "),
    ];
    eachRow(none, (origin) => assertEquals(appOf(tuple(origin), false), null));
  });
  test("where localhost is listed, https://localhost is a developer's", () => {
    assertEquals(appOf(tuple("https://localhost"), true), null);
    assert(appOf(tuple("capacitor://localhost"), true) !== null);
  });
  test("one extension of Chrome is one extension", () => {
    assertEquals(appOf(tuple("chrome-extension://a"), false)?.danger, null);
  });
});

describe("instanceEntry()", () => {
  test("a host that is made anew has an entry that lasts", () => {
    eachRow([
      [`moz-extension://${UUID}`, "moz-extension://*"],
      ["vscode-webview://1a", "vscode-webview://*"],
      [`safari-web-extension://${UUID}`, "safari-web-extension://*"],
      [`https://v--${"a1".repeat(16)}.vscode-cdn.net`, "https://*.vscode-cdn.net"],
      [`https://${"a".repeat(31)}.example.com`, null],
      [`http://${"a".repeat(32)}.example.com`, null],
      [`https://${"a".repeat(32)}.com`, null],
      [`chrome-extension://${"a".repeat(32)}`, null],
      ["app://x", null],
      ["file://", null],
    ], ([origin, entry]) => assertEquals(instanceEntry(tuple(origin!)), entry));
    eachRow(["moz-extension://*", "vscode-webview://*", "https://*.a.test", "x://*"], (entry) => {
      assert(dangerOfInstances(entry).endsWith("can connect") || entry.startsWith("https:"));
    });
  });
});

describe("what is said of them", () => {
  test("by origin", () => {
    const origins = [
      "ionic://localhost",
      "vscode-file://vscode-app",
      "wails://wails",
      `a://${UUID}`,
      "http://0.0.0.0:1",
    ];
    eachRow(origins, (origin) => {
      const handshake = handshakeOf({ url: "/", headers: { host: "s.test", origin } });
      words.assert(origin, formatExplanation(explain(handshake, compilePolicy({ origins: [] }))));
    });
  });
});

words.end();
