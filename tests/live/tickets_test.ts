// One-time tickets: what is minted, what a handshake has to be to use one, and that nothing else is let in by one. The races
// are in `ticket_races_test.ts`, real browsers in `../browser/tickets_test.ts`.

import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { authMiddlewareStack, createGate, type Handshake, refuseVisibly, websocket } from "@wsgate/wsgate";
import {
  createTickets,
  memoryStore,
  type Store,
  type TicketGrant,
  type TicketOptions,
  type Tickets,
} from "@wsgate/wsgate/live";
import { faultsOf, handshakeOf, handshakeRequest, printed, requestOf, untyped } from "../doubles.ts";
import { recorder } from "../recorder.ts";
import { eachRow, eachRowInTurn } from "../rows.ts";
import { handshakeBytes, handshakeHeaders, sendRaw, serve } from "../runtime.ts";
import { knock, pause } from "../socket/peer.ts";
import { wordsOf } from "../words.ts";
import { OTHER_PAGE, PAGE, ticketSite } from "./ticket_site.ts";

const words = wordsOf(import.meta.url);

const ADA: TicketGrant = { subject: "ada", session: null, origin: PAGE };

/** A store in memory that notes what goes into it and what is asked of it. */
function noting() {
  const store = memoryStore();
  const put: [key: string, value: string, ttlSeconds: number][] = [];
  const taken: string[] = [];
  const noted: Store = {
    ...store,
    put(...given) {
      put.push(given);
      return store.put(...given);
    },
    take(key) {
      taken.push(key);
      return store.take(key);
    },
  };
  return { store: noted, put, taken };
}

/** What a handshake says of itself. */
interface Carrying {
  readonly offers?: string;
  readonly origin?: string | null;
  readonly url?: string;
}
function carrying({ offers, origin = PAGE, url = "http://site.test/chat" }: Carrying): Handshake {
  return handshakeOf({ url, headers: { origin, "sec-websocket-protocol": offers } });
}

/** What became of it, in one word. */
async function redeemed(tickets: Tickets, handshake: Handshake): Promise<string> {
  const result = await tickets.redeem(handshake);
  return "grant" in result ? result.grant.subject : result.denied;
}

describe("mint()", () => {
  test("each ticket is another, of 256 bits that nobody can guess", async () => {
    const tickets = createTickets({ store: memoryStore() });
    const minted = await Promise.all(Array.from({ length: 1000 }, () => tickets.mint(ADA)));
    eachRow(minted, (ticket) => assertMatch(ticket, /^ticket\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/));
    assertEquals(new Set(minted).size, 1000);
    // Every place takes every letter that it can: none is fixed.
    for (let place = 7; place < 49; place++) {
      assert(new Set(minted.map((ticket) => ticket[place])).size > 50, String(place));
    }
  });

  test("the store has a hash of it, the grant and its time, and nothing of the ticket", async () => {
    const { store, put } = noting();
    const session = { id: "s1", subject: "ada", startedAt: 1.7e12, expiresAt: 1.8e12 };
    const grants: readonly TicketGrant[] = [
      ADA,
      { subject: "ada", session, origin: null, path: "/chat" },
      { ...ADA, path: undefined, more: "is not kept" } as unknown as TicketGrant,
      { ...ADA, session: { id: "s2", token: "is not kept" } as TicketGrant["session"] },
    ];
    for (const [index, grant] of grants.entries()) {
      const ticket = await createTickets({ store, lifetimeSeconds: 7 }).mint(grant);
      const [key, value, ttlSeconds] = put[index]!;
      assertEquals(key, `ticket:${createHash("sha256").update(ticket).digest("base64url")}`);
      assertEquals(ttlSeconds, 7);
      assert(!value.includes(ticket.slice(7)));
    }
    assertEquals(put.map(([, value]) => JSON.parse(value)), [
      { subject: "ada", session: null, origin: PAGE },
      { subject: "ada", session, origin: null, path: "/chat" },
      { subject: "ada", session: null, origin: PAGE },
      { subject: "ada", session: { id: "s2" }, origin: PAGE },
    ]);
  });

  test("lives 30 seconds where nothing else is said", async () => {
    const { store, put } = noting();
    await createTickets({ store }).mint(ADA);
    assertEquals(put[0]![2], 30);
  });

  test("what no handshake could use, or too many, is refused and not kept", async () => {
    const { store, put } = noting();
    const tickets = createTickets({ store });
    const rows: readonly (readonly [part: string, values: readonly unknown[]])[] = [
      ["subject", [undefined, null, "", 5, {}, ["ada"]]],
      ["session", [undefined, {}, { id: "" }, { id: 5 }, "s1", 5, { id: "s1", expiresAt: 1.8e9 }, {
        id: "s1",
        subject: "a",
      }]],
      ["origin", [
        undefined,
        5,
        "",
        "null",
        "*",
        "partner.test",
        ".partner.test",
        "https://partner.test/",
        "https://partner.test:443",
        "http://partner.test:80",
        "https://Partner.test",
        "https://partner.test, https://partner.test",
        ["https://partner.test"],
        Object("https://partner.test"),
      ]],
      ["path", [null, "", "chat", "/chat?a", "/chat#a", 5, ["/chat"]]],
    ];
    for (const [part, values] of rows) {
      await eachRowInTurn(values, async (value) => {
        const { message } = await assertRejects(
          () => tickets.mint(untyped({ ...ADA, [part]: value })),
          TypeError,
        );
        // Of names and sessions it says what the reader of sessions says.
        if (part === "session" || part === "subject") {
          assert(/^Give (?:id|subject|startedAt|expiresAt) /.test(message), message);
        } else words.assert(`mint() ${part}`, message);
      });
    }
    for (const grant of [undefined, null, 5, "ada"]) {
      await assertRejects(() => tickets.mint(untyped(grant)), TypeError);
    }
    assertEquals(put, []);
    const origins = ["http://localhost:8000", "https://[::1]", "capacitor://localhost", "http://h:443", null];
    for (const origin of origins) await tickets.mint({ ...ADA, origin });
  });

  test("rejects where the store fails", async () => {
    const store = { ...memoryStore(), put: () => Promise.reject(new Error("down")) };
    await assertRejects(() => createTickets({ store }).mint(ADA), Error, "down");
  });
});

