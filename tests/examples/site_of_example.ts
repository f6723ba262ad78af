/**
 * A site of `examples/sessions/` as its users see it: forms with a cookie, and sockets.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { eventually, knock, OPCODE, type Peer } from "../socket/peer.ts";

/** What a user does at a site on a port of loopback. */
export class ExampleSite {
  readonly port: number;
  readonly origin: string;

  constructor(port: number) {
    this.port = port;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** Sends a form of the site's own page, or of another's. */
  post(
    path: string,
    form: Readonly<Record<string, string>> = {},
    cookie = "",
    origin = this.origin,
  ): Promise<Response> {
    return fetch(this.origin + path, {
      method: "POST",
      headers: { origin, cookie },
      body: new URLSearchParams(form),
      redirect: "manual",
    });
  }

  /** The same, for the cookie that comes with the answer. */
  async cookieFrom(path: string, form: Readonly<Record<string, string>> = {}, cookie = ""): Promise<string> {
    const response = await this.post(path, form, cookie);
    assertEquals([response.status, await response.text()], [200, "logged in\n"]);
    return response.headers.get("set-cookie")!.split(";")[0]!;
  }

  /** Opens a socket from a page of the site, or of another. */
  connect(cookie: string, origin = this.origin): Promise<Peer> {
    return knock(this.port, { path: "/chat", more: [["Origin", origin], ["Cookie", cookie]] });
  }
}

/** Sockets are open, and what is said is answered. */
export async function areOpen(...peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) {
    assertEquals(peer.status, 101);
    const text = `still here ${peer.texts.length}`;
    peer.send(OPCODE.text, text);
    await eventually("an echo", () => peer.texts.includes(text));
  }
}

/** Sockets are closed because the session has ended. */
export async function areEnded(...peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) {
    const { code, reason } = await peer.closeFrame();
    assertEquals([code, reason], [4401, "session-ended"]);
  }
}
