/**
 * README, and the pages that it leads to, beside what there is: names, options with their defaults, reasons, links,
 * tasks and figures.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import * as wsgate from "@wsgate/wsgate";
import { createLiveSockets, createTickets, memoryStore, redisStore } from "@wsgate/wsgate/live";
import { createNodeGate } from "@wsgate/wsgate/node";
import { digits, duration } from "../bench/table.ts";
import { hotTarget, warmTarget } from "../bench/targets.ts";
import { denials } from "../src/denial.ts";
import { eachRow } from "./rows.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const readme = read("README.md");
const config: {
  readonly exports: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, unknown>>;
} = JSON.parse(read("deno.json"));

/** Every page for people. */
const PAGES = [
  "README.md",
  "bench/README.md",
  "src/socket/README.md",
  ...readdirSync(new URL(".github/", root)).filter((name) => name.endsWith(".md")).map((name) =>
    `.github/${name}`
  ),
];

/** What stands below a heading, up to the next of its level. */
function section(heading: string, text = readme): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert(found !== undefined, heading);
  return found;
}

/** The rows of a table, in cells. */
function rowsOf(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => row.slice(1, -1).split(" | ").map((cell) => cell.trim()));
}

/** What stands in backticks. */
const quoted = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), ([, name]) => name!);

/** Names that a file exports, by the file that it has them from. */
function exportsOf(file: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const [, list, from] of read(file).matchAll(/^export (?:type )?\{([^}]*)\} from "\.\/([^"]+)";/gm)) {
    const path = new URL(from!, new URL(file, root)).href.slice(root.href.length);
    for (const name of list!.match(/\w+(?=,|\s*$)/g) ?? []) names.set(name, path);
  }
  for (const [, name] of read(file).matchAll(/^export (?:const|function|class) (\w+)/gm)) {
    names.set(name!, file);
  }
  return names;
}

describe("README's names", () => {
  const { ".": main, "./cli": _, ...others } = config.exports;
  const exported = new Map(
    [main!, ...Object.values(others)].flatMap((file) => [...exportsOf(file.replace("./", ""))])
      // The type has its own place in the package's own entry.
      .toSorted(([, a], [, b]) => Number(b.includes("suffix_list")) - Number(a.includes("suffix_list"))),
  );

  it("in the glance are those that are exported, each linked to the file that has it", () => {
    assertGreater(exported.size, 50);
    const glance = section("The API at a glance");
    const linked = Array.from(
      glance.matchAll(/\[`(\w+)`\]\(([^)]+)\)/g),
      ([, name, file]) => [name!, file!] as const,
    );
    assertEquals(linked.map(([name]) => name).toSorted(), [...exported.keys()].toSorted());
    eachRow(linked, ([name, file]) => {
      assertEquals(exported.get(name), file);
      assertStringIncludes(read(file), name);
    });
  });

  it("are imported from where they are", () => {
    const imports = PAGES.flatMap((page) =>
      Array.from(read(page).matchAll(/^[+ ]?import \{([^}]*)\} from "@wsgate\/wsgate([^"]*)";/gm))
    );
    assertGreater(imports.length, 5);
    eachRow(imports, ([line, names, path]) => {
      const file = config.exports[`.${path}`];
      assert(file !== undefined, line);
      const has = exportsOf(file.replace("./", ""));
      eachRow(names!.match(/\w+(?=,|\s*$)/g)!, (name) => assert(has.has(name)));
    });
  });

  it("of sub-paths are those of the package, and none is left out", () => {
    const named = new Set(
      Array.from(readme.matchAll(/@wsgate\/wsgate(\/\w+)?(?!@)/g), ([, path]) => `.${path ?? ""}`),
    );
    assertEquals([...named].sort(), Object.keys(config.exports).sort());
  });
});

describe("README's reasons", () => {
  it("are all there are, each with its status", () => {
    const said = rowsOf(section("A socket was refused")).flatMap(([reasons, statuses]) => {
      // Several statuses in one row stand in the order of the reasons, both separated by semicolons.
      const groups = reasons!.split("; ").map(quoted);
      const numbers = statuses!.split("; ").map(Number);
      assertEquals(groups.length, numbers.length);
      return groups.flatMap((names, at) => names.map((name) => [name, numbers[at]] as const));
    });
    assertEquals(
      said.toSorted(),
      Object.values(denials).map(({ reason, status }) => [reason, status] as const).toSorted(),
    );
  });
});

