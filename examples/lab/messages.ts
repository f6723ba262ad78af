/**
 * What the lab's servers and pages tell each other, as JSON over WebSockets.
 *
 * @module
 */

/** The SameSite attribute of a login cookie. `None` comes with `Secure`, which browsers demand. */
export type SameSite = "Strict" | "Lax" | "None";

/** Which login cookies a browser sends along; `third-party`: where its user allows third-party cookies. */
export type Cookies = { readonly [kind in SameSite]: "yes" | "no" | "third-party" };

/** What the pages show of an attacker. */
export interface AttackerView {
  readonly id: string;
  readonly title: string;
  /** Who sends the handshake: a page of its own, a frame in the attacker's page, or a program. */
  readonly by: "page" | "frame" | "program";
  /** The page's address. */
  readonly page: string | null;
  /** Measured. Null: no browser is in it. */
  readonly cookies: { readonly chromium: Cookies; readonly firefox: Cookies } | null;
  /** Whether it gets at the private note through the bare socket, with a cookie that SameSite protects. */
  readonly works: boolean;
  readonly why: string;
}

/** What became of a handshake. */
export interface Verdict {
  readonly allowed: boolean;
  /** `101`, or the status of the refusal. */
  readonly status: number;
  /** `allowed`, or the reason of the refusal. */
  readonly reason: string;
  /** One line for people. */
  readonly line: string;
}

/** A handshake as the server's handler received it; the secret part of its cookie is left out. */
export interface HandshakeView {
  readonly requestLine: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The field that decided, in lower case. */
  readonly decidedBy: "origin" | "host";
  /** Whose login cookie came along. */
  readonly user: string | null;
}

/** The two sockets that serve the same note. */
export type SocketName = "bare" | "guarded";

/** The last handshake that an attacker sent to one of the sockets. */
export interface Arrival {
  readonly attacker: string;
  readonly socket: SocketName;
  readonly handshake: HandshakeView;
  /** Null: nobody judged it. */
  readonly verdict: Verdict | null;
}

/** What the sockets say once they are open, and whenever the note changes. */
export interface Note {
  /** Null: nobody is logged in, and there is no note. */
  readonly user: string | null;
  readonly note: string | null;
}

/** The guarded socket's policy, as the good site's page edits it. */
export interface PolicyForm {
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  readonly absent: string;
  /** How a refusal looks to the page: an HTTP status, or a socket that is closed with the reason. */
  readonly refuse: "status" | "visibly";
}

/** One entry at fault, and what to do about it. */
export interface Fault {
  readonly field: string;
  readonly index: number;
  readonly value: string;
  readonly code: string;
  readonly fix: string;
}

/** From the good site to its own page. */
export interface SiteNews {
  readonly policy: PolicyForm;
  /** What the lab started with. */
  readonly firstPolicy: PolicyForm;
  /** Of what was sent last; empty: it is in force. */
  readonly faults: readonly Fault[];
  /** What the policy in force makes of each attacker's handshake, whether or not it was sent. */
  readonly verdicts: readonly { readonly attacker: AttackerView; readonly verdict: Verdict }[];
}

/** From the attacker's server to its page. A real attacker has none of this: the lab shows what the good site saw. */
export interface AttackerNews {
  readonly site: string;
  readonly sitePort: number;
  /** The host of the sockets that this page attacks. */
  readonly target: string;
  readonly attacker: string;
  readonly attackers: readonly AttackerView[];
  readonly arrivals: readonly Arrival[];
  /** What the program, not a page, got from its last handshakes. */
  readonly programs: readonly {
    readonly attacker: string;
    readonly socket: SocketName;
    readonly saw: string;
  }[];
  /** Counts the policies that were in force: a new one is worth a new attempt. */
  readonly generation: number;
}
