// `wsgate probe` against servers that are written in other things, bare and guarded: npm's ws on Node, Hono, Elysia, Python's
// websockets and Django Channels.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { inTime } from "../in_time.ts";
import { runtime } from "../runtime.ts";
import { countsOf, probeJson, USUAL } from "./probing.ts";

const TIMEOUT = { timeout: 120_000 };
const onThisRuntime = [process.execPath, ...runtime === "deno" ? ["run", "-A"] : []];

/** A Python that has these. Debian's own comes second: a newer one often stands before it. */
const pythonWith = (modules: string) =>
  ["python3", "/usr/bin/python3"].find((command) =>
    spawnSync(command, ["-c", `import ${modules}`], { timeout: 30_000 }).status === 0
  );
const withWebsockets = pythonWith("websockets");
const withDaphne = pythonWith("daphne.server, channels.security.websocket");
const missing = (python: string | undefined, variable: string, packages: string) =>
  python === undefined && process.env[variable] !== "1" ? `not installed (Debian: ${packages})` : false;

/** How many get in: of 46 attacks, of 27 that only programs send. */
type GotIn = readonly [attacks: number, programs: number];

interface Kind {
  readonly command: readonly (string | undefined)[];
  readonly skip?: string | false;
  readonly bare: GotIn;
  readonly guarded: GotIn;
  /** Accepts, and closes with 4403 then. */
  readonly visible?: GotIn;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "npm's ws on Node": { command: ["node", "ws.mjs"], bare: [46, 25], guarded: [0, 0] },
  // To Hono and Elysia four spellings of the path are other paths.
  "Hono": {
    command: [...onThisRuntime, "hono.mjs"],
    bare: [42, runtime === "deno" ? 23 : 25],
    guarded: [0, 0],
  },
  "Elysia": {
    command: [...onThisRuntime, "elysia.mjs"],
    skip: runtime === "bun" ? false : "runs on Bun",
    bare: [42, 24],
    guarded: [0, 0],
  },
  "Python's websockets": {
    command: [withWebsockets, "python_websockets.py"],
    skip: missing(withWebsockets, "WSGATE_REQUIRE_PYTHON_WEBSOCKETS", "python3-websockets"),
    bare: [46, 23],
    guarded: [0, 0],
  },
  // Daphne refuses an empty Origin. OriginValidator takes a user name, a backslash and a tab for what Python's urlparse makes of them.
  "Django Channels": {
    command: [withDaphne, "django_channels.py"],
    skip: missing(withDaphne, "WSGATE_REQUIRE_DAPHNE", "python3-django-channels python3-daphne"),
    bare: [42, 20],
    guarded: [0, 3],
    visible: [0, 0],
  },
};

/** Starts a server that says its port as JSON on its first line. */
async function start(command: readonly (string | undefined)[], kind: string) {
  const [program, ...args] = command;
  assert(program !== undefined, "a Python that has it is required, and there is none");
  const script = fileURLToPath(new URL(`probed/${args.pop()}`, import.meta.url));
  const child: ChildProcess = spawn(program, [...args as string[], script, kind]);
  let [stdout, stderr] = ["", ""];
  child.stderr!.on("data", (chunk) => stderr += chunk);
  const port = new Promise<number>((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      stdout += chunk;
      if (stdout.includes("\n")) resolve(JSON.parse(stdout).port);
    });
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`It ended: ${stderr}`)));
  });
  const stop = async () => {
    const exit = new Promise((resolve) => child.on("exit", resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await exit;
  };
  try {
    return { url: `ws://127.0.0.1:${await inTime("the port of a server", port, () => stderr)}/chat`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

for (const [name, { command, skip = false, ...kinds }] of Object.entries(KINDS)) {
  describe(name, { skip }, () => {
    for (const [kind, [attacks, programs]] of Object.entries(kinds)) {
      test(`${kind}: ${attacks} attacks get in`, TIMEOUT, async () => {
        const server = await start(command, kind);
        try {
          // A visible refusal takes its time on a busy machine; of the others nobody closes anything.
          const wait = kind === "visible" ? [] : ["--wait", "100"];
          const { status, json } = await probeJson([server.url, ...USUAL, ...wait]);
          const counts = countsOf(json);
          const found = [counts.attacks["in"] ?? 0, counts.programs["in"] ?? 0];
          assertEquals([status, ...found], [attacks > 0 ? 1 : 0, attacks, programs], JSON.stringify(json));
          assertEquals([json.pages[0]!.state, counts.attacks["undecided"]], ["allowed", undefined]);
        } finally {
          await server.stop();
        }
      });
    }
  });
}
