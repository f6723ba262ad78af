/**
 * What operators read, asserted once: every sentence stands in `vectors/words.json` under the input that produces it.
 * Other assertions are about codes and values. So rewording takes no edit of a test: have the file written anew, and
 * read the difference.
 *
 *     WSGATE_WRITE_WORDS=1 deno task test
 *     WSGATE_WRITE_WORDS=1 deno run -A tests/run.ts explain      one folder, on both runtimes
 *     WSGATE_WRITE_WORDS=1 deno test -A tests/config_test.ts
 *
 * Each test file writes its section at its end, so a run that a filter cuts short writes nothing, and any number of
 * them may run at once.
 *
 * @module
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, fail } from "@std/assert";
import { runtime } from "./runtime.ts";

/** Texts by key; one of several lines is a list of them. */
export type Section = Readonly<Record<string, string | readonly string[]>>;
/** Sections by the path of their test file. */
export type Sections = Readonly<Record<string, Section>>;

const FILE = fileURLToPath(new URL("./vectors/words.json", import.meta.url));
const TESTS = new URL("./", import.meta.url).href;

/** Whether this run records instead of asserting. */
export const WRITES = process.env.WSGATE_WRITE_WORDS === "1";
if (WRITES && process.env.CI) throw new Error("CI compares words, and never writes them");

/** The words of one test file. */
export class Words {
  readonly #section: string;
  readonly #recorded: Section;
  readonly #writes: boolean;
  readonly #said = new Map<string, string>();

  constructor(section: string, recorded: Section, writes = WRITES) {
    this.#section = section;
    this.#recorded = recorded;
    this.#writes = writes;
  }

  /** Asserts that `text` is what is recorded under `key`, to the letter. A key may be asked for again. */
  assert(key: string, text: string): void {
    const place = `${this.#section}: ${JSON.stringify(key)}`;
    const before = this.#said.get(key) ?? text;
    assert(text === before, `${place} says two things:\n${before}\n${text}`);
    this.#said.set(key, text);
    if (this.#writes) return;
    const recorded = Object.hasOwn(this.#recorded, key) ? textOf(this.#recorded[key]!) : null;
    assert(text === recorded, `${place} says:\n${text}\nwords.json has:\n${recorded ?? "nothing of it"}`);
  }

  /** The same for what one runtime alone can be made to say; on the other it asserts nothing. */
  assertOn(name: typeof runtime, key: string, text: string): void {
    if (name === runtime) this.assert(`on ${name}: ${key}`, text);
  }

  /**
   * Asserts that every recorded text was asked for, so that none outlives its input. In a run that writes: gives what
   * is to be recorded, in the order in which it was asked for, what one runtime alone says at the end.
   */
  finish(): Section | null {
    const unasked = Object.keys(this.#recorded).filter((key) => !this.#said.has(key));
    const elsewhere = unasked.filter((key) => ELSEWHERE.test(key));
    if (this.#writes) {
      const said = Array.from(this.#said, ([key, text]) => [key, linesOf(text)] as const);
      const [both, one] = [false, true].map((is) => said.filter(([key]) => ONE_RUNTIME.test(key) === is));
      const kept = elsewhere.map((key) => [key, this.#recorded[key]!] as const);
      return Object.fromEntries([...both!, ...[...one!, ...kept].sort(([a], [b]) => a < b ? -1 : 1)]);
    }
    assert(this.#said.size + elsewhere.length > 0, `${this.#section} has no words`);
    const gone = unasked.filter((key) => !elsewhere.includes(key));
    assert(gone.length === 0, `${this.#section} says no more: ${JSON.stringify(gone)}`);
    return null;
  }

  /**
   * The end of a test file. As a test of its own, with a name that a filter finds only if it finds all the others: of
   * a part of the tests nothing can be said.
   */
  end(): void {
    test("…", async () => {
      const said = this.finish();
      if (said !== null) await record(this.#section, said);
    });
  }
}

const ONE_RUNTIME = /^on (?:deno|bun): /;
const ELSEWHERE = runtime === "deno" ? /^on bun: / : /^on deno: /;

/** The words of the test file whose `import.meta.url` this is. */
export function wordsOf(url: string): Words {
  const section = url.slice(TESTS.length);
  return new Words(section, readSections()[section] ?? {});
}

/** Everything recorded. */
export function readSections(): Sections {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

function textOf(recorded: Section[string]): string {
  return typeof recorded === "string" ? recorded : recorded.join("\n");
}

function linesOf(text: string): Section[string] {
  return text.includes("\n") ? text.split("\n") : text;
}

/** The text of the file: one sentence a line, sections in the order of the alphabet, keys in that of their tests. */
export function format(sections: Sections): string {
  const sorted = Object.entries(sections).sort(([a], [b]) => a < b ? -1 : 1);
  const text = JSON.stringify(Object.fromEntries(sorted), null, 2);
  // Keys may hold what an editor does not show, or obeys.
  return text.replaceAll(
    /(?![ \n])[\p{C}\p{M}\p{Z}]/gu,
    (char) => char.split("").map((unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0")).join(""),
  ) + "\n";
}

/** Puts a section in the place of what the file has of it; null: there is none any more. */
export async function record(section: string, said: Section | null): Promise<void> {
  const lock = `${FILE}.lock`;
  await claim(lock);
  try {
    const { [section]: _replaced, ...others } = readSections();
    // Not in place: others may be reading.
    writeFileSync(`${lock}/new`, format(said === null ? others : { ...others, [section]: said }));
    renameSync(`${lock}/new`, FILE);
  } finally {
    rmSync(lock, { recursive: true });
  }
}

/** Makes this folder, of which there can be one: waits for whoever made it before. */
async function claim(lock: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      return mkdirSync(lock);
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  fail(`${lock} is in the way: remove it`);
}
