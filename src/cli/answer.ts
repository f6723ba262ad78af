/**
 * What the answer that was copied along with a handshake says: whose it is, and whether a browser would take it.
 */

import type { Decision } from "../handler.ts";
import { connectionUpgrade, offeredProtocols, requestedUpgrade } from "../handshake.ts";
import { quote } from "../quote.ts";
import type { CopiedAnswer, CopiedHandshake } from "./handshake_text.ts";

/** What is to be said of a copied handshake beside the verdict: `decision`, what a server with this list would say. */
export function notesOn(copied: CopiedHandshake, decision: Decision): string[] {
  const { answer, http2 } = copied;
  // Whatever was answered to that, it was no handshake.
  if (http2 === "upgrade") return [UPGRADE_OVER_HTTP2];
  const notes = http2 === "connect" ? [CONNECT] : [];
  if (answer === null) return notes;
  return [
    ...notes,
    ...answer.status === 101 ? notesOn101(answer, copied, decision) : whoAnswered(answer, decision),
  ];
}

const UPGRADE_OVER_HTTP2 =
  "Send this request with curl --http1.1. Upgrade does not exist in HTTP/2, so it cannot open a WebSocket";
const CONNECT = "Checked as the HTTP/1.1 handshake that a proxy in front makes of this HTTP/2 request";

function notesOn101({ headers }: CopiedAnswer, copied: CopiedHandshake, decision: Decision): string[] {
  const notes = decision.allowed ? [] : [
    "The answer is 101, although this list refuses the handshake. The server has another list, or no guard",
  ];
  if (headers === null) return notes;
  const asRequest = { method: "GET", url: "/", headers };
  const missing = [
    ...requestedUpgrade(asRequest) === "websocket" ? [] : ["Upgrade"],
    ...connectionUpgrade(asRequest) === "upgrade" ? [] : ["Connection"],
    ...headers.get("sec-websocket-accept") === null ? ["Sec-WebSocket-Accept"] : [],
  ];
  if (missing.length > 0) {
    notes.push(
      `Have the proxy in front pass on ${
        missing.join(" and ")
      }. The answer is 101 without that, and no browser accepts it`,
    );
  }
  const chosen = headers.get("sec-websocket-protocol");
  const offered = offeredProtocols(copied);
  if (chosen === null && offered.length > 0) {
    notes.push(
      "Choose one of the offered subprotocols in the answer (option protocols of upgradeHandler). The answer has none of " +
        "them, and Chromium closes such a connection",
    );
  } else if (chosen !== null && !offered.includes(chosen)) {
    notes.push(
      "Choose one of the offered subprotocols. The answer has another one, and no browser accepts that",
    );
  }
  return notes;
}

/** Who answered, and what to do about it; nothing where it is the answer of this list. The answer is not 101. */
function whoAnswered({ status, headers }: CopiedAnswer, decision: Decision): string[] {
  if (status >= 300 && status < 400) {
    const to = hostOf(headers?.get("location") ?? "");
    return [
      `Let WebSockets past the log-in or redirect in front of the server. The answer is ${status}` +
      (to === null ? "" : `, a redirect to ${quote(to)}`) + ", and browsers do not follow it",
    ];
  }
  if (status === 403 && headers !== null && !/no-store/i.test(headers.get("cache-control") ?? "")) {
    return [
      "Look for a proxy or firewall in front of the server. The answer is 403 without cache-control: no-store, so it did " +
      "not come from wsgate, unless the option refuse made it",
    ];
  }
  if (!decision.allowed && decision.status === status) return [];
  const what = WHAT_TO_DO[status] ??
    "Check the address of the socket, and that a proxy in front passes Upgrade on";
  const although = decision.allowed ? ", although this list allows the handshake" : "";
  return [`${what}. The answer is ${status}${although}`];
}

const NO_SERVER = "Look at the log of the proxy in front, which may not reach the server";
const WHAT_TO_DO: { readonly [status in number]?: string } = {
  401: "Log in first, and send the cookie along",
  403: "Compare the list of the server, and the Origin and Host that a proxy in front passes on",
  431: "Delete old cookies of this site, or raise the limit for headers",
  502: NO_SERVER,
  503: NO_SERVER,
  504: NO_SERVER,
};

/** The host that a URL names, without a user; null: none. */
function hostOf(url: string): string | null {
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)/i.exec(url)?.[1];
  return authority === undefined ? null : authority.slice(authority.lastIndexOf("@") + 1);
}
