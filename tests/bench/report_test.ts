/**
 * The report is written whatever is missing, its pictures are well-formed, and no label lies over another.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { BesideResult } from "../../bench/beside.ts";
import type { HandshakeResult } from "../../bench/handshake.ts";
import type { HotResult } from "../../bench/hot.ts";
import type { Cell, MatchResult } from "../../bench/match.ts";
import type { MemoryResult } from "../../bench/memory.ts";
import { linePlot, spread } from "../../bench/plot.ts";
import type { SocketResult } from "../../bench/socket.ts";
import { plots, type Report, type Results, verdicts } from "../../bench/report.ts";
import { CONTENDERS } from "../../bench/contenders.ts";

const SIZES = [3, 100, 1000, 10_000, 100_000, 1_000_000];

const cell = (ratio: number): Cell => {
  const warm = { ratio, ns: 25 * ratio, scanNs: 25, quartiles: [ratio, ratio] as const, calls: 2048 };
  return { warm, cold: warm, interned: warm, wrong: [] };
};

/** Ours gets slower by a tenth, the linear ones ten times, with each size; one has failed. */
const match: MatchResult = Object.fromEntries(CONTENDERS.map(({ name, linear }, index) => [
  name,
  Object.fromEntries(
    SIZES.slice(0, linear ? 2 + index % 3 : 6).map((patterns, at) => [
      patterns,
      name === "one RegExp" && patterns > 100
        ? { failed: "SyntaxError: Regular expression too large <&>" }
        : { value: cell(linear ? (2 + index / 50) * 10 ** at : (1.4 + index / 50) * 1.1 ** at) },
    ]),
  ),
]));
const held = (bytes: number) =>
  Object.fromEntries(SIZES.slice(2).map((size) => [size, { value: { heap: 1, arrays: bytes } }]));
const memory: MemoryResult = {
  held: { "wsgate test": held(16), "Map of labels": held(180), "Set of origins": held(181) },
  allocated: { "wsgate test": { value: 0 } },
};
const handshake: HandshakeResult = {
  patterns: 1000,
  handshakes: 8000,
  microseconds: { bare: 100, twin: 101, guarded: 105, reported: 107 },
  twin: { ratio: 1.01, low: 0.99, high: 1.02 },
  guarded: { ratio: 1.05, low: 1.03, high: 1.06 },
  reported: { ratio: 1.02, low: 1.01, high: 1.04 },
  limit: 1.04,
  reportedLimit: 1.05,
};

const besideOf = (ratio: number) => ({ ratio, quartiles: [ratio, ratio] as const, ns: ratio, otherNs: 1 });
const beside: BesideResult = {
  other: "before",
  lookUps: { 1_000_000: { value: { warm: besideOf(1.1), cold: besideOf(1.7) } } },
  compilation: { 1_000_000: { value: { time: besideOf(1.5), arrays: [16, 21.5] } } },
};

const socketOf = (ratio: number) => ({
  ns: {
    "handshake": 100_000 * ratio,
    "latency": 100_000 * ratio,
    "echo of 32 B": 5000 * ratio,
    "echo of 16 kB": 20_000 * ratio,
  },
  bytes: { 2000: 30_000 * ratio, 10_000: 20_000 * ratio },
});
const socket: SocketResult = {
  "native": socketOf(1),
  "wsgate": socketOf(1.15),
  "wsgate, user, router": socketOf(1.3),
  "hono": socketOf(1.1),
};

const report = (runtimes: Readonly<Record<string, Results>>): Report => ({
  date: "2026-01-02T03:04:05.000Z",
  quick: false,
  machine: { processor: "A <fast> & cheap one", cores: 2, memoryGiB: 8, system: "linux", load: 0 },
  peers: {},
  runtimes,
  failed: [],
});
const whole = report({
  "Deno 2.9.6": { match, memory, handshake, socket },
  "Bun 1.4.5": { match, memory, handshake, socket },
});

