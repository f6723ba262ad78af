/**
 * What the tests know of the two runtimes, in one place: start a real server, upgrade natively, speak raw
 * bytes to it. Everything else in the suite is one source for both.
 *
 * @module
 */

import { connect } from "node:net";

/** The members of the Deno namespace used here, declared structurally so that both runtimes load this file. */
interface DenoLike {
  serve(
    options: { onListen(): void; [part: string]: unknown },
    handler: (request: Request, info: unknown) => Response | Promise<Response>,
  ): { addr: { port: number }; finished: Promise<void>; shutdown(): Promise<void> };
  upgradeWebSocket(request: Request): { socket: WebSocket; response: Response };
}

/** The same for Bun. */
interface BunLike {
  serve(options: {
    fetch?: NativeHandler;
    development: boolean;
    [part: string]: unknown;
  }): BunServer & { port: number; stop(force?: boolean): Promise<void> };
}
interface BunServer {
  upgrade(request: Request, options?: { data?: unknown }): boolean;
}

const { Deno: deno, Bun: bun } = globalThis as unknown as { Deno?: DenoLike; Bun?: BunLike };

/** Which runtime runs this suite. */
export const runtime: "deno" | "bun" = deno === undefined ? "bun" : "deno";

/** A handler as a native server takes it: `context` is Deno's info or Bun's server. */
export type NativeHandler = (
  request: Request,
  context: unknown,
) => Response | undefined | Promise<Response | undefined>;

/** A running server on a loopback port of its own. */
export interface TestServer {
  readonly port: number;
  /** Ends it and its sockets. On Bun `stop(false)` is its `stop()`, which leaves them alone; Deno knows one way only. */
  stop(force?: boolean): Promise<void>;
}

/**
 * Serves `handler` on loopback with `Deno.serve` or `Bun.serve`, whichever is there. Bun's sockets go to `websocket`,
 * without one to what belongs to `nativeUpgrade`.
 */
export function serve(handler: NativeHandler, websocket: unknown = nativeWebsocket): TestServer {
  if (deno !== undefined) {
    const server = deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      handler as (request: Request, info: unknown) => Response | Promise<Response>,
    );
    return { port: server.addr.port, stop: () => server.shutdown() };
  }
  const server = bun!.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: handler,
    websocket,
    development: false,
  });
  return { port: server.port, stop: (force = true) => server.stop(force) };
}

/** Where and how to serve, when it is not plain HTTP on a free port of 127.0.0.1. */
export interface Listener {
  readonly hostname?: string;
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Instead of an address and a port. */
  readonly unix?: string;
}

/** Serves `handler` there. The port of a unix socket is 0. */
export function serveOn(listener: Listener, handler: NativeHandler, websocket: unknown): TestServer {
  const { hostname = "127.0.0.1", port = 0, tls, unix } = listener;
  if (deno !== undefined) {
    const where = unix === undefined ? { hostname, port, ...tls } : { path: unix };
    const server = deno.serve(
      { ...where, onListen() {} },
      handler as (request: Request, info: unknown) => Response | Promise<Response>,
    );
    return { port: server.addr.port ?? 0, stop: () => server.shutdown() };
  }
  const where = unix === undefined ? { hostname, port, ...(tls && { tls }) } : { unix };
  const server = bun!.serve({ ...where, fetch: handler, websocket, development: false });
  return { port: server.port ?? 0, stop: (force = true) => server.stop(force) };
}

/** Serves Bun's `routes`, which Deno has no counterpart to. */
export function serveRoutes(routes: Readonly<Record<string, NativeHandler>>, websocket: unknown): TestServer {
  const server = bun!.serve({ port: 0, hostname: "127.0.0.1", routes, websocket, development: false });
  return { port: server.port, stop: (force = true) => server.stop(force) };
}

