/**
 * All benchmarks on both runtimes: their tables, then what became of the targets.
 *
 *     deno task bench                       everything; about twenty minutes
 *     deno task bench match compile         some of them
 *     deno task bench --bun                 on Bun alone (--deno: on Deno alone)
 *     deno task bench --beside DIR          and this checkout beside another one: see bench/beside.ts
 *     deno task bench --quick               to see that everything works; the numbers mean nothing
 *     deno task bench:report                everything, written to bench/results.json and drawn in .github
 *
 * One that fails costs its own numbers; the others are measured and written all the same.
 *
 * @module
 */

import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { arch, cpus, loadavg, platform, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { executableOf } from "../tests/programs.ts";
import { givenCheckout } from "./beside.ts";
import { plots, type Report, type Results, verdicts } from "./report.ts";

const FILES = ["match", "hot", "compile", "memory", "swap", "check", "handshake", "socket"] as const;
const LIMIT_MS = 10 * 60_000;
const PEERS = [
  "@astrojs/internal-helpers",
  "better-auth",
  "cors",
  "crossws",
  "elysia",
  "h3",
  "hono",
  "mitata",
  "picomatch",
  "tldts",
] as const;

const root = new URL("../", import.meta.url);
const args = process.argv.slice(2);
const OPTIONS = ["--deno", "--bun", "--quick", "--report"];
const besideAt = args.indexOf("--beside");
/** The other checkout, if one is wanted. */
const beside = besideAt < 0 ? undefined : await givenCheckout(args.splice(besideAt, 2)[1]);
const unknown = args.filter((arg) => ![...OPTIONS, ...FILES].includes(arg));
if (unknown.length > 0) {
  console.error(
    `Unknown: ${unknown.join(", ")}. There are ${[...FILES, ...OPTIONS].join(", ")}, --beside DIR.`,
  );
  process.exit(2);
}
const chosen = FILES.filter((file) => args.includes(file) || !FILES.some((other) => args.includes(other)));
const names = (["deno", "bun"] as const).filter((name) =>
  args.includes(`--${name}`) || !(args.includes("--deno") || args.includes("--bun"))
);
const quick = args.includes("--quick");
if (args.includes("--report") && (chosen.length < FILES.length || names.length < 2)) {
  console.error("A report is of everything: the machine and the date in it are those of all its numbers.");
  process.exit(2);
}

const machine: Report["machine"] = {
  processor: cpus()[0]?.model.trim() ?? arch(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()}`,
  load: loadavg()[0]!,
};
const failed: string[] = [];
const runtimes: Record<string, Record<string, unknown>> = {};
const folder = await mkdtemp(join(tmpdir(), "wsgate-bench-"));
try {
  for (const name of names) {
    const runtime = await startable(name);
    if (runtime === undefined) continue;
    const results: Record<string, unknown> = runtimes[runtime.version] = {};
    for (const file of beside === undefined ? chosen : [...chosen, "beside"]) {
      const json = join(folder, `${name}-${file}.json`);
      try {
        await measure(runtime, file, json);
        results[file] = JSON.parse(await readFile(json, "utf8"));
      } catch (error) {
        failed.push(`${file} on ${runtime.version}: ${messageOf(error)}`);
        console.log(`${failed.at(-1)}\n`);
      }
    }
  }
} finally {
  await rm(folder, { recursive: true });
}

const report: Report = {
  date: new Date().toISOString(),
  quick,
  machine,
  peers: Object.fromEntries(await Promise.all(PEERS.map(async (peer) => [peer, await versionOf(peer)]))),
  runtimes: runtimes as Record<string, Results>,
  failed,
};
console.log(verdicts(report));
console.log(
  `${machine.cores} × ${machine.processor}, ${machine.memoryGiB} GiB, ${machine.system}, ` +
    `load at the start ${machine.load.toFixed(2)}, ${report.date}`,
);
if (args.includes("--report")) await write(report);
if (failed.length > 0) console.log(`\nfailed: ${failed.join("; ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

interface Runtime {
  readonly version: string;
  readonly path: string;
  readonly args: readonly string[];
}

async function startable(name: "deno" | "bun"): Promise<Runtime | undefined> {
  try {
    const path = await executableOf(name);
    const { stdout } = await promisify(execFile)(path, ["--version"]);
    const version = /\d+\.\d+\.\d+/.exec(stdout)![0];
    return name === "deno"
      ? { version: `Deno ${version}`, path, args: ["run", "-A"] }
      : { version: `Bun ${version}`, path, args: ["run"] };
  } catch (error) {
    failed.push(`${name}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Runs one file and shows its tables; what it gives is in the file `json`. */
function measure({ path, args }: Runtime, file: string, json: string): Promise<void> {
  const script = fileURLToPath(new URL(`bench/${file}.ts`, root));
  const given = file === "beside" ? [beside!] : [];
  const child = spawn(path, [...args, script, ...given, "--json", json, ...quick ? ["--quick"] : []], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`took more than ${LIMIT_MS / 60_000} minutes`));
    }, LIMIT_MS);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new Error(`ended with ${signal ?? code}`));
    });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function versionOf(peer: string): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL(`node_modules/${peer}/package.json`, root), "utf8"));
  return version;
}

async function write(report: Report): Promise<void> {
  await writeFile(new URL("bench/results.json", root), JSON.stringify(report, rounded, 1) + "\n");
  const pictures = new URL(".github/", root);
  await mkdir(pictures, { recursive: true });
  for (const [name, svg] of Object.entries(plots(report))) await writeFile(new URL(name, pictures), svg);
  console.log(
    `\nwritten: bench/results.json, ${
      Object.keys(plots(report)).map((name) => `.github/${name}`).join(", ")
    }`,
  );
}

/** Four digits are more than any of the numbers is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
