// npm's ws on Node: `bare`, or `guarded` by a comparison written by hand. It says its port, and ends when its stdin does.

import process from "node:process";
import { WebSocketServer } from "ws";

const isBare = process.argv.at(-1) === "bare";
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  verifyClient: ({ origin }) => isBare || origin === "https://app.example.com",
});
server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
server.on("listening", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on("end", () => process.exit()).resume();
