// Log-ins as JWTs by jose: sockets end with the token, with the log-out and with the log-out everywhere.

import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { type ServedProgram, serveProgram } from "../programs.ts";
import { eachRowInTurn } from "../rows.ts";
import { pause } from "../socket/peer.ts";
import { areEnded, areOpen, ExampleSite } from "./site_of_example.ts";

const EXAMPLE = new URL("../../examples/sessions/jose.ts", import.meta.url);
const SHORT_SECONDS = 4;
/** `pollSeconds`, and one more. */
const BOUND_MS = 3000;

const tokenIn = (cookie: string) => cookie.slice("token=".length);

describe("JWTs by jose", { timeout: 240_000 }, () => {
  const servers: ServedProgram[] = [];
  let site: ExampleSite;
  let short: ExampleSite;
  before(async () => {
    const start = async (seconds: number) => {
      const env = { TOKEN_SECONDS: `${seconds}` };
      const server = await serveProgram(EXAMPLE, { env, permissions: ["--allow-env=TOKEN_SECONDS"] });
      servers.push(server);
      return new ExampleSite(server.port);
    };
    site = await start(300);
    short = await start(SHORT_SECONDS);
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  const logIn = (name: string) => site.cookieFrom("/log-in", { name });

  it("logging out closes the sockets of that log-in and no other", async () => {
    const [phone, laptop] = [await logIn("ada"), await logIn("ada")];
    const [first, second, other] = [
      await site.connect(phone),
      await site.connect(phone),
      await site.connect(laptop),
    ];
    await areOpen(first, second, other);
    assertEquals((await site.post("/log-out", {}, phone)).status, 200);
    await areEnded(first, second);
    await areOpen(other);
    assertEquals((await site.connect(phone)).status, 401);
  });

  it("a renewed token is of the same session: its log-out closes what was opened by the one before", async () => {
    const token = await logIn("ada");
    const peer = await site.connect(token);
    await pause(1100);
    const renewed = await site.cookieFrom("/renew", {}, token);
    const [before, after] = [decodeJwt(tokenIn(token)), decodeJwt(tokenIn(renewed))];
    assertLess(before.iat!, after.iat!);
    assertEquals(before["sid"], after["sid"]);
    const newer = await site.connect(renewed);
    await areOpen(peer, newer);
    assertEquals((await site.post("/log-out", {}, renewed)).status, 200);
    await areEnded(peer, newer);
    assertEquals([(await site.connect(token)).status, (await site.connect(renewed)).status], [401, 401]);
  });

  it("logging out everywhere ends all that started before, renewed or not, and lets in who logs in then", async () => {
    const [phone, laptop, bobs] = [await logIn("ada"), await logIn("ada"), await logIn("bob")];
    const peers = [await site.connect(phone), await site.connect(laptop)];
    const bob = await site.connect(bobs);
    await areOpen(...peers, bob);
    await pause(1100);
    assertEquals((await site.post("/log-out-everywhere", {}, phone)).status, 200);
    await areEnded(...peers);
    await areOpen(bob);
    const renewed = await site.cookieFrom("/renew", {}, laptop);
    assertEquals([(await site.connect(laptop)).status, (await site.connect(renewed)).status], [401, 401]);
    // A token counts whole seconds: a log-in of this very one would be of before.
    await pause(1100);
    await areOpen(await site.connect(await logIn("ada")));
  });

  it("a socket closes when its token expires, unless the page has come with a newer one", async () => {
    const alone = await short.cookieFrom("/log-in", { name: "ada" });
    const kept = await short.cookieFrom("/log-in", { name: "bob" });
    const peer = await short.connect(alone);
    const bob = await short.connect(kept);
    await areOpen(peer, bob);
    await pause(SHORT_SECONDS * 500);
    const renewed = await short.cookieFrom("/renew", {}, kept);
    await short.connect(renewed);
    const end = decodeJwt(tokenIn(alone)).exp! * 1000;
    await areEnded(peer);
    const late = Date.now() - end;
    assert(late >= 0 && late < BOUND_MS, `${late} ms after the token's end`);
    assertEquals((await short.connect(alone)).status, 401);
    if (Date.now() < decodeJwt(tokenIn(renewed)).exp! * 1000) await areOpen(bob);
    await areEnded(bob);
  });

  it("tokens that are forged, of somebody else, or cut open nothing", async () => {
    const genuine = tokenIn(await logIn("ada"));
    const claims = decodeJwt(genuine);
    const { privateKey } = await generateKeyPair("ES256");
    const [header, , signature] = genuine.split(".");
    const sign = (changes: Record<string, unknown>) =>
      new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
    assertEquals(decodeProtectedHeader(genuine).alg, "ES256");
    const rows: [what: string, token: string][] = [
      ["another key", await sign({})],
      ["no signature", new UnsecuredJWT(claims).encode()],
      ["the signature of another", [header, (await sign({ sub: "eve" })).split(".")[1], signature].join(".")],
      ["one character cut off", genuine.slice(0, -1)],
      ["none", ""],
    ];
    await eachRowInTurn(rows, async ([, token]) => {
      assertEquals((await site.connect(`token=${token}`)).status, 401);
      assertEquals((await site.post("/renew", {}, `token=${token}`)).status, 401);
    });
    assertEquals((await site.connect(`token=${genuine}`, "http://evil.test")).status, 403);
    assertEquals((await site.post("/log-out", {}, `token=${genuine}`, "http://evil.test")).status, 403);
    await areOpen(await site.connect(`token=${genuine}`));
  });
});