/** What an application writes by itself: upgrade natively, greet, echo. */
export function nativeUpgrade(greeting = "hello"): NativeHandler {
  return (request, context) => {
    if (deno !== undefined) {
      // Like most applications, this one lets what the runtime refuses become an answer.
      let upgrade;
      try {
        upgrade = deno.upgradeWebSocket(request);
      } catch {
        return new Response("not an upgrade", { status: 400 });
      }
      const { socket, response } = upgrade;
      socket.onopen = () => socket.send(greeting);
      socket.onmessage = (event) => socket.send(event.data);
      return response;
    }
    const upgraded = (context as BunServer).upgrade(request, { data: greeting });
    return upgraded ? undefined : new Response("not an upgrade", { status: 400 });
  };
}

const nativeWebsocket = {
  open(ws: { data: string; send(text: string): void }) {
    ws.send(ws.data);
  },
  message(ws: { send(data: unknown): void }, data: unknown) {
    ws.send(data);
  },
};

/** One answer to raw bytes. */
export interface RawAnswer {
  /** 0: the connection ended, or the time ran out, without a status line. */
  readonly status: number;
  /** Header lines and whatever followed in the same packets, as Latin-1. */
  readonly text: string;
  /** How it ended, when there was no answer. */
  readonly end: "answered" | "closed" | "reset" | "timeout";
}

/** Writes `bytes` (Latin-1) to a loopback port, reads one response head, hangs up. */
export function sendRaw(port: number, bytes: string, timeoutMs = 3000): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, "127.0.0.1");
    const finish = (end: RawAnswer["end"]) => {
      clearTimeout(timer);
      socket.destroy();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
      resolve({ status: Number(status ?? 0), text, end: status === undefined ? end : "answered" });
    };
    const timer = setTimeout(() => finish("timeout"), timeoutMs);
    socket.on("connect", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk) => {
      // "100 Continue" is no answer yet.
      text = (text + chunk.toString("latin1")).replace(/^(?:HTTP\/1\.1 100 [^\r]*\r\n\r\n)+/, "");
      if (text.includes("\r\n\r\n")) finish("answered");
    });
    socket.on("error", () => finish("reset"));
    socket.on("close", () => finish("closed"));
  });
}

/** A connection that stays open, for what comes after the first answer. */
export interface RawConnection {
  /** Writes Latin-1. */
  write(bytes: string): void;
  /** Everything received, once it holds `wanted`; rejects when the connection ends or the time runs out before. */
  until(wanted: RegExp | string, timeoutMs?: number): Promise<string>;
  /** Drops the connection without a word. */
  destroy(): void;
}

/** Opens a connection to a loopback port. */
export function connectRaw(port: number): RawConnection {
  let text = "";
  let ended = false;
  let look = () => {};
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    look();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    look();
  });
  return {
    write: (bytes) => void socket.write(bytes, "latin1"),
    destroy: () => void socket.destroy(),
    until: (wanted, timeoutMs = 5000) =>
      new Promise((resolve, reject) => {
        const found = () => typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
        const give = (why: string) =>
          reject(new Error(`${why} before ${JSON.stringify(String(wanted))}: ${JSON.stringify(text)}`));
        const timer = setTimeout(() => give("The time ran out"), timeoutMs);
        look = () => {
          if (!found() && !ended) return;
          clearTimeout(timer);
          if (found()) resolve(text);
          else give("The connection ended");
        };
        look();
      }),
  };
}

/** A short text frame as a client sends it: masked, with a mask of zeros. */
export function clientFrame(text: string): string {
  return "\x81" + String.fromCharCode(0x80 | text.length) + "\0\0\0\0" + text;
}

/** A short text frame as a server sends it. */
export function serverFrame(text: string): string {
  return "\x81" + String.fromCharCode(text.length) + text;
}

/** The bytes of a handshake with these header lines, the request line first. */
export function handshakeBytes(
  path: string,
  headers: readonly (readonly [name: string, value: string])[],
  method = "GET",
): string {
  return `${method} ${path} HTTP/1.1\r\n` + headers.map(([n, v]) => `${n}: ${v}\r\n`).join("") + "\r\n";
}

/** The five header lines every handshake needs, Origin left out. */
export function handshakeHeaders(host: string): [name: string, value: string][] {
  return [
    ["Host", host],
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ];
}