/** Names of the elements, in order; fails where they are not nested, or something is not escaped or no number. */
function elements(svg: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  for (const [piece] of svg.trimEnd().matchAll(/<[^>]*>|[^<]+/g)) {
    const tag = /^<(\/?)([a-zA-Z]+)((?: [a-zA-Z0-9-]+="[^"<>]*")*)(\/?)>$/.exec(piece);
    if (tag === null) {
      assert(open.at(-1) === "style" || !/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(piece), piece);
      continue;
    }
    const [, end, name, attributes, closed] = tag;
    assert(!/NaN|undefined|Infinity/.test(attributes!), piece);
    if (end === "/") assertEquals(open.pop(), name);
    else names.push(name!);
    if (end === "" && closed === "") open.push(name!);
  }
  assertEquals(open, []);
  return names;
}

/** No name at the end of a line lies over another or outside. */
function assertApart(svg: string): void {
  const width = Number(/ width="(\d+)"/.exec(svg)![1]);
  const height = Number(/ height="([\d.]+)"/.exec(svg)![1]);
  const labels = svg.matchAll(/<text class="[^"]*halo" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</g);
  const boxes = [...labels].map(([, x, y, name]) => ({
    name: name!,
    left: Number(x),
    right: Number(x) + name!.length * 6,
    y: Number(y),
  }));
  for (const [index, a] of boxes.entries()) {
    assert(a.right <= width && a.y <= height && a.y >= 12, a.name);
    for (const b of boxes.slice(index + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || Math.abs(a.y - b.y) >= 13.8;
      assert(apart, `${a.name} lies over ${b.name}`);
    }
  }
}

describe("plots", () => {
  it("are well-formed, with a line for each contender that was measured", () => {
    const found = plots(whole);
    assertEquals(Object.keys(found).sort(), [
      "bench-handshake.svg",
      "bench-match-bun.svg",
      "bench-match-deno.svg",
      "bench-memory.svg",
      "bench-socket.svg",
    ]);
    for (const svg of Object.values(found)) {
      assertEquals(elements(svg)[0], "svg");
      assertStringIncludes(svg, "prefers-color-scheme: dark");
      assertStringIncludes(svg, "A &lt;fast&gt; &amp; cheap one");
    }
    const paths = elements(found["bench-match-deno.svg"]!).filter((name) => name === "path");
    assertEquals(paths.length, CONTENDERS.length + 1);
  });

  it("lay no label over another, and none outside", () => {
    for (const svg of Object.values(plots(whole))) assertApart(svg);
  });

  it("lay no label over one of a line that ends further to the right", () => {
    const line = (name: string, end: number, y: number) => ({
      name,
      tone: "each" as const,
      points: [[1, 1], [end, y]] as const,
    });
    const lines = [line("a name as long as can be", 100, 500), line("a", 1000, 500), line("b", 1000, 500)];
    const all = [...lines, line("far away", 1_000_000, 1)];
    assertApart(linePlot([{ title: "", lines: all }], {
      title: "",
      caption: "",
      xLabel: "",
      yTick: String,
    }));
  });

  it("leave out what was not measured", () => {
    assertEquals(plots(report({})), {});
    assertEquals(plots(report({ "Deno 2.9.6": {} })), {});
    const failed = { failed: "took more than 120 s" };
    assertEquals(plots(report({ "Deno 2.9.6": { match: { "wsgate test": { 3: failed } } } })), {});
    assertEquals(Object.keys(plots(report({ "Bun 1.4.5": { handshake } }))), ["bench-handshake.svg"]);
  });
});

describe("spread", () => {
  it("moves apart what is too close, and nothing else", () => {
    assertEquals(spread([10, 100, 200], 0, 300), [10, 100, 200]);
    assertEquals(spread([100, 100], 0, 300), [93, 107]);
    assertEquals(spread([0, 1, 2], 0, 300), [0, 14, 28]);
    assertEquals(spread([300, 299], 0, 300), [286, 300]);
    assertEquals(spread([], 0, 300), []);
  });
});

describe("verdicts", () => {
  const lineOf = (text: string, start: string) =>
    text.split("\n").find((line) => line.startsWith(start)) ?? "";

  it("say of each target whether it was met", () => {
    const text = verdicts(whole);
    // 1.4 of 1.5 and of 2.1; 2.05 of 2.6 and of 4.2; 1.05 of 1.04; 16 of 17, and 17 of 25.
    assertEquals(lineOf(text, "test, warm, 3 ").match(/met|missed/g), ["met", "met"]);
    assertEquals(lineOf(text, "test, warm, 100,000 ").match(/met|missed/g), ["met", "met"]);
    assertEquals(lineOf(text, "guarded handshake").match(/met|missed/g), ["missed", "missed"]);
    assertEquals(lineOf(text, "the same with a reporter").match(/met|missed/g), ["met", "met"]);
    for (const bytes of ["bytes a pattern in typed arrays", "bytes a pattern in all"]) {
      assertEquals(lineOf(text, bytes).match(/met|missed/g), ["met", "met"]);
    }
    const slow: MatchResult = {
      "wsgate test": { 3: { value: cell(2) } },
      "wsgate match": { 3: { value: cell(5) } },
    };
    const other = verdicts(report({ "Deno 2.9.6": { match: slow }, "Bun 1.4.5": { match: slow } }));
    assertEquals(lineOf(other, "test, warm, 3 ").match(/met|missed/g), ["missed", "met"]);
    assertEquals(lineOf(other, "match beside test").match(/met|missed/g), ["missed", "missed"]);
  });

  it("say of one hot origin the worst of all lists", () => {
    const value = (ratio: number) => ({ value: cell(ratio).warm });
    const hot: HotResult = {
      "wsgate test": { 3: value(0.2), 1000: value(0.4), 1_000_000: { failed: "took more than 180 s" } },
      "===": { 3: value(0.1) },
    };
    const text = verdicts(report({ "Deno 2.9.6": { hot }, "Bun 1.4.5": { hot }, "Bun 1.4.6": {} }));
    assertEquals(lineOf(text, "test, one hot origin").match(/met|missed|–$/g), ["missed", "met", "–"]);
    assertEquals(lineOf(verdicts(whole), "test, one hot origin"), "");
  });

  it("say of a million what it costs beside another checkout, where there is one", () => {
    const rows = (results: Results) => {
      const text = verdicts(report({ "Deno 2.9.6": results }));
      return text.split("\n").filter((line) => line.includes("other checkout")).map((line) =>
        /met|missed/.exec(line)![0]
      );
    };
    assertEquals(rows({ match, beside }), ["met", "missed", "met"]);
    assertEquals(rows({ match }), []);
    assertEquals(rows({ beside: { other: "before", lookUps: {}, compilation: {} } }), []);
  });

  it("say of sockets what they cost beside the runtime's own, of memory where they are most", () => {
    const more = {
      ...socket,
      "wsgate, user, router": { ...socketOf(1.3), bytes: { 2000: 1, 10_000: 70_000 } },
    };
    const text = verdicts(report({ "Deno 2.9.6": { socket: more }, "Bun 1.4.5": { socket } }));
    assertEquals(lineOf(text, "handshake of a socket").match(/met|missed/g), ["met", "met"]);
    assertEquals(lineOf(text, "latency of a socket").match(/met|missed|–$/g), ["met", "–"]);
    assertEquals(lineOf(text, "echo of 32 B of a socket").match(/met|missed/g), ["missed", "missed"]);
    assertEquals(lineOf(text, "memory of a socket").match(/met|missed/g), ["missed", "met"]);
  });

  it("say nothing of what was not measured", () => {
    assertEquals(verdicts(report({})).trimEnd().split("\n").length, 3);
    const text = verdicts(report({ "Deno 2.9.6": {}, "Bun 1.4.5": { handshake } }));
    assertEquals(lineOf(text, "guarded handshake").includes("–"), true);
  });
});