describe("README's options", () => {
  const rows = rowsOf(section("Every option")).flatMap(([names, standard, takers, meaning]) =>
    quoted(names!).map((name) => ({ name, standard: standard!, takers: quoted(takers!), meaning: meaning! }))
  );
  const handler = () => new Response();
  const user = () => null;
  /** Calls that take options, each with one more. */
  const calls: Readonly<Record<string, (more: object) => unknown>> = {
    originValidator: (more) => wsgate.originValidator(handler, [], more),
    allowedHostsOriginValidator: (more) =>
      wsgate.allowedHostsOriginValidator(handler, { allowedHosts: [], ...more }),
    hostValidator: (more) => wsgate.hostValidator(handler, { allowedHosts: [], ...more }),
    guard: (more) => wsgate.guard(handler, { origins: [] }, more),
    createGate: (more) => wsgate.createGate({ origins: [] }, more),
    createNodeGate: (more) => createNodeGate({ origins: [] }, more),
    createLiveSockets: (more) => createLiveSockets({ longestSessionSeconds: 1, ...more }),
    createReporter: (more) => wsgate.createReporter(more),
    createTickets: (more) => createTickets({ store: memoryStore(), ...more }),
    memoryStore: (more) => memoryStore(more),
    redisStore: (more) => redisStore(() => Promise.resolve(), more),
    compilePolicy: (more) => wsgate.compilePolicy({ origins: [], ...more }),
    compileAllowedHosts: (more) => wsgate.compileAllowedHosts({ allowedHosts: [], ...more }),
    compileOrigins: (more) => wsgate.compileOrigins([], more),
    lint: (more) => wsgate.lint("allowedHosts" in more ? more as never : { origins: [], ...more }),
    authMiddlewareStack: (more) => wsgate.authMiddlewareStack({ user, ...more }),
    upgradeHandler: (more) => wsgate.upgradeHandler({}, more),
    protocolTypeRouter: (more) => wsgate.protocolTypeRouter({ http: handler }, more),
    urlRouter: (more) => wsgate.urlRouter([], more),
  };
  /** Of what is no option of a call, but stands in the table: first arguments, and what is not checked. */
  const OTHERWISE = "open message drain close error http websocket columns colors origins".split(" ");

  /** Whether a call knows an option; that its value is wrong is another fault. */
  function knows(call: (more: object) => unknown, option: string): boolean {
    try {
      call({ [option]: Symbol("no such value") });
      return true;
    } catch (error) {
      if (!(error instanceof wsgate.ConfigError)) throw error;
      return !error.issues.some(({ code, field }) => code === "unknown-option" && field === option);
    }
  }

  it("are taken by the functions that the table names, and by no others", () => {
    eachRow(rows.filter(({ name }) => !OTHERWISE.includes(name)), ({ name, takers }) => {
      const found = Object.keys(calls).filter((call) => knows(calls[call]!, name));
      assertEquals(found.toSorted(), takers.toSorted());
    });
  });

  it("are all that the interfaces of options have, with the defaults of their documentation", () => {
    const files = new Set(exportsOf("mod.ts").values());
    const documented = [...files].flatMap((file) =>
      Array.from(
        read(file).matchAll(/^export interface \w+(?:Options?|Layout|Hook|Handlers)\b[^{]*\{\n([^]*?)^\}/gm),
        ([, body]) =>
          Array.from(
            body!.matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\n {2}(?:readonly )?(\w+)\??[:(]/g),
            ([, text, name]) => ({ name: name!, text: text!.replaceAll(/\s*\n \s*\* ?/g, " ") }),
          ),
      ).flat()
    );
    assertGreater(documented.length, 25);
    const missing = documented.filter(({ name }) => !rows.some((row) => row.name === name));
    assertEquals(missing.map(({ name }) => name), []);
    const withDefault = documented.flatMap(({ name, text }) => {
      const [, standard] = /\bDefault:? (`[^`]+`|[\d,]+|\w+)/.exec(text) ?? [];
      return /^(?:`|\d|false|none|Infinity)/.test(standard ?? "") ? [{ name, standard: standard! }] : [];
    });
    assertGreater(withDefault.length, 9);
    eachRow(withDefault, ({ name, standard }) => {
      const row = rows.find((row) => row.name === name)!;
      assertStringIncludes(row.standard, standard);
    });
  });

  it("each say what they are for", () => {
    eachRow(rows, ({ standard, meaning }) => assert(standard !== "" && meaning.length > 10));
  });
});

it("README says that nothing is published for as long as the changelog does", () => {
  assertEquals(
    readme.includes("Until 0.1.0 is published"),
    read(".github/CHANGELOG.md").includes("Nothing is published yet"),
  );
});

