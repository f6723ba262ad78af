/**
 * One handshake on a connection of its own, bounded in time and in what is read.
 */

import { answerOf, AnswerReader, type ServerAnswer } from "./probe_answer.ts";

/** Where a connection goes. */
export interface Destination {
  /** A name or an address, IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Null: without TLS. */
  readonly tls: {
    /** The name that the server is asked for, `""`: none. */
    readonly serverName: string;
    /** Whether its certificate has to be valid for that name. */
    readonly isChecked: boolean;
  } | null;
}

/** What is heard of a connection. Nothing is, after `failed` or `ended`. */
export interface ConnectionEvents {
  readonly connected: () => void;
  readonly received: (bytes: Uint8Array) => void;
  /** The other side hung up, in whatever way. */
  readonly ended: () => void;
  /** There was no connection, or no TLS. */
  readonly failed: (why: string) => void;
}

/** A connection, as much as is used of one. */
export interface Connection {
  /** Writes Latin-1. */
  readonly write: (text: string) => void;
  /** Writes this, and hangs up without waiting for an answer. */
  readonly leave: (text: string) => void;
}

/** Opens connections: what a runtime can do. May throw. */
export type Connect = (to: Destination, events: ConnectionEvents) => Connection;

/** How long is waited. */
export interface Patience {
  /** For connection and answer, in milliseconds. */
  readonly answerMs: number;
  /** For a close after 101, in milliseconds. */
  readonly closeMs: number;
}

/** A close frame of a client, code 1000, masked with zeros: a server that is left without one reports an error. */
const GOODBYE = "\x88\x82\0\0\0\0\x03\xe8";

/** Sends a handshake, Latin-1, and says what came of it. Never rejects. */
export function sendHandshake(
  wire: string,
  to: Destination,
  connect: Connect,
  patience: Patience,
): Promise<ServerAnswer> {
  return new Promise((resolve) => {
    const reader = new AnswerReader();
    let connection: Connection | undefined;
    let isConnected = false;
    let isOver = false;
    const finish = (answer: ServerAnswer) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      connection?.leave(answer.kind === "open" ? GOODBYE : "");
      resolve(answer);
    };
    const late = () => finish(isConnected ? reader.finish("late") : unreachable("no connection in time"));
    let timer = setTimeout(late, patience.answerMs);
    try {
      connection = connect(to, {
        connected: () => {
          isConnected = true;
          if (!isOver) connection!.write(wire);
        },
        received: (bytes) => {
          if (isOver) return;
          const wasUpgraded = reader.isUpgraded;
          const answer = reader.push(bytes);
          if (answer !== null) return finish(answer);
          if (wasUpgraded || !reader.isUpgraded) return;
          clearTimeout(timer);
          timer = setTimeout(late, patience.closeMs);
        },
        ended: () => finish(reader.finish("ended")),
        failed: (why) => finish(unreachable(why)),
      });
      // It may have failed before it was returned.
      if (isOver) connection.leave("");
    } catch (error) {
      finish(unreachable(String(error)));
    }
  });
}

function unreachable(why: string): ServerAnswer {
  return answerOf("unreachable", null, null, why);
}
