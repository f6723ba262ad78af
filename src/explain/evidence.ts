/**
 * What a handshake shows of how it came: the headers of proxies, and the marks of browsers.
 *
 * All of it is the client's word. It names a cause, and decides nothing. Never read: Sec-WebSocket-Protocol, in which
 * tickets and tokens travel.
 */

import type { Handshake } from "../handler.ts";
import { FORWARDING, type Sender, senderOf, strippedFrom } from "../handshake.ts";
import { parseHost } from "../origin/authority.ts";
import { shownPart } from "../origin/shown.ts";
import { quote } from "../quote.ts";

/** What was read, once. */
export interface Evidence {
  readonly sender: Sender;
  /** Electron's main process can take Origin out of what its pages send. */
  readonly isElectron: boolean;
  /** What was taken out of the handshake; null: nothing. */
  readonly stripped: "upgrade" | "connection" | null;
  /** A header of proxies is there, so something could have written Origin and Host. */
  readonly isForwarded: boolean;
  /** Apache adds X-Forwarded-Server. */
  readonly isApache: boolean;
  /** The Host that a proxy was asked for, in lower case, by X-Forwarded-Host before Forwarded; null: nothing says. */
  readonly forwarded: {
    readonly header: "X-Forwarded-Host" | "Forwarded";
    readonly host: string;
    readonly port: number;
    /** In quotes. */
    readonly shown: string;
  } | null;
}

/** Reads what a handshake shows. Total; linear. */
export function readEvidence(handshake: Handshake): Evidence {
  const { headers } = handshake;
  const forwarding = new Map(FORWARDING.map((name) => [name, headers.get(name) ?? null]));
  return {
    sender: senderOf(handshake),
    isElectron: /\bElectron\//.test(headers.get("user-agent") ?? ""),
    stripped: strippedFrom(handshake),
    isForwarded: [...forwarding.values()].some((value) => value !== null),
    isApache: forwarding.get("x-forwarded-server") !== null,
    forwarded: readForwarded("X-Forwarded-Host", forwarding.get("x-forwarded-host")) ??
      readForwarded(
        "Forwarded",
        /(?:^|[;,\s])host="?([^;,"]*)/i.exec(forwarding.get("forwarded") ?? "")?.[1],
      ),
  };
}

/** Of several hosts the first: each proxy adds its own at the end. */
function readForwarded(
  header: "X-Forwarded-Host" | "Forwarded",
  value: string | null | undefined,
): Evidence["forwarded"] {
  const first = (value ?? "").split(",", 1)[0]!.trim();
  const host = parseHost(first);
  return host && { header, ...host, shown: quote(shownPart(first)) };
}