describe("redeem()", () => {
  test("takes the ticket wherever it stands among the offers", async () => {
    const tickets = createTickets({ store: memoryStore() });
    const rows = [
      (ticket: string) => ticket,
      (ticket: string) => `chat.v1, ${ticket}`,
      (ticket: string) => `${ticket}, chat.v1`,
      (ticket: string) => `chat.v1,${ticket}`,
      (ticket: string) => `a,b, \t${ticket}\t ,,c`,
      (ticket: string) => `bearer.x, ${ticket}, not a token`,
    ];
    await eachRowInTurn(rows, async (offers) => {
      assertEquals(await redeemed(tickets, carrying({ offers: offers(await tickets.mint(ADA)) })), "ada");
    });
  });

  test("gives the grant as it was minted, frozen", async () => {
    const tickets = createTickets({ store: memoryStore() });
    const session = { id: "s1", subject: "ada", startedAt: 1.7e12, expiresAt: 1.8e12 };
    const grant: TicketGrant = { subject: "ada", session, origin: PAGE, path: "/chat" };
    const handshake = carrying({ offers: await tickets.mint(grant) });
    assertEquals(tickets.grant(handshake), null);
    const found = await tickets.redeem(handshake);
    assertEquals(found, { grant });
    assert("grant" in found);
    assertStrictEquals(tickets.grant(handshake), found.grant);
    for (const part of [found, found.grant, found.grant.session]) assert(Object.isFrozen(part));
    assertEquals(tickets.grant(carrying({})), null);
  });

  test("no ticket is no ticket, and asks no store", async () => {
    const { store, taken } = noting();
    const tickets = createTickets({ store });
    const rows: readonly Carrying[] = [
      {},
      { offers: "" },
      { offers: "chat.v1" },
      { offers: "chat.v1, bearer.abc, tickets, ticket, xticket.a" },
      { url: "http://site.test/chat?ticket=ticket.a" },
    ];
    await eachRowInTurn(rows, async (row) => {
      assertEquals(await redeemed(tickets, carrying(row)), "ticket-absent");
    });
    // Bun's headers, for one, know undefined alone.
    const headers = { get: () => untyped(undefined) };
    assertEquals(await redeemed(tickets, { method: "GET", url: "/", headers }), "ticket-absent");
    assertEquals(taken, []);
  });

  test("what has not the form of a ticket is unknown, and asks no store", async () => {
    const { store, taken } = noting();
    const tickets = createTickets({ store });
    const ticket = await tickets.mint(ADA);
    const body = ticket.slice(7);
    const rows = [
      "ticket.",
      "ticket.a",
      ticket.slice(0, -1),
      `${ticket}A`,
      `${ticket}=`,
      `TICKET.${body}`,
      `Ticket.${body}`,
      `ticket.${body.slice(1)}+`,
      `ticket.${body.slice(0, -1)}B`,
      `ticket.${body.slice(0, -2)} A`,
      `ticket.é${body.slice(1)}`,
      `ticket.${body}\0`,
      `ticket.${"a".repeat(60_000)}`,
      `ticket.${ticket}`,
    ];
    await eachRowInTurn(rows, async (offers) => {
      assertEquals(await redeemed(tickets, carrying({ offers: `chat.v1, ${offers}` })), "ticket-unknown");
    });
    assertEquals(taken, []);
    assertEquals(await redeemed(tickets, carrying({ offers: ticket })), "ada");
  });

  test("of two tickets none is taken", async () => {
    const { store, taken } = noting();
    const tickets = createTickets({ store, query: true });
    const [one, two] = [await tickets.mint(ADA), await tickets.mint(ADA)];
    const rows: readonly Carrying[] = [
      { offers: `${one}, ${two}` },
      { offers: `${one},${one}` },
      { offers: `ticket.x, ${one}` },
      { offers: `${one}, chat.v1, TICKET.` },
      { url: `/chat?ticket=${one}&ticket=${two}` },
      { url: `/chat?ticket=${one}&ticket=` },
    ];
    await eachRowInTurn(rows, async (row) => {
      assertEquals(await redeemed(tickets, carrying(row)), "ticket-unknown");
    });
    assertEquals(taken, []);
    assertEquals(await redeemed(tickets, carrying({ offers: one })), "ada");
    assertEquals(await redeemed(tickets, carrying({ offers: two })), "ada");
  });

  test("from the query where that is said, and nothing is offered as one", async () => {
    const store = memoryStore();
    const tickets = createTickets({ store, query: true });
    const urls = [
      (ticket: string) => `http://site.test/chat?ticket=${ticket}`,
      (ticket: string) => `/chat?a=b&ticket=${ticket}&c`,
      (ticket: string) => `//?ticket=${encodeURIComponent(ticket)}`,
    ];
    await eachRowInTurn(urls, async (url) => {
      const ticket = await tickets.mint(ADA);
      const without = createTickets({ store });
      assertEquals(await redeemed(without, carrying({ url: url(ticket) })), "ticket-absent");
      assertEquals(await redeemed(tickets, carrying({ url: url(ticket), offers: "chat.v1" })), "ada");
      assertEquals(await redeemed(tickets, carrying({ url: url(ticket) })), "ticket-unknown");
    });
    const [offered, asked] = [await tickets.mint({ ...ADA, subject: "bob" }), await tickets.mint(ADA)];
    const both = { offers: offered, url: `/chat?ticket=${asked}` };
    assertEquals(await redeemed(tickets, carrying(both)), "bob");
    assertEquals(await redeemed(tickets, carrying({ offers: asked })), "ada");
    for (const url of ["/chat?ticket=", "/chat?ticket=a", "/chat?ticket"]) {
      assertEquals(await redeemed(tickets, carrying({ url })), "ticket-unknown");
    }
    for (const url of ["/chat", "/chat?", "/chat?tickets=a", "/ticket=a"]) {
      assertEquals(await redeemed(tickets, carrying({ url })), "ticket-absent");
    }
  });

  test("is for its origin and its path alone, and used up by any other", async () => {
    const tickets = createTickets({ store: memoryStore() });
    const bound: TicketGrant = { ...ADA, path: "/chat" };
    const rows: readonly (readonly [grant: TicketGrant, carried: Carrying, expected: string])[] = [
      [bound, {}, "ada"],
      [bound, { url: "http://site.test/chat?room=1" }, "ada"],
      [bound, { url: "/chat" }, "ada"],
      [ADA, { url: "/anything/else" }, "ada"],
      [{ ...ADA, origin: null }, { origin: null }, "ada"],
      [bound, { origin: null }, "ticket-origin"],
      [bound, { origin: "" }, "ticket-origin"],
      [bound, { origin: "null" }, "ticket-origin"],
      [bound, { origin: OTHER_PAGE }, "ticket-origin"],
      [bound, { origin: "http://partner.test" }, "ticket-origin"],
      [bound, { origin: "https://partner.test:8443" }, "ticket-origin"],
      [bound, { origin: "https://partner.test.evil.test" }, "ticket-origin"],
      [bound, { origin: "https://PARTNER.test" }, "ticket-origin"],
      [bound, { origin: `${PAGE}, ${PAGE}` }, "ticket-origin"],
      [{ ...ADA, origin: null }, {}, "ticket-origin"],
      [{ ...ADA, origin: null }, { origin: "null" }, "ticket-origin"],
      [bound, { url: "/chat/" }, "ticket-path"],
      [bound, { url: "/Chat" }, "ticket-path"],
      [bound, { url: "/" }, "ticket-path"],
      [bound, { url: "/%63hat" }, "ticket-path"],
      [bound, { url: "http://site.test/other?/chat" }, "ticket-path"],
      [bound, { url: "chat" }, "ticket-path"],
    ];
    await eachRowInTurn(rows, async ([grant, carried, expected]) => {
      const offers = await tickets.mint(grant);
      const handshake = carrying({ ...carried, offers });
      assertEquals(await redeemed(tickets, handshake), expected);
      assertEquals(tickets.grant(handshake) === null, expected !== "ada");
      assertEquals(await redeemed(tickets, carrying({ offers })), "ticket-unknown");
    });
  });

  test("once for each request object, whoever asks and how often", async () => {
    const { store, taken } = noting();
    const tickets = createTickets({ store });
    const offers = await tickets.mint(ADA);
    const handshake = carrying({ offers });
    const [first, second] = await Promise.all([tickets.redeem(handshake), tickets.redeem(handshake)]);
    assertStrictEquals(first, second);
    assertStrictEquals(await tickets.redeem(handshake), first);
    assertEquals(taken.length, 1);
    assertEquals(await redeemed(tickets, carrying({ offers })), "ticket-unknown");
    // What was refused stays refused.
    const late = carrying({ offers: "ticket.a" });
    assertStrictEquals(await tickets.redeem(late), await tickets.redeem(late));
  });

  test("reads the handshake before anything is awaited: after the upgrade Deno throws at every header", async () => {
    const tickets = createTickets({ store: memoryStore(), query: true });
    let isUpgraded = false;
    const read = <T>(value: T): T => {
      assert(!isUpgraded, "read after the upgrade");
      return value;
    };
    const { headers } = carrying({ offers: await tickets.mint({ ...ADA, path: "/chat" }) });
    const handshake: Handshake = {
      method: "GET",
      get url() {
        return read("/chat");
      },
      headers: { get: (name) => read(headers.get(name)) },
    };
    const redeeming = tickets.redeem(handshake);
    isUpgraded = true;
    assert("grant" in await redeeming);
  });

  test("is good for its lifetime, and no longer", async () => {
    const tickets = createTickets({ store: memoryStore(), lifetimeSeconds: 1 });
    const [used, expired] = [await tickets.mint(ADA), await tickets.mint(ADA)];
    await pause(500);
    assertEquals(await redeemed(tickets, carrying({ offers: used })), "ada");
    await pause(700);
    assertEquals(await redeemed(tickets, carrying({ offers: expired })), "ticket-unknown");
  });

  test("rejects where the store fails, and does not try again for the same request", async () => {
    let calls = 0;
    const store = { ...memoryStore(), take: () => Promise.reject(new Error(`down ${++calls}`)) };
    const tickets = createTickets({ store });
    const handshake = carrying({ offers: await tickets.mint(ADA) });
    await assertRejects(() => tickets.redeem(handshake), Error, "down 1");
    await assertRejects(() => tickets.redeem(handshake), Error, "down 1");
    assertEquals(tickets.grant(handshake), null);
  });
});

