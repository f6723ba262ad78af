/**
 * Clients that people use, against a real server: each goes through the same story, and each tells it the same way.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, fail } from "@std/assert";
import { type ChildServer, startChild } from "../child.ts";
import { inTime } from "../in_time.ts";
import { python, skipWithoutPython } from "../python.ts";
import { outputOf, run, serveProgram } from "../programs.ts";
import { runtime } from "../runtime.ts";
import { actOut, type Open, openOwn, type Story } from "./client.ts";

const slow = { timeout: 180_000 };

let server: ChildServer;
before(async () => {
  server = await startChild(new URL("talk.ts", import.meta.url), [], 60_000);
});
after(() => server.kill());

/** The story as every client tells it, but for what each shows of a refusal. */
const story: Omit<Story, "refused"> = {
  protocol: "v2",
  echoes: ["grüß dich 😀", "bytes 0,128,255", "", "bytes ", "60000"],
  closedHere: "4001 bye",
  closedThere: "4000 as you wish",
  unoffered: "",
};

/** Lets one client tell the story, and looks what the server's handlers were told meanwhile. */
async function check(refused: Story["refused"], tell: (port: number) => Promise<Story>): Promise<void> {
  const before = server.output().length;
  assertEquals(await tell(server.ports.port!), { ...story, refused });
  const told = () => server.output().slice(before).split("\n").slice(0, -1);
  // A client may know that it is over before the server does.
  const end = Date.now() + 30_000;
  while (told().length < 4 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(told().sort(), [
    "/guest closes 4000 as you wish",
    "/guest opens ",
    "/talker closes 4001 bye",
    "/talker opens v2",
  ]);
}

/** What each runtime's own client shows of a refusal: the standard's code for it is 1006. */
const refusedBy: Readonly<Record<typeof runtime, Story["refused"]>> = {
  deno: [403, "0 "],
  bun: [403, "1006 "],
};

describe("clients", () => {
  it(
    "the runtime's own WebSocket",
    slow,
    () => check(refusedBy[runtime], (port) => actOut(openOwn, port)),
  );

  const other = runtime === "deno" ? "bun" : "deno";
  it(`the other runtime's own WebSocket: ${other}`, slow, () => {
    return check(refusedBy[other], async (port) => {
      const child = await run(other, new URL("client.ts", import.meta.url), [String(port)]);
      return JSON.parse(await outputOf(child));
    });
  });

  // By path: Bun puts implementations of its own in place of both packages.
  const packages = new URL("../../node_modules/", import.meta.url);
  it("npm's ws", slow, async () => {
    const { WebSocket } = await import(new URL("ws/wrapper.mjs", packages).href);
    const open: Open = (url, protocols, origin) => new WebSocket(url, protocols, { origin });
    await check([403, "1006 "], (port) => actOut(open, port));
  });

  it("npm's undici", slow, async () => {
    const { WebSocket } = await import(new URL("undici/index.js", packages).href);
    const open: Open = (url, protocols, origin) => new WebSocket(url, { protocols, headers: { origin } });
    await check([0, "1006 "], (port) => actOut(open, port));
  });

  it("Python's websockets", { ...slow, skip: skipWithoutPython }, async () => {
    const script = fileURLToPath(new URL("python_client.py", import.meta.url));
    await check([403, "InvalidStatusCode"], async (port) => {
      return JSON.parse(await outputOf(spawn(python(), [script, String(port)])));
    });
  });
});

it("the chat carries messages between a client on Deno and one on Bun", slow, async () => {
  const chat = await serveProgram(new URL("../../examples/chat.ts", import.meta.url));
  try {
    const guests = await Promise.all([join("deno", chat.port, "ada"), join("bun", chat.port, "bob")]);
    const allHear = (message: unknown) => Promise.all(guests.map((guest) => guest.hears(message)));
    const [ada, bob] = guests;
    await allHear({ here: ["ada", "bob"] });
    ada.say("hello from Deno 🦕");
    await allHear({ from: "ada", text: "hello from Deno 🦕" });
    bob.say("hello from Bun 🥟");
    await allHear({ from: "bob", text: "hello from Bun 🥟" });
    await bob.leave();
    await ada.hears({ here: ["ada"] });
    await ada.leave();
  } finally {
    // A guest whose socket ends goes too.
    await chat.stop();
  }
});

/** Lets a guest in, in a process of its own. */
async function join(on: "deno" | "bun", port: number, name: string) {
  const script = new URL("guest.ts", import.meta.url);
  const child = await run(on, script, [`http://127.0.0.1:${port}`, name]);
  const exit = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk) => errors += chunk);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    say: (text: string) => void child.stdin!.write(`${text}\n`),
    /** Reads on until this message. */
    async hears(message: unknown): Promise<void> {
      const wanted = JSON.stringify(message);
      const heard: string[] = [];
      while (heard.at(-1) !== wanted) {
        const { value, done } = await inTime(`${name} hears ${wanted}`, lines.next(), () => heard);
        if (done) fail(`${name} is gone: ${heard} ${errors}`);
        heard.push(value);
      }
    },
    leave(): Promise<void> {
      child.stdin!.end();
      return inTime(`${name} leaves`, exit);
    },
  };
}