describe("links and commands", () => {
  /** What GitHub makes of a heading. */
  const slug = (heading: string) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");

  it("lead somewhere, on every page", () => {
    const links = PAGES.flatMap((page) =>
      Array.from(read(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => [page, link!] as const)
    ).filter(([, link]) => !/^https?:/.test(link));
    assertGreater(links.length, 80);
    eachRow(links, ([page, link]) => {
      const [path, anchor] = link.split("#");
      const target = path === "" ? page : new URL(path!, new URL(page, root)).href.slice(root.href.length);
      assert(existsSync(fileURLToPath(new URL(target, root))), target);
      if (anchor === undefined) return;
      const headings = read(target).replaceAll(/^```[^]*?^```/gm, "").matchAll(/^#+ (.*)$/gm);
      assert(Array.from(headings, ([, heading]) => slug(heading!)).includes(anchor), anchor);
    });
  });

  it("name tasks and files that there are", () => {
    const tasks = PAGES.flatMap((page) =>
      Array.from(read(page).matchAll(/\btask ([a-z]+(?::[a-z]+)?)/g), ([, task]) => task!)
    ).filter((task) => !["first", "then"].includes(task));
    const missing = Object.keys(config.tasks).filter((task) => !readme.includes(`task ${task}`));
    assertEquals(missing.filter((task) => task !== "bench:report" && task !== "playground:build"), []);
    eachRow(tasks, (task) => assert(Object.hasOwn(config.tasks, task)));
    const files = PAGES.flatMap((page) =>
      Array.from(
        read(page).matchAll(/(?<![\w/.:])(?:src|tests|bench|examples)\/[\w/]+\.(?:ts|mjs|json|md)\b/g),
        ([file]) => file,
      )
    );
    assertGreater(files.length, 60);
    eachRow(files, (file) => assert(existsSync(fileURLToPath(new URL(file, root)))));
  });
});

describe("figures", () => {
  const { runtimes } = JSON.parse(read("bench/results.json"));
  const [deno, bun] = Object.values(runtimes) as Results[];
  const both = (of: (results: Results) => readonly [ratio: number, ns: number]) =>
    [deno!, bun!].map((results) => {
      const [ratio, ns] = of(results);
      return `${digits(ratio)} (${duration(ns)})`;
    }).join(" and ");
  const warm = (patterns: number) =>
    both(({ match }) => {
      const { ratio, ns } = match["wsgate test"]![patterns]!.value.warm;
      return [ratio, ns];
    });
  const socket = (figure: string) =>
    both(({ socket: { native, wsgate } }) =>
      [wsgate!.ns[figure]! / native!.ns[figure]!, wsgate!.ns[figure]!] as const
    );

  it("of README are those of bench/results.json", () => {
    const said = section("Speed").replaceAll(/\s+/g, " ");
    const hot = both(({ hot }) => {
      const { ratio, ns } = hot["wsgate test"]![1000]!.value;
      return [ratio, ns];
    });
    const guard = both(({ handshake: { guarded, microseconds } }) =>
      [guarded.ratio, microseconds.guarded * 1e3] as const
    );
    const expected = [
      warm(1000),
      warm(1_000_000),
      hot,
      guard,
      socket("handshake"),
      socket("echo of 32 B"),
    ];
    eachRow(expected, (figure) => assertStringIncludes(said, figure));
    assertStringIncludes(said, JSON.parse(read("bench/results.json")).date.slice(0, 10));
    // No other, so that none is left of a run before.
    assertEquals(said.match(/[\d.]+ \([\d.]+ [nµm]s\)/g)?.length, 2 * expected.length);
  });

  it("of bench/README are those too, and it says which miss", () => {
    const page = read("bench/README.md");
    const sizes = [3, 100, 1000, 10_000, 100_000, 1_000_000];
    const found = rowsOf(section("One look-up", page));
    const expected = Object.entries(runtimes as Record<string, Results>).map(([name, { match }]) =>
      sizes.map((size) => {
        const { ratio } = match["wsgate test"]![size]!.value.warm;
        const target = warmTarget(name, size);
        const figure = target !== undefined && ratio > target ? `**${digits(ratio)}**` : digits(ratio);
        return target === undefined ? figure : `${figure} (${target})`;
      })
    );
    assertEquals(found.slice(0, 2).map((row) => row.slice(1)), expected);
    const cold = Object.values(runtimes as Record<string, Results>).map(({ match }) =>
      sizes.map((size) => match["wsgate test"]![size]!.value.cold).map((one) => one ? digits(one.ratio) : "")
    );
    assertEquals(found.slice(2).map((row) => row.slice(1)), cold);
    for (const [name, { hot }] of Object.entries(runtimes as Record<string, Results>)) {
      const { ratio } = hot["wsgate test"]![1000]!.value;
      assert(ratio <= hotTarget(name)!);
      assertStringIncludes(page, digits(ratio));
    }
  });
});

/** What is read of one runtime's results. */
interface Results {
  readonly match: Cells<{ readonly warm: Measured; readonly cold?: Measured }>;
  readonly hot: Cells<Measured>;
  readonly handshake: {
    readonly microseconds: { readonly guarded: number };
    readonly guarded: { readonly ratio: number };
  };
  readonly socket: Readonly<Record<string, { readonly ns: Readonly<Record<string, number>> }>>;
}
interface Measured {
  readonly ratio: number;
  readonly ns: number;
}
type Cells<T> = Readonly<Record<string, Readonly<Record<number, { readonly value: T }>>>>;
