/**
 * Connections by what Deno, Bun and Node have of Node's modules, asked for where they are needed: they are no import.
 */

import type { Connect, Destination } from "./probe_connection.ts";

/** What is used of a socket of `node:net` or `node:tls`. */
interface NodeSocket {
  on(event: "connect" | "secureConnect" | "end" | "close", listener: () => void): unknown;
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  write(text: string, encoding: "latin1"): unknown;
  end(text: string, encoding: "latin1", callback: () => void): unknown;
  destroy(): unknown;
  unref(): unknown;
}

/** What is used of Node's modules. */
export interface NodeModules {
  (name: "node:net"): { connect(options: { host: string; port: number }): NodeSocket };
  (name: "node:tls"): {
    connect(options: {
      host: string;
      port: number;
      servername: string;
      rejectUnauthorized: boolean;
      ALPNProtocols: string[];
    }): NodeSocket;
  };
}

/** Opens connections with these modules. */
export function connectBy(modules: NodeModules): Connect {
  return (to, events) => {
    const socket = open(modules, to);
    let isConnected = false;
    let isOver = false;
    // Of one end each runtime tells by several events, in its own order.
    const over = (why: string) => {
      if (isOver) return;
      isOver = true;
      if (isConnected) events.ended();
      else events.failed(why);
    };
    const ended = () => over("the connection ended");
    socket.on(to.tls === null ? "connect" : "secureConnect", () => {
      isConnected = true;
      events.connected();
    });
    socket.on("data", events.received);
    socket.on("error", ({ message }) => over(message));
    socket.on("end", ended);
    socket.on("close", ended);
    return {
      write: (text) => void socket.write(text, "latin1"),
      leave: (text) => {
        // The other side may never read, nor hang up: neither keeps this process.
        socket.unref();
        if (text === "") socket.destroy();
        else socket.end(text, "latin1", () => socket.destroy());
      },
    };
  };
}

function open(modules: NodeModules, { host, port, tls }: Destination): NodeSocket {
  if (tls === null) return modules("node:net").connect({ host, port });
  return modules("node:tls").connect({
    host,
    port,
    servername: tls.serverName,
    rejectUnauthorized: tls.isChecked,
    // A server that speaks HTTP/2 would choose it.
    ALPNProtocols: ["http/1.1"],
  });
}
