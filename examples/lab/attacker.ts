/**
 * The attacker's site: one page that opens the good site's sockets, under as many names as there are relations between
 * two sites; and the two attackers that are programs.
 *
 * @module
 */

import {
  originValidator,
  protocolTypeRouter,
  type Socket,
  upgradeHandler,
  urlRouter,
  type Wrapped,
} from "@wsgate/wsgate";
import { connect } from "node:net";
import type { Attacker } from "./attackers.ts";
import { file } from "./files.ts";
import type { AttackerNews, SocketName } from "./messages.ts";
import type { Store } from "./store.ts";

const PATIENCE_MS = 3000;

/** The whole application of the attacker's site. */
export function attackerSite(store: Store): Wrapped<[], Response> {
  const { ports } = store;
  const byHost = new Map(
    store.attackers.flatMap((attacker) =>
      attacker.by === "page" ? [[new URL(attacker.page!).host, attacker]] : []
    ),
  );
  const listening = new Map<Socket, () => void>();
  let programs: AttackerNews["programs"] = [];
  let attackedAt = -1;

  /** The programs attack once for each policy, when somebody looks. */
  async function attack(): Promise<void> {
    if (attackedAt === store.generation) return;
    attackedAt = store.generation;
    const made = store.attackers.filter(({ by }) => by === "program").flatMap((attacker) =>
      (["bare", "guarded"] as const).map(async (socket) => (
        { attacker: attacker.id, socket, saw: await attempt(ports.site, attacker, socket) }
      ))
    );
    programs = await Promise.all(made);
    store.changed();
  }

  const feed = originValidator(
    upgradeHandler({
      open(socket) {
        const host = new URL(socket.request.url, "http://localhost").searchParams.get("host") ?? "";
        const send = () => void socket.send(JSON.stringify(news(host)));
        listening.set(
          socket,
          store.onChange(() => {
            send();
            attack();
          }),
        );
        send();
        attack();
      },
      close(socket) {
        listening.get(socket)?.();
        listening.delete(socket);
      },
    }),
    ["'self'"],
    { hosts: [...byHost.keys()] },
  );

  function news(host: string): AttackerNews {
    const attacker = byHost.get(host) ?? store.attackers[0]!;
    return {
      site: `http://${attacker.host}`,
      sitePort: ports.site,
      target: attacker.host,
      attacker: attacker.id,
      attackers: store.attackers,
      arrivals: [...store.arrivals.values()],
      programs,
      generation: store.generation,
    };
  }

  const sockets = store.attackers.map(({ host }) => `ws://${host}`);
  const http = urlRouter<unknown, Response>([
    [
      "/",
      (request) =>
        file("attacker.html", { connect: [`ws://${request.headers.get("host")}`, ...sockets], frames: true }),
    ],
    ["/attacker.ts", () => file("attacker.ts")],
    ["/frame", () => file("frame.html", { connect: sockets, framed: true })],
    ["/frame.ts", () => file("frame.ts")],
    ["/dom.ts", () => file("dom.ts")],
    ["/style.css", () => file("style.css")],
    ["/icon.svg", () => file("icon.svg")],
  ]);
  return protocolTypeRouter({ http, websocket: urlRouter<unknown, Response>([["/feed", feed]]) });
}

/** Sends one handshake by hand, as a program can, and says what came back. */
function attempt(port: number, { id, host, origin }: Attacker, socketName: SocketName): Promise<string> {
  const head = [
    `GET /${socketName}?by=${id} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    ...origin === null ? [] : [`Origin: ${origin}`],
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(head.join("\r\n") + "\r\n\r\n"));
    const end = (saw: string) => {
      socket.destroy();
      resolve(saw);
    };
    socket.setTimeout(PATIENCE_MS, () => end("no answer"));
    socket.on("error", () => end("no answer"));
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
      if (status === undefined || !received.includes("\r\n\r\n")) return;
      if (status !== "101") return end(`refused, ${status}`);
      // An open socket is closed by the book, a masked and empty close frame.
      socket.write(new Uint8Array([0x88, 0x80, 0, 0, 0, 0]), () => resolve("open"));
      socket.end();
    });
  });
}
