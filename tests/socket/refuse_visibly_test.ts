// Refusals that a page can read, on real servers.

import { after, before, describe, test } from "node:test";
import { assert, assertEquals, fail } from "@std/assert";
import {
  authMiddlewareStack,
  compilePolicy,
  type Denied,
  type DenyReason,
  guard,
  originValidator,
  upgradeHandler,
  websocket,
} from "@wsgate/wsgate";
import { denials } from "../../src/denial.ts";
import { handshakeRequest, printed } from "../doubles.ts";
import { onDenied } from "../recorder.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { type NativeHandler, runtime, serve, type TestServer } from "../runtime.ts";
import { wordsOf } from "../words.ts";
import { openToAll } from "./serving.ts";
import {
  closing,
  eventually,
  type HandshakeParts,
  knock,
  logging,
  OPCODE,
  type Peer,
  visit,
} from "./peer.ts";

// It reports once for each copy of its module, and under Bun the files of a run share theirs.
const { refuseVisibly }: typeof import("../../src/socket/refuse_visibly.ts") = await import(
  `../../src/socket/refuse_visibly.ts${runtime === "bun" ? "?refuse_visibly_test" : ""}`
);

/** As many as are accepted for their refusal at a time. */
const LIMIT = 256;
const GOOD = "https://good.test";
const EVIL = "https://evil.test";
const words = wordsOf(import.meta.url);

/** Refuses by the reason in the path; `/open` upgrades. */
const echo = openToAll({ message: (socket, data) => void socket.send(data) });
const byPath: NativeHandler = (request, context) => {
  const [, name = ""] = /^[^?]*\/([a-z-]*)$/.exec(request.url) ?? [];
  if (name === "open") return echo(request, context);
  return refuseVisibly(denials[name as DenyReason], request, context);
};

/** Makes a Bun server known as ours. */
async function prove(port: number, path = "/open", parts: HandshakeParts = {}): Promise<void> {
  const peer = await knock(port, { path, ...parts });
  assertEquals(peer.status, 101);
  peer.destroy();
}

