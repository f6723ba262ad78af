/**
 * Log-ins as JWTs, by jose: a socket closes when the token expires, and when its session is ended before.
 *
 *     deno serve --allow-env=TOKEN_SECONDS --node-modules-dir=none --port 8000 examples/sessions/jose.ts
 *     PORT=8000 bun run examples/sessions/jose.ts
 *
 * @module
 */

import process from "node:process";
import {
  authMiddlewareStack,
  getCookies,
  guard,
  originValidator,
  protocolTypeRouter,
  type SessionRef,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { createLiveSockets } from "@wsgate/wsgate/live";
import { generateKeyPair, jwtVerify, SignJWT } from "jose";

/** A token is short-lived, and renewed; the log-in behind it ends for good after half a day. */
const TOKEN_SECONDS = Number(process.env.TOKEN_SECONDS ?? 300);
const LOG_IN_SECONDS = 12 * 3600;

const live = createLiveSockets({
  // A copy of an ended session's token can be renewed until then, so the end is remembered until then.
  longestSessionSeconds: LOG_IN_SECONDS,
});

// ------------------------------------------------------------------------------------------------ the tokens

// Where somebody else signs them: createRemoteJWKSet(new URL("https://login.example.com/jwks.json")).
const { publicKey, privateKey } = await generateKeyPair("ES256");
const EXPECTED = { issuer: "https://login.example.com", audience: "chat", algorithms: ["ES256"] };

/** What is read from a token, once it is known to be genuine. */
interface Claims {
  /** The user. */
  readonly sub: string;
  /** The log-in: the same in every token that renews it. */
  readonly sid: string;
  /** When it was, in seconds. */
  readonly auth_time: number;
  /** When this token ends, in seconds. */
  readonly exp: number;
}

async function claimsOf(request: Request): Promise<Claims | null> {
  const token = getCookies(request).get("token");
  if (token === undefined) return null;
  try {
    const requiredClaims = ["sub", "sid", "auth_time", "exp"];
    const { payload } = await jwtVerify<Claims>(token, publicKey, { ...EXPECTED, requiredClaims });
    return payload;
  } catch {
    return null;
  }
}

/** Hands out a token of a log-in. */
async function handOut({ sub, sid, auth_time }: Omit<Claims, "exp">): Promise<Response> {
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({ sid, auth_time })
    .setProtectedHeader({ alg: "ES256" })
    .setSubject(sub).setIssuer(EXPECTED.issuer).setAudience(EXPECTED.audience)
    .setIssuedAt(now)
    .setExpirationTime(Math.min(now + TOKEN_SECONDS, auth_time + LOG_IN_SECONDS))
    .sign(privateKey);
  // Over https `__Host-token`, and Secure.
  const cookie = `token=${token}; HttpOnly; SameSite=Lax; Path=/`;
  return new Response("logged in\n", { headers: { "set-cookie": cookie } });
}

/**
 * What a token says about the session that sockets hang on. The id is `sid` and not `jti`, the start `auth_time` and not
 * `iat`: those are other ones in each token, and a renewed one would outlive its log-out. (`iat` is right where nothing
 * renews a token.) JWTs count seconds, we count milliseconds.
 */
const sessionOf = ({ sub, sid, auth_time, exp }: Claims): SessionRef => ({
  id: sid,
  subject: sub,
  startedAt: auth_time * 1000,
  expiresAt: exp * 1000,
});

// ----------------------------------------------------------------------------------------------- the site

const auth = authMiddlewareStack({ user: claimsOf, required: true, session: sessionOf, live });

/** Takes the form's word for the name; a real site asks for more. */
async function logIn(request: Request): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const name = String(form.get("name") ?? "").trim().slice(0, 40);
  if (name === "") return new Response("A name, please.\n", { status: 400 });
  return handOut({ sub: name, sid: crypto.randomUUID(), auth_time: Math.floor(Date.now() / 1000) });
}

/** What the page asks for before its token expires; then it connects again. */
const renew = auth((request: Request) => handOut(auth.scope(request).user));

const loggedOut = () =>
  new Response("logged out\n", { headers: { "set-cookie": "token=; Max-Age=0; Path=/" } });

const logOut = auth(async (request: Request) => {
  await live.end({ session: auth.scope(request).user.sid });
  return loggedOut();
});

/** On every device: all that started before now. */
const logOutEverywhere = auth(async (request: Request) => {
  await live.end({ subject: auth.scope(request).user.sub });
  return loggedOut();
});

const hosts = ["localhost", "127.0.0.1"];
const ownForms = (handler: (request: Request) => Promise<Response> | Response) =>
  guard(handler, { origins: ["'self'"], hosts }, { requests: "all" });

const chat = upgradeHandler({
  open: (socket) => void socket.send(`Welcome, ${auth.scope(socket.request).user.sub}.`),
  message: (socket, text) => void socket.send(text),
}, { live });

/** The whole application. */
export const fetch = protocolTypeRouter({
  http: urlRouter([
    ["/log-in", ownForms(logIn)],
    ["/renew", ownForms(renew)],
    ["/log-out", ownForms(logOut)],
    ["/log-out-everywhere", ownForms(logOutEverywhere)],
  ]),
  websocket: originValidator(auth(urlRouter([["/chat", chat]])), ["'self'"], { hosts }),
});

export default { fetch, websocket };
