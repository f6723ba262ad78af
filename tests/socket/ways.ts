/**
 * Serves the program of the documentation, or the echo example, in one of the ways that a runtime has, in a process of
 * its own: Bun's limits belong to a whole process, and other tests have theirs.
 *
 *     deno run -A tests/socket/ways.ts WAY …          bun run tests/socket/ways.ts WAY …
 *
 * @module
 */

import process from "node:process";
import { Hono } from "hono";
import echo from "../../examples/echo.ts";
import { serve, serveOn, serveRoutes, type TestServer } from "../runtime.ts";
import program from "./program.ts";

const ways: Readonly<Record<string, (...parts: string[]) => TestServer>> = {
  plain: () => serve(program.fetch, program.websocket),
  tls: (cert, key) => serveOn({ tls: { cert: cert!, key: key! } }, program.fetch, program.websocket),
  unix: (path) => serveOn({ unix: path! }, program.fetch, program.websocket),
  routes: () => serveRoutes({ "/chat/:room": program.fetch }, program.websocket),
  hono() {
    const app = new Hono().get("/chat/*", (c) => program.fetch(c.req.raw, c.env));
    return serve(app.fetch, program.websocket);
  },
  honoWithHeaders() {
    const app = new Hono()
      .use(async (c, next) => {
        c.res.headers.set("x-before", "1");
        await next();
        c.res.headers.set("x-after", "1");
      })
      .get("/chat/*", (c) => program.fetch(c.req.raw, c.env));
    return serve(app.fetch, program.websocket);
  },
  echoOverTls: (cert, key) => serveOn({ tls: { cert: cert!, key: key! } }, echo.fetch, echo.websocket),
  echoOnUnix: (path) => serveOn({ unix: path! }, echo.fetch, echo.websocket),
};

const [way, ...parts] = process.argv.slice(2);
console.log(JSON.stringify({ port: ways[way!]!(...parts).port }));
process.stdin.resume().on("end", () => process.exit());
