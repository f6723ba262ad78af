import { after, before, test } from "node:test";
import { assertEquals } from "@std/assert";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { eachRowInTurn } from "../rows.ts";
import { handshakeBytes, handshakeHeaders, sendRaw } from "../runtime.ts";

let server: ServedProgram;
before(async () => {
  server = await serveProgram(new URL("../../examples/echo.ts", import.meta.url));
});
after(() => server.stop());

test("the echo server sends back text and bytes to a page of its own", { timeout: 60_000 }, async () => {
  const host = `127.0.0.1:${server.port}`;
  // Both runtimes take headers here; the web's own type does not know them.
  const options = { headers: { origin: `http://${host}` } } as unknown as string[];
  const socket = new WebSocket(`ws://${host}/`, options);
  socket.binaryType = "arraybuffer";
  const next = (event: "open" | "message" | "close") =>
    new Promise<MessageEvent>((resolve, reject) => {
      socket.addEventListener(event, resolve as (event: Event) => void, { once: true });
      socket.onerror = reject;
    });
  await next("open");
  socket.send("hello");
  assertEquals((await next("message")).data, "hello");
  socket.send(Uint8Array.of(1, 2, 255));
  assertEquals(new Uint8Array((await next("message")).data), Uint8Array.of(1, 2, 255));
  socket.close();
  await next("close");
});

test("and to nobody else", { timeout: 60_000 }, async () => {
  const own = handshakeHeaders(`localhost:${server.port}`);
  const status = async (headers: [string, string][]) =>
    (await sendRaw(server.port, handshakeBytes("/", headers))).status;
  assertEquals(await status([...own, ["Origin", `http://localhost:${server.port}`]]), 101);
  const others = ["https://evil.example", `http://127.0.0.1:${server.port}`, "http://localhost:1", "null"];
  await eachRowInTurn(others, async (origin) => {
    assertEquals(await status([...own, ["Origin", origin]]), 403);
  });
  assertEquals(await status(own), 403);
  const rebound = handshakeHeaders(`evil.example:${server.port}`);
  assertEquals(await status([...rebound, ["Origin", `http://evil.example:${server.port}`]]), 403);
  // Whoever just looks learns what is spoken here.
  assertEquals((await sendRaw(server.port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).status, 426);
});
