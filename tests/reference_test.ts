/**
 * The API reference says what the code does: its tables are run, and every reason, code and option is on the page where
 * it is looked for.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import * as wsgate from "@wsgate/wsgate";
import { compileOrigins, ConfigError } from "@wsgate/wsgate";
import { createLiveSockets, createTickets, memoryStore, redisStore } from "@wsgate/wsgate/live";
import { createNodeGate } from "@wsgate/wsgate/node";
import { denials } from "../src/denial.ts";
import {
  codesIn,
  docsOf,
  exportedBy,
  inheritedBy,
  membersOf,
  sources,
  type Table,
  tablesOf,
} from "./doc_comments.ts";
import { eachRow } from "./rows.ts";

/** The one table of a page that has these columns. */
function table(name: string, columns: readonly string[]): Table {
  const [doc, ...overloads] = docsOf(name);
  assertEquals(overloads, []);
  const tables = tablesOf(doc!, columns);
  assertEquals(tables.length, 1, name);
  return tables[0]!;
}

describe("the page of compileOrigins", () => {
  const PATTERNS = ["pattern", "allows", "does not allow"];
  const [safe, unsafe] = tablesOf(docsOf("compileOrigins")[0]!, PATTERNS) as [Table, Table];
  const read = (rows: Table) =>
    rows.map((row) => ({
      pattern: codesIn(row["pattern"]!).join(),
      allows: codesIn(row["allows"]!),
      refuses: codesIn(row["does not allow"]!),
    }));

  it("has what each form of a pattern allows, and what it does not", () => {
    eachRow(read(safe), ({ pattern, allows, refuses }) => {
      const matcher = compileOrigins([pattern]);
      assertNotEquals(allows, []);
      // One pattern leaves nobody out.
      assertEquals(refuses.length === 0, pattern === "*");
      assertEquals(allows.filter((origin) => !matcher.test(origin)), []);
      assertEquals(refuses.filter((origin) => matcher.test(origin)), []);
    });
  });

  it("has the same of the patterns that dangerouslyAllow alone takes", () => {
    eachRow(read(unsafe), ({ pattern, allows, refuses }) => {
      assertNotEquals(codesOf(() => compileOrigins([pattern])), []);
      const matcher = compileOrigins([], { dangerouslyAllow: [pattern] });
      assert(allows.length > 0 && refuses.length > 0);
      assertEquals(allows.filter((origin) => !matcher.test(origin)), []);
      assertEquals(refuses.filter((origin) => matcher.test(origin)), []);
    });
  });

  it("has each scheme, each reach and each port that the grammar has", () => {
    const forms = new Set([...read(safe), ...read(unsafe)].map(({ pattern }) => formOf(pattern)));
    eachRow(["any", "exact", "custom"], (scheme) => {
      eachRow(["host", ".host", "*.host", "*"], (reach) => {
        // No pattern is a port alone, nor a page of every host of every scheme; apps have no subdomains.
        if (scheme === "any" && reach === "*" || scheme === "custom" && reach.includes(".")) return;
        assert([...forms].some((form) => form.startsWith(`${scheme} ${reach} `)), `${scheme} ${reach}`);
      });
    });
    eachRow(["none", "number", "*"], (port) => {
      assert([...forms].some((form) => form.endsWith(` ${port}`)), port);
    });
  });

  function formOf(pattern: string): string {
    const [, scheme, reach, port] = /^(?:(.+):\/\/)?(\*\.|\.|\*$)?.*?(?::(\d+|\*))?$/.exec(pattern)!;
    return [
      scheme === undefined ? "any" : /^https?$/.test(scheme) ? "exact" : "custom",
      reach === "*" ? reach : `${reach ?? ""}host`,
      port === undefined ? "none" : port === "*" ? port : "number",
    ].join(" ");
  }
});

