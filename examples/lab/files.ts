/**
 * The pages' files, as a browser takes them: TypeScript without its types, and every response with a policy that
 * lets nothing in from elsewhere.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import * as nodeModule from "node:module";

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  ts: "text/javascript; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** The media type of a file, by the end of its name. */
export function contentType(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1) as keyof typeof TYPES];
}

/** What one page may reach, beside its own server. */
export interface Reach {
  /** The sockets' addresses. */
  readonly connect?: readonly string[];
  /** Frames of its own server's. */
  readonly frames?: boolean;
  /** Whether its own server's pages may put it into a frame. */
  readonly framed?: boolean;
}

/** A file of `pages/`. */
export async function file(
  name: string,
  { connect = [], frames = false, framed = false }: Reach = {},
): Promise<Response> {
  const text = await readFile(new URL(`pages/${name}`, import.meta.url), "utf8");
  return new Response(name.endsWith(".ts") ? withoutTypes(text) : text, {
    headers: {
      "content-type": contentType(name),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // Not no-referrer: a form would be sent with Origin null.
      "referrer-policy": "same-origin",
      "content-security-policy": [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        `connect-src ${["'self'", ...connect].join(" ")}`,
        `frame-src ${frames ? "'self'" : "'none'"}`,
        `frame-ancestors ${framed ? "'self'" : "'none'"}`,
        "form-action 'self'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join("; "),
    },
  });
}

/** Each runtime has its own way to take the types out, and neither needs a package for it. */
export function withoutTypes(source: string): string {
  if (typeof Deno === "undefined") {
    const { Bun } = globalThis as unknown as {
      Bun: { Transpiler: new (options: { loader: "ts" }) => { transformSync(source: string): string } };
    };
    return new Bun.Transpiler({ loader: "ts" }).transformSync(source);
  }
  const { stripTypeScriptTypes } = nodeModule as unknown as { stripTypeScriptTypes(source: string): string };
  return stripTypeScriptTypes(source);
}
