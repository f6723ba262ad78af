/**
 * The workflows grant nothing that a job does not ask for, run nothing that can change under them, and call what exists.
 * They are read here, and run by the forge alone.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eachRow, eachRowInTurn } from "./rows.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = join(root, ".github/workflows");
const workflows = await Promise.all(
  (await readdir(folder)).map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })),
);
const { version, tasks }: { version: string; tasks: Record<string, unknown> } = JSON.parse(
  await readFile(join(root, "deno.json"), "utf8"),
);

/** The values of a key, wherever it stands. */
function values(text: string, key: string): string[] {
  return Array.from(text.matchAll(new RegExp(`^ *(?:- )?${key}: *(.*)$`, "gm")), ([, value]) => value!);
}

describe("workflows", () => {
  it("there are some, and nothing but workflows", () => {
    assert(workflows.length > 0);
    eachRow(workflows, ({ name }) => assertMatch(name, /\.yml$/));
  });

  it("grant nothing at the top, and to a job what it asks for", () => {
    eachRow(workflows, ({ text }) => {
      assertMatch(text, /^permissions: \{\}$/m);
      const granted = values(text, "[a-z-]+").filter((value) => /^(?:read|write)(?:-all)?$/.test(value));
      // To read what is checked out, twice, and to publish.
      assertEquals(granted, ["read", "read", "write"]);
      assertMatch(text.split(/^ {2}(?=\w+:$)/m).at(-1)!, /^publish:\n[^]*\n {6}id-token: write\n/);
    });
  });

  it("use actions by the hash of a commit, and leave no token behind", () => {
    eachRow(workflows, ({ text }) => {
      const used = values(text, "uses");
      assert(used.length > 0);
      eachRow(used, (action) => assertMatch(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/));
      assertEquals(values(text, "persist-credentials"), used.map(() => "false"));
    });
  });

  it("know no secret, run nothing of a stranger with rights, and put nothing of his into a command", () => {
    eachRow(workflows, ({ text }) => {
      assertEquals(text.match(/pull_request_target|workflow_run|issue_comment|secrets|\$\{\{/g), null);
    });
  });

  it("publish what has passed the gate, on a tag alone", () => {
    eachRow(workflows, ({ text }) => {
      const [before, publish, ...more] = text.split(/^ {2}publish:$/m);
      assertEquals(more, []);
      assert(!/deno\S* publish/.test(before!));
      assertEquals(values(publish!, "if"), ["github.event_name == 'push' && github.ref_type == 'tag'"]);
      assertEquals(values(publish!, "needs"), ["gate"]);
      assertMatch(publish!, /run: npx -y deno@[\d.]+ publish\n$/);
    });
  });

  it("run Deno of the README's version, and tasks and files that there are", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, deno] = /^npx -y (deno@[\d.]+) task test$/m.exec(readme)!;
    await eachRowInTurn(workflows.flatMap(({ text }) => values(text, "run")), async (command) => {
      const [, own, asked, rest] = /^(?:(\.ci\/\w+)|npx -y (deno@\S+) (.*)).*$/.exec(command)!;
      if (own !== undefined) return await readFile(join(root, own));
      assertEquals(asked, deno);
      const [, task] = /^task (\S+)$/.exec(rest!) ?? [];
      assert(task === undefined ? rest === "publish" : Object.hasOwn(tasks, task), rest);
    });
  });

  it("call the gate that .ci/run calls, which ends with the README's test command", async () => {
    assertEquals(values(workflows[0]!.text, "run")[0]!.split(" ").slice(-2), ["task", "ok"]);
    assertStringIncludes(await readFile(join(root, ".ci/run"), "utf8"), '"$deno task ok"');
    const command = (task: string) => (tasks[task] as { command: string }).command;
    assertEquals(command("ok"), `${command("test")} --checks`);
  });
});

describe(".ci/tag", () => {
  /** Asks about a tag, in a copy with this changelog. */
  async function tag(name: string, changelog: string): Promise<{ status: unknown; stderr: string }> {
    const copy = await mkdtemp(join(tmpdir(), "wsgate-tag-"));
    try {
      await mkdir(join(copy, ".github"));
      for (const file of [".ci/tag", "deno.json"]) await cp(join(root, file), join(copy, file));
      await writeFile(join(copy, ".github/CHANGELOG.md"), changelog);
      return await new Promise((resolve) => {
        execFile(join(copy, ".ci/tag"), [name], (error, _, stderr) => {
          resolve({ status: error?.code ?? 0, stderr });
        });
      });
    } finally {
      await rm(copy, { recursive: true });
    }
  }
  const told = `# Changelog\n\n## Unreleased\n\n## [${version}] (2027-01-31)\n`;

  it("lets the tag of this version pass, once the changelog tells of it", async () => {
    assertEquals(await tag(`v${version}`, told), { status: 0, stderr: "" });
  });

  it("refuses every other", async () => {
    const untold = told.replace(`[${version}]`, `[${version}0]`);
    const rows: [name: string, changelog: string][] = [
      [version, told],
      [`v${version}0`, told],
      ["v9.9.9", told],
      ["", told],
      [`v${version}`, untold],
      [`v${version}`, told.replace(/## \[/, "## Unreleased: [")],
    ];
    await eachRowInTurn(rows, async ([name, changelog]) => {
      const { status, stderr } = await tag(name, changelog);
      assertEquals(status, 1);
      assert(stderr !== "");
    });
  });
});
