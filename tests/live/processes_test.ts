// Two processes of a site that share an SQLite file: what one ends closes in the other, within the bound that is stated.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals, assertLess } from "@std/assert";
import { type ChildServer, startChild } from "../child.ts";
import { Random } from "../random.ts";
import { eachRowInTurn } from "../rows.ts";
import { runtime } from "../runtime.ts";
import { knock, pause } from "../socket/peer.ts";

/** `pollSeconds` of the children, and a second. */
const BOUND_MS = 1500;

it("a process that has nothing to do but to watch an open socket ends", { timeout: 60_000 }, async () => {
  const script = fileURLToPath(new URL("./idle_program.ts", import.meta.url));
  const args = runtime === "deno" ? ["run", "-A", script] : [script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  assertEquals(stdout.trim(), "1");
});

describe("two processes with one SQLite file", { timeout: 120_000 }, () => {
  let folder: string;
  let children: ChildServer[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "wsgate-live-"));
    const script = new URL("./child_site.ts", import.meta.url);
    children = await Promise.all([1, 2].map(() => startChild(script, [join(folder, "sockets.db")])));
  });
  after(async () => {
    await Promise.all(children.map((child) => child.kill()));
    await rm(folder, { recursive: true, force: true });
  });
  const portOf = (index: number) => children[index]!.ports.site!;
  const come = (index: number, session: string) =>
    knock(portOf(index), { more: [["Cookie", `session=${session}`]] });
  const ask = async (index: number, what: string) =>
    await (await fetch(`http://127.0.0.1:${portOf(index)}${what}`)).text();

  it("close each other's sockets, here at once and there in time, and refuse what comes then", async () => {
    const rows: [query: string, ended: string, kept: string][] = [
      ["session=a", "a", "b"],
      ["subject=ada", "c.ada", "d.bob"],
      ["subject=eve&except=f", "e.eve", "f.eve"],
    ];
    await eachRowInTurn(rows, async ([query, ended, kept]) => {
      const peers = await Promise.all([0, 1].flatMap((index) => [come(index, ended), come(index, kept)]));
      assertEquals(peers.map(({ status }) => status), [101, 101, 101, 101]);
      assertEquals(await ask(0, `/end?${query}`), "ended");
      const start = performance.now();
      const closes = await Promise.all([peers[0]!, peers[2]!].map((peer) => peer.closeFrame()));
      assertLess(performance.now() - start, BOUND_MS);
      assertEquals(closes.map(({ code, reason }) => `${code} ${reason}`), [
        "4401 session-ended",
        "4401 session-ended",
      ]);
      assertEquals([(await come(0, ended)).status, (await come(1, ended)).status], [401, 401]);
      assertEquals([peers[1]!.ended, peers[3]!.ended], [false, false]);
      for (const peer of peers) peer.destroy();
    });
  });

  it("leave no socket of an ended session open, whichever of them ends it and when", async () => {
    const source = new Random();
    let opened = 0;
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 20 }, async (_, index) => {
        const id = `race-${round}-${index}`;
        const [peer] = await Promise.all([
          pause(source.below(30)).then(() => come(source.below(2), id)),
          pause(source.below(30)).then(() => ask(source.below(2), `/end?session=${id}`)),
        ]);
        if (peer.status === 101) {
          opened++;
          const start = performance.now();
          assertEquals((await peer.closeFrame()).code, 4401);
          assertLess(performance.now() - start, BOUND_MS);
        } else assertEquals(peer.status, 401);
        peer.destroy();
      }));
    }
    assert(opened > 10, `${opened} opened`);
    for (const index of [0, 1]) {
      let size = "";
      for (let i = 0; i < 100 && size !== "0"; i++, await pause(20)) size = await ask(index, "/size");
      assertEquals(size, "0");
    }
  });
});
