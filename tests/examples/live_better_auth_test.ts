// Log-ins by better-auth: whatever deletes a session closes its sockets.

import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { areEnded, areOpen, ExampleSite } from "./site_of_example.ts";

const EXAMPLE = new URL("../../examples/sessions/better_auth.ts", import.meta.url);
const PASSWORD = "correct horse battery staple";

describe("better-auth", { timeout: 240_000 }, () => {
  let server: ServedProgram;
  let site: ExampleSite;
  before(async () => {
    // Bun's test runner says "test", by which better-auth lets every origin in.
    const env = { NODE_ENV: "development" };
    server = await serveProgram(EXAMPLE, { env, permissions: ["--allow-env"] });
    site = new ExampleSite(server.port);
    for (const name of ["ada", "bob", "eve"]) {
      await cookieFrom("/sign-up/email", { name, ...credentials(name) });
    }
  });
  after(() => server.stop());

  const credentials = (name: string) => ({ email: `${name}@example.com`, password: PASSWORD });
  const post = (path: string, body: object, cookie = "", origin = site.origin) =>
    fetch(`${site.origin}/api/auth${path}`, {
      method: "POST",
      headers: { origin, cookie, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  async function cookieFrom(path: string, body: object, cookie = ""): Promise<string> {
    const response = await post(path, body, cookie);
    assertEquals(response.status, 200, await response.text());
    return response.headers.getSetCookie()[0]!.split(";")[0]!;
  }
  const logIn = (name: string) => cookieFrom("/sign-in/email", credentials(name));

  it("a log-in opens a socket, and nothing else does", async () => {
    const ada = await logIn("ada");
    const peer = await site.connect(ada);
    await areOpen(peer);
    assertEquals(peer.texts[0], "Welcome, ada.");
    assertEquals((await site.connect(ada, "http://evil.test")).status, 403);
    assertEquals([(await site.connect("")).status, (await site.connect(ada.slice(0, -9))).status], [
      401,
      401,
    ]);
    assertEquals((await post("/sign-in/email", { ...credentials("ada"), password: "wrong" })).status, 401);
  });

  it("signing out closes the sockets of that session and no other", async () => {
    const [phone, laptop, bob] = [await logIn("ada"), await logIn("ada"), await logIn("bob")];
    const ended = [await site.connect(phone), await site.connect(phone)];
    const others = [await site.connect(laptop), await site.connect(bob)];
    await areOpen(...ended, ...others);
    assertEquals((await post("/sign-out", {}, phone, "http://evil.test")).status, 403);
    await areOpen(...ended);
    assertEquals((await post("/sign-out", {}, phone)).status, 200);
    await areEnded(...ended);
    await areOpen(...others);
    assertEquals((await site.connect(phone)).status, 401);
  });

  it("so does revoking all others, and a new password", async () => {
    const [here, there, bob] = [await logIn("ada"), await logIn("ada"), await logIn("bob")];
    const [kept, ended, other] = [
      await site.connect(here),
      await site.connect(there),
      await site.connect(bob),
    ];
    await areOpen(kept, ended, other);
    assertEquals((await post("/revoke-other-sessions", {}, here)).status, 200);
    await areEnded(ended);
    await areOpen(kept, other);

    const eves = [await logIn("eve"), await logIn("eve")];
    const peers = await Promise.all(eves.map((cookie) => site.connect(cookie)));
    await areOpen(...peers);
    const change = { currentPassword: PASSWORD, newPassword: "another staple", revokeOtherSessions: true };
    const renewed = await cookieFrom("/change-password", change, eves[0]);
    await areEnded(...peers);
    await areOpen(await site.connect(renewed), kept, other);
    for (const cookie of eves) assertEquals((await site.connect(cookie)).status, 401);
  });
});
