/**
 * Somebody in the chat of the examples: logs in, says each line of its stdin, prints each message that comes in. Ends
 * with its stdin.
 *
 *     deno run -A tests/socket/guest.ts ORIGIN NAME          bun run tests/socket/guest.ts ORIGIN NAME
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";

const [origin, name] = process.argv.slice(2) as [string, string];
const { headers } = await fetch(`${origin}/login`, {
  method: "POST",
  body: new URLSearchParams({ name }),
  headers: { origin },
  redirect: "manual",
});
const cookie = headers.getSetCookie()[0]!.split(";")[0]!;

// Both runtimes take headers here; the web's own type does not know them.
const options = { headers: { origin, cookie } } as unknown as string[];
const socket = new WebSocket(`${origin.replace("http", "ws")}/chat/lobby`, options);
socket.onmessage = ({ data }) => console.log(data);
socket.onclose = () => process.exit();
socket.onopen = () => {
  createInterface({ input: process.stdin })
    .on("line", (line) => socket.send(line))
    .on("close", () => socket.close());
};