test(
  "a client that has left is answered with 499, and shown nothing",
  { skip: runtime === "bun" },
  async () => {
    const client = new AbortController();
    client.abort();
    const request = handshakeRequest(EVIL, {
      headers: {
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    Object.defineProperty(request, "signal", { value: client.signal });
    assertEquals((await refuseVisibly(denials["origin-not-allowed"], request, undefined)).status, 499);
  },
);

// First, while nothing is open that it would count.
describe("how many are open at a time", () => {
  test(`${LIMIT} that ignore the close are pinned on Deno, and no more; on Bun none is`, async () => {
    const server = serve(byPath, websocket);
    const peers: Peer[] = [];
    const shown = async () => {
      const peer = await knock(server.port, { path: "/origin-not-allowed" });
      peers.push(peer);
      return peer.status;
    };
    try {
      await prove(server.port);
      for (let i = 0; i < LIMIT; i++) assertEquals(await shown(), 101, String(i));
      if (runtime === "bun") {
        // Bun ends the connection with the close frame, so that there is nothing to count.
        for (let i = 0; i < 10; i++) assertEquals(await shown(), 101);
        await eventually("every connection is ended", () => peers.every((peer) => peer.ended));
        return;
      }
      assertEquals([await shown(), await shown()], [403, 403]);
      assertEquals((await knock(server.port, { path: "/open" })).status, 101, "nobody else is turned away");
      // One that answers, one that ends, one that is dropped: each makes room for one more.
      peers[0]!.send(OPCODE.close, closing(4403));
      peers[1]!.end();
      peers[2]!.destroy();
      let room = 0;
      for (const end = Date.now() + 20_000; room < 3 && Date.now() < end;) {
        room += await shown() === 101 ? 1 : 0;
      }
      assertEquals(room, 3);
    } finally {
      for (const peer of peers) peer.destroy();
      await server.stop();
    }
  });

  test("those that answer the close are not counted any more", async () => {
    const server = serve(byPath, websocket);
    try {
      await prove(server.port);
      for (let i = 0; i < LIMIT + 10; i++) {
        const { closed } = visit(server.port, { path: "/unauthenticated" });
        assertEquals(await closed, { code: 4401, reason: "unauthenticated", wasClean: true });
      }
    } finally {
      await server.stop();
    }
  });
});

describe("what is shown", () => {
  let server: TestServer;
  before(async () => {
    server = serve(byPath, websocket);
    await prove(server.port);
  });
  after(() => server.stop());

  for (const { reason, status } of Object.values(denials) as Denied[]) {
    const isShown = status === 401 || status === 403;
    test(`${status} ${reason}: ${isShown ? `closed with ${4000 + status}` : "the status alone"}`, async () => {
      const { events, closed } = visit(server.port, { path: `/${reason}` });
      const { code, reason: read, wasClean } = await closed;
      if (isShown) {
        assertEquals([code, read, wasClean], [4000 + status, reason, true]);
        assertEquals(events, ["open", `close ${4000 + status} ${reason}`]);
        return;
      }
      assertEquals(events.includes("open"), false);
      assert([0, 1002, 1006].includes(code), String(code));
      const peer = await knock(server.port, { path: `/${reason}` });
      assertEquals(peer.status, status);
      peer.destroy();
    });
  }

  const faulty: readonly [name: string, parts: HandshakeParts][] = [
    ["another method", { method: "OPTIONS" }],
    ["no Connection", { replaced: { Connection: null } }],
    ["Connection without upgrade", { replaced: { Connection: "keep-alive" } }],
    ["another version", { replaced: { "Sec-WebSocket-Version": "8" } }],
    ["no version", { replaced: { "Sec-WebSocket-Version": null } }],
    ["an empty key", { replaced: { "Sec-WebSocket-Key": "" } }],
    ["no key", { replaced: { "Sec-WebSocket-Key": null } }],
    ["a malformed Host", { replaced: { Host: "127.1" } }],
    ["no Upgrade", { replaced: { Upgrade: null } }],
    ["another Upgrade", { replaced: { Upgrade: "h2c" } }],
  ];
  for (const [name, parts] of faulty) {
    test(`a handshake with ${name} is denied by its status`, async () => {
      await eachRowInTurn(["origin-not-allowed", "unauthenticated"], async (reason) => {
        const peer = await knock(server.port, { path: `/${reason}`, ...parts });
        assertEquals([peer.status, peer.values("sec-websocket-accept")], [denials[reason].status, []]);
        peer.destroy();
      });
    });
  }

  const offers: readonly [offer: string, chosen: string | null][] = [
    ["chat", "chat"],
    ["chat, other", "chat"],
    ["chat,other", "chat"],
    ["bearer.secret, chat", "chat"],
    ["ticket.secret,chat", "chat"],
    ["Bearer.secret, TICKET.secret, chat", "chat"],
    ["bearer.secret", null],
    ["ticket.secret, bearer.secret", null],
    ["bearer., ticket.", null],
    ["bearer", "bearer"], // no dot, no token behind it
    ["x-bearer.a", "x-bearer.a"],
    ["a b, chat", "chat"],
    [",,", null],
    ["", null],
  ];
  for (const [offer, chosen] of offers) {
    test(`of the subprotocols ${JSON.stringify(offer)} it selects ${chosen}`, async () => {
      const more = [["Sec-WebSocket-Protocol", offer]] as const;
      const peer = await knock(server.port, { path: "/unauthenticated", more });
      assertEquals([peer.status, peer.values("sec-websocket-protocol")], [
        101,
        chosen === null ? [] : [chosen],
      ]);
      assertEquals(await peer.closeFrame(), { code: 4401, reason: "unauthenticated" });
      peer.destroy();
    });
  }

  test("a page that offers subprotocols reads the reason", async () => {
    const page = visit(server.port, { path: "/unauthenticated", protocols: ["bearer.secret", "chat"] });
    assertEquals(await page.closed, { code: 4401, reason: "unauthenticated", wasClean: true });
    assertEquals(page.socket.protocol, "chat");
  });

  test("no header is added, and nothing but the close is sent", async () => {
    const peer = await knock(server.port, { path: "/origin-not-allowed" });
    assertEquals(await peer.closeFrame(), { code: 4403, reason: "origin-not-allowed" });
    const names = ["connection", "date", "sec-websocket-accept", "upgrade"];
    assertEquals(peer.headers.map(([name]) => name).toSorted(), names);
    assertEquals(peer.frames.length, 1);
    peer.destroy();
  });
});

describe("as `refuse`", () => {
  /** Everybody from the good page is known by a cookie, or is nobody. */
  const users = new Map([["sid=1", { name: "ada" }]]);
  const known: HandshakeParts = { path: "/", more: [["Origin", GOOD], ["Cookie", "sid=1"]] };

  /** An application in its wrappings, what it heard, and what the operator was told. */
  function application() {
    const told: string[] = [];
    const options = { refuse: refuseVisibly, onDecision: onDenied(({ reason }) => void told.push(reason)) };
    const log = logging({ open: (socket) => void socket.send("hello") });
    const auth = authMiddlewareStack({
      // An awaited look-up, as of a database.
      user: async (request) => {
        const cookie = request.headers.get("cookie") ?? "";
        await null;
        return users.get(cookie);
      },
      required: true,
      ...options,
    });
    const handler = auth(upgradeHandler(log.handlers));
    const handlers = {
      "guard()": guard(handler, compilePolicy({ origins: [GOOD] }), options),
      "originValidator()": originValidator(handler, [GOOD], options),
    };
    return { told, log, handlers };
  }

  for (const name of ["guard()", "originValidator()"] as const) {
    test(`of ${name} and authMiddlewareStack(): a page reads which of the two it was`, async () => {
      const { handlers, log, told } = application();
      const server = serve(handlers[name], websocket);
      try {
        await prove(server.port, "/", known);
        await log.has("open");
        await log.has("close");
        log.events.length = 0;

        const foreign = visit(server.port, { origin: EVIL });
        assertEquals(await foreign.closed, { code: 4403, reason: "origin-not-allowed", wasClean: true });
        const native = visit(server.port);
        assertEquals(await native.closed, { code: 4403, reason: "origin-absent", wasClean: true });
        const anonymous = visit(server.port, { origin: GOOD });
        assertEquals(await anonymous.closed, { code: 4401, reason: "unauthenticated", wasClean: true });
        eachRow([foreign, native, anonymous], ({ events }) => assertEquals(events.length, 2));

        assertEquals(told, ["origin-not-allowed", "origin-absent", "unauthenticated"]);
        assertEquals(log.events, [], "no application code sees a refused socket");
        await prove(server.port, "/", known);
      } finally {
        await server.stop();
      }
    });
  }

  test("on a server that has upgraded nothing yet: shown on Deno; on Bun denied, with one report", async () => {
    const server = serve(application().handlers["originValidator()"], websocket);
    try {
      const lines = await printed(async () => {
        await eachRowInTurn([[EVIL, 403], [GOOD, 401], [EVIL, 403]], async ([origin, status]) => {
          const peer = await knock(server.port, { more: [["Origin", origin]] });
          assertEquals(peer.status, runtime === "deno" ? 101 : status);
          peer.destroy();
        });
      });
      assertEquals(lines.length, runtime === "deno" ? 0 : 1);
      for (const { text } of lines) words.assertOn("bun", "a server that has upgraded nothing yet", text);
      await prove(server.port, "/", known);
      const page = visit(server.port, { origin: EVIL });
      assertEquals((await page.closed).code, 4403);
    } finally {
      await server.stop();
    }
  });

  test("on a Bun server with a foreign `websocket` nobody is accepted; Deno has no such thing", async () => {
    const foreign = { open: () => fail("a native application got the refused socket"), message() {} };
    const server = serve(application().handlers["originValidator()"], foreign);
    try {
      for (let i = 0; i < 2; i++) {
        const peer = await knock(server.port, { more: [["Origin", EVIL]] });
        assertEquals(peer.status, runtime === "deno" ? 101 : 403);
        peer.destroy();
      }
    } finally {
      await server.stop();
    }
  });

  test("a request that asks for no WebSocket is not touched by it", async () => {
    const server = serve(
      guard(() => new Response("page"), compilePolicy({ origins: [] }), { refuse: refuseVisibly }),
      websocket,
    );
    try {
      assertEquals(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), "page");
    } finally {
      await server.stop();
    }
  });
});

// Last: on Bun it would have its one report.
test("where the upgrade itself fails it is denied, and not counted", async () => {
  for (let i = 0; i < LIMIT + 10; i++) {
    const { headers } = handshakeRequest(EVIL, {
      headers: {
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    // The connection ends between the last look at the headers and Deno's own.
    let gone = false;
    const get = (name: string) => {
      gone ||= name === "sec-websocket-protocol";
      return headers.get(name);
    };
    const request = Object.defineProperty(new Request("http://site.test/"), "headers", {
      get() {
        if (gone) throw new TypeError("Request closed");
        return { get };
      },
    });
    const refusing = { upgrade: () => false };
    assertEquals((await refuseVisibly(denials["origin-not-allowed"], request, refusing)).status, 403);
    assert(gone);
  }
});

words.end();
