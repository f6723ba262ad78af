/**
 * A handshake as people can copy one: the request headers of a browser's network panel, its "copy as cURL", its HAR, what
 * `curl -v` prints, what a program prints of a Request, and the console line of a guard; with the answer, where it is there.
 *
 *     GET wss://ws.example.com/chat HTTP/1.1      Chromium ("raw"), Firefox with a path alone
 *     Host: ws.example.com
 *
 *     Origin:                                     Chromium, a name and its value on two lines
 *     https://app.example.com
 *
 *     > Host: ws.example.com                      curl -v; what begins with < is the answer, with * a remark
 */

import type { Handshake } from "../handler.ts";
import { type Draft, type HeaderLine, readObject } from "./copied_object.ts";

/** The answer that was copied along with a handshake. */
export interface CopiedAnswer {
  readonly status: number;
  /** Null: the status alone is known. */
  readonly headers: Handshake["headers"] | null;
}

/** A handshake that was copied. */
export interface CopiedHandshake extends Handshake {
  /** Null: none was copied. */
  readonly answer: CopiedAnswer | null;
  /** The URL is what the server saw; else it is the client's word. */
  readonly isServersUrl: boolean;
  /** Header lines of a handshake are in it, so those that are missing did not arrive either. */
  readonly isWhole: boolean;
  /** Over which HTTP: `"upgrade"` over HTTP/2 cannot be; `"connect"` was one, and is shown as what a proxy makes of it. */
  readonly http2: "upgrade" | "connect" | null;
}

/** A handshake of header lines; a repeated field's values are joined as both runtimes join them. */
export function handshakeOf(
  url: string,
  lines: readonly (readonly [name: string, value: string])[],
  method = "GET",
): Handshake {
  return { method, url, headers: headersOf(lines) };
}

function headersOf(lines: readonly (readonly [name: string, value: string])[]): Handshake["headers"] {
  const headers = new Map<string, string>();
  for (const [name, value] of lines) {
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return { get: (name) => headers.get(name) ?? null };
}

/** Reads a copied handshake. Null: there is no header line in it. */
export function readHandshake(text: string): CopiedHandshake | null {
  const draft: Draft = { method: "GET", target: "", version: "", isServers: false, lines: [], answer: null };
  const plain = text.replaceAll("\r\n", "\n").replace(/^\ufeff/, "");
  if (/^\s*curl\s/.test(plain)) readCurlCommand(plain, draft);
  else if (!readObject(plain, draft)) readLines(plain.split("\n"), draft);
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
  const method = pseudo(":method") ?? draft.method;
  const isConnect = method === "CONNECT" && pseudo(":protocol") === "websocket";
  const handshake = handshakeOf(
    url === "" ? "/" : url,
    isConnect ? asUpgrade(fields) : fields,
    isConnect ? "GET" : method,
  );
  const has = (name: string) => handshake.headers.get(name) !== null;
  return {
    ...handshake,
    answer: draft.answer && {
      status: draft.answer.status,
      headers: draft.answer.lines.length > 0 ? headersOf(draft.answer.lines) : null,
    },
    isServersUrl: draft.isServers,
    isWhole: has("sec-websocket-key") || has("sec-websocket-version"),
    http2: isConnect ? "connect" : /^(?:HTTP\/|h)2/i.test(draft.version) && has("upgrade") ? "upgrade" : null,
  };
}

/** The header lines of the HTTP/1.1 handshake that a proxy makes of an extended CONNECT (RFC 8441 §5). */
function asUpgrade(fields: readonly HeaderLine[]): HeaderLine[] {
  // The key is the proxy's own to make.
  return [
    ...fields,
    ["upgrade", "websocket"],
    ["connection", "Upgrade"],
    ["sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="],
  ];
}

const REQUEST_LINE = /^([A-Z]+) (\S+) (HTTP\/[\d.]+)$/;
const STATUS_LINE = /^HTTP\/[\d.]+ (\d{3})\b/i;
const FIELD = /^(:?[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*:|\t)[ \t]*([^]*)$/;
/** Headings of a panel, and what stands under one that is neither the request's nor the answer's. */
const REQUEST_PART = /^request headers\b/i;
const ANSWER_PART = /^response headers\b[^:]*$/i;
const OTHER_PART = /^(?:general|query string|messages|cookies)\b[^:]*$/i;

type Part = "request" | "answer" | "other";

function readLines(all: readonly string[], draft: Draft): void {
  const isCurl = all.some((line) => /^> /.test(line));
  const ofCurl = (mark: string) => all.filter((line) => line.startsWith(mark)).map((line) => line.slice(2));
  if (!isCurl) return readPart(all, "request", draft);
  readPart(ofCurl("> "), "request", draft);
  readPart(ofCurl("< "), "answer", draft);
}

function readPart(texts: readonly string[], first: Part, draft: Draft): void {
  // A name with its colon alone on a line, twice at least: that is how Chromium copies its table.
  const onTwoLines = texts.filter((line) => /^:?[A-Za-z][A-Za-z0-9-]*:\s*$/.test(line)).length > 1;
  let part = first;
  let status = 0;
  let answer: HeaderLine[] = [];
  for (let index = 0; index < texts.length; index++) {
    const line = texts[index]!.trim();
    const request = REQUEST_LINE.exec(line);
    if (request !== null) {
      part = "request";
      [, draft.method, draft.target, draft.version] = request as unknown as [string, string, string, string];
      continue;
    }
    const answered = STATUS_LINE.exec(line);
    if (answered !== null) {
      // The last counts: before it there may be a proxy's, or a redirect that was followed.
      [part, status, answer] = ["answer", Number(answered[1]), []];
      continue;
    }
    part = REQUEST_PART.test(line)
      ? "request"
      : ANSWER_PART.test(line)
      ? "answer"
      : OTHER_PART.test(line)
      ? "other"
      : part;
    const [, name, rest] = FIELD.exec(line.replace(/^(request|status) (url|method|code)\b/i, "$1-$2")) ?? [];
    if (name === undefined || rest === undefined) continue;
    const value = rest === "" && onTwoLines ? (texts[++index] ?? "").trim() : rest;
    if (/^request-url$/i.test(name)) draft.target = value;
    else if (/^request-method$/i.test(name)) draft.method = value;
    else if (/^status-code$/i.test(name)) status = Number(/^\d{3}/.exec(value)?.[0] ?? 0);
    else if (/^(?:https?|wss?)$/i.test(name)) continue;
    else if (part === "request") draft.lines.push([name, value]);
    else if (part === "answer") answer.push([name, value]);
  }
  if (status > 0) draft.answer = { status, lines: answer };
}

/** `curl 'wss://…' -H 'Origin: …'`, as both browsers copy it. */
function readCurlCommand(text: string, draft: Draft): void {
  const words = Array.from(
    // What is quoted and does not end goes on to the end: to look for it once more from each quote takes the square.
    text.matchAll(/\$?'((?:[^'\\]|\\.|'\\'')*)'?|"((?:[^"\\]|\\.)*)"?|([^\s\\]+)/g),
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
