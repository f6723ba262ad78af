/**
 * A handshake as people can copy one: the request headers of a browser's network panel, its "copy as cURL", or what
 * `curl -v` prints.
 *
 *     GET wss://ws.example.com/chat HTTP/1.1      Chromium ("raw"), Firefox with a path alone
 *     Host: ws.example.com
 *
 *     Origin:                                     Chromium, a name and its value on two lines
 *     https://app.example.com
 *
 *     > Host: ws.example.com                      curl -v; what begins with < or * is no request
 */

import type { Handshake } from "../handler.ts";

/** A handshake of header lines; a repeated field's values are joined as both runtimes join them. */
export function handshakeOf(
  url: string,
  lines: readonly (readonly [name: string, value: string])[],
  method = "GET",
): Handshake {
  const headers = new Map<string, string>();
  for (const [name, value] of lines) {
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return { method, url, headers: { get: (name) => headers.get(name) ?? null } };
}

/** What was read of a text: no request line, and some header lines are missing, where it had none. */
interface Draft {
  method: string;
  target: string;
  readonly lines: [name: string, value: string][];
}

/** Reads a copied handshake. Null: there is no header line in it. */
export function readHandshake(text: string): Handshake | null {
  const draft: Draft = { method: "GET", target: "", lines: [] };
  const plain = text.replaceAll("\r\n", "\n").replace(/^\ufeff/, "");
  if (/^\s*curl\s/.test(plain)) readCurlCommand(plain, draft);
  else readLines(plain.split("\n"), draft);
  if (draft.lines.length === 0) return null;

  const pseudo = (name: string) => draft.lines.find(([it]) => it === name)?.[1];
  const fields = draft.lines.filter(([name]) => !name.startsWith(":"));
  const named = fields.find(([name]) => name.toLowerCase() === "host")?.[1];
  // HTTP/2 has :authority in place of Host, and of what is copied from a command the URL alone may have it.
  const host = named ?? pseudo(":authority") ?? /^[a-z]+:\/\/([^/?#]*)/i.exec(draft.target)?.[1];
  if (named === undefined && host !== undefined) fields.push(["host", host]);
  const scheme = pseudo(":scheme") ?? (/^\* SSL connection|^\* .*\bport 443\b/m.test(plain) ? "https" : "");
  const path = pseudo(":path") ?? draft.target;
  // A panel's URL is the client's word for what it asked; what is no URL names no authority.
  const url = scheme !== "" && host !== undefined && !path.includes("://")
    ? `${scheme}://${host}${path}`
    : path;
  return handshakeOf(url === "" ? "/" : url, fields, pseudo(":method") ?? draft.method);
}

const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/[\d.]+$/;
const FIELD = /^(:?[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*:|\t)[ \t]*([^]*)$/;
/** Headings of a panel, and what stands under one that is not the request's. */
const REQUEST_PART = /^request headers\b/i;
const OTHER_PART =
  /^(?:HTTP\/[\d.]+ \d{3}\b|(?:response headers|general|query string|messages|cookies)\b[^:]*$)/i;

function readLines(all: readonly string[], draft: Draft): void {
  const curl = all.some((line) => /^> /.test(line));
  const texts = all.filter((line) => !curl || line.startsWith("> ")).map((line) =>
    curl ? line.slice(2) : line
  );
  // A name with its colon alone on a line, twice at least: that is how Chromium copies its table.
  const onTwoLines = texts.filter((line) => /^:?[A-Za-z][A-Za-z0-9-]*:\s*$/.test(line)).length > 1;
  let ours = true;
  for (let index = 0; index < texts.length; index++) {
    const line = texts[index]!.trim();
    const request = REQUEST_LINE.exec(line);
    if (request !== null || REQUEST_PART.test(line)) ours = true;
    else if (OTHER_PART.test(line)) ours = false;
    if (request !== null) {
      [, draft.method, draft.target] = request as unknown as [string, string, string];
      continue;
    }
    const [, name, rest] = FIELD.exec(line.replace(/^(request) (url|method)\b/i, "$1-$2")) ?? [];
    if (name === undefined || rest === undefined) continue;
    const value = rest === "" && onTwoLines ? (texts[++index] ?? "").trim() : rest;
    if (/^request-url$/i.test(name)) draft.target = value;
    else if (/^request-method$/i.test(name)) draft.method = value;
    else if (ours && !/^(?:https?|wss?)$/i.test(name)) draft.lines.push([name, value]);
  }
}

/** `curl 'wss://…' -H 'Origin: …'`, as both browsers copy it. */
function readCurlCommand(text: string, draft: Draft): void {
  const words = Array.from(
    text.matchAll(/\$?'((?:[^'\\]|\\.|'\\'')*)'|"((?:[^"\\]|\\.)*)"|([^\s\\]+)/g),
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
  words.forEach((word, index) => {
    const before = words[index - 1];
    const field = before === "-H" || before === "--header" ? FIELD.exec(word) : null;
    if (field !== null) draft.lines.push([field[1]!, field[2]!]);
    else if (before === "-b" || before === "--cookie") draft.lines.push(["cookie", word]);
    else if (before === "-X" || before === "--request") draft.method = word;
    else if (draft.target === "" && /^(?:https?|wss?):\/\//i.test(word)) draft.target = word;
  });
}