describe("what is not a ticket that was minted lets nobody in", () => {
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  /** Everything that is one slip away from a text: a letter changed, left out, doubled, put in, or two of them swapped. */
  function* slips(text: string): Iterable<string> {
    for (let at = 0; at <= text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at)];
      for (const letter of `${LETTERS}.=+/ ,`) yield `${before}${letter}${after}`;
      if (after === "") return;
      for (const letter of LETTERS) yield `${before}${letter}${after.slice(1)}`;
      yield before + after.slice(1);
      if (after.length > 1) yield `${before}${after[1]}${after[0]}${after.slice(2)}`;
    }
  }

  test("one mutation away from one that is accepted: thousands, none", async () => {
    const tickets = createTickets({ store: memoryStore(), query: true });
    const ticket = await tickets.mint(ADA);
    let tried = 0;
    for (const slip of slips(ticket)) {
      // White space and empty offers around it are no part of an offer.
      if (slip.split(",").some((offer) => offer.trim() === ticket)) continue;
      tried++;
      const offered = await redeemed(tickets, carrying({ offers: slip }));
      assert(offered !== "ada", slip);
      // "+" is a space there.
      const asked = await redeemed(tickets, carrying({ url: `/chat?ticket=${slip.replaceAll("+", "%2B")}` }));
      assert(asked === "ticket-unknown", `${asked} ${slip}`);
    }
    assert(tried > 6000, String(tried));
    assertEquals(await redeemed(tickets, carrying({ offers: ticket })), "ada");
  });

  test("forged, truncated, replayed, swapped: by the thousand, none", async () => {
    const tickets = createTickets({ store: memoryStore() });
    const count: Record<string, number> = {};
    const says = async (expected: string, carried: Carrying) => {
      count[expected] = (count[expected] ?? 0) + 1;
      assertEquals(await redeemed(tickets, carrying(carried)), expected);
    };
    for (let round = 0; round < 1000; round++) {
      const ticket = await tickets.mint(ADA);
      const others = await tickets.mint({ ...ADA, subject: "eve", origin: OTHER_PAGE });
      const random = Array.from({ length: 42 }, () => LETTERS[Math.floor(Math.random() * 64)]).join("");
      await says("ticket-unknown", { offers: `ticket.${random}A` });
      await says("ticket-unknown", { offers: ticket.slice(0, 7 + round % 43) });
      await says("ticket-unknown", { offers: ticket.slice(0, 30) + others.slice(30) });
      await says("ada", { offers: ticket });
      await says("ticket-unknown", { offers: ticket });
      await says("ticket-origin", { offers: others });
      await says("ticket-unknown", { offers: others, origin: OTHER_PAGE });
    }
    assertEquals(count, { "ticket-unknown": 5000, ada: 1000, "ticket-origin": 1000 });
  });
});