describe("the pages of what a program compares", () => {
  it("DenyReason has every reason with its status, and what to do", () => {
    const rows = table("DenyReason", ["reason", "status", "what arrived", "what to do"]);
    const listed = rows.map((row) => [codesIn(row["reason"]!)[0], Number(row["status"])]);
    assertEquals(listed.toSorted(), Object.values(denials).map((it) => [it.reason, it.status]).sort());
    assertEquals(listed.map(([reason]) => reason).toSorted(), membersOf("DenyReason").sort());
    eachRow(rows, (row) => assert(row["what arrived"] !== "" && row["what to do"] !== ""));
  });

  it("NearMissCode has every code in the order of the type, and what to do", () => {
    const rows = table("NearMissCode", ["code", "what is so", "what to do"]);
    assertEquals(rows.map((row) => codesIn(row["code"]!)[0]), membersOf("NearMissCode"));
    eachRow(rows, (row) => assert(row["what is so"] !== "" && row["what to do"] !== ""));
  });

  it("ConfigIssueCode has every code in the order of the type, and entries that have it", () => {
    const [doc] = docsOf("ConfigIssueCode");
    const rows = [
      ...tablesOf(doc!, ["code", "an option that has it"]).flat(),
      ...tablesOf(doc!, ["code", "an entry that has it"]).flat(),
    ].map((row) => ({
      code: codesIn(row["code"]!)[0]!,
      entries: codesIn(row["an entry that has it"] ?? ""),
    }));
    assertEquals(rows.map(({ code }) => code), membersOf("ConfigIssueCode"));
    const written = rows.flatMap(({ code, entries }) =>
      entries.filter((entry) => /^"|^undefined$/.test(entry)).map((entry) => ({ code, entry }))
    );
    assert(written.length > 25, String(written.length));
    eachRow(written, ({ code, entry }) => {
      const value = entry === "undefined" ? undefined : JSON.parse(entry);
      assertEquals(codesOf(() => compileOrigins([value])), [code]);
    });
  });

  it("LintCode has every code", () => {
    const [doc] = docsOf("LintCode");
    eachRow(membersOf("LintCode"), (code) => assertStringIncludes(doc!, `\`${code}\``));
  });
});

describe("options", () => {
  const OPTION = ["option", "default", "what it says"];
  const handler = () => new Response();
  const user = () => null;
  const policy = wsgate.compilePolicy({ origins: [] });
  /** What takes options, given these. */
  const taking: Readonly<Record<string, (options: object) => unknown>> = {
    allowedHostsOriginValidator: (options) =>
      wsgate.allowedHostsOriginValidator(handler, { ...options, allowedHosts: [] }),
    authMiddlewareStack: (options) => wsgate.authMiddlewareStack({ ...options, user }),
    compileAllowedHosts: (options) => wsgate.compileAllowedHosts({ ...options, allowedHosts: [] }),
    compileOrigins: (options) => compileOrigins([], options),
    compilePolicy: (options) => wsgate.compilePolicy({ ...options, origins: [] }),
    createGate: (options) => wsgate.createGate(policy, options),
    createNodeGate: (options) => createNodeGate(policy, options),
    createLiveSockets: (options) => createLiveSockets({ ...options, longestSessionSeconds: 1 }),
    createReporter: (options) => wsgate.createReporter(options),
    createTickets: (options) => createTickets({ ...options, store: memoryStore() }),
    memoryStore: (options) => memoryStore(options),
    redisStore: (options) => redisStore(() => Promise.resolve(), options),
    guard: (options) => wsgate.guard(handler, policy, options),
    hostValidator: (options) => wsgate.hostValidator(handler, { ...options, allowedHosts: [] }),
    originValidator: (options) => wsgate.originValidator(handler, [], options),
    protocolTypeRouter: (options) => wsgate.protocolTypeRouter({ http: handler }, options),
    upgradeHandler: (options) => wsgate.upgradeHandler({}, options),
    urlRouter: (options) => wsgate.urlRouter([], options),
  };
  const pages = Object.keys(taking).flatMap((name) =>
    // Of overloads the first: a page shows them one below the other.
    docsOf(name).slice(0, 1).map((doc) => ({ name, rows: tablesOf(doc, OPTION).flat() }))
  );
  const nameOf = (row: Table[number]) => codesIn(row["option"]!)[0]!;

  it("each function has on its own page every one that it takes, and no other", () => {
    // Whatever an option is called, it is a word of the sources.
    const words = [...new Set(sources.flatMap((source) => source.match(/\w+/g) ?? []))];
    assert(words.length > 2000, String(words.length));
    const given = Object.fromEntries(words.map((word) => [word, undefined]));
    eachRow(pages, ({ name, rows }) => {
      const unknown = new Set(
        issuesOf(() => taking[name]!(given)).filter(({ code }) => code === "unknown-option")
          .map(({ field }) => field),
      );
      assert(unknown.size > 2000, name);
      assertEquals(rows.map(nameOf).sort(), words.filter((word) => !unknown.has(word)).sort());
    });
  });

  it("every function that takes some is asked", async () => {
    const entries = await Promise.all(["mod.ts", "src/node.ts", "src/live.ts"].map(exportedBy));
    const withOptions = [...new Set(entries.flat())].filter((name) =>
      docsOf(name).some((doc) => /^@param options/m.test(doc))
    );
    // It takes what the two functions take that compile a policy, and has their pages.
    assertEquals(withOptions.filter((name) => name !== "lint").sort(), Object.keys(taking).sort());
  });

  it("one says the same on every page", () => {
    const others = [
      // A gate answers at once, and what shows a page why takes time on Deno.
      "createGate refuse",
      // Of the same name, and of another thing.
      ...["createLiveSockets timeoutSeconds", "createTickets store"],
    ];
    const rows = pages.flatMap(({ name, rows }) =>
      rows.filter((row) => !others.includes(`${name} ${nameOf(row)}`))
    );
    assert(rows.length > 45, String(rows.length));
    eachRow(rows, (row) => assertEquals(row, rows.find((first) => nameOf(first) === nameOf(row))!));
  });

  it("an interface names what it has of others: Deno shows its own properties alone", async () => {
    const heirs = (await exportedBy("mod.ts")).filter((name) => inheritedBy(name).length > 0);
    assert(heirs.length > 6, heirs.join());
    eachRow(heirs, (name) => {
      eachRow(inheritedBy(name), (property) => assertStringIncludes(docsOf(name)[0]!, `\`${property}\``));
    });
  });

  it("the defaults are those that the properties have", () => {
    const text = sources.join("\n");
    const layout = tablesOf(docsOf("formatExplanation")[0]!, OPTION).flat();
    const rows = [...pages.flatMap((page) => page.rows), ...layout]
      .map((row) => ({ option: nameOf(row), value: row["default"]!.replaceAll("`", "") }))
      .filter(({ value }) => /^(?:[\d,]+|"[a-z]+"|true|false|Infinity)$/.test(value));
    assert(rows.length > 15, String(rows.length));
    eachRow(rows, ({ option, value }) => {
      const properties = text.matchAll(
        new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\n +readonly ${option}\\?:`, "g"),
      );
      const said = Array.from(properties, ([, doc]) => doc!.replaceAll(/[\s*`]+/g, " "));
      assert(said.some((doc) => doc.includes(`Default ${value}`)), option);
    });
  });
});

