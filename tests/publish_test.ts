/**
 * What a user would get from the registry: nothing but our own files, all of them documented, and no dependency.
 *
 * It asks Deno's own tools, so under Bun there is nothing to ask.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { exportedBy } from "./doc_comments.ts";
import { eachRow, eachRowInTurn } from "./rows.ts";
import { runtime } from "./runtime.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const base = pathToFileURL(root).href;

/** Publishing checks every type first, which takes seconds, on a busy machine many. */
const asked = {
  skip: runtime === "deno" ? false : "asks Deno's own tools",
  timeout: 120_000,
};

describe("published package", () => {
  it("every entry leads to local modules alone", asked, async () => {
    await eachRowInTurn(await entries(), async (entry) => {
      // Without the configuration no alias can hide where an import leads.
      const { output } = await deno("info", "--no-config", "--json", entry);
      const info: DenoInfo = JSON.parse(output);
      assertEquals(info.npmPackages, {});
      assertEquals(Object.keys(info.redirects), []);
      eachRow(info.modules, ({ kind, specifier, error }) => {
        assertEquals([kind, error], ["esm", undefined]);
        assert(/^mod\.ts$|^src\/.+\.ts$/.test(specifier.replace(base, "")));
      });
    });
  });

  it("a dry run passes and would publish our files, and no other", asked, async () => {
    const { status, output } = await deno("publish", "--dry-run", "--allow-dirty");
    assertEquals(status, 0, output);
    const listed = output.match(/(?<=^ *)file:\S+/gm)?.map((url) =>
      decodeURIComponent(url.replace(base, ""))
    );
    const source = await readdir(`${root}src`, { recursive: true });
    const expected = new Set([
      "LICENSE",
      "README.md",
      "deno.json",
      "mod.ts",
      ...await shown(),
      ...source.filter((name) => name.endsWith(".ts")).map((name) => `src/${name.replaceAll("\\", "/")}`),
    ]);
    assertEquals(listed?.toSorted(), [...expected].sort());
  });

  it("says of which licences its parts are, as SPDX writes it", async () => {
    const { license } = JSON.parse(await readFile(`${root}deno.json`, "utf8"));
    assertEquals(license, "MIT AND MPL-2.0");
    assertMatch(await readFile(`${root}LICENSE`, "utf8"), /^MIT License\n/);
    const data = await readFile(`${root}src/public_suffixes_data.ts`, "utf8");
    assertMatch(
      data,
      /^(?:\/\/.*\n)*\/\/ License, v\. 2\.0\..*\n\/\/ file, .* https:\/\/mozilla\.org\/MPL\/2\.0\/\.\n/,
    );
  });

  it("each entry of the changelog begins with a label of its table, below a section that there is", async () => {
    const text = await readFile(`${root}.github/CHANGELOG.md`, "utf8");
    const labels = Array.from(text.matchAll(/^\| (\*\*\w+\*\*) +\|/gm), ([, label]) => label!);
    assertGreater(labels.length, 5);
    const [, ...versions] = text.split(/^## /m);
    assertGreater(versions.length, 0);
    eachRow(versions.flatMap((version) => version.split(/^### /m).slice(1)), (section) => {
      const [name, ...lines] = section.split("\n");
      assertMatch(name!, /^(?:Added|Changed|Deprecated|Removed|Fixed|Security)$/);
      // What follows an entry's first line is indented.
      eachRow(lines.filter((line) => /^\S/.test(line)), (line) => {
        const [, label] = /^- (\*\*\w+\*\*)(?: \(breaking change\))?: \S/.exec(line) ?? [];
        assert(label !== undefined && labels.includes(label), line);
      });
    });
  });

  it("every public name is documented and typed in full", asked, async () => {
    // All entries at once: a type that another entry exports is a private one otherwise.
    const { status, output } = await deno("doc", "--lint", ...await entries());
    assertEquals(status, 0, output);
  });

  it("documentation that is missing would be found", asked, async () => {
    const { status, output } = await deno("doc", "--lint", "tests/runtime.ts", "tests/std_http.ts");
    assertNotEquals(status, 0);
    assertStringIncludes(output, "missing-jsdoc");
  });

  it("the reference is made without a warning, with a page for each name", asked, async () => {
    const folder = await mkdtemp(join(tmpdir(), "wsgate-reference-"));
    try {
      const files = await entries();
      const args = ["doc", "--html", "--name=wsgate", `--output=${folder}`, ...files];
      const { status, output } = await deno(...args);
      assertEquals(status, 0, output);
      assertMatch(output, /^(?:Check(?:ed)? .*\n)*Written \d+ files to ".*"\n$/);
      await eachRowInTurn(files, async (file) => {
        const entry = file === "./mod.ts" ? "" : basename(file, ".ts");
        const pages = await readdir(join(folder, entry, "~"));
        assertEquals((await exportedBy(file)).filter((name) => !pages.includes(`${name}.html`)), []);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** What is read of the answer of `deno info --json`. */
interface DenoInfo {
  readonly modules: readonly { readonly kind: string; readonly specifier: string; readonly error?: string }[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, unknown>>;
}

/** The files that the package's exports name. */
async function entries(): Promise<string[]> {
  const { exports }: { exports: Record<string, string> } = JSON.parse(
    await readFile(`${root}deno.json`, "utf8"),
  );
  return Object.values(exports);
}

/**
 * What the README links and pictures beside it, and what the pages do that it links: a registry shows the links as those
 * of files in the package. Not the examples, which lead nowhere there: with them their frameworks would be dependencies of
 * this package.
 */
async function shown(): Promise<Set<string>> {
  const found = new Set(["README.md"]);
  // A Set is walked as it grows.
  for (const page of found) {
    if (!page.endsWith(".md")) continue;
    const text = await readFile(`${root}${page}`, "utf8");
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)) {
      if (/^https?:/.test(link!)) continue;
      const path = new URL(link!, `${base}${page}`).href.slice(base.length);
      if (!path.startsWith("examples/")) found.add(path);
    }
  }
  return found;
}

function deno(...args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 1 << 24 };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      // Only `info` is parsed, and it says nothing on stderr.
      resolve({ status, output: stdout + stderr });
    });
  });
}
