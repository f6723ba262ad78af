// The server that the suites of this folder talk to, in a process of its own: what a runtime does with a socket is seen
// best from outside, and whether a process survives and ends can be seen from nowhere else. It also keeps the limits that
// Bun is told once for each process apart from those of other tests.
//
// Two listeners: `main` is under test; `control` says what happened there, and obeys.

import { readdirSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers";
import {
  authMiddlewareStack,
  getCookies,
  type Handler,
  originValidator,
  protocolTypeRouter,
  refuseVisibly,
  routeParams,
  type Socket,
  type SocketHandlers,
  type SocketOptions,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { nativeUpgrade, serve } from "../runtime.ts";
import { closeLine, line } from "./frames.ts";
import { openToAll } from "./serving.ts";

// Nobody waits for this: should the parent die, the child does not outlive it for long.
setTimeout(() => process.exit(3), 300_000).unref();
process.on("exit", (code) => console.log(`exit ${code}`));

/** What the handlers were called with, by the id in a socket's path. */
const logs = new Map<string, string[]>();
const counts = { opened: 0, closed: 0, waiting: 0 };

function note(socket: Socket, entry: string): void {
  const { id = "" } = routeParams(socket.request);
  if (id === "mute") return;
  const log = logs.get(id);
  if (log === undefined) logs.set(id, [entry]);
  else log.push(entry);
}

/** The handler is on the stack. What runs meanwhile runs inside of it. */
let isHandling = false;
function watched(handler: Handler): Handler {
  return (request, context) => {
    isHandling = true;
    try {
      return handler(request, context);
    } finally {
      isHandling = false;
    }
  };
}

/** `send`, with a line in the log where it says no. */
function send(socket: Socket, data: string | Uint8Array): boolean {
  const isQueued = socket.send(data);
  if (!isQueued) note(socket, "send false");
  return isQueued;
}

/** Notes whatever happens, echoes whatever comes, and does what a message that starts with "!" says. */
const puppet: Required<SocketHandlers> = {
  open(socket) {
    counts.opened++;
    const where = isHandling ? " before the handler has returned" : "";
    note(socket, (socket.protocol === "" ? "open" : `open ${socket.protocol}`) + where);
  },
  message(socket, data) {
    const isBytes = data instanceof Uint8Array && Object.getPrototypeOf(data) === Uint8Array.prototype;
    note(socket, line(typeof data === "string" ? "text" : isBytes ? "binary" : "another class", data));
    if (typeof data === "string" && data.startsWith("!")) return obey(socket, data.slice(1));
    send(socket, data);
  },
  drain(socket) {
    note(socket, "drain");
  },
  close(socket, code, reason) {
    counts.closed++;
    note(socket, closeLine(code, reason));
  },
  error(socket, error) {
    note(socket, `error ${error}`);
  },
};

function obey(socket: Socket, order: string): void | Promise<void> {
  const [verb, ...words] = order.split(" ");
  switch (verb) {
    case "close":
      if (words.length === 0) return socket.close();
      return socket.close(Number(words[0]), words.slice(1).join(" "));
    case "say":
      // Several messages, then the close frame: nothing that was queued may be lost.
      for (const word of words) send(socket, word);
      return socket.close(4000, "said");
    case "twice":
      socket.close(4000, "first");
      socket.close(4001, "second");
      send(socket, "too late");
      return;
    case "flood":
      return flood(socket);
    case "throw":
      throw new Error("thrown");
    case "reject":
      // Later: when the connection is gone.
      return new Promise((_, reject) => {
        setTimeout(() => reject(new Error("rejected")), words[0] === "later" ? 2000 : 0);
      });
    default:
      throw new Error(`no such order: ${order}`);
  }
}

/** Sends until it is told to stop, and says how much that was. */
function flood(socket: Socket): void {
  const chunk = new Uint8Array(16 * 1024);
  let sent = 0;
  // Bounded, should nobody ever say stop.
  while (sent < 1024 && socket.send(chunk)) sent++;
  note(socket, `queued ${sent}`);
}

/** Fails wherever its path says so. */
const throwing: SocketHandlers = {
  ...puppet,
  open(socket) {
    puppet.open(socket);
    return fail(socket, "open");
  },
  message(socket) {
    return fail(socket, "message", "error");
  },
  close(socket, code, reason) {
    puppet.close(socket, code, reason);
    return fail(socket, "close");
  },
  error(socket, error) {
    puppet.error(socket, error);
    return fail(socket, "error");
  },
};

function fail(socket: Socket, ...places: readonly string[]): void | Promise<void> {
  const { where = "", how } = routeParams(socket.request);
  if (!places.includes(where)) return;
  const error = new Error(`${where} ${how}`);
  if (how === "rejects") return Promise.reject(error);
  throw error;
}

const say = (order: string): SocketHandlers => ({
  ...puppet,
  open(socket) {
    puppet.open(socket);
    return obey(socket, order);
  },
});

/** No denial is printed: what is printed has to be what a handler did wrong. */
const quiet = { onDecision() {} };
const socketOptions = (options: SocketOptions, handlers: SocketHandlers = puppet) =>
  openToAll(handlers, { ...quiet, ...options });

/** Opens when `control` says so: users whose cookie says "slow" are found only then. */
let openGate = () => {};
let gate = closedGate();
function closedGate(): Promise<void> {
  return new Promise((resolve) => openGate = resolve);
}

const auth = authMiddlewareStack({
  required: true,
  user: (request) => {
    const name = getCookies(request).get("user") ?? "";
    if (name === "") return null;
    if (name === "slow") {
      counts.waiting++;
      return gate.then(() => {
        counts.waiting--;
        return { name };
      });
    }
    // Somebody's database: a few milliseconds, never the same.
    return new Promise<{ name: string }>((resolve) => {
      setTimeout(() => resolve({ name }), Math.random() * 4);
    });
  },
});

const allowed = ["https://good.example"];
const echo = socketOptions({});
const main = serve(
  protocolTypeRouter({
    http: () => new Response("served"),
    websocket: watched(urlRouter([
      ["/echo/:id", echo],
      // Beyond every other limit, so it is Bun's own for the server; the default is one that only the session holds.
      ["/large/:id", socketOptions({ maxMessageBytes: 1024 * 1024 })],
      ["/limit/:id", socketOptions({ maxMessageBytes: 1000 })],
      ["/impatient/:id", socketOptions({ idleTimeoutSeconds: 3 })],
      ["/patient/:id", socketOptions({ idleTimeoutSeconds: 0 })],
      ["/chat/:id", socketOptions({ protocols: ["chat.v2", "chat.v1"] })],
      ["/farewell/:id", socketOptions({}, say("say one two three"))],
      ["/goodbye/:id", socketOptions({}, say("close 4000 bye"))],
      ["/throws/:where/:how/:id", socketOptions({}, throwing)],
      ["/unhandled/:id", openToAll({ message: (socket) => obey(socket, "reject") }, quiet)],
      ["/guarded/:id", originValidator(auth(echo), allowed, quiet)],
      ["/refusing/:id", originValidator(echo, allowed, { ...quiet, refuse: refuseVisibly })],
      // What a runtime does by itself, for comparison.
      ["/native/:id", nativeUpgrade() as Handler],
    ])),
  }, quiet),
  websocket,
);

let stopped: number | null = null;

const control = serve(async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case "/log": {
      const log = logs.get(searchParams.get("id")!) ?? [];
      return Response.json(log);
    }
    case "/stats": {
      const fds = readdirSync("/proc/self/fd").length;
      return Response.json({ ...counts, stopped, fds, rss: process.memoryUsage().rss });
    }
    case "/open-gate":
      openGate();
      gate = closedGate();
      return new Response();
    case "/stop": {
      const started = performance.now();
      main.stop(searchParams.get("force") !== "false").then(() => stopped = performance.now() - started);
      return new Response();
    }
    case "/exit":
      // Not process.exit(): that nothing keeps the process alive is what is to be seen. After the answer is out.
      await new Promise((resolve) => setTimeout(resolve, 10));
      setTimeout(() => control.stop(), 50);
      return new Response();
    default:
      return new Response("no such order", { status: 404 });
  }
});

console.log(JSON.stringify({ main: main.port, control: control.port }));
