// The roll-out of the README in its three steps, and a change of the list after it, against real servers with what
// browsers send: every origin that is added is read out of the lines of the log.

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { originValidator } from "@wsgate/wsgate";
import { printed } from "./doubles.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { handshakeBytes, type NativeHandler, nativeUpgrade, sendRaw, serve } from "./runtime.ts";
import { handshakes } from "./vectors.ts";

const HOST = "app.example.com";
/** What the operator thinks of on the first day. */
const LIST: readonly string[] = ["https://app.example.com"];
/** What is his too, and what he has forgotten. */
const FORGOTTEN = [
  "https://www.example.com",
  "https://example.com",
  "https://shop.example.com:8443",
  "capacitor://localhost",
];
const FOREIGN = [
  "https://evil.test",
  "http://app.example.com",
  "https://app.example.com.evil.test",
  "https://wwwexample.com",
];
/** Such as an operator has of his own sites in his head, and no program does. */
const isOurs = (origin: string) =>
  /^https:\/\/(?:[a-z]+\.)?example\.com(?::\d+)?$/.test(origin) || origin === "capacitor://localhost";

/** What these browsers sent from a page, sent from the page of another origin. */
const CAPTURED = ["chromium", "firefox"].map((client) =>
  handshakes.find((it) => it.client === client && it.situation === "http-same-origin")!
);

function sentBy(headers: readonly (readonly [string, string])[], origin: string): string {
  const ours: Readonly<Record<string, string>> = { host: HOST, origin };
  return handshakeBytes(
    "/chat?token=secret",
    headers.map(([name, value]) => [name, ours[name.toLowerCase()] ?? value]),
  );
}

/** The statuses that pages of these origins get, in each browser, and the lines that are printed meanwhile. */
async function visit(site: NativeHandler, origins: readonly string[]) {
  const statuses: Record<string, number[]> = {};
  const server = serve(site);
  try {
    const lines = await printed(() =>
      eachRowInTurn(origins, async (origin) => {
        statuses[origin] = [];
        for (const { headers } of CAPTURED) {
          statuses[origin].push((await sendRaw(server.port, sentBy(headers, origin))).status);
        }
      })
    );
    return { statuses, lines: lines.map(({ text }) => text) };
  } finally {
    await server.stop();
  }
}

/** As an operator reads them: the origins that lines of this kind name. */
function named(lines: readonly string[], verb: "refused" | "would refuse"): string[] {
  const line = new RegExp(`^wsgate ${verb} \\(403 origin-not-allowed\\): Origin (\\S+), Host "(\\S+)"`);
  return lines.flatMap((text) => {
    const found = line.exec(text);
    if (found !== null) assertEquals(found[2], HOST);
    return found === null ? [] : [found[1]!];
  });
}

const each = (origins: readonly string[], status: number) =>
  Object.fromEntries(origins.map((origin) => [origin, CAPTURED.map(() => status)]));

describe("the roll-out", { timeout: 60_000 }, () => {
  const everybody = [...LIST, ...FORGOTTEN, ...FOREIGN];
  let found: string[] = [];
  let list: string[] = [];

  test("the captured handshakes are of browsers", () => {
    eachRow(CAPTURED, ({ headers }) => {
      assert(headers.some(([name, value]) => name === "User-Agent" && value.startsWith("Mozilla/5.0")));
    });
  });

  test('1. beside ["*"] nobody is kept out, and the log names whom the list would keep out', async () => {
    const site = originValidator(nativeUpgrade(), ["*"], { reportOnly: { origins: LIST } });
    const { statuses, lines } = await visit(site, everybody);
    assertEquals(statuses, each(everybody, 101));
    found = named(lines, "would refuse");
    assertEquals(found, [...FORGOTTEN, ...FOREIGN]);
    assertEquals(named(lines, "refused"), []);
    eachRow(lines, (line) => assert(!line.includes("secret")));
  });

  test("   but what no browser sends is refused from the first day on", async () => {
    const site = originValidator(nativeUpgrade(), ["*"], { reportOnly: { origins: LIST } });
    const server = serve(site);
    try {
      const lines = await printed(async () => {
        const twice = [...CAPTURED[0]!.headers, ["Upgrade", "websocket"] as const];
        assertEquals((await sendRaw(server.port, sentBy(twice, LIST[0]!))).status, 400);
      });
      assertEquals(lines.map(({ text }) => text.slice(0, 37)), ["wsgate refused (400 upgrade-malformed"]);
    } finally {
      await server.stop();
    }
  });

  test("2. those that are ours go from the log into the list", () => {
    list = [...LIST, ...found.filter(isOurs)];
    assertEquals(list, [...LIST, ...FORGOTTEN]);
  });

  test("3. enforced, own pages are in and foreign ones out", async () => {
    const { statuses, lines } = await visit(originValidator(nativeUpgrade(), list), everybody);
    assertEquals(statuses, { ...each(list, 101), ...each(FOREIGN, 403) });
    assertEquals(named(lines, "refused"), FOREIGN);
    assertEquals(named(lines, "would refuse"), []);
  });

  test("a change goes through reportOnly, beside the list in force", async () => {
    const gone = "https://shop.example.com:8443";
    const added = "https://new.example.com";
    const changed = [...list.filter((origin) => origin !== gone), added];
    const options = { reportOnly: { origins: changed } };
    const all = [...everybody, added];

    const before = await visit(originValidator(nativeUpgrade(), list, options), all);
    assertEquals(before.statuses, { ...each(list, 101), ...each([...FOREIGN, added], 403) });
    assertEquals(named(before.lines, "would refuse"), [gone]);
    assertEquals(named(before.lines, "refused"), [...FOREIGN, added]);

    // The shop is still there, says the log: it stays.
    const kept = [...changed, ...named(before.lines, "would refuse").filter(isOurs)];
    const after = await visit(originValidator(nativeUpgrade(), kept), all);
    assertEquals(after.statuses, { ...each([...list, added], 101), ...each(FOREIGN, 403) });
    assertEquals(named(after.lines, "refused"), FOREIGN);
  });
});
