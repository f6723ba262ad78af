/**
 * A server in a process of its own whose handshakes can be counted in CPU time, and the client that loads it.
 *
 * @module
 */

import { connect } from "node:net";
import process from "node:process";
import { type NativeHandler, serve } from "../tests/runtime.ts";

/** The members of the two runtimes used here. */
interface DenoLike {
  upgradeWebSocket(request: Request): { response: Response };
}
interface BunLike {
  upgrade(request: Request): boolean;
}

const { Deno: deno } = globalThis as unknown as { Deno?: DenoLike };

/** What an application does by itself, and nothing else. */
export const upgrade: NativeHandler = (request, context) => {
  if (deno !== undefined) return deno.upgradeWebSocket(request).response;
  return (context as BunLike).upgrade(request) ? undefined : new Response(null, { status: 400 });
};

/**
 * Serves for the process that started this one: handshakes go to `handlers` in turns that the client calls for,
 * `/control?NAME` switches to one of them and answers with what `control` says. Ends when the parent does.
 */
export function serveForParent(
  handlers: Readonly<Record<string, NativeHandler>>,
  control: (name: string) => unknown,
): void {
  let handler: NativeHandler | undefined;
  const { port } = serve((request, context) => {
    if (handler !== undefined && request.headers.get("upgrade") !== null) return handler(request, context);
    const name = decodeURIComponent(new URL(request.url).search.slice(1));
    if (name in handlers) handler = handlers[name];
    return Response.json(control(name));
  }, { message() {} });
  process.stdin.on("end", () => process.exit(0)).resume();
  console.log(JSON.stringify({ port }));
}

/** A number of microseconds of CPU time that this process has used so far. */
export function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** One handshake: opened, answered and closed by the book; resolves with the status when the connection is gone. */
export function handshake(port: number, origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = "";
    let status = 0;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () =>
      socket.write(
        `GET /chat HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
          `User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n` +
          `Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nCache-Control: no-cache\r\n` +
          `Cookie: session=0123456789abcdef0123456789abcdef\r\nOrigin: ${origin}\r\n\r\n`,
      ));
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 seconds")));
    socket.on("error", reject);
    socket.on("close", () => resolve(status));
    socket.on("data", (chunk) => {
      if (status !== 0) return;
      received += chunk.toString("latin1");
      if (!received.includes("\r\n\r\n")) return;
      status = Number(received.slice(9, 12));
      // A masked and empty close frame; the server answers it and hangs up.
      if (status === 101) socket.write(new Uint8Array([0x88, 0x80, 0, 0, 0, 0]));
      else socket.destroy();
    });
  });
}
