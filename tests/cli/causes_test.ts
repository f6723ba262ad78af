// What people have at hand, given to the program as a process: the rows of the kind `cli` in causes.json.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { guard, type PolicyOptions } from "@wsgate/wsgate";
import { printed } from "../doubles.ts";
import { runtime } from "../runtime.ts";
import { judgeAll } from "../vectors.ts";

interface Row {
  readonly id: string;
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | OwnLine;
  readonly exit: number | readonly number[];
  readonly words?: readonly string[];
  readonly never?: readonly string[];
}

/** What a guard without options writes of the refusal of this handshake. */
interface OwnLine {
  readonly ownLine: {
    readonly policy: PolicyOptions;
    readonly handshake: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  };
}

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const rows: readonly Row[] = read("../vectors/causes.json").cli;
const { version } = read("../../deno.json") as { readonly version: string };

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
/** What it says it needs, and no more. */
const COMMAND = [
  process.execPath,
  ...runtime === "deno" ? ["run", "--allow-read", "--allow-env", "--no-check", CLI] : [CLI],
];

test("the command line answers as the rows say", { timeout: 300_000 }, async () => {
  await judgeAll("causes, cli", rows, 34, disagreement);
});

/** What is wrong with the answer to a row; null: nothing. */
async function disagreement(row: Row): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), "wsgate-causes-"));
  try {
    for (const [name, text] of Object.entries(row.files ?? {})) writeFileSync(join(folder, name), text);
    const { status, stdout, stderr } = spawnSync(COMMAND[0]!, [...COMMAND.slice(1), ...row.args], {
      cwd: folder,
      input: await inputOf(row),
      env: { ...process.env, NO_COLOR: "1", ...row.env },
      encoding: "utf8",
    });
    const output = stdout + stderr;
    const text = output.toLowerCase().replaceAll(/\s+/g, " ");
    const has = (words: string) => isIn(text, words.replaceAll("$version", version).toLowerCase());
    const problems = [
      ...[row.exit].flat().includes(status!) ? [] : [`exits ${status}`],
      ...(row.words ?? []).filter((words) => !has(words)).map((words) => `does not say ${words}`),
      ...(row.never ?? []).filter(has).map((words) => `says ${words}`),
      ...AS_PRINTED.test(output) ? [] : ["is not printable ASCII"],
    ];
    return problems.length === 0 ? null : `${problems.join(", ")}:\n${output}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Printable ASCII, and the lines of a tree. */
const AS_PRINTED = /^[\n\x20-\x7e]*$/;

/** `"a|b"` one of them, `"/…/"` a regular expression; all in lower case. */
function isIn(text: string, words: string): boolean {
  const form = /^\/(.*)\/$/.exec(words)?.[1];
  return form === undefined ? words.split("|").some((it) => text.includes(it)) : new RegExp(form).test(text);
}

async function inputOf({ stdin = "" }: Row): Promise<string> {
  if (typeof stdin === "string") return stdin;
  const { policy, handshake } = stdin.ownLine;
  const request = new Request(handshake.url, { headers: handshake.headers });
  const lines = await printed(() => guard(() => new Response("in"), policy)(request));
  return lines.map(({ text }) => text).join("\n");
}
