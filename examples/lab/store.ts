/**
 * What the lab's two sites have in common: who is logged in, the guarded socket's policy, and the last handshake of
 * each attacker. In memory, bounded, and gone with the process.
 *
 * @module
 */

import {
  compilePolicy,
  ConfigError,
  explain,
  formatExplanation,
  getCookies,
  type Handshake,
  type Policy,
} from "@wsgate/wsgate";
import { type Attacker, attackers, type Ports, SITE_HOSTS } from "./attackers.ts";
import type { Arrival, Fault, HandshakeView, PolicyForm, SocketName, Verdict } from "./messages.ts";

/** The login cookie's name. */
export const COOKIE = "wsgate-lab";
const MAX_SESSIONS = 100;

/** Somebody who is logged in, and the note that only they should see. */
export interface Session {
  readonly id: string;
  readonly user: string;
  note: string;
}

/** What a lab starts with. */
export const FIRST_POLICY: PolicyForm = {
  origins: ["'self'"],
  hosts: SITE_HOSTS,
  absent: "deny",
  refuse: "status",
};

/** The state of one lab. */
export class Store {
  readonly attackers: readonly Attacker[];
  readonly arrivals = new Map<string, Arrival>();
  /** The policy in force. */
  policy: Policy;
  /** What `policy` was compiled from. */
  form: PolicyForm = FIRST_POLICY;
  generation = 0;
  readonly #sessions = new Map<string, Session>();
  readonly #listeners = new Set<() => void>();

  constructor(readonly ports: Ports) {
    this.attackers = attackers(ports);
    this.policy = compilePolicy(policyOptions(FIRST_POLICY));
  }

  /** Logs somebody in; the oldest of too many sessions ends. */
  logIn(user: string): Session {
    const session = { id: crypto.randomUUID(), user, note: "The spare key is under the third pot." };
    this.#sessions.set(session.id, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }

  /** Ends a session. */
  logOut(session: Session): void {
    this.#sessions.delete(session.id);
  }

  /** The session that a request's cookie names. */
  sessionOf(request: Handshake): Session | null {
    return this.#sessions.get(getCookies(request).get(COOKIE) ?? "") ?? null;
  }

  /** Puts a policy in force, or says everything that is wrong with it and leaves the one in force alone. */
  setPolicy(form: PolicyForm): readonly Fault[] {
    try {
      this.policy = compilePolicy(policyOptions(form));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.issues.map(({ field, index, value, code, fix }) => (
        { field, index, value: typeof value === "string" ? value : String(value), code, fix }
      ));
    }
    this.form = form;
    this.generation++;
    this.changed();
    return [];
  }

  /** What the policy in force makes of the handshake that an attacker sends, whether or not it was sent. */
  verdictOn({ origin, host }: Attacker): Verdict {
    const headers = new Headers({ host });
    if (origin !== null) headers.set("origin", origin);
    return this.#verdict({ method: "GET", url: `http://${host}/guarded`, headers });
  }

  /** Keeps a handshake as an attacker's last, for the pages to show. */
  record(attacker: string, socket: SocketName, request: Request): void {
    if (!this.attackers.some(({ id }) => id === attacker)) return;
    const verdict = socket === "guarded" ? this.#verdict(request) : null;
    const handshake = view(request, verdict?.reason ?? "", this.sessionOf(request)?.user ?? null);
    this.arrivals.set(`${attacker} ${socket}`, { attacker, socket, handshake, verdict });
    this.changed();
  }

  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells every listener. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #verdict(handshake: Handshake): Verdict {
    const explanation = explain(handshake, this.policy);
    const { decision } = explanation;
    const line = formatExplanation(explanation);
    return decision.allowed
      ? { allowed: true, status: 101, reason: "allowed", line }
      : { allowed: false, status: decision.status, reason: decision.reason, line };
  }
}

function policyOptions({ origins, hosts, absent }: PolicyForm) {
  // What the page sends is the operator's word, and compilePolicy judges it: a wrong `absent` included.
  return { origins, hosts, absent: absent as "deny" };
}

/** The request as people read it. Names in the order that the runtime gives; the cookie's secret stays here. */
function view(request: Request, reason: string, user: string | null): HandshakeView {
  const { pathname } = new URL(request.url, "http://localhost");
  const fields = [...request.headers].map(([name, value]) =>
    [
      name,
      name === "cookie" ? value.replace(new RegExp(`(${COOKIE}=.{4})[^;]*`), "$1…") : value,
    ] as const
  );
  const first = ["host", "origin", "cookie"];
  const rank = ([name]: readonly [string, string]) => (first.indexOf(name) + 1) || first.length + 1;
  return {
    requestLine: `GET ${pathname} HTTP/1.1`,
    fields: fields.sort((one, other) => rank(one) - rank(other)),
    decidedBy: reason.startsWith("host") ? "host" : "origin",
    user,
  };
}
