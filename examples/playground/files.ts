/**
 * The playground's files, as any static host can serve them: the page, and the library beside it, module by module,
 * without types. Nothing is bundled, so what runs can be read: every path is the one in this repository, with `.js` for
 * `.ts`.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { contentType, withoutTypes } from "../lab/files.ts";

const root = new URL("../../", import.meta.url);

/** What the page asks for by itself; `src/` and the rest follow from the imports of its script. */
const PAGE = "examples/playground/page/index.html";
const ENTRY = "examples/playground/page/playground.js";
const BESIDE = [
  "examples/lab/pages/style.css",
  "examples/lab/pages/icon.svg",
  "examples/playground/page/style.css",
];

let made: Promise<ReadonlyMap<string, string>> | undefined;

/** Each file's text by its path, relative to the page's own address; the page is `index.html`. Made once. */
export function playgroundFiles(): Promise<ReadonlyMap<string, string>> {
  return made ??= makeFiles();
}

/** Answers for one path below the page's own address; `""` is the page. */
export async function playgroundFile(path: string): Promise<Response> {
  const name = path === "" ? "index.html" : path;
  const text = (await playgroundFiles()).get(name);
  if (text === undefined) return new Response("Not Found", { status: 404 });
  return new Response(text, {
    headers: {
      "content-type": contentType(name),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      // The page brings its own policy, for hosts that add no headers. This alone a page cannot say of itself.
      "content-security-policy": "frame-ancestors 'none'",
    },
  });
}

async function makeFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const modules = new Set([ENTRY]);
  // A Set is walked as it grows.
  for (const path of modules) {
    const source = await readFile(new URL(path.replace(/\.js$/, ".ts"), root), "utf8");
    // What is imported for its types alone is gone with them.
    const text = withoutTypes(source);
    for (const [, , specifier] of text.matchAll(IMPORT)) {
      modules.add(new URL(`${specifier}.js`, new URL(path, root)).href.slice(root.href.length));
    }
    files.set(path, text.replace(IMPORT, "$1$2.js$3"));
  }
  for (const path of BESIDE) files.set(path, await readFile(new URL(path, root), "utf8"));
  // Asked for at once: each import is found only when the module before it has come.
  const preload = [...modules].map((path) => `    <link rel="modulepreload" href="${path}">\n`).join("");
  const page = await readFile(new URL(PAGE, root), "utf8");
  return files.set("index.html", page.replace("  </head>", `${preload}  </head>`));
}

/** A module of this repository, in an import or a re-export. */
const IMPORT = /(\bfrom "|\bimport ")(\.{1,2}\/[^"]+)\.ts(")/g;