describe("user()", () => {
  /** A handshake that a guard has judged, for the layer. */
  function judged(carried: Carrying): Request {
    const { offers, origin = PAGE } = carried;
    const request = handshakeRequest(origin, { headers: { "sec-websocket-protocol": offers } });
    assertEquals(createGate({ origins: ["*"] })(request), undefined);
    return request;
  }
  function layer(
    load: (grant: TicketGrant) => unknown,
    options: Partial<TicketOptions> & { required?: boolean } = {},
  ) {
    const { required = false, ...more } = options;
    const tickets = createTickets({ store: memoryStore(), ...more });
    const { handler, onDecision, reasons, causes, calls } = recorder();
    const auth = authMiddlewareStack({
      user: tickets.user(load as () => object | null),
      required,
      onDecision,
    });
    const ask = async (request: Request) => [(await auth(handler)(request)).status, reasons.pop() ?? null];
    return { tickets, auth, ask, causes, calls };
  }

  test("finds the user of a grant; a request without a ticket is nobody's", async () => {
    const loaded: TicketGrant[] = [];
    const ada = { name: "ada" };
    for (const load of [() => ada, () => Promise.resolve(ada)]) {
      const { tickets, auth, ask } = layer((grant) => {
        loaded.push(grant);
        return load();
      });
      const request = judged({ offers: await tickets.mint(ADA) });
      assertEquals(await ask(request), [200, null]);
      assertStrictEquals(auth.scope(request).user, ada);
      assertEquals(loaded.pop(), ADA);
      assertStrictEquals(tickets.grant(request)?.subject, "ada");

      const nobody = judged({});
      assertEquals(await ask(nobody), [200, null]);
      assertEquals(auth.scope(nobody).user, null);
      assertEquals(await ask(requestOf({})), [200, null]);
      assertEquals(loaded, []);
    }
    const { ask, causes } = layer(() => ada, { required: true });
    assertEquals(await ask(judged({})), [401, "unauthenticated"]);
    assertEquals(causes, [undefined]);
  });

  test("a ticket that is refused never passes as nobody: 401, and the cause says why", async () => {
    const { tickets, ask, causes, calls } = layer((grant) =>
      grant.subject === "gone" ? null : { name: "ada" }
    );
    const other = await tickets.mint({ ...ADA, origin: OTHER_PAGE });
    const path = await tickets.mint({ ...ADA, path: "/chat" });
    const gone = await tickets.mint({ ...ADA, subject: "gone" });
    const rows: readonly (readonly [carried: Carrying, reason: string, key: string])[] = [
      [{ offers: "chat.v1, ticket." }, "ticket-unknown", "malformed"],
      [{ offers: `ticket.${"A".repeat(43)}` }, "ticket-unknown", "made up"],
      [{ offers: `${other}, ${path}` }, "ticket-unknown", "two"],
      [{ offers: other }, "ticket-origin", "of another origin"],
      [{ offers: path }, "ticket-path", "for another path"],
      [{ offers: gone }, "ticket-unknown", "of a user who is gone"],
    ];
    await eachRowInTurn(rows, async ([carried, reason, key]) => {
      assertEquals(await ask(judged(carried)), [401, "unauthenticated"]);
      const cause = causes.pop() as Error & { reason: string };
      assertEquals([cause.name, cause.reason], ["Unauthenticated", reason]);
      words.assert(key, String(cause));
    });
    assertEquals(calls, []);
  });

  test("a store that fails, and a load() that does, are 503", async () => {
    const store = { ...memoryStore(), take: () => Promise.reject(new Error("down")) };
    const failing = layer(() => ({}), { store });
    const offers = await failing.tickets.mint(ADA);
    assertEquals(await failing.ask(judged({ offers })), [503, "user-lookup-failed"]);
    assertEquals(String(failing.causes.pop()), "Error: down");
    assertEquals(await failing.ask(judged({})), [200, null]);

    const loading = layer(() => {
      throw new Error("no database");
    });
    const request = judged({ offers: await loading.tickets.mint(ADA) });
    assertEquals(await loading.ask(request), [503, "user-lookup-failed"]);
    assertEquals(String(loading.causes.pop()), "Error: no database");
  });
});

