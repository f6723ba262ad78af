/**
 * What has to hold of the chat, whatever it is composed of.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inTime } from "../in_time.ts";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { eachRowInTurn } from "../rows.ts";
import { handshakeBytes, handshakeHeaders, sendRaw } from "../runtime.ts";

/** Starts one composition of the chat as a user starts it, and tests it. */
export function checkChat(name: string, script: URL): void {
  describe(name, { timeout: 120_000 }, () => {
    let server: ServedProgram;
    let origin: string;
    before(async () => {
      server = await serveProgram(script);
      origin = `http://127.0.0.1:${server.port}`;
    });
    after(() => server.stop());

    const post = (path: string, headers: Record<string, string>, name?: string) =>
      fetch(`${origin}${path}`, {
        method: "POST",
        body: new URLSearchParams(name === undefined ? {} : { name }),
        headers,
        redirect: "manual",
      });

    /** Logs in as a browser's form does; resolves with the Cookie header that it sends from then on. */
    async function logIn(name: string): Promise<string> {
      const response = await post("/login", { origin }, name);
      assertEquals(response.status, 303);
      assertEquals(response.headers.get("location"), "/");
      return response.headers.get("set-cookie")!.split(";")[0]!;
    }

    const page = async (cookie = "") => await (await fetch(origin, { headers: { cookie } })).text();

    it("two people who are logged in talk in a room, one without a login listens in", async () => {
      const ada = await join(origin, "one", await logIn("ada"));
      assertEquals(await ada.hears(1), [{ here: ["ada"] }]);
      const bob = await join(origin, "one", await logIn("bob"));
      const nobody = await join(origin, "one");
      const elsewhere = await join(origin, "other", await logIn("eve"));
      assertEquals(await ada.hears(3), [{ here: ["ada"] }, { here: ["ada", "bob"] }, {
        here: ["ada", "bob"],
      }]);
      nobody.say("me too");
      ada.say("how are you?");
      const said = { from: "ada", text: "how are you?" };
      assertEquals((await ada.hears(4))[3], said);
      assertEquals((await bob.hears(3))[2], said);
      assertEquals(await nobody.hears(2), [{ here: ["ada", "bob"] }, said]);
      assertEquals(await elsewhere.hears(1), [{ here: ["eve"] }]);
      bob.leave();
      assertEquals((await nobody.hears(3))[2], { here: ["ada"] });
      for (const person of [ada, nobody, elsewhere]) person.leave();
    });

    it("a page of another origin, a foreign host and an unknown path are refused", async () => {
      const own = handshakeHeaders(`127.0.0.1:${server.port}`);
      const status = async (path: string, headers: [string, string][]) =>
        (await sendRaw(server.port, handshakeBytes(path, headers))).status;
      assertEquals(await status("/chat/lobby", [...own, ["Origin", origin]]), 101);
      assertEquals(await status("/chat/lobby", [...own, ["Origin", "http://127.0.0.1:1"]]), 403);
      assertEquals(await status("/chat/lobby", own), 403);
      assertEquals(await status("/chat/", [...own, ["Origin", origin]]), 404);
      const rebound = handshakeHeaders(`evil.test:${server.port}`);
      assertEquals(
        await status("/chat/lobby", [...rebound, ["Origin", `http://evil.test:${server.port}`]]),
        403,
      );
      assertEquals((await sendRaw(server.port, "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n")).status, 403);
    });

    it("the page says who is logged in, as text", async () => {
      const anonymous = await page();
      assert(anonymous.startsWith("<!doctype html>"));
      assertStringIncludes(anonymous, 'action="/login"');
      assert(!anonymous.includes('action="/logout"'));
      const cookie = await logIn(`<i>"d'Ada" & co</i>`);
      const known = await page(cookie);
      assertStringIncludes(known, "&#60;i&#62;&#34;d&#39;Ada&#34; &#38; co&#60;/i&#62;");
      assert(!known.includes("<i>"));
      assertStringIncludes(known, 'action="/logout"');
      assert(!known.includes('action="/login"'));
      assertEquals(await page("session=Fe26.2*1*forged~2"), anonymous);
      assertEquals(await page(cookie.slice(0, -9) + "AAAAAAA~2"), anonymous);
    });

    it("the session's cookie is out of reach for scripts, and not sent along by other sites' forms", async () => {
      const cookie = (await post("/login", { origin }, "ada")).headers.get("set-cookie")!;
      assertMatch(cookie, /^session=[^;]+; /);
      assertMatch(cookie, /; Path=\/; HttpOnly; SameSite=Lax$/);
    });

    it("forms of other sites log nobody in or out, and a name is asked for", async () => {
      await eachRowInTurn(["/login", "/logout"], async (path) => {
        assertEquals((await post(path, { origin: "http://evil.test" }, "eve")).status, 403);
        assertEquals((await post(path, {}, "eve")).status, 403);
      });
      assertEquals((await post("/login", { origin }, "  ")).status, 400);
      assertEquals((await post("/login", { origin })).status, 400);
      const text = { method: "POST", body: "name", headers: { origin } };
      assertEquals((await fetch(`${origin}/login`, text)).status, 400);
    });

    it("logging out takes the cookie away and ends the session's sockets, and no other", async () => {
      const cookie = await logIn("eve");
      const [first, second] = [await join(origin, "two", cookie), await join(origin, "three", cookie)];
      const namesake = await join(origin, "two", await logIn("eve"));
      const response = await post("/logout", { origin, cookie });
      assertEquals(response.status, 303);
      assertMatch(response.headers.get("set-cookie")!, /^session=; Max-Age=0; /);
      assertEquals(await first.ends(), "4401 session-ended");
      assertEquals(await second.ends(), "4401 session-ended");
      const own = handshakeHeaders(`127.0.0.1:${server.port}`);
      const copied = handshakeBytes("/chat/two", [...own, ["Origin", origin], ["Cookie", cookie]]);
      assertEquals((await sendRaw(server.port, copied)).status, 401);
      assertEquals(await page(cookie), await page());
      namesake.say("still here");
      while (!(await namesake.hears(1)).some((news) => "text" in news)) await namesake.more();
      namesake.leave();
    });
  });
}

type News = { here: string[] } | { from: string; text: string };

/** A client that sends Origin and Cookie like a page of the site, and remembers what it was told. */
async function join(origin: string, room: string, cookie?: string) {
  // Both runtimes take headers here; the web's own type does not know them.
  const options = { headers: { origin, ...(cookie === undefined ? {} : { cookie }) } } as unknown as string[];
  const socket = new WebSocket(`${origin.replace("http", "ws")}/chat/${room}`, options);
  const heard: News[] = [];
  let wake = () => {};
  const more = () => inTime("another message", new Promise<void>((resolve) => wake = resolve), () => heard);
  socket.onmessage = (event) => {
    heard.push(JSON.parse(event.data));
    wake();
  };
  const end = new Promise<string>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
  });
  await inTime(
    "an open socket",
    new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    }),
  );
  return {
    ends: () => inTime("the end of a socket", end, () => heard),
    more,
    say: (text: string) => socket.send(text),
    async hears(count: number): Promise<News[]> {
      while (heard.length < count) await more();
      return heard;
    },
    leave: () => socket.close(),
  };
}
