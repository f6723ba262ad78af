// A real Django's log-in opens our sockets, and they close with it: at once where Django tells, and in time where it does not.

import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import type { Page } from "puppeteer-core";
import { until, write } from "../browser/acting.ts";
import { browsers } from "../browser/browser.ts";
import { prepareDjango, skipWithoutDjango } from "../django.ts";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { runtime } from "../runtime.ts";
import { eventually, knock, pause, type Peer } from "../socket/peer.ts";
import { areEnded, areOpen } from "./site_of_example.ts";

const EXAMPLES = new URL("../../examples/sessions/", import.meta.url);
const PASSWORD = "correct horse battery staple";
const INTERNAL_SECRET = crypto.randomUUID();
const REVALIDATE_SECONDS = 2;
/** `pollSeconds`, and one more for the machine. */
const MORE_MS = 3000;

/** Somebody with a browser at Django's pages. */
class Visitor {
  readonly #site: string;
  readonly #cookies = new Map<string, string>();

  constructor(port: number) {
    this.#site = `http://127.0.0.1:${port}`;
  }

  /** The Cookie header. */
  get cookies(): string {
    return [...this.#cookies].map((pair) => pair.join("=")).join("; ");
  }

  /** Fills in the form of a page and sends it. */
  async fill(path: string, form: Readonly<Record<string, string>>, page = path): Promise<Response> {
    const text = await (await this.#ask(page)).text();
    const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(text)![1]!;
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...form });
    const response = await this.#ask(path, { method: "POST", body });
    await response.text();
    return response;
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { origin: this.#site, cookie: this.cookies };
    const response = await fetch(this.#site + path, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === "" || value === '""') this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    return response;
  }
}

describe("sockets beside a Django site", { skip: skipWithoutDjango, timeout: 240_000 }, () => {
  let django: Awaited<ReturnType<typeof prepareDjango>>;
  let server: ServedProgram;
  before(async () => {
    const settings = { INTERNAL_SECRET, SECRET_KEY: crypto.randomUUID() };
    django = await prepareDjango(new URL("django_site.py", EXAMPLES), settings);
    const users = ["ada", "bob", "closed", "deleted"];
    const create = `User.objects.create_user(name, password="${PASSWORD}")`;
    await inDjango(`for name in ${JSON.stringify(users)}: ${create}`);
    server = await serveProgram(new URL("django.ts", EXAMPLES), {
      permissions: ["--allow-net", "--allow-env"],
      env: {
        INTERNAL_SECRET,
        DJANGO: `http://127.0.0.1:${django.port}`,
        REVALIDATE_SECONDS: `${REVALIDATE_SECONDS}`,
      },
    });
    django.configure({ SOCKETS: `http://127.0.0.1:${server.port}` });
    await django.start();
  }, { timeout: 180_000 });
  after(async () => {
    await server?.stop();
    await django?.remove();
  });

  const inDjango = (code: string) =>
    django.manage("shell", "-c", `from django.contrib.auth.models import User\n${code}`);
  const logIn = async (name: string, password = PASSWORD) => {
    const visitor = new Visitor(django.port);
    assertEquals((await visitor.fill("/login", { username: name, password })).status, 302);
    assertMatch(visitor.cookies, /sessionid=/);
    return visitor;
  };
  const logOut = (visitor: Visitor) => visitor.fill("/logout", {}, "/");
  const connect = (cookies: string, origin = `http://127.0.0.1:${django.port}`): Promise<Peer> =>
    knock(server.port, { path: "/chat", more: [["Origin", origin], ["Cookie", cookies]] });

  it("a log-in at Django opens a socket, and nothing else does", async () => {
    const ada = await logIn("ada");
    const peer = await connect(ada.cookies);
    await eventually("a welcome", () => peer.texts.length > 0);
    assertEquals(peer.texts, ["Welcome, ada."]);
    assertEquals((await connect(ada.cookies, "http://evil.test")).status, 403);
    for (const cookie of ["", "sessionid=", "sessionid=forged", `sessionid=${"a".repeat(32)}`]) {
      assertEquals((await connect(cookie)).status, 401, cookie);
    }
    const nobody = new Visitor(django.port);
    const wrong = await nobody.fill("/login", { username: "ada", password: "wrong" });
    assertEquals([wrong.status, (await connect(nobody.cookies)).status], [200, 401]);
  });

  it("logging out at Django closes the sockets of that session at once, and no other", async () => {
    const [phone, laptop, bob] = [await logIn("ada"), await logIn("ada"), await logIn("bob")];
    const copied = phone.cookies;
    const ended = [await connect(copied), await connect(copied)];
    const others = [await connect(laptop.cookies), await connect(bob.cookies)];
    await areOpen(...ended, ...others);
    assertEquals((await logOut(phone)).status, 302);
    const start = performance.now();
    await areEnded(...ended);
    // Before Django has answered.
    assertLess(performance.now() - start, 500);
    await areOpen(...others);
    assertEquals((await connect(copied)).status, 401);
  });

  it("a new password closes what was opened before: Django has given the session another key", async () => {
    const [here, elsewhere] = [await logIn("bob"), await logIn("bob")];
    const [first, second] = [await connect(here.cookies), await connect(elsewhere.cookies)];
    await areOpen(first, second);
    const form = { old_password: PASSWORD, new_password1: "another staple", new_password2: "another staple" };
    assertEquals((await here.fill("/password", form)).status, 302);
    await areEnded(first);
    await areOpen(await connect(here.cookies));
    // Django tells nothing of the other session, which the password ended as well.
    await areEnded(second);
    assertEquals((await connect(elsewhere.cookies)).status, 401);
  });

  it("what Django does not tell is found by asking: a closed account, a deleted session", async () => {
    const [closed, deleted, ada] = [await logIn("closed"), await logIn("deleted"), await logIn("ada")];
    const peers = [await connect(closed.cookies), await connect(deleted.cookies)];
    const other = await connect(ada.cookies);
    await areOpen(...peers, other);
    const key = /sessionid=(\w+)/.exec(deleted.cookies)![1]!;
    await inDjango(`
from django.contrib.sessions.models import Session
User.objects.filter(username="closed").update(is_active=False)
assert Session.objects.filter(session_key="${key}").delete()[0] == 1`);
    const start = performance.now();
    await areEnded(...peers);
    const took = Math.round(performance.now() - start);
    console.log(`${runtime}: found ${took} ms after, asking every ${REVALIDATE_SECONDS} s`);
    assertLess(took, REVALIDATE_SECONDS * 1000 + MORE_MS);
    await areOpen(other);
  });

  it("who does not know the secret is told nothing, and ends nothing", async () => {
    const ada = await logIn("ada");
    const peer = await connect(ada.cookies);
    const body = new URLSearchParams({ session: /sessionid=(\w+)/.exec(ada.cookies)![1]! });
    for (const headers of [{}, { authorization: "" }, { authorization: `Bearer ${INTERNAL_SECRET}x` }]) {
      for (const url of [`${django.port}/internal/session`, `${server.port}/internal/ended`]) {
        const response = await fetch(`http://127.0.0.1:${url}`, { method: "POST", headers, body });
        assertEquals([response.status, await response.text()], [403, ""], url);
      }
    }
    await areOpen(peer);
  });

  for (const { name, skip, launch } of browsers()) {
    it(`in ${name}, logging out at Django in one tab closes the socket of another`, {
      skip,
      timeout: 120_000,
    }, async () => {
      const browser = await launch();
      try {
        const [first, second] = [await browser.newPage(), await browser.newPage()];
        const submit = (tab: Page) =>
          Promise.all([tab.waitForNavigation(), tab.evaluate('document.querySelector("button").click()')]);
        const shows = (words: string) =>
          until(first, `document.querySelector("output").textContent === "${words}"`);
        await first.goto(`http://127.0.0.1:${django.port}/login`);
        await write(first, "input[name=username]", "ada");
        await write(first, "input[name=password]", PASSWORD);
        await submit(first);
        await shows("Welcome, ada.");
        await second.goto(`http://127.0.0.1:${django.port}/`);
        await submit(second);
        await shows("4401 session-ended");
      } finally {
        await browser.close();
      }
    });
  }

  it("either goes on without the other", async () => {
    const ada = await logIn("ada");
    const peer = await connect(ada.cookies);
    await django.stop();
    assertEquals((await connect(ada.cookies)).status, 503);
    await pause(REVALIDATE_SECONDS * 1000 + MORE_MS);
    await areOpen(peer);
    await django.start();
    await areOpen(await connect(ada.cookies));
    await server.stop();
    assertEquals((await logOut(ada)).status, 302);
    assert(!ada.cookies.includes("sessionid="));
  });
});
