// A native client of Python, which sends no Origin unless it is told to, and what the console says of it.

import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { originValidator, upgradeHandler, websocket } from "@wsgate/wsgate";
import { printed } from "../doubles.ts";
import { inTime } from "../in_time.ts";
import { python, skipWithoutPython } from "../python.ts";
import { serve } from "../runtime.ts";

const PROGRAM = `
import asyncio, sys, websockets
async def main():
    origin = sys.argv[2] if len(sys.argv) > 2 else None
    try:
        async with websockets.connect(sys.argv[1], origin=origin) as socket:
            await socket.send("hello")
            print(await socket.recv())
    except Exception as error:
        print(getattr(error, "status_code", None) or error.response.status_code)
asyncio.run(main())
`;

/** What the client prints: the echo, or the status of the refusal. */
function connect(url: string, ...origin: string[]): Promise<string> {
  const client = spawn(python(), ["-c", PROGRAM, url, ...origin]);
  let output = "";
  client.stdout.on("data", (chunk) => output += chunk);
  client.stderr.on("data", (chunk) => output += chunk);
  return inTime(
    "the client's end",
    new Promise((resolve) => client.on("close", () => resolve(output.trim()))),
  );
}

describe("a client of Python's websockets", { skip: skipWithoutPython }, () => {
  const rows: readonly (readonly [name: string, origin: string[], answer: string, says: string])[] = [
    ["without Origin", [], "403", "it is probably a program"],
    ["with the address of the socket", ["ws://localhost"], "403", "A program sent ws://localhost as Origin"],
    ["with the origin of a listed page", ["https://good.test"], "hello", ""],
  ];
  for (const [name, origin, answer, says] of rows) {
    it(`${name}: ${answer}`, async () => {
      const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
      const server = serve(originValidator(echo, ["https://good.test"]), websocket);
      try {
        let answered = "";
        const lines = await printed(async () => {
          answered = await connect(`ws://127.0.0.1:${server.port}/`, ...origin);
        });
        assertEquals(answered, answer);
        const told = lines.map(({ text }) => text).filter((text) => text.startsWith("wsgate"));
        assertEquals(told.length, says === "" ? 0 : 1);
        for (const line of told) {
          assertStringIncludes(line, says);
          assert(!/\bdebug\b|set absent|dangerouslyAllow|to allow it/.test(line), line);
        }
      } finally {
        await server.stop();
      }
    });
  }
});
