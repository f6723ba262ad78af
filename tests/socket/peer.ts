/**
 * Both ends of a socket as a test needs them: a client that speaks frames byte by byte and breaks any rule, a page with
 * the runtime's own WebSocket, and handlers that write down what a session told them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect, type Socket as TcpSocket } from "node:net";
import { assertEquals, fail } from "@std/assert";
import type { Socket, SocketHandlers } from "@wsgate/wsgate";
import { handshakeBytes, handshakeHeaders } from "../runtime.ts";

/** Longer than anything takes on a machine that is busy with other work; waiting ends sooner where all is well. */
const PATIENCE_MS = 20_000;

/** Waits until `condition` holds. */
export async function eventually(
  what: string,
  condition: () => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) fail(`in vain: ${what}`);
    await pause(5);
  }
}

/** Waits that long. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ------------------------------------------------------------------------------------------- raw frames

/** RFC 6455 §5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame from the server. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What a frame is made of; by default it is a whole message and masked with zeros, which leaves its bytes readable. */
export interface FrameParts {
  readonly final?: boolean;
  readonly masked?: boolean;
  readonly reserved?: boolean;
}

/** The bytes of a frame. */
export function frameOf(
  opcode: number,
  payload: string | Uint8Array,
  { final = true, masked = true, reserved = false }: FrameParts = {},
): Buffer {
  const body = Buffer.from(payload as string);
  const length = body.length < 126
    ? Buffer.from([body.length])
    : body.length < 65_536
    ? Buffer.from([126, body.length >> 8, body.length & 255])
    : Buffer.from([
      127,
      0,
      0,
      0,
      0,
      body.length >>> 24,
      body.length >> 16 & 255,
      body.length >> 8 & 255,
      body.length & 255,
    ]);
  length[0]! |= masked ? 0x80 : 0;
  const first = (final ? 0x80 : 0) | (reserved ? 0x40 : 0) | opcode;
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(masked ? 4 : 0), body]);
}

/** A close frame's payload. */
export function closing(code: number, reason = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}

/** How a handshake differs from the ordinary one. */
export interface HandshakeParts {
  readonly path?: string;
  readonly method?: string;
  readonly version?: string;
  /** Lines in place of the ordinary ones of the same name, in any case; null: without that line. */
  readonly replaced?: Readonly<Record<string, string | null>>;
  /** More lines, after the ordinary ones. */
  readonly more?: readonly (readonly [name: string, value: string])[];
  /** Frames in the same packet. */
  readonly first?: Buffer;
}

/** The bytes of a handshake. */
export function opening(
  port: number,
  { path = "/", method, version = "HTTP/1.1", replaced = {}, more = [], first = Buffer.alloc(0) }:
    HandshakeParts = {},
): Buffer {
  const lines = handshakeHeaders(`127.0.0.1:${port}`).map(([name, value]) => {
    const own = Object.entries(replaced).find(([other]) => other.toLowerCase() === name.toLowerCase());
    return [name, own === undefined ? value : own[1]] as const;
  }).filter((line): line is readonly [string, string] => line[1] !== null);
  const head = handshakeBytes(path, [...lines, ...more], method).replace("HTTP/1.1", version);
  return Buffer.concat([Buffer.from(head, "latin1"), first]);
}

/** A client that reads and writes frames, and does nothing by itself: it answers neither a ping nor a close. */
export class Peer {
  /** The status of the answer. */
  status = 0;
  /** The answer's header lines by lower-case name, in order. */
  readonly headers: [name: string, value: string][] = [];
  /** What came after the head of an answer other than 101. */
  body = "";
  /** Every frame so far. */
  readonly frames: Frame[] = [];
  /** Whether the server has ended the connection. */
  ended = false;
  readonly #tcp: TcpSocket;
  #unread = Buffer.alloc(0);

