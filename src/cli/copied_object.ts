/**
 * A handshake out of what programs print of one: JSON, a HAR file, `console.log` of a Request or of headers, and the console
 * line of a guard.
 */

/** What has been read of a text. */
export interface Draft {
  method: string;
  target: string;
  /** As the request line has it, such as `HTTP/1.1`; "": none was there. */
  version: string;
  /** The target is what the server saw, not what the client asked for. */
  isServers: boolean;
  readonly lines: HeaderLine[];
  /** The answer to it; null: none was there. */
  answer: { readonly status: number; readonly lines: HeaderLine[] } | null;
}

/** The name and the value of a header. */
export type HeaderLine = [name: string, value: string];

/** Reads a text that is JSON, printed by `console.log`, or a guard's console line. False: it is none of them. */
export function readObject(text: string, draft: Draft): boolean {
  if (HEADER_LINE.test(text)) return false;
  const start = text.trimStart();
  if (!PRINTED.test(start)) return readOwnLine(text, draft);
  try {
    readJson(JSON.parse(start), draft);
  } catch {
    readPrinted(start, draft);
  }
  return true;
}

/** What stands at the start of a line of a handshake, and of no line below. A header's value may be made to look like one. */
const HEADER_LINE = /^(?:> )?(?:host|origin|:authority|sec-websocket-[a-z]+)[ \t]*:/im;

/** An object, an array, or one of a class: `Headers {`, `Request (0 KB) {`, `headers: Headers {`, `Map(6) {`. */
const PRINTED =
  /^(?:(?:\w+: )?(?:Map\(\d+\) )?[[{]|[^\n]{0,200}\b(?:[A-Z]\w*)?(?:Headers|HeadersList|Request)(?: \([^()\n]{0,20}\))? \{)/;

// ---- the console line of a guard ------------------------------------------------------------------------------------

/** At most 100 characters between: what is refused and why. A longer gap is not the line's. */
const OWN_LINE =
  /\b(?:refused?|allowed)\b[^:\n]{0,100}: Origin ("(?:[^"\\\n]|\\.)*"|[^\s"]+), Host ("(?:[^"\\\n]|\\.)*"|absent)/;

function readOwnLine(text: string, draft: Draft): boolean {
  const [, origin, host] = OWN_LINE.exec(text) ?? [];
  if (origin === undefined || host === undefined) return false;
  for (const [name, shown] of [["origin", origin], ["host", host]] as const) {
    if (shown !== "absent") draft.lines.push([name, shown.startsWith('"') ? unescaped(shown) : shown]);
  }
  return true;
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

type Fields = Readonly<Record<string, unknown>>;

function readJson(value: unknown, draft: Draft): void {
  if (!isFields(value)) {
    draft.lines.push(...linesOf(value));
    return;
  }
  const { log } = value;
  if (isFields(log) && Array.isArray(log.entries)) return readJson(log.entries.find(asksForSocket), draft);
  if (isFields(value.request)) {
    readRequest(value.request, draft);
    if (isFields(value.response)) readAnswer(value.response, draft);
    return;
  }
  // Firefox, "Copy All" of a panel: "Request Headers (533 B)".
  const part = (name: RegExp) => Object.entries(value).find(([key]) => name.test(key))?.[1];
  const request = part(/^request headers/i);
  if (isFields(request)) draft.lines.push(...linesOf(request.headers));
  else readRequest(value, draft);
}

function readRequest(request: Fields, draft: Draft): void {
  const { method, url, httpVersion, headers } = request;
  const isRequest = typeof headers === "object" && headers !== null;
  draft.lines.push(...linesOf(isRequest ? headers : request));
  if (!isRequest) return;
  if (typeof method === "string") draft.method = method;
  if (typeof url === "string") draft.target = url;
  if (typeof httpVersion === "string") draft.version = httpVersion;
}

function readAnswer({ status, headers }: Fields, draft: Draft): void {
  // 0: the browser got none.
  if (typeof status === "number" && status > 0) draft.answer = { status, lines: linesOf(headers) };
}

function asksForSocket(entry: unknown): boolean {
  if (!isFields(entry) || !isFields(entry.request)) return false;
  const { url, headers } = entry.request;
  return /^wss?:/i.test(String(url)) || linesOf(headers).some(([name]) => /^sec-websocket-key$/i.test(name));
}

/** Header lines out of an object, a list of pairs or of `{ name, value }`, or a list of names and values in turn. */
function linesOf(value: unknown): HeaderLine[] {
  if (isFields(value)) return Object.entries(value).flatMap(([name, it]) => lineOf(name, it));
  if (!Array.isArray(value)) return [];
  if (value.every((it) => typeof it === "string")) {
    return value.flatMap((name, index) => index % 2 === 0 ? lineOf(name, value[index + 1]) : []);
  }
  return value.flatMap((it) =>
    Array.isArray(it) ? lineOf(it[0], it[1]) : isFields(it) ? lineOf(it.name, it.value) : []
  );
}

function lineOf(name: unknown, value: unknown): HeaderLine[] {
  if (typeof name !== "string") return [];
  // Node has a list where a field may be repeated.
  return [value].flat().flatMap((it): HeaderLine[] => typeof it === "string" ? [[name, it]] : []);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// ---- console.log ----------------------------------------------------------------------------------------------------

/*
 * A name and a text of an object as the runtimes print one. What is quoted and does not end goes on to the end: to look for
 * it once more from each quote takes the square.
 */
const PRINTED_PAIR =
  /(?:"([^"\\\n]*)"|'([^'\\\n]*)'|(?<![\w-])([A-Za-z][\w-]*))\s*(?::|=>|,)\s*("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)/g;

function readPrinted(text: string, draft: Draft): void {
  const isRequest = /^[^\n]{0,200}Request(?: \([^()\n]{0,20}\))? \{/.test(text);
  for (const [, double, single, bare, shown] of text.matchAll(PRINTED_PAIR)) {
    const name = (double ?? single ?? bare)!;
    const value = unescaped(shown!);
    if (isRequest && name === "method") draft.method = value;
    else if (isRequest && name === "url") [draft.target, draft.isServers] = [value, true];
    else draft.lines.push([name, value]);
  }
}

/** A text without its quotes and backslashes. */
function unescaped(shown: string): string {
  try {
    return JSON.parse(shown);
  } catch {
    const end = shown.length > 1 && shown.endsWith(shown[0]!) ? -1 : undefined;
    return shown.slice(1, end).replace(/\\(.)/g, "$1");
  }
}
