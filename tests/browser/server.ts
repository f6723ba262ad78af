/**
 * The servers that real browsers meet: pages, and sockets behind every guard of the library. It notes what each
 * handshake was and how it was judged.
 *
 *     deno run -A tests/browser/server.ts CERTIFICATE KEY          bun run tests/browser/server.ts CERTIFICATE KEY
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import {
  authMiddlewareStack,
  getCookies,
  type Handler,
  originValidator,
  protocolTypeRouter,
  refuseVisibly,
  routeParams,
  type SocketHandlers,
  upgradeHandler,
  urlRouter,
  websocket,
} from "@wsgate/wsgate";
import { onDenied } from "../recorder.ts";
import { handshakeBytes, handshakeHeaders, serveOn } from "../runtime.ts";

/** What arrived, and what came of it. */
interface Arrival {
  /** "allowed", or the reason of the refusal. */
  judged: string;
  readonly origin: string | null;
  readonly host: string | null;
  readonly site: string | null;
  /** The names of the cookies, in alphabetical order. */
  readonly cookies: readonly string[];
}

const arrivals = new Map<string, Arrival>();

/** The number at the end of a handshake's path. */
const idOf = ({ url }: { readonly url: string }): string => /[^/]*$/.exec(url)![0];

/** Outside every guard: headers are gone once Deno has upgraded. */
function noted(handler: Handler): Handler {
  return (request, context) => {
    arrivals.set(idOf(request), {
      judged: "nothing said",
      origin: request.headers.get("origin"),
      host: request.headers.get("host"),
      site: request.headers.get("sec-fetch-site"),
      cookies: [...getCookies(request).keys()].sort(),
    });
    return handler(request, context);
  };
}

/** Inside every guard. */
function admitted(handler: Handler): Handler {
  return (request, context) => {
    arrivals.get(idOf(request))!.judged = "allowed";
    return handler(request, context);
  };
}

const onDecision = onDenied(({ reason, request }) => {
  arrivals.get(idOf(request as Request))!.judged = reason;
});

// ------------------------------------------------------------------------------------------ the sockets

/** A site that is embedded elsewhere has its login in a cookie with SameSite=None as well. */
const user = (request: Request) => {
  const cookies = getCookies(request);
  const name = cookies.get("session") ?? cookies.get("__Host-none");
  return name === undefined ? null : { name };
};
const auth = authMiddlewareStack({ user, onDecision });

/** Private data for whoever is logged in. */
const mail: SocketHandlers = {
  open(socket) {
    socket.send(`mail of ${auth.scope(socket.request).user?.name ?? "nobody"}`);
  },
};
const inbox = admitted(auth(upgradeHandler(mail)));
const chat = admitted(auth(upgradeHandler(mail, { protocols: ["chat.v2", "chat.v1"] })));

/** The names that this server answers to; evil.test leads here as well, as a rebinding attacker's name does. */
const hosts = [
  "goodsite.test",
  "api.goodsite.test",
  "goodsite.test.",
  "bücher.test",
  "localhost",
  "127.0.0.1",
  "[::1]",
];
const self = ["'self'"];
const loggedIn = (options: { refuse?: typeof refuseVisibly }) =>
  originValidator(
    authMiddlewareStack({ user, required: true, onDecision, ...options })(inbox),
    self,
    { hosts, onDecision, ...options },
  );
const sockets = urlRouter([
  // Every site may open it: what a socket is that nobody guards.
  ["/bare/:id", originValidator(inbox, ["*"], { onDecision })],
  ["/self/:id", originValidator(inbox, self, { hosts, onDecision, refuse: refuseVisibly })],
  ["/self-by-status/:id", originValidator(inbox, self, { hosts, onDecision })],
  [
    "/siblings/:id",
    originValidator(inbox, ["https://*.goodsite.test:8443"], { onDecision, refuse: refuseVisibly }),
  ],
  ["/members/:id", loggedIn({ refuse: refuseVisibly })],
  ["/members-by-status/:id", loggedIn({})],
  ["/chat/:id", originValidator(chat, self, { hosts, onDecision, refuse: refuseVisibly })],
]);

// -------------------------------------------------------------------------------------------- the pages

const script = readFileSync(new URL("page.js", import.meta.url), "utf8");
const html = (headers: HeadersInit = {}) => {
  const response = new Response('<!doctype html><title>page</title><body><script src="/page.js"></script>', {
    headers,
  });
  response.headers.set("content-type", "text/html; charset=utf-8");
  return response;
};

/** Every kind of cookie there is, each named after what it is. */
const COOKIES = [
  "strict=1; SameSite=Strict",
  "lax=1; SameSite=Lax",
  "unspecified=1",
  "none=1; SameSite=None; Secure",
  "partitioned=1; SameSite=None; Secure; Partitioned",
  "__Host-lax=1; SameSite=Lax; Secure; Path=/",
  "__Host-none=ada; SameSite=None; Secure; Path=/",
  "domain=1; SameSite=Lax; Domain=goodsite.test",
  "session=ada; SameSite=Lax; HttpOnly",
];

const site = urlRouter([
  ["/page", () => html()],
  ["/page.js", () => new Response(script, { headers: { "content-type": "text/javascript" } })],
  ["/csp-sandbox", () => html({ "content-security-policy": "sandbox allow-scripts" })],
  ["/no-referrer", () => html({ "referrer-policy": "no-referrer" })],
  ["/login", () => html(COOKIES.map((cookie): [string, string] => ["set-cookie", `${cookie}; Max-Age=600`]))],
  [
    "/logout",
    () =>
      html([["set-cookie", "session=; Max-Age=0"], [
        "set-cookie",
        "__Host-none=; Max-Age=0; Secure; Path=/",
      ]]),
  ],
  ["/arrivals/:id", (request) => Response.json(arrivals.get(routeParams(request)["id"]!) ?? null)],
]);

const fetch = protocolTypeRouter({ http: site, websocket: noted(sockets) });

const [cert, key] = process.argv.slice(2);
const tls = { cert: cert!, key: key! };
const http = serveOn({}, fetch, websocket).port;
const https = serveOn({ tls }, fetch, websocket).port;
// The same ports at the other loopback address: a browser reaches one server by either.
serveOn({ hostname: "::1", port: http }, fetch, websocket);
serveOn({ hostname: "::1", port: https, tls }, fetch, websocket);
// On Bun a server can refuse visibly from its first socket on.
for (const host of ["127.0.0.1", "::1"]) {
  await openOnce(connect(http, host));
  await openOnce(connectTls({ port: https, host, rejectUnauthorized: false }));
}

console.log(JSON.stringify({ http, https }));
process.stdin.resume().on("end", () => process.exit());

function openOnce(connection: Duplex): Promise<void> {
  connection.write(handshakeBytes("/bare/0", handshakeHeaders("localhost")));
  return new Promise((resolve, reject) => {
    connection.on("error", reject).once("data", () => {
      connection.destroy();
      resolve();
    });
  });
}
