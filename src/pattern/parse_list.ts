/**
 * A list out of a text, as people keep one in an environment variable or a file.
 */

/**
 * Reads a list of entries out of a text: one a line, or separated by commas, or a JSON array.
 *
 * What else people write around a list is taken off: quotes around an entry, the brackets of an array that is not quite
 * JSON, a YAML dash, one `NAME=` in front, a `\n` that was written as two characters, a comment after `#`, a byte order
 * mark. An entry is not changed otherwise: whether it can be used is for {@linkcode compilePolicy} to say.
 *
 * **Security.** An empty text is an empty list, which refuses every origin. A variable that is not set is not: `undefined`
 * stays in the list, and compiling it throws.
 *
 * @category Policies
 * @param text The text, of any length; the cost is linear in it.
 * @returns A new list. Never throws.
 *
 * @example An environment variable
 * ```ts
 * import { compilePolicy, parseList } from "@wsgate/wsgate";
 * import { assertEquals } from "@std/assert";
 *
 * const ALLOWED_ORIGINS = "https://example.com, https://*.example.com";
 * assertEquals(parseList(ALLOWED_ORIGINS), ["https://example.com", "https://*.example.com"]);
 * const policy = compilePolicy({ origins: parseList(ALLOWED_ORIGINS) });
 * ```
 */
export function parseList(text: string): string[] {
  // Not an empty list: it would hide that a variable is unset.
  if (typeof text !== "string") return [text];
  const plain = text.replace(/^\ufeff/, "").trim();
  const json = parseArray(plain);
  if (json !== null) return json as string[];
  return withoutEscapes(unquoted(withoutBrackets(withoutName(plain)))).split("\n")
    .map((line) => line.replace(/^\s*#.*|\s#.*/, "").replace(/^\s*-\s+/, ""))
    .flatMap((line) => line.split(",")).map((entry) => unquoted(entry.trim())).filter((entry) =>
      entry !== ""
    );
}

function parseArray(text: string): unknown[] | null {
  if (!text.startsWith("[")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Takes a variable's name off a line of an `.env` file. Of several lines none: a whole `.env` was given, and what its
 * other variables hold must not become an allowed host.
 */
function withoutName(text: string): string {
  const names = text.match(/^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=/gm) ?? [];
  return names.length === 1 && text.startsWith(names[0]!) ? text.slice(names[0]!.length).trim() : text;
}

/** Takes the brackets off what is nearly a JSON array. They may be an IPv6 address's. */
function withoutBrackets(text: string): string {
  return text.startsWith("[") && text.endsWith("]") && !/^\[[\da-f:.]*\]/i.test(text)
    ? text.slice(1, -1)
    : text;
}

/** Takes one pair of quotes off; `'self'` is an entry with its own. */
function unquoted(text: string): string {
  const [, , inside] = /^(["'`])([^"'`]*|"[^"]*"|'[^']*')\1$/.exec(text) ?? [];
  return inside === undefined || text === "'self'" ? text : inside;
}

/** Breaks lines at `\n` and `\r\n` of two characters each. Where other escapes are too, it is no list, and stays as it is. */
function withoutEscapes(text: string): string {
  return /\\[^nr]|\\$/.test(text) ? text : text.replaceAll(/\\[nr]/g, "\n");
}