describe("categories", () => {
  const CATEGORIES = [
    "Guards",
    "Policies",
    "Production",
    "Routing and users",
    "Sessions",
    "Sockets",
    "Testing",
    "Troubleshooting",
    "Verdicts",
    "Wrapper types",
  ];
  const categoriesOf = (name: string) =>
    docsOf(name).map((doc) =>
      Array.from(doc.matchAll(/^@category (.*)$/gm), ([, category]) => category!).join()
    );

  it("each exported name of each entry point is in one, and no category is empty", async () => {
    const { exports }: { exports: Record<string, string> } = JSON.parse(await textOf("deno.json"));
    const names = (await Promise.all(Object.values(exports).map(exportedBy))).flat();
    assert(names.length > 60, String(names.length));
    eachRow(names, (name) => {
      eachRow(categoriesOf(name), (category) => assert(CATEGORIES.includes(category), category));
    });
    assertEquals([...new Set(names.flatMap(categoriesOf))].sort(), CATEGORIES);
  });

  it("the first page has a section for each, with a link to each of its names", async () => {
    // Deno draws categories for declaration files alone.
    const [page] = (await textOf("mod.ts")).split(" */");
    const [, ...sections] = page!.split(/^ \* ## /m);
    const linked = sections.map((section) => [
      section.split("\n", 1)[0]!,
      Array.from(section.matchAll(/\{@linkcode (\w+)\}/g), ([, name]) => name!).sort(),
    ]);
    const names = await exportedBy("mod.ts");
    const expected = CATEGORIES.map((category) => [
      category,
      names.filter((name) => categoriesOf(name).includes(category)).sort(),
    ]);
    assertEquals(linked.toSorted(), expected);
  });
});

describe("links", () => {
  const linkedIn = (text: string) =>
    Array.from(text.matchAll(/\{@link\w*\s+([^}]*)\}/g), ([, target]) => target!);

  it("each leads to a name that there is, and from a public page to a public name", async () => {
    const { exports }: { exports: Record<string, string> } = JSON.parse(await textOf("deno.json"));
    const names = new Set((await Promise.all(Object.values(exports).map(exportedBy))).flat());
    const all = sources.join("\n");
    const links = linkedIn(all);
    assert(links.length > 100, String(links.length));
    eachRow(new Set(links), (name) => {
      const declared = new RegExp(
        `^(?:export )?(?:async )?(?:function|interface|type|class|const|let) ${name}\\b`,
        "m",
      );
      assert(declared.test(all), name);
    });
    eachRow(names, (name) => {
      assertEquals(docsOf(name).flatMap(linkedIn).filter((target) => !names.has(target)), []);
    });
  });
});

/** The text of a file. */
function textOf(file: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
}

/** The codes of what a configuration is refused for. */
function codesOf(make: () => unknown): string[] {
  return issuesOf(make).map(({ code }) => code);
}

function issuesOf(make: () => unknown): wsgate.ConfigError["issues"] {
  try {
    make();
    return [];
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.issues;
  }
}
