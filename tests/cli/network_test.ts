// Connections of this runtime, with TLS and without: what is told of them, and that none of them keeps the process.

import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { connectBy, type NodeModules } from "../../src/cli/network.ts";
import type { Destination } from "../../src/cli/probe_connection.ts";
import { makeCertificate } from "../certificate.ts";
import { inTime } from "../in_time.ts";
import { eachRow } from "../rows.ts";
import { wordsOf } from "../words.ts";
import { connect, listen } from "./probing.ts";

const words = wordsOf(import.meta.url);

/** What is told of a connection, until it ends or fails; what comes is answered with `reply`. */
function heard(to: Destination, reply = ""): Promise<string[]> {
  return inTime(
    "the end of a connection",
    new Promise((resolve) => {
      const told: string[] = [];
      const connection = connect(to, {
        connected: () => {
          told.push("connected");
          connection.write("hello\xff");
        },
        received: (bytes) => {
          told.push(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
          if (reply !== "") connection.leave(reply);
        },
        ended: () => {
          told.push("ended");
          resolve(told);
        },
        failed: (why) => {
          told.push("failed", why);
          resolve(told);
        },
      });
    }),
  );
}

describe("connectBy()", () => {
  test("connected, received, ended", async () => {
    const server = await listen((socket) => void socket.on("data", (bytes) => socket.end(bytes)));
    assertEquals(await heard({ host: "127.0.0.1", port: server.port, tls: null }), [
      "connected",
      "hello\xff",
      "ended",
    ]);
    await server.stop();
  });

  test("a last word, and the end", async () => {
    let got = "";
    const server = await listen((socket) => {
      socket.write("hi");
      socket.on("data", (bytes) => got += bytes.toString("latin1"));
    });
    assertEquals((await heard({ host: "127.0.0.1", port: server.port, tls: null }, "bye\xfe")).slice(0, 2), [
      "connected",
      "hi",
    ]);
    for (let tries = 0; got !== "hello\xffbye\xfe" && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(got, "hello\xffbye\xfe");
    await server.stop();
  });

  test("a last word, and the end, whether the other side hangs up or not", async () => {
    const server = createServer({ allowHalfOpen: true });
    const isGone = new Promise<void>((resolve) => {
      server.on("connection", (socket) => {
        socket.on("data", () => {});
        const timer = setInterval(() => socket.write("hi"), 10);
        socket.on("error", () => {});
        socket.on("close", () => {
          clearInterval(timer);
          resolve();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const none = { received: () => {}, ended: () => {}, failed: () => {} };
    const { leave } = connect({ host: "127.0.0.1", port, tls: null }, {
      ...none,
      connected: () => leave("bye"),
    });
    await inTime("the end of a socket that is written to for ever", isGone);
    await new Promise((resolve) => server.close(resolve));
  });

  test("one that was left does not keep the process", () => {
    const calls: string[] = [];
    const call = (name: string) => (text?: unknown) =>
      void calls.push(typeof text === "string" ? name + text : name);
    const socket = { on: () => {}, unref: call("unref"), destroy: call("destroy"), end: call("end ") };
    const by = connectBy((() => ({ connect: () => socket })) as unknown as NodeModules);
    const none = { connected: () => {}, received: () => {}, ended: () => {}, failed: () => {} };
    const { leave } = by({ host: "127.0.0.1", port: 1, tls: null }, none);
    leave("bye");
    leave("");
    assertEquals(calls, ["unref", "end bye", "unref", "destroy"]);
  });

  test("IPv6", async () => {
    const server = await listen((socket) => void socket.end("hi"), "::1");
    assertEquals(await heard({ host: "::1", port: server.port, tls: null }), ["connected", "hi", "ended"]);
    await server.stop();
  });

  test("a reset after it was connected is an end", async () => {
    const server = await listen((socket) => void socket.on("data", () => socket.resetAndDestroy()));
    assertEquals(await heard({ host: "127.0.0.1", port: server.port, tls: null }), ["connected", "ended"]);
    await server.stop();
  });

  describe("TLS", () => {
    const { cert, key } = makeCertificate();
    async function serving(act: (port: number, names: unknown[]) => Promise<void>): Promise<void> {
      const names: unknown[] = [];
      const server = createTlsServer({ cert, key, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
        names.push((socket as { servername?: unknown }).servername, socket.alpnProtocol);
        socket.on("error", () => {});
        socket.on("data", (bytes) => socket.end(bytes));
      });
      server.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        await act((server.address() as { port: number }).port, names);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    }

    test("a certificate that nobody signed, where it is not checked", async () => {
      await serving(async (port, names) => {
        const tls = { serverName: "ws.example.com", isChecked: false };
        assertEquals(await heard({ host: "127.0.0.1", port, tls }), ["connected", "hello\xff", "ended"]);
        assertEquals(names.at(-1), "http/1.1");
      });
    });
    test("no name, for an address", async () => {
      await serving(async (port) => {
        const tls = { serverName: "", isChecked: false };
        assertEquals(await heard({ host: "127.0.0.1", port, tls }), ["connected", "hello\xff", "ended"]);
      });
    });
    test("a certificate that nobody signed, where it is checked", async () => {
      await serving(async (port) => {
        const tls = { serverName: "localhost", isChecked: true };
        const [told, why] = await heard({ host: "127.0.0.1", port, tls });
        assertEquals(told, "failed");
        assert(/cert/i.test(why!), why);
      });
    });
    test("a server that speaks none", async () => {
      const server = await listen((socket) =>
        void socket.on("data", () => socket.end("HTTP/1.1 400 Bad\r\n\r\n"))
      );
      const tls = { serverName: "", isChecked: false };
      const [told] = await heard({ host: "127.0.0.1", port: server.port, tls });
      assertEquals(told, "failed");
      await server.stop();
    });
    test("a server that hangs up before", async () => {
      const server = await listen((socket) => void socket.end());
      const tls = { serverName: "", isChecked: false };
      const [told, why] = await heard({ host: "127.0.0.1", port: server.port, tls });
      assertEquals(told, "failed");
      assert(why);
      await server.stop();
    });
  });

  test("what comes of the events of a socket, in whatever order", () => {
    const listeners: Record<string, (given?: unknown) => void> = {};
    const socket = { on: (name: string, listener: () => void) => listeners[name] = listener };
    const by = connectBy((() => ({ connect: () => socket })) as unknown as NodeModules);
    const told: string[] = [];
    const events = {
      connected: () => void told.push("connected"),
      received: () => {},
      ended: () => void told.push("ended"),
      failed: (why: string) => void told.push(why),
    };
    const to = { host: "127.0.0.1", port: 1, tls: null };
    by(to, events);
    eachRow(["end", "close"], (name) => listeners[name]!());
    assertEquals(told.length, 1);
    words.assert("the end before a connection", told[0]!);
    by(to, events);
    eachRow(["connect", "error", "end", "close"], (name) => listeners[name]!(new Error("a reset")));
    assertEquals(told.slice(1), ["connected", "ended"]);
    by(to, events);
    eachRow(["error", "close"], (name) => listeners[name]!(new Error("refused")));
    assertEquals(told.slice(3), ["refused"]);
  });
});

words.end();