describe("a server", () => {
  const handshake = (carried: Carrying & { host?: string }) => {
    const { offers, origin = PAGE, url = "/chat" } = carried;
    const lines: [string, string][] = handshakeHeaders("site.test");
    if (origin !== null) lines.push(["Origin", origin]);
    if (offers !== undefined) lines.push(["Sec-WebSocket-Protocol", offers]);
    return handshakeBytes(url, lines);
  };

  test("opens for a ticket once, selects what is spoken, and greets its user", async () => {
    const store = memoryStore();
    const server = serve(ticketSite(store), websocket);
    const tickets = createTickets({ store });
    for (const order of [(t: string) => `chat.v1, ${t}`, (t: string) => `${t}, chat.v1`]) {
      const ticket = await tickets.mint({ ...ADA, path: "/chat" });
      const more: [string, string][] = [["Origin", PAGE], ["Sec-WebSocket-Protocol", order(ticket)]];
      const peer = await knock(server.port, { path: "/chat", more });
      assertEquals([peer.status, peer.values("sec-websocket-protocol")], [101, ["chat.v1"]]);
      assertEquals(await greeting(peer), "hello ada");
      peer.destroy();
      const again = await sendRaw(server.port, handshake({ offers: order(ticket) }));
      assertEquals(again.status, 401);
    }
    const nobody = await knock(server.port, { path: "/chat", more: [["Origin", PAGE]] });
    assertEquals(await greeting(nobody), "hello nobody");
    nobody.destroy();
    await server.stop();
  });

  test("a ticket replaces no guard", async () => {
    const store = memoryStore();
    const server = serve(ticketSite(store), websocket);
    const tickets = createTickets({ store });
    const evil = "https://evil.test";
    const offers = await tickets.mint({ ...ADA, origin: evil });
    assertEquals((await sendRaw(server.port, handshake({ offers, origin: evil }))).status, 403);
    await server.stop();
  });

  test("no ticket is in any line, answer or selected protocol, whatever becomes of it", async () => {
    const store = memoryStore();
    const tickets = createTickets({ store });
    const ofQuery = createTickets({ store, query: true });
    const auth = authMiddlewareStack({
      user: ofQuery.user((grant) => grant.subject === "gone" ? null : grant),
      refuse: refuseVisibly,
    });
    const answers: string[] = [];
    const minted: string[] = [];
    const lines = await printed(async () => {
      const { originValidator, upgradeHandler } = await import("@wsgate/wsgate");
      const chat = upgradeHandler({}, { protocols: ["chat.v1"] });
      const guarded = originValidator(auth(chat), [PAGE], { refuse: refuseVisibly });
      const bare = originValidator(auth(upgradeHandler({})), [PAGE]);
      for (const handler of [guarded, bare, ticketSite(store, true)]) {
        const server = serve(handler, websocket);
        const ask = async (carry: (ticket: string) => Carrying, grant: Partial<TicketGrant> = {}) => {
          const ticket = await tickets.mint({ ...ADA, ...grant });
          minted.push(ticket);
          for (let times = 0; times < 2; times++) {
            answers.push((await sendRaw(server.port, handshake(carry(ticket)))).text);
          }
        };
        for (
          const order of [(t: string) => `chat.v1, ${t}`, (t: string) => `${t}, chat.v1`, (t: string) => t]
        ) {
          await ask((ticket) => ({ offers: order(ticket) }));
          await ask((ticket) => ({ offers: order(ticket), origin: OTHER_PAGE }));
          await ask((ticket) => ({ offers: order(ticket), origin: "https://evil.test" }));
          await ask((ticket) => ({ offers: order(ticket), url: "/nowhere" }), { path: "/chat" });
          await ask((ticket) => ({ offers: order(ticket) }), { subject: "gone" });
          await ask((ticket) => ({ offers: order(ticket) + `, ${ticket}` }));
          await ask((ticket) => ({ offers: order(`${ticket}x`) }));
        }
        await ask((ticket) => ({ url: `/chat?ticket=${ticket}` }));
        await ask((ticket) => ({ url: `/chat?ticket=${ticket}`, origin: "https://evil.test" }));
        await server.stop();
      }
    });
    assert(answers.some((text) => text.startsWith("HTTP/1.1 101")));
    assert(answers.some((text) => text.startsWith("HTTP/1.1 401")));
    assert(lines.length > 3, JSON.stringify(lines));
    assert(minted.length > 60);
    const said = [...answers, ...lines.map(({ text }) => text)].join("\n");
    for (const ticket of minted) assert(!said.includes(ticket.slice(7, 27)), ticket);
    assertNotEquals(said.indexOf("ticket-unknown"), -1);
  });
});

