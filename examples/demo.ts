/**
 * The attack and the defence, in a terminal: two native WebSocket servers give the same private data to the same
 * login cookie, one of them behind a guard. Both are sent, byte for byte, the handshakes that real browsers sent when
 * pages of other sites opened a WebSocket to a site at which the user was logged in.
 *
 *     deno task demo
 *     bun run examples/demo.ts
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { getCookies, originValidator } from "@wsgate/wsgate";
import captured from "../tests/vectors/handshakes.json" with { type: "json" };
import { listen, upgrade } from "./native.ts";

/** A handshake as it was recorded. */
interface Capture {
  readonly client: string;
  readonly version: string;
  readonly situation: string;
  readonly page_origin: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly string[])[];
}

/** What the demonstration sends, and what it says about it. */
const VISITS = [
  {
    title: "The site's own page",
    situation: "cookies-https-same-origin",
    client: "chromium",
    cookie: "strict",
    why: "The origin is on the list.",
  },
  {
    title: "Another site's page, and a login cookie that is SameSite=None",
    situation: "cookies-https-cross-site/3pc",
    client: "chromium",
    note: ", third-party cookies allowed",
    cookie: "none",
    why: "CORS does not apply to WebSockets: the browser asks nobody before it sends this.",
  },
  {
    title: "A page on a sibling subdomain, and a cookie that is SameSite=Strict",
    situation: "cookies-https-same-site",
    client: "firefox",
    cookie: "strict",
    why: "SameSite is about sites, not origins: every subdomain is the same site.",
  },
  {
    title: "The site's own name over plain http, from an attacker in the network",
    situation: "cookies-https-http-page-same-host-to-wss",
    client: "firefox",
    cookie: "strict",
    why: "Only the scheme differs, and the scheme is part of the origin.",
  },
];

const SITE = "https://goodsite.test:8443";
const ALLOWED = [SITE];

/** Whoever holds the login cookie gets the mail. The cookie exists once for each SameSite setting, named after it. */
function mail(request: Request, context: unknown): Response | undefined {
  const cookies = getCookies(request);
  const loggedIn = ["strict", "lax", "none"].some((name) => cookies.get(name) === "1");
  return upgrade(request, context, (socket) => {
    socket.send(loggedIn ? "Ada, your mail: the spare key is under the third pot" : "Who are you?");
  });
}

let refusal = "";
const servers = {
  bare: listen(mail),
  guarded: listen(originValidator(mail, ALLOWED, {
    hosts: ["goodsite.test"],
    onDecision: ({ reason }) => {
      refusal = reason ?? "";
    },
  })),
};

const colors = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number) => (text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
const [bold, dim, red, green, yellow] = [1, 2, 31, 32, 33].map(paint) as [Paint, Paint, Paint, Paint, Paint];
type Paint = (text: string) => string;

const runtime = typeof Deno === "undefined" ? `Bun ${process.versions.bun}` : `Deno ${Deno.version.deno}`;
console.log(`
${bold("Two WebSocket servers")} on ${runtime}, both give Ada's mail to whoever holds her login cookie:

  bare      ws://127.0.0.1:${servers.bare.port}   ${dim("mail")}
  guarded   ws://127.0.0.1:${servers.guarded.port}   ${
  dim(`originValidator(mail, ${JSON.stringify(ALLOWED)}, { hosts: ["goodsite.test"] })`)
}

Ada is logged in at ${SITE}. Her browser opens four pages, each of which calls
new WebSocket("wss://goodsite.test:8443/…"). What it sent then was recorded; here it is sent again.`);

let stolen = 0;
let kept = 0;
for (const [index, visit] of VISITS.entries()) {
  const capture = (captured as readonly Capture[]).find((row) =>
    row.situation === visit.situation && row.client === visit.client
  )!;
  const header = (name: string) => capture.headers.find(([key]) => key!.toLowerCase() === name)?.[1] ?? "";
  const cookies = header("cookie").split("; ");
  console.log(`
${bold(`${index + 1}  ${visit.title}`)}
   ${dim(`${capture.client} ${capture.version} on ${capture.page_origin}${visit.note ?? ""}`)}
   Origin: ${yellow(header("origin"))}
   Cookie: ${
    cookies.map((cookie) => cookie.startsWith(visit.cookie + "=") ? yellow(cookie) : dim(cookie)).join("; ")
  }`);

  const attack = header("origin") !== SITE;
  for (const [name, { port }] of Object.entries(servers)) {
    refusal = "";
    const { status, message } = await replay(port, capture);
    const gaveMail = message.startsWith("Ada");
    if (attack && gaveMail) stolen++;
    if (attack && !gaveMail) kept++;
    const outcome = status !== 101
      ? green(`refused  ${status} ${STATUS_CODES[status]}, ${refusal}`)
      : (attack ? red : green)(`${attack ? "stolen" : "served"}   "${message}"`);
    console.log(`   ${name.padEnd(8)}  ${outcome}`);
  }
  console.log(`   ${dim(visit.why)}`);
}

const attacks = VISITS.length - 1;
console.log(`
${attacks} attacks: the bare server gave the mail away ${stolen} times, the guarded one kept it ${kept} times.
`);
await Promise.all(Object.values(servers).map((server) => server.stop()));
process.exitCode = stolen === attacks && kept === attacks ? 0 : 1;

/** Sends the recorded bytes; resolves with the status and the first text message that came back. */
function replay(port: number, capture: Capture): Promise<{ status: number; message: string }> {
  const head = [
    `${capture.method} ${capture.path} HTTP/1.1`,
    ...capture.headers.map(([n, v]) => `${n}: ${v}`),
  ];
  return new Promise((resolve, reject) => {
    let received = new Uint8Array();
    const socket = connect(port, "127.0.0.1", () => socket.write(head.join("\r\n") + "\r\n\r\n", "latin1"));
    socket.setTimeout(5000, () => socket.destroy(new Error("no answer within 5 seconds")));
    socket.on("error", reject);
    socket.on("data", (chunk: Uint8Array) => {
      received = new Uint8Array([...received, ...chunk]);
      const text = new TextDecoder("latin1").decode(received);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const status = Number(text.slice(9, 12));
      // A short unmasked text frame, whole: 0x81, its length, its bytes (RFC 6455 §5.2).
      const frame = received.subarray(end + 4);
      if (status === 101 && (frame.length < 2 || frame.length < 2 + frame[1]!)) return;
      // An open socket is closed by the book, a masked and empty close frame: where the client just hangs up, Deno
      // waits for it a while longer.
      if (status === 101) socket.write(new Uint8Array([0x88, 0x80, 0, 0, 0, 0]));
      else socket.destroy();
      resolve({
        status,
        message: status === 101 ? new TextDecoder().decode(frame.subarray(2, 2 + frame[1]!)) : "",
      });
    });
  });
}
