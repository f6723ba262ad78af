/**
 * The good site: a login, a private note, and two sockets that serve it. `/bare` asks nobody; `/guarded` is the same
 * handler behind a policy, which the site's own page edits over a third socket.
 *
 * @module
 */

import {
  authMiddlewareStack,
  check,
  compilePolicy,
  deny,
  guard,
  hostValidator,
  originValidator,
  protocolTypeRouter,
  refuseVisibly,
  routeParams,
  type Socket,
  upgradeHandler,
  urlRouter,
  type Wrapped,
} from "@wsgate/wsgate";
import { SITE_HOSTS } from "./attackers.ts";
import { playgroundFile } from "../playground/files.ts";
import { file } from "./files.ts";
import type { Note, PolicyForm, SameSite, SiteNews, SocketName } from "./messages.ts";
import { COOKIE, FIRST_POLICY, type Session, type Store } from "./store.ts";

const MAX_NAME_LENGTH = 40;
const MAX_NOTE_LENGTH = 500;

/** The whole application of the good site. */
export function site(store: Store): Wrapped<[], Response> {
  const user = (request: Request) => store.sessionOf(request);
  const notes = new Map<Socket, Session | null>();

  const auth = authMiddlewareStack({ user });
  /** One handler for both sockets: what they differ in is their guard. */
  const noteSocket = auth(
    upgradeHandler({
      open(socket) {
        const session = auth.scope(socket.request).user;
        notes.set(socket, session);
        socket.send(note(session));
      },
      message(socket, text) {
        const session = notes.get(socket);
        if (session === null || session === undefined || typeof text !== "string") return;
        session.note = text.slice(0, MAX_NOTE_LENGTH);
        for (const [other, theirs] of notes) {
          if (theirs === session && other !== socket) other.send(note(session));
        }
      },
      close: (socket) => void notes.delete(socket),
    }, { maxMessageBytes: 4 * MAX_NOTE_LENGTH }),
  );

  // Every site may open it: what a socket is that nobody guards.
  const bare = originValidator(noteSocket, ["*"]);
  const guarded = guard(noteSocket, () => store.policy, {
    refuse: (denied, request, context) =>
      store.form.refuse === "visibly" ? refuseVisibly(denied, request, context) : deny(denied),
    // The pages show every refusal; a console line for each would be one too many.
    onDecision: () => {},
  });

  const ownPages = compilePolicy({ origins: ["'self'"], hosts: SITE_HOSTS });

  /** Who edits the policy decides who gets in: the site's own pages, and nobody else. */
  const control = originValidator(
    upgradeHandler({
      open(socket) {
        const send = (faults: SiteNews["faults"] = []) =>
          socket.send(JSON.stringify(siteNews(store, faults)));
        listening.set(socket, { send, stop: store.onChange(send) });
        send();
      },
      message(socket, text) {
        const form = readForm(text);
        if (form === null) return socket.close(1007, "not a policy");
        const faults = store.setPolicy(form);
        if (faults.length > 0) listening.get(socket)?.send(faults);
      },
      close(socket) {
        listening.get(socket)?.stop();
        listening.delete(socket);
      },
    }),
    ["'self'"],
    { hosts: SITE_HOSTS },
  );
  const listening = new Map<Socket, { send(faults?: SiteNews["faults"]): void; stop(): void }>();

  const attempt =
    (socket: SocketName, handler: Wrapped<[], Response>) => (request: Request, context: unknown) => {
      store.record(new URL(request.url, "http://localhost").searchParams.get("by") ?? "", socket, request);
      return handler(request, context);
    };

  const pages = urlRouter<unknown, Response>([
    ["/", (request) => file("site.html", { connect: [`ws://${request.headers.get("host")}`] })],
    ["/site.ts", () => file("site.ts")],
    ["/dom.ts", () => file("dom.ts")],
    ["/copy.ts", () => file("copy.ts")],
    ["/policy_code.ts", () => file("policy_code.ts")],
    ["/playground/*", (request) => playgroundFile(routeParams(request)["*"]!)],
    ["/style.css", () => file("style.css")],
    ["/icon.svg", () => file("icon.svg")],
    [
      "/me",
      (request) =>
        Response.json(me(store.sessionOf(request), store), { headers: { "cache-control": "no-store" } }),
    ],
    ["/login", async (request) => {
      // A form of another site must not log anybody in: what judges handshakes judges it too.
      const decision = check(request, ownPages);
      if (!decision.allowed) return deny(decision);
      const form = await request.formData().catch(() => new FormData());
      const name = String(form.get("name") ?? "").trim().slice(0, MAX_NAME_LENGTH) || "Ada";
      const kinds: readonly SameSite[] = ["Strict", "Lax", "None"];
      const sameSite = kinds.find((kind) => kind === form.get("samesite")) ?? "Strict";
      return toPage(
        `${COOKIE}=${store.logIn(name).id}; Path=/; HttpOnly; SameSite=${sameSite}` +
          (sameSite === "None" ? "; Secure" : ""),
      );
    }],
    ["/logout", (request) => {
      const decision = check(request, ownPages);
      if (!decision.allowed) return deny(decision);
      const session = store.sessionOf(request);
      if (session !== null) {
        store.logOut(session);
        for (const [socket, theirs] of notes) if (theirs === session) socket.close(4401, "logged out");
      }
      return toPage(`${COOKIE}=; Path=/; HttpOnly; Max-Age=0`);
    }],
  ]);

  return protocolTypeRouter({
    http: hostValidator(pages, { allowedHosts: SITE_HOSTS }),
    websocket: urlRouter<unknown, Response>([
      ["/bare", attempt("bare", bare)],
      ["/guarded", attempt("guarded", guarded)],
      ["/control", control],
    ]),
  });
}

function note(session: Session | null): string {
  const news: Note = { user: session?.user ?? null, note: session?.note ?? null };
  return JSON.stringify(news);
}

/** What the page needs before it opens a socket. */
function me(session: Session | null, { ports }: Store) {
  return { user: session?.user ?? null, attacker: ports.attacker };
}

function toPage(cookie: string): Response {
  return new Response(null, { status: 303, headers: { location: "/", "set-cookie": cookie } });
}

function siteNews(store: Store, faults: SiteNews["faults"]): SiteNews {
  return {
    policy: store.form,
    firstPolicy: FIRST_POLICY,
    faults,
    verdicts: store.attackers.map((attacker) => ({ attacker, verdict: store.verdictOn(attacker) })),
  };
}

/** The page's message as a policy; null: it is none. What is in the lists is judged by `compilePolicy`. */
function readForm(text: string | Uint8Array): PolicyForm | null {
  try {
    const { origins, hosts, absent, refuse } = JSON.parse(String(text));
    const isList = (list: unknown) => Array.isArray(list) && list.every((entry) => typeof entry === "string");
    if (!isList(origins) || !isList(hosts) || typeof absent !== "string") return null;
    return { origins, hosts, absent, refuse: refuse === "visibly" ? "visibly" : "status" };
  } catch {
    return null;
  }
}