  constructor(port: number) {
    this.#tcp = connect(port, "127.0.0.1");
    this.#tcp.setNoDelay(true);
    this.#tcp.on("data", (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#read();
    });
    this.#tcp.on("error", () => {});
    this.#tcp.on("end", () => this.ended = true);
    this.#tcp.on("close", () => this.ended = true);
  }

  /** Writes bytes as they are. */
  write(bytes: Uint8Array | string): void {
    this.#tcp.write(bytes);
  }

  /** Writes one frame. */
  send(opcode: number, payload: string | Uint8Array = "", parts?: FrameParts): void {
    this.write(frameOf(opcode, payload, parts));
  }

  /** Resolves with the head of the next answer, and fails without one. */
  async answered(): Promise<this> {
    await eventually("an answer", () => this.status !== 0 || this.ended);
    return this;
  }

  /** The values of a header of the answer. */
  values(name: string): string[] {
    return this.headers.filter(([other]) => other === name).map(([, value]) => value);
  }

  /** Resolves with the frame at `index`, once it is there. */
  async frame(index: number): Promise<Frame> {
    await eventually(`frame ${index}`, () => this.frames.length > index || this.ended);
    return this.frames[index] ?? fail(`the connection ended after ${this.frames.length} frames`);
  }

  /** Resolves with the server's close frame, once it is there. */
  async closeFrame(): Promise<{ code: number; reason: string }> {
    const find = () => this.frames.find(({ opcode }) => opcode === OPCODE.close);
    await eventually("a close frame", () => find() !== undefined || this.ended);
    const { payload } = find() ?? fail("the connection ended without a close frame");
    return payload.length < 2
      ? { code: 1005, reason: "" }
      : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
  }

  /** The server's text messages so far. */
  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === OPCODE.text).map(({ payload }) =>
      payload.toString()
    );
  }

  /** Stops and starts reading: what the server sends then stays with it. */
  pause(): void {
    this.#tcp.pause();
  }
  resume(): void {
    this.#tcp.resume();
  }

  /** Ends the connection in order, without a close frame. */
  end(): void {
    this.#tcp.end();
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.#tcp.destroy();
  }

  /** The same with a reset. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  /** Forgets the answer, for a further request on the same connection. */
  again(): void {
    this.status = 0;
    this.headers.length = 0;
    this.body = "";
  }

  #read(): void {
    if (this.status === 0) {
      const end = this.#unread.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [first, ...lines] = this.#unread.subarray(0, end).toString("latin1").split("\r\n");
      this.status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first!)?.[1]);
      for (const line of lines) {
        const colon = line.indexOf(":");
        this.headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
      }
      this.#unread = this.#unread.subarray(end + 4);
    }
    if (this.status !== 101) {
      this.body += this.#unread.toString("latin1");
      this.#unread = Buffer.alloc(0);
      return;
    }
    for (let frame; (frame = this.#shift()) !== null;) this.frames.push(frame);
  }

  #shift(): Frame | null {
    const bytes = this.#unread;
    if (bytes.length < 2) return null;
    const short = bytes[1]! & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < start) return null;
    const length = short === 126
      ? bytes.readUInt16BE(2)
      : short === 127
      ? Number(bytes.readBigUInt64BE(2))
      : short;
    if (bytes.length < start + length) return null;
    assertEquals(bytes[1]! & 0x80, 0, "a server masks nothing");
    this.#unread = bytes.subarray(start + length);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}

/** Writes a handshake and reads the head of the answer. */
export function knock(port: number, parts?: HandshakeParts): Promise<Peer> {
  const peer = new Peer(port);
  peer.write(opening(port, parts));
  return peer.answered();
}

// ---------------------------------------------------------------------------------------------- a page

/** What a page's own WebSocket went through. */
export interface Page {
  readonly socket: WebSocket;
  /** What happened, in order; a close with code and reason. */
  readonly events: string[];
  /** Resolves with what its close event said. */
  readonly closed: Promise<{ code: number; reason: string; wasClean: boolean }>;
}

/** Opens the runtime's own WebSocket. Both runtimes take headers there, a browser sends its page's Origin by itself. */
export function visit(
  port: number,
  { path = "/", origin, protocols = [] }: {
    readonly path?: string;
    readonly origin?: string;
    readonly protocols?: readonly string[];
  } = {},
): Page {
  const headers = origin === undefined ? {} : { origin };
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}${path}`,
    { headers, protocols: [...protocols] } as unknown as string[],
  );
  const events: string[] = [];
  socket.onopen = () => events.push("open");
  socket.onmessage = ({ data }) => events.push(`message ${data}`);
  const closed = new Promise<{ code: number; reason: string; wasClean: boolean }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`in vain: a close event after ${events}`)), PATIENCE_MS);
    socket.onclose = ({ code, reason, wasClean }) => {
      clearTimeout(timer);
      events.push(`close ${code} ${reason}`);
      resolve({ code, reason, wasClean });
    };
  });
  closed.catch(() => {}); // for those who do not wait for it
  return { socket, events, closed };
}

// ------------------------------------------------------------------------------------------- handlers

/** What a session told its handlers. */
export interface Log {
  /** "open", "message …", "drain", "close 1000 …", "error …", in order. */
  readonly events: string[];
  /** The sockets, in the order in which they opened. */
  readonly sockets: Socket[];
  /** Hand these over; what is given to `logging` runs after an event was written down. */
  readonly handlers: Required<SocketHandlers>;
  /** Resolves once an event that starts like this was written down. */
  has(start: string): Promise<void>;
}

/** Handlers that write everything down. */
export function logging(then: SocketHandlers = {}): Log {
  const events: string[] = [];
  const sockets: Socket[] = [];
  const log: Log = {
    events,
    sockets,
    handlers: {
      open(socket) {
        sockets.push(socket);
        events.push("open");
        return then.open?.(socket);
      },
      message(socket, data) {
        events.push(`message ${typeof data === "string" ? data : `[${data}]`}`);
        return then.message?.(socket, data);
      },
      drain(socket) {
        events.push("drain");
        return then.drain?.(socket);
      },
      close(socket, code, reason) {
        events.push(`close ${code} ${reason}`);
        return then.close?.(socket, code, reason);
      },
      error(socket, error) {
        events.push(`error ${error}`);
        return then.error?.(socket, error);
      },
    },
    has: (start) =>
      eventually(`${start} after ${events}`, () => events.some((event) => event.startsWith(start))),
  };
  return log;
}