/** The text of its first frame. */
async function greeting(peer: Awaited<ReturnType<typeof knock>>): Promise<string> {
  for (let tries = 0; tries < 1000 && peer.frames.length === 0; tries++) await pause(5);
  return String(peer.frames[0]?.payload);
}

describe("createTickets()", () => {
  test("options that cannot be", () => {
    const store = memoryStore();
    const faults = (options: unknown) =>
      faultsOf(() => createTickets(untyped(options)), (fault, fix) => words.assert(fault, fix));
    eachRow([undefined, null, {}, "redis", { put() {} }, { take() {} }, memoryStore], (given) => {
      assertEquals(faults({ store: given }), ["wrong-type store -1"]);
    });
    eachRow([0, 0.5, 301, -1, NaN, Infinity, "30", null, 30n], (lifetimeSeconds) => {
      assertEquals(faults({ store, lifetimeSeconds }), ["out-of-range lifetimeSeconds -1"]);
    });
    eachRow([null, "true", 1, 0], (query) => {
      assertEquals(faults({ store, query }), ["wrong-type query -1"]);
    });
    assertEquals(faults({ store, lifetime: 5 }), ["unknown-option lifetime -1"]);
    assertEquals(faultsOf(() => createTickets(untyped(undefined))), [
      "wrong-type options -1",
      "wrong-type store -1",
    ]);
    for (const lifetimeSeconds of [1, 1.5, 300]) createTickets({ store, lifetimeSeconds });
    createTickets(untyped({ store, lifetimeSeconds: undefined, query: undefined }));
  });
});

words.end();
