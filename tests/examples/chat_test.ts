import { after, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { fetch as application } from "../../examples/chat.ts";
import { listen, type NativeHandler } from "../../examples/native.ts";
import { handshakeBytes, handshakeHeaders, sendRaw } from "../runtime.ts";

const server = listen(application as NativeHandler);
after(() => server.stop());
const origin = `http://127.0.0.1:${server.port}`;

/** Logs in as a browser's form does; resolves with the Cookie header that it sends from then on. */
async function logIn(name: string): Promise<string> {
  const body = new URLSearchParams({ name });
  const response = await fetch(`${origin}/login`, { method: "POST", body, redirect: "manual" });
  assertEquals(response.status, 303);
  return response.headers.get("set-cookie")!.split(";")[0]!;
}

/** A client that sends Origin and Cookie like a page of the site, and remembers what it was told. */
async function join(room: string, cookie?: string) {
  // Both runtimes take headers here; the web's own type does not know them.
  const options = { headers: { origin, ...(cookie === undefined ? {} : { cookie }) } } as unknown as string[];
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat/${room}`, options);
  const heard: string[] = [];
  let wake = () => {};
  socket.onmessage = (event) => {
    heard.push(String(event.data));
    wake();
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    say: (text: string) => socket.send(text),
    async hears(count: number): Promise<string[]> {
      while (heard.length < count) await new Promise<void>((resolve) => wake = resolve);
      return heard;
    },
    leave: () => socket.close(),
  };
}

test("two people who are logged in talk in a room, one without a login listens in", async () => {
  const ada = await join("lobby", await logIn("ada"));
  await ada.hears(1);
  const bob = await join("lobby", await logIn("bob"));
  await bob.hears(1);
  const elsewhere = await join("other");
  ada.say("how are you?");
  assertEquals(await ada.hears(3), ["ada: hello", "bob: hello", "ada: how are you?"]);
  assertEquals(await bob.hears(2), ["bob: hello", "ada: how are you?"]);
  assertEquals(await elsewhere.hears(1), ["someone: hello"]);
  for (const person of [ada, bob, elsewhere]) person.leave();
});

test("a page of another origin, a foreign host and an unknown path are refused", async () => {
  const own = handshakeHeaders(`127.0.0.1:${server.port}`);
  const status = async (path: string, headers: [string, string][]) =>
    (await sendRaw(server.port, handshakeBytes(path, headers))).status;
  assertEquals(await status("/chat/lobby", [...own, ["Origin", origin]]), 101);
  assertEquals(await status("/chat/lobby", [...own, ["Origin", "http://127.0.0.1:1"]]), 403);
  assertEquals(await status("/chat/lobby", own), 403);
  assertEquals(await status("/chat/", [...own, ["Origin", origin]]), 404);
  const rebound = handshakeHeaders(`evil.test:${server.port}`);
  assertEquals(await status("/chat/lobby", [...rebound, ["Origin", `http://evil.test:${server.port}`]]), 403);
  assertEquals((await sendRaw(server.port, "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n")).status, 403);
});

test("the page is served, and logging out ends the session", async () => {
  const page = await (await fetch(origin)).text();
  assert(page.startsWith("<!doctype html>"));
  const cookie = await logIn("eve");
  const headers = { cookie };
  const response = await fetch(`${origin}/logout`, { method: "POST", headers, redirect: "manual" });
  assertEquals(response.status, 303);
  const eve = await join("gone", cookie);
  assertEquals(await eve.hears(1), ["someone: hello"]);
  eve.leave();
});
